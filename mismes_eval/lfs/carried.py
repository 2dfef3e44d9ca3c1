"""Which definitions of a migrant a file can carry: what each needs, and what is lacking. Nobody is
given a definition that nobody chose.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from mismes_eval.errors import InputError
from mismes_eval.lfs.definitions import PRESETS, Definition
from mismes_eval.lfs.migrants import GLD_MOVES, OF_ORIGIN, needed
from mismes_eval.public import held

STAYS = ("mig_ever_abroad", "mig_worked_abroad", "mig_months_abroad_last", "mig_last_ret_ym")
EVIDENCE_OF_MIGRATION = frozenset(
    {*STAYS, *GLD_MOVES, "mig_status", *(name for names in OF_ORIGIN.values() for name in names)}
)


@dataclass(frozen=True)
class Carried:
    """A definition and what it needs. lacking: needs that no column of the file meets."""

    preset: str
    definition: Definition
    needs: tuple[tuple[str, ...], ...]
    lacking: tuple[tuple[str, ...], ...]

    @property
    def whole(self) -> bool:
        return not self.lacking

    def __str__(self) -> str:
        """The definition in a line, with what it needs."""
        lack = f"; the file lacks {spelled(self.lacking)}" if self.lacking else ""
        return f"{self.preset}: needs {spelled(self.needs)}{lack}"


@held(InputError)
def carried(columns: Collection[str]) -> tuple[Carried, ...]:
    """Every preset with what it needs of these columns of the template; those that the file can
    carry first.
    """
    there = set(columns)
    found = []
    for preset, definition in PRESETS.items():
        needs = needed(definition)
        lacking = tuple(names for names in needs if not there & set(names))
        found.append(Carried(preset, definition, needs, lacking))
    return tuple(sorted(found, key=lambda one: len(one.lacking)))


def spelled(needs: Iterable[tuple[str, ...]]) -> str:
    """Needs in words: "age or age_group, mig_ever_abroad"."""
    return ", ".join(" or ".join(names) for names in needs)
