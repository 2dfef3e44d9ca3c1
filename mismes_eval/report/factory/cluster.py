"""Reports on a running Dask cluster. Needs the extra [cluster], one folder that every worker sees,
and the same installation everywhere.

A scheduler runs whatever it is sent: keep it on loopback or on a network of your own, with TLS.
Workers need one thread each, since kernels are processes of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from distributed import Client, as_completed, get_worker

from mismes_eval.errors import ParamsError, Problem, named, worded
from mismes_eval.report.factory.orders import Order, Outcome, Progress, distinct
from mismes_eval.report.factory.run import run_report
from mismes_eval.report.trust.provenance import package_hash, versions

TOPIC = "mismes-progress"
RETRIES = 2


def run_on_cluster(
    address: str, orders: Sequence[Order], progress: Progress, done: Callable[[Outcome], None]
) -> list[Outcome]:
    """Every order on a worker; what a killed worker had in work is finished elsewhere. Outcomes in
    the order of the orders.

    Raises
    ------
    ParamsError : no scheduler answers, no worker is there, or a worker has another version of the
        package or of what it computes with.
    """
    distinct(orders)
    try:
        client = Client(address, timeout=20)
    except (OSError, ValueError, TimeoutError) as error:
        raise ParamsError(
            Problem(
                what="no Dask scheduler answers",
                where=address,
                expected="tcp://host:port of a running scheduler",
                got=str(error),
                fix="Start one: dask scheduler --host 127.0.0.1",
            )
        ) from error
    with client:
        _same_everywhere(client, address)
        client.subscribe_topic(TOPIC, lambda event: progress(*event[1]))
        waiting = {
            client.submit(
                _on_worker,
                order,
                key=f"report-{order.name}-{id(orders)}",
                retries=RETRIES,
                pure=False,
            ): order.name
            for order in orders
        }
        found: dict[str, Outcome] = {}
        try:
            for future in as_completed(list(waiting)):
                name = waiting[future]
                found[name] = (
                    _outcome(future.exception(), name)
                    if future.status != "finished"
                    else future.result()
                )
                done(found[name])
        except KeyboardInterrupt:
            client.cancel(list(waiting), force=True)
            raise
    return [found[order.name] for order in orders]


def _on_worker(order: Order) -> Outcome:
    worker = get_worker()
    return run_report(order, lambda name, what: worker.log_event(TOPIC, (name, what)))


def _outcome(error: BaseException | None, name: str) -> Outcome:
    return Outcome(
        name=name,
        status="failed",
        seconds=0.0,
        folder=None,
        problems=(
            Problem(
                "the cluster lost this report",
                name,
                got=worded("{kind}: {error}", {"kind": type(error).__name__, "error": error}),
                fix="Start more workers or give them more memory.",
            ),
        ),
        exit_status=1,
    )


def _installed() -> tuple[str, Mapping[str, str]]:
    return package_hash(), versions()


def _same_everywhere(client: Client, address: str) -> None:
    here = _installed()
    there = client.run(_installed)
    if not there:
        raise ParamsError(
            Problem(
                "the cluster has no worker",
                address,
                "at least one",
                fix="Start one: dask worker ADDRESS --nthreads 1",
            )
        )
    others = [worker for worker, installed in there.items() if tuple(installed) != here]
    if others:
        raise ParamsError(
            Problem(
                "a worker has another installation",
                named(others),
                "the package and versions of this machine",
                fix="Install from the same requirements.lock everywhere.",
            )
        )
