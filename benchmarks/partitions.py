"""A census-size survey, made up, read in partitions: time, memory and agreement with the survey read
whole.

python benchmarks/partitions.py [--millions 1 5 20] [--workers 0]   prints one row a size. Each size
runs in a process of its own, whose highest memory is that of the whole run. --workers: a local Dask
cluster of so many processes, one of which is killed while it works.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Executor
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from threading import Timer

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

import mismes_eval as me

ROWS = 500_000  # persons in a row group
COLUMNS = 40
PSU_SIZE = 1000
DESIGN = {"weights": "w", "psu": "psu", "strata": "stratum"}
BY = ["sex", "age", "migrant", "treated", "round"]
VALUES = ["income", "hours", "employed"]
AGREES_UP_TO = 1_000_000  # persons up to which the survey is read whole as well


def partition(number: int) -> pd.DataFrame:
    """One row group: 500 PSUs of 1,000 persons, 40 columns."""
    rng = np.random.default_rng(number)
    psu = np.repeat(np.arange(ROWS // PSU_SIZE) + number * (ROWS // PSU_SIZE), PSU_SIZE)
    shock = rng.normal(0, 20, ROWS // PSU_SIZE).repeat(PSU_SIZE)
    frame = {
        "psu": psu.astype(np.int32),
        "stratum": (psu // 50).astype(np.int16),
        "w": rng.uniform(1, 3, ROWS),
        "sex": rng.integers(0, 2, ROWS, dtype=np.int8),
        "age": rng.integers(0, 5, ROWS, dtype=np.int8),
        "migrant": rng.random(ROWS) < 0.06,
        "treated": psu % 4 == 0,
        "round": rng.integers(2019, 2021, ROWS, dtype=np.int16),
    }
    after = (frame["round"] == 2020) & frame["treated"]
    frame["hours"] = (rng.integers(0, 60, ROWS) * (rng.random(ROWS) < 0.6)).astype(np.int8)
    frame["employed"] = frame["hours"] > 0
    frame["income"] = 5.0 * frame["hours"] + shock + 10 * after + rng.normal(0, 50, ROWS)
    for other in range(COLUMNS - len(frame)):
        frame[f"item_{other}"] = rng.integers(0, 9, ROWS, dtype=np.int8)
    return pd.DataFrame(frame)


def write(folder: Path, millions: int) -> None:
    """Files of ten row groups."""
    groups = millions * 1_000_000 // ROWS
    for start in range(0, groups, 10):
        writer = None
        for number in range(start, min(start + 10, groups)):
            table = pa.Table.from_pandas(partition(number), preserve_index=False)
            writer = writer or parquet.ParquetWriter(folder / f"{start:05}.parquet", table.schema)
            writer.write_table(table)
        if writer is not None:
            writer.close()


def statistics(survey: me.PartitionedSample | me.Sample, persons: int) -> list[me.Estimate]:
    """Totals, means, ratios and an effect on weights raked to sex and age."""
    totals = {
        "sex": {0: 1.01 * persons, 1: 0.99 * persons},
        "age": {age: 0.4 * persons for age in range(5)},
    }
    if isinstance(survey, me.Sample):
        raked = me.calibrate(survey, totals, "raking")
        effect = me.att_2x2(raked, "income", "treated", "round", ["sex", "age"])
    else:
        raked = survey.calibrate(totals, "raking")
        effect = raked.att_2x2("income", "treated", "round", ["sex", "age"])
    return [
        raked.total(["income", "employed"], "migrant"),
        raked.mean(["income", "employed"], ["sex", "age"]),
        raked.ratio("income", "hours", "migrant"),
        effect,
    ]


def farthest(one: list[me.Estimate], other: list[me.Estimate]) -> float:
    """Largest relative difference of values and errors."""
    gaps = []
    for left, right in zip(one, other, strict=True):
        for of in ("value", "se", "degf", "n"):
            whole, parts = getattr(left, of), getattr(right, of)
            gaps.append(float(np.max(np.abs(whole - parts) / np.maximum(np.abs(whole), 1e-9))))
    return max(gaps)


def workers(stack: ExitStack, count: int) -> Executor | None:
    """A local cluster, of which one worker is killed two seconds later."""
    if not count:
        return None
    distributed = import_module("dask.distributed")
    cluster = stack.enter_context(
        distributed.LocalCluster(n_workers=count, threads_per_worker=1, dashboard_address=None)
    )
    client = stack.enter_context(distributed.Client(cluster))
    victim = next(iter(client.run(os.getpid).values()))
    Timer(2.0, os.kill, (victim, signal.SIGKILL)).start()
    executor: Executor = client.get_executor(retries=3)
    return executor


def measured(folder: Path, millions: int, count: int) -> None:
    """One row: persons, cells, seconds, highest memory, largest difference."""
    persons = millions * 1_000_000
    with ExitStack() as stack:
        executor = workers(stack, count)
        start, cpu = time.perf_counter(), time.process_time()
        survey = me.PartitionedSample.from_parquet(
            folder, by=BY, values=VALUES, executor=executor, **DESIGN
        )
        read = time.perf_counter() - start
        found = statistics(survey, persons)
        took, used = time.perf_counter() - start, time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    gap = "not read whole"
    if persons <= AGREES_UP_TO:
        columns = [*DESIGN.values(), *BY, *VALUES]
        frame = parquet.ParquetFile(next(folder.iterdir())).read(columns=columns).to_pandas()
        gap = f"{farthest(statistics(me.Sample.from_frame(frame, **DESIGN), persons), found):.1e}"
    sys.stdout.write(
        f"| {persons:,} | {survey.cells.n:,} | {read:.1f} | {took:.1f} | {used:.1f} |"
        f" {memory:,.0f} | {gap} |\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millions", type=int, nargs="+", default=[1, 5, 20])
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.measure:
        measured(chosen.measure, chosen.millions[0], chosen.workers)
        return
    sys.stdout.write("| persons | cells | read, s | all, s | CPU, s | MB | difference |\n")
    for millions in chosen.millions:
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder), millions)
            size = ["--millions", str(millions), "--workers", str(chosen.workers)]
            command = [sys.executable, __file__, *size, "--measure", folder]
            sys.stdout.flush()
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
