"""What a caller leaves out: every default of every public function and method of the engine is the
one that stands written; no default changes without being seen.
"""

import importlib
import inspect
import json
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGES = ("numerics", "weighting", "estimate", "impact", "tracer")
SAID = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))


def functions(module: object, name: str) -> Iterator[tuple[str, object]]:
    """Public functions of a module, and public methods of its public classes."""
    for word, thing in vars(module).items():
        if word.startswith("_") or getattr(thing, "__module__", "") != name:
            continue
        if inspect.isclass(thing):
            yield from (
                (f"{word}.{inner}", getattr(thing, inner))
                for inner, part in vars(thing).items()
                if not inner.startswith("_")
                and isinstance(part, classmethod | staticmethod | type(functions))
            )
        elif callable(thing):
            yield word, thing


def shown(value: object) -> str:
    return str(getattr(value, "__qualname__", repr(value)))


def defaults(package: str) -> dict[str, dict[str, str]]:
    found = {}
    root = importlib.import_module(f"mismes_eval.{package}")
    for info in pkgutil.walk_packages(root.__path__, f"{root.__name__}."):
        module = importlib.import_module(info.name)
        for name, function in functions(module, info.name):
            parameters = inspect.signature(function).parameters.values()
            given = {p.name: shown(p.default) for p in parameters if p.default is not p.empty}
            if given:
                found[f"{info.name.removeprefix('mismes_eval.')}.{name}"] = given
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_defaults_are_those_that_stand_written(package: str) -> None:
    found = defaults(package)
    assert found == SAID[package], (
        "if meant: python tests/proof/write_messages.py proof/test_defaults"
    )
    assert len(found) > 10


def written() -> dict[str, dict[str, dict[str, str]]]:
    """What stands beside this file."""
    return {package: defaults(package) for package in PACKAGES}
