using System.Diagnostics.Metrics;

namespace ProtoBridgeMQ.Tests.Unit.Broker;

/// <summary>Metrics by RocketMQ's names: what they say, and how many series there are at most.</summary>
public sealed class RocketMqNames
{
    [Fact]
    public async Task Messages_are_counted_by_topic()
    {
        await using BrokerBench bench = BrokerBench.Open();
        await SendAsync(bench, "a", "a", "b");

        Dictionary<string, long> found = Read(bench, "rocketmq_messages_in_total");
        Assert.Equal(2, found["a"]);
        Assert.Equal(1, found["b"]);
        Assert.Empty(Read(bench, "broker.metrics.left_out"));
    }

    [Fact]
    public async Task Series_beyond_the_limit_are_left_out_and_told()
    {
        await using BrokerBench bench = BrokerBench.Open(options => options.MaxMetricSeries = 2);
        await SendAsync(bench, "a", "b", "c", "d", "e");

        Assert.Equal(2, Read(bench, "rocketmq_messages_in_total").Count);
        Assert.Equal(3, Read(bench, "broker.metrics.left_out")["rocketmq_messages_in_total"]);
    }

    [Fact]
    public async Task With_a_limit_of_none_nothing_is_said_of_topics()
    {
        await using BrokerBench bench = BrokerBench.Open(options => options.MaxMetricSeries = 0);
        await SendAsync(bench, "a");
        Assert.Empty(Read(bench, "rocketmq_messages_in_total"));
    }

    private static async Task SendAsync(BrokerBench bench, params string[] topics)
    {
        BrokerClient client = bench.Connect();
        foreach (string topic in topics)
        {
            using (await client.SendAsync(topic, "body"))
            {
            }
        }
    }

    /// <summary>The series of one instrument of this broker, by topic or metric.</summary>
    private static Dictionary<string, long> Read(BrokerBench bench, string name)
    {
        var found = new Dictionary<string, long>(StringComparer.Ordinal);
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter == bench.Core.Metrics.Meter)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, labels, _) =>
        {
            if (instrument.Name == name)
            {
                string key = labels.ToArray().FirstOrDefault(label => label.Key is "topic" or "metric").Value?.ToString() ?? string.Empty;
                found[key] = value;
            }
        });
        listener.Start();
        listener.RecordObservableInstruments();
        return found;
    }
}
