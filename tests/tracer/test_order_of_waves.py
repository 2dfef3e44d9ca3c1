"""The order of waves and rounds is stated by the values or by the caller: every spelling of the same
waves gives the same patterns, transitions, weights and links, and words without an order are
refused.
"""

import numpy as np
import pandas as pd
import pytest

from mismes_eval import lfs
from mismes_eval.errors import InputError
from mismes_eval.tracer import TracerPanel, attrition_weights, flow, transitions, wave_states
from mismes_eval.tracer.rates import cumulative_response

SPELLINGS = {
    "numbers": [1, 2, 10],
    "decimals": [0.5, 1.5, 10.0],
    "w": ["w1", "w2", "w10"],
    "wave": ["Wave 9", "Wave 10", "Wave 11"],
    "quarters": ["Q4 2019", "Q1 2020", "Q3 2020"],
    "months": ["Nov 2019", "Feb 2020", "Apr 2021"],
    "days": ["2019-12-30", "2020-01-15", "2020-10-01"],
    "dates": list(pd.to_datetime(["2019-12-30", "2020-01-15", "2020-10-01"])),
    "periods": list(pd.PeriodIndex(["2019Q4", "2020Q1", "2020Q3"], freq="Q")),
}
WORDS = ("baseline", "midline", "endline")


def long_frame(waves: list[object]) -> pd.DataFrame:
    """40 persons: all at home at first, every second abroad from the second wave on; every fifth
    misses the second wave, every fourth the last.
    """
    rows = []
    for i in range(40):
        for t, wave in enumerate(waves):
            missed = (t == 1 and i % 5 == 0) or (t == 2 and i % 4 == 0)
            if not missed:
                state = "abroad" if t and i % 2 else "home"
                rows.append((f"p{i}", wave, state, i % 3, t))
    frame = pd.DataFrame(rows, columns=["person_id", "wave", "state", "x", "t"])
    return frame.sample(frac=1, random_state=3).reset_index(drop=True)


def told(panel: TracerPanel) -> dict[str, object]:
    """What depends on the order of the waves."""
    moves = transitions(panel, "state", minimum=1)
    patterns = panel.patterns()
    weights = attrition_weights(panel, ["x"]).weight_sample()
    by_person = pd.Series(weights.weights, panel.sample.frame["person_id"]).sort_index()
    return {
        "patterns": dict(zip(patterns["pattern"], patterns["n"], strict=True)),
        "moves": dict(
            zip(
                zip(moves.keys["origin"], moves.keys["destination"], strict=True),
                moves.value.round(12),
                strict=True,
            )
        ),
        "weights": by_person.round(10).to_dict(),
        "response": cumulative_response(panel).value.round(12).tolist(),
        "flow": flow(panel)["n"].tolist(),
        "spells": len(wave_states(panel, "state")),
        "enrolled": sorted(panel.sample.frame["t"].value_counts().to_dict().items()),
    }


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_of_the_waves_gives_the_same(spelling: str) -> None:
    reference = told(TracerPanel.from_frame(long_frame([0, 1, 2])))
    panel = TracerPanel.from_frame(long_frame(list(SPELLINGS[spelling])))
    assert told(panel) == reference
    assert not reference["moves"].get(("abroad", "home"), 0)


def test_words_are_refused_until_their_order_is_stated() -> None:
    reference = told(TracerPanel.from_frame(long_frame([0, 1, 2])))
    frame = long_frame(list(WORDS))
    with pytest.raises(InputError) as refusal:
        TracerPanel.from_frame(frame)
    (problem,) = refusal.value.problems
    assert "wave" in problem.where and "waves=" in problem.fix
    assert told(TracerPanel.from_frame(frame, waves=WORDS)) == reference
    ordered = pd.Categorical(frame["wave"], categories=WORDS, ordered=True)
    assert told(TracerPanel.from_frame(frame.assign(wave=ordered))) == reference
    with pytest.raises(InputError, match="not in the stated order"):
        TracerPanel.from_frame(frame, waves=WORDS[:2])


@pytest.mark.parametrize("kind", ["int8", "uint8", "Int64", "float32", "int64[pyarrow]", "object"])
def test_waves_and_answers_of_every_type_are_what_floats_are(kind: str) -> None:
    base = long_frame([0, 1, 2]).assign(employed=lambda f: (f["state"] == "home").astype(float))
    reference = TracerPanel.from_frame(base)
    kinds = {"wave": kind, "employed": kind, "x": "float64" if kind == "object" else kind}
    other = TracerPanel.from_frame(base.astype(kinds))
    assert told(other) == told(reference)
    for wave in (0, 1, 2):
        np.testing.assert_array_equal(
            other.values("employed", wave), reference.values("employed", wave)
        )


def test_yes_and_no_as_objects_with_gaps_are_numbers() -> None:
    answers = [True, None, False, True]
    frame = pd.DataFrame({"person_id": range(4), "wave": 0, "works": answers, "never": None})
    panel = TracerPanel.from_frame(frame)
    np.testing.assert_array_equal(panel.values("works", 0), [1.0, np.nan, 0.0, 1.0])
    assert np.isnan(panel.values("never", 0)).all()


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_links_over_rounds_hold_whatever_their_spelling(spelling: str) -> None:
    """Ages that rise by one a year from the first round to the last: every link is good."""
    rounds = list(SPELLINGS[spelling])
    rows = [(i, r, i % 2, 30 + i + t) for i in range(20) for t, r in enumerate(rounds)]
    frame = pd.DataFrame(rows, columns=["pid", "wave", "male", "age"])
    found = lfs.link_check(frame, "pid")
    assert found.keep.all() and found.share_dropped == 0.0


def test_links_over_rounds_without_an_order_are_refused() -> None:
    rows = [(i, r, 1, 30 + t) for i in range(5) for t, r in enumerate(WORDS)]
    frame = pd.DataFrame(rows, columns=["pid", "wave", "male", "age"])
    with pytest.raises(InputError, match="rounds="):
        lfs.link_check(frame, "pid")
    assert lfs.link_check(frame, "pid", rounds=WORDS).keep.all()
