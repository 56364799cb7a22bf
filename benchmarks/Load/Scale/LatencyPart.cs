using System.Globalization;
using ProtoBridgeMQ.Benchmarks.Load.Mqtt;
using ProtoBridgeMQ.Benchmarks.Load.Reports;

namespace ProtoBridgeMQ.Benchmarks.Load.Scale;

/// <summary>
/// Publish to deliver at QoS 1: as fast as possible, then at half of that in an open loop, with times counted from when a message was
/// due. The gateway is also measured at half of what mosquitto reached, so that both carry the same load.
/// </summary>
internal sealed class LatencyPart(ScaleOptions options)
{
    private const double Warmup = 1;
    private const string SameLoad = "at half of mosquitto's load";

    private static readonly int[] Pairs = [1, 64];

    private readonly Dictionary<int, double> _halfOfMosquitto = [];

    /// <summary>Measures one server; mosquitto first.</summary>
    public async Task<IReadOnlyList<ScaleRow>> RunAsync(Target server)
    {
        var load = new LoadOptions
        {
            Scenarios = ["mqtt"], Targets = [], Senders = Pairs, Sizes = [ScaleWork.Size], FlushModes = [], Warmup = Warmup, Seconds = options.Seconds, Share = 0, Binary = false,
        };
        List<ScaleRow> rows = [];
        foreach (int pairs in Pairs)
        {
            var measurement = new Measurement(server, "mqtt-qos1", pairs, ScaleWork.Size, load);
            Result closed = await MqttPairs.PublishAsync(measurement, 0);
            rows.Add(new ScaleRow("latency", server.Name, $"{Text(pairs)}, closed loop", closed.PerSecond, "/s"));
            Result open = await MqttPairs.PublishAsync(measurement, closed.PerSecond / 2);
            rows.AddRange(RowsOf(server, pairs, "at half load", open));
            if (server.Name == "mosquitto")
            {
                _halfOfMosquitto[pairs] = closed.PerSecond / 2;
                rows.AddRange(RowsOf(server, pairs, SameLoad, open));
            }
            else if (_halfOfMosquitto.TryGetValue(pairs, out double half))
                rows.AddRange(RowsOf(server, pairs, SameLoad, await MqttPairs.PublishAsync(measurement, half)));
        }

        return rows;
    }

    private static IEnumerable<ScaleRow> RowsOf(Target server, int pairs, string load, Result open) =>
    [
        new("latency", server.Name, $"{Text(pairs)}, {load}: rate", open.Rate, "/s"),
        new("latency", server.Name, $"{Text(pairs)}, {load}: p50", open.P50, "us"),
        new("latency", server.Name, $"{Text(pairs)}, {load}: p99", open.P99, "us"),
        new("latency", server.Name, $"{Text(pairs)}, {load}: instrument late, p99", open.LagP99, "us"),
        new("latency", server.Name, $"{Text(pairs)}, {load}: not delivered", open.Errors, string.Empty),
    ];

    private static string Text(int pairs) => pairs == 1 ? "1 pair" : string.Create(CultureInfo.InvariantCulture, $"{pairs} pairs");
}
