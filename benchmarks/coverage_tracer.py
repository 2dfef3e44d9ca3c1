"""Coverage of 95% intervals for a mean after attrition: 80 PSUs of 15 persons, two waves, loss that
depends on the outcome at enrolment.

Run: python benchmarks/coverage_tracer.py [--runs 2000] [--seed 1]

Methods: complete cases; weights with the standard error that most software prints (independent
persons, weights known); ours (PSUs, weights estimated); ours with the weights taken as known. A
second population has a contactability nobody recorded, which drives loss and outcome: no weight can
repair that, and its coverage is shown as it is.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np
import pandas as pd

from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.totals import mean
from mismes_eval.tracer import TracerPanel, attrition_weights
from mismes_eval.weighting.sample import Sample

PSUS, SIZE = 80, 15
ICC = 0.08  # of the outcome at enrolment and of the later shock
HIDDEN = 0.6  # effect of the unrecorded contactability on outcome and, twice as strong, on response


def draw(rng: np.random.Generator, hidden: bool) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Persons with the outcome at enrolment (x); the later outcome, whose true mean is 0; who
    answers.
    """
    n = PSUS * SIZE
    psu = np.repeat(np.arange(PSUS), SIZE)
    x = np.sqrt(ICC) * rng.normal(size=PSUS)[psu] + np.sqrt(1 - ICC) * rng.normal(size=n)
    shock = np.sqrt(ICC) * rng.normal(size=PSUS)[psu] + np.sqrt(1 - ICC) * rng.normal(size=n)
    contact = rng.normal(size=n) if hidden else np.zeros(n)
    y = 0.8 * x + 0.6 * shock + HIDDEN * contact * 0.35
    answered = rng.random(n) < 1 / (1 + np.exp(-(0.9 + 0.85 * x + 2 * HIDDEN * contact * 0.5)))
    return pd.DataFrame({"person_id": np.arange(n), "x": x, "psu": psu, "w": 1.0}), y, answered


def panel_of(
    persons: pd.DataFrame, y: np.ndarray, answered: np.ndarray, psu: str | None
) -> TracerPanel:
    after = persons.loc[answered, ["person_id"]].assign(wave=1, y=y[answered])
    long = pd.concat([persons[["person_id"]].assign(wave=0, y=np.nan), after], ignore_index=True)
    return TracerPanel.from_frame(long, sample=Sample.from_frame(persons, weights="w", psu=psu))


def of_wave(panel: TracerPanel) -> Estimate:
    s = panel.weight_sample(1)
    return mean(s.with_columns({"y": np.nan_to_num(panel.values("y", 1))}), "y")


def methods(persons: pd.DataFrame, y: np.ndarray, answered: np.ndarray) -> dict[str, Estimate]:
    """The mean of the later outcome by each method."""
    clustered, independent = (
        panel_of(persons, y, answered, "psu"),
        panel_of(persons, y, answered, None),
    )
    return {
        "complete cases": of_wave(clustered),
        "weights, persons independent, weights known": of_wave(
            attrition_weights(independent, ["x"], fixed_weights=True)
        ),
        "weights, PSUs, weights known": of_wave(
            attrition_weights(clustered, ["x"], fixed_weights=True)
        ),
        "weights, PSUs, weights estimated": of_wave(attrition_weights(clustered, ["x"])),
    }


def run(runs: int, seed: int = 1) -> pd.DataFrame:
    """One row a population and method: coverage, bias over the true standard error, mean standard
    error over the true one.
    """
    rows = []
    for hidden in (False, True):
        rng = np.random.default_rng([seed, int(hidden)])
        value: dict[str, list[tuple[float, float, bool]]] = {}
        for _ in range(runs):
            for name, e in methods(*draw(rng, hidden)).items():
                interval = e.ci()
                value.setdefault(name, []).append(
                    (
                        float(e.value[0]),
                        float(e.se[0]),
                        bool(interval["low"].iloc[0] <= 0 <= interval["high"].iloc[0]),
                    )
                )
        for name, many in value.items():
            estimate, se, inside = (np.array(v, float) for v in zip(*many, strict=True))
            spread = estimate.std(ddof=1)
            rows.append(
                (
                    "unrecorded contactability" if hidden else "loss by the outcome at enrolment",
                    name,
                    inside.mean(),
                    estimate.mean() / spread,
                    se.mean() / spread,
                    runs,
                )
            )
    return pd.DataFrame(
        rows, columns=["population", "method", "coverage", "bias_over_se", "se_ratio", "runs"]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    start = time.perf_counter()
    table = run(args.runs, args.seed)
    sys.stdout.write(
        table.to_string(index=False, float_format=lambda v: f"{v:.4f}")
        + f"\n{time.perf_counter() - start:.0f} s, seed {args.seed}\n"
    )


if __name__ == "__main__":
    main()
