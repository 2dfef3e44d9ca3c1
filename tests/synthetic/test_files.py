"""Identity: every generated file meets its template, names a source for each figure, says
SYNTHETIC, and lacks the design variables its country lacks.
"""

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

from mismes_eval import frame
from mismes_eval.synthetic import COUNTRIES

from ..some import some

ROOT = Path(__file__).parents[2] / "data_raw"
TEMPLATED = tuple(
    (
        "lfs_person.parquet lfs_absent.parquet margins.csv inventory.csv inventory_contact.csv "
        "inventory_year.csv inventory_rate.csv tracer_person.parquet tracer_wave.parquet "
        "tracer_outcome.parquet tracer_service.parquet tracer_episode.parquet"
    ).split()
)


# reading every file of all five takes long
ONE_AT_ONCE = [pytest.param(c, marks=[pytest.mark.slow] * (c != "MDA")) for c in COUNTRIES]


@pytest.mark.whole
@pytest.mark.parametrize("country", ONE_AT_ONCE)
def test_every_file_meets_its_template(country: str) -> None:
    for name in TEMPLATED:
        data = frame.read(ROOT / country / name, template=name.split(".")[0])
        assert data.rows > 0, name


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_file_says_synthetic(country: str) -> None:
    files = [p for p in (ROOT / country).rglob("*") if p.is_file()]
    for path in files:
        if path.suffix == ".parquet":
            assert pq.read_schema(path).metadata[b"data_status"] == b"SYNTHETIC"
            assert (
                pd.read_parquet(path, columns=["data_status"])["data_status"].eq("SYNTHETIC").all()
            )
        elif path.suffix == ".csv":
            assert pd.read_csv(path)["data_status"].eq("SYNTHETIC").all(), path.name
        elif path.parent.name == "words":  # who wrote them stands in their second line
            assert "SYNTHETIC" in path.read_text(encoding="utf-8").splitlines()[1], path.name
        else:
            assert "SYNTHETIC" in path.read_text(encoding="utf-8").splitlines()[0], path.name
    assert (
        pd.read_csv(ROOT / country / "inventory.csv")["title_en"]
        .str.startswith("Synthetic measure")
        .all()
    )


@pytest.mark.whole
@pytest.mark.parametrize("country", ONE_AT_ONCE)
def test_margins_have_sources_and_one_total(country: str) -> None:
    margins = pd.read_csv(ROOT / country / "margins.csv")
    assert margins["source"].notna().all()
    assert margins["status"].isin(["public", "derived", "synthetic"]).all()
    assert margins.groupby("margin")["total"].sum().nunique() == 1
    person = pd.read_parquet(ROOT / country / "lfs_person.parquet")
    assert person["weight"].sum() == pytest.approx(
        margins.groupby("margin")["total"].sum().iloc[0], rel=1e-6
    )
    for margin, part in margins.groupby("margin"):
        levels = person[margin.split("*")].astype(str).agg("*".join, axis=1)
        assert set(levels) == set(part["category"]), margin


def test_design_variables_are_missing_where_the_country_lacks_them() -> None:
    have = {c: set(pq.read_schema(ROOT / c / "lfs_person.parquet").names) for c in COUNTRIES}
    assert {c: ("psu" in v, "strata" in v) for c, v in have.items()} == {
        "ARM": (False, True),
        "GEO": (True, False),
        "MDA": (True, True),
        "MAR": (True, True),
        "TUN": (False, False),
    }
    assert "age" not in have["ARM"] and "age_group" in have["ARM"]
    assert {"phase1_class", "phase2_prob"} <= have["MAR"]
    for country in COUNTRIES:
        design = yaml.safe_load((ROOT / country / "design.yaml").read_text(encoding="utf-8"))
        expected = ("psu" in have[country], "strata" in have[country])
        assert (design["psu"] is not None, design["strata"] is not None) == expected


def test_two_phase_weights_follow_from_the_counts() -> None:
    for folder in (ROOT / "MAR", ROOT / "TUN" / "lfs_oversample"):
        counts = pd.read_csv(folder / "phase1_counts.csv").set_index("phase1_class")
        listed = pd.read_parquet(folder / "phase1_household.parquet")
        assert (
            listed.groupby("phase1_class").size().to_dict() == counts["households_listed"].to_dict()
        )
        expected = counts["households_selected"].to_dict()
        assert listed.groupby("phase1_class")["selected"].sum().to_dict() == expected
        assert (
            counts["households_selected"] / counts["households_listed"]
        ).to_numpy() == pytest.approx(counts["phase2_prob"].to_numpy(), abs=1e-7)
        person = pd.read_parquet(
            folder / ("lfs_person.parquet" if folder.name == "MAR" else "hims_person.parquet")
        )
        assert (person["d0_base"] / person["phase2_prob"]).to_numpy() == pytest.approx(
            person["d2_phase2"].to_numpy(), rel=1e-4
        )
        assert person["weight"].max() / person["weight"].min() > 8


@pytest.mark.parametrize("country", COUNTRIES)
def test_keys_join_and_states_are_consistent(country: str) -> None:
    at = ROOT / country
    person, wave, outcome = (
        pd.read_parquet(at / f"tracer_{k}.parquet") for k in ("person", "wave", "outcome")
    )
    assert set(wave["person_id"]) == set(person["person_id"])
    interviewed = wave[wave["disp_code"].isin(["1.1", "1.2", "2.51", "2.52"])]
    assert set(zip(interviewed["person_id"], interviewed["wave"], strict=True)) == set(
        zip(outcome["person_id"], outcome["wave"], strict=True)
    )
    both = wave.merge(outcome, on=["person_id", "wave"])
    assert both["current_country"].ne(country).astype(int).equals(both["abroad"].astype(int))
    measures = set(pd.read_csv(at / "inventory.csv")["measure_id"])
    assert set(person["measure_id"].dropna()) <= measures
    lfs = pd.read_parquet(at / "lfs_person.parquet")
    assert set(lfs["msm_measure_id"].dropna()) <= measures
    absent = pd.read_parquet(at / "lfs_absent.parquet")
    assert set(absent["hhid"]) <= set(lfs["hhid"])
    asked = lfs["int_year"].astype(str) + lfs["int_month"].astype(int).map("-{:02d}".format)
    for month in ("mig_last_dep_ym", "mig_last_ret_ym", "mig_wage_abroad_ym"):
        known = lfs[month].notna()
        assert known.any() and (lfs[month][known] <= asked[known]).all(), month
    of_home = asked.groupby(lfs["hhid"]).first()
    assert (absent["dep_ym"] <= absent["hhid"].map(of_home)).all()


@pytest.mark.parametrize("country", COUNTRIES)
def test_episodes_do_not_overlap_and_one_is_open(country: str) -> None:
    e = pd.read_parquet(ROOT / country / "tracer_episode.parquet").sort_values(
        ["person_id", "ep_id"], kind="stable"
    )
    following = e.groupby("person_id")["start_ym"].shift(-1)
    has_next = following.notna()
    assert (e.loc[has_next, "end_ym"] < following[has_next]).all()
    assert e["end_ym"].isna().groupby(e["person_id"]).sum().eq(1).all()
    assert e["state"].str.startswith("ABROAD").eq(e["country"].ne(country)).all()


@pytest.mark.parametrize("country", COUNTRIES)
def test_attrition_is_plausible_and_depends_on_the_arm(country: str) -> None:
    person, wave = (
        pd.read_parquet(ROOT / country / f"tracer_{k}.parquet") for k in ("person", "wave")
    )
    last = wave[wave["wave"].eq(4)].merge(person[["person_id", "arm", "male"]], on="person_id")
    lost = ~last["disp_code"].isin(["1.1", "1.2", "2.51"])
    assert 0.2 < lost.mean() < 0.45
    assert lost[last["male"].eq(1)].mean() > lost[last["male"].eq(0)].mean()


@pytest.mark.parametrize("country", COUNTRIES)
def test_returnees_are_more_often_over_qualified(country: str) -> None:
    p = pd.read_parquet(ROOT / country / "lfs_person.parquet")
    p = p[p["lstatus"].eq(1) & p["educat4"].ge(3)]
    required = p["occup_skill"].map({1: 2, 2: 3, 3: 4})
    over = p["educat4"].gt(required).astype(float) * p["weight"]
    returnee = p["mig_status"].eq("RET")
    rate = over.groupby(returnee).sum() / p["weight"].groupby(returnee).sum()
    assert rate[True] > rate[False]


@pytest.mark.parametrize("country", COUNTRIES)
def test_treated_weights_sum_to_the_beneficiaries_of_the_measure(country: str) -> None:
    person = pd.read_parquet(ROOT / country / "tracer_person.parquet")
    reached = pd.read_csv(ROOT / country / "inventory.csv").set_index("measure_id")["benef_reached"]
    for measure, weight in some(
        person[person["arm"].eq("T")].groupby("measure_id")["sample_weight"].sum().items()
    ):
        assert weight == pytest.approx(reached[measure], rel=1e-3)


@pytest.mark.parametrize("country", COUNTRIES)
def test_whom_a_tracer_enrols_was_eligible_for_its_measure(country: str) -> None:
    person = pd.read_parquet(ROOT / country / "tracer_person.parquet")
    measures = pd.read_csv(ROOT / country / "inventory.csv").set_index("measure_id")
    for measure, enrolled in some(person.groupby("eval_measure_id")):
        said = measures.loc[str(measure)]
        assert enrolled["male"].nunique() == 2 and said["target_sex"] == "ALL"
        ages = said["target_age_min"], said["target_age_max"]
        assert enrolled["age_enrol"].between(*ages).all()
        assert enrolled["educat7"].nunique() > 3 and pd.isna(said["target_skill"])
        assert enrolled["region"].nunique() > 1 and pd.isna(said["target_region"])
        forced = enrolled["ret_type"].isin(["DEPORT", "READMISSION"]).any()
        assert forced == ("RETURNEE_FORCED" in said["target_group"])
