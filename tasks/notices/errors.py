"""Why a notice was not delivered. Texts without holes are translated where they are shown."""


class NotDelivered(Exception):
    """It did not work now, and may later. `status` is what a receiver answered."""

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status


class Undeliverable(NotDelivered):
    """It will not work later either."""


def words_of(error: Exception) -> str:
    """What is to be said of an error of the network or of a library."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return str(text) or type(error).__name__
