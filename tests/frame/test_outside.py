"""Files from outside that are no data file (exports, plans, logs, mappings, manifests, results) go
one way: small ones that hold too much, damaged ones and odd ones end in one error.
"""

import ast
import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from mismes_eval import inventory, lfs
from mismes_eval.errors import InputError, MismesError, Problem
from mismes_eval.evaluation.analysis_plan import read_plan
from mismes_eval.fieldwork.exports import read_export
from mismes_eval.frame import limits, outside, read
from mismes_eval.inventory import iati_file
from mismes_eval.report.trust.provenance import ESTIMATES, MANIFEST, read_manifest, read_results
from mismes_eval.weighting import saved
from mismes_eval.weighting.sample import Sample


def _xlsx(path: Path, sheets: int, rows: int, inside: str = "xl/worksheets/") -> Path:
    """A workbook of so many sheets of 14 cells a row; `inside`: where its sheets are kept."""
    book = openpyxl.Workbook()
    for place in range(1, sheets):
        book.create_sheet(f"s{place}")
    whole = io.BytesIO()
    book.save(whole)
    row = b"<row>" + b"<c><v>1</v></c>" * 14 + b"</row>"
    with (
        zipfile.ZipFile(whole) as made,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        for name in made.namelist():
            text = made.read(name).replace(b"<sheetData/>", b"<sheetData></sheetData>")
            if name in ("xl/_rels/workbook.xml.rels", "[Content_Types].xml"):
                text = text.replace(b"xl/worksheets/", inside.encode())
            place = name.replace("xl/worksheets/", inside)
            if not name.startswith("xl/worksheets/"):
                archive.writestr(name, text)
                continue
            head, tail = text.split(b"</sheetData>")
            with archive.open(place, "w", force_zip64=True) as stream:
                stream.write(head)
                for _ in range(rows // 1000):
                    stream.write(row * 1000)
                stream.write(b"</sheetData>" + tail)
    return path


def _refused(call: Callable[[Path], object], path: Path) -> str:
    with pytest.raises(MismesError) as error:
        call(path)
    return str(error.value)


@pytest.mark.parametrize("call", [read_export, read_plan, read], ids=lambda c: c.__name__)
def test_cells_are_counted_over_all_sheets_of_a_workbook(
    call: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SHEET_CELLS", 100_000)
    one = _xlsx(tmp_path / "one.xlsx", 1, 8_000)
    several = _xlsx(tmp_path / "several.xlsx", 4, 2_000)
    few = _xlsx(tmp_path / "few.xlsx", 1, 1_000)
    assert "the workbook has too many cells" in _refused(call, one)
    assert "the workbook has too many cells" in _refused(call, several)
    assert "too many" not in _refused(call, few)  # a sheet of numbers is no table of these


def test_a_part_that_only_looks_like_a_sheet_is_bound_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _xlsx(tmp_path / "deep.xlsx", 1, 2_000, "xl/worksheets/deep/")
    monkeypatch.setattr(limits, "BESIDE_SHEETS", 100_000)
    assert "a part of the workbook is too large" in _refused(read, path)
    monkeypatch.setattr(limits, "BESIDE_SHEETS", 1_000_000)
    monkeypatch.setattr(limits, "WHOLE", 100_000)
    assert "the parts beside the sheets are too large" in _refused(read, path)


@pytest.mark.parametrize("end", [".csv", ".tsv", ".tab", ".txt", ".xlsx"])
@pytest.mark.parametrize("call", [read_export, outside.table_of], ids=lambda c: c.__name__)
def test_each_limit_holds_for_each_ending(
    call: Callable[[Path], object], end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"a{end}"
    table = pd.DataFrame({"a": ["x" * 400] * 30, "b": ["1"] * 30})
    if end == ".xlsx":
        table.to_excel(path, index=False)
    else:
        table.to_csv(path, index=False, sep=outside.TABLE_ENDS[end])
    assert len(call(path)) == 30  # type: ignore[arg-type]
    for limit, value in (("CELL", 300), ("SHEET_ROWS", 20), ("ROWS", 20), ("COLUMNS", 1)):
        if (limit == "SHEET_ROWS") != (end == ".xlsx") and limit != "CELL":
            continue
        with monkeypatch.context() as patch:
            patch.setattr(limits, limit, value)
            assert "at most" in _refused(call, path)


def test_an_export_is_text_as_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "comma.csv").write_text('a,b\n007," x, y"\n1.50,\n', encoding="utf-8-sig")
    (tmp_path / "kobo.csv").write_text("a;b\n007;x, y\n1.50;\n")
    (tmp_path / "solutions.tab").write_text("a\tb\n007\tx, y\n1.50\t\n")
    for name in ("comma.csv", "kobo.csv", "solutions.tab"):
        got = read_export(tmp_path / name)
        assert got.to_dict("list") == {"a": ["007", "1.50"], "b": ["x, y", ""]}
    table = pd.DataFrame({"a": ["007", 3, 2.5, True], "b": [None, 7.0, "x ", None]})
    table.to_excel(tmp_path / "book.xlsx", index=False)
    got = read_export(tmp_path / "book.xlsx")
    assert got.to_dict("list") == {"a": ["007", "3", "2.5", "True"], "b": ["", "7", "x", ""]}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a,b\n1,2,3\n", "uneven length"),
        (b'a,b\n1,"2\n', "truncated"),
        (b"a,b\n1,\xff\n", "wrong encoding"),
        (b"", "empty"),
        (b"a,b\n1,\x00\n", "damaged text"),
        (b"a,a\n1,2\n", "a"),
    ],
)
def test_a_damaged_export_is_one_error(content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    assert words in _refused(read_export, tmp_path / "a.csv")


BOMB = "a: &a [x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [*{a}, *{a}, *{a}, *{a}, *{a}, *{a}, *{a}, *{a}]\n"
    for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BOMB, "aliases"),
        ("[" * 500 + "]" * 500, "not YAML"),
        ("a: [\n", "not YAML"),
        ("a: 2026-99-99\n", "not YAML"),
        ("!!python/object/apply:os.system [ls]\n", "not YAML"),
        ("x" * 1_000_001, "too large"),
        ("- a\n" * 40_000, "too many values"),
        ("[" + "0," * 90_000 + "]", "too many values"),
        ("- a\n", "mapping"),
        ("", "mapping"),
    ],
    ids=["aliases", "deep", "cut", "day", "tag", "large", "lines", "flow", "list", "empty"],
)
def test_a_mapping_file_is_held_to_plain_words(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "map.yaml"
    path.write_text(text)
    for call in (lfs.Mapping.load, inventory.load_mapping):
        assert words in _refused(call, path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 100_000, "not JSON"),
        ('{"a":' * 60 + "1" + "}" * 60, "more than 50 levels"),
        ("{", "not JSON"),
        ("[1, 2]", "another layout"),
        ("\ufeff\udc80", "UTF-8"),
        (" " * 51_000_000, "too large"),
        ("[" + "[]," * 600_000 + "0]", "too many values"),
        ("[" + '{"a":0},' * 600_000 + "0]", "too many values"),
    ],
    ids=["deep", "nested", "cut", "list", "bytes", "large", "lists", "mappings"],
)
def test_results_and_manifests_of_others_end_in_one_error(
    text: str, words: str, tmp_path: Path
) -> None:
    for name, call in ((ESTIMATES, read_results), (MANIFEST, read_manifest)):
        (tmp_path / name).write_bytes(text.encode("utf-8", "surrogateescape"))
        assert words in _refused(call, tmp_path)
    (tmp_path / ESTIMATES).unlink()
    assert "no such file" in _refused(read_results, tmp_path)


def test_a_saved_sample_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved, "LARGEST", 1_000)
    with zipfile.ZipFile(tmp_path / "s", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(saved.ARRAYS, b"0" * 2_000)
    assert "at most 1,000 are read" in _refused(Sample.load, tmp_path / "s")


def test_an_activity_of_a_thousand_thousand_elements_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(iati_file, "MOST_ELEMENTS", 100)
    head, tail = '<iati-activities version="2.03">', "</iati-activities>"
    for inner in (
        "<iati-activity>" + "<a/>" * 200 + "</iati-activity>",
        "<x>" + "<a/>" * 200 + "</x>",
    ):
        with pytest.raises(InputError, match="too many elements"):
            list(iati_file.activities_of((head + inner + tail).encode(), "a.xml"))
    several = (head + ("<iati-activity>" + "<a/>" * 50 + "</iati-activity>") * 5 + tail).encode()
    assert len(list(iati_file.activities_of(several, "a.xml"))) == 5


# module -> why it may open files without `frame.outside` and `frame.read`
OWN = {
    "frame/outside.py": "the one way",
    "frame/read.py": "the one way",
    "frame/archive.py": "the one way",
    "frame/excel.py": "the one way",
    "frame/delimited.py": "the one way",
    "frame/statistical.py": "the one way",
    "frame/limits.py": "the one way",
    "lfs/mapping_draft.py": "what it writes itself",
    "report/document/word.py": "parts that it makes",
    "report/document/manuscript.py": "what this run's kernel wrote",
    "report/trust/edited.py": "a Word document, held like a workbook",
    "lfs/read.py": "the reader of `frame`",
    "inventory/iati_file.py": "XML, with limits of its own",
    "report/factory/zipped.py": "writes",
    "frame/codes.py": "lists of the package",
    "evaluation/yaml_text.py": "params, with their own limit",
    "weighting/saved.py": "a saved sample, with its own limit",
    "report/trust/differences.py": "two published files, held before they are opened",
    "report/trust/spelling.py": "two published files that `differences` held",
    "report/tutorial.py": "data of a kept library",
    "report/site/build.py": "the site's own file of evaluations",
    "report/session.py": "the order of this run",
    "report/factory/preloaded_kernel.py": "the order of this run",
    "report/factory/execute.py": "what this run's kernel wrote",
    "report/factory/endings.py": "the kernel's own account",
}
READERS = {
    *("read_csv", "read_excel", "read_parquet", "read_table", "read_stata", "read_spss"),
    *("read_sas", "read_json", "read_html", "load_workbook", "ZipFile", "GzipFile", "safe_load"),
    *("read_feather", "read_hdf", "iterparse", "fromstring", "parse_xml", "ExcelFile"),
}


JSON = re.compile(r"json\.loads?\(.*(read_text|read_bytes|open)\(")


def test_every_other_module_reads_files_of_the_package_only(root: Path) -> None:
    """A reader is called with a file of the package (`files(...)`) or stands in OWN."""
    astray = []
    package = root / "mismes_eval"
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package).as_posix()
        source = path.read_text(encoding="utf-8")
        if name in OWN or not any(word in source for word in (*READERS, "json.load")):
            continue
        for function in [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef)]:
            text = ast.unparse(function)
            calls = [n for n in ast.walk(function) if isinstance(n, ast.Call)]
            names = {ast.unparse(n.func).rsplit(".", 1)[-1] for n in calls}
            opens = READERS & names or any(JSON.match(ast.unparse(n)) for n in calls)
            if opens and "files(" not in text:
                astray.append(f"{name}: {function.name}")
    assert json.dumps(astray) == "[]"


def test_a_number_that_nothing_computes_with_is_no_json(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text('{"a": ' + "1" * 400 + "}", encoding="utf-8")
    with pytest.raises(InputError, match="400 digits"):
        outside.json_of(file)


@pytest.mark.parametrize("sign", ["\x1b", "\x9b", "\u202e", "\ud800", "\x00"])
def test_a_refusal_commands_no_terminal(sign: str) -> None:
    said = str(Problem("a column is unknown", f"column{sign}[2J", got=f"{sign}x"))
    assert sign not in said and sign.encode("unicode_escape").decode() in said
