"""The edit report: everything in a panel that contradicts itself, by rule, with the persons
concerned. Nothing is changed.
"""

from __future__ import annotations

from collections.abc import Sequence
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
Found = tuple[str, str, Any]  # rule, column, (n,) persons concerned
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
    found: list[Found] = []
    found += _spelling(panel)
    found += [
        ("invariant_drift", column, _drift(panel, column))
        for column in invariant
        if column in panel.long.columns
    ]
    found += _other_person(panel, invariant)
    if panel.disposition is not None:
        silent = (panel.groups < 0) & panel.tried
        found.append(("wave_missing", panel.wave, silent.any(axis=1)))
    found += _ghosts(panel)
    found += _far_dates(panel)
    for column in growing:
        if column in panel.long.columns:
            found.append(("age_or_education_back", column, _back(panel, column)))
    if "age" in panel.long.columns and "fieldwork_date" in panel.long.columns:
        found.append(("age_jump", "age", _age_jump(panel)))
    if panel.disposition is not None:
        found.append(("dead_then_alive", panel.disposition, _risen(panel)))
    found += _dates(panel, pd.Timestamp.today() if as_of is None else pd.Timestamp(as_of))
    found += _answers(panel, outcome_rows)
    found += [*_enrolled(panel), *_weights(panel), *_jobs(panel)]
    ids = panel.sample.frame[panel.unit].to_numpy()
    rows = [
        (rule, column, RULES[rule], int(bad.sum()), list(ids[bad]))
        for rule, column, bad in [*found, *_services(panel), *_spells(panel)]
    ]
    return pd.DataFrame(rows, columns=["rule", "column", "meaning", "count", "ids"])


def normalised(ids: pd.Series) -> pd.Series:
    """Ids without outer spaces, case and leading zeros."""
    return ids.astype("string").str.strip().str.casefold().str.lstrip("0")


def _spelling(panel: TracerPanel) -> list[Found]:
    ids = panel.sample.frame[panel.unit]
    if pd.api.types.is_numeric_dtype(ids):
        return []
    return [("id_spelling", panel.unit, normalised(ids).duplicated(keep=False).to_numpy(bool))]


def _matrix(panel: TracerPanel, column: str) -> Float:
    """(n, T) codes or numbers of a column, NaN where missing."""
    series = panel.long[column]
    value = float64(series)
    if value is None:
        code, _ = pd.factorize(series)
        value = np.where(code < 0, np.nan, code).astype(float)
    return np.append(value, np.nan)[panel.row]


def _drift(panel: TracerPanel, column: str) -> Bool:
    value = _matrix(panel, column)
    high = np.where(np.isnan(value), -np.inf, value).max(axis=1)
    low = np.where(np.isnan(value), np.inf, value).min(axis=1)
    return np.asarray(high > low)


def _other_person(panel: TracerPanel, invariant: Sequence[str]) -> list[Found]:
    """Persons of whom several characteristics that cannot change do, between waves or against the
    persons' own table.
    """
    there = [column for column in invariant if column in panel.long.columns]
    changes = [_drift(panel, column) | _unlike_at_enrolment(panel, column) for column in there]
    if len(changes) < 2:
        return []
    return [("other_person", ", ".join(there), np.sum(changes, axis=0) >= 2)]


def _unlike_at_enrolment(panel: TracerPanel, column: str) -> Bool:
    """(n,) whether a wave contradicts the persons' table."""
    if column not in panel.sample.frame.columns:
        return np.zeros(panel.n, bool)
    known = panel.sample.frame[column].astype("string").to_numpy(object)
    said = panel.long[column].astype("string")
    told = np.array([*said.to_numpy(object), None], dtype=object)[panel.row]
    both = pd.notna(told) & pd.notna(known)[:, None]
    return np.asarray((both & (told != known[:, None])).any(axis=1))


def _ghosts(panel: TracerPanel) -> list[Found]:
    """Interviews of one interviewer and wave that agree in every answer, where at least ASKED of
    them are numbers other than 0: copied or made up.
    """
    long = panel.long
    if "interviewer" not in long.columns:
        return []
    answers = [
        column.name for column in template("tracer_outcome").columns if column.name in long.columns
    ]
    answers = [answer for answer in answers if answer not in (panel.unit, panel.wave)]
    counted = [number for answer in answers if (number := float64(long[answer])) is not None]
    telling = np.sum([np.nan_to_num(number) != 0 for number in counted], axis=0, initial=0)
    told = pd.Series(telling >= ASKED, index=long.index) & long["interviewer"].notna()
    same = long[told].duplicated([panel.wave, "interviewer", *answers], keep=False)
    rows = np.zeros(len(long) + 1, bool)
    rows[np.flatnonzero(told.to_numpy(bool))[same.to_numpy(bool)]] = True
    return [("ghost_interview", "interviewer", rows[panel.row].any(axis=1))]


def _far_dates(panel: TracerPanel) -> list[Found]:
    out: list[Found] = []
    unit = pd.Index(panel.sample.frame[panel.unit])
    tables = (panel.sample.frame, panel.long, panel.episodes, panel.services)
    for table in tables:
        if table is None:
            continue
        for column in [column for column in DATED if column in table.columns]:
            code, days = pd.factorize(table[column])
            year = pd.Series(days).astype("string").str.extract(r"^(\d{4})-")[0].astype("Float64")
            outside = ((year < FIRST) | (year > LAST)).fillna(False).to_numpy(bool)
            far = np.append(outside, False)[code]  # a missing cell has code -1
            person = unit.get_indexer(table[panel.unit])
            out.append(("far_date", column, _persons(panel, person[person >= 0], far[person >= 0])))
    return out


def _before(value: Float) -> Float:
    """(n, T) the last known value before each wave."""
    out = np.full(value.shape, np.nan)
    for place in range(1, value.shape[1]):
        out[:, place] = np.where(
            np.isnan(value[:, place - 1]), out[:, place - 1], value[:, place - 1]
        )
    return out


def _back(panel: TracerPanel, column: str) -> Bool:
    value = _matrix(panel, column)
    return np.asarray((value < _before(value)).any(axis=1))


def _age_jump(panel: TracerPanel) -> Bool:
    age = _matrix(panel, "age")
    when = _days(panel, "fieldwork_date")
    known = np.where(np.isnan(age), np.nan, when)
    years = (known - _before(known)) / 365.25
    return np.asarray(((age - _before(age)) > years + 2).any(axis=1))


def _risen(panel: TracerPanel) -> Bool:
    alive = np.isin(panel.whereabouts, [WHEREABOUTS.index("known"), WHEREABOUTS.index("abroad")])
    earlier = np.zeros_like(alive)
    earlier[:, 1:] = panel.dead[:, :-1]
    return np.asarray((alive & earlier).any(axis=1))


def _days(panel: TracerPanel, column: str) -> Float:
    """(n, T) days since 1970, NaN where missing."""
    series = dates(panel.long[column])
    value = series.to_numpy(dtype="datetime64[D]")
    days = np.where(np.isnat(value), np.nan, value.astype("int64").astype(float))
    return np.append(days, np.nan)[panel.row]


def _dates(panel: TracerPanel, as_of: pd.Timestamp) -> list[Found]:
    out: list[Found] = []
    today = float(np.datetime64(as_of.normalize(), "D").astype("int64"))
    have = panel.long.columns
    if "fieldwork_date" in have:
        field = _days(panel, "fieldwork_date")
        out.append(("interview_order", "fieldwork_date", (field < _before(field)).any(axis=1)))
        out.append(("future_date", "fieldwork_date", (field > today).any(axis=1)))
        if "target_date" in have:
            target = _days(panel, "target_date")
            following = np.full(target.shape, np.nan)
            for place in range(target.shape[1] - 2, -1, -1):
                following[:, place] = np.where(
                    np.isnan(target[:, place + 1]), following[:, place + 1], target[:, place + 1]
                )
            out.append(
                (
                    "interview_after_next_target",
                    "fieldwork_date",
                    (np.where(panel.responded, field, np.nan) >= following).any(axis=1),
                )
            )
        if "enrol_date" in panel.sample.frame.columns:
            out.append(
                (
                    "interview_before_enrolment",
                    "fieldwork_date",
                    (elapsed(panel, "enrol_date") < 0).any(axis=1),
                )
            )
        if "months_since_event" in have and "event_date" in panel.sample.frame.columns:
            gap = np.abs(_matrix(panel, "months_since_event") - elapsed(panel, "event_date"))
            out.append(("months_since_event", "months_since_event", (gap > 1).any(axis=1)))
    for column in ("enrol_date", "event_date"):
        if column in panel.sample.frame.columns:
            out.append(
                ("future_date", column, (dates(panel.sample.frame[column]) > as_of).to_numpy(bool))
            )
    return out


def _answers(panel: TracerPanel, outcome_rows: Bool | None) -> list[Found]:
    out: list[Found] = []
    if panel.disposition is None:
        return out
    if outcome_rows is not None:
        has = np.append(outcome_rows, False)[panel.row] & (panel.row >= 0)
        out.append(
            ("answer_without_outcome", panel.disposition, (panel.responded & ~has).any(axis=1))
        )
        out.append(
            (
                "outcome_without_answer",
                panel.disposition,
                (has & ~panel.responded & (panel.groups >= 0)).any(axis=1),
            )
        )
    if "current_country" in panel.long.columns and "country" in panel.sample.frame.columns:
        home = panel.sample.frame["country"].to_numpy()
        same = np.column_stack([panel.values("current_country", w) == home for w in panel.waves])
        out.append(
            (
                "abroad_at_home",
                "current_country",
                (same & (panel.whereabouts == WHEREABOUTS.index("abroad"))).any(axis=1),
            )
        )
    return out


def _enrolled(panel: TracerPanel) -> list[Found]:
    known = panel.sample.frame
    out = list[Found]()
    if "consent_version" in known.columns:
        out.append(
            ("no_consent", "consent_version", known["consent_version"].isna().to_numpy(bool))
        )
    out += _ages(known)
    contacts = float64(known["n_contacts_given"]) if "n_contacts_given" in known.columns else None
    if contacts is not None:
        out.append(("no_contact", "n_contacts_given", contacts == 0))
    return out


def _ages(known: pd.DataFrame) -> list[Found]:
    """Ages at enrolment that cannot be, by themselves or by the dates."""
    age = float64(known["age_enrol"]) if "age_enrol" in known.columns else None
    if age is None:
        return []
    wrong = (age < 0) | (age > 120)
    if {"birth_ym", "enrol_date"} <= set(known.columns):
        born = month_number(known["birth_ym"])
        enrolled = dates(known["enrol_date"])
        months = enrolled.dt.year.to_numpy(float) * 12 + enrolled.dt.month.to_numpy(float) - 1
        wrong |= np.abs((months - born) / 12 - age) > 2
    return [("age_at_enrolment", "age_enrol", wrong)]


def _weights(panel: TracerPanel) -> list[Found]:
    """Weights in the file that contradict each other, beyond rounding."""
    have = panel.long.columns
    out = list[Found]()
    if "w_design" in have:
        base = panel.sample.design.base[:, None]
        apart = np.abs(_matrix(panel, "w_design") - base) > ROUNDING * base
        out.append(("weight_drift", "w_design", apart.any(axis=1)))
    if {"w_design", "w_attr", "w_final"} <= set(have):
        final, made = _matrix(panel, "w_final"), _matrix(panel, "w_design")
        made = made * _matrix(panel, "w_attr")
        apart = np.abs(final - made) > ROUNDING * np.abs(made)
        out.append(("weight_product", "w_final", apart.any(axis=1)))
    return out


def _jobs(panel: TracerPanel) -> list[Found]:
    """Answers that only persons in work have, from persons who are not."""
    if "lstatus" not in panel.long.columns:
        return []
    idle = np.isin(_matrix(panel, "lstatus"), (2.0, 3.0))
    there = [column for column in OF_A_JOB if column in panel.long.columns]
    out: list[Found] = []
    if "employed" in panel.long.columns:
        works = _matrix(panel, "lstatus") == 1
        employed = _matrix(panel, "employed")
        apart = ((employed == 1) & idle) | ((employed == 0) & works)
        out.append(("employed_by_status", "employed", apart.any(axis=1)))
    return out + [
        ("job_without_work", column, (idle & ~np.isnan(_matrix(panel, column))).any(axis=1))
        for column in there
    ]


def _services(panel: TracerPanel) -> list[Found]:
    known, services = panel.sample.frame, panel.services
    if services is None or "arm" not in known.columns or panel.unit not in services.columns:
        return []
    served = known[panel.unit].isin(services[panel.unit]) & known["arm"].astype("string").eq("C")
    return [("service_to_comparison", panel.unit, served.fillna(False).to_numpy(bool))]


def _spells(panel: TracerPanel) -> list[Found]:
    episodes = panel.episodes
    if episodes is None:
        return []
    person = panel.rows_of(episodes)
    start, end = month_number(episodes["start_ym"]), month_number(episodes["end_ym"])
    last = np.where(np.isnan(end), np.inf, end)
    order = np.lexsort((last, start, person))
    p, s, f = person[order], start[order], last[order]
    reach = pd.Series(f).groupby(p).cummax().groupby(p).shift().to_numpy()
    overlap, gap = np.zeros((2, len(episodes)), bool)
    overlap[order] = s <= np.where(np.isnan(reach), -np.inf, reach)
    gap[order] = s > reach + 1
    openings = np.bincount(person[np.isnan(end)], minlength=panel.n)
    out = [
        ("spell_reversed", "end_ym", _persons(panel, person, end < start)),
        ("spell_overlap", "start_ym", _persons(panel, person, overlap)),
        ("spell_gap", "start_ym", _persons(panel, person, gap)),
        ("spell_two_open", "end_ym", openings > 1),
    ]
    if "source_wave" in episodes.columns:
        source = float64(episodes["source_wave"])
        waves = [w for w in panel.waves if isinstance(w, int | float)]
        if source is not None and waves:
            strange = ~np.isnan(source) & ~np.isin(source, waves)
            out.append(("spell_source", "source_wave", _persons(panel, person, strange)))
    if "country" in episodes.columns and "country" in panel.sample.frame.columns:
        table = codes("episode_states").set_index("code")["abroad"]
        abroad = episodes["state"].astype(str).map(table).eq("1").to_numpy(bool)
        home = panel.sample.frame["country"].to_numpy()[person]
        out.append(
            (
                "spell_abroad_at_home",
                "country",
                _persons(panel, person, abroad & (episodes["country"].to_numpy() == home)),
            )
        )
    return out


def _persons(panel: TracerPanel, person: Int, bad: Bool) -> Bool:
    out = np.zeros(panel.n, bool)
    out[person[bad]] = True
    return out
