"""Every text of a report is in its language once and only once: catalogues are whole, numbers
follow the locale, names out of the data stay as they are.
"""

import ast
import json
import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from babel import Locale
from babel.messages.pofile import read_po

from mismes_eval.errors import ParamsError, Problem, in_column, in_place
from mismes_eval.lfs.definitions import PRESETS
from mismes_eval.message import Message, Quantity, packed, unpacked
from mismes_eval.report.country import CountryReport
from mismes_eval.report.document import language as module
from mismes_eval.report.document.conventions import CONVENTIONS, Conventions
from mismes_eval.report.document.estimated_cells import counts
from mismes_eval.report.document.language import (
    LOCALE,
    Language,
    available,
    catalogue,
    language,
    typeset,
    with_colon,
)
from mismes_eval.report.document.tables import TextTable

from ..some import some

REPORT = LOCALE.parent
FIELD = re.compile(r"\{(\w+)")
WORDS = re.compile(r"[^\W\d_]{2,}[,:;]? [^\W\d_]{2,}")
TRANSLATED = ("t", "text", "context.text", "context.words", "self.words", "self.language")
UNSEEN = tuple(
    (
        "Problem contains startswith endswith removeprefix removesuffix replace compile canvas "
        "legend annotate rc_context"
    ).split()
)
KEYS = {
    "left out",
    "lower left",
    "outside right center",
    "axes fraction",
    "DejaVu Sans",
}  # words of the code, not of the report
CATALOGUES = [c for c in available() if c != "en"]


def whole(code: str) -> dict[str, str]:
    """Entries of a catalogue as they stand in the file, empty ones too."""
    with (LOCALE / f"{code}.po").open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file, locale=code) if m.id}


def sources() -> list[Path]:
    """Modules that write what a reader sees."""
    names = tuple(
        (
            "findings synthesis synthesis_tables synthesis_effects tables html results country "
            "index session"
        ).split()
    )
    return sorted(
        [
            *REPORT.glob("chapters/*.py"),
            *REPORT.glob("figures*.py"),
            *(p for n in names if (p := REPORT / f"{n}.py").is_file()),
        ]
    )


def name_of(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def choices(node: ast.expr) -> Iterator[ast.expr]:
    """What a first argument may be: both sides of a condition."""
    if isinstance(node, ast.IfExp):
        yield from choices(node.body)
        yield from choices(node.orelse)
    else:
        yield node


def sentences(tree: ast.AST) -> Iterator[ast.expr]:
    """First arguments of t(...), context.text(...)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in TRANSLATED and node.args:
            yield from choices(node.args[0])


def spelled(node: ast.expr) -> str:
    """A literal or an f-string with {} for what it puts in; nothing for other expressions."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(n.value) if isinstance(n, ast.Constant) else "{}" for n in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def literals(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of a module's literals apart from docstrings, errors and the words of the code;
    what an f-string puts in is {}.
    """
    hidden: set[int] = set()
    for node in ast.walk(tree):
        unseen = isinstance(node, (ast.Raise, ast.Assert)) or (
            isinstance(node, ast.Call) and name_of(node) in UNSEEN
        )
        if (
            isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef))
            and node.body
            and isinstance(node.body[0], ast.Expr)
        ):
            hidden |= {id(n) for n in ast.walk(node.body[0])}
        elif unseen:
            hidden |= {id(n) for n in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            hidden |= {id(n) for n in node.values}
            if id(node) not in hidden:
                yield node.lineno, spelled(node)
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in hidden
            and node.value not in KEYS
        ):
            yield node.lineno, node.value


@pytest.mark.parametrize("code", CATALOGUES)
def test_every_entry_is_translated_with_the_same_names(code):
    text = (LOCALE / f"{code}.po").read_text(encoding="utf-8")
    ids = re.findall(r'(?m)^msgid (".+")$', text)
    assert len(ids) == len(set(ids)), (
        f"twice in the file: {sorted({i for i in ids if ids.count(i) > 1})}"
    )
    entries = whole(code)
    assert not [k for k, v in entries.items() if not v.strip()]
    assert not {k: v for k, v in entries.items() if set(FIELD.findall(k)) != set(FIELD.findall(v))}


@pytest.mark.parametrize("code", CATALOGUES)
def test_every_catalogue_has_the_same_entries(code):
    others = {k for other in CATALOGUES for k in whole(other)}
    assert not sorted(others - set(whole(code)))


@pytest.mark.parametrize("code", CATALOGUES)
def test_an_entry_keeps_the_formats_and_has_the_forms_of_its_language(code):
    """ "{n:,}" stays "{n:,}"; "{n:=mesure|mesures}" has at most a form for each plural class, and
    more than one; letters are those that the typesetting leaves.
    """
    asked = re.compile(r"\{\w+(?::(?!=)[^}]*)?\}")
    chosen = re.compile(r"\{\w+:=([^}]*)\}")
    classes = len(CONVENTIONS[code].classes)
    for entry, text in some(whole(code).items()):
        assert set(asked.findall(entry)) == set(asked.findall(text)), entry
        for forms in chosen.findall(text):
            assert 2 <= len(forms.split("|")) <= classes, (entry, forms)
        letters = typeset(text, code)
        assert [c for c in letters if c.isalpha()] == [c for c in text if c.isalpha()], entry


@pytest.mark.parametrize("code", CATALOGUES)
def test_no_translation_reads_like_another_english_entry(code):
    """Otherwise a text that is in the language already could be translated a second time."""
    entries = whole(code)
    assert not {v: entries[v] for v in entries.values() if v in entries and entries[v] != v}


@pytest.mark.whole
@pytest.mark.parametrize("code", CATALOGUES)
def test_every_sentence_of_the_report_has_an_entry(code):
    entries = whole(code)
    missing = [
        f"{path.name}:{node.lineno}: {node.value}"
        for path in sources()
        for node in sentences(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value not in entries
        and re.search(r"[^\W\d_]{2}", FIELD.sub("", node.value))
    ]
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("code", CATALOGUES)
def test_every_literal_of_the_chapters_has_an_entry(code):
    """Titles, headings, notes and names of rows are handed to tables and figures as they stand
    here.
    """
    entries = whole(code)
    patterns = {re.sub(r"\{[^}]*\}", "{}", k) for k in entries}
    shown = [
        p
        for p in sources()
        if p.parent.name == "chapters"
        or p.name.startswith("figures")
        or p.name in ("findings.py", "words.py")
    ]
    missing = [
        f"{path.name}:{line}: {text}"
        for path in shown
        for line, text in literals(ast.parse(path.read_text(encoding="utf-8")))
        if text not in entries and text not in patterns and WORDS.search(text) and "<" not in text
    ]
    assert not missing, "\n".join(missing)


@pytest.mark.whole
@pytest.mark.parametrize("code", CATALOGUES)
def test_every_reason_why_there_is_no_number_has_an_entry(code):
    """NotEstimable reasons are written below the report and shown in it."""
    patterns = {re.sub(r"\{[^}]*\}", "{}", k) for k in whole(code)}
    missing = []
    for path in sorted(
        p for p in REPORT.parent.rglob("*.py") if not {"cli", "synthetic"} & set(p.parts)
    ):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and name_of(node) == "NotEstimable" and node.args:
                missing += [
                    f"{path.name}:{node.lineno}: {said}"
                    for said in map(spelled, choices(node.args[0]))
                    if said and said not in patterns
                ]
    assert not missing, "\n".join(missing)


@pytest.mark.whole
def test_no_sentence_is_put_together_before_it_is_translated():
    """A label inside t(f"...") would be part of the entry's name: braces in it would break the
    sentence, and no catalogue could have it.
    """
    mixed = [
        f"{path.name}:{node.lineno}"
        for path in sources()
        for node in sentences(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.JoinedStr, ast.BinOp))
    ]
    assert not mixed


def test_every_figure_of_a_chapter_is_drawn_in_the_language() -> None:
    """Its caption is the context's, which knows the language."""
    plain = [
        path.name
        for path in REPORT.glob("chapters/*.py")
        if path.name != "base.py"
        and re.search(r"(?<![.\w])Caption\(", path.read_text(encoding="utf-8"))
    ]
    assert not plain


@pytest.fixture(scope="module", params=["MAR", pytest.param("TUN", marks=pytest.mark.slow)])
def french(request, whole_report) -> tuple[CountryReport, str]:
    """A whole report on the shipped data, shown in French."""
    whole = whole_report(request.param, "fr")
    return whole.report, "\n".join(whole.pages.values())


@pytest.mark.whole
def test_the_french_report_has_no_untranslated_text(french):
    report, _ = french
    assert sorted(report.session.language.unknown) == []
    assert report.session.language.code == "fr"


@pytest.mark.whole
def test_the_french_report_reads_as_french(french):
    _, html = french
    text = re.sub(r"<[^>]+>", " ", re.sub(r'src="data:[^"]+"', "", html))
    text = re.sub(r"Synthetic measure [^()]+ \(en anglais\)", "", text)  # titles on record
    english = re.findall(
        r"\b(?:the|and|with|from|which|their|were|persons|share of|standard errors|not shown)\b",
        text,
    )
    assert len(english) <= 2, english  # proper names may hold one
    assert "Taux d\u2019emploi" in text
    assert "erreurs types" in text.lower()
    assert not re.search(r"\d\.\d{1,2} \(\d", text), (
        "a decimal point in a number with its standard error"
    )
    assert re.search(r"\d,\d \(\d", text)


@pytest.mark.whole
def test_the_french_workbook_has_french_headings(french):
    report, _ = french
    book = openpyxl.load_workbook(report.session.work / "tables.xlsx", read_only=True)
    assert book.sheetnames[0] == "Sommaire"
    expected = ["Groupe", "non-migrants", "non-migrants, erreur type"]
    assert [c.value for c in next(book["T08"].iter_rows(min_row=3, max_row=3))][:3] == expected
    assert [c.value for c in next(book["Tous les nombres"].iter_rows(min_row=3, max_row=3))][
        :4
    ] == ["tableau", "ligne", "colonne", "valeur"]


@pytest.mark.property
def test_numbers_follow_the_locale():
    fr, en = language("fr"), language("en")
    assert fr.number(1234567.891, 2) == "1\u202f234\u202f567,89"
    assert en.number(1234567.891, 2) == "1,234,567.89"
    assert fr.number(float("nan")) == "–"
    assert fr.number(-0.001) == "0,0"
    expected = "15,3\u202f% and 12\u202f345 in 2023"
    assert fr("{x:.1%} and {n:,} in {y}", x=0.153, n=12345, y=2023) == expected
    assert en("{x:.1%} and {n:,}", x=0.153, n=12345) == "15.3% and 12,345"
    assert fr.date(date(2023, 12, 31)) == "31 décembre 2023"


def test_an_entry_that_is_missing_is_listed_by_its_name():
    t = Language("fr", {"Returnees": "Migrants de retour"})
    assert t("Returnees") == "Migrants de retour"
    assert t("Nobody wrote this entry.") == "Nobody wrote this entry."
    assert t("{n:,} persons were lost", n=1200) == "1\u202f200 persons were lost"
    assert t.unknown == {"Nobody wrote this entry.", "{n:,} persons were lost"}


def test_what_is_in_the_language_already_stays():
    t = Language("fr", {"{n} women": "{n} femmes", "Group": "Groupe"})
    once = t("{n} women", n=3)
    assert once == "3 femmes"
    assert t(once) == once
    assert t(t("Group")) == "Groupe"
    assert not t.unknown


def test_a_message_without_values_that_is_in_the_language_already_stays():
    t = Language("fr", {"participants": "personnes suivies"})
    once = t(Message("participants"))
    assert t(once) == once == "personnes suivies"
    assert not t.unknown


def test_names_out_of_the_data_are_never_looked_up():
    t = Language("fr", {"men": "hommes", "{c}: {level}": "{c} : {level}"})
    assert t.level("men") == "hommes"
    assert t.level("Casablanca {not a field} 100%") == "Casablanca {not a field} 100%"
    assert t("{c}: {level}", c="place", level="{evil}") == "place\u00a0: {evil}"
    assert t(t.name("a {b} c")) == "a {b} c"
    table = counts(
        "T", "Group", pd.DataFrame({"men": [1.0]}, index=["a {b} c"]), "", synthetic=True
    ).in_language(t)
    assert table.rows == ["a {b} c"]
    assert table.columns == ["hommes"]


VARIANCE = {"Variance: {how}, {n} PSUs.": "Variance : {how}, {n} UP.", "linearised": "linéarisée"}
VARIANCE["no study"] = "pas d'étude"


def test_a_sentence_of_a_lower_floor_is_translated_by_its_template():
    t = Language("fr", VARIANCE)
    said = Message("Variance: {how}, {n} PSUs.", {"how": "linearised", "n": "1,417"})
    assert t(said) == "Variance\u00a0: linéarisée, 1\u202f417 UP."
    assert t(Message("no study")) == "pas d\u2019étude"
    assert not t.unknown


def test_a_finished_sentence_is_never_read_back():
    t = Language("fr", VARIANCE)
    finished = "Variance: linearised, 1,417 PSUs."
    assert "linearised, 1,417 PSUs" in t(finished)
    assert t.unknown == {finished}


def test_a_message_comes_back_from_plain_data():
    inner = Message("in {where}", {"where": "Chișinău"})
    said = Message("{n} left, {part}", {"n": Quantity(2, "stratum", "strata", 0), "part": inner})
    again = unpacked(json.loads(json.dumps(packed(said))))
    assert isinstance(again, Message) and again == said
    assert again.template == said.template and again.values == said.values


def test_a_table_is_put_into_one_language_once():
    t = Language("fr", {"Item": "Élément", "yes": "oui", "Facts": "Faits"})
    once = TextTable("T", "Facts", pd.DataFrame({"Item": ["yes"]})).in_language(t)
    assert once.title == "Faits"
    assert once.in_language(Language("fr", {"oui": "yes"})) is once
    assert list(once.frame.columns) == ["Élément"]


def test_a_language_is_one_file_and_one_record(tmp_path, monkeypatch):
    record = {"de": Conventions(locale="de", minus="-")}
    monkeypatch.setattr(module, "CONVENTIONS", {**CONVENTIONS, **record})
    (tmp_path / "de.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Group"\nmsgstr "Gruppe"\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(module, "LOCALE", tmp_path)
    catalogue.cache_clear()
    german = language("de")
    assert german("Group") == "Gruppe"
    assert german.number(1234.5) == "1.234,5"
    assert german("{x:.0%}", x=0.5) == "50\u00a0%"
    assert german.number(-1.5) == "-1,5"
    assert german.date(date(2023, 3, 1)) == "1. März 2023"
    catalogue.cache_clear()


def test_a_catalogue_without_a_record_is_no_language(tmp_path, monkeypatch):
    (tmp_path / "de.po").write_text('msgid ""\nmsgstr ""\n', encoding="utf-8")
    monkeypatch.setattr(module, "LOCALE", tmp_path)
    assert available() == ("en",)
    with pytest.raises(ParamsError, match=r"conventions\.py"):
        language("de")


def test_every_language_has_a_catalogue_and_a_record():
    written = {p.stem for p in LOCALE.glob("*.po")}
    assert set(CONVENTIONS) == written | {"en"}
    for code, record in CONVENTIONS.items():
        assert Locale.parse(record.locale).language == code
        known = {*Locale.parse(code).plural_form.tags, "other"}
        assert set(record.classes) <= known and record.classes[-1] == "other"
        assert set(record.between) <= set(record.classes)


def test_no_module_asks_for_one_language():
    """What differs between languages stands in catalogues, records and code lists."""
    asks = re.compile(r"""(?:==|!=|in \()\s*["'](?:fr|ro)["']|["'](?:fr|ro)["']\s*(?:==|!=)""")
    found = [
        f"{path.name}: {line.strip()}"
        for path in sorted(REPORT.rglob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if asks.search(line)
    ]
    assert not found


PARTS = ("what", "where", "expected", "got", "fix")
# a word that no sign ties to a name of the code: "totals['{name}']" and "{file}.missing" hold none
FREE_WORD = re.compile(r"(?<![\w.\[('/-])[^\W\d_]{2,}(?![\w.\[(/-])")


def parts_of_problems(path: Path) -> Iterator[tuple[str, ast.expr]]:
    """What a module says in its problems, part by part; a name is followed to what the function
    assigned to it.
    """
    source = path.read_text(encoding="utf-8")
    if "Problem(" not in source:
        return
    tree = ast.parse(source)
    seen: dict[ast.AST, ast.AST] = {}
    for function in (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)):
        seen |= dict.fromkeys(ast.walk(function), function)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and name_of(node) == "Problem":
            said = dict(zip(PARTS, node.args, strict=False))
            said |= {k.arg: k.value for k in node.keywords if k.arg in PARTS}
            for part, value in said.items():
                yield from ((part, e) for e in followed(value, seen.get(node)))


def followed(value: ast.expr, function: ast.AST | None) -> Iterator[ast.expr]:
    for choice in choices(value):
        yield choice
        if isinstance(choice, ast.BoolOp):
            yield from choice.values
        if isinstance(choice, ast.Name) and function is not None:
            for node in ast.walk(function):
                if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == choice.id:
                    yield from choices(node.value)


@cache
def problems() -> tuple[tuple[Path, str, ast.expr], ...]:
    """(module, part, what it says) of every problem of the package."""
    return tuple(
        (path, part, value)
        for path in sorted(REPORT.parent.rglob("*.py"))
        for part, value in parts_of_problems(path)
    )


@pytest.mark.whole
def test_no_refusal_is_put_together_before_it_is_translated():
    """A place and what stands there are names out of the data, or messages; so are the sentences."""
    mixed = [
        f"{path.name}:{value.lineno}: {part}"
        for path, part, value in problems()
        if (isinstance(value, ast.JoinedStr) and FREE_WORD.search(spelled(value)))
        or (isinstance(value, ast.BinOp) and part != "fix")
        or (part == "where" and re.search(r"(?<!^mismes) [^\W\d_]{2}", spelled(value)))
    ]
    assert not mixed, "\n".join(mixed)


@pytest.mark.whole
@pytest.mark.parametrize("code", CATALOGUES)
def test_every_place_of_a_refusal_has_an_entry(code):
    entries = whole(code)
    places = {
        spelled(choice)
        for _, part, value in problems()
        if part == "where"
        for call in ast.walk(value)
        if isinstance(call, ast.Call) and name_of(call) in ("worded", "extended")
        for choice in choices(call.args[0])
    }
    places |= {
        spelled(call.args[0])
        for call in ast.walk(ast.parse((REPORT.parent / "errors.py").read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and name_of(call) == "worded"
    }
    assert len(places) > 90
    missing = [p for p in places - set(entries) if FREE_WORD.search(FIELD.sub("", p))]
    assert not missing, "\n".join(sorted(missing))


def test_a_refusal_speaks_the_language_and_leaves_names_as_they_are():
    entries = {
        "{what}: {where}.": "{what} : {where}.",
        "column '{column}'": "colonne « {column} »",
        "no such column": "colonne absente",
        "women": "femmes",
    }
    refused = Problem("no such column", in_place("file.csv", in_column("women")), got="women")
    assert str(refused) == "no such column: file.csv, column 'women'. Got women."
    t = Language("fr", {**entries, "Got {got}.": "Lu : {got}."})
    assert plain_spaces(t(refused.message)) == (
        "colonne absente : file.csv, colonne « women ». Lu : women."
    )
    assert not t.unknown
    assert unpacked(json.loads(json.dumps(packed(refused.message)))) == refused.message
    again = unpacked(json.loads(json.dumps(packed(refused.message))))
    assert plain_spaces(t(again)) == plain_spaces(t(refused.message))


def plain_spaces(text: str) -> str:
    return re.sub(r"[\u00a0\u202f]", " ", text)


def test_a_colon_is_set_as_the_language_sets_it() -> None:
    """The heads of pages and documents too: Tunisie : title, with a space that does not break."""
    assert with_colon("en", "Tunisia", "Report") == "Tunisia: Report"
    assert with_colon("ro", "Tunisia", "Raport") == "Tunisia: Raport"
    assert re.fullmatch("Tunisie[\u00a0\u202f]: Rapport", with_colon("fr", "Tunisie", "Rapport"))


@pytest.mark.parametrize("code", CATALOGUES)
def test_every_definition_of_a_migrant_has_its_words(code: str) -> None:
    t = language(code)
    for definition in PRESETS.values():
        t(definition.text)
    assert not t.unknown
