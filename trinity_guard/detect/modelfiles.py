"""Which files are models by their names, and what stands beside each: one rule for every suffix, for every room."""

from __future__ import annotations

import os

METADATA, CARD = b"_metadata.json", b"_card.md"
SUFFIXES = (
    b".pkl", b".pickle", b".joblib", b".h5", b".hdf5", b".keras", b".pt", b".pth", b".ckpt", b".onnx", b".safetensors",
)  # fmt: skip
# A longer one, or one that begins with a digit, is a part of the name: `en_core_web_sm-3.7.0` has no suffix.
MAX_SUFFIX = 16


def stem(model: bytes) -> bytes:
    """Return a model's path without its last suffix, which is a letter and at most 15 more letters or digits."""
    start, suffix = os.path.splitext(model)
    word = suffix[1:]
    return start if word.isalnum() and word[:1].isalpha() and len(word) < MAX_SUFFIX else model


def metadata_path(model: bytes) -> bytes:
    """Return where the JSON stands that tells what a model was made of: `models/a.pkl` has `models/a_metadata.json`."""
    return stem(model) + METADATA


def card_path(model: bytes) -> bytes:
    return stem(model) + CARD
