"""Google credentials that open nothing: a service account with a key made up on the spot."""

import json
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


def write_service_account(path: Path, token_uri: str) -> None:
    """Writes the key file of a service account whose access tokens come from `token_uri`."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    account = {
        "type": "service_account",
        "project_id": "tests",
        "private_key_id": "made-up",
        "private_key": pem.decode(),
        "client_email": "tests@tests.invalid",
        "token_uri": token_uri,
    }
    path.write_text(json.dumps(account))
