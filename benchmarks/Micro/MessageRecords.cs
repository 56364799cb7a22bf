using BenchmarkDotNet.Attributes;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Benchmarks.Micro;

/// <summary>A record of the commit log, written and read, with the sum over its body.</summary>
[MemoryDiagnoser]
public class MessageRecords
{
    private byte[] _body = [];
    private byte[] _record = [];

    /// <summary>Bytes of the body.</summary>
    [Params(128, 1024)]
    public int Size { get; set; }

    /// <summary>Makes the record.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _body = new byte[Size];
        _record = new byte[MessageRecordWriter.Size(Fields())];
        MessageRecordWriter.Write(_record, Fields());
    }

    /// <summary>Fields to bytes.</summary>
    [Benchmark]
    public byte Encode()
    {
        MessageRecordFields fields = Fields();
        fields.BodyCrc = BodyCrc32.Compute(fields.Body);
        MessageRecordWriter.Write(_record, fields);
        return _record[^1];
    }

    /// <summary>Bytes to fields.</summary>
    [Benchmark]
    public long Decode()
    {
        _ = MessageRecord.TryRead(_record, out MessageRecord record);
        return record.QueueOffset + record.Tags.Length;
    }

    /// <summary>The sum over the body.</summary>
    [Benchmark]
    public int Sum() => BodyCrc32.Compute(_body);

    private MessageRecordFields Fields() => new()
    {
        QueueId = 3,
        QueueOffset = 42,
        PhysicalOffset = 4711,
        BornTimestamp = 1_700_000_000_000,
        BornHost = HostAddress.Loopback(50000),
        StoreTimestamp = 1_700_000_000_001,
        StoreHost = HostAddress.Loopback(10911),
        Body = _body,
        Topic = "sensors"u8,
        Properties = "TAGS\u0001kitchen/temp\u0002UNIQ_KEY\u00017F0000010001000000000000000000001\u0002"u8,
    };
}
