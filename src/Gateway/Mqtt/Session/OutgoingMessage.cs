using System.Buffers;
using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Diagnostics;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;

namespace ProtoBridgeMQ.Gateway.Mqtt.Session;

/// <summary>
/// A message on its way out, shared by all sessions that receive it: topic name, MQTT 5 properties and payload,
/// encoded once. What differs by session (packet id, subscription identifiers, expiry left) is written beside it.
/// </summary>
/// <remarks>Counted references: whoever drops the last one returns the memory.</remarks>
public sealed class OutgoingMessage
{
    private readonly OutgoingMessagePool _pool;
    private byte[] _bytes = [];
    private int _topicLength;
    private int _propertiesLength;
    private int _payloadLength;
    private int _references;

    public OutgoingMessage(OutgoingMessagePool pool) => _pool = pool;

    /// <summary>Unix milliseconds after which it is not delivered; 0 for never.</summary>
    public long ExpiresAt { get; private set; }

    /// <summary>The trace that it came with; none while nobody listens.</summary>
    public ActivityContext Trace { get; private set; }

    /// <summary>Whether it came with a trace.</summary>
    public bool IsTraced { get; private set; }

    /// <summary>Whether it was published as the retained message of its name.</summary>
    public bool IsRetained { get; private set; }

    /// <summary>Bytes that count against queues.</summary>
    public int Size => _topicLength + _propertiesLength + _payloadLength + 16;

    /// <summary>Topic name.</summary>
    public ReadOnlySpan<byte> Topic => _bytes.AsSpan(0, _topicLength);

    /// <summary>User Property that says how many messages are gone directly before this one.</summary>
    public static ReadOnlySpan<byte> MissingName => "protobridge.missing"u8;

    private ReadOnlySpan<byte> Payload => _bytes.AsSpan(_topicLength + _propertiesLength, _payloadLength);

    private ReadOnlySpan<byte> SharedProperties => _bytes.AsSpan(_topicLength, _propertiesLength);

    /// <summary>Fills it and gives the caller the first reference.</summary>
    public void Open(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> properties, ReadOnlySpan<byte> payload, long expiresAt, bool isRetained = false)
    {
        _bytes = ArrayPool<byte>.Shared.Rent(topic.Length + properties.Length + payload.Length);
        topic.CopyTo(_bytes);
        properties.CopyTo(_bytes.AsSpan(topic.Length));
        payload.CopyTo(_bytes.AsSpan(topic.Length + properties.Length));
        _topicLength = topic.Length;
        _propertiesLength = properties.Length;
        _payloadLength = payload.Length;
        ExpiresAt = expiresAt;
        IsRetained = isRetained;
        IsTraced = false;
        Volatile.Write(ref _references, 1);
    }

    /// <summary>It came with a trace.</summary>
    public void TraceBy(ActivityContext trace)
    {
        Trace = trace;
        IsTraced = true;
    }

    public void AddReference() => Interlocked.Increment(ref _references);

    public void Release()
    {
        if (Interlocked.Decrement(ref _references) > 0)
            return;
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        _pool.Return(this);
    }

    /// <summary>Size of the whole PUBLISH.</summary>
    public int GetPacketSize(in Delivery delivery, ProtocolVersion version, TopicAlias alias = default)
    {
        int body = GetBodySize(delivery, version, alias, out _);
        return 1 + PacketWriter.SizeOfVariableInteger((uint)body) + body;
    }

    /// <summary>Writes the PUBLISH.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="delivery">What differs by session.</param>
    /// <param name="version">The session's.</param>
    /// <param name="packetId">0 at QoS 0.</param>
    /// <param name="now">Unix milliseconds: what is left of the expiry is counted down to it [MQTT-3.3.2-6].</param>
    /// <param name="alias">How its topic is said.</param>
    public void WriteTo(IBufferWriter<byte> output, in Delivery delivery, ProtocolVersion version, ushort packetId, long now, TopicAlias alias = default)
    {
        int body = GetBodySize(delivery, version, alias, out int properties);
        int head = 1 + PacketWriter.SizeOfVariableInteger((uint)body) + body - _payloadLength;
        var writer = new PacketWriter(output.GetSpan(head)[..head]);
        writer.WriteByte((byte)(((int)PacketType.Publish << 4) | PublishPacket.MakeFlags(delivery.Dup, delivery.Qos, delivery.Retain)));
        writer.WriteVariableInteger((uint)body);
        writer.WriteBinary(alias.IsSet ? default : Topic);
        if (delivery.Qos > 0)
            writer.WriteUInt16(packetId);
        if (version == ProtocolVersion.Mqtt5)
        {
            writer.WriteVariableInteger((uint)properties);
            WriteOwnProperties(ref writer, delivery, now, alias);
            writer.WriteBytes(SharedProperties);
        }

        output.Advance(head);
        output.Write(Payload);
    }

    private int GetBodySize(in Delivery delivery, ProtocolVersion version, TopicAlias alias, out int properties)
    {
        properties = 0;
        int size = 2 + (alias.IsSet ? 0 : _topicLength) + (delivery.Qos > 0 ? 2 : 0) + _payloadLength;
        if (version != ProtocolVersion.Mqtt5)
            return size;
        properties = _propertiesLength + (ExpiresAt > 0 ? 5 : 0) + (alias.Number > 0 ? 3 : 0);
        foreach (uint identifier in delivery.Identifiers)
            properties += 1 + PacketWriter.SizeOfVariableInteger(identifier);
        if (delivery.Missing > 0)
            properties += 1 + 2 + MissingName.Length + 2 + DigitsOf(delivery.Missing);
        return size + PacketWriter.SizeOfVariableInteger((uint)properties) + properties;
    }

    private void WriteOwnProperties(ref PacketWriter writer, in Delivery delivery, long now, TopicAlias alias)
    {
        if (alias.Number > 0)
        {
            writer.WriteByte((byte)PropertyId.TopicAlias);
            writer.WriteUInt16(alias.Number);
        }

        if (ExpiresAt > 0)
        {
            long left = Math.Clamp((ExpiresAt - now + 999) / 1000, 1, uint.MaxValue);
            writer.WriteByte((byte)PropertyId.MessageExpiryInterval);
            writer.WriteUInt32((uint)left);
        }

        // [MQTT-3.3.4-3] [MQTT-3.3.4-4]
        foreach (uint identifier in delivery.Identifiers)
        {
            writer.WriteByte((byte)PropertyId.SubscriptionIdentifier);
            writer.WriteVariableInteger(identifier);
        }

        if (delivery.Missing > 0)
            WriteMissing(ref writer, delivery.Missing);
    }

    private static void WriteMissing(ref PacketWriter writer, int missing)
    {
        Span<byte> digits = stackalloc byte[10];
        Utf8Formatter.TryFormat(missing, digits, out int length);
        writer.WriteByte((byte)PropertyId.UserProperty);
        writer.WriteBinary(MissingName);
        writer.WriteBinary(digits[..length]);
    }

    private static int DigitsOf(int number)
    {
        Span<byte> digits = stackalloc byte[10];
        Utf8Formatter.TryFormat(number, digits, out int length);
        return length;
    }
}

/// <summary>One message for one session.</summary>
/// <param name="Message">The shared part.</param>
/// <param name="Qos">The largest QoS that the message and the matching subscriptions allow.</param>
/// <param name="Retain">The retain flag to send.</param>
/// <param name="Identifiers">The identifiers of the matching subscriptions.</param>
public readonly record struct Delivery(OutgoingMessage Message, byte Qos, bool Retain, SubscriptionIdentifiers Identifiers)
{
    /// <summary>Of a shared subscription: what settles it; null for an ordinary one.</summary>
    public Shared.SharedDelivery? Share { get; init; }

    /// <summary>The packet identifier that it has already; 0: it gets one when it is written, if it needs one.</summary>
    public ushort PacketId { get; init; }

    /// <summary>Whether it may have been sent before [MQTT-3.3.1-1].</summary>
    public bool Dup { get; init; }

    /// <summary>Messages directly before it that this client does not get, because they are not kept any more.</summary>
    public int Missing { get; init; }
}

/// <summary>The identifiers of the subscriptions that matched: mostly none or one, so that only more take memory.</summary>
public readonly struct SubscriptionIdentifiers
{
    private readonly uint _single;
    private readonly uint[]? _several;

    private SubscriptionIdentifiers(uint single, uint[]? several)
    {
        _single = single;
        _several = several;
    }

    /// <summary>With one more; 0 is none.</summary>
    public SubscriptionIdentifiers With(uint identifier)
    {
        if (identifier == 0)
            return this;
        if (_several is not null)
            return new SubscriptionIdentifiers(0, [.. _several, identifier]);
        return _single == 0 ? new SubscriptionIdentifiers(identifier, null) : new SubscriptionIdentifiers(0, [_single, identifier]);
    }

    public Enumerator GetEnumerator() => new(_single, _several);

    /// <summary>Walks the identifiers.</summary>
    public struct Enumerator(uint single, uint[]? several)
    {
        private int _index = -1;

        /// <summary>The identifier reached.</summary>
        public readonly uint Current => several is null ? single : several[_index];

        public bool MoveNext() => ++_index < (several?.Length ?? (single == 0 ? 0 : 1));
    }
}

/// <summary>Message objects not in use; their bytes go back to the array pool on their own.</summary>
public sealed class OutgoingMessagePool
{
    private const int Kept = 16_384;

    private readonly ConcurrentQueue<OutgoingMessage> _free = new();

    public OutgoingMessage Rent() => _free.TryDequeue(out OutgoingMessage? message) ? message : new OutgoingMessage(this);

    /// <summary>Takes an object back; beyond the limit it is left to the collector.</summary>
    public void Return(OutgoingMessage message)
    {
        if (_free.Count < Kept)
            _free.Enqueue(message);
    }
}
