"""Pictures of a panel: the flow from the frame to the analysis, and status sequences. Each returns
matplotlib axes; the numbers are in a frame beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mismes_eval.errors import EstimateError, InputError, Problem
from mismes_eval.numerics.rows import Bool
from mismes_eval.pictures.flow import flow as boxes
from mismes_eval.pictures.shares import STATES, areas
from mismes_eval.public import held, public
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


@dataclass(frozen=True)
class FlowStep:
    """One step of the flow. rows (n,): who of the panel is in it; lost: reason -> who of those
    enrolled is not, and away: who of these is known to be abroad.
    """

    step: str
    rows: Bool
    lost: Mapping[str, Bool]
    away: Bool

    @property
    def reasons(self) -> str:
        """The losses in words, each with its number."""
        parts = [f"{reason} {int(rows.sum()):,}" for reason, rows in self.lost.items()]
        if self.away.any():
            parts.append(f"(of them known to be abroad {int(self.away.sum()):,})")
        return ", ".join(parts)


@held(InputError)
def flow_steps(panel: TracerPanel, analysed: Sequence[object] | None = None) -> list[FlowStep]:
    """Who is in each step from enrolment to the analysis, and who is lost why.

    analysed : waves that the analysis needs; None: the first and the last.
    """
    inside = panel.sample.active
    key = panel.chosen(analysed if analysed is not None else (panel.waves[0], panel.waves[-1]))
    nobody = np.zeros(inside.size, bool)
    steps = [FlowStep("enrolled", inside, {}, nobody)]
    for place, wave in enumerate(panel.waves):
        group, answered = panel.groups[:, place], panel.responded[:, place]
        lost = {
            _LOST[name]: inside & (group == k)
            for k, name in enumerate((*GROUPS, *OUTSIDE))
            if name in _LOST
        }
        lost["no row"] = inside & (group < 0)
        abroad = panel.whereabouts[:, place] == WHEREABOUTS.index("abroad")
        reasons = {reason: rows for reason, rows in lost.items() if rows.any()}
        steps.append(
            FlowStep(
                f"answered wave {wave}", inside & answered, reasons, inside & abroad & ~answered
            )
        )
    used = inside & panel.responded[:, [panel.place(w) for w in key]].all(axis=1)
    name = f"answered waves {', '.join(map(str, key))}: analysed"
    return [*steps, FlowStep(name, used, {}, nobody)]


@public(EstimateError)
def flow(
    panel: TracerPanel, frame_size: int | None = None, analysed: Sequence[object] | None = None
) -> pd.DataFrame:
    """Persons from the frame to the analysis: step, n, lost (by reason).

    frame_size : units on the sampling frame, where known.
    analysed : waves that the analysis needs; None: the first and the last.
    """
    rows: list[tuple[str, int, str]] = (
        [] if frame_size is None else [("on the frame", frame_size, "")]
    )
    rows += [
        (step.step, int(step.rows.sum()), step.reasons) for step in flow_steps(panel, analysed)
    ]
    return pd.DataFrame(rows, columns=["step", "n", "lost"])


@held(InputError)
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


@public(EstimateError, classes=True)
def sequences(
    panel: TracerPanel, origin: str = "enrol_date", after: int = 36, answered: object | None = None
) -> pd.DataFrame:
    """Weighted share of each state in each month after the origin, among persons whose month is
    known; columns month, n and the states in the code list's order.

    answered : a wave whose weights (and respondents) are used; None: enrolment weights.
    """
    sample = panel.sample if answered is None else panel.weight_sample(answered)
    state = monthly(panel, origin, 0, after)
    order = [listed for listed in state_list().index if (state == listed).any()]
    w = np.where(sample.active, sample.weights, 0.0)
    rows = []
    for month in range(after + 1):
        known = pd.notna(state[:, month]) & (w > 0)
        total = w[known].sum()
        rows.append(
            [
                month,
                int(known.sum()),
                *[
                    float(w[known & (state[:, month] == listed)].sum() / total)
                    if total > 0
                    else np.nan
                    for listed in order
                ],
            ]
        )
    return pd.DataFrame(rows, columns=["month", "n", *order])


@held(InputError)
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
    labels = state_list()["label_en"]
    listed = list(state_list().index)
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
