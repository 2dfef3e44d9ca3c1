"""Measured truth: estimates from each committed country reproduce its published targets and its
known effects within three standard errors.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mismes_eval.synthetic import COUNTRIES, SEED
from mismes_eval.synthetic.population import build
from mismes_eval.synthetic.potential import OUTCOMES, simulate
from mismes_eval.synthetic.scenario import load

ROOT = Path(__file__).parents[2] / "data_raw"


def against_targets(folder: Path) -> pd.DataFrame:
    """Rows item, domain, target, estimate, se: weighted LFS estimates beside the published targets;
    households (or PSUs) are the clusters.
    """
    person, absent = (
        pd.read_parquet(folder / "lfs_person.parquet"),
        pd.read_parquet(folder / "lfs_absent.parquet"),
    )
    cluster = person["psu" if "psu" in person else "hhid"].to_numpy()
    w, status = person["weight"].to_numpy(), person["lstatus"].to_numpy(dtype=float)
    adult = person["age_group"].ne("0-14").to_numpy()
    known = ~np.isnan(status)
    cells = {
        "lfpr": (status <= 2, known),
        "employment_rate": (status == 1, known),
        "unemployment_rate": (status == 2, status <= 2),
        "returnee_share": (person["mig_status"].eq("RET").to_numpy(), adult),
        "population": (np.ones(len(w)), None),
    }
    gone = (1 / absent["s_i"] * absent["weight"]).groupby(absent["hhid"]).sum()
    rows = []
    for t in pd.read_csv(folder / "targets.csv").itertuples():
        inside = (
            np.ones(len(w), dtype=bool)
            if t.domain == "all"
            else person["male"].eq(int(t.domain[-1])).to_numpy()
        )
        if t.item.startswith("absent"):
            total, se = float(gone.sum()), float(np.sqrt((gone**2).sum())) * 1.2
            base = float(w.sum())
            rows.append(
                (t.item, t.domain, t.value, total, se)
                if t.item == "absent_total"
                else (
                    t.item,
                    t.domain,
                    t.value,
                    total / (total + base),
                    se * base / (total + base) ** 2,
                )
            )
            continue
        top, bottom = cells[t.item]
        if bottom is None:
            rows.append((t.item, t.domain, t.value, float(w.sum()), 1.0))
            continue
        d = (bottom & inside).astype(float)
        rate = float((w * top * d).sum() / (w * d).sum())
        z = pd.Series(w * d * (top - rate) / (w * d).sum()).groupby(cluster).sum()
        rows.append((t.item, t.domain, t.value, rate, float(np.sqrt((z**2).sum()))))
    out = pd.DataFrame(rows, columns=["item", "domain", "target", "estimate", "se"])
    return out.assign(t=(out["estimate"] - out["target"]) / out["se"])


def against_truth(folder: Path, base: int) -> pd.DataFrame:
    """Rows measure_id, outcome, wave, att, did, se: weighted difference-in-differences of
    respondents from base wave 0 or -1, beside the true effect.
    """
    person = pd.read_parquet(folder / "tracer_person.parquet").set_index("person_id")
    seen = pd.concat(
        [
            pd.read_parquet(folder / "tracer_outcome.parquet"),
            pd.read_parquet(folder / "tracer_retro.parquet"),
        ]
    )
    truth = pd.read_csv(folder / "truth.csv").query("source == 'tracer' and measure_id != 'ALL'")
    rows = []
    for t in truth.itertuples():
        y = seen.pivot(index="person_id", columns="wave", values=t.outcome)
        change = (y[int(t.wave)] - y[base]).dropna()
        p = person.loc[change.index]
        mean, var = {}, 0.0
        for arm in ("T", "C"):
            at = (p["arm"].eq(arm) & p["eval_measure_id"].eq(t.measure_id)).to_numpy()
            w, d = p["sample_weight"].to_numpy()[at], change.to_numpy()[at]
            mean[arm] = float(np.average(d, weights=w))
            var += float((w**2 * (d - mean[arm]) ** 2).sum() / w.sum() ** 2)
        gap = t.trend_gap_w0 if base == 0 else t.trend_gap_wm1
        rows.append(
            (t.measure_id, t.outcome, int(t.wave), t.att, gap, mean["T"] - mean["C"], var**0.5)
        )
    out = pd.DataFrame(rows, columns=["measure_id", "outcome", "wave", "att", "gap", "did", "se"])
    return out.assign(t=(out["did"] - out["att"]) / out["se"])


@pytest.mark.parametrize("country", COUNTRIES)
def test_base_weights_reproduce_the_published_targets(country: str) -> None:
    table = against_targets(ROOT / country)
    assert len(table) >= 12
    assert (table["t"].abs() < 3).all(), table.to_string()


@pytest.mark.parametrize("country", COUNTRIES)
def test_difference_in_differences_reproduces_the_true_effect_where_trends_are_parallel(
    country: str,
) -> None:
    table = against_truth(ROOT / country, 0)
    t = (table["did"] - table["att"] - table["gap"]) / table["se"]
    assert (t.abs() < 3).mean() > 0.95
    assert (t[table["outcome"].isin(["employed", "earnings"])].abs() < 3).all(), table.assign(
        t=t
    ).to_string()


def test_the_documented_violations_show_in_the_trend_gap() -> None:
    arm, mar, geo = (
        pd.read_csv(ROOT / c / "truth.csv").query("source == 'tracer' and outcome == 'employed'")
        for c in ("ARM", "MAR", "GEO")
    )
    assert (arm["trend_gap_w0"] > 0.045).all()
    assert arm["trend_gap_wm1"].abs().max() < 0.02
    assert mar.set_index("wave")["trend_gap_w0"].loc[4] == pytest.approx(0.09, abs=0.02)
    assert geo[["trend_gap_w0", "trend_gap_wm1"]].abs().to_numpy().max() < 0.02


def test_georgia_has_exactly_no_effect() -> None:
    truth = pd.read_csv(ROOT / "GEO" / "truth.csv")
    assert (truth["att"] == 0.0).all()
    assert set(truth["outcome"]) == set(OUTCOMES)


def test_truth_is_the_mean_difference_of_potential_outcomes() -> None:
    sc = load("TUN", SEED)
    name = "TUN-001"
    s = simulate(sc, sc.tracer[0], name)
    truth = (
        pd.read_csv(ROOT / "TUN" / "truth.csv")
        .query("measure_id == @name")
        .set_index(["outcome", "wave"])["att"]
    )
    for outcome in OUTCOMES:
        effect = (s.y1.outcome(outcome, 4) - s.y0.outcome(outcome, 4))[s.treated].mean()
        assert truth[(outcome, 4)] == pytest.approx(effect, abs=1e-6)
        assert np.array_equal(s.y1.outcome(outcome, 0), s.y0.outcome(outcome, 0))


def test_the_rollout_effect_is_found_in_the_population() -> None:
    sc = load("TUN", SEED)
    p = build(sc, sc.year).persons
    at = p[p["module"] & p["exposed"]]
    effect = (at["lstatus"].eq(1).astype(float) - at["lstatus0"].eq(1)).mean()
    assert effect == pytest.approx(sc.rollout["effect_employment"], abs=0.003)
    other = p[p["module"] & ~p["exposed"]]
    assert other["lstatus"].equals(other["lstatus0"])


def test_repeated_cross_sections_show_the_awareness_effect() -> None:
    rounds = pd.read_parquet(ROOT / "TUN" / "lfs_rounds.parquet")
    rounds = rounds[rounds["msm_aware"].notna() & rounds["year"].isin([2020, 2023])]
    aware = rounds["msm_aware"].str.contains("M10").astype(float) * rounds["weight"]
    key = [rounds["msm_centre_cohort"].between(1, 2023), rounds["year"]]
    rate = aware.groupby(key).sum() / rounds["weight"].groupby(key).sum()
    did = (rate[(True, 2023)] - rate[(True, 2020)]) - (rate[(False, 2023)] - rate[(False, 2020)])
    assert did == pytest.approx(load("TUN").rollout["effect_aware"], abs=0.03)


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_business_that_closed_stays_closed(country: str) -> None:
    outcome = pd.read_parquet(ROOT / country / "tracer_outcome.parquet")
    seen = outcome.dropna(subset=["business"]).sort_values(["person_id", "wave"])
    was = seen.groupby("person_id")["business"].cummax()
    before = seen.groupby("person_id")["business"].shift()
    reopened = (
        (seen["business"] == 1) & (before == 0) & (was.groupby(seen["person_id"]).shift() == 1)
    )
    assert not reopened.any() and seen["business"].eq(1).any()
