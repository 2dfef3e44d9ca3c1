"""Identity: outside evaluations stand beside own effects by citation and hash, one measure counts
once, and their mean is that of the estimators; too few measures, and every fault of the file, are
said.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from scipy import stats

import mismes_eval as me
from mismes_eval.cli.report import _together
from mismes_eval.cli.synthesis import command
from mismes_eval.evaluation.outside_evidence import read_evidence
from mismes_eval.evaluation.reading import mended_by_key
from mismes_eval.frame.validate import COMMA_IS_READ
from mismes_eval.report.document.language import language
from mismes_eval.report.factory.orders import PAGE
from mismes_eval.report.synthesis import outside
from mismes_eval.report.synthesis.synthesis import write_synthesis
from mismes_eval.report.synthesis.tables import Words
from mismes_eval.report.trust.provenance import MANIFEST, file_hash, read_manifest
from tests.report.test_synthesis import facts, write_report

HEAD = (
    "citation,synthetic,country,measure,model,sample,outcome,unit,effect,se,months,design,"
    "risk_of_bias,manifest_sha256,employer_involved"
)
CITED = "Nobody (2020) SYNTHETIC"


def row(
    citation: str = CITED,
    country: str = "TUN",
    measure: str = "TUN-001",
    sample: str = "",
    outcome: str = "employed",
    unit: str = "SHARE",
    effect: str = "0.05",
    se: str = "0.02",
    months: str = "24",
    design: str = "RCT",
    synthetic: str = "TRUE",
    bias: str = "LOW",
    sha256: str = "",
    employer: str = "",
) -> str:
    """A row of the file; made-up numbers."""
    cells = (citation, synthetic, country, measure, "M08", sample, outcome, unit, effect, se)
    return ",".join((*cells, months, design, bias, sha256, employer))


def own_row(out: Path, country: str = "MDA", **cells: str) -> str:
    """A row that names the effect of a report by its hash."""
    base = {"citation": "", "country": country, "measure": f"{country}-001", "effect": "0.10"}
    base |= {"design": "DID", "sha256": file_hash(out / country / MANIFEST)[:16]}
    return row(**{**base, **cells})


def written(folder: Path, *rows: str) -> Path:
    path = folder / "evidence.csv"
    path.write_text("\n".join((HEAD, *rows)) + "\n")
    return path


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Three countries with an effect of one measure each: 0.06, 0.02, 0.10, errors 0.02."""
    for country, effect in (("ARM", 0.06), ("GEO", 0.02), ("MDA", 0.10)):
        write_report(tmp_path / "reports", country, facts(0.5, effect, "ICLS-19", country))
    return tmp_path / "reports"


@pytest.mark.identity
def test_five_measures_have_the_mean_of_the_random_effects(out: Path, tmp_path: Path) -> None:
    two = (
        row(unit="POINTS", effect="5", se="2", months="25"),
        row(country="MAR", measure="", effect="0.12", se="0.03"),
    )
    s = me.synthesis(out, evidence=written(tmp_path, *two))
    (one,) = s.together
    assert isinstance(one.found, me.MetaRegression)
    assert (one.own, one.outside, one.measures, one.samples) == (3, 2, 5, 5)
    values, errors = [0.06, 0.02, 0.10, 0.05, 0.12], [0.02, 0.02, 0.02, 0.02, 0.03]
    r = me.random_effects(values, errors, "reml", "hartung_knapp_adhoc")
    got = (one.found.value[0], one.found.low[0], one.found.high[0])
    assert got == pytest.approx((r.value, r.low, r.high), abs=1e-9)
    assert one.needed == one.found.needed("intercept", 0.05)


@pytest.mark.identity
def test_a_measure_counts_once_whoever_evaluated_it(out: Path, tmp_path: Path) -> None:
    same = (
        row(country="ARM", measure="ARM-001"),
        row(citation="Other", sample="x"),
        row(sample="x"),
    )
    (one,) = me.synthesis(out, evidence=written(tmp_path, *same)).together
    assert (one.own, one.outside, one.measures, one.samples) == (3, 3, 4, 4)
    assert isinstance(one.found, me.NotEstimable)
    assert one.found.reason == "4 measures; 5 needed"


@pytest.mark.property
def test_two_measures_of_one_sample_are_two_measures_and_one_sample(
    out: Path, tmp_path: Path
) -> None:
    rows = [row(country="MAR", measure=f"MAR-00{i}", effect=f"0.0{i}") for i in (1, 2)]
    more = [row(country=c, measure="", citation=f"By {c}") for c in ("TUN", "DZA")]
    (one,) = me.synthesis(out, evidence=written(tmp_path, *rows, *more)).together
    assert (one.measures, one.samples) == (7, 6)
    assert isinstance(one.found, me.MetaRegression)
    assert "robust to 6 samples" in one.found.definition


@pytest.mark.property
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (row(design="BEFOREAFTER"), "no comparison group"),
        (row(se=""), "no standard error"),
        (row(months=""), "months since enrolment not stated"),
        (
            row(unit="MONEY", outcome="earnings"),
            "the outcome has no common unit (national currency)",
        ),
    ],
)
def test_what_cannot_be_averaged_is_shown_with_its_reason(
    out: Path, tmp_path: Path, fault: str, reason: str
) -> None:
    s = me.synthesis(out, evidence=written(tmp_path, fault))
    shown = s.evidence[s.evidence["kind"] == "outside"]
    assert shown["left_out"].tolist() == [reason]
    assert [one.outside for one in s.together] == [0]
    table = outside.beside(Words(s, language("en"))).frame
    assert (table["In a mean"] == reason).sum() == 1


@pytest.mark.property
@pytest.mark.parametrize(
    ("unit", "reason"),
    [
        ("national currency", "the outcome has no common unit (national currency)"),
        ("not stated", "the unit of the outcome is not stated"),
        ("international dollars", ""),
    ],
)
def test_own_money_is_averaged_in_a_common_unit_only(
    tmp_path: Path, unit: str, reason: str
) -> None:
    for country in ("ARM", "GEO", "MDA", "TUN", "MAR"):
        published = facts(0.5, 90.0, "ICLS-19", country)
        published["effects"][0] |= {"unit_of_outcome": unit, "outcome": "earnings"}
        write_report(tmp_path / "reports", country, published)
    cited = row(outcome="earnings", unit="PPP", effect="80", country="DZA", measure="DZA-001")
    made = written(tmp_path, cited)
    s = me.synthesis(tmp_path / "reports", evidence=made)
    own = s.evidence[s.evidence["kind"] == "own"]
    assert set(own["left_out"]) == {reason}
    (one,) = s.together
    assert one.measures == (1 if reason else 6)
    assert isinstance(one.found, me.NotEstimable if reason else me.MetaRegression)
    assert one.needed == 0


@pytest.mark.property
def test_groups_that_moved_apart_are_said(tmp_path: Path) -> None:
    for country, apart in (("ARM", True), ("GEO", False)):
        published = facts(0.5, 0.1, "ICLS-19", country, apart)
        write_report(tmp_path / "reports", country, published)
    s = me.synthesis(tmp_path / "reports", evidence=written(tmp_path, row()))
    told = outside.beside(Words(s, language("en"))).frame["Risk of bias"].tolist()
    assert told == ["groups moved apart before enrolment", "not assessed", "Low risk of bias"]


@pytest.mark.property
@pytest.mark.parametrize("column", ["ci_low", "p_value", "se_percent"])
def test_an_error_in_another_form_is_asked_for(tmp_path: Path, column: str) -> None:
    path = written(tmp_path, row(se=""))
    head, line = path.read_text().splitlines()
    path.write_text(f"{head},{column}\n{line},0.01\n")
    with pytest.raises(me.InputError, match=f"a column that evidence does not have: .*{column}"):
        read_evidence(path)


@pytest.mark.parametrize(
    ("unit", "effect", "se", "n", "reads"),
    [
        ("POINTS", "0.06", "0.02", "900", False),  # shares called percentage points
        ("POINTS", "6", "0.02", "900", False),  # the error alone in shares
        ("SHARE", "0.06", "0.001", "400", False),  # a p-value
        ("POINTS", "6", "2", "900", True),
        ("SHARE", "0.06", "0.02", "900", True),
        ("SHARE", "0.001", "0.0021", "900", True),  # shares of 0.1% in two halves
        ("SD", "0.06", "0.001", "400", True),
    ],
)
def test_an_error_too_small_for_its_persons_is_asked_for(
    tmp_path: Path, unit: str, effect: str, se: str, n: str, reads: bool
) -> None:
    path = written(tmp_path, row(unit=unit, effect=effect, se=se))
    head, line = path.read_text().splitlines()
    path.write_text(f"{head},n\n{line},{n}\n")
    if reads:
        assert read_evidence(path).frame["se"].tolist() == [float(se)]
        return
    with pytest.raises(me.InputError, match="a standard error too small for its persons"):
        read_evidence(path)


@pytest.mark.parametrize(
    ("outcome", "better", "reads"),
    [
        ("unemployed", ("", ""), None),  # nobody says
        ("unemployed", ("LESS", "MORE"), None),
        ("employed", ("LESS", ""), None),  # the templates say otherwise
        ("unemployed", ("LESS", ""), "less"),
        ("stays_abroad", ("NEITHER", "NEITHER"), ""),
        ("employed", ("", ""), "more"),
        ("debt", ("", "LESS"), "less"),
    ],
)
def test_a_file_says_on_which_side_an_outcome_is_better(
    out: Path, tmp_path: Path, outcome: str, better: tuple[str, str], reads: str | None
) -> None:
    rows = (row(outcome=outcome, citation=name, unit="SD") for name in ("A", "B"))
    path = written(tmp_path, *rows)
    head, *lines = path.read_text().splitlines()
    cells = [f"{line},{said}" for line, said in zip(lines, better, strict=True)]
    path.write_text("\n".join([f"{head},better", *cells]) + "\n")
    if reads is None:
        with pytest.raises(me.InputError, match="does not say on which side it is better"):
            read_evidence(path)
        return
    s = me.synthesis(out, evidence=path)
    assert set(s.evidence.loc[s.evidence["kind"] == "outside", "better"]) == {reads}
    words = outside.beside(Words(s, language("en"))).frame["Outcome"]
    assert words.str.contains("(less is better)", regex=False).any() == (reads == "less")


def test_every_fault_of_the_file_is_named_at_once(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        row(effect="5", country="XXX"),
        row(se="0", citation="B"),
        row(design="GUESS", citation="C"),
        row(citation=""),
        row(citation="D"),
        row(citation="D", effect="0.01"),
        row(citation="E", effect="105", se="101", unit="POINTS"),
        row(citation="F", unit="MONTHS"),
        row(citation="F", country="MAR"),
    )
    with pytest.raises(me.InputError) as error:
        read_evidence(path)
    told = str(error.value)
    parts = ("between -1 and 1", "above 0", "stands once", "XXX", "GUESS", "citation")
    beyond = ("another country", "unit that the outcome does not have")
    for part in (*parts, "between -100 and 100", "at most 100", *beyond):
        assert part in told, part


@pytest.mark.parametrize(
    ("rows", "right", "where"),
    [
        ((row(measure="tun-001"),), "TUN-001", ("2",)),
        ((row(measure="TUN-001\u200b"), row(citation="B")), "TUN-001", ("2",)),
        ((row(measure="Loan fund"), row(measure="Loan  Fund", citation="B")), "Loan fund", ("3",)),
        ((row(sample="A b"), row(sample="a  B", citation="B")), "A b", ("3",)),
        (
            (row(), row(citation="B").replace("M08", "M01")),
            "one model, the same in every row of the measure",
            ("2", "3"),
        ),
        ((row(), row(country="MAR")), "an identifier that begins with MAR", ("3",)),
        ((row(unit="MONTHS"),), "SHARE, POINTS, SD, LOG", ("2",)),
        ((row(outcome="earnings"),), "MONEY, PPP, SD, LOG", ("2",)),
    ],
)
def test_another_spelling_and_the_unit_of_another_outcome_are_refused(
    tmp_path: Path, rows: tuple[str, ...], right: str, where: tuple[str, ...]
) -> None:
    """They would stand as a measure of their own, or in a mean of their own."""
    with pytest.raises(me.InputError) as error:
        read_evidence(written(tmp_path, *rows))
    (found,) = error.value.problems
    assert (str(found.expected), found.rows) == (right, where)


def test_a_cell_is_mended_in_the_file(tmp_path: Path) -> None:
    """No key says which decimal sign a file of evidence has."""
    path = written(tmp_path, row(effect='"0,05"'))
    with pytest.raises(me.InputError, match="Write a point as decimal sign") as error:
        read_evidence(path)
    assert "decimal=" not in str(error.value)
    told = replace(error.value.problems[0], fix=COMMA_IS_READ + "Or correct it.")
    with pytest.raises(me.InputError, match=r"study: \{decimal: \",\"\}"), mended_by_key("study"):
        raise me.InputError(told)


@pytest.mark.identity
def test_an_own_effect_named_by_hash_takes_the_readers_judgement(out: Path, tmp_path: Path) -> None:
    points = own_row(out, unit="POINTS", effect="10", se="2", bias="SOME")
    s = me.synthesis(out, evidence=written(tmp_path, points, row()))
    own = s.evidence[s.evidence["kind"] == "own"].set_index("country")
    expected = {"ARM": "NOT_ASSESSED", "GEO": "NOT_ASSESSED", "MDA": "SOME"}
    assert own["risk_of_bias"].to_dict() == expected
    assert (own.loc["MDA", "value"], len(s.evidence)) == (0.10, 4)
    (one,) = s.together
    assert (one.own, one.outside, one.measures) == (3, 1, 4)


@pytest.mark.property
def test_an_effect_of_a_later_wave_stands_beside_when_it_is_named(tmp_path: Path) -> None:
    for country in ("ARM", "MDA"):
        published = facts(0.5, 0.1, "ICLS-19", country)
        later = published["effects"][0] | {"months": 36.0, "main": False, "value": 0.07}
        hidden = later | {"months": 48.0, "status": "confidential", "value": None}
        published["effects"] += [later, hidden]
        write_report(tmp_path / "reports", country, published)
    out = tmp_path / "reports"
    named = written(tmp_path, own_row(out, months="36", effect="0.07"))
    own = me.synthesis(out, evidence=named).evidence
    assert sorted(own["months"]) == [24.0, 24.0, 36.0]
    hidden_row = written(tmp_path, own_row(out, months="48", effect="0.07"))
    with pytest.raises(me.ParamsError, match="does not show"):
        me.synthesis(out, evidence=hidden_row)


@pytest.mark.property
def test_hash_and_number_are_held_against_the_reports(out: Path, tmp_path: Path) -> None:
    rows = (
        own_row(out, sha256="0" * 16),
        own_row(out, "GEO", effect="0.03", se="0.02"),
        own_row(out, "ARM", effect="0.06", unit="MONTHS", sample="persons"),
        own_row(out, "ARM", effect="0.06", outcome="earnings"),
    )
    with pytest.raises(me.ParamsError) as error:
        me.synthesis(out, evidence=written(tmp_path, *rows))
    told = {(p.what, p.where.split(": ")[1], p.rows) for p in error.value.problems}
    assert told == {
        ("a hash that names no report", "manifest_sha256", (2,)),
        ("a number is not the one that the report shows", "effect", (3,)),
        ("a cell is not what the report says", "unit", (4,)),
        ("a cell is not what the report says", "sample", (4,)),
        ("an effect that the report does not show", "measure, outcome, months", (5,)),
    }
    assert "made again with the same number" in str(error.value)


@pytest.mark.property
def test_a_report_whose_number_moved_is_said(out: Path, tmp_path: Path) -> None:
    path = written(tmp_path, own_row(out))
    me.synthesis(out, evidence=path)
    for file in (out / "MDA").iterdir():
        file.unlink()
    (out / "MDA").rmdir()
    write_report(out, "MDA", facts(0.5, 0.13, "ICLS-19", "MDA"))
    with pytest.raises(me.ParamsError, match=r"its number moved to 0\.13"):
        me.synthesis(out, evidence=path)


@pytest.mark.property
def test_an_effect_is_cited_or_named_by_hash(out: Path, tmp_path: Path) -> None:
    both = own_row(out, citation="Somebody (2021)")
    neither = row(citation="")
    with pytest.raises(me.InputError) as error:
        read_evidence(written(tmp_path, both, neither))
    (problem,) = error.value.problems
    assert problem.rows == (2, 3)


@pytest.mark.whole
@pytest.mark.identity
def test_features_are_compared_over_own_and_outside_effects(out: Path, tmp_path: Path) -> None:
    names = ("TUN", "MAR", "DZA", "EGY")
    rows = [
        row(citation=f"By {c}", country=c, measure="", effect=f"0.0{i}", employer=str(i % 4))
        for i, c in enumerate(names, 1)
    ]
    s = me.synthesis(out, evidence=written(tmp_path, *rows))
    by_name = {c.feature: c for c in s.features}
    employers = by_name["employers' involvement"]
    assert isinstance(employers.found, me.NotEstimable)
    assert str(employers.found.reason) == "4 measures; 5 needed"
    elsewhere = by_name["an outside evaluation"]
    assert (elsewhere.measures, elsewhere.with_feature) == (7, 4)
    assert isinstance(elsewhere.found, me.MetaRegression)
    y = [0.06, 0.02, 0.10, 0.01, 0.02, 0.03, 0.04]
    outside_ones = pd.DataFrame({"feature": [0.0] * 3 + [1.0] * 4})
    # reports speak of their effects with the ends of their intervals, files with their errors
    half = s.evidence["high"] - s.evidence["value"]
    own = list(half[s.evidence["kind"] == "own"] / stats.norm.ppf(0.975))
    assert min(own) > 0.02
    direct = me.meta_regression(y, [*own, *[0.02] * 4], outside_ones)
    assert elsewhere.found.value == pytest.approx(direct.value)
    assert elsewhere.found.permutation[1] == pytest.approx(direct.permutation[1], abs=0.05)


@pytest.mark.whole
@pytest.mark.property
def test_a_mean_has_its_verdict_and_its_place_in_the_forest(out: Path, tmp_path: Path) -> None:
    rows = [
        row(citation=f"By {c}", country=c, measure="", effect=effect)
        for c, effect in (("TUN", "0.06"), ("MAR", "0.05"), ("DZA", "0.07"))
    ]
    s = me.synthesis(out, evidence=written(tmp_path, *rows))
    w = Words(s, language("en"))
    (one,) = s.together
    assert isinstance(one.found, me.MetaRegression) and one.found.low[0] > 0
    (line,) = outside.means(w).frame.to_dict("records")
    assert line["What may be said"] == "on average higher"
    assert line["Measures; needed for 5 points"] == f"6 measures; {one.needed} needed"
    drawn = outside.forest(w)
    kinds = drawn.data["kind"].value_counts().to_dict()
    assert kinds == {"effect": 6, "head": 1, "summary": 1}
    assert drawn.data.loc[drawn.data["kind"] == "summary", "value"].item() == pytest.approx(
        100 * one.found.value[0]
    )


@pytest.mark.identity
def test_own_effects_have_the_interval_that_speaks(tmp_path: Path) -> None:
    for country in ("ARM", "MDA"):
        published = facts(0.5, 0.1, "ICLS-19", country)
        wide = {"spoken_low": -0.2, "spoken_high": 0.4, "grade": "weak"}
        published["effects"][0] |= {"ci_low": 0.06, "ci_high": 0.14} | wide
        write_report(tmp_path / "reports", country, published)
    s = me.synthesis(tmp_path / "reports", evidence=written(tmp_path, row()))
    own = s.evidence[s.evidence["kind"] == "own"]
    assert set(own["low"]) == {-0.2} and set(own["high"]) == {0.4} and set(own["grade"]) == {"weak"}
    assert set(s.effects["ci_low"]) == {-0.2}


@pytest.mark.property
def test_a_file_without_an_effect_is_refused(tmp_path: Path) -> None:
    with pytest.raises(me.InputError, match="without an effect"):
        read_evidence(written(tmp_path))


@pytest.mark.property
def test_made_up_and_real_do_not_mix_unasked(out: Path, tmp_path: Path) -> None:
    real = written(tmp_path, row(synthetic="FALSE"))
    with pytest.raises(me.ParamsError, match="real outside evaluations"):
        me.synthesis(out, evidence=real)
    assert len(me.synthesis(out, mixed=True, evidence=real).evidence) == 4
    for country in ("ARM", "GEO"):
        write_report(tmp_path / "real", country, facts(0.5, 0.1, "ICLS-19", country), False)
    with pytest.raises(me.ParamsError, match="made-up outside evaluations"):
        me.synthesis(tmp_path / "real", mixed=True, evidence=written(tmp_path, row()))


@pytest.mark.whole
@pytest.mark.identity
def test_the_page_names_own_effects_by_hash_and_outside_ones_by_citation(
    out: Path, tmp_path: Path
) -> None:
    path = written(tmp_path, row())
    folder, made = write_synthesis(out, evidence=path)
    assert made
    page = (folder / PAGE).read_text()
    hashes = [file_hash(out / c / MANIFEST)[:16] for c in ("ARM", "GEO", "MDA")]
    for part in (*hashes, CITED, "4 measures; 5 needed", "Low risk of bias", "S05c"):
        assert part in page, part
    inputs = {i["key"]: i["sha256"] for i in read_manifest(folder)["inputs"]}
    assert inputs["evidence"] == file_hash(path)
    assert not write_synthesis(out, evidence=path)[1]
    written(tmp_path, row(effect="0.06"))
    assert write_synthesis(out, evidence=path)[1]
    assert "mismes synthesis --evidence evidence.csv" in _together(out, [])


@pytest.mark.whole
@pytest.mark.identity
def test_without_a_file_nothing_is_added(out: Path) -> None:
    folder, _ = write_synthesis(out)
    assert "S05b" not in (folder / PAGE).read_text()
    assert me.synthesis(out).together == ()


@pytest.mark.whole
@pytest.mark.identity
def test_the_tables_speak_french(out: Path, tmp_path: Path) -> None:
    folder, _ = write_synthesis(
        out, lang="fr", evidence=written(tmp_path, row(), row(se="", citation="B"))
    )
    page = (folder / PAGE).read_text().replace("\u202f", " ").replace("\xa0", " ")
    for part in ("4 mesures ; il en faut 5", "pas d’erreur type", "Risque de biais faible"):
        assert part.replace("’", "'") in page.replace("’", "'"), part
    assert json.loads((folder / "estimates.json").read_text())["warnings"] == []


@pytest.mark.whole
@pytest.mark.identity
def test_the_command_takes_the_file(out: Path, tmp_path: Path) -> None:
    path = written(tmp_path, row())
    done = CliRunner().invoke(command, ["--out", str(out), "--evidence", str(path), "--json"])
    assert done.exit_code == 0, done.output
    assert CITED in (out / "synthesis" / PAGE).read_text()


@pytest.mark.identity
def test_a_robust_mean_of_equal_weights_has_the_error_of_a_plain_mean() -> None:
    y = np.array([0.1, 0.3, 0.2, 0.6])
    no_feature = pd.DataFrame(index=range(4))
    found = me.meta_regression(y, np.full(4, 0.05), no_feature, list("abcd"))
    assert found.value[0] == pytest.approx(y.mean())
    assert found.se[0] == pytest.approx(y.std(ddof=1) / 2)
    assert found.degf[0] == pytest.approx(3)
    with pytest.raises(me.EstimateError, match="tell the effects apart"):
        me.meta_regression(y, np.full(4, 0.05), pd.DataFrame({"same": [1.0] * 4}))
