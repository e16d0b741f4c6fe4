"""The outputs of a dvc.yaml are those that dvc sees, templates and all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dvcrepo.test_project import project
from tests.helpers.support import PROJECT, run
from trinity_guard.dvcrepo.output import Output
from trinity_guard.dvcrepo.pipeline import pipeline_outs
from trinity_guard.errors import BLOCKED, GuardError

PIPELINE = """\
stages:
  prepare:
    cmd: make data
    outs:
    - data/a.csv
    - data/b.csv:
        cache: false
        desc: small
    - ./c/../d.csv
  train:
    cmd: python train.py
    wdir: src
    deps: [../data/a.csv]
    outs:
    - ../models/m.pkl
    - big
    metrics:
    - m.json
    - n.json: {cache: false}
    plots:
    - p.csv:
        x: a
        cache: false
    - q.csv
  nothing:
    cmd: echo
  away:
    cmd: cp x y
    outs:
    - s3://bucket/x.csv: {cache: false}
metrics:
- top.json
plots:
- top.csv
"""


def as_tuples(outs: list[Output]) -> set[tuple[bytes, str, bool]]:
    return {(out.path, out.stage, out.cache) for out in outs}


OUTS_BY_DVC = """if True:
    import json, os
    from dvc.repo import Repo
    repo = Repo(".")
    print(json.dumps([
        [os.path.relpath(o.fs_path, repo.root_dir), s.name, bool(o.use_cache)]
        for s in repo.index.stages for o in s.outs if o.protocol == "local"
    ]))
"""


def outs_by_dvc(root: Path) -> set[tuple[bytes, str, bool]]:
    found = json.loads(run(sys.executable, "-c", OUTS_BY_DVC, cwd=root).stdout)
    return {(path.encode(), stage, cache) for path, stage, cache in found}


def test_the_outputs_of_a_pipeline_are_those_that_dvc_sees(tmp_path: Path) -> None:
    root = project(tmp_path / "p", "[core]\nno_scm = true\n")
    text = PIPELINE.replace("s3://bucket/x.csv", "https://example.invalid/x.csv")
    for folder in ("", "sub/pipe"):
        (root / folder / "src").mkdir(parents=True)
        (root / folder / "dvc.yaml").write_text(text)
    ours = as_tuples(pipeline_outs(text.encode(), None, b"dvc.yaml"))
    ours |= as_tuples(pipeline_outs(text.encode(), None, b"sub/pipe/dvc.yaml"))
    assert ours == outs_by_dvc(root)
    assert (b"sub/pipe/models/m.pkl", "train", True) in ours
    assert (b"src/n.json", "train", False) in ours


TEMPLATED = """\
vars:
- name: big
stages:
  one:
    cmd: x
    outs:
    - out/${name}.csv
    - log/${name}.txt: {cache: false}
  each:
    foreach: [a, b]
    do:
      cmd: x ${item}
      outs: ["${item}.pkl"]
  map:
    foreach: {k: {f: u}, l: {f: v}}
    do:
      cmd: x ${item.f}
      outs: ["map/${item.f}.h5"]
  grid:
    matrix: {x: [1, 2], y: [q]}
    cmd: x
    outs: ["grid/${item.x}-${item.y}.npy"]
  plain:
    cmd: x
    outs: [plain.csv]
"""
LOCK = """\
schema: '2.0'
stages:
  one:
    cmd: x
    outs:
    - path: log/big.txt
      hash: md5
      md5: d41d8cd98f00b204e9800998ecf8427e
    - path: out/big.csv
      hash: md5
      md5: d41d8cd98f00b204e9800998ecf8427e
  each@a:
    cmd: x a
    outs: [{path: a.pkl}]
  each@b:
    cmd: x b
    outs: [{path: b.pkl}]
  map@k:
    cmd: x u
    outs: [{path: map/u.h5}]
  map@l:
    cmd: x v
    outs: [{path: map/v.h5}]
"""


def test_templates_are_resolved_from_the_lock_and_else_by_dvc_itself(tmp_path: Path) -> None:
    root = project(tmp_path / "p", "[core]\nno_scm = true\n")
    (root / "dvc.yaml").write_text(TEMPLATED)
    theirs = outs_by_dvc(root)
    assert (b"grid/1-q.npy", "grid@1-q", True) in theirs
    assert (b"log/big.txt", "one", False) in theirs
    for lock in (None, LOCK.encode()):
        assert as_tuples(pipeline_outs(TEMPLATED.encode(), lock, b"dvc.yaml", os.fsencode(root))) == theirs


def test_templates_that_the_lock_knows_need_no_dvc() -> None:
    text = TEMPLATED[: TEMPLATED.index("  grid:")] + TEMPLATED[TEMPLATED.index("  plain:") :]
    script = f"""if True:
        import sys
        from trinity_guard.dvcrepo.pipeline import pipeline_outs
        outs = pipeline_outs({text.encode()!r}, {LOCK.encode()!r}, b"a/dvc.yaml", b"/nowhere")
        print(*sorted(o.path.decode() for o in outs))
        print("dvc" in sys.modules)
    """
    env = {**os.environ, "PYTHONPATH": str(PROJECT)}
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, check=True, text=True)
    assert done.stdout.splitlines() == [
        "a/a.pkl a/b.pkl a/log/big.txt a/map/u.h5 a/map/v.h5 a/out/big.csv a/plain.csv",
        "False",
    ]


def test_templates_that_nobody_can_resolve_block_with_dvc_s_words(tmp_path: Path) -> None:
    root = project(tmp_path / "p", "[core]\nno_scm = true\n")
    text = b"stages:\n  one:\n    cmd: x\n    outs: ['${missing}.csv']\n"
    with pytest.raises(GuardError, match="missing") as caught:
        pipeline_outs(text, None, b"dvc.yaml", os.fsencode(root))
    assert caught.value.exit_code == BLOCKED


MALFORMED = {
    "a list": (b"- stages\n", "not a mapping"),
    "stages a list": (b"stages: []x\n", "broken YAML"),
    "stages a text": (b"stages: x\n", "'stages' is not a mapping"),
    "stage a text": (b"stages:\n  a: x\n", "'a' is not a mapping"),
    "outs a text": (b"stages:\n  a: {cmd: x, outs: y}\n", "'outs' is not a list"),
    "an out a number": (b"stages:\n  a: {cmd: x, outs: [1]}\n", "holds what is no path"),
    "an out a list": (b"stages:\n  a: {cmd: x, outs: [[b]]}\n", "holds what is no path"),
    "wdir a number": (b"stages:\n  a: {cmd: x, wdir: 1, outs: [b]}\n", "'wdir' is not a path"),
    "conflict": (b"stages:\n<<<<<<< HEAD\n  a: {}\n=======\n>>>>>>> x\n", "broken YAML"),
    "not utf-8": (b"stages:\n  \xff: {}\n", "not UTF-8"),
    "too large": (b"stages: {}\n#" + b"x" * (10 << 20), "too large"),
}


@pytest.mark.parametrize(("data", "words"), MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_pipeline_is_refused_with_path_and_reason(data: bytes, words: str) -> None:
    with pytest.raises(GuardError) as caught:
        pipeline_outs(data, None, b"sub/dvc.yaml")
    assert words in caught.value.problem
    assert "sub/dvc.yaml" in caught.value.problem
    assert caught.value.problem.isprintable()
    assert caught.value.remedy


YAML_PIECES = [
    b"stages:",
    b"\n  a:",
    b"\n    ",
    b"outs: ",
    b"wdir: ",
    b"- x.csv",
    b"[",
    b"]",
    b"{",
    b"}",
    b": ",
    b"cmd: x",
]
YAML_PIECES += [
    b"*a",
    b"&a ",
    b"null",
    b"1",
    b"\n",
    b"metrics: ",
    b"foreach: ",
    b"cache: false",
    b"'",
    b"\xff",
    b"../..",
]


@given(st.lists(st.sampled_from(YAML_PIECES), max_size=20).map(b"".join))
@settings(max_examples=400, deadline=None)
def test_no_bytes_make_a_pipeline_raise_anything_but_a_guard_error(data: bytes) -> None:
    try:
        outs = pipeline_outs(b"stages:\n  a: {outs: [x]}\n  b:\n    " + data, None, b"d/dvc.yaml", b"/nowhere")
    except GuardError:
        return
    assert all(not out.path.startswith((b"/", b"..")) for out in outs)


def test_anchors_are_as_good_in_a_pipeline_as_they_are_for_dvc() -> None:
    text = b"x: &outs [a.csv, b.csv]\nstages:\n  one: {cmd: x, outs: *outs}\n"
    assert {out.path for out in pipeline_outs(text, None, b"dvc.yaml")} == {b"a.csv", b"b.csv"}
