"""`trinity-guard status`: what is guarded, tracked, changed, waiting."""

from __future__ import annotations

import os

from trinity_guard import console, git
from trinity_guard.commands.terminal import arguments, messages
from trinity_guard.commands.terminal.arguments import Parser
from trinity_guard.detect import patterns
from trinity_guard.detect.patterns import size_text
from trinity_guard.dvcrepo.compare import CHANGED, DELETED, MISSING, OTHER_VERSION, REPLACED
from trinity_guard.dvcrepo.output import DIR, Output, recording
from trinity_guard.dvcrepo.paths import POINTER, is_pointer
from trinity_guard.errors import FINE, shown, typed
from trinity_guard.report import unrecorded
from trinity_guard.report.status import Survey

MAX_LEFT_BEHIND = 20
DESCRIPTION = """\
What is guarded and how, the artifacts that DVC holds (and which changed, or are missing here), what waits for
the remote, and the blobs that `git add` left behind in Git.
"""
EXAMPLE = "Example: trinity-guard status --format json"


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    p.add_argument("--format", choices=("table", "json"), default="table", help="table (the default) or json")


def run(args: list[str]) -> int:
    form = arguments.parse("trinity-guard status", configure, args).format
    place = git.place()
    git.at_top(place)
    config, _ = patterns.load_config(place)
    survey = Survey(place, config)
    if form == "json":
        import json

        console.result(json.dumps(survey.as_dict(), indent=2))
    else:
        console.result("\n".join(_lines(survey)))
    return FINE


def _lines(survey: Survey) -> list[str]:
    lines = [
        f"hooks    {', '.join(survey.hooks) or 'none: trinity-guard init'}",
        f"config   {survey.config}",
        f"remote   {f'{survey.remote} ({survey.remote_url})' if survey.remote else 'none: trinity-guard init'}",
        "",
    ]
    if survey.pushing:
        lines[-1:] = ["push     under way", ""]
    if survey.artifacts:
        named = zip(survey.artifacts, survey.outputs, strict=True)
        rows = [[_name(o), _size(a["size"]), _state(a, o)] for a, o in named]
        lines += [console.table(["artifact", ">size", "state"], rows), ""]
    elif not (survey.conflicts or survey.in_git.count or survey.ignored):
        lines += ["no artifact is tracked yet.", ""]
    facts = [unrecorded.in_git_said(survey.in_git)] if survey.in_git.count else []
    for problem, remedy in [*facts, *map(unrecorded.ignored_said, survey.ignored), *survey.conflicts]:
        lines += [problem, *(f"    {line}" for line in console.runnable(remedy).splitlines()), ""]
    lines += [f"{path}: {problem}" for path, problem in survey.broken.items()]
    if survey.unheld:
        lines += ["ignored by a line in .gitignore, and held by no pointer (trinity-guard add FILE records it):"]
        lines += [*(f"  {item['path']}" for item in survey.unheld), ""]
    if survey.waiting:
        rows = [[str(w["path"]), _size(w["size"]), str(w["commit"])[:10]] for w in survey.waiting]
        lines += ["waiting for the remote (trinity-guard push --pending):"]
        lines += [console.table(["pointer", ">size", "commit"], rows)]
        lines += [_retry(name, record) for name, record in survey.retries.items()]
        lines += [f"the last push in the background said: {survey.push_said}"] if survey.push_said else []
        lines += [""]
    if survey.left_behind:
        rows = [[str(b["path"]), _size(b["size"]), str(b["blob"])[:10]] for b in survey.left_behind[:MAX_LEFT_BEHIND]]
        lines += ["blobs that git add left behind (git gc drops them after two weeks; git gc --prune=now at once):"]
        lines += [console.table(["file", ">on disk", "blob"], rows)]
        others = survey.left_behind[MAX_LEFT_BEHIND:]
        size = sum(int(str(b["size"])) for b in others)
        lines += [f"and {len(others):,} more ({_size(size)})", ""] if others else [""]
    return lines[:-1] if lines[-1] == "" else lines


def _retry(name: str, record: dict[str, int]) -> str:
    import time

    when = time.strftime("%H:%M", time.localtime(record["next_try"]))
    times = "once" if record["failures"] == 1 else f"{record['failures']} times"
    return f"the remote '{name}' failed {times}; commits try it again from {when} on"


def _name(output: Output) -> str:
    """Return what an artifact is called, with its pointer where that is named as another file."""
    name = shown(output.path) + ("/" if output.kind == DIR else "")
    elsewhere = is_pointer(output.source) and output.source != output.path + POINTER
    return f"{name} (in {shown(output.source)})" if elsewhere else name


def _size(size: object) -> str:
    return size_text(size) if isinstance(size, int) and size >= 0 else "?"


def _state(artifact: dict[str, object], output: Output) -> str:
    state = str(artifact["state"])
    if state == CHANGED and not os.access(os.fsencode(output.path), os.R_OK):
        return f"cannot be read: ls -la {typed(output.path)}"
    if state == CHANGED:
        return f"changed: {recording(output)}"
    if state == OTHER_VERSION:
        return f"another version: trinity-guard pull {typed(output.path)}"
    if state == REPLACED:
        command = messages.adding(output) or messages.bringing_back(output.path)
        return f"replaced by what is no {'folder' if output.kind == DIR else 'file'}: {command}"
    if state == DELETED:
        return f"deleted: trinity-guard pull {typed(output.path)}"
    if state == MISSING:
        return "not here: trinity-guard sync" if artifact["cached"] else "not here: trinity-guard pull"
    return state if artifact["cached"] else f"{state}, not in the cache"
