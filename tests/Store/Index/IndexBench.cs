using System.Buffers.Binary;
using System.Text;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Files;
using ProtoBridgeMQ.Store.Index;
using ProtoBridgeMQ.Store.Projections;
using ProtoBridgeMQ.Tests.Store.Faults;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Index;

/// <summary>A key index without a store around it: records are made as they are told.</summary>
internal sealed class IndexBench : IDisposable
{
    public const string Home = "/store/index";

    private readonly byte[] _record = new byte[64 << 10];

    public IndexBench(Action<StoreOptions>? change = null, IFileSystem? files = null, ProjectionStart? start = null)
    {
        Options = new StoreOptions { Directory = "/store", IndexSlots = 10, IndexEntries = 20, MaxMappedIndexFiles = 2 };
        change?.Invoke(Options);
        Machine = files as FaultyFileSystem ?? new FaultyFileSystem(1);
        Index = new KeyIndex(Options, files ?? Machine, Clock);
        Offset = Index.Load(start ?? new ProjectionStart(0, 0, IsClean: true, Rebuild: false, long.MaxValue));
    }

    public StoreOptions Options { get; }

    public FaultyFileSystem Machine { get; }

    public ManualClock Clock { get; } = new();

    public KeyIndex Index { get; }

    /// <summary>What <see cref="KeyIndex.Load"/> asked for.</summary>
    public long Offset { get; }

    public string[] Paths => [.. Machine.Paths.Where(path => path.StartsWith(Home, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    /// <summary>Tells of a record; a commit makes it readable.</summary>
    public void Stage(long offset, string topic, string? keys, string? unique = null, long storeTimestamp = 1_000_000, int sysFlag = 0)
    {
        Span<byte> properties = stackalloc byte[4096];
        var writer = new PropertyTextWriter(properties);
        if (keys is not null)
            writer.TryAdd("KEYS", keys);
        if (unique is not null)
            writer.TryAdd("UNIQ_KEY", unique);
        Stage(offset, topic, writer.Written, storeTimestamp, sysFlag);
    }

    /// <summary>Tells of a record with a property text.</summary>
    public void Stage(long offset, string topic, ReadOnlySpan<byte> properties, long storeTimestamp = 1_000_000, int sysFlag = 0)
    {
        Span<byte> name = stackalloc byte[256];
        var fields = new MessageRecordFields
        {
            Topic = name[..Encoding.UTF8.GetBytes(topic, name)],
            PhysicalOffset = offset,
            StoreTimestamp = storeTimestamp,
            SysFlag = sysFlag,
            Properties = properties,
            BornHost = HostAddress.Loopback(1),
            StoreHost = HostAddress.Loopback(2),
        };
        MessageRecordWriter.Write(_record.AsSpan(0, (int)MessageRecordWriter.Size(fields)), fields);
        StageAgain(offset);
    }

    /// <summary>Tells of the last record once more, at another offset.</summary>
    public void StageAgain(long offset)
    {
        BinaryPrimitives.WriteInt64BigEndian(_record.AsSpan(28), offset);
        Assert.True(MessageRecord.TryRead(_record, out var record) == RecordError.None);
        Index.Stage(record);
    }

    public void Add(long offset, string topic, string? keys, string? unique = null, long storeTimestamp = 1_000_000, int sysFlag = 0)
    {
        Stage(offset, topic, keys, unique, storeTimestamp, sysFlag);
        Index.Commit();
    }

    /// <summary>Offsets with the hash of a key, newest first.</summary>
    public KeyQueryResult Find(string topic, string key, int max = 64, long begin = 0, long end = long.MaxValue) =>
        Index.Find(new KeyQuery(topic, key, max, begin, end), _ => true);

    /// <summary>What the files say once all is flushed.</summary>
    public List<IndexContent> Contents()
    {
        Index.Flush();
        return [.. Paths.Select(path => IndexKit.Read(Machine.Content(path), Options.IndexSlots))];
    }

    public List<IndexEntry> Entries() => [.. Contents().SelectMany(content => content.Entries)];

    public void Dispose() => Index.Dispose();
}
