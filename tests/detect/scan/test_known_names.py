"""The list is a text that a person can read: a module a line, how, and names; none of them twice."""

from __future__ import annotations

from trinity_guard.detect.scan.known_names import NAMES

HOWS = {"called", "new", "built", "extended", "class"}


def test_each_line_is_a_module_what_may_be_done_and_names() -> None:
    seen: set[tuple[str, str, str]] = set()
    for line in NAMES.strip().splitlines():
        head, colon, names = line.partition(": ")
        module, *hows = head.split()
        assert colon, line
        assert set(hows) <= HOWS, line
        assert names == " ".join(names.split()) != "", line
        assert all(part.isidentifier() for part in module.split(".")), line
        for name in names.split():
            assert all(part.isidentifier() for part in name.split(".")), line
            assert (module, " ".join(hows), name) not in seen, (module, name)
            seen.add((module, " ".join(hows), name))
    assert len(seen) > 500


def test_nothing_on_it_starts_or_opens_anything() -> None:
    modules = {line.split()[0].partition(":")[0] for line in NAMES.strip().splitlines()}
    assert not modules & {"os", "posix", "nt", "subprocess", "sys", "shutil", "socket", "runpy", "ctypes", "pickle"}
