"""One call writes the files of the made-up countries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mismes_eval.errors import InputError
from mismes_eval.public import held
from mismes_eval.synthetic import inventory as inventory_table
from mismes_eval.synthetic import (
    lfs,
    lfs_migration,
    planted_truth,
    population,
    potential,
    published,
    sampling,
    tracer,
    writer,
)
from mismes_eval.synthetic.population import Population
from mismes_eval.synthetic.scenario import COUNTRIES, MARK, SEED, STATUSES, Scenario, load

# what people write in the example report, a folder a country that has it
WORDS = Path(__file__).parent / "words"
_ROUNDS = (
    "data_status",
    "countrycode",
    "year",
    "hhid",
    "pid",
    "weight",
    "psu",
    "strata",
    "urban",
    "subnatid1",
    "subnatid2",
    "msm_centre_cohort",
    "age",
    "age_group",
    "male",
    "educat4",
    "lstatus",
    "employed",
    "mig_status",
    "msm_aware",
    "msm_part",
)


@dataclass(frozen=True)
class Generated:
    """Files written, and their size in bytes."""

    root: Path
    files: tuple[Path, ...]
    size: int


@held(InputError)
def generate(out: Path, countries: Sequence[str] = COUNTRIES, seed: int = SEED) -> Generated:
    """Write the made-up countries to out/{ISO3}/ with out/MANIFEST.csv and out/SOURCES.md (the
    command `mismes demo`).

    Parameters
    ----------
    out : folder, made if absent; files of the same name are replaced.
    countries : ISO 3166-1 alpha-3 codes that have a scenario file.
    seed : every file has a random stream of its own, derived from the seed, the country and the
        file's name; the same seed gives identical bytes.

    Raises
    ------
    ParamsError : a country without a scenario, or a scenario with missing sections or figures
        without a source; nothing is written.
    """
    scenarios = [load(country, seed) for country in countries]
    files = [path for sc in scenarios for path in _country(sc, out / sc.country)]
    files.append(
        writer.text(
            _sources([load(country, seed) for country in COUNTRIES if (out / country).is_dir()]),
            out / "SOURCES.md",
        )
    )
    files.append(
        writer.manifest(out, tuple(country for country in COUNTRIES if (out / country).is_dir()))
    )
    return Generated(out, tuple(files), sum(file.stat().st_size for file in files))


def _country(sc: Scenario, to: Path) -> list[Path]:
    measures = inventory_table.build(sc)
    pops = [population.build(sc, year) for year in sc.rounds]
    main = pops[-1]
    files = _survey(sc, main, measures, to)
    files += _oversample(sc, main, measures, to)
    if len(pops) > 1:
        files += _rounds(sc, pops, measures, to)
    tracer_files, truth = _tracer(sc, measures, to)
    truth = pd.concat(
        [
            truth,
            published.rollout_truth(sc, pops, str(measures["measure_id"].iloc[len(sc.tracer)])),
        ],
        ignore_index=True,
    )
    truth[["att", "trend_gap_w0", "trend_gap_wm1"]] = truth[
        ["att", "trend_gap_w0", "trend_gap_wm1"]
    ].round(6)
    truth = truth.astype({column: "Int64" for column in ("wave", "months", "cohort", "year")})
    files += tracer_files
    files.append(writer.csv(truth.assign(data_status=MARK), to / "truth.csv"))
    claims = planted_truth.table(sc, main, measures, truth)
    files.append(writer.csv(claims, to / "claims_truth.csv"))
    files.append(writer.csv(measures, to / "inventory.csv"))
    side = {
        "inventory_contact": inventory_table.contacts,
        "inventory_year": inventory_table.by_year,
        "inventory_rate": inventory_table.rates,
    }
    files += [writer.csv(make(sc, measures), to / f"{name}.csv") for name, make in side.items()]
    plan = published.analysis_plan(sc)
    files += [] if plan is None else [writer.csv(plan, to / "analysis_plan.csv")]
    files.append(writer.csv(lfs_migration.rates(sc), to / "lfs_rate.csv"))
    files.append(writer.csv(published.margins(sc, [main]), to / "margins.csv"))
    files.append(writer.csv(published.targets(sc), to / "targets.csv"))
    files.append(writer.text(published.design(sc), to / "design.yaml"))
    files.append(writer.text(_readme(sc), to / "README.txt"))
    words = sorted((WORDS / sc.country).glob("*.md"))
    files += [writer.text(f.read_text("utf-8"), to / "words" / f.name) for f in words]
    return files


def _persons(
    sc: Scenario, pop: Population, measures: pd.DataFrame, two_phase: bool, name: str
) -> tuple[sampling.Draw, pd.DataFrame]:
    draw = sampling.draw(sc, pop, two_phase, name)
    person = lfs.person_file(sc, pop, draw, name)
    return draw, lfs_migration.extend(sc, pop, draw, person, measures, name)


def _survey(sc: Scenario, pop: Population, measures: pd.DataFrame, to: Path) -> list[Path]:
    two_phase = bool(sc.design.get("main_two_phase", False))
    draw, person = _persons(sc, pop, measures, two_phase, "lfs")
    files = [
        writer.parquet(person, to / "lfs_person.parquet"),
        writer.parquet(lfs_migration.absent_file(sc, pop, draw, person), to / "lfs_absent.parquet"),
    ]
    return files + _phase_one(sc, draw, person, to)


def _oversample(sc: Scenario, pop: Population, measures: pd.DataFrame, to: Path) -> list[Path]:
    """A second survey that screens for migrant households, with its own PSU and strata columns."""
    if "two_phase" not in sc.design or sc.design.get("main_two_phase", False):
        return []
    draw, person = _persons(sc, pop, measures, True, "hims")
    person = person.assign(
        survname=f"{MARK} HIMS-like survey",
        survey="HIMS",
        psu=draw.persons["psu"].to_numpy(),
        strata=draw.persons["stratum"].to_numpy(),
    )
    folder = to / "lfs_oversample"
    files = [writer.parquet(person, folder / "hims_person.parquet")]
    return files + _phase_one(sc, draw, person, folder)


def _phase_one(sc: Scenario, draw: sampling.Draw, person: pd.DataFrame, to: Path) -> list[Path]:
    """The screening phase: one row a listed household (hhid where interviewed), and counts by
    class.
    """
    if draw.listing is None or draw.counts is None:
        return []
    hhid = (
        person.assign(hh=draw.persons["hh"].to_numpy())
        .drop_duplicates("hh")
        .set_index("hh")["hhid"]
    )
    listing = draw.listing
    table = pd.DataFrame(
        {
            "data_status": MARK,
            "countrycode": sc.country,
            "listing_id": listing["hh"].to_numpy(),
            "psu": listing["psu"].to_numpy(),
            "strata": listing["stratum"].to_numpy(),
        }
    )
    table["phase1_weight"], table["phase1_class"] = (
        listing["d0_base"].round(4).to_numpy(),
        listing["phase1_class"].to_numpy(),
    )
    table["selected"], table["phase2_prob"] = (
        listing["selected"].astype(int).to_numpy(),
        listing["phase2_prob"].to_numpy(),
    )
    table["hhid"] = listing["hh"].map(hhid).to_numpy()
    table["responded"] = table["hhid"].notna().astype(int)
    counts = draw.counts.assign(
        phase2_prob=draw.counts["phase2_prob"].round(8),
        households_weighted=draw.counts["households_weighted"].round(2),
        data_status=MARK,
    )
    counts.insert(0, "country", sc.country)
    return [
        writer.parquet(table, to / "phase1_household.parquet"),
        writer.csv(counts, to / "phase1_counts.csv"),
    ]


def _rounds(sc: Scenario, pops: list[Population], measures: pd.DataFrame, to: Path) -> list[Path]:
    """All survey rounds with the columns that a repeated cross-section analysis needs, and their
    control totals.
    """
    parts = []
    for pop in pops:
        _, person = _persons(sc, pop, measures, bool(sc.design.get("main_two_phase", False)), "lfs")
        person["employed"] = person["lstatus"].eq(1).astype("Int8").where(person["lstatus"].notna())
        parts.append(person[[column for column in _ROUNDS if column in person]])
    table = pd.concat(parts, ignore_index=True)
    return [
        writer.parquet(table, to / "lfs_rounds.parquet"),
        writer.csv(published.margins(sc, pops), to / "lfs_rounds_margins.csv"),
    ]


def _tracer(sc: Scenario, measures: pd.DataFrame, to: Path) -> tuple[list[Path], pd.DataFrame]:
    ids = [str(measures["measure_id"].iloc[place]) for place in range(len(sc.tracer))]
    specs = dict(zip(ids, sc.tracer, strict=True))
    streams = {name: potential.simulate(sc, spec, name) for name, spec in specs.items()}
    files = [
        writer.parquet(table, to / f"{name}.parquet")
        for name, table in tracer.tables(sc, streams, specs).items()
    ]
    return files, potential.truth(sc, streams, specs)


def _readme(sc: Scenario) -> str:
    traits = "\n".join(
        f"- {tracer['key']}: {tracer.get('design_note', 'parallel trends hold from wave 0')}"
        for tracer in sc.tracer
    )
    return (
        f"{MARK} DATA. {writer.NOTICE}\n\nThis folder holds a made-up country that imitates the"
        f" public aggregates and the survey design of {sc.name}.\nIt is never to be quoted as data"
        f" of {sc.name}. Figures of margins.csv and targets.csv have a status:"
        f" {', '.join(STATUSES)}.\n\nSurvey design: {sc.design['note']}\nTracer studies (true"
        f" effects in truth.csv):\n{traits}\n\nMade by `mismes demo`; columns in"
        " docs/synthetic-data.md.\n"
    )


def _sources(scenarios: list[Scenario]) -> str:
    lines = [
        f"# Sources ({MARK} data)",
        "",
        writer.NOTICE,
        "",
        "Every microdata file here is generated. The aggregates it imitates:",
        "",
    ]
    lines += ["| country | figure | value | year | status | source |", "|---|---|---|---|---|---|"]
    for sc in scenarios:
        lines.append(
            f"| {sc.country} | population ({sc.coverage}) | {sc.population['value']} | {sc.year} |"
            f" {sc.population['status']} | {sc.population['source']} |"
        )
        lines += [
            f"| {sc.country} | {key} | {anchor['value']} | {anchor['year']} | {anchor['status']} | {anchor['source']} |"
            for key, anchor in sc.anchors.items()
        ]
    lines += [
        "",
        (
            "Population by sex and five-year age group: UN DESA, World Population Prospects 2019"
            " revision, 2020, CC BY 3.0 IGO, shares only."
        ),
        "",
    ]
    return "\n".join(lines)
