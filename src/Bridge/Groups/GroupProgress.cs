using System.Diagnostics.CodeAnalysis;
using ProtoBridgeMQ.Bridge.Streams;

namespace ProtoBridgeMQ.Bridge.Groups;

/// <summary>Saves the progress of a group's queues: now and then, and when a queue is lost. One save at a time, never backwards.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore has no wait handle to free.")]
internal sealed class GroupProgress(GroupConsumer owner)
{
    private readonly SemaphoreSlim _saving = new(1, 1);
    private long _dueAt;

    /// <summary>Starts a save when the interval is over and none is running.</summary>
    public void SaveWhenDue(long now)
    {
        if (now < _dueAt || _saving.CurrentCount == 0)
        {
            return;
        }

        _dueAt = now + owner.Options.CommitInterval.Ticks;
        QueueReader[]? changed = null;
        lock (owner.Deliveries.Gate)
        {
            foreach (QueueReader reader in owner.Deliveries.Readers)
            {
                if (reader.Window.Progress > reader.Committed || now < reader.WatchedUntil)
                {
                    changed = [.. owner.Deliveries.Readers];
                    break;
                }
            }
        }

        if (changed is not null)
        {
            _ = SaveAsync(changed);
        }
    }

    /// <summary>Saves what changed; what fails is logged and left to the next time.</summary>
    public async Task SaveAsync(IReadOnlyList<QueueReader> readers)
    {
        await _saving.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            foreach (QueueReader reader in readers)
            {
                await SaveAsync(reader).ConfigureAwait(false);
            }
        }
        finally
        {
            _saving.Release();
        }
    }

    /// <summary>
    /// Saves what a queue is given up with, under the group's gate: with a source that saves at once it is done when
    /// this returns, and nothing older can follow. With another one the save is repeated when the reader is taken out.
    /// </summary>
    public void SaveLast(QueueReader reader) => reader.IsFinal = SaveAsync(reader).IsCompletedSuccessfully;

    private async Task SaveAsync(QueueReader reader)
    {
        try
        {
            long progress;
            bool watched;
            lock (owner.Deliveries.Gate)
            {
                progress = reader.Window.Progress;
                watched = owner.Clock.GetUtcNow().UtcTicks < reader.WatchedUntil;
                if (!reader.HasBegun || (progress <= reader.Committed && !watched))
                {
                    return;
                }
            }

            // A former owner that saves late sets progress back, or further on than this member is: the larger one is true.
            if (watched && await owner.Source.FindStartAsync(reader.Queue, GroupStart.Earliest, CancellationToken.None).ConfigureAwait(false) >= progress)
            {
                return;
            }

            ValueTask saving;
            lock (owner.Deliveries.Gate)
            {
                if (reader.IsFinal)
                {
                    return;
                }

                saving = owner.Source.CommitAsync(reader.Queue, progress, CancellationToken.None);
            }

            await saving.ConfigureAwait(false);
            reader.Committed = progress;
        }
#pragma warning disable CA1031 // Progress that is not saved means messages that come twice, never lost ones.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            owner.Log.CommitFailed(owner.Group, reader.Queue.Topic, reader.Queue.QueueId, failure.Message);
        }
    }
}
