"""Ctrl-C, a polite end and a kill while threads extract blobs: all refs or none, and the next run completes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.helpers.support import PROJECT
from tests.migrate import driven
from tests.migrate.legacy import Legacy, imported, temporary
from trinity_guard.git import catfile
from trinity_guard.migrate import extract, settle, state
from trinity_guard.migrate.migration import Migration

pytestmark = pytest.mark.slow  # signals at each stage

MB = 1 << 20
PATIENCE = 60

BIG = """
import sys, signal
from pathlib import Path
from tests.migrate import driven
from tests.migrate.legacy import Legacy
legacy = Legacy.__new__(Legacy)
legacy.path, legacy.bare = Path(sys.argv[1]), True
signal.signal(signal.SIGINT, signal.default_int_handler)
def told(stage, done, total):
    print(stage, done, flush=True)
try:
    driven.run(legacy.place, legacy.options(), told)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.parametrize("stage", ["scan", "extract", "rewrite"])
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_at_any_stage_leaves_all_refs_and_the_next_run_completes(
    legacy: Legacy, stage: str, sent: signal.Signals
) -> None:
    imported(legacy, [{f"{n}.pkl": os.urandom(30_000) * 20 for n in range(c * 10, c * 10 + 10)} for c in range(6)])
    legacy.git("tag", "v1", "main")
    before = legacy.refs()
    running = subprocess.Popen(
        [sys.executable, "-c", BIG, str(legacy.path)], cwd=PROJECT, stdout=subprocess.PIPE, start_new_session=True
    )
    assert running.stdout is not None
    for line in running.stdout:
        if line.startswith(stage.encode()):
            break
    os.killpg(running.pid, sent)
    running.stdout.read()
    running.wait(PATIENCE)
    running.stdout.close()
    with Migration(legacy.place) as migration, migration.state:  # the last git has ended
        after = legacy.refs()
        assert len({after[name] != oid for name, oid in before.items()}) == 1
        if after != before:
            settle.resume(migration)
    if after == before:
        legacy.migrate()
    assert driven.verify(legacy.place).wrong == []
    assert not [file for file in temporary(legacy) if file.is_file()]


def test_an_interrupt_does_not_wait_for_the_end_of_a_large_blob(
    legacy: Legacy, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(legacy, [{"large.pkl": bytes(64 * MB), "small.pkl": b"s"}])
    read, pieces = [], catfile.Batch.pieces

    def watched(self: catfile.Batch, oid: bytes, size: int, reuse: bool = False) -> Iterator[bytes | memoryview]:
        for piece in pieces(self, oid, size, reuse):
            read.append(len(piece))
            if sum(read) > 4 * MB:
                time.sleep(0.01)
            yield piece

    def interrupted(*_: object) -> dict[bytes, state.Object]:
        while sum(read) < 4 * MB:
            time.sleep(0.001)
        raise KeyboardInterrupt

    monkeypatch.setattr(catfile.Batch, "pieces", watched)
    monkeypatch.setattr(extract.Extraction, "objects", interrupted)
    with pytest.raises(KeyboardInterrupt):
        driven.run(legacy.place, legacy.options())
    assert sum(read) < 40 * MB
    assert temporary(legacy) == []
