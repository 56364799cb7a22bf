using System.Globalization;
using System.Net;
using System.Text;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Protocol.Messages;

/// <summary>Property text, tag hash, ids, batch bodies, compressed bodies.</summary>
public sealed class MessageFieldsTests
{
    [Fact]
    public void Properties_come_back_in_their_order_and_the_last_of_a_name_counts()
    {
        var text = "a\u00011\u0002nonsense\u0002b\u0001\u0002a\u00012"u8;
        var found = new List<string>();
        var reader = PropertyText.Read(text);
        while (reader.MoveNext())
            found.Add($"{Encoding.UTF8.GetString(reader.Name)}={Encoding.UTF8.GetString(reader.Value)}");
        Assert.Equal(["a=1", "b=", "a=2"], found);
        Assert.Equal("2", PropertyText.GetString(text, "a"u8));
        Assert.Equal("", PropertyText.GetString(text, "b"u8));
        Assert.Null(PropertyText.GetString(text, "nonsense"u8));
    }

    [Fact]
    public void The_writer_refuses_separators_and_what_does_not_fit()
    {
        var writer = new PropertyTextWriter(stackalloc byte[16]);
        Assert.False(writer.TryAdd("a\u0001", "b"));
        Assert.False(writer.TryAdd("a", "b\u0002"));
        Assert.False(writer.TryAdd("", "b"));
        Assert.False(writer.TryAdd("a", "0123456789abcdef"));
        Assert.True(writer.TryAdd("a", "grün"));
        Assert.True(writer.TryAdd("b"u8, "1"u8));
        Assert.Equal("a\u0001grün\u0002b\u00011\u0002", Encoding.UTF8.GetString(writer.Written));
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("TagA", 2598919)]
    [InlineData("kitchen/temp", 563929951)]
    [InlineData("größe", 98762257)]
    [InlineData("日本", 835047)]
    [InlineData("zzzzzzzz", -1910022912)]
    [InlineData("😀x", 54959989)]
    public void The_tag_hash_is_that_of_java(string tag, long expected)
    {
        Assert.Equal(expected, TagHash.Of(tag));
        Assert.Equal(expected, TagHash.Of(Encoding.UTF8.GetBytes(tag)));
    }

    [Fact]
    public void An_offset_message_id_has_the_host_and_the_offset()
    {
        var host = HostAddress.From(IPAddress.Parse("127.0.0.1"), 10911);
        Assert.Equal("7F00000100002A9F0000000000036F74", OffsetMessageId.Format(host, 0x36F74));
        Assert.True(OffsetMessageId.TryParse("7f00000100002a9f0000000000036f74", out var parsed, out var offset));
        Assert.Equal((host, 0x36F74L), (parsed, offset));
        var v6 = HostAddress.From(IPAddress.Parse("2001:db8::1"), 1);
        Assert.True(OffsetMessageId.TryParse(OffsetMessageId.Format(v6, 9), out parsed, out offset));
        Assert.Equal((v6, 9L), (parsed, offset));
        Assert.False(OffsetMessageId.TryParse("7F00000100002A9F0000000000036F7", out _, out _));
        Assert.False(OffsetMessageId.TryParse("7F00000100002A9F0000000000036F7X", out _, out _));
    }

    [Fact]
    public void A_unique_key_has_address_process_loader_time_and_counter()
    {
        var clock = new ManualClock(new DateTimeOffset(2030, 1, 1, 0, 0, 1, TimeSpan.Zero));
        var keys = new UniqueKey(clock, IPAddress.Parse("192.0.2.1"), 0x12345, 0x0A0B0C0D);
        Assert.Equal("C000020123450A0B0C0D000003E80000", keys.Next());
        Assert.Equal("C000020123450A0B0C0D000003E80001", keys.Next());
        clock.Advance(TimeSpan.FromDays(31));
        Assert.Equal("000003E80002", keys.Next()[20..]);
        Span<byte> text = stackalloc byte[keys.Length];
        keys.Write(text);
        Assert.EndsWith("0003", Encoding.ASCII.GetString(text), StringComparison.Ordinal);
    }

    [Fact]
    public void A_batch_body_is_read_as_it_was_written_and_cut_ones_are_malformed()
    {
        var body = new byte[BatchBody.Overhead * 2 + 3 + 4];
        var at = BatchBody.Write(body, 1, "abc"u8, default);
        BatchBody.Write(body.AsSpan(at), 2, default, "a\u0001b\u0002"u8);
        Assert.Equal(2, BatchBody.Count(body));
        var reader = BatchBody.Read(body);
        Assert.True(reader.MoveNext());
        Assert.Equal((1, "abc"), (reader.Flag, Encoding.UTF8.GetString(reader.Body)));
        Assert.True(reader.MoveNext());
        Assert.Equal((2, "a\u0001b\u0002"), (reader.Flag, Encoding.UTF8.GetString(reader.Properties)));
        Assert.False(reader.MoveNext());
        for (var length = 0; length < body.Length; length++)
            Assert.Equal(length == at ? 1 : -1, BatchBody.Count(body.AsSpan(0, length)));
    }

    [Fact]
    public void Hosts_print_like_sockets_and_mapped_addresses_become_ipv4()
    {
        Assert.Equal("127.0.0.1:10911", HostAddress.Loopback(10911).ToString());
        Assert.Equal(HostAddress.Loopback(1), HostAddress.From(IPAddress.Parse("::ffff:127.0.0.1"), 1));
        Assert.Equal("[2001:db8::1]:80", HostAddress.From(IPEndPoint.Parse("[2001:db8::1]:80")).ToString());
        Assert.Equal("0", HostAddress.Loopback(70_000).ToEndPoint().Port.ToString(CultureInfo.InvariantCulture));
    }
}
