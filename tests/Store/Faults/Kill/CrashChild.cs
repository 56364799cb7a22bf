using System.Text;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Durability;

namespace ProtoBridgeMQ.Tests.Store.Faults.Kill;

/// <summary>
/// The process that is killed: opens a store, sends from several threads without end, and says what was acknowledged.
/// <code>
///  opening;                              before anything is done
///  open;                                 the store takes messages
///  a TOPIC QUEUE OFFSET POSITION BODY;   acknowledged
///  d POSITION;                           everything before it may be deleted from now on
/// </code>
/// A line without its semicolon was not finished.
/// </summary>
internal sealed class CrashChild : IAsyncDisposable
{
    private readonly CrashSettings _settings;
    private readonly Stream _output;
    private readonly Lock _outputLock = new();
    private MessageStore? _store;

    public CrashChild(CrashSettings settings, Stream output)
    {
        _settings = settings;
        _output = output;
    }

    public async Task RunAsync()
    {
        Say("opening;\n");
        _store = MessageStore.Open(_settings.Options());
        Say("open;\n");
        await Task.WhenAll(Enumerable.Range(0, _settings.Threads).Select(thread => Task.Run(() => SendAsync(_store, thread))));
    }

    public async ValueTask DisposeAsync()
    {
        if (_store is not null)
            await _store.DisposeAsync();
    }

    private async Task SendAsync(MessageStore store, int thread)
    {
        var random = new Random(HashCode.Combine(_settings.Seed, thread));
        for (var serial = 0; ; serial++)
        {
            var topic = $"topic{random.Next(4)}";
            var queue = random.Next(2);
            var name = $"{_settings.Run}-{thread}-{serial}";
            switch (random.Next(40))
            {
                case 0:
                    store.WriteCheckpoint();
                    break;
                case 1 when thread == 0 && store.Written.Value - store.MinPhysicalOffset > 40L * _settings.SegmentSize:
                    Delete(store);
                    break;
                case < 8:
                    await SendBatchAsync(store, topic, queue, name, random.Next(1, 8));
                    break;
                default:
                    await SendOneAsync(store, topic, queue, name, random.Next(random.Next(30) == 0 ? _settings.SegmentSize / 8 : 400));
                    break;
            }
        }
    }

    private async Task SendOneAsync(MessageStore store, string topic, int queue, string name, int size)
    {
        var body = name.PadRight(Math.Max(size, name.Length), '.');
        var result = store.Append(new MessageToStore
        {
            Topic = Encoding.UTF8.GetBytes(topic),
            QueueId = queue,
            Body = Encoding.UTF8.GetBytes(body),
            Properties = "TAGS\u0001crash\u0002"u8,
            BornHost = HostAddress.Loopback(1),
        });
        if (await IsAcknowledgedAsync(store, result))
            Say($"a {topic} {queue} {result.QueueOffset} {result.PhysicalOffset} {name};\n");
    }

    private async Task SendBatchAsync(MessageStore store, string topic, int queue, string name, int count)
    {
        var names = Enumerable.Range(0, count).Select(i => $"{name}-{i}").ToList();
        var batch = new byte[names.Sum(body => body.Length + BatchBody.Overhead)];
        var at = 0;
        foreach (var body in names)
            at += BatchBody.Write(batch.AsSpan(at), 0, Encoding.UTF8.GetBytes(body), default);
        var result = store.AppendBatch(new MessageToStore { Topic = Encoding.UTF8.GetBytes(topic), QueueId = queue, Body = batch, BornHost = HostAddress.Loopback(1) });
        if (await IsAcknowledgedAsync(store, result))
            Say(string.Concat(names.Select((body, i) => $"a {topic} {queue} {result.QueueOffset + i} {result.PhysicalOffset} {body};\n")));
    }

    private static async Task<bool> IsAcknowledgedAsync(MessageStore store, AppendResult result) => result.Status switch
    {
        AppendStatus.Appended => await store.WaitDurableAsync(result.End) == DurabilityStatus.Durable,
        AppendStatus.Busy or AppendStatus.DiskFull => false,
        _ => throw new InvalidOperationException($"{result.Status}: {store.State.Reason}"),
    };

    private void Delete(MessageStore store)
    {
        var half = store.MinPhysicalOffset + ((store.Written.Value - store.MinPhysicalOffset) / 2);
        Say($"d {half};\n");
        store.DeleteBefore(half, force: true);
    }

    private void Say(string lines)
    {
        var bytes = Encoding.UTF8.GetBytes(lines);
        lock (_outputLock)
            _output.Write(bytes);
    }
}
