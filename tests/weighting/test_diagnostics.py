"""What each weight step did, computed again from the weights by hand; the sample at a glance; its
picture.
"""

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me

FRAME = pd.DataFrame(
    {
        "w": [1.0, 2, 3, 4, 0, 6],
        "psu": [1, 2, 3, 4, 5, 6],
        "sex": ["F", "F", "M", "M", "M", "F"],
        "x": [1.0, 2, 3, 4, 5, 6],
    }
)
TOTALS = {"sex": {"F": 12.0, "M": 10.0}}


def made() -> me.Sample:
    return me.calibrate(me.Sample.from_frame(FRAME, weights="w", psu="psu"), TOTALS)


def by_hand(w: np.ndarray) -> dict[str, float]:
    w = w[w > 0]
    deff = w.size * (w**2).sum() / w.sum() ** 2
    return {
        "n": w.size,
        "sum": w.sum(),
        "cv": w.std() / w.mean(),
        "ratio": w.max() / w.min(),
        "kish_deff": deff,
        "n_eff": w.size / deff,
        "largest_share": w.max() / w.sum(),
    }


def test_size_and_spread_after_every_step() -> None:
    table = me.weight_diagnostics(made())
    after = np.array([1, 2, 3, 4, 0, 6]) * np.array([12 / 9, 12 / 9, 10 / 7, 10 / 7, 0, 12 / 9])
    for row, w in zip(table.to_dict("records"), (FRAME["w"].to_numpy(), after), strict=True):
        for name, value in by_hand(w).items():
            assert row[name] == pytest.approx(value), name
    assert table["step"].tolist() == [0, 1]
    assert table["name"].tolist() == ["base weight", "linear calibration to sex"]
    assert list(table.columns) == "step name n sum cv ratio kish_deff n_eff largest_share".split()


def test_size_and_spread_by_group_and_in_a_domain() -> None:
    table = me.weight_diagnostics(made(), by="sex")
    assert table["sex"].tolist() == ["all", "F", "M"] * 2
    women = table[(table["step"] == 1) & (table["sex"] == "F")].iloc[0]
    assert women["sum"] == pytest.approx(12)
    assert women["ratio"] == pytest.approx(6)
    narrow = made().where(FRAME["x"] > 2)
    assert me.weight_diagnostics(narrow)["n"].tolist() == [3, 3]
    women = me.weight_diagnostics(made().where(FRAME["sex"] == "F"), by="sex")
    assert women["sex"].tolist() == ["all", "F"] * 2
    named = made().with_columns({"n": FRAME["sex"]})
    table = me.weight_diagnostics(named, by="n").drop(columns=["by_n"])
    pd.testing.assert_frame_equal(
        table, me.weight_diagnostics(made(), by="sex").drop(columns="sex")
    )


def test_rows_before_a_weight_share_are_not_split() -> None:
    homes = me.Sample.from_frame(
        pd.DataFrame({"hhid": [1, 2, 3], "w": [2.0, 3, 4], "psu": [1, 2, 3]}),
        weights="w",
        psu="psu",
    )
    shared = me.weight_share(
        homes, pd.DataFrame({"hhid": [1, 1, 3], "s_i": [1, 2, 1], "sex": ["F", "M", "F"]})
    )
    table = me.weight_diagnostics(shared, by="sex")
    assert table["sex"].tolist() == ["all", "all", "F", "M"]
    assert table["sum"].tolist() == pytest.approx([9, 2 + 1 + 4, 6, 1])


def test_kishs_effect_of_unequal_weights() -> None:
    assert me.kish_deff(np.array([1.0, 1, 1])) == pytest.approx(1)
    assert me.kish_deff(np.array([1.0, 3, 0])) == pytest.approx(2 * 10 / 16)
    assert np.isnan(me.kish_deff(np.zeros(2)))


def test_margins_before_and_after() -> None:
    table = me.margins_before_after(made())
    assert table.to_dict("list") == {
        "step": [1, 1],
        "margin": ["sex=F", "sex=M"],
        "rows": [3.0, 2.0],
        "before": [9.0, 7.0],
        "after": pytest.approx([12, 10]),
        "total": [12.0, 10.0],
        "unmet": pytest.approx([0, 0], abs=1e-9),
    }
    plain = me.margins_before_after(me.Sample.from_frame(FRAME, weights="w"))
    assert plain.empty
    assert list(plain.columns) == list(table.columns)
    joined = me.stack_samples([made(), made()])
    assert me.margins_before_after(joined)["total"].tolist() == [12.0, 10.0, 12.0, 10.0]


def test_provenance_lists_the_steps_with_the_range_of_their_factors() -> None:
    table = me.provenance(made())
    assert table["step"].tolist() == [0, 1]
    assert table["what"].tolist() == ["base weight", "linear calibration to sex"]
    assert table["lowest"].tolist() == pytest.approx([0, 4 / 3])
    assert table["highest"].tolist() == pytest.approx([6, 10 / 7])


def test_a_sample_at_a_glance() -> None:
    s = made()
    shown = s.summary()[""].to_dict()
    w = s.weights[s.weights > 0]
    kish = by_hand(w)["kish_deff"]
    assert shown == {
        "rows": "6",
        "rows in domain with weight": "5",
        "sum of weights": "22.0",
        "Kish design effect": f"{kish:.3f}",
        "effective n": f"{5 / kish:,.0f}",
        "degrees of freedom": "4",
        "variance level": s.design.level,
        "PSUs, strata": "6, 1",
        "weight steps": "linear calibration to sex",
    }
    assert repr(s).startswith("Sample\n")
    assert "Kish design effect" in repr(s)
    assert s._repr_html_().startswith("<p><strong>Sample</strong></p><table")
    alone = me.Sample.from_frame(FRAME, weights="w").where(FRAME["x"] > 99)
    assert alone.summary()[""]["effective n"] == "0"
    assert alone.summary()[""]["weight steps"] == "none"
