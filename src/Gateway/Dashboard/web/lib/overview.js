// What /v1/overview says, in the shape that the page shows.

/** { at, version, uptime, inRate, outRate, p50, p99, connections, lag, groups, diskUsed, diskFree, alarms, brokers, series } */
export function read(answer) {
  const protocols = answer.protocols ?? [];
  const series = { in: {}, out: {}, connections: {}, latency: {}, lag: {}, disk: {} };
  for (const one of protocols) {
    series.in[one.protocol] = one.inRate;
    series.out[one.protocol] = one.outRate;
    series.connections[one.protocol] = one.connections;
  }
  return { at: new Date(answer.at).getTime(), alarms: answer.alarms ?? [], brokers: answer.brokers ?? [], series };
}
