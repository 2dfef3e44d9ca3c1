"""What the columns of an office's file may be: proposed by name and label, with a confidence and
the reason. A proposal is a proposal: nothing is mapped until somebody takes it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Literal

import pandas as pd

from mismes_eval import frame as frames
from mismes_eval.errors import named, worded
from mismes_eval.frame.codes import labels, plain, read_packaged
from mismes_eval.frame.dataset import Dataset
from mismes_eval.frame.validate import MISS
from mismes_eval.lfs.age_labels import AGE_GROUP, age_group
from mismes_eval.lfs.code_meanings import (
    QUESTION,
    meanings,
    named_apart,
    reason_of,
    ruled,
    same_label,
    spelled,
    template_labels,
)
from mismes_eval.lfs.implied_decimals import WEIGHT, doubtful_weights
from mismes_eval.lfs.translate import is_companion
from mismes_eval.message import listed

Confidence = Literal["high", "medium", "low"]
Coded = tuple[str, str, int]  # a code of the file, its label and its rows
LEVELS = 12
WORDS = 5  # letters of a code that may be read as words; shorter ones are abbreviations of a list
OF_COUNTRIES = ("mig_birth_country", "mig_citizenship", "countrycode")
OF_OFFICES = ("en", "fr", "es", "pt", "ro")  # languages in which labels name countries
OF_NUMBERS = ("age", "weight", "wage_no_compen", "whours")
BEFORE_A_PLACE = 3  # words of a label before the word for an area: "code of the province"
OF_PLACES = ("subnatid1", "subnatid2", "subnatid3", "subnatidsurvey")
# columns of the template that the words of a file's codes may tell, whatever the column is called
OF_CODES = ("lstatus", "empstat", "marital", "male", "educat7", "relationharm")
OF_FOREIGN = ("mig_foreign_born", "mig_foreign_citizen")

# what may stand before the word that says what a label is about
OPENING = re.compile(
    r"(the |a |your |current(ly)? |present |main |respondent.?s |person.?s |what is (your |the )?|"
    r"monthly |weekly |daily |net |gross |total |usual(ly)? |actual(ly)? |highest |de la |du |le |la |"
    r"final |sampling |survey |individual |cual es (su |el )?|quel(le)? est )*"
)
OF_THE_PERSON = frozenset(
    (
        "age male marital lstatus empstat educat7 educat_isced occup_isco industrycat_isic "
        "wage_no_compen whours mig_birth_country mig_citizenship mig_foreign_born "
        "mig_foreign_citizen mig_ever_abroad mig_worked_abroad school"
    ).split()
)
OF_SOMEBODY_ELSE = re.compile(
    r"(?<!\w)(interviewer|enumerator|enqueteur|encuestador|entrevistador|spouse|partner|father|"
    r"mother|parents?|conjoint|pere|mere|conyuge|padre|madre|head|chef|jefe|"
    r"\d+(st|nd|rd|th) (household )?(member|person|child))(?!\w)"
)
ABSENT = re.compile(
    r"overseas|(?<!\w)ofw|emigr|absent (member|person|household)|away from home|living abroad|"
    r"(membre|miembro|membru)\w*.*(absent|ausente|plecat)|travaill\w* a l.etranger|resid\w* a l.etranger|"
    r"(vive|trabaja|reside)\w* en (el|otro) (exterior|extranjero|pais)|plecat\w* (in|la) (strainatate|munca)"
)
NUMBERED = re.compile(r"^[a-z]{0,2}\d+_?")  # of a question, before the word of a name: Q14AGE
NOT_THERE: Mapping[str, str] = {
    "hhid": "rows are numbered, and nothing is said of households",
    "pid": "rows are numbered",
    "age": "labour and migration need it, or age_group (15-24, 65+) where the file has groups",
    "lstatus": "labour has no table. A column that tells who works and not who looks for work is an own"
    " indicator: section 'indicators' of the params",
    "countrycode": "key 'country' of the params",
    "year": "key 'year' of the params",
    "icls_v": "the report says that the definition of employment is not stated",
    "weight": "every person counts once: the report has shares and means of the sample, no totals",
    "psu": "errors are those of households or persons drawn one by one (design in the params)",
    "strata": "errors are those of a sample that was drawn without strata",
}
JOIN = " + "  # between the columns that make one identifier together
FEWEST_OF_A_HOUSEHOLD, MOST_OF_A_HOUSEHOLD = 1.2, 20  # rows of one number, on average
IDENTIFIER = re.compile(
    r"(?<![a-z])(unique|identif\w*|serial|id|key|clave|llave|cle|chave)(?![a-z])"
)
# a weight of households, or of before the last step
NOT_FINAL = re.compile(
    r"household|(?<![a-z])(base|design|raw|unadjusted|brut|avant|sem|sin|before|fara)(?![a-z])"
)
OF_THE_DESIGN = ("psu", "strata")  # a file may lack them; nobody may forget them


@dataclass(frozen=True)
class FileColumn:
    """A column of the file. codes: file code, its label and its rows, the most frequent first;
    decimals: whether, as a weight, it may have a decimal point that is not written.
    rows_each: rows that have one value, on average.
    """

    name: str
    label: str
    kind: str
    missing: float
    codes: tuple[Coded, ...]
    decimals: bool = False
    rows_each: float = 1.0


@dataclass(frozen=True)
class Proposal:
    """codes: file code -> code of the template; reasons: file code -> why it is no answer, where
    the value labels say so; unknown: labelled codes of which they say neither; rest: words of the
    label after those that say what it is; missing: share of the rows.
    """

    gld: str
    column: str
    confidence: Confidence
    why: str
    codes: Mapping[str, str]
    reasons: Mapping[str, str] = field(default_factory=dict)
    unknown: int = 0
    rest: int = 0
    missing: float = 0.0


def file_columns(data: Dataset) -> tuple[FileColumn, ...]:
    """Every column of a file as it was delivered: label, type, share missing, commonest codes."""
    names = [str(name) for name in data.frame.columns]
    return tuple(_described(data, n) for n in names if not is_companion(n, data.frame))


def counted_codes(data: Dataset, name: str) -> tuple[Coded, ...]:
    """(code, label, rows) of every value of a column, the most frequent first, then of the codes
    that the file declares missing in it.
    """
    labels = {spelled(k): str(v) for k, v in data.value_labels.get(name, {}).items()}
    values = data.frame[name].value_counts()
    out = [(spelled(k), int(n)) for k, n in values.items()]
    if name + MISS in data.frame.columns:
        out += [(spelled(k), int(n)) for k, n in data.frame[name + MISS].value_counts().items()]
    return tuple((code, labels.get(code, labels.get(code.lstrip("."), "")), n) for code, n in out)


def proposals(columns: tuple[FileColumn, ...]) -> tuple[Proposal, ...]:
    """For each column of the template the best column of the file, where a name or a label says
    what it is. A column of the file is proposed once; others that say the same are named with it.
    """
    tried = [_proposed(gld, column) for column in columns for gld in _table()]
    found = [proposal for proposal in tried if proposal]
    labels_of = {column.name: plain(column.label) for column in columns}

    def rank(proposal: Proposal) -> tuple[object, ...]:
        words = f"{plain(proposal.column)} {labels_of[proposal.column]}"
        other = proposal.gld == WEIGHT and NOT_FINAL.search(words) is not None
        return (*_merit(proposal)[:2], other, proposal.rest, proposal.missing)

    taken = {}
    used: set[str] = set()
    for proposal in sorted(found, key=rank):
        if proposal.gld not in taken and proposal.column not in used:
            taken[proposal.gld] = proposal
            used.add(proposal.column)
    if "hhid" not in taken and (number := _household_number(columns, used)):
        taken["hhid"] = number
    if "hhid" in taken:
        each = {column.name: column.rows_each for column in columns}[taken["hhid"].column]
        taken["hhid"] = _household(taken["hhid"], each, taken.get("psu"))
    return tuple(_with_others(taken[gld], found) for gld in _table() if gld in taken)


def _merit(proposal: Proposal) -> tuple[int, int, int]:
    """What makes one proposal for a column of the template better than another, the least first."""
    order = {"high": 0, "medium": 1, "low": 2}
    return order[proposal.confidence], proposal.unknown, proposal.rest


def _household_number(columns: Sequence[FileColumn], used: Collection[str]) -> Proposal | None:
    """A complete identifier that as many rows have as persons live together."""
    for column in columns:
        each = column.rows_each
        words = f"{plain(column.name)} {plain(column.label)}"
        lives = FEWEST_OF_A_HOUSEHOLD <= each <= MOST_OF_A_HOUSEHOLD
        free = not (column.codes or column.missing or column.name in used)
        if lives and free and IDENTIFIER.search(words):
            told = {"n": f"{each:.1f}"}
            why = worded("an identifier that {n} rows share on average, as in households", told)
            return Proposal("hhid", column.name, "low", why, {})
    return None


def _household(proposal: Proposal, each: float, psu: Proposal | None) -> Proposal:
    """A household number that more rows have than persons live together is counted anew in every
    PSU: alone it is no household.
    """
    if each <= MOST_OF_A_HOUSEHOLD:
        return proposal
    said = worded("about {n} rows have one number, which starts again", {"n": f"{each:,.0f}"})
    if psu is None:
        joined = "join it with what it is counted in: A + B"
        return replace(proposal, confidence="low", why=listed([proposal.why, said, joined]))
    return replace(
        proposal,
        column=f"{psu.column}{JOIN}{proposal.column}",
        confidence="medium",
        why=listed([proposal.why, said, "joined with the primary sampling unit"]),
    )


def of_absent_members(columns: Sequence[FileColumn]) -> tuple[FileColumn, ...]:
    """Columns that may say which rows list household members who are abroad."""
    return tuple(
        column
        for column in columns
        if column.codes and ABSENT.search(plain(column.label or column.name))
    )


def _with_others(proposal: Proposal, found: list[Proposal]) -> Proposal:
    """A proposal that names the columns which may be meant just as well."""
    others = [
        p.column
        for p in found
        if p.gld == proposal.gld and _merit(p) == _merit(proposal) and p.column != proposal.column
    ]
    if not others:
        return proposal
    also = worded("also {others}", {"others": named(others)})
    return replace(proposal, why=listed([proposal.why, also]))


def lacking(found: tuple[Proposal, ...]) -> tuple[tuple[str, str], ...]:
    """Columns that the template needs and no proposal covers, with how to say that they are not
    there.
    """
    needed = [
        column.name
        for column in frames.template("lfs_person").columns
        if column.required != "no" or column.name in OF_THE_DESIGN
    ]
    covered = {p.gld for p in found}
    say = "nothing to say: the tables that need it say that it was not asked"
    return tuple((name, NOT_THERE.get(name, say)) for name in needed if name not in covered)


@cache
def _table() -> dict[str, tuple[frozenset[str], re.Pattern[str]]]:
    """GLD column -> names that mean it in files, and whole words of its label."""
    rows = read_packaged("lfs/proposals.csv").itertuples()
    return {
        str(r.gld): (
            frozenset(str(r.names).split()),
            re.compile(rf"(?<!\w)(?:{r.words})(?:s|es|ing)?(?!\w)"),
        )
        for r in rows
    }


def _described(data: Dataset, name: str) -> FileColumn:
    series = data.frame[name]
    counted = counted_codes(data, name)
    values, declared = counted[: series.nunique()], counted[series.nunique() :]
    few = bool(data.value_labels.get(name)) or len(values) <= LEVELS
    return FileColumn(
        name=name,
        label=data.labels.get(name, ""),
        kind="number" if pd.api.types.is_numeric_dtype(series) else "text",
        missing=float(series.isna().mean()) if len(series) else 0.0,
        codes=(*values[:LEVELS], *declared) if few else (),
        decimals=doubtful_weights(series, data.labels.get(name, "")),
        rows_each=float(series.notna().sum() / max(series.nunique(), 1)),
    )


def _proposed(gld: str, column: FileColumn) -> Proposal | None:
    reach = _reach(gld, column) or _by_codes(gld, column)
    if reach is None or (gld in OF_NUMBERS and _named_throughout(column)):
        return None
    if gld == "age" and all(age_group(label) for _, label, _ in column.codes) and column.codes:
        return None
    countries = _names_countries(column) if gld in (*OF_COUNTRIES, *OF_FOREIGN) else None
    if (gld in OF_COUNTRIES and countries is False) or (gld in OF_FOREIGN and countries):
        return None
    confidence, why, rest = reach
    codes, unknown = _hits(gld, column.codes)
    reasons = proposed_reasons(column.codes)
    unknown = {code: label for code, label in unknown.items() if code not in reasons}
    if unknown and confidence != "low":
        confidence = "low" if confidence == "medium" else "medium"
    reasons_why = [why]
    if unknown:
        without = [f"{code} ({label})" for code, label in unknown.items()]
        said = {"codes": named(without)}
        reasons_why.append(worded("no code of the template for {codes}", said))
    unlabelled = [code for code, label, _ in column.codes if not label and code not in codes]
    bare = bool(template_labels(gld)) and (bool(unlabelled) or not column.codes)
    if bare and confidence == "high":
        confidence = "medium"
    if bare:
        reasons_why.append("codes without labels: compare them with the questionnaire")
    if gld == WEIGHT and column.missing:
        confidence = "low"
        reasons_why.append("rows without one, which a weight of the survey has not")
    if gld == WEIGHT and column.decimals:
        reasons_why.append(
            "whole numbers: say under unit_factor how many decimals they imply (0.0001), or 1"
        )
    return Proposal(
        gld=gld,
        column=column.name,
        confidence=confidence,
        why=listed(reasons_why),
        codes=codes,
        reasons=reasons,
        unknown=len(unknown),
        rest=rest,
        missing=_unanswered(column, reasons),
    )


def _unanswered(column: FileColumn, reasons: Collection[str]) -> float:
    """Share of the rows that have no answer, empty or by a code that says so."""
    answered = sum(n for code, _, n in column.codes if code not in reasons)
    every = sum(n for _, _, n in column.codes)
    return 1 - (1 - column.missing) * (answered / every if every else 1.0)


def _by_codes(gld: str, column: FileColumn) -> tuple[Confidence, str, int] | None:
    """The same by the words of the codes alone: most of them, and three that differ (two sexes)."""
    if gld not in OF_CODES or OF_SOMEBODY_ELSE.search(plain(column.label)):
        return None
    codes, unknown = _hits(gld, column.codes)
    enough = len(set(codes.values())) >= (2 if gld == "male" else 3)
    return ("low", "its codes", 0) if enough and len(codes) >= 3 * len(unknown) else None


def _reach(gld: str, column: FileColumn) -> tuple[Confidence, str, int] | None:
    """How surely a name or a label says that a column is this one, what says it, and how many words
    the label has beyond.
    """
    names, words = _table()[gld]
    name = plain(column.name)
    label = QUESTION.sub("", plain(column.label))
    by_name = name in names
    hit = words.search(label) if label else None
    if hit and gld in OF_THE_PERSON and OF_SOMEBODY_ELSE.search(label):
        hit = None
    if gld == "year" and not column.codes:  # of a birth, of a first job
        hit = None
    if hit and gld in OF_PLACES and len(label[: hit.start()].split()) > BEFORE_A_PLACE:
        hit = None
    rest = len(label[hit.end() :].split()) if hit else 0
    if by_name and (hit or not label or name == gld):
        return "high", "its name and its label" if hit else "its name", rest
    if by_name:
        return "medium", "its name", rest
    if hit:
        sure = OPENING.fullmatch(label[: hit.start()]) is not None
        return ("medium" if sure else "low"), "its label", rest
    parts = (name.partition("_")[0], name.rstrip("0123456789"), NUMBERED.sub("", name))
    part = next((word for word in parts if len(word) > 2 and word in names), "")
    if not column.label and part:
        return "low", worded("its name has '{part}'", {"part": part}), rest
    return None


def _named_throughout(column: FileColumn) -> bool:
    """Whether every value has a label and most are words, as answers have and amounts have not."""
    named_values = [named_apart(label) for _, label, _ in column.codes if label]
    every = bool(named_values) and len(named_values) == len(column.codes)
    return every and 2 * sum(named_values) > len(named_values)


def _names_countries(column: FileColumn) -> bool:
    """Whether a column says which country: its codes or labels are countries, or too many and
    unlabelled to tell.
    """
    if not column.codes:
        return True
    return len(_named_countries(column.codes)[0]) > 1


@cache
def _country_words() -> Mapping[str, str]:
    """Names of countries in the languages of offices, and codes of three letters -> ISO code."""
    spoken = [labels("countries", language) for language in OF_OFFICES]
    words = {plain(label): code for names in spoken for code, label in names.items()}
    return {code.casefold(): code for code in spoken[0]} | words


def proposed_codes(gld: str, codes: Sequence[Coded]) -> dict[str, str]:
    """File code -> code of the template by what the value labels say; those that say none are left
    out. codes : (code, label, rows).
    """
    return _hits(gld, codes)[0]


def _named(gld: str, listed: Sequence[Coded]) -> dict[str, str]:
    """Code -> its label in columns of names without a list (regions), the code before a label that
    two codes have; code -> the ages that its label names.
    """
    if gld == AGE_GROUP:
        ages = {code: age_group(label) for code, label, _ in listed}
        return {code: group for code, group in ages.items() if group}
    if gld not in OF_PLACES or not all(label for _, label, _ in listed):
        return {}
    twice = Counter(label for _, label, _ in listed)
    return {c: label if twice[label] == 1 else f"{c} - {label}" for c, label, _ in listed}


def proposed_reasons(codes: Sequence[Coded]) -> dict[str, str]:
    """File code -> why it is no answer (DK, REF, NA_notapp, ...), where its value label says so."""
    found = {}
    for code, label, _ in codes:
        words = code if len(code) >= WORDS else ""
        found[code] = reason_of(label or words)
    return {code: reason for code, reason in found.items() if reason}


def _hits(gld: str, listed: Sequence[Coded]) -> tuple[dict[str, str], dict[str, str]]:
    """File code -> code of the template by what the value labels say; file code -> label that says
    none.
    """
    no_answer = proposed_reasons(listed)
    answers = [one for one in listed if one[0] not in no_answer]
    if gld in OF_COUNTRIES:
        return _named_countries(answers)
    codes = _named(gld, answers)
    unknown = {}
    for code, label, _ in listed if template_labels(gld) else ():
        meant = meanings(gld, label) if label else _of_code(gld, code)
        if len(meant) == 1:
            codes[code] = next(iter(meant))
        elif label:
            unknown[code] = label
    return codes, unknown


def _named_countries(
    listed: Sequence[Coded],
) -> tuple[dict[str, str], dict[str, str]]:
    """As `_hits`, by the names of countries in the languages of offices and their ISO codes; those
    of two letters where each is one.
    """
    said = {code: plain(label or code) for code, label, _ in listed}
    two = frames.codes("countries").set_index("alpha2")["code"]
    letters = {str(word).casefold(): str(iso) for word, iso in two.items()}
    words = set(said.values())
    known = letters if words and words <= letters.keys() - {"si", "no"} else _country_words()
    unknown = {code: label for code, label, _ in listed if label and said[code] not in known}
    return {code: known[word] for code, word in said.items() if word in known}, unknown


def _of_code(gld: str, code: str) -> frozenset[str]:
    """What a code without a label says by itself: a word."""
    if code.isdigit():
        return frozenset()
    said = ruled(gld, plain(code))
    return frozenset({said}) if said else same_label(gld, plain(code))
