"""How strong an unobserved cause would have to be, against the observed ones, to explain an effect
away (Oster 2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from mismes_eval.errors import EstimateError, Problem, in_column, in_columns, of_arguments, worded
from mismes_eval.estimate.result_table import ResultTable
from mismes_eval.numerics.qr import Collinear, least_squares
from mismes_eval.numerics.rows import Float
from mismes_eval.public import Finite, public
from mismes_eval.weighting.columns import Number, Stated, read
from mismes_eval.weighting.nonresponse import main_effects
from mismes_eval.weighting.sample import Sample


@dataclass(frozen=True)
class Oster(ResultTable):
    """uncontrolled, controlled: coefficient of the treatment without and with controls; r2_*: of
    the two regressions; r2_max: with all causes, seen and unseen.

    delta: selection on the unseen over that on the seen at which the effect would be `null`;
    adjusted: the effect at delta = 1.
    """

    uncontrolled: float
    controlled: float
    adjusted: float
    r2_uncontrolled: float
    r2_controlled: float
    r2_max: float
    delta: float
    null: float
    notes: tuple[str, ...]

    @property
    def robust(self) -> bool:
        """Whether the effects between `controlled` and `adjusted` exclude the null, and delta is
        above 1 or of the other sign.
        """
        return (
            not min(self.controlled, self.adjusted)
            <= self.null
            <= max(self.controlled, self.adjusted)
        )

    def to_frame(self) -> pd.DataFrame:
        """One row."""
        names = [field.name for field in fields(self) if field.name != "notes"]
        return pd.DataFrame({name: [getattr(self, name)] for name in (*names, "robust")})

    @property
    def text(self) -> str:
        """The finding in a sentence."""
        if self.delta < 0:
            strength = (
                f"Unseen causes would have to work against the seen ones (delta = {self.delta:.2f})"
                f" to bring the effect to {self.null:g}."
            )
        else:
            strength = (
                f"Unseen causes would have to select {self.delta:.2f} times as strongly as the seen"
                f" ones to bring the effect to {self.null:g}."
            )
        return (
            f"With as much selection on the unseen as on the seen the effect is {self.adjusted:.4g}"
            f" instead of {self.controlled:.4g}. {strength}"
        )


@public(EstimateError)
def oster(
    sample: Sample,
    outcome: str,
    treatment: str,
    controls: Sequence[str],
    always: Sequence[str] = (),
    r2_factor: Finite = 1.3,
    null: Finite = 0.0,
) -> Oster:
    """Delta and the bias-adjusted effect of a regression of the outcome (its change, for a
    difference-in-differences) on treatment and controls.

    Parameters
    ----------
    outcome, treatment : numeric columns.
    controls : the observed causes that the unseen ones are likened to.
    always : in both regressions and partialled out of everything (region dummies, say); R2 is of
        what they leave.
    r2_factor : R2 with all causes = factor times that of the controlled regression, at most 1; 1.3
        is Oster's rule.
    null : effect asked about.

    Returns
    -------
    Oster. A statement on bias, not on sampling error.

    Raises
    ------
    EstimateError : no controls, missing values, collinear columns, an r2_factor not above 1.

    References
    ----------
    Oster (2019), Journal of Business and Economic Statistics 37, 187-204, propositions 1 and 3.
    """
    others = {f"x{at}": Stated(c, missing=True) for at, c in enumerate([*controls, *always])}
    data = read(sample, EstimateError, y=Number(outcome), x=Number(treatment), **others)
    _refuse(sample, controls, always, r2_factor)
    inside = sample.active
    w = sample.weights[inside]
    size = float(sample.weights[inside].sum())
    y, x = data.y[inside], data.x[inside]
    base = np.ones((w.size, 1))
    if always:
        base = main_effects(sample.frame, list(always), inside).dense()[inside]
    full = main_effects(sample.frame, [*always, *controls], inside).dense()[inside]
    try:
        y, x_left, x_tau = (
            least_squares(m, values, w).residual for m, values in ((base, y), (base, x), (full, x))
        )
        y_tau = least_squares(full, y, w).residual
    except Collinear as error:
        raise EstimateError(
            Problem(
                what="controls are collinear",
                where=worded("controls {controls}", {"controls": ", ".join(controls)}),
                expected="columns none of which follows from the others",
                got=str(error),
                fix="Drop one of them.",
            )
        ) from error
    var_y, var_x, tau = (float(w @ column**2 / size) for column in (y, x_left, x_tau))
    if not tau > 1e-12 * var_x or not var_y > 0:
        raise EstimateError(
            Problem(
                "treatment or outcome does not vary",
                in_columns(treatment, outcome),
                "variation beyond the controls",
                worded("none"),
            )
        )
    beta0 = float(w @ (x_left * y)) / size / var_x
    beta1 = float(w @ (x_tau * y)) / size / tau
    r0 = 1 - float(w @ (y - beta0 * x_left) ** 2) / size / var_y
    r1 = 1 - float(w @ (y_tau - beta1 * x_tau) ** 2) / size / var_y
    top = min(1.0, r2_factor * r1)
    delta, adjusted = proportional_selection(beta0, r0, beta1, r1, top, var_y, var_x, tau, null)
    note = (
        f"R2 with all causes taken as min(1, {r2_factor:g} x {r1:.4g}) = {top:.4g}. Sampling"
        " error is not in these figures."
    )
    return Oster(
        uncontrolled=beta0,
        controlled=beta1,
        r2_uncontrolled=r0,
        r2_controlled=r1,
        r2_max=top,
        delta=delta,
        adjusted=adjusted,
        null=null,
        notes=(note, *sample.notes),
    )


def _refuse(
    sample: Sample, controls: Sequence[str], always: Sequence[str], r2_factor: float
) -> None:
    """No control, a factor that leaves nothing to the unseen, or controls with gaps."""
    if not controls or not r2_factor > 1:
        got = {"controls": list(controls), "r2_factor": r2_factor}
        raise EstimateError(
            Problem(
                "an argument does not fit",
                of_arguments("controls", "r2_factor"),
                "one control or more, a factor above 1",
                worded("{controls}, {r2_factor:g}", got),
            )
        )
    gaps = sample.frame.loc[sample.active, [*controls, *always]].isna().sum()
    EstimateError.refuse(
        Problem(
            what="a control is missing",
            where=in_column(column),
            expected="a value in every row of the domain",
            got=worded("missing"),
            count=int(count),
        )
        for column, count in gaps.items()
        if count
    )


def proportional_selection(
    beta0: float,
    r0: float,
    beta1: float,
    r1: float,
    r_max: float,
    var_y: float,
    var_x: float,
    tau: float,
    null: float,
) -> tuple[float, float]:
    """(delta at which the effect is null, effect at delta = 1) from both regressions; tau: variance
    of treatment that the controls leave.
    """
    move = beta0 - beta1
    room = (r_max - r1) * var_y
    gap = beta1 - null
    gained = (r1 - r0) * var_y
    top = (
        gap * gained * tau
        + gap * var_x * tau * move**2
        + 2 * gap**2 * tau * move * var_x
        + gap**3 * tau * (var_x - tau)
    )
    bottom = (
        room * move * var_x
        + gap * room * (var_x - tau)
        + gap**2 * tau * move * var_x
        + gap**3 * tau * (var_x - tau)
    )
    delta = top / bottom if bottom != 0 else float("inf") * (np.sign(top) or 1.0)
    if room <= 0:
        return float(delta), beta1
    if abs(move) < 1e-14 * max(abs(beta0), abs(beta1), 1e-300):
        return float(delta), beta1
    # delta(null) = 1 solved for the gap: the cubic terms cancel.
    theta = room * (var_x - tau) - gained * tau - var_x * tau * move**2
    root = np.sqrt(theta**2 + 4 * room * move**2 * var_x**2 * tau)
    solutions: Float = np.array(
        [(theta + sign * root) / (2 * move * tau * var_x) for sign in (1.0, -1.0)]
    )
    # Their product is negative: one moves the effect on the way the controls did, which is Oster's
    # assumption 3; the other back.
    return float(delta), float(beta1 - solutions[np.sign(solutions) == np.sign(move)][0])
