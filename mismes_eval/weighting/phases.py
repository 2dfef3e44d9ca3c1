"""Two-phase screening: a large listing, and a subsample of it that is interviewed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mismes_eval.errors import (
    DesignError,
    Problem,
    in_column,
    in_place,
    kind_of,
    of_argument,
    worded,
)
from mismes_eval.message import Message
from mismes_eval.numerics.calibration import solve
from mismes_eval.numerics.rows import Bool, Rows
from mismes_eval.public import check, fitting
from mismes_eval.weighting.arguments import as_name, as_names
from mismes_eval.weighting.levels import crossed
from mismes_eval.weighting.numbers import native, numbers_in
from mismes_eval.weighting.sample import Sample, needs_sample
from mismes_eval.weighting.steps import PhaseTwo, WeightShare


@fitting(DesignError)
def two_phase(
    sample: Sample, selected: str, phase2_prob: str, classes: str | Sequence[str] | None = None
) -> Sample:
    """Interview weights of a screened subsample: 1 / (pi1 pi2), or calibrated to the phase-1 counts
    of screening classes.

    Parameters
    ----------
    sample : the listing, one row for each listed unit, with phase-1 weights. Rows that were not
        selected keep their place with weight 0.
    selected : boolean column.
    phase2_prob : conditional selection probability in (0, 1], known for the selected rows.
    classes : screening columns known for every listed row; the phase-2 weights are scaled to their
        phase-1 totals (whose own error is kept).

    On a narrowed sample the domain is the listing; rows outside keep their weight.

    Returns
    -------
    Sample with one more weight step.

    References
    ----------
    Sarndal, Swensson and Wretman (1992), ch. 9. Phase 2 is taken as independent selections with the
    given probabilities (Poisson or stratified within PSUs).
    """
    needs_sample(sample, "two_phase")
    columns = list(as_names(classes, "classes"))
    selected, phase2_prob = as_name(selected, "selected"), as_name(phase2_prob, "phase2_prob")
    problems = _problems(sample, selected, phase2_prob, columns)
    DesignError.refuse(problems)
    inside = sample.active
    chosen = _yes(sample.frame[selected]) & inside
    prob = numbers_in(sample.frame[phase2_prob])
    share = np.where(chosen, 1.0 / np.where(chosen, prob, 1.0), np.where(inside, 0.0, 1.0))
    stage = sample.design.stages[0]
    fraction = stage.fraction[stage.stratum[sample.design.psu]]
    x = None
    g = np.ones(sample.n)
    if columns:
        each = [pd.factorize(sample.frame[column]) for column in columns]
        combination, cell = crossed(each)
        kinds = combination.shape[0]
        member = np.vstack([np.eye(kinds), np.zeros((1, kinds))])
        x = Rows(member, np.where(inside, cell, kinds).astype(np.intp))
        target = x.totals(sample.weights)
        empty = (x.totals(sample.weights * share) == 0) & (target > 0)
        if empty.any():
            raise DesignError(
                Problem(
                    what="a screening class has no interview",
                    where=", ".join(columns),
                    expected="at least one selected row in every class",
                    got=worded("{empty} empty", {"empty": int(empty.sum())}),
                    fix="Merge classes.",
                )
            )
        g = solve(sample.weights * share, x, target, "linear").factor[x.cell]
    listed = int(sample.domain.sum())
    size = {"n": f"{int(chosen.sum()):,}", "all": f"{listed:,}"}
    name = Message("two-phase selection ({n} of {all} listed)", size, "step")
    if columns:
        counted = {"columns": ", ".join(map(str, columns))}
        name = name.extended(", calibrated to phase-1 counts of {columns}", counted)
    name = sample.narrowed(name)
    return sample.step(
        PhaseTwo(name=name, share=share, g=g, x=x, before=sample.weights, fraction=fraction)
    )


def _yes(flag: pd.Series) -> Bool:
    """(n,) where a column of yes and no says yes."""
    return np.asarray(numbers_in(flag) == 1)


def _problems(sample: Sample, selected: str, phase2_prob: str, columns: list[str]) -> list[Problem]:
    problems = [
        Problem("two_phase names an unknown column", in_column(column), "a column of the listing")
        for column in (selected, phase2_prob, *columns)
        if column not in sample.frame.columns
    ]
    if problems:
        return problems
    carries = sample.active
    flag = sample.frame[selected]
    if not np.isin(numbers_in(flag)[carries], (0.0, 1.0)).all():
        problems.append(
            Problem(
                "the selection column is not yes or no",
                in_column(selected),
                "True or False for every listed row",
            )
        )
        return problems
    chosen = _yes(flag) & carries
    prob = numbers_in(sample.frame[phase2_prob])
    bad = chosen & ~((prob > 0) & (prob <= 1))
    problems += Problem(
        what="selected rows without a selection probability",
        where=in_column(phase2_prob),
        expected="a probability in (0, 1]",
        got=worded("missing or out of range"),
    ).where_true(bad)
    if not chosen.any():
        problems.append(Problem("no listed row was selected", in_column(selected), "at least one"))
    for column in columns:
        gone = carries & sample.frame[column].isna().to_numpy()
        problems += Problem(
            what="a screening class is missing",
            where=in_column(column),
            expected="a class for every listed row",
            got=worded("missing"),
        ).where_true(gone)
    return problems


@fitting(DesignError)
def weight_share(
    households: Sample, reports: pd.DataFrame, key: str = "hhid", multiplicity: str = "s_i"
) -> Sample:
    """A sample of absent members reported by interviewed households: each reported person carries
    w_household / s.

    Parameters
    ----------
    households : sample with one row a household (or one row for each reporter), column `key`
        unique.
    reports : one row a report of an absent member; `key` names the reporting household.
    multiplicity : column s >= 1, how many households of the population could report this person
        under the counting rule.

    Returns
    -------
    Sample whose rows are the reports. Persons of whole households that left are reported by nobody
    and are not covered: a flag says so.

    References
    ----------
    Sirken (1970), JASA 65, 257-266; Deville and Lavallee (2006), Survey Methodology 32, 165-176.
    """
    needs_sample(households, "weight_share")
    check(DesignError, "weight_share", ("key", key, str), ("multiplicity", multiplicity, str))
    if not isinstance(reports, pd.DataFrame):
        raise DesignError(
            Problem(
                "weight_share reads reports from a frame",
                of_argument("reports"),
                "a pandas DataFrame, one row a report",
                kind_of(reports),
            )
        )
    problems = [
        Problem(
            "weight_share names an unknown column",
            in_place(where, in_column(column)),
            "a column of it",
        )
        for where, frame, column in (
            ("households", households.frame, key),
            ("reports", reports, key),
            ("reports", reports, multiplicity),
        )
        if column not in frame.columns
    ]
    DesignError.refuse(problems)
    where = pd.Index(households.frame[key])
    if where.has_duplicates:
        raise DesignError(
            Problem(
                what="a household stands in more than one row",
                where=in_column(key),
                expected="one row a household",
                fix="Keep one row a household.",
                count=int(where.duplicated().sum()),
            )
        )
    reports = native(reports)
    link = where.get_indexer(reports[key])
    s = numbers_in(reports[multiplicity])
    for bad, what, column in (
        (link < 0, "a report names a household that is not in the sample", key),
        (~((s >= 1) & np.isfinite(s)), "the multiplicity is missing or below 1", multiplicity),
    ):
        problems += Problem(
            what=what,
            where=in_place("reports", in_column(column)),
        ).where_true(bad)
    DesignError.refuse(problems)
    step = WeightShare(
        Message(
            "weight share 1/{m} over reporting households (known factor)",
            {"m": multiplicity},
            "step",
        ),
        1.0 / s,
        link.astype(np.intp),
        households.n,
    )
    frame = reports.reset_index(drop=True)
    domain = households.domain[link]
    return Sample(
        frame,
        households.design.add(step),
        domain,
        (
            *households.flags,
            (
                "Absent members are those reported by a household still present; households that"
                " left as a whole are not covered."
            ),
        ),
    )
