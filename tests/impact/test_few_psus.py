"""An arm in few PSUs marks its effect in every table and whatever is made of it; the figures of the
methods page are those of the benchmark's design.
"""

import importlib.util
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.report.document.estimated_cells import cells_by, cells_of
from mismes_eval.report.document.language import ENGLISH, language
from mismes_eval.report.document.rules import Rules
from mismes_eval.report.document.tables import Table, footnotes

SAID = "i: few primary sampling units stand behind it (fewer than 8 degrees of freedom): to be read with caution."


def effect(treated: int) -> me.Estimate:
    """Twenty PSUs of five persons, some of them treated."""
    rng = np.random.default_rng(treated)
    psu = np.repeat(np.arange(20), 5)
    frame = pd.DataFrame(
        {
            "psu": psu,
            "w": 1.0,
            "d": (psu < treated).astype(int),
            "y0": rng.normal(size=100),
            "y1": rng.normal(size=100),
            "g": psu % 2,
        }
    )
    return me.att_2x2(
        me.Sample.from_frame(frame, weights="w", psu="psu"), ("y0", "y1"), "d"
    ).annotated(kind="effect")


@pytest.mark.parametrize(("treated", "flag"), [(2, "i"), (4, "i"), (7, ""), (12, ""), (16, "i")])
def test_the_sign_stands_beside_the_number_and_its_meaning_below_the_table(
    treated: int, flag: str
) -> None:
    e = effect(treated)
    cells = pd.concat(
        [cells_of([("row", "column", e)], Rules()), cells_by(e, Rules(), "other", "column")]
    )
    assert e.doubtful is (flag == "i")
    assert cells["flag"].tolist() == [flag, flag] and cells["status"].tolist() == ["shown", "shown"]
    table = Table("T", "Effects", cells, "made up", synthetic=True)
    assert (SAID in footnotes(table, ENGLISH)) is (flag == "i")
    assert language("fr")(SAID) != SAID
    assert ("\u00a0i</td>" in table.to_html()) is (flag == "i")


def test_what_is_made_of_it_keeps_the_mark_and_levels_keep_their_own() -> None:
    few, many = effect(2), effect(10)
    made = [
        few.contrast({few.names[0]: 1.0}),
        few.through(np.exp, np.diag(np.exp(few.value))),
        few.select([0]),
        few.annotated(notes=("more",)),
        pickle.loads(pickle.dumps(few)),
    ]
    assert all(e.doubtful for e in made) and not many.doubtful
    assert me.independent(few, many).doubtful
    assert cells_of([("row", "column", few.annotated(kind="mean"))], Rules(min_mean=10))[
        "flag"
    ].tolist() != ["i"]


def test_roll_outs_with_small_cohorts_are_marked() -> None:
    unit, time = np.repeat(np.arange(40), 3), np.tile([1, 2, 3], 40)
    for few in (True, False):
        cohort = np.where(unit < (4 if few else 16), 2, 0)
        frame = pd.DataFrame(
            {"id": unit, "t": time, "g": cohort, "w": 1.0, "y": np.sin(unit * 3.0 + time)}
        )
        e = me.att_gt(
            me.Sample.from_frame(frame, weights="w", psu="id"), "y", "g", time="t", unit="id"
        ).aggregate("event")
        assert e.doubtful is few


@pytest.mark.whole
def test_intervals_with_two_treated_psus_are_wide_and_hold(root: Path) -> None:
    spec = importlib.util.spec_from_file_location(
        "coverage_doubt", root / "benchmarks" / "coverage_doubt.py"
    )
    assert spec is not None and spec.loader is not None
    study = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(study)
    assert study.few_treated(2, 60) > 0.9 and study.few_treated(12, 60) > 0.85
