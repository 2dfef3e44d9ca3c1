"""What a country report publishes for comparison with other countries: the cells of its own tables
after disclosure control, under names that no language changes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import astuple
from datetime import date
from typing import Any

import pandas as pd

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.verdict import Span, Verdict, moved_apart
from mismes_eval.evaluation.lottery import Lottery
from mismes_eval.evaluation.money import money
from mismes_eval.evaluation.published_effects import DRAW, ROLLOUT, TAKEN
from mismes_eval.evaluation.rollout import Rollout
from mismes_eval.evaluation.success_factors import FACTORS
from mismes_eval.evaluation.tracer_effects import Effects
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.frame.codes import codes
from mismes_eval.inventory import Inventory
from mismes_eval.inventory.indicators import COMPARED
from mismes_eval.lfs.catalogue import catalogue
from mismes_eval.lfs.persons import aged_said
from mismes_eval.message import packed
from mismes_eval.report.chapters.base import Chapter, Context, tables_of
from mismes_eval.report.chapters.cells import Record, effect_cell
from mismes_eval.report.chapters.claims import facts as claim_facts
from mismes_eval.report.chapters.costs import cost_row
from mismes_eval.report.chapters.criteria import EMPLOYMENT, returnee_gap
from mismes_eval.report.chapters.data import codes_in
from mismes_eval.report.chapters.lottery import OFFER
from mismes_eval.report.chapters.lottery import TAKEN as TAKEN_PART
from mismes_eval.report.chapters.people import LABOUR, MATCH
from mismes_eval.report.chapters.rollout import OVERALL, SUMMARY
from mismes_eval.report.chapters.verdicts import (
    draw_verdict,
    drawn_by_lot,
    effect_verdict,
    rollout_verdict,
    spoken_span,
    taken_verdict,
)
from mismes_eval.report.document.tables import Table
from mismes_eval.report.synthesis.published import FACTS
from mismes_eval.tracer.outcomes import NUMBER, Outcome, declared

Tables = Mapping[str, Table]
Cell = Mapping[Any, Any]

NUMBERS = ("value", "se", "ci_low", "ci_high", "n", "degf")
GROUPS = ("returnees", "non-migrants", "all residents")
ONE_ROW = (
    ("L1", "T07a", "returnees, % of residents", "estimate", "all residents"),
    ("L1.immigrant", "T07a", "immigrants, % of residents", "estimate", "all residents"),
    ("L2", "T07a", "absent members, % of residents and absent", "estimate", "all residents"),
    ("L12", "T10", "any measure", "returnees who took part", "returnees"),
    ("L12.aware", "T10", "any measure", "residents who know of it", "all residents"),
    ("L9", "T09b", "earnings gap, raw", "log points x 100", "returnees"),
    ("L9.mincer", "T09b", "earnings gap, adjusted (Mincer)", "log points x 100", "returnees"),
)
STATES = ("evaluated", "overdue", "due next", "later", "no start date")
NOT_DESCRIBED = {"model": "", **dict.fromkeys(FACTORS)}


def comparable(context: Context, chapters: Mapping[str, Chapter]) -> Record:
    """The part of estimates.json that a synthesis reads. chapters: after disclosure control, not
    yet put into the report's language.

    Returns
    -------
    definitions : what indicators rest on, "" where the run does not say.
    messages : the same texts with the template and the values that they were made of.
    indicators, effects : one record a number with its status; hidden numbers are null.
    models : measures on record by model.
    register : measures and budget by status of evaluation.
    price_years : of the budgets.
    """
    tables = tables_of(chapters)
    definitions = _definitions(context)
    return {
        "schema": FACTS,
        "definitions": definitions,
        "messages": {text: packed(text) for text in definitions.values()},
        "indicators": list(_indicators(tables)),
        "gap": _gap(context, tables),
        "effects": list(_effects(context, tables)),
        "costs": list(_costs(context, tables)),
        "claims": claim_facts(context, chapters),
        **_portfolio(context, tables),
    }


def _definitions(context: Context) -> dict[str, str]:
    p = context.params
    survey = context.evaluation.survey
    out = {"year": str(p.year or "")}
    if survey is None:
        return out
    out |= {
        "migrant": survey.migrant,
        "ages": survey.ages.labour,
        "neet": aged_said(survey.ages.neet_min, survey.ages.neet_max),
        "basis": survey.sample.design.published_basis,
    }
    for key, column in (("icls", "icls_v"), ("isco", "isco_version"), ("isced", "isced_version")):
        found = sorted(codes_in(survey, column))
        out[key] = ", ".join(name.removeprefix(f"{key}_") for name in found)  # isco_2008 reads 2008
    return out


def _cell(tables: Tables, table: str, row: str, column: str) -> Cell | None:
    return tables[table].at.get((row, column)) if table in tables else None


def _record(cell: Cell) -> Record:
    out: Record = {
        number: float(cell[number]) if math.isfinite(cell[number]) else None for number in NUMBERS
    }
    return out | {
        word: str(cell[word]) for word in ("flag", "kind", "unit", "definition", "status")
    }


def _indicators(tables: Tables) -> Iterable[Record]:
    places = [
        (i, table, catalogue()[i].title, group, group)
        for table, many in (("T08", LABOUR), ("T09", MATCH))
        for i in many
        for group in GROUPS
    ]
    for id_, table, row, column, group in (*places, *ONE_ROW):
        cell = _cell(tables, table, row, column)
        if cell is not None:
            title = catalogue()[id_].title
            yield {"id": id_, "title": title, "group": group, "table": table} | _record(cell)


def _gap(context: Context, tables: Tables) -> dict[str, float] | None:
    """Employment rate of returnees minus that of non-migrants, a share, with its interval; None
    where a table does not show both rates.
    """
    title = catalogue()[EMPLOYMENT].title
    rates = [_cell(tables, "T08", title, group) for group in GROUPS[:2]]
    gap = returnee_gap(context, EMPLOYMENT)
    if isinstance(gap, NotEstimable) or any(r is None or r["status"] != "shown" for r in rates):
        return None
    span = Span.of(gap)
    return {"value": span.value, "ci_low": span.low, "ci_high": span.high} if span.known else None


def _effects(context: Context, tables: Tables) -> Iterable[Record]:
    evaluation = context.evaluation
    described = _described(evaluation.inventory)
    if evaluation.tracing is not None:
        for effect in evaluation.effects:
            about = described.get(effect.measure, NOT_DESCRIBED)
            yield from _followed(context, tables, evaluation.tracing, effect, about)
    yield from _rolled_out(context, tables, described)
    yield from _draws(context, tables, described)
    yield from _takers(context, tables, described)


def _followed(
    context: Context,
    tables: Tables,
    study: Tracing,
    effect: Effects,
    described: Record,
) -> Iterable[Record]:
    """The effects of a measure of the tracer study, as table T17 publishes them."""
    evaluation = context.evaluation
    impact = context.params.impact
    how = {
        "method": impact.method,
        "covariates": list(impact.covariates),
        "design": "tracer panel",
        "sample": "tracer",
    }
    by_lot = drawn_by_lot(evaluation, effect.measure)
    for outcome, wave in effect.by_wave:
        table, row, column = astuple(effect_cell(context, effect.measure, study, outcome, wave))
        cell = _cell(tables, table, row, column)
        if cell is None:
            continue
        main = (outcome, wave) == evaluation.main_cell
        about = _about(study, effect, outcome, wave) | {
            "design_code": "RCT" if by_lot else "DID",
            "main": main,
            "table": table,
        }
        about |= described
        if cell["status"] == "shown":
            about |= _ends(spoken_span(evaluation, effect, outcome, wave))
        if main and cell["status"] == "shown":
            about |= _spoken(context, effect)
        yield about | how | _record(cell)


def _rolled_out(
    context: Context,
    tables: Tables,
    described: Mapping[str, Record],
) -> Iterable[Record]:
    """The effect of a roll-out as table T24 publishes it, with the error over regions where its
    interval is the wider one.
    """
    rolled = context.evaluation.rollout
    cell = None if rolled is None else _cell(tables, SUMMARY, OVERALL, "estimate")
    if rolled is None or cell is None:
        return
    about = {
        "measure": rolled.measure,
        "outcome": rolled.outcome,
        "months": None,
        "unit_of_outcome": _unit_of(rolled.what),
        "main": False,
        "table": SUMMARY,
        "method": "dr",
        "covariates": list(context.params.rollout.covariates),
        "design": ROLLOUT,
        "design_code": "DID",
        "sample": "survey rounds",
        "moved_apart": None,
    } | described.get(rolled.measure, NOT_DESCRIBED)
    verdict = rollout_verdict(rolled)
    if cell["status"] != "shown" or verdict is None:
        yield about | _record(cell)
        return
    yield about | {"grade": verdict.sureness} | _record(cell) | _over_regions(rolled)


def _draws(
    context: Context,
    tables: Tables,
    described: Mapping[str, Record],
) -> Iterable[Record]:
    """What the offer of a draw by lot changed in each outcome, as table T35 publishes it."""
    draw = context.evaluation.lottery
    if draw is None:
        return
    same = described.get(draw.measure, NOT_DESCRIBED)
    for outcome in draw.keys.outcomes:
        cell = _cell(tables, OFFER, context.own(outcome), "estimate")
        if cell is None:
            continue
        main = outcome == draw.main_outcome
        about = _of_draw(draw, outcome, OFFER, DRAW) | same | {"main": main}
        verdict = draw_verdict(context.evaluation, draw) if main else None
        if cell["status"] == "shown" and verdict is not None:
            about |= _with_verdict(verdict)
        yield about | _record(cell)


def _takers(
    context: Context,
    tables: Tables,
    described: Mapping[str, Record],
) -> Iterable[Record]:
    """What taking part changed, as table T36 publishes it, with the set that speaks there: null
    ends where it has none. The offer's effect of the same persons is the main one.
    """
    draw = context.evaluation.lottery
    if draw is None:
        return
    same = described.get(draw.measure, NOT_DESCRIBED)
    for outcome, found in draw.taken.items():
        cell = _cell(tables, TAKEN_PART, context.own(outcome), "estimate")
        if cell is None:
            continue
        about = _of_draw(draw, outcome, TAKEN_PART, TAKEN) | same | _record(cell)
        if cell["status"] == "shown" and isinstance(found, Estimate):
            span = taken_verdict(found).span
            ends = {"ci_low": span.low, "ci_high": span.high}
            about |= {name: end if math.isfinite(end) else None for name, end in ends.items()}
        yield about


def _of_draw(draw: Lottery, outcome: str, table: str, design: str) -> Record:
    return {
        "measure": draw.measure,
        "outcome": outcome,
        "months": draw.keys.months,
        "unit_of_outcome": _unit_of_draw(draw, outcome),
        "moved_apart": None,
        "design_code": "RCT",
        "main": False,
        "table": table,
        "method": draw.keys.adjustment,
        "covariates": list(draw.keys.covariates),
        "design": design,
        "sample": "draw",
    }


def _unit_of_draw(draw: Lottery, outcome: str) -> str:
    if draw.is_share(outcome):
        return "share"
    known = declared(outcome)
    return "not stated" if known is None else _unit_of(known)


def _costs(context: Context, tables: Tables) -> Iterable[Record]:
    """Cost per additional job-year of each measure as table T20 publishes it, with what it assumes:
    horizon (years that the effect is taken to last), measured (months over which job-years were
    counted, null where they were not).
    """
    evaluation = context.evaluation
    study = evaluation.tracing
    if study is None or "T20" not in tables:
        return
    models = _models(evaluation.inventory)
    for effect in evaluation.effects:
        spent = money(evaluation, study, effect)
        row = cost_row(context, effect.measure, "cost per additional job-year")
        cell = _cell(tables, "T20", row, "estimate")
        if cell is None:
            continue
        record = _record(cell)
        yield {
            "measure": effect.measure,
            "model": models.get(effect.measure, ""),
            "currency": spent.currency,
            "price_year": evaluation.params.cost.price_year,
            "horizon": spent.horizon,
            "measured": spent.measured,
            "table": "T20",
            **{name: record[name] for name in ("value", "ci_low", "ci_high", "n", "status")},
        }


def _models(inventory: Inventory | None) -> dict[str, str]:
    """Measure -> its main model."""
    if inventory is None:
        return {}
    frame = inventory.frame
    return {
        str(measure): str(model)
        for measure, model in zip(frame["measure_id"], frame["model_primary"], strict=True)
    }


def _spoken(context: Context, effect: Effects) -> Record:
    """The interval with which the headline of an effect speaks, and how sure it is."""
    verdict = effect_verdict(context.evaluation, effect)
    return {} if verdict is None else _with_verdict(verdict)


def _with_verdict(verdict: Verdict) -> Record:
    return _ends(verdict.span) | {"grade": verdict.sureness}


def _ends(span: Span | None) -> Record:
    """The ends of the interval that speaks; none where it has no end."""
    if span is None or not math.isfinite(span.width):
        return {}
    return {"spoken_low": span.low, "spoken_high": span.high}


def _described(inventory: Inventory | None) -> Mapping[str, Record]:
    """Measure -> its main model and its scores on the success factors, None where a factor is not
    scored.
    """
    if inventory is None:
        return {}
    models = _models(inventory)
    rows = inventory.frame.drop_duplicates("measure_id").set_index("measure_id")
    numbers = rows[list(FACTORS)].apply(pd.to_numeric, errors="coerce")
    return {
        str(measure): {"model": models[str(measure)]}
        | {name: None if pd.isna(value) else int(value) for name, value in own.items()}
        for measure, own in numbers.to_dict("index").items()
    }


def _over_regions(r: Rollout) -> Record:
    """Error of a roll-out where the wild bootstrap over regions gives its interval, the wider one:
    the design's misses shocks that whole regions share. No number where that has no end.
    """
    if isinstance(r.overall, NotEstimable) or isinstance(r.wild, NotEstimable):
        return {}
    verdict = rollout_verdict(r)
    se = float(r.wild.se[0])
    if verdict is None or verdict.span is verdict.own or not se > 0:
        return {}
    span = verdict.span
    if not math.isfinite(span.width):
        return dict.fromkeys(NUMBERS)
    return {"se": se, "ci_low": span.low, "ci_high": span.high, "degf": float(r.regions - 1)}


def _about(study: Tracing, effect: Effects, outcome: str, wave: object) -> Record:
    """moved_apart: the groups' trends before enrolment differed (95%); None where that was not
    looked at for this outcome.
    """
    apart = moved_apart(effect.pre.get(outcome))
    months = study.months[wave]
    return {
        "measure": effect.measure,
        "outcome": outcome,
        "months": float(months) if math.isfinite(months) else None,
        "unit_of_outcome": _unit_of(
            study.outcomes.get(outcome) or declared(outcome) or Outcome(outcome)
        ),
        "moved_apart": apart,
    }


def _unit_of(outcome: Outcome) -> str:
    if outcome.kind != "money":
        return "not stated" if outcome.kind == NUMBER else outcome.kind
    return "international dollars" if "international" in outcome.unit else "national currency"


def _portfolio(context: Context, tables: Tables) -> Record:
    """Measures by model (a census without persons in it); money only where a table of the report
    shows it.
    """
    inventory = context.evaluation.inventory
    if inventory is None:
        return {
            "models": [],
            "register": [],
            "register_day": None,
            "price_years": [],
            "budget_total": None,
        }
    day = date(context.params.year or date.today().year, 12, 31)
    table = context.evaluation.register.table
    here = context.evaluation.evaluated
    models = []
    for code in codes("models")["code"].astype(str):
        mine = table[table["model_primary"].astype(str) == code]
        n = {state: int((mine["status"] == state).sum()) for state in STATES}
        compared = mine["impact_design"].isin(COMPARED) | mine["measure_id"].astype(str).isin(here)
        strong = int(((mine["status"] == "evaluated") & compared).sum())
        models.append({"model": code, "measures": len(mine), "with_comparison": strong} | n)
    register = []
    for status in STATES:
        n_cell, money = (
            _cell(tables, "T05b", status, column) for column in ("measures", "budget, million euro")
        )
        if n_cell is not None and money is not None:
            register.append(
                {
                    "status": status,
                    "measures": int(n_cell["value"]),
                    "budget_million": _amount(money),
                    "budget_status": str(money["status"]),
                }
            )
    whole = _cell(tables, "T01", "All stages", "budget, million euro")
    tree = inventory.tree
    paid = tree.paid("budget_eur")
    column = "price_year_eur" if "price_year_eur" in paid.columns else "price_year"
    years = sorted({int(y) for y in paid[column].dropna()}) if column in paid.columns else []
    return {
        "models": models,
        "register": register,
        "register_day": day.isoformat(),
        "price_years": years,
        "without_price_year": (
            int(paid[column].isna().sum()) if column in paid.columns else len(paid)
        ),
        "budget_total": None if whole is None else _amount(whole),
        "without_budget": int(tree.lacking(tree.has("budget_eur")).sum()),
    }


def _amount(cell: Cell) -> float | None:
    return float(cell["value"]) if math.isfinite(cell["value"]) else None
