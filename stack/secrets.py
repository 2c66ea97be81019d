"""Who is who to secured servers: passwords and certificates in files that nobody else can read."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from stack.certificates import AUTHORITY, SUFFIX, make, write_secret

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ADMIN = "admin"  # may all, for whoever sets servers up; services are never it
BROKER, REGISTRY = "broker", "registry"  # what the servers are to each other
REDIS = "redis"  # shows a certificate, and asks for none


class Secrets:
    """Where the files of a directory are. Holds no secret itself, and its paths may be printed."""

    def __init__(self, directory: Path, principals: Sequence[str] = ()) -> None:
        self.directory = directory
        self.authority = directory / AUTHORITY
        self.principals = tuple(principals)

    def password_file(self, principal: str) -> Path:
        return self.directory / f"{principal}.password"

    def password(self, principal: str) -> str:
        return self.password_file(principal).read_text()

    def certificate(self, server: str) -> Path:
        """Its key, too."""
        return self.directory / f"{server}{SUFFIX}"

    def environment(self, principal: str) -> dict[str, str]:
        """What a client needs that is this principal to all servers."""
        password = str(self.password_file(principal))
        found: dict[str, str] = {}
        for server in ("KAFKA", "REDIS", "REGISTRY"):
            found |= {f"BOOKLY_{server}_USER": principal, f"BOOKLY_{server}_PASSWORD_FILE": password}
            found[f"BOOKLY_{server}_CA"] = str(self.authority)
        return found

    def create(self) -> None:
        """New certificates, and passwords where there are none yet."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.directory.chmod(0o700)
        make(self.directory, (BROKER, REGISTRY, REDIS))
        for principal in (*self.principals, ADMIN, REGISTRY):
            if not self.password_file(principal).exists():
                write_secret(self.password_file(principal), secrets.token_hex(32).encode())
