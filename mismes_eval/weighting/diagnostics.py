"""What every weight step did: size, spread, loss of effective sample, margins before and after."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mismes_eval.errors import DesignError, Problem, in_column, kind_of, of_argument, worded
from mismes_eval.numerics.rows import Float
from mismes_eval.public import fitting
from mismes_eval.weighting.arguments import as_names
from mismes_eval.weighting.domain import key_name
from mismes_eval.weighting.levels import one_spelling
from mismes_eval.weighting.sample import Sample, needs_sample
from mismes_eval.weighting.stages import Columns
from mismes_eval.weighting.steps import Calibration, Embedded, WeightShare


def kish_deff(weights: Float) -> float:
    """Loss of precision from unequal weights: n sum(w^2) / sum(w)^2 over weights that are not 0.

    Parameters
    ----------
    weights : (n,) in any unit.

    Returns
    -------
    1 where all weights are equal; n divided by it is the effective n of a mean that has nothing to
    do with the weights. NaN where no weight is left.

    Raises
    ------
    DesignError : weights that are missing, infinite or no numbers.

    References
    ----------
    Kish (1965), Survey Sampling.
    """
    unread = False
    try:
        w = np.atleast_1d(np.asarray(weights, float))
    except (TypeError, ValueError):
        w = np.array([np.nan])
        unread = True
    if not np.isfinite(w).all():
        raise DesignError(
            Problem(
                what="the weights are not numbers",
                where=of_argument("weights"),
                expected="finite numbers",
                got=kind_of(weights) if unread else worded("missing or infinite values"),
                fix="Drop or replace what is missing.",
            )
        )
    w = w[w != 0]
    if not w.size:
        return float("nan")
    relative = w / np.abs(w).max()
    return float(w.size * (relative**2).sum() / relative.sum() ** 2)


@fitting(DesignError)
def weight_diagnostics(sample: Sample, by: Columns = None) -> pd.DataFrame:
    """One row for each weight step (and each combination of `by`, a column or a list): n with
    weight, sum, CV, ratio of extremes, Kish deff, effective n, largest share of one row.

    The first row is the base weight. A step that changes the rows (weight share) starts a new
    population; rows before it are not split by `by`.
    Negative weights (linear calibration) count as they are; the ratio is then NaN.
    """
    needs_sample(sample, "weight_diagnostics")
    columns = list(as_names(by, "by"))
    named = [key_name(column, ("step", "name", *_summary(np.ones(1)))) for column in columns]
    problems = [
        Problem(
            "weight_diagnostics names an unknown column",
            in_column(column),
            "a column of the sample",
        )
        for column in columns
        if column not in sample.frame.columns
    ]
    problems += [
        Problem("weight_diagnostics names a column twice", in_column(column), "every column once")
        for column in dict.fromkeys(columns)
        if columns.count(column) > 1
    ]
    known = [column for column in dict.fromkeys(columns) if column in sample.frame.columns]
    spelled = [one_spelling(sample.frame[column]) for column in known]
    DesignError.refuse([*problems, *(problem for problem in spelled if problem is not None)])
    here = np.flatnonzero(sample.domain)
    inside = sample.frame.iloc[here]
    groups = inside.groupby(columns, observed=True, dropna=False).indices if columns else {}
    rows = []
    steps = sample.design.steps
    last_share = max(
        (place + 1 for place, step in enumerate(steps) if isinstance(step, WeightShare)), default=0
    )
    for count in range(len(steps) + 1):
        w = sample.design.weights_after(count)
        name = "base weight" if count == 0 else steps[count - 1].name
        same_rows = count >= last_share
        rows.append(
            {
                "step": count,
                "name": name,
                **dict.fromkeys(named, "all"),
                **_summary(w[sample.domain] if same_rows else w),
            }
        )
        if not same_rows:
            continue
        for value, index in groups.items():
            key = value if isinstance(value, tuple) else (value,)
            rows.append(
                {
                    "step": count,
                    "name": name,
                    **dict(zip(named, key, strict=True)),
                    **_summary(w[here[index]]),
                }
            )
    table = pd.DataFrame(rows)
    table["name"] = pd.Series([row["name"] for row in rows], dtype=object)
    return table


def _summary(w: Float) -> dict[str, float]:
    w = w[w != 0]
    if not w.size:
        return {
            "n": 0,
            "sum": 0.0,
            "cv": np.nan,
            "ratio": np.nan,
            "kish_deff": np.nan,
            "n_eff": 0.0,
            "largest_share": np.nan,
        }
    deff = kish_deff(w)
    return {
        "n": int(w.size),
        "sum": float(w.sum()),
        "cv": float(np.sqrt(max(deff - 1, 0.0))),
        "ratio": float(w.max() / w.min()) if w.min() > 0 else np.nan,
        "kish_deff": deff,
        "n_eff": w.size / deff,
        "largest_share": float(w.max() / w.sum()),
    }


@fitting(DesignError)
def margins_before_after(sample: Sample) -> pd.DataFrame:
    """The margins of every calibration step, before and after it.

    Returns
    -------
    DataFrame, one row a calibration step and margin cell: step (1 is the first after the base
    weight); margin; rows (with a weight that is not 0); before, after (weighted size); total (what
    the step was to meet); unmet (total - after, 0 to rounding where the step could meet it). Empty
    where no step is a calibration.

    Raises
    ------
    DesignError : what is given is not a Sample.
    """
    needs_sample(sample, "margins_before_after")
    tables = []
    for place, step in enumerate(sample.design.steps):
        inner = step.inner if isinstance(step, Embedded) else step
        if not isinstance(inner, Calibration) or inner.totals is None:
            continue
        before, after = inner.x.totals(inner.before), inner.x.totals(inner.before * inner.factor)
        rows = inner.x.totals((inner.before != 0).astype(float))
        tables.append(
            pd.DataFrame(
                {
                    "step": place + 1,
                    "margin": inner.margins,
                    "rows": rows,
                    "before": before,
                    "after": after,
                    "total": inner.totals,
                    "unmet": inner.totals - after,
                }
            )
        )
    columns = ["step", "margin", "rows", "before", "after", "total", "unmet"]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)


@fitting(DesignError)
def provenance(sample: Sample) -> pd.DataFrame:
    """How the weight was made: its steps in order.

    Returns
    -------
    DataFrame, one row a step: step (0 is the base weight); what (the step's name, as reports print
    it); lowest, highest (of the base weights in row 0, then of the factors above 0 by which the
    step multiplied; NaN where a step left no weight above 0).

    Raises
    ------
    DesignError : what is given is not a Sample.
    """
    needs_sample(sample, "provenance")
    rows = [
        {
            "step": 0,
            "what": "base weight",
            "lowest": float(sample.design.base.min()),
            "highest": float(sample.design.base.max()),
        }
    ]
    for place, step in enumerate(sample.design.steps, 1):
        factors = step.factor[step.factor > 0]
        ends = (factors.min(), factors.max()) if factors.size else (np.nan, np.nan)
        lowest, highest = map(float, ends)
        rows.append({"step": place, "what": step.name, "lowest": lowest, "highest": highest})
    return pd.DataFrame(rows)
