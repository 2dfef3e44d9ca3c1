"""Changes of a panel that must not change an effect, or change it in a known way: each relation on
four panels and every estimator of effects, at 1e-10.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me

from ..some import some

CLOSE = 1e-10
METHODS = ("none", "or", "ipw", "dr", "dr_improved")


@dataclass(frozen=True)
class Panel:
    """wide: one row a unit with y1..y6, cohort (0 never), x, e, w, psu, stratum; design: strata and
    PSUs, or units alone.
    """

    wide: pd.DataFrame
    design: bool

    def two(self, wide: pd.DataFrame | None = None) -> me.Sample:
        """One row a unit."""
        f = self.wide if wide is None else wide
        return (
            me.Sample.from_frame(f, weights="w", strata="stratum", psu="psu")
            if self.design
            else me.Sample.from_frame(f, weights="w")
        )

    def long(self, wide: pd.DataFrame | None = None) -> pd.DataFrame:
        """One row a unit and period."""
        f = self.wide if wide is None else wide
        out = f.loc[f.index.repeat(6)].reset_index(drop=True)
        out["t"] = np.tile(np.arange(1, 7), len(f))
        out["y"] = f[[f"y{t}" for t in range(1, 7)]].to_numpy().ravel()
        out["on"] = ((out["cohort"] > 0) & (out["t"] >= out["cohort"])).astype(float)
        return out

    def many(self, long: pd.DataFrame) -> me.Sample:
        """One row a unit and period, as a sample clustered at least by unit."""
        return (
            me.Sample.from_frame(long, weights="w", strata="stratum", psu="psu")
            if self.design
            else me.Sample.from_frame(long, weights="w", psu="unit")
        )


def _made(seed: int, n: int, design: bool, cohorts: tuple[int, ...], spread: float) -> Panel:
    rng = np.random.default_rng(seed)
    psu = np.repeat(np.arange(n // 8), 8) if design else np.arange(n)
    x = rng.normal(size=n)
    tilt = np.exp(0.3 * np.outer(x, np.linspace(-1, 1, len(cohorts))))
    cohort = np.array(cohorts)[
        (rng.random((n, 1)) > np.cumsum(tilt / tilt.sum(axis=1, keepdims=True), axis=1)).sum(axis=1)
    ]
    shock = rng.normal(0, 0.3, (psu.max() + 1, 6))[psu]
    y = {
        f"y{t}": x * (1 + 0.1 * t)
        + (0.5 + 0.1 * t) * ((cohort > 0) & (t >= cohort))
        + shock[:, t - 1]
        + rng.normal(size=n)
        for t in range(1, 7)
    }
    w = np.exp(spread * rng.normal(size=n))
    e = (rng.random(n) < 0.5).astype(int)
    return Panel(
        pd.DataFrame(
            {
                "unit": np.arange(n),
                "psu": psu,
                "stratum": psu % 4,
                "cohort": cohort.astype(float),
                "x": x,
                "e": e,
                "d": (cohort > 0).astype(int),
                "w": w,
                **y,
            }
        ),
        design,
    )


PANELS: dict[str, Callable[[], Panel]] = {
    "units": cache(lambda: _made(1, 400, False, (0, 3, 4, 5), 0.0)),
    "weighted units": cache(lambda: _made(2, 400, False, (0, 3, 5), 0.5)),
    "survey of PSUs": cache(lambda: _made(3, 480, True, (0, 3, 4, 6), 0.4)),
    "one cohort": cache(lambda: _made(4, 320, True, (0, 4), 0.3)),
}

LONG: dict[str, Callable[[me.Sample], me.Estimate]] = {
    "group-time, simple": lambda s: me.att_gt(
        s, "y", "cohort", "t", unit="unit", covariates=("x",)
    ).overall("simple"),
    "group-time, events": lambda s: me.att_gt(
        s, "y", "cohort", "t", unit="unit", base="universal"
    ).aggregate("event", 0, 1),
    "not yet treated": lambda s: me.att_gt(
        s, "y", "cohort", "t", unit="unit", control="not_yet"
    ).overall("cohort"),
    "imputation": lambda s: me.imputation(s, "y", "cohort", unit="unit", time="t"),
    "two-way": lambda s: me.two_way(s, "y", treated="on", unit="unit", time="t"),
}
SHORT: dict[str, Callable[[me.Sample], me.Estimate]] = {
    **{
        f"two periods, {m}": (
            lambda s, m=m: me.att_2x2(
                s, ("y2", "y6"), "d", covariates=() if m == "none" else ("x",), method=m
            )
        )
        for m in METHODS
    },
    "triple": lambda s: me.triple_difference(s, ("y2", "y6"), "d", "e", covariates=("x",)),
}


@pytest.fixture(params=list(PANELS))
def panel(request: pytest.FixtureRequest) -> Panel:
    return PANELS[request.param]()


def same(a: me.Estimate, b: me.Estimate, scale: float = 1.0, what: str = "") -> None:
    np.testing.assert_allclose(
        b.value, scale * a.value, rtol=CLOSE, atol=CLOSE * abs(scale), err_msg=what
    )
    np.testing.assert_allclose(
        b.vcov,
        scale**2 * a.vcov,
        rtol=CLOSE,
        atol=CLOSE * scale**2 * np.abs(a.vcov).max(),
        err_msg=what,
    )


def unchanged(panel: Panel, wide: pd.DataFrame, scale: float = 1.0) -> None:
    """Every estimator on the panel as it was and on the changed one."""
    a, b = panel.two(), panel.two(wide)
    for name, e in SHORT.items():
        same(e(a), e(b), scale, name)
    a, b = panel.many(panel.long()), panel.many(panel.long(wide))
    for name, e in LONG.items():
        same(e(a), e(b), scale, name)


def shifted(wide: pd.DataFrame, by: Callable[[int], object]) -> pd.DataFrame:
    return wide.assign(**{f"y{t}": wide[f"y{t}"] + by(t) for t in range(1, 7)})


def test_order_of_units_and_names(panel: Panel) -> None:
    wide = panel.wide.sample(frac=1, random_state=3)
    unchanged(
        panel,
        wide.assign(
            unit=[f"person {u:05d}" for u in wide["unit"]],
            psu=wide["psu"] + 1000,
            stratum=wide["stratum"].map("stratum {}".format),
        ),
    )


def test_order_of_rows_of_the_long_file(panel: Panel) -> None:
    long = panel.long()
    for name, e in LONG.items():
        same(e(panel.many(long)), e(panel.many(long.sample(frac=1, random_state=4))), what=name)


def test_weights_in_thousands(panel: Panel) -> None:
    unchanged(panel, panel.wide.assign(w=panel.wide["w"] * 1000))


def test_what_a_unit_brings_along_is_differenced_out(panel: Panel) -> None:
    level = np.random.default_rng(5).normal(0, 50, len(panel.wide))
    unchanged(panel, shifted(panel.wide, lambda t: level))


def test_what_a_period_brings_to_all_is_differenced_out(panel: Panel) -> None:
    unchanged(panel, shifted(panel.wide, lambda t: 3.0 * t * t))


def test_outcome_in_other_units(panel: Panel) -> None:
    unchanged(
        panel, panel.wide.assign(**{f"y{t}": -250 * panel.wide[f"y{t}"] for t in range(1, 7)}), -250
    )


def test_covariate_in_other_units(panel: Panel) -> None:
    unchanged(panel, panel.wide.assign(x=1000 - 12 * panel.wide["x"]))


def test_a_unit_in_two_halves() -> None:
    """Where PSUs carry the clustering, a unit split into two of half the weight in its PSU changes
    nothing.
    """
    panel = PANELS["survey of PSUs"]()
    half = panel.wide.assign(w=panel.wide["w"] / 2)
    unchanged(panel, pd.concat([half, half.assign(unit=half["unit"] + 10_000)], ignore_index=True))


def test_units_without_weight() -> None:
    panel = PANELS["survey of PSUs"]()
    ghosts = shifted(
        panel.wide.iloc[:40].assign(w=0.0, unit=panel.wide["unit"].iloc[:40] + 50_000),
        lambda t: 99.0 * t,
    )
    a, b = panel.two(), panel.two(pd.concat([panel.wide, ghosts], ignore_index=True))
    for name, e in SHORT.items():
        same(e(a), e(b), what=name)


def test_an_effect_that_is_added_is_found(panel: Panel) -> None:
    """5 more for everyone treated, from the start on, raises every effect by 5 and no standard
    error.
    """
    wide = panel.wide
    more = wide.assign(
        **{
            f"y{t}": wide[f"y{t}"] + 5.0 * ((wide["cohort"] > 0) & (t >= wide["cohort"]))
            for t in range(1, 7)
        }
    )
    for estimators, make in ((SHORT, panel.two), (LONG, lambda w=None: panel.many(panel.long(w)))):
        a, b = make(), make(more)
        for name, e in some(estimators.items()):
            first, second = e(a), e(b)
            gap = (
                [0.0, 5.0] if name == "triple" else 5.0
                # eligible and others gain alike, so that their difference stays and the change of the
                # others shows it
            )
            np.testing.assert_allclose(
                second.value - first.value,
                np.broadcast_to(gap, first.value.shape),
                atol=1e-9,
                err_msg=name,
            )
            np.testing.assert_allclose(second.se, first.se, rtol=1e-8, err_msg=name)


def test_treatment_mirrored(panel: Panel) -> None:
    """The untreated as treated: the plain difference of changes with the other sign."""
    a = me.att_2x2(panel.two(), ("y2", "y6"), "d", method="none")
    b = me.att_2x2(
        panel.two(panel.wide.assign(d=1 - panel.wide["d"])), ("y2", "y6"), "d", method="none"
    )
    same(a, b, -1.0)


def test_time_mirrored(panel: Panel) -> None:
    for method in METHODS:
        x = () if method == "none" else ("x",)
        a = me.att_2x2(panel.two(), ("y2", "y6"), "d", covariates=x, method=method)
        b = me.att_2x2(panel.two(), ("y6", "y2"), "d", covariates=x, method=method)
        same(a, b, -1.0, method)


def test_waves_with_other_names(panel: Panel) -> None:
    """Periods as calendar years, every second one: order is all that counts for effects by cohort
    and period.
    """
    long = panel.long()
    named = long.assign(
        t=2010 + 2 * long["t"], cohort=np.where(long["cohort"] > 0, 2010 + 2 * long["cohort"], 0.0)
    )
    for name in ("group-time, simple", "not yet treated", "imputation", "two-way"):
        same(LONG[name](panel.many(long)), LONG[name](panel.many(named)), what=name)


def test_never_treated_written_in_three_ways(panel: Panel) -> None:
    long = panel.long()
    for never in (np.inf, np.nan):
        other = long.assign(cohort=long["cohort"].where(long["cohort"] > 0, never))
        for name in ("group-time, simple", "group-time, events", "not yet treated"):
            same(LONG[name](panel.many(long)), LONG[name](panel.many(other)), what=name)


def test_wide_and_long(panel: Panel) -> None:
    """Two columns and two rows a unit: one number. Without covariates every way is the difference
    of mean changes.
    """
    wide = panel.wide
    long = panel.long()[["unit", "t", "y", "d", "x", "w", "psu", "stratum"]].query("t in (2, 6)")
    flat = me.att_2x2(panel.two(), ("y2", "y6"), "d", method="none")
    stacked = me.two_way(
        panel.many(long.assign(on=long["d"] * (long["t"] == 6))),
        "y",
        treated="on",
        unit="unit",
        time="t",
    )
    np.testing.assert_allclose(stacked.value, flat.value, rtol=1e-9)
    cells = me.att_gt(
        panel.many(long.assign(cohort=np.where(long["d"] == 1, 6.0, 0.0))),
        "y",
        "cohort",
        "t",
        unit="unit",
        covariates=("x",),
    ).overall("simple")
    same(me.att_2x2(panel.two(), ("y2", "y6"), "d", covariates=("x",)), cells)
    assert len(wide) * 2 == len(long)


def test_one_cohort_has_one_comparison_group() -> None:
    """Never treated and not yet treated are the same units where all start together."""
    panel = PANELS["one cohort"]()
    s = panel.many(panel.long())
    a, b = (
        me.att_gt(s, "y", "cohort", "t", unit="unit", covariates=("x",), control=c)
        for c in ("never", "not_yet")
    )
    same(a.overall("simple"), b.overall("simple"))
    same(a.aggregate("event"), b.aggregate("event"))


def test_one_cohort_needs_no_weights_between_cohorts() -> None:
    """With one cohort the two-way coefficient is the imputation estimate's difference of means:
    Bacon has one comparison.
    """
    panel = PANELS["one cohort"]()
    s = panel.many(panel.long())
    assert len(me.bacon(s, "y", "cohort", unit="unit", time="t").to_frame()) == 1


def test_bacon_weights_and_estimates_make_the_coefficient(panel: Panel) -> None:
    s = panel.many(panel.long())
    table = me.bacon(s, "y", "cohort", unit="unit", time="t").to_frame()
    coefficient = me.two_way(s, "y", treated="on", unit="unit", time="t").value[0]
    assert float((table["weight"] * table["estimate"]).sum()) == pytest.approx(
        coefficient, rel=CLOSE
    )
    assert table["weight"].sum() == pytest.approx(1, rel=CLOSE)


def test_groups_add_up(panel: Panel) -> None:
    """The effect on all treated is the mean of the effects on two halves of them, each by its
    weight, where every comparison uses all untreated.
    """
    wide = panel.wide
    treated, half = wide["d"] == 1, wide["e"] == 1
    whole = me.att_2x2(panel.two(), ("y2", "y6"), "d", method="none").value[0]
    parts, size = [], []
    for part in (half, ~half):
        keep = ~treated | part
        parts.append(me.att_2x2(panel.two().where(keep), ("y2", "y6"), "d", method="none").value[0])
        size.append(wide.loc[treated & part, "w"].sum())
    assert np.average(parts, weights=size) == pytest.approx(whole, rel=CLOSE)


def test_nobody_lost_needs_no_weight(panel: Panel) -> None:
    """A step for those who were lost leaves the effect and its error as they are where nobody was."""
    s = panel.two(panel.wide.assign(stays=True))
    for name, e in SHORT.items():
        same(e(s), e(me.nonresponse(s, "stays", "e", method="cells")), what=name)
