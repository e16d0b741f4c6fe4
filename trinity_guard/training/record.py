"""A training's files: model, metadata and card, all of them or none, whatever happens at whatever moment."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from trinity_guard import git
from trinity_guard.errors import UNUSABLE, GuardError, shown
from trinity_guard.git import durable
from trinity_guard.training import provenance

NAME = "layout_risk_predictor"
MAX_METADATA, MAX_MODEL = 4 << 20, 4 << 30  # bytes
METADATA, CARD, MODEL = "_metadata.json", "_card.md", ".pkl"
STAGING = ".trinity-train-"
DATED = re.compile(r"[^/]+_\d{8}T\d{6}Z")


@dataclass(frozen=True)
class Written:
    """Paths of what was written."""

    model: str
    metadata: str
    card: str


class Claim:
    """A name in a folder that nobody else gives meanwhile. stem: `layout_risk_predictor_20260131T235959Z`, or without
    the date (fixed); created: that moment; made: of the model's bytes, once they are staged."""

    def __init__(self, folder: str, stem: str, created: datetime, fixed: bool) -> None:
        self.folder = folder
        self.stem = stem
        self.created = created
        self.fixed = fixed
        self.made = provenance.Hashed("", "", 0)
        self._staging = ""

    @property
    def model(self) -> str:
        return os.path.join(self.folder, self.stem + MODEL)

    @property
    def staged(self) -> str:
        """Where the model's bytes are until it appears."""
        return os.path.join(self._staging, self.stem + MODEL)

    def stage(self, model: bytes) -> None:
        """Write the model to disk where nobody sees it: no room for it is told before anybody is told of the model.

        GuardError (2) where it cannot be written.
        """
        self.made = provenance.Hashed(provenance.md5(model), provenance.sha256(model), len(model))
        try:
            self._staging = tempfile.mkdtemp(prefix=STAGING, dir=self.folder)
            _put(self._staging, {".gitignore": b"*\n", self.stem + MODEL: model})
        except OSError as error:
            raise _unusable(self.folder, error) from None

    def write(self, metadata: bytes, card: bytes) -> Written:
        """Write both, flushed to disk, and let all three appear: the metadata first, the staged model last.

        GuardError (2) where they cannot be written; nothing of them is there then, or what was there before.
        """
        texts = {self.stem + METADATA: metadata, self.stem + CARD: card}
        names = [*texts, self.stem + MODEL]
        try:
            _put(self._staging, texts)
            try:
                _appear(self._staging, self.folder, names)
            except BaseException:
                self._withdraw(self._staging, names)
                raise
        except OSError as error:
            raise _unusable(self.folder, error) from None
        return Written(*(os.path.join(self.folder, self.stem + end) for end in (MODEL, METADATA, CARD)))

    def clear(self) -> None:
        """Remove what was staged and did not appear."""
        if self._staging:
            shutil.rmtree(self._staging, ignore_errors=True)

    def _withdraw(self, staging: str, names: list[str]) -> None:
        """Take back what has appeared. Not under the fixed name, where something of a former training may stand."""
        for name in names:
            if not self.fixed and not os.path.lexists(os.path.join(staging, name)):
                os.unlink(os.path.join(self.folder, name))


@contextmanager
def claimed(folder: str, fixed: bool = False, name: str = NAME) -> Iterator[Claim]:
    """Make the folder, complete what a killed training left in it, and claim a name: dated, or (fixed) the bare one.

    Trainings that write into one folder take turns: each has its own second.
    """
    made = not os.path.isdir(folder)
    try:
        os.makedirs(folder, exist_ok=True)
        turn = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _unusable(folder, error) from None
    try:
        fcntl.flock(turn, fcntl.LOCK_EX)
        _complete(folder)
        created = datetime.now(UTC)
        while not fixed and any(
            os.path.lexists(os.path.join(folder, _stem(name, created) + e)) for e in (MODEL, METADATA)
        ):
            time.sleep(1 - created.microsecond / 1e6)
            created = datetime.now(UTC)
        claim = Claim(folder, name if fixed else _stem(name, created), created, fixed)
        try:
            yield claim
        finally:
            claim.clear()
    finally:
        os.close(turn)
        if made and not os.listdir(folder):
            os.rmdir(folder)


def _stem(name: str, moment: datetime) -> str:
    return f"{name}_{moment:%Y%m%dT%H%M%SZ}"


def _unusable(folder: str, error: OSError) -> GuardError:
    why = f"{error.strerror or error}"
    return GuardError(
        f"the model cannot be written to {shown(os.fsencode(folder))}: {why[:1].lower()}{why[1:]}.",
        "trinity train --output another-folder",
        UNUSABLE,
    )


def _put(folder: str, files: Mapping[str, bytes]) -> None:
    """Write new files, in this order, flushed to disk."""
    for name, data in files.items():
        fd = os.open(os.path.join(folder, name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        with open(fd, "wb") as file:
            file.write(data)
            file.flush()
            durable.sync(fd)


def _appear(staging: str, folder: str, names: list[str]) -> None:
    """Move files to their places. Metadata that has left says that all of them had been written."""
    for name in names:
        os.rename(os.path.join(staging, name), os.path.join(folder, name))
    durable.flush(os.fsencode(folder))


def _complete(folder: str) -> None:
    """Bring what a killed training had begun to let appear to its end, and remove what it had not."""
    for entry in list(os.scandir(folder)):
        if not entry.name.startswith(STAGING) or not entry.is_dir(follow_symlinks=False):
            continue
        left = sorted(os.listdir(entry.path), reverse=True)
        stem = next((name.removesuffix(MODEL) for name in left if name.endswith(MODEL)), "")
        if DATED.fullmatch(stem) and _begun(entry.path, folder, stem):
            # `left` has the card before the model.
            _appear(entry.path, folder, [name for name in left if name in (stem + CARD, stem + MODEL)])
        shutil.rmtree(entry.path, ignore_errors=True)


def _begun(staging: str, folder: str, stem: str) -> bool:
    """Whether the metadata of this model stands there already, and the model does not."""
    final = os.path.join(folder, stem)
    if os.path.lexists(os.path.join(staging, stem + METADATA)) or os.path.lexists(final + MODEL):
        return False
    try:
        found = provenance.md5(git.read(os.path.join(staging, stem + MODEL), MAX_MODEL))
        return bool(json.loads(git.read(final + METADATA, MAX_METADATA))["model"]["md5"] == found)
    except (OSError, ValueError, TypeError, KeyError):
        return False


def encoded(metadata: Mapping[str, Any]) -> bytes:
    """Return metadata's bytes: keys in the order given, so that the same training gives the same."""
    text = json.dumps(metadata, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    # What is no UTF-8 in a path comes out as JSON's own escape.
    return text.encode("utf-8", "backslashreplace")
