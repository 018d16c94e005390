"""Questions that come at the same time are asked as one, and nobody is answered by what was read before."""

import asyncio
import threading

import pytest

from dashboard.live.together import Together


def test_what_comes_while_one_is_asked_is_asked_at_once() -> None:
    asked: list[list[int]] = []
    go_on = threading.Event()

    def ask(keys):
        asked.append(sorted(keys))
        go_on.wait(10)
        return {key: key * 2 for key in keys if key != 7}

    async def go() -> list[int | None]:
        together = Together(ask)
        answers = []
        for n in (0, 1):
            answers.append(asyncio.ensure_future(together.one(n)))
            while len(asked) <= n:
                await asyncio.sleep(0)
        answers += [asyncio.ensure_future(together.one(n)) for n in (*range(2, 100), 50, 7)]
        await asyncio.sleep(0)
        assert len(asked) == 2, "no more than two at once"
        go_on.set()
        return await asyncio.gather(*answers)

    answers = asyncio.run(go())
    assert answers == [None if n == 7 else n * 2 for n in (*range(100), 50, 7)]
    assert sorted(map(len, asked)) == [1, 1, 98]


def test_the_same_question_later_is_asked_anew() -> None:
    asked = []

    async def go() -> None:
        together = Together(lambda keys: asked.append(list(keys)) or {})
        await together.one(1)
        await together.one(1)

    asyncio.run(go())
    assert asked == [[1], [1]]


def test_an_error_is_everybodys_and_the_next_one_is_asked_again() -> None:
    fails = [True]

    def ask(keys):
        if fails.pop():
            raise OSError("away")
        return dict.fromkeys(keys, "here")

    async def go() -> None:
        together = Together(ask)
        both = [asyncio.ensure_future(together.one("a")) for _ in range(2)]
        found = await asyncio.gather(*both, return_exceptions=True)
        assert [type(error) for error in found] == [OSError, OSError]
        fails.append(False)
        assert await together.one("a") == "here"

    asyncio.run(go())


def test_who_goes_away_takes_nobodys_answer_along() -> None:
    async def go() -> None:
        together = Together(lambda keys: dict.fromkeys(keys, "here"))
        first, second = (asyncio.ensure_future(together.one("a")) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert await second == "here"

    asyncio.run(go())
