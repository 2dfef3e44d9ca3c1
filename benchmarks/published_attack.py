"""Attack what stands in reports/, as somebody does who has the files and nothing else: `python
benchmarks/published_attack.py [FOLDER ...]`, each a folder of reports.

No relation of the product is used. Which numbers of persons add up is learned from the files
themselves: where a run of rows of one table adds up to another row in a column that hides nothing,
the same rows are taken to add up in the columns that hide something, whatever table they stand in.
Every such sum is an equation; a hidden small cell has 1 to 9 persons, another hidden one 10 or
more. A cell that two linear programmes pin to one number is recovered. All folders of the tree are
read: countries, synthesis, and the pages for numbers that the tables hide. Two folders of reports
are taken from each other as well, for cells, and sums of cells, that 1 to 9 persons lie between, and
for the base that the one prints and the larger base that the other prints.

The last two lines give n tried and n held; exit status 1 where one attack succeeds.
"""

from __future__ import annotations

import html
import json
import re
import sys
import zipfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import linprog

ROOT = Path(__file__).resolve().parent.parent
SMALL, OPEN = 10, 1e9
LEAST_ROWS = 2


def columns(estimates: pd.DataFrame) -> dict[tuple[str, str], pd.DataFrame]:
    """(table, column) -> its rows in order: row, n, status."""
    return {
        (str(t), str(c)): part.reset_index(drop=True)
        for (t, c), part in estimates.groupby(["table", "column"], sort=False)
    }


def sums(part: pd.DataFrame) -> list[tuple[str, tuple[str, ...]]]:
    """(total, rows) of runs of rows whose numbers of persons add up to a row outside of them."""
    n, name = part["n"].to_numpy(float), part["row"].tolist()
    if np.isnan(n).any() or len(n) <= LEAST_ROWS:
        return []
    found = []
    for first in range(len(n)):
        for last in range(first + LEAST_ROWS, len(n) + 1):
            total = n[first:last].sum()
            for at in np.flatnonzero(n == total):
                if not first <= at < last:
                    found.append((name[at], tuple(name[first:last])))
    return found


def pinned(part: pd.DataFrame, learned: set[tuple[str, tuple[str, ...]]]) -> tuple[int, list[str]]:
    """Hidden small cells of one column, and those of them that the learned sums pin."""
    position = {row: i for i, row in enumerate(part["row"])}
    rows = [s for s in learned if {s[0], *s[1]} <= set(position)]
    n, status = part["n"].to_numpy(float), part["status"].to_numpy(str)
    hidden = np.isnan(n)
    small = np.flatnonzero(hidden & (status == "confidential"))
    if not rows or not small.size:
        return int(small.size), []
    matrix = np.zeros((len(rows), len(n)))
    for k, (total, parts) in enumerate(rows):
        matrix[k, [position[p] for p in parts]] = 1.0
        matrix[k, position[total]] -= 1.0
    known = matrix[:, ~hidden] @ n[~hidden]
    bounds = [(1, SMALL - 1) if s == "confidential" else (0, OPEN) for s in status[hidden]]
    at, out = {i: k for k, i in enumerate(np.flatnonzero(hidden))}, []
    for cell in small:
        goal = np.eye(int(hidden.sum()))[at[int(cell)]]
        ends = [
            linprog(sign * goal, A_eq=matrix[:, hidden], b_eq=-known, bounds=bounds)
            for sign in (1.0, -1.0)
        ]
        if all(e.status == 0 for e in ends) and -ends[1].fun - ends[0].fun < 0.5:
            out.append(str(part["row"][cell]))
    return int(small.size), out


def of_report(folder: Path) -> tuple[int, list[str]]:
    """Hidden small cells that were attacked in a report, and what was recovered."""
    estimates = pd.DataFrame(json.loads((folder / "estimates.json").read_text())["estimates"])
    if estimates.empty or "n" not in estimates:
        return 0, []
    parts = columns(estimates.astype({"n": float}))
    learned = {found for part in parts.values() for found in sums(part)}
    tried, recovered = 0, []
    for (table, column), part in parts.items():
        small, told = pinned(part, learned)
        tried += small
        recovered += [f"{folder.name} {table} / {row} / {column}" for row in told]
    return tried, recovered + drawn(folder, estimates) + written(folder, estimates)


def drawn(folder: Path, estimates: pd.DataFrame) -> list[str]:
    """Hidden rows of a table for which the data of a picture of the same number give a value."""
    out = []
    hidden = estimates[estimates["status"].isin(["confidential", "secondary"])]
    for file in sorted((folder / "figures").glob("*.csv")):
        data = pd.read_csv(file, dtype=str)
        number = re.sub(r"^[A-Z]+", "", file.stem)
        same = hidden[hidden["table"].str.replace(r"^[A-Z]+", "", regex=True) == number]
        for row, column in zip(same["row"], same["column"], strict=True):
            at = data.eq(row).any(axis=1)
            drawn_as = [c for c in data if c == column] or [
                c for c in data if data.loc[at, c].eq(column).any()
            ]
            if at.any() and drawn_as:
                value = data.loc[at, drawn_as].apply(pd.to_numeric, errors="coerce")
                if value.notna().any(axis=None):
                    out.append(f"{folder.name} {file.name} / {row} / {column}")
    return out


def written(folder: Path, estimates: pd.DataFrame) -> list[str]:
    """Hidden rows for which a table of the Word document has a number."""
    file = folder / "report.docx"
    if not file.is_file():
        return []
    with zipfile.ZipFile(file) as document:
        text = document.read("word/document.xml").decode("utf-8")
    out, hidden = [], estimates[estimates["status"].isin(["confidential", "secondary"])]
    for before, table in re.findall(r"(.*?)<w:tbl>(.*?)</w:tbl>", text, re.DOTALL):
        id = shown(before.rpartition("<w:p>")[2]).partition(" ")[0]
        head, *rows = [
            [shown(cell) for cell in row.split("</w:tc>")[:-1]]
            for row in table.split("</w:tr>")[:-1]
        ]
        for row, column in hidden.loc[hidden["table"] == id, ["row", "column"]].itertuples(
            index=False
        ):
            at = [k for k, name in enumerate(head) if name == column]
            lines = [line for line in rows if line[0] == row]
            if any(re.search(r"\d", line[k]) for line in lines for k in at):
                out.append(f"{folder.name} {file.name} / {id} / {row} / {column}")
    return out


def shown(part: str) -> str:
    """The words in a part of a Word document."""
    return html.unescape("".join(re.findall(r"<w:t(?: [^>]*)?>([^<]*)", part)))


def between(one: Path, other: Path) -> tuple[int, list[str]]:
    """Cells and sums of cells of the same report in two folders, and those that 1 to 9 persons lie
    between.
    """
    tried, told = 0, []
    for folder in sorted(p.parent for p in one.glob("*/estimates.json")):
        twin = other / folder.name / "estimates.json"
        if not twin.is_file():
            continue
        whole = [persons(f) for f in (folder / "estimates.json", twin)]
        for attack in (by_sums, by_bases, by_values):
            more, summed = attack(folder.name, *whole)
            tried, told = tried + more, told + summed
        frames = [frame.dropna(subset=["n"]) for frame in whole]
        both = frames[0].merge(frames[1], on=["table", "row", "column"])
        apart = (both["n_x"] - both["n_y"]).abs()
        tried += len(both)
        for cell in both[(apart > 0) & (apart < SMALL)].to_dict("records"):
            told.append(f"{folder.name} {cell['table']} / {cell['row']} / {cell['column']}")
    return tried, told


def persons(file: Path) -> pd.DataFrame:
    """The cells of a report; of a count of persons, the count is how many there are."""
    frame = pd.DataFrame(json.loads(file.read_text())["estimates"]).astype({"n": float})
    frame["row"] = frame["row"].str.replace("\u2019", "'")  # set otherwise, and no other row
    if {"kind", "unit"} <= set(frame):
        people = frame["unit"].eq("persons")
        frame["n"] = frame["n"].mask(
            frame["kind"].eq("count") & people, frame["value"].astype(float)
        )
        frame = frame[frame["kind"].ne("count") | people]  # other counts are of measures
    return frame


def by_bases(name: str, then: pd.DataFrame, now: pd.DataFrame) -> tuple[int, list[str]]:
    """Where nobody came or went in a column: numbers that only one folder prints beside numbers
    that only the other prints, of the same people by the words of their column.
    """
    place = ["table", "row", "column"]
    both = then.drop_duplicates(place).merge(
        now.drop_duplicates(place), on=place, how="outer", suffixes=("", "_new")
    )
    both["people"] = both["column"].str.split(r"[\s,]", regex=True).str[0]
    tried, told = 0, []
    for people, part in both.groupby("people", sort=False):
        old, new = part["n"], part["n_new"]
        if (old.notna() & new.notna() & (old != new)).any():
            continue
        lost = part[old.gt(0) & new.isna() & ~old.isin(new)]  # what both print is not new
        won = part[new.gt(0) & old.isna() & ~new.isin(old)]
        for cell in lost.to_dict("records"):
            for other in won.to_dict("records"):
                if cell["table"] == other["table"] and cell["row"] != other["row"]:
                    continue  # rows of one table: the sums
                tried += 1
                if 0 < abs(cell["n"] - other["n_new"]) < SMALL:
                    told.append(
                        f"{name} {people}: {cell['table']} / {cell['row']} then,"
                        f" {other['table']} / {other['row']} now"
                    )
    return tried, told


def by_values(name: str, then: pd.DataFrame, now: pd.DataFrame) -> tuple[int, list[str]]:
    """Shares of as many persons as before that one to nine of them, or a part of one, moved, where
    two thirds of the shares of that number stand to a tenth of a person.
    """
    both = then.merge(now, on=["table", "row", "column", "n"], suffixes=("", "_new"))
    if "kind" not in both:
        return 0, []
    both = both[both["kind"].isin(["proportion", "share"]) & both["n"].gt(0)]
    apart = (both["value_new"].astype(float) - both["value"].astype(float)).abs() * both["n"]
    stand = apart.le(0.1).groupby(both["n"]).transform("mean").gt(2 / 3)
    told = both[stand & apart.gt(0.1) & apart.lt(SMALL)]
    places = zip(told["table"], told["row"], told["column"], strict=True)
    return len(both), [f"{name} {' / '.join(place)}, moved" for place in places]


def by_sums(name: str, then: pd.DataFrame, now: pd.DataFrame) -> tuple[int, list[str]]:
    """Sums with a part that one of two publications hides, and what they tell: 1 to 9 persons more
    or fewer in those parts, or, where nobody came or went in a column, a small part that both hide.
    """
    old, new = columns(then), columns(now)
    learned = {s for part in old.values() for s in sums(part)}
    learned &= {s for part in new.values() for s in sums(part)}
    tried, told = 0, []
    for key in [k for k in new if k in old]:
        both = (
            old[key]
            .drop_duplicates("row")
            .merge(new[key].drop_duplicates("row"), on="row", suffixes=("", "_new"))
        )
        change = (both["n_new"] - both["n"]).set_axis(both["row"])
        for total, parts in sorted(learned):
            if not {total, *parts} <= set(change.index) or np.isnan(change[total]):
                continue
            hidden = [p for p in parts if np.isnan(change[p])]
            left = change[total] - change[list(parts)].sum()
            tried += bool(hidden)
            if hidden and 0 < abs(left) < SMALL:
                told.append(f"{name} {key[0]} / {' + '.join(hidden)} / {key[1]}")
        still = change.dropna()
        if (still == 0).all() and (len(still) or unmoved(then, now, key[0])):
            small = both["status"].eq("confidential") | both["status_new"].eq("confidential")
            status = small.map({True: "confidential", False: "shown"})
            merged = both.assign(n=both["n"].fillna(both["n_new"]), status=status)
            count, found = pinned(merged, learned)
            tried += count
            told += [f"{name} {key[0]} / {row} / {key[1]}, hidden in both" for row in found]
    return tried, told


def unmoved(then: pd.DataFrame, now: pd.DataFrame, table: str) -> bool:
    """Whether nothing that both print of a table has changed, or of the whole where they print
    nothing of it in both.
    """
    both = then.dropna(subset=["n"]).merge(now.dropna(subset=["n"]), on=["table", "row", "column"])
    own = both[both["table"] == table]
    return bool(
        (own["n_x"] == own["n_y"]).all() if len(own) else (both["n_x"] == both["n_y"]).all()
    )


def main() -> int:
    folders = [Path(p) for p in sys.argv[1:]] or [ROOT / "reports"]
    tried, told = 0, []
    for folder in folders:
        for file in sorted(folder.glob("*/estimates.json")):
            small, recovered = of_report(file.parent)
            tried, told = tried + small, told + recovered
            print(
                f"{file.parent.name:<12} {small:5} hidden small cells, {len(recovered)} recovered"
            )
    cells = 0
    for one, other in pairwise(folders):
        shared, apart = between(one, other)
        cells, told = cells + shared, told + apart
        print(
            f"{one} and {other}: {shared} cells in both, {len(apart)} with 1 to 9 persons between"
        )
    for line in told[:50]:
        print(f"  {line}")
    print(f"{tried + cells} tried, {tried + cells - len(told)} held")
    return 1 if told or not tried + cells else 0


if __name__ == "__main__":
    sys.exit(main())
