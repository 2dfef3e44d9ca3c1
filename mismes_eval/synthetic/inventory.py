"""A made-up inventory of migrant support measures in the information template: every title, budget
and count is synthetic.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mismes_eval.synthetic import planted_fields, potential
from mismes_eval.synthetic.scenario import MARK, Scenario, spread

MODELS = {
    "BEF": {"M01": 3, "M02": 4, "M03": 3, "M04": 2},
    "DUR": {"M05": 3, "M04": 1},
    "AFT": {"M06": 3, "M07": 2, "M08": 5, "M09": 6},
    "MUL": {"M10": 4, "M11": 1},
}
_SUBJECT = {
    "M01": "international job matching",
    "M02": "pre-departure orientation and training",
    "M03": "skills development for migration",
    "M04": "labour market information and protection abroad",
    "M05": "capitalising on skills across borders",
    "M06": "validation and recognition of skills",
    "M07": "return employment information",
    "M08": "entrepreneurship for returnees",
    "M09": "assisted voluntary return and reintegration",
    "M10": "migrant resource centre",
    "M11": "migrant welfare fund",
}
_TARGET = {
    "BEF": "POT_MIG",
    "DUR": "MIG_ABROAD",
    "AFT": "RETURNEE_VOL",
    "MUL": "POT_MIG;RETURNEE_VOL",
}
ALL_RETURNEES = "RETURNEE_VOL;RETURNEE_FORCED"
ENROLLED: dict[
    str, str | int
] = {  # of a tracer study: both sexes of these ages and of every schooling, in every region
    "target_sex": "ALL",
    "target_age_min": potential.YOUNGEST,
    "target_age_max": potential.OLDEST,
    "target_skill": "",
    "target_region": "",
}
SERVICES = {  # chance that a measure of the stage offers the service
    "service_info": (0.8, 0.6, 0.6, 0.9),
    "service_counselling": (0.6, 0.3, 0.8, 0.8),
    "service_jobmatch": (0.5, 0.2, 0.4, 0.5),
    "service_language": (0.5, 0.1, 0.05, 0.2),
    "service_vet_training": (0.4, 0.1, 0.45, 0.3),
    "service_recognition": (0.1, 0.1, 0.2, 0.2),
    "service_startup": (0.02, 0.1, 0.5, 0.2),
    "service_grant_cash": (0.02, 0.02, 0.5, 0.1),
    "service_legal": (0.2, 0.3, 0.3, 0.4),
    "service_psychosocial": (0.02, 0.05, 0.35, 0.2),
}
_STAGES = ("BEF", "DUR", "AFT", "MUL")
FUNDERS = {"EU": 42, "EU_MS": 30, "OTHER_DONOR": 12, "NAT_BUDGET": 13, "FEES": 3}
ORIGIN_FUNDERS, MULTILATERAL = ("NAT_BUDGET", "FEES"), 0.6  # the latter of other donors
OVERHEAD = (0.10, 0.25)  # of the budget, uniform
DOSE_SHAPE, DOSE_SCALE, DOSE_LEAST = 2.0, 28.0, 2  # gamma, hours
SCORES = (0.28, 0.34, 0.24, 0.14)  # 0 to 3
BOTH_SEXES = 0.9  # of measures are for both
SUSTAINED = 0.32  # of measures went on after their funding
FRAMEWORK = 0.66  # of measures have one for monitoring
EVALUATED = 0.38
EVALUATIONS = {"MONITORING": 3, "FINAL": 5, "EXPOST": 2, "IMPACT": 1}


def build(sc: Scenario) -> pd.DataFrame:
    """One row a measure, columns of the information template. The first measures are those that the
    tracers and the LFS rollout follow.
    """
    rng = sc.stream("inventory")
    stage, model = _kinds(sc, rng)
    n = len(stage)
    out = pd.DataFrame(
        {
            "measure_id": [f"{sc.country}-{number:03d}" for number in range(1, n + 1)],
            "country": sc.country,
        }
    )
    out["title_en"] = [
        f"Synthetic measure {number}: {_SUBJECT[m]}" for number, m in enumerate(model, 1)
    ]
    out["title_orig"], out["stage_code"], out["model_primary"] = "", stage, model
    out["models_other"] = ["M06" if rng.random() < 0.2 and m != "M06" else "" for m in model]
    dates = _dates(sc, rng, n)
    out = pd.concat([out, dates, _actors(rng, stage)], axis=1)
    out = pd.concat([out, _money(sc, rng, n, out["start_date"]), _people(sc, rng, stage)], axis=1)
    out = pd.concat(
        [out, _beneficiaries(rng, out["budget_eur"].to_numpy(), model), _services(rng, stage)],
        axis=1,
    )
    out = pd.concat([_evaluated(sc, out), _quality(sc, rng, out)], axis=1)
    for after, name in (
        ("models_other", "prelim_category"),
        ("mobility_partnership", "iati_id"),
        ("iati_id", "crs_purpose"),
        ("eval_year", "eval_url"),
    ):
        out.insert(list(out.columns).index(after) + 1, name, "")
    out["target_skill"] = planted_fields.skill_levels(sc, out)
    for after, field, values in planted_fields.measures(sc, out):
        out.insert(list(out.columns).index(after) + 1, field, values)
    return out


def contacts(sc: Scenario, inventory: pd.DataFrame) -> pd.DataFrame:
    """Implementers that received the questionnaire, with those who did not answer: the inventory's
    own unit non-response.
    """
    rng = sc.stream("inventory/contacts")
    seen = (
        inventory.groupby(["implementer_name", "implementer_type"], sort=True)
        .size()
        .rename("measures_reported")
        .reset_index()
    )
    silent = max(3, round(0.35 * len(seen)))
    more = pd.DataFrame(
        {
            "implementer_name": [
                f"Synthetic organisation {number}" for number in range(1, silent + 1)
            ],
            "measures_reported": 0,
        }
    )
    more["implementer_type"] = spread(
        rng, silent, ["NGO", "IO", "MIN", "PRIVATE_AGENCY"], [4, 2, 2, 2]
    )
    out = pd.concat([seen, more], ignore_index=True).assign(
        country=sc.country, sent_on=f"{sc.year}-09-15", data_status=MARK
    )
    full = np.where(rng.random(len(out)) < 0.7, "FULL", "PARTIAL")
    out["answer"] = np.where(
        out["measures_reported"] > 0,
        full,
        spread(rng, len(out), ["NONE", "REFUSED", "NOT_FOUND"], [6, 2, 1]),
    )
    return out[
        [
            "implementer_name",
            "country",
            "implementer_type",
            "sent_on",
            "answer",
            "measures_reported",
            "data_status",
        ]
    ]


def by_year(sc: Scenario, inventory: pd.DataFrame) -> pd.DataFrame:
    """Spending and beneficiaries of a measure by calendar year, up to the reference year; years of
    a measure add up to its totals to rounding.
    """
    rows = []
    for m in inventory.to_dict("records"):
        last = sc.year if pd.isna(m["end_date"]) else min(int(m["end_date"][:4]), sc.year)
        years = range(int(m["start_date"][:4]), last + 1)
        spent = np.nan if np.isnan(m["budget_total"]) else round(m["budget_total"] / len(years))
        reached = pd.NA if pd.isna(m["benef_reached"]) else round(m["benef_reached"] / len(years))
        rows += [(m["measure_id"], y, spent, reached, MARK) for y in years]
    out = pd.DataFrame(rows, columns=["measure_id", "year", "spent", "benef", "data_status"])
    return out.assign(benef=out["benef"].astype("Int64"))


def rates(sc: Scenario, inventory: pd.DataFrame) -> pd.DataFrame:
    """Exchange rates to the euro that budget_eur was made with: constant over years, synthetic."""
    years = sorted(int(y) for y in inventory["price_year"].unique())
    rows = [
        (currency, y, rate)
        for currency, rate in ((sc.currency, round(1 / sc.per_eur, 8)), ("EUR", 1.0))
        for y in years
    ]
    return pd.DataFrame(rows, columns=["currency", "year", "eur_per_unit"]).assign(
        source=f"{MARK}: constant rate of scenario {sc.country}",
        url="",
        retrieved=f"{sc.year}-12-31",
        data_status=MARK,
    )


def _kinds(sc: Scenario, rng: np.random.Generator) -> tuple[list[str], list[str]]:
    first = [(tracer["stage"], tracer["model"]) for tracer in sc.tracer]
    first += [("MUL", sc.rollout["model"])] if ("MUL", sc.rollout["model"]) not in first else []
    n = int(sc.inventory["n"])
    shares = sc.inventory["stages"]
    want = [
        round(n * shares[stage]) - sum(pair[0] == stage for pair in first) for stage in _STAGES[:-1]
    ]
    want.append(n - len(first) - sum(want))
    rest = [stage for stage, count in zip(_STAGES, want, strict=True) for _ in range(count)]
    rest = [rest[i] for i in rng.permutation(len(rest))]
    models = [
        str(spread(rng, 1, list(MODELS[stage]), list(MODELS[stage].values()))[0]) for stage in rest
    ]
    return [pair[0] for pair in first] + rest, [pair[1] for pair in first] + models


def _dates(sc: Scenario, rng: np.random.Generator, n: int) -> pd.DataFrame:
    start = pd.to_datetime(
        [
            f"{y}-{m:02d}-01"
            for y, m in zip(
                rng.integers(sc.inventory["first_year"], sc.year - 1, n),
                rng.integers(1, 13, n),
                strict=True,
            )
        ]
    )
    start = start.where(np.arange(n) > len(sc.tracer), pd.Timestamp(sc.year - 4, 1, 1))
    months = rng.integers(12, 61, n)
    end = pd.to_datetime(
        [
            day + pd.DateOffset(months=int(m)) - pd.Timedelta(days=1)
            for day, m in zip(start, months, strict=True)
        ]
    )
    ongoing = (end > pd.Timestamp(sc.year, 12, 31)) | (rng.random(n) < 0.08)
    ends = [
        None if open_ended else day.date().isoformat()
        for open_ended, day in zip(ongoing, end, strict=True)
    ]
    return pd.DataFrame(
        {
            "start_date": [day.date().isoformat() for day in start],
            "end_date": ends,
            "ongoing": ongoing,
        }
    )


def _actors(rng: np.random.Generator, stage: list[str]) -> pd.DataFrame:
    n = len(stage)
    kind = spread(
        rng,
        n,
        ["IO", "EU_MS_AGENCY", "NGO", "PES", "MIN", "PRIVATE_AGENCY", "EDU", "DIASPORA_ORG"],
        [26, 18, 20, 14, 8, 5, 5, 4],
    )
    funder = spread(rng, n, list(FUNDERS), list(FUNDERS.values()))
    side = np.where(
        np.isin(funder, ORIGIN_FUNDERS),
        "ORIGIN",
        np.where(
            (funder == "OTHER_DONOR") & (rng.random(n) < MULTILATERAL),
            "MULTILATERAL",
            "DESTINATION",
        ),
    )
    no = rng.integers(1, 15, n)
    names = {
        "implementer_type": kind,
        "implementer_name": [
            f"Synthetic {sector.lower()} {j}" for sector, j in zip(kind, no, strict=True)
        ],
    }
    names["national_partner"] = ["Synthetic public body " + str(j) for j in rng.integers(1, 6, n)]
    names |= {
        "funder_main": [f"Synthetic funder {j}" for j in rng.integers(1, 13, n)],
        "funder_type": funder,
        "funder_side": side,
    }
    return pd.DataFrame(
        {**names, "mobility_partnership": (funder == "EU") & (rng.random(n) < 0.55)}
    )


def _money(sc: Scenario, rng: np.random.Generator, n: int, start: pd.Series) -> pd.DataFrame:
    eur = np.round(rng.lognormal(np.log(0.62e6), 1.15, n), -3)
    national = rng.random(n) < 0.15
    total = np.where(national, np.round(eur * sc.per_eur, -3), eur)
    told = rng.random(n) < 0.86
    told[: len(sc.tracer) + 1] = True
    direct, overhead = rng.uniform(0.55, 0.72, n), rng.uniform(*OVERHEAD, n)
    out = pd.DataFrame(
        {
            "budget_total": total,
            "currency": np.where(national, sc.currency, "EUR"),
            "price_year": start.str[:4].astype(int),
            "budget_eur": np.round(np.where(national, total / sc.per_eur, total)),
        }
    )
    split = rng.random(n) < 0.7
    for column, share in (
        ("cost_direct", direct),
        ("cost_overhead", overhead),
        ("cost_benef_transfer", 1 - direct - overhead),
    ):
        out[column] = np.where(told & split, np.floor(total * share), np.nan)
    out.loc[~told, ["budget_total", "budget_eur"]] = np.nan
    return out


def _people(sc: Scenario, rng: np.random.Generator, stage: list[str]) -> pd.DataFrame:
    n = len(stage)
    out = pd.DataFrame({"target_group": [_TARGET[code] for code in stage]})
    forced_too = out["target_group"].eq("RETURNEE_VOL") & (rng.random(n) < 0.4)
    out.loc[forced_too, "target_group"] = ALL_RETURNEES
    out["target_sex"] = spread(rng, n, ["ALL", "F"], [BOTH_SEXES, 1 - BOTH_SEXES])
    out["target_age_min"], out["target_age_max"] = (
        18,
        rng.choice([29, 35, 60, 64], n, p=[0.15, 0.15, 0.3, 0.4]),
    )
    out["target_skill"] = spread(rng, n, ["LOW", "MED", "HIGH"], [4, 5, 2])
    out["target_region"] = [
        "" if rng.random() < 0.6 else str(sc.regions[int(rng.integers(len(sc.regions)))]["name"])
        for _ in range(n)
    ]
    places = list(sc.migration["destinations_men"])
    out["destinations"] = [
        ";".join(sorted(rng.choice(places, int(rng.integers(1, 4)), replace=False)))
        for _ in range(n)
    ]
    return out


def _beneficiaries(rng: np.random.Generator, eur: np.ndarray, model: list[str]) -> pd.DataFrame:
    n = len(model)
    unit = np.where(
        np.isin(model, ("M08", "M09")),
        2600.0,
        np.where(np.isin(model, ("M07", "M10", "M04")), 160.0, 900.0),
    ) * rng.lognormal(0, 0.6, n)
    planned = np.maximum(np.round(np.nan_to_num(eur, nan=5e5) / unit), 20)
    reached = np.round(planned * rng.beta(6, 2.2, n) * 1.15)
    completed = np.round(reached * rng.beta(8, 2.5, n))
    placed = np.round(completed * rng.beta(2.5, 5, n))
    told = {
        "benef_planned": 0.95,
        "benef_reached": 0.9,
        "benef_women": 0.6,
        "benef_completed": 0.62,
        "benef_placed": 0.45,
    }
    values = {
        "benef_planned": planned,
        "benef_reached": reached,
        "benef_women": np.round(reached * rng.beta(4, 6, n)),
        "benef_completed": completed,
        "benef_placed": placed,
    }
    out = pd.DataFrame({column: pd.array(value, dtype="Int64") for column, value in values.items()})
    for column, p in told.items():
        hidden = rng.random(n) >= p
        hidden[:3] = False
        out.loc[hidden, column] = pd.NA
    return out


def _evaluated(sc: Scenario, m: pd.DataFrame) -> pd.DataFrame:
    """The measures that tracers follow reach as many persons as their tracer's population, at the
    scenario's unit cost, and were open to everybody whom their tracer enrols.
    """
    out = m.copy()
    for place, tracer in enumerate(sc.tracer):
        reached, eur = (
            int(tracer["enrolled"]),
            float(tracer["enrolled"]) * float(tracer["unit_cost"]),
        )
        people = {
            "planned": 1.1,
            "reached": 1.0,
            "women": 1 - float(sc.migration["absent_male"]),
            "completed": 0.83,
            "placed": 0.29,
        }
        for name, share in people.items():
            out.loc[place, f"benef_{name}"] = round(reached * share)
        out.loc[
            place,
            ["budget_total", "budget_eur", "cost_direct", "cost_overhead", "cost_benef_transfer"],
        ] = [eur, eur, 0.6 * eur, 0.15 * eur, 0.25 * eur]
        out.loc[place, "currency"] = "EUR"
        for name, value in ENROLLED.items():
            out.loc[place, name] = value
        if tracer["event"] == "RETURN":
            out.loc[place, "target_group"] = ALL_RETURNEES
    return out


def _services(rng: np.random.Generator, stage: list[str]) -> pd.DataFrame:
    at = np.array([_STAGES.index(code) for code in stage])
    out = pd.DataFrame(
        {column: rng.random(len(stage)) < np.array(p)[at] for column, p in SERVICES.items()}
    )
    out["dose_hours"], out["duration_days"] = (
        np.round(rng.gamma(DOSE_SHAPE, DOSE_SCALE, len(stage)) + DOSE_LEAST),
        np.round(rng.gamma(2.0, 45.0, len(stage)) + 3),
    )
    return out


def _quality(sc: Scenario, rng: np.random.Generator, m: pd.DataFrame) -> pd.DataFrame:
    n = len(m)
    out = pd.DataFrame(
        {
            column: rng.choice([0, 1, 2, 3], n, p=SCORES)
            for column in (
                "linked_job_offer",
                "employer_involved",
                "qual_attention",
                "expectation_mgmt",
                "embedded_national",
            )
        }
    )
    for place, tracer in enumerate(sc.tracer):
        for name, score in tracer.get("scores", {}).items():
            out.loc[place, name] = score
    out["sustained_after_end"] = rng.random(n) < SUSTAINED
    out["me_framework"] = rng.random(n) < FRAMEWORK
    done = rng.random(n) < EVALUATED
    kind = np.where(done, spread(rng, n, list(EVALUATIONS), list(EVALUATIONS.values())), "NONE")
    started = m["start_date"].str[:4].astype(int).to_numpy()
    year = pd.array(np.minimum(started + rng.integers(1, 5, n), sc.year), dtype="Int64")
    year[~done] = pd.NA
    out["eval_done"], out["eval_type"], out["eval_year"] = done, kind, year
    out["impact_design"] = np.where(
        kind == "IMPACT", spread(rng, n, ["MATCH", "DID", "BEFOREAFTER"], [3, 3, 2]), "NONE"
    )
    months = (sc.year - started) * 12 + 12 - m["start_date"].str[5:7].astype(int).to_numpy()
    out["eval_due"] = (months >= 24) & ~done
    out["source_type"] = MARK
    out["source_ref"], out["date_retrieved"] = f"{MARK}: scenario {sc.country}", f"{sc.year}-12-31"
    out["coder"], out["double_coded"] = (
        spread(rng, n, ["coder_a", "coder_b"], [1, 1]),
        rng.random(n) < 0.25,
    )
    out["confidence"], out["data_status"] = spread(rng, n, ["A", "B", "C"], [5, 3, 2]), MARK
    return out
