"""From `mismes new` to a report by following `mismes check`: Jordan by a mapping workbook, Lebanon
by the inventory workbook, Chile on the office's public file.
"""

import json
import re
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from mismes_eval import frame, lfs
from mismes_eval.cli import main
from mismes_eval.errors import InputError

OPTIONS = (
    "# lfs: data_raw/JOR/lfs_person.xlsx",
    "# workbook: data_raw/JOR/mapping.xlsx",
    "# inventory: data_raw/LBN/inventory.xlsx",
    "# method: raking",
    "# strata: []",
    "# psu: []",
    "# year:",
)


def mismes(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit status, standard output, standard error."""
    with pytest.raises(SystemExit) as stop:
        main(list(words))
    said = capsys.readouterr()
    return int(stop.value.code or 0), said.out, said.err


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MISMES_DATA_ROOT", raising=False)
    return tmp_path


def uncomment(params: Path, changes: dict[str, str]) -> None:
    """Take the '#' away from the first line that stands for a key, and give it a value."""
    text = params.read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new, 1)
    params.write_text(text, encoding="utf-8")


def raw_survey(root: Path) -> pd.DataFrame:
    """SYNTHETIC persons as an office might code them: other names, sex 1/2, status in words."""
    persons = pd.read_parquet(root / "data_raw" / "MDA" / "lfs_person.parquet")
    households = persons["hhid"].drop_duplicates().iloc[::12]
    persons = persons[persons["hhid"].isin(households)]
    status = (
        persons["lstatus"]
        .map({1: "works", 2: "seeks", 3: "neither"})
        .astype("string")
        .where(persons["pid"] != persons["pid"].iloc[7], "refused")
    )
    return pd.DataFrame(
        {
            "HH": persons["hhid"],
            "LINE": persons["pid"],
            "SEX": persons["male"].map({1: 1, 0: 2}),
            "AGE": persons["age"],
            "ACT": status,
            "STR": persons["strata"],
            "CLU": persons["psu"],
            "WGT": persons["weight"].round(4),
        }
    )


def fill(path: Path, sheet: str, rows: list[tuple[object, ...]]) -> None:
    """Type rows below the heads of a workbook."""
    book = openpyxl.load_workbook(path)
    for number, row in enumerate(rows, start=2):
        for column, value in enumerate(row, start=1):
            book[sheet].cell(number, column, value)
    book.save(path)


MAPPED = [
    ("hhid", "HH"),
    ("pid", "LINE"),
    ("male", "SEX"),
    ("age", "AGE"),
    ("lstatus", "ACT"),
    ("strata", "STR"),
    ("psu", "CLU"),
    ("weight", "WGT"),
]
CONSTANT = [("countrycode", "JOR"), ("year", "2024"), ("survname", "SYNTHETIC survey")]
CODED = [
    ("male", "1", "1", ""),
    ("male", "2", "0", ""),
    ("lstatus", "works", "1", ""),
    ("lstatus", "seeks", "2", ""),
    ("lstatus", "neither", "3", ""),
    ("lstatus", "refused", "", "REF"),
]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_jordan_from_empty_to_a_report_by_a_mapping_workbook(
    root: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mismes(capsys, "new", "JOR", "--synthetic")[0] == 0
    folder, params = project / "data_raw" / "JOR", project / "params" / "JOR.yaml"
    assert "mismes check JOR" in (folder / "CHECKLIST.md").read_text(encoding="utf-8")
    status, out, err = mismes(capsys, "check", "JOR")
    assert status == 2
    assert "no evidence is named" in err
    assert "data_raw/JOR/lfs_person.xlsx" in out

    raw_survey(root).to_csv(folder / "survey.csv", index=False)
    uncomment(
        params,
        {
            OPTIONS[0]: "lfs: data_raw/JOR/survey.csv",
            OPTIONS[1]: "workbook: data_raw/JOR/mapping.xlsx",
        },
    )
    status, _, err = mismes(capsys, "check", "JOR")
    assert status == 2
    assert "the mapping is empty" in err and "mismes map JOR asks" in err

    fill(folder / "mapping.xlsx", "columns", [*MAPPED, *((k, None, None, v) for k, v in CONSTANT)])
    fill(folder / "mapping.xlsx", "codes", CODED[:4])
    fill(folder / "mapping.xlsx", "settings", [("icls", "ICLS-19")])
    status, _, err = mismes(capsys, "check", "JOR")
    assert status == 2
    assert "neither" in err, "the codes that the mapping does not name are listed"

    fill(folder / "mapping.xlsx", "codes", CODED)
    uncomment(
        params,
        {
            OPTIONS[3]: "method: none",
            OPTIONS[4]: "strata: [strata]",
            OPTIONS[5]: "psu: [psu]",
            OPTIONS[6]: "year: 2024",
        },
    )
    status, out, err = mismes(capsys, "check", "JOR")
    assert (status, err) == (0, "")
    assert "missing: REF" in out
    assert "[x] sampling design" in out
    assert "ready. Next: mismes report JOR" in out
    status, out, _ = mismes(capsys, "check", "JOR", "--json", "--codebook")
    (record,) = json.loads(out)
    males = {r["value"]: r["rows"] for r in record["codebook"] if r["column"] == "male"}
    assert males == {str(2 - k): int(n) for k, n in raw_survey(root)["SEX"].value_counts().items()}
    assert {s["state"] for s in record["steps"]} <= {"done", "optional"}

    status, out, err = mismes(
        capsys, "report", "JOR", "--notebook", str(root / "notebooks" / "country_report.ipynb")
    )
    assert status == 0, err
    page = (project / "reports" / "JOR" / "report.html").read_text(encoding="utf-8")
    assert "Jordan" in page
    assert "SYNTHETIC" in page


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_lebanon_from_empty_to_a_report_by_the_inventory_workbook(
    root: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        mismes(
            capsys,
            "new",
            "LBN",
            "--synthetic",
            "--inventory",
            "data_raw/LBN/inventory.xlsx",
            "--quiet",
        )[1]
        == ""
    )
    path = project / "data_raw" / "LBN" / "inventory.xlsx"
    heads = frame.template("inventory").names
    given = pd.read_csv(
        root / "data_raw" / "MDA" / "inventory.csv", dtype=str, keep_default_na=False
    ).reindex(columns=heads, fill_value="")
    given = given.head(6).map(lambda v: v.replace("MDA", "LBN") or None)
    fill(
        path, "measures", [tuple(r) for r in given.assign(measure_id=None).itertuples(index=False)]
    )
    status, out, err = mismes(capsys, "check", "LBN")
    assert status == 2
    assert "measure_id" in err
    assert "[ ]" in err
    fill(path, "measures", [tuple(r) for r in given.itertuples(index=False)])
    status, out, err = mismes(capsys, "check", "LBN")
    assert (status, err) == (0, "")
    assert "inventory: 6 measures" in out
    status, out, err = mismes(capsys, "report", "LBN")
    assert status == 0, err
    assert "Lebanon" in (project / "reports" / "LBN" / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.filterwarnings("ignore")
def test_chile_on_the_public_file_in_one_line(
    root: Path, shared: Path, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """INE, Encuesta Nacional de Empleo, January to March 2020: 801.8 thousand unemployed."""
    words = tuple(
        (
            "--lfs data/chile_ene_2020_efm.csv.gz --mapping chile_ene --year 2020 --weights weight "
            "--strata strata --psu psu"
        ).split()
    )
    assert mismes(capsys, "new", "CHL", *words)[0] == 0
    uncomment(
        project / "params" / "CHL.yaml",
        {"# lonely_psu: adjust": "lonely_psu: remove", "# method: raking": "method: none"},
    )
    status, out, _ = mismes(
        capsys, "check", "CHL", "--data-root", str(shared), "--json", "--codebook"
    )
    assert status == 0
    (record,) = json.loads(out)
    (unemployed,) = [r for r in record["codebook"] if (r["column"], r["value"]) == ("lstatus", "2")]
    assert (unemployed["rows"], round(unemployed["weighted"])) == (3193, 801_805)
    status, _, err = mismes(
        capsys,
        "report",
        "CHL",
        "--data-root",
        str(shared),
        "--notebook",
        str(root / "notebooks" / "country_report.ipynb"),
    )
    assert status == 0, err
    assert (project / "reports" / "CHL" / "report.html").is_file()


@pytest.mark.whole
def test_a_second_run_of_a_country_keeps_its_code(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mismes(capsys, "new", "MDA2", "--json")[0] == 0
    assert "country: MDA\n" in (project / "params" / "MDA2.yaml").read_text(encoding="utf-8")
    assert mismes(capsys, "new", "MDAX/..")[0] == 2


def test_a_country_s_name_is_no_code(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """ "Austria" begins like Australia's code."""
    for word, code in (("Austria", "AUT"), ("Jordan", "JOR"), ("MDAX", "MDA"), ("Liban", "LBN")):
        status, _, err = mismes(capsys, "new", word)
        assert status == 2
        assert f"Nearest: {code} (" in err, err
    assert not (project / "params").exists()


@pytest.mark.slow
def test_a_project_of_its_own_gets_the_notebooks(
    project: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = mismes(capsys, "new", "JOR", "--json")
    assert status == 0
    assert "notebooks/country_report.ipynb" in json.loads(out)
    mine = {p.name: p.read_text(encoding="utf-8") for p in (project / "notebooks").glob("*.ipynb")}
    assert set(mine) == {p.name for p in (root / "notebooks").glob("*.ipynb")}
    assert "params/JOR.yaml" in mine["01_inventory.ipynb"]
    assert not [n for n, text in mine.items() if "params/MDA.yaml" in text]
    linked = {n: set(re.findall(r"\]\(([^)\s]+)\)", text)) for n, text in mine.items()}
    assert [
        (n, to)
        for n, links in linked.items()
        for to in links
        if "://" not in to and not (project / "notebooks" / to).exists()
    ] == []
    assert "(docs/methods/event-studies.md of mismes-eval)" in mine["06_impact.ipynb"]
    (project / "notebooks" / "01_inventory.ipynb").write_text("mine", encoding="utf-8")
    again = json.loads(mismes(capsys, "new", "LBN", "--json")[1])
    assert not [f for f in again if f.startswith("notebooks/")]
    assert (project / "notebooks" / "01_inventory.ipynb").read_text(encoding="utf-8") == "mine"


@pytest.mark.whole
def test_every_workbook_has_drop_downs_and_an_empty_one_names_what_it_lacks(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mismes(capsys, "new", "JOR")[0] == 0
    books = sorted((project / "data_raw" / "JOR").glob("*.xlsx"))
    assert {b.stem for b in books} == set(
        (
            "inventory mapping lfs_person tracer_person tracer_wave tracer_outcome tracer_service "
            "tracer_episode"
        ).split()
    )
    for path in books:
        lists = [
            v
            for sheet in openpyxl.load_workbook(path)
            for v in sheet.data_validations.dataValidation
            if v.type == "list"
        ]
        assert lists, path.name
    assert frame.read(books[-1]).frame.empty


def test_a_mapping_workbook_names_all_its_problems_with_rows(tmp_path: Path) -> None:
    path = lfs.mapping_workbook(tmp_path / "mapping.xlsx", rows=20)
    fill(
        path,
        "columns",
        [("male", "SEX"), ("mael", "SEX"), ("age", "AGE", "years"), ("year", "Y", None, "2024")],
    )
    fill(path, "codes", [("male", "1", "1", "REF"), ("lstatus", "2", "1", "")])
    with pytest.raises(InputError) as stop:
        lfs.read_mapping(path)
    said = {p.what: p.rows for p in stop.value.problems}
    assert said["no such GLD column"] == (3,)
    assert said["a unit factor is no number"] == (4,)
    assert said["a column has neither or both"] == (5,)
    assert said["a code has neither or both"] == (2,)
    assert said["codes of a column that is not mapped"] == (3,)
