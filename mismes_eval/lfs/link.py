"""Link check of a rotating panel: is it the same person? Sex equal, age up by 0 to 2 years."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mismes_eval.errors import InputError, Problem, in_column, named, worded
from mismes_eval.lfs.answers import values
from mismes_eval.numerics.rows import Bool
from mismes_eval.public import public
from mismes_eval.weighting.order import ordering


@dataclass(frozen=True)
class LinkCheck:
    """keep (n,) rows of persons whose links hold (persons seen once have none to fail); table:
    persons seen more than once, by reason; share_dropped of those persons.
    """

    keep: Bool
    table: pd.DataFrame
    share_dropped: float

    @property
    def text(self) -> str:
        """The sentence a table prints."""
        return (
            f"Panel links: {self.share_dropped:.2%} of the persons seen more than once dropped"
            " because sex differs or age does not change by the allowed years."
        )

    def _repr_html_(self) -> str:
        return self.table.to_html(index=False) + f"<p><small>{self.text}</small></p>"


@public(InputError)
def link_check(
    frame: pd.DataFrame,
    person: str | Sequence[str] = ("panel", "pid"),
    wave: str = "wave",
    sex: str = "male",
    age: str = "age",
    ages: tuple[int, int] = (0, 2),
    rounds: Sequence[Hashable] | None = None,
) -> LinkCheck:
    """Persons of a rotating panel whose sex and age agree over their rounds, as in GLD's panel of
    Georgia.

    Parameters
    ----------
    frame : one row a person and round.
    person : columns that identify a person over rounds.
    wave : round: numbers, dates, ordered categories, or text such as "Q4 2019".
    ages : smallest and largest change of age from a person's first round to any later one, years.
    rounds : the rounds in time order, where their names do not say it.

    Raises
    ------
    InputError : columns that are not there; a person twice in one round; rounds without an order.

    References
    ----------
    worldbank/gld, panel build of the Georgian LFS 2017-2023.
    """
    keys = [person] if isinstance(person, str) else list(person)
    gone = [
        Problem("link_check names an unknown column", in_column(column), "a column of the frame")
        for column in (*keys, wave, sex, age)
        if column not in frame.columns
    ]
    InputError.refuse(gone)
    twice = frame.duplicated([*keys, wave], keep=False).to_numpy()
    InputError.refuse(
        Problem(
            what="a person stands twice in one round",
            where=worded("columns {keys}, {wave}", {"keys": ", ".join(keys), "wave": wave}),
            expected="one row a person and round",
            got=named(
                " ".join(map(str, key)) for key in frame.loc[twice, [*keys, wave]].to_numpy()
            ),
            fix="Correct the key.",
        ).where_true(twice)
    )
    in_time = ordering(frame[wave], rounds, "rounds=(first, ..., last)")
    if isinstance(in_time, Problem):
        raise InputError(in_time)
    unplaced = in_time.code < 0
    InputError.refuse(
        Problem(
            what="a row has no round in the order",
            where=in_column(wave),
            expected=worded("one of {levels}", {"levels": ", ".join(map(str, in_time.levels))}),
            got=worded("missing or another"),
        ).where_true(unplaced)
    )
    who = frame.groupby(keys, sort=False, dropna=False).ngroup().to_numpy()
    order = np.lexsort((in_time.code, who))
    start = np.r_[True, who[order][1:] != who[order][:-1]]
    first = np.empty(len(frame), np.intp)
    first[order] = order[np.maximum.accumulate(np.where(start, np.arange(len(frame)), 0))]
    male, years = values(frame, sex), values(frame, age)
    m = int(who.max()) + 1 if len(frame) else 0
    with np.errstate(invalid="ignore"):
        moved = years - years[first]
        sex_differs = (
            np.bincount(
                who,
                weights=(male != male[first]) & ~np.isnan(male) & ~np.isnan(male[first]),
                minlength=m,
            )
            > 0
        )
        age_differs = (
            np.bincount(who, weights=(moved < ages[0]) | (moved > ages[1]), minlength=m) > 0
        )
    several = np.bincount(who, minlength=m) > 1
    bad = (sex_differs | age_differs) & several
    counts = {
        "sex differs": sex_differs & several,
        "age change outside limits": age_differs & several,
        "either (dropped)": bad,
        "link holds": several & ~bad,
    }
    total = max(int(several.sum()), 1)
    table = pd.DataFrame(
        {
            "persons seen more than once": list(counts),
            "persons": [int(count.sum()) for count in counts.values()],
            "share": [count.sum() / total for count in counts.values()],
        }
    )
    return LinkCheck(~bad[who], table, float(bad.sum() / total))
