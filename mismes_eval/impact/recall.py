"""A status before the measure that persons were asked for afterwards: the effect if some of them remember it wrongly."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Literal

import numpy as np
import pandas as pd

from mismes_eval.errors import EstimateError, Problem
from mismes_eval.estimate.estimate import Estimate, Part
from mismes_eval.impact.partial_identification import both_arms, yes_no
from mismes_eval.numerics.influence import Influence
from mismes_eval.numerics.rows import Float
from mismes_eval.weighting.sample import Sample


def recall_sensitivity(
    sample: Sample,
    before: str,
    after: str,
    treated: str,
    sensitivity: Sequence[float],
    specificity: Sequence[float],
    arm: Literal["both", "treated", "comparison"] = "both",
) -> Estimate:
    """Difference-in-differences of a yes-no status whose value before the measure is recalled with error.

    Parameters
    ----------
    before : recalled status, 0/1.  after : status at the interview, 0/1, taken as right.  treated : 0/1.
    sensitivity : share of those with the status before who say so; specificity : share of those without it who say so. Every pair is tried.
    arm : who errs. "both" errs alike; one arm alone is what moves a difference-in-differences most (participants who gild the time before).

    Returns
    -------
    Estimate, one value a pair; keys: sensitivity, specificity, possible (False where the corrected share before is not between 0 and 1: the data contradict the pair).
    The pair (1, 1) is the effect as recorded.

    Raises
    ------
    EstimateError : values other than 0 and 1, or a pair whose sum is not above 1 (answers that say nothing).

    References
    ----------
    Rogan and Gladen (1978), American Journal of Epidemiology 107, 71-76.
    """
    if arm not in ("both", "treated", "comparison"):
        raise EstimateError(Problem("unknown arm", "argument 'arm'", "both, treated or comparison", repr(arm)))
    pairs = list(product([float(s) for s in sensitivity], [float(s) for s in specificity]))
    bad = [p for p in pairs if not (0 <= p[0] <= 1 and 0 <= p[1] <= 1 and sum(p) > 1)]
    if bad or not pairs:
        raise EstimateError(Problem("answers of this kind say nothing", "arguments 'sensitivity' and 'specificity'", "shares with a sum above 1", str(bad[:3])))
    inside = sample.active
    y0, y1, d = (yes_no(sample, c, "recall_sensitivity") for c in (before, after, treated))
    both_arms(inside, d, inside, treated, "recall_sensitivity")
    w = np.where(inside, sample.weights, 0.0)
    value, z = np.zeros(len(pairs)), np.zeros((sample.n, len(pairs)))
    possible = np.ones(len(pairs), bool)
    for a, sign, name in ((1.0, 1.0, "treated"), (0.0, -1.0, "comparison")):
        of = inside & (d == a)
        (post, z_post), (pre, z_pre) = (_mean(w, of, y) for y in (y1, y0))
        for j, (sens, spec) in enumerate(pairs):
            right = arm not in ("both", name)
            scale = 1.0 if right else 1 / (sens + spec - 1)
            corrected = pre if right else (pre - (1 - spec)) * scale
            possible[j] &= -1e-12 <= corrected <= 1 + 1e-12
            value[j] += sign * (post - corrected)
            z[:, j] += sign * (z_post - scale * z_pre)
    keys = pd.DataFrame({"variable": after, "sensitivity": [p[0] for p in pairs], "specificity": [p[1] for p in pairs], "possible": possible})
    names = tuple(f"sensitivity {p[0]:g}, specificity {p[1]:g}" for p in pairs)
    who = "Both arms err alike" if arm == "both" else f"Only the {arm} arm errs"
    notes = (f"{who} in recalling '{before}'; '{after}' is taken as right.", *sample.notes)
    n = np.full(len(pairs), float(inside.sum()))
    return Estimate(
        value,
        names,
        (Part(sample.design, Influence.of(z)),),
        keys,
        n,
        np.full(len(pairs), sample.degf),
        "effect",
        definition="Difference-in-differences with the status before corrected for stated recall error.",
        notes=notes,
    )


def _mean(w: Float, of: np.ndarray, y: Float) -> tuple[float, Float]:
    size = w[of].sum()
    mean = float(w[of] @ y[of] / size)
    return mean, np.where(of, (y - mean) / size, 0.0)
