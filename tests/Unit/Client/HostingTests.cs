using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Client.Hosting;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Cluster;
using static ProtoBridgeMQ.Tests.Unit.Client.Clients;

namespace ProtoBridgeMQ.Tests.Unit.Client;

public sealed class HostingTests
{
    [Fact]
    public async Task Values_go_through_a_hosted_consumer_and_bodies_that_are_none_become_dead_letters()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        var handled = new Handled();
        await using WebApplication host = Host(services =>
        {
            services.AddSingleton(handled);
            services.AddProtoBridgeMq(configuration: Settings(("Client:NameServers", cluster.NameServers), ("Client:MissingTopicInterval", "00:00:00.050"), ("Producer:Group", "from-configuration")))
                .AddSerializer(MessageSerializer.Json(ReadingJson.Default.Reading))
                .AddConsumer<ReadingHandler, Reading>("readings", "t", configure: options => options.From = ConsumeFrom.First);
        });
        await host.StartAsync().Within("host started");
        var publisher = host.Services.GetRequiredService<MessagePublisher>();
        await publisher.SendAsync("t", new Reading("kitchen", 21.5), tag: "a").Within("value sent");
        await publisher.Producer.SendAsync(new Message("t", "no json"u8.ToArray())).Within("nonsense sent");
        await publisher.SendAsync("t", new Reading("hall", 18)).Within("value sent");
        await Eventually.True(() => handled.Readings.Count == 2, "both values were handled");
        Assert.Equal([new Reading("hall", 18), new Reading("kitchen", 21.5)], handled.Readings.Select(one => one.Value).OrderBy(value => value.Place));
        Assert.All(handled.Readings, one => Assert.Equal("application/json", one.ContentType));
        Assert.Equal(2, handled.Readings.Select(one => one.Handler).Distinct().Count());
        await Routed(cluster, "%DLQ%readings");
        Assert.Equal("from-configuration", host.Services.GetRequiredService<IOptions<ProtoBridgeMqOptions>>().Value.Producer.Group);
        await host.StopAsync().Within("host stopped");
    }

    [Fact]
    public async Task Several_clusters_have_keys()
    {
        await using LocalCluster one = await LocalCluster.StartAsync();
        await using LocalCluster two = await LocalCluster.StartAsync();
        await using WebApplication host = Host(services =>
        {
            services.AddProtoBridgeMq(options => options.Client.NameServers = one.NameServers, key: "one");
            services.AddProtoBridgeMq(options => options.Client.NameServers = two.NameServers, key: "two");
        });
        await host.StartAsync().Within("host started");
        await host.Services.GetRequiredKeyedService<Producer>("two").SendAsync(new Message("only-in-two", default)).Within("sent");
        await using var connection = new ClusterConnection(new ClientOptions { NameServers = two.NameServers });
        await QueuedAsync(connection, "only-in-two", 1);
        Assert.Null(await host.Services.GetRequiredKeyedService<AdminClient>("one").FindRouteAsync("only-in-two"));
        Assert.Null(host.Services.GetService<Producer>());
        await host.StopAsync().Within("host stopped");
    }

    [Theory]
    [InlineData("Client:NameServers", "nonsense", "not host:port")]
    [InlineData("Producer:Retries", "99", "Retries")]
    [InlineData("Client:RequestTimeout", "-00:00:01", "RequestTimeout")]
    public async Task A_wrong_option_fails_the_start_by_its_name(string name, string value, string says)
    {
        await using WebApplication host = Host(services => services.AddProtoBridgeMq(configuration: Settings((name, value))));
        OptionsValidationException error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_consumer_waits_for_a_cluster_that_is_not_there_yet_and_health_says_so()
    {
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await cluster.StopNameServerAsync();
        var handled = new Handled();
        HealthCheckRegistration? health = null;
        await using WebApplication host = Host(services =>
        {
            services.AddSingleton(handled);
            ProtoBridgeMqBuilder builder = services.AddProtoBridgeMq(options =>
            {
                options.Client.NameServers = cluster.NameServers;
                options.Client.MissingTopicInterval = TimeSpan.FromMilliseconds(50);
                options.StartRetryPause = TimeSpan.FromMilliseconds(50);
            });
            builder.AddConsumer<PlainHandler>("plain", "t", configure: options => options.From = ConsumeFrom.First);
            health = builder.HealthCheck();
        });
        await host.StartAsync().Within("host started");
        IHealthCheck check = health!.Factory(host.Services);
        var context = new HealthCheckContext { Registration = health };
        Assert.Equal(HealthStatus.Unhealthy, (await check.CheckHealthAsync(context).Within("checked")).Status);
        await cluster.StartNameServerAsync();
        await EventuallyAsync(async () => (await check.CheckHealthAsync(context)).Status == HealthStatus.Healthy, "the cluster is healthy");
        await using Producer producer = await ProducerAsync(cluster);
        await producer.SendAsync(new Message("t", default)).Within("sent");
        await Eventually.True(() => handled.Plain.Count == 1, "the message was handled");
        await host.StopAsync().Within("host stopped");
    }

    [Fact]
    public async Task The_activity_of_the_handling_is_a_child_of_that_of_the_send()
    {
        var activities = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "ProtoBridgeMQ.Client",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activities.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using LocalCluster cluster = await LocalCluster.StartAsync();
        await using Producer producer = await ProducerAsync(cluster);
        var inbox = new Inbox();
        await using PushConsumer consumer = await ConsumerAsync(cluster, inbox, "traced");
        SendReceipt sent = await producer.SendAsync(new Message("t", "m"u8.ToArray(), "tag", "k1 k2")).Within("sent");
        await Eventually.True(() => Mine("process") is not null, "the handling was seen");
        Activity send = Mine("send")!;
        Activity process = Mine("process")!;
        Assert.Equal((send.TraceId, send.SpanId), (process.TraceId, process.ParentSpanId));
        Assert.Equal(("send t", ActivityKind.Producer, "process t", ActivityKind.Consumer), (send.DisplayName, send.Kind, process.DisplayName, process.Kind));
        Assert.Equal(("rocketmq", "t", "tag", 1), (send.GetTagItem("messaging.system"), send.GetTagItem("messaging.destination.name"), send.GetTagItem("messaging.rocketmq.message.tag"), send.GetTagItem("messaging.message.body.size")));
        Assert.Equal("traced", process.GetTagItem("messaging.consumer.group.name"));
        Assert.Equal(send.Id, inbox.All.Single().Properties["traceparent"]);

        // Other tests of the process send meanwhile: this message's activities are told by its id.
        Activity? Mine(string operation) => activities.FirstOrDefault(activity =>
            activity.GetTagItem("messaging.operation.name") as string == operation && activity.GetTagItem("messaging.message.id") as string == sent.MessageId);
    }

    private static WebApplication Host(Action<IServiceCollection> configure)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.Configure<Microsoft.AspNetCore.Server.Kestrel.Core.KestrelServerOptions>(kestrel => kestrel.ListenLocalhost(Support.Processes.FreePorts.Next()));
        configure(builder.Services);
        return builder.Build();
    }

    private static IConfiguration Settings(params (string Name, string Value)[] settings)
        => new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(setting => setting.Name, setting => (string?)setting.Value)).Build();

    private sealed class Handled
    {
        public ConcurrentQueue<(Reading Value, string? ContentType, object Handler)> Readings { get; } = new();

        public ConcurrentQueue<ReceivedMessage> Plain { get; } = new();
    }

    private sealed class ReadingHandler(Handled handled) : IMessageHandler<Reading>
    {
        public ValueTask<ConsumeResult> HandleAsync(Reading value, ReceivedMessage message, CancellationToken cancellationToken)
        {
            handled.Readings.Enqueue((value, message.Properties.GetValueOrDefault("contentType"), this));
            return ValueTask.FromResult(ConsumeResult.Success);
        }
    }

    private sealed class PlainHandler(Handled handled) : IMessageHandler
    {
        public ValueTask<ConsumeResult> HandleAsync(ReceivedMessage message, CancellationToken cancellationToken)
        {
            handled.Plain.Enqueue(message);
            return ValueTask.FromResult(ConsumeResult.Success);
        }
    }
}

internal sealed record Reading(string Place, double Value);

[JsonSerializable(typeof(Reading))]
internal sealed partial class ReadingJson : JsonSerializerContext;
