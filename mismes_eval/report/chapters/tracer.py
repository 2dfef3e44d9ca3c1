"""The tracer study: who was followed, who was lost, whether the groups were alike, what became of
them.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from mismes_eval import tracer as tracers
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.totals import mean
from mismes_eval.evaluation.tracer_study import TREATED, Tracing
from mismes_eval.report import figures, figures_inventory
from mismes_eval.report.chapters.base import Chapter, Context, Item
from mismes_eval.report.chapters.cells import earnings_note, persons
from mismes_eval.report.chapters.enrolled import enrolled_items
from mismes_eval.report.chapters.histories import histories
from mismes_eval.report.chapters.waiting import waiting_items
from mismes_eval.report.chapters.words import DESIGN
from mismes_eval.report.document.protect import Partition
from mismes_eval.report.document.tables import COLUMNS, Table, cells_by, cells_of

ARMS = {1.0: "participants", 0.0: "comparison"}
FRAMES = {
    "LFS_SCREENING": "screened by the labour force survey",
    "BENEFICIARY_LIST": "lists of beneficiaries",
}
RATES = ("RR1", "RR2", "RR5", "COOP1", "CON1", "REF1")


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
        context.text(
            "{n:,} persons were enrolled, {t:,} in a measure and {c:,} for comparison, and followed"
            " for {m:.0f} months. Being abroad is an outcome here, never a missing value.",
            n=int(study.panel.sample.active.sum()),
            t=_count(study, 1.0),
            c=_count(study, 0.0),
            m=max(study.months.values()),
        ),
        _flow(context, study),
        _response(context, study),
        _attrition(context, study),
        _balance(context, study),
        *enrolled_items(context, study),
        *_outcomes(context, study),
        histories(context, study),
        *waiting_items(context, study),
    ]
    return Chapter(
        "tracer",
        "Tracer study: response and attrition",
        tuple(items),
        {
            t: [Partition(t, "difference", tuple(ARMS.values()), "columns", contrast=True)]
            for t in ("T14", "T15")
        },
    )


def _count(study: Tracing, arm: float) -> int:
    return int(
        (
            (study.panel.sample.frame[TREATED].to_numpy(float) == arm) & study.panel.sample.active
        ).sum()
    )


def _flow(context: Context, study: Tracing) -> Item:
    """F03: frame, enrolment, every wave with its losses, analysed."""
    frame = study.panel.sample.frame
    sources = (
        frame.loc[study.panel.sample.active, "source_frame"].astype(str).value_counts()
        if "source_frame" in frame.columns
        else pd.Series(dtype=int)
    )
    left = {
        context.text(FRAMES[k]) if k in FRAMES else context.name(k.replace("_", " ")): int(n)
        for k, n in sources.items()
    } or {context.text("persons of the study"): int(study.panel.sample.active.sum())}
    wave = context.evaluation.params.impact.main_wave
    table = tracers.flow(study.panel, analysed=(study.baseline, wave))
    steps = [
        (_step(context, study, str(s)), int(n), _losses(context, str(lost)))
        for s, n, lost in zip(table["step"], table["n"], table["lost"], strict=True)
    ]
    steps = [
        (what, n, after)
        for (what, n, _), after in zip(
            steps, [*(lost for _, _, lost in steps[1:]), ""], strict=True
        )
    ]
    notes = (
        (
            "Right of an arrow: why persons enrolled did not answer the wave below it; who is lost"
            " may come back."
        ),
        persons(context, table["n"].max()),
    )
    return figures_inventory.sources_flow(
        "F03",
        "From the frame to the analysis",
        left,
        steps,
        study.source,
        notes,
        context.synthetic,
        context.words,
    )


def _step(context: Context, study: Tracing, step: str) -> str:
    if step.startswith("answered waves"):
        return context.text("answered at enrolment and in the wave of the headline")
    if not step.startswith("answered wave "):
        return context.text(step)
    wave = next((w for w in study.months if str(w) == step.removeprefix("answered wave ")), None)
    return (
        context.text("interviewed at enrolment")
        if wave == study.baseline
        else context.text("interviewed after {m:.0f} months", m=study.months[wave])
    )


def _losses(context: Context, lost: str) -> str:
    """'refused 12, not contacted 1,003' in the report's language."""
    parts = re.findall(r"\(?([A-Za-z ]+) (\d[\d,]*\d|\d)\)?", lost)
    return "; ".join(
        f"{context.text(what.strip())} {context.words.numeral(n)}" for what, n in parts
    )


def _response(context: Context, study: Tracing) -> Table:
    panel = study.panel.with_columns(
        {"arm_name": study.panel.sample.frame[TREATED].map(ARMS).to_numpy()}
    )
    e = panel.outcome_rates("arm_name")
    keep = [
        k
        for k in range(e.p)
        if e.keys["rate"].iloc[k] in RATES and e.keys["wave"].iloc[k] in study.waves
    ]
    rows = [
        _row(context, study, str(e.keys["arm_name"].iloc[k]), e.keys["wave"].iloc[k]) for k in keep
    ]
    rates = [str(e.keys["rate"].iloc[k]) for k in keep]
    known = [i for i, k in enumerate(keep) if np.isfinite(e.value[k])]
    parts = []
    if known:
        shares = e.select([keep[i] for i in known]).annotated(kind="share")
        parts.append(
            cells_by(shares, context.rules, [rows[i] for i in known], [rates[i] for i in known])
        )
    unknown = NotEstimable("the wave holds interviews only: refusals and contacts are not recorded")
    parts += [
        cells_of([(rows[i], rates[i], unknown)], context.rules)
        for i in range(len(keep))
        if i not in known
    ]
    traced = panel.tracing_rate("arm_name")
    keep = [k for k in range(traced.p) if traced.keys["wave"].iloc[k] in study.waves]
    rows = [
        _row(context, study, str(traced.keys["arm_name"].iloc[k]), traced.keys["wave"].iloc[k])
        for k in keep
    ]
    parts.append(
        cells_by(traced.select(keep).annotated(kind="share"), context.rules, rows, "tracing")
    )
    note = (
        "AAPOR Standard Definitions: RR1 complete interviews over all, RR2 with partial ones, RR5"
        " over eligible persons; COOP1 cooperation, CON1 contact, REF1 refusal; tracing:"
        " whereabouts known, persons abroad included."
    )
    counted = tuple(n for n in e.notes if n not in study.panel.sample.notes)
    return Table(
        "T13",
        "Response by wave and arm, %",
        pd.concat(parts, ignore_index=True),
        study.source,
        (note, *counted, study.panel.sample.design.basis),
        100.0,
        1,
        context.synthetic,
    )


def _row(context: Context, study: Tracing, arm: str, wave: object) -> str:
    return context.text("{arm}, {m:.0f} months", arm=context.text(arm), m=study.months[wave])


def _rate(row: str, column: str, value: float, n: float) -> dict[str, object]:
    return dict.fromkeys(COLUMNS, np.nan) | {
        "row": row,
        "column": column,
        "value": value,
        "n": n,
        "flag": "",
        "kind": "count",
        "unit": "share",
        "definition": "",
        "status": "shown",
    }


def _attrition(context: Context, study: Tracing) -> Table:
    """Loss to follow-up by arm and wave with the design's standard error of the difference."""
    sample = study.panel.sample
    items = []
    for w in study.waves:
        lost = sample.where(study.fielded(w)).with_columns(
            {"_lost": (~study.responded(w)).astype(float), "_arm": sample.frame[TREATED].map(ARMS)}
        )
        e = mean(lost, "_lost", by="_arm")
        row = context.text("{m:.0f} months", m=study.months[w])
        items.append(
            cells_by(
                e.annotated(kind="share", unit="share"),
                context.rules,
                row,
                [str(v) for v in e.keys["_arm"]],
            )
        )
        gap = e.contrast(
            {"_lost, _arm=participants": 1.0, "_lost, _arm=comparison": -1.0}
        ).annotated(kind="contrast")
        items.append(cells_of([(row, "difference", gap)], context.rules))
    covariates = study.panel.adjustment.covariates if study.panel.adjustment else ()
    note = context.text(
        "Loss is adjusted for by response propensities on {columns}; their estimation is in every"
        " standard error below.",
        columns=", ".join(
            context.text(DESIGN[c]) if c in DESIGN else context.name(c) for c in covariates
        ),
    )
    return Table(
        "T15",
        "Lost to follow-up, %",
        pd.concat(items, ignore_index=True),
        study.source,
        (note, study.panel.sample.design.basis),
        100.0,
        1,
        context.synthetic,
    )


def _balance(context: Context, study: Tracing) -> Table:
    sample = study.panel.sample
    items = []
    for c in context.evaluation.params.tracer.attrition_covariates:
        if c not in sample.frame.columns or not pd.api.types.is_numeric_dtype(sample.frame[c]):
            continue
        inside = sample.where(sample.frame[c].notna()).with_columns(
            {"_arm": sample.frame[TREATED].map(ARMS)}
        )
        e = mean(inside, c, by="_arm")
        items.append(
            cells_by(e, context.rules, context.column(c), [str(v) for v in e.keys["_arm"]])
        )
        gap = e.contrast({f"{c}, _arm=participants": 1.0, f"{c}, _arm=comparison": -1.0}).annotated(
            kind="contrast"
        )
        items.append(cells_of([(context.column(c), "difference", gap)], context.rules))
        w, v = (
            inside.weights[inside.active],
            inside.frame[c].to_numpy(float, na_value=np.nan)[inside.active],
        )
        sd = float(np.sqrt(np.average((v - np.average(v, weights=w)) ** 2, weights=w)))
        items.append(
            pd.DataFrame(
                [
                    _rate(
                        context.column(c),
                        "standardised difference",
                        gap.value[0] / sd if sd else np.nan,
                        float(inside.active.sum()),
                    )
                ],
                columns=list(COLUMNS),
            )
        )
    note = (
        "A standardised difference above 0.1 in size deserves attention; the estimator below"
        " adjusts for the covariates it names."
    )
    return Table(
        "T14",
        "Participants and comparison group at enrolment",
        pd.concat(items, ignore_index=True),
        study.source,
        (note, *earnings_note(context, study), study.panel.sample.design.basis),
        1.0,
        2,
        context.synthetic,
    )


def _outcomes(context: Context, study: Tracing) -> list[Item]:
    """Means of each outcome by wave and arm on attrition-adjusted weights, and the path of the main
    outcome.
    """
    items, path = [], []
    main = context.evaluation.params.impact.main_outcome
    units = {}
    for outcome in context.evaluation.params.impact.outcomes:
        for w in (study.baseline, *study.waves):
            row = context.text(
                "{what}, {when}",
                what=context.column(outcome),
                when=context.text("{m:.0f} months", m=study.months[w]),
            )
            sample = study.weighted(w)
            if isinstance(sample, NotEstimable):
                items.append(cells_of([(row, "participants", sample)], context.rules))
                continue
            value = (
                study.panel.values(outcome, w)
                if outcome in study.panel.long.columns
                else np.full(sample.n, np.nan)
            )
            named = sample.with_columns({"_value": value, "_arm": sample.frame[TREATED].map(ARMS)})
            inside = named.where(np.isfinite(value))
            if not inside.active.any():
                items.append(
                    cells_of(
                        [
                            (
                                row,
                                "participants",
                                NotEstimable("the tracer study has no such outcome in this wave"),
                            )
                        ],
                        context.rules,
                    )
                )
                continue
            e = mean(inside, "_value", by="_arm")
            binary = bool(np.isin(value[inside.active], (0.0, 1.0)).all())
            units[row] = (100.0, 1) if binary else (1.0, 1)
            if binary:
                e = e.annotated(kind="share", unit="share")
            items.append(cells_by(e, context.rules, row, [str(v) for v in e.keys["_arm"]]))
            if outcome == main:
                path.append(_path(e, study.months[w]))
    table = Table(
        "T16",
        "Outcomes by wave and arm (shares in %)",
        pd.concat(items, ignore_index=True),
        study.source,
        (_words(context), *earnings_note(context, study), study.panel.sample.design.basis),
        1.0,
        1,
        context.synthetic,
        units,
    )
    if not path:
        return [table]
    frame = pd.concat(path, ignore_index=True)
    figure = figures.paths(
        "F08b",
        context.text("Since enrolment: {o}", o=context.column(str(main))),
        frame,
        "months since enrolment",
        "% (95% interval)",
        100.0,
        False,
        study.source,
        (persons(context, study.panel.sample.active.sum()), study.panel.sample.design.basis),
        context.synthetic,
        context.words,
    )
    return [table, figure]


def _words(context: Context) -> str:
    return context.text(
        "Employed, at home or abroad: wherever the person lives. Employed at home: persons abroad"
        " count as not employed at home."
    )


def _path(e: Estimate, month: float) -> pd.DataFrame:
    ci = e.ci()
    return pd.DataFrame(
        {
            "series": e.keys["_arm"].astype(str),
            "x": month,
            "value": e.value,
            "low": ci["low"].to_numpy(),
            "high": ci["high"].to_numpy(),
        }
    )
