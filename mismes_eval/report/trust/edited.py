"""Which numbers of a Word document differ from the report that it was made of.

Every number of the document is a field with the tag of its place; the report's folder says what
stands there. Words may be changed as one likes: they are not compared. A number that was typed
beside the fields is not seen.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from docx.oxml import parse_xml
from docx.oxml.ns import qn

from mismes_eval.errors import ParamsError, Problem
from mismes_eval.frame.limits import FILE, check_workbook
from mismes_eval.frame.outside import bytes_of
from mismes_eval.report.document.blocks import Run
from mismes_eval.report.document.language import language
from mismes_eval.report.document.manuscript import Body, numbers_of, read_body
from mismes_eval.report.document.word import RUN, field_title
from mismes_eval.report.trust.provenance import (
    changed_outputs,
    read_manifest,
    read_results,
)

Parts = Mapping[str, bytes]  # of a Word document

TEXT, LINKS = "word/document.xml", "word/_rels/document.xml.rels"
_GONE = (qn("w:del"), qn("w:moveFrom"))  # what a tracked change took away
FINGERPRINT = re.compile(r"[0-9a-f]{12}")
_EMBED = qn("r:embed")


@dataclass(frozen=True)
class Edit:
    """One number or picture that differs. where: its place in the report; reported: what the report
    says there; found: what the document says.
    """

    where: str
    reported: str
    found: str

    def __str__(self) -> str:
        return f"{self.where}: report {self.reported or '(nothing)'}, document {self.found}"


@dataclass(frozen=True)
class Edited:
    """numbers: fields of the report; changed: numbers with another text; hidden: fields of numbers
    that are not published, in which something stands; missing: numbers that were taken out;
    unknown: fields that this report has not; pictures: that are gone or other ones; run: where the
    document was made of another run; report: files of the report that changed after it was made.
    """

    name: str
    numbers: int
    changed: tuple[Edit, ...] = ()
    hidden: tuple[Edit, ...] = ()
    missing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    run: str = ""
    report: tuple[str, ...] = ()

    @property
    def unchanged(self) -> bool:
        """Every number and picture of the report stands in the document as it was made."""
        differs = (self.changed, self.hidden, self.missing, self.unknown, self.pictures)
        return not any(differs) and not self.run and not self.report

    def text(self) -> str:
        """What a person reads."""
        if self.unchanged:
            return f"{self.name}: all {self.numbers:,} numbers as in the report."
        lines = [f"{self.name}: NOT as in the report."]
        lines += [f"  the report: {text}" for text in self.report]
        lines += [f"  {self.run}"] if self.run else []
        lines += [f"  not published, and filled in by hand: {edit}" for edit in self.hidden]
        lines += [f"  changed by hand: {edit}" for edit in self.changed]
        lines += [f"  missing: {where}" for where in self.missing]
        lines += [f"  not of this report: {where}" for where in self.unknown]
        lines += [f"  picture {text}" for text in self.pictures]
        return "\n".join(lines)


def edited(document: Path, folder: Path) -> Edited:
    """Hold a Word document against the report that it was made of.

    Parameters
    ----------
    document : the .docx, as somebody edited it.
    folder : the report, with its manifest.

    Raises
    ------
    ParamsError : no report, no Word document, or one that is too large.
    ReportError : the report was made by a version that kept nothing to compare with.
    """
    record = read_manifest(folder)
    own = document.resolve().parent == folder.resolve()
    ignored = f"{document.name}: changed" if own else ""
    results = read_results(folder)
    body = read_body(folder, results, language(str(results["language"])))
    parts = _parts(document)
    expected = [run for block in body.blocks for run in numbers_of(block)]
    fields = _named(list(_fields(parts)), expected)
    short = str(record["fingerprint"])[:12]
    told = [text for tag, _, text in fields if tag == RUN]
    return Edited(
        name=document.name,
        numbers=len(expected),
        changed=tuple(_changed(expected, fields, hidden=False)),
        hidden=tuple(_changed(expected, fields, hidden=True)),
        missing=tuple(_missing(expected, fields)),
        unknown=tuple(_unknown(expected, fields)),
        pictures=tuple(_pictures(parts, body)),
        run=_other_run(told, short),
        report=tuple(text for text in changed_outputs(folder, record) if text != ignored),
    )


Field = tuple[str, str, str]  # tag, title and text


def _parts(document: Path) -> Parts:
    """The text and the pictures of a Word document."""
    try:
        content = bytes_of(document, FILE)
        check_workbook(content, document.name)
        with ZipFile(io.BytesIO(content)) as archive:
            names = [n for n in archive.namelist() if n.startswith("word/")]
            parts = {name: archive.read(name) for name in names}
        if TEXT not in parts:
            raise KeyError(TEXT)
    except (OSError, BadZipFile, KeyError, NotImplementedError, RuntimeError) as error:
        raise ParamsError(
            Problem(
                what="the file is no Word document that can be read",
                where=document.name,
                expected="a .docx without a password",
                got=type(error).__name__,
                fix="Save it in Word as .docx.",
            )
        ) from error
    return parts


def _fields(parts: Parts) -> Iterator[Field]:
    """Every field of the document with a tag or a title."""
    for control in _tree(parts, TEXT).iter(qn("w:sdt")):
        about = control.find(qn("w:sdtPr"))
        if about is None or control.find(qn("w:sdtContent")) is None:
            continue
        tag, title = (_value(about.find(qn(name))) for name in ("w:tag", "w:alias"))
        if (tag or title) and not any(up.tag in _GONE for up in control.iterancestors()):
            yield tag, title, _text(control.find(qn("w:sdtContent")))


def _named(fields: list[Field], expected: Sequence[Run]) -> list[Field]:
    """The fields with a tag. LibreOffice up to 7.4 saves none, but titles: there each field is the
    next of the report with its title, in the order of reading.
    """
    tagged = [one for one in fields if one[0]]
    if tagged:
        return tagged
    waiting: dict[str, list[str]] = {}
    for run in reversed(expected):
        waiting.setdefault(field_title(run.what), []).append(run.tag)
    named = []
    for _, title, text in fields:
        left = waiting.get(title, [])
        other = RUN if FINGERPRINT.fullmatch(text) else title
        named.append((left.pop() if left else other, title, text))
    return named


def _tree(parts: Parts, name: str) -> Any:
    try:
        return parse_xml(parts[name])
    except (ValueError, SyntaxError) as error:
        raise ParamsError(
            Problem("the Word document is damaged", name, "XML", type(error).__name__)
        ) from error


def _value(element: Any) -> str:
    return "" if element is None else str(element.get(qn("w:val")) or "")


def _text(content: Any) -> str:
    """What a reader sees of a field, with every change that was tracked taken as made."""
    words = []
    for piece in content.iter(qn("w:t")):
        if not any(up.tag in _GONE for up in piece.iterancestors()):
            words.append(piece.text or "")
    return "".join(words)


def _changed(expected: list[Run], fields: list[Field], hidden: bool) -> Iterator[Edit]:
    """Fields with another text than the report's, of numbers that are published or of those that
    are not.
    """
    known = {run.tag: run for run in expected}
    for tag, _, text in fields:
        run = known.get(tag)
        if run is not None and run.hidden == hidden and _plain(text) != _plain(run.text):
            yield Edit(run.what, run.text, text or "(nothing)")


def _plain(text: str) -> str:
    """A text with one kind of space."""
    return " ".join(text.replace("\u00a0", " ").replace("\u202f", " ").split())


def _missing(expected: list[Run], fields: list[Field]) -> Iterator[str]:
    found = Counter(tag for tag, _, _ in fields)
    lacking = Counter(run.tag for run in expected) - found
    words = {run.tag: run.what for run in expected}
    for tag in lacking:
        yield words[tag]


def _unknown(expected: list[Run], fields: list[Field]) -> Iterator[str]:
    known = {run.tag for run in expected} | {RUN}
    for tag, title, text in fields:
        if tag not in known:
            yield f"{title or tag}: {text}"


def _other_run(told: list[str], short: str) -> str:
    if told and set(told) == {short}:
        return ""
    found = ", ".join(sorted(set(told))) or "no run"
    return f"the document names {found}, the report is of run {short}"


def _pictures(parts: Parts, body: Body) -> Iterator[str]:
    """Pictures of the report that the document has not, or has in another shape."""
    linked = {}
    if LINKS in parts:
        for link in _tree(parts, LINKS):
            linked[link.get("Id")] = f"word/{link.get('Target')}"
    shown: dict[str, set[str]] = {}
    for inline in _tree(parts, TEXT).iter(qn("wp:docPr")):
        for blip in inline.getparent().iter(qn("a:blip")):
            png = parts.get(linked.get(blip.get(_EMBED), ""), b"")
            shown.setdefault(str(inline.get("name")), set()).add(_digest(png))
    for id, png in body.pictures.items():
        if id not in shown:
            yield f"{id}: missing"
        elif shown[id] != {_digest(png)}:
            yield f"{id}: another picture"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
