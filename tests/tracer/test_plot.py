"""The picture of a panel adds up: at every wave the bars hold everybody."""

import matplotlib.pyplot as plt
import pandas as pd

from mismes_eval.tracer.plot import participation

TABLE = pd.DataFrame({"wave": [0, 1], "persons": [10, 10], "answered": [10, 6]})


def test_bars_hold_everybody() -> None:
    for table in (
        TABLE,
        TABLE.assign(
            **{
                "whereabouts home": [10, 5],
                "whereabouts abroad": [0, 3],
                "whereabouts unknown": [0, 2],
            }
        ),
    ):
        axes = participation(table)
        tops = {round(b.get_x(), 3): b.get_y() + b.get_height() for b in axes.patches}
        assert list(tops.values()) == [10.0, 10.0]
        plt.close(axes.figure)
