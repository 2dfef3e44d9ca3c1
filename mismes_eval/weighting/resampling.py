"""Replicate factors: bootstrap, jackknife, balanced half samples, and replicate weights that come
with a file.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.linalg import hadamard

from mismes_eval.errors import DesignError, Problem, of_argument, unknown, worded
from mismes_eval.message import Message, Quantity
from mismes_eval.numerics.rows import Float, Int
from mismes_eval.public import check, fitting
from mismes_eval.weighting.design import ReplicateSet, SurveyDesign
from mismes_eval.weighting.sample import Sample, needs_sample

METHODS = ("bootstrap", "jackknife", "brr", "fay")
_LARGEST = 60_000_000  # PSUs times replicates


@fitting(DesignError)
def replicates(
    sample: Sample,
    method: str = "bootstrap",
    n: int | None = None,
    seed: int | None = None,
    mse: bool = False,
    rho: float = 0.5,
) -> Sample:
    """The same sample with replicate weights instead of linearisation: every weight step is redone
    in every replicate.

    Parameters
    ----------
    method : "bootstrap" (Rao-Wu: n_h - 1 of n_h PSUs with replacement in each stratum; fpc shrinks
        the factors towards 1), "jackknife" (JK1 with one stratum, else JKn; fpc in scale and
        rscales), "brr" (two PSUs in every stratum), "fay" (BRR with factors rho and 2 - rho; R
        survey calls it fay.rho).
    n : number of bootstrap replicates, 500 by default; the other methods have their own number.
    seed : of the bootstrap; needed there, so that a report can be made again.
    mse : centre on the full-sample estimate; False centres on the mean of the replicates (R
        survey's default).

    Returns
    -------
    Sample, used like any other.

    Raises
    ------
    DesignError : strata without exactly two PSUs for BRR.

    A stratum with one PSU adds what `lonely_psu` says: "adjust" moves its PSU away from the mean of
    all PSUs and back by a drawn sign (bootstrap) or once (jackknife), "average" widens the scale,
    "remove" and "certainty" keep its factor at 1.

    References
    ----------
    Rao, Wu and Yue (1992), Survey Methodology 18, 209-217; Rust and Rao (1996), Statistical Methods
    in Medical Research 5, 283-310.
    """
    needs_sample(sample, "replicates")
    check(DesignError, "replicates", ("mse", mse, bool))
    problems = _number_problems(n, seed, rho)
    DesignError.refuse(problems)
    design = sample.design
    first = design.stages[0]
    m_h = np.bincount(first.stratum, minlength=first.strata)
    problems = _problems(design, method, n, seed, rho, m_h)
    DesignError.refuse(problems)
    deeper = any(stage.fraction.any() for stage in design.stages[1:])
    fraction = np.zeros(first.strata) if deeper or method in ("brr", "fay") else first.fraction
    degf = float(m_h.size if method in ("brr", "fay") else (m_h - 1).sum())
    single = (m_h == 1) & (fraction < 1)
    if single.any() and design.lonely == "average":
        share = m_h.size / max(int((~single).sum()), 1)
    else:
        share = 1.0
    alone = np.flatnonzero(single[first.stratum] & (design.lonely == "adjust"))
    if method == "bootstrap":
        count = 500 if n is None else n
        rng = np.random.default_rng(seed)
        factor, scale, rscales = _bootstrap(first.stratum, m_h, fraction, count, rng)
        factor = _moved(factor, alone, np.sqrt(1 - fraction[first.stratum[alone]]), rng)
        made = ReplicateSet(
            factor=factor,
            scale=share * scale,
            rscales=rscales,
            mse=mse,
            method=Message("Rao-Wu bootstrap (seed {seed})", {"seed": f"{seed}"}),
            degf=min(degf, count - 1.0),
        )
    elif method == "jackknife":
        factor, scale, rscales = _jackknife(first.stratum, m_h, fraction)
        factor[:, alone] -= 1 / len(factor)
        factor[alone, alone] += 1.0
        rscales[alone] = 1 - fraction[first.stratum[alone]]
        made = ReplicateSet(
            factor=factor,
            scale=share * scale,
            rscales=rscales,
            mse=mse,
            method="jackknife (JK1)" if m_h.size == 1 else "jackknife (JKn)",
            degf=degf,
        )
    else:
        keep = rho if method == "fay" else 0.0
        factor, scale, rscales = _half_samples(first.stratum, m_h.size, keep)
        made = ReplicateSet(
            factor=factor,
            scale=scale,
            rscales=rscales,
            mse=mse,
            method=Message("Fay's method (rho {rho})", {"rho": f"{rho:g}"})
            if method == "fay"
            else "balanced half samples",
            degf=degf,
        )
    notes = design.notes
    if first.fraction.any() and not fraction.any():
        notes = (
            *notes,
            Message(
                "Replicates ({method}) treat PSUs as drawn with replacement: the fpc is left out and"
                " standard errors are on the safe side.",
                {"method": made.method},
            ),
        )
    return replace(sample, design=replace(design, replicates=made, notes=notes))


def _number_problems(n: object, seed: object, rho: object) -> list[Problem]:
    problems = []
    if n is not None and not isinstance(n, (int, np.integer)):
        problems.append(
            Problem(
                "the number of replicates is not a whole number",
                of_argument("n"),
                "2 or more, for the bootstrap only",
                repr(n),
            )
        )
    if seed is not None and not (
        isinstance(seed, np.random.Generator) or (isinstance(seed, (int, np.integer)) and seed >= 0)
    ):
        problems.append(
            Problem(
                "the seed is not a whole number of 0 or more",
                of_argument("seed"),
                "an integer, so that the result can be made again",
                repr(seed),
            )
        )
    if not isinstance(rho, (int, float, np.number)):
        problems.append(
            Problem("rho is not a number", of_argument("rho"), "0 <= rho < 1", repr(rho))
        )
    return problems


def _problems(
    design: SurveyDesign, method: str, n: int | None, seed: int | None, rho: float, m_h: Int
) -> list[Problem]:
    problems = unknown("unknown replicate method", "method", method, METHODS)
    if problems:
        return problems
    problems = _argument_problems(method, n, seed, rho)
    if design.replicates is not None:
        problems.append(
            Problem("the sample has replicates already", fix="Start from the linearised sample.")
        )
    if design.cluster_deff != 1:
        problems.append(
            Problem(
                what="replicates cannot carry a supplied cluster effect",
                where=worded("argument 'cluster_deff' of the design"),
                expected="1",
                got=worded("{cluster_deff:g}", {"cluster_deff": design.cluster_deff}),
                fix="Use the linearised design.",
            )
        )
    if method in ("brr", "fay") and (m_h != 2).any():
        problems.append(
            Problem(
                what="balanced half samples need two PSUs in every stratum",
                where="strata",
                expected="2 in each",
                got=worded(
                    "{quantity} with another number",
                    {"quantity": Quantity(int((m_h != 2).sum()), "stratum", "strata", 0)},
                ),
                fix="Use the bootstrap or the jackknife.",
            )
        )
    count = {"bootstrap": n or 500, "jackknife": design.psus}.get(method, 2 * m_h.size + 2)
    if design.psus * count > _LARGEST:
        problems.append(
            Problem(
                what="too many replicate factors",
                where=worded("{psus:,} PSUs", {"psus": design.psus}),
                expected=worded(
                    "PSUs times replicates of at most {largest:,}", {"largest": _LARGEST}
                ),
                got=worded("{psus:,}", {"psus": design.psus * count}),
                fix="Use the linearised design.",
            )
        )
    return problems


def _argument_problems(method: str, n: int | None, seed: int | None, rho: float) -> list[Problem]:
    problems = []
    if method == "bootstrap" and seed is None:
        problems.append(
            Problem(
                "the bootstrap needs a seed",
                of_argument("seed"),
                "an integer, so that the result can be made again",
                "None",
            )
        )
    if n is not None and (method != "bootstrap" or n < 2):
        problems.append(
            Problem(
                "the number of replicates does not fit",
                of_argument("n"),
                "2 or more, for the bootstrap only",
                worded("{count} with {method}", {"count": n, "method": method}),
            )
        )
    if not 0 <= rho < 1:
        problems.append(
            Problem("rho is out of range", of_argument("rho"), "0 <= rho < 1", str(rho))
        )
    return problems


def _bootstrap(
    stratum: Int, m_h: Int, fraction: Float, n: int, rng: np.random.Generator
) -> tuple[Float, float, Float]:
    factor = np.ones((stratum.size, n))
    order = np.argsort(stratum, kind="stable")
    ends = np.cumsum(m_h)
    for h, size in enumerate(m_h):
        if size > 1 and fraction[h] < 1:
            draw = rng.integers(0, size, (n, size - 1)) + size * np.arange(n)[:, None]
            count = np.bincount(draw.ravel(), minlength=n * size).reshape(n, size).T
            factor[order[ends[h] - size : ends[h]]] = 1 + np.sqrt(1 - fraction[h]) * (
                size / (size - 1) * count - 1
            )
    return factor, 1.0 / (n - 1), np.ones(n)


def _moved(factor: Float, alone: Int, size: Float, rng: np.random.Generator) -> Float:
    """The factors with PSUs that are alone in their stratum moved away from the mean of all PSUs,
    each by a drawn sign: its deviation squared is what the variance adds.
    """
    if not alone.size or len(factor) == 1:
        return factor
    sign = rng.choice([-1.0, 1.0], (alone.size, factor.shape[1])) * size[:, None]
    factor[alone] += sign
    moved: Float = factor * (1 - sign.sum(axis=0) / len(factor))
    return moved


def _jackknife(stratum: Int, m_h: Int, fraction: Float) -> tuple[Float, float, Float]:
    m = stratum.size
    factor = np.ones((m, m))
    size = m_h[stratum]
    for h in range(m_h.size):
        index = np.flatnonzero(stratum == h)
        if index.size > 1:
            factor[np.ix_(index, index)] = index.size / (index.size - 1)
    factor[np.arange(m)[size > 1], np.arange(m)[size > 1]] = 0.0
    rscales = (size - 1) / size * (1 - fraction[stratum])
    return (factor, float(rscales[0]), np.ones(m)) if m_h.size == 1 else (factor, 1.0, rscales)


def _half_samples(stratum: Int, strata: int, rho: float) -> tuple[Float, float, Float]:
    b = 1 << int(np.ceil(np.log2(strata + 1)))
    sign = hadamard(b)[1 : strata + 1].astype(float)
    order = np.argsort(stratum, kind="stable")
    side = np.empty(stratum.size)
    side[order] = np.tile([1.0, -1.0], strata)
    return 1 + (1 - rho) * side[:, None] * sign[stratum], 1.0 / (b * (1 - rho) ** 2), np.ones(b)
