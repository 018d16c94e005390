"""What our pages have to know of the site that they are a part of."""

from django import template
from django.conf import settings
from django.shortcuts import resolve_url
from django.template.context import Context

from dashboard import themes

register = template.Library()


@register.simple_tag
def sign_in_page() -> str:
    """The address of the site's page to sign in."""
    return resolve_url(settings.LOGIN_URL)


@register.simple_tag
def offers_languages() -> bool:
    """Whether the reader may choose a language: the site has to heed it, and to know both of ours."""
    return "django.middleware.locale.LocaleMiddleware" in settings.MIDDLEWARE and {"en", "ko"} <= {
        code[:2] for code, _ in settings.LANGUAGES
    }


@register.simple_tag(takes_context=True)
def chosen_theme(context: Context) -> str:
    """``light`` or ``dark``, as this browser was told; empty where its system decides."""
    return themes.theme_of(context.get("request"))
