"""Participation: AAPOR outcome rates by wave with the survey's error, response patterns, tracing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mismes_eval.errors import EstimateError, Problem, of_argument
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.joint import stack
from mismes_eval.estimate.part import Part
from mismes_eval.estimate.totals import OfTotals, evaluate
from mismes_eval.message import Message
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.public import number
from mismes_eval.tracer.dispositions import GROUPS, OUTSIDE, WHEREABOUTS
from mismes_eval.weighting.domain import By, Domains, domains

if TYPE_CHECKING:
    from mismes_eval.tracer.panel import TracerPanel
    from mismes_eval.weighting.sample import Sample

_ALL = ("I", "P", "R", "NC", "O")
# rate: numerator, denominator without unknowns, how many of the unknown cases count: all, the share
# e, none
RATES: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "RR1": (("I",), _ALL, "all"),
    "RR2": (("I", "P"), _ALL, "all"),
    "RR3": (("I",), _ALL, "e"),
    "RR4": (("I", "P"), _ALL, "e"),
    "RR5": (("I",), _ALL, "none"),
    "RR6": (("I", "P"), _ALL, "none"),
    "COOP1": (("I",), ("I", "P", "R", "O"), "none"),
    "COOP2": (("I", "P"), ("I", "P", "R", "O"), "none"),
    "COOP3": (("I",), ("I", "P", "R"), "none"),
    "COOP4": (("I", "P"), ("I", "P", "R"), "none"),
    "REF1": (("R",), _ALL, "all"),
    "REF2": (("R",), _ALL, "e"),
    "REF3": (("R",), _ALL, "none"),
    "CON1": (("I", "P", "R", "O"), _ALL, "all"),
    "CON2": (("I", "P", "R", "O"), _ALL, "e"),
    "CON3": (("I", "P", "R", "O"), _ALL, "none"),
}


def outcome_rates(panel: TracerPanel, by: By = None, e: float | None = None) -> Estimate:
    """AAPOR RR1-RR6, COOP1-4, REF1-3, CON1-3 at each wave, on enrolment weights, with design
    standard errors.

    Parameters
    ----------
    by : columns of persons (arm, sex).
    e : share of the cases of unknown eligibility that is eligible; None: the share among the cases
        of known eligibility of the wave and domain, whose error is part of the standard error.
        `extra["e"]` and the key columns show what was used.

    Returns
    -------
    Estimate; keys: the by-columns, wave, rate, e, n (fielded persons). A wave without dispositions
    has RR1 alone: persons with a row over all persons.

    Every enrolled person counts: who has no row at a wave was not contacted, unless a row says
    pending (0.1) or not fielded (0.2); the notes count both. Where all rows of a wave are
    interviews and some persons have none, refusal, cooperation and contact are not known: NaN.

    References
    ----------
    AAPOR (2023), Standard Definitions, 10th ed.; the migrant codes are those of the code list
    `dispositions`.
    """
    if e is not None and not (number(e) and 0 <= e <= 1):
        raise EstimateError(
            Problem("e is not a share", of_argument("e"), "a number from 0 to 1, or None", str(e))
        )
    return _stacked([_rates_of_wave(panel, wave, by, e) for wave in panel.waves])


def _rates_of_wave(panel: TracerPanel, wave: object, by: By, e: float | None) -> Estimate:
    place = panel.place(wave)
    if panel.disposition is None:
        return _share(panel.sample, (panel.row[:, place] >= 0)[:, None], by, wave, ["RR1"])
    groups = panel.cases[:, place]
    sample = panel.sample.where(panel.tried[:, place])
    where = domains(sample, by)
    y = (sample.active[:, None] & (groups[:, None] == np.arange(len(GROUPS)))).astype(float)
    statistic = OfTotals(
        lambda totals: rates_of_totals(totals, e)[0], lambda totals: rates_of_totals(totals, e)[1]
    )
    value, part = evaluate(sample, y, where, statistic)
    sums = [np.bincount(where.code, column, where.count + 1) for column in sample.weights * y.T]
    size = np.column_stack(sums)[: where.count].astype(float)
    used = np.repeat(_eligible_share(size, e), len(RATES))
    if wave in panel.interviews_only:
        known = np.array([name.startswith("RR") for name in RATES])
        value = np.where(np.tile(known, where.count), value, np.nan)
    return _wrap(
        sample, value, part, where, wave, list(RATES), used, tuple(_case_notes(panel, wave))
    )


def _case_notes(panel: TracerPanel, wave: object) -> Iterator[str]:
    """Who is in the denominators of a wave and who is not; without numbers, which reports print."""
    place = panel.place(wave)
    inside = panel.sample.active
    at_wave = {"wave": str(wave)}
    if (inside & (panel.groups[:, place] < 0) & panel.tried[:, place]).any():
        words = "Enrolled persons without a row at wave {wave} count as not contacted."
        yield Message(words, at_wave)
    if wave in panel.interviews_only:
        yield Message(
            "Wave {wave} holds interviews only: who refused or was reached is not known, and its"
            " refusal, cooperation and contact rates are not estimable.",
            at_wave,
        )
    pending = panel.groups[:, place] == len(GROUPS) + OUTSIDE.index("PD")
    if (inside & pending).any():
        words = "Persons who are pending at wave {wave} are outside its rates."
        yield Message(words, at_wave)
    if (inside & ~panel.tried[:, place] & ~pending).any():
        words = "Persons who were not fielded at wave {wave} are outside its rates."
        yield Message(words, at_wave)


def rates_of_totals(totals: Float, e: float | None) -> tuple[Float, Float]:
    """Totals of GROUPS (D, 8) -> rates (D, 16) and their derivatives (D, 8, 16). A rate without
    cases is NaN.
    """
    share = _eligible_share(totals, e)
    slope = np.zeros_like(totals)
    if e is None:
        known = totals[:, :5].sum(axis=1)
        out = totals[:, 7]
        with np.errstate(divide="ignore", invalid="ignore"):
            slope[:, :5] = np.nan_to_num(out / (known + out) ** 2)[:, None]
            slope[:, 7] = np.nan_to_num(-known / (known + out) ** 2)
    unknown = totals[:, 5] + totals[:, 6]
    values, slopes = [], []
    for top, bottom, rule in RATES.values():
        numerator, denominator = (np.isin(GROUPS, part).astype(float) for part in (top, bottom))
        d = np.broadcast_to(denominator, totals.shape).copy()
        below = totals @ denominator
        if rule != "none":
            weight = np.ones_like(share) if rule == "all" else share
            d[:, 5:7] += weight[:, None]
            below = below + weight * unknown
            if rule == "e":
                d += unknown[:, None] * slope
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = (totals @ numerator) / below
            slopes.append(np.nan_to_num((numerator - rate[:, None] * d) / below[:, None]))
        values.append(rate)
    return np.column_stack(values), np.stack(slopes, axis=2)


def _eligible_share(totals: Float, e: float | None) -> Float:
    if e is not None:
        return np.full(totals.shape[0], e)
    known = totals[:, :5].sum(axis=1)
    told = known + totals[:, 7]
    return np.where(told > 0, known / np.where(told > 0, told, 1.0), 1.0)


def tracing_rate(panel: TracerPanel, by: By = None) -> Estimate:
    """Share of all persons whose whereabouts are known at each wave (home, abroad or dead, from
    themselves or a proxy), on enrolment weights; pending persons and those not fielded are outside.
    """
    unknown = WHEREABOUTS.index("unknown")
    outside = panel.groups >= len(GROUPS)
    known = ((panel.whereabouts >= 0) & (panel.whereabouts != unknown)) | panel.dead
    return _stacked(
        [
            _share(panel.sample.where(~outside[:, place]), known[:, [place]], by, wave, ["traced"])
            for place, wave in enumerate(panel.waves)
        ]
    )


def cumulative_response(panel: TracerPanel, by: By = None, recruitment: float = 1.0) -> Estimate:
    """Recruitment rate times the product of RR2 (interviews and partial ones over all fielded) up
    to each wave; keys: by-columns, wave.

    Without dispositions RR1, persons with a row over all persons, takes its place.
    """
    if not 0 < recruitment <= 1:
        raise EstimateError(
            Problem(
                "the recruitment rate is not a share",
                of_argument("recruitment"),
                "a number in (0, 1]",
                str(recruitment),
            )
        )
    rates = outcome_rates(panel, by)
    name = "RR2" if panel.disposition is not None else "RR1"
    chosen = rates.select(list(np.flatnonzero(rates.keys["rate"] == name)))
    keys, p = chosen.keys, chosen.p
    outer = [column for column in keys.columns if column not in ("wave", "rate", "e", "fielded")]
    group = (
        np.zeros(p, int) if not outer else pd.factorize(pd.MultiIndex.from_frame(keys[outer]))[0]
    )
    include = (group[:, None] == group[None, :]) & (np.arange(p)[None, :] <= np.arange(p)[:, None])

    def product(v: Float) -> Float:
        return np.asarray(recruitment * np.where(include, v[None, :], 1.0).prod(axis=1))

    value = product(chosen.value)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(include, value[:, None] / chosen.value[None, :], 0.0)
    out = chosen.through(product, np.nan_to_num(slope), chosen.names)
    note = (
        f"Cumulative response: recruitment rate {recruitment:g} times the product of {name} over"
        " the waves up to this one."
    )
    named = keys[[*outer, "wave"]].reset_index(drop=True)
    return replace(out, keys=named, n=chosen.n, dof=chosen.dof).annotated(
        kind="proportion", notes=(note,)
    )


def patterns(panel: TracerPanel) -> pd.DataFrame:
    """Response patterns over the waves in time order, 1 for an answer, 0 for none, - for pending or
    not fielded: n, weighted share of persons, kind, most frequent first.

    kind : "complete", "monotone" (lost and never back), "intermittent" (back after a gap), "late
        entrant" (no answer at the first wave), "never"; of the waves that were fielded.
    """
    marks = np.where(panel.outside, 2, panel.responded.astype(int))
    signs = np.ascontiguousarray(np.array(list("01-"), "S1")[marks])
    inside = panel.sample.active
    seen, code = np.unique(signs.view(f"S{len(panel.waves)}").ravel()[inside], return_inverse=True)
    weight = np.bincount(code, weights=panel.sample.weights[inside], minlength=seen.size)
    text = [pattern.decode() for pattern in seen]
    out = pd.DataFrame(
        {
            "pattern": text,
            "n": np.bincount(code, minlength=seen.size),
            "share": weight / weight.sum(),
            "kind": [pattern_kind(pattern) for pattern in text],
        }
    )
    return out.sort_values(["n", "pattern"], ascending=[False, False], kind="stable").reset_index(
        drop=True
    )


def pattern_kind(pattern: str) -> str:
    """The kind of one pattern such as '1101' or '110-'."""
    pattern = pattern.replace("-", "")
    if "1" not in pattern:
        return "never"
    if "0" not in pattern:
        return "complete"
    if pattern[0] == "0":
        return "late entrant"
    return "intermittent" if "01" in pattern else "monotone"


def participation(panel: TracerPanel) -> pd.DataFrame:
    """One row a wave: persons in each outcome group, without a row, and by whereabouts (unweighted,
    inside the domain).
    """
    inside = panel.sample.active
    rows = []
    for place, wave in enumerate(panel.waves):
        groups, w = panel.groups[inside, place], panel.whereabouts[inside, place]
        row = {
            "wave": wave,
            "persons": int(inside.sum()),
            "answered": int(panel.responded[inside, place].sum()),
        }
        if panel.disposition is not None:
            row |= {
                name: int((groups == group).sum()) for group, name in enumerate((*GROUPS, *OUTSIDE))
            }
            row |= {
                f"whereabouts {name}": int((w == kind).sum())
                for kind, name in enumerate(WHEREABOUTS)
            }
        rows.append(row | {"no row": int((groups < 0).sum())})
    return pd.DataFrame(rows)


def _share(sample: Sample, yes: Bool, by: By, wave: object, names: list[str]) -> Estimate:
    where = domains(sample, by)
    inside = sample.active[:, None]
    y = np.column_stack([inside & yes, inside]).astype(float)

    def value(t: Float) -> Float:
        return t[:, :1] / t[:, 1:]

    def slope(t: Float) -> Float:
        return np.stack([1 / t[:, 1], -t[:, 0] / t[:, 1] ** 2], axis=1)[:, :, None]

    values, part = evaluate(sample, y, where, OfTotals(value, slope))
    return _wrap(sample, values, part, where, wave, names, np.full(where.count, np.nan), ())


def _wrap(
    sample: Sample,
    value: Float,
    part: Part,
    where: Domains,
    wave: object,
    names: list[str],
    e: Float,
    notes: tuple[str, ...],
) -> Estimate:
    d = where.count
    k = len(names)
    count = np.bincount(where.code[sample.active], minlength=d + 1)[:d].astype(float)
    keys = where.keys.loc[where.keys.index.repeat(k)].reset_index(drop=True)
    keys = keys.assign(
        wave=pd.Series([wave] * (d * k)),
        rate=names * d,
        e=e,
        fielded=np.repeat(count, k).astype(int),
    )
    labels = tuple(
        f"{name}, wave {wave}" + (f", {label}" if label else "")
        for label in where.labels
        for name in names
    )
    return Estimate(
        value=value,
        names=labels,
        parts=(part,),
        keys=keys,
        n=np.repeat(count, k),
        dof=np.full(d * k, sample.degf),
        kind="proportion",
        notes=(*notes, *sample.notes),
    )


def _stacked(parts: list[Estimate]) -> Estimate:
    return stack(*parts).annotated(kind="proportion")
