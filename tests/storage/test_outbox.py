"""What is to be posted."""

from dataclasses import replace

from stored import AT, NOW, opened, post

from storage import outbox


async def test_a_key_is_queued_once_also_after_it_was_sent(database):
    assert await outbox.queue(database, post())
    assert not await outbox.queue(database, post(body='{"text": "again"}'))

    (queued,) = await outbox.pending(database)
    await outbox.sent(database, queued.id, "17.1", NOW)

    assert not await outbox.queue(database, post())
    assert await outbox.pending(database) == []


async def test_what_is_not_sent_survives_oldest_first(folder):
    async with opened(folder) as database:
        await outbox.queue(database, post("k1"))
        await outbox.queue(database, post("k2"))

    async with opened(folder) as database:
        assert [p.key for p in await outbox.pending(database)] == ["k1", "k2"]


async def test_a_post_comes_back_as_it_was_queued(database):
    await outbox.queue(database, post(body='{"text": "ä 🎬"}'))

    found = await outbox.by_key(database, "k1")

    assert found == replace(post(body='{"text": "ä 🎬"}'), id=found.id)
    assert await outbox.by_key(database, "k2") is None


async def test_a_sent_post_knows_its_time_stamp(database):
    await outbox.queue(database, post())
    (queued,) = await outbox.pending(database)

    await outbox.sent(database, queued.id, "17.1", NOW)

    found = await outbox.by_key(database, "k1")
    assert (found.state, found.ts, found.sent_at) == ("sent", "17.1", AT)


async def test_a_post_that_is_given_up_keeps_its_reason(database):
    await outbox.queue(database, post())
    (queued,) = await outbox.pending(database)

    await outbox.attempt(database, queued.id, "ratelimited")
    await outbox.failed(database, queued.id, "channel_not_found", NOW)

    found = await outbox.by_key(database, "k1")
    assert (found.state, found.attempts, found.error) == ("failed", 1, "channel_not_found")
    assert await outbox.pending(database) == []
