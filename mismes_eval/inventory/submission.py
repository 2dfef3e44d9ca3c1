"""A filled template taken into the repository: validated, given identifiers, compared with what is
there, merged as somebody decided, and written down in a log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from mismes_eval.errors import InputError, Problem, named, worded
from mismes_eval.frame import Template, read, template
from mismes_eval.frame.outside import table_of
from mismes_eval.frame.parse import text
from mismes_eval.inventory.duplicates import likely_duplicates
from mismes_eval.inventory.export import to_csv
from mismes_eval.inventory.intake_files import (
    BEFORE,
    DIGITS,
    LOG,
    LOG_COLUMNS,
    encoded,
    finish,
    hash_of,
    read_log,
    replace_both,
    repository_file,
    state_of,
)
from mismes_eval.inventory.inventory import Inventory
from mismes_eval.inventory.inventory import read as read_inventory
from mismes_eval.inventory.relations import merge_decided
from mismes_eval.public import held

ADDED, MERGED, UNDONE = "added", "merged", "undone"
DIFFERENT = "DIFFERENT"
RUN = ("=", "@", "\t", "\r")  # what a spreadsheet would run, where the repository is opened in one
PAIR = ("keep", "drop")
DECISION_COLUMNS = (
    *("keep", "drop", "decision", "decided_by", "decided_on", "reason"),
    *("title_keep", "title_drop", "why"),
)


@dataclass(frozen=True)
class Submission:
    """A submission that passed the template, with the identifiers that it would get.

    repository : the file that it goes into.
    name, sha256 : of the submitted file.
    ids : identifier of each of its records, in their order.
    combined : repository and submission together, before any merge.
    pairs : probable duplicates with at least one record of the submission (keep, drop, score,
        title_keep, title_drop, why); `keep` is the one that is in the repository.
    state : hash of the repository and its log as they were read.
    """

    repository: Path
    name: str
    sha256: str
    ids: tuple[str, ...]
    combined: Inventory
    pairs: pd.DataFrame
    state: str

    def to_decide(self, path: str | Path) -> Path:
        """The pairs as a table to be filled in: SAME or DIFFERENT, by whom and why."""
        return to_csv(self.pairs.reindex(columns=list(DECISION_COLUMNS)), path)


@held(InputError)
def submit(file: str | Path, into: str | Path) -> Submission:
    """A filled template held against the repository; nothing is written.

    Parameters
    ----------
    file : the submitted template (.xlsx, .csv); `measure_id` may be empty: the repository gives the
        next number of the country, never one that was given before.
    into : inventory.csv of the repository, or its folder.

    Raises
    ------
    InputError : every failure of the template; an identifier that the repository has; a file that
        was taken in before; a repository that is not a CSV file.
    """
    repository = repository_file(Path(into))
    finish(repository)
    state = state_of(repository)
    data = read(file, template=_open_template())
    log = read_log(repository)
    before = _in_force(log, data.sha256)
    if len(before):
        raise InputError(
            Problem(
                "the submission was taken in before",
                data.name,
                "a new file",
                worded(
                    "taken in on {iloc} as {before}",
                    {"iloc": before["taken_on"].iloc[0], "before": ", ".join(before["measure_id"])},
                ),
            )
        )
    if not data.rows:
        raise InputError(Problem("the file has no measures", data.name, "one row a measure"))
    there = _written(read_inventory(repository).frame)
    new = _written(data.frame)
    InputError.refuse(_run_as_formula(new, data.name))
    ids = _identifiers(new, [*there["measure_id"], *log["measure_id"]], data.name)
    new = new.assign(measure_id=ids)
    with TemporaryDirectory() as folder:
        whole = Path(folder) / repository.name
        whole.write_bytes(encoded(pd.concat([there, new], ignore_index=True)))
        combined = read_inventory(whole)
    return Submission(
        repository=repository,
        name=data.name,
        sha256=data.sha256,
        ids=tuple(ids),
        combined=combined,
        pairs=_pairs(combined.frame, ids),
        state=state,
    )


@held(InputError)
def accept(
    submission: Submission, *, on: date, decisions: str | Path | pd.DataFrame | None = None
) -> pd.DataFrame:
    """Take a submission in: the repository is written whole, the log grows by one line a record.

    Parameters
    ----------
    on : day that the log gets.
    decisions : table or file of decisions (`Submission.to_decide`) on every probable duplicate.

    Returns
    -------
    the lines of the log: taken_on, submission, sha256, record (number in the submission),
    measure_id, action (added or merged), into, filled (fields that the repository's record got),
    not_taken_over (fields in which the submission says something else, with what it says),
    decided_by, reason, written (hash of the record of the repository as it is now), before (hash
    of the repository as it was, of which `intake_before` keeps a copy for `undo`).

    Raises
    ------
    InputError : a probable duplicate without a decision, a decision on another pair, a repository
        that has changed since the submission was read; nothing is written then.
    """
    table = _decisions(submission, decisions)
    merged = merge_decided(submission.combined.frame, table)
    into = dict(zip(merged.merged["drop"], merged.merged["keep"], strict=True))
    records = {row["measure_id"]: row for row in submission.combined.frame.to_dict("records")}
    made = {row["measure_id"]: row for row in merged.frame.to_dict("records")}
    decided = merged.merged.set_index("drop")
    lines = []
    for number, measure in enumerate(submission.ids, start=1):
        line = dict.fromkeys(LOG_COLUMNS, "") | {
            "taken_on": on.isoformat(),
            "submission": submission.name,
            "sha256": submission.sha256,
            "record": str(number),
            "measure_id": measure,
            "action": MERGED if measure in into else ADDED,
        }
        apart = table[(table["decision"] == DIFFERENT) & (table["drop"] == measure)]
        if len(apart):
            others = ", ".join(f"not {keep}" for keep in apart["keep"])
            line |= {"decided_by": str(apart["decided_by"].iloc[0]), "reason": others}
        if measure in into:
            row = decided.loc[measure]
            line |= {
                "into": into[measure],
                "filled": str(row["filled"]),
                "not_taken_over": _other_values(made[into[measure]], records[measure]),
                "decided_by": str(row["decided_by"]),
                "reason": "" if pd.isna(row["reason"]) else str(row["reason"]),
            }
        lines.append(line)
    added = pd.DataFrame(lines, columns=list(LOG_COLUMNS))
    whole = _as_in(submission.repository, merged.frame)
    hashes = _hashes(whole)
    places = added["into"].where(added["into"] != "", added["measure_id"])
    added["written"] = [hashes[place] for place in places]
    added["before"] = hash_of(submission.repository)[:DIGITS]
    log = pd.concat([read_log(submission.repository), added], ignore_index=True)
    replace_both(submission.repository, submission.state, encoded(whole), log)
    return added


@held(InputError)
def undo(into: str | Path, *, on: date, decided_by: str, reason: str) -> pd.DataFrame:
    """Take the last submission that is in force out of the repository again: records that it added
    go, fields that it filled are empty again. Where nothing else has changed since, the file is
    byte for byte what it was. The log keeps its lines and gets one more for each; its identifiers
    are not given again, and its file may be submitted again.

    Returns
    -------
    the lines that the log gets (see `accept`), with the action `undone`.

    Raises
    ------
    InputError : nothing to undo; a record that was changed, or that another is part of, since then.
    """
    repository = repository_file(Path(into))
    finish(repository)
    state = state_of(repository)
    log = read_log(repository)
    last = next((s for s in reversed(log["sha256"].tolist()) if len(_in_force(log, s))), None)
    if last is None:
        raise InputError(Problem("no submission to undo", repository.with_name(LOG).name))
    lines = _in_force(log, last)
    table = _as_in(repository, read_inventory(repository).frame)
    added = set(lines.loc[lines["action"] == ADDED, "measure_id"])
    InputError.refuse(_changed_since(lines, table, added))
    for line in lines[lines["action"] == MERGED].to_dict("records"):
        fields = [field for field in str(line["filled"]).split("; ") if field]
        table.loc[table["measure_id"] == line["into"], fields] = pd.NA
    table = table[~table["measure_id"].isin(added)]
    content = _as_it_was(repository, lines["before"].iloc[0], table)
    told = {"action": UNDONE, "taken_on": on.isoformat(), "decided_by": decided_by}
    undone = lines.assign(**told, reason=reason).reset_index(drop=True)
    replace_both(repository, state, content, pd.concat([log, undone], ignore_index=True))
    return undone


def _as_it_was(repository: Path, before: str, table: pd.DataFrame) -> bytes:
    """What to write of records that are left: the kept copy, where it says the same of all of them;
    else (other records have changed since) the records themselves.
    """
    kept = repository.with_name(BEFORE) / f"{before}.csv"
    if kept.is_file() and hash_of(kept)[:DIGITS] == before:
        there = _written(read_inventory(kept).frame)
        if list(_hashes(there).items()) == list(_hashes(table).items()):
            return kept.read_bytes()
    return encoded(table)


def _in_force(log: pd.DataFrame, sha256: str) -> pd.DataFrame:
    """The lines of a file that was taken in and not undone since."""
    lines = log[log["sha256"] == sha256]
    undone = lines["measure_id"][lines["action"] == UNDONE]
    return lines[~lines["measure_id"].isin(undone)]


def _hashes(table: pd.DataFrame) -> dict[str, str]:
    """Identifier -> hash of what its record says."""
    hashes = {}
    for row in table.to_dict("records"):
        cells = sorted((str(name), str(cell)) for name, cell in row.items() if pd.notna(cell))
        hashes[str(row["measure_id"])] = hashlib.sha256(repr(cells).encode()).hexdigest()[:DIGITS]
    return hashes


def _changed_since(lines: pd.DataFrame, table: pd.DataFrame, added: set[str]) -> Iterator[Problem]:
    hashes = _hashes(table)
    places = lines["into"].where(lines["into"].astype(str) != "", lines["measure_id"])
    changed = [
        place
        for place, written in zip(places, lines["written"], strict=True)
        if hashes.get(place) != written
    ]
    if changed:
        fix = "Correct the repository by hand, and say so in the log."
        yield Problem(
            what="a record was changed after it was taken in",
            where=LOG,
            expected="the record as the submission left it",
            got=", ".join(dict.fromkeys(changed)),
            fix=fix,
        )
    if "parent_id" in table:
        outside = table[table["parent_id"].isin(added) & ~table["measure_id"].isin(added)]
        if len(outside):
            yield Problem(
                what="a record that another is part of",
                where="parent_id",
                expected="no parts outside the submission",
                got=", ".join(outside["measure_id"]),
                fix="Change their parent_id first.",
            )


def _open_template() -> Template:
    """The template of a measure whose identifier may be empty."""
    whole = template("inventory")
    columns = tuple(
        replace(column, required="no") if column.name == "measure_id" else column
        for column in whole.columns
    )
    return replace(whole, columns=columns, keys=())


def _written(frame: pd.DataFrame, head: Sequence[str] = ()) -> pd.DataFrame:
    """The cells as they are written: first the columns of a head, then those that are not empty in
    every row.
    """
    cells = {str(name): text(frame[name]) for name in frame}
    full = [name for name, column in cells.items() if column.notna().any()]
    read_as = {name: name.strip().lower() for name in head if name not in cells}
    named = dict.fromkeys([read_as.get(name, name) for name in head if name.strip()] + full)
    return pd.DataFrame(cells, columns=list(named), index=frame.index)


def _as_in(repository: Path, frame: pd.DataFrame) -> pd.DataFrame:
    """The cells as they are written, under the head that the repository has."""
    return _written(frame, list(map(str, table_of(repository))))


def _run_as_formula(new: pd.DataFrame, name: str) -> Iterator[Problem]:
    """Texts that a spreadsheet would take for formulas."""
    for column in new:
        starts = new[column].str.startswith(RUN, na=False)
        if starts.any():
            yield Problem(
                what="a text that a spreadsheet would run",
                where=worded("{name}: {column}", {"name": name, "column": column}),
                expected="a text that does not begin with = or @",
                got=repr(str(new[column][starts].iloc[0])[:40]),
                fix="Write it without the sign.",
                count=int(starts.sum()),
            )


def _identifiers(new: pd.DataFrame, taken: Sequence[str], name: str) -> list[str]:
    """The identifiers that records have, or the next numbers of their country."""
    given = new.get("measure_id", pd.Series(pd.NA, index=new.index, dtype="str"))
    twice = sorted(
        {value for value in given.dropna() if value in set(taken) or (given == value).sum() > 1}
    )
    if twice:
        raise InputError(
            Problem(
                what="an identifier that is taken",
                where=worded("{name}: measure_id", {"name": name}),
                expected="an empty cell, or a new identifier",
                got=named(twice),
                fix="Leave measure_id empty: the repository gives the next number.",
                count=len(twice),
            )
        )
    last: dict[str, int] = {}
    for known in (*taken, *given.dropna()):
        country, _, number = str(known).partition("-")
        if number.isdigit():
            last[country] = max(last.get(country, 0), int(number))
    found = []
    for own, country in zip(given, new["country"], strict=True):
        if pd.isna(own):
            last[country] = last.get(country, 0) + 1
            found.append(f"{country}-{last[country]:03d}")
        else:
            found.append(str(own))
    return found


def _pairs(frame: pd.DataFrame, ids: Sequence[str]) -> pd.DataFrame:
    """Probable duplicates with a new record: alike titles in a country, or one IATI identifier. The
    record of the repository is the one to keep.
    """
    new = set(ids)
    alike = likely_duplicates(frame)
    concerned = alike[alike["keep"].isin(new) | alike["drop"].isin(new)].reset_index(drop=True)
    order = {measure: place for place, measure in enumerate(frame["measure_id"])}
    turned = [order[drop] < order[keep] for keep, drop in zip(concerned["keep"], concerned["drop"])]
    swap = {"keep": "drop", "drop": "keep", "title_keep": "title_drop", "title_drop": "title_keep"}
    other = concerned.rename(columns=swap)[concerned.columns]
    return concerned.where(~pd.Series(turned, dtype=bool), other)


def _decisions(submission: Submission, decisions: str | Path | pd.DataFrame | None) -> pd.DataFrame:
    """The decisions, one on each pair.

    Raises
    ------
    InputError : pairs without a decision, decisions on other pairs or on other titles.
    """
    columns = [column.name for column in template("inventory_decision").columns]
    if decisions is None:
        table = pd.DataFrame(columns=columns, dtype="str")
    elif isinstance(decisions, pd.DataFrame):
        table = decisions
    else:
        table = read(decisions, template="inventory_decision", allowed=None).frame
    asked = {frozenset(p): p for p in submission.pairs[list(PAIR)].itertuples(index=False)}
    made = [frozenset(p) for p in table[list(PAIR)].itertuples(index=False)]
    problems = [
        Problem(
            "a probable duplicate without a decision",
            worded(
                "{name}: {keep} and {drop}", {"name": submission.name, "keep": keep, "drop": drop}
            ),
            "SAME or DIFFERENT",
            fix="Write the pairs to a table (to_decide), decide on each, and give the table.",
        )
        for pair, (keep, drop) in asked.items()
        if pair not in made
    ]
    problems += [
        Problem("a decision on a pair that is no probable duplicate", " and ".join(sorted(pair)))
        for pair in made
        if pair not in asked
    ]
    if not problems:
        problems = _other_titles(submission, table)
    InputError.refuse(problems)
    return table


def _other_titles(submission: Submission, table: pd.DataFrame) -> list[Problem]:
    """Decisions that were made on other records: the repository has changed since."""
    titles = submission.combined.frame.set_index("measure_id")["title_en"]
    return [
        Problem(
            what="a decision on another record",
            where=worded("{row}: {named}", {"row": row[side], "named": named}),
            expected=str(titles[row[side]]),
            got=str(row[named]),
            fix="The repository has changed: write the pairs again and decide again.",
        )
        for side, named in (("keep", "title_keep"), ("drop", "title_drop"))
        if named in table
        for row in table.to_dict("records")
        if str(row[named]).strip() != str(titles[row[side]]).strip()
    ]


def _other_values(made: Mapping[Hashable, Any], dropped: Mapping[Hashable, Any]) -> str:
    """What a dropped record says that the record made of both does not."""
    left = [
        f"{field}: {dropped[field]}"
        for field in made
        if field != "measure_id" and pd.notna(dropped[field])
        if pd.isna(made[field]) or made[field] != dropped[field]
    ]
    return "; ".join(left)
