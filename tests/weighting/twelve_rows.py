"""Twelve made-up rows from which tests make a sample, and replicate columns among them."""

import inspect

import numpy as np
import pandas as pd

import mismes_eval as me
from mismes_eval.weighting.replicate_weights import ReplicateWeights

N = 12
DESIGN = frozenset(inspect.signature(me.Sample.from_frame).parameters)


def rows(**columns: object) -> pd.DataFrame:
    """Weights 1 and 2 in turn, six pairs p, two halves s, two groups g that follow the weight."""
    i = np.arange(N)
    return pd.DataFrame(
        {
            "w": 1.0 + i % 2,
            "i": i,
            "p": i // 2,
            "s": i // 6,
            "g": np.where(i % 2, "a", "b"),
            "x": np.cos(i),
            "r": (i % 3 > 0) * 1.0,
            "f": 0.5,
            "y": np.sin(i),
        }
    ).assign(**columns)


def of(frame: pd.DataFrame | None = None, **words: object) -> me.Sample:
    """A sample of the rows; words that are no argument of a sample are columns."""
    columns = {k: v for k, v in words.items() if k not in DESIGN}
    made = (rows() if frame is None else frame).assign(**columns)
    return me.Sample.from_frame(
        made, **{"weights": "w", **{k: v for k, v in words.items() if k in DESIGN}}
    )  # type: ignore[arg-type]


def copied(columns: object = ("w", "f"), method: str = "brr", **words: object) -> me.Sample:
    """The sample with replicate columns."""
    return of(replicates=ReplicateWeights(columns, method, **words))  # type: ignore[arg-type]
