using System.Text;

namespace ProtoBridgeMQ.Bridge.Mapping.Rules;

/// <summary>The form of MQTT topic names that a rule takes: levels of text and variables.</summary>
/// <remarks>Immutable. A variable takes a level that is not empty.</remarks>
internal sealed class NamePattern
{
    /// <summary>Levels of a pattern, at most.</summary>
    public const int MaxLevels = 32;

    private readonly Level[] _levels;

    private NamePattern(Level[] levels, IReadOnlyList<string> variables, LevelShape shape)
    {
        _levels = levels;
        Variables = variables;
        Shape = shape;
    }

    /// <summary>The names of its variables, in their order.</summary>
    public IReadOnlyList<string> Variables { get; }

    /// <summary>Which names it takes, for comparisons.</summary>
    public LevelShape Shape { get; }

    /// <summary>Reads a pattern; the answer is what is wrong with it, or null.</summary>
    public static string? TryParse(string text, out NamePattern? pattern)
    {
        pattern = null;
        if (text.Length == 0)
            return "mqtt is missing";
        if (text.IndexOfAny(['+', '#', '\0', '\u0001', '\u0002']) >= 0)
            return "mqtt has a wildcard or a control character; write {name} for a level that may be anything";
        if (text[0] == '$')
            return "mqtt begins with $: such names are the server's own";
        string[] parts = text.Split('/');
        if (parts.Length > MaxLevels)
            return $"mqtt has more than {MaxLevels} levels";

        var levels = new Level[parts.Length];
        List<string> variables = [];
        for (int i = 0; i < parts.Length; i++)
        {
            if (TryReadLevel(parts[i], i == parts.Length - 1, variables, out levels[i]) is { } wrong)
                return wrong;
        }

        bool isOpen = levels[^1].IsRest;
        byte[]?[] shape = [.. levels.SkipLast(isOpen ? 1 : 0).Select(level => level.Text)];
        pattern = new NamePattern(levels, variables, new LevelShape(shape, isOpen ? ShapeEnd.OneOrMore : ShapeEnd.Here));
        return null;
    }

    /// <summary>Whether a name has this form; the places of the variables' values are written in their order.</summary>
    public bool TryMatch(ReadOnlySpan<byte> name, Span<Range> values)
    {
        if (name is [(byte)'$', ..])
            return false;
        int at = 0;
        int found = 0;
        for (int i = 0; i < _levels.Length; i++)
        {
            if (at > name.Length)
                return false;
            ref readonly Level level = ref _levels[i];
            int length = level.IsRest ? name.Length - at : name[at..].IndexOf((byte)'/');
            length = length < 0 ? name.Length - at : length;
            if (level.Text is { } text ? !name.Slice(at, length).SequenceEqual(text) : length == 0)
                return false;
            if (level.Text is null)
                values[found++] = new Range(at, at + length);
            at += length + 1;
        }

        return at == name.Length + 1;
    }

    private static string? TryReadLevel(string part, bool isLast, List<string> variables, out Level level)
    {
        level = new Level(Encoding.UTF8.GetBytes(part), IsRest: false);
        if (!part.Contains('{', StringComparison.Ordinal) && !part.Contains('}', StringComparison.Ordinal))
            return null;
        bool isRest = part.EndsWith("*}", StringComparison.Ordinal);
        string name = part.Length > 2 && part[0] == '{' && part[^1] == '}' ? part[1..(isRest ? ^2 : ^1)] : string.Empty;
        if (!ValueTemplate.IsVariable(name))
            return $"mqtt: the level {part} is neither text nor one variable in braces, {{name}}; a name has letters, digits and _";
        if (isRest && !isLast)
            return $"mqtt: {part} takes all that follows and must be the last level";
        if (variables.Contains(name))
            return $"mqtt: the variable {name} is there twice";
        variables.Add(name);
        level = new Level(null, isRest);
        return null;
    }

    /// <summary>One level: its text, or null for a variable.</summary>
    private readonly record struct Level(byte[]? Text, bool IsRest);
}
