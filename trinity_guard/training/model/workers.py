"""Where trials run: on this machine's cores by loky, or on a Dask cluster. Nothing is left running behind either."""

from __future__ import annotations

import importlib
import os
import signal
import socket
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from joblib import Parallel, cpu_count, delayed

from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.training.model.trials import Trial, attempt

if TYPE_CHECKING:
    from distributed import Client

Task = tuple[int, Any]
Attempt = Callable[[Any, Any], Trial]
Results = Generator[tuple[int, Trial], None, None]

# Seconds for a scheduler to answer, and for its first worker to be there.
ANSWER_TIMEOUT = 5
WORKER_TIMEOUT = 15
RETRIES = 3
# Seconds until a process that has nothing left to do ends.
IDLE = 10
# How often (seconds) a search that waits looks whether the cluster has any worker, and how long it does without one.
LOOK, ALONE = 5, 30
# What a trial's figures follow from: workers that have others of these would give other figures.
MAKERS = ("sklearn", "numpy")
RESUME = "trinity train --search N     # the same command goes on where this one stopped"


def on_cores(part: Any, tasks: Sequence[Task], attempt: Attempt = attempt) -> Results:
    """Yield (index, trial) as trials end, in one process a core. Closing the generator kills the processes."""
    parallel = Parallel(
        min(cpu_count(), len(tasks)),
        backend="loky",
        return_as="generator_unordered",
        batch_size=1,
        max_nbytes=None,
        idle_worker_timeout=IDLE,
        initializer=_exit_with_parent,
        initargs=(os.getpid(),),
    )
    with _interrupts_blocked():
        results = parallel(delayed(_numbered)(part, index, settings, attempt) for index, settings in tasks)
    try:
        # Not `yield from`: who lets go of it would close joblib's own generator first, with its warning.
        for result in results:  # noqa: UP028
            yield result
    except BrokenProcessPool:
        raise GuardError(
            problem="a worker of the search was killed, perhaps for want of memory; what is finished is kept.",
            remedy=RESUME,
        ) from None
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that trials were not waited for, which is what closing means
            results.close()


def _numbered(part: Any, index: int, settings: Any, attempt: Attempt) -> tuple[int, Trial]:
    return index, attempt(part, settings)


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Start processes that ignore Ctrl-C, which goes to all of a terminal (they inherit the blocked signal).

    They would each print a traceback; the search itself is interrupted, and ends them.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _exit_with_parent(parent: int) -> None:
    """In a worker: print nothing (what goes wrong is in its result), and exit when the search is gone.

    loky's workers wait for a killed parent's next task for ever.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def on_cluster(address: str, part: Any, tasks: Sequence[Task], attempt: Attempt = attempt) -> Results:
    """Yield (index, trial) as trials end, on the workers of a Dask scheduler; a worker that dies is done without.

    GuardError for a cluster without workers (2), or with another scikit-learn: it would give other figures.
    """
    client = _connected(address)
    try:
        _require_same(address, client)
        # A task's result, not `scatter`: what was scattered is lost with the worker that held it, this is made again.
        shared = client.submit(_itself, part, pure=False, retries=RETRIES)
        futures = {
            client.submit(_like_here, makers(), shared, settings, attempt, pure=False, retries=RETRIES): index
            for index, settings in tasks
        }
        for future in _ended(address, client, futures):
            if future.status != "finished":
                raise _lost(address, future)
            try:
                trial = future.result()
            except (OSError, CancelledError):  # its scheduler went away, or the worker that has it
                raise _lost(address, future) from None
            yield futures[future], trial
    finally:
        # Futures that are let go are cancelled by the scheduler.
        client.close(timeout=ANSWER_TIMEOUT)


def _itself(part: Any) -> Any:
    return part


def makers() -> dict[str, str]:
    """Return module -> version, as the modules of this process say it."""
    return {name: str(importlib.import_module(name).__version__) for name in MAKERS}


def _like_here(wanted: dict[str, str], part: Any, settings: Any, attempt: Attempt = attempt) -> Trial:
    """In a worker, which may have joined since the search began: try one, unless its figures are another version's."""
    found = makers()
    if found != wanted:
        raise OtherMakersError(_differing(wanted, found))
    return attempt(part, settings)


class OtherMakersError(Exception):
    """A worker has other versions than the search."""


def _differing(wanted: dict[str, str], found: dict[str, str]) -> str:
    names = {"sklearn": "scikit-learn"}
    return ", ".join(
        f"{names.get(n, n)} {found.get(n)}, here is {wanted[n]}" for n in wanted if found.get(n) != wanted[n]
    )


def _require_same(address: str, client: Client) -> None:
    """Refuse workers whose versions are not ours, before any of them has made a figure."""
    try:
        everywhere = client.run(makers)
    except Exception as e:  # noqa: BLE001  # whatever a worker without the trainer raises
        raise _unlike(address, f"{type(e).__name__}: {e}") from None
    for worker, found in everywhere.items():
        if found != makers():
            raise _unlike(address, f"{worker} has {_differing(makers(), found)}")


def _unlike(address: str, why: str) -> GuardError:
    wanted = " ".join(f"{'scikit-learn' if n == 'sklearn' else n}=={v}" for n, v in makers().items())
    return GuardError(
        problem=f"the workers of {address} are not like here: {why}; their figures would be other ones.",
        remedy=f"pip install 'trinity-guard[train]' {wanted}     # where the workers run, then start them again",
        exit_code=UNUSABLE,
    )


def _ended(address: str, client: Client, futures: Iterable[Any]) -> Iterator[Any]:
    """Yield futures as they end. GuardError (2) when the cluster has been without a worker for ALONE seconds."""
    from distributed import as_completed

    left, alone = set(futures), 0.0
    while left:
        try:
            # `wait` asks the default client, and this one is no other program's.
            for future in as_completed(list(left), loop=client.loop, timeout=LOOK):
                left.discard(future)
                yield future
        except TimeoutError:
            alone = 0.0 if client.scheduler_info(n_workers=1)["workers"] else alone + LOOK
            if alone >= ALONE:
                raise _without_workers(address, ALONE, "; what is finished is kept") from None


def _without_workers(address: str, seconds: int, more: str = "") -> GuardError:
    return GuardError(
        problem=f"the Dask scheduler at {address} has had no worker for {seconds} seconds{more}.",
        remedy=f"dask worker {address}",
        exit_code=UNUSABLE,
    )


def require(address: str) -> None:
    """Refuse an address at which no Dask scheduler answers; GuardError (2) within ANSWER_TIMEOUT seconds."""
    host, port = _place(address)
    try:
        with socket.create_connection((host, port), timeout=ANSWER_TIMEOUT) as probe:
            greeting = probe.recv(8) if address.startswith("tcp:") else b""
    except OSError as e:
        raise _silent(address, port, e.strerror or str(e)) from None
    # A scheduler speaks first, and begins with a count of parts. Client itself waits for ever for one that is mute.
    if int.from_bytes(greeting, "little") > 1000 or (not greeting and address.startswith("tcp:")):
        raise _silent(address, port, "what answers is no scheduler")


def _connected(address: str) -> Client:
    from distributed import Client

    require(address)
    port = _place(address)[1]
    try:
        client = Client(address, timeout=ANSWER_TIMEOUT, set_as_default=False)
    except Exception as e:  # noqa: BLE001  # whatever answers there may say anything
        raise _silent(address, port, f"what answers is no scheduler ({type(e).__name__})") from None
    try:
        client.wait_for_workers(1, timeout=WORKER_TIMEOUT)
    except Exception:  # noqa: BLE001  # a timeout, in one of three classes
        client.close(timeout=ANSWER_TIMEOUT)
        raise _without_workers(address, WORKER_TIMEOUT) from None
    return client


def _place(address: str) -> tuple[str, int]:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not address.startswith(("tcp://", "tls://")) or not host or not port:
        raise GuardError(
            problem=f"{address!r} is no address of a Dask scheduler: it must be tcp://host:port.",
            remedy="trinity train --search 24 --scheduler tcp://127.0.0.1:8786",
            exit_code=UNUSABLE,
        )
    return host, port


def _silent(address: str, port: int, why: str) -> GuardError:
    return GuardError(
        problem=f"no Dask scheduler answers at {address}: {why}.",
        remedy=f"dask scheduler --host 127.0.0.1 --port {port}     # and in another terminal: dask worker {address}",
        exit_code=UNUSABLE,
    )


def _lost(address: str, future: Any) -> GuardError:
    why = future.exception(timeout=ANSWER_TIMEOUT) if future.status == "error" else None
    if isinstance(why, OtherMakersError):
        return _unlike(address, str(why))
    if isinstance(why, ImportError):
        return GuardError(
            problem=f"the workers of {address} cannot load the trainer: {why}.",
            remedy="pip install 'trinity-guard[train]'     # where the workers run, the same version as here",
            exit_code=UNUSABLE,
        )
    said = f"{type(why).__name__}: {why}" if why is not None else "the scheduler went away, or a worker"
    return GuardError(
        problem=f"the cluster at {address} lost a trial ({said}); what is finished is kept.", remedy=RESUME
    )
