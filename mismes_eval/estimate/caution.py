"""A note that marks its number, too: a table sets a sign beside it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mismes_eval.numerics.rows import Bool, Float

FEW = 8.0  # degrees of freedom below which an estimate is to be read with caution
TWO = 2.0  # effective units in an average below which it has no interval
_LISTED = 5


class Caution(str):
    """A note of an estimate whose standard error or interval is known to be too small. It stays
    with whatever is made of the estimate, as notes do.
    """

    __slots__ = ()


def cautions_of(
    names: Sequence[str], degf: Float, psus: Float, refused: Bool, few: Bool, unit: str
) -> tuple[Caution, ...]:
    """The notes of values (p,) that are refused an interval, and of those with few degrees of
    freedom. unit: what `psus` counts.
    """
    out = []
    if refused.any():
        listed = _listed(names, psus, refused, "{:.1f}")
        out.append(
            Caution(
                f"No interval, as an average rests on fewer than 2 effective {unit}: {listed}."
            )
        )
    wide = few & ~refused
    if wide.any():
        listed = _listed(names, degf, wide, "{:.1f}")
        out.append(
            Caution(
                f"Few {unit} behind it, to be read with caution; degrees of freedom: {listed}."
            )
        )
    return tuple(out)


def _listed(names: Sequence[str], figures: Float, which: Bool, form: str) -> str:
    index = np.flatnonzero(which)
    shown = [f"{names[i]} {form.format(max(figures[i], 0.0))}" for i in index[:_LISTED]]
    more = len(index) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
