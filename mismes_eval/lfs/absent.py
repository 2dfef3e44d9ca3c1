"""Absent members reported by households of the survey: weight share (multiplicity), so that a
person whom several households may report counts once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from mismes_eval.errors import EstimateError, InputError, Problem, in_column, worded
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.part import Part
from mismes_eval.estimate.totals import OfTotals, evaluate, ratio
from mismes_eval.lfs.answers import values
from mismes_eval.lfs.catalogue import Indicator
from mismes_eval.lfs.context import Context, words
from mismes_eval.lfs.persons import breakdown, has_breakdown, residents
from mismes_eval.message import Message
from mismes_eval.numerics.rows import Float, Int
from mismes_eval.public import held
from mismes_eval.weighting.arguments import as_names
from mismes_eval.weighting.domain import By, Domains
from mismes_eval.weighting.sample import Sample

LISTED = "listed_as_rows"  # attribute of a roster that was made of rows among the persons
_WHOLE, _PART = "_absent", "_absent_part"
UNCOVERED = (
    "Absent members are those whom a household of the sample reports. Households that left as a"
    " whole are not covered and not estimated; compare with the migrant stocks of destination"
    " countries."
)


@held(InputError)
def absent_members(
    sample: Sample,
    absent: pd.DataFrame,
    by: By = None,
    household: str = "hhid",
    multiplicity: str | None = "s_i",
) -> Estimate | NotEstimable:
    """Absent members as a share of residents and absent members, and their number (L2).

    Parameters
    ----------
    sample : persons; every household has one weight, carried by its first row.
    absent : one row a reported member and reporting household, with the household key.
    by : breakdowns. A column of the roster (sex, age_group, country) describes the absent member,
        any other the reporting household (region, urban).
    multiplicity : column s_i, number of households that may report the person under the counting
        rule; None: the rule allows one household only.

    Returns
    -------
    Estimate, variable "absent" (persons) and "share" (of residents and absent members) for each
    combination. A breakdown that residents do not have gives numbers only.

    Raises
    ------
    InputError : reporting households that the sample lacks, multiplicities below 1 or missing,
        columns that are not there.

    References
    ----------
    Sirken (1970), JASA 65, 257-266: sum over households of w_h sum_i 1 / s_i.
    """
    if absent.empty:
        return NotEstimable("The roster of absent members has no row.", UNCOVERED)
    row = _reporting_rows(sample, absent, household)
    share = _shares(absent, multiplicity)
    columns = [str(name) for name in as_names(by, "by", EstimateError)]
    here, there, keys = _levels(sample, absent, row, columns)
    inside = sample.active
    d = len(keys)
    reported = np.zeros((sample.n, d))
    np.add.at(reported, (row, there), share)
    reported *= inside[:, None]
    known = here >= 0
    stay = np.zeros((sample.n, d)) if known.any() or not columns else np.zeros((sample.n, 0))
    if stay.shape[1]:
        rows = np.flatnonzero(inside & residents(sample.frame) & known)
        stay[rows, here[rows]] = 1.0
    return _estimate(sample, reported, stay, keys, there, multiplicity)


def indicator(c: Context, item: Indicator) -> Estimate | NotEstimable:
    """L2 of a call: needs the roster."""
    if c.absent is None:
        return NotEstimable(
            "No roster of absent members was given (argument 'absent').", words(c, item)
        )
    return absent_members(c.sample, c.absent, list(c.by) or None)


@held(InputError)
def among_absent(sample: Sample, absent: pd.DataFrame, level: pd.Series) -> dict[str, Estimate]:
    """Share of each level of a trait among the absent members.

    Parameters
    ----------
    sample : persons, every household with one weight.
    absent : as for `absent_members`, with s_i.
    level : trait of each row of `absent`.

    Returns
    -------
    Level -> Estimate: a ratio of two sums over reporting households, n the reports of the level.

    Raises
    ------
    InputError : as `absent_members`.
    """
    row = _reporting_rows(sample, absent, "hhid")
    share = _shares(absent, "s_i")
    code, names = pd.factorize(level, sort=True)
    out = {}
    for place, name in enumerate(names):
        mine = code == place
        carried = sample.with_columns(
            {
                _WHOLE: np.bincount(row, share, sample.n),
                _PART: np.bincount(row[mine], share[mine], sample.n),
            }
        )
        found = ratio(carried, _PART, _WHOLE)
        out[str(name)] = replace(found, n=np.array([float(mine.sum())]), kind="share", unit="share")
    return out


@held(InputError)
def listed_as_rows(persons: pd.DataFrame) -> pd.DataFrame | None:
    """A roster of the absent members who are rows of the file of persons (mig_absent); None where
    there are none. Each is counted once.
    """
    if "mig_absent" not in persons.columns or "hhid" not in persons.columns:
        return None
    away = persons[~residents(persons)]
    if away.empty:
        return None
    kept = [
        column
        for column in ("hhid", "male", "age", "age_group", "educat7")
        if column in away.columns
    ]
    roster = away[kept].reset_index(drop=True).assign(s_i=1)
    if "mig_last_country" in away.columns:
        roster["country"] = away["mig_last_country"].to_numpy()
    roster.attrs = {LISTED: True}
    return roster


def _estimate(
    sample: Sample,
    reported: Float,
    stay: Float,
    keys: pd.DataFrame,
    there: Int,
    multiplicity: str | None,
) -> Estimate:
    d = reported.shape[1]
    shares = stay.shape[1] > 0
    whole = Domains(
        np.where(sample.active, 0, 1).astype(np.intp), pd.DataFrame(index=range(1)), ("",)
    )

    def value(t: Float) -> Float:
        return np.concatenate([t[:, :d], t[:, :d] / (t[:, :d] + t[:, d:])], axis=1) if shares else t

    def slope(t: Float) -> Float:
        if not shares:
            return np.eye(d)[None]
        a, r = t[0, :d], t[0, d:]
        out = np.zeros((1, 2 * d, 2 * d))
        out[0, np.arange(d), np.arange(d)] = 1.0
        out[0, np.arange(d), d + np.arange(d)] = r / (a + r) ** 2
        out[0, d + np.arange(d), d + np.arange(d)] = -a / (a + r) ** 2
        return out

    result, part = evaluate(
        sample, np.column_stack([reported, stay]), whole, OfTotals(value, slope)
    )
    kinds = ["absent", "share"] if shares else ["absent"]
    table = pd.concat([keys.assign(variable=kind, level="") for kind in kinds], ignore_index=True)
    names = tuple(
        ", ".join(
            [kind, *(f"{column}={value}" for column, value in zip(keys.columns, key, strict=True))]
        )
        for kind in kinds
        for key in keys.itertuples(index=False)
    )
    n = np.tile(np.bincount(there, minlength=d).astype(float), len(kinds))
    counting = (
        "Multiplicity 1: the counting rule lets one household report a person."
        if multiplicity is None
        else "Multiplicity: the number of households that may report the person ({c})."
    )
    words = Message(
        "Absent members: sum over reporting households of weight / multiplicity; share: over"
        f" residents and absent members. {counting} Source: Sirken (1970).",
        {"c": str(multiplicity)},
        "definition",
    )
    return Estimate(
        value=result,
        names=names,
        parts=(
            Part(sample.design, part.influence, part.replicates, part.full, averages=part.averages),
        ),
        keys=table,
        n=n,
        dof=np.full(len(names), sample.degf),
        kind="total and share",
        unit="persons; share",
        definition=words,
        notes=(*sample.notes, UNCOVERED),
        extra={"id": "L2", "title": "Absent members", "source": "Sirken (1970)", "minimum_n": 10},
    )


def _reporting_rows(sample: Sample, absent: pd.DataFrame, household: str) -> Int:
    """Row of the sample, the first of its household, that each absent member is reported on."""
    gone = [
        Problem(
            "the household key is missing",
            worded("{what}: column '{household}'", {"what": what, "household": household}),
            "the key that joins persons and roster",
        )
        for what, frame in (("persons", sample.frame), ("absent members", absent))
        if household not in frame.columns
    ]
    InputError.refuse(gone)
    first = ~sample.frame[household].duplicated().to_numpy()
    place = pd.Series(np.flatnonzero(first), index=sample.frame[household].to_numpy()[first])
    row = place.reindex(absent[household].to_numpy()).to_numpy()
    lost = np.isnan(row)
    if lost.any():
        raise InputError(
            Problem(
                what="an absent member is reported by a household that the person file lacks",
                where=in_column(household),
                expected="households of the sample",
                got=str(absent[household].to_numpy()[lost][0]),
                fix="Load the roster and the persons of one round.",
            ).in_rows(np.flatnonzero(lost))
        )
    return row.astype(np.intp)


def _shares(absent: pd.DataFrame, multiplicity: str | None) -> Float:
    if multiplicity is None:
        return np.ones(len(absent))
    if multiplicity not in absent.columns:
        raise InputError(
            Problem(
                what="the roster has no multiplicity",
                where=in_column(multiplicity),
                expected="number of households that may report the person",
                fix="Ask it in the roster; multiplicity=None states that the counting rule lets one"
                " household report a person.",
            )
        )
    s = values(absent, multiplicity)
    bad = ~(s >= 1)
    InputError.refuse(
        Problem(
            what="a multiplicity is missing or below 1",
            where=in_column(multiplicity),
            expected="1 or more in every row",
            fix="Ask again or impute and say so.",
        ).where_true(bad)
    )
    return 1.0 / s


def _levels(
    sample: Sample, absent: pd.DataFrame, row: Int, columns: Sequence[str]
) -> tuple[Int, Int, pd.DataFrame]:
    """Level of each resident (-1 where residents have no such breakdown) and of each absent member,
    and the table of levels.
    """
    if not columns:
        return (
            np.zeros(sample.n, np.intp),
            np.zeros(len(absent), np.intp),
            pd.DataFrame(index=range(1)),
        )
    there = []
    for name in columns:
        own = has_breakdown(absent, name)
        there.append(breakdown(absent, name) if own else breakdown(sample.frame, name).iloc[row])
    code, keys = pd.factorize(_combined(there), sort=True)
    table = pd.DataFrame(list(keys), columns=list(columns))
    level = np.full(sample.n, -1, np.intp)
    if all(has_breakdown(sample.frame, name) for name in columns):
        here = _combined([breakdown(sample.frame, name) for name in columns])
        level = keys.get_indexer(here).astype(np.intp)
    return level, code.astype(np.intp), table


def _combined(levels: Sequence[pd.Series]) -> pd.MultiIndex:
    """(n,) the combination of levels in each row."""
    return pd.MultiIndex.from_arrays([series.astype("object").to_numpy() for series in levels])
