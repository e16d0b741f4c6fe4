"""What every remote promises, over real servers: what is there, send, fetch, and what is told when that fails."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.proxy import Proxy
from tests.helpers.servers import KINDS, Service
from tests.helpers.support import KB, Repo, dvc, noise, run
from trinity_guard.dvcrepo import odb, project
from trinity_guard.dvcrepo.output import Output, of_object
from trinity_guard.remotes import connect as connections
from trinity_guard.remotes.connect import RemoteError

pytestmark = pytest.mark.slow  # each kind of server is started, and DVC beside it

ALL = ("local", *KINDS)
OBJECT_STORES = ("s3", "azure", "gs")


class Here:
    """A DVC project with a remote, a cache, and a second cache that stands for a teammate's."""

    def __init__(self, repo: Repo, start: Callable[[str], Service], kind: str) -> None:
        self.repo = repo
        (repo.path / ".dvc").mkdir(parents=True, exist_ok=True)
        self.kind = kind
        self.service: Service | None = None
        if kind == "local":
            (repo.path.parent / "objects").mkdir()
            (repo.path / ".dvc" / "config").write_text(
                f"[core]\n    remote = service\n['remote \"service\"']\n    url = {repo.path.parent / 'objects'}\n"
            )
        else:
            self.service = start(kind)
            self.place = self.service.configure(repo)
        self.cache = odb.Store(os.fsencode(repo.path / ".dvc" / "cache"))
        self.other = odb.Store(os.fsencode(repo.path.parent / "teammate"))

    def connect(self, limit: float | None = None) -> connections.Remote:
        return connections.connect(project.load(os.fsencode(self.repo.path)), "service", limit)

    def through(self, proxy: Proxy) -> None:
        assert self.service
        self.service.configure(self.repo, self.place, port=proxy.port)

    def hold(self, content: bytes, suffix: str = "") -> Output:
        """Put bytes into the cache."""
        stored = self.cache.take([content])
        stored.md5 += suffix
        self.cache.settle()
        return of_object(stored.md5, stored.size)

    def overwrite(self, wanted: Output, content: bytes) -> None:
        """Put other bytes under an object's name on the remote, through a cache that lies."""
        liar = odb.Store(os.fsencode(self.repo.path / "liar"))
        path = Path(os.fsdecode(liar.path(wanted.name)))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if self.kind == "local":
            target = self.repo.path.parent / "objects" / "files" / "md5" / wanted.name[:2] / wanted.name[2:]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            target.write_bytes(content)
            return
        run(sys.executable, "-m", "tests.helpers.put", self.repo.path / ".dvc", path, wanted.name)


@pytest.fixture
def make_here(
    tmp_path: Path, start_service: Callable[[str], Service], make_repo: Callable[..., Repo]
) -> Callable[[str], Here]:
    def make(kind: str) -> Here:
        return Here(make_repo("project", guarded=False), start_service, kind)

    return make


@pytest.fixture(params=ALL)
def here(request: pytest.FixtureRequest, make_here: Callable[[str], Here]) -> Here:
    """A project with each kind of remote in turn."""
    return make_here(request.param)


def content_of(cache: odb.Store, md5: str) -> bytes:
    return Path(os.fsdecode(cache.path(md5))).read_bytes()


def test_what_is_sent_is_there_and_comes_back_byte_for_byte(here: Here) -> None:
    contents = [b"", b"x", noise(10 * KB), noise(300 * KB)]
    items = [here.hold(content) for content in contents]
    listing = here.hold(json.dumps([{"md5": items[0].md5, "relpath": "a"}]).encode(), ".dir")
    absent = of_object("0" * 32, 3)
    everything = [*items, listing]
    seen: list[tuple[int, int]] = []
    with here.connect() as remote:
        assert remote.sizes([w.name for w in everything]) == {}
        assert remote.send(here.cache, everything, lambda done, total: seen.append((done, total))) == {}
        assert remote.sizes([w.name for w in [*everything, absent]]) == {w.name: w.size for w in everything}
        assert remote.fetch([*everything, absent], here.other) == {absent.name: "is not on the remote"}
    total = sum(max(w.object_size, 0) for w in everything)
    # What a list of files weighs no pointer says: a folder's is counted when it is read, a service's never.
    assert seen[-1] in ((total, total), (total + listing.size, total + listing.size))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    for wanted in everything:
        assert content_of(here.other, wanted.name) == content_of(here.cache, wanted.name)
        assert Path(os.fsdecode(here.other.path(wanted.name))).stat().st_mode & 0o777 == 0o444
    assert not Path(os.fsdecode(here.other.path(absent.name))).exists()
    assert leftovers(here) == []


def leftovers(here: Here) -> list[str]:
    """Return the temporary files that lie about, here and on the servers whose folder we see."""
    folders = [here.repo.path, here.repo.path.parent / "teammate", here.repo.path.parent / "objects"]
    if here.service and here.service.folder:
        folders.append(here.service.folder / here.place)
    return [str(p) for folder in folders for p in folder.rglob("*") if "tmp" in p.name and p.is_file()]


def test_what_has_the_wrong_size_on_the_remote_is_replaced(here: Here) -> None:
    wanted = here.hold(noise(5 * KB))
    here.overwrite(wanted, b"half of it")
    with here.connect() as remote:
        # An object store tells the md5 of what it holds, too.
        assert remote.sizes([wanted.name]) == ({} if here.kind in OBJECT_STORES else {wanted.name: 10})
        assert remote.send(here.cache, [wanted]) == {}
        assert remote.sizes([wanted.name]) == {wanted.name: 5 * KB}
        assert remote.fetch([wanted], here.other) == {}
    assert content_of(here.other, wanted.name) == content_of(here.cache, wanted.name)


@pytest.mark.parametrize("kind", OBJECT_STORES)
def test_other_bytes_of_the_right_size_on_an_object_store_are_replaced(
    kind: str, make_here: Callable[[str], Here]
) -> None:
    here = make_here(kind)
    wanted, good = here.hold(noise(5 * KB)), here.hold(noise(KB))
    with here.connect() as remote:
        assert remote.send(here.cache, [good]) == {}
        here.overwrite(wanted, noise(5 * KB))
        assert remote.sizes([wanted.name, good.name]) == {good.name: KB}
        many = [hashlib.md5(b"%d" % n).hexdigest() for n in range(3000)]  # so that it is listed
        assert remote.sizes([*many, wanted.name, good.name]) == {good.name: KB}
        assert remote.send(here.cache, [wanted]) == {}
        assert remote.sizes([wanted.name]) == {wanted.name: 5 * KB}


def test_a_damaged_or_missing_object_of_the_cache_is_not_published_and_the_others_are(here: Here) -> None:
    good, bad, gone = (here.hold(noise(2 * KB)) for _ in range(3))
    for damaged in (bad, gone):
        path = Path(os.fsdecode(here.cache.path(damaged.md5)))
        path.chmod(0o644)
        path.write_bytes(b"other bytes") if damaged is bad else path.unlink()
    with here.connect() as remote:
        assert remote.send(here.cache, [bad, gone, good]) == {
            bad.md5: f"its object in the cache is damaged ({os.fsdecode(here.cache.path(bad.md5))})",
            gone.md5: "its object is not in the cache",
        }
        assert remote.sizes([w.name for w in (bad, gone, good)]) == {good.md5: good.size}


def test_a_damaged_object_of_the_remote_is_not_taken_and_the_others_are(here: Here) -> None:
    good, bad = here.hold(noise(2 * KB)), here.hold(noise(2 * KB))
    here.overwrite(bad, noise(2 * KB))
    with here.connect() as remote:
        assert remote.send(here.cache, [good]) == {}
        assert remote.fetch([bad, good], here.other) == {bad.md5: "is damaged on the remote"}
    assert content_of(here.other, good.md5) == content_of(here.cache, good.md5)
    assert here.other.size(bad.md5) is None
    assert leftovers(here) == []


def test_the_probe_finds_a_remote_that_works_and_leaves_nothing(here: Here) -> None:
    with here.connect() as remote:
        remote.probe()
    if here.kind == "ssh" and here.service and here.service.folder:
        assert list((here.service.folder / here.place).iterdir()) == []


def test_many_objects_are_told_apart(here: Here) -> None:
    """More than are asked for one by one, so that object stores are listed."""
    items = [here.hold(b"%d" % i) for i in range(150)]
    with here.connect() as remote:
        assert remote.send(here.cache, items[:120]) == {}
        found = remote.sizes([w.name for w in items])
    assert found == {w.name: w.size for w in items[:120]}


# --- beside plain DVC


def test_plain_dvc_reads_what_was_sent_and_we_read_what_plain_dvc_sent(here: Here) -> None:
    repo = here.repo
    (repo.path / ".dvc" / ".gitignore").write_text("/config.local\n/tmp\n/cache\n")
    ours, theirs = repo.write("ours.csv", 20 * KB), repo.write("theirs.csv", 20 * KB)
    repo.write("folder/a.csv", 3 * KB)
    repo.write("folder/b.csv", 4 * KB)
    repo.dvc("add", "-q", "ours.csv", "theirs.csv", "folder")
    held = {p.parent.name + p.name: p for p in (repo.path / ".dvc/cache/files/md5").glob("??/*")}
    md5_of_theirs = hashlib.md5(theirs).hexdigest()
    items = [of_object(md5, p.stat().st_size) for md5, p in held.items() if md5 != md5_of_theirs]
    with here.connect() as remote:
        assert remote.send(here.cache, items) == {}
        repo.dvc("push", "-q", "theirs.csv")
        assert remote.fetch([of_object(md5_of_theirs, len(theirs))], here.other) == {}
    assert content_of(here.other, md5_of_theirs) == theirs
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "data")
    clone = repo.path.parent / "clone"
    run("git", "clone", "-q", repo.path, clone)
    if (repo.path / ".dvc" / "config.local").exists():
        (clone / ".dvc" / "config.local").write_bytes((repo.path / ".dvc" / "config.local").read_bytes())
    dvc("pull", "-q", cwd=clone)
    for name in ("ours.csv", "theirs.csv", "folder/a.csv", "folder/b.csv"):
        assert (clone / name).read_bytes() == repo.file(name).read_bytes()
    assert (clone / "ours.csv").read_bytes() == ours


# --- remotes in trouble: told apart, and nothing is called absent


def step_of(here: Here, limit: float | None = None) -> str:
    """Return the step that each question to a remote in trouble fails at; all questions agree."""
    wanted = here.hold(b"some bytes")
    asked: list[Callable[[connections.Remote], object]] = [
        lambda remote: remote.sizes([wanted.name]),
        lambda remote: remote.send(here.cache, [wanted]),
        lambda remote: remote.fetch([wanted], here.other),
    ]
    steps = []
    for question in asked:
        with here.connect(limit) as remote, pytest.raises(RemoteError) as caught:
            question(remote)
        said = f"{caught.value.problem} {caught.value.remedy}"
        assert "service" in caught.value.problem
        assert caught.value.remedy
        assert not any(secret in said for secret in ("AccountKey", "s3cr3t", "Traceback"))
        steps.append(caught.value.step)
    assert len(set(steps)) == 1, steps
    return steps[0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_refused_connection_is_told_soon(kind: str, make_here: Callable[[str], Here]) -> None:
    here = make_here(kind)
    with Proxy(1) as closed:
        pass
    here.through(closed)
    assert step_of(here, limit=20) == "connect"


@pytest.mark.parametrize("kind", KINDS)
def test_a_silent_server_is_given_up_after_the_limit(kind: str, make_here: Callable[[str], Here]) -> None:
    here = make_here(kind)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert here.service
        here.service.configure(here.repo, here.place, port=silent.getsockname()[1])
        wanted = here.hold(b"some bytes")
        with here.connect(1) as remote, pytest.raises(RemoteError) as caught:
            remote.sizes([wanted.name])
    assert caught.value.step == "timeout"
    assert "'service'" in caught.value.problem
    assert "1 seconds" in caught.value.problem


@pytest.mark.parametrize("kind", OBJECT_STORES)
def test_a_missing_bucket_is_no_absent_object(kind: str, make_here: Callable[[str], Here]) -> None:
    here = make_here(kind)
    assert here.service
    here.service.configure(here.repo, here.place, changes={"://bucket/": "://no-such-bucket/"})
    assert step_of(here) == "bucket"


def test_a_missing_base_collection_is_no_absent_object(make_here: Callable[[str], Here]) -> None:
    here = make_here("webdav")
    assert here.service
    assert here.service.folder
    (here.service.folder / here.place).rmdir()
    wanted = here.hold(b"some bytes")
    with here.connect() as remote, pytest.raises(RemoteError) as caught:
        remote.sizes([wanted.name])
    assert caught.value.step == "bucket"


def test_keys_that_s3_does_not_know(
    make_here: Callable[[str], Here], s3_with_keys: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = make_here("s3")
    s3_with_keys.configure(here.repo)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAWRONGWRONGWRONG0")
    assert step_of(here) == "credentials"


def test_no_keys_for_s3_at_all(make_here: Callable[[str], Here], monkeypatch: pytest.MonkeyPatch) -> None:
    here = make_here("s3")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    assert step_of(here) == "credentials"


def test_a_key_that_azure_does_not_accept(make_here: Callable[[str], Here]) -> None:
    here = make_here("azure")
    assert here.service
    here.service.configure(here.repo, here.place, changes={"Eby8": "AAAA"})
    assert step_of(here) == "credentials"


def test_a_key_that_ssh_does_not_accept(make_here: Callable[[str], Here]) -> None:
    here = make_here("ssh")
    assert here.service
    here.service.configure(here.repo, here.place, changes={"/user\n": "/stranger\n"})
    assert step_of(here) == "credentials"


def test_a_password_that_webdav_does_not_accept(make_here: Callable[[str], Here]) -> None:
    here = make_here("webdav")
    assert here.service
    here.service.configure(here.repo, here.place, changes={"s3cr3t-word": "another"})
    assert step_of(here) == "credentials"


def test_a_host_that_nobody_knows(make_here: Callable[[str], Here]) -> None:
    here = make_here("ssh")
    assert here.service
    # RFC 2606: .invalid is never asked for beyond this machine's resolver.
    here.service.configure(here.repo, here.place, changes={"127.0.0.1": "host.invalid"})
    assert step_of(here, limit=20) == "name"


def test_a_remote_that_asks_for_a_password_is_told_at_once(make_here: Callable[[str], Here]) -> None:
    here = make_here("webdav")
    here.repo.dvc("remote", "modify", "service", "ask_password", "true")
    (here.repo.path / ".dvc" / "config.local").unlink()
    assert step_of(here) == "credentials"


def test_a_remote_that_is_not_configured(make_here: Callable[[str], Here]) -> None:
    here = make_here("local")
    with pytest.raises(RemoteError) as caught:
        connections.connect(project.load(os.fsencode(here.repo.path)), "other")
    assert caught.value.step == "config"


def test_a_plugin_that_is_missing_is_named_with_its_install_line(make_here: Callable[[str], Here]) -> None:
    here = make_here("local")
    (here.repo.path / ".dvc" / "config").write_text("['remote \"service\"']\n    url = oss://bucket/path\n")
    wanted = here.hold(b"some bytes")
    with here.connect() as remote, pytest.raises(RemoteError) as caught:
        remote.sizes([wanted.name])
    assert caught.value.step == "plugin"
    assert "dvc-oss" in caught.value.problem
    assert caught.value.remedy == f'"{sys.executable}" -m pip install dvc-oss'
