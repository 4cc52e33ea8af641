"""An agent's tab without a browser: signs in, follows the cursor protocol, accepts, answers, survives restarts."""

import asyncio
import json
import re
import uuid
from collections.abc import Callable
from typing import Any

import aiohttp


class Agent:
    """Keeps the state that a screen would show. ``on_event`` is called for each new event, in order, once."""

    def __init__(self, url: str, username: str, password: str) -> None:
        self.url = url
        self.username = username
        self._password = password
        self.cursors: dict[str, int] = {}
        self.snapshot: dict[str, Any] = {}
        self.seen: list[tuple[str, int]] = []
        self.events: list[dict[str, Any]] = []
        self.outbox: dict[str, dict[str, Any]] = {}
        self.answers: dict[str, dict[str, Any]] = {}
        self.reconnects = -1
        self.on_event: Callable[[dict[str, Any]], None] = lambda _: None
        self.on_welcome: Callable[[dict[str, Any]], None] = lambda _: None
        self.connected = asyncio.Event()
        self._changed = asyncio.Condition()
        self._stop = False
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._session: aiohttp.ClientSession | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> "Agent":
        # Cookies of an IP address are kept only by an unsafe jar.
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        await self._sign_in()
        self._task = asyncio.create_task(self._live())
        await asyncio.wait_for(self.connected.wait(), 20)
        return self

    async def stop(self) -> None:
        self._stop = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def send(self, name: str, **arguments: Any) -> str:
        """Put a command into the outbox; it is sent, and sent again after a reconnect, until it is answered."""
        ref = str(uuid.uuid4())
        self.outbox[ref] = {"do": name, "ref": ref, **arguments}
        asyncio.ensure_future(self._flush(ref))
        return ref

    async def ask(self, name: str, *, seconds: float = 20, **arguments: Any) -> dict[str, Any]:
        """Send a command and wait for its answer."""
        ref = self.send(name, **arguments)
        await self.until(lambda: ref in self.answers, seconds=seconds)
        return self.answers[ref]

    async def until(self, condition: Callable[[], Any], *, seconds: float = 20) -> None:
        """Wait for something to have come."""
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(condition), seconds)

    async def _sign_in(self) -> None:
        assert self._session is not None
        async with self._session.get(f"{self.url}/login/") as page:
            token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', await page.text())
        assert token is not None
        form = {"username": self.username, "password": self._password, "csrfmiddlewaretoken": token[1]}
        headers = {"Referer": f"{self.url}/login/", "Origin": self.url}
        async with self._session.post(
            f"{self.url}/login/", data=form, headers=headers, allow_redirects=False
        ) as answer:
            assert answer.status == 302, f"{self.username} could not sign in: {answer.status}"

    async def _live(self) -> None:
        while not self._stop:
            try:
                await self._connection()
            except (TimeoutError, aiohttp.ClientError, OSError):
                pass
            self._socket = None
            self.connected.clear()
            await asyncio.sleep(0.1)

    async def _connection(self) -> None:
        assert self._session is not None
        address = self.url.replace("http", "ws", 1) + "/ws/desk"
        async with self._session.ws_connect(address, origin=self.url, max_msg_size=0) as socket:
            await socket.send_json({"do": "hello", "cursors": self.cursors})
            async for message in socket:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    break
                await self._take(json.loads(message.data), socket)

    async def _take(self, frame: dict[str, Any], socket: aiohttp.ClientWebSocketResponse) -> None:
        kind = frame["t"]
        if kind == "welcome":
            self._welcome(frame, socket)
            await self._flush_all()
        elif kind == "event":
            await self._event(frame, socket)
        elif kind in ("ok", "error"):
            self.outbox.pop(frame["ref"], None)
            self.answers[frame["ref"]] = frame
        elif kind == "heartbeat":
            await socket.send_json({"do": "ping", "cursors": self.cursors})
        async with self._changed:
            self._changed.notify_all()

    def _welcome(self, frame: dict[str, Any], socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self.reconnects += 1
        if frame["snapshot"] is not None:
            self.snapshot = frame["snapshot"]
            self.cursors = dict(frame["heads"])
        self.on_welcome(frame)
        self.connected.set()

    async def _event(self, frame: dict[str, Any], socket: aiohttp.ClientWebSocketResponse) -> None:
        last = self.cursors.get(frame["a"], 0)
        if frame["n"] <= last:
            return
        if frame["n"] != last + 1:
            await socket.send_json({"do": "resume", "cursors": self.cursors})
            return
        self.cursors[frame["a"]] = frame["n"]
        self.events.append(frame)
        self.seen.append((frame["a"], frame["n"]))
        self.on_event(frame)

    async def _flush(self, ref: str) -> None:
        socket, frame = self._socket, self.outbox.get(ref)
        if socket is not None and not socket.closed and frame is not None:
            try:
                await socket.send_json(frame)
            except (ConnectionError, aiohttp.ClientError):
                pass

    async def _flush_all(self) -> None:
        for ref in list(self.outbox):
            await self._flush(ref)


async def ready_agent(url: str, username: str, password: str, *, answer: Callable[[str], str] | None = None) -> Agent:
    """An agent who is available, accepts every offer, and answers every customer's message if told what to say."""
    agent = Agent(url, username, password)
    said: set[str] = set()

    def act(conversation_sid: str, message: dict[str, Any]) -> None:
        if answer is None or message["direction"] != "inbound" or message["sid"] in said:
            return
        said.add(message["sid"])
        agent.send("message.post", conversation=conversation_sid, body=answer(message["body"]))

    def accept(reservation: dict[str, Any]) -> None:
        if reservation["reservation_status"] == "pending":
            agent.send("reservation.accept", reservation=reservation["sid"])

    def joined(conversation_sid: str) -> None:
        asyncio.ensure_future(_catch_up(agent, conversation_sid, act))

    def welcome(frame: dict[str, Any]) -> None:
        snapshot = frame["snapshot"]
        if snapshot is not None:
            for reservation in snapshot["reservations"]:
                accept(reservation)
            for message in snapshot["messages"]:
                act(message["conversation_sid"], message)

    def event(frame: dict[str, Any]) -> None:
        data = frame["data"]
        if frame["type"] == "reservation.created":
            accept(data)
        elif frame["type"] == "message.added":
            act(data["conversation_sid"], data)
        elif frame["type"] == "participant.added":
            joined(data["conversation"]["sid"])
        elif frame["type"] == "worker.activity.update" and not data["available"]:
            agent.send("activity.set", activity=available())

    def available() -> str:
        return next(row["sid"] for row in agent.snapshot["activities"] if row["friendly_name"] == "Available")

    agent.on_event, agent.on_welcome = event, welcome
    await agent.start()
    await agent.ask("activity.set", activity=available())
    return agent


async def _catch_up(agent: Agent, conversation_sid: str, act: Callable[[str, dict[str, Any]], None]) -> None:
    """Read what was said before this agent joined, as the screen does, until the server answers."""
    assert agent._session is not None
    while True:
        try:
            async with agent._session.get(f"{agent.url}/desk/conversations/{conversation_sid}/messages") as page:
                if page.status == 200:
                    for message in (await page.json())["messages"]:
                        act(conversation_sid, message)
                    return
        except (aiohttp.ClientError, OSError):
            pass
        await asyncio.sleep(0.1)
