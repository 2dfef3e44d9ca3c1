"""What the label of a code says: which code of the template it means, or why it is no answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from mismes_eval import frame as frames
from mismes_eval.frame.codes import labels, plain, read_packaged

LISTED = 60  # codes of a list whose words are compared; longer ones are classifications
NEGATIONS = frozenset({"not", "no", "non", "never", "without", "sans", "sin", "nunca", "jamais"})
QUANTITIES = frozenset(
    (
        "none never zero no less under below over above more plus than up to age ages year years "
        "month months week weeks day days hour hours aucun aucune jamais moins mois an ans annee "
        "annees heure heures jour jours ninguno ninguna nunca menos mas menor mayor ano anos mes "
        "meses hora horas dia dias one two three un une deux uno dos"
    ).split()
)
IDLE = frozenset(
    {"or", "and", "of", "the", "a", "de", "la", "le", "les", "et", "ou", "y", "o", "in"}
)
OF_YES_OR_NO = {"male": {"0": "Female", "1": "Male"}, "urban": {"0": "Rural", "1": "Urban"}}
YES_OR_NO = (("1", "si"), ("1", "sim"), ("1", "da"), ("0", "nao"), ("0", "nu"))  # beside the list's
# both genders in one word: Casado(a), Marié(e), Ocupado/a
ENDING = re.compile(
    r"(?<=\w)(\((a|o|e|s|as|os|es|ve|se|euse|ere|trice)\)|/(a|o|e|as|os|ve|euse)\b)"
)
QUESTION = re.compile(r"^[a-z]{0,3}\d+[a-z]?\s*[-.:)]\s*")  # the number that a label begins with
ALTERNATIVES = re.compile(r"\s*/\s*|\s+(?:or|ou|o)\s+")  # between what one label says of two codes


@cache
def _code_rules() -> Mapping[str, tuple[tuple[str, re.Pattern[str]], ...]]:
    """GLD column -> (code, words that mean it); under "reason", reasons for no answer."""
    table = read_packaged("lfs/proposed_codes.csv")
    return {
        str(gld): tuple(
            (str(r.code), re.compile(str(r.words))) for r in rules.itertuples(index=False)
        )
        for gld, rules in table.groupby("gld")
    }


def spelled(value: object) -> str:
    """A code as the mapping writes it: 1 for 1.0."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


@cache
def reason_of(label: str) -> str:
    """The reason for no answer that a value label names; empty where it names none."""
    return ruled("reason", plain(label)) if label else ""


def named_apart(label: str) -> bool:
    """Whether the label of a number is a word that is no quantity: "Refused" beside ages, not "97
    or more" and not "less than a year".
    """
    words = set(re.findall(r"\w+", plain(label)))
    return bool(words) and not words & QUANTITIES and not any(w[0].isdigit() for w in words)


def ruled(gld: str, said: str) -> str:
    """The code of the first rule that knows the words."""
    rules = _code_rules().get(gld, ())
    return next((code for code, words in rules if words.search(said)), "")


def template_labels(gld: str) -> Mapping[str, str]:
    """Code -> label of a column of the template; none where it has no list, or a long one."""
    template = frames.template("lfs_person")
    if gld not in template.names:
        return {}
    if gld in OF_YES_OR_NO:
        return OF_YES_OR_NO[gld]
    about = template[gld]
    if about.kind == "bool":
        return labels("yesno")
    known = labels(about.codes) if about.codes else {}
    return known if len(known) <= LISTED else {}


@cache
def meanings(gld: str, label: str) -> frozenset[str]:
    """Codes of the template that a label may mean: by the words of the proposals, else the same
    label, else labels of which one has all words of the other. A label that names two things
    ("primary / no education") means what either means.
    """
    said = ENDING.sub("", QUESTION.sub("", plain(label)))
    if not ruled(gld, said) and reason_of(label):
        return frozenset()
    if same := same_label(gld, said):
        return same
    parts = ALTERNATIVES.split(said)
    return frozenset().union(*(_meant(gld, part) for part in {said, *parts}))


def _meant(gld: str, said: str) -> frozenset[str]:
    if by_rule := ruled(gld, said):
        return frozenset({by_rule})
    alike = (code for code, words in _known(gld) if _alike(said, words))
    return same_label(gld, said) or frozenset(alike)


def same_label(gld: str, said: str) -> frozenset[str]:
    """Codes of the template that have this label."""
    spaced = said.replace("-", " ")
    return frozenset(code for code, words in _known(gld) if words.replace("-", " ") == spaced)


@cache
def _known(gld: str) -> tuple[tuple[str, str], ...]:
    """(code, plain label) of a column of the template, in every language of its list."""
    about = frames.template("lfs_person")[gld]
    name = "yesno" if about.kind == "bool" else about.codes
    spoken = (labels(name, "en"), labels(name, "fr")) if name else ()
    known = tuple((code, plain(label)) for words in spoken for code, label in words.items())
    return (*known, *YES_OR_NO) if name == "yesno" else known


def _alike(one: str, other: str) -> bool:
    """Whether one label has all words of the other, and denies as much."""
    left, right = (set(re.findall(r"\w+(?:-\w+)*", text)) - IDLE for text in (one, other))
    if not left or not right or bool(left & NEGATIONS) != bool(right & NEGATIONS):
        return False
    return left <= right or right <= left
