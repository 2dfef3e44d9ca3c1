"""Last quarter's report and this one, with one person between them: what the two tell together is
attacked with published files alone, said where the earlier one only stands there, and stopped where
it was named as published.
"""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from mismes_eval.errors import ParamsError
from mismes_eval.report.factory.execute import beside_earlier
from mismes_eval.report.factory.orders import Failed
from mismes_eval.report.trust.differencing import differences


def published(folder: Path, country: str = "MDA", **numbers: float | None) -> Path:
    """A report folder with one cell a name, as `finish` writes it."""
    folder.mkdir(parents=True)
    cells = [
        {"table": "T07", "row": row, "column": "employed", "value": 0.5, "n": n}
        for row, n in numbers.items()
    ]
    record = {"country": country, "estimates": cells}
    (folder / "estimates.json").write_text(json.dumps(record), encoding="utf-8")
    (folder / "MANIFEST.json").write_text("{}", encoding="utf-8")
    return folder


def test_a_person_between_two_reports_is_seen(tmp_path: Path) -> None:
    earlier = published(tmp_path / "then", women=40, men=60, youth=12, old=None)
    now = published(tmp_path / "now", women=41, men=60, youth=22, old=11)
    (found,) = differences(earlier, now, 10)
    assert (found.row, found.earlier, found.now) == ("women", 40, 41)
    assert differences(now, now, 10) == []


@pytest.mark.parametrize("change", [1, 9, -1, -9])
def test_fewer_than_a_cell_may_have_are_seen_either_way(tmp_path: Path, change: int) -> None:
    earlier, now = published(tmp_path / "a", x=50), published(tmp_path / "b", x=50 + change)
    assert len(differences(earlier, now, 10)) == 1
    assert differences(earlier, now, abs(change)) == []


def test_another_country_and_no_report_are_refused(tmp_path: Path) -> None:
    now = published(tmp_path / "now", x=50)
    with pytest.raises(ParamsError, match="another country"):
        differences(published(tmp_path / "tun", country="TUN", x=49), now, 10)
    with pytest.raises(ParamsError, match="cannot be read"):
        differences(tmp_path / "nowhere", now, 10)


def test_an_earlier_publication_that_is_named_stops_the_report(tmp_path: Path) -> None:
    earlier, now = published(tmp_path / "then", x=50), published(tmp_path / "now", x=51)
    order = SimpleNamespace(earlier=earlier)
    with pytest.raises(Failed) as failed:
        beside_earlier(order, now, tmp_path / "final", 10)  # type: ignore[arg-type]
    (problem,) = failed.value.problems
    assert "T07 / x / employed (50 then, 51 now)" in problem.got and "1 cells" in problem.got
    order = SimpleNamespace(earlier=now)
    assert beside_earlier(order, now, tmp_path / "final", 10) == []  # type: ignore[arg-type]


def test_one_that_only_stands_there_is_said(tmp_path: Path) -> None:
    order = SimpleNamespace(earlier=None)
    now = published(tmp_path / "now", x=51)
    assert beside_earlier(order, now, tmp_path / "final", 10) == []  # type: ignore[arg-type]
    final = published(tmp_path / "final", x=50)
    (said,) = beside_earlier(order, now, final, 10)  # type: ignore[arg-type]
    assert "earlier publication" in said.what and str(final) == said.where
    other = published(tmp_path / "other", country="TUN", x=50)
    assert beside_earlier(order, now, other, 10) == []  # type: ignore[arg-type]


def table(folder: Path, *columns: dict[str, int | None]) -> Path:
    """A report of one table with columns c0, c1, ...; the first shows which rows add up."""
    folder.mkdir(parents=True)
    cells = [
        {"table": "T07", "row": row, "column": f"c{k}", "value": None if n is None else 0.5, "n": n}
        for k, column in enumerate(columns)
        for row, n in column.items()
    ]
    record = {"country": "MDA", "estimates": cells}
    (folder / "estimates.json").write_text(json.dumps(record), encoding="utf-8")
    return folder


def rows(*numbers: int | None) -> dict[str, int | None]:
    return dict(zip(("north", "south", "east", "all"), numbers, strict=True))


EVERYBODY = rows(110, 200, 300, 610)


@pytest.mark.parametrize(
    ("then", "now", "told"),
    [
        # the total less the shown parts: one person came into the hidden part
        (rows(50, None, 60, 115), rows(74, None, 60, 140), [("south", 5, 6)]),
        # two hidden parts together
        (rows(50, None, None, 115), rows(74, None, None, 141), [("south + east", 65, 67)]),
        # hidden in one of the two only
        (rows(50, 5, 60, 115), rows(74, None, 60, 140), [("south", 5, 6)]),
        # a total that is hidden, and is the same in both; one that moves by one person
        (rows(50, 20, None, None), rows(50, 20, None, None), []),
        # nothing changed but what is hidden: each shows what the other hides
        (rows(None, None, 60, 115), rows(50, None, None, 115), [("south", 5, 5)]),
        (rows(None, None, 60, 115), rows(None, None, 60, 115), []),
        # enough persons came
        (rows(50, None, 60, 115), rows(74, None, 60, 160), []),
        (rows(50, None, 60, 130), rows(74, None, 60, 174), []),
    ],
)
def test_sums_of_two_publications_are_sought(
    then: dict[str, int | None],
    now: dict[str, int | None],
    told: list[tuple[str, int, int]],
    tmp_path: Path,
) -> None:
    earlier = table(tmp_path / "then", EVERYBODY, then)
    later = table(tmp_path / "now", EVERYBODY, now)
    got = [(d.row, d.earlier, d.now) for d in differences(earlier, later, 10)]
    assert got == told
    assert all(d.column == "c1" for d in differences(earlier, later, 10))


def test_a_sum_with_nobody_in_a_part_is_learned(tmp_path: Path) -> None:
    """0 is printed where nobody is, so that the sum is known; it tells of a part with few."""
    everybody = rows(110, 0, 300, 410)
    earlier = table(tmp_path / "then", everybody, rows(50, None, 60, 115))
    later = table(tmp_path / "now", everybody, rows(74, None, 60, 140))
    (found,) = differences(earlier, later, 10)
    assert (found.row, found.earlier, found.now) == ("south", 5, 6)


@pytest.mark.parametrize(
    ("then", "now", "told"),
    [
        # the parts in one, the whole in the other, nothing in both
        (rows(50, None, 60, None), rows(None, None, None, 115), ["south"]),
        (rows(50, None, 60, None), rows(None, None, None, 140), []),
        (rows(50, 0, 60, None), rows(None, None, None, 115), []),
        (rows(50, None, None, None), rows(None, None, 60, 115), ["south"]),
    ],
)
def test_the_whole_in_one_and_its_parts_in_the_other(
    then: dict[str, int | None], now: dict[str, int | None], told: list[str], tmp_path: Path
) -> None:
    earlier = table(tmp_path / "then", EVERYBODY, then)
    later = table(tmp_path / "now", EVERYBODY, now)
    assert [d.row for d in differences(earlier, later, 10)] == told


Place = tuple[str, str, str]
WHOLE = ("T07", "sex: men", "returnees")
ASKED = ("T10", "any measure", "returnees who took part")
ELSE = ("T08", "employed", "returnees")


def cells(folder: Path, numbers: dict[Place, int | None], **how: object) -> Path:
    """A report of cells with their numbers of persons; how: further fields of every cell."""
    folder.mkdir(parents=True)
    made = [
        {"table": t, "row": r, "column": c, "value": 0.5, "n": n, **how}
        for (t, r, c), n in numbers.items()
    ]
    record = {"country": "MDA", "estimates": made}
    (folder / "estimates.json").write_text(json.dumps(record), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("then", "now", "told"),
    [
        # a base in the one, those of it who were asked in the other
        ({WHOLE: 62, ASKED: None, ELSE: 40}, {WHOLE: None, ASKED: 58, ELSE: 40}, [(62, 58)]),
        ({WHOLE: None, ASKED: 58, ELSE: 40}, {WHOLE: 62, ASKED: None, ELSE: 40}, [(58, 62)]),
        # a table that was left out of the one, and another out of the other
        ({WHOLE: 62}, {ASKED: 58}, [(62, 58)]),
        ({WHOLE: 62, ELSE: 40}, {ASKED: 58, ELSE: 40}, [(62, 58)]),
        # enough persons between; all the same; others came meanwhile
        ({WHOLE: 62}, {ASKED: 52}, []),
        ({WHOLE: 62}, {ASKED: 62}, []),
        ({WHOLE: 62, ELSE: 40}, {ASKED: 58, ELSE: 60}, []),
        # other people by their name; men and women
        ({WHOLE: 62}, {("T10", "any measure", "residents"): 58}, []),
        ({WHOLE: 62}, {("T07", "sex: women", "returnees"): 58}, []),
        # both were in the earlier one: nothing is new
        ({WHOLE: 62, ASKED: 58}, {WHOLE: None, ASKED: 58}, []),
        ({WHOLE: 62, ("T10", "one", ASKED[2]): 58}, {("T10", "two", ASKED[2]): 58}, []),
        # a label that is set otherwise
        ({("T08", "taux d'emploi", "x"): 62}, {("T08", "taux d\u2019emploi", "x"): 63}, [(62, 63)]),
        ({("T08", "taux d'emploi", "x"): 62}, {("T08", "taux d\u2019emploi", "x"): 62}, []),
    ],
)
def test_bases_that_hold_others_are_sought(
    then: dict[Place, int | None],
    now: dict[Place, int | None],
    told: list[tuple[int, int]],
    tmp_path: Path,
) -> None:
    earlier, later = cells(tmp_path / "then", then), cells(tmp_path / "now", now)
    assert [(d.earlier, d.now) for d in differences(earlier, later, 10)] == told


def test_an_n_beside_a_value_that_is_not_shown_is_known(tmp_path: Path) -> None:
    earlier = cells(tmp_path / "then", {WHOLE: 62}, value=None, status="unreliable")
    later = cells(tmp_path / "now", {WHOLE: 63}, value=None, status="unreliable")
    assert [(d.earlier, d.now) for d in differences(earlier, later, 10)] == [(62, 63)]


def test_a_count_of_persons_is_one_and_other_counts_are_not(tmp_path: Path) -> None:
    def counts(name: str, value: float, unit: str) -> Path:
        folder = tmp_path / f"{name}-{unit}"
        return cells(folder, {ELSE: None}, value=value, kind="count", unit=unit)

    found = differences(counts("then", 62.0, "persons"), counts("now", 63.0, "persons"), 10)
    assert [(d.earlier, d.now) for d in found] == [(62, 63)]
    assert differences(counts("then", 8.0, "number"), counts("now", 9.0, "number"), 10) == []


def test_an_n_of_measures_is_no_number_of_persons(tmp_path: Path) -> None:
    cost = {"value": 580.0, "kind": "count", "unit": "EUR"}
    earlier, later = (cells(tmp_path / f"{n}", {WHOLE: n}, **cost) for n in (7, 8))
    assert differences(earlier, later, 10) == []


def test_columns_that_add_up_are_sought_as_rows_are(tmp_path: Path) -> None:
    def across(folder: Path, women: int | None, both: int) -> Path:
        columns = [{"all": 40, "old": 50}, {"all": 50, "old": women}, {"all": 90, "old": both}]
        return table(folder, *columns)  # type: ignore[arg-type]

    earlier, later = across(tmp_path / "then", 20, 70), across(tmp_path / "now", None, 80)
    assert differences(earlier, later, 10) == []  # ten more
    later = across(tmp_path / "later", None, 70)
    assert differences(earlier, later, 10) == []  # nobody more: its number is the earlier one
    (found,) = differences(earlier, across(tmp_path / "last", None, 73), 10)[:1]
    assert found.row == "old" and found.now - found.earlier == 3


def test_sums_by_chance_are_not_believed(tmp_path: Path) -> None:
    """What adds up in one publication only, or is contradicted in the column, is no relation."""
    earlier = table(tmp_path / "then", EVERYBODY, rows(50, None, 60, 115))
    later = table(tmp_path / "now", rows(110, 200, 300, 700), rows(74, None, 60, 140))
    assert differences(earlier, later, 10) == []
    later = table(tmp_path / "third", EVERYBODY, rows(174, None, 60, 140))
    assert [d.row for d in differences(earlier, later, 10)] == []


# rows of one table and of 722 persons, as one publication and the next show them: the employment
# rate of a survey in which one returnee of 1.4 average weights stopped working moved like this
STANDING = {f"row {k}": 0.1 * k for k in range(1, 9)}


def shares(folder: Path, values: dict[str, float | None], n: int | None = 722, **how: str) -> Path:
    """A report of one column of values, each with the error that a share of n persons has."""
    folder.mkdir(parents=True)
    cells = [
        {"table": "T08", "row": row, "column": "returnees", "value": value, "n": n, "se": 0.01}
        | {"kind": "proportion", "unit": "share", **how}
        for row, value in values.items()
    ]
    record = {"country": "MDA", "estimates": cells}
    (folder / "estimates.json").write_text(json.dumps(record), encoding="utf-8")
    return folder


def moved(persons: dict[str, float], every: float = 0.0) -> dict[str, float | None]:
    """The rows with some moved by so many persons, and all others by `every`."""
    return {row: v + persons.get(row, every) / 722 for row, v in STANDING.items()}


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ({}, []),
        ({"row 3": 1.4}, ["row 3"]),
        ({"row 3": -0.2}, ["row 3"]),  # a person of small weight
        ({"row 3": 2.4, "row 7": -2.4}, ["row 3", "row 7"]),  # from one region to another
        ({"row 3": 9.9}, ["row 3"]),
        ({"row 3": 10.1}, []),  # enough persons
    ],
)
def test_a_value_that_one_person_moved_is_seen(
    now: dict[str, float], told: list[str], tmp_path: Path
) -> None:
    """Nobody came or went: the numbers of persons say nothing."""
    earlier, later = shares(tmp_path / "then", moved({})), shares(tmp_path / "now", moved(now))
    found = differences(earlier, later, 10)
    assert [d.row for d in found] == told
    assert all(f"moved by {abs(now[d.row]):.1f} of 722 persons" in str(d) for d in found)


@pytest.mark.parametrize(
    ("now", "every", "told"),
    [
        ({}, 0.15, []),  # new margins, the same answers: all move
        ({"row 3": 0.6}, 0.15, []),  # some more than others
        ({"row 3": 2.4, "row 7": 2.3}, 0.03, ["row 3", "row 7"]),  # raked to the old margins again
    ],
)
def test_new_weights_are_no_edit(
    now: dict[str, float], every: float, told: list[str], tmp_path: Path
) -> None:
    earlier = shares(tmp_path / "then", moved({}))
    later = shares(tmp_path / "now", moved(now, every))
    assert [d.row for d in differences(earlier, later, 10)] == told


@pytest.mark.parametrize("kind", ["mean", "total", "quantile"])
def test_an_amount_that_one_person_moved_is_seen(kind: str, tmp_path: Path) -> None:
    earlier = shares(tmp_path / "then", moved({}), kind=kind)
    later = shares(tmp_path / "now", moved({"row 5": 0.5}), kind=kind)
    assert [d.row for d in differences(earlier, later, 10)] == ["row 5"]
    counts = [shares(tmp_path / f"c{k}", moved({"row 5": k}), kind="count") for k in (0.0, 0.5)]
    assert differences(*counts, 10) == []


def test_what_is_hidden_or_of_other_persons_has_not_moved(tmp_path: Path) -> None:
    earlier = shares(tmp_path / "then", moved({}))
    assert differences(earlier, shares(tmp_path / "more", moved({"row 5": 1}), n=790), 10) == []
    hidden = shares(tmp_path / "now", {**moved({}), "row 5": None})
    assert differences(earlier, hidden, 10) == []
    # an n that is not printed follows from a share and its error
    unsaid = [shares(tmp_path / f"n{k}", moved({"row 5": k}), n=None) for k in (0.0, 1.0)]
    assert [d.row for d in differences(*unsaid, 10)] == ["row 5"]
