"""A certificate authority of the hall's own, for halls without a public name.

Service workers, push and passkeys need a secure context. The authority's key never leaves the data
directory; devices trust it after they installed `ca.crt` (page `/trust/`).
"""

from __future__ import annotations

import ipaddress
import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_DAYS = 3650
SERVER_DAYS = 397  # what browsers accept at most
RENEW_DAYS = 30


@dataclass(frozen=True)
class Certificates:
    """Paths of the authority's certificate and of the server's certificate and key (PKCS#8)."""

    authority: Path
    certificate: Path
    key: Path

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the authority's certificate, `AB:CD:...`, to compare on the device."""
        return fingerprint(self.authority)


def at(directory: Path) -> Certificates:
    """Where the certificates of a data directory are, whether they exist or not."""
    tls = directory / "tls"
    return Certificates(tls / "ca.crt", tls / "server.crt", tls / "server.key")


def fingerprint(certificate: Path) -> str:
    """SHA-256 of a PEM certificate, as `AB:CD:...`."""
    digest = x509.load_pem_x509_certificate(certificate.read_bytes()).fingerprint(hashes.SHA256())
    return digest.hex(":").upper()


def names_of_this_machine() -> list[str]:
    """Host names and addresses under which devices may reach this machine."""
    host = socket.gethostname()
    names = {"localhost", "127.0.0.1", "::1", host, f"{host}.local"}
    with suppress(OSError):
        names |= {str(info[4][0]).split("%")[0] for info in socket.getaddrinfo(host, None)}
    # No packet is sent: connecting a datagram socket only asks the routing table for the own address.
    for family, target in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((target, 9))
                names.add(str(probe.getsockname()[0]))
        except OSError:
            continue
    return sorted(names)


def ensure(directory: Path, names: list[str], now: datetime) -> Certificates:
    """The hall's certificates; made, or the server's renewed, when a name is missing or its end is near.

    The authority is made once and kept, so that devices need to be told only once.
    """
    paths = at(directory)
    paths.authority.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key_path = paths.authority.with_name("ca.key")
    if not paths.authority.exists() or not key_path.exists():
        _make_authority(paths.authority, key_path, now)
    if not _still_good(paths, names, now):
        _make_server(paths, key_path, names, now)
    return paths


def days_left(certificate: Path, now: datetime) -> int:
    """Whole days until a PEM certificate ends; negative when it has ended."""
    return (x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc - now).days


def _still_good(paths: Certificates, names: list[str], now: datetime) -> bool:
    if not paths.certificate.exists() or not paths.key.exists():
        return False
    certificate = x509.load_pem_x509_certificate(paths.certificate.read_bytes())
    authority = x509.load_pem_x509_certificate(paths.authority.read_bytes())
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    stated = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    have = {str(name.value) for name in stated}
    return set(names) <= have and days_left(paths.certificate, now) > RENEW_DAYS


def _write_private(path: Path, content: bytes) -> None:
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    draft.replace(path)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _name(common: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Senyum"), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )


def _make_authority(path: Path, key_path: Path, now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"Senyum {socket.gethostname()} {now:%Y-%m-%d}")
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(sign_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write_private(key_path, _pem(key))
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _make_server(paths: Certificates, key_path: Path, names: list[str], now: datetime) -> None:
    authority = x509.load_pem_x509_certificate(paths.authority.read_bytes())
    signer = serialization.load_pem_private_key(key_path.read_bytes(), None)
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{key_path} is not the key that Senyum made")
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name("Senyum"))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=SERVER_DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(sign_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_alternative(n) for n in names]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    _write_private(paths.key, _pem(key))
    paths.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
