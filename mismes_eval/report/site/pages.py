"""The pages of the site, each as the HTML of its main part."""

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
from mismes_eval.inventory.tree import Tree
from mismes_eval.report.document.language import code_labels, country_name
from mismes_eval.report.document.plain import escape
from mismes_eval.report.document.words import WORDS
from mismes_eval.report.site.evidence import Evaluation, of_each_study, recorded
from mismes_eval.report.site.evidence_page import (
    Listing,
    design_words,
    effect_words,
    evidence_page,
    source_words,
)
from mismes_eval.report.site.html import ARROWS, Shell, day, link, table
from mismes_eval.report.site.maps import cost_dots, country_tiles, places
from mismes_eval.report.synthesis import job_costs

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
        """Label of an outcome; what has none stands as it is."""
        text = self.page_shell.t
        return text(WORDS[name]) if name in WORDS else text.level(name.replace("_", " "))

    def model(self, code: str) -> str:
        """Code and title of a model."""
        return f"{code} {code_labels('models', self.page_shell.t).get(code, '')}".strip()

    def budget(self, row: Mapping[Any, Any]) -> str:
        """The budget of a measure in euro, or why it has none here."""
        if row["measure_id"] in self.own_amounts:
            return self.page_shell.words["own_amount"]
        return self.page_shell.number(row["budget_eur"])

    def country(self, code: str) -> str:
        """Name of a country."""
        return country_name(code, self.page_shell.t.code)


def measure_page(material: Material, row: dict[str, Any]) -> str:
    """What one measure is, its evaluations, its cost and its whole record."""
    words, found = material.page_shell.words, material.found
    mine = [effect for effect in found if effect.measure_id == row["measure_id"]]
    parts = [_in_short(material, row)]
    parts += [f"<h2>{escape(words['evaluation'])}</h2>", _effects(material, mine, row)]
    parts += [f"<h2>{escape(words['cost'])}</h2>", _costs_of(material, row)]
    parts.append(_told(material, row))
    parts.append(f"<h2>{escape(words['facts'])}</h2>")
    sections: dict[str, list[Column]] = {}
    for column in template("inventory").columns:
        if column.name not in TOLD:
            sections.setdefault(column.section, []).append(column)
    for section, columns in sections.items():
        facts = [
            (column.name, _fact(material, row, column)) for column in columns if column.name in row
        ]
        parts.append(f"<h3>{escape(section)}</h3>{_facts(facts)}")
    return "".join(parts)


def _in_short(material: Material, row: dict[str, Any]) -> str:
    """Where, what, when and who, in one line."""
    stages = code_labels("stages", material.page_shell.t)
    said = [
        escape(material.country(row["country"])),
        escape(stages.get(str(row["stage_code"]), str(row["stage_code"]))),
        escape(material.model(str(row["model_primary"]))),
    ]
    start, end = (
        day(row[name]) if _given(row[name]) else "" for name in ("start_date", "end_date")
    )
    if start and end:
        said.append(material.page_shell.words["until"].format(start=start, end=end))
    elif start:
        said.append(start)
    who = [str(row[name]) for name in ("implementer_name", "funder_main") if _given(row[name])]
    return f"<p>{' · '.join([*said, *map(escape, dict.fromkeys(who))])}</p>"


def _told(material: Material, row: dict[str, Any]) -> str:
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
    return f'<h2 id="learned">{escape(words["learned"])}</h2>{_facts(told)}' if told else ""


def _documents(value: object) -> str:
    """Documents, addresses among them as links."""
    pieces = [piece.strip() for piece in str(value).split(";") if piece.strip()]
    shown = [
        f'<a rel="noreferrer" href="{escape(piece)}">{escape(piece)}</a>'
        if re.match(r"https?://", piece)
        else escape(piece)
        for piece in pieces
    ]
    return "<br>".join(shown)


def _facts(facts: Sequence[tuple[str, str]]) -> str:
    return "<dl>" + "".join(f"<dt>{escape(n)}</dt><dd>{value}</dd>" for n, value in facts) + "</dl>"


def _given(value: object) -> bool:
    return not is_missing(value) and str(value).strip() != ""


def _fact(material: Material, row: dict[str, Any], column: Column) -> str:
    """A fact of a record; an amount that is one payer's own says so."""
    if column.name in AMOUNTS and row["measure_id"] in material.own_amounts:
        return f'<span class="quiet">{escape(material.page_shell.words["own_amount"])}</span>'
    return _cell(material, row[column.name], column)


def _cell(material: Material, value: Any, column: Column) -> str:
    """A value of a record as HTML: codes with their labels, addresses as links."""
    words, text = material.page_shell.words, material.page_shell.t
    if not _given(value):
        return f'<span class="quiet">{escape(words["empty"])}</span>'
    if column.kind == "url":
        return f'<a rel="noreferrer" href="{escape(str(value))}">{escape(str(value))}</a>'
    if column.kind == "bool":
        return escape(words["yes" if value else "no"])
    if column.kind == "date":
        return day(value)
    if column.codes:
        known = code_labels(column.codes, text)
        written = f"{value:g}" if isinstance(value, float) else str(value)
        return escape(
            "; ".join(f"{code} {known.get(code, '')}".strip() for code in written.split(";"))
        )
    if column.unit == "year":
        return f"{value:.0f}"
    if column.kind in ("int", "float"):
        return escape(text.number(float(value), 0 if column.kind == "int" else 2))
    return escape(str(value))


def _effects(material: Material, mine: Sequence[Evaluation], row: dict[str, Any]) -> str:
    """Effects that reports show, and what the record says of evaluations."""
    words, shell = material.page_shell.words, material.page_shell
    said = []
    if _given(row["eval_type"]) and row["eval_type"] != "NONE":
        kinds, designs = code_labels("eval_types", shell.t), code_labels("impact_designs", shell.t)
        design = designs.get(str(row["impact_design"]), words["empty"])
        year = f"{row['eval_year']:.0f}" if _given(row["eval_year"]) else words["empty"]
        summary = ", ".join((kinds[str(row["eval_type"])], design, year))
        said.append(f"<p>{escape(summary)}</p>")
    if not mine:
        return "".join(said) or f"<p>{escape(words['no_evaluation'])}</p>"
    rows = [
        [escape(material.outcome(effect.outcome)), *_effect_cells(shell, effect)] for effect in mine
    ]
    head = ("outcome", "months", "effect", "direction", "grade", "design", "source")
    notes = [words["spoken_note"], words["assumption"], words["hidden_note"]]
    if any(effect.moved_apart for effect in mine):
        notes.insert(0, words["reservation"])
    return (
        "".join(said)
        + table(words["evaluation"], [words[key] for key in head], rows, (1, 2))
        + "".join(f'<p class="quiet">{escape(note)}</p>' for note in notes)
    )


def _effect_cells(shell: Shell, e: Evaluation) -> list[str]:
    """Months, effect with its interval, direction, grade, design and source of an effect."""
    mark = " (a)" if e.moved_apart else ""
    return [
        "" if math.isnan(e.months) else shell.number(e.months),
        escape(effect_words(shell, e)),
        escape(f"{ARROWS[e.direction]} {shell.words[e.direction]}{mark}"),
        escape(shell.t(e.grade) if e.grade else shell.words["not_graded"]),
        escape(design_words(shell, e)),
        escape(source_words(shell, e)),
    ]


def _costs_of(material: Material, row: dict[str, Any]) -> str:
    words, shell = material.page_shell.words, material.page_shell
    facts = [(words["budget"], escape(material.budget(row)))]
    if row["measure_id"] in material.own_amounts:
        return _facts(facts)
    for field in UNIT_COSTS:
        cost = _ratio(row["budget_eur"], row[field])
        facts.append((words[f"cost_{field.removeprefix('benef_')}"], escape(shell.number(cost))))
    return _facts(facts)


def _ratio(budget: Any, persons: Any) -> float:
    """Budget over persons; missing where one of them is, or nobody was reached."""
    if not _given(budget) or not _given(persons) or float(persons) == 0:
        return math.nan
    return float(budget) / float(persons)


def evidence(material: Material) -> str:
    """All evaluations, own and outside."""
    listing = Listing(material.frame, material.found, material.means)
    return evidence_page(material.page_shell, listing)


def gap_map(material: Material) -> str:
    """Models by outcomes: how many measures have an effect, how strong the designs, which way."""
    words = material.page_shell.words
    outcomes = sorted({effect.outcome for effect in material.found})
    known = {effect.measure_id for effect in material.found}
    named = recorded(material.frame)
    named = named[~named["measure_id"].isin(known)]
    rows = []
    for model in codes("models")["code"]:
        cells = [
            _gap_cell(
                material,
                [
                    effect
                    for effect in material.found
                    if (effect.model, effect.outcome) == (model, outcome)
                ],
            )
            for outcome in outcomes
        ]
        here = named[named["model_primary"] == model]
        best = next((q for q in QUALITIES if (here["quality"] == q).any()), "weak")
        last = _dot(len(here), best, words[best]) if len(here) else _gap(words)
        rows.append([escape(material.model(model)), *cells, last])
    head = [words["model"], *map(material.outcome, outcomes), words["recorded_only"]]
    legend = " ".join(
        f'<span class="dot n1 {q}" aria-hidden="true">n</span> {escape(words[q])}'
        for q in QUALITIES
    )
    notes = "".join(
        f'<p class="quiet">{escape(words[key])}</p>'
        for key in ("assumption", "reservation", "hidden_note")
    )
    return (
        f"<p>{escape(words['gap_intro'])}</p><p>{legend}</p>{table(words['gap'], head, rows)}"
        + notes
    )


def _gap(words: Mapping[str, str]) -> str:
    return f'<span class="quiet">{escape(words["gap_none"])}</span>'


def _dot(count: int, quality: str, title: str) -> str:
    size = min(3, 1 + count // 3)
    return f'<span class="dot n{size} {quality}" title="{escape(title)}">{count}</span>'


def _gap_cell(material: Material, here: Sequence[Evaluation]) -> str:
    """Count, strength and directions of the effect of each study; links to the measures."""
    words = material.page_shell.words
    if not here:
        return _gap(words)
    studies = of_each_study(here)
    best = next(q for q in QUALITIES if any(study.quality == q for study in studies))
    links = " ".join(_arrow(study, words) for study in studies)
    return f"{_dot(len(studies), best, words[best])} {links}"


def _arrow(e: Evaluation, words: Mapping[str, str]) -> str:
    """Direction of an effect, as a link where the measure is in the repository."""
    said = escape(f"{e.measure_id or e.source}: {words[e.direction]}")
    arrow = f'<span role="img" aria-label="{said}">{ARROWS[e.direction]}</span>'
    if e.measure_id:
        arrow = (
            f'<a href="measures/{e.measure_id}.html" aria-label="{said}">{ARROWS[e.direction]}</a>'
        )
    return arrow + ('<span class="quiet">(a)</span>' if e.moved_apart else "")


def countries(material: Material) -> str:
    """A map of tiles, and the measures of each country."""
    words, frame = material.page_shell.words, material.frame
    counts = {str(code): int(n) for code, n in frame["country"].value_counts().items()}
    names = {code: material.country(code) for code in counts}
    goals = frame["destinations"].dropna().str.split(";").explode().value_counts()
    away = [f"{material.country(str(country))} ({n})" for country, n in goals.items()]
    parts = [f"<p>{escape(words['tiles'])}</p>", country_tiles(counts, names, words["countries"])]
    lost = [f"{names[code]} ({n})" for code, n in counts.items() if code not in places()]
    if lost:
        parts.append(f"<p>{escape(words['elsewhere'])}: {escape(', '.join(lost))}</p>")
    if away:
        parts.append(f"<p>{escape(words['as_destination'])}: {escape(', '.join(away))}</p>")
    for code in sorted(counts, key=lambda c: names[c]):
        rows = [
            [
                link(row["measure_id"], row["title_en"]),
                escape(str(row["model_primary"])),
                escape(material.budget(row)),
            ]
            for row in frame[frame["country"] == code].to_dict("records")
        ]
        head = [words["measure"], words["model"], words["budget"]]
        title = f"{names[code]}: {counts[code]}"
        parts.append(f'<h2 id="{code}">{escape(title)}</h2>{table(names[code], head, rows, (2,))}')
    return "".join(parts)


def costs(material: Material) -> str:
    """Unit costs by model with their spread, one table and one drawing for each kind."""
    words, shell = material.page_shell.words, material.page_shell
    tree = Tree.of(material.frame)
    measures = tree.leaves
    parts = [f"<p>{escape(words['costs_intro'])}</p>"]
    for field in UNIT_COSTS:
        key = f"cost_{field.removeprefix('benef_')}"
        budget, persons, _ = pairs(tree, "budget_eur", field)
        values = (budget / persons)[lambda v: v > 0]
        parts.append(f'<h2 id="{key}">{escape(words[key])}</h2>')
        if values.empty:
            parts.append(f"<p>{escape(words['empty'])}</p>")
            continue
        lines = []
        for model, part in material.frame.groupby("model_primary"):
            here = values[values.index.isin(part.index)]
            number = int(measures[part.index].sum())
            lines.append(_cost_row(material, str(model), here, number, values))
        ends = {"low": shell.number(values.min()), "high": shell.number(values.max())}
        names = [words[name] for name in ("model", "number", "missing", *SPREAD)]
        names.append(words["log_scale"].format(**ends))
        parts.append(table(words[key], names, lines, tuple(range(1, 3 + len(SPREAD)))))
    parts.append(_job_costs(material))
    return "".join(parts) + f'<p class="quiet">{escape(shell.words["census"])}</p>'


def _job_costs(material: Material) -> str:
    """What an additional job-year costs where country reports say so, countries side by side."""
    text = material.page_shell.t
    title = text(job_costs.TITLE)
    heading = f'<h2 id="job-years">{escape(title)}</h2>'
    if material.job_costs.empty:
        return f"{heading}<p>{escape(material.page_shell.words['empty'])}</p>"
    rows = []
    for line in material.job_costs.to_dict("records"):
        place = f"{escape(material.country(line['country']))}, {link(line['measure'], None)}"
        said = job_costs.amount(text, line), job_costs.assumption(text, line)
        rows.append([place, escape(material.model(line["model"])), *map(escape, said)])
    notes = "".join(f'<p class="quiet">{escape(text(note))}</p>' for note in job_costs.NOTES)
    return heading + table(title, [text(name) for name in job_costs.HEAD], rows) + notes


def _cost_row(
    material: Material, model: str, here: pd.Series, measures: int, whole: pd.Series
) -> list[str]:
    shell = material.page_shell
    title = material.model(model)
    spread = [
        escape(shell.number(here.quantile(share) if len(here) else math.nan))
        for share in SPREAD.values()
    ]
    drawn = cost_dots(here.tolist(), whole.min(), whole.max(), title) if len(here) else ""
    return [escape(title), str(len(here)), str(measures - len(here)), *spread, drawn]


def due(material: Material) -> str:
    """The work list of evaluations."""
    words = material.page_shell.words
    listed = material.register.worklist()
    rows = [
        [
            day(row["reminder"]),
            link(row["measure_id"], row["title_en"]),
            escape(words[row["status"]]),
            day(row["due_date"]),
            f"{row['score']}",
            escape(", ".join(words[name] for name in row["not_recorded"].split(";") if name)),
            escape(material.budget(row)),
        ]
        for row in listed.to_dict("records")
    ]
    head = ("reminder", "measure", "status", "due_date", "score", "open_questions", "budget")
    on = escape(words["asof"]).format(on=day(material.register.on))
    return (
        f"<p>{escape(words['due_intro'])}</p><p>{on}</p>"
        f"{table(words['due'], [words[key] for key in head], rows, (4, 6))}"
    )


def lessons(material: Material) -> str:
    """What effects say by model, and what measures wrote down."""
    words = material.page_shell.words
    parts = [f"<p>{escape(words['lessons_intro'])}</p>"]
    for model in sorted({effect.model for effect in material.found}):
        parts.append(f"<h2>{escape(material.model(model))}</h2><ul>")
        here = [effect for effect in material.found if effect.model == model]
        for outcome in sorted({effect.outcome for effect in here}):
            parts.append(
                _lesson(material, outcome, [effect for effect in here if effect.outcome == outcome])
            )
        parts.append("</ul>")
    keys = ("assumption", "hidden_note")
    parts += [f'<p class="quiet">{escape(words[key])}</p>' for key in keys]
    parts.append(f"<h2>{escape(words['lessons_written'])}</h2>")
    noted = [
        f"<li>{link(row['measure_id'], row['title_en'])}: {escape(str(row[name]))}</li>"
        for row in material.frame.to_dict("records")
        for name in WRITTEN
        if _given(row.get(name))
    ]
    written = f"<ul>{''.join(noted)}</ul>" if noted else f"<p>{escape(words['no_lessons'])}</p>"
    return "".join(parts) + written


def _lesson(material: Material, outcome: str, here: Sequence[Evaluation]) -> str:
    studies = of_each_study(here)
    counts = {sign: sum(study.direction == sign for study in studies) for sign in ARROWS}
    said = material.page_shell.words["lesson_counts"].format(total=len(studies), **counts)
    return f"<li>{escape(material.outcome(outcome))}: {escape(said)}</li>"
