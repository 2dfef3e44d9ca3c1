"""Matching as R Matching has it, dose as splines on R survey's design, switching as the authors'
own package; errors are derivatives by the weights, or hold in simulation.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.errors import IdentificationError
from mismes_eval.estimate.estimate import Estimate

from .made import persons, switchers

MATCHED = {  # Matching 4.10-8: Match(Y, Tr, X, M, Weight, Var.calc = 1): est, se; BiasAdjust: est
    (1, "scaled"): (0.844175949367089, 0.147466146489857, 0.769206986080516),
    (1, "mahalanobis"): (0.875192405063292, 0.145282489500279, 0.789019985075329),
    (3, "scaled"): (0.836094936708861, 0.115423853847424, 0.771632619028997),
    (3, "mahalanobis"): (0.84092700421941, 0.115055669796716, 0.774219245998491),
}


@pytest.mark.golden
@pytest.mark.parametrize(("neighbours", "metric"), list(MATCHED))
def test_matching_as_r(neighbours: int, metric: str) -> None:
    s = me.Sample.from_frame(persons().assign(one=1.0), weights="one")
    found = me.match(s, "y", "d", ["x1", "x2", "x3"], neighbours, metric)
    plain, se, corrected = MATCHED[neighbours, metric]
    assert found.extra["uncorrected"] == pytest.approx(plain, rel=1e-9)
    assert found.extra["abadie_imbens"] == pytest.approx(se, rel=1e-9)
    assert found.value[0] == pytest.approx(corrected, rel=1e-9)


TIED = {  # the same call on `tied`: est, se, BiasAdjust: est; with weights = w: est, BiasAdjust: est
    ("a",): (
        0.376737721966543,
        0.195883334622928,
        0.376737721966543,
        0.491734526469978,
        0.491734526469978,
    ),
    ("a", "b"): (
        0.48359772267868,
        0.173016747768156,
        0.481205251880596,
        0.495792778195621,
        0.496064540864338,
    ),
}


def tied() -> pd.DataFrame:
    """Persons of few kinds and unequal weights: most have several equally near."""
    i = np.arange(120)
    f = pd.DataFrame({"a": i % 7, "b": i % 4, "w": 1.0 + i % 5, "d": (i * i % 11 < 4).astype(int)})
    return f.assign(y=0.3 * f.a + 0.2 * f.b**2 + 0.5 * f.d + np.sin(i))


@pytest.mark.golden
@pytest.mark.parametrize("covariates", list(TIED))
def test_those_equally_near_share_by_their_weights_as_in_r(covariates: tuple[str, ...]) -> None:
    f = tied()
    plain, se, corrected, weighted, weighted_corrected = TIED[covariates]
    even = me.match(me.Sample.from_frame(f.assign(w=1.0), weights="w"), "y", "d", covariates)
    assert even.extra["uncorrected"] == pytest.approx(plain, rel=1e-9)
    assert even.extra["abadie_imbens"] == pytest.approx(se, rel=1e-9)
    assert even.value[0] == pytest.approx(corrected, rel=1e-9)
    found = me.match(me.Sample.from_frame(f, weights="w"), "y", "d", covariates)
    assert found.extra["uncorrected"] == pytest.approx(weighted, rel=1e-9)
    assert found.value[0] == pytest.approx(weighted_corrected, rel=1e-9)


@pytest.mark.property
def test_a_person_of_weight_two_is_two_of_weight_one() -> None:
    f = tied()
    halves = f.loc[f.index.repeat(2)].reset_index(drop=True)
    whole, split = (
        me.match(me.Sample.from_frame(k, weights="w"), "y", "d", ["a", "b"])
        for k in (f, halves.assign(w=halves.w / 2))
    )
    assert split.value[0] == pytest.approx(whole.value[0], rel=1e-9)
    far = me.match(me.Sample.from_frame(f.assign(a=f.a + 1e8), weights="w"), "y", "d", ["a", "b"])
    assert far.value[0] == pytest.approx(whole.value[0], rel=1e-6)


@pytest.mark.whole
@pytest.mark.property
def test_matching_holds_its_level() -> None:
    r, inside = np.random.default_rng(4), []
    for _ in range(150):
        x = r.normal(0, 1, (300, 2))
        d = r.random(300) < 1 / (1 + np.exp(1 - x[:, 0]))
        y = x[:, 0] + 0.5 * x[:, 1] ** 2 + 0.4 * d + r.normal(0, 1, 300)
        frame = pd.DataFrame({"y": y, "d": d, "a": x[:, 0], "b": x[:, 1], "w": 1.0})
        found = me.match(me.Sample.from_frame(frame, weights="w"), "y", "d", ["a", "b"], 3)
        ci = found.ci().iloc[0]
        inside.append(ci["low"] < 0.4 < ci["high"])
    assert 0.90 < np.mean(inside) <= 1  # 95 planned; Monte Carlo error 1.8


def test_a_copy_of_each_person_changes_nothing_but_the_error() -> None:
    frame = persons()
    s = me.Sample.from_frame(frame, weights="w")
    twice = frame.loc[frame.index.repeat(2)].reset_index(drop=True)
    doubled = me.Sample.from_frame(twice.assign(w=twice["w"] / 2), weights="w")
    one, two = (me.match(k, "y", "d", ["x1", "x2"], 1) for k in (s, doubled))
    assert two.value == pytest.approx(one.value, abs=0.05)
    assert two.se[0] < one.se[0]


@pytest.mark.golden
def test_dose_as_a_cubic_on_rs_design() -> None:
    """svyglm(dy ~ I(d == 0) + dose + dose^2 + dose^3), svydesign(~psu, weights = ~w); the same with
    bs(dose, knots = c(15, 25)) among the treated, less the mean of the untreated.
    """
    s = me.Sample.from_frame(persons(), weights="w", psu="psu")
    found = me.dose_response(s, ("before", "y"), "dose", doses=[10, 20, 30])
    levels = [0.941953157660233, 1.15859343322838, 1.30475712461143]
    assert found.levels.value == pytest.approx(levels, rel=1e-9)
    errors = [0.0540737637842333, 0.0565027895217851, 0.0613844757034037]
    assert found.levels.se == pytest.approx(errors, rel=1e-9)
    slopes = [0.0213747135993112, 0.0200467699309393, 0.00727939676228952]
    assert found.slopes.value == pytest.approx(slopes, rel=1e-9)
    errors = [0.0181227834261498, 0.00751467836618279, 0.00631618176600816]
    assert found.slopes.se == pytest.approx(errors, rel=1e-8)
    bent = me.dose_response(s, ("before", "y"), "dose", doses=[10, 20, 30], knots=[15, 25])
    curve = np.array([0.911036605684262, 1.17395758268416, 1.28741804437276])
    assert bent.levels.value == pytest.approx(curve + 0.0047993976603231, rel=1e-9)


@pytest.mark.golden
def test_switching_as_the_authors_package() -> None:
    """did_multiplegt_dyn 0.1.9, effects = 5, placebo = 2: effects 1 to 5 and the first placebo."""
    s = me.Sample.from_frame(switchers().assign(one=1.0), weights="one", psu="g")
    found = me.switching_effects(s, "y", "d", "t", "i")
    value = dict(zip(found.keys["periods"], found.value, strict=True))
    theirs = [0.9113044811129583, 0.8906511257242978, 0.6211089701613839]
    theirs += [0.7868737470484061, 0.7172393337391775]
    assert [value[k] for k in range(1, 6)] == pytest.approx(theirs, rel=1e-10)
    assert value[-1] == pytest.approx(0.02277034803890204, rel=1e-9)


def derivative(made: Callable[[np.ndarray], Estimate], w: np.ndarray, unit: np.ndarray) -> float:
    """Central difference of the first value by the weights of some rows."""
    step = 1e-5
    up, down = w.copy(), w.copy()
    up[unit] += step
    down[unit] -= step
    return float((made(up).value[0] - made(down).value[0]) / (2 * step))


@pytest.mark.whole
@pytest.mark.property
def test_influence_is_the_derivative_by_the_weights() -> None:
    frame, long = persons(), switchers()
    w = frame["w"].to_numpy(float)

    def dosed(weight: np.ndarray, which: str) -> Estimate:
        s = me.Sample.from_frame(frame.assign(w=weight), weights="w", psu="psu")
        return getattr(me.dose_response(s, ("before", "y"), "dose", doses=[20]), which)

    for which in ("levels", "slopes", "overall"):
        z = dosed(w, which).influence[:, 0]
        for row in (0, 5, 17, 130):
            own = derivative(lambda v, which=which: dosed(v, which), w, np.array([row]))
            assert z[row] == pytest.approx(own, abs=1e-7), which

    weight = 1 + (long["i"].to_numpy() % 3) / 2

    def switched(values: np.ndarray) -> Estimate:
        s = me.Sample.from_frame(long.assign(w=values), weights="w", psu="g")
        return me.switching_effects(s, "y", "d", "t", "i")

    z = switched(weight).influence[:, 0]
    for unit in (0, 3, 10, 31):
        rows = np.flatnonzero(long["i"] == unit)
        own = derivative(switched, weight, rows)
        assert np.isclose(np.abs(z - own).min(), 0, atol=1e-7)


def test_what_cannot_be_had_is_refused_with_its_mend() -> None:
    frame = persons()
    s = me.Sample.from_frame(frame, weights="w")
    with pytest.raises(IdentificationError, match="nobody near"):
        me.match(s, "y", "d", ["x1", "x2"], caliper=0.01)
    copy = s.with_columns({"copy": 2 * frame["x1"] + 1})
    with pytest.raises(IdentificationError, match="do not tell people apart"):
        me.match(copy, "y", "d", ["x1", "copy"])
    with pytest.raises(IdentificationError) as refused:
        me.match(s, "y", "d", [], metric="cosine", caliper=-1)
    assert len(refused.value.problems) == 3
    with pytest.raises(IdentificationError, match="nobody had"):
        me.dose_response(s, ("before", "y"), "dose", doses=[90])
    with pytest.raises(IdentificationError, match="too few persons"):
        me.dose_response(s.where((frame["dose"] < 8).to_numpy()), ("before", "y"), "dose")
    long = switchers()
    gaps = me.Sample.from_frame(long.iloc[1:].assign(w=1.0), weights="w")
    with pytest.raises(IdentificationError, match="once in every period"):
        me.switching_effects(gaps, "y", "d", "t", "i")
    still = me.Sample.from_frame(long.assign(w=1.0, d=1), weights="w")
    with pytest.raises(IdentificationError, match="nobody changes"):
        me.switching_effects(still, "y", "d", "t", "i")


@pytest.mark.identity
def test_the_mean_effect_of_doses_is_as_sure_as_the_plain_comparison() -> None:
    f = persons()
    s = me.Sample.from_frame(f.assign(any=(f["dose"] > 0) * 1), weights="w", psu="psu")
    mean = me.dose_response(s, ("before", "y"), "dose", doses=np.array([20.0])).overall
    plain = me.att_2x2(s, ("before", "y"), "any", method="none")
    for of in ("value", "se", "degf"):
        assert getattr(mean, of)[0] == pytest.approx(getattr(plain, of)[0], rel=1e-8), of


@pytest.mark.parametrize(
    ("knots", "doses", "words"),
    [
        ([20.0, 20.0], None, "different knots"),
        ([15.0], [], "no dose is asked for"),
        ([15.0], [float("nan")], "nobody had"),
    ],
)
def test_knots_and_doses_that_cannot_be(
    knots: list[float], doses: list[float] | None, words: str
) -> None:
    s = me.Sample.from_frame(persons(), weights="w")
    with pytest.raises(IdentificationError, match=words):
        me.dose_response(s, ("before", "y"), "dose", doses, knots=knots)
