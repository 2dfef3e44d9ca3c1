"""Any register of projects through a mapping file (YAML): which of its columns, dates and codes
make which field of the template.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from mismes_eval.errors import InputError, Problem, worded
from mismes_eval.frame import codes, identifiers, read, template
from mismes_eval.inventory.balance import amount_of
from mismes_eval.inventory.intake import Intake, issue_frame, numbered
from mismes_eval.inventory.mapped_fields import field_cells
from mismes_eval.inventory.mapped_places import divide_amounts, place_records
from mismes_eval.inventory.mapping_file import Issue, Mapped, load_mapping


def read_mapped(
    path: str | Path,
    mapping: str | Path | Mapped,
    *,
    countries: tuple[str, ...],
    join: str | Path | None = None,
) -> Intake:
    """The records of a register that concern `countries` (ISO3), in the columns of the inventory
    template.

    Parameters
    ----------
    mapping : a shipped name (see `shipped_mappings`), a path, or a loaded mapping.
    join : the second file, where the mapping joins one.

    What the mapping takes over is looked through for personal identifiers; columns that it leaves
    are not kept.
    A cell that cannot be read (year 9999, an unknown country name) leaves its field empty and
    stands in `issues`.
    """
    chosen = mapping if isinstance(mapping, Mapped) else load_mapping(mapping)
    unknown = [country for country in countries if country not in set(codes("countries")["code"])]
    if unknown or not countries:
        raise InputError(
            Problem(
                "not a country",
                "countries",
                "ISO 3166-1 alpha-3 codes",
                ", ".join(unknown) or worded("none"),
            )
        )
    data = read(path, **chosen.read, allowed=None)
    sources = [(data.name, data.sha256, data.rows)]
    table = data.frame
    if chosen.join:
        if join is None:
            raise InputError(
                Problem(
                    what="the mapping joins a second file",
                    where=chosen.register,
                    expected="join=path",
                    got="None",
                    fix=str(chosen.join.get("note", "")),
                )
            )
        second = read(join, **chosen.read, allowed=None)
        sources.append((second.name, second.sha256, second.rows))
        table = _joined(table, second.frame, chosen)
    table = table.assign(record=table[chosen.record].astype("str"))
    issues: list[Issue] = []
    money = _amounts(table, chosen, issues)
    placed, counted = place_records(table, chosen, countries, money, issues)
    frame = pd.DataFrame(
        {
            field: field_cells(field, rule, placed, chosen, issues)
            for field, rule in chosen.fields.items()
        },
        index=placed.index,
    )
    frame = divide_amounts(frame, placed)
    frame = frame.assign(record=placed["record"], country=placed["country"])
    order = [column for column in template("inventory").names if column in frame] + ["record"]
    order += ["allocation"] if "allocation" in frame else []
    frame = numbered(frame.reset_index(drop=True)[order])
    if "parent_id" in frame:
        frame = _translated_parents(frame, set(table["record"]), issues)
    frame = identifiers(frame, allowed=("record", "measure_id", "parent_id"))
    return Intake(
        frame=frame,
        refused=counted.of_fate("refused"),
        outside=counted.of_fate("outside"),
        issues=issue_frame(issues),
        read=len(table),
        sources=pd.DataFrame(sources, columns=["name", "sha256", "rows"]),
        register=chosen.register,
        balance=counted.held_by(frame),
    )


def _joined(first: pd.DataFrame, second: pd.DataFrame, mapping: Mapped) -> pd.DataFrame:
    on = mapping.join["column"]
    problems = [
        Problem("no such column to join on", on) for frame in (first, second) if on not in frame
    ]
    if not problems and second[on].duplicated().any():
        problems.append(
            Problem(
                "a record stands twice in the joined file",
                on,
                count=int(second[on].duplicated().sum()),
            )
        )
    InputError.refuse(problems)
    extra = [column for column in second if column == on or column not in first]
    return first.merge(second[extra], on=on, how="left")


def _amounts(table: pd.DataFrame, mapping: Mapped, issues: list[Issue]) -> pd.DataFrame:
    """cell, amount (NaN where there is none) and currency of every record of the register."""
    silent: list[Issue] = []
    nothing: Mapping[str, object] = {}
    cells, currencies = (
        field_cells(name, mapping.fields.get(name, nothing), table, mapping, silent)
        for name in ("budget_total", "currency")
    )
    amounts = [amount_of(cell) for cell in cells]
    for record, cell, amount in zip(table["record"], cells, amounts, strict=True):
        if isinstance(cell, str) and cell and amount is None:
            issues.append((record, "budget_total", cell, "not a plain number", "not in the sums"))
    named = [
        currency.strip().upper() if isinstance(currency, str) else "" for currency in currencies
    ]
    return pd.DataFrame({"amount": pd.array(amounts, dtype="Float64"), "currency": named})


def _translated_parents(
    frame: pd.DataFrame, records: set[str], issues: list[Issue]
) -> pd.DataFrame:
    """parent_id from the register's own identifiers to those of the rows made."""
    places = {
        (record, country): m
        for record, country, m in zip(
            frame["record"], frame["country"], frame["measure_id"], strict=True
        )
    }
    made = frame.groupby("record")["measure_id"].agg(list).to_dict()
    parents: list[str | None] = []
    for row in frame.to_dict("records"):
        written = row["parent_id"]
        if not isinstance(written, str) or not written.strip():
            parents.append(None)
            continue
        name = written.strip()
        whole = name.removesuffix(".0")
        parent = whole if name not in records and whole in records else name
        rows = made.get(parent, [])
        found = places.get((parent, row["country"])) or (rows[0] if len(rows) == 1 else None)
        if found is None:
            what = "no record of the register has this identifier"
            if parent in records:
                what = "the parent is not among the records of this country"
            issues.append((str(row["record"]), "parent_id", written, what, "left empty"))
        parents.append(found)
    return frame.assign(parent_id=pd.array(parents, dtype="str"))
