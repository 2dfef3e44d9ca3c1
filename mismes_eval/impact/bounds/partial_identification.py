"""What all bounds share: reading the columns, the interval for the effect between two bounds, and
the Estimate that carries them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import brentq

from mismes_eval.errors import (
    EstimateError,
    IdentificationError,
    Problem,
    in_column,
    of_argument,
    worded,
)
from mismes_eval.estimate.estimate import Estimate, need_estimates
from mismes_eval.estimate.part import Part
from mismes_eval.numerics.averages import arms
from mismes_eval.numerics.influence import Influence
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.public import public
from mismes_eval.weighting.columns import refuse_unknown
from mismes_eval.weighting.numbers import float64
from mismes_eval.weighting.replication import replicated
from mismes_eval.weighting.sample import Sample


@public(EstimateError)
def imbens_manski(bounds: Estimate, level: float = 0.95) -> tuple[float, float]:
    """Interval that covers the effect itself, wherever it lies between the bounds, with the given
    probability.

    bounds : an Estimate with the values "lower" and "upper".
    Returns (low, high): lower - c se, upper + c se with F(c + width / larger se) - F(-c) = level; F
        is Student's t with the design's degrees of freedom (normal in the limit, as published).

    References
    ----------
    Imbens and Manski (2004), Econometrica 72, 1845-1857.
    """
    need_estimates((bounds,), "imbens_manski")
    if bounds.names != ("lower", "upper"):
        raise EstimateError(
            Problem(
                "imbens_manski needs two bounds",
                of_argument("bounds"),
                "an Estimate of 'lower' and 'upper'",
                ", ".join(bounds.names),
            )
        )
    if not 0.5 < level < 1:
        raise EstimateError(
            Problem(
                "the level is no probability above one half",
                of_argument("level"),
                "a number between 0.5 and 1",
                str(level),
            )
        )
    critical = _critical(
        float(bounds.value[1] - bounds.value[0]),
        float(bounds.se.max()),
        level,
        float(bounds.degf.min()),
    )
    return float(bounds.value[0] - critical * bounds.se[0]), float(
        bounds.value[1] + critical * bounds.se[1]
    )


def _critical(width: float, se: float, level: float, dof: float) -> float:
    if not dof > 0:
        return float("nan")
    one, two = float(stats.t.ppf(level, dof)), float(stats.t.ppf(0.5 + level / 2, dof))
    if not se > 0 or not np.isfinite(se):
        return two

    def excess(c: float) -> float:
        return float(stats.t.cdf(c + width / se, dof) - stats.t.cdf(-c, dof) - level)

    if excess(two) <= 0:
        return two
    return one if excess(one) >= 0 else float(brentq(excess, one, two, xtol=1e-15, rtol=8.9e-16))


def observed(sample: Sample, outcome: str, seen: Bool, caller: str) -> Float:
    """(n,) the outcome where it is seen, 0 elsewhere. Raises with the count of missing and of
    infinite values among rows that should have one.
    """
    refuse_unknown(sample, [outcome])
    series = sample.frame[outcome]
    y = float64(series)
    if y is None:
        raise EstimateError(
            Problem(
                worded("{caller} needs numbers", {"caller": caller}),
                in_column(outcome),
                "a numeric or boolean column",
                str(series.dtype),
            )
        )
    problems = []
    for what, bad in (("missing", seen & np.isnan(y)), ("infinite", seen & np.isinf(y))):
        problems += Problem(
            what=worded(
                "{caller} meets {what} outcomes among observed rows",
                {"caller": caller, "what": what},
            ),
            where=in_column(outcome),
            expected="a finite number in every row that counts as observed",
            got=what,
            fix=worded(
                "Count these rows as not observed, or narrow the domain: sample.where(numpy.isfinite(frame['{outcome}'])).",
                {"outcome": outcome},
            ),
        ).where_true(bad)
    EstimateError.refuse(problems)
    return np.where(seen, np.nan_to_num(y, nan=0.0, posinf=0.0, neginf=0.0), 0.0)


def both_arms(inside: Bool, d: Float, seen: Bool, treated: str, caller: str) -> None:
    """Raise where an arm has no rows or none observed."""
    problems = []
    for arm, name in ((1, "treated"), (0, "comparison")):
        rows = inside & (d == arm)
        if not rows.any():
            problems.append(
                Problem(
                    worded("{caller} has no {name} rows", {"caller": caller, "name": name}),
                    in_column(treated),
                    "both arms",
                    worded("none"),
                )
            )
        elif not (rows & seen).any():
            problems.append(
                Problem(
                    worded(
                        "{caller} has no observed {name} rows", {"caller": caller, "name": name}
                    ),
                    in_column(treated),
                    "observed outcomes in both arms",
                    worded("0 of {rows}", {"rows": int(rows.sum())}),
                )
            )
    IdentificationError.refuse(problems)


def part_of(
    sample: Sample,
    statistic: Callable[[Float], tuple[Float, Float]],
    d: Float,
    seen: Float | None = None,
) -> tuple[Float, Part]:
    """Value (p,) and the part that carries its variance. statistic: weights (n,), 0 outside the
    domain -> value (p,) and influence (n, p). d (n,) 1 treated and 0 compared, of
    those with 1 in seen (n,): who is averaged.

    Where the design has replicate weights, the statistic is made anew in each.
    """
    w = np.where(sample.active, sample.weights, 0.0)
    value, z = statistic(w)
    inside = sample.active * (1.0 if seen is None else seen)
    taken = arms(w, [inside * d, inside * (1 - d)], value.size)
    if sample.design.replicates is None:
        return value, Part(sample.design, Influence.of(z), averages=taken)
    each = replicated(sample, lambda w: statistic(w)[0])
    return value, Part(sample.design, Influence.of(z), each, value, averages=taken)


def bounds_of(
    sample: Sample,
    value: Float,
    part: Part,
    outcome: str,
    definition: str,
    notes: tuple[str, ...],
    extra: dict[str, object],
    dof: float,
) -> Estimate:
    """Estimate of "lower" and "upper" from value (2,) and its part; its notes and `extra` carry the
    Imbens-Manski interval at 95%.
    """
    keys = pd.DataFrame({"variable": [outcome] * 2, "bound": ["lower", "upper"]})
    n = np.full(2, float(sample.active.sum()))
    out = Estimate(
        value=value,
        names=("lower", "upper"),
        parts=(part,),
        keys=keys,
        n=n,
        dof=np.full(2, dof),
        kind="bounds on an effect",
        definition=definition,
        notes=(*notes, *sample.notes),
        extra=extra,
    )
    low, high = imbens_manski(out)
    note = f"Imbens-Manski 95% interval of the effect: [{low:.6g}, {high:.6g}]."
    return replace(out, notes=(note, *out.notes), extra={**extra, "imbens_manski": (low, high)})
