"""The inventory of measures: how many, for whom, who pays, what they cost, what was evaluated."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mismes_eval.inventory import Inventory
from mismes_eval.inventory.indicators import COMPARED
from mismes_eval.inventory.portfolio import Profile
from mismes_eval.inventory.register import EvaluationRegister
from mismes_eval.report import figures_common
from mismes_eval.report.chapters.base import Chapter, Context, Item, Items, text_table
from mismes_eval.report.chapters.cells import Record, plain, rows
from mismes_eval.report.chapters.names import named, titles
from mismes_eval.report.chapters.portfolio import (
    ALL_MEASURES,
    ALL_STAGES,
    HIDDEN_NOTE,
    MILLION,
    MILLION_EUR,
    SOURCE,
    WHOLE,
    WITHOUT_BUDGET,
    Budgets,
    actors,
    all_measures,
    budgets,
    by_model,
    counted,
    dominated,
    hidden_groups,
    hidden_parts,
    not_published,
    sources,
    timeline,
    tree,
)
from mismes_eval.report.document.cells import NO_PERSONS, PRIVATE
from mismes_eval.report.document.items import PictureSpec
from mismes_eval.report.document.tables import Table
from mismes_eval.report.document.words import INVENTORY, factor
from mismes_eval.report.figures import Figure

HERE = "of these, evaluated in this report"
MIXED = (
    "The inventory records these measures for one sex only, and persons of the other among those"
    " reached: {measures}."
)
COUNTED_HERE = (
    "Measures that this report evaluates count as evaluated, with a comparison group, as in T05b."
)
ADDED = (
    "Evaluated in this report: measures whose effect on participants or regions it estimates against"
    " a comparison group, whatever the inventory records of them."
)
OVERDUE = "T05g"


def measures(context: Context) -> Chapter:
    """T01 profile by stage, T02 who pays, T04 unit costs, T05 success factors and evaluation; F01
    stage x model, F02 timeline, F02b budget, F04 from sources to measures.
    """
    inventory = context.evaluation.inventory
    if inventory is None:
        return Chapter(
            "inventory", "National inventory of measures", (context.absent("inventory"),)
        )
    profile = inventory.profile()
    money = budgets(inventory.tree.amounts())
    items: Items = [
        context.text(
            "The inventory is a purposive census: numbers have no sampling error, but they describe"
            " the measures that implementers reported."
        ),
        _contradictions(context, inventory),
        sources(context, inventory),
        _by_stage(context, inventory, money),
        _heat(context, profile),
        by_model(context, inventory, money),
        timeline(context, inventory),
        tree(context, money),
        _who_pays(inventory),
        actors(context, inventory),
        _unit_costs(context, profile),
        _indicators(context, inventory, profile),
        _register(context, inventory),
        _overdue(context, inventory),
    ]
    told = tuple(item for item in items if item != "")
    return Chapter("inventory", "National inventory of measures", told)


def _contradictions(context: Context, inventory: Inventory) -> str:
    """Measures that the inventory records for one sex and that reached the other as well."""
    frame = counted(inventory)
    reached, women = (frame[name].astype("float64") for name in ("benef_reached", "benef_women"))
    sex = frame["target_sex"].astype("string")
    mixed = (sex.eq("F") & (reached > women)) | (sex.eq("M") & (women > 0))
    found = frame.loc[mixed.fillna(False).astype(bool), "measure_id"].astype(str)
    return context.text(MIXED, measures=", ".join(sorted(found))) if len(found) else ""


def _number(
    row: str,
    column: str,
    value: float,
    unit: str = "",
    private: bool = False,
    n: float = np.nan,
) -> Record:
    """private: an amount that is one payer's own, or gives such an amount away."""
    return plain(row, column, value, unit, n, standing=PRIVATE if private else NO_PERSONS)


def _by_stage(context: Context, inventory: Inventory, money: Budgets) -> Table:
    frame = counted(inventory)
    amounts = inventory.tree.amounts()
    uncounted = inventory.tree.lacking(inventory.tree.has("benef_reached"))
    keys = {label: (code,) for code, label in context.codes("stages").items()} | {ALL_STAGES: WHOLE}
    cells = []
    for label, key in keys.items():
        records = frame if key == WHOLE else frame[frame["stage_code"].astype(str) == key[0]]
        sums = amounts if key == WHOLE else amounts[amounts["stage_code"].astype(str) == key[0]]
        private = key in money.hidden
        cells += [
            _number(label, "measures", len(records)),
            _number(label, MILLION, money.amount.get(key, 0.0) / 1e6, MILLION_EUR, private),
            _number(label, "beneficiaries reached", sums["benef_reached"].sum(min_count=1)),
            _number(
                label,
                "measures without a count of beneficiaries",
                uncounted[records.index].sum(),
            ),
        ]
    return Table(
        id="T01",
        title="Measures, budget and beneficiaries by stage of migration",
        cells=rows(cells),
        source=SOURCE,
        notes=(HIDDEN_NOTE,),
        digits=0,
        units={MILLION: (1.0, 2)},
        of="measures",
    )


def _heat(context: Context, profile: Profile) -> PictureSpec:
    """F01: measures of each stage and model."""
    counts = profile.matrix_n
    models = context.codes("models")
    known = context.codes("stages")
    stages = [known.get(str(code), str(code)) for code in counts.index]
    notes = "; ".join(
        context.text("{code}: {label}", code=column, label=models[column])
        for column in counts.columns
        if column in models
    )
    cells = [
        _number(stage, str(model), counts.loc[code, model])
        for code, stage in zip(counts.index, stages, strict=True)
        for model in counts.columns
    ]
    id, title = "F01", "Measures by stage and model"

    def draw(published: pd.DataFrame) -> Figure:
        table = published[published["table"] == id].pivot(
            index="row", columns="column", values="value"
        )
        table = table.reindex(index=stages, columns=list(map(str, counts.columns)))
        said = (context.name(notes), *all_measures(context, published))
        caption = context.caption(id, title, SOURCE, said)
        return figures_common.heat(caption, table, "number of measures")

    return PictureSpec(id, title, draw, rows(cells), refers=(ALL_MEASURES,))


_SIDES = {
    "ORIGIN": "origin, % of budget",
    "DESTINATION": "destination, % of budget",
    "MULTILATERAL": "multilateral, % of budget",
}


def _who_pays(inventory: Inventory) -> Table:
    tree = inventory.tree
    frame = tree.amounts()
    after = frame[frame["stage_code"].astype(str) == "AFT"]
    lacking = tree.lacking(tree.has("budget_eur"))
    cells = []
    for name, records in (("All measures", frame), ("Return and reintegration measures", after)):
        total = float(records["budget_eur"].sum())
        hidden = hidden_sides(records)
        for side, label in _SIDES.items():
            part = records.loc[records["funder_side"].astype(str) == side, "budget_eur"]
            share = part.sum() / total if total else np.nan
            cells.append(_number(name, label, share, "share", side in hidden))
        cells.append(_number(name, WITHOUT_BUDGET, lacking[records.index].sum()))
    return Table(
        id="T02",
        title="Who pays",
        cells=rows(cells),
        source=SOURCE,
        notes=(HIDDEN_NOTE,),
        scale=100.0,
        digits=0,
        units={WITHOUT_BUDGET: (1.0, 0)},
        of="measures",
    )


def hidden_sides(records: pd.DataFrame) -> set[str]:
    """Sides whose share of the budget may not be published; all of them where the whole may not."""
    return _hidden_groups(records, records["funder_side"].astype(str))


def _hidden_groups(records: pd.DataFrame, group: pd.Series) -> set[str]:
    """Groups of measures whose budget may not be published beside the total: by the p% rule, and
    those that would give one away by subtraction; published amounts aside.
    """
    records = not_published(records)[["budget_eur", "funder_main"]]
    group = group[records.index]
    parts = {
        (name,): records[group == name]
        for name in sorted(group.unique())
        if records.loc[group == name, "budget_eur"].sum() > 0
    }
    if dominated(records):
        return {name for (name,) in parts}
    amount = {WHOLE: float(records["budget_eur"].sum())} | {
        key: float(part["budget_eur"].sum()) for key, part in parts.items()
    }
    return {
        part[0]
        for part in hidden_parts(
            amount, WHOLE, tuple(parts), {key for key, part in parts.items() if dominated(part)}
        )
    }


_UNIT_COSTS = {
    "cost per beneficiary, median": "per beneficiary",
    "cost per completer, median": "per completer",
    "cost per placement, median": "per placement",
}
_OVERALL = ("I4", "I5", "I6", "I7", "I10", "I11", "I12", "I13")


def _unit_costs(context: Context, profile: Profile) -> Table:
    """Median unit costs by model; n counts the measures with both a budget and a count."""
    table = profile.indicators[profile.indicators["indicator"].isin(list(_UNIT_COSTS))]
    models = context.codes("models")
    cells = []
    for r in table.to_dict("records"):
        group, n = str(r["group"]), float(r["n"])
        code = group.replace("model ", "")
        row = "All models" if group == "all" else context.name(f"{code} {models.get(code, '')}")
        what = _UNIT_COSTS[str(r["indicator"])]
        cells.append(_number(row, what, r["value"], "EUR", 0 < n < 3, n))
    note = (
        "n: measures with both numbers. Medians over fewer than 3 measures are not shown: they are"
        " one measure's own cost."
    )
    return Table(
        id="T04",
        title="Unit costs by model, euro (median over measures)",
        cells=rows(cells),
        source=SOURCE,
        notes=(note,),
        digits=0,
        of="measures",
    )


def _indicators(context: Context, inventory: Inventory, profile: Profile) -> Table:
    """Indicators of the whole inventory and of return measures; the same shares of the budget are
    hidden as in T02.
    """
    records = inventory.tree.amounts()
    hidden = {
        False: hidden_sides(records),
        True: hidden_sides(records[records["stage_code"].astype(str) == "AFT"]),
    }
    table = profile.indicators[
        profile.indicators["id"].isin(_OVERALL)
        & profile.indicators["group"]
        .astype(str)
        .isin(["all", "all measures", "return measures (stage AFT)"])
    ]
    cells = []
    units = {}
    here = context.evaluation.evaluated
    shares = evaluated_shares(context.evaluation.register, here)
    for row in table.to_dict("records"):
        indicator, group, unit = (str(row[key]) for key in ("indicator", "group", "unit"))
        scored = factor(indicator)
        label = (
            context.text(indicator)
            if scored is None
            else context.text("success factor: {what}, mean", what=context.text(scored))
        )
        of_returns = group not in ("all", "all measures")
        if of_returns:
            label = context.text("{indicator}, return measures", indicator=label)
        if unit == "share":
            label = context.text("{indicator}, %", indicator=label)
        elif unit:
            label = context.text("{indicator}, {unit}", indicator=label, unit=context.text(unit))
        units[label] = (100.0, 1) if unit == "share" else (1.0, 2 if "index" in unit else 1)
        side = indicator.removesuffix("-funded share of budget").upper()
        value, n = shares.get(indicator, (float(row["value"]), float(row["n"])))
        cells.append(
            _number(label, "value", value, unit, side in hidden[of_returns], n=n)
            | {"definition": _defined(indicator, row["definition"])}
        )
    return Table(
        id="T05",
        title="Who is paid, results, success factors and evaluation of measures",
        cells=rows(cells),
        source=SOURCE,
        notes=(
            "n: measures behind the number; the others lack an item.",
            *((COUNTED_HERE,) if here else ()),
        ),
        units=units,
        of="measures",
    )


def _defined(indicator: str, definition: str) -> str:
    """What an indicator divides by what, without names of columns."""
    return (
        "Mean of the scores from 0 to 3, over measures that have one."
        if factor(indicator)
        else INVENTORY.get(indicator, definition)
    )


def evaluated_shares(
    register: EvaluationRegister, here: frozenset[str]
) -> dict[str, tuple[float, float]]:
    """Indicator of T05 -> its share and how many measures it is of, as the register counts them."""
    table = register.table
    done = table["status"] == "evaluated"
    old = table["due_date"] <= pd.Timestamp(register.on)
    compared = table["impact_design"].isin(COMPARED) | table["measure_id"].astype(str).isin(here)
    of = {
        "evaluated share": done,
        "evaluated share, 24 months and older": done[old],
        "share with a comparison group": compared,
    }
    return {name: (float(yes.mean()), float(len(yes))) for name, yes in of.items()}


def register_summary(table: pd.DataFrame) -> pd.DataFrame:
    """status, measures, budget_eur of a register, one row a status."""
    grouped = table.groupby("status")["budget_once"]
    frame = pd.DataFrame({"measures": grouped.size(), "budget_eur": grouped.sum()})
    order = ("overdue", "due next", "later", "evaluated", "no start date")
    return frame.reindex(order, fill_value=0).rename_axis("status").reset_index()


def _overdue(context: Context, inventory: Inventory) -> Item:
    """T05g: which measures are past 24 months without an evaluation, the longest first."""
    register = context.evaluation.register
    late = register.overdue().sort_values(["due_date", "measure_id"])
    if late.empty:
        return ""
    frame = inventory.frame
    told = dict(zip(frame["measure_id"].astype(str), titles(context, frame), strict=True))
    lines = [
        (
            named(context, str(r["measure_id"])),
            told.get(str(r["measure_id"])) or "–",
            context.name(context.words.date(pd.Timestamp(r["due_date"]).date())),
        )
        for r in late.to_dict("records")
    ]
    return text_table(
        context,
        OVERDUE,
        "Measures past 24 months without an evaluation, the longest overdue first",
        lines,
        ("Measure", "Title", "Due since"),
        source=SOURCE,
    )


def _register(context: Context, inventory: Inventory) -> Table:
    here = context.evaluation.evaluated
    register = context.evaluation.register
    table = register.table
    cells = []
    closed = hidden_groups(table.assign(budget_eur=table["budget_once"]), "status")
    for row in register_summary(table).to_dict("records"):
        status, budget = str(row["status"]), float(row["budget_eur"]) / 1e6
        cells += [
            _number(status, "measures", row["measures"]),
            _number(status, MILLION, budget, MILLION_EUR, status in closed),
        ]
    notes = [
        context.text(
            "On {day}: a measure is overdue when 24 months have passed since its start without an"
            " evaluation.",
            day=context.words.date(register.on),
        )
    ]
    if (table["status"] == "overdue").any():
        notes.append("Which measures are overdue: T05g.")
    known = int(table["measure_id"].astype(str).isin(here).sum())
    if known:
        cells.append(_number(HERE, "measures", known))
        notes.append(ADDED)
    if closed:
        notes.append(HIDDEN_NOTE)
    return Table(
        id="T05b",
        title="Evaluation register",
        cells=rows(cells),
        source=SOURCE,
        notes=tuple(notes),
        digits=0,
        units={MILLION: (1.0, 2)},
        of="measures",
    )
