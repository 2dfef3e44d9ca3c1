"""The one table of questions: wording in five languages, who is asked, what an answer may be, and
the column of a template that it fills. Forms, paper and the reading of exports come from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import pandas as pd
from babel import Locale

from mismes_eval.errors import InputError, Problem, worded
from mismes_eval.frame.codes import codes, packaged_rows
from mismes_eval.public import held

LANGUAGES = {"en": "English", "fr": "French", "ro": "Romanian", "ru": "Russian", "ar": "Arabic"}
FORMS = {
    "lfs_module": "Migration and participation, for a labour force survey",
    "tracer_wave": "Tracer study, one wave",
    "contact": "Tracer study, one attempt to reach a person",
    "implementer": "Information template for implementers",
}
TITLES = {
    "lfs_module": (
        "Migration et participation",
        "Migrație și participare",
        "Миграция и участие",
        "الهجرة والمشاركة",
    ),
    "tracer_wave": (
        "Enquête de suivi",
        "Studiu de urmărire",
        "Отслеживающее исследование",
        "دراسة تتبعية",
    ),
    "contact": (
        "Tentative de contact",
        "Încercare de contact",
        "Попытка связаться",
        "محاولة اتصال",
    ),
    "implementer": (
        "Fiche d’information",
        "Fișă de informare",
        "Информационная форма",
        "استمارة معلومات",
    ),
}
SCALES = {"five": range(1, 6), "five_reversed": range(1, 6), "zero_ten": range(11)}
ITEMS = "reintegration_items.csv"


@dataclass(frozen=True)
class Question:
    """name; kind: type of XLSForm without its list; choices: name of the list or ""; words: wording
    by language; relevant, constraint: expressions of XLSForm; template: the template whose column
    `name` it fills, "" for questions that steer the field alone.
    """

    form: str
    name: str
    kind: str
    choices: str
    words: dict[str, str]
    relevant: str
    constraint: str
    required: bool
    template: str
    source: str

    @property
    def several(self) -> bool:
        """Whether more than one answer may be given."""
        return self.kind == "select_multiple"

    @property
    def month(self) -> bool:
        """Whether only month and year count."""
        return self.kind == "date month-year"


@dataclass(frozen=True)
class Choice:
    """One answer of a list, with its label by language."""

    code: str
    words: dict[str, str]


def title(form: str, language: str) -> str:
    """The title of a form."""
    if language == "en":
        return FORMS[form]
    return TITLES[form][list(LANGUAGES).index(language) - 1]


@cache
def questions(form: str) -> tuple[Question, ...]:
    """The questions of a form, in order; the reintegration scale's items close a tracer wave.
    Raises InputError for an unknown form.
    """
    if form not in FORMS:
        raise InputError(
            Problem(
                "no such form",
                worded("'{form}'", {"form": form}),
                worded("one of {forms}", {"forms": ", ".join(FORMS)}),
                repr(form),
            )
        )
    own = tuple(_question(row) for row in _rows("questions.csv") if row["form"] == form)
    return (*own, *map(_item, _rows(ITEMS))) if form == "tracer_wave" else own


@cache
def choices(name: str) -> tuple[Choice, ...]:
    """The answers of a list, labelled in every language."""
    if name in SCALES:
        return tuple(
            Choice(str(number), dict.fromkeys(LANGUAGES, str(number))) for number in SCALES[name]
        )
    table = codes(name)
    if name == "countries":
        return tuple(
            Choice(code, _country(alpha2, english))
            for code, alpha2, english in zip(table["code"], table["alpha2"], table["label_en"])
        )
    other = {row["code"]: row for row in _rows("choices.csv") if row["list"] == name}
    known = table[table["code"].astype(str).isin(list(other))]
    return tuple(
        Choice(
            str(code),
            {"en": str(en), "fr": str(fr)}
            | {language: other[str(code)][language] for language in ("ro", "ru", "ar")},
        )
        for code, en, fr in zip(known["code"], known["label_en"], known["label_fr"])
    )


@cache
def numbered(name: str) -> dict[int, str]:
    """Whole numbers of the answers of a list, for servers that know no other codes (Survey
    Solutions): the codes themselves where they are whole numbers, else their places from 1 on.
    """
    listed = [choice.code for choice in choices(name)]
    if all(code.isdigit() for code in listed):
        return {int(code): code for code in listed}
    return dict(enumerate(listed, start=1))


@held(InputError)
def categories(forms: Iterable[str]) -> pd.DataFrame:
    """One row an answer of the lists that some forms use: list, value (its number in Survey
    Solutions), code, and the title in each language.
    """
    asked = [q for form in forms for q in questions(form)]
    rows = []
    for name in dict.fromkeys(q.choices for q in asked if q.choices not in ("", "measures")):
        words = {choice.code: choice.words for choice in choices(name)}
        rows += [
            {"list": name, "value": number, "code": code} | words[code]
            for number, code in numbered(name).items()
        ]
    return pd.DataFrame(rows)


@cache
def scoring() -> tuple[dict[str, str], ...]:
    """The reintegration scale: item, dimension, answers, weight, version, source."""
    return tuple(_rows(ITEMS))


def _country(alpha2: object, english: object) -> dict[str, str]:
    names = {
        language: Locale.parse(language).territories.get(str(alpha2)) for language in LANGUAGES
    }
    return {language: str(name or english) for language, name in names.items()}


@cache
def _rows(file: str) -> tuple[dict[str, str], ...]:
    return tuple(packaged_rows(f"fieldwork/{file}"))


def _question(row: dict[str, str]) -> Question:
    kind, _, listed = row["type"].partition(" ")
    choice = kind.startswith("select")
    return Question(
        form=row["form"],
        name=row["name"],
        kind=kind if choice else row["type"],
        choices=listed if choice else "",
        words={language: row[language] for language in LANGUAGES},
        relevant=row["relevant"],
        constraint=row["constraint"],
        required=row["required"] == "yes",
        template=row["template"],
        source=row["source"],
    )


def _item(row: dict[str, str]) -> Question:
    return Question(
        form="tracer_wave",
        name=row["item"],
        kind="select_one",
        choices=row["answers"],
        words={language: row[language] for language in LANGUAGES},
        relevant="",
        constraint="",
        required=False,
        template="",
        source=row["source"],
    )
