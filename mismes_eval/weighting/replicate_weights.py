"""Replicate weights that come with a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mismes_eval.errors import DesignError, Problem, in_column, of_argument, worded
from mismes_eval.message import Message
from mismes_eval.numerics.rows import Float, Int
from mismes_eval.weighting.arguments import as_names
from mismes_eval.weighting.design import ReplicateSet, SurveyDesign, rank
from mismes_eval.weighting.numbers import numbers_in
from mismes_eval.weighting.stages import weight_problems

FILE_METHODS = ("bootstrap", "jk1", "jk2", "jkn", "brr", "fay", "successive-difference")


_ALIASES = {"sdr": "successive-difference", "acs": "successive-difference"}


MEANS = (
    0.5,
    2.0,
)  # mean replicate weight over mean weight, of columns that are what they are said to be


@dataclass(frozen=True)
class ReplicateWeights:
    """Replicate weights that a file brings: `Sample.from_frame(frame, weights=...,
    replicates=ReplicateWeights(columns, "fay", rho=0.3))`.

    columns : the replicate weights, in order; negative ones are used as they are (ACS).
    method : "bootstrap", "jk1", "jk2" (two PSUs a stratum, one replicate each), "jkn", "brr",
        "fay", "successive-difference" (ACS, CPS; also "sdr", "acs").
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
        value = np.column_stack([numbers_in(frame[column]) for column in columns])
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
                "a replicate weight column is named twice", in_column(column), "every column once"
            )
            for column in dict.fromkeys(columns)
            if columns.count(column) > 1
        ]
        problems += self._method_problems(len(columns))
        for column in columns:
            if column in frame.columns:
                problems += weight_problems(frame[column], negative=True)
        return problems

    def _method_problems(self, count: int) -> list[Problem]:
        """What does not fit the method, or so many columns."""
        problems = []
        if self.kind not in FILE_METHODS:
            problems.append(
                Problem(
                    "unknown replicate method",
                    of_argument("method"),
                    worded("one of {file_methods}", {"file_methods": ", ".join(FILE_METHODS)}),
                    repr(self.method),
                )
            )
        if count < 2:
            problems.append(
                Problem(
                    "too few replicate weights",
                    of_argument("columns"),
                    "at least two",
                    str(count),
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
            len(self.rscales) != count or not (np.asarray(self.rscales, float) >= 0).all()
        ):
            problems.append(
                Problem(
                    "rscales do not fit",
                    of_argument("rscales"),
                    worded("{columns} numbers of 0 or more", {"columns": count}),
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
        return problems

    def _contradicted(self, value: Float, base: Float) -> list[Problem]:
        """What the mean of the columns says against `combined`."""
        replicate, weight = float(value.mean()), float(base.mean())
        as_whole = replicate / weight
        as_factor = replicate
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


def _rows_of(factor: Float, psu: Int, m: int) -> tuple[Int | None, Float]:
    """Factors by PSU where they are constant inside each (unit None), else by distinct row of the
    file.
    """
    first = np.full(m, psu.size, np.intp)
    np.minimum.at(first, psu, np.arange(psu.size))
    if np.abs(factor - factor[first][psu]).max() <= 1e-12 * np.abs(factor).max():
        return None, factor[first]
    return np.arange(psu.size), factor
