"""What tells versions of a schema apart where ids are not known: every registry gives ids of its own."""

from __future__ import annotations

import json
from functools import cache

from fastavro import parse_schema
from fastavro.schema import fingerprint, to_parsing_canonical_form


@cache
def fingerprint_of(text: str) -> str:
    """CRC-64-AVRO of a schema's parsing canonical form, in hex: equal where the same bytes are written."""
    found: str = fingerprint(to_parsing_canonical_form(parse_schema(json.loads(text))), "CRC-64-AVRO")
    return found
