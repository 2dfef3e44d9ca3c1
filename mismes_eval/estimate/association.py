"""Association of two categories under a complex design (Rao-Scott, Wald), and the variance of a
variable.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd
from scipy import stats

from mismes_eval.errors import EstimateError, unknown
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.hypothesis import Test
from mismes_eval.estimate.totals import OfTotals, evaluate, wrap
from mismes_eval.message import Message
from mismes_eval.numerics import averages
from mismes_eval.numerics.rows import Columns, Float, Int
from mismes_eval.public import public
from mismes_eval.weighting.arguments import Column, Names, one_or_more
from mismes_eval.weighting.columns import Category, Number, read
from mismes_eval.weighting.domain import By, domains, grouped, zero_outside
from mismes_eval.weighting.sample import Sample

STATISTICS = ("F", "Chisq", "Wald", "adjWald")


@public(EstimateError)
def rao_scott(
    sample: Sample,
    row: Column,
    column: Column,
    statistic: str = "F",
    df: Literal["effective", "design"] = "effective",
) -> Test | NotEstimable:
    """Test that two categorical columns are independent in the population (R survey: svychisq).

    Parameters
    ----------
    row, column : categories without missing values inside the domain.
    statistic : "F" (Rao-Scott second order), "Chisq" (first order), "Wald" on departures from
        independence, "adjWald" (Wald with the small-sample factor).
    df : "effective" (of the averages over the categories, where they are fewer than the design's)
        or "design" (PSUs less strata, as R).

    Returns
    -------
    Test; for "Chisq" the statistic is Pearson's and p is that of the statistic over the mean
    generalised design effect, as in R. NotEstimable for a table with one row or column, or without
    degrees of freedom.

    References
    ----------
    Rao and Scott (1984), Annals of Statistics 12, 46-60; Koch, Freeman and Freeman (1975),
    International Statistical Review 43, 59-78.
    """
    EstimateError.refuse(unknown("unknown statistic", "statistic", statistic, STATISTICS))
    EstimateError.refuse(unknown("unknown degrees of freedom", "df", df, ("effective", "design")))
    data = read(sample, EstimateError, a=Category(row), b=Category(column))
    (a, rows), (b, columns) = data.a.inside(sample.active), data.b.inside(sample.active)
    r, c = len(rows), len(columns)
    null = f"{row} and {column} are independent"
    if r < 2 or c < 2:
        return NotEstimable(
            Message(
                "{row} has {r} and {column} has {c} categories in the domain: a test of independence"
                " needs two of each",
                {"row": row, "r": f"{r}", "column": column, "c": f"{c}"},
            )
        )
    if not sample.degf > 0:
        free_said = {"n": f"{sample.degf:g}", "null": null}
        return NotEstimable(Message("no degrees of freedom ({n}) to test that {null}", free_said))
    free = sample.degf
    if df == "effective":
        free = min(_behind(sample, a, r), _behind(sample, b, c))
    if not free > 0:
        return NotEstimable(
            Message("a category lies in too few PSUs to test that {null}", {"null": null})
        )
    cell = np.where(a >= 0, a * c + b, -1)
    if statistic in ("F", "Chisq"):
        share, v = _cells(sample, cell, r * c, _SHARES)
        return _rao_scott(sample, share.reshape(r, c), v, statistic, null, free)
    size, v = _cells(sample, cell, r * c, _TOTALS)
    return _wald(sample, size.reshape(r, c), v, statistic, null, free)


def _behind(sample: Sample, code: Int, levels: int) -> float:
    """Degrees of freedom of the shares of a variable's levels taken together: the design's, or
    those of the averages over each level where they are fewer; 0 where they rest on one unit.
    """
    w = np.where(code >= 0, np.where(sample.active, sample.weights, 0.0), 0.0)
    domain = np.where((code >= 0) & sample.active, code, levels)
    means = averages.of_domains(w, domain, levels, 1).linear(np.ones((1, levels)))
    df, _ = sample.design.behind(means)
    return float(min(sample.degf, df[0]))


@public(EstimateError, answers=True)
def variance(sample: Sample, columns: Names, by: By = None) -> Estimate:
    """Population variance of numeric columns (R survey: svyvar).

    Parameters
    ----------
    columns : numeric columns without missing values inside the domain.
    by : column names; one estimate per combination that occurs.

    Returns
    -------
    Estimate, value (D * k,) in squared units, domain by domain; with the factor n / (n - 1) of the
    domain's unweighted n.

    Raises
    ------
    EstimateError : unknown columns, columns that are not numbers, missing values in the domain.
    """
    names = one_or_more(columns, EstimateError)
    each = {f"y{place}": Number(name) for place, name in enumerate(names)}
    where, data = grouped(sample, by, **each)
    raw = zero_outside(sample, *(getattr(data, name) for name in each))
    k = len(names)
    d = where.count
    w = np.where(where.code < d, sample.weights, 0.0)
    count = np.bincount(where.code[sample.active], minlength=d + 1)[:d]
    size = np.bincount(where.code, weights=w, minlength=d + 1)
    inside = where.code < d
    arrays = []
    for x in raw:
        centre = np.bincount(where.code, weights=w * x, minlength=d + 1) / np.where(
            size > 0, size, 1.0
        )
        arrays.append((x - centre[where.code]) * inside)
    with np.errstate(divide="ignore"):
        factor = np.where(count > 1, count / np.maximum(count - 1, 1), np.nan)[:, None]
    y = Columns((*arrays, *[z**2 for z in arrays], inside))

    def value(t: Float) -> Float:
        return factor * (t[:, k : 2 * k] / t[:, -1:] - (t[:, :k] / t[:, -1:]) ** 2)

    def slope(t: Float) -> Float:
        out = np.zeros((t.shape[0], 2 * k + 1, k))
        first, second = t[:, :k] / t[:, -1:], t[:, k : 2 * k] / t[:, -1:]
        out[:, np.arange(k), np.arange(k)] = -2 * factor * first / t[:, -1:]
        out[:, k + np.arange(k), np.arange(k)] = factor / t[:, -1:]
        out[:, -1, :] = factor * (2 * first**2 - second) / t[:, -1:]
        return out

    values, part = evaluate(sample, y, where, OfTotals(value, slope))
    part = replace(part, averages=averages.of_domains(w, where.small, d, k))
    keys = pd.DataFrame({"variable": [str(name) for name in names], "level": ""})
    return wrap(sample, values, part, where, keys, [str(name) for name in names], "variance")


def _share_slope(t: Float) -> Float:
    """(D, k, k) derivative of each share by each total."""
    whole = t.sum(axis=1)[:, None, None]
    share = t / t.sum(axis=1, keepdims=True)
    out: Float = (np.eye(t.shape[1])[None] - share[:, None, :]) / whole
    return out


_TOTALS = OfTotals(
    lambda t: t,
    lambda t: np.broadcast_to(np.eye(t.shape[1])[None], (t.shape[0], t.shape[1], t.shape[1])),
)
_SHARES = OfTotals(lambda t: t / t.sum(axis=1, keepdims=True), _share_slope)


def _cells(sample: Sample, cell: Int, cells: int, statistic: OfTotals) -> tuple[Float, Float]:
    """Totals or shares of the cells (C,) and their covariance (C, C); in replicate designs over the
    shares of every replicate.
    """
    y = Columns(tuple(cell == j for j in range(cells)))
    value, part = evaluate(sample, y, domains(sample, None), statistic)
    return value, part.vcov


def _rao_scott(
    sample: Sample, share: Float, v: Float, statistic: str, null: str, df: float
) -> Test | NotEstimable:
    """Pearson's statistic at the sample's n, over the generalised design effects of the interaction
    contrasts.
    """
    r, c = share.shape
    n = float(sample.active.sum())
    expected = np.outer(share.sum(axis=1), share.sum(axis=0))
    pearson = n * float(((share - expected) ** 2 / expected).sum())
    contrast = _interactions(r, c)
    inverse = np.divide(1.0, share.ravel(), out=np.zeros(r * c), where=share.ravel() != 0)
    scaled = contrast * inverse[:, None]
    try:
        delta = np.linalg.solve(contrast.T @ scaled / n, scaled.T @ v @ scaled)
    except np.linalg.LinAlgError:
        return NotEstimable(
            Message("empty cells leave too few combinations to test that {null}", {"null": null})
        )
    trace = float(np.trace(delta))
    if not trace > 0:
        return NotEstimable(
            Message("the table has no sampling variance: {null} cannot be tested", {"null": null})
        )
    d0 = trace**2 / float(np.trace(delta @ delta))
    k = (r - 1) * (c - 1)
    if statistic == "F":
        f = pearson / trace
        ddf = d0 * df
        return Test(
            null=null,
            statistic=f,
            distribution="F",
            ndf=d0,
            ddf=ddf,
            p=float(stats.f.sf(f, d0, ddf)),
            method="Pearson's X2 with the Rao-Scott second-order correction",
            notes=sample.notes,
        )
    return Test(
        null=null,
        statistic=pearson,
        distribution="chi2",
        ndf=float(k),
        ddf=np.inf,
        p=float(stats.chi2.sf(pearson / (trace / k), k)),
        method="Pearson's X2 with the Rao-Scott first-order correction",
        notes=sample.notes,
    )


def _interactions(r: int, c: int) -> Float:
    """(r*c, (r-1)(c-1)) interaction contrasts, orthogonal to rows and columns."""

    def centred(k: int) -> Float:
        return np.eye(k)[:, 1:] - 1.0 / k

    return np.asarray(np.kron(centred(r), centred(c)), float)


def _wald(
    sample: Sample, size: Float, v: Float, statistic: str, null: str, df: float
) -> Test | NotEstimable:
    """Departures t_ij - t_i. t_.j / t of the cells off the first row and column, tested together."""
    r, c = size.shape
    row, column, whole = size.sum(axis=1), size.sum(axis=0), float(size.sum())
    i, j = np.divmod(np.arange(r * c), c)
    jacobian = (
        np.eye(r * c)
        - (i[:, None] == i) * (column[j] / whole)[:, None]
        - (j[:, None] == j) * (row[i] / whole)[:, None]
        + (row[i] * column[j] / whole**2)[:, None]
    )
    departure = (size - np.outer(row, column) / whole).ravel()
    use = (i > 0) & (j > 0)
    spread = (jacobian @ v @ jacobian.T)[np.ix_(use, use)]
    k = (r - 1) * (c - 1)
    if np.linalg.matrix_rank(spread, hermitian=True) < k:
        return NotEstimable(
            Message(
                "the design has too few PSUs, or the table too many empty cells, to test that"
                " {null}",
                {"null": null},
            )
        )
    chi = float(departure[use] @ np.linalg.solve(spread, departure[use]))
    nu = df
    if statistic == "Wald":
        return Test(
            null=null,
            statistic=chi / k,
            distribution="F",
            ndf=float(k),
            ddf=nu,
            p=float(stats.f.sf(chi / k, k, nu)),
            method="Wald test of independence",
            notes=sample.notes,
        )
    ddf = nu - k + 1
    if not ddf > 0:
        return NotEstimable(
            Message(
                "{k} contrasts and {nu} degrees of freedom of the design: the adjusted Wald test has"
                " none left",
                {"k": f"{k}", "nu": f"{nu:g}"},
            )
        )
    f = chi * ddf / (k * nu)
    return Test(
        null=null,
        statistic=f,
        distribution="F",
        ndf=float(k),
        ddf=ddf,
        p=float(stats.f.sf(f, k, ddf)),
        method="Wald test of independence, adjusted for few PSUs",
        notes=sample.notes,
    )
