"""What the params ask of the data: columns that must be there, a design that must be told, keys
that need a file to act on. `mismes check` and the report refuse the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

import numpy as np
import pandas as pd

from mismes_eval.errors import Problem, in_place, in_section, worded
from mismes_eval.evaluation.designs import HOURS
from mismes_eval.evaluation.params import BY_NAME, Params
from mismes_eval.evaluation.survey import Survey
from mismes_eval.evaluation.tracer_study import TREATED, Tracing
from mismes_eval.frame.strange_cells import strange_cells, strange_weights
from mismes_eval.weighting.design import SurveyDesign
from mismes_eval.weighting.sample import Sample

# a section, or a key, and the inputs of which one must be supplied for it to act on anything
ACTS_ON: Mapping[str, tuple[str, ...]] = {
    "reading": ("lfs",),
    "mapping": ("lfs",),
    "definitions": ("lfs",),
    "design": ("lfs", "lfs_rounds"),
    "design.fpc": ("lfs",),
    "design.phase2_prob": ("listing",),
    "design.phase1_class": ("listing",),
    "indicators": ("lfs",),
    "calibration": ("lfs",),
    "calibration.bounds": ("margins",),
    "tracer": ("tracer_person",),
    "impact": ("tracer_person",),
    "impact.seed": ("tracer_person", "lfs_rounds"),
    "study": ("study",),
    "lottery": ("study",),
    "rollout": ("lfs_rounds",),
    "designs": ("tracer_person",),
    "designs.beside_survey": ("lfs",),
    "designs.traits": ("lfs",),
    "designs.residents": ("lfs",),
    "designs.residents_before": ("lfs",),
    "designs.round_before": ("lfs_rounds",),
    "designs.first_job": ("tracer_episode",),
    "theory_of_change": ("tracer_person", "lfs_rounds", "study"),
    "cost": ("tracer_service",),
    "breaks": ("lfs", "lfs_rounds"),
    "inputs.absent": ("lfs",),
    "inputs.listing": ("lfs",),
    "inputs.margins": ("lfs",),
    "inputs.targets": ("lfs",),
    "inputs.tracer_wave": ("tracer_person",),
    "inputs.tracer_outcome": ("tracer_person",),
    "inputs.tracer_service": ("tracer_person",),
    "inputs.tracer_episode": ("tracer_person",),
    "inputs.inventory_contacts": ("inventory",),
    "inputs.inventory_decisions": ("inventory",),
    "inputs.analysis_plan": ("tracer_person", "lfs_rounds", "study"),
}


def idle(params: Params) -> list[Problem]:
    """Keys that the file gives and that nothing can use: what they act on is not supplied."""
    problems = []
    for name in (k for k in BY_NAME if k in params.given):
        files = ACTS_ON.get(name) or ACTS_ON.get(BY_NAME[name].section, ())
        if not files or params.inputs.named(files):
            continue
        needed = " or ".join(f"inputs.{f}" for f in files)
        fix = "Name the file, or take the key out."
        what = "a key has nothing to act on"
        problems.append(
            Problem(
                what=what,
                where=params.where(name),
                expected=needed,
                got=worded("no such file"),
                fix=fix,
            )
        )
    return problems + _without_partner(params)


def _without_partner(params: Params) -> list[Problem]:
    """Keys that say nothing without another one, or beside it."""
    p, problems = params, []

    def alone(name: str, expected: str, got: str) -> None:
        if name in p.given:
            what = "a key has nothing to act on"
            problems.append(
                Problem(
                    what=what,
                    where=p.where(name),
                    expected=expected,
                    got=got,
                    fix="Take the key out.",
                )
            )

    totals = p.inputs.margins is not None or p.calibration.cell is not None
    if p.inputs.lfs is not None and not totals and p.calibration.method != "none":
        alone("calibration.method", "inputs.margins or calibration.cell", worded("neither"))
    if p.calibration.method == "none":
        alone("calibration.bounds", "a method that adjusts weights", worded("none"))
        if p.inputs.margins is not None:
            alone("calibration.cell", "a method that adjusts weights", worded("none"))
    if p.calibration.cell is None:
        alone("calibration.total", "calibration.cell", worded("nothing"))
    elif p.inputs.margins is not None and p.calibration.method != "none":
        alone("calibration.cell", "one of calibration.cell and inputs.margins", worded("both"))
    if not p.design.psu:
        alone("design.nest", "design.psu", worded("nothing"))
    if p.design.psu or p.design.household is not None:
        alone(
            "design.cluster_deff", "neither design.psu nor design.household", worded("one of them")
        )
    if not p.designs.beside_survey:
        alone("designs.traits", "designs.beside_survey", worded("nothing"))
        alone("designs.residents", "designs.beside_survey", worded("nothing"))
        alone("designs.residents_before", "designs.beside_survey", worded("nothing"))
        alone("designs.round_before", "designs.beside_survey", worded("nothing"))
    if p.designs.residents_before is not None:
        alone("designs.round_before", "one of it and designs.residents_before", worded("both"))
    if not p.designs.dose:
        alone("designs.dose_degree", "designs.dose", worded("nothing"))
    if not p.designs.imputed:
        alone("designs.imputations", "designs.imputed", worded("nothing"))
    if not p.study.before:
        alone("study.covariates", "study.before", worded("nothing"))
    if p.year is None and p.cost.price_year is None:
        alone("inputs.rates", "year, of which the rates are taken", worded("nothing"))
    if p.cost.currency == "EUR":
        alone("cost.price_year", "a cost.currency other than the euro", "EUR")
    return problems


def of_survey(params: Params, found: Survey) -> list[Problem]:
    """What the params leave out of the survey's file, and a survey that answers nothing."""
    return design_left_out(params, found.delivered.frame) + _silent(params, found)


def _silent(params: Params, found: Survey) -> list[Problem]:
    """A survey with neither work nor migration fills no table."""
    columns = found.delivered.frame.columns
    answers = ("lstatus", "mig_status", "migrated_binary", "migrated_from_cat")
    own = bool(params.indicators.columns)
    if own or found.absent is not None or any(c in columns for c in answers):
        return []
    mapped = any(name.startswith("mapping.") for name in params.given)
    where = params.where("mapping.columns") if mapped else params.where("inputs.lfs")
    expected = (
        "labour status (lstatus), columns on migration (mig_..., migrated_...) or own indicators"
    )
    fix = "Map the questions of the file to them." if mapped else "Add what the survey asked."
    return [
        Problem(
            what="the survey answers no question of the report",
            where=where,
            expected=expected,
            got=worded("none"),
            fix=fix,
        )
    ]


def of_tracer(params: Params, study: Tracing) -> list[Problem]:
    """Measures with one arm, and columns and measures that are not in the tracer's files."""
    persons = study.panel.sample.frame
    waves = study.panel.long.columns
    outcomes = [c for c in params.impact.outcomes if c not in waves and c not in persons.columns]
    impact = params.impact
    before = [c for c in impact.pre.values() if c not in persons.columns]
    unseen = [o for o in impact.pre if o not in waves]
    enrolled = set(persons[study.measure].dropna().astype(str))
    measures = [m for m in params.tracer.measures if m not in enrolled]
    gone = {
        "impact.covariates": [c for c in impact.covariates if c not in persons.columns],
        "impact.groups": [c for c in impact.groups if c not in persons.columns],
        "impact.outcomes": [c for c in outcomes if c != impact.main_outcome],
        "impact.pre": before + unseen,
    }
    problems = arms_alone(study) + no_outcome(params, study)
    for name, columns in gone.items():
        have = waves if name == "impact.outcomes" else persons.columns
        problems += _lacking(params, name, columns, map(str, have), "columns of the tracer study")
    return problems + _lacking(params, "tracer.measures", measures, enrolled, "ids of measures")


def of_designs(
    params: Params, study: Tracing, survey: Survey | None, earlier: Sample | None = None
) -> list[Problem]:
    """Measures and columns that the designs name and the files do not have."""
    d, problems = params.designs, []
    persons, waves = set(study.panel.sample.frame.columns), set(study.panel.long.columns)
    for name, chosen in d.named.items():
        gone = [m for m in chosen if m not in study.measures]
        expected = "measures that are evaluated"
        problems += _lacking(params, f"designs.{name}", gone, study.measures, expected)
    doses = [c for c in d.dose.values() if c != HOURS and c not in persons]
    switched = [c for c in d.switching.values() if c not in waves]
    imputed = [c for c in d.imputed.values() if c not in waves]
    traits = [c for c in d.traits if c not in persons]
    known = [c for c in d.lost_given if c not in persons]
    of_study = "columns of the tracer study"
    problems += _lacking(params, "designs.lost_given", known, persons, of_study)
    problems += _lacking(params, "designs.dose", doses, persons, of_study)
    problems += _lacking(params, "designs.switching", switched, waves, of_study)
    problems += _lacking(params, "designs.imputed", imputed, waves, of_study)
    problems += _lacking(params, "designs.traits", traits, persons, of_study)
    if HOURS in d.dose.values() and study.services is None:
        where = params.where("designs.dose")
        problems.append(
            Problem("hours have no file", where, "inputs.tracer_service", worded("none"))
        )
    if d.beside_survey and not d.traits:
        where = params.where("designs.beside_survey")
        expected = "designs.traits: what makes residents like participants"
        problems.append(Problem("nothing makes them alike", where, expected, worded("none")))
    asked = {"traits": [*d.traits.values()], "residents": [*d.residents]}
    back = [] if d.residents_before is None else [d.residents_before]
    for who, s, columns in (
        ("columns of the labour force survey", survey, asked | {"residents_before": back}),
        ("columns of the labour force survey and of its rounds", earlier, asked),
    ):
        if s is None:
            continue
        have = set((s.sample if isinstance(s, Survey) else s).frame.columns)
        for name, named in columns.items():
            lost = [c for c in named if c not in have]
            problems += _lacking(params, f"designs.{name}", lost, have, who)
    return problems + _baseline_alone(params)


def _baseline_alone(params: Params) -> list[Problem]:
    """A baseline that overlap weights cannot have, or that is not from before."""
    d, problems = params.designs, []
    where = params.where("designs.round_before")
    overlap = [m for m, method in d.beside_survey.items() if method == "overlap"]
    if d.round_before is not None and overlap:
        what = "overlap weights change participants too, not alike for residents of two rounds"
        expected = "entropy, cbps, ipw or match with a round from before"
        problems.append(
            Problem(
                what,
                where,
                expected,
                worded("overlap for {overlap}", {"overlap": ", ".join(overlap)}),
            )
        )
    year = "" if params.year is None else f"{params.year}"
    if d.round_before is not None and d.round_before.isdigit() and year and d.round_before >= year:
        expected = worded("a period before {year}, the year of the survey", {"year": year})
        problems.append(Problem("the round is not from before", where, expected, d.round_before))
    return problems


def _lacking(
    params: Params, name: str, gone: list[str], have: Iterable[str], expected: str
) -> list[Problem]:
    """What a key of the file names and the data do not have; a default that the data lack is no
    mistake of the file.
    """
    if not gone or name not in params.given:
        return []
    near = get_close_matches(gone[0], sorted(have), 1, 0.5)
    fix = worded("Nearest: {near}.", {"near": near[0]}) if near else ""
    what = "the data lack what a key names"
    return [
        Problem(
            what=what, where=params.where(name), expected=expected, got=", ".join(gone), fix=fix
        )
    ]


def design_left_out(params: Params, frame: pd.DataFrame) -> list[Problem]:
    """The file says how it was drawn and the params do not: standard errors would be those of
    independent persons.
    """
    said = any(
        k in params.given
        for k in (
            "design.strata",
            "design.psu",
            "design.household",
            "design.cluster_deff",
            "inputs.listing",
        )
    )
    there = [c for c in ("strata", "psu") if c in frame.columns and frame[c].notna().any()]
    if said or not there:
        return []
    mend = ", ".join(f"{c}: [{c}]" for c in there) + ("" if "psu" in there else ", household: hhid")
    why = (
        "Without them every person counts as drawn alone, and standard errors come out too small; a"
        " file without PSUs takes household or cluster_deff."
    )
    got = worded("{there} in the file, nothing in the params", {"there": " and ".join(there)})
    return [
        Problem(
            what="the params leave out how the sample was drawn",
            where=in_place(params.source, in_section("design")),
            expected="the columns of the design",
            got=got,
            fix=worded("design: {{{mend}}}. {why}", {"mend": mend, "why": why}),
        )
    ]


def arms_alone(study: Tracing) -> list[Problem]:
    """Measures that have one arm only: no effect can be estimated."""
    found = []
    for measure in study.measures:
        inside = study.of(measure).sample
        arm = inside.frame.loc[inside.domain, TREATED]
        treated, comparison = int((arm == 1).sum()), int((arm == 0).sum())
        if not (treated and comparison):
            mend = worded(
                "Write the measure's id for persons of arm C too, or name another column that does: tracer.measure (now '{measure}').",
                {"measure": study.measure},
            )
            got = worded(
                "{treated:,} treated and {comparison:,} comparison persons",
                {"treated": treated, "comparison": comparison},
            )
            found.append(
                Problem(
                    what="a measure has one arm only",
                    where=worded(
                        "{source}, column '{measure}', measure {id}",
                        {"source": study.source, "measure": study.measure, "id": measure},
                    ),
                    expected="persons of both arms",
                    got=got,
                    fix=mend,
                )
            )
    return found


def panel_lines(study: Tracing) -> list[str]:
    """What the panel's waves hold that the reader of a rate must know."""
    lines = [f"tracer study: {sentence}" for sentence in (*_of_design(study), *_of_cells(study))]
    lines += _gaps(study) + _left_out(study)
    lines += _of_no_measure(study)
    only = study.panel.interviews_only
    if not only:
        return lines
    silent = [int((study.panel.groups[:, study.panel.waves.index(w)] < 0).sum()) for w in only]
    each = ", ".join(f"wave {w}: {n:,}" for w, n in zip(only, silent, strict=True))
    return [
        *lines,
        "tracer study: the file looks like interviews only: every row is an interview, and enrolled"
        f" persons have none ({each}). They count as not contacted; refusal, cooperation and contact"
        " are not known. Give everybody a row with a disposition: 0.1 pending, 0.2 not fielded in"
        " this wave, 2.1 refusal, 2.2 non-contact and the others of the code list.",
    ]


def _of_no_measure(study: Tracing) -> list[str]:
    """Persons who count for no effect because nobody wrote which measure they belong to."""
    lost = int(study.panel.sample.frame[study.measure].isna().sum())
    if not lost:
        return []
    return [
        f"tracer study: {lost:,} persons have no measure in column '{study.measure}': they are in no"
        " effect"
    ]


def _of_cells(study: Tracing) -> list[str]:
    """What looks wrong in the cells of persons and waves and may yet be right."""
    panel = study.panel
    keys = [panel.unit, panel.wave, panel.disposition]
    tables = {
        "": panel.sample.frame,
        "waves and outcomes: ": panel.long,
        "services: ": panel.services,
        "episodes: ": panel.episodes,
    }
    given = {name: table for name, table in tables.items() if table is not None}
    found = {
        sentence: name + sentence
        for name, table in reversed(given.items())
        for sentence in strange_cells(table.drop(columns=keys, errors="ignore"))
    }
    return [*reversed(found.values())]


def _of_design(study: Tracing) -> list[str]:
    """Persons without weight, and a study of one PSU."""
    design = study.panel.sample.design
    return [*strange_weights(design.base), *one_psu(design, "tracer.psu")]


def one_psu(design: SurveyDesign, key: str) -> list[str]:
    """The sentence on a sample of one PSU, or of one in each stratum."""
    if design.level != "psu":
        return []
    psus = np.unique(design.base_psu).size
    if psus == 1:
        return [
            "everybody is in one PSU: no standard error can be had from it. Name the column of the"
            f" PSUs that were drawn ({key}), or take the key out."
        ]
    if psus == len(design.stratum_labels):
        return [
            f"every stratum has one PSU ({psus} in all): is {key} the column of the PSUs that were"
            " drawn, or of the strata?"
        ]
    return []


def _left_out(study: Tracing) -> list[str]:
    """Waves of the data of which the params say nothing."""
    told = {study.baseline, *study.waves}
    silent = [str(wave) for wave in study.panel.waves if wave not in told]
    if not silent:
        return []
    return [
        f"tracer study: the data have wave {', '.join(silent)}, and tracer.waves does not: nothing"
        " is estimated of it. Name it there if it was in the field."
    ]


def _gaps(study: Tracing) -> list[str]:
    """Waves that lie between others by their number and of which there is no row."""
    waves = study.panel.waves
    numbers = sorted(int(w) for w in waves if isinstance(w, int | float) and float(w).is_integer())
    if len(numbers) != len(waves) or 1 not in np.diff(numbers):
        return []
    gone = sorted(set(range(numbers[0], numbers[-1])) - set(numbers))
    if not gone:
        return []
    named = ", ".join(map(str, gone))
    return [
        f"tracer study: nobody has a row in wave {named}, between others that are there: was it not"
        " in the field, or is a file lacking?"
    ]


def no_outcome(params: Params, study: Tracing) -> list[Problem]:
    """The headline's outcome is in no file of the tracer study."""
    outcome, long = params.impact.main_outcome, study.panel.long
    if outcome in long.columns or outcome in study.panel.sample.frame.columns:
        return []
    there = [
        str(c)
        for c in long.columns
        if pd.api.types.is_numeric_dtype(long[c]) and c not in (study.panel.unit, study.panel.wave)
    ]
    mend = worded(
        "Name a column of the outcome file in impact.main_outcome and impact.outcomes; numbers there: {there}.",
        {"there": ", ".join(there)},
    )
    return [
        Problem(
            what="the outcome of the headline is not in the data",
            where=params.where("impact.main_outcome"),
            expected="a column of tracer_outcome",
            got=outcome,
            fix=mend,
        )
    ]
