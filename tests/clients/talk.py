"""A WebSocket client: what it saw of each case, as JSON.

Usage: talk.py HOST:PORT
"""

import asyncio
import hashlib
import json
import sys
import uuid

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

AT = "ws://" + sys.argv[1]
SIZES = [0, 1, 125, 126, 127, 1000, 65535, 65536, 65537, 1 << 20]
CROWD = 100
CLOSED_BY_THE_CLIENT = [(1000, ""), (1001, "away"), (1011, "ill"), (3000, "ü" * 61), (4999, "own")]
CLOSED_BY_THE_BACKEND = [(1000, ""), (1001, "away"), (1013, "later"), (4000, "own")]
# Of one answer or one hop.
NOT_COMPARED = {"connection", "date", "via"}
REPLACED = {"forwarded", "sec-websocket-key", "via", "x-real-ip"}
PATIENCE = 20


def open(path="/", **settings):
    return connect(AT + path, max_size=None, ping_interval=None, open_timeout=PATIENCE, **settings)


def noise(size):
    return hashlib.shake_128(str(size).encode()).digest(size)


async def handshake():
    async with open(subprotocols=["echo.v1", "other"]) as ws:
        fields = [f for f in ws.response.headers.raw_items() if f[0].lower() not in NOT_COMPARED]
        fields = [f for f in fields if f[0].lower() != "sec-websocket-accept"]
        extensions = [extension.name for extension in ws.protocol.extensions]
        return [ws.response.status_code, ws.subprotocol, extensions, sorted(fields)]


async def fields_arrive():
    async with open("/fields", additional_headers={"X-Odd": "a,b", "Cookie": "a=1"}) as ws:
        fields = json.loads(await ws.recv())
        arrived = [f for f in fields if f[0] not in REPLACED and "x-forwarded" not in f[0]]
        # The connection's options are those of the last hop, in its own spelling.
        return [[name, value.lower()] for name, value in arrived]


async def denied():
    try:
        async with open("/deny"):
            return "open"
    except InvalidStatus as refused:
        return [refused.response.status_code, refused.response.body.decode()]


async def echoes(**settings):
    same = 0
    async with open(**settings) as ws:
        for size in SIZES:
            for message in (noise(size), noise(size).hex()):
                await ws.send(message)
                same += await ws.recv() == message
    return [same, ws.close_code, ws.close_reason]


async def not_compressed():
    return await echoes(compression=None)


async def fragments():
    async with open() as ws:
        await ws.send([str(n) * n for n in range(200)])
        return len(await ws.recv())


async def pings():
    async with open() as ws:
        for n in range(20):
            await (await ws.ping(b"x" * n * 6))
        await ws.send("still")
        return await ws.recv()


async def ping_by_the_backend():
    async with open("/ping") as ws:
        return await ws.recv()


async def pushed():
    async with open("/push") as ws:
        sizes = [len(message) async for message in ws]
    return [len(sizes), sum(sizes), ws.close_code]


async def named(end):
    """What the backend says of a connection's end."""
    name = str(uuid.uuid4())
    async with open("/named/" + name) as ws:
        await ws.send("hello")
        await ws.recv()
        await end(ws)
    async with open("/end/" + name) as ws:
        return json.loads(await ws.recv())


async def closed_by_the_client():
    ends = CLOSED_BY_THE_CLIENT
    return [await named(lambda ws: ws.close(code, reason)) for code, reason in ends]


async def client_lost():
    async def lose(ws):
        ws.transport.abort()

    return await named(lose)


async def closed_by_the_backend():
    ends = []
    for code, reason in CLOSED_BY_THE_BACKEND:
        async with open(f"/close/{code}/{reason}") as ws:
            ends.append(await until_the_end(ws))
    return ends


async def backend_lost():
    async with open("/abort") as ws:
        return await until_the_end(ws)


async def until_the_end(ws):
    await ws.send("now")
    try:
        return await ws.recv()
    except ConnectionClosed:
        return [ws.close_code, ws.close_reason]


async def too_much_for_the_client():
    async with connect(AT + "/push", max_size=1000, ping_interval=None, close_timeout=1) as ws:
        try:
            async for _ in ws:
                pass
        except ConnectionClosed:
            return ws.close_code


async def one_of_a_crowd(n, all_open):
    async with open(compression=None) as ws:
        await all_open.wait()
        same = 0
        for size in SIZES[n % 2 :] + [n]:
            message = noise(size)
            await ws.send(message)
            same += await ws.recv() == message
        await (await ws.ping())
    return [same, len(SIZES[n % 2 :]) + 1, ws.close_code]


async def crowd():
    all_open = asyncio.Barrier(CROWD)
    ends = await asyncio.gather(*(one_of_a_crowd(n, all_open) for n in range(CROWD)))
    same, sent = sum(end[0] for end in ends), sum(end[1] for end in ends)
    return [len(ends), same, sent, sorted({end[2] for end in ends})]


# What each must come to, whichever way it goes; None where that is only compared.
CASES = {
    handshake: None,
    fields_arrive: None,
    denied: [403, "not you\n"],
    echoes: [2 * len(SIZES), 1000, ""],
    not_compressed: [2 * len(SIZES), 1000, ""],
    fragments: sum(len(str(n)) * n for n in range(200)),
    pings: "still",
    ping_by_the_backend: "it is",
    pushed: [100, sum(n * n for n in range(100)), 1000],
    closed_by_the_client: [[1, code, reason] for code, reason in CLOSED_BY_THE_CLIENT],
    client_lost: [1, 1006, ""],
    closed_by_the_backend: [[code, reason] for code, reason in CLOSED_BY_THE_BACKEND],
    backend_lost: [1006, ""],
    too_much_for_the_client: 1006,
    crowd: [CROWD, CROWD * 21 // 2, CROWD * 21 // 2, [1000]],
}


async def main():
    seen = {}
    for case, expected in CASES.items():
        try:
            came = await asyncio.wait_for(case(), 3 * PATIENCE)
            right = expected is None or came == expected
            seen[case.__name__] = came if right else f"failed: {came} instead of {expected}"
        except Exception as error:
            seen[case.__name__] = f"failed: {error!r}"
    print(json.dumps(seen))


asyncio.run(main())
