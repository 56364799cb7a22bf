namespace ProtoBridgeMQ.Tests.Interop.Remoting;

/// <summary>A remoting answer.</summary>
internal sealed record RawAnswer(int Code, string? Remark, IReadOnlyDictionary<string, string> Fields, byte[] Body)
{
    /// <summary>A field that is a number.</summary>
    public long Number(string name) => long.Parse(Fields[name], System.Globalization.CultureInfo.InvariantCulture);
}
