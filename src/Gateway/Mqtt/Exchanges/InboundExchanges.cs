namespace ProtoBridgeMQ.Gateway.Mqtt.Exchanges;

/// <summary>What a PUBLISH of QoS 2 means for its packet identifier.</summary>
public enum ExchangeStart
{
    /// <summary>A message that was not received yet.</summary>
    New,

    /// <summary>The message of this identifier is received, or on its way to the log: it is acknowledged again and not
    /// stored again [MQTT-4.3.3-10].</summary>
    Repeat,
}

/// <summary>
/// The QoS 2 exchanges of one connection in which this server receives: the packet identifiers from their PUBLISH to
/// their PUBREL [MQTT-4.3.3-8] [MQTT-4.3.3-12].
/// </summary>
/// <remarks>
/// The connection's reader begins and releases, its writer completes. There are at most as many as packet identifiers;
/// MQTT 5 clients are held to the receive maximum before.
/// </remarks>
public sealed class InboundExchanges
{
    private readonly Lock _gate = new();
    private Dictionary<ushort, Stage>? _stages;
    private ExchangeNumbers? _numbers;
    private int _open;

    [Flags]
    private enum Stage : byte
    {
        /// <summary>On its way to the log: no PUBREC was sent.</summary>
        Pending = 1,

        /// <summary>The log has it, and PUBREL has not come.</summary>
        Received = 2,

        /// <summary>Its PUBLISH came on this connection: it counts for the receive maximum.</summary>
        Counted = 4,
    }

    /// <summary>Exchanges that count for the receive maximum: from PUBLISH to PUBCOMP or a refusing PUBREC.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>Identifiers in use.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _stages?.Count ?? 0;
        }
    }

    /// <summary>Whether the identifier is in use.</summary>
    public bool Contains(ushort packetId)
    {
        lock (_gate)
            return _stages is not null && _stages.ContainsKey(packetId);
    }

    /// <summary>Whether the identifier's message is on its way to the log.</summary>
    public bool IsPending(ushort packetId)
    {
        lock (_gate)
            return _stages is not null && _stages.TryGetValue(packetId, out Stage stage) && stage.HasFlag(Stage.Pending);
    }

    /// <summary>Whether the identifier counts for the receive maximum already.</summary>
    public bool IsCounted(ushort packetId)
    {
        lock (_gate)
            return _stages is not null && _stages.TryGetValue(packetId, out Stage stage) && stage.HasFlag(Stage.Counted);
    }

    /// <summary>Whether messages are on their way to the log.</summary>
    public bool IsAnyPending
    {
        get
        {
            lock (_gate)
                return _numbers?.IsAnyPending == true;
        }
    }

    /// <summary>The number of the message that began last; 0 when the session ends with its connection.</summary>
    public long LastNumber
    {
        get
        {
            lock (_gate)
                return _numbers?.Last ?? 0;
        }
    }

    /// <summary>What the session received before this connection; from now on its messages are numbered.</summary>
    public void Load(IReadOnlyCollection<ushort> received, ExchangeNumbers numbers)
    {
        lock (_gate)
        {
            _numbers = numbers;
            _stages ??= [];
            foreach (ushort packetId in received)
                _stages[packetId] = Stage.Received;
        }
    }

    /// <summary>What is settled now, for a record.</summary>
    public ExchangeRecord ToRecord(IReadOnlyCollection<string> topics)
    {
        lock (_gate)
        {
            ushort[] received = [.. (_stages ?? []).Where(stage => stage.Value.HasFlag(Stage.Received)).Select(stage => stage.Key)];
            return _numbers!.ToRecord(received, topics);
        }
    }

    /// <summary>The topics of messages on their way to the log.</summary>
    public HashSet<string> PendingTopics()
    {
        lock (_gate)
            return [.. _numbers!.PendingTopics];
    }

    /// <summary>A PUBLISH came.</summary>
    /// <param name="packetId">Its packet identifier.</param>
    /// <param name="topic">The RocketMQ topic, for a session that outlives its connection.</param>
    public ExchangeStart Begin(ushort packetId, string topic)
    {
        lock (_gate)
        {
            _stages ??= [];
            bool known = _stages.TryGetValue(packetId, out Stage stage);
            if (!stage.HasFlag(Stage.Counted))
                _open++;
            _stages[packetId] = (known ? stage : Stage.Pending) | Stage.Counted;
            if (!known)
                _numbers?.Begin(topic);
            return known ? ExchangeStart.Repeat : ExchangeStart.New;
        }
    }

    /// <summary>The log has answered a new one; what it refused is forgotten [MQTT-4.3.3-9].</summary>
    public void Complete(ushort packetId, bool stored)
    {
        lock (_gate)
        {
            _numbers?.Complete();
            if (_stages is null || !_stages.TryGetValue(packetId, out Stage stage))
                return;
            if (stored)
                _stages[packetId] = (stage & Stage.Counted) | Stage.Received;
            else
                Remove(packetId, stage);
        }
    }

    /// <summary>
    /// Whether the log has a new one is unknown. From it on nothing is settled on this connection, which ends: the log is asked when the
    /// client comes back.
    /// </summary>
    public void LoseTrack()
    {
        lock (_gate)
            _numbers?.Stop();
    }

    /// <summary>A PUBREL came; false when the identifier is not one that PUBREC was sent for.</summary>
    public bool TryRelease(ushort packetId)
    {
        lock (_gate)
        {
            if (_stages is null || !_stages.TryGetValue(packetId, out Stage stage) || !stage.HasFlag(Stage.Received))
                return false;
            Remove(packetId, stage);
            return true;
        }
    }

    private void Remove(ushort packetId, Stage stage)
    {
        _stages!.Remove(packetId);
        if (stage.HasFlag(Stage.Counted))
            _open--;
    }
}
