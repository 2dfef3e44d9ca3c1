"""Clear outputs, execution counts and records of runs from notebooks; the exit status says whether
any file changed (for pre-commit).
"""

import json
import sys
from pathlib import Path
from typing import Any

KEPT_CELL = ("tags",)
KEPT = ("kernelspec", "language_info")


def cleared(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook as it is kept in the repository."""
    cells = []
    for cell in notebook["cells"]:
        kept = {**cell, "metadata": {k: v for k, v in cell["metadata"].items() if k in KEPT_CELL}}
        if cell["cell_type"] == "code":
            kept |= {"outputs": [], "execution_count": None}
        cells.append(kept)
    return {
        **notebook,
        "cells": cells,
        "metadata": {k: v for k, v in notebook["metadata"].items() if k in KEPT},
    }


def main(names: list[str]) -> int:
    """Rewrite the files that need it."""
    changed = 0
    for path in map(Path, names):
        before = json.loads(path.read_text(encoding="utf-8"))
        after = cleared(before)
        if after != before:
            path.write_text(
                json.dumps(after, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
            )
            changed += 1
    return int(changed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
