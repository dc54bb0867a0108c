"""A server that stands between a client and another server on loopback.

between.py tls CERTIFICATE KEY PORT   ends TLS and hands the bytes on to 127.0.0.1:PORT
between.py proxy                      an HTTP proxy: CONNECT and absolute URIs, to loopback only

Prints its own port first, then one line for each request that a proxy gets.
"""

import socket
import ssl
import sys
import threading
from urllib.parse import urlsplit


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def join(client, server):
    threading.Thread(target=pump, args=(client, server), daemon=True).start()
    pump(server, client)


def hand_on(client, context, port):
    try:
        with context.wrap_socket(client, server_side=True) as secure:
            join(secure, socket.create_connection(("127.0.0.1", port)))
    except OSError:
        client.close()


def head_of(client):
    data = b""
    while b"\r\n\r\n" not in data:
        piece = client.recv(65536)
        if not piece:
            return b"", b""
        data += piece
    head, rest = data.split(b"\r\n\r\n", 1)
    return head, rest


def serve_proxy(client):
    head, rest = head_of(client)
    if not head:
        client.close()
        return
    lines = head.split(b"\r\n")
    print(lines[0].decode("latin-1"), flush=True)
    method, target, version = lines[0].split(b" ")
    if method == b"CONNECT":
        # Whatever name is asked for, only loopback is reached.
        port = int(target.rsplit(b":", 1)[1])
        server = socket.create_connection(("127.0.0.1", port))
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    else:
        url = urlsplit(target.decode("ascii"))
        server = socket.create_connection(("127.0.0.1", url.port or 80))
        kept = [line for line in lines[1:] if not line.lower().startswith(b"proxy-")]
        first = b" ".join([method, (url.path or "/").encode("ascii"), version])
        server.sendall(b"\r\n".join([first, *kept, b"Connection: close", b"", b""]) + rest)
    join(client, server)


def main():
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(listener.getsockname()[1], flush=True)
    if sys.argv[1] == "tls":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if len(sys.argv) > 5:
            context.maximum_version = ssl.TLSVersion[sys.argv[5]]
            context.minimum_version = ssl.TLSVersion[sys.argv[5]]
            context.set_ciphers("ALL:@SECLEVEL=0")
        context.load_cert_chain(sys.argv[2], sys.argv[3])
        serve, arguments = hand_on, (context, int(sys.argv[4]))
    else:
        serve, arguments = serve_proxy, ()
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client, *arguments), daemon=True).start()


main()
