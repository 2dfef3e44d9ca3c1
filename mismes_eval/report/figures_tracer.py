"""Figures over persons and time: reliability against sample size, what people do month by month,
the time to a first event.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import seaborn as sns

from mismes_eval.pictures.shares import STATES, areas
from mismes_eval.pictures.style import RED, marker
from mismes_eval.report.document.language import Language
from mismes_eval.report.document.tables import HIDDEN
from mismes_eval.report.figures import (
    Caption,
    Figure,
    canvas,
    colours_of,
    finish,
    legend_above,
    panels,
)


def reliability(
    caption: Caption,
    cells: pd.DataFrame,
    limits: tuple[float, float],
) -> Figure:
    """Coefficient of variation against unweighted persons, on log scales, with the limits from
    which a number is flagged and not shown. cells: n, cv (a share), group.
    """
    t = caption.t
    fig, ax = canvas(6.8, 3.8)
    sns.scatterplot(
        cells,
        x="n",
        y=cells["cv"] * 100,
        hue="group",
        style="group",
        palette=colours_of(cells["group"].unique(), t),
        s=30,
        alpha=0.8,
        ax=ax,
    )
    ax.set_xscale("log")
    ax.set_yscale("log")
    for limit, words, side in zip(
        limits, (t("flagged (u)"), t("not shown")), ("bottom", "bottom"), strict=True
    ):
        ax.axhline(limit * 100, color=RED, lw=1, ls="--")
        ax.annotate(
            words,
            (0.995, limit * 100),
            xycoords=("axes fraction", "data"),
            ha="right",
            va=side,
            fontsize=8,
            color=RED,
        )
    ax.xaxis.set_major_formatter(lambda x, _: t.number(x, 0))
    ax.yaxis.set_major_formatter(lambda y, _: t.number(y, 1 if y < 1 else 0))
    ax.set_xlabel(t("unweighted persons behind the number"))
    ax.set_ylabel(t("coefficient of variation, %"))
    legend_above(ax)
    over = [int((cells["cv"] > limit).sum()) for limit in limits]
    alt = t(
        "{title}. Of {n} numbers {a} are above the limit of {x}% and {b} above that of {y}%.",
        title=caption.heading,
        n=len(cells),
        a=over[0],
        x=t.number(limits[0] * 100, 0),
        b=over[1],
        y=t.number(limits[1] * 100, 0),
    )
    return finish(caption, fig, alt, cells)


def months(
    caption: Caption,
    tables: Mapping[str, pd.DataFrame],
    labels: Mapping[str, str],
    xlabel: str,
) -> Figure:
    """Share of each state by month, one field a group. tables: group -> month, n, and a column of
    shares for each state, NaN where it is not shown.
    """
    t = caption.t
    order = [state for state in labels if any(state in table.columns for table in tables.values())]
    fig, axes = panels(7.4, 3.3, 1, len(tables), sharex=True, sharey=True)
    alt, rows = [], []
    for ax, (name, table) in zip(axes, tables.items(), strict=True):
        shown = table[table["n"].isna() | (table["n"] > 0)]
        shares = shown.reindex(columns=order) * 100
        present = [state for state in order if state in shown.columns]
        areas(
            ax,
            x=shown["month"].to_numpy(float),
            shares={t(labels[state]): shares[state].to_numpy(float) for state in order},
            colours=[STATES[list(labels).index(state) % len(STATES)] for state in order],
            xlabel=xlabel,
            ylabel="",
        )
        ax.set_title(name)
        ends = "; ".join(
            f"{t(labels[state])} {_share(shares[state].iloc[0], t)}, {_share(shares[state].iloc[-1], t)}"
            for state in present
        )
        alt.append(t("{name}, % in the first and last month: {numbers}", name=name, numbers=ends))
        rows.append(shown.assign(group=name))
    axes[0].set_ylabel(t("% of persons"))
    handles, names = axes[0].get_legend_handles_labels()
    fig.legend(handles[::-1], names[::-1], loc="outside right center", fontsize=8, frameon=False)
    return finish(caption, fig, caption.told(". ".join(alt)), pd.concat(rows, ignore_index=True))


def _share(percent: float, t: Language) -> str:
    """A share in words, the sign of a hidden cell where it is not shown."""
    return t.number(percent, 0) if np.isfinite(percent) else HIDDEN


def waiting(
    caption: Caption,
    frame: pd.DataFrame,
    xlabel: str,
) -> Figure:
    """Kaplan-Meier curves with their intervals. frame: group, time, and the share that still waits:
    value, low, high.
    """
    t = caption.t
    fig, ax = canvas(6.8, 3.4)
    alt = []
    curves = {str(name): curve for name, curve in frame.groupby("group", sort=False)}
    chosen = colours_of(curves, t)
    for j, (name, curve) in enumerate(curves.items()):
        time, value = (curve[column].to_numpy(float) for column in ("time", "value"))
        x = np.r_[0.0, time]
        y = np.r_[1.0, value] * 100
        ax.step(
            x,
            y,
            where="post",
            color=chosen[j],
            lw=1.8,
            ls=("-", "--", ":")[j % 3],
            label=name,
        )
        ax.fill_between(
            time,
            100 * curve["low"],
            100 * curve["high"],
            step="post",
            color=chosen[j],
            alpha=0.18,
            lw=0,
        )
        every = slice(None, None, max(1, time.size // 6))
        ax.plot(time[every], value[every] * 100, marker(j), color=chosen[j], ms=4)
        marks = [place for place in range(time.size) if time[place] in (6, 12, 24, 36)]
        said = "; ".join(
            t(
                "after {m} months {v}%",
                m=t.number(time[place], 0),
                v=t.number(value[place] * 100),
            )
            for place in marks
        )
        alt.append(t("{series}: {values}", series=name, values=said))
    ax.set_ylim(0, 100)
    ax.set_xlim(left=0)
    ax.set_xlabel(xlabel)
    ax.set_ylabel(t("% still waiting"))
    legend_above(ax)
    return finish(caption, fig, caption.told(". ".join(alt)), frame)
