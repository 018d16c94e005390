"""The welcome link, signing in and out, tokens, and who hears of lost rights."""

import re
import threading
from datetime import timedelta
from io import StringIO

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from channels.layers import get_channel_layer
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from dashboard import accounts
from dashboard.models import ApiToken, WelcomeLink
from tasks import broadcast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "static_files")]

PASSWORD = "correct horse battery"


def said(*command, **options):
    out = StringIO()
    call_command(*command, stdout=out, **options)
    return out.getvalue().strip()


def path_of(link: str | None) -> str:
    assert link, "there is no link"
    return "/" + link.split("/", 3)[3]


def choose(client, path, username="root", password=PASSWORD, again=None):
    fields = {"username": username, "new_password1": password, "new_password2": again or password}
    return client.post(path, fields)


# --- the welcome link


def test_the_link_signs_in_the_first_administrator_and_asks_for_a_password(settings, django_user_model):
    link = accounts.welcome_link() or ""
    assert re.fullmatch(rf"http://{settings.HOST}:{settings.PORT}/welcome/[\w-]{{40,}}/", link)
    browser = Client()
    page = browser.get(path_of(link))
    assert page.status_code == 200
    assert 'name="new_password1"' in page.content.decode()
    admin = django_user_model.objects.get()
    assert (admin.username, admin.is_superuser, admin.is_staff) == ("admin", True, True)
    assert browser.get("/api/v1/tasks").status_code == 200  # signed in already

    assert choose(browser, path_of(link)).headers["Location"] == "/"
    assert browser.get("/").status_code == 200
    assert Client().login(username="root", password=PASSWORD)
    assert accounts.welcome_link() is None


def test_the_link_works_once_but_its_session_may_reload_it():
    path = path_of(accounts.welcome_link())
    browser = Client()
    assert browser.get(path).status_code == 200
    assert browser.get(path).status_code == 200
    stranger = Client()
    assert stranger.get(path).status_code == 410
    assert choose(stranger, path).status_code == 410
    assert stranger.get("/").status_code == 302


@pytest.mark.parametrize(
    ("ask", "status"),
    [
        (lambda client, path: client.head(path), 503),
        (lambda client, path: client.get(path, headers={"Sec-Purpose": "prefetch;prerender"}), 503),
        (lambda client, path: client.get(path, headers={"Purpose": "prefetch"}), 503),
        (lambda client, path: choose(client, path), 410),
    ],
    ids=["head", "prerender", "prefetch", "post"],
)
def test_what_is_no_opening_does_not_use_the_link_up(ask, status, caplog):
    path = path_of(accounts.welcome_link())
    assert ask(Client(), path).status_code == status
    if status == 503:
        assert path not in caplog.text
    assert Client().get(path).status_code == 200


def test_the_link_is_over_after_ten_minutes():
    path = path_of(accounts.welcome_link())
    WelcomeLink.objects.update(created_at=timezone.now() - timedelta(minutes=10, seconds=1))
    assert Client().get(path).status_code == 410


def test_until_a_password_is_set_a_new_link_replaces_the_old_one(django_user_model):
    first = path_of(accounts.welcome_link())
    Client().get(path_of(accounts.welcome_link()))
    assert Client().get(first).status_code == 410
    Client().get(path_of(accounts.welcome_link()))
    assert django_user_model.objects.count() == 1


def test_a_link_made_before_somebody_got_a_password_opens_nothing(django_user_model):
    path = path_of(accounts.welcome_link())
    django_user_model.objects.create_user("carol", password=PASSWORD)
    assert Client().get(path).status_code == 410
    assert accounts.new_welcome_token() is None


def test_users_without_password_do_not_count_and_keep_their_names(django_user_model):
    django_user_model.objects.create_user("admin")
    browser = Client()
    browser.get(path_of(accounts.welcome_link()))
    assert django_user_model.objects.get(is_superuser=True).username == "admin1"


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"password": "short"}, "new_password2"),
        ({"password": PASSWORD, "again": "another one entirely"}, "new_password2"),
        ({"username": "no such/name?"}, "username"),
        ({"username": "CAROL"}, "username"),
        ({"username": ""}, "username"),
    ],
)
def test_a_bad_name_or_password_is_said_at_its_field(django_user_model, fields, place):
    django_user_model.objects.create_user("carol")
    path = path_of(accounts.welcome_link())
    browser = Client()
    browser.get(path)
    page = choose(browser, path, **fields)
    assert page.status_code == 422
    assert f'id="id_{place}_error"' in page.content.decode()
    assert choose(browser, path).status_code == 302


def test_the_token_is_kept_only_as_a_hash():
    token = accounts.new_welcome_token()
    assert token
    assert token not in str(list(WelcomeLink.objects.values()))


@pytest.mark.only("postgresql")  # SQLite has one writer at a time by itself
@pytest.mark.django_db(transaction=True)
def test_of_two_who_open_it_at_once_one_comes_in():
    token = accounts.new_welcome_token() or ""
    ready, found = threading.Barrier(4), []

    def use():
        ready.wait()
        found.append(accounts.use_welcome_token(token))
        connection.close()

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([user for user in found if user]) == 1


def test_the_command_prints_a_link_or_says_why_not(django_user_model):
    assert Client().get(path_of(said("welcome"))).status_code == 200
    django_user_model.objects.create_user("carol", password=PASSWORD)
    with pytest.raises(CommandError, match="There is a user with a password already") as refused:
        said("welcome")
    assert refused.value.returncode == 1


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8123"),
        ("0.0.0.0", "http://127.0.0.1:8123"),
        ("::1", "http://[::1]:8123"),
        ("::", "http://[::1]:8123"),
        ("box.example", "http://box.example:8123"),
    ],
)
def test_the_link_begins_with_an_address_that_a_browser_can_open(settings, host, url):
    settings.HOST, settings.PORT = host, 8123
    assert accounts.base_url() == url


# --- signing in and out


def test_signing_in_and_out(django_user_model):
    django_user_model.objects.create_user("carol", password=PASSWORD)
    browser = Client(enforce_csrf_checks=True)
    page = browser.get("/accounts/login/?next=/jobs/")
    token = {"csrfmiddlewaretoken": page.context["csrf_token"]}
    wrong = browser.post("/accounts/login/", {"username": "carol", "password": "wrong", **token})
    assert wrong.status_code == 200
    assert 'role="alert"' in wrong.content.decode()
    fields = {"username": "carol", "password": PASSWORD, "next": "/jobs/", **token}
    assert browser.post("/accounts/login/", fields).headers["Location"] == "/jobs/"
    assert browser.get("/accounts/logout/").status_code == 405
    out = browser.post("/accounts/logout/", {"csrfmiddlewaretoken": browser.get("/").context["csrf_token"]})
    assert out.headers["Location"] == "/accounts/login/"
    assert browser.get("/jobs/").status_code == 302


def test_next_leads_nowhere_else(django_user_model):
    django_user_model.objects.create_user("carol", password=PASSWORD)
    for there in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        response = Client().post("/accounts/login/", {"username": "carol", "password": PASSWORD, "next": there})
        assert response.headers["Location"] == "/"
        response = Client().post("/language/", {"language": "ko", "next": there})
        assert "evil" not in response.headers["Location"]


# --- tokens


def speaks_for(secret):
    token = accounts.live_token(secret)
    return token and token.user


def test_a_token_speaks_for_its_user_and_is_kept_as_a_hash(django_user_model):
    carol = django_user_model.objects.create_user("carol")
    token = said("token", "carol")
    assert speaks_for(token) == carol
    assert token not in str(list(ApiToken.objects.values()))
    assert speaks_for(said("token", "carol")) == carol
    assert speaks_for(token) == carol  # a second one leaves the first
    for wrong in ("", token[:-1], token + "x", "taskcast_", token.upper(), "\udcff", "taskcast_\udcff"):
        assert speaks_for(wrong) is None


def test_tokens_end_with_the_account(django_user_model):
    carol = django_user_model.objects.create_user("carol")
    token = said("token", "carol")
    carol.is_active = False
    carol.save()
    assert speaks_for(token) is None
    with pytest.raises(CommandError, match="switched off"):
        said("token", "carol")
    with pytest.raises(CommandError, match="no user 'nobody'"):
        said("token", "nobody")
    assert said("token", "carol", "--revoke") == "1 tokens taken back"
    assert not ApiToken.objects.exists()


# --- who hears of it


def heard(act):
    """The users named in the group `access` while `act` is done."""
    layer = get_channel_layer()
    found = []

    async def listen():
        channel = await layer.new_channel()
        await layer.group_add(broadcast.ACCESS, channel)
        await sync_to_async(act)()
        await layer.group_send(broadcast.ACCESS, {"type": "end"})
        while (message := await layer.receive(channel))["type"] != "end":
            found.append(message["user"])
        await layer.flush()

    async_to_sync(listen)()
    return found


def test_lost_sessions_accounts_and_rights_are_told_at_once(django_user_model, django_capture_on_commit_callbacks):
    carol = django_user_model.objects.create_user("carol", password=PASSWORD)
    permission = Permission.objects.get(codename="launch_job")
    group = Group.objects.create(name="people")
    browser = Client()

    def lose_everything():
        browser.login(username="carol", password=PASSWORD)  # is nothing to tell
        browser.post("/accounts/logout/")
        carol.user_permissions.add(permission)
        carol.groups.add(group)
        group.permissions.add(permission)
        ApiToken.objects.create(user=carol, digest="d").delete()
        carol.is_active = False
        carol.save()

    def act():
        with django_capture_on_commit_callbacks(execute=True):
            lose_everything()

    by_key = [str(carol.pk)] * 3
    assert heard(act) == [*by_key, None, *by_key[:2]]


def test_logging_out_works_while_redis_is_away(
    django_user_model, redis_server, django_capture_on_commit_callbacks, caplog
):
    browser = Client()
    browser.force_login(django_user_model.objects.create_user("carol"))
    redis_server.kill()
    try:
        with django_capture_on_commit_callbacks(execute=True) as callbacks:
            assert browser.post("/accounts/logout/").status_code == 302
    finally:
        redis_server.start()
    assert callbacks
    assert "sockets will notice a change of rights late" in caplog.text
    assert browser.get("/").status_code == 302
