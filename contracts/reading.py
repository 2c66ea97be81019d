"""Reads the contracts' files, more strictly than their formats do: a key that stands twice is a slip, not a choice."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from contracts.errors import ContractError

if TYPE_CHECKING:
    from pathlib import Path


class _Twice(Exception):
    """JSON and YAML would keep the last of the two and say nothing."""


class _StrictLoader(yaml.SafeLoader):
    """Knows no more types than the safe one, and refuses a key that stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        _refuse_twice([self.construct_object(key, deep=True) for key, _ in node.value])
        return super().construct_mapping(node, deep)


def read_json(path: Path) -> dict[str, Any]:
    """An object. Raises ContractError where the file is missing or no JSON object, or says a key twice."""
    try:
        value = json.loads(_text(path), object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise ContractError(f"{path}: this is no JSON ({error}); mend the file") from error
    except _Twice as error:
        raise ContractError(f"{path}: {error}") from error
    return _mapping(path, value)


def read_yaml(path: Path) -> dict[str, Any]:
    """A mapping. Raises ContractError where the file is missing or no YAML mapping, or says a key twice."""
    try:
        value = yaml.load(_text(path), _StrictLoader)  # noqa: S506  # a stricter SafeLoader
    except yaml.YAMLError as error:
        raise ContractError(f"{path}: this is no YAML ({error}); mend the file") from error
    except _Twice as error:
        raise ContractError(f"{path}: {error}") from error
    return _mapping(path, value)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ContractError(f"{path} is missing: put it back") from error
    except UnicodeDecodeError as error:
        raise ContractError(f"{path}: this is no UTF-8 ({error}); mend the file") from error


def _mapping(path: Path, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ContractError(f"{path}: the file must hold names with values, and holds {type(value).__name__}")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    _refuse_twice([key for key, _ in pairs])
    return dict(pairs)


def _refuse_twice(keys: list[Any]) -> None:
    for key in keys:
        if keys.count(key) > 1:
            raise _Twice(f"{key!r} stands twice; keep one")
