"""How strong the evidence behind an effect is: which of the report's checks it passes, and what
that is called.
"""

from __future__ import annotations

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.evaluation.sensitivity import Doubt
from mismes_eval.evaluation.tracer_study import Effects
from mismes_eval.impact.inference.wild_draws import WildBootstrap
from mismes_eval.impact.sensitivity.honest import HonestDiD
from mismes_eval.report.chapters.base import Context
from mismes_eval.report.chapters.sensitivity import signs

STRONG, MODERATE, WEAK, NONE = "strong", "moderate", "weak", "none"
PRE = "the year before enrolment"
LOT, OTHERS, TRENDS, LEFT_OUT, CLUSTERS = (
    "drawn_by_lot",
    "other_specifications",
    "parting_trends",
    "regions_left_out",
    "region_clusters",
)
RESERVATIONS = {
    LOT: "participants were not drawn by lot",
    PRE: "the groups moved apart already in the year before enrolment",
    OTHERS: "other ways to estimate it give another sign, or mostly no certain one",
    TRENDS: (
        "it would not hold if the trends of the two groups had parted by half as much as they did"
        " before the measure"
    ),
    LEFT_OUT: "its sign hangs on a single region",
    CLUSTERS: "counted over regions, it cannot be told from chance",
}


def checks(context: Context, effect: Effects, d: Doubt) -> dict[str, bool]:
    """Check -> passed, for every check of the main effect that could be made."""
    outcome = context.evaluation.params.impact.main_outcome
    out: dict[str, bool] = {LOT: _by_lot(context, effect.measure)}
    pre = effect.pre.get(outcome)
    if isinstance(pre, Estimate):
        out[PRE] = bool(pre.ci()["low"].iloc[0] <= 0 <= pre.ci()["high"].iloc[0])
    done, same, sure = signs(d.curve)
    if done:
        out[OTHERS] = same == done and sure >= done / 2
    if isinstance(d.honest, HonestDiD):
        out[TRENDS] = d.honest.breakdown is not None and d.honest.breakdown >= 0.5
    if not isinstance(d.left_out, NotEstimable):
        left, alike, _ = signs(d.left_out)
        out[LEFT_OUT] = left > 0 and alike == left
    regions = d.wild.get("regions")
    if isinstance(regions, WildBootstrap):
        out[CLUSTERS] = bool(float(regions.p[0]) < 0.05)
    return out


def reservations(context: Context, passed: dict[str, bool], said: tuple[str, ...] = ()) -> str:
    """The checks that an effect does not pass, in one sentence; those that another sentence names
    already (said) are left out. "" where none is left.
    """
    failed = [
        context.text(RESERVATIONS[name])
        for name, ok in passed.items()
        if not ok and name not in said
    ]
    return context.text("Reservations: {checks}.", checks="; ".join(failed)) if failed else ""


def _by_lot(context: Context, measure: str) -> bool:
    """Whether the inventory records a randomised trial of the measure: no other comparison rules
    out that the groups would have parted anyway.
    """
    inventory = context.evaluation.inventory
    if inventory is None:
        return False
    mine = inventory.frame.loc[inventory.frame["measure_id"] == measure, "impact_design"]
    return bool((mine == "RCT").any())


def strength_of(passed: dict[str, bool]) -> str:
    """Strong: no check fails; moderate: one or two, or no lot; weak: more, groups that moved apart
    before the measure, or no check could be made.
    """
    made = {name: ok for name, ok in passed.items() if name != LOT}
    failed = sum(not ok for ok in made.values())
    return (
        WEAK
        if not made or failed > 2 or not made.get(PRE, True)
        else MODERATE
        if failed or not passed.get(LOT, True)
        else STRONG
    )
