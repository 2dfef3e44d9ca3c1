"""Estimates side by side: every output holds the numbers of the estimates, and bad arguments are
refused together.
"""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from docx import Document
from openpyxl import load_workbook

import mismes_eval as me
from mismes_eval.errors import EstimateError


@pytest.fixture(scope="module")
def sample() -> me.Sample:
    r = np.random.default_rng(3)
    f = pd.DataFrame({"x": r.normal(size=200), "w": r.uniform(1, 2, 200)})
    f["psu"] = np.repeat(np.arange(20), 10)
    f["y"] = 1000 + f.x + r.normal(size=200)
    return me.Sample.from_frame(f, weights="w", psu="psu")


@pytest.fixture(scope="module")
def shown(sample: me.Sample) -> me.SideBySide:
    return me.table(
        me.ols(sample, "y ~ x"),
        me.ols(sample, "y ~ x + I(x**2)"),
        me.NotEstimable("nobody was asked"),
        columns=["plain", "curved", "third"],
        title="Earnings",
    )


def test_every_number_is_the_estimates(shown: me.SideBySide, sample: me.Sample) -> None:
    e = me.ols(sample, "y ~ x")
    numbers = shown.to_frame()
    own = numbers[(numbers["column"] == "plain") & numbers["value"].notna()]
    assert own["row"].tolist() == list(e.names)
    assert np.array_equal(own["value"], e.value) and np.array_equal(own["se"], e.se)
    assert np.array_equal(own["p"], e.pvalue) and (own["n"] == 200).all()
    assert numbers.loc[numbers["column"] == "third", "value"].isna().all()


def test_all_outputs_hold_the_same_text(shown: me.SideBySide, tmp_path: Path) -> None:
    cells = [c for c in shown.body.to_numpy().ravel().tolist() if re.search(r"\d{3}", c)]
    word = Document(str(shown.to_docx(tmp_path / "t.docx"))).tables[0]
    in_word = [c.text for row in word.rows for c in row.cells]
    book = load_workbook(shown.to_excel(tmp_path / "t.xlsx"))
    in_book = [c.value for row in book["table"].iter_rows() for c in row]
    for text in cells:
        assert text in in_word and text in in_book
        assert text in shown.to_markdown() and text in shown._repr_html_()
        assert text in shown.to_latex()
    assert any("nobody was asked" in note for note in shown.notes)
    assert len(cells) > 6


def test_stars_intervals_and_p_values_only_if_asked(sample: me.Sample) -> None:
    e = me.ols(sample, "y ~ x")
    assert "*" not in me.table(e).body.to_string()
    assert me.table(e, stars=True).body.iloc[0, 1].endswith("***")
    low, high = e.ci().iloc[1]
    assert me.table(e, below="ci", digits=2).body.iloc[3, 1] == f"[{low:.2f}, {high:.2f}]"
    assert me.table(e, below="p").body.iloc[1, 1] == "p < 0.001"
    one = me.table(e, rows={"x": "slope"}).body
    assert one["row"].tolist() == ["slope", "", "n", "degrees of freedom"]


def test_problems_are_told_together_or_by_name(sample: me.Sample) -> None:
    e = me.ols(sample, "y ~ x")
    with pytest.raises(EstimateError, match="headings"):
        me.table(e, columns=["a", "b"])
    with pytest.raises(EstimateError, match="no estimate has"):
        me.table(e, rows=["age"])
    with pytest.raises(EstimateError) as refused:
        me.table(e, "not one", below="sd", digits=-1)  # type: ignore[arg-type]
    assert len(refused.value.problems) == 3


STRANGE = ("A_1 & 50%", "=1+1", "row", "<i>a|b</i>", "x^2 ~ $\\{}#")


def test_every_format_shows_headings_as_they_are_written(sample: me.Sample, tmp_path: Path) -> None:
    shown = me.table(*[me.mean(sample, "x")] * 5, columns=STRANGE, title="100 % * _sure_")
    page, latex = shown._repr_html_(), shown.to_latex()
    assert "<i>" not in page and "&lt;i&gt;a|b&lt;/i&gt;" in page
    assert r"A\_1 \& 50\%" in latex and r"\textless{}i\textgreater{}a\textbar{}b" in latex
    assert r"x\textasciicircum{}2 \textasciitilde{} \$\textbackslash{}\{\}\#" in latex
    text = shown.to_markdown().splitlines()
    assert text[0] == r"**100 % \* \_sure\_**" and r"\<i>a\|b\</i>" in text[2]
    assert {line.replace(r"\|", "").count("|") for line in text if line.startswith("|")} == {7}
    book = load_workbook(shown.to_excel(tmp_path / "t.xlsx"))
    head = [cell for cell in book["table"][1]][1:]
    assert [cell.value for cell in head] == list(STRANGE)
    assert {cell.data_type for cell in head} == {"s"} and head[1].quotePrefix
    numbers = list(book["numbers"].values)
    assert numbers[1][numbers[0].index("n")] == 200
    word = Document(str(shown.to_docx(tmp_path / "t.docx"))).tables[0]
    assert [cell.text for cell in word.rows[0].cells][1:] == list(STRANGE)


def test_signs_that_no_file_takes_are_replaced(sample: me.Sample, tmp_path: Path) -> None:
    shown = me.table(me.mean(sample, "x"), columns=["a\x01\nb"], title="t\x0b")
    assert shown.columns == ("a\ufffd b",)
    assert Document(str(shown.to_docx(tmp_path / "t.docx"))).tables
    assert load_workbook(shown.to_excel(tmp_path / "t.xlsx"))["table"]["B1"].value == "a\ufffd b"


def test_nothing_is_minus_zero_and_degrees_of_freedom_may_be_without_end(sample: me.Sample) -> None:
    e = me.mean(sample, "x")
    small = replace(e, value=np.array([-1e-6]), dof=np.array([np.inf]))
    body = me.table(small).body["(1)"].tolist()
    assert body[0] == "0.000" and body[3] == "∞"
    assert r"$\infty$" in me.table(small).to_latex()


def test_rows_of_one_name_and_headings_without_one_are_refused(sample: me.Sample) -> None:
    e = me.ols(sample, "y ~ x")
    with pytest.raises(EstimateError, match="two rows of one name"):
        me.table(e, rows=["x", "x"])
    with pytest.raises(EstimateError, match="two rows of one name"):
        me.table(e, rows={"x": "same", "Intercept": "same"})
    with pytest.raises(EstimateError, match="headings"):
        me.table(e, columns=[" "])
    with pytest.raises(EstimateError, match="no estimate is given"):
        me.table()
