"""A note that marks its number, too: a table sets a sign beside it."""

from __future__ import annotations


class Caution(str):
    """A note of an estimate whose standard error or interval is known to be too small. It stays
    with whatever is made of the estimate, as notes do.
    """

    __slots__ = ()
