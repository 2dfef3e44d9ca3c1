"""Bounds on the effect of taking part where loss differs by arm: the least and largest effect that
any population with the same cells has, Lee's bounds where everybody complies, sets without ends.
"""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.optimize import linprog

import mismes_eval as me
from mismes_eval.errors import EstimateError, IdentificationError
from mismes_eval.impact.trials.late_bounds import possible_effects

VALUES = (0.0, 1.0, 2.0, 5.0)
KINDS = ("always", "never", "complier")
Stratum = tuple[str, int, int, float, float]  # kind, followed untreated and treated, y untreated, y


def strata(more: int) -> list[Stratum]:
    """Every kind of person if taking part moves being followed up (more=1) or down (0)."""
    followed = ((0, 0), (1, 1), (0, 1) if more else (1, 0))
    return [(k, *s, *y) for k, s, y in product(KINDS, followed, product(VALUES, repeat=2))]


def shown(person: Stratum, offered: int) -> tuple[int, int, float]:
    """What is seen of a person: took part, followed, outcome."""
    kind, before, after, untreated, treated = person
    took = {"always": 1, "never": 0, "complier": offered}[kind]
    seen = after if took else before
    outcome = treated if took else untreated
    return took, seen, outcome if seen else -1.0


def population(seed: int, more: int) -> np.ndarray:
    """(strata,) shares of made-up persons."""
    r = np.random.default_rng(seed)
    return r.dirichlet(np.full(len(strata(more)), 0.4))


def frame(shares: np.ndarray, more: int) -> pd.DataFrame:
    """The population in both arms, weights its shares (offered: twice those not)."""
    rows = [
        (z, *shown(person, z), share * (1 + z))
        for z in (0, 1)
        for person, share in zip(strata(more), shares, strict=True)
    ]
    out = pd.DataFrame(rows, columns=["z", "took", "seen", "y", "w"])
    return out.assign(y=out.y.where(out.seen == 1))


def searched(shares: np.ndarray, more: int) -> list[float]:
    """Least and largest effect on compliers followed either way over all populations that show the
    same cells, by linear programming over the strata."""
    people = strata(more)
    cells = sorted({(z, shown(p, z)) for z in (0, 1) for p in people})
    matrix = np.array([[float(shown(p, z) == cell) for p in people] for z, cell in cells])
    inside = np.array([p[:3] == ("complier", 1, 1) for p in people])
    gain = np.array([p[4] - p[3] for p in people]) * inside
    share = float(shares @ inside)
    found = [
        linprog(sign * gain, A_eq=matrix, b_eq=matrix @ shares, bounds=(0, None))
        for sign in (1.0, -1.0)
    ]
    return [float(found[0].fun) / share, -float(found[1].fun) / share]


@pytest.mark.golden
@pytest.mark.parametrize("more", [1, 0])
@pytest.mark.parametrize("seed", range(6))
def test_no_population_with_the_same_cells_lies_outside(seed: int, more: int) -> None:
    shares = population(seed, more)
    s = me.Sample.from_frame(frame(shares, more), weights="w")
    found = me.late_bounds(s, "y", "took", "z", "seen")
    assert list(found.value) == pytest.approx(searched(shares, more), abs=1e-8)
    followed = found.extra["followed"]
    assert (followed[0] > followed[1]) == bool(more)


def trial(n: int = 600, loss: float = 0.3, offer: float = 0.6) -> pd.DataFrame:
    r = np.random.default_rng(5)
    f = pd.DataFrame({"age": r.normal(size=n), "block": r.choice(["a", "b"], n)})
    f["z"] = r.random(n) < np.where(f.block == "a", 0.4, 0.6)
    f["took"] = r.random(n) < 0.1 + offer * f.z
    f["seen"] = r.random(n) < 0.6 + loss * f.took
    f["y"] = np.where(f.seen, 1 + f.age + f.took + r.normal(size=n), np.nan)
    return f.assign(w=r.uniform(1, 2, n), psu=np.arange(n) // 6)


def sample(f: pd.DataFrame) -> me.Sample:
    return me.Sample.from_frame(f, weights="w", psu="psu")


@pytest.mark.identity
@pytest.mark.parametrize("loss", [0.3, -0.3])
def test_where_everybody_complies_they_are_lee_bounds(loss: float) -> None:
    f = trial(loss=loss)
    f = f.assign(z=f.took)
    found = me.late_bounds(sample(f), "y", "took", "z", "seen")
    lee = me.lee_bounds(sample(f), "y", "z", "seen")
    assert list(found.value) == pytest.approx(list(lee.value), rel=1e-10)
    assert list(found.se) == pytest.approx(list(lee.se), rel=1e-8)
    assert found.extra["trimming_share"] == pytest.approx(lee.extra["trimming_share"], rel=1e-10)


@pytest.mark.identity
def test_the_set_is_what_the_tests_do_not_reject() -> None:
    f = trial().assign(y=lambda f: f.y.fillna(0.0), higher=lambda f: f.y.fillna(0.0) + 0.4 * f.z)
    joint = me.itt(sample(f), ["y", "higher", "took"], "z")
    low, high = possible_effects(joint, 0.9)
    critical = stats.t.ppf(0.95, joint.degf.min())
    for effect in np.linspace(-3, 4, 141):
        gap = joint.value[:2] - effect * joint.value[2]
        rows = np.array([[1.0, 0.0, -effect], [0.0, 1.0, -effect]])
        t = gap / np.sqrt(np.diag(rows @ joint.vcov @ rows.T))
        assert (low <= effect <= high) == bool(t[0] <= critical and t[1] >= -critical)
    found = me.late_bounds(sample(trial()), "y", "took", "z", "seen", level=0.9)
    ends = "{:.4g} to {:.4g}".format(*found.extra["set"])
    assert any(ends in str(n) for n in found.notes)


def test_where_the_offer_hardly_moves_take_up_no_effect_is_excluded() -> None:
    found = me.late_bounds(sample(trial(offer=0.08)), "y", "took", "z", "seen")
    assert found.extra["set"] == (-np.inf, np.inf)
    assert any("no effect is excluded" in str(n) for n in found.notes)


@pytest.mark.whole
@pytest.mark.property
def test_the_interval_holds_the_effect_on_followed_compliers() -> None:
    """150 trials of 500: effect 1 on everybody, those who take part are followed more often."""
    r, hits = np.random.default_rng(3), 0
    for _ in range(150):
        n = 500
        z = r.random(n) < 0.5
        ease = r.random(n)
        took = np.where(ease < 0.15, True, z & (ease < 0.7))
        level = r.normal(size=n)
        seen = r.random(n) < 1 / (1 + np.exp(-0.5 - level - took))
        y = np.where(seen, level + took + r.normal(size=n), np.nan)
        f = pd.DataFrame({"z": z, "took": took, "seen": seen, "y": y, "w": 1.0})
        low, high = me.late_bounds(
            me.Sample.from_frame(f, weights="w"), "y", "took", "z", "seen"
        ).extra["set"]
        hits += bool(low <= 1 <= high)
    assert hits / 150 > 0.93


def test_what_has_no_bounds_is_refused() -> None:
    f = trial()
    with pytest.raises(IdentificationError, match="no followed compliers"):
        me.late_bounds(sample(f.assign(took=~f.took)), "y", "took", "z", "seen")
    with pytest.raises(EstimateError, match="missing outcomes among observed"):
        me.late_bounds(sample(f.assign(seen=True)), "y", "took", "z", "seen")


@pytest.mark.identity
def test_where_nobody_is_lost_both_bounds_are_the_effect() -> None:
    """Noise leaves the distributions of compliers negative parts: nothing may be trimmed by them."""
    f = trial(240)
    f["seen"] = 1
    f["y"] = np.random.default_rng(2).normal(size=len(f)) + f["took"]
    found, effect = (
        me.late_bounds(sample(f), "y", "took", "z", "seen"),
        me.late(sample(f), "y", "took", "z"),
    )
    assert found.value == pytest.approx([effect.value[0]] * 2, rel=1e-9)
    assert found.se == pytest.approx([effect.se[0]] * 2, rel=1e-7)
