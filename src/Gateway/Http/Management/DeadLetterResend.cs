using System.Buffers.Binary;
using System.Globalization;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Administration;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Topics;
using ProtoBridgeMQ.Gateway.Http.Codec;
using ProtoBridgeMQ.Gateway.Http.Codec.Management;

namespace ProtoBridgeMQ.Gateway.Http.Management;

/// <summary>
/// Sends dead letters again. They stay where they are, so how far "all" came is kept in the bridge's state: asked for
/// again it goes on there, also after a restart or at another gateway.
/// </summary>
internal sealed class DeadLetterResend(IMessageBridge bridge, ManagementDesk desk, IOptions<HttpOptions> options) : IDisposable
{
    /// <summary>The space of the state that says how far dead letters were sent again, by group, broker and queue.</summary>
    private const string Space = "admin.resent";

    /// <summary>So many are on their way at one time: they share the group commits of the log.</summary>
    private const int Together = 64;

    private static readonly byte[][] LeftOut =
    [
        .. new[]
        {
            "RETRY_TOPIC", "ORIGIN_MESSAGE_ID", "DELAY", "REAL_TOPIC", "REAL_QID", "RECONSUME_TIME", "MAX_RECONSUME_TIMES", "DLQ_ORIGIN_TOPIC", "DLQ_ORIGIN_MESSAGE_ID", "MIN_OFFSET", "MAX_OFFSET", "__CRC32#",
        }.Select(System.Text.Encoding.ASCII.GetBytes),
    ];

    private readonly SemaphoreSlim _all = new(1, 1);

    /// <inheritdoc/>
    public void Dispose() => _all.Dispose();

    /// <summary>Sends some, by their ids.</summary>
    public async ValueTask<ResentDeadLetters> SomeAsync(string group, IReadOnlyList<string> ids, string? topic, CancellationToken cancellationToken)
    {
        List<ResentDeadLetter> results = [];
        foreach (string[] some in ids.Chunk(Together))
            results.AddRange(await Task.WhenAll(some.Select(id => OneAsync(group, id, topic, cancellationToken))));

        return new ResentDeadLetters(results.Count(result => result.Error is null), results, IsComplete: true);
    }

    /// <summary>Sends all of a search, or all that were not sent by such a request before.</summary>
    /// <exception cref="BridgeException">One could not be sent; those before it were.</exception>
    public async ValueTask<ResentDeadLetters> AllAsync(string group, ResendDeadLetters wanted, CancellationToken cancellationToken)
    {
        var search = new DeadLetterSearch(desk.Brokers, TopicNames.DeadLettersOf(group), wanted.Key, wanted.From, wanted.To);
        if (!await _all.WaitAsync(TimeSpan.Zero, cancellationToken))
            throw new BridgeException(BridgeError.Busy, "Dead letters are being sent again already.", retryAfter: TimeSpan.FromSeconds(1));

        try
        {
            int sent = 0;
            foreach (QueueState span in await search.SpansAsync(cancellationToken))
            {
                string mark = $"{group}/{Uri.EscapeDataString(span.Broker)}/{span.QueueId.ToString(CultureInfo.InvariantCulture)}";
                long offset = search.IsAll ? Math.Max(span.First, await MarkAsync(mark, cancellationToken)) : span.First;
                while (offset < span.End)
                {
                    if (sent >= options.Value.MaxResend)
                        return new ResentDeadLetters(sent, null, IsComplete: false);

                    long end = Math.Min(span.End, offset + Math.Min(Together, options.Value.MaxResend - sent));
                    StoredMessage[] some = [.. (await search.ReadAsync(span, offset, end, cancellationToken)).Where(search.Matches)];
                    // Not given up half-way: what is on its way would be sent again.
                    await Task.WhenAll(some.Select(message => SendAsync(group, message, wanted.Topic, CancellationToken.None)));
                    sent += some.Length;
                    offset = end;
                    if (search.IsAll)
                        await KeepAsync(mark, offset);
                }
            }

            return new ResentDeadLetters(sent, null, IsComplete: true);
        }
        finally
        {
            _all.Release();
        }
    }

    private async Task<ResentDeadLetter> OneAsync(string group, string id, string? topic, CancellationToken cancellationToken)
    {
        try
        {
            StoredMessage? found = await desk.Brokers.Messages.FindAsync(id, cancellationToken);
            return found is null || found.Topic != TopicNames.DeadLettersOf(group)
                ? Refused(id, new ProblemDetail(Problem.NotFound, $"There is no dead letter {id} of group {group} (any more)."))
                : new ResentDeadLetter(id, await SendAsync(group, found, topic, cancellationToken), null);
        }
        catch (BridgeException refusal)
        {
            return Refused(id, ProblemDetail.Of(refusal)!.Value);
        }
    }

    private static ResentDeadLetter Refused(string id, ProblemDetail problem) => new(id, null, new ResendError(problem.Problem.Type, problem.Detail));

    private async Task<string> SendAsync(string group, StoredMessage dead, string? topic, CancellationToken cancellationToken)
    {
        if (topic is null)
            return await desk.Brokers.Messages.ResendAsync(group, dead, cancellationToken);

        var properties = default(PropertyTextWriter);
        try
        {
            foreach (MessageProperties.Property property in dead.Properties)
            {
                if (!IsLeftOut(property.Name))
                    properties.Write(property.Name, property.Value);
            }

            PublishReceipt receipt = await bridge.PublishAsync(new PublishMessage(topic, dead.Body, properties.Written) { BornAt = dead.BornAt }, CancellationToken.None);
            return receipt.MessageId.ToString();
        }
        finally
        {
            properties.Dispose();
        }
    }

    private static bool IsLeftOut(ReadOnlySpan<byte> name)
    {
        foreach (byte[] one in LeftOut)
        {
            if (name.SequenceEqual(one))
                return true;
        }

        return false;
    }

    private async ValueTask<long> MarkAsync(string key, CancellationToken cancellationToken)
        => await bridge.State.GetAsync(Space, key, cancellationToken) is { Length: 8 } mark ? BinaryPrimitives.ReadInt64BigEndian(mark.Span) : 0;

    private ValueTask KeepAsync(string key, long offset)
    {
        byte[] mark = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(mark, offset);
        return bridge.State.PutAsync(Space, key, mark, CancellationToken.None);
    }
}
