"""papermill's client with two limits: how much a cell may show, and output that is slow is waited
for as long as the cell itself.
"""

from __future__ import annotations

from typing import Any, Protocol

from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.log import logger

from mismes_eval.report.factory.endings import LARGEST_OUTPUT

ENGINE = "mismes"


class Watcher(Protocol):
    """What the client tells of a run."""

    too_large: bool


class ReportClient(PapermillNotebookClient):
    """Stops the kernel of a cell that shows too much."""

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> Any:
        if self._shown_cell != cell_index:
            self._shown_cell, self._shown = cell_index, 0
        self._shown += _size(msg.get("content"))
        watch: Watcher = self.stdout_file
        if self._shown > LARGEST_OUTPUT:
            if not watch.too_large and self.km is not None:
                watch.too_large = True
                self.km.provisioner.process.kill()
            return None
        return super().process_message(msg, cell, cell_index)

    _shown_cell = -1
    _shown = 0


def _size(value: object) -> int:
    """Characters of every text in a message."""
    if isinstance(value, dict):
        return sum(map(_size, value.values()))
    if isinstance(value, list):
        return sum(map(_size, value))
    return len(value) if isinstance(value, str) else 0


class ReportEngine(NBClientEngine):
    """papermill's engine with that client."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, **settings: Any
    ) -> NotebookNode:
        unused = ("input_path", "log_output", "start_timeout", "execution_timeout")
        seconds = settings.get("execution_timeout")
        traits = {name: value for name, value in settings.items() if name not in unused}
        client = ReportClient(
            nb_man,
            kernel_name=kernel_name,
            timeout=seconds,
            iopub_timeout=seconds,
            startup_timeout=settings.get("start_timeout", 60),
            log=logger,
            **traits,
        )
        done: NotebookNode = client.execute()
        return done


papermill_engines.register(ENGINE, ReportEngine)
