"""An attack on published numbers that knows nothing of the product: `python
benchmarks/interval_attack.py [FOLDER ...] [--made 24]`. FOLDER holds reports (default: reports/);
--made: so many small, made-up studies are reported on in this process and attacked as well.

Unknowns are the numbers of persons behind hidden cells, the persons in a hidden share, hidden
amounts. What ties them is read off the page: rows or columns that add up where all of them are
shown are taken to add up everywhere; numbers that are equal in every column that shows both are
equal in the others; a share times its n is a number of persons; a share that is a simple fraction
tells its n, and so does a standard error of p(1-p)/n; the categories of a group add up to one; the
rates of response define each other (AAPOR); degrees of freedom are fewer than persons. Linear
programmes then bound every unknown. An attack succeeds where a hidden number is pinned, or where
shown numbers give a group of 1 to 9 persons.

The last line gives n tried and n held; exit status 1 where one attack succeeds.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from scipy.optimize import linprog

from mismes_eval.errors import DisclosureError
from mismes_eval.evaluation.params import Params
from mismes_eval.report.country import country_report
from mismes_eval.report.document.language import language
from mismes_eval.report.document.passages import PARTS
from mismes_eval.report.session import Session

ROOT = Path(__file__).resolve().parent.parent
SMALL, MOST = 10, 1e7
EXACT, WHOLE = 1e-13, 1e-6  # of a fraction, of a number of persons
HIDDEN = ("confidential", "secondary")
STUDIES, REGIONS = "S06", ("wild cluster bootstrap, clusters: regions",)  # n of no persons
SHARES = ("share", "proportion")
Name = tuple[str, str, str, str]  # table, row, column, and n (base), k (in a share), v (amount)


@dataclass
class Published:
    """The numbers of one report: known ones, unknown ones, and shares."""

    known: dict[Name, float] = field(default_factory=dict)
    unknown: dict[Name, str] = field(default_factory=dict)  # status of its cell
    share: dict[Name, float] = field(default_factory=dict)  # by the name of its k
    error: dict[Name, float] = field(default_factory=dict)
    least: dict[Name, float] = field(default_factory=dict)  # degrees of freedom + 1, by its n

    @property
    def names(self) -> list[Name]:
        return [*self.known, *self.unknown]


def published(folder: Path) -> Published:
    """What a report says of persons and amounts."""
    out = Published()
    cells = json.loads((folder / "estimates.json").read_text(encoding="utf-8"))["estimates"]
    for c in cells:
        place = (str(c["table"]), str(c["row"]), str(c["column"]))
        hidden = c["status"] in HIDDEN
        if c["kind"] == "count":
            _put(out, (*place, "v"), c["value"], hidden, c["status"])
            continue
        if c["status"] == "not estimable":
            continue
        _put(out, (*place, "n"), c["n"], True, c["status"])
        if c["degf"] is not None and c["n"] is None:
            out.least[(*place, "n")] = math.floor(float(c["degf"])) + 1.0
        if c["kind"] in SHARES and c["unit"] in ("share", "%", "proportion"):
            name = (*place, "k")
            if c["value"] is None:
                out.unknown[name] = c["status"]
                continue
            out.share[name] = float(c["value"])
            if c["se"] is not None:
                out.error[name] = float(c["se"])
    _persons_of_shares(out)
    return out


def _put(out: Published, name: Name, number: float | None, asked: bool, status: str) -> None:
    if number is not None:
        out.known[name] = float(number)
    elif asked:
        out.unknown[name] = status


def _persons_of_shares(out: Published) -> None:
    """A share of persons with like weights times its n is a whole number."""
    for name, p in out.share.items():
        n = out.known.get((*name[:3], "n"))
        if n is not None and abs(p * n - round(p * n)) < WHOLE:
            out.known[name] = float(round(p * n))


def fractions(out: Published) -> None:
    """Bases that are not printed and that a share or its error tells."""
    formula = _errors_of_shares(out)
    for name, p in out.share.items():
        base = (*name[:3], "n")
        if base in out.known or not 0 < p < 1:
            continue
        told = Fraction(p).limit_denominator(3000)
        if abs(float(told) - p) < EXACT and told.denominator >= 2:
            fits = [m * told.denominator for m in range(1, 40)]
            fits = [n for n in fits if n >= out.least.get(base, 1.0)]
            by_error = [n for n in fits if name in out.error and _fits(p, out.error[name], n)]
            if len(by_error) == 1:
                out.known[base], out.unknown = float(by_error[0]), _without(out.unknown, base)
        elif name[0] in formula and name in out.error and out.error[name] > 0:
            n = p * (1 - p) / out.error[name] ** 2 + formula[name[0]]
            if abs(n - round(n)) < 1e-4:
                out.known[base], out.unknown = float(round(n)), _without(out.unknown, base)
    _persons_of_shares(out)


def _fits(p: float, se: float, n: int) -> bool:
    return any(abs(se**2 * (n - less) - p * (1 - p)) < 1e-9 for less in (0, 1))


def _errors_of_shares(out: Published) -> dict[str, int]:
    """Tables in which standard errors are those of simple random samples -> 0 or 1 of n - 1."""
    found: dict[str, list[int]] = defaultdict(list)
    for name, p in out.share.items():
        n = out.known.get((*name[:3], "n"))
        if n and name in out.error:
            fits = [
                less
                for less in (0, 1)
                if abs(out.error[name] ** 2 * (n - less) - p * (1 - p)) < 1e-9
            ]
            found[name[0]] += fits or [-1]
    return {t: f[0] for t, f in found.items() if len(f) > 1 and set(f) == {f[0]} and f[0] >= 0}


def _without(names: dict[Name, str], gone: Name) -> dict[Name, str]:
    return {name: status for name, status in names.items() if name != gone}


Relation = dict[Name, float]  # coefficients; they add up to nought


def relations(out: Published) -> list[Relation]:
    """Everything that adds up by what is shown."""
    return [*_sums(out), *_equal(out), *_blocks(out)]


def _lines(out: Published) -> Iterator[tuple[object, list[Name], bool]]:
    """(kind of line, its cells in their order, by row) of every row and column of a table."""
    rows: dict[object, list[Name]] = defaultdict(list)
    for name in sorted(out.names, key=_order(out)):
        table, row, column, what = name
        rows[table, "column", column, what].append(name)
        rows[table, "row", row, what].append(name)
    for key, cells in rows.items():
        yield key, cells, key[1] == "row"  # type: ignore[index]


def _order(out: Published) -> object:
    place = {name[:3]: i for i, name in enumerate([*out.known, *out.unknown])}
    return lambda name: place[name[:3]]


def _sums(out: Published) -> list[Relation]:
    """Runs of two or more cells of a line that add up to another cell of it, wherever the line is
    shown whole; the same labels are taken to add up in every line.
    """
    lines = list(_lines(out))
    learned: set[tuple[str, tuple[str, ...]]] = set()
    for _, cells, by_row in lines:
        labels = [cell[2] if by_row else cell[1] for cell in cells]
        values = [out.known.get(cell, math.nan) for cell in cells]
        for total, first, last in _runs(values):
            learned.add((labels[total], tuple(labels[first:last])))
    found, refuted = [], set()
    for _, cells, by_row in lines:
        at = {cell[2] if by_row else cell[1]: cell for cell in cells}
        for addition in learned:
            total, parts = addition
            if not {total, *parts} <= set(at):
                continue
            names = [at[part] for part in parts]
            shown = [out.known.get(name) for name in (*names, at[total])]
            if all(n is not None for n in shown):
                *some, whole = (float(n) for n in shown if n is not None)
                if abs(sum(some) - whole) >= WHOLE:
                    refuted.add(addition)
            else:
                found.append((addition, {at[total]: -1.0} | dict.fromkeys(names, 1.0)))
    return [tie for addition, tie in found if addition not in refuted]


def _runs(values: Sequence[float]) -> Iterator[tuple[int, int, int]]:
    """(total, first, last) of runs of cells of some persons that add up to a cell outside."""
    for first in range(len(values)):
        total, many = 0.0, 0
        for last in range(first, min(len(values), first + 30)):
            if math.isnan(values[last]):
                break
            total, many = total + values[last], many + (values[last] > 0)
            if many >= 2:
                for i, v in enumerate(values):
                    if abs(v - total) < WHOLE and not first <= i <= last:
                        yield i, first, last + 1


def _equal(out: Published) -> list[Relation]:
    """Pairs of rows (of one or of two tables) with the same number in every column that shows both,
    two different numbers at least.
    """
    by_line: dict[tuple[str, str, str], dict[str, Name]] = defaultdict(dict)
    for name in out.names:
        by_line[name[0], name[1], name[3]][name[2]] = name
    lines = [line for line in by_line.values() if len(line) > 1]
    found = []
    for i, one in enumerate(lines):
        for other in lines[i + 1 :]:
            shared = [c for c in one if c in other]
            pairs = [(one[c], other[c]) for c in shared]
            both = [
                (out.known[a], out.known[b]) for a, b in pairs if a in out.known and b in out.known
            ]
            if len({a for a, _ in both}) < 2 or any(a != b for a, b in both):
                continue
            found += [{a: 1.0, b: -1.0} for a, b in pairs if (a in out.known) != (b in out.known)]
    return found


def _blocks(out: Published) -> list[Relation]:
    """Shares of the categories of one group ("sex: men", "sex: women") are everybody of it."""
    blocks: dict[tuple[str, str, str], list[Name]] = defaultdict(list)
    for name in [*out.share, *(n for n in out.unknown if n[3] == "k")]:
        label, mark, _ = name[1].partition(": ")
        if mark:
            blocks[name[0], name[2], label].append(name)
    whole = defaultdict(list)
    for (table, _, label), names in blocks.items():
        shown = [out.share.get(n) for n in names]
        if None not in shown:
            whole[table, label].append(abs(sum(shown) - 1) < 1e-9)  # type: ignore[arg-type]
    found = []
    for (table, _, label), names in blocks.items():
        lacking = [n for n in names if n not in out.share]
        if lacking and whole[table, label] and all(whole[table, label]):
            found.append(dict.fromkeys(names, 1.0) | {(*names[0][:3], "n"): -1.0})
    return found


def bounds(out: Published, ties: list[Relation]) -> dict[Name, tuple[float, float]]:
    """The least and the most that each unknown can be."""
    names = [n for n in dict.fromkeys(n for r in ties for n in r) if n not in out.known]
    if not names:
        return {}
    at = {name: i for i, name in enumerate(names)}
    matrix, right = np.zeros((len(ties), len(names))), np.zeros(len(ties))
    for i, tie in enumerate(ties):
        for name, coefficient in tie.items():
            if name in at:
                matrix[i, at[name]] += coefficient
            else:
                right[i] -= coefficient * out.known[name]
    limits = [(out.least.get(name, 0.0), MOST if name[3] != "v" else 1e13) for name in names]
    found = {}
    for name in names:
        goal = np.eye(len(names))[at[name]]
        ends = [linprog(s * goal, A_eq=matrix, b_eq=right, bounds=limits) for s in (1.0, -1.0)]
        if all(end.status == 0 for end in ends):
            found[name] = (float(ends[0].fun), float(-ends[1].fun))
    return found


def rates(out: Published) -> list[str]:
    """Groups of 1 to 9 persons that the rates of response define together (AAPOR 2023)."""
    found, rows = [], defaultdict(dict)
    for name, p in out.share.items():
        rows[name[0], name[1]][name[2]] = (p, out.known.get((*name[:3], "n")))
    for place, told in rows.items():
        n = {told[r][1] for r in told if r != "COOP1"} - {None}
        if not {"RR1", "RR2"} <= set(told) or len(n) != 1:
            continue
        size = n.pop()
        alike = [(*place, rate, "k") for rate in ("RR1", "RR2")]
        if not set(alike) <= set(out.known):
            continue  # weights differ: a share times n is no number of persons
        k = {rate: p * size for rate, (p, _) in told.items() if rate != "COOP1"}
        derived = {"partial": k["RR2"] - k["RR1"], "none": size - k["RR2"]}
        if "REF1" in k:
            derived["refused"] = k["REF1"]
        if "CON1" in k:
            derived |= {"not contacted": size - k["CON1"]}
            if "REF1" in k:
                derived["other contact"] = k["CON1"] - k["RR2"] - k["REF1"]
        if "COOP1" in told and told["COOP1"][0] > 0:
            reached = k["RR1"] / told["COOP1"][0]
            derived["reached and did not answer"] = reached - k["RR2"]
        for what, number in derived.items():
            if 0.5 < number < SMALL - 0.5 and abs(number - round(number)) < 1e-3:
                found.append(f"{place[0]} / {place[1]}: {what}, {number:.0f} persons")
    return found


def small(out: Published) -> list[str]:
    """Shown cells that are of 1 to 9 persons. The complement of a rate is no group of its own by the
    rules of the product (docs/methods/disclosure.md).
    """
    found = []
    for name, number in out.known.items():
        counted = name[3] != "v" and not name[0].startswith(STUDIES) and name[1] not in REGIONS
        if counted and 0 < number < SMALL:
            found.append(f"{name[0]} / {name[1]} / {name[2]}: {number:.0f} persons")
    return found


def attack(folder: Path) -> tuple[int, list[str]]:
    """How much was attacked in a report, and what was had."""
    out = published(folder)
    tried = len(out.unknown) + len(out.known)
    told = small(out) + rates(out)
    fractions(out)
    told += [t for t in small(out) if t not in told]
    for name, (low, high) in bounds(out, relations(out)).items():
        pinned = name in out.unknown and out.unknown[name] in HIDDEN and high - low < 0.5
        if pinned and (name[3] == "v" or 0.5 < low < SMALL - 0.5):
            told.append(f"{' / '.join(name)}: pinned to {low:.2f}")
    told += _shares_alone(out)
    return tried, told


def _shares_alone(out: Published) -> list[str]:
    """A hidden share that is alone in its group is one less the others."""
    found = []
    for tie in _blocks(out):
        hidden = [n for n in tie if n[3] == "k" and n not in out.share]
        if len(hidden) == 1 and out.unknown[hidden[0]] in HIDDEN:
            found.append(f"{' / '.join(hidden[0])}: the share is one less the others")
    return found


FILES = ("person", "wave", "outcome", "service", "episode")
IMPACT = {"outcomes": ["employed", "earnings"], "main_outcome": "employed", "main_wave": 2}
TRACER = {"measure": "eval_measure_id", "baseline": 0, "waves": [1, 2]}
LFS = {
    "definitions": {"preset": "hims_tunisia"},
    "design": {"weights": "weight", "household": "hhid"},
    "calibration": {"method": "none"},
}


def study(root: Path, seed: int) -> Path:
    """SYNTHETIC: params of a small study; some persons of a made-up measure, a few of whom miss
    waves, and (every second one) a small survey with a few returnees, in some with equal weights.
    """
    rng = np.random.default_rng(seed)
    data = ROOT / "data_raw" / "GEO"
    (root / "data").mkdir(parents=True)
    tree: dict[str, object] = {"country": "GEO", "year": 2023, "synthetic": True}
    inputs = {}
    tables = {name: pd.read_parquet(data / f"tracer_{name}.parquet") for name in FILES}
    person = tables["person"]
    one = person[person["eval_measure_id"] == min(person["eval_measure_id"])]
    size = {"T": int(rng.integers(12, 90)), "C": int(rng.integers(31, 160))}
    chosen = [
        rng.choice(one.loc[one["arm"] == arm, "person_id"], n, replace=False)
        for arm, n in size.items()
    ]
    ids = np.concatenate(chosen)
    for name, table in tables.items():
        kept = table[table["person_id"].isin(ids)]
        if name == "person" and seed % 3:
            kept = kept.assign(sample_weight=1.0)
        if name in ("wave", "outcome"):
            kept = kept[kept["wave"] <= 2]
        kept.to_parquet(root / "data" / f"{name}.parquet")
        inputs[f"tracer_{name}"] = f"data/{name}.parquet"
    tree |= {"tracer": TRACER, "impact": {**IMPACT, "groups": ["male"]}}
    if seed % 2:
        whole = pd.read_parquet(data / "lfs_person.parquet")
        some = whole[whole["hhid"].isin(rng.choice(whole["hhid"].unique(), 700, replace=False))]
        if seed % 4 == 1:
            some = some.assign(weight=100.0)
        some.to_parquet(root / "data" / "lfs.parquet")
        inputs["lfs"] = "data/lfs.parquet"
        tree |= LFS
    (root / "params").mkdir()
    file = root / "params" / "GEO.yaml"
    file.write_text(yaml.safe_dump({**tree, "inputs": inputs}), encoding="utf-8")
    return file


def made(number: int, seed: int) -> tuple[int, list[str]]:
    """Small made-up studies, reported on and attacked."""
    tried, told = 0, []
    for which in range(seed, seed + number):
        with tempfile.TemporaryDirectory() as place:
            work = Path(place) / f"study{which}"
            work.mkdir()
            params = Params.load(study(Path(place) / "project", which))
            try:
                report = country_report(Session(params, work, language("en"), True))
            except DisclosureError:
                continue  # no report is no leak
            for part in PARTS:
                report.evaluator(part)
            report.findings()
            for name in report.chapters:
                report.chapter(name)
            report.finish()
            more, found = attack(work)
        print(f"study {which:<4} {more:6} numbers, {len(found)} had", flush=True)
        tried, told = tried + more, told + [f"study {which}: {text}" for text in found]
    return tried, told


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--made", type=int, default=0, help="small made-up studies")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    tried, told = 0, []
    for folder in args.folders or [ROOT / "reports"]:
        for file in sorted(folder.glob("*/estimates.json")):
            more, found = attack(file.parent)
            print(f"{file.parent.name:<10} {more:6} numbers, {len(found)} had", flush=True)
            tried, told = tried + more, told + [f"{file.parent.name}: {text}" for text in found]
    more, found = made(args.made, args.seed)
    tried, told = tried + more, told + found
    for line in told[:60]:
        print(f"  {line}")
    print(f"{tried:,} tried, {tried - len(told):,} held")
    return 1 if told or not tried else 0


if __name__ == "__main__":
    sys.exit(main())
