"""A GCP service account's private key -> its project, its account, its key's id and size.

Format: https://cloud.google.com/iam/docs/keys-create-delete#creating, the JSON that holds the key.
"""

from __future__ import annotations

import re

from secrets_guard.structure import Around, Reading
from secrets_guard.structure.key import read as read_key

_FIELD = re.compile(
    rb'\\{0,3}"(project_id|client_email|private_key_id)\\{0,3}"\s{0,4}:\s{0,4}\\{0,3}"([\w.@:\-]{1,200})\\{0,3}"'
)
_NAMES = (b"project_id", "project"), (b"client_email", "account"), (b"private_key_id", "key id")


def fields_of(text: bytes) -> dict[bytes, str]:
    """Return the three public fields that stand in a text around a key."""
    return {name: told.decode("ascii", "replace") for name, told in _FIELD.findall(text)}


def read_service_account(value: bytes, around: Around) -> Reading:
    """Read the fields of the JSON around the key, and the key."""
    fields = fields_of(around.text)
    return Reading((*((name, fields.get(field, "")) for field, name in _NAMES), *read_key(value, around).details))
