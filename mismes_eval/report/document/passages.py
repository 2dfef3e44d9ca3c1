"""Words of people as they stand in a report: signed, dated, marked as a judgement, with numbers
that are read off the tables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mismes_eval.errors import Problem
from mismes_eval.evaluation.evaluator_words import REFERENCE, Block, Line, Words
from mismes_eval.report.document import blocks
from mismes_eval.report.document.language import Language
from mismes_eval.report.document.plain import escape, printable
from mismes_eval.report.document.references import Filled, Quotable

TITLES: Mapping[str, str] = {
    "purpose": "Purpose of the evaluation",
    "questions": "Evaluation questions",
    "context": "Context",
    "conclusions": "Conclusions",
    "recommendations": "Recommendations",
    "lessons": "Lessons",
    "management_response": "Management response",
    "ethics": "Ethics",
    "limitations": "Limitations of the evaluation",
}
PARTS: Mapping[str, tuple[str, ...]] = {
    "purpose": ("purpose", "questions", "context"),
    "conclusions": (
        "conclusions",
        "recommendations",
        "lessons",
        "management_response",
        "ethics",
        "limitations",
    ),
}
NOT_SUPPLIED = "Not supplied by the evaluator: {what}."
SIGNED = "Written by {author}, {role}, {day}; a person's judgement, not computed."
FILLED = "Its numbers are those of the tables that they link to."
MADE_UP = "SYNTHETIC DATA: made-up persons and measures, no finding about the real country."
TAGS: Mapping[str, tuple[str, str]] = {"bullets": ("ul", "li"), "numbers": ("ol", "li")}
STYLES: Mapping[str, blocks.Style] = {"paragraph": "", "bullets": "bullet", "numbers": "number"}
_INLINE = re.compile(
    r"\{(?P<reference>[^{}]*)\}"
    r"|\*\*(?P<strong>.+?)\*\*"
    r"|\*(?P<em>[^*\s](?:[^*]*[^*\s])?)\*"
    r"|\[(?P<label>[^\]]+)\]\((?P<url>[^)\s]+)\)"
)


@dataclass(frozen=True)
class Passage:
    """One person's words on one subject, with every reference filled. numbers: reference -> number."""

    words: Words
    title: str
    signature: str
    numbers: Mapping[str, Filled]
    mark: str = ""

    def html(self) -> str:
        """Title, signature, and the words; every text is escaped."""
        mark = f"<p>{escape(self.mark)}</p>" if self.mark else ""
        body = "".join(self._block(block) for block in self.words.blocks)
        places = "".join(f"<li>{escape(place)}</li>" for place in self.places)
        body += f'<ul class="notes">{places}</ul>' if places else ""
        return (
            f'<section class="evaluator" id="evaluator-{escape(self.words.subject)}">'
            f'<h3>{escape(self.title)}</h3><p class="signed">{escape(self.signature)}</p>'
            f"{mark}{body}</section>"
        )

    @property
    def text_blocks(self) -> tuple[blocks.Block, ...]:
        """The same as plain text."""
        head = [self.signature, self.mark] if self.mark else [self.signature]
        out: list[blocks.Block] = [blocks.Heading(2, printable(self.title))]
        out += [blocks.Paragraph(blocks.numbered(printable(text))) for text in head]
        for block in self.words.blocks:
            lines = [printable(_plain(_joined(item), self.numbers)) for item in block.items]
            if block.kind == "heading":
                out += [blocks.Heading(3, line) for line in lines]
            else:
                style = STYLES[block.kind]
                out += [blocks.Paragraph(blocks.numbered(line), style) for line in lines]
        places = [blocks.numbered(printable(place)) for place in self.places]
        return (*out, *(blocks.Paragraph(place, "note") for place in places))

    @property
    def places(self) -> tuple[str, ...]:
        """What each number is: table, row, column, unit and interval; each cell once."""
        return tuple(dict.fromkeys(number.place for number in self.numbers.values()))

    def text(self) -> str:
        """The words alone, a line a paragraph or entry of a list."""
        lines = [
            _plain(_joined(item), self.numbers)
            for block in self.words.blocks
            for item in block.items
        ]
        return "\n".join(printable(line) for line in lines)

    def facts(self) -> dict[str, str]:
        """What the results say of it."""
        w = self.words
        signed = {"author": w.author, "role": w.role, "date": w.date.isoformat(), "file": w.file}
        return {"subject": w.subject, **signed, "text": self.text()}

    def _block(self, block: Block) -> str:
        items = [_html(_joined(item), self.numbers) for item in block.items]
        if block.kind == "heading":
            return f"<h4>{items[0]}</h4>"
        if block.kind == "paragraph":
            return f"<p>{items[0]}</p>"
        outer, inner = TAGS[block.kind]
        entries = "".join(f"<{inner}>{item}</{inner}>" for item in items)
        return f"<{outer}>{entries}</{outer}>"


def passage(words: Words, quotable: Quotable, synthetic: bool) -> Passage | tuple[Problem, ...]:
    """Words with their numbers, or every reference that cannot be filled."""
    numbers: dict[str, Filled] = {}
    problems: list[Problem] = []
    for line in words.lines:
        for reference in REFERENCE.findall(line.text):
            found = quotable.fill(reference, f"{words.file}, line {line.number}")
            if isinstance(found, Problem):
                problems.append(found)
            else:
                numbers[reference] = found
    if problems:
        return tuple(problems)
    text = quotable.t
    signed = text(
        SIGNED,
        author=text.name(words.author),
        role=text.name(words.role),
        day=text.date(words.date),
    )
    return Passage(
        words=words,
        title=text(TITLES[words.subject]),
        signature=f"{signed} {text(FILLED)}" if numbers else signed,
        numbers=numbers,
        mark=text(MADE_UP) if synthetic else "",
    )


def not_supplied(subjects: tuple[str, ...], t: Language) -> str:
    """The sentence on what nobody wrote."""
    if not subjects:
        return ""
    names = "; ".join(t(TITLES[subject]) for subject in subjects)
    return t(NOT_SUPPLIED, what=t.name(names))


def _joined(item: tuple[Line, ...]) -> str:
    """The lines of a paragraph as one."""
    return " ".join(line.text for line in item)


def _html(text: str, numbers: Mapping[str, Filled]) -> str:
    """Words as HTML: numbers link to their table, everything else is escaped."""
    out, at = "", 0
    for match in _INLINE.finditer(text):
        out += escape(text[at : match.start()])
        at = match.end()
        if match["reference"] is not None:
            number = numbers[match["reference"]]
            out += (
                f'<a class="number" href="#{escape(number.table)}" title="{escape(number.place)}">'
                f"{escape(number.text)}</a>"
            )
        elif match["label"] is not None:
            label = escape(_plain(match["label"], numbers))
            out += f'<a href="{escape(match["url"])}">{label}</a>'
        else:
            tag = "strong" if match["strong"] is not None else "em"
            out += f"<{tag}>{_html(match[tag], numbers)}</{tag}>"
    return out + escape(text[at:])


def _plain(text: str, numbers: Mapping[str, Filled]) -> str:
    """Words without marks; an address stands behind its link."""
    out, at = "", 0
    for match in _INLINE.finditer(text):
        out += text[at : match.start()]
        at = match.end()
        if match["reference"] is not None:
            out += numbers[match["reference"]].text
        elif match["label"] is not None:
            out += f"{_plain(match['label'], numbers)} ({match['url']})"
        else:
            out += _plain(match["strong"] or match["em"], numbers)
    return out + text[at:]
