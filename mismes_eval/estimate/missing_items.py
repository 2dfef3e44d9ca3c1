"""Answers that are missing to single questions: multiple imputation, and the fractional hot deck as
a weight step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.imputation.mice import MICEData

from mismes_eval.errors import (
    EstimateError,
    Problem,
    in_column,
    kind_of,
    of_argument,
    of_arguments,
    worded,
)
from mismes_eval.estimate.estimate import Estimate, need_estimates
from mismes_eval.estimate.result_table import ResultTable
from mismes_eval.message import Message
from mismes_eval.numerics.qr import Collinear, check_rank
from mismes_eval.numerics.rows import Float, Int
from mismes_eval.public import Count, Level, Seed, public
from mismes_eval.weighting.arguments import as_names
from mismes_eval.weighting.columns import Stated, read
from mismes_eval.weighting.covariates import main_effect, unreadable
from mismes_eval.weighting.nonresponse import nonresponse
from mismes_eval.weighting.numbers import float64
from mismes_eval.weighting.sample import Sample

ANSWERED = "_answered"
WEIGHT = "_log_weight"
FEWEST = 2


@dataclass(frozen=True)
class Imputed(ResultTable):
    """Estimates over imputations, by Rubin's rules. value, se, degf (p,); within, between (p,):
    mean variance of the imputations, and variance between them; missing (p,): share of the
    information that is missing; n (p,): rows behind each, imputed ones too; imputations: how many.
    """

    names: tuple[str, ...]
    value: Float
    se: Float
    degf: Float
    within: Float
    between: Float
    missing: Float
    n: Float
    imputations: int
    definition: str
    notes: tuple[str, ...]

    def ci(self, level: Level = 0.95) -> pd.DataFrame:
        """Interval of each value, columns low and high."""
        reach = stats.t.ppf(0.5 + level / 2, self.degf) * self.se
        return pd.DataFrame({"low": self.value - reach, "high": self.value + reach})

    def ends(self, level: Level = 0.95) -> tuple[Float, Float]:
        """The interval of each value, as two arrays (p,)."""
        ci = self.ci(level)
        return ci["low"].to_numpy(), ci["high"].to_numpy()

    @property
    def pvalue(self) -> Float:
        """(p,) of the test that a value is 0."""
        return np.asarray(2 * stats.t.sf(np.abs(self.value / self.se), self.degf))

    def to_frame(self, level: float = 0.95) -> pd.DataFrame:
        """One row a value."""
        ci = self.ci(level)
        return pd.DataFrame(
            {
                "name": self.names,
                "value": self.value,
                "se": self.se,
                "ci_low": ci["low"],
                "ci_high": ci["high"],
                "p": self.pvalue,
                "degf": self.degf,
                "missing information": self.missing,
            }
        )


@public(EstimateError)
def impute(
    sample: Sample,
    columns: Sequence[str],
    predictors: Sequence[str],
    imputations: Count = 20,
    rounds: Count = 10,
    seed: Seed = 1,
) -> tuple[Sample, ...]:
    """Copies of a sample with missing answers drawn by chained equations.

    Parameters
    ----------
    sample : whose domain is imputed; rows outside keep their gaps.
    columns : numeric or yes-no columns with gaps; predictive mean matching draws values that occur.
    predictors : complete columns (text becomes indicators). Whatever the analysis compares belongs
        among them: arm, outcome before, strata. The logarithm of the weight is always one, and
        where PSUs have several rows, the mean of the column's other answers in the PSU.
    imputations : copies.
    rounds : of the chain before the first copy, and between two.

    Returns
    -------
    Samples on one design, for `over_imputations`.

    Raises
    ------
    EstimateError : columns without gaps or without answers, predictors with gaps.

    References
    ----------
    van Buuren (2018), Flexible Imputation of Missing Data, 2nd ed.; chained equations by
    statsmodels (MICEData). Reiter, Raghunathan and Kinney (2006), Survey Methodology 32, 143-149
    (without the PSUs among the predictors, errors come out too small).
    """
    listed = list(as_names(columns, "columns", EstimateError))
    known = list(as_names(predictors, "predictors", EstimateError))
    _refuse_twice(listed)
    read(
        sample,
        **{f"k{i}": Stated(column, missing=True) for i, column in enumerate([*listed, *known])},
    )
    inside = sample.active
    frame = sample.frame.loc[inside]
    table = _table(frame, listed, known, sample.weights[inside])
    table = table.assign(**_in_psus(table, listed, sample.design.psu[inside]))
    chain = MICEData(table.copy(), rng=np.random.default_rng(seed))
    out = []
    for _ in range(imputations):
        chain.update_all(rounds)
        filled: dict[str, object] = {}
        for column in listed:
            whole = np.full(sample.n, np.nan)
            outside = float64(sample.frame[column])
            whole[:] = np.nan if outside is None else outside
            whole[inside] = chain.data[_safe(listed.index(column))].to_numpy(float)
            filled[column] = whole
        note = f"{imputations} imputations of {', '.join(listed)} by chained equations."
        out.append(sample.with_columns(filled).flagged(note))
    return tuple(out)


@public(EstimateError, answers=True)
def over_imputations(samples: Sequence[Sample], verb: Callable[[Sample], Estimate]) -> Imputed:
    """An estimate made on every imputed sample, combined.

    Parameters
    ----------
    samples : of `impute`.
    verb : makes the estimate of one sample, for instance `lambda s: me.mean(s, "earnings",
        by="arm")`.

    Returns
    -------
    Imputed: Rubin's total variance; degrees of freedom of Barnard and Rubin from those of the
    design and of each value. NotEstimable over a domain without rows.

    References
    ----------
    Rubin (1987), Multiple Imputation for Nonresponse in Surveys; Barnard and Rubin (1999),
    Biometrika 86, 948-955.
    """
    if not isinstance(samples, (tuple, list)) or not callable(verb):
        raise EstimateError(
            Problem(
                "imputed samples cannot be gone through",
                of_arguments("samples", "verb"),
                "the samples of `impute`, and a function of a sample",
                worded(
                    "{kind} and {other}",
                    {"kind": kind_of(samples), "other": kind_of(verb)},
                ),
            )
        )
    return combine_imputations([verb(sample) for sample in samples])


@public(EstimateError)
def combine_imputations(estimates: Sequence[Estimate]) -> Imputed:
    """Estimates of the same values on imputed samples, combined by Rubin's rules.

    Parameters
    ----------
    estimates : two or more, one of each imputed sample, with the same names in the same order.

    Returns
    -------
    Imputed: as from `over_imputations`, which also makes the estimates.

    Raises
    ------
    EstimateError : fewer than two estimates, or estimates of different values.

    References
    ----------
    Rubin (1987), Multiple Imputation for Nonresponse in Surveys; Barnard and Rubin (1999),
    Biometrika 86, 948-955.
    """
    listed = isinstance(estimates, (tuple, list))
    need_estimates(tuple(estimates) if listed else (estimates,), "combine_imputations")
    made = list(estimates)
    if len(made) < FEWEST or any(estimate.names != made[0].names for estimate in made):
        raise EstimateError(
            Problem(
                "imputations cannot be combined",
                "combine_imputations",
                "two or more estimates of the same values",
                worded(
                    "{made} estimates, {value} sets of names",
                    {"made": len(made), "value": len({estimate.names for estimate in made})},
                ),
            )
        )
    value = np.array([estimate.value for estimate in made])
    within = np.mean([estimate.se**2 for estimate in made], axis=0)
    between = value.var(axis=0, ddof=1)
    total = within + (1 + 1 / len(made)) * between
    complete = np.min([estimate.degf for estimate in made], axis=0)
    degf = barnard_rubin(within, between, len(made), complete)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (1 + 1 / len(made)) * between / within
        missing = (ratio + 2 / (degf + 3)) / (ratio + 1)
    return Imputed(
        names=made[0].names,
        value=value.mean(axis=0),
        se=np.sqrt(total),
        degf=degf,
        within=within,
        between=between,
        missing=missing,
        n=np.asarray(made[0].n, float),
        imputations=len(made),
        definition=made[0].definition,
        notes=made[0].notes,
    )


def barnard_rubin(within: Float, between: Float, imputations: int, complete: Float) -> Float:
    """(p,) degrees of freedom; complete (p,): those that full data would have."""
    share = (1 + 1 / imputations) * between
    share = share / (within + share)
    with np.errstate(divide="ignore"):
        old = (imputations - 1) / share**2
    seen = (complete + 1) / (complete + 3) * complete * (1 - share)
    return np.where(np.isinf(old), seen, old * seen / np.where(np.isinf(old), 1.0, old + seen))


@public(EstimateError)
def hot_deck(sample: Sample, item: str, cells: str | Sequence[str]) -> Sample:
    """The fully efficient fractional hot deck as a weight step: in each cell those who answered the
    item stand for those who did not, in shares of their weights.

    Parameters
    ----------
    item : column with gaps.
    cells : columns known for all whose combinations are the cells.

    Returns
    -------
    Sample for estimates of this item: who did not answer it has weight 0. Its estimation reaches
    every later standard error.

    References
    ----------
    Kim and Fuller (2004), Biometrika 91, 559-578.
    """
    read(sample, item=Stated(item, missing=True))
    answered = sample.frame[item].notna().to_numpy(float)
    return nonresponse(sample.with_columns({ANSWERED: answered}), ANSWERED, cells, "cells")


def _refuse_twice(columns: list[str]) -> None:
    twice = [column for column in dict.fromkeys(columns) if columns.count(column) > 1]
    if twice:
        raise EstimateError(
            [
                Problem("a column is imputed twice", in_column(column), "every column once")
                for column in twice
            ]
        )


def _safe(position: int) -> str:
    """A column's name that a formula can hold."""
    return f"y{position}"


def _in_psus(table: pd.DataFrame, columns: list[str], psu: Int) -> dict[str, Float]:
    """Predictors (p0, p1, ...): mean of the other answers to each column in a row's PSU, of all
    answers where there is no other. None where PSUs are single rows.
    """
    _, place = np.unique(psu, return_inverse=True)
    made = {}
    for k in range(len(columns)):
        values = table[_safe(k)].to_numpy(float)
        told = ~np.isnan(values)
        answer = np.where(told, values, 0.0)
        count = np.bincount(place, told)[place] - told
        total = np.bincount(place, answer)[place] - answer
        mean = np.where(count > 0, total / np.maximum(count, 1), values[told].mean())
        if np.ptp(mean) > 0:
            made[f"p{k}"] = mean
    return made


def _table(
    frame: pd.DataFrame, columns: list[str], predictors: list[str], weights: Float
) -> pd.DataFrame:
    """The columns to be imputed (y0, y1, ...) and complete predictors (x0, x1, ...), as floats."""
    problems = []
    made = {}
    for place, column in enumerate(columns):
        values = float64(frame[column])
        gaps = np.ones(len(frame), bool) if values is None else np.isnan(values)
        if values is None or not gaps.any() or gaps.all():
            problems.append(
                Problem(
                    "a column cannot be imputed",
                    in_column(column),
                    "numbers or yes-no with some answers and some gaps",
                    worded("text")
                    if values is None
                    else Message("{a:,} gaps of {b:,}", {"a": int(gaps.sum()), "b": gaps.size}),
                )
            )
        made[_safe(place)] = values
    incomplete = [predictor for predictor in predictors if frame[predictor].isna().any()]
    if incomplete or not predictors:
        problems.append(
            Problem(
                what="predictors are not complete",
                where=", ".join(incomplete) or of_argument("predictors"),
                expected="columns without gaps",
                got=worded("gaps") if incomplete else worded("none"),
                fix="Impute them as well, or leave them out.",
            )
        )
    EstimateError.refuse([*problems, *unreadable(frame, predictors, np.ones(len(frame), bool))])
    known = _independent(np.hstack([main_effect(frame[column])[0] for column in predictors]))
    made |= {f"x{place}": column for place, column in enumerate(known.T)}
    if np.ptp(weights) > 0:
        made[WEIGHT.strip("_")] = np.log(weights) if (weights > 0).all() else weights
    return pd.DataFrame(made)


def _independent(x: Float) -> Float:
    """(n, q) columns about their means, without those that follow from others: they predict nothing
    more.
    """
    x = x[:, np.ptp(x, axis=0) > 0]
    x = x - x.mean(axis=0)
    while x.shape[1]:
        try:
            check_rank(x, np.ones(len(x)))
        except Collinear as error:
            x = np.delete(x, [column for column, _ in error.dependent], axis=1)
        else:
            break
    return x
