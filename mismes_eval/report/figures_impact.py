"""Figures of the impact chapter: specification curve, balance and overlap, honest intervals,
effects beside one another, cost-effectiveness plane.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from mismes_eval.impact.did.balance import LIMIT, Balance
from mismes_eval.numerics.rows import Float
from mismes_eval.pictures import robustness as pictures
from mismes_eval.pictures.grids import effects as draw_effects
from mismes_eval.pictures.intervals import forest as interval_forest
from mismes_eval.pictures.plane import crossed_intervals
from mismes_eval.pictures.robustness import Choice
from mismes_eval.report.document.language import Language
from mismes_eval.report.figures import (
    Caption,
    Figure,
    canvas,
    colours_of,
    finish,
    legend_above,
    panels,
    series_of,
)

BINS = 20
LEVEL = 0.95
IN_PLANE = ("effect", "effect from", "effect to", "cost", "cost from", "cost to")

WAYS = (
    "{n} ways to estimate the effect: from {lo} to {hi}, median {mid}; {positive} above 0; {sure}"
    " intervals exclude 0."
)


def specification_curve(
    caption: Caption,
    done: pd.DataFrame,
    reference: str | None,
    scale: float,
    ylabel: str,
    told: str = WAYS,
) -> Figure:
    """Estimates in order of size above, the choices behind each below.

    done : one row an estimate, in order of size: specification, its choices, value, se, ci_low,
        ci_high, n, degf, p.
    reference : the specification that the others are held against.
    told : the alternative text, with the names that `WAYS` has.
    """
    t = caption.t
    options = [
        Choice(t("{c}: {level}", c=t(column), level=t(level)), (done[column] == level).to_numpy())
        for column in done.columns[1 : done.columns.get_loc("value")]
        for level in done[column].unique()
    ]
    heights = [2.6, 0.21 * len(options)]
    fig, (top, below) = panels(7.2, sum(heights), 2, 1, heights, sharex=True)
    headline = (done["specification"] == reference).to_numpy(bool)
    value, low, high = (
        done[column].to_numpy(float) * scale for column in ("value", "ci_low", "ci_high")
    )
    words = (t("headline"), t("other choices"))
    pictures.specification_curve(top, value, low, high, headline, words, ylabel)
    legend_above(top)
    pictures.choices(below, options, headline)
    values = done["value"] * scale
    alt = t(
        told,
        n=len(done),
        lo=t.number(values.min()),
        hi=t.number(values.max()),
        mid=t.number(values.median()),
        positive=int((values > 0).sum()),
        sure=int(((done["ci_low"] > 0) | (done["ci_high"] < 0)).sum()),
    )
    return finish(caption, fig, caption.told(alt), done)


def love(
    caption: Caption,
    table: pd.DataFrame,
    labels: Mapping[str, str],
) -> Figure:
    """Absolute standardised differences of each covariate, before and after weighting by the
    propensity. table: variable, level, before, after.
    """
    t = caption.t
    names = [
        f"{t(labels.get(variable, variable))} {level}".strip()
        for variable, level in zip(table["variable"], table["level"], strict=True)
    ]
    fig, ax = canvas(6.6, 1.3 + 0.32 * len(names))
    pictures.love(
        ax,
        labels=names,
        before=table["before"].to_numpy(float),
        after=table["after"].to_numpy(float),
        limit=LIMIT,
        words=(t("before weighting"), t("after weighting")),
        xlabel=t("standardised difference in size; dashed: {limit}", limit=LIMIT),
    )
    legend_above(ax)
    shown = "; ".join(
        f"{n} {t.number(x, 2)}, {t.number(y, 2)}"
        for n, x, y in zip(names, table["before"].abs(), table["after"].abs(), strict=True)
    )
    alt = t(
        "{title}. Standardised differences before and after weighting. {numbers}",
        title=caption.heading,
        numbers=shown,
    )
    return finish(caption, fig, alt, table)


def overlap_edges(b: Balance) -> Float:
    """(BINS + 1,) ends of the bins of the propensity."""
    low, high = np.floor(b.propensity.min() * 20) / 20, np.ceil(b.propensity.max() * 20) / 20
    return np.linspace(low, high, BINS + 1)


def overlap(
    caption: Caption,
    edges: Float,
    published: pd.DataFrame,
) -> Figure:
    """Weighted distribution of the propensity: participants above the line, comparison group below.

    published : share of the group in each bin: column the group, row the number of the bin; a share
        that is not shown is NaN and leaves its bin out. Column "GROUP quartile", row "0.25", "0.5",
        "0.75": the quartiles of its propensity.
    """
    t = caption.t
    fig, ax = canvas(6.6, 3.0)
    rows, alt, drawn = [], [], []
    words = (t("participants"), t("comparison"))
    for group, label in zip(("participants", "comparison"), words, strict=True):
        mine = published[published["column"] == group]
        share = np.full(BINS, np.nan)
        share[mine["row"].astype(int).to_numpy()] = mine["value"].to_numpy(float)
        drawn.append(100 * np.nan_to_num(share))
        bins = {"group": label, "from": edges[:-1], "to": edges[1:], "share": share}
        rows.append(pd.DataFrame(bins)[share > 0])
        quartiles = published[published["column"] == f"{group} quartile"].set_index("row")["value"]
        alt.append(
            t(
                "{g}: median {m}, middle half {lo} to {hi}",
                g=label,
                m=t.number(quartiles["0.5"], 2),
                lo=t.number(quartiles["0.25"], 2),
                hi=t.number(quartiles["0.75"], 2),
            )
        )
    pictures.overlap(
        ax,
        edges=edges,
        participants=drawn[0],
        comparison=drawn[1],
        words=words,
        xlabel=t("estimated chance of taking part"),
        ylabel=t("% of the group"),
    )
    ax.yaxis.set_major_formatter(lambda x, _: t.number(abs(x), 0))
    legend_above(ax)
    return finish(caption, fig, caption.told("; ".join(alt)), pd.concat(rows, ignore_index=True))


LARGEST_BREAK = "breaks of trend after the measure, times the largest one before it"
ONE_BREAK = (
    "breaks of trend after the measure, times the largest that the one before it can have been"
)


def honest(
    caption: Caption,
    published: pd.DataFrame,
    one_before: bool,
    scale: float,
    ylabel: str,
) -> Figure:
    """Interval of the effect for each allowed departure from parallel trends, the one under
    parallel trends first.

    published : ci_low and ci_high by row: "parallel trends", with its value, and each allowed
        departure.
    one_before : whether departures are multiples of what one period can have been.
    """
    t = caption.t
    parallel = published[published["row"] == "parallel trends"].iloc[0]
    value, low, high = (parallel[name] * scale for name in ("value", "ci_low", "ci_high"))
    table = published.loc[published["row"] != "parallel trends", ["row", "ci_low", "ci_high"]]
    table = table.rename(columns={"row": "m"}).astype(float).reset_index(drop=True)
    m = table["m"].to_numpy(float)
    fig, ax = canvas(6.6, 3.2)
    pictures.parting_trends(
        ax,
        parallel=(value, low, high),
        allowed=m,
        low=table["ci_low"].to_numpy(float) * scale,
        high=table["ci_high"].to_numpy(float) * scale,
        ticks=[t("none"), *(t.number(x) for x in m)],
        words=(t("parallel trends"), t("trends may part, 95% interval")),
        xlabel=t(ONE_BREAK if one_before else LARGEST_BREAK),
        ylabel=ylabel,
    )
    legend_above(ax)
    parts = [
        t(
            "{name} {v} ({lo} to {hi})",
            name=t("parallel trends"),
            v=t.number(value),
            lo=t.number(low),
            hi=t.number(high),
        )
    ]
    for at, a, b in zip(m, table["ci_low"], table["ci_high"], strict=True):
        parts.append(
            t(
                "M = {m}: {lo} to {hi}",
                m=t.number(at),
                lo=t.number(a * scale),
                hi=t.number(b * scale),
            )
        )
    return finish(caption, fig, caption.told("; ".join(parts)), table)


def forest(
    caption: Caption,
    frame: pd.DataFrame,
    xlabel: str,
    scale: float = 1.0,
    zero: bool = True,
    digits: int = 1,
    legend: bool = True,
) -> Figure:
    """Value and interval of each row. frame: label, value, low, high, and group for the colour."""
    t = caption.t
    fig, ax = canvas(7.0, 1.0 + 0.3 * len(frame))
    groups = list(dict.fromkeys(frame["group"]))
    chosen = colours_of(groups, t)
    series = []
    for place, group in enumerate(groups):
        rows = np.flatnonzero(frame["group"] == group)
        lines = frame.iloc[rows].assign(series=group)
        series.append(series_of(lines, rows.astype(float), scale, chosen[place], place))
    reference = 0.0 if zero else None
    interval_forest(ax, list(frame["label"]), series, xlabel, reference, apart=0.0)
    if legend and len(groups) > 1:
        legend_above(ax)
    numbers = [
        t(
            "{name} {v} ({lo} to {hi})",
            name=name,
            v=t.number(middle * scale, digits),
            lo=t.number(low * scale, digits),
            hi=t.number(high * scale, digits),
        )
        for name, middle, low, high in zip(
            frame["label"], frame["value"], frame["low"], frame["high"], strict=True
        )
    ]
    return finish(caption, fig, caption.told("; ".join(numbers)), frame)


def plane(caption: Caption, worths: Mapping[str, pd.Series], currency: str) -> Figure:
    """Cost-effectiveness plane, one field a measure: estimate and the intervals of its two sides.
    worths: measure -> its numbers, those of `IN_PLANE`.
    """
    t = caption.t
    fig, axes = panels(3.6 * len(worths), 3.4, 1, len(worths), sharex=True, sharey=True)
    rows, alt = [], []
    for ax, (name, w) in zip(axes, worths.items(), strict=True):
        effect, cost = (w[list(part)].to_numpy(float) for part in (IN_PLANE[:3], IN_PLANE[3:]))
        crossed_intervals(
            ax,
            effect=effect,
            cost=cost,
            xlabel=t("job-years gained per participant"),
            ylabel=t("cost per participant, {c}", c=currency),
        )
        ax.set_title(name)
        rows.append({"measure": name, **{column: w[column] for column in IN_PLANE}})
        gained = dict(zip(("e", "el", "eh"), (t.number(v, 3) for v in effect), strict=True))
        spent = dict(zip(("c", "cl", "ch"), (t.number(v, 0) for v in cost), strict=True))
        alt.append(
            t(
                "{m}: {e} job-years gained ({el} to {eh}) and {c} {unit} spent ({cl} to {ch}) per"
                " participant",
                m=name,
                unit=currency,
                **gained,
                **spent,
            )
        )
    return finish(caption, fig, caption.told("; ".join(alt)), pd.DataFrame(rows))


def group_time(
    caption: Caption,
    cells: pd.DataFrame,
    scale: float,
) -> Figure:
    """Effects by cohort (rows) and period (columns), value and standard error written in. cells:
    cohort, time, att, se.
    """
    t = caption.t
    value = cells.pivot(index="cohort", columns="time", values="att") * scale
    error = cells.pivot(index="cohort", columns="time", values="se") * scale
    flat = zip(value.to_numpy().ravel(), error.to_numpy().ravel(), strict=True)
    words = np.array([_in_cell(att, se, t) for att, se in flat]).reshape(value.shape).tolist()
    fig, ax = canvas(1.8 + 1.1 * value.shape[1], 1.1 + 0.55 * value.shape[0])
    draw_effects(
        ax,
        value=value.to_numpy(float),
        words=words,
        rows=[f"{cohort:.0f}" for cohort in value.index],
        columns=[f"{year:.0f}" for year in value.columns],
        starts=[float(np.searchsorted(value.columns, cohort)) for cohort in value.index],
        xlabel=t("year of the survey"),
        ylabel=t("first year with the measure"),
    )
    known = cells[cells["se"] > 0]
    said = [
        t("{g} in {y}: {v}", g=f"{cohort:.0f}", y=f"{y:.0f}", v=t.number(att * scale))
        for cohort, y, att in zip(known["cohort"], known["time"], known["att"], strict=True)
    ]
    return finish(caption, fig, caption.told("; ".join(said)), cells)


def _in_cell(value: float, error: float, t: Language) -> str:
    if not np.isfinite(value):
        return ""
    return t.number(value) + (f"\n({t.number(error)})" if np.isfinite(error) else "")
