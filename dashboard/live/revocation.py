"""Who logs out, loses the account or a right is told to the sockets at once, not at their next look."""

import asyncio
import logging
from typing import Any

from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.db.models.signals import m2m_changed, post_delete, post_save

from dashboard.models import ApiToken
from tasks import broadcast

logger = logging.getLogger(__name__)

# Seconds. The sockets look by themselves every few seconds: a Redis that hangs must not hold a request for longer.
_PATIENCE = 1.0


def connect() -> None:
    """Listen to what changes sessions, accounts and rights."""
    user = get_user_model()
    user_logged_out.connect(_logged_out, dispatch_uid="taskcast.logged_out")
    post_save.connect(_user_saved, sender=user, dispatch_uid="taskcast.user_saved")
    post_delete.connect(_user_gone, sender=user, dispatch_uid="taskcast.user_gone")
    post_delete.connect(_token_gone, sender=ApiToken, dispatch_uid="taskcast.token_gone")
    for name in ("groups", "user_permissions"):
        if through := getattr(getattr(user, name, None), "through", None):
            m2m_changed.connect(_rights_changed, sender=through, dispatch_uid=f"taskcast.{name}")
    m2m_changed.connect(_group_changed, sender=Group.permissions.through, dispatch_uid="taskcast.group")


def tell(user_id: Any) -> None:
    """Let all sockets of `user_id` (None: of everybody) be looked at again, once what changed is committed."""
    transaction.on_commit(lambda: _send(user_id), robust=True)


def _send(user_id: Any) -> None:
    async def send() -> None:
        message = {"type": "access.changed", "user": None if user_id is None else str(user_id)}
        await asyncio.wait_for(broadcast.send(broadcast.ACCESS, message), _PATIENCE)

    try:
        async_to_sync(send)()
    except Exception as error:
        # Whatever keeps the message from going out must not keep anybody from logging out.
        logger.warning("sockets will notice a change of rights late: %s: %s", type(error).__name__, error)


def _logged_out(sender: Any, user: Any = None, **kwargs: Any) -> None:
    if user is not None:
        tell(user.pk)


def _user_saved(sender: Any, instance: Any, created: bool, update_fields: Any = None, **kwargs: Any) -> None:
    # Signing in writes the time of it; a new user has no sockets yet.
    if not created and set(update_fields or ()) != {"last_login"}:
        tell(instance.pk)


def _user_gone(sender: Any, instance: Any, **kwargs: Any) -> None:
    tell(instance.pk)


def _token_gone(sender: Any, instance: ApiToken, **kwargs: Any) -> None:
    tell(instance.user_id)


def _rights_changed(sender: Any, instance: Any, action: str, reverse: bool, **kwargs: Any) -> None:
    if action.startswith("post_"):
        # From the other side (`group.user_set`) it may be many users.
        tell(None if reverse or isinstance(instance, Group | Permission) else instance.pk)


def _group_changed(sender: Any, action: str, **kwargs: Any) -> None:
    if action.startswith("post_"):
        tell(None)
