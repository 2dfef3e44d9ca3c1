"""Shares of an office's own become rows of the report, with their error; SYNTHETIC persons."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mismes_eval.errors import ParamsError
from mismes_eval.evaluation.params import Params
from mismes_eval.report.country import country_report
from mismes_eval.report.document.language import language
from mismes_eval.report.document.tables import Table
from mismes_eval.report.session import Session

PERSONS = 800
KEYS = """country: CHL
year: 2022
synthetic: true
inputs: {lfs: casen.csv}
mapping:
  columns: {hhid: folio, pid: id_persona, weight: expr, age: edad, male: sexo}
  recode: {male: {"1": "1", "2": "0"}}
indicators:
  columns: {poor: pobreza, idle: nini}
  yes: {poor: ["1", "2"], idle: ["1"]}
  no: {poor: ["3"], idle: ["0"]}
  missing: {poor: ["9"]}
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
        }
    )


def loaded(folder: Path, text: str) -> Params:
    (folder / "params").mkdir()
    (folder / "work").mkdir()
    persons().to_csv(folder / "casen.csv", index=False)
    path = folder / "params" / "CHL.yaml"
    path.write_text(text, encoding="utf-8")
    return Params.load(path)


def test_own_indicators_are_rows_with_their_error(tmp_path: Path) -> None:
    params = loaded(tmp_path, KEYS)
    report = country_report(Session(params, tmp_path / "work", language("en"), True))
    (own,) = [i for i in report.chapters["people"].items if getattr(i, "id", "") == "T08e"]
    assert isinstance(own, Table)
    cells = own.cells.set_index(["row", "column"])
    p = persons()
    answered, young = p[p["pobreza"] != 9], p[p["edad"].between(15, 24)]
    poor = np.average(answered["pobreza"].isin([1, 2]), weights=answered["expr"])
    idle = np.average(young["nini"], weights=young["expr"])
    whole = "all residents"
    assert cells.loc[("Persons in poverty", whole), "value"] == pytest.approx(poor)
    assert cells.loc[("idle", whole), "value"] == pytest.approx(idle)
    assert cells.loc[("idle", whole), "n"] == len(young)
    women = answered[answered["sexo"] == 2]
    expected = np.average(women["pobreza"].isin([1, 2]), weights=women["expr"])
    assert cells.loc[("Persons in poverty", "women"), "value"] == pytest.approx(expected)
    assert (cells["se"] > 0).all()


def test_what_counts_as_yes_is_not_guessed(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="under yes"):
        loaded(tmp_path, KEYS.replace('  yes: {poor: ["1", "2"], ', "  yes: {"))
