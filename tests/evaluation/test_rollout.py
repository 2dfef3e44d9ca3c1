"""Property: a roll-out that starts at a declared series break stops the run unless acknowledged,
and then says so; its event study has one base, from which honest intervals and bands are made.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mismes_eval.errors import IdentificationError, InputError, ParamsError
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.rollout import rollout
from mismes_eval.report.chapters.rollout import group_time_cells
from mismes_eval.report.document.protect import protect
from mismes_eval.report.document.rules import Rules

ROOT = Path(__file__).resolve().parents[2]


def params(**values: object) -> Params:
    p = Params.load(ROOT / "params" / "MDA.yaml")
    return p.changed({k.replace("__", "."): v for k, v in values.items()})


@pytest.mark.whole
def test_a_start_at_a_break_stops_the_run() -> None:
    with pytest.raises(IdentificationError, match="treatment starts at a break of the series"):
        rollout(params(breaks__series=("2022: new questionnaire",)))
    said = rollout(params(breaks__series=("2022: new questionnaire",), breaks__acknowledge=True))
    assert said is not None
    assert any("2022" in s and "new questionnaire" in s for s in said.breaks)
    assert any("Acknowledged" in s for s in said.breaks)


@pytest.mark.whole
def test_a_break_that_cannot_be_read_or_placed_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="series break"):
        rollout(params(breaks__series=("new form",)))
    p = params(breaks__series=("2022: new form",))
    rounds, cohort = pd.read_parquet(str(p.inputs.lfs_rounds)), str(p.rollout.cohort)
    years = {column: (rounds[column] - 2019).clip(lower=0) for column in ("year", cohort)}
    rounds.assign(**years).to_parquet(tmp_path / "rounds.parquet")
    with pytest.raises(InputError, match="placed in time"):
        rollout(replace(p, inputs=replace(p.inputs, lfs_rounds=tmp_path / "rounds.parquet")))


@pytest.mark.whole
@pytest.mark.golden
def test_an_effect_in_years_is_that_of_the_means_of_men_and_women() -> None:
    """With sex alone held fixed the doubly robust effect is the difference in differences of the
    means of men and of women, weighted by who lives where the measure came.
    """
    p = params(rollout__outcome="age")
    made = rollout(p)
    assert made is not None and isinstance(made.overall, Estimate)
    assert (made.what.kind, made.reached, made.regions) == ("number", 3, 4)
    rounds = pd.read_parquet(str(p.inputs.lfs_rounds)).assign(first=lambda f: f[p.rollout.cohort])
    by = rounds.assign(sum=rounds["weight"] * rounds["age"]).groupby(["first", "year", "male"])
    weight = by["weight"].sum()
    age = by["sum"].sum() / weight

    def effect(first: int, year: int) -> float:
        change = {g: age[g, year] - age[g, first - 1] for g in (first, 0)}
        return float(
            np.average(
                change[first] - change[0], weights=weight[first, year] + weight[first, first - 1]
            )
        )

    places = [(g, year) for g in (2021, 2022, 2023) for year in range(g, 2024)]
    size = [weight[g].sum() for g, _ in places]
    expected = np.average([effect(*place) for place in places], weights=size)
    assert made.overall.value[0] == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("column", ["age", "weight", "male"])
def test_a_number_that_counts_otherwise_than_the_cohorts_is_no_time(column: str) -> None:
    """Effects by age were estimated as if it were the year of the round."""
    words = r"no region gets the measure within the rounds.*rollout\.time.*first of these periods"
    with pytest.raises(InputError, match=words):
        rollout(params(rollout__time=column))


@pytest.mark.parametrize("key", ["outcome", "time", "cohort"])
def test_words_where_the_roll_out_needs_numbers_are_refused_by_their_key(key: str) -> None:
    with pytest.raises(InputError, match=rf"is no number: MDA\.yaml.*rollout\.{key}.*age_group"):
        rollout(params(**{f"rollout__{key}": "age_group"}))


@pytest.mark.whole
def test_the_event_study_has_one_base_and_a_band() -> None:
    r = rollout(params(breaks__series=("2010: long ago",)))
    assert r is not None
    assert r.breaks == ()
    assert isinstance(r.event, Estimate)
    assert not isinstance(r.band, NotEstimable)
    assert not isinstance(r.honest, NotEstimable)
    at = r.event.keys["event_time"].astype(float).to_numpy()
    assert r.event.value[at == -1] == 0.0
    wide, ci = r.band.to_frame(), r.event.ci()
    moving = at != -1
    assert (wide["low"].to_numpy()[moving] < ci["low"].to_numpy()[moving]).all()
    first = float(r.event.value[at == 0][0])
    assert r.honest.original[0] == pytest.approx(first)
    assert np.isfinite(r.honest.table["ci_low"]).all()


@pytest.mark.whole
def test_a_region_keeps_the_round_in_which_it_was_first_served(tmp_path: Path) -> None:
    """A programme that a later round takes back is no cohort: the whole region is named."""
    p = params()
    rounds = pd.read_parquet(ROOT / "data_raw" / "MDA" / "lfs_rounds.parquet")
    region, cohort = str(p.rollout.region), str(p.rollout.cohort)
    name = rounds.loc[rounds[cohort] > 0, region].iloc[0]
    last = (rounds[region] == name) & (rounds[p.rollout.time] == rounds[p.rollout.time].max())
    for value in (0.0, np.nan, 2019.0):
        changed = rounds.assign(**{cohort: rounds[cohort].astype(float).mask(last, value)})
        changed.to_parquet(tmp_path / "rounds.parquet")
        with pytest.raises(InputError) as refused:
            rollout(replace(p, inputs=replace(p.inputs, lfs_rounds=tmp_path / "rounds.parquet")))
        (problem,) = refused.value.problems
        assert problem.count == int((rounds[region] == name).sum()) and str(name) in problem.got


@pytest.mark.whole
@pytest.mark.parametrize("control", ["never", "not_yet"])
def test_the_groups_of_an_effect_are_those_behind_its_numbers(tmp_path: Path, control: str) -> None:
    """The four groups add up to the numbers of the estimator; where four persons were asked before
    the measure came, no effect of their regions is shown.
    """
    p = params()
    rounds = pd.read_parquet(ROOT / "data_raw" / "MDA" / "lfs_rounds.parquet")
    cohort, time = str(p.rollout.cohort), str(p.rollout.time)
    first = rounds.loc[rounds[cohort] > 0, cohort].min()
    before = rounds.index[(rounds[cohort] == first) & (rounds[time] == first - 1)]
    rounds = rounds.drop(index=before[4:])
    if control == "not_yet":
        rounds = rounds[rounds[cohort] > 0]
    rounds.to_parquet(tmp_path / "rounds.parquet")
    r = rollout(replace(p, inputs=replace(p.inputs, lfs_rounds=tmp_path / "rounds.parquet")))
    assert r is not None and not isinstance(r.effects, NotEstimable)
    assert r.effects.control == control
    frame = r.effects.to_frame()
    sizes = np.array([[group.sum() for group in groups] for groups in r.compared(frame)])
    assert sizes[:, :2].sum(axis=1).tolist() == frame["n_treated"].tolist()
    assert sizes[:, 2:].sum(axis=1).tolist() == frame["n_comparison"].tolist()
    cells = group_time_cells(r, "share")
    decided = protect({"T24b": cells}, Rules()).status["T24b"]
    few = (cells["row"] == f"{first:.0f}").to_numpy()
    assert few.any() and not few.all()
    assert {str(s) for s, mine in zip(decided, few, strict=True) if mine} == {"confidential"}
    assert {str(s) for s, mine in zip(decided, few, strict=True) if not mine} == {"shown"}
