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
from mismes_eval.report.chapters.base import Chapter, Context, Item
from mismes_eval.report.chapters.cells import (
    arms,
    cell_unit,
    earnings_note,
    outcome_kind,
    outcome_scale,
    outcome_unit,
    persons,
    plain,
    pooled_basis,
    rows,
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
from mismes_eval.report.document.estimated_cells import cells_by, cells_of, counted
from mismes_eval.report.document.items import Number, PictureSpec, SentenceSpec
from mismes_eval.report.document.tables import Table
from mismes_eval.report.document.words import DESIGN
from mismes_eval.tracer import TracerPanel
from mismes_eval.tracer.dispositions import GROUPS

ARMS = {1.0: "participants", 0.0: "comparison"}
DEAD = (
    "Persons known to have died count as lost here; the weights leave them out of the population."
)
INTERVAL = "{u} (95% interval)"
RATES = ("RR1", "RR2", "RR5", "COOP1", "CON1", "REF1")
BESIDE: Mapping[str, tuple[str, ...]] = {  # groups that a rate tells beside the others
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
        return Chapter(
            "tracer", "Tracer study: response and attrition", (context.absent("tracer study"),)
        )
    items: list[Item] = [
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
    return Chapter("tracer", "Tracer study: response and attrition", tuple(items))


def _arm(study: Tracing, arm: float) -> Persons:
    """Those of one arm who were enrolled."""
    return Persons.among(
        study.panel.sample, study.panel.sample.frame[TREATED].to_numpy(float) == arm
    )


def _enrolled(study: Tracing) -> SentenceSpec:
    """How many were enrolled, where each arm is large enough to be counted."""
    sets = {"n": Persons.among(study.panel.sample), "t": _arm(study, 1.0), "c": _arm(study, 0.0)}
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
    panel = study.panel.with_columns(
        {"arm_name": study.panel.sample.frame[TREATED].map(ARMS).to_numpy()}
    )
    estimate = panel.outcome_rates("arm_name")
    keep = [
        place
        for place in range(estimate.p)
        if estimate.keys["rate"].iloc[place] in RATES
        and estimate.keys["wave"].iloc[place] in study.waves
    ]
    rows = [
        _row(
            context,
            study,
            str(estimate.keys["arm_name"].iloc[place]),
            estimate.keys["wave"].iloc[place],
        )
        for place in keep
    ]
    rates = [str(estimate.keys["rate"].iloc[place]) for place in keep]
    known = [i for i, place in enumerate(keep) if np.isfinite(estimate.value[place])]
    parts = []
    if known:
        shares = estimate.select([keep[i] for i in known]).annotated(kind="share")
        told = [_beside_rates(panel, shares, place) for place in range(shares.p)]
        names, heads = [rows[i] for i in known], [rates[i] for i in known]
        parts.append(cells_by(shares, context.rules, names, heads, told))
    unknown = NotEstimable("the wave holds interviews only: refusals and contacts are not recorded")
    parts += [
        cells_of([(rows[i], rates[i], unknown)], context.rules)
        for i in range(len(keep))
        if i not in known
    ]
    traced = panel.tracing_rate("arm_name")
    keep = [place for place in range(traced.p) if traced.keys["wave"].iloc[place] in study.waves]
    rows = [
        _row(
            context,
            study,
            str(traced.keys["arm_name"].iloc[place]),
            traced.keys["wave"].iloc[place],
        )
        for place in keep
    ]
    parts.append(
        cells_by(traced.select(keep).annotated(kind="share"), context.rules, rows, "tracing")
    )
    note = (
        "AAPOR Standard Definitions: RR1 complete interviews over all, RR2 with partial ones, RR5"
        " over eligible persons; COOP1 cooperation, CON1 contact, REF1 refusal; tracing:"
        " whereabouts known, persons abroad included."
    )
    counted = tuple(n for n in estimate.notes if n not in study.panel.sample.notes)
    return Table(
        id="T13",
        title="Response by wave and arm, %",
        cells=pd.concat(parts, ignore_index=True),
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


def _row(context: Context, study: Tracing, arm: str, wave: object) -> str:
    return context.text("{arm}, {m:.0f} months", arm=context.text(arm), m=study.months[wave])


def _attrition(context: Context, study: Tracing) -> Table:
    """Loss to follow-up by arm and wave with the design's standard error of the difference."""
    sample = study.panel.sample
    items = []
    for w in study.waves:
        lost = sample.where(study.fielded(w)).with_columns(
            {"_lost": (~study.responded(w)).astype(float), "_arm": sample.frame[TREATED].map(ARMS)}
        )
        estimate = mean(lost, "_lost", by="_arm")
        row = context.text("{m:.0f} months", m=study.months[w])
        items.append(
            cells_by(
                estimate.annotated(kind="share", unit="share"),
                context.rules,
                row,
                [str(arm) for arm in estimate.keys["_arm"]],
            )
        )
        gap = estimate.contrast(
            {"_lost, _arm=participants": 1.0, "_lost, _arm=comparison": -1.0}
        ).annotated(kind="contrast", unit="share")
        items.append(cells_of([(row, "difference", gap)], context.rules, arms(study)))
    covariates = study.panel.adjustment.covariates if study.panel.adjustment else ()
    note = "Weights of enrolment; loss is not adjusted for."
    if covariates:
        note = context.text(
            "Loss is adjusted for by response propensities on {columns}; their estimation is in every"
            " standard error below.",
            columns=", ".join(
                context.text(DESIGN[covariate]) if covariate in DESIGN else context.name(covariate)
                for covariate in covariates
            ),
        )
    return Table(
        id="T15",
        title="Lost to follow-up, %",
        cells=pd.concat(items, ignore_index=True),
        source=study.source,
        notes=(note, DEAD, *pooled_basis(context, study)),
        scale=100.0,
    )


def _balance(context: Context, study: Tracing) -> Table:
    sample = study.panel.sample
    items = []
    for covariate in context.evaluation.params.tracer.attrition_covariates:
        if covariate not in sample.frame.columns or not pd.api.types.is_numeric_dtype(
            sample.frame[covariate]
        ):
            continue
        inside = sample.where(sample.frame[covariate].notna()).with_columns(
            {"_arm": sample.frame[TREATED].map(ARMS)}
        )
        estimate = mean(inside, covariate, by="_arm")
        items.append(
            cells_by(
                estimate.annotated(unit=_unit(study, covariate)),
                context.rules,
                context.column(covariate),
                [str(arm) for arm in estimate.keys["_arm"]],
            )
        )
        gap = estimate.contrast(
            {f"{covariate}, _arm=participants": 1.0, f"{covariate}, _arm=comparison": -1.0}
        ).annotated(kind="contrast", unit=_unit(study, covariate))
        compared = arms(study)
        items.append(
            cells_of([(context.column(covariate), "difference", gap)], context.rules, compared)
        )
        w, values = (
            inside.weights[inside.active],
            inside.frame[covariate].to_numpy(float, na_value=np.nan)[inside.active],
        )
        sd = float(np.sqrt(np.average((values - np.average(values, weights=w)) ** 2, weights=w)))
        standardised = plain(
            context.column(covariate),
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
        cells=pd.concat(items, ignore_index=True),
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
    values = study.panel.sample.frame[column].dropna()
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


def _outcomes(context: Context, study: Tracing) -> list[Item]:
    """Means of each outcome by wave and arm on attrition-adjusted weights, and the path of the main
    outcome.
    """
    items: list[pd.DataFrame] = []
    path: dict[str, float] = {}
    main = context.evaluation.params.impact.main_outcome
    units = {}
    for outcome in context.evaluation.params.impact.outcomes:
        for w in (study.baseline, *study.waves):
            row = context.text(
                "{what}, {when}",
                what=context.column(outcome),
                when=context.text("{m:.0f} months", m=study.months[w]),
            )
            estimate = arm_means(study, outcome, w)
            if isinstance(estimate, NotEstimable):
                items.append(cells_of([(row, "participants", estimate)], context.rules))
                continue
            units[row] = outcome_scale(context, outcome)
            if outcome_kind(context, outcome).kind == "share":
                estimate = estimate.annotated(kind="share")
            estimate = estimate.annotated(unit=cell_unit(context, outcome))
            items.append(
                cells_by(estimate, context.rules, row, [str(arm) for arm in estimate.keys["_arm"]])
            )
            if outcome == main:
                path[row] = study.months[w]
    table = Table(
        id="T16",
        title="Outcomes by wave and arm (shares in %)",
        cells=pd.concat(items, ignore_index=True),
        source=study.source,
        notes=(_words(context), *earnings_note(context, study), *pooled_basis(context, study)),
        units=units,
    )
    if not path:
        return [table]
    return [table, _path(context, study, path)]


def _path(context: Context, study: Tracing, months: Mapping[str, float]) -> PictureSpec:
    """F08b: the main outcome of both arms over time, from the cells of T16. months: row -> months
    since enrolment.
    """
    main = context.evaluation.params.impact.main_outcome
    share = outcome_kind(context, main).kind == "share"
    unit = outcome_unit(context, main)
    ylabel = "% (95% interval)" if share else context.name(context.text(INTERVAL, u=unit))
    title = context.text("Since enrolment: {o}", o=context.column(str(main)))
    keys = tuple(CellKey("T16", row, arm) for row in months for arm in ARMS.values())
    everybody = counted("enrolled", "persons", Persons.among(study.panel.sample))

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


def _words(context: Context) -> str:
    return context.text(
        "Employed, at home or abroad: wherever the person lives. Employed at home: persons abroad"
        " count as not employed at home."
    )
