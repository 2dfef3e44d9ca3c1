"""The same work as benchmarks/weighting.py on a peer of the package registry, one thread, in an
environment of its own. Arguments: the peer's name; folder with data.csv and totals.csv; number of
replicates to try. Prints name,seconds of a processor,peak memory in MB; a check prints name,value,SE;
last the peer's version.
"""

from __future__ import annotations

import importlib.metadata
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

YS = [f"y{j}" for j in range(10)]
TOLERANCE = 1e-7
Margins = dict[str, dict[int, float]]


def timed(name: str, work: Callable[[], object], repeat: int = 3) -> object:
    """Best of some runs, printed with the peak memory of the process so far."""
    seconds, made = [], None
    for _ in range(repeat):
        start = time.process_time()
        made = work()
        seconds.append(time.process_time() - start)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name},{min(seconds)},{megabytes}", flush=True)
    return made


def check(name: str, value: float, error: float) -> None:
    print(f"check_{name},{value:.17g},{error:.17g}", flush=True)


def svy(folder: Path, margins: Margins, replicates: int) -> None:
    """Means, raking, GREG and recalibrated bootstrap replicates."""
    import polars
    import svy

    data = polars.read_csv(folder / "data.csv")
    sample = svy.Sample(data, svy.Design(stratum="stratum", psu="psu", wgt="w"))
    first = timed("means_by", lambda: sample.estimation.mean(YS, by="dom"))
    one = next(e for e in first[0].estimates if e.by_level in ((0,), ("0",), 0, "0"))
    check("means_by", one.est, one.se)
    timed("raking", lambda: sample.weighting.rake(controls=margins, tol=TOLERANCE, max_iter=200))
    controls = {svy.Cat(margin): totals for margin, totals in margins.items()}
    greg = timed("greg", lambda: sample.weighting.calibrate(controls=controls))
    calibrated = greg.estimation.mean("y0").estimates[0]
    check("greg", calibrated.est, calibrated.se)
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


def leafblower(folder: Path, margins: Margins, replicates: int) -> None:
    """Raking only: it has neither designs nor standard errors."""
    import numpy as np
    import pandas as pd
    from leafblower import harvest

    data = pd.read_csv(folder / "data.csv")
    weights, size = data["w"].to_numpy(), data["w"].sum()
    labels = data[list(margins)].astype(str)
    shares = {
        margin: {str(k): total / size for k, total in totals.items()}
        for margin, totals in margins.items()
    }
    raked = timed(
        "raking",
        lambda: harvest(
            labels,
            shares,
            method="raking",
            max_weight=np.inf,
            start_weights=weights,
            attach_weights=False,
            convergence={"absolute": TOLERANCE},
        ),
    )
    made = np.asarray(raked["weights"])
    check("raking", float(made @ data["y0"] / made.sum()), float("nan"))


def weightpipe(folder: Path, margins: Margins, replicates: int) -> None:
    """Means, raking, and bootstrap replicates with the weighting redone in each."""
    import pandas as pd
    from weightpipe import WeightPipe

    data = pd.read_csv(folder / "data.csv")
    for margin in margins:
        data[margin] = data[margin].astype(str)
    totals = {margin: {str(k): v for k, v in t.items()} for margin, t in margins.items()}

    def means(pipe: WeightPipe, **options: object) -> pd.DataFrame:
        return pipe.estimate(YS, estimand="mean", **options)

    def raked() -> WeightPipe:
        pipe = WeightPipe(data, weight="w", strata="stratum", psu="psu")
        return pipe.calibrate(method="raking", margins=totals, tol=TOLERANCE, max_iter=200)

    plain = WeightPipe(data, weight="w", strata="stratum", psu="psu")
    table = timed("means_by", lambda: means(plain, by="dom", variance="linearization"))
    row = table[(table["variable"] == "y0") & (table["dom"].astype(str) == "0")].iloc[0]
    check("means_by", row["estimate"], row["se"])
    weights = timed("raking", lambda: raked().weights).to_numpy()
    check("raking", float(weights @ data["y0"] / weights.sum()), float("nan"))
    if replicates:
        timed(
            f"bootstrap_{replicates}",
            lambda: means(raked(), variance="bootstrap", replicates=replicates, seed=1),
            1,
        )


PEERS = {"svy": svy, "leafblower": leafblower, "weightpipe": weightpipe}


def main() -> None:
    name, folder, replicates = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    margins: Margins = {}
    for line in (folder / "totals.csv").read_text().splitlines()[1:]:
        margin, level, total = line.split(",")
        margins.setdefault(margin, {})[int(level)] = float(total)
    PEERS[name](folder, margins, replicates)
    print(f"version,{importlib.metadata.version(name)}")


if __name__ == "__main__":
    main()
