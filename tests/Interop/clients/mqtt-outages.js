'use strict';
// A publisher and a subscriber in sessions that they come back to, both at QoS 2, with mqtt.js as npm delivers it, while brokers behind the
// gateway come and go. Ends when every number was complete at the publisher and the subscriber has them all, and nothing came for a while.
// Argument: { url, version: 4 | 5, clientId, topic, names, count, window, step, pause }
const mqtt = require('mqtt');

const options = JSON.parse(process.argv[2]);
const say = event => console.log(JSON.stringify(event));
const sleep = time => new Promise(done => setTimeout(done, time));
const QUIET = 3000;

function connect(name) {
  const client = mqtt.connect(options.url, {
    protocolVersion: options.version,
    clientId: name,
    clean: false,
    reconnectPeriod: 200,
    reconnectOnConnackError: true,
    connectTimeout: 10000,
    keepalive: 60,
    properties: options.version === 5 ? { sessionExpiryInterval: 3600 } : undefined,
  });
  client.on('connect', packet => say({ event: 'connected', client: name, present: packet.sessionPresent ? 1 : 0 }));
  client.on('disconnect', packet => say({ event: 'told', client: name, reason: packet.reasonCode }));
  client.on('error', error => say({ event: 'error', client: name, text: String(error) }));
  return client;
}

(async () => {
  const bodies = [];
  let last = Date.now();
  const subscriber = connect(options.clientId);
  subscriber.on('message', (topic, body) => {
    last = Date.now();
    bodies.push(body.toString());
    if (bodies.length % options.step === 0) {
      say({ event: 'progress', received: bodies.length });
    }
  });
  const granted = await subscriber.subscribeAsync(options.topic + '/#', { qos: 2 });
  say({ event: 'subscribed', granted: granted.map(one => one.qos) });

  const publisher = connect(options.clientId + '-publisher');
  const open = new Set();
  for (let number = 0; number < options.count; number++) {
    while (open.size >= options.window) {
      await Promise.race(open);
    }
    const sent = publisher.publishAsync(`${options.topic}/${number % options.names}`, String(number), { qos: 2 })
      .catch(error => say({ event: 'refused', number, text: String(error) }))
      .finally(() => open.delete(sent));
    open.add(sent);
    await sleep(options.pause);
  }
  await Promise.all(open);
  say({ event: 'published' });
  while (new Set(bodies).size < options.count || Date.now() - last < QUIET) {
    await sleep(100);
  }
  say({ event: 'done', bodies });
  await publisher.endAsync();
  await subscriber.endAsync();
  process.exit(0);
})().catch(failed => {
  say({ event: 'failed', text: failed.stack });
  process.exit(1);
});
