"""Drawings of the site as inline SVG: countries as tiles, unit costs as dots."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np

from mismes_eval.frame.codes import packaged_rows
from mismes_eval.report.document.plain import escape
from mismes_eval.report.pages_from_templates import Html

Axis = tuple[float, float]  # its ends

TILE = 54
WIDE = 320
MARK, ROW = 140, 18  # width and height of the picture of an interval
FAINT, DARK = 0.12, 0.55  # shares of the colour of a tile with few and with most measures


@cache
def places() -> Mapping[str, tuple[int, int]]:
    """Column and row of each country's tile, roughly as on a map of Europe, its neighbours and
    Central Asia.
    """
    rows = packaged_rows("report/site/tiles.csv")
    return {row["country"]: (int(row["column"]), int(row["row"])) for row in rows}


def country_tiles(counts: Mapping[str, int], names: Mapping[str, str], title: str) -> Html:
    """A tile for each country of the map; those with measures are links to their place below."""
    most = max(counts.values(), default=1)
    columns = 1 + max(place[0] for place in places().values())
    rows = 1 + max(place[1] for place in places().values())
    parts = [
        _tile(code, place, counts.get(code, 0), most, names.get(code, code))
        for code, place in places().items()
    ]
    return Html(
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(title)}">'
        f'<svg width="{columns * TILE}" height="{rows * TILE}" role="group"'
        f' aria-label="{escape(title)}">{"".join(parts)}</svg></div>'
    )


def _tile(code: str, place: tuple[int, int], count: int, most: int, name: str) -> str:
    x, y = place[0] * TILE + 2, place[1] * TILE + 2
    shade = 0.0 if not count else FAINT + (DARK - FAINT) * math.sqrt(count / most)
    box = (
        f'<rect class="tile" x="{x}" y="{y}" width="{TILE - 4}" height="{TILE - 4}" rx="4"'
        f' fill="#0b8a94" fill-opacity="{shade:.2f}"></rect>'
        f'<text x="{x + 25}" y="{y + 21}" text-anchor="middle">{code}</text>'
    )
    if not count:
        return f'<g aria-hidden="true">{box}</g>'
    number = f'<text x="{x + 25}" y="{y + 39}" text-anchor="middle">{count}</text>'
    return f'<a href="#{code}" aria-label="{escape(name)}: {count}">{box}{number}</a>'


def cost_dots(values: Sequence[float], low: float, high: float, title: str) -> Html:
    """Dots on a logarithmic axis from low to high, with the middle half and the median."""

    def place(value: float) -> float:
        if high <= low:
            return WIDE / 2
        share = (math.log(value) - math.log(low)) / (math.log(high) - math.log(low))
        return 10 + (WIDE - 20) * share

    first, middle, third = np.quantile(np.asarray(values, dtype=float), [0.25, 0.5, 0.75])
    dots = "".join(
        f'<circle class="mark" cx="{place(value):.1f}" cy="15" r="4"></circle>' for value in values
    )
    return Html(
        f'<svg width="{WIDE}" height="30" role="img" aria-label="{escape(title)}">'
        f'<line class="axis" x1="10" x2="{WIDE - 10}" y1="15" y2="15"></line>'
        f'<line class="box" x1="{place(first):.1f}" x2="{place(third):.1f}" y1="15" y2="15"></line>'
        f'<line class="box" x1="{place(middle):.1f}" x2="{place(middle):.1f}" y1="5" y2="25">'
        f"</line>{dots}</svg>"
    )


Interval = tuple[float, float, float]  # value, low, high


def interval_mark(interval: Interval, span: Axis) -> Html:
    """An effect with its interval on an axis with zero in it; an end beyond the axis runs out of
    the picture. Its numbers stand in the cell beside it.
    """
    drawn = _interval(interval, span, ROW / 2)
    return Html(
        f'<svg width="{MARK}" height="{ROW}" aria-hidden="true">{_zero(span, ROW)}{drawn}</svg>'
    )


def forest_mark(effects: Sequence[Interval], mean: Interval | None, span: Axis, title: str) -> Html:
    """Effects below each other, and their mean where there is one, on one axis."""
    rows = [*effects, *([] if mean is None else [mean])]
    height = ROW * len(rows)
    drawn = "".join(
        _interval(row, span, ROW * (at + 0.5)) for at, row in enumerate(rows[: len(effects)])
    )
    if mean is not None:
        low, middle, high = (_across(end, span) for end in (mean[1], mean[0], mean[2]))
        y = ROW * (len(effects) + 0.5)
        corners = f"{low:.1f},{y} {middle:.1f},{y - 5} {high:.1f},{y} {middle:.1f},{y + 5}"
        drawn += f'<polygon class="mark" points="{corners}"></polygon>'
    return Html(
        f'<svg width="{MARK}" height="{height}" role="img" aria-label="{escape(title)}">'
        f"{_zero(span, height)}{drawn}</svg>"
    )


def _across(number: float, span: Axis) -> float:
    share = (number - span[0]) / (span[1] - span[0])
    return MARK * min(max(share, 0.0), 1.0)


def _zero(span: Axis, height: int) -> str:
    x = f"{_across(0.0, span):.1f}"
    return f'<line class="axis" x1="{x}" x2="{x}" y1="0" y2="{height}"></line>'


def _interval(interval: Interval, span: Axis, y: float) -> str:
    value, low, high = interval
    line = ""
    if not (math.isnan(low) or math.isnan(high)):
        ends = f'x1="{_across(low, span):.1f}" x2="{_across(high, span):.1f}"'
        line = f'<line class="box" {ends} y1="{y:g}" y2="{y:g}"></line>'
    return f'{line}<circle class="mark" cx="{_across(value, span):.1f}" cy="{y:g}" r="4"></circle>'
