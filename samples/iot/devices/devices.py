"""Simulated devices with Eclipse Paho: each publishes its temperature, obeys commands and answers them.

    python3 devices.py PORT NAME...
"""
import random
import sys
import threading

import paho.mqtt.client as mqtt


class Device:
    def __init__(self, name, number, port):
        self.name, self.interval, self.temperature = name, 1.0, 18.0 + 3 * number
        try:
            self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION1, client_id="device-" + name)
        except AttributeError:  # before paho 2
            self.client = mqtt.Client(client_id="device-" + name)
        self.client.on_connect = lambda client, *_: client.subscribe("commands/%s/#" % name, 1)
        self.client.on_message = self.obey
        self.client.connect("127.0.0.1", port, keepalive=30)
        self.client.loop_start()

    def obey(self, client, userdata, message):
        command, value = message.topic.split("/")[2], message.payload.decode()
        if command == "interval" and value.isdigit() and int(value) >= 50:
            self.interval = int(value) / 1000
            answer = "measures every %s ms now" % value
        else:
            answer = "does not know %s %s" % (command, value)
        client.publish("answers/%s/%s" % (self.name, command), answer, 1)

    def run(self, stop):
        while not stop.wait(self.interval):
            self.temperature += random.random() - 0.5
            self.client.publish("sensors/%s/temp" % self.name, "%.2f" % self.temperature, 1)


stop = threading.Event()
devices = [Device(name, number, int(sys.argv[1])) for number, name in enumerate(sys.argv[2:])]
threads = [threading.Thread(target=device.run, args=(stop,), daemon=True) for device in devices]
for thread in threads:
    thread.start()
try:
    stop.wait()
except KeyboardInterrupt:
    stop.set()
