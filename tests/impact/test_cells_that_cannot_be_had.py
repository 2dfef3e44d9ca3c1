"""A cohort, a period or a category that stops one comparison is named, and stops no other."""

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.errors import IdentificationError, ParamsError

PERIODS = range(1, 7)


def panel(cohorts: dict[int, int]) -> pd.DataFrame:
    rng, rows, unit = np.random.default_rng(4), [], 0
    for g, n in cohorts.items():
        for _ in range(n):
            level, x = rng.normal(), rng.normal()
            for t in PERIODS:
                y = level + 0.3 * t + 0.2 * x * t + rng.normal() + (g > 0 and t >= g)
                rows.append((unit, t, g, x, y, 1.0))
            unit += 1
    return pd.DataFrame(rows, columns=["id", "t", "g", "x", "y", "w"])


def of(frame: pd.DataFrame) -> me.Sample:
    return me.Sample.from_frame(frame, weights="w", psu="id")


def gt(sample: me.Sample, unit: str | None = "id", **arguments: object) -> me.GroupTime:
    return me.att_gt(sample, "y", "g", "t", unit, **arguments)


def by_region() -> me.Sample:
    """Region Z is known in cohort 5 only."""
    frame = panel({0: 60, 3: 40, 5: 40})
    z = (frame["g"] == 5) & (frame["id"] % 5 == 0)
    return of(frame.assign(region=np.where(z, "Z", np.where(frame["id"] % 2, "A", "B"))))


def test_a_separated_cohort_is_named_and_can_be_left_out() -> None:
    frame = panel({0: 60, 3: 40, 5: 2})
    frame.loc[frame["g"] == 5, "x"] = 9.0
    s = of(frame)
    with pytest.raises(IdentificationError, match=r"cohort 5, .*run to 0 or 1: x\.") as caught:
        gt(s, covariates=["x"])
    assert len(caught.value.problems) == 1
    some = gt(s, covariates=["x"], impossible="leave_out")
    alone = gt(s.where(frame["g"] != 5), covariates=["x"])
    for column in ("cohort", "time", "att", "se"):
        np.testing.assert_allclose(some.to_frame()[column], alone.to_frame()[column], rtol=1e-9)
    assert any(n.startswith("Left out: cohort 5, 1 to 2") for n in some.estimate.notes)
    assert some.aggregate("cohort").keys["cohort"].tolist() == [3.0]


@pytest.mark.parametrize("unit", ["id", None])
@pytest.mark.parametrize("method", ["dr", "dr_improved", "ipw", "ipw_ht", "or"])
def test_a_category_of_one_cohort_stops_no_other(method: str, unit: str | None) -> None:
    s = by_region()
    found = gt(s, unit, covariates=["region"], method=method)
    alone = gt(s.where(s.frame["g"] != 5), unit, covariates=["region"], method=method)
    assert found.to_frame()["cohort"].unique().tolist() == [3.0]
    np.testing.assert_allclose(found.to_frame()["att"], alone.to_frame()["att"], rtol=1e-9)
    assert any("cohort 5" in n and "region=Z" in n for n in found.estimate.notes)


def test_compared_rows_like_nobody_treated_have_no_part_in_a_propensity() -> None:
    """Their odds are 0: the estimate is that of the comparison without them."""
    s = by_region()
    whole = gt(s, covariates=["region"], method="ipw", control="not_yet").to_frame()
    without = gt(
        s.where(s.frame["region"] != "Z"), covariates=["region"], method="ipw", control="not_yet"
    ).to_frame()
    three = without["cohort"] == 3
    np.testing.assert_allclose(whole["att"], without["att"][three], rtol=1e-9)


def test_nothing_left_names_every_reason() -> None:
    frame = panel({0: 60, 3: 40}).assign(region="A")
    frame.loc[frame["g"] == 3, "region"] = "Z"
    with pytest.raises(IdentificationError, match="none with region=Z"):
        gt(of(frame), covariates=["region"], impossible="leave_out")


def test_a_cohort_that_was_not_asked_once_can_be_left_out_of_those_cells() -> None:
    frame = panel({0: 60, 3: 40, 5: 40})
    s = of(frame[~((frame["g"] == 5) & (frame["t"] == 2))])
    with pytest.raises(IdentificationError, match="cohort 5, 1 to 2"):
        gt(s, None)
    kept = gt(s, None, impossible="leave_out").to_frame()
    assert kept[kept["cohort"] == 5]["time"].tolist() == [4, 5, 6]
    whole = gt(of(frame), None).to_frame()
    three = whole["cohort"] == 3
    np.testing.assert_allclose(kept["att"][kept["cohort"] == 3], whole["att"][three], rtol=1e-9)


@pytest.mark.parametrize("method", ["dr", "dr_improved", "ipw", "ipw_ht", "or"])
@pytest.mark.parametrize("unit", [1e-6, 1e9])
def test_the_unit_of_a_covariate_changes_nothing(method: str, unit: float) -> None:
    rng = np.random.default_rng(1)
    d = (np.arange(300) % 3 == 0).astype(int)
    f = pd.DataFrame({"d": d, "y0": rng.normal(size=300), "w": 1.0})
    f["income"], f["y1"] = rng.lognormal(10, 1, 300), f["y0"] + d + rng.normal(size=300)
    plain, scaled = (
        me.att_2x2(
            me.Sample.from_frame(g, weights="w"),
            ("y0", "y1"),
            "d",
            covariates=["income"],
            method=method,
        )
        for g in (f, f.assign(income=f["income"] * unit))
    )
    assert scaled.value[0] == pytest.approx(plain.value[0], rel=1e-9)
    assert scaled.se[0] == pytest.approx(plain.se[0], rel=1e-9)


def test_no_overlap_is_said_of_an_arm_without_covariates() -> None:
    """One arm with 99.8% of the weight has a propensity of 0.998 and no covariate to overlap in."""
    rng = np.random.default_rng(2)
    f = pd.DataFrame({"d": np.arange(400) % 2, "y0": rng.normal(size=400)})
    f["y1"], f["w"] = rng.normal(size=400), np.where(f["d"] == 1, 5000.0, 1.0)
    e = me.att_2x2(me.Sample.from_frame(f, weights="w"), ("y0", "y1"), "d")
    assert e.extra["extreme_overlap"] == 0.0 and not any("overlap" in n for n in e.notes)


def test_bounds_carry_the_caution_of_few_psus() -> None:
    rng = np.random.default_rng(3)
    f = pd.DataFrame(
        {
            "d": np.r_[np.zeros(400), np.ones(100)],
            "c": np.r_[np.repeat(np.arange(20), 20), np.repeat([100, 101], 50)],
            "y": rng.normal(size=500),
            "s": (rng.random(500) < 0.8).astype(int),
            "b": (rng.random(500) < 0.5).astype(int),
            "w": 1.0,
        }
    )
    s, all_seen = me.Sample.from_frame(f, weights="w", psu="c"), f.assign(c=np.arange(500))
    wide = me.Sample.from_frame(all_seen, weights="w", psu="c")
    for bound in (
        lambda x: me.lee_bounds(x, "y", "d", "s"),
        lambda x: me.manski_bounds(x, "y", "d", "s", low=-9, high=9),
        lambda x: me.delta_sensitivity(x, "y", "d", "s", [0.0, 1.0]),
        lambda x: me.recall_sensitivity(x, "s", "b", "d", [0.9], [0.9]),
    ):
        assert bound(s).doubtful and not bound(wide).doubtful
        assert "to be read with caution" in bound(s).cautions[0]


SEPARATED = pd.DataFrame(
    {"y": [0, 0, 0, 1, 1, 1], "x": [1.0, 2, 3, 7, 8, 9], "z": [1.0, 4, 2, 3, 1, 4], "w": 1.0}
)


@pytest.mark.parametrize(
    ("verb", "named"),
    [
        (lambda s: me.logit(s, "y ~ z + x"), "0 or 1: x"),
        (lambda s: me.nonresponse(s, "y", ["z", "x"]), "0 or 1: x"),
        (lambda s: me.att_2x2(s, ("z", "x"), "y", covariates=["x"]), "0 or 1: x"),
        (lambda s: me.nonresponse(s, "y", ["z", "again"]), "collinear: again"),
    ],
)
def test_a_fit_without_end_names_its_covariate(verb: object, named: str) -> None:
    s = me.Sample.from_frame(SEPARATED.assign(again=2 * SEPARATED["z"]), weights="w")
    with pytest.raises(me.MismesError, match=named):
        verb(s)  # type: ignore[operator]


def test_a_slip_is_answered_with_the_call_that_was_meant() -> None:
    s = of(panel({0: 4, 3: 4}))
    with pytest.raises(me.MismesError, match="covariates"):
        me.att_2x2(s, "y", "g", "t", covariate=["x"])  # type: ignore[call-arg]
    with pytest.raises(me.MismesError, match="att_2x2"):
        me.att_2x2(s, "y", "g", "t", (), "dr", (), True, 5, 6)  # type: ignore[call-arg]
    with pytest.raises(ParamsError, match="section 'mapping' alone"):
        me.lfs.read("persons.csv", mapping=s)
