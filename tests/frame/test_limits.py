"""Files that are small and hold more than a computer has: refused on what they say of themselves or
on a pass that keeps nothing, with the limit and what to do. Files are made up here.
"""

import gzip
import io
import json
import re
import struct
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyreadstat
import pytest
from pyarrow import parquet

from mismes_eval import parquet_files
from mismes_eval.errors import InputError
from mismes_eval.frame import limits, long_texts, read
from mismes_eval.frame.inferred import infer
from mismes_eval.frame.long_texts import _longest_text, check_texts
from mismes_eval.weighting.partial_sums import row_groups

from ..some import some

MEBIBYTE = 1 << 20
READ = """
import json, sys
from pathlib import Path
from mismes_eval.errors import InputError
from mismes_eval.frame import read
try:
    read(sys.argv[1])
    said = "read"
except InputError as error:
    said = str(error)
status = Path("/proc/self/status")
most = [line.split()[1] for line in status.read_text().splitlines() if "VmHWM" in line]
print(json.dumps([said, int(most[0])]))
"""


SHARED = (
    b'<Override PartName="/xl/sharedStrings.xml" ContentType="application/'
    b'vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
)
SPREADSHEET = b'"http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def part_of_a_workbook(path: Path, part: str, before: bytes, block: bytes, times: int) -> Path:
    """A workbook of which a part has a block many times in front of `before`."""
    book = openpyxl.Workbook()
    book.active.append(["a", "b"])
    whole = io.BytesIO()
    book.save(whole)
    with zipfile.ZipFile(whole) as made:
        texts = {name: made.read(name) for name in made.namelist()}
    types = texts["[Content_Types].xml"]
    texts["[Content_Types].xml"] = types.replace(b"</Types>", SHARED + b"</Types>")
    texts["xl/sharedStrings.xml"] = b"<sst xmlns=" + SPREADSHEET + b"></sst>"
    head, tail = texts[part].split(before)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in set(texts) - {part}:
            archive.writestr(name, texts[name])
        with archive.open(part, "w", force_zip64=True) as stream:
            stream.write(head)
            for _ in range(times):
                stream.write(block)
            stream.write(before + tail)
    return path


def workbook(path: Path, block: bytes, times: int) -> Path:
    """A workbook whose sheet has a block of rows many times."""
    return part_of_a_workbook(path, "xl/worksheets/sheet1.xml", b"</sheetData>", block, times)


def refused(path: Path) -> str:
    with pytest.raises(InputError) as error:
        read(path)
    return str(error.value)


def cells_of_a_workbook(folder: Path) -> Path:
    row = b"<row>" + b'<c t="n"><v>1</v></c>' * 14 + b"</row>"
    return workbook(folder / "many.xlsx", row * 1000, 1000)


def formatted_rows(folder: Path) -> Path:
    row = b'<row s="1" customFormat="1"><c s="1"/></row>'
    return workbook(folder / "empty.xlsx", row * 1000, 1048)


def a_gigabyte(folder: Path) -> Path:
    with gzip.open(folder / "text.csv.gz", "wb", compresslevel=1) as stream:
        stream.write(b"a,b\n")
        for _ in range(1024):
            stream.write(b"1,2\n" * (MEBIBYTE // 4))
    return folder / "text.csv.gz"


def unpacked(path: Path, head: bytes, block: bytes, times: int) -> Path:
    """A packed file of one block many times; the best packing is not the worst file."""
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(head)
        for _ in range(times):
            stream.write(block)
    return path


def a_line_without_end(folder: Path) -> Path:
    return unpacked(folder / "a.csv.gz", b"", b"x" * MEBIBYTE, 448)


def a_quoted_cell_without_end(folder: Path) -> Path:
    return unpacked(folder / "a.csv.gz", b'a,b\n1,"', b"x\n" * (MEBIBYTE // 2), 448)


def cells_without_end(folder: Path) -> Path:
    return unpacked(folder / "a.csv.gz", b"a,b\n", b"," * MEBIBYTE, 448)


def lines_of_an_old_computer(folder: Path) -> Path:
    return unpacked(folder / "a.csv.gz", b"a,b\r", b"1,2\r" * (MEBIBYTE // 4), 448)


def an_r_file_of_nothing(folder: Path) -> Path:
    head = b"X\n" + struct.pack(">4i5s2i", 3, 0x40300, 0x30500, 5, b"UTF-8", 19, 20_000_000)
    return unpacked(folder / "a.rds", head, b"\0\0\0\xfe" * (MEBIBYTE // 4), 76)


def a_text_in_an_archive(folder: Path) -> Path:
    with (
        zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("a.zip.csv", "w") as stream,
    ):
        for _ in range(440):
            stream.write(b"x" * MEBIBYTE)
    return folder / "a.zip"


def a_packed_text_in_an_archive(folder: Path) -> Path:
    inner = unpacked(folder / "inner.csv.gz", b"a,b\n", b"1,2\n" * (MEBIBYTE // 4), 470)
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(inner, "a.zip.csv.gz")
    return folder / "a.zip"


def one_number_many_times(folder: Path) -> Path:
    column = pa.array([0.0] * 4_900_000)
    parquet.write_table(pa.table({f"c{i}": column for i in range(20)}), folder / "a.parquet")
    return folder / "a.parquet"


def declared_rows(folder: Path) -> Path:
    pyreadstat.write_dta(pd.DataFrame({"a": [1.0, 2.0]}), folder / "wide.dta", version=14)
    content = (folder / "wide.dta").read_bytes()
    at = content.index(b"<N>") + 3
    (folder / "wide.dta").write_bytes(
        content[:at] + struct.pack("<q", 2_000_000_000) + content[at + 8 :]
    )
    return folder / "wide.dta"


def one_cell_many_times(path: Path, cell: str | bytes, store_schema: bool = False) -> Path:
    cells = pa.DictionaryArray.from_arrays(pa.array([0] * 1_000_000, pa.int8()), [cell])
    parquet.write_table(pa.table({"a": cells}), path, store_schema=store_schema)
    return path


def one_text_many_times(folder: Path) -> Path:
    return one_cell_many_times(folder / "one.parquet", "x" * 5_000)


def styles_without_end(folder: Path) -> Path:
    block = b'<xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>' * 1000
    return part_of_a_workbook(folder / "a.xlsx", "xl/styles.xml", b"</cellXfs>", block, 1800)


def names_without_end(folder: Path) -> Path:
    block = b'<definedName name="n">a!$A$1</definedName>' * 1000
    return part_of_a_workbook(folder / "a.xlsx", "xl/workbook.xml", b"</workbook>", block, 1000)


def shared_texts_without_end(folder: Path) -> Path:
    block = b"<si><t>a</t></si>" * 10_000
    return part_of_a_workbook(folder / "a.xlsx", "xl/sharedStrings.xml", b"</sst>", block, 550)


def a_shared_text_without_end(folder: Path) -> Path:
    block = b"a" * MEBIBYTE
    return part_of_a_workbook(folder / "a.xlsx", "xl/sharedStrings.xml", b"</sst>", block, 90)


def a_cell_at_the_last_place(folder: Path) -> Path:
    return workbook(folder / "a.xlsx", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', 1)


def a_row_that_no_sheet_has(folder: Path) -> Path:
    return workbook(folder / "a.xlsx", b'<row r="2000000000"><c><v>1</v></c></row>', 1)


def rows_of_one_far_cell(folder: Path) -> Path:
    return workbook(folder / "a.xlsx", b'<row><c r="XFD1"><v>1</v></c></row>' * 1000, 400)


@pytest.mark.whole
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc")
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (styles_without_end, "a part of the workbook has too many elements"),
        (names_without_end, "a part of the workbook has too many elements"),
        (shared_texts_without_end, "a part of the workbook has too many elements"),
        (a_shared_text_without_end, "a cell is too long"),
        (a_cell_at_the_last_place, "the workbook has too many cells and gaps between them"),
        (a_row_that_no_sheet_has, "a row of the workbook is none"),
        pytest.param(
            rows_of_one_far_cell,
            "the workbook has too many cells and gaps between them",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            cells_of_a_workbook, "the workbook has too many cells", marks=pytest.mark.slow
        ),
        (formatted_rows, "the workbook has too many rows"),
        (a_gigabyte, "the table has too many rows"),
        (a_line_without_end, "a cell is too long"),
        (a_quoted_cell_without_end, "the table has too many rows"),
        (cells_without_end, "the table has too many cells"),
        (lines_of_an_old_computer, "the table has too many rows"),
        (an_r_file_of_nothing, "the file is too large for its size"),
        (a_text_in_an_archive, "the file is too large for its size"),
        (a_packed_text_in_an_archive, "the file is too large for its size"),
        (one_number_many_times, "the file is too large for its size"),
        (declared_rows, "the table has too many rows"),
        (one_text_many_times, "the file is too large"),
    ],
)
def test_a_small_file_that_holds_too_much_takes_no_memory(make, words, tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = make(tmp_path)
    assert path.stat().st_size < 10 * MEBIBYTE
    answer = subprocess.run(
        [sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True
    )
    said, kilobytes = json.loads(answer.stdout)
    assert said.startswith(words) and path.name in said and "at most" in said
    assert kilobytes < (360 if make is rows_of_one_far_cell else 300) * 1024


def test_a_sheet_is_read_to_its_last_value_whatever_extent_it_declares(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["a", "b"], [1, "x"], [None, None], [3, None]):
        book.active.append(row)
    book.save(tmp_path / "good.xlsx")
    for extent in ("A1:B2", "A1", "A1:XFD1048576"):
        stale = tmp_path / "stale.xlsx"
        with (
            zipfile.ZipFile(tmp_path / "good.xlsx") as good,
            zipfile.ZipFile(stale, "w") as archive,
        ):
            for name in good.namelist():
                text = good.read(name)
                told = re.sub(rb'dimension ref="[^"]+"', f'dimension ref="{extent}"'.encode(), text)
                archive.writestr(name, told)
        frame = read(stale).frame
        assert frame["a"].tolist()[::2] == [1, 3] and len(frame) == 3
        assert frame["b"].tolist()[0] == "x"


def test_rows_that_only_have_a_format_are_not_data(tmp_path: Path) -> None:
    path = workbook(tmp_path / "few.xlsx", b'<row><c t="n"><v>1</v></c></row>', 2)
    assert len(read(path).frame) == 2
    path = workbook(tmp_path / "more.xlsx", b'<row s="1"><c s="1"/></row>', 5000)
    assert len(read(path).frame) == 0


@pytest.mark.parametrize(("rows", "said"), [(3, 4), (5, 4)])
def test_a_header_that_declares_other_rows_than_there_are_is_refused(
    tmp_path: Path, rows: int, said: int
) -> None:
    pyreadstat.write_sav(pd.DataFrame({"a": [1.0] * said}), tmp_path / "whole.sav")
    assert len(read(tmp_path / "whole.sav").frame) == said
    content = (tmp_path / "whole.sav").read_bytes()
    (tmp_path / "other.sav").write_bytes(content[:80] + struct.pack("<i", rows) + content[84:])
    words = refused(tmp_path / "other.sav")
    assert f"Expected {rows} rows, got {said} rows" in words
    (tmp_path / "open.sav").write_bytes(content[:80] + struct.pack("<i", -1) + content[84:])
    assert len(read(tmp_path / "open.sav").frame) == said


def test_a_stata_file_of_texts_holds_the_rows_that_it_declares(tmp_path: Path) -> None:
    """The reader of headers counts one letter more a text than the file holds."""
    texts = pd.DataFrame({name: ["ab"] * 3000 for name in "abc"})
    texts.to_stata(tmp_path / "texts.dta", write_index=False, version=118)
    assert len(read(tmp_path / "texts.dta").frame) == 3000


def test_a_transport_file_that_was_cut_is_refused(tmp_path: Path) -> None:
    pyreadstat.write_xport(pd.DataFrame({"a": [1.0] * 200}), tmp_path / "whole.xpt")
    assert len(read(tmp_path / "whole.xpt").frame) == 200
    (tmp_path / "cut.xpt").write_bytes((tmp_path / "whole.xpt").read_bytes()[:-200])
    assert "truncated" in refused(tmp_path / "cut.xpt")


def test_each_limit_names_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wide.csv").write_text(",".join(f"c{i}" for i in range(30)) + "\n")
    (tmp_path / "long.csv").write_text("a\n" + "x" * 400 + "\ny\n")
    (tmp_path / "rows.csv").write_text("a,b\n" + "1,2\n" * 100)
    with zipfile.ZipFile(tmp_path / "rows.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(tmp_path / "rows.csv", "rows.csv")
    pd.DataFrame({"a": ["x" * 400, "y"]}).to_parquet(tmp_path / "long.parquet")
    pd.DataFrame({"a": ["x" * 400, "y"]}).to_excel(tmp_path / "long.xlsx", index=False)
    for limit, value, names, words in (
        ("COLUMNS", 20, ["wide.csv"], "too many columns"),
        ("CELL", 300, ["long.csv", "long.parquet", "long.xlsx"], "a cell is too long"),
        ("ROWS", 50, ["rows.csv", "rows.zip"], "too many rows"),
        ("CELLS", 150, ["rows.csv"], "too many cells"),
        ("TEXT", 300, ["rows.csv", "rows.zip", "long.csv", "long.parquet"], "too large"),
        ("PARTS", 3, ["long.xlsx"], "too many parts"),
        ("BESIDE_SHEETS", 100, ["long.xlsx"], "a part of the workbook is too large"),
        ("FOOTER", 100, ["long.parquet"], "says of its columns is too large"),
    ):
        for name in some(names):
            assert read(tmp_path / name).frame.shape[1] > 0
            with monkeypatch.context() as patch:
                patch.setattr(parquet_files if limit == "FOOTER" else limits, limit, value)
                assert words in refused(tmp_path / name)


@pytest.mark.parametrize("decimal", [".", ","])
def test_a_short_column_of_plain_numbers_is_what_a_long_one_is(decimal: str) -> None:
    """The shorter way to numbers of short columns gives what the way of long ones gives."""
    for cells in (
        ["1", None, "-3"],
        ["12.5", "0.30000000000000004"],
        ["007", "1"],
        [None, None],
        ["1.100", "-0"],
        ["999999999999999", "9999999999999999"],
        ["+4", "1e5"],
        [" 2 ", "3,5"],
    ):
        short = pd.DataFrame({"v": pd.Series(cells, dtype="str")})
        long = pd.concat([short] * 100, ignore_index=True)
        got, said = infer(short, decimal, frozenset(), {})
        want, told = infer(long, decimal, frozenset(), {})
        assert got["v"].dtype == want["v"].dtype
        assert [p.what for p in said] == [p.what for p in told]
        pd.testing.assert_frame_equal(got, want.iloc[: len(cells)])


def test_texts_of_parquet_keep_their_type(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"a": ["x", None, "y"], "c": pd.Categorical(["u", "v", "u"]), "n": [1, 2, 3]}
    )
    frame.to_parquet(tmp_path / "a.parquet")
    got = read(tmp_path / "a.parquet").frame
    pd.testing.assert_frame_equal(got[["a", "n"]], frame[["a", "n"]])
    assert got["c"].astype(str).tolist() == ["u", "v", "u"]


def one_long_text(folder: Path) -> Path:
    """A text of 100 kB that Stata keeps once and names in 5,200 rows."""
    table = pd.DataFrame({"t": ["x" * 100_000] * 5_200, "n": 1.0})
    table.to_stata(folder / "long.dta", version=118, write_index=False, convert_strl=["t"])
    return folder / "long.dta"


def compressed_texts(folder: Path) -> Path:
    table = pd.DataFrame({"t": ["x" * 20_000] * 26_000})
    pyreadstat.write_sav(table, folder / "texts.sav", compress=True)
    return folder / "texts.sav"


def nothing_a_thousand_million_times(folder: Path) -> Path:
    zeros = pa.array([0] * 3_000_000, pa.int64())
    lists = pa.ListArray.from_arrays(pa.array([0, len(zeros)], pa.int32()), zeros)
    parquet.write_table(pa.table({"a": lists}), folder / "list.parquet")
    return folder / "list.parquet"


def bytes_many_times(folder: Path) -> Path:
    return one_cell_many_times(folder / "bytes.parquet", b"x" * 5_000)


def categories_many_times(folder: Path) -> Path:
    return one_cell_many_times(folder / "categories.parquet", "x" * 5_000, store_schema=True)


def a_footer_of_a_disk(folder: Path) -> Path:
    """700 MB that say something of the columns; on the disk they are a hole."""
    with (folder / "footer.parquet").open("wb") as file:
        file.write(b"PAR1")
        file.seek(700 * MEBIBYTE)
        file.write((699 * MEBIBYTE).to_bytes(4, "little") + b"PAR1")
    return folder / "footer.parquet"


def columns_of_nothing(folder: Path) -> Path:
    schema = pa.schema([(f"{at:x}", pa.int8()) for at in range(100_000)])
    parquet.write_table(schema.empty_table(), folder / "many.parquet", store_schema=False)
    return folder / "many.parquet"


def archives_in_archives(folder: Path) -> Path:
    content = b"a,b\n1,2\n"
    for depth in range(300):
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w") as archive:
            archive.writestr("inner.zip" if depth else "a.csv", content)
        content = whole.getvalue()
    (folder / "deep.zip").write_bytes(content)
    return folder / "deep.zip"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc")
@pytest.mark.parametrize(
    ("make", "words"),
    [
        pytest.param(one_long_text, "the file is too large", marks=pytest.mark.slow),
        pytest.param(compressed_texts, "the file is too large", marks=pytest.mark.slow),
        (nothing_a_thousand_million_times, "a column of lists or records"),
        (bytes_many_times, "the file is too large"),
        (categories_many_times, "the file is too large"),
        (a_footer_of_a_disk, "what the file says of its columns is too large"),
        (columns_of_nothing, "the table has too many columns"),
        (archives_in_archives, "an archive inside an archive"),
    ],
)
def test_what_is_kept_once_and_named_often_takes_no_memory(make, words, tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = make(tmp_path)
    assert path.stat().st_blocks * 512 < 10 * MEBIBYTE
    answer = subprocess.run(
        [sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True
    )
    said, kilobytes = json.loads(answer.stdout)
    assert said.startswith(words) and path.name in said
    assert kilobytes < 300 * 1024


def test_partitions_are_weighed_as_files_are(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="what the file says of its columns is too large"):
        list(row_groups(a_footer_of_a_disk(tmp_path)))


@pytest.mark.slow
def test_a_refused_file_never_aborts_the_process(tmp_path: Path) -> None:
    """A thread that still started when the process ended aborted one in five of these."""
    path = categories_many_times(tmp_path)
    ends = [
        subprocess.Popen([sys.executable, "-c", READ, str(path)], stdout=subprocess.DEVNULL)
        for _ in range(8)
    ]
    assert [process.wait() for process in ends] == [0] * len(ends)


def test_no_module_reads_parquet_by_threads() -> None:
    """Readers of whole data sets start threads that may still start when a process ends."""
    threaded = re.compile(
        r"\bpd\.read_parquet\(|\b(parquet|pq)\.read_(table|pandas)\(|arrow.dataset"
    )
    package = Path(limits.__file__).parents[1]
    sources = {path: path.read_text(encoding="utf-8") for path in package.rglob("*.py")}
    assert len(sources) > 100
    assert not [str(path) for path, text in sources.items() if threaded.search(text)]


@pytest.mark.parametrize("version", [117, 118, 119])
@pytest.mark.parametrize("order", ["<", ">"])
def test_long_texts_of_stata_are_counted_where_they_stand(
    version: int, order: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The words of a header in a label or in a text do not lead the count astray."""
    words = "</header><map>" + "<strls>GSO" * 3
    table = pd.DataFrame({"t": ["x" * 3_000, words, ""] * 4, "u": ["a"] * 12, "n": range(12)})
    path = tmp_path / "a.dta"
    table.to_stata(
        path,
        version=version,
        write_index=False,
        convert_strl=["t"],
        data_label=words[:70],
        byteorder=order,
    )
    assert _longest_text(path) == 3_001  # and the zero at its end
    assert read(path).frame["t"].fillna("").tolist() == table["t"].tolist()
    monkeypatch.setattr(limits, "TEXT", 12_000 + 4 * len(words) + 12)
    monkeypatch.setattr(long_texts, "TEXT", 10)
    monkeypatch.setattr(long_texts, "AT_ONCE", 6_002)
    assert len(read(path).frame) == 12
    monkeypatch.setattr(limits, "TEXT", 12_000 + 4 * len(words) + 11)
    assert "too large" in refused(path)


class OfSas:
    """What a compressed SAS file of one text a row says of itself; reads: rows of each part."""

    number_rows = 1_000
    column_names = ("id", "t")
    readstat_variable_types: Mapping[str, str] = {"id": "double", "t": "string"}
    variable_storage_width: Mapping[str, int] = {"id": 8, "t": 32_767}

    def __init__(self, text: str) -> None:
        self.text, self.reads = text, list[int]()

    def read(self, usecols: list[str], row_offset: int, row_limit: int, output_format: str) -> Any:
        assert (usecols, output_format) == (["t"], "dict")
        self.reads.append(min(row_limit, self.number_rows - row_offset))
        return {"t": [self.text] * self.reads[-1]}, None


@pytest.mark.parametrize("suffix", [".sas7bdat", ".SAS7BDAT", ".sav"])
def test_texts_of_a_compressed_file_are_counted_part_by_part(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(long_texts, "AT_ONCE", 3_276_700)
    for place in (limits, long_texts):
        monkeypatch.setattr(place, "TEXT", 1_000_000)
    path = tmp_path / f"a{suffix}"
    path.touch()
    short, long = OfSas("x" * 1_000), OfSas("x" * 30_000)
    check_texts(path, path.name, short, None, short.read)
    assert short.reads == [100] * 10
    with pytest.raises(InputError, match="too large"):
        check_texts(path, path.name, long, None, long.read)
    assert long.reads == [100]
    check_texts(path, path.name, long, ["id"], long.read)  # nobody reads the text
    assert long.reads == [100]


def test_columns_of_lists_that_nobody_reads_do_no_harm(tmp_path: Path) -> None:
    table = pa.table({"a": [1, 2], "l": [[1], [2, 3]], "s": ["x", None]})
    parquet.write_table(table, tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet", columns=["a", "s"]).frame.shape == (2, 2)
    assert "a.parquet: l" in refused(tmp_path / "a.parquet")


def test_a_text_that_a_workbook_keeps_once_counts_wherever_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = io.BytesIO()
    pd.DataFrame({"a": ["x"], "b": [1]}).to_excel(whole, index=False)
    kept = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>%s</t></si></sst>'
    row = b'<row><c t="s"><v>0</v></c><c><v>1</v></c></row>'
    part = (
        b'<Override PartName="/xl/sharedStrings.xml" ContentType="application/'
        b'vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
    )
    path = tmp_path / "shared.xlsx"
    with zipfile.ZipFile(whole) as made, zipfile.ZipFile(path, "w") as archive:
        for name in made.namelist():
            text = made.read(name)
            if name == "[Content_Types].xml":
                text = text.replace(b"</Types>", part + b"</Types>")
            if name.startswith("xl/worksheets/"):
                first = text.index(b"<sheetData>") + len(b"<sheetData>")
                head = b'<row><c t="inlineStr"><is><t>a</t></is></c><c t="inlineStr"><is><t>b</t></is></c></row>'
                text = text[:first] + head + row * 1_000 + text[text.index(b"</sheetData>") :]
            archive.writestr(name, text)
        archive.writestr("xl/sharedStrings.xml", kept % (b"x" * 5_000))
    assert read(path).frame["a"].str.len().tolist() == [5_000] * 1_000
    monkeypatch.setattr(limits, "TEXT", 4_999_999)
    assert "too large" in refused(path)
