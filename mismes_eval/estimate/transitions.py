"""Transition matrices between states, pooled over pairs of occasions, with every person one cluster
and small rows withheld.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mismes_eval.errors import EstimateError, Problem, of_argument, worded
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.part import Part
from mismes_eval.numerics.averages import Averages, by_influence
from mismes_eval.numerics.influence import Influence
from mismes_eval.numerics.rows import Bool, Float, Int
from mismes_eval.weighting.columns import Stated, read
from mismes_eval.weighting.design import SurveyDesign
from mismes_eval.weighting.sample import Sample

MANY = 50


@dataclass(frozen=True)
class Pair:
    """Two occasions: the sample with the weights of those seen at both, and each row's state at the
    first and at the second (missing where not seen), (n,) each.
    """

    sample: Sample
    origin: NDArray[np.object_]
    destination: NDArray[np.object_]


def transitions(sample: Sample, pairs: Sequence[tuple[str, str]], minimum: int = 30) -> Estimate:
    """Share of each destination among those who start in each origin, pooled over pairs of columns.

    Parameters
    ----------
    sample : one row a person.
    pairs : (column before, column after), e.g. [("state_w1", "state_w2"), ("state_w2",
        "state_w3")]; rows with a state missing in a pair do not count in it.
    minimum : origins with fewer persons are withheld (named in the notes and in
        `extra["withheld"]`); 0 shows all.

    Returns
    -------
    Estimate; keys: origin, destination, transitions (unweighted). Rows sum to 1. n is the number of
    persons behind the row. A person's transitions are one cluster (or its PSU is).

    References
    ----------
    Binder (1983), International Statistical Review 51, 279-292, for the ratio of totals.
    """
    columns = list(dict.fromkeys(column for pair in pairs for column in pair))
    if not columns:
        raise EstimateError(
            Problem(
                "transitions needs pairs of columns",
                of_argument("pairs"),
                "at least one (before, after)",
            )
        )
    wanted = {f"y{place}": Stated(column, missing=True) for place, column in enumerate(columns)}
    data = vars(read(sample, EstimateError, **wanted))
    states = {
        str(values.name): values.astype(object).where(values.notna(), None).to_numpy()
        for values in data.values()
    }
    return pooled_transitions(
        sample,
        [Pair(sample, states[origin], states[destination]) for origin, destination in pairs],
        minimum,
    )


def pooled_transitions(base: Sample, pairs: Sequence[Pair], minimum: int = 30) -> Estimate:
    """`transitions` where each pair has weights of its own, made by further steps from those of
    `base`: the uncertainty of each enters.
    """
    if base.design.replicates is not None:
        raise EstimateError(
            Problem(
                "pooled transitions have no replicate weights", fix="Use the linearised design."
            )
        )
    used = [
        pair.sample.active & ~pd.isna(pair.origin) & ~pd.isna(pair.destination) for pair in pairs
    ]
    levels = _levels(pairs, used)
    k = len(levels)
    totals, z, persons, moves = (
        np.zeros((k, k)),
        np.zeros((base.n, k * k)),
        np.zeros((base.n, k), bool),
        np.zeros((k, k)),
    )
    for pair, rows in zip(pairs, used, strict=True):
        cell = _codes(pair, rows, levels)
        y = np.zeros((base.n, k * k), order="F")
        y[np.flatnonzero(rows), cell] = 1.0
        totals += np.bincount(cell, weights=pair.sample.weights[rows], minlength=k * k).reshape(
            k, k
        )
        moves += np.bincount(cell, minlength=k * k).reshape(k, k)
        persons[np.flatnonzero(rows), cell // k] = True
        z += pulled_back_to(base.design, pair.sample.design, y)
    n = persons.sum(axis=0)
    shown = np.flatnonzero((n >= max(minimum, 1)) & (totals.sum(axis=1) > 0))
    if not shown.size:
        raise EstimateError(
            Problem(
                "every row of the transition matrix is withheld",
                "",
                worded("an origin with {minimum} persons", {"minimum": minimum}),
                worded("at most {count}", {"count": int(n.max(initial=0))}),
            )
        )
    return _estimate(base, levels, totals, z.reshape(base.n, k, k), n, moves, shown, minimum)


def pulled_back_to(base: SurveyDesign, design: SurveyDesign, z: Float) -> Float:
    """Influence (n, p) on the weights of `design` -> influence on the weights of `base`, from which
    `design` was made by further steps.
    """
    steps = design.steps
    if (
        design.base is not base.base
        or len(steps) < len(base.steps)
        or any(own is not other for own, other in zip(steps, base.steps, strict=False))
    ):
        raise EstimateError(
            Problem(
                "the weights of a pair were not made from the base sample",
                of_argument("pairs"),
                "further steps on the base sample's design",
            )
        )
    out = Influence.of(z)
    for step in reversed(steps[len(base.steps) :]):
        out = step.pull_back(out)
    return out.dense()


def on_enrolment(base: Sample, estimate: Estimate) -> Estimate:
    """An estimate on further steps, rewritten on the design of the sample they started from, so
    that estimates with different steps can be stacked.

    Refused where a step brings variance from outside (totals with an error of their own), which has
    no place on the base design.
    """
    if len(estimate.parts) != 1 or estimate.parts[0].influence is None:
        raise EstimateError(Problem("only an estimate on one linearised design can be rewritten"))
    part = estimate.parts[0]
    if part.design.totals_have_error:
        raise EstimateError(
            Problem(
                "a step calibrated to totals with an error of their own",
                fix="Report the estimates one by one.",
            )
        )
    z = pulled_back_to(base.design, part.design, estimate.influence)
    own = Part(base.design, Influence.of(z), averages=_on_base(base.design, part))
    return replace(estimate, parts=(own,), srs=None, limits=None, extra={})


def _on_base(base: SurveyDesign, part: Part) -> Averages | None:
    """The same averages written on the weights before the later steps."""
    if part.averages is None:
        return None
    before = np.where(base.weights != 0, base.weights, 1.0)
    return part.averages.scaled(part.design.weights / before)


def _levels(pairs: Sequence[Pair], used: Sequence[Bool]) -> list[object]:
    seen: set[object] = set()
    for pair, rows in zip(pairs, used, strict=True):
        seen |= set(pd.unique(pair.origin[rows])) | set(pd.unique(pair.destination[rows]))
    if not seen:
        raise EstimateError(Problem("no row has a state at both occasions of any pair"))
    if len(seen) > MANY:
        raise EstimateError(
            Problem(
                what="the states are too many for a table",
                expected=worded("at most {many} states", {"many": MANY}),
                got=worded("{seen:,}", {"seen": len(seen)}),
                fix="Group them; a quantity needs classes first.",
            )
        )
    return sorted(seen, key=lambda v: (str(type(v)), v))


def _codes(pair: Pair, rows: Bool, levels: list[object]) -> Int:
    index = pd.Index(levels)
    return np.asarray(
        index.get_indexer(pd.Index(pair.origin[rows])) * len(levels)
        + index.get_indexer(pd.Index(pair.destination[rows])),
        np.intp,
    )


def _estimate(
    base: Sample,
    levels: list[object],
    totals: Float,
    z: Float,
    n: Int,
    moves: Float,
    shown: Int,
    minimum: int,
) -> Estimate:
    k = len(levels)
    value, influence = [], []
    for origin in shown:
        size = totals[origin].sum()
        share = totals[origin] / size
        value.append(share)
        influence.append(
            (z[:, origin, :] - share * z[:, origin, :].sum(axis=1, keepdims=True)) / size
        )
    of = Influence.of(np.hstack(influence))
    keys = pd.DataFrame(
        [
            (levels[origin], levels[destination], int(moves[origin, destination]))
            for origin in shown
            for destination in range(k)
        ],
        columns=["origin", "destination", "transitions"],
    )
    names = tuple(
        f"{levels[origin]} to {levels[destination]}" for origin in shown for destination in range(k)
    )
    withheld = {
        levels[origin]: int(n[origin]) for origin in range(k) if origin not in shown and n[origin]
    }
    note = (
        (f"Withheld, fewer than {minimum} persons: " + ", ".join(map(str, withheld)) + ".",)
        if withheld
        else ()
    )
    return Estimate(
        value=np.concatenate(value),
        names=names,
        parts=(Part(base.design, of, averages=by_influence(of)),),
        keys=keys,
        n=np.repeat(n[shown].astype(float), k),
        dof=np.full(len(names), base.degf),
        kind="transition share",
        notes=(*note, *base.notes),
        interval="logit",
        extra={"withheld": withheld},
    )
