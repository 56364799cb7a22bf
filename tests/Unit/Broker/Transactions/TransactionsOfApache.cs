using System.Buffers;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using ProtoBridgeMQ.Broker;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Transactions;
using ProtoBridgeMQ.Remoting.Frames;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Transactions;

/// <summary>Transactions in stores and frames that Apache RocketMQ wrote.</summary>
public class TransactionsOfApache
{
    private static readonly string Golden = FindGolden();

    [Theory]
    [InlineData("498", 0)]
    [InlineData("498-running", 0)]
    [InlineData("533", 3)]
    [InlineData("533-running", 3)]
    public async Task The_open_ones_of_a_store_are_known(string sample, int open)
    {
        using var temp = new TempDirectory("transactions");
        Copy(Path.Combine(Golden, "store", sample), temp["store"]);
        await using BrokerCore core = Open(temp["store"]);
        Assert.Equal(open, core.Transactions.Open);
    }

    [Fact]
    public async Task One_of_them_is_committed_by_its_newest_place_and_is_done_with_after_a_restart()
    {
        using var temp = new TempDirectory("transactions");
        Copy(Path.Combine(Golden, "store", "533"), temp["store"]);
        long before;
        await using (BrokerCore core = Open(temp["store"]))
        {
            Assert.True(core.Store.TryGetQueue(HalfTopics.Half, 0, out ProtoBridgeMQ.Store.Queues.ConsumeQueue? halves));
            Assert.True(halves.TryReadEntry(39, out ProtoBridgeMQ.Store.Queues.QueueEntry entry));
            before = Messages(core);
            EndOutcome outcome = await core.Transactions.EndAsync(new TransactionEnd("g_tx", 39, entry.PhysicalOffset, TransactionResult.Committed, WasAsked: true));
            Assert.Equal(new EndOutcome(EndStatus.Ok), outcome);
        }

        await using (BrokerCore core = Open(temp["store"]))
        {
            Assert.Equal((before + 1, 2), (Messages(core), core.Transactions.Open));
        }
    }

    [Theory]
    [InlineData("533-json", "tx-066-check_transaction_state-oneway")]
    [InlineData("533-rocketmq", "tx-053-check_transaction_state-oneway")]
    [InlineData("498-json", "tx-069-check_transaction_state-oneway")]
    [InlineData("498-rocketmq", "tx-071-check_transaction_state-oneway")]
    public void A_producer_is_shown_the_half_message_as_Apache_shows_it(string recording, string name)
    {
        var buffer = new ReadOnlySequence<byte>(File.ReadAllBytes(Path.Combine(Golden, "remoting", recording, $"{recording}-{name}.bin")));
        Assert.Equal(FrameStatus.Frame, FrameCutter.TryCut(ref buffer, FrameCutter.DefaultMaxFrameLength, out Frame frame, out _));
        byte[] recorded = frame.Body.ToArray();
        Assert.Equal(RecordError.None, MessageRecord.TryRead(recorded, out MessageRecord expected));

        byte[]? written = HalfRecord.ForProducer(
            expected,
            new AppendResult(AppendStatus.Appended, expected.PhysicalOffset, QueueOffset: expected.QueueOffset),
            HalfProperties.CheckTimes(expected.Properties));

        Assert.Equal(RecordError.None, MessageRecord.TryRead(written, out MessageRecord record));
        // Neither the size nor the length of the properties: 4.x leaves the last separator out.
        Assert.Equal(recorded[4..(expected.PropertiesAt - 2)], written![4..(record.PropertiesAt - 2)]);
        Assert.Equal(Pairs(expected.Properties), Pairs(record.Properties));
    }

    private static string[] Pairs(ReadOnlySpan<byte> properties) =>
        Encoding.UTF8.GetString(properties).Split('\u0002', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal).ToArray();

    private static long Messages(BrokerCore core) => Enumerable.Range(0, 8).Sum(queue => core.Offsets.Max("T_tx", queue));

    private static BrokerCore Open(string directory) => BrokerCore.Open(
        new BrokerOptions { DataDirectory = directory }, new IPEndPoint(IPAddress.Loopback, 10911),
        new ManualClock(DateTimeOffset.FromUnixTimeMilliseconds(1_795_221_200_000)), NullLoggerFactory.Instance, PhysicalFileSystem.Instance);

    private static void Copy(string from, string to)
    {
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    private static string FindGolden()
    {
        DirectoryInfo? root = new(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "ProtoBridgeMQ.sln")))
        {
            root = root.Parent;
        }

        return Path.Combine(root!.FullName, "tests", "Golden");
    }
}
