"""Areas of a plan: shares of the survey, drawn towards the mean by what is error of sampling."""

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.errors import EstimateError


def survey(shares: list[float], per_area: int, seed: int) -> me.Sample:
    r = np.random.default_rng(seed)
    area = np.repeat(np.arange(len(shares)), per_area)
    member = r.random(area.size) < np.asarray(shares)[area]
    weight = 1.0 + area % 2
    return me.Sample.from_frame(
        pd.DataFrame({"area": area, "member": member, "w": weight}), weights="w"
    )


def test_areas_are_those_of_the_survey() -> None:
    shares = [0.02, 0.03, 0.15, 0.20]
    found = me.lfs.areas(survey(shares, 4000, 1), "member", "area")
    table = found.frame.set_index("area")
    assert table["high"].tolist() == [False, False, True, True]
    assert table["persons"].tolist() == [4000, 8000, 4000, 8000]
    assert found.share_high == 0.5
    high = table.loc[[2, 3]]
    expected = np.average(high["planned"], weights=high["persons"])
    assert found.prevalence_high == pytest.approx(expected)
    assert found.prevalence_low < 0.04 and found.prevalence_high > 0.15


@pytest.mark.whole
@pytest.mark.property
def test_planned_prevalence_is_nearer_the_truth_than_the_sample_is() -> None:
    r = np.random.default_rng(9)
    errors = []
    for seed in range(40):
        truth = r.uniform(0.06, 0.22, 40)
        table = me.lfs.areas(survey(list(truth), 120, seed), "member", "area").frame
        errors.append([np.mean((table[c] - truth) ** 2) for c in ("planned", "prevalence")])
    planned, sample = np.mean(errors, axis=0)
    assert planned < 0.75 * sample


def test_differences_that_are_chance_plan_nothing() -> None:
    found = me.lfs.areas(survey([0.1] * 6, 500, 3), "member", "area")
    assert found.prevalence_high == pytest.approx(found.prevalence_low)
    assert me.best_ratio(found.prevalence_high, found.prevalence_low) == pytest.approx(1)
    with pytest.raises(EstimateError, match="cannot be told apart"):
        me.lfs.areas(survey([0.1] * 2, 500, 3), "member", "area")
