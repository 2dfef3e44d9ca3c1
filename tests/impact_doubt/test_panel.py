"""The tests of doubt take a tracer panel and a whole chain of weights as they take a sample."""

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me


def panel(seed: int = 1, n: int = 400) -> me.TracerPanel:
    rng = np.random.default_rng(seed)
    psu = np.arange(n) // 10
    persons = pd.DataFrame(
        {
            "person_id": np.arange(n),
            "x": rng.normal(size=n),
            "sex": rng.choice(["f", "m"], n),
            "w": rng.uniform(1, 3, n),
            "psu": psu,
            "region": psu % 8,
        }
    )
    persons["d"] = (persons["region"] % 2).astype(int)
    base = persons["x"] + rng.normal(size=n)
    waves = []
    for wave in (0, 1):
        answered = (rng.random(n) < 1 / (1 + np.exp(-(1.5 + 0.7 * persons["x"])))) | (wave == 0)
        y = base + wave * (0.3 + 0.4 * persons["d"]) + rng.normal(size=n)
        waves.append(
            pd.DataFrame({"person_id": persons["person_id"], "wave": wave, "y": y})[answered]
        )
    sample = me.Sample.from_frame(persons, weights="w", psu="psu")
    return me.attrition_weights(
        me.TracerPanel.from_frame(pd.concat(waves, ignore_index=True), sample=sample), ["x", "sex"]
    )


def att(p: me.TracerPanel) -> me.Estimate:
    return me.att_2x2(p, "y", "d", time=(0, 1), covariates=("x",))


def test_groups_and_leave_one_out_of_a_panel():
    p = panel()
    groups = me.by_group(att, p, "sex")
    assert isinstance(groups.differences, me.Estimate)
    assert groups.effects.names == ("f", "m") and groups.differences.se[0] > 0
    f = att(p.where(p.sample.frame["sex"] == "f"))
    assert groups.effects.value[0] == pytest.approx(f.value[0], abs=1e-12)
    assert groups.effects.se[0] == pytest.approx(f.se[0], rel=1e-12)
    assert len(me.leave_one_out(att, p, "region").to_frame()) == 9


@pytest.mark.whole
def test_randomisation_of_a_panel_by_region():
    p = panel()
    out = me.randomisation_test(p, att, "d", cluster="region", draws=99)
    assert out.enumerated and out.distribution.size == 70 and out.studentised and 0 < out.p <= 1


def test_wild_bootstrap_carries_the_chain_of_weights():
    p = panel()
    raw = p.weight_sample((0, 1))
    total = float(p.sample.weights.sum())
    s = me.calibrate(raw, {"sex": {"f": 0.5 * total, "m": 0.5 * total}})
    chained = p.with_weights((0, 1), s)
    e = att(chained)
    out = me.wild_bootstrap(e, cluster=p.sample.frame["region"], treated=p.sample.frame["d"])
    z = s.design.pull_back(e.parts[0].influence).dense()[:, 0] * s.design.base
    totals = np.bincount(p.sample.frame["region"], weights=z)
    assert out.se[0] == pytest.approx(
        np.sqrt(8 / 7 * ((totals - totals.mean()) ** 2).sum()), rel=1e-10
    )
    assert out.low[0] < e.value[0] < out.high[0]
    by_psu = me.wild_bootstrap(e, treated=p.sample.frame["d"], draws=999)
    assert by_psu.clusters == 40 and by_psu.se[0] == pytest.approx(e.se[0], rel=1e-10)


def test_bounds_and_cost_of_a_panel():
    p = panel()
    s = p.sample.with_columns({"y_after": p.values("y", 1), "seen": p.responded[:, 1]})
    b = me.lee_bounds(s, "y_after", "d", "seen")
    assert b.value[0] < b.value[1] and b.extra["imbens_manski"][0] < b.value[0]
    r = me.cost_effectiveness(att(p), 500.0, cost_se=50.0, unit="point")
    assert "point" in r.text
