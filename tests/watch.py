"""What no test says of itself, watched while the tests run: none changes what it shares with others,
and every assertion of a test that passed was reached.

Run: python -m pytest -p tests.watch. A test after which a fixture of a module or of the session
(frames, arrays, results, folders that tests made) is another than it was made fails at its end.
With -o enable_assertion_pass_hook=true and PYTHONPYCACHEPREFIX=an empty folder, the last test of a
file fails where an `assert` of a test that passed never ran: in a loop over nothing, for instance.
"""

import ast
import dataclasses
import hashlib
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

DEEPEST = 7
LARGE = 1_000_000  # bytes
PLAIN = (str, bytes, int, float, complex, bool, type(None), np.generic)
# these make what they hand out when they are asked, and keep it
PROGRAMS = ("lambda", "function", "module", "_lru_cache_wrapper")


@dataclasses.dataclass(frozen=True)
class _Shared:
    """large : its hashes take long, and are taken again after the last test of a file only."""

    value: object
    hashes: dict[str, str]
    large: bool


class _Seen:
    """What shared fixtures were when they were made, whether the last test of a file runs, and by
    file the tests that passed, those of which not all runs, and the lines of assertions that did.
    """

    made: dict[tuple[str, int], _Shared] = {}
    last = True
    passed: dict[Path, set[str]] = {}
    partly: dict[Path, set[str]] = {}
    lines: dict[Path, set[int]] = {}
    hashed = 0  # bytes


def fingerprint(value: object) -> dict[str, str]:
    """Hashes of what a value holds, by place. Contents of objects that are no data are passed over."""
    return dict(_places(value, "", DEEPEST, kept=False))


def _hash(content: object) -> str:
    data = content if isinstance(content, bytes) else repr(content).encode()
    _Seen.hashed += len(data)
    return hashlib.blake2b(data, digest_size=12).hexdigest()


def _places(value: object, place: str, depth: int, kept: bool) -> Iterator[tuple[str, str]]:
    """kept : the value is part of an object, which may keep more in it later on."""
    if isinstance(value, PLAIN):
        yield place, _hash(value)
    elif isinstance(value, np.ndarray):
        whole = repr(value.tolist()).encode() if value.dtype == object else value.tobytes()
        yield place, _hash((value.shape, str(value.dtype), _hash(whole)))
    elif isinstance(value, pd.DataFrame):
        yield f"{place}.columns", _hash([(str(c), str(t)) for c, t in value.dtypes.items()])
        for number, name in enumerate(value.columns):
            yield f"{place}[{name!r}]", _column(value.iloc[:, number])
    elif isinstance(value, pd.Series | pd.Index):
        yield place, _column(pd.Series(value))
    elif isinstance(value, Path):
        yield from _files(value, place)
    elif depth:
        yield from _parts(value, place, depth - 1, kept)


def _column(column: pd.Series) -> str:
    try:
        rows = pd.util.hash_pandas_object(column).to_numpy().tobytes()
    except TypeError:  # cells that are lists or the like
        rows = repr(column.tolist()).encode()
    return _hash((str(column.dtype), _hash(rows)))


def _files(path: Path, place: str) -> Iterator[tuple[str, str]]:
    """Files of a folder that the tests made; the checkout and reference data are not theirs."""
    yield place, _hash(str(path))
    if "pytest-" in str(path) and path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.is_file())
        yield f"{place}/", _hash([str(p) for p in files])
        for file in files:
            yield f"{place}/{file.relative_to(path)}", _hash(file.read_bytes())


def _parts(value: object, place: str, depth: int, kept: bool) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        if not kept:
            yield f"{place}.keys", _hash(list(value))
        for key in list(value):
            yield from _places(value[key], f"{place}[{key!r}]", depth, kept)
    elif isinstance(value, list | tuple):
        yield f"{place}.len", _hash(len(value))
        for number, one in enumerate(value):
            yield from _places(one, f"{place}[{number}]", depth, kept)
    elif isinstance(value, set | frozenset):
        if not kept:
            yield place, _hash(sorted(map(repr, value)))
        for one in map(repr, value):
            yield f"{place}{{{one}}}", _hash(one)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            if hasattr(value, field.name):
                part = getattr(value, field.name)
                yield from _places(part, f"{place}.{field.name}", depth, kept=True)


def changes(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Places that hold something else than before, or nothing any more."""
    return [place for place, content in before.items() if now.get(place) != content]


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    value = yield
    own = not fixturedef.func.__module__.startswith("_pytest.")
    if own and fixturedef.scope != "function" and type(value).__name__ not in PROGRAMS:
        _Seen.hashed = 0
        hashes = fingerprint(value)
        _Seen.made[fixturedef.argname, id(value)] = _Shared(value, hashes, _Seen.hashed > LARGE)
    return value


def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    _Seen.last = nextitem is None or nextitem.path != item.path


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    yield
    for name, value in getattr(item, "funcargs", {}).items():
        shared = _Seen.made.get((name, id(value)))
        if shared is None or (shared.large and not _Seen.last):
            continue
        now = fingerprint(value)
        changed = changes(shared.hashes, now)
        _Seen.made[name, id(value)] = dataclasses.replace(shared, hashes=now)
        assert not changed, f"{item.nodeid} changed the shared fixture {name}: {changed[:6]}"
    _Seen.passed.setdefault(item.path, set()).add(getattr(item, "originalname", item.name))
    if _Seen.last and item.config.getini("enable_assertion_pass_hook"):
        whole = _Seen.passed[item.path] - _Seen.partly.get(item.path, set())
        never = unreached(item.path, whole, _Seen.lines.get(item.path, set()))
        assert not never, f"assertions of {item.path.name} that never ran, by line: {never}"


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    for item in items:
        _Seen.partly.setdefault(item.path, set()).add(getattr(item, "originalname", item.name))


def pytest_assertion_pass(item: pytest.Item, lineno: int) -> None:
    _Seen.lines.setdefault(item.path, set()).add(lineno)


def unreached(file: Path, tests: set[str], lines: set[int]) -> list[int]:
    """Lines of assertions in these tests of a file that are not among the lines."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    parts = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name in tests]
    found = {n.lineno for part in parts for n in ast.walk(part) if isinstance(n, ast.Assert)}
    return sorted(found - lines)
