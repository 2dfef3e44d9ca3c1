"""For whom the measures work: effects by group, and p-values that count how many effects were
looked at.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.evaluation.heterogeneity import ALL, Family, ForWhom, outcomes_family
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.impact.did.heterogeneity import GroupEffects
from mismes_eval.report.chapters.base import Context, Items
from mismes_eval.report.chapters.cells import (
    P,
    after,
    cell_unit,
    effect_cell,
    following,
    joined,
    outcome_scale,
    outcome_unit,
    plain,
    rows,
    single,
)
from mismes_eval.report.chapters.strength import main_outcome
from mismes_eval.report.document.cells import CellKey
from mismes_eval.report.document.estimated_cells import cells_by
from mismes_eval.report.document.items import SummarySpec
from mismes_eval.report.document.tables import P_VALUE, Table

WOLF, HOCHBERG = "p, Romano-Wolf", "q, Benjamini-Hochberg"
ADJUSTED = {P: (1.0, 3), WOLF: (1.0, 3), HOCHBERG: (1.0, 3)}
BY_GROUP = "Effects by group on '{o}' after {m:.0f} months, {u}"
DIFFERENCES = (
    "Differences between groups of the effect on '{o}' after {m:.0f} months, {u}, with the standard"
    " error of the difference"
)
SMALL_P = 0.05
_YES_NO = {"1": "yes", "0": "no", "1.0": "yes", "0.0": "no", "True": "yes", "False": "no"}


def whom_items(context: Context, study: Tracing) -> Items:
    """T18 effects by group, T18b differences between groups, T18c adjusted p-values over outcomes
    and waves, and the words that they allow.
    """
    found = context.evaluation.whom
    if found is None:
        return []
    return [
        *_verdict(context, found),
        _effects(context, study, found),
        _differences(context, study, found),
        _outcomes(context, study),
    ]


NO_DIFFERENCE = (
    "No difference between groups could be shown once all {k} that were looked at are counted."
)
ONE_DIFFERENCE = (
    "1 of {k} differences between groups stays distinguishable from 0 once all that were"
    " looked at are counted (Romano-Wolf, 5%)."
)
DIFFERENCES_SHOWN = (
    "{s} of {k} differences between groups stay distinguishable from 0 once all that were"
    " looked at are counted (Romano-Wolf, 5%)."
)


def _verdict(context: Context, found: ForWhom) -> Items:
    """How many of the adjusted p-values of T18b are small: a difference of two names once."""
    differences = found.differences
    if isinstance(differences, NotEstimable):
        return []
    keys: dict[int, CellKey] = {}
    for (measure, factor, name), place in found.positions("differences").items():
        effects = found.groups[measure, factor]
        if isinstance(effects, GroupEffects):
            row = _difference_row(context, measure, factor, name, effects)
            keys.setdefault(place, CellKey("T18b", row, WOLF))
    looked_at = differences.estimate.p

    def say(cells: pd.DataFrame) -> str:
        sure = int((cells["value"] < SMALL_P).sum())
        words = {0: NO_DIFFERENCE, 1: ONE_DIFFERENCE}.get(sure, DIFFERENCES_SHOWN)
        return context.text(words, s=sure, k=looked_at)

    return [SummarySpec(tuple(keys.values()), say)]


def _difference_row(
    context: Context, measure: str, factor: str, name: str, effects: GroupEffects
) -> str:
    """The row of T18b of one group against the one that stands for it."""
    base = context.text(_YES_NO.get(effects.reference, effects.reference))
    row = _row(context, measure, factor, name)
    return context.text("{row}, against {base}", row=row, base=base)


def group_row(context: Context, factor: str, group: str) -> str:
    """A group in words."""
    return context.text(
        "{c}: {level}", c=context.column(factor), level=context.text(_YES_NO.get(group, group))
    )


def _row(context: Context, measure: str, factor: str, group: str) -> str:
    head = context.text(ALL) if measure == ALL else measure
    return context.text(
        "{m}, {factor}: {level}",
        m=head,
        factor=context.column(factor),
        level=context.text(_YES_NO.get(group, group)),
    )


def _effects(context: Context, study: Tracing, found: ForWhom) -> Table:
    cells = []
    at = found.positions("effects")
    unit = cell_unit(context, main_outcome(context))
    for (measure, factor), effects in found.groups.items():
        if isinstance(effects, NotEstimable):
            cells.append(single(context, _head(context, measure, factor), "effect", effects))
            continue
        for place in _in_order(effects.effects.names):
            name = effects.effects.names[place]
            row = _row(context, measure, factor, name)
            stated = effects.effects.select([place]).annotated(kind="effect", unit=unit)
            k = at[measure, factor, name]
            cells.append(_with_p(context, row, "effect", stated, found.effects, k))
        cells += [
            single(context, _row(context, measure, factor, name), "effect", reason)
            for name, reason in effects.missing.items()
        ]
    return _table(context, study, "T18", BY_GROUP, cells, found.effects)


def _table(
    context: Context,
    study: Tracing,
    id: str,
    title: str,
    cells: list[pd.DataFrame],
    family: Family | NotEstimable,
) -> Table:
    """A table on the main effect. title: with outcome, horizon and unit of the headline."""
    outcome, wave = context.evaluation.main_cell
    scale, digits = outcome_scale(context, outcome)
    return Table(
        id=id,
        title=context.text(
            title,
            o=context.column(outcome),
            m=study.months[wave],
            u=outcome_unit(context, outcome),
        ),
        cells=joined(cells),
        source=study.source,
        notes=(_family(context, family), study.published_basis),
        scale=scale,
        digits=digits,
        units=ADJUSTED,
    )


def _in_order(names: Sequence[str]) -> list[int]:
    """Low before medium before high, voluntary before forced; other groups as they stand."""
    rank = {"low": 0, "medium": 1, "high": 2, "voluntary": 0, "forced": 1}
    return sorted(range(len(names)), key=lambda k: rank.get(names[k].split(" ")[0], k))


def _differences(context: Context, study: Tracing, found: ForWhom) -> Table:
    cells = []
    at = found.positions("differences")
    unit = cell_unit(context, main_outcome(context))
    for (measure, factor), effects in found.groups.items():
        if isinstance(effects, NotEstimable):
            continue
        differences = effects.differences
        if isinstance(differences, NotEstimable):
            head = _head(context, measure, factor)
            cells.append(single(context, head, "difference", differences))
            continue
        for place, name in enumerate(differences.keys["group"].astype(str)):
            row = _difference_row(context, measure, factor, name, effects)
            stated = differences.select([place]).annotated(kind="effect", unit=unit)
            k = at[measure, factor, name]
            cells.append(_with_p(context, row, "difference", stated, found.differences, k))
    return _table(context, study, "T18b", DIFFERENCES, cells, found.differences)


def _outcomes(context: Context, study: Tracing) -> Table:
    """T18c: every outcome and wave of a measure as one family."""
    cells = []
    seed = context.params.impact.seed
    for effect in context.evaluation.effects:
        keys, family = outcomes_family(effect, seed)
        if isinstance(family, NotEstimable):
            cells.append(single(context, effect.measure, P, family))
            continue
        for place, (outcome, wave) in enumerate(keys):
            row = context.text(
                "{m}: {o}, {w}",
                m=effect.measure,
                o=context.column(outcome),
                w=after(context, study, wave),
            )
            behind = effect_cell(context, effect.measure, study, outcome, wave)
            cells.append(following(_adjusted(row, family, family.place[place]), behind))
    note = context.text(
        "Each measure's outcomes and waves are one family: an adjusted p-value counts all of them."
        " The effects themselves are in the tables T17."
    )
    return Table(
        id="T18c",
        title="P-values adjusted for the number of outcomes and waves",
        cells=joined(cells),
        source=study.source,
        notes=(note, study.published_basis),
        digits=3,
        units=ADJUSTED,
    )


def _with_p(
    context: Context, row: str, column: str, e: Estimate, f: Family | NotEstimable, k: int
) -> pd.DataFrame:
    main = cells_by(e, context.rules, row, column)
    if isinstance(f, NotEstimable) or main["status"].iloc[0] != "shown":
        return main
    return joined([main, _adjusted(row, f, k)])


def _adjusted(row: str, f: Family, k: int) -> pd.DataFrame:
    numbers = {
        P: f.estimate.pvalue[k],
        WOLF: f.romano_wolf[k],
        HOCHBERG: f.benjamini_hochberg[k],
    }
    return rows(
        [plain(row, column, value, P_VALUE, kind="effect") for column, value in numbers.items()]
    )


def _head(context: Context, measure: str, factor: str) -> str:
    return context.text(
        "{m}, {factor}",
        m=context.text(ALL) if measure == ALL else measure,
        factor=context.column(factor),
    )


def _family(context: Context, f: Family | NotEstimable) -> str:
    if isinstance(f, NotEstimable):
        return context.text("P-values are not adjusted: {r}", r=context.text(f.reason))
    size = int(np.isfinite(f.romano_wolf).sum())
    return context.text(
        "{k} effects were looked at; the same persons under two names count once. Romano-Wolf:"
        " chance of any false finding among them; Benjamini-Hochberg: expected share of false"
        " findings among the findings.",
        k=size,
    )
