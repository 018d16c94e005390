"""How a project tests what launches, as docs/existing-project.md says: without Redis and without a worker."""

from django.test import TestCase

from shop.people.models import Person
from tasks import launch
from tasks.catalog import BadArguments
from tasks.models import Job


class LaunchTest(TestCase):
    """What a view does, and the row that says what would be sent."""

    def test_what_is_launched_is_in_its_row(self) -> None:
        alice = Person.objects.create_user("alice@shop.example")
        launch("shop.people.tasks.greet", {"name": "Bob"}, owner=alice)
        job = Job.objects.get()
        assert (job.task, job.args, job.owner) == ("shop.people.tasks.greet", {"name": "Bob"}, alice)
        assert job.published_at is None

    def test_wrong_arguments_are_refused(self) -> None:
        with self.assertRaises(BadArguments):  # noqa: PT027 - a project need not have pytest
            launch("shop.people.tasks.greet", {"name": "Bob", "times": "many"})
        assert not Job.objects.exists()
