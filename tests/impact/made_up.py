"""Made-up persons in two waves, and a made-up panel in the long layout, that tests of effects share."""

import numpy as np
import pandas as pd

import mismes_eval as me


def long(persons: int = 12, periods: int = 4, **columns: object) -> me.Sample:
    """Persons u in periods t from 1, treated from g = 3, from 4 or never (0), on while they are;
    event time e, outcome y. columns: more, or others, as pandas' assign takes them.
    """
    u, t = np.repeat(np.arange(persons), periods), np.tile(np.arange(1, periods + 1), persons)
    g = np.array([0.0, 3.0, 4.0])[u % 3]
    f = pd.DataFrame(
        {
            "u": u,
            "t": t,
            "g": g,
            "y": np.sin(u * 7.0 + t),
            "w": 1.0,
            "on": 1.0 * ((g > 0) & (t >= g)),
            "e": np.where(g > 0, t - g, np.inf),
        }
    )
    return me.Sample.from_frame(f.assign(**columns), weights="w", psu="u")


def persons(n: int = 40, **columns: object) -> pd.DataFrame:
    """Every second person is treated (d): outcomes y0 and y1, a trait x, halves g, groups of four h,
    pairs in turn e, all seen (s). columns: more, or others, as pandas' assign takes them.
    """
    i = np.arange(n)
    f = {
        "w": 1.0,
        "y0": np.sin(i),
        "y1": np.cos(i) + i % 2,
        "d": i % 2,
        "x": np.tan(i / 30),
        "s": True,
        "g": i // 20,
        "h": i // 4,
        "e": i // 2 % 2,
    }
    return pd.DataFrame(f, index=range(n)).assign(**columns)


def wide(n: int = 40, **columns: object) -> me.Sample:
    """The persons as a sample."""
    return me.Sample.from_frame(persons(n, **columns), weights="w")
