"""Weights for who was lost before the horizon: without covariates Kaplan-Meier and Aalen-Johansen,
with them the numbers of R's glm on person-periods; influence that is the derivative; refusals.
"""

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.errors import DesignError


def spells() -> pd.DataFrame:
    t = [2, 3, 3, 5, 6, 8, 9, 12, 1, 4, 4, 7, 7, 10, 11, 12]
    e = [1, 1, 0, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0]
    w = [1, 2, 1.5, 1, 3, 1, 2, 1, 1, 1, 2, 1, 1.5, 2, 1, 1]
    x = [0, 1, 1, 0, 0, 0, 0, 1, 1, 0, 1, 0, 0, 1, 0, 1]
    f = pd.DataFrame({"t": t, "e": e, "w": w, "x": x, "g": np.repeat(["a", "b"], 8)})
    ended = np.where(np.arange(1, 17) % 2 == 0, "job", "abroad")
    return f.assign(cause=np.where(f["e"] == 1, ended, None))


def many(n: int = 240) -> pd.DataFrame:
    """Whole months, so that events and losses tie; who is lost depends on x as the wait does."""
    r = np.random.default_rng(8)
    x = r.normal(size=n)
    wait = np.ceil(r.exponential(9 * np.exp(0.6 * x)))
    lost = np.ceil(r.exponential(14 * np.exp(-0.6 * x)))
    t = np.minimum(np.minimum(wait, lost), 24)
    e = ((wait <= lost) & (wait <= 24)).astype(int)
    return pd.DataFrame(
        {
            "t": t,
            "e": e,
            "x": x,
            "w": r.uniform(1, 3, n),
            "g": np.where(r.random(n) < 0.5, "a", "b"),
            "h": np.arange(n) // 4 % 4,
            "psu": np.arange(n) // 4,
            "sex": np.where(r.random(n) < 0.5, "F", "M"),
        }
    )


def sample(f: pd.DataFrame) -> me.Sample:
    design = {"strata": "h", "psu": "psu"} if "psu" in f else {}
    return me.Sample.from_frame(f, weights="w", **design)


@pytest.mark.golden
def test_values_are_those_of_a_logit_on_person_periods_in_r() -> None:
    """R 4: glm(lost ~ 0 + factor(time) + x, binomial, weights = w) on the rows at risk of being lost
    at 3, 6 and 7 (events first), its products of 1 - fitted, weighted means of min(t, 9) and t <= 6.
    """
    s = me.censoring_weights(sample(spells()), "t", "e", 9, "x")
    means = me.rmst(s, "t", "e", 9, by="g")
    came = me.survival(s, "t", "e", by="g", times=6)
    assert means.value == pytest.approx([6.616760991528, 6.684782265431], abs=1e-8)
    assert 1 - came.value == pytest.approx([0.3897666813347, 0.3435084942240], abs=1e-8)


@pytest.mark.identity
@pytest.mark.parametrize("of", [None, "job"])
def test_without_covariates_the_curve_is_kaplan_meiers(of: str | None) -> None:
    s = sample(spells())
    weighted = me.censoring_weights(s, "t", "e", 9, by="g")
    event = "e" if of is None else "cause"
    plain, found = (me.rmst(k, "t", event, 9, by="g", of=of) for k in (s, weighted))
    assert found.value == pytest.approx(plain.value, abs=1e-12)
    assert found.se == pytest.approx(plain.se, rel=1e-9)


@pytest.mark.identity
def test_groups_of_a_category_are_curves_of_their_own() -> None:
    f = many()
    f["t"] = np.minimum(np.ceil(f["t"] / 6) * 6, 24)
    by_category = me.censoring_weights(sample(f), "t", "e", 18, by="sex")
    expected = me.survival(sample(f), "t", "e", by="sex", times=[6, 12, 18])
    found = me.survival(by_category, "t", "e", by="sex", times=[6, 12, 18])
    assert found.value == pytest.approx(expected.value, abs=1e-12)
    assert found.se == pytest.approx(expected.se, rel=1e-8)


@pytest.mark.identity
def test_replicates_make_the_weights_anew() -> None:
    f = many()

    def value(s: me.Sample) -> me.Estimate:
        return me.rmst(me.censoring_weights(s, "t", "e", 12, "x"), "t", "e", 12)

    linear = value(sample(f))
    drawn = me.replicates(me.censoring_weights(sample(f), "t", "e", 12, "x"), method="jackknife")
    again = me.rmst(drawn, "t", "e", 12)
    assert again.value == pytest.approx(linear.value, rel=1e-12)
    assert again.se == pytest.approx(linear.se, rel=0.05)


@pytest.mark.property
def test_it_takes_the_bias_of_losses_that_depend_on_what_is_known() -> None:
    """The mean of waits that nobody was lost from, within two standard errors; without the weights
    six of them away.
    """
    r = np.random.default_rng(3)
    n = 20_000
    x = (r.random(n) < 0.5).astype(float)
    wait = np.ceil(r.exponential(np.where(x == 1, 20, 4)))
    lost = np.ceil(r.exponential(np.where(x == 1, 60, 6)))
    f = pd.DataFrame({"x": x, "w": 1.0, "t": np.minimum(np.minimum(wait, lost), 12)})
    f["e"] = ((wait <= lost) & (wait <= 12)).astype(int)
    truth = float(np.minimum(wait, 12).mean())
    plain = me.rmst(sample(f), "t", "e", 12)
    found = me.rmst(me.censoring_weights(sample(f), "t", "e", 12, "x"), "t", "e", 12)
    assert abs(found.value[0] - truth) < 2 * found.se[0]
    assert abs(plain.value[0] - truth) > 6 * plain.se[0]


@pytest.mark.identity
def test_where_nobody_is_lost_nothing_changes() -> None:
    f = many().assign(e=1)
    s = me.censoring_weights(sample(f), "t", "e", 12, "x", by="g")
    assert (s.weights == f["w"]).all()
    found, plain = (me.rmst(k, "t", "e", 12, by="g") for k in (s, sample(f)))
    assert found.value == pytest.approx(plain.value, abs=1e-12)
    assert found.se == pytest.approx(plain.se, rel=1e-12)


def test_what_cannot_be_had_is_refused() -> None:
    s = sample(spells())
    for tau, words in ((0, "horizon"), (30, "beyond what was observed")):
        with pytest.raises(DesignError, match=words):
            me.censoring_weights(s, "t", "e", tau)
    f = spells().assign(x=lambda d: ((d["e"] == 0) & (d["t"] < 9)).astype(float))
    with pytest.raises(DesignError, match="still observed"):
        me.censoring_weights(sample(f), "t", "e", 9, "x")
    with pytest.raises(DesignError, match="not above 0"):
        me.censoring_weights(sample(spells().assign(t=lambda d: d["t"] - 1)), "t", "e", 5)
