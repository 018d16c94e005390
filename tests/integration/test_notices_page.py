"""The page on which somebody chooses what he is told, and where a launch chooses otherwise."""

import re

import pytest
from django.utils import timezone

from tasks.models import Job, Notice, NoticeSettings
from tasks.models_notices import EMAIL, WEBHOOK
from tasks.notices import addresses, delivery
from tests.support.cast import Cast, make_cast, new_job
from tests.support.problems import assert_problem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "static_files")]

PAGE, TEST = "/accounts/notifications/", "/accounts/notifications/test/"
ADD = "tasks.samples.arithmetic.add"
FORM = f"/tasks/{ADD}/"
OFF = {"email": "never", "webhook": "never", "webhook_url": ""}
HOOK = {**OFF, "webhook": "always", "webhook_url": "https://93.184.215.14/hook"}
SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{32}")


@pytest.fixture
def cast() -> Cast:
    cast = make_cast()
    cast.users["alice"].email = "alice@example.com"
    cast.users["alice"].save()
    return cast


@pytest.fixture
def alice(cast):
    return cast.pages("alice")


def said(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def test_what_is_chosen_is_kept(cast, alice):
    alice.cookies["django_language"] = "ko"
    assert alice.post(PAGE, {**OFF, "email": "trouble"}).status_code == 302
    kept = NoticeSettings.objects.get(user=cast.users["alice"])
    assert (kept.email, kept.webhook, kept.language) == ("trouble", "never", "ko")
    assert "저장했습니다." in said(alice.get(PAGE))


def test_without_an_address_no_mail_can_be_chosen(cast):
    response = cast.pages("bob").post(PAGE, {**OFF, "email": "always"})
    assert response.status_code == 422
    assert "an administrator can give it one" in said(response)
    assert not NoticeSettings.objects.exists()
    assert "Send a test mail" not in said(response)


def test_a_secret_is_shown_once_and_can_be_renewed(alice):
    response = alice.post(PAGE, HOOK)
    assert response.status_code == 200
    [first] = SECRET.findall(said(response))
    assert NoticeSettings.objects.get().webhook_secret == first
    assert not SECRET.search(said(alice.get(PAGE)))
    assert alice.post(PAGE, {**HOOK, "webhook": "trouble"}).status_code == 302  # no new one for a change
    assert NoticeSettings.objects.get().webhook_secret == first
    [second] = SECRET.findall(said(alice.post(PAGE, {"renew": "1"})))
    assert second == NoticeSettings.objects.get().webhook_secret != first
    alice.post(PAGE, OFF)
    assert SECRET.findall(said(alice.post(PAGE, HOOK))) not in ([], [second])


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://127.0.0.1:8000/", "private address"),
        ("http://localhost/", "private address"),
        ("http://169.254.169.254/latest/meta-data/", "private address"),
        ("ftp://example.com/", "begin with https://"),
        ("https://me:secret@example.com/", "leave them out"),
        ("https://no-such-host.invalid/", "No machine of this name"),
        ("", "Enter where to call"),
    ],
)
def test_a_webhook_that_cannot_be_is_refused_with_what_was_typed(alice, url, message):
    response = alice.post(PAGE, {**HOOK, "webhook_url": url})
    assert response.status_code == 422
    text = said(response)
    assert message in text
    assert f'value="{url}"' in text or not url
    assert not NoticeSettings.objects.exists()


def test_a_webhook_that_was_taken_before_can_be_switched_off_without_a_name_server(alice, monkeypatch):
    alice.post(PAGE, HOOK)

    def away(*_):
        raise addresses.BadAddress("No machine of this name was found.")

    monkeypatch.setattr(addresses, "resolve", away)
    assert alice.post(PAGE, {**HOOK, "webhook": "never"}).status_code == 302
    assert NoticeSettings.objects.get().webhook == "never"


def test_mails_that_go_nowhere_are_told(alice, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    assert "mails do not leave this machine" in said(alice.get(PAGE))
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert "mails do not leave this machine" not in said(alice.get(PAGE))


def test_a_test_can_be_sent_where_there_is_somewhere_to(cast, alice):
    alice.post(TEST, {"channel": WEBHOOK})
    assert "nowhere to send it to" in said(alice.get(PAGE))
    alice.post(TEST, {"channel": EMAIL})
    alice.post(TEST, {"channel": EMAIL})
    assert "wait ten seconds" in said(alice.get(PAGE))
    notice = Notice.objects.get()
    assert (notice.user, notice.channel, notice.job) == (cast.users["alice"], EMAIL, None)
    assert notice.due_at is not None


def test_a_mail_that_became_a_file_is_no_failure(alice, settings, tmp_path):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    alice.post(TEST, {"channel": EMAIL})
    delivery.deliver(Notice.objects.get().user_id, EMAIL)
    text = said(alice.get(PAGE))
    assert 'data-notice="written"' in text
    assert "written to a file" in text
    assert "it was written to a file on the server, in its folder of mails" in text
    assert "given up" not in text


def test_the_page_says_how_it_went_to_its_reader_alone(cast, alice):
    job = new_job(cast.users["alice"], state="failed")
    now = timezone.now()
    attempts = [
        {"at": now.isoformat(), "status": 500, "error": ""},
        {"at": now.isoformat(), "status": None, "error": "It did not answer within 10 s."},
    ]
    shared = {"user": cast.users["alice"], "channel": WEBHOOK, "task": ADD, "state": "failed", "created_at": now}
    Notice.objects.create(**shared, job=job.pk, due_at=now, attempts=attempts)
    Notice.objects.bulk_create(Notice(**shared, job=new_job().pk) for _ in range(25))
    text = said(alice.get(PAGE))
    assert text.count("data-notice=") == 20
    Notice.objects.exclude(job=job.pk).delete()
    text = said(alice.get(PAGE))
    assert f"/jobs/{job.pk}/" in text
    assert "answered 500" in text
    assert "It did not answer within 10 s." in text
    assert 'data-notice="due"' in text
    alice.cookies["django_language"] = "ko"
    assert "10초 안에 응답하지 않았습니다." in said(alice.get(PAGE))
    assert ADD not in said(cast.pages("bob").get(PAGE))


def test_staff_see_all_of_them_in_the_admin(cast):
    attempts = [{"at": timezone.now().isoformat(), "status": 500, "error": ""}]
    Notice.objects.create(
        user=cast.users["alice"], channel=WEBHOOK, task=ADD, created_at=timezone.now(), attempts=attempts
    )
    text = said(cast.pages("dora").get("/admin/tasks/notice/?q=arithmetic"))
    assert "answered 500" in text
    assert cast.pages("dora").post("/admin/tasks/notice/add/").status_code == 403


# --- a launch chooses otherwise


@pytest.mark.parametrize(("chosen", "kept"), [("", None), (None, None), ("always", "always"), ("never", "never")])
def test_the_launch_form_has_a_say(alice, chosen, kept):
    given = {"x": "1", "y": "2", **({} if chosen is None else {"when-notify": chosen})}
    assert alice.post(FORM, given).status_code == 302
    assert Job.objects.get().notify == kept


def test_a_form_that_is_refused_keeps_what_was_chosen(alice):
    text = said(alice.post(FORM, {"x": "one", "y": "2", "when-notify": "never"}))
    assert re.search(r'value="never"[^>]* checked', text)
    assert 'id="id_when-notify"' in text
    response = alice.post(FORM, {"x": "1", "y": "2", "when-notify": "sometimes"})
    assert response.status_code == 422
    assert 'href="#id_when-notify' in said(response)


@pytest.mark.parametrize(("chosen", "kept"), [("default", None), ("always", "always"), ("never", "never")])
def test_so_does_the_api(cast, chosen, kept):
    args = {"x": 1, "y": 2}
    assert cast.api("alice", "POST", "jobs", {"task": ADD, "args": args, "notify": chosen}).status_code == 201
    assert Job.objects.get().notify == kept
    assert cast.api("alice", "POST", "batches", {"task": ADD, "rows": [args], "notify": chosen}).status_code == 201
    assert Job.objects.get(task="taskcast.batch").notify == kept


def test_the_api_names_what_it_does_not_understand(cast):
    response = cast.api("alice", "POST", "jobs", {"task": ADD, "args": {"x": 1, "y": 2}, "notify": "sometimes"})
    assert_problem(response, 422)
    assert response.json()["errors"][0]["loc"][-1] == "notify"
