"""A wave replayed day by day on the shipped waves: forecasts cover how it ended, counts add up, what
is drawn is drawn with its probability, and the calendar lies in the future.
"""

from __future__ import annotations

from datetime import date
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest

from mismes_eval.errors import InputError
from mismes_eval.evaluation import wave_page
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.wave_status import on_day, wave_status

COUNTRIES = ("ARM", "GEO", "MAR", "MDA", "TUN")


def tables(root: Path, country: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    folder = root / "data_raw" / country
    persons = pd.read_parquet(folder / "tracer_person.parquet")
    return persons, pd.read_parquet(folder / "tracer_wave.parquet")


@pytest.fixture(scope="module")
def params(root: Path) -> Params:
    return Params.load(root / "params" / "MDA.yaml")


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
    assert steps["a"].width < steps["as"].width and steps["100"].detectable < steps["as"].detectable


def test_page_and_workbook_hold_the_same_and_say_synthetic(root: Path, params: Params) -> None:
    persons, waves = tables(root, "MDA")
    status = wave_status(persons, waves, 3, date(2021, 7, 25), params)
    page = wave_page.page(status, "MDA", True)
    assert "SYNTHETIC DATA" in page and page.count("<table") == 6
    book = pd.read_excel(BytesIO(wave_page.workbook(status)), sheet_name=None)
    assert list(book) == list(wave_page.tables(status))
    assert book["Cases by arm"]["sampled"].tolist() == status.arms["sampled"].tolist()


def test_appointments_lie_in_the_future_and_name_nobody(root: Path) -> None:
    persons, waves = tables(root, "MDA")
    due = wave_page.due_dates(persons, 36)
    sample = wave_page.sample_file(persons, waves, 4, due)
    today = date(2022, 9, 1)
    text = wave_page.calendar(sample, "MDA", 4, today)
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
