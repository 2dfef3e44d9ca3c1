"""The command line: exit status 0, 1 and 2, problems as paragraphs on standard error without a
traceback, help without loading anything heavy.
"""

import io
import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mismes_eval.cli import COMMANDS, group, main
from mismes_eval.cli.lab import SETTINGS, arguments
from mismes_eval.cli.terminal import coloured
from mismes_eval.evaluation.params import Params


def mismes(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit status, standard output, standard error."""
    with pytest.raises(SystemExit) as stop:
        main(list(words))
    said = capsys.readouterr()
    return int(stop.value.code or 0), said.out, said.err


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "params").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MISMES_DATA_ROOT", raising=False)
    return tmp_path


def test_help_loads_nothing_heavy() -> None:
    code = "import sys\nfrom mismes_eval.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass\nprint(sorted({'pandas', 'numpy', 'scipy', 'papermill', 'nbconvert', 'matplotlib'} & set(sys.modules)))"
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert out.strip().endswith("[]")
    assert all(name in out for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(capsys: pytest.CaptureFixture[str], name: str) -> None:
    status, out, _ = mismes(capsys, name, "--help")
    assert status == 0
    assert "Usage: mismes" in out
    assert group.get_command(None, name).help  # type: ignore[arg-type, union-attr]


@pytest.mark.parametrize(
    "words",
    [(name,) for name in COMMANDS]
    + [("inventory", w) for w in ("due", "import", "site", "submit")],
    ids=" ".join,
)
def test_every_command_has_examples_that_it_takes(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    """Every option of an example is an option of its command."""
    out = mismes(capsys, *words, "--help")[1]
    examples = [
        line.split()
        for line in out.split("Examples:")[1].splitlines()
        if line.strip().startswith(("mismes", "eval"))
    ]
    assert len(examples) >= 2
    told = set(re.findall(r"--[a-z-]+", out.split("Examples:")[0]))
    if words not in (("inventory",), ("wave",)):
        assert {w.split("=")[0] for line in examples for w in line if w.startswith("--")} <= told


def test_every_command_that_prints_can_be_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    for words in [(n,) for n in COMMANDS if n not in ("inventory", "wave", "completion")] + [
        ("wave", "plan"),
        ("wave", "status"),
        ("inventory", "due"),
        ("inventory", "import"),
        ("inventory", "site"),
        ("inventory", "submit"),
    ]:
        out = mismes(capsys, *words, "--help")[1]
        assert "--quiet" in out, words
        assert "--json" in out or words == ("lab",), words


@pytest.mark.parametrize(
    "words",
    [("lab", "--json"), ("completion", "bash", "--json"), ("completion", "--quiet", "bash")],
)
def test_what_a_command_cannot_keep_is_refused(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    status, out, err = mismes(capsys, *words)
    assert status == 2 and out == ""
    assert f"No such option '{next(w for w in words if w.startswith('--'))}'" in err


@pytest.mark.parametrize("words", [("inventory", "site", "ARM"), ("package", "ARM")])
def test_a_file_to_write_has_its_ending(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], tmp_path: Path
) -> None:
    status, out, err = mismes(capsys, *words, "--out", str(tmp_path / "new" / "file"))
    assert status == 2 and out == ""
    assert "does not end in ." in err and not list(tmp_path.iterdir())


def test_a_misspelt_command_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = mismes(capsys, "chek")
    assert status == 2
    assert "Did you mean 'check'?" in err
    status, _, err = mismes(capsys, "xyzzy")
    assert status == 2
    assert "No such command 'xyzzy'" in err


def test_an_unknown_country_names_the_nearest(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "params" / "MDA.yaml").write_text("country: MDA\n", encoding="utf-8")
    status, out, err = mismes(capsys, "report", "MDX")
    assert (status, out) == (2, "")
    assert "Nearest: MDA." in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("params", "surroundings", "words", "said"),
    [
        ("language: fr", "ro_RO.UTF-8", ("check", "MDX"), "Le plus proche : MDA."),
        ("", "ro_RO.UTF-8", ("check", "MDX"), "Cel mai apropiat: MDA."),
        ("", "C.UTF-8", ("check", "MDX"), "Nearest: MDA."),
        ("language: xx", "de_DE", ("check", "MDX"), "Nearest: MDA."),
        ("language: fr", "", ("form", "MDX", "--language", "ro"), "Cel mai apropiat: MDA."),
        ("language: fr", "", ("form", "MDX", "--language=ro"), "Cel mai apropiat: MDA."),
        # no entry for one of its sentences: all of it in English
        ("language: fr", "", ("report", "MDA", "--all"), "which reports?: mismes report. Expected"),
    ],
)
def test_a_refusal_is_in_the_language_of_its_reader(
    project: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    params: str,
    surroundings: str,
    words: tuple[str, ...],
    said: str,
) -> None:
    (project / "params" / "MDA.yaml").write_text(f"country: MDA\n{params}\n", encoding="utf-8")
    monkeypatch.setenv("LC_ALL", surroundings)
    status, _, err = mismes(capsys, *words)
    assert status == 2 and said in err.replace("\N{NO-BREAK SPACE}", " ")


def test_a_folder_that_is_no_project_is_bad_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    status, _, err = mismes(capsys, "report", "--all")
    assert status == 2
    assert "no project folder" in err


def test_which_reports_must_be_said(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert mismes(capsys, "report")[0] == 2
    assert mismes(capsys, "report", "MDA", "--all")[0] == 2


def test_bad_params_print_every_problem_and_write_nothing(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "params" / "MDA.yaml").write_text(
        "contry: MDA\ncountry: MDX\ninputs:\n  lfs: ../x\n", encoding="utf-8"
    )
    (project / "notebooks").mkdir()
    status, _, err = mismes(capsys, "report", "MDA")
    assert status == 2
    assert len(re.findall(r"MDA.yaml, line \d+, key", err)) == 3
    assert "Nearest key: 'country'" in err
    assert not (project / "reports").exists()
    published = project / "reports" / "MDA"
    published.mkdir(parents=True)
    (published / "MANIFEST.json").write_text("{}", encoding="utf-8")
    assert mismes(capsys, "report", "MDA")[0] == 2
    assert not (project / "reports" / "index.html").exists()


@pytest.mark.slow
def test_check_reads_what_ships(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(root)
    status, out, _ = mismes(capsys, "check", "GEO", "--json")
    assert status == 0
    (record,) = json.loads(out)
    assert record["problems"] == []
    assert any(line.startswith("labour force survey:") for line in record["read"])


@pytest.mark.whole
def test_a_new_country_loads_and_check_says_what_to_do_next(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = mismes(capsys, "new", "jor")
    assert status == 0
    assert "params/JOR.yaml" in out
    assert Params.load(project / "params" / "JOR.yaml").country == "JOR"
    assert (project / "data_raw" / "JOR" / "inventory.xlsx").is_file()
    status, _, err = mismes(capsys, "check", "JOR")
    assert status == 2
    assert "no evidence is named" in err
    assert mismes(capsys, "new", "JOR")[0] == 2
    assert mismes(capsys, "new", "XQZ")[0] == 2
    assert mismes(capsys, "new", "LBN", "--name", "../LBN")[0] == 2


def test_the_register_counts_overdue_measures(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(root)
    status, out, _ = mismes(capsys, "inventory", "due", "ARM", "--on", "2026-12-31", "--json")
    assert status == 0
    told = json.loads(out)
    rows, balance = told["register"], told["balance"]
    assert rows
    assert {"measure_id", "status", "due_date"} <= set(rows[0])
    assert balance["holds"] is True
    read = [line["records"] for line in balance["lines"] if line["line"] == "read"]
    assert read == [len(rows)]


def test_the_work_list_is_printed_in_the_order_of_the_reminders(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(root)
    status, out, _ = mismes(capsys, "inventory", "due", "ARM", "--on", "2026-12-31")
    assert status == 0
    head, *lines = out.split("Work list:\n")[1].splitlines()
    assert head.split()[:2] == ["reminder", "measure_id"]
    assert {"score", "not_recorded"} <= set(head.split())
    days = [line.split()[0] for line in lines if line.strip()]
    assert days == sorted(days) and days[0] > "2026-12-31"


@pytest.mark.whole
def test_the_page_of_measures_is_written(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(root)
    status, out, _ = mismes(
        capsys,
        "inventory",
        "site",
        "ARM",
        "--out",
        str(tmp_path / "page.html"),
        "--on",
        "2026-12-31",
    )
    assert status == 0
    assert (tmp_path / "page.html").stat().st_size > 10_000
    assert "page.html" in out


def test_the_lab_listens_here_only_and_hides_its_token() -> None:
    given = arguments("/project", 8888, False)
    assert "--ServerApp.ip=127.0.0.1" in given
    assert not any("token" in word.lower() for word in given)
    assert "--LabApp.news_url=None" in given


def test_help_has_examples_and_exit_statuses(capsys: pytest.CaptureFixture[str]) -> None:
    for name in COMMANDS:
        out = mismes(capsys, name, "--help")[1]
        assert f"Examples:\n    {'eval ' if name == 'completion' else f'mismes {name}'}" in out, (
            name
        )
    out = mismes(capsys, "--help")[1]
    assert "Exit status:" in out
    assert "130" in out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_of_the_shell(
    capsys: pytest.CaptureFixture[str], shell: str
) -> None:
    status, out, _ = mismes(capsys, "completion", shell)
    assert status == 0
    assert f"{shell}_complete" in out
    assert mismes(capsys, "completion", "csh")[0] == 2


@pytest.mark.whole
def test_countries_complete(root: Path) -> None:
    env = os.environ | {
        "_MISMES_COMPLETE": "bash_complete",
        "COMP_WORDS": "mismes check M",
        "COMP_CWORD": "2",
    }
    done = subprocess.run(
        [sys.executable, "-c", "from mismes_eval.cli import main; main()"],
        cwd=root,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["plain,MAR", "plain,MDA"]


def test_reports_complete(project: Path) -> None:
    for name in ("MDA", "MAR", "half"):
        (project / "reports" / name).mkdir(parents=True)
        if name != "half":
            (project / "reports" / name / "MANIFEST.json").write_text("{}", encoding="utf-8")
    for command in ("verify", "package", "synthesis"):
        argument = next(
            p for p in group.get_command(None, command).params if p.param_type_name == "argument"
        )  # type: ignore[arg-type, union-attr]
        assert [c.value for c in argument.shell_complete(None, "m")] == ["MAR", "MDA"]  # type: ignore[arg-type]


@pytest.mark.slow
def test_the_page_of_measures_for_a_program(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(root)
    page = tmp_path / "inventory.html"
    (tmp_path / "index.html").write_text("<p>old</p>", encoding="utf-8")
    status, out, _ = mismes(capsys, "inventory", "site", "MDA", "--out", str(page), "--json")
    said = json.loads(out)
    assert said.pop("balance")["holds"]
    assert status == 0
    assert said == {
        "page": page.as_posix(),
        "measures": said["measures"],
        "linked_from": (tmp_path / "index.html").as_posix(),
    }
    assert said["measures"] > 10 and page.is_file()
    calendar = (tmp_path / "inventory" / "register.ics").read_text(encoding="utf-8")
    days = re.findall(r"DTSTART;VALUE=DATE:(\d{8})", calendar)
    today = datetime.now(UTC).strftime("%Y%m%d")
    assert days and min(days) >= today  # counted to today where no day is given
    assert mismes(capsys, "inventory", "site", "MDA", "--out", str(page), "--quiet")[:2] == (0, "")


def test_colours_only_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert coloured(Terminal())
    assert not coloured(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not coloured(Terminal())


def test_an_earlier_name_of_a_command_works_and_says_so(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("mismes_eval.cli.RENAMED", {"autocomplete": "completion"})
    monkeypatch.setattr("mismes_eval.cli.plain_warnings", lambda: None)
    with pytest.warns(FutureWarning, match="mismes autocomplete is now mismes completion"):
        status = mismes(capsys, "autocomplete", "zsh")[0]
    assert status == 0


def test_the_lab_asks_nobody_about_news() -> None:
    told = json.loads(
        (SETTINGS / "labconfig" / "default_setting_overrides.json").read_text(encoding="utf-8")
    )
    expected = {"fetchNews": "false", "checkForUpdates": False}
    assert told["@jupyterlab/apputils-extension:notification"] == expected


def test_a_quiet_register_makes_its_files_and_prints_nothing(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(root)
    assert mismes(
        capsys,
        "inventory",
        "due",
        "MDA",
        "--on",
        "2026-12-31",
        "--out",
        str(tmp_path / "register"),
        "--quiet",
    ) == (0, "", "")
    expected = {"register.xlsx", "register.csv", "register.ics"}
    assert {p.name for p in (tmp_path / "register").iterdir()} == expected
