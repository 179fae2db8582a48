"""Writes a frame with pandas in both formats, for TestPandas.

usage: frames.py DIR

Column i of row r holds what frames_test expects: see the dictionary.
"""
import sys
import warnings
import numpy as np
import pandas as pd

warnings.simplefilter("ignore")
out = sys.argv[1]
n = 23
r = np.arange(n)
plain = {
    "neuron_ids": r,
    "ev_test": np.where(r == 3, np.nan, r / 8),
    "f4": (r / 4).astype("f4"),
    "model_layer": r % 5,
    "small": (r % 5).astype("i2"),
    "flag": r % 2 == 0,
    "monkey": [["Snap", "Han", "Chips"][i % 3] for i in r],
    "arch_type": ["spatial_temporal" if i % 2 else None for i in r],
}
for name, data in {"plain": plain, "one": {"x": [1.5]}, "numbers": {0: [1, 2], 1: [3, 4]}}.items():
    df = pd.DataFrame(data)
    for fmt in ("fixed", "table"):
        df.to_hdf("%s/%s_%s.h5" % (out, name, fmt), key="df", format=fmt, complib="zlib", complevel=9, mode="w")
df = pd.DataFrame(plain)
df.to_hdf(out + "/columns_table.h5", key="a/b", format="table", data_columns=["monkey", "ev_test"], mode="w")
df["n_skernels"] = [[8, 16, int(i)] for i in r]
df["mixed"] = [1 if i % 2 else 2.5 for i in r]
df["mixed"] = df["mixed"].astype(object)
df["numpy"] = [np.float64(i) / 2 for i in r]
df["numpy"] = df["numpy"].astype(object)
df.to_hdf(out + "/objects_fixed.h5", key="df", format="fixed", mode="w")
df.index = ["row%d" % i for i in r]
df[["ev_test"]].to_hdf(out + "/index_fixed.h5", key="df", format="fixed", mode="w")
df[["ev_test"]].to_hdf(out + "/index_table.h5", key="df", format="table", mode="w")
pd.DataFrame({"a": np.zeros(0), "b": np.zeros(0, "i8")}).to_hdf(out + "/empty_fixed.h5", key="df", format="fixed", mode="w")
pd.Series([1.0, 2.0]).to_hdf(out + "/series_fixed.h5", key="df", mode="w")
pd.DataFrame({"a": pd.Categorical(["x", "y"])}).to_hdf(out + "/category_table.h5", key="df", format="table", mode="w")
df = pd.DataFrame({"a": [1, 2]}, index=pd.MultiIndex.from_tuples([(1, 2), (3, 4)]))
df.to_hdf(out + "/multi_fixed.h5", key="df", format="fixed", mode="w")
df.to_hdf(out + "/multi_table.h5", key="df", format="table", mode="w")
