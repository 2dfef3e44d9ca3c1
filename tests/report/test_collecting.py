"""Cycles are looked for seldom while a report is made, and as before afterwards."""

import gc

import pytest

from mismes_eval.report.collecting import OBJECTS, seldom_collected


@seldom_collected()
def _broken_off(seen: list[int]) -> None:
    seen.append(gc.get_threshold()[0])
    raise KeyError


@pytest.mark.parametrize("before", [(700, 10, 10), (0, 5, 5), (OBJECTS + 1, 3, 3)])
def test_the_thresholds_come_back_also_after_an_error(before: tuple[int, int, int]) -> None:
    own = gc.get_threshold()
    try:
        gc.set_threshold(*before)
        seen: list[int] = []
        kept = gc.get_freeze_count()
        with pytest.raises(KeyError):
            _broken_off(seen)
        assert seen == [max(before[0], OBJECTS) if before[0] else 0]
        assert gc.get_threshold() == before
        assert gc.get_freeze_count() == kept
    finally:
        gc.set_threshold(*own)
