"""`python manage.py token USERNAME`: a new API token, printed once."""

from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboard import accounts, scopes
from dashboard.models import ApiToken


class Command(BaseCommand):
    help = "Prints a new API token of a user. It is shown only now; --revoke takes back those made before."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument(
            "--scope", action="append", choices=scopes.ALL, help="what it may; may be repeated (default: everything)"
        )
        parser.add_argument("--days", type=int, help="after how many days it expires (default: never)")
        parser.add_argument("--name", default="", help="what uses it; with --revoke: take back only those of this name")
        parser.add_argument("--revoke", action="store_true", help="take back all tokens of the user, make none")

    def handle(
        self, *args: Any, username: str, scope: list[str] | None, days: int | None, name: str, revoke: bool,
        **options: Any,
    ) -> None:  # fmt: skip
        model = get_user_model()
        user = model._default_manager.filter(**{model.USERNAME_FIELD: username}).first()
        if user is None:
            raise CommandError(f"There is no user {username!r}.")
        if revoke:
            known = ApiToken.objects.filter(user=user, **({"name": name} if name else {}))
            _, by_model = known.delete()
            self.stdout.write(f"{by_model.get('dashboard.ApiToken', 0)} tokens taken back")
        elif not user.is_active:
            raise CommandError(f"The account {username!r} is switched off.")
        elif days is not None and not 1 <= days <= 3660:
            raise CommandError(f"--days is {days}: give a whole number from 1 to 3660, or leave it out.")
        elif len(name) > 100:
            raise CommandError("--name has at most 100 characters.")
        else:
            lifetime = timedelta(days=days) if days else None
            self.stdout.write(accounts.new_token(user, name=name, scopes=scope or scopes.ALL, lifetime=lifetime))
