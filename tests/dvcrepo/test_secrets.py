"""Credentials in what a commit publishes: all of them are found, in every spelling, and none is ever told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.support import PROJECT, dvc, run
from trinity_guard.dvcrepo import secrets
from trinity_guard.dvcrepo.secrets import PERSONAL, PROGRAM, SECRET, credentials_in, personal_in, refusal
from trinity_guard.errors import GuardError
from trinity_guard.remotes import trust

CONFIG = b".dvc/config"


def found(data: str, where: bytes = CONFIG) -> list[tuple[str, str, int, str]]:
    return [(f.section, f.option, f.line, f.kind) for f in credentials_in(data.encode(), where)]


# ---- the tables against DVC's own schema


def options_of(schema: Any) -> Iterator[str]:
    for key in schema:
        name = getattr(key, "schema", key)
        if isinstance(name, str):
            yield name


def test_every_option_of_every_kind_of_remote_is_classed_once() -> None:
    from dvc.config_schema import REMOTE_SCHEMAS

    known = {option for kind, schema in REMOTE_SCHEMAS.items() if kind != "remote" for option in options_of(schema)}
    tables = (SECRET, PROGRAM, PERSONAL, trust.DIRECTING, trust.HARMLESS)
    for option in known - {"url"}:
        assert sum(option in table for table in tables) == 1, f"DVC knows the option {option}; class it"
    assert frozenset().union(*tables) - known <= {"username", "ssh_private", "proxy"}


def test_the_name_of_an_azure_account_is_part_of_an_address_and_no_person_s() -> None:
    # Whoever clones needs it to reach the container, and it opens nothing: it stands in every URL of a blob.
    assert "account_name" in trust.DIRECTING
    config = b"['remote \"r\"']\nurl = azure://c\naccount_name = acc\ntenant_id = t\nclient_id = c\nuser = me\n"
    assert [f.option for f in personal_in(config, CONFIG)] == ["tenant_id", "client_id", "user"]
    assert credentials_in(config, CONFIG) == []
    for page in ("rules.md", "remotes.md"):
        said = [s for s in (PROJECT / "docs" / page).read_text().replace("`", "").split(". ") if "Azure's" in s]
        assert any("account" in s and ("address" in s or "is committed" in s) for s in said), page


def test_the_secrets_of_dvc_s_other_sections_are_among_ours() -> None:
    from dvc.config_schema import SCHEMA

    other = {o for s in ("core", "cache", "db", "studio", "machine", "exp", "plots") for o in walked(SCHEMA[s])}
    suspicious = {o for o in other if any(w in o for w in ("password", "token", "secret", "key", "private"))}
    assert suspicious <= SECRET | PERSONAL, suspicious


def walked(schema: Any) -> Iterator[str]:
    for key, value in schema.items():
        name = getattr(key, "schema", key)
        if isinstance(name, str):
            yield name
        if isinstance(value, dict):
            yield from walked(value)


# ---- a config

SPELLINGS = {
    "as dvc writes it": "['remote \"n\"']\n    OPTION = VALUE\n",
    "without quotes": '[remote "n"]\nOPTION=VALUE\n',
    "upper case": "[REMOTE \"N\"]\n  OPTION = 'VALUE'\n",
    "nested": '[remote]\n[[n]]\n"OPTION" = "VALUE"\n',
    "triple quotes": "['remote \"n\"']\nOPTION = '''VALUE'''\n",
    "crlf": "[core]\r\nremote = n\r\n['remote \"n\"']\r\n\tOPTION = VALUE # why\r\n",
    "a list": "['remote \"n\"']\nOPTION = VALUE, more\n",
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
@given(
    st.sampled_from(sorted(SECRET | PROGRAM)),
    st.sampled_from([str.lower, str.upper, str.title]),
    st.text("abcdefghijkmnpqrstuvwxyz0123456789-_.:/", min_size=12, max_size=40).filter(
        lambda v: v[0].isalnum() and any(c.isdigit() for c in v)  # no word of the messages is one
    ),
)
@settings(max_examples=30, deadline=None)
def test_a_secret_is_found_in_every_spelling_and_told_by_no_message(
    spelling: str, option: str, case: Any, value: str
) -> None:
    text = spelling.replace("OPTION", case(option)).replace("VALUE", value)
    [(section, name, line, kind)] = found(text)
    assert (section, name) == ('remote "n"', option)
    assert kind == ("program" if option in PROGRAM else "secret")
    assert value in text.replace("\r\n", "\n").split("\n")[line - 1]
    error = refusal(credentials_in(text.encode(), CONFIG), CONFIG, pushed=True)
    assert value not in error.problem + error.remedy
    assert f"{option} (line {line})" in error.problem


@pytest.mark.parametrize(
    ("text", "section", "option"),
    [
        ("['db \"d\"']\npassword = hunter2\n", 'db "d"', "password"),
        ("[studio]\ntoken = hunter2\n", "studio", "token"),
        ("['remote \"r\"']\nurl = https://me:hunter2@host/x\n", 'remote "r"', "url"),
        ("['remote \"r\"']\nurl = https://me:hun/ter2@host/x\n", 'remote "r"', "url"),
        ("['remote \"r\"']\nurl = me:hunter2@host:/x\n", 'remote "r"', "url"),
        ("['remote \"r\"']\nurl = azure://c/p?sv=1&sig=hunter2\n", 'remote "r"', "url"),
        ("['remote \"r\"']\nurl = https://h/x?X-Amz-Signature=hunter2\n", 'remote "r"', "url"),
        ("['remote \"r\"']\nurl = https://h/x?a=1;%73ig=hunter2\n", 'remote "r"', "url"),
        ("['remote \"r\"']\nendpointurl = http://me:hunter2@host\n", 'remote "r"', "endpointurl"),
        ("[exp]\ngit_remote = https://ghp_hunter2@github.com/a/b\n", "exp", "git_remote"),
        ("['remote \"r\"']\nanything = AccountName=a;AccountKey=hunter2\n", 'remote "r"', "anything"),
        ("['remote \"r\"']\npassword = %(p)s\np = hunter2\n", 'remote "r"', "password"),
        ("['remote \"r\"']\nurl = https://%(who)shost/\nwho = me:hunter2@\n", 'remote "r"', "url"),
    ],
)
def test_other_places_of_secrets_are_found(text: str, section: str, option: str) -> None:
    findings = credentials_in(text.encode(), CONFIG)
    assert (section, option) in [(f.section, f.option) for f in findings]
    error = refusal(findings, CONFIG)
    assert "hunter2" not in error.problem + error.remedy
    assert "hun/ter2" not in error.problem + error.remedy


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[core]\n    remote = storage\n['remote \"storage\"']\n    url = s3://bucket/x\n",
        "['remote \"r\"']\nurl = ssh://me@host:22/x\nask_password = true\nuser = me\n",
        "['remote \"r\"']\nurl = s3://bucket/a:b@c?versionId=1\nsse_kms_key_id = alias/x\n",
        "['remote \"password\"']\nurl = /srv/token\n# password = x\n",
        "['remote \"r\"']\nurl = webdavs://host:8443/a@b\npassword = ''\n",
    ],
)
def test_what_everybody_may_read_is_let_pass(text: str) -> None:
    assert found(text) == []


def test_a_config_without_any_word_of_a_credential_is_not_even_read() -> None:
    assert found("[broken\n") == []
    with pytest.raises(GuardError, match=r"\.dvc/config is broken in line 1"):
        found("[broken\npassword = hunter2\n")


@pytest.mark.parametrize(
    "text",
    ["[a]\npassword hunter2\n", "[a]\npassword = %(hunter2)s\n", "[a]\npassword = 'hunter2\n", "password=hunter2\n"],
)
def test_a_config_that_cannot_be_read_blocks_and_its_words_tell_no_value(text: str) -> None:
    with pytest.raises(GuardError) as caught:
        found(text)
    assert "hunter2" not in caught.value.problem + caught.value.remedy


def test_a_section_that_is_named_like_an_address_with_a_password_is_not_repeated() -> None:
    error = refusal(credentials_in(b"['remote \"https://me:hunter2@h/\"']\npassword = x\n", CONFIG), CONFIG)
    assert "hunter2" not in error.problem


def test_options_of_one_person_are_told_apart_from_secrets() -> None:
    text = "['remote \"r\"']\nurl = s3://b\nprofile = me\nKeyFile = /home/me/key\npassword = x\n"
    assert [f[1] for f in found(text)] == ["password"]
    assert [(f.option, f.line) for f in personal_in(text.encode(), CONFIG)] == [("profile", 3), ("keyfile", 4)]
    assert personal_in(b"['remote \"r\"']\nurl = s3://b\n", CONFIG) == []


def test_the_refusal_names_the_command_and_for_what_was_published_the_rotation() -> None:
    findings = credentials_in(b"['remote \"r\"']\npassword = x\n", b"sub/.dvc/config")
    before, after = refusal(findings, b"sub/.dvc/config"), refusal(findings, b"sub/.dvc/config", pushed=True)
    assert before.problem.startswith("sub/.dvc/config holds credentials")
    assert before.remedy.startswith("cd sub && trinity-guard remote credentials --move")
    assert "replace it where it was issued" in after.remedy
    assert "replace it" not in before.remedy
    program = refusal(credentials_in(b"[a]\nbearer_token_command = x\n", CONFIG), CONFIG)
    assert "runs a program" in program.problem


# ---- pointers, dvc.yaml, dvc.lock

OUT = "outs:\n- md5: d8e8fca2dc0f896fd7cb4cb0031ba249\n  size: 5\n  hash: md5\n  path: x.csv\n"


@pytest.mark.parametrize(
    ("where", "text", "option"),
    [
        (b"x.csv.dvc", OUT + "  fs_config:\n    password: hunter2\n", "password"),
        (b"x.csv.dvc", "deps:\n- path: https://h/x\n  fs_config: {Password: hunter2}\n" + OUT, "Password"),
        (b"x.csv.dvc", 'deps:\n- path: h\n  "fs_config": {"pass\\x77ord": hunter2}\n' + OUT, "password"),
        (b"x.csv.dvc", "deps:\n- path: https://me:hunter2@host/x.csv\n" + OUT, "path"),
        (b"x.csv.dvc", "deps:\n- path: x\n  repo:\n    url: https://me:hunter2@host/r\n" + OUT, "url"),
        (b"x.csv.dvc", "deps:\n- path: x\n  repo:\n    url: u\n    remote: {session_token: hunter2}\n" + OUT,
         "session_token"),
        (b"x.csv.dvc", "deps:\n- path: x\n  repo:\n    config: {remote: {r: {password: hunter2}}}\n" + OUT, "password"),
        (b"x.csv.dvc", "deps:\n- path: x\n  fs_config: {bearer_token_command: hunter2}\n" + OUT,
         "bearer_token_command"),
        (b"a/dvc.yaml", "stages:\n  s:\n    cmd: x\n    deps:\n    - https://me:hunter2@h/x\n", "deps"),
        (b"a/dvc.yaml", "stages:\n  s:\n    cmd: x\n    outs:\n    - s3://b/x?sig=hunter2:\n        cache: false\n",
         "an address"),
        (b"dvc.lock", "stages:\n  s:\n    deps:\n    - path: https://me:hunter2@h/x\n", "path"),
    ],
)  # fmt: skip
def test_pointers_and_pipelines_with_credentials_are_found(where: bytes, text: str, option: str) -> None:
    findings = credentials_in(text.encode(), where)
    assert [f.option for f in findings] == [option] or option == "deps"
    assert findings
    error = refusal(findings, where)
    assert "hunter2" not in error.problem + error.remedy
    assert where.decode() in error.problem


@pytest.mark.parametrize(
    ("where", "text"),
    [
        (b"x.csv.dvc", OUT),
        (b"token.csv.dvc", OUT.replace("x.csv", "token@config.csv")),
        (b"x.csv.dvc", "deps:\n- path: https://host/x?version=1\n" + OUT),
        (b"dvc.yaml", "vars:\n- password: hunter2\nstages:\n  s:\n    cmd: curl https://me:pw@h\n    outs: [config]\n"),
        (b"x.csv.dvc", OUT + "  meta:\n    token: subword\n"),
    ],
)
def test_ordinary_pointers_and_pipelines_pass(where: bytes, text: str) -> None:
    assert found(text, where) == []


def test_yaml_that_cannot_be_read_but_may_hold_a_credential_blocks() -> None:
    with pytest.raises(GuardError, match="cannot be searched"):
        found("deps: [https://me:hunter2@h\n", b"x.csv.dvc")


def test_a_kilobyte_of_aliases_is_walked_once() -> None:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    text = "\n".join([*lines, "outs: [*a29, 'https://me:hunter2@h/x']"])
    assert [f[3] for f in found(text, b"dvc.yaml")] == ["url"]


def test_dvc_reads_the_third_spelling_of_a_remote_too(tmp_path: Path) -> None:
    """The reason for looking into nested sections: DVC takes them for a remote."""
    run("git", "init", "-q", tmp_path)
    dvc("init", "-q", cwd=tmp_path)
    (tmp_path / ".dvc/config").write_text(SPELLINGS["nested"].replace("OPTION", "url").replace("VALUE", "s3://b"))
    assert b"s3://b" in dvc("remote", "list", cwd=tmp_path).stdout
    assert secrets.kind_of("url", "s3://b") == ""
