"""Shares and means of an office's own become rows of the report, with their error; SYNTHETIC
persons.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.report.document.language import language
from mismes_eval.report.document.tables import Table

PERSONS = 800
KEYS = """country: CHL
year: 2022
synthetic: true
inputs: {lfs: casen.csv}
mapping:
  columns: {hhid: folio, pid: id_persona, weight: expr, age: edad, male: sexo}
  recode: {male: {"1": "1", "2": "0"}}
indicators:
  columns: {poor: pobreza, idle: nini, reads: lee, children: hijos, food: cuota}
  yes: {poor: ["1", "2"], idle: ["1"], reads: [Sí]}
  no: {poor: ["3"], idle: ["0"], reads: ["No"]}
  missing: {poor: ["9"], children: ["99"]}
  unit: {children: persons, food: "%"}
  among: {idle: {age: ["15..24"]}}
  title: {poor: Persons in poverty}
"""


def persons() -> pd.DataFrame:
    r = np.random.default_rng(4)
    return pd.DataFrame(
        {
            "folio": np.arange(PERSONS) // 2,
            "id_persona": np.arange(PERSONS) % 2 + 1,
            "expr": r.uniform(20, 90, PERSONS).round(1),
            "edad": r.integers(10, 40, PERSONS),
            "sexo": r.integers(1, 3, PERSONS),
            "pobreza": r.choice([1, 2, 3, 9], PERSONS, p=[0.1, 0.2, 0.65, 0.05]),
            "nini": r.integers(0, 2, PERSONS),
            "lee": r.choice(["Sí", "No", ""], PERSONS, p=[0.7, 0.2, 0.1]),
            "hijos": r.choice([0, 1, 2, 5, 99], PERSONS),
            "cuota": r.choice([12.5, 60.0, np.nan], PERSONS),
        }
    )


def loaded(folder: Path, text: str) -> me.Params:
    (folder / "params").mkdir()
    (folder / "work").mkdir()
    persons().to_csv(folder / "casen.csv", index=False)
    path = folder / "params" / "CHL.yaml"
    path.write_text(text, encoding="utf-8")
    return me.Params.load(path)


def tables(folder: Path) -> list[pd.DataFrame]:
    """Cells of T08e, T08f and T08g by row and column."""
    params = loaded(folder, KEYS)
    report = me.country_report(me.Session(params, folder / "work", language("en"), True))
    items = {getattr(item, "id", ""): item for item in report.chapters["people"].items}
    own = [items[id_] for id_ in ("T08e", "T08f", "T08g")]
    return [item.cells.set_index(["row", "column"]) for item in own if isinstance(item, Table)]


def test_own_indicators_are_rows_with_their_error(tmp_path: Path) -> None:
    cells, means, numbers = tables(tmp_path)
    p = persons()
    answered, young = p[p["pobreza"] != 9], p[p["edad"].between(15, 24)]
    poor = np.average(answered["pobreza"].isin([1, 2]), weights=answered["expr"])
    idle = np.average(young["nini"], weights=young["expr"])
    whole = "all residents"
    assert cells.loc[("Persons in poverty", whole), "value"] == pytest.approx(poor)
    assert cells.loc[("idle", whole), "value"] == pytest.approx(idle)
    many = answered.loc[answered["pobreza"].isin([1, 2]), "expr"].sum()
    assert numbers.loc[("Persons in poverty", "estimate"), "value"] == pytest.approx(many)
    assert numbers.loc[("idle", "estimate"), "n"] == young["nini"].sum()
    assert cells.loc[("idle", whole), "n"] == len(young)
    women = answered[answered["sexo"] == 2]
    expected = np.average(women["pobreza"].isin([1, 2]), weights=women["expr"])
    assert cells.loc[("Persons in poverty", "women"), "value"] == pytest.approx(expected)
    assert (cells["se"] > 0).all() and (means["se"] > 0).all()
    read = p[p["lee"] != ""]
    reads = np.average(read["lee"] == "Sí", weights=read["expr"])
    assert cells.loc[("reads", whole), "value"] == pytest.approx(reads)
    for row, column in (("children (persons)", "hijos"), ("food (%)", "cuota")):
        told = p[p[column].notna() & (p[column] != 99)]
        expected = np.average(told[column], weights=told["expr"])
        assert means.loc[(row, whole), "value"] == pytest.approx(expected)
        assert means.loc[(row, whole), "n"] == len(told)


def test_what_counts_as_yes_is_not_guessed(tmp_path: Path) -> None:
    with pytest.raises(me.ParamsError, match="under yes"):
        loaded(tmp_path, KEYS.replace('  yes: {poor: ["1", "2"], ', "  yes: {"))


def test_a_number_is_no_answer_and_a_text_no_number(tmp_path: Path) -> None:
    with pytest.raises(me.ParamsError, match="a number or an answer, not both"):
        loaded(tmp_path, KEYS.replace("unit: {", "unit: {idle: '%', "))
    (tmp_path / "again").mkdir()
    words = loaded(tmp_path / "again", KEYS.replace("food: cuota", "food: lee"))
    with pytest.raises(me.ParamsError, match=r"column 'lee'\. Expected numbers, got Sí, No"):
        me.country_report(me.Session(words, tmp_path / "again" / "work", language("en"), True))
