"""Cells that several chapters make: plain numbers, an estimate with its interval in the print, the
scale of an outcome, the note on n.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.verdict import Span, Verdict
from mismes_eval.evaluation.evaluation import Result
from mismes_eval.evaluation.money import MONTHS, YEAR
from mismes_eval.evaluation.rollout import Rollout
from mismes_eval.evaluation.tracer_effects import ABROAD, HOME
from mismes_eval.evaluation.tracer_study import TREATED, Tracing
from mismes_eval.impact.inference.wild_draws import WildBootstrap
from mismes_eval.numerics.rows import Float
from mismes_eval.report.chapters.base import Context
from mismes_eval.report.chapters.verdicts import spoken_outcomes
from mismes_eval.report.document.cells import (
    NO_PERSONS,
    NOBODY,
    STANDING,
    CellKey,
    Persons,
    Standing,
    Status,
)
from mismes_eval.report.document.estimated_cells import (
    CARRIED,
    UNIT_OF_KIND,
    cells_of,
    frame_of,
    records_of,
)
from mismes_eval.report.document.items import Number, Part, no_cells
from mismes_eval.report.document.tables import P_VALUE
from mismes_eval.report.sentences import About
from mismes_eval.tracer.outcomes import Outcome, declared
from mismes_eval.weighting.sample import Sample

Record = dict[str, object]  # a cell by its columns

UNITS = {
    "share": ("percentage point", "percentage points"),
    "score": ("point of the score", "points of the score"),
    "money": ("currency unit", "currency units"),
    "months": ("month", "months"),
    "hours": ("hour", "hours"),
    "count": ("unit of the outcome", "units of the outcome"),
    "number": ("unit of the outcome", "units of the outcome"),
}
PLAIN = (1.0, 1)  # scale and decimals
SCALES = {"share": (100.0, 1), "score": (1.0, 2)}
IN_SHORT = "pp"  # of percentage points
HIDDEN_PICTURE = "{f}: {m}: not shown, too few persons."
SPOKEN = "T19d"
YEAR_BEFORE = "placebo: change in the year before enrolment"  # a row of T19
ARMS = {1.0: "participants", 0.0: "comparison"}
FROM, TO, P = "95% from", "95% to", "p"
NO_SUCH = NotEstimable("the params name no such outcome and wave")


def outcome_kind(context: Context, name: str) -> Outcome:
    """What an outcome of the tracer study is: as the study found it, else as the template says;
    work abroad is what work at home is. Without a study: what the rounds of a roll-out hold.
    """
    study = context.evaluation.tracing
    rolled = context.evaluation.rollout
    if study is None and rolled is not None and rolled.outcome == name:
        return rolled.what
    found = {} if study is None else study.outcomes
    known = found.get(name) or declared(name)
    if known is None and name == ABROAD:
        return replace(outcome_kind(context, HOME), name=ABROAD, better="")
    return known or Outcome(name)


def beside_main(context: Context, r: Rollout) -> bool:
    """Whether the effect of a roll-out is of what the headline of the tracer study is of."""
    main = context.evaluation.main_cell[0]
    return r.outcome == main and r.what.kind == outcome_kind(context, main).kind


def outcome_scale(context: Context, name: str) -> tuple[float, int]:
    """Scale and decimals of an outcome: shares are shown in percentage points, scores between 0 and
    1 with a decimal more.
    """
    return SCALES.get(outcome_kind(context, name).kind, PLAIN)


def outcome_unit(context: Context, name: str) -> str:
    """The unit in which `outcome_scale` shows an effect."""
    return context.text(unit_of(context, name)[2])


def cell_unit(context: Context, name: str) -> str:
    """The unit of an outcome as data files have it: shares as shares, money in its currency."""
    return unit_in_files(context, outcome_kind(context, name))


def unit_in_files(context: Context, found: Outcome) -> str:
    if found.kind == "share":
        return "share"
    if found.kind == "money":
        study = context.evaluation.tracing
        home = None if study is None else study.home_currency
        return "international dollars" if "international" in found.unit else home or "currency"
    return {"months": "months", "hours": "hours", "score": "score"}.get(found.kind, "number")


def outcome_unit_in_short(context: Context, name: str) -> str:
    """The unit of an effect with the short form that stands beside its numbers."""
    unit = outcome_unit(context, name)
    if outcome_kind(context, name).kind != "share":
        return unit
    return context.text("{unit} ({short})", unit=unit, short=context.text(IN_SHORT))


def in_unit(result: Result, unit: str) -> Result:
    """An estimate with the unit that its number is in."""
    return result.annotated(unit=unit) if isinstance(result, Estimate) else result


def about_outcome(context: Context, outcome: str) -> About:
    """What a number on an outcome is in where the words beside it name the measure, and the caption
    the whole unit with its short form.
    """
    return in_short(
        About("", "", "", *unit_of(context, outcome), outcome_scale(context, outcome)[1])
    )


def in_short(about: About) -> About:
    return replace(about, one=IN_SHORT, many=IN_SHORT) if about.many == UNITS["share"][1] else about


def after(context: Context, study: Tracing, wave: object) -> str:
    """The months from enrolment to a wave, in words."""
    return context.text("{m:.0f} months", m=study.months[wave])


def about_effect(
    context: Context, study: Tracing, measure: str, outcome: str, wave: object
) -> About:
    """What the effect of a measure on an outcome is of, in the words and units of the report."""
    when = after(context, study, wave)
    return About(measure, context.column(outcome), when, *unit_of(context, outcome))


def about_rollout(context: Context, r: Rollout) -> About:
    """What the effect of a roll-out is of, in the unit of the survey's outcome."""
    scale, digits = SCALES.get(r.what.kind, PLAIN)
    outcome = context.rolled_out(r.outcome)
    return About(context.name(r.measure), outcome, "", scale, *UNITS[r.what.kind], digits)


def unit_of(context: Context, name: str) -> tuple[float, str, str]:
    """Scale, unit in the singular and in the plural of the effect on an outcome; money is in its
    currency where the study names one.
    """
    kind = outcome_kind(context, name).kind
    code = cell_unit(context, name)
    money = kind == "money" and code != "currency"
    return outcome_scale(context, name)[0], *((code, code) if money else UNITS[kind])


def plain(
    row: str,
    column: str,
    value: float,
    unit: str = "",
    n: float = np.nan,
    kind: str = "count",
    definition: str = "",
    standing: Standing = NOBODY,
) -> Record:
    """One cell of a number without a standard error of its own."""
    return dict.fromkeys(CARRIED, np.nan) | {
        "row": row,
        "column": column,
        "value": float(value),
        "n": n,
        "flag": "",
        "kind": kind,
        "unit": unit or UNIT_OF_KIND.get(kind, ""),
        "definition": definition,
        "status": str(Status.SHOWN),
        STANDING: standing,
    }


def following(cells: pd.DataFrame, *keys: CellKey) -> pd.DataFrame:
    """Cells that are computed from these, and are hidden with any of them."""
    return following_each(cells, [keys] * len(cells))


def following_each(cells: pd.DataFrame, keys: Sequence[Iterable[CellKey]]) -> pd.DataFrame:
    """The same where each cell is computed from others."""
    standing = []
    for told, own in zip(cells[STANDING], keys, strict=True):
        given = told if isinstance(told, Standing) else NOBODY
        standing.append(replace(given, follows=(*given.follows, *own)))
    return cells.assign(**{STANDING: pd.Series(standing, index=cells.index, dtype=object)})


def by_rule(context: Context, cell: Record, n: float) -> Record:
    """A plain cell, hidden where fewer than n persons its kind asks for stand behind it; n itself
    is not printed.
    """
    if context.rules.confidential(str(cell["kind"]), n):
        return cell | {"status": str(Status.CONFIDENTIAL)}
    return cell


def rows(cells: list[Record]) -> pd.DataFrame:
    """Plain cells as the frame of a table."""
    return frame_of(cells)


def single(
    context: Context,
    row: str,
    column: str,
    item: Result,
    standing: Standing = NOBODY,
) -> pd.DataFrame:
    """The cell of one estimate, as `cells_of` makes it."""
    return cells_of([(row, column, item)], context.rules, standing)


def joined(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The cells of several parts of a table."""
    return pd.concat(parts, ignore_index=True) if parts else no_cells()


def ends_of(row: str, low: float, high: float, unit: str) -> list[Record]:
    """The cells with the ends of an interval."""
    return [plain(row, FROM, low, unit, kind="effect"), plain(row, TO, high, unit, kind="effect")]


def p_of(row: str, p: float) -> Record:
    """The cell of a p-value."""
    return plain(row, P, p, P_VALUE, kind="effect")


def with_ends(main: dict[str, Any], low: float, high: float, **more: float) -> list[Record]:
    """A cell with its interval, and the cells of the ends. more: other numbers of the cell."""
    ends = ends_of(main["row"], low, high, main["unit"])
    return [main | {"ci_low": low, "ci_high": high, **more}, *ends]


def over_clusters(
    context: Context, row: str, found: WildBootstrap | NotEstimable, unit: str
) -> pd.DataFrame:
    """An effect with the wild bootstrap's interval and p-value; n counts clusters."""
    if isinstance(found, NotEstimable):
        return single(context, row, "estimate", found)
    w = found.to_frame().iloc[0]
    n = float(w["clusters"])
    main = plain(row, "estimate", w["value"], unit, n, "effect", standing=NO_PERSONS)
    return rows([*with_ends(main, w["ci_low"], w["ci_high"], se=w["se"]), p_of(row, w["p"])])


def arm_of(sample: Sample) -> Float:
    """(n,) 1 for participants, 0 for comparison persons."""
    return sample.frame[TREATED].to_numpy(float)


def arms(study: Tracing) -> Standing:
    """What an effect of the tracer study compares: participants with the comparison group."""
    sample = study.sample
    arm = arm_of(sample)
    return Standing(compares=(Persons.among(sample, arm == 1), Persons.among(sample, arm == 0)))


def not_shown(study: Tracing) -> tuple[Persons, ...]:
    """Participants and comparison persons of each measure of which the report shows nothing."""
    sample = study.sample
    treated = arm_of(sample)
    named = sample.frame[study.measure].astype("string").fillna("").to_numpy(str)
    others = sorted({*named} - {"", *study.measures})
    return tuple(
        Persons.among(sample, (named == measure) & (treated == arm))
        for measure in others
        for arm in (1, 0)
    )


def with_interval(
    context: Context, row: str, item: Result, standing: Standing = NOBODY
) -> pd.DataFrame:
    """Estimate with its standard error, the ends of its interval and, but for bounds, its p-value,
    in four columns; nothing but the estimate's sign where it is hidden.
    """
    cells = records_of([(row, "estimate", item)], context.rules, standing)
    if not isinstance(item, NotEstimable) and cells[0]["status"] == "shown":
        low, high = item.ends()
        cells += ends_of(row, low[0], high[0], item.unit)
        if "bound" not in item.keys:  # a bound is no effect whose absence could be tested
            cells.append(p_of(row, item.pvalue[0]))
    return frame_of(cells)


def pooled(context: Context, study: Tracing) -> tuple[str, ...]:
    """That a table or picture takes several measures together."""
    if len(study.measures) < 2:
        return ()
    named = ", ".join(map(context.name, study.measures))
    return (context.text("Measures taken together: {measures}.", measures=named),)


def pooled_basis(context: Context, study: Tracing) -> tuple[str, ...]:
    """The same, and how the variance is taken."""
    return (*pooled(context, study), study.published_basis)


def before_note(context: Context, study: Tracing, outcomes: Collection[object]) -> tuple[str, ...]:
    """The waves at which the months of the year before reach back before enrolment."""
    early = [study.months[wave] for wave in study.waves if 0 < study.months[wave] < YEAR]
    if MONTHS not in outcomes or not early:
        return ()
    waves = ", ".join(context.text("{m:.0f} months", m=months) for months in early)
    words = "'{o}' after {w} counts months before enrolment too."
    return (context.text(words, o=context.column(MONTHS), w=waves),)


def earnings_note(context: Context, study: Tracing) -> tuple[str, ...]:
    """The currency of earnings; what was earned abroad stands in it too."""
    home = study.home_currency
    if home is None:
        return ()
    return (context.text("Monthly earnings in {c}, those abroad converted; not deflated.", c=home),)


def shown_values(published: pd.DataFrame) -> dict[CellKey, float]:
    """The numbers of published cells that are shown."""
    shown = published[published["value"].notna()]
    places = zip(shown["table"], shown["row"], shown["column"], strict=True)
    return dict(zip(itertools.starmap(CellKey, places), shown["value"], strict=True))


def span_at(published: pd.DataFrame, key: CellKey) -> Span | None:
    """The interval of a published cell; None where it is hidden."""
    place = {"table": key.table, "row": key.row, "column": key.column}
    same = [published[name].to_numpy(object) == part for name, part in place.items()]
    at = np.flatnonzero(np.logical_and.reduce(same))
    if np.isnan(published["value"].to_numpy(float)[at]).all():
        return None
    value, low, high = (
        float(published[name].iloc[at[0]]) for name in ("value", "ci_low", "ci_high")
    )
    return Span(value, low, high)


def as_published(verdict: Verdict, published: pd.DataFrame, key: CellKey) -> Verdict | None:
    """The verdict with the numbers of the cell that holds its interval; None where it is hidden."""
    span = span_at(published, key)
    return None if span is None else verdict.of_published(span.value, span.low, span.high)


def persons(context: Context, n: float) -> str:
    """The note on how many persons stand behind a figure."""
    return context.text("n: {n:,} unweighted persons.", n=int(n))


def known_persons(context: Context, cells: pd.DataFrame) -> list[str]:
    """The note on the persons behind a picture, where their number is shown; points that stand on
    different numbers of persons have the fewest and the most.
    """
    known = cells.loc[cells["n"].gt(0), "n"]
    if known.empty or known.min() == known.max():
        return [persons(context, n) for n in known[:1]]
    ends = {"lo": int(known.min()), "hi": int(known.max())}
    return [context.text("n: {lo:,} to {hi:,} unweighted persons behind a point or cell.", **ends)]


def headline_cell(context: Context, measure: str, study: Tracing) -> CellKey:
    """The cell of T17 that the headline of a measure is about."""
    return wave_cell(context, measure, study, context.evaluation.main_cell[1])


def wave_cell(context: Context, measure: str, study: Tracing, wave: object) -> CellKey:
    """The cell of T17 with the effect on the main outcome at a wave."""
    return effect_cell(context, measure, study, context.evaluation.main_cell[0], wave)


def spoken_cell(
    context: Context, measure: str, study: Tracing, outcome: str, wave: object
) -> CellKey:
    """The cell with the interval that speaks for an effect: of T19d, or of T17 where there is one
    interval only.
    """
    key = effect_cell(context, measure, study, outcome, wave)
    if outcome in spoken_outcomes(context.evaluation):
        return replace(key, table=f"{SPOKEN}-{measure}")
    return key


def part_cells(context: Context, measure: str, study: Tracing) -> dict[str, CellKey]:
    """The cells of the parts of the main effect that are work at home and work abroad, with the
    intervals that speak.
    """
    wave = context.evaluation.main_cell[1]
    return {
        name: replace(
            effect_cell(context, measure, study, outcome, wave), table=f"{SPOKEN}-{measure}"
        )
        for name, outcome in (("home", HOME), ("abroad", ABROAD))
    }


def interval_numbers(key: CellKey, scale: float = 1.0, digits: int = 0) -> dict[str, Number]:
    """A number of a sentence with the ends of its interval: v, lo, hi."""
    parts: dict[str, Part] = {"v": "value", "lo": "ci_low", "hi": "ci_high"}
    return {name: Number(key, part, scale, digits) for name, part in parts.items()}


def parts_of_effect(context: Context, measure: str, study: Tracing) -> dict[str, Number]:
    """The numbers of both parts and the ends of their intervals."""
    out: dict[str, Number] = {}
    for name, key in part_cells(context, measure, study).items():
        out |= {
            name: Number(key, "value", 100.0, 1),
            f"{name[0]}l": Number(key, "ci_low", 100.0, 1),
            f"{name[0]}h": Number(key, "ci_high", 100.0, 1),
        }
    return out


def effect_cell(
    context: Context, measure: str, study: Tracing, outcome: str, wave: object
) -> CellKey:
    """The cell of T17 with the effect on an outcome at a wave."""
    return CellKey(f"T17-{measure}", context.column(outcome), after(context, study, wave))
