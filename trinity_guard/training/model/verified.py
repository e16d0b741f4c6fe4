"""Models that are loaded only if their bytes are those that their metadata and their pointer name."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trinity_guard import git
from trinity_guard.dvcrepo.output import is_md5
from trinity_guard.dvcrepo.paths import is_pointer
from trinity_guard.errors import UNUSABLE, GuardError, quoted, shown, typed
from trinity_guard.training import provenance
from trinity_guard.training.model import admitted, kinds
from trinity_guard.training.model.kinds import LAYOUT, Kind
from trinity_guard.training.record import MAX_METADATA, MAX_MODEL, METADATA, MODEL

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


@dataclass(frozen=True)
class VerifiedModel:
    """A loaded model. metadata: empty where the md5 was named by hand and none stands beside the model."""

    path: str
    md5: str
    pipeline: Pipeline
    metadata: dict[str, Any]
    kind: Kind = LAYOUT

    @property
    def features(self) -> list[str]:
        """The columns it wants, in their order."""
        return features(self.pipeline)

    @property
    def target(self) -> str:
        if self.kind.estimator:
            return str(self.metadata.get("target"))
        return "is_valid" if "active_strategy" in self.features else "resolved_strategy_id"


@dataclass(frozen=True)
class Checked:
    """The bytes of a model that are those which it is recorded with; not loaded."""

    path: str
    md5: str
    data: bytes
    metadata: dict[str, Any]

    @property
    def kind(self) -> Kind:
        return kinds.of(self.metadata)


def features(pipeline: Pipeline) -> list[str]:
    """Return the columns that a model wants, in their order."""
    return [name for _, _, names in pipeline.named_steps["columns"].transformers_ for name in names]


def load(path: str, md5: str | None = None, before: Callable[[], object] | None = None) -> VerifiedModel:
    """Load a model whose md5 is the one that its metadata names, and its pointer where it has one; else GuardError (1).

    In the process of whoever calls this, which gets the model itself: a program that must not load it uses the command.
    before: called when nothing is left but to load.
    md5: named by hand instead; then neither is looked at. The bytes that were hashed are the bytes that are loaded.
    """
    found = checked(path, md5)
    if before is not None:
        before()
    return VerifiedModel(path, found.md5, admitted.model(found.data, found.kind), found.metadata, found.kind)


def checked(path: str, md5: str | None = None) -> Checked:
    """Read a model, and load nothing. md5, GuardError: as of `load`."""
    name = shown(os.fsencode(path))
    if md5 is not None and not _is_md5(md5.lower()):
        raise GuardError(f"'{md5}' is no md5: 32 hexadecimal digits.", f"md5sum {quoted(name)}", UNUSABLE)
    data = _bytes(path, name)
    metadata = _metadata(path, name, required=md5 is None)
    found = provenance.md5(data)
    pull = f"trinity-guard pull {typed(os.fsencode(path))}     # the recorded bytes; first move away what is here"
    if md5 is not None:
        _require(name, found, md5.lower(), "you named", pull)
        return Checked(path, found, data, metadata)
    recorded = provenance.recorded(path, _top(path))
    agrees = recorded is None or recorded.agrees(data)
    beside = shown(os.fsencode(_beside(path)))
    restore = f"git checkout -- {quoted(beside)}     # the file is what its pointer names: {beside} was changed"
    _require(name, found, _md5_of(metadata, name), "its metadata names", restore if recorded and agrees else pull)
    _require_sha256(metadata, data, name, pull)
    if recorded is not None and not agrees:
        _require(name, found, recorded.md5, f"its pointer {shown(os.fsencode(path))}.dvc names", pull)
    return Checked(path, found, data, metadata)


def _require(name: str, found: str, wanted: str, who: str, remedy: str) -> None:
    if found != wanted:
        raise GuardError(f"{name} was not loaded, which would run it: its md5 is {found}, {who} {wanted}.", remedy)


def _require_sha256(metadata: dict[str, Any], data: bytes, name: str, remedy: str) -> None:
    """Refuse bytes that have the md5, which two files may share, and not the sha256 that stands beside it."""
    wanted = metadata["model"].get("sha256")  # metadata of former versions has none
    if wanted is not None and wanted != (found := provenance.sha256(data)):
        said = f"its sha256 is {found}, its metadata names {shown(str(wanted).encode())}"
        raise GuardError(f"{name} was not loaded, which would run it: {said}.", remedy)


def _is_md5(text: object) -> bool:
    return is_md5(text) and len(str(text)) == 32


def _beside(path: str) -> str:
    return path.removesuffix(MODEL) + METADATA


def _bytes(path: str, name: str) -> bytes:
    if is_pointer(os.fsencode(path)):
        raise GuardError(f"{name} is the pointer, not the model.", f"name the model: {name.removesuffix('.dvc')}")
    try:
        return git.read(path, MAX_MODEL, links=True)  # DVC may have made it a link into its cache
    except FileNotFoundError:
        if os.path.lexists(path + ".dvc"):
            raise GuardError(
                f"{name} is not here, only its pointer.", f"trinity-guard pull {typed(os.fsencode(path))}"
            ) from None
        raise GuardError(f"there is no {name}.", "ls models     # or make one: trinity train", UNUSABLE) from None
    except IsADirectoryError:
        raise GuardError(f"{name} is a folder.", f"ls {quoted(name)}     # and name a model in it", UNUSABLE) from None
    except OSError as error:
        raise GuardError(f"{name} cannot be read: {error.strerror}.", f"ls -l {quoted(name)}", UNUSABLE) from None


def _metadata(path: str, name: str, required: bool) -> dict[str, Any]:
    """Return the metadata beside a model; {} where it is missing and need not be there."""
    beside = _beside(path)
    shown_beside = shown(os.fsencode(beside))
    try:
        parsed = json.loads(git.read(beside, MAX_METADATA))
    except FileNotFoundError:
        if not required:
            return {}
        raise GuardError(
            f"{name} was not loaded, which would run it: there is no {shown_beside} that says what it is.",
            f"git checkout -- {quoted(shown_beside)}     # if it was committed\n"
            "… --md5 HEX     # if you know from elsewhere which bytes it must have",
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise GuardError(
            f"{shown_beside} cannot be read: {getattr(error, 'strerror', None) or 'it is no JSON'}.",
            f"git checkout -- {quoted(shown_beside)}",
        ) from None
    return parsed if isinstance(parsed, dict) else {}


def _md5_of(metadata: dict[str, Any], name: str) -> str:
    model = metadata.get("model")
    md5 = model.get("md5") if isinstance(model, dict) else None
    if isinstance(md5, str) and _is_md5(md5):
        return md5
    raise GuardError(
        f"{name} was not loaded, which would run it: its metadata names no md5.", "trinity train     # writes both"
    )


def _top(path: str) -> str:
    """Return the work tree that a model stands in, from which its pointer's path is meant; else its own folder."""
    folder = os.path.dirname(os.path.abspath(path))
    try:
        found = git.attempt("rev-parse", "--show-toplevel", at=os.fsencode(folder), env=git.other_repository())
    except GuardError:
        return folder
    return os.fsdecode(found.out[:-1]) if not found.code and found.out[:-1] else folder
