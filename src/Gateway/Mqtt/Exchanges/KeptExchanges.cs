using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Handlers;
using ProtoBridgeMQ.Gateway.Mqtt.Session;
using ProtoBridgeMQ.Gateway.Mqtt.Sessions;

namespace ProtoBridgeMQ.Gateway.Mqtt.Exchanges;

/// <summary>
/// Makes the QoS 2 exchanges of a session outlive its connection, and a crash. That a message was received is written in
/// the message itself: PUBREC waits for nothing else. That it was released is written in the session's exchange record before
/// PUBCOMP, one record for all PUBRELs that came while the last one was written. After a crash the record and the messages
/// stored since say what was received.
/// </summary>
/// <remarks>The connection's reader calls it; its records are written one after the other.</remarks>
public sealed class KeptExchanges : IDisposable
{
    /// <summary>PUBCOMPs that may wait for a record; then the reader waits, too.</summary>
    private const int WaitingPubcomps = 4096;

    /// <summary>Topics that a record names; with more it begins again with those of messages on their way.</summary>
    private const int NamedTopics = 64;

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly MqttConnection _connection;
    private readonly PersistentSession _session;
    private readonly ExchangeStore _store;
    private List<AcknowledgementPacket> _pubcomps = [];
    private Task _releasing = Task.CompletedTask;
    private bool _isReleasing;
    private bool _isLoaded;
    private bool _isKept;
    private HashSet<string> _topics = [];
    private HashSet<string> _brokers = [];
    private long _writtenAt;

    public KeptExchanges(MqttConnection connection, PersistentSession session, ExchangeStore store)
    {
        _connection = connection;
        _session = session;
        _store = store;
    }

    /// <summary>Whether there was a connection of the session before this one.</summary>
    public bool IsResumed => _session.IsPresent;

    private InboundExchanges Inbound => _connection.Inbound;

    /// <summary>Whether a PUBLISH to that topic needs no preparing; one to no topic (null) is going to be refused.</summary>
    public bool IsReadyFor(string? topic)
        => _isLoaded && (topic is null || IsNamed(topic));

    /// <summary>Completes when a message of that topic would be found after a crash.</summary>
    /// <exception cref="BridgeException">What was received is not known, or cannot be kept.</exception>
    public async ValueTask PrepareAsync(string? topic)
    {
        await LoadAsync().ConfigureAwait(false);
        if (topic is not null && !IsNamed(topic))
            await WriteAsync(topic).ConfigureAwait(false);
    }

    /// <summary>Reads once what the session received before this connection.</summary>
    /// <exception cref="BridgeException">The brokers do not answer.</exception>
    public async ValueTask LoadAsync()
    {
        if (_isLoaded)
            return;
        ExchangeRecord? record = await _store.FindAsync(_session, _connection.Ending).ConfigureAwait(false);
        HashSet<ushort> received = record is null ? [] : await _store.FindReceivedAsync(_session, record, _connection.Ending).ConfigureAwait(false);
        Inbound.Load(received, new ExchangeNumbers(_connection.Shared.Clock, record?.Number ?? 0));
        _isKept = record is not null;
        _isLoaded = true;
    }

    /// <summary>A PUBREL was taken: PUBCOMP leaves when that is durable. Completes when there is room for another.</summary>
    public ValueTask AnswerAsync(in AcknowledgementPacket pubcomp)
    {
        lock (_gate)
        {
            if (!_isReleasing && pubcomp.Reason != ReasonCode.Success)
            {
                _connection.Send(pubcomp, _connection.Session!.Version);
                return default;
            }

            _pubcomps.Add(pubcomp);
            if (_isReleasing)
                return _pubcomps.Count < WaitingPubcomps ? default : new ValueTask(_releasing);
            _isReleasing = true;
        }

        _releasing = ReleaseAsync();
        return default;
    }

    /// <summary>The connection has ended: the record says so, unless messages are still on their way.</summary>
    public async ValueTask CloseAsync()
    {
        await _releasing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_isLoaded || _session.IsLost)
            return;
        await _writing.WaitAsync().ConfigureAwait(false);
        try
        {
            ExchangeRecord record = Inbound.ToRecord([]) with { IsClosed = true };
            if (Inbound.IsAnyPending || (!_isKept && record.Received.Count == 0))
                return;
            if (record.Received.Count == 0)
                await _store.DeleteAsync(_session).ConfigureAwait(false);
            else
                await _store.PutAsync(_session, record).ConfigureAwait(false);
        }
        catch (BridgeException)
        {
            // The record before and the log say the same.
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _writing.Dispose();

    /// <summary>Whether the record names the topic, and was written a moment ago.</summary>
    private bool IsNamed(string topic)
        => Volatile.Read(ref _topics).Contains(topic)
            && _connection.Shared.Clock.GetElapsedTime(Volatile.Read(ref _writtenAt)) < ExchangeStore.Fresh;

    private async Task ReleaseAsync()
    {
        try
        {
            while (true)
            {
                List<AcknowledgementPacket> released;
                lock (_gate)
                {
                    released = _pubcomps;
                    if (released.Count == 0)
                    {
                        _isReleasing = false;
                        return;
                    }

                    _pubcomps = [];
                }

                await WriteAsync(null).ConfigureAwait(false);
                foreach (AcknowledgementPacket pubcomp in released)
                    _connection.Send(pubcomp, _connection.Session!.Version);
            }
        }
        catch (BridgeException failure)
        {
            // Without a PUBCOMP the client releases again.
            _connection.Close(new ProtocolError(BridgeErrorMap.ToReason(failure.Error), failure.Message));
        }
    }

    /// <summary>The topics of the next record. Only for the reader, which begins messages, they change.</summary>
    private HashSet<string> With(string topic)
    {
        HashSet<string> topics = _topics.Count < NamedTopics || _topics.Contains(topic) ? [.. _topics] : Inbound.PendingTopics();
        topics.Add(topic);
        return topics;
    }

    private async ValueTask WriteAsync(string? nextTopic)
    {
        await _writing.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_session.IsLost)
                throw new BridgeException(BridgeError.Busy, "Another connection has the session.");
            long now = _connection.Shared.Clock.GetTimestamp();
            // Taken here, so that of two records the later one knows all that the earlier one knew.
            HashSet<string> topics = nextTopic is null ? _topics : With(nextTopic);
            _brokers = Inbound.IsAnyPending ? [.. _brokers, .. _connection.Shared.Bridge.Brokers] : [.. _connection.Shared.Bridge.Brokers];
            ExchangeRecord record = Inbound.ToRecord(topics) with { Brokers = _brokers };
            await _store.PutAsync(_session, record).ConfigureAwait(false);
            _isKept = true;
            Volatile.Write(ref _topics, topics);
            Volatile.Write(ref _writtenAt, now);
        }
        finally
        {
            _writing.Release();
        }
    }
}
