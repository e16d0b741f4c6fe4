"""Objects on their way: one that fails names itself, a remote that fails ends it all, and what moves is told."""

from __future__ import annotations

import contextlib
import resource
import socket
import threading
import time
from collections.abc import Collection, Sequence
from concurrent import futures
from pathlib import Path
from typing import Any

import pytest

from tests.remotes.conftest import Hand, content
from trinity_guard.dvcrepo.output import of_object
from trinity_guard.remotes import transfer
from trinity_guard.remotes.base import RemoteError
from trinity_guard.remotes.folder import ABSENT, DAMAGED
from trinity_guard.remotes.transfer import AHEAD, ENOUGH, Download, Heartbeat, Traffic, Upload, put


class Client:
    """Stands for a file system of fsspec: a dictionary of paths, and what goes wrong with some of them."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}
        self.wrong: dict[str, BaseException] = {}
        self.calls: list[str] = []
        self.lock = threading.Lock()
        self.tells = True

    def _do(self, call: str, path: str) -> None:
        with self.lock:
            self.calls.append(f"{call} {path}")
        for part, error in self.wrong.items():
            if part in path:
                time.sleep(0.02)  # as an answer takes; else all are asked before the first is understood
                raise error

    def put_file(self, source: str, path: str) -> None:
        self._do("put", path)
        self.held[path] = Path(source).read_bytes()

    def get_file(self, path: str, target: str, callback: Any) -> None:
        self._do("get", path)
        if path not in self.held:
            raise FileNotFoundError(path)
        with Path(target).open("wb") as file:
            for start in range(0, len(self.held[path]), 1000):
                file.write(self.held[path][start : start + 1000])
                file.flush()
                if self.tells:
                    callback.relative_update(min(1000, len(self.held[path]) - start))

    def mv(self, path: str, target: str) -> None:
        self._do("mv", path)
        self.held[target] = self.held.pop(path)

    def rm_file(self, path: str) -> None:
        self._do("rm", path)
        self.held.pop(path, None)

    def exists(self, path: str) -> bool:
        return True


class Store:
    """Stands for a remote as DVC opens it."""

    scheme = "s3"
    base = "bucket"

    def __init__(self, scheme: str = "s3") -> None:
        self.scheme = scheme
        self.client = Client()
        self.fs: Any = self
        self.jobs = 2

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    @property
    def is_object_store(self) -> bool:
        return self.scheme == "s3"

    def refresh(self) -> None: ...
    def makedirs(self, path: str, exist_ok: bool) -> None: ...
    def call_s3(self, what: str, Bucket: str) -> None: ...  # noqa: N803  # botocore's own name

    def path(self, md5: str) -> str:
        return f"{md5[:2]}/{md5[2:]}"

    def join(self, *parts: str) -> str:
        return "/".join(parts)

    def parent(self, path: str) -> str:
        return path.rpartition("/")[0]

    def info(self, paths: Sequence[str], on_each: object) -> list[Any]:
        return [len(self.client.held[p]) if p in self.client.held else FileNotFoundError(p) for p in paths]


class Beats:
    """Stands for what tells the one who asked."""

    def __init__(self) -> None:
        self.finished = 0
        self.told: dict[str, str] = {}

    def news(self, news: dict[str, str]) -> None:
        self.told.update(news)

    def local_work(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()


def moved(kind: type[Upload | Download], store: Store, hand: Hand, items: list[Any], into: Any = None) -> Beats:
    beats = Beats()
    kind(store, into or hand.cache, beats, "s", "s3://bucket").run([(i.md5, i.size) for i in items])  # type: ignore[arg-type]
    return beats


def test_what_arrived_is_told_with_its_bytes(hand: Hand) -> None:
    store, items = Store(), [hand.hold(b"one"), hand.hold(b"three")]
    beats = moved(Upload, store, hand, items)
    assert beats.told == {i.md5: "" for i in items}
    assert beats.finished == 8
    assert moved(Download, store, hand, items, hand.other).told == {i.md5: "" for i in items}
    assert content(hand.other, items[1].md5) == b"three"


def test_one_that_fails_is_named_and_the_others_go(hand: Hand) -> None:
    store, items = Store(), [hand.hold(b"%d" % n) for n in range(12)]
    store.client.wrong[items[3].md5[2:]] = PermissionError("not this one")
    told = moved(Upload, store, hand, items).told
    assert {md5 for md5, reason in told.items() if reason} == {items[3].md5}
    assert told[items[3].md5] == "it did not take what was written (PermissionError)"


def test_a_remote_that_was_never_reached_ends_it_at_the_first_object(hand: Hand) -> None:
    store, items = Store(), [hand.hold(b"%d" % n) for n in range(50)]
    store.client.wrong["/"] = ConnectionRefusedError()
    with pytest.raises(RemoteError) as caught:
        moved(Upload, store, hand, items)
    assert caught.value.step == "connect"
    assert len(store.client.calls) < 25


def test_a_remote_that_goes_away_in_the_middle_ends_it_after_some_in_a_row(hand: Hand) -> None:
    store, items = Store(), [hand.hold(b"%d" % n) for n in range(50)]
    first, *rest = items
    for item in rest:
        store.client.wrong[item.md5[2:]] = ConnectionResetError()
    with pytest.raises(RemoteError):
        moved(Upload, store, hand, [first, *rest])
    assert ENOUGH < len(store.client.calls) < 40


def test_however_many_objects_there_are_each_wait_looks_at_a_few(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[int] = []
    wait = futures.wait

    def counted(running: Collection[Any], **options: Any) -> Any:
        looked_at.append(len(running))
        return wait(running, **options)

    monkeypatch.setattr(futures, "wait", counted)
    store, items = Store(), [hand.hold(b"%d" % n) for n in range(60)]
    assert moved(Upload, store, hand, items).told == {i.md5: "" for i in items}
    assert max(looked_at) <= store.jobs * AHEAD
    assert max(looked_at) > store.jobs  # no thread waits for the next one to be found


def test_directories_go_after_the_files(hand: Hand) -> None:
    store = Store()
    folder, one, two = hand.hold(b"[]", ".dir"), hand.hold(b"1"), hand.hold(b"2")
    moved(Upload, store, hand, [folder, one, two])
    assert store.client.calls[-1] == f"put {store.path(folder.md5)}"


def test_what_came_is_verified_and_nothing_half_is_left(hand: Hand) -> None:
    store, good, bad, lost = Store(), hand.hold(b"good"), hand.hold(b"bad"), hand.hold(b"lost")
    moved(Upload, store, hand, [good, bad])
    store.client.held[store.path(bad.md5)] = b"BAD"
    told = moved(Download, store, hand, [good, bad, lost], hand.other).told
    assert told == {good.md5: "", bad.md5: DAMAGED, lost.md5: ABSENT}
    assert hand.other.size(bad.md5) is None
    assert not list(Path(hand.other.folder.decode()).rglob("trinity-guard-tmp/*-*"))


@pytest.mark.parametrize("tells", [True, False])
def test_no_more_is_taken_than_the_pointer_names(hand: Hand, tells: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "SLACK", 0)
    store = Store()
    store.client.tells = tells
    short, empty = of_object("0" * 32, 10), of_object("1" * 32, 0)
    for item in (short, empty):
        store.client.held[store.path(item.md5)] = b"x" * 100_000
    beats = moved(Download, store, hand, [short, empty], hand.other)
    assert {md5: words.partition(":")[0] for md5, words in beats.told.items()} == dict.fromkeys(
        (short.md5, empty.md5), DAMAGED
    )
    assert "longer than the 10 bytes that its pointer names" in beats.told[short.md5]
    assert hand.other.size(short.md5) is None
    assert not tells or store.client.held  # what is held there stays
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


@pytest.mark.parametrize("scheme", ["ssh", "http", "s3"])
def test_an_upload_has_its_final_name_only_when_it_is_whole(hand: Hand, scheme: str, tmp_path: Path) -> None:
    store = Store(scheme)
    (tmp_path / "source").write_bytes(b"four")
    put(store, str(tmp_path / "source"), "a/target", 4)  # type: ignore[arg-type]
    assert store.client.held == {"a/target": b"four"}
    assert any(call.startswith("mv ") for call in store.client.calls) == (scheme == "ssh")


def test_an_upload_that_arrived_in_part_is_swept_away(hand: Hand, tmp_path: Path) -> None:
    store = Store("ssh")
    (tmp_path / "source").write_bytes(b"four")
    with pytest.raises(ConnectionError, match="4 of 5 bytes arrived"):
        put(store, str(tmp_path / "source"), "a/target", 5)  # type: ignore[arg-type]
    assert store.client.held == {}


# --- what moves


def test_only_what_the_other_side_has_counts_as_moved() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        other, _ = server.accept()
        with client, other:
            traffic = Traffic()
            traffic.look()
            start = traffic.sent, traffic.received
            client.setblocking(False)
            taken = 0
            try:
                while True:
                    taken += client.send(b"x" * 65536)
            except BlockingIOError:
                traffic.look()
            assert traffic.sent - start[0] < taken, "the system has taken more than has arrived"
            while taken > 0:
                taken -= len(other.recv(1 << 20))
            traffic.look()
            assert traffic.received - start[1] > 65536
            assert client.fileno() >= 0, "a look closes nothing"
            client.setblocking(True)
            other.sendall(b"y")
            assert client.recv(1) == b"y"


def test_connections_that_come_and_go_add_up() -> None:
    traffic = Traffic()
    traffic.look()
    before = traffic.received
    for _ in range(3):
        with socket.create_server(("127.0.0.1", 0)) as server:
            client = socket.create_connection(server.getsockname())
            other, _ = server.accept()
            with client, other:
                client.sendall(b"x" * 1000)
                assert len(other.recv(1000, socket.MSG_WAITALL)) == 1000
                traffic.look()
        traffic.look()
    assert traffic.received - before == 3000


class Counted:
    """Stands for the system's count."""

    sent = received = 0

    def look(self) -> None:
        self.sent += 40


def test_who_asked_hears_while_something_moves_and_the_end_is_exact() -> None:
    said: list[list[int]] = []
    heard = threading.Event()

    def say(**event: Any) -> None:
        said.append(event["at"])
        if len(said) > 2:
            heard.set()

    request = {"do": "send", "items": [["1", 100], ["2", -1]]}
    with Heartbeat(say, Counted(), request) as heartbeat:  # type: ignore[arg-type]
        assert heard.wait(10)
        heartbeat.finished = 100
    assert all(0 <= done <= total == 100 for done, total in said)
    assert said[-1] == [100, 100]


def test_work_on_this_machine_is_no_silence_of_the_remote() -> None:
    heard = threading.Event()
    still = Counted()
    still.look = lambda: None  # type: ignore[method-assign]
    with Heartbeat(lambda **_: heard.set(), still, {"do": "send", "items": [["1", 100]]}) as heartbeat:  # type: ignore[arg-type]
        assert not heard.wait(0.5)
        with heartbeat.local_work():
            assert heard.wait(10)


def test_nothing_is_said_when_nothing_moves() -> None:
    said: list[Any] = []
    counted = Counted()
    counted.look = lambda: None  # type: ignore[method-assign]
    with Heartbeat(lambda **event: said.append(event), counted, {"do": "sizes"}):  # type: ignore[arg-type]
        threading.Event().wait(0.5)
    assert said == []
