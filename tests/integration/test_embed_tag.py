"""`{% taskcast_job %}`: one live job in any page of a project."""

import uuid

import pytest
from django.template import Context, Template, TemplateSyntaxError

from tests.support.cast import new_job

pytestmark = pytest.mark.usefixtures("static_files")
ID = "8f14e45f-ceea-467f-a8f0-000000000001"


def rendered(text: str, **context: object) -> str:
    return Template("{% load taskcast_embed %}" + text).render(Context(context))


@pytest.mark.parametrize("job", [ID, uuid.UUID(ID), {"id": ID, "state": "queued"}])
def test_a_job_is_an_element_with_a_link_inside(job):
    page = rendered("{% taskcast_job job %}", job=job)
    assert f'<taskcast-job job="{ID}"><a href="/jobs/{ID}/">Show the job</a></taskcast-job>' in page


@pytest.mark.django_db
def test_a_row_is_a_job():
    job = new_job()
    assert f'<taskcast-job job="{job.pk}">' in rendered("{% taskcast_job job %}", job=job)


def test_the_script_stands_there_once():
    page = rendered("{% taskcast_job job %}{% for n in 'ab' %}{% taskcast_job job %}{% endfor %}", job=ID)
    assert (page.count("<taskcast-job "), page.count("<script")) == (3, 1)
    assert 'data-taskcast-root="/"' in page
    assert rendered("{% taskcast_scripts %}{% taskcast_job job %}", job=ID).count("<script") == 1
    # Another page has its own.
    text = Template("{% load taskcast_embed %}{% taskcast_job job %}")
    assert [text.render(Context({"job": ID})).count("<script") for _ in range(2)] == [1, 1]


@pytest.mark.parametrize("job", [None, "", {}])
def test_no_job_is_nothing(job):
    assert rendered("{% taskcast_job job %}", job=job) == ""


def test_what_is_no_id_is_the_authors_mistake():
    with pytest.raises(TemplateSyntaxError, match="'<b>' is no job"):
        rendered("{% taskcast_job job %}", job="<b>")
