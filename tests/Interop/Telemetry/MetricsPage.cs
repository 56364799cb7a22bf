using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Interop.Http;
using ProtoBridgeMQ.Tests.Interop.Mqtt;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Telemetry;

/// <summary>What /metrics of a gateway at work shows, by RocketMQ's names and for the dashboard of Grafana.</summary>
public sealed partial class MetricsPage(RunningGateway running) : IClassFixture<RunningGateway>
{
    private readonly GatewayProcess _gateway = running.Process;

    [Fact]
    public async Task RocketMQs_names_have_what_happened()
    {
        string page = await WorkAsync("counted");

        Assert.Equal(3, Value(page, "rocketmq_messages_in_total", ("topic", "counted")));
        Assert.True(Value(page, "rocketmq_throughput_in_total", ("topic", "counted")) > 15);
        Assert.True(Value(page, "rocketmq_messages_out_total", ("topic", "counted"), ("consumer_group", "counted-group")) >= 1);
        Assert.Equal(2, Value(page, "rocketmq_consumer_lag_messages", ("topic", "counted"), ("consumer_group", "counted-group")));
        Assert.Equal(
            2,
            Value(page, "rocketmq_consumer_inflight_messages", ("topic", "counted"), ("consumer_group", "counted-group"))
                + Value(page, "rocketmq_consumer_ready_messages", ("topic", "counted"), ("consumer_group", "counted-group")));
        Assert.True(Value(page, "rocketmq_consumer_lag_latency", ("topic", "counted"), ("consumer_group", "counted-group")) >= 0);
        Assert.Equal(1, Value(page, "rocketmq_send_to_dlq_messages_total", ("consumer_group", "counted-dead")));
        Assert.Contains("rocketmq_storage_size{cluster=\"DefaultCluster\",node_type=\"broker\",node_id=\"broker-a\",storage_type=\"local\",storage_medium=\"disk\"}", page, StringComparison.Ordinal);
    }

    [FactWhen(Needs.Mosquitto)]
    public async Task Every_metric_that_the_dashboard_of_Grafana_names_is_there()
    {
        await using (MosquittoSubscription device = await Mosquitto.SubscribeAsync(_gateway, "plotted/#", "-q", "1"))
        {
            await Mosquitto.PublishAsync(_gateway, "plotted/a", "delivered", "-q", "1");
            await device.MessageAsync("delivered");
        }

        string page = await WorkAsync("plotted");
        JsonNode dashboard = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(GatewayProgram.Root, "eng", "grafana", "protobridge.json")))!;
        string[] expressions = [.. dashboard["panels"]!.AsArray().SelectMany(panel => panel!["targets"]?.AsArray() ?? []).Select(target => (string)target!["expr"]!)];
        string[] names = [.. expressions.SelectMany(expression => MetricName().Matches(expression).Select(match => HistogramPart().Replace(match.Value, string.Empty))).Distinct()];

        Assert.True(names.Length > 25, $"it names {names.Length} metrics");
        Assert.Empty(names.Where(name => !page.Contains($"# TYPE {name} ", StringComparison.Ordinal)));
    }

    /// <summary>A little of everything that the metrics are of.</summary>
    private async Task<string> WorkAsync(string topic)
    {
        using var rest = new Rest(_gateway);
        await using (var cluster = new ClusterConnection(new ClientOptions { NameServers = _gateway.NameServer }))
        {
            await new AdminClient(cluster).CreateTopicAsync(topic, 1);
        }

        for (int i = 0; i < 3; i++)
        {
            await rest.PublishAsync(topic, "tag=t", "hello");
        }

        using (RawMqtt device = await RawMqtt.ConnectAsync(_gateway.Ports.Mqtt, topic))
        {
            await device.PublishAsync(topic + "-mqtt/a", "x");
        }

        await DeadLetterAsync(rest, topic + "-mqtt", topic + "-dead");
        await using var consumer = new PullConsumer(new PullConsumerOptions
        {
            Group = topic + "-group", From = ConsumeFrom.First, AutoCommit = false, Client = { NameServers = _gateway.NameServer },
        });
        await consumer.AssignAsync(await consumer.ListQueuesAsync(topic));
        await consumer.StartAsync();
        int polled = 0;
        while (polled < 1)
        {
            polled += (await consumer.PollAsync(1, TimeSpan.FromSeconds(10))).Count;
        }

        await consumer.CommitAsync();
        MessageQueue queue = Assert.Single(consumer.Queues);
        while (await consumer.GetCommittedAsync(queue) != 1)
        {
        }

        // Where groups are is read once for all that ask within a tenth of a second.
        string page = string.Empty;
        await Eventually.TrueAsync(
            async () =>
            {
                page = await rest.Client.GetStringAsync(new Uri("metrics", UriKind.Relative));
                return page.Split('\n').Any(line => line.StartsWith("rocketmq_consumer_lag_messages{", StringComparison.Ordinal) && line.Contains($"\"{topic}\"", StringComparison.Ordinal) && line.Contains($"\"{topic}-group\"", StringComparison.Ordinal));
            },
            $"the page has the group of {topic}");
        return page;
    }

    private static async Task DeadLetterAsync(Rest rest, string topic, string group)
    {
        JsonObject message = (await rest.ReceiveAsync(topic, group, "max=1&wait=10s"))[0];
        using HttpResponseMessage buried = await rest.Client.PostAsync(
            new Uri("v1/receipts/dead-letter", UriKind.Relative), new StringContent($$"""{"receipts":["{{message["receipt"]}}"]}""", null, "application/json"));
        Assert.True(buried.IsSuccessStatusCode, await buried.Content.ReadAsStringAsync());
    }

    private static double Value(string page, string name, params (string Name, string Value)[] labels)
    {
        string line = Assert.Single(page.Split('\n'), line => line.StartsWith(name + "{", StringComparison.Ordinal)
            && labels.All(label => line.Contains($"{label.Name}=\"{label.Value}\"", StringComparison.Ordinal)));
        return double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
    }

    [GeneratedRegex("(?:protobridge|rocketmq|dotnet)_[a-z0-9_]+")]
    private static partial Regex MetricName();

    [GeneratedRegex("_(?:bucket|sum|count)$")]
    private static partial Regex HistogramPart();
}
