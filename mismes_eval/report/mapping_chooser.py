"""A mapping finished in a notebook: a chooser a question, the mapped columns counted below."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from mismes_eval.errors import InputError
from mismes_eval.evaluation.mapping_of_run import draft_of
from mismes_eval.lfs.mapping import REASONS
from mismes_eval.lfs.mapping_draft import Draft, Question
from mismes_eval.libraries import installed, library
from mismes_eval.report.session import open as open_session

OPEN, NONE = "not answered", "the file has none"


def mapping_of(run: str) -> Draft:
    """The mapping workbook of a params file with the office's file: a table of its questions.
    `.answered_all({...})` answers them, `.preview().counts` counts, `.save()` writes.
    """
    return draft_of(open_session(run).params)


def choose_mapping(draft: Draft) -> object:
    """A drop-down for each open question and a field for its codes ("1=1, 2=0, 9=DK"); below, what
    the answers make of the file; a button writes them into the workbook. Nothing is chosen before
    somebody chooses.

    Returns
    -------
    A widget of ipywidgets; without that package the draft, which shows its questions as a table.
    """
    if not installed("ipywidgets"):
        return draft
    widgets = library("ipywidgets")
    rows = {q.gld: _row(widgets, draft, q) for q in draft.open}
    shown = widgets.HTML()
    save = widgets.Button(description="Save")

    def chosen() -> dict[str, str | Mapping[str, object]]:
        said = {gld: answer(draft, gld, row[0].value, row[1].value) for gld, row in rows.items()}
        return {gld: words for gld, words in said.items() if words is not None}

    def again(change: object) -> None:
        shown.value = counted(draft, chosen())

    def write(button: object) -> None:
        try:
            path = draft.answered_all(chosen()).save()
            shown.value = f"<p>{escape(path.name)}: saved</p>"
        except InputError as error:
            shown.value = _problems(error)

    for pair in rows.values():
        for field in pair:
            field.observe(again, names="value")
    save.on_click(write)
    lines = [widgets.HBox(list(pair)) for pair in rows.values()]
    return widgets.VBox([*lines, save, shown])


def _row(widgets: Any, draft: Draft, q: Question) -> tuple[Any, Any]:
    offered = q.proposal
    names = [column.name for column in draft.columns]
    options = [(OPEN, ""), (NONE, "n"), *((name, name) for name in names)]
    if offered is not None:
        own = (f"{offered.column} ({offered.confidence}: {offered.why})", offered.column)
        options = [
            options[0],
            own,
            *(option for option in options[1:] if option[1] != offered.column),
        ]
    drop = widgets.Dropdown(options=options, value="", description=q.gld)
    codes = widgets.Text(value="", placeholder="codes where they differ: 1=1, 2=0, 9=DK")
    return drop, codes


def answer(draft: Draft, gld: str, column: str, codes: str) -> str | Mapping[str, object] | None:
    """What a row of the chooser says; None where nothing is chosen."""
    if not column:
        return None
    if column == "n" or not codes.strip():
        return column
    pairs = [part.partition("=") for part in codes.split(",") if part.strip()]
    told = {code.strip(): new.strip() for code, _, new in pairs}
    proposed = draft.proposed(gld, column)
    mapped = {code: name for code, name in proposed.codes.items() if code not in told}
    reasons = {code: name for code, name in proposed.reasons.items() if code not in told}
    mapped |= {code: name for code, name in told.items() if name not in REASONS}
    reasons |= {code: name for code, name in told.items() if name in REASONS}
    return {"column": column, "codes": mapped, "reasons": reasons}


def counted(draft: Draft, said: Mapping[str, str | Mapping[str, object]]) -> str:
    """The answers counted, or what is wrong with them, as HTML."""
    try:
        preview = draft.answered_all(said).preview()
    except InputError as error:
        return _problems(error)
    wrong = "".join(f"<p>{escape(str(p))}</p>" for p in preview.problems)
    return wrong + str(preview.counts.to_html(index=False))


def _problems(error: InputError) -> str:
    return "".join(f"<p>{escape(str(p))}</p>" for p in error.problems)
