"""The API against its own description: whatever is sent, the answer is one that OpenAPI promises."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tasks import result_files, uploads
from tasks.models import Job
from tests.support.cast import in_log, make_cast, new_job

# Not negative_data_rejection: empty and unknown query parameters are let pass on purpose.
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 15  # for each call and mode


@pytest.fixture
def caller(db):
    return make_cast()


@pytest.fixture
def document(caller):
    # The requests are part of the test's transaction; as Django's own test client does, don't let them end it.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.django_db
@pytest.mark.usefixtures("redis_server")
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["right", "wrong"])
@pytest.mark.parametrize(
    "call",
    [
        "list_tasks",
        "get_task",
        "launch_job",
        "list_jobs",
        "get_job",
        "list_events",
        "cancel_job",
        "get_file",
        "begin_upload",
        "get_upload",
        "continue_upload",
        "delete_upload",
    ],
)
def test_answers_are_as_described(document, caller, call, mode):
    job = new_job(caller.users["alice"])
    in_log(job)
    result_files.save(str(job.pk), "report", "json", b"{}")
    operation = document.find_operation_by_id(call)
    ours = {"job_id": str(job.pk), "name": "report" if call == "get_file" else "tasks.samples.arithmetic.add"}
    ours["upload_id"] = str(uploads.announce("a.csv", 10, caller.users["alice"]).pk)
    headers = {"Authorization": f"Bearer {caller.tokens['alice']}"}

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), known=st.booleans())
    def asked(case, known):
        if known:  # what is asked for exists
            case.path_parameters = {name: ours[name] for name in case.path_parameters or {}}
            if call == "launch_job" and isinstance(case.body, dict):
                case.body["task"] = ours["name"]
        case.call_and_validate(headers=headers, checks=CHECKS)

    asked()
    assert Job.objects.filter(pk=job.pk).exists()


def test_every_check_of_schemathesis_over_http(web, tmp_path):
    """All checks that it has, with what it makes up of the document alone: headers, methods, credentials, sequences."""
    token = web.token("alice")
    command = [
        *(str(Path(sys.executable).with_name("st")), "run", f"{web.url}/api/v1/openapi.json"),
        *("--header", f"Authorization: Bearer {token}", "--checks", "all", "--continue-on-failure"),
        *("--max-examples", "8", "--seed", "7", "--suppress-health-check", "all", "--no-color"),
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert re.search(r"[1-9]\d{2} passed", done.stdout), done.stdout[-2000:]
