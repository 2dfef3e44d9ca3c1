"""Classes that know the rows of their tables by their place, and what becomes of them when somebody
changes these rows by hand.
"""

from __future__ import annotations

from mismes_eval.errors import Problem


class Watched:
    """A class of the package that holds tables whose rows it knows by their place: no verb takes it
    where somebody sorted, dropped or added rows since.
    """

    def rows_changed(self) -> list[Problem]:
        """One problem for each table whose rows are others than it was made of."""
        raise NotImplementedError


def changed(value: object) -> list[Problem]:
    """The same of an argument, or of several in a list."""
    several = value if isinstance(value, (list, tuple)) else (value,)
    return [p for one in several if isinstance(one, Watched) for p in one.rows_changed()]
