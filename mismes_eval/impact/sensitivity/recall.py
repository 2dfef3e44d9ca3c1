"""A status before the measure that persons were asked for afterwards: the effect if some of them
remember it wrongly.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Literal

import numpy as np
import pandas as pd

from mismes_eval.errors import EstimateError, Problem, named, of_arguments, unknown
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.impact.bounds.partial_identification import both_arms, part_of
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.public import public
from mismes_eval.weighting.columns import YesNo, read
from mismes_eval.weighting.domain import zero_outside
from mismes_eval.weighting.sample import Sample


@public(EstimateError)
def recall_sensitivity(
    sample: Sample,
    before: str,
    after: str,
    treated: str,
    sensitivity: Sequence[float],
    specificity: Sequence[float],
    arm: Literal["both", "treated", "comparison"] = "both",
) -> Estimate:
    """Difference-in-differences of a yes-no status whose value before the measure is recalled with
    error.

    Parameters
    ----------
    before : recalled status, 0/1.
    after : status at the interview, 0/1, taken as right.
    treated : 0/1.
    sensitivity : share of those with the status before who say so; specificity : share of those
        without it who say so. Every pair is tried.
    arm : who errs. "both" errs alike; one arm alone is what moves a difference-in-differences most
        (participants who gild the time before).

    Returns
    -------
    Estimate, one value a pair; keys: sensitivity, specificity, possible (False where the corrected
    share before is not between 0 and 1: the data contradict the pair).
    The pair (1, 1) is the effect as recorded.

    Raises
    ------
    EstimateError : values other than 0 and 1, or a pair whose sum is not above 1 (answers that say
        nothing).

    References
    ----------
    Rogan and Gladen (1978), American Journal of Epidemiology 107, 71-76.
    """
    EstimateError.refuse(unknown("unknown arm", "arm", arm, ("both", "treated", "comparison")))
    pairs = list(product(map(float, sensitivity), map(float, specificity)))
    bad = [p for p in pairs if not (0 <= p[0] <= 1 and 0 <= p[1] <= 1 and sum(p) > 1)]
    if bad or not pairs:
        raise EstimateError(
            Problem(
                "answers of this kind say nothing",
                of_arguments("sensitivity", "specificity"),
                "shares with a sum above 1",
                named(bad),
            )
        )
    data = read(sample, EstimateError, y0=YesNo(before), y1=YesNo(after), d=YesNo(treated))
    inside = sample.active
    y0, y1, d = zero_outside(sample, data.y0, data.y1, data.d)
    both_arms(inside, d, inside, treated, "recall_sensitivity")
    right = {
        place: arm not in ("both", name) for place, name in ((1, "treated"), (0, "comparison"))
    }
    value, part = part_of(sample, lambda w: _corrected(w, inside, y0, y1, d, pairs, right), d)
    possible = [
        _possible(np.where(inside, sample.weights, 0.0), inside, y0, d, pair, right)
        for pair in pairs
    ]
    keys = pd.DataFrame(
        {
            "variable": after,
            "sensitivity": [p[0] for p in pairs],
            "specificity": [p[1] for p in pairs],
            "possible": possible,
        }
    )
    names = tuple(f"sensitivity {p[0]:g}, specificity {p[1]:g}" for p in pairs)
    who = "Both arms err alike" if arm == "both" else f"Only the {arm} arm errs"
    notes = (
        f"{who} in recalling '{before}'; '{after}' is taken as right.",
        *sample.notes,
    )
    n = np.full(len(pairs), float(inside.sum()))
    return Estimate(
        value=value,
        names=names,
        parts=(part,),
        keys=keys,
        n=n,
        dof=np.full(len(pairs), sample.degf),
        kind="effect",
        definition=(
            "Difference-in-differences with the status before corrected for stated recall error."
        ),
        notes=notes,
    )


def _corrected(
    w: Float,
    inside: Bool,
    y0: Float,
    y1: Float,
    d: Float,
    pairs: Sequence[tuple[float, float]],
    right: dict[int, bool],
) -> tuple[Float, Float]:
    """Value (k,) and influence (n, k) of the effect for each pair."""
    value, z = np.zeros(len(pairs)), np.zeros((w.size, len(pairs)))
    for place, sign in ((1, 1.0), (0, -1.0)):
        of = inside & (d == place)
        (post, z_post), (pre, z_pre) = (_mean(w, of, y) for y in (y1, y0))
        for j, pair in enumerate(pairs):
            scale = 1.0 if right[place] else 1 / (sum(pair) - 1)
            value[j] += sign * (post - _undone(pre, pair, right[place]))
            z[:, j] += sign * (z_post - scale * z_pre)
    return value, z


def _undone(share: float, pair: tuple[float, float], right: bool) -> float:
    """The true share behind a recalled one."""
    return share if right else (share - (1 - pair[1])) / (sum(pair) - 1)


def _possible(
    w: Float, inside: Bool, y0: Float, d: Float, pair: tuple[float, float], right: dict[int, bool]
) -> bool:
    shares = [
        _undone(_mean(w, inside & (d == place), y0)[0], pair, right[place]) for place in (0, 1)
    ]
    return all(-1e-12 <= share <= 1 + 1e-12 for share in shares)


def _mean(w: Float, of: Bool, y: Float) -> tuple[float, Float]:
    size = w[of].sum()
    mean = float(w[of] @ y[of] / size)
    return mean, np.where(of, (y - mean) / size, 0.0)
