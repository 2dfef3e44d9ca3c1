"""Figures of the impact chapter: specification curve, balance and overlap, honest intervals,
effects beside one another, cost-effectiveness plane.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from scipy import stats

from mismes_eval.impact.did.balance import LIMIT, Balance
from mismes_eval.impact.planning.cost_result import CostEffectiveness
from mismes_eval.impact.sensitivity.honest import HonestDiD
from mismes_eval.impact.sensitivity.robustness import SpecificationCurve
from mismes_eval.numerics.rows import Float
from mismes_eval.report.document.language import ENGLISH, Language
from mismes_eval.report.figures import (
    BLUE,
    GREY,
    MARKERS,
    ORANGE,
    PALETTE,
    SKY,
    Figure,
    canvas,
    finish,
    legend_above,
    panels,
)

BINS = 20


def specification_curve(
    id: str,
    title: str,
    curve: SpecificationCurve,
    scale: float,
    ylabel: str,
    source: str = "",
    notes: Sequence[str] = (),
    synthetic: bool = False,
    t: Language = ENGLISH,
) -> Figure:
    """Estimates in order of size above, the choices behind each below. Needs one estimate at least."""
    table = curve.to_frame()
    done = table[table["reason"] == ""].sort_values("value").reset_index(drop=True)
    columns = list(dict.fromkeys(c for run in curve.runs for c in run.choices))
    options = [(c, v) for c in columns for v in pd.unique(done[c])]
    fig, (top, below) = panels(
        7.2, 2.6 + 0.21 * len(options), 2, 1, [2.6, 0.21 * len(options)], sharex=True
    )
    mine = (done["specification"] == curve.reference).to_numpy()
    for chosen, colour, label in ((~mine, BLUE, t("other choices")), (mine, ORANGE, t("headline"))):
        x = done.index[chosen].to_numpy()
        top.vlines(
            x, done["ci_low"][chosen] * scale, done["ci_high"][chosen] * scale, color=colour, lw=1.6
        )
        top.plot(
            x,
            done["value"][chosen] * scale,
            "s" if colour == ORANGE else "o",
            color=colour,
            ms=5,
            label=label,
        )
    top.axhline(0, color="0.3", lw=1)
    top.set_ylabel(ylabel)
    legend_above(top)
    for y, (column, option) in enumerate(options):
        chosen = (done[column] == option).to_numpy()
        below.plot(done.index[chosen], [y] * int(chosen.sum()), "s", color=BLUE, ms=4)
        below.plot(
            done.index[chosen & mine], [y] * int((chosen & mine).sum()), "s", color=ORANGE, ms=5
        )
    below.set_yticks(
        range(len(options)),
        [t("{c}: {level}", c=t(c), level=t(str(o))) for c, o in options],
        fontsize=8,
    )
    below.set_ylim(len(options) - 0.4, -0.6)
    below.set_xticks([])
    below.grid(visible=False)
    v = done["value"] * scale
    alt = t(
        "{n} ways to estimate the effect: from {lo} to {hi}, median {mid}; {positive} above 0;"
        " {sure} intervals exclude 0.",
        n=len(done),
        lo=t.number(v.min()),
        hi=t.number(v.max()),
        mid=t.number(v.median()),
        positive=int((v > 0).sum()),
        sure=int(((done["ci_low"] > 0) | (done["ci_high"] < 0)).sum()),
    )
    return finish(
        id,
        title,
        fig,
        t("{title}. {what}", title=t(title), what=alt),
        done,
        source,
        notes,
        synthetic,
        t,
    )


def love(
    id: str,
    title: str,
    b: Balance,
    labels: Mapping[str, str],
    source: str = "",
    notes: Sequence[str] = (),
    synthetic: bool = False,
    t: Language = ENGLISH,
) -> Figure:
    """Absolute standardised differences of each covariate, before and after weighting by the
    propensity.
    """
    names = [
        f"{t(labels.get(v, v))} {level}".strip()
        for v, level in zip(b.table["variable"], b.table["level"], strict=True)
    ]
    before, after = t("before weighting"), t("after weighting")
    data = pd.DataFrame(
        {
            "covariate": names * 2,
            "difference": np.abs(np.r_[b.table["before"], b.table["after"]]),
            "when": [before] * len(names) + [after] * len(names),
        }
    )
    fig, ax = canvas(6.6, 1.3 + 0.32 * len(names))
    sns.scatterplot(
        data,
        x="difference",
        y="covariate",
        hue="when",
        style="when",
        palette=[ORANGE, BLUE],
        markers=["s", "o"],
        s=48,
        ax=ax,
    )
    ax.axvline(LIMIT, color="0.4", lw=1, ls="--")
    ax.set_xlim(left=0)
    ax.set_xlabel(t("standardised difference in size; dashed: {limit}", limit=LIMIT))
    ax.set_ylabel("")
    legend_above(ax)
    ax.margins(y=0.2)
    shown = "; ".join(
        f"{n} {t.number(x, 2)}, {t.number(y, 2)}"
        for n, x, y in zip(names, b.table["before"].abs(), b.table["after"].abs(), strict=True)
    )
    alt = t(
        "{title}. Standardised differences before and after weighting. {numbers}",
        title=t(title),
        numbers=shown,
    )
    drawn = b.table[["variable", "level", "before", "after"]]  # not the means of the groups
    return finish(id, title, fig, alt, drawn, source, notes, synthetic, t)


def overlap_edges(b: Balance) -> Float:
    """(BINS + 1,) ends of the bins of the propensity."""
    low, high = np.floor(b.propensity.min() * 20) / 20, np.ceil(b.propensity.max() * 20) / 20
    return np.linspace(low, high, BINS + 1)


def overlap(
    id: str,
    title: str,
    b: Balance,
    published: pd.DataFrame,
    source: str = "",
    notes: Sequence[str] = (),
    synthetic: bool = False,
    t: Language = ENGLISH,
) -> Figure:
    """Weighted distribution of the propensity: participants above the line, comparison group below.

    published : share of the group in each bin: column the group, row the number of the bin; a share
        that is not shown is NaN and leaves its bin out.
    """
    edges = overlap_edges(b)
    fig, ax = canvas(6.6, 3.0)
    rows, alt = [], []
    for value, sign, colour, group in ((1, 1, BLUE, "participants"), (0, -1, ORANGE, "comparison")):
        mine, label = published[published["column"] == group], t(group)
        number = mine["row"].astype(int).to_numpy()
        share = np.full(BINS, np.nan)
        share[number] = mine["value"].to_numpy(float)
        ax.bar(
            edges[:-1],
            sign * np.nan_to_num(share) * 100,
            np.diff(edges),
            align="edge",
            color=colour,
            edgecolor="white",
            lw=0.4,
            label=label,
            hatch=None if sign > 0 else "//",
        )
        bins = {"group": label, "from": edges[:-1], "to": edges[1:], "share": share}
        rows.append(pd.DataFrame(bins)[share > 0])
        middle = np.quantile(b.propensity[b.treated == value], [0.25, 0.5, 0.75])
        alt.append(
            t(
                "{g}: median {m}, middle half {lo} to {hi}",
                g=label,
                m=t.number(middle[1], 2),
                lo=t.number(middle[0], 2),
                hi=t.number(middle[2], 2),
            )
        )
    ax.axhline(0, color="0.3", lw=1)
    ax.set_xlabel(t("estimated chance of taking part"))
    ax.set_ylabel(t("% of the group"))
    ax.yaxis.set_major_formatter(lambda x, _: t.number(abs(x), 0))
    legend_above(ax)
    return finish(
        id,
        title,
        fig,
        t("{title}. {what}", title=t(title), what="; ".join(alt)),
        pd.concat(rows, ignore_index=True),
        source,
        notes,
        synthetic,
        t,
    )


def honest(
    id: str,
    title: str,
    h: HonestDiD,
    scale: float,
    ylabel: str,
    source: str = "",
    notes: Sequence[str] = (),
    synthetic: bool = False,
    t: Language = ENGLISH,
) -> Figure:
    """Interval of the effect for each allowed departure from parallel trends, the one under
    parallel trends first.
    """
    m = h.table["m"].to_numpy(float)
    gap = float(np.diff(m).min()) if m.size > 1 else 1.0
    value, low, high = (x * scale for x in h.original)
    fig, ax = canvas(6.6, 3.2)
    ax.vlines(m[0] - gap, low, high, color=ORANGE, lw=3)
    ax.plot(m[0] - gap, value, "s", color=ORANGE, ms=6, label=t("parallel trends"))
    ax.vlines(
        m,
        h.table["ci_low"] * scale,
        h.table["ci_high"] * scale,
        color=BLUE,
        lw=3,
        label=t("trends may part, 95% interval"),
    )
    ax.axhline(0, color="0.3", lw=1)
    ax.set_xticks([m[0] - gap, *m], [t("none"), *(t.number(x) for x in m)])
    ax.set_xlabel(t("breaks of trend after the measure, times the largest one before it"))
    ax.set_ylabel(ylabel)
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
    for at, a, b in zip(m, h.table["ci_low"], h.table["ci_high"], strict=True):
        parts.append(
            t(
                "M = {m}: {lo} to {hi}",
                m=t.number(at),
                lo=t.number(a * scale),
                hi=t.number(b * scale),
            )
        )
    return finish(
        id,
        title,
        fig,
        t("{title}. {what}", title=t(title), what="; ".join(parts)),
        h.table,
        source,
        notes,
        synthetic,
        t,
    )


def forest(
    id: str,
    title: str,
    frame: pd.DataFrame,
    xlabel: str,
    scale: float = 1.0,
    zero: bool = True,
    source: str = "",
    notes: Sequence[str] = (),
    synthetic: bool = False,
    t: Language = ENGLISH,
    digits: int = 1,
    legend: bool = True,
) -> Figure:
    """Value and interval of each row. frame: label, value, low, high, and group for the colour."""
    fig, ax = canvas(7.0, 1.0 + 0.3 * len(frame))
    y = np.arange(len(frame))[::-1]
    groups = list(dict.fromkeys(frame["group"]))
    for j, group in enumerate(groups):
        mine = (frame["group"] == group).to_numpy()
        ax.hlines(
            y[mine],
            frame["low"][mine] * scale,
            frame["high"][mine] * scale,
            color=PALETTE[j % len(PALETTE)],
            lw=2,
        )
        ax.plot(
            frame["value"][mine] * scale,
            y[mine],
            MARKERS[j % len(MARKERS)],
            color=PALETTE[j % len(PALETTE)],
            ms=5,
            label=str(group),
        )
    if zero:
        ax.axvline(0, color="0.4", lw=1, ls="--")
    ax.set_yticks(y, frame["label"])
    ax.set_ylim(-0.7, len(frame) - 0.3)
    ax.grid(axis="y", visible=False)
    ax.set_xlabel(xlabel)
    if legend and len(groups) > 1:
        legend_above(ax)
    numbers = [
        t(
            "{name} {v} ({lo} to {hi})",
            name=name,
            v=t.number(v * scale, digits),
            lo=t.number(a * scale, digits),
            hi=t.number(b * scale, digits),
        )
        for name, v, a, b in zip(
            frame["label"], frame["value"], frame["low"], frame["high"], strict=True
        )
    ]
    return finish(
        id,
        title,
        fig,
        t("{title}. {what}", title=t(title), what="; ".join(numbers)),
        frame,
        source,
        notes,
        synthetic,
        t,
    )


def plane(
    id: str,
    title: str,
    worths: Mapping[str, CostEffectiveness],
    source: str = "",
    notes: Sequence[str] = (),
    synthetic: bool = False,
    t: Language = ENGLISH,
) -> Figure:
    """Cost-effectiveness plane, one field a measure: estimate, draws, ellipse of the interval's
    level.
    """
    fig, axes = panels(3.6 * len(worths), 3.4, 1, len(worths))
    rows, alt = [], []
    for ax, (name, w) in zip(axes, worths.items(), strict=True):
        _one_plane(ax, w, t)
        ax.set_title(name)
        q = w.quadrants
        rows.append({"measure": name, "effect": w.effect, "cost": w.cost, **q})
        gain = t.number(100 * (q["gain at a cost"] + q["gain and saving"]), 0)
        alt.append(
            t(
                "{m}: {e} job-years gained and {c} {unit} spent per participant; a gain in {p}% of"
                " the draws",
                m=name,
                e=t.number(w.effect, 3),
                c=t.number(w.cost, 0),
                unit=w.currency,
                p=gain,
            )
        )
    return finish(
        id,
        title,
        fig,
        t("{title}. {what}", title=t(title), what="; ".join(alt)),
        pd.DataFrame(rows),
        source,
        notes,
        synthetic,
        t,
    )


def _one_plane(ax: Axes, w: CostEffectiveness, t: Language) -> None:
    ax.plot(*w.draws[:1500].T, ".", color=SKY, ms=2, alpha=0.6, zorder=1)
    angle = np.linspace(0, 2 * np.pi, 200)
    values, vectors = np.linalg.eigh(w.vcov)
    ring = (
        (vectors * np.sqrt(np.maximum(values, 0.0)))
        @ np.vstack([np.cos(angle), np.sin(angle)])
        * np.sqrt(stats.chi2.ppf(w.level, 2))
    )
    ax.plot(w.effect + ring[0], w.cost + ring[1], color=BLUE, lw=1.6, zorder=2)
    ax.plot(w.effect, w.cost, "s", color=ORANGE, ms=6, zorder=3)
    ax.axvline(0, color=GREY, lw=1, ls="--")
    ax.set_ylim(0, 1.25 * max(w.cost, float(w.cost + ring[1].max())))
    ax.set_xlabel(t("job-years gained per participant"))
    ax.set_ylabel(t("cost per participant, {c}", c=w.currency))


def group_time(
    id: str,
    title: str,
    cells: pd.DataFrame,
    scale: float,
    source: str = "",
    notes: Sequence[str] = (),
    synthetic: bool = False,
    t: Language = ENGLISH,
) -> Figure:
    """Effects by cohort (rows) and period (columns), value and standard error written in. cells:
    cohort, time, att, se.
    """
    value = cells.pivot(index="cohort", columns="time", values="att") * scale
    error = cells.pivot(index="cohort", columns="time", values="se") * scale
    words = [
        [_in_cell(v, s, t) for v, s in zip(a, b, strict=True)]
        for a, b in zip(value.to_numpy(), error.to_numpy(), strict=True)
    ]
    limit = float(np.nanmax(np.abs(value.to_numpy()))) or 1.0
    fig, ax = canvas(1.8 + 1.1 * value.shape[1], 1.1 + 0.55 * value.shape[0])
    sns.heatmap(
        value,
        annot=np.array(words),
        fmt="",
        cmap="vlag",
        vmin=-limit,
        vmax=limit,
        cbar=False,
        linewidths=0.6,
        linecolor="white",
        ax=ax,
        annot_kws={"size": 8},
    )
    for text, v in zip(ax.texts, value.to_numpy()[value.notna().to_numpy()], strict=True):
        text.set_color("white" if abs(v) > 0.75 * limit else "black")
    for i, g in enumerate(value.index):
        at = float(np.searchsorted(value.columns, g))
        ax.plot([at, at], [i, i + 1], color="black", lw=2)
    ax.set_xticklabels([f"{c:.0f}" for c in value.columns])
    ax.set_yticklabels([f"{g:.0f}" for g in value.index], rotation=0)
    ax.set_xlabel(t("year of the survey"))
    ax.set_ylabel(t("first year with the measure"))
    known = cells[cells["se"] > 0]
    said = [
        t("{g} in {y}: {v}", g=f"{g:.0f}", y=f"{y:.0f}", v=t.number(v * scale))
        for g, y, v in zip(known["cohort"], known["time"], known["att"], strict=True)
    ]
    return finish(
        id,
        title,
        fig,
        t("{title}. {what}", title=t(title), what="; ".join(said)),
        cells,
        source,
        notes,
        synthetic,
        t,
    )


def _in_cell(value: float, error: float, t: Language) -> str:
    if not np.isfinite(value):
        return ""
    return t.number(value) + (f"\n({t.number(error)})" if np.isfinite(error) else "")
