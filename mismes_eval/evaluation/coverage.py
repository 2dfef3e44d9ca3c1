"""Coverage and targeting: who is reached, out of whom, and who is favoured. The labour force
survey's error is in every figure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from mismes_eval.errors import EstimateError, Problem, in_column, of_argument, worded
from mismes_eval.estimate.estimate import Estimate, NotEstimable, need_estimates
from mismes_eval.estimate.joint import stack
from mismes_eval.estimate.part import Part
from mismes_eval.estimate.totals import mean, proportion, total
from mismes_eval.message import Message
from mismes_eval.numerics.averages import by_influence
from mismes_eval.numerics.influence import Influence
from mismes_eval.numerics.rows import Bool
from mismes_eval.public import public
from mismes_eval.weighting.columns import Category, Number, YesNo, read
from mismes_eval.weighting.sample import Sample


@public(EstimateError)
def coverage(
    beneficiaries: float | Mapping[str, float], target: Estimate | NotEstimable, years: float = 1.0
) -> Estimate | NotEstimable:
    """Beneficiaries reached in a year over the target population (indicator I8).

    Parameters
    ----------
    beneficiaries : persons reached, a count without sampling error; or one count for each value of
        `target`, keyed by its names.
    target : total of the target population from the survey, persons.
    years : over how many years the beneficiaries were reached.

    Returns
    -------
    Estimate, persons reached a year per person of the target population, with the survey's
    uncertainty by the delta method; NotEstimable where the target is.
    """
    if isinstance(target, NotEstimable):
        return NotEstimable(
            Message("coverage needs the target population: {r}", {"r": target.reason})
        )
    need_estimates((target,), "coverage")
    if isinstance(beneficiaries, Mapping):
        unknown = [name for name in beneficiaries if name not in target.names]
        if unknown or len(beneficiaries) != target.p:
            raise EstimateError(
                Problem(
                    "beneficiaries do not fit the target population",
                    of_argument("beneficiaries"),
                    worded("a count for each of {names}", {"names": ", ".join(target.names)}),
                    ", ".join(beneficiaries),
                )
            )
        counts = np.array([float(beneficiaries[name]) for name in target.names])
    else:
        counts = np.full(target.p, float(beneficiaries))
    if not (np.isfinite(counts) & (counts >= 0)).all() or not years > 0:
        raise EstimateError(
            Problem(
                "beneficiaries are not counts",
                of_argument("beneficiaries"),
                "0 or more, over years above 0",
                worded(
                    "{beneficiaries} over {years} years",
                    {"beneficiaries": beneficiaries, "years": years},
                ),
            )
        )
    if (target.value <= 0).any():
        return NotEstimable("the survey finds nobody in the target population")
    counts = counts / years
    out = target.through(lambda t: counts / t, np.diag(-counts / target.value**2), target.names)
    return replace(
        out,
        keys=target.keys,
        kind="ratio",
        unit="share",
        definition="Beneficiaries reached a year over the survey's target population (I8).",
        n=target.n,
        dof=target.dof,
    )


@public(EstimateError)
def targeting(sample: Sample, participant: str, by: str) -> Estimate | NotEstimable:
    """Targeting index of each group: its share among participants over its share in the target
    population (indicator I9).

    Parameters
    ----------
    sample : the target population as a domain.
    participant : boolean or 0/1 column.
    by : groups.

    Returns
    -------
    Estimate, one index a group; 1 where a group takes part as often as everybody, above 1 where it
    is favoured.
    """
    data = read(sample, takes=YesNo(participant), group=Category(by))
    sample = sample.with_columns({participant: data.takes})
    if not data.takes[sample.active].any():
        return NotEstimable("nobody in the target population took part")
    rate = mean(sample, participant, by=by)
    overall = mean(sample, participant)
    joint = stack(rate, overall)
    k = rate.p
    jacobian = np.hstack(
        [np.eye(k) / overall.value[0], -(rate.value / overall.value[0] ** 2)[:, None]]
    )
    out = joint.through(lambda v: v[:-1] / v[-1], jacobian, rate.names)
    definition = Message(
        "Share of '{by}' group among participants over its share in the target population (I9); 1:"
        " no bias.",
        {"by": by},
        "definition",
    )
    return replace(
        out,
        keys=rate.keys,
        kind="ratio",
        unit="index",
        definition=definition,
        n=rate.n,
        dof=rate.dof,
    )


def targeting_of_counts(
    beneficiaries: Mapping[object, float], sample: Sample, by: str
) -> Estimate | NotEstimable:
    """Targeting index from administrative counts of beneficiaries by group (no sampling error)
    against the survey's shares of the target population.
    """
    shares = proportion(sample, by)
    level = shares.keys["level"].tolist()
    counted = {str(name): float(count) for name, count in beneficiaries.items()}
    lost = sorted(set(counted) - set(level))
    if lost or sum(counted.values()) <= 0:
        return NotEstimable(
            Message(
                "groups of the beneficiaries that the survey lacks: {groups}",
                {"groups": ", ".join(lost)},
            )
            if lost
            else "no beneficiaries are counted"
        )
    counts = np.array([counted.get(name, 0.0) for name in level]) / sum(counted.values())
    out = shares.through(lambda v: counts / v, np.diag(-counts / shares.value**2), shares.names)
    return replace(
        out,
        keys=shares.keys,
        kind="ratio",
        unit="index",
        n=shares.n,
        dof=shares.dof,
        definition=Message(
            "Share of '{by}' group among beneficiaries (register) over its share in the target"
            " population (survey) (I9).",
            {"by": by},
            "definition",
        ),
    )


@public(EstimateError)
def leakage(sample: Sample, participant: str, target: str) -> Estimate | NotEstimable:
    """Share of participants who are outside the target group.

    Parameters
    ----------
    sample : the population as a domain.
    participant : boolean or 0/1 column: who took part.
    target : boolean column: who the measure is for; a missing value counts as outside.

    Returns
    -------
    Estimate with one value, a share of the participants between 0 and 1; NotEstimable where nobody
    took part.

    Raises
    ------
    EstimateError : unknown columns, a participant column of text or with missing values.
    """
    data = read(sample, took=YesNo(participant), target=YesNo(target, missing=True))
    took = (data.took > 0) & sample.active
    if not took.any():
        return NotEstimable("nobody took part")
    outside = sample.with_columns({"_outside": data.target != 1}).where(took)
    estimate = mean(outside, "_outside")
    return replace(
        estimate,
        names=("leakage",),
        kind="proportion",
        unit="share",
        definition=Message(
            "Participants outside the target group '{target}' over all participants.",
            {"target": target},
            "definition",
        ),
    )


@public(EstimateError)
def concentration(sample: Sample, participant: str, rank: str) -> Estimate:
    """Concentration index of participation over a ranking (education, earnings).

    Parameters
    ----------
    sample : the population as a domain.
    participant : boolean or 0/1 column: who took part.
    rank : numeric column, from the lowest to the highest; equal values share their place.

    Returns
    -------
    Estimate with one value: 0 where participation does not lean, mu - 1 where all who took part are
    the lowest, 1 - mu where all are the highest, mu the share who took part.

    Raises
    ------
    EstimateError : nobody took part; unknown columns; missing values in the domain.

    References
    ----------
    Kakwani, Wagstaff and van Doorslaer (1997), Journal of Econometrics 77, 87-103; influence of the
    ranks included. Limits: Wagstaff (2005), Health Economics 14, 429-432.
    """
    data = read(sample, h=Number(participant), x=Number(rank))
    inside = sample.active
    w = sample.weights[inside]
    hi, xi = data.h[inside], data.x[inside]
    values, place = np.unique(xi, return_inverse=True)
    mass = np.bincount(place, weights=w) / w.sum()
    below = np.cumsum(mass) - mass
    r = (below + mass / 2)[place]
    mu = float(w @ hi / w.sum())
    if mu <= 0:
        raise EstimateError(Problem("nobody took part", in_column(participant), "a positive share"))
    a = float(w @ (hi * r) / w.sum())
    taken = np.bincount(place, weights=w * hi, minlength=values.size) / w.sum()
    above = (np.cumsum(taken[::-1])[::-1] - taken / 2)[place]
    z = np.zeros(sample.n)
    z[inside] = (2 / mu * (hi * r - a + above - a) - 2 * a / mu**2 * (hi - mu)) / w.sum()
    of = Influence.of(z)
    keys = pd.DataFrame({"variable": [participant], "rank": [rank]})
    return Estimate(
        value=np.array([2 * a / mu - 1]),
        names=(f"concentration of {participant} over {rank}",),
        parts=(Part(sample.design, of, averages=by_influence(of)),),
        keys=keys,
        n=np.array([float(inside.sum())]),
        dof=np.array([sample.degf]),
        kind="index",
        unit="index",
        definition=Message(
            "Concentration index of '{p}' over '{r}'.", {"p": participant, "r": rank}, "definition"
        ),
        notes=sample.notes,
    )


def target_population(
    sample: Sample, mask: Sequence[bool] | Bool | pd.Series, name: str = "target population"
) -> Estimate:
    """Weighted number of persons in a target group."""
    inside = sample.with_columns({"_one": 1.0}).where(mask)
    estimate = total(inside, "_one")
    return replace(
        estimate,
        names=(name,),
        keys=pd.DataFrame({"variable": [name]}),
        unit="persons",
        definition=Message("Weighted persons: {name}.", {"name": name}, "definition"),
    )
