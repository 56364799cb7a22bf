using System.Collections.Concurrent;

namespace ProtoBridgeMQ.Client.Groups;

/// <summary>
/// Lets the first commit of a group in a topic of a broker end before another one begins. Brokers of Apache (4.9 and 5.3) make a group's table
/// of a topic with its first commit; of two that come at once for two queues, one may be lost although both were answered.
/// </summary>
/// <remarks>Thread safe; of one group.</remarks>
internal sealed class FirstCommits
{
    private readonly ConcurrentDictionary<(string Topic, string Broker), Task<bool>> _first = new();

    /// <summary>Commits, at once or after the first one.</summary>
    public async ValueTask RunAsync(
        MessageQueue queue, long offset, Func<MessageQueue, long, CancellationToken, ValueTask> commit, CancellationToken cancellationToken)
    {
        (string Topic, string BrokerName) key = (queue.Topic, queue.BrokerName);
        while (!_first.TryGetValue(key, out Task<bool>? first) || !await first.WaitAsync(cancellationToken).ConfigureAwait(false))
        {
            var mine = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            if (!_first.TryAdd(key, mine.Task))
            {
                continue;
            }

            bool isDone = false;
            try
            {
                await commit(queue, offset, cancellationToken).ConfigureAwait(false);
                isDone = true;
                return;
            }
            finally
            {
                if (!isDone)
                {
                    _first.TryRemove(key, out _);
                }

                mine.SetResult(isDone);
            }
        }

        await commit(queue, offset, cancellationToken).ConfigureAwait(false);
    }
}
