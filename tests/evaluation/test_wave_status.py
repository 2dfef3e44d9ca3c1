"""A wave replayed day by day on the shipped waves: forecasts cover how it ended, counts add up, what
is drawn is drawn with its probability, and the calendar lies in the future.
"""

from datetime import date
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mismes_eval.errors import InputError
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.tracer_study import tracing
from mismes_eval.evaluation.wave_status import on_day, wave_status
from mismes_eval.impact.designs.switching import switching_effects
from mismes_eval.report import wave_page
from mismes_eval.report.document.language import language

COUNTRIES = ("ARM", "GEO", "MAR", "MDA", "TUN")


def tables(root: Path, country: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    folder = root / "data_raw" / country
    persons = pd.read_parquet(folder / "tracer_person.parquet")
    return persons, pd.read_parquet(folder / "tracer_wave.parquet")


@pytest.fixture(scope="module")
def params(root: Path) -> Params:
    return Params.load(root / "params" / "MDA.yaml")


@pytest.mark.slow
@pytest.mark.property
def test_forecasts_cover_how_the_wave_ended(root: Path, params: Params) -> None:
    inside = []
    for country in COUNTRIES:
        persons, waves = tables(root, country)
        for wave in (1, 2, 3, 4):
            days = pd.to_datetime(waves.loc[waves["wave"] == wave, "fieldwork_date"])
            end = wave_status(persons, waves, wave, days.max().date(), params)
            final = end.arms.set_index("arm")["interviewed"]
            assert (end.arms["pending"] == 0).all()
            for share in (0.2, 0.5, 0.8):
                day = days.quantile(share).date()
                for f in wave_status(persons, waves, wave, day, params).forecasts:
                    inside.append(f.low <= final[f.arm] <= f.high)
    assert len(inside) == 120
    assert sum(inside) / len(inside) >= 0.92  # 95% planned; 0.92 is 1.5 standard errors below


def test_counts_add_up_and_nobody_is_lost_before_being_tried(root: Path, params: Params) -> None:
    persons, waves = tables(root, "MDA")
    status = wave_status(persons, waves, 3, date(2021, 7, 25), params)
    states = ["pending", "interviewed", "refused", "not reached", "other"]
    assert (status.arms[states].sum(axis=1) == status.arms["sampled"]).all()
    assert status.arms["sampled"].sum() == (waves["wave"] == 3).sum()
    tried = status.arms["sampled"] - status.arms["pending"]
    assert (status.arms["response"] == status.arms["interviewed"] / tried).all()
    early = wave_status(persons, waves, 3, date(2019, 1, 1), params)
    assert (early.arms["pending"] == early.arms["sampled"]).all()
    assert status.interviewers["cases"].sum() == tried.sum()


def test_a_random_fifth_is_drawn_with_its_probability(root: Path, params: Params) -> None:
    persons, waves = tables(root, "MDA")
    status = wave_status(persons, waves, 3, date(2022, 1, 1), params)
    lost = status.arms[["refused", "not reached", "other"]].sum(axis=1).to_numpy()
    drawn = status.to_trace.groupby("arm")["person_id"].nunique().to_numpy()
    assert (abs(drawn - lost / 5) < 1).all()
    assert status.to_trace["probability"].to_numpy() == pytest.approx(0.2, abs=0.01)
    again = wave_status(persons, waves, 3, date(2022, 1, 1), params)
    assert again.to_trace.equals(status.to_trace)
    steps = {s.name.split(" ")[0]: s for s in status.steps}
    assert steps["a"].width < steps["as"].width
    assert np.isnan(steps["as"].detectable)  # no earlier outcome was given


def test_what_can_be_detected_rests_on_the_waves_before(root: Path, params: Params) -> None:
    persons, waves = tables(root, "MDA")
    outcomes = pd.read_parquet(root / "data_raw" / "MDA" / "tracer_outcome.parquet")
    status = wave_status(persons, waves, 3, date(2022, 1, 1), params, outcomes)
    compared = persons.loc[persons["treated"] == 0, "person_id"]
    before = outcomes[(outcomes["wave"] == 2) & outcomes["person_id"].isin(compared)]
    assert status.earlier.share == pytest.approx(before["employed"].mean())
    now, more, fifth = (s.detectable for s in status.steps)
    assert more < now and fifth < now
    got = status.arms["interviewed"].to_numpy(float)
    share, rho = status.earlier.share, status.earlier.rho
    spread = np.sqrt(share * (1 - share) * (1 - rho**2) * (1 / got).sum())
    assert now == pytest.approx(100 * (1.95996 + 0.84162) * spread, rel=0.01)
    assert wave_status(persons, waves, 0, date(2022, 1, 1), params, outcomes).earlier is None


def test_r_indicator_falls_with_selective_answers(root: Path, params: Params) -> None:
    persons, waves = tables(root, "MDA")
    own = waves[waves["wave"] == 3].copy()
    men = own["person_id"].map(persons.set_index("person_id")["male"]).to_numpy() == 1
    alike = wave_status(persons, waves, 3, date(2022, 1, 1), params).alike
    own.loc[men, "disp_code"] = np.where(np.arange(men.sum()) % 10 < 3, "1.1", "2.1")
    own.loc[~men, "disp_code"] = np.where(np.arange((~men).sum()) % 10 < 8, "1.1", "2.1")
    selective = wave_status(persons, own, 3, date(2022, 1, 1), params).alike
    assert isinstance(alike, Estimate) and isinstance(selective, Estimate)
    w = persons.set_index("person_id")["sample_weight"][own["person_id"]].to_numpy()
    p = np.where(men, 0.3, 0.8)
    centre = np.average(p, weights=w)
    by_hand = 1 - 2 * np.sqrt(np.average((p - centre) ** 2, weights=w))
    assert selective.value[0] == pytest.approx(by_hand, abs=0.03) and alike.value[0] > 0.75


def test_page_and_workbook_hold_the_same_and_say_synthetic(root: Path, params: Params) -> None:
    persons, waves = tables(root, "MDA")
    status = wave_status(persons, waves, 3, date(2021, 7, 25), params)
    en = language("en")
    page = wave_page.page(status, "MDA", True, en)
    assert "SYNTHETIC DATA" in page and page.count("<table") == 7
    book = pd.read_excel(BytesIO(wave_page.workbook(status, en)), sheet_name=None)
    assert list(book) == list(wave_page.tables(status, en))
    assert book["Cases by arm"]["sampled"].tolist() == status.arms["sampled"].tolist()


@pytest.mark.parametrize("code", ["fr", "ro"])
def test_a_wave_speaks_the_language_of_the_params(root: Path, params: Params, code: str) -> None:
    persons, waves = tables(root, "MDA")
    status = wave_status(persons, waves, 3, date(2021, 7, 25), params)
    t = language(code)
    wave_page.page(status, "MDA", True, t)
    wave_page.protocol("MDA", 3, t)
    assert not t.unknown
    heads = {str(head) for table in wave_page.tables(status, t).values() for head in table}
    assert not heads & {"pending", "interviewed", "next step", "response", "interviewer"}


def test_appointments_lie_in_the_future_and_name_nobody(root: Path) -> None:
    persons, waves = tables(root, "MDA")
    due = wave_page.due_dates(persons, 36)
    sample = wave_page.sample_file(persons, waves, 4, due)
    today = date(2022, 9, 1)
    text = wave_page.calendar(sample, "MDA", 4, today, language("en"))
    starts = [line.partition(":")[2] for line in text.splitlines() if line.startswith("DTSTART")]
    assert len(starts) > 3 and min(starts) >= "20220901"
    assert not any(person in text for person in sample["person_id"])
    counted = sum(int(x.split(": ")[1].split()[0]) for x in text.splitlines() if "persons due" in x)
    assert counted == len(sample)
    dead = waves.loc[(waves["wave"] < 4) & (waves["disp_code"].astype(str) == "2.31"), "person_id"]
    assert len(dead) and not sample["person_id"].isin(dead).any()


def test_a_wave_without_cases_is_refused(root: Path) -> None:
    with pytest.raises(InputError, match="no cases"):
        on_day(tables(root, "MDA")[1], 9, date(2022, 1, 1))


def test_nothing_is_estimated_of_a_wave_that_the_params_leave_out(params: Params) -> None:
    chosen = params.changed({"tracer.waves": (1, 2), "impact.main_wave": 2})
    study = tracing(chosen)
    assert study is not None
    assert (study.panel.waves, study.unused) == ((0, 1, 2), (3, 4))
    moved = switching_effects(study.of("MDA-001"), "employed", "abroad")
    assert set(moved.keys["periods"]) == {1, 2, -1}
    wave = study.panel.long.pivot(index="person_id", columns="wave", values="disp_code")
    answered = wave[[0, 1, 2]].isin(["1.1", "1.2", "2.51", "2.52"]).all(axis=1)
    assert int((study.panel.weight_sample(None).weights > 0).sum()) == int(answered.sum())
