"""What a whole report may publish: decided once, over every table, figure and sentence together.

Every cell says which persons stand behind it (`Standing`). A set of 1 to `least` - 1 persons is
hidden wherever its size can be seen; then as many other sets, at the least cost, that nobody can
compute it. Sets are compared person by person, so that whatever adds up adds up here: rows and
their total, the same group in two tables, and a base that is another base without a group. Where it
is not known who stands behind an n, it is not printed as soon as a group of its population is
hidden.

The attacker knows every printed number, which sets are made of which kinds of people, that empty
cells are printed as 0, and the rules: a confidential set has 1 to `least` - 1 persons, another
hidden one at least `least`. A hidden set is safe if two numbers of persons or more agree with all
that (`set_sizes`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd

from mismes_eval.errors import DisclosureError, Problem, worded
from mismes_eval.numerics.rows import Bool, Float
from mismes_eval.report.document.cells import (
    LIKE,
    NOBODY,
    NUMBERS,
    ROUNDS,
    SHARES,
    STANDING,
    CellKey,
    Persons,
    Standing,
    Status,
    empty,
)
from mismes_eval.report.document.rules import Rules
from mismes_eval.report.document.set_sizes import Counts

Places = Mapping[str, pd.DataFrame]  # id of a table or picture -> its cells
VALUE = 100.0  # what a value costs that is hidden, where an n would do
OPEN = (Status.SHOWN, Status.UNRELIABLE)  # their n is printed
DRAFTED = ("row", "column", "status", "kind", "unit", "n", "value", "se", "degf")


@dataclass(frozen=True)
class Draft:
    """One cell before it is decided. index: its row in the cells of its table."""

    key: CellKey
    index: int
    status: Status
    kind: str
    unit: str
    n: float
    standing: Standing
    value: float = np.nan
    se: float = np.nan
    degf: float = np.nan

    def errors_tell_n(self, least: int) -> bool:
        """Whether degrees of freedom, with the number of strata, or the error of a share give the n
        to fewer than `least` persons: those of persons drawn one by one with like weights do.
        """
        psus = self.standing.psus or self.degf
        by_degf = self.se != 0 and (abs(self.n - self.degf) < least or abs(self.n - psus) < least)
        variance = self.se**2
        if self.kind not in SHARES or not variance > 0:
            return by_degf
        return by_degf or abs(self.n - self.value * (1.0 - self.value) / variance) < least

    def counts_few(self, least: int) -> bool:
        """Whether a share of persons who are not known is one number of them over another, as it is
        where weights are alike, and few are in it or few are not.
        """
        if self.kind not in SHARES or not self.standing.among or not np.isfinite(self.n):
            return False
        inside = self.value * self.n
        counted = abs(inside - round(inside)) <= LIKE * self.n
        return counted and any(0 < round(k) < least for k in (inside, self.n - inside))

    @property
    def told(self) -> tuple[Persons, ...]:
        """The sets whose size the cell prints or tells while it is shown."""
        standing = self.standing
        printed = (standing.persons,) if standing.persons is not None else ()
        whole = (standing.whole,) if standing.whole is not None else ()
        if self.status == Status.SHOWN:
            return tuple(dict.fromkeys((*printed, *whole, *standing.tells)))
        return printed if self.status in OPEN else ()

    @property
    def by_value(self) -> tuple[Persons, ...]:
        """The sets whose number the value itself is or gives: a share of persons with unlike weights
        gives it to nobody, an index of a group has nothing to do with how many they are.
        """
        whole, tells = self.standing.whole, self.standing.tells
        if self.kind == "ratio":
            return tuple(persons for persons in tells if persons != self.standing.persons)
        if self.kind in SHARES and whole is not None and len(tells) == 1:
            return tells if abs(self.value * whole.n - tells[0].n) < ROUNDS else ()
        return tells

    @property
    def read(self) -> tuple[Persons, ...]:
        """The sets whose number is read while the cell is shown."""
        printed = (self.standing.persons,) if self.standing.persons is not None else ()
        values = self.by_value if self.status == Status.SHOWN else ()
        return (*printed, *values) if self.status in OPEN else ()

    @property
    def sets(self) -> tuple[Persons, ...]:
        """The sets that the cell is about."""
        printed = (self.standing.persons,) if self.standing.persons is not None else ()
        return (*printed, *self.standing.tells)


@dataclass(frozen=True)
class Decision:
    """By place, one entry a cell in the order of its table. status: of the cell; withheld: whether
    its n is not printed although the cell is shown.
    """

    status: Mapping[str, Sequence[Status]]
    withheld: Mapping[str, Sequence[bool]]


def protect(
    places: Places, rules: Rules, arms: Sequence[Persons] = (), unseen: Sequence[Persons] = ()
) -> Decision:
    """Which cells of a whole report are shown.

    places : id -> cells, with COLUMNS and, where persons stand behind them, a Standing each.
    arms : the groups that effects compare; of an effect, those of them who stand behind it must be
        enough in each group.
    unseen : groups of which no cell speaks; what small part of them is in a printed set may not be
        computed from another.

    Raises
    ------
    DisclosureError : a small set of persons can be computed whatever is hidden.
    """
    drafts = _beside([_primary(_compared(draft, arms), rules) for draft in drafted(places)])
    by_population: dict[str, list[Draft]] = {}
    for draft in drafts:
        for name in dict.fromkeys(persons.population for persons in draft.sets):
            by_population.setdefault(name, []).append(draft)
    measures = {
        (persons.population, draft.key.row)
        for draft in drafts
        if draft.status == Status.CONFIDENTIAL
        for persons in (*draft.sets, *draft.standing.compares)
    }
    hidden: set[Persons] = set()
    unread: set[Persons] = set()
    for name, some in by_population.items():
        apart = [group for group in unseen if group.population == name]
        hidden |= _hidden_sets(some, rules.min_cell, apart)
        unread |= _hidden_between(some, rules.min_cell, hidden)
    status: dict[str, list[Status]] = {name: [] for name in places}
    withheld: dict[str, list[bool]] = {name: [] for name in places}
    closed = {persons.population for persons in hidden}
    for draft in drafts:
        unknown = any(name in closed for name in draft.standing.among)
        without_n = draft.standing.persons in hidden | unread or unknown
        state = _secondary(draft, hidden, measures)
        told = without_n and draft.errors_tell_n(rules.min_cell)
        if state == Status.SHOWN and (told or not unread.isdisjoint(draft.by_value)):
            state = Status.SECONDARY
        status[draft.key.table].append(state)
        withheld[draft.key.table].append(without_n)
    return Decision(_followed(drafts, status), withheld)


def _followed(
    drafts: Sequence[Draft], status: Mapping[str, Sequence[Status]]
) -> dict[str, list[Status]]:
    """The decisions, with cells hidden that are computed from one that is not shown."""
    out = {name: list(states) for name, states in status.items()}
    hidden = {draft.key for draft in drafts if out[draft.key.table][draft.index] != Status.SHOWN}
    known = {draft.key for draft in drafts}
    waiting = [draft for draft in drafts if draft.standing.follows and draft.key not in hidden]
    while True:
        gone = [
            d for d in waiting if any(k in hidden or k not in known for k in d.standing.follows)
        ]
        if not gone:
            return out
        for draft in gone:
            out[draft.key.table][draft.index] = Status.SECONDARY
            hidden.add(draft.key)
        waiting = [draft for draft in waiting if draft.key not in hidden]


def drafted(places: Places) -> list[Draft]:
    """The cells of all tables and pictures."""
    out = []
    for name, cells in places.items():
        standing = cells[STANDING] if STANDING in cells.columns else [None] * len(cells)
        columns = (cells[column].tolist() for column in DRAFTED)
        for i, (row, column, status, kind, unit, n, value, se, degf, told) in enumerate(
            zip(*columns, standing, strict=True)
        ):
            if np.isfinite(n) and not _said_of_whom(told):
                raise DisclosureError(f"{name}, {row}, {column}: who n counts is not said.")
            out.append(
                Draft(
                    key=CellKey(name, str(row), str(column)),
                    index=i,
                    status=Status(str(status)),
                    kind=str(kind),
                    unit=str(unit),
                    n=float(n),
                    standing=told if isinstance(told, Standing) else NOBODY,
                    value=float(value),
                    se=float(se),
                    degf=float(degf),
                )
            )
    return out


def _said_of_whom(told: object) -> bool:
    """Whether a cell says which persons its n counts, or that it counts none."""
    return isinstance(told, Standing) and bool(told.persons or told.among or told.units)


def applied(name: str, cells: pd.DataFrame, decision: Decision) -> pd.DataFrame:
    """The cells of one table or picture as they are published: without the numbers of hidden cells,
    and without what says who stands behind them.
    """
    out = cells[[column for column in cells.columns if column != STANDING]].copy()
    status = decision.status[name]
    out["status"] = [str(state) for state in status]
    hidden = np.array([state != Status.SHOWN for state in status], bool)
    closed = np.array([state in (Status.CONFIDENTIAL, Status.SECONDARY) for state in status], bool)
    without_n = closed | np.array(decision.withheld[name], bool)
    empty(out, NUMBERS, hidden)
    if hidden.any():
        out.loc[hidden, "flag"] = ""
    empty(out, ("n",), without_n)
    # interval and degrees of freedom of a share of nobody or of everybody are functions of n alone
    exact = without_n & (out["se"].to_numpy(float) == 0)
    empty(out, ("ci_low", "ci_high", "degf"), exact)
    return out


def _primary(draft: Draft, rules: Rules) -> Draft:
    """Confidential: one payer's own, or few persons in what it prints, tells or compares."""
    if draft.status not in OPEN:
        return draft
    shares = draft.kind == "contrast" and draft.unit in ("share", "%")
    arm_kind = "share" if shares else "mean"
    few = (
        draft.standing.private
        or draft.counts_few(rules.min_cell)
        or any(0 < persons.n < rules.min_cell for persons in draft.sets)
        or any(rules.confidential(arm_kind, persons.n) for persons in draft.standing.compares)
    )
    return replace(draft, status=Status.CONFIDENTIAL) if few else draft


def _compared(draft: Draft, arms: Sequence[Persons]) -> Draft:
    """An effect or difference with the groups that it compares, where it does not name them."""
    persons = draft.standing.persons
    if draft.kind not in ("effect", "contrast") or persons is None or draft.standing.compares:
        return draft
    groups = tuple(arm.within(persons) for arm in arms if arm.population == persons.population)
    return replace(draft, standing=replace(draft.standing, compares=groups))


def _beside(drafts: Sequence[Draft]) -> list[Draft]:
    """Ends of an interval and p-values that stand in the row of an estimate as cells of their own
    are hidden with it.
    """
    estimates: dict[tuple[str, str], list[Draft]] = {}
    for draft in drafts:
        if draft.standing != NOBODY:
            estimates.setdefault((draft.key.table, draft.key.row), []).append(draft)
    out = []
    for draft in drafts:
        mine = estimates.get((draft.key.table, draft.key.row), [])
        if draft.kind != "effect" or draft.standing != NOBODY or not mine:
            out.append(draft)
        elif any(estimate.status == Status.CONFIDENTIAL for estimate in mine):
            out.append(replace(draft, status=Status.CONFIDENTIAL))
        else:
            followed = tuple(estimate.key for estimate in mine)
            out.append(replace(draft, standing=Standing(follows=followed)))
    return out


def _secondary(draft: Draft, hidden: set[Persons], measures: set[tuple[str, str]]) -> Status:
    """A cell is hidden with a set that it tells; with the set that it stands on or one that it
    compares only where the same measure is confidential elsewhere, because its value would help to
    compute that one. Else its n alone is withheld.
    """
    if draft.status not in OPEN:
        return draft.status
    if any(persons in hidden for persons in draft.standing.tells):
        return Status.SECONDARY
    based = (draft.standing.persons, *draft.standing.compares)
    if any(
        persons in hidden and (persons.population, draft.key.row) in measures
        for persons in based
        if persons is not None
    ):
        return Status.SECONDARY
    return draft.status


def _hidden_sets(drafts: Sequence[Draft], least: int, unseen: Sequence[Persons]) -> set[Persons]:
    """Small sets of one population and those that must be hidden with them."""
    known = dict.fromkeys(persons for draft in drafts for persons in draft.told if persons.n)
    about = dict.fromkeys(persons for draft in drafts for persons in draft.sets)
    about |= dict.fromkeys(_parts(unseen, known))
    small = [persons for persons in about if 0 < persons.n < least]
    if not small:
        return set()
    sets = list(dict.fromkeys((*small, *known)))
    counts = Counts(tuple(sets), least)
    hidden = np.array([persons.n < least for persons in sets])
    cost = _costs(counts, drafts)
    for target in range(len(small)):
        hidden = _room(counts, hidden, target, drafts, cost)
    return {persons for persons, gone in zip(sets, hidden, strict=True) if gone}


def _hidden_between(drafts: Sequence[Draft], least: int, hidden: set[Persons]) -> set[Persons]:
    """The sets whose number must not be read so that none less another gives a small one: of an n
    rather than of a value.
    """
    cost: dict[Persons, float] = {}
    for draft in drafts:
        for persons in filter(lambda persons: persons.n, draft.read):
            its_n = persons not in draft.by_value and not draft.errors_tell_n(least)
            cost[persons] = cost.get(persons, 1.0) + (1.0 if its_n else VALUE)
    between = dict.fromkeys(_between(cost, least))
    sets = (*between, *(persons for persons in cost if persons not in between))
    counts = Counts(sets, least)
    prices = np.array([cost.get(persons, 0.0) for persons in sets])
    gone = np.array([persons in hidden or persons.n < least for persons in sets])
    for target in range(len(between)):
        gone = _room(counts, gone, target, drafts, prices)
    return {persons for persons, shut in zip(sets, gone, strict=True) if shut} - hidden


def _parts(unseen: Iterable[Persons], told: Iterable[Persons]) -> list[Persons]:
    """What of groups of which no cell speaks is in the sets that a report tells."""
    pairs = product(unseen, told)
    return [group.within(p) for group, p in pairs if group.population == p.population]


def _between(read: Iterable[Persons], least: int) -> list[Persons]:
    """The fewer than `least` persons by whom the number of one set exceeds that of another that it
    holds: those in work or looking for it, without those in work, are those looking.
    """
    by_population: dict[str, list[Persons]] = {}
    for persons in read:
        by_population.setdefault(persons.population, []).append(persons)
    out = []
    for name, sets in by_population.items():
        member = np.array([persons.rows for persons in sets], np.float32)
        size = member.sum(axis=1)
        more = size[:, None] - size
        held = (member @ member.T == size) & (size > 0) & (more > 0) & (more < least)
        for whole, part in zip(*np.nonzero(held), strict=True):
            out.append(Persons.of(name, sets[whole].rows & ~sets[part].rows))
    return out


def _room(counts: Counts, hidden: Bool, target: int, drafts: Sequence[Draft], cost: Float) -> Bool:
    """The hidden sets, with those added that make room for the target: one person more, one fewer,
    as far as the rule allows; at least one of the two.
    """
    wholes = _wholes(counts, target, drafts)
    for held in (wholes, np.zeros_like(wholes)):
        made = False
        out = hidden.copy()
        for move in (1.0, -1.0):
            if not 1 <= counts.size[target] + move < counts.least:
                continue
            moved = counts.cheapest_move(out, target, move, cost, held)
            if moved is not None:
                made = True
                out = out | moved
        if made:
            return out
    raise DisclosureError(
        Problem(
            what="a small group of persons cannot be protected",
            where=worded(
                "a group of the population {population}",
                {"population": counts.sets[target].population},
            ),
            expected="other cells to hide with it",
            got=worded("it can be computed whatever is hidden"),
            fix="Drop the table that shows it, or merge its rows.",
        )
    )


def _costs(counts: Counts, drafts: Sequence[Draft]) -> Float:
    """(sets,) what is lost where a set is hidden: every cell that stands on it or tells it, more
    for many persons.
    """
    position = {persons: i for i, persons in enumerate(counts.sets)}
    cells = np.zeros(len(position))
    for draft in drafts:
        for persons in dict.fromkeys(draft.told):
            if persons in position:
                cells[position[persons]] += 1
    cost: Float = (np.log1p(counts.size) + 1.0) * np.maximum(cells, 1.0)
    return cost


def _wholes(counts: Counts, target: int, drafts: Sequence[Draft]) -> Bool:
    """(sets,) the sets that the target is a part of in a table of shares: they are known, because
    shares add up to one whatever n is printed.
    """
    out = np.zeros(len(counts.sets), bool)
    position = {persons: i for i, persons in enumerate(counts.sets)}
    for draft in drafts:
        whole = draft.standing.whole
        if whole in position and counts.sets[target] in draft.standing.tells:
            out[position[whole]] = True
    out[target] = False
    return out


def recovered_sets(
    places: Places, decision: Decision, least: int, unseen: Sequence[Persons] = ()
) -> list[Persons]:
    """The small sets that an attacker computes from everything a report publishes. unseen : as in
    `protect`.
    """
    told: dict[Persons, None] = {}
    seen: dict[Persons, None] = {}
    read: dict[Persons, None] = {}  # the numbers that stand there before any is hidden
    left: dict[Persons, None] = {}  # and after
    for draft in drafted(places):
        published = replace(draft, status=decision.status[draft.key.table][draft.index])
        without_n = decision.withheld[draft.key.table][draft.index]
        hidden = without_n or published.status in (Status.CONFIDENTIAL, Status.SECONDARY)
        by_errors = published.status == Status.SHOWN and draft.errors_tell_n(least)
        kept = draft.standing.persons if without_n and not by_errors else None
        told.update(dict.fromkeys(persons for persons in published.told if persons != kept))
        seen.update(dict.fromkeys(persons for persons in draft.sets if hidden or persons.n < least))
        if published.status != Status.CONFIDENTIAL:
            read.update(dict.fromkeys(draft.read))
        left.update(dict.fromkeys(persons for persons in published.read if persons != kept))
    seen.update(dict.fromkeys(persons for persons in _parts(unseen, told) if persons.n < least))
    out = [persons for persons in told if 0 < persons.n < least]
    between = [*_between(read, least), *read]
    for known, sets in ((told, seen), (left, dict.fromkeys(between))):
        unknown = [persons for persons in sets if persons not in known and persons.n]
        for name in dict.fromkeys(persons.population for persons in unknown):
            out += _recovered(name, known, unknown, least)
    return list(dict.fromkeys(out))


def _recovered(
    name: str, told: Iterable[Persons], unknown: Iterable[Persons], least: int
) -> list[Persons]:
    open_ = [persons for persons in told if persons.population == name and persons.n >= least]
    shut = [persons for persons in unknown if persons.population == name]
    counts = Counts((*shut, *open_), least)
    hidden = np.arange(len(counts.sets)) < len(shut)
    out = []
    for place, persons in enumerate(shut):
        if persons.n >= least or any(counts.swap(hidden, place, move) for move in (1.0, -1.0)):
            continue
        low, high = counts.interval(hidden, place)
        if not high - low >= 0.5:
            out.append(persons)
    return out
