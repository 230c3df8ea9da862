"""TLS: trusted, streamed over, left; and refused where nobody vouches for the certificate."""

import datetime
import ipaddress
import os
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from chatbot.core.errors import ConnectFailed
from chatbot.core.settings import Connection
from chatbot.providers.chat_completions import ChatCompletions
from chatbot.providers.provider import Cancel, Request
from tests.fake_openai import FakeOpenAI
from tests.providers.remembering import Remembering

CHILD = """
import sys, threading, time
from chatbot.core.settings import Connection
from chatbot.providers.chat_completions import ChatCompletions
from chatbot.providers.provider import Cancel, Request, Stopped
from tests.providers.remembering import Remembering
one = ChatCompletions(Connection(name="x", base_url=sys.argv[1]), None, Remembering())
ask = lambda model, cancel: one.stream(Request(messages=[], model=model), cancel)
print(len(list(ask("words:500", Cancel()))))
cancel, began = Cancel(), time.monotonic()
threading.Timer(0.5, cancel.set).start()
try:
    list(ask("silent", cancel))
except Stopped:
    print("stopped" if time.monotonic() - began < 1.5 else "late")
"""


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of our own for 127.0.0.1, with its key, in one file."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "fake")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "fake.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(made.public_bytes(pem) + private)
    return path


@pytest.fixture
def context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_streams_and_stops_over_tls(certificate: Path, context: ssl.SSLContext) -> None:
    with FakeOpenAI(tls=context) as server:
        done = subprocess.run(
            [sys.executable, "-c", CHILD, server.base_url],
            env={**os.environ, "SSL_CERT_FILE": str(certificate)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.stdout.split() == ["501", "stopped"], done.stderr


def test_a_certificate_nobody_vouches_for_is_refused(context: ssl.SSLContext) -> None:
    with FakeOpenAI(tls=context) as server:
        one = ChatCompletions(Connection(name="x", base_url=server.base_url), None, Remembering())
        with pytest.raises(ConnectFailed, match="certificate"):
            list(one.stream(Request(messages=[], model="echo"), Cancel()))
        assert server.requests == []
