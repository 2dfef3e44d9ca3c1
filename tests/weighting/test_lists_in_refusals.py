"""A refusal counts every bad row and names the first five; lists of columns, strata and categories
are cut where they would run over, and rows without weight are never blamed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from mismes_eval.errors import CalibrationError, DesignError, MismesError
from mismes_eval.weighting.calibrate import calibrate
from mismes_eval.weighting.frames import combine_frames
from mismes_eval.weighting.nonresponse import nonresponse
from mismes_eval.weighting.phases import two_phase, weight_share
from mismes_eval.weighting.pseudo import pseudo_weights
from mismes_eval.weighting.replicate_weights import ReplicateWeights
from mismes_eval.weighting.replication import replicate_weights
from mismes_eval.weighting.resampling import replicates
from mismes_eval.weighting.sample import Sample

N = 24
BAD = np.arange(N) % 3 == 1  # eight rows: 1, 4, ..., 22


def frame(**columns: object) -> pd.DataFrame:
    i = np.arange(N)
    return pd.DataFrame(
        {
            "w": 1.0 + i % 2,
            "i": i,
            "g": np.where(i % 2, "a", "b"),
            "r": (i % 4 > 0).astype(float),
            "on": i % 2 == 0,
            "p": 0.5,
            "f": 0.5,
        }
    ).assign(**columns)


def of(**columns: object) -> Sample:
    return Sample.from_frame(frame(**columns), weights="w")


def holed(value: object, bad: object = None) -> pd.Series:
    return pd.Series(np.full(N, value, dtype=object)).where(~BAD, bad)  # type: ignore[arg-type]


CASES: dict[str, Callable[[], object]] = {
    "weights missing": lambda: of(w=holed(1.0).astype(float)),
    "weights negative": lambda: of(w=np.where(BAD, -1.0, 1.0)),
    "weights infinite": lambda: of(w=np.where(BAD, np.inf, 1.0)),
    "weights in words": lambda: of(w=holed(1.0, "x")),
    "stratum missing": lambda: Sample.from_frame(frame(s=holed("x")), weights="w", strata="s"),
    "fpc of zero": lambda: Sample.from_frame(
        frame(f=np.where(BAD, 0.0, 0.5)), weights="w", fpc="f"
    ),
    "fpc in words": lambda: Sample.from_frame(frame(f=holed(0.5, "x")), weights="w", fpc="f"),
    "fpc that differs": lambda: Sample.from_frame(
        frame(f=np.where(BAD, 0.4, 0.5)), weights="w", fpc="f"
    ),
    "mask missing": lambda: of().where(holed(True)),
    "margin missing": lambda: calibrate(of(s=holed("x")), {"s": {"x": 9.0}}),
    "number missing": lambda: calibrate(of(s=holed(2.0).astype(float)), {"s": 9.0}),
    "response of two": lambda: nonresponse(of(r=np.where(BAD, 2.0, 1.0)), "r", "g"),
    "response missing": lambda: nonresponse(of(r=np.where(BAD, np.nan, 1.0)), "r", "g"),
    "response covariate missing": lambda: nonresponse(of(g=holed("x")), "r", "g"),
    "membership missing": lambda: combine_frames(
        [of(on=holed(True)), of()], ["on", "on"], "hartley"
    ),
    "probability above one": lambda: combine_frames(
        [of(), of(p=np.where(BAD, 1.5, 0.5))], ["p", "p"]
    ),
    "selection probability zero": lambda: two_phase(
        of(on=True, p=np.where(BAD, 0.0, 0.5)), "on", "p"
    ),
    "class missing": lambda: two_phase(of(g=holed("x")), "on", "p", "g"),
    "report of a stranger": lambda: weight_share(of(), frame(i=np.where(BAD, 99, 1), s_i=1), "i"),
    "multiplicity of a half": lambda: weight_share(of(), frame(s_i=np.where(BAD, 0.5, 1.0)), "i"),
    "replicates beside zero": lambda: Sample.from_frame(
        frame(w=np.where(BAD, 0.0, 1.0), a=1.0, b=1.0),
        weights="w",
        replicates=ReplicateWeights(["a", "b"], "brr"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_every_bad_row_is_counted_and_five_are_named(name: str) -> None:
    with pytest.raises(MismesError) as caught:
        CASES[name]()
    found = [p for p in caught.value.problems if p.count]
    assert [(p.count, p.rows) for p in found] == [(8, (1, 4, 7, 10, 13))]


def test_rows_that_repeat_a_key_are_counted_all() -> None:
    with pytest.raises(DesignError) as caught:
        Sample.from_frame(frame(i=np.where(BAD, 1, np.arange(N))), weights="w", unit="i")
    assert [(p.count, p.rows) for p in caught.value.problems] == [(8, (1, 4, 7, 10, 13))]


def test_rows_without_weight_are_not_blamed() -> None:
    w = np.where(BAD, 0.0, 1.0)
    assert nonresponse(
        of(w=w, r=np.where(BAD, np.nan, np.arange(N) % 4 > 0), g=holed("x", None)),
        "r",
        "g",
        method="cells",
    ).weights.sum() == pytest.approx(16)
    assert calibrate(
        of(w=w, s=holed("x"), t=holed(2.0).astype(float)), {"s": {"x": 32.0}, "t": 64.0}
    ).weights.sum() == pytest.approx(32)
    combined = combine_frames([of(w=w, on=holed(True)), of(on=True)], ["on", "on"], "hartley", 0.5)
    assert combined.weights.sum() == pytest.approx(0.5 * 16 + 0.5 * 36)
    assert two_phase(
        of(w=w, on=holed(True), p=np.where(BAD, np.nan, 0.5), g=holed("x")), "on", "p", "g"
    ).weights.sum() == pytest.approx(16)
    everyone = nonresponse(of(w=w, e=True), "r", "g", method="cells", eligible="e")
    assert (everyone.weights[BAD] == 0).all() and everyone.weights.sum() == pytest.approx(16)


def test_a_covariate_of_volunteers_or_of_the_reference_that_is_missing_is_counted() -> None:
    for volunteers, reference, where in (
        (frame(g=holed("x")), of(), "frame"),
        (frame(), of(g=holed("x")), "reference"),
    ):
        with pytest.raises(DesignError) as caught:
            pseudo_weights(volunteers, reference, ["g"])
        assert [(p.where, p.count, p.fix) for p in caught.value.problems] == [
            (f"{where}, column 'g'", 8, "Make missing a category.")
        ]
    with pytest.raises(DesignError) as caught:
        pseudo_weights(frame(), of(), ["h"])
    assert [p.where for p in caught.value.problems] == [
        "frame, column 'h'",
        "reference, column 'h'",
    ]


def test_long_lists_are_cut() -> None:
    wide = frame(**{f"c{j:02d}": 1 for j in range(40)})
    with pytest.raises(
        DesignError, match=r"The frame has: w, i, .*, c22\.$"
    ):  # seven columns, then c00 to c22
        Sample.from_frame(wide, weights="weight")
    with pytest.raises(DesignError, match=r"got 0, 1, 2, 3, 4, 5, 6, 7, 8, 9\. 24 rows"):
        Sample.from_frame(frame(), weights="w", strata="i", psu="i", lonely_psu="error")
    lonely = Sample.from_frame(frame(), weights="w", strata="i", psu="i")
    assert lonely.design.notes[-1].endswith("rule 'adjust': 0, 1, 2, 3, 4, 5, 6, 7, 8, 9.")
    with pytest.raises(DesignError) as caught:
        replicates(lonely, "jackknife")
    assert (caught.value.problems[0].got, caught.value.problems[0].count) == (
        "0, 1, 2, 3, 4, 5, 6, 7, 8, 9",
        24,
    )
    with pytest.raises(CalibrationError) as many:
        calibrate(of(), {"i": {99: 1.0}})
    assert [
        p.got for p in many.value.problems if p.what == "a category of the sample has no total"
    ] == [str(j) for j in range(20)]
    with pytest.raises(DesignError) as cells:
        nonresponse(of(r=np.arange(N) >= 20), "r", "i", method="cells")
    assert (cells.value.problems[0].where, cells.value.problems[0].got) == (
        "i=0; i=1; i=2; i=3; i=4",
        "20 empty",
    )
    pair = pd.DataFrame({"w": 1.0, "s": np.repeat([1, 2], 8), "p": np.tile(np.arange(8), 2)})
    with pytest.raises(DesignError, match=r"8 codes that repeat, first: 0, 1, 2, 3, 4[.]"):
        Sample.from_frame(pair, weights="w", strata="s", psu="p")


def test_a_step_that_fails_in_a_replicate_says_which_and_why() -> None:
    s = calibrate(
        Sample.from_frame(frame(rare=np.where(np.arange(N) == 3, "yes", "no")), weights="w"),
        {"rare": {"yes": 3.0, "no": 36.0}},
        method="raking",
    )
    with pytest.raises(DesignError) as caught:
        list(replicate_weights(replicates(s, "jackknife").design))
    p = caught.value.problems[0]
    assert (
        p.where == "replicate 4 of 24, step 'raking to rare'"
        and p.expected == "categories with respondents in every replicate"
    )
    assert (
        p.got.startswith("raking to rare: margin 'rare=yes' cannot be met")
        and p.fix == "Merge small categories, or use the linearised design."
    )
