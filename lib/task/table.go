package task

import (
	"slices"
	"strings"

	"github.com/spindle-lab/spindle/lib/dataset"
)

// Values of spec/02, 1.4. Snapshot lists and patience rules differ by script,
// not by idea, so the families share them.
var (
	snaps       = []int{0, 1000, 2500, 5000}
	snapsBarlow = []int{0, 1000, 3000, 6000}
)

func tcn(lr float64, batch, epochs int, patience float64, inEpochs bool, s []int) Training {
	return Training{LR: lr, Batch: batch, Epochs: epochs, ValidateEvery: 200, Patience: patience, PatienceEpochs: inEpochs, Snapshots: s}
}

func lstm(t Training, epochs int, patience float64) Training {
	t.LR, t.Epochs, t.Patience = 1e-3, epochs, patience
	return t
}

// regress is one task of the regression family.
func regress(name, alias, title, group string, ids [3]int, keys ...Key) Task {
	base := tcn(5e-4, 512, 50, 5, false, snaps)
	t := Task{Name: name, Alias: alias, Title: title, Group: group, Keys: keys,
		Head: Readout1, Loss: LossMSE, Metric: MetricMED, Dropout: 1,
		TCN: base, LSTM: lstm(base, 70, 1), Experiments: ids, Infix: true, Target: concat}
	var units []string
	for _, k := range keys {
		t.Outputs += k.Rows()
		if u := KeyUnit(k); len(units) == 0 || !slices.Contains(units, u) {
			units = append(units, u)
		}
	}
	t.Unit = strings.Join(units, ", ")
	return t
}

// table holds the sixteen tasks of spec/02, 1.1, and the data-driven one.
var table = func() []Task {
	classes := tcn(5e-4, 512, 50, 1, true, snaps)
	torque := tcn(5e-4, 512, 50, 10, true, snaps)
	barlow := tcn(5e-3, 256, 25, 0.5, true, snapsBarlow)
	auto := tcn(5e-4, 512, 50, 5, false, snaps)
	driven := Training{LR: 1e-3, Batch: 16, Epochs: 60, ValidateEvery: 15, Patience: 10, PatienceEpochs: true, SnapshotShares: []float64{0, 0.10, 0.25, 0.35}}
	return []Task{
		{Name: "classification", Alias: "action_recognition", Title: "Action recognition", Group: ActionRecognition,
			Outputs: 20, Head: Classifier, Loss: LossCrossEntropy, Metric: MetricAccuracy, Dropout: 0.7,
			TCN: classes, LSTM: lstm(classes, 70, 1), Experiments: [3]int{4015, 5015, 4045}, Target: label},
		regress("regression", "hand_pos", "Hand position", HandState, [3]int{4016, 5016, 4046}, dataset.Hand),
		regress("regress_ee_vel", "hand_vel", "Hand velocity", HandState, [3]int{17316, 17331, 17346}, dataset.HandVel),
		regress("regress_ee_pos_vel", "hand_pos_vel", "Hand position & velocity", HandState, [3]int{17516, 17531, 17546}, dataset.Hand, dataset.HandVel),
		regress("regress_ee_pos_vel_acc", "hand_pos_vel_acc", "Hand position, velocity & acceleration", HandState, [3]int{17816, 17831, 17846}, dataset.Hand, dataset.HandVel, dataset.HandAcc),
		regress("regress_ee_elbow_pos", "limb_pos", "Limb position", LimbState, [3]int{20016, 20031, 20046}, dataset.Hand, dataset.Elbow),
		regress("regress_ee_elbow_vel", "limb_vel", "Limb velocity", LimbState, [3]int{20916, 20931, 20946}, dataset.HandVel, dataset.ElbowVel),
		regress("regress_ee_elbow_pos_vel", "limb_pos_vel", "Limb position & velocity", LimbState, [3]int{20616, 20631, 20646}, dataset.Hand, dataset.Elbow, dataset.HandVel, dataset.ElbowVel),
		regress("regress_ee_elbow_pos_vel_acc", "limb_pos_vel_acc", "Limb position, velocity & acceleration", LimbState, [3]int{20816, 20831, 20846}, dataset.Hand, dataset.Elbow, dataset.HandVel, dataset.ElbowVel, dataset.HandAcc, dataset.ElbowAcc),
		regress("regress_joints_pos", "joints_pos", "Joints position", JointState, [3]int{17016, 17031, 17046}, dataset.Joint),
		regress("regress_joints_vel", "joints_vel", "Joints velocity", JointState, [3]int{17216, 17231, 17246}, dataset.JointVel),
		regress("regress_joints_pos_vel", "joints_pos_vel", "Joints position & velocity", JointState, [3]int{17416, 17431, 17446}, dataset.Joint, dataset.JointVel),
		regress("regress_joints_pos_vel_acc", "joints_pos_vel_acc", "Joints position, velocity & acceleration", JointState, [3]int{20516, 20531, 20546}, dataset.Joint, dataset.JointVel, dataset.JointAcc),
		{Name: "torque", Alias: "joint_torque", Title: "Torque", Group: InverseDynamics,
			Keys: []Key{dataset.Torque}, GoalKey: dataset.Target, Outputs: 4, Unit: KeyUnit(dataset.Torque),
			Head: TorqueHead, Loss: LossMSE, Metric: MetricMED, Dropout: 1,
			TCN: torque, LSTM: lstm(torque, 70, 1), Experiments: [3]int{8015, 8030, 8045}, Infix: true, Shifts: true, Target: concat},
		{Name: "bt", Alias: "redundancy_reduction", Title: "Redundancy reduction", Group: EfficientCoding,
			Outputs: 256, Head: Projector, Loss: LossBarlow, Metric: MetricBarlow, Dropout: 0.7,
			TCN: barlow, LSTM: lstm(barlow, 40, 0.5), Experiments: [3]int{10015, 10030, 10045}},
		{Name: "autoencoder", Alias: "auto", Title: "Autoencoder", Group: EfficientCoding,
			Unit: "mm, mm/s", Head: Decoder, Loss: LossMSE, Metric: MetricMED, Dropout: 0.7,
			TCN: auto, LSTM: lstm(auto, 70, 1), Experiments: [3]int{20716, 20731, 0}, Infix: true},
		{Name: "data_driven", Alias: "datadriven", Title: "Data-driven", Group: DataDriven,
			Keys: []Key{Rates}, Head: Readout1, Loss: LossResidual, Metric: MetricEV, Dropout: 1,
			TCN: driven, LSTM: lstm(driven, 70, 10), Experiments: [3]int{13415, 13430, 13445}, Infix: true, Shifts: true, Target: concat},
	}
}()
