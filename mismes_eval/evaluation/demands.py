"""What the params ask of the data: columns that must be there, a design that must be told.
`mismes check` and the report refuse the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from difflib import get_close_matches
from functools import partial

import numpy as np
import pandas as pd

from mismes_eval.errors import Problem, in_place, in_section, worded
from mismes_eval.evaluation.chosen_rows import absent_values
from mismes_eval.evaluation.designs import HOURS
from mismes_eval.evaluation.params import Params, of_known
from mismes_eval.evaluation.survey import Survey
from mismes_eval.evaluation.tracer_study import TREATED, Tracing
from mismes_eval.frame.strange_cells import strange_cells, strange_weights
from mismes_eval.tracer import TracerPanel
from mismes_eval.weighting.design import SurveyDesign
from mismes_eval.weighting.sample import Sample


def of_survey(params: Params, found: Survey | None) -> list[Problem]:
    """What the params leave out of the survey's file, and a survey that answers nothing."""
    if found is None:
        return []
    frame = found.delivered.frame
    return [
        *design_left_out(params, frame),
        *_silent(params, found),
        *_lacking(params, "design.household", frame.columns, OF_SURVEY),
        *_lacking(params, "calibration.delivered", frame.columns, OF_SURVEY),
    ]


def of_measures(
    params: Params, listed: Collection[str] | None, evaluated: Collection[str] | None
) -> list[Problem]:
    """Measures that keys name and that nothing else knows.

    listed : ids of the inventory, None without one. evaluated: measures whose effect is estimated,
        None where some of the evidence was refused.
    """
    checks = []
    if listed is not None:
        of_list = "ids of measures in the inventory"
        checks = [partial(_lacking, params, key, listed, of_list) for key in LABELLED]
    if evaluated is not None:
        known = {*evaluated, *(listed or ())}
        ids = "ids of measures that are evaluated or in the inventory"
        checks.append(partial(_lacking, params, "theory_of_change.measures", known, ids))
    return of_known(checks)


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


def of_tracer(params: Params, panel: TracerPanel | None, study: Tracing | None) -> list[Problem]:
    """Measures with one arm, and columns and measures that are not in the tracer's files.

    panel : the files as they were read. study: what was made of them, None where that was refused.
    """
    if panel is None:
        return []
    persons = {*panel.sample.frame.columns}
    waves = _of_waves(panel)
    ask = partial(_lacking, params)
    of_study = "columns of the tracer study"

    def minor(outcomes: object) -> list[str]:
        return [o for o in names_in(outcomes) if o != params.impact.main_outcome]

    checks = [
        partial(ask, "impact.covariates", persons, of_study),
        partial(ask, "impact.groups", persons, of_study),
        partial(ask, "impact.pre", persons, of_study),
        partial(ask, "impact.pre", waves, of_study, keys_of),
        partial(ask, "impact.outcomes", persons | waves, of_study, minor),
    ]
    if study is not None:
        checks += [
            partial(arms_alone, study),
            partial(no_outcome, params, study),
            partial(ask, "tracer.measures", _enrolled(study), "ids of measures"),
        ]
    return of_known(checks)


def _of_waves(panel: TracerPanel) -> set[str]:
    """Columns of persons and waves, with the outcome that is made of the labour status."""
    columns = {*panel.long.columns}
    return columns | {"employed"} if "lstatus" in columns else columns


def of_designs(
    params: Params,
    panel: TracerPanel | None,
    study: Tracing | None,
    survey: Survey | None,
    earlier: Sample | None,
) -> list[Problem]:
    """Measures and columns that the designs name and the files do not have."""
    ask = partial(_lacking, params)
    checks = [
        partial(_nothing_alike, params),
        partial(_baseline_alone, params),
    ]
    if panel is not None:
        checks += [partial(_of_measures, params, name, panel, study) for name in DESIGNS]
        persons = {*panel.sample.frame.columns, HOURS}
        waves = _of_waves(panel)
        of_study = "columns of the tracer study"
        checks += [
            partial(ask, "designs.lost_given", persons, of_study, keys_of),
            partial(ask, "designs.dose", persons, of_study),
            partial(ask, "designs.switching", waves, of_study),
            partial(ask, "designs.imputed", waves, of_study),
            partial(ask, "designs.traits", persons, of_study, keys_of),
            partial(_no_hours, params, panel.services),
        ]
    if survey is not None:
        have = {*survey.sample.frame.columns}
        checks += [
            partial(ask, "designs.traits", have, OF_SURVEY),
            partial(ask, "designs.residents", have, OF_SURVEY, keys_of),
            partial(absent_values, params, "designs.residents", survey.sample.frame),
            partial(ask, "designs.residents_before", have, OF_SURVEY),
        ]
    if earlier is not None:
        before = {*earlier.frame.columns}
        of_rounds = "columns of the labour force survey and of its rounds"
        checks += [
            partial(ask, "designs.traits", before, of_rounds),
            partial(ask, "designs.residents", before, of_rounds, keys_of),
            partial(absent_values, params, "designs.residents", earlier.frame),
        ]
    return of_known(checks)


LABELLED = ("lottery.measure", "rollout.measure")  # a file of one measure, which the key names
OF_SURVEY = "columns of the labour force survey"
DESIGNS = ("beside_survey", "dose", "switching", "first_job", "imputed")


def _of_measures(
    params: Params, name: str, panel: TracerPanel, study: Tracing | None
) -> list[Problem]:
    enrolled = panel.sample.frame
    column = params.tracer.measure
    if study is not None and _enrolled(study).issuperset(study.measures):
        measures = study.measures
    elif column in enrolled.columns:  # which of them are evaluated is not known yet
        measures = (*params.tracer.measures, *enrolled[column].dropna().astype(str))
    else:
        return []
    expected = "measures that are evaluated"
    return _lacking(params, f"designs.{name}", {*measures}, expected, keys_of)


def _enrolled(study: Tracing) -> set[str]:
    """Measures of which somebody in the file is."""
    return set(study.panel.sample.frame[study.measure].dropna().astype(str).unique())


def _no_hours(params: Params, services: pd.DataFrame | None) -> list[Problem]:
    if services is not None or HOURS not in params.designs.dose.values():
        return []
    where = params.where("designs.dose")
    return [Problem("hours have no file", where, "inputs.tracer_service", worded("none"))]


def _nothing_alike(params: Params) -> list[Problem]:
    if not params.designs.beside_survey or params.designs.traits:
        return []
    where = params.where("designs.beside_survey")
    expected = "designs.traits: what makes residents like participants"
    return [Problem("nothing makes them alike", where, expected, worded("none"))]


def _baseline_alone(params: Params) -> list[Problem]:
    """A baseline that overlap weights cannot have, or that is not from before."""
    d = params.designs
    problems = []
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


def names_in(value: object) -> list[str]:
    """The names that a key has as its value: one, several, or those at the right of a table."""
    if isinstance(value, Mapping):
        return list(map(str, value.values()))
    if isinstance(value, Iterable) and not isinstance(value, str):
        return list(map(str, value))
    return [] if value is None else [str(value)]


def keys_of(value: object) -> list[str]:
    """The names that a key has as its value, of a table those at the left."""
    return names_in(list(value) if isinstance(value, Mapping) else value)


def _lacking(
    params: Params,
    name: str,
    have: Collection[str],
    expected: str,
    asked: Callable[[object], list[str]] = names_in,
) -> list[Problem]:
    """What a key of the file names and the data do not have; a default that the data lack is no
    mistake of the file.
    """
    lost = [one for one in asked(params[name]) if one not in have]
    if not lost or name not in params.given:
        return []
    near = get_close_matches(lost[0], sorted(map(str, have)), 1, 0.5)
    return [
        Problem(
            what="the data lack what a key names",
            where=params.where(name),
            expected=expected,
            got=", ".join(lost),
            fix=worded("Nearest: {near}.", {"near": near[0]}) if near else "",
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
    enrolled = _enrolled(study)
    for measure in (measure for measure in study.measures if measure in enrolled):
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
    if not study.unused:
        return []
    silent = ", ".join(map(str, study.unused))
    return [
        f"tracer study: the data have wave {silent}, and tracer.waves does not: nothing"
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
    outcome = params.impact.main_outcome
    long = study.panel.long
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
