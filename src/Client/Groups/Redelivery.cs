using System.Text;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Client.Groups;

/// <summary>A message as it is sent to its group's retry topic: as it was, with where it came from and one more try.</summary>
internal readonly record struct Redelivery(SendMessageRequestHeader Header, ReadOnlyMemory<byte> Body)
{
    /// <summary>The flags that belong to the message; those of hosts are the broker's to set.</summary>
    private const int KeptFlags = MessageSysFlag.Compressed | MessageSysFlag.CompressionMask | MessageSysFlag.MultiTags;

    /// <summary>Makes the request; null when the pull did not find the message. The body is borrowed from the result.</summary>
    public static Redelivery? Make(PullResult result, long offset, string group, HeaderText groupName, int? maxReconsumeTimes)
    {
        foreach (MessageView view in result)
        {
            if (view.QueueOffset != offset)
            {
                continue;
            }

            var header = new SendMessageRequestHeader
            {
                ProducerGroup = groupName,
                Topic = new HeaderText(Names.RetryTopic(group)),
                DefaultTopic = new HeaderText("TBW102"),
                DefaultTopicQueues = 1,
                QueueId = -1,
                SystemFlag = view.SystemFlag & KeptFlags,
                BornTimestamp = view.BornTimestamp,
                Flag = view.Flag,
                Properties = new HeaderText(Properties(view, result.Queue.Topic)),
                ReconsumeTimes = view.ReconsumeTimes + 1,
                UnitMode = false,
                MaxReconsumeTimes = maxReconsumeTimes,
                Batch = false,
            };
            return new Redelivery(header, view.StoredBodyMemory);
        }

        return null;
    }

    /// <summary>The properties without those that would delay it or send it elsewhere, and with its origin.</summary>
    private static ReadOnlyMemory<byte> Properties(in MessageView view, string queueTopic)
    {
        ReadOnlySpan<byte> text = view.PropertyText;
        byte[] buffer = new byte[text.Length + 256 + (3 * queueTopic.Length)];
        var writer = new PropertyTextWriter(buffer);
        PropertyTextReader reader = PropertyText.Read(text);
        while (reader.MoveNext())
        {
            bool dropped = reader.Name.SequenceEqual(SystemProperties.Delay)
                || reader.Name.SequenceEqual(SystemProperties.RealTopic)
                || reader.Name.SequenceEqual(SystemProperties.RealQueueId)
                || reader.Name.SequenceEqual(RecordCrc.Name);
            if (!dropped)
            {
                writer.TryAdd(reader.Name, reader.Value);
            }
        }

        if (!PropertyText.TryGet(text, SystemProperties.RetryTopic, out _))
        {
            writer.TryAdd(SystemProperties.RetryTopic, Encoding.UTF8.GetBytes(queueTopic));
        }

        if (!PropertyText.TryGet(text, SystemProperties.OriginMessageId, out _))
        {
            writer.TryAdd(SystemProperties.OriginMessageId, Encoding.ASCII.GetBytes(view.OffsetMessageId));
        }

        return buffer.AsMemory(0, writer.Length);
    }
}
