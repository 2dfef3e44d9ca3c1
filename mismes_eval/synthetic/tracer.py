"""The tracer panel of a made-up country: persons, waves with dispositions, outcomes, services and
episodes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from mismes_eval.synthetic import planted_fields
from mismes_eval.synthetic.lfs import isco, major_group
from mismes_eval.synthetic.potential import NODES, WAVES, Path, Streams, calendar
from mismes_eval.synthetic.scenario import MARK, NONE, Scenario, intercept, logistic, spread

_FADE = {1: 0.5, 2: 0.68, 3: 0.86, 4: 1.0}  # attrition by wave as a share of the last wave's
_HOME_NO = ("2.1", "2.2", "2.3", "3.1", "3.2")
_OWN_BUSINESS = 0.16
SERVICES = (  # of participants: share, mean hours less one, euro an hour
    ("service_counselling", 1.0, 6, 25),
    ("service_vet_training", 0.7, 60, 9),
    ("service_grant_cash", 0.35, 2, 700),
)
_RETURNS = {"SPONT": 55, "AVRR": 25, "DEPORT": 12, "READMISSION": 8}


def tables(
    sc: Scenario, streams: Mapping[str, Streams], specs: Mapping[str, Mapping[str, Any]]
) -> dict[str, pd.DataFrame]:
    """tracer_person, _wave, _outcome, _service and _episode of all measures, and _retro: outcomes
    12 months before enrolment, asked back at enrolment (wave -1).
    """
    parts: dict[str, list[pd.DataFrame]] = {
        name: [] for name in ("person", "wave", "outcome", "service", "episode")
    }
    for name, stream in streams.items():
        rng = sc.stream(f"tracer/{name}/sample")
        rows, weight = _sample(sc, rng, stream, specs[name])
        path = _observed(stream, rows)
        person = _person(sc, rng, stream, rows, weight, name, specs[name], path).assign(
            ret_type=_return_types(sc, name, specs[name], len(rows))
        )
        if specs[name]["stage"] == "BEF":
            person["expect_earn"] = planted_fields.expectations(
                sc, name, stream.treated[rows], path
            )
        wave = _waves(sc, rng, person, path, specs[name])
        parts["person"].append(person)
        parts["wave"].append(wave)
        parts["outcome"].append(_outcomes(sc, rng, person, wave, path, specs[name]))
        parts["service"].append(_services(rng, person))
        parts["episode"].append(_episodes(sc, person, wave, path, stream.switch[rows]))
    out = {
        f"tracer_{name}": pd.concat(part, ignore_index=True).assign(data_status=MARK)
        for name, part in parts.items()
    }
    before = out["tracer_outcome"]["wave"].eq(-1)
    out["tracer_retro"] = out["tracer_outcome"][before].reset_index(drop=True)
    out["tracer_outcome"] = out["tracer_outcome"][~before].reset_index(drop=True)
    out["tracer_wave"] = out["tracer_wave"][out["tracer_wave"]["wave"].ge(0)].reset_index(drop=True)
    return out


def _sample(
    sc: Scenario, rng: np.random.Generator, s: Streams, spec: Mapping[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Two stages: two thirds of the areas in each region, then persons by arm, rural persons at
    twice the urban rate; treated weights sum to the measure's beneficiaries.
    """
    areas = np.concatenate(
        [
            np.sort(rng.choice(np.arange(region * 12, region * 12 + 12), 8, replace=False))
            for region in range(len(sc.regions))
        ]
    )
    inside = np.isin(s.people["psu"].to_numpy(), areas)
    rural = np.where(s.people["urban"].to_numpy() == 1, 1.0, 2.0)
    rows, weights = [], []
    for arm, n in ((True, int(spec["treated"])), (False, int(spec["comparison"]))):
        of = inside & (s.treated == arm)
        rate = np.minimum(rural * n / rural[of].sum(), 1.0)
        take = np.flatnonzero(of & (rng.random(len(of)) < rate))
        rows.append(take)
        weights.append((s.treated == arm).sum() / (1 / rate[take]).sum() / rate[take])
    at = np.concatenate(rows)
    order = np.argsort(at, kind="stable")
    scale = float(spec["enrolled"]) / s.treated.sum()
    return at[order], (scale * np.concatenate(weights)[order]).round(4)


def _observed(s: Streams, rows: np.ndarray) -> Path:
    treated = s.treated[rows][:, None]
    pairs = {
        name: (getattr(s.y1, name)[rows], getattr(s.y0, name)[rows])
        for name in ("employed", "abroad", "match", "earn", "months")
    }
    return Path(**{name: np.where(treated, one, zero) for name, (one, zero) in pairs.items()})


def _ym(base: np.ndarray, months: np.ndarray | int) -> np.ndarray:
    month = base + months
    return np.array([f"{number // 12}-{number % 12 + 1:02d}" for number in month], dtype=object)


def _person(
    sc: Scenario,
    rng: np.random.Generator,
    s: Streams,
    rows: np.ndarray,
    weight: np.ndarray,
    name: str,
    spec: Mapping[str, Any],
    path: Path,
) -> pd.DataFrame:
    p = s.people.iloc[rows].reset_index(drop=True)
    n = len(rows)
    treated = s.treated[rows]
    base = (sc.year - 4) * 12 + rng.integers(6, 12, n)
    out = pd.DataFrame(
        {
            "person_id": [
                sc.country
                + hashlib.blake2s(
                    f"{sc.country}/{name}/{sc.seed}/{i}".encode(), digest_size=6
                ).hexdigest()
                for i in rows
            ]
        }
    )
    out["country"], out["arm"], out["treated"] = (
        sc.country,
        np.where(treated, "T", "C"),
        treated.astype(int),
    )
    out["cohort_ym"], out["enrol_date"] = _ym(base, 0), [f"{month}-15" for month in _ym(base, 0)]
    out["event_type"] = spec["event"]
    back = s.switch[rows, 0]
    left = np.where(
        path.abroad[:, 3:].any(axis=1), s.switch[rows, 2 + path.abroad[:, 3:].argmax(axis=1)], 999
    )
    month = {
        "RETURN": np.where(path.abroad[:, 0], back, -24 - rng.integers(0, 12, n)),
        "DEPART": left,
        "GRAD": np.full(n, 3),
    }[spec["event"]]
    out["event_date"] = np.where(
        month == 999,
        NONE,
        np.array(
            [f"{month}-01" for month in _ym(base, np.where(month == 999, 0, month))], dtype=object
        ),
    )
    out["measure_id"], out["eval_measure_id"] = np.where(treated, name, NONE), name
    out["source_frame"] = np.where(treated, "BENEFICIARY_LIST", "LFS_SCREENING")
    out["sample_weight"] = weight
    if "psu" in sc.design["release"]:
        out["psu"] = [f"{sc.country}-T{psu:04d}" for psu in p["psu"]]
    region = np.array(
        [f"{region['code']} - {region['name']}" for region in sc.regions], dtype=object
    )[p["region"]]
    if "strata" in sc.design["release"]:
        out["strata"] = region
    out["male"], out["birth_ym"] = (
        p["male"],
        _ym(base, -p["age"].to_numpy() * 12 - rng.integers(0, 12, n)),
    )
    out["age_enrol"], out["educat7"] = p["age"], p["educat7"]
    out["isced"] = np.array([0, 0, 1, 1, 2, 3, 4, 6])[p["educat7"]]
    out["field_isced_f"] = spread(
        rng, n, ["00", "04", "05", "06", "07", "09", "10"], [18, 18, 6, 8, 26, 9, 15]
    )
    out["region"], out["urban"] = region, p["urban"]
    out["base_employed"], out["base_earn"] = path.employed[:, 2].astype(int), path.earn[:, 2]
    out["pre_employed"], out["pre_earn"] = path.employed[:, 1].astype(int), path.earn[:, 1]
    out["vuln_debt"], out["vuln_health"] = p["vuln_debt"].astype(int), p["vuln_health"].astype(int)
    out["vulnerable"] = p["vuln_debt"] | p["vuln_health"]
    out["consent_version"], out["consent_scope"] = (
        "1.0",
        spread(rng, n, ["SURVEY", "SURVEY+LINK"], [3, 7]),
    )
    out["n_contacts_given"] = rng.integers(1, 5, n)
    return out


def _return_types(sc: Scenario, name: str, spec: Mapping[str, Any], n: int) -> np.ndarray:
    """How each person came back, from a stream of its own: in measures for returnees only, and
    without a bearing on outcomes.
    """
    if spec["event"] != "RETURN":
        return np.full(n, NONE, dtype=object)
    return spread(sc.stream(f"tracer/{name}/return"), n, list(_RETURNS), list(_RETURNS.values()))


def _response(
    rng: np.random.Generator, person: pd.DataFrame, spec: Mapping[str, Any]
) -> dict[int, np.ndarray]:
    """Who answers at each wave, given baseline work, earnings, sex, arm, contacts and a lasting
    personal reluctance.
    """
    earn = np.log1p(person["base_earn"].to_numpy())
    earn = (earn - earn.mean()) / earn.std()
    slope = (
        0.35 * earn
        - 0.4 * person["male"].to_numpy()
        + 0.35 * person["treated"].to_numpy()
        + 0.2 * (person["n_contacts_given"].to_numpy() - 2.5)
    )
    slope = slope + 0.9 * rng.normal(size=len(person))
    out = {-1: np.ones(len(person), dtype=bool), 0: np.ones(len(person), dtype=bool)}
    for w, fade in _FADE.items():
        out[w] = rng.random(len(person)) < logistic(
            slope + intercept(slope, 1 - fade * float(spec["attrition"]))
        )
    return out


def _waves(
    sc: Scenario,
    rng: np.random.Generator,
    person: pd.DataFrame,
    path: Path,
    spec: Mapping[str, Any],
) -> pd.DataFrame:
    n = len(person)
    parts = []
    answers = _response(rng, person, spec)
    base = _base(person)
    dead = np.full(n, 99)
    dead[rng.random(n) < 0.006] = rng.integers(1, 5)
    for number, (w, months) in enumerate(WAVES.items(), 1):
        abroad, ok = path.abroad[:, number], answers[w]
        away_no = "2.6" if spec["event"] == "RETURN" else "2.53"
        u = rng.random(n)
        home = np.where(
            ok,
            np.where(u < 0.94, "1.1", "1.2"),
            spread(rng, n, list(_HOME_NO), [26, 38, 6, 12, 18]),
        )
        away = np.where(
            ok & (u < 0.62),
            "2.51",
            np.where(u < 0.80, "2.52", np.where(u < 0.985, away_no, "2.54")),
        )
        code = np.where(abroad, away, home) if w > 0 else np.full(n, "1.1")
        code = np.where(dead <= w, "2.31", code).astype(object)
        lag = rng.integers(0, 60, n) if w > 0 else np.zeros(n, dtype=int)
        target = pd.to_datetime([f"{month}-15" for month in _ym(base, max(months, 0))])
        reached = np.isin(code, ("1.1", "1.2", "2.51", "2.52"))
        out = pd.DataFrame(
            {
                "person_id": person["person_id"],
                "wave": w,
                "target_date": target.strftime("%Y-%m-%d"),
            }
        )
        out["fieldwork_date"] = (target + pd.to_timedelta(lag, unit="D")).strftime("%Y-%m-%d")
        out["months_since_event"] = np.where(
            person["event_date"].isna(),
            np.nan,
            np.round(_elapsed(target, person["event_date"]) + lag / 30.44 + min(months, 0), 1),
        )
        mode = np.where(
            abroad, "CAWI", np.where(rng.random(n) < (0.85 if w <= 0 else 0.25), "CAPI", "CATI")
        )
        out["mode"] = np.where(code == "2.52", "PROXY", np.where(reached, mode, NONE))
        out["disp_code"], out["n_attempts"] = (
            code,
            rng.geometric(np.where(reached, 0.5, 0.2)).clip(1, 12),
        )
        known = reached | np.isin(code, ("2.53", "2.54", "2.6"))
        out["current_country"] = np.where(
            known, np.where(abroad, _where_abroad(sc, person), sc.country), NONE
        )
        out["interviewer"] = np.where(
            reached, [f"I{number:02d}" for number in rng.integers(1, 25, n)], NONE
        )
        out["w_design"], out["refresh_sample"] = person["sample_weight"], False
        parts.append(out)
    return (
        pd.concat(parts, ignore_index=True)
        .sort_values(["person_id", "wave"], kind="stable")
        .reset_index(drop=True)
    )


def _base(person: pd.DataFrame) -> np.ndarray:
    """The calendar month in which each person enrolled, as a whole number."""
    year, month = (
        person["cohort_ym"].str[part].astype(int).to_numpy() for part in (slice(4), slice(5, None))
    )
    return np.asarray(year * 12 + month - 1)


def _elapsed(target: pd.DatetimeIndex, event: pd.Series) -> np.ndarray:
    return np.asarray((target - pd.DatetimeIndex(pd.to_datetime(event))).days, dtype=float) / 30.44


def _where_abroad(sc: Scenario, person: pd.DataFrame) -> np.ndarray:
    """A person's destination, fixed over waves (chosen by the identifier)."""
    places = list(sc.migration["destinations_men"])
    shares = np.cumsum(list(sc.migration["destinations_men"].values()))
    u = (
        np.array([int(identifier[3:9], 16) / 16**6 for identifier in person["person_id"]])
        * shares[-1]
    )
    return np.asarray(np.asarray(places, dtype=object)[np.searchsorted(shares, u)])


def _outcomes(
    sc: Scenario,
    rng: np.random.Generator,
    person: pd.DataFrame,
    wave: pd.DataFrame,
    path: Path,
    spec: Mapping[str, Any],
) -> pd.DataFrame:
    """One row for every interview (1.1, 1.2, 2.51) and proxy (2.52, status and country only)."""
    seen = wave[wave["disp_code"].isin(("1.1", "1.2", "2.51", "2.52"))]
    at = pd.Index(person["person_id"]).get_indexer(seen["person_id"])
    place = seen["wave"].map({w: i for i, w in enumerate(WAVES, 1)}).to_numpy()
    n = len(seen)
    disposition = seen["disp_code"].to_numpy()
    proxy, partial = disposition == "2.52", disposition == "1.2"
    job, away, match = path.employed[at, place], path.abroad[at, place], path.match[at, place]
    out = pd.DataFrame({"person_id": seen["person_id"].to_numpy(), "wave": seen["wave"].to_numpy()})
    out["lstatus"] = np.where(job, 1, np.where(rng.random(n) < 0.45, 2, 3))
    out["employed"], out["employed_home"], out["abroad"] = (
        job.astype(int),
        (job & ~away).astype(int),
        away.astype(int),
    )
    end = np.array([WAVES[w] for w in out["wave"]]) + 24
    total = np.concatenate([np.zeros((len(person), 1)), np.cumsum(path.months, axis=1)], axis=1)
    out["months_employed_12m"] = np.where(proxy, np.nan, total[at, end] - total[at, end - 12])
    earn = path.earn[at, place]
    hide = proxy | (partial & job)
    out["earn_month"] = np.where(hide, np.nan, np.where(away, np.round(earn / sc.per_eur), earn))
    out["earn_currency"], out["earnings"] = (
        np.where(away, "EUR", sc.currency),
        np.where(hide, np.nan, earn),
    )
    out["earn_home_ppp"] = (out["earnings"] / float(sc.labour["ppp"])).round(1)
    out["earn_miss"] = np.where(proxy, "PROXY_UNKNOWN", np.where(hide, "REF", NONE))
    out["job_match"] = np.where(proxy, np.nan, (job & match).astype(float))
    told = job & ~proxy
    educ = person["educat7"].to_numpy()
    code = isco(rng, major_group(rng, educ, np.full(len(educ), 0.3)), 4)
    out["occup_isco"] = pd.array(np.where(told, code[at], 0), dtype="Int32")
    out.loc[~told, "occup_isco"] = pd.NA
    out["match_level"] = np.where(
        told, np.where(match, "MATCH", np.where(rng.random(n) < 0.85, "OVER", "UNDER")), NONE
    )
    out["match_field"] = np.where(
        told, np.where(rng.random(n) < 0.45 + 0.2 * match, "MATCH", "OTHER_FIELD"), NONE
    )
    extra = {
        "skill_use": rng.integers(1, 4, n) + 2 * match,
        "whours": np.clip(np.round(rng.normal(40, 8, n)), 5, 75),
        "contract": rng.random(n) < 0.58,
        "socialsec": rng.random(n) < 0.55,
    }
    for column, values in extra.items():
        out[column] = np.where(told, values.astype(float), np.nan)
    rng.random(n)  # every later column keeps the random numbers that it had
    open_ = _businesses(sc, person, path)[at, place]
    out["business"] = np.where(proxy, np.nan, open_.astype(float))
    channels = ["PES", "NETWORK", "ONLINE", "DIRECT", "PRIVATE_AGENCY"]
    out["search_channel"] = np.where(told, spread(rng, n, channels, [2, 5, 3, 3, 1]), NONE)
    for column, scale in (("savings", 900.0), ("debt", 500.0), ("remit", 300.0)):
        some = rng.random(n) < 0.35
        amount = np.round(rng.lognormal(np.log(scale * sc.per_eur), 0.8, n), -1)
        out[column] = np.where(proxy, np.nan, np.where(some, amount, 0.0))
    returned = (spec["event"] == "RETURN") & ~proxy & ~away
    return pd.concat([out, _how_they_are(rng, job, proxy, returned)], axis=1)


def _how_they_are(
    rng: np.random.Generator, job: np.ndarray, proxy: np.ndarray, returned: np.ndarray
) -> pd.DataFrame:
    """Reintegration of those who returned, satisfaction and plans of whoever answered."""
    n = len(job)
    score = {
        f"rsi_{dimension}": np.clip(0.42 + 0.16 * job + rng.normal(0, 0.16, n), 0, 1).round(3)
        for dimension in ("econ", "social", "psych")
    }
    score["rsi_total"] = np.mean(list(score.values()), axis=0).round(3)
    out = pd.DataFrame({name: np.where(returned, value, np.nan) for name, value in score.items()})
    out["satisfied"] = np.where(proxy, np.nan, rng.integers(1, 6, n))
    content = np.clip(rng.integers(1, 9, n) + 2 * job, 0, 10)
    out["life_sat"] = np.where(proxy, np.nan, content)
    leaves = rng.random(n) < 0.22 - 0.06 * job
    out["intend_remig"] = np.where(proxy, np.nan, leaves.astype(float))
    return out


def _businesses(sc: Scenario, person: pd.DataFrame, path: Path) -> np.ndarray:
    """(persons, dates) whose business is open: a sixth of persons work for themselves while they
    work at home, and a business that has closed stays closed.
    """
    name = str(person["eval_measure_id"].iloc[0])
    kind = sc.stream(f"tracer/{name}/business").random(len(person)) < _OWN_BUSINESS
    at_home = path.employed & ~path.abroad & kind[:, None]
    closed = np.zeros_like(at_home)
    for date in range(1, at_home.shape[1]):
        before = at_home[:, date - 1] & ~closed[:, date - 1]
        closed[:, date] = closed[:, date - 1] | (before & ~at_home[:, date])
    return np.asarray(at_home & ~closed)


def _services(rng: np.random.Generator, person: pd.DataFrame) -> pd.DataFrame:
    got = person[person["treated"].eq(1)]
    parts = []
    for service, share, hours, cost in SERVICES:
        took = got[rng.random(len(got)) < share]
        start = pd.to_datetime(took["enrol_date"]) + pd.to_timedelta(
            rng.integers(3, 90, len(took)), unit="D"
        )
        h = np.round(rng.gamma(4.0, hours / 4.0, len(took)) + 1)
        part = pd.DataFrame(
            {
                "person_id": took["person_id"].to_numpy(),
                "measure_id": took["measure_id"].to_numpy(),
                "service": service,
            }
        )
        part["start"] = start.dt.strftime("%Y-%m-%d").to_numpy()
        part["end"] = (
            (start + pd.to_timedelta(rng.integers(1, 120, len(took)), unit="D"))
            .dt.strftime("%Y-%m-%d")
            .to_numpy()
        )
        part["hours"], part["cost_eur"], part["completed"] = (
            h,
            np.round(h * cost * rng.uniform(0.7, 1.3, len(took))),
            rng.random(len(took)) < 0.83,
        )
        parts.append(part)
    return (
        pd.concat(parts, ignore_index=True)
        .sort_values(["person_id", "service"], kind="stable")
        .reset_index(drop=True)
    )


def _episodes(
    sc: Scenario, person: pd.DataFrame, wave: pd.DataFrame, path: Path, switch: np.ndarray
) -> pd.DataFrame:
    """Spells of work, home or abroad, from month -12 to the last interview; the last spell is open."""
    code = calendar(path.employed * 1 + path.abroad * 2, switch)[:, 11:]  # months -12..36
    last = (
        wave[wave["disp_code"].isin(("1.1", "1.2", "2.51"))]
        .groupby("person_id")["wave"]
        .max()
        .map(WAVES)
    )
    seen = last.loc[person["person_id"]].to_numpy() + 12
    base = _base(person)
    change = np.diff(code, axis=1, prepend=-1) != 0
    i, m = np.nonzero(change & (np.arange(49) <= seen[:, None]))
    same = np.append(i[1:] == i[:-1], False)
    stop = np.where(same, np.append(m[1:], 0) - 1, -1)
    states = np.array(["UNEMP", "EMP_WAGE", "ABROAD_NOEMP", "ABROAD_EMP"], dtype=object)[code[i, m]]
    out = pd.DataFrame(
        {
            "person_id": person["person_id"].to_numpy()[i],
            "ep_id": pd.Series(i).groupby(i).cumcount().to_numpy() + 1,
        }
    )
    out["start_ym"] = _ym(base[i], m - 12)
    out["end_ym"] = np.where(stop < 0, NONE, _ym(base[i], np.maximum(stop, 0) - 12))
    away = code[i, m] >= 2
    out["state"] = np.where(
        (states == "UNEMP") & out["person_id"].str[-1].isin(list("05af")).to_numpy(), "OLF", states
    )
    out["country"] = np.where(away, _where_abroad(sc, person)[i], sc.country)
    work = np.isin(out["state"], ("EMP_WAGE", "ABROAD_EMP"))
    node = np.searchsorted(NODES, np.minimum(m - 12, 36), side="left").clip(1, 6)
    out["earn"] = np.where(work, path.earn[i, node], np.nan)
    out.loc[work & out["earn"].eq(0), "earn"] = np.nan
    out["seam_flag"] = np.isin(m - 13, NODES)
    out["source_wave"] = np.searchsorted(
        NODES[2:] + 12, np.minimum(np.where(stop < 0, seen[i], stop), 48)
    )
    return out
