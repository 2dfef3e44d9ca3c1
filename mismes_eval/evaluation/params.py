"""Params of a run: one strict YAML file a country. Every section is a frozen dataclass, every value
what its annotation says; what cannot be used is an error that names file, line, key and the nearest
key or value.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, is_dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from mismes_eval.errors import MismesError, ParamsError, Problem, worded
from mismes_eval.evaluation.conversion import RESTS, Conversion, Place, nearest_key, partly
from mismes_eval.evaluation.keys import Country, Key, Spoken, key, keys_of, section, sections_of
from mismes_eval.evaluation.sections import (
    Breaks,
    Calibration,
    Cost,
    Definitions,
    Design,
    Disclosure,
    EvaluatorWords,
    Impact,
    Inputs,
    Layout,
    OwnIndicators,
    Reading,
    TheoryOfChange,
    Tracer,
)
from mismes_eval.evaluation.sections_of_designs import (
    Designs,
    ImpactStudy,
    LotteryKeys,
    RegionalRollout,
)
from mismes_eval.evaluation.yaml_text import read_document
from mismes_eval.frame.summary_html import as_html, as_text
from mismes_eval.lfs import as_definition, series_breaks
from mismes_eval.message import Message
from mismes_eval.public import held


@dataclass(frozen=True, kw_only=True)
class Params:
    """source: name of the file. root: folder that relative paths start from; data_root: a second
    one, for data kept elsewhere. given: dotted keys that the file gives; lines: where they stand;
    refused: keys, or whole sections, whose value does not hold.
    """

    country: Country = key("ISO 3166 alpha-3 code, in capitals")
    title: str | None = key("title of the report; empty: made from the country's name", None)
    authors: str | None = key("who wrote the report, as it is to be cited", None)
    contact: str | None = key("whom readers may ask: an address or a telephone number", None)
    licence: str | None = key("under which licence the report may be used, e.g. CC BY 4.0", None)
    synthetic: bool = key("the data are made up; every table, figure and page says so", False)
    language: Spoken = key("language of the report", "en")
    year: int | None = key("reference year of the labour force survey", None, low=1900, high=2100)
    data_vintage: str = key(
        "release of the data and of the weights, as the producer names it", "not stated"
    )
    inputs: Inputs = section(
        Inputs,
        "files, relative to the project or to the data root; leave out what you do not have, and"
        " the report says so",
    )
    reading: Reading = section(
        Reading, "how the labour force survey's file is written; nothing is guessed"
    )
    mapping: Layout = section(Layout, "from the file's columns and codes to the template's")
    definitions: Definitions = section(Definitions, "who counts as a migrant, and at which ages")
    indicators: OwnIndicators = section(
        OwnIndicators, "shares and means of your own that stand beside the labour indicators"
    )
    design: Design = section(Design, "how the sample was drawn: what the variance rests on")
    calibration: Calibration = section(
        Calibration, "how the weights are adjusted to the control totals of inputs.margins"
    )
    tracer: Tracer = section(Tracer, "the tracer study's design and waves")
    impact: Impact = section(Impact, "the difference-in-differences")
    study: ImpactStudy = section(
        ImpactStudy,
        "an impact study that is not a tracer: one file, one outcome, before and after",
    )
    lottery: LotteryKeys = section(
        LotteryKeys,
        "places or offers that were drawn by lot, in the file of inputs.study; the file's weights,"
        " design, domain and groups stand in section study",
    )
    rollout: RegionalRollout = section(
        RegionalRollout,
        "a measure rolled out region by region, seen in the rounds of inputs.lfs_rounds",
    )
    designs: Designs = section(
        Designs,
        "designs that stand beside the difference-in-differences, each named for its measures; see"
        " docs/methods/which-design.md before you name one",
    )
    theory_of_change: TheoryOfChange = section(
        TheoryOfChange,
        "how the measure is meant to work: sentences, each with the ids of the tables or figures of"
        " the report that measure it, empty where nothing does; without it the report says so",
    )
    evaluator: EvaluatorWords = section(
        EvaluatorWords,
        "what people write beside the evidence: Markdown files, signed and dated in their first"
        " lines; what is not named stands as not supplied",
    )
    cost: Cost = section(Cost, "cost per outcome")
    disclosure: Disclosure = section(Disclosure, "what is too few or too uncertain to print")
    breaks: Breaks = section(Breaks, "breaks in series")
    source: str
    root: Path
    data_root: Path | None = None
    given: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    lines: Mapping[tuple[str | int, ...], int] = field(default_factory=dict, repr=False)

    @classmethod
    @held(ParamsError)
    def load(
        cls, path: str | Path, data_root: str | Path | None = None, root: str | Path | None = None
    ) -> Params:
        """Read and check a params file.

        Parameters
        ----------
        path : YAML file.
        root : project folder; None: the nearest folder above the file that has a `params` folder in
            it.
        data_root : folder of data kept outside the project; None: the environment variable
            MISMES_DATA_ROOT.

        Raises
        ------
        ParamsError : lists every problem of the file.
        """
        out, problems = cls.partly(path, data_root, root)
        ParamsError.refuse(problems)
        return out

    @classmethod
    @held(ParamsError)
    def partly(
        cls, path: str | Path, data_root: str | Path | None = None, root: str | Path | None = None
    ) -> tuple[Params, list[Problem]]:
        """The params as far as they hold, and every problem of the file. What asks them for a key
        of `refused` raises.
        """
        file = Path(path).resolve()
        base = Path(root).resolve() if root is not None else _project(file)
        problems: list[Problem] = []
        outside = _data_root(data_root, problems)
        document = read_document(file)
        bases = (base,) if outside is None else (base, outside)
        reading = Conversion(problems, bases, set())
        values = reading.of(cls, document, file.name)
        values |= {
            "source": file.name,
            "root": base,
            "data_root": outside,
            "given": _given(document.tree),
            "lines": document.lines,
            "refused": frozenset(reading.refused),
        }
        out = partly(
            cls,
            values,
            {name for name in reading.refused if name not in SECTIONS and "." not in name},
        )
        return out, [*problems, *contradictions(out)]

    def __getitem__(self, name: str) -> object:
        """A value by its dotted key."""
        if name not in BY_NAME:
            fix = nearest_key(name, Params)
            raise ParamsError(Problem("no such key", name, "a key of the schema", fix=fix))
        above, _, last = name.rpartition(".")
        return getattr(getattr(self, above) if above else self, last)

    @held(ParamsError)
    def changed(self, values: Mapping[str, object]) -> Params:
        """The same run with other values by dotted key, for a comparison in a notebook. The values
        have the types of their keys.
        """
        for name in values:
            self[name]
        whole: dict[str, Any] = {key: value for key, value in values.items() if "." not in key}
        for above in SECTIONS:
            inside: dict[str, Any] = {
                key.removeprefix(f"{above}."): value
                for key, value in values.items()
                if key.startswith(f"{above}.")
            }
            if inside:
                whole[above] = replace(getattr(self, above), **inside)
        return replace(self, **whole, given=self.given | set(values))

    @property
    def values(self) -> dict[str, object]:
        """Dotted key -> value, defaults filled in."""
        return {name: self[name] for name in BY_NAME}

    def where(self, name: str) -> Message:
        """File, line (where the file gives it) and key, as problems name it."""
        return Place(self.source, self.lines, tuple(name.split("."))).message

    def facts(self) -> dict[str, object]:
        """The keys that the file gives, in the order of the schema, and how many stand at their
        default.
        """
        given = {key.name: self.portable(self[key.name]) for key in KEYS if key.name in self.given}
        shown = {
            name: ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else value
            for name, value in given.items()
        }
        return {**shown, "at their default": f"{len(KEYS) - len(given)} keys"}

    def _repr_html_(self) -> str:
        return as_html(f"Params of {self.source}", self.facts())

    def __repr__(self) -> str:
        return as_text(f"Params of {self.source}", self.facts())

    def to_json(self) -> str:
        """Resolved values with paths relative to the project or data root, sorted: what a notebook
        is handed and a manifest records.
        """
        return json.dumps(
            {name: self.portable(value) for name, value in sorted(self.values.items())},
            ensure_ascii=False,
            sort_keys=True,
        )

    def fingerprint(self) -> str:
        """sha256 of the resolved values."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def portable(self, value: object) -> object:
        """A value as it may be published: paths relative to the project or the data root."""
        if is_dataclass(value) and not isinstance(value, type):
            return asdict(value)
        if not isinstance(value, Path):
            return dict(value) if isinstance(value, Mapping) else value
        if value.is_relative_to(self.root):
            return value.relative_to(self.root).as_posix()
        if self.data_root is not None and value.is_relative_to(self.data_root):
            return f"<data root>/{value.relative_to(self.data_root).as_posix()}"
        return value.name


KEYS: tuple[Key, ...] = keys_of(Params)
BY_NAME: Mapping[str, Key] = {key.name: key for key in KEYS}
SECTIONS: Mapping[str, type] = sections_of(Params)


def _project(file: Path) -> Path:
    for folder in file.parents:
        if (folder / "params").is_dir():
            return folder
    return file.parent


def _data_root(argument: str | Path | None, problems: list[Problem]) -> Path | None:
    named = argument if argument is not None else os.environ.get("MISMES_DATA_ROOT")
    if not named:
        return None
    folder = Path(named).resolve()
    if folder.is_dir():
        return folder
    where = worded("--data-root or MISMES_DATA_ROOT")
    problems.append(Problem("the data root is not a folder", where, "a folder", str(named)))
    return None


def _given(tree: Mapping[str, Any]) -> frozenset[str]:
    """Dotted keys that have a value."""
    names = []
    for name, node in tree.items():
        if name not in SECTIONS:
            names += [name] if node is not None else []
        elif isinstance(node, dict):
            names += [f"{name}.{inner}" for inner, value in node.items() if value is not None]
    return frozenset(names)


def of_known(checks: Iterable[Callable[[], Iterable[Problem]]]) -> list[Problem]:
    """What the checks find. One that asks for a key that was refused finds nothing: its own problem
    is told.
    """
    out: list[Problem] = []
    for check in checks:
        try:
            out += check()
        except MismesError as error:
            out += error.problems
    return [problem for problem in out if problem.what != RESTS]


def contradictions(params: Params) -> list[Problem]:
    """Values that fit their keys and not each other."""
    p = params
    return of_known(
        (
            partial(_ordered, p, "definitions.age_min", "definitions.age_max"),
            partial(_ordered, p, "definitions.labour_min", "definitions.labour_max"),
            partial(_ordered, p, "disclosure.min_cell", "disclosure.min_mean"),
            partial(_ordered, p, "disclosure.cv_flag", "disclosure.cv_suppress"),
            partial(_bounds, p),
            partial(_one_of, p, "impact.main_outcome", "impact.outcomes"),
            partial(_one_of, p, "impact.main_wave", "tracer.waves"),
            partial(_baseline, p),
            partial(_two_mappings, p),
            partial(_half_said, p),
            *(partial(_empty_lists, p, key) for key in CHOOSING),
            partial(_refused, p, "definitions", partial(_definition, p)),
            partial(_refused, p, "breaks.series", partial(_breaks, p)),
        )
    )


def _breaks(p: Params) -> None:
    series_breaks("", p.breaks.series)


def _definition(p: Params) -> None:
    rule = p.definitions.rule()
    if rule is not None:
        as_definition(rule)


def _bounds(p: Params) -> list[Problem]:
    bounds = p.calibration.bounds
    if bounds is None or bounds[0] < bounds[1]:
        return []
    where = p.where("calibration.bounds")
    got = worded("{bounds:g} and {bounds2:g}", {"bounds": bounds[0], "bounds2": bounds[1]})
    return [Problem("bounds are not in order", where, "the lowest first", got)]


def _baseline(p: Params) -> list[Problem]:
    if p.tracer.baseline not in p.tracer.waves:
        return []
    what = "the baseline is a wave after the measure"
    where = p.where("tracer.baseline")
    return [Problem(what, where, "another wave", str(p.tracer.baseline))]


def _two_mappings(p: Params) -> list[Problem]:
    if p.mapping.name is None or p.mapping.workbook is None:
        return []
    where = p.where("mapping.name")
    expected = "a shipped mapping or a workbook"
    return [Problem("two mappings are named", where, expected, worded("both"))]


def _half_said(params: Params) -> list[Problem]:
    """Own indicators that lack their column, or what counts as yes and no or their unit."""
    own = params.indicators
    described = {"yes": own.yes, "no": own.no}
    needed = {"columns": own.columns, **described}
    extra = {"missing": own.missing, "among": own.among, "title": own.title, "unit": own.unit}
    names = dict.fromkeys(name for part in (*needed.values(), *extra.values()) for name in part)
    lost = [
        (name, key)
        for name in names
        for key, part in needed.items()
        if name not in part and not (name in own.unit and key in described)
    ]
    both = [(name, key) for key, part in described.items() for name in part if name in own.unit]
    fix = (
        "For instance indicators: {columns: {poor: pobreza}, yes: {poor: [1, 2]}, no: {poor: [3]}}."
    )
    return [
        Problem(
            what="an own indicator is not described",
            where=params.where(f"indicators.{key}"),
            expected=worded("'{name}' under columns, yes and no", {"name": name}),
            got=worded("none under {key}", {"key": key}),
            fix=fix,
        )
        for name, key in lost
    ] + [
        Problem(
            what="an own indicator is a number or an answer, not both",
            where=params.where(f"indicators.{key}"),
            expected=worded("'{name}' under unit, or under yes and no", {"name": name}),
            got=worded("both"),
        )
        for name, key in both
    ]


# keys whose lists say what is chosen: one without a value chooses nothing
CHOOSING = (
    "mapping.derive",
    "mapping.join",
    "indicators.among",
    "study.where",
    "designs.residents",
)


def _empty_lists(params: Params, key: str) -> list[Problem]:
    """Names in this key with a list that is empty."""
    return [
        Problem(
            what="a list is empty",
            where=used_at(params.where(key), repr(name)),
            expected="a value at least",
            fix="Fill the list, or take the name out.",
        )
        for name, chosen in _as_mapping(params[key]).items()
        if not chosen or (isinstance(chosen, Mapping) and not all(chosen.values()))
    ]


def _as_mapping(value: object) -> Mapping[str, object]:
    assert isinstance(value, Mapping)
    return value


def used_at(key: Message, where: str) -> Message:
    """A key, and where what it says is refused."""
    return worded("{key} ({where})", {"key": key, "where": where})


def _refused(params: Params, name: str, make: Callable[[], object]) -> list[Problem]:
    """What a part of the params is refused for by the code that will use it."""
    try:
        make()
    except MismesError as error:
        return [replace(p, where=used_at(params.where(name), p.where)) for p in error.problems]
    return []


def _ordered(params: Params, low: str, high: str) -> list[Problem]:
    first, last = params[low], params[high]
    if not (isinstance(first, (int, float)) and isinstance(last, (int, float))) or first <= last:
        return []
    name, other, got = (high, low, last) if high in params.given else (low, high, first)
    value, bound = ("at least", first) if name == high else ("at most", last)
    values = {"value": value, "other": other, "first": bound}
    expected = worded("{value} {other} ({first:g})", values)
    return [
        Problem(
            "two limits are not in order",
            params.where(name),
            expected,
            worded("{got:g}", {"got": got}),
        )
    ]


def _one_of(params: Params, name: str, group: str) -> list[Problem]:
    """The headline is one of what is estimated."""
    value, among = params[name], params[group]
    assert isinstance(among, tuple)
    if value in among:
        return []
    expected = worded(
        "one of {group} ({among})", {"group": group, "among": ", ".join(map(str, among)) or "none"}
    )
    fix = worded(
        "Name it in {group} too, or set {name} to one of them.", {"group": group, "name": name}
    )
    what = "the headline is not among what is estimated"
    return [
        Problem(what=what, where=params.where(name), expected=expected, got=str(value), fix=fix)
    ]
