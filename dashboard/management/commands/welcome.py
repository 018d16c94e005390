"""`python manage.py welcome`: a new link for the first administrator."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dashboard import accounts


class Command(BaseCommand):
    help = "Prints a new one-time link that signs in the first administrator. It works for 10 minutes."

    def handle(self, *args: Any, **options: Any) -> None:
        link = accounts.welcome_link()
        if link is None:
            raise CommandError("There is a user with a password already: sign in, or use changepassword.")
        self.stdout.write(link)
