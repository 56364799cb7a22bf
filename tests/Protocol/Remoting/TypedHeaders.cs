using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Tests.Protocol.Remoting;

/// <summary>Which typed header a recorded frame has: reads the frame's fields and adds them to a writer.</summary>
internal static class TypedHeaders
{
    private static readonly Dictionary<(int Code, bool IsResponse), Action<HeaderFields, HeaderFieldsWriter>> Copies = new()
    {
        [(10, false)] = Copy<SendMessageRequestHeader>,
        [(10, true)] = Copy<SendMessageResponseHeader>,
        [(11, false)] = Copy<PullMessageRequestHeader>,
        [(11, true)] = Copy<PullMessageResponseHeader>,
        [(12, false)] = Copy<QueryMessageRequestHeader>,
        [(12, true)] = Copy<QueryMessageResponseHeader>,
        [(14, false)] = Copy<QueryConsumerOffsetRequestHeader>,
        [(14, true)] = Copy<QueryConsumerOffsetResponseHeader>,
        [(15, false)] = Copy<UpdateConsumerOffsetRequestHeader>,
        [(17, false)] = Copy<CreateTopicRequestHeader>,
        [(29, false)] = Copy<SearchOffsetRequestHeader>,
        [(29, true)] = Copy<SearchOffsetResponseHeader>,
        [(30, false)] = Copy<GetMaxOffsetRequestHeader>,
        [(30, true)] = Copy<GetMaxOffsetResponseHeader>,
        [(31, false)] = Copy<GetMinOffsetRequestHeader>,
        [(31, true)] = Copy<GetMinOffsetResponseHeader>,
        [(32, false)] = Copy<GetEarliestMsgStoreTimeRequestHeader>,
        [(32, true)] = Copy<GetEarliestMsgStoreTimeResponseHeader>,
        [(33, false)] = Copy<ViewMessageRequestHeader>,
        [(34, true)] = Copy<HeartbeatResponseHeader>,
        [(35, false)] = Copy<UnregisterClientRequestHeader>,
        [(36, false)] = Copy<ConsumerSendMsgBackRequestHeader>,
        [(37, false)] = Copy<EndTransactionRequestHeader>,
        [(38, false)] = Copy<GetConsumerListByGroupRequestHeader>,
        [(39, false)] = Copy<CheckTransactionStateRequestHeader>,
        [(40, false)] = Copy<NotifyConsumerIdsChangedRequestHeader>,
        [(100, false)] = Copy<PutKvConfigRequestHeader>,
        [(101, false)] = Copy<GetKvConfigRequestHeader>,
        [(101, true)] = Copy<GetKvConfigResponseHeader>,
        [(102, false)] = Copy<DeleteKvConfigRequestHeader>,
        [(103, false)] = Copy<RegisterBrokerRequestHeader>,
        [(104, false)] = Copy<UnregisterBrokerRequestHeader>,
        [(105, false)] = Copy<GetRouteInfoRequestHeader>,
        [(205, false)] = Copy<WipeWritePermOfBrokerRequestHeader>,
        [(205, true)] = Copy<WipeWritePermOfBrokerResponseHeader>,
        [(216, false)] = Copy<DeleteTopicFromNameServerRequestHeader>,
        [(202, false)] = Copy<GetTopicStatsRequestHeader>,
        [(203, false)] = Copy<GetConsumerConnectionListRequestHeader>,
        [(204, false)] = Copy<GetProducerConnectionListRequestHeader>,
        [(207, false)] = Copy<DeleteSubscriptionGroupRequestHeader>,
        [(208, false)] = Copy<GetConsumeStatsRequestHeader>,
        [(215, false)] = Copy<DeleteTopicRequestHeader>,
        [(300, false)] = Copy<QueryTopicConsumeByWhoRequestHeader>,
        [(307, false)] = Copy<GetConsumerRunningInfoRequestHeader>,
        [(315, false)] = Copy<ViewBrokerStatsDataRequestHeader>,
        [(317, false)] = Copy<GetConsumeStatsInBrokerRequestHeader>,
        [(321, false)] = Copy<QueryConsumeQueueRequestHeader>,
        [(310, false)] = Copy<SendMessageRequestHeaderV2>,
        [(310, true)] = Copy<SendMessageResponseHeader>,
        [(320, false)] = Copy<SendMessageRequestHeaderV2>,
        [(320, true)] = Copy<SendMessageResponseHeader>,
        [(325, false)] = Copy<SendMessageRequestHeaderV2>,
        [(325, true)] = Copy<SendMessageResponseHeader>,
        [(326, false)] = Copy<ReplyMessageRequestHeader>,
        [(327, false)] = Copy<AddWritePermOfBrokerRequestHeader>,
        [(327, true)] = Copy<AddWritePermOfBrokerResponseHeader>,
        [(370, false)] = Copy<RecallMessageRequestHeader>,
        [(370, true)] = Copy<RecallMessageResponseHeader>,
        [(200050, false)] = Copy<PopMessageRequestHeader>,
        [(200050, true)] = Copy<PopMessageResponseHeader>,
        [(200051, false)] = Copy<AckMessageRequestHeader>,
        [(200053, false)] = Copy<ChangeInvisibleTimeRequestHeader>,
        [(200053, true)] = Copy<ChangeInvisibleTimeResponseHeader>,
    };

    public static Action<HeaderFields, HeaderFieldsWriter>? Find(int code, bool isResponse) =>
        Copies.GetValueOrDefault((code, isResponse));

    private static void Copy<THeader>(HeaderFields fields, HeaderFieldsWriter writer)
        where THeader : struct, IHeaderReader<THeader>, IHeaderWriter => THeader.Read(fields).Write(writer);
}
