"""With which code a command ends; README names them."""

import os

SUCCEEDED, FAILED, BAD_USAGE, CANCELLED, LOST = range(5)
#: Redis, the database or the whole instance is away.
UNAVAILABLE = os.EX_UNAVAILABLE
#: Ctrl-C.
INTERRUPTED = 130
#: Whoever read the output has gone, such as `head`.
UNREAD = 141

OF_STATE = {"succeeded": SUCCEEDED, "failed": FAILED, "cancelled": CANCELLED, "lost": LOST}
