"""Attacks on verify, package, runs and publishing: nothing leaves that should not, nothing runs that
was not asked for, and what went wrong is told by its cause. Each kind has several examples.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from PIL import Image

from mismes_eval.errors import ParamsError
from mismes_eval.report.factory.endings import cannot_write, error_of_a_cell, kernel_ended
from mismes_eval.report.factory.orders import Order, Outcome
from mismes_eval.report.factory.run import run_report, run_reports
from mismes_eval.report.trust import verify as verifying
from mismes_eval.report.trust.archive import package
from mismes_eval.report.trust.provenance import changed_outputs, file_hash, read_manifest
from mismes_eval.report.trust.verify import Verification, verify

from .conftest import FIGURE, FINISH, OPEN, SHOW, write_notebook

Change = Callable[[dict[str, Any]], None]


def quiet(name: str, what: str) -> None:
    """Progress that nobody reads."""


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "copy", symlinks=True)


def rewrite(folder: Path, change: Change) -> None:
    """Change a manifest, and give it a fingerprint of its own again where it can have one."""
    path = folder / "MANIFEST.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    change(record)
    path.write_text(json.dumps(record), encoding="utf-8")


def rehash(folder: Path) -> None:
    """The manifest as somebody writes it who changed a file and hides it."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "MANIFEST.json")
    rows = [
        {
            "path": p.relative_to(folder).as_posix(),
            "sha256": hashlib.sha256(p.read_bytes()).hexdigest(),
            "bytes": p.stat().st_size,
        }
        for p in files
    ]
    rewrite(folder, lambda record: record.update(outputs=rows))


OUTSIDE = (
    "../secret.txt",
    "../../../../etc/passwd",
    "/etc/passwd",
    "data_raw/../../secret.txt",
    "..\\secret.txt",
    "C:/secret.txt",
    "a\x00b",
    "./params/MDA.yaml",
    "",
    ".",
)
PLACES: dict[str, Callable[[dict[str, Any], str], None]] = {
    "notebook": lambda record, path: record["notebook"].update(name=path),
    "params": lambda record, path: record["params"].update(file=path),
    "input": lambda record, path: record["inputs"][0].update(path=path),
    "one more input": lambda record, path: record["inputs"].append(
        {"key": "inputs.x", "path": path, "sha256": "0" * 64, "bytes": 1}
    ),
    "output": lambda record, path: record["outputs"].append(
        {"path": path, "sha256": "0" * 64, "bytes": 1}
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_no_path_of_a_manifest_leads_out(copy: Path, tmp_path: Path, place: str) -> None:
    folder = copy / "reports" / "MDA"
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    whole = (folder / "MANIFEST.json").read_text(encoding="utf-8")
    for path in OUTSIDE:
        (folder / "MANIFEST.json").write_text(whole, encoding="utf-8")
        rewrite(folder, lambda record, p=path: PLACES[place](record, p))  # type: ignore[misc]
        for attempt in (
            lambda: verify(folder, copy, copy / "notebooks", None, quiet, foreign=True),
            lambda: package(folder, copy, copy / "notebooks", tmp_path / "a.zip", True),
        ):
            with pytest.raises(ParamsError, match="manifest"):
                attempt()
    assert not (tmp_path / "a.zip").exists()


def test_a_manifest_asks_for_no_data_of_others(copy: Path, tmp_path: Path) -> None:
    """Files of the project that the report's params do not name, with hashes that other reports
    publish; params that came with the report and say that real data are made up.
    """
    folder = copy / "reports" / "MDA"
    whole = (folder / "MANIFEST.json").read_text(encoding="utf-8")
    for place in ("data_raw/CHL/persons.csv", "notes/plan.txt"):
        other = copy / place
        other.parent.mkdir(parents=True)
        other.write_text("person,wage\n1,2\n", encoding="utf-8")
        more = {"key": "lfs.file", "path": place, "sha256": file_hash(other), "bytes": 16}
        (folder / "MANIFEST.json").write_text(whole, encoding="utf-8")
        rewrite(folder, lambda record, m=more: record["inputs"].append(m))  # type: ignore[misc]
        with pytest.raises(ParamsError, match="not one that the params name"):
            package(folder, copy, copy / "notebooks", tmp_path / "a.zip", True)
    for place in ("reports/MDA/MDA.yaml", "reports/TUN/x.yaml"):
        other = copy / place
        other.parent.mkdir(parents=True, exist_ok=True)
        other.write_bytes((copy / "params" / "MDA.yaml").read_bytes())
        (folder / "MANIFEST.json").write_text(whole, encoding="utf-8")
        rewrite(folder, lambda record, p=place: record["params"].update(file=p))  # type: ignore[misc]
        rehash(folder)
        for attempt in (
            lambda: verify(folder, copy, copy / "notebooks", None, quiet, foreign=True),
            lambda: package(folder, copy, copy / "notebooks", tmp_path / "a.zip", True),
        ):
            with pytest.raises(ParamsError, match="part of a report"):
                attempt()
    assert not (tmp_path / "a.zip").exists()


def test_links_lead_nowhere(copy: Path, tmp_path: Path) -> None:
    """A link in the report, in the project's data, in place of the notebook."""
    secret = tmp_path / "secret.txt"
    secret.write_text("secret", encoding="utf-8")
    folder = copy / "reports" / "MDA"
    (folder / "tables" / "more.txt").symlink_to(secret)
    rehash(folder)
    assert changed_outputs(folder, read_manifest(folder)) == ["tables/more.txt: a link"]
    with pytest.raises(ParamsError, match="changed after it was made"):
        package(folder, copy, copy / "notebooks", tmp_path / "a.zip", True)
    (folder / "tables" / "more.txt").unlink()
    rehash(folder)
    notebook = copy / "notebooks" / "country_report.ipynb"
    shutil.move(notebook, tmp_path / "elsewhere.ipynb")
    notebook.symlink_to(tmp_path / "elsewhere.ipynb")
    for attempt in (
        lambda: verify(folder, copy, copy / "notebooks", None, quiet),
        lambda: package(folder, copy, copy / "notebooks", tmp_path / "a.zip", True),
    ):
        with pytest.raises(ParamsError, match="leaves its folder"):
            attempt()


EVIL = "import pathlib\npathlib.Path({where!r}).write_text('ran')\n"


def evil(copy: Path, marker: Path, *cells: str) -> Path:
    """A notebook in the project under the name that the report records, and what it does."""
    path = copy / "notebooks" / "country_report.ipynb"
    return write_notebook(path, EVIL.format(where=str(marker)), *cells)


def test_another_notebook_does_not_run(copy: Path, tmp_path: Path) -> None:
    evil(copy, tmp_path / "PWNED", OPEN, SHOW, FINISH)
    with pytest.raises(ParamsError, match="nothing was run"):
        verify(copy / "reports" / "MDA", copy, copy / "notebooks", None, quiet)
    assert not (tmp_path / "PWNED").exists()
    with pytest.raises(ParamsError, match="not the one that the report was made with"):
        package(copy / "reports" / "MDA", copy, copy / "notebooks", tmp_path / "a.zip", True)


@pytest.mark.whole
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="networks are cut off on Linux")
def test_foreign_code_runs_on_an_explicit_yes_without_network_and_at_no_home(
    copy: Path, tmp_path: Path
) -> None:
    probe = (
        "import json, os, pathlib, socket\n"
        "told = {'home': os.environ['HOME'], 'here': os.getcwd(), 'links': os.listdir('/sys/class/net')}\n"
        "try:\n    socket.create_connection(('127.0.0.1', int(pathlib.Path(PORT).read_text())), 2)\n    told['reached'] = True\n"
        "except OSError:\n    told['reached'] = False\n"
        "pathlib.Path(OUT).write_text(json.dumps(told))"
    )

    with socket.create_server(("127.0.0.1", 0)) as server:
        (tmp_path / "port").write_text(str(server.getsockname()[1]))
        text = f"PORT, OUT = {str(tmp_path / 'port')!r}, {str(tmp_path / 'told')!r}\n{probe}"
        evil(copy, tmp_path / "RAN", text, OPEN, SHOW, FIGURE, FINISH)
        found = verify(copy / "reports" / "MDA", copy, copy / "notebooks", None, quiet, True)
    told = json.loads((tmp_path / "told").read_text())
    assert found.foreign and not found.reproduced
    assert "code ran that is not the notebook of this report" in found.text()
    assert not told["reached"]
    assert told["home"] == told["here"] != str(Path.home())
    assert not Path(told["home"]).exists()


def flip(name: str) -> Change:
    return lambda record: record.update({name: not record[name]})


@pytest.mark.parametrize("country", ["MDA", "FRA"])
def test_who_says_that_data_are_made_up_is_not_the_manifest(
    copy: Path, tmp_path: Path, country: str
) -> None:
    folder = copy / "reports" / country
    rewrite(folder, flip("synthetic"))
    for with_data in (False, True):
        with pytest.raises(ParamsError, match="says something else of the data"):
            package(folder, copy, copy / "notebooks", tmp_path / "a.zip", with_data)
    estimates = json.loads((folder / "estimates.json").read_text(encoding="utf-8"))
    estimates["synthetic"] = not estimates["synthetic"]
    (folder / "estimates.json").write_text(json.dumps(estimates), encoding="utf-8")
    rehash(folder)
    with pytest.raises(ParamsError, match="says something else of the data"):
        package(folder, copy, copy / "notebooks", tmp_path / "a.zip", False)
    assert not (tmp_path / "a.zip").exists()


def test_an_archive_holds_relative_names_only(made: Path, tmp_path: Path) -> None:
    package(made / "reports" / "MDA", made, made / "notebooks", tmp_path / "a.zip", True)
    with zipfile.ZipFile(tmp_path / "a.zip") as packed:
        names = packed.namelist()
    assert all(not n.startswith("/") and ".." not in n.split("/") for n in names)
    assert len(names) == len(set(names)) > 100


# --- what verify finds -----------------------------------------------------------------------------


def _json(folder: Path, name: str, change: Change) -> None:
    path = folder / name
    found = json.loads(path.read_text(encoding="utf-8"))
    change(found)
    path.write_text(json.dumps(found), encoding="utf-8")


def _text(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def _workbook(folder: Path, change: Callable[[Any], None]) -> None:
    book = openpyxl.load_workbook(folder / "tables.xlsx")
    change(book)
    book.save(folder / "tables.xlsx")


def _hide(book: Any) -> None:
    book.create_sheet("extra")["A1"] = "=1+1"
    book["extra"].sheet_state = "hidden"


def _parquet(folder: Path, name: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    change(pd.read_parquet(folder / name)).to_parquet(folder / name, index=False)


def _more(folder: Path, name: str, content: bytes) -> None:
    file = folder / name
    file.write_bytes(file.read_bytes() + content)


def _pixel(picture: bytes) -> bytes:
    image = Image.open(io.BytesIO(picture)).convert("RGBA")
    image.putpixel((3, 3), (1, 2, 3, 255))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _figure(folder: Path) -> None:
    path = folder / "figures" / "F01.png"
    path.write_bytes(_pixel(path.read_bytes()))


def _picture_in(folder: Path, name: str) -> None:
    """Another picture of the same size in the page or notebook."""
    path = folder / name
    text = path.read_text(encoding="utf-8")
    old = max(re.findall(r"[A-Za-z0-9+/=]{400,}", text), key=len)
    new = base64.b64encode(_pixel(base64.b64decode(old))).decode()
    path.write_text(text.replace(old, new), encoding="utf-8")


TAMPERED: dict[str, Callable[[Path], None]] = {
    "number in the page": lambda f: _text(f, "report.html", ">120<", ">130<"),
    "words on the cover": lambda f: _text(f, "report.html", "<main", "<p>Official</p><main"),
    "script in the page": lambda f: _text(f, "report.html", "</body>", "<script>1</script></body>"),
    "policy of the page": lambda f: _text(f, "report.html", "default-src 'none'", "default-src *"),
    "link in the page": lambda f: _text(f, "report.html", 'href="#', 'href="https://x.example/#'),
    "picture in the page": lambda f: _picture_in(f, "report.html"),
    "mark of made-up data": lambda f: _text(f, "report.html", "SYNTHETIC", "OFFICIAL"),
    "cell of the workbook": lambda f: _workbook(f, lambda b: b["T01"].__setitem__("D4", 1)),
    "hidden sheet": lambda f: _workbook(f, _hide),
    "sheet gone": lambda f: _workbook(f, lambda b: b.remove(b["T01"])),
    "comment in the workbook": lambda f: _workbook(
        f, lambda b: setattr(b["T01"]["A1"], "comment", openpyxl.comments.Comment("x", "y"))
    ),
    "number of a table": lambda f: _parquet(
        f, "tables/T01.parquet", lambda d: d.assign(value=d["value"] + 1)
    ),
    "column of a table": lambda f: _parquet(f, "tables/T01.parquet", lambda d: d.assign(more=1)),
    "row of the numbers": lambda f: _parquet(f, "estimates.parquet", lambda d: d.iloc[:-1]),
    "country of the numbers": lambda f: _parquet(
        f, "estimates.parquet", lambda d: d.assign(country="GEO")
    ),
    "value": lambda f: _json(f, "estimates.json", lambda e: e["estimates"][0].update(value=1.0)),
    "flag": lambda f: _json(f, "estimates.json", lambda e: e["estimates"][0].update(flag="u")),
    "title": lambda f: _json(f, "estimates.json", lambda e: e["tables"].update(T01="Other")),
    "warnings": lambda f: _json(f, "estimates.json", lambda e: e.update(warnings=["all is well"])),
    "made up": lambda f: _json(f, "estimates.json", lambda e: e.update(synthetic=False)),
    "hidden cells": lambda f: _json(f, "estimates.json", lambda e: e.update(hidden_cells=7)),
    "code of the notebook": lambda f: _json(
        f, "report.ipynb", lambda n: n["cells"][-1].update(source="report.finish()  # other")
    ),
    "output of the notebook": lambda f: _text(f, "report.ipynb", ">120<", ">130<"),
    "picture in the notebook": lambda f: _picture_in(f, "report.ipynb"),
    "data of a figure": lambda f: _text(f, "figures/F01.csv", "1", "2"),
    "pixel of a figure": _figure,
    "white letters": lambda f: _workbook(
        f, lambda b: setattr(b["T01"]["D4"], "font", openpyxl.styles.Font(color="FFFFFFFF"))
    ),
    "header of a sheet": lambda f: _workbook(
        f, lambda b: setattr(b["T01"].oddHeader.center, "text", "Final")
    ),
    "author of the workbook": lambda f: _workbook(
        f, lambda b: setattr(b.properties, "creator", "The Minister")
    ),
    "bytes behind the workbook": lambda f: _more(f, "tables.xlsx", b"x"),
    "bytes behind a picture": lambda f: _more(f, "figures/F01.png", b"x"),
    "line ends": lambda f: _text(f, "figures/F01.csv", "\n", "\r\n"),
    "a key twice": lambda f: _text(f, "estimates.json", "{", '{"synthetic": false, '),
    "kernel of the notebook": lambda f: _json(
        f, "report.ipynb", lambda n: n["metadata"].setdefault("kernelspec", {}).update(name="evil")
    ),
    "one more file": lambda f: (f / "estimates_final.xlsx").write_bytes(b"x") and None,
    "file gone": lambda f: (f / "tables.xlsx").unlink(),
}
FIELDS: dict[str, Change] = {
    "synthetic": flip("synthetic"),
    "seed": lambda m: m.update(seed=99),
    "country": lambda m: m.update(country="GEO"),
    "started": lambda m: m.update(started="2020-01-01T00:00:00Z"),
    "a param": lambda m: m["params"]["values"].update(year=1999),
    "hash of an input": lambda m: m["inputs"][0].update(sha256="0" * 64),
    "size of an input": lambda m: m["inputs"][0].update(bytes=1),
    "hash of the notebook's params": lambda m: m["params"].update(sha256="1" * 64),
    "hash of the package": lambda m: m.update(package_sha256="2" * 64),
    "version": lambda m: m["versions"].update(numpy="1.0"),
    "cell that showed a table": lambda m: m["shown"][0].update(cell="x"),
    "chapters": lambda m: m.update(chapters=[]),
    "size of an output": lambda m: m["outputs"][0].update(bytes=1),
    "fingerprint": lambda m: m.update(fingerprint="3" * 64),
    "a param gone": lambda m: m["params"]["values"].pop("year"),
    "one more field of the machine": lambda m: m["machine"].update(approved="yes"),
    "one more field of a chapter": lambda m: m["chapters"][0].update(approved="yes"),
    "one more field": lambda m: m.update(approved_by="the office"),
}


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.update(seconds=float("inf")),
        lambda m: m["chapters"][0].update(seconds=-1),
        lambda m: m["chapters"][0].update(title="data\n## Statement about rights"),
        lambda m: m["machine"].update(system="x\n\nThe data may be given to anybody."),
        lambda m: m["machine"].update(processors=[2]),
        lambda m: m["versions"].update({"a\nb": "1"}),
        lambda m: m["versions"].update(numpy="\ud800"),
        lambda m: m["versions"].update(numpy="1" * 10_000),
        lambda m: m["inputs"][0].update(bytes="33"),
        lambda m: m["inputs"][0].update(path="x" * 10_000),
        lambda m: m["params"].update(file="\ud800"),
        lambda m: m["notebook"].update(name="x" * 10_000),
        lambda m: m.update(seed=[1]),
        lambda m: m.update(seed=True),
    ],
)
def test_a_field_that_an_archive_prints_is_one_line(copy: Path, change: Change) -> None:
    rewrite(copy / "reports" / "MDA", change)
    with pytest.raises(ParamsError, match="not what it must be"):
        read_manifest(copy / "reports" / "MDA")


@pytest.fixture
def at_once(made: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], Verification]:
    """verify, with the untouched report as what the repeated run makes."""

    def untouched(order: Order, progress: object, kernels: object = None) -> Outcome:
        return Outcome(order.name, "made", 1.0, made / "reports" / "MDA")

    monkeypatch.setattr(verifying, "run_report", untouched)
    return lambda root: verify(root / "reports" / "MDA", root, root / "notebooks", None, quiet)


def test_the_untouched_report_is_reproduced(
    copy: Path, at_once: Callable[[Path], Verification]
) -> None:
    assert at_once(copy).reproduced


@pytest.mark.parametrize("attack", TAMPERED)
@pytest.mark.parametrize("hidden", [False, True])
def test_a_tampered_output_is_found(
    copy: Path, at_once: Callable[[Path], Verification], attack: str, hidden: bool
) -> None:
    """Also where the manifest was given the new hash."""
    folder = copy / "reports" / "MDA"
    TAMPERED[attack](folder)
    if hidden:
        rehash(folder)
    found = at_once(copy)
    assert not found.reproduced
    assert found.tampered or (hidden and (found.inside or found.differences))


@pytest.mark.parametrize("attack", [a for a in FIELDS if a != "started"])
def test_a_tampered_manifest_is_found(
    copy: Path, at_once: Callable[[Path], Verification], attack: str
) -> None:
    rewrite(copy / "reports" / "MDA", FIELDS[attack])
    found = at_once(copy)
    assert not found.reproduced and (found.manifest or found.tampered)


@pytest.mark.parametrize("value", ["\x1b[2J", "\ud800", "\u202e", "x" * 10**6])
def test_what_a_manifest_says_is_told_in_lines_that_have_an_end(
    copy: Path, at_once: Callable[[Path], Verification], value: str
) -> None:
    rewrite(copy / "reports" / "MDA", lambda m: m["params"]["values"].update(title=value))
    text = at_once(copy).text()
    assert "params / values / title" in text and value not in text
    assert all(len(line.encode("utf-8")) < 1000 for line in text.splitlines())


def test_a_file_of_another_size_is_not_read(copy: Path) -> None:
    folder = copy / "reports" / "MDA"
    os.truncate(folder / "report.html", 2**40)
    assert changed_outputs(folder, read_manifest(folder)) == ["report.html: changed"]


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_what_is_no_plain_file_is_found(copy: Path) -> None:
    folder = copy / "reports" / "MDA"
    os.mkfifo(folder / "more")
    assert changed_outputs(folder, read_manifest(folder)) == ["more: no plain file"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m["machine"].update(system="<b>x|y"), ""),
        (lambda m: m["machine"].update(memory_bytes="much"), ""),
        (lambda m: m.pop("seed"), "lacks fields"),
    ],
)
def test_the_words_of_an_archive_are_words(
    copy: Path, tmp_path: Path, change: Change, said: str
) -> None:
    rewrite(copy / "reports" / "MDA", change)
    if said:
        with pytest.raises(ParamsError, match=said):
            package(copy / "reports" / "MDA", copy, copy / "notebooks", tmp_path / "a.zip", True)
        return
    package(copy / "reports" / "MDA", copy, copy / "notebooks", tmp_path / "a.zip", True)
    with zipfile.ZipFile(tmp_path / "a.zip") as packed:
        readme = packed.read("README.md").decode("utf-8")
    assert "<b>" not in readme and ("memory not recorded" in readme or "&lt;b>x\\|y" in readme)


@pytest.mark.parametrize("titles", [[], None, "T01"])
def test_an_archive_of_results_without_titles_is_refused(
    copy: Path, tmp_path: Path, titles: object
) -> None:
    folder = copy / "reports" / "MDA"
    _json(folder, "estimates.json", lambda e: e.update(tables=titles))
    rehash(folder)
    with pytest.raises(ParamsError, match="another layout"):
        package(folder, copy, copy / "notebooks", tmp_path / "a.zip", True)


def test_a_manifest_with_a_key_twice_is_not_packed(copy: Path, tmp_path: Path) -> None:
    folder = copy / "reports" / "MDA"
    _text(folder, "MANIFEST.json", "{", '{"synthetic": false, ')
    with pytest.raises(ParamsError, match="keys stand twice"):
        package(folder, copy, copy / "notebooks", tmp_path / "a.zip", True)


@pytest.mark.slow
def test_another_day_of_the_run_is_found(copy: Path) -> None:
    """The repeated run states the recorded moment: the page of another moment differs."""
    rewrite(copy / "reports" / "MDA", FIELDS["started"])
    found = verify(copy / "reports" / "MDA", copy, copy / "notebooks", None, quiet)
    assert not found.reproduced
    assert {(d.table, d.cell) for d in found.inside} == {("report.html", "text")}


def test_a_signature_beside_the_manifest_is_no_change(copy: Path) -> None:
    folder = copy / "reports" / "MDA"
    (folder / "MANIFEST.json.minisig").write_text("untrusted comment: x\n", encoding="utf-8")
    assert changed_outputs(folder, read_manifest(folder)) == []


# --- how runs end ----------------------------------------------------------------------------------

ENDS: dict[str, tuple[str, str]] = {
    "kill": ("import os\nos.kill(os.getpid(), 9)", "signal 9 (SIGKILL)"),
    "abort": ("import os\nos.abort()", "signal 6 (SIGABRT)"),
    "segfault": ("import ctypes\nctypes.string_at(0)", "signal 11 (SIGSEGV)"),
    "status": ("import os\nos._exit(7)", "exit status 7"),
    "status 0": ("import os\nos._exit(0)", "exit status 0"),
    "quit": ("exit()\nimport time\ntime.sleep(3)", "exit status 0"),
    "sys.exit": ("import sys\nsys.exit(3)", "the notebook ended itself"),
    "memory": ("raise MemoryError", "ran out of memory"),
    "input": ("input('name? ')", "waits for input"),
    "password": ("import getpass\ngetpass.getpass()", "waits for input"),
    "print": ("print('x' * 40_000_000)", "output is too large"),
    "lines": ("for _ in range(10**9):\n    print('y' * 10_000)", "output is too large"),
    "html": (
        "from IPython.display import HTML\nHTML('<p>' + 'a' * 40_000_000 + '</p>')",
        "output is too large",
    ),
    "no output": ("import sys\nsys.stdout = None", "took its own output away"),
    "no value": ("import sys\nsys.stdout = None\n1 + 1", "took its own output away"),
    "no errors": ("import sys\ndel sys.stderr", "took its own output away"),
    "interrupted": ("raise KeyboardInterrupt", "was interrupted"),
    "files": ("held = [open('/dev/null') for _ in range(10**7)]", "too many files are open"),
    "full": ("raise OSError(28, 'No space left on device')", "the disk is full"),
}


@pytest.mark.slow
@pytest.mark.parametrize("forked", [False, True])
def test_the_end_of_a_kernel_is_told_by_its_cause(project: Path, forked: bool) -> None:
    if forked and not sys.platform.startswith("linux"):
        pytest.skip("kernels are forked on Linux")
    orders = [
        Order(
            name=name.replace(" ", "_"),
            params=project / "params" / "FRA.yaml",
            notebook=write_notebook(project / "notebooks" / f"{k}.ipynb", OPEN, code, FINISH),
            out=project / "reports",
            cell_seconds=60,
        )
        for k, (name, (code, _)) in enumerate(ENDS.items())
    ]
    outcomes = run_reports(orders, 4, quiet, lambda o: None, forked)
    told = {n: str(o.problems[:1]) for n, o in zip(ENDS, outcomes, strict=True)}
    assert {n: t for n, t in told.items() if ENDS[n][1] not in t} == {}
    assert all(o.status == "failed" for o in outcomes)
    assert not any((project / "reports" / ".work").iterdir())


@pytest.mark.slow
def test_many_lines_and_a_closed_output_are_no_failure(project: Path) -> None:
    notebook = write_notebook(
        project / "notebooks" / "lines.ipynb",
        OPEN,
        "for i in range(30_000): print(i)",
        SHOW,
        FIGURE,
        FINISH,
    )
    order = Order("MDA", project / "params" / "MDA.yaml", notebook, project / "reports")
    assert run_report(order, quiet).status == "made"


@pytest.mark.parametrize(
    "kernel",
    [
        {"name": "ir", "display_name": "R", "language": "R"},
        {"name": "julia-1.10", "display_name": "Julia"},
        {"name": "python2", "display_name": "Python 2", "language": "python"},
    ],
)
def test_a_notebook_for_another_kernel_is_refused(project: Path, kernel: dict[str, str]) -> None:
    path = write_notebook(project / "notebooks" / "other.ipynb", OPEN, FINISH)
    _json(path.parent, path.name, lambda n: n["metadata"].update(kernelspec=kernel))
    outcome = run_report(
        Order("MDA", project / "params" / "MDA.yaml", path, project / "reports"), quiet
    )
    assert outcome.exit_status == 2
    assert "for another kernel" in str(outcome.problems[0])


@pytest.mark.slow
def test_a_failed_notebook_on_real_data_keeps_no_data(project: Path) -> None:
    cell = "print('Ivan Petrov')\nraise ValueError('Ivan Petrov')"
    notebook = write_notebook(project / "notebooks" / "fails.ipynb", OPEN, cell)
    for code in ("FRA", "MDA"):
        order = Order(code, project / "params" / f"{code}.yaml", notebook, project / "reports")
        kept = run_report(order, quiet).failed_notebook
        assert kept is not None and kept.stat().st_mode & 0o077 == 0
        outputs = json.dumps([c.get("outputs") for c in json.loads(kept.read_text())["cells"]])
        assert ("Ivan" in outputs) == (code == "MDA")
        assert "ValueError" in outputs


# --- hermetic runs ---------------------------------------------------------------------------------

HOSTILE = {
    "PYTHONWARNINGS": "ignore",
    "LC_ALL": "tr_TR.UTF-8",
    "LANG": "tr_TR.UTF-8",
    "TZ": "Asia/Kolkata",
    "COLUMNS": "20",
    "MPLBACKEND": "pdf",
    "PYTHONHASHSEED": "77",
}
STARTUP = "raise SystemExit('a startup file ran')\n"
WARNS = (
    "import warnings\nfrom mismes_eval.errors import MismesWarning\n"
    "warnings.warn('weights above the cap: 12 rows', MismesWarning)\n"
    "import locale, os, time\nprint(locale.setlocale(locale.LC_ALL), time.tzname, sorted(os.environ)[:0])"
)
RUN = """
import sys
from pathlib import Path
from mismes_eval.report.factory.orders import Order
from mismes_eval.report.factory.run import run_reports
root, out, forked = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "forked"
order = Order("MDA", root / "params/MDA.yaml", root / "notebooks/warns.ipynb", out, started="2026-01-31T12:00:00Z")
print([(o.status, list(map(str, o.problems))) for o in run_reports([order], 1, lambda *a: None, lambda o: None, forked)])
"""


def hostile(folder: Path) -> dict[str, str]:
    """A user's own settings of every kind, all of which change what a kernel does or shows."""
    home = folder / "home"
    for path, text in {
        ".ipython/profile_default/startup/00.py": STARTUP,
        ".ipython/profile_default/ipython_kernel_config.py": "c.InteractiveShellApp.exec_lines = ['1/0']\n",
        ".config/matplotlib/matplotlibrc": "figure.dpi: 33\nfont.size: 30\n",
        "matplotlibrc": "figure.dpi: 34\nfont.size: 31\n",
        "startup.py": STARTUP,
        ".local/share/jupyter/kernels/python3/kernel.json": '{"argv": ["false"], "display_name": "x", "language": "python"}',
    }.items():
        (home / path).parent.mkdir(parents=True, exist_ok=True)
        (home / path).write_text(text, encoding="utf-8")
    own = {
        "HOME": str(home),
        "PYTHONSTARTUP": str(home / "startup.py"),
        "MATPLOTLIBRC": str(home / "matplotlibrc"),
        "JUPYTER_PATH": str(home / ".local/share/jupyter"),
    }
    return {**os.environ, **HOSTILE, **own}


def contents(folder: Path) -> dict[str, bytes]:
    files = [p for p in folder.rglob("*") if p.is_file() and p.name != "MANIFEST.json"]
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


@pytest.mark.slow
@pytest.mark.parametrize("how", ["plain", "forked"])
def test_runs_in_hostile_surroundings_give_the_same_bytes(
    project: Path, tmp_path: Path, how: str
) -> None:
    if how == "forked" and not sys.platform.startswith("linux"):
        pytest.skip("kernels are forked on Linux")
    write_notebook(project / "notebooks" / "warns.ipynb", OPEN, WARNS, SHOW, FIGURE, FINISH)
    worlds = {"own": dict(os.environ), "hostile": hostile(tmp_path)}
    for name, world in worlds.items():
        done = subprocess.run(
            [sys.executable, "-c", RUN, str(project), str(tmp_path / name), how],
            capture_output=True,
            text=True,
            check=True,
            env=world,
            cwd=tmp_path / "home" if name == "hostile" else None,
        )
        assert "('made', [])" in done.stdout, done
    one, two = (contents(tmp_path / name / "MDA") for name in worlds)
    assert sorted(n for n in one.keys() | two.keys() if one.get(n) != two.get(n)) == []
    assert "weights above the cap: 12 rows" in json.loads(one["estimates.json"])["warnings"]


@pytest.mark.slow
@pytest.mark.parametrize("where", ["long", "here"])
def test_the_folder_for_temporary_files_does_not_matter(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """A name longer than a socket's; the folder of the run by its dot (TMPDIR=.)."""
    folder = tmp_path / ("x" * 120)
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr("tempfile.tempdir", str(folder) if where == "long" else ".")
    order = Order(
        "MDA",
        project / "params" / "MDA.yaml",
        project / "notebooks" / "country_report.ipynb",
        project / "reports",
    )
    assert run_report(order, quiet).status == "made"
    assert list(folder.iterdir()) == []


# --- the command line ------------------------------------------------------------------------------

CLI = [sys.executable, "-m", "mismes_eval"]


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_leaves_nothing_behind_and_says_so(project: Path, number: signal.Signals) -> None:
    marker = project / "began"
    slow = f"import pathlib, time\npathlib.Path({str(marker)!r}).touch()\ntime.sleep(60)"
    write_notebook(project / "notebooks" / "country_report.ipynb", OPEN, slow, FINISH)
    temporary = project / "tmp"
    temporary.mkdir()
    run = subprocess.Popen(
        [*CLI, "report", "MDA", "FRA", "--jobs", "2"],
        cwd=project,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    while not marker.exists() and run.poll() is None:
        time.sleep(0.1)
    run.send_signal(number)
    _, said = run.communicate(timeout=60)
    assert run.returncode == 128 + number
    assert "Stopped" in said and (number is signal.SIGINT or number.name in said)
    assert not (project / "reports").exists() or not any((project / "reports").rglob("*"))
    assert [p for p in temporary.rglob("*") if p.is_file()] == []


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_a_reader_that_goes_away_costs_no_report(project: Path) -> None:
    reading, writing = os.pipe()
    run = subprocess.Popen(
        [*CLI, "report", "MDA"], cwd=project, stdout=writing, stderr=subprocess.PIPE, text=True
    )
    os.close(writing)
    os.close(reading)
    _, said = run.communicate(timeout=120)
    assert run.returncode == 0 and "nobody reads standard output" in said
    assert "Traceback" not in said and "Exception ignored" not in said
    folder = project / "reports" / "MDA"
    assert changed_outputs(folder, read_manifest(folder)) == []


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="streams of POSIX")
def test_closed_streams_cost_no_report(project: Path) -> None:
    command = f'"{sys.executable}" -m mismes_eval report MDA <&- >&- 2>&-'
    assert subprocess.run(command, shell=True, cwd=project, check=False).returncode == 0
    folder = project / "reports" / "MDA"
    assert changed_outputs(folder, read_manifest(folder)) == []


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
@pytest.mark.parametrize(("hard", "refused"), [(20, True), (100, True), (512, False)])
def test_too_few_open_files_are_refused_before_a_kernel_starts(
    project: Path, hard: int, refused: bool
) -> None:
    ask = (
        f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (20, {hard}))\n"
        "from mismes_eval.report.factory.open_files import provide; provide(2)"
    )
    done = subprocess.run(
        [sys.executable, "-c", ask], capture_output=True, text=True, check=False, cwd=project
    )
    assert ("too few files may be open" in done.stderr) == refused == bool(done.returncode)


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
def test_a_kernel_that_never_came_to_a_cell_is_not_told_of_the_notebook(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fix(status: int, words: str) -> str:
        return kernel_ended(status, "chapter 'start'", for_memory=False, last_words=words).fix

    assert "open files" in fix(1, "zmq.error.ZMQError: Too many open files")
    assert "make setup" in fix(1, "ModuleNotFoundError: No module named 'zmq'")
    assert "exit()" in fix(0, "")
    monkeypatch.setattr("resource.getrlimit", lambda limit: (2**30, 2**31))
    assert "limit of memory" in fix(1, "")
    assert "crashed" in fix(-signal.SIGSEGV, "") and "crashed" not in fix(-signal.SIGTERM, "")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EFBIG, "larger than files may be"),
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "the disk is full"),
        (errno.EMFILE, "too many files are open"),
        (errno.EROFS, "cannot be written"),
    ],
)
def test_why_a_report_cannot_be_written_is_told_by_its_cause(number: int, said: str) -> None:
    problem = cannot_write(OSError(number, os.strerror(number)), "reports")
    assert said in str(problem) and problem.got == os.strerror(number)
    in_a_cell = error_of_a_cell("OSError", f"[Errno {number}] x", "chapter 'data'")
    assert (in_a_cell.what == problem.what) == (number != errno.EROFS)


def test_who_may_not_write_is_told_what_the_owner_of_the_folder_can_do(tmp_path: Path) -> None:
    denied = PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    ours = cannot_write(denied, str(tmp_path / "of" / "nobody"))
    others = cannot_write(denied, "/proc/1/nothing" if os.geteuid() else "/nothing")
    started = cannot_write(denied, sys.executable)
    assert "umask 022" in ours.fix and started.what == "a kernel cannot be started"
    assert ("umask 002" in others.fix) == (os.geteuid() != 0)
