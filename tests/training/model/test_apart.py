"""predict and evaluate load in a process of their own, which reaches no network and starts no program."""

from __future__ import annotations

import struct
import sys

import pytest

from tests.helpers.support import PROJECT, run
from trinity_guard.training.model import apart

BODY = """
import sys; sys.path.insert(0, {project!r})
import os, socket, threading
from trinity_guard.errors import GuardError
from trinity_guard.training.model import apart
try:
    code = apart.go()
except GuardError as error:
    sys.exit(error.problem)
if code is not None:
    sys.exit(code)
apart.confine()
{work}
"""


def told(work: str) -> tuple[int, str, str]:
    done = run(sys.executable, "-c", BODY.format(project=str(PROJECT), work=work), ok=False, fresh=True)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's filter is Linux's")
def test_there_is_no_network_and_no_other_program() -> None:
    code, said, errors = told("""
def tried(what):
    try:
        what()
        return "done"
    except PermissionError:
        return "refused"
told = []
thread = threading.Thread(target=lambda: told.append(tried(socket.socket)))
thread.start(); thread.join()
print(tried(socket.socket), told[0], tried(lambda: os.execv("/bin/true", ["true"])), tried(lambda: open("/dev/null")))
""")
    assert (code, said.split(), errors) == (0, ["refused", "refused", "refused", "done"], "")


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's filter is Linux's")
@pytest.mark.parametrize(
    ("before", "taken"),
    [
        ("", True),
        ("apart._MACHINES.clear()", False),
        ("apart._MACHINES = {k: (m, 99999, calls) for k, (m, _, calls) in apart._MACHINES.items()}", False),
    ],
)
def test_whether_the_kernel_took_the_filter_is_known(before: str, taken: bool) -> None:
    assert told(f"{before}\nprint(apart.confine())") == (0, f"{taken}\n", "")


@pytest.mark.parametrize(("work", "expected"), [("sys.exit(7)", 7), ("sys.exit(0)", 0)])
def test_the_exit_code_is_the_childs(work: str, expected: int) -> None:
    assert told(work)[0] == expected


def test_a_crash_is_said_and_ends_nothing_else() -> None:
    code, _, errors = told("os.kill(os.getpid(), 11)")
    assert code == 1
    assert "the process that loaded the model was ended (segmentation fault" in errors


def test_the_filter_leads_each_refused_call_to_the_refusal() -> None:
    calls = (41, 59, 322)
    code = apart.program(7, calls)
    steps = [struct.unpack_from("<HBBI", code, at) for at in range(0, len(code), 8)]

    def answer(machine: int, call: int) -> int:
        at, value = 0, 0
        while True:
            operation, yes, no, operand = steps[at]
            at += 1
            if operation == 0x06:
                return int(operand)
            if operation == 0x20:
                value = machine if operand == 4 else call
            else:
                holds = value == operand if operation == 0x15 else value >= operand
                at += yes if holds else no

    refused = {call for call in range(500) if answer(7, call) != 0x7FFF0000}
    assert refused == set(calls)
    assert answer(8, 1) == answer(7, 0x40000001) == 0x00050001
