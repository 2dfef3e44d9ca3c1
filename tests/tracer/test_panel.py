"""The panel's shapes: long to wide and back without loss, keys refused by name, values in the order
of the persons.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mismes_eval.errors import DesignError, EstimateError, InputError
from mismes_eval.tracer import TracerPanel, attrition_weights, from_wide
from mismes_eval.weighting.sample import Sample


@pytest.mark.identity
def test_long_to_wide_and_back_loses_nothing(panel: TracerPanel, waves: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(from_wide(panel.to_wide()), waves)
    holes = waves.drop(index=range(0, 900, 7)).reset_index(drop=True)
    p = TracerPanel.from_frame(holes, sample=panel.sample, disposition="disp")
    wide = p.to_wide("__")
    assert len(wide) == panel.n
    pd.testing.assert_frame_equal(from_wide(wide, separator="__"), holes)
    pd.testing.assert_frame_equal(p.to_long(), holes)


@pytest.mark.whole
@pytest.mark.property
@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), min_size=1, max_size=30, unique=True),
    st.randoms(use_true_random=False),
)
def test_any_set_of_rows_survives_the_round_trip(
    keys: list[tuple[int, int]], random: object
) -> None:
    n = len(keys)
    rng = np.random.default_rng(n)
    frame = pd.DataFrame(keys, columns=["person_id", "wave"])
    frame = frame.assign(
        number=rng.normal(size=n),
        whole=rng.integers(0, 5, n),
        flag=rng.random(n) < 0.5,
        text=rng.choice(["a", "b"], n),
        day=pd.Timestamp("2021-01-01"),
    )
    frame.loc[rng.random(n) < 0.3, "number"] = np.nan
    frame.loc[rng.random(n) < 0.3, "text"] = None
    back = from_wide(TracerPanel.from_frame(frame).to_wide())
    pd.testing.assert_frame_equal(back, frame)


def test_a_wide_file_from_elsewhere(panel: TracerPanel) -> None:
    wide = pd.DataFrame(
        {"person_id": ["a", "b"], "sex": ["f", "m"], "job@0": [1.0, 0.0], "job@1": [np.nan, 1.0]}
    )
    long = from_wide(wide)
    assert long[["person_id", "wave"]].to_numpy().tolist() == [["a", 0], ["b", 0], ["b", 1]]
    assert long["sex"].tolist() == ["f", "m", "m"]
    with pytest.raises(InputError, match="no column belongs to a wave"):
        from_wide(wide[["person_id", "sex"]])


def test_duplicate_keys_are_refused_with_the_ids(waves: pd.DataFrame) -> None:
    twice = pd.concat(
        [waves, waves[waves["person_id"].isin(["p0003", "p0009"]) & (waves["wave"] == 1)]],
        ignore_index=True,
    )
    with pytest.raises(InputError, match="a column name stands more than once: wave"):
        TracerPanel.from_frame(pd.concat([waves, waves[["wave"]]], axis=1))
    bad = twice.assign(disp=twice["disp"].where(twice.index != 5, "9.9"))
    with pytest.raises(InputError) as error:
        TracerPanel.from_frame(bad, disposition="disp")
    text = str(error.value)
    assert "p0003" in text
    assert "p0009" in text
    assert "4 rows" in text
    assert "9.9" in text


def test_persons_of_the_waves_must_be_in_the_sample(
    persons: pd.DataFrame, waves: pd.DataFrame
) -> None:
    with pytest.raises(InputError, match="persons that the sample lacks"):
        TracerPanel.from_frame(waves, sample=Sample.from_frame(persons.iloc[1:], weights="w"))


def test_values_follow_the_order_of_the_persons(
    panel: TracerPanel, persons: pd.DataFrame, waves: pd.DataFrame
) -> None:
    expected = (
        waves[waves["wave"] == 2]
        .set_index("person_id")["y"]
        .reindex(persons["person_id"])
        .to_numpy()
    )
    np.testing.assert_array_equal(panel.values("y", 2), expected)
    assert panel.values("disp", 0).tolist() == ["1.1"] * panel.n
    np.testing.assert_array_equal(panel.values("x", 1), persons["x"])
    with pytest.raises(EstimateError, match="no such wave"):
        panel.values("y", 9)
    with pytest.raises(EstimateError, match="no such column"):
        panel.values("z", 1)


def test_without_a_sample_each_first_row_is_a_person(waves: pd.DataFrame) -> None:
    late = waves[~((waves["person_id"] == "p0001") & (waves["wave"] == 0))]
    p = TracerPanel.from_frame(late, disposition="disp")
    assert p.n == 360
    assert p.sample.frame.loc[p.sample.frame["person_id"] == "p0001", "wave"].item() == 1
    assert any("every person counts 1" in note for note in p.sample.notes)


def test_hand_made_weights_must_belong_to_the_panel(panel: TracerPanel) -> None:
    with pytest.raises(InputError, match="carry weight"):
        panel.with_weights(3, panel.sample)
    with pytest.raises(InputError, match="other persons"):
        panel.with_weights(
            3, Sample.from_frame(panel.sample.frame.iloc[::-1].reset_index(drop=True), weights="w")
        )
    s = panel.weight_sample(3)
    assert panel.with_weights(3, s).weight_sample(3) is s


@pytest.mark.identity
def test_a_saved_panel_gives_the_same_estimates(panel: TracerPanel, tmp_path: Path) -> None:
    """Also where weights were made before the domain was narrowed, which are not made again."""
    weighted = attrition_weights(panel, ["x", "sex"])
    weighted.weight_sample([0, 2])
    narrow = weighted.where(panel.sample.frame["sex"] == "f")
    for number, ours in enumerate((panel, weighted, narrow)):
        theirs = TracerPanel.load(ours.save(tmp_path / f"{number}.panel"))
        assert theirs.waves == ours.waves
        assert theirs.adjustment == ours.adjustment
        for verb in (
            lambda p: p.weight_sample([0, 2]).mean("x"),
            lambda p: p.tracing_rate(by="sex"),
            lambda p: p.transitions("job"),
        ):
            assert np.array_equal(verb(ours).value, verb(theirs).value)
            assert np.array_equal(verb(ours).se, verb(theirs).se)


def test_weights_that_end_in_a_function_are_not_saved(panel: TracerPanel, tmp_path: Path) -> None:
    weighted = attrition_weights(panel, ["x"], then=lambda sample: sample)
    with pytest.raises(DesignError, match="holds what a file cannot keep"):
        weighted.save(tmp_path / "p")
    assert not list(tmp_path.iterdir())
