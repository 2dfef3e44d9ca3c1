"""Figures that any chapter draws: dots with intervals, counts in a grid, distributions, paths over
time, and the flow of participants.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mismes_eval.numerics.rows import Float
from mismes_eval.pictures import intervals as pictures
from mismes_eval.pictures.grids import counts
from mismes_eval.report.figures import (
    SIGNS,
    Caption,
    Figure,
    canvas,
    colours_of,
    finish,
    legend_above,
    sentence_of,
    series_of,
)


def dots_of(
    caption: Caption,
    cells: pd.DataFrame,
    xlabel: str,
    scale: float = 1.0,
) -> Figure:
    """Dot and 95% interval of published cells: one line a row, one colour a column; where a cell is
    hidden its sign stands in its place.
    """
    t = caption.t
    xlabel = t(xlabel)
    cells = cells.assign(
        row=[t(name) for name in cells["row"]], column=[t(name) for name in cells["column"]]
    )
    labels, groups = list(dict.fromkeys(cells["row"])), list(dict.fromkeys(cells["column"]))
    fig, ax = canvas(7.0, 1.0 + 0.3 * len(labels) * max(1, 0.6 * len(groups)))
    place = {label: float(place) for place, label in enumerate(labels)}
    chosen, rows, alt, series = colours_of(groups, t), [], [], []
    for k, name in enumerate(groups):
        seen = cells[(cells["column"] == name) & (cells["status"] == "shown")]
        drawn = {"series": name, "label": seen["row"], "value": seen["value"]}
        frame = pd.DataFrame({**drawn, "low": seen["ci_low"], "high": seen["ci_high"]})
        rows.append(frame)
        at = seen["row"].map(place).to_numpy(float)
        series.append(series_of(frame, at, scale, chosen[k], k, str(name)))
        said = sentence_of(frame, list(frame["label"]), scale, t)
        alt.append(t("{series}: {values}", series=name, values=said) if len(groups) > 1 else said)
    signs = {
        int(place[row]): SIGNS[status]
        for row, status in zip(cells["row"], cells["status"], strict=True)
        if status in SIGNS
    }
    pictures.forest(ax, labels, series, xlabel, signs=signs)
    if len(groups) > 1:
        legend_above(ax)
    return finish(
        caption, fig, caption.told(". ".join(alt), xlabel), pd.concat(rows, ignore_index=True)
    )


def heat(
    caption: Caption,
    table: pd.DataFrame,
    label: str,
) -> Figure:
    """Counts in a grid: rows and columns of the table, number in each cell."""
    t = caption.t
    table = table.rename(index=lambda v: t(str(v)), columns=lambda v: t(str(v)))
    fig, ax = canvas(7.2, 1.2 + 0.34 * len(table))
    counts(ax, table.to_numpy(float), list(table.index), list(table.columns))
    filled = [
        t("{row}, {column}: {v}", row=row, column=column, v=t.number(table.loc[row, column], 0))
        for row in table.index
        for column in table.columns
        if table.loc[row, column] > 0
    ]
    return finish(
        caption,
        fig,
        caption.told("; ".join(filled[:40]), t(label)),
        table.astype("Int64").rename_axis(index=None).reset_index(),
    )


QUARTILES = (0.25, 0.5, 0.75)
QUARTILE = "quartile"


def histogram(
    caption: Caption,
    edges: Float,
    published: pd.DataFrame,
    xlabel: str,
) -> Figure:
    """Distribution of weights on a log scale by group: share of the group in each bin.

    edges : (k + 1,) ends of the bins.
    published : column the group, row the number of the bin: its share, NaN where it is not shown;
        column "GROUP quartile", row "0.25", "0.5", "0.75".
    """
    t = caption.t
    xlabel = t(xlabel)
    fig, ax = canvas(7.0, 3.0)
    quartile = published["column"].str.endswith(f" {QUARTILE}")
    shares = {t(str(name)): part for name, part in published[~quartile].groupby("column")}
    chosen = colours_of(sorted(shares), t)
    for j, (name, part) in enumerate(sorted(shares.items())):
        height = np.zeros(edges.size - 1)
        height[part["row"].astype(int)] = 100 * part["value"].fillna(0.0)
        ax.stairs(
            height,
            edges,
            color=chosen[j],
            lw=1.6,
            ls=("-", "--", ":")[j % 3],
            label=name,
        )
    ax.set_xscale("log")
    ax.set_xlabel(xlabel)
    ax.set_ylabel(t("% of the group"))
    if len(shares) > 1:
        legend_above(ax)
    wide = published[quartile].pivot(index="column", columns="row", values="value")
    wide.index = pd.Index(
        [t(name.removesuffix(f" {QUARTILE}")) for name in wide.index], name="group"
    )
    wide.columns = pd.Index([float(at) for at in wide.columns])
    alt = "; ".join(
        t(
            "{g}: median {mid:,.1f}, middle half {low:,.1f} to {high:,.1f}",
            g=group,
            mid=row[0.5],
            low=row[0.25],
            high=row[0.75],
        )
        for group, row in wide.dropna().sort_index().iterrows()
    )
    return finish(caption, fig, caption.told(alt, xlabel), wide.sort_index().reset_index())


def edges_of(weights: Float) -> Float:
    """Edges of 25 bins between the 1st and 99th percentile: what lies beyond is in the outer bins,
    so that no single weight can be read off the axis.
    """
    if not weights.size:
        return np.array([0.5, 1.5])
    low, high = np.quantile(weights, [0.01, 0.99], method="inverted_cdf")
    edges: Float = np.geomspace(low, max(high, low) * (1 + 1e-9), 26)
    return edges


def paths(
    caption: Caption,
    frame: pd.DataFrame,
    xlabel: str,
    ylabel: str,
    scale: float = 1.0,
    zero: bool = False,
    height: float = 3.4,
) -> Figure:
    """Lines with intervals over time. frame: series, x, value, low, high (and wide_low, wide_high
    for simultaneous bands). height: inches.
    """
    t = caption.t
    xlabel, ylabel = t(xlabel), t(ylabel)
    frame = frame.assign(series=[t(str(name)) for name in frame["series"]])
    fig, ax = canvas(7.0, height)
    lines = {str(name): line for name, line in frame.groupby("series", sort=False)}
    chosen, alt, series = colours_of(lines, t), [], []
    for place, (name, line) in enumerate(lines.items()):
        series.append(series_of(line, line["x"].to_numpy(float), scale, chosen[place], place))
        said = sentence_of(line, [t("at {x:g}", x=x) for x in line["x"]], scale, t)
        alt.append(t("{series}: {values}", series=name, values=said))
    pictures.path(ax, series, xlabel, ylabel, joined=True, zero=zero)
    if len(lines) > 1:
        legend_above(ax)
    return finish(
        caption, fig, caption.told(". ".join(alt), t("{y} by {x}", y=ylabel, x=xlabel)), frame
    )
