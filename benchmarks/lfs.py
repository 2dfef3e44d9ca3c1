"""A labour force survey round of 500,000 made-up persons: 30 indicators by 4 breakdowns with
standard errors, beside R survey on the same file.

Run: OMP_NUM_THREADS=1 python benchmarks/lfs.py [--rows 500000] [--peer 6]. R does --peer share
indicators by the same breakdowns and its time is scaled to 30, and said so.
The check line compares the unemployment rate by sex of both: values and standard errors agree to
1e-10.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from mismes_eval import lfs
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.weighting.sample import Sample

HERE = Path(__file__).parent
BREAKDOWNS = ("status", "sex", "age_group", "region")
PEER = ("L3.participation", "L3.employment", "L3.unemployment", "L4.vulnerable", "L10", "L13")


def persons(n: int, seed: int = 1) -> pd.DataFrame:
    """SYNTHETIC persons in 12,000 PSUs and 200 strata, with every column that the indicators read."""
    rng = np.random.default_rng(seed)
    psu = np.sort(rng.integers(0, 12_000, n))
    status = rng.choice([1.0, 2.0, 3.0], n, p=[0.5, 0.1, 0.4])
    age = rng.integers(0, 90, n)
    status[age < 15] = np.nan
    job, back = status == 1, (rng.random(n) < 0.06) & (age >= 15)
    codes = np.array([str(c) for c in range(1110, 9630, 130)], dtype=object)

    def only(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return np.where(rows, values, None if values.dtype == object else np.nan)

    return pd.DataFrame(
        {
            "countrycode": "XXX",
            "hhid": np.arange(n) // 3,
            "psu": psu,
            "strata": psu % 200,
            "weight": rng.uniform(20, 90, n),
            "age": age,
            "male": rng.integers(0, 2, n),
            "subnatid1": rng.choice([f"region {k}" for k in range(12)], n),
            "urban": rng.integers(0, 2, n),
            "lstatus": status,
            "potential_lf": only(rng.integers(0, 2, n), status == 3),
            "underemployment": only(rng.integers(0, 2, n), job),
            "school": rng.integers(0, 2, n),
            "empstat": only(rng.integers(1, 5, n), job),
            "socialsec": only(rng.integers(0, 2, n), job),
            "educat7": rng.integers(1, 8, n),
            "educy": rng.integers(0, 20, n),
            "occup_isco": only(rng.choice(codes, n), job),
            "wage_no_compen": only(rng.lognormal(6, 0.5, n), job),
            "unitwage": 5,
            "mig_ever_abroad": back,
            "mig_worked_abroad": back,
            "mig_months_abroad_last": only(rng.integers(3, 90, n), back),
            "mig_birth_country": "XXX",
            "migrated_from_cat": only(rng.integers(1, 5, n), ~back & (rng.random(n) < 0.1)),
            "mig_n_spells": only(rng.integers(1, 5, n), back),
            "mig_recognised": only(
                rng.choice(
                    np.array(["NOTSOUGHT", "SOUGHT_NO", "PARTIAL", "FULL"], dtype=object), n
                ),
                back,
            ),
            "mig_occ_before": only(rng.choice(codes, n), back),
            "mig_occ_abroad": only(rng.choice(codes, n), back),
            "mig_occ_now": only(rng.choice(codes, n), back),
            "mig_intend_6m": rng.random(n) < 0.2,
            "msm_aware": rng.choice(np.array(["NONE", "M01", "M01;M06", "M10"], dtype=object), n),
            "msm_part": rng.choice(np.array(["NONE", "M06"], dtype=object), n, p=[0.9, 0.1]),
            "msm_useful": rng.integers(1, 6, n).astype(float),
        }
    )


def ours(frame: pd.DataFrame) -> tuple[float, int, dict[str, dict[str, object]]]:
    """Seconds from frame to standard errors, number of indicator tables, results by breakdown."""
    start = time.perf_counter()
    sample = Sample.from_frame(frame, weights="weight", strata="strata", psu="psu")
    sample = sample.with_columns({"mig_status": lfs.migration_status(sample.frame, "hims_tunisia")})
    tables: dict[str, dict[str, object]] = {}
    done = 0
    for by in BREAKDOWNS:
        tables[by] = dict(lfs.indicators(sample, by=by))
        estimates = [e for e in tables[by].values() if isinstance(e, Estimate)]
        done += len(estimates)
        assert all(np.isfinite(e.se).any() for e in estimates)
    return time.perf_counter() - start, done, tables


def peer(frame: pd.DataFrame, folder: Path, count: int) -> tuple[float, pd.DataFrame]:
    """Seconds of R survey for `count` share indicators by the four breakdowns, and its unemployment
    rate by sex.
    """
    out = frame[
        ["weight", "psu", "strata", "male", "subnatid1", "age", "lstatus", "empstat"]
    ].assign(
        status=lfs.migration_status(frame, "hims_tunisia").astype(str),
        intends=frame["mig_intend_6m"].astype(int),
    )
    out["age_group"] = lfs.breakdown(frame, "age_group").astype(str)
    out.to_csv(folder / "persons.csv", index=False)
    run = subprocess.run(
        ["Rscript", str(HERE / "lfs_peer.R"), str(folder), str(count)],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = dict(line.split("=", 1) for line in run.stdout.strip().splitlines() if "=" in line)
    check = pd.DataFrame(
        [[float(v) for v in lines[f"unemployment{k}"].split(",")] for k in (0, 1)],
        columns=["value", "se"],
    )
    return float(lines["seconds"]), check


def main() -> None:
    """Print the table of times."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument(
        "--peer",
        type=int,
        default=len(PEER),
        choices=[0, *range(3, len(PEER) + 1)],
        help="share indicators that R does; 0: none",
    )
    args = parser.parse_args()
    frame = persons(args.rows)
    seconds, done, tables = ours(frame)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(
        f"{args.rows:,} persons, {os.cpu_count()} cores, OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'not set')}"
    )
    print(
        f"mismes_eval: {done} tables (indicators by 4 breakdowns) in {seconds:.1f} s, {seconds / done * 120:.1f} s for 120; peak {peak:.2f} GB"
    )
    if args.peer:
        with tempfile.TemporaryDirectory() as folder:
            theirs, check = peer(frame, Path(folder), args.peer)
        mine = tables["sex"]["L3.unemployment"]
        assert isinstance(mine, Estimate)
        gap = np.abs(
            np.r_[mine.value[::-1], mine.se[::-1]] / np.r_[check["value"], check["se"]] - 1
        ).max()
        print(
            f"R survey:    {4 * args.peer} tables in {theirs:.1f} s, scaled to 120: {theirs * 30 / args.peer:.0f} s (unemployment by sex agrees to {gap:.0e})"
        )


if __name__ == "__main__":
    main()
