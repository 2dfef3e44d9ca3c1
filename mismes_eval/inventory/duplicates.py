"""Records that may stand for one measure: titles in any language that are alike, one IATI
identifier, or another name with the same implementer, start and budget. Nothing is merged.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Any

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

from mismes_eval.errors import InputError
from mismes_eval.frame.codes import plain
from mismes_eval.frame.missing import is_missing
from mismes_eval.public import held

OTHER_NUMBER = 15.0
SURE, SAME_FACTS = 100.0, 90.0
ALIKE = 70.0  # below it titles are called others
YEAR = re.compile(r"\b(?:19|20)\d\d\b")
STEP = 500  # titles compared at once
COLUMNS = ("keep", "drop", "score", "title_keep", "title_drop", "why")
FACTS = ("implementer_name", "start_date", "budget_total")
COMPARED = (
    ("implementer_name", "implementer"),
    ("funder_main", "funder"),
    ("start_date", "start"),
    ("budget_total", "budget"),
    ("iati_id", "IATI identifier"),
    ("model_primary", "model"),
)
Record = Mapping[Hashable, Any]


@held(InputError)
def likely_duplicates(frame: pd.DataFrame, threshold: float = 85.0) -> pd.DataFrame:
    """Pairs of measures of one country that may be one, most alike first, and why.

    Parameters
    ----------
    threshold : lowest similarity of the titles, English or original, of both (0-100, words in any
        order, without years; rapidfuzz token_sort_ratio, less 15 where their numbers differ:
        "phase 1" and "phase 2"). One IATI identifier counts as 100; the same implementer, start and
        budget under other titles as 90.

    Returns
    -------
    keep, drop (the fuller record first), score, title_keep, title_drop, why.
    """
    filled = frame.notna().sum(axis=1).to_numpy()
    records = frame.to_dict("records")
    found = []
    for _, block in frame.groupby("country", sort=True):
        places = [int(place) for place in frame.index.get_indexer(block.index)]
        scores = _by_title([records[place] for place in places], threshold)
        for score, fields in ((SURE, ("iati_id",)), (SAME_FACTS, FACTS)):
            for pair in _of_equal(block, [field for field in fields if field in block], fields):
                scores[pair] = max(score, scores.get(pair, 0.0))
        for (first, second), score in scores.items():
            one, two = places[first], places[second]
            if filled[two] > filled[one]:
                one, two = two, one
            found.append(_line(records[one], records[two], score))
    table = pd.DataFrame(found, columns=list(COLUMNS))
    order = ["score", "keep", "drop"]
    return table.sort_values(order, ascending=[False, True, True], ignore_index=True)


def _line(one: Record, two: Record, score: float) -> tuple[object, ...]:
    titles = (one["title_en"], two["title_en"])
    return (one["measure_id"], two["measure_id"], score, *titles, _why(one, two))


def _titles(record: Record) -> list[str]:
    """The titles of a record in the form in which they are compared, each once."""
    given = [record.get(column) for column in ("title_en", "title_orig")]
    return list(dict.fromkeys(plain(str(title)) for title in given if not is_missing(title)))


def _by_title(records: Sequence[Record], threshold: float) -> dict[tuple[int, int], float]:
    """Pairs of places of records whose titles are alike, with the score of the most alike ones."""
    titles = [(place, title) for place, record in enumerate(records) for title in _titles(record)]
    texts = [" ".join(YEAR.sub(" ", title).split()) or title for _, title in titles]
    numbers = [re.findall(r"\d+", text) for text in texts]
    scores: dict[tuple[int, int], float] = {}
    for start in range(0, len(texts), STEP):
        alike = process.cdist(
            texts[start : start + STEP],
            texts,
            scorer=fuzz.token_sort_ratio,
            score_cutoff=threshold,
            dtype=np.uint8,
        )
        for row, column in zip(*np.nonzero(alike), strict=True):
            first, second = titles[start + row][0], titles[column][0]
            score = float(alike[row, column])
            score -= OTHER_NUMBER if numbers[start + row] != numbers[column] else 0.0
            if first < second and score >= threshold:
                scores[first, second] = max(score, scores.get((first, second), 0.0))
    return scores


def _of_equal(
    block: pd.DataFrame, present: Sequence[str], fields: Sequence[str]
) -> Iterator[tuple[int, int]]:
    """Pairs of places of records that agree in every one of the fields."""
    if len(present) < len(fields):
        return
    known = block[list(fields)].reset_index(drop=True).dropna()
    written = known.astype(str).map(plain)
    for places in written.groupby(list(fields)).indices.values():
        rows = sorted(int(written.index[place]) for place in places)
        yield from combinations(rows, 2)


def _why(one: Record, two: Record) -> str:
    reasons = _about_titles(one, two)
    for field, words in COMPARED:
        first = one.get(field)
        second = two.get(field)
        if not (is_missing(first) or is_missing(second)):
            same = plain(str(first)) == plain(str(second))
            reasons.append(f"same {words}" if same else f"another {words}")
    return ", ".join(reasons)


def _about_titles(one: Record, two: Record) -> list[str]:
    titles = [[YEAR.sub("", title) for title in _titles(record)] for record in (one, two)]
    english = [plain(str(record["title_en"])) for record in (one, two)]
    if english[0] == english[1]:
        return ["same title"]
    if set(titles[0]) & set(titles[1]) and titles[0][0] != titles[1][0]:
        return ["same title in another language"]
    if max(fuzz.token_sort_ratio(*pair) for pair in product(*titles)) < ALIKE:
        return ["another title"]
    reasons = ["similar title"]
    years = [YEAR.findall(title) for title in english]
    if all(years) and years[0] != years[1]:
        reasons.append("another year in the title")
    numbers = [re.findall(r"\d+", YEAR.sub("", title)) for title in english]
    if numbers[0] != numbers[1]:
        reasons.append("another number in the title")
    return reasons
