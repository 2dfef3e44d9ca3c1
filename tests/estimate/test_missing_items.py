"""Multiple imputation: Rubin's rules as R mice has them, honest intervals where answers are missing
by something known; the hot deck is the mean of cell means.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.errors import EstimateError
from mismes_eval.estimate.missing_items import _in_psus, barnard_rubin


@pytest.mark.golden
def test_barnard_rubin_as_mice() -> None:
    """mice 3.15 pool.scalar(Q, U, n = 60, k = 1)."""
    q = np.array([0.52, 0.55, 0.49, 0.61, 0.50])
    u = np.array([0.0025, 0.0027, 0.0024, 0.0026, 0.0025])
    within, between = np.array([u.mean()]), np.array([q.var(ddof=1)])
    assert between[0] == pytest.approx(0.00233)
    degf = barnard_rubin(within, between, 5, np.array([59.0]))
    assert degf[0] == pytest.approx(9.484578662236254, rel=1e-12)
    ratio = 1.2 * between / within
    missing = (ratio + 2 / (degf + 3)) / (ratio + 1)
    assert missing[0] == pytest.approx(0.600244002595886, rel=1e-12)
    alike = barnard_rubin(within, 0 * between, 5, np.array([59.0]))
    assert alike[0] == pytest.approx(60 / 62 * 59)


def people(seed: int, n: int = 400) -> pd.DataFrame:
    """Earnings by schooling; the schooled answer less often."""
    r = np.random.default_rng(seed)
    school = r.integers(0, 4, n)
    earnings = 10 + 3 * school + r.normal(0, 3, n)
    told = r.random(n) < np.array([0.9, 0.8, 0.6, 0.4])[school]
    return pd.DataFrame(
        {
            "earnings": np.where(told, earnings, np.nan),
            "true": earnings,
            "school": school.astype(str),
            "w": r.uniform(0.5, 2, n),
        }
    )


@pytest.mark.whole
@pytest.mark.property
@pytest.mark.parametrize("runs", [8, pytest.param(40, marks=pytest.mark.slow)])
def test_intervals_hold_where_complete_cases_do_not(runs: int) -> None:
    inside, alone = [], []
    truth = 10 + 3 * 1.5
    for seed in range(runs):
        frame = people(seed)
        s = me.Sample.from_frame(frame, weights="w")
        copies = me.impute(s, ["earnings"], ["school"], imputations=10, rounds=2, seed=seed)
        ci = me.over_imputations(copies, lambda one: me.mean(one, "earnings")).ci().iloc[0]
        inside.append(ci["low"] < truth < ci["high"])
        some = me.mean(s.where(frame["earnings"].notna().to_numpy()), "earnings").ci().iloc[0]
        alone.append(some["low"] < truth < some["high"])
    assert np.mean(inside) >= 0.85  # 95 planned
    assert np.mean(alone) < 0.3


def test_copies_keep_answers_and_draw_values_that_occur() -> None:
    frame = people(1)
    s = me.Sample.from_frame(frame, weights="w").where((frame["school"] != "0").to_numpy())
    copies = me.impute(s, ["earnings"], ["school"], imputations=3, rounds=2)
    told = frame["earnings"].notna().to_numpy()
    for copy in copies:
        made = copy.frame["earnings"].to_numpy()
        assert np.array_equal(made[told], frame["earnings"].to_numpy()[told])
        drawn = made[~told & s.active]
        assert np.isin(drawn, frame["earnings"].to_numpy()[told]).all()
        assert np.isnan(made[~told & ~s.active]).all()  # outside the domain nothing is made up
    again = me.impute(s, ["earnings"], ["school"], imputations=3, rounds=2)
    assert all(a.frame.equals(b.frame) for a, b in zip(copies, again, strict=True))
    assert not copies[0].frame.equals(copies[1].frame)


@pytest.mark.golden
def test_hot_deck_is_the_weighted_mean_of_cell_means() -> None:
    frame = people(2)
    s = me.hot_deck(me.Sample.from_frame(frame, weights="w"), "earnings", "school")
    told = frame[frame["earnings"].notna()]
    cells = told.groupby("school")[["earnings", "w"]].apply(
        lambda g: np.average(g["earnings"], weights=g["w"])
    )
    size = frame.groupby("school")["w"].sum()
    by_hand = float((cells * size).sum() / size.sum())
    found = me.mean(s.where(frame["earnings"].notna().to_numpy()), "earnings")
    assert found.value[0] == pytest.approx(by_hand, rel=1e-12)


def test_what_cannot_be_imputed_is_named() -> None:
    frame = people(3).assign(hole=np.nan, word="x", partly=lambda f: f["earnings"])
    s = me.Sample.from_frame(frame, weights="w")
    with pytest.raises(EstimateError) as refused:
        me.impute(s, ["true", "hole", "word"], ["partly"])
    assert len(refused.value.problems) == 4
    with pytest.raises(EstimateError, match="imputed twice"):
        me.impute(s, ["earnings", "earnings"], ["school"])
    one = me.mean(s, "true")
    with pytest.raises(EstimateError, match="cannot be combined"):
        me.combine_imputations([one])
    with pytest.raises(EstimateError, match="cannot be combined"):
        me.combine_imputations([one, replace(one, names=("other",))])


@pytest.mark.identity
def test_the_other_answers_of_a_psu_are_a_predictor() -> None:
    """By hand: three PSUs, of which one has a single answer and one none."""
    table = pd.DataFrame({"y0": [1.0, 3.0, np.nan, 5.0, np.nan, np.nan]})
    found = _in_psus(table, ["earnings"], np.array([7, 7, 7, 8, 8, 9]))
    assert list(found["p0"]) == [3.0, 1.0, 2.0, 3.0, 5.0, 3.0]
    assert _in_psus(table, ["earnings"], np.arange(6)) == {}


@pytest.mark.property
def test_imputed_values_follow_the_shock_of_their_psu() -> None:
    r = np.random.default_rng(6)
    psu = np.repeat(np.arange(30), 20)
    shock = r.normal(0, 2, 30)[psu]
    y = np.where(r.random(600) < 0.7, shock + r.normal(0, 0.5, 600), np.nan)
    f = pd.DataFrame({"y": y, "x": r.normal(size=600), "psu": psu, "w": 1.0})
    s = me.Sample.from_frame(f, weights="w", psu="psu")
    filled = me.impute(s, ["y"], ["x"], imputations=2, rounds=1)[0].frame["y"].to_numpy(float)
    gone = np.isnan(y)
    assert np.corrcoef(filled[gone], shock[gone])[0, 1] > 0.8


@pytest.mark.property
def test_what_follows_from_other_predictors_changes_nothing() -> None:
    """A region beside its own districts, amounts in thousands beside amounts: the same draws."""
    f = people(4).assign(age=lambda d: np.arange(len(d)) % 50)
    f["months"], f["schooled"] = 12 * f["age"] + 7, np.where(f["school"] == "0", "no", "yes")
    s = me.Sample.from_frame(f, weights="w")
    plain, more = (
        me.impute(s, "earnings", known, imputations=2, rounds=1)[1].frame["earnings"]
        for known in (["school", "age"], ["school", "age", "months", "schooled"])
    )
    assert np.allclose(plain, more)
    nobody = me.over_imputations(
        me.impute(s, "earnings", "school", imputations=2, rounds=1),
        lambda k: me.mean(k.where(f["age"] > 90), "earnings"),
    )
    assert isinstance(nobody, me.NotEstimable)
