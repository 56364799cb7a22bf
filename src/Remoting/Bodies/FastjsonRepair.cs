using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Bodies;

/// <summary>
/// Rewrites what fastjson emits or accepts beyond the standard: unquoted names and number keys (<c>{0:"..."}</c>),
/// single quotes, its escapes (<c>\x41</c>, <c>\v</c>, <c>\'</c>, <c>\0</c>) and stray commas. A key that is an object
/// (<c>{{"queueId":0}:1}</c>) becomes a string with the object's text. Bytes that are no UTF-8 become U+FFFD, as in Java.
/// </summary>
public static class FastjsonRepair
{
    private const int MaxDepth = 64;

    /// <summary>Writes the same value as standard JSON.</summary>
    /// <exception cref="JsonException">It cannot be understood.</exception>
    public static void ToStandard(ReadOnlySpan<byte> body, IBufferWriter<byte> output)
    {
        // Readers of the result throw where a text is asked for, long after it was parsed.
        if (!Utf8.IsValid(body))
            body = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(body));
        var copy = ArrayPool<byte>.Shared.Rent(body.Length);
        try
        {
            body.CopyTo(copy);
            var scanner = new LenientJsonScanner(copy.AsSpan(0, body.Length));
            WriteValue(ref scanner, output, 0);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(copy);
        }
    }

    private static void WriteValue(ref LenientJsonScanner scanner, IBufferWriter<byte> output, int depth)
    {
        if (depth > MaxDepth)
            throw new JsonException("the body is nested too deeply");
        if (scanner.TryEnterObject())
        {
            WriteObject(ref scanner, output, depth);
        }
        else if (scanner.TryEnterArray())
        {
            WriteArray(ref scanner, output, depth);
        }
        else
        {
            if (!scanner.TryReadValue(out var token))
                throw new JsonException("a value is missing or malformed");
            WriteScalar(scanner.Slice(token), token.Kind, output);
        }
    }

    private static void WriteObject(ref LenientJsonScanner scanner, IBufferWriter<byte> output, int depth)
    {
        output.Write("{"u8);
        var first = true;
        while (scanner.TryReadName(out var name))
        {
            if (!first)
                output.Write(","u8);
            first = false;
            WriteName(scanner.Slice(name), name.Kind, output);
            output.Write(":"u8);
            WriteValue(ref scanner, output, depth + 1);
        }
        if (scanner.Failed)
            throw new JsonException("an object is malformed");
        output.Write("}"u8);
    }

    private static void WriteName(ReadOnlySpan<byte> name, JsonTokenKind kind, IBufferWriter<byte> output)
    {
        if (kind != JsonTokenKind.Composite)
        {
            JsonText.WriteQuoted(output, name);
            return;
        }
        var standard = new ArrayBufferWriter<byte>(name.Length + 16);
        ToStandard(name, standard);
        JsonText.WriteQuoted(output, standard.WrittenSpan);
    }

    private static void WriteArray(ref LenientJsonScanner scanner, IBufferWriter<byte> output, int depth)
    {
        output.Write("["u8);
        var first = true;
        while (scanner.TryNextElement())
        {
            if (!first)
                output.Write(","u8);
            first = false;
            WriteValue(ref scanner, output, depth + 1);
        }
        if (scanner.Failed)
            throw new JsonException("an array is malformed");
        output.Write("]"u8);
    }

    private static void WriteScalar(ReadOnlySpan<byte> text, JsonTokenKind kind, IBufferWriter<byte> output)
    {
        var isBareword = kind != JsonTokenKind.String && (kind == JsonTokenKind.Null || IsLiteral(text));
        if (isBareword)
            output.Write(text);
        else
            JsonText.WriteQuoted(output, text);
    }

    private static bool IsLiteral(ReadOnlySpan<byte> text) =>
        text.SequenceEqual("true"u8) || text.SequenceEqual("false"u8)
        || (Utf8Parser.TryParse(text, out double _, out var used) && used == text.Length && text[0] is not ((byte)'+' or (byte)'N' or (byte)'I'));
}
