"""The impact question: effects of each measure, what stands beside them, what they cost."""

from __future__ import annotations

import pandas as pd

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.evaluation.evaluation import Result
from mismes_eval.evaluation.money import money
from mismes_eval.evaluation.tracing import Effects, Tracing
from mismes_eval.report import figures
from mismes_eval.report.chapters.base import Chapter, Context, Item
from mismes_eval.report.chapters.rollout import rollout_items
from mismes_eval.report.chapters.study import study_items
from mismes_eval.report.tables import COLUMNS, Table, cells_of

SHARES = frozenset({"employed", "employed_home", "job_match", "abroad", "business", "contract", "socialsec"})


def impact(context: Context) -> Chapter:
    """T17 effects by outcome and wave, T19 what stands beside them, T18 effects by group, T20 cost-effectiveness, F11 path of the effect, F13 cost."""
    study = context.evaluation.tracing
    own = context.evaluation.study
    rolled = context.evaluation.rollout
    alone = (rollout_items(context, rolled) if rolled is not None else []) + (study_items(context, own) if own is not None else [])
    if study is None:
        return Chapter("impact", "Impact and its cost", tuple(alone) or (context.absent("tracer study or impact study"),))
    items: list[Item] = [
        context.text("Effects compare the change of participants with the change of the comparison group, doubly robust, from enrolment to each wave. They are effects if, without the measure, both groups would have "
                     "changed alike given the covariates; the pre-trend test below is a check, not a proof."),
    ]  # fmt: skip
    for effect in context.evaluation.effects:
        items += headline(context, effect, study)
        items += [_effects(context, study, effect), _path(context, study, effect), _beside(context, study, effect)]
    items += [_groups(context, study)]
    items += _money(context, study)
    items += alone
    return Chapter("impact", "Impact and its cost", tuple(items))


def _scale(outcome: str) -> tuple[float, int]:
    return (100.0, 1) if outcome in SHARES else (1.0, 1)


def headline(context: Context, effect: Effects, study: Tracing) -> list[str]:
    """The main effect in words that follow its interval and its pre-trend: never more than they allow."""
    p = context.evaluation.params
    outcome, wave = str(p.text("impact.main_outcome")), p.integer("impact.main_wave")
    main = effect.by_wave.get((outcome, wave), NotEstimable("the params name no such outcome and wave"))
    if isinstance(main, NotEstimable):
        return [context.text("{m}: the effect on '{o}' could not be estimated: {r}", m=effect.measure, o=context.column(outcome), r=context.text(main.reason))]
    scale, _ = _scale(outcome)
    n = context.words.number
    low, high = (float(v) * scale for v in main.ci().iloc[0])
    unit = context.text("percentage points") if scale == 100 else context.text("units of the outcome")
    values = {"m": effect.measure, "o": context.column(outcome), "w": context.text("{m:.0f} months", m=study.months[wave]), "v": n(float(main.value[0]) * scale), "lo": n(low), "hi": n(high), "u": unit,
              "most": n(max(abs(low), abs(high)))}  # fmt: skip
    if low <= 0 <= high:
        text = context.text(
            "{m}: no effect on '{o}' could be shown after {w}: {v} {u}, 95% interval {lo} to {hi}. Effects larger than {most} {u} in size can be ruled out.",
            **values,
        )
    else:
        higher = "{m}: '{o}' is higher by {v} {u} after {w} than it would have been, 95% interval {lo} to {hi}, if the groups would else have changed alike."
        lower = "{m}: '{o}' is lower by {v} {u} after {w} than it would have been, 95% interval {lo} to {hi}, if the groups would else have changed alike."
        text = context.text(higher if low > 0 else lower, **values)
    pre = effect.pre.get(outcome)
    out = [text]
    if isinstance(pre, Estimate):
        plow, phigh = (float(v) * scale for v in pre.ci().iloc[0])
        shown = {"v": n(float(pre.value[0]) * scale), "lo": n(plow), "hi": n(phigh), "u": unit}
        if plow <= 0 <= phigh:
            out.append(context.text("In the year before enrolment the groups moved alike within what can be seen: {v} {u} ({lo} to {hi}).", **shown))
        else:
            out.append(
                context.text(
                    "Caution: already in the year before enrolment the groups moved apart by {v} {u} ({lo} to {hi}); the effect above may be wrong by as much.",
                    **shown,
                )
            )
    return out


def _effects(context: Context, study: Tracing, effect: Effects) -> Table:
    cells, units = [], {}
    for (outcome, wave), e in effect.by_wave.items():
        row = context.column(outcome)
        units[row] = _scale(outcome)
        cells.append(cells_of([(row, context.text("{m:.0f} months", m=study.months[wave]), e)], context.rules))
    truth = _truth(context, effect.measure)
    notes = [_standard_errors(context, effect), context.text("Shares in percentage points; months and earnings in their units.")]
    if truth is not None:
        notes.append(truth)
    return Table(
        f"T17-{effect.measure}",
        context.text("Effects of {m}", m=effect.measure),
        pd.concat(cells, ignore_index=True),
        study.source,
        tuple(notes),
        1.0,
        1,
        context.synthetic,
        units,
    )


def _standard_errors(context: Context, effect: Effects) -> str:
    for e in effect.by_wave.values():
        if isinstance(e, Estimate):
            said = [*e.notes[:1], *(n for n in e.notes[1:] if n.startswith("Variance"))][:2]
            return context.name(" ".join(context.text(n) for n in said))
    return ""


def _truth(context: Context, measure: str) -> str | None:
    """The known effect of synthetic data, beside the estimate."""
    table, p = context.evaluation.truth, context.evaluation.params
    if table is None:
        return None
    outcome, wave = p.text("impact.main_outcome"), p.integer("impact.main_wave")
    mine = table[
        (table["measure_id"].astype(str) == measure)
        & (table["outcome"].astype(str) == outcome)
        & (pd.to_numeric(table["wave"]) == wave)
        & (table["source"].astype(str) == "tracer")
    ]
    if mine.empty:
        return None
    said = "Known true effect of these made-up data on '{o}' in wave {wave}: {v:.3f}."
    return context.text(said, o=context.column(str(outcome)), wave=wave, v=float(mine["att"].iloc[0]))


def _path(context: Context, study: Tracing, effect: Effects) -> Item:
    outcome = str(context.evaluation.params.text("impact.main_outcome"))
    rows = []
    pre = effect.pre.get(outcome)
    if isinstance(pre, Estimate):
        ci = pre.ci().iloc[0]
        rows.append((-12.0, -float(pre.value[0]), -float(ci["high"]), -float(ci["low"])))
    rows.append((0.0, 0.0, 0.0, 0.0))
    for w in study.waves:
        e = effect.by_wave.get((outcome, w))
        if isinstance(e, Estimate):
            ci = e.ci().iloc[0]
            rows.append((study.months[w], float(e.value[0]), float(ci["low"]), float(ci["high"])))
    frame = pd.DataFrame(rows, columns=["x", "value", "low", "high"]).assign(series=effect.measure)
    scale, _ = _scale(outcome)
    note = "The comparison with enrolment is 0 by construction; the point a year before is the pre-trend."
    title = context.text("Effect of {m} on '{o}'", m=effect.measure, o=context.column(outcome))
    return figures.paths(
        f"F11-{effect.measure}",
        title,
        frame,
        "months since enrolment",
        "percentage points (95% interval)" if scale == 100 else "units (95% interval)",
        scale,
        True,
        study.source,
        (note,),
        context.synthetic,
        context.words,
    )


def _beside(context: Context, study: Tracing, effect: Effects) -> Table:
    """The main effect next to other estimators and weights."""
    p = context.evaluation.params
    outcome, wave = str(p.text("impact.main_outcome")), p.integer("impact.main_wave")
    rows: list[tuple[str, str, Result]] = [
        ("doubly robust, attrition adjusted (headline)", "estimate", effect.by_wave.get((outcome, wave), NotEstimable("not asked for")))
    ]
    rows.append(("difference of mean changes, complete cases", "estimate", effect.unadjusted.get((outcome, wave), NotEstimable("not asked for"))))
    rows += [(name, "estimate", e) for name, e in effect.beside.items()]
    pre = effect.pre.get(outcome, NotEstimable("the params name no column for the year before enrolment"))
    rows.append(("pre-trend: change in the year before enrolment", "estimate", pre))
    title = context.text(
        "'{o}' after {w}: what stands beside the headline ({m})",
        o=context.column(outcome),
        w=context.text("{m:.0f} months", m=study.months[wave]),
        m=effect.measure,
    )
    scale, digits = _scale(outcome)
    return Table(
        f"T19-{effect.measure}", title, cells_of(rows, context.rules), study.source, (study.panel.sample.design.basis,), scale, digits, context.synthetic
    )


def _groups(context: Context, study: Tracing) -> Table:
    parts = []
    outcome = str(context.evaluation.params.text("impact.main_outcome"))
    for effect in context.evaluation.effects:
        for (column, level), e in effect.by_group.items():
            parts.append(
                cells_of(
                    [(context.text("{m}, {c}: {level}", m=effect.measure, c=context.column(column), level=context.words.level(_level(level))), "effect", e)],
                    context.rules,
                )
            )
        for column, gap in effect.group_gaps.items():
            parts.append(cells_of([(context.text("{m}, difference by {c}", m=effect.measure, c=context.column(column)), "effect", gap)], context.rules))
    cells = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))
    note = "Several groups are looked at: one interval in twenty misses its value by chance alone."
    scale, digits = _scale(outcome)
    return Table(
        "T18", "Effects by group, main outcome and wave", cells, study.source, (note, study.panel.sample.design.basis), scale, digits, context.synthetic
    )


def _level(level: str) -> str:
    return {"1": "yes", "0": "no", "1.0": "yes", "0.0": "no", "True": "yes", "False": "no"}.get(level, level)


def _money(context: Context, study: Tracing) -> list[Item]:
    """T20: cost per participant and per additional job-year with its Fieller interval; the reason and no ratio where the effect's interval covers zero."""
    parts: list[pd.DataFrame] = []
    words: list[Item] = []
    for effect in context.evaluation.effects:
        m = money(context.evaluation, study, effect)
        parts.append(cells_of([(context.text("{m}, cost per participant, {c}", m=effect.measure, c=m.currency), "estimate", m.cost)], context.rules))
        row = context.text("{m}, cost per additional job-year, {c}", m=effect.measure, c=m.currency)
        ratio = m.worth if isinstance(m.worth, NotEstimable) else m.worth.ratio
        if isinstance(ratio, NotEstimable) or isinstance(m.worth, NotEstimable):
            reason = ratio.reason if isinstance(ratio, NotEstimable) else ""
            parts.append(cells_of([(row, "estimate", NotEstimable(reason))], context.rules))
            words.append(context.text("{m}: no cost per additional job is given: {r}.", m=effect.measure, r=context.text(reason)))
            continue
        low, high = m.worth.fieller or (float("nan"), float("nan"))
        cell = dict.fromkeys(COLUMNS, float("nan")) | {"row": row, "column": "estimate", "value": ratio, "ci_low": low, "ci_high": high, "n": float(effect.n_treated), "degf": m.worth.dof, "flag": "",
                                                       "kind": "effect", "unit": m.currency, "definition": "cost / (effect x years), Fieller interval", "status": "shown"}  # fmt: skip
        parts.append(pd.DataFrame([cell], columns=list(COLUMNS)))
        n = context.words.number
        words.append(context.text("{m}: an additional job-year cost {v} {c}, 95% interval {lo} to {hi} (Fieller), if the effect lasts {y} years.", m=effect.measure, v=n(ratio, 0), c=m.currency,
                                  lo=n(low, 0), hi=n(high, 0), y=n(m.horizon, 1)))  # fmt: skip
    note = "Costs are those of the services that participants received; the interval carries the error of the effect and of the cost."
    table = Table(
        "T20",
        "Cost per participant and per additional job",
        pd.concat(parts, ignore_index=True),
        study.source,
        (note, study.panel.sample.design.basis),
        1.0,
        0,
        context.synthetic,
    )
    return [table, *words]
