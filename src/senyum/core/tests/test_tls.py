"""The hall's own certificate authority."""

from __future__ import annotations

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from senyum.core import tls

NOW = datetime.now(UTC)


def _shake_hands(paths: tls.Certificates, name: str) -> str:
    """The TLS version that a client agrees on who trusts the authority and expects `name`."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(paths.certificate, paths.key)
    client = ssl.create_default_context(cafile=str(paths.authority))
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            with server.wrap_socket(theirs, server_side=True) as secure:
                secure.recv(1)
        except OSError:
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client.wrap_socket(ours, server_hostname=name) as secure:
            secure.send(b"x")
            return str(secure.version())
    finally:
        ours.close()
        thread.join()


def test_a_device_that_trusts_the_authority_reaches_every_name(tmp_path):
    paths = tls.ensure(tmp_path, ["localhost", "10.1.2.3", "mpp.local"], NOW)
    for name in ("localhost", "10.1.2.3", "mpp.local"):
        assert _shake_hands(paths, name) == "TLSv1.3"


def test_another_name_is_refused(tmp_path):
    paths = tls.ensure(tmp_path, ["localhost"], NOW)
    with pytest.raises(ssl.SSLCertVerificationError):
        _shake_hands(paths, "elsewhere.example")


def test_a_new_name_renews_the_server_and_keeps_the_authority(tmp_path):
    before = tls.ensure(tmp_path, ["localhost"], NOW)
    authority, server = before.authority.read_bytes(), before.certificate.read_bytes()
    assert tls.ensure(tmp_path, ["localhost"], NOW).certificate.read_bytes() == server

    after = tls.ensure(tmp_path, ["localhost", "10.0.0.9"], NOW)

    assert after.authority.read_bytes() == authority
    assert _shake_hands(after, "10.0.0.9") == "TLSv1.3"


def test_a_certificate_near_its_end_is_renewed(tmp_path):
    paths = tls.ensure(tmp_path, ["localhost"], NOW)
    late = NOW + timedelta(days=tls.SERVER_DAYS - tls.RENEW_DAYS)
    tls.ensure(tmp_path, ["localhost"], late)
    assert tls.days_left(paths.certificate, late) >= tls.SERVER_DAYS - 1


def test_the_keys_are_for_their_owner_only_and_the_authority_signs_nothing_below_a_server(tmp_path):
    paths = tls.ensure(tmp_path, ["localhost"], NOW)
    for key in ("ca.key", "server.key"):
        assert (tmp_path / "tls" / key).stat().st_mode & 0o077 == 0
    authority = x509.load_pem_x509_certificate(paths.authority.read_bytes())
    basic = authority.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (basic.ca, basic.path_length) == (True, 0)
    assert paths.fingerprint.count(":") == 31


def test_the_names_of_this_machine_are_known():
    assert {"localhost", "127.0.0.1", "::1"} <= set(tls.names_of_this_machine())
