"""The whole chain of a tracer's effect (attrition logit, linear calibration, doubly robust
comparison) redone by `replicates` in 60 jackknife replicates equals R at 1e-10; linearised errors
within 1%.
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from mismes_eval.impact.did.two_by_two import att_2x2
from mismes_eval.weighting.calibrate import calibrate
from mismes_eval.weighting.nonresponse import nonresponse
from mismes_eval.weighting.resampling import replicates
from mismes_eval.weighting.sample import Sample

TRACER = {"dr": "drdid_trad", "or": "reg", "ipw": "std_ipw"}


def tracer(shared: Path) -> pd.DataFrame:
    f = pd.read_csv(shared / "reference/did/survey_tracer.csv.gz")
    return f.assign(y2=f["y2"].where(f["resp"] == 1), answered=f["w0"] * f["resp"])


@pytest.mark.golden
@pytest.mark.shared
@pytest.mark.parametrize("attrition", [0, 1])
@pytest.mark.parametrize("calibrated", [0, 1])
def test_the_whole_chain_in_each_replicate(shared: Path, attrition: int, calibrated: int) -> None:
    """Attrition logit, linear calibration and the effect made anew in each of 60 delete-one-PSU
    replicates.
    """
    f, r = tracer(shared), json.loads((shared / "reference/did/survey_tracer.json").read_text())
    total = dict(zip(r["cal_columns"], r["cal_totals"], strict=True))
    s = replicates(
        Sample.from_frame(
            f, "w0" if attrition else "answered", strata="stratum", psu="psu", nest=True
        ),
        method="jackknife",
        mse=True,
    )
    linear = Sample.from_frame(
        f, "w0" if attrition else "answered", strata="stratum", psu="psu", nest=True
    )
    if attrition:
        s, linear = (nonresponse(v, "resp", ["d", "mig", "y1", "female"]) for v in (s, linear))
    if calibrated:
        stratum = {h: total[f"factor(stratum){h}"] for h in range(2, 7)}
        stratum[1] = total["(Intercept)"] - sum(stratum.values())
        s, linear = (
            calibrate(v, {"stratum": stratum, "female": total["female"], "mig": total["mig"]})
            for v in (s, linear)
        )
    for method in ("dr", "or", "ipw"):
        golden = r[f"JKn__{TRACER[method]}__attr{attrition}__cal{calibrated}"]
        e = att_2x2(
            s, ("y1", "y2"), "d", covariates=("sec", "female", "agec", "mig"), method=method
        )
        assert e.value[0] == pytest.approx(golden["att"], rel=1e-11)
        assert e.se[0] == pytest.approx(golden["se_chain"], rel=1e-10)
        whole = att_2x2(
            linear, ("y1", "y2"), "d", covariates=("sec", "female", "agec", "mig"), method=method
        )
        assert whole.se[0] == pytest.approx(golden["se_chain"], rel=0.01)
