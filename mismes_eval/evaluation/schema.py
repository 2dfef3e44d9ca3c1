"""The keys of a params file, declared once: type, default, meaning. The validator, the docs and the
comments of a new file come from this list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "text", "integer", "number", "yes/no", "list", "path", "mapping", "country", "date", "steps"
]


@dataclass(frozen=True)
class Key:
    """One key. name: dotted path. A mapping takes any keys of text (columns, recodes); choices:
    allowed values (of each item of a list).

    Steps are sentences, each with the tables or figures of the report that measure it.
    """

    name: str
    kind: Kind
    about: str
    default: object = None
    required: bool = False
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None

    @property
    def section(self) -> str:
        return self.name.split(".")[0] if "." in self.name else ""


def _k(
    name: str,
    kind: Kind,
    about: str,
    default: object = None,
    required: bool = False,
    choices: tuple[str, ...] = (),
    low: float | None = None,
    high: float | None = None,
) -> Key:
    return Key(name, kind, about, default, required, choices, low, high)


KEYS: tuple[Key, ...] = (
    _k("country", "country", "ISO 3166 alpha-3 code, in capitals", required=True),
    _k("title", "text", "title of the report; empty: made from the country's name"),
    _k("synthetic", "yes/no", "the data are made up; every table, figure and page says so", False),
    _k("language", "text", "language of the report", "en"),
    _k("year", "integer", "reference year of the labour force survey", low=1900, high=2100),
    _k(
        "data_vintage",
        "text",
        "release of the data and of the weights, as the producer names it",
        "not stated",
    ),
    _k("inputs.lfs", "path", "labour force survey, one row a person"),
    _k(
        "inputs.lfs_rounds",
        "path",
        "several rounds of the survey, for measures rolled out region by region (section rollout)",
    ),
    _k("inputs.absent", "path", "absent members reported by households, one row a report"),
    _k(
        "inputs.listing",
        "path",
        "phase-1 listing of a two-phase survey, one row a listed household",
    ),
    _k("inputs.margins", "path", "control totals: margin, category, total, source"),
    _k("inputs.targets", "path", "published figures that the survey should reproduce"),
    _k("inputs.tracer_person", "path", "tracer study: one row a person at enrolment"),
    _k("inputs.tracer_wave", "path", "tracer study: one row a person and wave, dispositions"),
    _k("inputs.tracer_outcome", "path", "tracer study: one row a person and wave, outcomes"),
    _k("inputs.tracer_service", "path", "tracer study: services received and their cost"),
    _k("inputs.tracer_episode", "path", "tracer study: work and migration episodes"),
    _k("inputs.inventory", "path", "inventory of measures in the information template"),
    _k(
        "inputs.inventory_contacts",
        "path",
        "implementers that received the questionnaire and what came back, for the response rate",
    ),
    _k(
        "inputs.inventory_decisions", "path", "decisions on likely duplicates: keep, drop, decision"
    ),
    _k(
        "inputs.rates",
        "path",
        "exchange rates: currency, year, eur_per_unit, source, url, retrieved",
    ),
    _k(
        "inputs.study",
        "path",
        "one impact study, one row a unit with outcomes before and after (section study)",
    ),
    _k("inputs.truth", "path", "true effects of synthetic data, shown beside the estimates"),
    _k(
        "inputs.analysis_plan",
        "path",
        "pre-analysis plan: item (measure, outcome, wave, estimator, covariate, attrition"
        " covariate, group, main outcome, main wave; registration and registered on for where and"
        " when it was laid down) and value, one row a planned choice, with the reason where"
        " something else was done",
    ),
    _k(
        "reading.encoding",
        "text",
        "encoding of a text, Stata or SPSS file: utf-8, cp1252, latin-1, utf-16",
        "utf-8",
    ),
    _k(
        "reading.separator",
        "text",
        "what stands between the columns of a text file",
        ",",
        choices=(",", ";", "tab", "|"),
    ),
    _k("reading.decimal", "text", "decimal sign in a text file", ".", choices=(".", ",")),
    _k("reading.sheet", "text", "sheet of a workbook that has several"),
    _k(
        "reading.drop",
        "list",
        "columns of the file that are left out before anything else, personal identifiers for one",
        (),
    ),
    _k(
        "reading.allowed",
        "list",
        "columns that look like personal identifiers and are harmless",
        (),
    ),
    _k(
        "mapping.name",
        "text",
        "a shipped mapping of the survey's columns (armenia_lfs, georgia_lfs, chile_ene,"
        " brazil_pnadc)",
    ),
    _k(
        "mapping.workbook",
        "path",
        "the mapping as an Excel workbook, made by `mismes new`; the keys below change parts of it",
    ),
    _k("mapping.columns", "mapping", "GLD column -> file column"),
    _k("mapping.recode", "mapping", "GLD column -> {file code: GLD code}"),
    _k("mapping.units", "mapping", "GLD column -> factor or unit"),
    _k("mapping.missing", "mapping", "GLD column -> {file code: reason of a missing answer}"),
    _k("mapping.derive", "mapping", "GLD column -> rules over several file columns"),
    _k("mapping.join", "mapping", "GLD key -> [file columns] that are joined to it"),
    _k("mapping.constants", "mapping", "GLD column -> one value for every row"),
    _k(
        "mapping.absent",
        "mapping",
        "column and values that mark absent members listed among the persons",
    ),
    _k("mapping.row_keys", "list", "GLD keys that the file lacks and that are numbered by row", ()),
    _k("mapping.versions", "mapping", "isco, isic, isced, icls -> version"),
    _k(
        "definitions.preset",
        "text",
        "who is a migrant",
        "hims_tunisia",
        choices=("icls20", "hims_tunisia", "hims_morocco", "gld"),
    ),
    _k(
        "definitions.min_months_abroad", "number", "shortest stay abroad that counts, months", low=0
    ),
    _k(
        "definitions.lookback_months",
        "number",
        "return within so many months before the interview",
        low=0,
    ),
    _k("definitions.require_work_abroad", "yes/no", "only stays with work abroad"),
    _k("definitions.age_min", "integer", "youngest age of a migrant", low=0, high=120),
    _k("definitions.age_max", "integer", "oldest age of a migrant", low=0, high=120),
    _k(
        "definitions.labour_min",
        "integer",
        "youngest age of labour indicators",
        15,
        low=0,
        high=120,
    ),
    _k("definitions.labour_max", "integer", "oldest age of labour indicators", low=0, high=120),
    _k("design.weights", "text", "column of base weights", "weight"),
    _k("design.strata", "list", "strata columns, one a sampling stage", ()),
    _k("design.psu", "list", "PSU columns, one a sampling stage", ()),
    _k("design.fpc", "list", "population counts or sampling fractions, one a stage", ()),
    _k("design.household", "text", "household column, the cluster where the file has no PSU"),
    _k("design.nest", "yes/no", "PSU codes restart in every stratum"),
    _k(
        "design.lonely_psu",
        "text",
        "what a stratum with one PSU contributes",
        "adjust",
        choices=("adjust", "remove", "average", "certainty", "error"),
    ),
    _k(
        "design.cluster_deff",
        "number",
        "variance factor where the file has neither PSU nor household",
        1.0,
        low=0.1,
        high=100,
    ),
    _k(
        "design.phase2_prob",
        "text",
        "two-phase survey: column of phase-2 selection probabilities in the listing",
    ),
    _k(
        "design.phase1_class",
        "text",
        "two-phase survey: column of screening classes in the listing",
    ),
    _k(
        "calibration.method",
        "text",
        "distance; none: weights as delivered",
        "raking",
        choices=("linear", "raking", "logit", "none"),
    ),
    _k("calibration.bounds", "list", "lowest and highest factor", ()),
    _k("calibration.cell", "text", "post-stratification by a column of cells in the file"),
    _k("calibration.total", "text", "column with the known size of each row's cell"),
    _k("calibration.delivered", "text", "column of the office's final weight, to compare with"),
    _k("tracer.weights", "text", "column of design weights at enrolment", "sample_weight"),
    _k("tracer.strata", "list", "strata columns of the tracer", ()),
    _k("tracer.psu", "list", "PSU columns of the tracer", ()),
    _k(
        "tracer.measure",
        "text",
        "column that tells which measure a treated person took part in and a comparison person"
        " stands against",
        "measure_id",
    ),
    _k("tracer.treated", "text", "column of the arm: T and C, or true and false", "arm"),
    _k("tracer.measures", "list", "measures that are evaluated; empty: every one in the file", ()),
    _k("tracer.baseline", "integer", "wave before the measure", 0),
    _k("tracer.waves", "list", "waves after the measure", ("1", "2", "3", "4")),
    _k(
        "tracer.attrition_covariates",
        "list",
        "baseline columns of the attrition model; the default is what every file has, so name age,"
        " education and work at enrolment too where yours has them",
        ("male",),
    ),
    _k(
        "impact.outcomes",
        "list",
        "outcomes of the difference-in-differences",
        ("employed", "employed_home", "months_employed_12m", "earnings"),
    ),
    _k(
        "impact.pre",
        "mapping",
        "outcome -> column at enrolment with the same outcome a year before, for the pre-trend"
        " test",
    ),
    _k("impact.main_outcome", "text", "outcome of the headline", "employed"),
    _k(
        "impact.main_wave",
        "integer",
        "wave of the headline; the two-year rule asks for 24 months",
        3,
    ),
    _k(
        "impact.covariates",
        "list",
        "baseline columns of the doubly robust estimator; the default is what every file has, so"
        " name age and education too where yours has them",
        ("male",),
    ),
    _k(
        "impact.method",
        "text",
        "two-period estimator",
        "dr",
        choices=("dr", "dr_improved", "ipw", "ipw_ht", "or", "none"),
    ),
    _k(
        "impact.few_clusters",
        "integer",
        "below so many PSUs the wild bootstrap stands beside the interval",
        30,
        low=2,
    ),
    _k("impact.seed", "integer", "seed of every random draw", 20150601, low=0),
    _k("impact.groups", "list", "columns for effects by group", ("male",)),
    _k("study.treated", "text", "column of treatment, 1 or 0"),
    _k("study.weights", "text", "column of weights; empty: every unit counts once"),
    _k("study.psu", "list", "PSU or cluster columns of the study", ()),
    _k("study.strata", "list", "strata columns of the study", ()),
    _k(
        "study.where",
        "mapping",
        "column -> [values] of the units studied; 'missing' and 'stated' stand for no answer and"
        " any answer",
    ),
    _k("study.group", "text", "column whose groups are shown apart"),
    _k(
        "study.followed",
        "text",
        "column that is stated for units that were followed up; empty: the first outcome",
    ),
    _k("study.outcomes", "list", "outcomes after treatment", ()),
    _k(
        "study.before",
        "mapping",
        "outcome -> the same before treatment, for difference-in-differences",
    ),
    _k(
        "study.absorb",
        "list",
        "columns whose combinations were randomised within; their means are removed",
        (),
    ),
    _k("study.covariates", "list", "covariates of the difference-in-differences", ()),
    _k("study.encoding", "text", "encoding of the study file", "utf-8"),
    _k("rollout.outcome", "text", "yes/no or numeric outcome in the rounds", "employed"),
    _k(
        "rollout.cohort",
        "text",
        "first period with the measure in a person's region; 0 or empty: never",
    ),
    _k("rollout.time", "text", "period of a round", "year"),
    _k(
        "rollout.region",
        "text",
        "unit that the measure was rolled out by; few of them call for the wild bootstrap",
    ),
    _k("rollout.covariates", "list", "covariates of the group-time effects", ()),
    _k(
        "rollout.measure",
        "text",
        "id of the measure in the inventory and, for synthetic data, in the table of true effects",
    ),
    _k(
        "theory_of_change.measures",
        "list",
        "measures that it explains; empty: every measure that is evaluated",
        (),
    ),
    _k("theory_of_change.inputs", "steps", "what goes in: money, staff, places"),
    _k("theory_of_change.activities", "steps", "what the measure does with it"),
    _k("theory_of_change.outputs", "steps", "what participants have received when it ends"),
    _k("theory_of_change.outcomes", "steps", "what changes in their lives"),
    _k("theory_of_change.assumptions", "steps", "what must hold for one step to lead to the next"),
    _k("cost.currency", "text", "currency of costs", "EUR"),
    _k("cost.price_year", "integer", "prices of this year", low=1900, high=2100),
    _k(
        "cost.job_year_value",
        "number",
        "what a year in a job is worth to society, for net benefit and break-even; empty: neither"
        " is shown",
        low=0.01,
    ),
    _k(
        "cost.horizon_years",
        "number",
        "years over which the effect is counted",
        1.0,
        low=0.1,
        high=50,
    ),
    _k("disclosure.min_cell", "integer", "fewest persons behind a share or total", 10, low=3),
    _k("disclosure.min_mean", "integer", "fewest persons behind a mean or quantile", 30, low=3),
    _k(
        "disclosure.cv_flag",
        "number",
        "coefficient of variation from which (u) is shown",
        0.15,
        low=0,
        high=1,
    ),
    _k(
        "disclosure.cv_suppress",
        "number",
        "coefficient of variation from which a number is not shown",
        0.30,
        low=0,
        high=5,
    ),
    _k(
        "disclosure.min_weighted",
        "number",
        "weighted persons below which a total is flagged",
        0.0,
        low=0,
    ),
    _k(
        "breaks.series",
        "list",
        "years in which a series breaks, with the reason: '2018: ICLS 19'",
        (),
    ),
    _k(
        "breaks.acknowledge",
        "yes/no",
        "compare across a break all the same; the report says so",
        False,
    ),
)
BY_NAME = {k.name: k for k in KEYS}
SECTIONS = tuple(dict.fromkeys(k.section for k in KEYS if k.section))
