"""Makes tiny_old.h5.gz and tiny_new.h5.gz: one small dataset per structure of
the format, after the rule of variants.py, for tests where there is no h5py and
as seeds for fuzzing. Made with h5py 3.16 (HDF5 2.0.0).

usage: tiny.py DIR
"""
import gzip
import io
import sys
import h5py
import numpy as np

sys.argv[2:] = []
exec(open(__file__.replace("tiny.py", "variants.py")).read().split("def fill(")[0])


def tiny(f, new):
    dataset(f, "fixed", (5, 4), chunks=(2, 3), compression="gzip", shuffle=True, fletcher32=True)
    dataset(f, "growing", (9, 2), chunks=(1, 2), maxshape=(None, 2), written=7, fill=9)
    if new:
        low(f, "implicit", (4, 3), (3, 2), early=True)
        low(f, "compact", (2, 3), None, compact=True)
        dataset(f, "single", (2, 3), chunks=(2, 3), compression="gzip")
        dataset(f, "both", (5, 4), chunks=(2, 2), maxshape=(None, None), compression="gzip")
        dataset(f, "both_plain", (3, 4), chunks=(2, 2), maxshape=(None, None))
    dataset(f, "big_endian", (3,), ">f4")
    g = f.create_group("dense")
    for i in range(10 if new else 3):
        g["link%d" % i] = f["big_endian"] if i else f["fixed"]
        g.attrs["a%d" % i] = i
    f["soft"] = h5py.SoftLink("/dense/link0")
    f.create_dataset("strings", data=["a", "\u00fc"], dtype=h5py.string_dtype())
    kind = np.dtype([("n", "<i4"), ("xy", "<f8", (2,)), ("s", "S3")])
    f.create_dataset("compound", data=np.array([(1, (2, 3), b"ab"), (4, (5, 6), b"c")], kind))
    f.create_dataset("flags", data=[True, False])
    f.create_dataset("ref", data=f["strings"].ref, dtype=h5py.ref_dtype)


for name, libver in [("old", "earliest"), ("new", "latest")]:
    b = io.BytesIO()
    with h5py.File(b, "w", libver=libver) as f:
        tiny(f, name == "new")
    with open("%s/tiny_%s.h5.gz" % (out, name), "wb") as z:
        z.write(gzip.compress(b.getvalue(), 9, mtime=0))
    print(name, len(b.getvalue()))
