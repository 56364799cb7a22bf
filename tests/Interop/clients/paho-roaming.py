"""A device that moves between gateways, with Eclipse Paho as Debian delivers it. It publishes numbered messages at QoS 2 and
receives as many that another client publishes at QoS 2, in one session. After each "step" of them it breaks its connection;
whenever it has lost one it goes to the next port. Ends when all is complete.

Argument: {"ports": [...], "feedPort", "version": 4 | 5, "clientId", "up", "down", "count", "window", "step"}
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
five = options["version"] == 5
count, step = options["count"], options["step"]
lock = threading.Lock()
subscribed, published, received = threading.Event(), threading.Event(), threading.Event()
bodies = []
complete = 0
turn = 0


def say(event, **fields):
    sys.stdout.write(json.dumps({"event": event, **fields}, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def make(client_id, clean):
    arguments = {"client_id": client_id, "protocol": mqtt.MQTTv5 if five else mqtt.MQTTv311}
    if not five:
        arguments["clean_session"] = clean
    try:
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION1, **arguments)
    except AttributeError:  # before paho 2
        client = mqtt.Client(**arguments)
    client.max_inflight_messages_set(options["window"])
    client.reconnect_delay_set(1, 1)
    return client


def connect(client, port, clean):
    if five:
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 0 if clean else 3600
        client.connect("127.0.0.1", port, clean_start=clean, properties=properties)
    else:
        client.connect("127.0.0.1", port)


def move(client):
    """To the next port where somebody listens. Paho must not try in vain: whenever it connects, it takes what waits to be
    released (since an attempt before) for what was never received, and publishes it again."""
    global turn
    for _ in range(200):
        turn += 1
        client._port = options["ports"][turn % len(options["ports"])]
        try:
            socket.create_connection(("127.0.0.1", client._port), 1).close()
            return
        except OSError:
            time.sleep(0.05)


def on_connect(client, userdata, flags, reason, properties=None):
    present = flags["session present"] if isinstance(flags, dict) else flags.session_present
    say("connected", reason=int(getattr(reason, "value", reason)), present=int(present), port=client._port)
    if not present:
        client.subscribe(options["down"], 2)


def on_subscribe(*arguments):
    subscribed.set()


def on_disconnect(client, *more):
    move(client)


def progress(client):
    """Called with the lock held."""
    total = complete + len(bodies)
    if total % step == 0:
        say("progress", complete=complete, received=len(bodies))
        try:
            client._sock.shutdown(socket.SHUT_RDWR)
        except (AttributeError, OSError):
            pass


def on_publish(client, userdata, mid, *more):
    global complete
    with lock:
        complete += 1
        room.release()
        if complete == count:
            published.set()
        progress(client)


def on_message(client, userdata, message):
    with lock:
        bodies.append(message.payload.decode())
        if len(bodies) == count:
            received.set()
        progress(client)


room = threading.Semaphore(2 * options["window"])
device = make(options["clientId"], False)
device.on_connect, device.on_subscribe, device.on_publish = on_connect, on_subscribe, on_publish
device.on_message, device.on_disconnect = on_message, on_disconnect
connect(device, options["ports"][0], False)
device.loop_start()
if not subscribed.wait(30):
    sys.exit("no SUBACK in time")

feed_room = threading.Semaphore(2 * options["window"])
feed = make(options["clientId"] + "-feed", True)
feed.on_publish = lambda *more: feed_room.release()
connect(feed, options["feedPort"], True)
feed.loop_start()


def send():
    for number in range(count):
        feed_room.acquire()
        feed.publish(options["down"].replace("#", "x"), str(number), 2)


threading.Thread(target=send, daemon=True).start()
for number in range(count):
    room.acquire()
    device.publish(options["up"], str(number), 2)
for event, what in (published, "published"), (received, "received"):
    if not event.wait(120):
        sys.exit("not everything was %s in time: %d, %d" % (what, complete, len(bodies)))
say("done", bodies=bodies)
device.disconnect()
device.loop_stop()
