"""A refusal counts every bad row and names the first five; lists of columns, strata and categories
are cut where they would run over, and rows without weight are never blamed.
"""

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me

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


def of(**columns: object) -> me.Sample:
    return me.Sample.from_frame(frame(**columns), weights="w")


def holed(value: object, bad: object = None) -> pd.Series:
    return pd.Series(np.full(N, value, dtype=object)).where(~BAD, bad)  # type: ignore[arg-type]


def test_rows_without_weight_are_not_blamed() -> None:
    w = np.where(BAD, 0.0, 1.0)
    assert me.nonresponse(
        of(w=w, r=np.where(BAD, np.nan, np.arange(N) % 4 > 0), g=holed("x", None)),
        "r",
        "g",
        method="cells",
    ).weights.sum() == pytest.approx(16)
    assert me.calibrate(
        of(w=w, s=holed("x"), t=holed(2.0).astype(float)), {"s": {"x": 32.0}, "t": 64.0}
    ).weights.sum() == pytest.approx(32)
    combined = me.combine_frames(
        [of(w=w, on=holed(True)), of(on=True)], ["on", "on"], "hartley", 0.5
    )
    assert combined.weights.sum() == pytest.approx(0.5 * 16 + 0.5 * 36)
    assert me.two_phase(
        of(w=w, on=holed(True), p=np.where(BAD, np.nan, 0.5), g=holed("x")), "on", "p", "g"
    ).weights.sum() == pytest.approx(16)
    everyone = me.nonresponse(of(w=w, e=True), "r", "g", method="cells", eligible="e")
    assert (everyone.weights[BAD] == 0).all() and everyone.weights.sum() == pytest.approx(16)


def test_long_lists_are_cut() -> None:
    wide = frame(**{f"c{j:02d}": 1 for j in range(60)})
    with pytest.raises(
        me.DesignError, match=r"The frame has: w, i, .*, c42 and 17 more\.$"
    ):  # seven columns, then c00 to c42
        me.Sample.from_frame(wide, weights="weight")
    strata = ", ".join(map(str, range(24)))
    with pytest.raises(me.DesignError, match=rf"got {strata}\. 24 rows"):
        me.Sample.from_frame(frame(), weights="w", strata="i", psu="i", lonely_psu="error")
    lonely = me.Sample.from_frame(frame(), weights="w", strata="i", psu="i")
    assert lonely.design.notes[-1].endswith(f"rule 'adjust': {strata}.")
    with pytest.raises(me.CalibrationError) as many:
        me.calibrate(of(), {"i": {99: 1.0}})
    assert [
        p.got for p in many.value.problems if p.what == "a category of the sample has no total"
    ] == [str(j) for j in range(24)]
    with pytest.raises(me.DesignError) as cells:
        me.nonresponse(of(r=np.arange(N) >= 20), "r", "i", method="cells")
    expected = (", ".join(f"i={k}" for k in range(20)), "20 empty")
    assert (cells.value.problems[0].where, cells.value.problems[0].got) == expected
    pair = pd.DataFrame({"w": 1.0, "s": np.repeat([1, 2], 8), "p": np.tile(np.arange(8), 2)})
    with pytest.raises(me.DesignError, match=r"8 codes that repeat: 0, 1, 2, 3, 4, 5, 6, 7[.]"):
        me.Sample.from_frame(pair, weights="w", strata="s", psu="p")
