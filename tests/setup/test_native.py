"""The hook files themselves: how they find the program, what they hand on, and what they do without it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.helpers.support import PROJECT, Repo, run
from trinity_guard import setup, start_line
from trinity_guard.commands.hook import MODULES

HOOKS = sorted((PROJECT / "hooks").iterdir())
NAMES = [h.name for h in HOOKS]
STUB = """\
import os, sys
def main():
    with open(os.environ["STUB_LOG"], "ab") as f:
        f.write(repr((sys.argv[1:], sys.stdin.read() if sys.argv[2] == "post-rewrite" else "")).encode() + b"\\n")
    return int(os.environ.get("STUB_EXIT", "0"))
"""


class Stubbed:
    """A plain repository, a package that records how it is called, and hooks that find it."""

    def __init__(self, repo: Repo, folder: Path) -> None:
        self.repo = repo
        self.folder = folder
        self.log = folder / "log"
        self.lib = folder / "it's a lib é"
        (self.lib / "trinity_guard").mkdir(parents=True)
        (self.lib / "trinity_guard" / "__init__.py").touch()
        (self.lib / "trinity_guard" / "cli.py").write_text(STUB)

    def hook(self, name: str, *, python: str = sys.executable, lib: str | None = None) -> Path:
        text = (PROJECT / "hooks" / name).read_text()
        quoted = (lib or str(self.lib)).replace("'", "'\\''")
        text = text.replace("\npython=''\n", f"\npython='{python}'\n").replace("\nlib=''\n", f"\nlib='{quoted}'\n")
        path = self.repo.path / ".git" / "hooks" / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    def foreign(self, name: str, body: str, mode: int = 0o755) -> None:
        path = self.repo.path / ".git" / "hooks" / f"{name}.before-trinity-guard"
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(mode)

    def calls(self) -> list[tuple[list[str], str]]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [eval(line) for line in lines]

    def commit(self, env: dict[str, str] | None = None, *, ok: bool = True) -> str:
        self.repo.write("a.txt", os.urandom(4).hex().encode())
        self.repo.git("add", "a.txt")
        done = self.repo.commit(ok=ok, **{"STUB_LOG": str(self.log), **(env or {})})
        return f"{done.returncode} {done.stderr.decode()}"


@pytest.fixture
def stubbed(bare_repo: Repo, tmp_path: Path) -> Stubbed:
    return Stubbed(bare_repo, tmp_path / "stub")


@pytest.fixture
def short_path(tmp_path: Path) -> dict[str, str]:
    """What a GUI starts Git with."""
    return {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path / "home")}


@pytest.mark.parametrize("hook", HOOKS, ids=NAMES)
def test_a_hook_is_posix_shell_and_executable(hook: Path) -> None:
    run("sh", "-n", hook)
    if Path("/usr/bin/dash").exists():
        run("dash", "-n", hook)
    assert os.access(hook, os.X_OK)
    assert hook.read_bytes() == HOOKS[0].read_bytes()


@pytest.mark.parametrize("path", ["short", "whole"])
def test_the_embedded_interpreter_is_called_with_the_hooks_name(
    stubbed: Stubbed, path: str, short_path: dict[str, str]
) -> None:
    stubbed.hook("pre-commit")
    stubbed.hook("post-commit")
    stubbed.commit(short_path if path == "short" else {})
    assert stubbed.calls() == [(["hook", "pre-commit"], ""), (["hook", "post-commit"], "")]


def test_the_eight_hooks_are_one_text_that_starts_the_program_as_we_do() -> None:
    # The drivers are called as a hook is, and Git has no hooks of these names.
    drivers = {"merge-driver", "filter", "diff-driver", "textconv"}
    assert NAMES == sorted(setup.HOOKS) == sorted(MODULES.keys() - drivers)
    texts = {h.read_bytes() for h in HOOKS}
    assert len(texts) == 1, "make hooks"
    assert texts.pop().count(f'\n        "$python" -I -S -c \'{start_line()}\' "$lib" "$@"'.encode()) == 1


def test_make_hooks_makes_them_like_pre_commit(tmp_path: Path) -> None:
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks" / "pre-commit").write_bytes(b"#!/bin/sh\nnew\n")
    (tmp_path / "hooks" / "pre-commit").chmod(0o755)
    run("make", "-s", "-f", PROJECT / "Makefile", "hooks", cwd=tmp_path)
    made = sorted((tmp_path / "hooks").iterdir())
    assert [h.name for h in made] == NAMES
    assert {(h.read_bytes(), os.access(h, os.X_OK)) for h in made} == {(b"#!/bin/sh\nnew\n", True)}


def test_the_programs_exit_code_is_the_hooks(stubbed: Stubbed) -> None:
    stubbed.hook("pre-commit")
    assert stubbed.commit({"STUB_EXIT": "1"}, ok=False).startswith("1")
    assert stubbed.repo.git("rev-parse", "-q", "--verify", "HEAD", ok=False).returncode


def test_a_hook_without_paths_takes_them_from_the_clones_config(stubbed: Stubbed, short_path: dict[str, str]) -> None:
    stubbed.hook("pre-commit").write_bytes((PROJECT / "hooks" / "pre-commit").read_bytes())
    stubbed.repo.git("config", "trinity-guard.python", sys.executable)
    stubbed.repo.git("config", "trinity-guard.lib", str(stubbed.lib))
    stubbed.commit(short_path)
    assert stubbed.calls() == [(["hook", "pre-commit"], "")]


def write_program(folder: Path) -> None:
    """Write a program that starts, and notes how it is called but for whether it starts."""
    text = "#!/bin/sh\n[ \"$1\" = --version ] || echo \"(['$1', '$2'], 'program')\" >>\"$STUB_LOG\"\n"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "trinity-guard").write_text(text)
    (folder / "trinity-guard").chmod(0o755)


def write_dead(folder: Path) -> None:
    """Write a script of a venv that was moved, or deleted: its Python is not there."""
    folder.mkdir(parents=True)
    (folder / "trinity-guard").write_text("#!/gone/venv/bin/python\n")
    (folder / "trinity-guard").chmod(0o755)


def empty_python(folder: Path) -> str:
    """Write an interpreter in which nothing is installed."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "python").write_text("#!/bin/sh\nexit 1\n")
    (folder / "python").chmod(0o755)
    return str(folder / "python")


def test_a_program_that_does_not_start_is_passed_over(stubbed: Stubbed, short_path: dict[str, str]) -> None:
    write_dead(stubbed.folder / "dead")
    write_program(stubbed.folder / "alive")
    stubbed.hook("pre-commit", python="/gone/python")
    path = f"relative:{stubbed.folder}/dead:{stubbed.folder}/alive:/usr/bin:/bin"
    stubbed.commit({**short_path, "PATH": path})
    assert stubbed.calls() == [(["hook", "pre-commit"], "program")]


def test_the_program_beside_an_interpreter_that_lost_the_package_is_found(
    stubbed: Stubbed, short_path: dict[str, str]
) -> None:
    venv = stubbed.folder / "venv" / "bin"
    write_program(venv)
    stubbed.hook("pre-commit", python=empty_python(venv), lib="/gone")
    stubbed.commit(short_path)
    assert stubbed.calls() == [(["hook", "pre-commit"], "program")]


def test_a_venv_made_anew_with_another_python_has_the_package_elsewhere(
    stubbed: Stubbed, short_path: dict[str, str]
) -> None:
    (stubbed.lib / "trinity_guard" / "__main__.py").write_text(
        "import sys\nfrom trinity_guard.cli import main\nsys.exit(main())\n"
    )
    python = stubbed.folder / "python"
    new = f"#!/bin/sh\nshift\nPYTHONPATH='{stubbed.lib}' exec {sys.executable} -P \"$@\"\n".replace("it's", "it'\\''s")
    python.write_text(new)
    python.chmod(0o755)
    stubbed.hook("pre-commit", python=str(python), lib="/venv/lib/python3.0/site-packages")
    stubbed.commit(short_path)
    assert stubbed.calls() == [(["hook", "pre-commit"], "")]


def assert_another_is_taken(stubbed: Stubbed, short_path: dict[str, str]) -> None:
    write_program(stubbed.folder / "alive")
    stubbed.commit({**short_path, "PATH": f"{stubbed.folder}/alive:/usr/bin:/bin"})
    assert stubbed.calls() == [(["hook", "pre-commit"], "program")]


@pytest.mark.parametrize("kind", ["a folder", "a library is missing", "killed as it starts"])
def test_an_interpreter_that_does_not_start_is_passed_over_and_named(
    stubbed: Stubbed, short_path: dict[str, str], kind: str
) -> None:
    python = stubbed.folder / "python"
    if kind == "a folder":
        python.mkdir()
    else:
        ending = "echo 'libpython3.11.so.1.0: cannot open shared object file' >&2; exit 127"
        python.write_text(f"#!/bin/sh\n{ending if 'library' in kind else 'kill -ABRT $$'}\n")
        python.chmod(0o755)
    stubbed.hook("pre-commit", python=str(python))
    said = stubbed.commit(short_path, ok=False)
    assert f"set up with, {python}, {'is gone' if kind == 'a folder' else 'does not start'}." in said
    assert_another_is_taken(stubbed, short_path)


def test_half_a_package_is_passed_over(stubbed: Stubbed, short_path: dict[str, str]) -> None:
    (stubbed.lib / "trinity_guard" / "cli.py").write_text("import trinity_guard.errors\n")
    python = stubbed.folder / "python"  # in which nothing else is installed
    python.write_text(f'#!/bin/sh\n[ "$2" = -S ] && exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    stubbed.hook("pre-commit", python=str(python))
    said = stubbed.commit(short_path, ok=False)
    assert f"set up with, {python}, has no trinity-guard that works." in said
    assert_another_is_taken(stubbed, short_path)


def test_what_ours_refuses_no_other_program_is_asked(stubbed: Stubbed, short_path: dict[str, str]) -> None:
    write_program(stubbed.folder / "alive")
    stubbed.hook("pre-commit")
    path = f"{stubbed.folder}/alive:/usr/bin:/bin"
    assert stubbed.commit({**short_path, "PATH": path, "STUB_EXIT": "1"}, ok=False).startswith("1")
    assert stubbed.calls() == [(["hook", "pre-commit"], "")]


def test_what_is_broken_is_named(stubbed: Stubbed, short_path: dict[str, str]) -> None:
    write_dead(stubbed.folder / "dead")
    stubbed.hook("pre-commit", python="/gone/python")
    said = stubbed.commit({**short_path, "PATH": f"{stubbed.folder}/dead:/usr/bin:/bin"}, ok=False)
    assert "the Python that it was set up with, /gone/python, is gone." in said
    assert f"{stubbed.folder}/dead/trinity-guard does not start: its own Python is gone." in said
    python = empty_python(stubbed.folder)
    Path(python).write_text('#!/bin/sh\n[ "$2" = -S ]\n')
    stubbed.hook("pre-commit", python=python, lib="/gone")
    assert f"set up with, {python}, has no trinity-guard that works." in stubbed.commit(short_path, ok=False)


@pytest.mark.parametrize(
    ("there", "command"),
    [(["pip"], "pip install"), (["uv"], "uv tool install"), (["uv", "pipx"], "pipx install"), ([], "pip install")],
)
def test_the_command_that_brings_it_back_is_one_that_is_there(
    stubbed: Stubbed, short_path: dict[str, str], tmp_path: Path, there: list[str], command: str
) -> None:
    folder = tmp_path / "tools"
    folder.mkdir()
    for tool in ("git", "sh", "cat", "grep", "cksum"):
        (folder / tool).symlink_to(shutil.which(tool) or tool)
    for tool in there:
        (folder / tool).write_text("#!/bin/sh\n")
        (folder / tool).chmod(0o755)
    stubbed.hook("pre-commit", python="/gone/python")
    said = stubbed.commit({**short_path, "PATH": str(folder)}, ok=False)
    assert f"    {command} trinity-guard && trinity-guard init " in said


@pytest.mark.parametrize("where", ["PATH", ".local/bin"])
def test_without_the_interpreter_the_program_is_searched(
    stubbed: Stubbed, where: str, short_path: dict[str, str]
) -> None:
    folder = stubbed.folder / "bin" if where == "PATH" else Path(short_path["HOME"]) / ".local" / "bin"
    write_program(folder)
    stubbed.hook("pre-commit", python="/gone/python")
    path = f"{folder}:/usr/bin:/bin" if where == "PATH" else "/usr/bin:/bin"
    stubbed.commit({"PATH": path, "HOME": short_path["HOME"]})
    assert stubbed.calls() == [(["hook", "pre-commit"], "program")]


@pytest.mark.parametrize("lost", ["interpreter", "package"])
def test_when_the_program_is_gone_a_commit_is_refused_with_both_ways_out(
    stubbed: Stubbed, lost: str, short_path: dict[str, str]
) -> None:
    python = "/gone/python" if lost == "interpreter" else empty_python(stubbed.folder)
    stubbed.hook("pre-commit", python=python, lib="/gone")
    said = stubbed.commit(short_path, ok=False)
    assert said.startswith("1")
    assert ".git/hooks/pre-commit" in said
    assert "pip install trinity-guard && trinity-guard init" in said
    assert 'rm ".git/hooks/pre-commit"' in said


def test_when_the_program_is_gone_skipping_all_still_works(stubbed: Stubbed, short_path: dict[str, str]) -> None:
    stubbed.hook("pre-commit", python="/gone/python")
    assert stubbed.commit({**short_path, "TRINITY_GUARD_SKIP": "convert"}, ok=False).startswith("1")
    assert stubbed.commit({**short_path, "TRINITY_GUARD_SKIP": "push,all"}).startswith("0")


def test_when_the_program_is_gone_a_hook_after_the_fact_only_says_it(
    stubbed: Stubbed, short_path: dict[str, str]
) -> None:
    hook = stubbed.hook("post-commit", python="/gone/python")
    assert "does not find the program" in stubbed.commit(short_path)
    assert run(hook, cwd=stubbed.repo.path, env=short_path).returncode == 0


@pytest.mark.parametrize("name", ["os.py", "sys.py", "site.py", "trinity_guard/__init__.py", "trinity_guard/cli.py"])
def test_a_module_in_the_repository_is_never_run(stubbed: Stubbed, name: str, tmp_path: Path) -> None:
    stubbed.repo.write(name, f"open({str(tmp_path / 'evil')!r}, 'w')\n".encode())
    stubbed.hook("pre-commit")
    stubbed.commit({"PYTHONPATH": str(stubbed.repo.path)})
    assert stubbed.calls() == [(["hook", "pre-commit"], "")]
    assert not (tmp_path / "evil").exists()


def test_variables_of_python_s_do_not_reach_it(stubbed: Stubbed) -> None:
    """As a program that brings its own Python leaves them to what it starts: a GUI, a SDK, an AppImage."""
    stubbed.hook("pre-commit")
    names = ("HOME", "PLATLIBDIR", "STARTUP", "INSPECT", "BREAKPOINT", "PYCACHEPREFIX", "WARNINGS", "IOENCODING")
    stubbed.commit({f"PYTHON{name}": "/nonexistent" for name in names})
    assert stubbed.calls() == [(["hook", "pre-commit"], "")]


def test_a_kept_hook_runs_first_and_sees_the_arguments(stubbed: Stubbed) -> None:
    stubbed.hook("post-rewrite")
    stubbed.foreign("post-rewrite", "read -r first; echo \"(['before', '$1'], '$first')\" >>\"$STUB_LOG\"")
    data = b"old new\n" * 3
    hook = stubbed.repo.path / ".git/hooks/post-rewrite"
    run(hook, "rebase", cwd=stubbed.repo.path, data=data, env={"STUB_LOG": str(stubbed.log)})
    assert stubbed.calls() == [(["before", "rebase"], "old new"), (["hook", "post-rewrite", "rebase"], data.decode())]


@pytest.mark.parametrize("data", [b"", b"no newline", b"a\n\n", b"x y\n" * 50_000])
def test_git_lists_reach_us_whole_though_a_kept_hook_reads_none_of_them(stubbed: Stubbed, data: bytes) -> None:
    hook = stubbed.hook("post-rewrite")
    stubbed.foreign("post-rewrite", "exit 0")
    run(hook, "rebase", cwd=stubbed.repo.path, data=data, env={"STUB_LOG": str(stubbed.log)})
    assert stubbed.calls() == [(["hook", "post-rewrite", "rebase"], data.decode())]


@pytest.mark.parametrize(("name", "ours"), [("pre-commit", [["hook", "pre-commit"]]), ("post-rewrite", [])])
def test_a_kept_hook_that_fails_ends_ours_with_its_code(stubbed: Stubbed, name: str, ours: list[list[str]]) -> None:
    hook = stubbed.hook(name)
    stubbed.foreign(name, "exit 7")
    args = ["rebase"] if name == "post-rewrite" else []
    done = run(hook, *args, cwd=stubbed.repo.path, ok=False, env={"STUB_LOG": str(stubbed.log)})
    assert done.returncode == 7
    assert [call for call, _ in stubbed.calls()] == ours


def test_before_a_commit_ours_runs_first_and_a_kept_hook_sees_what_it_did(stubbed: Stubbed) -> None:
    stubbed.hook("pre-commit")
    stubbed.foreign("pre-commit", "echo \"(['kept'], '')\" >>\"$STUB_LOG\"")
    stubbed.commit()
    assert [call for call, _ in stubbed.calls()] == [["hook", "pre-commit"], ["kept"]]


def test_what_ours_refuses_no_kept_hook_sees(stubbed: Stubbed) -> None:
    stubbed.hook("pre-commit")
    stubbed.foreign("pre-commit", "echo \"(['kept'], '')\" >>\"$STUB_LOG\"")
    assert stubbed.commit({"STUB_EXIT": "1"}, ok=False).startswith("1")
    assert [call for call, _ in stubbed.calls()] == [["hook", "pre-commit"]]


def test_a_kept_hook_that_is_not_executable_stays_not_run(stubbed: Stubbed) -> None:
    stubbed.hook("pre-commit")
    stubbed.foreign("pre-commit", "exit 7", mode=0o644)
    stubbed.commit()
    assert stubbed.calls() == [(["hook", "pre-commit"], "")]


def test_what_a_kept_hook_stages_is_ours_too(stubbed: Stubbed) -> None:
    stubbed.hook("pre-commit")
    stubbed.foreign("pre-commit", "echo formatted >a.txt; git add a.txt")
    stubbed.commit()
    assert stubbed.repo.show("a.txt") == b"formatted\n"
    assert [call for call, _ in stubbed.calls()] == [["hook", "pre-commit"]] * 2


def test_moved_aside_by_the_framework_it_keeps_its_name_and_does_not_start_the_framework_again(
    stubbed: Stubbed,
) -> None:
    hook = stubbed.hook("pre-commit")
    legacy = hook.rename(hook.with_name("pre-commit.legacy"))
    stubbed.foreign("pre-commit", "# File generated by pre-commit: https://pre-commit.com\nexit 7")
    run(legacy, cwd=stubbed.repo.path, env={"PRE_COMMIT_RUNNING_LEGACY": "1", "STUB_LOG": str(stubbed.log)})
    stubbed.foreign("pre-commit", "exit 8")
    done = run(
        legacy, cwd=stubbed.repo.path, ok=False, env={"PRE_COMMIT_RUNNING_LEGACY": "1", "STUB_LOG": str(stubbed.log)}
    )
    assert done.returncode == 8
    assert stubbed.calls() == [(["hook", "pre-commit"], "")] * 2  # ours runs before one that refuses
