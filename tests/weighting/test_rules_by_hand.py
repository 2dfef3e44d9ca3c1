"""Trimming, replicate factors, response with eligibility, joined samples and their effective sizes
on a dozen rows, each number worked out by hand; what is refused, in its words.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.weighting.replication import replicate_weights, replicated
from mismes_eval.weighting.stages import _pair


def of(weights: list[float], **columns: object) -> me.Sample:
    return me.Sample.from_frame(pd.DataFrame({"w": weights, **columns}), weights="w")


def words(
    attempt: object, *arguments: object, **options: object
) -> list[tuple[str, str, str, str]]:
    """(what, where, expected, got) of every problem."""
    with pytest.raises(me.DesignError) as caught:
        attempt(*arguments, **options)  # type: ignore[operator]
    return [(p.what, p.where, p.expected, p.got) for p in caught.value.problems]


# Trimming

PUSHED = "weights pushed beyond a cap by what was redistributed"


@pytest.mark.parametrize(
    ("lower", "upper", "redistribute", "expected", "name"),
    [
        (
            None,
            4.0,
            True,
            [2.5, 3.5, 4.5, 5.5, 4.0, 0.0],
            f"trimmed to 0 to 4 (1 weights, caps treated as fixed; 2 {PUSHED})",
        ),
        (
            None,
            4.0,
            False,
            [1.0, 2.0, 3.0, 4.0, 4.0, 0.0],
            "trimmed to 0 to 4 (1 weights, caps treated as fixed)",
        ),
        (
            2.0,
            None,
            True,
            [2.0, 1.75, 2.75, 3.75, 9.75, 0.0],
            f"trimmed to 2 to inf (1 weights, caps treated as fixed; 1 {PUSHED})",
        ),
        (
            1.5,
            3.5,
            True,
            [1.5, 5.25, 6.25, 3.5, 3.5, 0.0],
            f"trimmed to 1.5 to 3.5 (3 weights, caps treated as fixed; 2 {PUSHED})",
        ),
        (
            0.0,
            10.0,
            True,
            [1.0, 2.0, 3.0, 4.0, 10.0, 0.0],
            "trimmed to 0 to 10 (0 weights, caps treated as fixed)",
        ),
    ],
)
def test_what_is_cut_goes_in_equal_parts_to_the_free(
    lower: float | None, upper: float | None, redistribute: bool, expected: list[float], name: str
) -> None:
    sample = me.trim(of([1, 2, 3, 4, 10, 0]), lower, upper, redistribute)
    np.testing.assert_allclose(sample.weights, expected, rtol=1e-14)
    assert sample.design.steps[0].name == name


def test_redistribution_is_the_default() -> None:
    assert me.trim(of([1, 2, 9]), upper=3.0).weights.sum() == pytest.approx(12)


# Replicate factors


def psus(stratum: list[str], **options: object) -> me.Sample:
    frame = pd.DataFrame(
        {"w": 1.0, "s": stratum, "p": range(len(stratum)), "y": np.arange(len(stratum)) ** 2.0}
    )
    return me.Sample.from_frame(
        frame.assign(**options.pop("columns", {})), weights="w", strata="s", psu="p", **options
    )  # type: ignore[call-overload,arg-type]


def test_jackknife_of_two_strata() -> None:
    made = me.replicates(psus(["a", "a", "b", "b", "b"]), "jackknife").design.replicates
    assert made is not None
    expected = [
        [0, 2, 1, 1, 1],
        [2, 0, 1, 1, 1],
        [1, 1, 0, 1.5, 1.5],
        [1, 1, 1.5, 0, 1.5],
        [1, 1, 1.5, 1.5, 0],
    ]
    np.testing.assert_allclose(made.factor, expected)
    np.testing.assert_allclose(made.rscales, [1 / 2, 1 / 2, 2 / 3, 2 / 3, 2 / 3])
    found = (made.scale, made.method, made.degf, made.mse, made.count)
    assert found == (1.0, "jackknife (JKn)", 3.0, False, 5)


def test_jackknife_of_one_stratum_with_a_fpc() -> None:
    s = psus(["a"] * 4, columns={"f": 0.25}, fpc="f")
    made = me.replicates(s, "jackknife", mse=True).design.replicates
    assert made is not None and (made.method, made.degf, made.mse) == ("jackknife (JK1)", 3.0, True)
    np.testing.assert_allclose(made.factor, (1 - np.eye(4)) * 4 / 3)
    assert made.scale == pytest.approx(3 / 4 * 0.75)
    np.testing.assert_array_equal(made.rscales, np.ones(4))


@pytest.mark.parametrize(("strata", "count"), [(1, 2), (2, 4), (3, 4), (4, 8)])
def test_half_samples_are_balanced(strata: int, count: int) -> None:
    """The number is the next power of two above the strata; in each PSU half the replicates, pairs
    opposed, strata orthogonal.
    """
    names = [f"s{h}" for h in range(strata) for _ in range(2)]
    made = me.replicates(psus(names), "brr").design.replicates
    assert made.factor.shape == (2 * strata, count)
    assert made.scale == pytest.approx(1 / count)
    assert made.degf == strata
    assert made.method == "balanced half samples" and set(made.factor.ravel()) == {0.0, 2.0}
    np.testing.assert_array_equal(made.factor[::2] + made.factor[1::2], 2)
    sign = made.factor[::2] - 1
    np.testing.assert_array_equal(sign @ sign.T, count * np.eye(strata))
    np.testing.assert_array_equal(sign.sum(axis=1), 0)


@pytest.mark.parametrize(("options", "rho"), [({}, 0.5), ({"rho": 0.3}, 0.3), ({"rho": 0.0}, 0.0)])
def test_fays_factors(options: dict[str, float], rho: float) -> None:
    made = me.replicates(psus(["a", "a", "b", "b"]), "fay", **options).design.replicates  # type: ignore[arg-type]
    assert made is not None and made.method == f"Fay's method (rho {rho:g})"
    np.testing.assert_allclose(np.unique(made.factor), [rho, 2 - rho])
    assert made.scale == pytest.approx(1 / (4 * (1 - rho) ** 2))


def test_bootstrap_factors_are_those_of_rao_and_wu() -> None:
    """n_h - 1 draws of n_h: factors are 1 + sqrt(1 - f) (n_h / (n_h - 1) times drawn - 1), so three
    PSUs have 0, 1.5 or 3 without fpc.
    """
    s = psus(["a", "a", "a", "b", "b"], columns={"f": [0.0, 0.0, 0.0, 0.75, 0.75]})
    free = me.replicates(s, "bootstrap", n=40, seed=5).design.replicates
    assert free is not None
    expected = (1 / 39, "Rao-Wu bootstrap (seed 5)", 3.0)
    assert (free.scale, free.method, free.degf) == expected
    assert set(free.factor[:3].ravel()) == {0.0, 1.5, 3.0}
    expected = {0.0, 2.0}
    assert set(free.factor[3:].ravel()) == expected
    np.testing.assert_allclose(free.factor[:3].sum(axis=0), 3)
    bound = psus(["b", "b"], columns={"f": 0.75}, fpc="f")
    made = me.replicates(bound, n=30, seed=1).design.replicates
    np.testing.assert_allclose(np.unique(made.factor), [0.5, 1.5])
    assert me.replicates(bound, seed=1).design.replicates.count == 500  # type: ignore[union-attr]
    assert me.replicates(psus(["a"] * 9), n=4, seed=1).design.replicates.degf == 3.0  # type: ignore[union-attr]


def test_certain_strata_and_lonely_psus_keep_their_factor() -> None:
    s = psus(["a", "b", "b"], columns={"f": [1.0, 0.5, 0.5]}, fpc="f")
    made = me.replicates(s, n=20, seed=2).design.replicates
    np.testing.assert_array_equal(made.factor[0], 1.0)
    again = me.replicates(s, "jackknife").design.replicates
    np.testing.assert_allclose(again.factor, [[1, 1, 1], [1, 0, 2], [1, 2, 0]])
    np.testing.assert_allclose(again.rscales, [0, 0.25, 0.25])


def test_half_samples_say_that_the_fpc_is_left_out() -> None:
    s = psus(["a", "a"], columns={"f": 0.25}, fpc="f")
    said = "Replicates (balanced half samples) treat PSUs as drawn with replacement: the fpc is left out and standard errors are on the safe side."
    assert me.replicates(s, "brr").design.notes[-1] == said
    assert said not in me.replicates(s, "jackknife").design.notes
    assert said not in me.replicates(psus(["a", "a"]), "brr").design.notes


def test_too_many_factors_are_refused_before_they_are_made() -> None:
    """8,000 PSUs have 64 million jackknife factors, and 7,501 bootstrap replicates of them 60
    million and 8 thousand.
    """
    many = psus(["a"] * 8000)
    assert words(me.replicates, many, "jackknife") == [
        (
            "too many replicate factors",
            "8,000 PSUs",
            "PSUs times replicates of at most 60,000,000",
            "64,000,000",
        )
    ]
    assert words(me.replicates, many, n=7501, seed=1)[0][3] == "60,008,000"


# Replicate weights of a file


def from_file(
    w: list[float], first: list[float], second: list[float], **options: object
) -> me.Sample:
    frame = pd.DataFrame({"w": w, "r1": first, "r2": second, "y": [1.0, 2.0, 4.0]})
    return me.Sample.from_frame(
        frame,
        weights="w",
        replicates=me.ReplicateWeights(["r1", "r2"], **{"method": "jk1", **options}),
    )  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "scale"),
    [
        ({"method": "bootstrap"}, 1.0),
        ({"method": "jk1"}, 0.5),
        ({"method": "jkn", "rscales": [0.5, 0.25]}, 1.0),
        ({"method": "brr"}, 0.5),
        ({"method": "fay", "rho": 0.5}, 2.0),
        ({"method": "brr", "scale": 0.125}, 0.125),
    ],
)
def test_variance_of_a_total_from_two_columns(options: dict[str, object], scale: float) -> None:
    """Totals 7 and 21 beside 14: deviations of 7 from their mean, so the sum of squares is 2 x 49."""
    s = from_file([2, 2, 2], [1, 1, 1], [3, 3, 3], **options)
    rscales = np.array(options.get("rscales", [1.0, 1.0]))
    assert float(me.total(s, "y").se[0]) ** 2 == pytest.approx(scale * 49 * rscales.sum())
    assert s.design.degf == 0.0  # rank 1, less 1
    assert s.design.replicates.method == f"replicate weights of the file ({options['method']})"  # type: ignore[union-attr]


def test_columns_that_multiply_the_base_weight_and_centres_on_the_full_sample() -> None:
    s = from_file([2, 2, 2], [0.5, 0.5, 0.5], [2.0, 2.0, 2.0], combined=False, mse=True, degf=7.0)
    assert float(me.total(s, "y").se[0]) ** 2 == pytest.approx(0.5 * (7**2 + 14**2))
    assert s.design.degf == 7.0


def test_a_replicate_weight_beside_a_zero_weight_is_refused_with_its_rows() -> None:
    with pytest.raises(me.DesignError, match="1 row, first: 1") as caught:
        from_file([2, 0, 2], [1, 0, 1], [3, 3, 3])
    assert caught.value.problems[0].what == "replicate weights stand beside a zero weight"
    assert from_file([2, 0, 2], [1, 0, 1], [3, 0, 3]).weights.tolist() == [2, 0, 2]
    assert from_file([2, 0, 2], [1, 1, 1], [3, 3, 3], combined=False).weights.tolist() == [2, 0, 2]


@pytest.mark.identity
def test_totals_by_domain_in_each_replicate_are_sums_with_its_weights() -> None:
    """A trimmed weight is a known factor; a domain that one replicate empties has total 0 there."""
    s = me.trim(
        me.replicates(
            psus(["a", "a", "b", "b", "b"], columns={"d": ["u", "v", "u", "v", "v"]}), "jackknife"
        ),
        upper=0.5,
        redistribute=False,
    )
    each = me.total(s, "y", by="d").parts[0].replicates
    y, d = s.frame["y"].to_numpy(), s.frame["d"].to_numpy()
    expected = [[(w * y)[d == v].sum() for v in ("u", "v")] for w in replicate_weights(s.design)]
    np.testing.assert_allclose(each, expected, rtol=1e-14)
    assert np.ravel(each)[0] == pytest.approx(
        0.5 * 2**2
    )  # the first PSU is out: row 2 is left, with weight 1/2 and y 4


# Response


def people() -> me.Sample:
    return of(
        [1, 2, 3, 4, 5, 6],
        r=[1.0, 0.0, 1.0, 1.0, 0.0, 1.0],
        g=["x", "x", "x", "y", "y", "y"],
        e=pd.array([True, True, None, True, None, False], dtype="boolean"),
    )


def test_known_ineligibles_keep_their_weight_and_leave_the_model() -> None:
    """Group x responds with 4 of 6; of group y, without its ineligible, 4 of 9."""
    s = me.nonresponse(people(), "r", "g", method="cells", eligible="e")
    np.testing.assert_allclose(s.weights, [1.5, 0, 4.5, 9, 0, 6])
    assert s.design.steps[0].name == "nonresponse (cells) on g"
    again = me.nonresponse(people(), "r", ["g"], eligible="e")
    np.testing.assert_allclose(again.weights, [1.5, 0, 4.5, 9, 0, 6], rtol=1e-9)
    assert again.design.steps[0].name == "nonresponse (logit) on g"
    np.testing.assert_allclose(
        me.nonresponse(people(), "r", "g", method="cells").weights, [1.5, 0, 4.5, 6, 0, 9]
    )


def test_everybody_responded_changes_nothing() -> None:
    sample = of([1, 2, 3], r=[1.0, 1.0, 1.0], g=["x", "y", "y"], y=[1.0, 5.0, 2.0])
    s = me.nonresponse(sample, "r", "g", method="cells")
    np.testing.assert_array_equal(s.weights, [1, 2, 3])
    assert me.total(s, "y").se[0] == pytest.approx(me.total(sample, "y").se[0])


# Joined samples


def test_samples_of_one_and_of_two_stages_add_their_variances() -> None:
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(
        {
            "w": 3.0,
            "p": np.arange(24) // 6,
            "u": np.arange(24),
            "f1": 0.2,
            "f2": 0.3,
            "y": rng.normal(5, 2, 24),
        }
    )
    deep = me.Sample.from_frame(frame, weights="w", psu=["p", "u"], fpc=["f1", "f2"])
    flat = me.Sample.from_frame(frame.iloc[:10], weights="w")
    for pair in ([deep, flat], [flat, deep]):
        joined = me.stack_samples(pair)
        assert me.total(joined, "y").se[0] ** 2 == pytest.approx(
            me.total(deep, "y").se[0] ** 2 + me.total(flat, "y").se[0] ** 2, rel=1e-12
        )
        assert joined.degf == deep.degf + flat.degf == 12
        assert joined.frame["source_sample"].tolist() == [1] * pair[0].n + [2] * pair[1].n


def test_theta_is_the_share_of_the_effective_sizes_of_the_overlaps() -> None:
    """Overlaps with weights (1, 3) and (2, 2, 2): effective sizes 16 / 10 and 3, so theta is 1.6 /
    4.6.
    """
    a, b = of([1, 3, 7], l=[True, True, False]), of([2, 2, 2, 5], l=[True, True, True, False])
    joined = me.combine_frames([a, b], ["l", "l"], "hartley")
    theta = 1.6 / 4.6
    np.testing.assert_allclose(joined.weights, [theta, 3 * theta, 7, *[2 * (1 - theta)] * 3, 5])
    assert joined.design.steps[-1].name == f"frame share, Hartley theta {theta:.4f} (known factor)"
    assert joined.frame["frame_sample"].tolist() == [1, 1, 1, 2, 2, 2, 2]
    apart = [s.with_columns({"l": False}) for s in (a, b)]
    assert words(me.combine_frames, apart, ["l", "l"], "hartley") == [
        ("no row is on both frames", "argument 'on_frame'", "an overlap, or an explicit theta", "")
    ]


def test_kalton_and_anderson_divide_by_the_expected_number_of_selections() -> None:
    a, b = of([4, 10], p=[0.25, 0.0]), of([2, 5], p=[0.5, 0.0])
    joined = me.combine_frames([a, b], ["p", "p"])
    np.testing.assert_allclose(joined.weights, [1 / (1 / 4 + 0.25), 10, 1 / (1 / 2 + 0.5), 5])
    assert joined.design.steps[-1].name == "frame share, Kalton-Anderson (known factor)"


# Diagnostics, keys and plans


def test_a_domain_without_weight_has_no_spread() -> None:
    s = of([1, 3, 0], g=["x", "x", "y"])
    table = me.weight_diagnostics(s, "g").set_index("g")
    assert table.loc["y", ["n", "sum", "n_eff"]].tolist() == [0, 0, 0]
    assert table.loc["y", ["cv", "ratio", "kish_deff", "largest_share"]].isna().all()
    assert table.loc[
        "x", ["n", "sum", "ratio", "kish_deff", "n_eff", "largest_share"]
    ].tolist() == pytest.approx([2, 4, 3, 1.25, 1.6, 0.75])
    assert table.loc["x", "cv"] == pytest.approx(0.5)
    assert words(me.weight_diagnostics, s, "h") == [
        ("weight_diagnostics names an unknown column", "column 'h'", "a column of the sample", "")
    ]
    expected = [1, "trimmed to 0 to 2 (1 weights, caps treated as fixed)", 2 / 3, 1.0]
    assert me.provenance(me.trim(s, upper=2.0, redistribute=False)).iloc[1].tolist() == expected


def test_a_key_must_be_there_and_stand_once() -> None:
    frame = pd.DataFrame({"w": [1.0, 1.0, 1.0], "id": [1, 2, 1], "wave": [1, 1, 1]})
    assert words(me.Sample.from_frame, frame, weights="w", unit=["id", "who"]) == [
        ("the key of a row is not in the frame", "column 'who'", "a column of the frame", "")
    ]
    with pytest.raises(me.DesignError, match="2 rows, first: 0, 2") as caught:
        me.Sample.from_frame(frame, weights="w", unit=["id", "wave"])
    assert caught.value.problems[0].where == "columns id, wave"
    assert (
        me.Sample.from_frame(frame.assign(wave=[1, 1, 2]), weights="w", unit=["id", "wave"]).n == 3
    )


def test_a_sample_as_large_as_the_population_takes_everybody() -> None:
    plan = me.plan_allocation([100, 50], 150, sd=[2.0, 1.0])
    np.testing.assert_allclose(plan[["rate", "n"]], [[1, 100], [1, 50]])


def test_allocation_by_neyman() -> None:
    """Sizes 100 and 50, standard deviations 2 and 1, costs 1 and 4: rates as 2 to 1/2."""
    plan = me.plan_allocation(
        [100, 50], 45, sd=[2.0, 1.0], cost=[1.0, 4.0], labels=["town", "land"]
    )
    np.testing.assert_allclose(
        plan[["rate_relative", "rate", "n", "expected_interviews", "cost"]],
        [[1, 0.4, 40, 40, 40], [0.25, 0.1, 5, 5, 20]],
    )
    assert plan["stratum"].tolist() == ["town", "land"]
    assert me.plan_allocation([100, 50], 45)["stratum"].tolist() == [1, 2]


# Samples joined, errors added, pictures


def test_joined_strata_keep_their_names_and_the_rule_of_their_lonely_psus() -> None:
    frame = pd.DataFrame({"w": 1.0, "s": ["x", "x", "y"], "p": [1, 2, 3], "y": [1.0, 2.0, 4.0]})
    one = me.Sample.from_frame(frame, weights="w", strata="s", psu="p", lonely_psu="certainty")
    joined = me.stack_samples([one, one], labels=["new", "old"])
    assert joined.design.stratum_labels == ("new: x", "new: y", "old: x", "old: y")
    assert joined.design.lonely == "certainty"
    assert joined.design.lonely_strata == ("new: y", "old: y")
    assert me.total(joined, "y").se[0] ** 2 == pytest.approx(2 * me.total(one, "y").se[0] ** 2)


def test_volunteers_follow_the_rule_of_their_reference() -> None:
    reference = me.Sample.from_frame(
        pd.DataFrame({"w": 10.0, "g": list("aabb")}), weights="w", lonely_psu="average"
    )
    made = me.pseudo_weights(pd.DataFrame({"g": list("ab")}), reference, "g")
    assert made.design.lonely == "average" and made.weights[:2].tolist() == pytest.approx([20, 20])


def test_errors_of_two_steps_add_up() -> None:
    """Totals of 40 with an error of 2, scaled to 50 with an error of 3: the first, passed on, is
    gone under the second, as both are the number of units.
    """
    sample = of([1.0] * 10, g=list("aabbbaabab"), y=np.arange(10.0))
    once = me.calibrate(sample, {"g": {"a": 20.0, "b": 20.0}}, total_se={"g": {"a": 2.0, "b": 0.0}})
    twice = me.calibrate(once, {"1": 50.0}, total_se={"1": 3.0})
    y, a = np.arange(10.0), np.array(list("aabbbaabab")) == "a"
    mean_a, mean_b = y[a].mean(), y[~a].mean()
    total = 25 * (mean_a + mean_b)
    first = (50 / 40 * mean_a - total / 40) * 2  # what one more in "a" adds before the scaling
    second = total / 50 * 3
    e = me.total(twice, "y")
    assert e.value[0] == pytest.approx(total)
    residual = np.where(a, y - mean_a, y - mean_b) * twice.weights
    assert float(e.se[0]) ** 2 == pytest.approx(first**2 + second**2 + 10 / 9 * (residual**2).sum())
    assert np.diag(twice.design.vcov(e.parts[0].influence)) == pytest.approx(
        twice.design.vcov(e.parts[0].influence, diagonal=True)
    )  # type: ignore[arg-type]


def test_certain_selection_is_no_probability() -> None:
    """0 and 1 throughout are a yes and no; 0 throughout is nobody on the other frame."""
    b = of([2.0, 5.0], p=[0.5, 0.0])
    for values in ([1, 0], [1.0, 1.0], [True, False]):
        found = words(me.combine_frames, [of([4.0, 10.0], p=values), b], ["p", "p"])[0][:2]
        assert found == ("Kalton-Anderson needs selection probabilities", "sample 1, column 'p'")
    assert me.combine_frames(
        [of([4.0, 10.0], p=[0.0, 0.0]), b], ["p", "p"]
    ).weights.tolist() == pytest.approx([4, 10, 1, 5])
    assert me.combine_frames([of([4.0, 10.0], p=[1.0, 0.5]), b], ["p", "p"]).weights[
        0
    ] == pytest.approx(0.8)


def test_the_picture_of_weights_has_bars_of_one_colour_and_no_frame() -> None:
    ax = of([1.0, 2.0, 3.0, 6.0]).plot()
    assert ax.figure.get_size_inches().tolist() == [7, 3] and ax.get_ylabel() == "rows"  # type: ignore[attr-defined]
    assert len(ax.patches) == 60 and sum(bar.get_height() for bar in ax.patches) == 4  # type: ignore[attr-defined]
    assert {bar.get_facecolor() for bar in ax.patches} == {(31 / 255, 78 / 255, 121 / 255, 1.0)}  # type: ignore[attr-defined]
    assert [ax.spines[side].get_visible() for side in ("top", "right", "left", "bottom")] == [
        False,
        False,
        True,
        True,
    ]  # type: ignore[attr-defined]
    assert ax.get_xlabel() == "weight over its mean; Kish design effect 1.39, effective n 3 of 4"  # type: ignore[attr-defined]
    assert of([1.0, 2.0]).plot(ax) is ax
    plt.close("all")


def test_a_statistic_of_a_domain_in_each_replicate_is_of_its_rows() -> None:
    copies = me.replicates(psus(["a", "a", "a"]), "jackknife").where(np.array([True, True, False]))
    each = replicated(copies, lambda w: np.array([w.sum()])).ravel()
    np.testing.assert_allclose(each, [1.5, 1.5, 3.0])


def test_pairs_are_numbered_in_order_and_never_meet() -> None:
    """Four strata and codes up to 2: the pair (3, 0) is not the pair (0, 1), whatever they are
    divided by.
    """
    a, b = np.array([3, 0, 0, 3, 1, 2, 1]), np.array([0, 1, 0, 0, 2, 2, 2])
    code, first = _pair(a, b)
    assert code.tolist() == [4, 1, 0, 4, 2, 3, 2] and first.tolist() == [2, 1, 4, 5, 0]


@pytest.mark.parametrize(
    ("number", "said"),
    [(1.0, "divide by zero encountered in divide"), (0.0, "invalid value encountered in divide")],
)
def test_a_division_by_nothing_in_a_replicate_is_told(number: float, said: str) -> None:
    s = me.replicates(
        me.Sample.from_frame(pd.DataFrame({"w": [1.0, 2.0, 3.0], "p": range(3)}), "w", psu="p"),
        "jackknife",
    )
    with pytest.raises(me.DesignError) as caught:
        replicated(s, lambda w: np.full(1, number) / w[:1])
    problem = caught.value.problems[0]
    expected = ("an estimate cannot be made in a replicate", "replicate 1 of 3", said)
    assert (problem.what, problem.where, problem.got) == expected
    assert problem.expected == "rows with weight in every group, in every replicate"
    assert problem.fix == "Merge groups, or use the linearised design."
