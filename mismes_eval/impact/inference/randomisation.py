"""Randomisation inference: the statistic under every assignment that the programme could have made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from math import lgamma, log
from typing import Any, Protocol, TypeVar

import numpy as np
import pandas as pd

from mismes_eval.errors import EstimateError, MismesError, Problem, in_column, of_argument, worded
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.result_table import ResultTable
from mismes_eval.numerics.rows import Bool, Float, Int
from mismes_eval.pictures.shares import distribution
from mismes_eval.public import Seed, public
from mismes_eval.weighting.sample import Sample


class Data(Protocol):
    """A Sample, or a panel of persons with one."""

    def where(self, mask: Any) -> Any: ...

    def with_columns(self, columns: dict[str, object]) -> Any: ...


D = TypeVar("D", bound=Data)


def sample_of(data: object) -> Sample:
    """The Sample itself, or the panel's."""
    inner = data if isinstance(data, Sample) else getattr(data, "sample", None)
    if not isinstance(inner, Sample):
        raise EstimateError(
            Problem(
                "neither a sample nor a panel",
                of_argument("data"),
                "a Sample, or a panel with one row a person in .sample",
                type(data).__name__,
            )
        )
    return inner


@dataclass(frozen=True)
class RandomisationTest(ResultTable):
    """observed statistic; distribution (B,) of it under other assignments; p two-sided; enumerated:
    all assignments were taken; failed: how many had no statistic.
    """

    observed: float
    distribution: Float
    p: float
    enumerated: bool
    failed: int
    studentised: bool
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row: statistic, p, assignments, enumerated, failed."""
        return pd.DataFrame(
            {
                "statistic": [self.observed],
                "p": self.p,
                "assignments": self.distribution.size,
                "enumerated": self.enumerated,
                "failed": self.failed,
            }
        )

    def plot(self, ax: Any = None) -> Any:
        """Histogram of the statistic under the null, the observed one marked. Returns the axes."""
        finite = int(np.isfinite(self.distribution).sum())
        statistic = "t" if self.studentised else "statistic"
        ax = distribution(
            ax,
            values=self.distribution,
            bins=min(40, max(5, finite // 10)),
            at=self.observed,
            xlabel=f"{statistic} under other assignments",
        )
        ax.set_title(f"p = {self.p:.3g}", loc="left")
        return ax


@public(EstimateError)
def randomisation_test(
    data: D,
    statistic: Callable[[D], Estimate | float],
    assignment: str,
    cluster: str | None = None,
    strata: str | None = None,
    draws: int = 999,
    seed: Seed = 1,
) -> RandomisationTest:
    """Test that the assignment had no effect on anybody, by making it anew.

    Parameters
    ----------
    data : a Sample, or a panel.
    statistic : of data like it, e.g. lambda s: att_2x2(s, ...); an Estimate of one value gives t
        (robust where arms differ in spread), a number is taken as it is.  Whatever it fits
        (propensities, weights by arm) is fitted anew each time.
    assignment : column that was assigned: treated or not, or the cohort.
    cluster : column of what was assigned together (None: each row).
    strata : column inside which it was assigned; the number assigned in each stratum is kept.
    draws : all assignments are taken where they are no more than this; otherwise that many are
        drawn with `seed`.

    Returns
    -------
    RandomisationTest. p counts the actual assignment in; assignments under which the statistic
    fails count as at least as large, and are reported.

    Raises
    ------
    EstimateError : unknown columns, labels missing in the domain, an assignment that varies inside
        a cluster, a cluster in several strata, only one possible assignment.

    References
    ----------
    Fisher (1935), The Design of Experiments; MacKinnon and Webb (2020), Journal of Econometrics
    218, 435-450; Chung and Romano (2013), Annals of Statistics 41, 484-507.
    """
    if draws < 1:
        raise EstimateError(
            Problem("no assignment is drawn", of_argument("draws"), "1 or more", str(draws))
        )
    code, label, stratum, rows = _units(sample_of(data), assignment, cluster, strata)
    groups = [np.flatnonzero(stratum == label_) for label_ in np.unique(stratum)]
    observed, studentised = _value(statistic(data))
    log_count = sum(_log_count(label[group]) for group in groups)
    if log_count < 1e-9:
        raise EstimateError(
            Problem(
                "there is only one possible assignment",
                in_column(assignment),
                "labels that differ between clusters inside a stratum",
                worded("all the same"),
            )
        )
    enumerated = log_count <= log(draws + 0.5)
    frame = sample_of(data).frame
    values = pd.unique(frame.loc[rows, assignment])
    distribution = []
    failed = 0
    for new in _all(label, groups) if enumerated else _drawn(label, groups, draws, seed):
        column = frame[assignment].copy()
        column[rows] = pd.Series(values[new[code[rows]]], index=column.index[rows]).astype(
            column.dtype
        )
        try:
            distribution.append(_value(statistic(data.with_columns({assignment: column})))[0])
        except MismesError:
            distribution.append(np.inf)
            failed += 1
    made = np.array(distribution)
    beyond = int((np.abs(made) >= abs(observed) * (1 - 1e-10)).sum())
    p = beyond / made.size if enumerated else (1 + beyond) / (1 + made.size)
    what = f"clusters by {cluster}" if cluster else "rows"
    inside = f" inside {strata}" if strata else ""
    how = "all" if enumerated else "drawn"
    notes = [
        f"Randomisation inference: '{assignment}' made anew for {label.size:,} {what}{inside},"
        f" {how} {made.size:,} assignments; the null is no effect on anybody."
    ]
    if enumerated:
        notes.append(f"No p-value below {1 / made.size:.3g} is possible.")
    if failed:
        notes.append(f"{failed:,} assignments had no statistic and count as at least as large.")
    return RandomisationTest(
        observed=observed,
        distribution=made,
        p=p,
        enumerated=enumerated,
        failed=failed,
        studentised=studentised,
        notes=tuple(notes),
    )


def _value(result: Estimate | NotEstimable | float) -> tuple[float, bool]:
    """The statistic, and whether it is studentised. What is no finite number raises EstimateError:
    it would count as smaller than anything.
    """
    if isinstance(result, NotEstimable):
        raise EstimateError(
            Problem(
                "the statistic cannot be estimated",
                of_argument("statistic"),
                "an Estimate of one value, or a number",
                result.reason,
            )
        )
    if not isinstance(result, Estimate):
        if not np.isfinite(float(result)):
            raise EstimateError(
                Problem(
                    "the statistic is no number",
                    of_argument("statistic"),
                    "a finite number",
                    str(float(result)),
                )
            )
        return float(result), False
    if result.p != 1:
        raise EstimateError(
            Problem(
                what="the statistic has several values",
                where=of_argument("statistic"),
                expected="an Estimate of one value, or a number",
                got=worded("{place} values", {"place": result.p}),
                fix="Choose one with select([i]).",
            )
        )
    if not (result.se[0] > 0 and np.isfinite(result.value[0])):
        raise EstimateError(
            Problem(
                what="the statistic has no standard error",
                where=of_argument("statistic"),
                expected="a standard error above 0",
                got=worded("{se:g}", {"se": result.se[0]}),
                fix="Return the number itself: float(e.value[0]).",
            )
        )
    return float(result.value[0] / result.se[0]), True


def _units(
    sample: Sample, assignment: str, cluster: str | None, strata: str | None
) -> tuple[Int, Int, Int, Bool]:
    """Cluster code (n,), and label and stratum of each cluster (m,); rows (n,) that are assigned:
    those of the domain.
    """
    frame, inside = sample.frame, sample.domain
    named = [column for column in (assignment, cluster, strata) if column is not None]
    problems = [
        Problem("unknown column", in_column(column), "a column of the frame")
        for column in named
        if column not in frame.columns
    ]
    problems += [
        Problem(
            what="a label is missing",
            where=in_column(column),
            expected="a value in every row of the domain",
            got=worded("missing"),
            fix="Narrow the domain.",
            count=int(frame.loc[inside, column].isna().sum()),
        )
        for column in named
        if column in frame.columns and frame.loc[inside, column].isna().any()
    ]
    EstimateError.refuse(problems)
    part = frame.loc[inside]
    unit = np.arange(len(part)) if cluster is None else pd.factorize(part[cluster])[0]
    m = int(unit.max()) + 1
    code = np.zeros(sample.n, np.intp)
    code[inside] = unit
    label, stratum = np.zeros(m, np.intp), np.zeros(m, np.intp)
    for column, target, what in (
        (assignment, label, "the assignment varies inside a cluster"),
        (strata, stratum, "a cluster lies in several strata"),
    ):
        if column is None:
            continue
        each = pd.factorize(part[column])[0]
        target[unit] = each
        bad = np.unique(unit[target[unit] != each])
        if bad.size:
            names = (
                part[cluster].to_numpy()[[int(np.flatnonzero(unit == block)[0]) for block in bad]]
                if cluster is not None
                else bad
            )
            problems.append(
                Problem(
                    what=what,
                    where=in_column(column),
                    expected="one value in each cluster",
                    got=worded("several"),
                    count=int(bad.size),
                    rows=tuple(names),
                )
            )
    EstimateError.refuse(problems)
    return code, label, stratum, inside


def _log_count(label: Int) -> float:
    """Log of the number of distinct orders of the labels."""
    return lgamma(label.size + 1) - sum(lgamma(size + 1) for size in np.bincount(label))


def _orders(counts: list[int]) -> Iterator[list[int]]:
    """Distinct orders of labels 0, 1, ... that occur `counts` times."""
    if not any(counts):
        yield []
        return
    for place, count in enumerate(counts):
        if count:
            counts[place] -= 1
            for rest in _orders(counts):
                yield [place, *rest]
            counts[place] += 1


def _all(label: Int, groups: list[Int]) -> Iterator[Int]:
    each = [
        [np.array(order, np.intp) for order in _orders(np.bincount(label[group]).tolist())]
        for group in groups
    ]
    for chosen in product(*each):
        new = label.copy()
        for group, order in zip(groups, chosen, strict=True):
            new[group] = order
        yield new


def _drawn(label: Int, groups: list[Int], draws: int, seed: int) -> Iterator[Int]:
    rng = np.random.default_rng(seed)
    for _ in range(draws):
        new = label.copy()
        for group in groups:
            new[group] = rng.permutation(label[group])
        yield new
