"""Publishes numbered messages at QoS 2 in a session that it comes back to, with Eclipse Paho as Debian delivers it, whatever
happens to the server. Ends when the last one is complete.

Argument: {"port", "version": 4 | 5, "clientId", "topic", "count", "window", "step"}
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
complete = 0
done = threading.Event()
room = threading.Semaphore(2 * options["window"])


def say(event, **fields):
    sys.stdout.write(json.dumps({"event": event, **fields}, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def on_connect(client, userdata, flags, reason, properties=None):
    present = flags["session present"] if isinstance(flags, dict) else flags.session_present
    say("connected", reason=int(getattr(reason, "value", reason)), present=int(present))


def on_publish(client, userdata, mid, *more):
    global complete
    complete += 1
    room.release()
    if complete % options["step"] == 0:
        say("progress", complete=complete)
    if complete == options["count"]:
        done.set()


def serves():
    """Whether the server answers a CONNECT of somebody else: that a port takes connections is not enough, one that is just being killed
    does so, too."""
    try:
        with socket.create_connection(("127.0.0.1", options["port"]), 1) as probe:
            probe.settimeout(5)
            probe.sendall(bytes.fromhex("101100044d5154540402003c000570726f6265"))
            return probe.recv(4) == bytes.fromhex("20020000")
    except OSError:
        return False


def on_disconnect(client, userdata, *more):
    """Paho must not try in vain: whenever it connects, it takes what waits to be released (since an attempt before) for what
    was never received, and publishes it again."""
    for _ in range(600):
        if serves():
            return
        time.sleep(0.05)


def on_connect_fail(client, userdata):
    say("vain")


if five:
    arguments = {"client_id": options["clientId"], "protocol": mqtt.MQTTv5}
else:
    arguments = {"client_id": options["clientId"], "protocol": mqtt.MQTTv311, "clean_session": False}
try:
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION1, **arguments)
except AttributeError:  # before paho 2
    client = mqtt.Client(**arguments)
client.on_connect, client.on_publish, client.on_disconnect = on_connect, on_publish, on_disconnect
client.on_connect_fail = on_connect_fail
client.max_inflight_messages_set(options["window"])
client.reconnect_delay_set(1, 1)
if five:
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = 3600
    client.connect("127.0.0.1", options["port"], clean_start=False, properties=properties)
else:
    client.connect("127.0.0.1", options["port"])
client.loop_start()
for number in range(options["count"]):
    room.acquire()
    client.publish(options["topic"], str(number), 2)
if not done.wait(120):
    sys.exit("not everything was complete in time")
say("done")
client.disconnect()
client.loop_stop()
