"""From a raw file to tables: what the file does not have is said and is no number, what it has is
called by its name, and nobody is given a definition of a migrant. All persons are SYNTHETIC.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from mismes_eval import frame as frames
from mismes_eval import lfs
from mismes_eval.errors import ParamsError
from mismes_eval.evaluation.evaluation import gather
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.readiness import readiness
from mismes_eval.evaluation.survey import said_once
from mismes_eval.lfs.mapping_draft import open_draft
from mismes_eval.lfs.mapping_sheets import Answer
from mismes_eval.report.country import CountryReport, country_report
from mismes_eval.report.document.language import language
from mismes_eval.report.document.tables import Table, TextTable
from mismes_eval.report.session import Session

PERSONS = 1200
SEX, STATUS = {1: "Male", 2: "Female"}, {1: "Employed", 2: "Unemployed", 3: "Not in labour force"}
LABELS = {
    "SEX": "Sex",
    "AGE": "Age",
    "ILOSTAT": "Labour force status",
    "HHNO": "Household number",
    "LINENO": "Line number",
    "WTFINAL": "Final weight",
}
NONE = {name: Answer(name) for name in ("hhid", "pid", "weight", "icls_v")}


def raw() -> pd.DataFrame:
    """Persons without weight, household or place."""
    r = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "SEX": r.integers(1, 3, PERSONS),
            "AGE": r.integers(15, 80, PERSONS),
            "ILOSTAT": r.choice([1, 2, 3], PERSONS, p=[0.6, 0.1, 0.3]),
        }
    )


def whole() -> pd.DataFrame:
    """The same with households of three and a final weight."""
    weight = np.random.default_rng(6).uniform(50, 500, PERSONS // 3).round(2)
    number = np.arange(PERSONS)
    return raw().assign(HHNO=number // 3, LINENO=number % 3 + 1, WTFINAL=weight[number // 3])


@dataclass(frozen=True)
class Office:
    """A folder of a country begun with the office's own file."""

    folder: Path

    def begin(self, frame: pd.DataFrame, *answers: Answer, keys: str = "") -> Params:
        """The workbook of `mismes new`, mapped with the proposals and these answers, and params with
        more keys.
        """
        pyreadstat.write_dta(
            frame,
            str(self.folder / "lfs.dta"),
            column_labels=[LABELS.get(c, "") for c in frame.columns],
            variable_value_labels={"SEX": SEX, "ILOSTAT": STATUS},
        )
        book = self.folder / "data_raw" / "PHL" / "mapping.xlsx"
        book.parent.mkdir(parents=True)
        (self.folder / "params").mkdir()
        delivered = frames.read(self.folder / "lfs.dta", allowed=None)
        draft = open_draft(lfs.mapping_workbook(book, data=delivered), delivered)
        said = {a.gld: a for a in answers}
        for q in draft.open:
            if q.proposal is not None and q.gld not in said:
                draft = draft.answered(draft.proposed(q.gld, q.proposal.column))
        for answer in (*NONE.values(), *said.values()):
            if answer.gld in said or answer.gld not in draft.answers:
                draft = draft.answered(answer)
        draft.save()
        path = self.folder / "params" / "PHL.yaml"
        path.write_text(
            "country: PHL\nsynthetic: true\nyear: 2020\ninputs: {lfs: lfs.dta}\n"
            f"mapping: {{workbook: data_raw/PHL/mapping.xlsx}}\n{keys}",
            encoding="utf-8",
        )
        return Params.load(path)

    def report(self, params: Params) -> CountryReport:
        (self.folder / "work").mkdir()
        return country_report(Session(params, self.folder / "work", language("en"), True))


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MISMES_DATA_ROOT", raising=False)
    return Office(tmp_path)


def table(report: CountryReport, chapter: str, name: str) -> pd.DataFrame:
    (found,) = [i for i in report.chapters[chapter].items if getattr(i, "id", "") == name]
    assert isinstance(found, Table)
    return found.cells.set_index("row")


def words(report: CountryReport, chapter: str) -> str:
    """Everything that a chapter says in sentences and tables of words."""
    said = []
    for item in report.chapters[chapter].items:
        said += [item] if isinstance(item, str) else []
        said += [item.frame.to_csv()] if isinstance(item, TextTable) else []
    return "\n".join(said)


@pytest.mark.whole
def test_no_weight_no_household_no_place(office: Office) -> None:
    params = office.begin(raw())
    lines = " ".join(readiness(params).lines)
    assert "the file has no weight" in lines and "no household number" in lines
    assert "sum of weights" not in lines and "persons drawn one by one" in lines
    report = office.report(params)
    quality = table(report, "data", "T06c")
    for row in ("households", "clusters of the variance"):
        assert quality.loc[row, "status"] == "not estimable"
    assert table(report, "people", "T08c")["status"].tolist() == ["not estimable"]
    steps = [i for i in report.chapters["data"].items if getattr(i, "id", "") == "T12"]
    assert "sum of weights" not in set(steps[0].cells["column"])  # type: ignore[union-attr]
    said = words(report, "data")
    assert "used as delivered" not in said and "no totals are given" in said
    limits = words(report, "limits")
    assert "No weight in the survey file" in limits and "No household number" in limits


@pytest.mark.whole
def test_row_numbers_are_no_clusters(office: Office) -> None:
    params = office.begin(raw(), keys="design: {household: hhid}\n")
    found, problems = gather(params)
    assert not problems and found.survey is not None
    assert found.survey.sample.design.level == "element"
    assert "household clusters" not in str(found.survey.weighting)


@pytest.mark.whole
@pytest.mark.parametrize(
    ("label", "keys", "called"),
    [
        ("Final weight", "", "final weight"),
        pytest.param("Weight", "", "weight as delivered", marks=pytest.mark.slow),
        pytest.param(
            "Weight", "calibration: {method: none}\n", "final weight", marks=pytest.mark.slow
        ),
    ],
)
def test_a_final_weight_is_called_final(
    office: Office, monkeypatch: pytest.MonkeyPatch, label: str, keys: str, called: str
) -> None:
    frame = whole().rename(columns={"WTFINAL": "PWGT"})
    monkeypatch.setitem(LABELS, "PWGT", label)
    params = office.begin(frame, keys=keys)
    found, _ = gather(params)
    assert found.survey is not None and found.survey.first_weight == called
    assert f"Weight: {called}" in " ".join(readiness(params).lines)
    assert found.survey.counts_people and found.survey.has_households


@pytest.mark.whole
def test_country_and_year_are_said_once(office: Office) -> None:
    params = office.begin(whole())
    found, problems = gather(params)
    assert not problems and found.survey is not None
    frame = found.survey.sample.frame
    assert set(frame["countrycode"]) == {"PHL"} and set(frame["year"].astype(int)) == {2020}
    section = {"name": "own", "columns": {"age": "AGE"}, "constants": {"year": "2019"}}
    with pytest.raises(ParamsError, match="say two things"):
        said_once(section, params)


@pytest.mark.whole
def test_what_is_not_mapped_is_asked_of_the_mapping(office: Office) -> None:
    params = office.begin(whole().drop(columns="SEX"))
    told = " ".join(str(p) for p in readiness(params).problems)
    assert "mismes map" in told and "Add the column" not in told


@pytest.mark.whole
def test_nobody_is_given_a_definition(office: Office) -> None:
    frame = whole().assign(COUNTRYB=1)
    born = Answer("mig_foreign_born", "COUNTRYB", codes={"1": "0"})
    params = office.begin(frame, born, Answer("mig_birth_country"))
    (problem,) = readiness(params).problems
    assert problem.what == "nobody said who is a migrant"
    assert problem.expected.startswith("birth: needs") and "hims" not in problem.expected


@pytest.mark.whole
def test_country_of_birth_alone_compares_the_foreign_and_the_native_born(office: Office) -> None:
    code = np.random.default_rng(8).choice([1, 2, 3, 9], PERSONS, p=[0.7, 0.1, 0.15, 0.05])
    frame = whole().assign(COUNTRYB=code)
    born = Answer(
        "mig_foreign_born", "COUNTRYB", codes={"1": "0", "2": "1", "3": "1"}, reasons={"9": "DK"}
    )
    params = office.begin(
        frame, born, Answer("mig_birth_country"), keys="definitions: {preset: birth}\n"
    )
    known = np.isin(code, [1, 2, 3])
    weight = frame["WTFINAL"].to_numpy()
    share = weight[np.isin(code, [2, 3])].sum() / weight[known].sum()
    report = office.report(params)
    shares = table(report, "people", "T07a")["value"]
    assert shares["foreign-born, % of residents"] == pytest.approx(share)
    assert shares["native-born, % of residents"] == pytest.approx(1 - share)
    assert not any("returnee" in row for row in shares.index)
    status = table(report, "people", "T08")
    assert {"foreign-born", "native-born", "all residents"} <= set(status["column"])
    assert "does not tell who returned" in words(report, "people")


@pytest.mark.whole
def test_moves_that_do_not_apply_are_no_moves(office: Office) -> None:
    code = np.random.default_rng(9).choice([5, 1, 99], PERSONS, p=[0.1, 0.1, 0.8])
    frame = whole().assign(migrated_from_cat=code)
    moved = Answer(
        "migrated_from_cat",
        "migrated_from_cat",
        codes={"5": "5", "1": "1"},
        reasons={"99": "NA_notapp"},
    )
    params = office.begin(frame, moved, keys="definitions: {preset: gld}\n")
    weight = frame["WTFINAL"].to_numpy()
    line = next(t for t in readiness(params).lines if t.startswith("migration status"))
    for name, value in (("RET", 5), ("INT_INTERNAL", 1), ("NON", 99)):
        rows = code == value
        assert f"{name} {rows.sum():,} ({weight[rows].sum():,.0f})" in line
    shares = table(office.report(params), "people", "T07a")
    for row, value in (("returnees", 5), ("internal migrants", 1), ("non-migrants", 99)):
        expected = weight[code == value].sum() / weight.sum()
        assert shares.loc[f"{row}, % of residents", "value"] == pytest.approx(expected)
    assert shares.loc["immigrants, % of residents", "status"] == "not estimable"


@pytest.mark.whole
def test_what_nobody_was_asked_is_not_nothing(office: Office) -> None:
    r = np.random.default_rng(10)
    rest = r.choice([1, 5], PERSONS)
    asked = r.random(PERSONS) < 0.5
    frame = whole().assign(migrated_from_cat=np.where(asked, rest, 98))
    moved = Answer(
        "migrated_from_cat",
        "migrated_from_cat",
        codes={"5": "5", "1": "1"},
        reasons={"98": "NOTASKED"},
    )
    params = office.begin(frame, moved, keys="definitions: {preset: gld}\n")
    shares = table(office.report(params), "people", "T07a")
    unknown = shares.loc["status not known, % of residents in the age range"]
    assert unknown["value"] == 0 and unknown["n"] == asked.sum()
    share = frame.loc[asked & (rest == 5), "WTFINAL"].sum() / frame.loc[asked, "WTFINAL"].sum()
    assert shares.loc["returnees, % of residents", "value"] == pytest.approx(share)


@pytest.mark.whole
def test_overseas_workers_alone_give_the_absent_members(office: Office) -> None:
    away = np.random.default_rng(11).random(PERSONS) < 0.08
    frame = whole().assign(OFW=away.astype(int))
    keys = 'mapping: {workbook: data_raw/PHL/mapping.xlsx, absent: {column: OFW, values: ["1"]}}\n'
    params = office.begin(frame)
    path = office.folder / "params" / "PHL.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: text.index("mapping:")] + keys, encoding="utf-8")
    report = office.report(Params.load(path))
    weight = frame["WTFINAL"].to_numpy()
    shares = table(report, "people", "T07a")["value"]
    assert shares["absent members, thousand"] == pytest.approx(weight[away].sum())
    absent = "absent members, % of residents and absent"
    assert shares[absent] == pytest.approx(weight[away].sum() / weight.sum())
    by_sex = table(report, "people", "T07b")["value"]
    men = away & (frame["SEX"] == 1).to_numpy()
    assert by_sex["sex: men"] == pytest.approx(weight[men].sum() / weight[away].sum())
    rate = table(report, "people", "T08")
    rate = rate[rate["column"] == "all residents"].loc["Employment rate"]
    assert rate["n"] == (~away).sum()
    assert params.definitions.preset is None
