"""Whose tokens count: public keys from one place, and no slow issuer delays a snapshot."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from sealwright.errors import CannotLook, MalformedError, UsageError
from sealwright.project.core import Project
from sealwright.project.serving import tokens
from sealwright.project.serving.tokens import (
    MAX_BYTES,
    fetch,
    issuer,
    public_keys,
    refresh_keys,
    token_problem,
)
from tests.project.serving.versions import (  # noqa: F401 - fixtures
    compiled,
    installation,
    route,
    twice_trained,
    versions,
)

EC_KEY = {"kty": "EC", "crv": "P-256", "x": "eA", "y": "eQ", "kid": "one", "alg": "ES256"}


def key_set(*keys: dict[str, Any]) -> bytes:
    return json.dumps({"keys": list(keys)}).encode()


def declare(project: Project, jwks: str) -> None:
    place = project.layout.lifecycle
    place.write_text(
        place.read_text()
        + "[deployment.tokens]\n"
        + f'issuer = "https://id.example"\naudience = "small"\njwks = "{jwks}"\n'
    )


def test_without_tokens_there_is_no_issuer(installation: Project) -> None:  # noqa: F811
    assert compiled(installation).issuer is None
    assert token_problem(installation) == ""
    assert refresh_keys(installation) == ""


def test_a_file_is_read_each_time(installation: Project) -> None:  # noqa: F811
    declare(installation, "jwks.json")
    place = installation.layout.root / "jwks.json"
    place.write_bytes(key_set(EC_KEY))
    found = compiled(installation).issuer
    assert found is not None
    assert (found.issuer, found.audience, found.algorithms) == (
        "https://id.example",
        "small",
        ("ES256",),
    )
    assert json.loads(found.jwks) == {"keys": [EC_KEY]}
    place.write_bytes(key_set({**EC_KEY, "kid": "two"}))
    again = compiled(installation).issuer
    assert again is not None
    assert json.loads(again.jwks)["keys"][0]["kid"] == "two"


def test_a_bad_file_closes_the_door_for_tokens_alone(installation: Project) -> None:  # noqa: F811
    declare(installation, "jwks.json")
    first, _ = versions(installation)
    route(installation, first)
    assert "jwks.json" in token_problem(installation)
    assert compiled(installation).issuer is None
    assert compiled(installation).models
    (installation.layout.root / "jwks.json").write_bytes(b"{")
    assert "not a JSON Web Key Set" in token_problem(installation)
    assert compiled(installation).models


def test_a_file_outside_of_the_project(installation: Project, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "jwks.json").write_bytes(key_set(EC_KEY))
    (installation.layout.root / "jwks.json").symlink_to(tmp_path / "jwks.json")
    declare(installation, "jwks.json")
    assert "not below the project's folder" in token_problem(installation)
    assert issuer(installation) is None


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not JSON"),
        (b"[]", "Key Set of 1 to"),
        (b'{"keys": []}', "Key Set of 1 to"),
        (b'{"keys": [1]}', "no object"),
        (key_set({**EC_KEY, "d": "secret"}), "private or secret"),
        (key_set({"kty": "oct", "k": "secret"}), "private or secret"),
        (key_set({"kty": "odd"}), "without a public key"),
        (key_set({**EC_KEY, "x": 1}), "malformed EC key"),
        (key_set({**EC_KEY, "x": ""}), "malformed EC key"),
        (key_set(*[EC_KEY] * 65), "Key Set of 1 to"),
        (b" " * (MAX_BYTES + 1), "more than"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_what_is_no_set_of_public_keys(data: bytes, why: str) -> None:
    with pytest.raises(MalformedError, match=why) as caught:
        public_keys(data)
    assert "secret" not in str(caught.value.__cause__ or "")


def test_keys_that_are_not_known_here_and_members_that_say_nothing_are_left_out() -> None:
    found = json.loads(public_keys(key_set({"kty": "odd"}, {**EC_KEY, "x5c": ["zz"], "n": "no"})))
    assert found == {"keys": [EC_KEY]}


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=200) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["keys", "kty", "crv", "x", "y", "d", "k", "kid"]), inner, max_size=4
    ),
    max_leaves=12,
).map(lambda value: json.dumps(value).encode()))  # fmt: skip
def test_any_bytes_are_public_keys_or_an_error(data: bytes) -> None:
    try:
        found = json.loads(public_keys(data))
    except MalformedError:
        return
    assert found["keys"]
    assert all("d" not in key and "k" not in key for key in found["keys"])


class Issuer(BaseHTTPRequestHandler):
    """Answers what the test put there."""

    status, body, location, asked = 200, b"", "", 0
    pause = 0.0
    """Seconds between two bytes."""

    def do_GET(self) -> None:
        type(self).asked += 1
        self.send_response(type(self).status)
        if type(self).location:
            self.send_header("Location", type(self).location)
        self.send_header("Content-Length", str(len(type(self).body)))
        self.end_headers()
        if not type(self).pause:
            self.wfile.write(type(self).body)
            return
        with suppress(OSError):
            for byte in type(self).body:
                self.wfile.write(bytes((byte,)))
                time.sleep(type(self).pause)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: tests read their own output."""


@pytest.fixture
def https(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a real HTTPS server whose certificate this process trusts."""
    certificate = _certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    Issuer.status, Issuer.body, Issuer.location, Issuer.asked = 200, key_set(EC_KEY), "", 0
    Issuer.pause = 0.0
    with HTTPServer(("127.0.0.1", 0), Issuer) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"https://127.0.0.1:{server.server_address[1]}/jwks"
        finally:
            server.shutdown()
            thread.join()


def _certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "issuer")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    place = folder / "issuer.pem"
    place.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return place


def test_a_url_is_asked_once_and_then_its_copy(installation: Project, https: str) -> None:  # noqa: F811
    declare(installation, https)
    assert compiled(installation).issuer is not None
    assert compiled(installation).issuer is not None
    assert Issuer.asked == 1
    Issuer.body = key_set({**EC_KEY, "kid": "two"})
    assert refresh_keys(installation) == ""
    found = compiled(installation).issuer
    assert found is not None
    assert "two" in found.jwks


def test_the_last_good_copy_outlives_the_issuer(installation: Project, https: str) -> None:  # noqa: F811
    declare(installation, https)
    good = issuer(installation)
    assert good is not None
    for Issuer.status, Issuer.body in ((500, b""), (200, b"<html>"), (200, key_set())):
        assert refresh_keys(installation)
        assert issuer(installation) == good
    assert token_problem(installation) == ""


def test_no_redirect_is_followed(installation: Project, https: str) -> None:  # noqa: F811
    declare(installation, https)
    Issuer.status, Issuer.location = 302, "https://elsewhere.invalid/jwks"
    assert "answered 302" in refresh_keys(installation)
    assert issuer(installation) is None
    assert "answered 302" in token_problem(installation)


def test_another_url_does_not_take_the_copy_of_the_first(
    installation: Project,  # noqa: F811
    https: str,
) -> None:
    declare(installation, https)
    assert issuer(installation) is not None
    Issuer.status = 404
    text = installation.layout.lifecycle.read_text()
    installation.layout.lifecycle.write_text(text.replace("/jwks", "/other"))
    with Project.open(installation.layout.root) as reopened:
        assert issuer(reopened) is None


def test_only_https_with_a_certificate_that_is_trusted(
    https: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert public_keys(fetch(https))
    with pytest.raises(UsageError, match="https alone"):
        fetch(https.replace("https:", "http:"))
    with pytest.raises(UsageError, match="https alone"):
        fetch("file:///etc/hostname")
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(_certificate(other)))
    with pytest.raises(CannotLook, match="cannot be fetched"):
        fetch(https)


def test_an_answer_without_end_is_cut(installation: Project, https: str) -> None:  # noqa: F811
    declare(installation, https)
    Issuer.body = b" " * (MAX_BYTES + 10)
    assert "more than" in refresh_keys(installation)


def test_an_issuer_that_sends_a_byte_now_and_then_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, https: str
) -> None:
    monkeypatch.setattr(tokens, "TIMEOUT", 0.5)
    Issuer.pause = 0.02
    with pytest.raises(CannotLook, match="TimeoutError"):
        fetch(https)
