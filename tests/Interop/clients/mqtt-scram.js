'use strict';
// Proves its password by SCRAM-SHA-256 (RFC 5802, RFC 7677) in AUTH packets with mqtt.js as npm delivers it, then publishes to itself.
// Argument: { url, username, password, clientId, topic }
const crypto = require('crypto');
const mqtt = require('mqtt');

const METHOD = 'SCRAM-SHA-256';
const options = JSON.parse(process.argv[2]);
const say = event => console.log(JSON.stringify(event));
const hmac = (key, text) => crypto.createHmac('sha256', key).update(text).digest();
const bare = `n=${options.username},r=${crypto.randomBytes(12).toString('base64').replace(/,/g, '')}`;

let serverSignature = '';

function prove(challenge) {
  const fields = Object.fromEntries(challenge.split(',').map(field => [field[0], field.slice(2)]));
  const salted = crypto.pbkdf2Sync(options.password, Buffer.from(fields.s, 'base64'), Number(fields.i), 32, 'sha256');
  const withoutProof = `c=biws,r=${fields.r}`;
  const message = `${bare},${challenge},${withoutProof}`;
  const clientKey = hmac(salted, 'Client Key');
  const signature = hmac(crypto.createHash('sha256').update(clientKey).digest(), message);
  serverSignature = hmac(hmac(salted, 'Server Key'), message).toString('base64');
  return `${withoutProof},p=${Buffer.from(clientKey.map((byte, i) => byte ^ signature[i])).toString('base64')}`;
}

const client = mqtt.connect(options.url, {
  protocolVersion: 5,
  clientId: options.clientId,
  reconnectPeriod: 0,
  properties: { authenticationMethod: METHOD, authenticationData: Buffer.from(`n,,${bare}`) },
});
client.handleAuth = (packet, callback) => callback(null, {
  cmd: 'auth',
  reasonCode: 24,
  properties: { authenticationMethod: METHOD, authenticationData: Buffer.from(prove(packet.properties.authenticationData.toString())) },
});
client.on('error', err => {
  say({ event: 'refused', text: String(err), code: err.code });
  process.exit(0);
});
client.on('message', (topic, body) => say({ event: 'message', topic, body: body.toString() }));
client.on('connect', async connack => {
  say({ event: 'connected', isServerProven: connack.properties.authenticationData.toString() === `v=${serverSignature}` });
  await client.subscribeAsync(options.topic, { qos: 1 });
  await client.publishAsync(options.topic, 'proven', { qos: 1 });
});
process.stdin.resume();
process.stdin.on('end', async () => {
  await client.endAsync();
  process.exit(0);
});
