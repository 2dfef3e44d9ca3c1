"""`mismes map` asks, takes nothing that nobody said, and writes into the workbook what was said."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest
from click.testing import CliRunner, Result

from mismes_eval import frame as frames
from mismes_eval import lfs
from mismes_eval.cli import main
from mismes_eval.cli import map as mapping
from mismes_eval.errors import InputError, ParamsError
from mismes_eval.lfs.mapping_draft import Draft, open_draft
from mismes_eval.lfs.mapping_sheets import Answer
from mismes_eval.report.mapping_chooser import choose_mapping, mapping_of

SEX = {1: "Male", 2: "Female"}
MARITAL = {1: "Single", 2: "Married", 3: "Widowed", 8: "Unknown"}
ROWS = 40


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SYNTHETIC persons in a Stata file with labels, and a country begun with it."""
    folder = tmp_path_factory.mktemp("begun")
    frame = pd.DataFrame(
        {
            "C04_SEX": [1 + i % 2 for i in range(ROWS)],
            "C05_AGE": [20 + i for i in range(ROWS)],
            "C06_MSTAT": [(1, 2, 3, 8)[i % 4] for i in range(ROWS)],
            "PWGT": [100.5] * ROWS,
            "HH": [i // 2 for i in range(ROWS)],
            "WORK": [i % 3 for i in range(ROWS)],
        }
    )
    pyreadstat.write_dta(
        frame,
        str(folder / "lfs.dta"),
        column_labels=["C04-Sex", "C05-Age", "Marital status", "Weight", "", ""],
        variable_value_labels={"C04_SEX": SEX, "C06_MSTAT": MARITAL},
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("MISMES_DATA_ROOT", raising=False)
        with pytest.raises(SystemExit):
            main(["new", "PHL", "--lfs", "lfs.dta", "--year", "2020"])
    return folder


@pytest.fixture
def project(begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, to answer in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MISMES_DATA_ROOT", raising=False)
    return shutil.copytree(begun, tmp_path, dirs_exist_ok=True)


def asked(*lines: str, options: tuple[str, ...] = ()) -> Result:
    typed = "".join(f"{line}\n" for line in lines)
    return CliRunner().invoke(
        mapping.command, ["PHL", *options], input=typed, standalone_mode=False
    )


def book(project: Path) -> Path:
    return project / "data_raw" / "PHL" / "mapping.xlsx"


def draft(project: Path) -> Draft:
    return open_draft(book(project), frames.read(project / "lfs.dta", allowed=None))


@pytest.mark.whole
def test_nothing_is_taken_without_an_answer(project: Path) -> None:
    before = draft(project)
    assert not before.answers and {"weight", "male", "age", "marital"} <= set(before.offered)
    run = asked("", "", "")
    assert run.return_value == 2 and "open: " in run.output
    assert not draft(project).answers
    with pytest.raises(InputError, match="the mapping is empty"):
        lfs.read_mapping(book(project))


@pytest.mark.whole
def test_answers_are_counted_with_weights_and_stand_in_the_workbook(project: Path) -> None:
    first = [q.gld for q in draft(project).open]
    assert first[:4] == ["weight", "age", "male", "marital"]
    run = asked("y", "y", "y", "y", "DK", "q")
    assert "proposed" not in run.output and "(high: its name and its label)" in run.output
    assert "1 Male" in run.output and "becomes 1" in run.output
    assert "= 0: 20 rows, weighted 2,010 (50.0%)" in run.output
    assert "persons: 40 rows, 4,020 weighted" in run.output
    read = lfs.read_mapping(book(project))
    expected = {"weight": "PWGT", "age": "C05_AGE", "male": "C04_SEX", "marital": "C06_MSTAT"}
    assert read["columns"] == expected
    expected = {"male": {"1": "1", "2": "0"}, "marital": {"1": "2", "2": "1", "3": "5"}}
    assert read["recode"] == expected
    assert read["missing"] == {"marital": {"8": "DK"}}
    mapped = lfs.map_columns(frames.read(project / "lfs.dta", allowed=None).frame, read)
    assert mapped["male"].astype(float).sum() == ROWS / 2
    assert (mapped["marital_miss"] == "DK").sum() == ROWS / 4


@pytest.mark.whole
def test_the_next_call_goes_on_where_the_last_one_stopped(project: Path) -> None:
    asked("y", "n", "q")
    again = draft(project)
    assert again.answers["weight"].column == "PWGT" and again.answers["age"].absent
    assert [q.gld for q in again.open][:2] == ["male", "marital"]
    run = asked("y", "q")
    assert "] male: " in run.output and "] weight: " not in run.output
    assert set(lfs.read_mapping(book(project))["columns"]) == {"weight", "male"}  # type: ignore[call-overload]


@pytest.mark.whole
def test_another_column_a_factor_a_constant_and_put_off(project: Path) -> None:
    run = asked("PWGT * 0.5", "s", "?", "C04_SEX", "NOPE", "s", "q")
    assert "weighted" in run.output and "'NOPE' is no answer" in run.output
    read = lfs.read_mapping(book(project))
    assert read["units"] == {"weight": 0.5} and "age" not in read["columns"]  # type: ignore[operator]
    said = draft(project).answered(Answer("countrycode", constant="PHL"))
    said.save()
    assert lfs.read_mapping(book(project))["constants"] == {"countrycode": "PHL"}


@pytest.mark.whole
def test_a_code_that_the_template_has_not_is_asked_for(project: Path) -> None:
    """Without labels, 1 and 2 beside a 0 are codes of another list than the template's 1, 2, 3."""
    open_questions = [q.gld for q in draft(project).open]
    typed = ["s"] * open_questions.index("lstatus")
    run = asked(*typed, "WORK", "9", "1", "2", "WORK", "3", "1", "2", "q")
    assert "WORK = 0" in run.output and "no such code" in run.output
    read = lfs.read_mapping(book(project))
    assert read["recode"] == {"lstatus": {"0": "3", "1": "1", "2": "2"}}
    said = draft(project)
    assert said.undecided(said.meant("lstatus", "WORK; 0=NA_notapp")) == ()
    assert said.undecided(said.meant("lstatus", "WORK; 0..1=1")) == ("2",)


@pytest.mark.whole
def test_ranges_of_codes_stand_among_codes(project: Path) -> None:
    """A sheet of which nine cells in ten are numbers keeps its one range."""
    said = draft(project)
    work = {"lstatus": "WORK; 0..1=1, 2=3", "male": "y", "marital": "y; 8=DK"}
    said = said.answered_all(
        {**work, "school": "C05_AGE; " + ", ".join(f"{a}=1" for a in range(20, 60))}
    )
    said.save()
    assert lfs.read_mapping(book(project))["recode"]["lstatus"] == {"0..1": "1", "2": "3"}


def test_an_answer_that_cannot_be_meant_is_refused_whole(project: Path) -> None:
    begun = draft(project)
    for answer, words in (
        (Answer("nothing", "PWGT"), "no such GLD column"),
        (Answer("age", "NOPE"), "no such column"),
        (Answer("age", "C05_AGE", constant="3"), "both"),
        (Answer("age", "C05_AGE", factor="much"), "no number"),
        (Answer("male", "C04_SEX", codes={"1": "7", "2": "0"}), "no such code"),
        (Answer("male", "C04_SEX", codes={"1": "1"}), "nothing is said of"),
        (Answer("male", "C04_SEX", codes={"1": "1"}, reasons={"2": "WHY"}), "no such reason"),
        (Answer("lstatus", constant="8"), "no such code"),
    ):
        with pytest.raises(InputError, match=words):
            begun.answered(answer)
    assert not begun.answers


@pytest.mark.whole
def test_what_a_person_wrote_into_the_workbook_is_an_answer(project: Path) -> None:
    draft(project).answered(Answer("age", "C05_AGE")).save()
    assert lfs.read_mapping(book(project))["columns"] == {"age": "C05_AGE"}
    assert "age" not in {q.gld for q in draft(project).open}


@pytest.mark.whole
def test_json_asks_nothing_and_says_what_is_open(project: Path) -> None:
    asked("y", "q")
    before = book(project).read_bytes()
    run = asked(options=("--json",))
    told = json.loads(run.output)
    assert run.return_value == 2 and told["mapped"] == {"weight": "PWGT"} and told["weighted"]
    male = next(q for q in told["open"] if q["column"] == "male")
    assert (male["proposed"], male["confidence"]) == ("C04_SEX", "high")
    assert book(project).read_bytes() == before


@pytest.mark.whole
def test_quiet_asks_without_counts(project: Path) -> None:
    run = asked("y", "q", options=("--quiet",))
    assert "weighted" not in run.output and "open: " in run.output


def test_params_without_a_workbook_say_how_to_begin(project: Path) -> None:
    text = (project / "params" / "PHL.yaml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if "mapping.xlsx" not in line]
    (project / "params" / "PHL.yaml").write_text("\n".join(lines), encoding="utf-8")
    run = asked("y")
    assert isinstance(run.exception, ParamsError) and "mismes new" in str(run.exception)


def test_a_number_that_both_have_and_call_differently_is_asked_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """3 is secondary schooling in the file and completed primary in the template."""
    monkeypatch.chdir(tmp_path)
    words = {1: "Aucun", 2: "Primaire", 3: "Secondaire", 4: "Supérieur"}
    frame = pd.DataFrame({"educ": [1 + i % 4 for i in range(ROWS)]})
    pyreadstat.write_dta(
        frame,
        str(tmp_path / "lfs.dta"),
        column_labels=["Niveau d'instruction"],
        variable_value_labels={"educ": words},
    )
    book(tmp_path).parent.mkdir(parents=True)
    lfs.mapping_workbook(book(tmp_path), data=frames.read(tmp_path / "lfs.dta", allowed=None))
    begun = draft(tmp_path)
    taken = begun.proposed("educat7", "educ")
    assert set(begun.undecided(taken)) >= {"3", "4"}
    with pytest.raises(InputError, match="nothing is said of"):
        begun.answered(taken)
    said = {"1": "1", "2": "3", "3": "5", "4": "7"}
    assert begun.answered(Answer("educat7", "educ", codes=said)).answers["educat7"].codes == said


@pytest.mark.whole
def test_answers_by_hand_are_those_of_the_terminal(project: Path) -> None:
    said = draft(project).answered_all(
        {
            "weight": "y",
            "age": "C05_AGE",
            "hhid": "n",
            "male": {"column": "C04_SEX", "codes": {1: 1, 2: 0}},
            "marital": {
                "column": "C06_MSTAT",
                "codes": {"1": "2", "2": "1", "3": "5"},
                "reasons": {"8": "DK"},
            },
        }
    )
    said.save()
    read = lfs.read_mapping(book(project))
    assert read["recode"]["male"] == {"1": "1", "2": "0"}  # type: ignore[index]
    assert read["missing"] == {"marital": {"8": "DK"}} and read["row_keys"] == ["hhid"]
    assert "C06_MSTAT" in said._repr_html_()
    with pytest.raises(InputError) as refused:
        draft(project).answered_all({"age": "NOPE", "male": {"code": "1"}})
    expected = ["no such answer", "no such part of an answer"]
    assert [p.what for p in refused.value.problems] == expected


@pytest.mark.whole
def test_the_chooser_of_a_notebook_chooses_nothing_by_itself(project: Path) -> None:
    begun = mapping_of("params/PHL.yaml")
    assert "year" not in {q.gld for q in begun.open}
    box = choose_mapping(begun)
    rows = {row.children[0].description: row.children for row in box.children[:-2]}  # type: ignore[attr-defined]
    assert all(drop.value == "" for drop, _ in rows.values())
    drop, codes = rows["marital"]
    drop.value = "C06_MSTAT"
    assert "nothing is said of" in box.children[-1].value  # type: ignore[attr-defined]
    codes.value = "8=DK"
    assert "missing: DK" in box.children[-1].value  # type: ignore[attr-defined]
    box.children[-2].click()  # type: ignore[attr-defined]
    assert lfs.read_mapping(book(project))["missing"] == {"marital": {"8": "DK"}}


@pytest.mark.whole
@pytest.mark.parametrize(
    ("code", "done", "line"),
    [
        ("fr", "paramètres lus : pays PHL", "enquête emploi : "),
        ("ro", "parametri citiți: țara PHL", "ancheta forței de muncă: "),
    ],
)
def test_check_speaks_the_language_of_the_params(
    project: Path, capsys: pytest.CaptureFixture[str], code: str, done: str, line: str
) -> None:
    said = {"weight": "= 1", "hhid": "n", "pid": "n", "age": "C05_AGE", "male": "C04_SEX"}
    draft(project).answered_all(said).save()
    params = project / "params" / "PHL.yaml"
    text = params.read_text(encoding="utf-8").replace(
        "\ncalibration:\n", "\ncalibration:\n  method: none\n"
    )
    params.write_text(text.replace("# language:", f"language: {code} #"), encoding="utf-8")
    capsys.readouterr()
    with pytest.raises(SystemExit):
        main(["check", "PHL", "--quick", "--no-codebook"])
    out = capsys.readouterr().out.replace("\u00a0", " ")
    assert done in out and line in out
    for english in ("household number", "is named", "Fill ", "the file", "read without"):
        assert english not in out


@pytest.mark.whole
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", ("Poids de sondage", "high", "lignes, pondéré 4\u202f020", "devient 1 Marié")),
        ("ro", ("Ponderea anchetei", "de rânduri, ponderat 4.020", "devine", "acceptă")),
    ],
)
def test_the_questions_are_asked_in_the_language_of_the_params(
    project: Path, language: str, words: tuple[str, ...]
) -> None:
    params = project / "params" / "PHL.yaml"
    text = params.read_text(encoding="utf-8")
    params.write_text(text.replace("# language: en", f"language: {language}"), encoding="utf-8")
    run = asked("y", "y", "y", "q")
    for said in set(words) - {"high"}:
        assert said in run.output
    for english in ("rows", "becomes", "take it", "Survey weight", "its name", "Go on", "missing"):
        assert english not in run.output


@pytest.mark.whole
def test_codes_are_said_with_the_column(project: Path) -> None:
    """What the labels propose can be said otherwise in the same line."""
    run = asked("y", "y", "y", "y; 8=REF, 3=4", "q")
    assert "missing: REF: 10 rows" in run.output
    read = lfs.read_mapping(book(project))
    assert read["recode"]["marital"] == {"1": "2", "2": "1", "3": "4"}  # type: ignore[index]
    assert read["missing"] == {"marital": {"8": "REF"}}
    with pytest.raises(InputError, match="CODE=NEW"):
        draft(project).meant("male", "n; 1=1")


@pytest.mark.whole
def test_a_file_without_ages_is_asked_for_groups_at_once(project: Path) -> None:
    said = asked("s", "n", *["s"] * 8, "WORK; 0=0-14, 1..2=15+")
    assert "age_group: Age group" in said.output, said.output
    answer = draft(project).answers["age_group"]
    assert (answer.column, dict(answer.codes)) == ("WORK", {"0": "0-14", "1..2": "15+"})


@pytest.mark.whole
def test_neither_ages_nor_groups_is_an_answer_that_stays(project: Path) -> None:
    done = draft(project).answered_all({"age": "n", "age_group": "n"})
    done.save()
    again = draft(project)
    assert again.answers["age_group"].absent and "age_group" not in [q.gld for q in again.open]


@pytest.mark.whole
def test_a_year_that_all_rows_have_is_the_year_of_the_run(project: Path) -> None:
    params = project / "params" / "PHL.yaml"
    params.write_text(params.read_text().replace("\nyear: 2020", "\n# year:"))
    frame = frames.read(project / "lfs.dta", allowed=None).frame.assign(ROUND=2021)
    pyreadstat.write_dta(frame, str(project / "lfs.dta"))
    draft(project).answered_all({"year": "ROUND"}).save()
    asked("q")
    assert "\nyear: 2021" in params.read_text()
