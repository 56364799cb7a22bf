using System.Net;
using System.Text;
using System.Text.Json;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Tests.Store.Compatibility;

/// <summary>
/// Records of both versions, with hosts of both kinds, with and without a CRC of their own, as a writer made them that knows
/// nothing of this project (<c>tests/Golden/store/records.py</c>): field by field, and byte for byte.
/// </summary>
public sealed class GoldenRecordTests
{
    private static readonly Dictionary<string, JsonElement> Expected =
        JsonDocument.Parse(File.ReadAllBytes(Path.Combine(StoreKit.Golden, "records", "expected.json"))).RootElement.EnumerateObject().ToDictionary(record => record.Name, record => record.Value);

    public static TheoryData<string> Names => [.. Expected.Keys];

    [Theory, MemberData(nameof(Names))]
    public void A_record_is_read_field_by_field(string name)
    {
        var expected = Expected[name];
        var bytes = Bytes(name);
        Assert.Equal(RecordError.None, MessageRecord.TryRead(bytes, out var record));
        Assert.Equal(bytes.Length, record.Size);
        Assert.Equal(name.StartsWith("v2", StringComparison.Ordinal), record.IsV2);
        Assert.Equal(Text(expected, "topic"), record.TopicString);
        Assert.Equal(Text(expected, "body"), Encoding.UTF8.GetString(record.Body));
        Assert.Equal(Host(expected, "born"), record.BornHost.ToEndPoint());
        Assert.Equal(Host(expected, "store"), record.StoreHost.ToEndPoint());
        Assert.Equal((Number(expected, "queueId"), Number(expected, "flag"), Number(expected, "queueOffset"), Number(expected, "physicalOffset")), ((long)record.QueueId, (long)record.Flag, record.QueueOffset, record.PhysicalOffset));
        Assert.Equal((Number(expected, "bornTimestamp"), Number(expected, "storeTimestamp"), Number(expected, "reconsumeTimes"), Number(expected, "preparedTransactionOffset")), (record.BornTimestamp, record.StoreTimestamp, (long)record.ReconsumeTimes, record.PreparedTransactionOffset));
        Assert.Equal(Number(expected, "sysFlag"), record.SysFlag & ~(MessageSysFlag.BornHostV6 | MessageSysFlag.StoreHostV6));
        Assert.Equal(record.BornHost.IsV6, (record.SysFlag & MessageSysFlag.BornHostV6) != 0);
        Assert.Equal(record.StoreHost.IsV6, (record.SysFlag & MessageSysFlag.StoreHostV6) != 0);
        Assert.Equal(expected.GetProperty("crc").GetBoolean(), record.HasCrc);
        Assert.True(record.CrcMatches && record.BodyCrcMatches);
        Assert.StartsWith(Text(expected, "properties"), Encoding.UTF8.GetString(record.Properties), StringComparison.Ordinal);
        for (var length = 0; length < bytes.Length; length++)
            Assert.Equal(RecordError.NeedMore, MessageRecord.TryRead(bytes.AsSpan(0, length), out _));
    }

    [Theory, MemberData(nameof(Names))]
    public void The_writer_makes_the_same_bytes(string name)
    {
        var expected = Expected[name];
        var body = Encoding.UTF8.GetBytes(Text(expected, "body"));
        var hasCrc = expected.GetProperty("crc").GetBoolean();
        var fields = new MessageRecordFields
        {
            BodyCrc = BodyCrc32.Compute(body),
            QueueId = (int)Number(expected, "queueId"),
            Flag = (int)Number(expected, "flag"),
            QueueOffset = Number(expected, "queueOffset"),
            PhysicalOffset = Number(expected, "physicalOffset"),
            SysFlag = (int)Number(expected, "sysFlag"),
            BornTimestamp = Number(expected, "bornTimestamp"),
            BornHost = HostAddress.From(Host(expected, "born")),
            StoreTimestamp = Number(expected, "storeTimestamp"),
            StoreHost = HostAddress.From(Host(expected, "store")),
            ReconsumeTimes = (int)Number(expected, "reconsumeTimes"),
            PreparedTransactionOffset = Number(expected, "preparedTransactionOffset"),
            Body = body,
            Topic = Encoding.UTF8.GetBytes(Text(expected, "topic")),
            Properties = Encoding.UTF8.GetBytes(Text(expected, "properties")),
            WithCrc = hasCrc,
        };
        var written = new byte[MessageRecordWriter.Size(fields)];
        MessageRecordWriter.Write(written, fields);
        Assert.Equal(Convert.ToHexString(Bytes(name)), Convert.ToHexString(written));
    }

    private static byte[] Bytes(string name) => File.ReadAllBytes(Path.Combine(StoreKit.Golden, "records", name + ".bin"));

    private static string Text(JsonElement record, string name) => record.GetProperty(name).GetString()!;

    private static long Number(JsonElement record, string name) => record.GetProperty(name).GetInt64();

    private static IPEndPoint Host(JsonElement record, string which) => new(IPAddress.Parse(Text(record, which + "Host")), (int)Number(record, which + "Port"));
}
