"""What of a search was not understood, in words for the reader."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from dashboard.search.language import Misread

_WORDS = {
    "qualifier": gettext_noop("“{word}”: there is no such qualifier. As text to look for, put it in quotes."),
    "empty": gettext_noop("“{word}”: a value is missing after the colon."),
    "twice": gettext_noop("“{word}”: this is asked for already; the first one holds."),
    "negated": gettext_noop("“{word}”: only states can be left out with a minus."),
    "state": gettext_noop("“{word}”: there is no such state."),
    "time": gettext_noop("“{word}”: no time; write 2d, 3h, today, 2026-11-01 or 2026-11-01T09:30."),
    "number": gettext_noop("“{word}”: after < and > comes a number."),
    "argument": gettext_noop("“{word}”: the argument's name is missing."),
    "id": gettext_noop("“{word}”: an ID has only the digits 0 to 9 and the letters a to f."),
    "uuid": gettext_noop("“{word}”: this takes the whole ID of a job."),
    "nothing": gettext_noop("“{word}”: this leaves no state; it is not heeded."),
    "many": gettext_noop("“{word}” and what comes after it is not heeded: the search has too many words."),
}
_MEANT = gettext_noop("“{word}”: there is no such qualifier. Did you mean “{meant}:”?")


def words(misread: Misread) -> str:
    """One message, which names the word."""
    text = _MEANT if misread.why == "qualifier" and misread.meant else _WORDS[misread.why]
    word = "".join(filter(str.isprintable, misread.word))[:60]
    return _(text).format(word=word, meant=misread.meant)
