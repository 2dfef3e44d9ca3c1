"""In replicate designs a function of totals is taken in every replicate: shares of a table,
log-odds of a proportion; written out by hand.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import mismes_eval as me
from mismes_eval.estimate.hypothesis import Test

N, B = 150, 30


def _frame() -> pd.DataFrame:
    rng = np.random.default_rng(41)
    frame = pd.DataFrame(
        {
            "w": rng.uniform(1, 9, N),
            "row": rng.choice(["a", "b"], N),
            "column": rng.choice(["p", "q", "r"], N),
            "b": rng.random(N) < 0.15,
        }
    )
    factor = rng.poisson(1.0, (N, B)) * 1.0
    return pd.concat(
        [
            frame,
            pd.DataFrame(
                frame["w"].to_numpy()[:, None] * factor, columns=[f"r{j}" for j in range(B)]
            ),
        ],
        axis=1,
    )


def _sample(frame: pd.DataFrame, mse: bool = False) -> me.Sample:
    return me.Sample.from_frame(
        frame,
        weights="w",
        replicates=me.ReplicateWeights([f"r{j}" for j in range(B)], "bootstrap", mse=mse),
    )


@pytest.mark.parametrize("mse", [False, True])
def test_independence_is_tested_with_the_shares_of_every_replicate(mse: bool) -> None:
    f = _frame()
    cells = (f["row"] + f["column"]).to_numpy()
    levels = ["ap", "aq", "ar", "bp", "bq", "br"]
    member = np.array([cells == c for c in levels], float)
    each = np.array([member @ f[f"r{j}"] / f[f"r{j}"].sum() for j in range(B)])
    share = member @ f["w"] / f["w"].sum()
    deviation = each - (share if mse else each.mean(axis=0))
    v = deviation.T @ deviation / (B - 1)
    p = share.reshape(2, 3)
    expected = np.outer(p.sum(axis=1), p.sum(axis=0))
    pearson = N * ((p - expected) ** 2 / expected).sum()
    contrast = np.kron(np.eye(2)[:, 1:] - 1 / 2, np.eye(3)[:, 1:] - 1 / 3)
    inverse = np.diag(1 / share)
    delta = np.linalg.solve(
        contrast.T @ inverse @ contrast / N, contrast.T @ inverse @ v @ inverse @ contrast
    )
    t = me.rao_scott(_sample(f, mse), "row", "column")
    assert isinstance(t, Test)
    np.testing.assert_allclose(t.statistic, pearson / np.trace(delta), rtol=1e-10)
    np.testing.assert_allclose(t.ndf, np.trace(delta) ** 2 / np.trace(delta @ delta), rtol=1e-10)
    first = me.rao_scott(_sample(f, mse), "row", "column", statistic="Chisq")
    assert isinstance(first, Test)
    np.testing.assert_allclose(
        first.p, stats.chi2.sf(pearson / (np.trace(delta) / 2), 2), rtol=1e-9
    )


@pytest.mark.parametrize("mse", [False, True])
def test_the_interval_of_a_proportion_stands_on_the_log_odds_of_every_replicate(mse: bool) -> None:
    f = _frame()
    s = _sample(f, mse)
    e = me.proportion(s, "b")
    each = np.array([f[f"r{j}"] @ f["b"] / f[f"r{j}"].sum() for j in range(B)])
    eta, full = np.log(each / (1 - each)), np.log(e.value[0] / (1 - e.value[0]))
    se = np.sqrt(((eta - (full if mse else eta.mean())) ** 2).sum() / (B - 1))
    t = stats.t.ppf(0.95, e.degf[0])
    np.testing.assert_allclose(
        e.ci(0.9).to_numpy()[0], stats.logistic.cdf([full - t * se, full + t * se]), rtol=1e-10
    )
    np.testing.assert_allclose(e.se, me.mean(s, "b").se, rtol=1e-12)


def test_a_replicate_at_the_edge_leaves_the_linear_interval() -> None:
    f = _frame()
    f.loc[f["b"], "r3"] = 0.0
    e = me.proportion(_sample(f), ["b", "row"])
    t, v = stats.t.ppf(0.975, e.degf[0]), e.value[0]
    half = t * e.se[0] / (v * (1 - v))
    expected = stats.logistic.cdf([np.log(v / (1 - v)) - half, np.log(v / (1 - v)) + half])
    np.testing.assert_allclose(e.ci().to_numpy()[0], expected, rtol=1e-12)
    moved = e.ci().to_numpy()[1] - stats.logistic.cdf(
        np.log(e.value[1] / (1 - e.value[1]))
        + np.array([-1, 1]) * t * e.se[1] / (e.value[1] * (1 - e.value[1]))
    )
    assert (np.abs(moved) > 1e-6).all()


def test_error_of_totals_reaches_the_interval_of_a_proportion() -> None:
    f = _frame()
    known, size = {"a": 0.55, "b": 0.45}, float(f["w"].sum())
    totals = {"row": {k: v * size for k, v in known.items()}}
    plain = me.proportion(me.calibrate(_sample(f), totals), "b")
    wide = me.proportion(
        me.calibrate(_sample(f), totals, total_se={"row": {"a": 0.2 * size, "b": 0.2 * size}}), "b"
    )
    v, t = plain.value[0], stats.t.ppf(0.975, plain.degf[0])
    narrow_se, wide_se = (
        np.diff(stats.logistic.ppf(e.ci().to_numpy()[0]))[0] / 2 / t for e in (plain, wide)
    )
    added = (wide.se[0] ** 2 - plain.se[0] ** 2) / (v * (1 - v)) ** 2
    assert added > 0
    np.testing.assert_allclose(wide_se**2, narrow_se**2 + added, rtol=1e-9)
    everybody = me.proportion(_sample(f.assign(b=True)), "b").ci().to_numpy()[0]
    size = 150 * (stats.t.ppf(0.975, 149) / stats.t.ppf(0.975, 29)) ** 2
    np.testing.assert_allclose(everybody, [0.025 ** (1 / size), 1.0], rtol=1e-9)
