"""From the reply to a push to one verdict per item. Pure.

The portal gives one code for a whole batch, and a refused batch is stored not at all; its message may name the
offending dossiers (portal wire notes §1.6, §13 row 10). So a refusal blames the items that it names and leaves the
others unjudged; when it names none, or names a dossier with several steps in the batch, nobody is blamed, and the
items come again in smaller calls.
"""

from collections import Counter
from collections.abc import Sequence

from adapters.portal.failures import CodeClass, Meaning, Operation, meaning_of
from adapters.portal.protocol import call_error
from adapters.portal.replies import (
    Reply,
    codes_in,
    is_only_codes,
    sentences,
    speaks_of_dossier,
    wordings_of,
)
from adapters.portal.settings import BatchRefusal, Dialect
from gateway.ports.portal import ItemVerdict, Prepared, Verdict

BATCH_REFUSED = "batch_refused"
"""Reason of NOT_JUDGED when the refusal named somebody else."""
BATCH_REFUSED_UNNAMED = "batch_refused_unnamed"
"""Reason of NOT_JUDGED when the refusal could not be pinned on an item: send these one by one."""

_VERDICTS = {
    Meaning.ALREADY_EXISTS: Verdict.ALREADY_EXISTS,
    Meaning.DOES_NOT_EXIST: Verdict.DOES_NOT_EXIST,
    Meaning.REJECTED: Verdict.REJECTED,
}


def judge_push(reply: Reply, operation: Operation, items: Sequence[Prepared], dialect: Dialect) -> list[ItemVerdict]:
    """Give one verdict per item, in order.

    Raises TransientFailure, CredentialsRefused or ContractBroken when the reply is about the call as a whole; the
    session wording is the caller's to handle before.
    """
    meaning = reply.meaning(operation, dialect)
    kept = dialect.batch_refusal is BatchRefusal.GOOD_ONES_KEPT
    codes = frozenset(item.dossier_code for item in items)
    if meaning is Meaning.CONTRADICTION and kept and codes_in(reply.message, codes):
        # A portal that keeps the good ones may say zero and name the bad ones.
        meaning = Meaning.REJECTED
    if meaning is Meaning.SUCCESS:
        return [ItemVerdict(delivery_id=item.delivery_id, verdict=Verdict.DONE) for item in items]
    if meaning not in _VERDICTS:
        raise call_error(meaning, operation, reply)
    reason = f"remote_code {reply.code}" if reply.code is not None else "refused_in_words"
    if len(items) == 1:
        verdict = _single(meaning, reply.message, codes, dialect)
        return [ItemVerdict(delivery_id=items[0].delivery_id, verdict=verdict, reason=reason)]
    blamed = _blamed(reply, operation, codes, dialect)
    steps_count = Counter(item.dossier_code for item in items)
    verdicts: list[ItemVerdict] = []
    for item in items:
        said = blamed.get(item.dossier_code)
        if said is None:
            verdicts.append(_unnamed(item, kept=kept, somebody_named=bool(blamed)))
        elif said is not Verdict.DOES_NOT_EXIST and steps_count[item.dossier_code] > 1:
            # Which of the dossier's steps is refused, or is there already, cannot be told.
            verdicts.append(_not_judged(item, BATCH_REFUSED_UNNAMED))
        else:
            verdicts.append(ItemVerdict(delivery_id=item.delivery_id, verdict=said, reason=reason))
    return verdicts


def not_judged(items: Sequence[Prepared]) -> list[ItemVerdict]:
    """Give the verdicts for a batch that was refused as a whole, for its size or form."""
    return [_not_judged(item, BATCH_REFUSED_UNNAMED) for item in items]


def _unnamed(item: Prepared, *, kept: bool, somebody_named: bool) -> ItemVerdict:
    if not somebody_named:
        return _not_judged(item, BATCH_REFUSED_UNNAMED)
    if kept:
        return ItemVerdict(delivery_id=item.delivery_id, verdict=Verdict.DONE)
    return _not_judged(item, BATCH_REFUSED)


def _not_judged(item: Prepared, reason: str) -> ItemVerdict:
    return ItemVerdict(delivery_id=item.delivery_id, verdict=Verdict.NOT_JUDGED, reason=reason)


def _single(meaning: Meaning, message: str, codes: frozenset[str], dialect: Dialect) -> Verdict:
    """Judge one record. "Does not exist" is understood of the dossier only when nothing else is spoken of."""
    if meaning is Meaning.DOES_NOT_EXIST and not speaks_of_dossier(message, codes, dialect.wordings):
        return Verdict.REJECTED
    return _VERDICTS[meaning]


def _blamed(reply: Reply, operation: Operation, codes: frozenset[str], dialect: Dialect) -> dict[str, Verdict]:
    """Give the dossiers that the message names, each with what is said of it in its own sentence."""
    blamed: dict[str, Verdict] = {}
    last = Verdict.REJECTED
    for sentence in sentences(reply.message):
        named = codes_in(sentence, codes)
        if not is_only_codes(sentence, codes):
            words = wordings_of(sentence, dialect.wordings)
            meaning = meaning_of(operation, CodeClass.OTHER, words)
            last = _single(meaning, sentence, codes, dialect) if meaning in _VERDICTS else Verdict.REJECTED
        for code in named:
            # Said twice: the refusal that a person must look at wins.
            if blamed.get(code) is not Verdict.REJECTED:
                blamed[code] = last
    return blamed
