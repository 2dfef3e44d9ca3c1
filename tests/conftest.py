"""Fixtures for all tests: reference data where they are, no network beyond this machine."""

import gc
import json
import os
import re
import shutil
import socket
import sys
from collections import Counter
from collections.abc import Callable
from functools import cache, lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

if TYPE_CHECKING:  # the process that deals the tests out needs none of it
    from mismes_eval.evaluation.evaluation import Evaluation

os.environ["MPLBACKEND"] = "Agg"
# a property is tried on 30 examples where its test says no other number; `make prove` tries 100
settings.register_profile(
    "here", max_examples=int(os.environ.get("MISMES_EXAMPLES", "30")), deadline=None, database=None
)
settings.load_profile("here")
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # as `mismes` does
ROOT = Path(__file__).resolve().parent.parent


@cache
def room(file: str) -> str:
    """Tests of one file are dealt to one process, and so are those of all files that read the
    evidence of a country or the whole report on it, or the reports of `made`: these are made once.
    """
    text = (ROOT / file).read_text(encoding="utf-8")
    if re.search(r"\bwhole_report\b|evaluated: Callable", text):
        return "whole reports"
    of_notebooks = file.startswith("tests/report/") and "made: Path" in text
    return "reports of notebooks" if of_notebooks and "def made(" not in text else file


# rooms of few tests that take long, in seconds: dealt out early, so that both processes end together
LONG = {
    "whole reports": 150,
    "reports of notebooks": 100,
    "tests/architecture/test_shape.py": 8,
    "tests/architecture/test_typed_face.py": 25,
    "tests/cli/test_new_country.py": 60,
    "tests/cli/test_wheel.py": 20,
    "tests/docs/test_examples.py": 20,
    "tests/docs/test_site.py": 30,
    "tests/evaluation/test_real_data.py": 25,
    "tests/evaluation/test_rollout.py": 20,
    "tests/frame/test_limits.py": 7,
    "tests/lfs/test_from_a_public_file.py": 12,
    "tests/proof/test_hostile.py": 7,
    "tests/report/test_designs.py": 20,
    "tests/report/test_rehearsal.py": 7,
    "tests/report/test_site.py": 8,
    "tests/report/test_small_groups.py": 40,
    "tests/report/test_what_is_not_there_from_a_raw_file.py": 17,
    "tests/synthetic/test_reproducible.py": 30,
}
A_TEST = 0.05


class Rooms(LoadFileScheduling):
    """Files by room, those that take longest first; where only some will end in time, an order
    that MISMES_ORDER shuffles.
    """

    def _assign_work_unit(self, node: WorkerController) -> None:
        order = os.environ.get("MISMES_ORDER")

        def rank(room: str) -> float:
            if order:
                return crc32(f"{order} {room}".encode())
            return LONG.get(room, A_TEST * len(self.workqueue[room]))

        self.workqueue.move_to_end(max(self.workqueue, key=rank), last=False)
        super()._assign_work_unit(node)

    def _split_scope(self, nodeid: str) -> str:
        return room(nodeid.partition("::")[0])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadFileScheduling | None:
    return Rooms(config, log) if config.getvalue("dist") == "loadfile" else None  # type: ignore[arg-type]


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Modules and tests stay until the end: looks for garbage pass over them, and are fewer."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 50)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def evaluated(root: Path) -> "Callable[[str], Evaluation]":
    """The evidence of a country that ships, read and weighted once in a process."""
    evaluate = import_module("mismes_eval.evaluation.evaluation").evaluate
    load = import_module("mismes_eval.evaluation.params").Params.load
    return lru_cache(lambda code: evaluate(load(root / "params" / f"{code}.yaml")))


@pytest.fixture
def read_before(
    evaluated: "Callable[[str], Evaluation]", monkeypatch: pytest.MonkeyPatch
) -> "Callable[[str], Evaluation]":
    """Commands that read the evidence of a country that ships find it read."""
    for command in ("advise", "export", "plan"):
        name = f"mismes_eval.cli.{command}.evaluate"
        monkeypatch.setattr(name, lambda params: evaluated(params.country))
    return evaluated


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of reference data that are not part of the repository: MISMES_SHARED, or `shared`
    beside the checkout.
    """
    for folder in (os.environ.get("MISMES_SHARED"), ROOT.parent / "shared"):
        if folder and (Path(folder) / "reference").is_dir():
            return Path(folder)
    pytest.skip("reference data are absent: set MISMES_SHARED to their folder")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    pytest.skip("no Chromium on this machine")


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reaches beyond this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if (
            self.family in (socket.AF_INET, socket.AF_INET6)
            and isinstance(address, tuple)
            and str(address[0]) not in ("127.0.0.1", "::1", "localhost")
        ):
            raise OSError(f"a test tried to reach {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


class _Counted:
    """Numbers that tests compared with a reference, by test file; `benchmarks/prove.py` reads them
    where MISMES_REFERENCES names a folder.
    """

    numbers: Counter[str] = Counter()


@pytest.fixture(autouse=True)
def reference_numbers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Count the finite reference numbers that a golden test compares. Only comparisons that passed
    are counted.
    """
    if not os.environ.get("MISMES_REFERENCES") or not (
        request.node.get_closest_marker("golden") or request.node.get_closest_marker("shared")
    ):
        return
    file = request.node.path.relative_to(ROOT / "tests").as_posix()
    close, approx = np.testing.assert_allclose, pytest.approx

    def count(expected: object) -> None:
        if isinstance(expected, dict):
            expected = list(expected.values())
        try:
            _Counted.numbers[file] += int(np.isfinite(np.asarray(expected, float)).sum())
        except (TypeError, ValueError):
            return  # not numbers

    def counted_close(actual: object, desired: object, *args: object, **kwargs: object) -> None:
        close(actual, desired, *args, **kwargs)
        count(desired)

    def counted_approx(expected: object, *args: object, **kwargs: object) -> object:
        count(expected)
        return approx(expected, *args, **kwargs)

    monkeypatch.setattr(np.testing, "assert_allclose", counted_close)
    monkeypatch.setattr(pytest, "approx", counted_approx)


def pytest_sessionfinish() -> None:
    folder = os.environ.get("MISMES_REFERENCES")
    if folder and _Counted.numbers:
        Path(folder, f"{os.getpid()}.json").write_text(json.dumps(_Counted.numbers))
