"""Reads a file of writer_test.go's sample with h5py and compares every value.

usage: check.py FILE ROWS
"""
import sys
import h5py
import numpy as np

f = h5py.File(sys.argv[1], "r")
rows = int(sys.argv[2])


def same(name, got, want):
    got, want = np.asarray(got), np.asarray(want)
    assert got.shape == want.shape, (name, got.shape, want.shape)
    assert got.dtype == want.dtype, (name, got.dtype, want.dtype)
    if got.dtype.kind == "f":
        np.testing.assert_array_equal(got, want, name)
    else:
        assert (got == want).all(), (name, got, want)


s = f["spindle_info"]
assert s.maxshape == (None, 3, 5, 2) and s.chunks == (1, 3, 5, 2), (s.maxshape, s.chunks)
same("spindle_info", s[...], (np.arange(30 * rows, dtype=np.float32) / np.float32(7)).reshape(rows, 3, 5, 2))
for i in range(0, rows, 17):
    same("row", s[i, 1], (np.arange(30 * i + 10, 30 * i + 20, dtype=np.float32) / np.float32(7)).reshape(5, 2))
same("label", f["label"][...], np.arange(rows, dtype=np.int64) * 10**12 - 3)
assert f["label"].shuffle and f["label"].chunks == (8,)
assert s.compression == f["label"].compression == f["g/none"].compression
assert f["g/none"].shape == (0, 4) and f["g/none"][...].size == 0
same("mean", f["train_data_mean"][...], np.array([[1.5, np.nan], [-3, np.inf], [5, 6]]))
assert list(f["g/h/names"].asstr()) == ["Snap", "", "café", "long " * 2000]
assert f["scalar"][()] == 2.5 and f["scalar"].shape == ()
assert f["text"].asstr()[()] == "one string"
assert f["empty"].shape == (0, 3)
same("flags", f["flags"][...], np.array([True, False, True]))
for name, want in [("i1", [-1, 2]), ("i2", [-300, 2]), ("i4", [-70000, 2]), ("i8", [-(2**60), 2]),
                   ("u1", [200, 2]), ("u2", [60000, 2]), ("u4", [4 * 10**9, 2]), ("u8", [2**63, 2])]:
    same(name, f[name][...], np.array(want, dtype=name))
assert list(f["g"]) == ["empty", "h", "none"] and len(f["g/empty"]) == 0
assert len(f["many"]) == 300
for i in range(300):
    same("many", f["many/d%03d" % i][...], np.array([i]))
assert dict(f.attrs) == {"rate": 101.0}
assert s.attrs["unit"] == "mm" and list(s.attrs["names"]) == ["length", "velocity"]
assert f["g/h"].attrs["n"] == 7 and list(f["g/h"].attrs["list"]) == [1, 2, 3] and f["g/h"].attrs["ok"] == True
assert [f["g"].attrs["a%02d" % i] for i in range(20)] == [i / 2 for i in range(20)]
f.close()

# A file that can be grown by the library itself has a sound index.
with h5py.File(sys.argv[1], "a") as f:
    s = f["spindle_info"]
    s.resize(rows + 70, axis=0)
    s[rows:] = 1
    f["g"].attrs["more"] = 1
    f.create_dataset("g/new", data=[1.0])
with h5py.File(sys.argv[1], "r") as f:
    same("grown", f["spindle_info"][:rows], (np.arange(30 * rows, dtype=np.float32) / np.float32(7)).reshape(rows, 3, 5, 2))
    assert (f["spindle_info"][rows:] == 1).all() and f["g"].attrs["more"] == 1 and f["g/new"][0] == 1
