"""A measure rolled out region by region, inside the impact chapter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.verdict import Verdict
from mismes_eval.evaluation.rollout import Rollout
from mismes_eval.report import figures, figures_common, figures_impact, sentences
from mismes_eval.report.chapters.base import Context, Item
from mismes_eval.report.chapters.cells import (
    FROM,
    HIDDEN_PICTURE,
    TO,
    P,
    about_rollout,
    as_published,
    following,
    in_unit,
    known_persons,
    plain,
    span_at,
    with_interval,
)
from mismes_eval.report.chapters.cells import rows as plain_rows
from mismes_eval.report.chapters.doubt_pictures import drawn_points, honest_items, path_cells
from mismes_eval.report.chapters.verdicts import rollout_verdict
from mismes_eval.report.document.cells import (
    NO_PERSONS,
    STANDING,
    CellKey,
    Persons,
    Standing,
    Status,
    population,
)
from mismes_eval.report.document.estimated_cells import CARRIED, cells_of, frame_of
from mismes_eval.report.document.items import PictureSpec, SummarySpec
from mismes_eval.report.document.tables import P_VALUE, Table
from mismes_eval.report.truth import truth_item

SUMMARY, OVERALL = "T24", "all groups and periods, design-based error"  # its table and row
EFFECT = CellKey(SUMMARY, OVERALL, "estimate")
OVER_REGIONS = "all groups and periods, regions as clusters (wild bootstrap)"
NOT_SHOWN = "The effect of the roll-out is not shown: too few persons."
EACH = "T24b"  # the table of group-time effects


def rollout_items(context: Context, r: Rollout) -> list[Item]:
    """T24 group-time effects, T24b summary with the wild bootstrap, F11-rollout path of the effect
    and F11b-rollout its honest intervals, and the words they allow.
    """
    intro = context.text(
        "{m} was rolled out over {n} regions. Group-time effects compare the change in regions that"
        " got it with regions that had not, on repeated cross-sections.",
        m=r.measure,
        n=r.regions,
    )
    if isinstance(r.overall, NotEstimable):
        return [intro, said(context, r)]
    return [
        intro,
        said(context, r),
        _summary(context, r),
        *_truth(context, r),
        _cells(r),
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
    cells = [
        with_interval(context, OVERALL, in_unit(r.overall, "share")),
        following(_wild(context, r), EFFECT),
        _pretrend(context, r),
        *_makeup(context, r),
    ]
    before = (
        r.before.annotated(kind="share", unit="share")
        if isinstance(r.before, Estimate)
        else r.before
    )
    cells.append(
        cells_of([("outcome before the first roll-out", "estimate", before)], context.rules)
    )
    notes = (
        (
            "With few regions the design's error misses shocks that whole regions share; the wild"
            " bootstrap treats regions as the clusters. Its n counts regions."
        ),
        (
            "Make-up: change of a trait among those asked where the measure was rolled out, beyond"
            " the other regions; a change would mean that who lives there changed."
        ),
        *r.breaks,
        r.sample.design.published_basis,
    )
    return Table(
        id=SUMMARY,
        title="Effect of the roll-out, percentage points",
        cells=pd.concat(cells, ignore_index=True),
        source=r.source,
        notes=notes,
        scale=100.0,
        units={P: (1.0, 3)},
    )


def _wild(context: Context, r: Rollout) -> pd.DataFrame:
    row = OVER_REGIONS
    if isinstance(r.wild, NotEstimable):
        return cells_of([(row, "estimate", r.wild)], context.rules)
    w = r.wild.to_frame().iloc[0]
    main = plain(
        row, "estimate", w["value"], "share", float(w["clusters"]), "effect", standing=NO_PERSONS
    ) | {
        "se": w["se"],
        "ci_low": w["ci_low"],
        "ci_high": w["ci_high"],
    }
    return plain_rows(
        [
            main,
            plain(row, FROM, w["ci_low"], "share", kind="effect"),
            plain(row, TO, w["ci_high"], "share", kind="effect"),
            plain(row, P, w["p"], P_VALUE, kind="effect"),
        ]
    )


def _makeup(context: Context, r: Rollout) -> list[pd.DataFrame]:
    """Change of each trait, and the test that none changed."""
    joint = "make-up: test that no trait changed"
    if isinstance(r.composition, NotEstimable):
        return [cells_of([(joint, "estimate", r.composition)], context.rules)]
    estimate, test = r.composition.estimate, r.composition.test
    out = []
    for place, (variable, level) in enumerate(
        zip(estimate.keys["variable"].astype(str), estimate.keys["level"].astype(str), strict=True)
    ):
        out.append(
            with_interval(
                context,
                context.text("make-up: {trait}", trait=_trait(context, variable, level)),
                estimate.select([place]).annotated(kind="contrast", unit="proportion"),
            )
        )
    if isinstance(test, NotEstimable):
        return [*out, cells_of([(joint, "estimate", test)], context.rules)]
    return [*out, plain_rows([plain(joint, P, float(test.p), P_VALUE, kind="effect")])]


def _trait(context: Context, variable: str, level: str) -> str:
    if variable == "male":
        return context.text("men")
    return context.codes(variable).get(level.split(".", maxsplit=1)[0], level)


def _pretrend(context: Context, r: Rollout) -> pd.DataFrame:
    """Joint test of all effects before the roll-out."""
    row = "test that all effects before the roll-out are 0"
    test = r.effects if isinstance(r.effects, NotEstimable) else r.effects.pretrend_test()
    return (
        cells_of([(row, "estimate", test)], context.rules)
        if isinstance(test, NotEstimable)
        else plain_rows([plain(row, P, float(test.p), P_VALUE, kind="effect")])
    )


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
    words = {"o": context.rolled_out(r.outcome)}
    cells = (rolled_cell(verdict), EFFECT)
    return (truth_item(context, "truth-rollout", planted, cells, words, unit),)


def _served(r: Rollout, frame: pd.DataFrame) -> list[Persons]:
    """Who was asked where and when, for each group-time effect, in the regions that have it."""
    name = population(r.sample.design)
    return [Persons.of(name, rows) for rows in r.served(frame)]


def _cells(r: Rollout) -> Table:
    assert not isinstance(r.effects, NotEstimable)
    frame = r.effects.to_frame()
    blank = dict.fromkeys(CARRIED, np.nan) | {
        "flag": "",
        "unit": "share",
        "definition": "",
        "status": str(Status.SHOWN),
        "kind": "effect",
    }
    cells = [
        blank
        | {
            "row": f"{int(cell['cohort'])}",
            "column": f"{int(cell['time'])}",
            "value": cell["att"],
            "se": cell["se"],
            "ci_low": cell["ci_low"],
            "ci_high": cell["ci_high"],
            "n": float(cell["n_treated"]),
            STANDING: Standing(persons=served, compares=(served,)),
        }
        for cell, served in zip(frame.to_dict("records"), _served(r, frame), strict=True)
    ]
    note = (
        "Rows: first year with the measure; columns: year of the survey. From the first year on a"
        " cell compares with the year before the roll-out; earlier cells are pre-trends from one"
        " year to the next, which F11-rollout adds up."
    )
    beside = {
        "never": "Comparison: regions that never get the measure.",
        "not_yet": "Comparison: regions that do not have the measure yet.",
    }
    return Table(
        id=EACH,
        title="Group-time effects of the roll-out, percentage points",
        cells=frame_of(cells),
        source=r.source,
        notes=(note, beside[r.effects.control]),
        scale=100.0,
    )


def _path(context: Context, r: Rollout) -> list[Item]:
    if isinstance(r.event, NotEstimable):
        return [cells_note(context, r.event.reason)]
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
        *r.breaks,
    )

    def draw(cells: pd.DataFrame) -> figures.Figure | str:
        points = drawn_points(cells)
        if points.empty:
            return context.text(HIDDEN_PICTURE, f="F11-rollout", m=r.measure)
        return figures_common.paths(
            context.caption(id, title, r.source, (*notes, *known_persons(context, cells))),
            points.assign(series=context.rolled_out(r.outcome)),
            "years since the roll-out",
            "percentage points (95% interval)",
            100.0,
            True,
        )

    groups = _group_times(r)
    followed = []
    for place, year in enumerate(own["row"].astype(float)):
        behind = (key for key in groups if float(key.column) - float(key.row) == year)
        followed.append(following(own.iloc[[place]], EFFECT, *behind))
    return [PictureSpec(id, title, draw, pd.concat(followed, ignore_index=True))]


def _group_times(r: Rollout) -> tuple[CellKey, ...]:
    """The cells of table T24b."""
    if isinstance(r.effects, NotEstimable):
        return ()
    places = r.effects.to_frame()[["cohort", "time"]].astype(int).astype(str)
    return tuple(CellKey(EACH, cohort, time) for cohort, time in places.itertuples(index=False))


def _map(context: Context, r: Rollout) -> list[Item]:
    """F11c: group-time effects as a map, of what table T24b shows."""
    if isinstance(r.effects, NotEstimable):
        return []
    notes = (
        "Right of the thick line the measure is in place; standard errors in brackets.",
        r.sample.design.published_basis,
    )
    title = "Group-time effects of the roll-out, percentage points"
    keys = _group_times(r)

    def draw(cells: pd.DataFrame) -> figures.Figure:
        effects = pd.DataFrame(
            {
                "cohort": cells["row"].astype(float),
                "time": cells["column"].astype(float),
                "att": cells["value"],
                "se": cells["se"],
                "ci_low": cells["ci_low"],
                "ci_high": cells["ci_high"],
            }
        )
        return figures_impact.group_time(
            context.caption(
                "F11c-rollout", title, r.source, (*known_persons(context, cells), *notes)
            ),
            effects,
            100.0,
        )

    return [PictureSpec("F11c-rollout", title, draw, refers=keys)]


def _honest(context: Context, r: Rollout) -> list[Item]:
    measure = context.text("{m}, first year", m=r.measure)
    return honest_items(
        context,
        r.honest,
        "F11b-rollout",
        measure,
        r.outcome,
        r.source,
        r.sample.design.published_basis,
        r.event,
        EFFECT,
        (),
    )


def cells_note(context: Context, reason: str) -> str:
    """Why there is no picture."""
    return context.text("The path of the effect could not be drawn: {r}", r=context.text(reason))
