"""Trimming of extreme weights, with redistribution of what was cut."""

from __future__ import annotations

import numpy as np

from mismes_eval.errors import DesignError, Problem
from mismes_eval.weighting.sample import Sample
from mismes_eval.weighting.steps import KnownFactor


def trim(sample: Sample, lower: float | None = None, upper: float | None = None, redistribute: bool = True) -> Sample:
    """Cap the weights (R survey: trimWeights).

    Parameters
    ----------
    lower, upper : caps on the weight, in units of the weight; None for no cap.  Rows with weight 0 stay at 0.
    redistribute : add what was cut, in equal amounts, to the weights that were not capped, so that the sum stays (R survey's rule, one pass).

    Returns
    -------
    Sample with a step whose factors are treated as fixed in standard errors; the step's name says so.
    """
    problems = []
    if lower is None and upper is None:
        problems.append(Problem("no cap given", "arguments 'lower' and 'upper'", "at least one"))
    if lower is not None and upper is not None and not lower < upper:
        problems.append(Problem("the caps cross", "arguments 'lower' and 'upper'", "lower < upper", f"{lower} and {upper}"))
    if any(cap is not None and not (np.isfinite(cap) and cap >= 0) for cap in (lower, upper)):
        problems.append(Problem("a cap is not a weight", "arguments 'lower' and 'upper'", "finite numbers of 0 or more"))
    if problems:
        raise DesignError(problems)
    w = sample.weights
    carries = w > 0
    capped = np.where(carries, np.clip(w, lower, upper), 0.0)
    moved = carries & (capped != w)
    if redistribute and moved.any():
        free = carries & ~moved
        if not free.any():
            raise DesignError(
                Problem("every weight is capped", "arguments 'lower' and 'upper'", "caps that leave some weights free", "none left to take the excess")
            )
        capped[free] += (w.sum() - capped.sum()) / free.sum()
    factor = np.divide(capped, w, out=np.ones_like(w), where=carries)
    name = f"trimmed to {lower if lower is not None else 0:g} to {upper if upper is not None else np.inf:g} ({int(moved.sum())} weights, caps treated as fixed)"
    return sample.step(KnownFactor(name, factor))
