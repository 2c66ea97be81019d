"""The typed classes that services publish: Pydantic models by datamodel-code-generator, one module a domain."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from contracts.rendering import FIRST_LINE
from contracts.schemas import full_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from contracts.schemas import Schemas
    from contracts.topics import Event

FLAGS = (
    *("--input-file-type", "avro", "--output-model-type", "pydantic_v2.BaseModel", "--target-python-version", "3.11"),
    *("--use-annotated", "--strict-nullable", "--set-default-enum-member", "--base-class", "bookly._event.Event"),
    *(
        "--disable-timestamp",
        "--use-schema-description",
        "--use-field-description",
        "--strict-types",
        "str",
        "int",
        "float",
        "bool",
    ),
    *("--formatters", "ruff-format"),
)
UNION_OF_ALL = re.compile(r"\n\nclass Model\(.*", re.DOTALL)


def render_events(domain: str, events: Iterable[Event], schemas: Schemas) -> str:
    """One domain's module. The shared enums come first, since the generator reads one file from top to bottom."""
    records = [_by_name(event.schema) for event in events]
    used = [schema for name, schema in schemas.types.items() if f'"{name}"' in json.dumps(records)]
    with TemporaryDirectory() as folder:
        source, target = Path(folder, f"{domain}.avsc"), Path(folder, f"{domain}.py")
        source.write_text(json.dumps([*used, *records]), encoding="utf-8")
        command = [
            str(Path(sys.executable).with_name("datamodel-codegen")),
            "--input",
            str(source),
            "--output",
            str(target),
            *FLAGS,
        ]
        subprocess.run(command, check=True, capture_output=True, text=True)
        text = target.read_text(encoding="utf-8")
    body = text.split("\n\n", 1)[1] if text.startswith("#") else text
    body = UNION_OF_ALL.sub("\n", body).replace("RootModel, ", "").lstrip()
    return f'# {FIRST_LINE}\n"""Events of {domain}, to be published."""\n\n' + body


def _by_name(schema: Any) -> Any:
    """The record with its enums by name, as the class generator wants them."""
    if isinstance(schema, list):
        return [_by_name(branch) for branch in schema]
    if not isinstance(schema, dict):
        return schema
    if schema["type"] == "enum":
        return full_name(schema)
    if schema["type"] == "record":
        return {**schema, "fields": [{**field, "type": _by_name(field["type"])} for field in schema["fields"]]}
    return {**schema, "items": _by_name(schema["items"])} if schema["type"] == "array" else schema
