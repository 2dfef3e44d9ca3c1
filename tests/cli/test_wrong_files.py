"""What `mismes check` says of a file in another encoding, separator, sheet or design: the key that
mends it, and the key does mend it.
"""

from pathlib import Path

import pandas as pd
import pytest
import yaml

from mismes_eval import lfs
from mismes_eval.cli import main
from mismes_eval.evaluation.params import BY_NAME, Params
from mismes_eval.evaluation.params_template import blank_params

MAPPING = {
    "name": "JOR.yaml",
    "columns": {
        "hhid": "HH",
        "pid": "LINE",
        "male": "SEX",
        "age": "AGE",
        "weight": "WGT",
        "psu": "CLU",
        "strata": "STR",
        "subnatid1": "REGION",
        "lstatus": "WORK",
    },
    "constants": {"countrycode": "JOR", "year": 2024, "survname": "Survey"},
    "recode": {"male": {"1": 1, "2": 0}},
    "versions": {"icls_v": "ICLS-19"},
}
DESIGN = {"design": {"strata": ["strata"], "psu": ["psu"]}}
Check = tuple[int, str, str]


@pytest.fixture
def persons() -> pd.DataFrame:
    """SYNTHETIC persons, two a household, eight clusters in two strata, a region with letters that
    are not ASCII.
    """
    n = 64
    line = [i % 2 + 1 for i in range(n)]
    return pd.DataFrame(
        {
            "HH": [f"H{i // 2:03d}" for i in range(n)],
            "LINE": [f"H{i // 2:03d}-{k}" for i, k in enumerate(line)],
            "SEX": line,
            "AGE": [20 + i % 40 for i in range(n)],
            "WGT": [10.5 + i % 3 for i in range(n)],
            "CLU": [f"C{i // 8}" for i in range(n)],
            "STR": [f"S{i // 32}" for i in range(n)],
            "WORK": [1 + i % 3 for i in range(n)],
            "REGION": ["Zarqá" if i % 2 else "Ammán" for i in range(n)],
        }
    )


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "params").mkdir()
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MISMES_DATA_ROOT", raising=False)
    return tmp_path


def check(
    capsys: pytest.CaptureFixture[str], project: Path, name: str, **sections: object
) -> Check:
    """Exit status, standard output and error of a check of params that name a file of the survey."""
    tree = {
        "country": "JOR",
        "year": "2024",
        "inputs": {"lfs": f"data/{name}"},
        "mapping": {k: v for k, v in MAPPING.items() if k != "name"},
        "calibration": {"method": "none"},
        **sections,
    }
    (project / "params" / "JOR.yaml").write_text(
        yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8"
    )
    with pytest.raises(SystemExit) as stop:
        main(["check", "JOR", "--no-codebook"])
    said = capsys.readouterr()
    return int(stop.value.code or 0), said.out, said.err


def test_another_encoding(
    project: Path, persons: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    persons.to_csv(project / "data" / "latin.csv", index=False, encoding="cp1252")
    status, _, err = check(capsys, project, "latin.csv", **DESIGN)
    assert status == 2
    assert "wrong encoding: latin.csv" in err and "reading: {encoding: cp1252}" in err
    status, out, err = check(capsys, project, "latin.csv", reading={"encoding": "cp1252"}, **DESIGN)
    assert (status, err) == (0, "")
    assert "64 persons" in out


def test_semicolons_and_decimal_commas(
    project: Path, persons: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    persons.to_csv(project / "data" / "semi.csv", index=False, sep=";", decimal=",")
    status, _, err = check(capsys, project, "semi.csv", **DESIGN)
    assert status == 2
    assert "reading: {separator: ';', decimal: ','}" in err
    status, out, err = check(
        capsys, project, "semi.csv", reading={"separator": ";", "decimal": ","}, **DESIGN
    )
    assert (status, err) == (0, "")
    assert f"sum of weights {persons['WGT'].sum():,.0f}" in out


@pytest.mark.whole
def test_tabs(project: Path, persons: pd.DataFrame, capsys: pytest.CaptureFixture[str]) -> None:
    persons.to_csv(project / "data" / "tabs.txt", index=False, sep="\t")
    assert check(capsys, project, "tabs.txt", reading={"separator": "tab"}, **DESIGN)[0] == 0


def test_a_workbook_with_two_sheets(
    project: Path, persons: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    with pd.ExcelWriter(project / "data" / "two.xlsx") as book:
        pd.DataFrame({"about": ["a survey"]}).to_excel(book, sheet_name="cover", index=False)
        persons.to_excel(book, sheet_name="persons", index=False)
    status, _, err = check(capsys, project, "two.xlsx", **DESIGN)
    assert status == 2
    assert "cover, persons" in err and "reading: {sheet: NAME}" in err
    assert check(capsys, project, "two.xlsx", reading={"sheet": "persons"}, **DESIGN)[0] == 0


def test_personal_identifiers_are_left_out_by_name(
    project: Path, persons: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    persons.assign(phone="+962 7 9999 0000").to_csv(project / "data" / "phones.csv", index=False)
    status, _, err = check(capsys, project, "phones.csv", **DESIGN)
    assert status == 2
    assert "reading: {drop: [COLUMN]}" in err and "9999" not in err
    assert check(capsys, project, "phones.csv", reading={"drop": ["phone"]}, **DESIGN)[0] == 0


def test_a_key_that_says_nothing_about_the_file_is_not_passed_over(
    project: Path, persons: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    persons.to_csv(project / "data" / "plain.csv", index=False)
    status, _, err = check(capsys, project, "plain.csv", reading={"sheet": "persons"}, **DESIGN)
    assert status == 2
    assert "key 'reading.sheet'" in err and "JOR.yaml, line" in err


@pytest.mark.whole
def test_a_design_in_the_file_that_the_params_leave_out(
    project: Path, persons: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    persons.to_csv(project / "data" / "plain.csv", index=False)
    status, _, err = check(capsys, project, "plain.csv")
    assert status == 2
    assert "strata and psu in the file" in err and "design: {strata: [strata], psu: [psu]}" in err
    status, out, _ = check(capsys, project, "plain.csv", **DESIGN)
    assert status == 0
    assert "8 PSUs in 2 strata" in out
    assert check(capsys, project, "plain.csv", design={"cluster_deff": "1.4"})[0] == 0


@pytest.mark.whole
def test_an_empty_tracer_template_is_named(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["new", "JOR", "--quiet"])
    tables = {f"tracer_{t}": f"data_raw/JOR/tracer_{t}.xlsx" for t in ("person", "wave", "outcome")}
    (project / "params" / "JOR.yaml").write_text(
        yaml.safe_dump({"country": "JOR", "inputs": tables}), encoding="utf-8"
    )
    with pytest.raises(SystemExit) as stop:
        main(["check", "JOR"])
    err = capsys.readouterr().err
    assert stop.value.code == 2
    assert "the file has no rows: tracer_person, tracer_person.xlsx" in err
    assert "tracer_wave.xlsx" in err


def test_the_keys_reach_the_reader(project: Path, persons: pd.DataFrame) -> None:
    """The same persons whether the file is plain or written in the office's way."""
    persons.to_csv(project / "data" / "plain.csv", index=False)
    persons.to_csv(
        project / "data" / "office.csv", index=False, sep=";", decimal=",", encoding="cp1252"
    )
    plain = lfs.read(project / "data" / "plain.csv", MAPPING)
    office = lfs.read(
        project / "data" / "office.csv", MAPPING, separator=";", decimal=",", encoding="cp1252"
    )
    pd.testing.assert_frame_equal(plain, office, check_flags=False)


def test_every_default_of_a_new_params_file_is_what_the_schema_says(project: Path) -> None:
    """Taking the '#' away from a line with a default changes nothing."""
    lines = blank_params("JOR", False).splitlines()
    keys = {name.rsplit(".", 1)[-1] for name in BY_NAME}
    shown = [
        line.replace("# ", "", 1)
        if line.strip().startswith("# ") and line.strip()[2:].split(":")[0] in keys
        else line
        for line in lines
    ]
    kept = [
        line
        for line in shown
        if not line.strip().endswith(".xlsx") and not line.strip().endswith(".csv")
    ]
    (project / "params" / "JOR.yaml").write_text("\n".join(kept) + "\n", encoding="utf-8")
    params = Params.load(project / "params" / "JOR.yaml")
    assert (
        {k for k in BY_NAME if k.startswith("reading.")}
        >= {k for k in params.given if k.startswith("reading.")}
        != set()
    )
    steps = {
        k for k in params.given if BY_NAME[k].kind == "steps"
    }  # examples, as the file says; they are read all the same
    expected = {"inputs", "activities", "outputs", "outcomes", "assumptions"}
    assert {k.rsplit(".", 1)[-1] for k in steps} == expected
    examples = {k for k in params.given if BY_NAME[k].example}
    assert "definitions.preset" in examples  # nobody is given a definition of a migrant
    for key in params.given - {"country"} - steps - examples:
        default = BY_NAME[key].default
        value = params[key]
        assert (tuple(value) if isinstance(value, (list, tuple)) else value) == default or str(
            value
        ) == str(default), key


def test_rows_of_another_country_and_totals_of_several_years(
    project: Path, persons: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    mapping = {key: value for key, value in MAPPING.items() if key != "name"}
    mapping["columns"] = {**MAPPING["columns"], "countrycode": "LAND", "year": "YEAR"}
    mapping["constants"] = {"survname": "Survey"}
    land = ["SYR" if i in (3, 40) else "JOR" for i in range(len(persons))]
    foreign = persons.assign(LAND=land, YEAR=2024)
    foreign.to_csv(project / "data" / "p.csv", index=False)
    status, _, err = check(capsys, project, "p.csv", mapping=mapping, **DESIGN)
    assert status == 2
    assert "rows of another country" in err and "SYR" in err and "first: 5, 42" in err
    totals = {"margin": "male", "category": ["0", "1"] * 2, "total": 500, "source": "census"}
    pd.DataFrame({"country": "JOR", "year": [2023, 2023, 2024, 2024], **totals}).to_csv(
        project / "data" / "m.csv", index=False
    )
    foreign.assign(LAND="JOR", YEAR=2023).to_csv(project / "data" / "p.csv", index=False)
    inputs = {"lfs": "data/p.csv", "margins": "data/m.csv"}
    calibrated = {"inputs": inputs, "calibration": {"method": "raking"}, **DESIGN}
    status, _, err = check(capsys, project, "p.csv", mapping=mapping, **calibrated)
    assert status == 2 and "control totals of several years" in err and "2023, 2024" in err
