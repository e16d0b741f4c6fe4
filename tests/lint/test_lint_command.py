"""`trinity-guard lint` on the command line: what it looks at, what it refuses, the baseline, --fix, the framework."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.helpers.support import PROJECT, Repo, run


def lint(repo: Repo, *args: str, **env: str) -> tuple[int, str, str]:
    done = repo.guard("lint", *args, ok=False, **env)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_nothing_found_is_nothing_said(repo: Repo) -> None:
    for args in ([], ["--all"], ["--rev", "HEAD"], ["--range", "HEAD"]):
        assert lint(repo, *args) == (0, "", "")


def test_the_index_counts_not_the_working_tree(bare_repo: Repo) -> None:
    bare_repo.write("loose.pkl")
    bare_repo.stage("a.txt", b"text\n")
    bare_repo.write("a.txt", b"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00]\x94.")
    assert lint(bare_repo)[0] == 0
    bare_repo.git("add", "a.txt")
    assert lint(bare_repo)[0] == 1


def test_all_is_head_and_the_index_and_each_thing_is_said_once(bare_repo: Repo) -> None:
    bare_repo.stage("committed.pkl", b"1")
    bare_repo.stage("both.pkl", b"2")
    bare_repo.commit()
    bare_repo.git("rm", "-q", "--cached", "committed.pkl")
    bare_repo.stage("staged.pkl", b"3")
    code, said, _ = lint(bare_repo, "--all")
    assert code == 1
    assert [said.count(name + "\n  TG001") for name in ("committed.pkl", "both.pkl", "staged.pkl")] == [1, 1, 1]
    assert "3 findings in HEAD and the index" in said
    assert "committed.pkl" not in lint(bare_repo)[1]
    assert "staged.pkl" not in lint(bare_repo, "--rev", "HEAD")[1]


@pytest.mark.parametrize("start", ["HEAD", "HEAD~1..HEAD"])
def test_a_pipeline_leaves_a_file_to_git_whether_or_not_the_range_brings_it(bare_repo: Repo, start: str) -> None:
    left = b"stages:\n  s:\n    cmd: x\n    metrics:\n    - m.csv:\n        cache: false\n"
    bare_repo.stage("dvc.yaml", left)
    bare_repo.commit()
    bare_repo.stage("m.csv", b"a,b\n1,2\n")
    bare_repo.stage("other.csv", b"a,b\n1,2\n")
    bare_repo.commit()
    for paths in ((), ("m.csv", "other.csv")):
        said = lint(bare_repo, "--range", start, "--rules", "TG001", "--", *paths)[1]
        assert [line for line in said.splitlines() if line in ("m.csv", "other.csv")] == ["other.csv"]


def test_paths_are_meant_from_where_one_stands(bare_repo: Repo) -> None:
    bare_repo.stage("one/a.pkl", b"1")
    bare_repo.stage("one-more/b.pkl", b"2")
    bare_repo.stage("-c.pkl", b"3")
    inside = Repo(bare_repo.path / "one")
    assert "one-more" in lint(inside)[1]
    for repo, path in ((inside, "."), (inside, "a.pkl"), (bare_repo, "one"), (bare_repo, "one/")):
        code, said, _ = lint(repo, path)
        assert (code, said.count("TG001"), "one/a.pkl" in said) == (1, 1, True)
    assert "cd ..     # its commands are for there" in lint(inside)[2]
    assert lint(bare_repo)[2] == ""
    code, said, _ = lint(bare_repo, "--", "-c.pkl")
    assert (code, said.count("TG001")) == (1, 1)
    for path in ("nothing", "one/a", "one/a.pkl/b", "..", ".git"):
        code, said, words = lint(bare_repo, path)
        assert (code, said) == (2, "")
        assert words


@pytest.mark.parametrize(
    ("args", "files"), [([], 3), (["one"], 1), (["--rev", "HEAD"], 3), (["--range", "HEAD..HEAD"], 0), (["--all"], 3)]
)
def test_it_says_of_how_many_files_it_looked_at(bare_repo: Repo, args: list[str], files: int) -> None:
    for name in ("one/a.txt", "two/b.txt", "two/c.txt"):
        bare_repo.stage(name, b"text\n")
    bare_repo.commit()
    assert json.loads(lint(bare_repo, *args, "--format", "json")[1])["files"] == files
    bare_repo.stage("two/b.txt", b"other\n")  # of HEAD, --all looks at what the index has otherwise
    more = int("--all" in args)
    assert json.loads(lint(bare_repo, *args, "--format", "json")[1])["files"] == files + more


@pytest.mark.parametrize(
    "args",
    [
        ["--nonsense"],
        ["--format", "xml"],
        ["--format"],
        ["--rev="],
        ["--all", "--rev", "HEAD"],
        ["--rev", "HEAD", "--range", "HEAD"],
        ["--explain", "TG099"],
        ["--rules", "TG001,nope"],
        ["--rules", " , "],
        ["--rules", "TG003"],
        ["--rev", "HEAD^{tree}"],
        ["--rev", "nope"],
        ["--reason", "x"],
        ["--fix", "--all"],
        ["--update-baseline"],
        ["--baseline", "gone"],
        [""],
    ],
)
def test_wrong_usage_is_exit_code_2(bare_repo: Repo, args: list[str]) -> None:
    bare_repo.stage("a.pkl", b"1")
    bare_repo.commit()
    code, said, words = lint(bare_repo, *args)
    assert (code, said) == (2, "")
    assert words.startswith("trinity-guard: ")
    assert "\n    " in words


def test_help_and_explain_need_no_repository(tmp_path: Path) -> None:
    for args, words in ((["--help"], "Example: trinity-guard lint"), (["--explain", "TG002"], "## TG002")):
        code, said, _ = lint(Repo(tmp_path), *args)
        assert (code, words in said) == (0, True)
    assert lint(Repo(tmp_path))[0] == 2


def test_quiet_tells_findings_all_the_same(bare_repo: Repo) -> None:
    assert bare_repo.guard("-q", "lint").stdout == b""
    bare_repo.stage("a.pkl", b"1")
    assert b"TG001" in bare_repo.guard("-q", "lint", ok=False).stdout


def test_it_can_be_skipped_aloud(bare_repo: Repo) -> None:
    bare_repo.stage("a.pkl", b"1")
    code, said, words = lint(bare_repo, TRINITY_GUARD_SKIP="lint")
    assert (code, said) == (0, "")
    assert "lint skipped" in words


def test_a_broken_config_or_a_conflict_is_no_clean_bill(bare_repo: Repo) -> None:
    bare_repo.stage("a.pkl", b"1")
    bare_repo.write(".trinity-guard.toml", b"patterns = 3\n")
    assert lint(bare_repo)[0] == 2
    bare_repo.file(".trinity-guard.toml").unlink()
    oid = bare_repo.index()[b"a.pkl"][1].decode()
    bare_repo.git("rm", "-q", "--cached", "a.pkl")
    entries = "".join(f"100644 {oid} {stage}\ta.txt\n" for stage in (1, 2, 3))
    run("git", "update-index", "--index-info", cwd=bare_repo.path, data=entries.encode())
    code, said, words = lint(bare_repo)
    assert (code, said) == (2, "")
    assert "a.txt is in conflict" in words


# ---- objects that cannot be read


def loose(repo: Repo, oid: str) -> Path:
    return repo.path / ".git/objects" / oid[:2] / oid[2:]


@pytest.mark.parametrize("name", ["a.txt", "x.dvc", "dvc.lock", ".dvc/config"])
@pytest.mark.parametrize("how", ["gone", "empty", "garbage", "cut"])
def test_a_blob_that_cannot_be_read_is_named(bare_repo: Repo, name: str, how: str) -> None:
    bare_repo.stage(name, b"['remote \"x\"']\n    password = hunter2\n" * 40)
    bare_repo.commit()
    oid = bare_repo.index()[name.encode()][1].decode()
    file = loose(bare_repo, oid)
    data = file.read_bytes()
    file.chmod(0o644)
    file.write_bytes({"gone": b"", "empty": b"", "garbage": b"garbage", "cut": data[:20]}[how])
    if how == "gone":
        file.unlink()
    for args in ([], ["--rev", "HEAD"], ["--range", "HEAD"]):
        code, said, words = lint(bare_repo, *args)
        assert (code, said) == (2, ""), args
        assert oid in words
        assert "Traceback" not in words
        assert "hunter2" not in words


@pytest.mark.parametrize("args", [["--rev", "HEAD"], ["--range", "HEAD"], ["--all"]])
def test_a_tree_that_cannot_be_read_is_named(bare_repo: Repo, args: list[str]) -> None:
    bare_repo.stage("sub/a.txt", b"x\n")
    bare_repo.commit()
    bare_repo.stage("sub/b.txt", b"x\n")
    tree = bare_repo.git("rev-parse", "HEAD:sub").stdout.decode().strip()
    loose(bare_repo, tree).unlink()
    code, said, words = lint(bare_repo, *args)
    assert (code, said) == (2, "")
    assert tree in words
    assert "hint" not in words  # of ours: that grafts are out of fashion is no matter of the user's


def test_a_packed_blob_that_is_damaged_at_its_head_is_named(bare_repo: Repo) -> None:
    for i in range(300):
        bare_repo.write(f"f{i}.txt", b"text number %d\n" % i * 9)
    bare_repo.git("add", "-A")
    bare_repo.commit()
    bare_repo.git("repack", "-q", "-a", "-d", "--depth=0", "--window=0")
    victim = bare_repo.index()[b"f7.txt"][1].decode()
    [index_file] = (bare_repo.path / ".git/objects/pack").glob("*.idx")
    listed = run("git", "show-index", cwd=bare_repo.path, data=index_file.read_bytes()).stdout.decode().splitlines()
    [at] = [int(line.split()[0]) for line in listed if line.split()[1] == victim]
    pack = index_file.with_suffix(".pack")
    data = bytearray(pack.read_bytes())
    data[at + 2 : at + 6] = b"\xff\xff\xff\xff"
    pack.chmod(0o644)
    pack.write_bytes(data)
    code, said, words = lint(bare_repo)
    assert (code, said) == (2, "")
    assert victim in words


# ---- the baseline, --fix, --output


def test_a_legacy_repository_adopts_it_today(bare_repo: Repo) -> None:
    bare_repo.stage("old.pkl", b"old")
    bare_repo.commit()
    assert lint(bare_repo, "--update-baseline")[0] == 2  # without a reason
    code, _, words = lint(bare_repo, "--update-baseline", "--reason", "until the migration")
    assert (code, "1 added" in words) == (0, True)
    code, said, _ = lint(bare_repo)
    assert (code, "the baseline hides 1 more" in said, "TG001" in said) == (0, True, False)
    bare_repo.stage("new.pkl", b"new")
    code, said, _ = lint(bare_repo)
    assert (code, "new.pkl" in said, "old.pkl" in said) == (1, True, False)
    bare_repo.git("rm", "-q", "-f", "--cached", "new.pkl", "old.pkl")
    code, _, words = lint(bare_repo)
    assert (code, "1 entry of .trinity-guard-baseline hides nothing any more" in words) == (0, True)
    assert "1 dropped" in lint(bare_repo, "--update-baseline")[2]


def test_an_expired_entry_is_a_finding_and_conflict_markers_are_refused(bare_repo: Repo) -> None:
    bare_repo.stage("old.pkl", b"old")
    file = bare_repo.path / "known"
    made = ["--update-baseline", "--reason", "soon", "--expires"]
    code, _, words = lint(bare_repo, "--baseline", "known", *made, "2020-01-31")
    assert (code, "2020-01-31 is past" in words, file.exists()) == (2, True, False)
    assert lint(bare_repo, "--baseline", "known", *made, "2099-01-31")[0] == 0
    file.write_text(file.read_text().replace("2099", "2020"))
    code, said, _ = lint(bare_repo, "--baseline", "known")
    assert (code, "TG000" in said, "TG001" in said) == (1, True, True)
    assert "trinity-guard lint --baseline known --update-baseline --expires" in said
    file.write_text("<<<<<<< HEAD\n" + file.read_text())
    code, said, words = lint(bare_repo, "--baseline", "known")
    assert (code, said) == (2, "")
    assert "merge conflict" in words


def test_the_command_for_an_entry_that_hides_nothing_names_its_baseline(bare_repo: Repo) -> None:
    bare_repo.stage("old.pkl", b"old")
    lint(bare_repo, "--baseline", "its own", "--update-baseline", "--reason", "soon")
    bare_repo.git("rm", "-q", "--cached", "old.pkl")
    words = lint(bare_repo, "--baseline", "its own")[2]
    command = words.partition("any more: ")[2].partition(" drops it")[0]
    assert run("bash", "-c", command.replace("trinity-guard", f"{sys.executable} -m trinity_guard"), cwd=bare_repo.path)
    assert lint(bare_repo, "--baseline", "its own")[1:] == ("", "")


def test_a_run_over_some_paths_says_nothing_of_the_rest_of_the_baseline(bare_repo: Repo) -> None:
    bare_repo.stage("one/a.pkl", b"1")
    bare_repo.stage("two/b.pkl", b"2")
    lint(bare_repo, "--update-baseline", "--reason", "both")
    bare_repo.git("rm", "-q", "--cached", "one/a.pkl")
    bare_repo.commit()
    for args in (["two"], ["--range", "HEAD"], ["--rules", "TG005"]):
        assert "nothing any more" not in lint(bare_repo, *args)[2]
        lint(bare_repo, "--update-baseline", *args)
    assert (bare_repo.path / ".trinity-guard-baseline").read_text().count("TG001") == 2


@pytest.mark.slow
def test_fix_mends_and_tells_what_is_left(repo: Repo) -> None:
    repo.stage("models/a.pkl")
    repo.commit()
    repo.stage("models/.gitignore", b"# nothing\n")
    repo.stage("left.txt.dvc", b"{{")
    code, said, words = lint(repo, "--fix")
    assert code == 1
    assert "models/.gitignore: ignores models/a.pkl now" in said
    assert "TG005" in said
    assert "TG004" not in said
    assert "git add -u" in words
    repo.git("add", "-u")
    repo.git("rm", "-q", "-f", "left.txt.dvc")
    code, said, _ = lint(repo, "--fix")
    assert (code, "TG004" in said) == (0, False)


def test_what_was_mended_and_is_not_staged_yet_lets_no_commit_pass(repo: Repo) -> None:
    config = repo.file(".dvc/config")
    config.write_text(config.read_text() + "['remote \"s\"']\n    url = s3://b\n    secret_access_key = xyzzy\n")
    repo.git("add", "-A")
    code, said, words = lint(repo, "--fix")
    assert "xyzzy" not in config.read_text()
    assert "xyzzy" in repo.git("show", ":.dvc/config").stdout.decode()
    assert (code, "xyzzy" in said + words) == (1, False)
    repo.git("add", "-u")
    assert lint(repo, "--fix")[0] == 0


def test_a_personal_option_is_moved_by_the_commands_that_are_told(repo: Repo) -> None:
    config = repo.file(".dvc/config")
    config.write_text(config.read_text() + "['remote \"far\"']\n    url = s3://b\n    profile = mine\n")
    repo.git("add", "-A")
    code, said, _ = lint(repo)
    assert code == 0
    local, shared = [line.strip().partition("     #")[0] for line in said.splitlines() if "dvc remote modify" in line]
    repo.dvc(*local.replace("VALUE", "mine").split()[1:])
    repo.dvc(*shared.split()[1:])
    repo.git("add", "-u")
    assert lint(repo)[1] == ""
    assert "mine" not in config.read_text()
    assert "profile = mine" in repo.file(".dvc/config.local").read_text()


def test_the_rule_of_expired_entries_is_explained_too(repo: Repo) -> None:
    code, said, _ = lint(repo, "--explain", "TG000")
    assert (code, "expired" in said) == (0, True)


def test_a_report_goes_to_a_file_and_the_findings_to_the_terminal(bare_repo: Repo) -> None:
    bare_repo.stage("sub/a.pkl", b"1")
    code, said, _ = lint(Repo(bare_repo.path / "sub"), "--format", "sarif", "--output", "report.sarif")
    assert (code, "TG001" in said) == (1, True)
    report = json.loads((bare_repo.path / "sub/report.sarif").read_text())
    assert report["version"] == "2.1.0"
    code, _, words = lint(bare_repo, "--output", "sub")
    assert (code, "sub" in words) == (2, True)


# ---- the framework


def test_a_dash_is_standard_output_and_no_file(bare_repo: Repo) -> None:
    bare_repo.stage("a.pkl")
    for form in ("json", "text"):
        plain = lint(bare_repo, "--format", form)
        assert lint(bare_repo, "--format", form, "--output", "-") == plain
    assert not bare_repo.file("-").exists()


@pytest.mark.slow
def test_the_hook_of_the_framework_looks_at_what_is_staged(bare_repo: Repo) -> None:
    import ruamel.yaml

    [hook] = [
        h
        for h in ruamel.yaml.YAML(typ="safe").load((PROJECT / ".pre-commit-hooks.yaml").read_text())
        if h["id"] == "trinity-lint"
    ]
    bare_repo.stage("legacy.pkl", b"legacy")
    local = {
        **hook,
        "language": "system",
        "entry": hook["entry"].replace("trinity-guard", f"{sys.executable} -m trinity_guard"),
    }
    bare_repo.stage(".pre-commit-config.yaml", json.dumps({"repos": [{"repo": "local", "hooks": [local]}]}).encode())
    bare_repo.commit()
    run(sys.executable, "-m", "pre_commit", "install", cwd=bare_repo.path)
    bare_repo.stage("fine.txt", b"x\n")
    bare_repo.commit()  # the legacy file is not this commit's
    bare_repo.stage("new.pkl", b"new")
    refused = bare_repo.commit(ok=False)
    assert refused.returncode == 1
    assert b"new.pkl" in refused.stdout + refused.stderr
    assert b"legacy.pkl" not in refused.stdout + refused.stderr
    bare_repo.git("rm", "-q", "-f", "new.pkl")
    by_hand = run(sys.executable, "-m", "pre_commit", "run", "--all-files", cwd=bare_repo.path, ok=False)
    assert by_hand.returncode == 1
    assert b"legacy.pkl" in by_hand.stdout
    bare_repo.stage("gone.pkl", b"gone")
    bare_repo.commit("--no-verify")
    bare_repo.git("rm", "-q", "gone.pkl")
    bare_repo.commit("--no-verify")
    refs = ["--hook-stage", "pre-push", "--from-ref", "HEAD~2", "--to-ref", "HEAD"]
    pushed = run(sys.executable, "-m", "pre_commit", "run", *refs, cwd=bare_repo.path, ok=False)
    assert pushed.returncode == 1
    assert b"TG002" in pushed.stdout
