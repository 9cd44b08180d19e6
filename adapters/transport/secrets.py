"""Secrets in adapters' settings."""

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, SecretStr, model_validator


class Secret(BaseModel):
    """A secret as text (for tests) or in a file that is read at every use, so that a changed one needs no restart."""

    # A fault in a section must not show the secret beside it.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    value: SecretStr | None = None
    file: Path | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.value is None) == (self.file is None):
            raise ValueError("one of value and file must be set")
        return self

    def read(self) -> str:
        """Give the secret. Raises OSError when its file cannot be read, ValueError when it is empty or no text."""
        text = self.value.get_secret_value() if self.value is not None else ""
        if self.file is not None:
            text = self.file.read_text(encoding="utf-8").strip("\r\n")
        if not text:
            raise ValueError("the secret is empty")
        return text
