'use strict';
// Consumes with ali-ons as npm delivers it, and prints every message. Ends when its input ends.
// Argument: { nameSrv, group, topic, tags, broadcast, instance, failures: how many deliveries the handler fails,
//             refuse: it fails those whose body begins so }
const { Consumer } = require('ali-ons');

const options = JSON.parse(process.argv[2]);
const say = event => console.log(JSON.stringify(event));
const quiet = { info() {}, debug() {}, warn() {}, error: err => say({ event: 'error', text: String(err) }) };
let failures = options.failures || 0;

(async () => {
  const consumer = new Consumer({
    httpclient: {}, // only asked for name server addresses, which are given
    nameSrv: options.nameSrv,
    consumerGroup: options.group,
    isBroadcast: !!options.broadcast,
    consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
    clientIP: '127.0.0.1',
    instanceName: options.instance || 'DEFAULT',
    // The client looks for new topics and members by these times; the defaults are 10 and 30 seconds.
    rebalanceInterval: 500,
    pollNameServerInteval: 500,
    heartbeatBrokerInterval: 1000,
    persistConsumerOffsetInterval: 500,
    logger: quiet,
  });
  consumer.on('error', err => say({ event: 'error', text: String(err) }));
  consumer.on(`topic_${options.topic}_queue_changed`, () => say({ event: 'assigned', queues: consumer.processQueueTable.size }));
  consumer.subscribe(options.topic, options.tags || '*', async message => {
    const body = message.body ? message.body.toString() : '';
    const failed = failures > 0 || (!!options.refuse && body.startsWith(options.refuse));
    if (failures > 0) failures--;
    say({
      event: failed ? 'refused' : 'message',
      topic: message.topic,
      tags: message.tags,
      keys: message.keys,
      body,
      properties: message.properties,
      msgId: message.msgId,
      queueId: message.queueId,
      queueOffset: message.queueOffset,
      reconsumeTimes: message.reconsumeTimes,
    });
    if (failed) return Consumer.ACTION_RETRY;
  });
  await consumer.ready();
  say({ event: 'ready' });
  process.stdin.resume();
  process.stdin.on('end', async () => {
    await consumer.close();
    say({ event: 'closed' });
    process.exit(0);
  });
})().catch(err => {
  say({ event: 'failed', text: err.stack });
  process.exit(1);
});
