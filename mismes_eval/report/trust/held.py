"""A manifest is input like any other: every path in it is held to its folder, every field to its
kind, before anything is read, run or packed by it.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any

from mismes_eval.errors import ParamsError, Problem, worded

DATA_ROOT = "<data root>/"  # begins the path of an input that is kept outside the project
_CONTROL, _DRIVE = re.compile(r"[\x00-\x1f\x7f\\]"), re.compile(r"^[A-Za-z]:")
_SHA256, _MOMENT = re.compile(r"[0-9a-f]{64}"), re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_WILD = re.compile(r'[<>:"|?*]')  # signs that no file of Windows has in its name
_UNSEEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}  # kinds of characters that a name must not have
_PORTS = [f"{kind}{number}" for kind in ("com", "lpt") for number in "123456789\u00b9\u00b2\u00b3"]
# what Windows opens whatever follows the name
_DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$", *_PORTS}
LONGEST_TEXT, LONGEST_NAME = 1000, 255  # characters; bytes that file systems give to one name
PATH, HASH, MOMENT = (
    "a relative path without '..'",
    "a sha256 in hexadecimal",
    "a moment like 2026-01-31T12:00:00Z",
)


def is_relative(text: object) -> bool:
    """Whether a text names a place below the folder that it starts from, spelled in one way."""
    if not isinstance(text, str) or not _text(text) or not text or _DRIVE.match(text):
        return False
    path = PurePosixPath(text)
    if any(len(part.encode()) > LONGEST_NAME for part in path.parts):
        return False
    return not path.is_absolute() and ".." not in path.parts and path.as_posix() == text != "."


def is_of_a_report(text: object) -> bool:
    """Whether a text names a file of a report in a way that means the same on every system: no
    device or stream of Windows, no dot or space that it drops, no character that nobody sees.
    """
    if not is_relative(text) or _WILD.search(str(text)):
        return False
    if any(unicodedata.category(letter) in _UNSEEN for letter in str(text)):
        return False
    parts = str(text).split("/")
    stems = (p.partition(".")[0].rstrip().lower() for p in parts)
    return all(p.rstrip(". ") == p for p in parts) and not _DEVICES.intersection(stems)


def within(folder: Path, text: str, where: str) -> Path:
    """A file below a folder, also after every link on the way is followed.

    Raises
    ------
    ParamsError : the path, or a link on its way, leaves the folder, or no file is there.
    """
    base = folder.resolve()
    path = base / text
    if not is_relative(text) or not path.resolve().is_relative_to(base):
        raise ParamsError(Problem("a path leaves its folder", where, PATH, repr(text)))
    if not path.resolve().is_file():
        raise ParamsError(Problem("a file that the manifest names is gone", where, "a file", text))
    return path


def own_params(folder: Path, root: Path, text: str) -> Path:
    """The params file that a report of a project names. Who gives a report away gives its folder:
    what lies there does not say whether the data of the project are made up.

    Raises
    ------
    ParamsError : the path leaves the project, no file is there, or it is part of a report.
    """
    path = within(root, text, "params.file")
    reports = (folder.resolve(), (root / "reports").resolve())
    if any(path.resolve().is_relative_to(place) for place in reports):
        raise ParamsError(
            Problem(
                what="the params are part of a report",
                where="params.file",
                expected="a file of the project",
                got=text,
                fix="Put the params beside those of the project, in params/.",
            )
        )
    return path


def check_fields(record: Mapping[str, Any], where: str, beside: tuple[str, ...] = ()) -> None:
    """Raise ParamsError, with every problem, where a field of a manifest is of another kind than
    it must be, or a path in it could lead out of its folder or is that of another file. beside :
    files of the folder that a manifest does not list.
    """
    problems = [
        Problem(
            "a field of the manifest is not what it must be",
            worded("{where}: {field}", {"where": where, "field": field}),
            kind,
            got,
        )
        for field, kind, got in chain(_unfit(record), _twice(record.get("outputs"), beside))
    ]
    ParamsError.refuse(problems)


def check_complete(record: Mapping[str, Any], where: str) -> None:
    """Raise ParamsError where a manifest of a country report lacks a field."""
    lacking = [name for name in FIELDS if name not in record]
    lacking += [
        f"{name}.{part}"
        for name, part in (*NAMED, ("params", "values"))
        if isinstance(record.get(name), Mapping) and part not in record[name]
    ]
    refuse_lacking(lacking, where)


def refuse_lacking(fields: Sequence[str], where: str) -> None:
    """Raise ParamsError where a manifest lacks fields."""
    if fields:
        raise ParamsError(
            Problem("the manifest lacks fields", where, "every field", ", ".join(fields))
        )


def _text(value: object) -> bool:
    """One line that can be written: no half of a character (a surrogate), and not without end."""
    if not isinstance(value, str) or len(value) > LONGEST_TEXT or _CONTROL.search(value):
        return False
    return not any(unicodedata.category(letter) in ("Cs", "Zl", "Zp") for letter in value)


def _hash(value: object) -> bool:
    return isinstance(value, str) and bool(_SHA256.fullmatch(value))


def _hash_or_none(value: object) -> bool:
    return value is None or _hash(value)


def _moment(value: object) -> bool:
    return isinstance(value, str) and bool(_MOMENT.fullmatch(value))


def _yes_no(value: object) -> bool:
    return isinstance(value, bool)


def is_file_name(value: object) -> bool:
    """Whether a value names a file of a report without a folder."""
    return is_of_a_report(value) and "/" not in str(value)


def _input_path(value: object) -> bool:
    return is_relative(value.removeprefix(DATA_ROOT) if isinstance(value, str) else value)


def _mapping(value: object) -> bool:
    return isinstance(value, Mapping)


def _seconds(value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and 0 <= float(str(value)) < math.inf


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _whole_or_unsaid(value: object) -> bool:
    return value is None or _whole(value)


def _records(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, Mapping) for item in value)


Test = Callable[[object], bool]
FIELDS: Mapping[str, tuple[Test, str]] = {
    "country": (_text, "a text"),
    "synthetic": (_yes_no, "true or false"),
    "fingerprint": (_hash, HASH),
    "started": (_moment, MOMENT),
    "seconds": (_seconds, "a number of seconds"),
    "seed": (_whole, "a whole number"),
    "notebook": (_mapping, "a mapping"),
    "params": (_mapping, "a mapping"),
    "inputs": (_records, "a list of mappings"),
    "package_sha256": (_hash, HASH),
    "lock_sha256": (_hash_or_none, HASH),
    "versions": (_mapping, "a mapping"),
    "machine": (_mapping, "a mapping"),
    "chapters": (_records, "a list of mappings"),
    "shown": (_records, "a list of mappings"),
    "outputs": (_records, "a list of mappings"),
}
NAMED: Mapping[tuple[str, str], tuple[Test, str]] = {
    ("notebook", "name"): (is_file_name, "the name of a file"),
    ("notebook", "sha256"): (_hash, HASH),
    ("params", "file"): (is_relative, PATH),
    ("params", "sha256"): (_hash, HASH),
}
LISTED: Mapping[str, Mapping[str, tuple[Test, str]]] = {
    "inputs": {
        "key": (_text, "a text"),
        "path": (_input_path, PATH),
        "sha256": (_hash, HASH),
        # a site and a synthesis know the files of their reports by name and hash
        "bytes": (_whole_or_unsaid, "a number of bytes"),
    },
    "outputs": {
        "path": (is_of_a_report, PATH),
        "sha256": (_hash, HASH),
        "bytes": (_whole, "a number of bytes"),
    },
    "chapters": {"title": (_text, "a text"), "seconds": (_seconds, "a number of seconds")},
}
LEAVES = ("versions", "machine")  # sections of texts and numbers, that an archive's README prints


def _unfit(record: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(field, kind, got) of every field that is there and of another kind."""
    for name, (fits, kind) in FIELDS.items():
        if name in record and not fits(record[name]):
            yield name, kind, repr(record[name])[:80]
    for (name, part), (fits, kind) in NAMED.items():
        section = record.get(name)
        if isinstance(section, Mapping) and part in section and not fits(section[part]):
            yield f"{name}.{part}", kind, repr(section[part])[:80]
    for name, parts in LISTED.items():
        rows = record.get(name)
        for number, row in enumerate(rows if isinstance(rows, list) else (), 1):
            for part, (fits, kind) in parts.items():
                if not isinstance(row, Mapping) or not fits(row.get(part)):
                    got = row.get(part) if isinstance(row, Mapping) else row
                    yield f"{name} {number}, {part}", kind, repr(got)[:80]
    for name in LEAVES:
        section = record.get(name)
        for part, value in section.items() if isinstance(section, Mapping) else ():
            if not _text(part) or not (value is None or _text(value) or _seconds(value)):
                yield f"{name}, {part!r}"[:80], "a text or a number", repr(value)[:80]


def _twice(rows: object, beside: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    """Files that are one file on a system that does not tell capitals or ways to write an accent
    apart, or that stand in the place of another's folder: which of the two was recorded, nobody
    could say.
    """
    paths = [row.get("path") for row in (rows if isinstance(rows, list) else ()) if _mapping(row)]
    names = [*beside, *(path for path in paths if isinstance(path, str))]
    folders = {_alike(str(above)): path for path in names for above in PurePosixPath(path).parents}
    seen: dict[str, str] = {}
    for path in names:
        other = seen.get(_alike(path)) or folders.get(_alike(path))
        if other is not None:
            yield "outputs", "each file once", repr(f"{other} and {path}")[:80]
        seen[_alike(path)] = path


def _alike(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()
