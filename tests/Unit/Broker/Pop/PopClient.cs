using System.Globalization;
using System.Text;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Pop;

/// <summary>Pops as a Java client does: handles are made of the answer's infos, or taken from POP_CK.</summary>
internal static class PopClient
{
    public static Task<RemotingResponse> PopAsync(
        this BrokerClient client, string topic, string group = "g", int queueId = -1, int max = 32, int invisible = 60_000, int poll = 0, bool order = false,
        string? attempt = null, string? expression = null, string type = "TAG", long bornTime = 0, int initMode = 0) =>
        client.AskAsync(RequestCode.PopMessage, new PopMessageRequestHeader
        {
            ConsumerGroup = group,
            Topic = topic,
            QueueId = queueId,
            MaxMessages = max,
            InvisibleTime = invisible,
            PollTime = poll,
            BornTime = bornTime,
            InitMode = initMode,
            Expression = expression,
            ExpressionType = type,
            Order = order,
            AttemptId = attempt,
        });

    /// <summary>Pops until there is something: what was appended is dispatched a moment later.</summary>
    public static async Task<List<PopMessage>> TakeAsync(this BrokerClient client, string topic, string group = "g", int max = 32, int invisible = 60_000, bool order = false, string? attempt = null, int queueId = -1)
    {
        using RemotingResponse answer = await client.PopAsync(topic, group, queueId, max, invisible, poll: 15_000, order: order, attempt: attempt);
        Assert.Equal((ResponseCode.Success, "FOUND"), (answer.Code, answer.Remark));
        return Messages(answer, topic);
    }

    /// <summary>The messages of one pop that does not wait.</summary>
    public static async Task<List<PopMessage>> TryTakeAsync(this BrokerClient client, string topic, string group = "g", int max = 32, int invisible = 60_000, bool order = false, string? attempt = null)
    {
        using RemotingResponse answer = await client.PopAsync(topic, group, max: max, invisible: invisible, order: order, attempt: attempt);
        return answer.Code == ResponseCode.Success ? Messages(answer, topic) : [];
    }

    public static async Task<int> AckAsync(this BrokerClient client, PopMessage message, string group = "g")
    {
        using RemotingResponse answer = await client.AskAsync(RequestCode.AckMessage, new AckMessageRequestHeader
        {
            ConsumerGroup = group, Topic = message.RealTopic(group), QueueId = message.QueueId, ExtraInfo = message.Handle, Offset = message.Offset,
        });
        return answer.Code;
    }

    public static async Task<PopMessage> ChangeAsync(this BrokerClient client, PopMessage message, int invisible, string group = "g")
    {
        using RemotingResponse answer = await client.AskAsync(RequestCode.ChangeMessageInvisibleTime, new ChangeInvisibleTimeRequestHeader
        {
            ConsumerGroup = group, Topic = message.RealTopic(group), QueueId = message.QueueId, ExtraInfo = message.Handle, Offset = message.Offset, InvisibleTime = invisible,
        });
        Assert.Equal(ResponseCode.Success, answer.Code);
        ChangeInvisibleTimeResponseHeader header = ChangeInvisibleTimeResponseHeader.Read(answer.Fields);
        string[] parts = message.Handle.Split(' ');
        return message with { Handle = string.Create(CultureInfo.InvariantCulture, $"{message.Offset} {header.PopTime} {header.InvisibleTime} {header.ReviveQueueId} {parts[4]} {parts[5]} {message.QueueId} {message.Offset}") };
    }

    public static List<PopMessage> Messages(RemotingResponse answer, string topic)
    {
        PopMessageResponseHeader header = PopMessageResponseHeader.Read(answer.Fields);
        Dictionary<string, string> starts = header.StartOffsetInfo.ToString().Split(';').ToDictionary(static entry => entry[..entry.LastIndexOf(' ')], static entry => entry[(entry.LastIndexOf(' ') + 1)..]);
        var messages = new List<PopMessage>();
        ReadOnlySpan<byte> rest = answer.Body.Span;
        while (MessageRecord.TryRead(rest, out MessageRecord record) == RecordError.None)
        {
            Assert.Equal(topic, record.TopicString);
            Assert.True(record.BodyCrcMatches);
            string handle = PropertyText.GetString(record.Properties, "POP_CK"u8)
                ?? $"{starts[$"0 {record.QueueId}"]} {header.PopTime} {header.InvisibleTime} {header.ReviveQueueId} 0 broker-a {record.QueueId} {record.QueueOffset}";
            messages.Add(new PopMessage(topic, record.QueueId, record.QueueOffset, Encoding.UTF8.GetString(record.Body), handle, record.ReconsumeTimes, Encoding.UTF8.GetString(record.Properties)));
            rest = rest[record.Size..];
        }

        Assert.True(rest.IsEmpty, "the body of the answer has whole records only");
        return messages;
    }

    /// <summary>Sends messages, one after the other.</summary>
    public static async Task SendAllAsync(this BrokerClient client, string topic, params string[] bodies)
    {
        foreach (string body in bodies)
        {
            using RemotingResponse sent = await client.SendAsync(topic, body);
            Assert.Equal(ResponseCode.Success, sent.Code);
        }
    }
}

/// <summary>A popped message.</summary>
internal sealed record PopMessage(string Topic, int QueueId, long Offset, string Body, string Handle, int ReconsumeTimes, string Properties)
{
    public string RealTopic(string group) => Handle.Split(' ')[4] switch
    {
        "1" => $"%RETRY%{group}_{Topic}",
        "2" => $"%RETRY%{group}+{Topic}",
        _ => Topic,
    };
}
