"""The ten canonical states of a dossier and the moves between them.

The list is the one that Vietnamese one-stop systems share (portal wire notes §7.1); the order below is the order of
a dossier's life. The portal itself enforces no transition and neither does the law for every case, so a move that
this table does not foresee is *flagged and counted*, not refused, when the side that owns the status says so: the
province owns processing. The table therefore says what is ordinary, not what is possible.

`returned` and `refused` and `withdrawn` and `stopped` are final in ordinary life. A dossier may be re-opened by a
correction; that is the irregular case which the flag is for.
"""

from enum import StrEnum
from types import MappingProxyType


class DossierStatus(StrEnum):
    """Where a dossier stands (trạng thái hồ sơ)."""

    REGISTERED = "registered"
    RECEIVED = "received"
    REFUSED = "refused"
    PROCESSING = "processing"
    SUPPLEMENT_REQUESTED = "supplement_requested"
    PAYMENT_REQUESTED = "payment_requested"
    WITHDRAWN = "withdrawn"
    STOPPED = "stopped"
    COMPLETED = "completed"
    RETURNED = "returned"


_S = DossierStatus

INITIAL_STATUSES = frozenset({_S.REGISTERED, _S.RECEIVED, _S.REFUSED})
FINAL_STATUSES = frozenset({_S.REFUSED, _S.WITHDRAWN, _S.STOPPED, _S.RETURNED})

TRANSITIONS: MappingProxyType[DossierStatus, frozenset[DossierStatus]] = MappingProxyType(
    {
        _S.REGISTERED: frozenset(
            {_S.RECEIVED, _S.REFUSED, _S.SUPPLEMENT_REQUESTED, _S.PAYMENT_REQUESTED, _S.WITHDRAWN}
        ),
        _S.RECEIVED: frozenset(
            {_S.PROCESSING, _S.SUPPLEMENT_REQUESTED, _S.PAYMENT_REQUESTED, _S.WITHDRAWN, _S.STOPPED, _S.COMPLETED}
        ),
        _S.PROCESSING: frozenset(
            {_S.SUPPLEMENT_REQUESTED, _S.PAYMENT_REQUESTED, _S.WITHDRAWN, _S.STOPPED, _S.COMPLETED}
        ),
        _S.SUPPLEMENT_REQUESTED: frozenset({_S.RECEIVED, _S.PROCESSING, _S.WITHDRAWN, _S.STOPPED, _S.REFUSED}),
        _S.PAYMENT_REQUESTED: frozenset({_S.RECEIVED, _S.PROCESSING, _S.WITHDRAWN, _S.STOPPED, _S.COMPLETED}),
        _S.COMPLETED: frozenset({_S.RETURNED, _S.PAYMENT_REQUESTED}),
        _S.REFUSED: frozenset(),
        _S.WITHDRAWN: frozenset(),
        _S.STOPPED: frozenset(),
        _S.RETURNED: frozenset(),
    }
)


def is_ordinary(previous: DossierStatus | None, following: DossierStatus) -> bool:
    """Tell whether the move is foreseen. Staying is ordinary; `previous` None is the dossier's first status."""
    if previous is None:
        return following in INITIAL_STATUSES
    return following == previous or following in TRANSITIONS[previous]
