"""The links to one job, for those who may share it: make one, which is shown once, and revoke one."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from dashboard import access, queries, shares
from dashboard.models import ShareLink

_SHOWN = 100


class ShareForm(forms.Form):
    """How long a new link works."""

    hours = forms.TypedChoiceField(
        label=gettext_lazy("It works for"),
        choices=[
            (1, gettext_lazy("1 hour")),
            (24, gettext_lazy("1 day")),
            (7 * 24, gettext_lazy("7 days")),
            (30 * 24, gettext_lazy("30 days")),
            (90 * 24, gettext_lazy("90 days")),
        ],
        coerce=int,
        initial=7 * 24,
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def shares_of_job(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """The links to the job. A POST makes one; its address is in that answer and nowhere else."""
    found = _shareable(request, job_id)
    form = ShareForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return _page(request, found, form, status=422 if form.errors else 200)
    try:
        token = shares.make(request.user, found, timedelta(hours=form.cleaned_data["hours"]))
    except shares.TooManyLinks:
        words = _("This job has {number} links that work: revoke one first.").format(number=shares.MOST)
        form.add_error("hours", words)
        return _page(request, found, form, status=422)
    made = {
        "link": request.build_absolute_uri(reverse("taskcast:shared", args=[token])),
        "embed": request.build_absolute_uri(reverse("taskcast:shared_embed", args=[token])),
    }
    return _page(request, found, ShareForm(), made)


def _shareable(request: HttpRequest, job_id: UUID) -> queries.Found:
    found = access.get_job_or_404(request.user, job_id)
    if not access.may_share(request.user, found.owner_id):
        raise PermissionDenied(_("You may not share this job."))
    return found


def _page(
    request: HttpRequest,
    found: queries.Found,
    form: ShareForm,
    made: Mapping[str, str] = MappingProxyType({}),
    *,
    status: int = 200,
) -> HttpResponse:
    links = access.shares_for(request.user, found).select_related("created_by")[:_SHOWN]
    context = {"job": found.job, "form": form, "links": [_shown(link, found) for link in links], **made}
    return render(request, "dashboard/share.html", context, status=status)


def _shown(link: ShareLink, found: queries.Found) -> dict[str, Any]:
    return {
        "pk": link.pk,
        "by": link.created_by.get_username(),
        "created_at": link.created_at.isoformat(),
        "expires_at": link.expires_at.isoformat(),
        "revoked_at": link.revoked_at and link.revoked_at.isoformat(),
        "last_used_at": link.last_used_at and link.last_used_at.isoformat(),
        "is_expired": link.expires_at <= timezone.now(),
        "works": access.guest_of(link, found.owner_id) is not None,
    }


@require_POST
def revoke(request: HttpRequest, job_id: UUID, pk: int) -> HttpResponse:
    """End the link at once."""
    page = reverse("taskcast:job_share", args=[job_id])
    if not request.user.is_authenticated:
        return redirect_to_login(page)
    found = _shareable(request, job_id)
    shares.revoke(request.user, found, access.get_share_or_404(request.user, found, pk))
    messages.success(request, _("The link is revoked: it opens nothing any more."))
    return redirect(page)
