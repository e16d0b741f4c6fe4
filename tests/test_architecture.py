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


# Whoever opens a file by itself, and why no clone can put anything else in its place. All others ask git.read,
# git.opened or git/files.py.
OPENERS = {
    "checkout/desired.py": "what git.opened gave",
    "checkout/workfiles.py": "what files.create made",
    "cli.py": "a log of its own, made anew",
    "commands/demo.py": "the demo's own folder",
    "commands/demo_files/train.py": "the demo's own folder",
    "commands/hooks/after.py": "the git dir",
    "commands/hooks/checkout.py": "the git dir",
    "commands/hooks/merge.py": "temporary files of Git's",
    "commands/predict.py": "standard input, pipes of the shell",
    "commands/terminal/output.py": "pipes and devices that the user named",
    "console.py": "terminal, null device",
    "convert/facts.py": "what git.opened gave",
    "convert/cache.py": "no link, compared with what was looked at before",
    "detect/conflicts.py": "what git.opened gave",
    "detect/configuration.py": "the git dir",
    "doctor/machine.py": "made anew",
    "dvcrepo/lastseen.py": "the git dir",
    "dvcrepo/odb.py": "what git.opened gave; a folder",
    "git/caller.py": "/proc",
    "git/durable.py": "flushed",
    "git/files.py": "made anew; flushed",
    "git/locks.py": "the git dir",
    "git/nextcommit.py": "the git dir",
    "git/objects.py": "the git dir",
    "git/packblobs.py": "the git dir",
    "git/packindex.py": "the git dir",
    "git/packwriter.py": "the git dir",
    "git/partial.py": "the git dir",
    "git/records.py": "the git dir",
    "git/repository.py": "git.opened itself",
    "git/temporary.py": "no link",
    "dvcrepo/installation.py": "what uv wrote into the environment of this Python",
    "lint/bare.py": "a folder of its own",
    "git/events.py": "the event of a CI",
    "lint/ranges.py": "the git dir",
    "lint/rules/ignored.py": "a folder of its own",
    "migrate/destination.py": "a folder of its own",
    "migrate/lfsattributes.py": "a folder of its own",
    "migrate/proof/ignores.py": "a folder of its own",
    "migrate/state.py": "the git dir",
    "migrate/upload.py": "the git dir",
    "migrate/commitmap.py": "the git dir",
    "push/background.py": "the git dir",
    "remotes/folder.py": "what git.opened gave; a probe of its own",
    "remotes/worker.py": "a descriptor; the null device",
    "review/arrays.py": "what contents.py has looked at; members of an archive",
    "review/boosters.py": "what git.opened gave",
    "review/catboost.py": "what git.opened gave",
    "review/chunks.py": "what git.opened gave",
    "review/contents.py": "a folder of its own",
    "review/dialect.py": "what git.opened gave",
    "review/models.py": "what git.opened gave",
    "review/images.py": "what git.opened gave",
    "review/onnx.py": "what git.opened gave",
    "review/packed.py": "what git.opened gave; a folder of its own",
    "review/engine.py": "a folder of its own",
    "review/lines.py": "what git.opened gave; a folder of its own",
    "review/longrows.py": "a folder of its own",
    "review/wide.py": "a folder of its own",
    "review/texttable.py": "what git.opened gave",
    "setup/install.py": "the git dir",
    "setup/record.py": "the git dir",
    "training/description/kind.py": "what git.opened gave",
    "training/data/generate.py": "what git.opened gave; made anew",
    "training/model/probabilities.py": "a descriptor",
    "training/model/trials.py": "no link, nothing that is waited for",
    "training/model/workers.py": "the null device",
    "training/record.py": "folders; made anew",
    "training/tracking/session.py": "a folder of its own",
    "training/tracking/sqlite.py": "what git.opened gave; made anew; a lock, no link",
}


def test_files_that_a_clone_can_bring_are_opened_in_one_place() -> None:
    found = set()
    for file in PACKAGE.rglob("*.py"):
        calls = [n for n in ast.walk(ast.parse(file.read_bytes())) if isinstance(n, ast.Call)]
        if {"open", "os.open", "io.open"} & {ast.unparse(call.func) for call in calls}:
            found.add(str(file.relative_to(PACKAGE)))
    assert found == set(OPENERS), "read by git.read or git.opened; or say here why nobody can put anything else there"


def test_no_python_that_is_started_looks_for_modules_in_the_current_folder() -> None:
    lines = [
        [ast.unparse(item) for item in node.elts]
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(node, ast.List) and any(ast.unparse(item) == "sys.executable" for item in node.elts)
    ]
    assert len(lines) > 2
    ours = ["sys.executable", "*options"]  # the demo's own, which begin with -P
    assert [line for line in lines if line[1] not in ("'-I'", "'-P'") and line != ours] == []
