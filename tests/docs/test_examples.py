"""Every example of the documentation that is marked runnable runs, in the order of its page, on the
data that ship.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"<!-- runnable -->\n```python\n(.*?)```", re.DOTALL)
PAGES = {
    p.relative_to(ROOT / "docs").as_posix(): BLOCK.findall(p.read_text(encoding="utf-8"))
    for p in sorted((ROOT / "docs").rglob("*.md"))
}
WITH_EXAMPLES = [page for page, blocks in PAGES.items() if blocks]


@pytest.mark.parametrize("page", WITH_EXAMPLES)
def test_examples_run(
    page: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {"__name__": "docs"}
    for number, block in enumerate(PAGES[page], 1):
        exec(compile(block, f"docs/{page}, example {number}", "exec"), names)
    said = capsys.readouterr()
    assert said.out or "assert" in "".join(PAGES[page])
    assert not said.err


def test_how_tos_and_methods_have_examples() -> None:
    assert len(WITH_EXAMPLES) >= 15
    unmarked = [
        page
        for page, blocks in PAGES.items()
        if page.startswith(("howto/", "methods/", "start/"))
        and "```python" in (ROOT / "docs" / page).read_text(encoding="utf-8")
        and not blocks
    ]
    assert unmarked == []
