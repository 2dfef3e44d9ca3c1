"""Figures of the inventory: measures over time, the tree of the budget, the way from sources to
counted measures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from mismes_eval.pictures.flow import INCHES, flow, flow_height
from mismes_eval.pictures.style import BLUE, BROWN, GREY
from mismes_eval.report.document.language import Language
from mismes_eval.report.document.tables import HIDDEN
from mismes_eval.report.figures import Caption, Figure, canvas, colours_of, finish, legend_above

MOST = 80


def timeline(
    caption: Caption,
    measures: pd.DataFrame,
    until: int,
) -> Figure:
    """One bar a measure from start to end, in order of start, coloured by stage; an arrow where it
    has no end yet.

    measures : columns measure, title (may be empty), stage, start and end (years with decimals; end
        missing: still running). until : year up to which running measures are drawn.
    """
    t = caption.t
    rows = (
        measures.dropna(subset=["start"]).sort_values(["start", "measure"]).reset_index(drop=True)
    )
    height = 0.135 if len(rows) <= MOST else 10.8 / len(rows)
    fig, ax = canvas(8.0, 1.1 + height * len(rows))
    stages = list(dict.fromkeys(measures["stage"]))
    for stage, colour in zip(stages, colours_of(stages, t), strict=True):
        mine = rows[rows["stage"] == stage]
        y = len(rows) - 1 - mine.index.to_numpy()
        end = mine["end"].fillna(until + 1.0)
        ax.barh(
            y,
            end - mine["start"],
            left=mine["start"],
            height=0.78,
            color=colour,
            edgecolor="white",
            lw=0.3,
            label=f"{stage} ({len(mine)})",
        )
        going = mine["end"].isna().to_numpy()
        ax.plot(end[going], y[going], ">", color=colour, ms=3.5, clip_on=False)
    ax.set_ylim(-0.8, len(rows) - 0.2)
    ax.set_yticks([])
    if len(rows) <= MOST:
        labels = (rows["measure"] + "  " + rows["title"]).str.rstrip()
        ax.set_yticks(len(rows) - 1 - np.arange(len(rows)), labels, fontsize=5.5)
    ax.grid(axis="y", visible=False)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.xaxis.set_major_formatter(lambda x, _: f"{x:.0f}")
    legend_above(ax, 2)
    active = {
        year: int(((rows["start"] < year + 1) & (rows["end"].fillna(until + 1.0) >= year)).sum())
        for year in range(int(rows["start"].min()), until + 1)
    }
    alt = t(
        "{title}. Measures under way in each year: {numbers}",
        title=caption.heading,
        numbers="; ".join(f"{y} {n}" for y, n in active.items()),
    )
    return finish(caption, fig, alt, rows)


def budget_tree(
    caption: Caption,
    parts: pd.DataFrame,
    unit: str,
) -> Figure:
    """Budget as areas: a column for each stage, cut into models. parts: stage, model, amount; only
    amounts that may be published.
    """
    t = caption.t
    fig, ax = canvas(7.4, 4.2)
    total = float(parts["amount"].sum())
    left = 0.0
    alt = []
    chosen = colours_of(parts["stage"].unique(), t)
    for (stage, block), colour in zip(parts.groupby("stage", sort=False), chosen, strict=True):
        width = float(block["amount"].sum()) / total
        _column(ax, block, left, width, colour, t)
        ax.text(
            left + width / 2,
            1.02,
            _wrapped(f"{stage} {t.number(block['amount'].sum())}", width * 14),
            ha="center",
            va="bottom",
            fontsize=8,
        )
        alt.append(
            f"{stage} {t.number(block['amount'].sum())} ("
            + "; ".join(
                f"{m} {t.number(amount)}"
                for m, amount in zip(block["model"], block["amount"], strict=True)
            )
            + ")"
        )
        left += width
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.12)
    ax.set_axis_off()
    return finish(caption, fig, caption.told(unit + ". " + ". ".join(alt)), parts)


def _column(
    ax: Axes, block: pd.DataFrame, left: float, width: float, colour: str, t: Language
) -> None:
    whole = float(block["amount"].sum())
    at = 0.0
    ordered = block.sort_values("amount", ascending=False)
    for place, (model, amount) in enumerate(
        zip(ordered["model"], ordered["amount"].astype(float), strict=True)
    ):
        height = amount / whole
        ax.add_patch(
            Rectangle(
                (left, at),
                width,
                height,
                facecolor=colour,
                alpha=max(0.9 - 0.22 * place, 0.25),
                edgecolor="white",
                lw=1.5,
            )
        )
        if height > 0.045 and width > 0.05:
            ink = "white" if place < 2 and colour in (BLUE, GREY, BROWN) else "black"
            ax.text(
                left + width / 2,
                at + height / 2,
                f"{model} {t.number(amount)}",
                ha="center",
                va="center",
                fontsize=7.5,
                color=ink,
            )
        at += height


def _wrapped(text: str, width: float) -> str:
    lines = [""]
    for word in text.split():
        lines = (
            [*lines[:-1], f"{lines[-1]} {word}".strip()]
            if len(lines[-1]) + len(word) < max(width, 9)
            else [*lines, word]
        )
    return "\n".join(lines).strip()


def sources_flow(
    caption: Caption,
    left: Mapping[str, float],
    steps: Sequence[tuple[str, float, str]],
) -> Figure:
    """From sources to what is counted (after PRISMA 2020). left: source -> records. steps: what,
    how many (NaN where that is not shown), and why others are not in it.
    """
    t = caption.t
    boxes = [("; ".join(_counted(name, n, t) for name, n in left.items()), "")]
    boxes += [(_counted(what, n, t), lost) for what, n, lost in steps]
    fig, ax = canvas(INCHES, flow_height(boxes))
    flow(ax, boxes)
    alt = "; ".join(
        [
            *(_counted(name, n, t) for name, n in left.items()),
            *(_counted(what, n, t) + (f" ({lost})" if lost else "") for what, n, lost in steps),
        ]
    )
    data = pd.DataFrame(
        [(what, n, lost) for what, n, lost in steps], columns=["step", "n", "left out"]
    ).astype({"n": "Int64"})
    return finish(caption, fig, caption.told(alt), data)


def _counted(name: str, n: float, t: Language) -> str:
    """A step with its number, or with the sign of a hidden cell."""
    if np.isfinite(n):
        return t("{step}: {n:,}", step=name, n=int(n))
    return t("{series}: {values}", series=name, values=HIDDEN)
