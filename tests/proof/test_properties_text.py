"""Properties of cells, identifiers, exports and numbers in words that hold for any text."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mismes_eval.errors import MismesError, Problem
from mismes_eval.evaluation.yaml_text import read_yaml
from mismes_eval.frame.formulas import runs_as_formula
from mismes_eval.frame.identifiers import hash_ids
from mismes_eval.frame.parse import number, text
from mismes_eval.inventory.export import as_text_cells, to_csv
from mismes_eval.report.document.language import language
from mismes_eval.report.document.plain import escape, text_cell

from ..some import some

pytestmark = pytest.mark.property
quick = settings(max_examples=60, deadline=None, derandomize=True)
words = st.text(max_size=30)


@pytest.mark.whole
@quick
@given(st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=20), st.sampled_from([".", ","]))
def test_a_written_number_is_read_as_it_was(values: list[float], decimal: str) -> None:
    written = pd.Series([repr(v).replace(".", decimal) for v in values])
    read, bad = number(written, decimal)
    assert not bad.any()
    np.testing.assert_array_equal(read.to_numpy(float), values)


@quick
@given(
    st.lists(
        st.one_of(
            st.none(),
            words,
            st.floats(allow_nan=True, allow_infinity=False),
            st.integers(-(10**9), 10**9),
            st.booleans(),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_reading_cells_as_text_twice_changes_nothing(cells: list[object]) -> None:
    once = text(pd.Series(cells, dtype=object))
    pd.testing.assert_series_equal(text(once), once)
    assert not (once.dropna() == "").any() and (once.dropna() == once.dropna().str.strip()).all()


@quick
@given(
    st.lists(
        st.one_of(st.just(np.nan), st.floats(-1e6, 1e6), st.integers(-1000, 1000).map(float)),
        min_size=1,
        max_size=30,
    )
)
def test_number_cells_read_as_text_do_not_depend_on_their_column_type(cells: list[float]) -> None:
    floats = pd.Series(cells, dtype=float)
    pd.testing.assert_series_equal(text(floats), text(floats.astype(object)))


@quick
@given(
    st.lists(words, min_size=1, max_size=15), st.text("abcdef0123456789", min_size=16, max_size=20)
)
def test_hashed_identifiers_are_equal_where_they_were(names: list[str], salt: str) -> None:
    frame = pd.DataFrame({"id": pd.Series(names, dtype=object)})
    hashed = hash_ids(frame, ["id"], salt)["id"]
    for i, a in some(enumerate(names)):
        for j, b in enumerate(names):
            assert (hashed[i] == hashed[j]) == (a == b)
        assert a not in hashed[i] or len(a) < 3


@quick
@given(st.lists(words, min_size=1, max_size=15))
def test_no_exported_cell_starts_a_formula(cells: list[str]) -> None:
    safe = as_text_cells(pd.DataFrame({"label": pd.Series(cells, dtype=object)}))["label"]
    assert not safe.map(runs_as_formula).any()
    assert not any(runs_as_formula(text_cell(c)) for c in cells)
    assert [
        s.removeprefix("'") if runs_as_formula(c) else s for s, c in zip(safe, cells, strict=True)
    ] == cells


@quick
@given(words)
def test_text_cannot_leave_its_place_in_a_page(label: str) -> None:
    shown = escape(label)
    assert not set(shown) & set("<>\"'") and "\x00" not in shown


@quick
@given(st.floats(-1e9, 1e9), st.integers(0, 3), st.sampled_from(["en", "fr"]))
def test_a_number_in_words_can_be_read_back(value: float, digits: int, code: str) -> None:
    said = language(code).number(value, digits)
    decimal, thousands = (",", "\u202f") if code == "fr" else (".", ",")
    assert float(
        said.replace(thousands, "").replace(decimal, ".").replace("\u2212", "-")
    ) == pytest.approx(value, abs=0.5000001 * 10.0**-digits)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=80))
def test_any_text_as_params_is_a_mapping_or_a_named_problem(
    tmp_path_factory: pytest.TempPathFactory, body: str
) -> None:
    file = Path(tmp_path_factory.mktemp("yaml")) / "X.yaml"
    file.write_bytes(body.encode())
    problems: list[Problem] = []
    try:
        read = read_yaml(file)
    except MismesError as error:
        problems = list(error.problems)
    assert all(p.what for p in problems) and (problems or isinstance(read, dict))


@quick
@given(st.lists(st.tuples(words, st.floats(-1e9, 1e9)), min_size=1, max_size=10))
def test_a_table_survives_its_csv(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, float]]
) -> None:
    frame = pd.DataFrame(rows, columns=["name", "value"])
    file = to_csv(frame, tmp_path_factory.mktemp("csv") / "table.csv")
    again = pd.read_csv(file, keep_default_na=False, encoding="utf-8")
    np.testing.assert_array_equal(again["value"].to_numpy(float), frame["value"].to_numpy(float))
    written = as_text_cells(frame)["name"].str.replace("\r\n", "\n").str.replace("\r", "\n")
    assert list(again["name"].astype(str)) == list(written)
