using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Tests.Unit.Hostile;

/// <summary>What kind of value a field has.</summary>
internal enum FieldKind
{
    Text,
    Switch,
    Int32,
    Int64,
}

/// <summary>A field of a command's header.</summary>
internal sealed record CommandField(string Name, FieldKind Kind, bool IsRequired)
{
    /// <summary>A value that the command takes.</summary>
    public string Good => Kind switch
    {
        FieldKind.Switch => "true",
        FieldKind.Int32 or FieldKind.Int64 => "0",
        _ => Name is "topic" or "b" ? "t" : "g",
    };
}

/// <summary>The header fields of each command that a broker or a name server serves.</summary>
internal static class CommandFields
{
    private const string Send =
        "producerGroup topic defaultTopic defaultTopicQueueNums:i queueId:i sysFlag:i bornTimestamp:l flag:i properties? reconsumeTimes:i? unitMode:b? maxReconsumeTimes:i? batch:b?";

    private const string SendV2 = "a b c d:i e:i f:i g:l h:i i? j:i? k:b? l:i? m:b?";

    private const string Pull =
        "consumerGroup topic queueId:i queueOffset:l maxMsgNums:i sysFlag:i commitOffset:l suspendTimeoutMillis:l subscription? subVersion:l expressionType? maxMsgBytes:i? requestSource:i?";

    private const string Settle = "consumerGroup topic queueId:i extraInfo offset:l";

    private static readonly Dictionary<int, string> Broker = new()
    {
        [RequestCode.SendMessage] = Send,
        [RequestCode.SendMessageV2] = SendV2,
        [RequestCode.SendBatchMessage] = SendV2,
        [RequestCode.SendReplyMessage] = Send,
        [RequestCode.SendReplyMessageV2] = SendV2,
        [RequestCode.PullMessage] = Pull,
        [RequestCode.LitePullMessage] = Pull,
        [RequestCode.ConsumerSendMsgBack] = "offset:l group delayLevel:i maxReconsumeTimes:i? originTopic? originMsgId? unitMode:b?",
        [RequestCode.RecallMessage] = "producerGroup? topic recallHandle",
        [RequestCode.QueryConsumerOffset] = "consumerGroup topic queueId:i setZeroIfNotFound:b?",
        [RequestCode.UpdateConsumerOffset] = "consumerGroup topic queueId:i commitOffset:l",
        [RequestCode.SearchOffsetByTimestamp] = "topic queueId:i timestamp:l boundaryType?",
        [RequestCode.GetMaxOffset] = "topic queueId:i",
        [RequestCode.GetMinOffset] = "topic queueId:i",
        [RequestCode.GetEarliestMsgStoreTime] = "topic queueId:i",
        [RequestCode.QueryMessage] = "topic key maxNum:i beginTimestamp:l endTimestamp:l _UNIQUE_KEY_QUERY?",
        [RequestCode.ViewMessageById] = "offset:l",
        [RequestCode.UnregisterClient] = "clientID producerGroup? consumerGroup?",
        [RequestCode.GetConsumerListByGroup] = "consumerGroup",
        [RequestCode.UpdateAndCreateTopic] = "topic defaultTopic readQueueNums:i writeQueueNums:i perm:i topicFilterType topicSysFlag:i? order:b? attributes? force:b?",
        [RequestCode.GetTopicConfig] = "topic",
        [RequestCode.EndTransaction] = "topic? producerGroup tranStateTableOffset:l commitLogOffset:l commitOrRollback:i fromTransactionCheck:b? msgId transactionId?",
        [RequestCode.ResumeCheckHalfMessage] = "topic? msgId?",
        [RequestCode.PopMessage] = "consumerGroup topic queueId:i maxMsgNums:i invisibleTime:l pollTime:l bornTime:l initMode:i expType? exp? order:b? attemptId?",
        [RequestCode.PeekMessage] = "consumerGroup topic queueId:i maxMsgNums:i",
        [RequestCode.AckMessage] = Settle,
        [RequestCode.ChangeMessageInvisibleTime] = Settle + " invisibleTime:l",
        [RequestCode.Notification] = "consumerGroup topic queueId:i pollTime:l bornTime:l order:b? attemptId?",
        [RequestCode.PollingInfo] = "consumerGroup topic queueId:i",
        [RequestCode.DeleteFilterQueue] = "unusedFor:l",
        [RequestCode.ListFilterQueues] = "part:i parts:i",
        [RequestCode.ReadFilterQueue] = "offset:l maxMessages:i maxBytes:i",
        [RequestCode.WatchFilterQueues] = "watch begins:b? wait:i",
        [RequestCode.DeleteTopicInBroker] = "topic",
        [RequestCode.GetTopicStatsInfo] = "topic",
        [RequestCode.GetSubscriptionGroupConfig] = "group",
        [RequestCode.DeleteSubscriptionGroup] = "groupName cleanOffset:b? removeOffset:b?",
        [RequestCode.GetConsumeStats] = "consumerGroup topic? topicList?",
        [RequestCode.GetBrokerConsumeStats] = "isOrder:b",
        [RequestCode.QueryConsumeTimeSpan] = "topic group",
        [RequestCode.QueryCorrectionOffset] = "filterGroups? compareGroup topic",
        [RequestCode.CloneGroupOffset] = "srcGroup destGroup topic? offline:b?",
        [RequestCode.InvokeBrokerToResetOffset] = "group topic queueId:i? offset:l? timestamp:l isForce:b",
        [RequestCode.ViewBrokerStatsData] = "statsName statsKey",
        [RequestCode.QueryConsumeQueue] = "topic? queueId:i? index:l? count:i? consumerGroup?",
        [RequestCode.GetConsumerConnectionList] = "consumerGroup",
        [RequestCode.GetProducerConnectionList] = "producerGroup",
        [RequestCode.QueryTopicConsumeByWho] = "topic",
        [RequestCode.QueryTopicsByConsumer] = "group",
        [RequestCode.QuerySubscriptionByConsumer] = "group topic?",
        [RequestCode.GetConsumerRunningInfo] = "consumerGroup clientId jstackEnable:b?",
        [RequestCode.ConsumeMessageDirectly] = "consumerGroup clientId? msgId? brokerName? topic? topicSysFlag:i? groupSysFlag:i?",
        [RequestCode.InvokeBrokerToGetConsumerStatus] = "topic group clientAddr?",
    };

    private static readonly Dictionary<int, string> NameServer = new()
    {
        [RequestCode.PutKvConfig] = "namespace key value",
        [RequestCode.GetKvConfig] = "namespace key",
        [RequestCode.DeleteKvConfig] = "namespace key",
        [RequestCode.GetKvListByNamespace] = "namespace",
        [RequestCode.RegisterBroker] = "brokerName brokerAddr clusterName haServerAddr brokerId:l heartbeatTimeoutMillis:l? enableActingMaster:b? __ZONE_NAME? compressed:b? bodyCrc32:i?",
        [RequestCode.UnregisterBroker] = "brokerName brokerAddr clusterName brokerId:l",
        [RequestCode.BrokerHeartbeat] = "clusterName brokerAddr brokerName brokerId:l? epoch:i? maxOffset:l? confirmOffset:l? heartbeatTimeoutMills:l? electionPriority:i?",
        [RequestCode.QueryDataVersion] = "brokerName brokerAddr clusterName brokerId:l",
        [RequestCode.GetBrokerMemberGroup] = "clusterName brokerName",
        [RequestCode.GetRouteInfoByTopic] = "topic acceptStandardJsonOnly:b? __ZONE_MODE:b? __ZONE_NAME?",
        [RequestCode.WipeWritePermOfBroker] = "brokerName",
        [RequestCode.AddWritePermOfBroker] = "brokerName",
        [RequestCode.RegisterTopicInNameServer] = "topic",
        [RequestCode.DeleteTopicInNameServer] = "topic clusterName?",
        [RequestCode.GetTopicsByCluster] = "cluster",
    };

    /// <summary>Commands of a broker that read no field: what they ask is in the body, or nothing.</summary>
    private static readonly HashSet<int> BrokerWithout =
    [
        RequestCode.Heartbeat, RequestCode.CheckClientConfig, RequestCode.LockBatchMq, RequestCode.UnlockBatchMq, RequestCode.GetAllTopicConfig,
        RequestCode.UpdateAndCreateSubscriptionGroup, RequestCode.GetAllSubscriptionGroupConfig, RequestCode.BatchAckMessage, RequestCode.QueryAssignment,
        RequestCode.SetMessageRequestMode, RequestCode.UpdateAndCreateTopicList, RequestCode.GetSystemTopicListFromBroker, RequestCode.CleanUnusedTopic,
        RequestCode.UpdateAndCreateSubscriptionGroupList, RequestCode.GetBrokerConfig, RequestCode.UpdateBrokerConfig, RequestCode.GetBrokerHaStatus,
        RequestCode.ResetMasterFlushOffset, RequestCode.CleanExpiredConsumeQueue, RequestCode.DeleteExpiredCommitLog, RequestCode.GetBrokerRuntimeInfo,
        RequestCode.GetAllConsumerOffset, RequestCode.GetAllDelayOffset, RequestCode.GetTimerCheckPoint, RequestCode.GetTimerMetrics, RequestCode.GetAllProducerInfo,
        RequestCode.GetAllMessageRequestMode, RequestCode.PopRollback, RequestCode.EnsureFilterQueue, RequestCode.FindFilterQueue,
    ];

    private static readonly HashSet<int> NameServerWithout =
    [
        RequestCode.GetBrokerClusterInfo, RequestCode.GetAllTopicListFromNameServer, RequestCode.GetSystemTopicListFromNs, RequestCode.GetUnitTopicList,
        RequestCode.GetHasUnitSubTopicList, RequestCode.GetHasUnitSubUnunitTopicList, RequestCode.UpdateNameServerConfig, RequestCode.GetNameServerConfig,
    ];

    /// <summary>The fields of a broker's command; null when it is not known here.</summary>
    public static CommandField[]? OfBroker(int code) => Of(code, Broker, BrokerWithout);

    /// <summary>The fields of a name server's command; null when it is not known here.</summary>
    public static CommandField[]? OfNameServer(int code) => Of(code, NameServer, NameServerWithout);

    private static CommandField[]? Of(int code, Dictionary<int, string> table, HashSet<int> without) =>
        table.TryGetValue(code, out string? fields) ? [.. fields.Split(' ').Select(Parse)] : without.Contains(code) ? [] : null;

    private static CommandField Parse(string text)
    {
        string[] parts = text.TrimEnd('?').Split(':');
        FieldKind kind = (parts.Length > 1 ? parts[1] : "t") switch
        {
            "i" => FieldKind.Int32,
            "l" => FieldKind.Int64,
            "b" => FieldKind.Switch,
            _ => FieldKind.Text,
        };
        return new CommandField(parts[0], kind, !text.EndsWith('?'));
    }
}
