"""Signed manifests: a changed manifest, a foreign key, a missing signature, a moved signature and a
changed comment are told apart, before anything runs; minisign's own example is read.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mismes_eval.cli import main
from mismes_eval.errors import InputError, MismesError, ParamsError
from mismes_eval.report.trust.provenance import MANIFEST, SCHEMA, changed_outputs, read_manifest
from mismes_eval.report.trust.signatures import (
    SIGNATURE,
    PasswordNeeded,
    public_key,
    sign,
    signed_by,
)

serialization = pytest.importorskip(
    "cryptography.hazmat.primitives.serialization", reason="a package that only signatures need"
)
ec = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ec")
ed25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519")
RAW = serialization.Encoding
SSH, PEM = (
    (RAW.OpenSSH, serialization.PublicFormat.OpenSSH),
    (RAW.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
)


def keys(folder: Path, name: str, seed: int, password: bytes | None = None) -> Path:
    """A key pair of OpenSSH, its public half in PEM as well."""
    key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    locked = (
        serialization.NoEncryption()
        if password is None
        else serialization.BestAvailableEncryption(password)
    )
    private = key.private_bytes(RAW.PEM, serialization.PrivateFormat.OpenSSH, locked)
    (folder / name).write_bytes(private)
    (folder / f"{name}.pub").write_bytes(key.public_key().public_bytes(*SSH) + b" office\n")
    (folder / f"{name}.pem").write_bytes(key.public_key().public_bytes(*PEM))
    return folder / name


@pytest.fixture
def report(tmp_path: Path) -> Path:
    folder = tmp_path / "MDA"
    (folder / "tables").mkdir(parents=True)
    (folder / "report.html").write_text("page")
    record = {
        "schema": SCHEMA,
        "country": "MDA",
        "started": "2026-01-31T12:00:00Z",
        "outputs": [
            {"path": "report.html", "bytes": 4, "sha256": hashlib.sha256(b"page").hexdigest()}
        ],
    }
    (folder / MANIFEST).write_text(json.dumps(record))
    return folder


def words(call: Callable[[], object]) -> str:
    with pytest.raises(MismesError) as error:
        call()
    (problem,) = error.value.problems
    return problem.what


def test_a_signature_holds_for_every_form_of_the_key(report: Path, tmp_path: Path) -> None:
    key = keys(tmp_path, "office", 1)
    made = sign(report, key)
    assert made.comment == "report MDA, country MDA, made 2026-01-31T12:00:00Z"
    (tmp_path / "minisign.pub").write_text(f"untrusted comment: key\n{made.key}\n")
    for name in ("office.pub", "office.pem", "minisign.pub"):
        assert signed_by(report, tmp_path / name) == made
    assert changed_outputs(report, read_manifest(report)) == []
    before = (report / SIGNATURE).read_bytes()
    sign(report, key)
    assert (report / SIGNATURE).read_bytes() == before


def test_what_is_wrong_is_told_apart(report: Path, tmp_path: Path) -> None:
    key, _ = keys(tmp_path, "office", 1), keys(tmp_path, "other", 2)
    public = tmp_path / "office.pub"
    assert words(lambda: signed_by(report, public)) == "the report is not signed"
    sign(report, key)
    assert words(lambda: signed_by(report, tmp_path / "other.pub")) == (
        "the report is signed with another key"
    )
    manifest = (report / MANIFEST).read_text()
    for changed in (manifest.replace("12:00", "13:00"), manifest + " "):
        (report / MANIFEST).write_text(changed)
        assert words(lambda: signed_by(report, public)) == (
            "the manifest is not the one that was signed"
        )
    (report / MANIFEST).write_text(manifest)
    whole = (report / SIGNATURE).read_text()
    (report / SIGNATURE).write_text(whole.replace("country MDA", "country TUN"))
    assert words(lambda: signed_by(report, public)) == "the comment is not the one that was signed"
    (report / SIGNATURE).write_text(whole)
    assert signed_by(report, public).comment.startswith("report MDA")


def test_a_signature_of_another_report_is_none_of_this(report: Path, tmp_path: Path) -> None:
    key = keys(tmp_path, "office", 1)
    sign(report, key)
    earlier = (report / SIGNATURE).read_bytes()
    record = json.loads((report / MANIFEST).read_text()) | {"started": "2026-02-01T12:00:00Z"}
    (report / MANIFEST).write_text(json.dumps(record))
    (report / SIGNATURE).write_bytes(earlier)
    assert "is not the one that was signed" in words(
        lambda: signed_by(report, tmp_path / "office.pub")
    )


def test_a_changed_report_is_not_signed(report: Path, tmp_path: Path) -> None:
    key = keys(tmp_path, "office", 1)
    (report / "report.html").write_text("PAGE")
    assert words(lambda: sign(report, key)) == "the report was changed after it was made"
    (report / "report.html").write_text("page")
    (report / "more.html").write_text("page")
    assert words(lambda: sign(report, key)) == "the report was changed after it was made"
    assert not (report / SIGNATURE).exists()


def test_a_key_with_a_password_asks_for_it(report: Path, tmp_path: Path) -> None:
    key = keys(tmp_path, "locked", 3, b"word")
    with pytest.raises(PasswordNeeded):
        sign(report, key)
    with pytest.raises(ParamsError, match="no private key that can be read"):
        sign(report, key, b"another")
    assert sign(report, key, b"word") == signed_by(report, tmp_path / "locked.pub")


@pytest.mark.parametrize(
    "content",
    [b"", b"x", b"ssh-ed25519 AAAA", b"untrusted comment: x\nAAAA\n", b"untrusted comment: x\n?\n"],
)
def test_what_is_no_key_is_refused(content: bytes, report: Path, tmp_path: Path) -> None:
    sign(report, keys(tmp_path, "office", 1))
    (tmp_path / "bad.pub").write_bytes(content)
    assert "be read" in words(lambda: signed_by(report, tmp_path / "bad.pub"))
    assert "be read" in words(lambda: sign(report, tmp_path / "bad.pub"))


def test_a_key_of_another_kind_is_refused(report: Path, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "ec.pem").write_bytes(key.public_key().public_bytes(*PEM))
    sign(report, keys(tmp_path, "office", 1))
    assert words(lambda: signed_by(report, tmp_path / "ec.pem")) == "no public key that can be read"
    with pytest.raises(InputError, match="no such file"):
        signed_by(report, tmp_path / "nothing.pub")


@pytest.mark.parametrize("line", [0, 1, 2, 3])
def test_a_damaged_signature_is_never_good(line: int, report: Path, tmp_path: Path) -> None:
    sign(report, keys(tmp_path, "office", 1))
    lines = (report / SIGNATURE).read_text().splitlines()
    lines[line] = lines[line][: len(lines[line]) // 2]
    (report / SIGNATURE).write_text("\n".join(lines) + "\n")
    if line == 0:
        assert signed_by(report, tmp_path / "office.pub").key  # nobody signs that comment
        return
    assert "signed" in words(lambda: signed_by(report, tmp_path / "office.pub")) or "read" in words(
        lambda: signed_by(report, tmp_path / "office.pub")
    )


# minisign's own key and its two signatures of the four bytes "test", as they stand in the
# documentation and tests of rust-minisign-verify (https://github.com/jedisct1/rust-minisign-verify)
MINISIGN = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"
FIRST_LINE = "untrusted comment: signature from minisign secret key"


@pytest.mark.golden
@pytest.mark.parametrize(
    ("signature", "comment", "sealed"),
    [
        (
            "RWQf6LRCGA9i59SLOFxz6NxvASXDJeRtuZykwQepbDEGt87ig1BNpWaVWuNrm73YiIiJbq71Wi+dP9eKL8OC351"
            "vwIasSSbXxwA=",
            "timestamp:1555779966\tfile:test",
            "QtKMXWyYcwdpZAlPF7tE2ENJkRd1ujvKjlj1m9RtHTBnZPa5WKU5uWRs5GoP5M/VqE81QFuMKI5k/SfNQUaOAA==",
        ),
        (
            "RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDO"
            "ocrCo8KLzZwo=",
            "timestamp:1556193335\tfile:test",
            "y/rUw2y8/hOUYjZU71eHp/Wo1KZ40fGy2VJEDl34XMJM+TX48Ss/17u3IvIfbVR1FkZZSNCisQbuQY+bHwhEBg==",
        ),
    ],
    ids=["of the file", "of its hash"],
)
def test_what_minisign_signed_is_read(
    signature: str, comment: str, sealed: str, report: Path, tmp_path: Path
) -> None:
    lines = (FIRST_LINE, signature, f"trusted comment: {comment}", sealed)
    (report / SIGNATURE).write_text("\n".join(lines) + "\n")
    key = tmp_path / "minisign.pub"
    key.write_text(f"untrusted comment: minisign public key E7620F1842B4E81F\n{MINISIGN}\n")
    (report / MANIFEST).write_bytes(b"test")
    assert signed_by(report, key).comment == comment
    assert public_key(key).minisign == MINISIGN
    (report / MANIFEST).write_bytes(b"Test")
    assert "is not the one that was signed" in words(lambda: signed_by(report, key))


def test_the_command_signs_and_verify_looks_before_it_runs(
    report: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "params").mkdir()
    monkeypatch.chdir(tmp_path)
    key = keys(tmp_path, "office", 1)
    keys(tmp_path, "other", 2)
    with pytest.raises(SystemExit) as done:
        main(["sign", str(report), "--key", str(key), "--json"])
    (record,) = json.loads(capsys.readouterr().out)
    assert done.value.code == 0 and record["report"] == "MDA" and record["signature"] == SIGNATURE
    with pytest.raises(SystemExit) as stopped:
        main(["verify", str(report), "--signed-by", str(tmp_path / "other.pub")])
    assert stopped.value.code == 2 and "signed with another key" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stopped:
        main(["verify", str(report), "--signed-by", str(tmp_path / "office.pub")])
    said = capsys.readouterr().err
    assert stopped.value.code == 2 and "lacks fields" in said  # the signature held: it went on
