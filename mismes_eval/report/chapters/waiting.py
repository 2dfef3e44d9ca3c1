"""What people of a tracer study did month by month, and how long they waited for a first job."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mismes_eval import tracer as tracers
from mismes_eval.errors import MismesError
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.survival import survival
from mismes_eval.evaluation.tracer_study import TREATED, Tracing
from mismes_eval.report import figures_tracer
from mismes_eval.report.chapters.base import Context, Item
from mismes_eval.report.chapters.cells import persons
from mismes_eval.report.chapters.suppression import few_of
from mismes_eval.tracer.histories import EMPLOYED
from mismes_eval.weighting.sample import Sample

ARMS = {1.0: "participants", 0.0: "comparison"}
NO_EPISODES = "no work and migration episodes were supplied"


def waiting_items(context: Context, study: Tracing) -> list[Item]:
    """F08 states by month since enrolment, F09 time to the first job."""
    return [_months(context, study), _first_job(context, study)]


def _absent(context: Context, id: str, what: str, reason: str) -> str:
    return context.text("{f}: {m}: {r}.", f=id, m=context.text(what), r=context.text(reason))


def _months(context: Context, study: Tracing) -> Item:
    """Weighted shares by arm; months with fewer persons than a cell may have are left out."""
    what = "states by month"
    if study.panel.episodes is None:
        return _absent(context, "F08", what, NO_EPISODES)
    last = int(np.nanmax([m for m in study.months.values() if np.isfinite(m)] or [36]))
    arm = study.panel.sample.frame[TREATED].to_numpy(float)
    tables, most = {}, 0
    for code, name in ARMS.items():
        try:
            table = tracers.sequences(study.panel.where(arm == code), after=last)
        except MismesError as error:
            return _absent(context, "F08", what, error.problems[0].message)
        states = table.columns[2:]
        count = table[states].mul(table["n"], axis=0)
        table.loc[:, states] = table[states].where(~_few(count, context.rules.min_cell))
        table.loc[table["n"] < context.rules.min_mean, "n"] = 0
        tables[context.text(name)] = table
        most += int(table["n"].max())
    seen = {name: table for name, table in tables.items() if (table["n"] > 0).any()}
    if not seen:
        return _absent(context, "F08", what, "too few persons have a known month")
    few = "{who}: too few persons have a known month."
    notes = (
        *(context.text(few, who=name) for name in tables if name not in seen),
        (
            "Enrolment weights; persons count as long as their months are known. White: states that"
            " are not shown because of few persons, or because they would reveal such a state."
        ),
        persons(context, most),
        study.panel.sample.design.basis,
    )
    return figures_tracer.months(
        "F08",
        "What participants and the comparison group do, month by month",
        seen,
        context.codes("episode_states"),
        context.text("months since enrolment"),
        study.source,
        notes,
        context.synthetic,
        context.words,
    )


def _few(count: pd.DataFrame, least: int) -> pd.DataFrame:
    """States that are not shown in a month, month by month: the states of a month add up to
    everybody.
    """
    return count.apply(few_of, axis=1, least=least) if len(count) else count.astype(bool)


def _first_job(context: Context, study: Tracing) -> Item:
    """Kaplan-Meier curves by arm of those without a job at enrolment, as far as enough persons are
    still followed.
    """
    what = "time to the first job"
    if study.panel.episodes is None:
        return _absent(context, "F09", what, NO_EPISODES)
    try:
        sample = tracers.first_event(study.panel, {"job": EMPLOYED})
        arm = sample.frame[TREATED].to_numpy(float)
        curves = {
            context.text(name): _curve(context, sample.where(arm == code))
            for code, name in ARMS.items()
            if (sample.active & (arm == code)).any()
        }
    except MismesError as error:
        return _absent(context, "F09", what, error.problems[0].message)
    shown = {name: e for name, e in curves.items() if e.p}
    if not shown:
        return _absent(context, "F09", what, "too few persons are followed")
    notes = (
        (
            "Persons with a job in the month of enrolment are not at risk; losses are censored at"
            " the last interview. Curves end where fewer persons are followed than a mean may"
            " rest on."
        ),
        persons(context, int(sample.active.sum())),
        study.panel.sample.design.basis,
    )
    return figures_tracer.waiting(
        "F09",
        "Time from enrolment to the first job (Kaplan-Meier)",
        shown,
        context.text("months since enrolment"),
        study.source,
        notes,
        context.synthetic,
        context.words,
    )


def _curve(context: Context, sample: Sample) -> Estimate:
    e = survival(sample, "duration", "event")
    at_risk = pd.to_numeric(e.keys["at_risk"]).to_numpy(float)
    return e.select([k for k in range(e.p) if at_risk[k] >= context.rules.min_mean])
