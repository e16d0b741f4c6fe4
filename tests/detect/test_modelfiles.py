"""What stands beside a model is named by one rule, whatever its suffix."""

from __future__ import annotations

import pytest

from trinity_guard.detect import modelfiles


@pytest.mark.parametrize(
    ("model", "stem"),
    [
        (b"models/a.pkl", b"models/a"),
        (b"a.joblib", b"a"),
        (b"m/a.b.onnx", b"m/a.b"),
        (b"m/a.safetensors", b"m/a"),
        (b"models/en_core_web_sm-3.7.0", b"models/en_core_web_sm-3.7.0"),
        (b"models/v1.2", b"models/v1.2"),
        (b"models/a", b"models/a"),
        (b"models/.hidden", b"models/.hidden"),
        (b"models/a.an-ending", b"models/a.an-ending"),
    ],
)
def test_a_suffix_is_cut_off_and_a_version_is_not(model: bytes, stem: bytes) -> None:
    assert modelfiles.stem(model) == stem
    assert modelfiles.metadata_path(model) == stem + b"_metadata.json"
    assert modelfiles.card_path(model) == stem + b"_card.md"
