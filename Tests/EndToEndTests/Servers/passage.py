"""A way to the simulator that plays tricks on answers.

passage.py PORT TRICK [ARGUMENT...]    hands requests on to 127.0.0.1:PORT and prints its own port

  duplicate P    with probability P an answer is sent twice
  late P         with probability P the answer of an earlier request is sent instead
  html P         with probability P a page of HTML with status 200 is sent instead
  gone N S       after N requests all connections end and none is taken for S seconds
  tls C K N C2 K2   TLS with certificate C and key K; after N requests with C2 and K2

Also a module: `Passage` calls back before a request is handed on and before its answer is.
"""

import random
import socket
import ssl
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


class Passage:
    """`before(operation)` and `after(operation, answer)`; the latter tells what to send, None to hang up."""

    def __init__(self, port, before=None, after=None, context=None):
        self.target = port
        self.before = before or (lambda operation: None)
        self.after = after or (lambda operation, answer: answer)
        self.context = context
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
            with client, socket.create_connection(("127.0.0.1", self.target)) as server:
                with self.lock:
                    self.clients.add(client)
                if self.context:
                    client = self.context.wrap_socket(client, server_side=True)
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
        except OSError:
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

    def switch():
        passage.context = tls(rest[3], rest[4])
        passage.drop()

    if trick == "gone":
        passage.after = count(int(rest[0]), leave)
    elif trick == "tls":
        passage.context = tls(rest[0], rest[1])
        passage.after = count(int(rest[2]), switch)
    else:
        passage.after = {"duplicate": duplicate, "late": late, "html": html}[trick]
    print(passage.port, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
