"""What a measure cost for each additional job-year, why that is not always said, and what such a
number supposes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from mismes_eval.estimate.estimate import NotEstimable
from mismes_eval.estimate.verdict import PARALLEL, Span, Verdict
from mismes_eval.evaluation.evaluation import Evaluation
from mismes_eval.evaluation.measure_costs import Money
from mismes_eval.evaluation.money import APART, money
from mismes_eval.evaluation.tracer_effects import Effects
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.impact.planning.cost_result import CostEffectiveness
from mismes_eval.message import Message, Quantity
from mismes_eval.report.chapters.verdicts import effect_verdict

NOT_SHOWN = NotEstimable(
    Message("no effect could be shown by the wider of its intervals", kind="reason")
)
MONTHS_A_YEAR = 12.0
# why the first page gives no cost of a job-year
NO_PRICE = {
    "effect": Message("effect unproven"),
    "apart": Message("groups moved apart before"),
    "else": Message("not given: see T20"),
}
NO_GAIN = {
    "unclear": "gain over {w:.0f} months unproven",
    "lower": "job-years over {w:.0f} months were lost",
}
# without numbers: a reason is told also where the cells that have them are hidden
COVERS_0 = (
    "the 95% interval of the job-years gained per participant covers 0: their cost has no finite"
    " interval; figure F13b shows both"
)
LOST = "participants lost job-years: the measure costs and gains nothing"


@dataclass(frozen=True)
class Priced(Money):
    """Costs of one measure; job: cost of an additional job-year, or why there is none; supposed:
    the same if the main effect lasted over the horizon, where job-years were measured besides.
    assumption: under which the job-years are an effect of the measure.
    """

    job: float | NotEstimable
    supposed: float | NotEstimable | None = None
    assumption: Message = PARALLEL


def priced(evaluation: Evaluation, study: Tracing, effect: Effects) -> Priced:
    """The costs of one measure. A job-year has a price only where its effect is shown by the
    interval that speaks, the widest of them.
    """
    return priced_by(money(evaluation, study, effect), effect_verdict(evaluation, effect))


def priced_by(m: Money, verdict: Verdict | None) -> Priced:
    """The same with the verdict on the effect."""
    shown = verdict is not None and verdict.sign == "higher"
    job = _shown_ratio(m.worth, shown)
    supposed = None if m.scenario is None else _shown_ratio(m.scenario, shown)
    stated = PARALLEL if verdict is None else verdict.assumption or PARALLEL
    return Priced(**vars(m), job=job, supposed=supposed, assumption=stated)


def _shown_ratio(worth: CostEffectiveness | NotEstimable, shown: bool) -> float | NotEstimable:
    if isinstance(worth, NotEstimable):
        return worth
    ratio = worth.ratio
    if isinstance(ratio, NotEstimable):
        return _without_price(worth) or ratio
    return ratio if shown else NOT_SHOWN


def _without_price(worth: CostEffectiveness) -> NotEstimable | None:
    """Why a gain has no price; None where its interval is not why."""
    sign = Span(worth.effect, *worth.effect_interval).sign
    words = {"unclear": COVERS_0, "lower": LOST}.get(sign)
    return None if words is None else NotEstimable(Message(words, kind="reason"))


def no_price_in_short(m: Priced, verdict: Verdict) -> Message:
    """Why there is no cost of a job-year, in a few words."""
    if not verdict.shown:
        return NO_PRICE["effect"]
    if m.job is NOT_SHOWN:
        return NO_PRICE["else"]
    if m.worth is APART:
        return NO_PRICE["apart"]
    if isinstance(m.worth, NotEstimable):
        return NO_PRICE["else"]
    words = NO_GAIN.get(Span(m.worth.effect, *m.worth.effect_interval).sign)
    months = MONTHS_A_YEAR * m.horizon if m.measured is None else m.measured
    return NO_PRICE["else"] if words is None else Message(words, {"w": months})


def lasting(m: Money) -> list[Message]:
    """What travels with a job-year: over which months it was counted, or how long the effect is
    taken to last.
    """
    if m.measured is None:
        return [lasting_in_words(m.horizon)]
    years = horizon_in_words(m.horizon)
    return [
        lasting_in_words(m.horizon, m.measured),
        Message(
            "Scenario: the effect at the wave of the headline, if it lasts {h}; it is no"
            " measurement.",
            {"h": years},
        ),
    ]


def lasting_in_words(horizon: float, measured: float = math.nan) -> Message:
    """What a job-year assumes. horizon: years that an effect lasts; measured: months over which
    job-years were counted, NaN where they were not.
    """
    if math.isnan(measured):
        words = "An additional job-year assumes that the effect lasts {h}."
        return Message(words, {"h": horizon_in_words(horizon)})
    return Message(
        "Job-years are counted: the effects on the months worked in each year up to {w:.0f}"
        " months after enrolment, added up.",
        {"w": measured},
    )


def horizon_in_words(horizon: float) -> Quantity:
    """So many years, in words."""
    digits = 0 if float(horizon).is_integer() else 1
    return Quantity(horizon, "year", "years", digits)
