"""What an effect costs: cost per additional outcome with Fieller's interval, the plane where that
ratio is not defined, break-even and net benefit.
"""

from __future__ import annotations

import numpy as np

from mismes_eval.errors import EstimateError, Problem, of_argument, of_arguments, worded
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.impact.did.base_design import together
from mismes_eval.impact.planning.cost_result import CostEffectiveness
from mismes_eval.numerics.rows import Float
from mismes_eval.public import Finite, Seed, public


@public(EstimateError)
def cost_effectiveness(
    att: Estimate,
    cost: Estimate | float,
    participants: float | None = None,
    years: float = 1.0,
    cost_se: Finite = 0.0,
    correlation: float = 0.0,
    value: float | None = None,
    unit: str = "job-year",
    currency: str = "currency units",
    level: float = 0.95,
    draws: int = 10_000,
    seed: Seed = 1,
) -> CostEffectiveness:
    """Cost per additional outcome of a measure, with everything that is uncertain in it.

    Parameters
    ----------
    att : one effect per participant and year, e.g. the effect on being employed.
    years : how long the effect lasts, a judgement that is printed.
    cost : of the measure per participant over and above what would be spent anyway; the total cost
        where `participants` is given. An Estimate (of the same sample, whatever its weight steps:
        its covariance with the effect is used; of another: independent, which a note says) or a
        number with `cost_se` and `correlation` with the effect.
    value : what one unit of outcome is worth, for break-even and net benefit.
    unit, currency : their names.
    level : of the intervals.
    draws, seed : of the bootstrap, from the joint replicates where both estimates have them on one
        design, else from a joint t law.

    Returns
    -------
    CostEffectiveness: ratio and fieller, or the plane where the effect's interval covers 0;
    bootstrap, break_even, net_benefit, to_frame, plot, text.

    Raises
    ------
    EstimateError : lists every argument that does not fit.

    References
    ----------
    Fieller (1954), JRSS B 16, 175-185; Briggs, O'Brien and Blackhouse (2002), Annual Review of
    Public Health 23, 377-401.
    """
    _refuse(att, cost, participants, years, cost_se, correlation, value, level, draws)
    per = 1.0 if participants is None else 1 / participants
    scale = np.array([years, per])
    said: tuple[str, ...] = ()
    if isinstance(cost, Estimate):
        joint, said = together(att, cost)
        pair, vcov, dof = (
            joint.value * scale,
            joint.vcov * np.outer(scale, scale),
            float(joint.degf.min()),
        )
        replicates = joint.parts[0].replicates if len(joint.parts) == 1 else None
    else:
        pair = np.array([att.value[0], float(cost)]) * scale
        se = np.array([att.se[0], cost_se]) * scale
        vcov = np.outer(se, se) * np.array([[1.0, correlation], [correlation, 1.0]])
        dof = float(att.degf.min())
        replicates = None
    notes = [
        *said,
        (
            f"The effect is taken to last {years:g} years. Intervals at {100 * level:g}% with"
            f" {dof:g} degrees of freedom."
        ),
    ]
    if not isinstance(cost, Estimate) and cost_se == 0:
        notes.append("The cost is taken as known: no uncertainty of it is in the intervals.")
    made = _draws(pair, vcov, dof, None if replicates is None else replicates * scale, draws, seed)
    return CostEffectiveness(
        effect=float(pair[0]),
        cost=float(pair[1]),
        vcov=vcov,
        dof=dof,
        level=level,
        att=float(att.value[0]),
        years=years,
        participants=participants,
        value=value,
        unit=unit,
        currency=currency,
        draws=made,
        notes=(*notes, *att.notes),
    )


def _draws(
    pair: Float, vcov: Float, dof: float, replicates: Float | None, count: int, seed: int
) -> Float:
    """(B, 2): replicates recentred and scaled to the covariance of the estimate, resampled; else
    multivariate t.
    """
    rng = np.random.default_rng(seed)
    values, vectors = np.linalg.eigh(vcov)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    if replicates is not None and replicates.shape[0] >= 50:
        spread = replicates - replicates.mean(axis=0)
        size = np.sqrt(np.diag(vcov) / np.maximum(spread.var(axis=0), np.finfo(float).tiny))
        resampled: Float = pair + (spread * size)[rng.integers(0, spread.shape[0], count)]
        return resampled
    normal = rng.standard_normal((count, 2)) @ root.T
    stretch = (
        np.ones(count)
        if not np.isfinite(dof) or dof <= 0
        else np.sqrt(dof / rng.chisquare(dof, count))
    )
    out: Float = pair + normal * stretch[:, None]
    return out


def _one_value(name: str, given: object, other: str) -> list[Problem]:
    """What keeps an argument from being one finite value; other : what may stand instead."""
    what = "one value is needed"
    where = of_argument(name)
    if other and isinstance(given, int | float | np.number):
        return []
    if not isinstance(given, Estimate):
        got = type(given).__name__
        if isinstance(given, NotEstimable):
            got = worded("not estimable: {reason}", {"reason": given.reason})
        return [
            Problem(what, where, worded("an Estimate of one value{other}", {"other": other}), got)
        ]
    if given.p != 1:
        fix = "Choose it with select([i])."
        return [
            Problem(
                what,
                where,
                "an Estimate of one value",
                worded("{place} values", {"place": given.p}),
                fix,
            )
        ]
    if not np.isfinite([given.value[0], given.se[0]]).all():
        got = worded("{value:g} with {se:g}", {"value": given.value[0], "se": given.se[0]})
        return [Problem(what, where, "a finite value with a standard error", got)]
    return []


def _refuse(
    att: Estimate,
    cost: Estimate | float,
    participants: float | None,
    years: float,
    cost_se: float,
    correlation: float,
    value: float | None,
    level: float,
    draws: int,
) -> None:
    problems = [*_one_value("att", att, ""), *_one_value("cost", cost, ", or a number")]
    if isinstance(cost, Estimate) and (cost_se or correlation):
        problems.append(
            Problem(
                "an Estimate brings its own error",
                of_arguments("cost_se", "correlation"),
                "0 with an Estimate of the cost",
                worded(
                    "{cost_se:g}, {correlation:g}", {"cost_se": cost_se, "correlation": correlation}
                ),
            )
        )
    if isinstance(cost, int | float | np.number) and not np.isfinite(cost):
        problems.append(
            Problem("the cost is not a number", of_argument("cost"), "a finite number", str(cost))
        )
    for name, number, low in (
        ("participants", participants, 0.0),
        ("years", years, 0.0),
        ("value", value, 0.0),
    ):
        if number is not None and not (np.isfinite(number) and number > low):
            problems.append(
                Problem(
                    "a figure is out of range",
                    of_argument(name),
                    "above 0",
                    worded("{number:g}", {"number": number}),
                )
            )
    if not cost_se >= 0:
        problems.append(
            Problem(
                "a standard error is negative",
                of_argument("cost_se"),
                "0 or more",
                worded("{cost_se:g}", {"cost_se": cost_se}),
            )
        )
    if not -1 <= correlation <= 1:
        problems.append(
            Problem(
                "no correlation",
                of_argument("correlation"),
                "-1 to 1",
                worded("{correlation:g}", {"correlation": correlation}),
            )
        )
    if not 0 < level < 1 or draws < 100:
        problems.append(
            Problem(
                "a figure is out of range",
                of_arguments("level", "draws"),
                "0 < level < 1, at least 100 draws",
                worded("{level:g}, {draws}", {"level": level, "draws": draws}),
            )
        )
    EstimateError.refuse(problems)
