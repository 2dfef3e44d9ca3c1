"""The country report: every chapter built, protected against disclosure as a whole, and then shown
chapter by chapter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from mismes_eval.errors import ReportError
from mismes_eval.evaluation.evaluation import Evaluation, evaluate
from mismes_eval.report.chapters import CHAPTERS, Chapter, Context
from mismes_eval.report.chapters.base import Item, titles
from mismes_eval.report.chapters.plan import INPUTS, source_map
from mismes_eval.report.document.plain import escape
from mismes_eval.report.document.protect import Partition, protect_tables
from mismes_eval.report.document.results import write_csv
from mismes_eval.report.document.rules import Rules
from mismes_eval.report.document.tables import Table, TextTable
from mismes_eval.report.figures import Figure
from mismes_eval.report.findings import findings
from mismes_eval.report.session import Page, Session
from mismes_eval.report.synthesis.comparable import comparable


@dataclass(frozen=True)
class CountryReport:
    """session: where shown tables are kept; chapters: built and protected; audit: every number that
    is hidden, and why.
    """

    session: Session
    context: Context
    chapters: dict[str, Chapter]
    audit: pd.DataFrame

    def findings(self) -> Page:
        """The first page: what the evidence supports, each sentence linked to its table."""
        items = "".join(
            f'<li>{escape(text)} <a href="#{escape(anchor)}">{escape(anchor)}</a></li>'
            for text, anchor in findings(self.context)
        )
        return Page(f'<div class="findings"><ol>{items}</ol></div>')

    def chapter(self, name: str) -> Page:
        """One chapter under the notebook's heading: paragraphs, tables and figures in reading
        order.
        """
        if name not in self.chapters:
            raise ReportError(
                f"no such chapter: {name}. Expected one of {', '.join(self.chapters)}."
            )
        parts = []
        given = self.session.params.inputs.named(INPUTS.get(name, ()))
        behind = [f"inputs.{key}" for key in given]
        for item in self.chapters[name].items:
            if not isinstance(item, str):
                self.session.origins[item.id] = behind
            if isinstance(item, str):
                parts.append(f"<p>{escape(item)}</p>")
            elif isinstance(item, Figure):
                parts.append(self.session.add_figure(item).html)
            else:
                parts.append(self.session.add_table(item).html)
        return Page("\n".join(parts))

    def finish(self) -> Page:
        """Write the results and the disclosure audit; the last cell of the notebook."""
        t = self.session.language
        audit = self.audit.assign(
            **{
                c: [t(str(v)) for v in self.audit[c]]
                for c in ("row", "column")
                if c in self.audit.columns
            }
        )
        write_csv(audit, self.session.work / "disclosure_audit.csv")
        self.session.facts["comparison"] = comparable(self.context, self.chapters)
        return self.session.finish()


def country_report(session: Session, evaluation: Evaluation | None = None) -> CountryReport:
    """Build every chapter from the session's params; hide what must be hidden over all tables at
    once. evaluation: the evidence, where it has been read already.
    """
    p = session.params
    rules = Rules(
        min_cell=p.disclosure.min_cell,
        min_mean=p.disclosure.min_mean,
        cv_flag=p.disclosure.cv_flag,
        cv_suppress=p.disclosure.cv_suppress,
        min_weighted=p.disclosure.min_weighted,
    )
    session.progress("reading and weighting", 0, len(CHAPTERS))
    context = Context(evaluation or evaluate(p), rules, session.language)
    built: dict[str, Chapter] = {}
    for number, (name, make) in enumerate(CHAPTERS.items(), 1):
        session.progress(name, number, len(CHAPTERS))
        built[name] = make(context)
        context = replace(context, shown={**context.shown, **titles(built[name].items)})
    last = built["limits"]
    built["limits"] = replace(last, items=(*last.items, source_map(context, built)))
    built = {
        name: replace(c, items=tuple(_dated(context, i) for i in c.items))
        for name, c in built.items()
    }
    tables = [item for c in built.values() for item in c.items if isinstance(item, Table)]
    partitions: dict[str, Sequence[Partition]] = {
        k: v for c in built.values() for k, v in c.partitions.items()
    }
    protected, audit = protect_tables(tables, partitions)
    replaced = {id(old): new for old, new in zip(tables, protected, strict=True)}
    chapters = {
        name: Chapter(
            c.id,
            c.title,
            tuple(
                replaced.get(id(i), i) if isinstance(i, (Table, TextTable)) else i for i in c.items
            ),
            c.partitions,
        )
        for name, c in built.items()
    }
    return CountryReport(session, context, chapters, audit)


def _dated(context: Context, item: Item) -> Item:
    """The source of a table of numbers or a figure with the vintage of the data and weights behind
    it.
    """
    if not isinstance(item, (Table, Figure)) or not item.source:
        return item
    vintage = context.text(context.evaluation.params.data_vintage)
    return replace(
        item,
        source=context.text(
            "{source}; vintage: {vintage}", source=context.text(item.source), vintage=vintage
        ),
    )
