"""Several estimates as one: of one sample with their joint covariance, of independent samples with
none between them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mismes_eval.errors import EstimateError, Problem
from mismes_eval.estimate.estimate import Estimate, Interval, need_estimates
from mismes_eval.estimate.part import Part
from mismes_eval.numerics.averages import Averages, joined, unknown
from mismes_eval.numerics.influence import side_by_side
from mismes_eval.public import public


@public(EstimateError)
def stack(*estimates: Estimate) -> Estimate:
    """Several estimates of one sample as one, with their joint covariance.

    Parameters
    ----------
    estimates : made from one Sample with the same weight steps, of any kinds (means, effects,
        ratios); narrowed samples and `by` count as the same sample.

    Returns
    -------
    Estimate, the values one after the other in the order given; `wald`, `sup_t`, `adjust_pvalues`
    and contrasts of it see how the values depend on each other.

    Raises
    ------
    EstimateError : estimates of different samples or weight steps (use `independent` for samples
        that have nothing to do with each other).
    """
    need_estimates(estimates, "stack")
    first = estimates[0]
    if len({_designs(estimate) for estimate in estimates}) > 1:
        raise EstimateError(
            Problem(
                "stack needs estimates on one and the same design",
                fix=(
                    "Use independent() for separate samples; derive every estimate from one Sample."
                ),
            )
        )
    parts = []
    for place, part in enumerate(first.parts):
        many = [estimate.parts[place] for estimate in estimates]
        influence = [m.influence for m in many if m.influence is not None]
        replicates = [m.replicates for m in many if m.replicates is not None]
        full = [m.full for m in many if m.full is not None]
        parts.append(
            Part(
                part.design,
                side_by_side(influence) if len(influence) == len(many) else None,
                np.hstack(replicates) if len(replicates) == len(many) else None,
                np.concatenate(full) if len(full) == len(many) else None,
                averages=_averages(many),
            )
        )
    return _joined(estimates, tuple(parts))


def _designs(estimate: Estimate) -> tuple[int, ...]:
    """Which designs an estimate stands on, by their identity."""
    return tuple(id(part.design) for part in estimate.parts)


def _averages(many: list[Part]) -> Averages | None:
    """The averages of several parts on one design, none for parts that do not know theirs."""
    each = []
    for part in many:
        if part.averages is not None:
            each.append(part.averages)
        elif part.influence is not None:
            each.append(unknown(part.influence.n, part.influence.p))
    return joined(each) if len(each) == len(many) else None


@public(EstimateError)
def independent(*estimates: Estimate) -> Estimate:
    """Estimates of independent samples as one: the covariance between them is zero.

    Parameters
    ----------
    estimates : each of a sample of its own (two countries, two rounds with separate samples).

    Returns
    -------
    Estimate, the values one after the other in the order given.

    Raises
    ------
    EstimateError : two of them are of one sample (use `stack`). That persons stand in two samples
        cannot be seen, and is for you to know.
    """
    need_estimates(estimates, "independent")
    p = sum(estimate.p for estimate in estimates)
    parts: list[Part] = []
    at = 0
    for estimate in estimates:
        pad = np.zeros((p, estimate.p))
        pad[at : at + estimate.p] = np.eye(estimate.p)
        for part in estimate.parts:
            if any(part.design.base is other.design.base for other in parts):
                raise EstimateError(
                    Problem(
                        "independent got two estimates on one design",
                        fix=(
                            "Use stack() for estimates of one sample, made with the same weight"
                            " steps."
                        ),
                    )
                )
            parts.append(part.linear(pad))
        at += estimate.p
    return _joined(estimates, tuple(parts))


def _joined(estimates: tuple[Estimate, ...], parts: tuple[Part, ...]) -> Estimate:
    names = [n for estimate in estimates for n in estimate.names]
    if len(set(names)) < len(names):
        names = [f"{i + 1}: {n}" for i, estimate in enumerate(estimates) for n in estimate.names]
    notes = tuple(dict.fromkeys(note for estimate in estimates for note in estimate.notes))
    logit = all(estimate.interval == "logit" for estimate in estimates)
    interval: Interval = "logit" if logit else "t"
    return Estimate(
        value=np.concatenate([estimate.value for estimate in estimates]),
        names=tuple(names),
        parts=parts,
        keys=pd.concat([estimate.keys for estimate in estimates], ignore_index=True),
        n=np.concatenate([estimate.n for estimate in estimates]),
        dof=np.concatenate([estimate.dof for estimate in estimates]),
        kind=estimates[0].kind,
        unit=estimates[0].unit,
        definition="",
        notes=notes,
        interval=interval,
    )
