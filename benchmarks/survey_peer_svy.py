"""The same work as benchmarks/weighting.py on svy (PyPI), one thread, in an environment of its own.
Arguments: folder with data.csv and totals.csv; number of replicates to try.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import svy

YS = [f"y{j}" for j in range(10)]


def timed(name: str, work: Callable[[], object], repeat: int = 3) -> object:
    """Best of some runs, printed with the peak memory of the process so far."""
    seconds, made = [], None
    for _ in range(repeat):
        start = time.process_time()
        made = work()
        seconds.append(time.process_time() - start)
    sys.stdout.write(
        f"{name},{min(seconds)},{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}\n"
    )
    sys.stdout.flush()
    return made


def main() -> None:
    folder, replicates = Path(sys.argv[1]), int(sys.argv[2])
    data = pl.read_csv(folder / "data.csv")
    margins: dict[str, dict[int, float]] = {}
    for margin, level, total in pl.read_csv(folder / "totals.csv").iter_rows():
        margins.setdefault(margin, {})[level] = total
    sample = svy.Sample(data, svy.Design(stratum="stratum", psu="psu", wgt="w"))
    first = timed("means_by", lambda: sample.estimation.mean(YS, by="dom"))
    one = next(e for e in first[0].estimates if e.by_level in ((0,), ("0",), 0, "0"))
    sys.stdout.write(f"check_means_by,{one.est:.17g},{one.se:.17g}\n")
    timed("raking", lambda: sample.weighting.rake(controls=margins, tol=1e-7, max_iter=200))
    controls = {svy.Cat(margin): totals for margin, totals in margins.items()}
    greg = timed("greg", lambda: sample.weighting.calibrate(controls=controls))
    checked = greg.estimation.mean("y0")
    sys.stdout.write(f"check_greg,{checked.estimates[0].est:.17g},{checked.estimates[0].se:.17g}\n")
    if replicates:
        timed(
            f"bootstrap_{replicates}",
            lambda: (
                sample.weighting.create_bs_wgts(replicates, rstate=1)
                .weighting.calibrate(controls=controls)
                .estimation.mean(YS, method="replication")
            ),
            1,
        )


if __name__ == "__main__":
    main()
