"""Identity: the same seed gives the same bytes twice, and the committed data_raw is what the
package generates.
"""

import hashlib
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from mismes_eval.errors import ParamsError
from mismes_eval.synthetic import SEED, generate
from mismes_eval.synthetic.generate import WORDS

from ..some import some

COMMITTED = Path(__file__).parents[2] / "data_raw"


def _hashes(root: Path) -> dict[str, str]:
    return {
        p.relative_to(root).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(root.rglob("*"))
        if p.is_file()
    }


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("generated")
    generate(root, ("MAR",), SEED)
    return root


@pytest.mark.whole
def test_the_same_seed_gives_identical_bytes(generated: Path, tmp_path: Path) -> None:
    generate(tmp_path, ("MAR",), SEED)
    first = _hashes(generated)
    assert len(first) > 15
    assert first == _hashes(tmp_path)


def test_committed_data_is_what_the_package_generates(generated: Path) -> None:
    folder = generated / "MAR"
    made_by = {
        pq.read_metadata(root / "lfs_person.parquet").created_by
        for root in (folder, COMMITTED / "MAR")
    }
    same_writer = len(made_by) == 1
    for path in some(sorted(p for p in folder.rglob("*") if p.is_file())):
        other = COMMITTED / "MAR" / path.relative_to(folder)
        if path.suffix == ".parquet" and not same_writer:
            pd.testing.assert_frame_equal(pd.read_parquet(path), pd.read_parquet(other))
        else:
            assert path.read_bytes() == other.read_bytes(), path.name


def test_manifest_has_every_committed_file() -> None:
    manifest = pd.read_csv(COMMITTED / "MANIFEST.csv").set_index("file")["sha256"].to_dict()
    on_disk = {
        k: v for k, v in _hashes(COMMITTED).items() if k not in ("MANIFEST.csv", "SOURCES.md")
    }
    assert manifest == on_disk


def test_data_is_small() -> None:
    assert sum(p.stat().st_size for p in COMMITTED.rglob("*") if p.is_file()) < 10_000_000


@pytest.mark.whole
def test_another_seed_gives_other_persons(tmp_path: Path, generated: Path) -> None:
    generate(tmp_path, ("MAR",), SEED + 1)
    persons = "MAR/lfs_person.parquet"
    assert _hashes(tmp_path)[persons] != _hashes(generated)[persons]


def test_an_unknown_country_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="no scenario"):
        generate(tmp_path / "out", ("MAR", "ATL"))
    assert not (tmp_path / "out").exists()


def test_the_words_beside_the_evidence_are_those_of_the_package() -> None:
    own = {path.name: path.read_bytes() for path in WORDS.glob("*/*.md")}
    assert {p.name: p.read_bytes() for p in COMMITTED.glob("*/words/*.md")} == own
    assert len(own) == 9
