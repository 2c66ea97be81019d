"""Certificates made on the spot: an authority that signs once and is forgotten, and what servers show.

The authority's own key is never written: nobody can sign with it later. New servers get a new authority.
"""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from stack.ports import HOST

if TYPE_CHECKING:
    from pathlib import Path

LIFE = timedelta(days=30)
AUTHORITY, SUFFIX = "ca.pem", ".pem"


def make(directory: Path, names: tuple[str, ...]) -> None:
    """ca.pem, and for each name a file with its key and its certificate for this host, readable by nobody else."""
    key, issuer, begin = ec.generate_private_key(ec.SECP256R1()), _called("bookly local authority"), datetime.now(UTC)
    own = (
        _begun(issuer, issuer, key.public_key(), begin)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    write_secret(directory / AUTHORITY, own.public_bytes(serialization.Encoding.PEM))
    for name in names:
        of = ec.generate_private_key(ec.SECP256R1())
        shown = (
            _begun(_called(name), issuer, of.public_key(), begin)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), critical=False)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
            )
            .sign(key, hashes.SHA256())
        )
        secret = of.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        write_secret(directory / f"{name}{SUFFIX}", secret + shown.public_bytes(serialization.Encoding.PEM))


def write_secret(path: Path, content: bytes) -> None:
    """Never readable by anybody else, not even while it is written, and whole or not there."""
    draft = path.with_name(f"{path.name}.draft")
    draft.touch(mode=0o600)
    draft.chmod(0o600)
    draft.write_bytes(content)
    draft.replace(path)


def _called(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _begun(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, begin: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin - timedelta(minutes=5))
        .not_valid_after(begin + LIFE)
    )
