"""A small panel with dispositions, deaths, people abroad and losses that depend on a covariate; and
the Colombian file as a panel.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mismes_eval.tracer.panel import TracerPanel
from mismes_eval.weighting.sample import Sample

LOST = np.array(["2.1", "2.2", "2.3", "2.53", "3.1", "3.2", "4.1"], dtype=object)
COVARIATES = ["select", "empl_04", "sal", "dformal_04", "age_lb", "educ_lb", "dmarried_lb", "city"]


def small(n: int = 360, seed: int = 4) -> tuple[pd.DataFrame, pd.DataFrame]:
    """persons (n) and waves (n x 4, in shuffled order)."""
    rng = np.random.default_rng(seed)
    persons = pd.DataFrame(
        {
            "person_id": [f"p{i:04d}" for i in range(n)],
            "x": rng.normal(size=n),
            "arm": rng.choice(["C", "T"], n),
            "w": rng.uniform(1, 4, n),
        }
    )
    persons = persons.assign(
        psu=np.arange(n) // 9,
        stratum=(np.arange(n) // 9) % 4,
        country="MDA",
        sex=rng.choice(["f", "m"], n),
        enrol_date=pd.Timestamp("2020-01-10"),
    )
    parts = []
    for wave, month in enumerate((0, 6, 12, 24)):
        p = 1 / (1 + np.exp(-(1.6 - 0.3 * wave + 0.7 * persons["x"])))
        ok = (rng.random(n) < p) | (wave == 0)
        code = np.where(
            ok,
            rng.choice(["1.1", "1.2", "2.51", "2.52"], n, p=[0.8, 0.1, 0.06, 0.04]),
            rng.choice(LOST, n),
        )
        code = np.where(wave == 0, "1.1", code).astype(object)
        if wave == 3:
            code[:5] = "2.31"
        y = persons["x"] + 0.3 * wave + rng.normal(size=n)
        date = pd.Timestamp("2020-01-10") + pd.to_timedelta(
            rng.integers(0, 20, n) + 30.4375 * month, unit="D"
        ).floor("D")
        parts.append(
            pd.DataFrame(
                {
                    "person_id": persons["person_id"],
                    "wave": wave,
                    "disp": code,
                    "y": np.where(ok, y, np.nan),
                    "job": ok & (y > 0),
                    "fieldwork_date": date,
                    "count": 7 + wave,
                }
            )
        )
    long = pd.concat(parts, ignore_index=True)
    return persons, long.sample(frac=1, random_state=1).reset_index(drop=True)


@pytest.fixture
def persons() -> pd.DataFrame:
    return small()[0]


@pytest.fixture
def waves() -> pd.DataFrame:
    return small()[1]


@pytest.fixture
def panel(persons: pd.DataFrame, waves: pd.DataFrame) -> TracerPanel:
    sample = Sample.from_frame(persons, weights="w", strata="stratum", psu="psu")
    return TracerPanel.from_frame(waves, sample=sample, disposition="disp")


@pytest.fixture(scope="session")
def colombia(shared: Path) -> dict[str, tuple[TracerPanel, pd.DataFrame]]:
    """Men and women of the Colombian training experiment: panel of 2004 and 2006, and the rows it
    was made from.
    """
    raw = pd.read_csv(shared / "data" / "colombia_jea_panel.csv")
    raw = raw[raw["codigo_curs"].notna()].reset_index(drop=True)
    raw = raw.assign(
        sal=raw["salary_04"] / 1e5,
        pid=np.arange(len(raw)),
        city=raw["city"].astype(int).astype(str),
    )
    out = {}
    for name, woman in (("men", 0), ("women", 1)):
        rows = raw[raw["dwomen"] == woman].dropna(subset=COVARIATES).reset_index(drop=True)
        after = rows.loc[rows["empl_06"].notna(), ["pid", "empl_06"]].assign(wave=1)
        long = pd.concat([rows[["pid", *COVARIATES]].assign(wave=0), after], ignore_index=True)
        out[name] = (TracerPanel.from_frame(long, unit="pid"), rows)
    return out
