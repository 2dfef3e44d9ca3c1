"""What came back from the field, in the templates: every sampled case has a row and a disposition,
every column that nobody reads is named, and what names a person goes to a file apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mismes_eval.errors import InputError, Problem, in_column, named, worded
from mismes_eval.fieldwork.exports import NUMBERED, decode, personal_columns, unused_columns
from mismes_eval.fieldwork.questions import Question, choices, questions, scoring
from mismes_eval.frame.template import template
from mismes_eval.public import held

PENDING, COMPLETE, PARTIAL = "0.1", "1.1", "1.2"
NEEDED = ("lstatus", "current_country")  # without these an interview is partial
# final disposition of a case: what was learned of the person, before no contact, before nothing
RANK = {"2.2": 1, "3.1": 0, "3.2": 0}
PERSON, WAVE = "person_id", "wave"
KEYS = ("KEY", "_uuid", "_index", "instanceID", "meta-instanceID", "interview__id")
PARENTS = ("PARENT_KEY", "_submission__uuid", "_parent_index", "interview__id")
EPISODE = ("state", "start_ym", "end_ym", "country")


@dataclass(frozen=True)
class Collected:
    """tables: template -> frame under the names and codes of the template; personal: what names a
    person, with the key of its row, for a file that nothing reads; unused: columns of the exports
    that were not used; notes: sentences to read before the data are.
    """

    tables: Mapping[str, pd.DataFrame]
    personal: pd.DataFrame
    unused: tuple[str, ...]
    notes: tuple[str, ...]


@held(InputError)
def collect(
    form: str,
    export: pd.DataFrame,
    sample: pd.DataFrame | None = None,
    attempts: pd.DataFrame | None = None,
    episodes: pd.DataFrame | None = None,
    wave: int | None = None,
) -> Collected:
    """Answers of an export in the templates of the package.

    Parameters
    ----------
    form : the form that was filled in.
    export : its export, all text (`read_export`).
    sample : for a tracer wave, the sample file: one row a person, column person_id.
    attempts : export of the form "contact", also where nobody was found.
    episodes : export of the repeat of episodes, where the server writes one.
    wave : number of the wave; needed for a tracer wave.

    Returns
    -------
    Collected. A sampled person without an interview or an attempt is pending (0.1), never lost.

    Raises
    ------
    InputError : every problem: answers that cannot be read, persons that were not sampled, several
        interviews of one person, a missing sample or wave.
    """
    asked = questions(form)
    found = decode(export, asked)
    personal = personal_columns(export)
    key = PERSON if form == "tracer_wave" else None
    apart = _apart(export, found.answers, personal, key)
    unused = unused_columns(export, found.used, personal)
    if form != "tracer_wave":
        InputError.refuse(found.problems)
        tables = {asked[-1].template or form: _plain(form, found.answers)}
        return Collected(tables, apart, tuple(unused), ())
    return _wave(
        found.answers, found.problems, (export, sample, attempts, episodes), wave, unused, apart
    )


def _plain(form: str, answers: pd.DataFrame) -> pd.DataFrame:
    """A form whose rows are the submissions; several services become a column each."""
    if form == "lfs_module":
        return answers.assign(
            **{
                column: answers[column].str.replace(" ", ";")
                for column in ("msm_aware", "msm_applied", "msm_part")
            }
        )
    if form != "implementer":
        return answers
    given = answers["services"].str.split(" ")
    out = answers.drop(columns="services")
    out["target_group"] = out["target_group"].str.replace(" ", ";")
    out["destinations"] = out["destinations"].str.replace(" ", ";")
    for code in (choice.code for choice in choices("services")):
        out[code] = [("1" if code in row else "0") if row != [""] else "" for row in given]
    return out


def _apart(
    export: pd.DataFrame, answers: pd.DataFrame, personal: list[str], key: str | None
) -> pd.DataFrame:
    """What names a person, beside the key by which the office finds it again."""
    kept = export[personal].copy()
    if key is not None:
        kept.insert(0, key, answers[key])
    return kept if personal else pd.DataFrame()


Frames = tuple[pd.DataFrame, pd.DataFrame | None, pd.DataFrame | None, pd.DataFrame | None]


def _wave(
    answers: pd.DataFrame,
    problems: list[Problem],
    frames: Frames,
    wave: int | None,
    unused: list[str],
    apart: pd.DataFrame,
) -> Collected:
    export, sample, attempts, episodes = frames
    problems = [*problems, *_lacking(sample, wave)]
    if sample is None or wave is None or PERSON not in sample.columns:
        raise InputError(problems)
    persons = sample[PERSON].astype(str)
    problems += _strangers(answers, persons, wave)
    tried = decode(pd.DataFrame() if attempts is None else attempts, questions("contact"))
    problems += [*tried.problems, *_strangers_among(tried.answers, persons)]
    told, repeat_problems = _episodes(export, answers, episodes, wave)
    problems += repeat_problems
    InputError.refuse(problems)
    if attempts is not None:
        unused = [*unused, *unused_columns(attempts, tried.used, personal_columns(attempts))]
    waves, notes = _dispositions(persons, answers, tried.answers, wave)
    outcome = _outcomes(answers, wave)
    tables = {"tracer_wave": waves, "tracer_outcome": outcome}
    if len(told):
        tables["tracer_episode"] = told
    return Collected(tables, apart, tuple(unused), notes)


def _lacking(sample: pd.DataFrame | None, wave: int | None) -> Iterator[Problem]:
    if sample is None or PERSON not in sample.columns:
        yield Problem(
            what="a wave needs its sample",
            where=worded("the sample file"),
            expected=worded("one row a person, column '{person}'", {"person": PERSON}),
            got=worded("none") if sample is None else worded("another table"),
            fix="Without it the persons who were never reached are lost.",
        )
    elif sample[PERSON].duplicated().any():
        twice = sample[PERSON][sample[PERSON].duplicated()].astype(str).unique()
        yield Problem("a person stands twice in the sample", named(twice), "one row a person")
    if wave is None:
        yield Problem("the wave is not named", worded("the wave's number"), "a whole number")


def _strangers(answers: pd.DataFrame, persons: pd.Series, wave: int) -> list[Problem]:
    problems = _strangers_among(answers, persons)
    twice = answers[PERSON].duplicated(keep=False) & (answers[PERSON] != "")
    if twice.any():
        problems.append(
            Problem(
                what="a person has several interviews",
                where=worded("export, '{person}'", {"person": PERSON}),
                expected="one interview a person and wave",
                got=named(answers[PERSON][twice].unique()),
                fix="Decide which one counts, and take the others out of the export.",
                count=int(twice.sum()),
            )
        )
    other = answers[WAVE].notna() & (answers[WAVE] != wave)
    if other.any():
        problems.append(
            Problem(
                "an interview is of another wave",
                worded("export, '{wave}'", {"wave": WAVE}),
                str(wave),
                named(f"{value:g}" for value in answers[WAVE][other].unique()),
                count=int(other.sum()),
            )
        )
    return problems


def _strangers_among(answers: pd.DataFrame, persons: pd.Series) -> list[Problem]:
    unknown = ~answers[PERSON].isin(persons)
    if not unknown.any():
        return []
    return [
        Problem(
            what="a person is not in the sample",
            where=worded("export, '{person}'", {"person": PERSON}),
            expected="codes of the sample file",
            got=named(map(repr, answers[PERSON][unknown].unique())),
            fix="Mend the code, or add the person to the sample with its weight.",
            count=int(unknown.sum()),
        )
    ]


def _dispositions(
    persons: pd.Series, answers: pd.DataFrame, tried: pd.DataFrame, wave: int
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """One row a sampled person, with the final disposition, the attempts and where the person is."""
    done = answers.set_index(PERSON)
    whole = (done[list(NEEDED)] != "").all(axis=1)
    code = pd.Series(np.where(whole, COMPLETE, PARTIAL), index=done.index)
    ranked = tried.assign(rank=tried["disp_code"].map(lambda v: RANK.get(v, 2)))
    ranked = ranked.sort_values(["rank", "fieldwork_date", "attempt"], kind="stable")
    final = ranked.drop_duplicates(PERSON, keep="last").set_index(PERSON)
    claimed = final.index[final["disp_code"].str.startswith("1.")]
    missing = [p for p in claimed if p not in done.index]
    at = persons.reset_index(drop=True)

    def first(*told: pd.Series) -> pd.Series:
        """For each person the first that is told, empty where nothing is."""
        columns = [at.map(t.to_dict()) for t in told]
        return pd.concat(columns, axis=1).replace("", np.nan).bfill(axis=1).iloc[:, 0]

    known = final["disp_code"][~final.index.isin(missing)]
    out = pd.DataFrame({PERSON: at, WAVE: wave})
    out["disp_code"] = first(code, known).fillna(PENDING)
    for column in ("fieldwork_date", "mode", "current_country"):
        out[column] = first(done[column], final[column])
    out["interviewer"] = first(final["interviewer"])
    count = at.map(tried.groupby(PERSON).size().to_dict()).fillna(0).astype(int)
    out["n_attempts"] = np.maximum(count, at.isin(done.index).astype(int))
    return out, tuple(_notes(out, missing))


def _notes(out: pd.DataFrame, missing: list[str]) -> Iterator[str]:
    pending = int((out["disp_code"] == PENDING).sum())
    if pending:
        yield f"{pending:,} of {len(out):,} sampled persons are pending: not yet tried."
    if missing:
        yield (
            f"{len(missing):,} attempts say that an interview was made, and the export has none:"
            f" {named(missing)}. They stand as pending."
        )


def _outcomes(answers: pd.DataFrame, wave: int) -> pd.DataFrame:
    """Answers of those who were interviewed, with the scores of the reintegration scale."""
    columns = [declared.name for declared in template("tracer_outcome").columns]
    own = [column for column in columns if column in answers.columns]
    return answers[own].assign(wave=wave, **_scores(answers))


def _scores(answers: pd.DataFrame) -> dict[str, pd.Series]:
    """Reintegration scores from 0 to 1: weighted mean of the items answered, by dimension and in
    all; empty where an item of the dimension is missing.
    """
    items = scoring()
    scored = {}
    for item in items:
        value = (pd.to_numeric(answers[item["item"]], errors="coerce") - 1) / 4
        scored[item["item"]] = 1 - value if item["answers"].endswith("reversed") else value
    out = {}
    dimensions = dict.fromkeys(item["dimension"] for item in items)
    for name in dimensions:
        own = [i for i in items if i["dimension"] == name]
        weight = sum(float(i["weight"]) for i in own)
        parts = pd.DataFrame({i["item"]: scored[i["item"]] * float(i["weight"]) for i in own})
        out[f"rsi_{name}"] = parts.sum(axis=1, skipna=False) / weight
    out["rsi_total"] = pd.DataFrame(out).mean(axis=1, skipna=False)
    return out


def _episodes(
    export: pd.DataFrame, answers: pd.DataFrame, episodes: pd.DataFrame | None, wave: int
) -> tuple[pd.DataFrame, list[Problem]]:
    """Work and migration episodes, from a file of their own or from numbered columns."""
    asked = tuple(
        Question(
            form="tracer_wave",
            name=name,
            kind=kind,
            choices=listed,
            words={},
            relevant="",
            constraint="",
            required=False,
            template="tracer_episode",
            source="",
        )
        for name, kind, listed in (
            ("state", "select_one", "episode_states"),
            ("start_ym", "date month-year", ""),
            ("end_ym", "date month-year", ""),
            ("country", "select_one", "countries"),
        )
    )
    rows = _numbered(export, answers) if episodes is None else _linked(export, answers, episodes)
    if isinstance(rows, Problem):
        return pd.DataFrame(), [rows]
    if rows.empty:
        return rows, []
    told = rows[list(EPISODE)]
    if NUMBERED in export.columns:
        told = told.assign(**{NUMBERED: rows[PERSON]})
    found = decode(told, asked)
    out = found.answers.assign(person_id=rows[PERSON].to_numpy(), source_wave=wave)
    out = out[out["state"] != ""].reset_index(drop=True)
    out["ep_id"] = out.groupby(PERSON).cumcount() + 1
    return out, found.problems


def _linked(
    export: pd.DataFrame, answers: pd.DataFrame, episodes: pd.DataFrame
) -> pd.DataFrame | Problem:
    key = next((column for column in KEYS if column in export.columns), None)
    parent = next((column for column in PARENTS if column in episodes.columns), None)
    if key is None or parent is None:
        return Problem(
            "the episodes cannot be joined to their interviews",
            worded("export of the repeat"),
            worded(
                "a column among {parents}, and one among {keys} in the main file",
                {"parents": ", ".join(PARENTS), "keys": ", ".join(KEYS)},
            ),
            worded("none"),
        )
    owner = dict(zip(export[key], answers[PERSON], strict=True))
    lost = ~episodes[parent].isin(list(owner))
    if lost.any():
        return Problem(
            "an episode has no interview",
            in_column(parent),
            "keys of the main file",
            named(episodes[parent][lost].unique()),
            count=int(lost.sum()),
        )
    plain = {
        column: column.rpartition("/")[2].rpartition("-")[2]
        for column in map(str, episodes.columns)
    }
    rows = episodes.rename(columns=plain)
    return rows.reindex(columns=list(EPISODE), fill_value="").assign(
        person_id=episodes[parent].map(owner).to_numpy()
    )


def _numbered(export: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """Repeats written as numbered columns: state_1, start_ym_1, episode[2]/state, ..."""
    pieces = []
    for number in range(1, 100):
        own = {}
        for name in EPISODE:
            spelled = (
                f"{name}_{number}",
                f"episode[{number}]/{name}",
                f"episode/{name}_{number}",
                f"episode-{name}_{number}",
            )
            found = next((column for column in spelled if column in export.columns), None)
            if found is not None:
                own[name] = export[found]
        if not own:
            break
        piece = pd.DataFrame(own).reindex(columns=list(EPISODE), fill_value="")
        pieces.append(piece.assign(person_id=answers[PERSON].to_numpy()))
    return pd.concat(pieces, ignore_index=True) if pieces else pd.DataFrame()
