using System.Runtime.CompilerServices;
using System.Text;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.State;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Remoting.Messages;
using PropertyTextWriter = ProtoBridgeMQ.Bridge.Messages.PropertyTextWriter;

namespace ProtoBridgeMQ.Gateway.Embedded;

/// <summary>
/// The fronts' state as the latest record of each key in one queue of a compacted topic of its own:
/// <code>
///   body: value      properties: KEYS, space, key, and for a removed key gone=1
/// </code>
/// All of it is in memory; opening reads the latest records and no history. A topic of an earlier version, which is not
/// compacted, is read through once, its live values are written again with KEYS, and it becomes compacted.
/// </summary>
internal sealed class StateLog : IStateStore
{
    /// <summary>Where earlier versions saved the offset from which they read.</summary>
    private const string Reader = "PROTOBRIDGE_STATE_READER";

    /// <summary>Values that are written again at a time.</summary>
    private const int WritesAtOnce = 256;

    private readonly IBrokerCore _core;
    private readonly EmbeddedOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Space, string Key), Entry> _entries = [];
    private readonly List<(string Space, string Key)> _gone = [];
    private long _lastWrite;
    private int _writing;
    private int _live;

    private StateLog(IBrokerCore core, EmbeddedOptions options, TimeProvider clock, ILogger log)
    {
        _core = core;
        _options = options;
        _clock = clock;
        _log = log;
    }

    public static async ValueTask<StateLog> OpenAsync(IBrokerCore core, EmbeddedOptions options, TimeProvider clock, ILogger log, CancellationToken cancellationToken)
    {
        var state = new StateLog(core, options, clock, log);
        if (core.Topics.Find(EmbeddedTopics.State) is not { } topic)
        {
            Put(core, new BrokerTopic { Name = EmbeddedTopics.State, ReadQueues = 1, WriteQueues = 1, Attributes = TopicAttributes.Compacted });
        }
        else if (topic.IsCompacted)
        {
            long records = core.ReadAllLatest(EmbeddedTopics.State, 0, new LatestSink(state, cancellationToken));
            log.StateRead(state._live, records);
        }
        else
        {
            state.ReadHistory(cancellationToken);
            if (core.Status.Writable)
            {
                await state.RewriteAsync().ConfigureAwait(false);
                Put(core, topic with { Attributes = topic.Attributes.With(TopicAttributes.CleanupPolicy, TopicAttributes.Compaction) });
            }
        }

        return state;
    }

    public ValueTask<ReadOnlyMemory<byte>?> GetAsync(string space, string key, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(
                _entries.TryGetValue((space, key), out Entry entry) && entry.Value is not null
                    ? new ReadOnlyMemory<byte>(entry.Value)
                    : (ReadOnlyMemory<byte>?)null);
        }
    }

    public ValueTask PutAsync(string space, string key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken = default)
    {
        if (value.Length > _options.MaxStateValueSize)
        {
            return ValueTask.FromException(new BridgeException(
                BridgeError.MessageTooLarge,
                $"A value of state has at most {_options.MaxStateValueSize} bytes; this one has {value.Length}."));
        }

        return WriteAsync(space, key, value.ToArray());
    }

    public ValueTask DeleteAsync(string space, string key, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (_writing == 0 && !_entries.ContainsKey((space, key)))
            {
                return ValueTask.CompletedTask;
            }
        }

        return WriteAsync(space, key, null);
    }

    public async IAsyncEnumerable<KeyValuePair<string, ReadOnlyMemory<byte>>> ListAsync(
        string space,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        List<KeyValuePair<string, ReadOnlyMemory<byte>>> found = [];
        lock (_gate)
        {
            foreach (((string owner, string key), Entry entry) in _entries)
            {
                if (owner == space && entry.Value is { } value)
                {
                    found.Add(KeyValuePair.Create(key, (ReadOnlyMemory<byte>)value));
                }
            }
        }

        await Task.CompletedTask.ConfigureAwait(false);
        foreach (KeyValuePair<string, ReadOnlyMemory<byte>> pair in found)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return pair;
        }
    }

    private async ValueTask WriteAsync(string space, string key, byte[]? value)
    {
        var properties = default(PropertyTextWriter);
        try
        {
            StateProperties.Write(ref properties, space, key, value);

            ValueTask<SendOutcome> sent = Append(space, key, value, properties.Written, out long order);
            SendOutcome outcome = default;
            bool stored = false;
            try
            {
                outcome = await sent.ConfigureAwait(false);
                stored = outcome.Status == SendStatus.Ok;
            }
            finally
            {
                Apply((space, key), value, order, stored, ended: true);
            }

            if (outcome.Status != SendStatus.Ok)
            {
                throw BrokerErrors.ToException(outcome.Status, outcome.Remark, "the gateway's state");
            }
        }
        finally
        {
            properties.Dispose();
        }
    }

    /// <summary>Under the gate, so that the order of writes is the order in the log.</summary>
    private ValueTask<SendOutcome> Append(string space, string key, byte[]? value, MessageProperties properties, out long order)
    {
        BrokerTopic topic = _core.Topics.Find(EmbeddedTopics.State)
            ?? throw new BridgeException(BridgeError.ReadOnly, $"Topic {EmbeddedTopics.State} was removed; restart the gateway.");
        lock (_gate)
        {
            bool isNew = !_entries.TryGetValue((space, key), out Entry present) || present.Value is null;
            if (value is not null && isNew && _live + _writing >= _options.MaxStateKeys)
            {
                throw new BridgeException(BridgeError.Busy, $"The gateway keeps state of at most {_options.MaxStateKeys} keys.");
            }

            order = ++_lastWrite;
            _writing++;
            return _core.SendAsync(new SendRequest
            {
                Topic = topic,
                QueueId = 0,
                BornTime = _clock.GetUtcNow().ToUnixTimeMilliseconds(),
                BornHost = _core.StoreHost,
                Properties = properties.Text.Span,
                Body = value,
            });
        }
    }

    private void Apply((string Space, string Key) name, byte[]? value, long order, bool stored, bool ended)
    {
        lock (_gate)
        {
            bool known = _entries.TryGetValue(name, out Entry present);
            if (stored && (!known || present.Order < order))
            {
                _live += (value is null ? 0 : 1) - (present.Value is null ? 0 : 1);
                _entries[name] = new Entry(value, order);
                if (value is null)
                {
                    _gone.Add(name);
                }
            }

            _writing -= ended ? 1 : 0;
            if (_writing == 0 && _gone.Count > 0)
            {
                // Nothing older can complete any more: the marks of removed keys can go.
                foreach ((string, string) key in _gone)
                {
                    if (_entries.TryGetValue(key, out Entry entry) && entry.Value is null)
                    {
                        _entries.Remove(key);
                    }
                }

                _gone.Clear();
            }
        }
    }

    /// <summary>Reads the topic as earlier versions wrote it: from the offset that they saved, to the end.</summary>
    private void ReadHistory(CancellationToken cancellationToken)
    {
        long start = Math.Max(_core.Offsets.Min(EmbeddedTopics.State, 0), _core.Offsets.Query(Reader, EmbeddedTopics.State, 0));
        long next = start;
        using var records = new RecordBatch();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ReadOutcome outcome = _core.Read(new ReadRequest(EmbeddedTopics.State, 0, next, 1024, 1 << 20), records);
            for (int i = 0; i < records.Count; i++)
            {
                Replay(records[i], records.QueueOffset(i));
            }

            records.Clear();
            if (outcome.NextOffset <= next)
            {
                break;
            }

            next = outcome.NextOffset;
        }

        _log.StateRead(_live, next - start);
    }

    private void Replay(ReadOnlySpan<byte> bytes, long offset)
    {
        if (MessageRecord.TryRead(bytes, out MessageRecord record) != RecordError.None
            || !PropertyText.TryGet(record.Properties, StateProperties.Space, out ReadOnlySpan<byte> space)
            || !PropertyText.TryGet(record.Properties, StateProperties.Key, out ReadOnlySpan<byte> key))
        {
            _log.StateRecordUnknown(offset);
            return;
        }

        bool gone = PropertyText.TryGet(record.Properties, StateProperties.Gone, out _);
        Apply(
            (Encoding.UTF8.GetString(space), Encoding.UTF8.GetString(key)),
            // Only an empty value is ever packed: by a gateway in front of brokers that want a body.
            gone ? null : BodyCompression.IsCompressed(record.SysFlag) ? [] : record.Body.ToArray(),
            ++_lastWrite,
            stored: true,
            ended: false);
    }

    /// <summary>Writes every live value again, with its key where compaction looks for it.</summary>
    private async ValueTask RewriteAsync()
    {
        KeyValuePair<(string Space, string Key), Entry>[] live = [.. _entries.Where(entry => entry.Value.Value is not null)];
        foreach (KeyValuePair<(string Space, string Key), Entry>[] some in live.Chunk(WritesAtOnce))
        {
            await Task.WhenAll(some.Select(entry => WriteAsync(entry.Key.Space, entry.Key.Key, entry.Value.Value).AsTask())).ConfigureAwait(false);
        }
    }

    private static void Put(IBrokerCore core, BrokerTopic topic)
    {
        SendStatus made = core.Topics.Put(topic);
        if (made != SendStatus.Ok)
        {
            throw BrokerErrors.ToException(made, null, $"topic {EmbeddedTopics.State}");
        }
    }

    private readonly record struct Entry(byte[]? Value, long Order);

    private sealed class LatestSink(StateLog state, CancellationToken cancellationToken) : IRecordSink
    {
        public bool Accept(long queueOffset, long physicalOffset, ReadOnlySpan<byte> record)
        {
            cancellationToken.ThrowIfCancellationRequested();
            state.Replay(record, queueOffset);
            return true;
        }
    }
}
