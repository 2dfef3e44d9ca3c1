"""Treatment that comes and goes: return and re-emigration, subsidies that start and end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from mismes_eval.errors import IdentificationError, Problem, in_column, of_arguments, worded
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.joint import stack
from mismes_eval.impact.did.group_time import check_call, planned
from mismes_eval.impact.did.group_time_cells import fit_cells, without_lost
from mismes_eval.impact.did.group_time_result import GroupTime, result
from mismes_eval.impact.did.layout import Layout, layout_of
from mismes_eval.impact.did.periods import Control
from mismes_eval.message import Message
from mismes_eval.numerics.did import Method
from mismes_eval.numerics.rows import Bool, Float, Int
from mismes_eval.public import public
from mismes_eval.weighting.arguments import listed_names
from mismes_eval.weighting.columns import Order, Stated, YesNo, read
from mismes_eval.weighting.panel import PanelLike
from mismes_eval.weighting.panel_reading import own_key
from mismes_eval.weighting.sample import Sample
from mismes_eval.weighting.timeline import TimeColumn, stated_order

FIRST, STATUS = "_first_change", "_first_status"
MEANING = (
    "Effect l is of having left the first status l periods ago, whatever followed: who switched back"
    " counts as having switched. Compared with those of the same first status who had not yet"
    " switched."
)


@public(IdentificationError)
def switching_effects(
    sample: Sample | PanelLike,
    outcome: str,
    treated: str,
    time: TimeColumn | None = None,
    unit: str | None = None,
    covariates: Sequence[str] = (),
    method: Method = "dr",
) -> Estimate:
    """Event-study effects of a treatment that may start and stop.

    Parameters
    ----------
    sample : one row a unit and period, every unit in every period; or a tracer panel: persons who
        answered all waves count, weighted for attrition, with the weights' error.
    outcome : numeric or yes-no.
    treated : yes-no in each period.
    time, unit : of a sample, as in `att_gt`; a panel has its own.
    covariates, method : as in `att_gt`; without covariates methods agree.

    Returns
    -------
    Estimate, one value for each number of periods since the first change, from 1 on, then those
    before it (0 is the period before). Switches out count with the sign reversed, so that each
    value is the effect of more treatment. keys: "periods" (1, 2, ...; -1, -2, ... before). Averages
    over first periods of change are by the weights of those who change; the error of these weights
    is in.

    Raises
    ------
    IdentificationError : nobody changes, nobody left to compare with, gaps.

    References
    ----------
    de Chaisemartin and D'Haultfoeuille (2024), Review of Economics and Statistics,
    doi:10.1162/rest_a_01414.
    """
    covariates = listed_names(covariates)
    check_call(method, covariates, "refuse")
    if isinstance(sample, Sample):
        time, unit = _stated(time, unit)
        status, first = _first_changes(sample, treated, time, unit)
        made = sample.with_columns({FIRST: first, STATUS: status})
        layout = layout_of(made, outcome, FIRST, time, unit, covariates, "refuse")
    else:
        own_key(sample, unit, time)
        waves = _changes_of_waves(sample, treated)
        layout = layout_of(waves, outcome, FIRST, None, None, covariates, "balanced")
    begun = layout.sample.frame[STATUS].to_numpy(float)[layout.row]
    parts, signs = [], []
    for level, sign in ((0.0, 1.0), (1.0, -1.0)):
        own = np.where(begun == level, layout.cohort, np.nan)
        if np.isfinite(own).any():
            parts.append(_side(replace(layout, cohort=own), outcome, covariates, method))
            signs.append(sign)
    if not parts:
        raise IdentificationError(
            Problem(
                "nobody changes status",
                in_column(treated),
                "units whose treatment starts or stops",
                worded("none"),
            )
        )
    return _combined(parts, np.array(signs), outcome, treated)


def _side(layout: Layout, outcome: str, covariates: tuple[str, ...], method: Method) -> GroupTime:
    """Effects of the first change among units of one first status."""
    control: Control = "not_yet"
    chosen = planned(layout, control, "universal")
    fitted = fit_cells(layout, layout.weights, chosen, method)
    chosen, fitted = without_lost(chosen, fitted, "refuse")
    return result(layout, chosen, fitted, outcome, covariates, control, "universal", 0, method)


def _stated(time: TimeColumn | None, unit: str | None) -> tuple[TimeColumn, str]:
    """The time and the unit of a sample, which must be named."""
    if time is None or unit is None:
        raise IdentificationError(
            Problem(
                "a long sample needs its time and its unit",
                of_arguments("time", "unit"),
                "two columns",
                worded("{time} and {unit}", {"time": repr(time), "unit": repr(unit)}),
            )
        )
    return time, unit


def _changes_of_waves(panel: PanelLike, treated: str) -> PanelLike:
    """The panel with each person's first status and first wave with another one; persons whose
    status is not known at every wave are outside the domain.
    """
    table = np.column_stack([panel.values(treated, wave) for wave in panel.waves])
    if table.dtype == object or not np.isin(table[~np.isnan(table)], (0.0, 1.0)).all():
        raise IdentificationError(
            Problem("a status is not yes or no", in_column(treated), "0 and 1 at every wave")
        )
    changed = table != table[:, :1]
    when = np.where(changed.any(axis=1), changed.argmax(axis=1), len(panel.waves))
    label = np.array([*panel.waves, None], dtype=object)[when]
    known: Bool = np.asarray(~np.isnan(table).any(axis=1))
    return panel.with_columns({FIRST: label, STATUS: table[:, 0]}).where(known)


def _first_changes(
    sample: Sample, treated: str, time: TimeColumn, unit: str
) -> tuple[Float, np.ndarray]:
    """(n,) each row's status in its unit's first period, and the period of its first change as it
    is written in the file, None for never.
    """
    column, stated = stated_order(time)
    data = read(
        sample,
        d=YesNo(treated),
        t=Order(str(column), stated, f'time={{"{column}": (first, ..., last)}}'),
        unit=Stated(unit),
    )
    rows = np.flatnonzero(sample.active & (data.t.code >= 0))
    who = pd.factorize(sample.frame[unit].iloc[rows])[0]
    table = _by_period(who, data.t.code[rows], data.d[rows], len(data.t.levels), unit)
    changed = table != table[:, :1]
    ever = changed.any(axis=1)
    when = changed.argmax(axis=1)
    label = np.array([*data.t.levels, None], dtype=object)[np.where(ever, when, len(data.t.levels))]
    status = np.full(sample.n, np.nan)
    first = np.full(sample.n, None, dtype=object)
    status[rows], first[rows] = table[who, 0], label[who]
    return status, first


def _by_period(who: Int, period: Int, status: Float, periods: int, unit: str) -> Float:
    """(units, periods) status of each."""
    count = np.zeros((int(who.max()) + 1, periods), int)
    np.add.at(count, (who, period), 1)
    if (count != 1).any():
        raise IdentificationError(
            Problem(
                what="units are not seen once in every period",
                where=in_column(unit),
                expected=Message("one row in each of {k} periods", {"k": periods}),
                got=Message(
                    "{n:,} units with gaps or with two rows",
                    {"n": int((count != 1).any(axis=1).sum())},
                ),
                fix="Narrow the domain to periods in which everybody was seen.",
            )
        )
    table = np.empty(count.shape)
    table[who, period] = status
    return table


def _combined(parts: list[GroupTime], signs: Float, outcome: str, treated: str) -> Estimate:
    """Effects of starts and, with their sign reversed, of stops, by periods since the change."""
    joint = parts[0].joint
    if len(parts) > 1:
        joint = stack(*(part.joint for part in parts))
    at = 0
    cells = []
    for part, sign in zip(parts, signs, strict=True):
        groups = np.unique(part.cells["cohort"].to_numpy(float))
        owner = np.searchsorted(groups, part.cells["cohort"].to_numpy(float))
        own = part.cells.assign(
            value_at=at + np.arange(len(part.cells)),
            size_at=at + len(part.cells) + owner,
            sign=sign,
            periods=_periods(part),
        )
        cells.append(own[own["time"] != own["base"]])
        at += part.joint.p
    table = pd.concat(cells, ignore_index=True)
    after = sorted(period for period in table["periods"].unique() if period > 0)
    before = sorted((period for period in table["periods"].unique() if period < 0), reverse=True)
    keys = [*after, *before]
    jacobian = np.zeros((len(keys), joint.p))
    value = np.zeros(len(keys))
    n = np.zeros(len(keys))
    for row, key in enumerate(keys):
        own = table[table["periods"] == key]
        effect = own["sign"].to_numpy(float) * joint.value[own["value_at"]]
        size = joint.value[own["size_at"]]
        value[row] = size @ effect / size.sum()
        np.add.at(jacobian[row], own["value_at"], own["sign"].to_numpy(float) * size / size.sum())
        np.add.at(jacobian[row], own["size_at"], (effect - value[row]) / size.sum())
        n[row] = joint.n[own["value_at"]].sum()
    names = tuple(f"effect {key}" if key > 0 else f"before {-key}" for key in keys)
    found = joint.through(lambda v: value, jacobian, names, n)
    return replace(
        found,
        keys=pd.DataFrame({"variable": outcome, "periods": keys}),
        definition=Message(
            "effect of {t} on {o} by periods since its first change", {"t": treated, "o": outcome}
        ),
        notes=tuple(dict.fromkeys((*joint.notes, MEANING))),
    )


def _periods(part: GroupTime) -> Int:
    """Periods since the last one before the change: 1 in the period of the change, 0 before it."""
    at = part.time.at
    place = np.searchsorted(at, part.cells["time"].to_numpy(float))
    start = np.searchsorted(at, part.cells["cohort"].to_numpy(float))
    since: Int = place - start
    return since + 1
