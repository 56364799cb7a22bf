using System.Diagnostics.CodeAnalysis;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Handlers;
using ProtoBridgeMQ.Gateway.Mqtt.Retained;
using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt.Sessions;

/// <summary>
/// Brings messages from the queues of a session's filters to its connection: what was in flight first, then as many as
/// the client takes without acknowledging. Whoever was away and whoever was not is fed in the same way.
/// </summary>
/// <remarks>
/// One loop for a connection. Before a QoS 2 PUBLISH leaves, it is durable which packet identifier the message has; before
/// a PUBREL leaves, that the client has the message. So a crash of this process makes nothing of QoS 2 twice. What QoS 1
/// does is saved now and then.
/// </remarks>
public sealed class SessionFeed : IDisposable
{
    private readonly MqttConnection _connection;
    private readonly MqttSession _session;
    private readonly PersistentSession _kept;
    private readonly SessionFlight _flight;
    private readonly SessionReader _reader;
    private readonly ProgressStore _store;
    private readonly AsyncSignal _wake = new();
    private readonly List<ushort> _released = [];
    private readonly List<Delivery> _ready = [];
    private readonly List<Delivery> _retained = [];
    private TaskCompletionSource? _applied;
    private Task _running = Task.CompletedTask;
    private Task _saving = Task.CompletedTask;
    private volatile bool _ending;
    private volatile bool _saveWanted;
    private volatile bool _holding;

    public SessionFeed(MqttConnection connection, MqttSession session, PersistentSession kept, SessionFlight flight, ProgressStore store, FeedContext context)
    {
        _connection = connection;
        _session = session;
        _kept = kept;
        _flight = flight;
        _store = store;
        _reader = new SessionReader(context, session, kept, flight, Wake);
        flight.Changed = Wake;
    }

    /// <summary>Begins: CONNACK is on its way.</summary>
    public void Start() => _running = Task.Run(RunAsync);

    /// <summary>There may be something to do. Any thread.</summary>
    public void Wake() => _wake.Set();

    /// <summary>The connection's writer has taken deliveries.</summary>
    public void Drained()
    {
        if (_holding)
            Wake();
    }

    /// <summary>Saves before long, if there is anything new. Any thread.</summary>
    public void WantSave()
    {
        if (_flight.Changes == 0 && _reader.Moved == 0 && _kept.Retained.Changes == 0)
            return;
        _saveWanted = true;
        Wake();
    }

    /// <summary>Completes when the session's record, as it is now, decides what is read.</summary>
    public async ValueTask ApplyAsync(CancellationToken cancellationToken)
    {
        var applied = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _applied, applied);
        Wake();
        await applied.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Stops, and saves where it was.</summary>
    public async ValueTask StopAsync()
    {
        _ending = true;
        Wake();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _saving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_kept.IsLost)
            await SaveAsync(isFinal: true).ConfigureAwait(false);
        Dispose();
    }

    /// <inheritdoc/>
    public void Dispose() => _reader.Dispose();

    [SuppressMessage("Design", "CA1031", Justification = "Whatever one session throws ends its connection and no other.")]
    private async Task RunAsync()
    {
        try
        {
            bool isOpen = false;
            while (!_ending)
            {
                try
                {
                    if (!isOpen)
                        await _reader.OpenAsync(_connection.Ending).ConfigureAwait(false);
                    isOpen = true;
                    Apply();
                    if (!await StepAsync().ConfigureAwait(false))
                        await _wake.WaitAsync().ConfigureAwait(false);
                }
                catch (BridgeException failed)
                {
                    SessionLog.ReadFailed(_connection.Shared.Logger, _kept.ClientId, failed.Message);
                    await Task.Delay(_connection.Shared.Options.StreamRetry, _connection.Shared.Clock, _connection.Ending).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (_connection.IsClosing || _kept.IsLost || _kept.IsClaimed)
        {
            // Something was waited for when the connection closed.
        }
        catch (Exception defect)
        {
            MqttLog.Defect(_connection.Shared.Logger, defect);
            _connection.Close(new ProtocolError(ReasonCode.UnspecifiedError, "internal error"));
        }
        finally
        {
            _ending = true;
            Interlocked.Exchange(ref _applied, null)?.TrySetCanceled();
            foreach (Delivery delivery in _ready.Concat(_retained))
                delivery.Message.Release();
        }
    }

    /// <summary>PUBRELs that wait, and what the client has room for; false when there was nothing.</summary>
    private async ValueTask<bool> StepAsync()
    {
        _flight.TakeReceived(_released);
        // Said before it is looked at: a writer that drains in between wakes this loop.
        _holding = true;
        bool any = false;
        if (_reader.HasRoom)
        {
            _holding = false;
            any = await _reader.ReadAsync(_ready, _connection.Ending).ConfigureAwait(false);
            TakeRetained();
        }

        if (_released.Count > 0 || _reader.IsExactlyOnce)
            await SaveUntilDoneAsync().ConfigureAwait(false);
        else if (_saveWanted || _flight.Changes + _reader.Moved >= _connection.Shared.Options.SessionSaveCount)
            SaveMeanwhile();
        any |= _released.Count + _retained.Count > 0;
        _reader.IsExactlyOnce = false;
        Send();
        return any;
    }

    private void Apply()
    {
        if (Interlocked.Exchange(ref _applied, null) is not { } applied)
            return;
        _reader.Apply();
        applied.TrySetResult();
    }

    private void Send()
    {
        foreach (ushort packetId in _released)
            PubrecHandler.SendPubrel(_connection, _session, packetId, ReasonCode.Success);
        _released.Clear();
        foreach (Delivery delivery in _ready)
        {
            _session.Offer(delivery);
            delivery.Message.Release();
        }

        _ready.Clear();
        foreach (Delivery delivery in _retained)
        {
            if (!_session.RetainedFeed.OfferTaken(delivery))
                _flight.TryRelease(delivery.PacketId);
            delivery.Message.Release();
        }

        _retained.Clear();
    }

    /// <summary>
    /// Gives packet identifiers to retained messages, behind what was in flight before [MQTT-4.6.0-1], and behind what was read: a
    /// message that was published meanwhile goes in the place of the retained one of its name, which is the same or older.
    /// </summary>
    private void TakeRetained()
    {
        while (!_reader.IsResending && _session.RetainedFeed.IsWaiting && _flight.Reserve(1) == 1)
        {
            if (!_session.RetainedFeed.TryTake(out RetainedWaiting taken))
            {
                _flight.Unreserve(1);
                break;
            }

            if (taken.IsEnd)
            {
                _flight.Unreserve(1);
                _kept.Retained.Done(taken.Number);
                _session.RetainedFeed.EndTaken();
                continue;
            }

            byte qos = taken.Delivery.Qos;
            if (taken.Number > 0)
                _kept.Retained.Sent(taken.Number, taken.Delivery.Message.Topic.ToArray());
            ushort packetId = _flight.Add(qos, retain: true, taken.Identifier, QueuePosition.OfRetained(taken.Offset));
            _retained.Add(taken.Delivery with { PacketId = packetId });
            _reader.IsExactlyOnce |= qos == 2;
        }

        if (_retained.Count > 0)
            _session.RetainedFeed.Drained();
    }

    /// <summary>A save that nothing waits for; one at a time.</summary>
    private void SaveMeanwhile()
    {
        if (!_saving.IsCompleted)
            return;
        _saveWanted = false;
        _saving = TrySaveAsync();
    }

    private async Task TrySaveAsync()
    {
        try
        {
            await SaveAsync(isFinal: false).ConfigureAwait(false);
        }
        catch (BridgeException failed)
        {
            SessionLog.NotSaved(_connection.Shared.Logger, _kept.ClientId, failed.Message);
        }
    }

    /// <summary>A save without which nothing more may be sent.</summary>
    private async ValueTask SaveUntilDoneAsync()
    {
        await _saving.ConfigureAwait(false);
        while (true)
        {
            try
            {
                await SaveAsync(isFinal: false).ConfigureAwait(false);
                return;
            }
            catch (BridgeException failed)
            {
                SessionLog.NotSaved(_connection.Shared.Logger, _kept.ClientId, failed.Message);
            }

            await Task.Delay(_connection.Shared.Options.StreamRetry, _connection.Shared.Clock, _connection.Ending).ConfigureAwait(false);
        }
    }

    private async ValueTask SaveAsync(bool isFinal)
    {
        if (_kept.IsLost)
            throw new OperationCanceledException("Another connection has the session.");
        var record = new ProgressRecord
        {
            IsFinal = isFinal && _reader.IsPastSent,
            LeftOut = _kept.LeftOut,
            LastPacketId = _flight.LastPacketId,
            Positions = _reader.Snapshot(),
            Flight = _flight.Snapshot(),
            Retained = _kept.Retained.Snapshot(_kept.Record),
        };
        await _store.PutAsync(_kept.Key, _kept.Record.Epoch, record).ConfigureAwait(false);
        // In the order of the log the claim of another gateway lies before or behind what was saved; before it, nothing is sent.
        if (!isFinal && _kept.IsClaimed)
            throw new OperationCanceledException("Another gateway has the session.");
    }
}
