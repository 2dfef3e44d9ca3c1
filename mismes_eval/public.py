"""The public face of a verb, at its definition: its arguments are held against its signature before
it runs, whatever refuses below names the verb that a person called, and a domain without rows is
answered with its reason.
"""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, KeysView, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cache, wraps
from numbers import Real
from pathlib import Path
from types import FrameType, NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    ParamSpec,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

import numpy as np
import pandas as pd

from mismes_eval.errors import EmptyDomain, MismesError, Problem, kind_of, of_argument, worded
from mismes_eval.not_estimable import NotEstimable
from mismes_eval.watched import changed

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Within:
    """A number's limits, words for a message; ends: whether the limits themselves are allowed."""

    low: float
    high: float
    words: str
    ends: bool = False

    def holds(self, value: Any) -> bool:
        """Whether a number lies inside."""
        return bool(self.low <= value <= self.high if self.ends else self.low < value < self.high)


Level = Annotated[float, Within(0, 1, "a number between 0 and 1, ends excluded")]
Seed = Annotated[int, Within(0, math.inf, "a whole number of 0 or more", ends=True)]
Finite = Annotated[float, Within(-math.inf, math.inf, "a finite number")]
Count = Annotated[int, Within(1, 1e9, "a whole number of 1 or more", ends=True)]


@dataclass(frozen=True)
class Kind:
    """words: what a value of this kind is; holds: whether a value is one."""

    words: str
    holds: Callable[[Any], bool]


@dataclass(frozen=True)
class Call:
    """The verb that a person called, and the class of its refusals."""

    name: str
    error: type[MismesError]


PACKAGE = f"{__name__.partition('.')[0]}."
UNFIT = "Give arguments by their names."
DOMAIN = "where"
_CALLED: ContextVar[Call | None] = ContextVar("called", default=None)


def verb_name() -> str:
    """Name of the verb that was called, for whatever refuses below it."""
    call = _CALLED.get()
    return "this call" if call is None else call.name


def verb_error(otherwise: type[MismesError]) -> type[MismesError]:
    """The class of refusals of the verb that was called."""
    call = _CALLED.get()
    return otherwise if call is None else call.error


def public(
    error: type[MismesError], *, answers: bool = False, classes: bool = False
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A verb of the package. error: class of its refusals.

    answers : over a domain without rows it gives NotEstimable with the reason. Called from inside
    the package it raises EmptyDomain instead, which stops whatever is composed of it; the verb that
    a person called answers.
    classes : samples, panels and other classes of the package are held too: the verb has no words
        of its own for them.
    """

    def face(function: Callable[P, R]) -> Callable[P, R]:
        held = _Held(function, error, classes)

        @wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            if _CALLED.get() is not None:
                return function(*args, **kwargs)
            composed = _inside(sys._getframe(1))
            given, by_name = _given(args, kwargs)
            held.refuse(given, by_name)
            token = _CALLED.set(Call(function.__name__, error))
            try:
                return cast(Callable[..., R], function)(*given, **by_name)
            except EmptyDomain as empty:
                if composed or not answers:
                    raise
                return cast(R, NotEstimable(empty.message))
            finally:
                _CALLED.reset(token)

        return called

    return face


def held(error: type[MismesError]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A function of the package that is no verb on a sample: its arguments are held against its
    annotations, classes of the package among them, and its tables must have the columns it reads.
    """

    def face(function: Callable[P, R]) -> Callable[P, R]:
        arguments = _Held(function, error, classes=True)

        @wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            arguments.refuse(args, kwargs)
            try:
                return function(*args, **kwargs)
            except KeyError as lacking:
                arguments.refuse_column(args, kwargs, lacking)
                raise

        return called

    return face


def _given(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    return tuple(map(_listed, args)), {name: _listed(value) for name, value in kwargs.items()}


def _listed(value: object) -> object:
    """An argument that can be gone through once only, or that has no yes or no, as a list: the verb
    reads its names more than once.
    """
    texts = isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "UT"
    once = isinstance(value, (Iterator, KeysView, pd.Index))
    return list(cast(Iterable[object], value)) if texts or once else value


def _inside(frame: FrameType | None) -> bool:
    """Whether a call comes from the package, faces of this module left out."""
    while frame is not None and frame.f_globals.get("__name__") == __name__:
        frame = frame.f_back
    return frame is not None and str(frame.f_globals.get("__name__", "")).startswith(PACKAGE)


class _Held:
    """A verb's arguments held against its annotations.

    Held: numbers, whole numbers, texts, names (a text or several), lists, functions, mappings,
    tables, paths, dates, and what Within adds. Left to the verb: what the values mean, and samples,
    estimates and panels, for which it has words of its own.

    classes : samples, panels and whatever else is a class of the package are held too.
    """

    def __init__(
        self, verb: Callable[..., Any], error: type[MismesError], classes: bool = False
    ) -> None:
        self.verb, self.error, self.classes = verb, error, classes
        self.signature = inspect.signature(verb)
        self.kinds = cache(self._kinds)

    def _kinds(self) -> dict[str, Kind]:
        hints = _hints(self.verb)
        variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        single = [n for n, p in self.signature.parameters.items() if p.kind not in variadic]
        kinds = {name: _kind(hints.get(name, Any), self.classes) for name in single}
        return {name: kind for name, kind in kinds.items() if kind is not None}

    def bound(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Arguments by name. Raises the verb's error where they do not fit its signature, and where
        rows of one were changed by hand.
        """
        try:
            given = self.signature.bind(*args, **kwargs).arguments
        except TypeError as error:
            raise self.error(self._does_not_fit(args, kwargs, str(error))) from None
        self.error.refuse(problem for value in given.values() for problem in changed(value))
        return given

    def refuse(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """Raise the verb's error with every argument that is of another kind."""
        given = self.bound(args, kwargs)
        kinds = self.kinds()
        name = self.verb.__name__
        wrong = [n for n, kind in kinds.items() if n in given and not kind.holds(given[n])]
        if wrong:
            defaults = self.signature.parameters
            raise self.error(
                [_problem(name, n, kinds[n], given[n], defaults[n].default) for n in wrong]
            )

    def refuse_column(
        self, args: tuple[Any, ...], kwargs: Mapping[str, Any], lacking: KeyError
    ) -> None:
        """Raise the verb's error where it looked for a column that a table it was given lacks."""
        tables = {n: v for n, v in self.bound(args, kwargs).items() if isinstance(v, pd.DataFrame)}
        column = lacking.args[0] if _of_table(lacking) else None
        lack = [n for n, v in tables.items() if column not in v.columns]
        if isinstance(column, str) and lack:
            raise self.error(
                Problem(
                    what=worded("{caller} cannot use an argument", {"caller": self.verb.__name__}),
                    where=of_argument(lack[0]),
                    expected=worded("a table with the column '{column}'", {"column": column}),
                    got=", ".join(map(str, tables[lack[0]].columns)),
                )
            ) from lacking

    def _does_not_fit(
        self, args: tuple[Any, ...], kwargs: Mapping[str, Any], reason: str
    ) -> Problem:
        names = list(self.signature.parameters)
        unknown = [name for name in kwargs if name not in names]
        near = get_close_matches(unknown[0], names, 1) if unknown else []
        fix = worded("Did you mean {near}=?", {"near": near[0]}) if near else UNFIT
        if DOMAIN in unknown and DOMAIN not in names:
            line = f"{names[0]}.where(mask).{self.verb.__name__}(...)"
            fix = worded("Narrow the domain first: {line}.", {"line": line})
        return Problem(
            what=worded("{kind} cannot be called like this", {"kind": self.verb.__name__}),
            where=worded(
                "{args} arguments by place and {kwargs} by name",
                {"args": len(args), "kwargs": len(kwargs)},
            ),
            expected=worded(
                "{kind}({parameters})",
                {
                    "kind": self.verb.__name__,
                    "parameters": ", ".join(map(str, self.signature.parameters.values())),
                },
            ),
            got=reason,
            fix=fix,
        )


def _of_table(lacking: KeyError) -> bool:
    """Whether a key was looked for in a table, and not in a mapping of the function's own."""
    last = lacking.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return last is not None and str(last.tb_frame.f_globals["__name__"]).startswith("pandas.")


def fitting(error: type[MismesError]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A verb that looks at its arguments itself: a call that does not fit its signature ends in its
    error, and nothing else changes.
    """

    def face(function: Callable[P, R]) -> Callable[P, R]:
        held = _Held(function, error)

        @wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            given, by_name = _given(args, kwargs)
            held.bound(given, by_name)
            return cast(Callable[..., R], function)(*given, **by_name)

        return called

    return face


def checked(verb: Callable[P, R], error: type[MismesError]) -> Callable[P, R]:
    """The verb with its arguments held against its annotations, and nothing else of a public face."""
    held = _Held(verb, error)

    @wraps(verb)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        given, by_name = _given(args, kwargs)
        held.refuse(given, by_name)
        return cast(Callable[..., R], verb)(*given, **by_name)

    return called


def check(error: type[MismesError], caller: str, *arguments: tuple[str, object, Any]) -> None:
    """The same inside a method: each argument's name, its value and its annotation."""
    held = [
        (name, value, kind) for name, value, hint in arguments if (kind := _kind(hint)) is not None
    ]
    problems = [
        _problem(caller, name, kind, value) for name, value, kind in held if not kind.holds(value)
    ]
    if problems:
        raise error(problems)


def _hints(verb: Callable[..., Any]) -> dict[str, Any]:
    """Annotations of a verb; names that only a type checker imports are those of its sub-package,
    or stand for anything.
    """
    absent: dict[str, Any] = {}
    package = sys.modules.get(verb.__module__.rpartition(".")[0])
    while True:
        try:
            return get_type_hints(inspect.unwrap(verb), localns=absent, include_extras=True)
        except NameError as error:
            if error.name is None or error.name in absent:
                raise
            absent[error.name] = getattr(package, error.name, Any)


def _problem(caller: str, name: str, kind: Kind, value: object, default: object = None) -> Problem:
    fix = (
        ""
        if default is inspect.Parameter.empty or default is None
        else worded("Left out, it is {default}.", {"default": repr(default)})
    )
    return Problem(
        what=worded("{caller} cannot use an argument", {"caller": caller}),
        where=of_argument(name),
        expected=kind.words,
        got=_said(value) if kind is not _NAMES else _named(value),
        fix=fix,
    )


def _named(value: Any) -> str:
    """What stands in the place of names: a list whose members are none shows the first of them."""
    if not _names(value):
        return _said(value)
    other = next(name for name in value if not isinstance(name, str))
    return str(worded("{kind} with {other}", {"kind": kind_of(value), "other": repr(other)}))


def _said(value: object) -> str:
    if isinstance(value, (str, int, float, NoneType)) or (
        isinstance(value, (list, dict, tuple)) and not value
    ):
        return repr(value)
    return str(kind_of(value))


def number(value: object) -> bool:
    """Whether a value is one number, True and False not counted."""
    return isinstance(value, (Real, np.number)) and not isinstance(value, (bool, np.bool_))


def _whole(value: object) -> bool:
    return number(value) and isinstance(value, (int, np.integer))


def _names(value: object) -> bool:
    """Whether a value is a name or names in an order, which a set has not."""
    other = (Mapping, pd.Series, pd.DataFrame, set, frozenset)
    return isinstance(value, str) or (isinstance(value, Iterable) and not isinstance(value, other))


def _texts(value: Any) -> bool:
    return _names(value) and (iter(value) is value or all(isinstance(name, str) for name in value))


def _list(value: object) -> bool:
    return _iterable(value) and not isinstance(value, Mapping)


def _iterable(value: object) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str)


def _numbers(value: Any) -> bool:
    return _list(value) and all(
        issubclass(kind, (Real, np.number)) for kind in set(map(type, value))
    )


_NAMES = Kind("a name or a list of names", _texts)
_COLUMN = Kind("a text", lambda value: _whole(value) or isinstance(value, str))
_COLUMNS = Kind("a name or a list of names", lambda value: _whole(value) or _names(value))
_PLAIN = {
    float: Kind("a number", number),
    int: Kind("a whole number", _whole),
    bool: Kind("True or False", lambda value: isinstance(value, (bool, np.bool_))),
    bytes: Kind("bytes", lambda value: isinstance(value, bytes)),
    str: Kind("a text", lambda value: isinstance(value, str)),
    NoneType: Kind("None", lambda value: value is None),
    pd.DataFrame: Kind("a table (pandas.DataFrame)", lambda value: isinstance(value, pd.DataFrame)),
    pd.Series: Kind("a column (pandas.Series)", lambda value: isinstance(value, pd.Series)),
    Path: Kind("a path", lambda value: isinstance(value, str | Path)),
    date: Kind("a date (datetime.date)", lambda value: isinstance(value, date)),
}


def _kind(hint: Any, classes: bool = False) -> Kind | None:
    """What an annotation asks for; None where anything goes or the verb itself looks.

    classes : a class of the package asks for one of its kind; where something else will do as well,
        the verb has words of its own.
    """
    origin = get_origin(hint)
    inner = get_args(hint)
    if hint in _PLAIN:
        return _PLAIN[hint]
    if classes and _own(hint):
        return Kind(hint.__name__, lambda value: isinstance(value, hint))
    if hint == str | int:
        return _COLUMN
    if origin is Annotated:
        within = [extra for extra in inner[1:] if isinstance(extra, Within)]
        plain = _kind(inner[0], classes)
        return (
            plain
            if plain is None or not within
            else Kind(within[0].words, lambda value: plain.holds(value) and within[0].holds(value))
        )
    if origin is Literal:
        return _PLAIN[str] if all(isinstance(member, str) for member in inner) else None
    if origin in (Union, UnionType):
        own = [_own(part) for part in inner if part is not NoneType]
        several = [_kind(part, classes and (all(own) or not any(own))) for part in inner]
        known = [kind for kind in several if kind is not None]
        if _COLUMNS in known:
            known = [kind for kind in known if kind not in (_PLAIN[str], _PLAIN[int])]
        words = dict.fromkeys(
            kind.words
            for kind in known
            if not (kind.words == _PLAIN[str].words and _NAMES in known)
        )
        return (
            None
            if None in several
            else Kind(" or ".join(words), lambda value: any(kind.holds(value) for kind in known))
        )
    if origin is Callable:
        return Kind("a function", callable)
    if isinstance(origin, type):
        return _several(origin, inner, classes)
    return None


def _own(hint: Any) -> bool:
    """Whether an annotation is a class of the package, and no protocol."""
    return (
        isinstance(hint, type)
        and hint.__module__.startswith(PACKAGE)
        and not getattr(hint, "_is_protocol", False)
    )


def _several(origin: type, inner: tuple[Any, ...], classes: bool) -> Kind | None:
    if issubclass(origin, Mapping):
        return Kind("a mapping", lambda value: isinstance(value, Mapping))
    if classes and origin in (Collection, Iterable):
        return Kind("a list", _iterable)
    several = issubclass(origin, Sequence) and not issubclass(origin, tuple)
    if not several and not (classes and inner[1:] == (...,)):
        return None
    if inner[0] is str:
        return _NAMES
    if inner[0] == str | int:
        return _COLUMNS
    if inner[0] is float:
        return Kind("a list of numbers", _numbers)
    each = _kind(inner[0], classes) if classes else None
    if each is not None:
        return Kind(
            f"a list, each {each.words}",
            lambda value: _list(value) and (iter(value) is value or all(map(each.holds, value))),
        )
    return Kind("a list", _list) if classes or inner[0] is object else None
