"""The wild cluster bootstrap equals refitting by brute force, its two forms agree on a difference
of means, and its size is right with few clusters.
"""

import numpy as np
import pandas as pd
import pytest

from mismes_eval.errors import EstimateError
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.regression import ols
from mismes_eval.estimate.totals import mean
from mismes_eval.impact.did.two_by_two import att_2x2
from mismes_eval.impact.inference.arms import arms_of, influence_of, labels_of, totals_of
from mismes_eval.impact.inference.wild_bootstrap import wild_bootstrap, wild_bootstrap_ols
from mismes_eval.impact.inference.wild_draws import WEBB, signs
from mismes_eval.numerics.qr import least_squares
from mismes_eval.weighting.sample import Sample


def drawn(
    clusters: int = 8,
    treated: int = 4,
    seed: int = 1,
    each: int = 12,
    effect: float = 0.0,
    equal: bool = False,
) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    size = np.full(clusters, each) if equal else rng.integers(each // 2, 2 * each, clusters)
    g = np.repeat(np.arange(clusters), size)
    d = (g < treated).astype(float)
    y = rng.normal(size=clusters)[g] + rng.normal(size=g.size) + effect * d
    return pd.DataFrame(
        {
            "y": y,
            "d": d,
            "x": rng.normal(size=g.size),
            "region": g,
            "w": rng.uniform(0.5, 2, g.size),
        }
    )


def effect_of(sample: Sample) -> Estimate:
    return ols(sample, "y ~ d").select([1])


@pytest.mark.identity
@pytest.mark.parametrize("null", [0.0, 0.7])
def test_regression_form_equals_refitting(null):
    f = drawn(7, 3)
    sample = Sample.from_frame(f, weights="w")
    out = wild_bootstrap_ols(sample, "y ~ d + x", "d", "region", null=null, points="rademacher")
    assert out.enumerated and out.draws == 2**7
    x, w, g = np.column_stack([np.ones(len(f)), f.d, f.x]), f.w.to_numpy(), f.region.to_numpy()

    def t_of(y: np.ndarray, at: float) -> float:
        fit = least_squares(x, y, w)
        scores = np.array([(x * (w * fit.residual)[:, None])[g == k].sum(axis=0) for k in range(7)])
        v = fit.inverse @ scores.T @ scores @ fit.inverse
        return abs(fit.beta[1] - at) / np.sqrt(v[1, 1])

    restricted = least_squares(x[:, [0, 2]], f.y.to_numpy() - null * f.d.to_numpy(), w)
    t0 = t_of(f.y.to_numpy(), null)
    count = 0
    for k in range(2**7):
        v = np.array([1.0 if k >> j & 1 else -1.0 for j in range(7)])
        y = f.y.to_numpy() - restricted.residual + v[g] * restricted.residual
        count += t_of(y, null) >= t0 * (1 - 1e-9)
    assert out.p[0] == pytest.approx(count / 2**7, abs=1e-12)


@pytest.mark.identity
def test_influence_form_equals_regression_form_for_a_difference_of_means():
    f = drawn(9, 4, seed=3)
    sample = Sample.from_frame(f, weights="w", psu="region")
    a = wild_bootstrap(effect_of(sample), treated=f.d, points="rademacher")
    b = wild_bootstrap_ols(sample, "y ~ d", "d", "region", points="rademacher")
    assert a.p[0] == pytest.approx(b.p[0], abs=1e-12)
    assert a.se[0] == pytest.approx(b.se[0], rel=1e-10)
    np.testing.assert_allclose([a.low[0], a.high[0]], [b.low[0], b.high[0]], rtol=1e-6)
    labelled = wild_bootstrap(
        effect_of(Sample.from_frame(f, weights="w")),
        cluster=f.region,
        treated=f.d,
        points="rademacher",
    )
    assert labelled.p[0] == pytest.approx(a.p[0], abs=1e-12)


@pytest.mark.identity
def test_the_null_is_imposed_with_the_weights_of_the_averages():
    """Comparison rows count by their odds, which a factor of two levels gives in closed form."""
    f = drawn(8, 4, seed=5).assign(before=0.0, b=lambda t: (t.x > 0).astype(float))
    sample = Sample.from_frame(f, weights="w", psu="region")
    e = att_2x2(sample, ("before", "y"), "d", None, ["b"], "ipw")
    z = influence_of(e, "test")
    totals = totals_of(e, z, labels_of(e, len(f), None, None), arms_of(e, z, f.d))
    sums = f.assign(t=f.w * f.d, c=f.w * (1 - f.d)).groupby("b")[["t", "c"]].sum()
    odds = f.b.map(sums.t / sums.c)
    for arm, weight in enumerate((f.w * f.d, f.w * (1 - f.d) * odds)):
        by_region = weight.groupby(f.region).sum() / weight.sum()
        np.testing.assert_allclose(totals.share[:, arm, 0], by_region, rtol=1e-8)
    assert totals.pi[0] == pytest.approx((f.w * f.d).sum() / f.w.sum())


def test_interval_holds_what_is_not_rejected():
    f = drawn(9, 5, seed=4, effect=0.5)
    sample = Sample.from_frame(f, weights="w", psu="region")
    e = effect_of(sample)
    out = wild_bootstrap(e, treated=f.d, points="rademacher", level=0.9)
    for at, inside in (
        (out.low[0] - 0.05, False),
        (out.low[0] + 0.05, True),
        (out.high[0] - 0.05, True),
        (out.high[0] + 0.05, False),
    ):
        assert (wild_bootstrap(e, treated=f.d, points="rademacher", null=at).p[0] > 0.1) == inside
    assert out.low[0] < e.value[0] < out.high[0]


def test_webb_points_have_unit_variance_and_are_taken_whole():
    assert WEBB.mean() == pytest.approx(0, abs=1e-15) and (WEBB**2).mean() == pytest.approx(1)
    f = drawn(6, 3)
    e = effect_of(Sample.from_frame(f, weights="w", psu="region"))
    out = wild_bootstrap(e, treated=f.d, draws=50_000)
    assert out.points == "webb" and out.enumerated and out.draws == 6**6
    few = wild_bootstrap(e, treated=f.d, points="rademacher")
    assert "no p-value is below 0.0312" in few.notes[0]
    assert "with three in an arm" in " ".join(few.notes)


@pytest.mark.whole
def test_size_with_ten_regions():
    rejected, size = 0, 300
    for r in range(size):
        f = drawn(10, 4, seed=1000 + r, each=4, equal=True)
        out = wild_bootstrap_ols(
            Sample.from_frame(f.assign(w=1.0), weights="w"),
            "y ~ d",
            "d",
            "region",
            points="rademacher",
            draws=1023,
        )
        rejected += out.p[0] <= 0.05
    assert 0.02 <= rejected / size <= 0.085  # 5% within three binomial standard errors


def test_mean_of_one_group_and_strata():
    f = drawn(24, 12, seed=6)
    e = mean(Sample.from_frame(f, weights="w", psu="region"), "y")
    imposed, stated = wild_bootstrap(e), wild_bootstrap(e, treated=np.ones(len(f)))
    assert "null imposed" in imposed.notes[1] and imposed.p[0] == stated.p[0]
    plain = wild_bootstrap(e, impose=False)
    assert "null not imposed" in plain.notes[1] and 0 < plain.p[0] <= 1
    stratified = wild_bootstrap(e, cluster=f.region, strata=f.d)
    assert stratified.se[0] < plain.se[0] * 1.2
    designed = mean(Sample.from_frame(f, weights="w", psu="region", strata="d"), "y")
    in_design = wild_bootstrap(designed)
    assert in_design.se[0] == pytest.approx(stratified.se[0], rel=1e-12)
    assert in_design.se[0] == pytest.approx(designed.se[0], rel=1e-12)


@pytest.mark.identity
def test_means_of_domains_are_bootstrapped_by_their_own_shares():
    f = drawn(20, 10, seed=7)
    s = Sample.from_frame(f, weights="w", psu="region")
    both = wild_bootstrap(mean(s, "y", by="d"), cluster=f.region, draws=999)
    for k, d in enumerate((0.0, 1.0)):
        alone = mean(s.where((f.d == d).to_numpy()), "y")
        one = wild_bootstrap(alone, cluster=f.region, treated=np.ones(len(f)), draws=999)
        assert both.p[k] == pytest.approx(one.p[0], abs=1e-12)


@pytest.mark.identity
def test_the_null_is_imposed_on_the_arms_that_an_effect_knows():
    f = drawn(9, 4, seed=3).assign(zero=0.0)
    e = att_2x2(Sample.from_frame(f, weights="w", psu="region"), ("zero", "y"), "d", method="none")
    own, stated = wild_bootstrap(e, draws=999), wild_bootstrap(e, treated=f.d, draws=999)
    assert own.p[0] == stated.p[0] and own.low[0] == stated.low[0]
    assert "null imposed" in own.notes[1]


@pytest.mark.identity
def test_subclusters_that_are_the_clusters_change_nothing_and_others_by_definition():
    """Signs of three units inside each cluster, all 2^18 looked at by brute force in a few draws."""
    f = drawn(6, 3, seed=8)
    f["unit"] = f.region * 3 + np.arange(len(f)) % 3
    e = effect_of(Sample.from_frame(f, weights="w", psu="region"))
    plain = wild_bootstrap(e, treated=f.d, points="rademacher", level=None)
    same = wild_bootstrap(
        e, treated=f.d, subcluster=f.region, points="rademacher", level=None, draws=9999
    )
    assert same.p[0] == pytest.approx(plain.p[0], abs=1e-12)
    out = wild_bootstrap(
        e, treated=f.d, subcluster=f.unit, points="rademacher", level=None, draws=199, seed=3
    )
    assert "signs drawn by 18 units inside them" in out.notes[0]
    v, everything, _ = signs(18, "rademacher", 199, 3)
    assert not everything
    w, d, g = f.w.to_numpy(), f.d.to_numpy(), f.region.to_numpy()
    x = np.column_stack([np.ones(len(f)), d])
    y = f.y.to_numpy()
    restricted = least_squares(x[:, [0]], y, w).residual

    def t_of(outcome: np.ndarray) -> float:
        fit = least_squares(x, outcome, w)
        scores = np.array([(x * (w * fit.residual)[:, None])[g == k].sum(axis=0) for k in range(6)])
        variance = fit.inverse @ scores.T @ scores @ fit.inverse
        return float(abs(fit.beta[1]) / np.sqrt(variance[1, 1]))

    t0 = t_of(y)
    drawn_t = [t_of(y - restricted + row[f.unit.to_numpy()] * restricted) for row in v]
    expected = (1 + sum(t >= t0 * (1 - 1e-10) for t in drawn_t)) / (1 + len(drawn_t))
    assert out.p[0] == pytest.approx(expected, abs=1e-12)
    with pytest.raises(EstimateError, match="subclusters cross clusters"):
        wild_bootstrap(e, treated=f.d, subcluster=np.arange(len(f)) % 4)


def test_refusals():
    f = drawn(6, 3)
    e = effect_of(Sample.from_frame(f, weights="w", psu="region"))
    with pytest.raises(EstimateError, match="3 clusters"):
        wild_bootstrap(e, cluster=f.d)
    with pytest.raises(EstimateError, match="an arm lies in too few clusters"):
        wild_bootstrap(e, treated=f.region < 2)
    with pytest.raises(EstimateError, match="null is to be imposed is not known"):
        wild_bootstrap(e)
    with pytest.raises(EstimateError, match="imposes no null"):
        wild_bootstrap(e, treated=f.d, impose=False)
    with pytest.raises(EstimateError, match="unknown column"):
        wild_bootstrap_ols(Sample.from_frame(f, weights="w"), "y ~ d", "d", "area")
