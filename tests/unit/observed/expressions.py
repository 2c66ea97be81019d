"""What an expression of PromQL asks for."""

from __future__ import annotations

import re

_WORD = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_TEXT = re.compile(r"\"[^\"]*\"|'[^']*'")
_MATCHERS = re.compile(rf"({_WORD})\s*{{([^}}]*)}}")
_GROUPED = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")
_RANGE = re.compile(r"\[[^\]]*\]")
_KEYWORDS = {"by", "without", "on", "ignoring", "and", "or", "unless", "offset", "bool", "group_left", "group_right"}
_SUFFIX = re.compile(r"_(bucket|sum|count)$")


def metrics_in(expression: str) -> set[str]:
    """The names of the metrics, as they are scraped: each word that is neither function, keyword, label nor number."""
    bare = _RANGE.sub(" ", _GROUPED.sub(" ", _MATCHERS.sub(r"\1 ", _TEXT.sub('""', expression))))
    bare = re.sub(r"\b\d[\w.]*", " ", bare)
    return {word for word in re.findall(rf"({_WORD})(?!\s*\(|{_WORD})", bare) if word not in _KEYWORDS}


def labels_in(expression: str) -> set[str]:
    """The labels that it selects or groups by."""
    bare = _TEXT.sub('""', expression)
    matched = {pair.split("=")[0].strip(" !~") for _, inside in _MATCHERS.findall(bare) for pair in inside.split(",") if pair}
    return matched | {label.strip() for inside in _GROUPED.findall(bare) for label in inside.split(",")}


def base(name: str) -> str:
    """Of a histogram's series, the histogram."""
    return _SUFFIX.sub("", name)
