"""Would DVC itself load this file? One that it refuses keeps it from loading anything of that commit.

Asked of a history's files by DVC's own schemas: what DVC 0.x wrote, a merge that went wrong, a file of another tool.
"""

from __future__ import annotations

from trinity_guard.dvcrepo import paths, pointer, yaml
from trinity_guard.errors import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def refused(data: bytes, where: bytes) -> str:
    """Return why DVC would not load a pointer, a dvc.yaml or a lock; "" where it would."""
    if paths.is_pointer(where) and pointer.is_plain(data, where):
        return ""
    try:
        fields = yaml.parse(data, yaml.MAX_BYTES, anchors=True)
    except ValueError as error:
        return yaml.plain(str(error))
    return _by_schema(fields if fields is not None else {}, where)


def _by_schema(fields: Any, where: bytes) -> str:
    from dvc.utils.strictyaml import YAMLValidationError, validate

    try:
        validate(fields, _schema(where))
    except YAMLValidationError as error:
        return shown(str(error.exc).encode("utf-8", "replace"))
    return ""


def _schema(where: bytes) -> Any:
    from dvc import schema

    if paths.is_lock(where):
        return schema.COMPILED_LOCKFILE_SCHEMA
    return schema.COMPILED_MULTI_STAGE_SCHEMA if paths.is_pipeline(where) else schema.COMPILED_SINGLE_STAGE_SCHEMA
