"""The labour force survey of a run: read, given its status of migration, its design, its two phases
and its calibration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

import numpy as np
import pandas as pd

from mismes_eval import frame as frames
from mismes_eval import lfs
from mismes_eval.errors import InputError, Problem
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.reading import persons as read_persons
from mismes_eval.lfs.mapping import changed
from mismes_eval.lfs.migrants import GLD_MOVES
from mismes_eval.message import Message
from mismes_eval.numerics.calibration import Method as Distance
from mismes_eval.weighting.calibrate import calibrate, poststratify
from mismes_eval.weighting.design import sums_can_be_counts
from mismes_eval.weighting.nonresponse import nonresponse
from mismes_eval.weighting.phases import two_phase, weight_share
from mismes_eval.weighting.sample import Sample

SYNTHETIC = "SYNTHETIC DATA: made-up persons, no finding about the real country."


@dataclass(frozen=True)
class Survey:
    """sample: weights ready for use; delivered: the weights before calibration; absent: roster or
    None; definition: who is a migrant; margins: control totals or None.
    """

    sample: Sample
    delivered: Sample
    absent: pd.DataFrame | None
    definition: lfs.Definition
    ages: lfs.Ages
    margins: pd.DataFrame | None
    source: str

    @property
    def counts_people(self) -> bool:
        """Whether sums of the weights, after all steps, can be numbers of people."""
        return sums_can_be_counts(self.sample.weights[self.sample.active])


def survey(params: Params) -> Survey | None:
    """The survey that a run names; None where none is supplied.

    Steps: read and map; migration status under the run's definition; design (or listing, two
    phases, class nonresponse, persons of the interviewed households); calibration to the margins
    with one weight a household where the file has households.
    """
    path = params.inputs.lfs
    if path is None:
        return None
    definition = lfs.as_definition(params.definitions.rule())
    ages = lfs.Ages(
        labour_min=params.definitions.labour_min,
        labour_max=params.definitions.labour_max,
    )
    persons = read_persons(params, path, _mapping(params))
    moves = definition.evidence == "gld" and any(c in persons.columns for c in GLD_MOVES)
    if moves or any(c.startswith("mig_") for c in persons.columns):
        persons = persons.assign(mig_status=lfs.migration_status(persons, definition))
    delivered = (
        _two_phases(params, persons)
        if params.inputs.listing is not None
        else _single_phase(params, persons)
    )
    flags = (
        Message(
            "Data: {file}, vintage {vintage}.",
            {"file": path.name, "vintage": str(params.data_vintage)},
        ),
        *((SYNTHETIC,) if params.synthetic else ()),
    )
    delivered = delivered.flagged(*flags)
    margins = _margins(params)
    sample = delivered
    if margins is not None and params.calibration.method != "none":
        sample = _calibrated(params, delivered, margins, params.calibration.method)
    elif params.calibration.cell is not None:
        sample = _post_stratified(params, delivered)
    absent = params.inputs.absent
    roster = None if absent is None else frames.read(absent, template="lfs_absent").frame
    return Survey(
        sample=sample,
        delivered=delivered,
        absent=roster,
        definition=definition,
        ages=ages,
        margins=margins,
        source=path.name,
    )


def _mapping(params: Params) -> Mapping[str, object] | str | None:
    given = {
        one.name: getattr(params.mapping, one.name)
        for one in fields(params.mapping)
        if f"mapping.{one.name}" in params.given
    }
    if not given:
        return None
    if params.mapping.absent is not None:
        given["absent"] = asdict(params.mapping.absent)
    workbook = given.pop("workbook", None)
    if workbook is None:
        return {"name": params.source, **given}
    base = lfs.read_mapping(workbook)
    return {**base, **{k: changed(base.get(k), v) for k, v in given.items()}}


def _single_phase(params: Params, persons: pd.DataFrame) -> Sample:
    return Sample.from_frame(
        persons,
        weights=params.design.weights,
        strata=params.design.strata or None,
        psu=params.design.psu or None,
        fpc=params.design.fpc or None,
        lonely_psu=params.design.lonely_psu,
        household=None if params.design.psu else params.design.household,
        cluster_deff=params.design.cluster_deff,
        nest=params.design.nest,
    )


def _two_phases(params: Params, persons: pd.DataFrame) -> Sample:
    """Listed households -> selected -> interviewed -> their persons. The listing carries the
    design.
    """
    path, household = params.inputs.listing, params.design.household
    prob, classes = params.design.phase2_prob, params.design.phase1_class
    if path is None or household is None or prob is None or classes is None:
        raise InputError(
            Problem(
                "a two-phase survey is not described",
                "params, section 'design'",
                "household, phase2_prob and phase1_class beside inputs.listing",
            )
        )
    listing = frames.read(path).frame
    needed = [
        c
        for c in (household, "phase1_weight", "selected", "responded", prob, classes)
        if c not in listing.columns
    ]
    if needed:
        raise InputError(
            [
                Problem(
                    "the listing lacks a column",
                    f"{path.name}, column '{c}'",
                    "a column of the listing",
                )
                for c in needed
            ]
        )
    flags = {
        c: listing[c].astype("string").str.lower().isin(["true", "1", "1.0"]).to_numpy()
        for c in ("selected", "responded")
    }
    key = (
        listing[household]
        .astype(object)
        .where(listing[household].notna(), [f"not interviewed {i}" for i in range(len(listing))])
    )
    frame = listing.copy()
    frame[household], frame["selected"], frame["responded"] = (
        key,
        flags["selected"],
        flags["responded"],
    )
    frame[prob] = listing[prob].astype(float)
    s = Sample.from_frame(
        frame,
        weights="phase1_weight",
        strata=params.design.strata or None,
        psu=params.design.psu or None,
        lonely_psu=params.design.lonely_psu,
        nest=params.design.nest,
    )
    s = two_phase(s, "selected", prob, classes=[classes])
    if not flags["responded"][s.weights > 0].all():
        s = nonresponse(s, "responded", [classes], method="cells")
    out = weight_share(s, persons.assign(_one_report=1), household, "_one_report")
    return Sample(out.frame, out.design, out.domain, s.flags)


def _margins(params: Params) -> pd.DataFrame | None:
    path = params.inputs.margins
    return None if path is None else frames.read(path, template="margins").frame


def totals_of(
    margins: pd.DataFrame, frame: pd.DataFrame
) -> dict[str | tuple[str, ...], dict[object, float]]:
    """Margins file -> totals for `calibrate`. "male*age_group" with "1*25-34" (or " x " for "*")
    are crossed columns; categories are matched to the column's values as they are written.
    """
    out: dict[str | tuple[str, ...], dict[object, float]] = {}
    problems = []
    for name, rows in margins.groupby("margin", sort=False):
        columns = _parts(str(name))
        missing = [c for c in columns if c not in frame.columns]
        if missing:
            problems += [
                Problem(
                    "a margin names a column that the survey lacks",
                    f"margin '{name}'",
                    "columns of the survey",
                    c,
                )
                for c in missing
            ]
            continue
        spelled = [{_spelled(v): v for v in frame[c].dropna().unique()} for c in columns]
        table: dict[object, float] = {}
        for category, total in zip(
            rows["category"].astype(str), rows["total"].astype(float), strict=True
        ):
            parts = _parts(category) if len(columns) > 1 else [category]
            if len(parts) != len(columns):
                problems.append(
                    Problem(
                        "a category does not fit its margin",
                        f"margin '{name}'",
                        f"{len(columns)} parts",
                        category,
                    )
                )
                continue
            level = tuple(book.get(p, p) for book, p in zip(spelled, parts, strict=True))
            table[level if len(level) > 1 else level[0]] = total
        out[columns[0] if len(columns) == 1 else tuple(columns)] = table
    if problems:
        raise InputError(problems)
    return out


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.replace(" x ", "*").split("*")]


def _spelled(value: object) -> str:
    return (
        str(int(value))
        if isinstance(value, (bool, int, float, np.number)) and float(value).is_integer()
        else str(value)
    )


def _calibrated(params: Params, sample: Sample, margins: pd.DataFrame, method: Distance) -> Sample:
    totals = totals_of(margins, sample.frame)
    household = params.design.household
    constant = household if household is not None and _constant(sample, household) else None
    return calibrate(
        sample,
        totals,
        method=method,
        bounds=params.calibration.bounds,
        unit=constant,
    )


def _post_stratified(params: Params, sample: Sample) -> Sample:
    """Weights scaled to the cell sizes that the file itself carries, one size a cell."""
    cell, total = params.calibration.cell, params.calibration.total
    missing = [c for c in (cell, total) if c is None or c not in sample.frame.columns]
    if missing:
        raise InputError(
            Problem(
                "post-stratification is not described",
                "params, section 'calibration'",
                "cell and total, columns of the mapped survey",
                ", ".join(map(str, missing)),
            )
        )
    known = sample.frame.groupby(cell, observed=True)[str(total)].agg(["min", "max"])
    if (known["min"] != known["max"]).any():
        bad = known.index[known["min"] != known["max"]]
        raise InputError(
            Problem(
                what="a cell has several sizes",
                where=f"column '{total}'",
                expected="one size in every cell",
                got=f"cells {', '.join(map(str, bad[:5]))}",
                fix="",
                count=len(bad),
            )
        )
    return poststratify(sample, str(cell), known["min"].astype(float))


def reproduced(params: Params, s: Survey) -> tuple[str, float] | None:
    """Largest relative difference between our weight and the office's final one; None where none is
    named.
    """
    column = params.calibration.delivered
    if column is None:
        return None
    if column not in s.sample.frame.columns:
        raise InputError(
            Problem(
                "the delivered weight is not in the survey",
                f"column '{column}'",
                "a column of the mapped survey",
            )
        )
    theirs = s.sample.frame[column].to_numpy(float)
    return column, float(np.max(np.abs(s.sample.weights / theirs - 1)))


def _constant(sample: Sample, household: str) -> bool:
    """One weight in every household."""
    if household not in sample.frame.columns:
        return False
    w = pd.Series(sample.weights).groupby(sample.frame[household].to_numpy())
    return bool((w.max() - w.min()).max() <= 1e-9 * sample.weights.max())
