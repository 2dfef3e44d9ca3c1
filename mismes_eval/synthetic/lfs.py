"""The labour force survey file of a made-up country: GLD names and codes for design, household,
education and labour columns.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mismes_eval.synthetic.population import Population
from mismes_eval.synthetic.sampling import Draw
from mismes_eval.synthetic.scenario import MARK, NONE, Scenario, logistic, pick

_EDUC5 = np.array([0, 1, 2, 3, 3, 4, 5, 5])
_EDUC4 = np.array([0, 1, 2, 2, 3, 3, 4, 4])
_ISCED = np.array([0, 20, 100, 100, 244, 344, 454, 660])
_YEARS = np.array([0, 0, 3, 6, 9, 12, 14, 16])
_RANK = np.array([0, 0, 0, 0, 0, 1, 1, 2])  # ISCED 0-2, 3-4, 5-8
_MAJOR = np.array(  # ISCO major group 1-9 by education rank
    [
        [0.01, 0.01, 0.02, 0.02, 0.20, 0.22, 0.15, 0.11, 0.26],
        [0.03, 0.05, 0.10, 0.07, 0.24, 0.14, 0.15, 0.11, 0.11],
        [0.10, 0.40, 0.19, 0.07, 0.12, 0.03, 0.03, 0.03, 0.03],
    ]
)
_INDUSTRY = {  # industrycat10 by ISCO major group 1-9
    1: (4, 1, 12, 2, 7, 24, 10, 16, 18, 6),
    2: (2, 1, 5, 2, 3, 6, 8, 18, 42, 13),
    3: (3, 1, 12, 3, 6, 17, 12, 15, 24, 7),
    4: (2, 1, 10, 3, 4, 18, 16, 16, 24, 6),
    5: (3, 0, 4, 0, 1, 56, 6, 3, 8, 19),
    6: (96, 0, 1, 0, 0, 1, 0, 0, 1, 1),
    7: (3, 2, 38, 2, 38, 8, 4, 1, 1, 3),
    8: (5, 3, 26, 4, 9, 7, 42, 1, 1, 2),
    9: (34, 2, 10, 2, 18, 12, 7, 2, 3, 10),
}


def person_file(sc: Scenario, pop: Population, draw: Draw, name: str) -> pd.DataFrame:
    """GLD columns of every sampled person; migration and participation columns are added by
    lfs_migration.extend.
    """
    rng = sc.stream(f"{name}/{pop.year}")
    s = draw.persons
    out = _survey(sc, s, pop.year, rng)
    out = pd.concat([out, _household(sc, s, rng), education(s, rng), work(sc, s, rng)], axis=1)
    return out


def _survey(sc: Scenario, s: pd.DataFrame, year: int, rng: np.random.Generator) -> pd.DataFrame:
    n = len(s)
    first = ~s["hh"].duplicated()
    hh_no = first.cumsum().to_numpy()
    psu_no = (~s["psu"].duplicated()).cumsum().to_numpy()
    hhid = np.array([f"{sc.country}{year % 100:02d}{number:05d}" for number in hh_no], dtype=object)
    pid = np.array(
        [
            f"{household}{place:02d}"
            for household, place in zip(hhid, s.groupby("hh").cumcount() + 1, strict=True)
        ],
        dtype=object,
    )
    month = rng.integers(1, 13, psu_no.max() + 1)[psu_no]
    fixed = {
        "data_status": MARK,
        "countrycode": sc.country,
        "survname": f"{MARK} LFS",
        "survey": "LFS",
        "icls_v": sc.labour["icls_v"],
    }
    fixed |= {
        "isced_version": "isced_2011",
        "isco_version": "isco_2008",
        "isic_version": "isic_4",
        "vermast": "v01",
        "veralt": "v01",
    }
    out = pd.DataFrame(
        {
            **{column: np.full(n, value, dtype=object) for column, value in fixed.items()},
            "year": year,
            "int_year": year,
            "int_month": month,
            "hhid": hhid,
            "pid": pid,
        }
    )
    for column in ("weight", "d0_base", "d1_nr", "d2_phase2", "phase1_class", "phase2_prob"):
        if column in s:
            out[column] = s[column].to_numpy()
    if "psu" in sc.design["release"]:
        out["psu"] = [f"{year % 100:02d}-{p:04d}" for p in s["psu"]]
    if "strata" in sc.design["release"]:
        out["strata"] = region_names(sc, s) + np.where(s["urban"] == 1, " urban", " rural").astype(
            object
        )
    out["wave"] = [f"Q{(m - 1) // 3 + 1}" for m in month]
    return out


def region_names(sc: Scenario, s: pd.DataFrame) -> np.ndarray:
    names = np.array(
        [f"{region['code']} - {region['name']}" for region in sc.regions], dtype=object
    )
    return np.asarray(names[s["region"].to_numpy()])


def _household(sc: Scenario, s: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    place = region_names(sc, s)
    groups = np.array([region.get("group", "") for region in sc.regions], dtype=object)[
        s["region"].to_numpy()
    ]
    grouped = bool(groups[0])
    out = pd.DataFrame({"urban": s["urban"].to_numpy(), "subnatid1": groups if grouped else place})
    if grouped:
        out["subnatid2"] = place
    out["subnatidsurvey"] = "subnatid2" if grouped else "subnatid1"
    out["msm_centre_cohort"] = s["cohort"].to_numpy()
    age = s["age"].to_numpy()
    male = s["male"].to_numpy()
    hidden = (
        0
        if sc.coverage == "all"
        else rng.poisson(0.7, s["hh"].nunique())[(~s["hh"].duplicated()).cumsum().to_numpy() - 1]
    )
    out["hsize"] = s["size"].to_numpy() + hidden
    if not sc.design.get("grouped_age", False):
        out["age"] = age
    out["age_group"] = s["age_group"].to_numpy()
    out["male"] = male
    out["relationharm"] = _relation(s)
    married = rng.random(len(s)) < logistic((age - 26) / 4.0) * 0.8
    out["marital"] = np.select(
        [age < 16, (age > 60) & (rng.random(len(s)) < 0.25), out["relationharm"].eq(2) | married],
        [2, 5, 1],
        2,
    )
    return out


def _relation(s: pd.DataFrame) -> np.ndarray:
    """1 head, 2 spouse, 3 child, 5 other relative, from ages and sexes: the oldest person under 75
    is the head.
    """
    order = s.assign(
        _k=np.where((s["age"] >= 18) & (s["age"] < 75), -s["age"], 200 - s["age"])
    ).sort_values(["hh", "_k"], kind="stable")
    head = order.drop_duplicates("hh").set_index("hh")
    gap = order["hh"].map(head["age"]).to_numpy() - order["age"].to_numpy()
    other = order["hh"].map(head["male"]).to_numpy() != order["male"].to_numpy()
    code = np.select([gap >= 17], [3], 5)
    spouse = other & (np.abs(gap) <= 15) & (order["age"].to_numpy() >= 18)
    first = pd.Series(np.where(spouse, order["hh"].to_numpy(), -1))
    code[(spouse & ~first.duplicated().to_numpy())] = 2
    code[~order["hh"].duplicated().to_numpy()] = 1
    return pd.Series(code, index=order.index).sort_index().to_numpy()


def education(s: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    e = s["educat7"].to_numpy()
    age = s["age"].to_numpy()
    adult = s["adult"].to_numpy()
    school = (age < 15) | (
        rng.random(len(s)) < np.where(age < 19, 0.75, np.where(age < 25, 0.3, 0.01))
    )
    out = pd.DataFrame({"ed_mod_age": np.full(len(s), 15), "school": school.astype(int)})
    out["educy"] = np.clip(_YEARS[e] + rng.integers(-1, 2, len(s)), 0, np.maximum(age - 5, 0))
    for column, values in (
        ("educat7", e),
        ("educat5", _EDUC5[e]),
        ("educat4", _EDUC4[e]),
        ("educat_isced", _ISCED[e]),
        ("educy", out["educy"].to_numpy()),
    ):
        out[column] = pd.array(values, dtype="Int16")
        out.loc[~adult, column] = pd.NA
    out["vocational"] = _where(
        (rng.random(len(s)) < np.where(np.isin(e, (5, 6)), 0.45, 0.05)).astype(int), adult
    )
    return out


def _where(values: np.ndarray, mask: np.ndarray) -> pd.arrays.IntegerArray:
    """Integer column that is missing outside the mask."""
    out = pd.array(values, dtype="Int32")
    out[~np.asarray(mask)] = pd.NA
    return out


def major_group(rng: np.random.Generator, educat7: np.ndarray, mismatch: np.ndarray) -> np.ndarray:
    """ISCO-08 major group 1-9; with probability `mismatch` a job is drawn as if education stood one
    rank lower.
    """
    rank = _RANK[educat7]
    return 1 + pick(
        rng, _MAJOR[np.where(rng.random(len(rank)) < mismatch, np.maximum(rank - 1, 0), rank)]
    )


def skill(major: np.ndarray) -> np.ndarray:
    """GLD occup_skill: 1 low (ISCO 9), 2 medium (4-8), 3 high (1-3)."""
    return np.select([major == 9, major <= 3], [1, 3], 2)


def isco(rng: np.random.Generator, major: np.ndarray, digits: int) -> np.ndarray:
    """ISCO-08 code of four digits, padded with zeros where the survey codes fewer."""
    sub = np.array([0, 4, 6, 5, 4, 4, 3, 5, 3, 6])[major]
    two = major * 10 + 1 + (rng.random(len(major)) ** 1.5 * sub).astype(int)
    four = two * 100 + 10 * rng.integers(1, 4, len(major)) + rng.integers(1, 4, len(major))
    return np.asarray({1: major * 1000, 2: two * 100, 4: four}[digits])


def work(sc: Scenario, s: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    n = len(s)
    module = s["module"].to_numpy()
    status = np.where(module, s["lstatus"].to_numpy(), 0)
    job, idle, out_lf = status == 1, status == 2, status == 3
    age, male, urban, educ, ret = (
        s[column].to_numpy() for column in ("age", "male", "urban", "educat7", "returnee")
    )
    major = major_group(rng, educ, np.where(ret, 0.42, 0.22))
    major = np.where((urban == 0) & (rng.random(n) < 0.18), 6, major)
    out = pd.DataFrame(
        {
            "minlaborage": np.full(n, 15),
            "lstatus": _where(status, module),
            "lstatus_miss": np.where(module, NONE, "NOTASKED"),
        }
    )
    out["potential_lf"] = _where((rng.random(n) < 0.06 + 0.04 * (age < 30)).astype(int), out_lf)
    out["nlfreason"] = _where(
        np.select(
            [
                (age < 24) & (rng.random(n) < 0.8),
                age >= 60,
                (male == 0) & (rng.random(n) < 0.6),
                rng.random(n) < 0.3,
            ],
            [1, 3, 2, 4],
            5,
        ),
        out_lf,
    )
    low = np.minimum(rng.geometric(0.11, n), 60)
    out["unempldur_l"], out["unempldur_u"] = _where(low, idle), _where(low + 1, idle)
    self_p = 0.14 + 0.18 * (major == 6) + 0.07 * ret + 0.05 * (urban == 0)
    u = rng.random(n)
    empstat = np.select(
        [u < self_p * 0.8, u < self_p, u < self_p + np.where(male == 1, 0.02, 0.06)], [4, 3, 2], 1
    )
    out["empstat"] = _where(empstat, job)
    wage_job = job & (empstat == 1)
    out["industrycat10"] = _where(
        1 + pick(rng, np.array([_INDUSTRY[code] for code in range(1, 10)], dtype=float)[major - 1]),
        job,
    )
    out["occup"], out["occup_skill"] = _where(major, job), _where(skill(major), job)
    out["occup_isco"] = _where(isco(rng, major, int(sc.labour["isco_digits"])), job)
    formal = rng.random(n) < logistic(0.1 + 0.25 * (educ - 4) - 0.3 * ret - 1.2 * (empstat != 1))
    out["contract"] = _where((formal | (rng.random(n) < 0.12)).astype(int), wage_job)
    out["socialsec"] = _where(formal.astype(int), job)
    hours = np.clip(np.round(rng.normal(np.where(male == 1, 41, 37), 9)), 4, 80).astype(int)
    out["whours"] = _where(hours, job)
    out["underemployment"] = _where(((hours < 35) & (rng.random(n) < 0.25)).astype(int), job)
    return pd.concat([out, _wages(sc, rng, s, wage_job, major)], axis=1)


def _wages(
    sc: Scenario, rng: np.random.Generator, s: pd.DataFrame, wage_job: np.ndarray, major: np.ndarray
) -> pd.DataFrame:
    n = len(s)
    age = s["age"].to_numpy()
    educ = s["educat7"].to_numpy()
    experience = np.clip(age - _YEARS[educ] - 6, 0, 45)
    log = (
        0.065 * (_YEARS[educ] - 11)
        + 0.03 * (experience - 18)
        - 0.0005 * (experience**2 - 18**2)
        + 0.22 * (s["male"].to_numpy() - 0.5)
        + 0.10 * s["urban"].to_numpy()
    )
    log = log + 0.05 * s["returnee"].to_numpy() + 0.12 * (skill(major) - 2) + rng.normal(0, 0.42, n)
    wage = np.round(float(sc.labour["wage_mean"]) * np.exp(log - 0.09), -1)
    said = rng.random(n) < 0.88
    refused = np.where(rng.random(n) < 0.7, "REF", "DK").astype(object)
    if not sc.labour["wage"]:
        said = np.zeros(n, dtype=bool)
        refused = np.full(n, "NOTASKED", dtype=object)
    shown = wage_job & said
    out = pd.DataFrame(
        {"wage_no_compen": np.where(shown, wage, np.nan), "unitwage": _where(np.full(n, 5), shown)}
    )
    out["wage_no_compen_miss"] = np.select(
        [shown, wage_job], [NONE, refused], "NA_notapp" if sc.labour["wage"] else "NOTASKED"
    )
    return out
