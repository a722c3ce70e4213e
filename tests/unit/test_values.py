"""Merging of mappings."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from components.values import merge

TREES = st.recursive(
    st.integers() | st.none() | st.lists(st.integers(), max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
MAPPINGS = st.dictionaries(st.sampled_from("abc"), TREES, max_size=3)


@given(MAPPINGS)
def test_merging_nothing_changes_nothing(tree: dict[str, Any]) -> None:
    assert merge(tree, {}) == tree
    assert merge({}, tree) == tree
    assert merge(tree, tree) == tree


@given(MAPPINGS, MAPPINGS)
def test_what_is_laid_over_wins_and_the_rest_stays(base: dict[str, Any], over: dict[str, Any]) -> None:
    merged = merge(base, over)
    assert set(merged) == set(base) | set(over)
    for key, value in over.items():
        if not (isinstance(value, dict) and isinstance(base.get(key), dict)):
            assert merged[key] == value
    for key in set(base) - set(over):
        assert merged[key] == base[key]


@given(MAPPINGS, MAPPINGS)
def test_neither_side_is_changed(base: dict[str, Any], over: dict[str, Any]) -> None:
    before = repr((base, over))
    merge(base, over)
    assert repr((base, over)) == before


def test_mappings_are_merged_at_any_depth_and_lists_replaced() -> None:
    base = {"a": {"b": {"c": 1, "d": 2}, "list": [1, 2]}, "x": 1}
    assert merge(base, {"a": {"b": {"c": 3}, "list": [9]}}) == {"a": {"b": {"c": 3, "d": 2}, "list": [9]}, "x": 1}


def test_null_takes_a_value_away_as_helm_does_it() -> None:
    assert merge({"a": {"b": 1}}, {"a": None}) == {"a": None}
