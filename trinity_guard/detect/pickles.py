"""What a pickle looks like: protocols 2 to 5 by their magic, 0 and 1 by their opcodes. Nothing is unpickled."""

from __future__ import annotations

from trinity_guard.detect.glance import IN_MODULE

TORCH_LEGACY = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."


def _letters(*groups: bytes) -> frozenset[int]:
    return frozenset(b"".join(groups))


# What pickle's own writers begin with after \x80 and the protocol.
AFTER_PROTOCOL = _letters(b"(cNIJKMLGFSTUVXPQ]})", b"\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x95\x96BC")


def pickled(head: bytes, size: int) -> str | None:
    if head.startswith(TORCH_LEGACY):
        return "PyTorch (legacy)"
    if head[:1] == b"\x80":
        if len(head) < 4 or head[2] not in AFTER_PROTOCOL or not 2 <= head[1] <= 5:
            return None
        # A frame's length is 8 bytes, and the frame lies within the file.
        if head[2] == 0x95 and (head[1] < 4 or int.from_bytes(head[3:11], "little") > size):
            return None
        return f"pickle (protocol {head[1]})"
    if head[:1] in (b"X", b"T") and _one_long_text(head, size):
        return "pickle (protocol 1)"
    walk = _Walk(head, size)
    if not walk.is_pickle():
        return None
    return f"pickle (protocol {1 if walk.binary else 0})"


def _one_long_text(head: bytes, size: int) -> bool:
    """Whether the file is one text with its length before it, a memo's number and the stop after it."""
    return int.from_bytes(head[1:5], "little") + 8 == size > len(head)


# The opcodes of protocols 0 and 1 (Lib/pickletools.py), by the form of their argument.
LINES = {c: n for letters, n in ((b"FILPSVgp", 1), (b"ci", 2)) for c in letters}
FIXED = {c: n for letters, n in ((b"Khq", 1), (b"M", 2), (b"Jjr", 4), (b"G", 8)) for c in letters}
COUNTED = {ord("U"): 1, ord("T"): 4, ord("X"): 4}
BARE = _letters(b"(.012NQRabdelostu)]}")
PUSHES = _letters(b"FGIJKLMNPSTUVX]})cghj2")
# How many items an opcode takes off the stack (it needs that many), and whether it puts one back.
TAKES = {ord("Q"): (1, 1), ord("R"): (2, 1), ord("a"): (2, 1), ord("b"): (2, 1), ord("s"): (3, 1)}
DIGITS = _letters(b"0123456789")
NUMERIC = _letters(b"0123456789+-.eEinfaLl")


class _Walk:
    """A pickle of protocol 0 or 1, followed opcode by opcode over the head: these have no magic number.

    Only the height of the stack is kept. What tells a pickle from text: every opcode known, every argument well
    formed, nothing taken from an empty stack, memo numbers given in order, as every pickler does.
    """

    def __init__(self, head: bytes, size: int) -> None:
        self.head = head
        self.at = 0
        self.height = 0
        self.marks: list[int] = []
        self.puts = 0
        self.last_put = -1
        self.lines = 0
        self.steps = 0
        self.binary = False
        self.cut = size > len(head)
        self.ended = ""
        while not self.ended:
            self._step()

    def is_pickle(self) -> bool:
        if self.ended == "stop":
            # One that was optimised has no memo numbers; it must be written in lines, and hold more than a number.
            evidence = self.puts or (self.lines and self.steps >= 4)
            whole = self.at == len(self.head) and not self.cut
            return bool(evidence and (whole or self.puts))
        if self.ended == "cut":
            return self.puts > 0
        # joblib writes the raw bytes of arrays between the opcodes.
        return self.puts >= 4

    def _step(self) -> None:
        if self.at >= len(self.head):
            self.ended = "cut" if self.cut else "broken"
            return
        code = self.head[self.at]
        self.at += 1
        self.steps += 1
        argument = self._argument(code)
        if argument is None:
            self.ended = self.ended or "broken"
        elif code == ord("."):
            self.ended = "stop" if self.height == 1 and not self.marks else "broken"
        elif not self._apply(code, argument):
            self.ended = "broken"

    def _argument(self, code: int) -> bytes | None:
        """Return an opcode's argument and go past it; None where there is none such, or where the head ends in it."""
        if code in BARE:
            return b""
        if code in LINES:
            return self._read_lines(code)
        if code in FIXED:
            self.binary = True
            return self._take(FIXED[code])
        if code in COUNTED:
            self.binary = True
            length = self._take(COUNTED[code])
            return None if length is None else self._take(int.from_bytes(length, "little"))
        return None

    def _take(self, count: int) -> bytes | None:
        if self.at + count > len(self.head):
            self.ended = "cut" if self.cut else "broken"
            return None
        self.at += count
        return self.head[self.at - count : self.at]

    def _read_lines(self, code: int) -> bytes | None:
        start = self.at
        for _ in range(LINES[code]):
            end = self.head.find(b"\n", self.at)
            if end < 0:
                self.ended = "cut" if self.cut else "broken"
                return None
            self.at = end + 1
        self.lines += code not in b"gp"
        argument = self.head[start : self.at - 1]
        return argument if _well_formed(code, argument) else None

    def _apply(self, code: int, argument: bytes) -> bool:
        """Do to the stack's height what the opcode does; False where it cannot."""
        floor = self.marks[-1] if self.marks else 0
        if code in b"pqr":
            return self.height > floor and self._put(_number(code, argument))
        if code in b"ghj" and _number(code, argument) > self.puts:
            return False
        if code == ord("2") and self.height == floor:
            return False
        if code in PUSHES:
            self.height += 1
            return True
        if code == ord("("):
            self.marks.append(self.height)
            return True
        if code == ord("0") and self.height > floor:
            self.height -= 1
            return True
        if code in TAKES:
            needs, gives = TAKES[code]
            self.height += gives - needs
            return self.height - gives >= floor
        return self._close(code)

    def _close(self, code: int) -> bool:
        """Take all down to the last mark: into a tuple, list, dict, instance, or into what lies below it."""
        if not self.marks:
            return False
        # A POP of protocol 0 (tuples that hold themselves) may take the mark itself.
        floor = self.marks.pop()
        items = self.height - floor
        self.height = floor + (code in b"tldio")
        below = floor - (self.marks[-1] if self.marks else 0)
        if (code in b"du" and items % 2) or (code == ord("o") and not items):
            return False
        return below > 0 if code in b"eu" else True

    def _put(self, number: int) -> bool:
        # cPickle of Python 2 counts from 1.
        in_order = number == self.last_put + 1 or (number == 1 and not self.puts)
        self.last_put = number
        self.puts += in_order
        return in_order


def _number(code: int, argument: bytes) -> int:
    return int(argument) if code in b"gp" else int.from_bytes(argument, "little")


def _well_formed(code: int, argument: bytes) -> bool:
    if code in b"gp":
        return 0 < len(argument) < 10 and DIGITS.issuperset(argument)
    if code in b"FIL":
        return bool(argument) and NUMERIC.issuperset(argument)
    if code == ord("S"):
        return len(argument) > 1 and argument[:1] in (b"'", b'"') and argument[:1] == argument[-1:]
    if code in b"ci":
        module, _, name = argument.partition(b"\n")
        return all(p[:1].strip(b"0123456789") and IN_MODULE.issuperset(p) for p in (module, name))
    return True
