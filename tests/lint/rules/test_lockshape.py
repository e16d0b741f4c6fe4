"""A dvc.lock that DVC would not take is found, and one that it takes is not: each verdict against DVC's own schema."""

from __future__ import annotations

import pytest

from trinity_guard.dvcrepo import yaml
from trinity_guard.lint.rules import lockshape

MD5 = "d41d8cd98f00b204e9800998ecf8427e"
GOOD = [
    "schema: '2.0'",
    "schema: '2.0'\nstages: {}",
    "schema: '2.0'\nstages: {s: {cmd: x}}",
    "schema: '2.0'\nstages: {s: {cmd: [x, y], deps: [{path: a, md5: MD5, size: 3}], params: {p.yaml: {a: 1}}}}",
    "schema: '2.0'\nstages: {s: {cmd: x, outs: [{path: a, hash: md5, md5: MD5, size: 3, nfiles: 2, isexec: true}]}}",
    "schema: '2.0'\nstages: {s: {cmd: x, deps: [{path: a, md5: null}]}}",
]
BAD = {
    "stages: {}": "its 'schema' is not 2.0",
    "schema: '1.0'": "its 'schema' is not 2.0",
    "schema: 2.0": "its 'schema' is of the wrong type",
    "schema: '2.0'\nstages: {1: {cmd: x}}": "the name of a stage is no text",
    "schema: '2.0'\nstages: {s: {deps: []}}": "a stage has no 'cmd'",
    "schema: '2.0'\nstages: {s: {cmd: x, deps: [{md5: b}]}}": "it holds an entry without a path",
    "schema: '2.0'\nstages: {s: {cmd: x, params: {p.yaml: 3}}}": "its 'params' hold what is no mapping",
}


def taken(fields: object) -> bool:
    from dvc.schema import COMPILED_LOCKFILE_SCHEMA
    from voluptuous import Invalid

    try:
        COMPILED_LOCKFILE_SCHEMA(fields)
    except Invalid:
        return False
    return True


@pytest.mark.parametrize("text", GOOD)
def test_what_dvc_takes_is_fine(text: str) -> None:
    fields = yaml.parse(text.replace("MD5", MD5).encode(), yaml.MAX_BYTES)
    assert taken(fields)
    assert lockshape.wrong(fields) == ""


@pytest.mark.parametrize("text", BAD)
def test_what_dvc_refuses_is_said(text: str) -> None:
    fields = yaml.parse(text.replace("MD5", MD5).encode(), yaml.MAX_BYTES)
    assert not taken(fields)
    assert lockshape.wrong(fields) == BAD[text]
