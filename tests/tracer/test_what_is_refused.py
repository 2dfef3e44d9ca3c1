"""What a tracer panel cannot answer is one clear error, and who does not count is said: waves
without an order, months that are none, text outcomes, states, spells and designs that change.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me
from mismes_eval import tracer
from mismes_eval.errors import EstimateError, InputError
from mismes_eval.tracer.months import month_number
from mismes_eval.tracer.panel import TracerPanel
from mismes_eval.weighting.sample import Sample


def made(persons: pd.DataFrame, waves: pd.DataFrame) -> TracerPanel:
    return TracerPanel.from_frame(
        waves,
        sample=Sample.from_frame(persons, weights="w", strata="stratum", psu="psu"),
        disposition="disp",
    )


@pytest.mark.parametrize(
    "asked",
    [
        lambda panel: tracer.balance(panel, ["arm"], 99),
        lambda panel: tracer.follow_up(panel, 99, "y", 0.5),
        lambda panel: me.transitions(panel, "y", waves=[0, 99]),
        lambda panel: panel.weight_sample(99),
    ],
)
def test_a_wave_that_is_not_there(
    panel: TracerPanel, asked: Callable[[TracerPanel], object]
) -> None:
    with pytest.raises(EstimateError, match="the panel has no such wave: 99"):
        asked(panel)


def test_waves_of_several_kinds_and_none(persons: pd.DataFrame, waves: pd.DataFrame) -> None:
    with pytest.raises(
        InputError, match=r"waves cannot be put in order: column 'wave'. .*several kinds: int, str"
    ):
        made(
            persons,
            waves.assign(wave=waves["wave"].astype(object).where(waves["wave"] > 0, "start")),
        )
    with pytest.raises(InputError, match="the panel has no waves"):
        made(persons, waves.head(0))


def test_a_design_that_changes_is_said(persons: pd.DataFrame, waves: pd.DataFrame) -> None:
    frame = waves.merge(persons[["person_id", "w", "psu"]], on="person_id")
    steady = TracerPanel.from_frame(frame, weights="w", psu="psu")
    drifting = TracerPanel.from_frame(
        frame.assign(w=frame["w"] * (1 + frame["wave"])), weights="w", psu="psu"
    )
    said = "Columns w change between a person's rows: those of the first row are the design."
    assert said in drifting.sample.notes and said not in steady.sample.notes
    np.testing.assert_allclose(drifting.sample.weights, steady.sample.weights)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda s: s.assign(state=["a", None, "b"]),
            r"a spell is not whole: column 'state'. .*1 row, first: 1",
        ),
        (lambda s: s.assign(person_id=[1, np.nan, 2]), "a spell is not whole: column 'person_id'"),
        (lambda s: s.assign(start_ym=None), "a spell is not whole: column 'start_ym'"),
        (lambda s: s.assign(start_ym="2021-13"), "a month cannot be read: column 'start_ym'"),
        (lambda s: s.assign(end_ym="202103"), "a month cannot be read: column 'end_ym'"),
        (lambda s: s.assign(end_ym="2020-01"), "a spell ends before it starts"),
        (lambda s: s.drop(columns="state"), "calendar needs a column: column 'state'"),
    ],
)
def test_spells_that_make_no_calendar(
    change: Callable[[pd.DataFrame], pd.DataFrame], words: str
) -> None:
    """A missing person would stand in the row of the last one, a thirteenth month in January."""
    spells = pd.DataFrame(
        {
            "person_id": [1, 1, 2],
            "start_ym": ["2021-01", "2021-03", "2021-02"],
            "end_ym": ["2021-02", None, "2021-02"],
            "state": ["a", "b", "a"],
        }
    )
    assert me.calendar(spells, "2021-01", "2021-03").iloc[0, 1:].tolist() == ["a", "a", "b"]
    with pytest.raises(InputError, match=words):
        me.calendar(change(spells), "2021-01", "2021-03")


def test_months_that_are_none() -> None:
    spells = pd.DataFrame(
        {"person_id": [1], "start_ym": ["2021-01"], "end_ym": ["2021-02"], "state": ["a"]}
    )
    with pytest.raises(InputError, match=r"column 'first and last'. .*got 2021-13"):
        me.calendar(spells, "2021-13", "2021-14")
    with pytest.raises(InputError, match=r"a month cannot be read. .*got 202110. 1 row"):
        month_number(pd.Series([202110]))
    assert month_number(pd.Series(["2021-10-31", None])).tolist()[0] == 2021 * 12 + 9


def test_episodes_of_one_row_a_person() -> None:
    frame = pd.DataFrame({"person_id": [1, 2, 1], "m1": ["a", "a", "b"], "m2": ["b", "a", "b"]})
    with pytest.raises(
        InputError, match=r"a person has two rows: column 'person_id'. .*2 rows, first: 1"
    ):
        me.episodes(frame, ["m1", "m2"])
    assert me.episodes(frame.head(2), "m1")["state"].tolist() == ["a", "a"]


def test_transitions_say_who_counts(panel: TracerPanel) -> None:
    told = panel.long.assign(
        state=np.where(panel.long["y"].isna(), None, np.where(panel.long["y"] > 0, "job", "none"))
    )
    lacking = told.assign(
        state=told["state"].where(
            (told["wave"] != 1) | ~told["person_id"].isin(["p0001", "p0002", "p0003"]), None
        )
    )
    p = TracerPanel.from_frame(lacking, sample=panel.sample, disposition="disp")
    both = panel.responded[:, :2].all(axis=1)
    silent = int(both[1:4].sum())
    e = me.transitions(p, "state", waves=[0, 1])
    assert (
        f"Waves 0 to 1: {int(both.sum()) - silent:,} persons; answered wave 1 ({int(both.sum()):,} of 360, no adjustment for those lost); {silent} who answered both lack a state and do not count."
        in e.notes
    )
    assert any(
        "attrition at wave 1 (stabilised, logit on x" in n
        for n in me.transitions(me.attrition_weights(p, ["x"]), "state").notes
    )
    with pytest.raises(EstimateError, match="transitions need two waves: argument 'waves'"):
        me.transitions(p, "state", waves=[0])
    with pytest.raises(EstimateError, match="the states are too many for a table"):
        me.transitions(p, "y")


def test_attrition_tests_of_what_cannot_be_tested(panel: TracerPanel) -> None:
    known = panel.with_columns({"before": np.arange(360) % 7})
    for outcome in ("disp", "sex"):
        with pytest.raises(
            EstimateError, match=f"attrition_tests needs numbers: column '{outcome}'"
        ):
            me.attrition_tests(known, outcome, ["x"])
    for covariates in ([], ["arm"]):
        with pytest.raises(EstimateError, match="attrition_tests needs covariates"):
            me.attrition_tests(known, "before", covariates, by="arm")
    dead = "5 persons known to have died by wave 3 are neither stayers nor lost."
    assert dead in me.attrition_tests(known, "before", ["x"], wave=3).rates.notes
    assert dead not in me.attrition_tests(known, "before", ["x"], wave=2).rates.notes


def test_the_interval_of_a_median_has_no_end_it_did_not_reach() -> None:
    """Censored at 7 soon after the median: the curve never falls two of its errors below one half."""
    rng = np.random.default_rng(0)
    length = np.ceil(rng.exponential(9, 300))
    f = pd.DataFrame(
        {
            "length": np.minimum(length, 7),
            "event": (length <= 7).astype(int),
            "w": rng.uniform(1, 3, 300),
        }
    )
    s = Sample.from_frame(f, weights="w")
    reached = me.survival(s, "length", "event", times=[7]).value[0]
    e = me.duration_quantile(s, "length", "event", prob=1 - reached - 0.01)[""]
    assert isinstance(e, me.Estimate)
    assert e.ci()["high"].iloc[0] == np.inf == e.extra["high"]
    assert any("the upper end is open" in n for n in e.notes)
    curve = me.survival(s, "length", "event")
    for level in (0.5, 0.95):
        share = 0.75
        q = me.duration_quantile(s, "length", "event", prob=1 - share)[""]
        assert isinstance(q, me.Estimate)
        at = int(np.flatnonzero(curve.value <= share)[0])
        half = curve.se[at] * {0.5: 0.6752, 0.95: 1.968}[level]
        by_hand = [
            curve.keys["time"][np.flatnonzero(curve.value <= share + sign * half)[0]]
            for sign in (1, -1)
        ]
        assert q.ci(level).to_numpy()[0].tolist() == by_hand


@pytest.mark.identity
@pytest.mark.parametrize("kind", ["survival", "incidence"])
@pytest.mark.parametrize("replicated", [False, True])
def test_curves_of_groups_have_their_own_times(kind: str, replicated: bool) -> None:
    """One arm is followed for longer: each curve is that of the arm alone, up to its own last
    event.
    """
    rng = np.random.default_rng(2)
    f = pd.DataFrame(
        {"arm": np.arange(200) % 2, "w": rng.uniform(1, 3, 200), "psu": np.arange(200) // 8}
    )
    f = f.assign(
        length=np.ceil(rng.exponential(4 + 8 * f["arm"])), event=(rng.random(200) < 0.8).astype(int)
    )
    f = f.assign(cause=np.where(f["event"] == 1, rng.choice(["a", "b"], 200), None))
    s = Sample.from_frame(f, weights="w", psu="psu")
    s = me.replicates(s, method="jackknife") if replicated else s

    def curve(sample: Sample, **words: object) -> me.Estimate:
        return (
            me.survival(sample, "length", "event", **words)
            if kind == "survival"
            else me.cumulative_incidence(sample, "length", "cause", "a", **words)
        )  # type: ignore[arg-type]

    both = curve(s, by="arm")
    for arm in (0, 1):
        alone, rows = curve(s.where(f["arm"] == arm)), (both.keys["arm"] == arm).to_numpy()
        assert both.keys.loc[rows, "time"].tolist() == alone.keys["time"].tolist()
        assert both.keys.loc[rows, "at_risk"].tolist() == alone.keys["at_risk"].tolist()
        np.testing.assert_allclose(
            [*both.value[rows], *both.se[rows]], [*alone.value, *alone.se], rtol=1e-10, atol=1e-14
        )
    assert both.keys.groupby("arm")["time"].max().nunique() == 2
    silent = curve(
        s.with_columns({"event": f["event"] * f["arm"], "cause": f["cause"].where(f["arm"] == 1)}),
        by="arm",
    )
    assert silent.value[0] == (1.0 if kind == "survival" else 0.0)
    assert silent.keys["time"].iloc[0] == f.loc[f["arm"] == 0, "length"].max()
    with pytest.raises(EstimateError, match="is asked for after the last observation: time 1000"):
        curve(s, by="arm", times=[1000])


@pytest.mark.parametrize("other", ["{} ", "{}\u200b", None])
def test_a_person_in_two_spellings_is_refused(other: str | None) -> None:
    """Nobody would be seen before and after."""
    ids = [1, 2, 1 if other is None else other.format(1), 2 if other is None else other.format(2)]
    unit = pd.Series([str(ids[0]), str(ids[1]), *ids[2:]], dtype=object)
    frame = pd.DataFrame({"person_id": unit, "wave": [0, 0, 1, 1], "y": 1.0})
    with pytest.raises(InputError, match=r"one code in two spellings: column 'person_id'"):
        me.TracerPanel.from_frame(frame)
    with pytest.raises(InputError, match=r"cells with several values"):
        me.TracerPanel.from_frame(frame.assign(person_id=[[1], [2], [1], [2]]))
