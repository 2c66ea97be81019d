"""What entries hold comes back as it was, has a model for each type, and says nothing personal by itself."""

from __future__ import annotations

from pathlib import Path
from typing import get_args, get_type_hints

import msgspec
import pytest
from pydantic import TypeAdapter, ValidationError

import agents.auth.tables
import agents.availability.tables
import agents.resources.tables
from bookly.cache import values
from bookly.cache.caches import BY_SERVICE, OPERATIONS
from bookly.cache.types import TYPES
from bookly.cache.values import ResourceStatus, User

ROWS = [  # a model, and the row of a table that it is made from
    (values.User, agents.auth.tables.User),
    (values.Session, agents.auth.tables.Session),
    (values.Resource, agents.resources.tables.Resource),
    (values.Category, agents.resources.tables.Category),
    (values.Usage, agents.resources.tables.Usage),
    (values.Reservation, agents.availability.tables.Reservation),
    (values.Slot, agents.availability.tables.Slot),
    (values.Waiting, agents.availability.tables.Waiting),
]


@pytest.mark.parametrize(("model", "row"), ROWS, ids=lambda each: each.__name__)
def test_a_row_has_what_its_model_wants_beside_ids(model: type[values.Value], row: type[msgspec.Struct]) -> None:
    known = {each.name for each in msgspec.structs.fields(row)}
    ids = {name for name in model.model_fields if name.endswith("_id")}
    assert set(model.model_fields) - ids <= known
    assert known - set(model.model_fields) <= {"two_factor"}, "two_factor is a type of its own"


def test_each_type_has_an_attribute_of_its_model_in_the_cache_of_its_service() -> None:
    for each in TYPES.values():
        scope = {**vars(values), "values": values, **vars(__import__("bookly.cache.entries", fromlist=["Entries"]))}
        hints = get_type_hints(BY_SERVICE[each.service], localns=scope)
        assert get_args(hints[each.name]) == (each.model,), each.name


def test_there_are_81_operations_and_no_two_share_a_name() -> None:
    assert len(OPERATIONS) == len(set(OPERATIONS)) == 81
    assert sum(name.count(".") == 2 for name in OPERATIONS) == 66
    by_service = {
        service: sum(name.startswith(service) for name in OPERATIONS) for service in ("auth", "resources", "availability")
    }
    assert by_service == {"auth": 32, "resources": 26, "availability": 23}


def test_a_value_cannot_be_changed_by_one_of_its_readers() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        ResourceStatus(status="AVAILABLE").status = "IN_USE"  # type: ignore[misc]


def test_a_field_of_a_newer_version_is_left_out_and_a_missing_one_refused() -> None:
    adapter = TypeAdapter(ResourceStatus)
    assert adapter.validate_json(b'{"status": "IN_USE", "since": 1}') == ResourceStatus(status="IN_USE")
    with pytest.raises(ValidationError):
        adapter.validate_json(b'{"state": "IN_USE"}')


def test_a_user_is_printed_without_name_and_address() -> None:
    user = User(user_id="u-1", email="ann@example.org", full_name="Ann Example")
    assert repr(user) == str(user) == "User('u-1')"


def test_only_the_caches_know_redis() -> None:
    sdk = Path(values.__file__).parents[1]
    knowing = {
        path.parent.name for path in sdk.rglob("*.py") if "import redis" in (text := path.read_text()) or "from redis" in text
    }
    assert knowing == {"cache"}
