"""Write weighting/estimators.pyi, which tells editors and type checkers what the methods of samples
and panels take and give: the signatures of the verbs without their first argument. Run after a
verb's signature has changed.

Run: python tests/proof/write_methods.py
"""

import ast
import builtins
import inspect
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import mismes_eval as me
from mismes_eval.weighting import estimators

STUB = Path(estimators.__file__).with_suffix(".pyi")
KNOWN = {*dir(builtins), "pd"}
CLASSES = (estimators.OfBoth, estimators.OfPanels, estimators.OfSamples)


class Types:
    """Names of annotations and the imports that they need."""

    def __init__(self) -> None:
        self.homes: dict[str, tuple[str, str]] = {}

    def told(self, annotation: str, module: str) -> str:
        """An annotation of a verb in this module, in the names of the stub."""
        tree = ast.parse(annotation, mode="eval")
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id not in KNOWN:
                node.id = self._name(home(node.id, module))
        return ast.unparse(tree)

    def _name(self, found: tuple[str, str]) -> str:
        name, number = found[1], 1
        while self.homes.setdefault(name, found) != found:
            number += 1
            name = f"{found[1]}{number}"
        return name

    def imports(self) -> list[str]:
        return [
            f"from {module} import {original}" + ("" if name == original else f" as {name}")
            for name, (module, original) in self.homes.items()
        ]


def home(name: str, module: str) -> tuple[str, str]:
    """The module that defines a name which stands in another, and its name there."""
    if not module.startswith("mismes_eval"):
        return module, name
    for node in ast.walk(ast.parse(inspect.getsource(sys.modules[module]))):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return home(alias.name, str(node.module))
    return module, name


def methods(owner: type) -> Iterator[tuple[str, Callable[..., object]]]:
    for name, value in vars(owner).items():
        if isinstance(value, estimators.Method):
            yield name, getattr(me, name)


def method(name: str, verb: Callable[..., object], types: Types) -> str:
    """One line: the verb's signature on self."""
    signature, module = inspect.signature(verb), verb.__module__
    parts = ["self"]
    for parameter in list(signature.parameters.values())[1:]:
        default = "" if parameter.default is parameter.empty else " = ..."
        kind = types.told(parameter.annotation, module)
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in parts:
            parts.append("*")
        parts.append(f"{parameter.name}: {kind}{default}")
    given = types.told(signature.return_annotation, module)
    return f"    def {name}({', '.join(parts)}) -> {given}: ..."


def stub() -> str:
    """The text of the stub, as ruff formats it."""
    types, body = Types(), []
    for owner in CLASSES:
        base = f"({owner.__base__.__name__})" if owner.__base__ in CLASSES else ""
        body += [f"class {owner.__name__}{base}:"]
        body += [method(name, verb, types) for name, verb in methods(owner)]
    head = "# Written by tests/proof/write_methods.py; ruff: noqa: PLR0913\n"
    text = "\n".join(["import pandas as pd", *types.imports(), *body])
    ruff = [sys.executable, "-m", "ruff"]
    for step in (["check", "--select", "I", "--fix", "-q"], ["format", "-q"]):
        text = subprocess.run(
            [*ruff, *step, "--stdin-filename", str(STUB), "-"],
            input=text,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    return head + text


if __name__ == "__main__":
    STUB.write_text(stub(), encoding="utf-8")
