"""The inventory as a whole: stage by model with its budget, who carries out and who pays, measures
over time, and how records became counted measures.
"""

from __future__ import annotations

import textwrap
from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mismes_eval.errors import DisclosureError
from mismes_eval.inventory import Inventory
from mismes_eval.inventory.own_amounts import PUBLISHED, kinds_of_amounts
from mismes_eval.report import figures_inventory
from mismes_eval.report.chapters.base import Context, Item
from mismes_eval.report.chapters.cells import plain, rows
from mismes_eval.report.document.cells import NOBODY, PRIVATE
from mismes_eval.report.document.suppression import Relation, dominance, protect
from mismes_eval.report.document.tables import Table

SOURCE = "Inventory of measures in the information template"
HIDDEN_NOTE = (
    "Budgets are hidden where one funder could work out another's (p% rule, p = 10), or where a"
    " hidden one could be computed from the others."
)
MILLION, MILLION_EUR = "budget, million euro", "million EUR"
WHOLE = ("all",)
SHORT_TITLE = 56  # letters of a title beside its bar
Key = tuple[str, ...]


@dataclass(frozen=True)
class Budgets:
    """amount: ("all",), (stage,), (stage, model) -> euro; hidden: keys that may not be published,
    so that none can be computed from the others.
    """

    amount: Mapping[Key, float]
    hidden: frozenset[Key]

    def shown(self, key: Key) -> bool:
        """Whether an amount may be published."""
        return key in self.amount and key not in self.hidden


def counted(inventory: Inventory) -> pd.DataFrame:
    """Measures that are added up."""
    return inventory.frame[inventory.counted.to_numpy()]


def budgets(frame: pd.DataFrame) -> Budgets:
    """Sums by stage, protected first, and by model within each stage: p% rule over funders, then
    whatever subtraction would give away. Amounts that payers have published need no protection and
    give none: the rule looks at the others alone.

    A stage that is hidden hides its models; a stage that is shown hides two models or more where it
    hides one.
    """
    return Budgets(_sums(_by_place(frame)), _hidden(_by_place(not_published(frame))))


def not_published(frame: pd.DataFrame) -> pd.DataFrame:
    """Records whose amounts nobody has published; made-up ones are protected as real ones are."""
    return frame[kinds_of_amounts(frame) != PUBLISHED]


def _by_place(frame: pd.DataFrame) -> dict[Key, pd.DataFrame]:
    """All records, those of each stage, and of each stage and model."""
    stage, model = frame["stage_code"].astype(str), frame["model_primary"].astype(str)
    groups: dict[Key, pd.DataFrame] = {WHOLE: frame} | {
        (name,): frame[stage == name] for name in stage.unique()
    }
    return groups | {
        (name, m): frame[(stage == name) & (model == m)]
        for name, m in sorted(set(zip(stage, model, strict=True)))
    }


def _sums(groups: Mapping[Key, pd.DataFrame]) -> dict[Key, float]:
    return {
        key: float(part["budget_eur"].sum())
        for key, part in groups.items()
        if part["budget_eur"].notna().any()
    }


def _hidden(groups: Mapping[Key, pd.DataFrame]) -> frozenset[Key]:
    amount = _sums(groups)
    closed = {key for key in amount if dominated(groups[key])}
    if WHOLE not in amount or WHOLE in closed:
        return frozenset(amount)
    stages = tuple(place for place in amount if len(place) == 1 and place != WHOLE)
    hidden = hidden_parts(amount, WHOLE, stages, closed)
    for stage in stages:
        models = tuple(place for place in amount if len(place) == 2 and place[0] == stage[0])
        hidden |= set(models) if stage in hidden else hidden_parts(amount, stage, models, closed)
    return frozenset(hidden)


def hidden_parts(
    amount: Mapping[Key, float], total: Key, parts: tuple[Key, ...], closed: set[Key]
) -> set[Key]:
    """Parts of a published total that are hidden: those that must be, and those that would give
    them away; all of them where that does not do.
    """
    primary = [part for part in parts if part in closed]
    if not primary:
        return set()
    values: dict[Hashable, float] = {place: amount[place] for place in (*parts, total)}
    try:
        done = protect(
            values, primary, [Relation(total, parts)], 0.1 * max(values[place] for place in primary)
        )
    except DisclosureError:
        return set(parts)
    if total in done.secondary:
        return set(parts)
    return {*primary, *(place for place in done.secondary if place in parts)}


def hidden_groups(frame: pd.DataFrame, by: str) -> set[str]:
    """Groups of a column whose budgets may not be published beside the whole budget: the p% rule
    over funders, then whatever subtraction would give away; published amounts aside.
    """
    frame = not_published(frame)
    label = frame[by].astype(str)
    groups: dict[Key, pd.DataFrame] = {
        (str(group),): frame[label == group] for group in label.unique()
    }
    amount = {
        key: float(part["budget_eur"].sum())
        for key, part in groups.items()
        if part["budget_eur"].notna().any()
    }
    if dominated(frame):
        return {key[0] for key in amount}
    closed = {key for key in amount if dominated(groups[key])}
    return {
        key[0]
        for key in hidden_parts(
            amount | {WHOLE: sum(amount.values())}, WHOLE, tuple(amount), closed
        )
    }


def dominated(part: pd.DataFrame) -> bool:
    """Whether one funder could work out another's budget from the sum of these measures."""
    known = part["budget_eur"].dropna()
    by_funder = known.groupby(part.loc[known.index, "funder_main"].astype(str)).sum().to_numpy()
    return bool(known.size) and dominance(by_funder)


def by_model(context: Context, inventory: Inventory, money: Budgets) -> Table:
    """T01b: measures, budget and beneficiaries of each stage and model."""
    stages, models = context.codes("stages"), context.codes("models")
    frame = inventory.tree.amounts().assign(counted=inventory.counted)
    frame = frame[frame["counted"] | frame[["budget_eur", "benef_reached"]].notna().any(axis=1)]
    cells = []
    for place, part in frame.groupby(
        [frame["stage_code"].astype(str), frame["model_primary"].astype(str)], sort=True
    ):
        s, m = map(str, place)
        row = context.text(
            "{stage}, {model}", stage=stages.get(s, s), model=f"{m} {models.get(m, '')}".strip()
        )
        amount = money.amount.get((s, m), np.nan)
        private = np.isfinite(amount) and not money.shown((s, m))
        cells += [
            plain(row, "measures", int(part["counted"].sum())),
            plain(row, MILLION, amount / 1e6, MILLION_EUR, standing=PRIVATE if private else NOBODY),
            plain(row, "beneficiaries reached", part["benef_reached"].sum(min_count=1)),
            plain(
                row, "measures with a count of beneficiaries", part["benef_reached"].notna().sum()
            ),
        ]
    return Table(
        id="T01b",
        title="Measures, budget and beneficiaries by stage and model",
        cells=rows(cells),
        source=SOURCE,
        notes=(HIDDEN_NOTE,),
        scale=1.0,
        digits=0,
        synthetic=context.synthetic,
        units={MILLION: (1.0, 2)},
        of="measures",
    )


def actors(context: Context, inventory: Inventory) -> Table:
    """T02b: how many measures each type of implementer carries out, by type of funder."""
    frame, who, pays = (
        counted(inventory),
        context.codes("implementer_types"),
        context.codes("funder_types"),
    )
    count = pd.crosstab(frame["implementer_type"].astype(str), frame["funder_type"].astype(str))
    cells = []
    for r in count.index:
        row = who.get(str(r), str(r))
        cells += [
            plain(row, pays.get(str(column), str(column)), count.loc[r, column])
            for column in count.columns
        ]
        cells.append(plain(row, "all funders", count.loc[r].sum()))
    return Table(
        id="T02b",
        title="Who carries the measures out, by who pays (number of measures)",
        cells=rows(cells),
        source=SOURCE,
        notes=(all_measures(context, frame),),
        scale=1.0,
        digits=0,
        synthetic=context.synthetic,
    )


def all_measures(context: Context, frame: pd.DataFrame) -> str:
    """The note on how many measures stand behind a table or figure."""
    return context.text("n: {n:,} {n:=measure|measures}.", n=len(frame))


def timeline(context: Context, inventory: Inventory) -> Item:
    """F02: one bar a measure."""
    frame, stages = counted(inventory), context.codes("stages")
    if frame["start_date"].isna().all():
        return context.text(
            "{f}: {m}: {r}.",
            f="F02",
            m=context.text("measures over time"),
            r=context.text("no measure has a start date"),
        )
    year = {
        column: frame[column].dt.year + (frame[column].dt.day_of_year - 1) / 366
        for column in ("start_date", "end_date")
    }
    order = {code: place for place, code in enumerate(stages)}
    table = pd.DataFrame(
        {
            "measure": frame["measure_id"].astype(str),
            "title": titled(context, frame),
            "stage": frame["stage_code"].astype(str),
            "start": year["start_date"],
            "end": year["end_date"],
        }
    )
    table = table.sort_values("stage", key=lambda s: s.map(order), kind="stable")
    table = table.assign(stage=table["stage"].map(stages))
    gone = int(frame["start_date"].isna().sum())
    until = int(
        np.nanmax(
            [
                frame["date_retrieved"].dt.year.max(),
                frame["start_date"].dt.year.max(),
                context.evaluation.params.year or 0,
            ]
        )
    )
    notes = [
        context.text("An arrow marks measures that had not ended by {y}.", y=str(until)),
        all_measures(context, frame),
    ]
    if gone:
        notes.append(
            context.text(
                "{k} {k:=measure without a start date is|measures without a start date are} not drawn.",
                k=gone,
            )
        )
    return figures_inventory.timeline(
        "F02", "Measures over time", table, until, SOURCE, notes, context.synthetic, context.words
    )


def titled(context: Context, frame: pd.DataFrame) -> pd.Series:
    """Short title of each measure, in the original language where the report is not in English and
    the inventory has it; "" where it has none.
    """
    order = ("title_en", "title_orig") if context.words.source else ("title_orig", "title_en")
    said = pd.Series(pd.NA, index=frame.index, dtype="string")
    for column in order:
        said = said.fillna(frame[column].astype("string")) if column in frame.columns else said
    return (
        said.fillna("")
        .str.split()
        .str.join(" ")
        .map(
            lambda v: (
                textwrap.shorten(v, SHORT_TITLE, placeholder="…")
                or v[: SHORT_TITLE - 1] + "…" * bool(v)
            )
        )
    )


def tree(context: Context, inventory: Inventory, money: Budgets) -> Item:
    """F02b: the budget by stage and model, as far as it may be published."""
    frame, stages = counted(inventory), context.codes("stages")
    if not money.shown(WHOLE):
        reason = (
            "no measure has a budget in euro"
            if WHOLE not in money.amount
            else "the whole budget may not be published"
        )
        return context.text(
            "{f}: {m}: {r}.", f="F02b", m=context.text("tree of the budget"), r=context.text(reason)
        )
    parts, left = [], money.amount[WHOLE]
    for stage in (s for s in stages if money.shown((s,))):
        rest = money.amount[(stage,)]
        left -= rest
        for key in sorted(
            place
            for place in money.amount
            if len(place) == 2 and place[0] == stage and money.shown(place)
        ):
            parts.append((stages[stage], key[1], money.amount[key] / 1e6))
            rest -= money.amount[key]
        if rest > 1:
            parts.append((stages[stage], context.text("other models"), rest / 1e6))
    if left > 1:
        parts.append((context.text("other stages"), context.text("not shown apart"), left / 1e6))
    records = inventory.tree
    missing = int(records.lacking(records.has("budget_eur")).sum())
    notes = (
        HIDDEN_NOTE,
        context.text(
            "{k} of {n} measures {k:=has no budget in euro and is|have no budget in euro and are} not in the picture.",
            k=missing,
            n=len(frame),
        ),
        all_measures(context, frame),
    )
    data = pd.DataFrame(parts, columns=["stage", "model", "amount"])
    return figures_inventory.budget_tree(
        "F02b",
        "Where the money goes: budget by stage and model, million euro",
        data,
        context.text("million euro"),
        SOURCE,
        notes,
        context.synthetic,
        context.words,
    )


def sources(context: Context, inventory: Inventory) -> Item:
    """F04: from the sources of the records to the measures that are counted and described."""
    frame, part = inventory.frame, counted(inventory)
    labels = context.codes("source_types")
    left = {
        labels.get(str(kind), str(kind)): int(n)
        for kind, n in frame["source_type"].astype(str).value_counts().items()
    }
    merged, parents = len(inventory.merged), len(frame) - len(part)
    tree = inventory.tree
    priced = ~tree.lacking(tree.has("budget_eur"))[part.index]
    both = ~tree.lacking(tree.has("budget_eur", "benef_reached"))[part.index]
    steps = [
        (context.text("records read"), len(frame) + merged, ""),
        (
            context.text("measures after merging"),
            len(frame),
            context.text("{k} {k:=duplicate|duplicates} merged by decision", k=merged),
        ),
        (
            context.text("measures that are counted"),
            len(part),
            context.text("{k} whose parts are recorded too", k=parents),
        ),
        (
            context.text("with a budget in euro"),
            int(priced.sum()),
            context.text("{k} without a budget in euro", k=int((~priced).sum())),
        ),
        (
            context.text("with a budget and a count of beneficiaries"),
            int(both.sum()),
            context.text(
                "{k} of them without a count of beneficiaries", k=int((priced & ~both).sum())
            ),
        ),
    ]
    note = _questionnaires(context, inventory)
    return figures_inventory.sources_flow(
        "F04",
        "From sources to counted measures",
        left,
        steps,
        SOURCE,
        (note, all_measures(context, part)),
        context.synthetic,
        context.words,
    )


def _questionnaires(context: Context, inventory: Inventory) -> str:
    if inventory.contacts.empty:
        return context.text(
            "How many implementers were asked is not known: no table of contacts was supplied."
        )
    rates = inventory.response_rate().iloc[0]
    return context.text(
        "Questionnaires: {sent} implementers were asked, {full} answered in full and {part} in part"
        " ({rate:.0%}).",
        sent=int(rates["sent"]),
        full=int(rates["full"]),
        part=int(rates["partial"]),
        rate=float(rates["response_rate"]),
    )
