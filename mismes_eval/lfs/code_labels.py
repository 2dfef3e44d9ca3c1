"""What the office calls a code, beside what the template calls the code that it becomes. A number
that both have and that means something else is asked about, never taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass

import pandas as pd

from mismes_eval import frame as frames
from mismes_eval.errors import Problem, worded
from mismes_eval.frame.codes import plain
from mismes_eval.frame.dataset import Dataset
from mismes_eval.lfs.code_meanings import (
    meanings,
    named_apart,
    reason_of,
    spelled,
    template_labels,
)
from mismes_eval.lfs.mapping import REASONS, Mapping
from mismes_eval.lfs.translate import matches

NUMBERS = ("int", "float")


@dataclass(frozen=True)
class FileCode:
    """A code of the file as it was mapped: what the office calls it, the code of the template that
    it becomes and what the template calls that; rows : with it.
    """

    code: str
    label: str
    target: str
    target_label: str
    rows: int


def mapped_codes(
    data: Dataset, mapping: Mapping, mapped: pd.DataFrame
) -> dict[str, list[FileCode]]:
    """Column of the template -> every code of the file that went into it, where the file has value
    labels and the template a list of codes. mapped : the file's rows after the mapping.
    """
    out = {}
    for gld, column in mapping.columns.items():
        words = _words(data, column)
        named = template_labels(gld)
        if not words or not named or gld not in mapped.columns:
            continue
        out[gld] = _counted(data.frame[column], mapped[gld], words, named)
    return out


def _counted(
    raw: pd.Series, new: pd.Series, words: Dict[str, str], named: Dict[str, str]
) -> list[FileCode]:
    """Every pair of a file's code and what it became."""
    pairs = pd.DataFrame({"code": raw.array, "new": new.array})
    counts = pairs.value_counts(["code", "new"], sort=False, dropna=True).reset_index()
    codes = [spelled(code) for code in counts["code"]]
    targets = [spelled(code) for code in counts["new"]]
    return [
        FileCode(code, words.get(code, ""), target, named.get(target, ""), rows=int(n))
        for code, target, n in zip(codes, targets, counts["count"], strict=True)
    ]


def _words(data: Dataset, column: str) -> dict[str, str]:
    return {spelled(code): str(label) for code, label in data.value_labels.get(column, {}).items()}


def in_question(
    data: Dataset, mapping: Mapping, codes: Dict[str, Sequence[FileCode]], stated: bool
) -> Iterator[Problem]:
    """Columns whose codes nobody recoded and whose labels say something else than the template's
    codes of the same number. stated : a mapping was made for this file, so that words which no list
    knows are asked about too; a file with the template's names is only asked where its words mean
    another code.
    """
    for gld, found in codes.items():
        if gld in mapping.recode:
            continue
        unsure = [answer for answer in found if doubtful(gld, answer, stated)]
        if unsure:
            yield _question(data, mapping, gld, found, unsure)


def no_numbers(data: Dataset, mapping: Mapping) -> Iterator[Problem]:
    """Codes that the file calls no answer, in columns of numbers where nobody declared them: they
    would be counted as ages, hours or wages.
    """
    kinds = {c.name: c.kind for c in frames.template("lfs_person").columns}
    for gld, column in mapping.columns.items():
        if kinds.get(gld) not in NUMBERS or gld in mapping.recode:
            continue
        declared = mapping.missing.get(gld, {})
        apart = {
            code: label
            for code, label in _words(data, column).items()
            if named_apart(label) and not any(matches(code, known) for known in declared)
        }
        if not apart:
            continue
        rows = data.frame[column].map(spelled).value_counts()
        odd = {code: label for code, label in apart.items() if code in rows.index}
        if odd:
            count = sum(int(rows[code]) for code in odd)
            yield _unsaid(f"{data.name}, column '{column}' (for {gld})", gld, odd, count)


def _unsaid(where: str, gld: str, odd: Dict[str, str], rows: int) -> Problem:
    answers = ", ".join(f"{code}: {reason_of(label) or '?'}" for code, label in odd.items())
    fix = worded(
        "Say why each is no answer, under missing: {{{gld}: {{{answers}}}}} (or in sheet 'codes' of the workbook): {reasons}.",
        {"gld": gld, "answers": answers, "reasons": ", ".join(REASONS)},
    )
    return Problem(
        what="codes that the file has words for stand among numbers",
        where=where,
        expected="numbers",
        got="; ".join(f"{code} = {label}" for code, label in odd.items()),
        fix=fix,
        count=rows,
    )


def doubtful(gld: str, code: FileCode, stated: bool) -> bool:
    """Whether a code that keeps its number may mean something else there than here."""
    if code.code != code.target or not code.label or not code.target_label:
        return False
    if plain(code.label) == plain(code.code):
        return False
    meant = meanings(gld, code.label)
    return code.target not in meant if meant else stated


def _question(
    data: Dataset,
    mapping: Mapping,
    gld: str,
    found: Sequence[FileCode],
    doubtful: Sequence[FileCode],
) -> Problem:
    """What a column's codes are called here and there, with the line that answers."""
    answers = ", ".join(f"{answer.code}: {_answer(gld, answer)}" for answer in found)
    fix = worded(
        "Say what each is, under recode: {{{gld}: {{{answers}}}}} (or in sheet 'codes' of the workbook); a code that is right is written as it is.",
        {"gld": gld, "answers": answers},
    )
    return Problem(
        what="codes are valid by number and differ by label",
        where=worded(
            "{name}, column '{columns}' (for {gld})",
            {"name": data.name, "columns": mapping.columns[gld], "gld": gld},
        ),
        expected="; ".join(f"{answer.target} = {answer.target_label}" for answer in doubtful),
        got="; ".join(f"{answer.code} = {answer.label}" for answer in doubtful),
        fix=fix,
        count=sum(answer.rows for answer in doubtful),
    )


def _answer(gld: str, code: FileCode) -> str:
    """The code that a label means; a question mark where it means none or several."""
    meant = meanings(gld, code.label) if code.label else frozenset()
    if code.target in meant:
        return code.target
    return next(iter(meant)) if len(meant) == 1 else "?"
