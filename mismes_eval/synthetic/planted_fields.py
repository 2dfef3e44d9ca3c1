"""Fields that claims of the ledger take, drawn so that each claim is true, false or null by what
the scenario plants. Every field has a random stream of its own, so no other column moves.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from mismes_eval.synthetic.potential import Path
from mismes_eval.synthetic.scenario import NONE, Scenario, pick, spread

WRITTEN = 0.61  # of those who worked abroad had a written contract
MAIN_WAVE = 3  # at which expectations are met or not
_RECRUITERS = {"PRIVATE_AGENCY": 0.35, "PES": 0.20, "NETWORK": 0.30, "DIRECT": 0.10, "ONLINE": 0.05}
_SECTORS = ("AGRICULTURE", "CONSTRUCTION", "COMMERCE", "TOURISM", "TRANSPORT", "HEALTH")
_ELSEWHERE = 0.5  # of measures of other models name a sector
_BELOW, _ABOVE = (0.3, 0.9), (1.1, 2.0)  # times the bound that the claim asks about
_FEW_BACK, _FEW_JOBS = 0.25, 0.5
_SOUGHT = ("PERMANENT", "TEMPORARY", "NONE")

Field = tuple[str, str, pd.Series]


def measures(sc: Scenario, inventory: pd.DataFrame) -> Iterator[Field]:
    """Fields of the information template: the column that each stands behind, its name, values."""
    model = inventory["model_primary"].astype(str).to_numpy()
    abroad = inventory["stage_code"].eq("DUR").to_numpy()
    rng = sc.stream("inventory/sector")
    chance = np.where(model == "M03", sc.claims["C08"], _ELSEWHERE)
    named = rng.random(len(model)) < chance
    sector = spread(rng, len(model), _SECTORS, [1.0] * len(_SECTORS))
    yield "prelim_category", "sector", pd.Series(np.where(named, sector, "NONE"))
    back = _part(sc, "benef_returned", sc.claims["C09"], _FEW_BACK, inventory, abroad)
    yield "benef_placed", "benef_returned", back
    jobs = _part(sc, "jobs_created", sc.claims["C17"], _FEW_JOBS, inventory, model == "M08")
    yield "benef_returned", "jobs_created", jobs
    rng = sc.stream("inventory/return_sought")
    permanent = permanent_return(sc.claims["C48"])
    sought = spread(rng, len(model), _SOUGHT, [permanent, *[(1.0 - permanent) / 2] * 2])
    yield "destinations", "return_sought", pd.Series(np.where(abroad, sought, NONE))


def permanent_return(ahead: float) -> float:
    """Chance of asking for a permanent return, `ahead` of each of the two other kinds."""
    return (1.0 + 2.0 * ahead) / 3.0


def skill_levels(sc: Scenario, inventory: pd.DataFrame) -> pd.Series:
    """The level of skill that measures target; those before departure are for everybody with the
    planted chance.
    """
    everybody = sc.stream("inventory/for everybody").random(len(inventory)) < sc.claims["C45"]
    asked = inventory["model_primary"].eq("M02") & inventory["target_skill"].ne("")
    return inventory["target_skill"].mask(asked & everybody, "ALL")


def _part(
    sc: Scenario,
    field: str,
    few: float,
    bound: float,
    inventory: pd.DataFrame,
    asked: np.ndarray,
) -> pd.Series:
    """A number below the bound times the persons reached with chance `few`, else above it."""
    rng = sc.stream(f"inventory/{field}")
    reached = inventory["benef_reached"].astype("Float64").to_numpy(float, na_value=np.nan)
    below = rng.random(len(reached)) < few
    times = np.where(below, rng.uniform(*_BELOW, len(reached)), rng.uniform(*_ABOVE, len(reached)))
    number = bound * times * reached
    whole = pd.Series(np.where(below, np.floor(number), np.ceil(number)))
    return whole.where(asked & np.isfinite(reached)).astype("Int64")


def persons(sc: Scenario, person: pd.DataFrame, name: str) -> pd.DataFrame:
    """Who recruited for the first job abroad, and whether skills learnt there were validated; of
    returnees who worked abroad.
    """
    returned = person["mig_status"].eq("RET")
    worked = (returned & person["mig_written_contract"].notna()).to_numpy(bool)
    written = person["mig_written_contract"].fillna(False).to_numpy(bool)
    chance = np.array(list(recruiters(sc.claims["C04"]).values()))
    at = pick(
        sc.stream(f"{name}/recruiter"),
        np.where(written[:, None], 1.0 - chance, chance) * list(_RECRUITERS.values()),
    )
    by = np.array(list(_RECRUITERS), dtype=object)[at]
    validated = sc.stream(f"{name}/validated").random(len(person)) < sc.claims["C22"]
    return pd.DataFrame(
        {
            "mig_skills_validated": pd.Series(validated.astype(int)).where(worked).astype("Int32"),
            "mig_recruiter": np.where(worked, by, NONE),
        }
    )


def recruiters(gap: float) -> dict[str, float]:
    """Chance of no written contract by who recruited: private agencies less public services is
    `gap`; over all it is what it was.
    """
    without = 1.0 - WRITTEN
    private, public = _RECRUITERS["PRIVATE_AGENCY"], _RECRUITERS["PES"]
    rest = without - (private - public) * gap / 2 / (1 - private - public)
    known = {"PRIVATE_AGENCY": without + gap / 2, "PES": without - gap / 2}
    return {name: known.get(name, rest) for name in _RECRUITERS}


def expectations(sc: Scenario, name: str, treated: np.ndarray, path: Path) -> np.ndarray:
    """(n,) Earnings that participants expected at enrolment: above what they earn at the main wave
    with the planted chance, whatever else is true of them. Made with hindsight.
    """
    rng = sc.stream(f"tracer/{name}/expectation")
    earned = path.outcome("earnings", MAIN_WAVE)
    above = rng.random(len(earned)) < sc.claims["C03"]
    hoped = earned * rng.uniform(1.05, 1.8, len(earned))
    usual = float(sc.labour["wage_mean"]) * rng.uniform(0.6, 1.4, len(earned))
    hoped = np.where(earned > 0, hoped, usual)
    modest = earned * rng.uniform(0.6, 1.0, len(earned))
    expected = np.where(above, np.ceil(hoped), np.floor(modest))
    return np.asarray(np.where(treated, expected, np.nan))
