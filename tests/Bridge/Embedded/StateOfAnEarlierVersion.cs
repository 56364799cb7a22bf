using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Broker;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Gateway.Embedded;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Bridge.Embedded;

/// <summary>A data directory whose state topic is an ordinary one, with records that have no KEYS.</summary>
public sealed class StateOfAnEarlierVersion : IDisposable
{
    private const string Topic = "PROTOBRIDGE_STATE";

    private readonly TempDirectory _directory = new("state");

    [Fact]
    public async Task It_opens_with_its_state_and_its_topic_becomes_compacted()
    {
        await using (BrokerCore core = OpenBroker())
        {
            core.Topics.Put(new BrokerTopic { Name = Topic, ReadQueues = 1, WriteQueues = 1 });
            await SendAsync(core, "before the saved offset", "x");
            long saved = core.Offsets.Max(Topic, 0);
            for (int i = 0; i < 30; i++)
            {
                await SendAsync(core, $"k{i % 10}", $"{i}");
            }

            await SendAsync(core, "k3", null);
            await SendAsync(core, "empty", "");
            core.Offsets.Commit("PROTOBRIDGE_STATE_READER", Topic, 0, Math.Max(1, saved));
        }

        for (int round = 0; round < 3; round++)
        {
            await using BrokerCore core = OpenBroker();
            await using EmbeddedBridge bridge = await EmbeddedBridge.OpenAsync(core, new EmbeddedOptions(), TimeProvider.System, NullLoggerFactory.Instance);
            Assert.True(core.Topics.Find(Topic)!.IsCompacted);
            List<string> found = [];
            await foreach (KeyValuePair<string, ReadOnlyMemory<byte>> entry in bridge.State.ListAsync("s"))
            {
                found.Add($"{entry.Key}={Encoding.UTF8.GetString(entry.Value.Span)}");
            }

            IEnumerable<string> expected = Enumerable.Range(20, 10).Where(i => i != 23).Select(i => $"k{i % 10}={i}").Append("empty=");
            Assert.Equal(expected.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
        }
    }

    public void Dispose() => _directory.Dispose();

    private static async Task SendAsync(BrokerCore core, string key, string? value)
    {
        var properties = default(PropertyTextWriter);
        properties.Write("space"u8, "s");
        properties.Write("key"u8, key);
        if (value is null)
        {
            properties.Write("gone"u8, "1"u8);
        }

        ValueTask<SendOutcome> sent = core.SendAsync(new SendRequest
        {
            Topic = core.Topics.Find(Topic)!,
            QueueId = 0,
            BornTime = 1,
            BornHost = core.StoreHost,
            Properties = properties.Written.Text.Span,
            Body = value is null ? default : Encoding.UTF8.GetBytes(value),
        });
        properties.Dispose();
        Assert.Equal(SendStatus.Ok, (await sent).Status);
    }

    private BrokerCore OpenBroker() => BrokerCore.Open(
        new BrokerOptions { DataDirectory = _directory.Path, CommitLogFileSize = 1 << 20, Port = 0 },
        new IPEndPoint(IPAddress.Loopback, 10911),
        TimeProvider.System,
        NullLoggerFactory.Instance,
        new PhysicalFileSystem());
}
