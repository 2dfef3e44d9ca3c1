"""The attack on published files finds what a protection that failed would leave, and nothing where
it holds.
"""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from mismes_eval.report.document.blocks import Front, Grid, Manuscript, Run
from mismes_eval.report.document.word import write_word


@pytest.fixture(scope="module")
def attack(root: Path) -> ModuleType:
    file = root / "benchmarks" / "published_attack.py"
    spec = importlib.util.spec_from_file_location("published_attack", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["published_attack"] = module
    spec.loader.exec_module(module)
    return module


def report(folder: Path, hidden: dict[str, str], **change: int) -> Path:
    """Regions and all of them, for everybody and for returnees; hidden: row -> status of the
    returnees' cell.
    """
    everybody = {"north": 40, "south": 50, "east": 60, "all": 150} | change
    returnees = {"north": 12, "south": 4, "east": 14, "all": 30}
    cells = [
        {"table": t, "row": r, "column": c, "value": 0.5, "n": n, "status": "shown"}
        for t, c, part in (("T07", "everybody", everybody), ("T08", "returnees", returnees))
        for r, n in part.items()
    ]
    for cell in cells:
        if cell["column"] == "returnees" and cell["row"] in hidden:
            cell |= {"n": None, "value": None, "status": hidden[str(cell["row"])]}
    (folder / "figures").mkdir(parents=True)
    (folder / "estimates.json").write_text(json.dumps({"estimates": cells}), encoding="utf-8")
    return folder


def test_a_cell_alone_in_its_sum_is_recovered(attack: ModuleType, tmp_path: Path) -> None:
    bare = report(tmp_path / "bare", {"south": "confidential"})
    assert attack.of_report(bare) == (1, ["bare T08 / south / returnees"])
    held = report(tmp_path / "held", {"south": "confidential", "north": "secondary"})
    assert attack.of_report(held) == (1, [])


def test_a_picture_that_draws_a_hidden_cell_is_found(attack: ModuleType, tmp_path: Path) -> None:
    folder = report(tmp_path / "drawn", {"south": "confidential", "north": "secondary"})
    (folder / "figures" / "F08.csv").write_text("index,returnees\nsouth,0.4\neast,0.5\n")
    assert attack.of_report(folder)[1] == ["drawn F08.csv / south / returnees"]
    (folder / "figures" / "F08.csv").write_text("index,returnees\nsouth,\neast,0.5\n")
    assert attack.of_report(folder)[1] == []


def test_a_word_document_that_prints_a_hidden_cell_is_found(
    attack: ModuleType, tmp_path: Path
) -> None:
    folder = report(tmp_path / "word", {"south": "confidential", "north": "secondary"})
    front = Front("t", "Moldova", "report", "en", "run")
    for text, found in (("4", ["word report.docx / T08 / south / returnees"]), ("c", [])):
        rows = (((Run("north"),), (Run("c"),)), ((Run("south"),), (Run(text, "T08.1.value"),)))
        grid = Grid("T08", "Work", ("Group", "returnees"), rows)
        write_word(folder / "report.docx", Manuscript(front, (grid,)))
        assert attack.of_report(folder)[1] == found


def test_a_person_between_two_folders_is_found(attack: ModuleType, tmp_path: Path) -> None:
    hidden = {"south": "confidential", "north": "secondary"}
    report(tmp_path / "then" / "MDA", hidden)
    report(tmp_path / "now" / "MDA", hidden, north=41, all=151)
    cells, told = attack.between(tmp_path / "then", tmp_path / "now")
    assert cells == 8 and told == ["MDA T07 / north / everybody", "MDA T07 / all / everybody"]


@pytest.mark.parametrize(
    ("then", "now", "change", "told"),
    [
        ({"south": "confidential", "north": "secondary"}, None, {}, []),
        (
            {"south": "confidential", "north": "secondary"},
            {"south": "confidential", "east": "secondary"},
            {},
            ["MDA T08 / south / returnees, hidden in both"],
        ),
        ({"south": "secondary"}, {"south": "secondary"}, {"all": 1}, "MDA T08 / south / returnees"),
        ({"south": "secondary"}, {"south": "secondary"}, {"all": 10}, []),
    ],
)
def test_sums_of_two_folders_are_attacked(
    attack: ModuleType,
    tmp_path: Path,
    then: dict[str, str],
    now: dict[str, str] | None,
    change: dict[str, int],
    told: list[str] | str,
) -> None:
    report(tmp_path / "then" / "MDA", then)
    folder = report(tmp_path / "now" / "MDA", then if now is None else now)
    file = folder / "estimates.json"
    record = json.loads(file.read_text())
    for cell in record["estimates"]:
        if cell["column"] == "returnees" and cell["row"] in change:
            cell["n"] += change[cell["row"]]
    file.write_text(json.dumps(record), encoding="utf-8")
    found = attack.between(tmp_path / "then", tmp_path / "now")[1]
    assert told in found if isinstance(told, str) else found == told


@pytest.mark.parametrize(
    ("then", "now", "told"),
    [
        ({"T07/all/returnees": 62}, {"T10/any/returnees who took part": 58}, 1),
        ({"T07/all/returnees": 62}, {"T10/any/returnees who took part": 52}, 0),
        ({"T07/all/returnees": 62}, {"T10/any/residents": 58}, 0),
        (
            {"T07/all/returnees": 62, "T08/work/returnees": 40},
            {"T10/any/returnees": 58, "T08/work/returnees": 60},
            0,
        ),
        ({"T07/sex: men/returnees": 62}, {"T07/sex: women/returnees": 58}, 0),
    ],
)
def test_bases_of_two_folders_are_attacked(
    attack: ModuleType, tmp_path: Path, then: dict[str, int], now: dict[str, int], told: int
) -> None:
    for name, numbers in (("then", then), ("now", now)):
        folder = tmp_path / name / "MDA"
        folder.mkdir(parents=True)
        keys = ("table", "row", "column", "n", "value", "status")
        rows = [(*place.split("/"), n, 0.5, "shown") for place, n in numbers.items()]
        made = {"estimates": [dict(zip(keys, row, strict=True)) for row in rows]}
        (folder / "estimates.json").write_text(json.dumps(made), encoding="utf-8")
    assert len(attack.between(tmp_path / "then", tmp_path / "now")[1]) == told


def test_the_parts_in_one_folder_and_the_whole_in_the_other(
    attack: ModuleType, tmp_path: Path
) -> None:
    small = {"south": "confidential"}
    report(tmp_path / "then" / "MDA", small | {"all": "secondary"})
    report(tmp_path / "now" / "MDA", small | {"north": "secondary", "east": "secondary"})
    told = attack.between(tmp_path / "then", tmp_path / "now")[1]
    assert "MDA T08 / south / returnees, hidden in both" in told


def test_a_count_of_persons_is_compared(attack: ModuleType, tmp_path: Path) -> None:
    for name, count in (("then", 62.0), ("now", 63.0)):
        folder = tmp_path / name / "MDA"
        folder.mkdir(parents=True)
        cell = {"table": "T26", "row": "enrolled", "column": "participants", "value": count}
        cell |= {"n": None, "kind": "count", "unit": "persons", "status": "shown"}
        (folder / "estimates.json").write_text(json.dumps({"estimates": [cell]}), encoding="utf-8")
    expected = (1, ["MDA T26 / enrolled / participants"])
    assert attack.between(tmp_path / "then", tmp_path / "now") == expected


def test_a_share_that_one_person_moved_is_found(attack: ModuleType, tmp_path: Path) -> None:
    for name, persons in (("then", 0.0), ("now", 1.4)):
        folder = tmp_path / name / "MDA"
        folder.mkdir(parents=True)
        cells = [
            {"table": "T08", "row": f"r{k}", "column": "c", "value": 0.1 * k, "n": 722}
            | {"kind": "proportion", "unit": "share", "status": "shown"}
            for k in range(1, 9)
        ]
        cells[2]["value"] = 0.3 + persons / 722
        (folder / "estimates.json").write_text(json.dumps({"estimates": cells}), encoding="utf-8")
    told = attack.between(tmp_path / "then", tmp_path / "now")[1]
    assert told == ["MDA T08 / r3 / c, moved"]


@pytest.mark.slow
def test_rates_beside_each_other_tell_of_no_few_persons(root: Path) -> None:
    """A study of equal weights in which two to five persons of an arm answered in part."""
    file = root / "benchmarks" / "interval_attack.py"
    spec = importlib.util.spec_from_file_location("interval_attack", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["interval_attack"] = module
    spec.loader.exec_module(module)
    tried, told = module.made(1, 22)
    assert tried > 200 and told == []
