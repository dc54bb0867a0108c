"""A way to the simulator that plays tricks on answers.

passage.py PORT TRICK [ARGUMENT...]    hands requests on to 127.0.0.1:PORT and prints its own port

  duplicate P    with probability P an answer is sent twice
  late P         with probability P the answer of an earlier request is sent instead
  html P         with probability P a page of HTML with status 200 is sent instead
  gone N S       after N requests all connections end and none is taken for S seconds
  tls C K N M TROUBLE [C2 K2]
                 TLS with certificate C and key K; the answer to change N is kept back and all
                 connections end without a word; the next M connections meet the trouble, and those
                 after them none. TROUBLE is one of
    certificate  TLS with certificate C2 and key K2
    reset        the handshake is met with a reset
    silent       the handshake is met with the end of the connection
    garbage      the handshake is met with bytes that are no TLS
    alert        the handshake ends with an alert: no protocol in common
    unclosed     of the next M requests: carried out, and the connection ends before or within
                 the answer, without a closing alert

Also a module: `Passage` calls back before a request is handed on and before its answer is.
"""

import random
import socket
import ssl
import struct
import sys
import threading
import time


def whole_message(stream):
    """The bytes of one request or answer; empty at the end."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        if not line:
            return b""
        head += line
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    body = stream.read(length) if length else b""
    return head + body if len(body) == length else b""


def operation_of(request):
    for line in request.split(b"\r\n"):
        if line.lower().startswith(b"x-amz-target:"):
            return line.rpartition(b".")[2].decode()
    return "STS"


class Cut(bytes):
    """The beginning of an answer, after which the connection ends."""


class Passage:
    """`before(operation)` and `after(operation, answer)`; the latter tells what to send, None to hang up."""

    def __init__(self, port, before=None, after=None, welcome=None):
        """`welcome` takes a new connection and gives it back, under TLS perhaps."""
        self.target = port
        self.before = before or (lambda operation: None)
        self.after = after or (lambda operation, answer: answer)
        self.welcome = welcome or (lambda client: client)
        self.lock = threading.Lock()
        self.clients = set()
        self.listen(0)

    def listen(self, port):
        self.listener = socket.create_server(("127.0.0.1", port), backlog=256)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def hang_up(self):
        """Ends the listener and every connection."""
        # A thread that waits in accept() would keep the socket open.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.drop()

    def drop(self):
        with self.lock:
            clients, self.clients = self.clients, set()
        for client in clients:
            try:
                client.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        try:
            client = self.welcome(client)
            with client, socket.create_connection(("127.0.0.1", self.target)) as server:
                with self.lock:
                    self.clients.add(client)
                asked, told = client.makefile("rb"), server.makefile("rb")
                while request := whole_message(asked):
                    operation = operation_of(request)
                    self.before(operation)
                    server.sendall(request)
                    answer = whole_message(told)
                    if not answer:
                        return
                    changed = self.after(operation, answer)
                    if changed is None:
                        return
                    client.sendall(changed)
                    if isinstance(changed, Cut):
                        return
        # What reads from a connection that another thread ends may say so with a ValueError.
        except (OSError, ValueError):
            pass
        finally:
            with self.lock:
                self.clients.discard(client)


PAGE = b"<html><body><h1>Welcome to the hotel</h1></body></html>"
HTML = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (
    len(PAGE),
    PAGE,
)


def tls(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


class Troubled:
    """TLS that fails for a while."""

    def __init__(self, passage, certificate, key, number, connections, trouble, *other):
        self.passage = passage
        self.good = tls(certificate, key)
        self.other = tls(*other) if other else None
        self.left = 0
        self.answers, self.number = 0, number
        self.connections, self.trouble = connections, trouble
        self.lock = threading.Lock()
        passage.welcome = self.welcome
        passage.after = self.after

    def after(self, operation, answer):
        if self.trouble == "unclosed" and self.strikes():
            return Cut(answer[: random.choice([0, 20, len(answer) // 2, len(answer) - 1])])
        if operation != "CancelRotateSecret":
            return answer
        with self.lock:
            self.answers += 1
            if self.answers != self.number:
                return answer
            self.left = self.connections
        self.passage.drop()
        return None

    def strikes(self):
        with self.lock:
            self.left -= 1
            return self.left >= 0

    def welcome(self, client):
        if self.trouble == "unclosed" or not self.strikes():
            return self.good.wrap_socket(client, server_side=True)
        if self.trouble == "certificate":
            return self.other.wrap_socket(client, server_side=True)
        client.recv(64)
        if self.trouble == "reset":
            # A close with this set sends a reset.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif self.trouble == "garbage":
            client.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        elif self.trouble == "alert":
            client.sendall(b"\x15\x03\x01\x00\x02\x02\x46")
        client.close()
        raise OSError("trouble")


def main():
    port, trick, *rest = sys.argv[1:]
    chance = random.Random(1)
    passage = Passage(int(port))
    seen = []

    def strikes():
        return chance.random() < float(rest[0])

    def duplicate(_, answer):
        return answer + answer if strikes() else answer

    def late(_, answer):
        seen.append(answer)
        return seen[max(0, len(seen) - 2)] if strikes() else answer

    def html(_, answer):
        return HTML if strikes() else answer

    def count(number, then):
        requests = []

        def after(_, answer):
            requests.append(1)
            if len(requests) == number:
                threading.Thread(target=then, daemon=True).start()
            return answer

        return after

    def leave():
        passage.hang_up()
        time.sleep(float(rest[1]))
        passage.listen(passage.port)

    if trick == "gone":
        passage.after = count(int(rest[0]), leave)
    elif trick == "tls":
        certificate, key, number, connections, *kind = rest
        Troubled(passage, certificate, key, int(number), int(connections), *kind)
    else:
        passage.after = {"duplicate": duplicate, "late": late, "html": html}[trick]
    print(passage.port, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
