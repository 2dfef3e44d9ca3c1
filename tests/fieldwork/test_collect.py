"""Answers that obey the skips, written in the spelling of each server, come back as one frame; cases
without an interview keep their row; what names a person stays apart.
"""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mismes_eval import fieldwork
from mismes_eval.errors import InputError
from mismes_eval.fieldwork.exports import read_export
from mismes_eval.fieldwork.questions import Question, choices, numbered

N = 25
Rows = list[dict[str, str]]


def holds(relevant: str, row: dict[str, str]) -> bool:
    """The conditions that the question table uses."""
    if not relevant:
        return True
    if found := re.fullmatch(r"\$\{(\w+)\}(!?=| != )'(\w*)'", relevant):
        return (row[found[1]] == found[3]) == (found[2] == "=")
    if found := re.fullmatch(r"\$\{(\w+)\} != ''", relevant):
        return row[found[1]] != ""
    if found := re.fullmatch(r"count-selected\(\$\{(\w+)\}\) > 0", relevant):
        return row[found[1]] != ""
    if found := re.fullmatch(r"not\(starts-with\(\$\{(\w+)\}, '1'\)\)", relevant):
        return not row[found[1]].startswith("1")
    raise AssertionError(relevant)


def answer(q: Question, r: np.random.Generator) -> str:
    if q.choices == "measures":
        return "MDA-001"
    if q.choices:
        codes = [c.code for c in choices(q.choices)]
        if q.several:
            return " ".join(c for c in codes[:8] if r.random() < 0.4)
        return str(r.choice(codes))
    if q.kind == "integer":
        return str(r.integers(1991, 2020) if "year" in q.name else r.integers(1, 9))
    if q.kind == "decimal":
        return str(round(float(r.uniform(0, 90)), 1))
    if q.kind.startswith("date"):
        return f"20{r.integers(10, 20)}-{r.integers(1, 13):02d}-{r.integers(1, 28):02d}"
    return "EUR" if "currency" in q.name else "text, with a comma"


def filled(form: str, seed: int) -> Rows:
    r, rows = np.random.default_rng(seed), []
    for k in range(N):
        row: dict[str, str] = {}
        for q in fieldwork.questions(form):
            row[q.name] = answer(q, r) if holds(q.relevant, row) else ""
        if "person_id" in row:
            row |= {"person_id": f"P{k:03d}", "wave": "2"}
        rows.append(row)
    return rows


def odk(form: str, rows: Rows) -> pd.DataFrame:
    out = [{f"module-{k}": v for k, v in row.items()} for row in rows]
    return pd.DataFrame(out).assign(
        SubmissionDate="2026-01-01T10:00:00Z", KEY=[f"k{i}" for i in range(len(rows))]
    )


def kobo(form: str, rows: Rows) -> pd.DataFrame:
    """Labels in French, several answers in a column each, dates with hours."""
    out: list[dict[str, str]] = []
    for i, row in enumerate(rows):
        made = {"_uuid": f"k{i}", "_submission_time": "2026-01-01T10:00:00"}
        for q in fieldwork.questions(form):
            value = row[q.name]
            if q.several:
                for c in choices(q.choices):
                    made[f"g1/{q.name}/{c.code}"] = "1" if c.code in value.split() else "0"
                continue
            if q.choices and q.choices != "measures":
                value = {c.code: c.words["fr"] for c in choices(q.choices)}.get(value, "")
            made[f"g1/{q.name}"] = value
        out.append(made)
    return pd.DataFrame(out)


def surveycto(form: str, rows: Rows) -> pd.DataFrame:
    out: list[dict[str, str]] = []
    for i, row in enumerate(rows):
        made = dict(row) | {"KEY": f"uuid:k{i}", "formdef_version": "1", "deviceid": "x"}
        for q in fieldwork.questions(form):
            if q.several:
                for c in choices(q.choices):
                    made[f"{q.name}_{c.code}"] = "1" if c.code in row[q.name].split() else "0"
        out.append(made)
    return pd.DataFrame(out)


def survey_solutions(form: str, rows: Rows) -> pd.DataFrame:
    """Whole numbers for answers, a column for each of several, marks for what was not answered."""
    out: list[dict[str, str]] = []
    for i, row in enumerate(rows):
        made = {"interview__key": f"00-00-{i:02d}", "interview__id": f"k{i}", "has__errors": "0"}
        for q in fieldwork.questions(form):
            listed = q.choices and q.choices != "measures"
            number = {c: str(k) for k, c in numbered(q.choices).items()} if listed else {}
            if q.several:
                for code, k in number.items():
                    made[f"{q.name}__{k}"] = "1" if code in row[q.name].split() else "0"
                continue
            value = number.get(row[q.name], row[q.name]) or "##N/A##"
            made[q.name] = "-999999999" if q.kind == "integer" and not row[q.name] else value
        out.append(made)
    return pd.DataFrame(out)


def through_a_file(table: pd.DataFrame, folder: Path) -> pd.DataFrame:
    table.to_csv(folder / "export.tab", sep="\t", index=False)
    return read_export(folder / "export.tab")


SERVERS: list[Callable[[str, Rows], pd.DataFrame]] = [odk, kobo, surveycto, survey_solutions]


def collected(form: str, export: pd.DataFrame) -> fieldwork.Collected:
    if form != "tracer_wave":
        return fieldwork.collect(form, export)
    sample = pd.DataFrame({"person_id": [f"P{k:03d}" for k in range(N + 5)]})
    return fieldwork.collect(form, export, sample, wave=2)


@pytest.mark.property
@pytest.mark.parametrize("form", list(fieldwork.FORMS))
@pytest.mark.parametrize("seed", [0, *(pytest.param(s, marks=pytest.mark.slow) for s in (1, 2, 3))])
def test_every_server_gives_the_same_frame(form: str, seed: int, tmp_path: Path) -> None:
    rows = filled(form, seed)
    found = [collected(form, through_a_file(server(form, rows), tmp_path)) for server in SERVERS]
    assert all(not f.unused for f in found), [f.unused for f in found]
    for name, table in found[0].tables.items():
        assert len(table) >= N
        for other in found[1:]:
            pd.testing.assert_frame_equal(table, other.tables[name])


def test_every_sampled_case_has_a_row_and_a_disposition() -> None:
    export = odk("tracer_wave", filled("tracer_wave", 1)[:1]).iloc[:1]
    sample = pd.DataFrame({"person_id": ["P000", "P001", "P002", "P003"]})
    attempts = pd.DataFrame(
        {
            "person_id": ["P001", "P001", "P002", "P002"],
            "wave": "2",
            "attempt": ["1", "2", "1", "2"],
            "fieldwork_date": ["2026-01-01", "2026-01-05", "2026-01-01", "2026-01-02"],
            "mode": "CATI",
            "interviewer": "i7",
            "disp_code": ["2.2", "2.1", "2.1", "2.2"],
            "current_country": "",
            "next_appointment": "",
        }
    )
    found = fieldwork.collect("tracer_wave", export, sample, attempts, wave=2)
    wave = found.tables["tracer_wave"].set_index("person_id")
    # a refusal counts, whatever came after it; nobody tried P003
    assert wave["disp_code"].tolist()[1:] == ["2.1", "2.1", "0.1"]
    assert wave["disp_code"].iloc[0] in ("1.1", "1.2")
    assert wave["n_attempts"].tolist() == [1, 2, 2, 0]
    assert any("pending" in note for note in found.notes)
    assert len(found.tables["tracer_outcome"]) == 1


def test_an_interview_that_never_arrived_is_pending_and_said() -> None:
    attempts = pd.DataFrame(
        {"person_id": ["P001"], "disp_code": ["1.1"], "attempt": ["1"], "fieldwork_date": [""]}
    )
    export = odk("tracer_wave", filled("tracer_wave", 1)).iloc[:1]
    sample = pd.DataFrame({"person_id": ["P000", "P001"]})
    found = fieldwork.collect("tracer_wave", export, sample, attempts, wave=2)
    assert found.tables["tracer_wave"]["disp_code"].tolist()[1] == "0.1"
    assert any("P001" in note for note in found.notes)


def test_episodes_from_a_file_or_from_numbered_columns() -> None:
    rows = filled("tracer_wave", 2)
    main, wide = odk("tracer_wave", rows), surveycto("tracer_wave", rows)
    episodes = pd.DataFrame(
        {
            "PARENT_KEY": ["k0", "k0", "k3"],
            "state": ["EMP_WAGE", "UNEMP", "Salarié"],
            "start_ym": ["2020-01-01", "2021-03-01", "2020-05-01"],
            "end_ym": ["2021-02-01", "", ""],
            "country": ["MDA", "MDA", "ITA"],
        }
    )
    episodes.loc[2, "state"] = next(c.words["fr"] for c in choices("episode_states"))
    sample = pd.DataFrame({"person_id": [f"P{k:03d}" for k in range(N)]})
    one = fieldwork.collect("tracer_wave", main, sample, episodes=episodes, wave=2)
    for k, j in ((1, 0), (2, 1)):
        for name in ("state", "start_ym", "end_ym", "country"):
            wide[f"{name}_{k}"] = ""
            wide.loc[0, f"{name}_{k}"] = episodes.loc[j, name]
    for name in ("state", "start_ym", "end_ym", "country"):
        wide.loc[3, f"{name}_1"] = episodes.loc[2, name]
    two = fieldwork.collect("tracer_wave", wide, sample, wave=2)
    told = [f.tables["tracer_episode"].sort_values(["person_id", "ep_id"]) for f in (one, two)]
    columns = ["person_id", "ep_id", "state", "start_ym", "end_ym", "country"]
    assert told[0][columns].to_numpy().tolist() == told[1][columns].to_numpy().tolist()
    assert told[0]["start_ym"].tolist() == ["2020-01", "2021-03", "2020-05"]


def test_episodes_of_survey_solutions_are_a_roster_with_numbers(tmp_path: Path) -> None:
    main = survey_solutions("tracer_wave", filled("tracer_wave", 2))
    number = {code: str(k) for k, code in numbered("episode_states").items()}
    country = {code: str(k) for k, code in numbered("countries").items()}
    roster = pd.DataFrame(
        {
            "interview__key": ["00-00-00", "00-00-03"],
            "interview__id": ["k0", "k3"],
            "episode__id": ["1", "1"],
            "state": [number["EMP_WAGE"], number["UNEMP"]],
            "start_ym": ["2020-01-01", "2020-05-01"],
            "end_ym": ["2021-02-01", "##N/A##"],
            "country": [country["MDA"], country["ITA"]],
        }
    )
    sample = pd.DataFrame({"person_id": [f"P{k:03d}" for k in range(N)]})
    files = (through_a_file(main, tmp_path), through_a_file(roster, tmp_path))
    found = fieldwork.collect("tracer_wave", files[0], sample, episodes=files[1], wave=2)
    told = found.tables["tracer_episode"]
    expected = [["P000", "EMP_WAGE", "MDA"], ["P003", "UNEMP", "ITA"]]
    assert told[["person_id", "state", "country"]].to_numpy().tolist() == expected
    assert told["end_ym"].tolist() == ["2021-02", ""]


def test_what_names_a_person_goes_apart_and_unread_columns_are_named() -> None:
    export = odk("lfs_module", filled("lfs_module", 3))
    export = export.assign(phone="+37360000000", remarks="met in the market")
    found = fieldwork.collect("lfs_module", export)
    assert list(found.personal.columns) == ["phone"] and found.unused == ("remarks",)
    assert "phone" not in found.tables["lfs_person"].columns


def test_all_problems_of_an_export_at_once() -> None:
    export = odk("tracer_wave", filled("tracer_wave", 4))
    export.loc[0, "module-lstatus"] = "working"
    export.loc[1, "module-whours"] = "forty"
    export.loc[2, "module-person_id"] = "P999"
    export.loc[4, "module-person_id"] = "P003"
    sample = pd.DataFrame({"person_id": [f"P{k:03d}" for k in range(N)]})
    with pytest.raises(InputError) as refused:
        fieldwork.collect("tracer_wave", export, sample, wave=3)
    text = str(refused.value)
    for words in ("working", "forty", "P999", "several interviews", "another wave"):
        assert words in text
    with pytest.raises(InputError, match="never reached"):
        fieldwork.collect("tracer_wave", odk("tracer_wave", filled("tracer_wave", 4)), wave=2)


def test_reintegration_scores_follow_the_table() -> None:
    export = odk("tracer_wave", filled("tracer_wave", 5))
    for item in ("e1", "e3", "s1", "s2", "s3", "p1", "p2"):
        export[f"module-rsi_{item}"] = "5"
    for item in ("e2", "p3"):
        export[f"module-rsi_{item}"] = "1"
    export.loc[1, "module-rsi_e1"] = "3"
    export.loc[2, "module-rsi_e1"] = ""
    sample = pd.DataFrame({"person_id": [f"P{k:03d}" for k in range(N)]})
    out = fieldwork.collect("tracer_wave", export, sample, wave=2).tables["tracer_outcome"]
    assert out["rsi_econ"].iloc[:2].tolist() == [1.0, pytest.approx(5 / 6)]
    assert np.isnan(out["rsi_econ"].iloc[2]) and np.isnan(out["rsi_total"].iloc[2])
    assert out["rsi_social"].iloc[2] == 1.0
