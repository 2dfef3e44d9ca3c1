"""A tracer study from its tables, with everything that is wrong named at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from mismes_eval import frame as frames
from mismes_eval.errors import InputError, Problem, in_column, in_columns, in_place, named, worded
from mismes_eval.public import held
from mismes_eval.tracer.edits import edits, normalised
from mismes_eval.tracer.months import elapsed
from mismes_eval.tracer.panel import TracerPanel
from mismes_eval.weighting.sample import Sample
from mismes_eval.weighting.stages import Columns

Table = str | Path | pd.DataFrame
UNIT, WAVE, DISPOSITION = "person_id", "wave", "disp_code"
REPORTED = ("episode_months", "one_open_episode")  # found by the edit report, not refused
SYNTHETIC = "SYNTHETIC DATA: made-up persons and measures, no finding about the real country."


@held(InputError)
def read(
    person: Table,
    wave: Table,
    outcome: Table,
    service: Table | None = None,
    episode: Table | None = None,
    retro: Table | None = None,
    weights: str = "sample_weight",
    strata: Columns = None,
    psu: Columns = None,
    fpc: Columns = None,
    as_of: str | pd.Timestamp | None = None,
) -> TracerPanel:
    """A tracer panel from the tables `tracer_person`, `tracer_wave`, `tracer_outcome` and, where
    there are, `tracer_service`, `tracer_episode`.

    Parameters
    ----------
    person, wave, outcome, service, episode : files of any format `frame.read` knows, or frames,
        under the templates' names.
    retro : outcomes of a time before enrolment, asked back at enrolment (same columns as `outcome`,
        wave below 0); they get the disposition of the first wave.
    weights, strata, psu, fpc : design columns of the person table.
    as_of : dates after it are in the future; None: today.

    Returns
    -------
    TracerPanel. Its waves have `months_since_enrolment` and `months_since_event`, both from real
    dates. `edits` is the edit report (see `edits`).

    Raises
    ------
    InputError : everything in all tables that makes them unusable: template failures, duplicate
        keys, rows of unknown persons (with the id they probably mean), outcomes without a wave row.
        Personal identifiers are named first and alone.
    """
    given = {
        "tracer_person": person,
        "tracer_wave": wave,
        "tracer_outcome": outcome,
        "tracer_service": service,
        "tracer_episode": episode,
    }
    problems: list[Problem] = []
    tables = {
        name: _table(table, name, problems) for name, table in given.items() if table is not None
    }
    before = None if retro is None else _retro(retro, problems)
    if all(UNIT in table.columns for table in tables.values()) and all(
        WAVE in tables[name].columns for name in ("tracer_wave", "tracer_outcome")
    ):
        problems += _key_problems(tables, before)
    InputError.refuse(problems)
    persons, waves, outcomes = (
        tables["tracer_person"],
        tables["tracer_wave"],
        tables["tracer_outcome"],
    )
    sample = Sample.from_frame(persons, weights=weights, strata=strata, psu=psu, fpc=fpc)
    if (
        "data_status" in persons.columns
        and persons["data_status"].astype("string").str.upper().eq("SYNTHETIC").any()
    ):
        sample = sample.flagged(SYNTHETIC)
    long = _long(waves, outcomes, before)
    refresh = (
        "refresh_sample"
        if "refresh_sample" in long.columns
        and long["refresh_sample"].fillna(False).astype(bool).any()
        else None
    )
    panel = TracerPanel.from_frame(
        long, UNIT, WAVE, sample=sample, disposition=DISPOSITION, refresh=refresh
    )
    panel = replace(
        panel, episodes=tables.get("tracer_episode"), services=tables.get("tracer_service")
    )
    report = edits(panel, as_of=as_of, outcome_rows=_has_outcome(long, outcomes))
    return replace(panel, long=_timed(panel), edits=report)


def _table(
    table: Table, name: str, problems: list[Problem], wave: int | None = None
) -> pd.DataFrame:
    """A validated table; its problems are added to the list with the table's name in front."""
    template = frames.template(name)
    template = replace(
        template, rules=tuple(rule for rule in template.rules if rule.name not in REPORTED)
    )
    try:
        raw = _raw(table)
    except InputError as error:
        problems += [_named(p, name) for p in error.problems]
        return pd.DataFrame()
    if raw.empty and not isinstance(table, pd.DataFrame):
        problems.append(
            Problem(
                what="the file has no rows",
                where=in_place(name, Path(table).name),
                expected="rows below the header",
                got=worded("a header only"),
                fix="Fill it in, or leave it out.",
            )
        )
        return pd.DataFrame()
    personal = frames.find_identifiers(raw)
    if personal:  # alone: messages about other cells could show them
        raise InputError([_named(p, name) for p in personal])
    checked = frames.check(raw if wave is None else raw.assign(wave=wave), template)
    problems += [_named(p, name) for p in checked.problems]
    return checked.frame


def _raw(table: Table) -> pd.DataFrame:
    if isinstance(table, pd.DataFrame):
        return table.reset_index(drop=True)
    return frames.read(table).frame


def _named(problem: Problem, table: str) -> Problem:
    return replace(problem, where=in_place(table, problem.where) if problem.where else table)


def _retro(table: Table, problems: list[Problem]) -> pd.DataFrame:
    raw = _raw(table)
    if WAVE not in raw.columns:
        problems.append(
            Problem("a retrospective table has no wave", in_column(WAVE), "a number below 0")
        )
        return raw
    when = pd.to_numeric(raw[WAVE], errors="coerce")
    late = Problem(
        what="a retrospective row is not before enrolment",
        where=in_column(WAVE),
        expected="a number below 0",
    ).where_true(~(when < 0).to_numpy())
    if late:
        problems += late
        return raw
    return _table(raw, "tracer_outcome", problems, wave=0).assign(
        **{WAVE: when.astype(int).to_numpy()}
    )


def _key_problems(tables: dict[str, pd.DataFrame], retro: pd.DataFrame | None) -> Iterator[Problem]:
    known = pd.Index(tables["tracer_person"][UNIT])
    others = {name: table for name, table in tables.items() if name != "tracer_person"}
    if retro is not None and UNIT in retro.columns:
        others["tracer_retro"] = retro
    for name, table in others.items():
        yield from _strangers(table[UNIT], known, name)
    where = pd.MultiIndex.from_frame(tables["tracer_wave"][[UNIT, WAVE]])
    outcome = tables["tracer_outcome"]
    lost = (
        ~pd.MultiIndex.from_frame(outcome[[UNIT, WAVE]]).isin(where)
        & outcome[UNIT].isin(known).to_numpy()
    )
    if lost.any():
        yield Problem(
            what="an outcome has no row in the wave table",
            where=in_place("tracer_outcome", in_columns(UNIT, WAVE)),
            expected="a disposition for every outcome",
            got=worded("persons {loc}", {"loc": named(outcome.loc[lost, UNIT])}),
            count=int(lost.sum()),
            rows=tuple(outcome.loc[lost, UNIT]),
        )


def _strangers(ids: pd.Series, known: pd.Index, name: str) -> list[Problem]:
    strange = pd.Index(ids.unique()).difference(known, sort=False)
    if not len(strange):
        return []
    near = pd.Series(known, index=normalised(pd.Series(known)).to_numpy())
    near = near[~near.index.duplicated()]
    meant = [
        f"{value} (as {near[key]}?)" if key in near.index else str(value)
        for value, key in zip(strange, normalised(pd.Series(strange)), strict=True)
    ]
    return [
        Problem(
            what="a row belongs to a person who is not in the person table",
            where=in_place(name, in_column(UNIT)),
            expected="a person of tracer_person",
            got=worded(
                "{strange} others: {meant}", {"strange": len(strange), "meant": named(meant)}
            ),
            fix="Ids that changed case or padding are shown with the id they probably mean.",
            count=int(ids.isin(strange).sum()),
            rows=tuple(strange),
        )
    ]


def _long(waves: pd.DataFrame, outcomes: pd.DataFrame, retro: pd.DataFrame | None) -> pd.DataFrame:
    same = [
        column
        for column in outcomes.columns
        if column in waves.columns and column not in (UNIT, WAVE)
    ]
    long = waves.merge(
        outcomes.drop(columns=same), on=[UNIT, WAVE], how="left", sort=False, validate="one_to_one"
    )
    if retro is None:
        return long
    first = waves.loc[waves[WAVE] == waves[WAVE].min()].set_index(UNIT)[DISPOSITION]
    shared = [column for column in retro.columns if column not in same]
    past = retro[shared].assign(**{DISPOSITION: first.reindex(retro[UNIT]).to_numpy()})
    past = past[past[DISPOSITION].notna()]
    return pd.concat([long, past.dropna(axis=1, how="all")], ignore_index=True)


def _has_outcome(long: pd.DataFrame, outcomes: pd.DataFrame) -> np.ndarray:
    """(rows of long,) whether the outcome table (or the retrospective one) has the row."""
    keys = pd.MultiIndex.from_frame(outcomes[[UNIT, WAVE]])
    return pd.MultiIndex.from_frame(long[[UNIT, WAVE]]).isin(keys) | (long[WAVE].to_numpy() < 0)


def _timed(panel: TracerPanel) -> pd.DataFrame:
    """The waves with elapsed months from real dates."""
    columns = {}
    for name, since in (
        ("months_since_enrolment", "enrol_date"),
        ("months_since_event", "event_date"),
    ):
        if since in panel.sample.frame.columns and "fieldwork_date" in panel.long.columns:
            months = np.full(len(panel.long), np.nan)
            there = panel.row >= 0
            months[panel.row[there]] = elapsed(panel, since)[there]
            columns[name] = months
    return panel.long.assign(**columns)
