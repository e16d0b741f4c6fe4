"""Our entries in `.pre-commit-config.yaml`: every byte that is not ours stays, and the framework takes the file."""

from __future__ import annotations

from pathlib import Path

import pytest
import ruamel.yaml

from tests.helpers.support import PROJECT, Repo, run
from trinity_guard.errors import GuardError
from trinity_guard.setup import framework

HOOK = "  - repo: local\n    hooks:\n      - {id: x, name: x, entry: 'true', language: system, pass_filenames: false}\n"
CONFIGS = {
    "plain": f"repos:\n{HOOK}",
    "comments everywhere": f"# top\n\n# more\nrepos: # here\n  # before\n{HOOK}      # belongs to it\n# tail\n",
    "at the margin": "repos:\n- repo: local\n  hooks:\n  - id: x\n    name: x\n    entry: x\n    language: system\n",
    "keys after": f"fail_fast: true\nrepos:\n{HOOK}\n# ci follows\nci:\n  autofix_prs: false\n",
    "no final newline": f"repos:\n{HOOK}ci: {{skip: [x]}}\nfail_fast: false",
    "document start": f"---\n# odd\nrepos:\n{HOOK}",
    "a long text": f"repos:\n{HOOK}  - repo: local\n    hooks:\n      - id: y\n        name: y\n        entry: 'true'\n"
    "        language: system\n        files: |\n          (?x)^(\n            a\n          )$\n\n",
    "CRLF": f"# top\nrepos:\n{HOOK}\nfail_fast: true\n".replace("\n", "\r\n"),
    "non-ASCII": f"# ünï → \U0001f980\nrepos:\n{HOOK}# ende ß\n",
    "other types, flow": f"default_install_hook_types: [pre-commit, commit-msg,] # mine\nrepos:\n{HOOK}",
    "other types, lines": f"default_install_hook_types:\n  - pre-commit\n  - commit-msg # c\n\nrepos:\n{HOOK}",
    "no types": f"default_install_hook_types: []\nrepos:\n{HOOK}",
    "empty": "repos: []\n",
    "nothing": "",
    "only comments": "# to do\n",
}


def lines_kept(new: bytes, old: bytes) -> bool:
    """Whether every line of `old` is in `new`, in order; a list that was written in one line may have grown."""
    rest = iter(new.splitlines())
    return all(any(line == other or _grown(line, other) for other in rest) for line in old.splitlines())


def _grown(line: bytes, other: bytes) -> bool:
    if line == b"repos: []":
        return other == b"repos:"
    head, close, tail = line.partition(b"]")
    return (
        line.startswith(b"default_install_hook_types: [")
        and other.startswith(head[:-1])
        and other.endswith(close + tail)
    )


@pytest.mark.parametrize("text", CONFIGS.values(), ids=CONFIGS)
def test_a_config_gets_our_hooks_and_keeps_the_rest(text: str, tmp_path: Path) -> None:
    data = text.encode()
    new = framework.extended(data)
    assert lines_kept(new, data)
    (tmp_path / "c.yaml").write_bytes(new)
    framework.validate(bytes(tmp_path / "c.yaml"))
    yaml = ruamel.yaml.YAML(typ="safe", pure=True)
    before, after = yaml.load(text) or {}, yaml.load(new.decode())
    assert after["repos"][1:] == before.get("repos", [])
    assert [h["id"] for h in after["repos"][0]["hooks"]] == [h[0] for h in framework.HOOKS]
    types = before.get("default_install_hook_types", [])
    assert after["default_install_hook_types"][: len(types)] == types
    assert set(after["default_install_hook_types"]) >= set(framework.STAGES)
    ours = {"repos", "default_install_hook_types"}
    assert {k: v for k, v in after.items() if k not in ours} == {k: v for k, v in before.items() if k not in ours}
    assert framework.extended(new) == new


@pytest.mark.parametrize("name", [n for n in CONFIGS if "types" not in n and n not in ("nothing", "only comments")])
def test_what_was_put_in_comes_out_again_to_the_byte(name: str) -> None:
    data = CONFIGS[name].encode()
    assert framework.reduced(framework.extended(data)).rstrip() == data.rstrip()
    assert framework.reduced(data) == data


def test_an_entry_of_an_older_version_is_renewed_in_its_place() -> None:
    new = framework.extended(CONFIGS["keys after"].encode())
    assert framework.extended(new.replace(b"no artifact in a merge", b"older")) == new


def test_an_entry_that_stands_behind_others_comes_first() -> None:
    """A hook before ours would refuse, or change, what we would have converted."""
    text = CONFIGS["keys after"]
    entry = "".join(f"  {line}" for line in framework.entry().splitlines(keepends=True))
    behind = text.replace("\n# ci follows", f"{entry}\n# ci follows").encode()
    assert framework.comes_late(behind)
    assert not framework.comes_late(framework.extended(behind))
    assert framework.extended(behind) == framework.extended(framework.extended(text.encode()))


@pytest.mark.parametrize(
    "text",
    ["- repo: x\n", "repos: {\n", "repos:\n\t- x\n", "repos: [{repo: meta, hooks: [{id: identity}]}]\n", "a: \xff"],
)
def test_a_config_that_cannot_be_extended_is_refused(text: str) -> None:
    with pytest.raises(GuardError) as caught:
        framework.extended(text.encode("latin-1"))
    assert caught.value.exit_code == 2
    assert caught.value.remedy


def test_what_is_offered_to_the_framework_declares_what_our_hooks_need() -> None:
    manifest = PROJECT / ".pre-commit-hooks.yaml"
    hooks = ruamel.yaml.YAML(typ="safe", pure=True).load(manifest)
    stages = {h["id"]: h["stages"] for h in hooks}
    assert stages == {
        "trinity-block": ["pre-commit", "pre-merge-commit"],
        "trinity-convert": ["pre-commit"],
        "trinity-push": ["post-commit"],
        "trinity-gate": ["pre-push"],
        "trinity-sync": ["post-checkout", "post-merge"],
        "trinity-rewrite": ["post-rewrite"],
        "trinity-lint": ["pre-commit", "pre-push"],
    }
    for hook in hooks:
        wanted = {"always_run": True, "pass_filenames": False, "require_serial": True, "language": "python"}
        assert wanted.items() <= hook.items()
        assert hook["minimum_pre_commit_version"] == "3.2.0"
        assert "types_or" not in hook
        assert hook["entry"].startswith("trinity-guard ")
    # The framework hides what a hook says that passes.
    assert [h["id"] for h in hooks if h.get("verbose")] == ["trinity-convert"]
    written = ruamel.yaml.YAML(typ="safe", pure=True).load(framework.entry())
    assert [h["id"] for h in written[0]["hooks"] if h.get("verbose")] == ["trinity-convert"]


# ---- init --hooks pre-commit ----


@pytest.fixture
def named(bare_repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A plain repository, and `trinity-guard` on the PATH."""
    import os
    import sys

    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "trinity-guard"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{PROJECT}" exec "{sys.executable}" -m trinity_guard "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return bare_repo


def hook(repo: Repo, name: str = "pre-commit") -> bytes:
    path = repo.path / ".git" / "hooks" / name
    return path.read_bytes() if path.exists() else b""


def assert_converts(repo: Repo, name: str) -> None:
    repo.stage(name)
    repo.commit()
    assert repo.tracked(name + ".dvc")
    assert not repo.tracked(name)


@pytest.mark.slow
def test_the_framework_runs_our_hooks_and_uninstall_takes_every_trace_out(named: Repo) -> None:
    before = sorted(p.name for p in (named.path / ".git/hooks").iterdir())
    named.guard("init", "--hooks", "pre-commit")
    assert all(b"pre-commit.com" in hook(named, stage) for stage in framework.STAGES)
    assert named.guard("init").stdout == b"already guarded\n"
    assert_converts(named, "model.pkl")
    named.guard("init", "--uninstall")
    assert sorted(p.name for p in (named.path / ".git/hooks").iterdir()) == before
    assert not named.file(".pre-commit-config.yaml").exists()
    named.stage("b.pkl")
    named.commit()
    assert named.tracked("b.pkl")


@pytest.mark.slow  # the framework makes environments
@pytest.mark.parametrize("name", ["comments everywhere", "other types, flow", "no types"])
def test_an_existing_config_and_a_foreign_hook_come_back_to_the_byte(named: Repo, name: str) -> None:
    data = CONFIGS[name].encode()
    named.stage(".pre-commit-config.yaml", data)
    foreign = named.path / ".git/hooks/pre-commit"
    foreign.write_bytes(b"#!/bin/sh\n: >.git/foreign.log\n")
    foreign.chmod(0o755)
    named.guard("init", "--hooks", "pre-commit")
    assert_converts(named, "model.pkl")
    assert (named.path / ".git/foreign.log").exists()
    named.guard("init", "--uninstall")
    assert named.file(".pre-commit-config.yaml").read_bytes() == data
    assert foreign.read_bytes() == b"#!/bin/sh\n: >.git/foreign.log\n"


@pytest.mark.slow
def test_unstaged_lines_of_the_config_are_not_staged_along(named: Repo) -> None:
    named.stage(".pre-commit-config.yaml", CONFIGS["plain"].encode())
    named.write(".pre-commit-config.yaml", b"# not staged\n" + CONFIGS["plain"].encode())
    done = named.guard("init", "--hooks", "pre-commit")
    assert b"git add .pre-commit-config.yaml" in done.stderr
    assert named.git("show", ":.pre-commit-config.yaml").stdout == CONFIGS["plain"].encode()


@pytest.mark.slow
def test_native_hooks_and_the_framework_are_never_both_there(named: Repo) -> None:
    named.guard("init")
    assert b"trinity-guard hook" in hook(named)
    named.guard("init", "--hooks", "pre-commit")
    assert b"pre-commit.com" in hook(named)
    assert not (named.path / ".git/hooks/pre-commit.legacy").exists()
    assert not hook(named, "pre-applypatch")
    assert_converts(named, "a.pkl")
    named.guard("init", "--hooks", "native")
    assert b"trinity-guard hook" in hook(named)
    assert not named.file(".pre-commit-config.yaml").exists()
    assert_converts(named, "b.pkl")


@pytest.mark.slow
def test_native_hooks_beside_somebody_elses_framework_run_before_it(named: Repo) -> None:
    marked = CONFIGS["plain"].replace("entry: 'true'", "entry: touch .git/fw.log")
    named.stage(".pre-commit-config.yaml", marked.encode())
    import sys

    run(sys.executable, "-m", "pre_commit", "install", cwd=named.path)
    generated = hook(named)
    for again in (False, True):
        # The framework installed once more moves our hook aside, and `init` puts things right.
        if again:
            run(sys.executable, "-m", "pre_commit", "install", cwd=named.path)
            assert_converts(named, "between.pkl")
        named.guard("init")
        assert b"trinity-guard hook" in hook(named)
        assert hook(named, "pre-commit.before-trinity-guard") == generated
        assert not hook(named, "pre-commit.legacy")
        assert_converts(named, f"{again}.pkl")
        assert (named.path / ".git/fw.log").exists()
    assert named.file(".pre-commit-config.yaml").read_bytes() == marked.encode()
    named.guard("init", "--uninstall")
    assert hook(named) == generated


def test_a_config_that_names_our_hooks_by_hand_is_not_extended_and_not_doubled(named: Repo) -> None:
    line = "- {id: trinity-convert, name: c, entry: trinity-guard hook pre-commit --framework, language: system}"
    data = f"repos:\n- repo: local\n  hooks:\n  {line}\n"
    named.stage(".pre-commit-config.yaml", data.encode())
    done = named.guard("init", "--hooks", "native", ok=False)
    assert done.returncode == 2
    assert b"both would run" in done.stderr
    named.guard("init")
    assert data in named.file(".pre-commit-config.yaml").read_text()
    assert named.file(".pre-commit-config.yaml").read_text().count("trinity-convert") == 1


@pytest.mark.parametrize("why", ["hooksPath", "broken", "edited"])
def test_where_the_framework_cannot_work_nothing_is_changed(named: Repo, why: str) -> None:
    if why == "hooksPath":
        named.git("config", "core.hooksPath", ".githooks")
    elif why == "broken":
        named.write(".pre-commit-config.yaml", b"repos: {\n")
    else:
        named.guard("init", "--hooks", "native")
        (named.path / ".git/hooks/pre-commit").write_bytes(hook(named) + b"# mine\n")
    before = named.index(), hook(named)
    done = named.guard("init", "--hooks", "pre-commit", ok=False)
    assert done.returncode == 2
    assert done.stderr.count(b"\n") > 1
    assert (named.index(), hook(named)) == before
    assert why == "edited" or not named.file(".dvc").exists()
