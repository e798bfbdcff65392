"""What a webhook's address may be, written in all the ways there are."""

from ipaddress import ip_address, ip_network

import pytest

from libs.contracts.errors import InvalidError
from services.webhooks.domain.addresses import check_url, may_reach

REFUSED = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1",
    "100.100.100.200", "169.254.169.254", "168.63.129.16", "192.0.0.192", "198.18.0.1", "203.0.113.9", "224.0.0.1",
    "239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254",
    "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1", "2001:0:7f00:1::1", "2001:db8::1", "100::1",
]  # fmt: skip
REACHED = ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_inside_is_refused(address: str) -> None:
    assert not may_reach(ip_address(address), [])
    literal = f"[{address}]" if ":" in address else address
    with pytest.raises(InvalidError, match="public internet"):
        check_url(f"https://{literal}/hook", [], allow_http=False)


@pytest.mark.parametrize("address", REACHED)
def test_an_address_of_the_internet_is_reached(address: str) -> None:
    assert may_reach(ip_address(address), [])


def test_a_network_that_the_operator_names_is_reached_and_nothing_beside_it() -> None:
    allowed = [ip_network("10.20.0.0/16"), ip_network("fd12::/16")]
    assert all(may_reach(ip_address(each), allowed) for each in ("10.20.1.1", "::ffff:10.20.1.1", "fd12::7"))
    assert not any(may_reach(ip_address(each), allowed) for each in ("10.21.1.1", "127.0.0.1", "fd13::7"))


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/", "ftp://shop.example/", "file:///etc/passwd", "shop.example", "https://", "https:///x",
        "https://user@shop.example/", "https://user:secret@shop.example/", "https://shop.example/#part",
        "https://shop.example:0/", "https://shop.example:99999/", "https://[::1/", "https://shop .example/",
        "https://shöp.example/", "https://shop.example\\@10.0.0.1/", "https://shop.example/\r\nx: y", "//10.0.0.1/",
    ],
)  # fmt: skip
def test_what_is_no_plain_https_url_is_refused(url: str) -> None:
    with pytest.raises(InvalidError) as refused:
        check_url(url, [], allow_http=False)
    assert refused.value.errors[0].field == "url"


def test_what_is_plain_is_taken() -> None:
    for url in (
        "https://shop.example/a?b=c",
        "https://shop.example:8443",
        "https://xn--shp-tna.example/",
        "https://8.8.8.8/",
    ):
        check_url(url, [], allow_http=False)
    check_url("http://shop.example/", [], allow_http=True)
