"""An Estimate with exactly the given coefficients and covariance."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.part import Part
from mismes_eval.numerics.influence import Influence
from mismes_eval.weighting.sample import Sample


def event_study(
    beta: np.ndarray, vcov: np.ndarray, times: list[int], dof: float = np.inf
) -> Estimate:
    k = beta.size
    n = 2 * k
    root = np.linalg.cholesky(vcov)
    z = np.vstack([root.T, -root.T]) * np.sqrt((n - 1) / (2 * n))
    sample = Sample.from_frame(pd.DataFrame({"w": np.ones(n)}), weights="w")
    return Estimate(
        beta,
        tuple(map(str, times)),
        (Part(sample.design, Influence.of(z)),),
        pd.DataFrame({"event_time": times}),
        np.full(k, float(n)),
        np.full(k, dof),
    )


def published(shared: Path, name: str) -> Estimate:
    data = json.loads(
        (shared / "reference" / "did" / f"honestdid_{name}data_EventStudy.json").read_text()
    )
    before, after = len(data["prePeriodIndices"]), len(data["postPeriodIndices"])
    return event_study(
        np.array(data["betahat"]), np.array(data["sigma"]), [*range(-before - 1, -1), *range(after)]
    )
