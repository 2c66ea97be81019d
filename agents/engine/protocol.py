"""Requests of Kafka's second transaction protocol (KIP-890, Kafka 4.0), which aiokafka 0.14 does not speak, in its own terms.

A partition or a group's offsets join a transaction by being written to, so nothing announces them. And each transaction has an
epoch of its own, so that a request of an earlier one that was late on its way is refused.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any, Self

from aiokafka.protocol.api import RequestStruct, Response, ResponseHeader_v0
from aiokafka.protocol.types import (
    Array,
    Boolean,
    CompactArray,
    CompactBytes,
    CompactString,
    Int16,
    Int32,
    Int64,
    Schema,
    TaggedFields,
)

NONE: dict[int, bytes] = {}  # tagged fields: we send none
TEXT, TAGS = CompactString("utf-8"), ("tags", TaggedFields)


def _by_topic(*partition: tuple[str, Any]) -> Array:
    return CompactArray(("topic", TEXT), ("partitions", CompactArray(("partition", Int32), *partition, TAGS)), TAGS)


class Exactly(RequestStruct):
    """A request in this version and no other: whether the broker knows it is asked once, by `Features`."""

    API_KEY, API_VERSION, FLEXIBLE_VERSION, RESPONSE_TYPE, SCHEMA = -1, -1, True, Response, Schema()

    def prepare(self, versions: object) -> Self:  # noqa: ARG002  # aiokafka's connections ask so
        return self


class Produced(Response):
    API_KEY, API_VERSION = 0, 12
    SCHEMA = Schema(
        (
            "topics",
            _by_topic(
                ("error_code", Int16),
                ("base_offset", Int64),
                ("log_append_time", Int64),
                ("log_start_offset", Int64),
                ("record_errors", CompactArray(("index", Int32), ("message", TEXT), TAGS)),
                ("error_message", TEXT),
            ),
        ),
        ("throttle_time_ms", Int32),
        TAGS,
    )


class Produce(Exactly):
    API_KEY, API_VERSION, RESPONSE_TYPE = 0, 12, Produced
    SCHEMA = Schema(
        ("transactional_id", TEXT),
        ("required_acks", Int16),
        ("timeout_ms", Int32),
        ("topics", _by_topic(("records", CompactBytes))),
        TAGS,
    )


class OffsetsSent(Response):
    API_KEY, API_VERSION = 28, 5
    SCHEMA = Schema(("throttle_time_ms", Int32), ("topics", _by_topic(("error_code", Int16))), TAGS)


class SendOffsets(Exactly):
    API_KEY, API_VERSION, RESPONSE_TYPE = 28, 5, OffsetsSent
    SCHEMA = Schema(
        ("transactional_id", TEXT),
        ("group_id", TEXT),
        ("producer_id", Int64),
        ("producer_epoch", Int16),
        ("generation_id", Int32),
        ("member_id", TEXT),
        ("group_instance_id", TEXT),
        ("topics", _by_topic(("offset", Int64), ("leader_epoch", Int32), ("metadata", TEXT))),
        TAGS,
    )


class Ended(Response):
    API_KEY, API_VERSION = 26, 5
    SCHEMA = Schema(("throttle_time_ms", Int32), ("error_code", Int16), ("producer_id", Int64), ("producer_epoch", Int16), TAGS)


class End(Exactly):
    API_KEY, API_VERSION, RESPONSE_TYPE = 26, 5, Ended
    SCHEMA = Schema(("transactional_id", TEXT), ("producer_id", Int64), ("producer_epoch", Int16), ("committed", Boolean), TAGS)


class Versions(Response):
    API_KEY, API_VERSION = 18, 3
    SCHEMA = Schema(
        ("error_code", Int16),
        ("api_versions", CompactArray(("api_key", Int16), ("min_version", Int16), ("max_version", Int16), TAGS)),
        ("throttle_time_ms", Int32),
        TAGS,
    )
    tags: dict[int, bytes]

    def level_of(self, feature: str) -> int:
        """What the cluster has agreed on; 0 where it has not."""
        finalized = self.tags.get(2, b"\x00")
        found = _FINALIZED.decode(BytesIO(finalized)) or []
        return next((int(highest) for name, highest, _, _ in found if name == feature), 0)


_FINALIZED = CompactArray(("name", TEXT), ("max_level", Int16), ("min_level", Int16), TAGS)


class Features(Exactly):
    """Asks for what the cluster's brokers have agreed on."""

    API_KEY, API_VERSION, RESPONSE_TYPE = 18, 3, Versions
    SCHEMA = Schema(("client_software_name", TEXT), ("client_software_version", TEXT), TAGS)

    def parse_response_header(self, read_buffer: Any) -> ResponseHeader_v0:
        """Without tags, whatever the version: any client is to understand this answer."""
        return ResponseHeader_v0.decode(read_buffer)
