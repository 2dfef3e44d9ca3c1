"""The budget of an IATI activity: revised budgets in place of the originals of their period, both
statuses, commitments where there is no budget; one currency or nothing.

BudgetType (1 original, 2 revised) says whether a budget replaces another; BudgetStatus (1
indicative, 2 committed) says how binding it is and never which one counts. Both are 1 where they
are left out (IATI 2.03, element budget); there is no status in 2.01.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from mismes_eval.inventory.intake import Issue

TYPES = {"1": "original", "2": "revised"}
STATUSES = {"1": "indicative", "2": "committed"}
# xsd:decimal: no exponent, no separator of thousands, no NaN, no infinity
DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)\Z", re.ASCII)
TOUCHING = 1  # days: a period may end on the day on which the next one begins
Entry = tuple[str, str, float]  # reason, currency, amount that is not in the budget


@dataclass(frozen=True)
class Budget:
    """A budget of an activity. kind: original or revised; status: indicative or committed; start,
    end: its period, ISO dates or empty.
    """

    value: float
    currency: str
    value_date: str
    kind: str
    status: str
    start: str
    end: str

    @property
    def day(self) -> str:
        """Of whose prices it is: its value date, else the first day of its period."""
        return self.value_date or self.start


@dataclass(frozen=True)
class Territory:
    """A recipient-country or recipient-region as it is written. vocabulary: of a region."""

    code: str
    percentage: str | None
    region: bool
    vocabulary: str = ""


@dataclass(frozen=True)
class Payment:
    """A transaction. kind: IATI TransactionType; sectors: DAC codes of five digits."""

    kind: str
    value: float
    currency: str
    day: str
    territories: tuple[Territory, ...]
    sectors: tuple[str, ...]


@dataclass(frozen=True)
class Money:
    """total in one currency (None: there is none, or it cannot be told); what it rests on; its
    parts by status; not_in_it: amounts of the activity that are not in the total, with the reason.
    """

    total: float | None = None
    currency: str | None = None
    year: int | None = None
    basis: str | None = None
    indicative: float | None = None
    committed: float | None = None
    not_in_it: tuple[Entry, ...] = ()


def decimal(text: str) -> float | None:
    """An xsd:decimal, or None."""
    return float(text) if DECIMAL.match(text) else None


def commitments_or_spending(payments: tuple[Payment, ...]) -> tuple[tuple[Payment, ...], ...]:
    """The transactions that say where an activity's money goes, those to be asked first in front:
    outgoing commitments, what was spent, any.
    """
    commitments = tuple(payment for payment in payments if payment.kind == "2")
    spent = tuple(payment for payment in payments if payment.kind in ("3", "4"))
    return commitments, spent, payments


def money_of(
    identifier: str,
    budgets: tuple[Budget, ...],
    payments: tuple[Payment, ...],
    unread: tuple[str, ...],
    issues: list[Issue],
) -> Money:
    """The amount of an activity; every amount that is not in it stands in `not_in_it`.

    unread : amounts of the activity that are not decimal numbers; one of them leaves the total
        empty, since the sum of the others is not the budget.
    """
    counted, replaced, unclear = in_force(budgets)
    parts: list[Budget | Payment] = [*counted]
    kinds = {budget.kind for budget in counted}
    basis = " and ".join(kind for kind in TYPES.values() if kind in kinds)
    if not budgets:
        parts = [p for p in payments if p.kind == "2"]
        basis = "commitments"
    not_in_it = [("replaced by a revised budget", used.currency, used.value) for used in replaced]
    reason = _why_none(identifier, parts, unclear, unread, issues)
    if reason:
        not_in_it += [(reason, used.currency, used.value) for used in (*parts, *unclear)]
        return Money(not_in_it=tuple(not_in_it))
    if not parts:
        _say_what_was_spent(identifier, payments, issues)
        return Money(not_in_it=tuple(not_in_it))
    _say_replaced(identifier, replaced, counted, issues)
    by_status = {
        status: [budget.value for budget in counted if budget.status == status]
        for status in STATUSES.values()
    }
    _say_status(identifier, by_status, parts[0].currency, issues)
    sums = {status: math.fsum(values) if values else None for status, values in by_status.items()}
    return Money(
        total=math.fsum(used.value for used in parts),
        currency=parts[0].currency,
        year=_year(identifier, parts, issues),
        basis=basis,
        indicative=sums["indicative"],
        committed=sums["committed"],
        not_in_it=tuple(not_in_it),
    )


def in_force(
    budgets: tuple[Budget, ...],
) -> tuple[list[Budget], list[Budget], list[Budget]]:
    """Budgets that count, budgets that a revised one replaces, and budgets of which the file does
    not say what counts: originals whose period a revised one covers in part, and budgets of one
    type whose periods overlap in part (the same money may stand in both).
    """
    revised, replaced = _latest([budget for budget in budgets if budget.kind == "revised"])
    unclear: list[Budget] = []
    counted = list(revised)
    for original in (budget for budget in budgets if budget.kind == "original"):
        covered = _covered(original, revised)
        {"all": replaced, "none": counted, "part": unclear}[covered].append(original)
    if unclear or overlapping(counted):
        counted, unclear = [], [*unclear, *counted]
    return counted, replaced, unclear


def overlapping(budgets: list[Budget]) -> bool:
    """Whether budgets of one type have periods that overlap and are not the same."""
    for first, second in combinations(budgets, 2):
        same = (first.start, first.end) == (second.start, second.end)
        one, other = _days(first), _days(second)
        if first.kind != second.kind or same or one is None or other is None:
            continue
        if min(one[1], other[1]) - max(one[0], other[0]) + 1 > TOUCHING:
            return True
    return False


def _latest(revised: list[Budget]) -> tuple[list[Budget], list[Budget]]:
    """Of the revised budgets of one period those of the latest value date; the earlier ones.
    Where no period is stated, none is taken for a later state of another.
    """
    last: dict[tuple[str, str], str] = {}
    for budget in revised:
        period = (budget.start, budget.end)
        last[period] = max(last.get(period, ""), budget.value_date)
    kept = [
        budget
        for budget in revised
        if not budget.start or budget.value_date == last[budget.start, budget.end]
    ]
    return kept, [budget for budget in revised if budget not in kept]


def _covered(original: Budget, revised: list[Budget]) -> str:
    """Whether the periods of the revised budgets cover that of an original: all, part, none."""
    if not revised:
        return "none"
    if any((budget.start, budget.end) == (original.start, original.end) for budget in revised):
        return "all"
    whole = _days(original)
    others = [_days(budget) for budget in revised]
    if whole is None or None in others:
        return "part"
    start, end = whole
    within = _length([(max(first, start), min(last, end)) for first, last in filter(None, others)])
    if within <= TOUCHING:
        return "none"
    return "all" if end - start + 1 - within <= TOUCHING else "part"


def _length(periods: list[tuple[int, int]]) -> int:
    """Days of the union of periods (first and last day; none where the last is before)."""
    days, reached = 0, 0
    for start, end in sorted(periods):
        days += max(0, end - max(start, reached + 1) + 1)
        reached = max(reached, end)
    return days


def _days(budget: Budget) -> tuple[int, int] | None:
    try:
        start, end = date.fromisoformat(budget.start), date.fromisoformat(budget.end)
    except ValueError:
        return None
    return start.toordinal(), end.toordinal()


def _why_none(
    identifier: str,
    parts: Sequence[Budget | Payment],
    unclear: list[Budget],
    unread: tuple[str, ...],
    issues: list[Issue],
) -> str | None:
    """Why the amounts make no total, said as an issue; None where they do."""
    currencies = {used.currency for used in parts}
    if unread:
        value = "; ".join(unread)
        reason = "an amount is not a decimal number"
    elif unclear:
        value = _listed(unclear)
        reason = "a revised budget covers a part of the period of another"
        if overlapping(unclear):
            reason = "periods of budgets of one type overlap"
    elif len(currencies) > 1 or currencies == {""}:
        value = _listed(parts)
        reason = "amounts in several currencies, or in none"
    else:
        return None
    issues.append((identifier, "budget_total", value, reason, "left empty"))
    return reason


def _say_replaced(
    identifier: str, replaced: list[Budget], counted: list[Budget], issues: list[Issue]
) -> None:
    if replaced:
        issues.append(
            (
                identifier,
                "budget_total",
                _listed(replaced),
                "a revised budget of the period",
                "the revised one counts",
            )
        )
    keys = [(budget.start, budget.end, budget.kind) for budget in counted]
    if len(set(keys)) < len(keys):
        several = [budget for budget, key in zip(counted, keys, strict=True) if keys.count(key) > 1]
        issues.append(
            (
                identifier,
                "budget_total",
                _listed(several),
                "several budgets of one type and period",
                "added up",
            )
        )


def _say_status(
    identifier: str, by_status: dict[str, list[float]], currency: str, issues: list[Issue]
) -> None:
    if by_status["indicative"]:
        parts = [
            f"{status} {math.fsum(values):,.2f} {currency}"
            for status, values in by_status.items()
            if values
        ]
        issues.append(
            (
                identifier,
                "budget_total",
                "; ".join(parts),
                "budgets that are indicative",
                "counted; the columns budget_indicative and budget_committed keep them apart",
            )
        )


def _say_what_was_spent(
    identifier: str, payments: tuple[Payment, ...], issues: list[Issue]
) -> None:
    _, spent, _ = commitments_or_spending(payments)
    if spent:
        issues.append(
            (
                identifier,
                "budget_total",
                _listed(spent),
                "disbursements and expenditure, but no budget and no commitment",
                "left empty",
            )
        )


def _year(identifier: str, parts: Sequence[Budget | Payment], issues: list[Issue]) -> int | None:
    years = sorted({used.day[:4] for used in parts if used.day[:4].isdigit()})
    if len(years) > 1:
        issues.append(
            (
                identifier,
                "price_year",
                ", ".join(years),
                "amounts of several years",
                f"read as {years[0]}",
            )
        )
    return int(years[0]) if years else None


def _listed(amounts: Sequence[Budget | Payment]) -> str:
    return "; ".join(f"{used.value:,.2f} {used.currency}".strip() for used in amounts)
