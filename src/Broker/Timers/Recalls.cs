using System.Text;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Messages;

namespace ProtoBridgeMQ.Broker.Timers;

/// <summary>
/// Calls messages back that wait for their time: a message of the same topic and second that names their key. It waits
/// beside the one it recalls, and takes it away when their second is over.
/// </summary>
internal sealed class Recalls(MessageIntake intake, BrokerOptions options, TimeProvider time)
{
    private const string Tag = "_RECALL_TAG_";

    /// <summary>The handle that the answer to a send has.</summary>
    public static string Handle(BrokerTopic topic, string brokerName, long recallTime, ReadOnlySpan<byte> uniqueKey) =>
        new RecallHandle(topic.Name, brokerName, recallTime.ToString(System.Globalization.CultureInfo.InvariantCulture), Encoding.UTF8.GetString(uniqueKey)).ToString();

    public ValueTask<SendOutcome> Recall(in RecallRequest request)
    {
        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        long left = request.Time - now;
        if (left <= 0 || left >= (long)options.TimerMaxDelay.TotalMilliseconds)
        {
            return intake.Refuse(new SendOutcome(SendStatus.RecallInvalid, Remark: "recall failed, timestamp invalid"));
        }

        byte[] buffer = new byte[MessageRecord.MaxProperties];
        var writer = new PropertyTextWriter(buffer);
        bool fits = writer.TryAdd("TIMER_DEL_UNIQKEY", $"{request.Topic.Name}+{request.UniqueKey}")
            && writer.TryAdd("UNIQ_KEY", request.UniqueKey)
            && writer.TryAdd("TAGS", Tag)
            && writer.TryAdd("PGROUP", request.ProducerGroup ?? string.Empty);
        if (!fits)
        {
            return intake.Refuse(new SendOutcome(SendStatus.RecallInvalid, Remark: "recall handle is invalid"));
        }

        return intake.Recall(new SendRequest
        {
            Topic = request.Topic,
            QueueId = 0,
            BornTime = now,
            BornHost = request.BornHost,
            DeliverAt = request.Time,
            Properties = writer.Written,
            Body = "0"u8,
        });
    }
}
