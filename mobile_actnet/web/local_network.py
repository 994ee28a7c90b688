"""What a phone in the same network needs: this computer's address, a certificate for it, a code to scan."""

import datetime
import ipaddress
import socket
import ssl
from pathlib import Path

_VALID = datetime.timedelta(days=30)
_NAME = "actnet web"


def own_address() -> str:
    """Return this computer's address in the local network; 127.0.0.1 where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: connecting a datagram socket only chooses the network card.
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def certified(address: str, folder: Path) -> ssl.SSLContext:
    """Make a certificate for an address, valid for thirty days, and return what https needs.

    Args:
        folder: that certificate and key are written to, readable for this user alone.

    Raises:
        ModuleNotFoundError: the package cryptography is not installed.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _NAME)])
    now = datetime.datetime.now(datetime.UTC)
    addresses = {ipaddress.ip_address(each) for each in (address, "127.0.0.1")}
    names: list[x509.GeneralName] = [x509.DNSName("localhost"), *map(x509.IPAddress, addresses)]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + _VALID)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    file.touch(mode=0o600)
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def code_to_scan(address: str) -> str:
    """Return an address as a QR code of characters, for a terminal.

    Raises:
        ModuleNotFoundError: the package segno is not installed.
    """
    import io

    import segno

    lines = io.StringIO()
    segno.make(address, error="l", micro=False).terminal(lines, compact=True, border=2)
    return lines.getvalue()
