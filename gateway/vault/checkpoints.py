"""Signatures of audit checkpoints: by the keys that sign assertions, under a type of token of their own."""

from collections.abc import Sequence
from typing import Any

from gateway.vault.assertions import Es256Signer, Es256Verifier

CHECKPOINT_TYPE = "audit-checkpoint+jwt"


class Es256CheckpointSigner:
    """Implements CheckpointSigner."""

    def __init__(self, signer: Es256Signer) -> None:
        self._signer = signer

    @property
    def key_id(self) -> str:
        return str(self.public_keys()[0]["kid"])

    def sign_checkpoint(self, claims: dict[str, Any]) -> str:
        return self._signer.sign_typed(CHECKPOINT_TYPE, claims)

    def public_keys(self) -> Sequence[dict[str, Any]]:
        return self._signer.public_keys()


class Es256CheckpointVerifier:
    """Implements CheckpointVerifier."""

    def __init__(self, keys: Sequence[dict[str, Any]]) -> None:
        """Take public keys as JWKs. Raises ConfigurationError for one that is no P-256 key."""
        self._verifier = Es256Verifier(keys)

    def knows(self, key_id: str) -> bool:
        return self._verifier.knows(key_id)

    def read_checkpoint(self, signature: str, key_id: str) -> dict[str, Any]:
        return self._verifier.read(signature, CHECKPOINT_TYPE, key_id)
