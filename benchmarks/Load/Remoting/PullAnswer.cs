using System.Globalization;
using System.Text;

namespace ProtoBridgeMQ.Benchmarks.Load.Remoting;

/// <summary>What the answer to a pull says, found without a codec.</summary>
internal static class PullAnswer
{
    /// <summary>Where the next pull goes on.</summary>
    public static long NextOffset(ReadOnlySpan<byte> answer)
    {
        ReadOnlySpan<byte> name = "\"nextBeginOffset\":\""u8;
        ReadOnlySpan<byte> value = answer[(answer.IndexOf(name) + name.Length)..];
        return long.Parse(Encoding.ASCII.GetString(value[..value.IndexOf((byte)'"')]), CultureInfo.InvariantCulture);
    }
}
