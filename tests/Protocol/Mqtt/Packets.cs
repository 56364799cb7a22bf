using System.Text;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

/// <summary>Packets that tests send.</summary>
public static class Packets
{
    public static byte[] Connect(string clientId, int version, Action<PropertyBlockWriter>? properties = null, ushort keepAlive = 60)
    {
        var packet = new ConnectPacket
        {
            Version = (ProtocolVersion)version,
            CleanStart = true,
            KeepAlive = keepAlive,
            ClientId = clientId,
            Properties = Properties(properties),
        };
        return PacketText.Encode(packet, packet.Version);
    }

    /// <summary>A CONNECT with a will, whose payload is "gone".</summary>
    public static byte[] ConnectWithWill(string clientId, int version, Action<PropertyBlockWriter>? willProperties = null, Action<PropertyBlockWriter>? properties = null, byte qos = 1, string topic = "state/d", bool clean = true, bool retain = false)
    {
        var packet = new ConnectPacket
        {
            Version = (ProtocolVersion)version,
            CleanStart = clean,
            KeepAlive = 60,
            ClientId = clientId,
            Properties = Properties(properties),
            Will = new Will(topic, "gone"u8.ToArray(), qos, retain, Properties(willProperties)),
        };
        return PacketText.Encode(packet, packet.Version);
    }

    /// <summary>CONNECT with clean start 0; version 5 says how long the session lives on.</summary>
    public static byte[] Resume(string clientId, int version, uint expiry = 3600, bool cleanStart = false, Action<PropertyBlockWriter>? properties = null)
    {
        var packet = new ConnectPacket
        {
            Version = (ProtocolVersion)version,
            CleanStart = cleanStart,
            KeepAlive = 0,
            ClientId = clientId,
            Properties = version < 5 ? default : Properties(p =>
            {
                p.Add(PropertyId.SessionExpiryInterval, expiry);
                properties?.Invoke(p);
            }),
        };
        return PacketText.Encode(packet, packet.Version);
    }

    public static AcknowledgementPacket Acknowledge(PacketType type, ushort id, ReasonCode reason = ReasonCode.Success) => new() { Type = type, PacketId = id, Reason = reason };

    public static PublishPacket Publish(string topic, string payload = "", byte qos = 0, ushort id = 0, Action<PropertyBlockWriter>? properties = null, bool dup = false, bool retain = false)
        => new()
        {
            Topic = Encoding.UTF8.GetBytes(topic),
            Payload = Encoding.UTF8.GetBytes(payload),
            Qos = qos,
            PacketId = id,
            Dup = dup,
            Retain = retain,
            Properties = Properties(properties),
        };

    public static SubscribePacket Subscribe(ushort id, params (string Filter, int Options)[] filters) => Subscribe(id, null, filters);

    public static SubscribePacket Subscribe(ushort id, Action<PropertyBlockWriter>? properties, params (string Filter, int Options)[] filters)
        => new()
        {
            PacketId = id,
            Properties = Properties(properties),
            Subscriptions = [.. filters.Select(f => new SubscriptionRequest(Encoding.UTF8.GetBytes(f.Filter), (byte)(f.Options & 3), (f.Options & 4) != 0, (f.Options & 8) != 0, (RetainHandling)(f.Options >> 4)))],
        };

    public static UnsubscribePacket Unsubscribe(ushort id, params string[] filters)
        => new() { PacketId = id, Filters = [.. filters.Select(filter => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(filter))] };

    public static AcknowledgementPacket Puback(ushort id) => new() { Type = PacketType.Puback, PacketId = id };

    private static PropertyBlock Properties(Action<PropertyBlockWriter>? properties)
    {
        var writer = new PropertyBlockWriter();
        properties?.Invoke(writer);
        return writer.Block;
    }
}
