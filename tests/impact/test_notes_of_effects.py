"""Every note that an effect carries where something was left out, read in a certain way,
acknowledged or few: word by word, and in its place; placebos, groups and donuts row by row.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.estimate.estimate import NotEstimable
from mismes_eval.impact.did.triple import triple_difference
from mismes_eval.impact.regression.fixed_effects import two_way
from mismes_eval.impact.regression.imputation import imputation
from mismes_eval.impact.regression.sun_abraham import sun_abraham
from mismes_eval.tracer.panel import TracerPanel

P, U, T = np.arange(40), np.repeat(np.arange(12), 4), np.tile(np.arange(1, 5), 12)
THREE = np.array([0.0, 3.0, 4.0])
GAP = np.where((U < 2) & (T == 3), np.nan, np.sin(U * 7.0 + T))
ELEMENT = "Variance: linearised, independent persons in 1 stratum, no PSU or household in the file, no cluster effect supplied. Weight: base weight; no weight step."
UNITS = "Variance: linearised, 12 PSUs in 1 stratum. Weight: base weight; no weight step."


def group_time(cohorts: int = 2, units: int = 12, comparison: str = "never") -> str:
    return f"Group-time effects of y, doubly robust, panel; comparison: {comparison} treated; base: varying; anticipation: 0; covariates: none; {cohorts} cohorts, 4 periods, {units} units."


def wide(**columns: object) -> me.Sample:
    f = pd.DataFrame(
        {
            "w": 1.0,
            "y0": np.sin(P),
            "y1": np.cos(P) + P % 2,
            "d": P % 2,
            "x": np.tan(P / 30),
            "v": P // 8,
            "g": P // 20,
            "e": P // 2 % 2,
            "m": P % 9 - 4.0,
        }
    )
    return me.Sample.from_frame(f.assign(**columns), weights="w")


def rows(**columns: object) -> pd.DataFrame:
    g = THREE[U % 3]
    return pd.DataFrame(
        {
            "u": U,
            "t": T,
            "g": g,
            "y": np.sin(U * 7.0 + T),
            "w": 1.0,
            "d": U % 2,
            "on": 1.0 * ((g > 0) & (g <= T)),
        }
    ).assign(**columns)


def long(**columns: object) -> me.Sample:
    return me.Sample.from_frame(rows(**columns), weights="w", psu="u")


def gt(data: object = None, **words: object) -> me.Estimate:
    return me.att_gt(long() if data is None else data, "y", "g", "t", "u", **words).estimate  # type: ignore[arg-type]


def tracer() -> TracerPanel:
    """Persons 0 and 1 answered wave 3 without an outcome."""
    return TracerPanel.from_frame(
        rows(y=GAP).rename(columns={"u": "person_id", "t": "wave"}), weights="w"
    )


def att(s: me.Sample) -> me.Estimate:
    return me.att_2x2(s, ("y0", "y1"), "d")


NOTES: dict[str, tuple[Callable[[], me.Estimate], tuple[str, ...]]] = {
    "cohorts treated at once, and after the end": (
        lambda: gt(long(g=np.array([0.0, 3.0, 1.0, 9.0])[U % 4])),
        (
            group_time(1),
            "Cohorts 1 were treated in the first period already (or within the anticipation): no period before it, so left out.",
            "Cohorts 9 start after the last period and serve as never treated.",
            UNITS,
        ),
    ),
    "everybody is treated in the end": (
        lambda: gt(long(g=np.array([2.0, 3.0, 4.0])[U % 3]), control="not_yet"),
        (
            group_time(3, comparison="not yet"),
            "No comparison group is left for 4 group-time effects, which are left out: (2, 4), (3, 4), (4, 3), (4, 4).",
            UNITS,
        ),
    ),
    "acknowledged breaks": (
        lambda: gt(series_breaks=[3, 4], acknowledge_breaks=True),
        (
            group_time(),
            "Acknowledged break of the series: cohort 3, break at 3.",
            "Acknowledged break of the series: cohort 4, break at 4.",
            UNITS,
        ),
    ),
    "periods of several lengths": (
        lambda: gt(long(t=np.array([0, 1, 2, 5])[T - 1])),
        (
            group_time(),
            "Periods are not evenly spaced (0, 1, 2, 5); event time is counted in units of the time column.",
            "Cohort 3 is no period: it counts as treated from 5 on, its event time 2.",
            "Cohort 4 is no period: it counts as treated from 5 on, its event time 1.",
            UNITS,
        ),
    ),
    "0 is a period and never": (
        lambda: gt(long(t=T - 2, g=np.array([0.0, 1.0, 2.0])[U % 3])),
        (
            group_time(),
            "0 in 'g' is read as never treated, although 0 is one of the periods: where it means a start, count the periods from 1.",
            UNITS,
        ),
    ),
    "weights that move": (
        lambda: gt(long(w=1.0 + (U == 2) * (T == 3))),
        (
            group_time(),
            "Weights differ between periods in 1 units: each unit has its weight of its first period in the window (R did).",
            UNITS,
        ),
    ),
    "gaps": (
        lambda: gt(long(y=GAP)),
        (
            group_time(units=10),
            "2 of 12 units lack 'y' in some period and are outside the domain; nothing stands in for them.",
            UNITS,
        ),
    ),
    "gaps by pairs": (
        lambda: gt(long(y=GAP), unbalanced="pairs"),
        (
            group_time(),
            "2 of 12 units lack 'y' in some period; each comparison uses the units seen in both of its periods.",
            UNITS,
        ),
    ),
    "a panel with gaps": (
        lambda: me.att_gt(tracer(), "y", "g").estimate,
        (
            group_time(units=10),
            "2 responding persons without 'y' in every wave are outside the domain.",
            ELEMENT,
        ),
    ),
    "a panel with gaps by pairs": (
        lambda: me.att_gt(tracer(), "y", "g", unbalanced="pairs").estimate,
        (
            group_time(),
            "Each comparison uses the persons who answered its two waves, with the weights made for those waves.",
            "Of the persons who answered both waves of a comparison, up to 2 have no 'y' in one of them and are left out of it.",
            ELEMENT,
        ),
    ),
    "a regression of a panel with gaps": (
        lambda: two_way(tracer(), "y", "on"),
        (
            "Two-way fixed effects, static, of y on on. 10 units, 4 periods, 40 rows. Small-sample factor: the design's.",
            "2 responding persons lack a value in some wave and are outside the domain.",
            ELEMENT,
        ),
    ),
    "two waves with gaps": (
        lambda: me.att_2x2(tracer(), "y", "d", (1, 3)),
        (
            "Difference-in-differences, doubly robust, one row a unit; no covariates; 5 treated and 5 comparison rows.",
            ELEMENT,
            "2 responding persons without 'y' in both waves are outside the domain.",
        ),
    ),
    "two breaks between two periods": (
        lambda: me.att_2x2(
            wide(t=np.where(P % 4 < 2, 2010, 2012)),
            "y1",
            "d",
            "t",
            series_breaks=[2011, 2012],
            acknowledge_breaks=True,
        ),
        (
            "Difference-in-differences, doubly robust, repeated cross-sections; no covariates; 20 treated and 20 comparison rows.",
            ELEMENT,
            "Acknowledged break of the series: break at 2011.",
            "Acknowledged break of the series: break at 2012.",
        ),
    ),
    "breaks of two columns": (
        lambda: me.att_2x2(
            wide(), ("y0", "y1"), "d", series_breaks=[2011], acknowledge_breaks=True
        ),
        (
            "Difference-in-differences, doubly robust, one row a unit; no covariates; 20 treated and 20 comparison rows.",
            ELEMENT,
            "Breaks of the series were acknowledged and not placed.",
        ),
    ),
    "few households": (
        lambda: att(
            me.Sample.from_frame(wide().frame.assign(hh=P // 8), weights="w", household="hh")
        ),
        (
            "Difference-in-differences, doubly robust, one row a unit; no covariates; 20 treated and 20 comparison rows.",
            "Variance: linearised, household clusters (5) in 1 stratum, no PSU in the file. Weight: base weight; no weight step.",
        ),
    ),
    "one PSU": (
        lambda: att(
            me.Sample.from_frame(wide(d=P < 1).frame.assign(p=P // 2), weights="w", psu="p")
        ),
        (
            "Difference-in-differences, doubly robust, one row a unit; no covariates; 1 treated and 39 comparison rows.",
            "Variance: linearised, 20 PSUs in 1 stratum. Weight: base weight; no weight step.",
        ),
    ),
    "a triple difference of few": (
        lambda: triple_difference(wide(e=P < 14), ("y0", "y1"), "d", "e"),
        (
            "Triple difference, doubly robust; covariates: none; 7 eligible and 13 other rows in treated places, 7 and 13 elsewhere.",
            ELEMENT,
        ),
    ),
    "units as clusters": (
        lambda: two_way(me.Sample.from_frame(rows(), weights="w"), "y", "on", unit="u", time="t"),
        (
            "Two-way fixed effects, static, of y on on. 12 units, 4 periods, 48 rows. Small-sample factor: the design's.",
            "The file has no PSU: standard errors are clustered by 'u'.",
            UNITS,
        ),
    ),
    "another small-sample rule": (
        lambda: two_way(long(), "y", "on", unit="u", time="t", small_sample="nested"),
        (
            "Two-way fixed effects, static, of y on on. 12 units, 4 periods, 48 rows. Small-sample factor: (n - 1)/(n - K), unit effects nested in clusters not counted "
            "(fixest, Stata xtreg and reghdfe).",
            UNITS,
        ),
    ),
    "breaks of a regression": (
        lambda: sun_abraham(
            long(), "y", "g", unit="u", time="t", series_breaks=[4], acknowledge_breaks=True
        ),
        (
            "Sun-Abraham regression of y. 12 units, 4 periods, 48 rows. Small-sample factor: the design's.",
            UNITS,
            "Acknowledged break of the series: cohort 4, break at 4.",
        ),
    ),
    "two reference periods": (
        lambda: two_way(
            long(e=np.where(THREE[U % 3] > 0, T - THREE[U % 3], np.inf)),
            "y",
            event_time="e",
            unit="u",
            time="t",
            reference=(-1, -2),
        ),
        (
            "Two-way fixed effects event study of y; reference -1, -2. 12 units, 4 periods, 48 rows. Small-sample factor: the design's.",
            UNITS,
        ),
    ),
    "nothing to impute from": (
        lambda: imputation(long(g=np.array([2.0, 1.0, 3.0])[U % 3]), "y", "g", unit="u", time="t"),
        (
            "Imputation from untreated rows, y; covariates: none; 4 treated and 12 untreated rows, 12 units; errors: influence.",
            "32 treated rows have nothing to impute from and are left out: 4 units never seen untreated; nobody is untreated in 3, 4.",
            UNITS,
        ),
    ),
    "units that are always treated": (
        lambda: imputation(
            long(g=np.array([0.0, 1.0, 3.0])[U % 3], z=1.0 * U * T * T),
            "y",
            "g",
            unit="u",
            time="t",
            covariates="z",
            series_breaks=[3],
            acknowledge_breaks=True,
        ),
        (
            "Imputation from untreated rows, y; covariates: z; 8 treated and 24 untreated rows, 12 units; errors: influence.",
            "Acknowledged break of the series: cohort 3, break at 3.",
            "16 treated rows have nothing to impute from and are left out: 4 units never seen untreated.",
            UNITS,
        ),
    ),
}


@pytest.mark.parametrize("name", NOTES)
def test_an_effect_says_what_was_done(name: str) -> None:
    make, notes = NOTES[name]
    order = ("Before: ", "Periods in their order: ")
    assert tuple(n for n in make().notes if not n.startswith(order)) == notes


def test_many_effects_without_a_comparison_are_cut_at_twelve() -> None:
    """Fifteen periods and cohorts 2 to 15: in 15 nobody is left for the thirteen others, nor for
    the last one from 14 on.
    """
    u, t = np.repeat(np.arange(28), 15), np.tile(np.arange(1, 16), 28)
    f = pd.DataFrame({"u": u, "t": t, "g": 2.0 + u % 14, "y": np.cos(u * 1.3 + t), "w": 1.0})
    note = me.att_gt(
        me.Sample.from_frame(f, weights="w", psu="u"), "y", "g", "t", "u", control="not_yet"
    ).estimate.notes[2]
    listed = ", ".join(f"({g}, 15)" for g in range(2, 14))
    assert (
        note
        == f"No comparison group is left for 15 group-time effects, which are left out: {listed} ...."
    )


# Placebos, groups, donuts


def test_groups_without_the_measure_take_their_turn() -> None:
    p = me.placebo_groups(att, wide(), "d", "v")
    table = p.to_frame()
    assert (
        table["specification"].tolist() == ["actual", *"01234"]
        and table["v"].tolist() == ["actual", *"01234"]
        and table["n"].tolist() == [40] + [20] * 5
    )
    s = wide()
    change = (s.frame["y1"] - s.frame["y0"]).to_numpy()
    of = s.frame["v"].to_numpy()
    others = P % 2 == 0
    expected = [
        change[others & (of == k)].mean() - change[others & (of != k)].mean() for k in range(5)
    ]
    assert table["value"].tolist() == pytest.approx([att(s).value[0], *expected])
    larger = sum(abs(v) >= abs(att(s).value[0]) for v in expected)
    assert p.rank_p == (1 + larger) / 6 and p.curve.reference == "actual"
    assert p.curve.notes == (
        "Groups of 'v' without the measure play the treated, in turn.",
        ELEMENT,
    )
    assert p.joint.ndf == 5 or isinstance(p.joint, NotEstimable)  # type: ignore[union-attr]
    kinds = set()
    me.placebo_groups(
        lambda s: kinds.add(str(s.frame["d"].dtype)) or att(s), wide(d=P % 2 == 1), "d", "v"
    )  # type: ignore[func-returns-value]
    assert kinds == {"bool"}


def test_a_placebo_beside_an_effect_that_cannot_be_had_has_no_rank() -> None:
    def only_placebos(s: me.Sample) -> me.Estimate:
        if s.active.all():
            raise me.errors.EstimateError("the measure itself is not looked at")
        return att(s)

    p = me.placebo_groups(only_placebos, wide(), "d", "v")
    assert p.rank_p is None and p.to_frame()["reason"].tolist() == [
        "the measure itself is not looked at.",
        *[""] * 5,
    ]
    none = me.placebo_groups(
        lambda s: (_ for _ in ()).throw(me.errors.EstimateError("nothing")), wide(), "d", "v"
    )
    assert none.rank_p is None and none.joint == NotEstimable("no placebo could be estimated")


def test_dates_and_outcomes_are_named() -> None:
    dates = me.placebo_dates(
        lambda s, date: me.att_2x2(s, ("y0", f"y{date}"), "d"), wide(y2=np.sin(2 * P)), [1, 2]
    )
    assert dates.to_frame()[["specification", "date"]].to_numpy().tolist() == [
        ["1", "1"],
        ["2", "2"],
    ]
    assert (
        dates.curve.notes == ("Treatment dated before it began.", ELEMENT)
        and dates.curve.reference is None
        and dates.rank_p is None
    )
    assert dates.joint.ndf == 2  # type: ignore[union-attr]
    outcomes = me.placebo_outcomes(lambda s, o: me.att_2x2(s, ("y0", o), "d"), wide(), ["x", "y1"])
    assert outcomes.to_frame()[["specification", "outcome"]].to_numpy().tolist() == [
        ["x", "x"],
        ["y1", "y1"],
    ]
    assert (
        outcomes.curve.notes == ("Outcomes that the measure cannot have moved.", ELEMENT)
        and outcomes.rank_p is None
    )
    assert outcomes.to_frame()["value"].tolist() == pytest.approx(
        [me.att_2x2(wide(), ("y0", c), "d").value[0] for c in ("x", "y1")]
    )
    again = me.placebo_outcomes(lambda s, o: att(s), wide(), ["x", "y1"])
    assert isinstance(again.joint, NotEstimable) and again.joint.reason.startswith(
        "the combinations depend on each other"
    )


def test_groups_of_two_columns_against_one_of_them() -> None:
    g = me.by_group(att, wide(b=P % 3 == 0), ["g", "b"], reference=(1, True))
    assert (
        g.effects.names == ("0, False", "0, True", "1, False", "1, True")
        and g.reference == "1, True"
        and g.missing == {}
    )
    assert g.differences.names == (
        "0, False minus 1, True",
        "0, True minus 1, True",
        "1, False minus 1, True",
    )  # type: ignore[union-attr]
    assert g.differences.keys["group"].tolist() == ["0, False", "0, True", "1, False"]  # type: ignore[union-attr]
    np.testing.assert_allclose(g.differences.value, g.effects.value[:3] - g.effects.value[3])  # type: ignore[union-attr]
    assert (
        me.by_group(att, wide(), "g").reference == "0"
        and me.by_group(att, wide(), "g", reference=1).reference == "1"
    )
    part = me.by_group(att, wide(v=np.where(P == 0, 9, P // 20)), "v", reference=9)
    assert (
        part.reference == "0"
        and list(part.missing) == ["9"]
        and "no treated rows" in part.missing["9"].reason
    )
    alone = me.by_group(att, wide(v=np.where(P == 0, 9, 0)), "v")
    assert (
        alone.differences == NotEstimable("only one group has an estimate: nothing to compare")
        and alone.equality == alone.differences
    )
    table = part.to_frame()
    assert (
        table["group"].tolist() == ["0", "1", "9"]
        and table["reason"].tolist()[:2] == ["", ""]
        and table["value"].isna().tolist() == [False, False, True]
    )
    assert table["difference"].isna().tolist() == [True, False, True]


def test_rows_near_enrolment_leave_by_their_distance() -> None:
    """The months -4 to 4: within 1 lie the 4 rows of month 0 (and the missing stay), within 2.5 the
    months -2 to 2.
    """
    d = me.donut(att, wide(), "m", [1.0, 2.5])
    assert d.to_frame()["n"].tolist() == [40, 36, 40 - int((np.abs(P % 9 - 4) < 2.5).sum())]
    assert d.to_frame()[["specification", "width"]].to_numpy().tolist() == [
        ["all", "0"],
        ["width 1", "1"],
        ["width 2.5", "2.5"],
    ]
    assert (
        d.notes == ("Rows within the width of 'm' = 0 left out.", ELEMENT) and d.reference == "all"
    )
    moved = me.donut(att, wide(m=np.where(P == 3, np.nan, P % 9 - 4.0)), "m", [1.0], centre=-3.0)
    assert (
        moved.to_frame()["n"].tolist() == [40, 40 - int(((P % 9 == 1) & (P != 3)).sum())]
        and moved.notes[0] == "Rows within the width of 'm' = -3 left out."
    )
