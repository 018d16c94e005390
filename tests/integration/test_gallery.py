"""The gallery is there for staff while one develops, and for nobody else."""

import pytest

from dashboard import gallery, gallery_views
from tests.support.cast import EVERYBODY, make_cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "static_files")]

PATHS = ["/gallery/", "/gallery/jobs/failed/", "/gallery/pages/404/"]


@pytest.fixture
def cast():
    return make_cast()


@pytest.mark.parametrize("path", PATHS)
def test_who_sees_it(cast, settings, path):
    settings.DEBUG = True
    statuses = {who: cast.pages(who).get(path).status_code for who in EVERYBODY}
    shown = 404 if "pages" in path else 200
    assert statuses == {"alice": 404, "bob": 404, "charlie": 404, "dora": shown, "anonymous": 302}


@pytest.mark.parametrize("name", sorted(gallery.jobs()))
def test_every_job_is_shown(cast, settings, name):
    settings.DEBUG = True
    job = gallery.jobs()[name]
    page = cast.pages("dora").get(f"/gallery/jobs/{name}/").content.decode()
    assert f'<taskcast-job job="{job["id"]}"' in page
    assert f'<span class="badge" data-state="{job["state"]}">' in page


@pytest.mark.parametrize("name", sorted(gallery_views.REFUSALS))
def test_every_page_that_says_no_is_shown(cast, settings, name):
    settings.DEBUG = True
    answer = cast.pages("dora").get(f"/gallery/pages/{name}/")
    assert answer.status_code == gallery_views.REFUSALS[name][1]
    assert b"<h1>" in answer.content


@pytest.mark.parametrize("path", ["/gallery/jobs/nothing/", "/gallery/pages/nothing/"])
def test_what_is_not_in_it(cast, settings, path):
    settings.DEBUG = True
    assert cast.pages("dora").get(path).status_code == 404
