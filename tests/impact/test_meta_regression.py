"""Golden: meta-regression as R metafor 4.8 and clubSandwich 0.5.8 make it, on the thirteen trials
of BCG vaccination (Colditz et al. 1994; log risk ratios, latitude, year).
"""

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.errors import EstimateError

from .bcg import TRIALS


@pytest.fixture(scope="module")
def trials() -> pd.DataFrame:
    t = pd.DataFrame(TRIALS, columns=["a", "b", "c", "d", "latitude", "year", "allocation"])
    treated, control = t["a"] + t["b"], t["c"] + t["d"]
    value = np.log((t["a"] / treated) / (t["c"] / control))
    return t.assign(value=value, se=np.sqrt(1 / t["a"] - 1 / treated + 1 / t["c"] - 1 / control))


@pytest.mark.golden
def test_two_features_as_metafor(trials: pd.DataFrame) -> None:
    """rma(yi, vi, mods = ~ ablat + year, test = "adhoc", control = list(threshold = 1e-14))."""
    found = me.meta_regression(trials["value"], trials["se"], trials[["latitude", "year"]])
    expected = [-3.54535301985948, -0.0280113294442269, 0.00190748044747169]
    assert found.value == pytest.approx(expected, rel=1e-8)
    errors = [32.2563394834655, 0.0113456775206506, 0.0162788048736337]
    assert found.se == pytest.approx(errors, rel=1e-8)
    p = [0.914653773937186, 0.0331673351463309, 0.909040826130559]
    assert found.pvalue == pytest.approx(p, rel=1e-7)
    low = [-75.4169562458279, -0.0532910743300958, -0.0343639571553751]
    assert found.low == pytest.approx(low, rel=1e-8)
    assert found.tau2 == pytest.approx(0.11078469694691, rel=1e-8)
    assert (found.q, found.q_dof) == (pytest.approx(28.3251436562553), 10)
    assert found.q_pvalue == pytest.approx(0.00160097442223966)


@pytest.mark.golden
def test_text_becomes_levels_as_metafor(trials: pd.DataFrame) -> None:
    found = me.meta_regression(trials["value"], trials["se"], trials[["allocation"]])
    expected = [-0.517955777155293, -0.447818401390552, 0.0890382162317168]
    assert found.value == pytest.approx(expected, rel=1e-7)
    errors = [0.441194460386852, 0.515821633599066, 0.560035586835515]
    assert found.se == pytest.approx(errors, rel=1e-7)
    assert found.tau2 == pytest.approx(0.361503664324021, rel=1e-7)


@pytest.mark.golden
def test_every_order_of_six_trials_as_permutest(trials: pd.DataFrame) -> None:
    six = trials.iloc[:6]
    found = me.meta_regression(six["value"], six["se"], six[["latitude"]])
    assert found.permutation[1] == pytest.approx(0.0388888888888889)
    assert found.se == pytest.approx([0.426035662456656, 0.00980455184453118], rel=1e-8)


@pytest.mark.golden
def test_several_effects_of_one_sample_as_club_sandwich(trials: pd.DataFrame) -> None:
    """coef_test(rma(yi, vi, mods = ~ ablat), "CR2", cluster, "Satterthwaite")."""
    sample = [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7]
    found = me.meta_regression(trials["value"], trials["se"], trials[["latitude"]], sample=sample)
    assert found.value == pytest.approx([0.25146821000737, -0.0291017250116497], rel=1e-8)
    assert found.se == pytest.approx([0.150850249230443, 0.00525275716157868], rel=1e-8)
    assert found.degf == pytest.approx([2.96233904582238, 3.84167095453968], rel=1e-7)
    assert found.pvalue == pytest.approx([0.195258995863161, 0.00583896155551809], rel=1e-6)
    assert found.samples == 7 and np.isnan(found.permutation).all()


@pytest.mark.golden
def test_a_feature_of_one_study_alone_as_club_sandwich() -> None:
    """The study that alone has the feature is fitted exactly: what rounding leaves of it is null.
    rma(y, se^2, mods = ~ x + z, control = list(threshold = 1e-12)), then as above; made-up
    numbers."""
    value = [0.043, 0.082, 0.055, 0.023, 0.068, 0.115, 0.097, 0.015]
    se = [0.085, 0.077, 0.02, 0.08, 0.022, 0.071, 0.032, 0.08]
    x = [-0.32, 0.41, 1.04, -0.13, 1.37, -0.67, 0.35, 0.9]
    features = pd.DataFrame({"x": x, "z": [1.0] * 7 + [0.0]})
    found = me.meta_regression(value, se, features, sample=[0, 1, 2, 3, 4, 5, 0, 7])
    assert found.se == pytest.approx([0.00995691551, 0.01106323945, 0.00748427474], rel=1e-7)
    assert found.degf == pytest.approx([2.77245487, 2.77245487, 1.82964393], rel=1e-7)


@pytest.mark.slow
@pytest.mark.property
def test_permutation_keeps_its_level_and_needed_studies_find_the_margin() -> None:
    r = np.random.default_rng(11)
    hits = []
    for _ in range(60):
        se = r.uniform(0.02, 0.05, 7)
        value = r.normal(0.08, np.hypot(se, 0.04))
        group = pd.DataFrame({"feature": [0.0, 0, 0, 1, 1, 1, 1]})
        found = me.meta_regression(value, se, group, permutations=60, seed=3)
        hits.append(found.permutation[1] <= 0.1)
    assert np.mean(hits) < 0.1 + 2.5 * np.sqrt(0.09 / 60)
    se = r.uniform(0.02, 0.05, 12)
    found = me.meta_regression(
        r.normal(0.08, np.hypot(se, 0.04)), se, pd.DataFrame({"feature": [0.0, 1.0] * 6})
    )
    few, many = found.needed("feature", 0.1), found.needed("feature", 0.05)
    assert 2 * few < many < 5 * few


def test_what_cannot_be_compared_is_refused_with_all_reasons(trials: pd.DataFrame) -> None:
    gone = trials[["latitude"]].astype(float).where(trials["latitude"] > 13)
    with pytest.raises(EstimateError, match="missing for some"):
        me.meta_regression(trials["value"], trials["se"], gone)
    two = trials.iloc[:2]
    with pytest.raises(EstimateError, match="too few effects"):
        me.meta_regression(two["value"], two["se"], two[["latitude"]])
    with pytest.raises(EstimateError, match="do not tell"):
        me.meta_regression(trials["value"], trials["se"], trials[["latitude"]] * 0 + 1)
    with pytest.raises(EstimateError) as refused:
        me.meta_regression(trials["value"], -trials["se"], gone)
    assert len(refused.value.problems) == 2
    found = me.meta_regression(trials["value"], trials["se"], trials[["latitude"]], permutations=50)
    with pytest.raises(EstimateError, match="cannot be told"):
        found.needed("longitude", 0.1)
