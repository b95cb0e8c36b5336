"""What every store remembers, and how it answers: the rules, on real servers."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from leat_async.webhooks import OutboxStore, SeenStore
from leat_async.webhooks.stores.steps import KEPT, Claim, Claimed, Done, Fail, Put, Release

from ..conftest import KINDS, OUTBOXES, Clock

A, B = "a" * 32, "b" * 32
Make = Callable[..., Any]


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, make_store: Make) -> SeenStore:
    made: SeenStore = make_store(request.param)
    return made


@pytest.fixture(params=OUTBOXES)
def outbox(request: pytest.FixtureRequest, make_store: Make) -> OutboxStore:
    made: OutboxStore = make_store(request.param)
    return made


def test_the_way_of_an_event(store: SeenStore, clock: Clock) -> None:
    claim = Claim(A, 60.0)
    taken = store.ask(claim)
    assert (taken.state, taken.attempt) == ("taken", 1)
    assert taken.key.startswith(A)
    assert store.ask(Claim(A, 60.0)).state == "busy"
    assert store.ask(Claim(B, 60.0)).state == "taken"
    assert store.ask(Done(A, claim.token, 100.0))
    assert store.ask(Claim(A, 60.0)).state == "duplicate"
    clock.now += 99.9
    assert store.ask(Claim(A, 60.0)).state == "duplicate"
    clock.now += 0.2
    again = store.ask(Claim(A, 60.0))
    assert (again.state, again.attempt) == ("taken", 1)


def test_the_key_is_the_events_own(store: SeenStore, clock: Clock) -> None:
    first, second = Claim(A, 10.0), Claim(A, 10.0)
    keys = [store.ask(first).key]
    clock.now += 10.1  # whoever held it died
    keys.append(store.ask(second).key)
    store.ask(Release(A, second.token))
    third = Claim(A, 10.0)
    keys.append(store.ask(third).key)
    assert len(set(keys)) == 1
    store.ask(Done(A, third.token, 50.0))
    clock.now += 50.1
    later = store.ask(Claim(A, 10.0)).key
    # In memory it can't be told apart: there the same key after a restart counts for more.
    assert (later == keys[0]) == ("Memory" in repr(store))


def test_a_lease_ends_and_its_holder_has_no_say_any_more(store: SeenStore, clock: Clock) -> None:
    late, next_ = Claim(A, 10.0), Claim(A, 10.0)
    store.ask(late)
    clock.now += 9.9
    assert store.ask(next_).state == "busy"
    clock.now += 0.2
    assert store.ask(next_) == Claimed("taken", store.ask(next_).key, 2)
    assert not store.ask(Release(A, late.token))
    assert not store.ask(Done(A, late.token, 100.0))
    assert store.ask(Claim(A, 10.0)).state == "busy"
    assert store.ask(Done(A, next_.token, 100.0))


def test_one_who_gives_back_is_followed_by_the_next(store: SeenStore) -> None:
    claim = Claim(A, 60.0)
    store.ask(claim)
    assert store.ask(Release(A, claim.token))
    assert not store.ask(Release(A, claim.token))
    assert store.ask(Claim(A, 60.0)).attempt == 2


def test_a_step_that_is_taken_twice_does_the_same_as_once(store: SeenStore) -> None:
    claim = Claim(A, 60.0)
    assert store.ask(claim) == store.ask(claim)
    done = Done(A, claim.token, 100.0)
    assert store.ask(done)
    assert store.ask(done)
    assert store.ask(Claim(A, 60.0)).state == "duplicate"


def test_steps_at_once_are_answered_in_their_order(store: SeenStore) -> None:
    claims = [Claim(digest, 60.0) for digest in (B, A, B, A)]
    assert [found.state for found in store.apply(claims)] == ["taken", "taken", "busy", "busy"]
    steps: list[Any] = [Done(B, claims[0].token, 10.0), Claim(B, 60.0), Claim("c" * 32, 60.0)]
    answers = store.apply(steps)
    assert (answers[0], answers[1].state, answers[2].state) == (True, "duplicate", "taken")


def test_no_window_forgets_at_once(store: SeenStore) -> None:
    claim = Claim(A, 60.0)
    store.ask(claim)
    assert store.ask(Done(A, claim.token, 0.0))
    assert store.ask(Claim(A, 60.0)).state == "taken"


def test_what_is_too_old_is_forgotten(store: SeenStore, clock: Clock) -> None:
    claim = Claim(A, 60.0)
    store.ask(claim)
    store.ask(Done(A, claim.token, 100.0))
    store.ask(Claim(B, 60.0))
    clock.now += KEPT + 61.0
    store.close()  # what is held, and nobody asks for again, is looked for by a new connection
    # The memory store looks after a thousand steps, the others each minute.
    store.apply([Claim(f"{number:032x}", 60.0) for number in range(1001 if "Memory" in repr(store) else 1)])
    if "Redis" in repr(store):
        return  # the server does that, by its own clock
    known: Any = store
    if "Memory" in repr(store):
        found = set(known._records)
    else:
        table = getattr(known, "_table", "leat_deliveries")
        found = {row[0] for row in known._connection.execute(f"SELECT digest FROM {table}").fetchall()}
    assert not found & {A, B}


@pytest.mark.parametrize("kind", ["sqlite", "redis", "postgres"])
def test_of_many_who_claim_at_the_same_time_one_has_it(kind: str, make_store: Make) -> None:
    stores = [make_store(kind) for _ in range(4)]
    digests = [f"{number:032x}" for number in range(12)]
    got: Counter[str] = Counter()
    begin = threading.Barrier(len(stores))
    failures: list[BaseException] = []

    def work(store: SeenStore, number: int) -> None:
        try:
            begin.wait()
            # Each in another order, so that those who lock one after the other would wait for each other.
            order = digests[number * 3 :] + digests[: number * 3]
            for batch in (order[:6], order[6:]):
                for digest, found in zip(batch, store.apply([Claim(one, 60.0) for one in batch]), strict=True):
                    got[digest] += found.state == "taken"
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(store, number)) for number, store in enumerate(stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert got == Counter(dict.fromkeys(digests, 1))


@pytest.mark.parametrize("kind", ["sqlite", "redis", "postgres"])
def test_what_one_process_knows_the_others_know(kind: str, make_store: Make) -> None:
    one, other = make_store(kind), make_store(kind)
    claim = Claim(A, 60.0)
    one.ask(claim)
    assert other.ask(Claim(A, 60.0)).state == "busy"
    one.ask(Done(A, claim.token, 100.0))
    assert other.ask(Claim(A, 60.0)).state == "duplicate"
    one.close()
    assert one.ask(Claim(A, 60.0)).state == "duplicate"


# -- the outbox --------------------------------------------------------------------------------------


def test_the_way_through_an_outbox(outbox: OutboxStore, clock: Clock) -> None:
    assert outbox.due(10, 60.0, 3).jobs == []
    assert outbox.due(10, 60.0, 3).wait is None
    assert outbox.apply([Put(B, b"b"), Put(A, b"a"), Put(A, b"a")]) == ["stored", "stored", "duplicate"]
    due = outbox.due(10, 60.0, 3)
    assert {job.body for job in due.jobs} == {b"a", b"b"}
    assert outbox.due(10, 60.0, 3).jobs == []
    assert due.wait == pytest.approx(60.0)
    job = next(job for job in due.jobs if job.body == b"a")
    assert outbox.ask(Put(A, b"a")) == "duplicate"
    assert outbox.ask(Done(A, job.token, 100.0))
    assert outbox.ask(Put(A, b"a")) == "duplicate"
    clock.now += 60.1  # whoever held the other one died
    [job] = outbox.due(10, 60.0, 3).jobs
    assert (job.body, job.attempt) == (b"b", 2)
    clock.now += 100.1
    assert outbox.ask(Put(A, b"a")) == "stored"


def test_what_fails_is_due_later_and_at_last_dead(outbox: OutboxStore, clock: Clock) -> None:
    outbox.ask(Put(A, b"a"))
    [job] = outbox.due(1, 60.0, 2).jobs
    assert outbox.ask(Fail(A, job.token, "ValueError: no", 30.0))
    assert outbox.due(1, 60.0, 2).wait == pytest.approx(30.0)
    clock.now += 30.1
    [job] = outbox.due(1, 60.0, 2).jobs
    assert outbox.ask(Fail(A, job.token, "ValueError: no", None))
    assert outbox.due(1, 60.0, 2).wait is None
    assert outbox.ask(Put(A, b"a")) == "duplicate"
    assert outbox.ask(Claim(A, 60.0)).state == "duplicate"
    [letter] = outbox.dead()
    assert (letter.key, letter.attempts, letter.error, letter.body) == (job.key, 2, "ValueError: no", b"a")
    assert "b'a'" not in repr(letter)
    assert outbox.revive("another") == 0
    assert outbox.revive(letter.key) == 1
    assert outbox.dead() == []
    [job] = outbox.due(1, 60.0, 2).jobs
    assert (job.attempt, job.base, job.key) == (3, 2, letter.key)
    outbox.ask(Fail(A, job.token, "again", None))
    assert outbox.revive() == 1


def test_an_event_that_workers_die_with_is_given_up(outbox: OutboxStore, clock: Clock) -> None:
    outbox.ask(Put(A, b"a"))
    for _ in range(2):
        assert len(outbox.due(1, 60.0, 2).jobs) == 1
        clock.now += 60.1
    assert outbox.due(1, 60.0, 2).jobs == []
    [letter] = outbox.dead()
    assert "no worker came to an end with it" in letter.error


def test_a_receiver_may_change_its_mode(outbox: OutboxStore, clock: Clock) -> None:
    inline = Claim(A, 60.0)
    outbox.ask(inline)
    assert outbox.ask(Put(A, b"a")) == "busy"
    outbox.ask(Release(A, inline.token))
    assert outbox.ask(Put(A, b"a")) == "stored"
    again = Claim(A, 60.0)
    assert outbox.ask(again).attempt == 2
    assert outbox.due(1, 60.0, 9).jobs == []
    outbox.ask(Release(A, again.token))
    assert [job.attempt for job in outbox.due(1, 60.0, 9).jobs] == [3]


def test_two_workers_never_hold_the_same(make_store: Make) -> None:
    for kind in OUTBOXES:
        stores = [make_store(kind) for _ in range(3)]
        stores[0].apply([Put(f"{number:032x}", b"x") for number in range(60)])
        held: list[str] = []
        begin = threading.Barrier(len(stores))

        def work(store: OutboxStore, begin: threading.Barrier = begin, held: list[str] = held) -> None:
            begin.wait()
            while jobs := store.due(4, 60.0, 3).jobs:
                held.extend(job.digest for job in jobs)

        threads = [threading.Thread(target=work, args=(store,)) for store in stores]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # Where others hold what is looked at, a worker may find nothing for a moment.
        held.extend(job.digest for job in stores[0].due(60, 60.0, 3).jobs)
        assert len(held) == len(set(held)) == 60
