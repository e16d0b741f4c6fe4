"""Every import is declared where it is needed, and whatever is declared is imported, or run by name."""

from __future__ import annotations

import ast
import functools
import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.support import PROJECT

LOADERS = ("__import__", "import_module", "importorskip")
OWN = ("trinity_guard", "tests", "benchmarks")
# Declared and not imported: another program finds it, or it is one. Each with a file and a text in it that needs it.
RUN = {
    "dvc-s3": ("README.md", "DVC's plug-in"),
    "dvc-gs": ("README.md", "DVC's plug-in"),
    "dvc-azure": ("README.md", "DVC's plug-in"),
    "dvc-ssh": ("README.md", "DVC's plug-in"),
    "dvc-webdav": ("README.md", "DVC's plug-in"),
    "build": (".github/workflows/release.yml", "python -m build"),
    "cheroot": ("tests/helpers/servers.py", "wsgidav.server.server_cli"),
    "coverage": ("pyproject.toml", "[tool.coverage.run]"),
    "gto": ("tests/training/releases.py", '"-m", "gto.cli"'),
    "hatchling": ("tests/e2e/test_packaging.py", '"hatchling", "build"'),
    "hatch-vcs": ("pyproject.toml", 'source = "vcs"'),
    "import-linter": ("Makefile", "lint-imports"),
    "lightgbm": ("tests/training/description/test_run.py", "lightgbm"),
    "moto": ("tests/helpers/servers.py", '"moto.server"'),
    "mypy": ("Makefile", "/mypy"),
    "pre-commit-hooks": ("benchmarks/lint.py", "check-added-large-files"),
    "psycopg2-binary": ("tests/e2e/test_team_store.py", "postgresql+psycopg2://"),
    "pytest-randomly": (".ci/run", "make test"),
    "pytest-timeout": ("pyproject.toml", "timeout = 300"),
    "pytest-xdist": ("Makefile", "-n 2"),
    "ruff": ("Makefile", "/ruff check"),
    "xgboost-cpu": ("tests/training/description/test_run.py", "xgboost"),
    "wsgidav": ("tests/helpers/servers.py", "wsgidav.server.server_cli"),
}


def normal(name: str) -> str:
    """Return a distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


@functools.cache
def declared() -> dict[str, frozenset[str]]:
    """Return group -> distributions, the group "" for what is always installed, without our own extras."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    groups = {"": project["dependencies"], **project["optional-dependencies"]}
    return {group: frozenset(_names(lines)) for group, lines in groups.items() if group != "all"}


def _names(lines: list[str]) -> Iterator[str]:
    for line in lines:
        name, extra = re.match(r"([\w.-]+)(?:\[([\w,-]+)\])?", line).groups()  # type: ignore[union-attr]
        if normal(name) == "trinity-guard":
            continue
        yield normal(name)
        if extra == "distributed":
            yield extra


@functools.cache
def imported(folder: str) -> dict[str, set[Path]]:
    """Return module -> files that import it, wherever in them, for all modules that are neither ours nor Python's."""
    found: dict[str, set[Path]] = {}
    for file in sorted((PROJECT / folder).rglob("*.py")):
        for name in _imports(ast.parse(file.read_bytes())):
            top = name.partition(".")[0]
            if top not in sys.stdlib_module_names and top not in OWN:
                found.setdefault(top, set()).add(file.relative_to(PROJECT))
    return found


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if called in LOADERS and isinstance(node.args[0].value, str):
                yield node.args[0].value


@functools.cache
def distributions() -> dict[str, frozenset[str]]:
    """Return module -> the distributions that have a part of it."""
    found = importlib.metadata.packages_distributions()
    return {module: frozenset(map(normal, names)) for module, names in found.items()}


def allowed(file: Path) -> frozenset[str]:
    """Return what a module may import: a command that works without an extra imports nothing of that extra."""
    groups = declared()
    if "training" in file.parts or "demo_files" in file.parts:  # they say which extra is missing
        return groups[""] | groups["train"]
    if "review" in file.parts:  # they say so, and tell what the standard library can
        return groups[""] | groups["review"]
    if "remote" in str(file):  # after DVC has loaded the plug-in of that kind
        return groups[""] | groups["gs"]
    return groups[""]


def test_the_package_imports_nothing_that_its_extras_do_not_bring() -> None:
    for module, files in imported("trinity_guard").items():
        for file in files:
            assert distributions()[module] & allowed(file), f"{file} imports {module}, which nothing brings"


@pytest.mark.parametrize("folder", ["tests", "benchmarks"])
def test_tests_and_benchmarks_import_what_the_extra_dev_brings(folder: str) -> None:
    everything = frozenset().union(*declared().values())
    for module, files in imported(folder).items():
        assert distributions()[module] & everything, f"{sorted(files)[0]} imports {module}, which nothing brings"


def of(module: str, group: frozenset[str]) -> set[str]:
    return set(distributions().get(module, ())) & group


def test_nothing_is_declared_that_nobody_imports_or_runs() -> None:
    for group, names in declared().items():
        modules = imported("trinity_guard")
        if group == "dev":
            modules = imported("tests") | imported("benchmarks")
        used = set().union(*(of(module, names) for module in modules))
        if "distributed" in used:
            used.add("dask")  # named as its manual does: dask[distributed]
        idle = names - used - RUN.keys() - _run_by_us(names)
        assert not idle, f"extra '{group}' names {sorted(idle)}, and nothing uses it"


def _run_by_us(names: frozenset[str]) -> set[str]:
    """Return what the package starts as a program: `python -m MODULE`, by python_module."""
    text = "".join(file.read_text() for file in (PROJECT / "trinity_guard").rglob("*.py"))
    started = set(re.findall(r'(?:"-m", |python_module\()"([\w.]+)"', text))
    return {name for module in started for name in of(module.partition(".")[0], names)}


def test_the_texts_that_need_a_program_are_there() -> None:
    everything = frozenset().union(*declared().values())
    assert RUN.keys() <= everything
    for name, (file, text) in RUN.items():
        assert text in (PROJECT / file).read_text(), f"{name}: {file} has no more '{text}'"
