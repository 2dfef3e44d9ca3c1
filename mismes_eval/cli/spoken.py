"""In which language a refusal is printed; loaded where there is one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from mismes_eval.cli.project import all_params, params_file, project
from mismes_eval.errors import MismesError
from mismes_eval.report.document.language import Language, available, language

_STATED = re.compile(r"^language:\s*[\"']?(\w+)", re.MULTILINE)
_SURROUNDINGS = ("LC_ALL", "LC_MESSAGES", "LANG")


def reader_language(words: Sequence[str]) -> Language:
    """The language that --language asks for; else that of the params that are named, or of all
    params of the project where they share one; else that of the surroundings; else English.

    words : what stands on the command line. Params are not read, only searched for the key: they
        may be what is wrong.
    """
    for code in _asked(words):
        if code in available():
            return language(code)
    return language("en")


def _asked(words: Sequence[str]) -> Iterator[str]:
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word == "--language":
            yield following
        elif word.startswith("--language="):
            yield word.partition("=")[2]
    with suppress(MismesError, OSError):
        root = project()
        named = [file for word in words for file in _params(root, word)] or all_params(root)
        texts = (file.read_text(encoding="utf-8", errors="replace") for file in named)
        stated = {found[1] for found in map(_STATED.search, texts) if found}
        if len(stated) == 1:
            yield stated.pop()
    said = (os.environ.get(name) for name in _SURROUNDINGS)
    yield next(filter(None, said), "en")[:2]


def _params(root: Path, word: str) -> list[Path]:
    with suppress(MismesError, OSError):
        return [params_file(root, word)]
    return []
