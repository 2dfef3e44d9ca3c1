"""Restricted mean times: values of R survival 3, influence that is the derivative, areas that add up."""

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.errors import EstimateError


def frame() -> pd.DataFrame:
    t = [2, 3, 3, 5, 6, 8, 9, 12, 1, 4, 4, 7, 7, 10, 11, 12]
    e = [1, 1, 0, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0]
    w = [1, 2, 1.5, 1, 3, 1, 2, 1, 1, 1, 2, 1, 1.5, 2, 1, 1]
    f = pd.DataFrame({"t": t, "e": e, "w": w, "g": np.repeat([0, 1], 8)})
    ended = np.where(np.arange(1, 17) % 2 == 0, "job", "abroad")
    f["cause"] = np.where(f["e"] == 1, ended, None)
    return f


def sample(f: pd.DataFrame) -> me.Sample:
    return me.Sample.from_frame(f, weights="w")


@pytest.mark.golden
def test_values_are_those_of_r() -> None:
    """summary(survfit(Surv(t, e) ~ g, weights = w), rmean = 9) of R survival."""
    e = me.rmst(sample(frame()), "t", "e", 9, by="g")
    assert e.value == pytest.approx([6.93375, 6.52380952381], abs=1e-9)
    lost = me.rmst(sample(frame()), "t", "cause", 9, by="g", of="job")
    assert lost.value == pytest.approx([1.50625, 0.47619047619], abs=1e-9)


@pytest.mark.golden
def test_rows_that_came_later_are_at_risk_from_then_on() -> None:
    """summary(survfit(Surv(entry, t, e) ~ 1, weights = w), rmean = 9) of R survival."""
    f = frame().assign(entry=[0, 1, 0, 2, 0, 3, 1, 0] * 2).assign(g=1)
    f.loc[8, "entry"] = 0
    e = me.rmst(sample(f), "t", "e", 9, entry="entry")
    assert e.value[0] == pytest.approx(6.3156884976213, abs=1e-9)


@pytest.mark.parametrize("dtype", ["category", "string", "Int64", object])
def test_causes_of_any_type_are_read(dtype: str | type) -> None:
    f = frame()
    expected = me.rmst(sample(f), "t", "cause", 9, of="job")
    code = f["cause"].map({"job": 1, "abroad": 2}) if dtype == "Int64" else f["cause"]
    other = sample(f.assign(cause=code.astype(dtype)))
    found = me.rmst(other, "t", "cause", 9, of=1 if dtype == "Int64" else "job")
    assert found.value[0] == pytest.approx(expected.value[0], abs=1e-12)
    with pytest.raises(EstimateError, match="without a name"):
        me.rmst(sample(f.assign(cause=f["cause"].fillna(""))), "t", "cause", 9, of="job")


@pytest.mark.identity
def test_time_without_and_time_lost_add_up_to_the_horizon() -> None:
    s = sample(frame())
    kept = me.rmst(s, "t", "e", 9)
    lost = [me.rmst(s, "t", "cause", 9, of=c).value[0] for c in ("job", "abroad")]
    assert kept.value[0] + sum(lost) == pytest.approx(9, abs=1e-12)


@pytest.mark.property
def test_without_censoring_it_is_the_mean_of_the_shorter_of_both() -> None:
    r = np.random.default_rng(2)
    f = pd.DataFrame({"t": r.exponential(5, 200) + 0.01, "e": 1, "w": r.uniform(1, 3, 200)})
    f["short"] = np.minimum(f["t"], 4)
    e, plain = me.rmst(sample(f), "t", "e", 4), me.mean(sample(f), "short")
    assert e.value[0] == pytest.approx(plain.value[0], rel=1e-12)
    assert e.se[0] == pytest.approx(plain.se[0], rel=1e-9)


def test_what_cannot_be_had_is_refused() -> None:
    s = sample(frame())
    with pytest.raises(EstimateError, match="horizon"):
        me.rmst(s, "t", "e", 0)
    with pytest.raises(EstimateError):
        me.rmst(s, "t", "e", 30)
