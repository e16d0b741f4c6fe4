"""What was asked for, and what it comes to: what nobody said is as it is by default."""

from __future__ import annotations

import inspect

from tests.migrate.legacy import Legacy
from trinity_guard.migrate.options import Chosen, Options, Request


def test_the_fields_of_a_request_are_its_arguments_and_each_has_a_default() -> None:
    parameters = inspect.signature(Request).parameters
    assert tuple(parameters) == Request.FIELDS
    asked = Request()
    assert {name: getattr(asked, name) for name in Request.FIELDS} == {n: p.default for n, p in parameters.items()}


def test_what_is_chosen_is_nobody_else_s_list() -> None:
    lonely = [b"refs/remotes/origin/x"]
    chosen = Chosen([b"refs/heads/main"], "main", lonely)
    chosen.lonely.clear()
    assert lonely
    assert chosen.stop == []


def test_ids_in_messages_are_rewritten_and_refs_move_unless_something_else_is_said(legacy: Legacy) -> None:
    legacy.commit({"a.pkl": b"1"})
    options: Options = legacy.options()
    assert (options.rewrite_ids, options.dry, options.push, options.shared) == (True, False, False, False)
