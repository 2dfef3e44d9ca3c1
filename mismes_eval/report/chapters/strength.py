"""How strong the evidence behind an effect is: which of the report's checks it passes, and what that is called."""

from __future__ import annotations

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.evaluation.doubt import Doubt
from mismes_eval.evaluation.tracing import Effects
from mismes_eval.impact.honest import HonestDiD
from mismes_eval.impact.wild_draws import WildBootstrap
from mismes_eval.report.chapters.base import Context
from mismes_eval.report.chapters.doubt import signs

STRONG, MODERATE, WEAK, NONE = "strong", "moderate", "weak", "none"
PRE = "the year before enrolment"


def checks(context: Context, effect: Effects, d: Doubt) -> dict[str, bool]:
    """Check -> passed, for every check of the main effect that could be made."""
    outcome = str(context.evaluation.params.text("impact.main_outcome"))
    out: dict[str, bool] = {}
    pre = effect.pre.get(outcome)
    if isinstance(pre, Estimate):
        out[PRE] = bool(pre.ci()["low"].iloc[0] <= 0 <= pre.ci()["high"].iloc[0])
    done, same, sure = signs(d.curve)
    if done:
        out["other specifications"] = same == done and sure >= done / 2
    if isinstance(d.honest, HonestDiD):
        out["trends that part by half the largest break before"] = d.honest.breakdown is not None and d.honest.breakdown >= 0.5
    if not isinstance(d.left_out, NotEstimable):
        left, alike, _ = signs(d.left_out)
        out["regions left out one at a time"] = left > 0 and alike == left
    regions = d.wild.get("regions")
    if isinstance(regions, WildBootstrap):
        out["regions as clusters"] = bool(float(regions.p[0]) < 0.05)
    return out


def strength_of(passed: dict[str, bool]) -> str:
    """Strong: no check fails; moderate: one or two; weak: more, groups that moved apart before the measure, or no check could be made."""
    failed = sum(not ok for ok in passed.values())
    return WEAK if not passed or failed > 2 or not passed.get(PRE, True) else MODERATE if failed else STRONG
