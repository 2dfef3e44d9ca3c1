"""What this report cannot say, and where each number comes from."""

from __future__ import annotations

from mismes_eval.estimate.estimate import NotEstimable
from mismes_eval.estimate.verdict import moved_apart
from mismes_eval.evaluation.heterogeneity import VOLUNTARY, returnees
from mismes_eval.evaluation.survey import NONE, Survey
from mismes_eval.report.chapters.base import Chapter, Context, Item, Items, text_table
from mismes_eval.report.chapters.criteria import criteria
from mismes_eval.report.chapters.plan import deviations
from mismes_eval.report.chapters.theory import evaluated, shortfalls

NO_UNITS = "Neither PSU nor household in the survey file"
BY_DEFF = "Variances treat persons as independent apart from the supplied cluster effect."
BY_PERSONS = (
    "Variances treat persons as independent: persons of one place or household are alike, so that"
    " the true errors are larger."
)
NO_WEIGHT = (
    "Every person counts once. Shares and means describe the persons interviewed; they are those of"
    " the population only where everybody had the same chance to be drawn."
)
NO_POPULATION = "Shares and means are given, no totals."
NO_NUMBER = "Rows are numbered, and nothing is said of households."
OWN_NUMBERS = (
    "Every row has a household number of its own",
    "Nothing is said of who lives together.",
)


def limits(context: Context) -> Chapter:
    """T05c evidence by criterion, T21 limitations, T22 deviations from the analysis plan; T23 is
    added when every chapter is built.
    """
    items: Items = [criteria(context), _limitations(context), deviations(context)]
    return Chapter("limits", "Limits and sources", tuple(items))


def _pooled(context: Context) -> list[tuple[str, str]]:
    """Measures after a return whose effect cannot be split into voluntary and forced returns."""
    study, found = context.evaluation.tracing, context.evaluation.whom
    if study is None or found is None:
        return []
    mixed = [
        effect.measure
        for effect in context.evaluation.effects
        if returnees(study, effect.measure, context.evaluation.inventory)
        and isinstance(found.groups.get((effect.measure, VOLUNTARY)), NotEstimable)
    ]
    said = (
        "{m}: effects are averages over voluntary and forced returns, which T18 cannot tell apart."
    )
    return [("Voluntariness of return", context.text(said, m=", ".join(mixed)))] if mixed else []


SYNTHETIC = (
    "Synthetic data",
    "The persons, households and measures of this report are made up. It shows what a report looks"
    " like; it says nothing about the country.",
)
HOUSEHOLDS = (
    "No PSU in the survey file",
    "Variances use households as clusters; clustering between households is missed, so intervals"
    " may be too narrow.",
)
ABSENT = (
    "Absent members",
    "Households that left as a whole are reported by nobody and are not covered.",
)
CENSUS = (
    "Inventory",
    "A purposive census: measures whose implementers did not answer are missing and not estimated.",
)
ATTRITION = (
    "Attrition",
    "Response propensities use what was known at enrolment; loss that depends on what happened"
    " later remains.",
)
UNADJUSTED = (
    "Attrition",
    "Loss to follow-up is not adjusted for: those who were lost may have fared otherwise.",
)
TRENDS = (
    "Parallel trends",
    "The effect rests on an assumption about what would have been; the pre-trend test has limited"
    " power.",
)
MOVED = "The groups moved apart before the measure began: do not read the effect as caused by it."
NO_PLAN = (
    "Analysis plan",
    "None was supplied: every choice of this report was made without one.",
)


def _of_survey(survey: Survey) -> list[tuple[str, str]]:
    """What the survey cannot show."""
    rows = []
    design = survey.sample.design
    if design.level == "household":
        rows.append(HOUSEHOLDS)
    if design.level == "element":
        rows.append((NO_UNITS, BY_DEFF if design.cluster_deff != 1 else BY_PERSONS))
    if survey.first_weight == NONE:
        rows.append(("No weight in the survey file", NO_WEIGHT))
    elif not survey.counts_people:
        rows.append(("Weights that add to no population", NO_POPULATION))
    if survey.each_row_a_household:
        rows.append(OWN_NUMBERS)
    elif not survey.has_households:
        rows.append(("No household number in the survey file", NO_NUMBER))
    return rows if survey.absent is None else [*rows, ABSENT]


def _of_tracing(context: Context) -> list[tuple[str, str]]:
    """What the tracer study cannot show."""
    apart = [
        context.text("{m}: {o}", m=effect.measure, o=context.column(outcome))
        for effect in context.evaluation.effects
        for outcome, pre in effect.pre.items()
        if moved_apart(pre)
    ]
    study = context.evaluation.tracing
    adjusted = study is not None and study.panel.adjustment is not None
    attrition = ATTRITION if adjusted else UNADJUSTED
    return [attrition, TRENDS, *((name, MOVED) for name in apart)]


def _limitations(context: Context) -> Item:
    evaluation = context.evaluation
    rows = [SYNTHETIC] if context.synthetic else []
    if evaluation.survey is not None:
        rows += _of_survey(evaluation.survey)
    if evaluation.inventory is not None:
        rows.append(CENSUS)
    if evaluation.tracing is not None:
        rows += _of_tracing(context)
    rows += [*shortfalls(context), *_pooled(context)]
    if evaluated(context) and evaluation.params.inputs.analysis_plan is None:
        rows.append(NO_PLAN)
    rows = rows or [("Scope", "Only what the chapters show was supplied.")]
    return text_table(
        context,
        "T21",
        "Limitations",
        [(context.text(limit), context.text(consequence)) for limit, consequence in rows],
        ("Subject", "What to keep in mind"),
    )
