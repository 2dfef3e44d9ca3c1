"""A Dask cluster gives the same tables as one machine, also when a worker is killed half-way; a
worker with another installation is refused.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mismes_eval.errors import ParamsError
from mismes_eval.report.factory.run import Order, Outcome

from .conftest import make_project

cluster = pytest.importorskip(
    "mismes_eval.report.factory.cluster",
    reason="the extra [cluster] is not installed",
    exc_type=ImportError,
)


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and two workers as processes on loopback."""
    address = f"tcp://127.0.0.1:{free_port()}"
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    common = {
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "env": environment,
        "cwd": tmp_path,
    }
    scheduler = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "distributed.cli.dask_scheduler",
            "--host",
            "127.0.0.1",
            "--port",
            address.rsplit(":", 1)[1],
            "--no-dashboard",
        ],
        **common,
    )  # type: ignore[call-overload]
    workers = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "distributed.cli.dask_worker",
                address,
                "--nthreads",
                "1",
                "--no-nanny",
                "--no-dashboard",
                "--host",
                "127.0.0.1",
                "--name",
                f"w{i}",
                "--local-directory",
                str(tmp_path / f"w{i}"),
            ],
            **common,
        )  # type: ignore[call-overload]
        for i in range(2)
    ]
    with cluster.Client(address, timeout=60) as client:
        client.wait_for_workers(2, timeout=60)
    yield address, workers
    for process in [*workers, scheduler]:
        process.kill()
        process.wait(10)


def estimates(folder: Path) -> object:
    return json.loads((folder / "estimates.json").read_text(encoding="utf-8"))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_killed_worker_costs_no_report_and_no_number(
    dask: tuple[str, list[subprocess.Popen[bytes]]], tmp_path: Path, made: Path
) -> None:
    address, workers = dask
    root = make_project(tmp_path / "project")
    first = Order(
        "MDA", root / "params/MDA.yaml", root / "notebooks/country_report.ipynb", root / "reports"
    )
    orders = [first, *(replace(first, name=f"MDA{i}") for i in range(2))]
    finished: list[Outcome] = []

    def done(outcome: Outcome) -> None:
        finished.append(outcome)
        if len(finished) == 1:
            workers[0].send_signal(signal.SIGKILL)

    began: list[str] = []
    cluster.package_hash.cache_clear()
    outcomes = cluster.run_on_cluster(
        address, orders, lambda name, what: began.append(f"{name} {what}"), done
    )
    assert [o.status for o in outcomes] == ["made"] * 3
    assert [o.name for o in outcomes] == [o.name for o in orders]
    for outcome in outcomes:
        assert estimates(outcome.folder) == estimates(made / "reports" / "MDA")  # type: ignore[arg-type]
    deadline = time.monotonic() + 10
    while not began and time.monotonic() < deadline:
        time.sleep(0.1)
    assert any("impact" in line for line in began)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_another_installation_is_refused(
    dask: tuple[str, list[subprocess.Popen[bytes]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "package_hash", lambda: "another")
    with pytest.raises(ParamsError, match="another installation"):
        cluster.run_on_cluster(dask[0], [], lambda a, b: None, lambda o: None)


def test_no_scheduler_is_told() -> None:
    with pytest.raises(ParamsError, match="no Dask scheduler answers"):
        cluster.run_on_cluster("tcp://nowhere", [], lambda a, b: None, lambda o: None)
