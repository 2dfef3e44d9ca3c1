"""Identity: what the country report prints is what was estimated (effects, intervals, adjusted
p-values, costs, margins, hashes); every table T01 to T23 and figure F01 to F13 is there or says why
not.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mismes_eval.estimate.estimate import Estimate, NotEstimable
from mismes_eval.estimate.verdict import Span
from mismes_eval.evaluation.heterogeneity import ALL
from mismes_eval.evaluation.money import MONTHS, YEAR, job_years, money
from mismes_eval.impact.did.heterogeneity import GroupEffects
from mismes_eval.impact.inference.multiple_testing import adjust_pvalues
from mismes_eval.impact.planning.cost_result import CostEffectiveness
from mismes_eval.inventory import Inventory
from mismes_eval.message import Message
from mismes_eval.report.chapters import CHAPTERS, Chapter, Context
from mismes_eval.report.chapters.cells import spoken_cell
from mismes_eval.report.chapters.impact import truth_items
from mismes_eval.report.chapters.participant_flow import _sources
from mismes_eval.report.chapters.people import UNKNOWN_ROW
from mismes_eval.report.chapters.plan import source_map
from mismes_eval.report.chapters.quality import quality
from mismes_eval.report.chapters.returns import returns
from mismes_eval.report.chapters.verdicts import effect_verdict, spoken_span
from mismes_eval.report.chapters.waiting import waiting_items
from mismes_eval.report.country import release
from mismes_eval.report.document.language import language
from mismes_eval.report.document.protect import protect
from mismes_eval.report.document.rules import Rules
from mismes_eval.report.document.tables import Table, TextTable
from mismes_eval.report.document.words import spelled
from mismes_eval.report.figures import Caption, Figure
from mismes_eval.report.figures_tracer import months
from mismes_eval.report.trust.provenance import file_hash
from mismes_eval.weighting.diagnostics import margins_before_after

from ..some import some
from .conftest import WholeReport

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def context(whole_report: Callable[[str, str], WholeReport]) -> Context:
    """The evidence of the made-up country of the repository with most kinds of it."""
    return Context(whole_report("MDA", "en").report.context.evaluation, Rules(), language("en"))


@pytest.fixture(scope="module")
def built(whole_report: Callable[[str, str], WholeReport]) -> dict[str, Chapter]:
    """Every chapter as it is published; the map of the sources is made by its tests."""
    chapters = dict(whole_report("MDA", "en").report.chapters)
    limits = chapters["limits"]
    items = [i for i in limits.items if getattr(i, "id", "") != "T23"]
    return {**chapters, "limits": dataclasses.replace(limits, items=tuple(items))}


@pytest.fixture(scope="module")
def shown(context: Context, built: Mapping[str, Chapter]) -> dict[str, Table | TextTable | Figure]:
    """Everything with an id."""
    cells = {name: f'report.chapter("{name}")' for name in built}
    items = [i for c in built.values() for i in c.items if not isinstance(i, str)] + [
        source_map(context, built, cells)
    ]
    return {i.id: i for i in items}


def table(shown: Mapping[str, object], id_: str) -> pd.DataFrame:
    """Cells of a table by row and column."""
    item = shown[id_]
    assert isinstance(item, Table)
    return item.cells.set_index(["row", "column"])


def figure(shown: Mapping[str, object], id_: str) -> Figure:
    item = shown[id_]
    assert isinstance(item, Figure)
    return item


@pytest.mark.parametrize(
    "id_", [f"T{k:02d}" for k in range(1, 24)] + [f"F{k:02d}" for k in range(1, 14)]
)
def test_every_table_and_figure_is_there_or_says_why(
    id_: str, shown: Mapping[str, object], built: Mapping[str, Chapter]
) -> None:
    sentences = [i for c in built.values() for i in c.items if isinstance(i, str)]
    there = [k for k in shown if re.match(rf"{id_}($|[a-z-])", k)]
    assert there or any(s.startswith(id_) and len(s) > 20 for s in sentences)


def test_figures_have_words_a_source_and_their_n(shown: Mapping[str, object]) -> None:
    for item in some(shown.values()):
        if isinstance(item, Figure):
            assert len(item.alt) > len(item.title) + 10
            assert item.source
            assert item.synthetic
            assert item.png[:4] == b"\x89PNG"
            assert any(re.match(r"n: [\d,]+ ", n) for n in item.notes), item.id


def test_files_of_figures_hold_what_is_drawn_and_no_bin_is_hidden_alone(
    shown: Mapping[str, object],
) -> None:
    """A mean of a group stands in its table, where it may be hidden; the shares of the bins of a
    group add up to it, so that a bin that alone is missing would be known.
    """
    drawn = figure(shown, "F10-MDA-001").data
    assert list(drawn.columns) == ["variable", "level", "before", "after"]
    bins = figure(shown, "F10b-MDA-001").data
    for _, part in some(bins.groupby("group")):
        assert part["share"].sum() == pytest.approx(1.0) or part["share"].sum() < 1 - 1e-6
        assert (part["share"] > 0).all()


def test_tables_with_standard_errors_name_their_variance(shown: Mapping[str, object]) -> None:
    for item in some(shown.values()):
        if (
            isinstance(item, Table)
            and item.cells["se"].notna().any()
            and item.id not in ("T06b", "T24b")
        ):
            assert any(
                n.startswith(("Variance", "Difference-in-differences")) for n in item.notes
            ), item.id


def test_effects_beside_the_headline_are_the_estimates(
    context: Context, shown: Mapping[str, object]
) -> None:
    for effect, d in some(zip(context.evaluation.effects, context.evaluation.doubts, strict=True)):
        cells = table(shown, f"T19-{effect.measure}")
        main = effect.by_wave["employed", 3]
        assert isinstance(main, Estimate)
        row = "doubly robust, attrition adjusted (headline)"
        printed = cells.loc[(row, "estimate")]
        assert printed["value"] == main.value[0]
        assert printed["se"] == main.se[0]
        assert printed["n"] == main.n[0]
        assert cells.loc[(row, "95% from"), "value"] == main.ci()["low"].iloc[0]
        assert cells.loc[(row, "p"), "value"] == main.pvalue[0]
        left = d.left_out
        assert not isinstance(left, NotEstimable)
        values = left.to_frame().query("specification != 'all'")["value"]
        mine = [r for r in cells.index.get_level_values(0) if r.startswith("one region left out")]
        assert {cells.loc[(r, "estimate"), "value"] for r in mine} == {values.min(), values.max()}
        wild = d.wild["regions"]
        assert not isinstance(wild, NotEstimable)
        assert cells.loc[("wild cluster bootstrap, clusters: regions", "p"), "value"] == wild.p[0]


def test_the_curve_holds_every_declared_way_and_the_headline(
    context: Context, shown: Mapping[str, object]
) -> None:
    for effect, d in some(zip(context.evaluation.effects, context.evaluation.doubts, strict=True)):
        data = figure(shown, f"F12-{d.measure}").data.set_index("specification")
        assert len(d.curve.runs) == 5 * 3 * 2
        assert len(data) == int((d.curve.to_frame()["reason"] == "").sum())
        main = effect.by_wave["employed", 3]
        assert isinstance(main, Estimate)
        assert data.loc["headline", "value"] == pytest.approx(main.value[0], rel=1e-12)
        assert data.loc["headline", "se"] == pytest.approx(main.se[0], rel=1e-12)


def test_every_wave_and_the_headline_speak_with_the_widest_interval(
    context: Context, shown: Mapping[str, object]
) -> None:
    main = context.evaluation.main_cell[1]
    for effect, d in some(zip(context.evaluation.effects, context.evaluation.doubts, strict=True)):
        data = figure(shown, f"F11-{d.measure}").data.set_index("x")
        study = context.evaluation.tracing
        assert study is not None
        for wave in some(study.waves):
            e = effect.by_wave["employed", wave]
            assert isinstance(e, Estimate)
            drawn = data.loc[study.months[wave]]
            beside = context.evaluation.spans_beside(effect, "employed", wave)
            span = max(Span.of(e), *beside, key=lambda one: one.width)
            if wave == main:
                verdict = effect_verdict(context.evaluation, effect)
                assert verdict is not None and span == verdict.span
            np.testing.assert_allclose(
                [drawn["value"], drawn["low"], drawn["high"]],
                [span.value, span.low, span.high],
                rtol=1e-10,
            )
            assert drawn["wide_low"] <= drawn["low"] < drawn["high"] <= drawn["wide_high"]
        pre = effect.pre["employed"]
        assert isinstance(pre, Estimate) and data.loc[-12.0, "value"] == -pre.value[0]


def test_groups_and_their_adjusted_p_values(context: Context, shown: Mapping[str, object]) -> None:
    whom = context.evaluation.whom
    assert whom is not None and not isinstance(whom.effects, NotEstimable)
    cells = table(shown, "T18")
    again = adjust_pvalues(whom.effects.estimate, "benjamini_hochberg").adjusted
    at = whom.positions("effects")
    for (measure, factor), g in some(whom.groups.items()):
        if isinstance(g, NotEstimable):
            continue
        for k, name in some(enumerate(g.effects.names)):
            head = f"{measure}, {factor}: {name}"
            assert cells.loc[(head, "effect"), "value"] == pytest.approx(
                g.effects.value[k], rel=1e-12
            )
            assert cells.loc[(head, "effect"), "se"] == pytest.approx(g.effects.se[k], rel=1e-12)
            assert cells.loc[(head, "q, Benjamini-Hochberg"), "value"] == pytest.approx(
                again[at[measure, factor, name]]
            )
            found = cells.loc[(head, "p, Romano-Wolf"), "value"]
            assert found >= cells.loc[(head, "p"), "value"] * 0.5
    back = [f"MDA-001, voluntariness of return: {kind}" for kind in ("voluntary", "forced")]
    whole = context.evaluation.effects[0].by_wave["employed", 3]
    assert isinstance(whole, Estimate)
    assert sum(cells.loc[(row, "effect"), "n"] for row in back) == whole.n[0]
    before = cells.loc[("MDA-002, voluntariness of return", "effect")]
    assert before["status"] == "not estimable" and before["definition"].startswith("does not apply")


def test_features_of_measures_are_not_compared_over_persons(
    context: Context, shown: Mapping[str, object]
) -> None:
    """Two measures are two units, however many persons took part: no error, no p-value."""
    whom, cells = context.evaluation.whom, table(shown, "T18")
    assert whom is not None and not isinstance(whom.effects, NotEstimable)
    features = {factor: g for (measure, factor), g in whom.groups.items() if measure == ALL}
    assert {"model of the measure", "employers' involvement"} <= set(features)
    assert all(isinstance(g, NotEstimable) for g in features.values())
    told = [g.reason for g in features.values() if "as its units, and 2 are" in g.reason]
    assert told
    row = cells.loc[("all measures, model of the measure", "effect")]
    assert row["status"] == "not estimable" and np.isnan(row["value"])
    places = whom.positions("effects")
    assert not any(measure == ALL for measure, _, _ in places)
    p, n = whom.effects.estimate.pvalue, whom.effects.estimate.p
    ranked = np.sort(p)[::-1] * n / np.arange(n, 0, -1)
    expected = np.minimum.accumulate(np.minimum(ranked, 1))
    np.testing.assert_allclose(np.sort(whom.effects.benjamini_hochberg)[::-1], expected, rtol=1e-12)


def test_differences_between_groups_have_their_own_error(
    context: Context, shown: Mapping[str, object]
) -> None:
    whom, cells = context.evaluation.whom, table(shown, "T18b")
    assert whom is not None
    g = whom.groups["MDA-001", "sex"]
    assert isinstance(g, GroupEffects) and isinstance(g.differences, Estimate)
    printed = cells.loc[("MDA-001, sex: women, against men", "difference")]
    assert printed["value"] == pytest.approx(g.effects.value[1] - g.effects.value[0])
    assert printed["se"] == pytest.approx(g.differences.se[0])
    v = g.effects.vcov
    assert printed["se"] ** 2 == pytest.approx(v[0, 0] + v[1, 1] - 2 * v[0, 1])


def test_costs_are_the_estimates_and_fieller(context: Context, shown: Mapping[str, object]) -> None:
    """Of the job-years counted no price can be had, of those of the scenario one."""
    evaluation, study = context.evaluation, context.evaluation.tracing
    cells, drawn = table(shown, "T20"), figure(shown, "F13").data.set_index("label")
    assert study is not None
    seen: list[str] = []
    for effect in some(evaluation.effects):
        m = money(evaluation, study, effect)
        assert isinstance(m.cost, Estimate) and isinstance(m.completer, Estimate)
        assert drawn.loc[f"{effect.measure}, per participant", "value"] == m.cost.value[0]
        completer = cells.loc[(f"{effect.measure}, cost per completer, EUR", "estimate"), "value"]
        assert completer == m.completer.value[0] > m.cost.value[0]
        row = f"{effect.measure}, cost per additional job-year, EUR"
        assert cells.loc[(row, "estimate"), "status"] == "not estimable"
        for priced, name in ((m.worth, row), (m.scenario, row.replace("cost", "scenario: cost"))):
            if (name, "95% from") in cells.index:
                assert isinstance(priced, CostEffectiveness)
                ends = cells.loc[(name, "95% from"), "value"], cells.loc[(name, "95% to"), "value"]
                assert ends == priced.fieller
                seen.append(name)
    assert seen


@pytest.mark.identity
def test_work_at_home_and_abroad_add_up_to_the_effect(
    context: Context, shown: Mapping[str, object], built: Mapping[str, Chapter]
) -> None:
    for measure in ("MDA-001", "MDA-002"):
        cells = table(shown, f"T17-{measure}")
        for wave in ("6 months", "12 months", "24 months", "36 months"):
            names = map(context.column, ("employed", "employed_home", "employed_abroad"))
            rows = cells.loc[[(name, wave) for name in names]]
            (total, home, abroad), n = rows["value"], rows["n"]
            assert total == pytest.approx(home + abroad, abs=1e-12)
            assert cells.loc[(context.column("employed_abroad"), wave), "n"] == n.min()
    effect = context.evaluation.effects[0]
    spans = [
        spoken_span(context.evaluation, effect, outcome, 3)
        for outcome in ("employed_home", "employed_abroad")
    ]
    items = built["impact"].items
    said = next(s for s in items if isinstance(s, str) and "add up to it" in s)
    number = language("en").number
    for span in spans:
        assert span is not None
        assert all(number(100 * end) in said for end in (span.value, span.low, span.high))


def test_costs_are_those_of_all_participants(context: Context, shown: Mapping[str, object]) -> None:
    """By hand from the records: those who were lost later cost money too, and count in the cost of
    an additional job-year.
    """
    people, services = (
        pd.read_parquet(ROOT / f"data_raw/MDA/tracer_{name}.parquet")
        for name in ("person", "service")
    )
    cells, total = table(shown, "T20")["value"], 0
    for measure in ("MDA-001", "MDA-002"):
        mine = people[(people["eval_measure_id"] == measure) & (people["treated"] == 1)]
        w, spent = (
            mine["sample_weight"].to_numpy(float),
            mine["person_id"]
            .map(services.groupby("person_id")["cost_eur"].sum())
            .fillna(0.0)
            .to_numpy(float),
        )
        done = (
            mine["person_id"]
            .map(services.groupby("person_id")["completed"].all())
            .fillna(False)
            .to_numpy(float)
        )
        assert cells[f"{measure}, cost per participant, EUR", "estimate"] == pytest.approx(
            np.average(spent, weights=w), rel=1e-9
        )
        assert cells[f"{measure}, cost per completer, EUR", "estimate"] == pytest.approx(
            (w * spent).sum() / (w * done).sum(), rel=1e-9
        )
        # none where the wider interval covers 0
        assert np.isnan(cells[f"{measure}, cost per additional job-year, EUR", "estimate"])
        assert table(shown, "T20")["n"][f"{measure}, cost per participant, EUR", "estimate"] == len(
            mine
        )
        total += len(mine)
    assert f"n: {total:,} unweighted persons." in figure(shown, "F13").notes


def test_control_totals_before_and_after(context: Context, shown: Mapping[str, object]) -> None:
    s = context.evaluation.survey
    assert s is not None
    cells, expected = table(shown, "T12b"), margins_before_after(s.sample)
    after = cells.xs("after against total, %", level="column")["value"]
    assert len(after) == len(expected) and after.abs().max() < 1e-6
    np.testing.assert_allclose(
        cells.xs("before, thousand", level="column")["value"], expected["before"] / 1e3
    )
    assert {"women, 15-19", "men, 85+", "type of place: rural", "region: 1 - Chisinau"} <= set(
        after.index
    )
    assert not any(
        code in r for r in after.index for code in ("np.", "=", "male", "age_group", "subnatid1")
    )


def test_columns_of_the_survey_are_spelled_where_a_reader_meets_them(
    context: Context, shown: Mapping[str, object], built: Mapping[str, Chapter]
) -> None:
    """Weights, models, losses and definitions name no column of the file, in either language; a
    column of the user's own stays as it stands.
    """
    codes = re.compile(
        r"\b(age_group|subnatid1|hhid|educat7|age_enrol|base_\w+|employed_home|isco_2008|hims_\w+|phase1_class|lstatus)\b"
    )
    definitions = shown["T06"]
    assert isinstance(definitions, TextTable)
    french = language("fr")
    for item in (definitions, definitions.in_language(french)):
        assert not [v for v in item.frame.to_numpy().ravel() if codes.search(str(v))]
    for id_ in ("T06b", "T12", "T15", "T16", "T17-MDA-001"):
        item = shown[id_]
        assert isinstance(item, Table)
        assert not codes.search(
            " ".join([*item.notes, *item.rows, *item.cells["definition"].astype(str)])
        ), id_
    columns = {"keys": "male x age_group, my_own", "unit": "hhid"}
    step = spelled(Message("raking to {keys}, constant within {unit}", columns, "step"))
    assert step == "raking to sex x age group, my_own, constant within household"
    french = language("fr")
    said = french(step)
    assert (
        said == "calage par ratissage (raking) sur sexe x groupe d’âge, my_own, constant par ménage"
    )
    assert not french.unknown


def test_quality_repeats_the_contacts_and_the_weights(
    context: Context, shown: Mapping[str, object]
) -> None:
    cells = table(shown, "T06c").xs("value", level="column")["value"]
    answer = pd.read_csv(ROOT / "data_raw/MDA/inventory_contact.csv")["answer"]
    assert cells["implementers who answered (Q1), %"] == pytest.approx(
        answer.isin(["FULL", "PARTIAL"]).mean()
    )
    s = context.evaluation.survey
    assert s is not None
    w = s.sample.weights
    assert cells["design effect of the weights (Q4, Kish)"] == pytest.approx(
        w.size * (w**2).sum() / w.sum() ** 2, rel=1e-6
    )


def test_children_who_were_not_asked_are_no_missing_answers(context: Context) -> None:
    """Armenia's file has children; one in five persons was said to have no migration status."""
    s = context.evaluation.survey
    assert s is not None and s.definition is not None
    frame = s.sample.frame
    young = (frame["age"] < 30).to_numpy(bool)
    columns = {"ed_mod_age": np.full(len(frame), 30)} | {
        name: frame[name].mask(young) for name in ("educat7", "mig_status")
    }
    narrowed = dataclasses.replace(
        s,
        sample=s.sample.with_columns(columns),
        definition=dataclasses.replace(s.definition, age_min=30),
    )
    moved = dataclasses.replace(context.evaluation, survey=narrowed)
    cells = quality(dataclasses.replace(context, evaluation=moved)).cells.set_index("row")["value"]
    assert cells["no answer (Q2): education, %"] == 0
    assert cells["no answer (Q2): migration status, %"] == 0


def test_shares_without_an_answer_need_the_persons_of_a_share(context: Context) -> None:
    few = dataclasses.replace(
        context, rules=dataclasses.replace(context.rules, min_cell=10**6, min_mean=10**6)
    )
    for each, said in ((context, "shown"), (few, "confidential")):
        cells = quality(each).cells.set_index("row")
        decided = protect({"T06c": cells.reset_index()}, each.rules).status["T06c"]
        statuses = dict(zip(cells.index, map(str, decided), strict=True))
        assert statuses["no answer (Q2): education, %"] == said


def test_the_map_has_the_files_hashes(context: Context, shown: Mapping[str, object]) -> None:
    frame = shown["T23"].frame  # type: ignore[attr-defined]
    assert frame["Cell of the notebook"].tolist() == [f'report.chapter("{n}")' for n in CHAPTERS]
    path = context.evaluation.params.inputs.tracer_person
    assert path is not None
    row = frame[frame["Tables and figures"].str.contains("T17-MDA-001")].iloc[0]
    assert f"tracer_person.parquet {file_hash(path)[:16]}" in row["Files and their sha256"]
    listed = {i for ids in frame["Tables and figures"] for i in ids.split(", ")}
    assert listed == set(shown) - {"T23"}


def test_the_roll_out_prints_its_tests_and_its_map(
    context: Context, shown: Mapping[str, object]
) -> None:
    r, cells = context.evaluation.rollout, table(shown, "T24")
    assert r is not None
    assert isinstance(r.overall, Estimate)
    assert not isinstance(r.effects, NotEstimable)
    assert not isinstance(r.composition, NotEstimable)
    row = "all groups and periods, design-based error"
    assert cells.loc[(row, "estimate"), "value"] == r.overall.value[0]
    assert cells.loc[(row, "p"), "value"] == r.overall.pvalue[0]
    pre, makeup = r.effects.pretrend_test(), r.composition.test
    assert not isinstance(pre, NotEstimable) and not isinstance(makeup, NotEstimable)
    assert cells.loc[("test that all effects before the roll-out are 0", "p"), "value"] == pre.p
    assert cells.loc[("make-up: test that no trait changed", "p"), "value"] == makeup.p
    drawn = figure(shown, "F11c-rollout").data
    np.testing.assert_array_equal(drawn["att"], r.effects.to_frame()["att"])


def test_what_the_study_could_have_found(context: Context, shown: Mapping[str, object]) -> None:
    """An effect of the printed size is found with 80% chance: power of the t test with the design's
    degrees of freedom, normal within 1%.
    """
    effect = context.evaluation.effects[0]
    main = effect.by_wave["employed", 3]
    assert isinstance(main, Estimate)
    size = (
        table(shown, "T19b-MDA-001").loc[
            ("effect that this study finds with 80% chance", "value"), "value"
        ]
        / main.se[0]
    )
    critical = stats.t.ppf(0.975, main.dof[0])
    assert float(stats.nct.sf(critical, main.dof[0], size)) == pytest.approx(0.8, abs=0.01)


def test_without_evidence_every_chapter_says_so(context: Context) -> None:
    """No tracer, no roll-out, no survey, no inventory: sentences, never an empty or a missing
    table.
    """
    empty = dataclasses.replace(
        context.evaluation,
        survey=None,
        tracing=None,
        inventory=None,
        study=None,
        rollout=None,
        kept={},
    )
    nothing = dataclasses.replace(context, evaluation=empty)
    for name, make in CHAPTERS.items():
        items = make(nothing).items
        assert items, name
        assert any(isinstance(i, str) and "Not supplied" in i for i in items) or name == "limits", (
            name
        )
    matrix = next(
        i for i in CHAPTERS["limits"](nothing).items if isinstance(i, TextTable) and i.id == "T05c"
    )
    assert set(matrix.frame["Strength"]) == {"none"} and matrix.frame["Criterion"].nunique() == 6


def test_figures_that_the_tracer_cannot_support_say_why(context: Context) -> None:
    study = context.evaluation.tracing
    assert study is not None
    panel = dataclasses.replace(study.panel, episodes=None, _made={})
    bare = dataclasses.replace(
        context,
        evaluation=dataclasses.replace(
            context.evaluation, tracing=dataclasses.replace(study, panel=panel, kept={}), kept={}
        ),
    )
    said = waiting_items(bare, bare.evaluation.tracing)  # type: ignore[arg-type]
    assert [str(s)[:3] for s in said] == ["F08", "F09"] and all("episodes" in str(s) for s in said)


def test_voluntary_and_forced_returns_stand_apart(
    context: Context, shown: Mapping[str, object]
) -> None:
    """By hand from the survey's weights; a kind of few persons is hidden with its neighbour, and a
    survey that does not ask says so.
    """
    s = context.evaluation.survey
    assert s is not None
    frame, w = s.sample.frame, np.asarray(s.sample.weights)
    returnee, forced = (
        (frame["mig_status"].astype(str) == "RET").to_numpy(),
        frame["mig_ret_type"].isin(["DEPORT", "READMISSION"]).to_numpy(),
    )
    cells = table(shown, "T08d")
    assert cells.loc[("share of returnees", "forced return"), "value"] == pytest.approx(
        w[returnee & forced].sum() / w[returnee].sum(), rel=1e-9
    )
    work = (frame["lstatus"] == 1).to_numpy(bool)
    for kind, inside in (
        ("forced return", returnee & forced),
        ("voluntary return", returnee & ~forced),
    ):
        assert cells.loc[("Employment rate", kind), "value"] == pytest.approx(
            w[inside & work].sum() / w[inside].sum(), rel=1e-9
        )
        assert cells.loc[("Employment rate", kind), "n"] == inside.sum()
    rules = dataclasses.replace(context, rules=Rules(min_cell=100, min_mean=100))
    alone = {"people": Chapter("people", "Returns", (returns(rules, s, ()),))}
    (strict,) = release(rules, alone).chapters["people"].items
    assert isinstance(strict, Table)
    shares = strict.cells.set_index("row").loc[["share of returnees"]]
    assert sorted(shares["status"]) == ["confidential", "secondary"]
    unasked = dataclasses.replace(
        s, sample=s.sample.with_columns({"mig_ret_type": np.full(s.sample.n, None, dtype=object)})
    )
    expected = "T08d: voluntariness of return: the survey does not ask how people returned."
    assert returns(context, unasked, ()) == expected


def test_hidden_months_are_neither_zero_nor_said(shown: Mapping[str, object]) -> None:
    """What is not shown is empty in the figure's numbers and "c" in its words."""
    drawn = figure(shown, "F08").data
    states = drawn.columns.drop(["month", "n", "group"])
    people = drawn[states].mul(drawn["n"], axis=0)
    assert not ((people > 1e-9) & (people < 9.5)).to_numpy().any()
    assert (drawn[states].isna().sum(axis=1) != 1).all() and drawn[states].isna().to_numpy().any()
    two = pd.DataFrame(
        {"month": [0, 1], "n": [100, 100], "a": [0.9, 0.5], "b": [0.1, np.nan], "d": [0.0, np.nan]}
    )
    labels = {"a": "at work", "b": "abroad", "d": "in school"}
    alt = months(Caption("F08", "States"), {"participants": two}, labels, "months").alt
    assert "at work 90, 50; abroad 10, c; in school 0, c" in alt


def test_an_effect_stands_with_its_interval(shown: Mapping[str, object]) -> None:
    item = shown["T17-MDA-001"]
    assert isinstance(item, Table)
    cell = item.cells[
        (item.cells["row"] == "employed, at home or abroad") & (item.cells["column"] == "24 months")
    ].iloc[0]
    low, value, high = (100 * cell[c] for c in ("ci_low", "value", "ci_high"))
    assert f"{value:.1f} ({100 * cell['se']:.1f}) [{low:.1f};\u00a0{high:.1f}]" in item.to_html()
    assert "95% confidence intervals in square brackets." in item.to_html()


def test_earnings_and_durations_say_their_units(shown: Mapping[str, object]) -> None:
    for id_ in ("T14", "T16", "T17-MDA-001"):
        item = shown[id_]
        assert isinstance(item, Table)
        assert "Monthly earnings in MDL, those abroad converted; not deflated." in item.notes
    rows = set(table(shown, "T11").index.get_level_values("row"))
    assert {
        "Duration of the last stay abroad (median), months",
        "Recruitment cost indicator (SDG 10.7.1), months of earnings",
    } <= rows
    ages = [
        r
        for r in table(shown, "T07").index.get_level_values("row").unique()
        if r.startswith("education: ")
    ]
    assert ages == ["education: low", "education: medium", "education: high"]


def test_every_number_has_a_unit(shown: Mapping[str, object]) -> None:
    lacking = [
        (item.id, cell["row"], cell["column"])
        for item in shown.values()
        if isinstance(item, Table)
        for cell in item.published().to_dict("records")
        if cell["status"] == "shown" and np.isfinite(cell["value"]) and not cell["unit"]
    ]
    assert not lacking


def test_units_are_those_of_the_stored_numbers(
    context: Context, shown: Mapping[str, object]
) -> None:
    """Also where a table shows shares in hundreds or money in millions: 9 measures are not 0.09."""
    inventory = context.evaluation.inventory
    assert isinstance(inventory, Inventory)
    frame = inventory.tree.amounts()
    without = table(shown, "T02").loc[("All measures", "measures without a budget")]
    assert without["value"] == frame["budget_eur"].isna().sum() and without["unit"] == "number"
    money = table(shown, "T01").loc[("All stages", "budget, million euro")]
    assert money["value"] * 1e6 == pytest.approx(frame["budget_eur"].sum())
    assert money["unit"] == "million EUR"
    for _, line in some(table(shown, "T06b").groupby(level="row")):
        published, ours, missed = (
            line.xs(column, level="column").iloc[0]
            for column in ("published figure", "this survey", "difference in standard errors")
        )
        assert missed["unit"] == "standard errors"
        assert missed["value"] == pytest.approx((ours["value"] - published["value"]) / ours["se"])


def test_what_no_interval_shows_is_no_finding_that_trends_could_overturn(
    built: Mapping[str, Chapter],
) -> None:
    """The design's interval of MDA-002 leaves 0 out, that over its regions does not."""
    said = [i for i in built["impact"].items if isinstance(i, str)]
    (one,) = (s for s in said if s.startswith("MDA-001: the finding needs parallel trends"))
    assert "MDA-002" not in one
    assert any(s.startswith("MDA-002: no effect is shown by the widest") for s in said)
    assert not any(s.startswith("MDA-002: the finding") for s in said)


def test_losses_of_a_wave_stand_in_the_box_of_that_wave(
    context: Context, shown: Mapping[str, object]
) -> None:
    study = context.evaluation.tracing
    assert study is not None
    sources = {name: int(who.sum()) for name, who in _sources(context, study)}
    assert [*sources] == ["lists of beneficiaries", "screened by the labour force survey"]
    assert max(sources, key=lambda name: sources[name]) == [*sources][1]  # by name, not by size
    flow = figure(shown, "F03").data.set_index("step")
    for wave in some(study.waves):
        line = flow.loc[f"interviewed after {study.months[wave]:.0f} months"]
        numbers = [int(n.replace(",", "")) for n in re.findall(r"[\d,]+(?=;|$)", line["left out"])]
        reasons = [part for part in line["left out"].split("; ") if not part.startswith("of them")]
        assert line["n"] + sum(numbers[: len(reasons)]) == flow.loc["enrolled", "n"]


def test_the_planted_effect_stands_beside_the_interval_that_speaks(
    context: Context, whole_report: Callable[[str, str], WholeReport]
) -> None:
    evaluation, published = context.evaluation, whole_report("MDA", "en").report.published
    study, truth = evaluation.tracing, evaluation.truth
    assert study is not None and truth is not None
    outcome, _ = evaluation.main_cell
    for effect in some(evaluation.effects):
        mine = truth[(truth["measure_id"] == effect.measure) & (truth["outcome"] == outcome)]
        planted = mine.set_index("wave")["att"]
        items = truth_items(context, effect, study)
        assert len(items) == len(study.waves)
        for wave, item in some(zip(study.waves, items, strict=True)):
            spoken = published.cells[spoken_cell(context, effect.measure, study, outcome, wave)]
            held = spoken.ci_low <= float(planted[wave]) <= spoken.ci_high
            said = item.text(published, context.words)
            assert f"{100 * float(planted[wave]):.1f} percentage points" in said
            assert ("; inside the" if held else "; outside the") in said


def test_notes_of_a_table_of_effects_are_of_all_its_cells(shown: Mapping[str, object]) -> None:
    for id_, item in some(shown.items()):
        if id_.startswith("T17-") and isinstance(item, Table):
            assert not any("at wave 1" in note for note in item.notes)
            units = next(note for note in item.notes if note.startswith("Units: "))
            assert all(row in units for row in item.rows)


def test_migration_statuses_add_up_and_say_what_is_not_known(shown: Mapping[str, object]) -> None:
    cells = table(shown, "T07a")
    groups = ("returnees", "immigrants", "internal migrants", "non-migrants")
    found = [cells.loc[(f"{group}, % of residents", "estimate")] for group in groups]
    assert sum(c["value"] for c in found if c["status"] == "shown") == pytest.approx(1.0)
    assert (UNKNOWN_ROW, "estimate") in cells.index


def test_measures_that_the_report_evaluates_are_evaluated(
    context: Context, shown: Mapping[str, object]
) -> None:
    cells = table(shown, "T05b")["value"]
    inventory = context.evaluation.inventory
    assert inventory is not None
    before = inventory.evaluation_due("2023-12-31").summary.set_index("status")["measures"]
    here = cells[("of these, evaluated in this report", "measures")]
    assert here == len(context.evaluation.effects) + 1  # and the roll-out
    assert cells[("evaluated", "measures")] == before["evaluated"] + here
    statuses = ("overdue", "due next", "later", "evaluated", "no start date")
    assert sum(cells[(s, "measures")] for s in statuses) == before.sum()
    shares, n = table(shown, "T05")["value"], before.sum()
    assert shares[("evaluated share, %", "value")] == cells[("evaluated", "measures")] / n
    assert shares[("share with a comparison group, %", "value")] == here / n


def test_measures_for_one_sex_that_reached_the_other_are_named(
    context: Context, built: Mapping[str, Chapter]
) -> None:
    assert context.evaluation.inventory is not None
    frame = context.evaluation.inventory.frame
    men = frame["benef_reached"] - frame["benef_women"]
    named = frame.loc[(frame["target_sex"] == "F") & (men > 0), "measure_id"]
    said = next(i for i in built["inventory"].items if isinstance(i, str) and "one sex" in i)
    assert len(named) and re.findall(r"MDA-\d+", said) == sorted(named)


def test_job_years_are_the_months_worked_added_up(context: Context) -> None:
    study = context.evaluation.tracing
    assert study is not None
    for effect in some(context.evaluation.effects):
        counted = job_years(study, effect)
        assert counted is not None and isinstance(counted[0], Estimate) and counted[1] == 36
        each = [e for (outcome, w), e in effect.by_wave.items() if outcome == MONTHS]
        by_year = [e for e in each if isinstance(e, Estimate)][1:]  # waves after 12, 24, 36 months
        assert counted[0].value[0] == pytest.approx(sum(e.value[0] for e in by_year) / YEAR)
        largest = sum(e.se[0] for e in by_year) / YEAR
        assert counted[0].se[0] <= largest


def test_businesses_that_run_become_fewer(shown: Mapping[str, object]) -> None:
    cells = table(shown, "T16b")["value"]
    after = [float(cells[(f"business still running, {m} months", "all")]) for m in (12, 24)]
    assert after[0] > after[1]
