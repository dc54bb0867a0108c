"""An HTTP server on loopback that answers as it is told.

Prints its port. A request of the method REPORT brings the next answers, a JSON list of
{status, headers, body or hex, close, stall}, and gets the requests since the last report. Answers are
taken in order; the last one repeats.
"""

import json
import re
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

lock = threading.Lock()
answers = []
requests = []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def do_REPORT(self):
        fresh = json.loads(self.body())
        with lock:
            said = json.dumps(requests).encode()
            requests.clear()
            answers[:] = fresh
        self.answer(200, {"Content-Type": "application/json"}, said)

    def do_POST(self):
        body = self.body().decode("utf-8", "replace")
        with lock:
            requests.append(self.record(body))
            answer = answers[0] if answers else {"status": 200, "body": "{}"}
            if len(answers) > 1:
                answers.pop(0)
        if answer.get("stall"):
            self.rfile.read(1)
            self.close_connection = True
            return
        if answer.get("close"):
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "x-amzn-RequestId": "11111111-2222-3333-4444-555555555555",
            **(answer.get("headers") or {}),
        }
        data = bytes.fromhex(answer["hex"]) if "hex" in answer else answer["body"].encode()
        self.answer(answer["status"], headers, data)

    do_GET = do_PUT = do_POST

    def record(self, body):
        get = self.headers.get
        pattern = r"Credential=([^/]+)/([^,]+), SignedHeaders=([^,]+)"
        match = re.search(pattern, get("Authorization") or "")
        key, scope, signed = match.groups() if match else (None, None, None)
        return {
            "method": self.command,
            "path": self.path,
            "content-type": get("Content-Type"),
            "x-amz-target": get("x-amz-target"),
            "x-amz-security-token": get("x-amz-security-token"),
            "access_key_id": key,
            "credential_scope": scope and re.sub(r"^\d{8}", "<DATE>", scope),
            "signed_headers": signed,
            "amz-sdk-request": re.sub(
                r"ttl=\d{8}T\d{6}Z", "ttl=<T>", get("amz-sdk-request") or ""
            ),
            "body": body,
        }

    def answer(self, status, headers, data):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


server = Server(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
