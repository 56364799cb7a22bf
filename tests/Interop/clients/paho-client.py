"""Subscribes, then publishes, with Eclipse Paho as Debian delivers it, and prints every message. Ends when its input ends.

Argument: {"port", "ca", "username", "password", "version": 4 | 5, "clientId", "subscribe": [[filter, qos]], "publish": [{"topic", "body", "qos", "user"}]}
"""
import json
import sys
import threading

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

options = json.loads(sys.argv[1])
five = options.get("version", 4) == 5
connected = threading.Event()
subscribed = threading.Event()


def say(event, **fields):
    sys.stdout.write(json.dumps({"event": event, **fields}, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def on_connect(client, userdata, flags, reason, properties=None):
    say("connected", reason=int(getattr(reason, "value", reason)))
    connected.set()


def on_subscribe(client, userdata, mid, granted, properties=None):
    say("subscribed", granted=[int(getattr(g, "value", g)) for g in granted])
    subscribed.set()


def on_message(client, userdata, message):
    user = []
    if five and message.properties is not None:
        user = [list(pair) for pair in getattr(message.properties, "UserProperty", [])]
    say("message", topic=message.topic, body=message.payload.decode(), qos=message.qos, user=user)


version = mqtt.MQTTv5 if five else mqtt.MQTTv311
try:
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION1, client_id=options["clientId"], protocol=version)
except AttributeError:  # before paho 2
    client = mqtt.Client(client_id=options["clientId"], protocol=version)
client.on_connect, client.on_subscribe, client.on_message = on_connect, on_subscribe, on_message
if "ca" in options:
    client.tls_set(ca_certs=options["ca"])
if "username" in options:
    client.username_pw_set(options["username"], options["password"])
client.connect("127.0.0.1", options["port"], keepalive=options.get("keepalive", 60))
client.loop_start()
if not connected.wait(20):
    sys.exit("no CONNACK came")

for topic, qos in options.get("subscribe", []):
    subscribed.clear()
    client.subscribe(topic, qos)
    if not subscribed.wait(20):
        sys.exit("no SUBACK came")
say("ready")

for item in options.get("publish", []):
    properties = None
    if five:
        properties = Properties(PacketTypes.PUBLISH)
        if item.get("user"):
            properties.UserProperty = [tuple(pair) for pair in item["user"]]
    info = client.publish(item["topic"], item["body"], item.get("qos", 0), properties=properties)
    info.wait_for_publish(20)
    if not info.is_published():
        sys.exit("no PUBACK came")
    say("published", topic=item["topic"])
say("done")

sys.stdin.read()
client.disconnect()
client.loop_stop()
