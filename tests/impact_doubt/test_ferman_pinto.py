"""The test of Ferman and Pinto equals its definition, is plain resampling where groups are alike,
and holds its size where the one treated group is large.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import lsq_linear

import mismes_eval as me
from mismes_eval.errors import EstimateError


def regions(
    size: np.ndarray, treated: int = 1, seed: int = 1, between: float = 0.15, equal: bool = False
) -> me.Sample:
    """Persons in regions of these sizes, the first ones treated; y0 is 0."""
    rng = np.random.default_rng(seed)
    region = np.repeat(np.arange(size.size), size)
    shock = between * rng.normal(size=size.size)
    frame = pd.DataFrame(
        {
            "y0": 0.0,
            "y1": shock[region] + rng.normal(size=region.size),
            "d": (region < treated).astype(float),
            "region": region,
            "w": np.ones(region.size) if equal else rng.uniform(0.5, 2, region.size),
        }
    )
    return me.Sample.from_frame(frame, weights="w", psu="region")


def effect(sample: me.Sample) -> me.Estimate:
    return me.att_2x2(sample, ("y0", "y1"), "d")


def unequal(groups: int = 24) -> np.ndarray:
    return np.random.default_rng(9).integers(4, 60, groups)


def by_hand(
    f: pd.DataFrame, null: float, draws: int, seed: int, rescaled: bool = True
) -> tuple[float, float, float, float]:
    """Effect, p and the two parts of the variance, group by group from the persons."""
    groups = [g for _, g in f.groupby("region")]
    mean = np.array([np.average(g.y1 - g.y0, weights=g.w) for g in groups])
    mass = np.array([g.w.sum() for g in groups])
    small = np.array([(g.w**2).sum() / g.w.sum() ** 2 for g in groups])
    d = np.array([g.d.iloc[0] for g in groups])
    value = np.average(mean, weights=mass * d) - np.average(mean, weights=mass * (1 - d))
    y = mean - null * d
    residual = y - np.average(y, weights=mass)
    fit = lsq_linear(
        np.column_stack([np.ones(d.size), small]), residual**2, (0, np.inf), tol=1e-14
    ).x
    sd = np.sqrt(fit[0] + fit[1] * small) if rescaled else np.ones(d.size)
    rng = np.random.default_rng(seed)
    beyond = 0
    for which in rng.integers(0, d.size, (draws, d.size)):
        star = residual[which] / sd[which] * sd
        made = np.average(star, weights=mass * d) - np.average(star, weights=mass * (1 - d))
        beyond += abs(made) >= abs(value - null) * (1 - 1e-10)
    return float(value), (1 + beyond) / (1 + draws), float(fit[0]), float(fit[1])


@pytest.mark.identity
@pytest.mark.parametrize(("treated", "null"), [(1, 0.0), (1, 0.3), (3, 0.0), (3, -0.2)])
def test_it_is_its_definition(treated: int, null: float) -> None:
    sample = regions(unequal(), treated)
    out = me.ferman_pinto(effect(sample), null=null, draws=499, level=None, seed=4)
    value, p, between, within = by_hand(sample.frame, null, 499, 4)
    assert out.estimate[0] == pytest.approx(value, abs=1e-12)
    assert out.p[0] == pytest.approx(p, abs=1e-12)
    assert out.between[0] == pytest.approx(between, rel=1e-5, abs=1e-8)
    assert out.within[0] == pytest.approx(within, rel=1e-5)
    assert (out.treated, out.compared) == (treated, 24 - treated)


@pytest.mark.identity
def test_groups_alike_in_size_exchange_their_residuals_as_they_are() -> None:
    """Conley and Taber (2011): nothing is rescaled."""
    sample = regions(np.full(24, 15), 2, equal=True)
    out = me.ferman_pinto(effect(sample), draws=499, level=None, seed=2)
    assert out.p[0] == by_hand(sample.frame, 0.0, 499, 2, rescaled=False)[1]
    other = regions(unequal(), 2)
    p = me.ferman_pinto(effect(other), draws=499, level=None, seed=2).p[0]
    assert p != by_hand(other.frame, 0.0, 499, 2, rescaled=False)[1]


@pytest.mark.identity
def test_one_row_a_group_will_do() -> None:
    """The one treated row equals the mean of its arm, and so moves nothing; it is there all the same."""
    sample = regions(np.ones(30, np.intp), 1, equal=True)
    out = me.ferman_pinto(effect(sample), draws=299, level=None)
    assert (out.treated, out.compared) == (1, 29)
    assert out.p[0] == by_hand(sample.frame, 0.0, 299, 1, rescaled=False)[1]


@pytest.mark.identity
def test_the_interval_holds_what_is_not_rejected() -> None:
    estimate = effect(regions(unequal(40), 2))
    out = me.ferman_pinto(estimate, draws=999)
    assert out.low[0] < out.estimate[0] < out.high[0]
    for end, inwards in ((out.low[0], 1), (out.high[0], -1)):
        inside = me.ferman_pinto(estimate, null=end + inwards * 1e-3, draws=999, level=None)
        outside = me.ferman_pinto(estimate, null=end - inwards * 1e-2, draws=999, level=None)
        assert inside.p[0] > 0.05 >= outside.p[0] - 0.005


@pytest.mark.property
def test_units_and_order_do_not_matter() -> None:
    sample = regions(unequal(), 2)
    one = me.ferman_pinto(effect(sample), draws=299)
    frame = sample.frame.assign(y1=100 * sample.frame["y1"], w=7 * sample.frame["w"])
    many = me.ferman_pinto(
        effect(me.Sample.from_frame(frame, weights="w", psu="region")), draws=299
    )
    assert many.p[0] == one.p[0]
    assert many.low[0] == pytest.approx(100 * one.low[0], rel=1e-4)
    turned = me.Sample.from_frame(sample.frame.iloc[::-1], weights="w", psu="region")
    labels = turned.frame["region"]
    back = me.ferman_pinto(effect(turned), cluster=labels, draws=299)
    assert back.p[0] == pytest.approx(one.p[0], abs=1e-12)


@pytest.mark.whole
@pytest.mark.property
def test_one_large_treated_group_is_rejected_as_often_as_said() -> None:
    """Exchanged as they are, residuals of small groups hide what a large one shows: the size falls
    to nothing. Rescaled it is 5%, two standard errors of 300 samples are 2.5 points.
    """
    size = np.sort(unequal(40))[::-1]
    rescaled, plain = [], []
    for seed in range(300):
        sample = regions(size, 1, seed, between=0.02, equal=True)
        out = me.ferman_pinto(effect(sample), draws=199, level=None, seed=seed)
        rescaled.append(out.p[0] <= 0.05)
        means = sample.frame.groupby("region")["y1"].mean().to_numpy()
        others = np.abs(means[1:] - np.average(means[1:], weights=size[1:]))
        plain.append(np.mean(others >= abs(out.estimate[0])) <= 0.05)
    assert 0.02 <= np.mean(rescaled) <= 0.08
    assert np.mean(plain) < 0.02


def test_what_carries_no_test_is_refused_at_once() -> None:
    estimate = effect(regions(unequal(12)))
    with pytest.raises(
        EstimateError, match="got 12 groups, 1 with treated rows, 11 with others"
    ) as caught:
        me.ferman_pinto(estimate, draws=10)
    assert "the residuals cannot be drawn" in str(caught.value)
    sample = regions(unequal(30))
    crossing = np.arange(sample.n) % 25
    with pytest.raises(EstimateError, match="a group lies in both arms"):
        me.ferman_pinto(effect(sample), cluster=crossing)
    with pytest.raises(EstimateError, match="who is treated is not known"):
        me.ferman_pinto(me.ols(sample, "y1 ~ d"))


def test_no_spread_is_no_test() -> None:
    frame = regions(unequal(), 1).frame.assign(y1=1.0)
    out = me.ferman_pinto(effect(me.Sample.from_frame(frame, weights="w", psu="region")))
    assert np.isnan([out.p[0], out.low[0], out.high[0]]).all()
    assert out.se[0] == 0
