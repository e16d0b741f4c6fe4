"""Remotes that misbehave in the middle of the work: what arrived is told from what did not; a second try completes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.proxy import CUT, SILENT, Fault, Proxy, Request
from tests.helpers.servers import Service
from tests.helpers.support import KB, MB, PROJECT, Repo, noise
from tests.remotes.test_connect import Here, content_of, leftovers, make_here
from trinity_guard.dvcrepo import project
from trinity_guard.dvcrepo.output import Output
from trinity_guard.remotes import connect
from trinity_guard.remotes.connect import RemoteError

__all__ = ["make_here"]
pytestmark = pytest.mark.slow  # a minute and more together; .ci/run runs it with the other slow proofs
OVER_HTTP = ("s3", "azure", "gs", "webdav", "http")
WRITES = ("PUT", "POST")


def about(wanted: Output, what: int | str, methods: tuple[str, ...] = WRITES) -> Fault:
    """Return a fault in the requests about one object: its upload, its temporary name's too."""

    def fault(request: Request) -> int | str | None:
        return what if request.method in methods and wanted.name[2:] in request.path else None

    return fault


@pytest.mark.parametrize("kind", OVER_HTTP)
def test_one_object_of_25_that_is_refused_is_named_and_the_others_arrive(
    kind: str, make_here: Callable[[str], Here]
) -> None:
    here = make_here(kind)
    items = [here.hold(noise(2 * KB)) for _ in range(25)]
    bad = items[7]
    fault = first_upload_of(here, bad, 403) if kind in ("webdav", "gs") else about(bad, 403)
    with Proxy(port_of(here), fault) as proxy:
        here.through(proxy)
        with here.connect() as remote:
            lacking = remote.send(here.cache, items)
    here.service.configure(here.repo, here.place) if here.service else None
    with here.connect() as remote:
        there = remote.sizes([w.name for w in items])
        assert len(lacking) == 1
        (md5,) = lacking
        assert "(" in lacking[md5]
        assert there == {w.name: w.size for w in items if w.name != md5}
        assert remote.send(here.cache, [w for w in items if w.name == md5]) == {}
        assert remote.sizes([md5]) == {md5: 2 * KB}


def port_of(here: Here) -> int:
    assert here.service
    return here.service.port


def first_upload_of(here: Here, wanted: Output, what: int | str) -> Fault:
    """Return a fault in the first upload, for protocols whose address does not name the object."""
    done = threading.Event()

    def fault(request: Request) -> int | str | None:
        if request.method in WRITES and request.length > KB and not done.is_set():
            done.set()
            return what
        return None

    return fault


@pytest.mark.parametrize("kind", OVER_HTTP)
def test_an_upload_that_breaks_off_in_mid_body_is_not_called_arrived(
    kind: str, make_here: Callable[[str], Here]
) -> None:
    here = make_here(kind)
    wanted = here.hold(noise(400 * KB))

    def fault(request: Request) -> int | str | None:
        return CUT if request.method in WRITES and request.length != 0 else None

    with Proxy(port_of(here), fault) as proxy:
        here.through(proxy)
        with here.connect(3) as remote, pytest.raises(RemoteError) as caught:
            remote.send(here.cache, [wanted])
    assert caught.value.step in ("connect", "timeout")
    assert here.service
    here.service.configure(here.repo, here.place)
    with here.connect() as remote:
        there = remote.sizes([wanted.name])
        # The plain web server and the emulator take what came for the whole; its size tells.
        assert there == {} or (kind in ("http", "gs") and there[wanted.name] < wanted.size)
        assert remote.send(here.cache, [wanted]) == {}
        assert remote.fetch([wanted], here.other) == {}
    assert content_of(here.other, wanted.name) == content_of(here.cache, wanted.name)


def test_an_ssh_connection_that_breaks_leaves_no_half_object(make_here: Callable[[str], Here]) -> None:
    here = make_here("ssh")
    wanted = here.hold(noise(3000 * KB))
    with Proxy(port_of(here), cut_after=1000 * KB) as proxy:
        here.through(proxy)
        with here.connect() as remote, pytest.raises(RemoteError) as caught:
            remote.send(here.cache, [wanted])
    assert caught.value.step == "connect"
    assert here.service
    here.service.configure(here.repo, here.place)
    with here.connect() as remote:
        assert remote.sizes([wanted.name]) == {}
        assert remote.send(here.cache, [wanted]) == {}
        assert remote.sizes([wanted.name]) == {wanted.name: wanted.size}


@pytest.mark.parametrize(("kind", "status"), list(zip(OVER_HTTP, (503, 500, 503, 500, 503), strict=True)))
def test_a_server_that_fails_on_a_question_is_not_understood_as_absent(
    kind: str, status: int, make_here: Callable[[str], Here]
) -> None:
    here = make_here(kind)
    items = [here.hold(noise(KB)) for _ in range(3)]
    with here.connect() as remote:
        assert remote.send(here.cache, items) == {}
    with Proxy(port_of(here), lambda _: status) as proxy:
        here.through(proxy)
        with here.connect(3) as remote, pytest.raises(RemoteError) as caught:
            remote.sizes([w.name for w in items])
    assert caught.value.step in ("busy", "read", "timeout", "connect", "other")


def test_a_server_that_falls_silent_in_the_middle_keeps_what_arrived(make_here: Callable[[str], Here]) -> None:
    here = make_here("s3")
    items = [here.hold(noise(2 * KB)) for _ in range(6)]
    with Proxy(port_of(here), about(items[3], SILENT)) as proxy:
        here.through(proxy)
        with here.connect(2) as remote:
            lacking = remote.send(here.cache, items)
    assert list(lacking) == [items[3].md5]
    assert "did not answer for 2 seconds" in lacking[items[3].md5]
    assert here.service
    here.service.configure(here.repo, here.place)
    with here.connect() as remote:
        assert set(remote.sizes([w.name for w in items])) == {w.name for w in items if w is not items[3]}


@pytest.mark.parametrize("kind", [*OVER_HTTP, "ssh"])
def test_a_slow_line_on_which_no_object_ends_within_the_limit_is_no_silence(
    kind: str, make_here: Callable[[str], Here]
) -> None:
    here = make_here(kind)
    items = [here.hold(noise(MB)) for _ in range(4)]
    start = time.monotonic()
    with Proxy(port_of(here), rate=600 * KB) as proxy:
        here.through(proxy)
        with here.connect(2) as remote:
            assert remote.send(here.cache, items) == {}
            assert time.monotonic() - start > 6
            assert remote.sizes([w.md5 for w in items]) == {w.md5: w.size for w in items}


def test_a_listing_that_is_not_allowed_is_no_obstacle(make_here: Callable[[str], Here]) -> None:
    here = make_here("s3")
    items = [here.hold(b"%d" % i) for i in range(80)]

    def fault(request: Request) -> int | str | None:
        return 403 if "list-type" in request.path else None

    with here.connect() as remote:
        assert remote.send(here.cache, items[:70]) == {}
    with Proxy(port_of(here), fault) as proxy:
        here.through(proxy)
        with here.connect() as remote:
            assert remote.sizes([w.name for w in items[:70]]) == {w.name: w.size for w in items[:70]}
        assert any("list-type" in path for _, path in proxy.seen)
        assert sum(method == "HEAD" for method, _ in proxy.seen) >= 70


def test_many_objects_of_a_bucket_are_listed_not_asked_one_by_one(make_here: Callable[[str], Here]) -> None:
    here = make_here("s3")
    items = [here.hold(b"%d" % i) for i in range(200)]
    with Proxy(port_of(here), lambda _: None) as proxy:
        here.through(proxy)
        with here.connect() as remote:
            assert remote.send(here.cache, items) == {}
            before = len(proxy.seen)
            assert len(remote.sizes([w.name for w in items])) == 200
            assert len(proxy.seen) - before < 10


def test_a_download_that_breaks_off_leaves_nothing_half_written(make_here: Callable[[str], Here]) -> None:
    here = make_here("http")
    good, bad = here.hold(noise(KB)), here.hold(noise(900 * KB))
    assert here.service
    assert here.service.folder
    with here.connect() as remote:
        assert remote.send(here.cache, [good, bad]) == {}
    # What the server holds is half of it: the protocol cannot tell, the md5 can.
    on_server = here.service.folder / here.place / "files" / "md5" / bad.md5[:2] / bad.md5[2:]
    on_server.write_bytes(on_server.read_bytes()[: 400 * KB])
    with here.connect() as remote:
        assert remote.fetch([bad, good], here.other) == {bad.md5: "is damaged on the remote"}
    assert here.other.size(bad.md5) is None
    assert content_of(here.other, good.md5) == content_of(here.cache, good.md5)
    assert leftovers(here) == []


# --- the worker


ASK = """
import os, sys, time
from trinity_guard.dvcrepo import project
from trinity_guard.remotes import connect
remote = connect.connect(project.load(os.fsencode(sys.argv[1])), "service", 60)
remote._start()
print(remote._worker.pid, flush=True)
remote.sizes(["0" * 32])
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_worker_ends_with_who_asked(how: signal.Signals, make_here: Callable[[str], Here]) -> None:
    here = make_here("s3")
    with Proxy(port_of(here), lambda _: SILENT) as proxy:
        here.through(proxy)
        asking = subprocess.Popen(
            [sys.executable, "-c", ASK, here.repo.path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=PROJECT
        )
        assert asking.stdout
        worker = int(asking.stdout.readline())
        assert Path(f"/proc/{worker}").exists()
        asking.send_signal(how)
        asking.wait(20)
        deadline = time.monotonic() + 10
        while running(worker) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not running(worker)
        asking.stdout.close()


def running(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def test_a_second_question_is_answered_by_the_same_worker_and_sees_what_is_new(
    make_here: Callable[[str], Here],
) -> None:
    here = make_here("s3")
    first, second = here.hold(b"first"), here.hold(b"second")
    with here.connect() as asking, here.connect() as sending:
        assert asking.sizes([first.md5, second.md5]) == {}
        assert sending.send(here.cache, [first]) == {}
        assert asking.sizes([first.md5, second.md5]) == {first.md5: 5}
        assert sending.send(here.cache, [second]) == {}
        assert asking.sizes([first.md5, second.md5]) == {first.md5: 5, second.md5: 6}


def test_the_limit_can_be_set_from_outside(make_here: Callable[[str], Here], monkeypatch: pytest.MonkeyPatch) -> None:
    here = make_here("s3")
    monkeypatch.setenv("TRINITY_GUARD_TIMEOUT", "1")
    with Proxy(port_of(here), lambda _: SILENT) as proxy:
        here.through(proxy)
        with here.connect(100) as remote, pytest.raises(RemoteError) as caught:
            remote.sizes(["0" * 32])
    assert caught.value.step == "timeout"


def test_a_config_that_changes_after_it_was_judged_leads_nowhere_else(
    repo: Repo, start_service: Callable[[str], Service]
) -> None:
    service = start_service("s3")
    with Proxy(service.port, lambda _: None) as judged, Proxy(service.port, lambda _: None) as other:
        path = service.configure(repo, port=judged.port)
        remote = connect.connect(project.load(os.fsencode(repo.path)), "service")
        service.configure(repo, path, port=other.port)
        with remote:
            remote.sizes(["0" * 32])
    assert judged.seen
    assert other.seen == []
