"""Every published file tampered with, at random and by kind, and given to `verify` beside the file
that the repeated run makes: `python benchmarks/tamper.py [FOLDER] [--each 40] [--seed 1]`.

FOLDER is a finished report (default: the first of reports/). Texts get other letters, digits, blanks
and line ends, cells change places; archives get parts, comments, dates, gaps; pictures get blocks;
Parquet files get metadata, rows in another order, statistics that lie; every file gets flipped
bytes. The last line gives n tried and n held; what was not seen is listed. Exit status 1 where one
was not.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import re
import struct
import sys
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from mismes_eval.errors import MismesError
from mismes_eval.report.trust import verify
from mismes_eval.report.trust.differences import Runs
from mismes_eval.report.trust.provenance import ESTIMATES, MANIFEST

ROOT = Path(__file__).resolve().parent.parent
Attack = Callable[[bytes, random.Random], bytes]
UNSEEN = ("\u200b", "\u00a0", " ", "\n", "\t", "\u202e", "\u00ad")
CELL = re.compile(r"(<td[^>]*>)([^<]*)(</td>)")
CLASSES = re.compile(r' class="[^"]*"')
PACKED = re.compile(r"[A-Za-z0-9+/]{60}")
SHORT = re.compile(r"(?<![\d.])(?<!e-)\d{1,8}(?![\d.])")


def of_text(change: Callable[[str, random.Random], str]) -> Attack:
    """A change of a text as one of its bytes."""
    return lambda content, draw: change(content.decode("utf-8"), draw).encode("utf-8")


def digit(text: str, draw: random.Random) -> str:
    """Another digit in a short number; not in a packed file, whose long numbers have last digits
    that two machines may not share.
    """
    found = [
        m for m in SHORT.finditer(text) if not PACKED.search(text, m.start() - 60, m.end() + 60)
    ]
    if not found:
        return text
    at = draw.choice(found).start()
    return text[:at] + draw.choice("123456789".replace(text[at], "")) + text[at + 1 :]


def letter(text: str, draw: random.Random) -> str:
    at = draw.choice([m.start() for m in re.finditer("[a-z]", text)])
    return (
        text[:at]
        + draw.choice([text[at].upper(), "x" if text[at] != "x" else "y"])
        + text[at + 1 :]
    )


def neighbours(text: str, draw: random.Random) -> str:
    """Two characters exchanged, not both of one number: its last digits may differ."""
    at = draw.choice([m.start() for m in re.finditer(r"(?s)[^\d.].|.[^\d.]", text)])
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def gone(text: str, draw: random.Random) -> str:
    """A character less; of a number that would be its last digits, which two machines may not
    share.
    """
    at = draw.choice([m.start() for m in re.finditer(r"[^\d.]", text)])
    return text[:at] + text[at + 1 :]


def unseen(text: str, draw: random.Random) -> str:
    at = draw.randrange(len(text))
    return text[:at] + draw.choice(UNSEEN) + text[at:]


def lines(text: str, draw: random.Random) -> str:
    return text.replace("\n", draw.choice(["\r\n", "\n\n", " \n"]), 1)


def next_cell(text: str, draw: random.Random) -> str:
    """The text of a cell of a table stands in the next one."""
    cells = list(CELL.finditer(text))
    pairs = [(a, b) for a, b in pairwise(cells) if a[2] != b[2]]
    if not pairs:
        return text
    a, b = draw.choice(pairs)
    swapped = f"{a[1]}{b[2]}{a[3]}{text[a.end() : b.start()]}{b[1]}{a[2]}{b[3]}"
    return text[: a.start()] + swapped + text[b.end() :]


def moved(text: str, draw: random.Random) -> str:
    """The text of a cell stands in an empty one beside it."""
    found = list(re.finditer(r">([^<]+)</td>(\s*<td[^>]*)></td>", text))
    if not found:
        return text
    m = draw.choice(found)
    return f"{text[: m.start()]}></td>{m[2]}>{m[1]}</td>{text[m.end() :]}"


def classes(text: str, draw: random.Random) -> str:
    """Two neighbouring classes change places."""
    found = list(CLASSES.finditer(text))
    pairs = [(a, b) for a, b in pairwise(found) if a[0] != b[0]]
    if not pairs:
        return text
    a, b = draw.choice(pairs)
    return text[: a.start()] + b[0] + text[a.end() : b.start()] + a[0] + text[b.end() :]


def end_tag(text: str, draw: random.Random) -> str:
    return re.sub(r"</(section|table|p|li)>", "", text, count=draw.randrange(1, 3))


def processing(text: str, draw: random.Random) -> str:
    return text.replace("<p", "<?x?><p", 1)


def rows(text: str, draw: random.Random) -> str:
    """Two lines change places."""
    found = text.split("\n")
    at = draw.randrange(max(len(found) - 2, 1))
    found[at : at + 2] = found[at : at + 2][::-1]
    return "\n".join(found)


def nulls(content: bytes, draw: random.Random) -> bytes:
    """A key that says nothing; a key less that said nothing."""
    told = json.loads(content)
    told["approved"] = None
    return json.dumps(told, ensure_ascii=False, indent=1).encode()


def keys(content: bytes, draw: random.Random) -> bytes:
    told = json.loads(content)
    return json.dumps(dict(reversed(told.items())), ensure_ascii=False, indent=1).encode()


def spread(content: bytes, draw: random.Random) -> bytes:
    return json.dumps(json.loads(content), ensure_ascii=draw.random() < 0.5, indent=2).encode()


def flipped(content: bytes, draw: random.Random) -> bytes:
    """A bit of another sort than the last ones of a number, which two machines may not share: of a
    Parquet file in its head or foot, of a text in no digit.
    """
    parquet_file = content.startswith(b"PAR1")
    places = [*range(4), *range(len(content) - 300, len(content))] if parquet_file else None
    at = draw.choice(places) if places else draw.randrange(len(content))
    while content[at : at + 1].isdigit():
        at = draw.randrange(len(content))
    return content[:at] + bytes([content[at] ^ (1 << draw.randrange(8))]) + content[at + 1 :]


def behind(content: bytes, draw: random.Random) -> bytes:
    return content + draw.choice([b"\0", b" ", b"\n", b"%PDF", b"x"])


def zipped(parts: dict[zipfile.ZipInfo, bytes], comment: bytes = b"") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as made:
        made.comment = comment
        for info, content in parts.items():
            made.writestr(info, content)
    return out.getvalue()


def parts_of(content: bytes) -> dict[zipfile.ZipInfo, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as given:
        return {info: given.read(info) for info in given.infolist()}


def in_part(change: Attack) -> Attack:
    def attack(content: bytes, draw: random.Random) -> bytes:
        parts = parts_of(content)
        info = draw.choice([i for i in parts if i.filename.endswith((".xml", ".rels"))])
        parts[info] = change(parts[info], draw)
        return zipped(parts)

    return attack


def one_more_part(content: bytes, draw: random.Random) -> bytes:
    name = draw.choice(["customXml/item1.xml", "docProps/custom.xml", "xl/x.bin", "a/../b"])
    return zipped({**parts_of(content), zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)): b"<x/>"})


def turned(content: bytes, draw: random.Random) -> bytes:
    return zipped(dict(reversed(parts_of(content).items())))


def field(name: str, value: object) -> Attack:
    """A field of one entry of an archive."""

    def attack(content: bytes, draw: random.Random) -> bytes:
        parts = parts_of(content)
        setattr(draw.choice(list(parts)), name, value)
        return zipped(parts)

    return attack


def commented(content: bytes, draw: random.Random) -> bytes:
    return zipped(parts_of(content), b"approved")


def gap(content: bytes, draw: random.Random) -> bytes:
    """Bytes between the parts and their list."""
    at = content.rfind(b"PK\x05\x06")
    (offset,) = struct.unpack_from("<I", content, at + 16)
    told = content[at : at + 16] + struct.pack("<I", offset + 4) + content[at + 20 :]
    return content[:offset] + b"HIDE" + content[offset:at] + told


def block(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def one_more_block(content: bytes, draw: random.Random) -> bytes:
    kinds = [
        block(b"tEXt", b"Comment\0approved"),
        block(b"prVt", b"x"),
        block(b"gAMA", struct.pack(">I", 1)),
        block(b"pHYs", struct.pack(">IIB", 1, 9, 1)),
    ]
    return content[:33] + draw.choice(kinds) + content[33:]


def behind_pixels(content: bytes, draw: random.Random) -> bytes:
    at = content.rfind(b"IEND") - 4
    return content[:at] + block(b"IDAT", b"hidden") + content[at:]


def of_table(change: Callable[[pa.Table, random.Random], pa.Table]) -> Attack:
    def attack(content: bytes, draw: random.Random) -> bytes:
        out = io.BytesIO()
        parquet.write_table(change(parquet.read_table(io.BytesIO(content)), draw), out)
        return out.getvalue()

    return attack


def told_more(table: pa.Table, draw: random.Random) -> pa.Table:
    return table.replace_schema_metadata({**(table.schema.metadata or {}), b"author": b"x"})


def told_of_column(table: pa.Table, draw: random.Random) -> pa.Table:
    at = draw.randrange(table.num_columns)
    schema = table.schema.set(at, table.schema.field(at).with_metadata({b"note": b"x"}))
    return table.cast(schema)


def turned_rows(table: pa.Table, draw: random.Random) -> pa.Table:
    return table.take(list(reversed(range(table.num_rows))))


def turned_columns(table: pa.Table, draw: random.Random) -> pa.Table:
    return table.select(list(reversed(table.column_names)))


def other_packing(content: bytes, draw: random.Random) -> bytes:
    out = io.BytesIO()
    parquet.write_table(
        parquet.read_table(io.BytesIO(content)), out, compression=draw.choice(["zstd", "none"])
    )
    return out.getvalue()


TEXTS = {f.__name__: of_text(f) for f in (digit, letter, neighbours, gone, unseen, lines, rows)}
MARKED = {f.__name__: of_text(f) for f in (next_cell, moved, classes, end_tag, processing)}
LAID_OUT: dict[str, Attack] = {f.__name__: f for f in (nulls, keys, spread)}
ARCHIVE: dict[str, Attack] = {
    **{f"part, {name}": in_part(attack) for name, attack in TEXTS.items()},
    **{f.__name__: f for f in (one_more_part, turned, commented, gap)},
    "comment of a part": field("comment", b"approved"),
    "moment of a part": field("date_time", (2026, 1, 1, 0, 0, 0)),
    "field of a part": field("extra", b"\xfe\xca\x04\x00abcd"),
    "mode of a part": field("external_attr", 0o777 << 16),
}
TABLE: dict[str, Attack] = {
    **{f.__name__: of_table(f) for f in (told_more, told_of_column, turned_rows, turned_columns)},
    "other_packing": other_packing,
}
PICTURE: dict[str, Attack] = {f.__name__: f for f in (one_more_block, behind_pixels)}
ANY: dict[str, Attack] = {"flipped bit": flipped, "behind": behind}
KINDS: dict[str, dict[str, Attack]] = {
    ".html": TEXTS | MARKED,
    ".csv": TEXTS,
    ".json": TEXTS | LAID_OUT,
    ".ipynb": TEXTS | LAID_OUT,
    ".xlsx": ARCHIVE,
    ".docx": ARCHIVE,
    ".png": PICTURE,
    ".parquet": TABLE,
    ".pdf": {},
}


def files(folder: Path) -> Iterator[Path]:
    """Files of a report, one or two of each kind and name, whatever their number."""
    seen: Counter[str] = Counter()
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.name != MANIFEST):
        kind = f"{path.parent.name}/{path.suffix}" if path.parent != folder else path.name
        seen[kind] += 1
        if seen[kind] <= 3:
            yield path


def seen(name: str, tampered: bytes, honest: bytes) -> bool:
    """Whether verify sees that a file is not the one that the repeated run makes."""
    with tempfile.TemporaryDirectory() as place:
        sides = [Path(place) / side for side in ("reported", "repeated")]
        for side, content in zip(sides, (tampered, honest), strict=True):
            side.mkdir()
            (side / name).write_bytes(content)
        if name == ESTIMATES:
            try:
                numbers = [verify.numbers_in(side) for side in sides]
            except MismesError:
                return True
            if numbers[0].keys() != numbers[1].keys():
                return True
            if any(not verify.same(numbers[0][k], numbers[1][k]) for k in numbers[0]):
                return True
        try:
            return any(True for _ in verify.places_inside(*sides, Runs()))
        except MismesError:
            return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=None)
    parser.add_argument("--each", type=int, default=4, help="attacks of a kind on a file")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    folder = args.folder or next(p.parent for p in sorted(ROOT.glob("reports/*/" + MANIFEST)))
    draw, tried, unseen_ones = random.Random(args.seed), Counter[str](), Counter[str]()
    for path in files(folder):
        honest = path.read_bytes()
        assert not seen(path.name, honest, honest)
        for kind, attack in (KINDS[path.suffix] | ANY).items():
            for _ in range(args.each):
                tampered = attack(honest, draw)
                if tampered == honest:
                    continue
                tried[path.suffix] += 1
                if not seen(path.name, tampered, honest):
                    unseen_ones[f"{path.name}: {kind}"] += 1
    for suffix, n in tried.items():
        print(f"{suffix:<10} {n:6,} tampered")
    for what, n in unseen_ones.items():
        print(f"  not seen {n}: {what}")
    total, lost = tried.total(), unseen_ones.total()
    print(f"{total:,} tried, {total - lost:,} held")
    return 1 if lost or not total else 0


if __name__ == "__main__":
    sys.exit(main())
