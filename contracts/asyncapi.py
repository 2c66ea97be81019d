"""docs/asyncapi.yaml: the event bus as AsyncAPI 3. A topic is a channel, an event a message with its real Avro schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import yaml

from contracts.broker import DAY_MS
from contracts.examples import on_the_wire, read_example
from contracts.rendering import FIRST_LINE, project_version
from contracts.schemas import ROOT, load_schemas, wire_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from contracts.documents import Reactions
    from contracts.schemas import Schemas
    from contracts.topics import Event, Topic

AVRO: Final = "application/vnd.apache.avro;version=1.9.0"
BINDING: Final = "0.5.0"
TRACE: Final = "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"
HEADERS: Final = {  # in the order in which they are written
    "ce_id": {"type": "string", "format": "uuid", "description": "The event's id: the same id is the same event."},
    "ce_type": {"type": "string", "description": "The routing key."},
    "ce_source": {"type": "string", "description": "The service that published it."},
    "ce_time": {"type": "string", "format": "date-time", "description": "When the fact became true."},
    "ce_subject": {"type": "string", "description": "The key of the record."},
    "ce_specversion": {"type": "string", "const": "1.0", "description": "Of CloudEvents, in binary mode."},
    "traceparent": {"type": "string", "pattern": TRACE, "description": "W3C Trace Context."},
    "correlation_id": {"type": "string", "format": "uuid", "description": "The conversation; passed on from cause to effect."},
    "content-type": {"type": "string", "const": "application/avro", "description": "Of the value."},
}


class _Plain(yaml.CSafeDumper):
    """Says everything where it belongs: an anchor would be one more thing to follow."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # PyYAML's signature
        return True


def render_asyncapi(topics: Iterable[Topic], reactions: Reactions, root: Path = ROOT) -> str:
    """The whole document. The classes and the agents of the same contracts must be there already."""
    topics = tuple(topics)
    schemas = load_schemas(root)
    events = [event for topic in topics for event in topic.events]
    document = {
        "asyncapi": "3.1.0",
        "id": "urn:bookly:events",
        "info": _info(root, topics),
        "defaultContentType": "application/avro",
        "servers": {"kafka": _server()},
        "channels": {topic.name: _channel(topic) for topic in topics},
        "operations": dict(_operations(topics, reactions)),
        "components": {
            "messages": {event.class_name: _message(event, schemas, root) for event in events},
            "schemas": {"Headers": {"type": "object", "required": list(HEADERS), "properties": HEADERS}},
            "correlationIds": {"conversation": {"location": "$message.header#/correlation_id"}},
        },
    }
    return f"# {FIRST_LINE}\n" + yaml.dump(document, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=130)


def _info(root: Path, topics: Iterable[Topic]) -> dict[str, Any]:
    return {
        "title": "Bookly's event bus",
        "version": project_version(root),
        "description": (
            "The facts of an institutional reservation system. A value is Avro in the Confluent wire format (a zero byte, "
            "four bytes of the schema's id, the record), its subject by the record's name. Records of older versions, which "
            "the registry holds, are on the topics, too."
        ),
        "tags": [{"name": topic.domain} for topic in topics],
    }


def _server() -> dict[str, Any]:
    return {
        "host": "{brokers}",
        "protocol": "kafka",
        "description": "What BOOKLY_BROKERS names; BOOKLY_REGISTRY names the schema registry beside it.",
        "variables": {"brokers": {"default": "localhost:9092", "description": "host:port, of one broker or several."}},
    }


def _channel(topic: Topic) -> dict[str, Any]:
    settings = {"cleanup.policy": ["delete"], "retention.ms": topic.retention_days * DAY_MS}
    return {
        "address": topic.name,
        "description": f"Keyed by {topic.key}; kept {topic.retention_days} days. What the group of {topic.domain} could not use "
        f"is in {topic.dead_letters}.",
        "messages": {event.class_name: {"$ref": f"#/components/messages/{event.class_name}"} for event in topic.events},
        "tags": [{"name": topic.domain}],
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": settings,
                "bindingVersion": BINDING,
            }
        },
        "x-dead-letters": topic.dead_letters,
        "x-commands": topic.control,
        "x-replays": topic.replay,
    }


def _operations(topics: Iterable[Topic], reactions: Reactions) -> Iterator[tuple[str, dict[str, Any]]]:
    """Who writes may write every event of the topic; a group that reads is told of those that it has handlers for."""
    for topic in topics:
        for writer in topic.writers:
            summary = f"{writer} publishes facts of {topic.domain}."
            yield f"{writer}.publishes.{topic.domain}", _operation("send", topic, topic.events, summary)
        for reader in topic.readers:
            handled = [event for event in topic.events if any(group == reader for group, _ in reactions.of_event(event))]
            summary = f"{reader} reacts to facts of {topic.domain}." if handled else f"{reader} shows facts of {topic.domain}."
            operation = _operation("receive", topic, handled or topic.events, summary)
            if handled:
                group = {"type": "string", "const": f"bookly-{reader}"}
                operation["bindings"] = {"kafka": {"groupId": group, "bindingVersion": BINDING}}
            yield f"{reader}.reads.{topic.domain}", operation


def _operation(action: str, topic: Topic, events: Iterable[Event], summary: str) -> dict[str, Any]:
    channel = "#/channels/" + topic.name
    messages = [{"$ref": f"{channel}/messages/{event.class_name}"} for event in events]
    return {"action": action, "channel": {"$ref": channel}, "summary": summary, "messages": messages}


def _message(event: Event, schemas: Schemas, root: Path) -> dict[str, Any]:
    example = read_example(event, root)
    key = {"type": "string", "description": f"The {event.key_field}: events of one key keep their order."}
    return {
        "name": event.name,
        "title": event.class_name,
        "summary": event.schema["doc"],
        "description": f"Routing key {event.type}, subject {event.subject}, version {event.version}.",
        "contentType": "application/avro",
        "headers": {
            "allOf": [
                {"$ref": "#/components/schemas/Headers"},
                {"type": "object", "properties": {"ce_type": {"const": event.type}}},
            ]
        },
        "correlationId": {"$ref": "#/components/correlationIds/conversation"},
        "tags": [{"name": event.domain}],
        "bindings": {
            "kafka": {
                "key": key,
                "schemaIdLocation": "payload",
                "schemaIdPayloadEncoding": "confluent",
                "schemaLookupStrategy": "RecordNameStrategy",
                "bindingVersion": BINDING,
            }
        },
        "payload": {"schemaFormat": AVRO, "schema": wire_schema(event.schema, schemas)},
        "examples": [
            {"name": event.stem, "headers": _headers(event, example, root), "payload": on_the_wire(example, event, root)}
        ],
    }


def _headers(event: Event, example: dict[str, Any], root: Path) -> dict[str, str]:
    """Those that a producer writes with the example."""
    from bookly.headers import headers_of  # noqa: PLC0415  # generated code, which may have to be made first
    from bookly.records import Metadata  # noqa: PLC0415

    metadata = Metadata(**on_the_wire(example, event, root)["metadata"])
    return {name: value.decode() for name, value in headers_of(metadata, example["data"][event.key_field])}
