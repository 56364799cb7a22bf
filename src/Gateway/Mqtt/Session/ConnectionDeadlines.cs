namespace ProtoBridgeMQ.Gateway.Mqtt.Session;

/// <summary>What a connection's time ran out on.</summary>
public enum Expired
{
    Nothing,
    Connect,
    KeepAlive,
    Write,
}

/// <summary>
/// The times at which a connection did something. Packets only store a number here; one timer for all connections
/// compares them now and then.
/// </summary>
public sealed class ConnectionDeadlines
{
    private readonly TimeProvider _clock;
    private readonly MqttOptions _options;
    private long _lastPacket;
    private long _writing;
    private long _keepAlive;
    private volatile bool _connected;
    private volatile bool _readerBusy;

    public ConnectionDeadlines(TimeProvider clock, MqttOptions options)
    {
        _clock = clock;
        _options = options;
        _lastPacket = clock.GetTimestamp();
    }

    /// <summary>A CONNECT was accepted; keep-alive 0 never runs out [MQTT-3.1.2-22].</summary>
    public void Connected(int keepAliveSeconds)
    {
        Volatile.Write(ref _keepAlive, keepAliveSeconds * 3 * _clock.TimestampFrequency / 2);
        PacketReceived();
        _connected = true;
    }

    /// <summary>A whole packet came: single bytes do not keep a connection alive.</summary>
    public void PacketReceived() => Volatile.Write(ref _lastPacket, _clock.GetTimestamp());

    /// <summary>The reader waits for the log or for the writer: the client is not to blame for silence.</summary>
    public void ReaderBusy(bool busy)
    {
        _readerBusy = busy;
        if (!busy)
            PacketReceived();
    }

    /// <summary>A flush begins.</summary>
    public void WriteStarted() => Volatile.Write(ref _writing, Math.Max(1, _clock.GetTimestamp()));

    /// <summary>The flush is done.</summary>
    public void WriteEnded() => Volatile.Write(ref _writing, 0);

    /// <summary>Compares with the clock.</summary>
    public Expired Check(long now)
    {
        long writing = Volatile.Read(ref _writing);
        if (writing != 0 && _clock.GetElapsedTime(writing, now) > _options.WriteTimeout)
            return Expired.Write;
        long last = Volatile.Read(ref _lastPacket);
        if (!_connected)
            return _clock.GetElapsedTime(last, now) > _options.ConnectTimeout ? Expired.Connect : Expired.Nothing;
        long keepAlive = Volatile.Read(ref _keepAlive);
        return keepAlive > 0 && !_readerBusy && now - last > keepAlive ? Expired.KeepAlive : Expired.Nothing;
    }
}
