"""Whether this process is up, and whether what it needs answers. Nothing about jobs, and nothing secret, is told."""

import hmac
from collections.abc import Callable

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dashboard import access, accounts, metrics, scopes
from tasks import conf, eventlog, redis_state
from tasks.models import Job


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process is up: asks nobody else."""
    return JsonResponse({"status": "up"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """The database, Redis and the event log answer; 503 with which failed otherwise."""
    failed = {name: reason for name, check in _CHECKS.items() if (reason := _failure(check))}
    if "redis" in failed:
        failed["log"] = failed["redis"]  # it lives there; asking again would take as long again
    elif reason := _failure(_log):
        failed["log"] = reason
    return JsonResponse({"ready": not failed, "failed": failed}, status=503 if failed else 200)


def _failure(check: Callable[[], None]) -> str | None:
    try:
        check()
    except NotReady as error:
        return str(error)
    except Exception as error:
        return type(error).__name__  # its text may hold an address with a password
    return None


class NotReady(Exception):
    """It answers, but is not ready; the message says why."""


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        if Job._meta.db_table not in connection.introspection.table_names(cursor):
            raise NotReady("the database has no tables yet: run `python manage.py migrate`")


def _redis() -> None:
    if trouble := redis_state.trouble():
        raise NotReady(trouble)


def _log() -> None:
    if eventlog.current_epoch() is None:
        raise NotReady("the event log has begun anew and is not open yet")


_CHECKS: dict[str, Callable[[], None]] = {"database": _database, "redis": _redis}


@require_safe
@never_cache
def metrics_page(request: HttpRequest) -> HttpResponse:
    """Numbers for Prometheus: for staff, or for `Authorization: Bearer` with METRICS_TOKEN or a staff token
    that may read.
    """
    if not _may_see_metrics(request):
        # Nothing else: a program that scrapes has no use for a page to sign in.
        return HttpResponse(status=401, headers={"WWW-Authenticate": 'Bearer realm="Taskcast metrics"'})
    body, content_type = metrics.exposition()
    return HttpResponse(body, content_type=content_type)


def _may_see_metrics(request: HttpRequest) -> bool:
    scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
    if not scheme:
        return access.may_see_metrics(request.user)
    wanted = conf.metrics_token()
    if wanted and hmac.compare_digest(sent.strip().encode(), wanted.encode()):
        return True
    return access.may_see_metrics(access.user_of(accounts.live_token(sent.strip()), scopes.READ))
