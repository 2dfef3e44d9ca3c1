"""A made-up panel in the long layout that tests of effects share."""

from __future__ import annotations

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
