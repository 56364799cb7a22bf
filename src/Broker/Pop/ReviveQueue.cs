using System.Buffers;
using System.Buffers.Text;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;

namespace ProtoBridgeMQ.Broker.Pop;

/// <summary>
/// One queue of the revive topic: the account of pops, in the order in which it is in the log. The oldest checkpoint that is not
/// settled says where the next start begins to read.
/// </summary>
internal sealed class ReviveQueue(MessageStore store, byte[] topic, int id, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly ArrayBufferWriter<byte> _body = new(512);
    private Checkpoint? _first;
    private Checkpoint? _last;
    private long _end;
    private long _seen;
    private long _settledBefore = -1;
    private long _settledAt;

    public int Id => id;

    /// <summary>One behind the last record that was dispatched.</summary>
    public long Seen
    {
        get => Volatile.Read(ref _seen);
        set => Volatile.Write(ref _seen, value);
    }

    /// <summary>Appends a record; a checkpoint of it is part of the account from then on.</summary>
    public AppendResult Append(ReviveRecord record, Checkpoint? checkpoint = null)
    {
        lock (_lock)
        {
            AppendResult appended = Write(record);
            if (appended.Status == AppendStatus.Appended)
            {
                _end = Math.Max(_end, appended.QueueOffset + 1);
                if (checkpoint is not null)
                {
                    checkpoint.ReviveOffset = appended.QueueOffset;
                    Link(checkpoint);
                }
            }

            return appended;
        }
    }

    /// <summary>A record that is in the log already, at the start or because a timer put it there.</summary>
    public void Loaded(long offset, Checkpoint? checkpoint)
    {
        lock (_lock)
        {
            _end = Math.Max(_end, offset + 1);
            if (checkpoint is not null)
            {
                checkpoint.ReviveOffset = offset;
                Link(checkpoint);
            }
        }
    }

    /// <summary>All of a checkpoint is settled.</summary>
    public void Remove(Checkpoint checkpoint)
    {
        lock (_lock)
        {
            if (checkpoint.PreviousInAccount is null && !ReferenceEquals(_first, checkpoint))
            {
                return;
            }

            if (checkpoint.PreviousInAccount is { } previous)
            {
                previous.NextInAccount = checkpoint.NextInAccount;
            }
            else
            {
                _first = checkpoint.NextInAccount;
            }

            if (checkpoint.NextInAccount is { } next)
            {
                next.PreviousInAccount = checkpoint.PreviousInAccount;
            }
            else
            {
                _last = checkpoint.PreviousInAccount;
            }

            checkpoint.NextInAccount = checkpoint.PreviousInAccount = null;
        }
    }

    /// <summary>
    /// The last record that no start needs any more, as of the call before the last: by now what settled it, and the
    /// progress of the groups that it stood for, is on the disk. -1 when there is nothing new.
    /// </summary>
    /// <param name="isKept">Whether the log up to an offset stays.</param>
    /// <param name="isTaken">Whether all that was dispatched is part of the account.</param>
    public long TakeProgress(Func<long, bool> isKept, Func<bool> isTaken)
    {
        lock (_lock)
        {
            long settled = -1;
            if (_settledBefore >= 0 && isKept(_settledAt))
            {
                settled = _settledBefore;
                _settledBefore = -1;
            }

            if (_settledBefore < 0)
            {
                long before = Math.Min(_first?.ReviveOffset ?? _end, Seen);
                _settledBefore = isTaken() ? before - 1 : -1;
                _settledAt = store.Written.Value;
            }

            return settled;
        }
    }

    private void Link(Checkpoint checkpoint)
    {
        checkpoint.PreviousInAccount = _last;
        if (_last is null)
        {
            _first = checkpoint;
        }
        else
        {
            _last.NextInAccount = checkpoint;
        }

        _last = checkpoint;
    }

    // TIMER_DELIVER_MS is when the record came here: another broker reads its clock from it.
    private AppendResult Write(ReviveRecord record)
    {
        _body.ResetWrittenCount();
        record.Write(_body);
        long now = time.GetUtcNow().ToUnixTimeMilliseconds();
        byte[] properties = ArrayPool<byte>.Shared.Rent(1024);
        try
        {
            var writer = new PropertyTextWriter(properties);
            Span<byte> number = stackalloc byte[20];
            Utf8Formatter.TryFormat(now, number, out int length);
            writer.TryAdd(SystemProperties.Tags, ReviveRecord.TagOf(record.Kind));
            writer.TryAdd("TIMER_DELIVER_MS"u8, number[..length]);
            writer.TryAdd("UNIQ_KEY", record.UniqueKey());
            return store.Append(new MessageToStore
            {
                Topic = topic,
                QueueId = id,
                Body = _body.WrittenSpan,
                Properties = writer.Written,
                BornTimestamp = now,
                BornHost = store.Options.StoreHost,
            });
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(properties);
        }
    }
}
