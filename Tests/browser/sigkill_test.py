"""Kills the real binary (SIGKILL) three times while 30 connections send, and then asks what became of every message.

usage: sigkill_test.py [binary]

What must hold: every acknowledged message is in history exactly once, under the number that was acknowledged, with the body
that was sent; nothing else is there; numbers run from 1 without a hole; what one connection sent stays in order; and what
every client holds after all its resumes equals what the server says. The client here is written from the protocol alone.
"""

import asyncio
import collections
import json
import pathlib
import random
import sys
import tempfile
import time
import urllib.request

from node import Node, binary_from
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

CLIENTS, CONVERSATIONS, KILLS, SECONDS, WINDOW = 30, 6, 3, 2.0, 4
PASSWORD = "a long enough pass phrase"
LIMITS = [f"{name}=0" for name in (
    "messagesPerSecond", "commandsPerSecond", "connectionsPerAddress", "handshakesPerSecondPerAddress",
    "signInsPerMinutePerAddress", "accountsPerHourPerAddress",
)]


def http(method, url, token=None, body=None):
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = json.dumps(body).encode() if body is not None else None
    with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=30) as answer:
        return json.load(answer)


class Refused(Exception):
    pass


class Connection:
    """Commands and replies on one WebSocket. What a reply changes is changed before the next frame is looked at."""

    def __init__(self, socket, event):
        self.socket, self.event, self.waiting, self.next = socket, event, {}, 1

    async def listen(self):
        try:
            async for text in self.socket:
                frame = json.loads(text)
                if "re" not in frame:
                    self.event(self, frame)
                    continue
                future, then = self.waiting.pop(frame["re"])
                if "error" in frame:
                    future.set_exception(Refused(frame["error"]["code"]))
                    continue
                try:
                    future.set_result(then(frame["ok"]))
                except AssertionError as broken:
                    future.set_exception(broken)
        finally:
            for future, _ in self.waiting.values():
                future.set_exception(ConnectionClosed(None, None))
                future.exception()  # Who waited no longer is no error.
        raise ConnectionClosed(None, None)

    async def call(self, command, then=lambda ok: ok, **fields):
        number, self.next = self.next, self.next + 1
        future = asyncio.get_running_loop().create_future()
        self.waiting[number] = (future, then)
        await self.socket.send(json.dumps({"id": number, "do": command} | fields))
        return await future


class Client:
    """One user on one connection: rows and positions by the rules of section 3, and an outbox."""

    def __init__(self, number, node):
        self.number, self.node = number, node
        fields = {"email": f"u{number}@example.org", "handle": f"user{number}", "name": f"User {number}", "password": PASSWORD}
        answer = http("POST", f"{node.url}/v1/accounts", body=fields)
        self.user, self.token = answer["user"]["id"], answer["session"]["accessToken"]
        self.epoch = self.own = self.connection = None
        self.rows = collections.defaultdict(dict)  # conversation → seq → message
        self.positions = {}
        self.heard = collections.defaultdict(list)
        self.paging = set()
        self.outbox = collections.OrderedDict()  # nonce → (conversation, body)
        self.acknowledged = {}  # nonce → (conversation, seq, body)
        self.written = self.connections = self.resent = 0
        self.task = asyncio.create_task(self.live())

    async def live(self):
        """Connects, resumes and sends what has no answer yet; again and again."""
        url = self.node.url.replace("http", "ws") + "/v1/ws"
        options = {"subprotocols": ["vibetalk.v1"], "compression": None, "max_size": 2**20, "open_timeout": 5}
        while True:
            tasks = []
            try:
                async with connect(url, **options) as socket:
                    self.connection = Connection(socket, self.event)
                    tasks.append(asyncio.create_task(self.connection.listen()))
                    await self.hello(self.connection)
                    self.connections += 1
                    tasks.append(asyncio.create_task(self.sending(self.connection)))
                    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                    for task in done:
                        task.result()
            except (OSError, ConnectionClosed, InvalidHandshake, InvalidMessage, TimeoutError):
                await asyncio.sleep(random.uniform(0.05, 0.3))  # Backoff with jitter, short because this is a test.
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                self.paging.clear()
                self.heard.clear()

    async def hello(self, connection):
        behind = []
        resume = {"epoch": self.epoch, "own": self.own, "resume": dict(self.positions)} if self.epoch else {}

        def welcome(ok):
            assert self.epoch in (None, ok["epoch"]), "the epoch changed"
            assert "more" not in ok and not ok.get("gone"), ok
            self.epoch, self.own = ok["epoch"], ok["own"]
            for page in ok.get("changes", []):
                self.take(page)
            for conversation, head, *_ in ok["index"]:
                position = self.positions.setdefault(conversation, 0)
                assert position <= head, f"the server lost changes: position {position}, head {head}"
                if position < head:
                    self.paging.add(conversation)
                    behind.append(conversation)

        await connection.call("hello", welcome, token=self.token, **resume)
        for conversation in behind:
            await self.sync(connection, conversation)

    def event(self, connection, frame):
        if frame["event"] == "joined":
            self.positions.setdefault(frame["row"]["id"], 0)
            return
        if not {"conversation", "after", "rev"} <= frame.keys():
            assert frame["event"] not in ("behind", "left"), frame
            return
        conversation, after, rev = frame["conversation"], frame["after"], frame["rev"]
        position = self.positions.setdefault(conversation, 0)
        if conversation in self.paging or after > position:
            self.apply(conversation, frame)
            self.heard[conversation].append((after, rev))
            if conversation not in self.paging:
                self.paging.add(conversation)
                self.repairing = asyncio.create_task(self.repair(connection, conversation))
        elif rev > position:
            self.apply(conversation, frame)
            self.positions[conversation] = rev

    def apply(self, conversation, frame):
        messages = [frame["message"]] if frame.get("event") == "message" else frame.get("messages", [])
        for message in messages:
            known = self.rows[conversation].get(message["seq"])
            if not known or message["rev"] > known["rev"]:
                self.rows[conversation][message["seq"]] = message

    def take(self, page):
        assert not page.get("reset"), "the server lost changes"
        self.apply(page["conversation"], page)
        self.positions[page["conversation"]] = max(self.positions.get(page["conversation"], 0), page["upTo"])
        return page

    async def repair(self, connection, conversation):
        try:
            await self.sync(connection, conversation)
        except ConnectionClosed:
            pass  # The next hello repairs it.

    async def sync(self, connection, conversation):
        more = True
        while more:
            since = self.positions[conversation]
            page = await connection.call("sync", self.take, conversation=conversation, since=since, limit=200)
            more = page.get("more")
        self.paging.discard(conversation)
        for after, rev in sorted(self.heard.pop(conversation, [])):
            if after > self.positions[conversation]:
                self.paging.add(conversation)
                return await self.sync(connection, conversation)
            self.positions[conversation] = max(self.positions[conversation], rev)

    def write(self, conversation):
        self.written += 1
        nonce = f"{self.number}-{self.written}"
        self.outbox[nonce] = (conversation, f"{nonce} " + "x" * random.choice((1, 60, 400)))

    async def sending(self, connection):
        """Keeps a few sends under way; what was not answered by the former connection goes first, in its order."""
        started, flying = set(), set()
        self.resent += len(self.outbox)
        while True:
            for nonce in self.outbox:
                if len(flying) >= WINDOW:
                    break
                if nonce not in started:
                    started.add(nonce)
                    flying.add(asyncio.create_task(self.send(connection, nonce)))
            if not flying:
                await asyncio.sleep(0.01)
                continue
            done, flying = await asyncio.wait(flying, timeout=0.05, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()

    async def send(self, connection, nonce):
        conversation, body = self.outbox[nonce]

        def acknowledge(ok):
            self.acknowledged[nonce] = (conversation, ok["seq"], body)
            del self.outbox[nonce]

        try:
            await connection.call("send", acknowledge, conversation=conversation, nonce=nonce, body=body)
        except ConnectionClosed:
            pass  # Sent again, in order, by the next connection.
        except Refused as refusal:
            assert str(refusal) in ("unknown", "unavailable"), f"send was refused: {refusal}"
            await connection.socket.close()  # The same.


async def until(clients, condition, text, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        for client in clients:
            if client.task.done():
                client.task.result()  # It only ever ends by an error.
        assert time.monotonic() < deadline, f"not within {seconds} s: {text}"
        await asyncio.sleep(0.05)


async def gather(clients):
    """Six groups of ten; the first client makes them all, and each client is in two."""
    conversations = {}
    for number in range(CONVERSATIONS):
        members = [client for client in clients if client.number % (CONVERSATIONS // 2) == number % (CONVERSATIONS // 2)]
        answer = await clients[0].connection.call(
            "create", kind="group", name=f"Group {number}", members=[each.user for each in members], nonce=f"g{number}")
        conversations[answer["conversation"]["id"]] = members
    for conversation, members in conversations.items():
        await until(clients, lambda: all(conversation in each.positions for each in members), "everybody learns of the groups")
    return conversations


async def write_for(seconds, conversations):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for conversation, members in conversations.items():
            for client in members:
                if len(client.outbox) < 2 * WINDOW:
                    client.write(conversation)
        await asyncio.sleep(0.005)


def history(node, token, conversation):
    messages, more = [], True
    while more:
        after = messages[-1]["seq"] if messages else 0
        url = f"{node.url}/v1/conversations/{conversation}/messages?after={after}&limit=200"
        page = http("GET", url, token)["messages"]
        messages += page
        more = len(page) > 0
    return messages


def judge(node, clients, conversations):
    """The promises, one by one; returns how many messages there are."""
    sent = {nonce: (client, *facts) for client in clients for nonce, facts in client.acknowledged.items()}
    stored = {}
    for conversation, members in conversations.items():
        messages = history(node, members[0].token, conversation)
        assert [each["seq"] for each in messages] == list(range(1, len(messages) + 1)), "numbers have a hole"
        latest = collections.defaultdict(int)
        for message in messages:
            nonce = message["nonce"]
            assert nonce in sent, f"{nonce} is in history, but was never acknowledged"
            assert nonce not in stored, f"{nonce} is in history twice"
            client, where, seq, body = sent[nonce]
            stored[nonce] = message
            assert (where, seq, body, client.user) == (conversation, message["seq"], message["body"], message["sender"]), nonce
            count = int(nonce.split("-")[1])
            assert count > latest[client.number], f"{nonce} came after a later message of the same sender"
            latest[client.number] = count
        fields = ("seq", "rev", "sender", "nonce", "body", "sentAt")
        truth = [[message[field] for field in fields] for message in messages]
        for client in members:
            held = [[row[field] for field in fields] for _, row in sorted(client.rows[conversation].items())]
            assert held == truth, f"client {client.number} holds {len(held)} rows of {conversation}, the server {len(truth)}"
    missing = sent.keys() - stored.keys()
    assert not missing, f"{len(missing)} acknowledged messages are lost: {sorted(missing)[:5]}"
    return len(stored)


async def run(binary, folder):
    node = Node(binary, pathlib.Path(folder) / "data", LIMITS).start()
    clients = []
    try:
        for number in range(CLIENTS):
            clients.append(Client(number, node))
            await asyncio.sleep(0)  # Those who are here already connect meanwhile.
        await until(clients, lambda: all(client.connections for client in clients), "everybody is connected")
        conversations = await gather(clients)
        for kill in range(1, KILLS + 1):
            before = sum(len(client.acknowledged) for client in clients)
            await write_for(SECONDS, conversations)
            open_sends = sum(len(client.outbox) for client in clients)
            node.kill()
            acknowledged = sum(len(client.acknowledged) for client in clients) - before
            print(f"  kill {kill}: {acknowledged} acknowledged in {SECONDS} s, {open_sends} without an answer", flush=True)
            assert acknowledged >= 100 and open_sends > 0, "too little was going on for this to show anything"
            node.start()
            await until(clients, lambda: all(client.connections > kill for client in clients), "everybody is connected again")
        await until(clients, lambda: not any(client.outbox for client in clients), "every send is answered")
        for conversation, members in conversations.items():
            answer = http("GET", f"{node.url}/v1/conversations/{conversation}", members[0].token)
            head = answer["head"]
            await until(
                clients,
                lambda: all(each.positions[conversation] == head for each in members),
                f"everybody arrives at the head of {conversation}")
        count = await asyncio.to_thread(judge, node, clients, conversations)
        resent = sum(client.resent for client in clients)
        print(f"  {count} messages in {len(conversations)} conversations, {resent} sent again after a kill", flush=True)
        assert resent > 0, "no send was interrupted, so nothing was shown"
        for client in clients:
            client.task.cancel()
        await asyncio.gather(*(client.task for client in clients), return_exceptions=True)
        await asyncio.to_thread(node.stop)
    finally:
        node.kill()
    print("sigkill: passed")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        asyncio.run(run(binary_from(sys.argv), temporary))
