"""Numbers of figures and sentences are those of published cells: where every cell is hidden none is
left, and what a figure holds is what its cells hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mismes_eval.report.brief import brief
from mismes_eval.report.chapters.base import Heading, Item, Sentence
from mismes_eval.report.chapters.cells import following, plain, rows
from mismes_eval.report.chapters.criteria import GAP
from mismes_eval.report.country import LAST
from mismes_eval.report.document.cells import (
    STANDING,
    CellKey,
    Published,
    PublishedCell,
    Status,
)
from mismes_eval.report.document.items import (
    PictureSpec,
    SentenceSpec,
    SummarySpec,
    keys_of,
    no_cells,
)
from mismes_eval.report.document.language import language
from mismes_eval.report.document.protect import applied, protect
from mismes_eval.report.document.rules import Rules
from mismes_eval.report.document.tables import Table, TextTable
from mismes_eval.report.figures import Caption, Figure, canvas, finish
from mismes_eval.report.findings import findings

from ..some import some
from .conftest import WholeReport

PARTS = ("value", "se", "ci_low", "ci_high", "cv", "n", "degf")
# columns that say where a point stands
POSITIONS = frozenset(
    {"x", "time", "month", "from", "to", "cohort", "m", "p", "specification", "weak"}
)
# F50 is made of cells and of what a claim or a measure asks: numbers of cells in another unit; F02b has
# what is left of a sum as well
IN_OTHER_UNITS = frozenset({"F50", "F02b"})
NO_CELL = {
    "how the variance is taken": r"Variance: [^.]*\.",
    "names of tables, figures and measures": r"\b[TF]\d+\w*\b|\b[A-Z]{3}-\d+\b",
    "levels of intervals and tests": r"(?<![.\d])(95|5)%",
    "times": r"\bat -?\d+|\b\d+ months?\b|\bafter \d+|\b(19|20)\d\d\b|Tunisia-HIMS 2020-21",
    "ages, and the length of a stay": r"15\+|aged? \d+",
    "levels of education": r"\(1 to 7\)",
    "limits": r"above 0\.995|fewer than \d+|1st and 99th|M = [\d.]+|is 0 by|are 0\b|covers 0",
    "persons where none are shown": r"n: 0 unweighted persons\.",
    "how many differences were looked at": r"\d+ that were looked at|\bof \d+ differences",
    "the least departure that was looked at": r"not survive breaks of trend [\d.]+",
    "the power of a test": r"missed in \d+% of samples",
    "what was planted into made-up data": r"-?[\d.,]+ [a-z ]+(?=; (in|out)side the)",
}
# sentences without a cell: what the data are, not what they say
FACTS = (
    "The edit report of the tracer study checked",
    "margin cells are met",
    "was rolled out in",
    "Every outcome and wave: table",
    "Every group and year: table",
    "measures on record",
    "overdue after 24 months",
)
NUMBER = re.compile(r"(?<![\w.-])-?\d[\d,]*\.?\d*")


@pytest.fixture(scope="module", params=["MDA", pytest.param("TUN", marks=pytest.mark.slow)])
def walked(
    whole_report: Callable[[str, str], WholeReport], request: pytest.FixtureRequest
) -> WholeReport:
    return whole_report(request.param, "en")


def items_of(whole: WholeReport) -> list[Item]:
    """The items of all chapters before anything is decided."""
    return [item for chapter in whole.built.values() for item in chapter.items]


def hidden_in(whole: WholeReport) -> Published:
    """The same places, every cell hidden."""
    nothing = dict.fromkeys(PARTS, float("nan"))
    cells = {
        key: replace(cell, status=Status.CONFIDENTIAL, flag="", **nothing)
        for key, cell in whole.released.published.cells.items()
    }
    return Published(cells)


def numbers_of(text: str) -> list[str]:
    """The numbers of a text that no pattern of `NO_CELL` explains."""
    for pattern in NO_CELL.values():
        text = re.sub(pattern, "", text)
    return NUMBER.findall(text)


def left_over(drawn: Figure | TextTable | str) -> list[str]:
    """The numbers that are left in a figure, or in the answers of a table of words, of which every
    cell is hidden.
    """
    if isinstance(drawn, str):
        return numbers_of(drawn)
    if isinstance(drawn, TextTable):  # questions come first, and where answers rest on last
        return [
            n for text in drawn.frame.iloc[:, 1:-1].to_numpy().ravel() for n in numbers_of(text)
        ]
    told = [number for text in (drawn.alt, *drawn.notes) for number in numbers_of(text)]
    for column in drawn.data.columns:
        if str(column) in POSITIONS:
            continue
        values = drawn.data[column]
        if pd.api.types.is_numeric_dtype(values):
            told += [f"{column}: {value}" for value in values.dropna()]
        else:
            told += [f"{column}: {n}" for text in values.dropna() for n in numbers_of(str(text))]
    return told


def foreign(figure: Figure, cells: list[PublishedCell]) -> list[str]:
    """The numbers of a figure's file that none of its cells holds."""
    known = np.array([float(getattr(cell, part)) for cell in cells for part in PARTS])
    known = np.concatenate([known, [0.0]])
    known = known[np.isfinite(known)]
    out = []
    for column in figure.data.columns:
        values = figure.data[column]
        if str(column) in POSITIONS or not pd.api.types.is_numeric_dtype(values):
            continue
        for value in values.dropna().astype(float):
            if not np.isclose(known, value, rtol=1e-9, atol=1e-12).any():
                out.append(f"{column}: {value}")
    return out


def said_of(cells: list[PublishedCell]) -> np.ndarray:
    """What a text may say of cells: their numbers, the median, how many they are, and the persons
    behind them, each row or each column counted once.
    """
    numbers = [float(getattr(cell, part)) for cell in cells for part in PARTS]
    frame = pd.DataFrame([(cell.key.row, cell.key.column, cell.n, cell.value) for cell in cells])
    of_part = frame[0].str.split("[|,]").str[0]  # of a row that is a group and a month or a cost
    persons = [frame[2].sum(), *(frame.groupby(by)[2].max().sum() for by in (0, 1, of_part))]
    known = np.array([*numbers, *frame.groupby(1)[3].median(), *persons, *range(len(cells) + 1)])
    return np.abs(known[np.isfinite(known)])


def cells_behind(spec: PictureSpec, published: Published) -> list[PublishedCell]:
    own = keys_of(spec.id, spec.cells)
    return [published[key] for key in (*own, *spec.refers) if key in published.cells]


def test_no_figure_is_drawn_before_it_is_decided_what_is_hidden(walked: WholeReport) -> None:
    assert [item.id for item in items_of(walked) if isinstance(item, Figure)] == []


def test_the_parts_of_the_budget_add_up_to_the_whole(walked: WholeReport) -> None:
    published = walked.released.published
    spec = next(i for i in items_of(walked) if isinstance(i, PictureSpec) and i.id == "F02b")
    drawn = spec.drawn(published)
    assert isinstance(drawn, Figure)
    assert drawn.data["amount"].sum() == pytest.approx(published[spec.refers[0]].value)
    without = replace(published[spec.refers[0]], value=float("nan"), status=Status.CONFIDENTIAL)
    assert spec.drawn(Published({**published.cells, spec.refers[0]: without})) == ""


def test_sentences_without_cells_say_no_number(walked: WholeReport) -> None:
    for item in some(items_of(walked)):
        if isinstance(item, str) and not isinstance(item, Heading):
            assert not numbers_of(item) or any(fact in item for fact in FACTS), item


@pytest.mark.whole
def test_where_every_cell_is_hidden_no_number_is_left(walked: WholeReport) -> None:
    hidden, pictures, sentences = hidden_in(walked), 0, 0
    for item in some(items_of(walked)):
        if isinstance(item, PictureSpec):
            pictures += 1
            assert left_over(item.drawn(hidden)) == [], item.id
        elif isinstance(item, Sentence):
            sentences += 1
            said = item.text(hidden, walked.context.words)
            assert numbers_of(said) == [], said
    assert pictures > 15 and sentences > 15


@pytest.mark.whole
def test_page_one_says_no_number_of_hidden_cells(walked: WholeReport) -> None:
    """Of participants who were followed, and of a roll-out over regions."""
    hidden = brief(walked.context, hidden_in(walked))
    shown = brief(walked.context, walked.released.published)
    assert hidden is not None and shown is not None
    assert [row.anchor for row in hidden.rows] == [row.anchor for row in shown.rows]
    assert any(numbers_of(row.effect) for row in shown.rows)
    assert [text for row in hidden.rows for text in row.texts if numbers_of(text)] == []


@pytest.mark.whole
def test_every_number_of_a_figure_is_that_of_one_of_its_cells(walked: WholeReport) -> None:
    strange = []
    for item in some(items_of(walked)):
        if not isinstance(item, PictureSpec) or item.id in IN_OTHER_UNITS:
            continue
        drawn = item.drawn(walked.released.published)
        if isinstance(drawn, Figure):
            cells = cells_behind(item, walked.released.published)
            assert foreign(drawn, cells) == [], item.id
            known = said_of(cells)
            said = [number for text in (drawn.alt, *drawn.notes) for number in numbers_of(text)]
            strange += [(item.id, number) for number in said if not printed_alike(number, known)]
    assert strange == []


def printed_alike(number: str, known: np.ndarray) -> bool:
    """Whether a printed number is one of these, as a number or in percent."""
    digits = number.rstrip(".,").replace(",", "")
    decimals = len(digits.partition(".")[2])
    told = abs(float(digits))
    return any(np.isclose(np.round(known * k, decimals), told, atol=1e-9).any() for k in (1, 100))


def numbers_around(published: Published, keys: list[CellKey]) -> np.ndarray:
    """The published numbers of the tables and the measures that these cells are of, and how many
    cells there are.
    """
    tables = {key.table for key in keys}
    measures = {
        m[0] for key in keys for m in re.finditer(r"[A-Z]{3}-\d{3}", f"{key.table} {key.row}")
    }
    near = [
        cell
        for key, cell in published.cells.items()
        if key.table in tables or any(m in f"{key.table} {key.row}" for m in measures)
    ]
    known = [float(getattr(cell, part)) for cell in near for part in PARTS]
    return np.abs(np.array([x for x in known if np.isfinite(x)] + list(range(len(keys) + 1))))


def test_every_number_of_a_sentence_is_that_of_a_cell(walked: WholeReport) -> None:
    published, words = walked.released.published, walked.context.words
    context = replace(walked.context, published=published)
    said = []
    for item in items_of(walked):
        if isinstance(item, SentenceSpec):
            said.append((item.text(published, words), [n.key for n in item.numbers.values()]))
        elif isinstance(item, SummarySpec):
            said.append((item.text(published, words), list(item.refers)))
    for text, anchor in findings(context, published):
        said.append((text, [CellKey(anchor, anchor, "")]))
    looked_at = 0
    for text, keys in some(said):
        known = numbers_around(published, keys)
        for number in [] if any(fact in text for fact in FACTS) else numbers_of(text):
            looked_at += 1
            assert printed_alike(number, known), (number, text)
    assert looked_at > 50


def test_a_number_from_elsewhere_is_found(walked: WholeReport) -> None:
    """The walk sees a figure and a sentence that keep a number of their own."""

    def draw(cells: pd.DataFrame) -> Figure:
        fig, ax = canvas()
        ax.plot([0, 1], [0, 1])
        frame = pd.DataFrame({"x": [1.0], "value": [12.5]})
        return finish(Caption("F99", "A line"), fig, "It rises to 12.5", frame)

    spec = PictureSpec("F99", "A line", draw)
    assert left_over(spec.drawn(hidden_in(walked))) == ["12.5", "value: 12.5"]
    figure = spec.drawn(walked.released.published)
    assert isinstance(figure, Figure) and foreign(figure, []) == ["value: 12.5"]
    said = SummarySpec((), lambda cells: "It rises to 12.5.").text(
        hidden_in(walked), language("en")
    )
    assert numbers_of(said) == ["12.5"] and not printed_alike("12.5", np.array([12.4, 0.12]))
    assert printed_alike("12.5", np.array([0.12499])) and printed_alike("12", np.array([0.1249]))


@pytest.mark.parametrize("hidden", [True, False])
def test_a_cell_is_shown_where_all_that_it_is_computed_from_are(hidden: bool) -> None:
    """Along a chain too; a cell that is computed from one that no table has is hidden."""
    status = Status.CONFIDENTIAL if hidden else Status.SHOWN
    main, derived, last = (CellKey("T1", row, "c") for row in ("main", "derived", "last"))
    first = rows([plain("main", "c", 1.0) | {"status": str(status)}])
    chain = [
        following(rows([plain("last", "c", 3.0)]), derived),
        following(rows([plain("derived", "c", 2.0)]), main),
        following(rows([plain("lost", "c", 4.0)]), last, CellKey("T9", "nowhere", "c")),
    ]
    places = {"T1": pd.concat([first, *chain], ignore_index=True), "F1": no_cells()}
    published = applied("T1", places["T1"], protect(places, Rules())).set_index("row")
    shown = published["value"].notna()
    assert not shown["lost"]
    assert shown[["main", "derived", "last"]].to_list() == [not hidden] * 3


def test_job_years_are_hidden_with_a_year_that_they_are_counted_from(walked: WholeReport) -> None:
    """The effect of one year could be had from the sum and the other years; a cost per completer tells
    how many completed.
    """
    money = walked.built["impact"]
    tables = {i.id: i for i in money.items if isinstance(i, Table)}
    effects = next(table for id, table in tables.items() if id.startswith("T17"))
    measure = effects.id.removeprefix("T17-")
    year = (effects.cells["row"].str.startswith("months employed")) & (
        effects.cells["column"] == "24 months"
    )
    assert year.sum() == 1
    hidden = effects.cells["status"].mask(year, str(Status.CONFIDENTIAL))
    places = {i.id: i.cells for i in money.items if isinstance(i, Table)}
    places[effects.id] = effects.cells.assign(status=hidden)
    status = protect(places, Rules()).status["T20"]
    told = dict(zip(zip(tables["T20"].cells["row"], tables["T20"].cells["column"]), status))
    of_measure = {row: state for (row, column), state in told.items() if row.startswith(measure)}
    assert of_measure.pop(f"{measure}, cost per participant, EUR") == Status.SHOWN
    completers = f"{measure}, cost per completer, EUR"
    assert of_measure.pop(completers) == Status.SHOWN
    assert Status.SHOWN not in of_measure.values()
    cells = tables["T20"].cells
    standing = cells.loc[cells["row"] == completers, STANDING].iloc[0]
    assert (
        sum(who.n for who in standing.tells) == cells.loc[cells["row"] == completers, "n"].iloc[0]
    )


FIVE = [
    "MDA",
    *(pytest.param(code, marks=pytest.mark.slow) for code in ("ARM", "GEO", "MAR", "TUN")),
]
# on page one and in the limits: of measures on record, and what is no cell of a table
OF_RECORDS = ("measures", "main funders", "of beneficiaries", "placed in a job", "steps")


@pytest.mark.parametrize("country", FIVE)
def test_page_one_and_the_limits_say_numbers_of_cells(
    country: str, whole_report: Callable[[str, str], WholeReport]
) -> None:
    report = whole_report(country, "en").report
    said = list(findings(report.context, report.published))
    told = brief(report.context, report.published)
    if told is not None:
        texts = [(row, text) for row in told.rows for text in row.texts]
        said += [(re.sub(r"\d reserv", "", text), f"{row.anchor}, T20") for row, text in texts]
    matrix = next(i for i in report.chapters[LAST].items if isinstance(i, TextTable))
    rests = zip(matrix.frame["What the evidence says"], matrix.frame["Rests on"], strict=True)
    said += [(str(text), str(tables)) for text, tables in rests]
    strange, looked_at = [], 0
    for text, tables in said:
        keys = [CellKey(table, table, "") for table in (*tables.split(", "), GAP.table)]
        known = numbers_around(report.published, keys)
        for number in [] if any(word in text for word in OF_RECORDS) else numbers_of(text):
            looked_at += 1
            strange += [] if printed_alike(number, known) else [(number, text)]
    assert strange == [] and looked_at > 20
