"""The theory of change: how the measures are meant to work, and which table of this report measures
each step (T05d).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mismes_eval.report.chapters.base import Context, Items, text_table

ID, TITLE = (
    "T05d",
    "Theory of change: how the measures are meant to work, and what measures each step",
)
PARTS = ("inputs", "activities", "outputs", "outcomes", "assumptions")
UNMEASURED, GONE = "not measured here", "{id}: not in this report"
ABSENT = (
    "No theory of change was given (section theory_of_change of the params): how the measures are"
    " meant to work, and which step fails where no effect is shown, cannot be seen."
)


@dataclass(frozen=True)
class Step:
    """part: one of PARTS; words: the step as the params give it; found: id as given -> id -> title
    of what measures it, empty where this report lacks it.
    """

    part: str
    words: str
    found: Mapping[str, Mapping[str, str]]

    @property
    def measured(self) -> bool:
        """Whether anything in the report measures the step."""
        return any(self.found.values())


def steps(context: Context, shown: Mapping[str, str]) -> tuple[Step, ...]:
    """Every step of the params in order. shown: id -> title of what the report has; "T17" stands
    for the T17 of every measure.
    """
    out = []
    for part in PARTS:
        for words, ids in getattr(context.params.theory_of_change, part).items():
            out.append(Step(part, words, {i: _of(i, shown) for i in ids}))
    return tuple(out)


def _of(id_: str, shown: Mapping[str, str]) -> dict[str, str]:
    return {
        number: item
        for number, item in shown.items()
        if number == id_ or number.startswith(f"{id_}-")
    }


def evaluated(context: Context) -> tuple[str, ...]:
    """Measures, and the study file, whose effect this report estimates."""
    return context.evaluation.measures


def explained(context: Context) -> tuple[str, ...]:
    """Measures that the theory of change is about."""
    return context.params.theory_of_change.measures or evaluated(context)


def theory(context: Context, shown: Mapping[str, str]) -> Items:
    """T05d; where none was given, the reason, if the report estimates an effect at all."""
    chain = steps(context, shown)
    if not chain:
        none = (context.text("Theory of change"), context.text(ABSENT))
        return (
            [text_table(context, ID, TITLE, [none], ("Subject", "Why it is missing"))]
            if evaluated(context)
            else []
        )
    rows = [
        (context.text(step.part), context.name(step.words), _measured(context, step))
        for step in chain
    ]
    return [
        text_table(
            context,
            ID,
            TITLE,
            rows,
            ("Part", "What is meant to happen", "Measured in this report by"),
            "",
            _notes(context, chain),
        )
    ]


def _measured(context: Context, step: Step) -> str:
    """One table or figure with its title, several of a kind by their ids."""
    said = []
    for id_, tables in step.found.items():
        for place, table in list(tables.items())[:1]:
            said.append(
                context.text("{id} {title}", id=place, title=context.text(table))
                if len(tables) == 1
                else ", ".join(tables)
            )
        if not tables:
            said.append(context.text(GONE, id=id_))
    return context.name("; ".join(said)) if said else context.text(UNMEASURED)


def _notes(context: Context, chain: tuple[Step, ...]) -> tuple[str, ...]:
    given = {step.part for step in chain}
    left = [context.text(part) for part in PARTS if part not in given]
    about = context.text(
        "As the measures' authors state it, before the results; it is about {m}.",
        m=", ".join(explained(context)) or context.text("no evaluated measure"),
    )
    return (
        about,
        *((context.text("Nothing is said of: {parts}.", parts=", ".join(left)),) if left else ()),
    )


def shortfalls(context: Context) -> list[tuple[str, str]]:
    """What the limitations say of the theory of change: that there is none, that steps go
    unmeasured, that measures have none.
    """
    if not evaluated(context):
        return []
    name = "Theory of change"
    chain = steps(context, context.shown)
    if not chain:
        return [(name, ABSENT)]
    blind = sum(not step.measured for step in chain)
    out = []
    if blind:
        out.append(
            (
                name,
                context.text(
                    "{k} of {n} steps are measured by nothing in this report ({id}).",
                    k=blind,
                    n=len(chain),
                    id=ID,
                ),
            )
        )
    bare = [m for m in evaluated(context) if m not in explained(context)]
    if bare:
        out.append((name, context.text("None was given for {m}.", m=", ".join(bare))))
    return out
