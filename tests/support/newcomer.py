"""What a newcomer does in the first minute: opens the page, texts from a phone, answers as the agent.

``python -m tests.support.newcomer URL LOGINS STARTED [again]`` against a product that is just starting; STARTED is when
that was, in seconds since the epoch. Exits 1 if anything takes too long.
"""

import asyncio
import re
import sys
import time
from pathlib import Path

import aiohttp

from tests.support.agent import ready_agent

FIRST_START_SECONDS = 60
NEXT_START_SECONDS = 8


async def main(url: str, logins: Path, started: float, *, again: bool) -> None:
    limit = NEXT_START_SECONDS if again else FIRST_START_SECONDS
    await first_page(url, seconds=limit + started - time.time())
    print(f"first page after {time.time() - started:.1f} s")
    if not again:
        began = time.perf_counter()
        await conversation(url, password(logins, "ana"))
        print(f"text, offer, answer and delivery in {time.perf_counter() - began:.1f} s")


async def first_page(url: str, *, seconds: float) -> None:
    async with asyncio.timeout(seconds), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(f"{url}/login/") as page:
                    assert page.status == 200
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)


async def conversation(url: str, secret: str) -> None:
    """A text from the first simulated phone is answered by the agent, and the answer reaches the phone."""
    agent = await ready_agent(url, "ana", secret, answer=lambda body: f"You said: {body}")
    async with asyncio.timeout(30), aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        async with session.get(f"{url}/phones/") as page:
            assert page.status == 200
            text = await page.text()
        ours, customer = numbers(text)
        token = next(cookie.value for cookie in session.cookie_jar if cookie.key == "csrf")
        form = {"from": customer, "to": ours, "body": "Is anybody there? 👋"}
        headers = {"X-CSRFToken": token, "Origin": url, "Referer": f"{url}/phones/"}
        async with session.post(f"{url}/phones/send", data=form, headers=headers) as answer:
            assert answer.status == 201, await answer.text()
        while "You said: Is anybody there? 👋" not in await on_screen(session, url, customer):
            await asyncio.sleep(0.1)
    await agent.stop()


async def on_screen(session: aiohttp.ClientSession, url: str, customer: str) -> list[str]:
    async with session.get(f"{url}/phones/messages", params={"phone": customer}) as answer:
        return [message["body"] for message in (await answer.json())["messages"]]


def numbers(page: str) -> tuple[str, str]:
    """Our SMS number and a customer's, as the page of phones names them."""
    found = list(dict.fromkeys(re.findall(r"(?<![:\d])\+1555\d{7}", page)))
    ours = [number for number in found if number.startswith("+1555000")]
    return ours[0], next(number for number in found if number not in ours)


def password(logins: Path, username: str) -> str:
    rows = (line.split() for line in logins.read_text().splitlines())
    return next(row[-1] for row in rows if username in row)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    asyncio.run(main(arguments[0], Path(arguments[1]), float(arguments[2]), again="again" in arguments[3:]))
