"""A webhook's signature, and the addresses that it must not reach."""

import ipaddress

import pytest

from tasks.notices import addresses, webhook
from tasks.notices.addresses import BadAddress, _may_be_reached

PUBLIC = ("8.8.8.8", "2001:4860:4860::8888", "64:ff9b::808:808", "::ffff:8.8.8.8")
PRIVATE = (
    "127.0.0.1", "10.0.0.1", "172.16.9.9", "192.168.1.1", "100.64.0.1", "0.0.0.0", "::1", "::", "fc00::1", "fd12::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::1",
    "fec0::1", "64:ff9b:1::7f00:1", "::127.0.0.1", "::ffff:0:127.0.0.1", "5f00::1", "3fff::1", "192.0.0.8",
    "192.88.99.1",
    "198.18.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "2001:db8::1",
)  # fmt: skip
NEVER = ("169.254.169.254", "fe80::1", "fe80::1%eth0", "224.0.0.1", "ff02::1", "::ffff:169.254.169.254", "0.0.0.0")


def test_it_is_signed_as_the_standard_says():
    """The example of https://docs.svix.com/receiving/verifying-payloads/how-manual, whose scheme the standard took."""
    said = webhook.signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert said == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_secrets_are_long_and_differ():
    one, other = webhook.new_secret(), webhook.new_secret()
    assert one != other
    assert len(one) == len("whsec_") + 32


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_reached(address):
    assert _may_be_reached(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", sorted({*PRIVATE, *NEVER}))
def test_others_are_not(address):
    assert not _may_be_reached(ipaddress.ip_address(address))


def test_private_ones_are_where_the_settings_say_so(settings):
    settings.TASKCAST_WEBHOOKS_TO_PRIVATE = True
    for address in ("127.0.0.1", "10.0.0.1", "192.168.1.1", "::1", "fd12::1", "8.8.8.8"):
        assert _may_be_reached(ipaddress.ip_address(address)), address
    for address in NEVER:
        assert not _may_be_reached(ipaddress.ip_address(address)), address


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/", "file:///etc/passwd", "example.com/hook", "//example.com", "https://", "http:///path",
        "https://user:pass@example.com/", "https://user@example.com/", "http://example.com:99999/",
        "http://example.com:0/", "http://[::1", "http://exa mple.com/", "http://example.com/\r\nHost: evil", "gopher://x",
        "http://example.com\\@127.0.0.1/", "https://example.com/" + "x" * 2000,
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(url):
    with pytest.raises(BadAddress):
        addresses.parse(url)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "017700000001", "127.1"])
def test_loopback_in_any_spelling_is_refused(host):
    with pytest.raises(BadAddress):
        addresses.resolve(addresses.parse(f"http://{host}:8000/"))


def test_one_private_address_among_several_is_enough(monkeypatch):
    found = [(2, 1, 6, "", ("8.8.8.8", 80)), (2, 1, 6, "", ("10.0.0.1", 80))]
    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *args, **options: found)
    with pytest.raises(BadAddress, match="private"):
        addresses.resolve(addresses.parse("http://example.com/"))
