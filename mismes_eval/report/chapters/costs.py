"""What the measures cost for each participant, completer and additional job, with the uncertainty
of both sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.verdict import PARALLEL
from mismes_eval.evaluation.evaluation import Evaluation
from mismes_eval.evaluation.money import Money, money
from mismes_eval.evaluation.sensitivity import Doubt
from mismes_eval.evaluation.tracer_study import Effects, Tracing
from mismes_eval.impact.planning.cost_result import CostEffectiveness
from mismes_eval.message import Message, Quantity, as_message
from mismes_eval.report import figures_impact
from mismes_eval.report.chapters.base import Context, Item
from mismes_eval.report.chapters.cells import (
    FROM,
    TO,
    P,
    outcome_scale,
    persons,
    plain,
    rows,
    with_interval,
)
from mismes_eval.report.chapters.verdicts import effect_verdict
from mismes_eval.report.document.tables import Table, cells_of

NOT_SHOWN = NotEstimable(
    Message("no effect could be shown by the wider of its intervals", kind="reason")
)
NO_END = Message("its interval has no end", kind="reason")
JOB_YEAR = (
    "{m}: an additional job-year cost {v}, 95% interval {lo} to {hi} (Fieller), if the effect lasts"
    " {h} and {assumption}."
)
NO_VALUE = "the params give no value of a job-year (cost.job_year_value)"


def worth_items(context: Context, study: Tracing) -> list[Item]:
    """T20: cost per participant, completer and additional job-year with its Fieller interval, net
    benefit, break-even; F13 costs, F13b the plane.
    """
    evaluation = context.evaluation
    pairs = zip(evaluation.effects, evaluation.doubts, strict=True)
    found = {e.measure: priced(evaluation, study, e, d) for e, d in pairs}
    sizes = {e.measure: float(e.n_treated) for e in context.evaluation.effects}
    lines, parts = [], []
    for measure, m in found.items():
        parts += [cells for cells in _costs(context, m, sizes[measure])]
        lines.append(_said(context, m))
    notes = (
        (
            "Costs are those of the services that participants received; the interval carries the"
            " error of the effect and of the cost."
        ),
        (
            "Interval of a job-year: Fieller. Net benefit: value of the job-years gained less the"
            " cost, per participant."
        ),
        *dict.fromkeys(context.text(lasting(m)) for m in found.values()),
        study.panel.sample.design.basis,
    )
    units = {context.text("{m}, break-even effect", m=m): _break_even_scale(context) for m in found}
    table = Table(
        "T20",
        "Cost per participant, completer and additional job",
        pd.concat(parts, ignore_index=True),
        study.source,
        notes,
        1.0,
        0,
        context.synthetic,
        units,
    )
    return [table, *lines, _figure(context, study, found), *_plane(context, study, found)]


@dataclass(frozen=True)
class Priced(Money):
    """Costs of one measure; job: cost of an additional job-year, or why there is none."""

    job: float | NotEstimable


def priced(evaluation: Evaluation, study: Tracing, effect: Effects, d: Doubt) -> Priced:
    """The costs of one measure. A job-year has a price only where its effect is shown by the
    interval that speaks, the widest of them.
    """
    m, verdict = money(evaluation, study, effect), effect_verdict(evaluation, effect, d)
    job = m.worth if isinstance(m.worth, NotEstimable) else m.worth.ratio
    if not isinstance(job, NotEstimable) and (verdict is None or not verdict.shown):
        job = NOT_SHOWN
    return Priced(**vars(m), job=job)


def lasting(m: Money) -> Message:
    """The assumption that travels with a job-year: how long the effect lasts."""
    digits = 0 if float(m.horizon).is_integer() else 1
    years = Quantity(m.horizon, "year", "years", digits)
    return Message("An additional job-year assumes that the effect lasts {h}.", {"h": years})


def _break_even_scale(context: Context) -> tuple[float, int]:
    return outcome_scale(context, context.evaluation.params.impact.main_outcome)


def _costs(context: Context, m: Priced, n: float) -> list[pd.DataFrame]:
    def named(what: str) -> str:
        return context.text("{m}, {what}, {c}", m=m.measure, what=context.text(what), c=m.currency)

    out = [
        _without_p(with_interval(context, named("cost per participant"), m.cost)),
        _without_p(with_interval(context, named("cost per completer"), m.completer)),
    ]
    job, net, even = (
        named("cost per additional job-year"),
        named("net benefit per participant"),
        context.text("{m}, break-even effect", m=m.measure),
    )
    w = m.worth
    if isinstance(w, NotEstimable):
        return [*out, cells_of([(row, "estimate", w) for row in (job, net, even)], context.rules)]
    ratio, benefit, least = m.job, w.net_benefit, w.break_even
    if isinstance(ratio, NotEstimable):
        out.append(cells_of([(job, "estimate", ratio)], context.rules))
    else:
        out.append(_line(job, ratio, w.fieller or (np.nan, np.nan), n, m.currency))
    out.append(
        cells_of([(net, "estimate", NotEstimable(NO_VALUE))], context.rules)
        if isinstance(benefit, NotEstimable)
        else _line(net, benefit[0], benefit[1:], n, m.currency)
    )
    out.append(
        cells_of([(even, "estimate", NotEstimable(NO_VALUE))], context.rules)
        if isinstance(least, NotEstimable)
        else rows([plain(even, "estimate", least, kind="effect")])
    )
    return out


def _line(row: str, value: float, ends: Sequence[float], n: float, unit: str) -> pd.DataFrame:
    main = plain(row, "estimate", value, unit, n, "effect") | {
        "ci_low": float(ends[0]),
        "ci_high": float(ends[1]),
    }
    return rows(
        [
            main,
            plain(row, FROM, ends[0], unit, kind="effect"),
            plain(row, TO, ends[1], unit, kind="effect"),
        ]
    )


def _without_p(cells: pd.DataFrame) -> pd.DataFrame:
    return cells[cells["column"] != P]


def _said(context: Context, m: Priced) -> str:
    return context.text(job_sentence(m))


def job_sentence(m: Priced) -> Message:
    """What an additional job-year cost, with its assumptions, or why that is not said."""
    ends = None if isinstance(m.worth, NotEstimable) else m.worth.fieller
    if isinstance(m.job, NotEstimable) or ends is None:
        reason = m.job.reason if isinstance(m.job, NotEstimable) else NO_END
        words = "{m}: no cost per additional job is given: {r}."
        return Message(words, {"m": m.measure, "r": as_message(reason, "reason")})
    digits = 0 if float(m.horizon).is_integer() else 1
    values = {
        "m": m.measure,
        "v": Quantity(m.job, m.currency, m.currency, 0),
        "lo": Quantity(ends[0], "", "", 0),
        "hi": Quantity(ends[1], "", "", 0),
        "h": Quantity(m.horizon, "year", "years", digits),
        "assumption": PARALLEL,
    }
    return Message(JOB_YEAR, values)


def _figure(context: Context, study: Tracing, found: dict[str, Priced]) -> Item:
    """F13: every cost that may be shown, with its interval."""
    lines: list[tuple[str, float, float, float, str]] = []
    size = 0.0
    for measure, m in found.items():
        size += max(
            (float(e.n[0]) for e in (m.cost, m.completer) if isinstance(e, Estimate)), default=0.0
        )
        for what, e in (("per participant", m.cost), ("per completer", m.completer)):
            if isinstance(e, Estimate) and not context.rules.confidential("mean", float(e.n[0])):
                low, high = (float(v) for v in e.ci().iloc[0])
                lines.append(
                    (
                        context.text("{m}, {what}", m=measure, what=context.text(what)),
                        float(e.value[0]),
                        low,
                        high,
                        context.text(what),
                    )
                )
        if (
            isinstance(m.worth, CostEffectiveness)
            and not isinstance(m.job, NotEstimable)
            and m.worth.fieller is not None
        ):
            what = context.text("per additional job-year")
            lines.append(
                (
                    context.text("{m}, {what}", m=measure, what=what),
                    m.job,
                    *m.worth.fieller,
                    what,
                )
            )
    if not lines:
        return context.text(
            "{f}: {m}: {r}.", f="F13", m=", ".join(found), r=context.text("no cost can be shown")
        )
    frame = pd.DataFrame(lines, columns=["label", "value", "low", "high", "group"])
    notes = (
        (
            "A measure without a cost per additional job-year is missing here: the table before"
            " says why."
        ),
        persons(context, size),
        study.panel.sample.design.basis,
    )
    currency = next(iter(found.values())).currency
    return figures_impact.forest(
        "F13",
        "What the measures cost",
        frame,
        context.text("{c} (95% interval)", c=currency),
        1.0,
        False,
        study.source,
        notes,
        context.synthetic,
        context.words,
        0,
        legend=False,
    )


def _plane(context: Context, study: Tracing, found: dict[str, Priced]) -> list[Item]:
    """F13b: effect and cost together, also where the ratio is not defined."""
    worths = {
        measure: m.worth for measure, m in found.items() if isinstance(m.worth, CostEffectiveness)
    }
    said: list[Item] = [
        context.text("{f}: {m}: {r}.", f="F13b", m=measure, r=context.text(m.worth.reason))
        for measure, m in found.items()
        if isinstance(m.worth, NotEstimable)
    ]
    if not worths:
        return said
    size = sum(float(e.n_treated) for e in context.evaluation.effects if e.measure in worths)
    notes = (
        (
            "Square: estimate; line: 95% region; points: draws. Left of the dashed line the measure"
            " costs and gains nothing."
        ),
        persons(context, size),
        study.panel.sample.design.basis,
    )
    return [
        *said,
        figures_impact.plane(
            "F13b",
            "Effect and cost together",
            worths,
            study.source,
            notes,
            context.synthetic,
            context.words,
        ),
    ]
