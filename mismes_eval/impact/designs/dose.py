"""Effects by dose: hours of training, months of support, amounts of a grant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.interpolate import BSpline

from mismes_eval.errors import IdentificationError, Problem, named, of_argument, of_arguments
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.part import Part
from mismes_eval.estimate.result_table import ResultTable
from mismes_eval.message import Message
from mismes_eval.numerics.averages import Averages, SignedRows
from mismes_eval.numerics.influence import Influence
from mismes_eval.numerics.rows import Float, Int
from mismes_eval.public import public
from mismes_eval.weighting.columns import Number, read
from mismes_eval.weighting.sample import Sample

STRONG = (
    "That a higher dose would have done as much for those who got less is assumed (strong parallel"
    " trends); without it the slope mixes the dose with who chose it."
)
FEW = 10  # treated persons for each coefficient


@dataclass(frozen=True)
class Dose(ResultTable):
    """levels: ATT(d|d), the effect of dose d on those who had it; slopes: average causal response
    at each dose, per unit of it; overall: "effect" (mean over the treated) and "response" (mean
    slope over their doses). doses (g,): where levels and slopes are taken.
    """

    doses: Float
    levels: Estimate
    slopes: Estimate
    overall: Estimate
    notes: tuple[str, ...]

    def to_frame(self, level: float = 0.95) -> pd.DataFrame:
        """One row a dose: dose, effect and slope with their intervals."""
        at = self.levels.ci(level)
        by = self.slopes.ci(level)
        return pd.DataFrame(
            {
                "dose": self.doses,
                "effect": self.levels.value,
                "se": self.levels.se,
                "low": at["low"].to_numpy(),
                "high": at["high"].to_numpy(),
                "slope": self.slopes.value,
                "slope se": self.slopes.se,
                "slope low": by["low"].to_numpy(),
                "slope high": by["high"].to_numpy(),
            }
        )


@public(IdentificationError)
def dose_response(
    sample: Sample,
    outcome: tuple[str, str],
    dose: str,
    doses: Sequence[float] | None = None,
    degree: int = 3,
    knots: Sequence[float] = (),
) -> Dose:
    """Difference-in-differences with a dose.

    Parameters
    ----------
    sample : one row a person.
    outcome : columns before and after.
    dose : 0 for untreated persons, above 0 for the others, in any unit.
    doses : (g,) where effects are taken; None: tenths of the treated persons' doses.
    degree : of the B-spline in the dose, 0 to 3.
    knots : inner knots, different doses.

    Returns
    -------
    Dose. Change of the treated on a spline of their dose, less the mean change of the untreated;
    knots are taken as given.

    Raises
    ------
    IdentificationError : negative doses, nobody untreated, fewer than ten treated persons for each
        coefficient, doses beyond those that occur, knots that leave an interval empty.

    References
    ----------
    Callaway, Goodman-Bacon and Sant'Anna (2024), NBER Working Paper 32117.
    """
    if not isinstance(outcome, (tuple, list)) or len(outcome) != 2:
        raise IdentificationError(
            Problem(
                "a dose needs the outcome before and after",
                of_argument("outcome"),
                "two columns, (before, after)",
                repr(outcome),
            )
        )
    data = read(
        sample, d=Number(dose, within=(0.0, np.inf)), a=Number(outcome[0]), b=Number(outcome[1])
    )
    inside = np.flatnonzero(sample.active)
    amount, change, w = data.d[inside], (data.b - data.a)[inside], sample.weights[inside]
    treated = amount > 0
    own = amount[treated]
    asked = None if doses is None else np.asarray(doses, float).reshape(-1)
    _refuse(own, int((~treated).sum()), degree, list(knots), asked)
    at = _tenths(own, w[treated]) if asked is None else asked
    spline = _Spline.of(own, degree, knots)
    return _fitted(sample, inside, (amount, change, w), spline, at)


@dataclass(frozen=True)
class _Spline:
    """A B-spline basis on [low, high]; knots with repeated ends."""

    knots: Float
    degree: int

    @classmethod
    def of(cls, dose: Float, degree: int, inner: Sequence[float]) -> _Spline:
        ends = np.repeat([dose.min(), dose.max()], degree + 1)
        middle = np.sort(np.asarray(inner, float))
        return cls(np.concatenate([ends[: degree + 1], middle, ends[degree + 1 :]]), degree)

    @property
    def size(self) -> int:
        return int(self.knots.size - self.degree - 1)

    def basis(self, at: Float, derivative: int = 0) -> Float:
        """(m, size) basis functions, or their derivatives, at doses."""
        made = BSpline(self.knots, np.eye(self.size), self.degree)
        if derivative:
            made = (
                made.derivative()
                if self.degree
                else BSpline(self.knots, np.zeros((self.size, self.size)), 0)
            )
        return np.asarray(made(np.clip(at, self.knots[0], self.knots[-1])))


def _fitted(
    sample: Sample,
    inside: Int,
    arrays: tuple[Float, Float, Float],
    spline: _Spline,
    at: Float,
) -> Dose:
    amount, change, w = arrays
    treated = amount > 0
    rows = spline.basis(amount[treated])
    weight = w[treated]
    bread = np.linalg.inv(rows.T @ (weight[:, None] * rows))
    beta = bread @ (rows.T @ (weight * change[treated]))
    residual = change[treated] - rows @ beta
    alone = float(w[~treated] @ change[~treated] / w[~treated].sum())
    scores = np.zeros((amount.size, spline.size + 1))
    scores[treated, :-1] = (rows * residual[:, None]) @ bread
    scores[~treated, -1] = (change[~treated] - alone) / w[~treated].sum()
    slopes_of = spline.basis(amount[treated], 1)
    effects = rows @ beta - alone
    response = slopes_of @ beta
    overall = np.array([weight @ effects, weight @ response]) / weight.sum()
    moved = np.zeros((amount.size, 2))
    moved[treated] = np.column_stack([effects - overall[0], response - overall[1]]) / weight.sum()
    mean_rows, mean_slopes = (weight @ rows) / weight.sum(), (weight @ slopes_of) / weight.sum()
    to_overall = np.vstack([np.append(mean_rows, -1.0), np.append(mean_slopes, 0.0)])
    basis, derivative = spline.basis(at), spline.basis(at, 1)
    to_levels = np.column_stack([basis, -np.ones(at.size)])
    to_slopes = np.column_stack([derivative, np.zeros(at.size)])
    counts = {"a": int(treated.sum()), "b": int((~treated).sum())}
    names = tuple(f"dose {amount:.6g}" for amount in at)
    lines = np.zeros((amount.size, spline.size + 1))  # coefficients are lines @ (w * change)
    lines[treated, :-1] = rows @ bread
    lines[~treated, -1] = 1 / w[~treated].sum()

    def spread(values: Float) -> Influence:
        full = np.zeros((sample.n, values.shape[1]))
        full[inside] = values
        return Influence.of(full)

    def made(
        value: Float, labels: tuple[str, ...], to: Float, what: str, more: Float | None = None
    ) -> Estimate:
        scored = scores @ to.T
        of = spread(scored if more is None else scored + more)
        arms = [spread(lines @ to.T * group[:, None]) for group in (treated, ~treated)]
        averages = Averages(tuple(SignedRows(arm) for arm in arms))
        return Estimate(
            value=value,
            names=labels,
            parts=(Part(sample.design, of, averages=averages),),
            keys=pd.DataFrame({"variable": list(labels)}),
            n=np.full(value.size, float(amount.size)),
            dof=np.full(value.size, float(sample.degf)),
            kind="effect",
            definition=Message(what + ": {a:,} treated, {b:,} untreated persons", counts),
            notes=(*sample.notes, STRONG),
        )

    mean = "over the treated"
    return Dose(
        doses=at,
        levels=made(basis @ beta - alone, names, to_levels, "effect of a dose"),
        slopes=made(derivative @ beta, names, to_slopes, "average causal response"),
        overall=made(overall, ("effect", "response"), to_overall, mean, moved),
        notes=(*sample.notes, STRONG),
    )


def _tenths(dose: Float, weight: Float) -> Float:
    """Doses below which a tenth, two tenths, ... of the treated lie."""
    order = np.argsort(dose)
    share = np.cumsum(weight[order]) / weight.sum()
    at = np.minimum(np.searchsorted(share, np.arange(1, 10) / 10), dose.size - 1)
    return np.unique(dose[order][at])


def _refuse(
    dose: Float,
    untreated: int,
    degree: int,
    knots: list[float],
    doses: Float | None,
) -> None:
    problems = []
    if not 0 <= degree <= 3:
        problems.append(
            Problem("a spline has a degree", of_argument("degree"), "0 to 3", str(degree))
        )
    needed = FEW * (degree + 1 + len(knots))
    if untreated < FEW or dose.size < needed or np.unique(dose).size <= degree + len(knots) + 1:
        problems.append(
            Problem(
                what="too few persons for a dose",
                where=of_argument("dose"),
                expected=Message(
                    "{few} with dose 0, and {needed} above it with more doses than coefficients",
                    {"few": FEW, "needed": needed},
                ),
                got=Message(
                    "{a} and {b}, {k} doses",
                    {"a": untreated, "b": dose.size, "k": np.unique(dose).size},
                ),
                fix="Take a lower degree, or fewer knots.",
            )
        )
    else:
        problems += _misplaced(dose, degree, knots, doses)
    IdentificationError.refuse(problems)


def _misplaced(dose: Float, degree: int, knots: list[float], doses: Float | None) -> list[Problem]:
    """Knots and doses that the treated persons' doses do not carry."""
    low, high = float(dose.min()), float(dose.max())
    asked = [] if doses is None else doses.tolist()
    outside = [place for place in [*knots, *asked] if not low <= place <= high]
    problems = []
    if outside:
        problems.append(
            Problem(
                "a dose that nobody had",
                of_arguments("doses", "knots"),
                Message("{low:g} to {high:g}", {"low": low, "high": high}),
                named(f"{place:g}" for place in outside),
            )
        )
    if doses is not None and not doses.size:
        problems.append(Problem("no dose is asked for", of_argument("doses"), "one dose or more"))
    edges = np.unique([low, *knots, high])
    bare = edges.size < len(knots) + 2 or (np.histogram(np.unique(dose), edges)[0] <= degree).any()
    if knots and not outside and bare:
        problems.append(
            Problem(
                "knots leave an interval without persons",
                of_argument("knots"),
                "different knots, and more doses between neighbouring ones than the degree",
                ", ".join(f"{knot:g}" for knot in knots),
            )
        )
    return problems
