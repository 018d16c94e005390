"""Takes a job's secrets out of what it says."""

import json
from collections.abc import Iterable

from tasks.catalog_errors import MASK


def masked(text: str, secrets: Iterable[str]) -> str:
    """`text` with every secret in it masked."""
    for secret in secrets:
        text = text.replace(secret, MASK)
    return text


def masked_json(text: str, secrets: Iterable[str]) -> str:
    """The same for ASCII JSON text, as `plain.dump` writes it: keys and values."""
    return masked(text, (json.dumps(secret)[1:-1] for secret in secrets))
