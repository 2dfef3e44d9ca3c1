"""What an outcome is: share, score, money, months, and who has it. The template says so; a column
of the office's own is a share where its answers are yes and no, else a number in its own unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mismes_eval.frame.template import template
from mismes_eval.message import Message
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.tracer.panel import TracerPanel
from mismes_eval.weighting.numbers import float64

TEMPLATE = "tracer_outcome"
EVERYBODY, EMPLOYED, BUSINESS, PARTICIPANTS = "", "employed", "business", "participants"
ADDITIVE = ("share", "money", "hours", "count")  # nothing of it is 0, and 0 means that
NUMBER = "number"


@dataclass(frozen=True)
class Outcome:
    """name: the column.  kind: share, score, money, months, hours, count or number (of a unit that
    nobody stated).
    unit: in words.
    universe: who has it, empty for everybody.
    better: more, less or empty.
    composite: persons outside the universe count 0, so that it is everybody's.
    """

    name: str
    kind: str = NUMBER
    unit: str = ""
    universe: str = EVERYBODY
    better: str = ""
    composite: bool = False

    @property
    def comparable(self) -> bool:
        """Whether a difference between arms is one of the same persons: everybody has it."""
        return self.universe == EVERYBODY or self.composite


def declared(name: str) -> Outcome | None:
    """An outcome that the template knows; None for any other column."""
    columns = {column.name: column for column in template(TEMPLATE).columns if column.outcome}
    if name not in columns:
        return None
    column = columns[name]
    return Outcome(
        name=name,
        kind=column.outcome,
        unit=column.unit,
        universe=column.universe,
        better=column.better,
    )


def side_of(name: str) -> str:
    """Whether "more" or "less" of an outcome is better, as the template says; "": neither, or it
    does not know the outcome.
    """
    known = declared(name)
    return "" if known is None else known.better


def outcome_of(panel: TracerPanel, name: str) -> Outcome:
    """What a column of the panel is as an outcome."""
    known = declared(name)
    if known is not None:
        return known
    if name not in panel.long.columns:
        return Outcome(name)
    value = float64(panel.long[name])
    if value is None or np.isnan(value).all():
        return Outcome(name)
    yes_no = bool(np.isin(value[~np.isnan(value)], (0.0, 1.0)).all())
    work = _has(panel.long, EMPLOYED)
    told = ~np.isnan(value)
    universe = EVERYBODY
    if work is not None:
        at_work, without = work == 1, work == 0
        only_they = (told & at_work).any() and not (told & without).any()
        universe = EMPLOYED if only_they and without.any() else EVERYBODY
    return Outcome(name, "share" if yes_no else NUMBER, "", universe)


def composites(
    panel: TracerPanel, names: Sequence[str]
) -> tuple[TracerPanel, Mapping[str, Outcome]]:
    """The panel and what its outcomes are. An outcome that only persons in work (or with a
    business) have, of which nothing is 0, is made everybody's: 0 without work. A note says so.
    """
    outcomes = {str(name): outcome_of(panel, str(name)) for name in names}
    columns = {}
    for name, outcome in outcomes.items():
        has = _has(panel.long, outcome.universe)
        if has is None or outcome.kind not in ADDITIVE or name not in panel.long.columns:
            continue
        value = float64(panel.long[name])
        if value is None:
            continue
        columns[name] = np.where(np.isnan(value) & (has == 0), 0.0, value)
    if not columns:
        return panel, outcomes
    named = {
        n: replace(outcome, composite=True) if n in columns else outcome
        for n, outcome in outcomes.items()
    }
    notes = tuple(Message(WITHOUT[named[name].universe], {"outcome": name}) for name in columns)
    made = replace(
        panel,
        long=panel.long.assign(**columns),
        sample=panel.sample.flagged(*notes),
    )
    return made, named


WITHOUT = {
    EMPLOYED: "Outcome '{outcome}': persons without work count as 0.",
    BUSINESS: "Outcome '{outcome}': persons without a business count as 0.",
}


def _has(long: pd.DataFrame, universe: str) -> Float | None:
    """(rows,) 1 in the universe, 0 outside, NaN where not known; None where the file cannot tell."""
    if universe == EMPLOYED and "lstatus" in long.columns:
        status = float64(long["lstatus"])
        return None if status is None else np.where(np.isnan(status), np.nan, status == 1)
    source = {EMPLOYED: "employed", BUSINESS: "business"}.get(universe)
    return None if source not in long.columns else float64(long[source])


def selected(panel: TracerPanel, name: str, wave: object) -> Bool:
    """(n,) who has the outcome at a wave."""
    known: Float = panel.values(name, wave)
    return np.isfinite(known)
