"""Saying once that something does not work, and once that it does again."""

import logging


class Complaints:
    """What is wrong now, by subject. A loop that fails ten times a second for an hour writes two lines."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._current: dict[str, str] = {}

    def fails(self, subject: str, cause: object) -> None:
        """`subject` does not work because of `cause`: logged unless that is what was said last."""
        said = f"{type(cause).__name__}: {cause}" if isinstance(cause, BaseException) else str(cause)
        if self._current.get(subject) != said:
            self._current[subject] = said
            self._logger.warning("%s does not work: %s", subject, said)

    def works(self, subject: str) -> None:
        """`subject` works; logged where it did not before."""
        if self._current.pop(subject, None) is not None:
            self._logger.warning("%s works again", subject)
