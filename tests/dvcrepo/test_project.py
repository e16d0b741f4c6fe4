"""A DVC project read without dvc says what dvc itself says; the real DVC is the oracle."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.support import PROJECT, run
from trinity_guard.dvcrepo.project import Project, load, root_of
from trinity_guard.errors import UNUSABLE, GuardError


def project(path: Path, config: str = "", local: str = "") -> Path:
    """Make a folder that is a DVC project with this config."""
    (path / ".dvc" / "tmp").mkdir(parents=True)
    run("git", "init", "-q", path)
    (path / ".dvc" / "config").write_text(config)
    if local:
        (path / ".dvc" / "config.local").write_text(local)
    return path


def level(name: str, config: str) -> None:
    """Write the config of a level outside of the repository: GLOBAL or SYSTEM."""
    folder = Path(os.environ[f"DVC_{name}_CONFIG_DIR"])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config").write_text(config)


ASK_DVC = """if True:
    import json, os, sys
    from dvc.repo import Repo
    answers = []
    for root in sys.argv[1:]:
        repo = Repo(root, uninitialized=False)
        remotes = {}
        for name in repo.config["remote"]:
            try:
                odb = repo.cloud.get_remote_odb(name)
                local = odb.fs.protocol == "local"
                path = os.path.dirname(os.path.dirname(odb.path))
                remotes[name] = os.path.normpath(path) if local else None
            except Exception as error:
                remotes[name] = None
        answers.append({
            "cache": os.path.normpath(repo.cache.local_cache_dir),
            "remotes": remotes,
            "default": repo.config["core"].get("remote"),
            "no_scm": repo.config["core"]["no_scm"],
            "autostage": repo.config["core"]["autostage"],
            "shared": repo.config["cache"].get("shared") == "group",
            "types": repo.config["cache"].get("type") or ["reflink", "copy"],
        })
    print(json.dumps(answers))
"""


def as_dvc(roots: list[Path]) -> list[dict[str, Any]]:
    done = run(sys.executable, "-c", ASK_DVC, *roots)
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def as_we(found: Project) -> dict[str, Any]:
    return {
        "cache": os.fsdecode(found.cache_dir),
        "remotes": {n: None if r.local is None else os.fsdecode(r.local) for n, r in found.remotes.items()},
        "default": found.default_remote,
        "no_scm": found.no_scm,
        "autostage": found.autostage,
        "shared": found.shared,
        "types": found.cache_types,
    }


CONFIGS = {
    "empty": ("", ""),
    "as dvc writes it": ("[core]\n    remote = storage\n['remote \"storage\"']\n    url = ../../storage\n", ""),
    "unquoted section": ('[remote "Storage"]\nurl = ../s\n[core]\nremote = STORAGE\n', ""),
    "upper case": ("[CORE]\nRemote = X\nNO_SCM = True\n['REMOTE \"X\"']\nURL = /abs/x\n", ""),
    "relative cache": ("[cache]\n    dir = ../../cache\n    shared = group\n", ""),
    "absolute cache": ("[cache]\ndir = /tmp/some/../cache\ntype = reflink,hardlink, copy\n", ""),
    "home": ("[cache]\ndir = ~/cache\ntype = \"symlink,copy\"\n['remote \"h\"']\nurl = ~/remote\n", ""),
    "local wins": (
        "[cache]\ndir = a\nshared = group\n[core]\nremote = one\nautostage = false\n['remote \"one\"']\nurl = one\n",
        "[cache]\ndir = b\n[core]\nremote = two\nautostage = true\n['remote \"two\"']\nurl = two\n",
    ),
    "local adds to a remote": ("['remote \"r\"']\nurl = r\n", "['remote \"r\"']\njobs = 4\nverify = true\n"),
    "local renames a url": ("['remote \"r\"']\nurl = r\njobs = 4\n", "['remote \"r\"']\nurl = ../other\n"),
    "services": ("['remote \"a\"']\nurl = s3://bucket/x\n['remote \"b\"']\nurl = https://example.invalid/x\n", ""),
    "remote of a remote": ("['remote \"base\"']\nurl = base\n['remote \"sub\"']\nurl = remote://base/deep/er\n", ""),
    "comments and odd spaces": (
        "# c\n\n  [ core ]  \n\tremote=r # why\n ['remote \"r\"'] # it\n  url   =   'with space/r'\n", ""
    ),
    "crlf": ("[core]\r\n    remote = r\r\n['remote \"r\"']\r\n    url = r\r\n", ""),
    "not ascii": ("['remote \"é\"']\nurl = données/é\n[core]\nremote = É\n", ""),
    "quotes": ('[cache]\ndir = "a, b"\n', ""),
    "cache by a remote": ("[cache]\nlocal = c\n['remote \"c\"']\nurl = ../elsewhere\n", ""),
}  # fmt: skip


@pytest.mark.slow
def test_cache_remotes_and_switches_are_those_that_dvc_sees(tmp_path: Path) -> None:
    level("SYSTEM", "[core]\nremote = sys\n['remote \"sys\"']\nurl = sysdir\n[cache]\ntype = copy\n")
    level("GLOBAL", "['remote \"glob\"']\nurl = ../globdir\nverify = true\n['remote \"sys\"']\njobs = 2\n")
    roots = [project(tmp_path / f"p{n}", *texts) for n, texts in enumerate(CONFIGS.values())]
    answers = as_dvc(roots)
    for name, root, answer in zip(CONFIGS, roots, answers, strict=True):
        assert as_we(load(os.fsencode(root))) == answer, name
    assert answers[0]["default"] == "sys"
    assert answers[0]["remotes"]["sys"].endswith("dvc-system/sysdir")


def test_each_remote_says_which_file_names_its_url_and_keeps_all_its_options(tmp_path: Path) -> None:
    level("GLOBAL", "['remote \"r\"']\nurl = g\nuser = me\n['remote \"g\"']\nurl = s3://b/p\n")
    root = project(tmp_path / "p", "['remote \"r\"']\nurl = ../x\nkeyfile = key\n", "['remote \"r\"']\npassword = p\n")
    remotes = load(os.fsencode(root)).remotes
    assert (remotes["r"].source, remotes["g"].source) == ("repo", "global")
    assert remotes["r"].local == os.fsencode(root / "x")
    assert remotes["r"].options == {
        "url": str(root / "x"), "user": "me", "password": "p", "keyfile": str(root / ".dvc" / "key"),
    }  # fmt: skip
    assert (remotes["g"].url, remotes["g"].local) == ("s3://b/p", None)


BROKEN = {
    "no equals": ("[core]\nremote\n", "in line 2"),
    "unclosed section": ("[core]\nremote = x\n[cache\n", "in line 3"),
    "duplicate key": ("[core]\nremote = x\nremote = y\n", "in line 3"),
    "duplicate section": ("[core]\n[core]\n", "in line 2"),
    "unclosed quote": ('[cache]\ndir = "x\n', "in line 2"),
    "outside a section": ("remote = x\n", "outside of all sections"),
    "no url": ("[core]\nremote = x\n['remote \"x\"']\njobs = 2\n", "in line 4"),
    "not a bool": ("[core]\n\nno_scm = maybe\n", "in line 3"),
    "not group": ("[cache]\nshared = all\n", "in line 2"),
    "a list for a url": ("['remote \"x\"']\nurl = a,b\n", "in line 2"),
    "cache on a service": ("[cache]\ndir = s3://bucket\n", "in line 2"),
    "link type": ("[cache]\ntype = softlink\n", "in line 2"),
    "a circle": ("['remote \"a\"']\nurl = remote://b\n['remote \"b\"']\nurl = remote://a\n", "refers to itself"),
    "no such base": ("['remote \"a\"']\nurl = remote://b/c\n", "in line 2"),
    "conflict": ("<<<<<<< HEAD\n[core]\n=======\n>>>>>>> x\n", "in line 1"),
}


@pytest.mark.parametrize(("config", "words"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_config_is_refused_with_file_and_line(tmp_path: Path, config: str, words: str) -> None:
    root = project(tmp_path / "p", config)
    with pytest.raises(GuardError) as caught:
        load(os.fsencode(root))
    assert str(root / ".dvc" / "config") in caught.value.problem
    assert words in caught.value.problem
    assert caught.value.exit_code == UNUSABLE
    assert caught.value.remedy


def test_what_we_call_broken_dvc_calls_broken_too(tmp_path: Path) -> None:
    configs = [CONFIGS["relative cache"][0], *(config for config, _ in BROKEN.values())]
    roots = [project(tmp_path / f"p{n}", config) for n, config in enumerate(configs)]
    script = """if True:
        import sys
        from dvc.repo import Repo
        for root in sys.argv[1:]:
            try:
                repo = Repo(root)
                for name in repo.config["remote"]:
                    repo.cloud.get_remote_odb(name)
                print("fine")
            except BaseException as error:
                print(type(error).__name__)
    """
    sound, *answers = run(sys.executable, "-c", script, *roots).stdout.decode().split()
    assert sound == "fine"
    assert [c for c, a in zip(BROKEN, answers, strict=True) if a == "fine"] == []


def test_a_file_url_is_refused_since_dvc_pushes_to_a_folder_of_that_name(tmp_path: Path) -> None:
    root = project(tmp_path / "p", f"[core]\nremote = f\n['remote \"f\"']\nurl = file://{tmp_path}/store\n")
    (root / "x.csv").write_text("a,b\n")
    run(sys.executable, "-m", "dvc", "add", "-q", "x.csv", cwd=root)
    run(sys.executable, "-m", "dvc", "push", "-q", cwd=root)
    assert (root / "file:").is_dir()
    assert not (tmp_path / "store").exists()
    with pytest.raises(GuardError, match=r"in line 4: .*file:// address.*write the plain path"):
        load(os.fsencode(root))


def test_a_config_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    root = project(tmp_path / "p")
    (root / ".dvc" / "config").unlink()
    (root / ".dvc" / "config").mkdir()
    with pytest.raises(GuardError, match="cannot be read"):
        load(os.fsencode(root))
    (root / ".dvc" / "config").rmdir()
    assert load(os.fsencode(root)).cache_dir == os.fsencode(root / ".dvc" / "cache")
    (root / ".dvc" / "config").write_bytes(b"[core]\nremote = \xff\n")
    with pytest.raises(GuardError, match="UTF-8 in line 2"):
        load(os.fsencode(root))


def test_a_deep_project_is_found_before_a_higher_one_and_none_above_the_top(tmp_path: Path) -> None:
    for folder in (".dvc", "top/sub/.dvc", "top/sub/deep/er", "top/other"):
        (tmp_path / folder).mkdir(parents=True)
    top = os.fsencode(tmp_path / "top")
    assert root_of(top, b"sub/x.csv") == b"sub"
    assert root_of(top, b"sub/deep/er/x.csv") == b"sub"
    assert root_of(top, b"other/x.csv") is None
    assert root_of(top, b"x.csv") is None
    (tmp_path / "top/.dvc").write_text("a file is no project")
    assert root_of(top, b"x.csv") is None
    (tmp_path / "top/.dvc").unlink()
    (tmp_path / "top/.dvc").mkdir()
    (tmp_path / "top/sub/deep/.dvc").mkdir()
    known: dict[bytes, bool] = {}
    assert root_of(top, b"x.csv", known) == b""
    assert root_of(top, b"other/x.csv", known) == b""
    assert root_of(top, b"sub/deep/er/x.csv", known) == b"sub/deep"
    assert known == {b"": True, b"other": False, b"sub/deep/er": False, b"sub/deep": True}


def test_ordinary_settings_need_no_heavy_import(tmp_path: Path) -> None:
    root = project(tmp_path / "p", *CONFIGS["local wins"])
    (root / ".dvcignore").write_text("# Add patterns of files dvc should ignore\n")
    script = f"""if True:
        import os, sys
        before = set(sys.modules)
        from trinity_guard.dvcrepo.pipeline import pipeline_outs
        from trinity_guard.dvcrepo.dvcignore import dvcignored
        from trinity_guard.dvcrepo.project import load, root_of
        root = os.fsencode({str(root)!r})
        assert root_of(root, b"a/b/x.csv") == b""
        assert load(root).default_remote == "two"
        assert dvcignored(root, b"a/b/x.csv") is None
        assert pipeline_outs(b"vars: []\\n", None, b"dvc.yaml") == []
        print(*sorted(m for m in set(sys.modules) - before if not m.startswith("trinity_guard")))
    """
    env = {**os.environ, "PYTHONPATH": str(PROJECT)}
    loaded = subprocess.run([sys.executable, "-S", "-c", script], env=env, capture_output=True, check=True, text=True)
    assert loaded.stdout.split() == ["__future__", "select"]  # what starts processes waits for them by it


def test_a_remote_says_which_level_each_of_its_options_comes_from(tmp_path: Path) -> None:
    level("GLOBAL", "['remote \"r\"']\nuser = me\n")
    root = project(
        tmp_path / "p",
        "['remote \"r\"']\nurl = s3://b\nport = 1\nversion_aware = True\n['remote \"s\"']\nurl = /srv\n",
        "['remote \"r\"']\nport = 2\n['remote \"t\"']\nurl = remote://s/x\n",
    )
    remotes = load(os.fsencode(root)).remotes
    assert remotes["r"].sources == {"url": "repo", "user": "global", "port": "local", "version_aware": "repo"}
    assert (remotes["t"].source, remotes["t"].sources) == ("local", {"url": "repo"})
    assert [remotes[name].versioned for name in "rst"] == [True, False, False]


@pytest.mark.parametrize(
    ("config", "local", "source", "outside"),
    [
        ("", "", "", False),
        ("[cache]\ndir = ../in\n", "", "repo", False),
        ("[cache]\ndir = ../../out\n", "", "repo", True),
        ("[cache]\ndir = in\n", "[cache]\ndir = /out\n", "local", True),
    ],
)
def test_a_project_says_who_names_its_cache_and_whether_it_is_outside(
    tmp_path: Path, config: str, local: str, source: str, outside: bool
) -> None:
    root = project(tmp_path / "p", config, local)
    found = load(os.fsencode(root))
    assert (found.cache_source, found.cache_outside(os.fsencode(root))) == (source, outside)


def test_remotes_in_nested_sections_are_seen_as_dvc_sees_them(tmp_path: Path) -> None:
    root = project(tmp_path / "p", "[core]\nremote = n\n[remote]\n  [[n]]\n    URL = ../store\n    jobs = 3\n")
    assert as_we(load(os.fsencode(root))) == as_dvc([root])[0]
    assert load(os.fsencode(root)).remotes["n"].options == {"url": str(root / "store"), "jobs": "3"}


@pytest.mark.parametrize("line", ["password hunter2", "password = %(hunter2)s", "url = remote://me:hunter2@x/"])
def test_no_message_about_a_config_repeats_a_password(tmp_path: Path, line: str) -> None:
    root = project(tmp_path / "p", f"['remote \"r\"']\n{line}\n")
    with pytest.raises(GuardError) as caught:
        load(os.fsencode(root))
    assert "hunter2" not in caught.value.problem + caught.value.remedy
