"""Whole reports of populations with small groups: no published file says how many they are, or any
number that rests on them. Made-up persons.
"""

import html
import io
import itertools
import json
import re
import shutil
import struct
import subprocess
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mismes_eval.report.factory.run import Order, run_reports

# what a planted small group may show is asked of every file: two whole reports
pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
RETURNEES, PERSONS = 7, 600
PARTICIPANTS, COMPARISON = 9, 60
SURVEY = """country: ARG
synthetic: true
year: 2016
inputs: {lfs: data_raw/ARG/p.csv}
definitions: {preset: gld}
design: {weights: weight, strata: [strata], household: hhid}
calibration: {method: none}
"""
TRACER = """country: MDA
synthetic: true
year: 2023
tracer:
  measure: eval_measure_id
  baseline: 0
  waves: [1, 2]
  attrition_covariates: [male]
  psu: [psu]
impact:
  outcomes: [employed, earn_home_ppp]
  main_outcome: employed
  main_wave: 2
  covariates: [male]
inputs:
"""
FILES = ("person", "wave", "outcome", "service", "episode")


def survey(root: Path) -> None:
    """Six hundred persons, seven of them returnees."""
    rng = np.random.default_rng(1)
    n = PERSONS
    frame = pd.DataFrame(
        {
            "countrycode": "ARG",
            "year": 2016,
            "hhid": np.arange(n) // 2,
            "pid": np.arange(n) % 2,
            "weight": rng.integers(100, 300, n),
            "strata": np.arange(n) // 2 % 4,
            "male": rng.integers(0, 2, n),
            "age": rng.integers(15, 70, n),
            "lstatus": rng.choice([1, 2, 3], n, p=[0.5, 0.1, 0.4]),
            "migrated_binary": (np.arange(n) < RETURNEES).astype(int),
            "migrated_from_cat": pd.Series(
                [5] * RETURNEES + [None] * (n - RETURNEES), dtype="Int64"
            ),
            "mig_birth_country": "ARG",
            "educat7": rng.integers(1, 8, n),
            "subnatid1": np.arange(n) // 2 % 4,
        }
    )
    (root / "data_raw" / "ARG").mkdir(parents=True)
    frame.to_csv(root / "data_raw" / "ARG" / "p.csv", index=False)
    (root / "params" / "ARG.yaml").write_text(SURVEY, encoding="utf-8")


def tracer(root: Path, participants: int = PARTICIPANTS, beside: str = "") -> None:
    """Few participants and sixty comparison persons of a measure of the made-up Moldovan study, and
    all of the measure beside it.
    """
    source, folder = ROOT / "data_raw" / "MDA", root / "data_raw" / "MDA"
    folder.mkdir(parents=True)
    person = pd.read_parquet(source / "tracer_person.parquet")
    measure = person["eval_measure_id"].astype(str)
    chosen = [*person[measure == beside]["person_id"]]
    person = person[measure == "MDA-002"]
    arm = person["arm"].astype(str)
    chosen += [*person[arm == "T"]["person_id"][:participants]]
    chosen += [*person[arm == "C"]["person_id"][:COMPARISON]]
    text = TRACER
    for name in FILES:
        table = pd.read_parquet(source / f"tracer_{name}.parquet")
        if name == "person":  # drawn one by one: a count of their PSUs is one of persons
            table = table.assign(psu=table["person_id"].to_numpy())
        table[table["person_id"].isin(chosen)].to_parquet(folder / f"tracer_{name}.parquet")
        text += f"  tracer_{name}: data_raw/MDA/tracer_{name}.parquet\n"
    (root / "params" / "MDA.yaml").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both reports as the command line makes them, printed and as Word documents as well."""
    root = tmp_path_factory.mktemp("small")
    (root / "params").mkdir()
    survey(root)
    tracer(root)
    return made(root, ("ARG", "MDA"), printed=True)


@pytest.fixture(scope="module")
def beside_another(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of which a measure has eight participants, beside one of many."""
    root = tmp_path_factory.mktemp("beside")
    (root / "params").mkdir()
    tracer(root, 8, "MDA-001")
    made(root, ("MDA",), printed=False)
    return root


def made(root: Path, names: tuple[str, ...], printed: bool) -> Path:
    (root / "notebooks").mkdir()
    notebook = root / "notebooks" / "country_report.ipynb"
    shutil.copy(ROOT / "notebooks" / "country_report.ipynb", notebook)
    orders = [
        Order(
            name=n,
            params=root / "params" / f"{n}.yaml",
            notebook=notebook,
            out=root / "reports",
            pdf=printed,
            docx=printed,
        )
        for n in names
    ]
    outcomes = run_reports(orders, 1, lambda name, what: None, lambda outcome: None)
    assert [o.status for o in outcomes] == ["made"] * len(names), outcomes
    return root / "reports"


def chunks(png: bytes) -> str:
    """The words that a PNG file carries beside its picture."""
    out, at = [], 8
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + size]
        if kind == b"tEXt":
            out.append(body.decode("latin-1"))
        if kind == b"zTXt":
            out.append(zlib.decompress(body.split(b"\0", 1)[1][1:]).decode("latin-1"))
        at += 12 + size
    return "\n".join(out)


def words(path: Path) -> str:
    """Everything that a published file says, as text."""
    if path.suffix == ".png":
        return chunks(path.read_bytes())
    if path.suffix == ".parquet":
        return pd.read_parquet(path).to_csv()
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as book:
            parts = [book.read(n).decode() for n in book.namelist() if n.endswith(".xml")]
        return re.sub(r"<[^>]+>", " ", " ".join(parts))
    if path.suffix == ".docx":
        return words_of_document(path.read_bytes())
    if path.suffix == ".pdf":
        reader = shutil.which("pdftotext")
        if reader is None:
            return ""
        return subprocess.run(
            [reader, path, "-"], capture_output=True, text=True, check=True
        ).stdout
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]+", "", text)
    if path.suffix == ".ipynb":
        text = re.sub(r'"image/png": "[^"]+"', "", text)
    alternatives = " ".join(re.findall(r'alt=\\?"([^"]*)"', text))
    return html.unescape(re.sub(r"<[^>]+>", " ", text) + " " + alternatives)


def words_of_document(content: bytes) -> str:
    """Paragraphs of a Word document, titles and tags of its fields, words of pictures and tables."""
    with zipfile.ZipFile(io.BytesIO(content)) as document:
        parts = [document.read(n).decode() for n in document.namelist() if n.endswith(".xml")]
    out = []
    for part in parts:
        for paragraph in part.split("</w:p>"):
            out.append("".join(re.findall(r"<w:t[ >][^<]*", paragraph)))
        out += re.findall(r'<w:(?:alias|tag|tblCaption|tblDescription) w:val="[^"]*', part)
        out += re.findall(r'(?:descr|title)="[^"]*', part)
    told = [re.sub(r"<w:t(?: [^>]*)?>", "", text) for text in out]
    return html.unescape("\n".join(text.partition('="')[2] or text for text in told))


def published(folder: Path) -> dict[str, str]:
    """Every file of a report, by name."""
    files = [p for p in sorted(folder.rglob("*")) if p.is_file()]
    found = {p.suffix for p in files}
    assert found >= {".html", ".json", ".parquet", ".xlsx", ".csv", ".ipynb", ".docx"}
    return {str(p.relative_to(folder)): words(p) for p in files}


def numbers(text: str) -> set[float]:
    """Every number in a text that is not a part of a word, a date or a hash."""
    found = re.findall(r"(?<![\w.,:/#-])-?\d[\d,]*(?:\.\d+)?(?![\w:/-])", text)
    return {float(n.replace(",", "")) for n in found}


def files_of(root: Path, name: str, skip: tuple[str, ...] = ()) -> dict[str, str]:
    """The files of a report but those that list its code and its inputs' sizes."""
    return {k: v for k, v in published(root / name).items() if not k.endswith(skip)}


def test_no_file_counts_the_returnees(reports: Path) -> None:
    """Neither the seven nor the 593 others, who would give them away: 600 persons are printed."""
    everybody = False
    for name, text in files_of(reports, "ARG", (".style.css",)).items():
        assert PERSONS - RETURNEES not in numbers(text), name
        near = re.findall(r"(?i)returnees?[^.;\n]{0,40}", text)
        assert not any(RETURNEES in numbers(n) for n in near), name
        everybody |= PERSONS in numbers(text)
    assert everybody


def test_no_number_of_the_survey_rests_on_a_few_returnees(reports: Path) -> None:
    cells = pd.read_parquet(reports / "ARG" / "estimates.parquet")
    mine = cells[
        cells["column"].str.startswith("returnees") | cells["row"].str.startswith("returnees")
    ]
    assert len(mine) >= 10
    hidden = ["confidential", "secondary", "not estimable"]
    # nobody of this kind: an empty cell is known to be empty
    empty = (mine["status"] == "shown") & (mine["value"] == 0) & (mine["se"].fillna(0) == 0)
    assert (mine["status"].isin(hidden) | empty | (mine["n"] >= 10)).all()
    assert mine.loc[mine["status"].isin(hidden), ["value", "se", "n"]].isna().all(axis=None)


def test_no_two_numbers_of_a_row_differ_by_a_small_group(reports: Path) -> None:
    """All residents less non-migrants: written out, without the product's own relations."""
    cells = pd.read_parquet(reports / "ARG" / "estimates.parquet")
    pairs = 0
    for _, row in cells[cells["table"].isin(["T07", "T08", "T08b", "T09"])].groupby(
        ["table", "row"]
    ):
        for a, b in itertools.combinations(row["n"].dropna(), 2):
            pairs += 1
            assert not 0 < abs(a - b) < 10, row[["row", "column", "n"]]
    counts = cells[cells["table"] == "T06c"].set_index("row")["value"]
    assert np.isnan(counts["returnees interviewed"]) and counts["persons in the survey"] == PERSONS
    assert pairs >= 0


def test_no_file_counts_the_participants(reports: Path) -> None:
    """Sixty comparison persons are printed, so neither the nine nor the 69 enrolled are."""
    said = False
    for name, text in files_of(reports, "MDA").items():
        for pattern in (
            r"\b9 (?:unweighted |treated|participants|persons)",
            r"\b69 (?:answered|persons|unweighted|PSUs)",
            r"of 69\b",
        ):
            assert re.search(pattern, text) is None, (name, pattern)
        said |= COMPARISON in numbers(text)
    cells = pd.read_parquet(reports / "MDA" / "estimates.parquet")
    assert not cells["n"].isin([PARTICIPANTS, PARTICIPANTS + COMPARISON]).any()
    assert said


def test_no_number_of_the_tracer_study_rests_on_a_few_participants(reports: Path) -> None:
    cells = pd.read_parquet(reports / "MDA" / "estimates.parquet")
    mine = cells[(cells["column"] == "participants") | cells["row"].str.startswith("participants")]
    assert len(mine) >= 10
    assert mine["value"].isna().all() and mine["n"].isna().all()
    compared = cells[cells["column"].isin(["difference", "standardised difference"])]
    assert len(compared) and compared["value"].isna().all()
    assert not cells["table"].str.match("T1[789]|T20").any()
    drawn = pd.read_csv(reports / "MDA" / "figures" / "F08b.csv")
    assert (
        drawn.loc[drawn["series"] == "participants", ["value", "low", "high"]].isna().all(axis=None)
    )
    flow = pd.read_csv(reports / "MDA" / "figures" / "F03.csv")
    lost = " ".join(flow["left out"].dropna())
    assert all(n >= 10 for n in numbers(lost)) and " c" in lost
    for figure in ("F10", "F11", "F12", "F13"):
        assert not list((reports / "MDA" / "figures").glob(f"{figure}*"))


def test_who_answered_of_both_arms_is_not_printed_beside_who_answered_of_one(reports: Path) -> None:
    flow = pd.read_csv(reports / "MDA" / "figures" / "F03.csv").set_index("step")["n"]
    cells = pd.read_parquet(reports / "MDA" / "estimates.parquet")
    both = cells[(cells["table"] == "T16") & (cells["column"] == "comparison")]
    for months in (6, 12):
        answered = flow[f"interviewed after {months} months"]
        one = both[both["row"] == f"employed, at home or abroad, {months} months"]["n"].iloc[0]
        assert np.isnan(answered) or np.isnan(one) or not 0 < answered - one < 10


def test_results_say_what_is_hidden_and_nothing_more(reports: Path) -> None:
    for name in ("ARG", "MDA"):
        results = json.loads((reports / name / "estimates.json").read_text(encoding="utf-8"))
        hidden = [e for e in results["estimates"] if e["status"] in ("confidential", "secondary")]
        assert hidden
        for cell in hidden:
            numbers_of = ("value", "se", "ci_low", "ci_high", "cv", "n", "degf")
            assert all(cell[c] is None for c in numbers_of), cell
        audit = pd.read_csv(reports / name / "disclosure_audit.csv")
        assert list(audit.columns) == ["table", "row", "column", "kind", "status"]
        assert len(audit[audit["status"].isin(["confidential", "secondary"])]) == len(hidden)


@pytest.mark.parametrize("outcome", ["employed", "earn_home_ppp"])
@pytest.mark.parametrize("wave", [0, 1, 2])
def test_of_a_measure_that_is_kept_back_no_sum_tells_who_answered(
    beside_another: Path, outcome: str, wave: int
) -> None:
    """Small and large measure, participants and comparison persons: four numbers of which files
    print sums over arms and measures. Those that are printed somewhere do not give the participants
    of the small one (a number below a thousand stands for many things).
    """
    data = beside_another / "data_raw" / "MDA"
    persons = pd.read_parquet(data / "tracer_person.parquet").set_index("person_id")
    answers = pd.read_parquet(data / "tracer_outcome.parquet").dropna(subset=[outcome])
    answered = persons.loc[answers[answers["wave"] == wave]["person_id"]].astype(str)
    large, treated = answered["eval_measure_id"] == "MDA-001", answered["arm"] == "T"
    parts = [~large & treated, ~large & ~treated, large & treated, large & ~treated]
    counts = np.array([part.sum() for part in parts])
    assert 0 < counts[0] < 10
    files = [p for p in (beside_another / "reports" / "MDA").rglob("*") if p.is_file()]
    printed = set().union(*(numbers(words(path)) for path in files))
    arms, measures = ([1, 0], [0, 1], [1, 1]), ([0, 1], [1, 1])
    sums = np.array([np.kron(m, a) for m in measures for a in arms], float)
    assert (sums @ counts >= 1000).all()
    known = sums[[float(row @ counts) in printed for row in sums]]
    assert len(known)
    target = np.eye(4)[:1]
    assert np.linalg.matrix_rank(np.vstack([known, target])) > np.linalg.matrix_rank(known)
