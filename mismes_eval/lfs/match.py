"""Match of qualification and job: over-qualification against the norm and against what workers in
the occupation have, and downgrading through migration.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mismes_eval.lfs.answers import coded, if_known, looked_up, values
from mismes_eval.lfs.labour import Measure, workers
from mismes_eval.lfs.persons import Ages
from mismes_eval.numerics.rows import Bool, Float, Int

_RANK = {
    "educat7": {1: 1, 2: 1, 3: 1, 4: 1, 5: 2, 6: 2, 7: 3},
    "educat5": {1: 1, 2: 1, 3: 1, 4: 2, 5: 3},
    "educat4": {1: 1, 2: 1, 3: 2, 4: 3},
}
SKILL = {1: 3, 2: 3, 3: 3, 4: 2, 5: 2, 6: 2, 7: 2, 8: 2, 9: 1}  # of an ISCO major group


def education_rank(frame: pd.DataFrame) -> Float:
    """(n,) 1 ISCED 0-2, 2 ISCED 3-4, 3 ISCED 5-8; educat_isced where the file has it, else educat7,
    educat5 or educat4.
    """
    if "educat_isced" in frame.columns and frame["educat_isced"].notna().any():
        level = values(frame, "educat_isced")
        top = np.nanmax(level)
        further = 2 if top >= 100 else int(top >= 10)  # digits behind the level
        first = level // 10**further
        return np.select([first <= 2, first <= 4, first <= 8], [1.0, 2.0, 3.0], np.nan)
    for column, table in _RANK.items():
        if column in frame.columns and frame[column].notna().any():
            return looked_up(values(frame, column), table)
    return np.full(len(frame), np.nan)


def major_group(frame: pd.DataFrame, column: str) -> Float:
    """(n,) ISCO major group 0..9 of a column of codes of 1 to 4 digits; NaN where missing. Armed
    forces are 0.
    """
    code, distinct = isco_codes(frame, column)
    first = np.array(
        [float(code[0]) if code[:1].isdigit() else np.nan for code in distinct] + [np.nan]
    )
    return first[code]


def skill(frame: pd.DataFrame, column: str) -> Float:
    """(n,) ISCO skill level 1 to 3 of a column of codes; NaN where missing or armed forces."""
    return looked_up(major_group(frame, column), SKILL)


def occupation_major(frame: pd.DataFrame) -> Float:
    """(n,) major group of the present job: occup_isco, else occup (10 is armed forces, 99 other)."""
    if "occup_isco" in frame.columns and frame["occup_isco"].notna().any():
        return major_group(frame, "occup_isco")
    group = values(frame, "occup")
    return np.where(group == 10, 0.0, np.where(group == 99, np.nan, group))


def isco_codes(frame: pd.DataFrame, column: str) -> tuple[Int, np.ndarray]:
    """(n,) codes, -1 where missing, and the distinct ISCO codes as text; a 4-digit code of the
    armed forces that was read as a number regains its leading zero.
    """
    code, distinct = coded(frame, column)
    plain = [code.removesuffix(".0") for code in distinct]
    widest = max((len(code) for code in plain), default=0)
    return code, np.array(
        [code.zfill(4) if widest == 4 and len(code) == 3 else code for code in plain], dtype=object
    )


def normative(frame: pd.DataFrame, ages: Ages) -> Measure:
    """Education above what the major group requires; armed forces have no norm and are outside the
    universe.
    """
    group = occupation_major(frame)
    rank = education_rank(frame)
    required = looked_up(group, SKILL)
    value = if_known(np.isnan(required) | np.isnan(rank), rank > required)
    return Measure(value, workers(frame, ages) & (group != 0))


def realised(
    frame: pd.DataFrame, weights: Float, ages: Ages, centre: str, two_sided: bool
) -> Measure:
    """Education more than one standard deviation above the weighted mean ("mean"), or above the
    mode ("mode"), of the ISCO-2 group; two_sided: away from it either way.

    Groups under ages.match_cell workers are outside. The centre is treated as fixed.
    """
    inside = workers(frame, ages) & (weights > 0)
    cell, groups = _isco2(*isco_codes(frame, "occup_isco"))
    years = values(frame, "educy") if centre == "mean" else education_rank_fine(frame)
    known = inside & (cell >= 0) & ~np.isnan(years)
    count = np.bincount(cell[known], minlength=max(groups, 1))
    large = np.append(count >= ages.match_cell, False)[cell]
    middle, reach = (
        _mean_and_reach(cell, years, weights, known, count.size)
        if centre == "mean"
        else (_mode(cell, years, weights, known, count.size), np.zeros(count.size))
    )
    away = years - np.append(middle, np.nan)[cell]
    beyond = np.abs(away) if two_sided else away
    value = if_known(np.isnan(away), beyond > np.append(reach, np.nan)[cell] + 1e-12)
    return Measure(value, inside & (large | (cell < 0)))


def _isco2(code: Int, distinct: np.ndarray) -> tuple[Int, int]:
    """Codes 0..G-1 of the ISCO-2 groups, -1 where the code has fewer than two digits (also when
    padded: 5000), and G.
    """
    level, groups = pd.factorize(
        np.array(
            [c[:2] if len(c) >= 2 and c[1:] != "000" else None for c in distinct], dtype=object
        )
    )
    return np.append(level, -1)[code].astype(np.intp), len(groups)


def education_rank_fine(frame: pd.DataFrame) -> Float:
    """(n,) the finest education levels in the file: educat7, else educat5, educat4."""
    for column in _RANK:
        if column in frame.columns and frame[column].notna().any():
            return values(frame, column)
    return np.full(len(frame), np.nan)


def _mean_and_reach(
    cell: np.ndarray, years: Float, weights: Float, known: Bool, m: int
) -> tuple[Float, Float]:
    """Weighted mean and standard deviation of each cell, (m,) each."""
    c, y, w = cell[known], years[known], weights[known]
    size = np.bincount(c, weights=w, minlength=m)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(c, weights=w * y, minlength=m) / size
        spread = np.bincount(c, weights=w * (y - mean[c]) ** 2, minlength=m) / size
    return mean, np.sqrt(spread)


def _mode(cell: np.ndarray, years: Float, weights: Float, known: Bool, m: int) -> Float:
    levels, code = np.unique(years[known], return_inverse=True)
    if not levels.size:
        return np.full(m, np.nan)
    table = np.bincount(
        cell[known] * levels.size + code, weights=weights[known], minlength=m * levels.size
    ).reshape(m, levels.size)
    return np.where(table.any(axis=1), levels[table.argmax(axis=1)], np.nan)


def downgraded(frame: pd.DataFrame, status: pd.Categorical[str], after: str) -> Measure:
    """Returnees whose job at `after` asks a lower ISCO skill level than the one before, among
    those with both jobs known.
    """
    first, last = skill(frame, "mig_occ_before"), skill(frame, after)
    return Measure(if_known(np.isnan(first) | np.isnan(last), first > last), status == "RET")
