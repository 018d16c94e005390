"""The page of somebody's API tokens: make one, which is shown once, and revoke one."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from dashboard import access, accounts, scopes

_NEVER = 0


class TokenForm(forms.Form):
    """What a new token is called, what it may, and how long."""

    name = forms.CharField(
        label=_("What uses it"), max_length=100, help_text=_("So that you know which token to revoke.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("It may"),
        choices=[(scope, format_lazy("{}: {}", scope, words)) for scope, words in scopes.WORDS.items()],
        widget=forms.CheckboxSelectMultiple,
        initial=[scopes.READ],
        help_text=_("Never more than you may yourself."),
    )
    days = forms.TypedChoiceField(
        label=_("Expires"),
        choices=[
            (30, _("in 30 days")),
            (90, _("in 90 days")),
            (365, _("in a year")),
            (_NEVER, _("never")),
        ],
        coerce=int,
        initial=90,
    )

    def __init__(self, user: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user

    def clean_name(self) -> str:
        """A name that no other token of this user has: sending the form again makes no second token."""
        name: str = self.cleaned_data["name"]
        if access.tokens_for(self._user).filter(name=name).exists():
            raise forms.ValidationError(_("You have a token of this name already."))
        return name


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def tokens(request: HttpRequest) -> HttpResponse:
    """The reader's tokens. A POST makes one; its secret is in that answer and nowhere else."""
    form = TokenForm(request.user, request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return _page(request, form, status=422 if form.errors else 200)
    days = form.cleaned_data["days"]
    secret = accounts.new_token(
        request.user,
        name=form.cleaned_data["name"],
        scopes=form.cleaned_data["scopes"],
        lifetime=timedelta(days=days) if days != _NEVER else None,
    )
    return _page(request, TokenForm(request.user), secret=secret, name=form.cleaned_data["name"])


def _page(request: HttpRequest, form: TokenForm, *, status: int = 200, **made: str) -> HttpResponse:
    now = timezone.now()
    known = [
        {
            "pk": token.pk,
            "name": token.name,
            "scopes": token.scopes.split(),
            "created_at": token.created_at.isoformat(),
            "last_used_at": token.last_used_at and token.last_used_at.isoformat(),
            "expires_at": token.expires_at and token.expires_at.isoformat(),
            "is_over": token.expires_at is not None and token.expires_at <= now,
        }
        for token in access.tokens_for(request.user)
    ]
    return render(request, "dashboard/tokens.html", {"form": form, "tokens": known, **made}, status=status)


@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the token back at once: its calls are refused, its sockets closed."""
    if not request.user.is_authenticated:
        return redirect_to_login(reverse("taskcast:tokens_page"))
    access.get_token_or_404(request.user, pk).delete()
    messages.success(request, _("The token is revoked."))
    return redirect("taskcast:tokens_page")
