using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Interop.Http;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Telemetry;

/// <summary>One trace from ingress by one protocol to the acknowledgement by another, as a collector sees it.</summary>
public sealed class OneTrace : IAsyncLifetime
{
    private readonly string _trace = ActivityTraceId.CreateRandom().ToHexString();
    private readonly string _caller = ActivitySpanId.CreateRandom().ToHexString();
    private Collector? _collector;
    private GatewayProcess? _gateway;

    private Collector Spans => _collector!;

    private GatewayProcess Gateway => _gateway!;

    private string TraceParent => $"00-{_trace}-{_caller}-01";

    public async Task InitializeAsync()
    {
        _collector = await Collector.StartAsync();
        _gateway = await GatewayProcess.StartAsync(new GatewaySettings
        {
            Configuration = $$"""{ "otlp": { "endpoint": "{{_collector.Endpoint}}", "traceInterval": "00:00:00.100", "metricInterval": "00:00:01" } }""",
        });
    }

    public async Task DisposeAsync()
    {
        await Gateway.DisposeAsync();
        await Spans.DisposeAsync();
    }

    [FactWhen(Needs.Mosquitto)]
    public async Task From_an_HTTP_publish_to_the_PUBACK_of_a_device()
    {
        await using MosquittoSubscription device = await Mosquitto.SubscribeAsync(Gateway, "traced/#", "-q", "1", "-V", "5");
        using (var rest = new Rest(Gateway))
        using (var request = new HttpRequestMessage(HttpMethod.Post, "v1/topics/traced/messages?tag=kitchen/temp") { Content = new ByteArrayContent("21.5"u8.ToArray()) })
        {
            request.Headers.Add("traceparent", TraceParent);
            request.Headers.Add("tracestate", "vendor=value");
            using HttpResponseMessage answer = await rest.Client.SendAsync(request);
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        }

        MosquittoMessage message = await device.MessageAsync("21.5");
        ExportedSpan published = await OfTraceAsync("publish traced");
        ExportedSpan delivered = await OfTraceAsync("deliver traced/kitchen/temp");
        ExportedSpan acknowledged = await OfTraceAsync("ack traced/kitchen/temp");
        ExportedSpan request1 = await Spans.SpanAsync(span => span.TraceId == _trace && span.ParentId == _caller, "the request");

        Assert.Equal(request1.SpanId, published.ParentId);
        Assert.Equal(published.SpanId, delivered.ParentId);
        Assert.Equal(delivered.SpanId, acknowledged.ParentId);
        Assert.Equal("mqtt", delivered.Attributes["network.protocol.name"]);
        Assert.Equal("accept", delivered.Attributes["protobridge.outcome"]);
        Assert.Contains($"traceparent:00-{_trace}-{published.SpanId}-01", message.UserProperties, StringComparison.Ordinal);
        Assert.Contains("tracestate:vendor=value", message.UserProperties, StringComparison.Ordinal);
        await Spans.MetricAsync("rocketmq_messages_in_total");
    }

    [FactWhen(Needs.Mosquitto)]
    public async Task From_the_PUBLISH_of_a_device_to_a_consumer_of_the_SDK_and_a_receiver_by_HTTP()
    {
        var handled = new Signal("the SDK handled the message under an activity of the trace");
        Activity? process = null;
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "ProtoBridgeMQ.Client",
            // Other tests of this process send and consume, too: their messages have no such trace.
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                options.Parent.TraceId.ToHexString() == _trace ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStopped = activity =>
            {
                process = activity;
                handled.Set();
            },
        };
        ActivitySource.AddActivityListener(listener);
        await Mosquitto.PublishAsync(Gateway, "meters/hall/power", "42", "-q", "1", "-V", "5", "-D", "publish", "user-property", "traceparent", TraceParent);
        await using var consumer = new PushConsumer(
            new PushConsumerOptions { Group = "traced-sdk", From = ConsumeFrom.First, Client = { NameServers = Gateway.NameServer } },
            (message, _) => ValueTask.FromResult(Encoding.UTF8.GetString(message.Body.Span) == "42" ? ConsumeResult.Success : ConsumeResult.RetryLater));
        consumer.Subscribe("meters");
        await consumer.StartAsync();

        await handled.WaitAsync();
        ExportedSpan published = await OfTraceAsync("publish meters");
        Assert.Equal(_caller, published.ParentId);
        Assert.Equal(_trace, process!.TraceId.ToHexString());
        Assert.Equal(published.SpanId, process.ParentSpanId.ToHexString());

        using var rest = new Rest(Gateway);
        JsonObject received = (await rest.TakeAsync("meters", "traced-http", 1))[0];
        Assert.StartsWith($"00-{_trace}-", (string?)received["properties"]!["traceparent"], StringComparison.Ordinal);
        ExportedSpan delivered = await OfTraceAsync("deliver meters");
        ExportedSpan acknowledged = await OfTraceAsync("ack meters");
        Assert.Equal(published.SpanId, delivered.ParentId);
        Assert.Equal(delivered.SpanId, acknowledged.ParentId);
        Assert.Equal("traced-http", delivered.Attributes["messaging.consumer.group.name"]);
    }

    private Task<ExportedSpan> OfTraceAsync(string name) => Spans.SpanAsync(span => span.TraceId == _trace && span.Name == name, name);
}
