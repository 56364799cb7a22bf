using System.Buffers.Text;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Durability;

namespace ProtoBridgeMQ.Broker.Transactions;

/// <summary>
/// Writes op messages: the places of half messages that are done with, each followed by a comma. What comes while one is
/// being made durable goes into the next one together.
/// </summary>
/// <remarks>Thread safe.</remarks>
internal sealed class OpWriter(MessageStore store, TimeProvider time)
{
    /// <summary>Bytes of one op message beyond which another one begins.</summary>
    private const int MostBytes = 4096;

    private const int LongestPlace = 21;

    private readonly Lock _lock = new();
    private List<long> _waiting = [];
    private List<long> _spare = [];
    private TaskCompletionSource<bool>? _next;
    private bool _running;

    /// <summary>Adds places. True once the op message that has them is durable; false when it could not be written yet, or that is unknown.</summary>
    public Task<bool> PutAsync(List<long> places)
    {
        lock (_lock)
        {
            _waiting.AddRange(places);
            _next ??= new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            Task<bool> task = _next.Task;
            StartWriting();
            return task;
        }
    }

    /// <summary>Tries again what could not be written.</summary>
    public void Retry()
    {
        lock (_lock)
        {
            if (_waiting.Count > 0)
            {
                StartWriting();
            }
        }
    }

    private void StartWriting()
    {
        if (!_running)
        {
            _running = true;
            ThreadPool.UnsafeQueueUserWorkItem(static writer => _ = writer.RunAsync(), this, preferLocal: false);
        }
    }

    private async Task RunAsync()
    {
        while (true)
        {
            List<long> places;
            TaskCompletionSource<bool>? done;
            lock (_lock)
            {
                (places, done) = (_waiting, _next);
                if (places.Count == 0)
                {
                    _running = false;
                    return;
                }

                (_waiting, _spare) = (_spare, _waiting);
                _next = null;
            }

            int written = Write(places, out WrittenOffset end);
            bool isDurable = written > 0 && await store.WaitDurableAsync(end).ConfigureAwait(false) == DurabilityStatus.Durable;
            lock (_lock)
            {
                // The rest is tried with the next one that comes, or when the owner says so.
                _waiting.InsertRange(0, places.Skip(written));
                bool isStuck = written < places.Count;
                places.Clear();
                done?.TrySetResult(isDurable && !isStuck);
                if (isStuck)
                {
                    _running = false;
                    return;
                }
            }
        }
    }

    // How many of the places are in the log.
    private int Write(List<long> places, out WrittenOffset end)
    {
        end = default;
        Span<byte> body = stackalloc byte[MostBytes];
        int written = 0;
        while (written < places.Count)
        {
            int length = 0;
            int next = written;
            while (next < places.Count && length + LongestPlace <= MostBytes)
            {
                Utf8Formatter.TryFormat(places[next++], body[length..], out int digits);
                length += digits;
                body[length++] = (byte)',';
            }

            AppendResult appended = store.Append(new MessageToStore
            {
                Topic = HalfTopics.OpUtf8,
                QueueId = 0,
                Body = body[..length],
                Properties = "WAIT\u0001true\u0002TAGS\u0001d\u0002"u8,
                BornTimestamp = time.GetUtcNow().ToUnixTimeMilliseconds(),
                BornHost = store.Options.StoreHost,
            });
            if (appended.Status != AppendStatus.Appended)
            {
                break;
            }

            written = next;
            end = appended.End;
        }

        return written;
    }
}
