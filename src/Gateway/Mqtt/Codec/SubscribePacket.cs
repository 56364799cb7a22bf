namespace ProtoBridgeMQ.Gateway.Mqtt.Codec;

/// <summary>What is done with retained messages when a subscription is made.</summary>
public enum RetainHandling : byte
{
    Send = 0,
    SendIfNew = 1,
    DoNotSend = 2,
}

/// <summary>One filter of a SUBSCRIBE.</summary>
/// <param name="Filter">UTF-8; borrowed from the frame.</param>
/// <param name="Qos">Largest QoS asked for.</param>
/// <param name="NoLocal">MQTT 5: nothing that the same client published.</param>
/// <param name="RetainAsPublished">MQTT 5: keep the retain flag.</param>
/// <param name="RetainHandling">MQTT 5.</param>
public readonly record struct SubscriptionRequest(ReadOnlyMemory<byte> Filter, byte Qos, bool NoLocal, bool RetainAsPublished, RetainHandling RetainHandling)
{
    /// <summary>The subscription options byte.</summary>
    public byte Options => (byte)(Qos | (NoLocal ? 4 : 0) | (RetainAsPublished ? 8 : 0) | ((int)RetainHandling << 4));
}

/// <summary>SUBSCRIBE.</summary>
/// <remarks>
/// <code>
/// | packet id:2 | properties (5) | topic filter, options | topic filter, options | ...
/// options: reserved:2 retain handling:2 retain as published:1 no local:1 QoS:2   (before 5: reserved:6 QoS:2)
/// </code>
/// </remarks>
public sealed class SubscribePacket : IPacket
{
    public required ushort PacketId { get; init; }

    /// <summary>MQTT 5; borrowed from the frame.</summary>
    public PropertyBlock Properties { get; init; }

    public required IReadOnlyList<SubscriptionRequest> Subscriptions { get; init; }

    /// <inheritdoc/>
    public PacketType Type => PacketType.Subscribe;

    /// <inheritdoc/>
    public byte Flags => 2;

    /// <summary>Decodes a body.</summary>
    public static ProtocolError TryDecode(ReadOnlyMemory<byte> body, ProtocolVersion version, out SubscribePacket? packet)
    {
        packet = null;
        var reader = new PacketReader(body);
        ushort packetId = reader.ReadPacketId();
        PropertyBlock properties = version == ProtocolVersion.Mqtt5 ? PropertyRules.ReadBlock(ref reader, PacketType.Subscribe) : default;
        var subscriptions = new List<SubscriptionRequest>();
        while (reader.Remaining > 0)
            subscriptions.Add(ReadSubscription(ref reader, version));
        // [MQTT-3.8.3-2]
        if (subscriptions.Count == 0)
            reader.Fail(ReasonCode.ProtocolError, "SUBSCRIBE without a topic filter");
        ProtocolError error = reader.Finish();
        if (!error.IsError)
            packet = new SubscribePacket { PacketId = packetId, Properties = properties, Subscriptions = subscriptions };
        return error;
    }

    /// <inheritdoc/>
    public int GetBodySize(ProtocolVersion version)
    {
        int size = 2 + (version == ProtocolVersion.Mqtt5 ? PacketWriter.SizeOfProperties(Properties) : 0);
        foreach (SubscriptionRequest subscription in Subscriptions)
            size += 3 + subscription.Filter.Length;
        return size;
    }

    /// <inheritdoc/>
    public void WriteBody(ref PacketWriter writer, ProtocolVersion version)
    {
        writer.WriteUInt16(PacketId);
        if (version == ProtocolVersion.Mqtt5)
            writer.WriteProperties(Properties);
        foreach (SubscriptionRequest subscription in Subscriptions)
        {
            writer.WriteBinary(subscription.Filter.Span);
            writer.WriteByte(subscription.Options);
        }
    }

    private static SubscriptionRequest ReadSubscription(ref PacketReader reader, ProtocolVersion version)
    {
        ReadOnlyMemory<byte> filter = reader.ReadUtf8();
        byte options = reader.ReadByte();
        if (reader.Failed)
            return default;
        // [MQTT-3.8.3-5]; 3.1.1 [MQTT-3.8.3-4]
        if ((options & (version == ProtocolVersion.Mqtt5 ? 0xC0 : 0xFC)) != 0)
            reader.Malformed("reserved bits of the subscription options are set");
        if ((options & 0x03) == 3)
            reader.Fail(ReasonCode.ProtocolError, "subscription with QoS 3");
        if ((options & 0x30) == 0x30)
            reader.Fail(ReasonCode.ProtocolError, "retain handling 3");
        bool shared = TopicRules.IsShared(filter.Span);
        ProtocolError wrong = shared && version == ProtocolVersion.Mqtt5 ? CheckShared(filter.Span, options) : TopicRules.CheckFilter(filter.Span);
        if (wrong.IsError)
            reader.Fail(wrong.Reason, wrong.Text);
        return new SubscriptionRequest(filter, (byte)(options & 3), (options & 4) != 0, (options & 8) != 0, (RetainHandling)((options >> 4) & 3));
    }

    private static ProtocolError CheckShared(ReadOnlySpan<byte> filter, byte options)
    {
        if (!TopicRules.TrySplitShared(filter, out _, out _))
            return new ProtocolError(ReasonCode.TopicFilterInvalid, "shared subscription without a share name or a topic filter");
        // [MQTT-3.8.3-4]
        return (options & 4) != 0 ? ProtocolError.Violation("no local on a shared subscription") : default;
    }
}
