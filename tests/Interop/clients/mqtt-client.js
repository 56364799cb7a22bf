'use strict';
// Subscribes, then publishes, with mqtt.js as npm delivers it, and prints every message. Ends when its input ends.
// Argument: { url, username, password, ca, version: 4 | 5, clientId, subscribe: [{ filter, qos }], publish: [{ topic, body, qos, retain, properties }] }
const fs = require('fs');
const mqtt = require('mqtt');

const options = JSON.parse(process.argv[2]);
const say = event => console.log(JSON.stringify(event));

(async () => {
  const client = await mqtt.connectAsync(options.url, {
    protocolVersion: options.version || 4,
    clientId: options.clientId,
    keepalive: options.keepalive || 60,
    reconnectPeriod: 0,
    username: options.username,
    password: options.password,
    ca: options.ca && fs.readFileSync(options.ca),
    clean: true,
  });
  client.on('error', err => say({ event: 'error', text: String(err) }));
  client.on('close', () => say({ event: 'disconnected' }));
  client.on('message', (topic, body, packet) => say({
    event: 'message', topic, body: body.toString(), qos: packet.qos, retain: packet.retain, properties: packet.properties || {},
  }));
  for (const item of options.subscribe || []) {
    const granted = await client.subscribeAsync(item.filter, { qos: item.qos || 0 });
    say({ event: 'subscribed', granted: granted.map(g => g.qos) });
  }
  say({ event: 'ready' });
  for (const item of options.publish || []) {
    const ack = await client.publishAsync(item.topic, item.body, { qos: item.qos || 0, retain: item.retain || false, properties: item.properties });
    say({ event: 'published', reasonCode: ack && ack.reasonCode });
  }
  say({ event: 'done' });
  process.stdin.resume();
  process.stdin.on('end', async () => {
    await client.endAsync();
    process.exit(0);
  });
})().catch(err => {
  say({ event: 'failed', text: err.stack });
  process.exit(1);
});
