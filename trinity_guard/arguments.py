"""The arguments of commands that take paths: options stand before `--`, and behind it everything is a path."""

from __future__ import annotations

from trinity_guard.errors import UNUSABLE, GuardError


def wants_help(args: list[str]) -> bool:
    return any(a in ("-h", "--help") for a in _before(args))


def paths(args: list[str], command: str) -> list[str]:
    """Return the paths; GuardError (exit 2) for an option, which these commands have none of, or an empty path."""
    before = _before(args)
    options = [a for a in before if a.startswith("-")]
    if options:
        raise GuardError(f"{command} knows no option {options[0]}.", f"trinity-guard {command} --help", UNUSABLE)
    names = before + args[len(before) + 1 :]
    if "" in names:
        raise GuardError("an empty path names nothing.", f"trinity-guard {command} .     # this folder", UNUSABLE)
    return names


def _before(args: list[str]) -> list[str]:
    return args[: args.index("--")] if "--" in args else args
