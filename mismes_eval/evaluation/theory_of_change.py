"""Steps of a theory of change: sentences, each with the tables or figures of the report that
measure it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pandas as pd

from mismes_eval.errors import Problem, worded
from mismes_eval.evaluation.yaml_text import Node
from mismes_eval.frame.identifiers import find_identifiers

ID = re.compile(r"[TF]\d{2}[a-z]?(?:-[\w-]+)?")
FORM = "sentences, each with ids: {Participants find work: 'T17, F11'}"


def read_steps(node: Node, where: str, problems: list[Problem]) -> Mapping[str, tuple[str, ...]]:
    """Steps in their order -> ids of tables and figures; none where nothing measures the step.

    node : a mapping of sentences to ids ("T17, F11", a list, or nothing), a list of sentences, or
        one sentence. What is wrong with it is added to problems.
    """
    if isinstance(node, str):
        node = [node]
    given = len(node or ())
    if isinstance(node, list):
        if any(not isinstance(step, str) for step in node):
            problems.append(
                Problem("steps are needed", where, FORM, worded("something else in the list"))
            )
            return {}
        node = {str(step): None for step in node}
    if not isinstance(node, dict):
        problems.append(Problem("steps are needed", where, FORM))
        return {}
    out = {
        step.strip(): _ids(
            said, worded("{where}, step {step}", {"where": where, "step": number}), problems
        )
        for number, (step, said) in enumerate(node.items(), 1)
    }
    if len(out) < given:
        problems.append(Problem("a step stands twice", where, "every step once"))
    if any(not step for step in out):
        problems.append(Problem("a step has no words", where, FORM))
    problems.extend(
        Problem(
            what="a personal identifier",
            where=where,
            expected="no personal identifiers",
            got=p.got,
            fix="Name an institution or a role.",
        )
        for p in find_identifiers(pd.DataFrame({"step": list(out)}))
    )
    return out


def _ids(said: Node, where: str, problems: list[Problem]) -> tuple[str, ...]:
    """The ids that measure one step."""
    given: Sequence[Node]
    if isinstance(said, list):
        given = said
    elif isinstance(said, str):
        given = said.split(",")
    else:
        given = [] if said is None else ["?"]
    ids = [str(i).strip() for i in given]
    wrong = [i for i in ids if not ID.fullmatch(i)]
    if wrong:
        expected, fix = (
            "ids of the report, for instance T17, T05b or F11",
            "Leave it empty where nothing measures the step.",
        )
        problems.append(
            Problem(
                what="not the id of a table or figure",
                where=where,
                expected=expected,
                got=", ".join(map(repr, wrong)),
                fix=fix,
            )
        )
    return tuple(ids)
