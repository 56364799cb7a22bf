using System.Buffers.Text;
using System.Text.Json;
using ProtoBridgeMQ.Bridge.Messages;
using ProtoBridgeMQ.Gateway.Http.Session;

namespace ProtoBridgeMQ.Gateway.Http.Codec;

/// <summary>
/// The answer to a publish, straight into the response's buffer, and its <c>Location</c>.
/// <code>{"messageId":"7F00000100002A9F0000000000000123","queueId":3,"offset":42}</code>
/// </summary>
internal static class PublishAnswer
{
    /// <summary>Room that <see cref="Write(in PublishReceipt, Span{byte})"/> needs for an offset id.</summary>
    public const int MaxLength = 128;

    private const string Address = "/v1/messages/";
    private const int IdLength = 32;

    private static ReadOnlySpan<byte> HexDigits => "0123456789ABCDEF"u8;

    /// <summary>Answers a publish of one message.</summary>
    public static ValueTask AnswerAsync(HttpResponse response, in OncePublished stored)
    {
        response.ContentType = "application/json";
        response.Headers.Location = LocationOf(stored.Receipt.MessageId);
        if (stored.IsReplayed)
            response.Headers["Idempotency-Replayed"] = "true";

        if (!IsPlain(stored.Receipt))
            return WriteAsync(response, stored.Receipt);

        // Leaves with the end of the request, in one write.
        Span<byte> text = stackalloc byte[MaxLength];
        int length = Write(stored.Receipt, text);
        response.ContentLength = length;
        text[..length].CopyTo(response.BodyWriter.GetSpan(length));
        response.BodyWriter.Advance(length);
        return default;
    }

    /// <summary>Answers a batch: one result a message.</summary>
    public static async ValueTask AnswerAsync(HttpResponse response, Task<OncePublished>[] publishes)
    {
        response.StatusCode = publishes.All(publish => publish.IsCompletedSuccessfully) ? StatusCodes.Status200OK : StatusCodes.Status207MultiStatus;
        response.ContentType = "application/json";
        Utf8JsonWriter writer = JsonWriters.Rent(response.BodyWriter);
        writer.WriteStartArray();
        foreach (Task<OncePublished> publish in publishes)
            await WriteResultAsync(writer, publish);

        writer.WriteEndArray();
        await writer.FlushAsync();
        JsonWriters.Return(writer);
    }

    /// <summary>Where a message can be looked at.</summary>
    public static string LocationOf(MessageId id)
        => id.TryGetOffset(out ulong host, out long logOffset)
            ? string.Create(Address.Length + IdLength, (host, logOffset), static (text, id) =>
            {
                Address.CopyTo(text);
                WriteHex(id.host, text[Address.Length..]);
                WriteHex((ulong)id.logOffset, text[(Address.Length + 16)..]);
            })
            : Address + Uri.EscapeDataString(id.ToString());

    /// <summary>Whether the id needs no escaping and there is nothing beside it, so that the fast way can be taken.</summary>
    public static bool IsPlain(in PublishReceipt receipt) => receipt.RecallHandle is null && receipt.MessageId.TryGetOffset(out _, out _);

    /// <summary>Writes the answer for an offset id and returns its length.</summary>
    public static int Write(in PublishReceipt receipt, Span<byte> destination)
    {
        receipt.MessageId.TryGetOffset(out ulong host, out long logOffset);
        int at = Put("{\"messageId\":\""u8, destination, 0);
        WriteHex(host, destination[at..]);
        WriteHex((ulong)logOffset, destination[(at + 16)..]);
        at = Put("\",\"queueId\":"u8, destination, at + IdLength);
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
        if (receipt.RecallHandle is { } handle)
            writer.WriteString("recallHandle"u8, handle);

        writer.WriteEndObject();
    }

    private static async ValueTask WriteAsync(HttpResponse response, PublishReceipt receipt)
    {
        Utf8JsonWriter writer = JsonWriters.Rent(response.BodyWriter);
        Write(receipt, writer);
        await writer.FlushAsync();
        JsonWriters.Return(writer);
    }

    private static async ValueTask WriteResultAsync(Utf8JsonWriter writer, Task<OncePublished> publish)
    {
        try
        {
            Write((await publish).Receipt, writer);
        }
        catch (Exception refusal) when (ProblemDetail.Of(refusal) is { } problem && problem.Problem != Problem.Internal)
        {
            writer.WriteStartObject();
            writer.WriteStartObject("error"u8);
            problem.WriteMembers(writer);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
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

    private static void WriteHex(ulong value, Span<char> destination)
    {
        for (int i = 15; i >= 0; i--)
        {
            destination[i] = (char)HexDigits[(int)(value & 15)];
            value >>= 4;
        }
    }
}
