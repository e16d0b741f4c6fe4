"""Findings of all sorts, and what a CI's runner would take for a command."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import strategies as st

from trinity_guard.lint.finding import ERROR, WARNING, Finding
from trinity_guard.lint.summary import Summary

RULES = {
    "TG001": ("artifact in the tree", "An artifact lies in Git.\n\nMend it: trinity-guard convert PATH"),
    "TG002": ("artifact in a commit of the range", "It is in the history, though gone from the tip."),
}


COMMIT = "0123456789abcdef0123456789abcdef01234567"


EVIL = [
    b"::error file=a::stolen",
    b"a\n::set-output name=x::y",
    b"a\r\n::add-mask::z",
    b"##[group]x",
    b"a ##vso[task.setvariable variable=x]y",
    b"\x1b[31mred\x07\x00".rstrip(b"\0"),
    b"100%,5:7.pkl",
    b"\xff\xfe not text.pkl",
    "ünï, 💾: é.pkl".encode(),
    "\u202egnp.exe\ufffe\u2028".encode(),
    b']]>&lt;"</failure>.pkl',
    b"[a link](https://example.com) {0}",
    b"-x.pkl",
]


def made(path: bytes = b"models/a.pkl", rule: str = "TG001", **more: Any) -> Finding:
    problem = more.pop("problem", "an artifact (pattern *.pkl) of 2.0 MB")
    return Finding(rule, path, problem, more.pop("remedy", "trinity-guard convert models/a.pkl"), **more)


any_text = st.text(st.characters(exclude_categories=()), max_size=40) | st.sampled_from(
    [e.decode("latin-1") for e in EVIL]
)


any_path = st.binary(min_size=1, max_size=40).map(lambda b: b.replace(b"\0", b"\1")) | st.sampled_from(EVIL)


any_finding = st.builds(
    lambda path, rule, problem, remedy, line, commit, key, level: Finding(
        rule, path, problem, remedy, line=line, commit=commit, key=key, level=level
    ),
    any_path, st.sampled_from(["TG001", "TG002", "TG009"]), any_text, any_text, st.integers(0, 9),
    st.sampled_from(["", COMMIT]), st.sampled_from(["", "k"]), st.sampled_from([ERROR, WARNING]),
)  # fmt: skip


any_findings = st.lists(any_finding, max_size=5)


def summary(**more: Any) -> Summary:
    return Summary("the index", rules=RULES, **more)


def commands_in(log: str) -> list[tuple[str, dict[str, str], str]]:
    """Return (command, properties, data) of each line that GitHub's runner obeys (ActionCommand.cs, both forms)."""
    found = []
    for line in re.split(r"\r\n|\r|\n", log):
        if line.lstrip().startswith("::") and "::" in line.lstrip()[2:]:
            head, data = line.lstrip()[2:].split("::", 1)
            name, _, rest = head.partition(" ")
            properties = dict(p.split("=", 1) for p in rest.split(",") if "=" in p)
            found.append((name, {k: unescaped(v, prop=True) for k, v in properties.items()}, unescaped(data)))
        elif "##[" in line or "##vso[" in line:
            found.append((line, {}, ""))
    return found


def unescaped(value: str, prop: bool = False) -> str:
    for code, letter in (("%3A", ":"), ("%2C", ",")) if prop else ():
        value = value.replace(code, letter)
    return value.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
