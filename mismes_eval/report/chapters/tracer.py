"""The tracer study: who was followed, who was lost, whether the groups were alike, what became of
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from mismes_eval.errors import MismesError
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.totals import mean
from mismes_eval.evaluation.tracer_study import TREATED, Tracing
from mismes_eval.report import figures, figures_common
from mismes_eval.report.chapters.base import Chapter, Context, Items
from mismes_eval.report.chapters.cells import (
    ARMS,
    after,
    arm_of,
    arms,
    cell_unit,
    earnings_note,
    joined,
    outcome_kind,
    outcome_scale,
    outcome_unit,
    persons,
    plain,
    pooled_basis,
    rows,
    single,
)
from mismes_eval.report.chapters.enrolled import enrolled_items
from mismes_eval.report.chapters.histories import histories
from mismes_eval.report.chapters.participant_flow import flow
from mismes_eval.report.chapters.waiting import waiting_items
from mismes_eval.report.document.cells import (
    NOBODY,
    CellKey,
    Persons,
    Standing,
    counted_in,
)
from mismes_eval.report.document.estimated_cells import cells_by, counted
from mismes_eval.report.document.items import Number, PictureSpec, SentenceSpec
from mismes_eval.report.document.tables import Table
from mismes_eval.report.document.words import DESIGN
from mismes_eval.tracer import TracerPanel
from mismes_eval.tracer.dispositions import GROUPS

TITLE = "Tracer study: response and attrition"
DEAD = (
    "Persons known to have died count as lost here; the weights leave them out of the population."
)
WHEREVER = (
    "Employed, at home or abroad: wherever the person lives. Employed at home: persons abroad count"
    " as not employed at home."
)
INTERVAL = "{u} (95% interval)"
RATES = ("RR1", "RR2", "RR5", "COOP1", "CON1", "REF1")
BESIDE = {  # groups that a rate tells beside the others
    "RR1": ("P",),
    "RR5": ("UH", "UO"),
    "COOP1": ("R", "O"),
    "CON1": ("NC", "UH", "UO"),
}


def tracer(context: Context) -> Chapter:
    """T13 dispositions and response rates, T14 baseline balance, T14b consent and vulnerability,
    T15 attrition by arm, T16 outcomes by wave and arm, F03 flow, F08 states, F09 first job.
    """
    study = context.evaluation.tracing
    if study is None:
        return Chapter("tracer", TITLE, (context.absent("tracer study"),))
    items: Items = [
        _enrolled(study),
        flow(context, study),
        _response(context, study),
        _attrition(context, study),
        _balance(context, study),
        *enrolled_items(context, study),
        *_outcomes(context, study),
        histories(context, study),
        *waiting_items(context, study),
    ]
    return Chapter("tracer", TITLE, tuple(items))


def _arm(study: Tracing, arm: float) -> Persons:
    """Those of one arm who were enrolled."""
    return Persons.among(study.sample, arm_of(study.sample) == arm)


def _enrolled(study: Tracing) -> SentenceSpec:
    """How many were enrolled, where each arm is large enough to be counted."""
    sets = {"n": Persons.among(study.sample), "t": _arm(study, 1.0), "c": _arm(study, 0.0)}
    cells = rows([counted("enrolled", name, who) for name, who in sets.items()])
    return SentenceSpec(
        template="{n:,} persons were enrolled, {t:,} in a measure and {c:,} for comparison, and followed"
        " for {m:.0f} months. Being abroad is an outcome here, never a missing value.",
        numbers={name: Number(CellKey("enrolled", "enrolled", name)) for name in sets},
        words={"m": max(study.months.values())},
        otherwise="Persons were enrolled in measures and for comparison, too few in one of the groups to be"
        " counted here, and followed for {m:.0f} months. Being abroad is an outcome here, never a"
        " missing value.",
        id="enrolled",
        cells=cells,
    )


def _response(context: Context, study: Tracing) -> Table:
    panel = study.panel.with_columns({"arm_name": study.sample.frame[TREATED].map(ARMS).to_numpy()})
    estimate = panel.outcome_rates("arm_name")
    keys = estimate.keys
    wanted = keys["rate"].isin(RATES) & keys["wave"].isin(study.waves)
    known = np.isfinite(estimate.value)
    parts = []
    shares = estimate.select(np.flatnonzero(wanted & known).tolist()).annotated(kind="share")
    if shares.p:
        told = [_beside_rates(panel, shares, place) for place in range(shares.p)]
        names, heads = _rows(context, study, shares.keys), list(map(str, shares.keys["rate"]))
        parts.append(cells_by(shares, context.rules, names, heads, told))
    silent = keys[wanted & ~known]
    unknown = NotEstimable("the wave holds interviews only: refusals and contacts are not recorded")
    for row, rate in zip(_rows(context, study, silent), silent["rate"], strict=True):
        parts.append(single(context, row, str(rate), unknown))
    traced = panel.tracing_rate("arm_name")
    traced = traced.select(np.flatnonzero(traced.keys["wave"].isin(study.waves)).tolist())
    rows = _rows(context, study, traced.keys)
    parts.append(cells_by(traced.annotated(kind="share"), context.rules, rows, "tracing"))
    note = (
        "AAPOR Standard Definitions: RR1 complete interviews over all, RR2 with partial ones, RR5"
        " over eligible persons; COOP1 cooperation, CON1 contact, REF1 refusal; tracing:"
        " whereabouts known, persons abroad included."
    )
    counted = tuple(n for n in estimate.notes if n not in study.sample.notes)
    return Table(
        id="T13",
        title="Response by wave and arm, %",
        cells=joined(parts),
        source=study.source,
        notes=(note, *counted, *pooled_basis(context, study)),
        scale=100.0,
    )


def _beside_rates(panel: TracerPanel, shares: Estimate, place: int) -> Standing:
    """The groups that a rate of response tells beside the other rates of its row, where persons
    have like weights: partial interviews are RR2 without RR1, and so on.
    """
    own = counted_in(shares, place)
    key = shares.keys.iloc[place]
    groups = BESIDE.get(str(key["rate"]))
    if not own or groups is None:
        return NOBODY
    sample = panel.sample
    wave = panel.waves.index(key["wave"])
    codes = [GROUPS.index(group) for group in groups]
    inside = np.isin(panel.cases[:, wave], codes) & panel.tried[:, wave]
    arm = (sample.frame["arm_name"] == key["arm_name"]).to_numpy(bool)
    return Standing(tells=(*own, Persons.among(sample, inside & arm)))


def _rows(context: Context, study: Tracing, keys: pd.DataFrame) -> list[str]:
    """The row of each arm and wave."""
    return [
        context.text("{arm}, {m:.0f} months", arm=context.text(str(arm)), m=study.months[wave])
        for arm, wave in zip(keys["arm_name"], keys["wave"], strict=True)
    ]


def arms_of(estimate: Estimate) -> list[str]:
    """The columns of an estimate by arm."""
    return list(map(str, estimate.keys["_arm"]))


def _gap(estimate: Estimate, name: str, unit: str) -> Estimate:
    """Participants minus comparison group, of a mean by arm."""
    sides = {f"{name}, _arm=participants": 1.0, f"{name}, _arm=comparison": -1.0}
    return estimate.contrast(sides).annotated(kind="contrast", unit=unit)


def _attrition(context: Context, study: Tracing) -> Table:
    """Loss to follow-up by arm and wave with the design's standard error of the difference."""
    sample = study.sample
    items = []
    for w in study.waves:
        lost = sample.where(study.fielded(w)).with_columns(
            {"_lost": (~study.responded(w)).astype(float), "_arm": sample.frame[TREATED].map(ARMS)}
        )
        estimate = mean(lost, "_lost", by="_arm")
        row = after(context, study, w)
        shares = estimate.annotated(kind="share", unit="share")
        items.append(cells_by(shares, context.rules, row, arms_of(estimate)))
        gap = _gap(estimate, "_lost", "share")
        items.append(single(context, row, "difference", gap, arms(study)))
    adjustment = study.panel.adjustment
    note = "Weights of enrolment; loss is not adjusted for."
    if adjustment and adjustment.covariates:
        columns = [
            context.text(DESIGN[covariate]) if covariate in DESIGN else context.name(covariate)
            for covariate in adjustment.covariates
        ]
        note = context.text(
            "Loss is adjusted for by response propensities on {columns}; their estimation is in every"
            " standard error below.",
            columns=", ".join(columns),
        )
    return Table(
        id="T15",
        title="Lost to follow-up, %",
        cells=joined(items),
        source=study.source,
        notes=(note, DEAD, *pooled_basis(context, study)),
        scale=100.0,
    )


def _balance(context: Context, study: Tracing) -> Table:
    sample = study.sample
    items = []
    for covariate in context.params.tracer.attrition_covariates:
        if covariate not in sample.frame.columns:
            continue
        if not pd.api.types.is_numeric_dtype(sample.frame[covariate]):
            continue
        inside = sample.where(sample.frame[covariate].notna()).with_columns(
            {"_arm": sample.frame[TREATED].map(ARMS)}
        )
        row, unit = context.column(covariate), _unit(study, covariate)
        estimate = mean(inside, covariate, by="_arm")
        means = estimate.annotated(unit=unit)
        items.append(cells_by(means, context.rules, row, arms_of(estimate)))
        gap = _gap(estimate, covariate, unit)
        compared = arms(study)
        items.append(single(context, row, "difference", gap, compared))
        w = inside.weights[inside.active]
        values = inside.frame[covariate].to_numpy(float, na_value=np.nan)[inside.active]
        sd = float(np.sqrt(np.average((values - np.average(values, weights=w)) ** 2, weights=w)))
        standardised = plain(
            row,
            "standardised difference",
            gap.value[0] / sd if sd else np.nan,
            "standard deviations",
            float(inside.active.sum()),
            standing=replace(compared, persons=Persons.among(inside)),
        )
        items.append(rows([standardised]))
    note = (
        "A standardised difference (over the standard deviation of both groups together) above 0.1"
        " in size deserves attention; the estimator below adjusts for the covariates it names."
        " Yes-no traits are shares from 0 to 1."
    )
    return Table(
        id="T14",
        title="Participants and comparison group at enrolment",
        cells=joined(items),
        source=study.source,
        notes=(note, *earnings_note(context, study), *pooled_basis(context, study)),
        digits=2,
    )


def _unit(study: Tracing, column: str) -> str:
    """The unit of what was known of a person at enrolment."""
    if "earn" in column:
        return study.home_currency or "currency"
    if column.startswith("age"):
        return "years"
    values = study.sample.frame[column].dropna()
    yes_no = pd.to_numeric(values, errors="coerce").isin((0, 1)).all()
    # not "share": arms of a mean must be as large as a mean needs, also behind a difference
    return "proportion" if yes_no else "number"


def arm_means(
    study: Tracing, outcome: str, wave: object, among: TracerPanel | None = None
) -> Estimate | NotEstimable:
    """Means of an outcome by arm at a wave, on the weights of those who answered it. among: the
    panel of one measure; None takes everybody.
    """
    value = study.values(outcome, wave)
    try:
        sample = (among or study.panel).weight_sample([wave])
    except MismesError as error:
        return NotEstimable(error.problems[0].reason)
    named = sample.with_columns({"_value": value, "_arm": sample.frame[TREATED].map(ARMS)})
    inside = named.where(np.isfinite(value))
    if not inside.active.any():
        return NotEstimable("the tracer study has no such outcome in this wave")
    return mean(inside, "_value", by="_arm")


def _outcomes(context: Context, study: Tracing) -> Items:
    """Means of each outcome by wave and arm on attrition-adjusted weights, and the path of the main
    outcome.
    """
    items: list[pd.DataFrame] = []
    path: dict[str, float] = {}
    impact = context.params.impact
    units = {}
    for outcome in impact.outcomes:
        for w in (study.baseline, *study.waves):
            row = context.text(
                "{what}, {when}",
                what=context.column(outcome),
                when=after(context, study, w),
            )
            estimate = arm_means(study, outcome, w)
            if isinstance(estimate, NotEstimable):
                items.append(single(context, row, "participants", estimate))
                continue
            units[row] = outcome_scale(context, outcome)
            if outcome_kind(context, outcome).kind == "share":
                estimate = estimate.annotated(kind="share")
            estimate = estimate.annotated(unit=cell_unit(context, outcome))
            items.append(cells_by(estimate, context.rules, row, arms_of(estimate)))
            if outcome == impact.main_outcome:
                path[row] = study.months[w]
    table = Table(
        id="T16",
        title="Outcomes by wave and arm (shares in %)",
        cells=joined(items),
        source=study.source,
        notes=(WHEREVER, *earnings_note(context, study), *pooled_basis(context, study)),
        units=units,
    )
    if not path:
        return [table]
    return [table, _path(context, study, path)]


def _path(context: Context, study: Tracing, months: Mapping[str, float]) -> PictureSpec:
    """F08b: the main outcome of both arms over time, from the cells of T16. months: row -> months
    since enrolment.
    """
    main = context.params.impact.main_outcome
    share = outcome_kind(context, main).kind == "share"
    unit = outcome_unit(context, main)
    ylabel = "% (95% interval)" if share else context.name(context.text(INTERVAL, u=unit))
    title = context.text("Since enrolment: {o}", o=context.column(str(main)))
    keys = tuple(CellKey("T16", row, arm) for row in months for arm in ARMS.values())
    everybody = counted("enrolled", "persons", Persons.among(study.sample))

    def draw(published: pd.DataFrame) -> figures.Figure:
        enrolled, cells = published.iloc[0], published.iloc[1:]
        frame = pd.DataFrame(
            {
                "series": cells["column"],
                "x": [months[row] for row in cells["row"]],
                "value": cells["value"],
                "low": cells["ci_low"],
                "high": cells["ci_high"],
            }
        )
        known = [persons(context, enrolled["value"])] if np.isfinite(enrolled["value"]) else []
        if frame["value"].isna().any():
            known.append("A point that is missing is not shown in table T16 either.")
        return figures_common.paths(
            context.caption("F08b", title, study.source, (*known, *pooled_basis(context, study))),
            frame,
            "months since enrolment",
            ylabel,
            outcome_scale(context, main)[0],
            False,
        )

    return PictureSpec(id="F08b", title=title, draw=draw, cells=rows([everybody]), refers=keys)
