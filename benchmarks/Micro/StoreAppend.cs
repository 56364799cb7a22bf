using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Engines;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;

namespace ProtoBridgeMQ.Benchmarks.Micro;

/// <summary>Appends to the mapped log, with a wait for the disk that one, some or many of them share.</summary>
[MemoryDiagnoser]
[SimpleJob(RunStrategy.Monitoring, iterationCount: 20, invocationCount: 8)]
public class StoreAppend
{
    private const int SegmentSize = 256 << 20;
    private const int Group = 64;
    private const int Thousands = 4096;

    private readonly byte[] _body = new byte[128];
    private MessageStore? _store;
    private string _directory = string.Empty;

    /// <summary>Opens a store in a temporary directory.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _directory = Directory.CreateTempSubdirectory("protobridge-micro-").FullName;
        _store = MessageStore.Open(new StoreOptions { Directory = _directory, SegmentSize = SegmentSize });
    }

    /// <summary>Closes it and removes the directory.</summary>
    [GlobalCleanup]
    public async Task CleanupAsync()
    {
        await _store!.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>4,096 appends that share one wait for the disk: what an append itself costs.</summary>
    [Benchmark(OperationsPerInvoke = Thousands)]
    public Task AppendThousandsAsync() => AppendAsync(Thousands);

    /// <summary>64 appends that share one wait for the disk.</summary>
    [Benchmark(OperationsPerInvoke = Group)]
    public Task AppendGroupAsync() => AppendAsync(Group);

    /// <summary>One append that waits for the disk alone.</summary>
    [Benchmark]
    public Task AppendOneAsync() => AppendAsync(1);

    private async Task AppendAsync(int count)
    {
        AppendResult last = default;
        for (int i = 0; i < count; i++)
        {
            last = Append();
        }

        await _store!.WaitDurableAsync(last.End);
    }

    private AppendResult Append() => _store!.Append(new MessageToStore
    {
        Topic = "sensors"u8,
        QueueId = 3,
        Body = _body,
        Properties = "TAGS\u0001kitchen/temp\u0002"u8,
        BornTimestamp = 1_700_000_000_000,
        BornHost = HostAddress.Loopback(50000),
    });
}
