"""A panel of a million persons by five waves: checks, patterns, weights and outcome table; seconds
and peak memory. Made-up data.

Run: python benchmarks/tracer.py [--persons 1000000] [--waves 5]
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from mismes_eval import tracer
from mismes_eval.estimate.totals import mean
from mismes_eval.weighting.sample import Sample

CODES = np.array(["1.1", "1.2", "2.1", "2.2", "2.51", "2.53", "3.2"])


def make(n: int, waves: int, seed: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """persons (n rows) and waves (n x waves rows, numbers and categories as a file would give
    them).
    """
    rng = np.random.default_rng(seed)
    persons = pd.DataFrame(
        {
            "person_id": np.arange(n) + 10**7,
            "w": rng.uniform(1, 5, n),
            "psu": np.arange(n) // 20,
            "x": rng.normal(size=n),
            "age": rng.integers(18, 60, n),
        }
    )
    persons["arm"] = pd.Categorical(rng.choice(["C", "T"], n))
    persons["region"] = pd.Categorical(rng.choice(["N", "S", "E", "W"], n))
    persons["enrol_date"] = pd.Timestamp("2019-01-15")
    parts = []
    for k in range(waves):
        ok = (
            rng.random(n) < 1 / (1 + np.exp(-(1.8 - 0.3 * k + 0.5 * persons["x"].to_numpy())))
            if k
            else np.ones(n, bool)
        )
        code = np.where(
            ok, np.where(rng.random(n) < 0.9, 0, rng.choice([1, 4], n)), rng.choice([2, 3, 5, 6], n)
        )
        day = pd.Timestamp("2019-01-15") + pd.to_timedelta(
            180 * k + rng.integers(0, 30, n), unit="D"
        )
        parts.append(
            pd.DataFrame(
                {
                    "person_id": persons["person_id"],
                    "wave": k,
                    "disp_code": pd.Categorical.from_codes(code, CODES),
                    "male": (persons["age"] % 2).astype("int8"),
                    "y": np.where(ok, persons["x"] + rng.normal(size=n), np.nan),
                    "fieldwork_date": day,
                    "target_date": pd.Timestamp("2019-01-15") + pd.Timedelta(days=180 * k),
                }
            )
        )
    return persons, pd.concat(parts, ignore_index=True)


def timed(name: str, call: Callable[[], object]) -> object:
    start = time.perf_counter()
    out = call()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    sys.stdout.write(f"{name:<46}{time.perf_counter() - start:8.2f} s   peak {peak:5.2f} GB\n")
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--persons", type=int, default=1_000_000)
    parser.add_argument("--waves", type=int, default=5)
    args = parser.parse_args()
    persons, long = make(args.persons, args.waves)
    sys.stdout.write(
        f"{args.persons:,} persons, {args.waves} waves, {len(long):,} rows; {long.memory_usage(deep=True).sum() / 1e9:.2f} GB of waves\n"
    )
    start = time.perf_counter()
    sample = timed("sample", lambda: Sample.from_frame(persons, weights="w", psu="psu"))
    panel = timed(
        "panel (keys, duplicates, codes)",
        lambda: tracer.TracerPanel.from_frame(long, sample=sample, disposition="disp_code"),
    )  # type: ignore[arg-type]
    assert isinstance(panel, tracer.TracerPanel)
    timed("edit report", lambda: tracer.edits(panel, as_of="2026-01-01"))
    timed("patterns", panel.patterns)
    timed("outcome rates by arm, with errors", lambda: panel.outcome_rates(by="arm").se)
    weighted = tracer.attrition_weights(panel, ["x", "age", "arm", "region"])
    last = args.waves - 1
    s = timed("weights, first and last wave", lambda: weighted.weight_sample([0, last]))
    assert isinstance(s, Sample)
    timed("weights, all waves", lambda: weighted.weight_sample(None))
    timed(
        "outcome table by arm and region, with errors",
        lambda: (
            mean(
                s.with_columns({"y": np.nan_to_num(weighted.values("y", last))}),
                "y",
                by=["arm", "region"],
            ).se
        ),
    )
    sys.stdout.write(f"{'total':<46}{time.perf_counter() - start:8.2f} s\n")


if __name__ == "__main__":
    main()
