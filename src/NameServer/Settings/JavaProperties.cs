using System.Globalization;
using System.Text;

namespace ProtoBridgeMQ.NameServer.Settings;

/// <summary>Reads the text form of Java's properties: a name and a value a line.</summary>
/// <remarks>
/// <code>
/// # or ! : a comment          name=value   name:value   name value
/// a backslash at the end of a line joins it with the next; \n \r \t \f \uXXXX and \ before anything else are escapes
/// </code>
/// </remarks>
internal static class JavaProperties
{
    /// <summary>The pairs, a later one of a name in place of an earlier one.</summary>
    /// <exception cref="FormatException">An escape \u is not followed by four hexadecimal digits.</exception>
    public static Dictionary<string, string> Parse(string text)
    {
        var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in Logical(text))
        {
            var end = NameEnd(line);
            var start = end;
            while (start < line.Length && char.IsWhiteSpace(line[start]))
                start++;
            if (start < line.Length && line[start] is '=' or ':')
                start++;
            while (start < line.Length && char.IsWhiteSpace(line[start]))
                start++;
            pairs[Unescape(line[..end])] = Unescape(line[start..]);
        }
        return pairs;
    }

    private static IEnumerable<string> Logical(string text)
    {
        var whole = new StringBuilder();
        foreach (var line in text.Split(['\n', '\r']))
        {
            var part = line.TrimStart();
            if (whole.Length == 0 && (part.Length == 0 || part[0] is '#' or '!'))
                continue;
            var backslashes = part.Length - part.TrimEnd('\\').Length;
            if (backslashes % 2 == 1)
            {
                whole.Append(part.AsSpan(0, part.Length - 1));
                continue;
            }
            yield return whole.Append(part).ToString();
            whole.Clear();
        }
        if (whole.Length > 0)
            yield return whole.ToString();
    }

    private static int NameEnd(string line)
    {
        for (var at = 0; at < line.Length; at++)
        {
            if (line[at] == '\\')
                at++;
            else if (line[at] is '=' or ':' || char.IsWhiteSpace(line[at]))
                return at;
        }
        return line.Length;
    }

    private static string Unescape(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
            return text;
        var plain = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] != '\\' || ++at == text.Length)
            {
                if (at < text.Length)
                    plain.Append(text[at]);
                continue;
            }
            plain.Append(text[at] switch
            {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'f' => '\f',
                'u' => Hexadecimal(text, ref at),
                var other => other,
            });
        }
        return plain.ToString();
    }

    private static char Hexadecimal(string text, ref int at)
    {
        if (at + 4 >= text.Length || !ushort.TryParse(text.AsSpan(at + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code))
            throw new FormatException("\\u is not followed by four hexadecimal digits");
        at += 4;
        return (char)code;
    }
}
