"""Estimates made with differently weighted waves of one panel, brought to the weights they all start from, where their covariance is defined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mismes_eval.errors import EstimateError, Problem
from mismes_eval.estimate.estimate import Estimate, Part, stack
from mismes_eval.weighting.design import SurveyDesign


def on_base(estimates: Sequence[Estimate]) -> Estimate:
    """One Estimate with the joint covariance of several, whose weights went through different steps (attrition up to different waves).

    estimates : on one linearised design each, all from the same base weights and PSUs. Influence is pulled back through each one's own steps, so every
    standard error stays what it was.

    Raises
    ------
    EstimateError : replicate designs, several designs in one estimate, other base weights, calibration to totals that have an error of their own.
    """
    if not estimates:
        raise EstimateError(Problem("no estimate to join", "argument 'estimates'", "one or more", "none"))
    problems = []
    for e in estimates:
        if len(e.parts) != 1 or e.parts[0].influence is None or e.parts[0].design.replicates is not None:
            problems.append(Problem("an estimate does not stand on one linearised design", ", ".join(e.names[:3]), "influence columns of one sample"))
        elif any(step.added_vcov(e.parts[0].influence) is not None for step in e.parts[0].design.steps):
            problems.append(
                Problem("a weight step has an error of its own", ", ".join(e.names[:3]), "steps to exact totals", "estimated totals or a second phase")
            )
    if problems:
        raise EstimateError(problems)
    first = estimates[0].parts[0].design
    base = replace(first, steps=())
    moved = []
    for e in estimates:
        part = e.parts[0]
        if not _one_base(part.design, first):
            raise EstimateError(Problem("the estimates stand on different samples", ", ".join(e.names[:3]), "one sample, its weights before any step"))
        assert part.influence is not None
        moved.append(replace(e, parts=(Part(base, part.design.pull_back(part.influence)),)))
    return stack(*moved)


def _one_base(a: SurveyDesign, b: SurveyDesign) -> bool:
    return a is b or (
        a.base.shape == b.base.shape and np.array_equal(a.base, b.base) and np.array_equal(a.base_psu, b.base_psu) and len(a.stages) == len(b.stages)
    )
