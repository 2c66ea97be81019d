"""Kafka's controller as a process of its own, for a broker that is killed again and again."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from stack import broker, java
from stack.assembly import prepare
from stack.guarding import Guard
from stack.jars import installed
from stack.ports import HOST, free_port, is_free
from stack.server import Launch, Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stack.assembly import Say


@contextmanager
def controller(home: Path, say: Say) -> Iterator[int]:
    """It runs, with its data below `home`, while the block does; its port, for `Stack.start(ports={"controller": ...})`.

    Raises StackError.
    """
    installation, port, data = installed(say), free_port(set()), prepare(home) / "controller"
    configuration = home / "controller.properties"
    configuration.write_text(broker.controller_properties(port, data))
    broker.format_data(installation, configuration, data)
    with Guard() as guard:
        launch = Launch(
            name="controller",
            command=lambda: java.kafka(installation).command(str(configuration)),
            log=home / "logs" / "controller.log",
            ready=lambda: not is_free(port),
            started=guard.add,
            ended=guard.drop,
        )
        server = Server(f"{HOST}:{port}", launch)
        server.start()
        try:
            yield port
        finally:
            server.stop()
