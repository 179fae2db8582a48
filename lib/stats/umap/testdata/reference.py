"""Writes reference.npz: 384 points of 73 dimensions like the paper's task-space matrix (16 tasks in 5 groups, 24
points each), their umap-learn embedding and its trustworthiness. Run: python reference.py reference.npz"""
import sys, numpy as np, umap
from sklearn.manifold import trustworthiness

rng = np.random.default_rng(3)
group = np.array([0, 1, 2, 2, 3, 2, 3, 3, 2, 3, 3, 3, 3, 2, 3, 4])
mean = np.array([0.1, -3.0, -1.4, 1.3, 2.6])  # five groups that UMAP can tell apart, as in the paper
centre = mean[group][:, None] + 0.15 * rng.normal(size=(16, 1))
x = np.stack([centre + 0.5 * rng.normal(size=(16, 73)) for _ in range(24)]).reshape(384, 73).round(3)
emb = umap.UMAP(random_state=42).fit_transform(x)
np.savez_compressed(sys.argv[1], x=x.astype(np.float32), embedding=emb.astype(np.float32), group=np.tile(group, 24).astype(np.int64),
                    trustworthiness=np.array(trustworthiness(x.astype(np.float32), emb, n_neighbors=15)))
print(umap.__version__)
