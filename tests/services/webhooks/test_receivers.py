"""Sending over HTTPS: to the address that was checked, under the certificate of the name, and to nobody else."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from libs.contracts.errors import InvalidError
from services.webhooks.adapters import HttpReceivers
from services.webhooks.domain.addresses import Address
from tests.services.webhooks.receiver import Answer, receiving

LOOPBACK = [ip_network("127.0.0.0/8")]


def certificate(name: str, directory: Path) -> ssl.SSLContext:
    """A certificate of a name that signs itself, in `certificate.pem`."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (directory / "certificate.pem").write_bytes(made.public_bytes(pem))
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (directory / "key.pem").write_bytes(secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "certificate.pem", directory / "key.pem")
    return context


def resolver(*answers: str) -> tuple[list[str], object]:
    """A name server that gives another answer each time, and whom it was asked for."""
    asked: list[str] = []
    left = [list(map(ip_address, answer.split())) for answer in answers]

    async def resolve(host: str) -> list[Address]:
        asked.append(host)
        return left.pop(0)

    return asked, resolve


@pytest.mark.parametrize(("of", "is_told"), [("hooks.example", True), ("other.example", False)])
async def test_the_certificate_must_be_that_of_the_name(
    of: str, is_told: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = certificate(of, tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    asked, resolve = resolver("127.0.0.1")
    receivers = HttpReceivers(LOOPBACK, allow_http=False, timeout_s=5, resolve=resolve)
    async with receiving("hooks.example", context) as receiver:
        told = await receivers.tell(receiver.url, b"{}", {"webhook-id": "1"})
    assert (told.is_taken, asked) == (is_told, ["hooks.example"])
    if is_told:
        assert receiver.heard[0].headers["host"] == receiver.url.removeprefix("https://").removesuffix("/hook")
    else:
        assert receiver.heard == []
        assert "certificate" in str(told.error)


async def test_a_name_that_is_changed_after_it_was_checked_gains_nothing() -> None:
    asked, resolve = resolver("127.0.0.1", "127.0.0.2 10.0.0.1", "127.0.0.1")
    receivers = HttpReceivers([ip_network("127.0.0.1/32")], allow_http=True, timeout_s=5, resolve=resolve)
    async with receiving("hooks.example") as receiver:
        await receivers.check(receiver.url)
        refused = await receivers.tell(receiver.url, b"{}", {})
        assert (refused.status, "public internet" in str(refused.error), receiver.heard) == (None, True, [])
        assert (await receivers.tell(receiver.url, b"{}", {})).is_taken  # one look at the name, and that address
    assert len(asked) == 3


async def test_a_name_with_one_address_inside_is_refused_when_it_is_registered() -> None:
    _, resolve = resolver("93.184.216.34 127.0.0.1")
    with pytest.raises(InvalidError, match="public internet"):
        await HttpReceivers([], allow_http=False, timeout_s=5, resolve=resolve).check("https://hooks.example/")


async def test_localhost_is_no_way_in() -> None:
    with pytest.raises(InvalidError, match="public internet"):
        await HttpReceivers([], allow_http=False, timeout_s=5).check("https://localhost/")


async def test_no_redirect_is_followed_and_no_slow_answer_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    receivers = HttpReceivers(LOOPBACK, allow_http=True, timeout_s=0.5)
    async with receiving() as receiver, receiving() as inside:
        receiver.answers = [
            Answer(307, f"location: {inside.url}\r\n"),
            Answer(after_s=5),
            Answer(503, "retry-after: 7\r\n"),
        ]
        redirected = await receivers.tell(receiver.url, b"{}", {})
        assert (redirected.status, redirected.is_taken, inside.heard) == (307, False, [])
        slow = await receivers.tell(receiver.url, b"{}", {})
        assert (slow.status, slow.error) == (None, "no answer within 0.5 s")
        assert (await receivers.tell(receiver.url, b"{}", {})).retry_after_s == 7.0
