using System.Buffers;
using System.Text.Json;
using ProtoBridgeMQ.Broker.Config;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Groups;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers.Admin;

/// <summary>UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST (225): settings of groups, all or none.</summary>
internal sealed class GroupListHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        using JsonDocument? document = TableJson.Parse(request.Body.ToArray());
        if (document is null || !document.RootElement.TryGet("groupConfigList", out JsonElement list) || list.ValueKind != JsonValueKind.Array)
        {
            return Answer.With(request, ResponseCode.SystemError, "the body has no groupConfigList");
        }

        var groups = new List<SubscriptionGroup>();
        foreach (JsonElement element in list.EnumerateArray())
        {
            string name = element.Text("groupName") ?? string.Empty;
            if (TopicName.RejectGroup(name) is { } remark)
            {
                return Answer.With(request, ResponseCode.InvalidParameter, remark);
            }

            groups.Add(SubscriptionGroupFile.Read(name, element) with
            {
                Attributes = (core.Groups.Find(name)?.Attributes ?? GroupAttributes.None).Alter(SubscriptionGroupFile.Attributes(element)),
            });
        }

        return core.Tables.Settings.PutAll(groups)
            ? Answer.With(request)
            : Answer.With(request, ResponseCode.InvalidParameter, $"the broker has {core.Options.MaxGroups} groups, as many as it may");
    }
}

/// <summary>GET_SUBSCRIPTIONGROUP_CONFIG (352): the settings of one group.</summary>
internal sealed class GroupConfigHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        string name = GetSubscriptionGroupConfigRequestHeader.Read(request.Fields).Group;
        if (core.Tables.Settings.FindOrCreate(name) is not { } group)
        {
            return Answer.With(request, ResponseCode.SubscriptionGroupNotExist, "No group in this broker");
        }

        return Answer.With(request, TableText.Of(output =>
        {
            using var writer = new Utf8JsonWriter(output);
            SubscriptionGroupFile.WriteGroup(writer, group);
        }));
    }
}

/// <summary>DELETE_SUBSCRIPTIONGROUP (207): a group's settings, and its progress when that is asked.</summary>
internal sealed class DeleteGroupHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        DeleteSubscriptionGroupRequestHeader header = DeleteSubscriptionGroupRequestHeader.Read(request.Fields);
        core.Administration.DeleteGroup(header.GroupName, header.CleanOffset ?? header.RemoveOffset ?? false);
        return Answer.With(request);
    }
}
