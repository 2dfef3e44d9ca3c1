"""What a run hands to colleagues who work elsewhere: survey and panel with every weight, in files
of Stata, SPSS and Parquet, programs that reprint the report's numbers, and a codebook.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pyreadstat

from mismes_eval.errors import DesignError, EstimateError
from mismes_eval.estimate.estimate import Estimate
from mismes_eval.evaluation.evaluation import Evaluation
from mismes_eval.evaluation.survey import Survey
from mismes_eval.frame.codes import labels, languages
from mismes_eval.frame.template import template
from mismes_eval.lfs.definitions import ORIGIN_GROUPS
from mismes_eval.message import Message, Name
from mismes_eval.numerics.rows import Float
from mismes_eval.weighting.replication import replicate_weights
from mismes_eval.weighting.resampling import replicates
from mismes_eval.weighting.sample import Sample

REPLICATES = 200
PSU, STRATUM, FRACTION = "psu_id", "stratum_id", "psu_fraction"
BASE, FINAL = "w_base", "w_final"
LONGEST = 80  # characters of a label in Stata
CODEBOOK = "codebook.xml"
DDI = "ddi:codebook:2_5"
LISTED = 60  # codes of a list that the codebook spells out; longer ones are classifications
STATUS = "mig_status"


@dataclass(frozen=True)
class Number:
    """One published number that the programs reprint: its name, value and standard error, and the
    linearised variable on the base weights whose total has that error ("" where there is none).
    """

    table: str
    name: str
    value: float
    se: float
    variable: str


R_LONELY = {"error": "fail"}
STATA_LONELY = {
    "adjust": "centered",
    "average": "scaled",
    "remove": "certainty",
    "certainty": "certainty",
    "error": "missing",
}


ValueLabels = Mapping[int | float | str, str]


@dataclass(frozen=True)
class Dataset:
    """name; frame: one row a person; labels: column -> words; value_labels: column -> {code:
    words}, of text codes too; weights: base weight, factors and final weight that the file has;
    scale: of the replicates, 0 where there are none; numbers: what the programs reprint; notes:
    what to read first; lonely: what a stratum with one PSU adds; texts: column -> its rule, at
    length.
    """

    name: str
    frame: pd.DataFrame
    labels: Mapping[str, str]
    value_labels: Mapping[str, ValueLabels]
    weights: tuple[str, ...]
    scale: float
    numbers: tuple[Number, ...]
    notes: tuple[str, ...]
    lonely: str
    texts: Mapping[str, str] = field(default_factory=dict)

    def in_words(self, say: Callable[[str], str]) -> Dataset:
        """The labels of columns and the notes in another language, as long as Stata has them."""
        told = {column: say(label) for column, label in self.labels.items()}
        return replace(self, labels=told, notes=tuple(map(say, self.notes)))

    @property
    def replicate_columns(self) -> list[str]:
        """Names of the replicate weights."""
        return [column for column in self.frame.columns if column.startswith("rw_")]

    def told_of_draw(self, words: str) -> str:
        """An argument of a program with the share of PSUs that were drawn, where it is known."""
        return words.format(FRACTION) if FRACTION in self.frame.columns else ""


def datasets(
    evaluation: Evaluation,
    language: str,
    count: int = REPLICATES,
    say: Callable[[str], str] = str,
) -> list[Dataset]:
    """The survey and the panel of a run as flat files. count: bootstrap replicates, each with every
    weight step redone; 0 for none. language: of the labels of codes; say: puts those of columns
    into it.
    """
    seed = evaluation.params.impact.seed
    out = []
    if evaluation.survey is not None:
        sample = evaluation.survey.sample
        numbers = _survey_numbers(evaluation)
        made = dataset("survey", sample, "lfs_person", language, (count, seed), numbers)
        out.append(_of_status(made, evaluation.survey, say).in_words(say))
    if evaluation.tracing is not None:
        sample, numbers = _panel(evaluation)
        made = dataset("panel", sample, "tracer_person", language, (count, seed), numbers)
        out.append(made.in_words(say))
    return out


def _of_status(made: Dataset, survey: Survey, say: Callable[[str], str]) -> Dataset:
    """Migration status named as the rule has it, which made the column."""
    rule = survey.definition
    if rule is None or STATUS not in made.frame.columns:
        return made
    names = {} if survey.tells_return else ORIGIN_GROUPS.get(rule.immigrant_by, {})
    coded = dict(made.value_labels[STATUS])
    coded.update((code, say(name)) for code, name in names.items())
    return replace(
        made,
        texts={STATUS: say(survey.migrant)},
        value_labels={**made.value_labels, STATUS: coded},
    )


Computed = list[tuple[str, str, Estimate]]


def _survey_numbers(evaluation: Evaluation) -> Computed:
    """Labour status of returnees and of everybody, and participation, as in T08 and T10."""
    found = []
    for table, which, by in (("T08", "L3", ("status",)), ("T08", "L3", ()), ("T10", "L12", ())):
        for key, item in evaluation.indicators(by=by, which=(which,)).items():
            if isinstance(item, Estimate):
                found += [
                    (table, f"{key} {name}".strip(), item.select([place]))
                    for place, name in enumerate(item.names)
                ]
    return found


def _panel(evaluation: Evaluation) -> tuple[Sample, Computed]:
    """Persons at enrolment with outcomes before and after, weighted for those who answered both."""
    study, params = evaluation.tracing, evaluation.params
    if study is None:
        raise EstimateError("no tracer study")
    pair = (study.baseline, params.impact.main_wave)
    panel = study.panel
    sample = panel.weight_sample(list(pair))
    columns = {}
    for outcome in params.impact.outcomes:
        if outcome not in panel.long.columns:
            continue
        for wave in pair:
            row = panel.row[:, panel.waves.index(wave)]
            values = pd.to_numeric(panel.long[outcome], errors="coerce").to_numpy(float)
            columns[f"{outcome}_{wave}"] = np.where(row >= 0, values[row], np.nan)
    found = []
    for effect in evaluation.effects:
        for (outcome, wave), item in effect.by_wave.items():
            if isinstance(item, Estimate) and wave == params.impact.main_wave:
                found.append(("T17", f"{effect.measure} {outcome} wave {wave}", item))
    return sample.with_columns(columns), found


def dataset(
    name: str,
    sample: Sample,
    of: str,
    language: str,
    bootstrap: tuple[int, int],
    computed: Computed,
) -> Dataset:
    """A sample as a flat file. of: its template; bootstrap: number of replicates and seed;
    computed: what the programs reprint.
    """
    design = sample.design
    notes = []
    frame = _plain(sample.frame)
    rows = design.base.size == sample.n
    added = {PSU: design.psu, FINAL: design.weights}
    first, *later = design.stages
    added[STRATUM] = first.stratum[design.psu]
    words = {
        FINAL: "Final weight: base weight times every factor",
        PSU: "Primary sampling unit",
        STRATUM: "Stratum",
    }
    if first.fraction.any():
        added[FRACTION] = first.fraction[first.stratum[design.psu]]
        words[FRACTION] = "Share of the PSUs of the stratum that were drawn"
    if any(stage.fraction.any() for stage in later):
        notes.append(
            "Units of later stages were drawn with known shares: the report's standard errors count"
            " those stages, and the programs' do not."
        )
    weights = [FINAL]
    if rows:
        added[BASE], words[BASE] = design.base, "Base weight, before every step"
        weights.insert(0, BASE)
        for number, step in enumerate(design.steps, 1):
            added[f"factor_{number}"] = step.factor
            named = {"number": number, "step": step.name}
            words[f"factor_{number}"] = Message("Factor of step {number}: {step}", named)
            weights.append(f"factor_{number}")
    else:
        notes.append(
            "The weight is made on other rows than these (a first phase): there is no base weight a"
            " row, and standard errors come from the replicate weights alone."
        )
    numbers, linear = _numbers(sample, computed, rows)
    replicated, scale, note = _replicated(sample, bootstrap)
    notes += [note] if note else []
    pieces = [frame, pd.DataFrame(added, index=frame.index)]
    pieces += [pd.DataFrame(linear, index=frame.index), replicated.set_axis(frame.index)]
    whole = pd.concat(pieces, axis=1)
    own, values = _words(whole, of, language)
    words |= {
        n.variable: Message("Linearised {cell}", {"cell": Name(f"{n.table} {n.name}")})
        for n in numbers
        if n.variable
    }
    return Dataset(
        name=name,
        frame=whole,
        labels=own | words,
        value_labels=values,
        weights=tuple(weights),
        scale=scale,
        numbers=numbers,
        notes=tuple(notes),
        lonely=design.lonely,
    )


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns as Stata and SPSS have them: floats, and text without missing values."""
    out: dict[str, object] = {}
    for column in frame.columns:
        values = frame[column]
        if str(column).startswith("_"):  # made on the way
            continue
        if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
            out[str(column)] = values.to_numpy(float, na_value=np.nan)
        else:
            told = values.notna().to_numpy()
            out[str(column)] = [str(value) if known else "" for value, known in zip(values, told)]
    return pd.DataFrame(out).reset_index(drop=True)


def _numbers(
    sample: Sample, computed: Computed, rows: bool
) -> tuple[tuple[Number, ...], dict[str, Float]]:
    """Published numbers, and their influence on the base weights as a column each."""
    numbers = []
    linear = {}
    for number, (table, name, item) in enumerate(computed, 1):
        variable = ""
        part = item.parts[0]
        if (
            rows
            and len(item.parts) == 1
            and part.influence is not None
            and part.influence.n == sample.n
        ):
            variable = f"lin_{number}"
            linear[variable] = part.design.pull_back(part.influence).dense()[:, 0]
        numbers.append(
            Number(
                table=table,
                name=name,
                value=float(item.value[0]),
                se=float(item.se[0]),
                variable=variable,
            )
        )
    return tuple(numbers), linear


def _replicated(sample: Sample, bootstrap: tuple[int, int]) -> tuple[pd.DataFrame, float, str]:
    """(n, B) final weights in each replicate, the scale of their variance, or why there are none."""
    count, seed = bootstrap
    empty = pd.DataFrame(index=range(sample.n))
    if count == 0:
        return empty, 0.0, ""
    try:
        redone = replicates(sample, "bootstrap", n=count, seed=seed)
        columns = list(replicate_weights(redone.design))
    except DesignError as error:
        return empty, 0.0, Message("No replicate weights: {error}", {"error": error.message})
    held = redone.design.replicates
    names = [f"rw_{number:03d}" for number in range(1, len(columns) + 1)]
    scale = 0.0 if held is None else held.scale * float(held.rscales[0])
    return pd.DataFrame(dict(zip(names, columns, strict=True))), scale, ""


def _words(
    frame: pd.DataFrame, of: str, language: str
) -> tuple[dict[str, str], dict[str, ValueLabels]]:
    """Labels of columns, and of their codes."""
    own: dict[str, str] = {}
    values: dict[str, ValueLabels] = {}
    for column in template(of).columns:
        if column.name not in frame.columns:
            continue
        own[column.name] = column.description
        codes = "yesno" if column.kind == "bool" else column.codes
        if column.kind in ("code", "bool", "cat") and codes:
            tongue = language if language in languages(codes) else "en"
            known = labels(codes, tongue)
            if column.kind != "cat":
                values[column.name] = {int(c): said for c, said in known.items() if c.isdigit()}
            elif len(known) <= LISTED:
                values[column.name] = {code: said for code, said in known.items()}
    return own, values


def write(sets: list[Dataset], folder: Path, country: str, synthetic: bool) -> list[Path]:
    """Data, programs and codebook, all or none: they stand in the folder when all are made."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix=".making-") as made:
        for dataset in sets:
            write_data(dataset, Path(made))
            write_programs(dataset, Path(made))
        (Path(made) / CODEBOOK).write_bytes(codebook(sets, country, synthetic))
        return [path.replace(folder / path.name) for path in sorted(Path(made).iterdir())]


def write_data(dataset: Dataset, folder: Path) -> list[Path]:
    """The microdata as .dta, .sav and .parquet; the two label the codes that are numbers."""
    stata, spss = folder / f"{dataset.name}.dta", folder / f"{dataset.name}.sav"
    parquet = folder / f"{dataset.name}.parquet"
    named: dict[str, str | None] = {
        column: dataset.labels.get(column, "")[:LONGEST]
        for column in map(str, dataset.frame.columns)
    }
    words: dict[str, dict[int | float, str]] = {
        column: {code: label for code, label in labels.items() if not isinstance(code, str)}
        for column, labels in dataset.value_labels.items()
    }
    pyreadstat.write_dta(dataset.frame, stata, column_labels=named, variable_value_labels=words)
    pyreadstat.write_sav(dataset.frame, spss, column_labels=named, variable_value_labels=words)
    dataset.frame.to_parquet(parquet, index=False)
    return [stata, spss, parquet]


def write_programs(dataset: Dataset, folder: Path) -> list[Path]:
    """A program for R and one for Stata that reprint the numbers beside the report's."""
    numbers = [vars(n) for n in dataset.numbers]
    table = folder / f"{dataset.name}_numbers.csv"
    pd.DataFrame(numbers).to_csv(table, index=False)
    r_file, stata = folder / f"{dataset.name}.R", folder / f"{dataset.name}.do"
    r_file.write_text(_r(dataset), encoding="utf-8")
    stata.write_text(_stata(dataset), encoding="utf-8")
    return [table, r_file, stata]


KEPT_WITH = "Numbers of few persons, which the report hides, are among them: keep it with the data."


def _r(d: Dataset) -> str:
    lines = ["# Reprints numbers of the report beside the report's own. Needs R's survey, haven."]
    lines += [f"# {KEPT_WITH}"]
    lines += [f"# {note}" for note in d.notes]
    lines += ["library(survey)", f'd <- haven::read_dta("{d.name}.dta")']
    lines += [f'told <- read.csv("{d.name}_numbers.csv")', "told$se_here <- NA"]
    if BASE in d.weights:
        lines += [
            "# Linearised: the total of each lin_ variable on the base weight has the report's error",
            f"s <- svydesign(ids = ~{PSU}, strata = ~{STRATUM}, weights = ~{BASE},{d.told_of_draw(' fpc = ~{},')} data = d, nest = TRUE)",
            f'options(survey.lonely.psu = "{R_LONELY.get(d.lonely, d.lonely)}")',
            "for (k in which(told$variable != ''))"
            " told$se_here[k] <- SE(svytotal(reformulate(told$variable[k]), s))",
        ]
    if d.scale:
        lines += [
            "# Replicates: every weight step was redone in each; use r for any other statistic",
            f"r <- svrepdesign(weights = ~{FINAL}, repweights = 'rw_[0-9]+', type = 'other',",
            f"  scale = {d.scale!r}, rscales = rep(1, {len(d.replicate_columns)}), combined.weights = TRUE, mse = FALSE, data = d)",
        ]
    return "\n".join([*lines, "print(told)", ""])


def _stata(d: Dataset) -> str:
    lines = ["* Reprints numbers of the report beside the report's own.", f"* {KEPT_WITH}"]
    lines += [f"* {note}" for note in d.notes]
    lines += ["version 15", f'use "{d.name}.dta", clear']
    if BASE in d.weights:
        lines += [
            "* Linearised: the total of each lin_ variable on the base weight has the report's error",
            f"svyset {PSU} [pweight = {BASE}], strata({STRATUM}){d.told_of_draw(' fpc({})')} singleunit({STATA_LONELY[d.lonely]})",
        ]
        for n in d.numbers:
            if n.variable:
                lines.append(
                    f'display "{n.table} {n.name}: {n.value:.10g}, standard error {n.se:.10g}"'
                )
                lines.append(f"svy: total {n.variable}")
    if d.scale:
        lines += [
            "* Replicates: every weight step was redone in each; use them for any other statistic",
            f"svyset [pweight = {FINAL}], bsrweight(rw_*) vce(bootstrap)",
        ]
    return "\n".join([*lines, ""])


def codebook(sets: list[Dataset], country: str, synthetic: bool) -> bytes:
    """A DDI Codebook 2.5 of the datasets: every column with its label and codes, weights marked."""
    root = ElementTree.Element("codeBook", {"xmlns": DDI, "version": "2.5"})
    title = f"Survey and panel, {country}" + (": SYNTHETIC DATA" if synthetic else "")
    study = ElementTree.SubElement(root, "stdyDscr")
    citation = ElementTree.SubElement(study, "citation")
    statement = ElementTree.SubElement(citation, "titlStmt")
    ElementTree.SubElement(statement, "titl").text = title
    for number, dataset in enumerate(sets, 1):
        described = ElementTree.SubElement(root, "fileDscr", {"ID": f"F{number}"})
        text = ElementTree.SubElement(described, "fileTxt")
        ElementTree.SubElement(text, "fileName").text = dataset.name
    data = ElementTree.SubElement(root, "dataDscr")
    for number, dataset in enumerate(sets, 1):
        for j, column in enumerate(dataset.frame.columns, 1):
            _variable(data, dataset, column, (f"V{number}_{j}", f"F{number}"))
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _variable(data: ElementTree.Element, d: Dataset, column: str, ids: tuple[str, str]) -> None:
    weight = column in (BASE, FINAL) or column.startswith("rw_")
    marks = {"ID": ids[0], "name": column, "files": ids[1]} | ({"wgt": "wgt"} if weight else {})
    element = ElementTree.SubElement(data, "var", marks)
    ElementTree.SubElement(element, "labl").text = d.labels.get(column, column)
    if column in d.texts:
        ElementTree.SubElement(element, "txt").text = d.texts[column]
    for code, label in d.value_labels.get(column, {}).items():
        category = ElementTree.SubElement(element, "catgry")
        ElementTree.SubElement(category, "catValu").text = str(code)
        ElementTree.SubElement(category, "labl").text = label
    kind = "numeric" if d.frame[column].dtype.kind == "f" else "character"
    ElementTree.SubElement(element, "varFormat", {"type": kind})
