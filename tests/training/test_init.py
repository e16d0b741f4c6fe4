"""What a program imports: three names, and scikit-learn only when one of them is asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

import trinity_guard.training


@pytest.mark.slow
def test_scikit_learn_is_loaded_by_the_first_name() -> None:
    code = (
        "import sys; import trinity_guard.training as training; before = 'sklearn' in sys.modules; "
        "from trinity_guard.training import evaluate, predict, verified; "
        "print(before, 'sklearn' in sys.modules, callable(predict), callable(evaluate), callable(verified.load))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout
    assert said == "False True True True True\n"


def test_another_name_is_none_of_its_names() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'other'"):
        trinity_guard.training.other  # noqa: B018
