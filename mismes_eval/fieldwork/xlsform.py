"""A form of the question table as XLSForm, for ODK, KoboToolbox and SurveyCTO."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO

import pandas as pd
from pyxform.errors import PyXFormError
from pyxform.xls2xform import convert

from mismes_eval.errors import InputError, Problem, of_argument, worded
from mismes_eval.fieldwork.questions import (
    FORMS,
    LANGUAGES,
    Choice,
    Question,
    choices,
    questions,
    title,
)
from mismes_eval.frame.formulas import keep_texts
from mismes_eval.public import held

MEASURES = "measures"
EARLIER = "sample"  # name of the file of earlier answers that a tracer wave reads
PRELOADED = ("wave", "lstatus", "current_country")
EPISODES = {
    "en": "What you have done since the last interview, one period after the other",
    "fr": "Ce que vous avez fait depuis le dernier entretien, une période après l’autre",
    "ro": "Ce ați făcut de la ultimul interviu, o perioadă după alta",
    "ru": "Чем Вы занимались с последнего интервью, период за периодом",
    "ar": "ما قمت به منذ المقابلة الأخيرة، فترة بعد أخرى",
}
EPISODE_WORDS = {
    "state": (
        "What were you doing?",
        "Que faisiez-vous ?",
        "Ce făceați?",
        "Чем Вы занимались?",
        "ماذا كنت تفعل؟",
    ),
    "start_ym": (
        "From which month?",
        "Depuis quel mois ?",
        "Din ce lună?",
        "С какого месяца?",
        "من أي شهر؟",
    ),
    "end_ym": (
        "Until which month? (empty: still)",
        "Jusqu’à quel mois ? (vide : toujours)",
        "Până în ce lună? (gol: încă)",
        "До какого месяца? (пусто: до сих пор)",
        "حتى أي شهر؟ (فارغ: ما زال)",
    ),
    "country": (
        "In which country?",
        "Dans quel pays ?",
        "În ce țară?",
        "В какой стране?",
        "في أي بلد؟",
    ),
}


@dataclass(frozen=True)
class Measure:
    """One measure of the country's inventory: its id, title and model."""

    id: str
    title: str
    model: str


def measures_of(inventory: pd.DataFrame, country: str) -> tuple[Measure, ...]:
    """The measures of a country that a form may offer. Raises InputError where there is none."""
    own = inventory[inventory["country"].astype(str) == country]
    if own.empty:
        raise InputError(
            Problem(
                what="the inventory has no measure of this country",
                where=worded("country {country}", {"country": country}),
                expected="measures to choose from",
                got=worded("none"),
                fix="Name the country's inventory in its params (inputs.inventory).",
            )
        )
    rows = zip(own["measure_id"], own["title_en"], own["model_primary"], strict=True)
    return tuple(Measure(str(i), str(t), str(m)) for i, t, m in rows)


@held(InputError)
def xlsform(
    form: str, country: str, measures: Sequence[Measure] = (), languages: Sequence[str] = ()
) -> bytes:
    """A form as an XLSForm workbook.

    Parameters
    ----------
    form : one of FORMS.
    country : ISO3, part of the form's id.
    measures : the country's own measures, offered by the kinds of support that a person took part
        in; needed by "lfs_module", so that the link to the measure is filled in the field.
    languages : codes of LANGUAGES, the first one shown first; left out: all.

    Raises
    ------
    InputError : an unknown form or language, a form that needs measures without them.
    """
    tongues = list(languages) or list(LANGUAGES)
    _refuse(form, tongues, measures)
    survey = _survey(form, tongues)
    answers = _answers(questions(form), tongues, measures)
    settings = {
        "form_title": f"{title(form, tongues[0])} ({country})",
        "form_id": f"mismes_{form}_{country.lower()}",
        "version": "1",
        "default_language": _tongue(tongues[0]),
    }
    made = BytesIO()
    with pd.ExcelWriter(made, engine="openpyxl") as book:
        pd.DataFrame(survey).to_excel(book, sheet_name="survey", index=False)
        pd.DataFrame(answers).to_excel(book, sheet_name="choices", index=False)
        pd.DataFrame([settings]).to_excel(book, sheet_name="settings", index=False)
        keep_texts(book.book)
    return made.getvalue()


@held(InputError)
def compiled(workbook: bytes) -> str:
    """The XForm (XML) of an XLSForm workbook. Raises InputError where pyxform cannot compile it."""
    try:
        return str(convert(BytesIO(workbook), validate=False, file_type=".xlsx").xform)
    except PyXFormError as error:
        raise InputError(Problem("the form does not compile", "XLSForm", got=str(error))) from error


def _refuse(form: str, tongues: list[str], measures: Sequence[Measure]) -> None:
    problems = []
    if form not in FORMS:
        problems.append(
            Problem(
                "no such form",
                "",
                worded("one of {forms}", {"forms": ", ".join(FORMS)}),
                repr(form),
            )
        )
    unknown = [tongue for tongue in tongues if tongue not in LANGUAGES]
    if unknown:
        expected = worded("codes among {languages}", {"languages": ", ".join(LANGUAGES)})
        problems.append(Problem("no wording in this language", "", expected, ", ".join(unknown)))
    if form == "lfs_module" and not measures:
        problems.append(
            Problem(
                "the participation module needs the country's measures",
                of_argument("measures"),
                "the inventory's measures, so that a person's measure is known",
                worded("none"),
            )
        )
    InputError.refuse(problems)


def _tongue(code: str) -> str:
    return f"{LANGUAGES[code]} ({code})"


def _labels(words: dict[str, str], tongues: Iterable[str]) -> dict[str, str]:
    return {f"label::{_tongue(tongue)}": words[tongue] for tongue in tongues}


def _survey(form: str, tongues: list[str]) -> list[dict[str, str]]:
    rows = []
    for question in questions(form):
        rows.append(_row(question, tongues))
        if form == "tracer_wave" and question.name == "person_id":
            rows += _earlier()
        if form == "tracer_wave" and question.name == "intend_remig":
            rows += _episodes(tongues)
    return rows


def _row(question: Question, tongues: list[str]) -> dict[str, str]:
    month = question.month
    kind = "date" if month else question.kind
    row = {
        "type": f"{kind} {question.choices}".strip(),
        "name": question.name,
        **_labels(question.words, tongues),
        "relevant": question.relevant,
        "constraint": question.constraint,
        "required": "yes" if question.required else "",
        "appearance": "month-year" if month else "",
        "calculation": "",
        "choice_filter": "",
        "default": "",
    }
    if question.choices == MEASURES:
        row["choice_filter"] = "selected(${msm_part}, model)"
    return row


def _earlier() -> list[dict[str, str]]:
    """Answers of the last wave, looked up in the file of the sample that goes with the form."""
    return [
        {
            "type": "calculate",
            "name": f"earlier_{name}",
            "calculation": f"pulldata('{EARLIER}', '{name}', 'person_id', ${{person_id}})",
        }
        for name in PRELOADED
    ]


def _episodes(tongues: list[str]) -> list[dict[str, str]]:
    types = {"state": "select_one episode_states", "country": "select_one countries"}
    inner = [
        {
            "type": types.get(name, "date"),
            "name": name,
            **_labels(dict(zip(LANGUAGES, words, strict=True)), tongues),
            "appearance": "" if name in types else "month-year",
            "required": "" if name == "end_ym" else "yes",
        }
        for name, words in EPISODE_WORDS.items()
    ]
    begin = {"type": "begin repeat", "name": "episode", **_labels(EPISODES, tongues)}
    return [begin, *inner, {"type": "end repeat", "name": ""}]


def _answers(
    asked: Sequence[Question], tongues: list[str], measures: Sequence[Measure]
) -> list[dict[str, str]]:
    names = list(dict.fromkeys(q.choices for q in asked if q.choices))
    if asked[0].form == "tracer_wave":
        names.append("episode_states")
    rows = []
    for name in names:
        offered = (
            [(Choice(m.id, dict.fromkeys(LANGUAGES, m.title)), m.model) for m in measures]
            if name == MEASURES
            else [(choice, "") for choice in choices(name)]
        )
        rows += [
            {
                "list_name": name,
                "name": choice.code,
                **_labels(choice.words, tongues),
                "model": model,
            }
            for choice, model in offered
        ]
    return rows
