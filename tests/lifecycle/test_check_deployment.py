from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.lifecycle.documents import FILE, SMALL

from sealwright.errors import UsageError
from sealwright.lifecycle.check_deployment import address, deployment_problems, is_loopback
from sealwright.lifecycle.model import Deployment, Lifecycle, Monitoring, Tokens
from sealwright.lifecycle.read import parse_lifecycle


def problems(
    *, deployment: Deployment | None = None, monitoring: Monitoring | None = None
) -> list[str]:
    whole: Lifecycle = msgspec.structs.replace(
        parse_lifecycle(SMALL, file=FILE),
        deployment=deployment or Deployment(),
        monitoring=monitoring or Monitoring(),
    )
    return [problem.message for problem in deployment_problems(whole)]


def test_the_defaults_are_in_order() -> None:
    assert problems() == []


def test_a_listener_for_other_machines_needs_tls() -> None:
    (found,) = problems(deployment=Deployment(listen="0.0.0.0:8080"))
    assert "no TLS" in found
    whole = Deployment(listen="0.0.0.0:8080", certificate="c.pem", certificate_key="k.pem")
    assert problems(deployment=whole) == []


def test_operators_are_on_this_machine_even_with_tls() -> None:
    deployment = Deployment(admin="10.0.0.1:1", certificate="c.pem", certificate_key="k.pem")
    (found,) = problems(deployment=deployment)
    assert "deployment.admin" in found


@pytest.mark.parametrize("text", ["8080", "host:1", "127.0.0.1", "127.0.0.1:", "::1:x", "a:70000"])
def test_what_is_no_address_is_told(text: str) -> None:
    with pytest.raises(UsageError):
        address(text)
    assert len(problems(deployment=Deployment(listen=text))) == 1


def test_addresses() -> None:
    assert address("127.0.0.1:8080") == ("127.0.0.1", 8080)
    assert address("localhost:0") == ("127.0.0.1", 0)
    assert address("[::1]:443") == ("::1", 443)
    assert is_loopback("::1")
    assert not is_loopback("192.0.2.1")


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_a_clear_error(text: str) -> None:
    try:
        host, port = address(text)
    except UsageError:
        return
    assert is_loopback(host) in (True, False)
    assert 0 <= port < 65536


def test_half_of_a_certificate_is_told() -> None:
    (found,) = problems(deployment=Deployment(certificate="c.pem"))
    assert "certificate_key" in found


def test_keys_of_an_issuer_come_over_https_or_from_a_file() -> None:
    tokens = Tokens(issuer="i", audience="a", jwks="http://issuer.example/keys")
    (found,) = problems(deployment=Deployment(tokens=tokens))
    assert "https" in found
    for good in ("keys.json", "https://issuer.example/keys"):
        tokens = Tokens(issuer="i", audience="a", jwks=good)
        assert problems(deployment=Deployment(tokens=tokens)) == []


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("https://alerts.example/hook", True),
        ("http://127.0.0.1:9093/api", True),
        ("http://alerts.example/hook", False),
        ("https://user:secret@alerts.example/hook", False),
        ("ftp://127.0.0.1/", False),
        ("http://[", False),
    ],
)
def test_where_alerts_may_be_sent(url: str, fine: bool) -> None:
    assert (problems(monitoring=Monitoring(webhook=url)) == []) is fine
