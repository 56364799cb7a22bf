using System.Buffers;
using System.Buffers.Binary;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.FilterQueues;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;
using ProtoBridgeMQ.Store.LightQueues;

namespace ProtoBridgeMQ.Broker.Handlers.FilterQueues;

/// <summary>ENSURE_FILTER_QUEUE (700001): makes the queue of a topic filter, or finds it. Answered when it is durable.</summary>
internal sealed class EnsureFilterQueueHandler(BrokerCore core) : IRequestHandler
{
    public async ValueTask HandleAsync(RemotingRequest request)
    {
        byte[] filter = request.Body.ToArray();
        if (core.FilterQueues.TryUse(filter, out FilterQueueRange range))
        {
            core.FilterQueues.Share(filter);
            FilterQueueAnswers.Reply(request, range);
            return;
        }

        // It may take a flush, which must not hold up the connection.
        (LightQueueStatus status, FilterQueueRange made) = await Task.Run(() => (core.FilterQueues.Ensure(filter, out FilterQueueRange ends), ends)).ConfigureAwait(false);
        if (status != LightQueueStatus.Done)
        {
            FilterQueueAnswers.Refuse(request, status);
            return;
        }

        core.FilterQueues.Share(filter);
        FilterQueueAnswers.Reply(request, made);
    }
}

/// <summary>FIND_FILTER_QUEUE (700002): the ends of the queue of a topic filter.</summary>
internal sealed class FindFilterQueueHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        if (core.FilterQueues.TryFind(request.Body.ToArray(), out FilterQueueRange range))
        {
            FilterQueueAnswers.Reply(request, range);
        }
        else
        {
            FilterQueueAnswers.Refuse(request, LightQueueStatus.NotFound);
        }

        return default;
    }
}

/// <summary>DELETE_FILTER_QUEUE (700003): deletes the queue of a topic filter that nobody took for a while. Answered when that is durable.</summary>
internal sealed class DeleteFilterQueueHandler(BrokerCore core) : IRequestHandler
{
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    public async ValueTask HandleAsync(RemotingRequest request)
    {
        long unusedFor = DeleteFilterQueueRequestHeader.Read(request.Fields).UnusedFor;
        if (unusedFor < 0 || unusedFor > (long)Longest.TotalMilliseconds)
        {
            request.Reply(ResponseCode.InvalidParameter, $"unusedFor is 0 to {Longest.TotalMilliseconds} milliseconds");
            return;
        }

        byte[] filter = request.Body.ToArray();
        LightQueueStatus status = await Task.Run(() => core.FilterQueues.Delete(filter, TimeSpan.FromMilliseconds(unusedFor))).ConfigureAwait(false);
        if (status is LightQueueStatus.Done or LightQueueStatus.NotFound)
        {
            request.Reply(ResponseCode.Success);
        }
        else
        {
            FilterQueueAnswers.Refuse(request, status);
        }
    }
}

/// <summary>LIST_FILTER_QUEUES (700004): a part of the topic filters that have a queue. What does not fit into an answer is left out.</summary>
internal sealed class ListFilterQueuesHandler(BrokerCore core) : IRequestHandler
{
    private const int MaxParts = 1_000_000;
    private const int MaxBytes = 8 << 20;

    public ValueTask HandleAsync(RemotingRequest request)
    {
        ListFilterQueuesRequestHeader header = ListFilterQueuesRequestHeader.Read(request.Fields);
        if (header.Parts is < 1 or > MaxParts || header.Part < 0 || header.Part >= header.Parts)
        {
            request.Reply(ResponseCode.InvalidParameter, $"part is 0 to parts - 1, and parts 1 to {MaxParts}");
            return default;
        }

        IReadOnlyList<byte[]> filters = core.FilterQueues.List();
        var body = new ArrayBufferWriter<byte>();
        foreach (byte[] filter in filters)
        {
            if (PartOf(filter, header.Parts) == header.Part && body.WrittenCount + filter.Length <= MaxBytes)
            {
                BinaryPrimitives.WriteUInt16BigEndian(body.GetSpan(2), (ushort)filter.Length);
                body.Advance(2);
                body.Write(filter);
            }
        }

        request.Reply(ResponseCode.Success, new ListFilterQueuesResponseHeader { Total = filters.Count }, body.WrittenMemory);
        return default;
    }

    private static int PartOf(byte[] filter, int parts)
    {
        // FNV-1a: the same in every process, as the parts of one listing may be asked of brokers that restart meanwhile.
        uint hash = 2166136261;
        foreach (byte one in filter)
        {
            hash = (hash ^ one) * 16777619;
        }

        return (int)(hash % (uint)parts);
    }
}

/// <summary>The one place where outcomes of queues of filters become answers.</summary>
internal static class FilterQueueAnswers
{
    public static void Reply(RemotingRequest request, FilterQueueRange range)
        => request.Reply(ResponseCode.Success, new FilterQueueRangeHeader { MinOffset = range.MinOffset, MaxOffset = range.MaxOffset });

    public static void Refuse(RemotingRequest request, LightQueueStatus status)
    {
        (int code, string remark) = status switch
        {
            LightQueueStatus.NotFound => (ResponseCode.QueryNotFound, "the filter has no queue"),
            LightQueueStatus.Malformed => (ResponseCode.InvalidParameter, "the filter is empty, too long, or has too many levels"),
            LightQueueStatus.TooMany or LightQueueStatus.NoRoom => (ResponseCode.SystemBusy, "broker busy: as many queues of filters as may be, limit MaxLightQueues"),
            LightQueueStatus.ReadOnly => (ResponseCode.ServiceNotAvailable, "the broker takes no changes now"),
            _ => (ResponseCode.SystemError, $"the queue of a filter answered {status}"),
        };
        request.Reply(code, remark);
    }
}
