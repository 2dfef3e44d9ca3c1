"""Replicate factors: bootstrap, jackknife, balanced half samples, and replicate weights that come
with a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.linalg import hadamard

from mismes_eval.errors import DesignError, Problem, in_column, of_argument, worded
from mismes_eval.message import Message, Quantity
from mismes_eval.numerics.rows import Float, Int
from mismes_eval.weighting.arguments import as_names
from mismes_eval.weighting.design import ReplicateSet, SurveyDesign, rank
from mismes_eval.weighting.sample import Sample, needs_sample
from mismes_eval.weighting.stages import weight_problems

METHODS = ("bootstrap", "jackknife", "brr", "fay")
FILE_METHODS = ("bootstrap", "jk1", "jk2", "jkn", "brr", "fay", "successive-difference")
_ALIASES = {"sdr": "successive-difference", "acs": "successive-difference"}
MEANS = (
    0.5,
    2.0,
)  # mean replicate weight over mean weight, of columns that are what they are said to be
_LARGEST = 60_000_000  # PSUs times replicates


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
    DesignError : strata with one PSU (unless lonely_psu is "remove" or "certainty": their factors
        stay 1), strata without exactly two PSUs for BRR.

    References
    ----------
    Rao, Wu and Yue (1992), Survey Methodology 18, 209-217; Rust and Rao (1996), Statistical Methods
    in Medical Research 5, 283-310.
    """
    needs_sample(sample, "replicates")
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
    if method == "bootstrap":
        count = 500 if n is None else n
        factor, scale, rscales = _bootstrap(
            first.stratum, m_h, fraction, count, np.random.default_rng(seed)
        )
        made = ReplicateSet(
            factor=factor,
            scale=scale,
            rscales=rscales,
            mse=mse,
            method=Message("Rao-Wu bootstrap (seed {seed})", {"seed": f"{seed}"}),
            degf=min(degf, count - 1.0),
        )
    elif method == "jackknife":
        factor, scale, rscales = _jackknife(first.stratum, m_h, fraction)
        made = ReplicateSet(
            factor=factor,
            scale=scale,
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


@dataclass(frozen=True)
class ReplicateWeights:
    """Replicate weights that a file brings: `Sample.from_frame(frame, weights=...,
    replicates=ReplicateWeights(columns, "fay", rho=0.3))`.

    columns : the replicate weights, in order; negative ones are used as they are (ACS).
    method : "bootstrap", "jk1", "jk2" (two PSUs a stratum, one replicate each), "jkn", "brr", "fay",
        "successive-difference" (ACS, CPS; also "sdr", "acs").
    combined : True where a column holds the whole weight (R: combined.weights), False where it
        multiplies the base weight. What the mean of the columns contradicts is refused.
    scale, rscales : of the variance sum scale * sum rscales_b (t_b - centre)^2; None for what the
        method implies (bootstrap 1/(B-1), JK1 (B-1)/B, JK2 1, BRR 1/B, Fay 1/(B (1-rho)^2),
        successive differences 4/B). JKn needs rscales.
    mse : centre on the full-sample estimate, as the Census Bureau's formula for successive
        differences does; False: on the mean of the replicates (R survey's default).
    degf : degrees of freedom; None: rank of the replicate weights less 1 (R survey: degf).
    """

    columns: Sequence[str]
    method: str
    scale: float | None = None
    rscales: Sequence[float] | None = None
    rho: float | None = None
    combined: bool = True
    mse: bool = False
    degf: float | None = None

    @property
    def kind(self) -> str:
        """The method by its own name."""
        spelled = str(self.method).lower().replace("_", "-").removesuffix("s")
        return _ALIASES.get(spelled, spelled)

    def attach(self, frame: pd.DataFrame, design: SurveyDesign) -> SurveyDesign:
        """The design with these replicates. Raises DesignError listing every problem."""
        columns = as_names(self.columns, "columns")
        problems = [
            *self._numbers(),
            *(self._problems(frame, columns) if not self._numbers() else []),
        ]
        DesignError.refuse(problems)
        value = frame[list(columns)].to_numpy(float)
        base = design.base[:, None]
        contradicted = self._contradicted(value, design.base)
        DesignError.refuse(contradicted)
        without = (design.base == 0) & (value != 0).any(axis=1)
        if self.combined and without.any():
            raise DesignError(
                Problem(
                    what="replicate weights stand beside a zero weight",
                    where=worded("replicate columns"),
                    expected="0 where the weight is 0",
                ).in_rows(np.flatnonzero(without))
            )
        factor = (
            np.divide(value, base, out=np.zeros_like(value), where=base != 0)
            if self.combined
            else value
        )
        unit, table = _rows_of(factor, design.base_psu, design.psus)
        b = len(columns)
        known = {
            "bootstrap": 1 / (b - 1),
            "jk1": (b - 1) / b,
            "jk2": 1.0,
            "jkn": 1.0,
            "successive-difference": 4 / b,
            "brr": 1 / b,
            "fay": 1 / (b * (1 - (self.rho or 0.0)) ** 2),
        }
        scale = known[self.kind] if self.scale is None else self.scale
        rscales = np.ones(b) if self.rscales is None else np.asarray(self.rscales, float)
        degf = (
            rank(value if self.combined else value * base) - 1.0 if self.degf is None else self.degf
        )
        return replace(
            design,
            replicates=ReplicateSet(
                factor=table,
                scale=scale,
                rscales=rscales,
                mse=self.mse,
                method=Message("replicate weights of the file ({method})", {"method": self.kind}),
                degf=degf,
                unit=unit,
            ),
        )

    def _numbers(self) -> list[Problem]:
        """What is no number where one is due."""
        problems = [
            Problem(
                worded("{name} is not a finite number", {"name": name}),
                of_argument(name),
                "a number, or None",
                repr(value),
            )
            for name, value in (("scale", self.scale), ("rho", self.rho), ("degf", self.degf))
            if value is not None
            and not (isinstance(value, (int, float, np.number)) and not np.isinf(value))
        ]
        try:
            given = None if self.rscales is None else np.asarray(self.rscales, float)
        except (TypeError, ValueError):
            given = np.zeros(())
        if given is not None and given.ndim != 1:
            problems.append(
                Problem(
                    "rscales are not numbers",
                    of_argument("rscales"),
                    "a list of numbers",
                    repr(self.rscales),
                )
            )
        return problems

    def _problems(self, frame: pd.DataFrame, columns: tuple[str, ...]) -> list[Problem]:
        problems = [
            Problem(
                "a replicate weight column is not in the frame",
                in_column(column),
                "one of the frame's columns",
            )
            for column in columns
            if column not in frame.columns
        ]
        problems += [
            Problem(
                "a replicate weight column is named twice",
                in_column(column),
                "every column once",
            )
            for column in dict.fromkeys(columns)
            if columns.count(column) > 1
        ]
        if self.kind not in FILE_METHODS:
            problems.append(
                Problem(
                    "unknown replicate method",
                    of_argument("method"),
                    worded("one of {file_methods}", {"file_methods": ", ".join(FILE_METHODS)}),
                    repr(self.method),
                )
            )
        if len(columns) < 2:
            problems.append(
                Problem(
                    "too few replicate weights",
                    of_argument("columns"),
                    "at least two",
                    str(len(columns)),
                )
            )
        if self.kind == "fay" and (self.rho is None or not 0 <= self.rho < 1):
            problems.append(
                Problem(
                    "Fay's method needs rho",
                    of_argument("rho"),
                    "a number in [0, 1) from the survey's documentation",
                    repr(self.rho),
                )
            )
        if self.kind != "fay" and self.rho is not None:
            problems.append(
                Problem("rho belongs to Fay's method", of_argument("rho"), "None", repr(self.rho))
            )
        if self.kind == "jkn" and self.rscales is None:
            problems.append(
                Problem(
                    "JKn needs rscales",
                    of_argument("rscales"),
                    "(n_h - 1) / n_h of the stratum of each replicate",
                    "None",
                )
            )
        if self.rscales is not None and (
            len(self.rscales) != len(columns) or not (np.asarray(self.rscales, float) >= 0).all()
        ):
            problems.append(
                Problem(
                    "rscales do not fit",
                    of_argument("rscales"),
                    worded("{columns} numbers of 0 or more", {"columns": len(columns)}),
                    str(len(self.rscales)),
                )
            )
        if self.scale is not None and not self.scale > 0:
            problems.append(
                Problem(
                    "the scale is not positive",
                    of_argument("scale"),
                    "a number above 0",
                    str(self.scale),
                )
            )
        if self.degf is not None and not self.degf > 0:
            problems.append(
                Problem(
                    "the degrees of freedom are not positive",
                    of_argument("degf"),
                    "a number above 0, or None",
                    str(self.degf),
                )
            )
        for column in columns:
            if column in frame.columns:
                problems += weight_problems(frame[column], negative=True)
        return problems

    def _contradicted(self, value: Float, base: Float) -> list[Problem]:
        """What the mean of the columns says against `combined`."""
        replicate, weight = float(value.mean()), float(base.mean())
        as_whole, as_factor = replicate / weight, replicate
        said, other = (as_whole, as_factor) if self.combined else (as_factor, as_whole)
        if MEANS[0] <= said <= MEANS[1] or not MEANS[0] <= other <= MEANS[1]:
            return []
        words = ("whole weights", "factors") if self.combined else ("factors", "whole weights")
        return [
            Problem(
                what=worded(
                    "replicate columns are not the {words} that they are said to be",
                    {"words": words[0]},
                ),
                where=of_argument("combined"),
                expected=worded("a mean near {weight:.6g}", {"weight": weight})
                if self.combined
                else "a mean near 1",
                got=worded(
                    "a mean of {replicate:.6g}: they look like {words}",
                    {"replicate": replicate, "words": words[1]},
                ),
                fix=worded("Say combined={value}.", {"value": not self.combined}),
            )
        ]


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
    if method not in METHODS:
        return [
            Problem(
                "unknown replicate method",
                of_argument("method"),
                worded("one of {methods}", {"methods": ", ".join(METHODS)}),
                repr(method),
            )
        ]
    problems = []
    if design.replicates is not None:
        problems.append(
            Problem("the sample has replicates already", fix="Start from the linearised sample.")
        )
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
    elif design.lonely_strata and design.lonely not in ("remove", "certainty"):
        problems.append(
            Problem(
                what="strata with one PSU cannot be resampled",
                where="strata",
                expected="at least two PSUs in each",
                got=", ".join(design.lonely_strata[:10]),
                fix="Merge strata, or choose lonely_psu='certainty' or 'remove', which keep their"
                " factor at 1.",
                count=len(design.lonely_strata),
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


def _rows_of(factor: Float, psu: Int, m: int) -> tuple[Int | None, Float]:
    """Factors by PSU where they are constant inside each (unit None), else by distinct row of the
    file.
    """
    first = np.full(m, psu.size, np.intp)
    np.minimum.at(first, psu, np.arange(psu.size))
    if np.abs(factor - factor[first][psu]).max() <= 1e-12 * np.abs(factor).max():
        return None, factor[first]
    return np.arange(psu.size), factor
