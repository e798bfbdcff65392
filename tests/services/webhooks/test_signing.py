"""Signatures are those of the Standard Webhooks specification, and secrets are nowhere to be found."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from libs.contracts.errors import NotAvailableError
from services.webhooks.domain.signing import secret_of, signature
from services.webhooks.domain.webhook import Webhook
from services.webhooks.service import Secrets

KEY = "k" * 40
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def webhook(number: int = 1, until: datetime | None = None) -> Webhook:
    return Webhook("whk_1", "shop", "https://shop.example/", ["population-ready"], True, number, until, "me", NOW)


def test_a_signature_is_that_of_the_specification() -> None:
    """The example of https://github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    found = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_has_256_bits_and_is_of_one_webhook_of_one_tenant_alone() -> None:
    secrets = {secret_of(KEY + k, t, w, n) for k in "ab" for t in ("x", "y") for w in ("1", "2") for n in (1, 2)}
    assert len(secrets) == 16
    assert {len(base64.b64decode(each.removeprefix("whsec_"))) for each in secrets} == {32}


@pytest.mark.parametrize(("after_h", "signatures"), [(1, 2), (25, 1)])
def test_after_a_rotation_the_old_secret_signs_too_until_its_time_is_over(after_h: int, signatures: int) -> None:
    secrets, rotated = Secrets(KEY), webhook(2, NOW + timedelta(hours=24))
    at = NOW + timedelta(hours=after_h)
    headers = secrets.sign("acme", rotated, "evt-1", b"{}", at)
    expected = [secret_of(KEY, "acme", "whk_1", number) for number in (2, 1)][:signatures]
    assert headers["webhook-signature"].split() == [signature(s, "evt-1", int(at.timestamp()), b"{}") for s in expected]


def test_without_a_key_of_the_operator_there_are_no_webhooks_and_a_short_one_is_refused() -> None:
    with pytest.raises(NotAvailableError, match="REHEARSAL_WEBHOOKS_SECRETS_KEY"):
        Secrets("").of("acme", webhook())
    with pytest.raises(SystemExit, match="at least 32"):
        Secrets("short")
