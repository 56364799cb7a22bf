using System.Buffers;
using System.Text.Json;
using ProtoBridgeMQ.Broker.Config;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Broker.Groups;
using ProtoBridgeMQ.Broker.Topics;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>UPDATE_AND_CREATE_SUBSCRIPTIONGROUP (200): a group's settings.</summary>
internal sealed class UpdateGroupHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        using JsonDocument? document = TableJson.Parse(request.Body.ToArray());
        string? name = document?.RootElement.Text("groupName");
        string? remark = name is null ? "the body has no groupName" : TopicName.RejectGroup(name);
        if (remark is null && !core.Groups.Put(Changed(name!, document!.RootElement)))
        {
            remark = $"the broker has {core.Options.MaxGroups} groups, as many as it may";
        }

        request.Reply(remark is null ? ResponseCode.Success : ResponseCode.InvalidParameter, remark);
        return default;
    }

    // Everything is replaced but the attributes, of which the body has the changes.
    private SubscriptionGroup Changed(string name, JsonElement settings) => SubscriptionGroupFile.Read(name, settings) with
    {
        Attributes = (core.Tables.Settings.Find(name)?.Attributes ?? GroupAttributes.None).Alter(SubscriptionGroupFile.Attributes(settings)),
    };
}

/// <summary>GET_ALL_SUBSCRIPTIONGROUP_CONFIG (201): the table of groups as its file has it.</summary>
internal sealed class AllGroupsHandler(BrokerCore core) : IRequestHandler
{
    public ValueTask HandleAsync(RemotingRequest request)
    {
        SubscriptionGroupTable groups = core.Tables.Settings;
        request.Reply(ResponseCode.Success, default(NoFields), TableText.Of(output => SubscriptionGroupFile.Write(output, groups.Version, groups.All())));
        return default;
    }
}
