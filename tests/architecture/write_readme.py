"""Write tests/README.md: one sentence per test file, from its docstring. Run it after adding a
file: python tests/architecture/write_readme.py
"""

import ast
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
HEAD = """# Tests

`make test` runs them but those marked *whole* or *slow*: *whole* ones `make whole`, `make check` and `make prove` run, *slow* ones `make slow` and `make prove`; CI has both after the others, as many as end in eight minutes, in an order of each commit's own. Warnings are errors, nothing is a timing, no test reaches beyond this machine.

Where a claim is a sweep (every step by every estimator, 200 random tables, a kill before every change, five countries), `make test` has a sample of it and the sweep is marked *slow*. Files that read one whole report go to one process (`room` in `conftest.py`). What refusals say stands in `proof/messages.json`; faces, notes and defaults stand in JSON files beside their tests; `python tests/proof/write_messages.py` writes them after a change of words, to be read.

Marks: *golden* (a published number or one from R or Stata), *identity* (two routes, one number), *property* (holds for any data), *architecture* (the shape of the code base),
*browser* (needs a Chromium), *whole* (makes a whole report, site, project or simulation, a second or more) and *slow* (takes many seconds): no number of a reference is compared there only, *shared* (needs reference data that are not part of the repository: the fixture `shared` looks at `MISMES_SHARED`, then at `shared` beside the checkout, and skips
with the reason where neither is there).

The sentences below come from the files; `python tests/architecture/write_readme.py` writes them again.

| file | what it checks |
|---|---|
"""


def readme() -> str:
    """The page as text."""
    lines = []
    for path in sorted(TESTS.rglob("test_*.py")):
        said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        sentence = " ".join(said.split("\n\n")[0].split()).replace("|", "/")
        lines.append(f"| `{path.relative_to(TESTS).as_posix()}` | {sentence} |")
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    (TESTS / "README.md").write_text(readme(), encoding="utf-8")
