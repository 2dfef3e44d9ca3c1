"""A study in a file of its own, inside the impact chapter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import pandas as pd

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.verdict import Span, Verdict
from mismes_eval.evaluation.evaluation import Result
from mismes_eval.evaluation.study import (
    Alone,
    Classical,
    Study,
    StudyFile,
    alone_within,
    by_method,
    lost,
    within,
)
from mismes_eval.report import sentences
from mismes_eval.report.chapters.base import Context, Items
from mismes_eval.report.chapters.cells import (
    as_published,
    in_unit,
    joined,
    plain,
    rows,
    single,
)
from mismes_eval.report.chapters.verdicts import blocks_verdict
from mismes_eval.report.document.cells import CellKey, Persons, Standing, population
from mismes_eval.report.document.estimated_cells import counted, standing_of
from mismes_eval.report.document.items import Number, SentenceSpec, SummarySpec
from mismes_eval.report.document.tables import Table
from mismes_eval.report.sentences import About

UNITS, NO_GROUP = "units-of-the-study", "without-a-group"  # sentences with cells of their own
IN_NO_ROW = "{n:,} {n:=unit has no group and stands|units have no group and stand} in no row of these tables."
FEW_IN_NO_ROW = (
    "Units without a group stand in no row of these tables; they are too few to be counted here."
)
ONE_ARM = (
    "{n:,} {n:=unit stands|units stand} in {b:,} {b:=block|blocks} of the draw with one arm only,"
    " where nobody can be compared: differences, effects and bounds are those of the other blocks."
)
FEW_ONE_ARM = (
    "Units in blocks of the draw with one arm only, where nobody can be compared, are too few to be"
    " counted here: differences, effects and bounds are those of the other blocks."
)
ONE_ARM_ANSWERS = (
    "{rows}: {n:,} {n:=unit with an answer stands|units with an answer stand} in {b:,}"
    " {b:=block|blocks} with answers from one arm only, and {n:=says|say} nothing of an effect within"
    " blocks."
)
FEW_ONE_ARM_ANSWERS = (
    "{rows}: units in blocks with answers from one arm only say nothing of an effect within blocks;"
    " they are too few to be counted here."
)
DISAGREE = (
    "{o}: the estimators disagree ({lo} to {hi}). The answer depends on the method and no single one"
    " should be read as the effect; the groups differ in ways that the covariates may not remove."
)
AGREE_IN_SIGN = (
    "{o}: the estimators agree in sign ({lo} to {hi}), but not all intervals exclude zero."
)
ALL_AGREE = (
    "{o}: every estimator finds an effect of the same sign ({lo} to {hi}), if the groups would else"
    " have changed alike."
)
DESIGN, CLASSIC = "difference (robust SE, by the design)", "difference (classical SE)"


EFFECTIVENESS = "Effectiveness"
NO_COMPARISON = (
    "the params name no draw by lot (section lottery), no blocks within which lots were drawn"
    " (study.absorb) and no outcome before (study.before), so no effect can be estimated"
)


@dataclass(frozen=True)
class Line:
    """One sentence of evidence on a criterion, how strong it is, and the tables that show it."""

    criterion: str
    finding: str
    strength: str
    tables: str


def study_findings(context: Context, s: Study) -> list[Line]:
    """What a study of its own says of its first outcome, by group; why nothing, where it says
    nothing.
    """
    if not s.absorb and not s.before:
        return [Line(EFFECTIVENESS, context.text(NO_COMPARISON), "none", "")]
    return [_found(context, s, group) for group in s.groups]


def _found(context: Context, s: Study, group: str) -> Line:
    """Within blocks, which were drawn by lot; else the difference-in-differences."""
    if not s.absorb:
        outcome = next(iter(s.before))
        label = row_of(context, group, outcome)
        found = by_method(s, outcome, group)
        cells = context.published_at(_keys_of_methods(context, label, found))
        said = _verdict(context, label, cells)
        first = next((e for e in found.values() if isinstance(e, Estimate)), None)
        sure = Verdict(first).sureness if first is not None and said else "none"
        return Line(
            EFFECTIVENESS, said or context.text("no estimator could be computed"), sure, "T32"
        )
    outcome = s.outcomes[0]
    label, (robust, _) = row_of(context, group, outcome), within(s, outcome, group)
    tables = "T30, T31" if s.sample.frame[s.followed].isna().any() else "T31"
    if isinstance(robust, NotEstimable):
        return Line(
            EFFECTIVENESS,
            context.text("{m}: {r}", m=label, r=context.text(robust.reason)),
            "none",
            "",
        )
    key = CellKey("T31", label, DESIGN)
    judged = blocks_verdict(context.evaluation, outcome, robust, lost(s, group)[0])
    verdict = as_published(judged, context.published_at([key]), key)
    if verdict is None:
        few = context.text("{m}: {r}", m=label, r=context.text("too few persons"))
        return Line(EFFECTIVENESS, few, "none", "")
    about = About(context.name(s.source), label, "", 1.0, one="", many="", digits=3)
    messages = [sentences.drawn_sentence(verdict, about), *sentences.reservations(verdict)]
    said = context.name(" ".join(context.text(message) for message in messages))
    return Line(EFFECTIVENESS, said, verdict.sureness, tables)


def row_of(context: Context, group: str, outcome: str) -> str:
    """The row of an outcome, of a group where there are several."""
    name = context.own(outcome)
    if group == "all":
        return name
    return context.text("{group}, {outcome}", group=context.words.level(group), outcome=name)


def not_in_it(file: Study | StudyFile, ungrouped: str, few: str) -> Items:
    """Who was left out of a study by each of its rules, and how many have no group. ungrouped: the
    sentence on them; few: where they are too few.
    """
    out: Items = []
    name = population(file.sample.design)
    for rule, outside in file.left_out.items():
        template = "{n:,} {n:=unit|units} outside {rule} left out."
        otherwise = "Units outside {rule} are left out, too few to be counted here."
        who = Persons.of(name, outside)
        out.append(_counting(f"outside-{rule}", rule, who, template, otherwise, rule=rule))
    if file.ungrouped.any():
        who = Persons.of(name, file.ungrouped)
        out.append(_counting(NO_GROUP, NO_GROUP, who, ungrouped, few))
    return out


def _counting(
    id: str, row: str, who: Persons, template: str, otherwise: str = "", **words: str
) -> SentenceSpec:
    """A sentence with how many persons there are, in a cell of its own."""
    numbers = {"n": Number(CellKey(id, row, "n"))}
    cells = rows([counted(row, "n", who)])
    return SentenceSpec(template, numbers, words, otherwise, id=id, cells=cells)


def in_one_arm(id: str, s: Study | StudyFile, rows_of: Mapping[str, Alone]) -> Items:
    """A sentence for each set of units that some rows of a table have in blocks of one arm. id:
    begins the places of their cells; the row "" is the whole draw.
    """
    same: dict[bytes, list[str]] = {}
    for row, found in rows_of.items():
        same.setdefault(found.units.tobytes(), []).append(row)
    name = population(s.sample.design)
    out: Items = []
    for k, labels in enumerate(same.values()):
        found = rows_of[labels[0]]
        if not found.blocks:
            continue
        place = f"{id}-{k + 1}"
        who = Persons.of(name, found.units)
        cells = [counted(place, "n", who), counted(place, "blocks", who) | {"value": found.blocks}]
        of_all = "" in labels
        spec = SentenceSpec(
            template=ONE_ARM if of_all else ONE_ARM_ANSWERS,
            numbers={
                "n": Number(CellKey(place, place, "n")),
                "b": Number(CellKey(place, place, "blocks")),
            },
            words={"rows": "; ".join(labels)},
            otherwise=FEW_ONE_ARM if of_all else FEW_ONE_ARM_ANSWERS,
            id=place,
            cells=rows(cells),
        )
        out.append(spec)
    return out


def study_items(context: Context, s: Study) -> Items:
    """T30 loss to follow-up, T31 effects within blocks, T32 difference-in-differences by every
    estimator, with the words they allow.
    """
    items: Items = [
        _counting(
            UNITS, UNITS, Persons.among(s.sample), "Study file {f}: {n:,} units.", f=s.source
        ),
        *not_in_it(s, IN_NO_ROW, FEW_IN_NO_ROW),
    ]
    if not s.absorb and not s.before:
        items.append(context.text("{f}: {r}", f=s.source, r=context.text(NO_COMPARISON)))
    if s.sample.frame.loc[s.sample.active, s.followed].isna().any():
        items.append(_lost(context, s))
    if s.absorb:
        alone = {
            row_of(context, group, outcome): alone_within(s, outcome, group)
            for group in s.groups
            for outcome in s.outcomes
        }
        items += [*in_one_arm("one-arm-T31", s, alone), _within(context, s)]
    if s.before:
        items += _methods(context, s)
    return items


def _arms(s: Study, group: str) -> Standing:
    """Treated and comparison units of a group."""
    inside = s.sample.where(s.groups[group])
    treated = s.sample.frame[s.treated].to_numpy(float)
    return Standing(
        compares=(Persons.among(inside, treated == 1), Persons.among(inside, treated == 0))
    )


def _classical(
    context: Context,
    row: str,
    item: Classical | NotEstimable,
    robust: Result,
    unit: str,
    standing: Standing,
) -> pd.DataFrame:
    """The coefficient with its classical error; the persons behind it are those of `robust`."""
    if isinstance(item, NotEstimable):
        return single(context, row, CLASSIC, item)
    assert isinstance(robust, Estimate)
    cell = plain(
        row,
        CLASSIC,
        item.value,
        unit,
        float(item.n),
        "effect",
        "classical standard error: equal variances, blocks in the degrees of freedom",
        standing_of(robust, 0, standing),
    )
    return rows([cell | {"se": item.se, "degf": item.degf}])


def _lost(context: Context, s: Study) -> Table:
    parts = []
    for group in s.groups:
        robust, classic = lost(s, group)
        row = context.words.level(group)
        arms = _arms(s, group)
        parts += [
            _classical(context, row, classic, robust, "share", arms),
            single(context, row, DESIGN, in_unit(robust, "share"), arms),
        ]
    note = "Treated minus comparison; the two columns differ in the standard error only."
    return Table(
        id="T30",
        title="Loss to follow-up by arm, percentage points",
        cells=joined(parts),
        source=s.source,
        notes=(note,),
        scale=100.0,
        digits=2,
    )


def _unit(s: Study, outcome: str) -> str:
    """The unit of an outcome in data files: of the user's own file nobody knows more than whether it
    is yes or no.
    """
    answers = s.sample.frame.loc[s.sample.active, outcome].dropna()
    return "share" if answers.isin([0, 1]).all() else "number"


def _within(context: Context, s: Study) -> Table:
    parts = []
    for group in s.groups:
        for outcome in s.outcomes:
            robust, classic = within(s, outcome, group)
            row = row_of(context, group, outcome)
            unit = _unit(s, outcome)
            arms = _arms(s, group)
            parts += [
                _classical(context, row, classic, robust, unit, arms),
                single(context, row, DESIGN, in_unit(robust, unit), arms),
            ]
    note = context.text(
        "Means of {blocks} are removed. The two columns differ in the standard error only.",
        blocks=" x ".join(s.absorb),
    )
    return Table(
        id="T31",
        title="Effects within randomisation blocks",
        cells=joined(parts),
        source=s.source,
        notes=(note,),
        digits=3,
    )


def _methods(context: Context, s: Study) -> Items:
    cells: list[pd.DataFrame] = []
    words: Items = []
    notes: dict[str, None] = {}
    for group in s.groups:
        for outcome in s.before:
            found = by_method(s, outcome, group)
            label = row_of(context, group, outcome)
            arms = _arms(s, group)
            for name, estimate in found.items():
                row = _method_row(context, label, name)
                stated = in_unit(estimate, _unit(s, outcome))
                cells.append(single(context, row, "estimate", stated, arms))
                if isinstance(estimate, Estimate):
                    notes |= dict.fromkeys(n for n in estimate.notes if "overlap" in n)
            say = partial(_verdict, context, label)
            words.append(SummarySpec(_keys_of_methods(context, label, found), say))
    table = Table(
        id="T32",
        title="Difference-in-differences by estimator",
        cells=joined(cells),
        source=s.source,
        notes=tuple(notes),
        digits=2,
    )
    return [table, *words]


def _keys_of_methods(context: Context, label: str, methods: Iterable[str]) -> tuple[CellKey, ...]:
    """The cells of T32 with the effect on an outcome, one an estimator."""
    rows_of = (_method_row(context, label, name) for name in methods)
    return tuple(CellKey("T32", row, "estimate") for row in rows_of)


def _method_row(context: Context, label: str, name: str) -> str:
    return context.text("{what}: {estimator}", what=label, estimator=context.text(name))


def _verdict(context: Context, label: str, published: pd.DataFrame) -> str:
    """What may be said of several estimators of one effect: nothing stronger than they agree on.
    published: their cells; "" where none is shown.
    """
    numbers = published[["value", "ci_low", "ci_high"]].astype(float).dropna()
    if numbers.empty:
        return ""
    spans = [Span(*line) for line in numbers.itertuples(index=False)]
    values = [span.value for span in spans]
    n = context.words.number
    largest = max(map(abs, values))
    digits = 3 if largest < 10 else int(largest < 100)
    shown = {"o": label, "lo": n(min(values), digits), "hi": n(max(values), digits)}
    signs = {value > 0 for value in values}
    apart = max(span.low for span in spans) > min(span.high for span in spans)
    clear = [Verdict(span).shown for span in spans]
    words = ALL_AGREE
    if len(signs) > 1 or apart:
        words = DISAGREE
    elif not any(clear):
        words = "{o}: no effect could be shown by any estimator ({lo} to {hi})."
    elif not all(clear):
        words = AGREE_IN_SIGN
    return context.text(words, **shown)
