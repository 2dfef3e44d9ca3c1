"""Weighted least squares by column-scaled QR, with the columns that depend on others named and one
step of refinement.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import qr, solve_triangular

from mismes_eval.numerics.rows import Float, Int

# a unit column whose part outside the span of the others is shorter than this is taken to lie in it
# (rounding of its values alone makes 1e-16 to 1e-14)
RANK = 2e-13


class Collinear(ValueError):
    """Columns that are linear combinations of others. dependent: (column, the columns it is made
    of) for each.
    """

    def __init__(self, dependent: tuple[tuple[int, tuple[int, ...]], ...]) -> None:
        self.dependent = dependent
        super().__init__(
            "; ".join(
                f"column {j} is made of columns {', '.join(map(str, of))}" for j, of in dependent
            )
        )


@dataclass(frozen=True, slots=True)
class LeastSquares:
    """beta (q,); residual (n,); inverse (q, q) = (X' diag(w) X)^-1; condition: of the scaled
    columns, 1 for orthogonal ones.
    """

    beta: Float
    residual: Float
    inverse: Float
    condition: float

    def classical_se(self, w: Float) -> Float:
        """(q,) textbook standard errors with n - q degrees of freedom, for comparison only: no
        survey design.
        """
        n, q = self.residual.size, self.beta.size
        out: Float = np.sqrt(np.diag(self.inverse) * float(w @ self.residual**2) / (n - q))
        return out


def least_squares(x: Float, y: Float, w: Float) -> LeastSquares:
    """Minimise sum w (y - x b)^2. x (n, q), y (n,), w (n,) above 0. Raises Collinear (also where q
    > n).

    Residuals of the refinement are formed in extended precision where the machine has it:
    coefficients then reach the certified digits of the NIST sets.
    """
    root = np.sqrt(w)
    xs, scale = _unit_columns(x * root[:, None])
    q, r, pivot = qr(xs, mode="economic", pivoting=True)
    _refuse_collinear(r, pivot)
    target = y * root
    solution = np.zeros(xs.shape[1], np.longdouble)
    wide = xs.astype(np.longdouble)
    goal = target.astype(np.longdouble)
    for _ in range(3):
        left = (goal - wide @ solution).astype(float)
        solution[pivot] += solve_triangular(r, q.T @ left)
    beta = (solution / scale).astype(float)
    residual = ((goal - wide @ solution) / root).astype(float)
    half = solve_triangular(r, np.eye(r.shape[0]))
    inverse = np.empty_like(r)
    inverse[np.ix_(pivot, pivot)] = half @ half.T
    size = np.abs(np.diag(r))
    return LeastSquares(beta, residual, inverse / scale[:, None] / scale, float(size[0] / size[-1]))


def check_rank(x: Float, w: Float) -> None:
    """Raise Collinear where columns of x (n, q) depend on each other, with weights w (n,)."""
    xs, _ = _unit_columns(x * np.sqrt(w)[:, None])
    r, pivot = qr(xs, mode="r", pivoting=True)
    _refuse_collinear(r[: xs.shape[1]], pivot)


def _unit_columns(x: Float) -> tuple[Float, Float]:
    """Columns of length 1 and their lengths; powers of two, so that scaling costs no digits."""
    length = np.sqrt((x**2).sum(axis=0))
    scale = np.exp2(np.round(np.log2(np.where(length > 0, length, 1.0))))
    return x / scale, scale


def _refuse_collinear(r: Float, pivot: Int) -> None:
    k = r.shape[0]
    size = np.abs(np.diag(r))
    rank = int((size > RANK * max(float(size[0]), 1.0) * np.sqrt(r.shape[1])).sum()) if k else 0
    if rank == r.shape[1]:
        return
    made = solve_triangular(r[:rank, :rank], r[:rank, rank:]) if rank else np.zeros((0, r.shape[1]))
    found = []
    for j in range(r.shape[1] - rank):
        parts = np.flatnonzero(np.abs(made[:, j]) > 1e-8) if rank else np.zeros(0, int)
        found.append((int(pivot[rank + j]), tuple(sorted(int(pivot[i]) for i in parts))))
    raise Collinear(tuple(sorted(found)))
