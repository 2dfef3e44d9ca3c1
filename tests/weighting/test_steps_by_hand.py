"""What every weight step does to a weight, to an influence and to a replicate, by formulas on a
handful of rows; what a step brings from outside; warnings, notes and defaults of weights.
"""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.errors import DesignWarning
from mismes_eval.numerics.influence import Influence
from mismes_eval.numerics.rows import Rows
from mismes_eval.weighting.steps import (
    Calibration,
    Embedded,
    KnownFactor,
    PhaseTwo,
    PseudoWeight,
    ResponsePropensity,
    WeightShare,
)

W = np.array([1.0, 2.0, 3.0, 2.0, 4.0, 6.0])
Z = Influence.of(np.array([1.0, -2.0, 3.0, 0.5, 4.0, 1.0]))
CELL = Rows(np.eye(2), np.array([0, 0, 0, 1, 1, 1]))


def of(**columns: object) -> me.Sample:
    return me.Sample.from_frame(pd.DataFrame({"w": W, "g": list("aaabbb"), **columns}), weights="w")


def one(z: Influence) -> list[float]:
    return [float(v) for v in z.dense()[:, 0]]


# Steps one by one


def test_calibration_pulls_back_residuals_times_its_factor() -> None:
    """Group means of z by weight: (1 - 4 + 9) / 6 = 1 and (1 + 16 + 6) / 12 = 23 / 12; factors 2
    and 1/2.
    """
    factor = np.array([2.0, 2, 2, 0.5, 0.5, 0.5])
    step = Calibration("to g", factor, CELL, W, None, ("g=a", "g=b"), np.array([12.0, 6.0]))
    assert step.coefficients(Z)[:, 0].tolist() == pytest.approx([1, 23 / 12])
    assert one(step.pull_back(Z)) == pytest.approx(
        [0, -6, 4, *(0.5 * (v - 23 / 12) for v in (0.5, 4, 1))]
    )
    assert step.added_vcov(Z) is None
    np.testing.assert_allclose(step.refit(W), factor)
    np.testing.assert_allclose(step.refit(3 * W), factor / 3)
    uncertain = replace(step, total_vcov=np.diag([4.0, 9.0]))
    assert uncertain.added_vcov(Z) == pytest.approx(4 + 9 * (23 / 12) ** 2)


def test_calibration_refitted_names_the_margin_that_cannot_be_met() -> None:
    step = Calibration("to g", np.ones(6), CELL, W, None, ("g=a", "g=b"), np.array([12.0, 6.0]))
    empty = np.array([1.0, 1, 1, 0, 0, 0])
    with pytest.raises(ValueError, match=r"^to g: margin 'g=b' cannot be met$"):
        step.refit(empty)
    with pytest.raises(ValueError, match=r"^to g: margin '1' cannot be met$"):
        replace(step, margins=()).refit(empty)
    with pytest.raises(ValueError, match=r"^to g: the totals were not kept$"):
        replace(step, totals=None).refit(W)
    dense = replace(step, x=Rows(CELL.dense()))
    np.testing.assert_allclose(dense.refit(W), [2, 2, 2, 0.5, 0.5, 0.5])


def test_a_rate_of_response_pulls_back_what_the_rate_moves() -> None:
    """Of 18 respond 1 + 3 + 2 = 6, so p = 1/3 and the mean of z among respondents, 11/6, moves with
    the rate: z for respondents, less their mean, plus it for all.
    """
    r = np.array([1.0, 0, 1, 1, 0, 0])
    step = ResponsePropensity("one rate", Rows(np.ones((6, 1))), r, np.full(6, 1 / 3), W)
    assert step.factor.tolist() == pytest.approx((3 * r).tolist())
    assert one(step.pull_back(Z)) == pytest.approx(
        (3 * r * (Z.dense()[:, 0] - 11 / 6) + 11 / 6).tolist()
    )
    assert step.added_vcov(Z) is None
    assert step.fitted(W).tolist() == pytest.approx([1 / 3] * 6)
    assert step.refit(W).tolist() == pytest.approx((3 * r).tolist())
    half = replace(step, stabiliser=np.full(6, 0.5))
    assert half.factor.tolist() == pytest.approx((1.5 * r).tolist())
    assert half.refit(W).tolist() == pytest.approx((1.5 * r).tolist())
    everybody = ResponsePropensity("all", Rows(np.ones((6, 1))), np.ones(6), np.ones(6), W)
    assert one(everybody.pull_back(Z)) == one(Z)


def test_a_known_factor_multiplies_and_is_made_again_as_it_was() -> None:
    step = KnownFactor("share", np.array([0.5, 1, 1, 2, 0, 1]))
    assert one(step.pull_back(Z)) == [0.5, -2, 3, 1, 0, 1]
    assert step.added_vcov(Z) is None and step.refit(9 * W) is step.factor


def test_a_second_phase_without_classes_divides_by_the_probability() -> None:
    share = np.array([2.0, 0, 4, 1, 0, 1])
    step = PhaseTwo("half", share, np.ones(6), None, W, np.zeros(6))
    assert step.factor.tolist() == share.tolist()
    expected = [2, 0, 12, 0.5, 0, 1]
    assert one(step.pull_back(Z)) == expected
    assert step.added_vcov(Z) is None and step.refit(W) is share
    drawn = replace(step, fraction=np.array([0.5, 0.5, 0.25, 0.5, 0.5, 0.5]))
    added = drawn.added_vcov(Z)
    assert added is not None
    assert added[0, 0] == pytest.approx(
        (1 * 2 * 1) ** 2 * 0.5 * 0.5 + (3 * 4 * 3) ** 2 * 0.25 * 0.75
    )


def test_a_second_phase_by_class_keeps_the_error_of_the_first() -> None:
    """Chosen are 0 and 2 of class a at 1/2 and 3 of class b at 1/3: class weights 8 and 6 for 6 and
    12, so g is 3/4 and 2; class means of z are 20/8 and 1/2.
    """
    share, g = np.array([2.0, 0, 2, 3, 0, 0]), np.array([0.75] * 3 + [2.0] * 3)
    step = PhaseTwo("classes", share, g, CELL, W, np.zeros(6))
    mean = np.repeat([2.5, 0.5], 3)
    assert one(step.pull_back(Z)) == pytest.approx(
        (share * g * (Z.dense()[:, 0] - mean) + mean).tolist()
    )
    np.testing.assert_allclose(step.refit(W), share * g)
    np.testing.assert_allclose(replace(step, x=Rows(CELL.dense())).refit(W), share * g)


def test_a_weight_share_adds_the_reports_of_a_household() -> None:
    step = WeightShare("share", np.array([1.0, 0.5, 0.5]), np.array([1, 1, 0]), 3)
    z = Influence.of(np.array([[2.0, 0], [4, 1], [6, 8]]))
    np.testing.assert_allclose(step.pull_back(z).dense(), [[3, 4], [4, 0.5], [0, 0]])
    assert step.added_vcov(z) is None and step.refit(np.ones(3)) is step.factor


def test_pseudo_weights_of_one_cell_pull_back_to_both_samples() -> None:
    """Two volunteers beside reference weights of 8: p = 1/5, odds 4. The coefficient moves by (r -
    p) / 1.6, the weighted sum of z by -16 a unit of it.
    """
    r, before = np.array([1.0, 1, 0, 0]), np.array([1.0, 1, 3, 5])
    step = PseudoWeight("odds", Rows(np.ones((4, 1))), r, np.full(4, 0.2), before)
    z = Influence.of(np.array([1.0, 3.0, 0.0, 0.0]))
    assert step.factor.tolist() == pytest.approx([4, 4, 0, 0])
    assert one(step.pull_back(z)) == pytest.approx([4 * 1 - 8, 4 * 3 - 8, 2, 2])
    assert step.added_vcov(z) is None and step.refit(before).tolist() == pytest.approx([4, 4, 0, 0])


def test_a_step_of_a_joined_sample_acts_on_its_rows_alone() -> None:
    inner = KnownFactor("twice", np.array([2.0, 3.0]))
    step = Embedded(inner, 1, 2, 4)
    z = Influence.of(np.array([1.0, 1.0, 1.0, 5.0]))
    assert step.name == "twice (rows 2 to 3)" and step.factor.tolist() == [1, 2, 3, 1]
    assert one(step.pull_back(z)) == [1, 2, 3, 5]
    assert step.refit(np.ones(4)).tolist() == [1, 2, 3, 1]
    assert step.added_vcov(z) is None
    assert one(Embedded(inner, 0, 2, 2).pull_back(Influence.of(np.array([1.0, 5.0])))) == [2, 15]
    drawn = PhaseTwo(
        "half", np.array([2.0, 2.0]), np.ones(2), None, np.ones(2), np.array([0.5, 0.5])
    )
    added = Embedded(drawn, 1, 2, 4).added_vcov(z)
    assert added is not None and added[0, 0] == pytest.approx(2 * 4 * 0.25)


def test_the_design_adds_what_its_steps_bring_and_shows_itself() -> None:
    s = me.calibrate(of(), {"g": {"a": 6.0, "b": 12.0}}, total_se={"g": {"a": 2.0, "b": 3.0}})
    z = Influence.of(np.column_stack([np.ones(6), np.arange(6.0)]))
    outside = s.design.outside_vcov(z)
    slope = np.array([[1, (2 + 6) / 6], [1, (6 + 16 + 30) / 12]])
    np.testing.assert_allclose(outside, slope.T @ np.diag([4.0, 9.0]) @ slope)
    assert s.design.totals_have_error and not of().design.totals_have_error
    np.testing.assert_allclose(s.design.vcov(z)[0, 0], 13, rtol=1e-9)
    np.testing.assert_allclose(s.design.vcov(z, diagonal=True), np.diag(s.design.vcov(z)))
    twice = me.trim(s, upper=100.0)
    np.testing.assert_allclose(twice.design.outside_vcov(z), outside)
    joined = me.stack_samples([of(), s])
    np.testing.assert_allclose(
        joined.design.outside_vcov(Influence.of(np.vstack([z.dense()] * 2))), outside
    )
    assert joined.design.totals_have_error
    assert repr(of().design) == (
        "SurveyDesign of 6 rows. Variance: linearised, independent persons in 1 stratum, no PSU or household in the file, no cluster effect supplied. Weight: base weight; no weight step."
    )


# Warnings and notes


def told(frame: pd.DataFrame, **words: object) -> tuple[str, ...]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        s = me.Sample.from_frame(frame, weights="w", **words)  # type: ignore[arg-type]
    assert all(w.category is DesignWarning for w in caught)
    assert (
        tuple(str(w.message) for w in caught) == s.design.notes[len(s.design.notes) - len(caught) :]
    )
    return tuple(str(w.message) for w in caught)


@pytest.mark.parametrize(
    ("codes", "left"),
    [
        ([11_001_000, 11_002_000], 2),
        ([9_001_000, 9_002_000], 0),
        ([10_000_000, 10_000_001], 0),
        ([10_000_000, 9_999_000], 2),
        ([10_000_000, 9_000_000], 2),
        ([11_001_000, 11_001_000], 0),
        ([11_001_000, 11_002_001], 0),
        ([2.0**53, 1.0], 2),
        ([2.0**53 - 1, 1.0], 0),
        ([2**53, 1], 0),
        ([2.0**53, 2.0**53], 1),
    ],
)
def test_rounded_codes_of_psus(codes: list[float], left: int) -> None:
    said = told(pd.DataFrame({"w": 1.0, "p": codes, "k": [1, 2]}), psu="p")
    text = "PSU codes in column 'p' look rounded: {} distinct values are left. Compare with the number of PSUs that the office states, and read the column as text."
    assert said == ((text.format(left),) if left else ())


def test_codes_that_are_text_are_not_rounded_and_later_stages_are_read_too() -> None:
    f = pd.DataFrame(
        {
            "w": 1.0,
            "a": ["x", "x", "y", "y"],
            "b": [11_000_000, 12_000_000, 13_000_000, 14_000_000],
            "k": range(4),
        }
    )
    assert told(f, psu="a") == ()
    assert told(f, psu=["a", "b"])[0].startswith("PSU codes in column 'b' look rounded: 4 ")


def test_repeated_rows_are_told_where_a_column_tells_the_others_apart() -> None:
    f = pd.DataFrame({"w": 1.0, "who": [f"p{i}" for i in range(9)], "x": 0.5})
    text = "Some rows repeat another row in every column, while 'who' tells all others apart. Duplicates of a merge? No row is dropped; frame.duplicated() finds them, and the key of a row named with unit= has them refused."
    assert told(f) == ()
    for again in ([3], range(6), range(5)):  # neither how many nor which: a report carries it
        assert told(pd.concat([f, f.iloc[again]], ignore_index=True)) == (text,)
    assert told(pd.concat([f, f.iloc[[3]].assign(x=0.6)], ignore_index=True)) == ()
    found = told(pd.concat([f, f.assign(w=0.0)], ignore_index=True).assign(w=[1.0] * 9 + [0.0] * 9))
    assert found == ()
    assert (
        told(
            pd.concat(
                [f.assign(w=0.0), f.iloc[[3]].assign(w=0.0), f.iloc[:1].assign(who="q")],
                ignore_index=True,
            )
        )
        == ()
    )
    assert told(pd.concat([f, f.iloc[[3]]], ignore_index=True).assign(k=range(10))) == ()
    assert told(f.assign(x=[[1.0]] * 9, who=[[i] for i in range(9)])) == ()


def test_negative_weights_are_told_without_their_number_and_the_lowest_factor() -> None:
    """Both could be one person's, and a report carries the sentence."""
    with pytest.warns(DesignWarning) as caught:
        me.calibrate(of(x=[0.0, 1, 2, 3, 4, 50]), {"x": 20.0})
    assert [str(w.message) for w in caught] == [
        "Linear calibration made weights negative: quantiles and regressions refuse them. Set bounds=(lowest, highest) or use method='raking'."
    ]


# Names of steps, what is known before solving, defaults


def test_a_calibration_is_named_by_its_margins_limits_and_unit() -> None:
    s = of(h=[1, 2, 3, 4, 5, 6], k=[0, 1, 0, 1, 0, 1])
    totals = {
        "g": {"a": 7.0, "b": 12.0},
        ("g", "k"): {("a", 0): 5.0, ("a", 1): 2.0, ("b", 0): 4.0, ("b", 1): 8.0},
    }

    def name(**words: object) -> str:
        return me.calibrate(s, totals, **words).design.steps[0].name  # type: ignore[arg-type]

    assert name() == "linear calibration to g, g x k"
    assert name(method="raking") == "raking to g, g x k"
    expected = "logit calibration to g, g x k, factors within 0.5 to 2"
    assert name(method="logit", bounds=(0.5, 2.0)) == expected
    assert name(unit="h") == "linear calibration to g, g x k, constant within h"
    step = me.calibrate(s, totals).design.steps[0]
    assert isinstance(step, Calibration)
    expected = ("g=a", "g=b", "g x k=a, 0", "g x k=a, 1", "g x k=b, 0", "g x k=b, 1")
    assert step.margins == expected
    assert (step.method, step.bounds, step.total_vcov) == ("linear", None, None)


def test_post_stratification_takes_levels_tuples_and_series() -> None:
    s = of(k=[0, 1, 0, 1, 0, 1])
    expected = (W * np.repeat([2.0, 0.5], 3)).tolist()
    for totals in (
        {"a": 12.0, "b": 6.0},
        {("a",): 12.0, ("b",): 6.0},
        pd.Series({"a": 12.0, "b": 6.0}),
    ):
        assert me.poststratify(s, "g", totals).weights.tolist() == pytest.approx(expected)
        assert me.poststratify(s, ["g"], totals).design.steps[0].name == "linear calibration to g"
    cells = me.poststratify(
        s, ["g", "k"], {("a", 0): 8.0, ("a", 1): 1.0, ("b", 0): 8.0, ("b", 1): 4.0}
    )
    assert cells.weights.tolist() == pytest.approx([2, 1, 6, 1, 8, 3])
    assert cells.design.steps[0].name == "linear calibration to g x k"


def test_what_a_margin_needs_is_total_over_weight() -> None:
    s = of(v=[1.0, 1, 0, 0, 2, 2])
    inside = s.where(np.arange(6) < 3)
    assert me.feasibility(inside, {"g": {"a": 9.0}, "v": 46.0})["before"].tolist() == [6, 3]
    table = me.feasibility(s, {"g": {"a": 9.0, "b": 6.0}, "v": 46.0})
    assert table.to_dict("list") == {
        "margin": ["g=a", "g=b", "v"],
        "rows": [3, 3, 6],
        "before": [6, 12, 23],
        "total": [9, 6, 46],
        "factor_alone": [1.5, 0.5, 2],
    }
    n = 4_000  # distinct rows: women's total is 1.5 times their weight, men's half, x as they give
    wide = pd.DataFrame({"w": 1.0, "sex": ["F", "M"] * (n // 2), "x": np.arange(n) % 3_999})
    x = float((wide["x"] * np.where(wide["sex"] == "F", 1.5, 0.5)).sum())
    totals = {"sex": {"F": 0.75 * n, "M": 0.25 * n}, "x": x}
    found = me.tightest_bounds(me.Sample.from_frame(wide, weights="w"), totals)
    assert found == pytest.approx((0.5, 1.5), rel=1e-8)
    nothing = me.feasibility(
        of(w=[1.0, 2, 3, 0, 0, 0], k=1.0), {"g": {"a": 6.0, "b": 0.0}, "k": 3.0}
    )
    assert nothing["rows"].tolist() == [3, 0, 3] and np.isnan(nothing["factor_alone"][1])


def test_margins_are_listed_for_calibrations_alone_and_with_the_place_of_their_step() -> None:
    s = me.calibrate(me.trim(of(), upper=5.0, redistribute=False), {"g": {"a": 12.0, "b": 5.5}})
    table = me.margins_before_after(me.stack_samples([of(), s]))
    assert table["step"].tolist() == [2, 2] and table["margin"].tolist() == ["g=a", "g=b"]
    assert table[["rows", "before", "total"]].to_numpy().tolist() == [[3, 6, 12], [3, 11, 5.5]]
    assert table["after"].tolist() == pytest.approx([12, 5.5])
    assert table["unmet"].tolist() == pytest.approx([0, 0], abs=1e-12)
    twice = me.margins_before_after(
        me.calibrate(me.calibrate(of(), {"g": {"a": 12.0, "b": 6.0}}), {"1": 36.0})
    )
    assert twice.index.tolist() == [0, 1, 2]
    assert twice["step"].tolist() == [1, 1, 2]
    assert twice["before"].tolist() == pytest.approx([6, 12, 18])
    known = of().step(KnownFactor("nobody", np.zeros(6)))
    rows = me.provenance(known).to_dict("records")
    assert rows[0] == {"step": 0, "what": "base weight", "lowest": 1.0, "highest": 6.0}
    assert rows[1]["what"] == "nobody"
    assert np.isnan(rows[1]["lowest"])
    assert np.isnan(rows[1]["highest"])


def test_what_a_step_says_and_does_where_nothing_is_asked() -> None:
    s = of(r=[1.0, 0, 1, 1, 0, 1], k=[0, 1, 0, 1, 0, 1], pi=0.5, p=[0, 0, 1, 1, 2, 2])
    assert me.stack_samples([s, s]).frame["source_sample"].tolist() == [1] * 6 + [2] * 6
    found = me.combine_frames([s, of(pi=0.25)], ["pi", "pi"]).frame["frame_sample"].tolist()
    assert found == [1] * 6 + [2] * 6
    design = me.Sample.from_frame(s.frame, "w", psu="p").design
    assert (design.lonely, design.cluster_deff, design.level) == ("adjust", 1.0, "psu")
    made = me.replicates(me.Sample.from_frame(s.frame, "w", psu="p"), seed=3).design.replicates
    assert made is not None
    assert made.count == 500
    assert not made.mse
    assert made.method == "Rao-Wu bootstrap (seed 3)"


def test_a_listing_is_named_by_what_was_chosen_and_its_classes() -> None:
    s = of(c=[True, False, True, True, False, True], pi=[0.5, np.nan, 0.5, 1.0, np.nan, 0.25])
    plain = me.two_phase(s, "c", "pi")
    assert plain.weights.tolist() == [2, 0, 6, 2, 0, 24]
    assert plain.design.steps[0].name == "two-phase selection (4 of 6 listed)"
    classed = me.two_phase(s, "c", "pi", "g")
    assert classed.weights.tolist() == pytest.approx([1.5, 0, 4.5, 12 / 13, 0, 144 / 13])
    expected = "two-phase selection (4 of 6 listed), calibrated to phase-1 counts of g"
    assert classed.design.steps[0].name == expected
    beyond = r"a probability in \(0, 1\], got missing or out of range. 1 row, first: 2"
    with pytest.raises(me.DesignError, match=beyond):
        me.two_phase(of(c=s.frame["c"], pi=[0.5, 2.0, 1.01, 1.0, np.nan, 0.25]), "c", "pi")


def test_the_seed_of_a_bootstrap_may_be_zero() -> None:
    s = me.Sample.from_frame(pd.DataFrame({"w": W, "p": range(6)}), weights="w", psu="p")
    made = me.replicates(s, n=5, seed=0).design.replicates
    assert made is not None and made.method == "Rao-Wu bootstrap (seed 0)"
    np.testing.assert_array_equal(
        made.factor, me.replicates(s, n=5, seed=0).design.replicates.factor
    )  # type: ignore[union-attr]


def test_the_one_stratum_of_a_file_without_strata_is_all() -> None:
    """One PSU in all: the note names the stratum, as it does where strata have names."""
    alone = me.Sample.from_frame(
        pd.DataFrame({"w": W, "p": 1, "k": range(6)}), weights="w", psu="p"
    )
    assert alone.design.lonely_strata == ("all",)
    assert alone.design.notes == (
        "1 stratum has one PSU and is treated by the rule 'adjust': all.",
    )
    two = me.Sample.from_frame(
        pd.DataFrame({"w": W, "p": [1, 1, 1, 2, 3, 3], "s": [7.0, 7, 7, 2.5, 2.5, 2.5]}),
        weights="w",
        psu="p",
        strata="s",
        lonely_psu="certainty",
    )
    assert two.design.notes == ("1 stratum has one PSU and is treated by the rule 'certainty': 7.",)
    assert two.design.stratum_labels == ("2.5", "7")


def test_infinite_and_unused_values_of_every_dtype_are_seen() -> None:
    r = [1.0, 0, 1, 1, 1, 0]
    x = [1.0, 2, 3, np.inf, 5, 6]
    for column in (pd.Series(x), pd.Series(x, dtype="Float64"), pd.Series(x, dtype="float32")):
        with pytest.raises(
            me.DesignError, match=r"a covariate is infinite: column 'x'.*1 row, first: 3"
        ):
            me.nonresponse(of(r=r, x=column), "r", "x")
    table = me.weight_diagnostics(
        of(k=pd.Categorical(list("aabbaa"), categories=["a", "b", "never"])), by="k"
    )
    assert table["k"].tolist() == ["all", "a", "b"] and table["n"].tolist() == [6, 4, 2]
