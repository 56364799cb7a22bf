using System.Globalization;
using System.Runtime.CompilerServices;
using ProtoBridgeMQ.Gateway.Mqtt.Codec;

namespace ProtoBridgeMQ.Tests.Protocol.Mqtt;

/// <summary>A row of tests/Golden/mqtt/packets.tsv.</summary>
public sealed record GoldenPacket(string Name, ProtocolVersion Version, byte[] Bytes, bool EncodesToSame, string Decoded)
{
    public override string ToString() => Name;
}

/// <summary>A row of tests/Golden/mqtt/malformed.tsv.</summary>
public sealed record MalformedPacket(string Name, ProtocolVersion Version, byte[] Bytes, ReasonCode Reason)
{
    public override string ToString() => Name;
}

/// <summary>Reads the golden files.</summary>
public static class GoldenPackets
{
    public static IReadOnlyList<GoldenPacket> All { get; } =
        [.. Rows("packets.tsv").Select(row => new GoldenPacket(row[0], Version(row[1]), Convert.FromHexString(row[2]), row[3] == "same", row[4]))];

    public static IReadOnlyList<MalformedPacket> Malformed { get; } =
        [.. Rows("malformed.tsv").Select(row => new MalformedPacket(row[0], Version(row[1]), Convert.FromHexString(row[2]), (ReasonCode)byte.Parse(row[3], NumberStyles.HexNumber, CultureInfo.InvariantCulture)))];

    private static ProtocolVersion Version(string text) => (ProtocolVersion)byte.Parse(text, CultureInfo.InvariantCulture);

    private static IEnumerable<string[]> Rows(string file) => File.ReadLines(Path.Combine(Folder(), file)).Skip(1).Select(line => line.Split('\t'));

    private static string Folder([CallerFilePath] string here = "")
        => Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "Golden", "mqtt");
}
