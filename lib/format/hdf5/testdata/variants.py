"""Writes files with every structure that the reader knows, by h5py.

usage: variants.py DIR [small]

Every numeric dataset holds, at flat index i in C order, the number (i*7 + 3) mod m,
where m is its attribute "mod", except where its attribute "written" gives how
many leading rows were written; the rest is the fill value, attribute "fill".
"""
import sys
import h5py
import numpy as np
from h5py import h5d, h5f, h5p, h5s, h5t

out = sys.argv[1]
small = len(sys.argv) > 2


def values(shape, dtype, mod):
    n = int(np.prod(shape, dtype=np.int64))
    return ((np.arange(n, dtype=np.int64) * 7 + 3) % mod).astype(dtype).reshape(shape)


def dataset(f, name, shape, dtype="<i4", mod=101, written=None, fill=0, **kw):
    d = f.create_dataset(name, shape, dtype=dtype, fillvalue=fill, **kw)
    n = shape[0] if written is None and shape else written
    if shape == ():
        d[()] = 3
    elif n:
        d[:n] = values(shape, dtype, mod)[:n]
    d.attrs["mod"] = mod
    d.attrs["fill"] = fill
    if written is not None:
        d.attrs["written"] = written
    return d


def low(f, name, shape, chunk, early=False, compact=False, dtype="<i4", mod=101, options=None):
    """A dataset made by the low-level interface."""
    plist = h5p.create(h5p.DATASET_CREATE)
    if chunk:
        plist.set_chunk(chunk)
    if early:
        plist.set_alloc_time(h5d.ALLOC_TIME_EARLY)
    if compact:
        plist.set_layout(h5d.COMPACT)
    if options:
        options(plist)
    did = h5d.create(f.id, name.encode(), h5t.py_create(np.dtype(dtype)), h5s.create_simple(shape), plist)
    d = h5py.Dataset(did)
    d[...] = values(shape, dtype, mod)
    d.attrs["mod"] = mod
    d.attrs["fill"] = 0


def fill(f, big):
    # Chunk indexes: implicit, single, fixed, extensible, B-tree v2 (latest); B-tree v1 (earliest).
    low(f, "implicit", (10, 7), (3, 4), early=True)
    low(f, "compact", (5, 3), None, compact=True)
    dataset(f, "single", (4, 5), chunks=(4, 5))
    dataset(f, "single_gzip", (4, 5), chunks=(4, 5), compression="gzip")
    dataset(f, "fixed", (9, 10), chunks=(2, 3))
    dataset(f, "fixed_gzip", (9, 10), chunks=(2, 3), compression="gzip", shuffle=True, fletcher32=True)
    dataset(f, "fixed_room", (5, 6), chunks=(2, 2), maxshape=(11, 9))
    dataset(f, "fixed_part", (90, 3), chunks=(2, 3), written=7, fill=5)
    dataset(f, "growing", (50, 3), chunks=(1, 3), maxshape=(None, 3))
    dataset(f, "growing_gzip", (50, 3), chunks=(1, 2), maxshape=(None, 3), compression="gzip")
    dataset(f, "growing_second", (6, 40), chunks=(4, 3), maxshape=(6, None))
    dataset(f, "growing_third", (3, 5, 21), chunks=(2, 2, 2), maxshape=(4, 7, None), compression="gzip")
    dataset(f, "growing_part", (400, 2), chunks=(1, 2), maxshape=(None, 2), written=3, fill=9)
    dataset(f, "both", (30, 20), chunks=(1, 2), maxshape=(None, None))
    dataset(f, "both_gzip", (30, 20), chunks=(3, 3), maxshape=(None, None), compression="gzip")
    dataset(f, "shrunk", (20, 3), chunks=(2, 3), maxshape=(None, 3)).resize((11, 3))
    dataset(f, "contiguous", (11, 3))
    dataset(f, "never", (11, 3), written=0, fill=4)
    dataset(f, "scalar", ())
    dataset(f, "flat4d", (3, 2, 3, 2), chunks=(2, 1, 2, 2))
    # A chunk per value: index pages and trees of several levels.
    n = 140000 if big else 1500
    dataset(f, "pages_growing", (n,), "|u1", chunks=(1,), maxshape=(None,))
    dataset(f, "pages_fixed", (5000 if big else 1500,), "|u1", chunks=(1,))
    dataset(f, "pages_fixed_part", (9000,), "|u1", chunks=(1,), written=2100, fill=1)
    if big:
        dataset(f, "tree", (200, 150), "|u1", chunks=(1, 1), maxshape=(None, None))
        dataset(f, "tree_gzip", (50, 50), "|u1", chunks=(1, 1), maxshape=(None, None), compression="gzip")
        dataset(f, "pages_growing_gzip", (140000,), "|u1", chunks=(1,), maxshape=(None,), compression="gzip")
    # Types.
    for t in ["<f2", ">f2", "<f4", ">f4", "<f8", ">f8", "|i1", "<i2", ">i2", ">i4", "<i8", ">i8", "|u1", ">u2", "<u4", ">u8"]:
        dataset(f, "type_" + t.strip("<>|") + {">": "_be"}.get(t[0], ""), (4, 3), t)
    # Groups with many links and attributes, in both orders.
    g = f.create_group("dense")
    for i in range(1000 if big else 60):
        dataset(g, "link%04d" % i, (2,))
    g = f.create_group("ordered", track_order=True)
    for i in range(30):
        dataset(g, "z%02d" % (29 - i), (1,))
        g.attrs["a%02d" % (29 - i)] = i
    g = f.create_group("attributes")
    for i in range(500 if big else 40):
        g.attrs["attr%04d" % i] = np.arange(i % 50)
    # Links.
    f["soft"] = h5py.SoftLink("/ordered/z05")
    f["dense/beside"] = h5py.SoftLink("./link0001")
    f["foreign"] = h5py.ExternalLink("other.h5", "/x")
    f["dense/again"] = f["/"]
    f["loop"] = h5py.SoftLink("/loop")


def special(f):
    kind = np.dtype([("n", "<i4"), ("xy", "<f8", (2,)), ("name", "S6"), ("in", [("a", ">i2"), ("b", "|u1")])])
    rows = np.zeros(7, kind)
    rows["n"] = np.arange(7)
    rows["xy"] = np.arange(14).reshape(7, 2) / 4
    rows["name"] = [b"name%d" % i for i in range(7)]
    rows["in"]["a"] = -np.arange(7)
    f.create_dataset("compound", data=rows, chunks=(3,), compression="gzip")
    f["committed"] = np.dtype("<f4")
    f.create_dataset("of_committed", data=np.arange(4), dtype=f["committed"])
    f["of_committed"].attrs.create("a", 2.5, dtype=f["committed"])
    f.create_dataset("enum", data=[1, 2, 1], dtype=h5py.enum_dtype({"RED": 1, "BLUE": 2}, "<i2"))
    v = f.create_dataset("vlen", (3,), h5py.vlen_dtype("<i4"))
    v[0], v[2] = [1, 2, 3], [9]
    f.create_dataset("refs", (3,), h5py.ref_dtype)
    f["refs"][0], f["refs"][2] = f["compound"].ref, f["enum"].ref
    f.create_dataset("strings", data=["a", "", "\u00fc" * 5000], dtype=h5py.string_dtype())
    f.create_dataset("blanks", data=np.array([b"ab  ", b"c"], "S4"))
    f.create_dataset("empty", data=h5py.Empty("f4"))
    f.attrs["empty"] = h5py.Empty("S1")
    f.attrs["text"] = "caf\u00e9"
    f.attrs["fixed"] = np.bytes_(b"fixed")
    f.attrs["texts"] = ["one", "three"]
    if f.libver[0] != "earliest":
        f.attrs["huge"] = np.arange(20000.0)
    f.create_dataset("lzf", data=np.zeros(100), compression="lzf")
    f.create_dataset("scaleoffset", data=np.arange(100), scaleoffset=8)


for name, kw in [("earliest", {"libver": "earliest"}), ("v108", {"libver": ("v108", "v108")}),
                 ("v110", {"libver": ("v110", "v110")}), ("latest", {"libver": "latest"}),
                 ("block", {"libver": "latest", "userblock_size": 1024})]:
    with h5py.File("%s/%s.h5" % (out, name), "w", **kw) as f:
        fill(f, not small and name != "block")
    with h5py.File("%s/special_%s.h5" % (out, name), "w", **kw) as f:
        special(f)

# Addresses and lengths of 4 bytes.
plist = h5p.create(h5p.FILE_CREATE)
plist.set_sizes(4, 4)
fid = h5f.create(("%s/short.h5" % out).encode(), h5f.ACC_TRUNC, plist)
f = h5py.File(fid)
fill(f, False)
f.close()
