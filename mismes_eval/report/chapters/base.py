"""What every chapter is made of: the evidence, the rules, and tables and figures in the order in
which they are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from mismes_eval.estimate.estimate import NotEstimable
from mismes_eval.evaluation.evaluation import Evaluation, Result
from mismes_eval.evaluation.params import Params
from mismes_eval.report.document.cells import CellKey, Published
from mismes_eval.report.document.items import PictureSpec, SentenceSpec, SummarySpec
from mismes_eval.report.document.language import Language, code_labels
from mismes_eval.report.document.rules import Rules
from mismes_eval.report.document.tables import Table, TextTable
from mismes_eval.report.document.words import OF_RESIDENTS, WORDS, asked
from mismes_eval.report.figures import Caption, Figure


class Heading(str):
    """A heading inside a chapter, in the report's language."""


class Sheet(Heading):
    """A heading that begins a page on paper."""


Shown = Table | TextTable | Figure | str
Sentence = SentenceSpec | SummarySpec
Item = Shown | PictureSpec | Sentence
Items = list[Item]
COUNTED_AS_0 = {
    "employed": "{what} (persons without work: 0)",
    "business": "{what} (persons without a business: 0)",
}
AMONG = {
    "employed": "{what} (of persons in work)",
    "business": "{what} (of owners of a business)",
    "home": "{what} (of persons at home)",
    "participants": "{what} (of participants)",
}
QUESTION = "Question: {question} Answer: {answer}"  # with which a chapter begins
NOT_SUPPLIED = "Not supplied: this run names no {what}."


@dataclass(frozen=True)
class Context:
    """What a chapter may use. words: the report's language; shown: id -> title of the tables and
    figures of the chapters before; published: their cells, once it is decided what is shown.
    """

    evaluation: Evaluation
    rules: Rules
    words: Language
    shown: Mapping[str, str] = field(default_factory=dict)
    published: Published | None = None

    @property
    def params(self) -> Params:
        return self.evaluation.params

    @property
    def synthetic(self) -> bool:
        return self.params.synthetic

    def text(self, sentence: str, **values: object) -> str:
        """A sentence in the report's language."""
        return self.words(sentence, **values)

    def name(self, text: object) -> str:
        """A name out of the data, shown as it stands: a region, a measure, a file."""
        return self.words.name(str(text))

    def codes(self, name: str) -> Mapping[str, str]:
        """Labels of a code list in the report's language, from the list itself where it has them."""
        return code_labels(name, self.words)

    def caption(self, id: str, title: str, source: str, notes: Sequence[str] = ()) -> Caption:
        """What stands around a picture of this report."""
        return Caption(id, title, source, notes, self.synthetic, self.words)

    def column(self, name: str) -> str:
        """A column's name in the report's language; a column of the user's own as it stands. An
        outcome that not everybody has says whose it is, or that the others count as 0.
        """
        plain = self.words(WORDS[name]) if name in WORDS else self.own(name)
        study = self.evaluation.tracing
        outcome = None if study is None else study.outcomes.get(name)
        if outcome is None or not outcome.universe:
            return plain
        named = COUNTED_AS_0 if outcome.composite else AMONG
        return self.words(named[outcome.universe], what=plain)

    def own(self, name: str) -> str:
        """A column of a file of the user's own as it stands: what the template says of a column of
        that name (monthly, at home or abroad) need not be true of it.
        """
        return self.words.level(name.replace("_", " "))

    def rolled_out(self, name: str) -> str:
        """The outcome of a roll-out, which the survey asks of residents, in the report's
        language.
        """
        return self.words(OF_RESIDENTS[name]) if name in OF_RESIDENTS else self.column(name)

    def indicators(
        self, by: tuple[str, ...] = (), which: tuple[str, ...] = ()
    ) -> dict[str, Result]:
        """Indicators of the survey; where one is missing, the reason names what is not asked
        instead of columns.
        """
        out = dict(self.evaluation.indicators(by=by, which=which))
        for name, value in out.items():
            if isinstance(value, NotEstimable):
                out[name] = replace(value, reason=asked(value.reason))
        return out

    def published_at(self, keys: Iterable[CellKey]) -> pd.DataFrame:
        """The published cells of these places: table and COLUMNS."""
        return (self.published or Published()).of(list(keys))

    def answer(self, question: str, level: str) -> str:
        """An answer after what was asked, in the report's language."""
        return self.text("{c}: {level}", c=self.text(question), level=self.words.level(level))

    def nothing(self, id: str, name: str, reason: str) -> str:
        """The sentence that stands where a table or figure cannot be. name: in the language."""
        return self.text("{f}: {m}: {r}.", f=id, m=name, r=self.text(reason))

    def absent(self, what: str) -> str:
        """The sentence that stands where evidence was not supplied."""
        return self.words(NOT_SUPPLIED, what=self.words(what))


def titles(items: Sequence[Item]) -> dict[str, str]:
    """Id -> title of the tables and figures among the items of a chapter."""
    return {i.id: i.title for i in items if not isinstance(i, (str, Sentence))}


@dataclass(frozen=True)
class Chapter:
    """id; title; items: paragraphs (already in the report's language), tables, figures, and
    sentences and pictures that refer to cells.
    """

    id: str
    title: str
    items: tuple[Item, ...]


def tables_of(chapters: Mapping[str, Chapter]) -> dict[str, Table]:
    """Id -> table of numbers, of all chapters."""
    return {
        item.id: item
        for chapter in chapters.values()
        for item in chapter.items
        if isinstance(item, Table)
    }


def text_table(
    context: Context,
    id: str,
    title: str,
    rows: Sequence[tuple[str, ...]],
    columns: Sequence[str],
    source: str = "",
    notes: Sequence[str] = (),
) -> TextTable:
    """A table of words."""
    return TextTable(
        id=id,
        title=title,
        frame=pd.DataFrame(list(rows), columns=list(columns), dtype=object),
        source=source,
        notes=tuple(notes),
        synthetic=context.synthetic,
    )
