"""Made-up persons and a made-up panel that tests of results, pictures and tables share."""

import numpy as np
import pandas as pd

import mismes_eval as me


def wide(n: int = 80, **columns: object) -> me.Sample:
    """Persons, every second one treated: outcomes y0 and y1, a trait x, groups g (8) and h (2), seen
    s. columns: more, or others, as pandas' assign takes them.
    """
    rng = np.random.default_rng(2)
    d = np.arange(n) % 2
    f = pd.DataFrame(
        {
            "y0": rng.normal(size=n),
            "d": d,
            "x": rng.normal(size=n) + d,
            "w": 1.0,
            "g": np.arange(n) % 8,
            "h": np.arange(n) % 4 // 2,
            "s": np.arange(n) % 5 > 0,
        }
    )
    f = f.assign(y1=f["y0"] + d + rng.normal(size=n)).assign(**columns)
    return me.Sample.from_frame(f, weights="w")


def panel(n: int = 60) -> me.Sample:
    """Persons in periods 1 to 5, treated (on) from cohort 3, from 4 or never, with 1.5."""
    unit, t = np.repeat(np.arange(n), 5), np.tile(np.arange(1, 6), n)
    cohort = np.select([unit % 3 == 0, unit % 3 == 1], [3.0, 4.0], 0.0)
    on = 1.0 * ((cohort > 0) & (t >= cohort))
    level = np.random.default_rng(1).normal(size=n)[unit]
    y = level + 0.3 * t + 1.5 * on + ((unit * t) % 7) / 10
    f = pd.DataFrame({"unit": unit, "t": t, "cohort": cohort, "y": y, "on": on, "w": 1.0})
    return me.Sample.from_frame(f, weights="w", psu="unit")


def att(s: me.Sample) -> me.Estimate:
    return me.att_2x2(s, ("y0", "y1"), "d")


def effects() -> me.GroupTime:
    return me.att_gt(panel(), "y", "cohort", "t", unit="unit", base="universal")
