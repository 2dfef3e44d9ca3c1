"""Intention to treat: what an offer that was drawn by lot changed, taken up or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import pandas as pd

from mismes_eval.errors import IdentificationError, Problem, of_argument, unknown, worded
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.part import Part
from mismes_eval.impact.inference.small_sample import coefficients_factor, rule_problems
from mismes_eval.impact.trials.arms import Trial, trial
from mismes_eval.message import Message
from mismes_eval.numerics.arms import Adjustment
from mismes_eval.numerics.influence import Influence
from mismes_eval.public import public
from mismes_eval.weighting.arguments import as_names
from mismes_eval.weighting.replication import replicated
from mismes_eval.weighting.sample import Sample

Correction = Literal["design", "full"]
FELT = 0.02  # of a standard error
NOT_CORRECTED = (
    "The error is not corrected for the {k} coefficients of the adjustment: with"
    " small_sample='full', which divides by n - k as HC1 does, it would be {more:.0%} larger."
)
CORRECTED = (
    "The error counts the {k} coefficients of the adjustment (HC1): it is {more:.0%} larger for"
    " them."
)


@public(IdentificationError, answers=True)
def itt(
    sample: Sample,
    outcome: str | Sequence[str],
    assigned: str,
    covariates: str | Sequence[str] = (),
    blocks: str | Sequence[str] = (),
    adjustment: Adjustment = "interacted",
    small_sample: Correction = "design",
) -> Estimate:
    """Difference between those who were offered a place and those who were not.

    Parameters
    ----------
    sample : one row a person, weighted for whoever was lost (`nonresponse`, `attrition_weights`):
        the step's error is inside.
    outcome : numeric or yes-no columns; a value each.
    assigned : 0/1, what the lottery said.
    covariates : known before the draw.
    blocks : columns within whose combinations lots were drawn; both arms must occur in each.
    adjustment : "interacted" (a regression in each arm at the mean of both, so that blocks count by
        their size whatever share of them was drawn; Lin 2013) or "additive" (one coefficient).
    small_sample : "design" (m/(m - 1)) or "full", which also multiplies the variance by (n - 1) /
        (n - k) for the k coefficients of the adjustment, as HC1 does. Many small blocks need it.

    Returns
    -------
    Estimate, value (k,) in outcome units; `extra["comparison"]` (k,) the adjusted means of those
    not offered.

    Raises
    ------
    IdentificationError : one arm, a block with one arm, missing values, covariates that depend on
        each other; "full" with replicate weights, or with no more rows than coefficients.

    References
    ----------
    Lin (2013), Annals of Applied Statistics 7, 295-318; Bruhn and McKenzie (2009), AEJ: Applied 1,
    200-232 (blocks belong into the analysis).
    """
    outcomes = list(as_names(outcome, "outcome", IdentificationError))
    read = trial(sample, outcomes, assigned, covariates, blocks)
    return assigned_difference(read, tuple(outcomes), adjustment, small_sample)


def assigned_difference(
    read: Trial, names: tuple[str, ...], adjustment: Adjustment, small_sample: Correction
) -> Estimate:
    """The trial's differences as an estimate."""
    IdentificationError.refuse(
        [
            *unknown("unknown adjustment", "adjustment", adjustment, get_args(Adjustment)),
            *rule_problems(read.sample.design, small_sample, get_args(Correction)),
        ]
    )
    found, influence = read.difference(adjustment)
    each = 1 + len(read.names)
    coefficients = 2 * each if adjustment == "interacted" else 1 + each
    larger = _larger(read.rows.size, coefficients)
    if small_sample == "full":
        influence = influence * larger
    sample = read.sample
    k = len(names)
    replicates = None
    if sample.design.replicates is not None:
        replicates = replicated(sample, lambda w: read.redrawn(w, adjustment))
    of = Influence.of(influence)
    one, other = read.counts
    words = f"{one:,} offered, {other:,} not offered"
    adjusted = f", adjusted for {read.adjusted_for} ({adjustment})" if read.names else ""
    return Estimate(
        value=found.value,
        names=names,
        parts=(Part(sample.design, of, replicates, found.value, averages=read.averages),),
        keys=pd.DataFrame({"variable": list(names)}),
        n=np.full(k, float(read.rows.size)),
        dof=np.full(k, float(sample.degf)),
        kind="effect",
        definition=f"intention to treat: {words}{adjusted}",
        notes=(*sample.notes, *_corrected(coefficients, larger - 1.0, small_sample)),
        extra={"comparison": found.comparison, "offered": one, "not_offered": other},
    )


def _larger(rows: int, coefficients: int) -> float:
    """The factor of HC1 on a standard error that has m/(m - 1) already."""
    if rows <= coefficients:
        raise IdentificationError(
            Problem(
                what="the adjustment has as many coefficients as there are rows",
                where=of_argument("covariates"),
                expected=worded("fewer than {rows:,}", {"rows": rows}),
                got=f"{coefficients:,}",
                fix="Leave covariates out, merge blocks, or choose adjustment='additive'.",
            )
        )
    return coefficients_factor(rows, coefficients)


def _corrected(k: int, more: float, small_sample: Correction) -> tuple[Message, ...]:
    """What the correction for k coefficients adds, or would add, where that is felt."""
    if more < FELT:
        return ()
    told = {"k": k, "more": more}
    if small_sample == "full":
        return (Message(CORRECTED, told),)
    return (Message(NOT_CORRECTED, told, "caution"),)
