"""Margins as rows of calibration variables and their targets, by person or by whole units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mismes_eval.errors import CalibrationError, Problem, in_column, of_argument, worded
from mismes_eval.numerics.rows import Bool, Float, Int, Rows, cells
from mismes_eval.weighting.sample import Sample

Level = object


@dataclass(frozen=True)
class Margins:
    """x: n rows of q calibration variables; totals (q,); total_vcov (q, q) or None; labels (q,)
    "column=level"; margin (q,) the key each stands under.
    """

    x: Rows
    totals: Float
    total_vcov: Float | None
    labels: tuple[str, ...]
    margin: tuple[str, ...]


@dataclass(frozen=True)
class Category:
    name: str
    code: Int
    levels: tuple[Level, ...]
    totals: Float


def assemble(
    sample: Sample,
    categorical: list[Category],
    numeric: list[tuple[str, Float, float]],
    vcov: Float | None,
    unit: str | None,
) -> Margins:
    """The rows of the domain and their targets."""
    sizes = [len(margin.levels) for margin in categorical]
    levels = [(margin.name, level) for margin in categorical for level in margin.levels]
    numbers = [name for name, _, _ in numeric]
    labels = (*(f"{name}={_level(level)}" for name, level in levels), *numbers)
    owner = (*(name for name, _ in levels), *numbers)
    sums = [total for _, _, total in numeric]
    targets = np.concatenate([*(margin.totals for margin in categorical), np.array(sums)])
    constant = [j for j, (name, _, _) in enumerate(numeric) if name == "1"]
    if categorical:
        combination, cell = cells([margin.code for margin in categorical], sizes)
    else:
        combination, cell = np.zeros((1, 0), np.intp), np.zeros(sample.n, np.intp)
    indicator = np.zeros((combination.shape[0], sum(sizes)))
    for j, start in enumerate(np.cumsum([0, *sizes[:-1]]) if sizes else []):
        indicator[np.arange(combination.shape[0]), start + combination[:, j]] = 1.0
    if len(constant) == len(numeric) and unit is None:
        values = np.column_stack([indicator, np.ones((combination.shape[0], len(numeric)))])
        x = _zero_outside(values, cell, sample.domain)
    else:
        dense = np.column_stack([indicator[cell], *[v for _, v, _ in numeric]])
        dense[~sample.domain] = 0.0
        x = Rows(dense) if unit is None else Rows(*_unit_means(sample, dense, unit))
    return Margins(x=x, totals=targets, total_vcov=vcov, labels=labels, margin=owner)


def _zero_outside(values: Float, cell: Int, inside: Bool) -> Rows:
    """Rows of the domain, and one more distinct row of zeros for all others."""
    if inside.all():
        return Rows(values, cell)
    zeros = np.zeros((1, values.shape[1]))
    return Rows(np.vstack([values, zeros]), np.where(inside, cell, len(values)).astype(np.intp))


def _level(value: object) -> str:
    """A level as it is written in the file; of crossed columns "0, 15-19"."""
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _unit_means(sample: Sample, x: Float, unit: str) -> tuple[Float, Int]:
    """Means of x inside each unit (Lemaitre and Dufour 1987): one weight factor a unit."""
    if unit not in sample.frame.columns:
        raise CalibrationError(
            Problem(
                "the unit of constant weights is unknown",
                of_argument("unit"),
                "a column of the sample",
                repr(unit),
            )
        )
    code = pd.factorize(sample.frame[unit])[0]
    w, inside = sample.weights, sample.domain
    each = pd.Series(w).groupby(code)
    spread = (each.max() - each.min()).to_numpy() > 1e-9 * np.abs(w).max()
    cut = pd.Series(inside).groupby(code).nunique().to_numpy() > 1
    if (code < 0).any() or spread.any() or cut.any():
        raise CalibrationError(_uneven_units(unit, code, spread, cut, w))
    size = np.bincount(code)
    means = np.column_stack([np.bincount(code, weights=x[:, j]) / size for j in range(x.shape[1])])
    return means, code.astype(np.intp)


def _uneven_units(unit: str, code: Int, spread: Bool, cut: Bool, w: Float) -> list[Problem]:
    """Units without a code, with several weights, or partly in the domain."""
    where = in_column(unit)
    problems = []
    if (code < 0).any():
        lost = int((code < 0).sum())
        problems.append(
            Problem(
                "a unit has no code", where, "a code in every row", worded("missing"), count=lost
            )
        )
    if spread.any():
        zero = np.bincount(code[code >= 0], weights=(w == 0)[code >= 0]) > 0
        nonresponse = (
            " Some of their rows carry no weight: calibrate before the step that made them"
            " (nonresponse of persons), or calibrate persons, without unit=."
        )
        two_ways = (
            nonresponse
            if (spread & zero).any()
            else " Calibrate before the step that parted them, or persons, without unit=."
        )
        problems.append(
            Problem(
                what="weights differ inside units",
                where=where,
                expected="one weight and a code in every unit",
                got=worded("{spread} units with several weights", {"spread": int(spread.sum())}),
                fix=two_ways.strip(),
            )
        )
    if cut.any():
        problems.append(
            Problem(
                what="the domain cuts through units",
                where=where,
                expected="units wholly inside or outside the domain",
                got=worded("{cut} units partly inside", {"cut": int(cut.sum())}),
                fix="Narrow the sample to whole units, or calibrate persons, without unit=.",
            )
        )
    return problems
