"""A WebSocket backend for the cases of the Autobahn suite.

Says each message again before it reads on, so that what a case comes to is no matter of how its
bytes fall into reads: a server that reads ahead answers a message or not, by chance, when the
frame behind it is wrong.

Usage: autobahn_echo.py PORT FOLDER, of which it needs nothing.
"""

import asyncio
import sys

from autobahn.asyncio.websocket import WebSocketServerFactory, WebSocketServerProtocol
from autobahn.websocket.compress import PerMessageDeflateOffer, PerMessageDeflateOfferAccept


class Echo(WebSocketServerProtocol):
    def onMessage(self, payload, isBinary):
        self.sendMessage(payload, isBinary)


def compress(offers):
    for offer in offers:
        if isinstance(offer, PerMessageDeflateOffer):
            return PerMessageDeflateOfferAccept(offer)


async def main():
    factory = WebSocketServerFactory()
    factory.protocol = Echo
    # The suite wants closing frames before the end.
    factory.setProtocolOptions(failByDrop=False, perMessageCompressionAccept=compress)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(factory, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


asyncio.run(main())
