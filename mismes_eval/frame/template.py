"""Column templates: each declared once, in a CSV file of `templates/`; validator, schema, workbook
and docs are made from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from mismes_eval.errors import InputError, Problem, worded
from mismes_eval.frame.codes import nearest, read_packaged

KINDS = (
    "str",
    "id",
    "int",
    "float",
    "bool",
    "date",
    "month",
    "cat",
    "code",
    "multi",
    "list",
    "url",
)
NUMERIC = ("int", "float", "code")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a template.

    kind : str text; id text that never loses digits; int, float; bool TRUE/FALSE; date YYYY-MM-DD;
        month YYYY-MM; cat a code (text); code a whole-number code; multi codes joined by ;  list
        texts joined by ;  url.
    required : "yes" column and every cell; "expected" counts in completeness, may be empty; "no".
    codes : name of a code list.
    low, high : inclusive range (of a date: years).
    unit, description : for people.
    pattern : regular expression of the whole cell.
    missing : (cell text, missing reason) pairs that mean a missing value.
    outcome : what the column is as an outcome: share, score, money, months, hours, count; empty:
        none.
    universe : who has it: employed, business, home, participants; empty: everybody who answers.
    better : whether "more" or "less" of it is better; empty: neither.
    """

    name: str
    kind: str = "str"
    required: str = "no"
    codes: str = ""
    low: float | None = None
    high: float | None = None
    unit: str = ""
    pattern: str = ""
    missing: tuple[tuple[str, str], ...] = ()
    description: str = ""
    section: str = ""
    outcome: str = ""
    universe: str = ""
    better: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A cross-field rule; `rule` names the check in `rules.py`, left and right are columns, value
    its constant.
    """

    name: str
    rule: str
    left: tuple[str, ...]
    right: tuple[str, ...]
    value: str
    description: str


@dataclass(frozen=True, slots=True)
class Template:
    """name, version, columns in order, keys (unique together, those that the file has), cross-field
    rules.
    """

    name: str
    columns: tuple[Column, ...]
    keys: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    version: str = ""
    description: str = ""

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise InputError(
            Problem(
                "no such column in the template",
                worded("{template}.{column}", {"template": self.name, "column": name}),
                fix=worded("Nearest: {nearest}.", {"nearest": nearest(name, self.names) or "none"}),
            )
        )

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def expected(self) -> tuple[str, ...]:
        """Columns that count in completeness: required "yes" and "expected"."""
        return tuple(column.name for column in self.columns if column.required != "no")


def _split(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(";") if part)


def _number(text: str) -> float | None:
    return float(text) if text else None


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        (code, reason) for code, _, reason in (part.partition("=") for part in _split(text))
    )


@cache
def template_names() -> tuple[str, ...]:
    """Names of the templates of this package."""
    return tuple(read_packaged("frame/templates/versions.csv")["name"])


@cache
def template(name: str) -> Template:
    """The template `name`, from the files of this package.

    Raises
    ------
    InputError : there is no such template; the nearest name is given.
    """
    if name not in template_names():
        near = nearest(name, template_names())
        raise InputError(
            Problem(
                "no such template",
                name,
                expected=worded("one of {names}", {"names": ", ".join(template_names())}),
                fix=worded("The nearest is '{near}'.", {"near": near}) if near else "",
            )
        )
    version = next(
        r
        for r in read_packaged("frame/templates/versions.csv").to_dict("records")
        if r["name"] == name
    )
    columns = tuple(
        _declared({str(key): str(value) for key, value in declared.items()})
        for declared in read_packaged(f"frame/templates/{name}.csv").to_dict("records")
    )
    rules = tuple(
        Rule(
            name=str(declared["name"]),
            rule=str(declared["rule"]),
            left=_split(str(declared["left"])),
            right=_split(str(declared["right"])),
            value=str(declared["value"]),
            description=str(declared["description"]),
        )
        for declared in read_packaged("frame/templates/rules.csv").to_dict("records")
        if declared["template"] == name
    )
    return Template(
        name=name,
        columns=columns,
        keys=_split(str(version["keys"])),
        rules=rules,
        version=str(version["version"]),
        description=str(version["description"]),
    )


def _declared(r: dict[str, str]) -> Column:
    """One line of a template file."""
    return Column(
        name=r["column"],
        kind=r["kind"],
        required=r["required"],
        codes=r["codes"],
        low=_number(r["low"]),
        high=_number(r["high"]),
        unit=r["unit"],
        pattern=r["pattern"],
        missing=_pairs(r["missing"]),
        description=r["description"],
        section=r["section"],
        outcome=r.get("outcome", ""),
        universe=r.get("universe", ""),
        better=r.get("better", ""),
    )
