using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using ProtoBridgeMQ.Remoting.Frames;
using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Tests.Unit.Hostile;

/// <summary>A frame in parts that may say anything, also what our own writer refuses to say.</summary>
internal sealed class LooseFrame
{
    public bool IsBinary { get; set; }

    public int Code { get; set; }

    public int Language { get; set; }

    public int Version { get; set; } = 479;

    public int Opaque { get; set; } = 7;

    public int Flag { get; set; }

    public string? Remark { get; set; }

    public List<(string Name, string? Value)> Fields { get; } = [];

    public byte[] Body { get; set; } = [];

    public static LooseFrame Of(byte[] bytes)
    {
        var buffer = new ReadOnlySequence<byte>(bytes);
        Assert.Equal(FrameStatus.Frame, FrameCutter.TryCut(ref buffer, FrameCutter.DefaultMaxFrameLength, out Frame frame, out _));
        var header = new RemotingHeader();
        Assert.Null(header.Decode(frame));
        var loose = new LooseFrame
        {
            IsBinary = frame.Serialization == SerializeType.RocketMq,
            Code = header.Code,
            Language = (int)header.Language,
            Version = header.Version,
            Opaque = header.Opaque,
            Flag = (int)header.Flags,
            Remark = header.Remark.AsString(),
            Body = frame.Body.ToArray(),
        };
        for (int index = 0; index < header.Fields.Count; index++)
        {
            loose.Fields.Add((Encoding.UTF8.GetString(header.Fields.NameAt(index)), header.Fields.ValueAt(index).ToString()));
        }

        return loose;
    }

    public byte[] ToBytes()
    {
        byte[] header = IsBinary ? BinaryHeader() : JsonHeader();
        byte[] frame = new byte[8 + header.Length + Body.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, frame.Length - 4);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(4), header.Length | (IsBinary ? 1 << 24 : 0));
        header.CopyTo(frame, 8);
        Body.CopyTo(frame, 8 + header.Length);
        return frame;
    }

    // Fields of the same name follow one another, as no map would write them.
    private byte[] JsonHeader()
    {
        var output = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { SkipValidation = true });
        json.WriteStartObject();
        json.WriteNumber("code"u8, Code);
        json.WriteString("language"u8, Language is >= 0 and < 13 ? ((Remoting.Protocol.LanguageCode)Language).ToString().ToUpperInvariant() : $"L{Language}");
        json.WriteNumber("version"u8, Version);
        json.WriteNumber("opaque"u8, Opaque);
        json.WriteNumber("flag"u8, Flag);
        if (Remark is not null)
        {
            json.WriteString("remark"u8, Remark);
        }

        json.WriteStartObject("extFields"u8);
        foreach ((string name, string? value) in Fields)
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return output.WrittenSpan.ToArray();
    }

    private byte[] BinaryHeader()
    {
        using var fields = new MemoryStream();
        foreach ((string name, string? value) in Fields)
        {
            byte[] nameBytes = Encoding.UTF8.GetBytes(name);
            byte[] valueBytes = Encoding.UTF8.GetBytes(value ?? string.Empty);
            Write(fields, 2, nameBytes.Length);
            fields.Write(nameBytes);
            Write(fields, 4, valueBytes.Length);
            fields.Write(valueBytes);
        }

        byte[] remark = Encoding.UTF8.GetBytes(Remark ?? string.Empty);
        using var header = new MemoryStream();
        Write(header, 2, Code);
        header.WriteByte((byte)Language);
        Write(header, 2, Version);
        Write(header, 4, Opaque);
        Write(header, 4, Flag);
        Write(header, 4, remark.Length);
        header.Write(remark);
        Write(header, 4, (int)fields.Length);
        header.Write(fields.ToArray());
        return header.ToArray();
    }

    private static void Write(MemoryStream to, int bytes, int value)
    {
        for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
        {
            to.WriteByte((byte)(value >> shift));
        }
    }
}
