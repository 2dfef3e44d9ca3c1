"""Tracer indicators T1 to T12 as estimates with the survey's and the attrition weights' error, or
the reason why not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mismes_eval.errors import EstimateError, MismesError
from mismes_eval.estimate.duration_quantile import duration_quantile
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.joint import stack
from mismes_eval.estimate.survival import cumulative_incidence
from mismes_eval.estimate.totals import mean
from mismes_eval.estimate.transitions import Pair, pooled_transitions
from mismes_eval.message import Message
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.public import public
from mismes_eval.tracer.clock import Clock
from mismes_eval.tracer.dispositions import WHEREABOUTS
from mismes_eval.tracer.durations import first_event, hazard
from mismes_eval.tracer.histories import ABROAD, EMPLOYED, monthly
from mismes_eval.tracer.monthly_means import Result, by_calendar, by_month, keyed, require
from mismes_eval.tracer.months import state_text
from mismes_eval.weighting.arguments import as_names
from mismes_eval.weighting.domain import By
from mismes_eval.weighting.sample import Sample

if TYPE_CHECKING:
    from mismes_eval.tracer.panel import TracerPanel

DEFINITIONS = {
    "T1": (
        "AAPOR outcome rates at each wave (RR1-RR6, cooperation, refusal, contact) and the"
        " cumulative response."
    ),
    "T2": (
        "Share of all persons at enrolment whose whereabouts are known at each wave, from"
        " themselves or a proxy."
    ),
    "T3": "Difference between arms in the share who answered each wave.",
    "T4": "Share employed (anywhere, at home, abroad) at 6, 12, 24 and 36 months.",
    "T5": "Median months to the first job, among those without one at the origin (Kaplan-Meier).",
    "T6": "Share of the employed whose job matches their education, in level and in field.",
    "T7": "Months employed as a share of the months since the origin.",
    "T8": "Share employed in each of the last six months.",
    "T9": (
        "Going abroad (again): cumulative share by month, with events a person-month, among those"
        " at home at the origin."
    ),
    "T10": "Share of businesses that still exist after 12 and 24 months.",
    "T11": "Reintegration sustainability: mean score, and where shown the share at or above a benchmark.",
    "T12": "Monthly earnings of the employed in international dollars of the home country.",
}


@public(EstimateError, classes=True)
def indicators(
    panel: TracerPanel,
    by: By = None,
    arm: str = "arm",
    clock: Clock | None = None,
    benchmark: float = 0.66,
    minimum: int = 30,
) -> dict[str, Result]:
    """T1 to T12 of one panel.

    Parameters
    ----------
    panel : with `attrition_weights`, or without (complete cases; the notes say so). Narrow it with
        `panel.where` to one measure, arm or sex.
    by : columns of persons; every indicator is given for each combination (T10 overall only).
    arm : column compared in T3.
    clock : from which date months count, and which; None: 6, 12, 24, 36 months since enrolment.
    benchmark : score from which reintegration counts as sustainable.
    minimum : fewer persons at risk are not shown (T5, T9, T10).

    Returns
    -------
    {"T1": ..., ..., "T12": ...}; keys of the estimates: by-columns, wave or month, and what is
    measured. T9 has its hazard under "T9_hazard", T1 its product under "T1_cumulative".
    """
    chosen = clock or Clock()
    makers = {
        "T1": lambda: panel.outcome_rates(by),
        "T1_cumulative": lambda: panel.cumulative_response(by),
        "T2": lambda: panel.tracing_rate(by),
        "T3": lambda: response_difference(panel, arm),
        "T4": lambda: employed_at(panel, chosen, by),
        "T5": lambda: months_to_first_job(panel, chosen, by, minimum),
        "T6": lambda: job_match(panel, chosen, by),
        "T7": lambda: months_employed(panel, chosen, by),
        "T8": lambda: sustained(panel, chosen, by),
        "T9": lambda: going_abroad(panel, chosen, by, minimum),
        "T9_hazard": lambda: abroad_hazard(panel, chosen, by, minimum),
        "T10": lambda: business_survival(panel, chosen, minimum),
        "T11": lambda: reintegration(panel, chosen, by, benchmark),
        "T12": lambda: earnings(panel, chosen, by),
    }
    return {name: _made(name, maker) for name, maker in makers.items()}


def _made(name: str, maker: Callable[[], Result]) -> Result:
    definition = DEFINITIONS[name.split("_", maxsplit=1)[0]]
    try:
        result = maker()
    except MismesError as error:
        return NotEstimable(error.reason, definition)
    return (
        NotEstimable(result.reason, definition)
        if isinstance(result, NotEstimable)
        else result.annotated(definition=definition)
    )


def response_difference(panel: TracerPanel, arm: str) -> Result:
    """Differential attrition: share answering in each arm less the share in the first arm (in
    sorted order), wave by wave, on enrolment weights.
    """
    sample = panel.sample
    if arm not in sample.frame.columns:
        return NotEstimable(Message("no column '{arm}' of arms", {"arm": arm}))
    parts = []
    for place, wave in enumerate(panel.waves):
        answered = {"answered": panel.responded[:, place].astype(float)}
        share = mean(
            sample.with_columns(answered).where(~panel.outside[:, place]), "answered", by=arm
        )
        if share.p < 2:
            return NotEstimable("only one arm in the domain")
        j = np.column_stack([-np.ones(share.p - 1), np.eye(share.p - 1)])
        levels = share.keys[arm].tolist()
        names = tuple(f"{level} less {levels[0]}, wave {wave}" for level in levels[1:])
        difference = share.through(_product(j), j, names)
        parts.append(
            keyed(
                difference,
                pd.DataFrame(
                    {
                        "wave": [wave] * (share.p - 1),
                        arm: [f"{level} less {levels[0]}" for level in levels[1:]],
                    }
                ),
            )
        )
    return stack(*parts).annotated(kind="difference")


def _product(j: Float) -> Callable[[Float], Float]:
    return lambda v: np.asarray(j @ v, float)


def employed_at(panel: TracerPanel, clock: Clock, by: By) -> Result:
    """T4. Employed by `lstatus` 1; abroad by disposition or current country."""
    require(panel, "lstatus")

    def columns(wave: object) -> tuple[dict[str, Float], Bool]:
        status = panel.values("lstatus", wave)
        work = (status == 1).astype(float)
        away = known_abroad(panel, wave).astype(float)
        return {
            "employed": work,
            "employed at home": work * (1 - away),
            "employed abroad": work * away,
        }, ~np.isnan(status)

    return by_month(panel, clock, by, columns)


def known_abroad(panel: TracerPanel, wave: object) -> Bool:
    """(n,) whether the person is known to be abroad at a wave, by disposition or by country."""
    place = panel.place(wave)
    away = panel.whereabouts[:, place] == WHEREABOUTS.index("abroad")
    if "current_country" in panel.long.columns and "country" in panel.sample.frame.columns:
        now = panel.values("current_country", wave)
        away = away | (pd.notna(now) & (now != panel.sample.frame["country"].to_numpy()))
    return np.asarray(away)


def months_to_first_job(panel: TracerPanel, clock: Clock, by: By, minimum: int) -> Result:
    """T5."""
    sample = first_event(panel, {"job": EMPLOYED}, clock.since)
    if sample.active.sum() < minimum:
        return _too_few_at_risk(minimum)
    found = duration_quantile(sample, "duration", "event", 0.5, by)
    good = {label: estimate for label, estimate in found.items() if isinstance(estimate, Estimate)}
    if not good:
        return next(iter(found.values()))
    parts = []
    for label, estimate in good.items():
        keys = (
            pd.DataFrame(
                [[part.split("=", 1)[1] for part in label.split(", ")]], columns=as_names(by, "by")
            )
            if by is not None and label
            else pd.DataFrame(index=range(1))
        )
        parts.append(keyed(estimate, keys.assign(variable="median months to first job")))
    notes = tuple(
        f"{label}: {reason.reason}."
        for label, reason in found.items()
        if isinstance(reason, NotEstimable)
    )
    return stack(*parts).annotated(unit="months", notes=notes)


def job_match(panel: TracerPanel, clock: Clock, by: By) -> Result:
    """T6, among the employed who told."""
    have = [column for column in ("match_level", "match_field") if column in panel.long.columns]
    if not have:
        return NotEstimable("no column 'match_level' or 'match_field'")

    def columns(wave: object) -> tuple[dict[str, Float], Bool]:
        told = [panel.values(column, wave) for column in have]
        names = {"match_level": "level matches", "match_field": "field matches"}
        return {
            names[column]: (match == "MATCH").astype(float)
            for column, match in zip(have, told, strict=True)
        }, np.all([pd.notna(match) for match in told], axis=0)

    return by_month(panel, clock, by, columns)


def _working(panel: TracerPanel, clock: Clock) -> tuple[Bool, Bool]:
    """(n, months) whether the calendar is known, and whether the person works."""
    state = monthly(panel, clock.since, 0, max(clock.months))
    known: Bool = ~pd.isna(state)
    return known, np.isin(np.where(known, state, ""), EMPLOYED)


def months_employed(panel: TracerPanel, clock: Clock, by: By) -> Result:
    """T7, from the calendar, among those whose calendar is known to the month."""
    known, work = _working(panel, clock)

    def columns(month: int) -> tuple[dict[str, Float], Bool]:
        return {"share of months employed": work[:, 1 : month + 1].mean(axis=1)}, np.asarray(
            known[:, 1 : month + 1].all(axis=1)
        )

    return by_calendar(panel, clock, by, columns)


def sustained(panel: TracerPanel, clock: Clock, by: By) -> Result:
    """T8, from the calendar: employed in each of the six months up to the month."""
    known, work = _working(panel, clock)

    def columns(month: int) -> tuple[dict[str, Float], Bool]:
        last = slice(month - 5, month + 1)
        return {
            "employed in all of the last 6 months": work[:, last].all(axis=1).astype(float)
        }, np.asarray(known[:, last].all(axis=1))

    return by_calendar(
        panel, replace(clock, months=tuple(m for m in clock.months if m >= 6)), by, columns
    )


def going_abroad(panel: TracerPanel, clock: Clock, by: By, minimum: int) -> Result:
    """T9: cumulative incidence at the clock's months; departures known from dispositions alone
    count, dated by the wave.
    """
    sample = _abroad(panel, clock)
    if sample.active.sum() < minimum:
        return _too_few_at_risk(minimum)
    last = _last_common(sample, by)
    times = [m for m in clock.months if m <= last]
    if not times:
        return NotEstimable(
            Message("nobody is observed for {n} months", {"n": f"{min(clock.months)}"})
        )
    return cumulative_incidence(sample, "duration", "cause", "abroad", by, times)


def abroad_hazard(panel: TracerPanel, clock: Clock, by: By, minimum: int) -> Result:
    """T9 as events a person-month."""
    sample = _abroad(panel, clock)
    if sample.active.sum() < minimum:
        return _too_few_at_risk(minimum)
    return hazard(sample, "abroad", by)


def _abroad(panel: TracerPanel, clock: Clock) -> Sample:
    return first_event(panel, {"abroad": ABROAD}, clock.since, abroad="abroad")


def _too_few_at_risk(minimum: int) -> NotEstimable:
    return NotEstimable(Message("fewer than {least} persons at risk", {"least": f"{minimum}"}))


def _last_common(sample: Sample, by: By) -> float:
    length = pd.Series(np.where(sample.active, sample.frame["duration"], np.nan))
    if by is None:
        return float(length.max())
    return float(
        length.groupby([sample.frame[column].to_numpy() for column in as_names(by, "by")])
        .max()
        .min()
    )


def business_survival(panel: TracerPanel, clock: Clock, minimum: int) -> Result:
    """T10: pairs of waves 12 and 24 months apart by real dates, weights of those who answered both."""
    require(panel, "business")
    middle = clock.medians(panel)
    parts = []
    for gap in (12, 24):
        pairs = [
            _business_pair(panel, early, late)
            for early in middle
            for late in middle
            if abs(middle[late] - middle[early] - gap) <= clock.tolerance
        ]
        if not pairs:
            continue
        try:
            estimate = pooled_transitions(panel.sample, pairs, minimum)
        except EstimateError:
            continue
        kept = [
            i
            for i, (origin, destination) in enumerate(
                zip(estimate.keys["origin"], estimate.keys["destination"], strict=True)
            )
            if origin == "business" and destination == "business"
        ]
        if kept:
            parts.append(
                keyed(
                    estimate.select(kept),
                    pd.DataFrame({"months": [gap], "variable": ["business still exists"]}),
                )
            )
    if not parts:
        return NotEstimable(
            Message(
                "no pair of waves 12 or 24 months apart with {n} businesses", {"n": f"{minimum}"}
            )
        )
    return stack(*parts).annotated(kind="proportion")


def _business_pair(panel: TracerPanel, a: int, b: int) -> Pair:
    pair = [panel.values("business", panel.waves[place]) for place in (a, b)]
    text = state_text(["none", "business"])
    state = [text[np.where(np.isnan(values), -1, values == 1).astype(int)] for values in pair]
    return Pair(panel.weight_sample((panel.waves[a], panel.waves[b])), state[0], state[1])


def reintegration(panel: TracerPanel, clock: Clock, by: By, benchmark: float) -> Result:
    """T11, among those with a score (returnees at home)."""
    require(panel, "rsi_total")
    parts = [
        column for column in ("rsi_econ", "rsi_social", "rsi_psych") if column in panel.long.columns
    ]

    def columns(wave: object) -> tuple[dict[str, Float], Bool]:
        total = panel.values("rsi_total", wave)
        scores = {f"{part} mean": panel.values(part, wave) for part in parts}
        ok = np.isfinite(total) & np.all([np.isfinite(score) for score in scores.values()], axis=0)
        return {
            "rsi_total mean": total,
            f"rsi_total at least {benchmark:g}": (total >= benchmark).astype(float),
            **scores,
        }, ok

    return by_month(panel, clock, by, columns)


def earnings(panel: TracerPanel, clock: Clock, by: By) -> Result:
    """T12: mean among the employed whose earnings are known."""
    require(panel, "earn_home_ppp", "lstatus")

    def columns(wave: object) -> tuple[dict[str, Float], Bool]:
        pay = panel.values("earn_home_ppp", wave)
        return {"mean earnings of the employed, PPP": pay}, np.isfinite(pay) & (
            panel.values("lstatus", wave) == 1
        )

    out = by_month(panel, clock, by, columns)
    return (
        out
        if isinstance(out, NotEstimable)
        else out.annotated(unit="international dollars a month")
    )
