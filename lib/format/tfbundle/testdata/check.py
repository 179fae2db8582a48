"""Reads bundle_test.go's sample with TensorFlow and compares every value.

usage: check.py PREFIX
"""
import sys
import numpy as np
import tensorflow as tf

r = tf.train.load_checkpoint(sys.argv[1])
shapes, types = r.get_variable_to_shape_map(), r.get_variable_to_dtype_map()
want = {
    "Network/Spatial0/weights": np.array(list(range(1, 12)) + [-np.inf], "f4").reshape(3, 1, 2, 2),
    "Network/Spatial0/LayerNorm/beta": np.array([-0.5, np.pi], "f4"),
    "beta2_power": np.float32(0.999),
    "double": np.array([[np.pi, np.nan]]),
    "step": np.int64(-(2**60)),
    "empty": np.zeros((0, 4), "i8"),
    "names": np.array([b"a", b"", b"long" * 100], object),
}
for i in range(5000):
    want["many/%06d/weights" % i] = np.array([i], "f4")
assert set(shapes) == set(want), set(shapes) ^ set(want)
for name, w in want.items():
    got = r.get_tensor(name)
    assert np.shape(got) == np.shape(w), name
    if types[name] == tf.string:
        assert list(got) == list(w), name
    else:
        assert np.asarray(got).dtype == np.asarray(w).dtype, name
        np.testing.assert_array_equal(got, w, name)
