using System.Buffers;
using System.Net;
using System.Text;
using ProtoBridgeMQ.Gateway.Transports;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Protocol.Transports;

/// <summary>The header of the PROXY protocol, both versions.</summary>
public sealed class ProxyHeaders
{
    private const string Signature = "0D0A0D0A000D0A515549540A";

    public static TheoryData<string, string?> Headers => new()
    {
        { Line("PROXY TCP4 192.0.2.7 192.0.2.1 56324 1883\r\n"), "192.0.2.7:56324" },
        { Line("PROXY TCP6 2001:db8::7 2001:db8::1 56324 1883\r\n"), "[2001:db8::7]:56324" },
        { Line("PROXY UNKNOWN\r\n"), null },
        { Line("PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n"), null },
        { Signature + "2111000C" + "C0000207C0000201" + "DC04075B", "192.0.2.7:56324" },
        { Signature + "21210024" + "20010DB8000000000000000000000007" + "20010DB8000000000000000000000001" + "DC04075B", "[2001:db8::7]:56324" },
        { Signature + "2111000F" + "C0000207C0000201" + "DC04075B" + "040000", "192.0.2.7:56324" },
        { Signature + "20000000", null },
        { Signature + "21000000", null },
    };

    [Theory]
    [MemberData(nameof(Headers))]
    public void A_header_is_cut_off_and_every_truncation_needs_more(string hex, string? source)
    {
        byte[] header = Convert.FromHexString(hex);
        byte[] stream = [.. header, 0x10, 0x00];

        Assert.Equal(ProxyCut.Header, ProxyHeader.TryCut(new ReadOnlySequence<byte>(stream), out int length, out IPEndPoint? from));
        Assert.Equal(header.Length, length);
        Assert.Equal(source, from?.ToString());
        for (int cut = 0; cut < header.Length; cut++)
            Assert.Equal(ProxyCut.NeedMore, ProxyHeader.TryCut(new ReadOnlySequence<byte>(header, 0, cut), out _, out _));
    }

    [Theory]
    [InlineData("PROXY TCP4 192.0.2.7 192.0.2.1 56324\r\n")]
    [InlineData("PROXY TCP4 192.0.2.7 192.0.2.1 56324 1883 1\r\n")]
    [InlineData("PROXY TCP4 192.0.2.300 192.0.2.1 56324 1883\r\n")]
    [InlineData("PROXY TCP4 7 192.0.2.1 56324 1883\r\n")]
    [InlineData("PROXY TCP4 2001:db8::7 192.0.2.1 56324 1883\r\n")]
    [InlineData("PROXY TCP6 192.0.2.7 192.0.2.1 56324 1883\r\n")]
    [InlineData("PROXY TCP4 192.0.2.7 192.0.2.1 70000 1883\r\n")]
    [InlineData("PROXY TCP4 192.0.2.7 192.0.2.1 -1 1883\r\n")]
    [InlineData("PROXY UDP4 192.0.2.7 192.0.2.1 1 1883\r\n")]
    [InlineData("PROXY  TCP4 192.0.2.7 192.0.2.1 1 1883\r\n")]
    [InlineData("proxy TCP4 192.0.2.7 192.0.2.1 1 1883\r\n")]
    [InlineData("PROXY \r\n")]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("\r\n\r\n\0\r\nQUIX\n")]
    public void A_line_that_is_none_is_refused(string line)
        => Assert.Equal(ProxyCut.Invalid, ProxyHeader.TryCut(new ReadOnlySequence<byte>(Encoding.ASCII.GetBytes(line)), out _, out _));

    [Theory]
    [InlineData("1111000C" + "C0000207C0000201" + "DC04075B")]
    [InlineData("2211000C" + "C0000207C0000201" + "DC04075B")]
    [InlineData("2112000C" + "C0000207C0000201" + "DC04075B")]
    [InlineData("2141000C" + "C0000207C0000201" + "DC04075B")]
    [InlineData("2111000B" + "C0000207C0000201" + "DC0407")]
    [InlineData("2111FFFF")]
    public void A_binary_header_that_is_none_is_refused(string rest)
        => Assert.Equal(ProxyCut.Invalid, ProxyHeader.TryCut(new ReadOnlySequence<byte>(Convert.FromHexString(Signature + rest)), out _, out _));

    [Fact]
    public void A_line_without_an_end_is_refused_at_the_limit()
        => Assert.Equal(ProxyCut.Invalid, ProxyHeader.TryCut(new ReadOnlySequence<byte>(Encoding.ASCII.GetBytes("PROXY " + new string('1', 101))), out _, out _));

    [Fact]
    public void Damaged_headers_are_cut_or_refused() => Seeded.Run(random =>
    {
        byte[][] good = [.. Headers.Select(row => Convert.FromHexString((string)((object[])row)[0]))];
        for (int i = 0; i < 20_000; i++)
        {
            byte[] header = [.. good[random.Next(good.Length)]];
            for (int change = random.Next(1, 4); change > 0; change--)
                header[random.Next(header.Length)] = (byte)random.Next(256);
            ProxyCut cut = ProxyHeader.TryCut(new ReadOnlySequence<byte>(header, 0, random.Next(header.Length + 1)), out int length, out _);
            Assert.True(cut != ProxyCut.Header || length <= header.Length);
        }
    });

    [Fact]
    public void The_list_of_proxies_takes_addresses_and_networks()
    {
        Assert.Equal(3, ProxyProtocol.ReadNetworks("10.0.0.7; 10.1.0.0/16;2001:db8::/32").Length);
        Assert.Throws<FormatException>(() => ProxyProtocol.ReadNetworks("proxy.example"));
    }

    private static string Line(string text) => Convert.ToHexString(Encoding.ASCII.GetBytes(text));
}
