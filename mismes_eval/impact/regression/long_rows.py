"""A panel as long rows for regressions with unit and period effects: who weighs a row, in which
cluster it lies, and effects taken out exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mismes_eval.errors import IdentificationError, Problem
from mismes_eval.estimate.domains import require
from mismes_eval.impact.did.layout import cohorts, wave_numbers
from mismes_eval.impact.did.two_by_two import PanelLike, refuse_other
from mismes_eval.impact.did.two_periods import (
    key_of,
    outcome_values,
    wave_values,
)
from mismes_eval.numerics.averages import Shares
from mismes_eval.numerics.influence import Block, Influence
from mismes_eval.numerics.rows import Bool, Float, Int, Rows, group_sums
from mismes_eval.numerics.variance import Stage
from mismes_eval.weighting.sample import Sample


@dataclass(frozen=True)
class Long:
    """n rows of units and periods. row (n,): the row of sample that weighs each; unit, period (n,)
    codes; columns: the values asked for, by name.

    clustered : True where rows of a unit (or a cluster named by the caller) are the design's PSUs.
    """

    sample: Sample
    row: Int
    unit: Int
    period: Int
    units: int
    periods: Float
    columns: dict[str, Float]
    notes: tuple[str, ...] = ()

    @property
    def weights(self) -> Float:
        """(n,)."""
        return self.sample.weights[self.row]

    def influence(self, z: Float) -> Influence:
        """Influence (n, p) of long rows, added up on the rows of the design that weigh them."""
        whole = self.row.size == self.sample.n and bool(
            (self.row == np.arange(self.row.size)).all()
        )
        return Influence.of(z if whole else group_sums(z, self.row, self.sample.n))

    def carried(self, blocks: Sequence[Block]) -> Influence:
        """Influence of long rows as blocks, of which the last sums to zero inside units, on the
        rows of the design; formed only where rows have to be added up.
        """
        design, n = self.sample.design, self.sample.n
        if self.row.size != n or not np.array_equal(self.row, np.arange(n)):
            return self.influence(Influence(tuple(blocks), self.row.size).dense())
        if not design.steps and self._whole_units_in_psus():
            nothing = np.zeros((design.stages[-1].stratum.size, blocks[-1].coef.shape[0]))
            blocks = (*blocks[:-1], replace(blocks[-1], formed=(design.base, design.unit, nothing)))
        return Influence(tuple(blocks), n)

    def placed(self, block: Block) -> Influence:
        """A block of long rows on the rows of the design, added up where these are units."""
        design_rows = np.arange(self.sample.n)
        if np.array_equal(self.row, design_rows):
            return Influence((block,), self.row.size)
        return self.influence(block.dense())

    def _whole_units_in_psus(self) -> bool:
        """Whether all rows of a unit lie in one unit of the last sampling stage."""
        code = self.sample.design.unit
        first = np.zeros(self.units, np.intp)
        first[self.unit] = code
        return bool((first[self.unit] == code).all())

    @property
    def regular(self) -> bool:
        """Every unit in every period, with one weight."""
        t = self.periods.size
        w = self.weights
        complete = self.unit.size == self.units * t and bool((np.bincount(self.unit) == t).all())
        first = np.zeros(self.units)
        first[self.unit] = w
        return complete and bool((np.abs(w - first[self.unit]) <= 1e-12 * np.abs(w)).all())


def read_long(
    data: Sample | PanelLike,
    columns: Sequence[str],
    unit: str | None,
    time: str | None,
    cluster: str | None,
    caller: str,
    cohort: str | None = None,
    event: str | None = None,
) -> Long:
    """Rows with weight. columns, the outcome first: finite values, `event` among them infinite too;
    cohort: first treated period, inf where it is 0, missing or after the last period (never), one
    value a unit.

    Raises IdentificationError: duplicates, missing keys, missing or infinite values, text, cohorts
    that change.
    """
    refuse_other(data, caller)
    if not isinstance(data, Sample):
        key_of(data, unit, time)
        return _with_cohort(_of_tracer(data, columns, cluster, caller, cohort, event), cohort)
    if unit is None or time is None:
        raise IdentificationError(
            Problem(
                f"{caller} needs the panel's key",
                "arguments 'unit' and 'time'",
                "two columns",
                f"{unit!r}, {time!r}",
            )
        )
    require(data, [*columns, unit, time, *[c for c in (cluster, cohort) if c]], caller)
    inside = np.flatnonzero(data.active)
    frame = data.frame.iloc[inside]
    problems = [
        Problem(
            f"{caller} meets missing values in the domain",
            f"column '{c}'",
            "a value in every row of the domain",
            "missing",
            "Narrow the domain with where().",
            int(frame[c].isna().sum()),
            tuple(inside[np.flatnonzero(frame[c].isna())[:5]].tolist()),
        )
        for c in dict.fromkeys([*columns, unit, time])
        if frame[c].isna().any()
    ]
    problems += [
        Problem(
            f"{caller} needs numbers",
            f"column '{c}'",
            "a numeric or boolean column",
            str(frame[c].dtype),
        )
        for c in [*columns, time]
        if not (pd.api.types.is_numeric_dtype(frame[c]) or pd.api.types.is_bool_dtype(frame[c]))
    ]
    if not problems:
        infinite = {
            c: np.isinf(frame[c].to_numpy(float))
            for c in dict.fromkeys([*columns, time])
            if c != event
        }
        problems = [
            Problem(
                f"{caller} meets infinite values in the domain",
                f"column '{c}'",
                "a finite number in every row of the domain",
                "infinite",
                "Narrow the domain with where().",
                int(bad.sum()),
                tuple(inside[np.flatnonzero(bad)[:5]].tolist()),
            )
            for c, bad in infinite.items()
            if bad.any()
        ]
    if problems:
        raise IdentificationError(problems)
    u, level = pd.factorize(frame[unit])
    t, periods = pd.factorize(frame[time], sort=True)
    twice = np.bincount(u.astype(np.intp) * len(periods) + t) > 1
    if twice.any():
        raise IdentificationError(
            Problem(
                "a unit has several rows in one period",
                f"columns '{unit}' and '{time}'",
                "one row a unit and period",
                f"{int(twice.sum())} pairs twice or more",
                "Remove duplicates.",
            )
        )
    values = {c: frame[c].to_numpy(float) for c in columns}
    if cohort:
        values[cohort] = cohorts(frame[cohort])
    sample, notes = _with_clusters(data, unit, cluster)
    return _with_cohort(
        Long(
            sample,
            inside,
            u.astype(np.intp),
            t.astype(np.intp),
            len(level),
            np.asarray(periods, float),
            values,
            notes,
        ),
        cohort,
    )


def _with_cohort(long: Long, cohort: str | None) -> Long:
    """Starts after the last period become never; a unit with two cohorts is refused."""
    if cohort is None:
        return long
    g = long.columns[cohort]
    g = np.where(g > long.periods[-1], np.inf, g)
    first = np.full(long.units, np.inf)
    np.minimum.at(first, long.unit, g)
    changed = g != first[long.unit]
    if changed.any():
        raise IdentificationError(
            Problem(
                "a column changes inside units",
                f"column '{cohort}'",
                "one first treated period for each unit",
                f"{np.unique(long.unit[changed]).size:,} units with several",
                "Treatment that ends or starts again is another estimand.",
                int(changed.sum()),
            )
        )
    return replace(long, columns={**long.columns, cohort: g})


def _of_tracer(
    data: PanelLike,
    columns: Sequence[str],
    cluster: str | None,
    caller: str,
    cohort: str | None,
    event: str | None,
) -> Long:
    sample, periods = data.weight_sample(data.waves), wave_numbers(data.waves)
    notes: tuple[str, ...] = ()
    if cluster is not None:
        require(sample, [cluster], caller)
        sample, notes = _with_clusters(sample, cluster, cluster)
    values = {columns[0]: outcome_values(data, columns[0], data.waves)}
    values |= {c: wave_values(data, c, data.waves, infinite=c == event) for c in columns[1:]}
    if event is not None and (gone := sample.active & np.isnan(values[event]).any(axis=1)).any():
        raise IdentificationError(
            Problem(
                "the time since treatment is missing for persons who answered",
                f"column '{event}'",
                "a number in every wave, infinite for never",
                "missing",
                "",
                int(gone.sum()),
                tuple(np.flatnonzero(gone)[:5].tolist()),
            )
        )
    if cohort:
        values[cohort] = np.column_stack(
            [cohorts(pd.Series(data.values(cohort, t), name=cohort)) for t in data.waves]
        )
    seen = sample.active & np.all([~np.isnan(v).any(axis=1) for v in values.values()], axis=0)
    inside = np.flatnonzero(seen)
    k = len(data.waves)
    silent = int((sample.active & ~seen).sum())
    if silent:
        notes += (
            f"{silent:,} responding persons lack a value in some wave and are outside the domain.",
        )
    unit = np.repeat(np.arange(inside.size), k)
    return Long(
        sample.where(seen),
        inside[unit],
        unit,
        np.tile(np.arange(k), inside.size),
        inside.size,
        periods,
        {c: v[inside].ravel() for c, v in values.items()},
        notes,
    )


def _with_clusters(
    sample: Sample, unit: str, cluster: str | None
) -> tuple[Sample, tuple[str, ...]]:
    """The sample with a named cluster as its PSU; units where the file has no PSU."""
    if cluster is None and (
        sample.design.level != "element" or sample.design.replicates is not None
    ):
        return sample, ()
    column = sample.frame[cluster or unit]
    if column.isna().any():
        raise IdentificationError(
            Problem(
                "a cluster is missing",
                f"column '{cluster or unit}'",
                "a value in every row",
                "missing",
                "",
                int(column.isna().sum()),
            )
        )
    code = pd.factorize(column)[0].astype(np.intp)
    m = int(code.max()) + 1
    if m < 2:
        raise IdentificationError(
            Problem(
                "one cluster has no standard error",
                f"column '{cluster or unit}'",
                "two clusters or more",
                "one",
            )
        )
    old = sample.design.stages[0]
    first = np.zeros(m, np.intp)
    first[code[::-1]] = np.arange(code.size)[::-1]
    stratum = (
        old.stratum[sample.design.base_psu[first]] if cluster is None else np.zeros(m, np.intp)
    )
    stage = Stage(
        stratum, np.zeros(m, np.intp), np.zeros(old.fraction.size if cluster is None else 1)
    )
    design = replace(
        sample.design, unit=code, stages=(stage,), level="psu", replicates=None, cluster_deff=1.0
    )
    note = (
        f"Standard errors are clustered by '{cluster}', {m:,} clusters; strata are not used."
        if cluster
        else f"The file has no PSU: standard errors are clustered by '{unit}'."
    )
    return replace(sample, design=design), (note,)


def ever_and_never(long: Long, ever: Bool) -> Shares:
    """Averages over units that are ever treated, long rows `ever` (n,), and over the others."""
    code = np.where(ever, 0, 1)
    of = long.placed(Block(Rows(np.ones((ever.size, 1))), _each_to_one(long, code, 2), code))
    return Shares(of, np.ones((1, 2)), np.arange(2))


def by_code(long: Long, code: Int, groups: int) -> Shares:
    """One average a group of long rows; code (n,), `groups` for rows in none."""
    rows = Rows(np.ones((code.size, 1)))
    of = long.placed(Block(rows, _each_to_one(long, code, groups), code))
    return Shares(of, np.eye(groups), np.arange(groups))


def _each_to_one(long: Long, code: Int, groups: int) -> Float:
    size = np.bincount(code, weights=np.abs(long.weights), minlength=groups + 1)[:groups]
    return np.diag(1 / np.where(size > 0, size, 1.0))


def without_effects(long: Long, x: Float) -> Float:
    """Residuals of the columns of x (n, k) on unit and period effects of a balanced panel whose
    units keep their weight: means come off one after the other.
    """
    w, t = long.weights, long.periods.size
    out = np.empty(x.shape, order="F")
    if bool((long.period == np.tile(np.arange(t), long.units)).all()) and bool(
        (np.diff(long.unit[::t]) == 1).all()
    ):
        share = w[::t] / w[::t].sum()
        for j in range(x.shape[1]):
            table = x[:, j].reshape(long.units, t)
            table = table - table.mean(axis=1)[:, None]
            out[:, j] = (table - share @ table).ravel()
        return out
    _demeaned(x, long.unit, long.units, w, out)
    _demeaned(out, long.period, t, w, out)
    return out


def _demeaned(x: Float, group: Int, m: int, w: Float, out: Float) -> None:
    """Into out: the columns of x less their weighted means inside groups."""
    total = np.bincount(group, weights=w, minlength=m)
    total = np.where(total > 0, total, 1.0)
    for j in range(x.shape[1]):
        out[:, j] = x[:, j] - (np.bincount(group, weights=w * x[:, j], minlength=m) / total)[group]
