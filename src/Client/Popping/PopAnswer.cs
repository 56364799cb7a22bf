using System.Globalization;
using ProtoBridgeMQ.Client.Connections;
using ProtoBridgeMQ.Client.Diagnostics;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Client.Popping;

/// <summary>Reads the answer to a pop: messages, and the infos that their receipt handles are made of.</summary>
internal sealed class PopAnswer(ClusterConnection connection, string topic, string broker, string address)
{
    private static ReadOnlySpan<byte> HandleProperty => "POP_CK"u8;

    /// <summary>The messages. One that does not unpack is logged and left to come again, until it is a dead letter.</summary>
    /// <exception cref="BadAnswerException">The answer has something else in it than whole messages and their infos.</exception>
    public IReadOnlyList<PoppedMessage> Read(RemotingResponse response)
    {
        PopMessageResponseHeader header = RemoteCalls.Read(response, "A pop", address, static answer => PopMessageResponseHeader.Read(answer.Fields));
        Dictionary<string, string> starts = ReadInfo(header.StartOffsetInfo.ToString());
        Dictionary<string, string> tries = ReadInfo(header.OrderCountInfo.ToString());
        var messages = new List<PoppedMessage>();
        var records = new PullResult.Enumerator(response.Body, connection.Options.MaxBodySize, address);
        while (records.MoveNext())
        {
            MessageView view = records.Current;
            Receipt receipt = ReceiptOf(view, header, starts);
            var queue = new MessageQueue(topic, broker, view.QueueId);
            try
            {
                var message = new ReceivedMessage(queue, view);
                messages.Add(new PoppedMessage(Tried(message, receipt, tries), receipt));
                ClientMetrics.Received.Add(1);
            }
            catch (BadAnswerException error)
            {
                connection.Log.MessageUnreadable(queue, error.Message);
            }
        }

        return messages;
    }

    /// <summary>Infos are <c>mark queue value;mark queue value</c>; the key here is <c>mark queue</c>.</summary>
    private static Dictionary<string, string> ReadInfo(string text)
    {
        var infos = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string info in text.Split(';', StringSplitOptions.RemoveEmptyEntries))
        {
            int end = info.LastIndexOf(' ');
            if (end > 0)
            {
                infos[info[..end]] = info[(end + 1)..];
            }
        }

        return infos;
    }

    /// <summary>What came back carries its handle; of the others it is made.</summary>
    private Receipt ReceiptOf(in MessageView view, in PopMessageResponseHeader header, Dictionary<string, string> starts)
    {
        if (PropertyText.GetString(view.PropertyText, HandleProperty) is { } text)
        {
            return Receipt.Parse(text) ?? throw Bad($"the receipt handle '{text}' of a message is none");
        }

        const string Mark = "0";
        string key = string.Create(CultureInfo.InvariantCulture, $"{Mark} {view.QueueId}");
        long start = view.QueueOffset;
        if (starts.TryGetValue(key, out string? value) && !long.TryParse(value, NumberStyles.Integer, CultureInfo.InvariantCulture, out start))
        {
            throw Bad($"the start offset '{value}' of queue {view.QueueId} is no number");
        }

        return new Receipt(start, header.PopTime, header.InvisibleTime, header.ReviveQueueId, Mark, broker, view.QueueId, view.QueueOffset);
    }

    private BadAnswerException Bad(string what) => new($"The answer to a pop from {address} cannot be understood: {what}.", address, mayHaveHappened: true);

    /// <summary>Of messages in order the broker counts the tries beside them: by message, or by queue.</summary>
    private static ReceivedMessage Tried(ReceivedMessage message, Receipt receipt, Dictionary<string, string> tries)
    {
        if (tries.Count == 0)
        {
            return message;
        }

        string byMessage = string.Create(CultureInfo.InvariantCulture, $"{receipt.RetryMark} qo{receipt.QueueId}%{receipt.Offset}");
        string byQueue = string.Create(CultureInfo.InvariantCulture, $"{receipt.RetryMark} {receipt.QueueId}");
        string? text = tries.GetValueOrDefault(byMessage) ?? tries.GetValueOrDefault(byQueue);
        return int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out int count) && count > 0 ? message.Tried(count) : message;
    }
}
