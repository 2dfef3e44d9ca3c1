"""The effect that a study with a given standard error finds with a stated chance."""

from __future__ import annotations

from scipy import stats

from mismes_eval.estimate.estimate import Estimate


def detectable_effect(estimate: Estimate, power: float = 0.8, level: float = 0.95) -> float:
    """Smallest true effect whose two-sided test rejects zero with chance `power`, in the unit of
    the estimate: standard error times the sum of two t quantiles (Bloom 1995, Evaluation Review
    19, 547-556).

    estimate : its first value is read. NaN where it has no degrees of freedom.
    """
    dof = float(estimate.degf[0])
    if not dof > 0:
        return float("nan")
    quantiles = stats.t.ppf(0.5 + level / 2, dof) + stats.t.ppf(power, dof)
    return float(estimate.se[0] * quantiles)
