"""The country report: every chapter built, protected against disclosure as a whole, and then shown
chapter by chapter.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import product

import pandas as pd

from mismes_eval.errors import DisclosureError, ParamsError, Problem, ReportError, worded
from mismes_eval.evaluation.evaluation import Evaluation, evaluate
from mismes_eval.evaluation.evaluator_words import AllWords, evaluator_words
from mismes_eval.public import held
from mismes_eval.report.brief import brief, words_in
from mismes_eval.report.chapters import CHAPTERS, Chapter, Context
from mismes_eval.report.chapters.annex import behind, cells_of_notebook, core
from mismes_eval.report.chapters.answers import answered
from mismes_eval.report.chapters.base import (
    Heading,
    Item,
    Sentence,
    Sheet,
    Shown,
    tables_of,
    titles,
)
from mismes_eval.report.chapters.cells import arm_of, arms, effect_cell, not_shown
from mismes_eval.report.chapters.claims import with_verdicts
from mismes_eval.report.chapters.overview import overview
from mismes_eval.report.chapters.plan import INPUTS, source_map
from mismes_eval.report.chapters.verdicts import spoken_outcomes, spoken_span
from mismes_eval.report.collecting import small_tables
from mismes_eval.report.document import blocks
from mismes_eval.report.document.blocks import Page
from mismes_eval.report.document.cells import CellKey, Published, published_cells
from mismes_eval.report.document.grids import block_of, finding_block
from mismes_eval.report.document.items import PictureSpec
from mismes_eval.report.document.passages import PARTS, Passage, not_supplied, passage
from mismes_eval.report.document.plain import escape
from mismes_eval.report.document.protect import applied, protect, recovered_sets
from mismes_eval.report.document.references import Quotable
from mismes_eval.report.document.results import write_csv
from mismes_eval.report.document.rules import Rules
from mismes_eval.report.document.tables import Table, TextTable
from mismes_eval.report.document.words import WORDS
from mismes_eval.report.figures import Figure
from mismes_eval.report.findings import NO_EVIDENCE, findings
from mismes_eval.report.session import Session
from mismes_eval.report.synthesis.comparable import comparable

PAGE_ONE = "overview"
SHEET = "sheet-"  # begins the id of a heading that begins a page on paper
LAST = "limits"  # what the evidence says: written when it is decided which numbers are shown
SMALL_ARMS = (
    "Not shown because too few participants or comparison persons answered in the wave of the"
    " headline: the effects of {m}."
)


@dataclass(frozen=True)
class CountryReport:
    """session: where shown tables are kept; chapters: built and protected; audit: every number that
    is hidden, and why; published: what left, by place; passages: what people wrote, by subject;
    page_one: the picture of the first page, nothing where no effect is shown.
    """

    session: Session
    context: Context
    chapters: dict[str, Chapter]
    audit: pd.DataFrame
    published: Published
    passages: Mapping[str, Passage]
    page_one: tuple[Item, ...] = ()

    @small_tables()
    def findings(self) -> Page:
        """The first page: a row for each measure that was evaluated, then what else is known, each
        linked to its table.
        """
        found = findings(self.context, self.published)
        beside = words_in(text for text, _ in found)
        told = brief(self.context, self.published, beside)
        if told is None and not found:
            found = [(self.context.text(NO_EVIDENCE), "data")]
        items = "".join(
            f'<li><a href="#{escape(anchor)}">{escape(text)}</a></li>' for text, anchor in found
        )
        table = "" if told is None else told.html()
        first = () if told is None else told.blocks
        also = f"<ul>{items}</ul>" if items else ""
        html = f'<div class="findings">{table}{also}</div>'
        return Page(html, (*first, *map(finding_block, found)))

    @small_tables()
    def picture(self) -> Page:
        """The picture of the first page: the effects of its measures at every wave. Empty where
        none is shown.
        """
        return _joined([self._shown(item, PAGE_ONE) for item in self.page_one])

    @small_tables()
    def chapter(self, name: str) -> Page:
        """One chapter under the notebook's heading: paragraphs, tables and figures in reading
        order.
        """
        return _joined([self._shown(item, name) for item in self._chapter(name).items])

    @small_tables()
    def main(self, name: str) -> Page:
        """The part of a chapter that answers its question; what stands behind it is in the annex.
        Raises ReportError for an unknown chapter.
        """
        return _joined([self._shown(item, name) for item in core(self._chapter(name))])

    @small_tables()
    def annex(self) -> Page:
        """Everything that the main parts leave out, chapter by chapter."""
        parts = []
        for name, chapter in self.chapters.items():
            rest = behind(chapter)
            if rest:
                title = Heading(self.context.text(chapter.title))
                parts += [self._shown(item, name) for item in (title, *rest)]
        return _joined(parts)

    def _chapter(self, name: str) -> Chapter:
        if name not in self.chapters:
            raise ReportError(
                f"no such chapter: {name}. Expected one of {', '.join(self.chapters)}."
            )
        return self.chapters[name]

    def _shown(self, item: Item, chapter: str) -> Page:
        """An item of a chapter, kept for the results with the inputs behind it."""
        if isinstance(item, Heading):
            place = re.sub(r"\W+", "-", item.partition(" ")[0])
            begins = f' id="{SHEET}{place}"' if isinstance(item, Sheet) else ""
            return Page(f"<h3{begins}>{escape(item)}</h3>", (blocks.Heading(2, item),))
        if isinstance(item, str):
            return Page(f"<p>{escape(item)}</p>", (block_of(item, self.session.language),))
        given = self.session.params.inputs.named(INPUTS.get(chapter, ()))
        self.session.origins[item.id] = [f"inputs.{key}" for key in given]
        if isinstance(item, Figure):
            return self.session.add_figure(item)
        if isinstance(item, (Table, TextTable)):
            return self.session.add_table(item)
        return Page("")

    def evaluator(self, part: str) -> Page:
        """What people wrote beside the evidence, marked as theirs. part: "purpose" (purpose,
        questions, context) or "conclusions" (conclusions, recommendations, lessons, the
        management's response, ethics, limitations).
        """
        if part not in PARTS:
            raise ReportError(f"no such part: {part}. Expected one of {', '.join(PARTS)}.")
        written = [self.passages[name] for name in PARTS[part] if name in self.passages]
        for words in written:
            self.session.passages[words.words.subject] = words
        missing = tuple(name for name in PARTS[part] if name not in self.passages)
        lacking = not_supplied(missing, self.session.language)
        parts = [Page(words.html(), words.text_blocks) for words in written]
        if lacking:
            told = (block_of(lacking, self.session.language),)
            parts.append(Page(f"<p>{escape(lacking)}</p>", told))
        return _joined(parts)

    @small_tables()
    def finish(self) -> Page:
        """Write the results and the disclosure audit; the last cell of the notebook."""
        unseen = [name for name in self.passages if name not in self.session.passages]
        if unseen:
            raise ReportError(
                Problem(
                    "the notebook does not show what the evaluator wrote",
                    ", ".join(f"evaluator.{name}" for name in unseen),
                    fix='Add cells with report.evaluator("purpose") and'
                    ' report.evaluator("conclusions").',
                )
            )
        text = self.session.language
        audit = self.audit.copy()
        for column in audit.columns.intersection(["row", "column"]):
            audit[column] = [text(name) for name in audit[column]]
        write_csv(audit, self.session.work / "disclosure_audit.csv")
        self.session.facts["comparison"] = comparable(self.context, self.chapters)
        return self.session.finish()


def _joined(parts: Sequence[Page]) -> Page:
    """Pages one below the other."""
    found = tuple(block for part in parts for block in part.blocks)
    return Page("\n".join(part.html for part in parts), found)


@held(ReportError)
def country_report(session: Session, evaluation: Evaluation | None = None) -> CountryReport:
    """Build every chapter of a country's report and hide what must be hidden, over all at once.

    Parameters
    ----------
    session : of `open_report`; its params say what there is to report.
    evaluation : the evidence, where it has been read already (`evaluate`); None: it is read here.

    Returns
    -------
    CountryReport: the chapters in their order and the first page, ready to be shown in a notebook.

    Raises
    ------
    InputError, ParamsError : what is wrong with the params and the files they name, all at once.
    """
    inputs = session.params.inputs
    supplied = inputs.named(entry.name for entry in fields(inputs)).values()
    with small_tables(supplied):
        return _country_report(session, evaluation)


def _country_report(session: Session, evaluation: Evaluation | None) -> CountryReport:
    """Every chapter built, protected over all of them, and made into words and pictures."""
    p = session.params
    rules = Rules(
        min_cell=p.disclosure.min_cell,
        min_mean=p.disclosure.min_mean,
        cv_flag=p.disclosure.cv_flag,
        cv_suppress=p.disclosure.cv_suppress,
        min_weighted=p.disclosure.min_weighted,
    )
    session.progress("reading and weighting", 0, len(CHAPTERS))
    written = evaluator_words(p)
    evaluation, small = with_large_arms(evaluation or evaluate(p), rules)
    context = Context(evaluation, rules, session.language)
    built: dict[str, Chapter] = {}
    for number, (name, make) in enumerate(CHAPTERS.items(), 1):
        session.progress(name, number, len(CHAPTERS))
        if name != LAST:
            built[name] = make(context)
            context = replace(context, shown={**context.shown, **titles(built[name].items)})
    if small:
        kept_back = context.text(SMALL_ARMS, m=", ".join(map(context.name, small)))
        impact = built["impact"]
        built["impact"] = replace(impact, items=(kept_back, *impact.items))
    released = release(context, {**built, PAGE_ONE: overview(context)})
    page_one = released.chapters.pop(PAGE_ONE)
    context = replace(context, published=released.published)
    last = CHAPTERS[LAST](context)
    told = with_verdicts(context, answered(context, released.chapters))
    chapters = {**told, LAST: last}
    shown = {PAGE_ONE: page_one, **chapters}
    mapped = source_map(context, shown, cells_of_notebook(chapters))
    chapters[LAST] = replace(last, items=(*last.items, mapped))
    passages = passages_of(context, written, chapters)
    return CountryReport(
        session=session,
        context=context,
        chapters=chapters,
        audit=_audit(chapters),
        published=released.published,
        passages=passages,
        page_one=page_one.items,
    )


@dataclass(frozen=True)
class Released:
    """chapters: their items with published cells only; published: every cell, by place."""

    chapters: dict[str, Chapter]
    published: Published


def release(context: Context, built: Mapping[str, Chapter]) -> Released:
    """The chapters as they may leave: what is hidden is decided over all of them together, then
    tables lose the numbers of hidden cells, and pictures and sentences are made of what is left.

    Raises
    ------
    DisclosureError : a small group of persons could be computed from what is published.
    """
    places = _places(built)
    study = context.evaluation.tracing
    compared, apart = ((), ()) if study is None else (arms(study).compares, not_shown(study))
    decision = protect(places, context.rules, compared, apart)
    leaks = recovered_sets(places, decision, context.rules.min_cell, apart)
    if leaks:
        raise DisclosureError(
            Problem(
                "a hidden number can be computed from published ones",
                worded("{leaks} groups of persons", {"leaks": len(leaks)}),
                "two possible numbers or more",
                fix="Merge rows of a table.",
            )
        )
    cells = {name: applied(name, frame, decision) for name, frame in places.items()}
    published = published_cells([frame.assign(table=name) for name, frame in cells.items()])
    chapters = {}
    for name, chapter in built.items():
        items = [_dated(context, _rendered(i, cells, published, context)) for i in chapter.items]
        chapters[name] = replace(chapter, items=tuple(i for i in items if i != ""))
    return Released(chapters, published)


def with_large_arms(evaluation: Evaluation, rules: Rules) -> tuple[Evaluation, tuple[str, ...]]:
    """The evaluation without the effects of measures that have too few participants or comparison
    persons in the wave of the headline, and which measures these are.

    The mean of a group follows from an effect and the mean of the other group: an effect needs in
    each group as many persons as a mean does.
    """
    study, impact = evaluation.tracing, evaluation.params.impact
    if study is None or impact.main_wave not in study.waves:
        return evaluation, ()
    answered = study.responded(study.baseline) & study.responded(impact.main_wave)
    treated = arm_of(study.panel.sample)
    small = []
    for measure in study.measures:
        inside = study.of(measure).sample.active & answered
        sizes = [int((inside & (treated == arm)).sum()) for arm in (1.0, 0.0)]
        if any(rules.confidential("mean", n) for n in sizes):
            small.append(measure)
    if not small:
        return evaluation, ()
    kept = tuple(m for m in study.measures if m not in small)
    return replace(evaluation, tracing=replace(study, measures=kept), kept={}), tuple(small)


def _places(built: Mapping[str, Chapter]) -> dict[str, pd.DataFrame]:
    """The cells of every table, picture and sentence, by the id of what has them.

    Raises
    ------
    ReportError : an id stands twice: the cells of one of the two would be shown unprotected.
    """
    items = [item for chapter in built.values() for item in chapter.items]
    ids = Counter(item.id for item in items if isinstance(item, (Table, PictureSpec)))
    twice = [id for id, times in ids.items() if times > 1]
    if twice:
        raise ReportError(f"tables or figures of one id: {', '.join(twice)}.")
    return {
        item.id: item.cells
        for item in items
        if isinstance(item, (Table, PictureSpec))
        or (isinstance(item, Sentence) and len(item.cells))
    }


def _rendered(
    item: Item, cells: Mapping[str, pd.DataFrame], published: Published, context: Context
) -> Shown:
    """An item with published cells only: nothing that is hidden has a number any more, and every
    table of made-up data says so.
    """
    if isinstance(item, Table):
        return replace(item, cells=cells[item.id], synthetic=context.synthetic)
    if isinstance(item, PictureSpec):
        return item.drawn(published)
    if isinstance(item, Sentence):
        return item.text(published, context.words)
    return item


def passages_of(
    context: Context, written: AllWords, chapters: Mapping[str, Chapter]
) -> dict[str, Passage]:
    """What people wrote, with numbers of published cells.

    Raises
    ------
    ParamsError : everything that is wrong with the files and every number that is not shown.
    """
    study, published = context.evaluation.tracing, context.published
    assert published is not None
    quotable = Quotable(
        tables=tables_of(chapters),
        published=published,
        t=context.words,
        aliases={context.column(name): name for name in WORDS},
        main_row="" if study is None else context.column(context.params.impact.main_outcome),
        spoken=_spoken(context),
    )
    out: dict[str, Passage] = {}
    problems = list(written.problems)
    for subject, words in written.supplied.items():
        found = passage(words, quotable, context.synthetic)
        if isinstance(found, Passage):
            out[subject] = found
        else:
            problems += found
    ParamsError.refuse(problems)
    return out


def _spoken(context: Context) -> dict[CellKey, tuple[float, float]]:
    """Each effect of which sentences speak -> the ends of the interval that speaks for it."""
    evaluation, study = context.evaluation, context.evaluation.tracing
    if study is None:
        return {}
    out = {}
    for effect in evaluation.effects:
        for outcome, wave in product(spoken_outcomes(evaluation), study.waves):
            span = spoken_span(evaluation, effect, outcome, wave)
            if span is not None and span.known:
                key = effect_cell(context, effect.measure, study, outcome, wave)
                out[key] = (span.low, span.high)
    return out


def _audit(chapters: Mapping[str, Chapter]) -> pd.DataFrame:
    """Every cell that is hidden, and why; no numbers."""
    hidden = [table.hidden() for table in tables_of(chapters).values()]
    columns = ["table", "row", "column", "kind", "status"]
    return pd.concat(hidden, ignore_index=True)[columns] if hidden else pd.DataFrame()


def _dated(context: Context, item: Shown) -> Shown:
    """The source of a table of numbers or a figure with the vintage of the data and weights behind
    it.
    """
    if not isinstance(item, (Table, Figure)) or not item.source:
        return item
    vintage = context.text(context.params.data_vintage)
    source = context.text(item.source)
    told = context.text("{source}; vintage: {vintage}", source=source, vintage=vintage)
    return replace(item, source=told)
