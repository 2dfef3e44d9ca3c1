"""Personal identifiers: found by name and by shape, an error until dropped, hashed or declared
harmless.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence

import pandas as pd

from mismes_eval.errors import InputError, Problem, in_column, worded
from mismes_eval.frame.parse import rows
from mismes_eval.message import as_message
from mismes_eval.public import held

NAMES = {
    "a person's name": (
        r"(?:^|_)(?:first|last|middle|family|given|full|father|mother|respondent|person|head)s?_?(?:name|nom)s?(?:$|_)"
        r"|(?:^|_)(?:surname|prenom|pr\u00e9nom|patronyme|fio|familia|imya|nom_de_famille|nom_famille)(?:$|_)"
    ),
    "a telephone number": (
        r"(?:^|_)(?:phone|tel|telephone|t\u00e9l\u00e9phone|mobile|gsm|whatsapp|viber)(?:$|_|\d)"
    ),
    "an e-mail address": r"(?:^|_)(?:e_?mail|courriel)(?:$|_|\d)",
    "a document number": (
        r"(?:^|_)(?:passport|passeport|national_id|id_card|idnp|cin|cni|ssn|psn|tax_id)(?:$|_|\d)"
    ),
    "a postal address": r"(?:^|_)(?:address|adresse|street|rue)(?:$|_|\d)",
    "an access token": r"(?:^|_)(?:token|password|passwd|secret|api_?key)(?:$|_|\d)",
    "coordinates": r"(?:^|_)(?:lat|latitude|lon|long|lng|longitude|gps|coordinates?)(?:$|_|\d)",
}
# kinds whose values are long numbers or fractions: small whole numbers are codes of answers ("has a
# mobile phone", "long-term unemployed")
OF_NUMBERS = ("a telephone number", "a document number", "coordinates")
SMALL = 1000
SINGLE = re.compile(r"^(?:name|names|nom|noms|prenom|surname|firstname|lastname|fullname)\d*$")
SHAPES = {
    "an e-mail address": (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]{2,}"), 0.0),
    "a telephone number": (
        re.compile(
            r"^\s*(?:\+|00)(?:374|995|373|212|216|7|3\d|4\d)[\s().-]*\d(?:[\s().-]*\d){6,10}\s*$"
        ),
        0.0,
    ),
    "a telephone number in a text": (
        re.compile(r"(?<![\w+])\+\d{1,3}[\s().-]*\d(?:[\s().-]*\d){6,10}(?!\d)"),
        0.0,
    ),
    "coordinates": (
        re.compile(r"(?<![\d.])-?\d{1,2}\.\d{4,}\s*[,;]\s*-?\d{1,3}\.\d{4,}(?![\d.])"),
        0.0,
    ),
    # signed tokens, keys of code hosts and clouds, and what follows the word that announces them
    "an access token": (
        re.compile(
            r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|\bgh[pousr]_\w{20,}|\bglpat-[\w-]{16,}|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bxox[abps]-[\w-]{10,}"
            r"|(?i:\b(?:api[_-]?key|token|secret|password|passwd|bearer)\b\s*[:= ]\s*[\w.+/-]{8,})"
        ),
        0.0,
    ),
    # passports of ARM (AA1234567), GEO (12AB34567), MDA (A1234567 to AB1234567), MAR (AB123456[7]),
    # TUN (A123456); a share of the cells, since other codes look alike
    "a document number": (
        re.compile(r"^(?:[A-Z]{2}\d{6,7}|\d{2}[A-Z]{2}\d{5}|[A-Z]\d{6,8})$"),
        0.8,
    ),
}
SHORTEST_SHAPE = (
    6  # characters of the shortest text that one of them fits: an e-mail address a@b.cc
)
# one pass over all texts of a column, each a line, finds out whether any of them may fit: what does
# has one of these parts in casefolded letters, and then the shape in one of its lines
PARTS = {
    "an e-mail address": ("@",),
    "a telephone number in a text": ("+",),
    "coordinates": (",", ";"),
    "an access token": (
        *("eyj", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "glpat-", "akia", "asia", "xox"),
        *("key", "token", "secret", "passw", "bearer"),
    ),
}
SCREENS = {
    kind: re.compile(pattern.pattern, pattern.flags | re.MULTILINE)
    for kind, (pattern, _) in SHAPES.items()
}
BIRTH = re.compile(
    r"(?:^|_)(?:birth_?date|date_of_birth|dob|date_naissance|birthday|born_on)(?:$|_)"
)
VILLAGE = re.compile(
    r"(?:^|_)(?:village|settlement|commune|localite|hamlet|barangay|neighbou?rhood|quartier|douar)(?:$|_)"
)
SHORTEST_SALT = 16


@held(InputError)
def find_identifiers(frame: pd.DataFrame, allowed: Sequence[str] = ()) -> tuple[Problem, ...]:
    """Columns that look like personal identifiers, by column name and by the shape of their cells;
    values are never shown.
    """
    fix = "Drop the column, hash it with hash_ids, or say that it is harmless with allowed=[...]."
    problems = []
    for column, cells in frame.items():
        if column in allowed:
            continue
        name = str(column)
        kinds = _by_name(name, cells) or _by_shape(cells)
        if kinds:
            kind, mask = kinds if isinstance(kinds, tuple) else (kinds, cells.notna())
            if not _hashed(cells) and mask.any():
                problems.append(
                    Problem(
                        what="a personal identifier",
                        where=name,
                        expected="no personal identifiers",
                        got=worded("what looks like {kind}", {"kind": as_message(kind)}),
                        fix=fix,
                    ).in_rows(rows(mask))
                )
    births = [
        str(column)
        for column in frame.columns
        if BIRTH.search(str(column).lower()) and column not in allowed
    ]
    villages = [
        str(column)
        for column in frame.columns
        if VILLAGE.search(str(column).lower()) and column not in allowed
    ]
    if births and villages:
        where = ", ".join(births + villages)
        what = "a full birth date with the village identifies a person"
        problems.append(
            Problem(
                what=what,
                where=where,
                expected="birth year or month, or a larger area",
                got=worded("both"),
                fix="Keep the year of birth, or the region only.",
                count=len(frame),
            )
        )
    return tuple(problems)


@held(InputError)
def idle_allowances(frame: pd.DataFrame, allowed: Sequence[str]) -> tuple[Problem, ...]:
    """What is wrong with saying that these columns are harmless: columns that nothing suspects, or
    that are not there. A permission that permits nothing is a mistake, not a detail to pass over.
    """
    if not allowed:
        return ()
    suspected = {part for problem in find_identifiers(frame) for part in _columns_of(problem)}
    return tuple(
        Problem(
            what="a column said to be harmless is not suspected of anything",
            where=in_column(column),
            expected="a column that looks like a personal identifier",
            got=worded("no suspicion") if column in frame.columns else worded("no such column"),
            fix="Take it out of allowed.",
        )
        for column in allowed
        if column not in suspected
    )


def _columns_of(problem: Problem) -> list[str]:
    """The columns that a problem of identifiers names."""
    return [str(problem.where), *problem.where.split(", ")]


@held(InputError)
def identifiers(frame: pd.DataFrame, allowed: Sequence[str] = ()) -> pd.DataFrame:
    """The frame, when no column of it looks like a personal identifier.

    Raises
    ------
    InputError : names the columns (never their values).
    """
    problems = find_identifiers(frame, allowed)
    InputError.refuse(problems)
    return frame


def _by_name(name: str, cells: pd.Series) -> str:
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    if SINGLE.match(snake):
        return "a person's name"
    kind = next((kind for kind, pattern in NAMES.items() if re.search(pattern, snake)), "")
    return "" if kind in OF_NUMBERS and _codes(cells) else kind


def _codes(cells: pd.Series) -> bool:
    """Whether a column holds small whole numbers only."""
    if not pd.api.types.is_numeric_dtype(cells.dtype):
        return False
    given = cells.dropna().astype("float64")
    return bool(((given % 1 == 0) & (given.abs() < SMALL)).all())


def _by_shape(cells: pd.Series) -> tuple[str, pd.Series] | None:
    if pd.api.types.is_numeric_dtype(cells.dtype) or pd.api.types.is_datetime64_any_dtype(
        cells.dtype
    ):
        return None
    written = cells if cells.dtype == "str" else cells.astype("str")
    distinct = [value for value in written.unique().tolist() if isinstance(value, str)]
    long = [value for value in distinct if len(value) >= SHORTEST_SHAPE]
    if not long:
        return None
    lines = "\n".join(long)
    folded = lines.casefold()
    for kind, (pattern, share) in SHAPES.items():
        if not _may_hold(kind, lines, folded):
            continue
        hit = [value for value in long if pattern.search(value)]
        if hit and len(hit) >= share * len(distinct):
            return kind, written.isin(hit)
    return None


def _may_hold(kind: str, lines: str, folded: str) -> bool:
    parts = PARTS.get(kind, ("",))
    return any(part in folded for part in parts) and SCREENS[kind].search(lines) is not None


def _hashed(cells: pd.Series) -> bool:
    given = cells.dropna()
    return len(given) > 0 and bool(
        given.map(
            lambda v: isinstance(v, str) and re.fullmatch(r"h[0-9a-f]{20}", v) is not None
        ).all()
    )


@held(InputError)
def hash_ids(frame: pd.DataFrame, columns: Sequence[str], salt: str) -> pd.DataFrame:
    """The columns replaced by salted hashes ("h" and 20 hexadecimal digits of HMAC-SHA256); missing
    cells stay missing, equal cells stay equal.

    Parameters
    ----------
    salt : at least 16 characters, kept outside the repository: whoever has it can test guesses.

    Raises
    ------
    InputError : a short salt, a column that is not there, a column of floats (an identifier that
        may have lost digits).
    """
    problems = [Problem("no such column", str(column)) for column in columns if column not in frame]
    if len(salt) < SHORTEST_SALT:
        fix = "Draw one with: python -c 'import secrets; print(secrets.token_hex(16))'"
        problems.append(
            Problem(
                what="the salt is too short",
                where="salt",
                expected=worded(
                    "at least {shortest_salt} characters", {"shortest_salt": SHORTEST_SALT}
                ),
                got=str(len(salt)),
                fix=fix,
            )
        )
    floats = [
        column
        for column in columns
        if column in frame and pd.api.types.is_float_dtype(frame[column].dtype)
    ]
    problems += [
        Problem(
            "identifiers stored as floating point numbers",
            str(column),
            "text or whole numbers",
            fix="Read the column as text.",
        )
        for column in floats
    ]
    InputError.refuse(problems)
    key = salt.encode()

    def hidden(value: object) -> str:
        return "h" + hmac.new(key, str(value).encode(), hashlib.sha256).hexdigest()[:20]

    hashed = {
        column: frame[column].map(hidden, na_action="ignore").astype("str") for column in columns
    }
    return frame.assign(**hashed)
