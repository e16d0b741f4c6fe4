"""Places that a cloned config names: asked about once, asked again when they lead elsewhere, never obeyed blindly."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.support import run
from trinity_guard import git
from trinity_guard.dvcrepo import configfile
from trinity_guard.dvcrepo import project as dvcproject
from trinity_guard.errors import BLOCKED, GuardError
from trinity_guard.remotes import trust

S3 = "['remote \"r\"']\n    url = s3://bucket/data\n"


class Clone:
    """A repository with a DVC config, as a clone brings it."""

    def __init__(self, top: Path, config: str) -> None:
        self.top = top
        self.base = b""
        run("git", "init", "-q", top)
        (top / ".dvc").mkdir()
        self.config(config)

    def config(self, text: str, level: str = "") -> None:
        (self.top / ".dvc" / f"config{level}").write_text(text)

    @property
    def place(self) -> git.Place:
        """As each command finds it anew."""
        place = git.Place(os.fsencode(self.top), os.fsencode(self.top / ".git"), os.fsencode(self.top / ".git"))
        place.base = self.base
        return place

    @property
    def project(self) -> dvcproject.Project:
        return dvcproject.load(os.fsencode(self.top))

    def asked(self, name: str = "r") -> str | None:
        project = self.project
        return trust.unconfirmed(self.place, project, project.remotes[name])

    def confirm(self, name: str = "r") -> None:
        trust.confirm(self.place, self.project.remotes[name])

    def recorded(self) -> list[str]:
        done = run("git", "config", "--local", "--get-all", "trinity-guard.trusted", cwd=self.top, ok=False)
        return done.stdout.decode().splitlines()


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path / "clone", S3)


def test_a_place_is_asked_about_once(clone: Clone) -> None:
    assert clone.asked() == "s3://bucket/data"
    with pytest.raises(trust.Untrusted) as caught:
        trust.require(clone.place, clone.project, clone.project.remotes["r"])
    assert "s3://bucket/data" in caught.value.problem
    assert caught.value.remedy.startswith("trinity-guard remote trust r ")
    assert caught.value.exit_code == BLOCKED
    clone.confirm()
    clone.confirm()
    assert clone.asked() is None
    assert clone.recorded() == ["s3://bucket/data"]
    trust.require(clone.place, clone.project, clone.project.remotes["r"])


def test_one_place_is_taken_back_and_no_other(clone: Clone) -> None:
    remote = clone.project.remotes["r"]
    assert trust.unnoted(clone.place, remote) == "s3://bucket/data"
    clone.confirm()
    assert trust.unnoted(clone.place, remote) == ""
    run("git", "config", "--add", "trinity-guard.trusted", "s3://bucket/data/more", cwd=clone.top)
    trust.take_back(clone.place, "s3://bucket/data")
    assert clone.recorded() == ["s3://bucket/data/more"]
    assert clone.asked() == "s3://bucket/data"


@pytest.mark.parametrize(
    "line",
    [
        "endpointurl = http://127.0.0.1:1",
        "use_ssl = false",
        "ssl_verify = false",
        "ssl_verify = ../ca.pem",
        "acl = public-read",
        "profile = x\n    account_name = other",
        "user = other",
        "port = 2222",
        "access_key_id = theirs",
        "connection_string = AccountName=a;AccountKey=hunter2;BlobEndpoint=http://elsewhere/",
        "a_new_option_of_dvc = x",
    ],
)
def test_an_option_that_leads_elsewhere_is_asked_about_again(clone: Clone, line: str) -> None:
    clone.confirm()
    clone.config(f"{S3}    {line}\n")
    asked = clone.asked()
    assert asked is not None
    assert asked.startswith("s3://bucket/data (")
    assert "hunter2" not in asked
    clone.confirm()
    assert clone.asked() is None
    assert "hunter2" not in "".join(clone.recorded())
    clone.config(S3)
    assert clone.asked() is None


def test_a_connection_string_that_leads_elsewhere_is_asked_about_again(clone: Clone) -> None:
    text = '[\'remote "r"\']\nurl = azure://c\nconnection_string = "AccountKey=k;BlobEndpoint=http://HOST/"\n'
    clone.config(text.replace("HOST", "one"))
    clone.confirm()
    clone.config(text.replace("HOST", "two"))
    assert "two" in (clone.asked() or "")


@pytest.mark.parametrize("option", sorted(trust.HARMLESS | {"profile"}))
def test_a_harmless_option_is_not(clone: Clone, option: str) -> None:
    clone.confirm()
    clone.config(f"{S3}    {option} = 1\n")
    assert clone.asked() is None


def test_a_changed_address_is_asked_about_again(clone: Clone) -> None:
    clone.confirm()
    clone.config(S3.replace("bucket", "bucket2"))
    assert clone.asked() == "s3://bucket2/data"


def test_no_address_can_look_like_another_with_options(clone: Clone) -> None:
    clone.config(f"{S3}    endpointurl = http://x\n")
    clone.confirm()
    clone.config(S3.replace("s3://bucket/data", "'s3://bucket/data endpointurl=http://x'"))
    assert clone.asked() is not None


@pytest.mark.parametrize("level", ["local", "GLOBAL", "SYSTEM"])
def test_what_the_user_s_own_config_says_needs_no_question(clone: Clone, level: str) -> None:
    clone.config("[core]\n    remote = r\n")
    if level == "local":
        clone.config(S3, ".local")
    else:
        folder = Path(os.environ[f"DVC_{level}_CONFIG_DIR"])
        folder.mkdir(parents=True)
        (folder / "config").write_text(S3)
    assert clone.asked() is None
    clone.config("['remote \"r\"']\n    jobs = 4\n")
    assert clone.asked() is None
    clone.config("['remote \"r\"']\n    endpointurl = http://127.0.0.1:1\n")
    assert clone.asked() is not None


def test_the_user_s_own_address_below_a_remote_of_the_clone_is_asked_about(clone: Clone) -> None:
    clone.config("['remote \"mine\"']\n    url = remote://r/x\n", ".local")
    assert clone.asked("mine") == "s3://bucket/data/x"
    assert clone.project.remotes["mine"].source == "local"
    assert clone.project.remotes["mine"].sources["url"] == "repo"


def test_a_folder_is_asked_about_by_what_it_really_is(clone: Clone, tmp_path: Path) -> None:
    clone.config("['remote \"r\"']\n    url = ../store\n")
    assert clone.asked() == f"the folder {clone.top}/store"
    clone.confirm()
    assert clone.asked() is None
    (clone.top / "store").symlink_to(tmp_path / "elsewhere")
    assert clone.asked() is not None


def test_names_with_spaces_and_percent_signs_are_kept_apart(clone: Clone, tmp_path: Path) -> None:
    clone.config(f"['remote \"r\"']\n    url = {tmp_path}/a b\n")
    clone.confirm()
    assert clone.recorded() == [f"{tmp_path}/a%20b"]
    clone.config(f"['remote \"r\"']\n    url = {tmp_path}/a%20b\n")
    assert clone.asked() is not None


@pytest.mark.parametrize(("name", "value"), [("TRINITY_GUARD_TRUST", "1"), ("TRINITY_GUARD_TRUST", "true")])
def test_the_environment_can_trust_all(clone: Clone, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, "0")
    assert clone.asked() is not None
    monkeypatch.setenv(name, value)
    assert clone.asked() is None


@pytest.mark.parametrize("scope", ["--local", "--global"])
@pytest.mark.parametrize(("key", "value"), [("trusted", "s3://bucket/data"), ("trust", "true"), ("trust", "Yes")])
def test_git_s_own_config_can_trust(clone: Clone, scope: str, key: str, value: str) -> None:
    run("git", "config", scope, f"trinity-guard.{key}", "no", cwd=clone.top)
    assert clone.asked() is not None
    run("git", "config", scope, f"trinity-guard.{key}", value, cwd=clone.top)
    assert clone.asked() is None


def test_git_s_config_is_asked_once_and_again_after_it_was_changed(
    clone: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, project = clone.place, clone.project
    attempt, asked = git.attempt, []

    def noted(*args: str | bytes, at: bytes | None = None) -> git.Result:
        asked.append(args)
        return attempt(*args, at=at)

    monkeypatch.setattr(git, "attempt", noted)
    assert trust.unconfirmed(place, project, project.remotes["r"]) is not None
    assert trust.unconfirmed(place, project, project.remotes["r"]) is not None
    assert [args[:2] for args in asked] == [("config", "--show-origin")]
    trust.confirm(place, project.remotes["r"])
    assert trust.unconfirmed(place, project, project.remotes["r"]) is None


def test_a_file_of_the_work_tree_that_git_s_config_includes_cannot_trust(clone: Clone) -> None:
    run("git", "config", "--local", "include.path", "../.gitconfig", cwd=clone.top)
    (clone.top / ".gitconfig").write_text("[trinity-guard]\n\ttrust = true\n\ttrusted = s3://bucket/data\n")
    assert run("git", "config", "trinity-guard.trust", cwd=clone.top).stdout == b"true\n"
    assert clone.asked() is not None
    clone.confirm()
    assert clone.recorded() == ["s3://bucket/data"]
    assert clone.asked() is None


def test_nor_can_it_in_a_linked_work_tree_nor_behind_a_link(clone: Clone, tmp_path: Path) -> None:
    (clone.top / ".gitconfig").write_text("[trinity-guard]\n\ttrust = true\n")
    run("git", "add", "-A", cwd=clone.top)
    run("git", "commit", "-q", "-m", "x", cwd=clone.top)
    run("git", "worktree", "add", "-q", tmp_path / "linked", cwd=clone.top)
    own = clone.place.git_dir + b"/worktrees/linked"

    def linked() -> git.Place:
        return git.Place(os.fsencode(tmp_path / "linked"), own, clone.place.git_dir)

    (tmp_path / "link").symlink_to(clone.top / ".gitconfig")
    for include in ("../.gitconfig", str(tmp_path / "link")):
        run("git", "config", "--local", "include.path", include, cwd=clone.top)
        assert run("git", "config", "trinity-guard.trust", cwd=tmp_path / "linked").stdout == b"true\n"
        for place in (clone.place, linked()):
            project = dvcproject.load(place.top)
            assert trust.unconfirmed(place, project, project.remotes["r"]) is not None
    run("git", "config", "extensions.worktreeConfig", "true", cwd=clone.top)
    run("git", "config", "--worktree", "trinity-guard.trust", "true", cwd=tmp_path / "linked")
    assert trust.unconfirmed(linked(), project, project.remotes["r"]) is None


def test_a_git_dir_that_a_text_beside_it_names_is_no_work_tree(tmp_path: Path) -> None:
    """`.bare`, the text `.git`, and a folder for each branch: a layout that many like."""
    project, bare = tmp_path / "project", tmp_path / "project" / ".bare"
    run("git", "init", "-q", "--bare", bare)
    config = os.fsencode(bare / "config")
    assert not trust._in_work_tree(config)
    (project / ".git").write_text("gitdir: ./.bare\n")
    assert not trust._in_work_tree(config)
    for other in ("gitdir: ./.bar\n", "gitdir: main\n", "./.bare\n"):
        (project / ".git").write_text(other)
        assert trust._in_work_tree(config), other
    (project / ".git").write_text("gitdir: ./.bare\n")
    (project / "link").symlink_to(project / "main.config")
    assert trust._in_work_tree(os.fsencode(project / "main.config"))
    assert trust._in_work_tree(os.fsencode(project / "link"))


OTHER = "['remote \"r\"']\n    url = s3://evil/data\n"


@pytest.mark.parametrize("by", ["environment", "Git's config"])
@pytest.mark.parametrize(
    ("changed", "trusted"),
    [
        (S3, True),
        (OTHER, False),
        (S3 + "    endpointurl = https://evil.example\n", False),
        (S3 + "[core]\n    remote = r\n", True),
        (S3.replace('"r"', '"q"'), True),
        (OTHER + S3.replace('"r"', '"q"'), False),
        (S3 + "[cache]\n    dir = ../../elsewhere\n", True),
    ],
)
def test_trusting_all_means_all_that_the_commits_start_from_names(
    clone: Clone, monkeypatch: pytest.MonkeyPatch, by: str, changed: str, trusted: bool
) -> None:
    run("git", "add", "-A", cwd=clone.top)
    run("git", "commit", "-q", "-m", "base", cwd=clone.top)
    monkeypatch.chdir(clone.top)
    clone.base = run("git", "rev-parse", "HEAD", cwd=clone.top).stdout.strip()
    if by == "environment":
        monkeypatch.setenv("TRINITY_GUARD_TRUST", "1")
    else:
        run("git", "config", "trinity-guard.trust", "true", cwd=clone.top)
    clone.config(changed)
    name = "r" if '"r"' in changed else "q"
    assert (clone.asked(name) is None) == trusted
    if "[cache]" in changed:
        assert trust.unconfirmed_cache(clone.place, clone.project) is not None
    if not trusted:
        with pytest.raises(trust.Untrusted):
            trust.require(clone.place, clone.project, clone.project.remotes[name])
        clone.confirm(name)
        assert clone.asked(name) is None
    clone.base = b""
    assert clone.asked(name) is None


def test_in_a_ci_the_base_is_what_the_event_says(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    run("git", "add", "-A", cwd=clone.top)
    run("git", "commit", "-q", "-m", "base", cwd=clone.top)
    monkeypatch.chdir(clone.top)
    sha = run("git", "rev-parse", "HEAD", cwd=clone.top).stdout.decode().strip()
    for key, value in {"GITLAB_CI": "true", "CI_MERGE_REQUEST_DIFF_BASE_SHA": sha, "TRINITY_GUARD_TRUST": "1"}.items():
        monkeypatch.setenv(key, value)
    assert clone.asked() is None
    clone.config(OTHER)
    with pytest.raises(trust.Untrusted, match="what they start from does not"):
        trust.require(clone.place, clone.project, clone.project.remotes["r"])
    monkeypatch.setenv("CI_MERGE_REQUEST_DIFF_BASE_SHA", "1" * 40)
    with pytest.raises(GuardError, match="is not in this clone"):
        clone.asked()


def test_in_a_ci_that_is_not_known_the_base_is_the_branch_that_all_goes_into(
    clone: Clone, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run("git", "add", "-A", cwd=clone.top)
    run("git", "commit", "-q", "-m", "base", cwd=clone.top)
    run("git", "clone", "-q", "--bare", clone.top, tmp_path / "hub.git")
    run("git", "remote", "add", "origin", tmp_path / "hub.git", cwd=clone.top)
    monkeypatch.chdir(clone.top)
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("TRINITY_GUARD_TRUST", "1")
    with pytest.raises(GuardError, match="origin/HEAD, is not here") as caught:
        clone.asked()
    run("bash", "-c", f"{caught.value.remedy} 2>&1", cwd=clone.top)
    assert clone.asked() is None
    clone.config(OTHER)  # as a pull request has it
    with pytest.raises(trust.Untrusted, match="what they start from does not"):
        trust.require(clone.place, clone.project, clone.project.remotes["r"])


def test_git_s_broken_config_blocks(clone: Clone) -> None:
    (clone.top / ".git/config").write_text("[broken\n")
    with pytest.raises(GuardError, match="git config"):
        clone.asked()


# ---- never, whatever is trusted


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("bearer_token_command = touch pwned", "runs a program"),
        ("configpath = aws", "names a file of the repository"),
        ("credentialpath = ../aws", "names a file of the repository"),
        ("keyfile = ../sub/../key", "names a file of the repository"),
        ("cert_path = LINK/key", "names a file of the repository"),
    ],
)
def test_a_clone_runs_no_program_and_hands_over_no_file(
    clone: Clone, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str, said: str
) -> None:
    (tmp_path / "link").symlink_to(clone.top)
    line = line.replace("LINK", str(tmp_path / "link"))
    monkeypatch.setenv("TRINITY_GUARD_TRUST", "1")
    clone.config(f"{S3}    {line}\n")
    remote = clone.project.remotes["r"]
    uses: list[Callable[[], None]] = [
        lambda: trust.require(clone.place, clone.project, remote),
        lambda: trust.confirm(clone.place, remote),
    ]
    for use in uses:
        with pytest.raises(GuardError) as caught:
            use()
        assert said in caught.value.problem
        assert "dvc remote modify --unset r " + line.split()[0] in caught.value.remedy
        assert "pwned" not in caught.value.problem
    assert clone.recorded() == []


def test_the_same_options_are_fine_in_the_user_s_own_config(clone: Clone) -> None:
    clone.confirm()
    clone.config("['remote \"r\"']\n    bearer_token_command = x\n    configpath = aws\n", ".local")
    trust.require(clone.place, clone.project, clone.project.remotes["r"])
    assert trust.forbidden(clone.place, clone.project.remotes["r"]) == ""


def test_a_file_outside_of_the_repository_is_only_asked_about(clone: Clone) -> None:
    clone.config(f"{S3}    credentialpath = ~/.aws/other\n")
    assert "credentialpath" in (clone.asked() or "")
    clone.confirm()
    trust.require(clone.place, clone.project, clone.project.remotes["r"])


# ---- the cache


def test_a_cache_that_a_clone_leads_out_of_the_work_tree_is_asked_about(clone: Clone, tmp_path: Path) -> None:
    clone.config("[cache]\n    dir = ../../shared\n")
    with pytest.raises(trust.Untrusted) as caught:
        trust.require_cache(clone.place, clone.project)
    assert f"the cache {tmp_path}/shared is outside" in caught.value.problem
    assert clone.project.cache_source == "repo"
    trust.confirm_cache(clone.place, clone.project)
    trust.require_cache(clone.place, clone.project)
    assert clone.recorded() == [f"cache {tmp_path}/shared"]
    clone.config("[cache]\n    dir = ../../other\n")
    assert trust.unconfirmed_cache(clone.place, clone.project)


@pytest.mark.parametrize(
    ("repo", "local"),
    [("", ""), ("[cache]\n    dir = ../inside\n", ""), ("", "[cache]\n    dir = /srv/mine\n"),
     ("[cache]\n    dir = /srv/theirs\n", "[cache]\n    dir = /srv/mine\n")],
)  # fmt: skip
def test_a_cache_inside_or_named_by_the_user_is_not(clone: Clone, repo: str, local: str) -> None:
    clone.config(repo)
    clone.config(local, ".local")
    trust.require_cache(clone.place, clone.project)


def test_a_cache_by_a_remote_of_the_clone_is_asked_about(clone: Clone, tmp_path: Path) -> None:
    clone.config(f"['remote \"c\"']\n    url = {tmp_path}/c\n")
    clone.config("[cache]\n    local = c\n", ".local")
    assert trust.unconfirmed_cache(clone.place, clone.project)


def test_a_symlinked_cache_is_asked_about_when_git_brought_it(clone: Clone, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (clone.top / ".dvc/cache").symlink_to(tmp_path / "elsewhere")
    trust.require_cache(clone.place, clone.project)
    run("git", "add", "-f", ".dvc/cache", cwd=clone.top)
    with pytest.raises(trust.Untrusted):
        trust.require_cache(clone.place, clone.project)


PLANTED = [".dvc/config.local", ".dvc/tmp", ".dvc/tmp/trinity-guard-tmp", ".dvc/cache/trinity-guard-tmp"]
PLANTED += [
    ".dvc/cache/files",
    ".dvc/cache/files/md5",
    ".dvc/cache/files/md5/ab",
    ".dvc/cache/ab",
    ".dvc/config",
    ".dvc/.gitignore",
]


@pytest.mark.parametrize("name", PLANTED)
def test_what_only_this_machine_may_have_in_dvc_is_refused_when_git_brought_it(
    clone: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("TRINITY_GUARD_TRUST", "1")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    file = clone.top / name
    file.parent.mkdir(parents=True, exist_ok=True)
    if name.endswith("config.local"):
        file.write_text(S3)
    else:
        text = file.read_text() if file.exists() else ""
        file.unlink(missing_ok=True)
        (elsewhere / "config").write_text(text)
        file.symlink_to(elsewhere / "config" if text else elsewhere)
    remote = clone.project.remotes["r"]
    # The user's own link, or secrets, that nobody committed:
    trust.require(clone.place, clone.project, remote)
    trust.require_cache(clone.place, clone.project)
    run("git", "add", "-f", name, cwd=clone.top)
    uses: list[Callable[[], None]] = [
        lambda: trust.require(clone.place, clone.project, remote),
        lambda: trust.require_cache(clone.place, clone.project),
        lambda: trust.confirm_cache(clone.place, clone.project),
    ]
    for use in uses:
        with pytest.raises(GuardError) as caught:
            use()
        assert caught.value.problem.startswith(f"{name} came with the repository")
        assert caught.value.remedy.startswith(f"git rm --cached -- '{name}'")
    run("git", "rm", "-q", "--cached", name, cwd=clone.top)
    trust.require_cache(clone.place, clone.project)


def test_a_config_local_of_another_case_or_of_a_submodule_is_refused(clone: Clone, tmp_path: Path) -> None:
    (clone.top / ".dvc/config.local").write_text(S3)
    oid = run("git", "hash-object", "-w", ".dvc/config.local", cwd=clone.top).stdout.decode().strip()
    run("git", "update-index", "--add", "--cacheinfo", f"100644,{oid},.DVC/Config.local", cwd=clone.top)
    with pytest.raises(GuardError, match="came with the repository"):
        trust.require_cache(clone.place, clone.project)
    run("git", "update-index", "--force-remove", ".DVC/Config.local", cwd=clone.top)
    trust.require_cache(clone.place, clone.project)
    run("git", "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},.dvc", cwd=clone.top)
    with pytest.raises(GuardError, match="came with the repository"):
        trust.require_cache(clone.place, clone.project)


def test_neither_cache_nor_remote_of_a_clone_lies_in_the_git_dir(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRINITY_GUARD_TRUST", "1")
    clone.config("[cache]\n    dir = ../.git/objects\n['remote \"r\"']\n    url = ../.git/hooks\n")
    with pytest.raises(GuardError, match="lies in the git dir"):
        trust.require_cache(clone.place, clone.project)
    with pytest.raises(GuardError, match="into the git dir"):
        trust.require(clone.place, clone.project, clone.project.remotes["r"])
    clone.config("['remote \"r\"']\n    url = ../.git/mine\n", ".local")
    trust.require(clone.place, clone.project, clone.project.remotes["r"])


def test_forgetting_takes_all_out(clone: Clone) -> None:
    clone.confirm()
    trust.forget(clone.place)
    assert clone.recorded() == []
    assert clone.asked()


SPELLINGS = ["['remote \"R\"']", "['remote  \"r\" ']", "['remote \"r\"']", "['Remote \"r\"']", "[\"remote 'r'\"]"]


@pytest.mark.parametrize("order", list(itertools.permutations(range(len(SPELLINGS)), 3)))
def test_of_a_remote_in_several_spellings_the_one_that_dvc_uses_is_judged(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    from dvc.config import Config

    lines = [f"{SPELLINGS[n]}\n    url = s3://bucket/{n}\n" for n in order]
    (tmp_path / "config").write_text("".join(lines))
    theirs = Config.load_file(str(tmp_path / "config"))["remote"].get("r")
    ours = configfile.parse("".join(lines).encode(), b"config").get('remote "r"')
    assert ours == theirs
