"""A device in a session that it comes back to, and a publisher, with Eclipse Paho as Debian delivers it, while gateways and brokers
behind them come and go. The publisher sends numbered messages at QoS 1 until each is acknowledged; the device receives at QoS 2, and
breaks its connection after each "step" messages. Whoever lost a connection goes to the next port. Ends when the device has every
number and nothing came for a while.

Argument: {"ports": [...], "version": 4 | 5, "clientId", "topic", "names", "count", "step", "pause"}
"""
import json
import socket
import sys
import threading
import time

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

options = json.loads(sys.argv[1])
count, step = options["count"], options["step"]
QUIET = 3
subscribed, published, received = threading.Event(), threading.Event(), threading.Event()
bodies = []
seen = set()
acknowledged = 0
last = time.monotonic()


def say(event, **fields):
    sys.stdout.write(json.dumps({"event": event, **fields}, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def make(client_id, version):
    arguments = {"client_id": client_id, "protocol": mqtt.MQTTv5 if version == 5 else mqtt.MQTTv311}
    if version != 5:
        arguments["clean_session"] = False
    try:
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION1, **arguments)
    except AttributeError:  # before paho 2
        client = mqtt.Client(**arguments)
    client.max_inflight_messages_set(20)
    client.reconnect_delay_set(1, 1)
    client.on_disconnect = lambda *more: move(client)
    client.turn = 0
    return client


def move(client):
    """To the next port where somebody listens."""
    for _ in range(200):
        client.turn += 1
        client._port = options["ports"][client.turn % len(options["ports"])]
        try:
            socket.create_connection(("127.0.0.1", client._port), 1).close()
            return
        except OSError:
            time.sleep(0.05)


def connect(client, version, expiry=3600):
    if version == 5:
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = expiry
        client.connect("127.0.0.1", options["ports"][0], clean_start=False, properties=properties)
    else:
        client.connect("127.0.0.1", options["ports"][0])
    client.loop_start()


def on_connect(client, userdata, flags, reason, properties=None):
    present = flags["session present"] if isinstance(flags, dict) else flags.session_present
    say("connected", reason=int(getattr(reason, "value", reason)), present=int(present), port=client._port)
    if not present and int(getattr(reason, "value", reason)) == 0:
        client.subscribe(options["topic"] + "/#", 2)


def on_message(client, userdata, message):
    global last
    last = time.monotonic()
    bodies.append(message.payload.decode())
    seen.add(message.payload)
    if len(seen) == count:
        received.set()
    if len(bodies) % step == 0:
        say("progress", received=len(bodies), acknowledged=acknowledged)
        try:
            client._sock.shutdown(socket.SHUT_RDWR)
        except (AttributeError, OSError):
            pass


def on_publish(client, userdata, mid, *more):
    global acknowledged
    acknowledged += 1
    room.release()
    if acknowledged == count:
        published.set()


room = threading.Semaphore(40)
device = make(options["clientId"], options["version"])
device.on_connect, device.on_message = on_connect, on_message
device.on_subscribe = lambda *more: subscribed.set()
connect(device, options["version"])
if not subscribed.wait(30):
    sys.exit("no SUBACK in time")
publisher = make(options["clientId"] + "-publisher", 4)
publisher.on_publish = on_publish
connect(publisher, 4)
for number in range(count):
    room.acquire()
    publisher.publish("%s/%d" % (options["topic"], number % options["names"]), str(number), 1)
    time.sleep(options["pause"])
for event, what in (published, "acknowledged"), (received, "received"):
    if not event.wait(120):
        sys.exit("not everything was %s in time: %d, %d" % (what, acknowledged, len(seen)))
while time.monotonic() - last < QUIET:
    time.sleep(0.1)
say("done", bodies=bodies)
for client in device, publisher:
    client.on_disconnect = None
    client.disconnect()
    client.loop_stop()
