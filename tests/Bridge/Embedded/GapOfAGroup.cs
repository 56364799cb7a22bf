using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Broker;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Gateway.Embedded;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Bridge.Embedded;

/// <summary>Retention was faster than a group.</summary>
public sealed class GapOfAGroup : IDisposable
{
    private const string Topic = "gap";
    private readonly TempDirectory _directory = new("gap");
    private readonly ManualClock _clock = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_group_goes_on_at_the_oldest_message_and_is_told_how_many_are_missing()
    {
        await using var core = BrokerCore.Open(
            new BrokerOptions { DataDirectory = _directory.Path, CommitLogFileSize = 64 << 10, Port = 0 },
            new IPEndPoint(IPAddress.Loopback, 10911),
            _clock,
            NullLoggerFactory.Instance,
            new PhysicalFileSystem());
        await using var bridge = await EmbeddedBridge.OpenAsync(core, new EmbeddedOptions(), _clock, NullLoggerFactory.Instance);
        for (int i = 0; i < 200; i++)
        {
            await bridge.PublishAsync(new PublishMessage(Topic, new byte[1000], default) { OrderingHash = 0 }).AsTask().Within("published");
        }

        await Eventually.True(() => core.Offsets.Max(Topic, 0) == 200);
        core.Offsets.Commit("slow", Topic, 0, 20);
        _clock.Advance(TimeSpan.FromHours(73));
        await Eventually.True(() => core.Offsets.Min(Topic, 0) > 100);
        long min = core.Offsets.Min(Topic, 0);

        await using IMessageStream stream = await bridge.SubscribeAsync(new SubscribeRequest
        {
            Kind = StreamKind.Group,
            Topics = TopicSelection.Of(Topic),
            Group = "slow",
        }).AsTask().Within("subscribed");
        using var batch = new MessageBatch();
        Assert.NotEqual(0, await stream.ReceiveAsync(batch, 1, TimeSpan.FromSeconds(10)).AsTask().Within("received"));
        Assert.Equal((min, min - 20), (batch[0].QueueOffset, batch[0].Missing));
        Assert.NotEqual(0, await stream.ReceiveAsync(batch, 1, TimeSpan.FromSeconds(10)).AsTask().Within("received again"));
        Assert.Equal((min + 1, 0), (batch[0].QueueOffset, batch[0].Missing));
    }
}
