"""The whole chain of a tracer's effect (attrition logit, linear calibration, doubly robust
comparison) redone by `replicates` in 60 jackknife replicates equals R at 1e-10; linearised errors
within 1%.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mismes_eval as me

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
    s = me.replicates(
        me.Sample.from_frame(
            f, "w0" if attrition else "answered", strata="stratum", psu="psu", nest=True
        ),
        method="jackknife",
        mse=True,
    )
    linear = me.Sample.from_frame(
        f, "w0" if attrition else "answered", strata="stratum", psu="psu", nest=True
    )
    if attrition:
        s, linear = (me.nonresponse(v, "resp", ["d", "mig", "y1", "female"]) for v in (s, linear))
    if calibrated:
        stratum = {h: total[f"factor(stratum){h}"] for h in range(2, 7)}
        stratum[1] = total["(Intercept)"] - sum(stratum.values())
        s, linear = (
            me.calibrate(v, {"stratum": stratum, "female": total["female"], "mig": total["mig"]})
            for v in (s, linear)
        )
    weight = np.array(r[f"JKn__reg__attr{attrition}__cal{calibrated}"]["w_head"])
    answered = weight > 0
    made = (linear.weights * f["resp"])[:8]
    np.testing.assert_allclose(made[answered], weight[answered], rtol=1e-10)
    for method in ("dr", "or", "ipw"):
        golden = r[f"JKn__{TRACER[method]}__attr{attrition}__cal{calibrated}"]
        e = me.att_2x2(
            s, ("y1", "y2"), "d", covariates=("sec", "female", "agec", "mig"), method=method
        )
        assert e.value[0] == pytest.approx(golden["att"], rel=1e-11)
        assert e.se[0] == pytest.approx(golden["se_chain"], rel=1e-10)
        np.testing.assert_allclose(e.parts[0].replicates[:5, 0], golden["theta_head"], atol=1e-10)
        whole = me.att_2x2(
            linear, ("y1", "y2"), "d", covariates=("sec", "female", "agec", "mig"), method=method
        )
        assert whole.se[0] == pytest.approx(golden["se_chain"], rel=0.01)
