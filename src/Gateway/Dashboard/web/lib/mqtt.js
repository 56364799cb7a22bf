// A small MQTT 5 client over WebSocket: publish and subscribe at QoS 0 and 1, properties, keep-alive.
const CONNECT = 1, CONNACK = 2, PUBLISH = 3, PUBACK = 4, SUBSCRIBE = 8, SUBACK = 9, UNSUBSCRIBE = 10, UNSUBACK = 11, PINGREQ = 12, DISCONNECT = 14;
const KEEP_ALIVE_SECONDS = 30;

const REASONS = {
  0x80: "unspecified error", 0x81: "malformed packet", 0x82: "protocol error", 0x83: "refused", 0x84: "protocol version not supported",
  0x85: "client identifier not valid", 0x86: "user name or password wrong", 0x87: "not authorized", 0x88: "server unavailable", 0x89: "server busy",
  0x8a: "banned", 0x8b: "server shutting down", 0x8d: "keep-alive timeout", 0x8e: "session taken over", 0x8f: "topic filter not valid",
  0x90: "topic name not valid", 0x93: "receive maximum exceeded", 0x95: "packet too large", 0x96: "message rate too high", 0x97: "quota exceeded",
  0x99: "payload format not valid", 0x9a: "retain not supported", 0x9b: "QoS not supported", 0x9e: "shared subscriptions not supported",
  0x9f: "connection rate exceeded", 0xa2: "wildcard subscriptions not supported",
};

const reason = (code) => REASONS[code] ?? `reason 0x${code.toString(16)}`;

// Kinds of the properties that a server sends, by what follows the identifier.
const BYTE = new Set([0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2a]);
const TWO = new Set([0x13, 0x21, 0x22, 0x23]);
const FOUR = new Set([0x02, 0x11, 0x18, 0x27]);
const TEXT = new Map([[0x03, "contentType"], [0x08, "responseTopic"], [0x12, "clientId"], [0x15, "method"], [0x1a, "response"], [0x1c, "reference"], [0x1f, "reason"]]);

class Writer {
  bytes = [];
  byte(value) { this.bytes.push(value & 255); return this; }
  two(value) { return this.byte(value >> 8).byte(value); }
  raw(data) { for (const value of data) this.bytes.push(value); return this; }
  data(data) { return this.two(data.length).raw(data); }
  text(value) { return this.data(new TextEncoder().encode(value)); }
  length(value) {
    do {
      const rest = value >>> 7;
      this.byte((value & 127) | (rest ? 128 : 0));
      value = rest;
    } while (value);
    return this;
  }
}

class Reader {
  at = 0;
  constructor(bytes) { this.bytes = bytes; }
  get left() { return this.bytes.length - this.at; }
  byte() { return this.bytes[this.at++]; }
  two() { return (this.byte() << 8) | this.byte(); }
  take(count) { return this.bytes.subarray(this.at, this.at += count); }
  text() { return new TextDecoder().decode(this.take(this.two())); }
  length() {
    let value = 0, shift = 0, byte;
    do { byte = this.byte(); value |= (byte & 127) << shift; shift += 7; } while (byte & 128);
    return value;
  }
  properties() {
    const end = this.length() + this.at;
    const found = { user: [] };
    while (this.at < end) {
      const id = this.byte();
      if (id === 0x26) found.user.push([this.text(), this.text()]);
      else if (TEXT.has(id)) found[TEXT.get(id)] = this.text();
      else if (id === 0x0b) this.length();
      else if (BYTE.has(id)) this.byte();
      else if (TWO.has(id)) this.two();
      else if (FOUR.has(id)) this.take(4);
      else this.take(this.two());
    }
    return found;
  }
}

function packet(type, flags, writer) {
  return new Uint8Array(new Writer().byte((type << 4) | flags).length(writer.bytes.length).raw(writer.bytes).bytes);
}

const userProperties = (list) => {
  const properties = new Writer();
  for (const [name, value] of list ?? []) properties.byte(0x26).text(name).text(value);
  return properties.bytes;
};

export class MqttClient extends EventTarget {
  #socket;
  #buffer = new Uint8Array(0);
  #waits = new Map();
  #next = 0;
  #timer;
  #connected;

  /** Connects; answers when the server accepted. Events afterwards: "message" and "close", with their details. */
  static connect({ address, user, password, clientId }) {
    const client = new MqttClient();
    return new Promise((resolve, reject) => {
      client.#connected = { resolve: () => resolve(client), reject };
      client.#open(address, { user, password, clientId });
    });
  }

  #open(address, { user, password, clientId }) {
    this.#socket = new WebSocket(address, "mqtt");
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onopen = () => {
      const flags = 0x02 | (password ? 0x40 : 0) | (user ? 0x80 : 0);
      const body = new Writer().text("MQTT").byte(5).byte(flags).two(KEEP_ALIVE_SECONDS).length(0).text(clientId);
      if (user) body.text(user);
      if (password) body.text(password);
      this.#send(packet(CONNECT, 0, body));
    };
    this.#socket.onmessage = ({ data }) => this.#receive(new Uint8Array(data));
    this.#socket.onclose = ({ code }) => this.#ended(this.closing ?? (code === 1006 ? "The connection broke, or was refused." : `The connection ended (${code}).`));
  }

  #ended(why) {
    clearInterval(this.#timer);
    this.#connected?.reject(new Error(why));
    this.#connected = null;
    for (const { reject } of this.#waits.values()) reject(new Error(why));
    this.#waits.clear();
    this.dispatchEvent(new CustomEvent("close", { detail: why }));
  }

  #send(bytes) { this.#socket.send(bytes); }

  // Packets may span frames, and a frame may hold several.
  #receive(data) {
    const all = new Uint8Array(this.#buffer.length + data.length);
    all.set(this.#buffer);
    all.set(data, this.#buffer.length);
    let start = 0;
    for (;;) {
      let length = 0, shift = 0, at = start + 1;
      while (at < all.length && all[at] & 128) { length |= (all[at++] & 127) << shift; shift += 7; }
      if (at >= all.length) break;
      length |= all[at++] << shift;
      if (at + length > all.length) break;
      this.#handle(all[start] >> 4, all[start] & 15, new Reader(all.subarray(at, at + length)));
      start = at + length;
    }
    this.#buffer = all.slice(start);
  }

  #handle(type, flags, reader) {
    if (type === CONNACK) this.#accepted(reader);
    else if (type === PUBLISH) this.#published(flags, reader);
    else if (type === PUBACK) this.#answered(reader.two(), reader.left ? reader.byte() : 0);
    else if (type === SUBACK || type === UNSUBACK) {
      const id = reader.two();
      reader.properties();
      this.#answered(id, reader.byte());
    } else if (type === DISCONNECT) this.closing = `The gateway ended the connection: ${reason(reader.left ? reader.byte() : 0)}.`;
  }

  #accepted(reader) {
    reader.byte();
    const code = reader.byte();
    if (code >= 0x80) {
      this.closing = `The gateway refused the connection: ${reason(code)}.`;
      this.#socket.close();
      return;
    }
    this.#timer = setInterval(() => this.#send(packet(PINGREQ, 0, new Writer())), KEEP_ALIVE_SECONDS * 900);
    this.#connected.resolve();
    this.#connected = null;
  }

  #published(flags, reader) {
    const qos = (flags >> 1) & 3;
    const topic = reader.text();
    const id = qos ? reader.two() : 0;
    const properties = reader.properties();
    this.dispatchEvent(new CustomEvent("message", { detail: { topic, qos, retain: Boolean(flags & 1), properties, payload: reader.take(reader.left) } }));
    if (qos) this.#send(packet(PUBACK, 0, new Writer().two(id)));
  }

  #answered(id, code) {
    const wait = this.#waits.get(id);
    this.#waits.delete(id);
    if (code >= 0x80) wait?.reject(new Error(`The gateway refused: ${reason(code)}.`));
    else wait?.resolve(code);
  }

  #wait(make) {
    this.#next = (this.#next % 65535) + 1;
    const id = this.#next;
    return new Promise((resolve, reject) => {
      this.#waits.set(id, { resolve, reject });
      this.#send(make(id));
    });
  }

  /** Complete when the message is on its way (QoS 0) or acknowledged (QoS 1). */
  async publish(topic, payload, { qos = 1, retain = false, properties } = {}) {
    const flags = (qos << 1) | (retain ? 1 : 0);
    const data = userProperties(properties);
    const make = (id) => {
      const body = new Writer().text(topic);
      if (qos) body.two(id);
      return packet(PUBLISH, flags, body.length(data.length).raw(data).raw(new TextEncoder().encode(payload)));
    };
    if (qos) await this.#wait(make);
    else this.#send(make(0));
  }

  /** Answers the QoS that was granted. */
  subscribe(filter, qos = 1) {
    return this.#wait((id) => packet(SUBSCRIBE, 2, new Writer().two(id).length(0).text(filter).byte(qos)));
  }

  unsubscribe(filter) {
    return this.#wait((id) => packet(UNSUBSCRIBE, 2, new Writer().two(id).length(0).text(filter)));
  }

  close() {
    this.closing = "Disconnected.";
    if (this.#socket.readyState === WebSocket.OPEN) this.#send(packet(DISCONNECT, 0, new Writer()));
    this.#socket.close(1000);
  }
}
