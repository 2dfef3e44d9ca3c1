"""Which two-by-two comparison stands behind every group-time effect: base period, comparison
cohorts, and what cannot be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mismes_eval.errors import IdentificationError, Problem
from mismes_eval.impact.did.breaks import starts_at_breaks
from mismes_eval.numerics.rows import Float

Control = Literal["never", "not_yet"]
Base = Literal["varying", "universal"]


@dataclass(frozen=True)
class Cell:
    """ATT(cohort, time): positions of the period and of its base in the list of periods; comparison
    cohorts (inf = never). Empty `against`: the base itself.
    """

    cohort: float
    time: int
    base: int
    against: tuple[float, ...]


@dataclass(frozen=True)
class Plan:
    """periods (T,) in order; cohorts that are estimated; cells; notes on what was left out and why."""

    periods: Float
    cohorts: tuple[float, ...]
    cells: tuple[Cell, ...]
    notes: tuple[str, ...]

    def at(self, position: int) -> str:
        """A period as a message names it."""
        return f"{self.periods[position]:g}"

    def label(self, cohort: float) -> str:
        """A cohort as a message names it."""
        return f"{cohort:g}"


def plan(
    periods: Float,
    cohorts: Float,
    control: Control,
    base: Base,
    anticipation: float,
    breaks: Sequence[float] = (),
    acknowledged: bool = False,
) -> Plan:
    """Cells of all cohorts. cohorts: the distinct values, inf for never treated. Raises
    IdentificationError with every problem.
    """
    problems = _unknown(control, base, anticipation)
    if problems:
        raise IdentificationError(problems)
    first, last = periods[0], periods[-1]
    early = [g for g in cohorts if g <= first + anticipation]
    later = [g for g in cohorts if first + anticipation < g <= last]
    beyond = [g for g in cohorts if g > last]
    if periods.size < 2:
        problems.append(
            Problem("one period only", "argument 'time'", "two periods or more", str(periods.size))
        )
    if not later:
        problems.append(
            Problem(
                "no cohort starts inside the window",
                "argument 'cohort'",
                f"a start after {first + anticipation:g} and not after {last:g}",
                ", ".join(f"{g:g}" for g in cohorts),
            )
        )
    if control == "never" and not beyond:
        problems.append(
            Problem(
                "no never-treated group",
                "argument 'control'",
                "units whose cohort is 0, missing or infinite",
                "none",
                "Use control='not_yet'.",
            )
        )
    at_breaks = starts_at_breaks(periods, later, breaks, anticipation)
    problems += [] if acknowledged else at_breaks
    if problems:
        raise IdentificationError(problems)
    notes = [f"Acknowledged break of the series: {p.where}." for p in at_breaks]
    if early:
        notes.append(
            f"Cohorts {_listed(early)} were treated in the first period already (or within the"
            " anticipation): no period before it, so left out."
        )
    starters = [g for g in beyond if np.isfinite(g)]
    if starters:
        notes.append(
            f"Cohorts {_listed(starters)} start after the last period and serve as never treated."
        )
    if np.unique(np.diff(periods)).size > 1:
        notes.append(
            f"Periods are not evenly spaced ({_listed(list(periods))}); event time is counted in"
            " units of the time column."
        )
    cells, gone = [], []
    for g in later:
        for cell in _of_cohort(periods, g, base, anticipation):
            reach = periods[max(cell[0], cell[1])] + anticipation
            against = tuple(
                h
                for h in cohorts
                if h != g and h not in early and h > reach and (h > last or control == "not_yet")
            )
            if cell[0] != cell[1] and not against:
                gone.append(f"({g:g}, {periods[cell[0]]:g})")
                continue
            cells.append(Cell(g, cell[0], cell[1], () if cell[0] == cell[1] else against))
    if gone:
        notes.append(
            f"No comparison group is left for {len(gone)} group-time effects, which are left out:"
            f" {', '.join(gone[:12])}{' ...' if len(gone) > 12 else ''}."
        )
    if not any(c.against for c in cells):
        raise IdentificationError(
            Problem(
                "no comparison group in any period",
                "argument 'control'",
                "a cohort that is not yet treated when another starts",
                "none",
            )
        )
    kept = tuple(g for g in later if any(c.cohort == g and c.against for c in cells))
    return Plan(periods, kept, tuple(c for c in cells if c.cohort in kept), tuple(notes))


def _of_cohort(periods: Float, g: float, base: Base, anticipation: float) -> list[tuple[int, int]]:
    """(time, base) positions; where both are equal the effect is 0 by construction."""
    fixed = int(np.flatnonzero(periods + anticipation < g)[-1])
    if base == "universal":
        return [(t, fixed) for t in range(periods.size)]
    return [(t, fixed if periods[t] >= g - anticipation else t - 1) for t in range(1, periods.size)]


def _unknown(control: str, base: str, anticipation: float) -> list[Problem]:
    problems = []
    if control not in ("never", "not_yet"):
        problems.append(
            Problem(
                "unknown comparison group",
                "argument 'control'",
                "'never' or 'not_yet'",
                repr(control),
            )
        )
    if base not in ("varying", "universal"):
        problems.append(
            Problem(
                "unknown base period", "argument 'base'", "'varying' or 'universal'", repr(base)
            )
        )
    if not 0 <= anticipation < np.inf:
        problems.append(
            Problem(
                "anticipation is no number of periods",
                "argument 'anticipation'",
                "0 or more periods",
                str(anticipation),
            )
        )
    return problems


def _listed(values: Sequence[float]) -> str:
    return ", ".join(f"{v:g}" for v in values)
