"""Work histories: spells from calendars and from waves, calendars from spells, seam effect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mismes_eval.errors import (
    EstimateError,
    InputError,
    Problem,
    in_column,
    in_columns,
    of_arguments,
    worded,
)
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.totals import OfTotals, evaluate
from mismes_eval.frame import codes
from mismes_eval.numerics.rows import Bool, Float, Int
from mismes_eval.public import public
from mismes_eval.tracer.months import (
    dates,
    interview_months,
    month_label,
    month_number,
    not_months,
    state_text,
    unreadable_months,
)
from mismes_eval.weighting.arguments import as_names
from mismes_eval.weighting.domain import domains
from mismes_eval.weighting.numbers import native

if TYPE_CHECKING:
    from mismes_eval.tracer.panel import TracerPanel

EMPLOYED_HOME, EMPLOYED_ABROAD = ("EMP_WAGE", "EMP_SELF"), ("ABROAD_EMP",)
EMPLOYED = (*EMPLOYED_HOME, *EMPLOYED_ABROAD)
ABROAD = ("ABROAD_EMP", "ABROAD_NOEMP")


@public(InputError)
def episodes(frame: pd.DataFrame, columns: Sequence[str], unit: str = "person_id") -> pd.DataFrame:
    """Spells of a calendar: one row for each run of equal states.

    Parameters
    ----------
    frame : one row a person.
    columns : states of the periods, in time order; a missing state breaks a spell and makes none.

    Returns
    -------
    DataFrame: unit, spell (1.. within person), state, start, end (positions 1.. of the columns),
    length in periods, left_censored (begins with the first period, or after a missing one),
    right_censored (ends with the last, or before a missing one).
    """
    columns = [str(column) for column in as_names(columns, "columns", InputError)]
    missing = [column for column in (unit, *columns) if column not in frame.columns]
    if missing or not columns:
        raise InputError(
            [
                Problem(
                    "episodes names an unknown column",
                    in_column(column),
                    "a column of the frame",
                )
                for column in missing
            ]
            or [Problem("episodes needs the columns of a calendar")]
        )
    frame = native(frame)
    twice = frame[unit].duplicated(keep=False).to_numpy()
    if twice.any():
        raise InputError(
            Problem(
                what="a person has two rows",
                where=in_column(unit),
                expected="one row a person",
                count=int(twice.sum()),
                rows=tuple(frame.loc[twice, unit].unique()),
            )
        )
    flat = pd.concat([frame[column] for column in columns], ignore_index=True)
    code, level = pd.factorize(flat, sort=True)
    grid = code.reshape(len(columns), len(frame)).T
    padded = np.pad(grid, ((0, 0), (1, 1)), constant_values=-2)  # below -1, which is missing
    changes = padded[:, 1:] != padded[:, :-1]
    row, start = np.nonzero(changes[:, :-1])
    end = np.nonzero(changes[:, 1:])[1]
    state = grid[row, start]
    real = state >= 0
    out = pd.DataFrame(
        {
            unit: frame[unit].to_numpy()[row],
            "state": np.asarray(level)[np.maximum(state, 0)],
            "start": start + 1,
            "end": end + 1,
            "length": end - start + 1,
            "left_censored": padded[row, start] < 0,
            "right_censored": padded[row, end + 2] < 0,
        }
    )[real].reset_index(drop=True)
    out.insert(1, "spell", out.groupby(row[real]).cumcount().to_numpy() + 1)
    return out


@public(InputError)
def calendar(
    spells: pd.DataFrame,
    first: str,
    last: str,
    unit: str = "person_id",
    until: pd.Series | None = None,
) -> pd.DataFrame:
    """Monthly states from spells with start_ym, end_ym, state: one row a person, one column a month
    ('2021-03'), missing where no spell covers it.

    Parameters
    ----------
    first, last : months of the calendar.
    until : last month known of each person ('2021-03'), index the person; open spells and months
        after it are missing beyond it, and all months of a person that it lacks. None: open spells
        run to `last`. Where spells overlap, the later start counts (see the edit report).

    Raises
    ------
    InputError : columns that are absent, persons, states and first months that are missing, months
        that cannot be read, spells that end before they start: all of them at once.
    """
    _refuse_spells(spells, unit, first, last)
    spells = native(spells)
    begin, end = month_number(pd.Series([first, last])).astype(int)
    names, (code, level), person = _grid(spells, unit, int(begin), int(end), until)
    out = pd.DataFrame(state_text(level)[code], columns=names)
    out.insert(0, unit, np.asarray(person))
    return out


def _refuse_spells(spells: pd.DataFrame, unit: str, first: str, last: str) -> None:
    needed = (unit, "start_ym", "end_ym", "state")
    problems = [
        Problem("calendar needs a column", in_column(column), "a column of the spells")
        for column in needed
        if column not in spells.columns
    ]
    InputError.refuse(problems)
    ends = pd.Series([first, last], name="first and last")
    for months in (ends, spells["start_ym"], spells["end_ym"]):
        if (bad := unreadable_months(months)).any():
            problems.append(not_months(months, bad))
    for column in (unit, "state", "start_ym"):
        problems += Problem(
            what="a spell is not whole",
            where=in_column(column),
            expected="a value in every row",
            got=worded("missing"),
        ).where_true(spells[column].isna().to_numpy())
    InputError.refuse(problems)
    InputError.refuse(
        Problem(
            what="a spell ends before it starts",
            where=in_columns("start_ym", "end_ym"),
            expected="start_ym up to end_ym",
        ).where_true(month_number(spells["end_ym"]) < month_number(spells["start_ym"]))
    )


def _grid(
    spells: pd.DataFrame, unit: str, first: int, last: int, until: pd.Series | None
) -> tuple[list[str], tuple[Int, Sequence[str]], pd.Index]:
    if last < first:
        raise InputError(
            Problem(
                "the calendar ends before it begins",
                of_arguments("first", "last"),
                "first <= last",
                worded(
                    "{month_label} and {month_label2}",
                    {"month_label": month_label(first), "month_label2": month_label(last)},
                ),
            )
        )
    person_code, person = pd.factorize(spells[unit])
    state, level = pd.factorize(spells["state"], sort=True)
    start, end = month_number(spells["start_ym"]), month_number(spells["end_ym"])
    stop = np.full(len(person), float(last))
    if until is not None:
        known = np.nan_to_num(month_number(until.reindex(person)), nan=float(first - 1))
        stop = np.minimum(known, last)
    end = np.minimum(np.where(np.isnan(end), last, end), stop[person_code])
    begin = np.maximum(start, first)
    code = np.full((len(person), last - first + 1), -1, np.intp)
    for spell in np.argsort(start, kind="stable"):
        if end[spell] >= begin[spell]:
            code[person_code[spell], int(begin[spell]) - first : int(end[spell]) - first + 1] = (
                state[spell]
            )
    return [month_label(m) for m in range(first, last + 1)], (code, list(level)), pd.Index(person)


@public(EstimateError, classes=True)
def monthly(
    panel: TracerPanel, origin: str = "enrol_date", before: int = 0, after: int = 36
) -> NDArray[np.object_]:
    """(n, before + after + 1) state of each person in each month about the month of `origin`, from
    the panel's episodes; None where not known.

    A person's months are known up to the month of the last interview in person (not by proxy).
    """
    if panel.episodes is None:
        raise EstimateError(Problem("the panel has no episodes", fix="Give `episode` to read()."))
    start = origin_month(panel, origin)
    known = last_month(panel)
    episodes = panel.episodes
    person = panel.rows_of(episodes)
    begin = month_number(episodes["start_ym"]) - start[person]
    end = month_number(episodes["end_ym"]) - start[person]
    horizon = known - start
    end = np.minimum(np.where(np.isnan(end), np.inf, end), horizon[person])
    code, level = pd.factorize(episodes["state"])
    grid = np.full((panel.n, before + after + 1), -1, np.intp)
    lo = np.clip(np.nan_to_num(begin, nan=1e6), -before, after + 1).astype(int) + before
    hi = np.clip(np.nan_to_num(end, nan=-1e6), -before - 1, after).astype(int) + before
    spell = np.argsort(begin, kind="stable")  # where spells overlap, the later one stands
    length = np.maximum(hi[spell] - lo[spell] + 1, 0)
    month = np.arange(length.sum()) + np.repeat(lo[spell] - np.cumsum(length) + length, length)
    grid[np.repeat(person[spell], length), month] = np.repeat(code[spell], length)
    out: NDArray[np.object_] = state_text(list(level))[grid]
    return out


def origin_month(panel: TracerPanel, origin: str) -> Float:
    """(n,) calendar month of a date of the person, as a number; NaN where missing."""
    if origin not in panel.sample.frame.columns:
        raise EstimateError(Problem("no such date", in_column(origin), "a date of the persons"))
    return month_number(dates(panel.sample.frame[origin]))


def last_month(panel: TracerPanel) -> Float:
    """(n,) calendar month of each person's last interview in person; -inf where there is none."""
    if "fieldwork_date" not in panel.long.columns:
        raise EstimateError(
            Problem(
                "work histories need interview dates",
                in_column("fieldwork_date"),
                "a date of each interview",
            )
        )
    when = interview_months(panel)
    told = panel.responded & ~panel.proxy
    return np.asarray(np.where(told & ~np.isnan(when), when, -np.inf).max(axis=1))


@public(EstimateError)
def wave_states(
    panel: TracerPanel, state: str, waves: Sequence[object] | None = None
) -> pd.DataFrame:
    """Spells from waves: runs of one state over the answered waves, for studies without a calendar.

    Returns
    -------
    DataFrame: unit, spell, state, start, end (waves at which the run is first and last seen),
    months_seen (between these interviews), start_gap and end_gap:
    months between the neighbouring interviews in which the change fell (missing where the run is
    censored).
    """
    key = panel.chosen(waves)
    at = [panel.place(w) for w in key]
    code, level = pd.factorize(
        np.concatenate([pd.Series(panel.values(state, w)).astype(object) for w in key])
    )
    grid = code.reshape(len(key), panel.n).T
    since = "months_since_enrolment" if "months_since_enrolment" in panel.long.columns else None
    when = (
        np.column_stack([panel.values(since, w) for w in key])
        if since
        else np.broadcast_to(np.array(at, float), grid.shape)
    )
    rows = []
    ids = panel.sample.frame[panel.unit].to_numpy()
    for i in np.flatnonzero((grid >= 0).any(axis=1)):
        seen = np.flatnonzero(grid[i] >= 0)
        cut = np.flatnonzero(np.diff(grid[i, seen]) != 0) + 1
        runs = np.split(seen, cut)
        for place, run in enumerate(runs):
            a, b = run[0], run[-1]
            gap_before = when[i, a] - when[i, runs[place - 1][-1]] if place else np.nan
            gap_after = (
                when[i, runs[place + 1][0]] - when[i, b] if place + 1 < len(runs) else np.nan
            )
            rows.append(
                (
                    ids[i],
                    place + 1,
                    level[grid[i, a]],
                    key[a],
                    key[b],
                    when[i, b] - when[i, a],
                    gap_before,
                    gap_after,
                )
            )
    return pd.DataFrame(
        rows,
        columns=[
            panel.unit,
            "spell",
            "state",
            "start",
            "end",
            "months_seen",
            "start_gap",
            "end_gap",
        ],
    )


@public(EstimateError, classes=True)
def seam_effect(
    panel: TracerPanel,
    states: Sequence[str] = EMPLOYED,
    origin: str = "enrol_date",
    after: int = 36,
    window: int = 0,
) -> Estimate:
    """How much more often people change into or out of `states` between the months that two
    interviews report on than between others.

    Parameters
    ----------
    states : the states that make one side of the change.
    window : months about a seam that belong to it. The seam lies between the month of an interview
        in person and the next month; the last interview has none.

    Returns
    -------
    Estimate: "seam" and "elsewhere" (changes a person-month), "ratio". About 1 without a seam
    effect. On enrolment weights.
    """
    state = monthly(panel, origin, 0, after)
    known = ~pd.isna(state)
    inside = np.isin(np.where(known, state, ""), states)
    both = known[:, 1:] & known[:, :-1]
    change = both & (inside[:, 1:] != inside[:, :-1])
    seam = _seams(panel, origin, after, window)
    parts = (change & seam, both & seam, change & ~seam, both & ~seam)
    y = np.sum(parts, axis=2).T.astype(float)
    sample = panel.sample
    y[~sample.active] = 0.0
    total = sample.weights @ y
    if (total[[1, 3]] == 0).any() or total[2] == 0:
        raise EstimateError(
            Problem(
                "the seam effect is not defined",
                "",
                "months at seams, months elsewhere and a change elsewhere",
                str(total.round(1).tolist()),
            )
        )

    def value(t: Float) -> Float:
        a, b = (t[:, ::2] / t[:, 1::2]).T
        return np.column_stack([a, b, a / b])

    def slope(t: Float) -> Float:
        a, b = (t[:, ::2] / t[:, 1::2]).T
        zero = np.zeros_like(a)
        da = np.stack([1 / t[:, 1], -a / t[:, 1], zero, zero], axis=1)
        db = np.stack([zero, zero, 1 / t[:, 3], -b / t[:, 3]], axis=1)
        return np.stack([da, db, da / b[:, None] - db * (a / b**2)[:, None]], axis=2)

    values, part = evaluate(sample, y, domains(sample, None), OfTotals(value, slope))
    names = ("seam", "elsewhere", "ratio")
    return Estimate(
        value=values,
        names=names,
        parts=(part,),
        keys=pd.DataFrame({"months": names}),
        n=y[:, [1, 3, 1]].sum(axis=0),
        dof=np.full(3, sample.degf),
        kind="seam effect",
        definition=(
            "Changes a person-month at the seams of two interviews, elsewhere, and their ratio."
        ),
        notes=sample.notes,
    )


def _seams(panel: TracerPanel, origin: str, after: int, window: int) -> Bool:
    """(n, after) whether the step from month k to k + 1 after the origin is a seam."""
    when = interview_months(panel) - origin_month(panel, origin)[:, None]
    told = panel.responded & ~panel.proxy & ~np.isnan(when)
    last = np.where(told, when, -np.inf).max(axis=1)
    out = np.zeros((panel.n, after + 1), bool)
    for place in range(when.shape[1]):
        for shift in range(-window, window + 1):
            month = when[:, place] + shift
            rows = np.flatnonzero(
                told[:, place] & (when[:, place] < last) & (month >= 0) & (month < after)
            )
            out[rows, month[rows].astype(int)] = True
    return out[:, :after]


def state_list() -> pd.DataFrame:
    """The states of episodes: code, label, whether abroad and employed; index: code."""
    return codes("episode_states").set_index("code")
