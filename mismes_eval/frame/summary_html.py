"""An object at a glance in a notebook: its name, what it holds, what must be said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape


def as_text(title: str, facts: Mapping[str, object]) -> str:
    """The facts as lines, names in one column."""
    width = max((len(fact) for fact in facts), default=0)
    return "\n".join([title, *(f"{name:<{width}}  {value}" for name, value in facts.items())])


def as_html(title: str, facts: Mapping[str, object], notes: Sequence[str] = ()) -> str:
    """The facts as a table of two columns, the notes in small print, each once."""
    rows = "".join(
        f'<tr><th style="text-align:left">{escape(str(fact))}</th><td'
        f' style="text-align:left">{escape(str(value))}</td></tr>'
        for fact, value in facts.items()
    )
    said = "".join(f"<p><small>{escape(n)}</small></p>" for n in dict.fromkeys(notes))
    return f"<p><strong>{escape(title)}</strong></p><table>{rows}</table>{said}"
