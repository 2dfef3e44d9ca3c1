"""Money: what one measure costs."""

from __future__ import annotations

from dataclasses import dataclass

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.impact.planning.cost_result import CostEffectiveness

Result = Estimate | NotEstimable


@dataclass(frozen=True)
class Money:
    """cost: mean cost of the services a participant received; completer: the same for each one who
    completed; worth: cost per additional job-year, or the reason why there is none.

    measured : months after enrolment over which months worked were counted, whose sum the job-years
        of `worth` are; None where they are the main effect times a horizon.
    scenario : where they are measured, the cost if the main effect lasted over the horizon.

    job_value : what society pays at most for a job-year, from the params; None where they do not
        say.
    """

    measure: str
    cost: Result
    completer: Result
    worth: CostEffectiveness | NotEstimable
    job_value: float | None
    horizon: float
    currency: str
    measured: float | None
    scenario: CostEffectiveness | NotEstimable | None
