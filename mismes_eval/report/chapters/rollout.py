"""A measure rolled out region by region, inside the impact chapter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.verdict import Verdict
from mismes_eval.evaluation.rollout import Rollout
from mismes_eval.report import figures, figures_common, figures_impact, sentences
from mismes_eval.report.chapters.base import Context, Item, Items
from mismes_eval.report.chapters.cells import (
    HIDDEN_PICTURE,
    P,
    about_rollout,
    as_published,
    following,
    following_each,
    in_unit,
    joined,
    known_persons,
    over_clusters,
    p_of,
    plain,
    single,
    span_at,
    unit_in_files,
    with_interval,
)
from mismes_eval.report.chapters.cells import rows as plain_rows
from mismes_eval.report.chapters.doubt_pictures import (
    drawn_points,
    honest_items,
    path_cells,
    ylabel_of,
)
from mismes_eval.report.chapters.verdicts import rollout_verdict
from mismes_eval.report.document.cells import (
    NOBODY,
    CellKey,
    Persons,
    Standing,
    population,
)
from mismes_eval.report.document.items import PictureSpec, SummarySpec
from mismes_eval.report.document.tables import Table
from mismes_eval.report.truth import truth_item

TRAIT = "proportion"  # unit of the make-up
SUMMARY, OVERALL = "T24", "all groups and periods, design-based error"  # its table and row
EFFECT = CellKey(SUMMARY, OVERALL, "estimate")
PERSONS = (
    "n of an effect: persons of the regions with the measure who were asked in the two years"
    " compared; of an average, for each first year the largest of these, added up."
)
OVER_REGIONS = "all groups and periods, regions as clusters (wild bootstrap)"
NOT_SHOWN = "The effect of the roll-out is not shown: too few persons."
EACH = "T24b"  # the table of group-time effects


def rollout_items(context: Context, r: Rollout) -> Items:
    """T24 group-time effects, T24b summary with the wild bootstrap, F11-rollout path of the effect
    and F11b-rollout its honest intervals, and the words they allow.
    """
    intro = context.text(
        "{m} was rolled out in {n} of {k} regions. Group-time effects compare the change in regions"
        " that got it with regions that had not, on repeated cross-sections.",
        m=r.measure,
        n=r.reached,
        k=r.regions,
    )
    if isinstance(r.overall, NotEstimable):
        return [intro, said(context, r)]
    return [
        intro,
        said(context, r),
        _summary(context, r),
        *_truth(context, r),
        _cells(context, r),
        *_map(context, r),
        *_path(context, r),
        *_honest(context, r),
    ]


def said(context: Context, r: Rollout) -> Item:
    """The effect of a roll-out in words that follow the interval that counts, and say which one
    that is; said where table T24 shows it.
    """
    if isinstance(r.overall, NotEstimable):
        return context.text(
            "The effect of the roll-out could not be estimated: {r}",
            r=context.text(r.overall.reason),
        )
    verdict = rollout_verdict(r)
    about = about_rollout(context, r)
    assert verdict is not None
    spoken = rolled_cell(verdict)

    def say(published: pd.DataFrame) -> str:
        told = as_published(verdict, published, spoken)
        if told is None or span_at(published, EFFECT) is None:
            return context.text(NOT_SHOWN)
        messages = [sentences.rollout_sentence(told, about), *sentences.excluded(told, about)]
        messages += [*sentences.reservations(told), sentences.sureness(told)]
        return " ".join(map(context.text, messages))

    return SummarySpec((EFFECT, spoken), say)


def rolled_cell(verdict: Verdict) -> CellKey:
    """The cell of T24 with the interval that speaks for a roll-out."""
    return EFFECT if verdict.span == verdict.own else replace(EFFECT, row=OVER_REGIONS)


def _summary(context: Context, r: Rollout) -> Table:
    unit = unit_in_files(context, r.what)
    about = about_rollout(context, r)
    cells = [
        with_interval(context, OVERALL, in_unit(r.overall, unit), _of_all(r)),
        following(over_clusters(context, OVER_REGIONS, r.wild, unit), EFFECT),
        following(_pretrend(context, r), EFFECT),
        *_makeup(context, r),
    ]
    before = in_unit(r.before, unit)
    if isinstance(before, Estimate) and unit == "share":
        before = before.annotated(kind="share")
    cells.append(single(context, "outcome before the first roll-out", "estimate", before))
    notes = (
        PERSONS,
        (
            "With few regions the design's error misses shocks that whole regions share; the wild"
            " bootstrap treats regions as the clusters. Its n counts regions."
        ),
        (
            "Make-up: change of a trait, in percentage points, among those asked where the measure"
            " was rolled out, beyond the other regions; a change would mean that who lives there"
            " changed."
        ),
        *r.breaks,
        r.sample.design.published_basis,
    )
    made = joined(cells)
    return Table(
        id=SUMMARY,
        title=context.text("Effect of the roll-out, {u}", u=context.text(about.many)),
        cells=made,
        source=r.source,
        notes=notes,
        scale=about.scale,
        digits=about.digits,
        units={P: (1.0, 3)} | dict.fromkeys(made.loc[made["unit"] == TRAIT, "row"], (100.0, 1)),
    )


def _makeup(context: Context, r: Rollout) -> list[pd.DataFrame]:
    """Change of each trait, and the test that none changed."""
    joint = "make-up: test that no trait changed"
    if isinstance(r.composition, NotEstimable):
        return [single(context, joint, "estimate", r.composition)]
    estimate, test = r.composition.estimate, r.composition.test
    out = []
    traits = estimate.keys[["variable", "level"]].astype(str).itertuples(index=False)
    for place, (variable, level) in enumerate(traits):
        row = context.text("make-up: {trait}", trait=_trait(context, variable, level))
        change = estimate.select([place]).annotated(kind="contrast", unit=TRAIT)
        out.append(with_interval(context, row, change))
    if isinstance(test, NotEstimable):
        return [*out, single(context, joint, "estimate", test)]
    return [*out, plain_rows([p_of(joint, float(test.p))])]


def _trait(context: Context, variable: str, level: str) -> str:
    if variable == "male":
        return context.text("men")
    return context.codes(variable).get(level.split(".", maxsplit=1)[0], level)


def _pretrend(context: Context, r: Rollout) -> pd.DataFrame:
    """Joint test of all effects before the roll-out."""
    row = "test that all effects before the roll-out are 0"
    test = r.effects if isinstance(r.effects, NotEstimable) else r.effects.pretrend_test()
    if isinstance(test, NotEstimable):
        return single(context, row, "estimate", test)
    return plain_rows([p_of(row, float(test.p))])


def _truth(context: Context, r: Rollout) -> tuple[SummarySpec, ...]:
    """Where data are made up: the planted effect, averaged over regions and years as the estimate
    is, and whether the interval that speaks holds it. Nothing where table T24 hides the effect.
    """
    table = context.evaluation.truth
    verdict = rollout_verdict(r)
    if table is None or verdict is None or not isinstance(r.overall, Estimate):
        return ()
    of_rollout = table["source"].astype(str) == "lfs_rollout"
    mine = table[of_rollout & (table["outcome"].astype(str) == r.outcome)]
    if mine.empty:
        return ()
    reached = mine["n_treated_population"].astype(float)
    planted = float(np.average(mine["att"].astype(float), weights=reached))
    about = about_rollout(context, r)
    unit = (about.scale, about.one, about.many, about.digits)
    words = {"o": about.outcome}
    cells = (rolled_cell(verdict), EFFECT)
    return (truth_item(context, "truth-rollout", planted, cells, words, unit),)


def _of_all(r: Rollout) -> Standing:
    """What the effect over all groups and periods compares."""
    if isinstance(r.effects, NotEstimable):
        return NOBODY
    name = population(r.sample.design)
    groups = zip(*r.compared(r.effects.to_frame()), strict=True)
    return Standing(compares=tuple(Persons.of(name, np.any(group, axis=0)) for group in groups))


def _each(context: Context, r: Rollout) -> str:
    unit = context.text(about_rollout(context, r).many)
    return context.text("Group-time effects of the roll-out, {u}", u=unit)


def group_time_cells(r: Rollout, unit: str) -> pd.DataFrame:
    """Behind a group-time effect stand those asked in the regions that have it, in both periods; it
    compares four groups.
    """
    assert not isinstance(r.effects, NotEstimable)
    frame = r.effects.to_frame()
    name = population(r.sample.design)
    cells = []
    for cell, groups in zip(frame.to_dict("records"), r.compared(frame), strict=True):
        standing = Standing(
            persons=Persons.of(name, groups[0] | groups[1]),
            compares=tuple(Persons.of(name, group) for group in groups),
        )
        row, column, n = str(int(cell["cohort"])), str(int(cell["time"])), cell["n_treated"]
        main = plain(row, column, cell["att"], unit, n, "effect", standing=standing)
        cells.append(main | {number: cell[number] for number in ("se", "ci_low", "ci_high")})
    return plain_rows(cells)


def _cells(context: Context, r: Rollout) -> Table:
    """T24b."""
    assert not isinstance(r.effects, NotEstimable)
    note = (
        "Rows: first year with the measure; columns: year of the survey. From the first year on a"
        " cell compares with the year before the roll-out; earlier cells are pre-trends from one"
        " year to the next, which F11-rollout adds up."
    )
    about = about_rollout(context, r)
    beside = {
        "never": "Comparison: regions that never get the measure.",
        "not_yet": "Comparison: regions that do not have the measure yet.",
    }
    return Table(
        id=EACH,
        title=_each(context, r),
        cells=group_time_cells(r, unit_in_files(context, r.what)),
        source=r.source,
        notes=(note, beside[r.effects.control], PERSONS),
        scale=about.scale,
        digits=about.digits,
    )


def _path(context: Context, r: Rollout) -> Items:
    if isinstance(r.event, NotEstimable):
        words = "The path of the effect could not be drawn: {r}"
        return [context.text(words, r=context.text(r.event.reason))]
    own = path_cells(context, r.event, "event_time", r.band)
    id = "F11-rollout"
    title = context.text(
        "Effect of the roll-out on '{o}' by years since it began", o=context.rolled_out(r.outcome)
    )
    notes = (
        "The year before the roll-out is 0 by construction.",
        (
            "Thick: 95% interval of each point; thin: 95% band that holds for all points together"
            " (sup-t)."
        ),
        PERSONS,
        *r.breaks,
    )
    scale = about_rollout(context, r).scale

    def draw(cells: pd.DataFrame) -> figures.Figure | str:
        points = drawn_points(cells)
        if points.empty:
            return context.text(HIDDEN_PICTURE, f="F11-rollout", m=r.measure)
        return figures_common.paths(
            context.caption(id, title, r.source, (*notes, *known_persons(context, cells))),
            points.assign(series=context.rolled_out(r.outcome)),
            "years since the roll-out",
            ylabel_of(context, scale),
            scale,
            True,
        )

    groups = _group_times(r)
    behind = []
    for year in own["row"].astype(float):
        at = (key for key in groups if float(key.column) - float(key.row) == year)
        behind.append((EFFECT, *at))
    return [PictureSpec(id, title, draw, following_each(own, behind))]


def _group_times(r: Rollout) -> tuple[CellKey, ...]:
    """The cells of table T24b."""
    if isinstance(r.effects, NotEstimable):
        return ()
    places = r.effects.to_frame()[["cohort", "time"]].astype(int).astype(str)
    return tuple(CellKey(EACH, cohort, time) for cohort, time in places.itertuples(index=False))


def _map(context: Context, r: Rollout) -> Items:
    """F11c: group-time effects as a map, of what table T24b shows."""
    if isinstance(r.effects, NotEstimable):
        return []
    notes = (
        "Right of the thick line the measure is in place; standard errors in brackets.",
        r.sample.design.published_basis,
    )
    title = _each(context, r)
    keys = _group_times(r)

    def draw(cells: pd.DataFrame) -> figures.Figure:
        effects = cells[["row", "column", "value", "se", "ci_low", "ci_high"]]
        effects = effects.astype({"row": float, "column": float})
        named = {"row": "cohort", "column": "time", "value": "att"}
        told = (*known_persons(context, cells), *notes)
        caption = context.caption("F11c-rollout", title, r.source, told)
        scale = about_rollout(context, r).scale
        return figures_impact.group_time(caption, effects.rename(columns=named), scale)

    return [PictureSpec("F11c-rollout", title, draw, refers=keys)]


def _honest(context: Context, r: Rollout) -> Items:
    measure = context.text("{m}, first year", m=r.measure)
    return honest_items(
        context,
        r.honest,
        "F11b-rollout",
        measure,
        about_rollout(context, r).scale,
        r.source,
        r.sample.design.published_basis,
        r.event,
        EFFECT,
        (),
    )
