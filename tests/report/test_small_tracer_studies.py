"""Small and strange tracer studies still make a report: what cannot be had stands as not estimable
in its cells, with its reason, and nothing that only some have is printed as an effect.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from mismes_eval.estimate.estimate import NotEstimable
from mismes_eval.evaluation.evaluation import Evaluation, evaluate
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.readiness import readiness
from mismes_eval.report.chapters import CHAPTERS, Context
from mismes_eval.report.country import release
from mismes_eval.report.document.cells import PublishedCell
from mismes_eval.report.document.language import language
from mismes_eval.report.document.rules import Rules
from mismes_eval.report.document.tables import Table, TextTable
from mismes_eval.tracer import sequences

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("person", "wave", "outcome", "service", "episode")
Tables = dict[str, pd.DataFrame]


def written(folder: Path, tables: Tables, **impact: object) -> Params:
    """A run of Georgia's params with these tracer tables and no other evidence."""
    tree = yaml.safe_load((ROOT / "params" / "GEO.yaml").read_text(encoding="utf-8"))
    kept = {k: v for k, v in tree.items() if k in ("country", "year", "synthetic", "tracer")}
    kept["inputs"] = {f"tracer_{k}": f"data/tracer_{k}.parquet" for k in tables}
    kept["impact"] = {**tree["impact"], **impact}
    (folder / "data").mkdir()
    for name, table in tables.items():
        table.to_parquet(folder / "data" / f"tracer_{name}.parquet")
    (folder / "params").mkdir()
    path = folder / "params" / "GEO.yaml"
    path.write_text(yaml.safe_dump(kept), encoding="utf-8")
    return Params.load(path)


def some(treated: int, comparison: int) -> Tables:
    """SYNTHETIC: some persons of one measure."""
    tables = {n: pd.read_parquet(ROOT / f"data_raw/GEO/tracer_{n}.parquet") for n in PARTS}
    person, rng = tables["person"], np.random.default_rng(1)
    one = person[person["eval_measure_id"] == min(person["eval_measure_id"])]
    chosen = [
        rng.choice(one.loc[one["arm"] == arm, "person_id"], n, replace=False)
        for arm, n in (("T", treated), ("C", comparison))
    ]
    ids = np.concatenate(chosen)
    return {n: t[t["person_id"].isin(ids)].reset_index(drop=True) for n, t in tables.items()}


def waves_missed(tables: Tables) -> Tables:
    wave, outcome = tables["wave"], tables["outcome"]
    keep = (wave["wave"] == 0) | (np.random.default_rng(0).random(len(wave)) < 0.4)
    wave = wave[keep].reset_index(drop=True)
    key = pd.MultiIndex.from_frame(wave[["person_id", "wave"]])
    there = pd.MultiIndex.from_frame(outcome[["person_id", "wave"]]).isin(key)
    return {**tables, "wave": wave, "outcome": outcome[there].reset_index(drop=True)}


def answers_as_objects(tables: Tables) -> Tables:
    outcome = tables["outcome"].copy()
    for column in ("lstatus", "business", "rsi_total", "earnings"):
        outcome[column] = outcome[column].astype(object).where(outcome[column].notna(), None)
    return {**tables, "outcome": outcome}


def interviews_only(tables: Tables) -> Tables:
    wave = tables["wave"]
    kept = wave[wave["disp_code"].isin(["1.1", "1.2", "2.51", "2.52"])]
    return {**tables, "wave": kept.reset_index(drop=True)}


def made(evaluation: Evaluation) -> dict[str, Table]:
    """Every table of the chapters on the tracer and on impact."""
    context = Context(evaluation, Rules(), language("en"))
    items = [i for name in ("tracer", "impact") for i in CHAPTERS[name](context).items]
    return {i.id: i for i in items if isinstance(i, Table)}


@pytest.mark.parametrize(
    ("arms", "change"),
    [
        pytest.param((16, 16), waves_missed, marks=pytest.mark.whole),
        pytest.param((12, 200), dict, marks=pytest.mark.slow),
        pytest.param(
            (20, 20), lambda t: answers_as_objects(waves_missed(t)), marks=pytest.mark.slow
        ),
        pytest.param((3, 3), dict, marks=pytest.mark.slow),
    ],
    ids=["waves missed", "one arm below 30", "answers as objects", "six persons"],
)
def test_a_small_study_makes_its_tables(
    tmp_path: Path, arms: tuple[int, int], change: Callable[[Tables], Tables]
) -> None:
    params = written(tmp_path, change(some(*arms)))
    assert readiness(params).problems == ()
    tables = made(evaluate(params))
    assert {"T13", "T15", "T16", "T16b"} <= set(tables)
    for table in tables.values():
        lacking = table.cells[table.cells["status"] == "not estimable"]
        assert lacking["value"].isna().all()


@pytest.mark.whole
def test_a_file_of_interviews_prints_no_refusal_rate(tmp_path: Path) -> None:
    params = written(tmp_path, interviews_only(some(100, 100)))
    ready = readiness(params)
    assert ready.problems == ()
    assert any("the file looks like interviews only" in line for line in ready.lines)
    cells = made(evaluate(params))["T13"].cells.set_index(["row", "column"])
    refused = cells.xs("REF1", level="column")
    assert (refused["status"] == "not estimable").all() and refused["value"].isna().all()
    assert (cells.xs("RR2", level="column")["value"] < 0.95).all()


@pytest.mark.whole
def test_fractions_of_a_month_do_not_tell_how_many_have_left(tmp_path: Path) -> None:
    """19 of 47 in one month and 19 of 46 in the next are one person who left: where weights are
    alike, no month has a fraction that only its own number of persons has.
    """
    tables = some(47, 60)
    alike = tables["person"].assign(sample_weight=1.0)
    evaluation = evaluate(written(tmp_path, {**tables, "person": alike}))
    months = sequences(evaluation.tracing.panel, after=36)["n"]
    assert -1 in np.diff(months)  # one person leaves
    context = Context(evaluation, Rules(), language("en"))
    (drawn,) = [i for i in CHAPTERS["tracer"](context).items if getattr(i, "id", "") == "F08"]
    cells = drawn.cells
    shares = cells["value"].dropna()
    told = {Fraction(p).limit_denominator(200).denominator for p in shares}
    assert len(shares) > 100 and all(20 % n == 0 or 50 % n == 0 for n in told)
    assert cells.groupby("row")["value"].sum().to_numpy() == pytest.approx(1)


@pytest.mark.whole
def test_what_rests_on_a_hidden_effect_is_hidden_with_it(tmp_path: Path) -> None:
    """Twenty of the participants answer the first wave: p-values of their effect are theirs too."""
    tables = some(90, 120)
    person, outcome = tables["person"], tables["outcome"]
    treated = person.loc[person["arm"] == "T", "person_id"]
    lost = (outcome["wave"] == 1) & outcome["person_id"].isin(treated[20:])
    evaluation = evaluate(written(tmp_path, {**tables, "outcome": outcome[~lost]}))
    context = Context(evaluation, Rules(), language("en"))
    released = release(context, {name: CHAPTERS[name](context) for name in ("tracer", "impact")})
    by_row: dict[tuple[str, str], list[PublishedCell]] = {}
    for cell in released.published:
        by_row.setdefault((cell.key.table, cell.key.row), []).append(cell)
    outcome, measure = "employed, at home or abroad", "GEO-001"
    effects = {c.key.column: c for c in by_row[f"T17-{measure}", outcome]}
    assert effects["6 months"].status == "confidential" and effects["24 months"].shown
    for when, shown in (("6 months", False), ("24 months", True)):
        p_values = by_row["T18c", f"{measure}: {outcome}, {when}"]
        assert len(p_values) == 3 and {c.shown for c in p_values} == {shown}
    (threats,) = (i for i in released.chapters["impact"].items if getattr(i, "id", "") == "T19c")
    assert isinstance(threats, TextTable)
    size, freedom = (threats.frame[measure].iloc[place] for place in (-3, -2))
    assert (size, freedom) == (f"{effects['24 months'].n:.0f}", f"{effects['24 months'].degf:.0f}")


@pytest.mark.whole
def test_scores_of_workers_are_never_an_effect(tmp_path: Path) -> None:
    outcomes = ["employed", "skill_use", "contract", "match_level", "satisfied"]
    params = written(tmp_path, some(120, 120), outcomes=outcomes, main_outcome="skill_use")
    evaluation = evaluate(params)
    (effect,), (doubt,) = evaluation.effects, evaluation.doubts
    absent = [e for (name, _), e in effect.by_wave.items() if name in ("skill_use", "satisfied")]
    assert absent and all(isinstance(e, NotEstimable) for e in absent)
    assert all(isinstance(e, NotEstimable) for e in effect.beside.values())
    assert all(isinstance(run.result, NotEstimable) for run in doubt.curve.runs)
    assert isinstance(doubt.bounds, NotEstimable)
    low, high = effect.bounds["skill_use", 3]
    assert not isinstance(low, NotEstimable) and not isinstance(high, NotEstimable)
    assert low.value[0] <= high.value[0]
    tables = made(evaluation)
    rows = tables["T17-GEO-001"].cells["row"]
    assert rows.str.contains("lower bound for those who have it either way").any()
    assert rows.str.contains(r"has a contract \(persons without work: 0\)").any()


@pytest.mark.whole
def test_money_is_printed_as_money(tmp_path: Path) -> None:
    """Means of earnings stand in their unit, never times 100."""
    params = written(tmp_path, some(120, 120), main_outcome="earnings")
    tables = made(evaluate(params))
    cells = tables["T16"].cells
    row = cells[cells["row"].str.startswith("monthly earnings")]
    assert set(tables["T16"].units[r][0] for r in row["row"]) == {1.0}  # type: ignore[index]
