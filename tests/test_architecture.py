"""ARCHITECTURE.md names what is there: rooms, modules, functions, layers, state files."""

from __future__ import annotations

import ast
import configparser
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.documents import blocks, page
from tests.helpers.support import PROJECT

PACKAGE = PROJECT / "trinity_guard"
TEXT = page("ARCHITECTURE.md")
ROOMS = {file.parent.name for file in PACKAGE.glob("*/__init__.py")}
QUOTED = re.findall(r"`([^`\n]+)`", TEXT)
MODULES = sorted({m[1] for q in QUOTED if (m := re.fullmatch(r"([\w/.-]+\.py)(?::[\w.]+)?", q))})
FUNCTIONS = sorted({(m[1], m[2]) for q in QUOTED if (m := re.fullmatch(r"([\w/.-]+\.py):([\w.]+)", q))})
FOLDERS = sorted({q for q in QUOTED if re.fullmatch(r"[\w/.-]+/", q) and not q.startswith("refs/")})


def found(name: str) -> Path:
    """Return what the page means: a path from the package, else from the top."""
    inside = PACKAGE / name
    return inside if inside.exists() else PROJECT / name


@functools.cache
def defined(module: str) -> set[str]:
    """Return the functions, classes, methods and constants of a module."""
    names = set()
    for node in ast.walk(ast.parse(found(module).read_bytes())):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names.update(target.id for target in targets if isinstance(target, ast.Name))
    return names


def rows(*heads: str) -> Iterator[list[str]]:
    """Yield the rows of every table with these columns, their cells in this order."""
    for block in re.findall(r"(?:^\|.*\n)+", TEXT, re.MULTILINE):
        lines = [[cell.strip() for cell in line.strip("|\n ").split(" | ")] for line in block.splitlines()]
        if set(heads) <= set(lines[0]):
            yield from ([line[lines[0].index(head)] for head in heads] for line in lines[2:])


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_room_of_the_package_has_its_line() -> None:
    assert sorted(names(room)[0].rstrip("/") for room, _ in rows("room", "owns")) == sorted(ROOMS)


def test_every_module_that_stands_beside_the_rooms_is_told_of() -> None:
    beside = {file.name for file in PACKAGE.glob("*.py")} - {"_version.py"}
    assert beside <= set(MODULES)


def test_every_module_and_folder_that_is_named_is_there() -> None:
    assert len(MODULES) > 100
    assert len(FOLDERS) > len(ROOMS)
    assert [name for name in [*MODULES, *FOLDERS] if not found(name).exists()] == []


@pytest.mark.parametrize("module", sorted({module for module, _ in FUNCTIONS}))
def test_the_functions_that_are_named_with_their_module_are_in_it(module: str) -> None:
    missing = {name for file, name in FUNCTIONS if file == module} - defined(module)
    assert not missing


def test_the_functions_of_the_walks_are_in_their_files() -> None:
    walked = list(rows("file", "functions, in order"))
    assert len(walked) > 30
    for file, functions in walked:
        assert set(names(functions)) <= defined(*names(file)), file


@pytest.mark.parametrize("heads", [("question", "file"), ("thing", "place"), ("what", "steps")])
def test_a_function_that_is_named_beside_a_module_is_in_one_of_its_line(heads: tuple[str, str]) -> None:
    for _, cell in rows(*heads):
        modules = [m.partition(":")[0] for m in names(cell) if m.partition(":")[0] in MODULES]
        bare = {name for name in names(cell) if re.fullmatch(r"[A-Z]+|\w*_\w+|[a-z]+", name)}
        assert bare <= set().union(*map(defined, modules)), cell


def test_what_is_called_a_face_is_imported_by_other_rooms() -> None:
    known: dict[str, set[str]] = {}
    for file in PACKAGE.rglob("*.py"):
        room = file.relative_to(PACKAGE).parts[0]
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    known.setdefault(f"{node.module}.{alias.name}", set()).add(room)
                known.setdefault(node.module, set()).add(room)
    for room, face in rows("room", "face"):
        for name in (n for n in names(face) if n.startswith(names(room)[0])):
            dotted = "trinity_guard." + name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
            assert known.get(dotted, set()) - {names(room)[0].rstrip("/")}, name


def test_the_layers_are_those_that_are_checked() -> None:
    linter = configparser.ConfigParser()
    linter.read(PROJECT / ".importlinter")
    [told] = blocks(TEXT, "layers")
    assert told.split("\n")[:-1] == linter["importlinter:contract:layers"]["layers"].split("\n")[1:]


def test_a_state_file_is_named_in_the_module_that_owns_it() -> None:
    told = [(name, names(owner)[0]) for files, owner in rows("file", "owner") for name in names(files)]
    assert len(told) > 15
    for name, owner in told:
        assert f'b"{name}"' in found(owner).read_text(), (name, owner)


def test_every_file_below_our_shared_folder_is_told_of() -> None:
    told = {name.rstrip("/") for cells in rows("file", "of", "owner") for cell in cells[:2] for name in names(cell)}
    text = "".join(file.read_text() for file in PACKAGE.rglob("*.py"))
    made = set(re.findall(r'place\.own, b"([^"]+)"', text))
    assert len(made) > 8
    assert made <= told


def test_the_files_that_users_are_told_of_are_among_them() -> None:
    told = {name.rstrip("/") for cells in rows("file", "of", "owner") for cell in cells[:2] for name in names(cell)}
    shown = set(re.findall(r"^\| `\.git/trinity-guard/([\w.-]+)", page("docs/how-it-works.md"), re.MULTILINE))
    assert len(shown) > 8
    assert shown <= told
