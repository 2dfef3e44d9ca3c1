"""Golden and identity: random-effects summaries equal metafor's on the BCG trials, statsmodels' on
any effects, and behave under shift, scale and order.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.meta_analysis import combine_effects

from mismes_eval.impact.planning.meta_analysis import RandomEffects, random_effects

from .bcg import TRIALS

BCG = np.array([trial[:4] for trial in TRIALS], float)
RISK_T, RISK_C = BCG[:, 0] / BCG[:, :2].sum(1), BCG[:, 2] / BCG[:, 2:].sum(1)
Y = np.log(RISK_T / RISK_C)
SE = np.sqrt(1 / BCG[:, 0] - 1 / BCG[:, :2].sum(1) + 1 / BCG[:, 2] - 1 / BCG[:, 2:].sum(1))


def by_method(numbers: str) -> dict[tuple[str, str], tuple[float, ...]]:
    """Eight numbers by method and interval."""
    rows = np.reshape(numbers.split(), (-1, 10)).tolist()
    return {(method, test): tuple(map(float, found)) for method, test, *found in rows}


# R 4.x, metafor 3.8-1, dat.bcg: rma(yi, vi, method=, test=, control=list(threshold=1e-14)),
# predict(pi.type="riley"), confint(): value, se, low, high, tau2, I2, prediction low, high
METAFOR = by_method(
    """
    dl normal -0.714117222073 0.178742089535 -1.06444528008 -0.363789164062
        0.308760262862 92.1173468546 -1.99883849575 0.570604051606
    dl hartung_knapp -0.714117222073 0.180696628336 -1.10782135417 -0.320413089978
        0.308760262862 92.1173468546 -2.00016235181 0.57192790766
    reml normal -0.714532342158 0.179781516105 -1.06689763881 -0.362167045506
        0.313243258136 92.2213845213 -2.00837590692 0.579311222606
    reml hartung_knapp -0.714532342158 0.180791744093 -1.10844371369 -0.320620970631
        0.313243258136 92.2213845213 -2.00905765037 0.579992966055
    pm normal -0.714968153493 0.180892191538 -1.06951033399 -0.360425972995
        0.318068452205 92.3303379542 -2.01855805418 0.588621747198
    pm hartung_knapp -0.714968153493 0.180892191538 -1.1090983812 -0.320837925785
        0.318068452205 92.3303379542 -2.01855805418 0.588621747198
    """
)
# the same for three effects of 0.0646, 0.143, 0.09 (se 0.0223, 0.0194, 0.021)
THREE = ((0.0646, 0.143, 0.09), (0.0223, 0.0194, 0.021))
METAFOR_THREE = by_method(
    """
    dl hartung_knapp 0.100167255317 0.0231933340786 0.00037439313138 0.199960117502
        0.00121912811729 73.682947212 -0.432442362186 0.632776872819
    dl hartung_knapp_adhoc 0.100167255317 0.0234937399868 -0.000918149169278 0.201252659803
        0.00121912811729 73.682947212 -0.434563816865 0.634898327499
    reml hartung_knapp_adhoc 0.100183072057 0.0233049167339 -8.9891545059e-05 0.200456035658
        0.00119264216904 73.2548141296 -0.429188787323 0.629554931436
    """
)

effects = st.integers(2, 12).flatmap(
    lambda k: st.tuples(
        st.lists(st.floats(-2, 2), min_size=k, max_size=k),
        st.lists(st.floats(0.05, 1.5), min_size=k, max_size=k),
    )
)


def _numbers(r: RandomEffects) -> tuple[float, ...]:
    return (r.value, r.se, r.low, r.high, r.tau2, 100 * r.i2, *r.prediction)


@pytest.mark.parametrize(("method", "interval"), METAFOR)
def test_the_bcg_trials_are_summarised_as_by_metafor(method: str, interval: str) -> None:
    # 1e-8: metafor prints 12 digits and stops its iterations at 1e-14 of tau2
    np.testing.assert_allclose(
        _numbers(random_effects(Y, SE, method, interval)), METAFOR[method, interval], rtol=1e-8
    )  # type: ignore[arg-type]


@pytest.mark.parametrize(("method", "interval"), METAFOR_THREE)
def test_three_effects_are_summarised_as_by_metafor(method: str, interval: str) -> None:
    np.testing.assert_allclose(
        _numbers(random_effects(*THREE, method, interval)),
        METAFOR_THREE[method, interval],
        rtol=1e-8,
    )  # type: ignore[arg-type]


def test_heterogeneity_of_the_bcg_trials_is_that_of_metafor() -> None:
    r = random_effects(Y, SE)
    expected = (152.233008082, 1.99676459085e-26, -0.430285163654, 0.0404987517109)
    np.testing.assert_allclose((r.q, r.q_pvalue, r.common, r.common_se), expected, rtol=1e-9)
    # confint(): Q-profile, found by a search with a tolerance of its own
    expected = (0.119718361141, 1.11147908406, 0.819205745586, 0.976780749579)
    np.testing.assert_allclose((*r.tau2_interval, *r.i2_interval), expected, rtol=1e-8)
    assert r.q_dof == 12
    assert r.k == 13


def test_the_numbers_of_the_package_s_documentation() -> None:
    """As printed: DL tau2 0.3088; REML tau2 0.3132, I2 92.22%, -0.7145 (0.1798), -1.0669 to
    -0.3622; Q(12) = 152.2330.
    """
    r = random_effects(Y, SE, "reml", "normal")
    expected = [0.3132, -0.7145, 0.1798, -1.0669, -0.3622, 152.2330]
    assert [round(x, 4) for x in (r.tau2, r.value, r.se, r.low, r.high, r.q)] == expected
    assert round(100 * r.i2, 2) == 92.22
    assert round(random_effects(Y, SE, "dl").tau2, 4) == 0.3088


@pytest.mark.parametrize("seed", range(20))
def test_moments_and_paule_mandel_equal_statsmodels(seed: int) -> None:
    """Drawn until they differ more than by chance: statsmodels lets the variance between studies
    fall below 0, which is refused here.
    """
    rng = np.random.default_rng(seed)
    k = int(rng.integers(3, 13))
    se = rng.uniform(0.05, 0.5, k)
    y = rng.normal(0.2, 1.5, k)
    assert random_effects(y, se).q > k
    moments = combine_effects(y, se**2, method_re="chi2")
    for stop in (
        1e-10,
        1e-8,
        1e-6,
    ):  # its iteration falls to 0 where rounding takes it past the root before it stops
        iterated = combine_effects(y, se**2, method_re="iterated", atol=stop, maxiter=5000)
        if iterated.tau2 > 0:
            break
    for other, r, near in (
        (moments, random_effects(y, se, "dl", "normal"), 1e-10),
        (iterated, random_effects(y, se, "pm", "normal"), max(1e-10, 10 * stop)),
    ):
        expected = (other.tau2, other.mean_effect_re, other.mean_effect_fe, other.q)
        np.testing.assert_allclose((r.tau2, r.value, r.common, r.q), expected, rtol=near)
        np.testing.assert_allclose(
            (r.se, r.common_se), (other.sd_eff_w_re, other.sd_eff_w_fe), rtol=near
        )
        knapp = random_effects(y, se, r.method, "hartung_knapp")
        np.testing.assert_allclose(knapp.se, other.sd_eff_w_re_hksj, rtol=near)


@given(effects, st.floats(-3, 3), st.floats(0.1, 50))
@settings(max_examples=40, deadline=None)
def test_shift_scale_and_order_move_the_summary_as_they_move_the_effects(
    drawn: tuple[list[float], list[float]], shift: float, scale: float
) -> None:
    y, se = map(np.asarray, drawn)
    for method in ("dl", "pm", "reml"):
        a, b = (
            random_effects(y, se, method),
            random_effects(scale * (y[::-1] + shift), scale * se[::-1], method),
        )
        np.testing.assert_allclose(
            (b.value, b.se), (scale * (a.value + shift), scale * a.se), rtol=1e-6, atol=1e-7 * scale
        )
        np.testing.assert_allclose(
            (b.tau2, b.i2), (scale**2 * a.tau2, a.i2), rtol=1e-5, atol=1e-7 * scale**2
        )
        assert a.tau2 >= 0
        assert 0 <= a.i2 < 1
        assert a.low <= a.value <= a.high
        assert (
            np.isnan(a.prediction).all()
            if a.k == 2
            else a.prediction[0] <= a.low and a.high <= a.prediction[1]
        )


def test_equal_effects_have_no_spread_and_the_adhoc_interval_does_not_shrink_to_a_point() -> None:
    r, safe = (
        random_effects([0.1, 0.1, 0.1], [0.02, 0.03, 0.04]),
        random_effects([0.1, 0.1, 0.1], [0.02, 0.03, 0.04], interval="hartung_knapp_adhoc"),
    )
    assert r.tau2 == 0.0
    assert r.se < 1e-12
    assert safe.se == pytest.approx(r.common_se)
