// What /v1/overview says, in the shape that the page shows.

/** Protocols as people call them. */
export const protocolName = (name) => ({ mqtt: "MQTT", http: "HTTP", remoting: "RocketMQ", amqp: "AMQP", grpc: "gRPC" })[name] ?? name;

/** Values of each plot by the name of their line, and what the tiles say. */
export function read(answer) {
  const { rates = {}, publishLatency: latency = {}, lag = {}, disk, connections = {} } = answer;
  const protocols = rates.protocols ?? [];
  const each = (value) => Object.fromEntries(protocols.map((one) => [protocolName(one.protocol), value(one)]));
  const sum = (values) => Object.values(values).reduce((all, value) => all + value, 0);
  return {
    at: new Date(answer.at).getTime(),
    version: answer.version,
    uptime: answer.uptimeSeconds === undefined ? undefined : answer.uptimeSeconds * 1000,
    cluster: answer.cluster,
    durability: answer.durability,
    inRate: rates.in, outRate: rates.out,
    totalIn: sum(each((one) => one.messagesIn)), totalOut: sum(each((one) => one.messagesOut)),
    p50: latency.p50Ms, p99: latency.p99Ms,
    connections: sum(connections),
    lag: lag.total, groups: lag.groups, largest: lag.largest ?? [], isPartial: lag.isPartial,
    disk,
    retained: answer.retained,
    alarms: answer.alarms ?? [],
    brokers: answer.brokers ?? [],
    series: {
      in: each((one) => one.in),
      out: each((one) => one.out),
      latency: { "half within": latency.p50Ms, "99 % within": latency.p99Ms },
      connections: Object.fromEntries(Object.entries(connections).map(([name, value]) => [protocolName(name), value])),
      lag: { messages: lag.total },
      disk: disk ? { used: disk.usedShare * 100, "old messages go": disk.cleanWatermark * 100, "messages refused": disk.watermark * 100 } : {},
    },
  };
}
