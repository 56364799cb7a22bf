using System.Buffers;
using System.Diagnostics;
using ProtoBridgeMQ.Client.Diagnostics;
using ProtoBridgeMQ.Client.Routing;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Client.Sending;

/// <summary>What all that send share: encodes a message, sends it with its tries, and tells those who watch.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class MessageSender
{
    private readonly ClusterConnection _connection;
    private readonly ProducerOptions _options;
    private readonly MessageEncoder _encoder;
    private readonly SendRequest _request;
    private readonly SendTries _tries;
    private readonly SendWatch _watch;

    public MessageSender(ClusterConnection connection, ProducerOptions options)
    {
        _connection = connection;
        _options = options;
        _encoder = new MessageEncoder(connection.Keys, connection.Options.TimeProvider, connection.Options.MaxBodySize, options.CompressOver, options.Compression);
        _request = new SendRequest(connection, options);
        _tries = new SendTries(connection, options, new FaultTable(connection.Options.TimeProvider, options.AvoidSlowBrokers), _request);
        _watch = new SendWatch(connection, options);
    }

    /// <summary>Sends one message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="target">Where to.</param>
    /// <param name="purpose">What it is for, besides being a message.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<SendReceipt> SendAsync(Message message, SendTarget target, SendPurpose purpose, CancellationToken cancellationToken)
        => _watch.IsActive ? SendWatchedAsync(message, target, purpose, cancellationToken) : SendPlainAsync(message, target, purpose, cancellationToken);

    /// <summary>Sends one message and asks for no answer.</summary>
    public async ValueTask SendOneWayAsync(Message message, CancellationToken cancellationToken)
    {
        TopicEntry topic = _connection.Routes.Entry(message.Topic);
        EncodedMessage encoded = _encoder.Encode(message);
        try
        {
            TopicRoute route = await _tries.RouteAsync(topic, cancellationToken).ConfigureAwait(false);
            MessageQueue queue = _tries.Choose(topic, route, SendTarget.Any, null);
            await _request.SendOneWayAsync(topic, queue, encoded, cancellationToken).ConfigureAwait(false);
            ClientMetrics.Sent.Add(1);
        }
        finally
        {
            encoded.Release();
        }
    }

    /// <summary>Sends many messages of one topic, in as few requests as their size allows.</summary>
    public async ValueTask<IReadOnlyList<SendReceipt>> SendBatchAsync(IReadOnlyList<Message> messages, SendTarget target, CancellationToken cancellationToken)
    {
        var receipts = new List<SendReceipt>(messages.Count);
        var body = new ArrayBufferWriter<byte>(4096);
        var ids = new List<string>();
        var cutter = new BatchCutter(_encoder, _options.MaxBatchSize);
        while (receipts.Count < messages.Count)
        {
            body.ResetWrittenCount();
            ids.Clear();
            try
            {
                cutter.Cut(messages, receipts.Count, body, ids);
                SendReceipt receipt = await SendPartAsync(messages[0].Topic, target, body.WrittenMemory, ids.Count, cancellationToken).ConfigureAwait(false);
                AddReceipts(receipts, receipt, ids);
            }
            catch (ProtoBridgeMqException error) when (receipts.Count > 0)
            {
                throw new BatchPartlySentException(receipts, messages.Count, error);
            }
        }

        _watch.BatchSent(messages, receipts);
        return receipts;
    }

    /// <summary>The route of a topic as sends see it.</summary>
    public ValueTask<TopicRoute> RouteAsync(string topic, CancellationToken cancellationToken)
        => _tries.RouteAsync(_connection.Routes.Entry(topic), cancellationToken);

    private ValueTask<SendReceipt> SendPlainAsync(Message message, SendTarget target, SendPurpose purpose, CancellationToken cancellationToken)
    {
        EncodedMessage encoded;
        try
        {
            encoded = _encoder.Encode(message, purpose.Properties.AsSpan());
        }
        catch (Exception impossible)
        {
            return ValueTask.FromException<SendReceipt>(impossible);
        }

        if (purpose.Kind != SendKind.Message || purpose.SystemFlag != 0)
        {
            SendKind kind = purpose.Kind == SendKind.Message ? encoded.Kind : purpose.Kind;
            encoded = encoded with { Kind = kind, SystemFlag = encoded.SystemFlag | purpose.SystemFlag };
        }

        return _tries.SendAsync(message.Topic, target, encoded, cancellationToken);
    }

    private async ValueTask<SendReceipt> SendWatchedAsync(Message message, SendTarget target, SendPurpose purpose, CancellationToken cancellationToken)
    {
        using Activity? activity = _watch.Begin(message);
        long start = _connection.Options.TimeProvider.GetTimestamp();
        try
        {
            SendPurpose traced = purpose with { Properties = SendWatch.WithContext(message, activity, purpose.Properties) };
            SendReceipt receipt = await SendPlainAsync(message, target, traced, cancellationToken).ConfigureAwait(false);
            _watch.Sent(message, receipt, start, activity, purpose);
            return receipt;
        }
        catch (ProtoBridgeMqException error)
        {
            _watch.Failed(message, error, start, activity);
            throw;
        }
    }

    private async ValueTask<SendReceipt> SendPartAsync(string topic, SendTarget target, ReadOnlyMemory<byte> body, int count, CancellationToken cancellationToken)
    {
        byte[] properties = ArrayPool<byte>.Shared.Rent(16);
        var writer = new PropertyTextWriter(properties);
        writer.TryAdd("WAIT"u8, "true"u8);
        long now = _connection.Options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds();
        var part = new EncodedMessage(properties, writer.Length, body, 0, 0, now, string.Empty) { Kind = SendKind.Batch };
        using Activity? activity = _watch.BeginBatch(topic, count);
        try
        {
            return await _tries.SendAsync(topic, target, part, cancellationToken).ConfigureAwait(false);
        }
        catch (ProtoBridgeMqException error)
        {
            ClientActivities.Fail(activity, error);
            throw;
        }
    }

    /// <summary>A part has one answer: ids separated by commas, and the offset of its first message.</summary>
    private static void AddReceipts(List<SendReceipt> receipts, SendReceipt part, List<string> ids)
    {
        string[] offsetIds = part.OffsetMessageId.Split(',');
        for (int i = 0; i < ids.Count; i++)
        {
            receipts.Add(part with
            {
                MessageId = ids[i],
                OffsetMessageId = i < offsetIds.Length ? offsetIds[i] : string.Empty,
                QueueOffset = part.QueueOffset + i,
            });
        }

        ClientMetrics.Sent.Add(ids.Count);
    }
}
