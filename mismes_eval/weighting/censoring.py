"""Who was watched to the end stands for those who were lost before it: weights by the inverse
probability of being still observed, as a weight step with its own error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import block_diag

from mismes_eval.errors import DesignError, Problem, in_column, of_argument, of_covariates, worded
from mismes_eval.message import Message, as_message
from mismes_eval.numerics.censoring import NoHazard, observed
from mismes_eval.numerics.influence import Influence
from mismes_eval.numerics.rows import Bool, Float, Int, Rows
from mismes_eval.public import Finite, public
from mismes_eval.weighting.arguments import as_names
from mismes_eval.weighting.columns import Category, Number, Stated, YesNo, read
from mismes_eval.weighting.nonresponse import named_effects
from mismes_eval.weighting.sample import Sample

MOST = 200


@dataclass(frozen=True)
class Watched:
    """Factor of those who had the event or were watched to the horizon: 1 over the probability of
    being still observed; 0 of those who were lost. exit, lost, group, inside (n,); x (n, q);
    slope, score (n, P) and information (P, P) of the hazards of all groups.
    """

    name: str
    factor: Float
    exit: Float
    lost: Bool
    group: Int
    inside: Bool
    x: Float
    horizon: float
    before: Float
    slope: Float
    score: Float
    information: Float

    def pull_back(self, z: Influence) -> Influence:
        if not self.slope.shape[1]:  # nobody was lost: nothing was fitted
            return z.scaled(self.factor)
        left = z.cross(Rows(self.slope), self.before * self.factor * self.inside)
        coef = np.asarray(np.linalg.solve(self.information, left), float)
        return z.scaled(self.factor).plus(Rows(self.score), coef, self.inside.astype(float))

    def added_vcov(self, z: Influence) -> Float | None:
        return None

    def refit(self, before: Float) -> Float:
        return _fitted(self, before)[0]


@public(DesignError)
def censoring_weights(
    sample: Sample,
    duration: str,
    event: str,
    tau: Finite,
    covariates: str | Sequence[str] = (),
    by: str | None = None,
) -> Sample:
    """Weights by the inverse probability of being still observed (IPCW), as one more step.

    Parameters
    ----------
    sample : one row a spell.
    duration : time to the event or to the end of observation, above 0.
    event : 1 where an event (any of several) ended the spell, 0 where the row was lost.
    tau : horizon, above 0: whoever was watched that long is not lost.
    covariates : columns known at the start, that tell who is lost and how long the wait is.
    by : column of groups (the arms) with a model of being lost each.

    Returns
    -------
    Sample: rows lost before tau have weight 0, the others their weight over the probability of
        being still observed at their exit. `me.rmst`, `me.survival` and `me.cumulative_incidence`
        up to tau follow, the step's error inside. Without covariates they are those of Kaplan and
        Meier, of Aalen and Johansen.

    The hazard of being lost is a logit with a level of its own at each time at which somebody is
    lost (at most 200 before tau; events come before losses at the same time).

    Raises
    ------
    DesignError : durations not above 0, nobody seen at tau, covariates that tell completely who is
        lost, more than 200 times, negative weights.

    References
    ----------
    Robins and Finkelstein (2000), Biometrics 56, 779-788; Bang and Tsiatis (2000), Biometrika 87,
    329-343.
    """
    columns = list(as_names(covariates, "covariates"))
    wanted = {f"x{place}": Stated(column) for place, column in enumerate(columns)}
    group = {} if by is None else {"group": Category(by)}
    data = read(sample, t=Number(duration), e=YesNo(event), **wanted, **group)
    inside = sample.active
    code = np.zeros(sample.n, np.intp) if by is None else np.asarray(data.group.code, np.intp)
    exit = np.where(inside, data.t, 0.0)
    lost = inside & (data.e == 0) & (exit < tau)
    _refuse(sample, exit, lost, code, tau, duration)
    x = np.zeros((sample.n, 0))
    if columns:
        x = named_effects(sample.frame, columns, inside)[0].dense()[:, 1:]
        x = np.where(inside[:, None], x - x[inside].mean(axis=0), x)  # the levels take the means
    empty = np.zeros((sample.n, 0))
    name = (
        f"inverse probability of being still observed within {tau:g}"
        + (f", given {', '.join(columns)}" if columns else "")
        + (f", by {by}" if by is not None else "")
    )
    step = Watched(
        name=sample.narrowed(as_message(name)),
        factor=np.ones(sample.n),
        exit=exit,
        lost=lost,
        group=code,
        inside=inside,
        x=x,
        horizon=float(tau),
        before=sample.weights,
        slope=empty,
        score=empty,
        information=np.zeros((0, 0)),
    )
    return sample.step(_made(step, columns))


def _made(step: Watched, columns: list[str]) -> Watched:
    """The step at its solution. Raises DesignError."""
    try:
        factor, slope, score, information = _fitted(step, step.before)
    except NoHazard as error:
        raise DesignError(
            Problem(
                what="the probability of being still observed cannot be fitted",
                where=of_covariates(columns) if columns else worded("column of durations"),
                expected="rows that are lost and rows that are not, whatever the covariates",
                got=str(error),
                fix="Use fewer or coarser covariates, or a shorter horizon.",
            )
        ) from error
    return replace(step, factor=factor, slope=slope, score=score, information=information)


def _fitted(step: Watched, before: Float) -> tuple[Float, Float, Float, Float]:
    """factor (n,), slope and score (n, P), information (P, P), the groups one after the other."""
    factor = np.ones(before.size)
    slopes: list[Float] = []
    scores: list[Float] = []
    squares: list[Float] = []
    for cell in np.unique(step.group[step.inside]):
        rows = np.flatnonzero(step.inside & (step.group == cell))
        fit = observed(step.exit[rows], step.lost[rows], step.horizon, step.x[rows], before[rows])
        factor[rows] = np.where(step.lost[rows], 0.0, 1 / fit.kept)
        known = fit.information.any(axis=1)  # a group that loses nobody has no covariates to tell
        squares.append(fit.information[np.ix_(known, known)])
        for out, part in ((slopes, fit.slope), (scores, fit.score)):
            whole = np.zeros((before.size, int(known.sum())))
            whole[rows] = part[:, known]
            out.append(whole)
    return factor, np.hstack(slopes), np.hstack(scores), block_diag(*squares)


def _refuse(sample: Sample, exit: Float, lost: Bool, group: Int, tau: float, duration: str) -> None:
    """Raise DesignError with every problem."""
    inside = sample.active
    where = in_column(duration)
    problems = []
    if not tau > 0:
        problems.append(
            Problem(
                "no horizon", of_argument("tau"), "a time above 0", worded("{tau:g}", {"tau": tau})
            )
        )
    if (inside & (exit <= 0)).any():
        count = int((inside & (exit <= 0)).sum())
        fix = "Count an event in the first period as duration 1 (or half a period)."
        problems.append(Problem("a duration is not above 0", where, fix=fix, count=count))
    if (sample.weights[inside] < 0).any():
        problems.append(
            Problem(
                "censoring_weights cannot use negative weights", worded("the sample's last weight")
            )
        )
    watched = [exit[inside & (group == cell)].max() for cell in np.unique(group[inside])]
    if watched and min(watched) < tau:
        problems.append(
            Problem(
                what="the horizon lies beyond what was observed in a group",
                where=of_argument("tau"),
                expected=Message("at most {k:g}", {"k": min(watched)}),
                got=worded("{tau:g}", {"tau": tau}),
                fix="Take a shorter horizon.",
            )
        )
    times = np.unique(exit[lost]).size
    if times > MOST:
        fix = "Round the durations, to months for one."
        problems.append(
            Problem(
                "too many times of being lost",
                where,
                Message("at most {k:g}", {"k": MOST}),
                str(times),
                fix=fix,
            )
        )
    DesignError.refuse(problems)
