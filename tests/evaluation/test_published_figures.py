"""Published figures that a survey should reproduce: every row that the report could not compare is
refused with its line, all of them at once.
"""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from mismes_eval.errors import InputError
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.published_figures import published_figures

HEAD = "country,year,item,domain,value,unit\n"
RIGHT = (
    "MDA,2023,population,all,2121900,persons\n"
    "MDA,2023,lfpr,all,0.4381,share\n"
    "MDA,2023,lfpr,male=1,0.48,share\n"
)
Read = Callable[[str], "pd.DataFrame | None"]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    (tmp_path / "params").mkdir()
    file = tmp_path / "params" / "MDA.yaml"
    file.write_text(
        "country: MDA\nsynthetic: true\nyear: 2023\ninputs:\n  targets: targets.csv\n", "utf-8"
    )

    def reading(text: str) -> pd.DataFrame | None:
        (tmp_path / "targets.csv").write_text(text, encoding="utf-8")
        return published_figures(Params.load(file))

    return reading


def test_right_rows_are_read_with_numbers(read: Read) -> None:
    table = read(HEAD + RIGHT)
    assert table is not None and table["value"].tolist() == [2121900.0, 0.4381, 0.48]


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ("MDA,2023,unemployement_rate,all,0.05,share", "unemployement_rate"),
        ("MDA,2023,Unemployment rate,all,0.05,share", "Unemployment rate"),
        ("MDA,2023,unemployment_rate,men,0.05,share", "men"),
        ("MDA,2023,unemployment_rate,,0.05,share", "column 'domain'"),
        ("MDA,2023,unemployment_rate,all,4.6,share", "4.6"),
        ("MDA,2023,unemployment_rate,all,-0.1,share", "-0.1"),
        ("MDA,2023,unemployment_rate,all,inf,share", "inf"),
        ("MDA,2023,unemployment_rate,all,,share", "column 'value'"),
        ("MDA,2023,unemployment_rate,all,n/a,share", "n/a"),
        ("MDA,2023,unemployment_rate,all,0.05,percent", "percent"),
        ("MDA,2023,absent_total,all,300,thousand persons", "thousand persons"),
        ("ROU,2023,unemployment_rate,all,0.05,share", "ROU"),
    ],
)
def test_a_row_that_cannot_be_compared_is_refused_with_its_line(
    read: Read, row: str, named: str
) -> None:
    with pytest.raises(InputError) as refused:
        read(f"{HEAD}{RIGHT}{row}\n")
    (problem,) = refused.value.problems
    assert problem.rows == (5,) and named in str(problem) and problem.fix


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        (f"Published figures\n\n\n{HEAD}{RIGHT}", "Delete the rows above the names."),
        ((HEAD + RIGHT).replace(",", ";"), "Save the file with commas between its columns."),
    ],
)
def test_a_file_without_a_key_for_it_is_mended_in_the_file(
    read: Read, text: str, mend: str
) -> None:
    with pytest.raises(InputError) as refused:
        read(text)
    assert [str(problem.fix) for problem in refused.value.problems] == [mend]


def test_a_figure_that_is_told_twice_names_both_lines(read: Read) -> None:
    with pytest.raises(InputError) as refused:
        read(f"{HEAD}{RIGHT}MDA,2022,lfpr,all,0.42,share\n")
    (problem,) = refused.value.problems
    assert problem.rows == (3, 5) and "lfpr all" in problem.got


def test_everything_that_is_wrong_is_told_at_once(read: Read) -> None:
    with pytest.raises(InputError) as refused:
        read(f"{HEAD}{RIGHT}MDA,2023,wages,men,12,lei\nMDA,2023,lfpr,male=0,43,share\n")
    assert [p.rows for p in refused.value.problems] == [(5,), (5,), (6,)]


def test_a_file_without_the_columns_names_them(read: Read) -> None:
    with pytest.raises(InputError, match="item, domain, value"):
        read("indicator,value\nlfpr,0.4\n")
