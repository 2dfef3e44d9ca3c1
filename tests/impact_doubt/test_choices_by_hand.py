"""Each choice of an arm, a grid, a level or a rule beside the others: what it takes, what it
refuses and the number it gives; pictures whose ticks and bins say what they stand for.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.impact.bounds.lee import _keep, _pctile, _type7
from mismes_eval.impact.sensitivity.oster import proportional_selection
from mismes_eval.numerics.did import cross_sections

N = 60
P, U, T = np.arange(N), np.repeat(np.arange(15), 4), np.tile(np.arange(1, 5), 15)


def frame(**columns: object) -> pd.DataFrame:
    f = pd.DataFrame(
        {
            "w": 1.0 + P % 3,
            "y0": np.sin(P),
            "y1": np.cos(2 * P) + P % 2,
            "d": P % 2,
            "e": P // 2 % 2,
            "t": P // 4 % 2,
            "x": np.tan(P / 45),
            "s": (P % 11 > 0) & (P != 3),
            "b": P % 3 // 2,
            "a": P % 5 // 2 % 2,
            "g": P // 20,
        }
    )
    return f.assign(**columns)


def wide(**columns: object) -> me.Sample:
    return me.Sample.from_frame(frame(**columns), weights="w")


def long(**columns: object) -> pd.DataFrame:
    g = np.array([0.0, 3.0, 4.0])[U % 3]
    return pd.DataFrame(
        {"u": U, "t": T, "g": g, "y": np.sin(U * 7.0 + T * T), "w": 1.0 + U % 2}
    ).assign(**columns)


def event() -> me.Estimate:
    return me.att_gt(
        me.Sample.from_frame(long(), weights="w", psu="u"), "y", "g", "t", "u", base="universal"
    ).aggregate("event")


def mean(y: object, rows: np.ndarray) -> float:
    f = frame()
    return float(np.average(np.asarray(y, float)[rows], weights=f["w"].to_numpy()[rows]))


@pytest.mark.parametrize(
    ("arm", "wrong"), [("both", (0, 1)), ("treated", (1,)), ("comparison", (0,))]
)
def test_who_errs_in_recall_has_the_share_before_corrected(
    arm: str, wrong: tuple[int, ...]
) -> None:
    e = me.recall_sensitivity(wide(), "b", "a", "d", [0.9], [0.8, 0.95], arm=arm)  # type: ignore[arg-type]
    f = frame()
    for value, specificity in zip(e.value, (0.8, 0.95), strict=True):
        change = []
        for k in (0, 1):
            rows = (f["d"] == k).to_numpy()
            before = mean(f["b"], rows)
            change.append(
                mean(f["a"], rows)
                - ((before - 1 + specificity) / (0.9 + specificity - 1) if k in wrong else before)
            )
        assert value == pytest.approx(change[1] - change[0])
    assert (
        e.notes[0]
        == ("Both arms err alike" if arm == "both" else f"Only the {arm} arm errs")
        + " in recalling 'b'; 'a' is taken as right."
    )
    expected = ("sensitivity 0.9, specificity 0.8", "sensitivity 0.9, specificity 0.95")
    assert e.names == expected
    assert e.keys["sensitivity"].tolist() == [0.9, 0.9]


def test_pairs_that_the_data_contradict_are_not_possible() -> None:
    """A weighted share of a half before cannot be recalled where six in ten of those without the
    status say that they had it.
    """
    e = me.recall_sensitivity(wide(), "b", "a", "d", [1.0], [0.4, 0.8, 1.0])
    assert e.keys["possible"].tolist() == [False, True, True]
    assert me.recall_sensitivity(wide(), "b", "a", "d", [1.0], [0.4], arm="treated").keys[
        "possible"
    ].tolist() == [False]
    assert me.recall_sensitivity(wide(b=1), "b", "a", "d", [0.9], [1.0]).keys[
        "possible"
    ].tolist() == [False]
    assert me.recall_sensitivity(wide(b=0), "b", "a", "d", [0.9], [1.0]).keys[
        "possible"
    ].tolist() == [True]


@pytest.mark.parametrize(
    ("arm", "sign"), [("treated", (0.0, 1.0)), ("comparison", (-1.0, 0.0)), ("both", (-1.0, 1.0))]
)
def test_shifts_of_each_arm(arm: str, sign: tuple[float, float]) -> None:
    f = frame()
    seen = f["s"].to_numpy()
    e = me.delta_sensitivity(wide(), "y1", "d", "s", [0.0, 2.0], arm=arm)  # type: ignore[arg-type]
    lost = [1 - mean(seen, (f["d"] == k).to_numpy()) for k in (0, 1)]
    plain = mean(f["y1"], (f["d"] == 1).to_numpy() & seen) - mean(
        f["y1"], (f["d"] == 0).to_numpy() & seen
    )
    slope = sign[0] * lost[0] + sign[1] * lost[1]
    assert e.value.tolist() == pytest.approx([plain, plain + 2 * slope])
    assert e.extra["tipping_shift"] == pytest.approx(-plain / slope)
    assert e.notes[0].startswith(
        f"Missing of the {arm} arm{'s' if arm == 'both' else ''} shifted against the observed of the arm; treated: "
    )
    nobody = me.delta_sensitivity(wide(s=True), "y1", "d", "s", [0.0, 2.0], arm=arm)  # type: ignore[arg-type]
    assert nobody.extra["tipping_shift"] == np.inf and nobody.value[0] == nobody.value[1]


# Grids, levels and targets of robust intervals


def refusal(attempt: object, *arguments: object, **words: object) -> str:
    with pytest.raises(me.MismesError) as caught:
        attempt(*arguments, **words)  # type: ignore[operator]
    return str(caught.value)


@pytest.mark.parametrize("grid", [[], [-0.5, 1.0], [0.0, np.inf], [0.0, 0.0], [1.0, 0.5], [np.nan]])
def test_a_grid_increases_from_zero_on(grid: list[float]) -> None:
    assert (
        refusal(me.honest_did, event(), grid=grid)
        == f"the grid does not fit: argument 'grid'. Expected increasing values of 0 or more, got {grid}."
    )


def test_a_grid_of_one_value_and_targets() -> None:
    e = event()
    one = me.honest_did(e, grid=[0.0])
    assert one.table["m"].tolist() == [0.0]
    expected = [0, 0.5, 1, 1.5, 2]
    assert me.honest_did(e).table["m"].tolist() == expected
    after = e.keys["event_time"].to_numpy() >= 0
    value = e.value[after]
    assert one.original[0] == pytest.approx(value.mean())
    assert one.target == "average effect over event times 0 to 1"
    assert me.honest_did(e, grid=[0.0], target="first").original[0] == pytest.approx(value[0])
    assert me.honest_did(e, grid=[0.0], target="first").target == "effect at event time 0"
    weighted = me.honest_did(e, grid=[0.0], target={1: 0.25, 0: 0.75})
    assert weighted.original[0] == pytest.approx(0.75 * value[0] + 0.25 * value[1])
    assert weighted.target == "weighted effect at 1 (0.25), 0 (0.75)"
    assert refusal(me.honest_did, e, target={}).startswith(
        "weights name no period after treatment: argument 'target'. Expected event times among [0, 1], got []"
    )
    assert one.notes[:3] == (
        "Reference period -1; 2 periods before, 2 after; 5.83397 degrees of freedom.",
        "The sampling error of the largest break before treatment is in the interval; the set between set_low and set_high ignores it.",
        "Rambachan and Roth (2023), conditional test with a least-favourable first stage.",
    )
    smooth = me.honest_did(e, "smoothness", grid=[0.0])
    assert smooth.notes[1] == "Rambachan and Roth (2023), fixed-length interval."
    assert smooth.method == "smoothness"
    assert smooth.level == 0.95
    for level in (0.5, 1.0):
        assert refusal(me.honest_did, e, level=level).startswith(
            "the level is no probability above one half"
        )
        assert refusal(me.imbens_manski, me.lee_bounds(wide(), "y1", "d", "s"), level).startswith(
            "the level is no probability above one half"
        )


def test_a_robust_picture_labels_every_deviation() -> None:
    ax = me.honest_did(event(), grid=[0.0, 0.25, 1.5]).plot()
    expected = ["parallel", "0", "0.25", "1.5"]
    assert [t.get_text() for t in ax.get_xticklabels()] == expected
    assert ax.get_xticks().tolist() == [-0.25, 0, 0.25, 1.5]
    found = [t.get_text() for t in me.honest_did(event(), grid=[1.0]).plot().get_xticklabels()]
    assert found == ["parallel", "1"]
    plt.close("all")


@pytest.mark.whole
def test_a_histogram_of_assignments_has_at_most_forty_bins() -> None:
    for draws, bins in ((900, 40), (200, 20), (20, 5)):
        ax = me.randomisation_test(
            wide(), lambda s: float(s.frame["y1"] @ s.frame["d"]), "d", draws=draws
        ).plot()
        assert len(ax.patches) == bins
        assert ax.get_title(loc="left").startswith("p = ") and ax.get_title() == ""
    plt.close("all")


# Trimming


def test_what_stays_when_a_share_of_the_weight_stays() -> None:
    """Values 3, 1, 2 with weights 1, 2, 1: of the lowest 3/4 the values 1 and 2 stay whole; of 5/8
    half of the second; of all, all.
    """
    v, w = np.array([3.0, 1.0, 2.0]), np.array([1.0, 2.0, 1.0])
    for kept, fraction, cut in (
        (0.75, [0, 1, 1], 2.0),
        (0.625, [0, 1, 0.5], 2.0),
        (1.0, [1, 1, 1], 3.0),
        (1.2, [1, 1, 1], 3.0),
        (0.5, [0, 1, 0], 1.0),
    ):
        found, at = _keep(v, w, kept, "exact")
        assert found.tolist() == pytest.approx(fraction) and at == cut
    x, c = np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.0, 4.0])
    expected = [1.0, 1.5, 2.0, 2.5, 3.0, 3.0]
    assert [_pctile(x, c, share) for share in (0.25, 0.5, 0.6, 0.75, 0.9, 1.0)] == expected
    assert _type7(x, np.array([2.0, 1.0, 1.0]), 0.5) == pytest.approx(1 + 1.25 / 1.5)
    assert _type7(x[:1], np.array([2.0]), 0.5) == 1.0
    assert _keep(v, w, 0.5, "stata")[0].tolist() == [0, 1, 0]
    assert _keep(v, w, 0.5, "stata")[1] == 1.5
    assert _keep(v, w, 0.6, "type7")[1] == pytest.approx(2.0)
    assert _keep(v, w, 0.6, "type7")[0].tolist() == [0, 1, 1]


# Triple differences


@pytest.mark.identity
@pytest.mark.parametrize("method", ["dr", "or", "ipw"])
def test_a_triple_difference_of_cross_sections_takes_covariates(method: str) -> None:
    f = frame()
    found = me.triple_difference(wide(), "y1", "d", "e", time="t", covariates=["x"], method=method)  # type: ignore[arg-type]
    w, y, post = f["w"].to_numpy(), f["y1"].to_numpy(), f["t"].to_numpy(float)
    x = np.column_stack([np.ones(N), f["x"]])
    group = {
        (a, b): (f["d"] == a).to_numpy() & (f["e"] == b).to_numpy() for a in (0, 1) for b in (0, 1)
    }

    def compared(one: tuple[int, int], other: tuple[int, int]) -> float:
        rows = group[one] | group[other]
        return cross_sections(
            np.where(rows, w, 0.0), group[one].astype(float), post, y, x, method
        ).att  # type: ignore[arg-type]

    att = compared((1, 1), (1, 0)) + compared((1, 1), (0, 1)) - compared((1, 1), (0, 0))
    assert found.value.tolist() == pytest.approx([att, compared((1, 0), (0, 0))])
    assert found.keys["variable"].tolist() == ["y1, 0 to 1"] * 2
    assert found.notes[0].split(";")[1] == " covariates: x"
    plain = me.triple_difference(wide(), "y1", "d", "e", time="t", method="none")
    assert abs(plain.value[0] - found.value[0]) > 1e-3


def test_all_four_groups_may_be_few() -> None:
    s = me.Sample.from_frame(frame().iloc[:24], weights="w")
    e = me.triple_difference(s, ("y0", "y1"), "d", "e")
    assert not e.few.any() and (e.degf < e.dof).all()
    assert e.psus == pytest.approx([6.0, 6.0], rel=0.2)


# What is read of a panel


def test_starts_after_the_last_wave_are_never_in_a_panel_and_in_a_long_sample_alike() -> None:
    f = long(g=np.array([0.0, 3.0, 9.0])[U % 3])
    panel = me.TracerPanel.from_frame(
        f.rename(columns={"u": "person_id", "t": "wave"}), weights="w"
    )
    sample = me.Sample.from_frame(f, weights="w", psu="u")
    for verb in (me.sun_abraham, me.imputation):
        a, b = verb(panel, "y", "g"), verb(sample, "y", "g", unit="u", time="t")
        np.testing.assert_allclose(a.value, b.value, rtol=1e-12)
        np.testing.assert_allclose(a.se, b.se, rtol=1e-9)
    changes = f.assign(g=np.where((U == 1) & (T == 2), 4.0, f["g"]))
    changing = me.TracerPanel.from_frame(
        changes.rename(columns={"u": "person_id", "t": "wave"}), weights="w"
    )
    assert refusal(me.sun_abraham, changing, "y", "g").startswith(
        "a column changes inside units: column 'g'. Expected one first treated period for each unit, got 1 units with several. 1 row"
    )


def test_units_out_of_order_and_single_periods_are_read_by_their_key() -> None:
    """A frame that looks regular (every unit in every period) and one whose units come twice: rows
    are sorted by what they say, not by where they stand.
    """
    f = long()
    whole = me.att_gt(me.Sample.from_frame(f, weights="w", psu="u"), "y", "g", "t", "u").estimate
    for other in (
        f.iloc[::-1],
        f.sort_values(["t", "u"]),
        f.assign(u=-f["u"]),
        f.assign(u="p" + f["u"].astype(str)),
    ):
        again = me.att_gt(
            me.Sample.from_frame(other.reset_index(drop=True), weights="w", psu="u"),
            "y",
            "g",
            "t",
            "u",
        ).estimate
        np.testing.assert_allclose(again.value, whole.value, rtol=1e-10)
        np.testing.assert_allclose(again.se, whole.se, rtol=1e-10)


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_an_effect_that_is_the_rounding_of_its_outcomes_is_no_finding(size: float) -> None:
    """Everybody gains a third, in floating point: whatever the unit, the difference is 0 without
    error; a difference that is real stays.
    """
    y0 = size * np.sin(P + 0.1)
    same = me.att_2x2(wide(y0=y0, y1=y0 + size / 3), ("y0", "y1"), "d")
    assert same.value[0] == 0.0 and same.se[0] == 0.0
    other = me.att_2x2(wide(y0=y0, y1=y0 + size * (P % 2) / 3), ("y0", "y1"), "d")
    assert other.value[0] == pytest.approx(size / 3) and other.se[0] == 0.0
    noisy = me.att_2x2(wide(y0=y0, y1=y0 + size * 1e-9 * np.cos(P)), ("y0", "y1"), "d")
    assert noisy.se[0] > 0 and noisy.value[0] != 0


def test_a_multiplier_band_weighs_strata_by_their_own_size() -> None:
    """Strata of 3 and 12 PSUs: deviations times the root of 3/2 and of 12/11."""
    f = frame(psu=P // 4, h=(P >= 12) * 1)
    s = me.Sample.from_frame(f, weights="w", strata="h", psu="psu")
    e = me.mean(s, ["y0", "y1"])
    rng = np.random.default_rng(5)
    high = rng.integers(0, 65536, (15, 400), np.uint16) < round(
        65536 * (np.sqrt(5) - 1) / (2 * np.sqrt(5))
    )
    point = np.where(high, (1 + np.sqrt(5)) / 2, (1 - np.sqrt(5)) / 2)
    totals = s.design.pull_back(e.parts[0].influence).sums(s.design.base, P // 4, 15)  # type: ignore[arg-type]
    of = np.r_[np.zeros(3, int), np.ones(12, int)]
    centre = np.array([totals[of == h].mean(axis=0) for h in (0, 1)])
    deviation = (totals - centre[of]) * np.sqrt(np.array([3 / 2, 12 / 11]))[of][:, None]
    t = np.abs(deviation.T @ point) / np.sqrt((deviation**2).sum(axis=0))[:, None]
    assert me.sup_t(e, 0.9, 5, 400, "multiplier").critical == pytest.approx(
        np.quantile(t.max(axis=0), 0.9), rel=1e-5
    )


def test_selection_by_its_cubic() -> None:
    """delta(null) of the effect at delta = 1 is 1, on the side to which the controls moved the
    effect; R2 already at its top leaves the controlled effect.
    """
    for beta0, beta1 in ((1.0, 0.7), (0.7, 1.0), (-1.0, -0.4)):
        given = {"r0": 0.2, "r1": 0.4, "var_y": 2.0, "var_x": 1.0, "tau": 0.8}
        _, adjusted = proportional_selection(beta0, beta1=beta1, r_max=0.6, null=0.0, **given)
        assert np.sign(adjusted - beta1) == np.sign(beta1 - beta0)
        assert proportional_selection(beta0, beta1=beta1, r_max=0.6, null=adjusted, **given)[
            0
        ] == pytest.approx(1.0)
    assert proportional_selection(1.0, 0.2, 0.7, 0.4, 0.4, 2.0, 1.0, 0.8, 0.0)[1] == 0.7
    assert proportional_selection(0.7, 0.2, 0.7, 0.4, 0.6, 2.0, 1.0, 0.8, 0.0)[1] == 0.7


def test_two_way_of_a_panel_by_a_cluster_keeps_its_note() -> None:
    panel = me.TracerPanel.from_frame(
        long(k=U // 3, on=1.0 * ((long()["g"] > 0) & (long()["g"] <= T))).rename(
            columns={"u": "person_id", "t": "wave"}
        ),
        weights="w",
    )
    e = me.two_way(panel, "y", "on", cluster="k")
    assert e.notes[1] == "Standard errors are clustered by 'k', 5 clusters; strata are not used."
    assert e.dof.tolist() == [4]


# Numbers beside the effect


def test_both_regressions_of_a_selection_are_those_of_least_squares() -> None:
    f = frame(y1=np.cos(2 * P) + P % 2 + np.tan(P / 45), d=np.sin(P) + 0.4 * np.tan(P / 45))
    w = f["w"].to_numpy(float)
    r = me.oster(wide(y1=f["y1"], d=f["d"]), "y1", "d", ["x"])

    def fitted(*columns: str) -> tuple[float, float]:
        x = np.column_stack([np.ones(N), *(f[c] for c in columns)])
        root = np.sqrt(w)
        beta = np.linalg.lstsq(x * root[:, None], f["y1"].to_numpy() * root, rcond=None)[0]
        y = f["y1"].to_numpy()
        centre = np.average(y, weights=w)
        return float(beta[1]), 1 - float(w @ (y - x @ beta) ** 2) / float(w @ (y - centre) ** 2)

    assert (r.uncontrolled, r.r2_uncontrolled) == pytest.approx(fitted("d"))
    expected = pytest.approx(fitted("d", "x"))
    assert (r.controlled, r.r2_controlled) == expected
    assert r.r2_max == pytest.approx(min(1.0, 1.3 * r.r2_controlled)) and r.null == 0.0
    assert (
        r.notes[0]
        == f"R2 with all causes taken as min(1, 1.3 x {r.r2_controlled:.4g}) = {r.r2_max:.4g}. Sampling error is not in these figures."
    )


def test_a_pair_is_impossible_where_one_arm_contradicts_it() -> None:
    """Nobody of the treated had the status, half of the others: recalled by a third of those
    without it, the first cannot be, though the mean of both can.
    """
    e = me.recall_sensitivity(
        wide(b=np.where(P % 2 == 1, 0, P // 2 % 2)), "b", "a", "d", [1.0], [0.8]
    )
    assert e.keys["possible"].tolist() == [False]
    outside = wide(b=np.where(P % 2 == 1, P // 2 % 2, 0)).where(P % 2 + P // 30 > 0)
    assert me.recall_sensitivity(outside, "b", "a", "d", [1.0], [0.8], arm="treated").keys[
        "possible"
    ].tolist() == [True]


@pytest.mark.identity
def test_rows_outside_the_domain_have_no_part_in_cross_sections() -> None:
    inside = P % 7 > 0
    narrowed = me.att_2x2(wide().where(inside), "y1", "d", "t", covariates="x")
    spoilt = me.att_2x2(
        wide(
            y1=np.where(inside, frame()["y1"], 1e9), x=np.where(inside, frame()["x"], -50.0)
        ).where(inside),
        "y1",
        "d",
        "t",
        covariates="x",
    )
    alone = me.att_2x2(
        me.Sample.from_frame(frame()[inside], weights="w"), "y1", "d", "t", covariates="x"
    )
    assert narrowed.value[0] == pytest.approx(alone.value[0])
    assert spoilt.value[0] == pytest.approx(alone.value[0])
    assert narrowed.se[0] == pytest.approx(spoilt.se[0])
    assert narrowed.n.tolist() == alone.n.tolist() == [inside.sum()]


def test_weak_overlap_is_the_share_of_the_comparison_weight() -> None:
    """A covariate that all but tells the arms apart: the comparison rows whose propensity is above
    0.995, by weight.
    """
    i = np.arange(3000)
    rng = np.random.default_rng(4)
    x = 4 * rng.normal(size=3000)
    d = (rng.random(3000) < 1 / (1 + np.exp(-1.2 * x - 1))).astype(int)
    s = me.Sample.from_frame(
        pd.DataFrame(
            {
                "w": np.where((d == 0) & (x > 3), 9.0, 1.0 + i % 3),
                "y0": np.sin(i),
                "y1": np.cos(i),
                "d": d,
                "x": x,
            }
        ),
        weights="w",
    )
    e = me.att_2x2(s, ("y0", "y1"), "d", covariates="x", method="ipw")
    p = e.extra["propensity"]
    compared = d == 0
    share = s.weights[compared & (p > 0.995)].sum() / s.weights[compared].sum()  # type: ignore[operator]
    assert 0.001 < share < 0.5 and e.extra["extreme_overlap"] == pytest.approx(share)
    assert (
        e.notes[2]
        == f"Weak overlap: {100 * share:.1f}% of the comparison weight has a propensity above 0.995; nothing was trimmed."
    )


@pytest.mark.identity
def test_cohorts_are_averaged_by_their_weight() -> None:
    s = me.Sample.from_frame(long(w=1.0 + 2 * (U % 3)), weights="w", psu="u")
    cells = me.sun_abraham(s, "y", "g", unit="u", time="t", by="cells")
    weight = {3.0: 3.0, 4.0: 5.0}  # of each of five persons
    of, since = cells.keys["cohort"].to_numpy(), cells.keys["event_time"].to_numpy()
    share = np.array([weight[g] for g in of])
    events = me.sun_abraham(s, "y", "g", unit="u", time="t")
    for k, value in zip(events.keys["event_time"], events.value, strict=True):
        assert value == pytest.approx(
            np.average(cells.value[since == k], weights=share[since == k])
        )
    after = since >= 0
    whole = me.sun_abraham(s, "y", "g", unit="u", time="t", by="att")
    assert whole.value[0] == pytest.approx(np.average(cells.value[after], weights=share[after]))
    assert whole.names == ("ATT",)
    assert whole.keys.to_dict("list") == {"variable": ["att"], "over": [0.0]}
    cohorts = me.sun_abraham(s, "y", "g", unit="u", time="t", by="cohort")
    assert cohorts.value.tolist() == pytest.approx(
        [cells.value[after & (of == g)].mean() for g in (3.0, 4.0)]
    )
    assert cohorts.keys["cohort"].tolist() == [3, 4]


def test_a_wild_bootstrap_of_a_regression_holds_its_coefficient() -> None:
    s = wide(h=P // 5)
    out = me.wild_bootstrap_ols(s, "y1 ~ d + x", "d", "h", null=0.25, draws=199)
    f = frame()
    x = np.column_stack([np.ones(N), f["d"], f["x"]])
    w = f["w"].to_numpy(float)
    inverse = np.linalg.inv(x.T @ (x * w[:, None]))
    beta = inverse @ x.T @ (w * f["y1"].to_numpy())
    scores = np.array(
        [
            ((x * (w * (f["y1"] - x @ beta).to_numpy())[:, None])[k == P // 5]).sum(axis=0)
            for k in range(12)
        ]
    )
    se = np.sqrt(12 / 11 * (inverse @ scores.T @ scores @ inverse)[1, 1])
    assert (out.estimate.tolist(), out.se.tolist(), out.statistic.tolist()) == (
        pytest.approx([beta[1]]),
        pytest.approx([se]),
        pytest.approx([(beta[1] - 0.25) / se]),
    )
    found = (out.names, out.clusters, out.draws, out.enumerated, out.points, out.null, out.level)
    assert found == (("d",), 12, 199, False, "rademacher", 0.25, 0.95)
    assert out.notes[1] == "Regression y1 ~ d + x, null imposed, clusters by h."
    assert out.low[0] < out.estimate[0] < out.high[0]
    none = me.wild_bootstrap_ols(s, "y1 ~ d + x", "d", "h", level=None, draws=199)
    assert np.isnan([none.low[0], none.high[0]]).all()


def test_notes_of_a_randomisation_test() -> None:
    s = wide(v=P // 15, lot=(P // 15 > 1) * 1)
    whole = me.randomisation_test(
        s, lambda q: float(q.frame["y1"] @ q.frame["lot"]), "lot", cluster="v"
    )
    assert whole.notes == (
        "Randomisation inference: 'lot' made anew for 4 clusters by v, all 6 assignments; the null is no effect on anybody.",
        "No p-value below 0.167 is possible.",
    )
    drawn = me.randomisation_test(
        s, lambda q: float(q.frame["y1"] @ q.frame["d"]), "d", strata="g", draws=20
    )
    assert drawn.notes == (
        "Randomisation inference: 'd' made anew for 60 rows inside g, drawn 20 assignments; the null is no effect on anybody.",
    )
    calls = []

    def fails_once(q: me.Sample) -> float:
        calls.append(1)
        if len(calls) == 3:
            raise me.errors.EstimateError("no")
        return float(q.frame["y1"] @ q.frame["lot"])

    failed = me.randomisation_test(s, fails_once, "lot", cluster="v")
    assert failed.failed == 1
    assert failed.notes[2] == "1 assignments had no statistic and count as at least as large."
    assert np.isinf(failed.distribution).sum() == 1
    assert failed.p == pytest.approx(
        (np.abs(failed.distribution) >= abs(failed.observed) * (1 - 1e-10)).mean()
    )


def test_three_clusters_are_enough_for_a_test() -> None:
    assert me.minimum_detectable_effect(30, sd=1.0, cluster_size=10, icc=0.1).dof == 1


@pytest.mark.parametrize("name", ["aggregate", "overall"])
def test_a_window_that_is_no_number_is_named(name: str) -> None:
    g = me.att_gt(me.Sample.from_frame(long(), weights="w", psu="u"), "y", "g", "t", "u")
    verb = getattr(g, name)
    assert refusal(verb, "event", min_event="a", max_event="b", balance="c").split("\n") == [
        f"{name} cannot use an argument: argument '{a}'. Expected a number or None, got '{v}'."
        for a, v in (("min_event", "a"), ("max_event", "b"), ("balance", "c"))
    ]
