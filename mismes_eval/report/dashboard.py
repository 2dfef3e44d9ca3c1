"""What the index shows of each country, from what its report published: measures, evaluations due,
main effects with the interval and the grade that their headlines have, the gap in employment of
returnees, and the path of each effect as a small picture.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mismes_eval.evaluation.published_effects import ROLLOUT, spoken_ends
from mismes_eval.report.document.language import Language
from mismes_eval.report.document.plain import escape

Facts = Mapping[str, Any]  # as estimates.json has them

WIDE, HIGH, EDGE = 150.0, 46.0, 6.0  # of a small picture, in its own units
EMPLOYMENT = "L3.employment"
SAME = ("measure", "outcome", "design")  # of the effects that make a path
DUE = ("overdue", "due next")


@dataclass(frozen=True)
class Point:
    """An effect after so many months, or a difference at month 0, in percentage points."""

    months: float
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Effect:
    """The main effect of a measure, in percentage points, with the interval and the grade of its
    headline, after so many months; outcome: its column; path: what was published of it at every
    wave. rolled_out: over regions, on their residents.
    """

    measure: str
    value: float
    low: float
    high: float
    grade: str
    months: float | None
    path: tuple[Point, ...]
    outcome: str
    rolled_out: bool = False


@dataclass(frozen=True)
class Summary:
    """What one report published, in short; None where it has no such number or hides it."""

    measures: int | None
    evaluated: int | None
    due: int | None
    effects: tuple[Effect, ...]
    returnees: float | None
    others: float | None
    gap: Point | None = None


def summary(results: Facts) -> Summary:
    """The summary of a report's estimates.json."""
    facts = (results.get("facts") or {}).get("comparison") or {}
    count = {row["status"]: int(row["measures"]) for row in facts.get("register") or []}
    rates = {
        row["group"]: row["value"]
        for row in facts.get("indicators") or []
        if row["id"] == EMPLOYMENT and row["status"] == "shown"
    }
    return Summary(
        measures=sum(count.values()) if count else None,
        evaluated=count.get("evaluated") if count else None,
        due=sum(count.get(state, 0) for state in DUE) if count else None,
        effects=tuple(_effects(facts.get("effects") or [])),
        returnees=rates.get("returnees"),
        others=rates.get("non-migrants"),
        gap=_gap(facts.get("gap"), rates),
    )


def _gap(record: Mapping[str, float] | None, rates: Mapping[str, float]) -> Point | None:
    """Employment rate of returnees minus that of non-migrants; a report of an older version says no
    interval.
    """
    if not {"returnees", "non-migrants"} <= set(rates):
        return None
    if record is None:
        return Point(0.0, 100 * (rates["returnees"] - rates["non-migrants"]), math.nan, math.nan)
    return Point(0.0, *(100 * record[end] for end in ("value", "ci_low", "ci_high")))


def _effects(records: Sequence[Facts]) -> Iterable[Effect]:
    shown = [
        record for record in records if record["status"] == "shown" and record["value"] is not None
    ]
    for main in filter(_headline, shown):
        path = [
            Point(float(record["months"]), 100 * float(record["value"]), *_spoken(record))
            for record in shown
            if all(record.get(key) == main.get(key) for key in SAME)
            and None not in (record["months"], record["ci_low"], record["ci_high"])
        ]
        low, high = _spoken(main)
        yield Effect(
            measure=str(main["measure"]),
            value=100 * float(main["value"]),
            low=low,
            high=high,
            grade=str(main.get("grade") or ""),
            months=None if main.get("months") is None else float(main["months"]),
            path=tuple(sorted(path, key=lambda point: point.months)),
            outcome=str(main["outcome"]),
            rolled_out=main.get("design") == ROLLOUT,
        )


def _headline(record: Facts) -> bool:
    """Whether a report speaks of an effect on a share first: the main one of a measure that was
    followed or drawn, or that of a roll-out.
    """
    first = bool(record.get("main")) or record.get("design") == ROLLOUT
    return first and record["unit_of_outcome"] == "share"


def _spoken(record: Facts) -> tuple[float, float]:
    """The interval that a report speaks of, in percentage points, in words and picture alike."""
    low, high = spoken_ends(record)
    return 100 * low, 100 * high


def span_of(summaries: Iterable[Summary]) -> tuple[float, float]:
    """The ends of the axis that all small pictures share: every interval and zero."""
    points = [p for summary in summaries for effect in summary.effects for p in effect.path]
    lowest = min((point.low for point in points), default=0.0)
    highest = max((point.high for point in points), default=0.0)
    return min(0.0, lowest), max(0.0, highest)


def small_picture(effect: Effect, span: tuple[float, float], t: Language) -> str:
    """The effect at each wave with its interval, on the axis of all countries; its numbers are its
    alternative text. "" where nothing was published.
    """
    if not effect.path or not span[1] > span[0]:
        return ""
    last = max(p.months for p in effect.path) or 1.0
    scale = (HIGH - 2 * EDGE) / (span[1] - span[0])

    def across(months: float) -> float:
        return EDGE + (WIDE - 2 * EDGE) * months / last

    def up(value: float) -> float:
        return HIGH - EDGE - (value - span[0]) * scale

    marks = []
    for p in effect.path:
        x = across(p.months)
        y = up(p.value)
        marks.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{up(p.low):.1f}" y2="{up(p.high):.1f}"'
            ' stroke="#1f4e79" stroke-width="2"/>'
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="#1f4e79"/>'
        )
    zero = up(0.0)
    said = "; ".join(
        t(
            "{m:.0f} months: {v} ({lo} to {hi})",
            m=p.months,
            v=t.number(p.value),
            lo=t.number(p.low),
            hi=t.number(p.high),
        )
        for p in effect.path
    )
    words = t(
        "{m}: effect by months since enrolment, percentage points: {said}",
        m=effect.measure,
        said=said,
    )
    return (
        f'<svg class="spark" role="img" aria-label="{escape(words)}" viewBox="0 0 {WIDE:g} {HIGH:g}"'
        f' width="{WIDE:g}" height="{HIGH:g}"><line x1="0" x2="{WIDE:g}" y1="{zero:.1f}"'
        f' y2="{zero:.1f}" stroke="#6e6e6e"/>{"".join(marks)}</svg>'
    )


def finite(value: float | None) -> bool:
    """Whether there is a number to show."""
    return value is not None and math.isfinite(value)
