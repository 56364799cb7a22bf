using System.Buffers.Binary;
using System.Buffers.Text;
using ProtoBridgeMQ.Bridge.Messages;

namespace ProtoBridgeMQ.Gateway.Http.Codec;

/// <summary>
/// Names one delivery for its acknowledgement; opaque to clients, safe in URLs and headers.
/// <code>
///  base64url of   version 1 | life 8 | stream 8 | delivery 8        25 bytes, 34 characters
/// </code>
/// The life is drawn when the process starts: a receipt of an earlier process is told apart from garbage, and can
/// never settle somebody else's delivery.
/// </summary>
internal readonly record struct ReceiptHandle(ulong Life, long Stream, DeliveryId Delivery)
{
    /// <summary>Length as text.</summary>
    public const int TextLength = 34;

    private const byte Version = 1;
    private const int Size = 25;

    public void Write(Span<byte> text)
    {
        Span<byte> bytes = stackalloc byte[Size];
        bytes[0] = Version;
        BinaryPrimitives.WriteUInt64BigEndian(bytes[1..], Life);
        BinaryPrimitives.WriteInt64BigEndian(bytes[9..], Stream);
        BinaryPrimitives.WriteInt64BigEndian(bytes[17..], Delivery.Value);
        Base64Url.EncodeToUtf8(bytes, text);
    }

    public override string ToString()
    {
        Span<byte> text = stackalloc byte[TextLength];
        Write(text);
        return System.Text.Encoding.ASCII.GetString(text);
    }

    /// <summary>Reads a handle; false for anything that was never one.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out ReceiptHandle handle)
    {
        handle = default;
        Span<byte> bytes = stackalloc byte[Size];
        if (text.Length != TextLength
            || Base64Url.DecodeFromChars(text, bytes, out int used, out int length) != System.Buffers.OperationStatus.Done
            || used != TextLength
            || length != Size
            || bytes[0] != Version)
        {
            return false;
        }

        handle = new ReceiptHandle(
            BinaryPrimitives.ReadUInt64BigEndian(bytes[1..]),
            BinaryPrimitives.ReadInt64BigEndian(bytes[9..]),
            new DeliveryId(BinaryPrimitives.ReadInt64BigEndian(bytes[17..])));
        return handle.Stream > 0 && handle.Delivery.Value > 0;
    }
}
