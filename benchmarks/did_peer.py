"""The same work as benchmarks/did.py on a peer of the package registry, one thread, in an environment
of its own. Arguments: contest, peer, file of the rows. Prints seconds of a processor, memory added in
MB, effect, standard error and the peer's version.
"""

from __future__ import annotations

import importlib.metadata
import resource
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

Work = Callable[[pd.DataFrame], tuple[float, float]]
COLUMNS = {"outcome": "y", "unit": "unit", "time": "t", "first_treat": "g"}


def diff_diff(frame: pd.DataFrame, **options: int) -> tuple[float, float]:
    """Doubly robust with analytical standard errors, all averages."""
    from diff_diff import CallawaySantAnna

    estimator = CallawaySantAnna(control_group="never_treated", estimation_method="dr", **options)
    result = estimator.fit(frame, **COLUMNS, covariates=["x1", "x2"], aggregate="all")
    return float(result.overall_att), float(result.overall_se)


def diff_diff_drawn(frame: pd.DataFrame) -> tuple[float, float]:
    return diff_diff(frame, n_bootstrap=999, seed=1)


def diff_diff_imputed(frame: pd.DataFrame) -> tuple[float, float]:
    from diff_diff import ImputationDiD

    result = ImputationDiD().fit(frame, **COLUMNS, aggregate="all")
    return float(result.overall_att), float(result.overall_se)


def moderndid(frame: pd.DataFrame) -> tuple[float, float]:
    """Doubly robust with analytical standard errors, all averages."""
    from moderndid import aggte, att_gt

    cells = att_gt(
        frame,
        yname="y",
        tname="t",
        idname="unit",
        gname="g",
        xformla="~ x1 + x2",
        control_group="nevertreated",
        cband=False,
    )
    kinds = ("simple", "dynamic", "group", "calendar")
    simple, *_ = [aggte(cells, type=kind, cband=False) for kind in kinds]
    return float(simple.overall_att), float(simple.overall_se)


def statspai(frame: pd.DataFrame) -> tuple[float, float]:
    """Doubly robust with analytical standard errors, all averages."""
    from statspai import aggte, callaway_santanna

    cells = callaway_santanna(frame, y="y", g="g", t="t", i="unit", x=["x1", "x2"])
    kinds = ("simple", "dynamic", "group", "calendar")
    simple, *_ = [aggte(cells, type=kind, bstrap=False) for kind in kinds]
    return float(simple.estimate), float(simple.se)


def pyfixest(frame: pd.DataFrame) -> tuple[float, float]:
    """Two-way event study, errors clustered by unit; the effect in the first period."""
    import pyfixest

    event = frame["event"].replace(np.inf, -1).astype(int)
    formula = "y ~ i(event, ref=-1) | unit + t"
    fit = pyfixest.feols(formula, frame.assign(event=event), vcov={"CRV1": "unit"})
    return float(fit.coef()["event::0"]), float(fit.se()["event::0"])


PEERS: dict[str, dict[str, Work]] = {
    "group_time": {"diff-diff": diff_diff, "moderndid": moderndid, "StatsPAI": statspai},
    "bootstrap": {"diff-diff": diff_diff_drawn},
    "imputation": {"diff-diff": diff_diff_imputed},
    "event_study": {"pyfixest": pyfixest},
}


def least(work: Callable[[], tuple[float, float]], repeats: int = 3) -> str:
    """Least seconds of a processor of several runs, memory added in MB, effect and error."""
    before, seconds = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, np.inf
    for _ in range(repeats):
        start = time.process_time()
        effect, error = work()
        seconds = min(seconds, time.process_time() - start)
    added = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before
    return f"{seconds:.3f} {added:.0f} {effect:.8f} {error:.8f}"


if __name__ == "__main__":
    contest, peer, path = sys.argv[1:]
    rows = pd.read_parquet(path)
    print(least(lambda: PEERS[contest][peer](rows)), importlib.metadata.version(peer))
