"""Whatever a reply is made of, it ends as a result or as one of our errors, and never as somebody else."""

import asyncio
from math import inf
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.population.__main__ import corpus, run_plain
from tests.fuzz.population.mutations import mutate, mutate_structure
from tests.fuzz.population.target import Judge, judge_once

_KNOWN = corpus()
_CHANGES = settings(max_examples=300, deadline=None)


def judged(body: bytes) -> dict[str, int]:
    judge = Judge(inf)
    with asyncio.Runner() as runner:
        judge_once(judge, runner, body)
    return judge.seen


@_CHANGES
@given(st.sampled_from(_KNOWN), st.randoms(use_true_random=False))
def test_n10_changed_bytes(body: bytes, random: Random) -> None:
    """Of sound replies of every kind."""
    assert judged(mutate(random, body, _KNOWN))


@_CHANGES
@given(st.sampled_from(_KNOWN), st.randoms(use_true_random=False))
def test_n5_n11_n12_n14_changed_structure(body: bytes, random: Random) -> None:
    """Elements dropped, doubled, moved, renamed, put into other namespaces; other texts and attributes."""
    assert judged(mutate_structure(random, body, _KNOWN))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes(body: bytes) -> None:
    """Nothing of them is believed."""
    assert not set(judged(body)) & {"found", "nobody", "several", "truth"}


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_any_text(body: str) -> None:
    """Half characters included, as far as bytes can carry them."""
    assert judged(body.encode("utf-8", "surrogatepass"))


def test_the_corpus_reaches_every_end() -> None:
    """A judge that sees only failures would prove nothing."""
    judge = Judge(inf)
    with asyncio.Runner() as runner:
        for body in _KNOWN:
            judge_once(judge, runner, body)

    assert {"found", "several", "nobody", "truth", "ContractBroken", "Rejected", "CredentialsRefused"} <= set(
        judge.seen
    )


def test_the_fuzzer_runs() -> None:
    """By chance, a bounded number of inputs; nothing is found."""
    assert 0 == run_plain(60.0, seed=7, limit=500, is_timed=False)
