"""One question table: every form compiles in every language, and every question fills a column that
the templates have or steers the field.
"""

import re
from io import BytesIO

import pandas as pd
import pytest
from openpyxl import load_workbook

from mismes_eval import fieldwork
from mismes_eval.errors import InputError
from mismes_eval.fieldwork.questions import choices, scoring
from mismes_eval.fieldwork.xlsform import Measure
from mismes_eval.frame.template import template

MEASURES = (Measure("MDA-001", "Courses & jobs", "M03"), Measure("MDA-002", "Return centre", "M10"))
FIELD_ONLY = {"attempt", "next_appointment", "services"}


@pytest.mark.parametrize("form", list(fieldwork.FORMS))
@pytest.mark.parametrize("language", list(fieldwork.LANGUAGES))
def test_every_form_compiles_in_every_language(form: str, language: str) -> None:
    made = fieldwork.xlsform(form, "MDA", MEASURES, [language])
    xml = fieldwork.compiled(made)
    for question in fieldwork.questions(form):
        assert f"/{question.name}" in xml
    assert f"mismes_{form}_mda" in xml
    page = fieldwork.paper(form, language, "MDA", MEASURES)
    assert page.count("<li>") > len(fieldwork.questions(form)) - 1
    assert ('dir="rtl"' in page) == (language == "ar")


def test_one_workbook_speaks_all_languages() -> None:
    made = fieldwork.xlsform("lfs_module", "MDA", MEASURES)
    survey = pd.read_excel(BytesIO(made), sheet_name="survey", keep_default_na=False)
    labels = [c for c in survey.columns if c.startswith("label::")]
    assert len(labels) == 5 and not (survey[labels] == "").any(axis=None)
    offered = pd.read_excel(BytesIO(made), sheet_name="choices", keep_default_na=False)
    assert offered.loc[offered["list_name"] == "measures", "model"].tolist() == ["M03", "M10"]
    assert not (offered[labels] == "").any(axis=None)


@pytest.mark.parametrize("title", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1"])
def test_no_title_of_a_measure_runs_in_a_workbook(title: str) -> None:
    made = fieldwork.xlsform("lfs_module", "MDA", [Measure("MDA-001", title, "M03")])
    book = load_workbook(BytesIO(made))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    own = [cell for cell in cells if cell.value == title]
    assert own and all(cell.quotePrefix for cell in own)
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    assert fieldwork.compiled(made).count(title.strip().replace("&", "&amp;"))


@pytest.mark.parametrize("form", list(fieldwork.FORMS))
def test_every_question_fills_a_column_with_codes_that_it_has(form: str) -> None:
    assert len(fieldwork.questions(form)) > 5
    for question in fieldwork.questions(form):
        if question.name in FIELD_ONLY or question.name.startswith("rsi_"):
            continue
        columns = {c.name: c for c in template(question.template).columns}
        assert question.name in columns, question.name
        listed = columns[question.name].codes
        if listed and question.choices and question.choices != "measures":
            assert question.choices == listed, question.name
        named = re.findall(r"\$\{(\w+)\}", question.relevant + question.constraint)
        assert set(named) <= {q.name for q in fieldwork.questions(form)}


def test_choices_are_labelled_in_every_language() -> None:
    lists = {q.choices for f in fieldwork.FORMS for q in fieldwork.questions(f)} - {"", "measures"}
    for name in lists:
        assert choices(name), name
        for choice in choices(name):
            assert set(choice.words) == set(fieldwork.LANGUAGES)
            assert all(choice.words.values()), (name, choice.code)
    assert len({item["version"] for item in scoring()}) == 1


def test_what_cannot_be_made_is_refused() -> None:
    with pytest.raises(InputError, match="measures"):
        fieldwork.xlsform("lfs_module", "MDA")
    with pytest.raises(InputError) as refused:
        fieldwork.xlsform("census", "MDA", (), ["en", "klingon"])
    assert len(refused.value.problems) == 2


def test_numbers_for_survey_solutions_are_whole_and_named_once() -> None:
    table = fieldwork.categories(["tracer_wave", "implementer"])
    assert not table.duplicated(["list", "value"]).any()
    assert not table.duplicated(["list", "code"]).any()
    assert table[list(fieldwork.LANGUAGES)].ne("").all().all()
    own = table.set_index(["list", "code"])["value"]
    assert own["lstatus", "3"] == 3  # whole numbers stay
    assert own["models", "M01"] == 1 and own["models", "M11"] == 11  # other codes are counted
