"""Pages about accounts: signing in, and the welcome link. Signing out is Django's own view."""

import math
from typing import Any

from django import forms
from django.contrib.auth import get_user_model, login, update_session_auth_hash
from django.contrib.auth.forms import AuthenticationForm, SetPasswordForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from dashboard import accounts, limits

# In the session of who came by the welcome link, until a password is set.
_WELCOMED = "welcomed"
_BACKEND = "django.contrib.auth.backends.ModelBackend"


class SignInForm(AuthenticationForm):
    """Django's own, for those who do not try too often."""

    wait = 0  # seconds until the next attempt

    def clean(self) -> dict[str, Any]:
        """Who it is. An attempt is counted before the password is looked at, and one that is right costs nothing."""
        address = limits.address_of(self.request) if self.request else ""
        name = f"{address} {self.cleaned_data.get('username', '').casefold()}"
        try:
            limits.SIGN_INS_FROM.spend(address)
            limits.SIGN_INS_AS.spend(name)
        except limits.TooMany as error:
            self.wait = math.ceil(error.seconds)
            words = gettext("Too many attempts: try again in {seconds} s.")
            raise forms.ValidationError(words.format(seconds=self.wait)) from None
        cleaned: dict[str, Any] = super().clean()
        limits.SIGN_INS_FROM.give_back(address)
        limits.SIGN_INS_AS.forget(name)
        return cleaned


class SignIn(LoginView):
    """Django's own, which says how to begin while nobody has a password, and when to go on after too many attempts."""

    authentication_form = SignInForm
    template_name = "dashboard/login.html"
    next_page = "taskcast:index"

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """The form again, as 429 where the password was not looked at."""
        response: HttpResponse = super().form_invalid(form)
        if isinstance(form, SignInForm) and form.wait:
            response.status_code = 429
            response.headers["Retry-After"] = str(form.wait)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What the page shows."""
        return super().get_context_data(**kwargs, is_first_time=not accounts.somebody_has_a_password())


class WelcomeForm(SetPasswordForm):
    """The first administrator's name and password."""

    username = forms.CharField(label=_("Username"), max_length=150)
    field_order = ["username", "new_password1", "new_password2"]

    def __init__(self, user: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        self.fields["username"].initial = user.get_username()
        self.fields["username"].widget.attrs["autocomplete"] = "username"

    def clean_username(self) -> str:
        """The name, if it is a name and nobody else's."""
        model = get_user_model()
        field: Any = model._meta.get_field(model.USERNAME_FIELD)
        name = model.normalize_username(field.clean(self.cleaned_data["username"], self.user))
        others = model._default_manager.exclude(pk=self.user.pk)
        if others.filter(**{f"{model.USERNAME_FIELD}__iexact": name}).exists():
            raise forms.ValidationError(_("Somebody else has this name."))
        setattr(self.user, model.USERNAME_FIELD, name)
        return name


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """Sign in the first administrator by a one-time link, and ask for a password.

    The first GET uses the link up; the session that it opened may come back to the form until a password is set.
    """
    if _is_preview(request):
        return _not_now()
    first = request.method == "GET" and not _is_welcomed(request)
    if first and (user := accounts.use_welcome_token(token)):
        login(request, user, backend=_BACKEND)
        request.session[_WELCOMED] = str(user.pk)  # a key may be what JSON cannot say
    if not _is_welcomed(request):
        return render(request, "dashboard/welcome.html", {"form": None}, status=410)
    form = WelcomeForm(request.user, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        form.save()
        update_session_auth_hash(request, form.user)
        del request.session[_WELCOMED]
        return redirect("taskcast:index")
    return render(request, "dashboard/welcome.html", {"form": form}, status=422 if form.errors else 200)


def _is_welcomed(request: HttpRequest) -> bool:
    return (
        request.user.is_authenticated
        and request.session.get(_WELCOMED) == str(request.user.pk)
        and not request.user.has_usable_password()
    )


def _is_preview(request: HttpRequest) -> bool:
    # A browser that loads ahead of the reader must not use up what works once, nor a chat that looks what is linked.
    purpose = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    return request.method == "HEAD" or "prefetch" in purpose or "prerender" in purpose


def _not_now() -> HttpResponse:
    response = HttpResponse(status=503)
    # Django logs the address of what it refuses, and this one still opens something.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response
