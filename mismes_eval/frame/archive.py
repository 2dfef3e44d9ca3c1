"""The one data file of a .zip: readme, questionnaire and licence beside it are no data."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Collection
from pathlib import Path
from zipfile import BadZipFile, ZipFile, ZipInfo

from mismes_eval.errors import InputError, Problem, named, worded
from mismes_eval.frame.codes import nearest
from mismes_eval.frame.limits import check_bytes, check_packed

PACKED_TWICE = 1_000_000  # bytes of a member that is packed itself, or of numbers:
PACKS = 50  # it shrinks by less
HIDDEN = ("__MACOSX/", ".")  # what a Mac packs beside the files
ABOUT = re.compile(  # names of texts about the data
    r"(read.?me|lis(ez|.)?.?moi|lea?.?me|leggimi|licen[cs]e|licencia|licenta|changelog|citation|"
    r"terms|disclaimer|conditions|notas?$|notes?$)"
)


def only_member(
    content: bytes,
    name: str,
    folder: Path,
    member: str | None,
    formats: Collection[str],
    texts: Collection[str],
) -> Path:
    """The file of an archive that is meant, unpacked into a folder.

    member : its name, where the archive holds several.
    formats : ends of files that are data.
    texts : those that are text.

    Raises
    ------
    InputError : no archive, no data in it, or several files and nobody said which.
    """
    try:
        with ZipFile(io.BytesIO(content)) as archive:
            found = _meant(_members(archive), name, member, formats)
            inner = folder / Path(found.filename).name
            is_text = inner.suffix.lower() in texts
            where = f"{name}: {inner.name}"
            check_bytes(found.file_size, where, is_text)
            within = {} if is_text else {"air": PACKED_TWICE, "times": PACKS}
            check_packed(found.file_size, len(content), where, **within)
            with archive.open(found) as stream, inner.open("wb") as whole:
                shutil.copyfileobj(stream, whole)
            return inner
    except (BadZipFile, RuntimeError, NotImplementedError) as error:
        raise InputError(
            Problem(
                what="truncated, damaged or locked archive",
                where=name,
                expected="a .zip file",
                got=str(error),
                fix="Fetch the file again, or unpack it.",
            )
        ) from error


def _members(archive: ZipFile) -> list[ZipInfo]:
    files = [info for info in archive.infolist() if not info.is_dir()]
    return [info for info in files if not info.filename.startswith(HIDDEN)]


def _meant(
    members: list[ZipInfo], name: str, member: str | None, formats: Collection[str]
) -> ZipInfo:
    """The member that somebody named, else the only one that is data."""
    if member is not None:
        return _named(members, name, member)
    data = [info for info in members if Path(info.filename).suffix.lower() in formats]
    data = [info for info in data if not ABOUT.match(Path(info.filename).stem.lower())]
    if len(data) == 1:
        return data[0]
    if not data and any(info.filename.lower().endswith(".zip") for info in members):
        raise InputError(
            Problem(
                what="an archive inside an archive",
                where=name,
                expected="one data file",
                got=_listed(members),
                fix="Unpack it.",
            )
        )
    what = "an archive of several files" if data else "an archive without a data file"
    say = worded(
        'Say which, for instance member="{first}"; or unpack it.',
        {"first": data[0].filename if data else ""},
    )
    raise InputError(
        Problem(
            what=what,
            where=name,
            expected="one file",
            got=_listed(data or members),
            fix=say if data else "Unpack it, and export the data to a format that is read.",
        )
    )


def _named(members: list[ZipInfo], name: str, member: str) -> ZipInfo:
    for info in members:
        if member in (info.filename, Path(info.filename).name):
            return info
    near = nearest(member, [info.filename for info in members])
    raise InputError(
        Problem(
            what="no such file in the archive",
            where=worded("{name}: {column}", {"name": name, "column": member}),
            expected=worded("one of {titles}", {"titles": _listed(members)}),
            fix=worded("The nearest is '{near}'.", {"near": near}) if near else "",
        )
    )


def _listed(members: list[ZipInfo]) -> str:
    shown = named(info.filename for info in members)
    return shown or worded("none")
