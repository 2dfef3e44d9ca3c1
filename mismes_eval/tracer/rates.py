"""AAPOR outcome rates of each wave, with the migrant states that home surveys take for losses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mismes_eval.frame.codes import codes

if TYPE_CHECKING:
    from mismes_eval.tracer.panel import TracerPanel

OUTCOMES = ("I", "P", "R", "NC", "O", "UH", "UO", "NE")


def response_rates(panel: TracerPanel, by: str | Sequence[str] | None = None) -> pd.DataFrame:
    """One row a group and wave: counts of final dispositions and rates of AAPOR Standard Definitions.

    e, the share of unknown cases taken as eligible in RR3 and RR4, is estimated from the resolved cases of the same group and wave (column e).
    tracing : persons whose whereabouts are known (interviewed, by proxy, abroad, dead, refused) over all.
    A person without any row in a wave counts as unknown (UO).
    """
    keys = [] if by is None else [by] if isinstance(by, str) else list(by)
    table = codes("dispositions").set_index("code")
    active = panel.sample.active
    out = []
    for wave in panel.waves:
        code = panel.labels(str(panel.disposition), wave).astype("string")
        outcome = code.map(table["outcome"]).fillna("UO").astype(str).to_numpy()
        known = code.map(table["whereabouts"]).fillna("unknown").astype(str).to_numpy()
        frame = panel.sample.frame[keys].assign(_outcome=outcome, _known=known != "unknown", _abroad=known == "abroad")[active]
        groups = frame.groupby(keys, observed=True, sort=True) if keys else [((), frame)]
        for key, part in groups:
            label = dict(zip(keys, key if isinstance(key, tuple) else (key,), strict=True))
            out.append({**label, "wave": wave, **_rates(part)})
    return pd.DataFrame(out)


def _rates(part: pd.DataFrame) -> dict[str, float]:
    n = {o: int((part["_outcome"] == o).sum()) for o in OUTCOMES}
    i, p, r, nc, o = n["I"], n["P"], n["R"], n["NC"], n["O"]
    unknown = n["UH"] + n["UO"]
    eligible = i + p + r + nc + o
    e = eligible / (eligible + n["NE"]) if eligible + n["NE"] else float("nan")
    all_, some = eligible + unknown, eligible + e * unknown
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.divide(
            [i, i + p, i, i + p, i, i + p, i, i + p, r, eligible - nc, part["_known"].sum()],
            [all_, all_, some, some, eligible, eligible, i + p + r + o, i + p + r + o, all_, all_, len(part)], dtype=float,
        )  # fmt: skip
    names = ("RR1", "RR2", "RR3", "RR4", "RR5", "RR6", "COOP1", "COOP2", "REF1", "CON1", "tracing")
    return {"n": len(part), **n, "abroad": int(part["_abroad"].sum()), "e": e, **dict(zip(names, ratio.tolist(), strict=True))}
