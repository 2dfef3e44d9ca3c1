"""Pictures of a panel: the flow from the frame to the analysis, and status sequences. Each returns
matplotlib axes; the numbers are in a frame beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mismes_eval.errors import EstimateError, Problem
from mismes_eval.pictures.flow import flow as boxes
from mismes_eval.pictures.shares import STATES, areas
from mismes_eval.public import public
from mismes_eval.tracer.dispositions import GROUPS, OUTSIDE, WHEREABOUTS
from mismes_eval.tracer.histories import monthly, state_list

if TYPE_CHECKING:
    from mismes_eval.tracer.panel import TracerPanel

_LOST = {
    "R": "refused",
    "NC": "not contacted",
    "O": "other",
    "UH": "unknown household",
    "UO": "unknown eligibility",
    "NE": "not eligible",
    "PD": "pending",
    "NF": "not fielded",
}


def marked(ax: Any, notes: Sequence[str]) -> Any:
    """The axes, with a watermark where the notes say that the data are synthetic."""
    if any("SYNTHETIC" in note for note in notes):
        ax.figure.text(
            0.99,
            0.01,
            "SYNTHETIC DATA",
            ha="right",
            va="bottom",
            fontsize=8,
            color="#a61c3c",
            alpha=0.75,
            weight="bold",
        )
    return ax


@public(EstimateError)
def flow(
    panel: TracerPanel, frame_size: int | None = None, analysed: Sequence[object] | None = None
) -> pd.DataFrame:
    """Persons from the frame to the analysis: step, n, lost (by reason).

    frame_size : units on the sampling frame, where known.  analysed : waves that the analysis needs; None: the first and the last.
    """
    inside = panel.sample.active
    key = panel.chosen(analysed if analysed is not None else (panel.waves[0], panel.waves[-1]))
    rows: list[tuple[str, int, str]] = (
        [] if frame_size is None else [("on the frame", frame_size, "")]
    )
    rows.append(("enrolled", int(inside.sum()), ""))
    for t, wave in enumerate(panel.waves):
        g = panel.groups[inside, t]
        away = (panel.whereabouts[inside, t] == WHEREABOUTS.index("abroad")) & ~panel.responded[
            inside, t
        ]
        reasons = [
            f"{_LOST[name]} {int((g == k).sum()):,}"
            for k, name in enumerate((*GROUPS, *OUTSIDE))
            if name in _LOST and (g == k).any()
        ]
        reasons += [f"no row {int((g < 0).sum()):,}"] if (g < 0).any() else []
        reasons += [f"(of them known to be abroad {int(away.sum()):,})"] if away.any() else []
        rows.append(
            (f"answered wave {wave}", int(panel.responded[inside, t].sum()), ", ".join(reasons))
        )
    used = inside & panel.responded[:, [panel.waves.index(w) for w in key]].all(axis=1)
    rows.append((f"answered waves {', '.join(map(str, key))}: analysed", int(used.sum()), ""))
    return pd.DataFrame(rows, columns=["step", "n", "lost"])


def flow_diagram(
    panel: TracerPanel,
    frame_size: int | None = None,
    analysed: Sequence[object] | None = None,
    ax: Any = None,
) -> Any:
    """`flow` as boxes from top to bottom, with the losses to the right. Returns the axes."""
    table = flow(panel, frame_size, analysed)
    rows = table.itertuples(index=False)
    steps = [(f"{row.step}: n = {row.n:,}", str(row.lost)) for row in rows]
    ax = boxes(ax, steps)
    return marked(ax, panel.sample.flags)


@public(EstimateError)
def sequences(
    panel: TracerPanel, origin: str = "enrol_date", after: int = 36, answered: object | None = None
) -> pd.DataFrame:
    """Weighted share of each state in each month after the origin, among persons whose month is
    known; columns month, n and the states in the code list's order.

    answered : a wave whose weights (and respondents) are used; None: enrolment weights.
    """
    sample = panel.sample if answered is None else panel.weight_sample(answered)
    state = monthly(panel, origin, 0, after)
    order = [s for s in state_list().index if (state == s).any()]
    w = np.where(sample.active, sample.weights, 0.0)
    rows = []
    for k in range(after + 1):
        known = pd.notna(state[:, k]) & (w > 0)
        total = w[known].sum()
        rows.append(
            [
                k,
                int(known.sum()),
                *[
                    float(w[known & (state[:, k] == s)].sum() / total) if total > 0 else np.nan
                    for s in order
                ],
            ]
        )
    return pd.DataFrame(rows, columns=["month", "n", *order])


def sequence_plot(
    panel: TracerPanel,
    origin: str = "enrol_date",
    after: int = 36,
    answered: object | None = None,
    ax: Any = None,
) -> Any:
    """`sequences` as stacked areas (state distribution plot). Returns the axes."""
    table = sequences(panel, origin, after, answered)
    states = list(table.columns[2:])
    if not states or not table["n"].any():
        raise EstimateError(
            Problem(
                "no month of any person is known", "", "episodes and interviews after the origin"
            )
        )
    labels, listed = state_list()["label_en"], list(state_list().index)
    shown = table[table["n"] > 0]
    ax = areas(
        ax,
        x=shown["month"].to_numpy(float),
        shares={labels[state]: 100 * shown[state].to_numpy(float) for state in states},
        colours=[STATES[listed.index(state) % len(STATES)] for state in states],
        xlabel=f"months since {origin}",
        ylabel="% of persons",
    )
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=8)
    return marked(ax, panel.sample.flags)
