using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace ProtoBridgeMQ.Bridge.Messages;

/// <summary>
/// The properties of a message as the log keeps them: UTF-8 <c>name 0x01 value 0x02</c>, repeated. A view over
/// borrowed memory: reading does not allocate, and fronts, waist and store share one representation.
/// </summary>
/// <remarks>Lifetime: that of the memory it was made over.</remarks>
[SuppressMessage("Naming", "CA1710", Justification = "A view over bytes, not a collection to be filled.")]
public readonly struct MessageProperties
{
    /// <summary>Between a name and its value.</summary>
    public const byte NameEnd = 1;

    /// <summary>After a value.</summary>
    public const byte ValueEnd = 2;

    /// <summary>Makes a view over property text.</summary>
    public MessageProperties(ReadOnlyMemory<byte> text) => Text = text;

    /// <summary>The property text itself.</summary>
    public ReadOnlyMemory<byte> Text { get; }

    /// <summary>Finds the first value of that name.</summary>
    public bool TryGet(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        foreach (Property property in this)
        {
            if (property.Name.SequenceEqual(name))
            {
                value = property.Value;
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <summary>The first value of that name as a string, or null.</summary>
    public string? GetString(ReadOnlySpan<byte> name)
        => TryGet(name, out ReadOnlySpan<byte> value) ? Encoding.UTF8.GetString(value) : null;

    /// <summary>Walks all properties in their order.</summary>
    public Enumerator GetEnumerator() => new(Text.Span);

    /// <summary>One property.</summary>
    public readonly ref struct Property
    {
        internal Property(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
        {
            Name = name;
            Value = value;
        }

        /// <summary>UTF-8.</summary>
        public ReadOnlySpan<byte> Name { get; }

        /// <summary>UTF-8.</summary>
        public ReadOnlySpan<byte> Value { get; }
    }

    /// <summary>Cuts one property after the other; text that does not follow the layout is skipped.</summary>
    public ref struct Enumerator
    {
        private ReadOnlySpan<byte> _rest;

        internal Enumerator(ReadOnlySpan<byte> text)
        {
            _rest = text;
            Current = default;
        }

        /// <summary>The property that <see cref="MoveNext"/> cut.</summary>
        public Property Current { get; private set; }

        /// <summary>Cuts the next property; the last value may lack its end mark, as some clients send it.</summary>
        public bool MoveNext()
        {
            while (!_rest.IsEmpty)
            {
                int end = _rest.IndexOf(ValueEnd);
                ReadOnlySpan<byte> pair = end < 0 ? _rest : _rest[..end];
                _rest = end < 0 ? default : _rest[(end + 1)..];
                int middle = pair.IndexOf(NameEnd);
                if (middle > 0)
                {
                    Current = new Property(pair[..middle], pair[(middle + 1)..]);
                    return true;
                }
            }

            return false;
        }
    }
}
