"""Is a run ready: everything that is missing or wrong in its params and data, found in one go by
the code that the report reads with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from mismes_eval import lfs
from mismes_eval.errors import Problem, named
from mismes_eval.estimate.estimate import NotEstimable
from mismes_eval.evaluation import contradictions
from mismes_eval.evaluation.contradictions import unknown_measures
from mismes_eval.evaluation.demands import one_psu, panel_lines
from mismes_eval.evaluation.evaluation import Evaluation, gather
from mismes_eval.evaluation.lottery import ALL, Lottery
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.survey import NONE, Survey
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.frame.codes import plain
from mismes_eval.frame.strange_cells import strange_cells, strange_weights
from mismes_eval.inventory import Inventory
from mismes_eval.message import Message, as_message
from mismes_eval.weighting.sample import Sample

KINDS = (
    ("labour force survey", ("lfs",)),
    ("tracer study", ("tracer_person", "tracer_wave", "tracer_outcome")),
    ("inventory of measures", ("inventory",)),
    ("impact study", ("study",)),
    ("roll-out over regions", ("lfs_rounds",)),
    ("control totals", ("margins",)),
)


@dataclass(frozen=True)
class Readiness:
    """problems: what stops the run; supplied, absent: kinds of evidence; lines: one sentence on
    what was read. evaluation: the evidence, where nothing stops the run.

    codebook : every column of the survey after the mapping, with rows and weighted counts of its
        values; None without a survey that can be read.
    """

    problems: tuple[Problem, ...]
    supplied: tuple[str, ...]
    absent: tuple[str, ...]
    lines: tuple[str, ...]
    codebook: pd.DataFrame | None = None
    evaluation: Evaluation | None = None


def readiness(params: Params) -> Readiness:
    """Read and weight everything that the params name, and gather every problem of every kind of
    evidence.
    """
    found, problems = gather(params)
    kinds = dict(KINDS)
    supplied = tuple(
        kind for kind, files in kinds.items() if len(params.inputs.named(files)) == len(files)
    )
    return Readiness(
        problems=tuple(problems),
        supplied=supplied,
        absent=tuple(kind for kind in kinds if kind not in supplied),
        lines=(*_lines(found), *(() if problems else _design_lines(found))),
        codebook=_codebook(params, found),
        evaluation=None if problems else found,
    )


def _codebook(params: Params, found: Evaluation) -> pd.DataFrame | None:
    if found.survey is None:
        return None
    frame = found.survey.sample.frame
    mapped = [column for column in frame.columns if not str(column).startswith("_")]
    shown = frame[mapped]
    shown.attrs.update(found.survey.delivered.frame.attrs)
    return lfs.codebook(shown, params.design.weights)


def _lines(found: Evaluation) -> Iterator[str]:
    """One sentence on each kind of evidence that could be read."""
    if found.survey is not None:
        yield from _survey_lines(found, found.survey)
    if found.tracing is not None:
        tracing = found.tracing
        waves, measures = (", ".join(map(str, x)) for x in (tracing.panel.waves, tracing.measures))
        yield (
            f"tracer study: {tracing.panel.n:,} persons, waves {waves}; measures {measures or 'none'}"
        )
        yield from panel_lines(tracing)
        yield from contradictions.of_tracer(tracing)
        yield from _edit_lines(tracing)
        enrolled = tracing.panel.sample.frame
        for key in dict.fromkeys(("measure_id", tracing.measure)):
            yield from unknown_measures(found.inventory, "tracer study", enrolled, key)
        services = tracing.services
        yield from unknown_measures(found.inventory, "service records", services, "measure_id")
    if found.inventory is not None:
        yield from _inventory_lines(found.inventory)
    if found.study is not None:
        yield f"impact study: {found.study.sample.n:,} units in {found.study.source}"
        yield from _strange_units("impact study", found.study.sample)
    if found.lottery is not None:
        yield from _drawn_lines(found.lottery)
        yield from _strange_units("draw by lot", found.lottery.sample)
    if found.rollout is not None:
        yield f"roll-out over regions: {found.rollout.regions} regions"
    for name, table in (("targets", found.targets), ("truth", found.truth)):
        if table is not None:
            yield f"{name}: {len(table)} rows"


def _survey_lines(found: Evaluation, own: Survey) -> Iterator[str]:
    persons = (
        "{n:,} persons, sum of weights {sum:,}; {weighting}"
        if own.counts_people
        else "{n:,} persons; {weighting}"
    )
    survey, delivered = own.sample, own.delivered
    read = {
        "n": len(survey.frame),
        "sum": round(float(survey.weights.sum())),
        "weighting": own.weighting,
    }
    yield Message("labour force survey: {line}", {"line": Message(persons, read)})
    yield from _status_lines(survey)
    yield from _not_there(own, own.ages.labour_min)
    yield from _strange_lines(delivered, found.params.design.strata)
    yield from contradictions.of_survey(delivered.frame)
    yield from unknown_measures(
        found.inventory, "labour force survey", delivered.frame, "msm_measure_id"
    )
    yield from _year_lines(found, own)
    yield from _roster_lines(own)


def _youngest(s: Survey, from_age: int) -> list[str]:
    """That the file has nobody of the first ages that the indicators name, where it has ages."""
    frame = s.sample.frame
    if "age" not in frame.columns or not frame["age"].notna().any():
        return []
    youngest = float(frame["age"].min())
    if youngest <= from_age:
        return []
    line = "the youngest person is {age:g}: what is said of ages {low:g}+ is of {age:g}+"
    return [Message(line, {"age": youngest, "low": from_age})]


def _not_there(s: Survey, from_age: int) -> list[str]:
    """What the file does not have, and what the report therefore leaves out."""
    lines = []
    if s.first_weight == NONE:
        lines.append("the file has no weight: the report has shares and means, no totals")
    elif not s.counts_people:
        lines.append(
            "the weights do not add to a population (their mean is 1 or less): the report has"
            " shares and means, no totals"
        )
    elif s.one_weight:
        lines.append("every person has the same weight: is it the office's?")
    if s.each_row_a_household:
        lines.append(
            "every row has a household number of its own: no two persons of the file live together,"
            " nothing is said of households, and standard errors are those of persons drawn one by"
            " one"
        )
    elif not s.has_households:
        lines.append("the file has no household number: nothing is said of households")
    lines += _youngest(s, from_age)
    if s.sample.design.level == "element" and not s.each_row_a_household:
        effect = s.sample.design.cluster_deff
        lines.append(
            "no PSU or household is named: standard errors are those of persons drawn one by one,"
            " and smaller than the survey's"
            if effect == 1.0
            else Message(
                "no PSU or household is named: standard errors are those of persons drawn one by"
                " one, times the root of the cluster effect {effect:g} that the params supply",
                {"effect": effect},
            )
        )
    return [Message("labour force survey: {line}", {"line": as_message(line)}) for line in lines]


def _design_lines(found: Evaluation) -> list[str]:
    """Whether the data carry each design that the params name, and why not."""
    return [
        f"designs.{line.design}, {line.measure}: "
        + (
            f"not estimable: {line.effect.reason}"
            if isinstance(line.effect, NotEstimable)
            else "carried"
        )
        for line in found.beside
    ]


def _drawn_lines(draw: Lottery) -> Iterator[str]:
    """Who was drawn, and for how many of them each outcome is known, by arm."""
    active, source = draw.sample.active, draw.file.source
    offered = int((active & draw.offered).sum())
    yield (
        f"draw by lot: {source}: {offered:,} units offered a place,"
        f" {int(active.sum()) - offered:,} not"
    )
    for column in draw.counted:
        lost = active & ~draw.answered(column)
        of_offered = int((lost & draw.offered).sum())
        if lost.any():
            yield (
                f"draw by lot: {column} is missing for {of_offered:,} of those offered and"
                f" {int(lost.sum()) - of_offered:,} of the others"
            )
    yield from _alone_lines(draw)
    if draw.file.ungrouped.any():
        yield f"draw by lot: {int(draw.file.ungrouped.sum()):,} units have no group"


def _alone_lines(draw: Lottery) -> Iterator[str]:
    """Units in blocks of one arm, in the draw and among those with each outcome."""
    whole = draw.alone(draw.groups[ALL])
    if whole.blocks:
        yield (
            f"draw by lot: {int(whole.units.sum()):,} units stand in {whole.blocks:,} blocks with one"
            " arm only: effects are those of the other blocks"
        )
    for outcome in draw.keys.outcomes:
        found = draw.alone(draw.answered(outcome))
        if found.blocks and (found.units != whole.units).any():
            yield (
                f"draw by lot: of those with {outcome}, {int(found.units.sum()):,} units stand in"
                f" {found.blocks:,} blocks with one arm only, and its effect is that of the others"
            )


def _inventory_lines(inventory: Inventory) -> Iterator[str]:
    """How many measures there are and are counted, with the wholes of which only the parts are, and
    a budget that is nearly all of the total.
    """
    frame, is_counted = inventory.frame, inventory.counted.to_numpy(bool)
    yield f"inventory: {len(frame)} measures"
    wholes, counted = frame.loc[~is_counted, "measure_id"], frame[is_counted]
    if len(wholes):
        yield (
            f"inventory: {len(counted)} measures are counted and added up: the parts of"
            f" {named(wholes)} are recorded as well, and stand for the whole"
        )
    for title, alike in counted.groupby(counted["title_en"].map(plain), sort=False):
        if title and len(alike) > 1:
            yield f"inventory: measures of one title: {named(alike['measure_id'])}. Are they one?"
    for sentence in strange_cells(frame):
        yield f"inventory: {sentence}"


def _status_lines(sample: Sample) -> list[str]:
    """How many have each status of migration, rows and weighted: does it look like the country?"""
    if "mig_status" not in sample.frame.columns:
        return []
    known = sample.frame.loc[sample.active, "mig_status"].astype("string").fillna("not known")
    weight = pd.Series(sample.weights[sample.active], index=known.index)
    counts = weight.groupby(known).agg(["size", "sum"])
    told = [f"{name} {int(n):,} ({total:,.0f})" for name, n, total in counts.itertuples()]
    return [f"migration status, rows (weighted): {', '.join(told)}"]


def _strange_lines(sample: Sample, strata: Sequence[str]) -> list[str]:
    """What looks wrong in the survey's cells and weights and may yet be right."""
    frame, weights = sample.frame, sample.weights  # of a two-phase survey, the persons' own
    own = frame[[column for column in frame.columns if not str(column).startswith("_")]]
    stratum = frame[strata[0]] if strata and strata[0] in frame.columns else None
    whole = strange_weights(weights, stratum)
    alone = one_psu(sample.design, "design.psu")
    found = (*whole, *alone, *strange_cells(own, None if whole else weights))
    return [f"labour force survey: {sentence}" for sentence in found]


def _year_lines(found: Evaluation, own: Survey) -> Iterator[str]:
    """Persons, control totals and published figures of another year than the run's."""
    year_of_run = found.params.year
    if year_of_run is None:
        return
    tables = {
        "labour force survey": own.delivered.frame,
        "control totals": own.margins,
        "published figures": found.targets,
    }
    for name, table in tables.items():
        if table is None or "year" not in table.columns:
            continue
        year = pd.to_numeric(table["year"], errors="coerce").dropna()
        other = year[year != year_of_run]
        if len(other):
            years = named(sorted(other.astype(int).unique()))
            yield f"{name}: {len(other):,} rows are of {years}, the report of {year_of_run}"


def _roster_lines(own: Survey) -> Iterator[str]:
    """What looks wrong in the absent members, and households that the survey does not have."""
    roster, persons = own.absent, own.sample.frame
    if roster is None or not len(roster):
        return
    for sentence in strange_cells(roster):
        yield f"absent members: {sentence}"
    if "hhid" in roster.columns and "hhid" in persons.columns:
        known = set(persons["hhid"].astype(str))
        lost = ~roster["hhid"].astype(str).isin(known)
        if lost.any():
            yield (
                f"absent members: {int(lost.sum()):,} rows are of households that the survey does"
                " not have"
            )


def _strange_units(evidence: str, sample: Sample) -> list[str]:
    """What looks wrong in the weights and cells of a file of units."""
    own = sample.frame[[c for c in sample.frame.columns if not str(c).startswith("_")]]
    alone = one_psu(sample.design, "study.psu")
    found = (*strange_weights(sample.design.base), *alone, *strange_cells(own))
    return [f"{evidence}: {sentence}" for sentence in found]


def _edit_lines(study: Tracing) -> list[str]:
    """The edit report of the tracer study, counted: whose rows they are stays in the office."""
    counts = study.panel.edit_counts()
    found = counts[counts["count"] > 0]
    if found.empty:
        return [f"tracer study: edit report: {len(counts)} rules checked, nothing found"]
    head = (
        f"tracer study: edit report: {len(found)} of {len(counts)} rules found something; the ids"
        " are in evaluation.tracing.panel.edits (notebook 05), which stays in the office:"
    )
    each = [
        f"  {rule}, {column}: {count:,} persons ({meaning})"
        for rule, column, meaning, count in found.itertuples(index=False, name=None)
    ]
    return [head, *each]
