using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;
using ProtoBridgeMQ.Gateway.Mqtt.Handlers;

namespace ProtoBridgeMQ.Gateway.Mqtt.Session;

/// <summary>
/// The only one that writes to a connection's pipe: answers first, then acknowledgements of PUBLISHes that are
/// durable, then deliveries. All that is ready leaves in one flush.
/// </summary>
public sealed class ConnectionWriter
{
    private const int BytesBeforeFlush = 64 << 10;

    private readonly MqttConnection _connection;
    private readonly PipeWriter _output;
    private readonly AsyncSignal _wake = new();

    public ConnectionWriter(MqttConnection connection, PipeWriter output)
    {
        _connection = connection;
        _output = output;
    }

    /// <summary>There may be something to write.</summary>
    public void Wake() => _wake.Set();

    /// <summary>There is something to write, and this thread has nothing better to do.</summary>
    public void WriteHere() => _wake.SetHere();

    /// <summary>Runs until the connection closes and its last packet has left.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "A transport reports a broken connection by exceptions of its own choice; the reader sees the same break.")]
    public async Task RunAsync()
    {
        try
        {
            while (true)
            {
                bool closing = _connection.IsClosing;
                if (Fill(closing))
                {
                    _connection.Deadlines.WriteStarted();
                    if (_output.CanGetUnflushedBytes)
                        _connection.Shared.Metrics.BytesOut(_output.UnflushedBytes);
                    FlushResult flushed = await _output.FlushAsync().ConfigureAwait(false);
                    _connection.Deadlines.WriteEnded();
                    if (flushed.IsCompleted || flushed.IsCanceled)
                        break;
                }
                else if (closing)
                {
                    break;
                }
                else
                {
                    await _wake.WaitAsync().ConfigureAwait(false);
                }
            }
        }
        catch (Exception broken)
        {
            MqttLog.NetworkBroke(_connection.Shared.Logger, _connection.Name, broken.Message);
        }

        _connection.Deadlines.WriteEnded();
        _connection.CloseQuietly();
    }

    /// <summary>Writes what is ready, to some limit; false when there was nothing.</summary>
    private bool Fill(bool closing)
    {
        bool any = false;
        if (!closing && _connection.Session is { } session)
        {
            // Answers given so far go first: nothing precedes a CONNACK [MQTT-3.2.0-1].
            any = _connection.Control.MoveTo(_output, out bool isClosed);
            // [MQTT-3.14.4-1]: it may have been closed since it was looked at, and its DISCONNECT be among these.
            if (isClosed)
                return any;
            any |= PublishAcknowledgement.WriteReady(_connection, session, _output);
            if (!_connection.IsClosing)
                any |= WriteDeliveries(session);
        }

        return _connection.Control.MoveTo(_output, out _) || any;
    }

    private bool WriteDeliveries(MqttSession session)
    {
        int delivered = 0;
        long written = 0;
        long now = 0;
        while (written < BytesBeforeFlush && session.Deliveries.TryDequeue(out Delivery delivery, out ushort packetId))
        {
            OutgoingMessage message = delivery.Message;
            if (message.ExpiresAt > 0 && now == 0)
                now = _connection.Shared.Clock.GetUtcNow().ToUnixTimeMilliseconds();
            TopicAlias alias = session.Aliases?.Choose(message.Topic) ?? default;
            int size = message.GetPacketSize(delivery, session.Version, alias);
            string? drop = message.ExpiresAt > 0 && message.ExpiresAt <= now && !delivery.Dup ? "expired"
                : size > session.Limits.MaximumPacketSize ? "too-large-for-client"
                : null;
            if (drop is null)
            {
                message.WriteTo(_output, delivery, session.Version, packetId, now, alias);
                session.Aliases?.Written(message.Topic, alias);
                delivery.Share?.Written(packetId);
                if (message.IsTraced)
                    (_connection.Traces ??= new DeliveryActivities()).Written(delivery, packetId, session.ClientIdUtf8);
                written += size;
                delivered++;
            }
            else
            {
                // [MQTT-3.1.2-25] [MQTT-3.3.2-5]: as if it had been delivered.
                _connection.Shared.Metrics.Dropped(drop);
                session.Deliveries.TryRelease(packetId);
                if (drop == "expired")
                    delivery.Share?.Expired();
                else
                    delivery.Share?.Refused();
            }

            message.Release();
        }

        if (session.RetainedFeed.IsActive)
            session.RetainedFeed.Drained();
        session.Kept?.Feed?.Drained();
        if (delivered == 0)
            return false;
        _connection.Shared.Metrics.PacketOut(PacketType.Publish, delivered);
        _connection.Shared.Metrics.Delivered(delivered);
        return true;
    }
}
