"""The picture of the first page holds what the tables hold and nothing else: a hidden cell breaks the
line, weak evidence is hollow, the headline's interval is the one that speaks; on paper the first page
stands before the contents.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping
from html.parser import HTMLParser

import numpy as np
import pytest

from mismes_eval.estimate.estimate import Estimate
from mismes_eval.report.chapters import Chapter, Context
from mismes_eval.report.chapters.overview import PICTURE, ROWS, overview
from mismes_eval.report.chapters.verdicts import effect_verdict
from mismes_eval.report.country import Released
from mismes_eval.report.document.blocks import (
    Front,
    Heading,
    Manuscript,
    Paragraph,
    numbered,
    paragraph,
)
from mismes_eval.report.document.language import language
from mismes_eval.report.document.page import arranged
from mismes_eval.report.document.sanitize import sanitized
from mismes_eval.report.document.typeset import told
from mismes_eval.report.figures import Figure

from .conftest import WholeReport


@pytest.fixture(scope="module")
def whole(whole_report: Callable[[str, str], WholeReport]) -> WholeReport:
    """A made-up country with two measures followed and one rolled out."""
    return whole_report("MDA", "en")


@pytest.fixture(scope="module")
def context(whole: WholeReport) -> Context:
    return whole.context


@pytest.fixture(scope="module")
def built(whole: WholeReport) -> Mapping[str, Chapter]:
    return whole.built


@pytest.fixture(scope="module")
def released(whole: WholeReport) -> Released:
    return whole.released


def picture(released: Released) -> Figure:
    (item,) = released.chapters["overview"].items
    assert isinstance(item, Figure) and item.id == PICTURE
    return item


def test_every_point_is_a_published_cell(context: Context, released: Released) -> None:
    """Values are those of T17, intervals those of T19d: at the headline the verdict's."""
    study = context.evaluation.tracing
    assert study is not None
    drawn = picture(released).data
    for effect in context.evaluation.effects:
        mine = drawn[drawn["series"] == effect.measure]
        assert list(mine["x"]) == [study.months[w] for w in study.waves]
        verdict = effect_verdict(context.evaluation, effect)
        assert verdict is not None
        for wave, row in zip(study.waves, mine.to_dict("records"), strict=True):
            when = f"{study.months[wave]:.0f} months"
            cell = released.published.get(f"T17-{effect.measure}", context.column("employed"), when)
            assert cell is not None and row["value"] == cell.value
            spoken = released.published.get(
                f"T19d-{effect.measure}", context.column("employed"), when
            )
            assert spoken is not None and spoken.ci_low <= spoken.value <= spoken.ci_high
            assert spoken.ci_high - spoken.ci_low >= cell.ci_high - cell.ci_low
            ends = (spoken.ci_low, spoken.ci_high)
            if wave == context.evaluation.params.impact.main_wave:
                assert ends == (verdict.span.low, verdict.span.high)
            assert (row["low"], row["high"]) == ends
    assert set(drawn["series"]) == {"MDA-001", "MDA-002", "MDA-003"}


def test_weak_evidence_is_hollow_and_said(context: Context, released: Released) -> None:
    """A measure of which the headline is weak has no full point; the words say so."""
    shown = picture(released)
    assert shown.data.loc[shown.data["low"] < shown.data["high"], "weak"].all()
    assert shown.alt.count("weak evidence") == int(shown.data["weak"].sum())
    assert "Hollow: weak evidence." in shown.notes
    base = shown.data[(shown.data["series"] == "MDA-003") & (shown.data["x"] == -1)]
    assert not base["weak"].any()


def test_a_hidden_cell_breaks_the_line(
    context: Context, built: Mapping[str, Chapter], released: Released
) -> None:
    """Neither the file of the picture nor its words have the number of a hidden cell."""
    (spec,) = built["overview"].items
    effect = context.evaluation.effects[0]
    when = "12 months"
    key = next(k for k in spec.refers if k.table == f"T17-{effect.measure}" and k.column == when)  # type: ignore[union-attr]
    cells = dict(released.published.cells)
    hidden = dataclasses.replace(
        cells[key], status="confidential", value=np.nan, ci_low=np.nan, ci_high=np.nan
    )
    published = dataclasses.replace(released.published, cells={**cells, key: hidden})
    drawn = spec.drawn(published)  # type: ignore[union-attr]
    assert isinstance(drawn, Figure)
    gone = drawn.data[(drawn.data["series"] == effect.measure) & (drawn.data["x"] == 12)]
    assert len(gone) == 1 and gone[["value", "low", "high"]].isna().all(axis=None)
    number = language("en").number(100 * cells[key].value)
    assert f"at 12: {number} (" in picture(released).alt
    assert f"at 12: {number} (" not in drawn.alt and "at 12: not shown" in drawn.alt
    assert "A broken line: not shown." in drawn.notes


def test_no_picture_where_nothing_is_shown(context: Context) -> None:
    bare = dataclasses.replace(context.evaluation, tracing=None, rollout=None, kept={})
    assert overview(dataclasses.replace(context, evaluation=bare)).items == ()


@pytest.mark.whole
def test_measures_that_the_page_has_no_room_for_are_left_out(context: Context) -> None:
    moved = dataclasses.replace(context.evaluation, kept=context.evaluation.kept)
    many = tuple(
        dataclasses.replace(context.evaluation.effects[0], measure=f"X-{k}") for k in range(6)
    )
    assert all(isinstance(e, Estimate) for e in many[0].by_wave.values())
    object.__setattr__(moved, "effects", many)
    object.__setattr__(moved, "doubts", ())
    (spec,) = overview(dataclasses.replace(context, evaluation=moved)).items
    tables = {key.table for key in spec.refers}  # type: ignore[union-attr]
    assert tables == {f"{table}-X-{k}" for table in ("T17", "T19d") for k in range(ROWS)}


class Attributes(HTMLParser):
    """Counts the attributes of a page's elements, but for numbers handed out as files."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: Counter[tuple[str, str]] = Counter()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.update((tag, name) for name, _ in attrs)


@pytest.mark.whole
def test_the_filter_of_the_page_takes_nothing_that_the_report_writes(
    whole_report: Callable[[str, str], WholeReport],
) -> None:
    """Its attributes carry labels of cells on a telephone, links, files and alternative texts."""
    written = "".join(whole_report("MDA", "en").pages.values())
    before, after = Attributes(written).found, Attributes(sanitized(written)).found
    assert before["td", "data-label"] >= 10 and before["a", "href"] >= 50
    assert before - after == Counter()


def test_on_paper_the_contents_stand_behind_the_first_page() -> None:
    head = '<html><body><p class="kind">x</p><!-- contents --><main id="text">'
    inside = '<div class="cell"><h2 id="a">First</h2></div><div class="findings"><p>F</p></div>'
    inside += '<div class="cell"><h2 id="b">Second</h2></div><p>S</p>'
    html = arranged(head, inside, "</main></body></html>", language("en"))
    beside, behind = html.index('class="contents beside"'), html.index('class="contents behind"')
    assert beside < html.index('class="findings"') < behind < html.index('id="b"')
    plain = arranged(
        head, inside.replace("findings", "other"), "</main></body></html>", language("en")
    )
    assert plain.count('<nav class="contents"') == 1 and "behind" not in plain


def test_typst_sets_the_first_page_before_the_contents() -> None:
    front = Front("t", "Moldova", "k", "en", "r")
    finding = Paragraph(numbered("4 of 5"), "bullet", "T17")
    chapters = (Heading(1, "First"), finding, Heading(1, "Second"), paragraph("S"))
    assert told(Manuscript(front, chapters))["first"]
    assert not told(Manuscript(front, (chapters[2], chapters[3], chapters[0], finding)))["first"]
