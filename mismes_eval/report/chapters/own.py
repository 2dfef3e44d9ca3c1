"""T08e to T08g: shares, means and numbers of persons of an office's own beside the labour
indicators.
"""

from __future__ import annotations

import pandas as pd

from mismes_eval.estimate.estimate import Estimate
from mismes_eval.evaluation.own_indicators import OwnIndicator, own_indicators
from mismes_eval.evaluation.survey import Survey
from mismes_eval.lfs.persons import LABELS, breakdown
from mismes_eval.report.chapters.base import Context, Items
from mismes_eval.report.chapters.cells import joined, single
from mismes_eval.report.document.cells import Persons, Standing
from mismes_eval.report.document.estimated_cells import cells_of
from mismes_eval.report.document.tables import Table
from mismes_eval.weighting.sample import Sample

WHOLE = "all residents"
SHARES, MEANS = ("T08e", "Own indicators, %", 100.0), ("T08f", "Own indicators, means", 1.0)


def own(context: Context, s: Survey, groups: dict[str, str]) -> Items:
    """T08e, T08f and T08g, where the params describe own indicators. groups: status -> name; empty: by
    sex.
    """
    found = own_indicators(context.params, s.sample.frame)
    tables = [
        Table(
            id=id_,
            title=title,
            cells=joined([_row(context, s, one, groups) for one in alike]),
            source=s.source,
            notes=(s.sample.design.published_basis,),
            scale=scale,
        )
        for id_, title, scale in (SHARES, MEANS)
        if (alike := [one for one in found if bool(one.unit) == (id_ == MEANS[0])])
    ]
    counted = [
        (context.name(one.title), "estimate", s.total(one.persons(s.sample)))
        for one in found
        if not one.unit
    ]
    if counted:
        tables.append(
            Table(
                id="T08g",
                title="Own indicators, thousand persons",
                cells=cells_of(counted, context.rules),
                source=s.source,
                notes=(s.sample.design.published_basis,),
                scale=0.001,
            )
        )
    return [*tables]


def _row(context: Context, s: Survey, one: OwnIndicator, groups: dict[str, str]) -> pd.DataFrame:
    """An indicator for each group and for everybody."""
    parts = [
        _cell(context, one, inside, context.words.level(name))
        for name, inside in _parts(s, groups).items()
    ]
    return joined([*parts, _cell(context, one, s.sample, WHOLE)])


def _parts(s: Survey, groups: dict[str, str]) -> dict[str, Sample]:
    """The persons of each group that a column shows."""
    by = "status" if groups else "sex"
    level = breakdown(s.sample.frame, by).astype("string")
    named = {LABELS[code]: name for code, name in groups.items()}
    shown = named or {"men": "men", "women": "women"}
    return {
        name: s.sample.where((level == value).fillna(False).to_numpy(bool))
        for value, name in shown.items()
    }


def _cell(context: Context, one: OwnIndicator, inside: Sample, column: str) -> pd.DataFrame:
    found = one.among_answers(inside)
    title = context.name(f"{one.title} ({one.unit})" if one.unit else one.title)
    if one.unit or not isinstance(found, Estimate):
        return single(context, title, column, found)
    yes = inside.frame[one.own].to_numpy(dtype=float, na_value=0.0) == 1
    who = Persons.among(inside, yes & one.inside(inside.frame))
    return single(context, title, column, found, Standing(tells=(who,)))
