"""Bad files and good ones: surveys, tracer studies, inventories, params and notebooks, each made
from good data with one fault planted when the test runs.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from mismes_eval import inventory, lfs, tracer
from mismes_eval.evaluation.params import Params
from mismes_eval.report.document.language import language
from mismes_eval.report.factory.notebook import checked

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "data_raw" / "MDA"


# nobody of the forty has a value there, and a fault is planted
EMPTY = "lstatus_miss mig_last_dep_ym mig_last_ret_ym mig_months_abroad_last"
Attempts = dict[str, Callable[[Path], object]]


@cache
def _persons() -> pd.DataFrame:
    f = pd.read_parquet(DATA / "lfs_person.parquet").iloc[:40].reset_index(drop=True)
    named = f.columns.isin(EMPTY.split()) | f.notna().any().to_numpy()
    f = f.loc[:, named]
    whole = [c for c in f.columns if f[c].dtype == float and (f[c].dropna() % 1 == 0).all()]
    return f.astype(dict.fromkeys(whole, "Int64"))  # codes are written without a decimal point


def persons(**columns: object) -> pd.DataFrame:
    """Forty SYNTHETIC persons under GLD names, with some columns replaced or added."""
    return _persons().assign(**columns)


def cell(column: str, value: object, row: int = 2) -> dict[str, pd.Series]:
    """A column with one cell replaced."""
    series = _persons()[column].astype(object)
    series.iloc[row] = value
    return {column: series}


def survey(
    frame: pd.DataFrame | None = None,
    *,
    suffix: str = "csv",
    change: Callable[[bytes], bytes] = bytes,
    **words: object,
) -> Callable[[Path], object]:
    """Write the persons as a file, change its bytes, read it as a labour force survey."""

    def attempt(folder: Path) -> object:
        f = persons() if frame is None else frame
        file = folder / f"lfs.{suffix}"
        if suffix == "csv":
            file.write_bytes(
                change(f.to_csv(index=False).encode(str(words.get("encoding", "utf-8"))))
            )
        elif suffix == "parquet":
            f.to_parquet(file)
            file.write_bytes(change(file.read_bytes()))
        elif suffix == "xlsx":
            f.to_excel(file, index=False)
            file.write_bytes(change(file.read_bytes()))
        else:
            kept = {c: f[c].astype(object).where(f[c].notna(), None) for c in f.columns}
            plain = pd.DataFrame(
                {
                    c: (
                        v.astype(float)
                        if pd.api.types.is_numeric_dtype(f[c])
                        else v.fillna("").astype(str)
                    )
                    for c, v in kept.items()
                }
            )
            plain.rename(columns=lambda c: c[:32]).to_stata(file, write_index=False, version=118)
            file.write_bytes(change(file.read_bytes()))
        out = lfs.read(file, **words)
        assert len(out) == len(f)
        return out

    return attempt


def renamed(old: str, new: str) -> pd.DataFrame:
    return persons().rename(columns={old: new})


SURVEYS: Attempts = {
    "no such file": lambda p: lfs.read(p / "lsf.csv"),
    "an empty file": lambda p: lfs.read(_written(p / "lfs.csv", b"")),
    "an unknown format": lambda p: lfs.read(_written(p / "lfs.doc", b"x")),
    "a name without an ending": lambda p: lfs.read(_written(p / "lfs", b"x")),
    "a header only": survey(persons().iloc[:0]),
    "bytes of another encoding": survey(
        persons(subnatid1="Chișinău"),
        change=lambda b: (
            b.decode().replace("ș", "s").replace("ă", "a").encode().replace(b"Chis", b"Chi\xba")
        ),
    ),
    "an encoding that does not exist": lambda p: lfs.read(_csv(p), encoding="utf-9"),
    "another separator": lambda p: lfs.read(_csv(p), separator=";"),
    "a row cut short": survey(change=lambda b: b[: len(b) - 300]),
    "a row that is too long": survey(change=lambda b: b.rstrip(b"\n") + b",1,2,3\n"),
    "a quote that is never closed": survey(
        change=lambda b: b.replace(b"SYNTHETIC LFS", b'"SYNTHETIC LFS', 1)
    ),
    "NUL bytes": survey(change=lambda b: b.replace(b"2023", b"20\x0023", 1)),
    "a column that stands twice": survey(change=lambda b: b.replace(b"icls_v", b"survey", 1)),
    "a required column misspelt": survey(renamed("weight", "wieght")),
    "text in a number column": survey(persons(**cell("age", "thirty"))),
    "a decimal comma that was not declared": survey(persons(**cell("weight", "255,5"))),
    "thousands with spaces": survey(persons(**cell("weight", "1 255"))),
    "an age of 208": survey(persons(**cell("age", 208))),
    "a negative age": survey(persons(**cell("age", -8))),
    "a status that is no code": survey(persons(**cell("lstatus", 7))),
    "99 for does not know": survey(persons(**cell("educat7", 99))),
    "a sentinel where months are asked": survey(persons(**cell("mig_last_dep_ym", "9999-99"))),
    "a date in another order": survey(persons(**cell("mig_last_ret_ym", "03/2021"))),
    "a person twice": survey(pd.concat([persons(), persons().iloc[[3]]], ignore_index=True)),
    "a blank weight": survey(persons(**cell("weight", None))),
    "a weight in words": survey(persons(**cell("weight", "n/a"))),
    "an infinite weight": survey(persons(**cell("weight", "inf"))),
    "a country that does not exist": survey(persons(**cell("countrycode", "MDX"))),
    "a model that does not exist": survey(persons(**cell("msm_part", "M99"))),
    "a model twice in one cell": survey(persons(**cell("msm_aware", "M01;M01"))),
    "a value and a missing reason": survey(persons(**cell("lstatus_miss", "DK"))),
    "identifiers in scientific notation": survey(persons(pid=[f"{k}.1E+15" for k in range(40)])),
    "names of persons": survey(persons(first_name=[f"Ion {k}" for k in range(40)])),
    "telephone numbers under another name": survey(
        persons(note=[f"+373 69 {100000 + k}" for k in range(40)])
    ),
    "e-mail addresses": survey(persons(remark=[f"p{k}@example.org" for k in range(40)])),
    "coordinates": survey(
        persons(gps_lat=np.linspace(46.1, 47.9, 40), gps_lon=np.linspace(28.1, 29.9, 40))
    ),
    "a Parquet file cut in half": survey(suffix="parquet", change=lambda b: b[: len(b) // 2]),
    "a Stata file cut in half": survey(suffix="dta", change=lambda b: b[: len(b) // 2]),
    "a workbook cut in half": survey(suffix="xlsx", change=lambda b: b[: len(b) // 2]),
    "a workbook that is a picture": lambda p: lfs.read(
        _written(p / "lfs.xlsx", b"\x89PNG\r\n\x1a\n" + b"0" * 500)
    ),
    "text called Stata": lambda p: lfs.read(_written(p / "lfs.dta", b"a,b\n1,2\n" * 50)),
    "text called SPSS": lambda p: lfs.read(_written(p / "lfs.sav", b"a,b\n1,2\n" * 50)),
    "a workbook with formulas": lambda p: lfs.read(_formulas(p / "lfs.xlsx")),
    "a layout that is not shipped": lambda p: lfs.read(_csv(p), mapping="armstatt"),
    "a mapping to an unknown name": lambda p: lfs.read(
        _csv(p), mapping={"name": "mine", "columns": {"age": "edad"}}
    ),
    "an unknown definition of migrants": lambda p: lfs.migration_status(persons(), "hims_tunis"),
    "migrated_binary taken for returnees": lambda p: lfs.migration_status(
        persons(migrated_binary=1).drop(columns=["mig_ever_abroad", "mig_months_abroad_last"]),
        "hims_tunisia",
    ),
    "three faults at once": survey(
        persons(**cell("age", "x"), **cell("lstatus", 9), **cell("countrycode", "ZZZ"))
    ),
}


def _written(file: Path, content: bytes) -> Path:
    file.write_bytes(content)
    return file


def _csv(folder: Path) -> Path:
    return _written(folder / "lfs.csv", persons().to_csv(index=False).encode())


def _formulas(file: Path) -> Path:
    import_frame = persons(**cell("weight", "=SUM(A1:A9)"))
    import_frame.to_excel(file, index=False)
    return file


@cache
def _tracer() -> dict[str, pd.DataFrame]:
    person = pd.read_parquet(DATA / "tracer_person.parquet").iloc[:8].reset_index(drop=True)
    tables = {"person": person}
    for name in ("wave", "outcome"):
        whole = pd.read_parquet(DATA / f"tracer_{name}.parquet")
        tables[name] = whole[whole["person_id"].isin(person["person_id"])].reset_index(drop=True)
    return tables


def study(
    table: str = "", change: Callable[[pd.DataFrame], pd.DataFrame] = lambda f: f, **words: object
) -> Callable[[Path], object]:
    """Write the three tables of a tracer study, one of them changed, and read them."""

    def attempt(folder: Path) -> object:
        paths = {}
        for name, frame in _tracer().items():
            paths[name] = folder / f"tracer_{name}.csv"
            (change(frame.copy()) if name == table else frame).to_csv(paths[name], index=False)
        return tracer.read(paths["person"], paths["wave"], paths["outcome"], **words)

    return attempt


def put(column: str, value: object, row: int = 1) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def change(f: pd.DataFrame) -> pd.DataFrame:
        f[column] = f[column].astype(object)
        f.loc[f.index[row], column] = value
        return f

    return change


STUDIES: Attempts = {
    "a person twice": study("person", lambda f: pd.concat([f, f.iloc[[0]]])),
    "an interview of nobody": study("wave", put("person_id", "MDA-T-999999")),
    "a wave twice": study("wave", lambda f: pd.concat([f, f.iloc[[5]]])),
    "an outcome without a wave": study("outcome", put("wave", 9)),
    "a disposition that is no code": study("wave", put("disp_code", "9.99")),
    "no disposition column": study("wave", lambda f: f.drop(columns="disp_code")),
    "a weight below zero": study("person", put("sample_weight", -2)),
    "a date that cannot be": study("person", put("enrol_date", "2021-02-30")),
    "a date read in two ways": study("wave", put("fieldwork_date", "03/04/2021")),
    "earnings in words": study("outcome", put("earnings", "about 300")),
    "an arm that is no code": study("person", put("arm", "MAYBE")),
    "a weight column that is not there": study(weights="wgt"),
    "strata that are not there": study(strata="oblast"),
    "names of persons": study(
        "person", lambda f: f.assign(full_name=[f"Ana {k}" for k in range(len(f))])
    ),
    "a table that is not there": lambda p: tracer.read(p / "a.csv", p / "b.csv", p / "c.csv"),
}


def measures(
    column: str = "", value: object = None, row: int = 0, **words: object
) -> Callable[[Path], object]:
    """Write six SYNTHETIC measures, one cell changed, and read them as an inventory."""

    def attempt(folder: Path) -> object:
        f = pd.read_csv(DATA / "inventory.csv", dtype=str, keep_default_na=False).iloc[:6]
        if column:
            f[column] = f.get(column, "")
            f.loc[row, column] = value
        f.to_csv(folder / "inventory.csv", index=False)
        read = inventory.read(folder / "inventory.csv", **words)
        assert len(read.frame) == 6
        return read

    return attempt


def xml(body: str) -> Callable[[Path], object]:
    def attempt(folder: Path) -> object:
        return inventory.read_iati(_written(folder / "iati.xml", body.encode()), countries=("MDA",))

    return attempt


INVENTORIES: Attempts = {
    "a measure twice": measures("measure_id", "MDA-001", 1),
    "a blank id": measures("measure_id", ""),
    "a stage that is no code": measures("stage_code", "AFTER"),
    "a model that is no code": measures("model_primary", "M12"),
    "an en-dash in a code": measures("implementer_type", "EU–MS"),
    "an end before the start": measures("end_date", "2009-01-01"),
    "more placed than completed": measures("benef_placed", "99999"),
    "a cost above the total": measures("cost_direct", "99000000"),
    "an amount without a currency": measures("currency", ""),
    "an amount without a price year": measures("price_year", ""),
    "a year 9999": measures("price_year", "9999"),
    "a budget in words": measures("budget_total", "7 million"),
    "a score of 5 where 3 is the best": measures("linked_job_offer", "5"),
    "a yes that is no yes": measures("service_legal", "maybe"),
    "an address that is no address": measures("eval_url", "javascript:alert(1)"),
    "a required column left out": lambda p: inventory.read(
        _written(p / "inventory.csv", b"country,title_en\nMDA,x\n")
    ),
    "a header only": lambda p: inventory.read(
        _written(p / "inventory.csv", (DATA / "inventory.csv").read_bytes().split(b"\n")[0] + b"\n")
    ),
    "activities with an entity": xml(
        '<!DOCTYPE a [<!ENTITY x "y">]><iati-activities version="2.03">&x;</iati-activities>'
    ),
    "activities that are no XML": xml("<iati-activities><iati-activity>"),
    "XML of another kind": xml("<html><body/></html>"),
    "a country that does not exist": lambda p: inventory.read_iati(
        _written(p / "iati.xml", b'<iati-activities version="2.03"/>'), countries=("MDX",)
    ),
    "a currency without a rate": lambda p: inventory.to_euro(
        _dollars(), pd.DataFrame(columns=["currency", "year", "eur_per_unit", "source"])
    ),
    "a rate without a source": lambda p: inventory.to_euro(
        _dollars(),
        pd.DataFrame({"currency": ["USD"], "year": [2019], "eur_per_unit": [0.9], "source": [""]}),
    ),
    "a mapping that is not shipped": lambda p: inventory.load_mapping("blaa"),
}


def _dollars() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "measure_id": ["MDA-001"],
            "budget_total": [1000.0],
            "currency": ["USD"],
            "price_year": [2019],
        }
    )


def params(text: str) -> Callable[[Path], object]:
    def attempt(folder: Path) -> object:
        (folder / "params").mkdir()
        read = Params.load(_written(folder / "params" / "X.yaml", text.encode()))
        return language(str(read["language"]))

    return attempt


PARAMS: Attempts = {
    "an unknown key": params("country: MDA\nlanguages: fr\n"),
    "a key in the wrong section": params("country: MDA\ncalibration:\n  weights: w\n"),
    "no country": params("year: 2023\n"),
    "a country in two letters": params("country: MD\n"),
    "Norway in two letters": params("country: NO\n"),
    "a year in words": params("country: MDA\nyear: last\n"),
    "a year out of range": params("country: MDA\nyear: 20233\n"),
    "a language that is not there": params("country: MDA\nlanguage: xx\n"),
    "a list where one value is asked": params("country: [MDA, ARM]\n"),
    "a file outside the project": params("country: MDA\ninputs:\n  lfs: ../../etc/passwd\n"),
    "a file that is not there": params("country: MDA\ninputs:\n  lfs: lfs.csv\n"),
    "an unknown preset": params("country: MDA\ndefinitions:\n  preset: hims\n"),
    "an unknown calibration": params("country: MDA\ncalibration:\n  method: rake\n"),
    "a cell of 1": params("country: MDA\ndisclosure:\n  min_cell: 1\n"),
    "not a number": params("country: MDA\ndisclosure:\n  cv_flag: .nan\n"),
    "code in a key": params("country: MDA\n\"__import__('os').system('id')\": 1\n"),
    "a YAML tag": params("country: !!python/name:os.system MDA\n"),
    "a billion laughs": params("a: &a [x,x]\nb: &b [*a,*a]\ncountry: MDA\n"),
    "tabs for indentation": params("country: MDA\ndesign:\n\tweights: w\n"),
    "two documents": params("country: MDA\n---\ncountry: ARM\n"),
}


def notebook(change: Callable[[dict[str, object]], object]) -> Callable[[Path], object]:
    def attempt(folder: Path) -> object:
        book = json.loads((ROOT / "notebooks" / "country_report.ipynb").read_text(encoding="utf-8"))
        made = change(book)
        return checked(
            _written(
                folder / "report.ipynb",
                made if isinstance(made, bytes) else json.dumps(book).encode(),
            )
        )

    return attempt


def _parameters(source: str) -> Callable[[dict[str, object]], None]:
    def change(book: dict[str, object]) -> None:
        book["cells"][0]["source"] = source  # type: ignore[index]

    return change


NOTEBOOKS: Attempts = {
    "no such notebook": lambda p: checked(p / "report.ipynb"),
    "text that is no notebook": notebook(lambda b: b"print(1)"),
    "a notebook cut in half": notebook(lambda b: json.dumps(b).encode()[:900]),
    "a cell without its source": notebook(lambda b: b["cells"][0].pop("source") and None),
    "no parameters cell": notebook(lambda b: b["cells"].pop(0) and None),
    "two parameters cells": notebook(lambda b: b["cells"].append(dict(b["cells"][0], id="again"))),
    "code beside the parameter": notebook(_parameters('run = "a"; import os')),
    "another parameter": notebook(_parameters('country = "MDA"')),
    "a parameter that is computed": notebook(_parameters('run = open("/etc/passwd").read()')),
    "a list that is a notebook": notebook(lambda b: b"[]"),
}


def _zipped(folder: Path) -> object:
    f = persons()
    buffer = io.BytesIO()
    f.to_csv(buffer, index=False, compression="gzip")
    return lfs.read(_written(folder / "lfs.csv.gz", buffer.getvalue()))


GOOD: Attempts = {
    "a plain file": survey(),
    "a byte order mark": survey(change=lambda b: b"\xef\xbb\xbf" + b),
    "line ends of Windows": survey(change=lambda b: b.replace(b"\n", b"\r\n")),
    "no line end at the end": survey(change=lambda b: b.rstrip(b"\n")),
    "Windows-1252, declared": survey(persons(subnatid1="Fès–Meknès"), encoding="cp1252"),
    "letters of four countries": survey(
        persons(subnatid1=["Chișinău", "თბილისი", "Երևան", "Fès-Meknès"] * 10)
    ),
    "Parquet": survey(suffix="parquet"),
    "a workbook": survey(suffix="xlsx"),
    "compressed": _zipped,
    "long identifiers as text": survey(
        persons(pid=[f"{90071992547409930 + k}" for k in range(40)])
    ),
    "a column of the office's own": survey(persons(q17b="x")),
    "a tracer study": study(),
    "an inventory": measures(),
    "HTML in a title": measures("title_en", "<script>alert(1)</script>"),
    "a formula in a title": measures("title_en", '=HYPERLINK("x")'),
    "params": params("country: MDA\nlanguage: fr\n"),
    "the notebook of the report": notebook(lambda b: None),
}
