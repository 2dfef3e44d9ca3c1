"""What a made-up country publishes: control totals, targets, design description and the truth of
the LFS rollout, each figure with status and source.
"""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pandas as pd
import yaml

from mismes_eval.frame.codes import read_packaged
from mismes_eval.synthetic.lfs import region_names
from mismes_eval.synthetic.population import Population
from mismes_eval.synthetic.scenario import MARK, Scenario

RETRIEVED = "2026-11-22"
_INVENTED = "SYNTHETIC: counted in the made-up population, scaled to the published population total"


AGED = "persons aged 15 or more"
ABSENT_SOURCE = {
    "status": "derived",
    "source": "derived from absent_total and population of this file",
}


def analysis_plan(sc: Scenario) -> pd.DataFrame | None:
    """Rows item, value, reason: the made-up pre-analysis plan of the tracer study; None where the
    country's study had none.
    """
    plan = f"synthetic/scenarios/{sc.country}_analysis_plan.csv"
    if not files("mismes_eval").joinpath(plan).is_file():
        return None
    return read_packaged(plan).assign(data_status=MARK)


def _whole(values: pd.Series, total: float) -> pd.Series:
    """Whole numbers that keep the proportions of `values` and sum to `total` (largest remainders)."""
    exact = values / values.sum() * total
    base = np.floor(exact)
    up = (
        (exact - base)
        .sort_values(ascending=False, kind="stable")
        .index[: round(total - base.sum())]
    )
    base.loc[up] += 1
    return pd.Series(base.astype(int))


def margins(sc: Scenario, pops: list[Population]) -> pd.DataFrame:
    """Rows country, year, margin, category, total, status, source, url, retrieved. A crossed margin
    joins columns and categories with '*'.
    """
    total = float(sc.population["value"])
    parts = []
    for pop in pops:
        p = pop.persons
        structure = sc.structure()
        cross = pd.Series(
            structure["share"].to_numpy(),
            index=[
                f"{m}*{group}"
                for m, group in zip(structure["male"], structure["age_group"], strict=True)
            ],
        )
        place = pd.Series(region_names(sc, p))
        group = pd.Series([region.get("group", "") for region in sc.regions])[
            p["region"]
        ].reset_index(drop=True)
        first = group if group.iloc[0] else place
        aged = (
            f"derived from {structure['source'].iloc[0]}, scaled to the population total of this"
            f" file ({sc.population['source']})"
        )
        rows = [
            ("male*age_group", cross, "derived", aged),
            ("urban", p["urban"].value_counts(), "synthetic", _INVENTED),
            ("subnatid1", first.value_counts(), "synthetic", _INVENTED),
        ]
        for name, counts, status, source in rows:
            counts = _whole(counts if name.startswith("male") else counts.sort_index(), total)
            parts.append(
                pd.DataFrame(
                    {
                        "country": sc.country,
                        "year": pop.year,
                        "margin": name,
                        "category": counts.index.astype(str),
                        "total": counts.to_numpy(),
                        "status": status,
                        "source": source,
                    }
                )
            )
    table = pd.concat(parts, ignore_index=True)
    return table.assign(
        url=table["status"].map({"derived": "https://population.un.org/wpp/"}),
        retrieved=RETRIEVED,
        data_status=MARK,
    )


def targets(sc: Scenario) -> pd.DataFrame:
    """The aggregates that estimates from the LFS file reproduce within sampling error."""
    men = float(sc.structure().query("male == 1 and age_group != '0-14'")["share"].sum())
    women = float(sc.structure().query("male == 0 and age_group != '0-14'")["share"].sum())
    ret = (men * sc.anchor("returnee_m") + women * sc.anchor("returnee_f")) / (men + women)
    adults = AGED if sc.labour["max_age"] > 100 else f"persons aged 15-{sc.labour['max_age']}"
    people = f"mig_status RET / {AGED}"
    words = {
        "lfpr": f"lstatus 1 or 2 / {adults}",
        "employment_rate": f"lstatus 1 / {adults}",
        "unemployment_rate": "lstatus 2 / lstatus 1 or 2",
        "absent_total": "sum over reporting households of weight / s_i",
    }
    anchors = {name: (float(a["value"]), a) for name, a in sc.anchors.items()}
    rows = [("population", "all", (float(sc.population["value"]), sc.population), "sum of weights")]
    rows += [(item, "all", anchors[item], definition) for item, definition in words.items()]
    for sex, male in (("m", "male=1"), ("f", "male=0")):
        rows += [
            ("lfpr", male, anchors[f"lfpr_{sex}"], words["lfpr"]),
            ("unemployment_rate", male, anchors[f"ur_{sex}"], words["unemployment_rate"]),
            ("returnee_share", male, anchors[f"returnee_{sex}"], people),
        ]
    rows.append(("returnee_share", "all", (ret, sc.anchors["returnee_m"]), people))
    gone = sc.anchor("absent_total")
    base = float(sc.population["value"])
    absent = (gone / (gone + base), ABSENT_SOURCE)
    rows.append(("absent_share", "all", absent, "absent_total / (absent_total + population)"))
    out = pd.DataFrame(
        [
            (item, domain, value, definition, source["status"], source["source"])
            for item, domain, (value, source), definition in rows
        ],
        columns=["item", "domain", "value", "definition", "status", "source"],
    )
    counts = out["item"].isin(["population", "absent_total"])
    out.insert(3, "unit", np.where(counts, "persons", "share"))
    out.insert(0, "country", sc.country)
    out.insert(1, "year", sc.year)
    return out.assign(value=out["value"].round(6), data_status=MARK)


def rollout_truth(sc: Scenario, pops: list[Population], measure_id: str) -> pd.DataFrame:
    """True ATT(cohort, year) of the opening of centres on employment (from potential outcomes in
    the population) and on awareness.
    """
    rows = []
    for pop in pops:
        p = pop.persons[pop.persons["module"]]
        for cohort in sorted({int(cohort) for cohort in p["cohort"] if 0 < cohort <= pop.year}):
            at = p[p["cohort"].eq(cohort)]
            gain = float((at["lstatus"].eq(1).astype(float) - at["lstatus0"].eq(1)).mean())
            known = float(sc.rollout["effect_aware"])
            where = (sc.country, "lfs_rollout", measure_id, cohort, pop.year)
            rows.append(
                (*where, "employed", gain, round(len(at) * pop.scale), "persons aged 15 or more")
            )
            rows.append(
                (
                    *where,
                    f"aware_{sc.rollout['model']}",
                    known,
                    round(at["age"].le(64).sum() * pop.scale),
                    "persons aged 15-64",
                )
            )
    return pd.DataFrame(
        rows,
        columns=[
            "country",
            "source",
            "measure_id",
            "cohort",
            "year",
            "outcome",
            "att",
            "n_treated_population",
            "note",
        ],
    )


def design(sc: Scenario) -> str:
    """design.yaml: what an analyst may use of the sampling design, as the country's public file
    would say.
    """
    design = sc.design
    two = "two_phase" in design
    main = bool(design.get("main_two_phase", False))
    text = {
        "data_status": MARK,
        "country": sc.country,
        "type": "two_phase"
        if main
        else "strat_1stage"
        if "strata" in design["release"]
        else "cluster",
        "weights": "weight",
        "psu": "psu" if "psu" in design["release"] else None,
        "strata": "strata" if "strata" in design["release"] else None,
        "household": "hhid",
        "fpc": None,
        "weight_stages": ["d0_base", "d1_nr"] + (["d2_phase2"] if main else []),
        "class_var": "phase1_class" if main else None,
        "phase1_counts": (
            "phase1_counts.csv" if main else "lfs_oversample/phase1_counts.csv" if two else None
        ),
        "margins": "margins.csv",
        "population": sc.coverage,
        "reliability": {"cv_flag": 0.15, "cv_suppress": 0.30, "min_cell": 10},
        "note": design["note"],
    }
    return (
        f"# {MARK}: design of a made-up survey that lacks what the public file of {sc.name} lacks\n"
        + yaml.safe_dump(text, sort_keys=False, allow_unicode=True, width=160)
    )
