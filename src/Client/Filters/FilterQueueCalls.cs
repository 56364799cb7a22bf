using System.Buffers.Binary;
using ProtoBridgeMQ.Client.Admin;
using ProtoBridgeMQ.Client.Connections;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Client.Filters;

/// <summary>Requests of this project's own brokers: the queues of MQTT topic filters. For gateways.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class FilterQueueCalls(ClusterConnection connection)
{
    /// <summary>Filters of one answer to a listing, about.</summary>
    private const int ListedAtOnce = 10_000;

    private readonly AdminCalls _calls = new(connection);

    private TimeSpan Timeout => connection.Options.RequestTimeout;

    /// <summary>The masters of all broker sets, by name.</summary>
    public async ValueTask<IReadOnlyDictionary<string, string>> MastersAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<BrokerRoute> brokers = await _calls.BrokersAsync(cancellationToken).ConfigureAwait(false);
        return brokers.Where(broker => broker.Addresses.ContainsKey(0)).ToDictionary(broker => broker.Name, broker => broker.Addresses[0], StringComparer.Ordinal);
    }

    /// <summary>Why a broker does not serve these requests; null when it does.</summary>
    public async ValueTask<string?> AskAsync(string address, CancellationToken cancellationToken)
    {
        const string What = "Asking for queues of topic filters";
        using RemotingResponse response = await connection.Calls
            .InvokeAsync(address, RequestCode.FindFilterQueue, default(NoFields), "#"u8.ToArray(), Timeout, What, cancellationToken).ConfigureAwait(false);
        return response.Code is ResponseCode.Success or ResponseCode.QueryNotFound ? null : $"{response.Remark} (code {response.Code})";
    }

    /// <summary>Makes the queue of a filter, or finds it.</summary>
    public async ValueTask<FilterQueueRangeHeader> EnsureAsync(string address, ReadOnlyMemory<byte> filter, CancellationToken cancellationToken)
    {
        const string What = "Making the queue of a topic filter";
        using RemotingResponse response = await connection.Calls
            .RequireAsync(address, RequestCode.EnsureFilterQueue, default(NoFields), filter, Timeout, What, cancellationToken).ConfigureAwait(false);
        return RemoteCalls.Read(response, What, address, static answer => FilterQueueRangeHeader.Read(answer.Fields));
    }

    /// <summary>The ends of a filter's queue; null when there is none.</summary>
    public async ValueTask<FilterQueueRangeHeader?> FindAsync(string address, ReadOnlyMemory<byte> filter, CancellationToken cancellationToken)
    {
        const string What = "Asking for the queue of a topic filter";
        using RemotingResponse response = await connection.Calls
            .InvokeAsync(address, RequestCode.FindFilterQueue, default(NoFields), filter, Timeout, What, cancellationToken).ConfigureAwait(false);
        return response.Code switch
        {
            ResponseCode.Success => RemoteCalls.Read(response, What, address, static answer => FilterQueueRangeHeader.Read(answer.Fields)),
            ResponseCode.QueryNotFound => null,
            _ => throw CallErrors.Refused(response, What, address),
        };
    }

    /// <summary>Deletes the queue of a filter, unless it was made or found for use within the time.</summary>
    public async ValueTask DeleteAsync(string address, ReadOnlyMemory<byte> filter, TimeSpan unusedFor, CancellationToken cancellationToken)
    {
        var header = new DeleteFilterQueueRequestHeader { UnusedFor = (long)unusedFor.TotalMilliseconds };
        using RemotingResponse response = await connection.Calls
            .RequireAsync(address, RequestCode.DeleteFilterQueue, header, filter, Timeout, "Deleting the queue of a topic filter", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The filters that have a queue there.</summary>
    public async ValueTask<IReadOnlyList<byte[]>> ListAsync(string address, CancellationToken cancellationToken)
    {
        const string What = "Listing the queues of topic filters";
        List<byte[]> filters = [];
        int parts = 1;
        for (int part = 0; part < parts; part++)
        {
            var header = new ListFilterQueuesRequestHeader { Part = part, Parts = parts };
            using RemotingResponse response = await connection.Calls
                .RequireAsync(address, RequestCode.ListFilterQueues, header, default, Timeout, What, cancellationToken).ConfigureAwait(false);
            int total = RemoteCalls.Read(response, What, address, static answer => ListFilterQueuesResponseHeader.Read(answer.Fields)).Total;
            if (parts == 1 && total > ListedAtOnce)
            {
                // Asked again in parts that fit into answers.
                parts = 1 + (total / ListedAtOnce);
                part = -1;
                continue;
            }

            Cut(response.Body.Span, filters);
        }

        return filters;
    }

    /// <summary>Reads the queue of a filter; null when there is none. The caller disposes the records.</summary>
    public async ValueTask<PullResult?> ReadAsync(
        string broker, string address, ReadOnlyMemory<byte> filter, long offset, int maxMessages, int maxBytes, CancellationToken cancellationToken)
    {
        const string What = "Reading the queue of a topic filter";
        var header = new ReadFilterQueueRequestHeader { Offset = offset, MaxMessages = maxMessages, MaxBytes = maxBytes };
        RemotingResponse response = await connection.Calls
            .InvokeAsync(address, RequestCode.ReadFilterQueue, header, filter, Timeout, What, cancellationToken).ConfigureAwait(false);
        if (response.Code == ResponseCode.Success)
        {
            ReadFilterQueueResponseHeader answer = RemoteCalls.Read(response, What, address, static found => ReadFilterQueueResponseHeader.Read(found.Fields));
            // What is not there any more is said by how far the offset asked for lies before the first one.
            return new PullResult(response, new MessageQueue(string.Empty, broker, 0), PullStatus.Found, answer.NextOffset, offset + answer.Missing, answer.NextOffset, connection.Options.MaxBodySize, address);
        }

        using (response)
        {
            return response.Code == ResponseCode.QueryNotFound ? null : throw CallErrors.Refused(response, What, address);
        }
    }

    /// <summary>The record at a place of a broker's log; null when there is none any more. The caller disposes it.</summary>
    public async ValueTask<PullResult?> ViewAsync(string broker, string address, long logOffset, CancellationToken cancellationToken)
    {
        const string What = "Asking for a message by its place in the log";
        var header = new ViewMessageRequestHeader { Offset = logOffset };
        RemotingResponse response = await connection.Calls
            .InvokeAsync(address, RequestCode.ViewMessageById, header, default, Timeout, What, cancellationToken).ConfigureAwait(false);
        if (response.Code == ResponseCode.Success)
        {
            return new PullResult(response, new MessageQueue(string.Empty, broker, 0), PullStatus.Found, 0, 0, 0, connection.Options.MaxBodySize, address);
        }

        using (response)
        {
            // Brokers say so of offsets they do not have.
            return response.Code == ResponseCode.SystemError ? null : throw CallErrors.Refused(response, What, address);
        }
    }

    /// <summary>Changes a watch, or waits in it. Null when the broker does not know the watch.</summary>
    public async ValueTask<IReadOnlyList<uint>?> WatchAsync(
        string address, string watch, bool begins, ReadOnlyMemory<byte> changes, TimeSpan? wait, CancellationToken cancellationToken)
    {
        const string What = "Watching queues of topic filters";
        int milliseconds = wait is { } time ? (int)time.TotalMilliseconds : -1;
        var header = new WatchFilterQueuesRequestHeader { Watch = watch, Begins = begins ? true : null, Wait = milliseconds };
        using RemotingResponse response = await connection.Calls
            .InvokeAsync(address, RequestCode.WatchFilterQueues, header, changes, Timeout + (wait ?? TimeSpan.Zero), What, cancellationToken).ConfigureAwait(false);
        return response.Code switch
        {
            ResponseCode.Success => Numbers(response.Body.Span),
            ResponseCode.QueryNotFound => null,
            _ => throw CallErrors.Refused(response, What, address),
        };
    }

    private static void Cut(ReadOnlySpan<byte> rest, List<byte[]> filters)
    {
        while (rest.Length >= 2 && rest.Length - 2 >= BinaryPrimitives.ReadUInt16BigEndian(rest))
        {
            int length = BinaryPrimitives.ReadUInt16BigEndian(rest);
            filters.Add(rest.Slice(2, length).ToArray());
            rest = rest[(2 + length)..];
        }
    }

    private static uint[] Numbers(ReadOnlySpan<byte> body)
    {
        uint[] numbers = new uint[body.Length / 4];
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = BinaryPrimitives.ReadUInt32BigEndian(body[(i * 4)..]);
        }

        return numbers;
    }
}
