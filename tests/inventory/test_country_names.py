"""Golden: codes and names of ISO 3166-1, UN M49 and four languages name the country that the
standard gives them; what is merely similar names none.
"""

import pytest

from mismes_eval.inventory.country_names import Countries, countries_of, country

pytestmark = pytest.mark.golden


@pytest.mark.parametrize(
    ("written", "code"),
    [
        # alpha-2, alpha-3 and number of ISO 3166-1 (the numbers are those of UN M49)
        ("AM", "ARM"),
        ("geo", "GEO"),
        ("504", "MAR"),
        (788.0, "TUN"),
        (51, "ARM"),
        ("NA", "NAM"),
        # ISO 3166-1 short and official names, English and French
        ("Moldova (the Republic of)", "MDA"),
        ("Moldova, Republic of", "MDA"),
        ("Kingdom of Morocco", "MAR"),
        ("République tunisienne", "TUN"),
        ("Korea, Republic of", "KOR"),
        ("Republic of China", "TWN"),
        ("Congo, Democratic Republic of the", "COD"),
        ("R\u00e9publique de Moldova", "MDA"),
        ("Iran (Islamic Republic of)", "IRN"),
        ("Netherlands (the)", "NLD"),
        # Unicode CLDR, German, Spanish, Russian, Arabic, Romanian
        ("Marokko", "MAR"),
        ("T\u00fanez", "TUN"),
        ("\u0410\u0440\u043c\u0435\u043d\u0438\u044f", "ARM"),
        ("\u062a\u0648\u0646\u0633", "TUN"),
        ("G\u00e9orgie", "GEO"),
        # spellings of every day
        ("C\u00f4te d\u2019Ivoire", "CIV"),
        ("The Gambia", "GMB"),
        ("St. Lucia", "LCA"),
        ("Kosovo*", "XKX"),
        ("EL", "GRC"),
        # forms of state in other languages; a name with its code
        ("Республика Молдова", "MDA"),
        ("Молдавия", "MDA"),
        ("Republica Armenia", "ARM"),
        ("Republik Moldau", "MDA"),
        ("Республика Китай", "TWN"),
        ("République kirghize", "KGZ"),
        ("Armenia (AM)", "ARM"),
        ("Armenia [ARM]", "ARM"),
        ("ARM - Armenia", "ARM"),
        ("498: Moldova", "MDA"),
        ("Moldova*", "MDA"),
        ("Congo, Dem. Rep.", "COD"),
        ("Korea, Rep.", "KOR"),
        ("Rep. of Moldova", "MDA"),
        ("Moldavian SSR", "MDA"),
        ("Za\u00efre", "COD"),
        ("\u0411\u0435\u043b\u043e\u0440\u0443\u0441\u0441\u0438\u044f", "BLR"),
        ("Haute-Volta", "BFA"),
        ("Moldau", "MDA"),
        ("R. Moldova", "MDA"),
        ("C\u00f4te d`Ivoire", "CIV"),
        ("Kosovo (under UNSCR 1244/99)", "XKX"),
        ("[MD] Moldova", "MDA"),
        ("498 Moldova", "MDA"),
        ("Georgia (country)", "GEO"),
        ("RDC", "COD"),
    ],
)
def test_one_country(written, code):
    assert country(written) == code


@pytest.mark.parametrize(
    "written", ["", None, "Atlantis", "Moldov", "Yugoslavia", "999", "XX", "4980", "Georgia (US)"]
)
def test_no_country(written):
    assert country(written) == ""


def test_countries_with_commas_and_with_and():
    found = countries_of("Armenia, Moldova, Republic of, Bosnia and Herzegovina and Atlantis")
    assert found.codes == ("ARM", "MDA", "BIH") and found.unread == ("Atlantis",)
    for together in ("Moldova și Georgia", "Молдова и Грузия", "Moldova ve Gürcistan"):
        assert countries_of(together).codes == ("MDA", "GEO")
    assert countries_of("Босния и Герцеговина").codes == ("BIH",)
    assert countries_of("Trinidad and Tobago").codes == ("TTO",)
    assert countries_of("MD;MD;GE").codes == ("MDA", "GEO")
    assert countries_of("Moldova | Georgia | n/a") == Countries(("MDA", "GEO"))
    assert countries_of("N/A") == countries_of(" - ") == Countries(())


@pytest.mark.parametrize(
    "written",
    [
        *("MD GE", "MDA+GEO", "Moldova - Georgia", "Moldova \u2022 Georgia", "; Moldova; Georgia;"),
        *("Moldova, and Georgia", "Moldova-Georgia", "Moldova\tGeorgia", "Moldova\u3001Georgia"),
    ],
)
def test_countries_with_other_marks_between(written):
    assert countries_of(written) == Countries(("MDA", "GEO"))


@pytest.mark.parametrize(
    "written", ["Georgia, USA", "Atlanta, Georgia, United States", "G\u00e9orgie, \u00c9tats-Unis"]
)
def test_what_may_be_a_part_of_a_country_is_not_read_as_two(written):
    assert countries_of(written) == Countries((), (written,))
    assert countries_of(f"Moldova; {written}") == Countries(("MDA",), (written,))


@pytest.mark.parametrize(
    "written", ["GE, US", "Georgia; USA", "Georgia and USA", "USA, Georgia", "Georgia/USA"]
)
def test_a_list_with_georgia_is_read(written):
    assert set(countries_of(written).codes) == {"GEO", "USA"}
    assert countries_of("Georgia, USA", ",").codes == ("GEO", "USA")
    assert countries_of("Moldova, Georgia, USA").codes == ("MDA", "GEO", "USA")


@pytest.mark.parametrize("written", ["GE - Moldova", "MD GE XX", "Moldova 1", "Moldova:40"])
def test_a_cell_that_says_two_things_or_more_than_countries_is_not_read(written):
    assert countries_of(written) == Countries((), (written,))


@pytest.mark.parametrize(
    ("written", "moldova"),
    [
        ("Moldova 40%, Georgia 60%", 40.0),
        ("60% G\u00e9orgie et 40 % Moldavie", 40.0),
        ("Moldova, Republic of (40,5 %); Georgia (59,5 %)", 40.5),
        ("Moldova 40,5%, Georgia 59,5%", 40.5),
        ("MDA:40;GEO:60", 40.0),
        ("MDA:40,GEO:60", 40.0),
        ("498 : 40 | 268 : 60", 40.0),
        ("MDA=0,4; GEO=0,6", 40.0),
        ("MDA 15%; Moldova 25%; GEO 60%", 40.0),
        ("Moldova - 40 pour cent\nGeorgia - 60 pour cent", 40.0),
    ],
)
def test_percentages_beside_countries(written, moldova):
    found = countries_of(written)
    assert set(found.codes) == {"MDA", "GEO"} and not found.unread
    assert found.percentages == pytest.approx({"MDA": moldova, "GEO": 100 - moldova})


def test_percentages_with_a_stated_separator():
    assert countries_of("MDA:40;GEO:60", ";").percentages == {"MDA": 40.0, "GEO": 60.0}
    assert countries_of("Moldova 40,5%,Georgia 59,5%", ",").percentages["MDA"] == 40.5
    assert countries_of("Moldova 40% / Georgia 60%", ";").unread == ("Moldova 40% / Georgia 60%",)
    assert countries_of("Moldova 40%, Atlantis 60%").unread == ("Atlantis 60%",)
    assert not countries_of("498;268").percentages
