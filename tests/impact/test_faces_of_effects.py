"""The face of every effect: its names, the columns of its keys, its kind, its definition and every
note, word by word, and the columns of every table of results.
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import mismes_eval as me

from .made_up import long as panel
from .made_up import wide as persons

P = np.arange(40)


def wide(**columns: object) -> me.Sample:
    """The last three of each arm are not observed."""
    seen = {"s": P < 34, "tried": P >= 36, "found": P >= 38}
    return persons(
        **{
            "w": 1.0 + P % 2 * (P % 3),
            "b": P % 3 == 0,
            "a": P % 5 > 1,
            "el": P // 2 % 2,
            **seen,
            **columns,
        }
    )


def long(**columns: object) -> me.Sample:
    """Twelve persons in periods 1 to 4, treated from 3, from 4 or never."""
    return panel(**{"k": lambda f: f["u"] // 2, "z": lambda f: np.cos(f["u"] * f["t"]), **columns})


def gt(**words: object) -> me.GroupTime:
    return me.att_gt(long(), "y", "g", "t", "u", **words)  # type: ignore[arg-type]


def att(s: me.Sample) -> me.Estimate:
    return me.att_2x2(s, ("y0", "y1"), "d")


def without_order(notes: tuple[str, ...]) -> list[str]:
    """Notes but for the order of periods, which `test_panel_of_any_time` looks at."""
    return [n for n in notes if not n.startswith(("Before: ", "Periods in their order: "))]


ARRAYS = {"propensity", "arm", "residual_sum", "imbens_manski", "cells", "references"}


def plain(value: object) -> object:
    """A number with twelve digits or nothing, lists of such, and words."""
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, float | np.floating):
        return None if np.isnan(value) else float(f"{value:.12g}")
    return value.item() if isinstance(value, np.generic) else value


def face(e: me.Estimate) -> dict[str, object]:
    """Its words, how many rows and degrees of freedom stand behind each value, its keys, and what it
    keeps of how it was made.
    """
    return {
        "n": plain(e.n.tolist()),
        "dof": plain(e.dof.tolist()),
        "keys": {str(c): plain(e.keys[c].tolist()) for c in e.keys},
        "extra": {k: plain(v) for k, v in e.extra.items() if k not in ARRAYS},
        "names": list(e.names),
        "kind": e.kind,
        "definition": e.definition,
        "notes": without_order(e.notes),
    }


SAID = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
ASK = "if the new words are better: python tests/proof/write_messages.py"
FACES: dict[str, Callable[[], me.Estimate]] = {
    "two periods, wide": lambda: me.att_2x2(
        wide(), ("y0", "y1"), "d", covariates=["x"], method="ipw"
    ),
    "two periods, cross-sections": lambda: me.att_2x2(
        wide(t=np.arange(40) % 4 // 2), "y1", "d", "t"
    ),
    "group-time": lambda: gt().estimate,
    "group-time, not yet": lambda: gt(control="not_yet", base="universal", anticipation=1).estimate,
    "group-time, joint": lambda: gt().joint,
    "event": lambda: gt().aggregate("event"),
    "simple": lambda: gt().aggregate("simple"),
    "cohort": lambda: gt().aggregate("cohort"),
    "calendar": lambda: gt().aggregate("calendar"),
    "overall event": lambda: gt().overall("event"),
    "overall cohort": lambda: gt().overall("cohort"),
    "overall calendar": lambda: gt().overall("calendar"),
    "two-way": lambda: me.two_way(long(), "y", "on", unit="u", time="t", covariates=["z"]),
    "two-way events": lambda: me.two_way(
        long(), "y", event_time="e", unit="u", time="t", cluster="k"
    ),
    "cells of cohorts": lambda: me.sun_abraham(long(), "y", "g", unit="u", time="t"),
    "imputation": lambda: me.imputation(long(), "y", "g", unit="u", time="t"),
    "imputation by event": lambda: me.imputation(long(), "y", "g", unit="u", time="t", by="event"),
    "imputation by cohort": lambda: me.imputation(
        long(), "y", "g", unit="u", time="t", by="cohort", errors="conservative"
    ),
    "triple": lambda: me.triple_difference(wide(), ("y0", "y1"), "d", "el"),
    "trimming": lambda: me.lee_bounds(wide(), "y1", "d", "s"),
    "trimming in cells": lambda: me.lee_bounds(
        wide(s=np.arange(40) % 7 > 0), "y1", "d", "s", tighten="g", rule="type7"
    ),
    "worst case": lambda: me.manski_bounds(wide(), "y1", "d", "s", low=-2, high=3),
    "worst case, searched": lambda: me.manski_bounds(
        wide(), "y1", "d", "s", low=-2, high=3, attempted="tried", recovered="found"
    ),
    "shifts": lambda: me.delta_sensitivity(wide(), "y1", "d", "s", [0.0, 0.5]),
    "recall": lambda: me.recall_sensitivity(
        wide(b=(np.arange(40) % 3 == 0) * 1, a=(np.arange(40) % 5 > 1) * 1),
        "b",
        "a",
        "d",
        [0.9],
        [0.95],
        "treated",
    ),
    "make-up": lambda: me.composition_check(long(), ["z"], "g", "t").estimate,
    "groups": lambda: me.by_group(att, wide(), "g").effects,
    "differences of groups": lambda: me.by_group(att, wide(), "g").differences,
}


@pytest.mark.parametrize("name", FACES)
def test_an_effect_has_its_names_keys_and_notes(name: str) -> None:
    assert face(FACES[name]()) == SAID["faces"][name], ASK


COLUMNS: dict[str, Callable[[], pd.DataFrame]] = {
    "band": lambda: gt().bands().to_frame(),
    "group-time": lambda: gt().to_frame(),
    "decomposition": lambda: me.bacon(long(), "y", "g", unit="u", time="t").to_frame(),
    "kinds": lambda: me.bacon(long(), "y", "g", unit="u", time="t").by_kind(),
    "balance": lambda: me.balance(wide(), "d", ["x"]).to_frame(),
    "adjusted": lambda: me.adjust_pvalues(me.mean(wide(), ["y0", "y1"]), "holm").to_frame(),
    "wild": lambda: me.wild_bootstrap(att(wide()), cluster=wide().frame["h"], draws=99).to_frame(),
    "wild, regression": lambda: me.wild_bootstrap_ols(
        wide(), "y1 ~ d", "d", "h", draws=99
    ).to_frame(),
    "honest": lambda: me.honest_did(gt(base="universal").aggregate("event"), grid=[0.0]).to_frame(),
    "pre-trend": lambda: me.pretrend_power(
        gt(base="universal").aggregate("event"), draws=200
    ).to_frame(),
    "oster": lambda: me.oster(wide(), "y1", "d", ["x"]).to_frame(),
    "randomisation": lambda: me.randomisation_test(wide(), att, "d", draws=19).to_frame(),
    "linear panel": lambda: me.panel_ols(long(), "y", treated="on", unit="u", time="t").to_frame(),
    "make-up": lambda: me.composition_check(long(), ["z"], "g", "t").to_frame().filter(["p"]),
    "left out": lambda: me.leave_one_out(att, wide(), "g").to_frame(),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_table_of_results_has_its_columns(name: str) -> None:
    assert list(COLUMNS[name]().columns) == SAID["columns"][name], ASK


def written() -> dict[str, object]:
    """What stands beside this file."""
    faces = {name: face(make()) for name, make in FACES.items()}
    return {"faces": faces, "columns": {name: list(f().columns) for name, f in COLUMNS.items()}}


def test_rows_left_out_are_named_and_the_whole_comes_first() -> None:
    t = me.leave_one_out(att, wide(), "g").to_frame()
    assert t["specification"].tolist() == ["all", "without 0", "without 1"]
    assert t["left out"].tolist() == ["none", "0", "1"]


def test_one_covariate_may_be_a_plain_name_and_two_waves_a_list() -> None:
    data = long(zz=np.cos(np.repeat(np.arange(12), 4) * np.tile(np.arange(1, 5), 12)))
    assert me.two_way(data, "y", "on", unit="u", time="t", covariates="zz").names == ("zz", "ATT")  # type: ignore[arg-type]
    f = (
        long()
        .frame.rename(columns={"u": "person_id", "t": "wave"})
        .assign(d=lambda r: (r["g"] > 0) * 1.0, el=lambda r: r["person_id"] // 3 % 2 * 1.0)
    )
    panel = me.TracerPanel.from_frame(f, weights="w")
    pair, listed = (me.triple_difference(panel, "y", "d", "el", time=t) for t in ((2, 4), [2, 4]))  # type: ignore[arg-type]
    assert listed.value.tolist() == pair.value.tolist() and listed.names == ("ATT", "placebo")


def test_what_effects_keep_beside_their_value() -> None:
    e = FACES["two periods, wide"]()
    assert e.extra["propensity"].shape == (40,)  # type: ignore[attr-defined]
    shift = FACES["shifts"]()
    slope = (shift.value[1] - shift.value[0]) / 0.5
    assert shift.extra["tipping_shift"] == pytest.approx(-shift.value[0] / slope)
    cells = FACES["trimming in cells"]().extra["cells"]
    assert list(cells.columns) == [
        "cell",
        "weight",
        "lower",
        "upper",
        "trimming_share",
        "trimmed_arm",
    ]  # type: ignore[attr-defined]
    assert cells["cell"].tolist() == ["g=0", "g=1"] and cells["trimmed_arm"].tolist() == [
        "treated",
        "comparison",
    ]  # type: ignore[index]
    assert cells["weight"].sum() == pytest.approx(1)  # type: ignore[index]
    bounds = FACES["trimming"]()
    low, high = bounds.extra["imbens_manski"]  # type: ignore[misc]
    assert (low, high) == pytest.approx(me.imbens_manski(bounds, 0.95))
    joint = FACES["group-time, joint"]()
    assert joint.n.tolist() == [8] * 6 + [4] * 2
    assert joint.value[6:].tolist() == [4, 4]
    assert joint.keys["cohort"].tolist() == [3, 3, 3, 4, 4, 4, 3, 4]


def test_group_time_effects_keep_their_plan() -> None:
    g = gt(control="not_yet", base="universal", anticipation=1)
    expected = ("not_yet", "universal", 1, 4.0, 6.0)
    assert (g.control, g.base, g.anticipation, g.last, g.free) == expected
    plain = gt()
    expected = ("never", "varying", 0, 4.0, 3.0)
    assert (plain.control, plain.base, plain.anticipation, plain.last, plain.free) == expected
    assert list(plain.overlap.columns) == ["cohort", "extreme", "largest"]
    by_x = me.att_gt(long(x=np.sin(np.arange(12.0)).repeat(4)), "y", "g", "t", "u", covariates="x")
    assert by_x.overlap["cohort"].tolist() == [3, 4]
    assert by_x.overlap["largest"].between(0.5, 0.9).all()
    assert (by_x.overlap["extreme"] == 0).all()
    table = plain.to_frame(0.9)
    assert (plain.estimate.degf < 11).all()
    half = table["se"] * stats.t.ppf(0.95, plain.estimate.degf)
    np.testing.assert_allclose(
        table[["ci_low", "ci_high"]], np.column_stack([table["att"] - half, table["att"] + half])
    )
    whole = gt(base="universal").to_frame()
    still = whole["time"] == whole["base"]
    assert still.sum() == 2
    assert whole.loc[still, ["se", "ci_low", "ci_high"]].isna().all(axis=None)
    assert whole.loc[~still, ["se", "ci_low", "ci_high"]].notna().all(axis=None)
