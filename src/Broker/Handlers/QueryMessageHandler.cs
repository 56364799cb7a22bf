using System.Buffers;
using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Handlers;

/// <summary>QUERY_MESSAGE (12): messages of a topic by a key or unique key.</summary>
internal sealed class QueryMessageHandler(BrokerCore core) : IRequestHandler
{
    /// <summary>What Apache RocketMQ gives for a unique key, whatever the client asks.</summary>
    private const int MaxUnique = 32;

    [ThreadStatic]
    private static RecordBatch? _batch;

    public ValueTask HandleAsync(RemotingRequest request)
    {
        QueryMessageRequestHeader header = QueryMessageRequestHeader.Read(request.Fields);
        bool unique = header.IsUniqueKey == "true";
        RecordBatch batch = _batch ??= new RecordBatch();
        try
        {
            QueryOutcome outcome = core.Query(
                new QueryRequest(header.Topic, header.Key, unique ? MaxUnique : header.MaxNum, header.BeginTimestamp, header.EndTimestamp, unique),
                batch);
            var answer = new QueryMessageResponseHeader { IndexLastUpdateTimestamp = outcome.LastTimestamp, IndexLastUpdateOffset = outcome.LastOffset };
            if (outcome.Status == QueryStatus.Found)
            {
                request.ReplyStreaming(ResponseCode.Success, answer, new Records(batch));
            }
            else
            {
                request.Reply(ResponseCodes.Of(outcome.Status), answer, ResponseCodes.RemarkOf(outcome.Status));
            }
        }
        finally
        {
            batch.Clear();
        }

        return default;
    }

    private readonly struct Records(RecordBatch batch) : IResponseBody
    {
        public int Length => batch.Bytes;

        public void WriteTo(IBufferWriter<byte> output) => batch.WriteTo(output);
    }
}
