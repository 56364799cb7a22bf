using System.Buffers.Text;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Remoting.Headers;

/// <summary>
/// Reads the JSON header with the latitude of fastjson: any order, unknown members, null, numbers as strings, bare
/// values among the fields, quoted, single-quoted and unquoted names.
/// </summary>
/// <remarks>
/// <code>
/// {"code":310,"extFields":{"a":"group",...},"flag":0,"language":"JAVA","opaque":5,
///  "remark":"...","serializeTypeCurrentRPC":"JSON","version":479}
/// </code>
/// Strings with escapes are unescaped in place; they only get shorter.
/// </remarks>
internal static class JsonHeaderReader
{
    /// <summary>Fills <paramref name="header"/>; returns null or what is wrong.</summary>
    public static string? Read(byte[] bytes, int length, RemotingHeader header)
    {
        var scanner = new LenientJsonScanner(bytes.AsSpan(0, length));
        if (!scanner.TryEnterObject())
            return "the JSON header is not an object";
        while (scanner.TryReadName(out var name))
        {
            if (!scanner.Slice(name).SequenceEqual("extFields"u8))
            {
                if (!scanner.TryReadValue(out var value))
                    return "the JSON header is malformed";
                var problem = SetMember(header, scanner.Slice(name), value, scanner.Slice(value));
                if (problem is not null)
                    return problem;
            }
            else if (!ReadFields(ref scanner, header.Fields))
            {
                return "the JSON header's fields are malformed or too many";
            }
        }
        return scanner.Failed ? "the JSON header is malformed" : null;
    }

    private static bool ReadFields(ref LenientJsonScanner scanner, HeaderFields fields)
    {
        if (!scanner.TryEnterObject())
            return scanner.TryReadValue(out var other) && other.Kind == JsonTokenKind.Null;
        fields.IsPresent = true;
        while (scanner.TryReadName(out var name))
        {
            if (!scanner.TryReadValue(out var value))
                return false;
            if (value.Kind != JsonTokenKind.Null && !fields.TryAdd(name.Start, name.Length, value.Start, value.Length))
                return false;
        }
        return !scanner.Failed;
    }

    private static string? SetMember(RemotingHeader header, ReadOnlySpan<byte> name, JsonToken token, ReadOnlySpan<byte> text)
    {
        if (token.Kind == JsonTokenKind.Null)
            return null;
        if (name.SequenceEqual("remark"u8))
        {
            header.SetRemark(token.Start, token.Length);
            return null;
        }
        if (name.SequenceEqual("language"u8))
        {
            header.Language = Utf8Parser.TryParse(text, out byte number, out var used) && used == text.Length
                ? (LanguageCode)number
                : LanguageNames.FromUtf8(text);
            return null;
        }
        var which = name.SequenceEqual("code"u8) ? 1
            : name.SequenceEqual("flag"u8) ? 2
            : name.SequenceEqual("opaque"u8) ? 3
            : name.SequenceEqual("version"u8) ? 4 : 0;
        if (which == 0)
            return null;
        if (!Utf8Parser.TryParse(text, out int parsed, out var consumed) || consumed != text.Length)
            return "a number of the JSON header is malformed";
        switch (which)
        {
            case 1: header.Code = parsed; break;
            case 2: header.Flags = (HeaderFlags)parsed; break;
            case 3: header.Opaque = parsed; break;
            default: header.Version = parsed; break;
        }
        return null;
    }
}
