"""`trinity-guard completion SHELL`: the completion of commands and their options, for bash, zsh and fish."""

from __future__ import annotations

from trinity_guard import console
from trinity_guard.errors import FINE, UNUSABLE, GuardError

HELP = """usage: trinity-guard completion bash|zsh|fish

Print the shell's completion. Put the line into the shell's start-up file.

Example: eval "$(trinity-guard completion bash)"
"""

# What a command completes beside files.
OPTIONS = {
    "init": "--remote --hooks --uninstall",
    "block": "",
    "convert": "",
    "add": "",
    "push": "--pending --drop",
    "pull": "",
    "sync": "",
    "use": "",
    "gate": "",
    "remote": "add list check credentials trust",
    "migrate": "info run push verify undo finish guide",
    "lint": "--all --rev --range --remote --rules --format --output --baseline --update-baseline --reason --expires "
    "--fix --explain",
    "status": "--format",
    "doctor": "--fix --offline --format",
    "report": "--output --offline",
    "data": "--rows --seed --output --force",
    "train": "--dataset --output --target --protocol --params --set --seed --search --scheduler --min-f1 --min-mcc "
    "--experiment --run-name --register --no-champion --offline-ok --stage",
    "evaluate": "--output --plots --pictures --md5",
    "predict": "--format --output --md5",
    "ui": "--port --print",
    "release": "--model --stage --backport --no-mlflow",
    "lineage": "--verify --format",
    "demo": "--keep",
    "completion": "bash zsh fish",
}
COMMON = "--help -q -v"

BASH = """_trinity_guard() {
    local word="${COMP_WORDS[COMP_CWORD]}" words
    if [ "$COMP_CWORD" -eq 1 ]; then
        words="COMMANDS --help --version"
    else
        case "${COMP_WORDS[1]}" in
CASES
        esac
    fi
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _trinity_guard trinity-guard trinity
"""


def run(args: list[str]) -> int:
    if any(a in ("-h", "--help") for a in args):
        console.result(HELP.rstrip())
        return FINE
    shells = {"bash": _bash, "zsh": _zsh, "fish": _fish}
    if len(args) != 1 or args[0] not in shells:
        raise GuardError("completion takes the name of a shell.", "trinity-guard completion bash", UNUSABLE)
    console.result(shells[args[0]]().rstrip())
    return FINE


def _bash() -> str:
    cases = "\n".join(f'            {name}) words="{options} {COMMON}" ;;' for name, options in OPTIONS.items())
    return BASH.replace("COMMANDS", " ".join(OPTIONS)).replace("CASES", cases)


def _zsh() -> str:
    # zsh runs bash's completions.
    return "autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n" + _bash()


def _fish() -> str:
    lines = []
    for program in ("trinity-guard", "trinity"):
        lines.append(f"complete -c {program} -n __fish_use_subcommand -f -a '{' '.join(OPTIONS)}'")
        for name, options in OPTIONS.items():
            words = f"{options} {COMMON}".strip()
            lines.append(f"complete -c {program} -n '__fish_seen_subcommand_from {name}' -a '{words}'")
    return "\n".join(lines)
