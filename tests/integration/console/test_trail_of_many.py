"""Several processes write into the audit trail at once: it stays one chain, and each entry is there once."""

from __future__ import annotations

import subprocess
import sys

import msgspec

from api.console import audit

EACH = 12
WRITER = """
import sys
from api.console.audit import Trail
trail = Trail(sys.argv[1])
for number in range(int(sys.argv[3])):
    trail.write(sys.argv[2], "release", "done", {"number": number})
"""


def test_two_processes_that_write_at_once_keep_one_chain(brokers: str) -> None:
    audit.Trail(brokers).write("suite", "release", "done")
    names = ("ann", "bob")
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, brokers, name, str(EACH)], stderr=subprocess.PIPE) for name in names
    ]
    for writer in writers:
        _, said = writer.communicate(timeout=200)
        assert writer.returncode == 0, said.decode()
    records = list(audit.entries(brokers))
    count, _, broken = audit.verified(records)
    assert (count, broken) == (len(records), None)
    told = [msgspec.json.decode(value, type=audit.Entry) for _, value in records]
    for name in names:
        assert [one.about["number"] for one in told if one.who == name] == [str(number) for number in range(EACH)]
