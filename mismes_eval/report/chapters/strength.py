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
LOT = "participants drawn by lot"


def checks(context: Context, effect: Effects, d: Doubt) -> dict[str, bool]:
    """Check -> passed, for every check of the main effect that could be made."""
    outcome = str(context.evaluation.params.text("impact.main_outcome"))
    out: dict[str, bool] = {LOT: _by_lot(context, effect.measure)}
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


def _by_lot(context: Context, measure: str) -> bool:
    """Whether the inventory records a randomised trial of the measure: no other comparison rules out that the groups would have parted anyway."""
    inventory = context.evaluation.inventory
    if inventory is None:
        return False
    mine = inventory.frame.loc[inventory.frame["measure_id"] == measure, "impact_design"]
    return bool((mine == "RCT").any())


def strength_of(passed: dict[str, bool]) -> str:
    """Strong: no check fails; moderate: one or two, or no lot; weak: more, groups that moved apart before the measure, or no check could be made."""
    made = {name: ok for name, ok in passed.items() if name != LOT}
    failed = sum(not ok for ok in made.values())
    return WEAK if not made or failed > 2 or not made.get(PRE, True) else MODERATE if failed or not passed.get(LOT, True) else STRONG
