"""Which git command runs this hook, and how it was typed."""

from __future__ import annotations

import os

from trinity_guard import git

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def amending() -> bool:
    """Whether the commit under way replaces HEAD. Git does not tell its hooks; its command line does."""
    command = _git_commit_above()
    if command is None:
        return _author_is_heads()
    return any(len(word) > 3 and b"--amend".startswith(word) for word in _options(command))


def may_be_empty() -> bool:
    """Whether the commit under way was asked for with --allow-empty.

    Of --allow-empty-message, which IDEs type, it is the beginning; Git takes no shorter spelling of it.
    """
    return b"--allow-empty" in _options(_git_commit_above() or [])


# What `git commit` reads the next word for.
_VALUED = frozenset(b"--message --file --author --date --trailer --template --reuse-message --reedit-message".split())


def _options(command: Sequence[bytes]) -> Iterator[bytes]:
    """Yield the words of a `git commit` that are options: no values, no paths behind `--`."""
    words = iter(command)
    for word in words:
        if word == b"--":
            return
        if word in _VALUED or _wants_value(word):
            next(words, b"")
        yield word


def _wants_value(word: bytes) -> bool:
    """Whether the next word is the value of these short options: `-m`, `-am`."""
    letters = word[1:] if word[:1] == b"-" and word[1:2] != b"-" else b""
    for at in range(len(letters)):
        if letters[at : at + 1] in b"mFcCt":
            return at == len(letters) - 1
        if letters[at : at + 1] in b"Su":  # what follows these in the same word is theirs
            return False
    return False


def last_action(place: git.Place) -> bytes:
    """Return what Git calls the last move of HEAD ("commit", "commit (merge)", "revert" …), b"" without a log."""
    try:
        with open(os.path.join(place.git_dir, b"logs", b"HEAD"), "rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 4096))
            return file.read().rstrip(b"\n").rpartition(b"\n")[2].partition(b"\t")[2].partition(b":")[0]
    except OSError:
        return b""


# What Git itself starts a `git commit` for.
_SEQUENCED = (b"revert", b"cherry-pick", b"rebase", b"merge", b"pull")


def verb_above() -> bytes:
    """Return the Git command that makes the commit after which we run, b"" where nobody can say.

    Where HEAD has no log (core.logAllRefUpdates, a work tree of a bare clone, reftable) it says what last_action would.
    With an editor, `git revert` has a `git commit` do it.
    """
    pid, found = os.getppid(), b""
    for _ in range(12):
        known = _process(pid)
        if known is None or pid <= 1:
            break
        pid, argv = known
        if os.path.basename(argv[0] if argv else b"") == b"git":
            verb = (_without_options(argv[1:]) or [b""])[0]
            if verb != b"hook":  # `git hook run`, by which Git starts them since 2.36 where a person asks for it
                if found:
                    return verb if verb in _SEQUENCED else found
                found = verb
        elif found:
            break
    return found


def _git_commit_above() -> list[bytes] | None:
    """Return the arguments of the `git commit` that runs us; [] when none does, None when nobody can say."""
    if "GIT_INDEX_FILE" not in os.environ:
        return []
    pid = os.getppid()
    for _ in range(12):
        known = _process(pid)
        if known is None:
            return None
        pid, argv = known
        if argv and os.path.basename(argv[0]) in (b"git", b"git-commit") and (b"commit" in argv or len(argv) > 1):
            return argv[argv.index(b"commit") + 1 :] if b"commit" in argv else argv[1:]
        if pid <= 1:
            return None
    return None


def processes_above() -> list[int]:
    """Return the ids of the processes that run us, the nearest first."""
    pids: list[int] = []
    pid = os.getppid()
    while pid > 1 and len(pids) < 12:
        pids.append(pid)
        known = _process(pid)
        if known is None:
            break
        pid = known[0]
    return pids


def _process(pid: int) -> tuple[int, list[bytes]] | None:
    """Return (parent, arguments) of a process, None where the system does not say."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            argv = file.read().split(b"\0")[:-1]
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[1]), argv
    except OSError:
        pass  # no /proc here: macOS, BSD
    result = git.spawn(["ps", "-o", "ppid=,args=", "-p", str(pid)])
    fields = result.out.split()
    if result.code or not fields:
        return None
    return int(fields[0]), fields[1:]


def _author_is_heads() -> bool:
    # `git commit` exports the author it will use; an amended commit keeps HEAD's, to the second.
    date = os.environ.get("GIT_AUTHOR_DATE", "")
    result = git.attempt("log", "-1", "--format=@%ad%n%an%n%ae", "--date=raw", "HEAD", "--")
    mine = (date, os.environ.get("GIT_AUTHOR_NAME", ""), os.environ.get("GIT_AUTHOR_EMAIL", ""))
    return result.code == 0 and os.fsdecode(result.out).split("\n")[:3] == list(mine)


# Options of git itself whose value is the next word.
_WITH_VALUE = frozenset((b"-C", b"-c", b"--git-dir", b"--work-tree", b"--namespace", b"--config-env", b"--attr-source"))


def command_above() -> tuple[int, list[bytes]]:
    """Return the process whose filter we are, and its Git command with the arguments; (0, []) where nobody can say."""
    pid = os.getppid()
    for _ in range(4):  # a shell or two stand between
        known = _process(pid)
        if known is None:
            break
        above, argv = known
        name = os.path.basename(argv[0]) if argv else b""
        if name.startswith(b"git-"):
            return pid, [name[4:], *argv[1:]]
        if name == b"git":
            return pid, _without_options(argv[1:])
        pid = above
    return 0, []


# Options of merge, pull and rebase whose value is any text: one that begins as an option is none.
_WITH_TEXT = (b"-m", b"--message", b"-F", b"--file", b"-x", b"--exec", b"--into-name")


def favored_side() -> str:
    """Return the side that the merge whose driver we are takes where both changed the same (`-X theirs`), "" for none.

    Git tells its own drivers alone; its command line does. Of a rebase that goes on after a stop it says nothing.
    """
    words = iter(command_above()[1])
    side = ""
    for word in words:
        if word in _WITH_TEXT:
            next(words, b"")
            continue
        value = word.removeprefix(b"--strategy-option=") if word.startswith(b"--strategy-option=") else b""
        if word in (b"-X", b"--strategy-option"):
            value = next(words, b"")
        elif word.startswith(b"-X"):
            value = word[2:]
        side = value.decode() if value in (b"ours", b"theirs") else side
    return side


def _without_options(words: list[bytes]) -> list[bytes]:
    at = 0
    while at < len(words) and words[at].startswith(b"-"):
        at += 2 if words[at] in _WITH_VALUE else 1
    return words[at:]


# What `git commit` may be typed with, and still takes nothing from the work tree; anything else may be a path.
_HARMLESS = frozenset(
    b"--quiet --verbose --no-verify --amend --no-edit --edit --allow-empty --allow-empty-message --signoff --status "
    b"--no-status --no-gpg-sign --reset-author --no-post-rewrite".split()
)
_HARMLESS_VALUED = frozenset(
    b"--message --file --author --date --template --cleanup --trailer --fixup --squash".split()
)
_LETTERS, _VALUED_LETTERS = b"qvnse", b"mFCct"


def only_compares(command: Sequence[bytes]) -> bool:
    """Whether a Git command asks a filter only to see whether files have changed: `status`, and a commit of the index.

    A doubt is a no: of a file whose text goes into Git, the bytes have to be kept.
    """
    if not command or command[0] not in (b"status", b"commit"):
        return False
    words = iter(command[1:])
    return command[0] == b"status" or all(_is_harmless(word, words) for word in words)


def _is_harmless(word: bytes, rest: Iterator[bytes]) -> bool:
    if word.startswith(b"--"):
        name, given, _ = word.partition(b"=")
        if name in _HARMLESS_VALUED and not given:
            next(rest, b"")
        return name in _HARMLESS_VALUED or word in _HARMLESS
    letters = word[1:].lstrip(_LETTERS)
    if not word.startswith(b"-") or len(word) < 2:
        return False
    if letters[:1] and letters[:1] in _VALUED_LETTERS:
        if len(letters) == 1:
            next(rest, b"")
        return True
    return not letters
