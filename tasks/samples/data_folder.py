"""Files on the worker's machine: only those below the folder that TASKCAST_DATA names."""

import stat
from pathlib import Path

from django.utils.translation import gettext as _

from tasks import conf


class NotInDataFolder(ValueError):
    """The path does not lead to a file below the data folder."""


def find(path: str) -> Path:
    """The file that `path` (relative to the data folder, or absolute) leads to, links and `..` resolved.

    Raises NotInDataFolder with a message for the person who typed it. What lies outside is never looked at,
    so that the message cannot tell whether it exists.
    """
    root = conf.data_folder()
    try:
        target = (root / path.strip()).resolve()
    except (OSError, ValueError, RuntimeError):  # a NUL, a name too long, links in a circle
        raise NotInDataFolder(_("This is not a path.")) from None
    if not target.is_relative_to(root):
        raise NotInDataFolder(_("Only files below the data folder (TASKCAST_DATA) can be read."))
    try:
        mode = target.stat().st_mode
    except OSError:
        message = _("There is no file {path} in the data folder.")
        raise NotInDataFolder(message.format(path=target.relative_to(root))) from None
    # Opening a pipe would wait for its other end for ever.
    if not stat.S_ISREG(mode):
        raise NotInDataFolder(_("{path} is not a file.").format(path=target.relative_to(root)))
    return target
