"""Definitions in force and data used: what every number of the report rests on."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from mismes_eval.errors import named
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.evaluation.survey import FINAL, NONE, Survey, reproduced
from mismes_eval.numerics.rows import Float
from mismes_eval.report import figures_common
from mismes_eval.report.chapters.base import Chapter, Context, Item, Items, text_table
from mismes_eval.report.chapters.cells import Record, joined, persons, plain, rows, single
from mismes_eval.report.chapters.quality import SPREAD, SPREAD_NOTE, margins, quality, weight_spread
from mismes_eval.report.chapters.survey_basis import groups, with_status
from mismes_eval.report.document.cells import NOBODY, Persons, Standing, population
from mismes_eval.report.document.estimated_cells import counted as cell_of_persons
from mismes_eval.report.document.items import PictureSpec
from mismes_eval.report.document.language import country_name
from mismes_eval.report.document.tables import NO_ERROR, Table
from mismes_eval.report.document.words import spelled
from mismes_eval.report.figures import Figure
from mismes_eval.report.figures_common import edges_of
from mismes_eval.weighting.diagnostics import margins_before_after, weight_diagnostics


def data(context: Context) -> Chapter:
    """T06 data and definitions, T06c quality, T06d edit report of the tracer study, T12 weights
    step by step, T12b margins, F05 distribution of weights, published figures reproduced.
    """
    survey = context.evaluation.survey
    items: Items = [_definitions(context), quality(context), *_edits(context)]
    if survey is None:
        items.insert(0, context.absent("labour force survey"))
    else:
        items += [
            _weights(context, survey),
            *_margins(context, survey),
            *margins(context, survey),
            _distribution(context, survey),
            *_targets(context, survey),
        ]
    return Chapter("data", "Definitions and data", tuple(items))


def _definitions(context: Context) -> Item:
    p, text, survey = context.params, context.text, context.evaluation.survey
    lines = [
        ("Country", context.name(country_name(p.country, context.words.code))),
        ("Reference year", str(p.year or "")),
        ("Vintage of data and weights", p.data_vintage),
    ]
    if survey is not None:
        lines += [
            ("Who is a migrant", survey.migrant),
            ("Labour force indicators", survey.ages.labour),
            ("Survey file", context.name(survey.source)),
            ("Variance", spelled(survey.weighting)),
            ("Lonely PSUs", _lonely(context, survey)),
        ]
        isco, isced, icls = (
            codes_in(survey, column) for column in ("isco_version", "isced_version", "icls_v")
        )
        resolutions = context.codes("icls")
        named = "; ".join(
            [
                f"{text(n)} {', '.join(str(x).rpartition('_')[2] for x in versions)}"
                for n, versions in (("ISCO", isco), ("ISCED", isced))
                if len(versions)
            ]
            + [resolutions.get(str(x), str(x)) for x in icls]
        )
        lines.append(("Classifications", context.name(named) if named else text("not stated")))
    breaks = p.breaks.series
    lines.append(
        ("Series breaks", context.name("; ".join(breaks)) if breaks else text("none declared"))
    )
    rules = context.rules
    lines.append(
        (
            "Reliability and confidentiality",
            text(
                "coefficient of variation above {a:.0%}: (u); above {b:.0%}: not shown; fewer than"
                " {c} persons ({m} for means): not shown",
                a=rules.cv_flag,
                b=rules.cv_suppress,
                c=rules.min_cell,
                m=rules.min_mean,
            ),
        )
    )
    return text_table(
        context, "T06", "Definitions in force and data used", lines, ("Item", "In this report")
    )


NOTHING = "The edit report of the tracer study checked {n} rules and found nothing."
FOUND = (
    "Persons concerned; nothing was changed. Who they are is known to the office that holds the"
    " files, and stands in no report."
)


def _edits(context: Context) -> Items:
    """T06d: what the files of the tracer study contradict, counted and without ids."""
    study, text = context.evaluation.tracing, context.text
    counts = None if study is None else study.panel.edit_counts()
    if study is None or counts is None or counts.empty:
        return []
    found = counts[counts["count"] > 0]
    if found.empty:
        return [text(NOTHING, n=len(counts))]
    least = context.rules.min_cell
    few = text("fewer than {n}", n=least)
    lines = [
        (
            text(meaning),
            context.name(column),
            context.words.number(float(count), 0) if count >= least else few,
        )
        for _, column, meaning, count in found.itertuples(index=False, name=None)
    ]
    clean = text("{k} of {n} rules found something.", k=len(found), n=len(counts))
    head = ("What is contradicted", "Column", "Persons")
    title = "What the files of the tracer study contradict"
    return [text_table(context, "T06d", title, lines, head, study.source, (FOUND, clean))]


def codes_in(s: Survey, column: str) -> list[str]:
    """The different values of a column of the survey; none where it has no such column."""
    frame = s.sample.frame
    return [*frame[column].dropna().astype(str).unique()] if column in frame.columns else []


def _lonely(context: Context, s: Survey) -> str:
    design = s.sample.design
    lonely = design.lonely_strata
    if not lonely:
        return context.text("none")
    how = context.text(design.lonely)
    if design.psus_are_few_persons:
        return context.text(
            "strata with one PSU, which may be one person (treatment: {how})", how=how
        )
    return context.text(
        "{n} strata with one PSU: {which} (treatment: {how})",
        n=len(lonely),
        which=named(lonely),
        how=how,
    )


def _weights(context: Context, s: Survey) -> Table:
    """T12: two steps must not tell how few one of them left out, so who has weight stands behind
    the columns that count them.
    """
    design = s.sample.design
    table = weight_diagnostics(s.sample)
    names = (s.first_weight, *table["name"][1:])
    cells = []
    for number, (name, line) in enumerate(zip(names, table.to_dict("records"), strict=True)):
        row = context.text("{k}. {step}", k=number, step=context.text(spelled(name)))
        weights = design.weights_after(number)
        standing = NOBODY
        if weights.size == s.sample.n:
            weighted = Persons.of(population(design), s.sample.domain & (weights != 0))
            standing = Standing(tells=(weighted,))
        told = {
            "rows with weight": (line["n"], "persons", standing),
            "sum of weights": (line["sum"], "weighted persons", standing),
            "CV of weights": (line["cv"], "ratio", NOBODY),
            SPREAD: (weight_spread(s.sample, number), "ratio", NOBODY),
            "Kish design effect": (line["kish_deff"], "ratio", NOBODY),
            "effective n": (line["n_eff"], "persons", standing),
        }
        if not s.counts_people:
            del told["sum of weights"]
        cells += [
            plain(row, column, value, unit, standing=behind)
            for column, (value, unit, behind) in told.items()
        ]
    return Table(
        id="T12",
        title="The weight, step by step",
        cells=rows(cells),
        source=s.source,
        notes=(SPREAD_NOTE,),
        units={
            "CV of weights": (1.0, 2),
            "Kish design effect": (1.0, 2),
            "rows with weight": (1.0, 0),
            "sum of weights": (1.0, 0),
            "effective n": (1.0, 0),
        },
    )


def _final_weight(context: Context, s: Survey) -> Items:
    """Whether the weight in use is the office's final one, where the params name that."""
    same = reproduced(context.params, s)
    if same is None:
        return []
    column, apart = same
    if apart > ROUNDED:
        return [context.text(ANOTHER_WEIGHT, c=column, d=apart)]
    return [context.text(SAME_WEIGHT, c=column, d=_bound(apart))]


def _margins(context: Context, s: Survey) -> Items:
    table = margins_before_after(s.sample)
    final = _final_weight(context, s)
    if table.empty:
        if s.first_weight == NONE:
            sentences = [UNWEIGHTED]
        elif not s.counts_people:
            sentences = [NO_POPULATION]
        else:
            sentences = [AS_FINAL if s.first_weight == FINAL else AS_DELIVERED]
            sentences += [ONE_WEIGHT] if s.one_weight else []
        return [*final, *map(context.text, sentences)]
    worst = float((table["unmet"].abs() / table["total"].clip(lower=1)).max())
    move = table["before"] / table["total"] - 1
    return [
        *final,
        context.text(
            "{n} margin cells are met; no gap left exceeds {gap:.0e} of its total. Before"
            " calibration the sample missed its totals by {mean:.1%} on average and by {most:.1%}"
            " at most.",
            n=len(table),
            gap=_bound(worst),
            mean=float(move.abs().mean()),
            most=float(move.abs().max()),
        ),
    ]


EVERYBODY = "all"
ROUNDED = 1e-3  # relative differences that the digits of a printed weight can make
SAME_WEIGHT = (
    "The office's final weight '{c}' is reproduced for everybody; no relative difference exceeds"
    " {d:.0e}."
)
ANOTHER_WEIGHT = (
    "The weight used here is not the office's final weight '{c}': relative differences reach"
    " {d:.1%}."
)
UNWEIGHTED = (
    "The file has no weight: every person counts once. Shares and means are those of the persons"
    " interviewed, and no totals are given."
)
NO_POPULATION = (
    "The weights do not add to a population (their mean is 1 or less) and no control totals were"
    " supplied: shares and means are given, no totals."
)
AS_DELIVERED = "The weights are used as delivered; no control totals were supplied or asked for."
AS_FINAL = (
    "The weights are the office's final ones and are used as delivered; no control totals were"
    " supplied or asked for."
)
ONE_WEIGHT = (
    "Every person has the same weight. Totals are right only where the sample was drawn so that"
    " everybody had the same chance and answered alike."
)


def _bound(error: float) -> float:
    """The power of ten that a relative error of rounding stays below, 1e-9 at least: its digits
    change with the machine.
    """
    return 10.0 ** math.ceil(math.log10(max(error, 1e-9)))


def _distribution(context: Context, s: Survey) -> Item:
    if s.one_weight:
        return context.nothing(
            "F05",
            context.text("weights of returnees and others"),
            "every person has the same weight",
        )
    title = "Weights of returnees and others" if s.tells_return else "Weights of the survey"
    weights = np.asarray(s.sample.weights)
    group = np.full(weights.size, "all", object)
    if s.definition is not None:
        status = s.sample.frame["mig_status"].astype("string").map(groups(s))
        group = status.fillna("others").to_numpy(object)
    edges, cells = _weight_cells(context, weights, group)
    cells.append(cell_of_persons(EVERYBODY, "persons", Persons.among(s.sample)))

    def draw(published: pd.DataFrame) -> Figure:
        size = float(published.loc[published["row"] == EVERYBODY, "value"].iloc[0])
        known = [persons(context, size)] if np.isfinite(size) else []
        outer = context.text(
            "The outer bins hold the weights beyond the 1st and 99th percentile; bins of fewer"
            " than {k} persons are not drawn.",
            k=context.rules.min_cell,
        )
        return figures_common.histogram(
            context.caption("F05", title, s.source, (outer, *known)),
            edges,
            published[published["row"] != EVERYBODY],
            "persons that one interviewed person stands for (log scale)",
        )

    return PictureSpec("F05", title, draw, rows(cells))


def _weight_cells(context: Context, weights: Float, group: Any) -> tuple[Float, list[Record]]:
    """Edges of the bins of the weights, and cells: of each group the share in each bin and the
    quartiles. Groups with fewer persons than a mean may rest on are left out.
    """
    names = [
        name
        for name in sorted(set(group[weights > 0]))
        if not context.rules.confidential("mean", float(((group == name) & (weights > 0)).sum()))
    ]
    drawn = np.isin(group, names) & (weights > 0)
    edges = edges_of(weights[drawn])
    bins = np.clip(np.searchsorted(edges, weights, side="right") - 1, 0, edges.size - 2)
    cells: list[Record] = []
    for name in names:
        mine = drawn & (group == name)
        place = f"F05, {name}"
        whole = Persons.of(place, mine)
        for number in range(edges.size - 1):
            inside = Persons.of(place, mine & (bins == number))
            told = Standing(tells=(inside,), whole=whole)
            share = inside.n / whole.n
            cells.append(plain(str(number), name, share, "share", kind="share", standing=told))
        for at in figures_common.QUARTILES:
            kept = np.clip(weights[mine], edges[0], edges[-1])
            middle = float(np.quantile(kept, at))
            cells.append(plain(f"{at:g}", f"{name} {figures_common.QUARTILE}", middle, "persons"))
    return edges, cells


MISSED = "difference in standard errors"
_REPRODUCE = {
    "lfpr": "L3.participation",
    "employment_rate": "L3.employment",
    "unemployment_rate": "L3.unemployment",
    "returnee_share": "L1",
}


def _away(
    context: Context, row: str, found: Estimate, figure: float, standing: Standing
) -> pd.DataFrame:
    """How many standard errors lie between an estimate and a published figure."""
    if not found.se[0]:
        return single(context, row, MISSED, NotEstimable(NO_ERROR), standing)
    missed = (found.value[0] - figure) / found.se[0]
    return rows([plain(row, MISSED, missed, "standard errors", standing=standing)])


def _targets(context: Context, s: Survey) -> Items:
    """T06b: figures that the office published beside those of this survey."""
    targets = context.evaluation.targets
    if targets is None:
        return []
    found = context.indicators(which=("L1", "L3"))
    cells = []
    for row in targets[
        (targets["domain"].astype(str) == "all") & targets["item"].isin(list(_REPRODUCE))
    ].to_dict("records"):
        item, figure = str(row["item"]), float(row["value"])
        estimate = found.get(_REPRODUCE[item])
        if not isinstance(estimate, Estimate):
            continue
        name = str(estimate.extra.get("title", item))
        counted = NOBODY
        if item == "returnee_share":
            counted = Standing(tells=(Persons.among(s.sample, with_status(s, "RET")),))
        cells += [
            rows([plain(name, "published figure", figure, "share")]),
            single(context, name, "this survey", estimate, counted).assign(unit="share"),
            _away(context, name, estimate, figure, counted),
        ]
    if not cells:
        return []
    note = context.text("A difference of less than 3 standard errors is what sampling allows.")
    table = Table(
        id="T06b",
        title="Published figures reproduced, %",
        cells=joined(cells),
        source="targets.csv",
        notes=(note,),
        scale=100.0,
        units={MISSED: (1.0, 1)},
    )
    return [table]
