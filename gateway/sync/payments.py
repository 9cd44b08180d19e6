"""Paying what is owed for a dossier: the theory, and the table by which a provider's word is judged.

What is known and what is owed
    The province cannot see money move. It learns of it from providers, by notifications, answers to queries, daily
    files and account statements, in any order, late, more than once, or never; any of them may be forged. Only what
    was verified becomes a *fact* (`PaymentFact`); what was not changes nothing and never comes here (payment notes §9.2
    no. 13). Four things are kept apart (§9): the *request* is what is owed; an *attempt* is one reference at one
    provider; a *receipt* and a *refund* are consequences, and none of them undoes a payment.

Every verified debit is written down
    An attempt carries its *debits*: each transaction that a provider says it took under the reference, with what it is
    to the request (`Standing`). Debits are never removed. At most one debit of a request counts; every other one is
    surplus that goes back, or waits for a person, or was found by a person to be something else. So each đồng that was
    verifiably taken is at any time in exactly one place, and the state of an attempt that holds money follows from its
    debits (`payment_moves.resting_state`).

Paid is never taken back by a message
    A provider that says "failed" after it said "paid" has contradicted itself (no. 17); a daily file without the money
    contradicts it too (no. 16). The debit goes on counting, *doubted*, until a person decides. The request stays paid
    and is marked disputed, and the dossier's step is held.

Not knowing leads to a question
    No timeout becomes a failure (§9.3 no. 7). An attempt without an answer is unknown, is asked about by the schedule,
    and its reference is never sent again. It expires only when its window is closed *and* the provider, asked after
    that, knows no money; what is still pending at the end of the schedule is given to a person (§10.2). Failed and
    expired are soft ends: a later verified success is money, and counts by itself while nothing else has paid.

    A fact that does not decide (an unsigned status, an unknown checksum, no amount) is a *hint*. It is remembered, the
    provider is asked by its second way, and only an agreeing fact from another source, or a decisive one, counts.

Old messages and old questions
    A notification that was judged before changes nothing again, whatever has happened since; whoever stored one can
    send it for ever. Answers to our own questions are judged anew each time, since a contradiction found there is real;
    only an answer to a question from before the attempt was decided contradicts nothing.

Vouchers
    Where a payment at the national portal was never told, two officers may accept its voucher (no. 18). It becomes an
    attempt of its own, so that refunds, disputes and reconciliation need no second way. When the provider tells of the
    same transaction after all, the provider's attempt takes its place.

The table reads: what the fact says (`Said`) of an attempt at a stage (`Stage`); for a new debit of an attempt that
holds no money also what the request would make of it (`Claim`). Total: every cell has an outcome, and every outcome is
harmless when it is repeated. Which transition of §9.2 an outcome is, it says itself (`payment_outcomes`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from gateway.model.payment import PaymentFact, Source
from gateway.sync import payment_outcomes as do
from gateway.sync.payment_facts import STAGES, Case, Claim, Said, Stage, claim, fact_key, said
from gateway.sync.payment_outcomes import Outcome
from gateway.sync.payment_polls import given_up, with_question
from gateway.sync.payment_records import DEFAULT_POLICY, AttemptView, Decision, PaymentPolicy, RequestView
from gateway.sync.payment_words import Ruling

__all__ = ["TABLE", "fact_key", "judge_fact"]


def _by_claim(case: Case) -> Decision:
    """Judge a new debit of an attempt that holds no money."""
    is_live = STAGES[case.attempt.state] is Stage.LIVE
    outcomes = {
        Claim.FREE: do.pay if is_live else do.pay_late,
        Claim.CHANGED: do.review,
        Claim.TAKEN: do.duplicate,
        Claim.VOUCHERED: do.confirm_voucher,
    }
    return outcomes[claim(case)](case)


def _beside_money(case: Case) -> Decision:
    """Judge a new debit of an attempt that holds money, or that a person looks at."""
    return do.second_debit(case) if case.voucher is None else do.confirm_voucher(case)


# fmt: off
_ROWS: Mapping[Said, tuple[Outcome, ...]] = {
    #                   LIVE              ENDED             HELD              REFUNDING         REVIEWED
    Said.DEBIT:        (_by_claim,        _by_claim,        _beside_money,    _beside_money,    _beside_money),
    Said.SAME_DEBIT:   (do.keep,          do.keep,          do.keep,          do.keep,          do.keep),
    Said.SAME_WRONG:   (do.refuse,        do.refuse,        do.refuse,        do.refuse,        do.refuse),
    Said.REVIVED:      (do.revive,        do.revive,        do.revive,        do.revive,        do.revive),
    Said.WRONG:        (do.mismatch,      do.mismatch,      do.mismatch,      do.mismatch,      do.mismatch),
    Said.FAILED:       (do.fail,          do.keep,          do.contradict,    do.complain,      do.complain),
    Said.MISSING:      (do.lapse,         do.keep,          do.contradict,    do.complain,      do.complain),
    Said.PENDING:      (do.wait,          do.keep,          do.keep,          do.keep,          do.keep),
    Said.HINT:         (do.ask_first,     do.ask_first,     do.ask_first,     do.ask_first,     do.ask_first),
    Said.FOREIGN:      (do.refuse_loudly, do.refuse_loudly, do.refuse_loudly, do.refuse_loudly, do.refuse_loudly),
    Said.STALE:        (do.keep,          do.keep,          do.keep,          do.keep,          do.keep),
    Said.TOLD_BEFORE:  (do.keep,          do.keep,          do.keep,          do.keep,          do.keep),
}
# fmt: on

TABLE: Mapping[Said, Mapping[Stage, Outcome]] = {
    word: dict(zip(Stage, outcomes, strict=True)) for word, outcomes in _ROWS.items()
}


def judge_fact(
    request: RequestView,
    attempt: AttemptView,
    siblings: Sequence[AttemptView],
    fact: PaymentFact,
    source: Source,
    now: datetime,
    policy: PaymentPolicy = DEFAULT_POLICY,
    *,
    earlier: Ruling | None = None,
    asked_at: datetime | None = None,
) -> Decision:
    """Judge a verified fact about an attempt; never raises for anything that a provider may say.

    `siblings` are all other attempts of the request, whatever their states. `earlier` is how the fact of this key
    (`fact_key`) was ruled when it was told first; None: it is new. `asked_at` is when the question was sent that the
    fact answers; for a daily file or a statement, the instant up to which it tells everything. Raises ValueError when
    the fact is about another reference: finding the attempt is the caller's.
    """
    if fact.reference not in ("", attempt.reference):
        raise ValueError("the fact is about another reference")
    is_answer = source is not Source.NOTIFICATION
    if is_answer:
        attempt = with_question(attempt, asked_at or now, now, policy)
    case = Case(
        request=request,
        attempt=attempt,
        siblings=siblings,
        fact=fact,
        source=source,
        now=now,
        policy=policy,
        earlier=earlier,
        asked_at=asked_at,
    )
    decision = TABLE[said(case)[0]][STAGES[attempt.state]](case)
    if is_answer and decision.attempt.is_live and now >= attempt.opened_at + policy.polled_until:
        return _after_last_answer(decision, siblings, now)
    return decision


def _after_last_answer(decision: Decision, siblings: Sequence[AttemptView], now: datetime) -> Decision:
    """The schedule is over and nothing is settled: a person finds out (§10.2)."""
    last = given_up(decision.request, decision.attempt, siblings, now)
    return replace(last, path=(*decision.path, *last.path), effects=(*decision.effects, *last.effects))
