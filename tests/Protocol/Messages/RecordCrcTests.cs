using System.Text;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Protocol.Messages;

/// <summary>The CRC of a whole record: the bytes of Apache RocketMQ's <c>appendPropertyCRC</c>, and every flipped bit.</summary>
public sealed class RecordCrcTests
{
    [Fact]
    public void The_fast_crc_is_the_slow_one_for_every_length_and_start() => Seeded.Run(random =>
    {
        var data = new byte[2000];
        random.NextBytes(data);
        for (var length = 0; length < 600; length++)
        {
            var part = data.AsSpan(random.Next(64), length);
            Assert.Equal(Slow(part), Crc32.Compute(part));
        }
    });

    /// <summary>One register, four of them, and what does not fill one: each number of blocks with each rest.</summary>
    [Fact]
    public void The_fast_crc_is_the_slow_one_for_long_parts() => Seeded.Run(random =>
    {
        var data = new byte[20_000];
        random.NextBytes(data);
        for (var length = 600; length < 1700; length++)
        {
            var part = data.AsSpan(random.Next(64), length);
            Assert.Equal(Slow(part), Crc32.Compute(part));
        }
    });

    [Fact]
    public void Parts_make_the_crc_of_the_whole() => Seeded.Run(random =>
    {
        var data = new byte[5000];
        random.NextBytes(data);
        for (var i = 0; i < 500; i++)
        {
            var whole = data.AsSpan(0, random.Next(data.Length));
            var cut = random.Next(whole.Length + 1);
            var first = Crc32.Compute(whole[..cut]);
            Assert.Equal(Crc32.Compute(whole), Crc32.Append(first, whole[cut..]));
            Assert.Equal(Crc32.Compute(whole), Crc32.Combine(first, Crc32.Compute(whole[cut..]), Crc32.Shift(whole.Length - cut)));
        }
    });

    [Theory]
    [InlineData("", "", 5)]
    [InlineData("TAGS\u0001a\u0002", "", 5)]
    [InlineData("TAGS\u0001a", "", 5)]
    [InlineData("TAGS\u0001a", "CLUSTER\u0001c", 300)]
    [InlineData("TAGS\u0001a\u0002", "CLUSTER\u0001c\u0002", 1000)]
    public void The_record_ends_as_Apache_writes_it(string properties, string more, int bodySize)
    {
        var record = Write(properties, more, bodySize, shift: bodySize >= 256);
        var before = record.AsSpan(0, record.Length - RecordCrc.Size);
        var crc = Slow(before) & 0x7FFFFFFF;
        var digits = new StringBuilder();
        for (var i = 0; i < 10; i++, crc /= 10)
            digits.Append((char)('0' + (crc % 10)));
        Assert.Equal($"__CRC32#\u0001{digits}\u0002", Encoding.ASCII.GetString(record.AsSpan(before.Length)));
        Assert.True(before[^1] == 2 || (properties.Length == 0 && more.Length == 0), "the property before the CRC has no separator");

        Assert.Equal(RecordError.None, MessageRecord.TryRead(record, out var view));
        Assert.True(view.HasCrc && view.CrcMatches && view.BodyCrcMatches);
        Assert.False(PropertyText.TryGet(view.Properties, RecordCrc.Name, out _));
        Assert.Equal(properties.Length > 0, PropertyText.TryGet(view.Properties, "TAGS"u8, out _));
        Assert.Equal(more.Length > 0, PropertyText.TryGet(view.Properties, "CLUSTER"u8, out _));
    }

    [Theory]
    [InlineData("__CRC32#\u00011234567890\u0002")]
    [InlineData("A\u00011\u0002__CRC32#\u00011234567890")]
    [InlineData("__CRC32#\u0001x\u0002A\u00011\u0002__CRC32#\u0001y\u0002")]
    [InlineData("A\u00011\u0002__CRC32#\u00011234567890\u0002B\u0001__CRC32#\u0002")]
    public void The_crc_of_another_record_is_left_out(string properties)
    {
        foreach (var withCrc in new[] { true, false })
        {
            MessageRecord.TryRead(Write(properties, properties, 10, withCrc: withCrc), out var record);
            Assert.True(record.CrcMatches);
            var text = Encoding.ASCII.GetString(record.Properties);
            Assert.DoesNotContain("__CRC32#\u0001", text, StringComparison.Ordinal);
            Assert.Equal(properties.Contains('A', StringComparison.Ordinal), PropertyText.TryGet(record.Properties, "A"u8, out _));
            Assert.Equal(properties.Contains("B\u0001", StringComparison.Ordinal), PropertyText.TryGet(record.Properties, "B"u8, out _));
        }
    }

    /// <summary>The number counts, and its ten digits: no other text that would make the same number.</summary>
    [Theory]
    [InlineData(9, ':')]
    [InlineData(9, '/')]
    [InlineData(13, 'A')]
    [InlineData(16, '@')]
    [InlineData(17, ':')]
    [InlineData(18, '/')]
    [InlineData(9, (char)0xFF)]
    [InlineData(0, '-')]
    [InlineData(8, '=')]
    [InlineData(19, '\u0003')]
    public void A_changed_byte_of_the_crc_itself_is_seen(int at, char value)
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var record = Write($"TAGS\u0001{seed}", "", 40);
            Assert.True(RecordCrc.Matches(record));
            record[record.Length - RecordCrc.Size + at] = (byte)value;
            Assert.False(RecordCrc.Matches(record));
        }
    }

    [Fact]
    public void A_text_that_only_looks_like_a_crc_gets_a_real_one()
    {
        MessageRecord.TryRead(Write("__CRC32\"\u00011234567890\u0002", "", 10, withCrc: false), out var record);
        Assert.True(record.HasCrc && record.CrcMatches);
        Assert.True(PropertyText.TryGet(record.Properties, "__CRC32\""u8, out _));
        MessageRecord.TryRead(Write("TAGS\u00011234567890\u0002", "", 10, withCrc: false), out record);
        Assert.False(record.HasCrc);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(700)]
    public void Every_flipped_bit_of_a_record_is_noticed_and_told_from_lost_sectors(int bodySize)
    {
        var sound = Write("TAGS\u0001a\u0002", "", bodySize);
        for (var bit = 0; bit < sound.Length * 8; bit++)
        {
            var bytes = (byte[])sound.Clone();
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            var error = MessageRecord.TryRead(bytes, out var record);
            Assert.False(error == RecordError.None && record.CrcMatches, $"bit {bit}");
            Assert.True(RecordCrc.TryFindFlippedBit(bytes, out var found), $"bit {bit}");
            Assert.Equal(bit < (sound.Length - RecordCrc.Size) * 8 ? bit : -1, found);
        }

        if (bodySize == 0)
            return;
        for (var at = 0; at + 512 <= sound.Length; at++)
        {
            var torn = (byte[])sound.Clone();
            torn.AsSpan(at, 512).Clear();
            Assert.False(RecordCrc.TryFindFlippedBit(torn, out _), $"zeros at {at}");
        }
    }

    [Fact]
    public void Zeros_anywhere_in_the_end_of_a_record_are_noticed()
    {
        var sound = Write("TAGS\u0001a\u0002KEYS\u0001kkkkkkkkkkkk\u0002", "", 40);
        for (var from = sound.Length - 50; from < sound.Length; from++)
        {
            for (var to = from + 1; to <= sound.Length; to++)
            {
                var torn = (byte[])sound.Clone();
                torn.AsSpan(from..to).Clear();
                var isSame = torn.AsSpan().SequenceEqual(sound);
                Assert.True(isSame == (MessageRecord.TryRead(torn, out var record) == RecordError.None && record.CrcMatches), $"zeros from {from} to {to}");
            }
        }
    }

    private static byte[] Write(string properties, string more, int bodySize, bool shift = false, bool withCrc = true)
    {
        var body = new byte[bodySize];
        new Random(7).NextBytes(body);
        var fields = new MessageRecordFields
        {
            BodyCrc = (int)Crc32.Compute(body),
            BodyShift = shift ? Crc32.Shift(bodySize) : 0,
            WithCrc = withCrc,
            QueueId = 3,
            QueueOffset = 5,
            PhysicalOffset = 1L << 40,
            BornTimestamp = 1_700_000_000_000,
            BornHost = HostAddress.Loopback(1234),
            StoreTimestamp = 1_700_000_000_001,
            StoreHost = HostAddress.Loopback(10911),
            Body = body,
            Topic = "topic"u8,
            Properties = Encoding.ASCII.GetBytes(properties),
            MoreProperties = Encoding.ASCII.GetBytes(more),
        };
        var bytes = new byte[MessageRecordWriter.Size(fields)];
        MessageRecordWriter.Write(bytes, fields);
        return bytes;
    }

    /// <summary>Bit by bit, by the definition.</summary>
    private static uint Slow(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var value in data)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0xEDB88320;
        }

        return ~crc;
    }
}
