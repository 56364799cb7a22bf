using System.Buffers.Text;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Broker.RequestReply;

/// <summary>What the properties of a reply say, and what the broker says of its way, in RocketMQ's words.</summary>
internal static class ReplyText
{
    /// <summary>The client that asked, and waits for the reply.</summary>
    private static ReadOnlySpan<byte> ReplyToClient => "REPLY_TO_CLIENT"u8;

    /// <summary>When the broker handed the reply on, Unix milliseconds.</summary>
    private static ReadOnlySpan<byte> PushReplyTime => "PUSH_REPLY_TIME"u8;

    /// <summary>The id of the client that asked; null without.</summary>
    public static string? Client(ReadOnlySpan<byte> properties) => PropertyText.GetString(properties, ReplyToClient);

    /// <summary>The properties with which the reply is handed on.</summary>
    public static byte[] Handed(ReadOnlySpan<byte> properties, long now)
    {
        byte[] text = new byte[properties.Length + 40];
        var writer = new PropertyTextWriter(text);
        Span<byte> time = stackalloc byte[20];
        Utf8Formatter.TryFormat(now, time, out int length);
        writer.TryAdd(PushReplyTime, time[..length]);
        PropertyTextReader reader = PropertyText.Read(properties);
        while (reader.MoveNext())
        {
            if (!reader.Name.SequenceEqual(PushReplyTime))
            {
                writer.TryAdd(reader.Name, reader.Value);
            }
        }

        return writer.Written.ToArray();
    }

    /// <summary>The reply says not whom it is for.</summary>
    public const string NobodyNamed = "reply message properties[REPLY_TO_CLIENT] is null";

    /// <summary>The client is not here.</summary>
    public static string NotHere(string client) => $"push reply message fail, channel of <{client}> not found.";

    /// <summary>The client did not take the reply.</summary>
    public static string NotTaken(string client) => $"push reply message to {client}fail.";
}
