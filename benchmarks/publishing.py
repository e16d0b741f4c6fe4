"""Push, gate and sync, against `dvc push FILE.dvc`, `dvc push --all-commits` and `dvc checkout`."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measuring import BIN, KB, make_files, repository, sh, show, timed, turns


def fed(data: bytes, *argv: str, cwd: Path) -> None:
    """Run a program with this on its standard input."""
    subprocess.run(argv, cwd=cwd, input=data, check=True)


def push(room: Path) -> None:
    """One object after a commit, to a local remote."""
    repo = repository(room / "push", guarded=True)

    def staged(i: int, prefix: str) -> str:
        [name] = make_files(repo, f"{prefix}{i}", 1, 100 * KB)
        sh(BIN / "trinity-guard", "add", "-q", name, cwd=repo)
        sh("git", "commit", "-q", "-m", "work", cwd=repo)
        return name

    def theirs(i: int) -> float:
        name = staged(i, "theirs")
        return timed(lambda: sh(BIN / "dvc", "push", "-q", f"{name}.dvc", cwd=repo))

    def ours(i: int) -> float:
        staged(i, "ours")
        return timed(lambda: sh(BIN / "trinity-guard", "push", "-q", cwd=repo))

    medians = turns(7, **{"dvc push FILE.dvc": theirs, "trinity-guard push": ours})
    show("push of one object", "dvc push FILE.dvc", medians, {"trinity-guard push": 0.8})
    shutil.rmtree(repo)


@contextmanager
def moto() -> Iterator[int]:
    """A process of moto's S3 server on 127.0.0.1, with a bucket."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    os.environ.update(
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",
        AWS_DEFAULT_REGION="us-east-1",
        AWS_EC2_METADATA_DISABLED="true",
    )
    command = [str(BIN / "moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        make = f"import boto3; boto3.client('s3', endpoint_url='http://127.0.0.1:{port}').create_bucket(Bucket='bench')"
        for _ in range(100):
            if not subprocess.run([sys.executable, "-c", make], capture_output=True, check=False).returncode:
                break
            time.sleep(0.2)
        yield port
    finally:
        server.kill()
        server.wait()


def gate(room: Path, s3: bool = False) -> None:
    """100 commits that name 1,000 objects, all of which are there."""
    repo = repository(room / f"gate-{s3}", guarded=True)
    for i in range(100):
        make_files(repo, f"d{i}", 10, 1 * KB)
        sh(BIN / "trinity-guard", "add", "-q", f"d{i}", cwd=repo)
        sh("git", "commit", "-q", "-m", "work", cwd=repo)
    os.environ["TRINITY_GUARD_TRUST"] = "1"
    sh("git", "init", "-q", "--bare", room / f"hub-{s3}", cwd=repo)
    sh("git", "remote", "add", "origin", room / f"hub-{s3}", cwd=repo)
    if not s3:
        _asked(repo, "a local remote")
        return
    with moto() as port:
        sh(BIN / "dvc", "remote", "modify", "storage", "url", "s3://bench/data", cwd=repo)
        sh(BIN / "dvc", "remote", "modify", "storage", "endpointurl", f"http://127.0.0.1:{port}", cwd=repo)
        _asked(repo, "S3 (moto)")


def _asked(repo: Path, where: str) -> None:
    sh(BIN / "trinity-guard", "push", "-q", cwd=repo)
    head = (
        subprocess.run(["git", "rev-parse", "HEAD"], cwd=repo, capture_output=True, check=True).stdout.decode().strip()
    )
    line = f"refs/heads/main {head} refs/heads/main {'0' * 40}\n".encode()

    def ours(_: int) -> float:
        hook = str(repo / ".git/hooks/pre-push")
        return timed(lambda: fed(line, hook, "origin", "url", cwd=repo))

    def theirs(_: int) -> float:
        return timed(lambda: sh(BIN / "dvc", "push", "-q", "--all-commits", cwd=repo))

    # Minutes for one of theirs: a second round would tell nothing new.
    medians = turns(1, **{"dvc push --all-commits": theirs, "the gate": ours})
    show(f"gate over 100 commits and 1,000 objects, {where}", "dvc push --all-commits", medians, {"the gate": 0.3})
    if where == "a local remote":
        empty = timed_push_of_nothing(repo)
        show("pre-push, no artifact in what is pushed", "python -c pass", empty, {"the gate": 3})
    shutil.rmtree(repo)


def timed_push_of_nothing(repo: Path) -> dict[str, float]:
    """The hook over ten commits without any artifact."""
    out = subprocess.run(["git", "rev-parse", "HEAD"], cwd=repo, capture_output=True, check=True).stdout
    before = out.decode().strip()
    for i in range(10):
        (repo / f"m{i}.py").write_text(f"x = {i}\n")
        sh("git", "add", f"m{i}.py", cwd=repo)
        sh("git", "commit", "-q", "-m", "code", cwd=repo)
    head = (
        subprocess.run(["git", "rev-parse", "HEAD"], cwd=repo, capture_output=True, check=True).stdout.decode().strip()
    )
    line = f"refs/heads/main {head} refs/heads/main {before}\n".encode()
    hook = str(repo / ".git/hooks/pre-push")
    return turns(
        15,
        **{
            "python -c pass": lambda _: timed(lambda: sh(sys.executable, "-c", "pass", cwd=repo)),
            "the gate": lambda _: timed(lambda: fed(line, hook, "origin", "url", cwd=repo)),
        },
    )


def sync(room: Path) -> None:
    """A checkout that changes 1 of 1,000 pointers."""
    repo = repository(room / "sync", guarded=True)
    make_files(repo, "d", 1000, 1 * KB)
    sh(BIN / "trinity-guard", "add", "-q", "d", cwd=repo)
    sh("git", "commit", "-q", "-m", "many", cwd=repo)
    sh("git", "tag", "old", cwd=repo)
    (repo / "d/t0.csv").write_bytes(os.urandom(KB))
    sh(BIN / "trinity-guard", "add", "-q", "d/t0.csv", cwd=repo)
    sh("git", "commit", "-q", "-m", "one", cwd=repo)
    os.environ["TRINITY_GUARD_SKIP"] = "sync"

    def there(i: int) -> None:
        sh("git", "checkout", "-q", "old" if i % 2 == 0 else "main", cwd=repo)

    def theirs(i: int) -> float:
        there(i)
        seconds = timed(lambda: sh(BIN / "dvc", "checkout", "-q", cwd=repo))
        there(i + 1)
        sh(BIN / "dvc", "checkout", "-q", "d/t0.csv.dvc", cwd=repo)
        return seconds

    def ours(i: int) -> float:
        revisions = ("main", "old") if i % 2 == 0 else ("old", "main")
        there(i)
        ids = [
            subprocess.run(["git", "rev-parse", r], cwd=repo, capture_output=True, check=True).stdout.split()[0]
            for r in revisions
        ]
        del os.environ["TRINITY_GUARD_SKIP"]
        hook = str(repo / ".git/hooks/post-checkout")
        seconds = timed(lambda: sh(hook, ids[0].decode(), ids[1].decode(), "1", cwd=repo))
        os.environ["TRINITY_GUARD_SKIP"] = "sync"
        there(i + 1)
        sh(BIN / "dvc", "checkout", "-q", "d/t0.csv.dvc", cwd=repo)
        return seconds

    medians = turns(3, **{"dvc checkout": theirs, "the hook post-checkout": ours})
    show(
        "sync of a checkout that changes 1 of 1,000 pointers", "dvc checkout", medians, {"the hook post-checkout": 0.2}
    )
    del os.environ["TRINITY_GUARD_SKIP"]
    shutil.rmtree(repo)
