using System.Buffers.Binary;
using System.Net;
using System.Text;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Protocol.Messages;

/// <summary>The message record: what is written is read, what is cut or changed is refused.</summary>
public sealed class MessageRecordTests
{
    [Theory]
    [InlineData("topic", "192.0.2.1", "198.51.100.2")]
    [InlineData("topic", "2001:db8::1", "198.51.100.2")]
    [InlineData("topic", "192.0.2.1", "2001:db8::2")]
    [InlineData("a topic of more than 127 bytes: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "2001:db8::1", "2001:db8::2")]
    public void A_record_is_read_as_it_was_written(string topic, string bornHost, string storeHost)
    {
        var bytes = Write(topic, bornHost, storeHost);
        Assert.Equal(RecordError.None, MessageRecord.TryRead(bytes, out var record));
        Assert.Equal(bytes.Length, record.Size);
        Assert.Equal(topic.Length > 127, record.IsV2);
        Assert.Equal(topic, record.TopicString);
        Assert.Equal("the body"u8.ToArray(), record.Body.ToArray());
        Assert.Equal("a"u8.ToArray(), record.Tags.ToArray());
        Assert.Equal(new IPEndPoint(IPAddress.Parse(bornHost), 1234), record.BornHost.ToEndPoint());
        Assert.Equal(new IPEndPoint(IPAddress.Parse(storeHost), 10911), record.StoreHost.ToEndPoint());
        Assert.Equal((3, 4, 5L, 6L), (record.QueueId, record.Flag, record.QueueOffset, record.PhysicalOffset));
        Assert.Equal((7L, 8L, 9, 10L), (record.BornTimestamp, record.StoreTimestamp, record.ReconsumeTimes, record.PreparedTransactionOffset));
        Assert.True(record.CrcMatches);
    }

    [Fact]
    public void Every_truncation_needs_more()
    {
        var bytes = Write("topic", "192.0.2.1", "2001:db8::2");
        for (var length = 0; length < bytes.Length; length++)
            Assert.Equal(RecordError.NeedMore, MessageRecord.TryRead(bytes.AsSpan(0, length), out _));
    }

    [Fact]
    public void Changed_records_are_read_within_their_bytes_or_refused() => Seeded.Run(random =>
    {
        var sound = Write("topic", "192.0.2.1", "2001:db8::2");
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = (byte[])sound.Clone();
            for (var change = random.Next(1, 4); change > 0; change--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            if (MessageRecord.TryRead(bytes, out var record) != RecordError.None)
                continue;
            _ = record.TopicString + record.BornHost + record.StoreHost + TagHash.Of(record.Tags) + record.CrcMatches + record.PreparedTransactionOffset;
        }
    });

    /// <summary>A look in place says what cutting the record and comparing its fields says.</summary>
    [Fact]
    public void A_record_is_at_its_place_exactly_when_cutting_it_says_so() => Seeded.Run(random =>
    {
        var found = 0;
        foreach (var (topic, born, store) in new[] { ("topic", "192.0.2.1", "192.0.2.1"), (new string('a', 130), "2001:db8::1", "2001:db8::2") })
        {
            var sound = Write(topic, born, store);
            var name = Encoding.UTF8.GetBytes(topic);
            Assert.True(MessageRecord.IsAt(sound, 6, name, 3, 5));
            Assert.False(MessageRecord.IsAt(sound, 7, name, 3, 5) || MessageRecord.IsAt(sound, 6, name, 2, 5) || MessageRecord.IsAt(sound, 6, name, 3, 6));
            Assert.False(MessageRecord.IsAt(sound, 6, name.AsSpan(1), 3, 5));
            for (var length = 0; length < sound.Length; length++)
                Assert.False(MessageRecord.IsAt(sound.AsSpan(0, length), 6, name, 3, 5));
            for (var i = 0; i < 20_000; i++)
            {
                var bytes = (byte[])sound.Clone();
                for (var change = random.Next(1, 4); change > 0; change--)
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                var expected = MessageRecord.TryRead(bytes, out var record) == RecordError.None
                    && record.Size == bytes.Length
                    && record is { PhysicalOffset: 6, QueueId: 3, QueueOffset: 5 }
                    && record.Topic.SequenceEqual(name);
                Assert.Equal(expected, MessageRecord.IsAt(bytes, 6, name, 3, 5));
                found += expected ? 1 : 0;
            }
        }

        Assert.True(found > 1000, $"only {found} changed records are still at their place: nothing was compared");
    });

    [Fact]
    public void A_changed_body_fails_its_crc()
    {
        var bytes = Write("topic", "192.0.2.1", "192.0.2.1");
        MessageRecord.TryRead(bytes, out var record);
        bytes[record.BodyAt] ^= 1;
        MessageRecord.TryRead(bytes, out record);
        Assert.False(record.CrcMatches);
    }

    [Fact]
    public void Zeros_are_the_end_of_data_and_the_filler_is_told_apart()
    {
        var bytes = new byte[64];
        Assert.Equal(RecordError.EndOfData, MessageRecord.TryRead(bytes, out _));
        MessageRecordWriter.WriteBlank(bytes, 64);
        Assert.Equal(RecordError.Blank, MessageRecord.TryRead(bytes, out _));
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(4), 1);
        Assert.Equal(RecordError.BadMagic, MessageRecord.TryRead(bytes, out _));
    }

    [Theory]
    [InlineData("", 0u)]
    [InlineData("123456789", 0xCBF43926u)]
    [InlineData("The quick brown fox jumps over the lazy dog", 0x414FA339u)]
    public void The_crc_is_that_of_ieee_802_3(string text, uint expected)
    {
        Assert.Equal(expected, BodyCrc32.Ieee(Encoding.ASCII.GetBytes(text)));
        Assert.Equal((int)(expected & 0x7FFFFFFF), BodyCrc32.Compute(Encoding.ASCII.GetBytes(text)));
    }

    private static byte[] Write(string topic, string bornHost, string storeHost)
    {
        var fields = new MessageRecordFields
        {
            BodyCrc = BodyCrc32.Compute("the body"u8),
            QueueId = 3,
            Flag = 4,
            QueueOffset = 5,
            PhysicalOffset = 6,
            BornTimestamp = 7,
            BornHost = HostAddress.From(IPAddress.Parse(bornHost), 1234),
            StoreTimestamp = 8,
            StoreHost = HostAddress.From(IPAddress.Parse(storeHost), 10911),
            ReconsumeTimes = 9,
            PreparedTransactionOffset = 10,
            Body = "the body"u8,
            Topic = Encoding.UTF8.GetBytes(topic),
            Properties = "TAGS\u0001a\u0002KEYS\u0001k1 k2\u0002"u8,
        };
        var bytes = new byte[MessageRecordWriter.Size(fields)];
        MessageRecordWriter.Write(bytes, fields);
        return bytes;
    }
}
