"""What no comparison of before and after can be made of is one clear error, and who is left out is
said: names, waves, periods, text, infinities, dates, negative weights, empty replicates.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval.errors import IdentificationError, MismesError

METHODS = ("dr", "dr_improved", "ipw", "ipw_ht", "or")


def people(n: int = 120, periods: int = 2, seed: int = 3) -> tuple[pd.DataFrame, pd.DataFrame]:
    """SYNTHETIC persons, and their rows in periods 1, 2, ...; the treated start in period 2."""
    rng = np.random.default_rng(seed)
    u = pd.DataFrame(
        {
            "id": np.arange(n),
            "x": rng.normal(size=n),
            "kind": rng.choice(["a", "b", "c"], n),
            "w": rng.uniform(1, 4, n),
            "psu": np.arange(n) // 4,
        }
    )
    u = u.assign(st=u["psu"] % 3, d=(u["x"] + rng.normal(size=n) > 0).astype(int))
    u = u.assign(g=2 * u["d"])
    level = rng.normal(size=n)
    rows = [
        u.assign(t=t, y=level + 0.3 * t + (u["d"] == 1) * (t > 1) + rng.normal(scale=0.6, size=n))
        for t in range(1, periods + 1)
    ]
    return u, pd.concat(rows, ignore_index=True)


def wide(n: int = 120) -> pd.DataFrame:
    u, long = people(n)
    return u.assign(
        y0=long.loc[long["t"] == 1, "y"].to_numpy(), y1=long.loc[long["t"] == 2, "y"].to_numpy()
    )


def of(frame: pd.DataFrame, **words: object) -> me.Sample:
    return me.Sample.from_frame(frame, **({"weights": "w", "psu": "psu", "strata": "st"} | words))  # type: ignore[arg-type]


def tracer(long: pd.DataFrame) -> me.TracerPanel:
    return me.TracerPanel.from_frame(long, unit="id", wave="t", weights="w", psu="psu", strata="st")


def att(frame: pd.DataFrame, *covariates: str, method: str = "dr") -> me.Estimate:
    return me.att_2x2(of(frame), ("y0", "y1"), "d", covariates=covariates, method=method)  # type: ignore[arg-type]


@pytest.mark.identity
@pytest.mark.parametrize("method", METHODS)
def test_categories_that_do_not_occur_change_nothing(method: str) -> None:
    frame = wide()
    plain, spare = (
        att(frame, "kind", method=method),
        att(
            frame.assign(kind=pd.Categorical(frame["kind"], ["a", "b", "c", "d"])),
            "kind",
            method=method,
        ),
    )
    np.testing.assert_allclose([*plain.value, *plain.se], [*spare.value, *spare.se], rtol=1e-12)
    typed = of(frame.assign(kind=frame["kind"].astype("category")))
    narrowed = me.att_2x2(
        typed.where(frame["kind"] != "c"), ("y0", "y1"), "d", covariates=("kind",), method=method
    )  # type: ignore[arg-type]
    text = me.att_2x2(
        of(frame).where(frame["kind"] != "c"),
        ("y0", "y1"),
        "d",
        covariates=("kind",),
        method=method,
    )  # type: ignore[arg-type]
    np.testing.assert_allclose([*narrowed.value, *narrowed.se], [*text.value, *text.se], rtol=1e-12)


@pytest.mark.identity
def test_pairs_may_be_lists() -> None:
    long = people()[1]
    assert me.att_2x2(of(wide()), ["y0", "y1"], "d").value == att(wide()).value  # type: ignore[arg-type]
    panel = tracer(long)
    assert me.att_2x2(panel, "y", "d", [1, 2]).value == me.att_2x2(panel, "y", "d", (1, 2)).value  # type: ignore[arg-type]


def test_few_treated_are_said() -> None:
    """One treated PSU has no spread to show: the standard error holds only that of the others."""
    frame = wide().assign(d=lambda f: (f["psu"] == 5).astype(int))
    alone = att(frame)
    assert alone.refused.all() and alone.ci().isna().to_numpy().all()
    assert "fewer than 2 effective primary sampling units: ATT 1.0" in alone.cautions[0]
    assert not att(wide()).cautions
    one = frame.assign(d=(frame.index == 5).astype(int))
    person = me.att_2x2(me.Sample.from_frame(one, weights="w"), ("y0", "y1"), "d")
    assert "fewer than 2 effective persons: ATT 1.0" in person.cautions[0]
    long = people(periods=3)[1]
    few = of(
        long.assign(
            g=np.where(long["psu"] < 3, 2, 0), D=((long["psu"] < 3) & (long["t"] > 1)).astype(int)
        )
    )
    for e in (
        me.two_way(few, "y", "D", unit="id", time="t"),
        me.sun_abraham(few, "y", "g", "id", "t"),
        me.imputation(few, "y", "g", "id", "t"),
    ):
        assert e.doubtful and e.few.any() and (e.degf < 8).any() and len(e.cautions) == 1
    single = long.assign(g=long["g"].where(long["id"] != 7, 3))
    assert any(
        "fewer than 2 effective primary sampling units: ATT(3,2) 1.0" in n
        for n in me.att_gt(of(single), "y", "g", "t", "id").estimate.cautions
    )
    corner = wide().assign(e=lambda f: (f["psu"] > 3).astype(int), d=lambda f: f["psu"] % 2)
    assert me.triple_difference(of(corner), ("y0", "y1"), "d", "e").psus == pytest.approx(2.0)


@pytest.mark.parametrize(
    "verb",
    ["none", "or", "dr", "triple", "lee", "manski", "two_way", "imputation", "oaxaca", "survival"],
)
def test_a_replicate_without_the_treated(verb: str) -> None:
    """The jackknife leaves the only treated PSU out once: no number can be made of that replicate."""
    frame = wide().assign(
        d=lambda f: (f["psu"] == 5).astype(int),
        e=lambda f: f["id"] % 2,
        s=1,
        k=lambda f: f["id"] % 3 + 1,
    )
    long = people(periods=3)[1].assign(
        g=lambda f: np.where(f["psu"] == 5, 2, 0),
        D=lambda f: ((f["psu"] == 5) & (f["t"] > 1)).astype(int),
    )
    r, rl = (me.replicates(of(f), method="jackknife") for f in (frame, long))
    calls: dict[str, Callable[[], object]] = {
        **{
            m: (lambda m=m: me.att_2x2(r, ("y0", "y1"), "d", method=m))
            for m in ("none", "or", "dr")
        },
        "triple": lambda: me.triple_difference(r, ("y0", "y1"), "d", "e"),  # type: ignore[misc]
        "lee": lambda: me.lee_bounds(r, "y1", "d", "s"),
        "manski": lambda: me.manski_bounds(r, "y1", "d", "s", -20, 20),
        "two_way": lambda: me.two_way(rl, "y", "D", unit="id", time="t"),
        "imputation": lambda: me.imputation(rl, "y", "g", "id", "t"),
        "oaxaca": lambda: me.oaxaca_blinder(r, "y1", "d", ["x"]),
        "survival": lambda: me.survival(r, "k", "e", by="d", times=[2]),
    }
    with pytest.raises(MismesError, match="replicate"):
        calls[verb]()


@pytest.mark.identity
@pytest.mark.parametrize(
    "words", [{}, {"psu": None, "strata": None}, {"psu": None}, {"psu": "id", "strata": "st"}]
)
def test_a_narrowed_panel_keeps_its_design(words: dict[str, object]) -> None:
    """Two periods of a long panel are the wide sample: value, error and degrees of freedom, also in
    a domain and where units have gaps.
    """
    u, long = people()
    for mask, gaps in ((u["kind"] != "a", False), (u["id"] % 7 > 0, True), (u["st"] == 0, False)):
        a = me.att_2x2(of(wide(), **words).where(mask), ("y0", "y1"), "d")
        rows = np.tile(mask.to_numpy(), 2)
        made = (
            of(long.assign(y=long["y"].where(rows | (long["t"] == 1))), **words)
            if gaps
            else of(long, **words).where(rows)
        )
        b = me.att_gt(made, "y", "g", "t", "id").estimate
        assert b.value[0] == pytest.approx(a.value[0], rel=1e-12)
        assert b.se[0] == pytest.approx(a.se[0], rel=1e-12)
        assert b.degf == pytest.approx(a.degf, rel=1e-9)


def test_event_study_of_the_periods_before() -> None:
    frame = people(periods=4)[1].assign(g=lambda f: 3 * f["d"])
    g = me.att_gt(of(frame), "y", "g", "t", "id", base="universal")
    before = g.aggregate("event", max_event=-1)
    assert before.keys["event_time"].tolist() == [-2.0, -1.0]
    assert before.value[0] == g.estimate.value[0]


@pytest.mark.identity
def test_two_way_of_a_panel_by_cluster_and_for_never_treated() -> None:
    frame = people(periods=3)[1].assign(
        D=lambda f: ((f["d"] == 1) & (f["t"] > 1)).astype(int),
        region=lambda f: f["psu"] // 3,
        since=lambda f: np.where(f["d"] == 1, f["t"] - 2.0, np.inf),
    )
    panel, sample = tracer(frame), of(frame)
    a, b = (
        me.two_way(panel, "y", "D", cluster="region"),
        me.two_way(sample, "y", "D", cluster="region", unit="id", time="t"),
    )
    assert a.value[0] == pytest.approx(b.value[0], rel=1e-12)
    assert a.se[0] == pytest.approx(b.se[0], rel=1e-12)
    assert a.degf == pytest.approx(b.degf)
    assert a.degf < a.dof == b.dof == 9
    assert "Standard errors are clustered by 'region', 10 clusters; strata are not used." in a.notes
    a, b = (
        me.two_way(panel, "y", event_time="since"),
        me.two_way(sample, "y", event_time="since", unit="id", time="t"),
    )
    np.testing.assert_allclose([*a.value, *a.se], [*b.value, *b.se], rtol=1e-11)
    in_words = me.two_way(tracer(frame.assign(t=frame["t"].map("w{}".format))), "y", "D")
    assert in_words.value[0] == pytest.approx(me.two_way(panel, "y", "D").value[0], rel=1e-12)


@pytest.mark.identity
def test_a_panel_may_be_told_its_own_key() -> None:
    frame = people(periods=3)[1].assign(
        D=lambda f: ((f["d"] == 1) & (f["t"] > 1)).astype(int), e=lambda f: f["id"] % 2
    )
    panel, two = tracer(frame), tracer(frame[frame["t"] < 3])
    expected = me.att_gt(panel, "y", "g").estimate.value.tolist()
    assert me.att_gt(panel, "y", "g", "t", "id").estimate.value.tolist() == expected
    assert me.att_gt(panel, "y", "g", "t", unbalanced="pairs").estimate.p == 2
    assert (
        me.two_way(panel, "y", "D", unit="id", time="t").value == me.two_way(panel, "y", "D").value
    )
    for call in (
        lambda p, **t: me.att_2x2(p, "y", "d", **t),
        lambda p, **t: me.triple_difference(p, "y", "d", "e", **t),
    ):
        assert call(two).value[0] == call(two, time="t").value[0] == call(two, time=(1, 2)).value[0]


def test_an_outcome_known_once_has_no_change() -> None:
    """Known at enrolment only, it would be an effect of 0 with an error of 0."""
    frame = people(periods=3)[1].assign(D=lambda f: ((f["d"] == 1) & (f["t"] > 1)).astype(int), e=1)
    persons = frame[frame["t"] == 1].drop(columns=["t", "y", "D"]).rename(columns={"x": "height"})
    panel = me.TracerPanel.from_frame(
        frame[["id", "t", "y", "D"]], unit="id", wave="t", sample=of(persons)
    )
    calls = (
        lambda: me.att_2x2(panel, "height", "d", (1, 2)),
        lambda: me.att_gt(panel, "height", "g"),
        lambda: me.att_gt(panel, "height", "g", unbalanced="pairs"),
        lambda: me.triple_difference(panel, "height", "d", "e", (1, 2)),
        lambda: me.two_way(panel, "height", "D"),
        lambda: me.bacon(panel, "height", "g"),
    )
    for call in calls:
        with pytest.raises(
            IdentificationError,
            match="an outcome is known of persons once, not at each wave: column 'height'",
        ):
            call()


@pytest.mark.parametrize("method", METHODS)
def test_rounding_is_no_finding(method: str) -> None:
    """The same persons twice with a trait that does not change: what is left of effect and error is
    rounding, whose ratio had p below 0.001.
    """
    u = people()[0].assign(b=lambda f: f["x"] > 0.3)
    same = of(pd.concat([u.assign(t=t) for t in (1, 2)], ignore_index=True))
    for covariates in ((), ("b",), ("kind",)):
        e = me.att_2x2(same, "x", "d", "t", covariates, method)  # type: ignore[arg-type]
        assert e.value[0] == 0 and e.se[0] == 0 and np.isnan(e.pvalue[0])
    exact = me.att_2x2(
        of(u.assign(y0=0.1, y1=0.1 + 0.3 * u["d"])),
        ("y0", "y1"),
        "d",
        covariates=("b",),
        method=method,
    )  # type: ignore[arg-type]
    assert exact.value[0] == pytest.approx(0.3, abs=1e-12) and exact.se[0] == 0
