"""Estimates in every replicate, with every weight step redone: PSU x B and never n x B."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy.linalg import qr

from mismes_eval.errors import DesignError, Problem, worded
from mismes_eval.numerics.calibration import psd_solve
from mismes_eval.numerics.influence import Block
from mismes_eval.numerics.rows import Float, Int
from mismes_eval.weighting.design import ReplicateSet, SurveyDesign
from mismes_eval.weighting.sample import Sample
from mismes_eval.weighting.steps import Calibration, KnownFactor, WeightShare

_CHUNK = 100_000  # numbers in one table of cross-products of PSUs


def replicate_unit(design: SurveyDesign) -> Int:
    """(n,) row of the replicate factors for each row of the base weights."""
    replicates = _replicates(design)
    return design.base_psu if replicates.unit is None else replicates.unit


def replicate_weights(design: SurveyDesign) -> Iterator[Float]:
    """The weight after all steps in each replicate, one (n,) array at a time; every step is made
    anew from the replicate's own weights.

    Raises DesignError where a step cannot be made in some replicate, naming both.
    """
    replicates = _replicates(design)
    unit = replicate_unit(design)
    for replicate in range(replicates.count):
        w = design.base * replicates.factor[:, replicate][unit]
        for step in design.steps:
            try:
                factor = step.refit(w)
            except ValueError as error:
                raise DesignError(
                    Problem(
                        what="a weight step cannot be redone in a replicate",
                        where=worded(
                            "replicate {replicate} of {count}, step '{name}'",
                            {
                                "replicate": replicate + 1,
                                "count": replicates.count,
                                "name": step.name,
                            },
                        ),
                        expected="categories with respondents in every replicate",
                        got=str(error),
                        fix="Merge small categories, or use the linearised design.",
                    )
                ) from error
            w = (w[step.link] if isinstance(step, WeightShare) else w) * factor
        yield w


def replicated(sample: Sample, statistic: Callable[[Float], Float]) -> Float:
    """A statistic in each replicate, shape (B, p). statistic: weights (n,), zero outside the domain
    -> (p,).

    Raises DesignError where the statistic divides by nothing in some replicate, as where the only
    PSU of a group is left out.
    """
    out = []
    for replicate, w in enumerate(replicate_weights(sample.design)):
        try:
            with np.errstate(divide="raise", invalid="raise"):
                out.append(np.atleast_1d(statistic(np.where(sample.domain, w, 0.0))))
        except ArithmeticError as error:
            raise DesignError(
                Problem(
                    what="an estimate cannot be made in a replicate",
                    where=worded(
                        "replicate {replicate} of {count}",
                        {"replicate": replicate + 1, "count": _replicates(sample.design).count},
                    ),
                    expected="rows with weight in every group, in every replicate",
                    got=str(error),
                    fix="Merge groups, or use the linearised design.",
                )
            ) from error
    return np.array(out)


def replicated_totals(design: SurveyDesign, block: Block) -> Float:
    """Weighted totals of a block's extended rows in each replicate, shape (B, D*k)."""
    replicates = _replicates(design)
    known = design.base
    last: Calibration | None = None
    for place, step in enumerate(design.steps):
        if isinstance(step, KnownFactor):
            known = known * step.factor
        elif (
            isinstance(step, Calibration)
            and step.method == "linear"
            and step.bounds is None
            and step.totals is not None
            and place == len(design.steps) - 1
        ):
            last = step
        else:
            return _totals_one_by_one(design, block)
    if last is None:
        return replicates.factor.T @ block.basis_sums(
            known, replicate_unit(design), replicates.factor.shape[0]
        )
    return _greg_totals(replicates, replicate_unit(design), known, last, block)


def _replicates(design: SurveyDesign) -> ReplicateSet:
    if design.replicates is None:
        raise DesignError(
            Problem("the design has no replicate weights", fix="Make them with replicates().")
        )
    return design.replicates


def _totals_one_by_one(design: SurveyDesign, block: Block) -> Float:
    """Totals with each replicate's weights in turn, on rows put in domain order once."""
    d, k = block.domains, block.rows.k
    domain = np.zeros(block.rows.n, np.intp) if block.domain is None else block.domain
    order = np.argsort(domain, kind="stable")
    end = np.cumsum(np.bincount(domain, minlength=d))
    order = order[: end[d - 1]]
    rows = (
        block.rows.take(order).dense()
        if block.scale is None
        else block.rows.take(order).dense() * block.scale[order, None]
    )
    out = np.zeros((_replicates(design).count, d, k))
    for replicate, w in enumerate(replicate_weights(design)):
        v = w[order]
        for j in range(d):
            inside = slice(end[j - 1] if j else 0, end[j])
            out[replicate, j] = v[inside] @ rows[inside]
    return out.reshape(out.shape[0], d * k)


def _greg_totals(
    replicates: ReplicateSet, unit: Int, weight: Float, step: Calibration, block: Block
) -> Float:
    """GREG totals in every replicate: t_y + (T - t_x) B, from cross-products inside PSUs and one
    matrix product with the replicate factors.

    Rows are put in PSU order once; the cross-products of a run of PSUs are made, multiplied with
    their factors and forgotten.
    """
    m, b = replicates.factor.shape
    q = step.x.k
    p = block.domains * block.rows.k
    order = np.argsort(unit, kind="stable")
    end = np.cumsum(np.bincount(unit, minlength=m))
    upper = np.triu_indices(q)
    width = upper[0].size + q * p + q + p
    out = np.zeros((b, width))
    run = max(1, _CHUNK // width)
    for first in range(0, m, run):
        stop = min(first + run, m)
        rows = order[(end[first - 1] if first else 0) : end[stop - 1]]
        size = np.diff(np.concatenate([[end[first - 1] if first else 0], end[first:stop]]))
        out += replicates.factor[first:stop].T @ _cross_products(
            step.x.take(rows).dense(), block.take(rows).extended(), weight[rows], size, upper
        )
    gram = np.zeros((b, q, q))
    k = upper[0].size
    gram[:, upper[0], upper[1]] = gram[:, upper[1], upper[0]] = out[:, :k]
    xy = out[:, k : k + q * p].reshape(b, q, p)
    tx, ty = out[:, k + q * p : k + q * p + q], out[:, k + q * p + q :]
    totals = np.asarray(step.totals)
    lam = _multipliers(gram, totals - tx)
    missed = np.abs(np.einsum("bij,bj->bi", gram, lam) - (totals - tx)).max(axis=1) > 1e-8 * (
        np.abs(totals).max() or np.abs(np.diagonal(gram, axis1=1, axis2=2)).max()
    )
    if missed.any():
        raise DesignError(
            Problem(
                what="calibration cannot be redone in a replicate",
                where=worded(
                    "replicate {np} of {number}, step '{name}'",
                    {"np": int(np.flatnonzero(missed)[0]) + 1, "number": b, "name": step.name},
                ),
                expected="rows in every category",
                got=worded("an empty category"),
                fix="Merge small categories, or use the linearised design.",
                count=int(missed.sum()),
            )
        )
    answer: Float = ty + np.einsum("bi,bij->bj", lam, xy)
    return answer


def _multipliers(gram: Float, gap: Float) -> Float:
    """Solutions (B, q) of gram_b x = gap_b: on the columns that are independent on average, one by
    one where that is not enough (redundant margins).
    """
    mean = gram.mean(axis=0)
    scale = 1.0 / np.sqrt(np.maximum(np.diag(mean), np.finfo(float).tiny))
    _, r, pivot = qr(mean * scale[:, None] * scale, pivoting=True)
    size = np.abs(np.diag(r))
    keep = np.sort(pivot[size > 1e-10 * size[0]])
    out = np.zeros_like(gap)
    reduced = gram[:, keep[:, None], keep] * scale[keep, None] * scale[keep]
    try:
        out[:, keep] = (
            np.linalg.solve(reduced, (gap[:, keep] * scale[keep])[..., None])[..., 0] * scale[keep]
        )
    except np.linalg.LinAlgError:
        out[:] = np.nan
    tolerance = 1e-10 * np.maximum(np.abs(gap).max(), np.diag(mean).max())
    for replicate in np.flatnonzero(
        ~(np.abs(np.einsum("bij,bj->bi", gram, out) - gap).max(axis=1) <= tolerance)
    ):
        out[replicate] = psd_solve(gram[replicate], gap[replicate])
    return out


def _cross_products(x: Float, y: Float, w: Float, size: Int, upper: tuple[Int, Int]) -> Float:
    """Per PSU, rows in PSU order and `size` (m,) of them each: weighted x x' (upper triangle), x
    y', x, y side by side, shape (m, width).
    """
    q = x.shape[1]
    joined = np.concatenate([x, y, np.ones((x.shape[0], 1))], axis=1)
    weighted = joined[:, :-1] * w[:, None]
    product = np.empty((size.size, weighted.shape[1], joined.shape[1]))
    at = 0
    for u, n in enumerate(size):
        np.matmul(weighted[at : at + n].T, joined[at : at + n], out=product[u])
        at += n
    m = size.size
    return np.concatenate(
        [product[:, upper[0], upper[1]], product[:, :q, q:-1].reshape(m, -1), product[:, :, -1]],
        axis=1,
    )
