"""What arrived from outside."""

from datetime import timedelta

import pytest
from stored import AT, NOW, opened

from storage import inbox


async def receive(database, event_id, message_key, now=NOW):
    return await inbox.receive(database, event_id, message_key, "mention", "{}", now)


@pytest.mark.parametrize("repeated", [("E1", "M2"), ("E2", "M1"), ("E1", "M1")])
async def test_an_event_or_a_message_is_received_once(database, repeated):
    assert await receive(database, "E1", "M1")

    assert not await receive(database, *repeated)

    assert [i.event_id for i in await inbox.pending(database)] == ["E1"]


async def test_what_has_no_message_is_told_apart_by_its_event(database):
    assert await receive(database, "E1", "")
    assert await receive(database, "E2", "")
    assert await receive(database, "", "M1")
    assert await receive(database, "", "M2")


async def test_what_is_not_dealt_with_survives_oldest_first(folder):
    async with opened(folder) as database:
        await receive(database, "E1", "M1")
        await receive(database, "E2", "M2")

    async with opened(folder) as database:
        found = await inbox.pending(database)
        assert [(i.event_id, i.received_at, i.attempts) for i in found] == [
            ("E1", AT, 0),
            ("E2", AT, 0),
        ]


async def test_attempts_are_counted(database):
    await receive(database, "E1", "M1")
    (item,) = await inbox.pending(database)

    assert [await inbox.attempt(database, item.id) for _ in range(3)] == [1, 2, 3]
    assert await inbox.attempt(database, 99) == 0


async def test_what_is_dealt_with_is_not_received_again(database):
    await receive(database, "E1", "M1")
    (item,) = await inbox.pending(database)

    await inbox.finish(database, item.id, NOW, error="no such run")

    assert await inbox.pending(database) == []
    assert not await receive(database, "E1", "M1")


async def test_only_what_was_dealt_with_long_ago_is_pruned(database):
    for name in ("old", "new", "open"):
        await receive(database, name, name)
    old, new, _ = await inbox.pending(database)
    await inbox.finish(database, old.id, NOW)
    await inbox.finish(database, new.id, NOW + timedelta(days=2))

    assert await inbox.prune(database, NOW + timedelta(days=1)) == 1

    assert await receive(database, "old", "old")
    assert not await receive(database, "new", "new")
    assert not await receive(database, "open", "open")
