"""A form on paper: one HTML page a language, to be printed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from mismes_eval.errors import InputError
from mismes_eval.fieldwork.questions import Question, choices, questions, title
from mismes_eval.fieldwork.xlsform import MEASURES, Measure
from mismes_eval.public import held

LONG = 40  # lists with more answers get a line to write on
ONLY_IF = {
    "en": "Only if",
    "fr": "Seulement si",
    "ro": "Numai dacă",
    "ru": "Только если",
    "ar": "فقط إذا",
}
SEVERAL = {
    "en": "several answers possible",
    "fr": "plusieurs réponses possibles",
    "ro": "mai multe răspunsuri posibile",
    "ru": "можно несколько ответов",
    "ar": "يمكن اختيار عدة إجابات",
}
SIGNS = {  # conditions as people write them
    r"='(\w+)'": r" = \1",
    r"count-selected\((\[\d+\])\) > 0": r"\1 ☒",
    r"(\[\d+\]) != ''": r"\1 ✎",
    r"not\(starts-with\((\[\d+\]), '1'\)\)": r"\1 ≠ 1.1, 1.2",
}
STYLE = (
    "body{font:11pt/1.4 sans-serif;max-width:18cm;margin:1cm auto}"
    "li{margin:.6em 0;break-inside:avoid}.only{color:#444;font-size:9pt}"
    ".answers{display:flex;flex-wrap:wrap;gap:.2em 1.2em;list-style:none;padding:0;margin:.2em 0}"
    ".answers li{margin:0}.line{border-bottom:1px solid #000;height:1.6em;width:8cm}"
)


@held(InputError)
def paper(form: str, language: str, country: str, measures: Sequence[Measure] = ()) -> str:
    """A form as one HTML page; Arabic runs from right to left."""
    direction = "rtl" if language == "ar" else "ltr"
    asked = questions(form)
    numbers = {q.name: number for number, q in enumerate(asked, 1)}
    body = "".join(_asked(q, language, numbers, measures) for q in asked)
    heading = escape(f"{title(form, language)} ({country})")
    return (
        f'<!DOCTYPE html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8">'
        f"<title>{heading}</title><style>{STYLE}</style></head>"
        f"<body><h1>{heading}</h1><ol>{body}</ol></body></html>\n"
    )


def _asked(q: Question, language: str, numbers: dict[str, int], measures: Sequence[Measure]) -> str:
    several = f" ({SEVERAL[language]})" if q.several else ""
    only = f'<div class="only">{escape(_only(q.relevant, language, numbers))}</div>'
    words = escape(q.words[language] + several)
    return f"<li>{only if q.relevant else ''}{words}{_space(q, language, measures)}</li>"


def _only(relevant: str, language: str, numbers: dict[str, int]) -> str:
    """A condition with question numbers in the place of names."""
    text = relevant
    for name, number in numbers.items():
        text = text.replace(f"${{{name}}}", f"[{number}]")
    for expression, sign in SIGNS.items():
        text = re.sub(expression, sign, text)
    return f"{ONLY_IF[language]} {text}"


def _space(q: Question, language: str, measures: Sequence[Measure]) -> str:
    """Boxes for the answers, or a line to write on."""
    if q.choices == MEASURES:
        offered = [(m.id, m.title) for m in measures]
    else:
        listed = choices(q.choices) if q.choices else ()
        offered = [(choice.code, choice.words[language]) for choice in listed]
    if not offered or len(offered) > LONG:
        return '<div class="line"></div>'
    boxes = "".join(f"<li>☐ {escape(code)} {escape(label)}</li>" for code, label in offered)
    return f'<ul class="answers">{boxes}</ul>'
