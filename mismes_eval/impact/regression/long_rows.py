"""A panel for regressions with unit and period effects: in which cluster a row lies, units that
carry nothing, and effects taken out exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from mismes_eval.errors import IdentificationError, Problem, in_column, worded
from mismes_eval.numerics.averages import Shares
from mismes_eval.numerics.influence import Block, Influence
from mismes_eval.numerics.rows import Bool, Float, Int, Rows
from mismes_eval.numerics.variance import Stage
from mismes_eval.weighting.panel import Panel, PanelLike, Wanted
from mismes_eval.weighting.panel_reading import panel_of
from mismes_eval.weighting.panel_waves import outcome_values
from mismes_eval.weighting.sample import Sample
from mismes_eval.weighting.timeline import TimeColumn, one_value_each


def regression_panel(
    data: Sample | PanelLike,
    columns: Sequence[str],
    unit: str | None,
    time: TimeColumn,
    cluster: str | None,
    cohort: str | None = None,
    event: str | None = None,
) -> Panel:
    """Rows with weight. columns, the outcome first: finite values, `event` among them infinite too;
    cohort: first treated period, inf where it is 0, missing or after the last period (never), one
    value a unit. Units seen once are outside: their effect takes up their only row.

    Raises
    ------
    IdentificationError : duplicates, missing keys, missing or infinite values, text, cohorts that
        change.
    """
    infinite = (event,) if event is not None else ()
    also = (cluster,) if cluster is not None else ()
    wanted = Wanted(columns, infinite=infinite, also=also, cohort=cohort)
    if isinstance(data, PanelLike) and not isinstance(data, Sample):
        outcome_values(data, columns[0], data.waves[:1])
    panel = panel_of(data, unit, time, wanted)
    own = unit if isinstance(data, Sample) else cluster
    if own is not None:
        panel = _with_clusters(panel, own, cluster)
    if event is not None:
        spaced = one_value_each(panel.columns[event], panel.time.tolerance)
        panel = replace(panel, columns={**panel.columns, event: spaced})
    if cohort is not None:
        never = panel.start > panel.periods[-1]
        panel = replace(panel, cohort=np.where(never, np.inf, panel.start))
    return _without_single_rows(panel)


def _without_single_rows(panel: Panel) -> Panel:
    """The panel without units that have one row: nothing is left of it beside the unit's effect,
    and it would count among the PSUs.
    """
    count = np.bincount(panel.unit, minlength=panel.units)
    single = count[panel.unit] == 1
    if not single.any() or single.all():
        return panel
    kept = np.flatnonzero(~single)
    outside = np.ones(panel.sample.n, bool)
    outside[panel.row[single]] = False
    code = np.cumsum(count > 1) - 1
    n = int((count == 1).sum())
    note = f"{n:,} units are seen once: their only row carries nothing beside their own effect."
    return replace(
        panel,
        sample=panel.sample.where(outside),
        row=panel.row[kept],
        unit=code[panel.unit[kept]].astype(np.intp),
        period=panel.period[kept],
        units=int((count > 1).sum()),
        columns={name: values[kept] for name, values in panel.columns.items()},
        cohort=None if panel.cohort is None else panel.cohort[kept],
        notes=(*panel.notes, note),
    )


def _with_clusters(panel: Panel, unit: str, cluster: str | None) -> Panel:
    """The panel with a named cluster as its PSU; units where the file has no PSU."""
    sample = panel.sample
    if cluster is None and (
        sample.design.level != "element" or sample.design.replicates is not None
    ):
        return panel
    column = sample.frame[cluster or unit]
    if column.isna().any():
        raise IdentificationError(
            Problem(
                what="a cluster is missing",
                where=in_column(cluster or unit),
                expected="a value in every row",
                got=worded("missing"),
                count=int(column.isna().sum()),
            )
        )
    code = pd.factorize(column)[0].astype(np.intp)
    m = int(code.max()) + 1
    if m < 2:
        raise IdentificationError(
            Problem(
                "one cluster has no standard error",
                in_column(cluster or unit),
                "two clusters or more",
                worded("one"),
            )
        )
    note = (
        f"Standard errors are clustered by '{cluster}', {m:,} clusters; strata are not used."
        if cluster
        else f"The file has no PSU: standard errors are clustered by '{unit}'."
    )
    clustered = _clustered(sample, code, m, kept=cluster is None)
    return replace(panel, sample=clustered, notes=(*panel.notes, note))


def _clustered(sample: Sample, code: Int, m: int, kept: bool) -> Sample:
    """The sample with codes (n,) 0..m-1 as PSUs. kept: whether the strata are kept."""
    old = sample.design.stages[0]
    first = np.zeros(m, np.intp)
    first[code[::-1]] = np.arange(code.size)[::-1]
    stratum = old.stratum[sample.design.base_psu[first]] if kept else np.zeros(m, np.intp)
    fraction = np.zeros(old.fraction.size if kept else 1)
    design = replace(
        sample.design,
        unit=code,
        stages=(Stage(stratum, np.zeros(m, np.intp), fraction),),
        level="psu",
        replicates=None,
        cluster_deff=1.0,
    )
    return replace(sample, design=design)


def ever_and_never(long: Panel, ever: Bool) -> Shares:
    """Averages over units that are ever treated, long rows `ever` (n,), and over the others."""
    code = np.where(ever, 0, 1)
    of = _placed(long, Block(Rows(np.ones((ever.size, 1))), _each_to_one(long, code, 2), code))
    return Shares(of, np.ones((1, 2)), np.arange(2))


def by_code(long: Panel, code: Int, groups: int) -> Shares:
    """One average a group of long rows; code (n,), `groups` for rows in none."""
    rows = Rows(np.ones((code.size, 1)))
    of = _placed(long, Block(rows, _each_to_one(long, code, groups), code))
    return Shares(of, np.eye(groups), np.arange(groups))


def _each_to_one(long: Panel, code: Int, groups: int) -> Float:
    size = np.bincount(code, weights=np.abs(long.weights), minlength=groups + 1)[:groups]
    return np.diag(1 / np.where(size > 0, size, 1.0))


def _placed(long: Panel, block: Block) -> Influence:
    """A block of long rows on the rows of the design, added up where these are units."""
    if np.array_equal(long.row, np.arange(long.sample.n)):
        return Influence((block,), long.row.size)
    return long.influence(block.dense())


def without_effects(panel: Panel, x: Float) -> Float:
    """Residuals of the columns of x (r, k) on unit and period effects of a balanced panel whose
    units keep their weight: means come off one after the other.
    """
    w, t = panel.weights, panel.periods.size
    out = np.empty(x.shape, order="F")
    if panel.sorted_and_complete:
        share = w[::t] / w[::t].sum()
        for j in range(x.shape[1]):
            table = x[:, j].reshape(panel.units, t)
            table = table - table.mean(axis=1)[:, None]
            out[:, j] = (table - share @ table).ravel()
        return out
    _demeaned(x, panel.unit, panel.units, w, out)
    _demeaned(out, panel.period, t, w, out)
    return out


def _demeaned(x: Float, group: Int, m: int, w: Float, out: Float) -> None:
    """Into out: the columns of x less their weighted means inside groups."""
    total = np.bincount(group, weights=w, minlength=m)
    total = np.where(total > 0, total, 1.0)
    for j in range(x.shape[1]):
        out[:, j] = x[:, j] - (np.bincount(group, weights=w * x[:, j], minlength=m) / total)[group]
