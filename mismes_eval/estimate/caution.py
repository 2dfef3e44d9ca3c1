"""A note that marks its number, too: a table sets a sign beside it."""

from __future__ import annotations

from collections.abc import Mapping

from mismes_eval.message import NO_VALUES, Kind, Message


class Caution(Message):
    """A note of an estimate whose standard error or interval is known to be too small. It stays
    with whatever is made of the estimate, as notes do.
    """

    __slots__ = ()

    def __new__(
        cls, template: str, values: Mapping[str, object] = NO_VALUES, kind: Kind = "caution"
    ) -> Caution:
        made = super().__new__(cls, template, values, kind)
        assert isinstance(made, Caution)
        return made
