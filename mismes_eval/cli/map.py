"""`mismes map`: finish a mapping workbook question by question."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import click

from mismes_eval.cli.project import country_names, data_root_option, params_file, project
from mismes_eval.cli.terminal import mark, problem, say
from mismes_eval.errors import InputError
from mismes_eval.evaluation.mapping_of_run import draft_of
from mismes_eval.evaluation.params import Params
from mismes_eval.lfs.carried import spelled
from mismes_eval.lfs.mapping import REASONS
from mismes_eval.lfs.mapping_draft import Draft, Preview, Question
from mismes_eval.lfs.mapping_sheets import Answer
from mismes_eval.report.factory.publish import write_whole

HELP = (
    "y take it · n the file has none · NAME another column (NAME * 0.001 where the unit differs,"
    " A + B columns that make one number together) ·"
    " = VALUE the same for every row · s later · ? columns of the file · q save and stop"
)
CODE_HELP = (
    f"a code of the template, or why it is no answer: {', '.join(REASONS)}; s: not this column"
)


class _Stop(Exception):
    """Nobody answers any more, or somebody said q."""


@click.command("map")
@click.argument("name", metavar="ISO3", shell_complete=country_names)
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
    asking = _Asking(draft, quiet)
    try:
        for number, question in enumerate(draft.open, 1):
            asking.ask(question, f"[{number}/{len(draft.open)}]")
    except _Stop:
        say("")
    asking.draft.save()
    if params.year is None:
        _year_said(asking.draft, params_file(project(), name), quiet)
    return _told(asking.draft, name, quiet)


@dataclass
class _Asking:
    """A conversation. Mutable because every answer changes the draft."""

    draft: Draft
    quiet: bool

    def ask(self, question: Question, place: str) -> None:
        """Ask until there is an answer that can be meant, or it is put off."""
        say(f"\n{place} {question.gld}: {question.about.description}")
        if question.codes:
            say(
                "  codes: " + ", ".join(f"{code} {label}" for code, label in question.codes.items())
            )
        if question.proposal is not None:
            self._show(question, question.proposal.column)
        else:
            say(f"  no column of the file seems to be it. Without one: {question.mend}")
        while True:
            said = _heard(f"  {HELP}\n  > ")
            if said == "s":
                return
            answer = self._meant(question, said)
            if answer is not None and self._taken(answer):
                return

    def _show(self, question: Question, column: str) -> None:
        """A column of the file, with what its codes would become."""
        listed = {declared.name: declared for declared in self.draft.columns}
        if column not in listed:  # several, joined
            return
        about = listed[column]
        proposal = question.proposal
        own = proposal is not None and proposal.column == column
        sure = f" ({proposal.confidence}: {proposal.why})" if own and proposal else ""
        label = f" '{about.label}'" if about.label else ""
        say(f"  {column}{label}{sure}, {about.kind}, {about.missing:.1%} missing")
        coded = bool(question.about.codes) or question.about.kind == "bool"
        taken = self.draft.proposed(question.gld, column)
        open_codes = self.draft.undecided(taken)
        for code, words, n in self.draft.file_codes(column):
            new, reason = taken.codes.get(code, ""), taken.reasons.get(code, "")
            if not coded and not reason and code not in open_codes:
                continue
            unsaid = "?" if code in open_codes else f"{code} {question.codes.get(code, '')}".strip()
            becomes = f"{new} {question.codes.get(new, '')}".strip() if new else unsaid
            becomes = f"no answer: {reason}" if reason else becomes
            say(f"    {f'{code} {words}'.strip():<36} {n:>10,}  becomes {becomes}")

    def _meant(self, question: Question, said: str) -> Answer | None:
        """The answer that was typed; None where it was a question or a slip."""
        if said == "?":
            for column in self.draft.columns:
                say(f"    {column.name}  {column.label}")
            return None
        try:
            answer = self.draft.meant(question.gld, said)
        except InputError:
            say(f"  '{said}' is no answer, and the file has no such column.")
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
                say(f"  {found}")
            return False
        if not self.quiet and not whole.absent:
            _counted(self.draft.preview(whole.gld))
        return True

    def _with_codes(self, answer: Answer) -> Answer | None:
        """The answer with every code of the file decided; None where somebody gave the column up."""
        whole = answer
        while left := self.draft.undecided(whole):
            told = {code: (label, n) for code, label, n in self.draft.file_codes(whole.column)}
            label, n = told[left[0]]
            said = _heard(f"  {whole.column} = {left[0]} {label} ({n:,} rows): {CODE_HELP}\n  > ")
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


def _counted(preview: Preview) -> None:
    """What the mapping makes of a column."""
    for found in preview.problems:
        say(f"  not yet: {found}")
    for row in preview.counts.to_dict("records"):
        weighted = f", weighted {row['weighted']:,.0f}" if preview.weighted else ""
        share = f" ({row['share']:.1%})" if preview.weighted else ""
        say(f"    = {row['value']}: {row['rows']:,} rows{weighted}{share}")


def _told(draft: Draft, name: str, quiet: bool) -> int:
    """What is mapped, what is open, and what comes next."""
    preview = draft.preview()
    if not quiet:
        say(f"\n{_spoken(draft)}")
        if preview.weighted:
            _whole(preview)
    for found in preview.problems:
        problem(found)
    if draft.definitions and not quiet:
        say(
            f"who is a migrant is chosen in params/{name}.yaml, definitions.preset. The file carries"
        )
        for one in draft.definitions:
            say(f"  {one.preset} (needs {spelled(one.needs)}): {one.definition.text}")
    if draft.open:
        say(f"open: {', '.join(q.gld for q in draft.open)}. Go on: mismes map {name}")
    elif not preview.problems and not quiet:
        say(mark("done", f"every question is answered. Next: mismes check {name}"))
    return 0 if _finished(draft) else 2


def _year_said(draft: Draft, params: Path, quiet: bool) -> None:
    """A year that is the same for every row is the year of the run: it is written into the params,
    where nothing stands yet.
    """
    answer = draft.answers.get("year")
    lines = params.read_text(encoding="utf-8").split("\n")
    blank = next((place for place, line in enumerate(lines) if line.strip() == "# year:"), None)
    if answer is None or not answer.constant or blank is None:
        return
    lines[blank] = f"year: {answer.constant}"
    write_whole(params, "\n".join(lines))
    if not quiet:
        say(f"{params.name}: year: {answer.constant}")


def _spoken(draft: Draft) -> str:
    taken = [answer.gld for answer in draft.answers.values() if not answer.absent]
    absent = [answer.gld for answer in draft.answers.values() if answer.absent]
    lines = [f"{draft.path.name}: {len(taken)} columns mapped ({', '.join(taken)})"]
    if absent:
        lines.append(f"not in the file: {', '.join(absent)}")
    return "\n".join(lines)


def _whole(preview: Preview) -> None:
    """The sum of weights: the first number to compare with the office's own."""
    first = preview.counts["column"].iloc[0]
    rows = preview.counts[preview.counts["column"] == first]
    say(f"persons: {rows['rows'].sum():,} rows, {rows['weighted'].sum():,.0f} weighted")


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
