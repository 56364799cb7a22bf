using System.Buffers.Text;
using System.Text;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Gateway.Mqtt.Handlers;
using ProtoBridgeMQ.Gateway.Mqtt.Sessions;

namespace ProtoBridgeMQ.Gateway.Mqtt.Exchanges;

/// <summary>The exchange records of sessions in the bridge's state, and what of their exchanges only the log knows.</summary>
public sealed class ExchangeStore : ISessionPart
{
    /// <summary>The space of the state.</summary>
    public const string Space = "mqtt.received";

    /// <summary>A record is written again before a message, when it is older than this.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromSeconds(10);

    /// <summary>A publish that was begun has ended one way or the other after so long.</summary>
    private static readonly TimeSpan Ended = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan SkewOfOthers = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan SkewOfOneself = TimeSpan.FromSeconds(5);

    private readonly IMessageBridge _bridge;

    public ExchangeStore(IMessageBridge bridge) => _bridge = bridge;

    /// <summary>Packet identifier and number of a message that a session must not store twice: <c>7.123456</c>.</summary>
    public static ReadOnlySpan<byte> PacketName => "mqtt.packet"u8;

    /// <summary>Appends who published a message of QoS 2, and as which packet.</summary>
    public static void Write(ushort packetId, long number, ref PropertyTextWriter properties)
    {
        Span<byte> text = stackalloc byte[32];
        Utf8Formatter.TryFormat(packetId, text, out int length);
        text[length++] = (byte)'.';
        Utf8Formatter.TryFormat(number, text[length..], out int digits);
        properties.Write(PacketName, text[..(length + digits)]);
    }

    /// <summary>The record of a session; null when there is none.</summary>
    public async ValueTask<ExchangeRecord?> FindAsync(PersistentSession session, CancellationToken cancellationToken)
        => await _bridge.State.GetAsync(Space, session.Key, cancellationToken).ConfigureAwait(false) is { } bytes ? ExchangeRecord.Decode(bytes.Span) : null;

    /// <summary>Keeps a record.</summary>
    /// <exception cref="BridgeException">It could not be kept.</exception>
    public ValueTask PutAsync(PersistentSession session, ExchangeRecord record)
        => _bridge.State.PutAsync(Space, session.Key, record.Encode(), CancellationToken.None);

    /// <summary>Removes a session's record.</summary>
    public ValueTask DeleteAsync(PersistentSession session) => _bridge.State.DeleteAsync(Space, session.Key, CancellationToken.None);

    /// <inheritdoc/>
    public ValueTask OnSessionEndedAsync(string clientId, CancellationToken cancellationToken)
        => _bridge.State.DeleteAsync(Space, SessionSpaces.KeyOf(clientId), cancellationToken);

    /// <summary>
    /// The packet identifiers that a record says were received, and those of messages that were stored after it: the
    /// connection, or the gateway, ended without another record.
    /// </summary>
    /// <exception cref="BridgeException">The brokers do not answer, or one that may have some of them is not there.</exception>
    public async ValueTask<HashSet<ushort>> FindReceivedAsync(PersistentSession session, ExchangeRecord record, CancellationToken cancellationToken)
    {
        HashSet<ushort> received = [.. record.Received];
        if (record.IsClosed)
            return received;
        byte[] client = Encoding.UTF8.GetBytes(session.ClientId);
        TimeSpan skew = _bridge.Capabilities.IsShared ? SkewOfOthers : SkewOfOneself;
        DateTimeOffset from = DateTimeOffset.FromUnixTimeMilliseconds(record.LookFrom) - skew;
        DateTimeOffset to = DateTimeOffset.FromUnixTimeMilliseconds(record.WrittenAt) + Fresh + Ended + skew;
        foreach (string topic in record.Topics)
        {
            var look = new LookBack(topic, from, to)
            {
                Brokers = record.Brokers,
                Show = properties =>
                {
                    if (IsOf(properties, client) && TryRead(properties, out ushort packetId, out long number) && number >= record.Number)
                        received.Add(packetId);
                    return true;
                },
            };
            await _bridge.LookBackAsync(look, cancellationToken).ConfigureAwait(false);
        }

        return received;
    }

    private static bool IsOf(MessageProperties properties, byte[] client)
        => properties.TryGet(MessageProperties5.ClientName, out ReadOnlySpan<byte> name) && name.SequenceEqual(client);

    private static bool TryRead(MessageProperties properties, out ushort packetId, out long number)
    {
        packetId = 0;
        number = 0;
        return properties.TryGet(PacketName, out ReadOnlySpan<byte> text)
            && Utf8Parser.TryParse(text, out packetId, out int length)
            && length < text.Length
            && Utf8Parser.TryParse(text[(length + 1)..], out number, out int digits)
            && length + 1 + digits == text.Length;
    }
}
