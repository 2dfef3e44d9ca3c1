"""Whose report it is: an Ed25519 signature of its manifest, which names the hash of every file.

The signature is minisign's (MANIFEST.json.minisig): `minisign -V` reads what is written here, and
what minisign signed is read here. Keys are those of OpenSSH, OpenSSL (PEM) and, for checking,
minisign. The signature says whose report it is, not that its numbers are right.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mismes_eval.errors import ParamsError, Problem, worded
from mismes_eval.frame.outside import bytes_of, text_of
from mismes_eval.libraries import Library, library
from mismes_eval.report.trust.provenance import (
    LARGEST_MANIFEST,
    MANIFEST,
    changed_outputs,
    check_unchanged,
    read_manifest,
)

SIGNATURE = f"{MANIFEST}.minisig"
PLAIN, HASHED = b"Ed", b"ED"  # of the file itself, of its BLAKE2b: the two kinds of minisign
ID, KEY, SIGNED = 8, 32, 64  # bytes
LARGEST_KEY = 100_000
ED25519: Library = "cryptography.hazmat.primitives.asymmetric.ed25519"
UNTRUSTED, TRUSTED = "untrusted comment: ", "trusted comment: "


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that signatures are checked with. id : as minisign numbers keys."""

    id: bytes
    raw: bytes

    @property
    def minisign(self) -> str:
        """As minisign writes it."""
        return base64.b64encode(PLAIN + self.id + self.raw).decode("ascii")


@dataclass(frozen=True, slots=True)
class Signed:
    """key: the one that signed, as minisign writes it; comment: what was signed beside the file."""

    key: str
    comment: str


@dataclass(frozen=True, slots=True)
class Parts:
    """What a signature file holds. sealed : signature of the signature and its comment."""

    kind: bytes
    id: bytes
    signature: bytes
    comment: str
    sealed: bytes


def sign(folder: Path, key: Path, password: bytes | None = None) -> Signed:
    """Sign the manifest of a report folder, beside it.

    Parameters
    ----------
    key : a private Ed25519 key of OpenSSH or in PEM.
    password : of a key that has one.

    Raises
    ------
    ParamsError : the folder is no report, or was changed after it was made; no such key.
    PasswordNeeded : the key has a password and none is given.
    """
    record = read_manifest(folder)
    check_unchanged(folder, changed_outputs(folder, record))
    private = _private(key, password)
    public = _own(private.public_key().public_bytes_raw())
    comment = f"report {folder.name}, country {record['country']}, made {record['started']}"
    signature = private.sign(_hashed(bytes_of(folder / MANIFEST, LARGEST_MANIFEST)))
    sealed = private.sign(signature + comment.encode("utf-8"))
    lines = (
        f"{UNTRUSTED}signature of a report by mismes-eval",
        base64.b64encode(HASHED + public.id + signature).decode("ascii"),
        f"{TRUSTED}{comment}",
        base64.b64encode(sealed).decode("ascii"),
    )
    (folder / SIGNATURE).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Signed(public.minisign, comment)


def signed_by(folder: Path, key: Path) -> Signed:
    """The signature of a report folder, checked with a public key of OpenSSH, PEM or minisign.

    Raises
    ------
    ParamsError : not signed; signed with another key; the manifest is not the one that was signed;
        the key or the signature cannot be read.
    """
    public = public_key(key)
    path = folder / SIGNATURE
    if not path.is_file():
        raise ParamsError(
            Problem(
                "the report is not signed",
                worded("{name}/{signature}", {"name": folder.name, "signature": SIGNATURE}),
                "a signature beside the manifest",
                fix="Ask its makers for one: mismes sign.",
            )
        )
    parts = _parts(path)
    content = bytes_of(folder / MANIFEST, LARGEST_MANIFEST)
    signed = _hashed(content) if parts.kind == HASHED else content
    if not _holds(public, parts.signature, signed):
        raise ParamsError(_other_key(folder, public) if parts.id != public.id else _other(folder))
    if not _holds(public, parts.sealed, parts.signature + parts.comment.encode("utf-8")):
        where = worded("{name}/{signature}", {"name": folder.name, "signature": SIGNATURE})
        raise ParamsError(Problem("the comment is not the one that was signed", where))
    return Signed(public.minisign, parts.comment)


def _other_key(folder: Path, public: PublicKey) -> Problem:
    return Problem(
        what="the report is signed with another key",
        where=folder.name,
        expected=worded("the key {minisign}", {"minisign": public.minisign}),
        got=worded("another"),
        fix="Do not rely on it before you know whose key that is.",
    )


def _other(folder: Path) -> Problem:
    return Problem(
        what="the manifest is not the one that was signed",
        where=worded("{name}/{manifest}", {"name": folder.name, "manifest": MANIFEST}),
        expected="the manifest as its makers signed it",
        got=worded("a changed one, or a changed signature"),
        fix="Ask its makers for the report.",
    )


def public_key(path: Path) -> PublicKey:
    """A public key of OpenSSH, PEM or minisign. Raises ParamsError for anything else."""
    text = text_of(path, LARGEST_KEY)
    last = (text.strip().splitlines() or [""])[-1].strip()
    if text.startswith(UNTRUSTED):
        content = _base64(last, path.name)
        if len(content) != len(PLAIN) + ID + KEY or not content.startswith(PLAIN):
            raise ParamsError(_no_key(path, "public"))
        return PublicKey(content[len(PLAIN) : len(PLAIN) + ID], content[-KEY:])
    load = "load_ssh_public_key" if last.startswith("ssh-") else "load_pem_public_key"
    found = _loaded(path, load, "public", text.encode("utf-8"))
    return _own(found.public_bytes_raw())


class PasswordNeeded(ParamsError):
    """A private key has a password."""


def _private(path: Path, password: bytes | None) -> Any:
    content = bytes_of(path, LARGEST_KEY)
    ssh = b"OPENSSH PRIVATE KEY" in content
    load = "load_ssh_private_key" if ssh else "load_pem_private_key"
    return _loaded(path, load, "private", content, password)


def _loaded(path: Path, load: str, kind: str, *arguments: bytes | None) -> Any:
    """A key as cryptography loads it; only Ed25519 keys."""
    reader: Callable[..., Any] = getattr(
        _cryptography("cryptography.hazmat.primitives.serialization"), load
    )
    try:
        found = reader(*arguments)
    except TypeError as error:
        problem = Problem("the key has a password, or has none", path.name, got=str(error))
        raise PasswordNeeded(problem) from error
    except Exception as error:  # the library meets damaged keys with errors of many kinds
        raise ParamsError(_no_key(path, kind)) from error
    wanted = "Ed25519PrivateKey" if kind == "private" else "Ed25519PublicKey"
    if not isinstance(found, getattr(_cryptography(ED25519), wanted)):
        raise ParamsError(_no_key(path, kind))
    return found


def _no_key(path: Path, kind: str) -> Problem:
    return Problem(
        worded("no {kind} key that can be read", {"kind": kind}),
        path.name,
        worded("a {kind} Ed25519 key", {"kind": kind}),
        fix="ssh-keygen -t ed25519 -f office makes office and office.pub.",
    )


def _own(raw: bytes) -> PublicKey:
    """A key whose number follows from itself: neither OpenSSH nor PEM have one."""
    return PublicKey(hashlib.blake2b(raw, digest_size=ID).digest(), raw)


def _hashed(content: bytes) -> bytes:
    return hashlib.blake2b(content).digest()


def _holds(public: PublicKey, signature: bytes, content: bytes) -> bool:
    """Whether a signature is that of a content."""
    key = _cryptography(ED25519).Ed25519PublicKey.from_public_bytes(public.raw)
    try:
        key.verify(signature, content)
    except _cryptography("cryptography.exceptions").InvalidSignature:
        return False
    return True


def _parts(path: Path) -> Parts:
    lines = text_of(path, LARGEST_KEY).splitlines()
    if len(lines) != 4 or not lines[2].startswith(TRUSTED):
        raise ParamsError(_unreadable(path.name))
    first, sealed = _base64(lines[1], path.name), _base64(lines[3], path.name)
    kind = first[: len(PLAIN)]
    sizes = (len(first), len(sealed))
    if sizes != (len(PLAIN) + ID + SIGNED, SIGNED) or kind not in (PLAIN, HASHED):
        raise ParamsError(_unreadable(path.name))
    return Parts(
        kind=kind,
        id=first[len(PLAIN) : len(PLAIN) + ID],
        signature=first[-SIGNED:],
        comment=lines[2].removeprefix(TRUSTED),
        sealed=sealed,
    )


def _base64(text: str, name: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ParamsError(_unreadable(name)) from error


def _unreadable(name: str) -> Problem:
    return Problem("the signature or key cannot be read", name, "four lines as minisign has them")


def _cryptography(part: Library) -> Any:
    try:
        return library(part)
    except ModuleNotFoundError as error:
        fix = "pip install 'cryptography[ssh]>=43'"
        raise ParamsError(Problem("signatures need the package cryptography", fix=fix)) from error
