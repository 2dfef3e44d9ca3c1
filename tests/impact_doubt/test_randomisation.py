"""Randomisation tests equal their definition on small data, keep strata and clusters, and have the
right size; adjusted p-values equal hand sums and peers.
"""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

import mismes_eval as me


def drawn(seed: int = 1, m: int = 8, effect: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(m), 5)
    d = (g % 2).astype(float)
    y = rng.normal(size=m)[g] + rng.normal(size=g.size) + effect * d
    return pd.DataFrame(
        {"y": y, "d": d, "g": g, "h": (g >= m // 2).astype(int), "w": rng.uniform(1, 2, g.size)}
    )


def gap(s: me.Sample) -> float:
    f = s.frame
    return float(np.average(f.y, weights=f.w * f.d) - np.average(f.y, weights=f.w * (1 - f.d)))


def t_statistic(s: me.Sample) -> me.Estimate:
    return me.ols(s, "y ~ d").select([1])


@pytest.mark.identity
def test_all_assignments_of_clusters():
    f = drawn()
    s = me.Sample.from_frame(f, weights="w", psu="g")
    out = me.randomisation_test(s, gap, "d", cluster="g")
    assert out.enumerated and out.distribution.size == 70
    every = []
    for chosen in combinations(range(8), 4):
        d = f.g.isin(chosen).astype(float)
        every.append(np.average(f.y, weights=f.w * d) - np.average(f.y, weights=f.w * (1 - d)))
    assert out.p == pytest.approx(np.mean(np.abs(every) >= abs(gap(s)) * (1 - 1e-10)), abs=1e-12)


def test_strata_keep_their_numbers():
    s = me.Sample.from_frame(drawn(), weights="w", psu="g")
    out = me.randomisation_test(s, gap, "d", cluster="g", strata="h")
    assert out.enumerated and out.distribution.size == 6 * 6
    seen = []
    me.randomisation_test(
        s,
        lambda x: seen.append(x.frame.groupby("h")["d"].mean().tolist()) or gap(x),
        "d",
        cluster="g",
        strata="h",
    )
    assert all(pair == [0.5, 0.5] for pair in seen)


def test_cohorts_are_permuted_with_their_type():
    f = drawn().assign(cohort=lambda g: np.where(g.g < 3, 2019, np.where(g.g < 5, 2021, 0)))
    kinds = set()

    def statistic(s: me.Sample) -> float:
        kinds.add(str(s.frame["cohort"].dtype))
        return float(s.frame.y[s.frame.cohort > 0].mean())

    out = me.randomisation_test(
        me.Sample.from_frame(f, weights="w"), statistic, "cohort", cluster="g", draws=600
    )
    assert kinds == {"int64"} and out.distribution.size == 560


@pytest.mark.slow
def test_size_is_at_most_the_level():
    p = [
        me.randomisation_test(
            me.Sample.from_frame(drawn(100 + r, m=6), weights="w", psu="g"), gap, "d", cluster="g"
        ).p
        for r in range(200)
    ]
    assert np.mean(np.array(p) <= 0.1) <= 0.1 + 3 * np.sqrt(0.09 / 200)
    strong = me.randomisation_test(
        me.Sample.from_frame(drawn(5, m=10, effect=6.0), weights="w", psu="g"),
        t_statistic,
        "d",
        cluster="g",
        draws=99,
    )
    assert strong.studentised and not strong.enumerated and strong.p <= 0.05


def test_failures_count_against():
    s = me.Sample.from_frame(drawn(), weights="w", psu="g")
    first = s.frame["d"].to_numpy().copy()

    def fails(x: me.Sample) -> float:
        if not np.array_equal(x.frame["d"], first):
            raise me.EstimateError("no overlap")
        return 1.0

    out = me.randomisation_test(s, fails, "d", cluster="g")
    assert out.failed == 69 and out.p == 1.0 and "69" in out.notes[-1]


def family(seed: int = 1, k: int = 6) -> me.Estimate:
    rng = np.random.default_rng(seed)
    common = rng.normal(size=300)
    f = pd.DataFrame(
        {f"y{j}": 0.7 * common + rng.normal(size=300) + 0.06 * j for j in range(k)}
    ).assign(w=1.0, psu=np.arange(300) // 5)
    return me.mean(me.Sample.from_frame(f, weights="w", psu="psu"), [f"y{j}" for j in range(k)])


@pytest.mark.identity
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("holm", "holm"), ("benjamini_hochberg", "fdr_bh"), ("bonferroni", "bonferroni")],
)
def test_step_methods_equal_statsmodels(ours, theirs):
    e = family()
    expected = multipletests(e.pvalue, method=theirs)[1]
    np.testing.assert_allclose(me.adjust_pvalues(e, method=ours).adjusted, expected, rtol=1e-12)


def test_romano_wolf_lies_between_plain_and_holm():
    e = family()
    rw, holm = me.adjust_pvalues(e, draws=40_000), me.adjust_pvalues(e, method="holm")
    assert (rw.adjusted >= e.pvalue).all() and (rw.adjusted <= holm.adjusted + 0.01).all()
    assert (rw.adjusted < holm.adjusted).any()
    last = np.argmax(e.pvalue)
    assert rw.adjusted[last] == pytest.approx(
        max(e.pvalue[last], rw.adjusted[e.pvalue < e.pvalue[last]].max()), abs=0.01
    )


def test_one_outcome_repeated_needs_no_adjustment():
    f = pd.DataFrame({"y": np.random.default_rng(3).normal(size=100) + 0.2, "w": 1.0})
    s = me.Sample.from_frame(f, weights="w")
    e = me.stack(me.mean(s, "y"), me.mean(s, "y"), me.mean(s, "y"))
    np.testing.assert_allclose(me.adjust_pvalues(e, draws=100_000).adjusted, e.pvalue, atol=0.006)


@pytest.mark.whole
def test_romano_wolf_keeps_the_family_error():
    wrong = 0
    for r in range(300):
        rng = np.random.default_rng(r)
        f = pd.DataFrame(
            rng.normal(size=(80, 5)) + rng.normal(size=(80, 1)), columns=list("abcde")
        ).assign(w=1.0)
        e = me.mean(me.Sample.from_frame(f, weights="w"), list("abcde"))
        wrong += me.adjust_pvalues(e, draws=999, seed=r).adjusted.min() <= 0.05
    assert 0.02 <= wrong / 300 <= 0.09


def test_a_statistic_that_is_no_number_is_no_finding():
    """NaN is larger than nothing: without this rule p would be 1 / (1 + draws)."""
    s = me.Sample.from_frame(drawn(), weights="w", psu="g")
    first = s.frame["d"].to_numpy().copy()
    out = me.randomisation_test(
        s,
        lambda t: gap(t) if (t.frame["d"].to_numpy() == first).all() else float("nan"),
        "d",
        cluster="g",
    )
    assert out.p == 1.0 and out.failed == out.distribution.size - 1
