"""A WebSocket backend: says again what it hears, and ends as the path asks for.

Usage: echo.py PORT FOLDER, of which it needs nothing.
"""

import asyncio
import http
import json
import sys
import urllib.parse

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

# How connections ended, by the name that the client gave them.
ENDS = {}
PATIENCE = 10


async def talk(ws):
    what, *more = [urllib.parse.unquote(part) for part in ws.request.path.split("/")[1:]]
    await globals().get("on_" + what, on_)(ws, *more)


async def on_(ws):
    async for message in ws:
        await ws.send(message)


async def on_close(ws, code, reason):
    await ws.recv()
    await ws.close(int(code), reason)


async def on_abort(ws):
    await ws.recv()
    ws.transport.abort()


async def on_ping(ws):
    await (await ws.ping(b"are you there?"))
    await ws.send("it is")


async def on_push(ws):
    for n in range(100):
        await ws.send("x" * n * n)


async def on_fields(ws):
    fields = sorted((name.lower(), value) for name, value in ws.request.headers.raw_items())
    await ws.send(json.dumps(fields))


async def on_named(ws, name):
    """Echoes, and keeps how it ended."""
    ends = ENDS.setdefault(name, asyncio.get_running_loop().create_future())
    count = 0
    try:
        while True:
            await ws.send(await ws.recv())
            count += 1
    except ConnectionClosed:
        ends.set_result([count, ws.close_code, ws.close_reason])


async def on_end(ws, name):
    """Tells how that one ended."""
    ends = ENDS.setdefault(name, asyncio.get_running_loop().create_future())
    await ws.send(json.dumps(await asyncio.wait_for(ends, PATIENCE)))


def answer(ws, request):
    if request.path == "/deny":
        return ws.respond(http.HTTPStatus.FORBIDDEN, "not you\n")


def choose(ws, offered):
    return "echo.v1" if "echo.v1" in offered else None


async def main():
    settings = {"max_size": None, "ping_interval": None, "backlog": 1000}
    settings |= {"process_request": answer, "select_subprotocol": choose}
    async with serve(talk, "127.0.0.1", int(sys.argv[1]), **settings) as server:
        await server.serve_forever()


asyncio.run(main())
