"""An author's words for those who launch, in their language.

A plain text is looked up in the catalogue of the app that its task stands in (`locale/` there; marked with
`gettext_noop` where `makemessages` is to find it), and in no other: ours has a word for "name" and "day" too, and a
text that nobody translated stands as it was written. What an author marks with `gettext_lazy` is translated as
everywhere in Django.
"""

import gettext
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from django.apps import apps
from django.utils.functional import Promise, lazy
from django.utils.translation import get_language, to_locale

#: Makes a text one that is said in the language of whoever reads it.
Words: TypeAlias = Callable[[Any], Any]


def words_of(module: str) -> Words:
    """The words of an author who wrote `module`."""

    def words(text: Any) -> Any:
        return text if isinstance(text, Promise) else _lazy(module, str(text))

    return words


def _said(module: str, text: str) -> str:
    app = apps.get_containing_app_config(module)
    language = get_language()
    if not (text and app and language):  # an empty msgid has the catalogue's header
        return text
    return _catalogue(Path(app.path) / "locale", to_locale(language)).gettext(text)


_lazy = lazy(_said, str)


@cache
def _catalogue(folder: Path, locale: str) -> gettext.NullTranslations:
    return gettext.translation("django", folder, [locale], fallback=True)
