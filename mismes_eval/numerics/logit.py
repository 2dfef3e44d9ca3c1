"""Weighted logistic regression, converged to rounding; separation is found and named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mismes_eval.numerics.rows import Bool, Float, Int, Rows

# Newton steps below this, in scaled coefficients, always climb: the likelihood is not formed again
_CLOSE = 1e-4


class Separation(ValueError):
    """No finite maximum: some combination of covariates tells the outcome apart completely, or
    columns are collinear. columns: positions of those at fault, where they are known.
    """

    def __init__(self, reason: str, columns: Sequence[int] | Int = ()) -> None:
        super().__init__(reason)
        self.columns = tuple(int(j) for j in columns)

    def named(self, names: Sequence[str]) -> str:
        """The reason with the columns at fault; names (q,) of all columns, the intercept's too."""
        known = [names[j] for j in self.columns if j < len(names)]
        return f"{self}: {', '.join(known)}" if known else str(self)


def relative_step(move: np.ndarray, beta: np.ndarray) -> float:
    """The largest step (q,) beside the largest coefficient (q,), at least 1."""
    return float(np.max(np.abs(move))) / max(1.0, float(np.max(np.abs(beta))))


def column_scales(squares: Float) -> Float:
    """(q,) root mean squares of columns from their mean squares. Raises Separation where a column
    is zero in every row.
    """
    scale: Float = np.sqrt(squares)
    if (scale == 0).any():
        empty = np.flatnonzero(scale == 0)
        raise Separation(f"column {int(empty[0])} is zero in every row", empty)
    return scale


@dataclass(frozen=True, slots=True)
class LogitFit:
    """beta (q,); p (n,) fitted probabilities; information (q, q) = X' diag(w p (1-p)) X;
    iterations.
    """

    beta: Float
    p: Float
    information: Float
    iterations: int


def fit_logit(
    x: Float, y: Float, w: Float, steps: int = 100, start: Float | None = None
) -> LogitFit:
    """Maximum weighted likelihood by Newton steps with halving. x (n, q), y (n,) in [0, 1], w (n,)
    of 0 or more; start (q,) or None for zeros.

    Converged where a Newton step moves no scaled coefficient by more than 1e-12, where the next
    would not (steps shrink quadratically), or where steps below 1e-7 shrink no more (rounding).
    Raises Separation.
    """
    used = w > 0
    y0 = y[used].min(initial=1.0)
    y1 = y[used].max(initial=0.0)
    if y0 == y1:
        raise Separation(f"the outcome is {y0:g} in every row")
    xt = np.array(x.T, float, order="C")
    scale = column_scales((xt**2 @ w) / w.sum())
    xt /= scale[:, None]
    beta = np.zeros(x.shape[1]) if start is None else start * scale
    eta = beta @ xt
    last = np.inf
    value = _loglik(eta, y, w)
    for iteration in range(1, steps + 1):
        p = _expit(eta)
        information = (xt * (w * p * (1 - p))) @ xt.T
        try:
            move = _newton(information, xt @ (w * (y - p)), iteration == 1)
        except Separation as error:
            at_fault = error.columns or separating(xt[:, used], y[used], beta)
            raise Separation(str(error), at_fault) from None
        size = relative_step(move, beta)
        direction = move @ xt
        step = 1.0
        trial = eta + direction
        if size > _CLOSE:
            trial_value = _loglik(trial, y, w)
            while trial_value < value - 1e-12 * abs(value) and step > 1e-10:
                step /= 2
                trial = eta + step * direction
                trial_value = _loglik(trial, y, w)
            value = trial_value
        beta = beta + step * move
        eta = trial
        if np.max(np.abs(move)) > 1e-6 and np.max(np.abs(eta[used])) > 35:
            raise Separation(
                "fitted probabilities run to 0 or 1", separating(xt[:, used], y[used], beta)
            )
        settled = last < 0.1 and size < _CLOSE and size * (size / last) ** 2 <= 1e-13
        if settled or size <= 1e-12 or last / 4 < size < 1e-7:
            p = _expit(eta)
            return LogitFit(
                beta / scale,
                p,
                ((xt * (w * p * (1 - p))) @ xt.T) * scale[:, None] * scale,
                iteration,
            )
        last = size
    raise Separation("the fit does not settle")


class Propensity:
    """Response model ready to be fitted many times with other weights: equal covariate rows are put
    together once.

    x: n rows of q covariates, zero in rows that are not at risk (their propensity is 1); r (n,) 0
    or 1.
    """

    def __init__(self, x: Rows, r: Float) -> None:
        self.x, self.cell = _distinct(x)
        self.r = r
        self.at_risk = self.x.any(axis=1)
        self.saturated = bool(
            np.isin(self.x, (0.0, 1.0)).all() and self.x.sum(axis=1).max(initial=0.0) <= 1
        )

    def fit(self, w: Float, start: Float | None = None) -> Float:
        """(n,) fitted propensities. Raises Separation."""
        c = self.x.shape[0]
        mass = np.bincount(self.cell, weights=w, minlength=c).astype(float)
        share: Float = np.divide(
            np.bincount(self.cell, weights=w * self.r, minlength=c),
            mass,
            out=np.ones(c),
            where=mass > 0,
        )
        used = self.at_risk & (mass > 0)
        p = np.ones(c)
        if self.saturated:
            group = self.x.argmax(axis=1)
            q = self.x.shape[1]
            whole = np.bincount(group[used], weights=mass[used], minlength=q)
            reached = np.bincount(group[used], weights=(mass * share)[used], minlength=q)
            if (reached[whole > 0] == 0).any():
                raise Separation("a response cell has no respondent")
            p[used] = np.divide(reached, whole, out=np.ones(q), where=whole > 0)[group[used]]
        elif used.any() and share[used].min() < 1:
            beta = fit_logit(self.x[used], share[used], mass[used], start=start).beta
            p[self.at_risk] = _expit(self.x[self.at_risk] @ beta)
        return p[self.cell]


def _distinct(x: Rows) -> tuple[Float, Int]:
    """Distinct rows (C, q) and the row of each of n; equal rows are found by one random projection
    and checked.
    """
    if x.cell is not None:
        return x.values, x.cell
    key = x.values @ np.random.default_rng(0).normal(size=x.k)
    _, first, cell = np.unique(key, return_index=True, return_inverse=True)
    values = x.values[first]
    if not np.array_equal(values[cell], x.values):
        return x.values, np.arange(x.n)
    return values, cell.astype(np.intp)


def _expit(eta: Float) -> Float:
    out: Float = 0.5 * (1.0 + np.tanh(0.5 * eta))
    return out


def _loglik(eta: Float, y: Float, w: Float) -> float:
    # log(1 + exp(eta)) is max(eta, 0) + log1p(exp(-|eta|))
    size = np.abs(eta)
    return float(w @ ((y - 0.5) * eta - 0.5 * size - np.log1p(np.exp(-size))))


def separating(xt: Float, y: Float, beta: Float) -> Int:
    """Columns xt (q, n) that tell y (n,) apart each by itself; where none does, those with the
    largest coefficients beta (q,) of columns of one size.
    """
    some, none = y > 0, y < 1
    low = xt[:, some].min(axis=1)
    high = xt[:, some].max(axis=1)
    apart = (xt[:, none].max(axis=1) <= low) | (high <= xt[:, none].min(axis=1))
    varies: Bool = np.ptp(xt, axis=1) > 0
    if (apart & varies).any():
        return np.flatnonzero(apart & varies)
    size = np.where(varies, np.abs(beta), 0.0)
    return np.flatnonzero((size > 0) & (size >= size.max(initial=0.0) / 2))


def dependent(gram: Float, tolerance: float = 1e-14) -> Int:
    """Columns that the columns before them explain, from their products gram (q, q): each is judged
    against its own size.
    """
    left = gram.copy()
    out = []
    for j in range(left.shape[0]):
        if not left[j, j] > tolerance * gram[j, j]:
            out.append(j)
            continue
        left -= np.outer(left[:, j], left[j]) / left[j, j]
    return np.array(out, np.intp)


def inverse_of(information: Float) -> Float:
    """Inverse (q, q) of a matrix of products, whatever the units of its columns."""
    root = np.sqrt(np.diag(information))
    out: Float = np.linalg.inv(information / root[:, None] / root) / root[:, None] / root
    return out


def _newton(information: Float, score: Float, first: bool) -> Float:
    try:
        root = np.linalg.cholesky(information)
    except np.linalg.LinAlgError:
        if not first:
            raise Separation("fitted probabilities run to 0 or 1") from None
        raise Separation("covariates are collinear", dependent(information)) from None
    if first and np.min(np.diag(root)) < 1e-7 * np.max(np.diag(root)):
        raise Separation("covariates are collinear", dependent(information))
    out = np.asarray(np.linalg.solve(information, score), float)
    return out
