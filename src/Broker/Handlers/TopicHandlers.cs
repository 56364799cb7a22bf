using System.Text.Json;
using ProtoBridgeMQ.Broker.Config;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>UPDATE_AND_CREATE_TOPIC (17): a topic with its settings; on disk and told to name servers.</summary>
internal sealed class CreateTopicHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        CreateTopicRequestHeader header = CreateTopicRequestHeader.Read(request.Fields);
        string? remark = TopicName.Reject(header.Topic);
        if (remark is null && core.Tables.Topics.IsSystem(header.Topic))
        {
            remark = $"The topic[{header.Topic}] is conflict with system topic.";
        }

        if (remark is not null)
        {
            request.Reply(ResponseCode.InvalidParameter, remark);
            return default;
        }

        TopicAttributes? attributes = TopicAttributes.Alter(header.Attributes, core.Topics.Find(header.Topic)?.Attributes, out string? refusal);
        if (attributes is null)
        {
            request.Reply(ResponseCode.SystemError, refusal);
            return default;
        }

        SendStatus status = core.Topics.Put(new BrokerTopic
        {
            Name = header.Topic,
            ReadQueues = header.ReadQueues,
            WriteQueues = header.WriteQueues,
            Permissions = header.Permission,
            FilterType = header.FilterType == "MULTI_TAG" ? "MULTI_TAG" : "SINGLE_TAG",
            SystemFlag = header.SystemFlag ?? 0,
            Ordered = header.Order,
            Attributes = attributes,
        });
        return ReplyAsync(request, core, status);
    }

    /// <summary>Answers once name servers know of it.</summary>
    internal static async ValueTask ReplyAsync(RemotingRequest request, BrokerCore core, SendStatus status)
    {
        if (status == SendStatus.Ok)
        {
            await core.Routes.ToldAsync().ConfigureAwait(false);
        }

        request.Reply(TopicRefusals.CodeOf(status), TopicRefusals.RemarkOf(status, core.Options));
    }
}

/// <summary>GET_ALL_TOPIC_CONFIG (21): the table of topics as its file has it.</summary>
internal sealed class AllTopicsHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        TopicTable topics = core.Tables.Topics;
        request.Reply(ResponseCode.Success, default(NoFields), TableText.Of(output => TopicFile.Write(output, topics.Version, topics.All())));
        return default;
    }
}

/// <summary>GET_TOPIC_CONFIG (351): the settings of one topic.</summary>
internal sealed class TopicConfigHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        string name = TopicConfigRequestHeader.Read(request.Fields).Topic;
        if (core.Topics.Find(name) is not { } topic)
        {
            request.Reply(ResponseCode.TopicNotExist, $"No topic in this broker. topic: {name}");
            return default;
        }

        request.Reply(ResponseCode.Success, default(NoFields), TableText.Of(output =>
        {
            using var writer = new Utf8JsonWriter(output);
            TopicFile.WriteTopic(writer, topic);
        }));
        return default;
    }
}
