"""The inventory: read against its template, its side tables too, and everything one asks of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path

import pandas as pd

from mismes_eval.errors import InputError, Problem, named, worded
from mismes_eval.frame import Column, Template, check, json_schema, references
from mismes_eval.frame import read as read_data
from mismes_eval.frame import template as named_template
from mismes_eval.frame.summary_html import as_html, as_text
from mismes_eval.inventory.balance import Balance, joined, of_inventory
from mismes_eval.inventory.duplicates import likely_duplicates
from mismes_eval.inventory.export import to_csv, to_excel
from mismes_eval.inventory.intake import Intake
from mismes_eval.inventory.money import Converted, to_euro
from mismes_eval.inventory.page import write_page
from mismes_eval.inventory.portfolio import By, Profile
from mismes_eval.inventory.portfolio import profile as portfolio_profile
from mismes_eval.inventory.purposes import purpose_problems
from mismes_eval.inventory.quality import (
    CODED,
    Completeness,
    completeness,
    item_missing,
    kappa,
    response_rate,
)
from mismes_eval.inventory.register import EvaluationRegister
from mismes_eval.inventory.register import evaluation_due as register_due
from mismes_eval.inventory.relations import merge_decided
from mismes_eval.inventory.tree import Tree, parent_differences, parent_problems
from mismes_eval.inventory.workbook import SHEET, fillable_workbook
from mismes_eval.public import held

# tables beside inventory.csv in a folder, and the field of Inventory that holds each
SIDE_TABLES = {
    "inventory_actor": "actors",
    "inventory_year": "years",
    "inventory_result": "results",
    "inventory_contact": "contacts",
    "inventory_rate": "rates",
}
DECISIONS = ["name", "sha256"]
HELD = {"int": "float64", "code": "float64", "bool": "boolean"}  # kind of a column -> its dtype
EMPTY = HELD | {"float": "float64", "date": "datetime64[ns]"}


@dataclass(frozen=True)
class Inventory:
    """Measures that passed the template.

    frame : one row a measure; every column of the template (absent ones empty), then the file's
        further columns.
    actors, years, results : side tables (empty where there are none).
    contacts : implementers that received the questionnaire.
    rates : exchange rates that the user gives (template `inventory_rate`), a rate that stands in
        several files once.
    sources : name, sha256, rows of every file read; rows add up to the rows of the tables.
    merged : likely duplicates that were merged by decision.
    decisions : name and sha256 of the files of decisions.
    read : measure_id, budget_total and currency of every measure of the files, as they were read;
        None where the frame was not read from files.
    imported : balance of the import that made the rows (`from_intake`).
    """

    frame: pd.DataFrame
    sources: pd.DataFrame
    actors: pd.DataFrame = field(default_factory=pd.DataFrame)
    years: pd.DataFrame = field(default_factory=pd.DataFrame)
    results: pd.DataFrame = field(default_factory=pd.DataFrame)
    contacts: pd.DataFrame = field(default_factory=pd.DataFrame)
    rates: pd.DataFrame = field(default_factory=pd.DataFrame)
    merged: pd.DataFrame = field(default_factory=pd.DataFrame)
    decisions: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=DECISIONS))
    read: pd.DataFrame | None = None
    imported: Balance | None = None

    def facts(self) -> dict[str, object]:
        """The inventory at a glance."""
        start = self.frame["start_date"].dropna()
        tree = self.tree
        priced = tree.has("budget_eur")
        return {
            "measures": f"{len(self):,}",
            "countries": ", ".join(sorted(self.frame["country"].dropna().astype(str).unique())),
            "began": f"{start.min():%Y-%m} to {start.max():%Y-%m}" if len(start) else "no date",
            "budget": (
                f"{tree.total('budget_eur'):,.0f} EUR of {int(tree.once(priced).sum())} measures;"
                f" {int(tree.lacking(priced).sum())} without"
            ),
            "completeness": f"{self.completeness().overall:.1%}",
            "files": ", ".join(map(str, self.sources["name"])),
        }

    def _repr_html_(self) -> str:
        return as_html("Inventory of measures", self.facts())

    def __repr__(self) -> str:
        return as_text("Inventory of measures", self.facts())

    def __len__(self) -> int:
        return len(self.frame)

    @held(InputError)
    def where(self, mask: pd.Series) -> Inventory:
        """The measures where `mask` (bool, aligned to frame) holds."""
        return replace(self, frame=self.frame[mask.to_numpy(dtype=bool)].reset_index(drop=True))

    @property
    def counted(self) -> pd.Series:
        """Measures that are added up (bool): all but those whose parts are recorded too."""
        return self.tree.leaves

    @cached_property
    def tree(self) -> Tree:
        """Measures and their parts, and what of them is added up."""
        return Tree.of(self.frame)

    def balance(self) -> Balance:
        """Where every measure that was read, and its budget by currency, went: read = accepted +
        refused + outside + merged. A file of measures is read whole or not at all; of an import
        also the records that it refused or left outside.

        Raises
        ------
        InputError : measures or amounts that were lost, or came in, on the way.
        """
        own = of_inventory(self.as_read, self.frame, self.merged).held_by(self.frame)
        return own if self.imported is None else self.imported.followed_by(own, self.frame)

    @property
    def as_read(self) -> pd.DataFrame:
        """measure_id, budget_total and currency of every measure of the files, as it was read."""
        return _money(self.frame) if self.read is None else self.read

    def profile(self, by: By = None, on: date | None = None) -> Profile:
        """Portfolio indicators I1-I7 and I10-I13, matrix, funders, timeline (see
        `portfolio.profile`).
        """
        if by is None and on is None:
            return deepcopy(self._overall)
        return portfolio_profile(self.frame, by, on)

    @cached_property
    def _overall(self) -> Profile:
        return portfolio_profile(self.frame)

    def evaluation_due(
        self, on: date | str, months: int = 24, ahead: int = 12
    ) -> EvaluationRegister:
        """The evaluation register of the day `on`, a date or YYYY-MM-DD (see
        `register.evaluation_due`).
        """
        return register_due(self.frame, on, months, ahead)

    def completeness(self) -> Completeness:
        """I13 per measure and per field."""
        return completeness(self.frame, template())

    def item_missing(self) -> pd.DataFrame:
        """Missing cells and their reasons, per field."""
        return item_missing(self.frame, template())

    @held(InputError)
    def kappa(self, other: Inventory, fields: tuple[str, ...] = CODED) -> pd.DataFrame:
        """Agreement with another coder's inventory, field by field."""
        return kappa(self.frame, other.frame, fields)

    def likely_duplicates(self, threshold: float = 85.0) -> pd.DataFrame:
        """Pairs that look alike and why; merged only by `merge`."""
        return likely_duplicates(self.frame, threshold)

    def merge(self, decisions: pd.DataFrame) -> Inventory:
        """The inventory after the decisions on duplicates (template `inventory_decision`)."""
        done = merge_decided(self.frame, decisions)
        return replace(
            self, frame=done.frame, merged=pd.concat([self.merged, done.merged], ignore_index=True)
        )

    def decided(self, *files: Path) -> Inventory:
        """The inventory after the decisions of files (template `inventory_decision`)."""
        out = self
        for file in files:
            data = read_data(file, template="inventory_decision")
            told = pd.DataFrame([(data.name, data.sha256)], columns=DECISIONS)
            named = pd.concat([out.decisions, told], ignore_index=True)
            out = replace(out.merge(data.frame), decisions=named)
        return out

    def parent_differences(self) -> pd.DataFrame:
        """Budgets of parents beside the sums of their parts (see `tree.parent_differences`)."""
        return parent_differences(self.frame)

    def response_rate(self, by: str | None = None) -> pd.DataFrame:
        """Questionnaires sent and answered (Q1); InputError where no contacts were read."""
        if self.contacts.empty:
            raise InputError(
                Problem(
                    "no table of contacts",
                    "inventory_contact.csv",
                    "the implementers that received the questionnaire",
                )
            )
        return response_rate(self.contacts, by)

    def to_euro(
        self,
        rates: pd.DataFrame | None = None,
        *,
        year: int | None = None,
        index: pd.DataFrame | None = None,
    ) -> tuple[Inventory, Converted]:
        """Budgets in euro through the rate table given, or that of the folder; the second value
        says which rates were used and which given amounts differ.
        """
        if rates is None and self.rates.empty:
            raise InputError(
                Problem(
                    "no rate table",
                    "inventory_rate.csv",
                    "a table of currency, year, eur_per_unit and source",
                )
            )
        done = to_euro(self.frame, self.rates if rates is None else rates, year=year, index=index)
        return replace(self, frame=done.frame), done

    @held(InputError)
    def site(
        self,
        path: str | Path,
        *,
        on: date | None = None,
        title: str | None = None,
        language: str = "en",
    ) -> Path:
        """A searchable page of the measures, one HTML file that works offline."""
        return write_page(
            self.frame, path, on=on, title=title, language=language, balance=self.balance()
        )

    def to_csv(self, path: str | Path) -> Path:
        """The measures as CSV, text kept text."""
        return to_csv(self.frame, path)

    def to_excel(self, path: str | Path) -> Path:
        """Measures, profile and sources as a workbook."""
        return to_excel(
            {
                SHEET: self.frame,
                **self.profile().tables(),
                "balance": self.balance().to_frame(),
                "sources": self.sources,
            },
            path,
        )


def template() -> Template:
    """The information template of a measure."""
    return named_template("inventory")


def schema() -> dict[str, object]:
    """The information template as JSON Schema."""
    return json_schema(template())


@held(InputError)
def workbook(path: str | Path, rows: int = 500) -> Path:
    """The information template as a fillable Excel workbook."""
    return fillable_workbook(template(), path, rows)


@held(InputError)
def read(
    path: str | Path | Sequence[str | Path],
    *,
    encoding: str = "utf-8",
    separator: str = ",",
    decimal: str = ".",
    missing: Mapping[str, Mapping[str, str]] | None = None,
) -> Inventory:
    """Inventory files: a CSV or Excel file, a folder with inventory.csv and its side tables, or
    several of them (countries) together.

    Raises
    ------
    InputError : every problem of every file, with row, column, value and the nearest valid code;
        nothing is read in part.
    """
    several = [path] if isinstance(path, str | Path) else path
    paths = list(map(Path, several))
    if not paths:
        raise InputError(Problem("no file to read", "path"))
    problems: list[Problem] = []
    tables: dict[str, list[pd.DataFrame]] = {name: [] for name in ("inventory", *SIDE_TABLES)}
    sources = []
    for file, name in (found for p in paths for found in _files(p)):
        try:
            data = read_data(
                file,
                template=name,
                encoding=encoding,
                separator=separator,
                decimal=decimal,
                missing=missing if name == "inventory" else None,
            )
        except InputError as error:
            problems += error.problems
            continue
        if name == "inventory" and data.rows == 0:
            problems.append(
                Problem(
                    what="the file has no measures",
                    where=data.name,
                    expected="one row a measure",
                    got=worded("a header only"),
                    fix="Fill it in, or leave the file out.",
                )
            )
        tables[name].append(data.frame)
        sources.append(
            (f"{file.resolve().parent.name}/{data.name}".lstrip("/"), data.sha256, data.rows)
        )
    InputError.refuse(problems)
    joined = {
        name: pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
        for name, parts in tables.items()
    }
    return _whole(
        joined["inventory"],
        pd.DataFrame(sources, columns=["name", "sha256", "rows"]),
        {SIDE_TABLES[n]: joined[n] for n in SIDE_TABLES},
        read=pd.concat([_money(part) for part in tables["inventory"]], ignore_index=True),
    )


def _money(frame: pd.DataFrame) -> pd.DataFrame:
    """What the balance holds of a table of measures; absent columns are empty."""
    return frame.reindex(columns=["measure_id", "budget_total", "currency"])


@held(InputError)
def from_intake(intake: Intake) -> Inventory:
    """The records of a register as an inventory, once a coder has filled what the register does not
    have.

    Raises
    ------
    InputError : what is still lacking.
    """
    checked = check(intake.frame.reset_index(drop=True), template())
    if checked.problems:
        raise InputError(checked.problems)
    made = _whole(checked.frame, intake.sources, {}, read=_money(checked.frame))
    return replace(made, imported=intake.balance)


@held(InputError)
def combine(inventories: Sequence[Inventory]) -> Inventory:
    """Several inventories as one, with their balances, decisions and what was merged; an identifier
    may stand once only.
    """
    sides = {
        n: pd.concat([getattr(i, n) for i in inventories], ignore_index=True)
        for n in SIDE_TABLES.values()
    }
    frame = pd.concat([i.frame for i in inventories], ignore_index=True)
    sources = pd.concat([i.sources for i in inventories], ignore_index=True)
    whole = _whole(frame, sources, sides)
    balances = [
        (
            ", ".join(map(str, i.sources["name"])),
            i.imported or of_inventory(i.as_read, i.as_read, pd.DataFrame()),
        )
        for i in inventories
    ]
    both = replace(
        whole,
        read=pd.concat([i.as_read for i in inventories], ignore_index=True),
        merged=pd.concat([i.merged for i in inventories], ignore_index=True),
        decisions=pd.concat([i.decisions for i in inventories], ignore_index=True),
        imported=joined(balances) if any(i.imported for i in inventories) else None,
    )
    both.balance()
    return both


@held(InputError)
def profile(inventory: Inventory, by: By = None, on: date | None = None) -> Profile:
    """`inventory.profile(...)` as a function."""
    return inventory.profile(by, on)


@held(InputError)
def evaluation_due(inventory: Inventory, on: date) -> EvaluationRegister:
    """`inventory.evaluation_due(...)` as a function."""
    return inventory.evaluation_due(on)


def _files(path: Path) -> list[tuple[Path, str]]:
    if not path.is_dir():
        return [(path, "inventory")]
    endings = (".csv", ".csv.gz", ".xlsx", ".parquet")
    offered = (path / f"inventory{ending}" for ending in endings)
    main = next((file for file in offered if file.is_file()), None)
    if main is None:
        raise InputError(
            Problem(
                "no inventory in the folder", str(path), "inventory.csv, .csv.gz, .xlsx or .parquet"
            )
        )
    sides = [(path / f"{name}.csv", name) for name in SIDE_TABLES]
    return [(main, "inventory"), *(side for side in sides if side[0].is_file())]


def _whole(
    frame: pd.DataFrame,
    sources: pd.DataFrame,
    sides: Mapping[str, pd.DataFrame],
    read: pd.DataFrame | None = None,
) -> Inventory:
    """All template columns present, keys unique across files, references of the side tables met."""
    problems = []
    twice = frame["measure_id"].duplicated(keep=False)
    if twice.any():
        ids = frame.loc[twice, "measure_id"].unique()
        problems.append(
            Problem(
                "a measure stands in two files",
                "measure_id",
                "each identifier once",
                named(ids),
                "Take the second in with `mismes inventory submit`, or give its measures others.",
                count=int(twice.sum()),
                rows=tuple(ids),
            )
        )
    problems += parent_problems(frame)
    problems += purpose_problems(frame)
    for name in ("actors", "years", "results"):
        if len(side := sides.get(name, pd.DataFrame())):
            problems += references(side, "measure_id", frame, "measure_id")
    rates = sides.get("rates", pd.DataFrame())
    if len(rates):
        rates = rates.drop_duplicates(["currency", "year", "eur_per_unit"], ignore_index=True)
        problems += check(rates, named_template("inventory_rate")).problems
    InputError.refuse(problems)
    columns = template().columns
    absent = {
        declared.name: _empty(declared, len(frame))
        for declared in columns
        if declared.name not in frame
    }
    full = pd.concat([frame, pd.DataFrame(absent, index=frame.index)], axis=1)
    names = template().names
    ordered = full[[*names, *(column for column in full if column not in names)]]
    none = pd.DataFrame()
    full = ordered.astype(
        {declared.name: HELD[declared.kind] for declared in columns if declared.kind in HELD}
    )
    in_euro = full["budget_eur"].isna() & (full["currency"] == "EUR")
    full["budget_eur"] = full["budget_eur"].where(~in_euro, full["budget_total"])
    whole = Inventory(
        frame=full,
        sources=sources,
        actors=sides.get("actors", none),
        years=sides.get("years", none),
        results=sides.get("results", none),
        contacts=sides.get("contacts", none),
        rates=rates,
        read=read,
    )
    whole.balance()
    return whole


def _empty(column: Column, rows: int) -> pd.Series:
    empty: pd.Series = pd.Series([None] * rows, dtype="object").astype(
        pd.api.types.pandas_dtype(EMPTY.get(column.kind, "str"))
    )
    return empty
