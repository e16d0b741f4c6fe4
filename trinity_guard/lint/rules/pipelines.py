"""Has a dvc.yaml the shape that DVC takes? (dvc.schema.MULTI_STAGE_SCHEMA; a test compares with DVC itself.)

A form is a type; [form] for a list of such; {key: form} for a mapping with these keys, of which those that end with
`!` must be there; {str: form} for one with any text as keys; (form, form) for what fits one of them.
"""

from __future__ import annotations

from trinity_guard.dvcrepo import yaml

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NOTES: dict[Any, Any] = {"desc": str, "type": str, "labels": [str], "meta": object}
OUT = {**NOTES, "cache": bool, "persist": bool, "checkpoint": bool, "remote": str, "push": bool}
PLOT = {
    **OUT, "template": str, "x": str, "y": str, "x_label": str, "y_label": str, "title": str, "header": bool,
}  # fmt: skip
DRAWN = {
    "x": (str, {str: str}), "y": (str, [str], {str: (str, [str])}), "x_label": str, "y_label": str, "title": str,
    "template": str,
}  # fmt: skip
VARS = [(str, dict)]
STAGE: dict[Any, Any] = {
    "matrix": {str: (str, list)}, "cmd!": (str, list), "wdir": str, "deps": [str], "params": [(str, dict)],
    "vars": VARS, "frozen": bool, "meta": object, "desc": str, "always_changed": bool, "outs": [(str, {str: OUT})],
    "metrics": [(str, {str: OUT})], "plots": [(str, {str: (PLOT, [PLOT])})],
}  # fmt: skip
LOOP = {"foreach!": (dict, list, str), "do!": STAGE}
PIPELINE = {
    "datasets": object, "plots": [(str, {str: (DRAWN, type(None))})], "stages": dict, "vars": VARS, "params": [str],
    "metrics": [str], "artifacts": {str: {"path!": str, **NOTES}},
}  # fmt: skip
MAX_IN_WORDS = 60


def wrong(fields: Any) -> str:
    """Return what is wrong with a dvc.yaml, in words, "" when nothing is."""
    known: dict[tuple[int, int], str] = {}
    said = _wrong(fields, PIPELINE, "it", known)
    if said:
        return said
    for name, stage in fields.get("stages", {}).items():
        if not isinstance(name, str):
            return "the name of a stage is no text"
        looped = isinstance(stage, dict) and ("foreach" in stage or "do" in stage)
        said = _wrong(stage, LOOP if looped else STAGE, f"the stage {_named(name)}", known)
        if said:
            return said
    return ""


def _wrong(value: Any, form: Any, where: str, known: dict[tuple[int, int], str]) -> str:
    """Return why a value does not fit a form. Each is looked at once: a kilobyte of aliases can stand for gigabytes."""
    if isinstance(form, type):
        return "" if isinstance(value, form) else f"{where} is of the wrong type"
    if isinstance(form, tuple):
        said = [_wrong(value, one, where, known) for one in form]
        return "" if "" in said else max(said, key=len)  # what came closest says the most
    key = (id(value), id(form))
    if key not in known:
        known[key] = ""  # one that holds itself ends here
        look = _wrong_list if isinstance(form, list) else _wrong_mapping
        known[key] = look(value, form, where, known)
    return known[key]


def _wrong_list(value: Any, form: list[Any], where: str, known: dict[tuple[int, int], str]) -> str:
    if not isinstance(value, list):
        return f"{where} is no list"
    return next((said for one in value if (said := _wrong(one, form[0], f"an entry of {where}", known))), "")


def _wrong_mapping(value: Any, form: dict[Any, Any], where: str, known: dict[tuple[int, int], str]) -> str:
    if not isinstance(value, dict):
        return f"{where} is no mapping"
    for key, inside in value.items():
        meant = form.get(str) or form.get(key) or form.get(f"{key}!")
        if meant is None or not isinstance(key, str):
            return f"{where} holds the unknown key {_named(key)}"
        said = _wrong(inside, meant, f"{_named(key)} of {where}", known)
        if said:
            return said
    needed = [k[:-1] for k in form if isinstance(k, str) and k.endswith("!")]
    lacking = [k for k in needed if k not in value]
    return f"{where} has no '{lacking[0]}'" if lacking else ""


def _named(key: object) -> str:
    return f"'{yaml.plain(str(key)[:MAX_IN_WORDS])}'"
