"""Returnees, absent members and non-migrants in the labour force survey."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mismes_eval import lfs
from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.totals import mean
from mismes_eval.evaluation.evaluation import Result
from mismes_eval.evaluation.survey import Survey
from mismes_eval.lfs.catalogue import catalogue
from mismes_eval.lfs.migrants import was_asked
from mismes_eval.lfs.persons import aged
from mismes_eval.report import figures, figures_common
from mismes_eval.report.chapters.absentees import ID as ABSENT_ID
from mismes_eval.report.chapters.absentees import absentees, listed_note
from mismes_eval.report.chapters.base import Chapter, Context, Items
from mismes_eval.report.chapters.cells import joined, persons, single
from mismes_eval.report.chapters.criteria import gaps_item
from mismes_eval.report.chapters.own import own
from mismes_eval.report.chapters.profile import in_order, profile
from mismes_eval.report.chapters.quality import reliability
from mismes_eval.report.chapters.returns import ID as SPLIT_ID
from mismes_eval.report.chapters.returns import returns
from mismes_eval.report.chapters.survey_basis import (
    basis,
    groups,
    meaning,
    named_levels,
    tells_internal,
    variance,
    with_status,
)
from mismes_eval.report.document.cells import Persons, Standing
from mismes_eval.report.document.estimated_cells import cells_by, cells_of
from mismes_eval.report.document.items import PictureSpec, no_cells
from mismes_eval.report.document.tables import Table

TITLE = "Migrants in the labour force survey"
UNKNOWN_ROW = "status not known, % of residents in the age range"
UNKNOWN = "Residents in the age range whose migration status no answer tells."
ADD_UP = (
    "Returnees, immigrants, internal migrants and non-migrants are shares of residents whose status"
    " is known, and add up to 100%."
)
INTERNAL_UNASKED = (
    "No answer that the definition reads tells moves inside the country; internal migrants count as"
    " non-migrants here."
)
WITH_INTERNAL = (
    "Non-migrants: share of residents who are neither returnees nor immigrants. Among residents in"
    " the age range of the migrant definition."
)
RETURNEES_ROW = "returnees, % of residents"
ORIGIN_SHARES = {
    "birth": ("foreign-born, % of residents", "native-born, % of residents"),
    "citizenship": ("foreign citizens, % of residents", "nationals, % of residents"),
}
ORIGIN_ROWS = {
    "birth": (
        "Share of residents whose country of birth is another one.",
        "Share of residents who were born in the country.",
    ),
    "citizenship": (
        "Share of residents with the citizenship of another country.",
        "Share of residents with the citizenship of the country.",
    ),
}
ORIGIN_ADDS_UP = "The two are shares of residents whose origin is known, and add up to 100%."
NO_RETURN = "The survey does not tell who returned from abroad."
BY_REGION = {
    "returnees": "Returnees by region",
    "foreign-born": "Foreign-born by region",
    "foreign citizens": "Foreign citizens by region",
}
TITLES = {
    "birth": "Labour status of the foreign-born and the native-born",
    "citizenship": "Labour status of foreign citizens and nationals",
}
LABOUR = (
    "L3.participation",
    "L3.employment",
    "L3.unemployment",
    "L3.lu3",
    "L3.neet",
    "L4.vulnerable",
    "L4.informal",
    "L10",
)
MATCH = ("L5", "L5.over_mean", "L6.abroad", "L6.now", "L8.sought", "L8")


def people(context: Context) -> Chapter:
    """T07 profile, T08 labour status, T09 match of skills, T09b earnings gap, F06 returnees by
    region, F07 reliability, absent members.
    """
    survey = context.evaluation.survey
    if survey is None:
        return Chapter("people", TITLE, (context.absent("labour force survey"),))
    if survey.definition is None:
        make = _everybody
    else:
        make = _by_return if survey.tells_return else _by_origin
    items = make(context, survey)
    items += reliability(
        context,
        [i for i in items if isinstance(i, Table) and i.id not in (SPLIT_ID, ABSENT_ID)],
        survey.source,
        variance(survey),
    )
    items += gaps_item(context)
    return Chapter("people", TITLE, tuple(items))


def _everybody(context: Context, s: Survey) -> Items:
    """A survey that asks nobody about a migration of their own."""
    said = "The survey has no question on migration; labour status is shown for everybody."
    shares = [] if s.absent is None else [_shares(context, s)]
    return [
        context.text(said),
        *shares,
        *absentees(context, s),
        _indicator_table(context, "T08", "Labour status", LABOUR, s, by="sex"),
        *own(context, s, {}),
        _unemployed(context, s),
    ]


def _by_origin(context: Context, s: Survey) -> Items:
    """A survey that tells where people were born, or whose citizens they are, and no more."""
    assert s.definition is not None
    title = TITLES[s.definition.immigrant_by]
    return [
        context.text(NO_RETURN),
        _shares(context, s),
        profile(context, s),
        *absentees(context, s),
        _indicator_table(context, "T08", title, LABOUR, s),
        *own(context, s, dict(groups(s))),
        _by_sex(context, s),
        _unemployed(context, s),
        _indicator_table(context, "T09", "Match of skills and jobs", MATCH[:2], s),
        *_regions(context, s),
    ]


def _by_return(context: Context, s: Survey) -> Items:
    """A survey that tells who returned from abroad."""
    return [
        _shares(context, s),
        profile(context, s),
        *absentees(context, s),
        _indicator_table(context, "T08", "Labour status of returnees and non-migrants", LABOUR, s),
        *own(context, s, dict(groups(s))),
        _by_sex(context, s),
        _unemployed(context, s),
        returns(context, s, basis(s)),
        _indicator_table(context, "T09", "Match of skills and jobs, recognition", MATCH, s),
        _gap(context, s),
        *_regions(context, s),
    ]


def _shares(context: Context, s: Survey) -> Table:
    found = context.indicators(which=("L1", "L2"))
    items = [_status_row(context, s, found, *row) for row in _status_rows(s)]
    if s.definition is not None:
        items.append(_unknown(context, s, s.definition))
    absent = found.get("L2")
    if isinstance(absent, Estimate):
        names = {
            "absent": "absent members, thousand",
            "share": "absent members, % of residents and absent",
        }
        for place, variable in enumerate(absent.keys["variable"].astype(str)):
            kind, unit = ("total", "persons") if variable == "absent" else ("share", "share")
            one = absent.select([place]).annotated(kind=kind, unit=unit)
            who = Standing(persons=Persons.of("absent members", np.ones(int(one.n[0]), bool)))
            known = s.total(one) if variable == "absent" else one
            items.append(single(context, names[variable], "estimate", known, who))
    else:
        none = NotEstimable("no roster of absent members")
        items.append(single(context, "absent members", "estimate", none))
    adds_up = ADD_UP if s.tells_return else ORIGIN_ADDS_UP
    notes = [*(() if s.definition is None else (adds_up,)), *basis(s)]
    if isinstance(absent, Estimate):
        notes += [lfs.UNCOVERED, *listed_note(s)]
    return Table(
        id="T07a",
        title="How many",
        cells=joined(items),
        source=s.source,
        notes=tuple(notes),
        scale=100.0,
        units={"absent members, thousand": (0.001, 1)},
    )


def _status_rows(s: Survey) -> tuple[tuple[str, str, str], ...]:
    """Indicator, row and status of each share of residents."""
    if s.definition is None:
        return ()
    if not s.tells_return:
        foreign, native = ORIGIN_SHARES[s.definition.immigrant_by]
        return (("L1.immigrant", foreign, "IMM"), ("L1.non_migrant", native, "NON"))
    return (
        ("L1", RETURNEES_ROW, "RET"),
        ("L1.immigrant", "immigrants, % of residents", "IMM"),
        ("L1.internal", "internal migrants, % of residents", "INT_INTERNAL"),
        ("L1.non_migrant", "non-migrants, % of residents", "NON"),
    )


def _status_row(
    context: Context, s: Survey, found: Mapping[str, Result], id_: str, name: str, code: str
) -> pd.DataFrame:
    """The share of residents with a status."""
    item = found.get(id_, NotEstimable("not computed"))
    if isinstance(item, Estimate) and s.definition is not None and not s.tells_return:
        foreign, native = ORIGIN_ROWS[s.definition.immigrant_by]
        item = item.annotated(definition=foreign if code == "IMM" else native)
    elif code == "NON" and not tells_internal(s) and isinstance(item, Estimate):
        item = item.annotated(definition=WITH_INTERNAL)
    elif code == "INT_INTERNAL" and not tells_internal(s):
        item = NotEstimable(INTERNAL_UNASKED)
    counted = Standing(tells=(Persons.among(s.sample, with_status(s, code)),))
    return single(context, name, "estimate", item, counted)


def _unknown(context: Context, s: Survey, rule: lfs.Definition) -> pd.DataFrame:
    """Residents of the age range without a migration status, of those who were asked; they are in
    none of the shares above.
    """
    frame = s.sample.frame
    status = frame["mig_status"].astype("string")
    in_age = aged(frame, rule.age_min, rule.age_max, rule.name)
    missing = status.isna().to_numpy(bool)
    there = [
        column for names in lfs.needed(rule)[1:] for column in names if column in frame.columns
    ]
    put = np.logical_and.reduce([in_age, *(was_asked(frame, column) for column in there)])
    inside = s.sample.with_columns({"_unknown": missing.astype(float)}).where(
        put & (status != "CUR_ABS").fillna(True).to_numpy(bool)
    )
    if not inside.active.any() or missing[inside.active].all():
        return single(context, UNKNOWN_ROW, "estimate", NotEstimable("nobody was asked"))
    share = mean(inside, "_unknown").annotated(kind="share", unit="share", definition=UNKNOWN)
    counted = Standing(tells=(Persons.among(inside, missing),))
    return single(context, UNKNOWN_ROW, "estimate", share, counted)


def _indicator_table(
    context: Context,
    id: str,
    title: str,
    which: Sequence[str],
    s: Survey,
    by: str = "status",
) -> Table:
    heads = tuple(dict.fromkeys(w.split(".")[0] for w in which))
    found = context.indicators(by=(by,), which=heads)
    overall = context.indicators(which=heads)
    parts = []
    for w in which:
        estimate = found.get(w)
        title_of = w
        whole = overall.get(w)
        for item in (whole, estimate):
            if isinstance(item, Estimate):
                title_of = str(item.extra.get("title", w))
        if isinstance(estimate, Estimate):
            parts.append(_grouped(context, s, estimate, title_of, by))
        elif isinstance(estimate, NotEstimable) and not isinstance(whole, Estimate):
            parts.append(single(context, catalogue()[w].title, "all residents", estimate))
        if isinstance(whole, Estimate) and whole.p == 1:
            parts.append(single(context, title_of, "all residents", whole))
    return Table(
        id=id,
        title=context.text("{title}, %", title=context.text(title)),
        cells=joined(parts),
        source=s.source,
        notes=(*meaning(s), *basis(s)) if by == "status" else variance(s),
        scale=100.0,
    )


def _unemployed(context: Context, s: Survey) -> Table:
    estimate = context.indicators(which=("L3",)).get("L3.unemployed", NotEstimable("not computed"))
    return Table(
        id="T08c",
        title="Unemployed persons, thousand",
        cells=single(context, "all residents", "estimate", s.total(estimate)),
        source=s.source,
        notes=variance(s),
        scale=0.001,
    )


def _grouped(context: Context, s: Survey, e: Estimate, title: str, by: str) -> pd.DataFrame:
    """Cells of the first measure of an indicator by group, in words; of a breakdown by status those
    that are compared, the others are left to 'all residents'.
    """
    keys = e.keys[["variable", by]].astype(str).reset_index(drop=True)
    keys = keys[keys["variable"] == keys["variable"].iloc[0]]
    label = named_levels(s) if by == "status" else {}
    if label:
        keys = keys[keys[by].isin(list(label))]
    if keys.empty:
        return no_cells()
    names = [label.get(level) or context.words.level(level) for level in keys[by]]
    return cells_by(e.select(keys.index.tolist()), context.rules, title, names)


def _by_sex(context: Context, s: Survey) -> Table:
    found = context.indicators(by=("status", "sex"), which=("L3",))
    label = {level: context.text(name) for level, name in named_levels(s).items()}
    parts = []
    for w in ("L3.participation", "L3.employment", "L3.unemployment"):
        estimate = found.get(w)
        if not isinstance(estimate, Estimate):
            continue
        keys = estimate.keys[["status", "sex"]].astype(str).reset_index(drop=True)
        keys = keys[keys["status"].isin(list(label))]
        names = [
            context.text("{status}, {sex}", status=label[status], sex=context.words.level(sex))
            for status, sex in keys.itertuples(index=False)
        ]
        title = str(estimate.extra.get("title", w))
        shown = estimate.select(keys.index.tolist())
        parts.append(cells_by(shown, context.rules, title, names))
    return Table(
        id="T08b",
        title="Labour status by sex, %",
        cells=joined(parts),
        source=s.source,
        notes=(*meaning(s), *basis(s)),
        scale=100.0,
    )


def _gap(context: Context, s: Survey) -> Table:
    found = context.indicators(which=("L9", "L11"))
    titles = {
        "L9": "earnings gap, raw",
        "L9.mincer": "earnings gap, adjusted (Mincer)",
        "L9.dfl": "earnings gap, reweighted (DFL)",
    }
    rows: list[tuple[str, str, Result]] = []
    for key, name in titles.items():
        item = found.get(key, NotEstimable("not computed for this survey"))
        if isinstance(item, Estimate):
            item = item.select([0]).annotated(kind="contrast")
        rows.append((name, "log points x 100", item))
    return Table(
        id="T09b",
        title="Earnings of returnees against non-migrants",
        cells=cells_of(rows, context.rules),
        source=s.source,
        notes=("Log points times 100 are close to percent for small gaps.", *meaning(s), *basis(s)),
        scale=100.0,
    )


def _regions(context: Context, s: Survey) -> Items:
    code, name = next(iter(groups(s).items()))
    title = BY_REGION[name]
    id_ = "L1" if code == "RET" else "L1.immigrant"
    found = context.indicators(by=("region",), which=("L1",)).get(id_)
    found = in_order(found, "region") if isinstance(found, Estimate) else found
    if not isinstance(found, Estimate) or found.p > 30:
        reason = "more than 30 regions"
        if not isinstance(found, Estimate):
            reason = found.reason if found else "not computed for this survey"
        return [context.nothing("F06", context.text(title), reason)]
    regions = lfs.breakdown(s.sample.frame, "region").astype(str).to_numpy()
    known = s.sample.frame["mig_status"].notna().to_numpy(bool)
    counts = with_status(s, code) & known
    names = list(map(str, found.keys["region"]))
    counted = [
        Standing(tells=(Persons.among(s.sample, counts & (regions == place)),)) for place in names
    ]
    labels = [context.words.level(name) for name in names]
    cells = cells_by(found, context.rules, labels, name, counted)

    def draw(published: pd.DataFrame) -> figures.Figure:
        notes = [*basis(s), persons(context, published["n"].sum())]
        if not (published["status"] == "shown").all():
            notes.append("c: not shown, too few persons, or it would reveal another region.")
        return figures_common.dots_of(
            context.caption("F06", title, s.source, notes),
            published,
            "% of residents (95% interval)",
            100.0,
        )

    return [PictureSpec("F06", title, draw, cells)]
