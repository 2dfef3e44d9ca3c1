"""What every chapter is made of: the evidence, the rules, and tables and figures in the order in which they are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from mismes_eval.evaluation.evaluation import Evaluation
from mismes_eval.report.chapters.words import words
from mismes_eval.report.disclosure import Partition
from mismes_eval.report.figures import Figure
from mismes_eval.report.language import Language
from mismes_eval.report.rules import Rules
from mismes_eval.report.tables import Table, TextTable

Item = Table | TextTable | Figure | str
NOT_SUPPLIED = "Not supplied: this run names no {what}."


@dataclass(frozen=True)
class Context:
    """What a chapter may use. words: the report's language."""

    evaluation: Evaluation
    rules: Rules
    words: Language

    @property
    def synthetic(self) -> bool:
        return self.evaluation.params.synthetic

    def text(self, sentence: str, **values: object) -> str:
        """A sentence in the report's language."""
        return self.words(sentence, **values)

    def column(self, name: str) -> str:
        """A column's name in the report's language."""
        return self.words(words(name))

    def absent(self, what: str) -> str:
        """The sentence that stands where evidence was not supplied."""
        return self.words(NOT_SUPPLIED, what=self.words(what))


@dataclass(frozen=True)
class Chapter:
    """id; title; items: paragraphs (already in the report's language), tables and figures; partitions: table id -> rows that add up."""

    id: str
    title: str
    items: tuple[Item, ...]
    partitions: Mapping[str, Sequence[Partition]] = field(default_factory=dict)


def text_table(
    context: Context, id: str, title: str, rows: Sequence[tuple[str, ...]], columns: Sequence[str], source: str = "", notes: Sequence[str] = ()
) -> TextTable:
    """A table of words."""
    return TextTable(id, title, pd.DataFrame(list(rows), columns=list(columns)), source, tuple(notes), context.synthetic)
