"""Every made-up country publishes figures that the engine gets back within three standard errors,
and its layouts give the same indicators raw and mapped.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from mismes_eval import lfs
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.weighting.sample import Sample

pytestmark = pytest.mark.whole

COUNTRIES = ("ARM", "GEO", "MAR", "MDA", "TUN")
ITEMS = {
    "lfpr": "L3.participation",
    "employment_rate": "L3.employment",
    "unemployment_rate": "L3.unemployment",
    "returnee_share": "L1",
}


def load(root: Path, country: str) -> tuple[Sample, pd.DataFrame, pd.DataFrame]:
    folder = root / "data_raw" / country
    frame = lfs.read(folder / "lfs_person.parquet")
    design = yaml.safe_load((folder / "design.yaml").read_text(encoding="utf-8"))
    cluster = {"psu": design["psu"]} if design["psu"] else {"household": design["household"]}
    sample = Sample.from_frame(
        frame, weights=design["weights"], strata=design["strata"], **cluster
    ).flagged("SYNTHETIC data")
    return (
        sample,
        pd.read_parquet(folder / "lfs_absent.parquet"),
        pd.read_csv(folder / "targets.csv"),
    )


@pytest.mark.parametrize("country", COUNTRIES)
def test_published_figures_come_back_within_three_standard_errors(root, country):
    sample, absent, targets = load(root, country)
    results = {
        by: lfs.indicators(sample, by=by, which=["L1", "L2", "L3"], absent=absent)
        for by in (None, "male")
    }
    far = []
    for row in targets[targets["item"] != "population"].itertuples():
        if row.item.startswith("absent"):
            e, at = results[None]["L2"], int(row.item == "absent_share")
        else:
            e = results[None if row.domain == "all" else "male"][ITEMS[row.item]]
            at = (
                0
                if row.domain == "all"
                else int(np.flatnonzero(e.keys["male"] == int(row.domain[-1]))[0])
            )
        if abs(e.value[at] - row.value) > 3 * e.se[at]:
            far.append((row.item, row.domain, row.value, e.value[at], e.se[at]))
    assert not far and len(targets) >= 12


@pytest.mark.parametrize("country", ["MDA", pytest.param("GEO", marks=pytest.mark.slow)])
def test_all_indicators_are_there_or_say_why(root, country):
    sample, absent, _ = load(root, country)
    out = lfs.indicators(
        sample,
        definition="hims_tunisia",
        absent=absent,
        rates={
            "RUB": 92,
            "GEL": 2.9,
            "MDL": 19.6,
            "PLN": 4.5,
            "TRY": 25,
            "USD": 1.08,
            "CAD": 1.46,
            "GBP": 0.87,
            "ILS": 4,
        },
    )
    assert list(out) == list(lfs.catalogue())
    missing = {k: e.reason for k, e in out.items() if isinstance(e, NotEstimable)}
    assert "field_isced_f" in missing.pop("L7")
    assert set(missing) <= {"L1.internal", "L9", "L9.mincer", "L9.dfl", "L9.oaxaca"}
    assert all(np.isfinite(e.se).all() for e in out.values() if isinstance(e, Estimate))
    assert all("SYNTHETIC data" in e.notes for e in out.values() if isinstance(e, Estimate))
    delivered = lfs.indicators(sample, which="L1")["L1"]
    np.testing.assert_allclose(out["L1"].value, delivered.value, rtol=1e-12)
    assert out["L11.quartiles"].value[1] < out["L11"].value[0] and out["L11.top"].value[0] > 0.2
    rows = out["L6.before_now"].to_frame()
    np.testing.assert_allclose(rows.groupby("from", observed=True)["value"].sum(), 1)
    assert lfs.cells(rows).shape == (3, 3)


def armenia(root: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The made-up Armenian file as the office would publish it (question numbers and codes of the
    layout), and under GLD names.
    """
    gld = lfs.read(root / "data_raw" / "ARM" / "lfs_person.parquet")
    n, rng = len(gld), np.random.default_rng(1)
    status, potential = gld["lstatus"].to_numpy(float), gld["potential_lf"].to_numpy(float)
    group = gld["age_group"].str.split("-").str[0].str.rstrip("+").astype(int).clip(upper=75)
    asked = (group >= 15) & (gld["lstatus_miss"] != "NOTASKED")
    how = rng.integers(1, 4, n)
    educ = gld["educat7"].map({1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 7, 7: 8})
    raw = pd.DataFrame(
        {
            "A1": gld["hhid"].str[-5:].astype(int),
            "A6_Month": gld["int_month"],
            "IDmem": gld["pid"],
            "A3": gld["subnatid1"].str.split(" ").str[0].astype(int),
            "A5": 2 - gld["urban"],
            "Age_16groups": group // 5 + 1,
            "B3": 2 - gld["male"],
            "B4": gld["relationharm"],
            "B7": educ,
            "B9": 2 - gld["school"],
            "B11": gld["marital"].map({1: 2, 2: 1, 3: 2, 4: 4, 5: 3}),
            "WeightsCalib_year": gld["weight"],
            "D1": np.where(asked, np.where((status == 1) & (how == 1), 1.0, 2.0), np.nan),
            "D3": np.where((status == 1) & (how == 2), 4, 6),
            "D4": np.where((status == 1) & (how == 3), 1, 2),
            "D5": 2,
            "J9": np.select([status == 2, potential == 1], [1, 4], 5),
            "J16": np.select([status == 2, potential == 1], [1, 1], 2),
            "G4": np.where(gld["underemployment"] == 1, 2, 4),
            "E7": gld["empstat"].map({1: 2, 2: 5, 3: 3, 4: 4}).where(gld["contract"] != 1, 1),
            "E2_9group": gld["occup"],
            "E4_21group": 1,
            "G2_1": gld["whours"],
            "E16": 4,
            "C12": 1,
        }
    )
    return raw, gld


def test_armenia_layout_gives_the_same_numbers_as_the_gld_file(root, tmp_path):
    raw, gld = armenia(root)
    raw.to_csv(tmp_path / "armstat.csv", index=False)
    mapped = lfs.read(tmp_path / "armstat.csv", "armenia_lfs")
    assert mapped.attrs["mapping"] == "armenia_lfs"
    assert mapped.attrs["unused"] == ()
    assert len(mapped.attrs["sha256"]) == 64
    ids = ["L3", "L4.vulnerable", "L5", "L10"]
    results = [
        lfs.indicators(
            Sample.from_frame(
                f.assign(area=gld["strata"]), weights="weight", strata="area", household="hhid"
            ),
            by="sex",
            which=ids,
        )
        for f in (mapped, gld)
    ]
    for name, e in results[0].items():
        other = results[1][name]
        assert type(e) is type(other) and (isinstance(e, Estimate) or "two digits" in e.reason), (
            name
        )
        if isinstance(e, NotEstimable) or isinstance(other, NotEstimable):
            continue
        np.testing.assert_allclose(
            [e.value, e.se], [other.value, other.se], rtol=1e-12
        )  # sums run over households in the order of their keys
    table = lfs.codebook(mapped)
    np.testing.assert_allclose(
        table[table["column"] == "lstatus"]["weighted"].sum(), gld["weight"].sum()
    )
    expected = (gld["age_group"] == "15-19").sum()
    assert table.query("column == 'age_group' and value == '15-19'")["rows"].iloc[0] == expected


def test_georgia_layout_separates_countries_from_regions(root):
    gld = lfs.read(root / "data_raw" / "GEO" / "lfs_person.parquet")
    n = len(gld)
    region = gld["subnatid1"].str.extract(r"^(\d+)")[0].astype(int)
    raw = pd.DataFrame(
        {
            "DiaryID": gld["hhid"],
            "QuarterNo": gld["wave"].str[1].astype(int),
            "MemberNo": np.arange(n),
            "Year": gld["year"],
            "Month": gld["int_month"],
            "P_Weights": gld["weight"],
            "Enumaration_Area": gld["psu"],
            "Urban_Rural": 2 - gld["urban"],
            "Region": region,
            "Age": gld["age"],
            "Sex": gld["male"] + 1,
            "Relationship": gld["relationharm"].map({1: 1, 2: 2, 3: 3, 4: 5, 5: 7, 6: 11}),
            "Marital_Status": gld["marital"],
            "Reason_Q18": np.nan,
            "Education": gld["educat7"].map({1: 1, 2: 3, 3: 4, 4: 5, 5: 6, 6: 10, 7: 11}),
            "Occupation": gld["occup_isco"],
            "Employed": (gld["lstatus"] == 1).astype(int),
            "Unemployed": (gld["lstatus"] == 2).astype(int),
            "Potential_Labour_Force_PLF": (gld["potential_lf"] == 1).astype(int),
            "Status": gld["empstat"].map({1: 4, 2: 3, 3: 2, 4: 2}),
            "B26_Employed_at_local_unit": np.where(gld["empstat"] == 4, 1, 2),
            "Prev_Region": np.where(
                gld["migrated_from_cat"] == 5, 99, np.where(gld["migrated_binary"] == 1, 15, np.nan)
            ),
        }
    )
    mapped = lfs.map_columns(raw, "georgia_lfs")
    ids = ["L1", "L3", "L4.vulnerable", "L5", "L10"]
    results = [
        lfs.indicators(
            Sample.from_frame(f, weights="weight", psu="psu"), which=ids, definition="gld"
        )
        for f in (mapped, gld)
    ]
    same = [name for name, e in results[0].items() if isinstance(e, Estimate)]
    assert {"L1", "L1.internal", "L3.unemployment", "L3.lu3", "L4.vulnerable", "L5", "L10"} <= set(
        same
    )
    for name in same:
        assert np.array_equal(results[0][name].value, results[1][name].value) and np.array_equal(
            results[0][name].se, results[1][name].se
        ), name
