"""Cyclic garbage while a report is made: looked for seldom."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# a report makes millions of small objects and few cycles (its pictures): at Python's own 700 new
# objects, looking for cycles takes a twelfth of the time
OBJECTS = 50_000


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Python looks for cycles after OBJECTS new objects, and as before when the block is left."""
    before = gc.get_threshold()
    gc.set_threshold(max(OBJECTS, before[0]) if before[0] else 0, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
