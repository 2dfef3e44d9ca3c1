"""Which two-by-two comparison stands behind every group-time effect: base period, comparison
cohorts, and what cannot be compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mismes_eval.errors import IdentificationError, Problem, named, of_argument, unknown, worded
from mismes_eval.impact.did.breaks import acknowledged_break, placed, starts_at_breaks
from mismes_eval.numerics.rows import Float
from mismes_eval.weighting.timeline import Timeline

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
    """time: the periods in order; cohorts that are estimated; cells; notes on what was left out and
    why.
    """

    time: Timeline
    cohorts: tuple[float, ...]
    cells: tuple[Cell, ...]
    notes: tuple[str, ...]

    @property
    def periods(self) -> Float:
        """(T,)."""
        return self.time.at

    def at(self, position: int) -> str:
        """A period as a message names it."""
        return self.time.shown(float(self.periods[position]))

    def label(self, cohort: float) -> str:
        """A cohort as a message names it."""
        return self.time.shown(cohort)


def plan(
    time: Timeline,
    cohorts: Float,
    control: Control,
    base: Base,
    anticipation: float,
    breaks: Sequence[float] = (),
    acknowledged: bool = False,
    absent: Mapping[float, str] | None = None,
) -> Plan:
    """Cells of all cohorts. cohorts: the distinct values, inf for never treated; absent: cohorts
    that have no unit left, and why. Raises IdentificationError with every problem.
    """
    problems = _unknown(control, base, anticipation)
    IdentificationError.refuse(problems)
    placed(time, breaks)
    early, later, beyond = _apart(time, cohorts, anticipation)
    problems = _nothing_to_compare(time, cohorts, control, anticipation, absent or {})
    at_breaks = starts_at_breaks(time.at, later, breaks, anticipation)
    problems += [] if acknowledged else at_breaks
    IdentificationError.refuse(problems)
    notes = [
        *(acknowledged_break(p) for p in at_breaks),
        *_who_has_which_part(time, early, beyond, anticipation),
    ]
    cells, gone = [], []
    for g in later:
        for moment, start in _of_cohort(time, g, base, anticipation):
            reach = time.at[max(moment, start)] + anticipation + time.tolerance
            against = tuple(
                start
                for start in cohorts
                if start != g
                and start not in early
                and start > reach
                and (start > time.at[-1] or control != "never")
            )
            if moment != start and not against:
                gone.append(f"({time.shown(g)}, {time.labels[moment]})")
                continue
            cells.append(Cell(g, moment, start, () if moment == start else against))
    if gone:
        notes.append(
            f"No comparison group is left for {len(gone)} group-time effects, which are left out:"
            f" {named(gone)}."
        )
    if not any(cell.against for cell in cells):
        raise IdentificationError(
            Problem(
                "no comparison group in any period",
                of_argument("control"),
                "a cohort that is not yet treated when another starts",
                worded("none"),
            )
        )
    kept = tuple(
        start for start in later if any(cell.cohort == start and cell.against for cell in cells)
    )
    return Plan(time, kept, tuple(cell for cell in cells if cell.cohort in kept), tuple(notes))


def _apart(
    time: Timeline, cohorts: Float, anticipation: float
) -> tuple[list[float], list[float], list[float]]:
    """Cohorts without a period before treatment, those inside the window, those after it."""
    first = time.at[0] + anticipation + time.tolerance
    last = time.at[-1]
    return (
        [start for start in cohorts if start <= first],
        [start for start in cohorts if first < start <= last],
        [start for start in cohorts if start > last],
    )


def _nothing_to_compare(
    time: Timeline,
    cohorts: Float,
    control: Control,
    anticipation: float,
    absent: Mapping[float, str],
) -> list[Problem]:
    problems = []
    _, later, beyond = _apart(time, cohorts, anticipation)
    if time.size < 2:
        problems.append(
            Problem("one period only", of_argument("time"), "two periods or more", str(time.size))
        )
    if not later:
        after = time.shown(float(time.at[0] + anticipation)) if time.numeric else time.labels[0]
        problems.append(
            Problem(
                "no cohort starts inside the window",
                of_argument("cohort"),
                worded(
                    "a start after {after} and not after {labels}",
                    {"after": after, "labels": time.labels[-1]},
                ),
                "; ".join([time.listed(cohorts), *absent.values()]),
            )
        )
    if control == "never" and not beyond:
        lost = [why for start, why in absent.items() if start > time.at[-1]]
        pairs = "Choose unbalanced='pairs', or u" if any("none with" in w for w in lost) else "U"
        problems.append(
            Problem(
                what="no never-treated group",
                where=of_argument("control"),
                expected="units whose cohort is 0, missing or infinite",
                got="; ".join(lost) or worded("none"),
                fix=worded("{pairs}se control='not_yet'.", {"pairs": pairs}),
            )
        )
    return problems


def _who_has_which_part(
    time: Timeline, early: list[float], beyond: list[float], anticipation: float
) -> list[str]:
    notes = []
    if early:
        notes.append(
            f"Cohorts {time.listed(early)} were treated in the first period already (or within the"
            " anticipation): no period before it, so left out."
        )
    starters = [start for start in beyond if np.isfinite(start)]
    if starters:
        until = " until they may react" if anticipation else ""
        notes.append(
            f"Cohorts {time.listed(starters)} start after the last period and serve as never"
            f" treated{until}."
        )
    if time.numeric and not time.even:
        notes.append(
            f"Periods are not evenly spaced ({', '.join(time.labels)}); event time is counted in"
            " units of the time column."
        )
    return notes


def _of_cohort(time: Timeline, g: float, base: Base, anticipation: float) -> list[tuple[int, int]]:
    """(time, base) positions; where both are equal the effect is 0 by construction."""
    periods = time.at
    fixed = int(np.flatnonzero(periods + anticipation < g - time.tolerance)[-1])
    if base == "universal":
        return [(place, fixed) for place in range(periods.size)]
    return [
        (place, fixed if periods[place] >= g - anticipation else place - 1)
        for place in range(1, periods.size)
    ]


def _unknown(control: str, base: str, anticipation: float) -> list[Problem]:
    problems = []
    problems += unknown("unknown comparison group", "control", control, ("never", "not_yet"))
    problems += unknown("unknown base period", "base", base, ("varying", "universal"))
    if not 0 <= anticipation < np.inf:
        problems.append(
            Problem(
                "anticipation is no number of periods",
                of_argument("anticipation"),
                "0 or more periods",
                str(anticipation),
            )
        )
    return problems
