"""Trimming of extreme weights, with redistribution of what was cut."""

from __future__ import annotations

import numpy as np

from mismes_eval.errors import DesignError, Problem
from mismes_eval.weighting.sample import Sample, needs_sample
from mismes_eval.weighting.steps import KnownFactor


def trim(
    sample: Sample,
    lower: float | None = None,
    upper: float | None = None,
    redistribute: bool = True,
) -> Sample:
    """Cap the weights (R survey: trimWeights).

    Parameters
    ----------
    lower, upper : caps on the weight, in units of the weight; None for no cap.  Rows with weight 0 stay at 0; negative weights are raised to `lower`.
    redistribute : add what was cut, in equal amounts, to the weights that were not capped, so that
        the sum stays (R survey's rule, one pass).

    Returns
    -------
    Sample with a step whose factors are treated as fixed in standard errors; the step's name says
    so.
    """
    needs_sample(sample, "trim")
    problems = _problems(lower, upper)
    if problems:
        raise DesignError(problems)
    w = sample.weights
    carries = w != 0
    capped = np.where(carries, np.clip(w, lower, upper), 0.0)
    moved = carries & (capped != w)
    if redistribute and moved.any():
        free = carries & ~moved
        if not free.any():
            raise DesignError(
                Problem(
                    "every weight is capped",
                    "arguments 'lower' and 'upper'",
                    "caps that leave some weights free",
                    "none left to take the excess",
                )
            )
        capped[free] += (w.sum() - capped.sum()) / free.sum()
    factor = np.divide(capped, w, out=np.ones_like(w), where=carries)
    beyond = carries & (
        (capped < (-np.inf if lower is None else lower * (1 - 1e-12)))
        | (capped > (np.inf if upper is None else upper * (1 + 1e-12)))
    )
    pushed = (
        f"; {int(beyond.sum())} weights pushed beyond a cap by what was redistributed"
        if beyond.any()
        else ""
    )
    name = (
        f"trimmed to {lower if lower is not None else 0:g} to"
        f" {upper if upper is not None else np.inf:g} ({int(moved.sum())} weights, caps treated as"
        f" fixed{pushed})"
    )
    return sample.step(KnownFactor(name, factor))


def _problems(lower: float | None, upper: float | None) -> list[Problem]:
    where, problems = "arguments 'lower' and 'upper'", []
    if lower is None and upper is None:
        problems.append(Problem("no cap given", where, "at least one"))
    numbers = [cap for cap in (lower, upper) if isinstance(cap, (int, float, np.number))]
    if len(numbers) == 2 and not numbers[0] < numbers[1]:
        problems.append(Problem("the caps cross", where, "lower < upper", f"{lower} and {upper}"))
    if any(
        cap is not None
        and not (isinstance(cap, (int, float, np.number)) and np.isfinite(cap) and cap >= 0)
        for cap in (lower, upper)
    ):
        problems.append(Problem("a cap is not a weight", where, "finite numbers of 0 or more"))
    return problems
