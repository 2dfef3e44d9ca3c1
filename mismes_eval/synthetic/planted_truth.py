"""The planted truth of every claim of the ledger in a made-up country: the number that its evidence
is drawn from, and whether that makes the claim true, false or null.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import special

from mismes_eval import lfs
from mismes_eval.estimate.claim_verdict import Measured, distance
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.evaluation.claims.census import (
    LATELY,
    MUCH_OVERHEAD,
    NOT_TO_STRONG,
    SHORT_HOURS,
)
from mismes_eval.evaluation.claims.ledger import Claim, ledger
from mismes_eval.evaluation.claims.overall import FACTOR_OF
from mismes_eval.synthetic import inventory as made
from mismes_eval.synthetic import lfs_migration
from mismes_eval.synthetic.lfs import education, work
from mismes_eval.synthetic.planted_fields import MAIN_WAVE
from mismes_eval.synthetic.population import Population
from mismes_eval.synthetic.scenario import MARK, Scenario
from mismes_eval.synthetic.tracer import SERVICES
from mismes_eval.weighting.sample import Sample

SCENARIO, CHANCE = "planted by the scenario", "chance of the generator"
POPULATION = "made-up population"
OUTCOMES = "potential outcomes (truth.csv)"
NO_BEARING = "drawn without a bearing on it"
NOTHING = "this country has nothing that the claim is about"
NEAR = 0.1  # of the margin: still the threshold itself, to simulation noise
Number = tuple[float, str]


def table(
    sc: Scenario, pop: Population, inventory: pd.DataFrame, effects: pd.DataFrame
) -> pd.DataFrame:
    """One row a claim: its planted number (unit of the claim; empty where the country has no such
    measure), what that makes of it, and where the number comes from.

    Parameters
    ----------
    pop : of the reference round.
    effects : the rows of truth.csv.
    """
    numbers = dict(_registers(sc))
    numbers |= dict(_persons(sc, pop, inventory))
    numbers |= dict(_effects(sc, inventory, effects))
    rows = []
    for claim in ledger().values():
        number, basis = numbers.get(claim.id, (np.nan, NOTHING))
        rows.append(
            (sc.country, claim.id, round(number, 4) + 0.0, truth_of(claim, number), basis, MARK)
        )
    columns = ["country", "claim", "planted", "truth", "basis", "data_status"]
    return pd.DataFrame(rows, columns=columns)


def truth_of(claim: Claim, number: float) -> str:
    """true: the margin or more in the direction of the claim; null: the threshold itself; false: on
    the other side; too small: between; empty without a number.
    """
    if np.isnan(number):
        return ""
    there = distance(Measured(number, number, number), claim.direction, claim.threshold).value
    if abs(there) < NEAR * claim.margin:
        return "null"
    if there < 0:
        return "false"
    return "true" if there >= (1 - 1e-9) * claim.margin else "too small"


def _registers(sc: Scenario) -> Iterator[tuple[str, Number]]:
    """Claims about measures: the chance with which a measure has something."""
    before = {name: chance[0] for name, chance in made.SERVICES.items()}
    information = before.pop("service_info")
    yield "C01", (information - max(before.values()), CHANCE)
    weak = sum(made.SCORES[:2])
    for claim in ("C02", "C06", "C16", "C26"):
        yield claim, (weak, CHANCE)
    longest = (np.ceil(SHORT_HOURS) - 0.5 - made.DOSE_LEAST) / made.DOSE_SCALE
    yield "C05", (float(special.gammainc(made.DOSE_SHAPE, longest)), CHANCE)
    for claim in ("C08", "C09", "C17", "C48"):
        yield claim, (sc.claims[claim], SCENARIO)
    yield "C45", (made.BOTH_SEXES * sc.claims["C45"], SCENARIO)
    stages = dict(sc.inventory["stages"])
    yield "C11", (stages.pop("AFT") - max(stages.values()), SCENARIO)
    models = {m: k / sum(made.MODELS["AFT"].values()) for m, k in made.MODELS["AFT"].items()}
    yield "C19", (models.pop("M09") - max(models.values()), CHANCE)
    paid = {name: k / sum(made.FUNDERS.values()) for name, k in made.FUNDERS.items()}
    foreign = 1.0 - sum(paid[name] for name in made.ORIGIN_FUNDERS)
    yield "C12", (foreign - made.MULTILATERAL * paid["OTHER_DONOR"], CHANCE)
    yield "C25", (foreign, CHANCE)
    yield "C21", (1.0 - made.SERVICES["service_recognition"][2], CHANCE)
    least, most = made.OVERHEAD
    yield "C27", ((most - MUCH_OVERHEAD) / (most - least), CHANCE)
    kinds = made.EVALUATIONS
    real = 1.0 - kinds["MONITORING"] / sum(kinds.values())
    yield "C31", (1.0 - made.EVALUATED * real, CHANCE)
    yield from _of_chance(weak)
    years = range(int(sc.inventory["first_year"]), sc.year - 1)  # in which measures begin
    lately = sum(year > sc.year - LATELY for year in years)
    asked = sum(year > sc.year - 2 * LATELY for year in years)
    yield "C44", (lately / asked, CHANCE)


def _of_chance(weak: float) -> Iterator[tuple[str, Number]]:
    """Claims about measures that the generator draws alike in every country. weak : chance of a
    score below 2.
    """
    before = {name: chance[0] for name, chance in made.SERVICES.items() if name != "service_info"}
    language, vocation = before.pop("service_language"), before.pop("service_vet_training")
    training = 1.0 - (1.0 - language) * (1.0 - vocation)
    centre = {name: chance[3] for name, chance in made.SERVICES.items()}
    alone = centre.pop("service_info") * float(np.prod([1.0 - p for p in centre.values()]))
    yield "C36", (1.0 - made.FRAMEWORK, CHANCE)
    yield "C37", (training - max(before.values()), CHANCE)
    yield "C38", (1.0 - weak, CHANCE)
    yield "C39", (made.SERVICES["service_recognition"][0], CHANCE)
    yield "C40", (weak, CHANCE)
    yield "C42", (alone, CHANCE)
    yield "C43", (0.5, CHANCE)
    yield "C46", (1.0 - made.SUSTAINED, CHANCE)
    yield "C47", (0.5, CHANCE)
    yield "C50", (0.5, CHANCE)


def _persons(
    sc: Scenario, pop: Population, inventory: pd.DataFrame
) -> Iterator[tuple[str, Number]]:
    """Claims about residents: what holds in the whole made-up population."""
    yield "C04", (sc.claims["C04"], SCENARIO)
    yield "C22", (sc.claims["C22"], SCENARIO)
    yield "C20", (0.0, NO_BEARING)
    yield "C41", (0.0, NO_BEARING)
    adults = pop.persons[pop.persons["adult"]].reset_index(drop=True)
    returned = adults["returnee"].to_numpy(bool)
    leaving = lfs_migration.leaving(sc, adults, returned)
    yield "C10", (_less(leaving, returned), POPULATION)
    census = _census(sc, adults)
    found = lfs.indicators(census, by=["status"], which=["L3.employment", "L5"])
    yield "C14", (_gap(found["L3.employment"]), POPULATION)
    yield "C23", (_gap(found["L5"]), POPULATION)
    asked = adults[returned & adults["age"].le(64).to_numpy()].reset_index(drop=True)
    yield from _participation(sc, asked, inventory)


def _less(chance: np.ndarray, returned: np.ndarray) -> float:
    return float(chance[returned].mean() - chance[~returned].mean())


def _census(sc: Scenario, adults: pd.DataFrame) -> Sample:
    """All adults, with work and education drawn as in the survey; each counts once."""
    rng = sc.stream("claims/census")
    frame = pd.concat([education(adults, rng), work(sc, adults, rng)], axis=1)
    status = np.where(adults["returnee"], "RET", "NON")
    known = frame.assign(age=adults["age"], mig_status=status, weight=1.0)
    return Sample.from_frame(known, weights="weight")


def _gap(found: object) -> float:
    """Returnees less non-migrants."""
    assert isinstance(found, Estimate)
    value = dict(zip(found.keys["status"].astype(str), found.value, strict=True))
    return float(value["returnee"] - value["non-migrant"])


def _participation(
    sc: Scenario, asked: pd.DataFrame, inventory: pd.DataFrame
) -> Iterator[tuple[str, Number]]:
    """Claims about who takes part, of returnees who are asked."""
    each = lfs_migration.participation(sc, asked, np.ones(len(asked), bool), inventory)
    startups, packages = (each[:, lfs_migration.MODELS.index(m)].mean() for m in ("M08", "M09"))
    some = 1.0 - np.prod(1.0 - each, axis=1)
    yield "C15", (float(startups - packages), CHANCE)
    yield "C24", (float(some.mean()), CHANCE)
    men = asked["male"].eq(1).to_numpy()
    yield "C29", (float(some[men].mean() - some[~men].mean()), CHANCE)
    level = asked["educat7"]
    high = level.eq(7).to_numpy()
    low = level.le(4).to_numpy()
    yield "C30", (float(some[high].mean() - some[low].mean()), CHANCE)


def _effects(
    sc: Scenario, inventory: pd.DataFrame, effects: pd.DataFrame
) -> Iterator[tuple[str, Number]]:
    """Claims about effects on employment at the main wave, of the measures that tracers follow."""
    rows = effects["source"].eq("tracer") & effects["measure_id"].ne("ALL")
    rows &= effects["outcome"].eq("employed") & effects["wave"].eq(MAIN_WAVE)
    att = effects[rows].set_index("measure_id")["att"]
    measures = inventory.set_index("measure_id").loc[att.index]
    trains = measures["service_language"] | measures["service_vet_training"]
    linked = measures["linked_job_offer"].ge(NOT_TO_STRONG)
    yield from _contrast("C07", att[trains], linked[trains])
    yield from _contrast("C35", att, trains)
    if measures["model_primary"].eq("M08").any():
        yield "C18", (float(att[measures["model_primary"].eq("M08")].mean()), OUTCOMES)
    if any(spec["event"] == "RETURN" for spec in sc.tracer):
        yield "C13", (0.0, NO_BEARING)
    for claim in FACTOR_OF:
        yield claim, (0.0, NO_BEARING)
    if "C03" in sc.claims:
        yield "C03", (sc.claims["C03"], SCENARIO)
    if "job_year_value" in sc.claims:
        spent = sum(share * (hours + 1) * cost for _, share, hours, cost in SERVICES)
        worth = float(sc.claims["job_year_value"]) * float(att.mean())
        yield "C28", (worth - spent, f"{OUTCOMES} and chance of the generator")


def _contrast(claim: str, att: pd.Series, having: pd.Series) -> Iterator[tuple[str, Number]]:
    """Mean effect of measures that have something less that of the others, where there are both."""
    if having.any() and not having.all():
        yield claim, (float(att[having].mean() - att[~having].mean()), OUTCOMES)
