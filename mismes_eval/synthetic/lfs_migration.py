"""The migration module (mig_*), participation in support measures (msm_*) and the roster of absent
members of a made-up country.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mismes_eval.synthetic import planted_fields
from mismes_eval.synthetic.lfs import _where, isco, major_group, skill
from mismes_eval.synthetic.population import Population
from mismes_eval.synthetic.sampling import Draw
from mismes_eval.synthetic.scenario import MARK, NONE, Scenario, logistic, spread

MODELS = tuple(f"M{number:02d}" for number in range(1, 12))
_AWARE = {
    "RET": (8, 9, 6, 5, 6, 14, 14, 18, 20, 16, 9),
    "NON": (9, 10, 6, 4, 3, 4, 2, 3, 2, 7, 3),
}  # percent by model
_PART = {
    "RET": (8, 9, 5, 3, 4, 9, 8, 14, 22, 13, 3),
    "NON": (6, 8, 4, 1, 1, 2, 1, 2, 1, 5, 1),
}  # percent of the aware
_CURRENCY = {
    "RUS": "RUB",
    "ITA": "EUR",
    "DEU": "EUR",
    "FRA": "EUR",
    "ESP": "EUR",
    "POL": "PLN",
    "TUR": "TRY",
    "GRC": "EUR",
    "USA": "USD",
    "CAN": "CAD",
    "GBR": "GBP",
    "ISR": "ILS",
}
_PAY = {
    "RUS": (52000, 0.5),
    "ITA": (1250, 0.4),
    "DEU": (1900, 0.4),
    "FRA": (1600, 0.4),
    "ESP": (1200, 0.4),
    "POL": (4200, 0.4),
    "TUR": (14000, 0.5),
    "USA": (2600, 0.5),
    "ISR": (6500, 0.4),
    "GBR": (1700, 0.4),
}
_PER_EUR = {
    "EUR": 1.0,
    "RUB": 92.0,
    "PLN": 4.5,
    "TRY": 25.0,
    "USD": 1.08,
    "CAD": 1.46,
    "GBP": 0.87,
    "ILS": 4.0,
}
COST_ITEMS = {
    "visa": 0.14,
    "agency": 0.26,
    "travel": 0.28,
    "training": 0.09,
    "docs": 0.08,
    "medical": 0.05,
    "informal": 0.05,
    "other": 0.05,
}


def extend(
    sc: Scenario,
    pop: Population,
    draw: Draw,
    person: pd.DataFrame,
    inventory: pd.DataFrame,
    name: str,
) -> pd.DataFrame:
    """The person file with GLD migration columns, mig_* and msm_*."""
    rng = sc.stream(f"{name}/migration/{pop.year}")
    s = draw.persons
    status = _status(rng, s)
    out = pd.concat(
        [
            person,
            _gld(sc, rng, s, status),
            _history(sc, rng, s, status, pop.year, _since_interview(person)),
        ],
        axis=1,
    )
    out = pd.concat([out, _participation(sc, rng, s, status, inventory, pop.year)], axis=1)
    now = person["occup_isco"].astype("Int32")
    out["mig_occ_now"] = now.where(s["returnee"].to_numpy() & now.notna().to_numpy())
    out["proxy"] = s["adult"].to_numpy() & (
        rng.random(len(s)) < np.where(s["male"] == 1, 0.30, 0.18)
    )
    fields = planted_fields.persons(sc, out, f"{name}/{pop.year}")
    return pd.concat([out, fields], axis=1)


def _status(rng: np.random.Generator, s: pd.DataFrame) -> np.ndarray:
    u = rng.random(len(s))
    other = np.select([u < 0.010, u < 0.085], ["IMM", "INT_INTERNAL"], "NON").astype(object)
    return np.where(s["returnee"], "RET", np.where(s["adult"], other, "NON"))


def _gld(
    sc: Scenario, rng: np.random.Generator, s: pd.DataFrame, status: np.ndarray
) -> pd.DataFrame:
    """GLD's own migration columns. Where the survey mixes internal and international moves
    (scenario key migrated_mixed) only migrated_from_cat tells them apart.
    """
    if not sc.migration.get("migrated_mixed", False):
        return pd.DataFrame(index=s.index)
    moved = np.isin(status, ("RET", "IMM", "INT_INTERNAL"))
    abroad = np.isin(status, ("RET", "IMM"))
    out = pd.DataFrame(
        {
            "migrated_mod_age": np.full(len(s), 15),
            "migrated_ref_time": 99,
            "migrated_binary": moved.astype(int),
        }
    )
    out["migrated_years"] = _where(rng.integers(0, 16, len(s)), moved)
    out["migrated_from_cat"] = _where(np.where(abroad, 5, rng.integers(1, 5, len(s))), moved)
    out["migrated_reason"] = _where(rng.integers(1, 6, len(s)), moved)
    return out


def _months(year: int, back: np.ndarray) -> np.ndarray:
    """YYYY-MM text `back` months before June of the year."""
    month = year * 12 + 5 - back
    return np.array([f"{month // 12}-{month % 12 + 1:02d}" for month in month], dtype=object)


def _since_interview(person: pd.DataFrame) -> np.ndarray:
    """(n,) months from the interview to June of its year: nobody tells of what comes later."""
    return np.asarray(6 - person["int_month"].to_numpy(), int)


def _history(
    sc: Scenario,
    rng: np.random.Generator,
    s: pd.DataFrame,
    status: np.ndarray,
    year: int,
    asked: np.ndarray,
) -> pd.DataFrame:
    n = len(s)
    ret = status == "RET"
    m = sc.migration
    male = s["male"].to_numpy()
    age = s["age"].to_numpy()
    educ = s["educat7"].to_numpy()
    out = pd.DataFrame({"mig_status": status})
    abroad_born = np.where(
        status == "IMM",
        spread(rng, n, ["RUS", "UKR", "SYR", "SEN", "IND"], [3, 2, 2, 2, 1]),
        sc.country,
    )
    out["mig_birth_country"], out["mig_citizenship"] = (
        abroad_born,
        np.where(rng.random(n) < 0.5, abroad_born, sc.country),
    )
    worked = ret & (rng.random(n) < 0.88)
    out["mig_ever_abroad"], out["mig_worked_abroad"] = ret | (status == "IMM"), worked
    stay = np.clip(
        np.round(rng.lognormal(2.9, 0.9, n)), 3, np.maximum((age - 14) * 12 - 6, 3)
    ).astype(int)
    since = np.maximum(np.minimum(rng.geometric(0.022, n), 180), asked)
    spells = 1 + rng.geometric(0.62, n).clip(1, 8) - 1
    out["mig_n_spells"] = _where(spells, ret)
    out["mig_first_dep_ym"] = np.where(ret, _months(year, since + stay + 14 * (spells - 1)), NONE)
    out["mig_last_dep_ym"], out["mig_last_ret_ym"] = (
        np.where(ret, _months(year, since + stay), NONE),
        np.where(ret, _months(year, since), NONE),
    )
    men, women = m["destinations_men"], m["destinations_women"]
    country = np.where(
        male == 1,
        spread(rng, n, list(men), list(men.values())),
        spread(rng, n, list(women), list(women.values())),
    )
    out["mig_last_country"], out["mig_months_abroad_last"] = (
        np.where(ret, country, NONE),
        _where(stay, ret),
    )
    out["mig_reason_dep"] = np.where(
        ret, spread(rng, n, ["WORK", "STUDY", "FAMILY", "FORCED", "OTHER"], [72, 9, 13, 3, 3]), NONE
    )
    back = spread(
        rng,
        n,
        [
            "CONTRACT_END",
            "FAMILY",
            "RETIRE",
            "JOBLOSS",
            "EXPULSION",
            "HEALTH",
            "OPPORTUNITY",
            "OTHER",
        ],
        [24, 27, 6, 15, 7, 7, 9, 5],
    )
    out["mig_reason_ret"] = np.where(ret, back, NONE)
    kind = spread(rng, n, ["SPONT", "AVRR", "READMISSION"], [88, 8, 4])
    out["mig_ret_type"] = np.where(ret, np.where(back == "EXPULSION", "DEPORT", kind), NONE)
    return pd.concat(
        [out, _jobs_abroad(sc, rng, s, worked, ret, country, educ, stay, since, year)], axis=1
    )


def _jobs_abroad(
    sc: Scenario,
    rng: np.random.Generator,
    s: pd.DataFrame,
    worked: np.ndarray,
    ret: np.ndarray,
    country: np.ndarray,
    educ: np.ndarray,
    stay: np.ndarray,
    since: np.ndarray,
    year: int,
) -> pd.DataFrame:
    n = len(s)
    before, there = (
        major_group(rng, educ, np.full(n, 0.22)),
        major_group(rng, educ, np.full(n, 0.68)),
    )
    out = pd.DataFrame(
        {
            "mig_occ_before": _where(isco(rng, before, 2), worked & (rng.random(n) < 0.62)),
            "mig_occ_abroad": _where(isco(rng, there, 2), worked),
        }
    )
    out["mig_occ_skill_abroad"] = _where(skill(there), worked)
    isced = np.array([0, 0, 1, 1, 2, 3, 4, 6])[educ]
    out["mig_isced_at_dep"], out["mig_isced_abroad"] = (
        _where(isced, ret),
        _where(np.minimum(isced + (rng.random(n) < 0.06), 8), ret),
    )
    sought = rng.random(n) < logistic(-2.6 + 0.45 * (educ - 4))
    got = spread(rng, n, ["SOUGHT_NO", "PARTIAL", "FULL"], [0.36, 0.24, 0.40])
    out["mig_recognised"] = np.where(ret, np.where(sought, got, "NOTSOUGHT"), NONE)
    out["mig_recog_route"] = np.where(
        ret & sought,
        spread(rng, n, ["DEST_AUTHORITY", "HOME_AUTHORITY", "EMPLOYER"], [5, 3, 2]),
        NONE,
    )
    out["mig_legal_status_abroad"] = np.where(
        ret,
        spread(
            rng, n, ["PERMIT", "SEASONAL", "CITIZEN", "STUDENT", "IRREGULAR"], [46, 14, 16, 8, 16]
        ),
        NONE,
    )
    out["mig_written_contract"] = pd.array(rng.random(n) < planted_fields.WRITTEN, dtype="boolean")
    out.loc[~worked, "mig_written_contract"] = pd.NA
    moment = _months(year, since + stay // 2)
    out = pd.concat(
        [out, _pay_and_cost(sc, rng, worked, ret, country, skill(there), moment)], axis=1
    )
    receives = s["adult"].to_numpy() & (rng.random(n) < 0.09)
    out["mig_remit_12m"] = np.where(
        receives, np.round(rng.lognormal(7.2, 0.8, n) * sc.per_eur, -2), 0.0
    )
    eager = s["adult"].to_numpy() & (rng.random(n) < leaving(sc, s, ret))
    out["mig_intend_6m"] = eager
    out["mig_intend_country"] = np.where(eager, country, NONE)
    return out


def _usual_pay(country: str) -> float:
    currency = _CURRENCY.get(country, "EUR")
    if country in _PAY or currency == "EUR":
        return float(_PAY.get(country, (1200, 0.4))[0])
    return 1200 * _PER_EUR[currency]


def _pay_and_cost(
    sc: Scenario,
    rng: np.random.Generator,
    worked: np.ndarray,
    ret: np.ndarray,
    country: np.ndarray,
    skilled: np.ndarray,
    moment: np.ndarray,
) -> pd.DataFrame:
    """What the job abroad paid, and what getting it had cost."""
    n = len(country)
    currency = np.array([_CURRENCY.get(code, "EUR") for code in country], dtype=object)
    level = np.array([_usual_pay(code) for code in country])
    wage = np.round(level * np.exp(rng.normal(0.06 * (skilled - 2), 0.42, n)))
    told = worked & (rng.random(n) < 0.9)
    out = pd.DataFrame(
        {
            "mig_wage_abroad": np.where(told, wage, np.nan),
            "mig_wage_abroad_currency": np.where(told, currency, NONE),
        }
    )
    out["mig_wage_abroad_ym"] = np.where(told, moment, NONE)
    out["mig_wage_abroad_miss"] = np.select([told, worked], [NONE, "REF"], "NA_notapp")
    rate = np.array([_PER_EUR[code] for code in currency])
    cost = np.round(wage / rate * sc.per_eur * np.exp(rng.normal(-0.35, 0.95, n)), -1)
    out["mig_rec_cost_total"] = np.where(told, cost, np.nan)
    parts = rng.gamma(np.tile(np.array(list(COST_ITEMS.values())) * 12, (n, 1)))
    parts = np.round(parts / parts.sum(axis=1, keepdims=True) * cost[:, None])
    for place, item in enumerate(COST_ITEMS):
        out[f"mig_rec_cost_{item}"] = np.where(told, parts[:, place], np.nan)
    out["mig_rec_cost_total"] = np.where(told, parts.sum(axis=1), np.nan)
    out["mig_rec_cost_currency"] = np.where(told, sc.currency, NONE)
    out["mig_rec_cost_financing"] = np.where(
        told, spread(rng, n, ["OWN", "FAMILY", "LOAN", "EMPLOYER"], [45, 30, 17, 8]), NONE
    )
    debt = np.where(rng.random(n) < 0.18, np.round(cost * rng.random(n), -1), 0.0)
    out["mig_debt_outstanding"] = np.where(ret, debt, np.nan)
    return out


def leaving(sc: Scenario, s: pd.DataFrame, ret: np.ndarray) -> np.ndarray:
    """(n,) Chance that a person intends to leave within six months."""
    return logistic(
        np.log(sc.migration["intend"] / (1 - sc.migration["intend"]))
        + 0.8 * ret
        + 0.05 * (38 - s["age"].to_numpy()).clip(-25, 15)
    )


def awareness(sc: Scenario, s: pd.DataFrame, ret: np.ndarray) -> np.ndarray:
    """(n, 11) Chance that a person knows each model."""
    chance = np.where(ret[:, None], _AWARE["RET"], _AWARE["NON"]) / 100.0
    k = MODELS.index(sc.rollout["model"])
    chance[:, k] += float(sc.rollout["effect_aware"]) * s["exposed"].to_numpy()
    return np.asarray(chance)


def participation(
    sc: Scenario, s: pd.DataFrame, ret: np.ndarray, inventory: pd.DataFrame
) -> np.ndarray:
    """(n, 11) Chance that a person who is asked took part in each model."""
    of_aware = np.where(ret[:, None], _PART["RET"], _PART["NON"]) / 100.0
    offered = np.array([(inventory["model_primary"] == m).any() for m in MODELS])
    return np.asarray(awareness(sc, s, ret) * of_aware * offered)


def _participation(
    sc: Scenario,
    rng: np.random.Generator,
    s: pd.DataFrame,
    status: np.ndarray,
    inventory: pd.DataFrame,
    year: int,
) -> pd.DataFrame:
    n = len(s)
    ret = status == "RET"
    asked = s["adult"].to_numpy() & (s["age"].to_numpy() <= 64)
    aware = (rng.random((n, 11)) < awareness(sc, s, ret)) & asked[:, None]
    offered = np.array([(inventory["model_primary"] == m).any() for m in MODELS])
    applied = aware & (
        rng.random((n, 11)) < 2.2 * np.where(ret[:, None], _PART["RET"], _PART["NON"]) / 100.0
    )
    part = applied & (rng.random((n, 11)) < 1 / 2.2) & offered
    out = pd.DataFrame(
        {
            column: _joined(x, asked)
            for column, x in (("msm_aware", aware), ("msm_applied", applied), ("msm_part", part))
        }
    )
    took = part.any(axis=1)
    measure = np.full(n, None, dtype=object)
    for j in np.flatnonzero(took):
        choices = inventory.loc[
            inventory["model_primary"] == MODELS[int(np.argmax(part[j]))], "measure_id"
        ].to_numpy()
        measure[j] = choices[int(rng.integers(len(choices)))]
    by_id = inventory.set_index("measure_id")
    out["msm_measure_id"] = measure
    out["msm_provider"] = pd.Series(measure).map(by_id["implementer_type"]).to_numpy()
    out["msm_year"] = _where(year - rng.integers(0, 5, n), took)
    out["msm_hours"] = np.where(took, np.round(rng.gamma(2.0, 20.0, n)) + 1, np.nan)
    out["msm_useful"] = _where(
        rng.choice([1, 2, 3, 4, 5], n, p=[0.06, 0.13, 0.29, 0.34, 0.18]), took
    )
    return out


def _joined(flags: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Semicolon-separated model codes; empty text = asked and none, missing = not asked."""
    out = np.where(asked, "", NONE).astype(object)
    for j in np.flatnonzero(flags.any(axis=1)):
        out[j] = ";".join(MODELS[place] for place in np.flatnonzero(flags[j]))
    return np.asarray(out)


def absent_file(sc: Scenario, pop: Population, draw: Draw, person: pd.DataFrame) -> pd.DataFrame:
    """One row an absent member and reporting household; weight_mult = household weight / s_i."""
    rng = sc.stream(f"absent/{pop.year}")
    absent = draw.absent
    n = len(absent)
    homes = person.assign(hh=draw.persons["hh"].to_numpy()).drop_duplicates("hh").set_index("hh")
    rows = homes.loc[absent["hh"]].reset_index(drop=True)
    keep = [
        column
        for column in (
            "data_status",
            "countrycode",
            "year",
            "hhid",
            "weight",
            "psu",
            "strata",
            "phase1_class",
            "phase2_prob",
            "urban",
            "subnatid1",
        )
        if column in rows
    ]
    out = rows[keep].copy()
    out.insert(4, "abs_no", absent.groupby("hh").cumcount().to_numpy() + 1)
    male = absent["male"].to_numpy()
    age = absent["age"].to_numpy()
    out["relation"] = rng.choice([2, 3, 4, 5, 6], n, p=[0.24, 0.42, 0.09, 0.20, 0.05])
    out["male"], out["age"] = male, age
    out["educat7"] = rng.choice(np.arange(1, 8), n, p=[0.03, 0.04, 0.1, 0.2, 0.33, 0.14, 0.16])
    out["occup_before"] = _where(
        rng.choice(np.arange(1, 10), n, p=[0.02, 0.09, 0.08, 0.04, 0.18, 0.09, 0.22, 0.1, 0.18]),
        rng.random(n) < 0.6,
    )
    gone = np.maximum(np.minimum(rng.geometric(0.03, n), 240), _since_interview(rows))
    out["dep_ym"], out["country"] = _months(pop.year, gone), absent["country"].to_numpy()
    out["reason"] = spread(
        rng, n, ["WORK", "STUDY", "FAMILY", "FORCED", "OTHER"], [74, 11, 11, 1, 3]
    )
    working = rng.random(n) < 0.78
    out["working"] = pd.array(working, dtype="boolean")
    unknown = rng.random(n) < 0.05
    out.loc[unknown, "working"] = pd.NA
    out["working_miss"] = np.where(unknown, "PROXY_UNKNOWN", NONE)
    out["remit_12m"] = np.where(
        working & (rng.random(n) < 0.55), np.round(rng.lognormal(7.3, 0.8, n) * sc.per_eur, -2), 0.0
    )
    out["contact_possible"] = rng.random(n) < 0.7
    out["s_i"] = absent["s_i"].to_numpy()
    out["report_hh_type"] = np.where(
        absent["s_i"] == 1,
        "FORMER",
        spread(rng, n, ["FORMER", "PARENT", "SIBLING", "CHILD"], [4, 3, 2, 1]),
    )
    out["weight_mult"] = (out["weight"] / out["s_i"]).round(4)
    assert out["data_status"].eq(MARK).all()
    return out


def rates(sc: Scenario) -> pd.DataFrame:
    """Exchange rates to the euro that wages abroad and recruitment costs were made with, in the
    reference year.
    """
    per_eur = {**_PER_EUR, sc.currency: sc.per_eur}
    rows = [(code, sc.year, round(1 / per_eur[code], 8)) for code in sorted(per_eur)]
    return pd.DataFrame(rows, columns=["currency", "year", "eur_per_unit"]).assign(
        source=f"{MARK}: constant rate of scenario {sc.country}",
        url="",
        retrieved=f"{sc.year}-12-31",
        data_status=MARK,
    )
