"""What a test looks at one by one is there."""

from collections.abc import Iterable
from typing import TypeVar

Thing = TypeVar("Thing")


def some(things: Iterable[Thing]) -> list[Thing]:
    """The things of a loop that asserts: at least one, or the test fails."""
    found = list(things)
    assert found, "nothing was looked at"
    return found
