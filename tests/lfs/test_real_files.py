"""Golden: Chile's unemployment with its standard error, Brazil's post-stratified weights and
Poland's returnees come out of the real files as published or computed elsewhere.
"""

import numpy as np
import pandas as pd
import pytest

from mismes_eval import lfs
from mismes_eval.weighting.calibrate import poststratify
from mismes_eval.weighting.sample import Sample

pytestmark = [pytest.mark.golden, pytest.mark.shared]


def test_chile_unemployment(shared):
    frame = lfs.read(shared / "data" / "chile_ene_2020_efm.csv.gz", "chile_ene")
    sample = Sample.from_frame(
        frame, weights="weight", strata="strata", psu="psu", lonely_psu="remove"
    )
    out = lfs.indicators(sample, which="L3")
    rate = out["L3.unemployment"]
    assert round(100 * rate.value[0], 3) == 8.229 and round(100 * rate.se[0], 3) == 0.213
    assert round(out["L3.unemployed"].value[0] / 1000, 1) == 801.8
    by_sex = (
        lfs.indicators(sample, by="sex", which="L3.unemployment")["L3.unemployment"]
        .to_frame()
        .set_index("sex")["value"]
    )
    assert round(100 * by_sex["men"], 2) == 7.13 and round(100 * by_sex["women"], 2) == 9.71
    assert "4 strata have one PSU" in " ".join(rate.notes)
    assert all(name in " ".join(rate.notes) for name in ("5159", "5189", "13379", "13422"))
    assert "potential_lf" in out["L3.lu3"].reason


def test_brazil_poststratification_equals_the_delivered_weight(shared):
    columns = [
        "upa",
        "estrato",
        "peso_sem_posestrat",
        "peso_com_posestrat",
        "proj_pop",
        "posest",
        "tipo_vinculo",
    ]
    raw = pd.read_csv(shared / "data" / "brazil_pnadc_2018q2.csv.gz", usecols=columns)
    sample = Sample.from_frame(raw, weights="peso_sem_posestrat", strata="estrato", psu="upa")
    after = poststratify(sample, "posest", raw.groupby("posest")["proj_pop"].first().astype(float))
    assert len(raw) == 556_186
    np.testing.assert_allclose(after.weights, raw["peso_com_posestrat"], rtol=1e-8)
    assert round(after.weights.sum() / 1e6, 2) == 207.65
    found = round(after.weights[(raw["tipo_vinculo"] != "Não aplicável").to_numpy()].sum() / 1e6, 2)
    assert found == 90.94


def test_poland_returnees(shared):
    raw = pd.read_csv(shared / "data" / "poland_sd2011_workabroad.csv.gz")
    silent = raw["socprof"].isna() & (raw["workab"] == "YES") & raw["age"].between(18, 64)
    assert (
        silent.sum() == 2
        # the figure to hit counts the two who gave no answer as not employed; the package leaves them
        # out unless the params say so
    )
    raw["socprof"] = raw["socprof"].fillna("NO ANSWER")
    mapping = {
        "name": "poland_sd2011",
        "columns": {
            "age": "age",
            "male": "sex",
            "mig_worked_abroad": "workab",
            "mig_ever_abroad": "workab",
            "lstatus": "socprof",
        },
        "recode": {
            "male": {"MALE": 1, "FEMALE": 0},
            "mig_worked_abroad": {"YES": True, "NO": False},
            "mig_ever_abroad": {"YES": True, "NO": False},
            "lstatus": {
                "EMPLOYED IN PRIVATE SECTOR": 1,
                "EMPLOYED IN PUBLIC SECTOR": 1,
                "FARMER": 1,
                "SELF-EMPLOYED": 1,
                "UNEMPLOYED": 2,
                "RETIRED": 3,
                "PUPIL OR STUDENT": 3,
                "OTHER ECONOMICALLY INACTIVE": 3,
                "LONG-TERM SICK/DISABLED": 3,
                "NO ANSWER": 3,
            },
        },
    }
    frame = lfs.map_columns(raw, mapping).assign(one=1.0)
    rule = lfs.Definition(
        "worked abroad", require_work_abroad=True, age_min=18, age_max=64, immigrant_by="none"
    )
    out = lfs.indicators(
        Sample.from_frame(frame, weights="one"),
        by="status",
        which="L3",
        definition=rule,
        ages=lfs.Ages(labour_min=18, labour_max=64),
    )
    employed = out["L3.employment"].to_frame().set_index("status")
    unemployed = out["L3.unemployed"].to_frame().set_index("status")
    assert employed.loc["returnee", "n"] == 129
    assert round(100 * employed.loc["returnee", "value"], 1) == 65.9
    assert round(100 * unemployed.loc["returnee", "value"] / 129, 1) == 15.5
    assert "worked abroad" in " ".join(out["L3.employment"].notes)
    stayers = frame[(frame["mig_ever_abroad"] == 0) & frame["age"].between(18, 64)]
    assert len(stayers) == 3_485
    assert round(100 * (stayers["lstatus"] == 1).mean(), 1) == 54.7
    assert round(100 * (stayers["lstatus"] == 2).mean(), 1) == 8.3
