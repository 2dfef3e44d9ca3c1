"""Last quarter's report and this one, with one person between them: what the two tell together is
attacked with published files alone, said where the earlier one only stands there, and stopped where
it was named as published.
"""

from __future__ import annotations

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
