"""`python manage.py token USERNAME`: a new API token, printed once."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboard import accounts
from dashboard.models import ApiToken


class Command(BaseCommand):
    help = "Prints a new API token of a user. It is shown only now; --revoke takes back those made before."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--revoke", action="store_true", help="take back all tokens of the user, make none")

    def handle(self, *args: Any, username: str, revoke: bool, **options: Any) -> None:
        model = get_user_model()
        user = model._default_manager.filter(**{model.USERNAME_FIELD: username}).first()
        if user is None:
            raise CommandError(f"There is no user {username!r}.")
        if revoke:
            _, by_model = ApiToken.objects.filter(user=user).delete()
            self.stdout.write(f"{by_model.get('dashboard.ApiToken', 0)} tokens taken back")
        elif not user.is_active:
            raise CommandError(f"The account {username!r} is switched off.")
        else:
            self.stdout.write(accounts.new_token(user))
