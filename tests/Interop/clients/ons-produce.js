'use strict';
// Sends messages with ali-ons as npm delivers it, and prints what the broker answered.
// Argument: { nameSrv, group, atOnce, messages: [{ topic, tags, keys, body, properties }] }
// With atOnce all are sent together, and each again until it is taken.
const { Producer, Message } = require('ali-ons');

const options = JSON.parse(process.argv[2]);
const say = event => console.log(JSON.stringify(event));
const quiet = { info() {}, debug() {}, warn() {}, error: err => say({ event: 'error', text: String(err) }) };

(async () => {
  const producer = new Producer({
    httpclient: {}, // only asked for name server addresses, which are given
    nameSrv: options.nameSrv,
    producerGroup: options.group,
    clientIP: '127.0.0.1',
    logger: quiet,
  });
  producer.on('error', err => say({ event: 'error', text: String(err) }));
  await producer.ready();
  const send = async message => {
    for (;;) {
      try {
        return await producer.send(message);
      } catch (err) {
        if (!options.atOnce) throw err;
        say({ event: 'refused', text: err.message });
        await new Promise(resolve => setTimeout(resolve, 20));
      }
    }
  };
  const produce = async item => {
    const message = new Message(item.topic, item.tags, item.body);
    if (item.keys) message.keys = item.keys;
    Object.assign(message.properties, item.properties);
    const result = await send(message);
    say({
      event: 'sent', status: result.sendStatus, msgId: result.msgId,
      queueId: result.messageQueue.queueId, queueOffset: result.queueOffset,
    });
  };
  if (options.atOnce) {
    await Promise.all(options.messages.map(produce));
  } else {
    for (const item of options.messages) await produce(item);
  }
  await producer.close();
  process.exit(0);
})().catch(err => {
  say({ event: 'failed', text: err.stack });
  process.exit(1);
});
