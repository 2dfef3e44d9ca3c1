"""Estimates made with differently weighted waves of one panel, brought to the weights they all
start from, where their covariance is defined.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mismes_eval.errors import EstimateError, Problem, named, of_argument, worded
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.joint import independent, stack
from mismes_eval.estimate.part import Part, one_linearised
from mismes_eval.weighting.design import SurveyDesign


def on_base(estimates: Sequence[Estimate]) -> Estimate:
    """One Estimate with the joint covariance of several, whose weights went through different steps
    (attrition up to different waves).

    estimates : on one linearised design each, all from the same base weights and PSUs. Influence is
        pulled back through each one's own steps, so every
    standard error stays what it was.

    Raises
    ------
    EstimateError : replicate designs, several designs in one estimate, other base weights,
        calibration to totals that have an error of their own.
    """
    if not estimates:
        raise EstimateError(
            Problem("no estimate to join", of_argument("estimates"), "one or more", worded("none"))
        )
    problems = []
    for estimate in estimates:
        found = one_linearised(estimate.parts)
        if found is None:
            problems.append(
                Problem(
                    "an estimate does not stand on one linearised design",
                    named(estimate.names),
                    "influence columns of one sample",
                )
            )
        elif any(step.added_vcov(found[1]) is not None for step in found[0].steps):
            problems.append(
                Problem(
                    "a weight step has an error of its own",
                    named(estimate.names),
                    "steps to exact totals",
                    worded("estimated totals or a second phase"),
                )
            )
    EstimateError.refuse(problems)
    first = estimates[0].parts[0].design
    base = replace(first, steps=())
    moved = []
    for estimate in estimates:
        part = estimate.parts[0]
        if not _one_base(part.design, first):
            raise EstimateError(
                Problem(
                    "the estimates stand on different samples",
                    named(estimate.names),
                    "one sample, its weights before any step",
                )
            )
        assert part.influence is not None
        z = part.design.pull_back(part.influence)
        before = np.where(base.base != 0, base.base, 1.0)
        taken = part.averages
        if taken is not None and part.design.weights.shape == before.shape:
            taken = taken.scaled(part.design.weights / before)
        moved.append(replace(estimate, parts=(Part(base, z, averages=taken),)))
    return stack(*moved)


def together(a: Estimate, b: Estimate) -> tuple[Estimate, tuple[str, ...]]:
    """Two estimates as one: with their covariance where they stand on one sample, also after
    different weight steps; independent, which a note says, where they do not.
    """
    if len(a.parts) == len(b.parts) and all(
        p.design is q.design for p, q in zip(a.parts, b.parts, strict=True)
    ):
        return stack(a, b), ()
    one, other = a.parts[0], b.parts[0]
    if len(a.parts) > 1 or len(b.parts) > 1 or one.design.base is not other.design.base:
        return independent(a, b), (
            "The two estimates are taken as coming from independent samples.",
        )
    if one.design.replicates is None or one.design.replicates is not other.design.replicates:
        return on_base([a, b]), ()
    # The same replicates, whatever steps were redone in each: their values side by side are the
    # joint distribution.
    return stack(a, replace(b, parts=(replace(other, design=one.design, influence=None),))), ()


def _one_base(a: SurveyDesign, b: SurveyDesign) -> bool:
    return a is b or (
        a.base.shape == b.base.shape
        and np.array_equal(a.base, b.base)
        and np.array_equal(a.base_psu, b.base_psu)
        and len(a.stages) == len(b.stages)
    )
