"""Ten thousand damaged files: each is read, or ends in the project's own error, within 10 seconds
and 300 MB (a whole process, with the package loaded); never another exception, a hang or a crash.

Run: python benchmarks/fuzz.py [--files 10000] [--seed 1] [--keep FOLDER]. Good SYNTHETIC files are
damaged (bytes flipped, cut, doubled, spliced, encodings changed, numbers and signs put in, tokens
exchanged) and read as a user would: survey (CSV, Stata, Excel, Parquet), inventory, IATI
activities, params, notebooks. One line a kind; exit status 1 where one fails.
"""

from __future__ import annotations

import argparse
import io
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pandas as pd
from pyarrow.parquet import ParquetFile, read_table

from mismes_eval import inventory, lfs, tracer
from mismes_eval.errors import MismesError
from mismes_eval.evaluation.params import Params

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data_raw" / "MDA"
SECONDS, MEGABYTES, KINDS = 10, 300, 9
NOTEBOOK = "notebook"
TOKENS = [
    b"NaN",
    b"inf",
    b"-1",
    b"1e308",
    b"9999",
    b"99999999999999999999",
    b"0x10",
    b"=1+1",
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xc3\x28",
    b"\r",
    b"\n",
    b'"',
    b"'",
    b",",
    b";",
    b"\t",
    b"{",
    b"}",
    b"[",
    b"]",
    b"<!DOCTYPE a>",
    b"&x;",
    b"]]>",
    b"!!python/name:os.system",
    b"*a",
    b"&a",
    b"../",
    b"/etc/passwd",
    b"null",
    b"True",
    b"2021-02-30",
    b"M99",
    "\u202e".encode(),
    "é".encode(),
    b"%s",
    b"{0}",
    b"${x}",
]


@dataclass(frozen=True)
class Kind:
    """suffix of the file, good contents, and how a user reads it; binary ones are not read as text
    when damaged.
    """

    suffix: str
    good: bytes
    read: Callable[[Path], object]


def first_rows(file: Path, number: int) -> pd.DataFrame:
    """The first rows of a Parquet file; the others take no memory, which is measured here."""
    batch: pd.DataFrame = next(ParquetFile(file).iter_batches(number)).to_pandas()
    return batch


def read_notebook(path: Path) -> object:
    """Loaded here: programs that read a survey do not have it in memory."""
    return import_module("mismes_eval.report.factory.notebook").checked(path)


def kinds(folder: Path) -> dict[str, Kind]:
    """How each kind of file is read, and a good one, made in the folder where none is there."""
    if not (folder / f"{NOTEBOOK}.good").is_file():
        prepare(folder)
    study = [folder / f"tracer_{t}.parquet" for t in ("wave", "outcome")]
    readers: dict[str, tuple[str, Callable[[Path], object]]] = {
        "survey, CSV": ("csv", lfs.read),
        "survey, Stata": ("dta", lfs.read),
        "survey, Excel": ("xlsx", lfs.read),
        "survey, Parquet": ("parquet", lfs.read),
        "tracer persons": ("csv", lambda p: tracer.read(p, study[0], study[1])),
        "inventory": ("csv", inventory.read),
        "IATI": ("xml", lambda p: inventory.read_iati(p, countries=("MDA",))),
        "params": ("yaml", lambda p: Params.load(p, root=ROOT)),
        NOTEBOOK: ("ipynb", read_notebook),
    }
    return {
        name: Kind(suffix, (folder / f"{name}.good").read_bytes(), reader)
        for name, (suffix, reader) in readers.items()
    }


def prepare(folder: Path) -> None:
    """Write a good file of every kind, and the tracer's other tables."""
    persons = first_rows(DATA / "lfs_person.parquet", 25)
    whole = [
        c
        for c in persons.columns
        if persons[c].dtype == float and (persons[c].dropna() % 1 == 0).all()
    ]
    persons = persons.astype(dict.fromkeys(whole, "Int64"))
    plain = pd.DataFrame(
        {
            c: (
                persons[c].astype(float)
                if pd.api.types.is_numeric_dtype(persons[c])
                else persons[c].fillna("").astype(str)
            )
            for c in persons.columns[:40]
        }
    )
    stata, excel, parquet = io.BytesIO(), io.BytesIO(), io.BytesIO()
    plain.to_stata(stata, write_index=False, version=118)
    persons.iloc[:6, :40].to_excel(excel, index=False)
    persons.to_parquet(parquet)
    measures = b"\n".join((DATA / "inventory.csv").read_bytes().split(b"\n")[:6]) + b"\n"
    traced = first_rows(DATA / "tracer_person.parquet", 30)
    study = [folder / f"tracer_{t}.parquet" for t in ("wave", "outcome")]
    for file in study:
        followed = [("person_id", "in", traced["person_id"].tolist())]
        read_table(DATA / file.name, filters=followed).to_pandas().to_parquet(file)
    activities = (
        b'<?xml version="1.0"?><iati-activities version="2.03"><iati-activity><iati-identifier>XX-1</iati-identifier><reporting-org ref="XX"><narrative>O</narrative></reporting-org>'
        b'<title><narrative>SYNTHETIC</narrative></title><activity-date type="1" iso-date="2019-01-01"/><recipient-country code="MD" percentage="100"/><sector code="15190"/>'
        b'<budget><value currency="EUR" value-date="2019-01-01">1000</value></budget></iati-activity></iati-activities>'
    )
    good = {
        "survey, CSV": persons.to_csv(index=False).encode(),
        "survey, Stata": stata.getvalue(),
        "survey, Excel": excel.getvalue(),
        "survey, Parquet": parquet.getvalue(),
        "tracer persons": traced.to_csv(index=False).encode(),
        "inventory": measures,
        "IATI": activities,
        "params": (ROOT / "params" / "MDA.yaml").read_bytes(),
        NOTEBOOK: (ROOT / "notebooks" / "country_report.ipynb").read_bytes(),
    }
    for name, content in good.items():
        (folder / f"{name}.good").write_bytes(content)


def damaged(good: bytes, draw: random.Random) -> bytes:
    """One to four damages."""
    out = bytearray(good)
    for _ in range(draw.randint(1, 4)):
        if not out:
            break
        at, end = sorted((draw.randrange(len(out)), draw.randrange(len(out))))
        how = draw.randrange(9)
        if how == 0:
            out[at] = draw.randrange(256)
        elif how == 1:
            del out[at:]
        elif how == 2:
            del out[at : min(end, at + draw.randint(1, 200))]
        elif how == 3:
            out[at:at] = out[at : min(end, at + 400)]
        elif how == 4:
            out[at : at + draw.randint(0, 6)] = draw.choice(TOKENS)
        elif how == 5:
            words = [m.span() for m in re.finditer(rb"[\w.\-]+", bytes(out[:20_000]))]
            if words:
                first, last = draw.choice(words)
                out[first:last] = draw.choice(TOKENS)
        elif how == 6:
            lines = bytes(out).split(b"\n")
            draw.shuffle(lines)
            out = bytearray(b"\n".join(lines))
        elif how == 7:
            out = bytearray(
                bytes(out)
                .decode("utf-8", "replace")
                .encode(draw.choice(["utf-16", "latin-1", "cp1251", "utf-8-sig"]), "replace")
            )
        else:
            out[:0] = draw.choice(TOKENS)
    return bytes(out)


def tried(kind: Kind, content: bytes, folder: Path) -> tuple[str, str]:
    """Outcome ("read", "named", "failed", "hang") and, for a failure, its traceback."""
    file = folder / f"file.{kind.suffix}"
    file.write_bytes(content)

    def too_long(number: int, frame: object) -> None:
        raise TimeoutError(f"longer than {SECONDS} s")

    for number in (signal.SIGALRM, signal.SIGPROF):
        signal.signal(number, too_long)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)  # of the processor: others may share the machine
    signal.alarm(SECONDS * 10)
    try:
        kind.read(file)
    except MismesError as error:
        return (
            ("named", "")
            if error.problems and all(p.what for p in error.problems)
            else ("failed", "an error without a problem")
        )
    except TimeoutError:
        return "hang", traceback.format_exc()
    except Exception:
        return "failed", traceback.format_exc()
    finally:
        signal.alarm(0)
        signal.setitimer(signal.ITIMER_PROF, 0)
    return "read", ""


def run(
    files: int, seed: int, keep: Path | None, only: Sequence[str] = (), good: Path | None = None
) -> tuple[pd.DataFrame, list[str]]:
    """Outcomes by kind, and what failed. good : folder of prepared files."""
    failures, rows = [], []
    with (
        tempfile.TemporaryDirectory() as made,
        tempfile.TemporaryDirectory() as others,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        for name, kind in kinds(good or Path(others)).items():
            if only and name not in only:
                continue
            if (outcome := tried(kind, kind.good, Path(made)))[0] != "read":
                failures.append(f"{name}, undamaged: is not read\n{outcome}")
            counts: Counter[str] = Counter()
            slowest = 0.0
            for k in range(-(-files // KINDS)):
                content = damaged(kind.good, random.Random(f"{seed} {name} {k}"))
                start = time.perf_counter()
                outcome, trace = tried(kind, content, Path(made))
                slowest = max(slowest, time.perf_counter() - start)
                counts[outcome] += 1
                if outcome in ("failed", "hang"):
                    failures.append(f"{name} {k}: {trace.strip().splitlines()[-1]}\n{trace}")
                    if keep is not None:
                        keep.mkdir(parents=True, exist_ok=True)
                        (keep / f"{kind.suffix}-{k}.{kind.suffix}").write_bytes(content)
            rows.append(
                {
                    "kind": name,
                    "files": sum(counts.values()),
                    **{o: counts[o] for o in ("read", "named", "failed", "hang")},
                    "slowest_s": slowest,
                }
            )
    return pd.DataFrame(rows), failures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--only", action="append", default=[], metavar="KIND", help="only this kind of file"
    )
    parser.add_argument("--keep", type=Path, help="folder for the files that failed")
    parser.add_argument("--good", type=Path, help="folder of prepared good files")
    args = parser.parse_args()
    if not args.only:
        return each_by_itself(args.files, args.seed, args.keep)
    table, failures = run(args.files, args.seed, args.keep, args.only, args.good)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seen: Counter[str] = Counter(f.splitlines()[0].partition(": ")[2][:150] for f in failures)
    for what, count in seen.most_common(20):
        example = next(f for f in failures if f.splitlines()[0].partition(": ")[2][:150] == what)
        sys.stdout.write(f"{count} x {what}\n{example}\n")
    lines = table.to_string(index=False, float_format=lambda v: f"{v:.2f}").splitlines()
    sys.stdout.write("\n".join(f"{line}  {peak:.0f} MB" for line in lines[1:]) + "\n")
    count = int(table["files"].sum())
    sys.stdout.write(f"{count:,} tried, {count - len(failures):,} held\n")
    return 0 if not failures and peak < MEGABYTES else 1


def each_by_itself(files: int, seed: int, keep: Path | None) -> int:
    """Every kind in a process of its own, whose memory is then that of its readers."""
    start, count, held, bad = time.perf_counter(), 0, 0, False
    with tempfile.TemporaryDirectory() as made:
        names = list(kinds(Path(made)))
        for name in names:
            words = ["--files", str(files), "--seed", str(seed), "--only", name, "--good", made]
            words += ["--keep", str(keep)] if keep is not None else []
            call = [sys.executable, __file__, *words]
            answer = subprocess.run(call, capture_output=True, text=True, check=False)
            *said, last = answer.stdout.splitlines() or [answer.stderr]
            sys.stdout.write("\n".join(said) + "\n")
            sys.stdout.flush()
            tried, _, right = last.replace(",", "").partition(" tried ")
            count, held = count + int(tried), held + int(right.split()[0])
            bad = bad or bool(answer.returncode)
    sys.stdout.write(f"{count:,} files in {time.perf_counter() - start:.0f} s, seed {seed}\n")
    sys.stdout.write(f"{count:,} tried, {held - (bad and count == held):,} held\n")
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
