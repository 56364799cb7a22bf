using System.Globalization;
using System.Text;

namespace ProtoBridgeMQ.Broker.Settings;

/// <summary>Names and values as java.util.Properties reads and writes them: the form of RocketMQ's configurations.</summary>
public static class PropertiesText
{
    /// <summary>Reads a text; what stands twice counts as it stands last.</summary>
    public static IReadOnlyDictionary<string, string> Parse(string text)
    {
        var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string line in Lines(text))
        {
            int end = 0;
            while (end < line.Length && line[end] is not ('=' or ':' or ' ' or '\t' or '\f'))
            {
                end += line[end] == '\\' ? 2 : 1;
            }

            end = Math.Min(end, line.Length);
            string rest = line[end..].TrimStart(' ', '\t', '\f');
            if (rest.Length > 0 && rest[0] is '=' or ':')
            {
                rest = rest[1..].TrimStart(' ', '\t', '\f');
            }

            pairs[Unescape(line[..end])] = Unescape(rest);
        }

        return pairs;
    }

    /// <summary>Writes a text, by name.</summary>
    public static string Write(IEnumerable<KeyValuePair<string, string>> pairs)
    {
        var text = new StringBuilder();
        foreach ((string name, string value) in pairs.OrderBy(static pair => pair.Key, StringComparer.Ordinal))
        {
            text.Append(Escape(name, isName: true)).Append('=').Append(Escape(value, isName: false)).Append('\n');
        }

        return text.ToString();
    }

    // A line that ends in an odd number of backslashes goes on in the next one.
    private static IEnumerable<string> Lines(string text)
    {
        string? begun = null;
        foreach (string part in text.Split('\n'))
        {
            string line = part.TrimEnd('\r').TrimStart(' ', '\t', '\f');
            if (begun is null && (line.Length == 0 || line[0] is '#' or '!'))
            {
                continue;
            }

            line = begun + line;
            if ((line.Length - line.TrimEnd('\\').Length) % 2 != 0)
            {
                begun = line[..^1];
                continue;
            }

            begun = null;
            yield return line;
        }

        if (begun is not null)
        {
            yield return begun;
        }
    }

    private static string Unescape(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
        {
            return text;
        }

        var plain = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\' || i + 1 == text.Length)
            {
                plain.Append(text[i]);
                continue;
            }

            i++;
            if (text[i] == 'u' && i + 4 < text.Length
                && ushort.TryParse(text.AsSpan(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort code))
            {
                plain.Append((char)code);
                i += 4;
                continue;
            }

            plain.Append(text[i] switch
            {
                't' => '\t',
                'n' => '\n',
                'r' => '\r',
                'f' => '\f',
                char other => other,
            });
        }

        return plain.ToString();
    }

    private static string Escape(string text, bool isName)
    {
        var escaped = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            _ = text[i] switch
            {
                '\\' => escaped.Append(@"\\"),
                '\n' => escaped.Append(@"\n"),
                '\r' => escaped.Append(@"\r"),
                '\t' => escaped.Append(@"\t"),
                '=' or ':' or '#' or '!' or ' ' when isName => escaped.Append('\\').Append(text[i]),
                ' ' when i == 0 => escaped.Append(@"\ "),
                _ => escaped.Append(text[i]),
            };
        }

        return escaped.ToString();
    }
}
