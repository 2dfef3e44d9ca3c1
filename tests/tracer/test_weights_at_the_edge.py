"""Attrition, refreshment and tracing where little is known: own definition of an answer, lags that
are missing, models that cannot be fitted, nobody found.
"""

import numpy as np
import pandas as pd
import pytest

from mismes_eval.errors import DesignError
from mismes_eval.tracer import TracerPanel, attrition_weights, follow_up
from mismes_eval.tracer.attrition import weight_history
from mismes_eval.weighting.sample import Sample


def persons(n: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "person_id": np.arange(n),
            "w": rng.uniform(1, 3, n),
            "x": rng.normal(size=n),
            "g": np.where(np.arange(n) % 3 == 0, "a", "b"),
            "fresh": False,
        }
    )


def waves(p: pd.DataFrame, **columns: object) -> pd.DataFrame:
    """Two waves; the second reached five of six; y at both."""
    n = len(p)
    first = p[["person_id"]].assign(wave=0, disp="1.1", y=np.arange(n) * 1.0)
    second = p[["person_id"]].assign(
        wave=1,
        disp=np.where(np.arange(n) % 6 == 0, "2.1", "1.1"),
        y=np.where(np.arange(n) % 6 == 0, np.nan, np.arange(n) + 1.0),
    )
    return pd.concat([first, second], ignore_index=True).assign(**columns)


def panel(
    p: pd.DataFrame | None = None, w: pd.DataFrame | None = None, **words: object
) -> TracerPanel:
    p = persons() if p is None else p
    return TracerPanel.from_frame(
        waves(p) if w is None else w,
        sample=Sample.from_frame(p, weights="w"),
        disposition="disp",
        **words,
    )  # type: ignore[arg-type]


def test_an_answer_may_be_what_a_column_says() -> None:
    p = persons()
    told = np.tile(np.arange(len(p)) % 4 > 0, 2)
    s = attrition_weights(
        panel(p, waves(p, useful=told)), "g", method="cells", stabilised=False, answered="useful"
    ).weight_sample(1)
    for g in ("a", "b"):
        here, kept = p["g"] == g, (p["g"] == g) & (np.arange(len(p)) % 4 > 0)
        factor = p.loc[here, "w"].sum() / p.loc[kept, "w"].sum()
        np.testing.assert_allclose(s.weights[kept], factor * p.loc[kept, "w"])
    assert (s.weights[np.arange(len(p)) % 4 == 0] == 0).all()


def test_lagged_covariates_enter_by_the_wave_they_come_from_and_must_be_there() -> None:
    p = persons()
    w = waves(p)
    third = w[w["wave"] == 1].assign(
        wave=2, disp=np.where(np.arange(len(p)) % 5 == 0, "2.1", "1.1")
    )
    made = attrition_weights(
        panel(p, pd.concat([w, third], ignore_index=True)), "x", lagged="y"
    ).weight_sample((1, 2))
    assert [s.name.split(";")[0] for s in made.design.steps] == [
        "attrition at wave 1 (stabilised, logit on x",
        "attrition at wave 2 (stabilised, logit on x, y@1",
    ]
    holes = pd.concat(
        [w.assign(y=w["y"].where((w["wave"] == 0) | (w["person_id"] != 7))), third],
        ignore_index=True,
    )
    with pytest.raises(
        DesignError,
        match=r"^a lagged covariate is missing among those who answered: column 'y@1'\. Expected a value, got missing\. 1 row, first: 7\. Leave it out",
    ):
        attrition_weights(panel(p, holes), "x", lagged="y").weight_sample((1, 2))


def test_the_history_of_the_weights_is_written_out() -> None:
    table = weight_history(attrition_weights(panel(), "g", method="cells", stabilised=False), 1)
    p = persons()
    assert table["step"].tolist()[0] == "at enrolment"
    assert table["n"].tolist() == [120, 100]
    np.testing.assert_allclose(table["sum"], p["w"].sum())
    w = p["w"]
    assert table["kish_deff"].iloc[0] == pytest.approx(120 * (w**2).sum() / w.sum() ** 2)
    np.testing.assert_allclose(table["n_effective"], table["n"] / table["kish_deff"])
    kept = np.arange(120) % 6 > 0
    factors = [w[p["g"] == g].sum() / w[(p["g"] == g) & kept].sum() for g in ("a", "b")]
    assert table[["factor_min", "factor_max"]].iloc[1].tolist() == pytest.approx(sorted(factors))
    assert table[["factor_min", "factor_max"]].iloc[0].tolist() == [1, 1]


def test_the_dead_leave_before_the_lost_are_traced() -> None:
    p = persons()
    w = waves(p)
    lost = (w["wave"] == 1) & (w["disp"] == "2.1")
    drawn = lost & (w["person_id"] % 12 == 0)
    w = w.assign(
        traced=drawn,
        disp=np.where(drawn, "1.1", np.where(lost & (w["person_id"] == 6), "2.31", w["disp"])),
        y=w["y"].fillna(5.0),
    )
    s = follow_up(panel(p, w), 1, "traced", 0.5).weight_sample(1)
    assert s.design.steps[0].name == "known dead by wave 1 leave the population (1)"
    assert s.design.steps[1].name == "intensive tracing of 10 of 19 lost at wave 1"
    first = np.arange(120) % 6 > 0
    np.testing.assert_allclose(s.weights[first], p.loc[first, "w"])
    np.testing.assert_allclose(
        s.weights[np.arange(120) % 12 == 0], 2 * p.loc[np.arange(120) % 12 == 0, "w"]
    )
    assert s.weights[6] == 0
