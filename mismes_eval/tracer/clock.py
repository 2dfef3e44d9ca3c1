"""Which wave stands for which month, by the real dates of the interviews."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mismes_eval.tracer.months import elapsed

if TYPE_CHECKING:
    from mismes_eval.tracer.panel import TracerPanel


@dataclass(frozen=True)
class Clock:
    """When outcomes are measured: months after `since`, a date of the person; a wave counts for a
    month when its median interview lies within `tolerance` months of it.
    """

    since: str = "enrol_date"
    months: tuple[int, ...] = (6, 12, 24, 36)
    tolerance: float = 3.0

    def medians(self, panel: TracerPanel) -> dict[int, float]:
        """Place of a wave -> months to the median interview of those who answered it."""
        when = np.where(
            panel.responded & panel.sample.active[:, None], elapsed(panel, self.since), np.nan
        )
        seen = [place for place in range(len(panel.waves)) if not np.isnan(when[:, place]).all()]
        return {place: float(np.nanmedian(when[:, place])) for place in seen}

    def waves(self, panel: TracerPanel) -> dict[int, object]:
        """month -> wave, for the months that a wave lies near to; each by real dates among those
        who answered.
        """
        middle = self.medians(panel)
        found = {}
        for m in self.months:
            near = min(middle, key=lambda t: abs(middle[t] - m), default=None)
            if near is not None and abs(middle[near] - m) <= self.tolerance:
                found[m] = panel.waves[near]
        return found
