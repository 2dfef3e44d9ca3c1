"""Coverage and targeting: delta method against the jackknife, an index of 1 where everybody takes
part alike, concentration against its definition by covariance.
"""

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.evaluation.coverage import target_population, targeting_of_counts


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    n = 400
    return pd.DataFrame(
        {
            "w": rng.uniform(1, 4, n),
            "psu": np.repeat(np.arange(40), 10),
            "sex": rng.choice(["F", "M"], n),
            "took": (rng.random(n) < 0.3).astype(float),
            "edu": rng.integers(0, 5, n).astype(float),
            "returnee": rng.random(n) < 0.6,
        }
    )


def jackknife_se(frame: pd.DataFrame, statistic: object) -> float:
    """Delete one PSU at a time."""
    codes = frame["psu"].unique()
    m = codes.size
    values = [
        statistic(frame.assign(w=np.where(frame["psu"] == c, 0.0, frame["w"] * m / (m - 1))))
        for c in codes
    ]  # type: ignore[operator]
    return float(np.sqrt((m - 1) / m * ((np.array(values) - np.mean(values)) ** 2).sum()))


def sample_of(frame: pd.DataFrame) -> me.Sample:
    return me.Sample.from_frame(frame, weights="w", psu="psu")


@pytest.mark.identity
@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_concentration_of_a_yes_or_no_reaches_one_less_its_share_and_no_further(
    share: float,
) -> None:
    """Wagstaff (2005): all by the highest is 1 - mu, all by the lowest mu - 1."""
    place = np.arange(1000)
    frame = pd.DataFrame(
        {
            "w": 1.0,
            "place": place,
            "high": (place >= 1000 * (1 - share)).astype(float),
            "low": (place < 1000 * share).astype(float),
        }
    )
    sample = me.Sample.from_frame(frame, weights="w")
    assert me.concentration(sample, "high", "place").value[0] == pytest.approx(1 - share, abs=1e-12)
    assert me.concentration(sample, "low", "place").value[0] == pytest.approx(share - 1, abs=1e-12)


def test_concentration_is_twice_the_covariance_with_the_rank_over_the_mean(
    frame: pd.DataFrame,
) -> None:
    e = me.concentration(sample_of(frame), "took", "edu")
    w, h, x = frame["w"].to_numpy(), frame["took"].to_numpy(), frame["edu"].to_numpy()
    rank = np.array([(w[x < v].sum() + 0.5 * w[x == v].sum()) / w.sum() for v in x])
    mu, mr = w @ h / w.sum(), w @ rank / w.sum()
    assert e.value[0] == pytest.approx(2 * (w @ ((h - mu) * (rank - mr)) / w.sum()) / mu, abs=1e-12)
    assert e.se[0] == pytest.approx(
        jackknife_se(frame, lambda f: me.concentration(sample_of(f), "took", "edu").value[0]),
        rel=0.06,
    )


@pytest.mark.identity
def test_targeting_index_has_the_jackknife_error_and_is_one_without_bias(
    frame: pd.DataFrame,
) -> None:
    e = me.targeting(sample_of(frame), "took", "sex")
    assert isinstance(e, me.Estimate)

    def first(f: pd.DataFrame) -> float:
        other = me.targeting(sample_of(f), "took", "sex")
        assert isinstance(other, me.Estimate)
        return float(other.value[0])

    assert e.se[0] == pytest.approx(jackknife_se(frame, first), rel=0.06)
    everybody = me.targeting(sample_of(frame.assign(took=1.0)), "took", "sex")
    assert isinstance(everybody, me.Estimate)
    np.testing.assert_allclose(everybody.value, 1.0)
    np.testing.assert_allclose(everybody.se, 0.0, atol=1e-14)
    assert isinstance(
        me.targeting(sample_of(frame.assign(took=0.0)), "took", "sex"), me.NotEstimable
    )


@pytest.mark.identity
def test_coverage_has_the_relative_error_of_its_denominator(frame: pd.DataFrame) -> None:
    target = target_population(sample_of(frame), frame["returnee"], "returnees")
    e = me.coverage(120.0, target, years=2)
    assert isinstance(e, me.Estimate)
    assert e.value[0] == pytest.approx(60 / target.value[0])
    assert e.cv[0] == pytest.approx(target.cv[0])
    assert isinstance(me.coverage(5.0, me.NotEstimable("no question")), me.NotEstimable)
    with pytest.raises(me.EstimateError, match="not counts"):
        me.coverage(-1.0, target)


def test_register_counts_against_survey_shares(frame: pd.DataFrame) -> None:
    s = sample_of(frame)
    w = frame["w"].to_numpy()
    share = w[frame["sex"] == "F"].sum() / w.sum()
    e = targeting_of_counts({"F": 30, "M": 70}, s, "sex")
    assert isinstance(e, me.Estimate)
    np.testing.assert_allclose(e.value, [0.3 / share, 0.7 / (1 - share)])
    assert isinstance(targeting_of_counts({"X": 1}, s, "sex"), me.NotEstimable)


def test_leakage_and_curve(frame: pd.DataFrame) -> None:
    e = me.leakage(sample_of(frame), "took", "returnee")
    assert isinstance(e, me.Estimate)
    took = frame[frame["took"] == 1]
    assert e.value[0] == pytest.approx(np.average(~took["returnee"], weights=took["w"]))
