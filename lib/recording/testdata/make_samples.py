"""Makes the sample files of this folder, with values that follow formulas which
the tests repeat. usage: make_samples.py FOLDER
Made with numpy 2.4, scipy 1.17, h5py 3.16, pynwb 4.2."""
import sys, os, datetime
import numpy as np, scipy.io, h5py
out = sys.argv[1]

# TrialData: four trials of 20, 18, 22, 19 bins, the third not rewarded, the
# second and fourth with a perturbation; five channels, two of them unsorted.
T = [20, 18, 22, 19]
GUIDE = np.array([[1, 1], [1, 0], [2, 1], [0, 3], [3, 2]], float)
def spikes(i, t, c): return (t + 2 * c + i) % 3
def trial(i):
    t = np.arange(T[i])
    d = dict(
        monkey="Test", bin_size=0.01, trial_id=100.0 + i, result="F" if i == 2 else "R",
        idx_startTime=0.0, idx_tgtOnTime=2.0, idx_goCueTime=3.0, idx_movement_on=4.0 + i, idx_peak_speed=8.0,
        idx_endTime=float(T[i] - 2), idx_bumpTime=3.0 if i % 2 else np.nan, bumpDir=90.0 * i if i % 2 else np.nan,
        target_direction=np.pi / 2 * i,
        pos=np.stack([i + .1 * t, i - .2 * t], 1), vel=np.stack([10 + 0 * t, -20 + 0. * t], 1),
        acc=np.stack([.5 * t, .25 * t], 1), force=np.stack([t + 1., t + 2.], 1),
        opensim=np.arange(92)[None, :] * .01 + .001 * t[:, None],
        markers=np.arange(9)[None, :] * .1 + .01 * t[:, None])
    d["area2_spikes"] = np.array([[spikes(i, a, c) for c in range(5)] for a in t], np.uint8)
    d["area2_unit_guide"] = GUIDE
    return d
trials = [trial(i) for i in range(4)]
td = np.empty((1, 4), dtype=[(k, object) for k in trials[0]])
for i, d in enumerate(trials):
    for k, v in d.items(): td[0, i][k] = v
scipy.io.savemat(os.path.join(out, "trialdata_v5.mat"), {"td": td}, do_compression=True, oned_as="column")

# spykesML's layout: 60 bins of three units, a jump after bin 25.
b = np.arange(60); v = np.stack([5 + 0. * b, 2 - 0. * b], 1); p2 = np.stack([.25 * b, .1 * b], 1); p2[25:] += 3
scipy.io.savemat(os.path.join(out, "spykes_small.mat"), {"spikes": np.stack([b % 3, b % 2, b // 20], 1).astype(np.uint8), "pos": p2, "vel": v}, do_compression=True)

# The same as MATLAB's v7.3: HDF5 after a block of 512 bytes.
p = os.path.join(out, "trialdata_v73.mat")
with h5py.File(p, "w", userblock_size=512) as f:
    g, refs = f.create_group("td"), f.create_group("#refs#")
    g.attrs["MATLAB_class"] = np.bytes_("struct")
    for k in trials[0]:
        ds = g.create_dataset(k, (4, 1), dtype=h5py.ref_dtype)
        for i, d in enumerate(trials):
            v = d[k]
            if isinstance(v, str):
                r = refs.create_dataset(f"{k}{i}", data=np.array([[ord(c)] for c in v], np.uint16)); r.attrs["MATLAB_class"] = np.bytes_("char")
            else:
                v = np.atleast_2d(np.asarray(v)); r = refs.create_dataset(f"{k}{i}", data=v.T, **({"compression": 9, "shuffle": True} if v.size > 1000 else {}))
                r.attrs["MATLAB_class"] = np.bytes_("uint8" if v.dtype == np.uint8 else "double")
            ds[i, 0] = r.ref
with open(p, "r+b") as f: f.write(b"MATLAB 7.3 MAT-file, made by make_samples.py".ljust(116) + b"\0" * 8 + b"\0\2IM")

# The muscle dictionary of the three rewarded trials.
np.savez_compressed(os.path.join(out, "muscles.npz"), **{f"trial_{k}/{n}": v for k, i in enumerate([0, 1, 3]) for n, v in {
    "muscle_len": 50 + np.arange(39)[:, None] + .1 * np.arange(T[i])[None, :] + k, "muscle_vel": np.zeros((39, T[i])),
    "joint_coords": np.ones((4, T[i]), np.float32), "endeffector_coords": np.asfortranarray(np.ones((3, T[i])))}.items()})

# The paper's aligned files: six active and five passive trials of four units,
# active lengths in mm*1000, passive ones in mm.
def window(n, D, scale):
    m = np.zeros((n, 39, 400, 2)); y = np.zeros((n, 400, 4)); e = np.zeros((n, 400, 2, 2)); j = np.zeros((n, 4, 400, 2))
    for i in range(n):
        t = np.clip(np.arange(400) - 100, 0, D[i] - 1); on = (np.arange(400) >= 100) & (np.arange(400) < 100 + D[i])
        for k in range(39):
            m[i, k, :, 0] = 100 + k + i + .5 * t; m[i, k, :, 1] = np.gradient(m[i, k, :, 0], .01)
        for u in range(4): y[i, on, u] = (np.arange(D[i]) % (u + 2)) / 5
        e[i, :, 0, 0], e[i, :, 0, 1], e[i, :, 1, 0], e[i, :, 1, 1] = t, 2 * t, i, -i
        for q in range(4): j[i, q, :, 0], j[i, q, :, 1] = q + t, q
    m[..., 0] *= scale; m[..., 1] *= scale
    return m, y, e, j
for name, D, scale, rewarded in (("Test_20200101_active_mvt_end_at100", [50, 60, 70, 40, 55, 65], 1000, 6), ("Test_20200101_passive_at100", [13] * 5, 1, 9)):
    m, y, e, j = window(len(D), D, scale)
    with h5py.File(os.path.join(out, name + ".hdf5"), "w") as f:
        kw = dict(compression="gzip", compression_opts=9, shuffle=True)
        f.create_dataset("muscle_coords", data=m.astype(np.float32), **kw); f.create_dataset("spike_counts", data=y, **kw)
        f.create_dataset("endeff_coords", data=e.astype(np.float32), **kw); f.create_dataset("joint_coords", data=j.astype(np.float32), **kw)
        f.create_dataset("trial_ids", data=10 + np.arange(rewarded)); f.create_dataset("data_ids", data=np.arange(rewarded))
        f.create_dataset("trial_durations", data=np.array(D) if rewarded == len(D) else np.full(rewarded, 13))
for part, idx in (("train", [5, 0, 3, 2]), ("test", [4, 1])):
    with h5py.File(os.path.join(out, f"dataset_{part}_Test_20200101_center_out_spikes_datadriven.hdf5"), "w") as f:
        f.create_dataset("indices_info", data=np.array(idx))

# NWB in the layout of the Neural Latents Benchmark's area 2 bump data: one
# second at 1 kHz from t = 2 s, three units, three trials.
from pynwb import NWBFile, NWBHDF5IO, TimeSeries
from pynwb.file import Subject
nwb = NWBFile("made by make_samples.py", "sample", datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc),
              subject=Subject(subject_id="Test", species="Macaca mulatta", sex="M", age="P8Y"))
beh = nwb.create_processing_module("behavior", "behaviour")
k = np.arange(1000); t = 2 + np.arange(100) / 100
beh.add(TimeSeries("hand_pos", data=np.stack([.01 * k, -.02 * k], 1).astype("f4"), unit="cm", rate=1000., starting_time=2.))
beh.add(TimeSeries("hand_vel", data=np.stack([10 + 0 * t, -20 + 0 * t], 1), unit="cm/s", timestamps=t))
beh.add(TimeSeries("joint_ang", data=np.arange(7)[None, :] + .001 * k[:100, None], unit="degrees", timestamps=t))
names = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "muscles.txt")).read().split()
beh.add(TimeSeries("muscle_len", data=(np.arange(39)[::-1][None, :] * .001 + .1 + 1e-5 * k[:100, None]).astype("f4"), unit="meters",
                   rate=100., starting_time=2., comments="columns=[" + ", ".join(names[::-1]) + "]"))
for c in ("move_onset_time", "bump_time", "bump_dir", "cond_dir"): nwb.add_trial_column(c, c)
nwb.add_trial_column("ctr_hold_bump", "passive"); nwb.add_trial_column("result", "result")
nan = float("nan")
nwb.add_trial(start_time=2.0, stop_time=2.4, move_onset_time=2.1, bump_time=nan, bump_dir=nan, cond_dir=90., ctr_hold_bump=False, result="R")
nwb.add_trial(start_time=2.4, stop_time=2.7, move_onset_time=nan, bump_time=2.5, bump_dir=180., cond_dir=180., ctr_hold_bump=True, result="R")
nwb.add_trial(start_time=2.7, stop_time=2.99, move_onset_time=2.8, bump_time=nan, bump_dir=nan, cond_dir=0., ctr_hold_bump=False, result="F")
for u in range(3): nwb.add_unit(spike_times=2.005 + np.arange(0, .98, .01 * (u + 1)))
with NWBHDF5IO(os.path.join(out, "area2_bump_sample.nwb"), "w") as io: io.write(nwb, cache_spec=False)
