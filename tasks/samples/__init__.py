"""The tasks that ship with Taskcast: arithmetic to try it out, a CSV profiler and a mailer that do real
work.

What they say to those who launch them is translated; what they log while they run is English, as a log is.
"""

from django.utils.translation import gettext_noop

# Arithmetic stays as the tutorial has it; here `makemessages` finds the words that are read from its docstrings
# and names.
WORDS = [
    gettext_noop("Add two numbers"),
    gettext_noop("Multiply two numbers"),
    gettext_noop("Add up all the numbers of a list"),
    gettext_noop("Numbers"),
]
