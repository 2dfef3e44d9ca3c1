"""Who knows of the measures, who takes part, who is favoured, what recruitment costs."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from mismes_eval import lfs
from mismes_eval.errors import EstimateError
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.evaluation.coverage import concentration, coverage, target_population, targeting
from mismes_eval.evaluation.evaluation import Result
from mismes_eval.evaluation.survey import Survey
from mismes_eval.lfs.catalogue import catalogue
from mismes_eval.report.chapters.base import Chapter, Context
from mismes_eval.report.chapters.cells import joined, single
from mismes_eval.report.chapters.profile import bands, in_order
from mismes_eval.report.chapters.survey_basis import basis, with_status
from mismes_eval.report.document.cells import Persons, Standing, have_like_weights
from mismes_eval.report.document.estimated_cells import cells_by, cells_of
from mismes_eval.report.document.tables import Table

TITLE = "Participation in support measures"
PART = "_took_part"
GROUPS = ("sex", "age", "education")
IN_WORDS = ("months of earnings", "months")  # units that stand in the row's name
QUARTILES = {"p25": "first quartile", "p50": "median", "p75": "third quartile"}


def participation(context: Context) -> Chapter:
    """T10 awareness and participation by model, T03 coverage and targeting, T11 recruitment cost."""
    survey = context.evaluation.survey
    if survey is None or "msm_part" not in survey.sample.frame.columns or not survey.tells_return:
        lacking = context.absent("survey question on participation in support measures")
        return Chapter("participation", TITLE, (lacking,))
    items = (
        _by_model(context, survey),
        _coverage(context, survey),
        _targeting(context, survey),
        _costs(context, survey),
    )
    return Chapter("participation", TITLE, items)


def _by_model(context: Context, s: Survey) -> Table:
    models = context.codes("models")
    found = context.indicators(which=("L12",))
    parts = []
    for id_, column in (
        ("L12.aware", "residents who know of it"),
        ("L12", "returnees who took part"),
    ):
        estimate = found.get(id_, NotEstimable("not asked"))
        names: str | list[str] = "any measure"
        if isinstance(estimate, Estimate):
            codes = [str(level).split(" ")[-1] for level in estimate.keys["variable"]]
            names = [
                context.name(f"{code} {models[code]}") if code in models else "any measure"
                for code in codes
            ]
        parts.append(cells_by(estimate, context.rules, names, column))
    return Table(
        id="T10",
        title="Awareness of and participation in measures, %",
        cells=joined(parts),
        source=s.source,
        notes=basis(s),
        scale=100.0,
    )


def _coverage(context: Context, s: Survey) -> Table:
    inventory = context.evaluation.inventory
    returnees = target_population(s.sample, with_status(s, "RET"), "returnees")
    rows: list[tuple[str, str, Estimate | NotEstimable]] = [
        ("returnees in the survey, thousand", "estimate", s.total(returnees))
    ]
    if inventory is not None:
        frame = inventory.tree.amounts()
        mine = frame[
            frame["target_group"].astype(str).str.contains("RETURNEE")
            & frame["benef_reached"].notna()
            & frame["start_date"].notna()
        ]
        title = "beneficiaries of returnee measures a year, % of returnees"
        rows.append((title, "estimate", _covered(context, mine, returnees)))
    note = (
        "Beneficiaries: register counts of the inventory, averaged over each measure's running"
        " time; a person may be counted by several measures."
    )
    notes = () if inventory is None else (note,)
    return Table(
        id="T03",
        title="Coverage",
        cells=cells_of(rows, context.rules),
        source=s.source,
        notes=(*notes, *basis(s)),
        scale=100.0,
        units={"returnees in the survey, thousand": (0.001, 1)},
    )


def _covered(context: Context, measures: pd.DataFrame, returnees: Result) -> Result:
    """Beneficiaries a year, each measure's over its running time, for each returnee."""
    year = context.params.year
    end = measures["end_date"]
    if year is None and end.isna().any():
        return NotEstimable("a measure has no end, and the params name no year")
    end = end.fillna(pd.Timestamp(f"{year}-12-31")) if year is not None else end
    years = ((end - measures["start_date"]).dt.days / 365.25).clip(lower=0.25)
    yearly = float((measures["benef_reached"] / years).sum())
    return coverage(yearly, returnees)


def _targeting(context: Context, s: Survey) -> Table:
    frame = s.sample.frame
    takes = lfs.took_part(frame)
    traits = {n: lfs.breakdown(frame, n) for n in GROUPS if lfs.has_breakdown(frame, n)}
    if {"age", "age_group"} & set(frame.columns):
        traits["age"] = bands(frame)
    named = s.sample.with_columns(
        {
            PART: takes,
            **{trait: values.astype(str).to_numpy() for trait, values in traits.items()},
        }
    ).where(with_status(s, "RET") & ~np.isnan(takes))
    parts = []
    for trait in (name for name in GROUPS if name in traits):
        try:
            estimate = targeting(named, PART, trait)
        except EstimateError as error:
            estimate = NotEstimable(error.reason)
        if isinstance(estimate, NotEstimable):
            parts.append(cells_by(estimate, context.rules, trait, "index"))
            continue
        estimate = in_order(estimate, trait)
        levels = estimate.keys[trait].astype(str)
        of_trait = named.frame[trait].astype(str).to_numpy()
        groups = [Persons.among(named, of_trait == level) for level in levels]
        takers = Persons.among(named, named.frame[PART].to_numpy(float) == 1)
        # of like weights, the index times the rate of all times n is how many of a group took part
        told = (takers,) if have_like_weights(named.design, named.active) else ()
        counted = [
            Standing(persons=who, tells=(who, *(part.within(who) for part in told)))
            for who in groups
        ]
        rows = [context.answer(trait, level) for level in levels]
        parts.append(cells_by(estimate, context.rules, rows, "index", counted))
    if "educy" in frame.columns and takes[named.active].sum() > 0:
        index = concentration(named.where(frame["educy"].notna()), PART, "educy")
        row = "concentration over years of education"
        parts.append(cells_by(index, context.rules, row, "index"))
    note = (
        "1: a group takes part as often as all returnees; above 1: favoured. Concentration: 0 none,"
        " above 0 towards the better educated."
    )
    return Table(
        id="T03b",
        title="Targeting: who is favoured among returnees",
        cells=joined(parts),
        source=s.source,
        notes=(note, *basis(s)),
        digits=2,
    )


def _costs(context: Context, s: Survey) -> Table:
    found = context.indicators(which=("L11", "L13", "L14"))
    items = []
    for key, estimate in found.items():
        if isinstance(estimate, NotEstimable):
            items.append(single(context, catalogue()[key].title, "estimate", estimate))
            continue
        title = str(estimate.extra.get("title", key))
        labels: str | list[str] = title
        if estimate.p > 1:
            parts = [name.split(" ", 1)[-1] for name in estimate.names]
            labels = [
                context.text(
                    "{indicator}: {part}",
                    indicator=context.text(title),
                    part=context.text(QUARTILES.get(part, part)),
                )
                for part in parts
            ]
        items.append(cells_by(estimate, context.rules, labels, "estimate"))
    cells = joined(items)
    names = list(map(partial(_with_unit, context), cells["row"], cells["unit"]))
    units = {
        name: (100.0, 1) for name, unit in zip(names, cells["unit"], strict=True) if unit == "share"
    }
    cells["row"] = names
    return Table(
        id="T11",
        title="Recruitment cost, intentions, circularity",
        cells=cells,
        source=s.source,
        notes=basis(s),
        units=units,
    )


def _with_unit(context: Context, row: str, unit: str) -> str:
    """A row of T11 with the unit of its numbers."""
    if unit == "share":
        return context.text("{indicator}, %", indicator=context.text(row))
    if unit in IN_WORDS:
        return context.text(
            "{indicator}, {unit}", indicator=context.text(row), unit=context.text(unit)
        )
    return row
