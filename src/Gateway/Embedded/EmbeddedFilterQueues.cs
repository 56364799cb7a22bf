using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Filters;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.FilterQueues;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store.LightQueues;

namespace ProtoBridgeMQ.Gateway.Embedded;

/// <summary>The queues of topic filters of the broker in this process: one part each.</summary>
internal sealed class EmbeddedFilterQueues(IBrokerCore core, RecordDecoder decoder, EmbeddedOptions options) : IFilterQueues
{
    public ValueTask<IReadOnlyList<FilterRange>> EnsureAsync(ReadOnlyMemory<byte> filter, CancellationToken cancellationToken = default)
        => core.FilterQueues.TryUse(filter.Span, out FilterQueueRange range)
            ? ValueTask.FromResult<IReadOnlyList<FilterRange>>([ToRange(range)])
            : new ValueTask<IReadOnlyList<FilterRange>>(Task.Run<IReadOnlyList<FilterRange>>(() => [Make(filter)], cancellationToken));

    public ValueTask<IReadOnlyList<FilterRange>> FindAsync(ReadOnlyMemory<byte> filter, CancellationToken cancellationToken = default)
        => ValueTask.FromResult<IReadOnlyList<FilterRange>>(core.FilterQueues.TryFind(filter.Span, out FilterQueueRange range) ? [ToRange(range)] : []);

    /// <summary>A queue that gateways of other processes use stays: only they count its sessions.</summary>
    public ValueTask DeleteAsync(ReadOnlyMemory<byte> filter, TimeSpan unusedFor = default, CancellationToken cancellationToken = default)
        => new(Task.Run(
            () =>
            {
                LightQueueStatus status = core.FilterQueues.IsShared(filter.Span) ? LightQueueStatus.Done : core.FilterQueues.Delete(filter.Span, unusedFor);
                if (status is not (LightQueueStatus.Done or LightQueueStatus.NotFound))
                {
                    throw Refusal(status);
                }
            },
            cancellationToken));

    public ValueTask<IReadOnlyList<byte[]>> ListAsync(CancellationToken cancellationToken = default)
        => ValueTask.FromResult(core.FilterQueues.List());

    public ValueTask<FilterRead> ReadAsync(FilterPlace from, int max, MessageBatch batch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        batch.Clear();
        if (from.Broker != core.Options.Name)
        {
            return ValueTask.FromResult(new FilterRead(false, from.Offset, 0));
        }

        try
        {
            bool found = core.FilterQueues.Read(
                new FilterQueueRead(from.Filter, from.Offset, max, options.FilterReadBytes), new Sink(core, decoder, batch), out FilterQueueReading reading);
            return ValueTask.FromResult(found ? new FilterRead(true, reading.NextOffset, reading.Missing) : new FilterRead(false, from.Offset, 0));
        }
        catch (IOException damaged)
        {
            return ValueTask.FromException<FilterRead>(new BridgeException(BridgeError.Internal, damaged.Message, innerException: damaged));
        }
    }

    public ValueTask<bool> ReadMessageAsync(string broker, long logOffset, MessageBatch batch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        int before = batch.Count;
        return ValueTask.FromResult(broker == core.Options.Name
            && core.ReadRecord(logOffset, new Sink(core, decoder, batch))
            && batch.Count > before);
    }

    public IDisposable Watch(ReadOnlyMemory<byte> filter, Action arrived) => core.FilterQueues.Watch(filter.Span, arrived);

    private static BridgeException Refusal(LightQueueStatus status) => status switch
    {
        LightQueueStatus.Malformed => new BridgeException(BridgeError.FilterInvalid, "The filter is empty, too long, or has too many levels."),
        LightQueueStatus.TooMany or LightQueueStatus.NoRoom
            => new BridgeException(BridgeError.Busy, "The broker has as many queues of filters as it may have."),
        LightQueueStatus.ReadOnly => new BridgeException(BridgeError.ReadOnly, "The broker takes no changes now."),
        _ => new BridgeException(BridgeError.Internal, $"The queue of a filter answered {status}."),
    };

    private FilterRange ToRange(FilterQueueRange range) => new(core.Options.Name, range.MinOffset, range.MaxOffset);

    private FilterRange Make(ReadOnlyMemory<byte> filter)
    {
        LightQueueStatus status = core.FilterQueues.Ensure(filter.Span, out FilterQueueRange range);
        return status == LightQueueStatus.Done ? ToRange(range) : throw Refusal(status);
    }

    private sealed class Sink(IBrokerCore core, RecordDecoder decoder, MessageBatch batch) : IRecordSink
    {
        public bool Accept(long queueOffset, long physicalOffset, ReadOnlySpan<byte> record)
        {
            if (MessageRecord.TryRead(record, out MessageRecord message) == RecordError.None && core.Topics.Find(message.Topic) is { } topic)
            {
                decoder.Add(message, topic.Name, message.QueueOffset, batch);
            }

            return true;
        }
    }
}
