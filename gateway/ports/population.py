"""What the adapter of the population database offers: verify a citizen, look one up, ask for parts of a record."""

from enum import StrEnum
from typing import Protocol

from gateway.model.citizen import Asker, CitizenReply, Subject, VerificationReply


class CitizenQuestion(StrEnum):
    """The operations that answer with records (population notes §3); a closed list, fit for labels.

    All but LOOK_UP are known by name only and have assumed shapes (§8).
    """

    LOOK_UP = "look_up"
    RECORD = "record"
    HOUSEHOLD = "household"
    """One record for each member, the head first."""
    BLOOD_GROUP = "blood_group"
    KINSHIP = "kinship"
    GUARDIAN = "guardian"
    HOUSEHOLD_HEAD = "household_head"
    CURRENT_RESIDENCE = "current_residence"
    MARITAL_STATUS = "marital_status"
    VITAL_STATUS = "vital_status"


class PopulationDatabase(Protocol):
    """The database behind one edge. Calls change nothing over there and raise the RemoteError groups:

    Rejected when the question is understood and not allowed (`remote_code` is the foreign code), CredentialsRefused,
    TransientFailure and RateLimited when it could not be asked, ContractBroken when the answer cannot be relied on:
    an answer that is not understood is never "not found".
    """

    async def verify(self, subject: Subject, asker: Asker) -> VerificationReply:
        """Ask whether the person exists as described. Raises InvalidInput for what cannot be sent."""
        ...

    async def ask(self, question: CitizenQuestion, subject: Subject, asker: Asker) -> CitizenReply:
        """Ask for records. Nobody matched is an empty reply. Raises InvalidInput for what cannot be sent."""
        ...
