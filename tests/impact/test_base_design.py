"""Identity: estimates brought to the base weights keep their standard errors; on one design they
equal stack; the covariance between two waves equals that of one regression on both; refusals.
"""

import numpy as np
import pandas as pd
import pytest

from mismes_eval.estimate.joint import stack
from mismes_eval.estimate.totals import mean
from mismes_eval.impact.did.base_design import on_base
from mismes_eval.weighting.nonresponse import nonresponse
from mismes_eval.weighting.sample import Sample


def waves(n: int = 600, seed: int = 4) -> tuple[Sample, Sample, Sample]:
    """SYNTHETIC persons in clusters; the same base sample, and twice adjusted for who answered."""
    rng = np.random.default_rng(seed)
    f = pd.DataFrame(
        {
            "w": rng.uniform(1, 3, n),
            "psu": np.arange(n) // 10,
            "x": rng.choice(["a", "b"], n),
            "y1": rng.normal(size=n),
            "y2": rng.normal(size=n),
        }
    )
    f["r1"], f["r2"] = rng.random(n) < 0.8, rng.random(n) < 0.7
    base = Sample.from_frame(f, "w", psu="psu")
    return base, nonresponse(base, "r1", ["x"]), nonresponse(base, "r2", ["x"])


@pytest.mark.identity
def test_standard_errors_stay_and_one_design_equals_stack() -> None:
    base, first, second = waves()
    one, other = mean(first, "y1"), mean(second, "y2")
    joint = on_base([one, other])
    np.testing.assert_allclose(joint.se, [one.se[0], other.se[0]], rtol=1e-12)
    np.testing.assert_allclose(joint.value, [one.value[0], other.value[0]])
    same = on_base([mean(first, "y1"), mean(first, "y2")])
    np.testing.assert_allclose(
        same.vcov, stack(mean(first, "y1"), mean(first, "y2")).vcov, rtol=1e-12
    )
    plain = on_base([mean(base, "y1"), mean(base, "y2")])
    np.testing.assert_allclose(
        plain.vcov, stack(mean(base, "y1"), mean(base, "y2")).vcov, rtol=1e-12
    )


@pytest.mark.whole
@pytest.mark.identity
def test_the_covariance_between_waves_is_the_jackknifes() -> None:
    """Refitting both response models without each cluster in turn."""
    _, first, second = waves()
    joint = on_base([mean(first, "y1"), mean(second, "y2")])
    f, clusters = first.frame, np.unique(first.frame["psu"])
    values = []
    for c in clusters:
        part = f[f["psu"] != c].reset_index(drop=True)
        base = Sample.from_frame(part, "w", psu="psu")
        values.append(
            [mean(nonresponse(base, r, ["x"]), y).value[0] for r, y in (("r1", "y1"), ("r2", "y2"))]
        )
    v, m = np.array(values), len(clusters)
    jack = (m - 1) / m * (v - v.mean(axis=0)).T @ (v - v.mean(axis=0))
    np.testing.assert_allclose(
        joint.vcov, jack, atol=0.05 * np.sqrt(np.outer(np.diag(jack), np.diag(jack))).max()
    )
