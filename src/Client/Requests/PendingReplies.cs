using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Client.Diagnostics;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Client.Requests;

/// <summary>Requests that wait for their replies. A broker hands a reply on (326); the correlation id says whose it is.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class PendingReplies(int max, int maxBodySize, ILogger log) : IRequestHandler
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<ReceivedMessage>> _waiting = new(StringComparer.Ordinal);
    private int _count;

    /// <summary>Requests that wait.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Waits for the reply with that correlation id, until it is removed.</summary>
    /// <exception cref="ClientBusyException">Too many wait already.</exception>
    public Task<ReceivedMessage> Add(string correlation)
    {
        if (Interlocked.Increment(ref _count) > max)
        {
            Interlocked.Decrement(ref _count);
            throw new ClientBusyException($"{max} requests wait for their replies already (option MaxPendingReplies). Nothing was sent.", null);
        }

        var source = new TaskCompletionSource<ReceivedMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[correlation] = source;
        return source.Task;
    }

    public void Remove(string correlation)
    {
        if (_waiting.TryRemove(correlation, out _))
        {
            Interlocked.Decrement(ref _count);
        }
    }

    public ValueTask HandleAsync(RemotingRequest request)
    {
        ReplyMessageRequestHeader header = ReplyMessageRequestHeader.Read(request.Fields);
        string? correlation = PropertyText.GetString(header.Sent.Properties.Span, "CORRELATION_ID"u8);
        if (correlation is null || !_waiting.TryGetValue(correlation, out TaskCompletionSource<ReceivedMessage>? waiting))
        {
            // Late, or the second reply of a request that was sent twice: taken, so that its sender does not try again.
            log.ReplyUnmatched(correlation);
            request.Reply(ResponseCode.Success);
            return ValueTask.CompletedTask;
        }

        byte[] body = request.Body.ToArray();
        if (BodyCompression.IsCompressed(header.Sent.SystemFlag))
        {
            if (!BodyCompression.TryUnpack(header.Sent.SystemFlag, body, maxBodySize, out byte[] unpacked, out string? problem))
            {
                waiting.TrySetException(new BadAnswerException($"The reply to request {correlation} cannot be unpacked: {problem} (the limit is option MaxBodySize).", null, mayHaveHappened: true));
                request.Reply(ResponseCode.SystemError, "the body of the reply cannot be unpacked");
                return ValueTask.CompletedTask;
            }

            body = unpacked;
        }

        waiting.TrySetResult(new ReceivedMessage(header, body));
        request.Reply(ResponseCode.Success);
        return ValueTask.CompletedTask;
    }
}
