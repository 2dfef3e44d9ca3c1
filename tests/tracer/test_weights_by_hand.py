"""Response models of one cell, of refreshment and of tracing whose every number is a fraction:
coefficients, likelihoods, influences, factors, shares and the names of the steps.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from mismes_eval.errors import DesignError, EstimateError, MismesError
from mismes_eval.numerics.influence import Influence
from mismes_eval.tracer import TracerPanel, attrition_weights, follow_up, refreshment
from mismes_eval.tracer.attrition import response_step
from mismes_eval.tracer.response_model import ResponseModel, design_matrix
from mismes_eval.weighting.attrition import StabilisedPropensity
from mismes_eval.weighting.nonresponse import cell_step
from mismes_eval.weighting.sample import Sample

W = np.array([1.0, 2.0, 3.0, 2.0, 4.0, 6.0])
Y = np.array([1.0, 0.0, 1.0, 1.0, 0.0, 0.0])


def sample(**columns: object) -> Sample:
    return Sample.from_frame(pd.DataFrame({"w": W, "g": list("aaabbb"), **columns}), weights="w")


# A model without covariates: p is the weighted share, 6 of 18


@pytest.mark.parametrize(("link", "beta"), [("logit", np.log(0.5)), ("probit", norm.ppf(1 / 3))])
def test_the_constant_of_a_response_model(link: str, beta: float) -> None:
    m = ResponseModel.of(sample(), [], Y, link)
    assert m.names == ("Intercept",) and m.beta.tolist() == pytest.approx([beta], abs=1e-9)
    np.testing.assert_allclose(m.p, 1 / 3, atol=1e-9)
    assert m.loglik == pytest.approx((6 * np.log(1 / 3) + 12 * np.log(2 / 3)) / 3)
    phi = norm.pdf(beta)
    slope = 2 / 9 if link == "logit" else phi
    np.testing.assert_allclose(m.slope, slope, atol=1e-9)
    np.testing.assert_allclose(m.score, (Y - 1 / 3) * slope / (2 / 9), atol=1e-8)
    np.testing.assert_allclose(m.curvature, slope**2 / (2 / 9), atol=1e-8)
    s = sample()
    np.testing.assert_allclose(m.influence(s)[:, 0], (Y - 1 / 3) / (18 * slope), atol=1e-8)
    e = m.estimate(s, "how it is meant")
    assert e.value.tolist() == pytest.approx([beta])
    assert e.names == ("Intercept",)
    assert e.definition == "how it is meant"
    assert e.extra["classical_se"].tolist() == pytest.approx([1 / np.sqrt(6 * slope**2 / (2 / 9))])  # type: ignore[attr-defined]
    assert float(e.se[0]) ** 2 == pytest.approx(
        6 / 5 * ((W * (Y - 1 / 3) / (18 * slope)) ** 2).sum()
    )
    assert e.n.tolist() == [6]
    assert e.dof.tolist() == [5]
    assert e.keys["variable"].tolist() == ["Intercept"]


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_rows_outside_the_domain_have_no_part_in_a_model(link: str) -> None:
    """Group a alone: 4 of 6 answered, weights 1/2, 1 and 3/2 of their mean."""
    s = sample().where(np.arange(6) < 3)
    m = ResponseModel.of(s, [], Y, link)
    np.testing.assert_allclose(m.p, [2 / 3, 2 / 3, 2 / 3, 0, 0, 0], atol=1e-9)
    assert m.loglik == pytest.approx(2 * np.log(2 / 3) + np.log(1 / 3))
    for part in (m.score, m.curvature, m.slope, m.influence(s)[:, 0]):
        assert (part[3:] == 0).all() and (part[:3] != 0).all()
    assert m.estimate(s, "").n.tolist() == [3] and m.estimate(s, "").dof.tolist() == [2]


def test_a_model_by_group_has_a_coefficient_for_all_but_the_first() -> None:
    m = ResponseModel.of(sample(), ["g"], Y, "logit")
    assert m.names == ("Intercept", "g=b")
    assert m.beta.tolist() == pytest.approx([np.log(2), np.log(0.2) - np.log(2)])
    assert m.estimate(sample(), "").dof.tolist() == [4, 4]
    flag = np.array([True, False, True, False, True, False])
    assert design_matrix(sample(flag=flag), ["flag"])[1] == ("Intercept", "flag")


def test_a_model_that_cannot_be_fitted_is_told() -> None:
    for y, columns, where in (
        (np.ones(6), [], "intercept"),
        ((np.arange(6) < 3) * 1.0, ["g"], "g"),
    ):
        for link in ("logit", "probit"):
            with pytest.raises(EstimateError) as caught:
                ResponseModel.of(sample(), columns, y, link)
            problem = caught.value.problems[0]
            assert (problem.what, problem.where, problem.expected) == (
                "the attrition model cannot be fitted",
                where,
                "some lost and some not, covariates that are not collinear",
            )


# A panel: the first wave has everybody, the second persons 0, 2 and 3


def panel(answered: tuple[int, ...] = (0, 2, 3), **columns: object) -> TracerPanel:
    s = sample(person_id=np.arange(6), **columns)
    first, second = (
        pd.DataFrame({"person_id": np.arange(6), "wave": 0, "y": 1.0}),
        pd.DataFrame({"person_id": list(answered), "wave": 1, "y": 2.0}),
    )
    return TracerPanel.from_frame(pd.concat([first, second], ignore_index=True), sample=s)


@pytest.mark.parametrize("method", ["logit", "probit", "cells"])
def test_each_group_is_carried_by_those_who_answered(method: str) -> None:
    """Group a: 4 of 6; group b: 2 of 12."""
    s = attrition_weights(panel(), "g", method=method, stabilised=False).weight_sample(1)
    np.testing.assert_allclose(s.weights, [1.5, 0, 4.5, 12, 0, 0], rtol=1e-8)
    assert s.design.steps[0].name == f"attrition at wave 1 ({method} on g; 3 of 6 answered)"
    t = attrition_weights(panel(), "g", method=method).weight_sample(1)
    np.testing.assert_allclose(t.weights, s.weights, rtol=1e-8)
    expected = f"attrition at wave 1 (stabilised, {method} on g; 3 of 6 answered)"
    assert t.design.steps[0].name == expected


@pytest.mark.parametrize("method", ["logit", "probit"])
def test_a_numerator_takes_its_columns_out_of_the_weights(method: str) -> None:
    """Propensities by g on top of propensities by g: r q / p is 1 for those who answered, and the
    sum 18 is kept by the factor 18 / 6.
    """
    made = attrition_weights(panel(), "g", method=method, restricted="g").weight_sample(1)
    step = made.design.steps[0]
    assert isinstance(step, StabilisedPropensity) and step.restricted is not None
    np.testing.assert_allclose(step.ratio, Y, atol=1e-8)
    np.testing.assert_allclose(made.weights, 3 * W * Y, rtol=1e-8)
    np.testing.assert_allclose(step.refit(2 * W), step.factor, rtol=1e-8)
    fixed = attrition_weights(
        panel(), "g", method=method, restricted="g", fixed_weights=True
    ).weight_sample(1)
    np.testing.assert_allclose(fixed.weights, made.weights)
    assert (
        fixed.design.steps[0].name
        == f"attrition at wave 1 (stabilised, {method} on g; 3 of 6 answered), factors treated as fixed"
    )


def test_factors_of_rows_that_are_not_at_risk_are_one() -> None:
    """Person 5 is known dead: the others of b answer with 2 of 6, and the scale of a stabilised
    weight leaves the row alone.
    """
    base = panel().sample
    long = pd.DataFrame(
        {
            "person_id": [*range(6), *range(6)],
            "wave": [0] * 6 + [1] * 6,
            "disp": ["1.1"] * 6 + ["1.1", "2.1", "1.1", "1.1", "2.1", "2.31"],
            "y": 1.0,
        }
    )
    made = TracerPanel.from_frame(long, sample=base, disposition="disp")
    for method in ("logit", "probit", "cells"):
        for stabilised in (True, False):
            s = attrition_weights(made, "g", method=method, stabilised=stabilised).weight_sample(1)
            np.testing.assert_allclose(s.weights, [1.5, 0, 4.5, 6, 0, 0], rtol=1e-8)
            assert s.design.steps[0].name == "known dead by wave 1 leave the population (1)"
            assert s.design.steps[1].name.endswith("3 of 5 answered)")
            assert s.design.steps[1].factor[5] == 1.0


def test_waves_that_all_answered_take_no_step_and_nothing_adjusted_says_so() -> None:
    assert attrition_weights(panel(tuple(range(6))), "g").weight_sample(1).design.steps == ()
    plain = panel().weight_sample(1)
    assert plain.design.steps[0].name == "answered wave 1 (3 of 6, no adjustment for those lost)"
    np.testing.assert_allclose(plain.weights, W * Y)


# Refreshment: persons 4 and 5 are new, of whom 5 answered


def fresh(new: tuple[int, ...] = (5,), **options: object) -> TracerPanel:
    s = sample(person_id=np.arange(6), new=np.arange(6) >= 4)
    first = pd.DataFrame({"person_id": np.arange(4), "wave": 0, "y": 1.0})
    second = pd.DataFrame({"person_id": [0, 2, 3, *new], "wave": 1, "y": 2.0})
    made = TracerPanel.from_frame(
        pd.concat([first, second], ignore_index=True), sample=s, refresh="new"
    )
    return attrition_weights(made, "g", method="cells", **options)  # type: ignore[arg-type]


def test_panel_and_refreshment_share_by_their_effective_sizes() -> None:
    """Members: group a 1 and 3 of 1, 2 and 3 answered (times 6 / 4), b whole: weights 1.5, 4.5, 2.
    New: 6 stands for 4 and 6.
    """
    panel_size = 64 / (2.25 + 20.25 + 4)
    r = refreshment(fresh(), 1)
    np.testing.assert_allclose(r.without.weights, [1.5, 0, 4.5, 2, 0, 0], rtol=1e-9)
    np.testing.assert_allclose(r.only.weights, [0, 0, 0, 0, 0, 10], rtol=1e-9)
    share = panel_size / (panel_size + 1)
    assert r.n_effective == pytest.approx((panel_size, 1)) and r.share == pytest.approx(share)
    np.testing.assert_allclose(
        r.both.weights, [1.5 * share, 0, 4.5 * share, 2 * share, 0, 10 * (1 - share)], rtol=1e-9
    )
    assert (
        r.both.design.steps[-1].name
        == f"panel and refreshment combined by effective n ({share:.3f} and {1 - share:.3f}, shares treated as fixed)"
    )
    assert [s.name for s in r.only.design.steps] == [
        "refreshment sample only",
        "response of the refreshment sample at wave 1 (one rate)",
    ]
    assert r.without.design.steps[0].name == "without the refreshment sample (2)"
    whole = refreshment(fresh(new=(4, 5)), 1).only.design.steps
    assert [s.name for s in whole] == ["refreshment sample only"]


def test_the_domain_narrows_all_three_samples() -> None:
    narrow = fresh().where(np.arange(6) != 3)
    r = refreshment(narrow, 1)
    for s in (r.both, r.without, r.only):
        assert s.domain.tolist() == [True, True, True, False, True, True]
    assert r.n_effective[0] == pytest.approx(36 / (2.25 + 20.25))


def test_a_refreshment_sample_without_an_answer_is_refused() -> None:
    with pytest.raises(DesignError) as caught:
        refreshment(fresh(new=()), 1)
    assert str(caught.value) == (
        "nobody responded: response of the refreshment sample at wave 1 (one rate). Expected respondents and nonrespondents, got no respondent. "
        "Look whether answers are coded as they should be; without respondents no weight can be made."
    )


# Tracing: of the lost 1, 4 and 5, persons 1 and 4 are drawn


def tracing(found: tuple[int, ...], p: object = 0.5) -> TracerPanel:
    long = pd.DataFrame(
        {
            "person_id": [*range(6), 0, 2, 3, *found, *[i for i in (1, 4) if i not in found]],
            "wave": [0] * 6 + [1] * 5,
        }
    )
    there = (long["wave"] == 0) | long["person_id"].isin((0, 2, 3, *found))
    long = long.assign(
        y=1.0,
        drawn=(long["wave"] == 1) & long["person_id"].isin((1, 4)),
        p=p,
        disp=np.where(there, "1.1", "2.1"),
    )
    return TracerPanel.from_frame(long, sample=panel().sample, disposition="disp")


def test_the_traced_stand_for_the_lost() -> None:
    made = tracing((1, 4))
    s = follow_up(made, 1, "drawn", 0.5).weight_sample(1)
    np.testing.assert_allclose(s.weights, [1, 4, 3, 2, 8, 0])
    assert [t.name for t in s.design.steps] == ["intensive tracing of 2 of 3 lost at wave 1"]
    np.testing.assert_allclose(
        follow_up(tracing((1, 4), 0.25), 1, "drawn", "p").weight_sample(1).weights,
        [1, 8, 3, 2, 16, 0],
    )
    np.testing.assert_allclose(
        follow_up(made, 1, "drawn", 1.0).weight_sample(1).weights, [1, 2, 3, 2, 4, 0]
    )
    for bad in (0.0, 1.01):
        with pytest.raises(DesignError, match="the subsample for tracing is not usable"):
            follow_up(made, 1, "drawn", bad)


def test_of_the_traced_those_found_stand_for_the_others() -> None:
    s = follow_up(tracing((1,)), 1, "drawn", 0.5).weight_sample(1)
    np.testing.assert_allclose(s.weights, [1, 12, 3, 2, 0, 0], rtol=1e-8)
    assert s.design.steps[1].name == "response to intensive tracing (one rate; 1 of 2)"


def test_the_domain_is_kept_by_tracing() -> None:
    s = follow_up(tracing((1, 4)).where(np.arange(6) != 2), 1, "drawn", 0.5).weight_sample(1)
    assert s.domain.tolist() == [True, True, False, True, True, True] and s.weights[2] == 3


def test_models_with_columns_are_named_by_them() -> None:
    """Two columns with three cells that answered in part: a pair of columns stands in every name
    with a comma.
    """
    i = np.arange(12)
    s = Sample.from_frame(
        pd.DataFrame({"w": 1.0, "person_id": i, "a": i % 2, "b": i // 6, "new": i >= 6}),
        weights="w",
    )
    found = (0, 1, 2, 4, 6, 7, 8, 9)
    long = pd.concat(
        [
            pd.DataFrame({"person_id": i[:6], "wave": 0}),
            pd.DataFrame({"person_id": list(found), "wave": 1}),
        ],
        ignore_index=True,
    )
    panel_ = attrition_weights(
        TracerPanel.from_frame(long, sample=s, refresh="new"), ["a"], "cells"
    )
    r = refreshment(panel_, 1, ["a", "b"], "cells")
    expected = "response of the refreshment sample at wave 1 (cells on a, b)"
    assert r.only.design.steps[-1].name == expected
    np.testing.assert_allclose(r.only.weights, [0] * 6 + [1.5] * 4 + [0] * 2)
    one = refreshment(panel_, 1, "a", "cells")
    expected = "response of the refreshment sample at wave 1 (cells on a)"
    assert one.only.design.steps[-1].name == expected
    with pytest.raises(EstimateError) as caught:
        ResponseModel.of(s, ["a", "b"], (i % 2 == 0) * 1.0, "logit")
    assert caught.value.problems[0].where == "a, b"
    assert ResponseModel.of(sample(), [], Y, "logit").estimate(sample(), "").kind == "coefficient"


def test_a_refreshment_sample_without_weight_is_refused() -> None:
    s = Sample.from_frame(
        pd.DataFrame(
            {
                "w": np.where(np.arange(6) >= 4, 0.0, W),
                "g": list("aaabbb"),
                "person_id": np.arange(6),
                "new": np.arange(6) >= 4,
            }
        ),
        weights="w",
    )
    long = pd.concat(
        [
            pd.DataFrame({"person_id": range(4), "wave": 0}),
            pd.DataFrame({"person_id": [0, 2, 3, 5], "wave": 1}),
        ],
        ignore_index=True,
    )
    with pytest.raises(DesignError) as caught:
        refreshment(
            attrition_weights(
                TracerPanel.from_frame(long, sample=s, refresh="new"), "g", method="cells"
            ),
            1,
        )
    assert (
        str(caught.value)
        == "nobody of the refreshment sample answered the wave: wave 1. Expected at least one interview."
    )


def test_tracing_by_covariates_names_them_and_the_found_carry_their_group() -> None:
    """A name of several letters is one column, not a list of letters: of the lost 1 to 6 all are
    drawn at 1/2, of each region half is found.
    """
    i = np.arange(8)
    s = Sample.from_frame(
        pd.DataFrame({"w": 1.0, "person_id": i, "region": list("aabbabab"), "k": 1}), weights="w"
    )
    there = np.isin(i, (0, 1, 2, 7))
    second = pd.DataFrame(
        {
            "person_id": i,
            "wave": 1,
            "drawn": np.isin(i, (1, 2, 3, 4)),
            "disp": np.where(there, "1.1", "2.1"),
        }
    )
    first = pd.DataFrame({"person_id": i, "wave": 0, "drawn": False, "disp": "1.1"})
    made = TracerPanel.from_frame(
        pd.concat([first, second], ignore_index=True), sample=s, disposition="disp"
    )
    for covariates in ("region", ["region"], ("region",)):
        for method in ("cells", "logit", "probit"):
            found = follow_up(made, 1, "drawn", 0.5, covariates, method).weight_sample(1)
            np.testing.assert_allclose(found.weights, [1, 4, 4, 0, 0, 0, 0, 1], rtol=1e-7)
            expected = f"response to intensive tracing ({method} on region; 2 of 4)"
            assert found.design.steps[1].name == expected
    assert (
        follow_up(made, 1, "drawn", 0.5, "region").weight_sample(1).design.steps[1].name
        == "response to intensive tracing (logit on region; 2 of 4)"
    )
    # Those found at once stay at 1, of the two regions 1 + 4 and 4 + 1.
    new = Sample.from_frame(
        pd.DataFrame({"w": 1.0, "person_id": i, "region": list("aabbaabb"), "new": i >= 4}),
        weights="w",
    )
    waves = pd.concat(
        [
            pd.DataFrame({"person_id": i[:4], "wave": 0}),
            pd.DataFrame({"person_id": [0, 1, 2, 3, 4, 6], "wave": 1}),
        ],
        ignore_index=True,
    )
    fresh_ = attrition_weights(TracerPanel.from_frame(waves, sample=new, refresh="new"), "region")
    for covariates in ("region", ["region"]):
        only = refreshment(fresh_, 1, covariates).only  # type: ignore[arg-type]
        np.testing.assert_allclose(only.weights, [0, 0, 0, 0, 2, 0, 2, 0], rtol=1e-7)
        expected = "response of the refreshment sample at wave 1 (logit on region)"
        assert only.design.steps[-1].name == expected
    again = follow_up(made, 1, "drawn", 0.5, ["region", "k"], "cells").weight_sample(1)
    assert [step.name for step in again.design.steps] == [
        "intensive tracing of 4 of 6 lost at wave 1",
        "response to intensive tracing (cells on region, k; 2 of 4)",
    ]


def test_a_numerator_of_a_model_that_lost_nobody_passes_influence_on() -> None:
    """Everybody answered: the factor is 1 and the propensity has no information, so that nothing is
    estimated.
    """
    everybody = cell_step("all", sample().frame, ["g"], np.ones(6), W, np.ones(6, bool))
    step = StabilisedPropensity(everybody, everybody)
    z = Influence.of(np.column_stack([np.arange(6.0), Y]))
    np.testing.assert_allclose(step.factor, 1)
    np.testing.assert_allclose(step.pull_back(z).dense(), z.dense(), atol=1e-12)


def test_columns_of_a_response_model_are_named_by_the_levels_that_occur() -> None:
    """The first level that occurs in the domain has no column; a level without rows in it has none
    either.
    """
    s = sample(k=pd.Categorical(list("aabbcc"), categories=["a", "b", "c"]), n=[1.0, 2, 3, 4, 5, 6])
    x, names = design_matrix(s, ["k", "n"])
    assert names == ("Intercept", "k=b", "k=c", "n") and x.shape == (6, 4)
    np.testing.assert_allclose(
        x,
        np.column_stack(
            [np.ones(6), np.arange(6) // 2 == 1, np.arange(6) // 2 == 2, np.arange(1, 7)]
        ),
    )
    narrow, few = design_matrix(s.where(np.arange(6) < 4), ["k"])
    assert few == ("Intercept", "k=b") and narrow[4:].tolist() == [[0, 0], [0, 0]]


def test_flags_of_the_sample_stay_with_its_weights_and_new_persons_pass_where_nothing_is_adjusted() -> (
    None
):
    s = sample(person_id=np.arange(6), new=np.arange(6) >= 4).flagged("made up")
    first = pd.DataFrame({"person_id": np.arange(4), "wave": 0, "y": 1.0})
    second = pd.DataFrame({"person_id": [0, 2, 3, 5], "wave": 1, "y": 2.0})
    plain = TracerPanel.from_frame(
        pd.concat([first, second], ignore_index=True), sample=s, refresh="new"
    )
    assert plain.weight_sample(1).flags == ("made up",)
    assert plain.weight_sample(1).weights.tolist() == [1, 0, 3, 2, 0, 0]
    assert plain.weight_sample_of(1, keep_refreshment=True).weights.tolist() == [1, 0, 3, 2, 4, 6]
    assert attrition_weights(plain, "g", "cells").weight_sample(1).flags == ("made up",)


def test_what_tracing_and_refreshment_refuse_in_whole_sentences() -> None:
    with pytest.raises(DesignError) as caught:
        follow_up(
            tracing((1, 4), [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.0, 1.5]),
            1,
            "drawn",
            "p",
        )
    assert str(caught.value) == (
        "the subsample for tracing is not usable: wave 1, columns 'drawn' and 'p'. Expected some True, each with a probability in (0, 1], got 2 selected. 2 rows, first: 1, 4."
    )
    with pytest.raises(DesignError) as caught:
        refreshment(panel(), 1)
    assert (
        str(caught.value)
        == "the panel has no refreshment sample: argument 'panel'. Expected TracerPanel.from_frame(..., refresh='refresh_sample')."
    )
    with pytest.raises(MismesError, match="attrition_weights"):
        attrition_weights(sample(), "g")  # type: ignore[arg-type]


@pytest.mark.parametrize("method", ["logit", "probit"])
def test_the_numerator_is_fitted_as_the_denominator_is(method: str) -> None:
    """A numerator with all the columns of the denominator leaves the weights as they were, up to
    their sum; another link would not.
    """
    s = Sample.from_frame(
        pd.DataFrame(
            {"w": 1.0 + np.arange(40) % 3, "person_id": np.arange(40), "x": np.sin(np.arange(40.0))}
        ),
        weights="w",
    )
    came = np.flatnonzero((np.arange(40) % 5 > 0) | (s.frame["x"] > 0.5))
    long = pd.concat(
        [
            pd.DataFrame({"person_id": range(40), "wave": 0}),
            pd.DataFrame({"person_id": came, "wave": 1}),
        ],
        ignore_index=True,
    )
    made = attrition_weights(
        TracerPanel.from_frame(long, sample=s), "x", method, restricted="x"
    ).weight_sample(1)
    answered = np.isin(np.arange(40), came)
    expected = np.where(answered, s.weights, 0.0) * s.weights.sum() / s.weights[answered].sum()
    np.testing.assert_allclose(made.weights, expected, rtol=1e-7)


@pytest.mark.parametrize("method", ["logit", "probit", "cells"])
def test_rows_not_at_risk_keep_factor_1_when_a_model_is_fitted_again(method: str) -> None:
    """Of group a the first is not at risk; 3 of 5 answered there, 2 of 6 of group b less its last."""
    at_risk = np.array([False, True, True, True, True, False])
    r = np.array([0.0, 0.0, 1.0, 1.0, 0.0, 0.0])
    step = response_step("again", method, sample().frame, ["g"], r, W, at_risk)
    np.testing.assert_allclose(step.factor, [1, 0, 5 / 3, 3, 0, 1], rtol=1e-7)
    np.testing.assert_allclose(step.refit(W), step.factor, rtol=1e-7)
    np.testing.assert_allclose(
        step.refit(W * [5, 4, 1, 2, 1, 9]), [1, 0, 11 / 3, 2, 0, 1], rtol=1e-7
    )
