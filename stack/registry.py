"""Apicurio Registry, which keeps its schemas in the broker."""

from __future__ import annotations

import urllib.request
from pathlib import Path

from stack.ports import HOST
from stack.settings import REGISTRY, REGISTRY_PATH


def url(port: int) -> str:
    """The base of its Confluent-compatible API."""
    return f"http://{HOST}:{port}{REGISTRY_PATH}"


def environment(port: int, brokers: str) -> dict[str, str]:
    """Its settings. Port 0 takes its management page, which Quarkus cannot leave out, away from the well-known port."""
    own = {
        "APICURIO_KAFKASQL_BOOTSTRAP_SERVERS": brokers,
        "QUARKUS_HTTP_HOST": HOST,
        "QUARKUS_HTTP_PORT": str(port),
        "QUARKUS_MANAGEMENT_HOST": HOST,
        "QUARKUS_MANAGEMENT_PORT": "0",
    }
    return {**REGISTRY, **own}


def answers(base: str) -> bool:
    """Whether it lists its subjects, which it can only after it has read its journal."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy has no business on the loopback
    try:
        with opener.open(f"{base}/subjects", timeout=1.0) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def options(temporary: Path) -> tuple[str, ...]:
    return (f"-Djava.io.tmpdir={temporary}",)
