"""Is a report what it says it is: hashes recomputed, the run repeated in a clean folder, every
number compared.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mismes_eval.errors import ParamsError, Problem, ReportError
from mismes_eval.evaluation.params import Params
from mismes_eval.report.factory.run import Order, Progress, run_report
from mismes_eval.report.synthesis.published import KIND
from mismes_eval.report.trust.differences import places
from mismes_eval.report.trust.provenance import (
    ESTIMATES,
    changed_outputs,
    ingredients,
    read_manifest,
)

TOLERANCE = 1e-9
NUMBERS = ("value", "se", "ci_low", "ci_high", "cv", "n", "degf")


@dataclass(frozen=True)
class Difference:
    """One number that came out differently, or one place of a file (quantity ""). "absent" or None:
    it stands in one of the two only.
    """

    table: str
    cell: str
    quantity: str
    reported: float | str | None
    repeated: float | str | None

    def __str__(self) -> str:
        by = ""
        if isinstance(self.reported, float) and isinstance(self.repeated, float) and self.reported:
            by = f" ({self.repeated / self.reported - 1:+.2g} relative)"
        what = (
            f"table {self.table}, {self.cell}, {self.quantity}"
            if self.quantity
            else f"{self.table}, {self.cell}"
        )
        return f"{what}: reported {self.reported}, repeated {self.repeated}{by}"


@dataclass(frozen=True)
class Verification:
    """tampered: output files that do not match their recorded hash; changed: inputs, code and
    versions that differ now from the report's; differences: numbers.

    inside: places in the tampered files that differ from the repeated ones.
    """

    name: str
    numbers: int
    tampered: tuple[str, ...]
    changed: tuple[str, ...]
    differences: tuple[Difference, ...]
    inside: tuple[Difference, ...] = ()

    @property
    def reproduced(self) -> bool:
        return not self.tampered and not self.differences

    def text(self, shown: int = 20) -> str:
        """What a person reads."""
        lines = [
            (
                f"{self.name}: reproduced, {self.numbers} numbers within {TOLERANCE:g}."
                if self.reproduced
                else f"{self.name}: NOT reproduced."
            )
        ]
        lines += [f"  output file {t}" for t in self.tampered]
        lines += [f"    {d}" for d in self.inside[:shown]]
        lines += [f"  {d}" for d in self.differences[:shown]]
        if len(self.differences) > shown:
            lines.append(f"  and {len(self.differences) - shown} more numbers")
        lines += [f"  since the report was made: {c}" for c in self.changed]
        return "\n".join(lines)


def verify(
    folder: Path, root: Path, notebooks: Path, data_root: Path | None, progress: Progress
) -> Verification:
    """Repeat a report and compare.

    Parameters
    ----------
    folder : the report.  root : the project, with params and data.  notebooks : folder of the notebook that the manifest names.

    Raises
    ------
    ParamsError : no manifest, or the params file is gone.  ReportError : the run cannot be repeated.
    """
    record = read_manifest(folder)
    if record.get("kind") == KIND:
        raise ParamsError(
            Problem(
                "a synthesis is made from reports, not from data",
                folder.name,
                "the report of a country",
                fix="Verify the country reports, then `mismes synthesis --force`.",
            )
        )
    told_params, told_notebook = _dict(record["params"]), _dict(record["notebook"])
    params_file, notebook = root / str(told_params["file"]), notebooks / str(told_notebook["name"])
    if not params_file.is_file():
        raise ParamsError(
            Problem(
                "the report's params file is gone",
                str(told_params["file"]),
                "the file that the report was made from",
            )
        )
    now = ingredients(Params.load(params_file, data_root), params_file, notebook)
    changed = _changed(
        record,
        now.notebook_sha256,
        now.params_sha256,
        {str(i["key"]): str(i["sha256"]) for i in now.inputs},
        now.package_sha256,
        now.lock_sha256,
        now.versions,
    )
    with tempfile.TemporaryDirectory(prefix="mismes-verify-") as clean:
        outcome = run_report(
            Order(folder.name, params_file, notebook, Path(clean), data_root, force=True), progress
        )
        if outcome.folder is None:
            raise ReportError(
                [
                    Problem("the report cannot be repeated", folder.name),
                    *(replace(p) for p in outcome.problems),
                ]
            )
        repeated = _numbers(outcome.folder / ESTIMATES)
        tampered = tuple(changed_outputs(folder, record))
        inside = tuple(_inside(folder, outcome.folder, tampered))
    reported = _numbers(folder / ESTIMATES)
    differences = tuple(
        Difference(*key, reported.get(key, "absent"), repeated.get(key, "absent"))
        for key in dict.fromkeys([*reported, *repeated])
        if not same(reported.get(key, "absent"), repeated.get(key, "absent"))
    )
    return Verification(folder.name, len(reported), tampered, changed, differences, inside)


def _inside(folder: Path, repeated: Path, tampered: Sequence[str]) -> Iterator[Difference]:
    """Where the files that are not what they were differ from the repeated ones."""
    for text in tampered:
        name = text.rpartition(": ")[0] or text
        for place, was, now in places(folder / name, repeated / name):
            yield Difference(name, place, "", _value(was), _value(now))


def _value(value: object) -> float | str | None:
    if value is None or isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        return None if value is None else str(value)
    return float(value)


def same(a: float | str | None, b: float | str | None) -> bool:
    """Equal, both missing, or within the tolerance relative to the larger; numbers below 1e-12
    count as zero.
    """
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=1e-12)
    return a == b


def _numbers(path: Path) -> dict[tuple[str, str, str], float | str | None]:
    """(table, cell, quantity) -> number, for every published estimate and fact. A repeated cell
    gets its position.
    """
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ReportError(
            Problem("the report's numbers cannot be read", path.name, "JSON", str(error))
        ) from error
    out: dict[tuple[str, str, str], float | str | None] = {}
    for row in results["estimates"]:
        cell = f"{row.get('row', '')} / {row.get('column', '')}"
        count = 2
        while (str(row["table"]), cell, NUMBERS[0]) in out:
            cell, count = f"{row.get('row', '')} / {row.get('column', '')} ({count})", count + 1
        for quantity in NUMBERS:
            out[(str(row["table"]), cell, quantity)] = _number(row.get(quantity))
    for name, value in results["facts"].items():
        out |= {("facts", where, "value"): _number(v) for where, v in _leaves(str(name), value)}
    return out


def _leaves(name: str, value: object) -> Iterator[tuple[str, object]]:
    """Every single value of a fact that has parts, with the way to it."""
    if isinstance(value, Mapping):
        for key, v in value.items():
            yield from _leaves(f"{name} / {key}", v)
    elif isinstance(value, list):
        for i, v in enumerate(value):
            yield from _leaves(f"{name} / {i + 1}", v)
    else:
        yield name, value


def _number(value: object) -> float | str | None:
    return (
        value
        if value is None or isinstance(value, str)
        else float(str(value))
        if not isinstance(value, bool)
        else str(value)
    )


def _changed(
    record: Mapping[str, object],
    notebook: str,
    params: str,
    inputs: Mapping[str, str],
    package: str,
    lock: str | None,
    versions: Mapping[str, str],
) -> tuple[str, ...]:
    told = {str(i["key"]): str(i["sha256"]) for i in _list(record["inputs"])}
    out = [f"input '{key}' changed" for key in told if key in inputs and inputs[key] != told[key]]
    out += [f"input '{key}' is gone" for key in told if key not in inputs] + [
        f"input '{key}' is new" for key in inputs if key not in told
    ]
    for what, then, today in (
        ("the notebook", _dict(record["notebook"])["sha256"], notebook),
        ("the params", _dict(record["params"])["sha256"], params),
        ("the package's code", record["package_sha256"], package),
        ("the lock file", record["lock_sha256"], lock),
    ):
        if then != today:
            out.append(f"{what} changed")
    before = _dict(record["versions"])
    return tuple(
        out
        + [
            f"{name} {before.get(name, 'absent')} became {versions.get(name, 'absent')}"
            for name in sorted({*before, *versions})
            if before.get(name) != versions.get(name)
        ]
    )


def _dict(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ParamsError(
            Problem(
                "the manifest has another layout",
                "MANIFEST.json",
                "a mapping",
                type(value).__name__,
            )
        )
    return value


def _list(value: object) -> list[Mapping[str, object]]:
    if not isinstance(value, list):
        raise ParamsError(
            Problem(
                "the manifest has another layout", "MANIFEST.json", "a list", type(value).__name__
            )
        )
    return value
