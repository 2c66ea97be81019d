"""What the edge says: one JSON object a line on stderr, as the workers say it, with the ids of what a request works on."""

from __future__ import annotations

import json
import logging
import logging.config
from datetime import UTC, datetime

from bookly.at_work import at_work


class JsonLine(logging.Formatter):
    """`event` is what is said; `exception`, the stack, where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "event": record.getMessage(),
            "logger": record.name,
            "level": record.levelname.lower(),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
            **at_work(),
        }
        if record.exc_info:
            said["exception"] = self.formatException(record.exc_info)
        return json.dumps(said)


def configure_logs(level: int = logging.INFO) -> None:
    """Ours at `level` and above, the libraries' warnings; the server's own greetings are left out."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLine())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("api").setLevel(level)
