using System.Buffers;
using System.Globalization;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers.Admin;

/// <summary>GET_CONSUMER_RUNNING_INFO (307): asks a consumer about itself.</summary>
internal sealed class RunningInfoHandler(BrokerCore core) : IRequestHandler
{
    private readonly ClientCall _call = new(core);

    public ValueTask HandleAsync(RemotingRequest request)
    {
        GetConsumerRunningInfoRequestHeader header = GetConsumerRunningInfoRequestHeader.Read(request.Fields);
        return _call.RelayAsync(request, header.ConsumerGroup, header.ClientId, CopiedFields.Of(request.Fields), request.Body.ToArray());
    }
}

/// <summary>CONSUME_MESSAGE_DIRECTLY (309): has a consumer consume one message of the log now, whatever its progress.</summary>
internal sealed class ConsumeDirectlyHandler(BrokerCore core) : IRequestHandler
{
    private readonly ClientCall _call = new(core);

    public ValueTask HandleAsync(RemotingRequest request)
    {
        ConsumeMessageDirectlyRequestHeader header = ConsumeMessageDirectlyRequestHeader.Read(request.Fields);
        var record = new OneRecord();
        if (header.MessageId is not { } id || !OffsetMessageId.TryParse(id, out _, out long offset))
        {
            return Answer.With(request, ResponseCode.InvalidParameter, $"msgId[{header.MessageId}] is no message id");
        }

        if (!core.ReadRecord(offset, record))
        {
            return Answer.With(request, ResponseCode.SystemError, $"can not find message by the offset, {offset}");
        }

        List<(string, string)> more = [("brokerName", core.Options.Name)];
        if (header.Topic is { } name && core.Topics.Find(name) is { } topic)
        {
            more.Add(("topicSysFlag", topic.SystemFlag.ToString(CultureInfo.InvariantCulture)));
        }

        if (core.Groups.Find(header.ConsumerGroup) is { } group)
        {
            more.Add(("groupSysFlag", group.SystemFlag.ToString(CultureInfo.InvariantCulture)));
        }

        return _call.RelayAsync(request, header.ConsumerGroup, header.ClientId, CopiedFields.Of(request.Fields, [.. more]), record.Bytes);
    }

    private sealed class OneRecord : IRecordSink
    {
        public byte[] Bytes { get; private set; } = [];

        public bool Accept(long queueOffset, long physicalOffset, ReadOnlySpan<byte> record)
        {
            Bytes = record.ToArray();
            return true;
        }
    }
}

/// <summary>INVOKE_BROKER_TO_GET_CONSUMER_STATUS (223): asks running consumers (221) how far they are, all at once.</summary>
internal sealed class ConsumerStatusHandler(BrokerCore core) : IRequestHandler
{
    public async ValueTask HandleAsync(RemotingRequest request)
    {
        GetConsumerStatusRequestHeader header = GetConsumerStatusRequestHeader.Read(request.Fields);
        ClientMember[] members =
        [
            .. core.Groups.Members(header.Group).OfType<ClientMember>()
                .Where(member => string.IsNullOrWhiteSpace(header.ClientAddress) || member.ClientId == header.ClientAddress),
        ];
        if (members.Length == 0)
        {
            request.Reply(ResponseCode.SystemError, $"No Any Consumer online in the consumer group: [{header.Group}]");
            return;
        }

        ConsumerStatusBody?[] answers = await Task.WhenAll(members.Select(member => AskAsync(member, header.Topic)));
        var body = new ConsumerStatusBody();
        for (int i = 0; i < members.Length; i++)
        {
            if (answers[i] is { } answer)
            {
                body.Consumers[members[i].ClientId] = answer.Offsets;
            }
        }

        await Answer.With(request, body, AdminJson.Bodies.ConsumerStatusBody);
    }

    // One that does not answer is left out, as by RocketMQ.
    private async Task<ConsumerStatusBody?> AskAsync(ClientMember member, string topic)
    {
        try
        {
            using RemotingResponse answer = await member.Connection.InvokeAsync(
                RequestCode.GetConsumerStatusFromClient,
                new GetConsumerStatusRequestHeader { Topic = topic, Group = member.Group },
                default,
                core.Options.ClientAnswerTimeout);
            return answer.Code == ResponseCode.Success && !answer.Body.IsEmpty ? LenientJson.Read(answer.Body.Span, AdminJson.Bodies.ConsumerStatusBody) : null;
        }
        catch (RemotingException)
        {
            return null;
        }
    }
}
