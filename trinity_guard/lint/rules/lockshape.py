"""Has a dvc.lock the shape that DVC takes? (dvc.schema.LOCKFILE_SCHEMA; a test compares with DVC itself.)"""

from __future__ import annotations

from trinity_guard.dvcrepo import yaml

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TOP: dict[str, type] = {"schema": str, "datasets": object, "stages": dict}
STAGE: dict[str, type] = {"cmd": object, "deps": list, "params": dict, "outs": list}
DATA: dict[str, type] = {
    "path": str, "md5": object, "etag": object, "checksum": object, "size": int, "nfiles": int, "isexec": bool,
    "version_id": str, "cloud": dict, "files": list, "hash": str, "dataset": object,
}  # fmt: skip
MAY_BE_NULL = ("md5", "etag", "checksum")


def wrong(fields: Any) -> str:
    """Return what is wrong with a lock, in words, "" when nothing is."""
    said = yaml.wrong(fields, TOP)
    if said or fields.get("schema") != "2.0":  # those of DVC 0 and 1 have none
        return said or "its 'schema' is not 2.0"
    return next((said for name, stage in fields.get("stages", {}).items() if (said := _wrong_stage(name, stage))), "")


def _wrong_stage(name: object, stage: Any) -> str:
    if not isinstance(name, str):
        return "the name of a stage is no text"
    said = yaml.wrong(stage, STAGE)
    if said or not isinstance(stage.get("cmd"), (str, list)):
        return said or "a stage has no 'cmd'"
    if any(not isinstance(p, dict) for p in stage.get("params", {}).values()):
        return "its 'params' hold what is no mapping"
    for entry in (*stage.get("deps", ()), *stage.get("outs", ())):
        said = yaml.wrong(entry, DATA, MAY_BE_NULL)
        if said or "path" not in entry:
            return said or "it holds an entry without a path"
    return ""
