"""Topics that are there brought to what the contracts say of them: the settings that are stated, and only those that differ."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from confluent_kafka import KafkaException
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource  # type: ignore[attr-defined]

from bookly.errors import BrokerUnavailable
from bookly.transport import admin_client
from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PATIENCE_S = 30.0
PAUSE_S = 0.05
RETENTION = "retention.ms"


class Change(NamedTuple):
    """A setting of a topic: as it was found, and as the contracts say."""

    topic: str
    name: str
    found: str
    wanted: str

    def __str__(self) -> str:
        return f"{self.topic}: {self.name} {self.found} -> {self.wanted}"

    @property
    def deletes(self) -> bool:
        """Whether records that are kept now would be kept no longer. -1 is for ever."""
        return self.name == RETENTION and (self.found == "-1" or int(self.found) > int(self.wanted)) and self.wanted != "-1"


def differences(brokers: str, wanted: Mapping[str, Mapping[str, str]]) -> list[Change]:
    """What the broker has otherwise, of the settings of these topics. Raises BrokerUnavailable."""
    found = configurations(brokers, wanted)
    return [
        Change(topic, name, found[topic][name], value)
        for topic, settings in wanted.items()
        for name, value in settings.items()
        if found[topic][name] != value
    ]


def refuse_to_delete(changes: Iterable[Change]) -> None:
    """Raises ContractError where retention would be lowered: nothing brings back what it deletes."""
    deleting = [str(change) for change in changes if change.deletes]
    if deleting:
        raise ContractError(
            f"{'; '.join(deleting)}: the broker would delete what is older, for good, and nothing was changed. Put the old "
            "retention back into topics/, or say --lower-retention if that is meant"
        )


def align(brokers: str, changes: Iterable[Change]) -> None:
    """Make them, and return when the broker shows them. Raises ContractError with what the broker says against one."""
    wanted: dict[str, dict[str, str]] = {}
    for change in changes:
        wanted.setdefault(change.topic, {})[change.name] = change.wanted
    resources = [_resource(topic, settings) for topic, settings in wanted.items()]
    admin = admin_client(brokers)  # it must live until its futures are done
    for resource, future in (admin.incremental_alter_configs(resources) if resources else {}).items():
        try:
            future.result(PATIENCE_S)
        except KafkaException as error:
            raise ContractError(f"topic {resource.name} could not be changed: {error}") from error
    deadline = time.monotonic() + PATIENCE_S
    while left := differences(brokers, wanted):
        if time.monotonic() > deadline:
            raise ContractError(f"the broker took it and does not show it: {'; '.join(map(str, left))}")
        time.sleep(PAUSE_S)


def configurations(brokers: str, topics: Iterable[str]) -> dict[str, dict[str, str]]:
    """Of each topic, as the broker has it. Raises BrokerUnavailable."""
    asked = [ConfigResource(ConfigResource.Type.TOPIC, topic) for topic in topics]
    admin = admin_client(brokers)
    try:
        return {
            resource.name: {name: entry.value for name, entry in future.result(PATIENCE_S).items()}
            for resource, future in (admin.describe_configs(asked) if asked else {}).items()
        }
    except KafkaException as error:
        raise BrokerUnavailable(brokers, PATIENCE_S, str(error)) from error


def _resource(topic: str, settings: Mapping[str, str]) -> ConfigResource:
    entries = [ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in settings.items()]
    return ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=entries)
