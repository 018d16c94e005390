"""The whole of it on PostgreSQL instead of SQLite."""

from __future__ import annotations

import urllib.request

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


# By what a request asks last: for the user whose token it has; of a first use the token takes a note.
_ASKED = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT pid FROM pg_stat_activity "
                   "WHERE (query LIKE '%UPDATE _dashboard_apitoken_%' "
                   "OR query LIKE '%FROM _auth_user_ WHERE _id_ IN%') AND pid <> pg_backend_pid()")
    answer = sorted(pid for (pid,) in cursor.fetchall())
"""
_CUT = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity "
                   "WHERE datname = current_database() AND pid <> pg_backend_pid()")
"""


def test_requests_keep_a_connection_and_notice_that_it_was_cut(stack_factory) -> None:
    with cluster() as url:
        stack = stack_factory(WORKERS="1", DATABASE_URL=url)
        stack.user("root", superuser=True)
        request = urllib.request.Request(
            f"{stack.url}/api/v1/tasks", headers={"Authorization": f"Bearer {stack.token('root')}"}
        )

        def ask() -> int:
            with urllib.request.urlopen(request, timeout=20) as response:
                return response.status

        assert ask() == 200
        kept = stack.run(_ASKED)
        assert len(kept) == 1
        for _ in range(5):
            assert ask() == 200
            assert stack.run(_ASKED) == kept
        stack.run(_CUT)
        assert ask() == 200
        assert len(stack.run(_ASKED)) == 1
        assert stack.run(_ASKED) != kept
        stack.down()
