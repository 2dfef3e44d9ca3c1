"""Property: a submission is taken in whole or not at all; identifiers are never given twice; no
record is lost without a line in the log.
"""

import hashlib
import os
from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from mismes_eval import inventory
from mismes_eval.cli import main
from mismes_eval.errors import InputError

pytestmark = pytest.mark.property

ON = date(2026, 5, 4)


@pytest.fixture
def repository(write, measure):
    rows = [
        measure(1, title_en="SYNTHETIC job fair for returnees", iati_id="XM-1", benef_women=""),
        measure(7, title_en="SYNTHETIC legal aid abroad", title_orig="=not a formula?"),
    ]
    return write(rows)


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    return inventory.workbook(tmp_path_factory.mktemp("empty") / "empty.xlsx")


@pytest.fixture
def submitted(tmp_path, measure, empty):
    def made(rows, name="sent.xlsx"):
        records = [{**measure(1), "measure_id": "", **row} for row in rows]
        book = openpyxl.load_workbook(empty)
        sheet = book["measures"]
        heads = {cell.value: cell.column for cell in sheet[1]}
        numbers = {c.name for c in inventory.template().columns if c.kind in ("int", "float")}
        for place, record in enumerate(records, start=2):
            for column, value in record.items():
                if value != "":
                    typed = float(value) if column in numbers else value
                    sheet.cell(place, heads[column]).value = typed
        book.save(tmp_path / name)
        return tmp_path / name

    return made


def whats(error):
    return [p.what for p in error.value.problems]


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.whole
def test_new_records_get_the_next_numbers_and_the_old_ones_stay(repository, submitted):
    before = pd.read_csv(repository, dtype=str, keep_default_na=False)
    rows = [{"title_en": "SYNTHETIC grants"}, {"title_en": "SYNTHETIC hotline", "country": "GEO"}]
    given = inventory.submit(submitted(rows), repository)
    assert given.ids == ("MDA-008", "GEO-001") and given.pairs.empty
    log = inventory.accept(given, on=ON)
    after = pd.read_csv(repository, dtype=str, keep_default_na=False)
    assert after["measure_id"].tolist() == ["MDA-001", "MDA-007", "MDA-008", "GEO-001"]
    for column in before.columns.intersection(after.columns):
        assert after[column].tolist()[:2] == before[column].tolist(), column
    assert log["action"].tolist() == ["added", "added"] and set(log["taken_on"]) == {"2026-05-04"}
    assert len(inventory.read(repository)) == 4


@pytest.mark.whole
def test_a_file_is_taken_in_once_and_its_numbers_are_not_given_again(repository, submitted):
    sent = submitted([{"title_en": "SYNTHETIC grants"}])
    inventory.accept(inventory.submit(sent, repository), on=ON)
    with pytest.raises(InputError) as error:
        inventory.submit(sent, repository)
    assert whats(error) == ["the submission was taken in before"]
    table = pd.read_csv(repository, dtype=str, keep_default_na=False)
    table[table["measure_id"] != "MDA-008"].to_csv(repository, index=False)
    other = submitted([{"title_en": "SYNTHETIC loans"}], "other.xlsx")
    assert inventory.submit(other, repository).ids == ("MDA-009",)


@pytest.mark.whole
def test_probable_duplicates_must_be_decided(repository, submitted):
    rows = [
        {"title_en": "SYNTHETIC fair for jobs of returnees", "iati_id": "XM-1"},
        {"title_en": "SYNTHETIC legal aid abroad", "benef_women": "1"},
    ]
    given = inventory.submit(submitted(rows), repository)
    expected = {("MDA-001", "MDA-008"), ("MDA-007", "MDA-009")}
    assert set(zip(given.pairs["keep"], given.pairs["drop"], strict=True)) == expected
    unchanged = digest(repository)
    with pytest.raises(InputError) as error:
        inventory.accept(given, on=ON)
    assert whats(error) == ["a probable duplicate without a decision"] * 2
    assert digest(repository) == unchanged
    assert not repository.with_name("intake_log.csv").exists()


@pytest.mark.whole
def test_a_merge_fills_what_is_empty_and_logs_what_it_leaves(repository, submitted, tmp_path):
    rows = [
        {"title_en": "SYNTHETIC job fair for returnees", "benef_women": "33", "budget_total": "9"}
        | {"budget_eur": "9", "cost_overhead": "", "cost_direct": "1"},
        {"title_en": "SYNTHETIC legal aid abroad", "parent_id": "MDA-001"},
    ]
    given = inventory.submit(submitted(rows), repository)
    table = pd.read_csv(given.to_decide(tmp_path / "decide.csv"), dtype=str)
    table["decision"] = table["keep"].map({"MDA-001": "SAME", "MDA-007": "DIFFERENT"})
    table["decided_by"], table["decided_on"], table["reason"] = "ab", "2026-05-04", "checked"
    table.to_csv(tmp_path / "decide.csv", index=False)
    log = inventory.accept(given, on=ON, decisions=tmp_path / "decide.csv").set_index("measure_id")
    expected = ["merged", "MDA-001", "ab"]
    assert log.loc["MDA-008", ["action", "into", "decided_by"]].tolist() == expected
    assert "benef_women" in log.loc["MDA-008", "filled"]
    for left in ("budget_total: 9", "cost_direct: 1"):  # a cost of another budget
        assert left in log.loc["MDA-008", "not_taken_over"]
    assert log.loc["MDA-009", ["action", "reason"]].tolist() == ["added", "not MDA-007"]
    frame = inventory.read(repository).frame.set_index("measure_id")
    assert list(frame.index) == ["MDA-001", "MDA-007", "MDA-009"]
    assert frame.loc["MDA-001", ["benef_women", "benef_reached"]].tolist() == [33, 200]


@pytest.mark.whole
def test_two_submissions_at_once_lose_nothing(repository, submitted):
    """Both were read before either was taken in: the second is read again, with other numbers."""
    files = [
        submitted([{"title_en": "SYNTHETIC grants"}], "one.xlsx"),
        submitted([{"title_en": "SYNTHETIC hotline"}], "two.xlsx"),
    ]
    first, second = (inventory.submit(file, repository) for file in files)
    inventory.accept(first, on=ON)
    state = digest(repository)
    with pytest.raises(InputError) as error:
        inventory.accept(second, on=ON)
    assert whats(error) == ["the repository has changed since the submission was read"]
    assert digest(repository) == state
    again = inventory.submit(files[1], repository)
    assert first.ids == second.ids == ("MDA-008",) and again.ids == ("MDA-009",)
    inventory.accept(again, on=ON)
    titles = inventory.read(repository).frame["title_en"].tolist()
    assert titles[-2:] == ["SYNTHETIC grants", "SYNTHETIC hotline"]


@pytest.mark.whole
@pytest.mark.parametrize("written", [1, 2])
def test_a_crash_in_the_middle_is_mended(repository, submitted, monkeypatch, written):
    """The power fails before the repository is in place, or between repository and log."""
    file = submitted([{"title_en": "SYNTHETIC grants"}])
    given, before = inventory.submit(file, repository), digest(repository)
    put, done = os.replace, []

    def fails(source, target):
        done.append(target)
        if len(done) == written:
            raise KeyboardInterrupt
        put(source, target)

    monkeypatch.setattr(os, "replace", fails)
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)  # nothing is tidied up either
    with pytest.raises(KeyboardInterrupt):
        inventory.accept(given, on=ON)
    monkeypatch.undo()
    assert (digest(repository) == before) == (written == 1)
    if written == 1:
        inventory.accept(inventory.submit(file, repository), on=ON)
    with pytest.raises(InputError, match="taken in before"):
        inventory.submit(file, repository)
    log = pd.read_csv(repository.with_name("intake_log.csv"))
    assert log["measure_id"].tolist() == ["MDA-008"]
    assert inventory.read(repository).frame["measure_id"].tolist()[-1] == "MDA-008"
    assert not list(repository.parent.glob(".intake_log.*"))


@pytest.mark.whole
def test_decisions_on_another_state_of_the_repository_are_refused(repository, submitted, tmp_path):
    sent = submitted([{"title_en": "SYNTHETIC job fair for returnees"}])
    given = inventory.submit(sent, repository)
    table = pd.read_csv(given.to_decide(tmp_path / "decide.csv"), dtype=str)
    table["decision"], table["decided_by"], table["title_drop"] = "SAME", "ab", "another"
    table.to_csv(tmp_path / "decide.csv", index=False)
    with pytest.raises(InputError) as error:
        inventory.accept(given, on=ON, decisions=tmp_path / "decide.csv")
    assert whats(error) == ["a decision on another record"]


@pytest.mark.whole
@pytest.mark.parametrize(
    ("row", "why"),
    [
        # under another name: one implementer, one start, one budget
        ({"title_en": "SYNTHETIC welcome desk"}, "another title, same implementer"),
        # the same in Romanian
        ({"title_en": "SYNTHETIC x", "title_orig": "SYNTHETIC târg de joburi"}, "another language"),
        ({"title_en": "SYNTHETIC job fair 2019", "implementer_name": "B"}, "another year"),
        ({"title_en": "SYNTHETIC welcome desk", "iati_id": "XM-1"}, "same IATI identifier"),
    ],
)
def test_a_duplicate_by_another_name_is_probable(write, measure, submitted, row, why):
    there = measure(1, title_en="SYNTHETIC job fair 2018", title_orig="SYNTHETIC târg de joburi")
    there |= {"implementer_name": "Agency A", "iati_id": "XM-1"}
    other = measure(7, title_en="SYNTHETIC legal aid abroad", implementer_name="C")
    repository = write([there, other])
    given = inventory.submit(submitted([{"implementer_name": "Agency A"} | row]), repository)
    (pair,) = given.pairs.to_dict("records")
    assert (pair["keep"], pair["drop"]) == ("MDA-001", "MDA-008") and why in pair["why"]


@pytest.mark.whole
@pytest.mark.parametrize("ending", [b"\n", pytest.param(b"\r\n", marks=pytest.mark.slow)])
def test_undoing_gives_the_bytes_that_were_there(repository, submitted, ending):
    """A byte order mark, line ends, columns that are empty, a number as somebody wrote it."""
    table = pd.read_csv(repository, dtype=str, keep_default_na=False).assign(notes="", coder="")
    table["budget_total"] = "100000.0"
    written = table.to_csv(index=False).encode().replace(b"\n", ending)
    repository.write_bytes(b"\xef\xbb\xbf" + written)
    states = [digest(repository)]
    for number in (1, 2):
        fair = {"title_en": "SYNTHETIC job fair for returnees", "national_partner": f"N{number}"}
        given = inventory.submit(submitted([fair], f"{number}.xlsx"), repository)
        inventory.accept(
            given, on=ON, decisions=given.pairs.assign(decision="SAME", decided_by="a")
        )
        assert {"notes", "coder", "national_partner"} <= set(pd.read_csv(repository))
        states.append(digest(repository))
    for state in states[1::-1]:
        inventory.undo(repository, on=ON, decided_by="ab", reason="a draft")
        assert digest(repository) == state


@pytest.mark.whole
def test_the_last_submission_can_be_undone(repository, submitted, tmp_path):
    first = submitted([{"title_en": "SYNTHETIC grants"}], "first.xlsx")
    inventory.accept(inventory.submit(first, repository), on=ON)
    state = digest(repository)
    fair = {"title_en": "SYNTHETIC job fair for returnees", "benef_women": "33"}
    second = submitted([fair, {"title_en": "SYNTHETIC hotline"}], "second.xlsx")
    given = inventory.submit(second, repository)
    decisions = given.pairs.assign(decision="SAME", decided_by="ab")
    inventory.accept(given, on=ON, decisions=decisions)
    filled = inventory.read(repository).frame.set_index("measure_id")
    assert filled.loc["MDA-001", "benef_women"] == 33 and "MDA-010" in filled.index
    told = {"on": ON, "decided_by": "ab", "reason": "a draft"}
    log = inventory.undo(repository, **told)
    assert log["measure_id"].tolist() == ["MDA-009", "MDA-010"]
    assert digest(repository) == state
    assert inventory.submit(second, repository).ids == ("MDA-011", "MDA-012")
    table = pd.read_csv(repository, dtype=str, keep_default_na=False)
    table["title_en"] = table["title_en"].replace("SYNTHETIC grants", "SYNTHETIC loans")
    table.to_csv(repository, index=False)
    with pytest.raises(InputError, match="changed after it was taken in"):
        inventory.undo(repository, **told)
    repository.with_name("intake_log.csv").unlink()
    with pytest.raises(InputError, match="no submission to undo"):
        inventory.undo(repository, **told)


@pytest.mark.whole
@pytest.mark.parametrize(
    ("row", "what"),
    [
        ({"measure_id": "MDA-007"}, "an identifier that is taken"),
        ({"stage_code": "AFTER"}, "not a code"),
        ({"title_en": "@SUM(A1)"}, "a text that a spreadsheet would run"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(repository, submitted, row, what):
    before = digest(repository)
    with pytest.raises(InputError) as error:
        inventory.submit(submitted([row]), repository)
    assert what in whats(error)[0]
    assert digest(repository) == before
    assert not list(repository.parent.glob(".*"))


@pytest.mark.whole
def test_the_command(repository, submitted, capsys):
    sent = submitted([{"title_en": "SYNTHETIC job fair for returnees"}])
    words = ["inventory", "submit", str(sent), "--into", str(repository.parent), "--on"]
    words.append("2026-05-04")
    with pytest.raises(SystemExit) as stop:
        main([*words, "--dry-run"])
    assert stop.value.code == 0 and "MDA-008 looks like MDA-001" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2 and "--decisions" in capsys.readouterr().err
    decisions = sent.with_name("sent_decisions.csv")
    table = pd.read_csv(decisions, dtype=str)
    table["decision"], table["decided_by"] = "SAME", "ab"
    table.to_csv(decisions, index=False)
    filled_in = decisions.read_bytes()
    with pytest.raises(SystemExit):
        main(words)
    assert decisions.read_bytes() == filled_in and "--decisions" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stop:
        main([*words, "--decisions", str(decisions)])
    assert stop.value.code == 0
    assert "record 1: MDA-008 merged into MDA-001" in capsys.readouterr().out
    assert len(inventory.read(repository)) == 2
