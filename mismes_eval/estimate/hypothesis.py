"""Tests of linear hypotheses on estimates. A test prints its null; one that cannot be made says
why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from mismes_eval.errors import EstimateError, Problem, named, of_argument, worded
from mismes_eval.estimate.estimate import Estimate, NotEstimable, finite, need_estimates
from mismes_eval.message import Message
from mismes_eval.numerics.rows import Float
from mismes_eval.public import public

Hypothesis = (
    Sequence[str]
    | Mapping[str, float]
    | Sequence[Mapping[str, float]]
    | Sequence[Sequence[float]]
    | Float
)


@dataclass(frozen=True)
class Test:
    """statistic with its distribution ("F": ndf and ddf, "chi2": ndf), p, and the null in words."""

    null: str
    statistic: float
    distribution: str
    ndf: float
    ddf: float
    p: float
    method: str = ""
    notes: tuple[str, ...] = ()

    __test__ = False  # not a pytest class

    def to_frame(self) -> pd.DataFrame:
        """One row."""
        return pd.DataFrame(
            {
                "null": [self.null],
                "statistic": self.statistic,
                "distribution": self.distribution,
                "ndf": self.ndf,
                "ddf": self.ddf,
                "p": self.p,
                "method": self.method,
            }
        )

    def _repr_html_(self) -> str:
        return f"<p>{self}</p>" + "".join(f"<p><small>{note}</small></p>" for note in self.notes)

    def __str__(self) -> str:
        df = f"{self.ndf:.4g}, {self.ddf:.4g}" if self.distribution == "F" else f"{self.ndf:.4g}"
        return (
            f"{self.method}. H0: {self.null}. {self.distribution}({df}) = {self.statistic:.4g}, p ="
            f" {self.p:.4g}."
        )


@public(EstimateError)
def wald(estimate: Estimate, L: Hypothesis) -> Test | NotEstimable:
    """Wald test that linear combinations of the values are zero (R survey: regTermTest,
    method="Wald").

    Parameters
    ----------
    L : names of values that are zero together; or a mapping name -> weight, or several; or an array
        (k, p).

    Returns
    -------
    Test, F with k and the estimate's degrees of freedom (the design's, less the coefficients where
    it is a regression); NotEstimable where the combinations have no variance, depend on each other,
    or no degrees of freedom are left.

    References
    ----------
    Rao and Scott (1984), Annals of Statistics 12, 46-60; Korn and Graubard (1990), American
    Statistician 44, 270-276.
    """
    need_estimates((estimate,), "wald")
    matrix = _matrix(estimate, L)
    null = "; ".join(f"{_words(row, estimate.names)} = 0" for row in matrix)
    ddf = _degrees(estimate, matrix)
    if not ddf > 0:
        left = {"n": f"{ddf:g}", "null": null}
        return NotEstimable(Message("no degrees of freedom are left ({n}) to test {null}", left))
    effect = matrix @ estimate.value
    v = matrix @ estimate.vcov @ matrix.T
    scale = np.sqrt(np.diag(v))
    if not (scale > 0).all() or not np.isfinite(v).all():
        return NotEstimable(Message("a combination has no variance to test {null}", {"null": null}))
    correlation = v / np.outer(scale, scale)
    k = matrix.shape[0]
    if np.linalg.matrix_rank(correlation, tol=1e-10 * k, hermitian=True) < k:
        return NotEstimable(
            Message(
                "the combinations depend on each other, or the design has too few PSUs for {k} of"
                " them at once: {null}",
                {"k": f"{k}", "null": null},
            )
        )
    z = effect / scale
    f = float(z @ np.linalg.solve(correlation, z)) / k
    return Test(
        null=null,
        statistic=f,
        distribution="F",
        ndf=float(k),
        ddf=ddf,
        p=float(stats.f.sf(f, k, ddf)),
        method="Wald test",
        notes=estimate.notes,
    )


def _degrees(estimate: Estimate, matrix: Float) -> float:
    """Degrees of freedom of one combination, its own; of several at once, the fewest among the
    values that enter, so that it does not matter how the hypothesis is written.
    """
    if matrix.shape[0] == 1:
        return float(estimate.through(lambda v: matrix @ v, matrix).degf[0])
    return float(np.min(estimate.degf[(matrix != 0).any(axis=0)]))


def _matrix(estimate: Estimate, hypothesis: Hypothesis) -> Float:
    if not hasattr(hypothesis, "__len__") or not len(hypothesis):
        raise EstimateError(
            Problem(
                "no hypothesis",
                of_argument("L"),
                "at least one name, mapping or row",
                repr(hypothesis),
            )
        )
    if isinstance(hypothesis, pd.DataFrame):
        hypothesis = np.asarray(hypothesis)
    one = isinstance(hypothesis, (str, Mapping))
    listed: list[Any] = [hypothesis] if one else list(hypothesis)
    rows = [{row: 1.0} if isinstance(row, str) else row for row in listed]
    if all(isinstance(row, Mapping) for row in rows):
        return _named(estimate, rows)
    try:
        matrix = np.atleast_2d(np.asarray(listed, float))
    except (TypeError, ValueError):
        matrix = np.zeros((0, 0))
    if (
        matrix.ndim != 2
        or matrix.shape[1] != estimate.p
        or not np.isfinite(matrix).all()
        or not (matrix != 0).any(axis=1).all()
    ):
        raise EstimateError(
            Problem(
                "the hypothesis matrix does not fit",
                of_argument("L"),
                worded(
                    "names, mappings, or rows of {place} finite numbers, none all zero",
                    {"place": estimate.p},
                ),
                worded("shape {np}", {"np": np.shape(listed)}),
            )
        )
    return matrix


def _named(estimate: Estimate, rows: Sequence[Mapping[str, float]]) -> Float:
    problems = [
        Problem(
            "a hypothesis without values",
            of_argument("L"),
            "at least one name",
            worded("an empty mapping"),
        )
        for row in rows
        if not row
    ]
    unknown = sorted({str(name) for row in rows for name in row if name not in estimate.names})
    problems += [
        Problem(
            "wald names no value",
            worded("'{name}'", {"name": name}),
            worded("names among {names}", {"names": named(estimate.names)}),
        )
        for name in unknown
    ]
    problems += [
        Problem(
            "a weight is not a finite number",
            worded("'{name}'", {"name": name}),
            "a number",
            repr(weight),
        )
        for row in rows
        for name, weight in row.items()
        if not finite(weight)
    ]
    EstimateError.refuse(problems)
    matrix = np.zeros((len(rows), estimate.p))
    for i, row in enumerate(rows):
        for name, weight in row.items():
            matrix[i, estimate.names.index(name)] += weight
    return matrix


def _words(row: Float, names: tuple[str, ...]) -> str:
    parts = [
        (names[j] if w == 1 else f"-{names[j]}" if w == -1 else f"{w:g} {names[j]}")
        for j, w in enumerate(row)
        if w != 0
    ]
    return " + ".join(parts).replace("+ -", "- ")
