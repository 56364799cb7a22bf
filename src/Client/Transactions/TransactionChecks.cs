using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Client.Diagnostics;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Client.Transactions;

/// <summary>Brokers ask what became of transactions (39): each question goes to the producer of the message's group.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class TransactionChecks(int maxBodySize, ILogger log) : IRequestHandler
{
    private readonly ConcurrentDictionary<string, TransactionAnswers> _groups = new(StringComparer.Ordinal);

    public void Add(string group, TransactionAnswers answers)
    {
        if (!_groups.TryAdd(group, answers))
        {
            throw new InvalidOperationException($"This connection has a transaction producer of group {group} already: share it, or make a ClusterConnection of its own.");
        }
    }

    public void Remove(string group) => _groups.TryRemove(group, out _);

    public ValueTask HandleAsync(RemotingRequest request)
    {
        CheckTransactionStateRequestHeader header = CheckTransactionStateRequestHeader.Read(request.Fields);
        byte[] body = request.Body.ToArray();
        if (MessageRecord.TryRead(body, out MessageRecord record) != RecordError.None)
        {
            log.TransactionCheckIgnored(null, "its body is no message");
            return ValueTask.CompletedTask;
        }

        string? group = PropertyText.GetString(record.Properties, "PGROUP"u8);
        if (group is null || !_groups.TryGetValue(group, out TransactionAnswers? answers))
        {
            log.TransactionCheckIgnored(group, "this client has no transaction producer of that group");
            return ValueTask.CompletedTask;
        }

        var view = new MessageView(record, body, maxBodySize);
        try
        {
            var half = new ReceivedMessage(new MessageQueue(record.TopicString, header.BrokerName ?? string.Empty, record.QueueId), view);
            answers.Ask(new TransactionQuestion(request.Connection, header, half));
        }
        catch (BadAnswerException error)
        {
            log.TransactionCheckIgnored(group, error.Message);
        }

        return ValueTask.CompletedTask;
    }
}

/// <summary>A question about a transaction, and the connection that it came on.</summary>
internal sealed record TransactionQuestion(RemotingConnection Connection, CheckTransactionStateRequestHeader Header, ReceivedMessage Half);
