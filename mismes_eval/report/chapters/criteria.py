"""The six criteria of the OECD's Development Assistance Committee: what the report's own numbers
say on each, and how strong that evidence is, by fixed rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.verdict import Span
from mismes_eval.evaluation.tracer_effects import Effects
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.lfs.catalogue import catalogue
from mismes_eval.report.chapters.base import Context, Item, text_table
from mismes_eval.report.chapters.cells import following, joined, plain, rows, span_at
from mismes_eval.report.chapters.costs import job_cells, job_sentence
from mismes_eval.report.chapters.criteria_of_effects import (
    FEW,
    MODERATE,
    NONE,
    STRONG,
    WEAK,
    impact,
    no_evidence,
    of_measure,
    on_participants,
    strength_of_records,
    sustainability,
)
from mismes_eval.report.chapters.job_year import priced
from mismes_eval.report.chapters.study import EFFECTIVENESS, Line
from mismes_eval.report.chapters.verdicts import effect_verdict
from mismes_eval.report.document.cells import CellKey
from mismes_eval.report.document.items import SentenceSpec

Cell = tuple[str, str, str]  # table, row, column
TOOK_PART: Cell = ("T10", "any measure", "returnees who took part")
NOTES = (
    (
        "Strength of the evidence, not of the finding, by rule. Strong: a survey, or a comparison"
        " of participants drawn by lot that passes every check. Moderate: no lot, one or two"
        " checks fail or are too weak to tell, the survey has no PSUs, a table marks its number u, or"
        " inventory records cover at least 80% of the measures. Weak: more checks fail, the groups moved apart before the"
        " measure, the interval is too short, nothing could be checked, or fewer records. None:"
        " nothing could be estimated."
    ),
    (
        "Criteria: OECD Development Assistance Committee (2019). The words follow the numbers; no"
        " judgement was written in advance."
    ),
    (
        "Relevance: needs of the people meant, and whether they are reached. Coherence: fit with"
        " other measures and with national systems. Effectiveness: results for participants, against"
        " life without the measure. Efficiency: results for the money. Impact: wider and longer"
        " effects, beyond participants. Sustainability: what lasts."
    ),
)
EMPLOYMENT = "L3.employment"
GAP_TABLES = {EMPLOYMENT: "T08", "L3.unemployment": "T08", "L5": "T09"}  # that have the rates
GAP = CellKey("gaps", "", "gap")  # returnees minus non-migrants
OF_A_STUDY = (
    "An effect in a study file of its own is put to these checks: drawn by lot, the arms alike before"
    " the draw, lost alike, planned beforehand, enough sampling units; one without blocks or a draw"
    " is put to none and counts as weak."
)


GAPS = {
    "higher": (
        "The {o} of returnees is {v} percentage points higher than that of non-migrants (95%"
        " interval {lo} to"
        " {hi})."
    ),
    "lower": (
        "The {o} of returnees is {v} percentage points lower than that of non-migrants (95%"
        " interval {lo} to"
        " {hi})."
    ),
    "unclear": (
        "No difference in {o} between returnees and non-migrants could be shown: {v} percentage"
        " points ({lo}"
        " to {hi})."
    ),
    "unknown": "The difference in {o} between returnees and non-migrants has no interval.",
}


def criteria(context: Context) -> Item:
    """T05c: evidence and strength for relevance, coherence, effectiveness, efficiency, impact and
    sustainability.
    """
    lines = [
        line
        for make in (_relevance, _coherence, _effectiveness, _efficiency, impact, sustainability)
        for line in make(context)
    ]
    rows = [
        (context.text(x.criterion), x.finding, context.text(x.strength), x.tables) for x in lines
    ]
    evaluation = context.evaluation
    own = () if evaluation.study is None and evaluation.lottery is None else (OF_A_STUDY,)
    notes = tuple(context.text(n) for n in (*NOTES, *own))
    return text_table(
        context,
        "T05c",
        "The evidence by criterion (DAC matrix)",
        rows,
        ("Criterion", "What the evidence says", "Strength", "Rests on"),
        "",
        notes,
    )


def interval(context: Context, span: Span) -> dict[str, str]:
    """Value and 95% interval in percentage points as text; of a difference that is shown without
    its sign, for sentences that say "higher" or "lower".
    """
    n, told = context.words.number, span.size
    ends = {"v": told.value, "lo": told.low, "hi": told.high}
    return {name: n(end * 100.0, 1) for name, end in ends.items()}


def survey_strength(context: Context, e: Estimate, cells: Sequence[Cell]) -> str:
    """How strong the evidence of a survey's number is: weak where it is to be read with caution,
    moderate where a table marks it for use with care. cells: table, row and column of what it rests
    on.
    """
    survey = context.evaluation.survey
    if e.doubtful:
        return WEAK
    found = [] if context.published is None else [context.published.get(*at) for at in cells]
    if any(cell is not None and cell.flag for cell in found):
        return MODERATE
    return STRONG if survey is not None and survey.sample.design.level == "psu" else MODERATE


def rates_of(table: str, row: str) -> tuple[Cell, Cell]:
    """The cells that a gap between returnees and non-migrants rests on."""
    return (table, row, "returnees"), (table, row, "non-migrants")


def _relevance(context: Context) -> list[Line]:
    """Are the target groups worse off than others, and do they take part?"""
    name = "Relevance"
    if context.evaluation.survey is None:
        return [no_evidence(context, name, "no labour force survey was supplied")]
    out = []
    worse = {
        "L3.unemployment": ("unemployment rate", "T08"),
        "L5": ("share of over-qualified workers", "T09"),
    }
    for id_, (what, table) in worse.items():
        gap = returnee_gap(context, id_)
        span = published_gap(context, id_)
        title = catalogue()[id_].title
        if isinstance(gap, NotEstimable) or isinstance(span, NotEstimable):
            reason = span.reason if isinstance(span, NotEstimable) else UNTOLD
            out.append(no_evidence(context, name, reason, table))
            continue
        said = context.text(GAPS[span.sign], o=context.text(what), **interval(context, span))
        strength = survey_strength(context, gap, rates_of(table, title))
        out.append(Line(name, said, strength, table))
    return out + _take_up(context)


UNTOLD = "the survey does not tell who returned"
NO_INVENTORY = "no inventory was supplied"


def returnee_gap(context: Context, id_: str) -> Estimate | NotEstimable:
    """Returnees minus non-migrants."""
    survey = context.evaluation.survey
    if survey is None or not survey.tells_return:
        asked = survey is not None and survey.definition is not None
        return NotEstimable(UNTOLD if asked else "the survey has no question on migration")
    estimate = context.indicators(by=("status",), which=(id_.split(".", maxsplit=1)[0],)).get(
        id_, NotEstimable("not computed for this survey")
    )
    if isinstance(estimate, NotEstimable):
        return estimate
    first = (
        estimate.keys["variable"] == estimate.keys["variable"].iloc[0]
        if "variable" in estimate.keys
        else pd.Series(True, index=estimate.keys.index)
    )
    name = {
        str(status): place
        for place, (status, keep) in enumerate(
            zip(estimate.keys["status"].astype(str), first, strict=True)
        )
        if keep
    }
    if not {"returnee", "non-migrant"} <= set(name):
        return NotEstimable("the survey has no returnees or no non-migrants")
    few = min(float(estimate.n[name["returnee"]]), float(estimate.n[name["non-migrant"]]))
    if context.rules.confidential("share", few):
        return NotEstimable("too few persons")
    return estimate.contrast(
        {estimate.names[name["returnee"]]: 1.0, estimate.names[name["non-migrant"]]: -1.0}
    )


def gaps_item(context: Context) -> list[SentenceSpec]:
    """The cells of the gaps between returnees and non-migrants that sentences tell; no table has
    them, and they are hidden with the rates of either group.
    """
    cells = []
    for id_, table in GAP_TABLES.items():
        gap = returnee_gap(context, id_)
        title = catalogue()[id_].title
        if isinstance(gap, Estimate):
            span = Span.of(gap)
            cell = plain(title, GAP.column, span.value, "share", kind="effect")
            told = rows([cell | {"ci_low": span.low, "ci_high": span.high}])
            cells.append(following(told, *(CellKey(*at) for at in rates_of(table, title))))
    if not cells:
        return []
    return [SentenceSpec("", {}, id=GAP.table, cells=joined(cells))]


def published_gap(context: Context, id_: str) -> Span | NotEstimable:
    """Returnees minus non-migrants, where that may be said."""
    gap = returnee_gap(context, id_)
    key = replace(GAP, row=catalogue()[id_].title)
    if isinstance(gap, NotEstimable):
        return gap
    return span_at(context.published_at([key]), key) or NotEstimable("too few persons")


def _indicator(table: pd.DataFrame, name: str) -> tuple[float, float]:
    """Value and number of measures behind it, over all measures; NaN and 0 where there is none."""
    mine = table[(table["indicator"] == name) & (table["group"].astype(str) == "all")]
    if mine.empty:
        return float("nan"), 0.0
    return float(mine["value"].iloc[0]), float(mine["n"].iloc[0])


def _coherence(context: Context) -> list[Line]:
    inventory = context.evaluation.inventory
    if inventory is None:
        return [no_evidence(context, "Coherence", NO_INVENTORY)]
    frame = inventory.frame[inventory.counted.to_numpy()]
    score = pd.to_numeric(frame["embedded_national"], errors="coerce").dropna()
    out = []
    if len(score):
        said = context.text(
            "{a:.0%} of measures with a score are partly or fully embedded in national systems;"
            " {b:.0%} name a national partner.",
            a=float((score >= 2).mean()),
            b=float(frame["national_partner"].notna().mean()),
        )
        out.append(Line("Coherence", said, strength_of_records(len(score), len(frame)), "T05"))
    paid = inventory.tree.paid("budget_eur")
    whole = paid["budget_eur"].sum()
    if whole > 0:
        by = paid.groupby(paid["funder_main"].astype(str))["budget_eur"].sum() / whole
        said = context.text(
            "{k} main funders; the concentration of their budgets is {h} (Herfindahl index, 1: a"
            " single funder).",
            k=len(by),
            h=context.words.number(float((by**2).sum()), 2),
        )
        out.append(Line("Coherence", said, strength_of_records(len(paid), len(frame)), "T02, T05"))
    none = "the inventory has neither scores nor budgets"
    return out or [no_evidence(context, "Coherence", none)]


@dataclass(frozen=True)
class _Reported:
    """What an indicator of the inventory says of a criterion. least: measures that must report it.
    tables: that show it.
    """

    indicator: str
    words: str
    scale: float = 100.0
    digits: int = 1
    least: int = 1
    tables: str = "T05"


RESULTS = (
    _Reported(
        "completion rate",
        "{v}% of beneficiaries completed what they began ({k} of {n} measures report it).",
    ),
    _Reported(
        "placement rate",
        "{v}% of those who completed were placed in a job ({k} of {n} measures report it).",
    ),
)
COSTS = (
    _Reported(
        "cost per beneficiary, median",
        "The median measure spends {v} euro for each beneficiary ({k} of {n} measures report both).",
        scale=1.0,
        digits=0,
        least=3,
        tables="T04, T05",
    ),
    _Reported(
        "overhead ratio, median",
        "Overhead takes {v}% of the cost in the median measure ({k} of {n} measures report it).",
        least=3,
        tables="T04, T05",
    ),
)


def _recorded(
    context: Context, criterion: str, told: Sequence[_Reported], none: str, table: str
) -> list[Line]:
    """What indicators of the inventory say. none: where no measure reports one; table: of these."""
    inventory = context.evaluation.inventory
    if inventory is None:
        return [no_evidence(context, criterion, NO_INVENTORY)]
    whole = int(inventory.counted.sum())
    indicators = inventory.profile().indicators
    out = list[Line]()
    for one in told:
        value, n = _indicator(indicators, one.indicator)
        if n >= one.least and np.isfinite(value):
            shown = context.words.number(value * one.scale, one.digits)
            said = context.text(one.words, v=shown, k=int(n), n=whole)
            out.append(Line(criterion, said, strength_of_records(n, whole), one.tables))
    return out or [no_evidence(context, criterion, none, table)]


def _effectiveness(context: Context) -> list[Line]:
    none = "no measure reports completions or placements"
    recorded = _recorded(context, EFFECTIVENESS, RESULTS, none, "T05")
    return on_participants(context) + recorded


def _take_up(context: Context) -> list[Line]:
    estimate = context.indicators(which=("L12",)).get("L12")
    key = CellKey(*TOOK_PART)
    span = span_at(context.published_at([key]), key)
    if not isinstance(estimate, Estimate) or span is None:
        return []
    said = context.text(
        "{v}% of returnees took part in any support measure (95% interval {lo} to {hi}).",
        **interval(context, span),
    )
    return [Line("Relevance", said, survey_strength(context, estimate, [TOOK_PART]), "T10")]


def _efficiency(context: Context) -> list[Line]:
    study = context.evaluation.tracing
    none = "fewer than three measures report their costs"
    out = _recorded(context, "Efficiency", COSTS, none, "T04")
    if study is not None:
        out += [_job_year(context, study, effect) for effect in context.evaluation.effects]
    return out


def _job_year(context: Context, study: Tracing, effect: Effects) -> Line:
    m = priced(context.evaluation, study, effect)
    said = job_sentence(context, study, m, context.published_at(job_cells(context, study, m)))
    if not said:
        return of_measure(context, "Efficiency", m.measure, FEW, "T20")
    if isinstance(m.job, NotEstimable):
        return Line("Efficiency", said, NONE, "T20")
    verdict = effect_verdict(context.evaluation, effect)
    held = NONE if verdict is None else verdict.sureness
    return Line("Efficiency", said, held, "T20, F13")
