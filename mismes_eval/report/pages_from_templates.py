"""Pages written from the templates of `templates/`: every text is escaped on its way in, and what is
HTML already says so.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mismes_eval.report.document.plain import escape

TEMPLATES = Path(__file__).parent / "templates"


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()

    def __html__(self) -> str:
        return self


def rendered(template: str, **values: object) -> Html:
    """A template with its values. Raises UndefinedError for a name that it has not been given."""
    return Html(_environment().get_template(template).render(values))


def _escaped(value: object) -> object:
    return value if hasattr(value, "__html__") else Html(escape(str(value)))


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=_escaped,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
