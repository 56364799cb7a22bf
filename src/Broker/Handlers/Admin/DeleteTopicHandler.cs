using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers.Admin;

/// <summary>DELETE_TOPIC_IN_BROKER (215): a topic, its messages and the progress of groups in it.</summary>
internal sealed class DeleteTopicHandler(BrokerCore core) : IRequestHandler
{
    public async ValueTask HandleAsync(RemotingRequest request)
    {
        string topic = DeleteTopicRequestHeader.Read(request.Fields).Topic;
        string? remark = string.IsNullOrWhiteSpace(topic) ? "The specified topic is blank."
            : core.Tables.Topics.IsSystem(topic) ? $"The topic[{topic}] is conflict with system topic."
            : null;
        if (remark is not null)
        {
            request.Reply(ResponseCode.InvalidParameter, remark);
            return;
        }

        remark = await core.Deletion.DeleteAsync(topic);
        request.Reply(remark is null ? ResponseCode.Success : ResponseCode.SystemBusy, remark);
    }
}

/// <summary>CLEAN_UNUSED_TOPIC (316): what queues still have of topics that are gone.</summary>
internal sealed class CleanUnusedTopicHandler(BrokerCore core) : IRequestHandler
{
    public async ValueTask HandleAsync(RemotingRequest request)
    {
        string? remark = await core.Deletion.DeleteUnusedAsync();
        request.Reply(remark is null ? ResponseCode.Success : ResponseCode.SystemBusy, remark);
    }
}

/// <summary>CLEAN_EXPIRED_CONSUMEQUEUE (306) and DELETE_EXPIRED_COMMITLOG (329): a pass of retention now.</summary>
internal sealed class RetainHandler(BrokerCore core) : IRequestHandler
{
    public async ValueTask HandleAsync(RemotingRequest request)
    {
        // Files are deleted: not on the thread that reads the connection.
        await Task.Run(core.Store.Retain);
        request.Reply(ResponseCode.Success);
    }
}
