"""Identity: what a reader outside the survey office sees is words, short titles and percentiles: no
column names, no single person's weight, no cell of a few.
"""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mismes_eval.evaluation.evaluation import Evaluation
from mismes_eval.frame import template
from mismes_eval.lfs.indicators import LACKING
from mismes_eval.message import Message
from mismes_eval.report.chapters import Chapter, Context
from mismes_eval.report.chapters.data import data
from mismes_eval.report.chapters.measures import measures
from mismes_eval.report.chapters.names import titles
from mismes_eval.report.chapters.people import people
from mismes_eval.report.chapters.portfolio import SHORT_TITLE, timeline, titled
from mismes_eval.report.chapters.quality import margins, weight_spread
from mismes_eval.report.country import release
from mismes_eval.report.document.items import PictureSpec
from mismes_eval.report.document.language import language
from mismes_eval.report.document.rules import Rules
from mismes_eval.report.document.tables import Table
from mismes_eval.report.document.words import WORDS, asked
from mismes_eval.report.figures import Figure
from mismes_eval.report.figures_common import edges_of
from mismes_eval.weighting.sample import Sample

pytestmark = pytest.mark.whole

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def context(evaluated: Callable[[str], Evaluation]) -> Context:
    return Context(evaluated("TUN"), Rules(), language("en"))


@pytest.fixture(scope="module")
def shown(context: Context) -> Mapping[str, object]:
    built = {make.__name__: make(context) for make in (data, measures, people)}
    chapters = release(context, built).chapters
    return {i.id: i for c in chapters.values() for i in c.items if not isinstance(i, str)}


def table(shown: Mapping[str, object], id_: str) -> Table:
    item = shown[id_]
    assert isinstance(item, Table)
    return item


@pytest.mark.parametrize("id_", ["T05", "T09b", "T06c"])
def test_tables_name_no_columns_of_files(shown: Mapping[str, object], id_: str) -> None:
    cells = table(shown, id_).cells
    assert len(cells)
    assert (
        not cells[["row", "column", "definition"]]
        .map(lambda v: isinstance(v, str) and "_" in v)
        .to_numpy()
        .any()
    )


def test_reasons_say_what_the_survey_does_not_ask() -> None:
    def lacks(columns: str) -> str:
        return asked(Message(LACKING, {"columns": columns}))

    assert (
        lacks("wage_no_compen, unitwage")
        == "The survey does not ask for earnings of employees, the period that earnings are for."
    )
    expected = "The survey does not ask for education, school attendance."
    assert lacks("educat7 or educat5 or educat4, school") == expected
    assert lacks("own_column") == "The file has no own_column."
    assert asked("too few persons") == "too few persons"


def weighted(values: np.ndarray) -> Sample:
    return Sample.from_frame(
        pd.DataFrame({"w": values, "psu": np.arange(values.size)}), weights="w", psu=["psu"]
    )


def test_percentiles_of_weights_need_ten_persons_at_or_beyond_them() -> None:
    w = np.linspace(1, 1000, 1000)
    assert weight_spread(weighted(w), 0) == pytest.approx(990 / 10)
    assert np.isnan(weight_spread(weighted(w[:900]), 0))
    ties = np.r_[np.full(50, 2.0), np.full(50, 6.0)]
    assert weight_spread(weighted(ties), 0) == 3.0
    far = w.copy()
    far[-1] = 1e9
    assert weight_spread(weighted(far), 0) == pytest.approx(990 / 10)


def test_no_table_or_figure_shows_the_largest_or_smallest_weight(
    context: Context, shown: Mapping[str, object]
) -> None:
    s = context.evaluation.survey
    w = s.sample.weights[s.sample.active]
    ratio = table(shown, "T12").cells.query("column == '99th / 1st percentile'")["value"].iloc[-1]
    assert ratio == pytest.approx(np.quantile(w, 0.99) / np.quantile(w, 0.01), rel=0.01)
    assert ratio < w.max() / w.min()
    assert edges_of(np.r_[np.linspace(10, 20, 1000), 1e6]).max() < 21


def test_control_totals_hide_cells_of_a_few(context: Context) -> None:
    s = context.evaluation.survey
    assert s is not None
    rules = dataclasses.replace(context, rules=Rules(min_cell=80, min_mean=80))
    plain, strict = (
        release(c, {"data": Chapter("data", "Margins", tuple(margins(c, s)))})
        .chapters["data"]
        .items[0]
        for c in (context, rules)
    )
    assert isinstance(plain, Table) and isinstance(strict, Table)
    assert (plain.cells["status"] == "shown").all()
    counts = plain.cells[plain.cells["column"] == "persons interviewed"].set_index("row")["value"]
    hidden = strict.cells[strict.cells["status"] != "shown"]
    few = set(hidden.loc[hidden["column"] == "persons interviewed", "row"])
    assert few >= set(counts.index[counts < 80]) != set()
    expected = {"persons interviewed", "before, thousand", "before against total, %"}
    assert set(hidden["column"]) == expected
    places = {row: row.partition(":")[0] if ":" in row else "sex and age" for row in counts.index}
    for margin in set(places.values()):
        mine = [row for row in few if places[row] == margin]
        assert not mine or (len(mine) > 1 and counts[mine].sum() >= 80)


def test_measures_over_time_have_short_titles(context: Context) -> None:
    inventory = context.evaluation.inventory
    assert inventory is not None
    spec = timeline(context, inventory)
    assert isinstance(spec, PictureSpec)
    figure = spec.draw(spec.cells.assign(table=spec.id))
    assert isinstance(figure, Figure)
    assert figure.data["title"].str.startswith("Synthetic measure").all()
    assert (figure.data["title"].str.len() <= SHORT_TITLE).all()
    names = pd.DataFrame(
        {
            "title_en": ["a " * 60, None, "x" * 90, "English"],
            "title_orig": [None, None, None, "Titre\nfran\u00e7ais"],
        }
    )
    said = titled(context, names)
    assert said.iloc[0].endswith("\u2026")
    assert said.str.len().max() <= SHORT_TITLE
    assert said.iloc[1] == ""
    assert said.iloc[2].endswith("\u2026")
    french = dataclasses.replace(context, words=language("fr"))
    assert said.iloc[3] == "English" and titled(french, names).iloc[3] == "Titre fran\u00e7ais"
    whole = [*titles(french, names)]
    assert whole[1:] == ["", "x" * 90 + " (en anglais)", "Titre\nfran\u00e7ais"]


@pytest.mark.parametrize("code", ["fr", "ro"])
def test_every_outcome_of_a_template_has_words_in_every_language(code: str) -> None:
    outcomes = [c.name for c in template("tracer_outcome").columns if c.outcome]
    told = {name: str(language(code)(WORDS.get(name, name))) for name in outcomes}
    assert outcomes and not [n for n in outcomes if told[n] in (n, WORDS.get(n))]
