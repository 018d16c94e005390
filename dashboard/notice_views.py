"""The page of what somebody is told of when his jobs end: by mail, by a webhook, by the browser."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from dashboard import access
from dashboard.notice_words import as_shown
from tasks.models import NoticeSettings
from tasks.models_notices import EMAIL, WEBHOOK, Wish
from tasks.notices import addresses, mail, planning, webhook

_SHOWN = 20
_NO_ADDRESS = gettext_lazy("Your account has no e-mail address: an administrator can give it one.")


class NoticeForm(forms.ModelForm):
    """What somebody wants to be told, and where."""

    use_required_attribute = False

    class Meta:
        model = NoticeSettings
        fields = ("email", "webhook_url", "webhook")
        labels = {
            "email": gettext_lazy("E-mail me when my jobs end"),
            "webhook_url": gettext_lazy("Webhook"),
            "webhook": gettext_lazy("Call it when my jobs end"),
        }
        help_texts = {
            "webhook_url": gettext_lazy("An address like https://example.com/hook that takes a signed POST."),
        }
        widgets = {
            "email": forms.RadioSelect,
            "webhook": forms.RadioSelect,
            "webhook_url": forms.URLInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
        }

    def __init__(self, data: Any = None, *, instance: NoticeSettings) -> None:
        super().__init__(data, instance=instance, label_suffix="")
        address = planning.address_of(self.instance.user)
        words = _("To {address}, the address of your account.") if address else _NO_ADDRESS
        self.fields["email"].help_text = escape(str(words).format(address=address))

    def clean_email(self) -> str:
        """A wish that can be met."""
        wish: str = self.cleaned_data["email"]
        if wish != Wish.NEVER and not planning.address_of(self.instance.user):
            raise forms.ValidationError(_NO_ADDRESS)
        return wish

    def clean_webhook_url(self) -> str:
        """A URL that may be called; one that was taken before is not looked up again."""
        url: str = self.cleaned_data["webhook_url"]
        if url and "webhook_url" in self.changed_data:
            try:
                addresses.resolve(addresses.parse(url))
            except addresses.BadAddress as error:
                raise forms.ValidationError(_(str(error))) from None
        return url

    def clean(self) -> dict[str, Any]:
        """A webhook that is to be called has an address."""
        given = self.cleaned_data
        if given.get("webhook", Wish.NEVER) != Wish.NEVER and not given.get("webhook_url", "missed"):
            self.add_error("webhook_url", _("Enter where to call, or choose “Never”."))
        return given


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def notifications(request: HttpRequest) -> HttpResponse:
    """What the reader is told. A POST changes it, or, with `renew`, the webhook's secret; a new secret is in that
    answer and nowhere else."""
    user: Any = request.user
    chosen = NoticeSettings.objects.filter(user=user).first() or NoticeSettings(user=user)
    if request.method != "POST":
        return _page(request, NoticeForm(instance=chosen))
    if "renew" in request.POST and chosen.webhook_url:
        return _page(request, NoticeForm(instance=chosen), secret=_new_secret(chosen))
    form = NoticeForm(request.POST, instance=chosen)
    if not form.is_valid():
        return _page(request, form, status=422)
    chosen.language = get_language() or ""
    if not chosen.webhook_url:
        chosen.webhook_secret = ""  # the next one gets one of its own
    form.save()
    if chosen.webhook_url and not chosen.webhook_secret:
        return _page(request, NoticeForm(instance=chosen), secret=_new_secret(chosen))
    messages.success(request, _("Saved."))
    return redirect("taskcast:notifications")


def _new_secret(chosen: NoticeSettings) -> str:
    chosen.webhook_secret = webhook.new_secret()
    chosen.save(update_fields=["webhook_secret"])
    return chosen.webhook_secret


def _page(request: HttpRequest, form: NoticeForm, *, secret: str = "", status: int = 200) -> HttpResponse:
    saved = NoticeSettings.objects.filter(user=request.user.pk).first()
    context = {
        "form": form,
        "secret": secret,
        "address": planning.address_of(request.user),
        "has_webhook": bool(saved and saved.webhook_url),
        "is_mail_sent": mail.is_sent(),
        "notices": [as_shown(notice) for notice in access.notices_for(request.user)[:_SHOWN]],
    }
    return render(request, "dashboard/notifications.html", context, status=status)


@require_POST
def test(request: HttpRequest) -> HttpResponse:
    """Send a test over `channel`, to see how it goes on the page."""
    if not request.user.is_authenticated:
        return redirect_to_login(reverse("taskcast:notifications"))
    channel = WEBHOOK if request.POST.get("channel") == WEBHOOK else EMAIL
    has_webhook = NoticeSettings.objects.filter(user=request.user).exclude(webhook_url="").exists()
    if not (has_webhook if channel == WEBHOOK else planning.address_of(request.user)):
        messages.error(request, _("There is nowhere to send it to."))
    elif planning.plan_test(request.user, channel):
        messages.success(request, _("A test is on its way: its row below says how it went."))
    else:
        messages.info(request, _("A test was sent a moment ago: wait ten seconds before the next."))
    return redirect("taskcast:notifications")
