"""Every advisory lock of the gateway, so that no two things ever wait for, or mistake, one another.

A lock is one of these numbers alone, or with a second key beside it (a number, or a hash of text).
"""

from enum import IntEnum, unique


@unique
class Lock(IntEnum):
    """First keys of advisory locks in the database."""

    SCHEMA = 7_201_000
    """Migrations."""
    EVENTS = 7_201_001
    """Event ids are drawn under it."""
    WORKERS = 7_201_002
    """With a worker's number: held for as long as it lives."""
    SESSIONS = 7_201_003
    """With a system: one login at a time."""
    PROCEDURES = 7_201_004
    """With a system: one reading of procedures at a time."""
    NATIONAL_CODES = 7_201_005
    """With a national code: one message about it at a time."""
    SUBJECTS = 7_201_006
    """With a statement's subject."""
    QUESTIONS = 7_201_007
    """With a system: one reading of questions at a time."""
    PROCEDURE_WISHES = 7_201_008
    """With a system: one wish for a reading is noted at a time."""
    LISTS = 7_201_009
    """With a list."""
    RECONCILIATION = 7_201_010
    """With a system: one process compares."""
    MAPPINGS = 7_201_011
    """Loads of mapping sets."""
    SUBSCRIPTIONS = 7_201_012
    """With a client: its subscriptions are counted and added one at a time."""
    PERSONS = 7_201_013
    """With a person's keyed digest and a client: one link is decided at a time."""
    CONSENT_CODES = 7_201_014
    """With the digest of a consent's code: it becomes known, or a webhook that came before it is kept."""
    KEYS = 7_201_015
    """With a word: one rotation of the key ring, or one sweep, at a time."""
    PAYMENTS = 7_201_016
    """With a dossier: what is owed for it is written down one at a time."""
    SETTLEMENT = 7_201_017
    """With a payment provider: one process compares its daily files."""
    INDICATORS = 7_201_018
    """With a word: one process counts, one publishes, one puts a register in place."""
