"""Participants beside a comparison from another survey: weights that make the two alike, as a
weight step, so that their own error reaches the difference.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mismes_eval.errors import (
    DesignError,
    Problem,
    in_column,
    of_argument,
    of_arguments,
    of_covariates,
    worded,
)
from mismes_eval.message import Message
from mismes_eval.numerics.balancing import (
    PARTS,
    Balancing,
    Estimand,
    Method,
    NoOverlap,
    balancing,
)
from mismes_eval.numerics.rows import Bool, Float, Rows
from mismes_eval.public import public
from mismes_eval.weighting.arguments import as_names
from mismes_eval.weighting.balanced_groups import BalancedGroups
from mismes_eval.weighting.columns import Stated, YesNo, read
from mismes_eval.weighting.nonresponse import named_effects
from mismes_eval.weighting.sample import Sample

LIKELY: dict[str, Estimand] = {"entropy": "att", "cbps": "att", "overlap": "ato", "ipw": "att"}
WORDS = {
    "att": "the treated (ATT)",
    "ate": "everybody (ATE)",
    "ato": "those who could be in either group (overlap weights, ATO)",
}


@public(DesignError)
def balance_weights(
    sample: Sample,
    treated: str,
    covariates: str | Sequence[str],
    method: Method = "entropy",
    estimand: Estimand | None = None,
) -> Sample:
    """Weights that make a comparison group like the treated, as one more step of the weight.

    Parameters
    ----------
    sample : both groups in one sample, e.g. participants of a tracer study and the labour force
        survey joined by `stack_samples`. Rows outside the domain keep their weight.
    treated : 0/1 or boolean column.
    covariates : columns known in both, from before the measure; categories become indicators.
    method : "entropy" (the comparison meets the treated's weighted means exactly), "cbps" (balance
        as the moments of a logistic propensity; for the treated the same solution), "overlap"
        (p and 1 - p of a logit: the only one without extreme weights), "ipw" (odds of a logit).
    estimand : whom the difference then speaks of: "att" the treated, "ate" everybody, "ato" those
        who could be in either group; left out: "att", for "overlap" "ato".

    Returns
    -------
    Sample after the step; `me.mean(s, outcome, by=treated)` and its contrast are the difference.
    The error of the weights is inside. What was not measured may still differ.

    Raises
    ------
    DesignError : unknown or missing columns, one group only, groups that do not overlap, negative
        weights, a method without that estimand.

    References
    ----------
    Hainmueller (2012), Political Analysis 20, 25-46; Imai and Ratkovic (2014), JRSS B 76, 243-263;
    Li, Morgan and Zaslavsky (2018), JASA 113, 390-400.
    """
    columns = list(as_names(covariates, "covariates"))
    wanted = {f"x{place}": Stated(column) for place, column in enumerate(columns)}
    data = read(sample, d=YesNo(treated), **wanted)
    whom = estimand or LIKELY.get(method, "att")
    inside = sample.active
    d = _groups(data.d, sample, treated, columns, (method, whom))
    effects, names = named_effects(sample.frame, columns, inside)
    x = _centred(effects.dense(), inside, sample.weights)
    try:
        fit = balancing(x[inside], d[inside], sample.weights[inside], method, whom)
    except NoOverlap as error:
        raise DesignError(
            Problem(
                what="the groups cannot be made alike",
                where=of_covariates(columns),
                expected="a comparison that spans the treated",
                got=str(error),
                fix=_outside(x[inside], names, d[inside], sample.weights[inside]),
            )
        ) from error
    name = f"{method} balancing on {', '.join(columns)}, effect on {WORDS[whom]}"
    if not sample.domain.all():
        name += ", inside the domain"
    return sample.step(_step(name, Rows(x), d, inside, sample.weights, fit, method, whom))


def _centred(x: Float, inside: Bool, weights: Float) -> Float:
    """(n, q) covariates about their means in the domain, the constant as it is: the same weights,
    found also where a column is large and varies little.
    """
    mean = np.average(x[inside], axis=0, weights=weights[inside])
    return np.asarray(np.where(inside[:, None], x - np.append(0.0, mean[1:]), x))


def _step(
    name: str,
    x: Rows,
    d: Float,
    inside: Bool,
    weights: Float,
    fit: Balancing,
    method: Method,
    estimand: Estimand,
) -> BalancedGroups:
    def spread(values: Float, outside: float) -> Float:
        out = np.full(inside.size, outside)
        out[inside] = values
        return out

    return BalancedGroups(
        name=name,
        x=x,
        d=d,
        inside=inside,
        before=weights,
        factor=spread(fit.parts.factor, 1.0),
        moment=spread(fit.parts.moment, 0.0),
        curvature=spread(fit.parts.curvature, 0.0),
        slope=spread(fit.parts.slope, 0.0),
        method=method,
        estimand=estimand,
    )


def _groups(
    treatment: Float, sample: Sample, treated: str, columns: list[str], how: tuple[str, str]
) -> Float:
    """(n,) 1 treated, 0 compared and outside. Raises DesignError with every problem."""
    inside = sample.active
    problems = []
    if how not in PARTS:
        allowed = "; ".join(f"{m} for {part}" for m, part in PARTS)
        problems.append(
            Problem(
                "unknown method or estimand", of_arguments("method", "estimand"), allowed, str(how)
            )
        )
    if not columns:
        problems.append(
            Problem("nothing to balance", of_argument("covariates"), "columns known in both groups")
        )
    if (sample.weights[inside] < 0).any():
        problems.append(
            Problem(
                "balance_weights cannot use negative weights", worded("the sample's last weight")
            )
        )
    if np.unique(treatment[inside]).size < 2:
        problems.append(
            Problem(
                "one group is empty",
                in_column(treated),
                "0 and 1 in the domain",
                worded("one group"),
            )
        )
    DesignError.refuse(problems)
    return np.where(inside, treatment, 0.0)


def _outside(x: Float, names: tuple[str, ...], d: Float, w: Float) -> str:
    """Which treated means lie beyond the comparison's values: there no weights can help."""
    one, other = d == 1, d == 0
    mean = np.average(x[one], axis=0, weights=w[one])
    low = x[other].min(axis=0)
    high = x[other].max(axis=0)
    beyond = [n for n, m, a, b in zip(names[1:], mean[1:], low[1:], high[1:]) if not a < m < b]
    if beyond:
        words = "The treated's mean does not lie between the comparison's values of {c}."
        return Message(words, {"c": ", ".join(beyond)}, "reason")
    return "Use fewer or coarser covariates, narrow the sample to where both occur, or 'overlap'."
