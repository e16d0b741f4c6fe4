"""A long-running filter process as gitattributes(5) has it (version 2): one for a Git command, pkt-lines on pipes.

Only what becomes something else comes back through the pipe: for all that stays as it is, `status=error` has a Git
whose driver is not `required` go on with the bytes that it has, without a word.
"""

from __future__ import annotations

import os
import select

from trinity_guard.errors import GuardError
from trinity_guard.git.files import write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    # A path and its content -> what goes in its place, None where it stays as it is.
    Handler = Callable[[bytes, Iterator[memoryview]], Iterable[bytes] | None]

# So much is read at once of a large file; of others as much as a block of memory takes that costs no call of its own.
BLOCK, SMALL_BLOCK = 1 << 20, 1 << 16
# A packet's length counts its own four digits, and is 65520 at most.
MAX_DATA = 65516
FLUSH = b"0000"
F_SETPIPE_SZ = 1031
# Seconds without a word from Git after which it is looked whether it still holds its end.
IDLE = 0.2
SUCCESS, ERROR = b"status=success\n", b"status=error\n"


def packet(data: bytes | memoryview) -> bytes:
    """Return data as one pkt-line."""
    return b"".join((b"%04x" % (len(data) + 4), data))


ACCEPTED = packet(SUCCESS) + FLUSH


class Hungup(Exception):  # noqa: N818  # what it is, not that it is one
    """Git has gone: nobody waits for an answer."""


class Channel:
    """The two pipes to Git. pid: its process, 0 where nobody can say."""

    def __init__(self, incoming: int = 0, outgoing: int = 1, pid: int = 0) -> None:
        self._pid = pid
        self._in = incoming
        self._out = outgoing
        self._block, self._at = b"", 0
        self._most = SMALL_BLOCK
        _widen(incoming)
        _widen(outgoing)

    def greet(self, capabilities: Iterable[bytes]) -> None:
        """Answer Git's greeting, and offer what is asked for of these capabilities."""
        if self._line() != b"git-filter-client" or b"version=2" not in self._lines():
            raise GuardError("this is no Git that speaks version 2 of its filter protocol.", "git --version")
        self.send(packet(b"git-filter-server\n") + packet(b"version=2\n") + FLUSH)
        asked = self._lines()
        offered = [b"capability=" + c for c in capabilities if b"capability=" + c in asked]
        self.send(b"".join(packet(o + b"\n") for o in offered) + FLUSH)

    def request(self) -> dict[bytes, bytes] | None:
        """Return what Git asks for next, by key; None when it has no more to ask."""
        try:
            first = self._line()
        except Hungup:
            return None
        pairs = (line.partition(b"=") for line in (first, *self._lines()))
        return {key: value for key, _, value in pairs}

    def content(self) -> Iterator[memoryview]:
        """Yield a file's bytes in pieces, as they come."""
        while (left := self._length()) is not None:
            while left:
                piece = self._some(left)
                left -= len(piece)
                yield piece

    def answer(self, pieces: Iterable[bytes] | None) -> None:
        """Send what goes in a file's place. GuardError while it is made: the file stays as it is after all."""
        if pieces is None:
            self.send(packet(ERROR) + FLUSH)
            return
        waiting = ACCEPTED
        try:
            for piece in pieces:
                waiting += _packets(piece)
                if len(waiting) > MAX_DATA:
                    self.send(waiting)
                    waiting = b""
        except GuardError:
            self.send(waiting + FLUSH + packet(ERROR) + FLUSH)
            raise
        self.send(waiting + FLUSH + FLUSH)

    def send(self, data: bytes) -> None:
        try:
            write(self._out, data)
        except BrokenPipeError:
            raise Hungup from None

    def _lines(self) -> list[bytes]:
        """Return the lines up to the next flush."""
        lines = []
        while (length := self._length()) is not None:
            lines.append(self._exactly(length).removesuffix(b"\n"))
        return lines

    def _line(self) -> bytes:
        return self._exactly(self._length() or 0).removesuffix(b"\n")

    def _length(self) -> int | None:
        """Return the length of the next packet's data, None for a flush."""
        digits = self._exactly(4)
        try:
            length = int(digits, 16)
        except ValueError:
            length = 1
        if not length:
            return None
        if not 4 <= length <= MAX_DATA + 4:
            raise GuardError("Git sent something that is no pkt-line.", "git --version")
        return length - 4

    def _exactly(self, count: int) -> bytes:
        at = self._at
        if at + count <= len(self._block):  # nearly always: Git says all of a small file at once
            self._at = at + count
            return self._block[at : at + count]
        data = b""
        while len(data) < count:
            data += self._some(count - len(data))
        return data

    def _some(self, most: int) -> memoryview:
        if self._at == len(self._block):
            # Git's end of the pipe goes to whatever its hooks leave in the background, and to its own `gc --auto`.
            while not select.select([self._in], [], [], IDLE)[0]:
                if self._pid and not _has_open(self._pid, self._in):
                    raise Hungup
            self._block, self._at = os.read(self._in, self._most), 0
            if not self._block:
                raise Hungup
            self._most = BLOCK if len(self._block) >= SMALL_BLOCK else SMALL_BLOCK
        piece = memoryview(self._block)[self._at : self._at + most]
        self._at += len(piece)
        return piece


def _packets(data: bytes) -> bytes:
    if len(data) <= MAX_DATA:
        return packet(data) if data else b""
    view = memoryview(data)
    return b"".join(packet(view[at : at + MAX_DATA]) for at in range(0, len(view), MAX_DATA))


def serve(channel: Channel, handlers: dict[bytes, Handler], on_failure: Callable[[GuardError], None]) -> None:
    """Answer until Git hangs up. handlers: by the name of the capability (`clean`, `smudge`).

    on_failure: is told why a file stays as it is where somebody should know.
    """
    try:
        channel.greet(handlers)
        while (asked := channel.request()) is not None:
            content = channel.content()
            try:
                answer = handlers[asked[b"command"]](asked[b"pathname"], content)
            except GuardError as error:
                on_failure(error)
                answer = None
            # Git sends all of a file before it listens.
            for _ in content:
                pass
            try:
                channel.answer(answer)
            except GuardError as error:
                on_failure(error)
    except Hungup:
        return


def _has_open(pid: int, fd: int) -> bool:
    """Whether a process still has the other end of our pipe; yes where the system does not say."""
    folder = f"/proc/{pid}/fd"
    pipe = f"pipe:[{os.fstat(fd).st_ino}]"
    try:
        return any(_target(f"{folder}/{name}") == pipe for name in os.listdir(folder))
    except FileNotFoundError:
        return not os.path.isdir("/proc/self")  # the process is gone
    except OSError:
        return True


def _target(link: str) -> str:
    try:
        return os.readlink(link)
    except FileNotFoundError:
        return ""  # closed in this moment


def _widen(fd: int) -> None:
    """Let a pipe hold more at once; what is no pipe, or a system without that, stays as it is."""
    try:
        import fcntl

        fcntl.fcntl(fd, F_SETPIPE_SZ, BLOCK)
    except (ImportError, OSError):
        return
