"""How alike participants and comparison persons are: balance of what was known before, and the
overlap of their chances, each drawn from its own published cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from mismes_eval.estimate.estimate import NotEstimable
from mismes_eval.evaluation.sensitivity import Doubt
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.impact.did.balance import LIMIT, Balance
from mismes_eval.impact.did.two_by_two import EXTREME
from mismes_eval.report import figures_impact
from mismes_eval.report.chapters.base import Context, Items
from mismes_eval.report.chapters.cells import (
    HIDDEN_PICTURE,
    by_rule,
    following,
    headline_cell,
    known_persons,
    plain,
    rows,
)
from mismes_eval.report.document.cells import STANDING, CellKey, Persons, Standing, population
from mismes_eval.report.document.items import PictureSpec, SummarySpec, keys_of
from mismes_eval.report.figures import Figure
from mismes_eval.report.figures_impact import overlap_edges

QUARTILES = (0.25, 0.5, 0.75)
EXTREME_ROW, QUARTILE, SHARE = "extreme", "quartile", "share"
DIFFER = (
    "{m}: before weighting {a} of {k} covariates differ by more than {limit} standard"
    " deviations, after it {z}; the largest difference left is {most}."
)
WEAK_OVERLAP = (
    "{share:.1%} of the comparison group's weight has a chance of taking part above 0.995;"
    " nothing was trimmed. Bins with fewer than {k} persons are not drawn."
)
BINS_LEFT_OUT = "Nothing was trimmed. Bins with fewer than {k} persons are not drawn."


def comparable(context: Context, study: Tracing, d: Doubt) -> Items:
    """F10 love plot and F10b overlap."""
    if isinstance(d.balance, NotEstimable):
        return [context.nothing("F10", d.measure, d.balance.reason)]
    b = d.balance
    notes = (study.published_basis,)
    title = context.text("{m}: participants against the comparison group", m=d.measure)
    id = f"F10-{d.measure}"
    headline = headline_cell(context, d.measure, study)
    who = Persons.of(population(study.sample.design), b.inside)
    picture = love_picture(context, study, (id, title), b, who, notes, headline)
    keys = tuple(keys_of(id, picture.cells))
    overlap = _overlap(context, study, d.measure, b, who, notes, headline)
    return [SummarySpec(keys, partial(_differ, context, d.measure)), picture, overlap]


def _differ(context: Context, measure: str, cells: pd.DataFrame) -> str:
    """How many covariates differ before and after weighting."""
    sizes = {name: part["value"].dropna().abs() for name, part in cells.groupby("column")}
    if not len(sizes.get("after", ())):
        return ""
    before, after = sizes["before"], sizes["after"]
    n = context.words.number
    return context.text(
        DIFFER,
        m=measure,
        a=int((before > LIMIT).sum()),
        k=len(before),
        limit=n(LIMIT),
        z=int((after > LIMIT).sum()),
        most=n(after.max(), 2),
    )


def love_picture(
    context: Context,
    study: Tracing,
    name: tuple[str, str],
    b: Balance,
    who: Persons,
    notes: Sequence[str],
    *follows: CellKey,
) -> PictureSpec:
    """Standardised differences of the covariates, a cell before and one after weighting. A trait of
    which an answer has few persons in a group is hidden. name: id and title; who: is compared.
    """
    traits = b.table[["variable", "level"]].astype(str).assign(row=b.labels())
    labels = {variable: context.column(variable) for variable in traits["variable"]}
    cells = []
    for row, line in zip(b.labels(), b.table.to_dict("records"), strict=True):
        few = float(line["fewest"])
        for column in ("before", "after"):
            cell = plain(row, column, line[column], "standard deviations", who.n, "share")
            cell[STANDING] = Standing(persons=who)
            cells.append(by_rule(context, cell, few))

    def draw(published: pd.DataFrame) -> Figure | str:
        wide = published.pivot(index="row", columns="column", values="value").reindex(traits["row"])
        shown = traits.assign(before=wide["before"].to_numpy(), after=wide["after"].to_numpy())
        shown = shown[shown["after"].notna()].drop(columns="row").reset_index(drop=True)
        if shown.empty:
            return context.text(HIDDEN_PICTURE, f=name[0], m=name[1])
        told = (*known_persons(context, published), *notes)
        return figures_impact.love(context.caption(*name, study.source, told), shown, labels)

    return PictureSpec(*name, draw, following(rows(cells), *follows))


def _overlap(
    context: Context,
    study: Tracing,
    measure: str,
    b: Balance,
    who: Persons,
    notes: tuple[str, ...],
    headline: CellKey,
) -> PictureSpec:
    """F10b: share of each group by its chance of taking part; the bins of a group add up to it."""
    edges = overlap_edges(b)
    id = f"F10b-{measure}"
    title = context.text("{m}: overlap of the two groups", m=measure)
    last = edges.size - 2
    place = np.clip(np.searchsorted(edges, b.propensity, side="right") - 1, 0, last)
    cells = []
    for value, group in ((1, "participants"), (0, "comparison")):
        mine = b.treated == value
        whole = Persons.of(f"{id}, {group}", mine)
        for number in range(last + 1):
            inside = mine & (place == number)
            share = float(b.weights[inside].sum() / b.weights[mine].sum())
            told = Standing(tells=(Persons.of(f"{id}, {group}", inside),), whole=whole)
            cells.append(plain(str(number), group, share, "share", kind="share", standing=told))
        for at in QUARTILES:
            middle = float(np.quantile(b.propensity[mine], at))
            column = f"{group} {QUARTILE}"
            cell = plain(f"{at:g}", column, middle, "share", who.n, "quantile")
            cell[STANDING] = Standing(persons=who)
            cells.append(by_rule(context, cell, float(mine.sum())))
    beyond = (b.treated == 0) & (b.propensity > EXTREME)
    told = Standing(tells=(Persons.of(f"{id}, comparison", beyond),))
    cells.append(plain(EXTREME_ROW, SHARE, b.extreme, "share", kind="share", standing=told))

    def draw(published: pd.DataFrame) -> Figure | str:
        if not published["value"].notna().any():
            return context.text(HIDDEN_PICTURE, f="F10b", m=measure)
        return figures_impact.overlap(
            context.caption(
                id,
                title,
                study.source,
                (_weak(context, published), *known_persons(context, published), *notes),
            ),
            edges,
            published,
        )

    return PictureSpec(id, title, draw, following(rows(cells), headline))


def _weak(context: Context, published: pd.DataFrame) -> str:
    """How much of the comparison group has hardly a counterpart."""
    share = published.loc[published["column"] == SHARE, "value"].iloc[0]
    if np.isnan(share):
        return context.text(BINS_LEFT_OUT, k=context.rules.min_cell)
    return context.text(WEAK_OVERLAP, share=float(share), k=context.rules.min_cell)
