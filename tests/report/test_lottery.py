"""Identity and golden: a draw by lot in the params gives the loss by arm, the effect of the offer and
of taking part as the verbs give them; what cannot be said is said so on the page and in the matrix.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

import mismes_eval as me
from mismes_eval.errors import InputError
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.evaluation.evaluation import evaluate
from mismes_eval.evaluation.lottery import ALL
from mismes_eval.evaluation.params import Params
from mismes_eval.evaluation.published_effects import Reference, spoken_ends
from mismes_eval.evaluation.readiness import readiness
from mismes_eval.evaluation.study import study_file
from mismes_eval.report.chapters.annex import core
from mismes_eval.report.chapters.study import DESIGN
from mismes_eval.report.chapters.verdicts import draw_verdict
from mismes_eval.report.country import CountryReport, country_report
from mismes_eval.report.document.language import language
from mismes_eval.report.document.tables import Table, TextTable
from mismes_eval.report.session import Session
from mismes_eval.report.synthesis.comparable import comparable

PERSONS = 1200
LOTTERY = """
lottery:
  assigned: offered
  takeup: took_part
  blocks: [district]
  outcomes: [employed, earnings]
  covariates: [age]
  months: 12
"""


def drawn() -> pd.DataFrame:
    """Made-up persons: 40% offered, of whom 70% take part; older ones are lost more often."""
    r = np.random.default_rng(11)
    age = r.normal(30, 8, PERSONS)
    offered = (r.random(PERSONS) < 0.4).astype(int)
    took_part = (r.random(PERSONS) < 0.05 + 0.65 * offered).astype(int)
    employed = (r.random(PERSONS) < 0.35 + 0.2 * took_part).astype(float)
    lost = r.random(PERSONS) < np.clip(0.1 + 0.01 * (age - 30), 0.02, 0.6)
    sex = np.where(r.random(PERSONS) < 0.5, "men", "women").astype(object)
    sex[:7] = None
    earnings = 100 * employed + 20 * r.normal(size=PERSONS)
    frame = pd.DataFrame({"age": age, "offered": offered, "took_part": took_part, "sex": sex})
    return frame.assign(
        district=r.choice(["north", "south"], PERSONS),
        employed=np.where(lost, np.nan, employed),
        earnings=np.where(lost, np.nan, earnings),
    )


def load(folder: Path, frame: pd.DataFrame, sections: str) -> Params:
    (folder / "params").mkdir(exist_ok=True, parents=True)
    frame.to_csv(folder / "study.csv", index=False)
    head = "country: MDA\nsynthetic: true\nyear: 2023\ninputs:\n  study: study.csv\n"
    (folder / "params" / "MDA.yaml").write_text(head + sections, encoding="utf-8")
    return Params.load(folder / "params" / "MDA.yaml")


def report_of(params: Params, folder: Path) -> CountryReport:
    work = folder / "work"
    work.mkdir(exist_ok=True)
    return country_report(Session(params, work, language("en"), True))


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> CountryReport:
    folder = tmp_path_factory.mktemp("lottery")
    params = load(folder, drawn(), "study:\n  group: sex\n" + LOTTERY)
    return report_of(params, folder)


def tables(report: CountryReport) -> dict[str, Table | TextTable]:
    items = [i for c in report.chapters.values() for i in c.items]
    return {i.id: i for i in items if isinstance(i, (Table, TextTable))}


def row_name(report: CountryReport, row: str) -> str:
    """A row of the params' columns in the report's words: group and outcome, or the outcome."""
    group, _, outcome = row.rpartition(", ")
    name = report.context.own(outcome)
    return f"{group}, {name}" if group else name


def cell(report: CountryReport, table: str, row: str, column: str) -> pd.Series:
    found = tables(report)[table]
    assert isinstance(found, Table)
    at = (found.cells["row"] == row_name(report, row)) & (found.cells["column"] == column)
    return found.cells[at].iloc[0]


@pytest.mark.identity
def test_the_offer_is_itt_with_weights_for_who_was_lost(report: CountryReport) -> None:
    frame = drawn().assign(w=1.0)
    sample = me.Sample.from_frame(
        frame.assign(here=frame["employed"].notna().astype(float)), weights="w"
    )
    weighted = me.nonresponse(sample, "here", ["offered", "age"])
    expected = me.itt(
        weighted, "employed", "offered", covariates="age", blocks="district", small_sample="full"
    )
    found = cell(report, "T35", "employed", "estimate")
    assert found["value"] == pytest.approx(expected.value[0], abs=1e-12)
    assert found["se"] == pytest.approx(expected.se[0], abs=1e-12)
    others = cell(report, "T35", "employed", "mean of those not drawn")
    assert others["value"] == pytest.approx(expected.extra["comparison"][0], abs=1e-12)
    women = weighted.where((frame["sex"] == "women").to_numpy())
    among = me.itt(women, "earnings", "offered", covariates="age", blocks="district")
    assert cell(report, "T35", "sex = women, earnings", "estimate")["value"] == pytest.approx(
        among.value[0], abs=1e-12
    )


@pytest.mark.identity
def test_taking_part_is_late_with_the_ends_of_its_set(report: CountryReport) -> None:
    frame = drawn().assign(w=1.0)
    sample = me.Sample.from_frame(
        frame.assign(here=frame["employed"].notna().astype(float)), weights="w"
    )
    weighted = me.nonresponse(sample, "here", ["offered", "age"])
    adjusted = {"covariates": "age", "blocks": "district", "small_sample": "full"}
    expected = me.late(weighted, "employed", "took_part", "offered", **adjusted)
    assert cell(report, "T36", "employed", "estimate")["value"] == pytest.approx(
        expected.value[0], abs=1e-12
    )
    low, high = expected.extra["set"].intervals[0]
    assert cell(report, "T36", "employed", "95% from")["value"] == pytest.approx(low, abs=1e-12)
    assert cell(report, "T36", "employed", "95% to")["value"] == pytest.approx(high, abs=1e-12)


@pytest.mark.identity
def test_the_loss_stands_first_and_is_the_share_without_an_answer(report: CountryReport) -> None:
    ids = [i.id for i in report.chapters["impact"].items if isinstance(i, Table)]
    assert ids == ["T33", "T34", "T35", "T36", "T37"]
    main = core(report.chapters["impact"])
    assert [i.id for i in main if isinstance(i, Table)] == ["T33", "T34", "T35", "T36"]
    assert sum(isinstance(i, str) and "drawn than among the others" in i for i in main) == 1
    assert "in the chapter on impact" in str(report.chapters["sheets"].items)
    frame = drawn()
    lost = frame["employed"].isna()
    for arm, value in (("drawn", 1), ("not drawn", 0)):
        inside = frame["offered"] == value
        share = cell(report, "T33", "employed", arm)
        assert share["value"] == pytest.approx(lost[inside].mean(), abs=1e-12)
        assert share["n"] == inside.sum()


@pytest.mark.identity
def test_units_without_a_group_are_counted(report: CountryReport) -> None:
    words = [i for i in report.chapters["impact"].items if isinstance(i, str)]
    assert any("without a group" in text and "too few to be counted" in text for text in words)
    assert not any("7" in text.split() for text in words)
    assert cell(report, "T33", "employed", "drawn")["n"] == drawn()["offered"].sum()


@pytest.mark.identity
def test_matrix_and_first_page_say_what_was_found(report: CountryReport) -> None:
    first = report.findings().html
    matrix = tables(report)["T05c"]
    assert isinstance(matrix, TextTable)
    impact = matrix.frame[matrix.frame["Criterion"] == "Effectiveness"].iloc[0]
    effect = cell(report, "T35", "employed", "estimate")
    shown = f"{100 * effect['value']:.1f} percentage points"
    assert shown in first
    assert shown in impact["What the evidence says"]
    assert impact["Rests on"] == "T33, T35, T36"
    assert impact["Strength"] in ("moderate", "weak")  # no plan was registered
    assert "not registered beforehand" in impact["What the evidence says"]


@pytest.mark.identity
@pytest.mark.parametrize("frame_of", ["no outcome before", "a covariate twice"])
def test_what_cannot_be_said_is_said(tmp_path: Path, frame_of: str) -> None:
    if frame_of == "no outcome before":
        sections, frame = "study:\n  treated: offered\n  outcomes: [employed]\n", drawn()
        reason = "no effect can be estimated"
    else:
        sections, frame = LOTTERY.replace("[age]", "[age, twice]"), drawn()
        frame["twice"] = 2 * frame["age"]
        reason = "the response propensity cannot be fitted"
    found = report_of(load(tmp_path, frame, sections), tmp_path)
    matrix = tables(found)["T05c"]
    assert isinstance(matrix, TextTable)
    impact = matrix.frame[matrix.frame["Criterion"] == "Effectiveness"].iloc[0]
    assert impact["Strength"] == "none"
    assert reason in impact["What the evidence says"]
    assert reason in found.findings().html
    named = impact["Rests on"].split(", ")
    assert {name for name in named if name} <= set(tables(found))


@pytest.mark.identity
def test_few_in_an_arm_are_hidden_everywhere(tmp_path: Path) -> None:
    frame = drawn()
    frame["offered"] = (np.arange(len(frame)) < 12).astype(int)
    frame.loc[:3, ["employed", "earnings"]] = np.nan
    frame.loc[:2, "district"] = "east"
    rule = "study:\n  where: {district: [north, south]}\n"
    sections = rule + LOTTERY.replace("  takeup: took_part\n", "")
    found = report_of(load(tmp_path, frame, sections), tmp_path)
    said = " ".join(i for i in found.chapters["impact"].items if isinstance(i, str))
    assert "too few to be counted here" in said and "3 units" not in said
    assert "9 of them" not in said
    assert cell(found, "T35", "employed", "estimate")["status"] != "shown"
    assert "too few persons" in found.findings().html
    assert "percentage points" not in found.findings().html


@pytest.mark.identity
def test_a_draw_that_is_not_described_is_refused_with_all_its_problems(tmp_path: Path) -> None:
    sections = (
        "lottery:\n  assigned: offered\n  takeup: age\n  outcomes: [sex, gone]\n"
        "  main_outcome: other\n"
    )
    with pytest.raises(InputError) as error:
        evaluate(load(tmp_path, drawn(), sections))
    text = str(error.value)
    assert "column 'gone'" in text
    assert "not among the outcomes" in text
    with pytest.raises(InputError) as error:
        evaluate(
            load(
                tmp_path,
                drawn().assign(offered=drawn()["offered"].where(np.arange(PERSONS) > 3)),
                "lottery:\n  assigned: offered\n  takeup: age\n  outcomes: [district]\n",
            )
        )
    text = str(error.value)
    assert "neither yes nor no" in text
    assert "arm is not known" in text
    assert "an outcome is no number" in text
    with pytest.raises(InputError, match="one arm only"):
        evaluate(load(tmp_path, drawn().assign(offered=1), LOTTERY))
    apart = drawn().assign(district=lambda d: np.where(d["offered"] == 1, "north", "south"))
    with pytest.raises(InputError, match="no block of the draw has both arms"):
        evaluate(load(tmp_path, apart, LOTTERY))
    silent = drawn().assign(age=drawn()["age"].where(np.arange(PERSONS) > 7))
    silent["district"] = silent["district"].where(silent.index != 9)
    with pytest.raises(InputError, match="units whose block is not known") as error:
        evaluate(load(tmp_path, silent, LOTTERY))
    assert "study.where: {district: [stated]}" in str(error.value)
    assert "units without a covariate" in str(error.value) and "8 rows" in str(error.value)


def in_courses() -> pd.DataFrame:
    """Sixty courses, of which seven drew everybody or nobody."""
    frame = drawn()
    course = np.arange(PERSONS) % 60
    offered = np.where(course < 5, 0, np.where(course < 7, 1, frame["offered"]))
    return frame.assign(district=course, offered=offered)


@pytest.mark.identity
def test_blocks_of_one_arm_weigh_nothing_as_in_least_squares_on_blocks(tmp_path: Path) -> None:
    frame = in_courses().fillna({"employed": 0.0, "earnings": 0.0})
    sections = LOTTERY.replace("[age]", "[]") + "  adjustment: additive\n"
    draw = evaluate(load(tmp_path, frame, sections)).lottery
    assert draw is not None
    first = smf.ols("took_part ~ offered + C(district)", frame).fit().params["offered"]
    both = frame[frame.groupby("district")["offered"].transform("nunique") == 2]
    n, all_ = len(both), PERSONS  # HC1 in the design of all
    scale = np.sqrt(all_ / (all_ - 1) * (n - 1) / n)
    for outcome in ("employed", "earnings"):
        fit = smf.ols(f"{outcome} ~ offered + C(district)", frame).fit()
        within = smf.ols(f"{outcome} ~ offered + C(district)", both).fit(cov_type="HC1")
        found, taken = draw.offers[ALL, outcome], draw.taken[outcome]
        assert isinstance(found, Estimate) and isinstance(taken, Estimate)
        assert found.value[0] == pytest.approx(fit.params["offered"], abs=1e-8)
        assert found.se[0] == pytest.approx(within.bse["offered"] * scale, abs=1e-8)
        assert taken.value[0] == pytest.approx(fit.params["offered"] / first, abs=1e-8)
        assert found.n[0] == PERSONS - 7 * 20


@pytest.mark.whole
@pytest.mark.identity
def test_units_in_blocks_of_one_arm_are_counted_beside_every_effect(tmp_path: Path) -> None:
    frame = in_courses()
    alike = frame.groupby("district")["offered"].transform("nunique") == 2
    frame.loc[(frame["district"] == 8) & (frame["offered"] == 1), ["employed", "earnings"]] = np.nan
    within = "study:\n  treated: offered\n  absorb: [district]\n  outcomes: [employed, earnings]\n"
    params = load(tmp_path, frame, within + LOTTERY + "  adjustment: additive\n")
    found = report_of(params, tmp_path)
    units = tables(found)["T31"].cells.groupby("row")["unit"].first()
    assert units.to_dict() == {"employed": "share", "earnings": "number"}  # names and units: own
    said = " ".join(i for i in found.chapters["impact"].items if isinstance(i, str))
    assert "140 units stand in 7 blocks of the draw with one arm only" in said
    seen = frame[frame["employed"].notna()]
    alone = (seen.groupby("district")["offered"].transform("nunique") == 1).sum()
    in_eight = f"{alone} units with an answer stand in 8 blocks with answers from one arm"
    assert said.count(in_eight) == 2  # beside T31 and beside T35
    assert {"T34", "T36", "T37"} <= set(tables(found))
    assert any(
        "coefficients of the adjustment (HC1)" in note for note in tables(found)["T35"].notes
    )
    checked = " ".join(readiness(params).lines)
    assert "140 units stand in 7 blocks with one arm only" in checked
    assert f"of those with employed, {alone} units stand in 8 blocks" in checked
    here = frame["employed"].notna().astype(float)
    sample = me.Sample.from_frame(frame.assign(w=1.0, here=here, lost=1 - here), weights="w")
    weighted = me.nonresponse(sample, "here", ["offered", "age"])
    others = weighted.where(alike & (frame["district"] != 8))
    full = {"adjustment": "additive", "small_sample": "full"}
    offer = me.itt(others, "employed", "offered", "age", "district", **full)
    effect = cell(found, "T35", "employed", "estimate")
    assert effect["value"] == pytest.approx(offer.value[0], abs=1e-12)
    assert effect["se"] == pytest.approx(offer.se[0], abs=1e-12)
    loss = me.itt(sample.where(alike), "lost", "offered", (), "district", **full)
    gap = cell(found, "T33", "employed", "difference")
    assert (gap["value"], gap["n"]) == pytest.approx((loss.value[0], alike.sum()), abs=1e-12)


@pytest.mark.shared
def test_courses_that_drew_one_arm_only_leave_the_effect_of_the_others(
    tmp_path: Path, shared: Path
) -> None:
    """Attanasio, Kugler and Meghir (2011), table 4A, women: 0.061 and 0.071 (n 1,769, of whom 164
    are in the 82 courses with answers from one arm).
    """
    (tmp_path / "params").mkdir()
    (tmp_path / "params" / "COL.yaml").write_text(
        "country: COL\nyear: 2006\ninputs:\n  study: data/colombia_jea_panel.csv\n"
        "study:\n  where: {codigo_curs: [stated], empl_06: [stated], dwomen: ['1']}\n"
        "lottery:\n  assigned: select\n  blocks: [city, codigo_ecap, codigo_curs]\n"
        "  outcomes: [empl_06, pempl_06]\n  adjustment: additive\n",
        encoding="utf-8",
    )
    params = Params.load(tmp_path / "params" / "COL.yaml", data_root=shared)
    draw = evaluate(params).lottery
    assert draw is not None
    assert not draw.adjusted
    alone = draw.alone(draw.groups[ALL])
    assert (int(alone.units.sum()), alone.blocks) == (164, 82)
    for outcome, printed in (("empl_06", 0.061), ("pempl_06", 0.071)):
        found = draw.offers[ALL, outcome]
        assert isinstance(found, Estimate) and found.n[0] == 1769 - 164
        assert round(float(found.value[0]), 3) == printed


@pytest.mark.identity
def test_groups_of_a_study_count_whom_they_leave_out(tmp_path: Path) -> None:
    params = load(tmp_path, drawn(), "study:\n  group: sex\n" + LOTTERY)
    file = study_file(params, drawn())
    assert file.ungrouped.sum() == 7
    assert list(file.groups) == ["sex = men", "sex = women"]


@pytest.mark.whole
def test_an_effect_that_a_table_hides_is_in_no_sentence(tmp_path: Path) -> None:
    """Twenty of those drawn answered: neither what the offer or taking part changed nor how many
    more took part is said, whatever the arms were before anybody was lost.
    """
    frame = drawn()
    frame["sex"] = "men"
    answered = np.flatnonzero((frame["offered"] == 1) & frame["employed"].notna())
    frame.loc[answered[20:], ["employed", "earnings"]] = np.nan
    within = "study:\n  treated: offered\n  absorb: [district]\n  outcomes: [employed]\n"
    found = report_of(load(tmp_path, frame, within + LOTTERY), tmp_path)
    for table, column in (("T31", DESIGN), ("T35", "estimate"), ("T36", "estimate")):
        assert cell(found, table, "employed", column)["status"] == "confidential"
    matrix = tables(found)["T05c"]
    assert isinstance(matrix, TextTable)
    few = "employed: too few persons"
    assert few in set(matrix.frame["What the evidence says"])
    words = " ".join(i for i in found.chapters["impact"].items if isinstance(i, str))
    assert "more took part among those drawn" not in words


@pytest.mark.identity
def test_what_the_lot_changed_is_published_for_the_synthesis_and_the_site(
    report: CountryReport,
) -> None:
    published = comparable(report.context, report.chapters)["effects"]
    assert isinstance(published, list)
    by_outcome = {effect["outcome"]: effect for effect in published if effect["table"] == "T35"}
    assert set(by_outcome) == {"employed", "earnings"}
    for outcome, effect in by_outcome.items():
        there = cell(report, "T35", outcome, "estimate")
        assert effect["value"] == there["value"] and effect["se"] == there["se"]
        assert (effect["design_code"], effect["months"], effect["status"]) == ("RCT", 12.0, "shown")
    draw = report.context.evaluation.lottery
    assert draw is not None
    verdict = draw_verdict(report.context.evaluation, draw)
    assert verdict is not None
    main = by_outcome["employed"]
    assert main["main"] and main["grade"] == verdict.sureness
    assert spoken_ends(main) == (verdict.span.low, verdict.span.high)
    assert not by_outcome["earnings"]["main"]
    taken = {effect["outcome"]: effect for effect in published if effect["table"] == "T36"}
    assert set(taken) == {"employed", "earnings"}
    reference = Reference("", main["measure"], "employed", 12.0, "")
    for outcome, effect in taken.items():
        there = {
            column: cell(report, "T36", outcome, column)["value"]
            for column in ("estimate", "95% from", "95% to")
        }
        assert (effect["value"], effect["ci_low"], effect["ci_high"]) == tuple(there.values())
        assert not effect["main"] and effect["design_code"] == "RCT"
        assert not reference.names(effect)
    assert reference.names(main)


@pytest.mark.identity
def test_bounds_stand_beside_effects_where_units_were_lost(report: CountryReport) -> None:
    frame = drawn().assign(w=1.0)
    frame["here"] = frame["employed"].notna().astype(float)
    sample = me.Sample.from_frame(frame, weights="w")
    for column, words in (("offered", "the offer"), ("took_part", "taking part")):
        expected = me.late_bounds(
            sample,
            "employed",
            column,
            "offered",
            "here",
            covariates="age",
            blocks="district",
            small_sample="full",
        )
        row = f"{report.context.own('employed')}, {words}"
        found = tables(report)["T37"].cells.set_index(["row", "column"])["value"].loc[row]
        ends = (*expected.value, *expected.extra["set"])
        assert found.to_numpy(float) == pytest.approx(ends, abs=1e-12)
        assert list(found.index) == ["lower bound", "upper bound", "95% from", "95% to"]
        assert ends[2] < ends[0] < ends[1] < ends[3]


@pytest.mark.identity
def test_bounds_of_the_offer_in_one_block_are_those_of_lee(tmp_path: Path) -> None:
    sections = "lottery:\n  assigned: offered\n  outcomes: [earnings]\n"
    params = load(tmp_path, drawn(), sections)
    draw = evaluate(params).lottery
    assert draw is not None
    frame = drawn().assign(w=1.0)
    sample = me.Sample.from_frame(
        frame.assign(here=frame["earnings"].notna().astype(float)), weights="w"
    )
    expected = me.lee_bounds(sample, "earnings", "offered", "here")
    found = draw.bounds["earnings", "offered"]
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(expected.value[:2], abs=1e-9)


@pytest.mark.identity
def test_no_bounds_where_nobody_was_lost_or_none_are_wanted(tmp_path: Path) -> None:
    whole = drawn().fillna({"employed": 0.0, "earnings": 0.0})
    kept = evaluate(load(tmp_path, whole, LOTTERY)).lottery
    assert kept is not None and not kept.bounds
    without = evaluate(load(tmp_path, drawn(), LOTTERY + "  bounds: false\n")).lottery
    assert without is not None and not without.bounds


@pytest.mark.identity
def test_bounds_without_ends_say_so(tmp_path: Path) -> None:
    r = np.random.default_rng(5)
    weak = drawn().assign(took_part=(r.random(PERSONS) < 0.5).astype(int))
    weak["took_part"] = np.where(
        (weak["offered"] == 1) & (np.arange(PERSONS) % 17 == 0), 1, weak["took_part"]
    )
    found = report_of(load(tmp_path, weak, LOTTERY), tmp_path)
    cells = tables(found)["T37"].cells
    of_takers = cells[cells["row"].str.endswith("taking part")]
    assert (of_takers["status"] == "not estimable").any()
    assert cells.loc[cells["row"].str.endswith("the offer"), "value"].notna().all()


def refused(folder: Path, frame: pd.DataFrame, study: str) -> str:
    with pytest.raises(InputError) as error:
        evaluate(load(folder, frame, study + LOTTERY))
    return str(error.value)


def test_numbers_that_may_be_no_answer_are_asked_about(tmp_path: Path) -> None:
    coded = drawn().fillna({"employed": -99, "earnings": -9})
    said = refused(tmp_path, coded, "")
    assert "study.missing: {employed: [-99]}" in said and "earnings" not in said
    params = load(
        tmp_path, coded, "study:\n  missing: {employed: [-99], earnings: ['-9']}\n" + LOTTERY
    )
    whole = load(tmp_path / "whole", drawn(), LOTTERY)
    assert params.study.missing == {"employed": ("-99",), "earnings": ("-9",)}
    key = (ALL, "employed")
    one, other = (evaluate(p).lottery.offers[key] for p in (params, whole))  # type: ignore[union-attr]
    assert isinstance(one, Estimate) and isinstance(other, Estimate)
    assert one.value == pytest.approx(other.value, abs=1e-12)
    assert "study.missing" in refused(tmp_path, coded, "study:\n  missing: {job: [9]}\n")
    assert "nobody has an answer" in refused(tmp_path, drawn().assign(employed=np.nan), "")


def test_a_study_with_semicolons_is_read_as_the_params_say(tmp_path: Path) -> None:
    load(tmp_path, drawn(), LOTTERY)
    drawn().to_csv(tmp_path / "study.csv", sep=";", decimal=",", index=False)
    path = tmp_path / "params" / "MDA.yaml"
    with pytest.raises(InputError, match=r"study: \{separator: ';', decimal: ','\}"):
        evaluate(Params.load(path))
    text = path.read_text(encoding="utf-8")
    path.write_text(text + "study: {separator: ;, decimal: ','}\n", encoding="utf-8")
    assert evaluate(Params.load(path)).lottery is not None


def test_covariates_that_depend_on_each_other_give_no_bounds(tmp_path: Path) -> None:
    """A covariate without variation or a copy of another is named; the report is made."""
    sections = LOTTERY.replace("[age]", "[age, twice]")
    found = evaluate(load(tmp_path, drawn().assign(twice=lambda d: 2 * d["age"]), sections)).lottery
    assert found is not None
    said = {str(result) for result in found.bounds.values()}
    assert said and all("a covariate depends on others" in words for words in said)
