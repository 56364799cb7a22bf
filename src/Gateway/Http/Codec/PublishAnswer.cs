using System.Buffers.Text;
using System.Text.Json;
using ProtoBridgeMQ.Bridge.Messages;

namespace ProtoBridgeMQ.Gateway.Http.Codec;

/// <summary>
/// The answer to a publish, straight into the response's buffer.
/// <code>{"messageId":"7F00000100002A9F0000000000000123","queueId":3,"offset":42}</code>
/// </summary>
internal static class PublishAnswer
{
    /// <summary>Room that <see cref="Write(in PublishReceipt, Span{byte})"/> needs for an offset id.</summary>
    public const int MaxLength = 128;

    private static ReadOnlySpan<byte> HexDigits => "0123456789ABCDEF"u8;

    /// <summary>Whether the id needs no escaping, so that the fast way can be taken.</summary>
    public static bool IsPlain(in PublishReceipt receipt) => receipt.MessageId.TryGetOffset(out _, out _);

    /// <summary>Writes the answer for an offset id and returns its length.</summary>
    public static int Write(in PublishReceipt receipt, Span<byte> destination)
    {
        receipt.MessageId.TryGetOffset(out ulong host, out long logOffset);
        int at = Put("{\"messageId\":\""u8, destination, 0);
        WriteHex(host, destination[at..]);
        WriteHex((ulong)logOffset, destination[(at + 16)..]);
        at = Put("\",\"queueId\":"u8, destination, at + 32);
        Utf8Formatter.TryFormat(receipt.QueueId, destination[at..], out int length);
        at = Put(",\"offset\":"u8, destination, at + length);
        Utf8Formatter.TryFormat(receipt.QueueOffset, destination[at..], out length);
        return Put("}"u8, destination, at + length);
    }

    /// <summary>Writes the answer as an object.</summary>
    public static void Write(in PublishReceipt receipt, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("messageId"u8, receipt.MessageId.ToString());
        writer.WriteNumber("queueId"u8, receipt.QueueId);
        writer.WriteNumber("offset"u8, receipt.QueueOffset);
        writer.WriteEndObject();
    }

    private static int Put(ReadOnlySpan<byte> text, Span<byte> destination, int at)
    {
        text.CopyTo(destination[at..]);
        return at + text.Length;
    }

    private static void WriteHex(ulong value, Span<byte> destination)
    {
        for (int i = 15; i >= 0; i--)
        {
            destination[i] = HexDigits[(int)(value & 15)];
            value >>= 4;
        }
    }
}
