"""A time-stamping authority (RFC 3161) on loopback, made and run by `openssl ts`.

Makes its root certificate `ca.crt` and everything else in the folder that is given, then prints
its port. The path /refuse answers with status 503, /noise with bytes that are no token.
"""

import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

folder = sys.argv[1]
CONFIGURATION = """
[tsa]
default_tsa = t
[t]
serial = serial
signer_cert = tsa.crt
signer_key = tsa.key
certs = ca.crt
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
[signer]
extendedKeyUsage = critical,timeStamping
"""


def openssl(*words, **more):
    return subprocess.run(
        ["openssl", *words], cwd=folder, check=True, capture_output=True, **more
    )


def prepare():
    with open(folder + "/tsa.cnf", "w") as file:
        file.write(CONFIGURATION)
    with open(folder + "/serial", "w") as file:
        file.write("01\n")
    new = "req -newkey rsa:2048 -nodes".split()
    openssl(*new, *"-x509 -keyout ca.key -out ca.crt -subj /CN=Root -days 9".split())
    openssl(*new, *"-keyout tsa.key -out tsa.csr -subj /CN=Stamps".split())
    openssl(
        *"x509 -req -in tsa.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out tsa.crt".split(),
        *"-days 9 -extfile tsa.cnf -extensions signer".split(),
    )


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        right = self.headers.get("Content-Type") == "application/timestamp-query"
        status, answer = 200, b"no token"
        if self.path == "/refuse" or not right:
            status = 503
        elif self.path != "/noise":
            with open(folder + "/request.tsq", "wb") as file:
                file.write(body)
            openssl("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "request.tsq", "-out", "r")
            with open(folder + "/r", "rb") as file:
                answer = file.read()
        self.send_response(status)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


prepare()
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
