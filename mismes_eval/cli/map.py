"""`mismes map`: finish a mapping workbook question by question."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import click

from mismes_eval.cli.project import (
    country_argument,
    data_root_option,
    params_file,
    project,
)
from mismes_eval.cli.terminal import mark, problem, say
from mismes_eval.errors import InputError
from mismes_eval.evaluation.mapping_of_run import draft_of
from mismes_eval.evaluation.params import Params
from mismes_eval.lfs.carried import spelled
from mismes_eval.lfs.mapping import REASONS
from mismes_eval.lfs.mapping_draft import Draft, Preview, Question
from mismes_eval.lfs.mapping_sheets import Answer
from mismes_eval.lfs.proposals import of_absent_members
from mismes_eval.message import Message
from mismes_eval.report.document.language import Language, language
from mismes_eval.report.factory.publish import write_whole

HELP = (
    "y take it · n the file has none · NAME another column (NAME * 0.001 where the unit differs,"
    " A + B columns that make one number together) · y; CODE=NEW, 1..7=NEW takes it with other codes ·"
    " = VALUE the same for every row · s later · ? columns of the file · q save and stop"
)
CODE_HELP = (
    "{column} = {code} {label} ({rows:,} rows): a code of the template, or why it is no answer: DK"
    " does not know, REF does not say, NA_notapp does not apply, NOTASKED not asked, PROXY_UNKNOWN"
    " the proxy does not know, NOCODE answered but no code fits; s: not this column"
)


class _Stop(Exception):
    """Nobody answers any more, or somebody said q."""


@click.command("map")
@country_argument
@data_root_option
@click.option("--quiet", is_flag=True, help="Ask without counts; print only what is open.")
@click.option("--json", "as_json", is_flag=True, help="Ask nothing: print the questions as JSON.")
def command(name: str, data_root: Path | None, quiet: bool, as_json: bool) -> int:
    """Ask of every column of the template what the office's file calls it, with what is proposed
    and how sure that is, and write the answers into the mapping workbook.

    Nothing is taken that is not said. After each answer the mapped column is counted, weighted
    where the weight is mapped; q, or the end of the answers, saves what was said so far, and the
    next call goes on from there. Exit status 2 while a question is open or the file cannot be
    mapped.
    """
    params = Params.load(params_file(project(), name), data_root)
    draft = draft_of(params)
    if as_json:
        say(json.dumps(_record(draft), ensure_ascii=False, indent=1))
        return 0 if _finished(draft) else 2
    words = language(params.language)
    asking = _Asking(draft, quiet, words)
    try:
        asking.ask_all()
    except _Stop:
        say("")
    asking.draft.save()
    if params.year is None:
        _year_said(asking.draft, params_file(project(), name), quiet)
    return _told(asking.draft, name, quiet, words)


@dataclass
class _Asking:
    """A conversation. Mutable because every answer changes the draft."""

    draft: Draft
    quiet: bool
    language: Language

    def ask_all(self) -> None:
        """Every open question once; an answer may open another one."""
        asked: list[str] = []
        while left := [q for q in self.draft.open if q.gld not in asked]:
            asked.append(left[0].gld)
            self.ask(left[0], f"[{len(asked)}/{len(asked) + len(left) - 1}]")

    def ask(self, question: Question, place: str) -> None:
        """Ask until there is an answer that can be meant, or it is put off."""
        t = self.language
        say(f"\n{place} {question.gld}: {t(question.about.description)}")
        if known := question.codes_in(t.code):
            listed = ", ".join(f"{code} {label}" for code, label in known.items())
            say("  " + t("codes: {codes}", codes=listed))
        if question.proposal is not None:
            self._show(question, question.proposal.column)
        else:
            without = t(question.mend)
            say("  " + t("no column of the file seems to be it. Without one: {mend}", mend=without))
        while True:
            said = _heard(f"  {t(HELP)}\n  > ")
            if said == "s":
                return
            answer = self._meant(question, said)
            if answer is not None and self._taken(answer):
                return

    def _show(self, question: Question, column: str) -> None:
        """A column of the file, with what its codes would become."""
        listed = {declared.name: declared for declared in self.draft.columns}
        t, proposal = self.language, question.proposal
        own = proposal is not None and proposal.column == column
        sure = f" ({t(proposal.confidence)}: {t(proposal.why)})" if own and proposal else ""
        if column not in listed:  # several, joined
            say(f"  {column}{sure}")
            return
        about = listed[column]
        label = f" '{about.label}'" if about.label else ""
        missing = t("{share:.1%} missing", share=about.missing)
        say(f"  {column}{label}{sure}, {t(about.kind)}, {missing}")
        self._show_codes(question, column)

    def _show_codes(self, question: Question, column: str) -> None:
        """What each code of a column would become."""
        t = self.language
        known = question.codes_in(self.language.code)
        coded = bool(question.about.codes) or question.about.kind == "bool"
        taken = self.draft.proposed(question.gld, column)
        open_codes = self.draft.undecided(taken)
        for code, words, n in self.draft.file_codes(column):
            new = taken.codes.get(code, "")
            reason = taken.reasons.get(code, "")
            if not coded and not reason and code not in open_codes:
                continue
            unsaid = "?" if code in open_codes else f"{code} {known.get(code, '')}".strip()
            becomes = f"{new} {known.get(new, '')}".strip() if new else unsaid
            becomes = t("no answer: {reason}", reason=reason) if reason else becomes
            into = t("becomes {code}", code=becomes)
            say(f"    {f'{code} {words}'.strip():<36} {n:>10,}  {into}")

    def _meant(self, question: Question, said: str) -> Answer | None:
        """The answer that was typed; None where it was a question or a slip."""
        if said == "?":
            for column in self.draft.columns:
                say(f"    {column.name}  {column.label}")
            return None
        try:
            answer = self.draft.meant(question.gld, said)
        except InputError:
            none = "'{said}' is no answer, and the file has no such column."
            say("  " + self.language(none, said=said))
            return None
        own = question.proposal.column if question.proposal is not None else ""
        if answer.column not in ("", own):
            self._show(question, answer.column)
        return answer

    def _taken(self, answer: Answer) -> bool:
        """Whether the answer stands, with a code for each code of the file."""
        whole = self._with_codes(answer)
        if whole is None:
            return False
        try:
            self.draft = self.draft.answered(whole)
        except InputError as error:
            for found in error.problems:
                say(f"  {self.language(found.message)}")
            return False
        if not self.quiet and not whole.absent:
            _counted(self.draft.preview(whole.gld), self.language)
        return True

    def _with_codes(self, answer: Answer) -> Answer | None:
        """The answer with every code of the file decided; None where somebody gave the column up."""
        whole = answer
        while left := self.draft.undecided(whole):
            told = {code: (label, n) for code, label, n in self.draft.file_codes(whole.column)}
            label, n = told[left[0]]
            asked = self.language(CODE_HELP, column=whole.column, code=left[0], label=label, rows=n)
            said = _heard(f"  {asked}\n  > ")
            if said == "s":
                return None
            if said in REASONS:
                whole = replace(whole, reasons={**whole.reasons, left[0]: said})
            else:
                whole = replace(whole, codes=self._all_codes(whole, left[0], said))
        return whole

    def _all_codes(self, answer: Answer, code: str, new: str) -> dict[str, str]:
        """The codes with one more. The first code that is changed makes those that were right by
        themselves said as well: a recode names every value.
        """
        codes = dict(answer.codes)
        if not codes:
            waiting = set(self.draft.undecided(answer))
            listed = [c for c, _, _ in self.draft.file_codes(answer.column)]
            codes = {c: c for c in listed if c not in waiting and c not in answer.reasons}
        return {**codes, code: new}


def _heard(question: str) -> str:
    """What was typed; an empty line is no answer."""
    click.echo(question, nl=False)
    while True:
        line = sys.stdin.readline()
        if not line or line.strip() == "q":
            raise _Stop
        if line.strip():
            return line.strip()
        click.echo("  > ", nl=False)


def _counted(preview: Preview, t: Language) -> None:
    """What the mapping makes of a column."""
    for found in preview.problems:
        say("  " + t("not yet: {problem}", problem=t(found.message)))
    for row in preview.counts.to_dict("records"):
        value, rows = row["value"], row["rows"]
        value = t(value) if isinstance(value, Message) else value
        if preview.weighted:
            weighted = "= {value}: {rows:,} rows, weighted {weighted:,.0f} ({share:.1%})"
            line = t(weighted, value=value, rows=rows, weighted=row["weighted"], share=row["share"])
        else:
            line = t("= {value}: {rows:,} rows", value=value, rows=rows)
        say(f"    {line}")


def _told(draft: Draft, name: str, quiet: bool, t: Language) -> int:
    """What is mapped, what is open, and what comes next."""
    preview = draft.preview()
    if not quiet:
        say(f"\n{_spoken(draft, t)}")
        if preview.weighted:
            say(_whole(preview, t))
    for found in preview.problems:
        problem(found, t.whole)
    if draft.definitions and not quiet:
        chosen = (
            "who is a migrant is chosen in params/{name}.yaml, definitions.preset. The file carries"
        )
        say(t(chosen, name=name))
        for one in draft.definitions:
            needs = t(Message("needs {needs}", {"needs": spelled(one.needs)}))
            say(f"  {one.preset} ({needs}): {t(one.definition.text)}")
    for column in () if quiet else of_absent_members(draft.columns):
        absent = (
            "{column} '{label}' may say which rows list members who are absent: then name its codes in"
            " params/{name}.yaml, mapping.absent: {{column: {column}, values: [...]}}"
        )
        say(t(absent, column=column.name, label=column.label, name=name))
    if draft.open:
        asked = ", ".join(q.gld for q in draft.open)
        say(t("open: {columns}. Go on: mismes map {name}", columns=asked, name=name))
    elif not preview.problems and not quiet:
        done = t("every question is answered. Next: mismes check {name}", name=name)
        say(mark("done", done))
    return 0 if _finished(draft) else 2


def _year_said(draft: Draft, params: Path, quiet: bool) -> None:
    """A year that is the same for every row is the year of the run: it is written into the params,
    where nothing stands yet.
    """
    answer = draft.answers.get("year")
    lines = params.read_text(encoding="utf-8").split("\n")
    blank = next((place for place, line in enumerate(lines) if line.strip() == "# year:"), None)
    if answer is None or blank is None:
        return
    codes = draft.file_codes(answer.column)
    only = codes[0][0] if len(codes) == 1 and not (answer.codes or answer.factor) else ""
    year = answer.constant or only
    if not year.isdigit():
        return
    lines[blank] = f"year: {year}"
    write_whole(params, "\n".join(lines))
    if not quiet:
        say(f"{params.name}: year: {year}")


def _spoken(draft: Draft, t: Language) -> str:
    taken = [answer.gld for answer in draft.answers.values() if not answer.absent]
    absent = [answer.gld for answer in draft.answers.values() if answer.absent]
    mapped = "{file}: {n:,} {n:=column|columns} mapped ({names})"
    lines = [t(mapped, file=draft.path.name, n=len(taken), names=", ".join(taken))]
    if absent:
        lines.append(t("not in the file: {names}", names=", ".join(absent)))
    return "\n".join(lines)


def _whole(preview: Preview, t: Language) -> str:
    """The sum of weights: the first number to compare with the office's own."""
    first = preview.counts["column"].iloc[0]
    rows = preview.counts[preview.counts["column"] == first]
    whole = "persons: {rows:,} rows, {weighted:,.0f} weighted"
    return t(whole, rows=int(rows["rows"].sum()), weighted=float(rows["weighted"].sum()))


def _finished(draft: Draft) -> bool:
    return not draft.open and not draft.preview().problems


def _record(draft: Draft) -> dict[str, object]:
    """Questions, answers and counts as JSON has them."""
    preview = draft.preview()
    return {
        "workbook": draft.path.name,
        "open": [_question(q) for q in draft.open],
        "mapped": {
            answer.gld: answer.column or answer.constant
            for answer in draft.answers.values()
            if not answer.absent
        },
        "absent": [answer.gld for answer in draft.answers.values() if answer.absent],
        "problems": [str(p) for p in preview.problems],
        "counts": json.loads(preview.counts.to_json(orient="records")),
        "weighted": preview.weighted,
        "definitions": [one.preset for one in draft.definitions],
    }


def _question(q: Question) -> dict[str, object]:
    found = q.proposal
    return {
        "column": q.gld,
        "meaning": q.about.description,
        "codes": dict(q.codes),
        "proposed": None if found is None else found.column,
        "confidence": None if found is None else found.confidence,
        "why": None if found is None else found.why,
        "not_there": q.mend,
    }
