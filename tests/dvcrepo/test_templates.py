"""Templates of a dvc.yaml: what holds one, what it stands for, and what a stranger's may not do."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from trinity_guard.dvcrepo import templates


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ("${x}", True),
        ("a${", True),
        ("$x {y}", False),
        ([1, None, ["a", {"k": "b${x}"}]], True),
        ({"${k}": 1}, True),
        ({"k": ["a"], "l": 2.5}, False),
        ([], False),
        (None, False),
    ],
)
def test_a_template_is_seen_wherever_it_stands(node: Any, expected: bool) -> None:
    assert templates.mentioned(node) is expected


def test_a_tree_that_holds_itself_or_stands_for_much_is_walked_once() -> None:
    loop: list[Any] = ["a"]
    loop.append(loop)
    assert not templates.mentioned(loop)
    node: Any = ["x"]
    for _ in range(60):
        node = [node, node]
    assert not templates.mentioned(node)
    assert templates.spelled_out(node) == 3 * 2**60 - 1


@pytest.mark.parametrize(
    ("node", "count"), [("x", 1), (None, 1), ([], 1), (["a", "b"], 3), ({"a": "b", "c": ["d"]}, 4)]
)
def test_nodes_are_counted_with_all_aliases_spelled_out(node: Any, count: int) -> None:
    assert templates.spelled_out(node) == count
    assert templates.spelled_out([node, node]) == 2 * count + 1


def test_a_tree_that_holds_itself_has_no_count() -> None:
    loop: dict[str, Any] = {}
    loop["in"] = [loop]
    with pytest.raises(ValueError, match=r"^an alias in it stands for itself$"):
        templates.spelled_out(loop)


# --- resolved by DVC


def stages(top: Path, data: Any, folder: str = "", most_bytes: int = 10_000, most_stages: int = 10) -> dict[str, Any]:
    return templates.resolved(data, os.fsencode(top / folder), os.fsencode(top), most_bytes, most_stages)


def one(out: str, **more: Any) -> dict[str, Any]:
    return {"stages": {"s": {"cmd": "x", "outs": [out]}}, **more}


def test_what_templates_stand_for_is_what_dvc_says(tmp_path: Path) -> None:
    data = one("${name}.csv", vars=[{"name": "big"}])
    data["stages"]["each"] = {"foreach": ["a", "b"], "do": {"cmd": "x", "outs": ["${item}.pkl"]}}
    data["stages"]["grid"] = {"matrix": {"x": [1, 2], "y": ["q"]}, "cmd": "x", "outs": ["${item.x}-${item.y}"]}
    found = stages(tmp_path, data)
    assert {name: stage["outs"] for name, stage in found.items()} == {
        "s": ["big.csv"],
        "each@a": ["a.pkl"],
        "each@b": ["b.pkl"],
        "grid@1-q": ["1-q"],
        "grid@2-q": ["2-q"],
    }


def test_values_of_files_of_the_repository_are_read(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "params.yaml").write_text("name: own\n")
    (tmp_path / "shared.json").write_text('{"more": "shared"}')
    found = stages(tmp_path, one("${name}-${more}", vars=["../shared.json"]), "d")
    assert found["s"]["outs"] == ["own-shared"]
    assert not (tmp_path / ".dvc").exists()


@pytest.mark.parametrize("how", ["absolute", "above", "a symlink", "a folder of a like name"])
def test_no_file_outside_of_the_repository_is_read(tmp_path: Path, how: str) -> None:
    top = tmp_path / "top"
    top.mkdir()
    outside = tmp_path / ("top-secret" if how == "a folder of a like name" else "outside") / "x.yaml"
    outside.parent.mkdir()
    outside.write_text("name: secret\n")
    name = {"absolute": str(outside), "a symlink": "link.yaml"}.get(how, f"../{outside.parent.name}/x.yaml")
    (top / "link.yaml").symlink_to(outside)
    with pytest.raises(ValueError, match=r"outside of the repository") as caught:
        stages(top, one("${name}", vars=[name]))
    assert "secret" not in str(caught.value).replace("top-secret", "")


def test_a_fifo_is_no_file_to_wait_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.yaml")
    with pytest.raises(ValueError, match="outside of the repository, or none"):
        stages(tmp_path, one("${name}", vars=["x.yaml"]))


def test_a_file_of_values_has_a_size_that_is_read_and_one_that_is_not(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("name: a\n")
    assert stages(tmp_path, one("${name}", vars=["x.yaml"]), most_bytes=8)["s"]["outs"] == ["a"]
    with pytest.raises(ValueError, match="name a file that cannot be read: it is larger than"):
        stages(tmp_path, one("${name}", vars=["x.yaml"]), most_bytes=7)


def bomb(levels: int) -> str:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join([*lines, "name: a\n"])


def test_aliases_that_stand_for_more_than_fits_are_counted_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.yaml").write_text(bomb(30))
    with pytest.raises(ValueError, match=r"its aliases stand for more than 1000000 nodes"):
        stages(tmp_path, one("${name}", vars=["x.yaml"]))
    (tmp_path / "x.yaml").write_text(bomb(3))
    assert stages(tmp_path, one("${name}", vars=["x.yaml"]))["s"]["outs"] == ["a"]
    monkeypatch.setattr(templates, "MAX_NODES", 8)
    assert stages(tmp_path, one("a"))["s"]["outs"] == ["a"]
    monkeypatch.setattr(templates, "MAX_NODES", 5)
    with pytest.raises(ValueError, match=r"its aliases stand for more than 5 nodes"):
        stages(tmp_path, one("a"))


def test_a_tree_too_deep_to_walk_stands_for_too_much(tmp_path: Path) -> None:
    node: Any = "x"
    for _ in range(100_000):
        node = [node]
    try:
        with pytest.raises(ValueError, match=r"its aliases stand for more than"):
            stages(tmp_path, one("a", vars=node))
    finally:
        while isinstance(node, list):  # else its end would be as deep
            node = node[0]


def test_a_matrix_of_more_stages_than_anybody_has_is_not_spelled_out(tmp_path: Path) -> None:
    data = {"stages": {"s": {"matrix": {"x": [1, 2, 3], "y": [1, 2, 3]}, "cmd": "x ${item.x} ${item.y}"}}}
    assert len(stages(tmp_path, data, most_stages=9)) == 9
    with pytest.raises(ValueError, match=r"^its matrix stands for 9 stages$"):
        stages(tmp_path, data, most_stages=8)


@pytest.mark.parametrize(
    "data",
    [
        one("${missing}"),
        one("a", vars=5),
        {"stages": {"s": {"foreach": 5, "do": {"cmd": "x"}}}},
        {"stages": {"s": 5}},
        {"stages": 5},
    ],
)
def test_what_dvc_cannot_resolve_is_said_in_one_line(tmp_path: Path, data: Any) -> None:
    with pytest.raises(ValueError, match=r"^\S+( \S+)*$") as caught:
        stages(tmp_path, data)
    assert len(str(caught.value)) <= 500
