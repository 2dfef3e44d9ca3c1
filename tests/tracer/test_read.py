"""Reading a tracer study: the made-up countries come in clean; everything wrong is refused at once
or stands in the edit report with its persons.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mismes_eval.errors import InputError
from mismes_eval.tracer import TracerPanel, edits, read

NAMES = ("person", "wave", "outcome", "service", "episode", "retro")
Tables = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def tables(root: Path) -> Tables:
    """The first 200 persons of the made-up Tunisia."""
    folder = root / "data_raw" / "TUN"
    out = {name: pd.read_parquet(folder / f"tracer_{name}.parquet") for name in NAMES}
    kept = set(out["person"]["person_id"].iloc[:200])
    return {name: t[t["person_id"].isin(kept)].reset_index(drop=True) for name, t in out.items()}


def panel_of(tables: Tables) -> TracerPanel:
    return read(
        tables["person"],
        tables["wave"],
        tables["outcome"],
        tables["service"],
        tables["episode"],
        tables["retro"],
        as_of="2026-01-01",
    )


def found(tables: Tables) -> dict[str, list[str]]:
    report = panel_of(tables).edits
    return {row.rule: row.ids for row in report.itertuples() if row.count}


@pytest.mark.whole
def test_a_made_up_country_is_clean_and_marked(root: Path) -> None:
    files = [root / "data_raw" / "TUN" / f"tracer_{name}.parquet" for name in NAMES]
    p = read(*files)
    assert (p.edits["count"] == 0).all()
    assert p.waves == (-1, 0, 1, 2, 3, 4)
    assert any("SYNTHETIC" in note for note in p.sample.notes)
    months = np.nanmedian(p.values("months_since_enrolment", 3))
    assert 24 <= months <= 26
    assert p.responded[:, :2].all()


@pytest.mark.whole
def test_files_and_frames_give_the_same_panel(tables: Tables, tmp_path: Path) -> None:
    for name, table in tables.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    a, b = panel_of(tables), read(*[tmp_path / f"{name}.csv" for name in NAMES], as_of="2026-01-01")
    pd.testing.assert_frame_equal(a.long, b.long, check_dtype=False)
    np.testing.assert_array_equal(a.sample.weights, b.sample.weights)


def test_what_makes_tables_unusable_is_refused_at_once(tables: Tables) -> None:
    ids = tables["person"]["person_id"]
    wave = pd.concat([tables["wave"], tables["wave"].iloc[[3]]], ignore_index=True)
    outcome = tables["outcome"].assign(
        person_id=tables["outcome"]["person_id"].where(
            tables["outcome"]["person_id"] != ids[7], f" {ids[7].lower()}"
        )
    )
    outcome = pd.concat([outcome, outcome.iloc[[0]].assign(wave=9)], ignore_index=True)
    with pytest.raises(InputError) as error:
        read(tables["person"], wave, outcome)
    text = str(error.value)
    assert wave["person_id"].iloc[3] in text
    assert f"(as {ids[7]}?)" in text
    assert "no row in the wave table" in text
    with pytest.raises(InputError) as error:
        read(
            tables["person"].drop(columns="enrol_date"),
            tables["wave"].assign(disp_code="7.7"),
            tables["outcome"],
        )
    assert "tracer_person" in str(error.value)
    assert "tracer_wave" in str(error.value)
    with pytest.raises(InputError, match="not before enrolment"):
        read(tables["person"], tables["wave"], tables["outcome"], retro=tables["outcome"])


def changed(tables: Tables, name: str, **cells: tuple[int, object]) -> Tables:
    table = tables[name].copy()
    for column, (row, value) in cells.items():
        table[column] = (
            table[column].astype(object) if not isinstance(value, float) else table[column]
        )
        table.loc[row, column] = value
    return {**tables, name: table}


@pytest.mark.whole
def test_each_rule_finds_its_persons(tables: Tables) -> None:
    wave, e, out = tables["wave"], tables["episode"], tables["outcome"]
    late = int(np.flatnonzero((wave["wave"] == 2) & (wave["disp_code"] == "1.1"))[0])
    who = wave["person_id"].iloc[late]
    assert found(changed(tables, "wave", fieldwork_date=(late, "2019-01-01")))[
        "interview_before_enrolment"
    ] == [who]
    assert (
        who
        in found(changed(tables, "wave", fieldwork_date=(late, "2019-01-01")))["interview_order"]
    )
    assert found(changed(tables, "wave", fieldwork_date=(late, "2029-01-01")))["future_date"] == [
        who
    ]
    assert (
        who
        in found(changed(tables, "wave", fieldwork_date=(late, "2025-12-30")))[
            "interview_after_next_target"
        ]
    )
    dead = int(np.flatnonzero((wave["wave"] == 1) & (wave["person_id"] == who))[0])
    result = found(changed(tables, "wave", disp_code=(dead, "2.31"), mode=(dead, None)))
    assert result["dead_then_alive"] == [who]
    fewer = {
        **tables,
        "outcome": out.drop(
            index=int(np.flatnonzero((out["person_id"] == who) & (out["wave"] == 2))[0])
        ).reset_index(drop=True),
    }
    assert found(fewer)["answer_without_outcome"] == [who]
    refused = changed(tables, "wave", disp_code=(late, "2.1"))
    assert found(refused)["outcome_without_answer"] == [who]
    away = int(np.flatnonzero(wave["disp_code"].str.startswith("2.5"))[0])
    assert found(changed(tables, "wave", current_country=(away, "TUN")))["abroad_at_home"] == [
        wave["person_id"].iloc[away]
    ]
    recorded = changed(
        tables,
        "wave",
        months_since_event=(int(np.flatnonzero(wave["months_since_event"].notna())[0]), 200.0),
    )
    assert len(found(recorded)["months_since_event"]) == 1
    many = int(np.flatnonzero(e.groupby("person_id")["ep_id"].transform("size") >= 3)[1])
    owner = e["person_id"].iloc[many]
    assert found(changed(tables, "episode", end_ym=(many, "1999-01")))["spell_reversed"] == [owner]
    assert found(changed(tables, "episode", end_ym=(many, None)))["spell_two_open"] == [owner]
    assert owner in found(changed(tables, "episode", start_ym=(many, "2010-01")))["spell_overlap"]
    assert "spell_gap" not in found(tables)
    short = changed(tables, "episode", end_ym=(many, e["start_ym"].iloc[many]))
    assert found(short)["spell_gap"] == [owner]
    abroad = int(np.flatnonzero(e["state"].str.startswith("ABROAD"))[0])
    assert found(changed(tables, "episode", country=(abroad, "TUN")))["spell_abroad_at_home"] == [
        e["person_id"].iloc[abroad]
    ]


def test_ids_that_differ_in_case_or_padding(tables: Tables) -> None:
    ids = tables["person"]["person_id"]
    twin = {
        name: t.assign(
            person_id=t["person_id"].where(t["person_id"] != ids[1], "00" + ids[0].lower())
        )
        for name, t in tables.items()
    }
    report = panel_of(twin).edits
    row = report[report["rule"] == "id_spelling"].iloc[0]
    assert sorted(row["ids"]) == sorted([ids[0], "00" + ids[0].lower()])


def test_drift_age_and_education(panel: TracerPanel) -> None:
    long = panel.long.assign(male=1, educy=10, age=30 + panel.long["wave"] * 0.5)
    one = (long["person_id"] == "p0004").to_numpy()
    long.loc[one & (long["wave"] == 1).to_numpy(), "male"] = 0
    long.loc[(long["person_id"] == "p0005") & (long["wave"] == 2), "educy"] = 8
    long.loc[(long["person_id"] == "p0006") & (long["wave"] == 3), "age"] = 60
    report = edits(
        TracerPanel.from_frame(long, sample=panel.sample, disposition="disp"), as_of="2026-01-01"
    ).set_index(["rule", "column"])["ids"]
    assert report[("invariant_drift", "male")] == ["p0004"]
    assert report[("age_or_education_back", "educy")] == ["p0005"]
    assert report[("age_jump", "age")] == ["p0006"]


def test_every_kind_of_contradiction_is_counted_and_named_without_ids() -> None:
    """Planted by hand: one person of each kind in a study of 40, and what the check counts."""
    ids = [f"p{i:02d}" for i in range(40)]
    person = pd.DataFrame(
        {
            "person_id": ids,
            "country": "GEO",
            "arm": ["T", "C"] * 20,
            "measure_id": "GEO-001",
            "enrol_date": "2022-01-15",
            "sample_weight": 1.0,
            "male": [i % 2 for i in range(40)],
        }
    )
    wave = pd.DataFrame(
        {
            "person_id": np.repeat(ids, 3),
            "wave": np.tile([0, 1, 2], 40),
            "fieldwork_date": np.tile(["2022-01-15", "2022-07-15", "2023-01-15"], 40),
            "disp_code": "1.1",
            "interviewer": [f"I{k % 7}" for k in range(120)],
            "male": np.repeat([i % 2 for i in range(40)], 3),
            "birth_ym": "1990-01",
            "educat7": 4,
        }
    )
    at = wave.set_index(["person_id", "wave"]).index
    wave.loc[at.get_loc(("p01", 2)), "male"] = 0  # sex flips
    wave.loc[at.get_loc(("p02", 2)), ["male", "birth_ym"]] = [1, "1960-05"]  # another person
    wave.loc[at.get_loc(("p03", 2)), "educat7"] = 2  # education falls
    wave.loc[at.get_loc(("p04", 1)), "disp_code"] = "2.31"  # dies, and answers
    wave.loc[at.get_loc(("p06", 2)), "fieldwork_date"] = "9999-12-31"
    rng = np.random.default_rng(5)
    number = {c: rng.integers(1, 5, 120) for c in ("skill_use", "satisfied", "life_sat")}
    amounts = {c: rng.integers(1, 9999, 120) for c in ("savings", "debt", "remit", "earnings")}
    outcome = wave[["person_id", "wave"]].assign(lstatus=1, **number, **amounts)
    ghosts = [at.get_loc(("p07", 1)), at.get_loc(("p08", 1))]  # one answer sheet, twice
    wave.loc[ghosts, "interviewer"] = "I9"
    answers = [c for c in outcome.columns if c not in ("person_id", "wave")]
    outcome.loc[ghosts[1], answers] = outcome.loc[ghosts[0], answers].to_numpy()
    lost = at.get_loc(("p05", 2))
    panel = read(person, wave.drop(index=lost), outcome.drop(index=lost), as_of="2024-01-01")
    counts = panel.edit_counts()
    assert "ids" not in counts.columns
    found = counts[counts["count"] > 0].groupby("rule")["count"].max().to_dict()
    assert found == {
        "invariant_drift": 2,
        "other_person": 1,
        "age_or_education_back": 1,
        "dead_then_alive": 1,
        "outcome_without_answer": 1,
        "wave_missing": 1,
        "ghost_interview": 2,
        "far_date": 1,
        "future_date": 1,
    }
    who = panel.edits.set_index("rule")["ids"]
    assert who["ghost_interview"] == ["p07", "p08"] and who["wave_missing"] == ["p05"]


def test_ages_services_and_work_that_contradict_what_else_is_known(tables: Tables) -> None:
    changed = {name: table.copy() for name, table in tables.items()}
    person, outcome = changed["person"], changed["outcome"]
    person.loc[[0, 1], "age_enrol"] = [-9, 99]
    other = person.loc[person["arm"].eq("C"), "person_id"].iloc[0]
    changed["service"].loc[0, "person_id"] = other
    worker = outcome.index[outcome["lstatus"].eq(1) & outcome["employed"].eq(1)][0]
    outcome.loc[worker, "employed"] = 0
    assert found(changed) == {
        "age_at_enrolment": list(person["person_id"].iloc[:2]),
        "employed_by_status": [outcome.loc[worker, "person_id"]],
        "service_to_comparison": [other],
    }
