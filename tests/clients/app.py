"""An application for real clients to talk to: what static files can't show of HTTP/1.1.

Usage: app.py PORT FOLDER. Serves the folder's files too, so that pages can call it.
"""

import functools
import hashlib
import http.server
import json
import sys
import threading
import urllib.parse

# What the last hop writes anew: everything else must arrive as it was sent.
OF_THE_HOP = {"connection", "keep-alive", "te", "transfer-encoding", "upgrade", "expect", "via"}
OF_THE_HOP |= {"forwarded", "x-real-ip"}
PATIENCE = 10
PIECES = 5


class Received:
    """Which pieces of which stream the client says it has."""

    def __init__(self):
        self.changed, self.pieces = threading.Condition(), set()

    def add(self, piece):
        with self.changed:
            self.pieces.add(piece)
            self.changed.notify_all()

    def wait(self, piece):
        with self.changed:
            return self.changed.wait_for(lambda: piece in self.pieces, PATIENCE)


RECEIVED = Received()


class App(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.url = urllib.parse.urlsplit(self.path)
        self.query = dict(urllib.parse.parse_qsl(self.url.query))
        answer = getattr(self, "get_" + self.url.path.strip("/"), None)
        answer() if answer else super().do_GET()

    def do_POST(self):
        if self.path == "/refuse":
            self.refuse()
        body, trailers = self.body()
        if self.path == "/refuse":
            return
        # Each client has its own between the parts of a form.
        if boundary := self.headers.get_boundary():
            body = body.replace(boundary.encode(), b"")
        told = {"method": self.command, "path": self.path, "bytes": len(body)}
        told |= {"sha256": hashlib.sha256(body).hexdigest(), "trailers": trailers}
        self.whole(200, json.dumps(told))

    do_DELETE = do_OPTIONS = do_PATCH = do_PUT = do_POST

    def handle_expect_100(self):
        if self.path != "/refuse":
            return super().handle_expect_100()
        self.refuse()
        return False

    def refuse(self):
        self.close_connection = True
        self.whole(403, "refused\n", {"Connection": "close"})

    # Answers, one a path.

    def get_fields(self):
        fields = sorted((name.lower(), value) for name, value in self.headers.items())
        told = [field for field in fields if is_end_to_end(field[0])]
        self.whole(200, json.dumps(told))

    def get_hints(self):
        for page in ("early.css", "late.css"):
            self.send_response_only(103)
            self.send_header("Link", f"</{page}>; rel=preload; as=style")
            self.end_headers()
        self.whole(200, "hinted\n")

    def get_away(self):
        self.whole(302, "", {"Location": f"http://{self.headers['Host']}/fields"})

    def get_cookies(self):
        self.send_response(200)
        for cookie in ("a=1; Path=/", "b=2; HttpOnly", "c=3; SameSite=Lax"):
            self.send_header("Set-Cookie", cookie)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def get_nothing(self):
        self.send_response(204)
        self.end_headers()

    def get_status(self):
        self.whole(int(self.query["code"]), "as asked\n")

    def get_trailers(self):
        self.chunked({"Trailer": "Digest-Of-It"})
        self.piece("with trailers\n")
        self.wfile.write(b"0\r\nDigest-Of-It: abc\r\n\r\n")

    def get_close(self):
        """Ends with the connection."""
        self.close_connection = True
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"to the end\n" * 10_000)

    def get_ancient(self):
        """HTTP/0.9: no head."""
        self.close_connection = True
        self.wfile.write(b"bare words\n")

    def get_cut(self):
        """Says more than it sends."""
        self.close_connection = True
        promised = int(self.query["bytes"])
        self.send_response(200)
        self.send_header("Content-Length", str(promised))
        self.end_headers()
        self.wfile.write(b"x" * (promised // 2))

    def get_cut_chunks(self):
        self.close_connection = True
        self.chunked({})
        self.piece("x" * 100_000)

    # Streams: a piece goes out when the client has told that it has the one before, so that
    # whoever holds pieces back brings it all to a stop.

    def get_pieces(self):
        self.chunked({"Content-Type": "application/octet-stream"})
        self.stream(lambda n: f"piece {n}\n")

    def get_events(self):
        self.chunked({"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        self.stream(lambda n: f"id: {n}\ndata: event {n}\n\n")

    def stream(self, text):
        for n in range(PIECES):
            self.piece(text(n))
            if not RECEIVED.wait((self.query["stream"], n)):
                self.close_connection = True
                return
        self.wfile.write(b"0\r\n\r\n")

    def get_have(self):
        RECEIVED.add((self.query["stream"], int(self.query["piece"])))
        self.whole(200, "")

    # Writing and reading.

    def whole(self, status, text, fields={}):
        body = text.encode()
        self.send_response(status)
        self.fields({"Content-Type": "text/plain", "Content-Length": str(len(body))} | fields)
        if self.command != "HEAD":
            self.wfile.write(body)

    def chunked(self, fields):
        self.send_response(200)
        self.fields({"Transfer-Encoding": "chunked"} | fields)

    def fields(self, fields):
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()

    def piece(self, text):
        data = text.encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return self.chunks()
        return self.rfile.read(int(self.headers.get("Content-Length", 0))), []

    def chunks(self):
        body = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body.append(self.rfile.read(size))
            self.rfile.readline()
        trailers = []
        while line := self.rfile.readline().strip():
            trailers.append(line.decode())
        return b"".join(body), trailers

    def version_string(self):
        return "app"

    def log_message(self, *_):
        pass


def is_end_to_end(name):
    return name not in OF_THE_HOP and not name.startswith("x-forwarded-")


port, folder = int(sys.argv[1]), sys.argv[2]
handler = functools.partial(App, directory=folder)
http.server.ThreadingHTTPServer(("127.0.0.1", port), handler).serve_forever()
