"""Found first on the path of a process whose clock is to be wrong: TASKS_CLOCK_AHEAD seconds ahead."""

import os
import time

import time_machine

# Only what tells the date; monotonic clocks go on as they are, as on a machine whose clock was set wrong.
time_machine.travel(time.time() + float(os.environ["TASKS_CLOCK_AHEAD"]), tick=True).start()
