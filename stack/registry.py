"""Apicurio Registry, which keeps its schemas in the broker."""

from __future__ import annotations

import base64
import ssl
import urllib.request
from pathlib import Path

from stack.ports import HOST
from stack.secrets import ADMIN, Secrets
from stack.settings import REGISTRY, REGISTRY_PATH


def url(port: int, *, secured: bool = False) -> str:
    """The base of its Confluent-compatible API."""
    return f"{'https' if secured else 'http'}://{HOST}:{port}{REGISTRY_PATH}"


def environment(port: int, management_port: int, brokers: str) -> dict[str, str]:
    """Its settings. The management page has a port of its own, which Quarkus cannot leave out."""
    own = {
        "APICURIO_KAFKASQL_BOOTSTRAP_SERVERS": brokers,
        "QUARKUS_HTTP_HOST": HOST,
        "QUARKUS_HTTP_PORT": str(port),
        "QUARKUS_MANAGEMENT_HOST": HOST,
        "QUARKUS_MANAGEMENT_PORT": str(management_port),
    }
    return {**REGISTRY, **own}


def answers(base: str, management_port: int, secrets: Secrets | None = None) -> bool:
    """Whether it has read its journal and lists its subjects. The list alone is answered before, and then lacks some."""
    return _is_ok(f"http://{HOST}:{management_port}/health/ready") and _is_ok(f"{base}/subjects", secrets)


def options(temporary: Path) -> tuple[str, ...]:
    """What its Java is told beside: unpacked libraries go where the stack cleans up."""
    return (f"-Djava.io.tmpdir={temporary}",)


def _is_ok(url: str, secrets: Secrets | None = None) -> bool:
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]  # a proxy has no business on the loopback
    question = urllib.request.Request(url)  # noqa: S310  # of our own making
    if secrets is not None:
        handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=secrets.authority)))
        name = base64.b64encode(f"{ADMIN}:{secrets.password(ADMIN)}".encode()).decode()
        question.add_header("Authorization", f"Basic {name}")
    try:
        with urllib.request.build_opener(*handlers).open(question, timeout=1.0) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
