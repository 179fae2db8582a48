"""Writes reference.json: bootstrap intervals and permutation tests by SciPy,
regressions by statsmodels, on data drawn here. Versions are in the file."""
import json, sys
import numpy as np, pandas as pd, scipy, scipy.stats as st, statsmodels
import statsmodels.api as sm, statsmodels.formula.api as smf

rng = np.random.default_rng(5)
x = np.round(rng.exponential(2, 30), 3)
out = {"versions": {"scipy": scipy.__version__, "statsmodels": statsmodels.__version__, "numpy": np.__version__}, "x": x.tolist()}
sd = lambda a, axis: np.std(a, axis=axis, ddof=1)
for name, stat in (("mean", np.mean), ("sd", sd)):
    for method in ("percentile", "BCa"):
        r = st.bootstrap((x,), stat, n_resamples=200000, method=method, random_state=1, batch=10000)
        out[f"{name}_{method}"] = list(r.confidence_interval)
for name, args, f, kind in (
    ("independent", (x[:8], x[8:16]), lambda p, q, axis: np.mean(p, axis=axis) - np.mean(q, axis=axis), "independent"),
    ("paired", (x[:10], x[10:20]), lambda p, q, axis: np.mean(p - q, axis=axis), "samples"),
):
    p = st.permutation_test(args, f, permutation_type=kind, n_resamples=np.inf, vectorized=True)
    out["permutation_" + name] = [p.statistic, p.pvalue]
p = st.permutation_test((x[:8],), lambda a: st.pearsonr(a, x[8:16])[0], permutation_type="pairings", n_resamples=np.inf, vectorized=False)
out["permutation_correlation"] = [p.statistic, p.pvalue]

sizes = [9, 14, 11, 7, 12, 10]
g = np.repeat(np.arange(6), sizes)
n = len(g)
a, b = np.round(rng.normal(size=n), 3), np.round(rng.uniform(size=n), 3)
u = rng.normal(size=6) * 0.8
y = np.round(1 + 0.5 * a - 0.3 * b + u[g] + rng.normal(size=n) * 0.6, 3)
df = pd.DataFrame(dict(g=g, a=a, b=b, y=y))
m = smf.mixedlm("y ~ a + b", df, groups=df["g"]).fit(reml=True, method="powell")
X = np.column_stack([np.ones(n), a, b])
# statsmodels' own standard errors come from the joint Hessian with the variance; ours, like lme4's, are those of
# generalised least squares at the fitted variances: here with the whole covariance matrix written out.
V = m.scale * np.eye(n) + float(m.cov_re.iloc[0, 0]) * (g[:, None] == g[None, :])
gls = np.sqrt(np.diag(np.linalg.inv(X.T @ np.linalg.solve(V, X))))
o = sm.OLS(y, X).fit()
out |= {
    "g": g.tolist(), "a": a.tolist(), "b": b.tolist(), "y": y.tolist(),
    "mixed": {"beta": m.fe_params.tolist(), "se": gls.tolist(), "group_variance": float(m.cov_re.iloc[0, 0]), "residual_variance": float(m.scale), "loglik": float(m.llf)},
    "ols": {"beta": o.params.tolist(), "se": o.bse.tolist(), "p": o.pvalues.tolist(), "r2": float(o.rsquared), "ci": o.conf_int().tolist()},
}
json.dump(out, open(sys.argv[1], "w"), indent=0)
