"""What people of a tracer study did month by month, and how long they waited for a first job."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from mismes_eval import tracer as tracers
from mismes_eval.errors import MismesError
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.estimate.survival import survival
from mismes_eval.evaluation.tracer_study import Tracing
from mismes_eval.numerics.rows import Int
from mismes_eval.report import figures_tracer
from mismes_eval.report.chapters.base import Context, Item, Items
from mismes_eval.report.chapters.cells import (
    ARMS,
    Record,
    arm_of,
    persons,
    plain,
    pooled_basis,
    rows,
)
from mismes_eval.report.document.cells import (
    NOBODY,
    Persons,
    Standing,
    have_like_weights,
    population,
)
from mismes_eval.report.document.estimated_cells import counted
from mismes_eval.report.document.items import PictureSpec
from mismes_eval.report.figures import Figure
from mismes_eval.tracer.histories import EMPLOYED
from mismes_eval.weighting.sample import Sample

EVERYBODY = "all"
STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)  # of shares that are drawn
NO_EPISODES = "no work and migration episodes were supplied"


def waiting_items(context: Context, study: Tracing) -> Items:
    """F08 states by month since enrolment, F09 time to the first job."""
    return [_months(context, study), _first_job(context, study)]


def _months(context: Context, study: Tracing) -> Item:
    """Weighted shares by arm; months with fewer persons than a cell may have are left out."""
    what = context.text("states by month")
    if study.panel.episodes is None:
        return context.nothing("F08", what, NO_EPISODES)
    last = int(np.nanmax([m for m in study.months.values() if np.isfinite(m)] or [36]))
    arm = arm_of(study.sample)
    cells: list[Record] = []
    for code, name in ARMS.items():
        try:
            part = study.panel.where(arm == code)
            table = tracers.sequences(part, after=last)
            state = tracers.monthly(part, "enrol_date", 0, last)
        except MismesError as error:
            return context.nothing("F08", what, error.problems[0].reason)
        cells += _month_cells(context, context.text(name), part.sample, table, state)
    if not cells:
        return context.nothing("F08", what, "too few persons have a known month")
    title = "What participants and the comparison group do, month by month"
    draw = partial(_drawn_months, context, study, title)
    return PictureSpec("F08", title, draw, rows(cells))


def _month_cells(
    context: Context, name: str, sample: Sample, table: pd.DataFrame, state: np.ndarray
) -> list[Record]:
    """Shares of the states in each month of one arm, with the persons in each: the states of a
    month add up to everybody whose month is known. Their number is printed for the first month
    alone: who has left by another would follow from two of them, and so it would from fractions
    of like weights, which are rounded to steps of a person or more.
    """
    out = []
    states = list(table.columns[2:])
    if have_like_weights(sample.design, sample.active):
        fewest = table.loc[table["n"] >= context.rules.min_mean, "n"].min()
        table = table.assign(**in_steps(table[states], fewest))
    for k, line in enumerate(table.to_dict("records")):
        known = pd.notna(state[:, k]) & sample.active
        who = Persons.of(population(sample.design), known)
        place = f"F08, {name}, {k}"
        whole = Persons.of(place, known)
        for code in states:
            rows_of = known & (state[:, k] == code)
            tells = [Persons.of(place, rows_of)]
            if k == 0:  # who is in work at enrolment is not at risk in F09
                tells.append(Persons.of(who.population, rows_of))
            told = Standing(persons=who if k == 0 else None, tells=tuple(tells), whole=whole)
            if line["n"] >= context.rules.min_mean:
                n = who.n if k == 0 else np.nan
                out.append(
                    plain(f"{name}|{k}", str(code), line[code], "share", n, "share", standing=told)
                )
    return out


def in_steps(shares: pd.DataFrame, persons: float) -> pd.DataFrame:
    """Shares of a month in steps that are no finer than one of so many persons: any number of
    persons near theirs has a fraction in each step. They still add up to one.
    """
    step = next((step for step in STEPS if step * persons >= 1), STEPS[-1])
    ends = (shares.cumsum(axis=1) / step).round() * step
    return (ends - ends.shift(axis=1, fill_value=0.0)).round(9).abs()


def _drawn_months(context: Context, study: Tracing, title: str, published: pd.DataFrame) -> Figure:
    place = published["row"].str.rsplit("|", n=1, expand=True)
    cells = published.assign(arm=place[0], month=pd.to_numeric(place[1]))
    tables = {}
    for name, part in cells.groupby("arm", sort=False):
        wide = part.pivot(index="month", columns="column", values="value")
        n = part.groupby("month")["n"].max()
        tables[str(name)] = wide[list(dict.fromkeys(part["column"]))].assign(n=n).reset_index()
    most = cells["n"].max()
    notes = [
        "Enrolment weights; persons count as long as their months are known. White: states that"
        " are not shown because of few persons, or because they would reveal such a state."
    ]
    if np.isfinite(most):
        notes.append(persons(context, cells.groupby("arm")["n"].max().sum()))
    return figures_tracer.months(
        context.caption("F08", title, study.source, (*notes, *pooled_basis(context, study))),
        tables,
        context.codes("episode_states"),
        context.text("months since enrolment"),
    )


def _first_job(context: Context, study: Tracing) -> Item:
    """Kaplan-Meier curves by arm of those without a job at enrolment, as far as enough persons are
    still followed.
    """
    what = context.text("time to the first job")
    if study.panel.episodes is None:
        return context.nothing("F09", what, NO_EPISODES)
    try:
        sample = tracers.first_event(study.panel, {"job": EMPLOYED})
        arm = arm_of(sample)
        curves = {
            context.text(name): _curve(context, sample.where(arm == code))
            for code, name in ARMS.items()
            if (sample.active & (arm == code)).any()
        }
    except MismesError as error:
        return context.nothing("F09", what, error.problems[0].reason)
    shown = {name: curve for name, curve in curves.items() if curve.p}
    if not shown:
        return context.nothing("F09", what, "too few persons are followed")
    cells = [counted(EVERYBODY, "persons", Persons.among(sample))]
    for code, name in ARMS.items():
        curve = shown.get(context.text(name))
        if curve is not None:
            cells += _waiting_cells(context.text(name), curve, sample.where(arm == code))
    title = "Time from enrolment to the first job (Kaplan-Meier)"
    draw = partial(_drawn_waiting, context, study, title)
    return PictureSpec("F09", title, draw, rows(cells))


def _waiting_cells(name: str, curve: Estimate, group: Sample) -> list[Record]:
    """The share of a group that still waits, at every time. Where persons have like weights, it is
    a fraction of those who were at risk, and tells how many they are.
    """
    like = have_like_weights(group.design, group.active)
    told = Standing(tells=(Persons.among(group),)) if like else NOBODY
    ends = curve.ci()
    numbers = zip(curve.keys["time"], curve.value, ends["low"], ends["high"], strict=True)
    return [
        plain(f"{time:g}", name, value, "share", kind="share", standing=told)
        | {"ci_low": low, "ci_high": high}
        for time, value, low, high in numbers
    ]


def _drawn_waiting(context: Context, study: Tracing, title: str, published: pd.DataFrame) -> Figure:
    everybody = float(published.loc[published["row"] == EVERYBODY, "value"].iloc[0])
    points = published[published["row"] != EVERYBODY]
    frame = pd.DataFrame(
        {
            "group": points["column"],
            "time": points["row"].astype(float),
            "value": points["value"],
            "low": points["ci_low"],
            "high": points["ci_high"],
        }
    )
    known = [persons(context, everybody)] if np.isfinite(everybody) else []
    notes = (
        "Persons with a job in the month of enrolment are not at risk; losses are censored at"
        " the last interview. Curves end where fewer persons are followed than a mean may"
        " rest on.",
        *known,
        *pooled_basis(context, study),
    )
    return figures_tracer.waiting(
        context.caption("F09", title, study.source, notes),
        frame,
        context.text("months since enrolment"),
    )


def _curve(context: Context, sample: Sample) -> Estimate:
    """The curve as far as it is published: where persons have like weights, a step is a number of
    persons, and steps of few are taken together.
    """
    estimate = survival(sample, "duration", "event")
    at_risk = pd.to_numeric(estimate.keys["at_risk"]).to_numpy(float)
    kept = np.flatnonzero(at_risk >= context.rules.min_mean)
    if have_like_weights(sample.design, sample.active):
        happened = sample.active & (sample.frame["event"].to_numpy(float) == 1)
        when = np.sort(sample.frame["duration"].to_numpy(float)[happened])
        until = np.searchsorted(when, estimate.keys["time"].to_numpy(float)[kept], side="right")
        kept = kept[_apart(until, context.rules.min_cell)]
    return estimate.select(kept.tolist())


def _apart(counts: Int, least: int) -> list[int]:
    """The places of counts that never fall of which each is 0 or `least` above the one before."""
    out = []
    last = 0
    for place, count in enumerate(counts):
        if count == last or count - last >= least:
            out.append(place)
            last = count
    return out
