"""What the evaluator writes beside the evidence: signed and dated Markdown files that the params
name. They are read here into blocks of plain words; the report fills in the numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Final, Literal

import pandas as pd

from mismes_eval.errors import Problem, at_key, at_line, in_place, worded
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.sections import EvaluatorWords
from mismes_eval.frame.identifiers import find_identifiers

BlockKind = Literal["paragraph", "heading", "bullets", "numbers"]
SIGNED = ("author", "role", "date")
GUIDE = "guide"  # a key of the front matter that tells the author what belongs into the file
FENCE = "---"
LARGEST = 200_000  # bytes
SUBJECTS: Final[tuple[str, ...]] = tuple(field.name for field in fields(EvaluatorWords))
REFERENCE = re.compile(r"\{([^{}]*)\}")
FIX_FORM = (
    "Write paragraphs, headings (#), lists (- or 1.), **bold**, *italic* and [links](https://...)."
)
# what this Markdown does not have: a sign at the beginning of a line -> what it would be
NOT_SET: Mapping[str, re.Pattern[str]] = {
    "raw HTML is not allowed": re.compile(r"<[A-Za-z/!?]"),
    "a picture cannot be set": re.compile(r"!\["),
    "a table cannot be set": re.compile(r"^\|"),
    "code cannot be set": re.compile(r"^(```|~~~)"),
    "a quotation cannot be set": re.compile(r"^>"),
    "a rule cannot be set": re.compile(r"^([-*_=] ?){3,}$"),
    "a list inside a list cannot be set": re.compile(r"^\s+([-*+]|\d+[.)])\s"),
    "a link leads nowhere that a report may lead": re.compile(r"\]\((?!https?://|mailto:|#)"),
    "a brace that is not part of a reference": re.compile(r"^[^{}]*\}|\{[^{}]*(\{|$)|\}[^{}]*\}"),
    "a reference stands in the address of a link": re.compile(r"\]\([^)]*\{"),
    # what stands against it would make another number of it: a digit, a sign, another reference
    "a reference has no space beside it": re.compile(
        r"[\d}]\{|\d[.,]\{|(?<!\w)[-\u2212+]\{|\}[\d{]|\}[.,]\d"
    ),
}
HEADING, BULLET, NUMBERED = (
    re.compile(r"#{1,6}\s+(.*)"),
    re.compile(r"[-*+]\s+(.*)"),
    re.compile(r"\d+[.)]\s+(.*)"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file. number: where it stands, from 1."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a heading or a list. items: one, or one an entry of the list; each of lines."""

    kind: BlockKind
    items: tuple[tuple[Line, ...], ...]


@dataclass(frozen=True, slots=True)
class Words:
    """What one person wrote on one subject. file: path relative to the project."""

    subject: str
    file: str
    author: str
    role: str
    date: date
    blocks: tuple[Block, ...]

    @property
    def lines(self) -> Iterator[Line]:
        """Every line of the text."""
        return (line for block in self.blocks for item in block.items for line in item)


@dataclass(frozen=True)
class AllWords:
    """supplied: subject -> its words; problems: what is wrong with files that are named."""

    supplied: Mapping[str, Words]
    problems: tuple[Problem, ...]


def evaluator_words(params: Params) -> AllWords:
    """Every file of section `evaluator` of the params. A file that nobody has filled in yet counts
    as not supplied.
    """
    supplied = {}
    problems: list[Problem] = []
    for subject in SUBJECTS:
        if {"evaluator", f"evaluator.{subject}"} & params.refused:
            continue
        path: Path | None = getattr(params.evaluator, subject)
        if path is None:
            continue
        words = _read(subject, path, str(params.portable(path)), problems)
        if words is not None:
            supplied[subject] = words
    return AllWords(supplied, tuple(problems))


def _read(subject: str, path: Path, file: str, problems: list[Problem]) -> Words | None:
    """One file, or None where it is blank or something is wrong with it."""
    text = _text(path, file, problems)
    if text is None:
        return None
    lines = [Line(number, line.rstrip()) for number, line in enumerate(text.splitlines(), 1)]
    found: list[Problem] = []
    head, body = _parted(lines, file, found)
    signed = _front_matter(head, file, found)
    written = any(line.text.strip() for line in body)
    if not written and not found and not any(signed.get(name) for name in SIGNED):
        return None
    if not written:
        fix = "Write it, or leave author, role and date empty until it is written."
        found.append(
            Problem("signed words are missing", file, "text below the front matter", fix=fix)
        )
    found += _unsigned(signed, file) if head else []
    found += _not_set(body, file)
    found += _identifiers(body, file)
    problems += found
    if found:
        return None
    return Words(
        subject=subject,
        file=file,
        author=signed["author"],
        role=signed["role"],
        date=date.fromisoformat(signed["date"]),
        blocks=_blocks(body),
    )


def _text(path: Path, file: str, problems: list[Problem]) -> str | None:
    if path.suffix.lower() != ".md" or not path.is_file():
        expected = "a Markdown file, whose name ends in .md"
        problems.append(Problem("not a file of words", file, expected))
        return None
    if path.stat().st_size > LARGEST:
        problems.append(
            Problem(
                "a file of words is too long",
                file,
                worded("at most {largest:,} bytes", {"largest": LARGEST}),
            )
        )
        return None
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        problems.append(Problem("a file of words cannot be read", file, "text in UTF-8"))
        return None


def _parted(
    lines: Sequence[Line], file: str, problems: list[Problem]
) -> tuple[Sequence[Line], Sequence[Line]]:
    """The lines of the front matter and those of the text below."""
    ends = [place for place, line in enumerate(lines) if line.text.strip() == FENCE]
    if len(ends) >= 2 and ends[0] == 0:
        return lines[1 : ends[1]], lines[ends[1] + 1 :]
    problems.append(
        Problem(
            what="words are not signed",
            where=in_place(file, at_line(1)),
            expected="front matter between two lines '---' with author, role and date",
            got=worded("none"),
            fix="Begin the file with: ---, author: NAME, role: ROLE, date: YYYY-MM-DD, ---.",
        )
    )
    return (), lines


def _front_matter(head: Sequence[Line], file: str, problems: list[Problem]) -> dict[str, str]:
    """Key -> value as text; every key once."""
    known = (*SIGNED, GUIDE)
    out = {}
    for line in head:
        if not line.text.strip():
            continue
        name, colon, value = line.text.partition(":")
        name = name.strip()
        value = value.strip().strip("\"'")
        at = in_place(file, at_line(line.number))
        if not colon or name not in known:
            expected = worded("one of {known}, each with a colon", {"known": ", ".join(known)})
            problems.append(
                Problem("unknown line of the front matter", at, expected, repr(line.text))
            )
        elif name in out:
            problems.append(Problem("a key stands twice", at, "every key once", name))
        else:
            out[name] = value
    return out


def _unsigned(signed: Mapping[str, str], file: str) -> list[Problem]:
    """What the signature lacks."""
    empty = ", ".join(f"'{name}: ...'" for name in SIGNED if not signed.get(name))
    expected = worded("{names} in the front matter", {"names": empty})
    out = [Problem("words are not signed", file, expected, worded("none"))] if empty else []
    day = signed.get("date", "")
    if day and not _is_day(day):
        out.append(Problem("not a date", in_place(file, at_key("date")), "YYYY-MM-DD", repr(day)))
    return out


def _is_day(text: str) -> bool:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _not_set(body: Sequence[Line], file: str) -> list[Problem]:
    """Lines with something that a report does not set; nothing is shown half."""
    return [
        Problem(
            what,
            in_place(file, at_line(line.number)),
            got=repr(line.text[:60]),
            fix=FIX_FORM,
        )
        for line in body
        for what, sign in NOT_SET.items()
        if sign.search(line.text)
    ]


def _identifiers(body: Sequence[Line], file: str) -> Iterator[Problem]:
    """Telephone numbers, addresses and the like do not belong into a report."""
    for line in body:
        frame = pd.DataFrame({"words": [REFERENCE.sub(" ", line.text)]})
        at = in_place(file, at_line(line.number))
        fix = "Name an institution or a role."
        for found in find_identifiers(frame):
            yield Problem("a personal identifier", at, "no personal identifiers", found.got, fix)


def _blocks(body: Sequence[Line]) -> tuple[Block, ...]:
    """Lines as paragraphs, headings and lists: a blank line ends a paragraph, a line that goes on
    below the entry of a list belongs to it.
    """
    out: list[tuple[BlockKind, list[list[Line]]]] = []
    open_ = False
    for line in body:
        text = line.text.strip()
        if not text:
            open_ = False
            continue
        kind, words = _kind(text)
        entry = Line(line.number, words)
        if kind == "paragraph" and open_ and out[-1][0] != "heading":
            out[-1][1][-1].append(entry)
        elif kind in ("bullets", "numbers") and out and out[-1][0] == kind:
            out[-1][1].append([entry])
        else:
            out.append((kind, [[entry]]))
        open_ = True
    return tuple(Block(kind, tuple(map(tuple, items))) for kind, items in out)


def _kind(text: str) -> tuple[BlockKind, str]:
    """What a line begins, and its words."""
    heads: tuple[tuple[BlockKind, re.Pattern[str]], ...] = (
        ("heading", HEADING),
        ("bullets", BULLET),
        ("numbers", NUMBERED),
    )
    for kind, pattern in heads:
        match = pattern.fullmatch(text)
        if match:
            return kind, match[1].strip()
    return "paragraph", text


def outline(subject: str) -> str:
    """A file to fill in: what belongs into it is said in the front matter, which is not shown."""
    about = next(
        str(field.metadata["about"]) for field in fields(EvaluatorWords) if field.name == subject
    )
    return f"{FENCE}\nauthor:\nrole:\ndate:\n{GUIDE}: {about}\n{FENCE}\n\n"
