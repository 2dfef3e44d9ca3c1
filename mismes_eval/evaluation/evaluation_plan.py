"""A plan before a project starts: what the country's own data say of base rates, clusters and loss,
designs side by side with what each would find, and the files in which the plan is laid down.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mismes_eval.errors import Problem, ReportError, worded
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.evaluation.evaluation import Evaluation
from mismes_eval.evaluation.params import Params
from mismes_eval.impact.did.two_by_two import att_2x2
from mismes_eval.impact.planning.power import Estimator, StudyDesign, minimum_detectable_effect
from mismes_eval.impact.trials.itt import itt
from mismes_eval.numerics.intraclass import intraclass
from mismes_eval.numerics.rows import Bool, Float, Int
from mismes_eval.weighting.diagnostics import kish_deff
from mismes_eval.weighting.sample import Sample

DRAWS = 200
PLAN_FILE = "analysis_plan.csv"


@dataclass(frozen=True)
class Figure:
    """One figure that a plan rests on: its value and where it comes from."""

    value: float
    source: str


@dataclass(frozen=True)
class Figures:
    """What was measured at home: base mean and standard deviation of the outcome, intraclass
    correlation by PSU (survey_icc: of employment in the labour force survey, for roll-outs),
    correlation of a person's outcome over time, share lost, design effect of the weights, persons
    in a PSU. before, after, psu, weights: the persons that a simulation draws from.
    """

    outcome: str
    base: Figure
    sd: float
    icc: Figure
    survey_icc: Figure | None
    rho: Figure
    loss: Figure
    deff: Figure
    cluster_size: float
    before: Float
    after: Float
    psu: Int
    weights: Float

    def rows(self) -> list[tuple[str, str, str]]:
        """Name, value and source of each, for a table."""
        named = {
            "mean of the outcome": self.base,
            "likeness inside a PSU (ICC)": self.icc,
            "correlation over time": self.rho,
            "share lost": self.loss,
            "design effect of the weights": self.deff,
        }
        if self.survey_icc is not None:
            named["likeness inside a PSU, survey"] = self.survey_icc
        return [(name, f"{figure.value:.3g}", figure.source) for name, figure in named.items()]


@dataclass(frozen=True)
class Candidate:
    """One design: what it assumes of the world, the study that it would be, its power by
    simulation, months until the result and interviews made.
    """

    name: str
    assumption: str
    study: StudyDesign
    simulated: float
    months: float
    interviews: float


@dataclass(frozen=True)
class Plan:
    """measure; figures; candidates, the most precise first; persons enrolled; cost of an interview
    or None; currency.
    """

    measure: str
    params: Params
    figures: Figures
    candidates: tuple[Candidate, ...]
    persons: float
    interview_cost: float | None

    def to_frame(self) -> pd.DataFrame:
        """One row a design."""
        cost = self.interview_cost
        each = np.nan if cost is None else cost
        return pd.DataFrame(
            {
                "design": candidate.name,
                "persons": candidate.study.n,
                "detectable effect": candidate.study.effect,
                "power simulated": candidate.simulated,
                "months": candidate.months,
                "interviews": candidate.interviews,
                "cost of interviews": each * candidate.interviews,
                "assumes": candidate.assumption,
            }
            for candidate in self.candidates
        )


def measured(evaluation: Evaluation) -> Figures:
    """Figures from the comparison persons of the country's own tracer study. Raises ReportError
    where there is none: typed figures are guesses.
    """
    study, params = evaluation.tracing, evaluation.params
    if study is None:
        raise ReportError(
            Problem(
                what="nothing was measured that a plan could rest on",
                where=params.source,
                expected="a tracer study (inputs.tracer_person, tracer_wave, tracer_outcome)",
                got=worded("none"),
                fix="A plan without figures of its own is a guess: name a tracer study, of another"
                " measure or a pilot.",
            )
        )
    outcome, wave = params.impact.main_outcome, params.impact.main_wave
    panel = study.panel
    sample = panel.weight_sample([study.baseline, wave])
    compared = sample.frame["treated"].to_numpy(float) == 0
    before, after = panel.values(outcome, study.baseline), panel.values(outcome, wave)
    seen = sample.active & compared & ~np.isnan(before) & ~np.isnan(after)
    answered = study.responded(wave)[compared]
    w, psu = sample.weights[seen], sample.design.psu[seen]
    mean = float(w @ after[seen] / w.sum())
    where = f"{seen.sum():,} comparison persons of the tracer study, wave {wave}"
    return Figures(
        outcome=outcome,
        base=Figure(mean, where),
        sd=float(np.sqrt(w @ (after[seen] - mean) ** 2 / w.sum())),
        icc=_likeness(after[seen], psu, where),
        survey_icc=_survey_icc(evaluation),
        rho=Figure(float(np.corrcoef(before[seen], after[seen])[0, 1]), where),
        loss=Figure(1 - float(answered.mean()), f"{answered.size:,} comparison persons enrolled"),
        deff=Figure(float(kish_deff(w)), where),
        cluster_size=float(seen.sum() / np.unique(psu).size),
        before=before[seen],
        after=after[seen],
        psu=psu,
        weights=w,
    )


def _likeness(values: Float, psu: Int, where: str) -> Figure:
    """The intraclass correlation; persons drawn one by one share nothing."""
    count = np.unique(psu).size
    if count == psu.size:
        return Figure(0.0, f"{where}, drawn one by one")
    return Figure(intraclass(values, psu), f"{where}, {count:,} PSUs")


def _survey_icc(evaluation: Evaluation) -> Figure | None:
    """Likeness of employment inside PSUs of the labour force survey, of persons of labour age."""
    survey = evaluation.survey
    if survey is None or "lstatus" not in survey.sample.frame.columns:
        return None
    sample = survey.sample
    status = pd.to_numeric(sample.frame["lstatus"], errors="coerce").to_numpy(float)
    known = sample.active & np.isfinite(status)
    psu = sample.design.psu[known]
    value = intraclass((status[known] == 1).astype(float), psu)
    source = f"{known.sum():,} persons of the survey, {np.unique(psu).size:,} PSUs"
    return Figure(value, source) if np.isfinite(value) else None


def plan(
    evaluation: Evaluation,
    measure: str,
    persons: float,
    regions: int,
    months: float,
    interview_cost: float | None = None,
    seed: int = 1,
) -> Plan:
    """Designs for a measure side by side, at the same number of persons enrolled.

    persons : enrolled in all.
    regions : that a roll-out could start in one after the other.
    months : from enrolment to the outcome.
    interview_cost : of one interview.
    """
    found = measured(evaluation)
    made = [
        _candidate(found, spec, persons, regions, months, seed) for spec in _specs(persons, regions)
    ]
    ordered = tuple(sorted(made, key=lambda c: c.study.effect))
    return Plan(
        measure=measure,
        params=evaluation.params,
        figures=found,
        candidates=ordered,
        persons=persons,
        interview_cost=interview_cost,
    )


@dataclass(frozen=True)
class Spec:
    """How a design differs from the others. deff, months, interviewed: factors on the design effect,
    the months until the outcome and the interviews.
    """

    name: str
    assumption: str
    estimator: Estimator
    by_region: bool = False
    deff: float = 1.0
    months: float = 1.0
    interviewed: float = 1.0


def _specs(persons: float, regions: int) -> list[Spec]:
    return [
        Spec(
            name="lottery among applicants",
            assumption="more applicants than places; lots are drawn",
            estimator="ancova",
        ),
        Spec(
            name="waiting list",
            assumption="everybody gets a place in the end; the effect is known until then only",
            estimator="ancova",
            months=0.5,
        ),
        Spec(
            name="comparison group, before and after",
            assumption="both groups would have moved alike",
            estimator="did",
        ),
        Spec(
            name=f"roll-out over {regions} regions",
            assumption="regions would have moved alike; the order of starts is drawn or given",
            estimator="did",
            by_region=True,
            months=1.5,
        ),
        Spec(
            name="comparison from the labour force survey, by weighting",
            assumption=(
                "participants differ in what both files know, and in nothing else; the weights cost"
                " a third of the persons"
            ),
            estimator="post",
            deff=1.5,
            interviewed=0.5,
        ),
    ]


def _candidate(
    found: Figures, spec: Spec, persons: float, regions: int, months: float, seed: int
) -> Candidate:
    size = persons / regions if spec.by_region else found.cluster_size
    likeness = found.icc.value
    if spec.by_region and found.survey_icc is not None:
        likeness = max(likeness, found.survey_icc.value)
    study = minimum_detectable_effect(
        persons,
        sd=found.sd,
        icc=likeness,
        cluster_size=size,
        rho=float(np.clip(found.rho.value, 0.0, 0.99)),
        attrition=found.loss.value,
        deff=found.deff.value * spec.deff,
        estimator=spec.estimator,
        assigned="cluster" if spec.by_region else "person",
    )
    power = simulated_power(found, study, seed)
    waves = 1 if spec.estimator == "post" else 2
    return Candidate(
        name=spec.name,
        assumption=spec.assumption,
        study=study,
        simulated=power,
        months=months * spec.months,
        interviews=persons * spec.interviewed * waves,
    )


def simulated_power(found: Figures, study: StudyDesign, seed: int, draws: int = DRAWS) -> float:
    """Share of simulated studies that find the detectable effect: PSUs of the country's own tracer
    drawn with replacement, the measure given to persons or to whole regions, the effect added, loss
    at random, and the estimate made as it would be.
    """
    rng = np.random.default_rng(seed)
    hits = 0
    for _ in range(draws):
        study_made = _study(found, study, rng)
        hits += bool(_estimated(study_made, study.estimator).pvalue[0] < study.alpha)
    return hits / draws


def _study(found: Figures, study: StudyDesign, r: np.random.Generator) -> Sample:
    """One study as it would come back from the field: before, y, z, w, psu of the persons kept."""
    by_region = study.assigned == "cluster"
    rows, psu = _regions(found, study, r) if by_region else _drawn(found, study.n, r)
    groups = psu.max() + 1 if by_region else rows.size
    offered = r.permutation(groups) < round(study.share_treated * groups)
    z = offered[psu] if by_region else offered
    before = found.before[rows].astype(float)
    y = found.after[rows].astype(float)
    if np.isin(found.after, (0.0, 1.0)).all():
        chance = study.effect / max(1 - found.base.value, 1e-9)
        y = np.where(z & (y == 0) & (r.random(y.size) < chance), 1.0, y)
    else:
        y = y + study.effect * z
    if by_region:
        shocks = _shocks(study, groups, r)
        before, y = before + shocks[psu, 0], y + shocks[psu, 1]
    weights = found.weights[rows] * _unequal(study.deff / found.deff.value, z, r)
    kept = r.random(rows.size) >= found.loss.value
    frame = pd.DataFrame({"y": y, "z": z, "before": before, "psu": psu, "w": weights})
    return Sample.from_frame(frame[kept].assign(key=range(kept.sum())), weights="w", psu="psu")


def _estimated(study: Sample, estimator: Estimator) -> Estimate:
    """The effect as the design would estimate it."""
    if estimator == "did":
        return att_2x2(study, ("before", "y"), "z", method="none")
    return itt(study, "y", "z", "before" if estimator == "ancova" else ())


def _shocks(study: StudyDesign, regions: int, r: np.random.Generator) -> Float:
    """(regions, 2) what a region has in common before and after, of the planned likeness."""
    spread = study.sd * np.sqrt(study.icc)
    likeness = [[1.0, study.cluster_rho], [study.cluster_rho, 1.0]]
    return np.asarray(r.multivariate_normal([0, 0], likeness, regions) * spread)


def _unequal(deff: float, z: Bool, r: np.random.Generator) -> Float:
    """(n,) factors of mean 1 that cost the comparison persons a design effect."""
    spread = np.sqrt(np.log(max(deff, 1.0)))
    return np.where(z, 1.0, np.exp(r.normal(0, spread, z.size) - spread**2 / 2))


def _drawn(found: Figures, n: float, r: np.random.Generator) -> tuple[Int, Int]:
    """Persons of whole PSUs until about n are drawn, and the PSU that each counts in."""
    members = [np.flatnonzero(found.psu == name) for name in np.unique(found.psu)]
    sizes = np.array([part.size for part in members])
    chosen = r.integers(0, len(members), int(np.ceil(n / sizes.min())))
    needed = int(np.searchsorted(np.cumsum(sizes[chosen]), n)) + 1
    rows = [members[place] for place in chosen[:needed]]
    psu = np.repeat(np.arange(len(rows)), [part.size for part in rows])
    return np.concatenate(rows)[: int(n)], psu[: int(n)].astype(np.intp)


def _regions(found: Figures, study: StudyDesign, r: np.random.Generator) -> tuple[Int, Int]:
    """Persons of regions of one size, and the region of each."""
    regions = round(study.clusters)
    size = int(study.cluster_size)
    return r.integers(0, found.after.size, regions * size), np.repeat(np.arange(regions), size)


HEADS = [
    "design",
    "detectable effect",
    "power simulated",
    "months",
    "interviews",
    "cost",
    "assumes",
]
READ = (
    "Detectable: found with a chance of 80% at the 5% level, two-sided, with the ICC, correlation"
    " and loss above. A smaller effect would most likely be missed, and a null would then mean"
    " little. Simulated power draws whole PSUs of the country's own study, gives the measure as the design"
    " would, and estimates as the report would."
)
