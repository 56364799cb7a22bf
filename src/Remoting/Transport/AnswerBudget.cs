using ProtoBridgeMQ.Remoting.Protocol;

namespace ProtoBridgeMQ.Remoting.Transport;

/// <summary>
/// Bytes of answers that peers leave untaken, over all connections of one server. Beyond the limit the peers that do not take
/// theirs are given nothing more; those that read are served on. Thread safe.
/// </summary>
public sealed class AnswerBudget(long limit)
{
    private readonly OverBudgetHandler _refusal = new(limit);
    private long _bytes;

    /// <summary>How many bytes wait now.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Whether more wait than may.</summary>
    public bool IsExceeded => Bytes > limit;

    /// <summary>Answers a request that is not served.</summary>
    internal IRequestHandler Refusal => _refusal;

    internal void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);

    private sealed class OverBudgetHandler(long limit) : IRequestHandler
    {
        private static readonly KeyValuePair<string, object?> Tag = new("limit", "QueuedAnswers");

        private readonly string _remark =
            $"broker busy, start flow control for a while: more than {limit} bytes of answers wait for peers that do not read, and this is one of them (limit MaxQueuedAnswerBytes)";

        public ValueTask HandleAsync(RemotingRequest request)
        {
            RemotingMetrics.RefusedRequests.Add(1, Tag);
            request.Reply(ResponseCode.SystemBusy, _remark);
            return default;
        }
    }
}
