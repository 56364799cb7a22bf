"""An address that webhooks push to: Python's own HTTP server, which checks signatures by itself.

What it answers is said by the message: "fail N" is refused N times, "never" always, "hold" is not answered by the first request.
"""
import base64
import collections
import hashlib
import hmac
import http.server
import json
import re
import sys
import threading
import time

argument = json.loads(sys.argv[1])
tries = collections.Counter()
lock = threading.Lock()


def tell(event, **more):
    with lock:
        print(json.dumps({"event": event, **more}, separators=(",", ":")), flush=True)


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *ignored):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        name, stamp = self.headers["Webhook-Id"], self.headers["Webhook-Timestamp"]
        digest = hmac.new(argument["secret"].encode(), f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()
        signed = hmac.compare_digest("v1," + base64.b64encode(digest).decode(), self.headers["Webhook-Signature"])
        message = json.loads(body)
        text = message.get("body", "")
        with lock:
            tries[name] += 1
            tried = tries[name]
        tell("request", id=name, body=text, signed=signed, fresh=abs(time.time() - int(stamp)) < 60,
             attempt=int(self.headers["Webhook-Attempt"]), at=time.monotonic(), messageId=message.get("messageId", ""))
        if text == "hold" and tried == 1:
            time.sleep(120)
        fails = re.match(r"fail (\d+)", text)
        refuse = text == "never" or (fails and tried <= int(fails.group(1)))
        self.send_response(500 if refuse else 204)
        self.send_header("Content-Length", "0")
        self.end_headers()


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
tell("listening", port=server.server_address[1])
sys.stdin.read()
