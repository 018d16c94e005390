"""Which pages may open the socket: this very origin and trusted ones; never `null`, another scheme or port."""

import pytest

from dashboard.live.origins import is_ours


@pytest.fixture(autouse=True)
def names(settings):
    settings.ALLOWED_HOSTS = ["jobs.example.com"]
    settings.TRUSTED_ORIGINS = ["https://portal.example.com", "https://*.apps.example.com:8443"]
    settings.CSRF_TRUSTED_ORIGINS = []
    settings.SECURE_PROXY_SSL_HEADER = None


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://127.0.0.1:8000", "127.0.0.1:8000"),
        ("http://localhost:9000", "localhost:9000"),
        ("http://[::1]:8000", "[::1]:8000"),
        ("http://jobs.example.com", "jobs.example.com"),
        ("http://jobs.example.com", "jobs.example.com:80"),
        ("http://jobs.example.com", "Jobs.Example.com"),
        ("https://portal.example.com", "jobs.example.com"),
        ("https://portal.example.com:443", "jobs.example.com"),
        ("https://a.apps.example.com:8443", "jobs.example.com"),
    ],
)
def test_ours(origin, host):
    assert is_ours(origin, {b"host": host})


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("null", "127.0.0.1:8000"),
        ("", "127.0.0.1:8000"),
        ("http://127.0.0.1:8001", "127.0.0.1:8000"),
        ("https://127.0.0.1:8000", "127.0.0.1:8000"),
        ("http://localhost:8000", "127.0.0.1:8000"),
        ("http://evil.example", "evil.example"),  # a name of theirs that points here
        ("http://jobs.example.com.evil.example", "jobs.example.com"),
        ("http://jobs.example.com@evil.example", "jobs.example.com"),
        ("http://evil.example/http://jobs.example.com", "jobs.example.com"),
        ("http://jobs.example.com/", "jobs.example.com"),
        ("http://jobs.example.com", ""),
        ("http://portal.example.com", "jobs.example.com"),
        ("https://portal.example.com:8443", "jobs.example.com"),
        ("https://apps.example.com:8443", "jobs.example.com"),
        ("https://evilapps.example.com:8443", "jobs.example.com"),
        ("file://", "127.0.0.1:8000"),
        ("http://127.0.0.1:port", "127.0.0.1:8000"),
        ("http://127.0.0.1:8000, http://evil.example", "127.0.0.1:8000"),
    ],
)
def test_foreign(origin, host):
    assert not is_ours(origin, {b"host": host})


def test_the_scheme_is_the_proxys_word_where_it_is_trusted(settings):
    headers = {b"host": "jobs.example.com", b"x-forwarded-proto": "https"}
    assert not is_ours("https://jobs.example.com", headers)
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert is_ours("https://jobs.example.com", headers)
    assert not is_ours("http://jobs.example.com", headers)
