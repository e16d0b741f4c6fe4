"""`trinity-guard remote add|list|credentials|trust|check`: the places that DVC's objects go to."""

from __future__ import annotations

import getpass
import os
import sys

from trinity_guard import console, git
from trinity_guard.commands.terminal import arguments
from trinity_guard.detect import patterns
from trinity_guard.dvcrepo import project as dvcproject
from trinity_guard.dvcrepo import safe_paths, secrets, urls
from trinity_guard.dvcrepo.paths import CONFIGS
from trinity_guard.errors import BLOCKED, FINE, UNUSABLE, GuardError, shown
from trinity_guard.git import index
from trinity_guard.remotes import add, base, check, credentials, endpoints, trust
from trinity_guard.setup.record import InstallPlan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from trinity_guard.commands.terminal.arguments import Parser

DESCRIPTION = """\
The remotes that DVC's objects go to: add one, list them, see that they work.
"""
EXAMPLE = """\
examples:
  trinity-guard remote add s3://bucket/data --region eu-central-1
  trinity-guard remote credentials storage --set secret_access_key
  trinity-guard remote check
"""

# Flag -> (option of DVC's, what it is).
FLAGS = {
    "endpoint": ("endpointurl", "URL of a server other than the provider's own"),
    "region": ("region", "region of the bucket"),
    "profile": ("profile", "profile in your ~/.aws/config"),
    "user": ("user", "who logs in"),
    "port": ("port", "the server's port"),
    "keyfile": ("keyfile", "your private key"),
    "account-name": ("account_name", "the storage account"),
}
# What is asked for on a terminal.
ASKED = ("endpoint", "region", "profile")


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    p.allow_abbrev = True  # as it always was here
    commands = p.add_subparsers(dest="command", metavar="add|list|credentials|trust|check", required=True)

    def add(name: str, text: str, example: str) -> Parser:
        return arguments.add_command(commands, name, text, f"trinity-guard remote {name} {example}".rstrip())

    _add_options(add("add", "add a remote; secrets go to .dvc/config.local", "s3://bucket/data --default"))
    listing = add("list", "all remotes: address, plug-in, credentials, whether confirmed", "")
    own = add(
        "credentials",
        "where credentials come from; set one; move them out of .dvc/config",
        "storage --set secret_access_key",
    )
    arguments.add_word(own, "name", "NAME", "a remote (without it: all, to --set: the default)", nargs="?")
    own.add_argument("--set", metavar="OPTION", dest="option", help="keep one in .dvc/config.local; asks for its value")
    own.add_argument("--stdin", action="store_true", help="read the value from standard input")
    own.add_argument("--move", action="store_true", help="move every secret of .dvc/config to .dvc/config.local")
    trusting = add("trust", "confirm the place that a clone's config names", "storage")
    trusting.add_argument("--all", action="store_true", help="all remotes, and the cache")
    checking = add("check", "go the way to a remote, and say which step fails", "storage")
    for one in (trusting, checking):
        arguments.add_word(one, "name", "NAME", "a remote (without it: the default)", nargs="?")
    for one in (listing, checking):
        one.add_argument("--format", choices=("text", "json"), default="text", help="text (the default) or json")


def _add_options(p: Parser) -> None:
    kinds = "a folder, or s3:// gs:// azure:// ssh:// webdav(s)://"
    arguments.add_word(p, "words", "[NAME] URL", kinds, nargs="+")
    p.add_argument("--default", action="store_true", help="make it the default (the first one is)")
    for flag, (_, text) in FLAGS.items():
        p.add_argument(f"--{flag}", metavar=flag.upper().replace("-", "_"), help=text)
    p.add_argument("--set", action="append", default=[], metavar="OPTION=VALUE", help="any other option of DVC's")


def run(args: list[str]) -> int:
    asked = arguments.parse("trinity-guard remote", configure, args)
    place = git.place()
    git.require_work_tree(place)
    root = _root(place)
    commands = {"add": _add, "list": _list, "credentials": _credentials, "trust": _trust, "check": _check}
    return commands[asked.command](place, root, asked)


def _root(place: git.Place) -> bytes:
    """Return the DVC project that the current folder belongs to."""
    inside = os.path.relpath(os.path.realpath(os.getcwdb()), os.path.realpath(place.top))
    root = dvcproject.root_of(place.top, os.path.normpath(os.path.join(inside, b"x")))
    if root is None:
        base.require_dvc()
        raise GuardError("there is no DVC here yet.", "trinity-guard init", exit_code=UNUSABLE)
    return os.path.join(place.top, root).rstrip(b"/")


def _remote(place: git.Place, project: dvcproject.Project, name: str | None) -> dvcproject.RemoteConfig:
    """Return the remote of that name; of none the one that push, gate and migrate use."""
    wanted = (name or patterns.load_config(place)[0].remote or project.default_remote or "").lower()
    if wanted in project.remotes:
        return project.remotes[wanted]
    known = f" (there are: {', '.join(sorted(project.remotes))})" if project.remotes else ""
    what = f"there is no DVC remote '{wanted}'" if wanted else "DVC has no default remote"
    raise GuardError(f"{what}{known}.", "trinity-guard remote add URL", exit_code=UNUSABLE)


def _report(plan: InstallPlan, done: Sequence[str]) -> None:
    plan.stage()
    for line in done:
        console.say(line)
    for note in plan.outcome.notes:
        console.warn(note)


# ---- add ----


def _add(place: git.Place, root: bytes, asked: Namespace) -> int:
    if len(asked.words) > 2:
        raise GuardError("remote add takes a name and an address.", "trinity-guard remote add --help", UNUSABLE)
    name, url = asked.words if len(asked.words) == 2 else ("", asked.words[0])
    options = _options(url, asked)
    plan = InstallPlan(place)
    spec = add.RemoteSpec(name, url, asked.default, options)
    known = set(dvcproject.load(root).remotes)
    done = add.add(place, root, spec, plan.about_to_change)
    project = dvcproject.load(root)
    remote = project.remotes[(set(project.remotes) - known).pop()]
    trust.confirm(place, remote)
    _report(plan, done)
    plugin = check.plugin(remote)
    if plugin.state == check.FAILED:
        console.warn(plugin.reason, plugin.remedy)
    return FINE


def _options(url: str, asked: Namespace) -> dict[str, str]:
    kind = safe_paths.scheme(url) if "://" in url else ""
    allowed = endpoints.FLAGS.get(kind, ())
    options = {}
    for flag, (option, text) in FLAGS.items():
        value = getattr(asked, flag.replace("-", "_"))
        if value is not None and option not in allowed:
            words = f"{kind}:// has" if kind else "a folder has"
            raise GuardError(f"{words} no --{flag}.", "trinity-guard remote add --help", exit_code=UNUSABLE)
        if value is None and flag in ASKED and option in allowed:
            value = console.ask(f"{text} (empty: none)")
        if value:
            options[option] = value
    for pair in asked.set:
        option, equals, value = pair.partition("=")
        if not equals or not option.replace("_", "").isalnum():
            raise GuardError("--set takes OPTION=VALUE.", "trinity-guard remote add --help", exit_code=UNUSABLE)
        options[option.lower()] = value
    return options


# ---- list ----


def _list(place: git.Place, root: bytes, asked: Namespace) -> int:
    project = dvcproject.load(root)
    rows = [_facts(place, project, project.remotes[name]) for name in sorted(project.remotes)]
    if asked.format == "json":
        import json

        console.result(json.dumps(rows, indent=2))
    elif not rows:
        console.say("DVC has no remote yet: trinity-guard remote add URL")
    else:
        head = ("name", "address", "default", "plug-in", "confirmed", "credentials")
        console.result(console.table(head, [_row(facts) for facts in rows]))
    return FINE


def _facts(place: git.Place, project: dvcproject.Project, remote: dvcproject.RemoteConfig) -> dict[str, object]:
    return {
        "name": remote.name,
        "url": urls.without_secret(remote.url),
        "default": remote.name == project.default_remote,
        "plugin": check.plugin(remote).state != check.FAILED,
        "confirmed": trust.unconfirmed(place, project, remote) is None,
        "forbidden": trust.forbidden(place, remote),
        "credentials": [{"what": what, "where": where} for what, where in credentials.origins(remote)],
    }


def _row(facts: dict[str, object]) -> list[str]:
    found = facts["credentials"]
    named = [f"{c['what']} ({c['where']})" for c in found] if isinstance(found, list) else []
    words = [str(facts["name"]), _plain(str(facts["url"]))]
    return words + ["yes" if facts[k] else "no" for k in ("default", "plugin", "confirmed")] + [", ".join(named) or "-"]


def _plain(text: str) -> str:
    return shown(text.encode("utf-8", "surrogateescape"))


# ---- credentials ----


def _credentials(place: git.Place, root: bytes, asked: Namespace) -> int:
    if asked.move and (asked.option or asked.stdin or asked.name):
        raise GuardError("--move takes no other option.", "trinity-guard remote credentials --move", UNUSABLE)
    if asked.stdin and not asked.option:
        raise GuardError("--stdin needs --set OPTION.", "trinity-guard remote credentials --help", UNUSABLE)
    if asked.move:
        return _move(place, root)
    project = dvcproject.load(root)
    if asked.option:
        return _keep(place, root, _remote(place, project, asked.name), asked.option.lower(), asked.stdin)
    names = [_remote(place, project, asked.name).name] if asked.name else sorted(project.remotes)
    rows = [(name, *pair) for name in names for pair in credentials.origins(project.remotes[name])]
    if rows:
        console.result(console.table(("remote", "credential", "comes from"), rows))
    else:
        console.say("no credential is known, and none may be needed.")
    return FINE


def _keep(place: git.Place, root: bytes, remote: dvcproject.RemoteConfig, option: str, from_stdin: bool) -> int:
    if option not in secrets.SECRET | secrets.PROGRAM | secrets.PERSONAL:
        raise GuardError(
            problem=f"{_plain(option)} is no credential that DVC knows.",
            remedy=f"dvc remote modify {remote.name} OPTION VALUE     # what everybody may know stands in .dvc/config",
            exit_code=UNUSABLE,
        )
    value = _secret(f"{option} of the remote '{remote.name}'", from_stdin)
    credentials.keep(place, root, f'remote "{remote.name}"', option, value)
    console.say(f"{option} of '{remote.name}': kept in .dvc/config.local, on this machine alone")
    return FINE


def _secret(what: str, from_stdin: bool) -> str:
    if from_stdin:
        value = sys.stdin.read(1 << 16).rstrip("\r\n")
    elif sys.stdin.isatty():
        value = getpass.getpass(f"{what}: ")
    else:
        raise GuardError(
            problem=f"there is no terminal to ask for {what} on.",
            remedy="… | trinity-guard remote credentials NAME --set OPTION --stdin",
            exit_code=UNUSABLE,
        )
    if not value:
        raise GuardError(f"{what}: nothing was given, and nothing was changed.", exit_code=UNUSABLE)
    return value


def _move(place: git.Place, root: bytes) -> int:
    plan = InstallPlan(place)
    plan.about_to_change(os.path.relpath(os.path.join(root, credentials.COMMITTED), place.top))
    moved = credentials.move(place, root)
    if not moved.findings:
        console.say("no credential stands in .dvc/config")
        return FINE
    _report(plan, [f"moved to .dvc/config.local: {secrets.said(finding)}" for finding in moved.findings])
    if moved.published:
        console.warn(
            "a commit of this repository holds a credential in .dvc/config.",
            "replace it where it was issued: whoever has a clone can read it there, whatever is moved now",
        )
    return FINE


# ---- trust ----


def _trust(place: git.Place, root: bytes, asked: Namespace) -> int:
    if asked.all and asked.name:
        raise GuardError("--all takes no name.", "trinity-guard remote trust --all", exit_code=UNUSABLE)
    roots = [root, *_others(place, root)]
    if not asked.all:
        roots = [r for r in roots if (asked.name or "").lower() in dvcproject.load(r).remotes][:1] or [root]
    said = [line for one in roots for line in _confirmed(place, one, asked)]
    for line in said or ["there is nothing to confirm"]:
        console.say(line)
    return FINE


def _others(place: git.Place, root: bytes) -> list[bytes]:
    """Return the repository's other DVC projects: a hook at the top names their remotes, too."""
    configs = index.entries(*(f":(top){pattern}" for pattern in CONFIGS), patterns=True)
    folders = (os.path.dirname(os.path.dirname(entry.path)) for entry in configs)
    roots = (os.path.join(place.top, folder).rstrip(b"/") for folder in folders)
    return [one for one in roots if one != root and os.path.isdir(os.path.join(one, b".dvc"))]


def _confirmed(place: git.Place, root: bytes, asked: Namespace) -> list[str]:
    """Confirm the chosen remotes of one project; return what is said of those that were not confirmed."""
    project, published = dvcproject.load(root), dvcproject.load(root, published=True)
    chosen = list(project.remotes.values()) if asked.all else [_remote(place, project, asked.name)]
    # As others are led there, too: the gate looks where they will.
    chosen += [r for r in published.remotes.values() if r.url not in {c.url for c in chosen}] if asked.all else []
    chosen += [] if asked.all else [r for r in [published.remotes.get(chosen[0].name)] if r and r.url != chosen[0].url]
    said = []
    for remote in chosen:
        if trust.unconfirmed(place, project, remote):
            said.append(f"confirmed: the remote '{_plain(remote.name)}', {trust.words(remote)}")
        trust.confirm(place, remote)
    if asked.all and (cache := trust.unconfirmed_cache(place, project)):
        trust.confirm_cache(place, project)
        said.append(f"confirmed: {cache}")
    return said


# ---- check ----


def _check(place: git.Place, root: bytes, asked: Namespace) -> int:
    project = dvcproject.load(root)
    remote = _remote(place, project, asked.name)
    trust.require(place, project, remote)
    if asked.format == "text":
        console.say(f"{remote.name}: {_plain(urls.without_secret(remote.url))}")
    steps = []
    for step in check.check(project, remote):
        steps.append(step)
        if asked.format == "text":
            _report_step(step)
    if asked.format == "json":
        import json

        facts = [{"step": s.name, "state": s.state, "reason": s.reason, "remedy": s.remedy} for s in steps]
        console.result(json.dumps({"name": remote.name, "steps": facts}, indent=2))
    return BLOCKED if any(s.state == check.FAILED for s in steps) else FINE


def _report_step(step: check.Step) -> None:
    line = f"  {step.name:<12}{step.state:<8}{step.reason}".rstrip()
    if step.state == check.FAILED:
        console.result("\n".join([line, *(f"      {r}" for r in step.remedy.splitlines())]))
    else:
        console.say(line)
