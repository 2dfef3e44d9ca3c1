"""How alike participants and comparison persons are: balance of what was known before, and the overlap of their chances."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mismes_eval.estimate.estimate import NotEstimable
from mismes_eval.evaluation.sensitivity import Doubt
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.impact.did.balance import LIMIT, Balance
from mismes_eval.report import figures_impact
from mismes_eval.report.chapters.base import Context, Item
from mismes_eval.report.chapters.cells import (
    persons,
    plain,
    rows,
)
from mismes_eval.report.document.cells import Persons, Standing
from mismes_eval.report.document.items import PictureSpec
from mismes_eval.report.figures import Figure
from mismes_eval.report.figures_impact import overlap_edges


def comparable(context: Context, study: Tracing, d: Doubt) -> list[Item]:
    """F10 love plot and F10b overlap."""
    if isinstance(d.balance, NotEstimable):
        return [
            context.text("{f}: {m}: {r}.", f="F10", m=d.measure, r=context.text(d.balance.reason))
        ]
    balance, n = d.balance, context.words.number
    labels = {variable: context.column(str(variable)) for variable in balance.table["variable"]}
    notes = (persons(context, balance.treated.size), study.panel.sample.design.basis)
    said = context.text(
        "{m}: before weighting {a} of {k} covariates differ by more than {limit} standard"
        " deviations, after it {z}; the largest difference left is {most}.",
        m=d.measure,
        a=int((balance.table["before"].abs() > LIMIT).sum()),
        k=len(balance.table),
        limit=n(LIMIT),
        z=int((balance.table["after"].abs() > LIMIT).sum()),
        most=n(balance.table["after"].abs().max(), 2),
    )
    return [
        said,
        figures_impact.love(
            f"F10-{d.measure}",
            context.text("{m}: participants against the comparison group", m=d.measure),
            balance,
            labels,
            study.source,
            notes,
            context.synthetic,
            context.words,
        ),
        _overlap(context, study, d.measure, balance, notes),
    ]


def _overlap(
    context: Context, study: Tracing, measure: str, b: Balance, notes: tuple[str, ...]
) -> PictureSpec:
    """F10b: share of each group by its chance of taking part; the bins of a group add up to it."""
    edges, id = overlap_edges(b), f"F10b-{measure}"
    title = context.text("{m}: overlap of the two groups", m=measure)
    weak = context.text(
        "{share:.1%} of the comparison group's weight has a chance of taking part above 0.995;"
        " nothing was trimmed. Bins with fewer than {k} persons are not drawn.",
        share=b.extreme,
        k=context.rules.min_cell,
    )
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

    def draw(published: pd.DataFrame) -> Figure:
        return figures_impact.overlap(
            id,
            title,
            b,
            published,
            study.source,
            (weak, *notes),
            context.synthetic,
            context.words,
        )

    return PictureSpec(id, title, draw, rows(cells))
