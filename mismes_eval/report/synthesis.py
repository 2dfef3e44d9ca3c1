"""The report across countries, made from what the country reports published and from nothing else: their hashes are checked first, no microdata is read."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from jinja2 import Environment, FileSystemLoader

from mismes_eval.errors import ParamsError, Problem, ReportError
from mismes_eval.evaluation.synthesis import Published, Synthesis, compare
from mismes_eval.report import synthesis_effects, synthesis_tables
from mismes_eval.report.comparable import SCHEMA as FACTS
from mismes_eval.report.figures import Figure
from mismes_eval.report.html import BANNER, STYLE, TEMPLATES, Cover, accessible, number, require_alternatives
from mismes_eval.report.language import Language, country_name, language
from mismes_eval.report.plain import escape
from mismes_eval.report.provenance import MANIFEST, SCHEMA, changed_outputs, file_hash, outputs, package_hash, read_manifest, versions
from mismes_eval.report.publish import publish, work_folder
from mismes_eval.report.results import ESTIMATES, write_results
from mismes_eval.report.run import PAGE
from mismes_eval.report.synthesis_tables import Words
from mismes_eval.report.tables import Table, TextTable

FOLDER = "synthesis"
COUNTRY = "Synthesis"
KIND = "synthesis"
Part = Table | TextTable | Figure | str


@dataclass(frozen=True)
class Origin:
    """A country report that a synthesis read: folder name, when it was made, hashes of its manifest and its results."""

    name: str
    country: str
    started: str
    manifest_sha256: str
    estimates_sha256: str


@dataclass(frozen=True)
class _Whole:
    """What the writer of results asks of a run."""

    country: str
    synthetic: bool
    of: str

    def fingerprint(self) -> str:
        return self.of


def read_published(out: Path, names: Sequence[str] = ()) -> tuple[list[Published], list[Origin]]:
    """The published results of the country reports below `out`, all or the named ones, after a check of every file against its recorded hash.

    Raises
    ------
    ParamsError : no report of a name, a report of an older version without results to compare.  ReportError : a file that is not what its manifest says.
    """
    wanted = list(names) or sorted(
        p.name for p in (out.iterdir() if out.is_dir() else ()) if (p / MANIFEST).is_file() and p.name != FOLDER and not p.name.startswith(".")
    )
    lacking = [n for n in wanted if not (out / n / MANIFEST).is_file()]
    if lacking:
        raise ParamsError(
            [Problem("a country has no report", str(out / n), f"a folder with a {MANIFEST}", fix=f"Make it first: `mismes report {n}`.") for n in lacking]
        )
    found, origins, broken, old = [], [], [], []
    for name in wanted:
        folder = out / name
        record = read_manifest(folder)
        if record.get("kind") == KIND:
            continue
        broken += [
            Problem("a report is not what its manifest says", f"{name}/{c}", fix=f"Make it again: `mismes report {name}`.")
            for c in changed_outputs(folder, record)
        ]
        results = json.loads((folder / ESTIMATES).read_text(encoding="utf-8"))
        facts = results.get("facts", {}).get("comparison")
        if facts is None or facts.get("schema") != FACTS:
            old.append(
                Problem(
                    "a report has no results to compare",
                    name,
                    f"'comparison' of schema {FACTS} in {ESTIMATES}",
                    fix=f"Make it again: `mismes report {name} --force`.",
                )
            )
            continue
        found.append(Published(str(record["country"]), bool(record["synthetic"]), facts))
        origins.append(Origin(name, str(record["country"]), str(record["started"]), file_hash(folder / MANIFEST), file_hash(folder / ESTIMATES)))
    if broken:
        raise ReportError(broken)
    if old:
        raise ParamsError(old)
    return found, origins


def synthesis(out: Path | str, names: Sequence[str] = (), mixed: bool = False) -> Synthesis:
    """The countries below a folder of reports side by side, as data. names: folders; default: all. mixed: made-up and real data together."""
    return compare(read_published(Path(out), names)[0], mixed)


def write_synthesis(out: Path, names: Sequence[str] = (), lang: str = "en", mixed: bool = False, force: bool = False) -> tuple[Path, bool]:
    """The synthesis as a report of its own in `out`/synthesis: page, tables, workbook, figures, estimates.json, manifest. Whole or not at all.

    Returns
    -------
    (folder, made) : made is False where nothing changed since the last time.
    """
    reports, origins = read_published(out, names)
    evidence, t = compare(reports, mixed), language(lang)
    fingerprint = hashlib.sha256("\n".join([lang, package_hash(), *(f"{o.name} {o.estimates_sha256}" for o in origins)]).encode()).hexdigest()
    final = out / FOLDER
    if not force and _unchanged(final, fingerprint):
        return final, False
    chapters, beside = _chapters(Words(evidence, t), origins)
    shown = [p.in_language(t) if not isinstance(p, str) else p for _, parts in chapters for p in parts]
    said = iter(shown)
    started = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    html = _page(evidence, [(t(title), [_html(next(said), t) for _ in parts]) for title, parts in chapters], t, started, fingerprint)
    tables = [p for p in (*shown, *(b.in_language(t) for b in beside)) if isinstance(p, (Table, TextTable))]
    work = work_folder(out, FOLDER)
    try:
        warnings = [f"{len(t.unknown)} texts have no entry in report/locale/{t.code}.po: {'; '.join(sorted(t.unknown)[:5])}"] if t.unknown else []
        about = cast("Any", _Whole(COUNTRY, bool(evidence.synthetic), fingerprint))
        write_results(
            work,
            about,
            tables,
            [p for p in shown if isinstance(p, Figure)],
            {"countries": list(evidence.countries), "synthetic": list(evidence.synthetic)},
            warnings,
            t,
        )
        (work / PAGE).write_text(html, encoding="utf-8")
        record = _manifest(evidence, origins, work, started, fingerprint, lang)
        (work / MANIFEST).write_text(json.dumps(record, ensure_ascii=False, indent=1), encoding="utf-8")
        publish(work, final)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return final, True


def _unchanged(final: Path, fingerprint: str) -> bool:
    if not (final / MANIFEST).is_file():
        return False
    try:
        record = read_manifest(final)
    except ParamsError:
        return False
    return record.get("fingerprint") == fingerprint and not changed_outputs(final, record)


def _manifest(evidence: Synthesis, origins: Sequence[Origin], work: Path, started: str, fingerprint: str, lang: str) -> Mapping[str, object]:
    inputs = [
        {"key": f"report.{o.country}", "path": f"{o.name}/{file}", "sha256": sha}
        for o in origins
        for file, sha in ((MANIFEST, o.manifest_sha256), (ESTIMATES, o.estimates_sha256))
    ]
    return {
        "schema": SCHEMA, "kind": KIND, "country": COUNTRY, "countries": list(evidence.countries), "synthetic": bool(evidence.synthetic), "fingerprint": fingerprint, "started": started,
        "language": lang, "params": {"values": {}}, "inputs": inputs, "package_sha256": package_hash(), "versions": versions(), "outputs": outputs(work),
    }  # fmt: skip


def _chapters(w: Words, origins: Sequence[Origin]) -> tuple[list[tuple[str, list[Part]]], list[Table]]:
    """The page in reading order, and the tables that stand in the workbook only."""
    contrasts, more = synthesis_tables.contrasts(w)
    employment, pooled = synthesis_tables.employment(w), synthesis_effects.summaries(w)
    blocked = w.t("No two countries share the definitions behind the main indicators: no difference is shown.")
    unknown = w.t("No country published an effect of a measure.")
    effects: list[Part] = [unknown]
    if w.evidence.summaries:
        effects = [*synthesis_effects.sentences(w), synthesis_effects.forest(w), synthesis_effects.effects(w), *([pooled] if pooled is not None else [])]
    never: list[Part] = [synthesis_tables.models(w)]
    if len(w.evidence.budget):
        never += [synthesis_tables.budget(w), synthesis_tables.due(w)]
    chapters: list[tuple[str, list[Part]]] = [
        ("Findings", [_list(synthesis_effects.findings(w))]),
        ("Countries and definitions", [synthesis_tables.definitions(w), synthesis_tables.comparability(w)]),
        (
            "Indicators side by side",
            [synthesis_tables.indicators(w), *([employment] if employment is not None else []), contrasts if contrasts is not None else blocked],
        ),
        ("Effects by model and country", effects),
        ("What is not known", never),
        ("Sources", [_sources(w, origins)]),
    ]
    return chapters, [b for b in (more, synthesis_tables.unevaluated(w)) if b is not None]


def _list(items: Sequence[tuple[str, str]]) -> str:
    """Findings as a list, each linked to its table; marked as HTML for the page."""
    lines = "".join(f'<li>{escape(text)} <a href="#{escape(anchor)}">{escape(anchor)}</a></li>' for text, anchor in items)
    return f'<div class="findings"><ol>{lines}</ol></div>'


def _sources(w: Words, origins: Sequence[Origin]) -> TextTable:
    t = w.t
    rows = [(w.country(o.country), o.started, t.name(o.manifest_sha256[:16]), t.name(o.estimates_sha256[:16])) for o in origins]
    head = [t("Country"), t("Report made on"), f"{MANIFEST}, sha256", f"{ESTIMATES}, sha256"]
    note = "Every file of these reports was checked against its recorded hash. The synthesis reads nothing else."
    return synthesis_tables.words_table(w, "S10", "Reports that this synthesis rests on", rows, head, (note,))


def _html(part: Part, t: Language) -> str:
    if isinstance(part, str):
        return part if part.startswith('<div class="findings">') else f"<p>{escape(part)}</p>"
    return part.to_html(t.code)


def _page(evidence: Synthesis, chapters: Sequence[tuple[str, Sequence[str]]], t: Language, started: str, fingerprint: str) -> str:
    names = ", ".join(country_name(c, t.code) for c in evidence.countries)
    banner = t(BANNER) if evidence.synthetic else ""
    if evidence.synthetic and len(evidence.synthetic) < len(evidence.countries):
        banner = t(
            "SYNTHETIC DATA: the numbers of {names} are made up; those of the other countries are real.",
            names=", ".join(country_name(c, t.code) for c in evidence.synthetic),
        )
    lines = ((t("Countries"), names), (t("Produced on"), t.date(datetime.fromisoformat(started))), (t("Run"), f"{fingerprint[:12]} ({MANIFEST})"))
    cover = Cover(
        t("Migrant support measures: evaluation from an employment and skills perspective"), t("Synthesis across countries"), lines, banner, t.code, STYLE
    )
    page = Environment(loader=FileSystemLoader(TEMPLATES / "synthesis"), autoescape=False)  # the template escapes every text; parts are HTML
    text = page.get_template("page.html.j2").render(cover=cover, chapters=chapters, kind=t("Synthesis"), skip=t("Skip to the text"))
    html = number(accessible(text), t)
    require_alternatives(html)
    return html
