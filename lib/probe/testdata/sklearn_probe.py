"""The scikit-learn side of the benchmarks in bench_test.go, on data of the same
shapes and statistics: python3 sklearn_probe.py [THREADS] [ratios]
Ridge as the published code does it, a fit for every fold and penalty, and
incremental PCA of one layer. With "ratios", from anywhere in the module, the Go
benchmarks are run next and the ratios of the medians printed. Needs numpy,
scikit-learn."""
import os, re, subprocess, sys
threads = next((a for a in sys.argv[1:] if a.isdigit()), "2")
for v in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"): os.environ[v] = threads
import time, numpy as np, sklearn
from sklearn.decomposition import IncrementalPCA
from sklearn.linear_model import Ridge
from sklearn.metrics import explained_variance_score
from sklearn.model_selection import KFold

rng = np.random.default_rng(0)

def layer(trials=160, T=75, k=75, units=50):
    X = rng.normal(size=(trials * T, 12)) @ rng.normal(size=(12, k)) + .3 * rng.normal(size=(trials * T, k))
    X = (X - X.mean(0)) / X.std(0)
    Y = X @ rng.normal(0, .05, (k, units)) + rng.normal(size=(trials * T, units))
    trial = np.repeat(np.arange(trials), T)
    alphas = 10 ** (-2 + .5 * np.arange(15))
    start = time.perf_counter()
    scores = np.zeros((5, 15, units))
    for f, (_, held) in enumerate(KFold(5, shuffle=True, random_state=42).split(np.arange(trials))):
        out = np.isin(trial, held)
        for j, a in enumerate(alphas):
            m = Ridge(alpha=a).fit(X[~out], Y[~out])
            scores[f, j] = explained_variance_score(Y[out], m.predict(X[out]), multioutput="raw_values")
    m = Ridge(alpha=alphas[scores.mean(0).argmax(0)]).fit(X, Y)
    explained_variance_score(Y, m.predict(X), multioutput="raw_values")
    return time.perf_counter() - start

def components(trials=300, T=400, d=312):
    mix = rng.normal(size=(40, d)) * np.exp(-np.arange(40) / 8)[:, None]
    X = np.maximum(rng.normal(size=(trials * T, 40)) @ mix + .1 * rng.normal(size=(trials * T, d)), 0).reshape(trials, T, d)
    start = time.perf_counter()
    p = IncrementalPCA(75)
    parts = [X[i:i + 100].reshape(-1, d) for i in range(0, trials, 100)]
    for part in parts: p.partial_fit(part)
    for part in parts: p.transform(part)
    return time.perf_counter() - start

print("numpy", np.__version__, "scikit-learn", sklearn.__version__, threads, "threads", flush=True)
theirs = {}
for name, work in (("layer fit", layer), ("incremental PCA", components)):
    t = [work() for _ in range(3)]
    theirs[name] = np.median(t)
    print(f"{name}: median {np.median(t):.3f} s, least {min(t):.3f} s", flush=True)
if "ratios" in sys.argv:
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    out = subprocess.run(["go", "test", "-run", "^$", "-bench", "RidgeLayer|IncrementalPCA", "-count", "5", "-cpu", threads, "."],
                         cwd=here, text=True, capture_output=True)
    if out.returncode:
        sys.exit(out.stdout + out.stderr)
    for name, bench, need in (("layer fit", "RidgeLayer", 50), ("incremental PCA", "IncrementalPCA", 5)):
        ours = np.median([float(v) for v in re.findall(rf"Benchmark{bench}\S*\s+\d+\s+([\d.]+) ns/op", out.stdout)]) * 1e-9
        print(f"{name}: ours {ours:.4f} s, {theirs[name] / ours:.1f} times faster, {need} asked for")
