"""How Python and pandas work while a report is made: on many small tables, not on one large one."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

# a report makes millions of small objects and few cycles (its pictures): at Python's own 700 new
# objects, looking for cycles takes a twelfth of the time
OBJECTS = 200_000
LARGE = 4_000_000  # bytes of a file whose columns of text are worth Arrow's buffers


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


@contextmanager
def small_tables(read: Iterable[Path] = ()) -> Iterator[None]:
    """Work on many small tables: cycles are looked for seldom, and the texts of new frames are
    Python's own unless a file that is read is large: cell by cell, as small tables are read, texts
    in Arrow's buffers are slower.
    """
    large = any(file.stat().st_size > LARGE for file in read if file.is_file())
    kept = pd.get_option("mode.string_storage") if large else "python"
    with pd.option_context("mode.string_storage", kept), seldom_collected():
        yield
