"""What the columns of an office's file may be: proposed by name and label, with a confidence and the
reason. A proposal is a proposal: nothing is mapped until somebody takes it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

import pandas as pd

from mismes_eval import frame as frames
from mismes_eval.frame.codes import labels, plain
from mismes_eval.frame.dataset import Dataset

Confidence = Literal["high", "medium", "low"]
LEVELS = 12
OF_COUNTRIES = ("mig_birth_country", "mig_citizenship", "countrycode")
OF_FOREIGN = ("mig_foreign_born", "mig_foreign_citizen")
LISTED = 60  # codes of a list whose words are compared; longer ones are classifications
NEGATIONS = frozenset({"not", "no", "non", "never", "without", "sans", "sin", "nunca", "jamais"})
IDLE = frozenset(
    {"or", "and", "of", "the", "a", "de", "la", "le", "les", "et", "ou", "y", "o", "in"}
)

OF_YES_OR_NO = {"male": {"0": "Female", "1": "Male"}, "urban": {"0": "Rural", "1": "Urban"}}
YES_OR_NO = (("1", "si"), ("1", "sim"), ("1", "da"), ("0", "nao"), ("0", "nu"))  # beside the list's
QUESTION = re.compile(r"^[a-z]{0,3}\d+[a-z]?\s*[-.:)]\s*")  # the number that a label begins with
NOT_THERE: Mapping[str, str] = {
    "hhid": "rows are numbered, and nothing is said of households",
    "pid": "rows are numbered",
    "age": "labour and migration need it, or age_group (15-24, 65+) where the file has groups",
    "countrycode": "key 'country' of the params",
    "year": "key 'year' of the params",
    "icls_v": "the report says that the definition of employment is not stated",
    "weight": "every person counts once: the report has shares and means of the sample, no totals",
}


@dataclass(frozen=True)
class FileColumn:
    """A column of the file. codes: file code, its label and its rows, the most frequent first."""

    name: str
    label: str
    kind: str
    missing: float
    codes: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True)
class Proposal:
    """codes: file code -> code of the template, where the value labels say so."""

    gld: str
    column: str
    confidence: Confidence
    why: str
    codes: Mapping[str, str]


def file_columns(data: Dataset) -> tuple[FileColumn, ...]:
    """Every column of a file as it was delivered: label, type, share missing, commonest codes."""
    return tuple(_described(data, str(name)) for name in data.frame.columns)


def proposals(columns: tuple[FileColumn, ...]) -> tuple[Proposal, ...]:
    """For each column of the template the best column of the file, where a name or a label says
    what it is. A column of the file is proposed once.
    """
    found = [p for column in columns for gld in _table() if (p := _proposed(gld, column))]
    order: Mapping[Confidence, int] = {"high": 0, "medium": 1, "low": 2}
    found.sort(key=lambda p: order[p.confidence])
    taken: dict[str, Proposal] = {}
    for proposal in found:
        used = {p.column for p in taken.values()}
        if proposal.gld not in taken and proposal.column not in used:
            taken[proposal.gld] = proposal
    return tuple(taken[gld] for gld in _table() if gld in taken)


def lacking(found: tuple[Proposal, ...]) -> tuple[tuple[str, str], ...]:
    """Columns that the template needs and no proposal covers, with how to say that they are not
    there.
    """
    needed = [
        column.name for column in frames.template("lfs_person").columns if column.required != "no"
    ]
    covered = {p.gld for p in found}
    say = "nothing to say: the tables that need it say that it was not asked"
    return tuple((name, NOT_THERE.get(name, say)) for name in needed if name not in covered)


@cache
def _table() -> dict[str, tuple[frozenset[str], str]]:
    """GLD column -> names that mean it in files, and words of its label."""
    rows = _packaged("proposals.csv").itertuples()
    return {str(row.gld): (frozenset(str(row.names).split()), str(row.words)) for row in rows}


@cache
def _code_table() -> pd.DataFrame:
    return _packaged("proposed_codes.csv")


def _packaged(name: str) -> pd.DataFrame:
    with (resources.files("mismes_eval.lfs") / name).open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype=str, keep_default_na=False)


def _described(data: Dataset, name: str) -> FileColumn:
    series = data.frame[name]
    labels = {spelled(code): str(label) for code, label in data.value_labels.get(name, {}).items()}
    counts = series.value_counts().head(LEVELS)
    shown = [(spelled(code), int(n)) for code, n in counts.items()]
    few = labels or series.nunique() <= LEVELS
    return FileColumn(
        name=name,
        label=data.labels.get(name, ""),
        kind="number" if pd.api.types.is_numeric_dtype(series) else "text",
        missing=float(series.isna().mean()) if len(series) else 0.0,
        codes=tuple((code, labels.get(code, ""), n) for code, n in shown) if few else (),
    )


def spelled(value: object) -> str:
    """A code as the mapping writes it: 1 for 1.0."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _proposed(gld: str, column: FileColumn) -> Proposal | None:
    if (gld in OF_COUNTRIES and not _names_countries(column)) or (
        gld in OF_FOREIGN and _names_countries(column)
    ):
        return None
    names, words = _table()[gld]
    codes, unknown = _recodes(gld, column)
    by_name = plain(column.name) in names
    label = QUESTION.sub("", plain(column.label))
    by_label = bool(label) and re.search(words, label) is not None
    first = plain(column.name).partition("_")[0]
    by_part = not column.label and len(first) > 2 and first in names
    if not (by_name or by_label or by_part):
        return None
    why = " and ".join(
        part for part, holds in (("its name", by_name), ("its label", by_label)) if holds
    )
    if not why:
        return Proposal(gld, column.name, "low", f"its name begins with '{first}'", codes)
    both = by_name and (by_label or not column.label or plain(column.name) == gld)
    confidence: Confidence = "high" if both else "medium"
    if unknown:
        confidence = "low" if confidence == "medium" else "medium"
        why += f"; no code of the template for {', '.join(unknown[:4])}"
    return Proposal(gld=gld, column=column.name, confidence=confidence, why=why, codes=codes)


def _names_countries(column: FileColumn) -> bool:
    """Whether a column says which country: its codes or labels are countries, or too many and
    unlabelled to tell.
    """
    if not column.codes:
        return True
    known = {code.casefold() for code, _ in _known("mig_birth_country")}
    known |= {plain(words) for _, words in _known("mig_birth_country")}
    said = {plain(word) for code, label, _ in column.codes for word in (code, label)}
    return len(said & known) > 1


def proposed_codes(gld: str, codes: Sequence[tuple[str, str, int]]) -> dict[str, str]:
    """File code -> code of the template by what the value labels say; those that say none are left
    out. codes : (code, label, rows).
    """
    return _hits(gld, codes)[0]


def _recodes(gld: str, column: FileColumn) -> tuple[dict[str, str], list[str]]:
    """File code -> code of the template by what the value labels say, and labels that say none."""
    return _hits(gld, column.codes)


def _hits(gld: str, listed: Sequence[tuple[str, str, int]]) -> tuple[dict[str, str], list[str]]:
    codes: dict[str, str] = {}
    unknown = []
    for code, label, _ in listed if template_labels(gld) else ():
        meant = meanings(gld, label) if label else _of_code(gld, code)
        if len(meant) == 1:
            codes[code] = next(iter(meant))
        elif label:
            unknown.append(f"{code} ({label})")
    return codes, unknown


def _of_code(gld: str, code: str) -> frozenset[str]:
    """What a code without a label says by itself: a word."""
    said = _ruled(gld, plain(code))
    return frozenset({said} if said else ())


def _ruled(gld: str, said: str) -> str:
    """The code of the first rule that knows the words."""
    table = _code_table()
    rules = table[table["gld"] == gld].itertuples()
    return next((str(rule.code) for rule in rules if re.search(str(rule.words), said)), "")


def template_labels(gld: str) -> Mapping[str, str]:
    """Code -> label of a column of the template; none where it has no list, or a long one."""
    about = next(
        (column for column in frames.template("lfs_person").columns if column.name == gld), None
    )
    if about is None:
        return {}
    if gld in OF_YES_OR_NO:
        return OF_YES_OR_NO[gld]
    if about.kind == "bool":
        return labels("yesno")
    known = labels(about.codes) if about.codes else {}
    return known if len(known) <= LISTED else {}


def meanings(gld: str, label: str) -> frozenset[str]:
    """Codes of the template that a label may mean: by the words of the proposals, else the same
    label, else labels of which one has all words of the other.
    """
    said = QUESTION.sub("", plain(label))
    by_rule = _ruled(gld, said)
    if by_rule:
        return frozenset({by_rule})
    known = _known(gld)
    same = frozenset(code for code, words in known if plain(words) == said)
    return same or frozenset(code for code, words in known if _alike(said, plain(words)))


@cache
def _known(gld: str) -> tuple[tuple[str, str], ...]:
    """(code, label) of a column of the template, in every language of its list."""
    about = next(column for column in frames.template("lfs_person").columns if column.name == gld)
    name = "yesno" if about.kind == "bool" else about.codes
    spoken = [labels(name, language) for language in ("en", "fr")] if name else []
    known = tuple(pair for words in spoken for pair in words.items())
    return (*known, *YES_OR_NO) if name == "yesno" else known


def _alike(one: str, other: str) -> bool:
    """Whether one label has all words of the other, and denies as much."""
    left, right = (set(re.findall(r"\w+", text)) - IDLE for text in (one, other))
    if not left or not right or bool(left & NEGATIONS) != bool(right & NEGATIONS):
        return False
    return left <= right or right <= left
