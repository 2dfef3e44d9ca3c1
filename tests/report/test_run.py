"""A report is made whole or not at all: every way a notebook can end badly leaves nothing under the
final name and says what to mend.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mismes_eval.errors import ParamsError
from mismes_eval.report.factory.run import Order, Outcome, run_report, run_reports
from mismes_eval.report.trust.provenance import read_manifest

from ..some import some
from .conftest import FIGURE, FINISH, OPEN, SHOW, make_project, write_notebook

BAD = {
    "raises": ("raise ValueError('no')",),
    "exits": ("import sys\nsys.exit(0)", "1"),
    "dies": ("import os\nos.kill(os.getpid(), 9)",),
    "hangs": ("while True:\n    pass",),
    "says_nothing": ("1 + 1",),
    "bad_input": (
        "from mismes_eval.errors import InputError, Problem\nraise InputError([Problem('text in a number column', 'lfs.csv, age', count=3, rows=(1, 2)), Problem('duplicate ids', 'lfs.csv')])",
    ),
}


def order(root: Path, notebook: str = "country_report", name: str = "MDA", **more: object) -> Order:
    return Order(
        name,
        root / "params" / "MDA.yaml",
        root / "notebooks" / f"{notebook}.ipynb",
        root / "reports",
        **more,
    )  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """The outcome of every bad notebook, run side by side."""
    root = make_project(tmp_path_factory.mktemp("bad"))
    for name, cells in BAD.items():
        write_notebook(root / "notebooks" / f"{name}.ipynb", *cells)
    orders = [order(root, name, name, cell_seconds=4 if name == "hangs" else 120) for name in BAD]
    outcomes = run_reports(orders, 3, lambda name, what: None, lambda outcome: None)
    return {o.name: o for o in outcomes}


@pytest.mark.whole
@pytest.mark.parametrize("name", BAD)
def test_a_bad_notebook_fails_and_leaves_nothing(bad: dict[str, Outcome], name: str) -> None:
    outcome = bad[name]
    assert outcome.status == "failed"
    assert outcome.problems
    assert outcome.folder is None


def test_nothing_stands_under_a_final_name(bad: dict[str, Outcome]) -> None:
    kept = bad["raises"].failed_notebook
    out = kept.parent.parent
    assert not [p for p in out.iterdir() if not p.name.startswith(".")]
    assert not list((out / ".work").iterdir())


def test_the_reason_is_told(bad: dict[str, Outcome]) -> None:
    assert "ValueError: no" in str(bad["raises"].problems[0])
    assert "took too long" in str(bad["hangs"].problems[0])
    assert "kernel died" in str(bad["dies"].problems[0])
    assert "no results" in str(bad["says_nothing"].problems[0])


def test_bad_input_is_told_problem_by_problem_with_status_2(bad: dict[str, Outcome]) -> None:
    outcome = bad["bad_input"]
    assert outcome.exit_status == 2
    assert len(outcome.problems) == 2
    assert "3 rows, first: 1, 2" in str(outcome.problems[0])


def test_progress_names_country_and_chapter(made: Path) -> None:
    said = (made / "said.txt").read_text(encoding="utf-8").splitlines()
    assert {"MDA 1/2 data", "FRA 2/2 impact", "MDA made", "FRA made"} <= set(said)


def test_a_report_has_all_its_parts(made: Path) -> None:
    names = {
        p.relative_to(made / "reports" / "MDA").as_posix()
        for p in (made / "reports" / "MDA").rglob("*")
        if p.is_file()
    }
    assert names == set(
        (
            "report.html report.ipynb estimates.json estimates.parquet tables.xlsx "
            "tables/T01.parquet figures/F01.png figures/F01.csv MANIFEST.json"
        ).split()
    )
    results = json.loads((made / "reports" / "MDA" / "estimates.json").read_text(encoding="utf-8"))
    assert [e["value"] for e in results["estimates"]] == [120.0, 80.0]
    assert results["synthetic"] is True


def test_nothing_published_names_this_machine(made: Path) -> None:
    for path in some((made / "reports").rglob("*")):
        if path.suffix in (".html", ".json", ".ipynb", ".csv"):
            text = path.read_text(encoding="utf-8")
            assert str(made) not in text, path
            assert str(Path.home()) + "/" not in text, path


@pytest.mark.whole
def test_unchanged_is_skipped_and_a_changed_output_is_made_again(
    made: Path, tmp_path: Path
) -> None:
    made = shutil.copytree(made, tmp_path / "copy", symlinks=True)
    assert run_report(order(made), lambda a, b: None).status == "unchanged"
    page = made / "reports" / "MDA" / "report.html"
    page.write_text(page.read_text(encoding="utf-8").replace("120", "121"), encoding="utf-8")
    assert run_report(order(made), lambda a, b: None).status == "made"
    assert "121" not in page.read_text(encoding="utf-8")


@pytest.mark.whole
def test_a_run_in_which_nothing_changed_loads_nothing_that_makes_reports(made: Path) -> None:
    run_report(order(made), lambda a, b: None)
    script = (
        "import sys; from pathlib import Path; from mismes_eval.cli.report import Order, run_reports\n"
        "root = Path(sys.argv[1]); order = Order('MDA', root / 'params/MDA.yaml', root / 'notebooks/country_report.ipynb', root / 'reports')\n"
        "print(run_reports([order], 2, lambda a, b: None, lambda o: None)[0].status, *sorted({'papermill', 'nbformat', 'jupyter_client', 'matplotlib'} & set(sys.modules)))"
    )
    said = subprocess.run(
        [sys.executable, "-c", script, str(made)], capture_output=True, text=True, check=True
    ).stdout
    assert said.split() == ["unchanged"]


@pytest.mark.whole
def test_the_country_with_the_most_data_begins_first_and_outcomes_keep_their_order(
    project: Path,
) -> None:
    (project / "data_raw" / "FRA" / "lfs.csv").write_text(
        (project / "data_raw" / "FRA" / "lfs.csv").read_text(encoding="utf-8") + "\n" * 5000,
        encoding="utf-8",
    )
    write_notebook(project / "notebooks" / "short.ipynb", "1 + 1")
    began: list[str] = []
    names = ("MDA", "NOT", "FRA")
    orders = [
        Order(
            n,
            project / "params" / f"{n}.yaml",
            project / "notebooks" / "short.ipynb",
            project / "reports",
        )
        for n in names
    ]
    outcomes = run_reports(orders, 1, lambda a, b: None, lambda outcome: began.append(outcome.name))
    assert began == ["FRA", "MDA", "NOT"]
    assert [o.name for o in outcomes] == list(names)
    assert [o.exit_status for o in outcomes] == [1, 2, 1]


@pytest.mark.whole
def test_a_failing_run_keeps_the_earlier_report(made: Path, tmp_path: Path) -> None:
    made = shutil.copytree(made, tmp_path / "copy", symlinks=True)
    before = read_manifest(made / "reports" / "MDA")["fingerprint"]
    write_notebook(made / "notebooks" / "broken.ipynb", "raise ValueError")
    assert run_report(order(made, "broken"), lambda a, b: None).status == "failed"
    assert read_manifest(made / "reports" / "MDA")["fingerprint"] == before


@pytest.mark.parametrize(
    "parameters",
    ["run = 1", "import os", 'run = "x"\nother = 2', 'other = "x"', 'run = print("x")'],
)
def test_a_notebook_that_takes_another_parameter_is_refused(project: Path, parameters: str) -> None:
    write_notebook(project / "notebooks" / "other.ipynb", "1", parameters=parameters)
    outcome = run_report(order(project, "other"), lambda a, b: None)
    assert outcome.exit_status == 2
    assert not (project / "reports").exists()


def test_two_reports_of_one_name_are_refused(project: Path) -> None:
    with pytest.raises(ParamsError, match="one name: MDA"):
        run_reports([order(project), order(project)], 1, lambda a, b: None, lambda o: None)


@pytest.mark.whole
def test_synthetic_data_cannot_be_shown_unmarked(project: Path) -> None:
    write_notebook(
        project / "notebooks" / "unmarked.ipynb",
        OPEN,
        SHOW.replace("report.synthetic", "False"),
        FIGURE,
        FINISH,
    )
    outcome = run_report(order(project, "unmarked"), lambda a, b: None)
    assert "without saying so" in str(outcome.problems[0])
