using System.Buffers;
using System.Text;
using ProtoBridgeMQ.Remoting.Frames;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Tests.Unit.Broker;

public class QueriesByKey
{
    [Fact]
    public async Task The_newest_messages_with_a_key_are_found_oldest_first()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        for (int i = 0; i < 5; i++)
        {
            await SendAsync(client, "t", $"{i}", i == 3 ? "other" : "order-1 order-2");
        }

        using RemotingResponse all = await QueryAsync(client, "t", "order-2");
        Assert.Equal(ResponseCode.Success, all.Code);
        Assert.Equal(["0", "1", "2", "4"], Bodies(all));
        using RemotingResponse newest = await QueryAsync(client, "t", "order-2", maxNum: 2);
        Assert.Equal(["2", "4"], Bodies(newest));
        using RemotingResponse elsewhere = await QueryAsync(client, "u", "order-2");
        Assert.Equal(ResponseCode.QueryNotFound, elsewhere.Code);
    }

    [Fact]
    public async Task A_unique_key_is_found_and_told_apart_from_keys()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        await SendAsync(client, "t", "unique", null, "ABC");
        await SendAsync(client, "t", "keyed", "ABC");
        using RemotingResponse unique = await QueryAsync(client, "t", "ABC", unique: "true", maxNum: 0);
        Assert.Equal(["unique"], Bodies(unique));
        using RemotingResponse both = await QueryAsync(client, "t", "ABC", unique: "false");
        Assert.Equal(["unique", "keyed"], Bodies(both));
        using RemotingResponse old = await QueryAsync(client, "t", "ABC");
        Assert.Equal(["unique", "keyed"], Bodies(old));
    }

    [Fact]
    public async Task Messages_of_another_time_are_not_found()
    {
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();
        long start = bench.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        await SendAsync(client, "t", "1", "k");
        bench.Clock.Advance(TimeSpan.FromSeconds(10));
        await SendAsync(client, "t", "2", "k");
        using RemotingResponse first = await QueryAsync(client, "t", "k", end: start + 5000);
        Assert.Equal(["1"], Bodies(first));
        using RemotingResponse none = await QueryAsync(client, "t", "k", begin: start + 1, end: start + 5000);
        Assert.Equal((ResponseCode.QueryNotFound, "can not find message, maybe time range not correct"), (none.Code, none.Remark));
    }

    [Fact]
    public async Task An_answer_is_cut_at_the_limit_of_bytes_and_keeps_the_newest()
    {
        await using BrokerBench bench = BrokerBench.Open(options => options.MaxQueryBytes = 2500);
        BrokerClient client = bench.Connect();
        for (int i = 0; i < 5; i++)
        {
            await SendAsync(client, "t", $"{i}{new string('x', 1000)}", "k");
        }

        await SendAsync(client, "big", new string('y', 5000), "k");
        using RemotingResponse cut = await QueryAsync(client, "t", "k");
        Assert.Equal(['3', '4'], Bodies(cut).Select(body => body[0]));
        using RemotingResponse big = await QueryAsync(client, "big", "k");
        Assert.Single(Bodies(big));
    }

    [Fact]
    public async Task A_broker_without_a_key_index_finds_nothing_and_says_why()
    {
        await using BrokerBench bench = BrokerBench.Open(options => options.IndexEnabled = false);
        BrokerClient client = bench.Connect();
        await SendAsync(client, "t", "1", "k");
        using RemotingResponse answer = await QueryAsync(client, "t", "k");
        Assert.Equal(ResponseCode.QueryNotFound, answer.Code);
        Assert.Contains("no key index", answer.Remark, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("498-json", "009", "010", "016")]
    [InlineData("498-rocketmq", "009", "010", "016")]
    [InlineData("533-json", "013", "014", "020")]
    [InlineData("533-rocketmq", "011", "012", "018")]
    public async Task Recorded_queries_are_answered_as_Apache_did(string recording, string asked, string found, string notFound)
    {
        QueryMessageRequestHeader header = QueryMessageRequestHeader.Read(Recorded(recording, $"query-{asked}-query_message-req", out _).Fields) with
        {
            EndTimestamp = long.MaxValue,
        };
        RemotingHeader none = Recorded(recording, $"query-{notFound}-query_message-resp-22", out _);
        RemotingHeader some = Recorded(recording, $"query-{found}-query_message-resp-0", out byte[] records);
        await using BrokerBench bench = BrokerBench.Open();
        BrokerClient client = bench.Connect();

        using RemotingResponse before = await client.AskAsync(RequestCode.QueryMessage, header);
        Assert.Equal((none.Code, none.Remark.ToString()), (before.Code, before.Remark));
        Assert.Equal(Fields(none.Fields), Fields(before.Fields));
        Assert.True(before.Body.IsEmpty);

        Assert.Equal(RecordError.None, MessageRecord.TryRead(records, out MessageRecord stored));
        Assert.Equal(records.Length, stored.Size);
        string properties = Encoding.UTF8.GetString(stored.Properties);
        string body = Encoding.UTF8.GetString(stored.Body);
        long time = bench.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        using RemotingResponse sent = await client.AskAsync(
            RequestCode.SendMessageV2, new SendMessageRequestHeaderV2(BrokerClient.SendHeader(header.Topic, properties)), Encoding.UTF8.GetBytes(body));
        await Readable(client, header.Topic, sent);
        using RemotingResponse after = await client.AskAsync(RequestCode.QueryMessage, header);
        Assert.Equal((some.Code, some.Remark.AsString()), (after.Code, after.Remark));
        Assert.Equal(Fields(some.Fields).Select(field => field.Key), Fields(after.Fields).Select(field => field.Key));
        Assert.Equal((time, 0L), (after.Fields.GetInt64("indexLastUpdateTimestamp"u8), after.Fields.GetInt64("indexLastUpdatePhyoffset"u8)));
        BrokerClient.Record record = Assert.Single(BrokerClient.Records(after));
        Assert.Equal((header.Topic, body, properties.TrimEnd('\u0002')), (record.Topic, record.Body, record.Properties.TrimEnd('\u0002')));
    }

    private static SortedDictionary<string, string> Fields(HeaderFields fields)
    {
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal);
        for (int i = 0; i < fields.Count; i++)
        {
            all.Add(Encoding.UTF8.GetString(fields.NameAt(i)), fields.ValueAt(i).ToString());
        }

        return all;
    }

    /// <summary>A frame of tests/Golden/remoting.</summary>
    private static RemotingHeader Recorded(string recording, string name, out byte[] body)
    {
        DirectoryInfo? root = new(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "ProtoBridgeMQ.sln")))
        {
            root = root.Parent;
        }

        string path = Path.Combine(root!.FullName, "tests", "Golden", "remoting", recording, $"{recording}-{name}.bin");
        var buffer = new ReadOnlySequence<byte>(File.ReadAllBytes(path));
        Assert.Equal(FrameStatus.Frame, FrameCutter.TryCut(ref buffer, FrameCutter.DefaultMaxFrameLength, out Frame frame, out _));
        var header = new RemotingHeader();
        Assert.Null(header.Decode(frame));
        body = frame.Body.ToArray();
        return header;
    }

    private static List<string> Bodies(RemotingResponse answer) => [.. BrokerClient.Records(answer).Select(record => record.Body)];

    private static Task<RemotingResponse> QueryAsync(
        BrokerClient client, string topic, string key, int maxNum = 32, long begin = 0, long end = long.MaxValue, string? unique = null) =>
        client.AskAsync(RequestCode.QueryMessage, new QueryMessageRequestHeader
        {
            Topic = topic,
            Key = key,
            MaxNum = maxNum,
            BeginTimestamp = begin,
            EndTimestamp = end,
            IsUniqueKey = unique,
        });

    private static async Task SendAsync(BrokerClient client, string topic, string body, string? keys, string? unique = null)
    {
        string properties = (keys is null ? string.Empty : $"KEYS\u0001{keys}\u0002") + (unique is null ? string.Empty : $"UNIQ_KEY\u0001{unique}\u0002");
        using RemotingResponse sent = await client.AskAsync(
            RequestCode.SendMessageV2, new SendMessageRequestHeaderV2(BrokerClient.SendHeader(topic, properties)), Encoding.UTF8.GetBytes(body));
        Assert.Equal(ResponseCode.Success, sent.Code);
        await Readable(client, topic, sent);
    }

    /// <summary>What can be pulled can be found.</summary>
    private static async Task Readable(BrokerClient client, string topic, RemotingResponse sent)
    {
        using RemotingResponse pulled = await client.PullAsync(topic, sent.Fields.GetInt64("queueOffset"u8), hold: 20_000);
        Assert.Equal(ResponseCode.Success, pulled.Code);
    }
}
