"""The pages of the site, each as the HTML of its main part: what is put into its template."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mismes_eval.evaluation.outside_evidence import Together
from mismes_eval.frame import Column, codes, template
from mismes_eval.frame.missing import is_missing
from mismes_eval.inventory import EvaluationRegister
from mismes_eval.inventory.indicators import pairs
from mismes_eval.inventory.own_amounts import AMOUNTS
from mismes_eval.inventory.purposes import NOT_SAID, by_purpose
from mismes_eval.inventory.tree import Tree
from mismes_eval.report.document.language import code_labels, country_name
from mismes_eval.report.document.plain import escape
from mismes_eval.report.pages_from_templates import Html, rendered
from mismes_eval.report.site.evidence import Evaluation, of_each_study, recorded
from mismes_eval.report.site.evidence_page import (
    Listing,
    effect_cells,
    evidence_page,
)
from mismes_eval.report.site.html import ARROWS, Shell, address, day, link, table
from mismes_eval.report.site.maps import cost_dots, country_tiles, places
from mismes_eval.report.synthesis import job_costs
from mismes_eval.report.synthesis.tables import PageNames

Row = Mapping[Any, Any]
Facts = list[tuple[str, str]]

UNIT_COSTS = ("benef_reached", "benef_completed", "benef_placed")
WRITTEN = ("lessons", "obstacles")  # further columns of the file, where it has them
TOLD = ("description", "objective", "sector", *WRITTEN, "documents")
QUALITIES = ("strong", "medium", "weak")


SPREAD = {
    "lowest": 0.0,
    "quarter": 0.25,
    "median": 0.5,
    "threequarters": 0.75,
    "highest": 1.0,
}


@dataclass(frozen=True)
class Material:
    """What the pages are made of: measures, register of the day, evaluations with their means, and
    costs of an additional job-year of reports; own_amounts: measures whose amounts are not shown.
    """

    frame: pd.DataFrame
    register: EvaluationRegister
    found: tuple[Evaluation, ...]
    means: tuple[Together, ...]
    page_shell: Shell
    job_costs: pd.DataFrame
    own_amounts: frozenset[str] = frozenset()

    def outcome(self, name: str) -> str:
        """Label of an outcome; one of which less is better says so."""
        better = next(effect.better for effect in self.found if effect.outcome == name)
        return PageNames(self.page_shell.t).outcome(name, better)

    def model(self, code: str) -> str:
        """Code and title of a model."""
        return f"{code} {code_labels('models', self.page_shell.t).get(code, '')}".strip()

    def budget(self, row: Row) -> str:
        """The budget of a measure in euro, or why it has none here."""
        if row["measure_id"] in self.own_amounts:
            return self.page_shell.words["own_amount"]
        return self.page_shell.number(row["budget_eur"])

    def country(self, code: str) -> str:
        """Name of a country."""
        return country_name(code, self.page_shell.t.code)


def measure_page(material: Material, row: Row) -> Html:
    """What one measure is, its evaluations, its cost and its whole record."""
    words, shell = material.page_shell.words, material.page_shell
    mine = [effect for effect in material.found if effect.measure_id == row["measure_id"]]
    sections: dict[str, Facts] = {}
    for column in template("inventory").columns:
        if column.name not in TOLD:
            facts = sections.setdefault(words[f"section_{column.section}"], [])
            if column.name in row:
                facts.append((_field(material, column.name), _fact(material, row, column)))
    return rendered(
        "site/measure.html.j2",
        words=words,
        in_short=_in_short(material, row),
        summary=_recorded_evaluation(shell, row),
        effects=_effects(material, mine) if mine else "",
        notes=_notes(words, mine),
        costs=_costs_of(material, row),
        told=_told(material, row),
        sections=sections,
    )


def _in_short(material: Material, row: Row) -> list[str]:
    """Where, what, when and who."""
    stages = code_labels("stages", material.page_shell.t)
    said = [
        material.country(row["country"]),
        stages.get(str(row["stage_code"]), str(row["stage_code"])),
        material.model(str(row["model_primary"])),
    ]
    start, end = (
        day(row[name]) if _given(row[name]) else "" for name in ("start_date", "end_date")
    )
    if start and end:
        said.append(Html(material.page_shell.words["until"].format(start=start, end=end)))
    elif start:
        said.append(start)
    who = [str(row[name]) for name in ("implementer_name", "funder_main") if _given(row[name])]
    return [*said, *dict.fromkeys(who)]


def _told(material: Material, row: Row) -> Facts:
    """What the measure is in its own words, and what was learned; nothing where nothing is written."""
    words = material.page_shell.words
    columns = {column.name: column for column in template("inventory").columns}
    told = []
    for name in TOLD:
        if _given(row.get(name)):
            column = columns.get(name, Column(name))
            said = (
                _documents(row[name]) if name == "documents" else _cell(material, row[name], column)
            )
            told.append((words[f"told_{name}"], said))
    return told


def _documents(value: object) -> Html:
    """Documents, addresses among them as links."""
    pieces = [piece.strip() for piece in str(value).split(";") if piece.strip()]
    shown = [address(piece) if re.match(r"https?://", piece) else escape(piece) for piece in pieces]
    return Html("<br>".join(shown))


def _given(value: object) -> bool:
    return not is_missing(value) and str(value).strip() != ""


def _field(material: Material, name: str) -> Html:
    """A field in words, with its name in the downloads."""
    services = code_labels("services", material.page_shell.t)
    label = services.get(name) or material.page_shell.words[f"field_{name}"]
    return Html(f'{escape(label)} <code class="quiet">{escape(name)}</code>')


def _fact(material: Material, row: Row, column: Column) -> str:
    """A fact of a record; an amount that is one payer's own says so."""
    if column.name in AMOUNTS and row["measure_id"] in material.own_amounts:
        return _quiet(material.page_shell.words["own_amount"])
    return _cell(material, row[column.name], column)


def _quiet(text: str) -> Html:
    return Html(f'<span class="quiet">{escape(text)}</span>')


def _cell(material: Material, value: Any, column: Column) -> str:
    """A value of a record: codes with their labels, addresses as links."""
    words, text = material.page_shell.words, material.page_shell.t
    if not _given(value):
        return _quiet(words["empty"])
    if column.kind == "url":
        return address(value)
    if column.kind == "bool":
        return words["yes" if value else "no"]
    if column.kind == "date":
        return day(value)
    if column.codes:
        known = code_labels(column.codes, text)
        written = f"{value:g}" if isinstance(value, float) else str(value)
        return "; ".join(f"{code} {known.get(code, '')}".strip() for code in written.split(";"))
    if column.unit == "year":
        return f"{value:.0f}"
    if column.kind in ("int", "float"):
        return text.number(float(value), 0 if column.kind == "int" else 2)
    return str(value)


def _recorded_evaluation(shell: Shell, row: Row) -> str:
    """Kind, design and year of the evaluation that the record names; "" where it names none."""
    if not _given(row["eval_type"]) or row["eval_type"] == "NONE":
        return ""
    kinds, designs = code_labels("eval_types", shell.t), code_labels("impact_designs", shell.t)
    design = designs.get(str(row["impact_design"]), shell.words["empty"])
    year = f"{row['eval_year']:.0f}" if _given(row["eval_year"]) else shell.words["empty"]
    return ", ".join((kinds[str(row["eval_type"])], design, year))


def _effects(material: Material, mine: Sequence[Evaluation]) -> Html:
    """Effects that reports show."""
    words = material.page_shell.words
    head = ("months", "effect", "direction", "grade", "design", "source")
    rows = [
        [material.outcome(effect.outcome), *effect_cells(material.page_shell, effect, head)]
        for effect in mine
    ]
    names = [words[key] for key in ("outcome", *head)]
    return table(words["evaluation"], names, rows, (1, 2))


def _notes(words: Mapping[str, str], mine: Sequence[Evaluation]) -> list[str]:
    """What must be known of effects."""
    keys = ["reservation"] if any(effect.moved_apart for effect in mine) else []
    return [words[key] for key in (*keys, "spoken_note", "assumption", "hidden_note")]


def _costs_of(material: Material, row: Row) -> Facts:
    words, shell = material.page_shell.words, material.page_shell
    facts = [(words["budget"], material.budget(row))]
    if row["measure_id"] in material.own_amounts:
        return facts
    for field in UNIT_COSTS:
        cost = _ratio(row["budget_eur"], row[field])
        facts.append((words[f"cost_{field.removeprefix('benef_')}"], shell.number(cost)))
    return facts


def _ratio(budget: Any, persons: Any) -> float:
    """Budget over persons; missing where one of them is, or nobody was reached."""
    if not _given(budget) or not _given(persons) or float(persons) == 0:
        return math.nan
    return float(budget) / float(persons)


def evidence(material: Material) -> Html:
    """All evaluations, own and outside."""
    listing = Listing(material.frame, material.found, material.means)
    return evidence_page(material.page_shell, listing)


def gap_map(material: Material) -> Html:
    """Models by outcomes: how many measures have an effect, how strong the designs, which way."""
    words = material.page_shell.words
    outcomes = sorted({effect.outcome for effect in material.found})
    known = {effect.measure_id for effect in material.found}
    named = recorded(material.frame)
    named = named[~named["measure_id"].isin(known)]
    rows = []
    for model in codes("models")["code"]:
        here = [effect for effect in material.found if effect.model == model]
        cells = [
            _gap_cell(words, of_each_study([e for e in here if e.outcome == outcome]))
            for outcome in outcomes
        ]
        others = named[named["model_primary"] == model]
        best = next((q for q in QUALITIES if (others["quality"] == q).any()), "weak")
        rows.append([material.model(model), *cells, _dot(words, len(others), best)])
    head = [words["model"], *map(material.outcome, outcomes), words["recorded_only"]]
    return rendered(
        "site/gap-map.html.j2",
        words=words,
        qualities=QUALITIES,
        table=table(words["gap"], head, rows),
    )


def _gap_cell(words: Mapping[str, str], studies: Sequence[Evaluation]) -> Html:
    """Count, strength and directions of the effect of each study; links to the measures."""
    best = next((q for q in QUALITIES if any(study.quality == q for study in studies)), "")
    return _dot(words, len(studies), best, studies)


def _dot(
    words: Mapping[str, str], count: int, quality: str, studies: Sequence[Evaluation] = ()
) -> Html:
    """A dot with a count, larger for more, and the direction that each study found."""
    return rendered(
        "site/gap_cell.html.j2",
        words=words,
        count=count,
        size=min(3, 1 + count // 3),
        quality=quality,
        studies=studies,
        arrows=ARROWS,
    )


def countries(material: Material) -> Html:
    """A map of tiles, and the measures of each country."""
    words, frame = material.page_shell.words, material.frame
    counts = {str(code): int(n) for code, n in frame["country"].value_counts().items()}
    names = {code: material.country(code) for code in counts}
    goals = frame["destinations"].dropna().str.split(";").explode().value_counts()
    away = [f"{material.country(str(country))} ({n})" for country, n in goals.items()]
    lost = [f"{names[code]} ({n})" for code, n in counts.items() if code not in places()]
    head = [words["measure"], words["model"], words["budget"]]
    parts = []
    for code in sorted(counts, key=lambda c: names[c]):
        rows = [
            [
                link(row["measure_id"], row["title_en"]),
                str(row["model_primary"]),
                material.budget(row),
            ]
            for row in frame[frame["country"] == code].to_dict("records")
        ]
        title = f"{names[code]}: {counts[code]}"
        parts.append((code, title, table(names[code], head, rows, (2,))))
    return rendered(
        "site/countries.html.j2",
        words=words,
        tiles=country_tiles(counts, names, words["countries"]),
        beside={words["elsewhere"]: ", ".join(lost), words["as_destination"]: ", ".join(away)},
        countries=parts,
    )


def costs(material: Material) -> Html:
    """Unit costs by model with their spread, one table and one drawing for each kind."""
    words, shell = material.page_shell.words, material.page_shell
    tree = Tree.of(material.frame)
    measures = tree.leaves
    parts: list[tuple[str, str, str]] = []
    for field in UNIT_COSTS:
        key = f"cost_{field.removeprefix('benef_')}"
        budget, persons, _ = pairs(tree, "budget_eur", field)
        values = (budget / persons)[lambda v: v > 0]
        lines = []
        for model, part in material.frame.groupby("model_primary"):
            here = values[values.index.isin(part.index)]
            number = int(measures[part.index].sum())
            lines.append(_cost_row(material, str(model), here, number, values))
        ends = {"low": shell.number(values.min()), "high": shell.number(values.max())}
        names = [words[name] for name in ("model", "number", "missing", *SPREAD)]
        names.append(words["log_scale"].format(**ends))
        columns = tuple(range(1, 3 + len(SPREAD)))
        made = "" if values.empty else table(words[key], names, lines, columns)
        parts.append((key, words[key], made))
    parts.append(("purposes", words["purposes"], _purposes(material, tree)))
    parts.append(("job-years", shell.t(job_costs.TITLE), _job_costs(material)))
    notes = [] if material.job_costs.empty else map(shell.t, job_costs.NOTES)
    return rendered("site/costs.html.j2", words=words, costs=parts, notes=notes)


def _purposes(material: Material, tree: Tree) -> str:
    """Budgets by purpose, divided by the percentages of the records; "" where none names one."""
    words, shell = material.page_shell.words, material.page_shell
    lines = by_purpose(tree)
    if set(lines["purpose"]) == {NOT_SAID}:
        return ""
    rows = [
        [line["purpose"] or words["empty"], str(line["measures"]), shell.number(line["budget_eur"])]
        for line in lines.to_dict("records")
    ]
    head = [words["field_crs_purpose"], words["number"], words["budget"]]
    return table(words["purposes"], head, rows, (1, 2))


def _job_costs(material: Material) -> str:
    """What an additional job-year costs where country reports say so, countries side by side."""
    text = material.page_shell.t
    if material.job_costs.empty:
        return ""
    rows = []
    for line in material.job_costs.to_dict("records"):
        place = f"{escape(material.country(line['country']))}, {link(line['measure'], None)}"
        said = job_costs.amount(text, line), job_costs.assumption(text, line)
        rows.append([Html(place), material.model(line["model"]), *said])
    return table(text(job_costs.TITLE), [text(name) for name in job_costs.HEAD], rows)


def _cost_row(
    material: Material, model: str, here: pd.Series, measures: int, whole: pd.Series
) -> list[str]:
    shell = material.page_shell
    title = material.model(model)
    spread = [
        shell.number(here.quantile(share) if len(here) else math.nan) for share in SPREAD.values()
    ]
    drawn = cost_dots(here.tolist(), whole.min(), whole.max(), title) if len(here) else ""
    return [title, str(len(here)), str(measures - len(here)), *spread, drawn]


def due(material: Material) -> Html:
    """The work list of evaluations."""
    words = material.page_shell.words
    rows = [
        [
            day(row["reminder"]),
            link(row["measure_id"], row["title_en"]),
            words[row["status"]],
            day(row["due_date"]),
            f"{row['score']}",
            ", ".join(words[name] for name in row["not_recorded"].split(";") if name),
            material.budget(row),
        ]
        for row in material.register.worklist().to_dict("records")
    ]
    head = ("reminder", "measure", "status", "due_date", "score", "open_questions", "budget")
    before, _, behind = words["asof"].partition("{on}")
    return rendered(
        "site/due.html.j2",
        words=words,
        before=before,
        on=day(material.register.on),
        behind=behind,
        table=table(words["due"], [words[key] for key in head], rows, (4, 6)),
    )


def lessons(material: Material) -> Html:
    """What effects say by model, and what measures wrote down."""
    words = material.page_shell.words
    models = []
    for model in sorted({effect.model for effect in material.found}):
        here = [effect for effect in material.found if effect.model == model]
        counts = [
            _lesson(material, outcome, [effect for effect in here if effect.outcome == outcome])
            for outcome in sorted({effect.outcome for effect in here})
        ]
        models.append((material.model(model), counts))
    written = [
        (link(row["measure_id"], row["title_en"]), str(row[name]))
        for row in material.frame.to_dict("records")
        for name in WRITTEN
        if _given(row.get(name))
    ]
    return rendered("site/lessons.html.j2", words=words, models=models, written=written)


def _lesson(material: Material, outcome: str, here: Sequence[Evaluation]) -> tuple[str, str]:
    studies = of_each_study(here)
    counts = {sign: sum(study.direction == sign for study in studies) for sign in ARROWS}
    said = material.page_shell.words["lesson_counts"].format(total=len(studies), **counts)
    return material.outcome(outcome), said
