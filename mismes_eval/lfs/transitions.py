"""Where returnees' jobs went: shares of ISCO skill levels before, abroad and now, as matrices whose
rows add to one.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mismes_eval.errors import InputError
from mismes_eval.estimate.totals import proportion
from mismes_eval.lfs.catalogue import Indicator
from mismes_eval.lfs.context import Context, Result, labelled, nobody
from mismes_eval.lfs.match import skill
from mismes_eval.public import held

_MOMENTS = {
    "L6.before_abroad": ("mig_occ_before", "mig_occ_abroad"),
    "L6.abroad_now": ("mig_occ_abroad", "mig_occ_now"),
    "L6.before_now": ("mig_occ_before", "mig_occ_now"),
}
_LEVELS = ("low", "medium", "high")


def skill_level(frame: pd.DataFrame, column: str) -> pd.Series:
    """low, medium or high (ISCO 9; 4-8; 1-3), missing where there was no job or none was told;
    armed forces have no level.
    """
    code = np.nan_to_num(skill(frame, column), nan=0).astype(np.intp) - 1
    levels = pd.Categorical.from_codes(code, pd.Index(_LEVELS), ordered=True)
    return pd.Series(levels, index=frame.index)


def transition(c: Context, indicator: Indicator) -> Result:
    """Share of each later level among those of an earlier one; names read "from=medium, to=low"."""
    concerned = (c.status == "RET") & c.sample.active
    before, after = (skill_level(c.frame, column) for column in _MOMENTS[indicator.id])
    known = concerned & (before.notna() & after.notna()).to_numpy()
    if not known.any():
        return nobody(c, indicator, concerned)
    domain = c.sample.with_columns({"from": before, "to": after}).where(known)
    out = proportion(domain, "to", ["from", *c.by])
    note = (
        f"Both jobs are known for {int(known.sum()):,} of {int(concerned.sum()):,} returnees; the"
        " others had no job at one of the two times or did not tell."
    )
    return labelled(c, indicator, out, concerned, concerned, (note,))


@held(InputError)
def cells(result: pd.DataFrame) -> pd.DataFrame:
    """A transition estimate's frame as a square table: from in rows, to in columns, shares."""
    table = result.pivot_table(
        index="from", columns="level", values="value", aggfunc="first", observed=True
    )
    rows = [level for level in _LEVELS if level in table.index]
    columns = [level for level in _LEVELS if level in table.columns]
    return table.reindex(index=rows, columns=columns).astype(np.float64)
