"""Refreshment combined by effective n, panel conditioning, and double sampling: unbiased where
losses depend on the outcome itself.
"""

import numpy as np
import pandas as pd
import pytest

from mismes_eval.errors import DesignError
from mismes_eval.estimate.totals import mean
from mismes_eval.tracer import (
    TracerPanel,
    attrition_weights,
    follow_up,
    panel_conditioning,
    refreshment,
)
from mismes_eval.weighting.sample import Sample


@pytest.fixture
def refreshed() -> TracerPanel:
    return panel_of(2.0)


def panel_of(weight: float) -> TracerPanel:
    """600 members (300 of whom come to wave 2) and 300 new persons at wave 2, of whom 200 answer."""
    rng = np.random.default_rng(8)
    p = pd.DataFrame(
        {"person_id": np.arange(900), "x": rng.normal(size=900), "fresh": np.arange(900) >= 600}
    )
    p["w"] = np.where(p["fresh"], weight, 1.0)
    y = p["x"] + rng.normal(size=900) + np.where(p["fresh"], 0.0, 0.4)
    come = np.where(p["fresh"], np.arange(900) < 800, rng.permutation(900) % 2 == 0)
    rows = [
        p.loc[~p["fresh"], ["person_id"]].assign(wave=0),
        p.loc[come, ["person_id"]].assign(wave=2, y=y[come]),
    ]
    panel = TracerPanel.from_frame(
        pd.concat(rows, ignore_index=True),
        sample=Sample.from_frame(p, weights="w"),
        refresh="fresh",
    )
    return attrition_weights(panel, ["x"])


def test_with_without_and_only(refreshed: TracerPanel) -> None:
    r = refreshment(refreshed, 2)
    fresh = refreshed.refreshed
    assert (r.without.weights[fresh] == 0).all()
    assert (r.only.weights[~fresh] == 0).all()
    assert (r.both.weights[fresh] > 0).sum() == 200
    np.testing.assert_allclose(
        [r.without.weights.sum(), r.only.weights.sum(), r.both.weights.sum()], 600.0, rtol=1e-9
    )
    np.testing.assert_allclose(r.share, r.n_effective[0] / sum(r.n_effective))
    np.testing.assert_allclose(
        r.both.weights, r.share * r.without.weights + (1 - r.share) * r.only.weights, rtol=1e-9
    )
    y = {"y": np.nan_to_num(refreshed.values("y", 2))}
    both, without, only = (mean(s.with_columns(dict(y)), "y") for s in (r.both, r.without, r.only))
    np.testing.assert_allclose(
        both.value, r.share * without.value + (1 - r.share) * only.value, rtol=1e-9
    )
    assert both.se[0] < min(without.se[0], only.se[0])


@pytest.mark.identity
def test_the_combined_influence_is_a_derivative(refreshed: TracerPanel) -> None:
    r = refreshment(refreshed, 2, ["x"])
    y = np.nan_to_num(refreshed.values("y", 2))
    z = r.both.design.pull_back(
        mean(r.both.with_columns({"y": y}), "y").parts[0].influence
    ).dense()[:, 0]
    steps = r.both.design.steps
    for i in (5, 100, 650, 850):
        moved = []
        for h in (1e-5, -1e-5):
            w = refreshed.sample.weights.copy()
            w[i] += h
            for step in steps:
                w = w * step.refit(w)
            moved.append(np.average(y, weights=w))
        np.testing.assert_allclose((moved[0] - moved[1]) / 2e-5, z[i], atol=1e-9)


def test_conditioning_is_members_less_first_timers(refreshed: TracerPanel) -> None:
    r = refreshment(refreshed, 2)
    e = panel_conditioning(refreshed, "y", 2, r.only)
    y = {"y": np.nan_to_num(refreshed.values("y", 2))}
    a, b = mean(r.without.with_columns(dict(y)), "y"), mean(r.only.with_columns(dict(y)), "y")
    np.testing.assert_allclose(e.value, a.value - b.value)
    np.testing.assert_allclose(e.se, np.hypot(a.se, b.se), rtol=1e-2)  # two independent groups
    assert e.value[0] > 0.1


def traced(rng: np.random.Generator, n: int = 800) -> TracerPanel:
    """Losses at wave 1 depend on the outcome itself; a quarter of the lost is traced intensively
    and all of them are found.
    """
    persons = pd.DataFrame(
        {"person_id": np.arange(n), "x": rng.normal(size=n), "w": 1.0, "psu": np.arange(n) // 4}
    )
    y = persons["x"].to_numpy() + rng.normal(size=n)
    first = rng.random(n) < 1 / (1 + np.exp(-1.5 * y))
    chosen = ~first & (rng.random(n) < 0.25)
    after = pd.DataFrame(
        {"person_id": np.arange(n), "wave": 1, "y": y, "chosen": chosen, "pi": 0.25}
    )[first | chosen]
    long = pd.concat([persons[["person_id"]].assign(wave=0), after], ignore_index=True)
    return TracerPanel.from_frame(
        long, sample=Sample.from_frame(persons, weights="w", psu="psu")
    ).with_columns({"truth": y})


@pytest.mark.whole
def test_double_sampling_needs_no_model_of_the_loss() -> None:
    rng = np.random.default_rng(3)
    ours, naive, inside = [], [], 0
    for _ in range(60):
        p = traced(rng)
        truth = 0.0
        q = follow_up(p, 1, "chosen", "pi")
        s = q.weight_sample(1).with_columns({"y": np.nan_to_num(q.values("y", 1))})
        e = mean(s, "y")
        interval = e.ci()
        inside += int(interval["low"].iloc[0] <= truth <= interval["high"].iloc[0])
        ours.append(e.value[0])
        np.testing.assert_allclose(s.weights.sum(), p.n, rtol=0.1)
        plain = (
            attrition_weights(p, ["x"])
            .weight_sample(1)
            .with_columns({"y": np.nan_to_num(p.values("y", 1))})
        )
        naive.append(mean(plain.where(s.weights == 1.0), "y").value[0])
    assert abs(np.mean(ours)) < 0.03
    assert np.mean(naive) > 0.2
    assert inside >= 52


def test_traced_persons_who_are_not_found_are_modelled() -> None:
    p = traced(np.random.default_rng(1))
    chosen = np.nan_to_num(np.asarray(p.values("chosen", 1), float)).astype(bool)
    ids = p.sample.frame["person_id"].to_numpy()[chosen]
    long = p.long.assign(
        disp=np.where((p.long["wave"] == 1) & p.long["person_id"].isin(ids[::3]), "2.2", "1.1")
    )
    q = follow_up(
        TracerPanel.from_frame(long, sample=p.sample, disposition="disp"), 1, "chosen", 0.25, ["x"]
    )
    s = q.weight_sample(1)
    assert [type(step).__name__ for step in s.design.steps] == ["PhaseTwo", "ResponsePropensity"]
    assert (s.weights[np.isin(p.sample.frame["person_id"], ids[::3])] == 0).all()
    with pytest.raises(DesignError, match="unknown column"):
        follow_up(q, 1, "nobody", "pi")


def test_a_wave_that_nobody_of_the_refreshment_answered_is_refused(refreshed: TracerPanel) -> None:
    with pytest.raises(DesignError, match="nobody responded: response of the refreshment sample"):
        refreshment(refreshed, 0)
    with pytest.raises(DesignError, match="nobody of the refreshment sample answered the wave"):
        refreshment(panel_of(0.0), 2)
