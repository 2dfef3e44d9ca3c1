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
from mismes_eval.report.chapters.base import Context, Item
from mismes_eval.report.chapters.cells import (
    P,
    cell_unit,
    effect_cell,
    following,
    outcome_scale,
    outcome_unit,
    plain,
    rows,
)
from mismes_eval.report.chapters.verdicts import main_cell
from mismes_eval.report.document.cells import COLUMNS, CellKey
from mismes_eval.report.document.estimated_cells import cells_by, cells_of
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


def whom_items(context: Context, study: Tracing) -> list[Item]:
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


def _verdict(context: Context, found: ForWhom) -> list[Item]:
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
    unit = cell_unit(context, context.evaluation.params.impact.main_outcome)
    for (measure, factor), effects in found.groups.items():
        if isinstance(effects, NotEstimable):
            cells.append(
                cells_of([(_head(context, measure, factor), "effect", effects)], context.rules)
            )
            continue
        for place in _in_order(effects.effects.names):
            name = effects.effects.names[place]
            row = _row(context, measure, factor, name)
            cells.append(
                _with_p(
                    context,
                    row,
                    "effect",
                    effects.effects.select([place]).annotated(kind="effect", unit=unit),
                    found.effects,
                    at[measure, factor, name],
                )
            )
        cells += [
            cells_of([(_row(context, measure, factor, name), "effect", reason)], context.rules)
            for name, reason in effects.missing.items()
        ]
    scale, digits = outcome_scale(context, context.evaluation.params.impact.main_outcome)
    notes = [
        _family(context, found.effects),
        study.panel.sample.design.published_basis,
    ]
    return Table(
        id="T18",
        title=_of_headline(context, study, BY_GROUP),
        cells=_joined(cells),
        source=study.source,
        notes=tuple(notes),
        scale=scale,
        digits=digits,
        units=ADJUSTED,
    )


def _of_headline(context: Context, study: Tracing, title: str) -> str:
    """A title with outcome, horizon and unit of the headline."""
    outcome, wave = main_cell(context.evaluation)
    return context.text(
        title,
        o=context.column(outcome),
        m=study.months[wave],
        u=outcome_unit(context, outcome),
    )


def _in_order(names: Sequence[str]) -> list[int]:
    """Low before medium before high, voluntary before forced; other groups as they stand."""
    rank = {"low": 0, "medium": 1, "high": 2, "voluntary": 0, "forced": 1}
    return sorted(range(len(names)), key=lambda k: rank.get(names[k].split(" ")[0], k))


def _differences(context: Context, study: Tracing, found: ForWhom) -> Table:
    cells = []
    at = found.positions("differences")
    unit = cell_unit(context, context.evaluation.params.impact.main_outcome)
    for (measure, factor), effects in found.groups.items():
        if isinstance(effects, NotEstimable):
            continue
        if isinstance(effects.differences, NotEstimable):
            cells.append(
                cells_of(
                    [(_head(context, measure, factor), "difference", effects.differences)],
                    context.rules,
                )
            )
            continue
        for place, name in enumerate(effects.differences.keys["group"].astype(str)):
            row = _difference_row(context, measure, factor, name, effects)
            cells.append(
                _with_p(
                    context,
                    row,
                    "difference",
                    effects.differences.select([place]).annotated(kind="effect", unit=unit),
                    found.differences,
                    at[measure, factor, name],
                )
            )
    scale, digits = outcome_scale(context, context.evaluation.params.impact.main_outcome)
    notes = (_family(context, found.differences), study.panel.sample.design.published_basis)
    return Table(
        id="T18b",
        title=_of_headline(context, study, DIFFERENCES),
        cells=_joined(cells),
        source=study.source,
        notes=notes,
        scale=scale,
        digits=digits,
        units=ADJUSTED,
    )


def _outcomes(context: Context, study: Tracing) -> Table:
    """T18c: every outcome and wave of a measure as one family."""
    cells = []
    seed = context.evaluation.params.impact.seed
    for effect in context.evaluation.effects:
        keys, family = outcomes_family(effect, seed)
        if isinstance(family, NotEstimable):
            cells.append(cells_of([(effect.measure, P, family)], context.rules))
            continue
        for place, (outcome, wave) in enumerate(keys):
            row = context.text(
                "{m}: {o}, {w}",
                m=effect.measure,
                o=context.column(outcome),
                w=context.text("{m:.0f} months", m=study.months[wave]),
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
        cells=_joined(cells),
        source=study.source,
        notes=(note, study.panel.sample.design.published_basis),
        digits=3,
        units=ADJUSTED,
    )


def _with_p(
    context: Context, row: str, column: str, e: Estimate, f: Family | NotEstimable, k: int
) -> pd.DataFrame:
    main = cells_by(e, context.rules, row, column)
    if isinstance(f, NotEstimable) or main["status"].iloc[0] != "shown":
        return main
    return pd.concat([main, _adjusted(row, f, k)], ignore_index=True)


def _adjusted(row: str, f: Family, k: int) -> pd.DataFrame:
    numbers = (
        (P, f.estimate.pvalue[k]),
        (WOLF, f.romano_wolf[k]),
        (HOCHBERG, f.benjamini_hochberg[k]),
    )
    return rows(
        [plain(row, column, float(value), P_VALUE, kind="effect") for column, value in numbers]
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


def _joined(cells: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(cells, ignore_index=True) if cells else pd.DataFrame(columns=list(COLUMNS))
