"""The quick look: it may let a text through, and never stops what `kind` would have told."""

from __future__ import annotations

import pytest

from trinity_guard.detect import glance


@pytest.mark.parametrize(
    "head",
    [
        b"\x89HDF\r\n\x1a\n",
        b"\x93NUMPY\x01\0",
        b"PK\x03\x04\x14\0",
        b"PAR1\x15\x04",
        b"FEA1\0\0",
        b"ARROW1\0\0",
        b"MATLAB 7.3 MAT-file, Platform",
        b"\0" * 16,
        b"\x1f\x8b\x08\0",
        b"BZh91AY",
        b"\xfd7zXZ\0",
        b"\x04\x22\x4d\x18",
        b"ZF0x1f",
        b"x\x9c\xed",
        b"\x80\x04\x95\x10\0\0\0",
        b"(dp0\nS'a'\n",
        b"csklearn.pipeline\nPipeline\n",
        b"]q\0.",
        b"}q\0.",
        b"Vtext\np0\n.",
        b"X\x05\0\0\0hello",
        b"\x08\x07\x12\x07pytorch",
        b'\x40\0\0\0\0\0\0\0{"__metadata__"',
    ],
    ids=lambda head: repr(head[:8]),
)
def test_what_may_be_an_artifact_is_let_through(head: bytes) -> None:
    assert glance.suspicious(head)
    assert glance.suspicious(head[:16])


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"c",
        b"\x80",
        b"import os\n",
        b"#!/bin/sh\n",
        b'{"a": 1}',
        b"# Title\n",
        b"class Thing:\n    pass\n",
        b"copyright (c) me\n",
        b"Version 1.0\nof it\n",
        b"MATERIAL data\n",
        b"Xylophone\n",
        b"\0\0\0\x18ftypmp42\0\0\0\0",
        b"\x89PNG\r\n\x1a\n",
        b"%PDF-1.7\n",
        b"\x80\x01N.",
    ],
    ids=lambda head: repr(head[:8]),
)
def test_an_ordinary_file_costs_no_second_look(head: bytes) -> None:
    assert not glance.suspicious(head)
