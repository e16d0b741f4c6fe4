"""Credentials in what a commit publishes: a `.dvc/config`, a pointer, a dvc.yaml, a dvc.lock. No value is ever told.

The tables below class every option that DVC knows; a test compares them with dvc.config_schema.
"""

from __future__ import annotations

from trinity_guard.dvcrepo import configfile, paths, urls, yaml
from trinity_guard.errors import GuardError, pathspec, shown, typed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

# Whoever reads one of these can act as its owner.
SECRET = frozenset({
    "access_key_id", "secret_access_key", "session_token", "sse_customer_key", "connection_string", "account_key",
    "sas_token", "client_secret", "password", "passphrase", "token", "oss_key_id", "oss_key_secret",
    "gdrive_client_secret",
})  # fmt: skip
# Whoever writes one of these runs a program on the machine of everybody who clones.
PROGRAM = frozenset({"bearer_token_command"})
# What belongs to one person or one machine: no secret, but wrong for everybody else. (Azure's account_name is part of
# the container's address, which everybody needs: trust.DIRECTING has it.)
PERSONAL = frozenset({
    "profile", "credentialpath", "configpath", "keyfile", "cert_path", "key_path", "kerb_ticket", "kerberos_principal",
    "gdrive_user_credentials_file", "gdrive_service_account_json_file_path", "gdrive_service_account_user_email",
    "gdrive_client_id", "client_id", "tenant_id", "user", "username", "ssh_private",
})  # fmt: skip

# Parts of a connection string, whatever the option is called.
_KEYS_IN_TEXT = ("accountkey=", "sharedaccesssignature=")
_MARKS = ("@", "?", *_KEYS_IN_TEXT)
# Where a pointer or a dvc.yaml may hold options of a remote, and where addresses.
_OPTIONS_IN = ("fs_config", "config", "remote")
_ADDRESSES_IN = ("deps", "outs", "metrics", "plots", "repo", "artifacts")


class PrivateOption:
    """An option that must not be published. kind: secret, program (it runs one), url (inside of an address), personal.

    line: where it stands, from 1; 0 where that cannot be told.
    """

    __slots__ = ("kind", "line", "option", "section")

    def __init__(self, section: str, option: str, line: int, kind: str) -> None:
        self.section = section
        self.option = option
        self.line = line
        self.kind = kind


def credentials_in(data: bytes, where: bytes) -> list[PrivateOption]:
    """Return what the bytes of a file at `where` would give away, in its order.

    Anything but `*.dvc`, dvc.yaml and dvc.lock is read as a DVC config. GuardError for what cannot be read: it may
    hold anything.
    """
    text = data.decode("utf-8", "replace").lower()
    if paths.is_reference(where) or paths.is_pipeline(where):
        return list(_once(_in_yaml(data, where))) if _yaml_may_hold(text) else []
    return [f for f in _in_config(data, where) if f.kind != "personal"] if _config_may_hold(text) else []


def personal_in(data: bytes, where: bytes) -> list[PrivateOption]:
    """Return the options of a DVC config that belong to one person or one machine: worth a warning."""
    text = data.decode("utf-8", "replace").lower()
    if not any(option in text for option in PERSONAL):
        return []
    return [f for f in _in_config(data, where) if f.kind == "personal"]


def refusal(findings: Sequence[PrivateOption], where: bytes, pushed: bool = False) -> GuardError:
    """Return the error for a file that must not be published (pushed: others can read it already)."""
    file = shown(where)
    listed = "\n".join(f"    {said(f)}" for f in findings)
    if any(f.kind != "program" for f in findings):
        what = "holds credentials, which everybody who reads the repository could use"
    else:
        what = "runs a program on the machine of everybody who clones"
    if where.rpartition(b"/")[2] == b"config":
        folder = where.rpartition(b"/")[0].rpartition(b"/")[0]
        go = f"cd {typed(folder)} && " if folder else ""
        remedy = f"{go}trinity-guard remote credentials --move     # into .dvc/config.local, which stays here"
    else:
        remedy = f"take it out of {file}; a remote keeps it here:  trinity-guard remote credentials NAME --set OPTION"
    if pushed:
        remedy += "\nand replace it where it was issued: what others could read is known, whatever is done here"
    return GuardError(problem=f"{file} {what}:\n{listed}", remedy=remedy)


def said(finding: PrivateOption) -> str:
    """Return a finding in words, without any value."""
    line = f" (line {finding.line})" if finding.line else ""
    in_url = ", inside the address" if finding.kind == "url" else ""
    return f"[{_plain(finding.section)}] {_plain(finding.option)}{in_url}{line}"


def _plain(text: str) -> str:
    """A section can be named anything, an address with a password too."""
    if _gives_away(text) or any(_gives_away(part) for part in text.split('"')):
        return "…"
    return shown(text[:80].encode("utf-8", "surrogatepass"))


def kind_of(option: str, value: object) -> str:
    """Return the kind of a DVC option with this value, "" for one that everybody may read."""
    name, text = option.lower(), _text(value)
    if not text:
        return ""
    if name in PROGRAM:
        return "program"
    if name in SECRET:
        return "secret"
    if _gives_away(text):
        return "url"
    return "personal" if name in PERSONAL else ""


def _text(value: object) -> str:
    return ",".join(map(str, value)).strip() if isinstance(value, list) else str(value if value is not None else "")


def _gives_away(text: str) -> bool:
    low = text.lower()
    return bool(urls.secret_in(text)) or any(key in low for key in _KEYS_IN_TEXT)


def _config_may_hold(text: str) -> bool:
    """Whether a config (in lower case) has any word of a credential: nearly none has, and reading costs."""
    return any(word in text for word in (*SECRET, *PROGRAM, *_MARKS, "%(", "${"))


def _yaml_may_hold(text: str) -> bool:
    """The same for YAML: options stand below certain keys only, an address on one line, or it is escaped."""
    if any(key in text for key in _KEYS_IN_TEXT):
        return True
    for line in text.split("\n"):
        if ("://" in line and ("@" in line or "?" in line)) or ("\\" in line and '"' in line):
            return True
    return any(word in text for word in _OPTIONS_IN) and any(word in text for word in (*SECRET, *PROGRAM))


# --- a config


def _in_config(data: bytes, where: bytes) -> Iterator[PrivateOption]:
    tree = configfile.parse(data, where)
    for section, options in tree.items():
        for option, value in _flat(options):
            kind = kind_of(option, value)
            if kind:
                yield PrivateOption(section, option, configfile.line_of(data, section, option), kind)


def _flat(options: dict[str, Any]) -> Iterator[tuple[str, object]]:
    for option, value in options.items():
        if isinstance(value, dict):
            yield from _flat(value)
        else:
            yield option, value


# --- a pointer, a dvc.yaml, a dvc.lock


def _in_yaml(data: bytes, where: bytes) -> Iterator[PrivateOption]:
    try:
        fields = yaml.parse(data, yaml.MAX_BYTES, anchors=True)
    except ValueError as e:
        raise GuardError(
            problem=f"{shown(where)} cannot be searched for credentials: {e}.",
            remedy=f"correct {shown(where)}, or: git rm --cached {pathspec(where)}",
        ) from None
    for path, option, kind in _walk(fields, (), "", set()):
        yield PrivateOption(": ".join(path) or "top", option, _line_in_yaml(data, option), kind)


def _walk(
    node: Any, path: tuple[str, ...], inside: str, seen: set[tuple[int, str]]
) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Yield (path, option, kind). inside: "" nothing of DVC's, "addresses", "options" (of a remote).

    Every node is walked once: a kilobyte of aliases can stand for gigabytes.
    """
    if not isinstance(node, dict | list) or (id(node), inside) in seen:
        return
    seen.add((id(node), inside))
    for key, value in node.items() if isinstance(node, dict) else (("", v) for v in node):
        name = str(key)
        deeper = (
            "options" if inside and name in _OPTIONS_IN else inside or ("addresses" if name in _ADDRESSES_IN else "")
        )
        if inside and _gives_away(name):
            yield path, "an address", "url"
        if isinstance(value, dict | list):
            yield from _walk(value, (*path, name) if name else path, deeper, seen)
        elif inside and isinstance(value, str) and _gives_away(value):
            yield path, name or "an address", "url"
        elif inside == "options" and kind_of(name, value) in ("secret", "program"):
            yield path, name, kind_of(name, value)


def _line_in_yaml(data: bytes, option: str) -> int:
    key = option.encode("utf-8", "surrogatepass") + b":"
    found = [n for n, line in enumerate(data.split(b"\n"), 1) if line.strip(b" \t-{\"'").startswith(key)]
    return found[0] if len(found) == 1 else 0


def _once(findings: Iterator[PrivateOption]) -> Iterator[PrivateOption]:
    seen = set()
    for f in findings:
        if (f.section, f.option, f.line) not in seen:
            seen.add((f.section, f.option, f.line))
            yield f
