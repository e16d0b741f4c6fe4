"""What a shell completes an argument with, besides its choices: in the words of shtab, which writes the completions."""

from __future__ import annotations

FILE, FOLDER = "file", "directory"

_REFS = "git for-each-ref --format='%(refname:short)' refs/heads refs/tags refs/remotes 2>/dev/null"
# A clone brings the names of its branches along, and a shell would run `$(…)` in them: bash is not offered those.
# (compgen -W would run it at once, so the words are compared here.) zsh and fish quote what they put in.
_BASH = f"""\
_trinity_guard_revisions() {{
  {_REFS} | while IFS= read -r ref; do
    case "$ref" in
      *[\\$\\`\\(\\)\\{{\\}}\\;\\&\\|\\<\\>\\"\\'\\!]*) ;;
      "$1"*) printf '%s\\n' "$ref" ;;
    esac
  done
}}
"""
_ZSH = f"""\
_trinity_guard_revisions() {{
  local -a refs
  refs=(${{(f)"$({_REFS})"}})
  compadd -a refs
}}
"""
REVISION = {
    "bash": "_trinity_guard_revisions",
    "zsh": "_trinity_guard_revisions",
    "fish": f"({_REFS})",
    "tcsh": "",
}
# The functions that a script of a shell begins with.
FUNCTIONS = {"bash": _BASH, "zsh": _ZSH}
