'use strict';
// Simulated devices with mqtt.js: each publishes its temperature, obeys commands and answers them.
//   node devices.js PORT NAME...
const mqtt = require('mqtt');

const [port, ...names] = process.argv.slice(2);

function start(name, number) {
  let interval = 1000;
  let temperature = 18 + 3 * number;
  const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, { clientId: `device-${name}`, protocolVersion: 5, keepalive: 30 });

  function measure() {
    temperature += Math.random() - 0.5;
    client.publish(`sensors/${name}/temp`, temperature.toFixed(2), { qos: 1, properties: { userProperties: { unit: 'celsius' } } });
    setTimeout(measure, interval);
  }

  client.once('connect', () => {
    client.subscribe(`commands/${name}/#`, { qos: 1 });
    measure();
  });
  client.on('message', (topic, body) => {
    const command = topic.split('/')[2];
    if (command === 'interval' && Number(body) >= 50) {
      interval = Number(body);
      client.publish(`answers/${name}/interval`, `measures every ${interval} ms now`, { qos: 1 });
    } else {
      client.publish(`answers/${name}/${command}`, `does not know ${command} ${body}`, { qos: 1 });
    }
  });
  client.on('error', err => console.error(`${name}: ${err.message}`));
}

names.forEach(start);
