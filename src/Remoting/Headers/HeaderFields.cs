using System.Buffers.Text;
using System.Text;

namespace ProtoBridgeMQ.Remoting.Headers;

/// <summary>
/// The named fields ("extFields") of one header, as ranges over bytes that belong to the header. Reused from frame to
/// frame: what is read from here is valid until the next frame is decoded, which for a handler means until its first await.
/// </summary>
public sealed class HeaderFields
{
    /// <summary>More fields than any command has; a frame with more is refused.</summary>
    public const int MaxCount = 1024;

    private Range[] _ranges = new Range[32];
    private byte[] _bytes = [];

    /// <summary>How many fields there are.</summary>
    public int Count { get; private set; }

    /// <summary>Whether the header had a fields object at all: JSON tells an empty one from none.</summary>
    public bool IsPresent { get; internal set; }

    /// <summary>The name of a field, in the order of the wire.</summary>
    public ReadOnlySpan<byte> NameAt(int index) =>
        _bytes.AsSpan(_ranges[index].NameStart, _ranges[index].NameLength);

    /// <summary>The value of a field, in the order of the wire.</summary>
    public HeaderText ValueAt(int index) =>
        new(_bytes.AsMemory(_ranges[index].ValueStart, _ranges[index].ValueLength));

    /// <summary>Finds a field; a later one of the same name hides an earlier one, as a map does.</summary>
    public bool TryGet(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        var index = IndexOf(name);
        value = index < 0 ? default : _bytes.AsSpan(_ranges[index].ValueStart, _ranges[index].ValueLength);
        return index >= 0;
    }

    /// <summary>Whether a field is there.</summary>
    public bool Contains(ReadOnlySpan<byte> name) => IndexOf(name) >= 0;

    /// <summary>A required text, borrowed.</summary>
    public HeaderText GetText(ReadOnlySpan<byte> name)
    {
        var index = IndexOf(name);
        return index < 0 ? throw Missing(name) : ValueAt(index);
    }

    /// <summary>An optional text, borrowed.</summary>
    public HeaderText GetTextOrAbsent(ReadOnlySpan<byte> name)
    {
        var index = IndexOf(name);
        return index < 0 ? default : ValueAt(index);
    }

    /// <summary>A required string.</summary>
    public string GetString(ReadOnlySpan<byte> name) => GetText(name).ToString();

    /// <summary>An optional string.</summary>
    public string? GetStringOrNull(ReadOnlySpan<byte> name) => GetTextOrAbsent(name).AsString();

    /// <summary>A required 32-bit number.</summary>
    public int GetInt32(ReadOnlySpan<byte> name) => GetInt32OrNull(name) ?? throw Missing(name);

    /// <summary>A 32-bit number with a default.</summary>
    public int GetInt32(ReadOnlySpan<byte> name, int whenAbsent) => GetInt32OrNull(name) ?? whenAbsent;

    /// <summary>An optional 32-bit number.</summary>
    public int? GetInt32OrNull(ReadOnlySpan<byte> name)
    {
        if (!TryGet(name, out var text))
            return null;
        if (!Utf8Parser.TryParse(text, out int value, out var consumed) || consumed != text.Length)
            throw HeaderFieldException.Malformed(Encoding.UTF8.GetString(name), "a 32-bit number");
        return value;
    }

    /// <summary>A required 64-bit number.</summary>
    public long GetInt64(ReadOnlySpan<byte> name) => GetInt64OrNull(name) ?? throw Missing(name);

    /// <summary>A 64-bit number with a default.</summary>
    public long GetInt64(ReadOnlySpan<byte> name, long whenAbsent) => GetInt64OrNull(name) ?? whenAbsent;

    /// <summary>An optional 64-bit number.</summary>
    public long? GetInt64OrNull(ReadOnlySpan<byte> name)
    {
        if (!TryGet(name, out var text))
            return null;
        if (!Utf8Parser.TryParse(text, out long value, out var consumed) || consumed != text.Length)
            throw HeaderFieldException.Malformed(Encoding.UTF8.GetString(name), "a 64-bit number");
        return value;
    }

    /// <summary>A required yes or no.</summary>
    public bool GetBoolean(ReadOnlySpan<byte> name) => GetBooleanOrNull(name) ?? throw Missing(name);

    /// <summary>A yes or no with a default.</summary>
    public bool GetBoolean(ReadOnlySpan<byte> name, bool whenAbsent) => GetBooleanOrNull(name) ?? whenAbsent;

    /// <summary>An optional yes or no: "true" in any case is yes, anything else no, as Java reads it.</summary>
    public bool? GetBooleanOrNull(ReadOnlySpan<byte> name) =>
        TryGet(name, out var text) ? Ascii.EqualsIgnoreCase(text, "true"u8) : null;

    internal void Reset(byte[] bytes)
    {
        _bytes = bytes;
        Count = 0;
        IsPresent = false;
    }

    internal bool TryAdd(int nameStart, int nameLength, int valueStart, int valueLength)
    {
        if (Count == MaxCount)
            return false;
        if (Count == _ranges.Length)
            Array.Resize(ref _ranges, _ranges.Length * 2);
        _ranges[Count++] = new Range(nameStart, nameLength, valueStart, valueLength);
        return true;
    }

    private int IndexOf(ReadOnlySpan<byte> name)
    {
        for (var index = Count - 1; index >= 0; index--)
        {
            ref readonly var range = ref _ranges[index];
            if (range.NameLength == name.Length && _bytes.AsSpan(range.NameStart, range.NameLength).SequenceEqual(name))
                return index;
        }
        return -1;
    }

    private static HeaderFieldException Missing(ReadOnlySpan<byte> name) =>
        HeaderFieldException.Missing(Encoding.UTF8.GetString(name));

    private readonly record struct Range(int NameStart, int NameLength, int ValueStart, int ValueLength);
}
