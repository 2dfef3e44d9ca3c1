"""Is a report what it says it is: hashes recomputed, the run repeated in a clean folder, every
number and every file that comes out compared, and what the manifest says of itself.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from mismes_eval.errors import ParamsError, Problem, ReportError, worded
from mismes_eval.evaluation.params import Params
from mismes_eval.message import Name
from mismes_eval.report.document.pdf import PDF, printer
from mismes_eval.report.factory.isolated import isolated_kernel
from mismes_eval.report.factory.orders import WORD, Order, Progress
from mismes_eval.report.factory.run import run_report
from mismes_eval.report.synthesis.published import check_of_a_country
from mismes_eval.report.trust.differences import (
    Place,
    keys_twice,
    places,
    same_printer,
    same_value,
    unlike_leaves,
)
from mismes_eval.report.trust.held import check_complete, own_params, within
from mismes_eval.report.trust.provenance import (
    ESTIMATES,
    MANIFEST,
    Ingredients,
    Manifest,
    changed_outputs,
    file_hash,
    ingredients,
    outputs,
    published_files,
    read_manifest,
    read_results,
    versions,
)
from mismes_eval.report.trust.spelling import TOLERANCE, Runs, unlike_spelling

Number = float | str | None

NUMBERS = ("value", "se", "ci_low", "ci_high", "cv", "n", "degf")
MEASURED = f"{MANIFEST}: the seconds of the run and of its chapters, and the machine"
LONGEST_LINE = 500  # characters of an answer
REMADE = ("country", "synthetic", "seed")  # fields of a manifest that a repeated run states as well


@dataclass(frozen=True)
class Difference:
    """One number that came out differently, or one place of a file (quantity ""). "absent" or None:
    it stands in one of the two only.
    """

    table: str
    cell: str
    quantity: str
    reported: Number
    repeated: Number

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
    """tampered: output files that do not match their recorded hash, or that the repeated run does
    not make; changed: inputs, code and versions that differ now from the report's; differences:
    numbers; inside: places in files that differ from the repeated ones; manifest: fields of the
    manifest that the report and its project contradict; uncompared: files that nothing here can
    make again; foreign: whether code ran that is not the recorded notebook.
    """

    name: str
    numbers: int
    tampered: tuple[str, ...]
    changed: tuple[str, ...]
    differences: tuple[Difference, ...]
    inside: tuple[Difference, ...] = ()
    manifest: tuple[str, ...] = ()
    uncompared: tuple[str, ...] = ()
    foreign: bool = False

    @property
    def reproduced(self) -> bool:
        """Everything that the report holds came out again, from what it says that it was made of."""
        unlike = self.tampered or self.differences or self.inside or self.manifest
        return not unlike and not self.foreign

    def text(self, shown: int = 20) -> str:
        """What a person reads."""
        lines = [
            (
                f"{self.name}: reproduced, {self.numbers} numbers within {TOLERANCE:g}."
                if self.reproduced
                else f"{self.name}: NOT reproduced."
            )
        ]
        if self.foreign:
            lines.append("  code ran that is not the notebook of this report, as you allowed")
        lines += [f"  manifest: {m}" for m in self.manifest]
        lines += [f"  output file {file}" for file in self.tampered]
        lines += [f"    {difference}" for difference in self.inside[:shown]]
        if len(self.inside) > shown:
            lines.append(f"    and {len(self.inside) - shown} more places")
        lines += [f"  {difference}" for difference in self.differences[:shown]]
        if len(self.differences) > shown:
            lines.append(f"  and {len(self.differences) - shown} more numbers")
        lines += [f"  since the report was made: {change}" for change in self.changed]
        lines += [f"  not compared: {file}" for file in self.uncompared]
        return "\n".join(_line(line) for line in lines)


def _line(text: str) -> str:
    """What the files say of themselves is anybody's: as a line that has an end."""
    name = Name(text)
    return name if len(name) <= LONGEST_LINE else f"{name[:LONGEST_LINE]}..."


def verify(
    folder: Path,
    root: Path,
    notebooks: Path,
    data_root: Path | None,
    progress: Progress,
    foreign: bool = False,
) -> Verification:
    """Repeat a report and compare.

    Parameters
    ----------
    folder : the report.
    root : the project, with params and data.
    notebooks : folder of the notebook that the manifest names.
    foreign : run the notebook of that name also where it is not the recorded one, in a kernel
        without network and with a scratch home. The answer says that it ran.

    Raises
    ------
    ParamsError : no manifest, a path of it leads out of the project, the params file is gone, or
        the notebook is not the recorded one: nothing ran.
    ReportError : the run cannot be repeated.
    """
    record = read_manifest(folder)
    check_of_a_country(record, folder.name)
    check_complete(record, f"{folder.name}/{MANIFEST}")
    params_file = own_params(folder, root, record["params"]["file"])
    notebook = within(notebooks, record["notebook"]["name"], "notebook.name")
    other_code = file_hash(notebook) != record["notebook"]["sha256"]
    if other_code and not foreign:
        raise ParamsError(_other_notebook(notebook.name, record["notebook"]["sha256"]))
    now = ingredients(Params.load(params_file, data_root, root), params_file, notebook)
    reported = numbers_in(folder)
    tampered = list(changed_outputs(folder, record))
    prints, uncompared = _printable(folder)
    with tempfile.TemporaryDirectory(prefix="mismes-verify-") as clean:
        order = Order(
            name=folder.name,
            params=params_file,
            notebook=notebook,
            out=Path(clean),
            data_root=data_root,
            force=True,
            pdf=prints,
            docx=(folder / WORD).is_file(),
            started=record["started"],
        )
        outcome = run_report(order, progress, isolated_kernel if other_code else None)
        if outcome.folder is None:
            problem = Problem("the report cannot be repeated", folder.name)
            raise ReportError([problem, *map(replace, outcome.problems)])
        repeated = numbers_in(outcome.folder)
        again = read_manifest(outcome.folder)
        tampered += unmade(folder, outcome.folder, tampered, uncompared)
        inside = tuple(places_inside(folder, outcome.folder, runs_of(record, again)))
        uncompared += [*_other_printer(folder, outcome.folder), *other_writer(record)]
    return Verification(
        name=folder.name,
        numbers=len(reported),
        tampered=tuple(tampered),
        changed=_changed(record, now),
        differences=unlike_numbers(reported, repeated),
        inside=inside,
        manifest=tuple(_manifest_faults(record, again, folder)),
        uncompared=(*uncompared, MEASURED),
        foreign=other_code,
    )


Numbers = Mapping[tuple[str, str, str], float | str | None]


def unlike_numbers(reported: Numbers, repeated: Numbers) -> tuple[Difference, ...]:
    """Numbers that differ, or that stand in one of two reports only."""
    keys = dict.fromkeys([*reported, *repeated])
    pairs = ((key, reported.get(key, "absent"), repeated.get(key, "absent")) for key in keys)
    return tuple(Difference(*key, was, now) for key, was, now in pairs if not same(was, now))


def _other_notebook(name: str, recorded: str) -> Problem:
    return Problem(
        what="the notebook is not the one that the report was made with; nothing was run",
        where=worded("notebooks/{name}", {"name": name}),
        expected=worded("sha256 {recorded}...", {"recorded": recorded[:12]}),
        got=worded("another file"),
        fix="Put the recorded notebook back, or make the report again. To run it as it is, without"
        " network and with a scratch home: --foreign.",
    )


def _printable(folder: Path) -> tuple[bool, list[str]]:
    """Whether the PDF of a report can be printed again, and what to say where it cannot."""
    if not (folder / PDF).is_file():
        return False, []
    try:
        printer()
    except ParamsError:
        return False, [f"{PDF}: nothing here can print it again"]
    return True, []


def _other_printer(folder: Path, repeated: Path) -> list[str]:
    pages = [side / PDF for side in (folder, repeated)]
    if not all(p.is_file() for p in pages) or same_printer(*(p.read_bytes() for p in pages)):
        return []
    return [f"{PDF}: another program, or another version of it, printed it"]


def runs_of(record: Manifest, again: Manifest) -> Runs:
    """What two manifests say of the runs whose files are compared."""
    was, now = (str(manifest["fingerprint"])[:12] for manifest in (record, again))
    return Runs(was, now, str(record.get("versions", {}).get("pyarrow")))


def other_writer(record: Manifest) -> list[str]:
    """What to say of Parquet files that another version of pyarrow wrote, by the manifest."""
    then = record.get("versions", {}).get("pyarrow")
    now = versions()["pyarrow"]
    told = "*.parquet: the layout, which is that of pyarrow {then} and not of {now}"
    return [] if then == now else [told.format(then=then, now=now)]


def unmade(folder: Path, repeated: Path, told: list[str], uncompared: list[str]) -> list[str]:
    """Files that stand in one of the two reports only and are not told of yet."""
    names = [published_files(side) for side in (folder, repeated)]
    known = {text.rpartition(": ")[0] for text in [*told, *uncompared]}
    extra = [f"{n}: the repeated run makes no such file" for n in sorted(names[0] - names[1])]
    lacking = [f"{n}: missing" for n in sorted(names[1] - names[0])]
    return [text for text in [*extra, *lacking] if text.rpartition(": ")[0] not in known]


def places_inside(folder: Path, repeated: Path, runs: Runs) -> Iterator[Difference]:
    """Where the files of the report differ from the repeated ones. Numbers of the results are
    compared one by one elsewhere.
    """
    for name in sorted(str(output["path"]) for output in outputs(repeated)):
        found: Iterator[Place]
        if name == ESTIMATES:
            found = chain(_twice(folder / name), _words(folder, repeated))
            found = _or_spelling(found, folder / name, repeated / name)
        else:
            found = iter(places(folder / name, repeated / name, runs))
        for place, was, now in found:
            yield Difference(
                table=name, cell=place, quantity="", reported=_value(was), repeated=_value(now)
            )


def _or_spelling(found: Iterator[Place], one: Path, two: Path) -> Iterator[Place]:
    """What was found, or how the two files are written where that is nothing."""
    told = list(found)
    if not told and one.is_file():
        told = list(unlike_spelling(one.suffix, one.read_bytes(), two.read_bytes()))
    yield from told


def _twice(file: Path) -> Iterator[Place]:
    """Keys that stand twice in a JSON file: programs read one of the two values."""
    twice = keys_twice(file.read_bytes()) if file.is_file() else 0
    if twice:
        yield "keys that stand twice", twice, 0


def _words(one: Path, two: Path) -> Iterator[Place]:
    """What differs in the results of two reports beside their numbers and facts."""
    if not (one / ESTIMATES).is_file():
        return iter(())
    first, second = read_results(one), read_results(two)
    for results in (first, second):
        results.pop("facts", None)
        results["estimates"] = [
            {key: value for key, value in row.items() if key not in NUMBERS}
            for row in results["estimates"]
        ]
    return unlike_leaves(first, second)


def _manifest_faults(record: Manifest, again: Manifest, folder: Path) -> Iterator[str]:
    """What a manifest says that its own fields, its results or the repeated run contradict."""
    told = Ingredients(
        notebook=record["notebook"]["name"],
        notebook_sha256=record["notebook"]["sha256"],
        params_file=record["params"]["file"],
        params_sha256=record["params"]["sha256"],
        inputs=tuple(record["inputs"]),
        package_sha256=record["package_sha256"],
        lock_sha256=record["lock_sha256"],
        versions=record["versions"],
    )
    for place, was, _ in _twice(folder / MANIFEST):
        yield f"{place}: {was}"
    if told.fingerprint != record["fingerprint"]:
        yield "the fingerprint is not that of the inputs, code and versions that it names"
    for field in REMADE:
        if record.get(field) != again.get(field):
            yield f"{field}: reported {record.get(field)}, repeated {again.get(field)}"
    for name in ("notebook", "params", "inputs"):
        for place, was, now in unlike_leaves(record[name], again[name], name):
            newer = was is None and record["package_sha256"] != again["package_sha256"]
            if not (name == "params" and (newer or place == "params / sha256")):
                yield f"{place}: reported {was}, now {now}"
    chapters = [[chapter.get("title") for chapter in r["chapters"]] for r in (record, again)]
    if chapters[0] != chapters[1]:
        yield f"chapters: reported {chapters[0]}, repeated {chapters[1]}"
    for name in ("machine", "chapters"):
        shapes = [_keys(r[name]) for r in (record, again)]
        if shapes[0] != shapes[1]:
            yield f"{name}: fields {', '.join(shapes[0])}, repeated {', '.join(shapes[1])}"
    for place, was, now in unlike_leaves(record["shown"], again["shown"], "shown"):
        yield f"{place}: reported {was}, repeated {now}"
    extra = sorted({*record} - {*again})
    if extra:
        yield f"unknown fields: {', '.join(extra)}"
    if not changed_outputs(folder, record) and record["outputs"] != outputs(folder):
        yield "outputs: sizes or names are not those of the files"


def _keys(part: Any) -> list[str]:
    """The fields that a part of a manifest has, in the order of the alphabet."""
    each = part if isinstance(part, list) else [part]
    return sorted({str(key) for one in each for key in one})


def _value(value: object) -> Number:
    if value is None or isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        return None if value is None else str(value)
    return float(value)


def same(a: Number, b: Number) -> bool:
    """Equal, both missing, or within the tolerance relative to the larger; numbers below 1e-12
    count as zero.
    """
    return same_value(a, b)


def numbers_in(folder: Path) -> dict[tuple[str, str, str], Number]:
    """(table, cell, quantity) -> number, for every published estimate and fact. A repeated cell
    gets its position.
    """
    try:
        results = read_results(folder)
    except ParamsError as error:
        raise ReportError(error.problems) from error
    try:
        return _by_cell(results)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ReportError(
            Problem("the report's numbers have another layout", ESTIMATES, "estimates and facts")
        ) from error


def _by_cell(results: Manifest) -> dict[tuple[str, str, str], Number]:
    out: dict[tuple[str, str, str], Number] = {}
    for row in results["estimates"]:
        table, name = str(row["table"]), f"{row.get('row', '')} / {row.get('column', '')}"
        cell = name
        count = 1
        while (table, cell, NUMBERS[0]) in out:
            count += 1
            cell = f"{name} ({count})"
        for quantity in NUMBERS:
            out[table, cell, quantity] = _number(row.get(quantity))
    for name, value in results["facts"].items():
        for where, leaf in _leaves(str(name), value):
            out["facts", where, "value"] = _number(leaf)
    return out


def _leaves(name: str, value: object) -> Iterator[tuple[str, object]]:
    """Every single value of a fact that has parts, with the way to it."""
    if isinstance(value, Mapping):
        for key, leaf in value.items():
            yield from _leaves(f"{name} / {key}", leaf)
    elif isinstance(value, list):
        for i, leaf in enumerate(value):
            yield from _leaves(f"{name} / {i + 1}", leaf)
    else:
        yield name, value


def _number(value: object) -> Number:
    if value is None or isinstance(value, str):
        return value
    return str(value) if isinstance(value, bool) else float(str(value))


def _changed(record: Manifest, now: Ingredients) -> tuple[str, ...]:
    """Inputs, code and versions that are others now than those that the manifest names."""
    told = {str(i["key"]): str(i["sha256"]) for i in record["inputs"]}
    inputs = {str(i["key"]): str(i["sha256"]) for i in now.inputs}
    out = [f"input '{key}' changed" for key in told if key in inputs and inputs[key] != told[key]]
    out += [f"input '{key}' is gone" for key in told if key not in inputs]
    out += [f"input '{key}' is new" for key in inputs if key not in told]
    for what, then, today in (
        ("the notebook", record["notebook"]["sha256"], now.notebook_sha256),
        ("the params", record["params"]["sha256"], now.params_sha256),
        ("the package's code", record["package_sha256"], now.package_sha256),
        ("the lock file", record["lock_sha256"], now.lock_sha256),
    ):
        if then != today:
            out.append(f"{what} changed")
    return (*out, *unlike_versions(record["versions"], now.versions))


def unlike_versions(then: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    """Versions of programs that are others now."""
    for name in sorted({*then, *now}):
        if then.get(name) != now.get(name):
            yield f"{name} {then.get(name, 'absent')} became {now.get(name, 'absent')}"
