"""The edit report: everything in a panel that contradicts itself, by rule, with the persons
concerned. Nothing is changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mismes_eval.errors import InputError
from mismes_eval.frame import codes, template
from mismes_eval.frame.strange_cells import FIRST, LAST
from mismes_eval.numerics.rows import Bool, Float, Int
from mismes_eval.public import held
from mismes_eval.tracer.dispositions import WHEREABOUTS
from mismes_eval.tracer.months import dates, elapsed, month_number
from mismes_eval.weighting.numbers import float64

if TYPE_CHECKING:
    from mismes_eval.tracer.panel import TracerPanel

INVARIANT = ("male", "sex", "birth_ym", "birth_date", "country", "enrol_date", "event_date")
GROWING = ("age", "educy", "educat7", "educat5", "educat4", "isced")
DATED = (
    "enrol_date",
    "event_date",
    "cohort_ym",
    "birth_ym",
    "fieldwork_date",
    "target_date",
    "start_ym",
    "end_ym",
    "start",
    "end",
)
OF_A_JOB = ("occup_isco", "contract", "whours", "skill_use", "match_level", "search_channel")
ROUNDING = 1e-3  # relative difference of two weights that rounding in a file explains
ASKED = 8  # answers below which interviews may well agree
Found = Iterator[tuple[str, str, Any]]  # rule, column, persons concerned: (n,), or (n, waves)
RULES = {
    "id_spelling": "one person under ids that differ in case, spaces or leading zeros",
    "invariant_drift": "a characteristic that cannot change differs between waves",
    "other_person": "two or more characteristics that cannot change differ: another person, one id?",
    "wave_missing": "no row at a wave that others have, and no code for pending or not fielded",
    "ghost_interview": (
        "two or more interviews of one wave and interviewer give the same answer to every question"
    ),
    "far_date": "a year before 1900 or after 2100 (9999 for open or unknown)",
    "age_or_education_back": "age or education falls from one wave to a later one",
    "age_jump": "age changes by more than the time between interviews allows (2 years of slack)",
    "dead_then_alive": "known dead, then answering or known to be alive",
    "interview_order": "fieldwork dates are not in the order of the waves",
    "interview_after_next_target": "an interview after the day planned for the next wave",
    "interview_before_enrolment": "an interview before the day of enrolment",
    "future_date": "a date after the day of the check",
    "answer_without_outcome": "a disposition says interview, and there is no outcome",
    "outcome_without_answer": "an outcome, and the disposition says there was no interview",
    "no_consent": "no version of the consent form is recorded",
    "no_contact": "no contact was given by which the person could be traced",
    "weight_drift": "the design weight of a wave is not the weight at enrolment",
    "weight_product": "the final weight is not design weight times attrition factor",
    "job_without_work": "answers about a job, and the labour status says that there is none",
    "spell_source": "a spell was reported in a wave that the study does not have",
    "months_since_event": (
        "the recorded months since the event differ from the dates by more than one month"
    ),
    "age_at_enrolment": "age at enrolment is not the time from birth to enrolment, or not 0 to 120",
    "employed_by_status": "employed, and the labour status says not, or the reverse",
    "service_to_comparison": "a service of a measure, and the person is in the comparison arm",
    "abroad_at_home": "abroad by disposition, and the country is the home country",
    "spell_reversed": "a spell ends before it starts",
    "spell_overlap": "two spells of a person overlap",
    "spell_gap": "months between two spells of a person that no spell covers",
    "spell_two_open": "a person has two open spells",
    "spell_abroad_at_home": "a spell abroad in the home country",
}


@held(InputError)
def edits(
    panel: TracerPanel,
    invariant: Sequence[str] = INVARIANT,
    growing: Sequence[str] = GROWING,
    as_of: str | pd.Timestamp | None = None,
    outcome_rows: Bool | None = None,
) -> pd.DataFrame:
    """All rules of RULES that the panel's columns allow to check.

    Parameters
    ----------
    invariant, growing : columns that must not change, and columns that must not fall; those that
        the panel lacks are passed over.
    as_of : dates after it are in the future; None: today.
    outcome_rows : (rows of long,) whether there is an outcome; None: not checked.

    Returns
    -------
    DataFrame, one row a rule and column that was checked: rule, column, meaning, count (persons),
    ids (a list of all of them). Count 0: checked and clean.
    """
    today = pd.Timestamp.today() if as_of is None else pd.Timestamp(as_of)
    ids = panel.sample.frame[panel.unit].to_numpy()
    rows = []
    for rule, column, told in chain(
        _spelling(panel),
        _characteristics(panel, invariant),
        _waves(panel),
        _ghosts(panel),
        _far_dates(panel),
        _growth(panel, growing),
        _lives(panel),
        _dates(panel, today),
        _answers(panel, outcome_rows),
        _enrolled(panel),
        _weights(panel),
        _jobs(panel),
        _services(panel),
        _spells(panel),
    ):
        bad = told.reshape(panel.n, -1).any(axis=1)
        rows.append((rule, column, RULES[rule], int(bad.sum()), list(ids[bad])))
    return pd.DataFrame(rows, columns=["rule", "column", "meaning", "count", "ids"])


def normalised(ids: pd.Series) -> pd.Series:
    """Ids without outer spaces, case and leading zeros."""
    return ids.astype("string").str.strip().str.casefold().str.lstrip("0")


def _spelling(panel: TracerPanel) -> Found:
    ids = panel.sample.frame[panel.unit]
    if not pd.api.types.is_numeric_dtype(ids):
        yield "id_spelling", panel.unit, normalised(ids).duplicated(keep=False).to_numpy(bool)


def _matrix(panel: TracerPanel, column: str) -> Float:
    """(n, T) codes or numbers of a column, NaN where missing."""
    series = panel.long[column]
    value = float64(series)
    if value is None:
        code, _ = pd.factorize(series)
        value = np.where(code < 0, np.nan, code).astype(float)
    return np.append(value, np.nan)[panel.row]


def _characteristics(panel: TracerPanel, invariant: Sequence[str]) -> Found:
    """Characteristics that cannot change and do between waves; persons of whom several do, between
    waves or against the persons' own table.
    """
    there = [column for column in invariant if column in panel.long.columns]
    changes = []
    for column in there:
        drift = _drift(panel, column)
        yield "invariant_drift", column, drift
        changes.append(drift | _unlike_at_enrolment(panel, column))
    if len(changes) > 1:
        yield "other_person", ", ".join(there), np.sum(changes, axis=0) >= 2


def _drift(panel: TracerPanel, column: str) -> Bool:
    value = _matrix(panel, column)
    high = np.fmax.reduce(value, axis=1)
    return np.asarray(high > np.fmin.reduce(value, axis=1))


def _unlike_at_enrolment(panel: TracerPanel, column: str) -> Bool:
    """(n,) whether a wave contradicts the persons' table."""
    if column not in panel.sample.frame.columns:
        return np.zeros(panel.n, bool)
    known = panel.sample.frame[column].astype("string").to_numpy(object)
    said = panel.long[column].astype("string")
    told = np.array([*said.to_numpy(object), None], dtype=object)[panel.row]
    both = pd.notna(told) & pd.notna(known)[:, None]
    return np.asarray((both & (told != known[:, None])).any(axis=1))


def _waves(panel: TracerPanel) -> Found:
    if panel.disposition is not None:
        yield "wave_missing", panel.wave, (panel.groups < 0) & panel.tried


def _ghosts(panel: TracerPanel) -> Found:
    """Interviews of one interviewer and wave that agree in every answer, where at least ASKED of
    them are numbers other than 0: copied or made up.
    """
    long = panel.long
    if "interviewer" not in long.columns:
        return
    asked = [name for name in template("tracer_outcome").names if name in long.columns]
    answers = [name for name in asked if name not in (panel.unit, panel.wave)]
    counted = [number for answer in answers if (number := float64(long[answer])) is not None]
    telling = np.sum([np.nan_to_num(number) != 0 for number in counted], axis=0, initial=0)
    told = pd.Series(telling >= ASKED, index=long.index) & long["interviewer"].notna()
    same = long[told].duplicated([panel.wave, "interviewer", *answers], keep=False)
    rows = np.zeros(len(long) + 1, bool)
    rows[np.flatnonzero(told.to_numpy(bool))[same.to_numpy(bool)]] = True
    yield "ghost_interview", "interviewer", rows[panel.row]


def _far_dates(panel: TracerPanel) -> Found:
    tables = (panel.sample.frame, panel.long, panel.episodes, panel.services)
    for table in tables:
        if table is None:
            continue
        for column in [column for column in DATED if column in table.columns]:
            code, days = pd.factorize(table[column])
            year = pd.Series(days).astype("string").str.extract(r"^(\d{4})-")[0].astype("Float64")
            outside = ((year < FIRST) | (year > LAST)).fillna(False).to_numpy(bool)
            far = np.append(outside, False)[code]  # a missing cell has code -1
            person = panel.rows_of(table)
            yield "far_date", column, _persons(panel, person, far & (person >= 0))


def _before(value: Float) -> Float:
    """(n, T) the last known value before each wave."""
    out = np.full(value.shape, np.nan)
    for place in range(1, value.shape[1]):
        last = value[:, place - 1]
        out[:, place] = np.where(np.isnan(last), out[:, place - 1], last)
    return out


def _growth(panel: TracerPanel, growing: Sequence[str]) -> Found:
    have = panel.long.columns
    for column in growing:
        if column in have:
            value = _matrix(panel, column)
            yield "age_or_education_back", column, value < _before(value)
    if "age" in have and "fieldwork_date" in have:
        age = _matrix(panel, "age")
        known = np.where(np.isnan(age), np.nan, _days(panel, "fieldwork_date"))
        years = (known - _before(known)) / 365.25
        yield "age_jump", "age", age - _before(age) > years + 2


def _lives(panel: TracerPanel) -> Found:
    if panel.disposition is not None:
        alive = [WHEREABOUTS.index("known"), WHEREABOUTS.index("abroad")]
        later = np.isin(panel.whereabouts[:, 1:], alive)
        yield "dead_then_alive", panel.disposition, later & panel.dead[:, :-1]


def _days(panel: TracerPanel, column: str) -> Float:
    """(n, T) days since 1970, NaN where missing."""
    series = dates(panel.long[column])
    value = series.to_numpy(dtype="datetime64[D]")
    days = np.where(np.isnat(value), np.nan, value.astype("int64").astype(float))
    return np.append(days, np.nan)[panel.row]


def _dates(panel: TracerPanel, as_of: pd.Timestamp) -> Found:
    today = float(np.datetime64(as_of.normalize(), "D").astype("int64"))
    have, known = panel.long.columns, panel.sample.frame
    if "fieldwork_date" in have:
        field = _days(panel, "fieldwork_date")
        yield "interview_order", "fieldwork_date", field < _before(field)
        yield "future_date", "fieldwork_date", field > today
        if "target_date" in have:
            following = _before(_days(panel, "target_date")[:, ::-1])[:, ::-1]
            late = panel.responded & (field >= following)
            yield "interview_after_next_target", "fieldwork_date", late
        if "enrol_date" in known.columns:
            early = elapsed(panel, "enrol_date") < 0
            yield "interview_before_enrolment", "fieldwork_date", early
        if "months_since_event" in have and "event_date" in known.columns:
            gap = _matrix(panel, "months_since_event") - elapsed(panel, "event_date")
            yield "months_since_event", "months_since_event", np.abs(gap) > 1
    for column in ("enrol_date", "event_date"):
        if column in known.columns:
            yield "future_date", column, (dates(known[column]) > as_of).to_numpy(bool)


def _answers(panel: TracerPanel, outcome_rows: Bool | None) -> Found:
    if panel.disposition is None:
        return
    if outcome_rows is not None:
        has = np.append(outcome_rows, False)[panel.row] & (panel.row >= 0)
        yield "answer_without_outcome", panel.disposition, panel.responded & ~has
        silent = has & ~panel.responded & (panel.groups >= 0)
        yield "outcome_without_answer", panel.disposition, silent
    if "current_country" in panel.long.columns and "country" in panel.sample.frame.columns:
        home = panel.sample.frame["country"].to_numpy()
        same = np.column_stack([panel.values("current_country", w) == home for w in panel.waves])
        abroad = panel.whereabouts == WHEREABOUTS.index("abroad")
        yield "abroad_at_home", "current_country", same & abroad


def _enrolled(panel: TracerPanel) -> Found:
    known = panel.sample.frame
    if "consent_version" in known.columns:
        yield "no_consent", "consent_version", known["consent_version"].isna().to_numpy(bool)
    yield from _ages(known)
    contacts = float64(known["n_contacts_given"]) if "n_contacts_given" in known.columns else None
    if contacts is not None:
        yield "no_contact", "n_contacts_given", contacts == 0


def _ages(known: pd.DataFrame) -> Found:
    """Ages at enrolment that cannot be, by themselves or by the dates."""
    age = float64(known["age_enrol"]) if "age_enrol" in known.columns else None
    if age is None:
        return
    wrong = (age < 0) | (age > 120)
    if {"birth_ym", "enrol_date"} <= set(known.columns):
        born = month_number(known["birth_ym"])
        enrolled = dates(known["enrol_date"])
        months = enrolled.dt.year.to_numpy(float) * 12 + enrolled.dt.month.to_numpy(float) - 1
        wrong |= np.abs((months - born) / 12 - age) > 2
    yield "age_at_enrolment", "age_enrol", wrong


def _weights(panel: TracerPanel) -> Found:
    """Weights in the file that contradict each other, beyond rounding."""
    have = panel.long.columns
    if "w_design" in have:
        base = panel.sample.design.base[:, None]
        apart = np.abs(_matrix(panel, "w_design") - base)
        yield "weight_drift", "w_design", apart > ROUNDING * base
    if {"w_design", "w_attr", "w_final"} <= set(have):
        made = _matrix(panel, "w_design") * _matrix(panel, "w_attr")
        apart = np.abs(_matrix(panel, "w_final") - made)
        yield "weight_product", "w_final", apart > ROUNDING * np.abs(made)


def _jobs(panel: TracerPanel) -> Found:
    """Answers that only persons in work have, from persons who are not."""
    have = panel.long.columns
    if "lstatus" not in have:
        return
    status = _matrix(panel, "lstatus")
    idle = np.isin(status, (2.0, 3.0))
    if "employed" in have:
        employed = _matrix(panel, "employed")
        apart = ((employed == 1) & idle) | ((employed == 0) & (status == 1))
        yield "employed_by_status", "employed", apart
    for column in OF_A_JOB:
        if column in have:
            yield "job_without_work", column, idle & ~np.isnan(_matrix(panel, column))


def _services(panel: TracerPanel) -> Found:
    known, services = panel.sample.frame, panel.services
    if services is None or "arm" not in known.columns or panel.unit not in services.columns:
        return
    served = known[panel.unit].isin(services[panel.unit]) & known["arm"].astype("string").eq("C")
    yield "service_to_comparison", panel.unit, served.fillna(False).to_numpy(bool)


def _spells(panel: TracerPanel) -> Found:
    episodes = panel.episodes
    if episodes is None:
        return
    person = panel.rows_of(episodes)
    start, end = month_number(episodes["start_ym"]), month_number(episodes["end_ym"])
    last = np.where(np.isnan(end), np.inf, end)
    order = np.lexsort((last, start, person))
    p, s, f = person[order], start[order], last[order]
    reach = pd.Series(f).groupby(p).cummax().groupby(p).shift().to_numpy()
    overlap, gap = np.zeros((2, len(episodes)), bool)
    overlap[order] = s <= np.where(np.isnan(reach), -np.inf, reach)
    gap[order] = s > reach + 1
    yield "spell_reversed", "end_ym", _persons(panel, person, end < start)
    yield "spell_overlap", "start_ym", _persons(panel, person, overlap)
    yield "spell_gap", "start_ym", _persons(panel, person, gap)
    yield "spell_two_open", "end_ym", np.bincount(person[np.isnan(end)], minlength=panel.n) > 1
    if "source_wave" in episodes.columns:
        source = float64(episodes["source_wave"])
        waves = [w for w in panel.waves if isinstance(w, int | float)]
        if source is not None and waves:
            strange = ~np.isnan(source) & ~np.isin(source, waves)
            yield "spell_source", "source_wave", _persons(panel, person, strange)
    if "country" in episodes.columns and "country" in panel.sample.frame.columns:
        table = codes("episode_states").set_index("code")["abroad"]
        abroad = episodes["state"].astype(str).map(table).eq("1").to_numpy(bool)
        home = panel.sample.frame["country"].to_numpy()[person]
        at_home = episodes["country"].to_numpy() == home
        yield "spell_abroad_at_home", "country", _persons(panel, person, abroad & at_home)


def _persons(panel: TracerPanel, person: Int, bad: Bool) -> Bool:
    out = np.zeros(panel.n, bool)
    out[person[bad]] = True
    return out
