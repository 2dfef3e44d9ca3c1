"""Names of files in a manifest: a name that means another place on another system is refused."""

import pytest

from mismes_eval.errors import ParamsError
from mismes_eval.report.trust.held import check_fields, is_of_a_report

HASH = "0" * 64


def outputs(*paths: str) -> dict[str, object]:
    return {"outputs": [{"path": path, "sha256": HASH, "bytes": 1} for path in paths]}


@pytest.mark.parametrize(
    "path",
    [
        "figures/F08.png:hidden",
        "con",
        "figures/NUL.png",
        "lpt1.html",
        "report.html.",
        "figures /F08.png",
        "report\u202elmth.exe",
        "report\u200b.html",
        "a\u2028b.html",
        "../report.html",
        "figures//F08.png",
        "figures\\F08.png",
        "con .txt",
        "CONIN$",
        "com\u00b9.csv",
        "a?.html",
        "<b>.html",
        "\ud800.html",
        "x" * 256,
        "\u00e9" * 130,  # 260 bytes
        "x/" * 600 + "x",
    ],
)
def test_a_name_that_is_another_elsewhere_is_refused(path: str) -> None:
    assert not is_of_a_report(path)
    with pytest.raises(ParamsError) as error:
        check_fields(outputs("report.html", path), "MANIFEST.json")
    assert [problem.where for problem in error.value.problems] == ["MANIFEST.json: outputs 2, path"]


@pytest.mark.parametrize("path", ["report.html", "figures/F08.png", "tables/T17-MDA-001.parquet"])
def test_names_of_a_report_are_taken(path: str) -> None:
    check_fields(outputs(path), "MANIFEST.json")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("report.html", "report.html"),
        ("report.html", "Report.HTML"),
        ("figures/\u00e9.png", "figures/e\u0301.png"),
        ("stra\u00dfe.csv", "STRASSE.csv"),
        ("figures", "FIGURES/F01.png"),
        ("figures/F01.png", "Figures"),
        ("report.html", "manifest.json"),
        ("report.html", "MANIFEST.json.MINISIG"),
    ],
)
def test_two_files_that_are_one_elsewhere_are_refused(one: str, other: str) -> None:
    beside = ("MANIFEST.json", "MANIFEST.json.minisig")
    with pytest.raises(ParamsError) as error:
        check_fields(outputs(one, "tables.xlsx", other), "MANIFEST.json", beside)
    (problem,) = error.value.problems
    assert problem.where == "MANIFEST.json: outputs"
    assert problem.expected == "each file once"
