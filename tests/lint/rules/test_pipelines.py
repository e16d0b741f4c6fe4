"""A dvc.yaml that DVC would not take is found, and one that it takes is not: each verdict against DVC's own schema."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.support import Repo
from trinity_guard.dvcrepo import yaml
from trinity_guard.lint.rules import pipelines

GOOD = [
    "stages: {}",
    "stages: {s: {cmd: x}}",
    "stages: {s: {cmd: [x, y], wdir: a, deps: [a], params: [p, {f.yaml: [x]}], vars: [{a: 1}, f], frozen: true}}",
    "stages: {s: {cmd: x, outs: [a, {b: {cache: false, push: false, remote: r, desc: d, labels: [l], meta: 3}}]}}",
    "stages: {s: {cmd: x, metrics: [m, {n: {cache: false}}], plots: [p, {q: {x: a, header: true}}, {r: [{y: b}]}]}}",
    "stages: {s: {foreach: [1, 2], do: {cmd: x}}, t: {foreach: '${v}', do: {cmd: x}}}",
    "stages: {s: {foreach: {a: b}, do: {cmd: [x]}}}",
    "stages: {s: {matrix: {a: [1], b: '${v}'}, cmd: x}}",
    "plots: [p, {q: }, {r: {x: a, y: [b, c], template: t}}, {s: {x: {f: a}, y: {f: [b], g: c}, title: t}}]",
    "vars: [f, {a: 1}]\nparams: [p]\nmetrics: [m]\ndatasets: 3\nartifacts: {a: {path: p, type: model}}",
]
BAD = {
    "stages: {s: {cmdd: x}}": "the stage 's' holds the unknown key 'cmdd'",
    "stages: {s: {deps: [a]}}": "the stage 's' has no 'cmd'",
    "stages: {s: x}": "the stage 's' is no mapping",
    "stages: {1: {cmd: x}}": "the name of a stage is no text",
    "stages: {s: {cmd: 3}}": "'cmd' of the stage 's' is of the wrong type",
    "stages: {s: {cmd: x, deps: a}}": "'deps' of the stage 's' is no list",
    "stages: {s: {cmd: x, deps: [{a: b}]}}": "an entry of 'deps' of the stage 's' is of the wrong type",
    "stages: {s: {cmd: x, outs: [{b: {cached: false}}]}}": "the unknown key 'cached'",
    "stages: {s: {cmd: x, outs: [{b: {cache: maybe}}]}}": "'cache' of 'b' of an entry of 'outs' of the stage 's'",
    "stages: {s: {do: {cmd: x}}}": "has no 'foreach'",
    "stages: {s: {foreach: [1], do: {deps: [a]}}}": "has no 'cmd'",
    "stages: {s: {foreach: [1], do: {cmd: x}, deps: [a]}}": "the unknown key 'deps'",
    "stages: 3": "'stages' of it is of the wrong type",
    "stages:": "'stages' of it is of the wrong type",
    "stage: {}": "it holds the unknown key 'stage'",
    "plots: {a: {x: b}}": "'plots' of it is no list",
    "artifacts: {a: {type: model}}": "has no 'path'",
    "- a": "it is no mapping",
}


def taken(fields: object) -> bool:
    from dvc.schema import COMPILED_MULTI_STAGE_SCHEMA
    from voluptuous import Invalid

    try:
        COMPILED_MULTI_STAGE_SCHEMA(fields)
    except Invalid:
        return False
    return True


def parsed(text: str) -> object:
    return yaml.parse(text.encode(), yaml.MAX_BYTES, anchors=True)


@pytest.mark.parametrize("text", GOOD)
def test_what_dvc_takes_is_fine(text: str) -> None:
    assert taken(parsed(text))
    assert pipelines.wrong(parsed(text)) == ""


@pytest.mark.parametrize(("text", "words"), BAD.items(), ids=BAD)
def test_what_dvc_does_not_take_is_told_with_its_place(text: str, words: str) -> None:
    assert not taken(parsed(text))
    assert words in pipelines.wrong(parsed(text))


KEYS = st.sampled_from(
    [
        *pipelines.PIPELINE,
        *(k.strip("!") for k in (*pipelines.STAGE, *pipelines.LOOP)),
        "cache",
        "x",
        "path",
    ]
)
NODES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(0, 9), KEYS),
    lambda inside: st.one_of(st.lists(inside, max_size=3), st.dictionaries(KEYS, inside, max_size=4)),
    max_leaves=12,
)
STAGES = st.dictionaries(st.one_of(KEYS, st.just(3)), st.dictionaries(KEYS, NODES, max_size=4), max_size=2)


@settings(max_examples=150, deadline=None)
@given(fields=st.one_of(NODES, st.builds(lambda s: {"stages": s}, STAGES)))
def test_the_verdict_is_always_that_of_dvc(fields: object) -> None:
    assert (pipelines.wrong(fields) == "") == taken(fields)


def test_a_kilobyte_of_aliases_is_looked_at_once() -> None:
    lines = ["vars: [&a0 [x]]", "stages:", "  s:", "    cmd: x", "    meta:"]
    lines += [f"    - &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    assert "wrong type" in pipelines.wrong(parsed("\n".join(lines)))
    many = {"stages": {"s": {"cmd": "x", "outs": [{f"o{n}": {"cache": False}} for n in range(20_000)]}}}
    assert pipelines.wrong(many) == ""
    wide = ["stages:", "  s0: &s", "    cmd: x", f"    deps: [{', '.join(['a'] * 2000)}]"]
    assert pipelines.wrong(parsed("\n".join([*wide, *(f"  s{n}: *s" for n in range(1, 2000))]))) == ""


def test_lint_says_what_is_wrong_with_a_pipeline(bare_repo: Repo) -> None:
    bare_repo.stage("dvc.yaml", b"stages:\n  train:\n    cmd: x\n    dep: [a]\n")
    done = bare_repo.guard("lint", ok=False)
    assert done.returncode == 1
    assert b"TG005 is no file that DVC can read: the stage 'train' holds the unknown key 'dep'" in done.stdout
