"""`mismes lab` in a browser: a notebook opens on the right kernel, Run All runs every cell without
an error, the event study and a weighted table are there, nothing leaves this machine.
"""

import base64
import json
import os
import secrets
import shutil
import socket
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore")]
IDLE = "window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
ALL_RUN = f"{IDLE} && [...window.jupyterapp.shell.currentWidget.content.model.cells].filter(c => c.type === 'code').every(c => c.executionCount !== null)"


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab: its address, its token, its project folder."""

    address: str
    token: str
    root: Path
    process: subprocess.Popen[bytes]

    def get(self, path: str) -> Any:
        asked = urllib.request.Request(
            f"{self.address}{path}", headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return json.load(answer)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The command as a user starts it, on a copy of the project, with folders of its own for
    settings.
    """
    root = Path(__file__).resolve().parents[2]
    place = tmp_path_factory.mktemp("lab")
    for name in ("notebooks", "params", "docs"):
        shutil.copytree(root / name, place / name)
    shutil.copytree(root / "data_raw" / "MDA", place / "data_raw" / "MDA")
    own = place / ".jupyter"
    own.mkdir()
    (own / "jupyter_lab_config.json").write_text(
        json.dumps({"LabApp": {"expose_app_in_browser": True}}), encoding="utf-8"
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    folders = {
        "JUPYTER_CONFIG_DIR": own,
        "JUPYTERLAB_SETTINGS_DIR": own / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": own / "workspaces",
        "JUPYTER_RUNTIME_DIR": own / "runtime",
    }
    env = (
        os.environ
        | {k: str(v) for k, v in folders.items()}
        | {"JUPYTER_TOKEN": token, "OMP_NUM_THREADS": "1", "HOME": str(place)}
    )
    with (place / "lab.log").open("wb") as log:
        command = [sys.executable, "-m", "mismes_eval", "lab", "--no-browser", "--port", str(port)]
        process = subprocess.Popen(
            command, cwd=place, env=env, stdout=log, stderr=subprocess.STDOUT
        )
    made = Lab(f"http://127.0.0.1:{port}", token, place, process)
    try:
        for _ in range(240):
            try:
                made.get("/api/status")
                break
            except (urllib.error.URLError, OSError):
                assert process.poll() is None, (place / "lab.log").read_text(encoding="utf-8")
                time.sleep(0.5)
        yield made
    finally:
        process.terminate()
        process.wait(30)


def png_size(content: str) -> tuple[int, int]:
    """Width and height of a picture in an output."""
    width, height = struct.unpack(">II", base64.b64decode(content)[16:24])
    return width, height


def outputs(notebook: dict[str, Any], kind: str) -> list[str]:
    """Every output of one MIME type, in order."""
    found = [o.get("data", {}).get(kind) for c in notebook["cells"] for o in c.get("outputs", [])]
    return ["".join(f) if isinstance(f, list) else f for f in found if f]


@pytest.mark.slow
def test_run_all_shows_the_event_study_and_a_weighted_table(
    lab: Lab, chromium: str, tmp_path: Path
) -> None:
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="the extra 'browser' is not installed"
    )
    asked: list[str] = []
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 1600})
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{lab.address}/lab/tree/notebooks/06_impact.ipynb?reset&token={lab.token}")
        page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=120_000)
        page.wait_for_function(f"() => {IDLE}", timeout=120_000)
        page.locator(".lm-MenuBar-itemLabel", has_text="Run").first.click()
        page.locator(".lm-Menu-itemLabel", has_text="Run All Cells").first.click()
        page.wait_for_function(f"() => {ALL_RUN}", timeout=240_000)
        assert (
            not page.locator(".jp-toast-container, .Toastify__toast")
            .locator("text=/news|update/i")
            .count()
        )
        picture = page.locator(".jp-RenderedImage img").first
        picture.scroll_into_view_if_needed(timeout=30_000)
        assert picture.evaluate("i => i.complete && i.naturalWidth > 300")
        assert page.locator(".jp-RenderedHTMLCommon table").count() > 0
        page.screenshot(path=str(Path(os.environ.get("MISMES_SCREENSHOTS", tmp_path)) / "lab.png"))
        page.evaluate("async () => { await window.jupyterapp.commands.execute('docmanager:save') }")
        browser.close()
    notebook = lab.get("/api/contents/notebooks/06_impact.ipynb")["content"]
    code = [c for c in notebook["cells"] if c["cell_type"] == "code"]
    assert all(c["execution_count"] for c in code)
    assert not [o for c in code for o in c["outputs"] if o["output_type"] == "error"]
    pictures = [o for o in outputs(notebook, "image/png") if min(png_size(o)) > 100]
    assert len(pictures) >= 3
    tables = outputs(notebook, "text/html")
    assert any("event_time" in t and "ci_low" in t for t in tables)
    assert any("attrition at wave 3" in t for t in tables), (
        "the note under the effect names the weight step"
    )
    assert {u.split("/")[2] for u in asked if u.startswith("http")} == {
        lab.address.removeprefix("http://")
    }


@pytest.mark.slow
def test_the_kernel_is_this_installation_and_the_token_is_not_on_the_command_line(lab: Lab) -> None:
    assert lab.get("/api/kernelspecs")["default"] == "python3"
    words = lab.process.args
    assert isinstance(words, list)
    assert lab.token not in " ".join(map(str, words))
    address = lab.address.removeprefix("http://").split(":")[0]
    assert address == "127.0.0.1"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{lab.address}/api/contents", timeout=10)
    refused.value.close()
    assert refused.value.code == 403
