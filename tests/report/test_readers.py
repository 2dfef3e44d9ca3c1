"""Property: what single readers look for (risk of bias, harm, consent, vulnerability, dimensions of
reintegration) follows from the numbers, and small groups stay hidden in it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.verdict import DRAWN_BY_LOT
from mismes_eval.evaluation.evaluation import Evaluation
from mismes_eval.evaluation.sensitivity import Doubt
from mismes_eval.evaluation.tracer_effects import Effects
from mismes_eval.evaluation.tracer_study import TREATED, Tracing
from mismes_eval.report.chapters import Context
from mismes_eval.report.chapters.adverse_outcomes import harm
from mismes_eval.report.chapters.base import Chapter
from mismes_eval.report.chapters.bias import ITEMS, bias
from mismes_eval.report.chapters.enrolled import enrolled_items
from mismes_eval.report.chapters.histories import histories
from mismes_eval.report.chapters.impact import _effects
from mismes_eval.report.chapters.sensitivity import spoken_table
from mismes_eval.report.chapters.verdicts import ALIKE, LOSS, PLANNED, PRE, judged, lost
from mismes_eval.report.country import release
from mismes_eval.report.document.cells import Published
from mismes_eval.report.document.items import PictureSpec
from mismes_eval.report.document.language import language
from mismes_eval.report.document.rules import Rules
from mismes_eval.report.document.tables import Table, TextTable


@pytest.fixture(scope="module")
def context(evaluated: Callable[[str], Evaluation]) -> Context:
    return Context(evaluated("MDA"), Rules(), language("en"))


@pytest.fixture(scope="module")
def study(context: Context) -> Tracing:
    assert context.evaluation.tracing is not None
    return context.evaluation.tracing


def with_columns(study: Tracing, **columns: object) -> Tracing:
    return dataclasses.replace(study, panel=study.panel.with_columns(columns))


def answers(context: Context, effect: Effects, d: Doubt) -> dict[str, str]:
    verdict = judged(context.evaluation, effect, d)
    assert verdict is not None
    return {check.code: check.answer for check in verdict.checks}


def test_risk_of_bias_is_the_checks_of_each_measure(context: Context, study: Tracing) -> None:
    (item,) = bias(context, study)
    assert isinstance(item, PictureSpec)
    drawn = item.drawn(Published())
    assert isinstance(drawn, TextTable)
    t = drawn.frame.set_index("Source of bias or chance")
    assert list(t.columns) == ["MDA-001", "MDA-002", "Rests on"] and len(t) == len(ITEMS) + 3
    for effect, d in zip(context.evaluation.effects, context.evaluation.doubts, strict=True):
        mine = answers(context, effect, d)
        assert mine[DRAWN_BY_LOT] == "no" and mine[PLANNED] == "yes"
        for name, (asked, _) in ITEMS.items():
            assert t.loc[asked, effect.measure] == mine.get(name, "not assessed")
        assert not isinstance(d.balance, NotEstimable)
        alike = bool((d.balance.table["before"].abs() <= 0.1).all())
        assert (mine[ALIKE] == "yes") == alike


def test_loss_is_that_of_the_measures_own_groups(context: Context, study: Tracing) -> None:
    gap = lost(study, "MDA-001", 3)
    assert gap is not None
    frame = study.panel.sample.frame
    mine = (frame["eval_measure_id"] == "MDA-001").to_numpy()
    gone, w, arm = (
        ~study.responded(3),
        np.asarray(study.panel.sample.weights),
        frame[TREATED].to_numpy(float),
    )
    shares = [np.average(gone[mine & (arm == a)], weights=w[mine & (arm == a)]) for a in (1.0, 0.0)]
    assert gap.value[0] == pytest.approx(shares[0] - shares[1], rel=1e-10)
    effect, d = context.evaluation.effects[0], context.evaluation.doubts[0]
    low, high = gap.ci().iloc[0]
    expected = "no" if low > 0 or high < 0 else "yes" if max(-low, high) <= 0.1 else "too weak"
    assert answers(context, effect, d)[LOSS] == expected
    assert lost(study, "MDA-001", 9) is None


def test_what_could_not_be_assessed_says_so_and_a_plan_counts_only_when_registered(
    context: Context, study: Tracing, tmp_path: Path
) -> None:
    path = tmp_path / "plan.csv"
    p = context.evaluation.params
    params = p.changed({"inputs.analysis_plan": path})
    effect, d = (
        dataclasses.replace(context.evaluation.effects[0], pre={}),
        context.evaluation.doubts[0],
    )
    for text, kept in (
        ("main outcome,employed\nmain wave,3\n", "no"),
        ("main outcome,employed\nmain wave,3\nregistration,X1\n", "yes"),
        ("main wave,3\nregistration,X1\n", "no"),
    ):
        path.write_text("item,value\n" + text, encoding="utf-8")
        told = dataclasses.replace(
            context, evaluation=dataclasses.replace(context.evaluation, params=params)
        )
        found = answers(told, effect, d)
        assert found[PLANNED] == kept and PRE not in found


def moved(e: Estimate, value: float) -> Estimate:
    return dataclasses.replace(e, value=np.array([value]))


def harm_said(context: Context, study: Tracing, effect: Effects) -> str:
    """The sentence on harm beside the tables that it is counted from."""
    tables = (_effects(context, study, effect), spoken_table(context, study, effect))
    (sentence,) = harm(context, study, effect)
    chapter = Chapter("impact", "Impact", (*tables, sentence))
    return str(release(context, {"impact": chapter}).chapters["impact"].items[-1])


def test_harm_is_told_where_an_interval_lies_below_zero(context: Context, study: Tracing) -> None:
    effect = context.evaluation.effects[0]
    none = harm_said(context, study, effect)
    k = sum(isinstance(e, Estimate) for e in effect.by_wave.values())
    assert f"looked for harm in {k} outcomes and waves" in none and "none fell" in none
    e = effect.by_wave["earnings", 2]
    assert isinstance(e, Estimate)
    worse = dataclasses.replace(
        effect, by_wave={**effect.by_wave, ("earnings", 2): moved(e, -9000.0)}
    )
    some = harm_said(context, study, worse)
    assert "'monthly earnings' after 12 months (-9,000.0; " in some
    assert "fell by more than chance" in some
    away = dataclasses.replace(effect, by_wave={("abroad", 2): moved(e, -9000.0)})
    assert harm(context, study, away) == []


def test_consent_and_vulnerability_are_shares_of_each_arm(context: Context, study: Tracing) -> None:
    (t,) = enrolled_items(context, study)
    assert isinstance(t, Table)
    cells = t.cells.set_index(["row", "column"])
    frame, w = study.panel.sample.frame, np.asarray(study.panel.sample.weights)
    treated = frame[TREATED].to_numpy(float) == 1
    assert cells.loc[("vulnerable: yes", "participants"), "value"] == pytest.approx(
        np.average(frame["vulnerable"].astype(float)[treated], weights=w[treated])
    )
    back = treated & frame["ret_type"].notna().to_numpy()
    assert cells.loc[("way of return: forced return", "participants"), "n"] == back.sum()
    sums = (
        t.cells.assign(what=t.cells["row"].str.partition(":")[0])
        .groupby(["what", "column"])["value"]
        .sum()
    )
    np.testing.assert_allclose(sums, 1.0, rtol=1e-12)


def test_answers_of_a_few_are_hidden_with_what_would_give_them_away(
    context: Context, study: Tracing
) -> None:
    frame = study.panel.sample.frame
    scope = np.where(np.arange(len(frame)) < 4, "NONE", frame["consent_scope"].astype(str))
    rare = with_columns(study, consent_scope=scope)
    (t,) = enrolled_items(context, rare)
    assert isinstance(t, Table)
    hit = pd.Series(scope)[frame[TREATED].to_numpy(float) == 1].value_counts().get("NONE", 0)
    arm = "participants" if hit > 0 else "comparison"
    mine = t.cells[(t.cells["column"] == arm) & t.cells["row"].str.startswith("scope")].set_index(
        "row"
    )["status"]
    assert (
        # the rule of persons is applied once, over the whole report
        mine["scope of the consent: NONE"] != "shown"
    )


def test_a_study_that_asked_for_neither_says_so(context: Context, study: Tracing) -> None:
    gone = np.full(study.panel.n, None, dtype=object)
    (said,) = enrolled_items(
        context, with_columns(study, consent_scope=gone, vulnerable=gone, ret_type=gone)
    )
    assert isinstance(said, str)
    assert said.startswith("T14b: ")
    assert "neither consent nor vulnerability" in said


@pytest.mark.whole
def test_reintegration_has_its_three_dimensions(context: Context, study: Tracing) -> None:
    cells = histories(context, study).cells
    rows = {r for r in cells["row"] if r.startswith("reintegration") and r.endswith("24 months")}
    assert rows == {
        "reintegration, 24 months",
        *(f"reintegration: {d}, 24 months" for d in ("economic", "social", "psychosocial")),
    }
    at = cells.set_index(["row", "column"])["value"]
    parts = [
        at[f"reintegration: {d}, 24 months", "participants"]
        for d in ("economic", "social", "psychosocial")
    ]
    assert at["reintegration, 24 months", "participants"] == pytest.approx(
        np.mean(parts), abs=0.002
    )
