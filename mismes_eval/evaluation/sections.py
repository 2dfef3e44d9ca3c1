"""The sections of a params file. A field is a key: its annotation says what it may be, its text
what it means. The validator, the docs and the comments of a new file are read off these classes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mismes_eval.evaluation.keys import Encoding, File, Rules, Shipped, Steps, Texts, key
from mismes_eval.lfs.mapping import Reason
from mismes_eval.numerics.calibration import Method as Distance
from mismes_eval.numerics.did import Method
from mismes_eval.numerics.variance import Lonely

Preset = Literal[
    "icls20",
    "hims_tunisia",
    "hims_morocco",
    "gld",
    "ever_abroad",
    "worked_abroad",
    "birth",
    "citizenship",
    "delivered",
]
Alike = Literal["entropy", "cbps", "ipw", "overlap", "match"]
Separator = Literal[",", ";", "tab", "|"]
Version = Literal[
    "isco", "isic", "isced", "icls", "isco_version", "isic_version", "isced_version", "icls_v"
]


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The files of a run; None: not supplied."""

    lfs: File = key("labour force survey, one row a person", None, example="lfs_person.xlsx")
    lfs_rounds: File = key(
        "several rounds of the survey, for measures rolled out region by region (section rollout)",
        None,
    )
    absent: File = key("absent members reported by households, one row a report", None)
    listing: File = key("phase-1 listing of a two-phase survey, one row a listed household", None)
    margins: File = key(
        "control totals: margin, category, total, source", None, example="margins.csv"
    )
    targets: File = key("published figures that the survey should reproduce", None)
    tracer_person: File = key(
        "tracer study: one row a person at enrolment", None, example="tracer_person.xlsx"
    )
    tracer_wave: File = key(
        "tracer study: one row a person and wave, dispositions", None, example="tracer_wave.xlsx"
    )
    tracer_outcome: File = key(
        "tracer study: one row a person and wave, outcomes", None, example="tracer_outcome.xlsx"
    )
    tracer_service: File = key(
        "tracer study: services received and their cost", None, example="tracer_service.xlsx"
    )
    tracer_episode: File = key(
        "tracer study: work and migration episodes", None, example="tracer_episode.xlsx"
    )
    inventory: File = key(
        "inventory of measures in the information template", None, example="inventory.xlsx"
    )
    inventory_contacts: File = key(
        "implementers that received the questionnaire and what came back, for the response rate",
        None,
    )
    inventory_decisions: File = key("decisions on likely duplicates: keep, drop, decision", None)
    rates: File = key("exchange rates: currency, year, eur_per_unit, source, url, retrieved", None)
    study: File = key(
        "one impact study, one row a unit: outcomes before and after (section study), or a draw by"
        " lot (section lottery)",
        None,
    )
    truth: File = key("true effects of synthetic data, shown beside the estimates", None)
    analysis_plan: File = key(
        "pre-analysis plan: item (measure, outcome, wave, estimator, covariate, attrition"
        " covariate, group, main outcome, main wave; registration and registered on for where and"
        " when it was laid down) and value, one row a planned choice, with the reason where"
        " something else was done",
        None,
    )

    def named(self, names: Iterable[str]) -> dict[str, Path]:
        """Those of the inputs that are supplied, by key without the section's name."""
        paths = {name: getattr(self, name) for name in names}
        return {name: path for name, path in paths.items() if path is not None}


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How the labour force survey's file is written."""

    encoding: Encoding = key(
        "encoding of a text, Stata or SPSS file: utf-8, cp1252, latin-1, utf-16", "utf-8"
    )
    separator: Separator = key("what stands between the columns of a text file", ",")
    decimal: Literal[".", ","] = key("decimal sign in a text file", ".")
    sheet: str | None = key("sheet of a workbook that has several", None)
    member: str | None = key("file of a .zip that holds several", None)
    layout: File = key(
        "places of the columns of a text without separators: the Stata, SAS or SPSS program that"
        " reads it, or a table with name, first, last and decimals (digits behind a point that is"
        " not written)",
        None,
    )
    names_row: int | None = key(
        "number of the row of the sheet, or line of the text, with the names of the columns, where"
        " titles stand above it",
        None,
        low=1,
    )
    drop: Texts = key(
        "columns of the file that are left out before anything else, personal identifiers for one",
        (),
    )
    allowed: Texts = key("columns that look like personal identifiers and are harmless", ())


@dataclass(frozen=True, kw_only=True)
class AbsentRows:
    """Rows of the persons' file that list absent members."""

    column: str = key("column of the file")
    values: Texts = key("its values that mark an absent member")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """From the survey's columns and codes to the template's."""

    name: Shipped | None = key(
        "a shipped mapping of the survey's columns (armenia_lfs, georgia_lfs, chile_ene,"
        " brazil_pnadc); the keys below change parts of it",
        None,
    )
    workbook: File = key(
        "the mapping as an Excel workbook, made by `mismes new`; the keys below change parts of it",
        None,
        example="mapping.xlsx",
    )
    columns: Mapping[str, str] = key("GLD column -> file column", {})
    recode: Mapping[str, Mapping[str, str | None]] = key(
        "GLD column -> {file code: GLD code}; empty: missing", {}
    )
    units: Mapping[str, float] = key("GLD column -> factor that its numbers are multiplied by", {})
    missing: Mapping[str, Mapping[str, Reason]] = key(
        "GLD column -> {file code or a..b: reason of a missing answer}: NA_notapp, DK, REF, NOTASKED,"
        " PROXY_UNKNOWN, NOCODE (answered, but no code of the template fits); alone, of a file that"
        " has GLD names already",
        {},
    )
    derive: Rules = key(
        "GLD column -> rules over several file columns, the first whose conditions all hold counts:"
        " [{when: {file column: [values or a..b]}, value: GLD code}]",
        {},
    )
    join: Mapping[str, Texts] = key("GLD key -> [file columns] that are joined to it", {})
    constants: Mapping[str, str] = key("GLD column -> one value for every row", {})
    absent: AbsentRows | None = key(
        "rows that list absent members among the persons: {column: file column, values: [...]}",
        None,
    )
    row_keys: Texts = key("GLD keys that the file lacks and that are numbered by row", ())
    versions: Mapping[Version, str] = key("isco, isic, isced, icls -> version", {})


@dataclass(frozen=True, kw_only=True)
class Definitions:
    """Who counts as a migrant, and at which ages; None: as the preset says."""

    preset: Preset | None = key(
        "who is a migrant; `mismes check` lists what the file can carry, and what each needs",
        None,
        example="birth",
    )
    min_months_abroad: float | None = key(
        "shortest stay abroad that counts, months", None, low=0, high=1200
    )
    lookback_months: float | None = key(
        "return within so many months before the interview", None, low=0, high=1200
    )
    require_work_abroad: bool | None = key("only stays with work abroad", None)
    age_min: int | None = key("youngest age of a migrant", None, low=0, high=120)
    age_max: int | None = key("oldest age of a migrant", None, low=0, high=120)
    labour_min: int = key("youngest age of labour indicators", 15, low=0, high=120)
    labour_max: int | None = key("oldest age of labour indicators", None, low=0, high=120)

    def rule(self) -> dict[str, object] | None:
        """The preset with what the params change, as a definition is made from; None where nobody
        said who is a migrant.
        """
        if self.preset is None:
            return None
        changes = {
            "min_months_abroad": self.min_months_abroad,
            "lookback_months": self.lookback_months,
            "require_work_abroad": self.require_work_abroad,
            "age_min": self.age_min,
            "age_max": self.age_max,
        }
        said = {name: value for name, value in changes.items() if value is not None}
        return {"preset": self.preset, **said}


@dataclass(frozen=True, kw_only=True)
class OwnIndicators:
    """Shares and means of an office's own, as rows of tables T08e to T08g: poverty, a NEET flag,
    the number of children.
    """

    columns: Mapping[str, str] = key(
        "name of an indicator -> column of the survey's file that it is read from", {}
    )
    yes: Mapping[str, Texts] = key(
        "name -> values of the file that count as yes, ranges a..b allowed", {}
    )
    no: Mapping[str, Texts] = key("name -> values of the file that count as no", {})
    missing: Mapping[str, Texts] = key(
        "name -> values of the file that are no answer; what no list names is an error", {}
    )
    unit: Mapping[str, str] = key(
        "name -> unit of a number (children, %, hours) of which the mean is shown, in place of yes"
        " and no",
        {},
    )
    among: Mapping[str, Mapping[str, Texts]] = key(
        "name -> {column of the template: [values or a..b]}: of whom it is a share or mean; empty:"
        " of all residents",
        {},
    )
    title: Mapping[str, str] = key("name -> what the table calls it; empty: the name", {})


@dataclass(frozen=True, kw_only=True)
class Design:
    """How the sample was drawn."""

    weights: str = key("column of base weights", "weight")
    strata: Texts = key("strata columns, one a sampling stage", ())
    psu: Texts = key("PSU columns, one a sampling stage", ())
    fpc: Texts = key("population counts or sampling fractions, one a stage", ())
    household: str | None = key(
        "household column, the cluster where the file has no PSU; calibration gives a household one"
        " weight",
        None,
    )
    nest: bool | None = key("PSU codes restart in every stratum", None)
    lonely_psu: Lonely = key("what a stratum with one PSU contributes", "adjust")
    cluster_deff: float = key(
        "variance factor where the file has neither PSU nor household", 1.0, low=0.1, high=100
    )
    phase2_prob: str | None = key(
        "two-phase survey: column of phase-2 selection probabilities in the listing", None
    )
    phase1_class: str | None = key(
        "two-phase survey: column of screening classes in the listing", None
    )


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """How the weights are adjusted."""

    method: Distance | Literal["none"] = key("distance; none: weights as delivered", "raking")
    bounds: tuple[float, float] | None = key(
        "lowest and highest factor by which a weight may change", None, low=0
    )
    cell: str | None = key("post-stratification by a column of cells in the file", None)
    total: str | None = key("column with the known size of each row's cell", None)
    delivered: str | None = key("column of the office's final weight, to compare with", None)


@dataclass(frozen=True, kw_only=True)
class Tracer:
    """The tracer study's design and waves."""

    weights: str = key("column of design weights at enrolment", "sample_weight")
    strata: Texts = key("strata columns of the tracer", ())
    psu: Texts = key("PSU columns of the tracer", ())
    measure: str = key(
        "column that tells which measure a treated person took part in and a comparison person"
        " stands against",
        "measure_id",
    )
    treated: str = key("column of the arm: T and C, or true and false", "arm")
    measures: Texts = key("measures that are evaluated; empty: every one in the file", ())
    baseline: int = key("wave before the measure", 0)
    waves: tuple[int, ...] = key("waves after the measure", (1, 2, 3, 4))
    attrition_covariates: Texts = key(
        "baseline columns of the attrition model; the default is what every file has, so name age,"
        " education and work at enrolment too where yours has them",
        ("male",),
    )


@dataclass(frozen=True, kw_only=True)
class Impact:
    """The difference-in-differences of the tracer study."""

    outcomes: Texts = key(
        "outcomes of the difference-in-differences",
        ("employed", "employed_home", "months_employed_12m", "earnings"),
    )
    pre: Mapping[str, str] = key(
        "outcome -> column at enrolment with the same outcome a year before, for the pre-trend"
        " test",
        {},
    )
    main_outcome: str = key("outcome of the headline", "employed")
    main_wave: int = key("wave of the headline; the two-year rule asks for 24 months", 3)
    covariates: Texts = key(
        "baseline columns of the doubly robust estimator; the default is what every file has, so"
        " name age and education too where yours has them",
        ("male",),
    )
    method: Method = key("two-period estimator", "dr")
    few_clusters: int = key(
        "below so many PSUs the wild bootstrap stands beside the interval", 30, low=2
    )
    seed: int = key("seed of every random draw", 20150601, low=0)
    groups: Texts = key("columns for effects by group", ("male",))


@dataclass(frozen=True, kw_only=True)
class TheoryOfChange:
    """How the measure is meant to work."""

    measures: Texts = key("measures that it explains; empty: every measure that is evaluated", ())
    inputs: Steps = key(
        "what goes in: money, staff, places",
        {},
        example='{"Grants and counsellors, paid by the funder": T20}',
    )
    activities: Steps = key(
        "what the measure does with it",
        {},
        example='{"Counselling, training and a grant for returnees": T20}',
    )
    outputs: Steps = key(
        "what participants have received when it ends",
        {},
        example='{"Participants complete what they began": T05}',
    )
    outcomes: Steps = key(
        "what changes in their lives",
        {},
        example='{"Participants are in work two years later": "T17, F11"}',
    )
    assumptions: Steps = key(
        "what must hold for one step to lead to the next",
        {},
        example='{"Employers know of the training": }',
    )


@dataclass(frozen=True, kw_only=True)
class EvaluatorWords:
    """What people write beside the evidence; None: not supplied."""

    purpose: File = key("why the evaluation is made, and for whom", None)
    questions: File = key("what the evaluation is asked to answer", None)
    context: File = key("what a reader must know of the country and its policy", None)
    conclusions: File = key(
        "what follows from the evidence, one conclusion a paragraph; numbers as references to cells,"
        " {T17.MDA-001.24.estimate}",
        None,
    )
    recommendations: File = key("who should do what, and by when", None)
    lessons: File = key("what others can learn from it", None)
    management_response: File = key(
        "which recommendations are accepted, signed by those who answer for the measures", None
    )
    ethics: File = key("consent, protection of those asked, interests of those who evaluate", None)
    limitations: File = key(
        "limits of the evaluation that no table can show; those of the data stand in T21", None
    )


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Cost per outcome."""

    currency: str = key(
        "currency that costs are shown in and job_year_value is in; service records are in euro and"
        " are converted with inputs.rates",
        "EUR",
    )
    price_year: int | None = key(
        "year of the exchange rate, where the currency is not the euro; amounts are not deflated",
        None,
        low=1900,
        high=2100,
    )
    job_year_value: float | None = key(
        "what a year in a job is worth to society, for net benefit and break-even; empty: neither"
        " is shown",
        None,
        low=0.01,
    )
    horizon_years: float = key("years over which the effect is counted", 1.0, low=0.1, high=50)


@dataclass(frozen=True, kw_only=True)
class Disclosure:
    """What is too few or too uncertain to print."""

    min_cell: int = key("fewest persons behind a share or total", 10, low=3)
    min_mean: int = key("fewest persons behind a mean or quantile", 30, low=3)
    cv_flag: float = key("coefficient of variation from which (u) is shown", 0.15, low=0, high=1)
    cv_suppress: float = key(
        "coefficient of variation from which a number is not shown", 0.30, low=0, high=5
    )
    min_weighted: float = key("weighted persons below which a total is flagged", 0.0, low=0)


@dataclass(frozen=True, kw_only=True)
class Breaks:
    """Breaks in series."""

    series: Texts = key("years in which a series breaks, with the reason: '2018: ICLS 19'", ())
    acknowledge: bool = key("compare across a break all the same; the report says so", False)
