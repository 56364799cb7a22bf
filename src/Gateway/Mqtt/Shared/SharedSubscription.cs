using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Mapping;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Handlers;
using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt.Shared;

/// <summary>
/// One shared subscription of one connection: a stream of the group, and the pump that brings its messages to the
/// client as long as that has credit.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "CloseAsync ends it; the semaphore and the token source have no timer and no wait handle to free.")]
public sealed class SharedSubscription
{
    /// <summary>Taken at one time, so that members that wait get their share.</summary>
    private const int MaximumBatch = 64;

    private readonly SemaphoreSlim _changing = new(1, 1);
    private readonly AsyncSignal _wake = new();
    private readonly ConnectionShares _shares;
    private readonly MqttConnection _connection;
    private readonly NameFilter _names;
    private readonly PropertyBlockWriter _properties = new();
    private readonly HashSet<string> _refusedTopics = new(StringComparer.Ordinal);
    private TopicSelection _topics = TopicSelection.None;
    private IMessageStream? _stream;
    private Task _pump = Task.CompletedTask;
    private volatile bool _closing;
    private CancellationTokenSource? _stop;
    private (byte Qos, uint Identifier) _terms;

    internal SharedSubscription(ConnectionShares shares, MqttConnection connection, SharedFilter filter, byte qos, uint identifier)
    {
        _shares = shares;
        _connection = connection;
        _names = connection.Shared.SharedTopics.NamesOf(filter);
        _terms = (qos, identifier);
        Filter = filter;
    }

    /// <summary>Group and filter.</summary>
    public SharedFilter Filter { get; }

    /// <summary>Messages that the client holds. Guarded by the connection's gate.</summary>
    internal int Held { get; set; }

    /// <summary>There may be credit again.</summary>
    internal void Wake() => _wake.Set();

    internal void Change(byte qos, uint identifier) => _terms = (qos, identifier);

    /// <summary>Joins the group. Without any topic that the filter can match it waits for one.</summary>
    internal async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        TopicSelection topics = await _connection.Shared.SharedTopics.FindAsync(Filter, cancellationToken).ConfigureAwait(false);
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_closing && topics.Names.Count > 0)
                await JoinAsync(topics, GroupStart.Latest, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Topics came or went, or rules write to other ones, which may change what the filter leaves of a topic.</summary>
    internal async ValueTask FollowAsync(TopicSelection topics, bool newRules, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            _refusedTopics.IntersectWith(topics.Names);
            List<string> kept = [.. _topics.Names.Where(topic => newRules || topics.Names.Contains(topic))];
            foreach (string topic in topics.Names.Where(topic => !_topics.Names.Contains(topic)))
            {
                if (!_closing && await TryAddAsync([.. kept, topic], topic, cancellationToken).ConfigureAwait(false))
                    kept.Add(topic);
            }

            if (!_closing && _stream is { } stream && kept.Count > 0 && (newRules || kept.Count < _topics.Names.Count))
            {
                _topics = TopicSelection.Of(kept);
                await stream.SelectAsync(_topics, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Takes nothing more; what the client holds may still be settled.</summary>
    internal async ValueTask StopAsync()
    {
        await _changing.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            _closing = true;
            if (_stop is { } stop)
                await stop.CancelAsync().ConfigureAwait(false);
            await _pump.ConfigureAwait(false);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Leaves the group; what the client holds comes again at once.</summary>
    internal async Task CloseAsync()
    {
        await StopAsync().ConfigureAwait(false);
        await CloseStreamAsync().ConfigureAwait(false);
    }

    /// <summary>A new topic may be in use by the group with another filter: the others are followed all the same.</summary>
    private async ValueTask<bool> TryAddAsync(List<string> topics, string added, CancellationToken cancellationToken)
    {
        try
        {
            TopicSelection wanted = TopicSelection.Of(topics);
            if (_stop is null)
                await JoinAsync(wanted, GroupStart.Earliest, cancellationToken).ConfigureAwait(false);
            else if (_stream is { } stream)
                await stream.SelectAsync(wanted, cancellationToken).ConfigureAwait(false);
            // Without a stream now: the pump opens one for these topics.
            _topics = wanted;
            return true;
        }
        catch (BridgeException refused)
        {
            if (_refusedTopics.Add(added))
                MqttLog.TopicNotFollowed(_connection.Shared.Logger, _connection.Name, Filter.Text, added, refused.Message);
            return false;
        }
    }

    private async ValueTask JoinAsync(TopicSelection topics, GroupStart start, CancellationToken cancellationToken)
    {
        _stream = await SubscribeAsync(topics, start, cancellationToken).ConfigureAwait(false);
        _topics = topics;
        _stop = new CancellationTokenSource();
        _pump = Task.Run(() => PumpAsync(_stop.Token), CancellationToken.None);
    }

    private ValueTask<IMessageStream> SubscribeAsync(TopicSelection topics, GroupStart start, CancellationToken cancellationToken)
        => _connection.Shared.Bridge.SubscribeAsync(
            new SubscribeRequest
            {
                Kind = StreamKind.Group,
                Topics = topics,
                Group = Filter.Group,
                Names = _names,
                Start = start,
                Lease = _connection.Shared.Options.SharedLease,
                Subscriber = "mqtt:" + _connection.Session?.ClientId,
            },
            cancellationToken);

    [SuppressMessage("Design", "CA1031", Justification = "A broken stream must not end the subscription; it is logged and the stream opened again.")]
    private async Task PumpAsync(CancellationToken stop)
    {
        using var batch = new MessageBatch();
        using CancellationTokenRegistration wake = stop.UnsafeRegister(static subscription => ((SharedSubscription)subscription!).Wake(), this);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                int room = _shares.Room;
                if (room <= 0)
                {
                    await _wake.WaitAsync().ConfigureAwait(false);
                    continue;
                }

                IMessageStream stream = _stream ??= await SubscribeAsync(_topics, GroupStart.Earliest, stop).ConfigureAwait(false);
                await stream.ReceiveAsync(batch, Math.Min(room, MaximumBatch), Timeout.InfiniteTimeSpan, stop).ConfigureAwait(false);
                for (int i = 0; i < batch.Count; i++)
                    Deliver(stream, batch[i]);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception broken)
            {
                await RecoverAsync(broken, stop).ConfigureAwait(false);
            }
        }
    }

    private async ValueTask RecoverAsync(Exception broken, CancellationToken stop)
    {
        TimeSpan pause = _connection.Shared.Options.StreamRetry;
        if (broken is BridgeException or ObjectDisposedException)
            MqttLog.StreamBroke(_connection.Shared.Logger, broken.Message, pause);
        else
            MqttLog.Defect(_connection.Shared.Logger, broken);
        await CloseStreamAsync().ConfigureAwait(false);
        await Task.Delay(pause, _connection.Shared.Clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [SuppressMessage("Design", "CA1031", Justification = "It is over already; how it ends does not matter.")]
    private async ValueTask CloseStreamAsync()
    {
        if (_stream is not { } stream)
            return;
        _stream = null;
        try
        {
            await stream.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            MqttLog.StreamBroke(_connection.Shared.Logger, failure.Message, TimeSpan.Zero);
        }
    }

    private void Deliver(IMessageStream stream, in BridgeMessage message)
    {
        MqttShared shared = _connection.Shared;
        (byte granted, uint identifier) = _terms;
        byte[] room = ArrayPool<byte>.Shared.Rent(MqttTopicName.MaxLength);
        int length = TopicMapping.WriteName(message, room);
        ReadOnlySpan<byte> name = room.AsSpan(0, Math.Max(0, length));
        long expiresAt = MessageFields.TryReadExpiry(message.Properties, out DateTimeOffset expiry) ? Math.Max(1, expiry.ToUnixTimeMilliseconds()) : 0;
        _properties.Clear();
        MessageProperties5.FromLog(message.Properties, _properties);
        OutgoingMessage outgoing = shared.SharedTopics.Messages.Rent();
        outgoing.Open(name, _properties.Block.Bytes.Span, message.Body.Span, expiresAt);
        byte qos = Math.Min(granted, MessageProperties5.QosOf(message.Properties));
        // A retry may be of a topic that only members of other protocols consume [MQTT-3.3.2-3].
        bool matches = length > 0 && _names.Matches(name) && _connection.Access.MayReceive(name);
        ArrayPool<byte>.Shared.Return(room);
        _shares.Offer(this, stream, message, outgoing, qos, identifier, matches);
        outgoing.Release();
    }
}
