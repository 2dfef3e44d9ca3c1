"""Cyclic garbage while a report is made: looked for seldom."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# a report makes millions of small objects and few cycles (its pictures): at Python's own 700 new
# objects, looking for cycles takes a twelfth of the time
OBJECTS = 200_000


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Python looks for cycles after OBJECTS new objects and among those alone, and as before when
    the block is left. Where collecting is off, or its user keeps objects out of it, it stays so.
    """
    before = gc.get_threshold()
    own = before[0] > 0 and gc.get_freeze_count() == 0
    gc.set_threshold(max(OBJECTS, before[0]) if before[0] else 0, *before[1:])
    if own:
        gc.freeze()
    try:
        yield
    finally:
        gc.set_threshold(*before)
        if own:
            gc.unfreeze()
