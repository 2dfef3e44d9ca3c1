"""Every note that an effect carries where something was left out, read in a certain way,
acknowledged or few: word by word, and in its place; placebos, groups and donuts row by row.
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me

from .made_up import long as panel
from .made_up import wide as persons

P, U, T = np.arange(40), np.repeat(np.arange(12), 4), np.tile(np.arange(1, 5), 12)
THREE = np.array([0.0, 3.0, 4.0])
GAP = np.where((U < 2) & (T == 3), np.nan, np.sin(U * 7.0 + T))
ELEMENT = "Variance: linearised, independent persons in 1 stratum, no PSU or household in the file, no cluster effect supplied. Weight: base weight; no weight step."


def wide(**columns: object) -> me.Sample:
    return persons(**{"v": P // 8, "m": P % 9 - 4.0, **columns})


def long(**columns: object) -> me.Sample:
    return panel(**{"d": U % 2, **columns})


def rows(**columns: object) -> pd.DataFrame:
    return long(**columns).frame


def gt(data: object = None, **words: object) -> me.Estimate:
    return me.att_gt(long() if data is None else data, "y", "g", "t", "u", **words).estimate  # type: ignore[arg-type]


def tracer() -> me.TracerPanel:
    """Persons 0 and 1 answered wave 3 without an outcome."""
    return me.TracerPanel.from_frame(
        rows(y=GAP).rename(columns={"u": "person_id", "t": "wave"}), weights="w"
    )


def att(s: me.Sample) -> me.Estimate:
    return me.att_2x2(s, ("y0", "y1"), "d")


SAID = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
NOTES: dict[str, Callable[[], me.Estimate]] = {
    "cohorts treated at once, and after the end": lambda: gt(
        long(g=np.array([0.0, 3.0, 1.0, 9.0])[U % 4])
    ),
    "everybody is treated in the end": lambda: gt(
        long(g=np.array([2.0, 3.0, 4.0])[U % 3]), control="not_yet"
    ),
    "acknowledged breaks": lambda: gt(series_breaks=[3, 4], acknowledge_breaks=True),
    "periods of several lengths": lambda: gt(long(t=np.array([0, 1, 2, 5])[T - 1])),
    "0 is a period and never": lambda: gt(long(t=T - 2, g=np.array([0.0, 1.0, 2.0])[U % 3])),
    "weights that move": lambda: gt(long(w=1.0 + (U == 2) * (T == 3))),
    "gaps": lambda: gt(long(y=GAP)),
    "gaps by pairs": lambda: gt(long(y=GAP), unbalanced="pairs"),
    "a panel with gaps": lambda: me.att_gt(tracer(), "y", "g").estimate,
    "a panel with gaps by pairs": lambda: (
        me.att_gt(tracer(), "y", "g", unbalanced="pairs").estimate
    ),
    "a regression of a panel with gaps": lambda: me.two_way(tracer(), "y", "on"),
    "two waves with gaps": lambda: me.att_2x2(tracer(), "y", "d", (1, 3)),
    "two breaks between two periods": lambda: me.att_2x2(
        wide(t=np.where(P % 4 < 2, 2010, 2012)),
        "y1",
        "d",
        "t",
        series_breaks=[2011, 2012],
        acknowledge_breaks=True,
    ),
    "breaks of two columns": lambda: me.att_2x2(
        wide(), ("y0", "y1"), "d", series_breaks=[2011], acknowledge_breaks=True
    ),
    "few households": lambda: att(
        me.Sample.from_frame(wide().frame.assign(hh=P // 8), weights="w", household="hh")
    ),
    "one PSU": lambda: att(
        me.Sample.from_frame(wide(d=P < 1).frame.assign(p=P // 2), weights="w", psu="p")
    ),
    "a triple difference of few": lambda: me.triple_difference(
        wide(e=P < 14), ("y0", "y1"), "d", "e"
    ),
    "units as clusters": lambda: me.two_way(
        me.Sample.from_frame(rows(), weights="w"), "y", "on", unit="u", time="t"
    ),
    "another small-sample rule": lambda: me.two_way(
        long(), "y", "on", unit="u", time="t", small_sample="nested"
    ),
    "breaks of a regression": lambda: me.sun_abraham(
        long(), "y", "g", unit="u", time="t", series_breaks=[4], acknowledge_breaks=True
    ),
    "two reference periods": lambda: me.two_way(
        long(e=np.where(THREE[U % 3] > 0, T - THREE[U % 3], np.inf)),
        "y",
        event_time="e",
        unit="u",
        time="t",
        reference=(-1, -2),
    ),
    "nothing to impute from": lambda: me.imputation(
        long(g=np.array([2.0, 1.0, 3.0])[U % 3]), "y", "g", unit="u", time="t"
    ),
    "units that are always treated": lambda: me.imputation(
        long(g=np.array([0.0, 1.0, 3.0])[U % 3], z=1.0 * U * T * T),
        "y",
        "g",
        unit="u",
        time="t",
        covariates="z",
        series_breaks=[3],
        acknowledge_breaks=True,
    ),
}


@pytest.mark.parametrize("name", NOTES)
def test_an_effect_says_what_was_done(name: str) -> None:
    assert notes(NOTES[name]()) == SAID[name], (
        "if the new words are better: python tests/proof/write_messages.py"
    )


def notes(e: me.Estimate) -> list[str]:
    """Notes but for the order of periods, which `test_panel_of_any_time` looks at."""
    return [n for n in e.notes if not n.startswith(("Before: ", "Periods in their order: "))]


def written() -> dict[str, list[str]]:
    """What stands beside this file."""
    return {name: notes(make()) for name, make in NOTES.items()}


def test_many_effects_without_a_comparison_are_named() -> None:
    """Fifteen periods and cohorts 2 to 15: in 15 nobody is left for the thirteen others, nor for
    the last one from 14 on.
    """
    u, t = np.repeat(np.arange(28), 15), np.tile(np.arange(1, 16), 28)
    f = pd.DataFrame({"u": u, "t": t, "g": 2.0 + u % 14, "y": np.cos(u * 1.3 + t), "w": 1.0})
    note = me.att_gt(
        me.Sample.from_frame(f, weights="w", psu="u"), "y", "g", "t", "u", control="not_yet"
    ).estimate.notes[2]
    listed = ", ".join([*(f"({g}, 15)" for g in range(2, 15)), "(15, 14)", "(15, 15)"])
    assert (
        note
        == f"No comparison group is left for 15 group-time effects, which are left out: {listed}."
    )


# Placebos, groups, donuts


def test_groups_without_the_measure_take_their_turn() -> None:
    p = me.placebo_groups(att, wide(), "d", "v")
    table = p.to_frame()
    assert table["specification"].tolist() == ["actual", *"01234"]
    assert table["v"].tolist() == ["actual", *"01234"]
    assert table["n"].tolist() == [40] + [20] * 5
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
    found = p.curve.notes
    assert found == ("Groups of 'v' without the measure play the treated, in turn.", ELEMENT)
    assert p.joint.ndf == 5 or isinstance(p.joint, me.NotEstimable)  # type: ignore[union-attr]
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
    assert p.rank_p is None
    expected = ["the measure itself is not looked at.", *[""] * 5]
    assert p.to_frame()["reason"].tolist() == expected
    none = me.placebo_groups(
        lambda s: (_ for _ in ()).throw(me.errors.EstimateError("nothing")), wide(), "d", "v"
    )
    assert none.rank_p is None and none.joint == me.NotEstimable("no placebo could be estimated")


def test_dates_and_outcomes_are_named() -> None:
    dates = me.placebo_dates(
        lambda s, date: me.att_2x2(s, ("y0", f"y{date}"), "d"), wide(y2=np.sin(2 * P)), [1, 2]
    )
    expected = [["1", "1"], ["2", "2"]]
    assert dates.to_frame()[["specification", "date"]].to_numpy().tolist() == expected
    assert dates.curve.notes == ("Treatment dated before it began.", ELEMENT)
    assert dates.curve.reference is None
    assert dates.rank_p is None
    assert dates.joint.ndf == 2  # type: ignore[union-attr]
    outcomes = me.placebo_outcomes(lambda s, o: me.att_2x2(s, ("y0", o), "d"), wide(), ["x", "y1"])
    expected = [["x", "x"], ["y1", "y1"]]
    assert outcomes.to_frame()[["specification", "outcome"]].to_numpy().tolist() == expected
    assert outcomes.curve.notes == ("Outcomes that the measure cannot have moved.", ELEMENT)
    assert outcomes.rank_p is None
    assert outcomes.to_frame()["value"].tolist() == pytest.approx(
        [me.att_2x2(wide(), ("y0", c), "d").value[0] for c in ("x", "y1")]
    )
    again = me.placebo_outcomes(lambda s, o: att(s), wide(), ["x", "y1"])
    assert isinstance(again.joint, me.NotEstimable)
    assert again.joint.reason.startswith("the combinations depend on each other")


def test_groups_of_two_columns_against_one_of_them() -> None:
    g = me.by_group(att, wide(b=P % 3 == 0), ["g", "b"], reference=(1, True))
    assert g.effects.names == ("0, False", "0, True", "1, False", "1, True")
    assert g.reference == "1, True"
    assert g.missing == {}
    assert g.differences.names == (
        "0, False minus 1, True",
        "0, True minus 1, True",
        "1, False minus 1, True",
    )  # type: ignore[union-attr]
    assert g.differences.keys["group"].tolist() == ["0, False", "0, True", "1, False"]  # type: ignore[union-attr]
    np.testing.assert_allclose(g.differences.value, g.effects.value[:3] - g.effects.value[3])  # type: ignore[union-attr]
    assert me.by_group(att, wide(), "g").reference == "0"
    assert me.by_group(att, wide(), "g", reference=1).reference == "1"
    part = me.by_group(att, wide(v=np.where(P == 0, 9, P // 20)), "v", reference=9)
    assert part.reference == "0"
    assert list(part.missing) == ["9"]
    assert "no treated rows" in part.missing["9"].reason
    alone = me.by_group(att, wide(v=np.where(P == 0, 9, 0)), "v")
    assert alone.differences == me.NotEstimable(
        "only one group has an estimate: nothing to compare"
    )
    assert alone.equality == alone.differences
    table = part.to_frame()
    assert table["group"].tolist() == ["0", "1", "9"]
    assert table["reason"].tolist()[:2] == ["", ""]
    assert table["value"].isna().tolist() == [False, False, True]
    assert table["difference"].isna().tolist() == [True, False, True]


def test_rows_near_enrolment_leave_by_their_distance() -> None:
    """The months -4 to 4: within 1 lie the 4 rows of month 0 (and the missing stay), within 2.5 the
    months -2 to 2.
    """
    d = me.donut(att, wide(), "m", [1.0, 2.5])
    assert d.to_frame()["n"].tolist() == [40, 36, 40 - int((np.abs(P % 9 - 4) < 2.5).sum())]
    expected = [["all", "0"], ["width 1", "1"], ["width 2.5", "2.5"]]
    assert d.to_frame()[["specification", "width"]].to_numpy().tolist() == expected
    assert d.notes == ("Rows within the width of 'm' = 0 left out.", ELEMENT)
    assert d.reference == "all"
    moved = me.donut(att, wide(m=np.where(P == 3, np.nan, P % 9 - 4.0)), "m", [1.0], centre=-3.0)
    assert moved.to_frame()["n"].tolist() == [40, 40 - int(((P % 9 == 1) & (P != 3)).sum())]
    assert moved.notes[0] == "Rows within the width of 'm' = -3 left out."
