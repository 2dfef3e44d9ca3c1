"""Kernels forked from a preloaded process give the reports of kernels started anew, byte for byte,
and fail as they do.
"""

import json
import os
import time
from pathlib import Path

import nbformat
import pytest

from mismes_eval.errors import ParamsError
from mismes_eval.report.factory import forking
from mismes_eval.report.factory.forking import Zygote, can_fork, kernels
from mismes_eval.report.factory.kernels import ReportKernel
from mismes_eval.report.factory.run import Order, Outcome, run_reports
from mismes_eval.report.trust.provenance import read_manifest

from .conftest import FIGURE, FINISH, OPEN, SHOW, make_project, write_notebook

pytestmark = pytest.mark.skipif(not can_fork(), reason="kernels are forked on Linux only")

STATE = """import os, sys, random, json, threading, signal, warnings
import numpy as np, matplotlib as mpl
print(json.dumps({"cwd": os.getcwd(), "path": sys.path, "argv": sys.argv[0].rpartition("/")[2], "main": __name__, "environment": sorted(set(os.environ) - {"JPY_PARENT_PID", "_"}),
  "backend": mpl.get_backend(), "filters": len(warnings.filters), "child": str(signal.getsignal(signal.SIGCHLD)), "interrupt": str(signal.getsignal(signal.SIGINT)),
  "status": __import__("subprocess").run(["true"]).returncode, "session": os.getsid(0) == os.getpid(), "interactive": mpl.is_interactive()}, sort_keys=True))"""
PICTURES = (
    "import matplotlib.pyplot as plt\nplt.plot([0, 1], [1, 0]);",
    "fig, ax = plt.subplots()\nax.bar(['a', 'b'], [1, 2])\nplt.show()",
)
RANDOM = "print(random.random(), np.random.rand())"


def run(root: Path, forked: bool, **notebooks: str) -> dict[str, Outcome]:
    """Reports of the given notebooks (name -> file name), two at a time, in a folder of their own."""
    out = root / ("forked" if forked else "plain")
    orders = [
        Order(
            name,
            root / "params" / "MDA.yaml",
            root / "notebooks" / f"{file}.ipynb",
            out,
            cell_seconds=4 if name == "hangs" else 120,
        )
        for name, file in notebooks.items()
    ]
    return {
        o.name: o
        for o in run_reports(orders, 2, lambda name, what: None, lambda outcome: None, forked)
    }


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, dict[str, Outcome]]:
    """The same notebooks with forked and with new kernels."""
    root = make_project(tmp_path_factory.mktemp("forks"))
    backend = os.environ.pop("MPLBACKEND", None)
    try:
        write_notebook(
            root / "notebooks" / "rich.ipynb", OPEN, STATE, SHOW, *PICTURES, RANDOM, FIGURE, FINISH
        )
        write_notebook(root / "notebooks" / "raises.ipynb", "raise ValueError('no')")
        write_notebook(root / "notebooks" / "exits.ipynb", "import sys\nsys.exit(0)", "1")
        write_notebook(root / "notebooks" / "dies.ipynb", "import os\nos.kill(os.getpid(), 9)")
        write_notebook(root / "notebooks" / "hangs.ipynb", "while True:\n    pass")
        names = dict.fromkeys(("raises", "exits", "dies", "hangs"), "") | {
            "MDA": "country_report",
            "rich": "rich",
            "again": "rich",
        }
        return {
            forked: run(root, forked, **{name: file or name for name, file in names.items()})
            for forked in (False, True)
        }
    finally:
        if backend is not None:
            os.environ["MPLBACKEND"] = backend


def outputs(outcome: Outcome, name: str) -> list[dict[str, object]]:
    """Every output of the executed notebook."""
    assert outcome.folder is not None, outcome.problems
    executed = nbformat.read(outcome.folder / "report.ipynb", as_version=4)
    return [
        dict(o)
        for c in executed.cells
        if c.cell_type == "code" and name in c.source
        for o in c.outputs
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["MDA", "rich"])
def test_every_published_file_is_the_same(both: dict[bool, dict[str, Outcome]], name: str) -> None:
    files = {}
    for forked, made in both.items():
        folder = made[name].folder
        assert folder is not None, made[name].problems
        files[forked] = {
            p.relative_to(folder).as_posix(): p.read_bytes()
            for p in sorted(folder.rglob("*"))
            if p.is_file()
        }
        del files[forked]["MANIFEST.json"]  # says when and how long
        if name == "rich":
            del (
                files[forked]["report.ipynb"],
                files[forked]["report.html"],
            )  # compared cell by cell below: they show random numbers
    files = {k: {n: _undated(n, b) for n, b in v.items()} for k, v in files.items()}
    assert len(files[False]) >= 6
    assert files[True] == files[False]


def _undated(name: str, content: bytes) -> bytes:
    """Without what every run has of its own: the time, and the cells' timing."""
    if name == "report.ipynb":
        book = json.loads(content)
        assert not [
            c
            for c in book["cells"]
            if "papermill" in c["metadata"] and c["metadata"]["papermill"].get("exception")
        ]
        return json.dumps(
            [
                {k: c.get(k) for k in ("cell_type", "source", "outputs", "execution_count")}
                for c in book["cells"]
            ]
        ).encode()
    if name == "report.html":
        return b"\n".join(
            line for line in content.split(b"\n") if b"20" not in line or b"UTC" not in line
        )
    return content


@pytest.mark.slow
def test_a_figure_of_pyplot_is_shown_byte_for_byte(both: dict[bool, dict[str, Outcome]]) -> None:
    shown = {
        forked: [o["data"] for o in outputs(made["rich"], "plt.") if "data" in o]
        for forked, made in both.items()
    }  # type: ignore[misc]
    pictures = [d["image/png"] for d in shown[False] if "image/png" in d]  # type: ignore[operator, index]
    assert len(pictures) == 2
    assert shown[True] == shown[False]


@pytest.mark.slow
def test_a_forked_kernel_stands_where_a_new_one_stands(
    both: dict[bool, dict[str, Outcome]],
) -> None:
    said = {
        forked: json.loads(str(outputs(made["rich"], "environment")[0]["text"]))
        for forked, made in both.items()
    }
    assert said[True].pop("filters") >= 0 and said[False].pop("filters") >= 0
    homes = {forked: told.pop("cwd") for forked, told in said.items()}
    assert homes[True] != homes[False]  # a folder of its own for each kernel
    assert said[True] == said[False]
    assert said[True]["backend"].lower().endswith("inline") and said[True]["status"] == 0


@pytest.mark.slow
def test_forked_kernels_do_not_share_their_randomness(both: dict[bool, dict[str, Outcome]]) -> None:
    drawn = [
        str(outputs(both[True][name], "random.random")[0]["text"]) for name in ("rich", "again")
    ]
    assert not set(drawn[0].split()) & set(drawn[1].split())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["raises", "exits", "dies", "hangs"])
def test_bad_notebooks_fail_alike(both: dict[bool, dict[str, Outcome]], name: str) -> None:
    new, copy = both[False][name], both[True][name]
    assert copy.status == new.status == "failed"
    assert [str(p) for p in copy.problems] == [str(p) for p in new.problems]
    assert copy.exit_status == new.exit_status


@pytest.mark.slow
def test_the_manifests_agree_on_every_output(both: dict[bool, dict[str, Outcome]]) -> None:
    plain, forked = (read_manifest(both[k]["MDA"].folder) for k in (False, True))  # type: ignore[arg-type]
    assert plain["fingerprint"] == forked["fingerprint"]


@pytest.mark.whole
def test_no_process_is_left(tmp_path: Path) -> None:
    with kernels(True) as kernel:
        zygote = kernel.zygote  # type: ignore[attr-defined]
        orphan = zygote.fork(str(tmp_path / "kernel.json"), None, dict(os.environ))
        assert orphan.pid != zygote._process.pid
    assert zygote._process.poll() is not None
    end = time.monotonic() + 10
    while orphan.poll() is None and time.monotonic() < end:
        time.sleep(0.1)
    assert orphan.poll() == 1


def test_a_dead_zygote_is_an_error_not_a_wait() -> None:
    zygote = Zygote()
    zygote._process.kill()
    with pytest.raises(RuntimeError, match="kernel zygote"):
        zygote.fork("nowhere.json", None, {})
    zygote.close()


def test_where_forking_is_impossible_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forking, "can_fork", lambda: False)
    with pytest.raises(ParamsError, match="kernels cannot be forked here: --forked"), kernels(True):
        pass
    with kernels(False) as kernel:
        assert kernel is ReportKernel
