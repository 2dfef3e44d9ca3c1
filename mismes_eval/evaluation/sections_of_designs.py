"""The sections of a params file on designs beside the difference-in-differences of the tracer
study.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from mismes_eval.evaluation.keys import Encoding, Texts, key
from mismes_eval.evaluation.sections import Alike, Separator
from mismes_eval.numerics.arms import Adjustment


@dataclass(frozen=True, kw_only=True)
class ImpactStudy:
    """An impact study in a file of its own."""

    treated: str | None = key("column of treatment, 1 or 0", None)
    weights: str | None = key("column of weights; empty: every unit counts once", None)
    psu: Texts = key("PSU or cluster columns of the study", ())
    strata: Texts = key("strata columns of the study", ())
    where: Mapping[str, Texts] = key(
        "column -> [values] of the units studied; 'missing' and 'stated' stand for no answer and"
        " any answer",
        {},
    )
    missing: Mapping[str, Texts] = key(
        "column -> [values] that are no answer (-99); [] where a suspicious number is a number", {}
    )
    group: str | None = key("column whose groups are shown apart", None)
    followed: str | None = key(
        "column that is stated for units that were followed up; empty: the first outcome", None
    )
    outcomes: Texts = key("outcomes after treatment", ())
    before: Mapping[str, str] = key(
        "outcome -> the same before treatment, for difference-in-differences", {}
    )
    absorb: Texts = key(
        "columns whose combinations were randomised within; their means are removed", ()
    )
    covariates: Texts = key("covariates of the difference-in-differences", ())
    encoding: Encoding = key("encoding of the study file", "utf-8")
    separator: Separator = key("what stands between the columns of the study file", ",")
    decimal: Literal[".", ","] = key("decimal sign in the study file", ".")
    names_row: int | None = key(
        "number of the row or line of the study file with the names of the columns, where titles"
        " stand above it",
        None,
        low=1,
    )


@dataclass(frozen=True, kw_only=True)
class LotteryKeys:
    """A draw by lot in the file of inputs.study."""

    assigned: str | None = key("column of what the lot said: 1 offered a place, 0 not", None)
    takeup: str | None = key(
        "column of who took part, 1 or 0; empty: not known, and only the effect of the offer is"
        " estimated",
        None,
    )
    blocks: Texts = key("columns within whose combinations lots were drawn", ())
    outcomes: Texts = key("outcomes after the draw, numbers or 1 and 0", ())
    main_outcome: str | None = key("outcome of the headline; empty: the first outcome", None)
    covariates: Texts = key("columns known before the draw that the effects are adjusted for", ())
    attrition_covariates: Texts | None = key(
        "columns known before the draw that the response model has beside the arm; empty: the"
        " covariates",
        None,
    )
    adjustment: Adjustment = key(
        "interacted: a regression in each arm, blocks count by their size (Lin 2013); additive: one"
        " coefficient, for many small blocks",
        "interacted",
    )
    bounds: bool = key(
        "where units were lost: bounds on the effects of the offer and of taking part (table T37)",
        True,
    )
    measure: str | None = key(
        "id of the measure in the inventory; empty: the name of the study's file", None
    )
    months: float | None = key("months between the draw and the outcomes", None, low=0, high=1200)


@dataclass(frozen=True, kw_only=True)
class RegionalRollout:
    """A measure rolled out region by region."""

    outcome: str = key("yes/no or numeric outcome in the rounds", "employed")
    cohort: str | None = key(
        "first period with the measure in a person's region; 0 or empty: never", None
    )
    time: str = key("period of a round", "year")
    region: str | None = key(
        "unit that the measure was rolled out by; few of them call for the wild bootstrap", None
    )
    covariates: Texts = key("covariates of the group-time effects", ())
    measure: str | None = key(
        "id of the measure in the inventory and, for synthetic data, in the table of true effects",
        None,
    )


@dataclass(frozen=True, kw_only=True)
class Designs:
    """Designs beside difference-in-differences, each for the measures that it names."""

    beside_survey: Mapping[str, Alike] = key(
        "measure -> how residents of the labour force survey are made like its participants:"
        " entropy, cbps, ipw, overlap (weights), or match (nearest neighbours)",
        {},
    )
    traits: Mapping[str, str] = key(
        "what makes them alike: column of tracer_person, known before the measure -> the same in"
        " the labour force survey",
        {},
    )
    residents: Mapping[str, Texts] = key(
        "who is compared with participants: column of the survey -> [values]; 'missing' and"
        " 'stated' stand for no answer and any answer",
        {},
    )
    residents_before: str | None = key(
        "column of the labour force survey with the residents' main outcome from before the measure,"
        " asked back (lstatus_year for employed): difference-in-differences against them",
        None,
    )
    round_before: str | None = key(
        "instead of it, a period of inputs.lfs_rounds (column rollout.time) from before the measure:"
        " other residents of the same kind, made like the same participants",
        None,
    )
    dose: Mapping[str, str] = key(
        "measure -> its dose: hours (of tracer_service, added up), or a column of tracer_person", {}
    )
    dose_degree: int = key(
        "degree of the spline in the dose; 1 is a straight line", 1, low=0, high=3
    )
    switching: Mapping[str, str] = key(
        "measure -> yes/no column of tracer_outcome that starts and stops, abroad for one: its"
        " effect on participants and the comparison group of that measure",
        {},
    )
    first_job: Mapping[str, float] = key(
        "measure -> months after enrolment within which waits for a first job are compared",
        {},
        low=1,
    )
    lost_given: Texts = key(
        "of first_job: columns of tracer_person, known at enrolment, that tell who is lost; whoever was"
        " watched stands for those alike who were lost (inverse probability of censoring weights);"
        " empty: being lost tells nothing of the wait",
        (),
    )
    imputed: Mapping[str, str] = key(
        "measure -> outcome whose missing answers are imputed, earnings for one", {}
    )
    imputations: int = key("imputed copies of the data", 20, low=2, high=200)

    @property
    def named(self) -> dict[str, Mapping[str, object]]:
        """Each design's key -> the measures that name it."""
        each = {
            "beside_survey": self.beside_survey,
            "dose": self.dose,
            "switching": self.switching,
            "first_job": self.first_job,
            "imputed": self.imputed,
        }
        return {name: dict(chosen) for name, chosen in each.items() if chosen}
