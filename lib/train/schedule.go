package train

// A Schedule is the published rule for the learning rate and the end of a run
// (spec/02, 1.5). Steps count from 0.
type Schedule struct {
	Steps         int     // total number of steps
	StepsPerEpoch int     // S
	ValidateEvery int     // steps between validations; step 0 is validated too
	Patience      float64 // validations without a new best before a plateau
	MinEpochs     int     // a second plateau before this many epochs does not stop
	Plateaus      int     // plateaus that end the run
	Factor        float64 // divisor of the learning rate at a plateau
}

// State is where a run stands in its schedule.
type State struct {
	LR       float64
	Best     float64 // lowest validation loss so far, 1e10 before the first
	BestStep int     // its step, -1 before the first
	Bad      int     // validations since
	Plateaus int
}

// Start returns the state before the first step.
func (s Schedule) Start(lr float64) State { return State{LR: lr, Best: 1e10, BestStep: -1} }

// An Action is what follows from a validation.
type Action struct {
	Save    bool // keep weights and optimiser as the best
	Restore bool // go back to the best, with its optimiser state
	Stop    bool
}

// Due tells whether the step is followed by a validation.
func (s Schedule) Due(step int) bool { return step%s.ValidateEvery == 0 }

// Validated moves the state on by the validation loss after a step. The order
// of the published loop is kept: a plateau divides the rate and restores before
// it is counted against the end of the run, and neither the step nor the order
// of batches goes back.
func (s Schedule) Validated(st *State, step int, loss float64) (a Action) {
	if loss < st.Best {
		st.Best, st.BestStep, st.Bad = loss, step, 0
		a.Save = true
	} else {
		st.Bad++
	}
	if float64(st.Bad) >= s.Patience {
		st.LR /= s.Factor
		st.Bad = 0
		st.Plateaus++
		a.Restore = st.BestStep >= 0
	}
	if st.Plateaus >= s.Plateaus {
		if step < s.MinEpochs*s.StepsPerEpoch {
			st.Plateaus = s.Plateaus - 1
			st.Bad = 0
		} else {
			a.Stop = true
		}
	}
	return a
}
