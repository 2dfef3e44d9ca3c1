"""The claims of the MISMES studies put to the evidence of the run: the numbers (T50), what may be
said of each claim (T51), and the distances in a picture (F50).

Verdicts are made of published cells only: a number that is hidden gives none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from scipy import special

from mismes_eval.estimate.claim_verdict import (
    ClaimVerdict,
    Measured,
    hidden,
    judge,
    without_field,
    without_number,
)
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.evaluation.claims.census import PAIRED, Census
from mismes_eval.evaluation.claims.ledger import SOURCE, Claim, version
from mismes_eval.evaluation.claims.persons import Evidence
from mismes_eval.evaluation.claims.testing import ClaimEvidence, put_to_the_test
from mismes_eval.message import Quantity
from mismes_eval.report.chapters.base import QUESTION, Chapter, Context, text_table
from mismes_eval.report.chapters.cells import UNITS, Record, arms, joined, plain, rows, single
from mismes_eval.report.document.cells import (
    NO_PERSONS,
    NOBODY,
    CellKey,
    Persons,
    PublishedCell,
    Standing,
    Status,
    persons_behind,
)
from mismes_eval.report.document.items import PictureSpec
from mismes_eval.report.document.language import Language, language
from mismes_eval.report.document.tables import Table, TextTable
from mismes_eval.report.figures import Figure
from mismes_eval.report.figures_impact import forest

NUMBERS, VERDICTS, PICTURE, COLUMN = "T50", "T51", "F50", "number"
READ = ("value", "ci_low", "ci_high", "n", "flag")
LEVEL, FEW = 0.95, "too few persons"
HEAD = ("Claim", "Measured by", "Verdict", "Distance", "What would matter", "Why")
NEEDED = "survey with a question on migration, tracer study or inventory"
SOURCE_OF_NUMBERS = "of this run: {sources}"
COUNTED = (
    "n: {k:,} claims with a number; each stands on the persons or measures of its row in {table}."
)
READING = (
    "Distance: how far the number of {table} lies from the claim's threshold, in the direction of"
    " the claim, with its 95% interval. Supported: the interval lies above 0 and reaches what would"
    " matter. Contradicted: it lies wholly below what would matter. Undecided: neither."
)
CENSUS_NOTE = (
    "Claims about measures are about measures of a kind, of which the register has some: their"
    " interval counts chance as if these had been drawn, and lets a record without an answer hold"
    " anything."
)
CHANCE = (
    "{k} of the claims have a number. Of claims that are false at the threshold, one in 40 is called"
    " supported by chance, one in 20 where the claim names no side; with intervals that hold for all"
    " {k} together these keep their verdict: {firm}."
)
SPOKEN = (
    "Effects on the main outcome have the interval with which their headlines speak, which may be"
    " wider than the design's."
)
UNIT = "Shares in %, differences of shares in percentage points; {ids} in {c}. T51 has the claims."
LEDGER = "Ledger of claims, version {version}, after: {source}."
ASKED = "What does this evidence say of the claims of the MISMES studies?"
SAID = (
    "Of {n} claims {s} {s:=is|are} supported{supported}, {c} {c:=is|are} contradicted"
    "{contradicted}, {u} {u:=is|are} undecided and {m} cannot be tested; T51 has each."
)
AXIS = "distance from the threshold, in units of what would matter"
TITLE = "The claims of the MISMES studies"
TITLE_OF_NUMBERS = "Claims of the MISMES studies: numbers"
TITLE_OF_VERDICTS = "Claims of the MISMES studies: what this evidence says"
TITLE_OF_PICTURE = "How far the evidence lies from each claim"
WOULD_DECIDE = {
    "persons": "{why}; about {n:,} persons would decide",
    "measures": "{why}; about {n:,} {n:=measure|measures} would decide",
    "pairs": "{why}; about {n:,} {n:=pair|pairs} of measures would decide",
    "countries": "{why}; about {n:,} {n:=country|countries} would decide",
}


@dataclass(frozen=True)
class ClaimsTable(Table):
    """T50 with what was found for each claim, of which verdicts are made once it is known what is
    published.
    """

    tested: tuple[ClaimEvidence, ...] = ()


def claims(context: Context) -> Chapter:
    """F50 and T50: the number for each claim that the run has one for, its distance first."""
    tested = put_to_the_test(context.evaluation)
    found = [_cells(context, one) for one in tested]
    parts = [cells for cells in found if len(cells)]
    if not parts:
        return Chapter("claims", TITLE, (context.absent(NEEDED),))
    table = ClaimsTable(
        id=NUMBERS,
        title=TITLE_OF_NUMBERS,
        cells=joined(parts),
        source=_source(context),
        notes=_notes(context, tested),
        units={context.name(one.claim.id): (one.claim.scale, 1) for one in tested},
        intervals=True,
        tested=tested,
        of="claims",
    )
    return Chapter("claims", TITLE, (_picture(context, tested), table))


def _notes(context: Context, tested: tuple[ClaimEvidence, ...]) -> tuple[str, ...]:
    effects = any(isinstance(one.found, Evidence) and one.found.adds for one in tested)
    amounts = ", ".join(one.claim.id for one in tested if one.claim.unit == "money")
    currency = context.params.cost.currency
    unit = context.text(UNIT, ids=context.name(amounts), c=context.name(currency))
    return (unit, *_bases(context), *([context.text(SPOKEN)] if effects else []))


def _bases(context: Context) -> tuple[str, ...]:
    """What the errors of the survey and of the tracer study rest on."""
    survey, study = context.evaluation.survey, context.evaluation.tracing
    samples = [] if survey is None else [survey.sample]
    samples += [] if study is None else [study.sample]
    return tuple(dict.fromkeys(sample.design.published_basis for sample in samples))


def _cells(context: Context, one: ClaimEvidence) -> pd.DataFrame:
    """The cell of a claim; nothing where fields are missing."""
    if one.found is None:
        return rows([])
    if isinstance(one.found, Census):
        return rows([_register(one.claim, one.found)])
    few = any(
        context.rules.confidential("share", float(compared.n[0])) for compared in one.found.compared
    )
    found = NotEstimable(FEW) if few else one.found.found
    standing = _standing(context, one.found)
    cells = single(context, context.name(one.claim.id), COLUMN, found, standing)
    if one.found.adds and isinstance(found, Estimate):
        low, high = one.found.ends(context.evaluation)
        cells = cells.assign(ci_low=low, ci_high=high)
    unit = one.claim.unit
    if unit == "money":
        unit = context.params.cost.currency
    return cells.assign(unit=cells["unit"].replace("", unit))


def _register(claim: Claim, found: Census) -> Record:
    """A number of measures, which are no persons."""
    measured = found.measured()
    ends = {"ci_low": measured.low, "ci_high": measured.high}
    number = plain(claim.id, COLUMN, measured.value, claim.unit, n=measured.n, standing=NO_PERSONS)
    return number | ends


def _standing(context: Context, found: Evidence) -> Standing:
    """The groups of persons that a number compares."""
    study = context.evaluation.tracing
    if found.arms and study is not None:
        return arms(study)
    groups = [persons_behind(estimate, 0) for estimate in found.compared]
    known = tuple(group for group in groups if isinstance(group, Persons))
    return Standing(compares=known) if known else NOBODY


@dataclass(frozen=True)
class Judged:
    """A claim with its verdict. units: what would decide is counted in.  missing: fields that the
    run lacks.
    register: of claims about measures, what they hold.
    """

    claim: Claim
    verdict: ClaimVerdict
    units: str = "persons"
    missing: tuple[str, ...] = ()
    register: Census | None = None


def judged(context: Context, tested: tuple[ClaimEvidence, ...]) -> tuple[Judged, ...]:
    """The verdict on every claim, from published cells. context: with published cells."""
    assert context.published is not None
    found = {one.claim.id: context.published.get(NUMBERS, one.claim.id, COLUMN) for one in tested}
    shown = sum(cell is not None and cell.shown for cell in found.values())
    return tuple(_judged(one, found[one.claim.id], shown) for one in tested)


def _judged(one: ClaimEvidence, cell: PublishedCell | None, k: int) -> Judged:
    claim = one.claim
    if one.missing:
        return Judged(claim, without_field(one.missing), missing=one.missing)
    if cell is None or not (cell.shown or cell.status == Status.NOT_ESTIMABLE):
        return Judged(claim, hidden())
    if isinstance(one.found, Evidence) and cell.status == Status.NOT_ESTIMABLE:
        found = one.found.found
        reason = found.reason if isinstance(found, NotEstimable) else FEW
        verdict = without_number(reason, one.found.needed)
        return Judged(claim, verdict, "measures", register=one.few)
    made = judge(
        _measured({name: getattr(cell, name) for name in READ}),
        claim.direction,
        claim.threshold,
        claim.margin,
        _family_factor(k, cell.degf),
    )
    if isinstance(one.found, Census):
        units = "pairs" if claim.id in PAIRED else "measures"
        return Judged(claim, made, units, register=one.found)
    return Judged(claim, made)


def _measured(cell: Mapping[Any, Any]) -> Measured:
    """The published number and its interval."""
    return Measured(
        value=float(cell["value"]),
        low=float(cell["ci_low"]),
        high=float(cell["ci_high"]),
        n=float(cell["n"]),
        doubtful="i" in str(cell["flag"]),
    )


def _family_factor(k: int, degf: float) -> float:
    """How much wider an interval is that holds for k numbers together (Bonferroni); of measures by
    the normal distribution.
    """
    tail = (1 - LEVEL) / 2
    quantiles = [1 - tail, 1 - tail / max(k, 1)]
    alone, together = special.stdtrit(degf, quantiles) if degf > 0 else special.ndtri(quantiles)
    return float(together / alone)


def verdicts_of(context: Context, chapters: Mapping[str, Chapter]) -> tuple[Judged, ...]:
    """The verdicts of a report; none where it tests no claim. context: with published cells."""
    if "claims" not in chapters:
        return ()
    tables = [i for i in chapters["claims"].items if isinstance(i, ClaimsTable)]
    return judged(context, tables[0].tested) if tables else ()


def with_verdicts(context: Context, chapters: Mapping[str, Chapter]) -> dict[str, Chapter]:
    """The chapters with the answer in front, and T51 between picture and numbers. context: with
    published cells.
    """
    found = verdicts_of(context, chapters)
    if not found:
        return dict(chapters)
    chapter = chapters["claims"]
    picture, *numbers = chapter.items
    items = (answer(context, found), picture, verdict_table(context, found), *numbers)
    return {**chapters, "claims": replace(chapter, items=items)}


def _source(context: Context) -> str:
    """The kinds of evidence that the run has."""
    evaluation = context.evaluation
    kinds = {
        "survey": evaluation.survey,
        "tracer study": evaluation.tracing,
        "inventory": evaluation.inventory,
    }
    sources = [context.text(name) for name, given in kinds.items() if given is not None]
    return context.text(SOURCE_OF_NUMBERS, sources=", ".join(sources))


def answer(context: Context, found: tuple[Judged, ...]) -> str:
    """How many claims have which verdict, and which those are that are decided."""
    by_answer: dict[str, list[str]] = {}
    for one in found:
        by_answer.setdefault(one.verdict.answer, []).append(one.claim.id)
    named = {}
    for name in ("supported", "contradicted"):
        which = ", ".join(by_answer.get(name, ()))
        named[name] = context.text(" ({which})", which=which) if which else ""
    said = context.text(
        SAID,
        n=len(found),
        s=len(by_answer.get("supported", ())),
        c=len(by_answer.get("contradicted", ())),
        u=len(by_answer.get("undecided", ())),
        m=len(by_answer.get("cannot be tested", ())),
        **named,
    )
    return context.text(QUESTION, question=context.text(ASKED), answer=said)


def verdict_table(context: Context, found: tuple[Judged, ...]) -> TextTable:
    """T51: a line for each claim."""
    currency = context.params.cost.currency
    lines = [_line(context.words, one, currency) for one in found]
    chance = [one for one in found if one.verdict.together is not None]
    kept = [
        one.claim.id
        for one in chance
        if one.verdict.together in ("supported", "contradicted")
        and one.verdict.together == one.verdict.answer
    ]
    firm = ", ".join(kept) or context.text("none")
    notes = (
        context.text(READING, table=NUMBERS),
        context.text(CENSUS_NOTE),
        *([context.text(CHANCE, k=len(chance), firm=firm)] if chance else []),
        context.text(LEDGER, version=version(), source=context.text(SOURCE)),
    )
    return text_table(context, VERDICTS, TITLE_OF_VERDICTS, lines, HEAD, "", notes)


def _line(t: Language, one: Judged, currency: str) -> tuple[str, ...]:
    claim = one.claim
    return (
        t.name(f"{claim.id} {t(claim.claim)}"),
        t(claim.measured_by),
        t(one.verdict.answer),
        t.name(distance_text(t, one)),
        t.name(margin_text(t, claim, currency)),
        t.name(why(t, one)),
    )


def margin_text(t: Language, claim: Claim, currency: str = "") -> str:
    """The least distance that would matter, with its unit. currency: of amounts of one country."""
    one, many = UNITS[claim.unit]
    if currency and claim.unit == "money":
        one = many = currency
    return t.quantity(Quantity(claim.margin * claim.scale, one, many, digits=0))


def distance_text(t: Language, one: Judged) -> str:
    """Distance with its interval in the unit of the claim; a dash where there is none."""
    span, scale = one.verdict.span, one.claim.scale
    if not span.known:
        return "–"
    low, high = (t.number(end * scale, 1) for end in (span.low, span.high))
    value = t.number(span.value * scale, 1)
    if span.low == span.high:
        return value
    return t("{v} ({lo} to {hi})", v=value, lo=low, hi=high)


def why(t: Language, one: Judged) -> str:
    """The reason of a verdict, and how many would decide where that can be told."""
    reason = t(one.verdict.reason)
    needed = one.verdict.needed
    if not (math.isfinite(needed) and one.verdict.span.known):
        return reason
    return t(WOULD_DECIDE[one.units], why=reason, n=int(needed))


def _picture(context: Context, tested: tuple[ClaimEvidence, ...]) -> PictureSpec:
    """Distances of the published numbers in units of the margin, with their intervals."""
    words = context.words
    by_id = {one.claim.id: one for one in tested}
    source = _source(context)
    keys = tuple(CellKey(NUMBERS, id_, COLUMN) for id_ in by_id)

    def draw(published: pd.DataFrame) -> Figure | str:
        shown = published[(published["status"] == "shown") & published["value"].notna()]
        lines = [_drawn(words, by_id[str(cell["row"])], cell) for cell in shown.to_dict("records")]
        if not lines:
            return ""
        frame = pd.DataFrame(lines)
        notes = (words(COUNTED, k=len(frame), table=NUMBERS),)
        return forest(context.caption(PICTURE, TITLE_OF_PICTURE, source, notes), frame, words(AXIS))

    return PictureSpec(PICTURE, TITLE_OF_PICTURE, draw, refers=keys)


def _drawn(t: Language, one: ClaimEvidence, cell: Mapping[Any, Any]) -> Record:
    """A row of the picture: the distance in units of what would matter, coloured by verdict."""
    claim = one.claim
    found = judge(_measured(cell), claim.direction, claim.threshold, claim.margin)
    span = found.span.scaled(1 / claim.margin)
    ends = {"value": span.value, "low": span.low, "high": span.high}
    return {"label": t.name(claim.id), **ends, "group": t(found.answer)}


def facts(context: Context, chapters: Mapping[str, Chapter]) -> list[Record]:
    """What a synthesis and the command line read of each claim: published numbers only, null where
    there is none. value, low, high: the number and its interval, in the unit of the claim; said,
    why: distance and reason in English.
    """
    english = language("en")
    return [_fact(english, context, one) for one in verdicts_of(context, chapters)]


def _fact(english: Language, context: Context, one: Judged) -> Record:
    verdict = one.verdict
    number = _published_number(context, one)
    return {
        "id": one.claim.id,
        "version": version(),
        "answer": verdict.answer,
        "together": verdict.together,
        "missing": list(one.missing),
        "margin": one.claim.margin,
        "unit": one.claim.unit,
        "of": _what_it_is_of(context, one.claim),
        "distance": _finite(verdict.span.value),
        "distance_low": _finite(verdict.span.low),
        "distance_high": _finite(verdict.span.high),
        "needed": _finite(verdict.needed),
        **number,
        "said": distance_text(english, one),
        "why": why(english, one),
    }


def _what_it_is_of(context: Context, claim: Claim) -> str:
    """What has to be alike in two countries for their numbers to be put together: the currency of
    money, the main outcome of effects; else nothing.
    """
    params = context.params
    if claim.unit == "money":
        return str(params.cost.currency)
    return str(params.impact.main_outcome) if claim.on_main_outcome else ""


def _published_number(context: Context, one: Judged) -> Record:
    published = context.published
    cell = None if published is None else published.get(NUMBERS, one.claim.id, COLUMN)
    register = one.register
    of_register = dict.fromkeys(("silent", "least", "most"))
    if register is not None:
        of_register = {
            "silent": register.missing,
            "least": register.least,
            "most": register.most,
        }
    if cell is None or not cell.shown or not one.verdict.span.known:
        names = ("value", "low", "high", "se", "n", "degf", "doubtful")
        return dict.fromkeys(names) | _few(register) | of_register
    return {
        "value": cell.value,
        "low": _finite(cell.ci_low),
        "high": _finite(cell.ci_high),
        "se": _finite(cell.se),
        "n": _finite(cell.n),
        "degf": _finite(cell.degf),
        "doubtful": "i" in cell.flag,
        **of_register,
    }


def _few(register: Census | None) -> Record:
    """Measures too few for a number of their own: they count over all countries."""
    if register is None or register.measures == 0:
        return {}
    measured = register.measured()
    return {"value": _finite(measured.value), "n": measured.n}


def _finite(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None
