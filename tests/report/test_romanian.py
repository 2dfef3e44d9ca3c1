"""Romanian reports are written as Romanian is: counts with "de" from 20 on, decimal comma and point
of thousands, letters with a comma below.
"""

import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from babel import Locale
from matplotlib.font_manager import findfont, get_font

from mismes_eval.message import Message, Quantity
from mismes_eval.report.country import CountryReport
from mismes_eval.report.document.blocks import Front, Heading, Manuscript, paragraph
from mismes_eval.report.document.language import Language, country_name, language, typeset
from mismes_eval.report.document.pdf import Printer, write_pdf

from .conftest import ENGLISH, WholeReport, texts

pytestmark = pytest.mark.whole

OF_PEOPLE = frozenset({"T05d", "T22"})  # tables of what a theory of change and a plan say
ROMANIAN_TOO = frozenset({"are", "estimate"})  # words of the English list
FRENCH = re.compile(
    r"(?<![\w./_-])(les|du|et|est|sont|dans|pour|avec|aux|une|qui|que|sans|leur|ont|été|mesures|taux"
    r"|personnes|emploi|écart|années?|mois|poids|effets?|échantillon|ménages?|enquêtes?)(?![\w_-])",
    re.IGNORECASE,
)
COUNTED = re.compile(
    r"(?<![\w.,:/-])(\d[\d.]*(?:,\d+)?)( de)? (persoane|măsuri|luni|puncte|regiuni|unități|intervale"
    r"|efecte|straturi|tabele|rânduri|covariabile|gospodării|modele|numere|grupuri)\b"
)
POINTS = {"percentage point": "punct procentual", "percentage points": "puncte procentuale"}


def test_numbers_and_dates_are_those_of_romanian() -> None:
    t = language("ro")
    assert t.number(1234567.891, 2) == "1.234.567,89"
    assert t.number(-3.25) == "−3,2"
    assert t("{x:.1%} and {n:,}", x=0.153, n=12345) == "15,3\u00a0% and 12.345"
    assert t.date(date(2023, 12, 31)) == "31 decembrie 2023"
    assert country_name("MDA", "ro") == "Republica Moldova"
    assert country_name("MDA", "fr") == "Moldavie"


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (0, "0 măsuri"),
        (1, "1 măsură"),
        (2, "2 măsuri"),
        (19, "19 măsuri"),
        (20, "20 de măsuri"),
        (100, "100 de măsuri"),
        (101, "101 măsuri"),
        (119, "119 măsuri"),
        (120, "120 de măsuri"),
        (1200, "1.200 de măsuri"),
        (1201, "1.201 măsuri"),
        (2019, "2.019 măsuri"),
        (-20, "−20 de măsuri"),
        ("1.200", "1.200 de măsuri"),
        ("1,5", "1,5 măsuri"),
    ],
)
def test_a_count_has_de_where_romanian_has_it(n: int | str, said: str) -> None:
    words = "{n:,} {n:=mesure}" if isinstance(n, int) else "{n} {n:=mesure}"
    to = words.replace("mesure", "măsură|măsuri|de măsuri")
    assert Language("ro", {words: to})(words, n=n) == said


@pytest.mark.parametrize(
    ("value", "digits", "said"),
    [
        (1.0, 0, "1 punct procentual"),
        (1.0, 1, "1,0 puncte procentuale"),
        (-5.25, 1, "−5,2 puncte procentuale"),
        (20.0, 0, "20 de puncte procentuale"),
        (20.5, 1, "20,5 puncte procentuale"),
        (119.0, 0, "119 puncte procentuale"),
        (1234.0, 0, "1.234 de puncte procentuale"),
    ],
)
def test_a_quantity_is_counted_as_it_is_shown(value: float, digits: int, said: str) -> None:
    t = Language("ro", {**POINTS, "{q} more": "{q} în plus"})
    many = Quantity(value, "percentage point", "percentage points", digits)
    assert t.quantity(many) == said
    assert t(Message("{q} more", {"q": many})) == f"{said} în plus"


def test_the_sign_of_a_currency_is_not_counted() -> None:
    assert language("ro").quantity(Quantity(5499.0, "EUR", "EUR", 0)) == "5.499 EUR"


def test_letters_have_a_comma_below_and_signs_their_spaces() -> None:
    once = typeset("ac\u0163iune \u015fi 12 % (-3,2)", "ro")
    assert once == "ac\u021biune \u0219i 12\u00a0% (−3,2)"
    assert typeset(once, "ro") == once


@pytest.fixture(scope="module")
def whole(whole_report: Callable[[str, str], WholeReport]) -> WholeReport:
    return whole_report("MDA", "ro")


@pytest.fixture(scope="module")
def report(whole: WholeReport) -> CountryReport:
    return whole.report


@pytest.mark.slow
def test_no_word_of_another_language_is_left(report: CountryReport) -> None:
    left = [
        (where, match[0], text)
        for where, text in texts(report)
        if where not in OF_PEOPLE and not text.endswith(("(în engleză)", "(titlul original)"))
        for words in (ENGLISH, FRENCH)
        for match in words.finditer(text)
        if match[0].lower() not in ROMANIAN_TOO
    ]
    assert not left, "\n".join(f"{w}: '{word}' in {text[:160]}" for w, word, text in left[:40])
    assert not report.session.language.unknown


@pytest.mark.slow
def test_letters_and_signs_are_those_of_romanian(report: CountryReport) -> None:
    wrong = re.compile(
        "[\u015e\u015f\u0162\u0163\u00e3]|\\w'\\w| '\\w|[0-9 ]%|(?<![\\w.)\\]%-])-\\d"
    )
    found = [
        (where, match[0], text)
        for where, text in texts(report)
        if where not in OF_PEOPLE
        for match in wrong.finditer(text)
    ]
    assert not found, "\n".join(f"{w}: {sign!r} in {text[:160]}" for w, sign, text in found[:40])


def miscounted(text: str) -> Iterator[str]:
    """Counts whose form is not that of their number: the plural of 1, "de" below 20 or none above."""
    for match in COUNTED.finditer(text):
        number = match[1].rstrip(".")
        shown = number.replace(".", "")
        form = "few" if "," in shown else Locale.parse("ro").plural_form(int(shown))
        if form != ("other" if match[2] else "few"):
            yield match[0]


@pytest.mark.slow
def test_every_count_of_a_report_has_its_form(report: CountryReport) -> None:
    said = [text for _, text in texts(report)]
    assert sum(len(COUNTED.findall(text)) for text in said) > 50
    assert not [(wrong, text[:160]) for text in said for wrong in miscounted(text)]


def test_a_wrong_form_of_a_count_is_found() -> None:
    wrong = "1 măsuri, 19 de luni, 20 persoane, 119 de puncte și 1.200 regiuni"
    assert len(list(miscounted(wrong))) == 5
    right = "2 măsuri, 24 de luni, 101 persoane, 20,5 puncte și 1.200 de regiuni"
    assert not list(miscounted(right))


@pytest.mark.slow
def test_the_page_and_the_workbook_are_romanian(whole: WholeReport) -> None:
    text = re.sub(r"<[^>]+>", " ", "\n".join(whole.pages.values()))
    assert "Rata de ocupare" in text
    assert re.search(r"\d,\d \(\d", text) and not re.search(r"\d\.\d{1,2} \(\d", text)
    book = openpyxl.load_workbook(whole.report.session.work / "tables.xlsx", read_only=True)
    assert book.sheetnames[0] == "Cuprins"
    head = [c.value for c in next(book["T08"].iter_rows(min_row=3, max_row=3))]
    assert head[:3] == ["Grup", "non-migranți", "non-migranți, eroare standard"]


LETTERS = "ăâîșțĂÂÎȘȚ„”"


def test_the_pdf_carries_the_letters_in_its_own_font(tmp_path: Path) -> None:
    """No other font steps in, and every letter is in the map from glyphs back to text."""
    pytest.importorskip("typst")
    front = Front("Republica Moldova", "Moldova", "raport", "ro", "r")
    blocks = (Heading(1, "Ocupare"), paragraph(LETTERS))
    told = Manuscript(front, blocks)
    write_pdf(tmp_path / "report.html", told, tmp_path / "report.pdf", Printer("typst"))
    read = (tmp_path / "report.pdf").read_bytes()
    for stream in re.finditer(rb"stream\r?\n(.*?)endstream", read, re.DOTALL):
        with suppress(zlib.error):
            read += zlib.decompress(stream[1])
    fonts = set(re.findall(rb"/BaseFont\s*/([\w+-]+)", read))
    assert fonts and all(b"LibertinusSerif" in font for font in fonts)
    mapped = read.upper()
    assert all(f"<{ord(letter):04X}>".encode() in mapped for letter in LETTERS)


def test_every_font_of_the_figures_has_the_letters() -> None:
    from_file = get_font(findfont("DejaVu Sans", fallback_to_default=False))
    assert all(from_file.get_char_index(ord(letter)) for letter in LETTERS)
