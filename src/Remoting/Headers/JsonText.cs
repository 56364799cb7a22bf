using System.Buffers;

namespace ProtoBridgeMQ.Remoting.Headers;

/// <summary>JSON strings with fastjson's choice of escapes.</summary>
internal static class JsonText
{
    /// <summary>Writes a string in double quotes.</summary>
    public static void WriteQuoted(IBufferWriter<byte> output, ReadOnlySpan<byte> utf8)
    {
        var text = new JsonTextWriter(output);
        text.Quoted(utf8);
        text.Complete();
    }
}
