"""Reads HTTP/1.1 with h11 or llhttp: a line of JSON in, a line of JSON out.

In:  bytes (hex), closed (the connection ended behind them), methods (of the requests that
     answers are to, in order; null when the bytes are requests).
Out: messages (word, target, host, body as hex, whole), end (clean, partial, refused, stopped)
     and why.

Each message gets a fresh parser, so that what one says of a message depends on it alone.
"""

import json
import re
import sys

TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ ")


class Refused(Exception):
    """The parser calls the bytes wrong."""


class Stopped(Exception):
    """The parser goes no further without calling anything wrong."""


def message():
    return {"word": "", "target": "", "host": [], "body": bytearray(), "whole": False}


def read(parse, data, closed, methods):
    """All messages of the bytes. `parse` reads one and says what is left and whether it closes."""
    found = []
    asked = list(methods or [])
    while data:
        if methods is not None and not asked:
            return found, "stopped", "surplus"
        one = message()
        try:
            rest, closes = parse(one, data, closed, asked[0] if methods is not None else None)
        except Refused as error:
            return found + ([one] if one["word"] else []), "refused", str(error)
        except Stopped as error:
            return found, "stopped", str(error)
        if one["word"]:
            found.append(one)
        if not one["whole"]:
            return found, "partial", ""
        interim = methods is not None and one["word"].startswith("1")
        if closes and not interim and rest:
            return found, "stopped", "closed"
        if methods is not None and not interim:
            asked.pop(0)
        data = rest
    return found, "clean", ""


def h11_judge():
    import h11

    most = 1 << 20

    def connection(method):
        if method is None:
            return h11.Connection(h11.SERVER, max_incomplete_event_size=most)
        client = h11.Connection(h11.CLIENT, max_incomplete_event_size=most)
        client.send(h11.Request(method=method, target="/", headers=[("Host", "site.test")]))
        client.send(h11.EndOfMessage())
        return client

    def head(one, event):
        if isinstance(event, h11.Request):
            one["word"], one["target"] = event.method.decode("latin-1"), event.target.decode("latin-1")
        else:
            one["word"] = str(event.status_code)
        one["host"] = [value for name, value in event.headers if name == b"host"]

    def parse(one, data, closed, method):
        conn = connection(method)
        conn.receive_data(data)
        ended = False
        while True:
            try:
                event = conn.next_event()
            except h11.RemoteProtocolError as error:
                # Of bytes that simply end it complains too.
                if ended:
                    return b"", False
                raise Refused(str(error)) from error
            if event is h11.NEED_DATA:
                if not closed or ended:
                    return b"", False
                ended = True
                conn.receive_data(b"")
            elif event is h11.PAUSED:
                raise Stopped("switched")
            elif isinstance(event, h11.InformationalResponse):
                # A message of its own; the rest goes to a fresh connection.
                head(one, event)
                one["whole"] = True
                if event.status_code == 101:
                    raise Stopped("switched")
                return conn.trailing_data[0], False
            elif isinstance(event, (h11.Request, h11.Response)):
                head(one, event)
            elif isinstance(event, h11.Data):
                one["body"] += event.data
            elif isinstance(event, h11.EndOfMessage):
                one["whole"] = True
                # A switch that was asked for is not one that happened.
                goes_on = (h11.DONE, h11.MIGHT_SWITCH_PROTOCOL)
                return conn.trailing_data[0], conn.their_state not in goes_on
            else:
                return b"", False

    return parse


def llhttp_judge():
    import llhttp

    class Listener:
        def start(self, one, bodiless):
            self.one, self.bodiless, self.name = one, bodiless, b""
            self.fields, self.done, self.closes, self.switches = [], False, False, False
            self.value, self.url, self.ending = b"", b"", False

        def on_url(self, part):
            self.url += bytes(part)

        def on_header_field(self, part):
            self.name += bytes(part)

        def on_header_value(self, part):
            self.value += bytes(part)

        def on_header_value_complete(self):
            self.fields.append((self.name, self.value))
            self.name, self.value = b"", b""

        def on_headers_complete(self):
            one = self.one
            one["word"] = self.word()
            one["target"] = self.url.decode("latin-1")
            one["host"] = [v.rstrip(b" \t") for n, v in self.fields if n.lower() == b"host"]
            if self.bodiless:
                # The binding has no way to say "skip the body": the message ends here, and that
                # a length is missing does not matter.
                self.on_message_complete()
                self.closes = not self.persists()

        def persists(self):
            options = b",".join(v for n, v in self.fields if n.lower() == b"connection").lower()
            options = [option.strip() for option in options.split(b",")]
            return b"close" not in options and (self.minor == 1 or b"keep-alive" in options)

        def on_body(self, part):
            self.one["body"] += bytes(part)

        def on_message_complete(self):
            if not self.done:
                self.done, self.closes = True, not self.should_keep_alive
                if not self.ending:
                    self.pause()

    class Request(Listener, llhttp.Request):
        def word(self):
            return str(self.method)

    class Response(Listener, llhttp.Response):
        def word(self):
            return str(self.status)

    def parse(one, data, closed, method):
        parser = Request() if method is None else Response()
        parser.start(one, method == "HEAD")
        try:
            used = parser.execute(data)
            if closed and not parser.done:
                parser.ending = True
                parser.finish()
        except llhttp.InvalidEofStateError:
            return b"", False
        except llhttp.InvalidMethodError as error:
            if TOKEN.match(data):
                raise Stopped("a method not in its list") from error
            raise Refused(str(error)) from error
        except llhttp.Error as error:
            raise Refused(str(error)) from error
        one["whole"] = parser.done
        return data[used:] if parser.done else b"", parser.closes

    return parse


def main():
    parse = {"h11": h11_judge, "llhttp": llhttp_judge}[sys.argv[1]]()
    print("ready", flush=True)
    for line in sys.stdin:
        ask = json.loads(line)
        data = bytes.fromhex(ask["bytes"])
        messages, end, why = read(parse, data, ask["closed"], ask["methods"])
        for one in messages:
            one["body"] = one["body"].hex()
            one["host"] = b", ".join(one["host"]).decode("latin-1")
        print(json.dumps({"messages": messages, "end": end, "why": why}), flush=True)

if __name__ == "__main__":
    main()
