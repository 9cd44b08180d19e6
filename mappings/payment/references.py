"""References of attempts in the forms that providers take, from random bytes (payment notes §A.3.1). Pure.

A reference is opaque: it is looked up whole and never taken apart, and nobody can guess one or hit another's.
"""

from functools import reduce

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Digits and capitals without I, L, O and U, which are read as other characters."""
_LETTERS = ALPHABET[10:]
_MISREAD = str.maketrans("OIL", "011")
MIN_RANDOM_BYTES = 16


def mixed_reference(random_bytes: bytes, length: int) -> str:
    """Give `length` characters of the alphabet; the first and the last are letters.

    Where a protocol joins values without a separator, a letter at both ends shows where a neighbour of digits begins.
    """
    number = _number(random_bytes)
    number, first = divmod(number, len(_LETTERS))
    number, last = divmod(number, len(_LETTERS))
    return _LETTERS[first] + _written(number, length - 2, ALPHABET) + _LETTERS[last]


def digit_reference(random_bytes: bytes, length: int) -> str:
    """Give `length` digits; the first is none of the zeros that are lost where a program takes it for a number."""
    number, first = divmod(_number(random_bytes), 9)
    return "123456789"[first] + _written(number, length - 1, "0123456789")


def checked_reference(random_bytes: bytes, prefix: str, length: int) -> str:
    """Give `prefix` and `length` characters of the alphabet, the last of which checks the others.

    It finds every single wrong character and nearly every exchange of neighbours, so that a reference which a person
    retyped is not taken for another's.
    """
    body = _written(_number(random_bytes), length - 1, ALPHABET)
    return prefix + body + _check_character(body)


def is_checked(reference: str, prefix: str, length: int) -> bool:
    """Tell whether a text is a reference that `checked_reference` may have given."""
    body = reference[len(prefix) :]
    if not reference.startswith(prefix) or len(body) != length or not set(body) <= set(ALPHABET):
        return False
    return _check_character(body[:-1]) == body[-1]


def references_in(text: str, prefix: str, length: int) -> tuple[str, ...]:
    """Give the references that stand in the text of an account statement, in order and each once.

    Banks write texts in capitals, drop punctuation, break lines and set spaces anywhere, and people retype O for 0 and
    I or L for 1. So only letters and digits count, and the characters behind the prefix are read generously; the check
    character keeps chance out. Which of them is ours is decided by looking them up.
    """
    folded = "".join(character for character in text.upper() if character.isascii() and character.isalnum())
    found: dict[str, None] = {}
    at = folded.find(prefix)
    while at != -1:
        body = folded[at + len(prefix) : at + len(prefix) + length].translate(_MISREAD)
        if is_checked(prefix + body, prefix, length):
            found[prefix + body] = None
        at = folded.find(prefix, at + 1)
    return tuple(found)


def _number(random_bytes: bytes) -> int:
    if len(random_bytes) < MIN_RANDOM_BYTES:
        raise ValueError(f"needs {MIN_RANDOM_BYTES} random bytes")
    return int.from_bytes(random_bytes, "big")


def _written(number: int, length: int, alphabet: str) -> str:
    characters = []
    for _ in range(length):
        number, place = divmod(number, len(alphabet))
        characters.append(alphabet[place])
    return "".join(characters)


def _check_character(body: str) -> str:
    # Luhn's sum for 32 characters: from the right, every other value is doubled and its digits in base 32 added.
    size = len(ALPHABET)

    def add(total: int, step: tuple[int, str]) -> int:
        place, character = step
        value = ALPHABET.index(character) * (2 if place % 2 == 0 else 1)
        return total + value // size + value % size

    return ALPHABET[-reduce(add, enumerate(reversed(body)), 0) % size]
