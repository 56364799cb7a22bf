using System.Buffers;
using System.Buffers.Binary;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.FilterQueues;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers.FilterQueues;

/// <summary>WATCH_FILTER_QUEUES (700006): changes a watch, or waits in it for entries. At most one request waits in a watch; a second ends the wait of the first.</summary>
internal sealed class WatchFilterQueuesHandler : IRequestHandler
{
    private readonly FilterWatches _watches;
    private readonly BrokerOptions _options;
    private readonly TimeProvider _time;

    public WatchFilterQueuesHandler(BrokerCore core, TimeProvider time)
    {
        _watches = new FilterWatches(core.FilterQueues, core.Options, time);
        _options = core.Options;
        _time = time;
        core.Metrics.Observe("broker.filters.watches", "Gateways of other processes that watch queues of topic filters", () => _watches.Count);
    }

    public ValueTask HandleAsync(RemotingRequest request)
    {
        WatchFilterQueuesRequestHeader header = WatchFilterQueuesRequestHeader.Read(request.Fields);
        FilterWatchList? watch = header.Begins == true ? _watches.Begin(header.Watch) : _watches.Find(header.Watch);
        if (watch is null)
        {
            (int code, string remark) = header.Begins == true
                ? (ResponseCode.SystemBusy, $"broker busy: {_options.MaxFilterWatches} watches, limit MaxFilterWatches")
                : (ResponseCode.QueryNotFound, "the watch is not known: begin it again");
            request.Reply(code, remark);
            return default;
        }

        if (!TryChange(watch, request))
        {
            return default;
        }

        if (header.Wait < 0)
        {
            request.Reply(ResponseCode.Success);
            return default;
        }

        return WaitAsync(request, watch, TimeSpan.FromMilliseconds(Math.Min(header.Wait, (long)_options.MaxPullHold.TotalMilliseconds)));
    }

    private bool TryChange(FilterWatchList watch, RemotingRequest request)
    {
        var changes = new SequenceReader<byte>(request.Body);
        while (!changes.End)
        {
            if (!changes.TryRead(out byte kind) || kind > 1 || !changes.TryReadBigEndian(out int number))
            {
                request.Reply(ResponseCode.InvalidParameter, "the body is no list of changes");
                return false;
            }

            if (kind == 0)
            {
                watch.Remove((uint)number);
                continue;
            }

            if (!changes.TryReadBigEndian(out short length) || !changes.TryReadExact((ushort)length, out ReadOnlySequence<byte> filter))
            {
                request.Reply(ResponseCode.InvalidParameter, "the body is no list of changes");
                return false;
            }

            if (!watch.TryAdd((uint)number, filter.ToArray()))
            {
                request.Reply(ResponseCode.SystemBusy, $"broker busy: {_options.MaxWatchedFilters} filters are watched, limit MaxWatchedFilters");
                return false;
            }
        }

        return true;
    }

    private async ValueTask WaitAsync(RemotingRequest request, FilterWatchList watch, TimeSpan wait)
    {
        Task arrived = watch.WaitAsync();
        if (!arrived.IsCompleted)
        {
            try
            {
                await arrived.WaitAsync(wait, _time, request.Connection.Closed).ConfigureAwait(false);
            }
            catch (Exception ended) when (ended is TimeoutException or OperationCanceledException)
            {
                watch.EndWait(arrived);
            }
        }

        IReadOnlyCollection<uint> numbers = request.Connection.Closed.IsCancellationRequested ? [] : watch.Take();
        byte[] body = new byte[numbers.Count * 4];
        int at = 0;
        foreach (uint number in numbers)
        {
            BinaryPrimitives.WriteUInt32BigEndian(body.AsSpan(at), number);
            at += 4;
        }

        request.Reply(ResponseCode.Success, default(NoFields), body);
    }
}
