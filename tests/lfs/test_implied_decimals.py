"""Weights whose decimal point is not written are asked about and never guessed; a factor, 1 too,
answers. So are ages that are the first years of groups.
"""

from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

from mismes_eval import frame as frames
from mismes_eval import lfs
from mismes_eval.errors import InputError
from mismes_eval.lfs.mapping_draft import open_draft
from mismes_eval.lfs.proposals import file_columns, proposals

IMPLIED = [25_321_234.0, 18_001_111.0, 31_999_999.0]


def delivered(folder: Path, weights: list[float], label: str = "Final weight") -> Path:
    path = folder / "lfs.sav"
    persons = pd.DataFrame({"h": [1.0, 2.0, 3.0], "age": [30.0, 40.0, 50.0], "pwsswgt": weights})
    pyreadstat.write_sav(persons, str(path), column_labels=["", "Age", label])
    return path


def mapped(**more: object) -> dict[str, object]:
    return {
        "name": "made up",
        "columns": {"hhid": "h", "pid": "h", "age": "age", "weight": "pwsswgt"},
        "constants": {"countrycode": "USA", "year": 2024, "male": 1},
        **more,
    }


@pytest.mark.parametrize(
    ("weights", "label"),
    [
        (IMPLIED, "Final weight"),
        ([250.0, 181.0, 320.0], "Weight (2 implied decimal places)"),
        ([250.0, 181.0, 320.0], "Poids, à diviser par 100"),
        ([250.0, 181.0, 320.0], "Factor, 2 decimales implícitos"),
    ],
)
def test_whole_numbers_beyond_any_survey_are_asked_about(
    tmp_path: Path, weights: list[float], label: str
) -> None:
    path = delivered(tmp_path, weights, label)
    with pytest.raises(InputError, match="decimal point that is not written") as asked:
        lfs.read(path, mapped())
    assert "units: {weight: FACTOR}" in str(asked.value) and label in str(asked.value)
    assert lfs.read(path, mapped(units={"weight": 0.0001}))["weight"].sum() == pytest.approx(
        sum(weights) / 10_000
    )
    assert lfs.read(path, mapped(units={"weight": 1}))["weight"].tolist() == weights


@pytest.mark.parametrize("weights", [[2532.5, 1800.0, 3.0], [250.0, 181.0, 320.0], [3e7, 1.5, 2.0]])
def test_weights_of_surveys_are_not(tmp_path: Path, weights: list[float]) -> None:
    assert lfs.read(delivered(tmp_path, weights), mapped())["weight"].tolist() == weights


def test_the_workbook_and_the_questions_ask_as_well(tmp_path: Path) -> None:
    data = frames.read(delivered(tmp_path, IMPLIED))
    (found,) = [p for p in proposals(file_columns(data)) if p.gld == "weight"]
    assert "decimals they imply" in found.why
    draft = open_draft(lfs.mapping_workbook(tmp_path / "mapping.xlsx", data=data), data)
    with pytest.raises(InputError, match=r"0\.0001 makes 7,532"):
        draft.answered(draft.meant("weight", "y"))
    whole = draft.answered_all({"weight": "pwsswgt * 0.0001", "age": "y"}).preview("weight")
    assert whole.counts["weighted"].sum() == pytest.approx(7532.2344)


FIRST_YEARS = [0, 5, 10, 16, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65]  # Spain's EPA, EDAD1


def test_first_years_of_groups_are_no_ages(tmp_path: Path) -> None:
    path = tmp_path / "epa.csv"
    persons = pd.DataFrame({"h": range(1_400), "age": FIRST_YEARS * 100, "pwsswgt": 1.5})
    persons.to_csv(path, index=False)
    with pytest.raises(InputError, match="first years of groups") as asked:
        lfs.read(path, mapped())
    assert "10=10-15, 16=16-19" in str(asked.value) and "65=65+" in str(asked.value)
    persons.assign(age=[row % 70 for row in range(1_400)]).to_csv(path, index=False)
    assert lfs.read(path, mapped())["age"].nunique() == 70
