"""An author's words for those who launch: in their language, where a translation catalogue of some app has them.

An author writes plain texts, marked with `gettext_noop` where `makemessages` is to find them.
"""

from django.utils.functional import lazy
from django.utils.translation import gettext


def in_readers_language(text: str) -> str:
    """`text` in the language that is active now; as it stands where nobody translated it."""
    return gettext(str(text)) if text else ""  # an empty msgid has the catalogue's header


in_readers_language_lazy = lazy(in_readers_language, str)
