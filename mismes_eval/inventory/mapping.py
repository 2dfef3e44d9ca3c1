"""Any register of projects through a mapping file (YAML): which of its columns, dates and codes
make which field of the template.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

import pandas as pd

from mismes_eval.errors import InputError, Problem, worded
from mismes_eval.frame import codes, identifiers, nearest, read, template
from mismes_eval.frame.number_formats import Sign, currencies_of, sign_problems
from mismes_eval.frame.parse import two_ways
from mismes_eval.frame.rules import failing
from mismes_eval.inventory.balance import amount_of
from mismes_eval.inventory.intake import Intake, Issue, issue_frame, numbered, translated_parents
from mismes_eval.inventory.mapped_fields import field_cells
from mismes_eval.inventory.mapped_places import divide_amounts, place_records
from mismes_eval.inventory.mapping_file import Mapped, load_mapping
from mismes_eval.inventory.tree import AMOUNTS
from mismes_eval.public import held

EXCEL = re.compile(r"\.xls[xmb]?$", re.IGNORECASE)  # numbers are numbers there, text is text

CORRECT = "kept as recorded: correct the one or the other"


@held(InputError)
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
    table, sources, signs = _tables(path, chosen, join)
    amounts = _amount_columns(chosen)
    lost = [c for c in (chosen.record, *chosen.countries) if c not in table]
    InputError.refuse(
        Problem(
            "no such column",
            column,
            fix=worded(
                "Nearest: {nearest}.", {"nearest": nearest(column, map(str, table.columns))}
            ),
        )
        for column in lost
    )
    table = table.assign(record=table[chosen.record].astype("str"))
    if chosen.read.get("decimal") == ",":
        table = table.assign(
            **{name: _with_points(table[name]) for name in amounts if name in table}
        )
    issues: list[Issue] = []
    money = _amounts(table, chosen, issues)
    InputError.refuse(_other_signs(signs, amounts, money, Path(path).name))
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
    issues += _contradictions(frame)
    if "parent_id" in frame:
        frame = translated_parents(frame, "parent_id", issues, set(table["record"]))
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


def _contradictions(frame: pd.DataFrame) -> Iterator[Issue]:
    """Records with two amounts that cannot both be true, by the rules that a filled template is
    held to.
    """
    for rule in template("inventory").rules:
        if rule.rule == "same_when":
            field = rule.right[0]
            for _, row in frame[failing(frame, rule)].iterrows():
                yield (str(row["record"]), field, str(row[field]), rule.description, CORRECT)


def _amount_columns(chosen: Mapped) -> list[str]:
    return [
        str(rule["column"])
        for field, rule in chosen.fields.items()
        if field in AMOUNTS and "column" in rule
    ]


def _tables(
    path: str | Path, chosen: Mapped, join: str | Path | None
) -> tuple[pd.DataFrame, list[tuple[str, str, int]], tuple[Sign, ...]]:
    """The register, with the second file where the mapping joins one; name, hash and rows of each;
    numbers of the register that are shown with a sign.
    """
    options = dict(chosen.read)
    if not EXCEL.search(str(path)):
        options["text_columns"] = [*options.get("text_columns", ()), *_amount_columns(chosen)]
    data = read(path, **options, allowed=None)
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
    return table, sources, data.signs


def _other_signs(
    signs: Iterable[Sign], amounts: Collection[str], money: pd.DataFrame, name: str
) -> list[Problem]:
    """Amounts that are shown with another currency than the record's, or as percentages."""
    return sign_problems(
        (sign for sign in signs if sign.column in amounts),
        name,
        lambda sign: str(money["currency"].iloc[sign.position]) in currencies_of(sign.text),
    )


def _with_points(cells: pd.Series) -> pd.Series:
    """Amounts with a decimal comma; one that can be read in two ways (100,000) stays as it is."""
    written = cells.astype("str")
    return written.where(
        two_ways(written, ",") | written.str.contains(".", regex=False).fillna(False),
        written.str.replace(",", ".", regex=False),
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
