"""Property: the strength of evidence, the words of the DAC matrix, the deviations from a plan and
hidden budgets follow from the numbers by fixed rules, whatever the numbers are.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from _pytest.mark.structures import ParameterSet
from hypothesis import given, settings
from hypothesis import strategies as st

from mismes_eval.errors import InputError
from mismes_eval.estimate.caution import Caution
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.verdict import BY_LOT, DRAWN_BY_LOT, PARALLEL, Check, Span, Verdict
from mismes_eval.evaluation.analysis_plan import read_plan
from mismes_eval.evaluation.evaluation import Evaluation
from mismes_eval.evaluation.money import money as money_of
from mismes_eval.evaluation.rollout import Rollout
from mismes_eval.evaluation.tracer_effects import Effects
from mismes_eval.impact.inference.wild_draws import WildBootstrap
from mismes_eval.impact.sensitivity.robustness import SpecificationCurve
from mismes_eval.message import Message
from mismes_eval.report.brief import brief
from mismes_eval.report.brief_cells import NOTHING
from mismes_eval.report.chapters import Context, rollout
from mismes_eval.report.chapters.base import Item
from mismes_eval.report.chapters.bias import ITEMS, bias
from mismes_eval.report.chapters.cells import plain, rows, spoken_cell
from mismes_eval.report.chapters.criteria import criteria
from mismes_eval.report.chapters.impact import headline_items, impact
from mismes_eval.report.chapters.job_year import priced, priced_by
from mismes_eval.report.chapters.participation import participation
from mismes_eval.report.chapters.people import people
from mismes_eval.report.chapters.plan import deviations
from mismes_eval.report.chapters.portfolio import WHOLE, budgets
from mismes_eval.report.chapters.verdicts import (
    CERTAIN,
    CLUSTERS,
    LEFT_OUT,
    OTHERS,
    PRE,
    RESERVATIONS,
    TRENDS,
    effect_verdict,
    judged,
)
from mismes_eval.report.country import release
from mismes_eval.report.document.cells import Published, published_cells
from mismes_eval.report.document.items import PictureSpec, SummarySpec
from mismes_eval.report.document.language import language
from mismes_eval.report.document.rules import Rules
from mismes_eval.report.document.suppression import Relation, attack, recovered
from mismes_eval.report.document.tables import P_VALUE, Table, TextTable, scale_of
from mismes_eval.report.findings import findings
from mismes_eval.tracer.outcomes import Outcome

from .conftest import WholeReport

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def evaluation(evaluated: Callable[[str], Evaluation]) -> Evaluation:
    """A made-up country with one measure followed."""
    return evaluated("GEO")


@pytest.fixture(scope="module")
def context(evaluation: Evaluation) -> Context:
    return Context(evaluation, Rules(), language("en"))


def in_print(context: Context, items: Sequence[Item]) -> Context:
    """The context of chapters that are made when all cells of these tables are published."""
    tables = [item for item in items if isinstance(item, Table)]
    cells = [table.cells.assign(table=table.id) for table in tables]
    return dataclasses.replace(context, published=published_cells(cells))


def shifted(e: Estimate, value: float) -> Estimate:
    """The same estimate with another value."""
    return dataclasses.replace(e, value=np.array([value]))


@pytest.mark.parametrize(
    ("before", "effect"),
    [
        *((0.0, 0.0), (0.0, 0.3), (0.4, 0.3)),
        *(
            pytest.param(*two, marks=pytest.mark.slow)
            for two in ((0.0, -0.3), (0.4, -0.3), (0.4, 0.0))
        ),
    ],
)
def test_the_matrix_never_says_more_than_the_interval(
    context: Context, effect: float, before: float
) -> None:
    """With the effect moved to nothing the words are 'no effect could be shown'; with a moved
    pre-trend the evidence is weak.
    """
    old = context.evaluation.effects[0]
    study = context.evaluation.tracing
    assert study is not None
    by_wave = {
        k: shifted(e, effect) if isinstance(e, Estimate) and k[0] == "employed" else e
        for k, e in old.by_wave.items()
    }
    pre = {k: shifted(e, before) if isinstance(e, Estimate) else e for k, e in old.pre.items()}
    moved = dataclasses.replace(context.evaluation, kept=context.evaluation.kept)
    object.__setattr__(moved, "effects", (dataclasses.replace(old, by_wave=by_wave, pre=pre),))
    object.__setattr__(moved, "doubts", context.evaluation.doubts)
    context = dataclasses.replace(context, evaluation=moved)
    made = criteria(in_print(context, impact(context).items))
    assert isinstance(made, TextTable)
    line = made.frame[made.frame["Criterion"] == "Effectiveness"].iloc[0]
    assert ("no effect" in line["What the evidence says"]) == (effect == 0.0)
    if before:
        assert line["Strength"] == "weak"
        assert str(RESERVATIONS[PRE]) in line["What the evidence says"]
    money = made.frame[
        (made.frame["Criterion"] == "Efficiency") & made.frame["Rests on"].str.contains("T20")
    ].iloc[0]
    assert ("no cost per additional job-year" in money["What the evidence says"]) == (
        effect <= 0.0 or before > 0.0
    )


@pytest.mark.whole
@pytest.mark.parametrize("effect", [-0.3, pytest.param(0.0, marks=pytest.mark.slow), 0.3])
def test_the_first_page_begins_with_the_effects_and_says_their_direction(
    context: Context, effect: float
) -> None:
    old = context.evaluation.effects[0]
    by_wave = {
        k: shifted(e, effect) if isinstance(e, Estimate) and k[0] == "employed" else e
        for k, e in old.by_wave.items()
    }
    moved = dataclasses.replace(context.evaluation, kept=context.evaluation.kept)
    object.__setattr__(moved, "effects", (dataclasses.replace(old, by_wave=by_wave),) * 5)
    object.__setattr__(moved, "doubts", context.evaluation.doubts)
    chapters = {make.__name__: make(context) for make in (people, participation)}
    published = release(context, chapters).published
    told = brief(dataclasses.replace(context, evaluation=moved), published)
    assert told is not None
    assert [row.anchor for row in told.rows] == ["T17-GEO-001"] * 4
    assert told.more == 'GEO-001: chapter "Impact and its cost".'
    first = told.rows[0]
    assert first.measure == "GEO-001, assisted voluntary return"
    assert told.words <= 160 and first.whom.startswith("for returnees, aged 18")
    words = {
        -0.3: "30.0 pp fewer (",
        0.0: "unproven (",
        0.3: "30.0 pp more (",
    }
    steps = {-0.3: "harm", 0.0: "either expand nor end", 0.3: "before expanding"}
    assert first.effect.startswith(words[effect]) and steps[effect] in told.to_do
    assert effect or (first.where, first.job_year) == (NOTHING, "effect unproven")
    assert re.match(r"(strong|moderate|weak|none), \d reservations: \w", first.sure)
    assert told.caption.endswith("changed like non-participants in the labour force survey")
    also = findings(dataclasses.replace(context, evaluation=moved), published)
    assert [anchor for _, anchor in also] == ["T05b", "T10"]


def other(country: str, lang: str) -> ParameterSet:
    """A report that no other test makes."""
    return pytest.param(country, lang, marks=pytest.mark.slow)


def spoken_at_the_end(whole: WholeReport, measure: str) -> tuple[float, float]:
    """The interval that speaks for the effect on the main outcome in the last wave."""
    context = whole.report.context
    study, (outcome, _) = context.evaluation.tracing, context.evaluation.main_cell
    assert study is not None
    key = spoken_cell(context, measure, study, outcome, study.waves[-1])
    cell = whole.report.published.cells[key]
    return cell.ci_low, cell.ci_high


@pytest.mark.whole
@pytest.mark.parametrize(
    ("country", "lang"),
    [
        *(("MAR", "fr"), ("MDA", "en")),
        *(other(country, "en") for country in ("ARM", "GEO", "MAR", "TUN")),
        *(other(country, "fr") for country in ("ARM", "GEO", "MDA", "TUN")),
    ],
)
def test_the_first_page_is_a_brief_of_published_numbers(
    country: str, lang: str, whole_report: Callable[[str, str], WholeReport]
) -> None:
    """At most 160 words; every number of its cells stands in a table or a sentence of a chapter."""
    whole = whole_report(country, lang)
    told = brief(whole.report.context, whole.report.published)
    assert told is not None and told.rows and told.more == ""
    unshown = language(lang)("unproven ({lo} to {hi})").partition(" (")[0]
    for row in told.rows:
        unproven = row.effect.startswith(unshown)
        assert row.job_year != NOTHING or unproven, row
        assert row.where == NOTHING or not unproven, row
        assert row.later or unproven, row
        assert row.cost != NOTHING, row
        if row.later:
            last = spoken_at_the_end(whole, row.id)
            assert (f"; {unshown} " in row.later.replace(" ;", ";")) == (last[0] <= 0 <= last[1])
    assert all(row.id in told.to_do for row in told.rows) and told.below[0].startswith(told.to_do)
    page = re.sub(r"<[^>]+>", " ", whole.pages["findings"])
    page = re.sub(r"(?<=\d)[\u202f\u00a0](?=\d{3})", "", page)  # a number is one word
    words = [w for w in page.split() if re.search(r"\w", w)]
    assert len(words) <= 160, len(words)
    number = language(lang).number
    told_of = {
        number(scale * value, digits)
        for cell in whole.report.published
        for value in (cell.value, cell.ci_low, cell.ci_high)
        for scale, digits in ((100, 1), (-100, 1), (1, 0))
        if cell.shown and np.isfinite(value)
    }
    for row in told.rows:
        for text in (
            row.effect.partition(")")[0],
            row.cost,
            row.job_year.partition(")")[0] if ")" in row.job_year else "",
            row.where,
        ):
            for printed in re.findall(r"[-−]?\d(?:[\d,.\u202f\u00a0]*\d)?", text):
                assert printed in told_of, (row, printed)


@pytest.mark.whole
def test_the_first_page_speaks_in_the_unit_of_the_outcome(context: Context) -> None:
    """Money is no percentage point, and a roll-out on another outcome has no row beside it."""
    params = context.evaluation.params.changed({"impact.main_outcome": "earnings"})
    moved = dataclasses.replace(context.evaluation, params=params)
    released = release(context, {"people": people(context)})
    told = brief(dataclasses.replace(context, evaluation=moved), released.published)
    assert told is not None and "GEL, 95% interval" in told.caption
    effect = context.evaluation.effects[0].by_wave["earnings", params.impact.main_wave]
    assert isinstance(effect, Estimate)
    size = language("en").number(abs(effect.value[0]), 1)
    assert size in told.rows[0].effect or told.rows[0].effect.startswith("unproven (")


def test_one_region_on_a_side_is_weak_evidence() -> None:
    verdict = Verdict(Span(0.1, 0.05, 0.15), (Check("x", "trends", "yes", Message("m")),))
    assert verdict.sureness == "moderate"
    assert dataclasses.replace(verdict, clusters=2).sureness == "weak"


def said(context: Context, r: Rollout) -> str:
    """The words on a roll-out, where its table shows the effect."""
    item = rollout.said(context, r)
    assert isinstance(item, SummarySpec)
    assert item.refers[0] == rollout.EFFECT
    published = in_print(context, rollout.rollout_items(context, r)).published
    assert published is not None
    return item.text(published, context.words)


@pytest.mark.whole
def test_a_roll_out_says_which_error_its_interval_is_of(
    evaluation: Evaluation, context: Context, evaluated: Callable[[str], Evaluation]
) -> None:
    """The wild bootstrap is named where it gave the interval, and only there; one interval over
    zero never reads as an effect.
    """
    r = evaluated("MDA").rollout
    assert r is not None and isinstance(r.overall, Estimate)
    wild = evaluation.doubts[0].wild["regions"]
    assert isinstance(wild, WildBootstrap)
    wider = dataclasses.replace(
        wild, estimate=r.overall.value, low=np.array([-0.5]), high=np.array([0.5])
    )
    by_region, by_design = (
        said(context, dataclasses.replace(r, wild=wider)),
        said(context, dataclasses.replace(r, wild=NotEstimable("many regions"))),
    )
    assert "wild bootstrap over 4 regions" in by_region
    assert "wild bootstrap" not in by_design
    assert "error of the survey's design" in by_design
    assert all("No effect of the roll-out" in s for s in (by_region, by_design))
    ends = 100 * r.overall.ci().iloc[0].abs()
    assert (r.regions, r.fewest_regions) == (4, 1)
    assert "Excluded" not in by_region and "Excluded" not in by_design
    many = dataclasses.replace(r, fewest_regions=10, wild=NotEstimable("many regions"))
    assert (
        f"Excluded at the 95% level, {PARALLEL}: effects larger than"
        f" {ends.max():.1f} percentage points in size."
    ) in said(context, many)
    sure = said(
        context,
        dataclasses.replace(r, overall=shifted(r.overall, -0.3), wild=NotEstimable("many regions")),
    )
    assert "is 30.0 percentage points lower where the measure was rolled out" in sure
    assert "No effect" not in sure


@pytest.mark.whole
def test_a_roll_out_speaks_in_the_unit_of_its_outcome(
    context: Context, evaluated: Callable[[str], Evaluation]
) -> None:
    """Years of age are no percentage points; the make-up of those asked stays in them."""
    r = evaluated("MDA").rollout
    assert r is not None
    aged = dataclasses.replace(r, outcome="age", what=Outcome("age"))
    tables = {t.id: t for t in rollout.rollout_items(context, aged) if isinstance(t, Table)}
    cells = [(t, cell) for t in tables.values() for cell in t.records if cell["status"] == "shown"]
    scales = {cell["unit"]: scale_of(t, cell) for t, cell in cells}
    assert scales == {"number": (1.0, 1), "proportion": (100.0, 1), P_VALUE: (1.0, 3)}
    assert all("units of the outcome" in t.title for t in tables.values())
    words = said(context, aged)
    assert "units of the outcome" in words and "percentage points" not in words


@pytest.mark.whole
def test_one_list_of_checks_stands_behind_headline_matrix_and_risk_of_bias(
    evaluation: Evaluation, context: Context
) -> None:
    verdict = effect_verdict(evaluation, evaluation.effects[0])
    assert verdict is not None and evaluation.tracing is not None
    codes = {check.code for check in verdict.checks}
    assert codes >= {DRAWN_BY_LOT, PRE, OTHERS, TRENDS, CLUSTERS} and codes <= set(ITEMS)
    (item,) = bias(context, evaluation.tracing)
    assert isinstance(item, PictureSpec)
    table = item.drawn(Published())
    assert isinstance(table, TextTable)
    answers = table.frame.set_index("Source of bias or chance")["GEO-001"]
    for check in verdict.checks:
        assert answers[ITEMS[check.code][0]] == check.answer
    matrix = criteria(in_print(context, impact(context).items))
    assert isinstance(matrix, TextTable)
    on_participants = matrix.frame["Rests on"].str.startswith("T17-")
    effects = matrix.frame[(matrix.frame["Criterion"] == "Effectiveness") & on_participants]
    (line,) = effects.itertuples(index=False)
    for check in verdict.reservations:
        assert str(check.reservation) in line[1]
    assert line[2] == verdict.sureness


def test_a_true_null_passes_every_check_on_bias(evaluation: Evaluation) -> None:
    """An effect of nothing, with groups alike: no answer on bias is "no" because of the null."""
    d = evaluation.doubts[0]
    effect = evaluation.effects[0]
    curve = moved_curve(d.curve, 0.0)
    key = ("employed", evaluation.params.impact.main_wave)
    null = shifted(effect.by_wave[key], 0.0)  # type: ignore[arg-type]
    precise = dataclasses.replace(effect.pre["employed"], value=np.array([0.0]))
    moved = dataclasses.replace(
        effect, by_wave={**effect.by_wave, key: null}, pre={"employed": precise}
    )
    verdict = judged(evaluation, moved, dataclasses.replace(d, curve=curve, wild={}))
    assert verdict is not None and not verdict.shown
    answers = {check.code: check.answer for check in verdict.checks}
    assert answers[OTHERS] == "yes" and answers[TRENDS] == "yes" and answers[PRE] != "no"
    assert answers.get(LEFT_OUT, "yes") == "yes" and CERTAIN not in answers


def moved_curve(curve: SpecificationCurve, to: float) -> SpecificationCurve:
    runs = [
        dataclasses.replace(run, result=shifted(run.result, to))
        if isinstance(run.result, Estimate)
        else run
        for run in curve.runs
    ]
    return dataclasses.replace(curve, runs=tuple(runs))


def test_the_wider_interval_of_two_speaks_and_takes_the_price_with_it(
    evaluation: Evaluation, context: Context
) -> None:
    effect, d = evaluation.effects[0], evaluation.doubts[0]
    key = ("employed", evaluation.params.impact.main_wave)
    sure = dataclasses.replace(
        effect,
        by_wave={**effect.by_wave, key: shifted(effect.by_wave[key], 0.3)},  # type: ignore[arg-type]
    )
    wild = d.wild["regions"]
    assert isinstance(wild, WildBootstrap) and evaluation.tracing is not None
    open_ended = dataclasses.replace(
        wild, estimate=np.array([0.3]), low=np.array([-np.inf]), high=np.array([np.inf])
    )
    wide = dataclasses.replace(d, wild={"regions": open_ended})
    verdict = judged(evaluation, sure, wide)
    assert verdict is not None and not verdict.shown and verdict.excluded_size is None
    spent = money_of(evaluation, evaluation.tracing, sure)
    assert isinstance(priced_by(spent, verdict).job, NotEstimable)
    narrow = judged(evaluation, sure, dataclasses.replace(d, wild={}))
    assert isinstance(priced_by(spent, narrow).job, float)


def test_the_price_of_a_drawn_measure_rests_on_the_lot(evaluation: Evaluation) -> None:
    effect, study, inventory = evaluation.effects[0], evaluation.tracing, evaluation.inventory
    assert study is not None and inventory is not None
    assert priced(evaluation, study, effect).assumption == PARALLEL
    drawn = inventory.frame.assign(impact_design="RCT")
    lot = dataclasses.replace(
        evaluation, inventory=dataclasses.replace(inventory, frame=drawn), kept={}
    )
    assert priced(lot, study, effect).assumption == BY_LOT


def with_plan(context: Context, path: Path) -> Context:
    p = context.evaluation.params
    params = p.changed({"inputs.analysis_plan": path})
    return dataclasses.replace(
        context, evaluation=dataclasses.replace(context.evaluation, params=params)
    )


def test_deviations_from_a_plan(context: Context, tmp_path: Path) -> None:
    path = tmp_path / "plan.csv"
    path.write_text(
        "item,value,reason\nOutcome,employed,\noutcome,rsi_total,not asked\nmain wave,4,\nmeasure,GEO-001,\n",
        encoding="utf-8",
    )
    made = deviations(with_plan(context, path))
    assert isinstance(made, TextTable)
    t = made.frame.set_index(["Subject", "Value"])["Deviation"]
    assert t[("outcome", "employed")] == "as planned"
    assert t[("outcome", "rsi_total")] == "planned, not done"
    assert t[("main wave", "4")] == "planned, not done"
    assert t[("main wave", "3")] == "done, not planned"
    assert t[("measure", "GEO-001")] == "as planned"
    assert ("outcome", "earnings") in t.index and "covariate" not in t.index.get_level_values(0)
    assert "not asked" in made.frame["Reason given in the plan file"].tolist()


def test_a_plan_that_cannot_be_read_names_every_line(tmp_path: Path) -> None:
    path = tmp_path / "plan.csv"
    path.write_text("item,value\noutcom,employed\noutcome,\nwave,2\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_plan(path)
    assert [p.where for p in caught.value.problems] == ["plan.csv, line 2", "plan.csv, line 3"]


MEASURE = st.fixed_dictionaries(
    {
        "stage_code": st.sampled_from(["BEF", "DUR", "AFT"]),
        "model_primary": st.sampled_from(["M01", "M02", "M03"]),
        "funder_main": st.sampled_from(["a", "b", "c", "d", "e", "f"]),
        "budget_eur": st.one_of(st.none(), st.floats(1e4, 1e7)),
    }
)


@pytest.mark.whole
@settings(deadline=None, max_examples=60)
@given(st.lists(MEASURE, min_size=4, max_size=40))
def test_no_hidden_budget_can_be_computed(measures: list[dict[str, object]]) -> None:
    """What is published and that parts add up leave every hidden budget an interval."""
    frame = pd.DataFrame(measures).astype({"budget_eur": float})
    money = budgets(frame)
    if WHOLE in money.hidden or WHOLE not in money.amount:
        return
    stages = tuple(k for k in money.amount if len(k) == 1 and k != WHOLE)
    relations = [
        Relation(WHOLE, stages),
        *(
            Relation(s, tuple(k for k in money.amount if len(k) == 2 and k[0] == s[0]))
            for s in stages
        ),
    ]
    found = attack(money.amount, sorted(money.hidden), relations)
    assert not recovered(found, tolerance=1.0)


def test_small_p_values_are_not_printed_as_zero() -> None:
    table = Table(
        "T",
        "t",
        rows(
            [
                plain("r", "p", 0.0001, P_VALUE, kind="effect"),
                plain("s", "p", 0.0312, P_VALUE, kind="effect"),
            ]
        ),
        units={"p": (1.0, 3)},
    )
    html = table.to_html()
    assert "&lt;0.001" in html and "0.031" in html and ">0.000<" not in html


def test_an_interval_that_is_too_short_is_told_beside_the_headline(
    evaluation: Evaluation, context: Context
) -> None:
    effect, study = evaluation.effects[0], evaluation.tracing
    assert study is not None
    key = (
        evaluation.params.impact.main_outcome,
        evaluation.params.impact.main_wave,
    )
    main = effect.by_wave[key]
    assert isinstance(main, Estimate)
    words = "few primary sampling units stand behind this effect"

    def told(changed: Effects) -> str:
        item = headline_items(context, changed, study)[0]
        assert isinstance(item, SummarySpec)
        low, high = (float(end[0]) for end in main.ends())
        cell = {"value": float(main.value[0]), "ci_low": low, "ci_high": high}
        return item.say(pd.DataFrame([dataclasses.asdict(key) | cell for key in item.refers]))

    assert "percentage points" in told(effect) and words not in told(effect)
    few = dataclasses.replace(
        effect, by_wave={**effect.by_wave, key: main.annotated(notes=(Caution("too few"),))}
    )
    assert told(few).count(words) == 1
