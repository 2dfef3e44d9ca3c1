"""Indicators are domain ratios of their definitions: equal to a weighted average by hand, additive
over breakdowns, silent about nobody, and honest where a column is not there.
"""

import numpy as np
import pandas as pd
import pytest

from mismes_eval import lfs
from mismes_eval.errors import EstimateError, InputError
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.weighting.sample import Sample

from ..some import some


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(7)
    n = 3000
    status = rng.choice([1, 2, 3], n, p=[0.5, 0.1, 0.4])
    work = status == 1
    abroad = rng.random(n) < 0.25
    f = pd.DataFrame(
        {
            "countrycode": "TUN",
            "hhid": np.arange(n) // 3,
            "psu": np.arange(n) // 30,
            "strata": np.arange(n) // 600,
            "weight": rng.uniform(50, 150, n),
            "age": rng.integers(0, 80, n),
            "male": rng.integers(0, 2, n),
            "subnatid1": rng.choice(["north", "south"], n),
            "lstatus": status,
            "potential_lf": np.where(status == 3, rng.random(n) < 0.2, np.nan),
            "underemployment": np.where(work, rng.random(n) < 0.1, np.nan),
            "school": rng.integers(0, 2, n),
            "empstat": np.where(work, rng.choice([1, 2, 3, 4], n), np.nan),
            "socialsec": np.where(work, rng.integers(0, 2, n), np.nan),
            "educat7": rng.integers(1, 8, n),
            "educy": rng.integers(0, 20, n),
            "occup_isco": np.where(
                work, rng.choice(["1120", "2310", "5223", "7112", "9313", "0110"], n), None
            ),
            "mig_ever_abroad": abroad,
            "mig_worked_abroad": abroad,
            "mig_months_abroad_last": np.where(abroad, rng.integers(1, 60, n), np.nan),
            "mig_birth_country": rng.choice(["TUN", "FRA"], n, p=[0.95, 0.05]),
            "mig_n_spells": np.where(abroad, rng.integers(1, 4, n), np.nan),
            "mig_recognised": np.where(
                abroad, rng.choice(["NOTSOUGHT", "SOUGHT_NO", "PARTIAL", "FULL"], n), None
            ),
            "mig_occ_before": np.where(abroad, rng.choice(["2310", "7112"], n), None),
            "mig_occ_abroad": np.where(abroad, rng.choice(["9313", "7112"], n), None),
            "mig_occ_now": np.where(abroad, rng.choice(["2310", "9313"], n), None),
            "msm_aware": rng.choice(["NONE", "M01", "M01;M06"], n),
            "msm_part": rng.choice(["NONE", "M06_RECOG"], n, p=[0.8, 0.2]),
            "msm_useful": rng.integers(1, 6, n).astype(float),
            "mig_intend_6m": rng.random(n) < 0.2,
        }
    )
    f.loc[f["age"] < 15, ["lstatus"]] = np.nan
    return f


@pytest.fixture(scope="module")
def sample(frame):
    return Sample.from_frame(frame, weights="weight", strata="strata", psu="psu")


@pytest.fixture(scope="module")
def everything(sample):
    return lfs.indicators(sample, definition="hims_tunisia")


def by_hand(frame, value, rows):
    return np.average(value[rows], weights=frame["weight"][rows])


def test_rates_equal_the_weighted_average_of_their_definition(frame, everything):
    adult, work, status = frame["age"] >= 15, frame["lstatus"] == 1, frame["lstatus"]
    force = adult & status.isin([1, 2])
    extended = force | (adult & (status == 3) & (frame["potential_lf"] == 1))
    hand = {
        "L3.participation": by_hand(frame, status.isin([1, 2]), adult),
        "L3.unemployment": by_hand(frame, status == 2, force),
        "L3.lu3": by_hand(frame, status != 1, extended),
        "L3.lu4": by_hand(frame, (status != 1) | (frame["underemployment"] == 1), extended),
        "L3.neet": by_hand(frame, ~work & (frame["school"] == 0), frame["age"].between(15, 24)),
        "L4.vulnerable": by_hand(frame, frame["empstat"].isin([2, 4]), adult & work),
        "L4.informal": by_hand(
            frame, frame["socialsec"] == 0, adult & work & (frame["empstat"] == 1)
        ),
        "L10": by_hand(frame, frame["empstat"].isin([3, 4]), adult & work),
        "L12.aware any": by_hand(frame, frame["msm_aware"] != "NONE", adult),
        "L13": by_hand(frame, frame["mig_intend_6m"], adult),
    }
    for name, value in hand.items():
        estimate = everything[name.split(" ")[0]]
        assert isinstance(estimate, Estimate)
        np.testing.assert_allclose(estimate.value[estimate.names.index(name)], value, rtol=1e-12)


def test_over_qualification_by_the_norm_and_by_realised_matches(frame, sample, everything):
    work = (frame["age"] >= 15) & (frame["lstatus"] == 1)
    group = frame["occup_isco"].str[0].astype(float)
    required = group.map({1: 3, 2: 3, 5: 2, 7: 2, 9: 1})
    rank = frame["educat7"].map({1: 1, 2: 1, 3: 1, 4: 1, 5: 2, 6: 2, 7: 3})
    np.testing.assert_allclose(
        everything["L5"].value[0], by_hand(frame, rank > required, work & (group != 0)), rtol=1e-12
    )
    w, cell = frame["weight"], frame["occup_isco"].str[:2]
    over = pd.Series(False, index=frame.index)
    for c in cell[work].unique():
        rows = work & (cell == c)
        centre = np.average(frame["educy"][rows], weights=w[rows])
        sd = np.sqrt(np.average((frame["educy"][rows] - centre) ** 2, weights=w[rows]))
        over[rows] = frame["educy"][rows] > centre + sd
    np.testing.assert_allclose(
        everything["L5.over_mean"].value[0], by_hand(frame, over, work), rtol=1e-12
    )
    assert everything["L5.mismatch_mean"].value[0] > everything["L5.over_mean"].value[0]
    few = lfs.indicators(sample, which="L5.over_mean", ages=lfs.Ages(match_cell=10**6))[
        "L5.over_mean"
    ]
    assert isinstance(few, NotEstimable) and "universe" in few.reason


def test_status_shares_add_to_one_and_recognition_is_conditional(frame, everything):
    shares = [everything[i].value[0] for i in ("L1", "L1.immigrant", "L1.non_migrant")]
    assert sum(shares) == pytest.approx(1)
    assert isinstance(everything["L1.internal"], NotEstimable)
    assert "migrated_from_cat" in everything["L1.internal"].reason
    returnee = (
        (frame["age"] >= 15)
        & (frame["mig_months_abroad_last"] >= 3)
        & (frame["mig_birth_country"] == "TUN")
    )
    np.testing.assert_allclose(
        everything["L1"].value[0], by_hand(frame, returnee, frame["age"] >= 15), rtol=1e-12
    )
    sought = returnee & (frame["mig_recognised"] != "NOTSOUGHT")
    expected = by_hand(frame, frame["mig_recognised"].isin(["PARTIAL", "FULL"]), sought)
    np.testing.assert_allclose(everything["L8"].value[0], expected, rtol=1e-12)
    np.testing.assert_allclose(
        everything["L6.abroad"].value[0],
        by_hand(
            frame,
            (frame["mig_occ_before"] == "2310") | (frame["mig_occ_abroad"] == "9313"),
            returnee,
        ),
        rtol=1e-12,
    )
    assert all(
        "Returnee (Tunisia-HIMS)" in " ".join(e.notes)
        for e in everything.values()
        if isinstance(e, Estimate)
    )


def test_breakdowns_average_to_the_whole_and_keep_missing_groups(frame, everything):
    gaps = frame.assign(subnatid1=frame["subnatid1"].where(frame.index % 7 > 0))
    s = Sample.from_frame(gaps, weights="weight", strata="strata", psu="psu")
    table = lfs.indicators(s, by="region", which="L3.employment")["L3.employment"].to_frame()
    assert set(table["region"]) == {"north", "south", "not stated"}
    adult = gaps["age"] >= 15
    size = gaps["weight"][adult].groupby(gaps["subnatid1"][adult].fillna("not stated")).sum()
    assert np.average(table["value"], weights=size[table["region"]]) == pytest.approx(
        everything["L3.employment"].value[0]
    )
    crossed = lfs.indicators(s, by=["sex", "education"], which="L3.employment")["L3.employment"]
    assert crossed.p == 6 and crossed.n.sum() == adult.sum()
    with pytest.raises(EstimateError, match="no such breakdown"):
        lfs.indicators(s, by="planet")
    assert isinstance(
        lfs.indicators(s, by="status", which="L1", definition="hims_tunisia")["L1"], NotEstimable
    )


def test_missing_answers_are_counted_and_missing_columns_named(frame, sample):
    silent = Sample.from_frame(
        frame.assign(school=frame["school"].where(frame.index % 5 > 0)),
        weights="weight",
        strata="strata",
        psu="psu",
    )
    out = lfs.indicators(silent, which="L3.neet")["L3.neet"]
    asked = frame["age"].between(15, 24) & (frame["lstatus"] != 1) & (frame.index % 5 == 0)
    assert out.extra["n_without_answer"] == asked.sum() and "gave no answer" in " ".join(out.notes)
    bare = Sample.from_frame(frame[["weight", "age", "lstatus"]], weights="weight")
    results = lfs.indicators(bare)
    assert isinstance(results["L3.unemployment"], Estimate)
    assert "mig_status" in results["L1"].reason and "empstat" in results["L10"].reason
    with pytest.raises(EstimateError, match="no such indicator"):
        lfs.indicators(bare, which=["L3", "L99"])
    with pytest.raises(InputError, match="names no model"):
        lfs.indicators(
            Sample.from_frame(frame.assign(msm_aware="X99"), weights="weight"), which="L12.aware"
        )


def test_every_estimate_says_what_it_is(everything):
    for name, e in some(everything.items()):
        assert e.definition.count("Source: ") == 1, name
        if isinstance(e, Estimate):
            assert e.unit in ("share", "persons", "months", "months of earnings", "log points")
            assert e.extra["id"] == name
            assert (e.n > 0).all()


def test_a_gld_file_and_the_mapped_raw_file_give_identical_numbers(frame, everything):
    raw = frame.rename(columns={"male": "q1", "lstatus": "q2", "educat7": "q3"}).assign(
        q1=lambda d: d["q1"].map({1: "M", 0: "F"}),
        q2=lambda d: d["q2"].fillna(-8),
        q3=lambda d: d["q3"] + 10,
    )
    same = {c: c for c in frame.columns if c not in ("male", "lstatus", "educat7")}
    mapping = {
        "name": "toy",
        "columns": same | {"male": "q1", "lstatus": "q2", "educat7": "q3"},
        "missing": {"lstatus": {-8: "NOTASKED"}},
        "recode": {
            "male": {"M": 1, "F": 0},
            "lstatus": {1: 1, 2: 2, 3: 3},
            "educat7": {k + 10: k for k in range(1, 8)},
        },
    }
    mapped = Sample.from_frame(
        lfs.map_columns(raw, mapping), weights="weight", strata="strata", psu="psu"
    )
    again = lfs.indicators(mapped, definition="hims_tunisia")
    for name, e in some(everything.items()):
        assert type(e) is type(again[name])
        if isinstance(e, Estimate):
            assert np.array_equal(e.value, again[name].value) and np.array_equal(
                e.se, again[name].se
            ), name


def test_earnings_gaps_recruitment_cost_and_field_mismatch(frame):
    rng = np.random.default_rng(11)
    n = len(frame)
    paid = (frame["lstatus"] == 1) & (frame["empstat"] == 1)
    rich = frame.assign(
        wage_no_compen=np.where(
            paid, np.exp(5 + 0.05 * frame["educy"] + rng.normal(0, 0.3, n)), np.nan
        ),
        unitwage=np.where(paid, rng.choice([2, 5], n), np.nan),
        urban=1,
        mig_rec_cost_total=np.where(frame["mig_ever_abroad"], rng.lognormal(5, 1, n), np.nan),
        mig_wage_abroad=np.where(frame["mig_ever_abroad"], rng.lognormal(5, 0.5, n), np.nan),
        mig_rec_cost_currency="EUR",
        mig_wage_abroad_currency=rng.choice(["EUR", "USD"], n),
        mig_first_dep_ym=rng.choice(["2019-01", "2022-06"], n),
        int_year=2023,
        int_month=6,
        field_isced_f=rng.choice(["01", "07"], n),
    )
    s = Sample.from_frame(rich, weights="weight", strata="strata", psu="psu")
    plain = lfs.indicators(s, which=["L9", "L11", "L7", "L14"], definition="hims_tunisia")
    rated = lfs.indicators(s, which="L11", definition="hims_tunisia", rates={"USD": 1.25})
    returnee = (
        (rich["age"] >= 15)
        & (rich["mig_months_abroad_last"] >= 3)
        & (rich["mig_birth_country"] == "TUN")
    )
    native = (rich["age"] >= 15) & ~returnee & (rich["mig_birth_country"] == "TUN")
    log = np.log(rich["wage_no_compen"] * np.where(rich["unitwage"] == 2, 52 / 12, 1))
    job = paid & (rich["age"] >= 15)
    expected = by_hand(rich, log, job & returnee) - by_hand(rich, log, job & native)
    np.testing.assert_allclose(plain["L9"].value[0], expected, rtol=1e-10)
    for name in ("L9.dfl", "L9.oaxaca"):
        np.testing.assert_allclose(plain[name].value[0], plain["L9"].value[0], rtol=1e-10)
    region = rng.integers(1, 5, n)
    named, coded = (
        lfs.indicators(s.with_columns({"subnatid1": column}), which="L9", definition="hims_tunisia")
        for column in (np.array(["", "North", "South", "East", "West"])[region], region)
    )
    for name, e in some(named.items()):  # a code of a region is no number of anything
        np.testing.assert_allclose(coded[name].value, e.value, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(coded[name].se, e.se, rtol=1e-9)
    recent = returnee & (rich["mig_first_dep_ym"] == "2022-06")
    euro = rich["mig_wage_abroad_currency"] == "EUR"
    months = rich["mig_rec_cost_total"] / rich["mig_wage_abroad"]
    np.testing.assert_allclose(
        plain["L11"].value[0], by_hand(rich, months, recent & euro), rtol=1e-12
    )
    assert plain["L11"].extra["n_without_answer"] == (recent & ~euro).sum()
    np.testing.assert_allclose(
        rated["L11"].value[0], by_hand(rich, months.where(euro, months * 1.25), recent), rtol=1e-12
    )
    ordered = months.where(euro, months * 1.25)[recent].sort_values()
    w = rich.loc[ordered.index, "weight"]
    lorenz = np.interp(
        0.8, np.r_[0, w.cumsum() / w.sum()], np.r_[0, (w * ordered).cumsum() / (w * ordered).sum()]
    )
    np.testing.assert_allclose(rated["L11.top"].value[0], 1 - lorenz, rtol=1e-10)
    group, field = rich["occup_isco"].str[:2], rich["field_isced_f"]
    on = ((field == "01") & group.isin(["23", "53", "13", "26"])) | (
        (field == "07")
        & group.isin(["71", "72", "73", "74", "75", "21", "31", "13", "81", "82", "83", "25", "35"])
    )
    skilled = (rich["age"] >= 15) & (rich["lstatus"] == 1) & (rich["educat7"] >= 5)
    np.testing.assert_allclose(plain["L7"].value[0], by_hand(rich, ~on, skilled), rtol=1e-12)
    assert isinstance(
        lfs.indicators(s, by="status", which="L9", definition="hims_tunisia")["L9"], NotEstimable
    )


def test_absent_members_count_once_however_many_households_report_them(frame, sample):
    homes = frame["hhid"].drop_duplicates().to_numpy()
    roster = pd.DataFrame(
        {
            "hhid": homes[[0, 5, 5, 9]],
            "s_i": [1, 2, 2, 4],
            "male": [1, 0, 1, 1],
            "country": ["FRA", "FRA", "ITA", "ITA"],
        }
    )
    w = frame.drop_duplicates("hhid").set_index("hhid")["weight"]
    each = w.loc[roster["hhid"]].to_numpy() / roster["s_i"]
    e = lfs.absent_members(sample, roster)
    np.testing.assert_allclose(
        e.value, [each.sum(), each.sum() / (each.sum() + frame["weight"].sum())], rtol=1e-12
    )
    by_sex = lfs.absent_members(sample, roster, by="male")
    men = frame["weight"][frame["male"] == 1].sum()
    np.testing.assert_allclose(
        by_sex.value,
        [
            each[1],
            each[[0, 2, 3]].sum(),
            each[1] / (each[1] + frame["weight"].sum() - men),
            each[[0, 2, 3]].sum() / (each[[0, 2, 3]].sum() + men),
        ],
    )
    assert lfs.absent_members(sample, roster, by="country").p == 2
    assert "Households that left as a whole are not covered" in " ".join(e.notes)
    per_psu = (
        pd.Series(each.to_numpy())
        .groupby(
            frame.drop_duplicates("hhid").set_index("hhid").loc[roster["hhid"], "psu"].to_numpy()
        )
        .sum()
    )
    psus = pd.Series(0.0, index=range(frame["psu"].max() + 1)).add(per_psu, fill_value=0)
    strata = frame.groupby("psu")["strata"].first()
    variance = sum(len(t) * t.var() for _, t in psus.groupby(strata))
    np.testing.assert_allclose(e.se[0], np.sqrt(variance), rtol=1e-10)
    with pytest.raises(InputError, match="multiplicity is missing or below 1"):
        lfs.absent_members(sample, roster.assign(s_i=[0, 1, 1, None]))
    with pytest.raises(InputError, match="person file lacks"):
        lfs.absent_members(sample, roster.assign(hhid=[10**9, *homes[:3]]))
    with pytest.raises(InputError, match="no multiplicity"):
        lfs.absent_members(sample, roster.drop(columns="s_i"))
    assert "lets one household" in lfs.absent_members(sample, roster, multiplicity=None).definition
    assert isinstance(lfs.indicators(sample, which="L2")["L2"], NotEstimable)


def test_the_number_of_unemployed_is_told_from_the_unemployed_themselves(frame, everything):
    """n of a total counts those who are in it: few unemployed are few, however many persons were
    asked.
    """
    out, jobless = everything["L3.unemployed"], (frame["age"] >= 15) & (frame["lstatus"] == 2)
    np.testing.assert_allclose(out.value[0], frame["weight"][jobless].sum(), rtol=1e-12)
    assert out.n[0] == jobless.sum() < everything["L3.unemployment"].n[0]
    two = lfs.indicators(
        Sample.from_frame(
            frame.assign(lstatus=frame["lstatus"].where(frame.index % 50 != 0)), weights="weight"
        ),
        which="L3.unemployed",
    )["L3.unemployed"]
    assert any("gave no answer" in n for n in two.notes)


@pytest.mark.parametrize(
    ("version", "said"), [("ICLS-13", True), ("ICLS-19", False), (None, False)]
)
def test_a_labour_status_older_than_the_resolution_says_so(frame, version, said):
    labelled = frame if version is None else frame.assign(icls_v=version)
    found = lfs.indicators(
        Sample.from_frame(labelled, weights="weight"), which=("L3.employment", "L4.vulnerable")
    )
    assert (
        "with employment as the 13th ICLS (1982) defines it" in found["L3.employment"].definition
    ) == said
    assert "19th ICLS resolution (2013)" in found["L3.employment"].definition
    assert "13th" not in found["L4.vulnerable"].definition


def test_a_blank_answer_is_not_taken_for_none(frame):
    """Whether a blank means none or not asked is said by NONE, or by reasons; else it is open."""
    blank = frame.assign(msm_part=frame["msm_part"].replace("NONE", None))
    found = lfs.indicators(
        Sample.from_frame(blank, weights="weight"), which="L12", definition="hims_tunisia"
    )["L12"]
    assert isinstance(found, NotEstimable) and "none or not asked" in found.reason
    assert np.isnan(lfs.took_part(blank)).all()
    reasons = blank.assign(msm_part_miss=pd.Series([None, "NOTASKED"] * len(frame))[: len(frame)])
    with_reasons = lfs.took_part(reasons)
    none = blank["msm_part"].isna().to_numpy()
    asked = reasons["msm_part_miss"].isna().to_numpy()
    assert (with_reasons[none & asked] == 0).all() and np.isnan(with_reasons[none & ~asked]).all()
    assert (lfs.took_part(frame)[none] == 0).all()


@pytest.mark.parametrize(("older", "told"), [(40, "aged 15 to 64"), (9, "aged 15+")])
def test_ages_are_those_of_which_anybody_was_asked(
    frame: pd.DataFrame, older: int, told: str
) -> None:
    """A survey that asks nobody above 64 speaks of nobody older; nine silent persons may be chance."""
    own = frame[frame["age"] <= 64]
    silent = frame[frame["age"] > 64].head(older).assign(lstatus=np.nan)
    sample = Sample.from_frame(pd.concat([own, silent], ignore_index=True), weights="weight")
    found = lfs.indicators(sample, which="L3.employment")["L3.employment"]
    assert told in str(found.definition)
    adult = own[own["age"] >= 15]
    assert found.n[0] == len(adult)
    by_hand = np.average(adult["lstatus"] == 1, weights=adult["weight"])
    assert found.value[0] == pytest.approx(by_hand, rel=1e-12)
