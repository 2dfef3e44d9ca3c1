"""Risk of bias, item by item (T19c): what each measure's effect was put to, and whether it passed."""

from __future__ import annotations

from collections.abc import Mapping

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.totals import mean
from mismes_eval.evaluation.sensitivity import Doubt
from mismes_eval.evaluation.tracer_study import TREATED, Effects, Tracing
from mismes_eval.impact.did.balance import LIMIT
from mismes_eval.report.chapters.base import Context, Item, text_table
from mismes_eval.report.chapters.plan import REGISTERED, read_plan
from mismes_eval.report.chapters.strength import (
    CLUSTERS,
    LEFT_OUT,
    LOT,
    OTHERS,
    PRE,
    TRENDS,
    checks,
)

ALIKE, LOSS, PLANNED = "alike_at_enrolment", "lost_alike", "registered_plan"
# item -> what is asked, in the order of a study's life, and the table or figure that it rests on
ITEMS: Mapping[str, tuple[str, str]] = {
    LOT: ("Assignment: were participants drawn by lot?", "inventory"),
    ALIKE: ("Start: did no covariate differ by more than 0.1 standard deviations?", "F10"),
    PRE: ("Start: did both groups move alike in the year before enrolment?", "F11, T19"),
    LOSS: ("Follow-up: were as many lost in both groups, within sampling error?", "T15"),
    OTHERS: ("Method: do other ways to estimate it agree?", "F12"),
    TRENDS: ("Method: does it hold if trends part by half as much as before the measure?", "F11b"),
    LEFT_OUT: ("Chance: does its sign hold without any single region?", "T19"),
    CLUSTERS: ("Chance: can it be told from chance with regions as clusters?", "T19"),
    PLANNED: ("Reporting: are the main outcome and wave those of a registered plan?", "T22"),
}
ANSWERS = {True: "yes", False: "no"}
NOTE = (
    "Yes: no sign of bias from this source. No: a sign of it, or a design that cannot rule it out."
    " Loss is that of the measure's own groups at the wave of the headline. Many outcomes and"
    " groups at once: see T18 and T18c."
)


def bias(context: Context, study: Tracing) -> list[Item]:
    """T19c: one row an item, one column a measure."""
    e = context.evaluation
    if not e.effects:
        return []
    answers = {
        effect.measure: passed(context, study, effect, d)
        for effect, d in zip(e.effects, e.doubts, strict=True)
    }
    rows = [
        (
            context.text(asked),
            *(
                context.text(ANSWERS[mine[item]] if item in mine else "not assessed")
                for mine in answers.values()
            ),
            context.text(where),
        )
        for item, (asked, where) in ITEMS.items()
    ]
    columns = ("Source of bias", *(context.name(m) for m in answers), "Rests on")
    return [
        text_table(
            context,
            "T19c",
            "Risk of bias, item by item",
            rows,
            columns,
            study.source,
            (context.text(NOTE),),
        )
    ]


def passed(context: Context, study: Tracing, effect: Effects, d: Doubt) -> dict[str, bool]:
    """Item -> whether the effect of one measure passes it, for every item that could be assessed."""
    out = checks(context, effect, d)
    if not isinstance(d.balance, NotEstimable):
        out[ALIKE] = bool(d.balance.table["before"].abs().max() <= LIMIT)
    gap = lost(study, effect.measure, context.evaluation.params.impact.main_wave)
    if gap is not None:
        low, high = (float(v) for v in gap.ci().iloc[0])
        out[LOSS] = low <= 0 <= high
    return out | {PLANNED: _planned(context)}


def lost(study: Tracing, measure: str, wave: object) -> Estimate | None:
    """Share lost at a wave, participants minus comparison group, of one measure; None where it has
    one arm or the study no such wave.
    """
    if wave not in study.panel.waves:
        return None
    sample = study.of(measure).sample.where(study.fielded(wave))
    if len(set(sample.frame.loc[sample.active, TREATED])) < 2:
        return None
    arms = sample.frame[TREATED].map({1.0: "T", 0.0: "C"})
    e = mean(
        sample.with_columns({"_lost": (~study.responded(wave)).astype(float), "_arm": arms}),
        "_lost",
        by="_arm",
    )
    return e.contrast({"_lost, _arm=T": 1.0, "_lost, _arm=C": -1.0})


def _planned(context: Context) -> bool:
    """Whether a registered plan names the main outcome and wave of this run."""
    path, p = context.evaluation.params.inputs.analysis_plan, context.evaluation.params
    if path is None:
        return False
    plan = read_plan(path)
    named = {(i, v) for i, v in zip(plan["item"], plan["value"], strict=True)}
    main = {
        ("main outcome", p.impact.main_outcome),
        ("main wave", str(p.impact.main_wave)),
    }
    return main <= named and bool(plan["item"].isin(REGISTERED[:1]).any())
