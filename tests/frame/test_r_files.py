"""R's files: factors are the text of their levels, haven's labels and missing codes are kept, and
what is no table, cut or damaged is named.

The two files were written by R 4 (xz), with
u <- readBin(as.raw(c(0x7f, 0xf0, 0, 0x61, 0, 0, 0x07, 0xa2)), "double", 1, endian = "big")  # NA(a)
d <- data.frame(id = 1:6, sex = factor(c("Male", "Female", NA, "Male", "Female", "Male")),
  k = c(1L, NA, 3L, 4L, 5L, 6L), emp = c(TRUE, FALSE, NA, TRUE, TRUE, FALSE),
  town = c("Chișinău", NA, "Bălți", "a", "b", "c"), w = c(1.5, 2, NA, 3, 4, 5),
  day = as.Date("2020-01-01") + c(0:4, NA)); when: 2020-07-01 10:00:00 Europe/Chisinau + 0:5 s;
mar, mig, tag: haven_labelled; mig with na_values = 98 and na_range = c(99, Inf); tag: 1, NA, u, 2,
  1, 2; big: integer64 1, 5, NA, 2^32 + 7, 2, 3. The .rda has the vector 1:3 beside d.
"""

import base64
import lzma
import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rdata

from mismes_eval import frame
from mismes_eval.errors import InputError
from mismes_eval.frame import limits
from mismes_eval.frame.r_files import read_r

RDS = (
    b"/Td6WFoAAAFpIt42AgAhARYAAAB0L+Wj4AewAohdACwCfBn5r/QdO56YNX7q0PQhTbNFUsa9mj0WI0y+N3TsVVAv"
    b"hfckOYvXXfIvVVIgGkyliyiG7Nsxzi20ilgTjpwwUxaYtFrE9jqaUVVWKlx6SFE5pAS9NTqM+khUOmqBdAHQEyLj"
    b"+rVmnL+EIa3hxqEqR2kTsidAJhfbwAwSvjJqsSAJA+pN5+gHP6RkPy7OtE8Q9DjDLg0inUDBsK4vUZK8nA3vDCOB"
    b"Fn5wXOX346piYkborkGi4wMXRAbU+HRvleOLK3kmU+D0yhTDATebjfP2hjvYIfyy+jF2CQMgWjipCW3e14OIMklE"
    b"AvUl8DqOcjIHQyDeU+/+/QqEIOf+XsuZ6FQcJn+zldd9lMNmMnMmThdLvD3mJPRsgtxawV0CHzPhdEn4w0ZlniVa"
    b"gqq5y8BRSOLonS4KyFbH5BPmA1Fk6Qpcbx9X3YLxmvGgqMB/zcpcooQRb1WLW7MXEZWuorNeVwcVdyOD1kBdEgIr"
    b"vMPO0kTcQ+S0QEflfYpcbHNRIl2a/Ykerag/vUlfLdXXCBRdDUJgBvoOeTicl8Rlh438I6OaDjpYRn/EIeD3Z1Tq"
    b"k7wgxdVV+NEW/l25C8ye75qZwdzpJ9IokD7G5cDG0RnymuBG9suvCusmDkwKqAUMgDaSp3RHLMiYC+9JGgDxAtLB"
    b"zH4cnEeSiDSYFTDPDDU49AIE1uTRHWJI5/3Zr4nJrxri0qE77rL5uIDpUJ3Q1ClhUuyuCSU/75UPN9fIPnDLQ6iK"
    b"Hh0+Fy14BqiY7y/H8T6Fw6PEOEh3UHDj1rMEbWIsYrpqPsqXilVc0AyGcHTakJTzuGzGTW3YpxhuQ1MPyubQj5g6"
    b"S0v5h4LyHD03rAEw4UNTMDHOygBQmZt+AAGgBbEPAACBJDu8PjANiwIAAAAAAVla"
)
RDA = (
    b"/Td6WFoAAAFpIt42AgAhARwAAAAQz1jM4AgnAqZdACkRB1RoEeRuUsqgM8UkXrtrnNeLUzcP1dKbshUqBwT4yAjz"
    b"5XATtUXAHvfTa/3MEV35R/wPLjPpamEAj3/L0BoX7Ke1WwzBXg2tvfxcLBhm+y7enp7Eo7Iya1eCkOMXZ8fhc1IV"
    b"vIIOispAAT1qhJl25DDu9oIOkuYiPcTZAQP8/P0ugehjnrWuVXKVWkZOAx/yPFqxSqJ3rHJa68FH37A8Fn9oV8ya"
    b"atiiKclMAAFdrZaY7VDoT+clWBzfdi84Rzgyl/uwZkvWkeraWtBWleANbWa46PlSDn/UXD93IvSJhsgPWkSsdaO2"
    b"J2fRRL4FZZIlje/gZHqWEg0/4WJNPVDeg85HD84LfuHSQQN1ccsgt9WOQUZl8R7BcOY9frsxaSnmwBsJERb85Zkv"
    b"iIS3gjagaYoZzbzw2I6lIR3A2eZgnHn3SQejNeoXEATnjgd7e0OJ1UUb16tdAYj0gJ9Uri18WzT6wR3LYYyiVcOC"
    b"/6S27+TcQnvj+20Pj+kaluuZUG1k/LfGm4CpE1LEUnbDJAgWDR7S3r4aRNkTh7319i2lV0DUKlnsrYQjuyoQ+hLB"
    b"Rl5K2HAl70H0tEGJlvH4WVNu9FfAbZjfO7WwJo5AbqN1/iwvfUmZxo6noKSUbanO64CBXFzDt/Qly/F+HEL3D1XI"
    b"j3zg3CYp5vGeH02LO3cxE+rGlX5a6pjLVk46sGC8bnKuqPYutH+Z/DwH5nEGRI8ib9MlSEaWg0I70CFx53OLxZ77"
    b"hMPrTTxhS5IXxPnNS4P77r9SmwnfB5ikSvGO3j8s2DiHMpvlaA63lNxMVrkElTxZBUEw3pS8DOvKcTdVpEuXkXo/"
    b"5x+tnS3YG1Y1NHROhfBAq7aRplqsgWu65ulc3P6i7DHpIJoG82z3iD0NSwUYHH8wAAAAAPD42p0AAb4FqBAAADK7"
    b"jL8+MA2LAgAAAAABWVo="
)
NAMED = (
    b"/Td6WFoAAAFpIt42AgAhARYAAAB0L+Wj4AEaAIZdACwCfBn5r/QdO56YNX7q0PQhTbNFUsa9mj0T+tUyGqnF4Okq"
    b"ETaC3+vMfoCuGnS7iAQDiLEEuywbZLGg02gJ0Ypk41MvNdqBbtnuNXfZ7J+dIiks20IYvur57aKYXnWohRMI3HDc"
    b"t0ith6ab6mud54vHtF6DraJWJBhYp/KSKuGjIijS1gAAAAAAeSjkBwABngGbAgAAlTicsD4wDYsCAAAAAAFZWg=="
)  # data.frame(a = 1:2, row.names = c('AB', 'CD'))
MAIL = (
    b"/Td6WFoAAAFpIt42AgAhARYAAAB0L+Wj4ADjAIFdACwCfBn5r/QdO56YNX7q0PQhTbNFUsa9mj0T+tL7wWCcfpxf"
    b"dPoP7p0g08GPtcsaJUkSFR+Hklw9m8bi8Ujon7dx4RSIxuLTUiu/VuGqr73J0SCpCpMAI5X3lUdXd9m3EmasSt/E"
    b"lheloNFps0CmySE1BRYLvX9jEN6+Zsk2oAMAAAAAAAAiUw3PAAGZAeQBAAC+BoOcPjANiwIAAAAAAVla"
)
SEQUENCE = (
    b"H4sIAAAAAAAAA4vgYmBgYGZgYWJiYGYFMhlYQ0PcdC2AjHdAzATEjAwsDJxAmi85P7cgMbkkPjOvpDi1EE2WJSmx"
    b"OBUqxgsWh9D/QDpBVjjePQuSZ7D/wMCATIPUAACh0yI0hQAAAA=="
)


@pytest.fixture(params=["lfs.rds", "lfs.rda", "LFS.RData"])
def read(request: pytest.FixtureRequest, tmp_path: Path) -> frame.Dataset:
    path = tmp_path / request.param
    path.write_bytes(base64.b64decode(RDS if path.suffix == ".rds" else RDA))
    return frame.read(path)


def test_values_are_those_of_r(read: frame.Dataset) -> None:
    f = read.frame
    assert f["id"].tolist() == [1, 2, 3, 4, 5, 6]
    assert f["sex"].fillna("?").tolist() == ["Male", "Female", "?", "Male", "Female", "Male"]
    assert f["k"].isna().tolist() == [False, True] + [False] * 4 and f["k"].max() == 6
    assert f["emp"].fillna(False).tolist() == [True, False, False, True, True, False]
    assert f["emp"].isna().sum() == 1
    assert f["town"].fillna("?").tolist() == ["Chișinău", "?", "Bălți", "a", "b", "c"]
    assert f["w"].fillna(-1).tolist() == [1.5, 2, -1, 3, 4, 5]
    assert f["day"].iloc[4] == pd.Timestamp("2020-01-05") and pd.isna(f["day"].iloc[5])
    assert f["when"].iloc[1] == pd.Timestamp("2020-07-01 10:00:01")


def test_labels_and_missing_codes_are_kept(read: frame.Dataset) -> None:
    f = read.frame
    assert read.labels == {"w": "Weight", "mar": "Marital status", "mig": "Ever migrated"}
    assert read.value_labels["mar"] == {1: "Married", 2: "Single", 9: "No answer"}
    assert read.value_labels["tag"] == {1: "Yes", "a": "Refused"}
    assert f["mar"].fillna(-1).tolist() == [1, 2, 9, 1, -1, 2]
    assert f["mig"].notna().tolist() == [True, True, False, False, False, True]
    assert f["mig_miss"].fillna("").tolist() == ["", "", "98", "99", "100", ""]
    assert f["tag_miss"].fillna("").tolist() == ["", "", ".a", "", "", ""]
    assert list(f.columns[-5:]) == ["mig", "mig_miss", "tag", "tag_miss", "big"]


def test_whole_numbers_of_64_bits_keep_every_digit(read: frame.Dataset) -> None:
    big = read.frame["big"]
    assert big.isna().tolist() == [False, False, True, False, False, False]
    assert big.dropna().tolist() == [1, 5, 2**32 + 7, 2, 3]


def refused(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        frame.read(path)
    return str(caught.value)


def test_what_is_no_table_is_named(tmp_path: Path) -> None:
    table = pd.DataFrame({"a": [1.0, 2.0]})
    rdata.write_rda(tmp_path / "two.rda", {"x": table, "y": table})
    assert "several data frames" in refused(tmp_path / "two.rda")
    assert "got x, y" in refused(tmp_path / "two.rda")
    rdata.write_rds(tmp_path / "vector.rds", np.array([1.0, 2.0]))
    assert "no data frame" in refused(tmp_path / "vector.rds")
    rdata.write_rds(tmp_path / "complex.rds", table.assign(z=[1j, 2j]))
    assert "column 'z'" in refused(tmp_path / "complex.rds")
    assert frame.read(tmp_path / "complex.rds", columns=["a"]).frame["a"].tolist() == [1, 2]


def test_names_of_rows_are_a_column(tmp_path: Path) -> None:
    (tmp_path / "named.rds").write_bytes(base64.b64decode(NAMED))
    assert frame.read(tmp_path / "named.rds").frame["row_names"].tolist() == ["AB", "CD"]


def test_identifiers_in_an_r_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "mail.rds").write_bytes(base64.b64decode(MAIL))
    assert "personal identifier" in refused(tmp_path / "mail.rds")


@pytest.mark.whole
@pytest.mark.property
def test_a_damaged_file_is_read_or_named() -> None:
    whole = base64.b64decode(RDS)
    unpacked = lzma.decompress(whole)
    draws = random.Random(3)
    named = 0
    for _ in range(200):
        content = bytearray(unpacked)
        content[draws.randrange(len(content))] = draws.choice((0, 127, 255))
        try:
            read_r(bytes(content), "x.rds", encoding="utf-8", columns=None)
        except InputError:
            named += 1
    assert named > 20
    with pytest.raises(InputError, match="damaged"):
        read_r(whole[:-40], "x.rds", encoding="utf-8", columns=None)


def test_a_sequence_that_is_only_declared_takes_no_memory(tmp_path: Path) -> None:
    """1:2e9 is stored in R as its length alone."""
    short = base64.b64decode(SEQUENCE)
    (tmp_path / "long.rds").write_bytes(short)
    assert "too many rows" in refused(tmp_path / "long.rds")


def test_a_level_that_stands_in_many_rows_counts_in_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A factor of R keeps a text once: what its rows hold is counted before they are made."""
    path = tmp_path / "d.rds"
    path.write_bytes(base64.b64decode(RDS))
    sexes = read_r(path.read_bytes(), path.name, encoding="utf-8", columns=["sex"]).frame["sex"]
    size = int(sexes.fillna("").str.len().sum())
    monkeypatch.setattr(limits, "TEXT", size)
    read_r(path.read_bytes(), path.name, encoding="utf-8", columns=["sex"])
    monkeypatch.setattr(limits, "TEXT", size - 1)
    with pytest.raises(InputError, match="too large"):
        read_r(path.read_bytes(), path.name, encoding="utf-8", columns=["sex"])
