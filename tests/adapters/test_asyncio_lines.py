"""The lines in front of each stage: the urgent first, and a full next stage holds the others back."""

import asyncio

from tldops_bot.adapters.asyncio_lines import Line


async def stays(line: Line[str]) -> bool:
    """Whether nothing leaves the line now."""
    getting = asyncio.ensure_future(line.get())
    await asyncio.sleep(0.01)
    if getting.done():
        return False
    getting.cancel()
    await asyncio.gather(getting, return_exceptions=True)
    return True


def test_the_most_urgent_leaves_first_then_who_came_first() -> None:
    async def main() -> None:
        line: Line[str] = Line()
        for priority, item in ((6, "roster"), (2, "reply"), (0, "alert"), (2, "second reply")):
            line.put(priority, item)
        assert [await line.get() for _ in range(4)] == ["alert", "reply", "second reply", "roster"]

    asyncio.run(main())


def test_who_waits_is_woken_by_what_arrives_even_after_another_stopped_waiting() -> None:
    async def main() -> None:
        line: Line[str] = Line()
        patient, impatient = asyncio.ensure_future(line.get()), asyncio.ensure_future(line.get())
        await asyncio.sleep(0)
        impatient.cancel()
        line.put(0, "item")
        assert await asyncio.wait_for(patient, 60) == "item"

    asyncio.run(main())


def test_a_full_next_line_holds_back_all_but_the_urgent_until_twice_as_full() -> None:
    async def main() -> None:
        first: Line[str] = Line()
        second: Line[str] = Line()
        second.holds_back(first, 100)
        first.put(6, "roster")
        second.put(6, "a", 60)
        second.put(6, "b", 60)
        assert await stays(first)
        first.put(0, "alert")
        assert await first.get() == "alert"
        first.put(0, "alert")
        second.put(0, "c", 100)
        assert await stays(first)
        waiting = asyncio.ensure_future(first.get())
        await asyncio.sleep(0)
        await second.get()
        assert await asyncio.wait_for(waiting, 60) == "alert"
        waiting = asyncio.ensure_future(first.get())
        await second.get()
        assert await asyncio.wait_for(waiting, 60) == "roster"
        assert second.octets == 60

    asyncio.run(main())
