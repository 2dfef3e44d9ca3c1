"""A code that a file and the template both have and that means something else is asked about, with
both labels and the line that answers; what somebody said is not asked again.
"""

from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

from mismes_eval import frame as frames
from mismes_eval import lfs
from mismes_eval.errors import InputError
from mismes_eval.lfs.code_meanings import meanings
from mismes_eval.lfs.proposals import file_columns, proposals

COLUMNS = {"hhid": "hh", "pid": "no", "weight": "w", "age": "age"}
CONSTANT = {"countrycode": "MDA", "year": 2023, "male": 1}


def delivered(folder: Path, column: str, codes: list[int], labels: dict[int, str]) -> Path:
    """Made-up persons in a Stata file with one labelled column."""
    n = len(codes)
    frame = pd.DataFrame({"hh": range(n), "no": [1] * n, "w": [1.0] * n, "age": [30] * n})
    frame[column] = codes
    path = folder / "lfs.dta"
    pyreadstat.write_dta(frame, str(path), variable_value_labels={column: labels})
    return path


def mapped(gld: str, column: str, recode: dict[int, int] | None = None) -> dict[str, object]:
    section: dict[str, object] = {
        "name": "made up",
        "columns": {**COLUMNS, gld: column},
        "constants": {name: value for name, value in CONSTANT.items() if name != gld},
    }
    return section if recode is None else {**section, "recode": {gld: recode}}


def question(path: Path, section: dict[str, object] | None) -> str:
    with pytest.raises(InputError) as caught:
        lfs.read(path, section)
    return " ".join(str(p) for p in caught.value.problems if "differ by label" in p.message)


def test_a_code_that_means_another_state_is_asked_about(tmp_path: Path) -> None:
    labels = {1: "Single", 2: "Married", 3: "Living together"}
    path = delivered(tmp_path, "civil", [1, 2, 3, 1], labels)
    asked = question(path, mapped("marital", "civil"))
    assert "column 'civil' (for marital)" in asked
    assert "Expected 1 = Married; 2 = Never married, got 1 = Single; 2 = Married" in asked
    assert "recode: {marital: {1: 2, 2: 1, 3: 3}}" in asked
    assert "3 rows" in asked and "3 = Living" not in asked


@pytest.mark.parametrize(
    ("gld", "labels", "line"),
    [
        ("male", {0: "Homme", 1: "Femme"}, "{male: {0: 1, 1: 0}}"),
        ("lstatus", {1: "Inactif", 2: "Chômeur", 3: "Occupé"}, "{1: 3, 2: 2, 3: 1}"),
        ("empstat", {1: "Employer", 3: "Paid employee"}, "{1: 3, 3: 1}"),
        ("school", {0: "Oui", 1: "Non"}, "{0: 1, 1: 0}"),
        ("nlfreason", {1: "Student", 2: "Retired"}, "{1: 1, 2: 3}"),
        ("educat4", {1: "Fără studii", 2: "Primary"}, "{1: ?, 2: 2}"),
    ],
)
def test_every_coded_column_is_asked(
    tmp_path: Path, gld: str, labels: dict[int, str], line: str
) -> None:
    assert line in question(delivered(tmp_path, "q", list(labels), labels), mapped(gld, "q"))


def test_what_was_said_is_not_asked_again_and_the_codebook_shows_both(tmp_path: Path) -> None:
    labels = {1: "Single", 2: "Married", 3: "Living together"}
    path = delivered(tmp_path, "civil", [1, 2, 3, 1], labels)
    read = lfs.read(path, mapped("marital", "civil", {1: 2, 2: 1, 3: 3}))
    book = lfs.codebook(read).query("column == 'marital'").set_index("value")
    assert book["label"].to_dict() == {"1": "Married", "2": "Never married", "3": "Living together"}
    assert book["file"].to_dict() == {"1": "2 Married", "2": "1 Single", "3": "3 Living together"}
    kept = lfs.read(path, mapped("marital", "civil", {1: 1, 2: 2, 3: 3}))
    assert kept["marital"].tolist() == [1, 2, 3, 1]


def test_labels_that_agree_and_files_without_labels_are_not_asked(tmp_path: Path) -> None:
    right = {1: "1. Married", 2: "Never-married", 3: "Living together", 5: "Veuf ou veuve"}
    read = lfs.read(delivered(tmp_path, "q", [1, 2, 3, 5], right), mapped("marital", "q"))
    assert read["marital"].tolist() == [1, 2, 3, 5]
    lfs.read(delivered(tmp_path, "q", [1, 2], {}), mapped("marital", "q"))


def test_a_file_with_the_names_of_the_template_is_asked_where_its_words_mean_another_code(
    tmp_path: Path,
) -> None:
    codes = {"marital": [1, 2], "male": [0, 1], "countrycode": ["MDA"] * 2, "year": [2023] * 2}
    frame = pd.DataFrame({"hhid": [1, 2], "pid": [1, 1], "weight": [1.0] * 2, "age": [30] * 2})
    frame = frame.assign(**codes)
    path = tmp_path / "gld.dta"
    pyreadstat.write_dta(
        frame, str(path), variable_value_labels={"marital": {1: "Single", 2: "Married"}}
    )
    with pytest.raises(InputError, match="differ by label"):
        lfs.read(path)


def test_proposals_show_both_labels_and_take_no_code_by_its_number(tmp_path: Path) -> None:
    labels = {1: "Employer", 2: "Other worker", 3: "Paid employee"}
    data = frames.read(delivered(tmp_path, "empstat", [1, 2, 3], labels))
    (found,) = [p for p in proposals(file_columns(data)) if p.gld == "empstat"]
    assert found.codes == {"1": "3", "3": "1"}
    assert "2 (Other worker)" in found.why


def test_a_denial_is_not_what_it_denies() -> None:
    assert meanings("lstatus", "Not employed") == frozenset()
    assert meanings("lstatus", "Employed") == {"1"}
    assert meanings("marital", "Separated") == {"4"}
    assert meanings("educat7", "Primary") == {"2", "3"}
