"""How often a test of trends before a measure would have missed a parting that explains the whole
effect after it (Roth 2022).
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from mismes_eval.errors import EstimateError, Problem, of_argument, worded
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.impact.did.event_path import event_path


def chance_missed(pre: Estimate, parting: float, level: float = 0.95) -> float:
    """Share of samples in which a parting of trends before the measure stays unseen.

    Parameters
    ----------
    pre : change of one group against the other before the measure, one value.
    parting : the true difference in trends over the same time, in the unit of pre.
    level : of the two-sided t test.

    Returns
    -------
    Probability that the interval of pre covers 0 although the groups part by `parting`: the
    noncentral t distribution at the degrees of freedom of pre. NaN where pre has no interval.

    Raises
    ------
    EstimateError : pre has more than one value.

    References
    ----------
    Roth (2022), American Economic Review: Insights 4, 305-322.
    """
    if pre.p != 1:
        raise EstimateError(
            Problem(
                "one change is tested",
                of_argument("pre"),
                "one value",
                worded("{place} values", {"place": pre.p}),
            )
        )
    error, dof = float(pre.se[0]), float(pre.dof[0])
    if not (error > 0 and dof > 0):
        return float("nan")
    shift = abs(parting) / error
    if np.isinf(dof):
        critical = float(stats.norm.ppf(0.5 + level / 2))
        return float(stats.norm.cdf(critical - shift) - stats.norm.cdf(-critical - shift))
    critical = float(stats.t.ppf(0.5 + level / 2, dof))
    both = stats.nct.cdf(critical, dof, shift) - stats.nct.cdf(-critical, dof, shift)
    return float(np.clip(both, 0.0, 1.0))


def chance_missed_on_path(event_study: Estimate, explained: float, level: float = 0.95) -> float:
    """Share of samples in which the joint test of all periods before a measure misses the straight
    line that would explain an average effect after it.

    Parameters
    ----------
    event_study : effects by event time, as for `honest_did`.
    explained : the average effect after the measure that the line is to bring about.
    level : of the joint test.

    Returns
    -------
    Probability of no rejection: noncentral F at the degrees of freedom of the path (noncentral
    chi-squared where they are infinite).
    """
    path = event_path(event_study)
    covariance = path.vcov[: path.pre, : path.pre]
    line, after = path.steps
    slope = explained / float(after.mean())
    shift = slope**2 * float(line @ np.linalg.solve(covariance, line))
    if np.isinf(path.dof):
        return float(stats.ncx2.cdf(stats.chi2.ppf(level, path.pre), path.pre, shift))
    critical = stats.f.ppf(level, path.pre, path.dof)
    return float(stats.ncf.cdf(critical, path.pre, path.dof, shift))
