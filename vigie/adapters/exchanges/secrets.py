"""Keys of an account at a venue. They are shown to nobody."""

from __future__ import annotations

from typing import NoReturn

_HIDDEN = "***"


class Secrets:
    """A key, its secret, and a passphrase where the venue has one.

    Attributes:
        api_key, secret, passphrase: as the venue gave them.
    """

    __slots__ = ("api_key", "passphrase", "secret")

    def __init__(self, api_key: str, secret: str, passphrase: str = "") -> None:
        self.api_key, self.secret, self.passphrase = api_key, secret, passphrase

    def __repr__(self) -> str:
        return f"Secrets({_HIDDEN})"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("secrets are not sent to other processes and not saved")

    def hidden_in(self, text: str) -> str:
        """A text in which none of them can be read."""
        for word in (self.api_key, self.secret, self.passphrase):
            if word:
                text = text.replace(word, _HIDDEN)
        return text
