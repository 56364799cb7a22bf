using System.Buffers.Text;
using System.Text;
using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Broker.Pop;

/// <summary>An info of a pop's answer: entries separated by semicolons, their parts by blanks. Used again and again.</summary>
public sealed class InfoText
{
    private byte[] _bytes = new byte[256];
    private int _length;

    /// <summary>The text; valid until the next <see cref="Clear"/>.</summary>
    public HeaderText Text => new(_bytes.AsMemory(0, _length));

    /// <summary>Whether there is none.</summary>
    public bool IsEmpty => _length == 0;

    /// <summary>Forgets everything.</summary>
    public void Clear() => _length = 0;

    /// <summary>Begins an entry.</summary>
    public void Begin(char mark)
    {
        Reserve(2);
        if (_length > 0)
        {
            _bytes[_length++] = (byte)';';
        }

        _bytes[_length++] = (byte)mark;
    }

    /// <summary>Adds a part.</summary>
    public void AddNumber(long number, char separator = ' ')
    {
        Reserve(21);
        _bytes[_length++] = (byte)separator;
        Utf8Formatter.TryFormat(number, _bytes.AsSpan(_length), out int written);
        _length += written;
    }

    /// <summary>Adds a part.</summary>
    public void Add(string text)
    {
        Reserve(1 + Encoding.UTF8.GetMaxByteCount(text.Length));
        _bytes[_length++] = (byte)' ';
        _length += Encoding.UTF8.GetBytes(text, _bytes.AsSpan(_length));
    }

    private void Reserve(int bytes)
    {
        if (_length + bytes > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_length + bytes, _bytes.Length * 2));
        }
    }
}
