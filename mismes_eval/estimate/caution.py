"""A note that marks its number, too: a table sets a sign beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mismes_eval.message import NO_VALUES, Kind, Message
from mismes_eval.numerics.rows import Bool, Float

FEW = 8.0  # degrees of freedom below which an estimate is to be read with caution
TWO = 2.0  # effective units in an average below which it has no interval
_LISTED = 5
_UNITS = {"psu": Message("primary sampling units"), "household": Message("households")}
NO_INTERVAL = "No interval, as an average rests on fewer than 2 effective {units}: {listed}."
FEW_UNITS = "Few {units}, to be read with caution; degrees of freedom: {listed}."


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


def cautions_of(
    names: Sequence[str], degf: Float, psus: Float, refused: Bool, few: Bool, level: str
) -> tuple[Caution, ...]:
    """The notes of values (p,) that are refused an interval, and of those with few degrees of
    freedom. level: what carries the clustering of the design.
    """
    units = _UNITS.get(level, Message("persons"))
    out = []
    if refused.any():
        values = {"units": units, "listed": _listed(names, psus, refused)}
        out.append(Caution(NO_INTERVAL, values))
    wide = few & ~refused
    if wide.any():
        values = {"units": units, "listed": _listed(names, degf, wide)}
        out.append(Caution(FEW_UNITS, values))
    return tuple(out)


def _listed(names: Sequence[str], figures: Float, which: Bool) -> str:
    index = np.flatnonzero(which)
    shown = [f"{names[i]} {max(figures[i], 0.0):.1f}" for i in index[:_LISTED]]
    return ", ".join([*shown, "..."] if len(index) > _LISTED else shown)
