using System.Buffers;
using System.Text.Json;
using ProtoBridgeMQ.Broker.Config;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers.Admin;

/// <summary>UPDATE_AND_CREATE_TOPIC_LIST (18): topics with their settings, all or none.</summary>
internal sealed class TopicListHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        using JsonDocument? document = TableJson.Parse(request.Body.ToArray());
        if (document is null || !document.RootElement.TryGet("topicConfigList", out JsonElement list) || list.ValueKind != JsonValueKind.Array)
        {
            return Answer.With(request, ResponseCode.SystemError, "the body has no topicConfigList");
        }

        var topics = new List<BrokerTopic>();
        foreach (JsonElement element in list.EnumerateArray())
        {
            string name = element.Text("topicName") ?? string.Empty;
            string? remark = TopicName.Reject(name)
                ?? (core.Tables.Topics.IsSystem(name) ? $"The topic[{name}] is conflict with system topic." : null);
            if (remark is not null)
            {
                return Answer.With(request, ResponseCode.InvalidParameter, remark);
            }

            TopicAttributes? attributes = TopicAttributes.Alter(Change(element), core.Topics.Find(name)?.Attributes, out string? refusal);
            if (attributes is null)
            {
                return Answer.With(request, ResponseCode.SystemError, $"{name}: {refusal}");
            }

            topics.Add(TopicFile.ReadTopic(name, element) with { Attributes = attributes });
        }

        return CreateTopicHandler.ReplyAsync(request, core, core.Tables.Topics.PutAll(topics));
    }

    // {"+name":"value","-name":""} is what the single command says in one text.
    private static string Change(JsonElement topic) => string.Join(
        ',',
        topic.Fields("attributes").Select(static field => field.Name.StartsWith('-') ? field.Name : $"{field.Name}={field.Value}"));
}
