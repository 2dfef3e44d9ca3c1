"""Covariates of a comparison as columns that keep their names, and the categories that its two
groups have in common.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mismes_eval.errors import IdentificationError, Problem, in_column, worded
from mismes_eval.numerics.rows import Bool, Float, Int
from mismes_eval.weighting.covariates import main_effect, unreadable
from mismes_eval.weighting.numbers import float64


@dataclass(frozen=True)
class Category:
    """A column of categories. code (N,) of the labels; first: the column of its second label's
    indicator; the first label has none.
    """

    column: str
    code: Int
    labels: tuple[object, ...]
    first: int

    def named(self, labels: Int) -> list[str]:
        """Some labels, by position, as a message names them."""
        return [f"{self.column}={self.labels[label]}" for label in labels]


@dataclass(frozen=True)
class Covariates:
    """x (N, q): intercept and main effects; names (q,)."""

    x: Float
    names: tuple[str, ...]
    categories: tuple[Category, ...] = ()


@dataclass(frozen=True)
class Common:
    """What treated and compared rows share. alone: labels that only the treated have, so that
    nobody stands for them; kept: mask of the compared rows with a label that a treated row has;
    beyond: the labels of the others; columns: those that both groups can hold, None for all.
    """

    alone: tuple[str, ...]
    kept: Bool | None
    beyond: tuple[str, ...]
    columns: Int | None


EVERYTHING = Common((), None, (), None)


def none_of(n: int) -> Covariates:
    """No covariates: the intercept of n rows."""
    return Covariates(np.ones((n, 1)), ("Intercept",))


def covariates_of(frame: pd.DataFrame, columns: Sequence[str]) -> Covariates:
    """Intercept and main effects of all rows. Raises IdentificationError for columns that cannot be
    main effects, and for missing values.
    """
    if not columns:
        return none_of(len(frame))
    everywhere = np.ones(len(frame), bool)
    problems = unreadable(frame, list(columns), everywhere) or [
        Problem(
            what="a covariate is missing",
            where=in_column(column),
            expected="a value in every row of the domain",
            got=worded("missing"),
            fix="Narrow the domain, or make missing a category.",
            count=int(frame[column].isna().sum()),
        )
        for column in columns
        if frame[column].isna().any()
    ]
    IdentificationError.refuse(problems)
    blocks, names = [np.ones((len(frame), 1))], ["Intercept"]
    categories = []
    for column in columns:
        values, labels = main_effect(frame[column])
        if isinstance(frame[column].dtype, pd.CategoricalDtype) or float64(frame[column]) is None:
            code = pd.Categorical(frame[column]).remove_unused_categories()
            categories.append(
                Category(column, code.codes.astype(np.intp), tuple(code.categories), len(names))
            )
        blocks.append(values)
        names += labels
    return Covariates(np.column_stack(blocks), tuple(names), tuple(categories))


def common(covariates: Covariates, treated: Int, compared: Int, propensity: bool) -> Common:
    """What two groups of rows share. propensity: whether compared rows that resemble nobody treated
    have no part, their odds being 0.
    """
    alone: list[str] = []
    beyond: list[str] = []
    kept = np.ones(compared.size, bool)
    absent: list[int] = []
    for category in covariates.categories:
        k = len(category.labels)
        ours = np.bincount(category.code[treated], minlength=k) > 0
        theirs = np.bincount(category.code[compared], minlength=k) > 0
        if ours.all() and theirs.all():
            continue
        alone += category.named(np.flatnonzero(ours & ~theirs))
        if propensity:
            beyond += category.named(np.flatnonzero(theirs & ~ours))
            kept &= ours[category.code[compared]]
        present = np.flatnonzero(ours if propensity else ours | theirs)
        absent += [category.first + j - 1 for j in range(1, k) if j not in present[1:]]
    if not absent and not alone and not beyond:
        return EVERYTHING
    columns = np.setdiff1d(np.arange(covariates.x.shape[1]), absent)
    return Common(tuple(alone), kept if beyond else None, tuple(beyond), columns)
