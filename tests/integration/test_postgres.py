"""The whole of it on PostgreSQL instead of SQLite."""

from __future__ import annotations

from tests.support.postgres import cluster
from tests.support.stack import wait_for


def test_a_job_runs_and_is_recorded(stack_factory) -> None:
    with cluster() as url:
        stack = stack_factory(WORKERS="1", DATABASE_URL=url)
        run = "from tasks.samples.arithmetic import add\njob = add.delay(4, 4)\nanswer = [job.id, job.get(timeout=20)]"
        job, result = stack.run(run)
        assert result == 8
        row = "from tasks.models import Job\nanswer = [[j.state, j.result] for j in Job.objects.filter(id=job)]"
        wait_for(lambda: stack.run(row, job=job) == [["succeeded", 8]], "the job's row")
        assert stack.run("from django.db import connection\nanswer = connection.vendor") == "postgresql"
        stack.down()
