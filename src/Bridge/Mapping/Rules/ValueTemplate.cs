using System.Text;
using ProtoBridgeMQ.Bridge.Topics;

namespace ProtoBridgeMQ.Bridge.Mapping.Rules;

/// <summary>Text with variables in it, from which a rule makes a topic, a tag or a key.</summary>
/// <remarks>Immutable.</remarks>
internal sealed class ValueTemplate
{
    private readonly Part[] _parts;

    private ValueTemplate(Part[] parts) => _parts = parts;

    /// <summary>Whether it makes nothing.</summary>
    public bool IsEmpty => _parts.Length == 0;

    /// <summary>What it makes when it has no variable; null when it has one.</summary>
    public byte[]? Constant => _parts switch
    {
        [] => [],
        [{ Text: { } only }] => only,
        _ => null,
    };

    /// <summary>Its texts and variables (null) in their order.</summary>
    public IEnumerable<byte[]?> Parts => _parts.Select(part => part.Text);

    /// <summary>Whether it can be the name of a variable.</summary>
    public static bool IsVariable(string name)
        => name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    /// <summary>Reads a template; the answer is what is wrong with it, or null.</summary>
    public static string? TryParse(string field, string text, IReadOnlyList<string> variables, out ValueTemplate template)
    {
        List<Part> parts = [];
        template = new ValueTemplate([]);
        int at = 0;
        while (at < text.Length)
        {
            int open = text.IndexOfAny(['{', '}'], at);
            int end = open < 0 ? text.Length : open;
            if (end > at)
                parts.Add(new Part(Encoding.UTF8.GetBytes(text[at..end]), 0));
            if (open < 0)
                break;
            int close = text.IndexOf('}', open);
            string name = text[open] == '{' && close > open ? text[(open + 1)..close] : string.Empty;
            if (!IsVariable(name))
                return $"{field}: a brace belongs to a variable, {{name}}";
            int index = variables.ToList().IndexOf(name);
            if (index < 0)
                return $"{field}: the variable {name} is not in mqtt" + (variables.Count == 0 ? ", which has none" : $", which has {string.Join(", ", variables)}");
            parts.Add(new Part(null, index));
            at = close + 1;
        }

        if (text.IndexOfAny(['\0', '\u0001', '\u0002']) >= 0)
            return $"{field} has a control character";
        template = new ValueTemplate([.. parts]);
        return null;
    }

    /// <summary>Room that <see cref="Write"/> needs for a name.</summary>
    public int MaxLength(ReadOnlySpan<byte> name) => _parts.Sum(static part => part.Text?.Length ?? 0) + (_parts.Length * name.Length);

    /// <summary>Makes the text; as long as <see cref="MaxLength"/> at most.</summary>
    public int Write(ReadOnlySpan<byte> name, ReadOnlySpan<Range> values, Span<byte> destination)
    {
        int written = 0;
        foreach (Part part in _parts)
        {
            ReadOnlySpan<byte> text = part.Text ?? name[values[part.Variable]];
            text.CopyTo(destination[written..]);
            written += text.Length;
        }

        return written;
    }

    /// <summary>Makes a topic's name: what RocketMQ does not allow in it is escaped; -1 when it is too long.</summary>
    public int WriteTopic(ReadOnlySpan<byte> name, ReadOnlySpan<Range> values, Span<byte> destination)
    {
        Span<byte> limited = destination.Length > TopicNames.MaxLength ? destination[..TopicNames.MaxLength] : destination;
        int written = 0;
        foreach (Part part in _parts)
        {
            if (part.Text is null)
            {
                int length = PercentText.EscapeTopic(name[values[part.Variable]], limited[written..]);
                if (length < 0)
                    return -1;
                written += length;
                continue;
            }

            if (!part.Text.AsSpan().TryCopyTo(limited[written..]))
                return -1;
            written += part.Text.Length;
        }

        return written;
    }

    /// <summary>A text, or the number of a variable.</summary>
    private readonly record struct Part(byte[]? Text, int Variable);
}
