"""Balance of those who answered against everybody, and members against first-timers (panel
conditioning).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mismes_eval.errors import EstimateError, InputError, Problem, of_argument
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.joint import stack
from mismes_eval.estimate.totals import mean
from mismes_eval.estimate.transitions import on_enrolment
from mismes_eval.numerics.rows import Float
from mismes_eval.pictures.robustness import love
from mismes_eval.public import held, public
from mismes_eval.weighting.domain import By
from mismes_eval.weighting.numbers import float64
from mismes_eval.weighting.sample import Sample

if TYPE_CHECKING:
    from mismes_eval.tracer.panel import TracerPanel


@public(EstimateError)
def balance(panel: TracerPanel, covariates: Sequence[str], wave: object) -> pd.DataFrame:
    """Standardised differences of each covariate (each category of a text one): those who answered
    a wave less everybody, in standard deviations of everybody.

    Columns: variable, unweighted, enrolment weights ("base"), and with the panel's attrition
    weights ("weighted").
    """
    place = panel.place(wave)
    base = panel.sample.where(~panel.dead[:, place] & ~panel.outside[:, place])
    inside = base.active
    stay = inside & panel.responded[:, place]
    w = base.weights
    after = (
        np.where(stay, w, 0.0) if panel.adjustment is None else panel.weight_sample(wave).weights
    )
    rows = []
    for name, indicator in _indicators(base, covariates):
        everybody, stayers = indicator[inside], indicator[stay]
        centre = np.average(everybody, weights=w[inside])
        spread = float(np.sqrt(np.average((everybody - centre) ** 2, weights=w[inside])))
        scale = spread if spread > 0 else np.nan
        rows.append(
            (
                name,
                (stayers.mean() - everybody.mean()) / (everybody.std() or np.nan),
                (np.average(stayers, weights=w[stay]) - centre) / scale,
                (np.average(stayers, weights=after[stay]) - centre) / scale,
            )
        )
    return pd.DataFrame(rows, columns=["variable", "unweighted", "base", "weighted"])


def _indicators(sample: Sample, covariates: Sequence[str]) -> Iterator[tuple[str, Float]]:
    for covariate in covariates:
        series = sample.frame[covariate]
        number = float64(series)
        if number is not None:
            yield covariate, number
            continue
        for value in sorted(series[sample.active].dropna().unique(), key=str):
            yield f"{covariate}={value}", (series == value).to_numpy(float)


@public(EstimateError)
def panel_conditioning(
    panel: TracerPanel,
    columns: str | Sequence[str],
    wave: object,
    refreshment: Sample,
    by: By = None,
) -> Estimate:
    """Time in sample: weighted means of outcomes at a wave among members interviewed before, less
    those of the refreshment sample asked for the first time.

    Parameters
    ----------
    refreshment : the `only` sample of `refreshment()`, whose rows are the panel's persons.

    Returns
    -------
    Estimate of the differences; persons who did not tell are outside.
    """
    names = [columns] if isinstance(columns, str) else list(columns)
    values = {name: panel.values(name, wave) for name in names}
    ok = np.all([np.isfinite(column) for column in values.values()], axis=0)
    clean = {name: np.where(ok, column, 0.0) for name, column in values.items()}
    sides = [
        on_enrolment(panel.sample, mean(side.with_columns(clean).where(ok), names, by))
        for side in (panel.weight_sample(wave), refreshment)
    ]
    both = stack(*sides)
    k = sides[0].p
    if sides[1].p != k:
        raise EstimateError(
            Problem(
                "the refreshment sample lacks a group",
                of_argument("by"),
                "the same groups in both samples",
            )
        )
    j = np.hstack([np.eye(k), -np.eye(k)])
    return both.through(
        lambda v: j @ v, j, tuple(f"{n}: members less refreshment" for n in sides[0].names)
    )


@held(InputError)
def love_plot(table: pd.DataFrame, ax: Any = None) -> Any:
    """Dots of the standardised differences of `balance`. Returns the axes."""
    ax = love(
        ax,
        labels=[str(variable) for variable in table["variable"]],
        before=table["base"].to_numpy(float),
        after=table["weighted"].to_numpy(float),
        limit=0.1,
        words=("enrolment weights", "attrition weights"),
        xlabel="standardised difference in size, those who answered less everybody",
    )
    ax.legend(frameon=False)
    return ax
