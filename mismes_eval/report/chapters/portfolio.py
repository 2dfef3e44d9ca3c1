"""The inventory as a whole: stage by model with its budget, who carries out and who pays, measures
over time, and how records became counted measures.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mismes_eval.errors import DisclosureError
from mismes_eval.inventory import Inventory
from mismes_eval.inventory.own_amounts import PUBLISHED, kinds_of_amounts
from mismes_eval.report import figures_inventory
from mismes_eval.report.chapters.base import Context, Item
from mismes_eval.report.chapters.cells import plain, rows, shown_values
from mismes_eval.report.document.cells import NOBODY, PRIVATE, CellKey
from mismes_eval.report.document.items import PictureSpec
from mismes_eval.report.document.suppression import Relation, dominance, protect
from mismes_eval.report.document.tables import Table
from mismes_eval.report.figures import Caption, Figure

SOURCE = "Inventory of measures in the information template"
HIDDEN_NOTE = (
    "Budgets are hidden where one funder could work out another's (p% rule, p = 10), or where a"
    " hidden one could be computed from the others."
)
MILLION, MILLION_EUR = "budget, million euro", "million EUR"
WHOLE = ("all",)
ONE_EURO, EUROS = 1e-6, 6  # million euro, and its decimals: what is left over by rounding is less
ALL_STAGES, WITHOUT_BUDGET = "All stages", "measures without a budget"
ALL_MEASURES = CellKey("T01", ALL_STAGES, "measures")
START, END = "start", "end"  # columns of F02
FROM, COUNTED, ASKED = "from", "n", "questionnaires"  # rows and columns of a flow
ANSWERS = {"sent": "sent", "full": "full", "partial": "part", "response_rate": "rate"}
STEPS = {  # of F04: what is left, and why the others are not in it
    "records read": "",
    "measures after merging": "{k} {k:=duplicate|duplicates} merged by decision",
    "measures that are counted": "{k} whose parts are recorded too",
    "with a budget in euro": "{k} without a budget in euro",
    "with a budget and a count of beneficiaries": "{k} of them without a count of beneficiaries",
}
NOT_DRAWN = "{k} {k:=measure without a start date is|measures without a start date are} not drawn."
NO_BUDGET = (
    "{k} of {n} measures {k:=has no budget in euro and is|have no budget in euro and are} not in the"
    " picture."
)
NOT_KNOWN = "How many implementers were asked is not known: no table of contacts was supplied."
QUESTIONNAIRES = (
    "Questionnaires: {sent} implementers were asked, {full} answered in full and {part} in part"
    " ({rate:.0%})."
)
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
    stage = frame["stage_code"].astype(str)
    model = frame["model_primary"].astype(str)
    frame = frame[["budget_eur", "funder_main"]]
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
    amount = _sums(groups)
    if dominated(frame):
        return {key[0] for key in amount}
    closed = {key for key in amount if dominated(groups[key])}
    whole = amount | {WHOLE: sum(amount.values())}
    return {key[0] for key in hidden_parts(whole, WHOLE, tuple(amount), closed)}


def dominated(part: pd.DataFrame) -> bool:
    """Whether one funder could work out another's budget from the sum of these measures."""
    known = part["budget_eur"].dropna()
    by_funder = known.groupby(part.loc[known.index, "funder_main"].astype(str)).sum().to_numpy()
    return bool(known.size) and dominance(by_funder)


def by_model(context: Context, inventory: Inventory, money: Budgets) -> Table:
    """T01b: measures, budget and beneficiaries of each stage and model."""
    frame = inventory.tree.amounts().assign(counted=inventory.counted)
    frame = frame[frame["counted"] | frame[["budget_eur", "benef_reached"]].notna().any(axis=1)]
    cells = []
    for place, part in frame.groupby(
        [frame["stage_code"].astype(str), frame["model_primary"].astype(str)], sort=True
    ):
        s, m = map(str, place)
        row = _place(context, s, m)
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
        digits=0,
        units={MILLION: (1.0, 2)},
        of="measures",
    )


def _place(context: Context, stage: str, model: str) -> str:
    """The row of T01b for a stage and a model."""
    stages, models = context.codes("stages"), context.codes("models")
    named = f"{model} {models.get(model, '')}".strip()
    return context.text("{stage}, {model}", stage=stages.get(stage, stage), model=named)


def actors(context: Context, inventory: Inventory) -> Table:
    """T02b: how many measures each type of implementer carries out, by type of funder."""
    frame = counted(inventory)
    who, pays = context.codes("implementer_types"), context.codes("funder_types")
    count = pd.crosstab(frame["implementer_type"].astype(str), frame["funder_type"].astype(str))
    cells = []
    for code, line in count.iterrows():
        row = who.get(str(code), str(code))
        cells += [plain(row, pays.get(str(kind), str(kind)), n) for kind, n in line.items()]
        cells.append(plain(row, "all funders", line.sum()))
    return Table(
        id="T02b",
        title="Who carries the measures out, by who pays (number of measures)",
        cells=rows(cells),
        source=SOURCE,
        digits=0,
    )


def all_measures(context: Context, published: pd.DataFrame) -> list[str]:
    """The note on how many measures stand behind a figure, as table T01 counts them."""
    known = shown_values(published).get(ALL_MEASURES)
    words = "n: {n:,} {n:=measure|measures}."
    return [] if known is None else [context.text(words, n=int(known))]


def timeline(context: Context, inventory: Inventory) -> Item:
    """F02: one bar a measure."""
    frame = counted(inventory)
    stages = context.codes("stages")
    id, title = "F02", "Measures over time"
    began = frame["start_date"].notna()
    if not began.any():
        return context.nothing(
            id, context.text("measures over time"), "no measure has a start date"
        )
    order = {code: place for place, code in enumerate(stages)}
    named = pd.DataFrame(
        {
            "measure": frame["measure_id"].astype(str),
            "title": titled(context, frame),
            "stage": frame["stage_code"].astype(str),
        }
    )
    named = named.sort_values("stage", key=lambda s: s.map(order), kind="stable")
    named = named.assign(stage=named["stage"].map(stages))
    years = [
        frame["date_retrieved"].dt.year.max(),
        frame["start_date"].dt.year.max(),
        context.params.year or 0,
    ]
    until = int(np.nanmax(years))

    def draw(published: pd.DataFrame) -> Figure | str:
        drawn = published[published["table"] == id]
        ends = drawn.pivot(index="row", columns="column", values="value")
        bars = named.join(ends.reindex(columns=[START, END]), on="measure")
        if bars[START].isna().all():
            return ""
        notes = [context.text("An arrow marks measures that had not ended by {y}.", y=str(until))]
        notes += all_measures(context, published)
        left_out = int(bars[START].isna().sum())
        if left_out:
            notes.append(context.text(NOT_DRAWN, k=left_out))
        caption = context.caption(id, title, SOURCE, notes)
        return figures_inventory.timeline(caption, bars, until)

    return PictureSpec(id, title, draw, _dates(frame), refers=(ALL_MEASURES,))


def _dates(frame: pd.DataFrame) -> pd.DataFrame:
    """Start and end of each measure in years with decimals; no cell where it has none."""
    measures = frame["measure_id"].astype(str)
    cells = []
    for column, name in (("start_date", START), ("end_date", END)):
        day = frame[column].dt
        years = (day.year + (day.day_of_year - 1) / 366).dropna()
        cells += [plain(measures[at], name, year, "year") for at, year in years.items()]
    return rows(cells)


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


def tree(context: Context, money: Budgets) -> Item:
    """F02b: the budget by stage and model, of the cells of T01 and T01b that are shown."""
    id, title = "F02b", "Where the money goes: budget by stage and model, million euro"
    stages = context.codes("stages")
    if not money.shown(WHOLE):
        reason = (
            "no measure has a budget in euro"
            if WHOLE not in money.amount
            else "the whole budget may not be published"
        )
        return context.nothing(id, context.text("tree of the budget"), reason)
    whole = CellKey("T01", ALL_STAGES, MILLION)
    of_stage = {code: CellKey("T01", label, MILLION) for code, label in stages.items()}
    of_model = {
        key: CellKey("T01b", _place(context, *key), MILLION)
        for key in sorted(key for key in money.amount if len(key) == 2)
    }
    lacking = CellKey("T02", "All measures", WITHOUT_BUDGET)

    def draw(published: pd.DataFrame) -> Figure | str:
        amounts = shown_values(published)
        if whole not in amounts:
            return ""
        parts = []
        left = amounts[whole]
        for stage, of_this in of_stage.items():
            rest = amounts.get(of_this, 0.0)
            if not rest:
                continue
            left -= rest
            for place, key in of_model.items():
                if place[0] == stage and key in amounts:
                    parts.append((stages[stage], place[1], amounts[key]))
                    rest -= amounts[key]
            if rest > ONE_EURO:
                parts.append((stages[stage], context.text("other models"), round(rest, EUROS)))
        if left > ONE_EURO:
            parts.append(
                (context.text("other stages"), context.text("not shown apart"), round(left, EUROS))
            )
        notes = [HIDDEN_NOTE]
        if {lacking, ALL_MEASURES} <= set(amounts):
            numbers = {"k": int(amounts[lacking]), "n": int(amounts[ALL_MEASURES])}
            notes.append(context.text(NO_BUDGET, **numbers))
        notes += all_measures(context, published)
        data = pd.DataFrame(parts, columns=["stage", "model", "amount"])
        caption = context.caption(id, title, SOURCE, notes)
        return figures_inventory.budget_tree(caption, data, context.text("million euro"))

    refers = (whole, *of_stage.values(), *of_model.values(), lacking, ALL_MEASURES)
    return PictureSpec(id, title, draw, refers=refers)


def sources(context: Context, inventory: Inventory) -> PictureSpec:
    """F04: from the sources of the records to the measures that are counted and described."""
    frame, part, tree = inventory.frame, counted(inventory), inventory.tree
    labels = context.codes("source_types")
    merged = len(inventory.merged)
    priced = ~tree.lacking(tree.has("budget_eur"))[part.index]
    both = ~tree.lacking(tree.has("budget_eur", "benef_reached"))[part.index]
    cells = [
        plain(FROM, labels.get(str(kind), str(kind)), n)
        for kind, n in frame["source_type"].astype(str).value_counts().items()
    ]
    others = (0, merged, len(frame) - len(part), (~priced).sum(), (priced & ~both).sum())
    left = (len(frame) + merged, len(frame), len(part), priced.sum(), both.sum())
    for (step, reason), kept, gone in zip(STEPS.items(), left, others, strict=True):
        cells.append(plain(step, COUNTED, kept))
        if reason:
            cells.append(plain(step, reason, gone))
    if not inventory.contacts.empty:
        rates = inventory.response_rate().iloc[0]
        cells += [plain(ASKED, name, rates[name]) for name in ANSWERS]
    id, title = "F04", "From sources to counted measures"

    def draw(published: pd.DataFrame) -> Figure:
        drawn = published[(published["table"] == id) & (published["row"] != ASKED)]
        notes = [_questionnaires(context, published), *all_measures(context, published)]
        caption = context.caption(id, title, SOURCE, [note for note in notes if note])
        return flow_of(caption, drawn, lost)

    def lost(reason: str, n: float) -> str:
        return context.text(reason, k=int(n)) if np.isfinite(n) else ""

    return PictureSpec(id, title, draw, rows(cells), refers=(ALL_MEASURES,))


def flow_of(caption: Caption, published: pd.DataFrame, lost: Callable[[str, float], str]) -> Figure:
    """The flow of cells: row `FROM` the sources, then the steps, with column `COUNTED` who is left
    and the reasons why others are not. lost: a reason and how many -> the words for it.
    """
    at_first = published["row"] == FROM
    sources, rest = published[at_first], published[~at_first]
    steps = rest[rest["column"] == COUNTED]
    reasons = rest[rest["column"] != COUNTED]
    words = [
        "; ".join(map(lost, mine["column"], mine["value"]))
        for mine in (reasons[reasons["row"] == step] for step in steps["row"])
    ]
    left = dict(zip(map(caption.t, sources["column"]), sources["value"], strict=True))
    numbers = list(zip(map(caption.t, steps["row"]), steps["value"], words, strict=True))
    return figures_inventory.sources_flow(caption, left, numbers)


def _questionnaires(context: Context, published: pd.DataFrame) -> str:
    """How many implementers were asked and answered."""
    asked = published[published["row"] == ASKED].set_index("column")["value"]
    if asked.empty:
        return context.text(NOT_KNOWN)
    if asked.isna().any():
        return ""
    counts = {name: int(asked[column]) for column, name in ANSWERS.items() if name != "rate"}
    return context.text(QUESTIONNAIRES, rate=float(asked["response_rate"]), **counts)
