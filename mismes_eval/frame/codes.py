"""Code lists: versioned CSV files in `codelists/`, each code with labels in English and other
languages, a source and a status.
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

import pandas as pd
from babel import Locale
from babel.localedata import locale_identifiers
from rapidfuzz import fuzz, process

from mismes_eval.errors import InputError, Problem, worded
from mismes_eval.public import held

NEAR = 70.0
CATALOGUES = Path(__file__).parent.parent / "report" / "locale"  # words of reports, one .po each
NAMED_BY_LOCALE = ("countries", "currencies")  # lists that the Unicode locale data name, too


def read_packaged(path: str) -> pd.DataFrame:
    """A CSV file of this package as text columns; an empty cell is an empty string. path: below
    mismes_eval.
    """
    with files("mismes_eval").joinpath(path).open(encoding="utf-8") as handle:
        return pd.read_csv(handle, dtype=str, keep_default_na=False)


def packaged_rows(path: str) -> list[dict[str, str]]:
    """The same file row by row, each a column's name -> what stands there."""
    with files("mismes_eval").joinpath(path).open(encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


@cache
def code_lists() -> pd.DataFrame:
    """Every code list: name, version, date, description, source."""
    return read_packaged("frame/codelists/versions.csv")


@cache
def _codes(name: str) -> pd.DataFrame:
    known = code_lists()["name"].tolist()
    if name not in known:
        near = nearest(name, known)
        raise InputError(
            Problem(
                "no such code list",
                name,
                expected=worded("one of {known}", {"known": ", ".join(known)}),
                fix=worded("The nearest is '{near}'.", {"near": near}) if near else "",
            )
        )
    return read_packaged(f"frame/codelists/{name}.csv")


@held(InputError)
def codes(name: str) -> pd.DataFrame:
    """The code list `name`: columns code, label_en, label_fr, source, status and the list's own
    columns, all text.

    Raises
    ------
    InputError : there is no such list; the nearest name is given.
    """
    return _codes(name).copy()


def catalogues(folder: Path = CATALOGUES) -> tuple[str, ...]:
    """Languages that a report can be written in: English, which needs no catalogue, and each of
    those that have one.
    """
    return ("en", *sorted({p.stem for p in folder.glob("*.po")} - {"en"}))


def languages(name: str) -> tuple[str, ...]:
    """Languages that the code list `name` has labels in: its own columns; for countries and
    currencies every language of the Unicode locale data.
    """
    own = _spoken(_codes(name))
    if name not in NAMED_BY_LOCALE:
        return own
    return own + tuple(sorted({*map(str, locale_identifiers())} - {*own}))


def _spoken(table: pd.DataFrame) -> tuple[str, ...]:
    """Languages of a list's own columns of labels."""
    names = map(str, table.columns)
    return tuple(label.removeprefix("label_") for label in names if label.startswith("label_"))


@held(InputError)
def labels(name: str, language: str = "en") -> dict[str, str]:
    """Code -> label in `language`, one of `languages(name)`. A country or currency that the locale
    data do not name keeps its English label.
    """
    return dict(_labels(name, language))


@cache
def _labels(name: str, language: str) -> Mapping[str, str]:
    table = _codes(name)
    own = f"label_{language}"
    if own in table.columns:
        return dict(zip(table["code"], table[own], strict=True))
    if language not in languages(name):
        either = " or ".join(map(repr, _spoken(table)))
        raise InputError(Problem("no such language", "labels", expected=either, got=repr(language)))
    locale = Locale.parse(language)
    at = table["code"]
    named = locale.currencies
    if name == "countries":
        named = locale.territories
        at = table["alpha2"]
    rows = zip(table["code"], at, table["label_en"], strict=True)
    return {code: str(named.get(key, english)) for code, key, english in rows}


def plain(text: str) -> str:
    """Case, accents, typographic dashes, apostrophes and outer blanks taken off and & written out,
    for comparison only.
    """
    for sign in {sign for sign in text if unicodedata.category(sign) == "Pd"}:
        text = text.replace(sign, "-")
    text = text.replace("&", " and ").replace("’", "'")
    text = unicodedata.normalize("NFKD", text)
    return " ".join(
        "".join(sign for sign in text if not unicodedata.combining(sign)).casefold().split()
    )


@cache
def _spellings(name: str) -> dict[str, str]:
    table = _codes(name)
    spellings: dict[str, str] = {}
    for column in ("label_fr", "label_en", "long_code", "alpha2", "code"):
        if column in table:
            spellings |= {
                plain(spelling): code
                for spelling, code in zip(table[column], table["code"], strict=True)
                if spelling
            }
    return spellings


@cache
def nearest_code(name: str, value: str) -> str:
    """The code of list `name` that `value` most likely means, by code or English or French label;
    empty when nothing is near.
    """
    spellings = _spellings(name)
    exact = spellings.get(plain(value))
    if exact is not None:
        return exact
    scorer = fuzz.WRatio if len(value) > 4 else fuzz.ratio
    found = process.extractOne(plain(value), list(spellings), scorer=scorer, score_cutoff=NEAR)
    return spellings[found[0]] if found else ""


@held(InputError)
def nearest(value: str, choices: Iterable[str], cutoff: float = NEAR) -> str:
    """The choice nearest to `value` (0-100 similarity at least `cutoff`); empty when none is."""
    spelled = {plain(choice): choice for choice in choices}
    found = process.extractOne(plain(value), list(spelled), scorer=fuzz.ratio, score_cutoff=cutoff)
    return spelled[found[0]] if found else ""
