"""The key that signs id tokens: made at its first use, kept in the data directory, its public half at /oauth2/jwks."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import RSAKey

ALGORITHM = "RS256"  # the one that OpenID Connect requires


def key_path(data_dir: Path) -> Path:
    """Where the private key lies (mode 600)."""
    return data_dir / "keys" / "id-token.key.pem"


@lru_cache(maxsize=4)
def signing_key(data_dir: Path) -> RSAKey:
    """The private key; processes that start together agree on the one that was written first."""
    path = key_path(data_dir)
    if not path.exists():
        _make(path)
    return RSAKey.import_key(path.read_bytes(), {"use": "sig", "alg": ALGORITHM, "kid": _name(path)})


def public_keys(data_dir: Path) -> dict[str, Any]:
    """The JWK set that apps check id tokens with."""
    return {"keys": [signing_key(data_dir).as_dict(private=False)]}


def _name(path: Path) -> str:
    return RSAKey.import_key(path.read_bytes()).thumbprint()


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    draft = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(made)
    try:
        os.link(draft, path)  # fails when another process was first: its key holds
    except FileExistsError:
        pass
    finally:
        draft.unlink()
