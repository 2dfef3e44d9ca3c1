"""Effective degrees of freedom equal the traces of the quadratic form written out; averages combine
like values; who rests on one unit has no interval.
"""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import mismes_eval as me
from mismes_eval.numerics.effective_df import Clusters, degrees, effective_count, spread


def clusters(stratum: np.ndarray) -> Clusters:
    size = np.bincount(stratum)[stratum].astype(float)
    return Clusters(stratum, size, size / (size - 1))


@pytest.mark.identity
def test_traces_are_those_of_the_matrices() -> None:
    rng = np.random.default_rng(4)
    stratum = np.sort(rng.integers(0, 4, 30))
    c, m = clusters(stratum), 30
    shares = rng.gamma(0.5, size=(m, 3)) * (rng.random((m, 3)) < 0.6)
    shares /= shares.sum(axis=0)
    centred = np.array([True, False, True])
    p = np.zeros((m, m))
    for h in range(4):
        i = np.flatnonzero(stratum == h)
        p[np.ix_(i, i)] = i.size / (i.size - 1) * (np.eye(i.size) - 1 / i.size)
    g = [
        np.diag(shares[:, k]) @ (np.eye(m) - centred[k] * np.outer(np.ones(m), shares[:, k]))
        for k in range(3)
    ]
    trace, norm = spread(shares, centred, c, pairs=True)
    np.testing.assert_allclose(trace, [np.trace(x.T @ p @ x) for x in g], rtol=1e-12)
    expected = [[np.sum((x.T @ p @ y) ** 2) for y in g] for x in g]
    np.testing.assert_allclose(norm, expected, rtol=1e-10, atol=1e-15)
    np.testing.assert_allclose(
        spread(shares, centred, c, pairs=False)[1], np.diag(expected), rtol=1e-10
    )


@pytest.mark.golden
def test_equal_shares_have_one_less_than_the_units() -> None:
    """An average over k of m equal units of one stratum: k - 1, whatever m (Imbens and Kolesar
    2016: the two-sample problem has the degrees of freedom of the smaller group as it thins out).
    """
    c = clusters(np.zeros(400, int))
    for k in (2, 3, 10):
        s = (np.arange(400) < k)[:, None] / k
        trace, norm = spread(s, np.array([True]), c, pairs=False)
        assert degrees(trace, norm, np.ones((1, 1)))[0] == pytest.approx(k - 1, rel=0.02)
        assert effective_count(s, c)[0] == pytest.approx(k)


@pytest.mark.identity
def test_the_same_units_twice_count_once() -> None:
    """Before and after in the same three units: two degrees of freedom, not four."""
    c = clusters(np.zeros(60, int))
    s = np.repeat((np.arange(60) < 3)[:, None] / 3, 2, axis=1)
    both = np.array([True, True])
    trace, norm = spread(s, both, c, pairs=True)
    once = degrees(trace[:1], norm[:1, :1], np.ones((1, 1)))[0]
    assert degrees(trace, norm, np.ones((1, 2)))[0] == pytest.approx(once, rel=1e-12)


def drawn(domain_psus: int, seed: int = 0) -> me.Sample:
    """60 PSUs of 8 to 15 persons; the domain lies in some of them."""
    rng = np.random.default_rng(seed)
    psu = np.repeat(np.arange(60), rng.integers(8, 16, 60))
    y = rng.normal(size=60)[psu] + rng.normal(size=psu.size)
    frame = pd.DataFrame({"psu": psu, "y": y, "w": 1.0, "d": psu < domain_psus})
    return me.Sample.from_frame(frame, weights="w", psu="psu")


def test_a_domain_in_one_unit_has_no_interval_and_says_why() -> None:
    e = me.mean(drawn(1), "y", by="d")
    assert e.refused.tolist() == [False, True] and e.degf[1] == 0 and e.doubtful
    assert e.ci().isna().to_numpy().tolist() == [[False, False], [True, True]]
    assert np.isnan(e.pvalue[1]) and "fewer than 2 effective primary" in e.cautions[0]
    assert isinstance(me.wald(e, e.names[1]), me.NotEstimable)
    gap = e.contrast({e.names[0]: 1.0, e.names[1]: -1.0})
    assert gap.refused.all() and gap.ci().isna().to_numpy().all()


def test_domains_in_few_units_have_wide_intervals_and_the_mark() -> None:
    for k in (2, 3, 5, 10):
        e = me.mean(drawn(k), "y", by="d")
        assert 0.8 * (k - 1) < e.degf[1] <= 1.01 * (k - 1) and not e.refused.any()
        assert e.few.tolist() == [False, e.degf[1] < 8] and e.degf[0] > 40
        ci, t = e.ci().to_numpy(), stats.t.ppf(0.975, e.degf)
        np.testing.assert_allclose(ci[:, 1] - e.value, t * e.se, rtol=1e-12)


@pytest.mark.identity
def test_two_routes_to_a_difference_have_the_same_degrees_of_freedom() -> None:
    s = drawn(6)
    means = me.mean(s, "y", by="d")
    gap = means.contrast({means.names[1]: 1.0, means.names[0]: -1.0})
    slope = me.ols(s, "y ~ d").select([1])
    effect = me.att_2x2(s.with_columns({"zero": np.zeros(s.n)}), ("zero", "y"), "d", method="none")
    own = [e.parts[0].behind[0][0] for e in (gap, slope, effect)]
    np.testing.assert_allclose(own, effect.degf[0], rtol=1e-9)
    apart = me.stack(me.mean(s.where(s.frame["d"]), "y"), me.mean(s.where(~s.frame["d"]), "y"))
    again = apart.contrast({apart.names[0]: 1.0, apart.names[1]: -1.0})
    assert again.parts[0].behind[0][0] == pytest.approx(own[0], rel=1e-9)


@pytest.mark.property
def test_many_like_units_lose_less_than_a_third() -> None:
    rng = np.random.default_rng(1)
    psu = np.repeat(np.arange(120), 10)
    f = pd.DataFrame(
        {"psu": psu, "st": psu % 4, "y": rng.normal(size=1200), "x": rng.normal(size=1200)}
    ).assign(w=1.0, d=lambda t: t["psu"] // 4 % 2, g=np.arange(1200) % 3)
    s = me.Sample.from_frame(f, weights="w", strata="st", psu="psu")
    for e in (
        me.mean(s, "y"),
        me.mean(s, "y", by="g"),
        me.ratio(s.with_columns({"one": np.ones(1200)}), "y", "one"),
        me.ols(s, "y ~ d").select([1]),
        me.att_2x2(s, ("x", "y"), "d"),
        me.quantile(s, "y", [0.5]),
    ):
        assert (e.degf > 2 / 3 * e.dof).all() and not e.doubtful
        assert e.on_design_df().degf == pytest.approx(e.dof)


def test_replicates_have_the_fewer_of_theirs_and_the_averages() -> None:
    s = drawn(3)
    r = me.mean(me.replicates(s, "jackknife"), "y", by="d")
    plain = me.mean(s, "y", by="d")
    np.testing.assert_allclose(r.degf[1], plain.degf[1], rtol=1e-9)
    assert (r.degf <= r.dof).all()


def test_a_capital_that_was_certain_is_judged_by_its_households() -> None:
    rng = np.random.default_rng(2)
    psu = np.repeat(np.arange(10), 30)
    household = np.arange(300) // 3
    f = pd.DataFrame({"psu": psu, "h": household, "y": rng.normal(size=300), "w": 2.0})
    f = f.assign(st=np.where(psu == 0, 0, 1), n1=np.where(psu == 0, 1, 90), n2=40)
    s = me.Sample.from_frame(f, weights="w", strata="st", psu=["psu", "h"], fpc=["n1", "n2"])
    e = me.mean(s.where(f["psu"] == 0), "y").select([0])
    assert not e.refused.any() and e.psus[0] == pytest.approx(10.0)


@pytest.mark.parametrize("unit", [None, "household"])
def test_a_domain_in_one_unit_says_why_it_has_no_interval(unit: str | None) -> None:
    """Its error is 0 about its own mean, which is no error."""
    rows = np.arange(60)
    frame = pd.DataFrame({"y": np.sin(rows), "w": 1.0 + rows % 3, "unit": rows // 10})
    role = "psu" if unit is None else unit
    sample = me.Sample.from_frame(frame, weights="w", **{role: "unit"})
    for estimate in (
        me.mean(sample.where(sample.frame["unit"] == 0), "y"),
        me.ratio(sample.where(sample.frame["unit"] == 0), "y", "w"),
    ):
        assert estimate.ci().isna().all().all() and estimate.doubtful
        assert "fewer than 2 effective" in estimate.cautions[0]
    known = me.calibrate(sample, {"unit": dict.fromkeys(range(6), 100.0)})
    assert not me.total(known.with_columns({"one": 1.0}), "one").refused.any()
