"""The secret key that an instance makes for itself."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from pathlib import Path


def kept_key(path: Path) -> str:
    """The key in the file `path`, made on first use; raises OSError where that cannot be read or written.

    Several processes may start at once: each writes a file of its own, and the first link to `path` wins.
    """
    if not path.exists():
        number, name = tempfile.mkstemp(dir=path.parent, prefix=".secret-")  # mode 0600
        try:
            with os.fdopen(number, "w") as file:
                file.write(secrets.token_urlsafe(64))
            with contextlib.suppress(FileExistsError):
                os.link(name, path)
        finally:
            os.unlink(name)
    path.chmod(0o600)
    key = path.read_text().strip()
    if not key:
        raise OSError(f"{path} is empty")
    return key
