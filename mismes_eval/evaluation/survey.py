"""The labour force survey of a run: read, given its status of migration, its design, its two phases
and its calibration.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields

import numpy as np
import pandas as pd

from mismes_eval import lfs
from mismes_eval.errors import (
    InputError,
    MismesError,
    ParamsError,
    Problem,
    in_column,
    in_place,
    in_section,
    worded,
)
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.evaluation.params import Params, used_at
from mismes_eval.evaluation.reading import own_table
from mismes_eval.evaluation.reading import persons as read_persons
from mismes_eval.evaluation.survey_calibration import (
    calibrated,
    margins_of,
    of_the_run,
    post_stratified,
)
from mismes_eval.evaluation.survey_dates import refuse_late_departures, refuse_late_interviews
from mismes_eval.frame.codes import plain
from mismes_eval.lfs.carried import EVIDENCE_OF_MIGRATION, carried
from mismes_eval.lfs.mapping import changed
from mismes_eval.lfs.read import CONSTANTS, FILE_NAMES, NUMBERED_KEYS
from mismes_eval.message import Message, listed
from mismes_eval.weighting.design import sums_can_be_counts
from mismes_eval.weighting.nonresponse import nonresponse
from mismes_eval.weighting.numbers import numbers_in
from mismes_eval.weighting.phases import two_phase, weight_share
from mismes_eval.weighting.sample import Sample

OWN = "own"  # begins the name of a column that holds an own indicator
NO_QUESTION = "The survey has no question on migration."
NO_TOTALS = "the weights do not add to a population"
FINAL, DELIVERED, BASE = "final weight", "weight as delivered", "base weight"
NONE = "every person counts once"
CALLED_FINAL = re.compile(r"final|calibr|calage|definiti")  # a weight's name or label in its file
SYNTHETIC = "SYNTHETIC DATA: made-up persons and measures, no finding about the real country."


@dataclass(frozen=True)
class Survey:
    """sample: weights ready for use; delivered: the weights before calibration; absent: roster or
    None; definition: who is a migrant, None where the file does not ask; margins: control totals or
    None.
    """

    sample: Sample
    delivered: Sample
    absent: pd.DataFrame | None
    definition: lfs.Definition | None
    ages: lfs.Ages
    margins: pd.DataFrame | None
    source: str
    weight: str = "weight"
    as_delivered: bool = False

    @property
    def counts_people(self) -> bool:
        """Whether sums of the weights, after all steps, can be numbers of people. A weight that the
        mapping gave, the same for everybody, adds to nothing before it meets a control total.
        """
        given = self.first_weight == NONE and not self.sample.design.steps
        return not given and sums_can_be_counts(self.sample.weights[self.sample.active])

    @property
    def migrant(self) -> str:
        """Who is a migrant, in words."""
        return NO_QUESTION if self.definition is None else self.definition.text

    @property
    def tells_return(self) -> bool:
        """Whether the file tells who returned from abroad."""
        return self.definition is not None and self.definition.tells_return

    @property
    def first_weight(self) -> str:
        """What the weight of the file is: the office's final one where its name or label or the
        params say so, and nothing adjusts it here; none where the mapping gave one value.
        """
        attrs = self.delivered.frame.attrs
        weight = self.weight
        if weight in attrs.get(CONSTANTS, ()):
            return NONE
        named = plain(f"{weight} {attrs.get(FILE_NAMES, {}).get(weight, '')}")
        if self.sample.design.steps:
            return BASE
        return FINAL if self.as_delivered or CALLED_FINAL.search(named) else DELIVERED

    @property
    def one_weight(self) -> bool:
        """Whether every person has the same weight."""
        weights = self.sample.weights[self.sample.active]
        return bool(weights.size and np.ptp(weights) <= 1e-9 * weights.max())

    @property
    def has_households(self) -> bool:
        """Whether the file tells which persons live together: it has a household number that is not
        the number of the row, and some of them have several persons.
        """
        frame = self.sample.frame
        return "hhid" in frame.columns and not _numbered(self.delivered.frame, "hhid")

    @property
    def each_row_a_household(self) -> bool:
        """Whether the file has a household number and every row another one."""
        frame = self.delivered.frame
        known = "hhid" in frame.columns and "hhid" not in frame.attrs.get(NUMBERED_KEYS, ())
        return known and not self.has_households

    @property
    def weighting(self) -> Message:
        """In a line: how the variance is taken, which weight is used, and its steps."""
        design = self.sample.design
        steps = listed([step.name for step in design.steps] or ["no weight step"])
        values = {"basis": design.published_basis, "weight": self.first_weight, "steps": steps}
        return Message("{basis} Weight: {weight}; {steps}.", values, "variance")

    def total(self, result: Estimate | NotEstimable) -> Estimate | NotEstimable:
        """A number of people as it may be shown: none where the weights add to no population."""
        return result if self.counts_people else NotEstimable(NO_TOTALS)


def survey(params: Params) -> Survey | None:
    """The survey that a run names; None where none is supplied.

    Steps: read and map; migration status under the run's definition; design (or listing, two
    phases, class nonresponse, persons of the interviewed households); calibration to the margins
    with one weight a household where the file has households.
    """
    path = params.inputs.lfs
    if path is None:
        return None
    section = _mapping(params)
    persons = read_persons(params, path, section)
    if section is None and params.indicators.columns:
        persons = persons.assign(**lfs.map_columns(persons, with_own({"name": OWN}, params)))
    of_the_run(params, persons, "countrycode", path.name)
    refuse_late_interviews(persons, path.name)
    phases = _single_phase if params.inputs.listing is None else _two_phases
    try:
        definition = _definition(params, persons)
        ages = lfs.Ages(
            labour_min=params.definitions.labour_min, labour_max=params.definitions.labour_max
        ).asked(persons)
    except MismesError as error:
        raise _with_next(error, lambda: phases(params, persons)) from None
    if definition is not None:
        persons = persons.assign(mig_status=lfs.migration_status(persons, definition))
    delivered = phases(params, persons)
    vintage = {"file": path.name, "vintage": str(params.data_vintage)}
    flags = (SYNTHETIC,) if params.synthetic else ()
    delivered = delivered.flagged(Message("Data: {file}, vintage {vintage}.", vintage), *flags)
    margins = margins_of(params)
    sample = delivered
    if margins is not None and params.calibration.method != "none":
        sample = calibrated(params, delivered, margins, params.calibration.method)
    elif params.calibration.cell is not None:
        sample = post_stratified(params, delivered)
    absent = params.inputs.absent
    if absent is None:
        roster = lfs.listed_as_rows(persons)
    else:
        roster = own_table(absent, template="lfs_absent").frame
        refuse_late_departures(roster, persons, absent.name)
    return Survey(
        sample=sample,
        delivered=delivered,
        absent=roster,
        definition=definition,
        ages=ages,
        margins=margins,
        source=path.name,
        weight=params.design.weights,
        as_delivered=params.calibration.method == "none" and params.calibration.cell is None,
    )


def _with_next(error: MismesError, step: Callable[[], object]) -> MismesError:
    """The error with what the next step refuses as well."""
    try:
        step()
    except MismesError as more:
        return type(error)((*error.problems, *more.problems))
    return error


def _definition(params: Params, persons: pd.DataFrame) -> lfs.Definition | None:
    """Who is a migrant; None where the file has no question on migration.

    Raises
    ------
    ParamsError : the file has one, and nobody said who is a migrant.
    """
    there = EVIDENCE_OF_MIGRATION & {*map(str, persons.columns)}
    if not there:
        return None
    rule = params.definitions.rule()
    if rule is not None:
        return lfs.as_definition(rule)
    offered = carried({*map(str, persons.columns)})
    whole = [one for one in offered if one.whole]
    chosen = worded(
        "Choose before looking at results, for instance definitions: {{preset: {first}}}.",
        {"first": offered[0].preset},
    )
    none = (
        "The file carries none of them: map what one needs, or leave its columns on migration out of"
        " the mapping."
    )
    raise ParamsError(
        Problem(
            what="nobody said who is a migrant",
            where=params.where("definitions.preset"),
            expected="; ".join(map(str, whole or offered)),
            got=worded("no definition, and columns {there}", {"there": ", ".join(sorted(there))}),
            fix=chosen if whole else none,
        )
    )


def _numbered(frame: pd.DataFrame, household: str) -> bool:
    """Whether a household number is one of the row: numbered here, or different in every row."""
    rows = frame[household]
    return household in frame.attrs.get(NUMBERED_KEYS, ()) or rows.nunique() == len(rows)


def _mapping(params: Params) -> Mapping[str, object] | str | None:
    given = {
        one.name: getattr(params.mapping, one.name)
        for one in fields(params.mapping)
        if f"mapping.{one.name}" in params.given
    }
    if set(given) <= {"missing"}:  # a file with the template's names, which `persons` reads
        return None
    if params.mapping.absent is not None:
        given["absent"] = asdict(params.mapping.absent)
    workbook = given.pop("workbook", None)
    base: Mapping[str, object] = {"name": params.source}
    if workbook is not None:
        base = lfs.read_mapping(workbook, params.country)
    section = {**base, **{key: changed(base.get(key), value) for key, value in given.items()}}
    return said_once(with_own(section, params), params)


def own_column(name: str) -> str:
    """The column of the survey that holds an own indicator."""
    return f"{OWN}_{name}"


def with_own(section: Mapping[str, object], params: Params) -> dict[str, object]:
    """A mapping that reads the columns of the run's own indicators as well: 1 yes, 0 no, or
    the number itself.
    """
    own = params.indicators
    if not own.columns:
        return dict(section)
    more = {
        "columns": {own_column(n): column for n, column in own.columns.items()},
        "recode": {
            own_column(n): {**dict.fromkeys(own.yes[n], 1), **dict.fromkeys(own.no[n], 0)}
            for n in own.yes
        },
        "missing": {own_column(n): dict.fromkeys(name, "DK") for n, name in own.missing.items()},
    }
    return {
        **section,
        **{part: changed(section.get(part), more_values) for part, more_values in more.items()},
    }


def said_once(section: Mapping[str, object], params: Params) -> dict[str, object]:
    """A mapping with the country and the year that the params say, where neither the file nor the
    mapping says them.

    Raises
    ------
    ParamsError : the mapping gives every row another country or year than the params.
    """
    layout = lfs.as_mapping(dict(section))
    known = {"countrycode": params.country[:3], "year": params.year}
    mapped = {*layout.columns, *layout.derive, *layout.join}
    wrong = [
        Problem(
            what="the mapping and the params say two things",
            where=worded(
                "{source}: constant '{name}' of the mapping",
                {"source": params.source, "name": name},
            ),
            expected=worded("{value}, as the params say", {"value": value}),
            got=str(layout.constants[name]),
            fix="Say it once, in the params.",
        )
        for name, value in known.items()
        if value is not None and str(layout.constants.get(name, value)) != str(value)
    ]
    ParamsError.refuse(wrong)
    more = {
        name: str(value)
        for name, value in known.items()
        if value is not None and name not in {*mapped, *layout.constants}
    }
    return {**section, "constants": {**layout.constants, **more}} if more else dict(section)


def _single_phase(params: Params, persons: pd.DataFrame) -> Sample:
    household = None if params.design.psu else params.design.household
    if household in persons.columns and _numbered(persons, str(household)):
        household = None
    return Sample.from_frame(
        persons,
        weights=params.design.weights,
        strata=params.design.strata or None,
        psu=params.design.psu or None,
        fpc=params.design.fpc or None,
        lonely_psu=params.design.lonely_psu,
        household=household,
        cluster_deff=params.design.cluster_deff,
        nest=params.design.nest,
    )


def _two_phases(params: Params, persons: pd.DataFrame) -> Sample:
    """Listed households -> selected -> interviewed -> their persons. The listing carries the
    design.
    """
    path = params.inputs.listing
    household = params.design.household
    prob = params.design.phase2_prob
    classes = params.design.phase1_class
    if path is None or household is None or prob is None or classes is None:
        raise InputError(
            Problem(
                "a two-phase survey is not described",
                in_place("params", in_section("design")),
                "household, phase2_prob and phase1_class beside inputs.listing",
            )
        )
    listing = own_table(path).frame
    InputError.refuse(
        Problem(
            "the listing lacks a column",
            in_place(path.name, in_column(column)),
            "a column of the listing",
        )
        for column in (household, "phase1_weight", "selected", "responded", prob, classes)
        if column not in listing.columns
    )
    frame = listing.copy()
    for column in ("selected", "responded"):
        told = listing[column].astype("string").str.lower()
        frame[column] = told.isin(["true", "1", "1.0"]).to_numpy()
    unnamed = [f"not interviewed {i}" for i in range(len(listing))]
    frame[household] = listing[household].astype(object).where(listing[household].notna(), unnamed)
    frame[prob] = listing[prob].astype(float)
    sample = Sample.from_frame(
        frame,
        weights="phase1_weight",
        strata=params.design.strata or None,
        psu=params.design.psu or None,
        lonely_psu=params.design.lonely_psu,
        nest=params.design.nest,
    )
    sample = two_phase(sample, "selected", prob, classes=[classes])
    if not frame["responded"][sample.weights > 0].all():
        sample = nonresponse(sample, "responded", [classes], method="cells")
    out = weight_share(sample, persons.assign(_one_report=1), household, "_one_report")
    return Sample(out.frame, out.design, out.domain, sample.flags)


def reproduced(params: Params, s: Survey) -> tuple[str, float] | None:
    """The column of the office's final weight and the largest relative difference of ours from it;
    None where none is named.

    Raises
    ------
    InputError : somebody has no such weight above 0.
    """
    column = params.calibration.delivered
    if column is None:
        return None
    theirs = numbers_in(s.sample.frame[column])
    given = theirs > 0
    if not given.all():
        raise InputError(
            Problem(
                what="the office's final weight is not there for everybody",
                where=used_at(params.where("calibration.delivered"), in_column(column)),
                expected="a number above 0 in every row",
                got=worded("{n:,} rows without", {"n": int((~given).sum())}),
                fix="Name the column of the final weight, or take the key out.",
            )
        )
    return column, float(np.max(np.abs(s.sample.weights / theirs - 1)))
