"""Old commits to new ones: only tree and parents change, the commit ids in messages, and what signed the old bytes."""

from __future__ import annotations

from binascii import hexlify, unhexlify
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

from trinity_guard.git.catfile import Source, headers
from trinity_guard.git.ids import IdMap, Ids
from trinity_guard.git.packwriter import Pack
from trinity_guard.migrate.progress import Progress
from trinity_guard.migrate.rewrite import Trees
from trinity_guard.migrate.scan import Scan

SIGNATURES = (b"gpgsig", b"gpgsig-sha256")
MERGETAG = b"mergetag"
TREE_LINE = 46
PARENT_LINE = 48


class Rewritten:
    """ids: old -> new (hex) for every commit. unsigned: old ids of commits that lost their signature, mergetags of
    those that lost a mergetag. unresolved: (commit, what looks like an id and is none of this history's).
    left: (commit, id): unchanged commits that name a changed one. before: those of `ids` that were known."""

    def __init__(self) -> None:
        self.ids = IdMap()
        self.unsigned: list[bytes] = []
        self.mergetags: list[bytes] = []
        self.unresolved: list[tuple[bytes, bytes]] = []
        self.left: list[tuple[bytes, bytes]] = []
        self.before: Mapping[bytes, bytes] = {}

    def changed(self) -> int:
        return sum(1 for old, new in self.ids.items() if old != new and old not in self.before)


class CommitIds:
    """Resolves what looks like a commit's id, as people write it: whole, or its first letters."""

    def __init__(self, commits: Ids) -> None:
        import re

        self._commits = commits
        self.pattern = re.compile(rb"\b[0-9a-f]{7,40}\b")

    def find(self, text: bytes) -> bytes | None:
        """Return the one commit that a text names."""
        fits = self._commits.starting(text)
        return fits[0] if len(fits) == 1 else None


def looks_like_an_id(text: bytes) -> bool:
    """Whether a person meant a commit: a plain number or a plain word is none."""
    return len(text) == 40 or (not text.isdigit() and not text.isalpha())


class Commits:
    """Rewrites the commits of a scan into a pack. before: old -> new of commits before them; with_dvc: those of them
    that have DVC's files by a migration; named: those of them that a message may name, else all."""

    def __init__(
        self,
        source: Source,
        scan: Scan,
        trees: Trees,
        pack: Pack,
        rewrite_ids: bool = True,
        before: Mapping[bytes, bytes] | None = None,
        with_dvc: Set[bytes] = frozenset(),
        named: Sequence[bytes] | None = None,
    ) -> None:
        self._source = source
        self._scan = scan
        self._trees = trees
        self._pack = pack
        self._rewrite_ids = rewrite_ids
        others = [unhexlify(commit) for commit in (before or () if named is None else named)]
        self.names = CommitIds(Ids([*others, *scan.commits]) if others else scan.commits)
        self.result = Rewritten()
        self.result.before = before or {}
        self.result.ids = IdMap(self.result.before.items())
        # Which of `ids` have DVC's files by a migration, in their order.
        self._carrying = bytearray(len(self.result.ids))
        for commit in with_dvc:
            self._carrying[self.result.ids.number(commit)] = True
        self._mentioned = self._resolved() if rewrite_ids else {}

    def run(self, on_progress: Progress) -> Rewritten:
        order, roots = self._order(), self._scan.roots
        total = len(order)
        on_progress("rewrite", 0, total)
        first = next((done for done, number in enumerate(order) if self._scan.mask(roots[number])), total)
        objects = self._source.each(self._read(order, first))
        for done, number in enumerate(order):
            _, raw = next(objects)
            if done >= first:
                self._trees.give(roots[number], next(objects)[1])
            self._one(number, hexlify(self._scan.commits[number]), raw)
            if not (done + 1) % 500 or done + 1 == total:
                on_progress("rewrite", done + 1, total)
        return self.result

    def _read(self, order: Sequence[int], first: int) -> Iterator[bytes]:
        """Yield the commits (hex), and from the first one with artifacts on their roots."""
        commits, roots = self._scan.commits, self._scan.roots
        for done, number in enumerate(order):
            yield hexlify(commits[number])
            if done >= first:
                yield hexlify(roots[number])

    def _resolved(self) -> dict[int, dict[bytes, bytes]]:
        """Return, by commit, the texts in its message that name a commit of this history."""
        found = {}
        for number, texts in self._scan.mentions.items():
            known = {text: commit for text in texts if (commit := self.names.find(text)) is not None}
            if known:
                found[number] = known
        return found

    def _order(self) -> Sequence[int]:
        """Return the commits, parents first, and those that a message names before it, so that their new ids are known.

        A whole id cannot name a later commit; first letters that do by chance are no reason to go in circles.
        """
        commits = self._scan.commits
        named = {n: self._numbers(known.values()) for n, known in self._mentioned.items()}
        if not any(other > n for n, others in named.items() for other in others):
            return range(len(commits))
        data = b"\n".join(map(hexlify, commits))
        lines = self._source.run("rev-list", "--no-walk=unsorted", "--parents", "--stdin", data=data)
        parents = [self._numbers(line.split()[1:]) for line in lines.splitlines()]
        return _depth_first([[*parents[n], *named.get(n, ())] for n in range(len(commits))])

    def _numbers(self, commits: Iterable[bytes]) -> list[int]:
        """Return the numbers of those of the commits (hex) that are of the scan."""
        return [n for commit in commits if (n := self._scan.commits.find(unhexlify(commit))) >= 0]

    def _one(self, number: int, old: bytes, raw: bytes) -> None:
        ids = self.result.ids
        at = TREE_LINE
        parents = b""
        same, carried = True, False
        while raw[at : at + 7] == b"parent ":
            parent = raw[at + 7 : at + 47]
            place = ids.number(parent)
            if place < 0:
                raise KeyError(parent)
            mapped = ids.value(place)
            same = same and mapped == parent
            carried = carried or bool(self._carrying[place])
            parents += b"parent " + mapped + b"\n"
            at += PARENT_LINE
        new_root = self._new_root(number, carried)
        if same and new_root == self._scan.roots[number]:
            ids[old] = old
            self._note_left(number, old)
            return
        rest = self._without_signatures(old, raw[at:])
        if number in self._scan.mentions and self._rewrite_ids:
            rest = self._with_new_ids(number, old, rest)
        data = b"tree %s\n%s%s" % (new_root.hex().encode(), parents, rest)
        ids[old] = self._pack.add(b"commit", data).hex().encode()

    def _new_root(self, number: int, carried: bool) -> bytes:
        """DVC's files stay from the first commit that needs them on, though a later one has no artifact any more: else
        its checkout would leave `.dvc` without its .gitignore, and the next `git add` would take in the cache."""
        root = self._scan.roots[number]
        new = self._trees.root(root, carried)
        self._carrying.append(self._trees.added_dvc(root, carried))
        return new

    def _without_signatures(self, old: bytes, rest: bytes) -> bytes:
        """Drop what was made for the old bytes: signatures, and copies of tags that name old commits."""
        head = rest.partition(b"\n\n")[0]
        if b"\ngpgsig" not in head and b"\nmergetag " not in head:
            return rest
        lines, message = headers(rest)
        names = {name for name, _ in lines}
        if names & set(SIGNATURES):
            self.result.unsigned.append(old)
        if MERGETAG in names:
            self.result.mergetags.append(old)
        kept = [line for name, line in lines if name not in SIGNATURES and name != MERGETAG]
        return b"\n".join(kept) + message

    def _with_new_ids(self, number: int, old: bytes, rest: bytes) -> bytes:
        head, blank, message = rest.partition(b"\n\n")
        known = self._mentioned.get(number, {})
        for text in self._scan.mentions[number]:
            # The target may be later in a circle that first letters made by chance.
            if (text not in known and looks_like_an_id(text)) or (text in known and known[text] not in self.result.ids):
                self.result.unresolved.append((old, text))
        return head + blank + renamed(message, self.names, self.result.ids)

    def _note_left(self, number: int, old: bytes) -> None:
        for text, commit in self._mentioned.get(number, {}).items():
            if self.result.ids.get(commit, commit) != commit:
                self.result.left.append((old, text))


def renamed(message: bytes, names: CommitIds, ids: Mapping[bytes, bytes]) -> bytes:
    """Return a message in which the ids of rewritten commits are the new ones, in as many letters as before."""

    def new(text: bytes) -> bytes:
        commit = names.find(text)
        return ids.get(commit, commit)[: len(text)] if commit is not None else text

    return names.pattern.sub(lambda match: new(match.group()), message)


def _depth_first(needs: list[list[int]]) -> list[int]:
    order: list[int] = []
    state = [0] * len(needs)  # 1: under way, 2: done
    for start in range(len(needs)):
        stack = [start]
        while stack:
            number = stack[-1]
            if state[number] == 0:
                state[number] = 1
                stack += [n for n in needs[number] if state[n] == 0]
            else:
                stack.pop()
                if state[number] == 1:
                    state[number] = 2
                    order.append(number)
    return order
