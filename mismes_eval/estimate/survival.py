"""Durations: Kaplan-Meier survival, cumulative incidence with competing events, and the time by
which a share has had the event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pandas as pd

from mismes_eval.errors import (
    EstimateError,
    Problem,
    in_column,
    kind_of,
    named,
    of_argument,
    worded,
)
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.part import Part
from mismes_eval.estimate.totals import not_estimable
from mismes_eval.message import Message
from mismes_eval.numerics.averages import by_influence
from mismes_eval.numerics.influence import Block, Influence
from mismes_eval.numerics.rows import Float, Int, Rows
from mismes_eval.public import public
from mismes_eval.weighting.arguments import Column
from mismes_eval.weighting.columns import Number, Stated, YesNo
from mismes_eval.weighting.domain import (
    By,
    Domains,
    grouped,
    key_name,
    no_negative_weights,
    zero_outside,
)
from mismes_eval.weighting.replication import replicated
from mismes_eval.weighting.sample import Sample

MANY = 500


@dataclass(frozen=True)
class Spells:
    """Rows with weight in one domain: position in `grid` (sorted distinct durations) of each row's
    exit and of the last duration below its entry (-1: none); cause (n,) code 0 for censored, 1..
    for events; weight (n,)."""

    grid: Float
    exit: Int
    before: Int
    cause: Int
    weight: Float

    def masses(self, causes: int) -> tuple[Float, Float]:
        """Weight at risk just before each duration, shape (K,), and of each cause's events at it,
        shape (causes, K).
        """
        k = self.grid.size
        leave = np.bincount(self.exit, weights=self.weight, minlength=k)
        enter = np.bincount(self.before + 1, weights=self.weight, minlength=k + 1)[:k]
        at_risk = np.cumsum(enter) - np.concatenate([[0.0], np.cumsum(leave)[:-1]])
        events = np.array(
            [
                np.bincount(
                    self.exit[self.cause == cause],
                    weights=self.weight[self.cause == cause],
                    minlength=k,
                )
                for cause in range(1, causes + 1)
            ]
        )
        return at_risk, events


@public(EstimateError, answers=True)
def survival(
    sample: Sample,
    duration: Column,
    event: Column,
    by: By = None,
    times: float | Sequence[float] | None = None,
    entry: Column | None = None,
) -> Estimate:
    """Share still without the event at each time: weighted Kaplan-Meier with the design's standard
    errors.

    Parameters
    ----------
    duration : time from the origin to the event or to the end of observation, above 0.
    event : 1 where the event was seen, 0 where the row is censored.
    by : columns; one curve for each combination that occurs.
    times : where to evaluate; None: each curve at every time at which it has an event (at most
        500).
    entry : time from which a row is under observation (left truncation), below its duration; None:
        from 0.

    Returns
    -------
    Estimate; keys: by-columns, time, at_risk (rows). Intervals on the log-odds of the share. A time
    after the last observed duration is refused; after that of one group only, the group's value is
    NaN and a note says so.

    References
    ----------
    Kaplan and Meier (1958), JASA 53, 457-481; influence as in R survival's robust standard error
    (infinitesimal jackknife, which has no n/(n-1)); Lin (2000), Biometrika 87, 37-47.
    """
    return _curves(sample, duration, event, None, by, times, entry, "survival")


@public(EstimateError, answers=True)
def cumulative_incidence(
    sample: Sample,
    duration: Column,
    cause: Column,
    of: object,
    by: By = None,
    times: float | Sequence[float] | None = None,
    entry: Column | None = None,
) -> Estimate:
    """Share that has had the event `of` by each time, where other events end the spell too:
    weighted Aalen-Johansen with the design's standard errors.

    Parameters
    ----------
    cause : what ended the spell: missing where it is censored, else a category (employed, abroad,
        ...).
    of : the category of interest.
    duration, by, times, entry : as for `survival`.

    Returns
    -------
    Estimate; keys: by-columns, time, at_risk (rows). The incidences of all causes and the survival
    of any sum to 1.

    References
    ----------
    Aalen and Johansen (1978), Scandinavian Journal of Statistics 5, 141-150.
    """
    if of is None or not pd.api.types.is_scalar(of):
        raise EstimateError(
            Problem(
                "cumulative incidence is of one event",
                of_argument("of"),
                worded("one of the values of '{cause}'", {"cause": cause}),
                repr(of) if of is None else kind_of(of),
            )
        )
    return _curves(sample, duration, cause, of, by, times, entry, "cumulative incidence")


def _curves(
    sample: Sample,
    duration: Column,
    event: Column,
    of: object,
    by: By,
    times: float | Sequence[float] | None,
    entry: Column | None,
    kind: str,
) -> Estimate:
    entered = {} if entry is None else {"start": Number(entry)}
    ended = Stated(event, missing=True) if of is not None else YesNo(event)
    where, data = grouped(sample, by, length=Number(duration), event=ended, **entered)
    no_negative_weights(sample)
    length, start, cause, last = _spells_of(sample, data, duration, event, of, entry)
    at = _times(length, cause, where, times, kind)
    seen = _last_times(length, where)
    _refuse_after(max(seen), at, kind)
    value, columns, risk = [], [], []
    for place, moments in enumerate(at):
        rows = np.flatnonzero(where.code == place)
        spells = _spells(length[rows], start[rows], cause[rows], sample.weights[rows])
        v, z = _one_curve(spells, moments, last)
        after = moments > seen[place]
        value.append(np.where(after, np.nan, v))
        columns.append((rows, np.where(after, 0.0, z)))
        risk.append(
            [int(((length[rows] >= moment) & (start[rows] < moment)).sum()) for moment in moments]
        )
    part = _part(sample, columns, at, (length, start, cause), last)
    values = np.concatenate(value)
    out = _wrapped(sample, values, part, where, at, np.concatenate(risk), kind, of)
    reason = "nobody of the group was observed as long"
    return out.annotated(notes=not_estimable(out.names, np.isnan(values), reason))


def _last_times(length: Float, where: Domains) -> list[float]:
    """The longest duration of each domain."""
    return [float(length[where.code == place].max()) for place in range(where.count)]


def _refuse_after(longest: float, at: list[Float], kind: str) -> None:
    """Raise EstimateError for a time that no domain was observed for."""
    latest = max(float(moments.max()) for moments in at)
    if latest > longest:
        raise EstimateError(
            Problem(
                what=Message(
                    "{kind} is asked for after the last observation", {"kind": Message(kind)}
                ),
                where=Message("time {at}", {"at": f"{latest:g}"}),
                expected=Message("times up to {end}", {"end": f"{longest:g}"}),
                fix="Narrow `times`; without them each domain has its own.",
            )
        )


def _spells_of(
    sample: Sample,
    data: SimpleNamespace,
    duration: Column,
    event: Column,
    of: object,
    entry: Column | None,
) -> tuple[Float, Float, Int, int]:
    """Durations, entries, cause codes (1 the event of interest, 2 any other, 0 censored) and the
    number of causes.
    """
    inside = sample.active
    none = np.zeros(sample.n)
    length, start = zero_outside(sample, data.length, none if entry is None else data.start)
    problems = []
    if of is None:
        code = np.where(inside, data.event, 0.0).astype(np.intp)
        count = 1
    else:
        series = data.event
        mine = pd.Series(series == of).fillna(False).to_numpy(bool)
        unnamed = inside & series.map(_is_blank).to_numpy(bool)
        problems += Problem(
            what="a spell ended by an event without a name",
            where=in_column(event),
            expected="a missing value where the spell is censored",
            got=worded("empty text"),
            fix="Make empty texts missing: frame[column].replace('', None).",
        ).where_true(unnamed)
        if not mine[inside].any():
            problems.append(
                Problem(
                    "no spell ended by this event",
                    in_column(event),
                    Message("some rows with '{of}'", {"of": of}),
                    _ways(series[inside]),
                )
            )
        code = np.where(series.isna(), 0, np.where(mine, 1, 2)).astype(np.intp)
        count = 2
    for bad, what, column in (
        (inside & (length <= 0), "a duration is not above 0", duration),
        (
            inside & (start >= length) & (length > 0),
            "a row enters after it leaves",
            duration if entry is None else entry,
        ),
    ):
        problems += Problem(
            what=what,
            where=in_column(column),
            fix="Count an event in the first period as duration 1 (or half a period).",
        ).where_true(bad)
    EstimateError.refuse(problems)
    return length, start, code, count


def _times(
    length: Float, cause: Int, where: Domains, times: float | Sequence[float] | None, kind: str
) -> list[Float]:
    """Of each domain: the times asked for, or those at which it has an event (its last time where
    it has none).
    """
    if times is not None:
        try:
            at = np.atleast_1d(np.asarray(times, float))
        except (TypeError, ValueError):
            raise EstimateError(
                Problem(
                    "the times are not durations",
                    of_argument("times"),
                    "finite numbers of 0 or more",
                    repr(times),
                )
            ) from None
        if not at.size or not np.isfinite(at).all() or (at < 0).any():
            raise EstimateError(
                Problem(
                    "the times are not durations",
                    of_argument("times"),
                    "finite numbers of 0 or more",
                    named(at.tolist()),
                )
            )
        return [at] * where.count
    if not ((where.code < where.count) & (cause == 1)).any():
        raise EstimateError(
            Problem(
                Message("{kind} has no event in the domain", {"kind": Message(kind)}),
                expected="at least one",
            )
        )
    out = []
    for place in range(where.count):
        here = where.code == place
        own = np.unique(length[here & (cause == 1)])
        out.append(own if own.size else length[here].max(keepdims=True))
    most = max(own.size for own in out)
    if most > MANY:
        raise EstimateError(
            Problem(
                what=Message(
                    "{kind} has {n:,} distinct event times", {"kind": Message(kind), "n": most}
                ),
                where=of_argument("times"),
                expected=Message("at most {k:g}", {"k": MANY}),
                got="None",
                fix="Say at which times you want it.",
            )
        )
    return out


def _is_blank(value: object) -> bool:
    return isinstance(value, str) and not value.strip()


def _ways(ended: pd.Series) -> Message:
    """By what spells ended."""
    ways = named(ended.dropna().unique())
    return Message("spells ended by {w}", {"w": ways}) if ways else Message("all censored")


def _spells(length: Float, start: Float, cause: Int, weight: Float) -> Spells:
    grid, leave = np.unique(length, return_inverse=True)
    return Spells(
        grid=grid,
        exit=leave.astype(np.intp),
        before=(np.searchsorted(grid, start, side="right") - 1).astype(np.intp),
        cause=cause,
        weight=weight,
    )


def _one_curve(s: Spells, at: Float, causes: int) -> tuple[Float, Float]:
    """Curve at the times, shape (T,), and its influence, shape (rows, T). One cause: survival; two:
    incidence of the first.

    Each row contributes dN_i(u) - Y_i(u) dN(u)/Y(u) at each u; what that moves is S(t) / (Y(u) (1 -
    h(u))) for survival (h all-cause hazard), and for the incidence F(t) what comes directly, S(u-)
    / Y(u), and what comes through the survival up to t.
    """
    risk, events = s.masses(causes)
    with np.errstate(divide="ignore", invalid="ignore"):
        hazard = np.where(risk > 0, events / risk, 0.0)
        total = hazard.sum(axis=0)
        left = np.cumprod(1 - total)
        before = np.concatenate([[1.0], left[:-1]])
        own = np.where((risk > 0) & (total < 1), 1 / (risk * (1 - total)), 0.0)
        direct = np.where(risk > 0, before / risk, 0.0)
    at_or_before = np.searchsorted(s.grid, at, side="right") - 1
    if causes == 1:
        value = np.where(at_or_before >= 0, left[np.maximum(at_or_before, 0)], 1.0)
        return value, _through(s, own, total * own, at_or_before, s.cause > 0) * -value
    grown = np.cumsum(before * hazard[0])
    value = np.where(at_or_before >= 0, grown[np.maximum(at_or_before, 0)], 0.0)
    z = _through(s, direct, hazard[0] * direct, at_or_before, s.cause == 1)
    # d F(t) through S(u-): sum over v <= t of S(v-) h1(v) * dlogS(v-), dlogS(v-) = -sum over u < v
    # of dM(u) own(u)
    z -= _through(s, own, total * own, at_or_before, s.cause > 0) * value - _through(
        s, own * grown, total * own * grown, at_or_before, s.cause > 0
    )
    return value, z


def _through(s: Spells, jump: Float, drift: Float, k: Int, ended: np.ndarray) -> Float:
    """sum over u <= t of jump(u) dN_i(u) - drift(u) Y_i(u), shape (rows, T)."""
    summed = np.concatenate([[0.0], np.cumsum(drift)])
    out = np.empty((s.exit.size, k.size), order="F")
    for j, last in enumerate(k):
        upto = np.minimum(s.exit, last)
        seen = np.where(
            upto > s.before, summed[np.maximum(upto, -1) + 1] - summed[s.before + 1], 0.0
        )
        out[:, j] = np.where(ended & (s.exit <= last), jump[s.exit], 0.0) - seen
    return out


def _part(
    sample: Sample,
    columns: list[tuple[Int, Float]],
    at: list[Float],
    read: tuple[Float, Float, Int],
    causes: int,
) -> Part:
    if sample.design.replicates is None:
        blocks = []
        before = 0
        p = sum(moments.size for moments in at)
        for (rows, z), moments in zip(columns, at, strict=True):
            t = moments.size
            full = np.zeros((sample.n, t), order="F")
            full[rows] = z
            coef = np.zeros((t, p))
            coef[:, before : before + t] = np.eye(t)
            blocks.append(Block(Rows(full), coef))
            before += t
        of = Influence(tuple(blocks), sample.n)
        return Part(sample.design, of, averages=by_influence(of))
    length, start, cause = read

    def statistic(w: Float) -> Float:
        curves = []
        for (rows, _), moments in zip(columns, at, strict=True):
            used = rows[w[rows] > 0]
            if not used.size:
                raise EstimateError(
                    Problem(
                        what="a domain has no rows in a replicate",
                        expected="rows with weight in every domain, in every replicate",
                        got=worded("none"),
                        fix="Merge domains, or use the linearised design.",
                    )
                )
            curves.append(
                _one_curve(
                    _spells(length[used], start[used], cause[used], w[used]), moments, causes
                )[0]
            )
        return np.concatenate(curves)

    return Part(sample.design, None, replicated(sample, statistic), statistic(sample.weights))


def _wrapped(
    sample: Sample,
    value: Float,
    part: Part,
    where: Domains,
    at: list[Float],
    risk: Float,
    kind: str,
    of: object,
) -> Estimate:
    size = [moments.size for moments in at]
    keys = (
        where.keys.loc[where.keys.index.repeat(size)]
        .reset_index(drop=True)
        .rename(columns=lambda column: key_name(column, ("time", "at_risk")))
        .assign(time=np.concatenate(at), at_risk=risk)
    )
    label = kind if of is None else f"{kind} of {of}"
    names = tuple(
        f"{label} at {x:g}" + (f", {name}" if name else "")
        for name, moments in zip(where.labels, at, strict=True)
        for x in moments
    )
    count = np.bincount(where.code[sample.active], minlength=where.count + 1)[: where.count].astype(
        float
    )
    return Estimate(
        value=value,
        names=names,
        parts=(part,),
        keys=keys,
        n=np.repeat(count, size),
        dof=np.full(sum(size), sample.degf),
        kind=kind,
        notes=sample.notes,
        interval="logit",
    )
