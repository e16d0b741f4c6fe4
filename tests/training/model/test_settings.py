"""Settings: every value is checked, and the refusal names what is right."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.training.model.forest import Settings
from trinity_guard.training.model.settings import KNOWN

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(KNOWN) | st.text() | st.integers(), ANYTHING, max_size=4))
def test_any_mapping_gives_settings_or_words(mapping: dict[object, object]) -> None:
    try:
        made = Settings.of(mapping)  # type: ignore[arg-type]  # that is the point
    except GuardError as e:
        said = e
    else:
        assert Settings.of(vars(made)) == made
        return
    assert said.exit_code == UNUSABLE
    assert said.remedy.startswith("trinity train")
    assert said.problem.isprintable()


@pytest.mark.parametrize(
    ("key", "value", "made"),
    [
        ("max_depth", "12", 12),
        ("max_depth", "none", None),
        ("max_depth", None, None),
        ("n_estimators", 7.0, 7),
        ("test_size", "0.25", 0.25),
        ("class_weight", "None", None),
        ("class_weight", "balanced", "balanced"),
        ("folds", "0", 0),
        ("seed", str(2**32 - 1), 2**32 - 1),
    ],
)
def test_a_value_may_be_text(key: str, value: object, made: object) -> None:
    assert getattr(Settings.of({key: value}), key) == made


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("max_dept", 3, "did you mean max_depth?"),
        ("max_depth", 0, "max_depth cannot be 0: it must be a whole number from 1 to 1000, or none."),
        ("n_estimators", True, "n_estimators cannot be True"),
        ("n_estimators", "9.5", "must be a whole number"),
        ("folds", 1, "from 2 to 20, or 0"),
        ("test_size", math.nan, "a number from 0.05 to 0.5"),
        ("protocol", "honest", "one of grouped, reference"),
        pytest.param("seed", 10**5000, "seed cannot be this int", id="5001-digits"),
        ("target", None, "one of auto, is_valid, resolved_strategy_id"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_right(key: str, value: object, says: str) -> None:
    with pytest.raises(GuardError) as e:
        Settings.of({key: value})
    assert says in e.value.problem
